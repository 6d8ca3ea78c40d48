"""How far the sweep over a tracker's newest releases has come."""

from dataclasses import dataclass

from movie_sync.store.connections import Connection

_GAP_TOLD_S = 86400.0


@dataclass(frozen=True, slots=True)
class SweepState:
    """What is known of a tracker's newest releases.

    Attributes:
        newest_id: The largest release number seen, None before the first sweep.
        swept_at: Unix seconds of the last sweep, None before the first.
        gap_at: Unix seconds of the last sweep that did not reach back to the one before it; None: there was none.
        gaps: How many such there were.
    """

    newest_id: int | None = None
    swept_at: float | None = None
    gap_at: float | None = None
    gaps: int = 0

    def fresh_gap_at(self, now: float) -> float | None:
        """The last gap while it is worth telling of, a day; None afterwards."""
        return self.gap_at if self.gap_at is not None and 0 <= now - self.gap_at < _GAP_TOLD_S else None


def get(tx: Connection, tracker: str) -> SweepState:
    """The tracker's state; an empty one before its first sweep."""
    row = tx.execute("SELECT newest_id, swept_at, gap_at, gaps FROM sweeps WHERE tracker = ?", (tracker,)).fetchone()
    return SweepState(*row) if row else SweepState()


def put(tx: Connection, tracker: str, state: SweepState) -> None:
    """Store a state in place of the one before."""
    tx.execute(
        "INSERT OR REPLACE INTO sweeps (tracker, newest_id, swept_at, gap_at, gaps) VALUES (?, ?, ?, ?, ?)",
        (tracker, state.newest_id, state.swept_at, state.gap_at, state.gaps),
    )


def every(tx: Connection) -> dict[str, SweepState]:
    """All trackers ever swept, with their states."""
    rows = tx.execute("SELECT tracker, newest_id, swept_at, gap_at, gaps FROM sweeps ORDER BY tracker")
    return {row[0]: SweepState(*tuple(row)[1:]) for row in rows}
