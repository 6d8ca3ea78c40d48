"""Transfers: which torrent stands for which film, and in which role."""

from dataclasses import dataclass
from typing import Any, Literal, cast

from movie_sync.movie import Release, Torrent
from movie_sync.store.connections import Connection, Row

# upgrade: better than the current one, on its way; retiring: replaced by such, until its seeding duty is done.
Role = Literal["intended", "current", "upgrade", "retiring", "replaced", "blocklisted", "gone"]


@dataclass(frozen=True, slots=True)
class Transfer:
    """One torrent of one film.

    Attributes:
        role: At most one ``intended``, one ``current`` and one ``upgrade`` a film.
        added_by_us: False when the client had it already without our mark; None while only intended.
        adds: How often it was added.
        missing_polls: Polls in a row in which a reachable client did not have it.
        progress: 0.0 to 1.0, stored at 5 % steps.
        progressed_at: When it last grew; None: never.
        done_at: When it was whole on disk; None: not yet.
        stood_s: Seconds it stood still since it last grew, stored at steps of an hour.
    """

    transfer_id: int
    film_id: int
    info_hash: str
    role: Role
    client: str
    torrent_name: str
    tracker: str
    release_id: int | None
    release_name: str
    size_bytes: int
    added_by_us: bool | None
    adds: int
    missing_polls: int
    created_at: float
    progress: float
    progressed_at: float | None
    done_at: float | None
    reason: str | None
    stood_s: float = 0.0


def _transfer(row: Row) -> Transfer:
    return Transfer(
        transfer_id=row["id"],
        film_id=row["film"],
        info_hash=row["info_hash"],
        role=cast("Role", row["role"]),
        client=row["client"],
        torrent_name=row["torrent_name"],
        tracker=row["tracker"],
        release_id=row["release_id"],
        release_name=row["release_name"],
        size_bytes=row["size_bytes"],
        added_by_us=None if row["added_by_us"] is None else bool(row["added_by_us"]),
        adds=row["adds"],
        missing_polls=row["missing_polls"],
        created_at=row["created_at"],
        progress=row["progress"],
        progressed_at=row["progressed_at"],
        done_at=row["done_at"],
        reason=row["reason"],
        stood_s=row["stood_s"],
    )


def intend(
    tx: Connection,
    film_id: int,
    release: Release,
    torrent: Torrent,
    client: str,
    now: float,
    role: Literal["intended", "upgrade"] = "intended",
) -> None:
    """Store that this torrent, and no other, is about to be handed over for the film."""
    tx.execute("UPDATE transfers SET role = 'replaced' WHERE film = ? AND role = ?", (film_id, role))
    tx.execute(
        "INSERT INTO transfers (film, info_hash, role, client, torrent_name, tracker, release_id, release_name,"
        " size_bytes, created_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (film, info_hash) DO UPDATE SET role = excluded.role, client = excluded.client,"
        " changed_at = excluded.changed_at, adds = 0, missing_polls = 0, progress = 0, progressed_at = NULL,"
        " done_at = NULL, reason = NULL, stood_s = 0",
        (
            film_id,
            torrent.info_hash,
            role,
            client,
            torrent.name,
            release.tracker,
            release.release_id,
            release.name,
            torrent.size_bytes,
            now,
            now,
        ),
    )


def taken_in(
    tx: Connection, film_id: int, info_hash: str, client: str, release_name: str, now: float, *, done: bool = False
) -> None:
    """Make current what a queue file said was handed over before this database knew of it."""
    tx.execute("UPDATE transfers SET role = 'replaced' WHERE film = ? AND role = 'current'", (film_id,))
    tx.execute(
        "INSERT INTO transfers (film, info_hash, role, client, release_name, added_by_us, created_at, changed_at,"
        " done_at) VALUES (?, ?, 'current', ?, ?, 1, ?, ?, ?)"
        " ON CONFLICT (film, info_hash) DO UPDATE SET role = 'current'",
        (film_id, info_hash, client, release_name, now, now, now if done else None),
    )


def with_role(tx: Connection, film_id: int, role: Role) -> Transfer | None:
    """The film's intended or current transfer, None when it has none."""
    row = tx.execute("SELECT * FROM transfers WHERE film = ? AND role = ?", (film_id, role)).fetchone()
    return _transfer(row) if row else None


def of_film(tx: Connection, film_id: int) -> list[Transfer]:
    """All transfers of a film, oldest first."""
    return [_transfer(row) for row in tx.execute("SELECT * FROM transfers WHERE film = ? ORDER BY id", (film_id,))]


def all_current(tx: Connection) -> list[Transfer]:
    """Every current transfer, oldest first."""
    # Sorted here: ORDER BY would make SQLite walk the whole table instead of the partial index.
    found = [_transfer(row) for row in tx.execute("SELECT * FROM transfers WHERE role = 'current'")]
    return sorted(found, key=lambda transfer: transfer.transfer_id)


