"""``movie-sync stats``: the queues at a glance; reads only."""

import contextlib
import time

import click

from movie_sync.cli.output import Answer, Talk, answers
from movie_sync.errors import StoreError
from movie_sync.lib.addresses import home_folder
from movie_sync.lib.clock import span_text
from movie_sync.lib.files import LOCK_FILE, InstanceLock
from movie_sync.store import DATABASE_FILE, Store, overview, providers
from movie_sync.store.overview import QueueStats, WaitingView
from movie_sync.store.providers import FINE, ProviderState

_SHOWN = 10


@click.command(short_help="Show the queues and what comes next")
@answers
def command(talk: Talk) -> Answer:  # noqa: ARG001
    """Show the queues, what is downloading, what is tried next, and what failed for good.

    \b
    Example: movie-sync stats --json
    """  # noqa: D301  click reads the \b
    now = time.time()
    home = home_folder()
    try:
        store = Store(home / DATABASE_FILE, read_only=True)
    except StoreError as exc:
        if exc.code != "no_database":
            raise
        stats, troubles = overview.EMPTY, []
    else:
        with contextlib.closing(store), store.read() as tx:
            stats = overview.read(tx, now)
            troubles = [state for state in providers.every(tx) if state.state != FINE]
    lines = _lines(stats, troubles, now)
    return Answer(stats.as_dict(), [*lines, "", _service(InstanceLock(home / LOCK_FILE).holder(), stats, now)])


def _service(pid: str | None, stats: QueueStats, now: float) -> str:
    """Whether it runs, and what it does next."""
    if pid is None:
        return "Movie Sync does not run. To start it: movie-sync"
    due = stats.statuses.get("due", 0) + stats.statuses.get("claimed", 0)
    check = "" if stats.next_check is None else f"; the watchlist is looked at in {span_text(stats.next_check - now)}"
    return f"Movie Sync runs (pid {pid}); {due} films are being worked on{check}."


def _lines(stats: QueueStats, troubles: list[ProviderState], now: float) -> list[str]:
    counts = stats.as_dict()
    lines = [
        f"Pending    {counts['pending']:6}   of these put off {counts['put_off']}",
        (
            f"Failed     {counts['failed']:6}   not found {counts['not_found']}, retrying {counts['retrying']},"
            f" for good {counts['permanent_failures']}, series {counts['series']}, excluded {counts['excluded']}"
        ),
        (
            f"Completed  {counts['completed']:6}   downloading {counts['downloading']}, downloaded"
            f" {counts['downloaded']}, owned {counts['owned']}, saved {counts['saved']}, gone {counts['gone']}"
        ),
    ]
    if not sum(counts.values()):
        lines.append("Nothing is queued yet. To set it up: movie-sync config")
    if stats.seen_before:
        lines.append(f"Of the excluded, {stats.seen_before} were seen before. To queue them: movie-sync add --seen")
    if stats.transfers:
        lines += ["", "Downloading"]
        lines += [
            f"  {view.progress:4.0%}  {view.title}  ({view.status}, for {span_text(view.age_s)})  {view.release_name}"
            for view in stats.transfers[:_SHOWN]
        ]
        lines += _more(len(stats.transfers))
    lines += _section("Put off", stats.put_off, now)
    lines += _section("Next retries", stats.next_retries, now)
    lines += _section("Failed for good", stats.permanent, now)
    if troubles:
        lines += ["", "Trouble"]
        lines += [f"  {state.provider}: {state.message} {state.hint or ''}".rstrip() for state in troubles]
    return lines


def _section(title: str, views: list[WaitingView], now: float) -> list[str]:
    if not views:
        return []
    shown = [f"  {view.title}{_when(view.at, now)}: {view.reason}" for view in views[:_SHOWN]]
    return ["", title, *shown, *_more(len(views))]


def _when(at: float | None, now: float) -> str:
    return "" if at is None else f" (in {span_text(at - now)})"


def _more(count: int) -> list[str]:
    return [f"  … and {count - _SHOWN} more"] if count > _SHOWN else []
