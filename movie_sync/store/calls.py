"""Each request to a rationed provider, counted before it is made, across restarts, processes and clock jumps."""

from collections.abc import Sequence
from dataclasses import dataclass

from movie_sync.lib.clock import Boot, Clock
from movie_sync.movie import Purpose
from movie_sync.store.connections import Connection, Store

HOUR_S = 3600.0
_EARLIER_BOOT_S = 60.0
# Older rows can matter to no rolling hour: the boot clock never jumps and a boot is soon older than an hour.
_KEEP_S = 2 * HOUR_S
# A rest too small to be told by the clock would be asked for again and again.
_SHORTEST_S = 0.001


@dataclass(frozen=True, slots=True)
class Share:
    """What calls of some purposes may use together.

    Attributes:
        purposes: Calls that count.
        per_hour: At most so many of them in any 3600 s, at least 1.
    """

    purposes: Sequence[Purpose]
    per_hour: int


@dataclass(frozen=True, slots=True)
class Turn:
    """The answer to "may I call now?".

    Attributes:
        granted: True: the call is counted, make it.
        wait_s: Seconds until asking again makes sense; 0 when granted.
        used_up: A share of the hour's calls is used up; False when only the distance to the last call is missing.
    """

    granted: bool
    wait_s: float = 0.0
    used_up: bool = False


def take_turn(
    store: Store,
    account: str,
    boot: Boot,
    wall: float,
    *,
    shares: Sequence[Share] = (),
    spacing_s: float,
    purpose: Purpose = "search",
) -> Turn:
    """Count a call, if the account's rolling hour and its distance to the last call allow it.

    Rows of an earlier boot count until this boot is an hour old: how long the machine was off cannot be known from a
    clock that may be wrong.

    Args:
        store: Where the rows are; the row is on disk when this returns.
        account: Whose budget it is.
        boot: This moment.
        wall: Unix seconds, kept for people.
        shares: Each that has the purpose must have room; none: no limit.
        spacing_s: At least so many seconds between two calls.
        purpose: What the call is for.
    """
    with store.write() as tx:
        last = tx.execute(
            "SELECT boot_s FROM calls WHERE account = ? AND boot_id = ? ORDER BY id DESC LIMIT 1",
            (account, boot.boot_id),
        ).fetchone()
        if last is not None and -_EARLIER_BOOT_S < boot.seconds - last[0] < spacing_s:
            return Turn(False, spacing_s - (boot.seconds - last[0]))
        if (wait_s := _wait_s(tx, account, boot, shares, purpose, 1)) > 0:
            return Turn(False, wait_s, used_up=True)
        tx.execute(
            "INSERT INTO calls (account, boot_id, boot_s, wall, purpose) VALUES (?, ?, ?, ?, ?)",
            (account, boot.boot_id, boot.seconds, wall, purpose),
        )
        tx.execute(
            "DELETE FROM calls WHERE account = ?"
            " AND ((boot_id = ? AND boot_s < ?) OR ((boot_id != ? OR boot_s > ?) AND ? > ?))",
            (
                *(account, boot.boot_id, boot.seconds - _KEEP_S),
                # Where the system does not tell its starts apart, a moment that lies ahead is of an earlier one.
                *(boot.boot_id, boot.seconds + _EARLIER_BOOT_S, boot.seconds, HOUR_S),
            ),
        )
    return Turn(True)


def wait_for_turn(store: Store, account: str, clock: Clock, spacing_s: float) -> None:
    """Wait until a call of an account without a limit may be made, and count it.

    Args:
        store: As for take_turn.
        account: Whose calls keep their distance, also those of other processes and of runs before.
        clock: Waits.
        spacing_s: Seconds between two calls, at least 0.

    Raises:
        Stopping: The process is stopping.
    """
    while not (turn := take_turn(store, account, clock.boot(), clock.now(), spacing_s=spacing_s)).granted:
        clock.wait(max(turn.wait_s, _SHORTEST_S))


def _counted(tx: Connection, account: str, boot: Boot) -> list[tuple[float, str]]:
    """When, on this boot's clock, each counted call stops counting, and what it was for; the first to end first."""
    rows = tx.execute("SELECT boot_id, boot_s, purpose FROM calls WHERE account = ?", (account,))
    ends = [
        (row[1] + HOUR_S if row[0] == boot.boot_id and row[1] < boot.seconds + _EARLIER_BOOT_S else HOUR_S, row[2])
        for row in rows
    ]
    return sorted(pair for pair in ends if pair[0] > boot.seconds)


def _wait_s(tx: Connection, account: str, boot: Boot, shares: Sequence[Share], purpose: Purpose, calls: int) -> float:
    """Seconds until so many calls of a purpose fit into every share that has it."""
    counted = _counted(tx, account, boot) if shares else []
    waits = [0.0]
    for share in shares:
        if purpose in share.purposes:
            ends = [end for end, what in counted if what in share.purposes]
            too_many = len(ends) + min(calls, share.per_hour) - share.per_hour
            waits.append(ends[too_many - 1] - boot.seconds if too_many > 0 else 0.0)
    return max(waits)


def wait_s(store: Store, account: str, boot: Boot, shares: Sequence[Share], purpose: Purpose, calls: int) -> float:
    """Seconds until so many calls of a purpose may be made, their distance left aside; 0 now. Counts nothing."""
    with store.read() as tx:
        return _wait_s(tx, account, boot, shares, purpose, calls)


def used(store: Store, account: str, boot: Boot) -> int:
    """Calls of the account that count in the hour that ends now."""
    with store.read() as tx:
        return sum(used_for(tx, account, boot).values())


def used_for(tx: Connection, account: str, boot: Boot) -> dict[str, int]:
    """The same by purpose; without those there were none for."""
    found: dict[str, int] = {}
    for _, purpose in _counted(tx, account, boot):
        found[purpose] = found.get(purpose, 0) + 1
    return found
