"""Each request to a rationed provider, counted before it is made, across restarts, processes and clock jumps."""

from dataclasses import dataclass

from movie_sync.lib.clock import Boot
from movie_sync.store.connections import Connection, Store

HOUR_S = 3600.0
_EARLIER_BOOT_S = 60.0
# Older rows can matter to no rolling hour: the boot clock never jumps and a boot is soon older than an hour.
_KEEP_S = 2 * HOUR_S


@dataclass(frozen=True, slots=True)
class Turn:
    """The answer to "may I call now?".

    Attributes:
        granted: True: the call is counted, make it.
        wait_s: Seconds until asking again makes sense; 0 when granted.
        used_up: The hour's calls are used up; False when only the distance to the last call is missing.
    """

    granted: bool
    wait_s: float = 0.0
    used_up: bool = False


def take_turn(store: Store, account: str, boot: Boot, wall: float, *, per_hour: int | None, spacing_s: float) -> Turn:
    """Count a call, if the account's rolling hour and its distance to the last call allow it.

    Rows of an earlier boot count until this boot is an hour old: how long the machine was off cannot be known from a
    clock that may be wrong.

    Args:
        store: Where the rows are; the row is on disk when this returns.
        account: Whose budget it is.
        boot: This moment.
        wall: Unix seconds, kept for people.
        per_hour: At most so many in any 3600 s; None for no such limit.
        spacing_s: At least so many seconds between two calls.
    """
    with store.write() as tx:
        last = tx.execute(
            "SELECT boot_s FROM calls WHERE account = ? AND boot_id = ? ORDER BY id DESC LIMIT 1",
            (account, boot.boot_id),
        ).fetchone()
        if last is not None and -_EARLIER_BOOT_S < boot.seconds - last[0] < spacing_s:
            return Turn(False, spacing_s - (boot.seconds - last[0]))
        if per_hour is not None and (wait_s := _wait_for_hour(tx, account, boot, per_hour)) > 0:
            return Turn(False, wait_s, used_up=True)
        tx.execute(
            "INSERT INTO calls (account, boot_id, boot_s, wall) VALUES (?, ?, ?, ?)",
            (account, boot.boot_id, boot.seconds, wall),
        )
        tx.execute(
            "DELETE FROM calls WHERE account = ? AND ((boot_id = ? AND boot_s < ?) OR (boot_id != ? AND ? > ?))",
            (account, boot.boot_id, boot.seconds - _KEEP_S, boot.boot_id, boot.seconds, HOUR_S),
        )
    return Turn(True)


def _counted(tx: Connection, account: str, boot: Boot) -> list[float]:
    """When, on this boot's clock, each counted call stops counting; ascending."""
    rows = tx.execute("SELECT boot_id, boot_s FROM calls WHERE account = ?", (account,))
    ends = [
        row[1] + HOUR_S if row[0] == boot.boot_id and row[1] < boot.seconds + _EARLIER_BOOT_S else HOUR_S
        for row in rows
    ]
    return sorted(end for end in ends if end > boot.seconds)


def _wait_for_hour(tx: Connection, account: str, boot: Boot, per_hour: int) -> float:
    ends = _counted(tx, account, boot)
    if len(ends) < per_hour:
        return 0.0
    return ends[len(ends) - per_hour] - boot.seconds


def used(store: Store, account: str, boot: Boot) -> int:
    """Calls of the account that count in the hour that ends now."""
    with store.read() as tx:
        return len(_counted(tx, account, boot))
