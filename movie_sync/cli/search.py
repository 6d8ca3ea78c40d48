"""``movie-sync search``: every release of a film, in the order the program would take them."""

from typing import Any

import click

from movie_sync.cli import EXIT_NOTHING
from movie_sync.cli.output import Answer, Talk, answers, asker, styled
from movie_sync.lib.addresses import home_folder
from movie_sync.lib.redaction import redact
from movie_sync.movie import Decision
from movie_sync.queues.entries import entry_of
from movie_sync.verbs.home import opened


@click.command(short_help="What the tracker has of a film, and what would be taken")
@click.argument("film", metavar="FILM")
@click.option("--grab", "number", type=int, metavar="N", help="Take release N, whatever speaks against it.")
@answers
def command(talk: Talk, *, film: str, number: int | None) -> Answer:  # noqa: ARG001
    """Search the tracker for a film and show all its releases in the order the program would take them.

    Each refused one comes with every reason, each accepted one with the step that put it before the next. Nothing is
    taken without --grab. FILM is a film of your queues, an address of Letterboxd or IMDb, a tt id, or "Title (Year)".

    \b
    Example: movie-sync search "Nosferatu (1922)"
             movie-sync search tt0013442 --grab 2
    """  # noqa: D301  click reads the \b
    from movie_sync.verbs import searches  # noqa: PLC0415  half a second that --help need not pay

    with opened(home_folder()) as home:
        found = searches.search(home, film, asker())
        rows = [_row(place, one) for place, one in enumerate(found.decisions, 1)]
        data = {
            "ok": True,
            "film": str(found.movie),
            "tracker": found.tracker,
            "profile": found.profile,
            "releases": rows,
        }
        count = len(found.decisions)
        head = f"{found.movie} on {found.tracker}: {count} releases, {found.accepted} pass ({found.profile})."
        lines = [head, "", *(line for row in rows for line in _lines(row))] if count else []
        notes = [*map(str, home.problems)]
        if number is not None:
            record, release = searches.grab(home, found, number)
            data |= {"grabbed": release.name, "entry": entry_of(record)}
            taken = f"{release.name} is taken for {record.movie} in place of any other."
            return Answer(data, [taken], notes=notes)
    if not count:
        return Answer(data, [f"{found.tracker} has no release of {found.movie}."], EXIT_NOTHING, notes)
    return Answer(data, lines, notes=notes)


def _row(place: int, decision: Decision) -> dict[str, Any]:
    release = decision.release
    return {
        "number": place,
        "name": redact(release.name),
        "accepted": decision.accepted,
        "because": decision.because,
        "refusals": list(decision.refusals),
        "size_bytes": release.size_bytes,
        "seeders": release.seeders,
        "freeleech": release.freeleech,
        "double_upload": release.doubleup,
        "imdb_id": release.imdb_id,
    }


def size_text(size_bytes: int) -> str:
    """``8.2 GB``, ``700 MB``, in powers of ten."""
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"


def _lines(row: dict[str, Any]) -> list[str]:
    facts = [size_text(row["size_bytes"]), f"{row['seeders']} seeders"]
    facts += [
        word for word, holds in (("freeleech", row["freeleech"]), ("double upload", row["double_upload"])) if holds
    ]
    mark = styled(f"{row['number']:3} ✓", fg="green") if row["accepted"] else styled(f"{row['number']:3} ✗", fg="red")
    why = [row["because"]] if row["accepted"] else row["refusals"]
    return [f"{mark} {row['name']}   {', '.join(facts)}", *(f"      {one}" for one in why)]
