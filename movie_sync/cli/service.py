"""``movie-sync service``: start with the machine, by systemd."""

import getpass
import os
import pwd
from pathlib import Path

import click

from movie_sync.cli.output import Answer, Talk, answers
from movie_sync.lib.addresses import HOME_VARIABLE, home_folder
from movie_sync.verbs import services


@click.group("service", short_help="Start with the machine, by systemd")
def group() -> None:
    """Let systemd start Movie Sync and keep it running.

    \b
    Example: movie-sync service install
    """  # noqa: D301  click reads the \b


_SYSTEM = click.option("--system", is_flag=True, help="For the whole machine, as root; else for you alone.")
_USER = click.option("--user", "user", default=None, help="With --system: whom it runs as; else who called sudo.")


def _unit(*, system: bool, user: str | None) -> services.Unit:
    """The unit; one for the whole machine serves the home folder of whom it runs as, not root's."""
    runs_as = user or os.environ.get("SUDO_USER") or getpass.getuser()
    home = home_folder()
    if system and not os.environ.get(HOME_VARIABLE):
        try:
            home = Path(pwd.getpwnam(runs_as).pw_dir) / home.name
        except KeyError:
            raise click.UsageError(f"There is no user {runs_as!r} on this machine.") from None
    return services.unit(home, system=system, user=runs_as)


@group.command("install", short_help="Write the unit, enable and start it")
@_SYSTEM
@_USER
@click.option("--no-start", is_flag=True, help="Only write the unit.")
@answers
def install(talk: Talk, *, system: bool, user: str | None, no_start: bool) -> Answer:  # noqa: ARG001
    """Write a systemd unit for this home folder, enable it and start it.

    \b
    Example: movie-sync service install
    """  # noqa: D301  click reads the \b
    unit = _unit(system=system, user=user)
    done = services.install(unit, start=not no_start)
    return Answer({"ok": True, "unit": str(unit.path), "done": done}, done)


@group.command("uninstall", short_help="Stop it and take the unit away")
@_SYSTEM
@answers
def uninstall(talk: Talk, *, system: bool) -> Answer:  # noqa: ARG001
    """Stop the unit and take it away; queues, settings and log-ins stay.

    \b
    Example: movie-sync service uninstall
    """  # noqa: D301  click reads the \b
    unit = _unit(system=system, user=None)
    done = services.uninstall(unit)
    return Answer({"ok": True, "unit": str(unit.path), "done": done}, done)


@group.command("show", short_help="Print the unit; nothing is written")
@_SYSTEM
@_USER
@answers
def show(talk: Talk, *, system: bool, user: str | None) -> Answer:  # noqa: ARG001
    """Print the unit that install would write.

    \b
    Example: movie-sync service show --system
    """  # noqa: D301  click reads the \b
    unit = _unit(system=system, user=user)
    return Answer({"ok": True, "unit": str(unit.path), "text": unit.text}, [unit.text.rstrip()])
