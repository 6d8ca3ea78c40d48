"""``movie-sync check``: each service, folder, clock and disk: fine, or what is wrong and what to do."""

import click

from movie_sync.cli.output import Answer, Talk, answers, say, styled
from movie_sync.lib.addresses import home_folder
from movie_sync.lib.redaction import redact
from movie_sync.verbs import checks, trials
from movie_sync.verbs.trials import Finding, State

_WORDS: dict[State, tuple[str, str]] = {
    "fine": ("fine", "green"),
    "later": ("later", "yellow"),
    "person": ("you", "red"),
}


@click.command(short_help="Try every service, folder and clock")
@click.option(
    "--live", is_flag=True, help="Only whether the service runs; asks nobody. For a container's health check."
)
@answers
def command(talk: Talk, *, live: bool) -> Answer | None:
    """Try each service, folder, clock and disk once, and say what is wrong and what to do.

    "later" mends itself or is worth another try, "you" is for you to mend. Exit code: 3 when something is for you,
    else 4 when something was not there, else 0. What a service refused before is not tried again with the same.

    \b
    Example: movie-sync check
    """  # noqa: D301  click reads the \b
    found: list[Finding] = []
    for finding in checks.live(home_folder()) if live else checks.everything(home_folder()):
        found.append(finding)
        if not talk.as_json:
            _show(finding)
    code = trials.worst(found)
    rows = [
        {"what": one.what, "state": one.state, "message": redact(one.message), "hint": redact(one.hint)}
        for one in found
    ]
    return Answer({"ok": code == 0, "findings": rows}, code=code)


def _show(finding: Finding) -> None:
    word, colour = _WORDS[finding.state]
    say(f"{styled(f'{word:6}', fg=colour)} {finding.what:16} {redact(finding.message)}")
    if finding.hint:
        say(f"{'':23} → {redact(finding.hint)}")
