"""``movie-sync stats``: the queues at a glance; reads only."""

import contextlib

import click

from movie_sync.cli.output import Answer, Talk, answers
from movie_sync.errors import StoreError
from movie_sync.lib.addresses import home_folder
from movie_sync.lib.clock import SystemClock, span_text
from movie_sync.lib.files import LOCK_FILE, InstanceLock
from movie_sync.store import DATABASE_FILE, Store, overview, providers
from movie_sync.store.overview import BudgetView, QueueStats, WaitingView
from movie_sync.store.providers import FINE, ProviderState

_SHOWN = 10


@click.command(short_help="Show the queues and what comes next")
@answers
def command(talk: Talk) -> Answer:  # noqa: ARG001
    """Show the queues, what is downloading, what is tried next, and what failed for good.

    \b
    Example: movie-sync stats --json
    """  # noqa: D301  click reads the \b
    clock, home = SystemClock(), home_folder()
    now = clock.now()
    try:
        store = Store(home / DATABASE_FILE, read_only=True)
    except StoreError as exc:
        if exc.code != "no_database":
            raise
        stats, troubles = overview.EMPTY, []
    else:
        with contextlib.closing(store), store.read() as tx:
            stats = overview.read(tx, now, clock.boot())
            troubles = [state for state in providers.every(tx) if state.state != FINE]
    lines = _lines(stats, troubles, now)
    return Answer(stats.as_dict(), [*lines, "", _service(InstanceLock(home / LOCK_FILE).holder(), stats, now)])


def _service(pid: str | None, stats: QueueStats, now: float) -> str:
    """Whether it runs, and what it does next."""
    if pid is None:
        return "Movie Sync does not run. To start it: movie-sync"
    due = stats.statuses.get("due", 0) + stats.statuses.get("claimed", 0)
    check = "" if stats.next_check is None else f"; the watchlist is looked at in {span_text(stats.next_check - now)}"
    return f"Movie Sync runs (pid {pid}); {due} films are due{check}."


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
    lines += _budget(stats.budget, now)
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
        lines += [f"  {_trouble(state, now)}" for state in troubles]
    return lines


def _trouble(state: ProviderState, now: float) -> str:
    """What is wrong, what to do, and when it is tried again."""
    text = f"{state.provider}: {state.message} {state.hint or ''}".rstrip()
    if state.fingerprint is not None:
        return f"{text} It is not asked before that."
    wait_s = state.next_try(now) - now
    return f"{text} Next try {'now' if wait_s <= 0 else f'in {span_text(wait_s)}'}."


def _budget(budget: BudgetView, now: float) -> list[str]:
    """The tracker's calls and sweeps; nothing before the service first ran."""
    if not budget.tracker:
        return []
    limit = f" of {budget.per_hour}" if budget.per_hour else ""
    lines = [f"Calls      {budget.used:6}{limit} in the last hour ({budget.tracker})"]
    if budget.first:
        lines[0] += f"; {budget.first} first searches to make, through in about {span_text(budget.through_s)}"
    if budget.repeats:
        lines[0] += f"; {budget.repeats} further ones in their turn"
    if budget.swept_at is not None:
        ago = f"newest releases looked at {span_text(now - budget.swept_at)} ago"
        lines.append(f"Watched    {budget.watched:6}   {ago}, every {span_text(budget.sweep_s)}")
        if budget.gap_at is not None:
            ago = span_text(now - budget.gap_at)
            lines.append(f"           A gap {ago} ago: more came than is shown at once; what waits is searched again.")
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
