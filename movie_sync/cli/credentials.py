"""``movie-sync credentials``: what the services ask for; values are typed hidden or read from standard input."""

import os
import sys

import click

from movie_sync.cli.output import Answer, Talk, answers, on_terminal
from movie_sync.config import Config
from movie_sync.credentials_manager import CREDENTIALS_FILE, FIELDS, CredentialsManager
from movie_sync.errors import AuthFailed, CredentialsError
from movie_sync.verbs import trials
from movie_sync.verbs.setting_up import Draft, services_in_use
from movie_sync.verbs.trials import EXIT_CODES


@click.group("credentials", short_help="Log-ins: set, clear, list")
def group() -> None:
    """Keep the services' log-ins, encrypted in credentials.enc.

    \b
    Example: movie-sync credentials set filelist
    """  # noqa: D301  click reads the \b


_SERVICE = click.argument("service", type=click.Choice(sorted(FIELDS)))


@group.command("set", short_help="Set a service's log-in, and try it")
@_SERVICE
@click.option("--untried", is_flag=True, help="Store it without trying it.")
@answers
def set_values(talk: Talk, *, service: str, untried: bool) -> Answer:
    """Ask for a service's log-in (hidden), try it once, and store it unless it is refused.

    Without a terminal the values are read from standard input, one a line.

    \b
    Example: movie-sync credentials set qbittorrent
    """  # noqa: D301  click reads the \b
    config = Config.load()
    values = _typed(service) if on_terminal() and not talk.as_json else _read(service)
    finding = None
    with Draft(config.home, os.environ, credentials={service: values}) as draft:
        if not untried and service in services_in_use(config):
            finding = trials.with_log_in(service, draft.parts())
            if finding.state == "fine":
                draft.worked.add(service)
            if isinstance(finding.error, AuthFailed):
                hint = "Type it again; --untried stores it all the same."
                raise AuthFailed(service, f"{finding.message} It was not stored.", hint=hint)
        draft.write()
    state = "untried" if finding is None else finding.state
    notes = [] if finding is None else [" ".join(part for part in (finding.message, finding.hint) if part)]
    origins = {CredentialsManager(config.home).origin(service, one.name) for one in FIELDS[service]}
    notes += [f"{origin} goes before what is stored." for origin in sorted(map(str, origins - {CREDENTIALS_FILE}))]
    code = 0 if finding is None else EXIT_CODES[finding.state]
    return Answer(
        {"ok": True, "service": service, "state": state}, [f"The log-in of {service} is stored."], code, notes
    )


def _typed(service: str) -> dict[str, str]:
    return {one.name: click.prompt(one.question, hide_input=one.secret, err=True).strip() for one in FIELDS[service]}


def _read(service: str) -> dict[str, str]:
    lines = sys.stdin.read().splitlines() if sys.stdin else []
    names = [one.name for one in FIELDS[service]]
    values = dict(zip(names, map(str.strip, lines), strict=False))
    if not all(values.get(name) for name in names):
        raise CredentialsError(
            f"Standard input has to give {' and '.join(names)} of {service}, one a line.",
            hint="Or start this on a terminal to be asked.",
            code="credentials_missing",
        )
    return values


@group.command("clear", short_help="Forget a service's log-in")
@_SERVICE
@answers
def clear(talk: Talk, *, service: str) -> Answer:  # noqa: ARG001
    """Take a service's log-in out of credentials.enc; variables and their files stay as they are.

    \b
    Example: movie-sync credentials clear filelist
    """  # noqa: D301  click reads the \b
    CredentialsManager(Config.load().home).clear(service)
    return Answer({"ok": True, "service": service}, [f"The stored log-in of {service} is forgotten."])


@group.command("list", short_help="Which log-ins are set; never their secrets")
@answers
def list_all(talk: Talk) -> Answer:  # noqa: ARG001
    """Show which log-ins are set and where they come from; secrets are never shown.

    \b
    Example: movie-sync credentials list
    """  # noqa: D301  click reads the \b
    manager = CredentialsManager(Config.load().home)
    rows = [
        {"service": service, "field": one.name, "origin": manager.origin(service, one.name)}
        for service, fields in FIELDS.items()
        for one in fields
    ]
    lines = [f"{row['service']:12} {row['field']:10} {row['origin'] or 'not set'}" for row in rows]
    return Answer({"ok": True, "credentials": rows}, lines)
