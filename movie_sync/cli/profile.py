"""``movie-sync config profile``: which releases are best for the user, shown and tried."""

import json

import click
import msgspec

from movie_sync.cli.output import Answer, Talk, answers, styled
from movie_sync.cli.releases import lines_of_stdin
from movie_sync.config import Config, named_profile
from movie_sync.movie import Movie, Release
from movie_sync.releases.profile import READY_MADE, Profile

# Names are tried as releases of one film, whatever they are of.
_ANY_FILM = "tt0000001"
_SEEDERS = 100


@click.group("profile", short_help="Which releases are best for you")
def group() -> None:
    """Show a profile, and try it on release names.

    \b
    Example: movie-sync config profile show balanced
    """  # noqa: D301  click reads the \b


@group.command("show", short_help="A profile as JSON, to use or to change")
@click.argument("name", required=False)
@answers
def show(talk: Talk, *, name: str | None) -> Answer:  # noqa: ARG001
    """Print a profile; without a name the one in use. NAME is a ready-made one or a file.

    What it prints, saved to a file and changed, is a profile of your own: movie-sync config set profile FILE

    \b
    Example: movie-sync config profile show best-4k
    """  # noqa: D301  click reads the \b
    config = Config.load()
    used, profile = config.profile, _chosen(config, name)
    data = msgspec.to_builtins(profile)
    data.pop("name")
    lines = [json.dumps(data, indent=2, ensure_ascii=False)]
    decides = f"In use: {used.name}{'' if config.settings.profile else ' of filelist_config.json'}."
    known = f"Ready-made: {', '.join(READY_MADE)}."
    return Answer(
        {"ok": True, "name": profile.name, "in_use": used.name, "profile": data}, lines, notes=[decides, known]
    )


def _chosen(config: Config, name: str | None) -> Profile:
    return config.profile if name is None else named_profile(name, config.home)


@group.command("test", short_help="Try a profile on release names")
@click.argument("name", required=False)
@click.option("--minutes", type=click.IntRange(1, 1000), default=120, show_default=True, help="The film's length.")
@answers
def test(talk: Talk, *, name: str | None, minutes: int) -> Answer:  # noqa: ARG001
    """Read release names on standard input, one a line, and show in which order they would be taken, and why.

    After a name may stand a tab and its size in GB. Which film it is does not count here, nor do seeders.

    \b
    Example: movie-sync config profile test balanced < names.txt
    """  # noqa: D301  click reads the \b
    from movie_sync.releases.rank import judge  # noqa: PLC0415  its tables take a moment

    profile = _chosen(Config.load(), name)
    releases = [_release(number, line) for number, line in enumerate(lines_of_stdin())]
    film = Movie("", imdb_id=_ANY_FILM, runtime_min=minutes)
    judged = judge(film, releases, profile)
    lines: list[str] = []
    for one in judged:
        lines.append(f"{styled('✓', fg='green') if one.accepted else styled('✗', fg='red')} {one.release.name}")
        lines += [f"      {reason}" for reason in one.refusals or (one.because,)]
    rows = [
        {"name": one.release.name, "accepted": one.accepted, "because": one.because, "refusals": list(one.refusals)}
        for one in judged
    ]
    return Answer({"ok": True, "name": profile.name, "releases": rows}, lines or ["No name was given."])


def _release(number: int, line: str) -> Release:
    name, _, size = line.partition("\t")
    try:
        size_bytes = int(float(size or 0) * 1e9)
    except (ValueError, OverflowError):
        raise click.UsageError(f"After a tab stands a size in GB, not {size!r}.") from None
    return Release("names", number, name.strip(), _ANY_FILM, max(0, size_bytes), _SEEDERS)