def all_with_role(tx: Connection, role: Literal["upgrade", "retiring"]) -> list[Transfer]:
    """Every transfer of one of the two roles that upgrades bring, oldest first."""
    # The role stands in the text: a partial index serves no query that leaves it open.
    found = [_transfer(row) for row in tx.execute(f"SELECT * FROM transfers WHERE role = '{role}'")]
    return sorted(found, key=lambda transfer: transfer.transfer_id)


def hashes(tx: Connection) -> frozenset[str]:
    """Info-hashes of all transfers ever."""
    return frozenset(row[0] for row in tx.execute("SELECT info_hash FROM transfers"))


def needed_hashes(tx: Connection) -> frozenset[str]:
    """Info-hashes of transfers that may have to be given to a client again."""
    rows = tx.execute(
        "SELECT info_hash FROM transfers"
        " WHERE role IN ('intended', 'upgrade') OR (role = 'current' AND done_at IS NULL)"
    )
    return frozenset(row[0] for row in rows)


def unfinished_names(tx: Connection) -> frozenset[str]:
    """Files and folders our own transfers write, or wrote a part of, that were never whole."""
    rows = tx.execute("SELECT torrent_name FROM transfers WHERE done_at IS NULL AND torrent_name != ''")
    return frozenset(row[0] for row in rows)


def shared(tx: Connection, transfer: Transfer) -> bool:
    """True when another film has this torrent, or is about to."""
    found = tx.execute(
        "SELECT 1 FROM transfers WHERE info_hash = ? AND film != ? AND role IN ('intended', 'current', 'upgrade')",
        (transfer.info_hash, transfer.film_id),
    )
    return found.fetchone() is not None


def name_taken(tx: Connection, torrent: Torrent) -> bool:
    """True when another of our torrents that may still be in a client writes under this name."""
    found = tx.execute(
        "SELECT 1 FROM transfers WHERE torrent_name = ? COLLATE NOCASE AND info_hash != ? AND client != ''"
        " AND role != 'gone'",
        (torrent.name, torrent.info_hash),
    )
    return found.fetchone() is not None


def used_elsewhere(tx: Connection, transfer: Transfer) -> bool:
    """True when its files may be more than this film's.

    Another film knows the torrent, or another of our torrents that may be in a client writes under its name.
    """
    found = tx.execute(
        "SELECT 1 FROM transfers WHERE role != 'gone' AND ((info_hash = ? AND film != ?)"
        " OR (torrent_name = ? COLLATE NOCASE AND info_hash != ? AND client != ''))",
        (transfer.info_hash, transfer.film_id, transfer.torrent_name, transfer.info_hash),
    )
    return found.fetchone() is not None


def blocklisted(tx: Connection, film_id: int | None = None) -> list[tuple[Transfer, float]]:
    """Blocklisted transfers of a film, or of all, oldest first, each with when it came to that (Unix seconds)."""
    rows = tx.execute(
        "SELECT transfers.*, coalesce((SELECT max(at) FROM history WHERE history.film = transfers.film"
        " AND event = 'blocklisted' AND instr(text, release_name) = 1), changed_at) AS blocked_at FROM transfers"
        " WHERE role = 'blocklisted' AND (?1 IS NULL OR film = ?1) ORDER BY id",
        (film_id,),
    )
    return [(_transfer(row), row["blocked_at"]) for row in rows]


def refused_releases(tx: Connection, film_id: int) -> dict[tuple[str, int], str]:
    """(tracker, release id) of the film's blocklisted transfers, with the reason."""
    rows = tx.execute(
        "SELECT tracker, release_id, reason FROM transfers WHERE film = ? AND role = 'blocklisted'", (film_id,)
    )
    return {(row[0], row[1]): row[2] or "blocklisted" for row in rows if row[1] is not None}


def make_current(tx: Connection, transfer: Transfer, client: str, *, added_by_us: bool, now: float) -> None:
    """The client has the intended transfer: it is the film's current one, and the one before is replaced."""
    tx.execute("UPDATE transfers SET role = 'replaced' WHERE film = ? AND role = 'current'", (transfer.film_id,))
    added = {"added_by_us": int(added_by_us), "adds": transfer.adds + 1}
    change(tx, transfer.transfer_id, now, role="current", client=client, **added)


def change(tx: Connection, transfer_id: int, now: float, **columns: Any) -> None:
    """Set columns of a transfer: role, client, added_by_us, adds, progress, done_at …, as the table has them."""
    sets = ", ".join(f"{name} = ?" for name in columns)
    tx.execute(f"UPDATE transfers SET {sets}, changed_at = ? WHERE id = ?", [*columns.values(), now, transfer_id])


def retire(tx: Connection, film_id: int, now: float) -> None:
    """Make a film's transfers ``replaced``: it starts anew."""
    tx.execute(
        "UPDATE transfers SET role = 'replaced', changed_at = ?"
        " WHERE film = ? AND role IN ('intended', 'current', 'upgrade', 'retiring')",
        (now, film_id),
    )
