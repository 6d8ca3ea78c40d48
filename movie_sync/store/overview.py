"""The queues at a glance: counts, and the lists ``stats`` shows.

Imports little on purpose: ``stats`` has to answer within four times an empty Python, so no film is built here.
"""

from typing import NamedTuple

from movie_sync.store.connections import Connection, Row


class TransferView(NamedTuple):
    """A transfer; ``age_s`` in seconds, ``progress`` 0.0 to 1.0."""

    title: str
    release_name: str
    status: str
    progress: float
    age_s: float


class WaitingView(NamedTuple):
    """A film that waits, or failed for good; ``at`` is Unix seconds, None when nothing is due by itself."""

    title: str
    status: str
    at: float | None
    reason: str


class QueueStats(NamedTuple):
    """What ``stats`` shows.

    Attributes:
        queues: Queue to number of films.
        statuses: State to number of films; absent when there is none.
        seen_before: Excluded films that were on a list before the first run.
        next_check: Unix seconds at which a list is looked at next; None: now, or there is no list.
    """

    queues: dict[str, int]
    statuses: dict[str, int]
    transfers: list[TransferView]
    next_retries: list[WaitingView]
    permanent: list[WaitingView]
    put_off: list[WaitingView]
    seen_before: int = 0
    next_check: float | None = None

    def as_dict(self) -> dict[str, int]:
        """What ``stats --json`` promises, whole numbers."""
        count = self.statuses.get
        return {
            "pending": self.queues.get("pending", 0),
            "failed": self.queues.get("failed", 0),
            "completed": self.queues.get("completed", 0),
            "permanent_failures": count("permanent", 0),
            "downloading": count("downloading", 0) + count("stalled", 0),
            "stalled": count("stalled", 0),
            "downloaded": count("downloaded", 0),
            "owned": count("owned", 0),
            "saved": count("saved", 0),
            "gone": count("gone", 0),
            "put_off": count("put_off", 0),
            "not_found": count("not_found", 0),
            "retrying": count("retrying", 0),
            "series": count("series", 0),
            "excluded": count("excluded", 0),
        }


EMPTY = QueueStats({}, {}, [], [], [], [])

_TRANSFERS = (
    "SELECT title, year, status, films.release_name, films.progress, coalesce(transfers.created_at, queued_at) AS begun"
    " FROM films LEFT JOIN transfers ON transfers.film = films.id AND role = 'current'"
    " WHERE queue = 'completed' AND status IN ('downloading', 'stalled') ORDER BY begun"
)
_WAITING = "SELECT title, year, status, {at} AS at, {reason} AS reason FROM films WHERE {which} ORDER BY at, id"

_SEEN_BEFORE = (
    "SELECT count(*) FROM films WHERE queue = 'failed' AND status = 'excluded' AND reason_code = 'seen_before'"
)


def _title(row: Row) -> str:
    return f"{row['title']} ({row['year']})" if row["year"] else row["title"]


def _waiting(tx: Connection, at: str, reason: str, which: str) -> list[WaitingView]:
    rows = tx.execute(_WAITING.format(at=at, reason=reason, which=which))
    return [WaitingView(_title(row), row["status"], row["at"], row["reason"] or "") for row in rows]


def read(tx: Connection, now: float) -> QueueStats:
    """Counts and lists as they stand.

    Args:
        tx: Any transaction; nothing is written.
        now: Unix seconds.
    """
    counted = tx.execute("SELECT queue, status, count(*) AS films FROM films GROUP BY queue, status").fetchall()
    queues: dict[str, int] = {}
    for row in counted:
        queues[row["queue"]] = queues.get(row["queue"], 0) + row["films"]
    failed, pending = "queue = 'failed' AND status", "queue = 'pending' AND status"
    return QueueStats(
        queues,
        {row["status"]: row["films"] for row in counted},
        [
            TransferView(
                _title(row), row["release_name"] or "", row["status"], row["progress"] or 0.0, now - row["begun"]
            )
            for row in tx.execute(_TRANSFERS)
        ],
        _waiting(tx, "retry_after", "last_error", f"{failed} IN ('retrying', 'not_found')"),
        _waiting(tx, "NULL", "last_error", f"{failed} = 'permanent'"),
        _waiting(tx, "not_before", "reason", f"{pending} = 'put_off'"),
        tx.execute(_SEEN_BEFORE).fetchone()[0],
        tx.execute("SELECT min(next_check) FROM lists").fetchone()[0],
    )
