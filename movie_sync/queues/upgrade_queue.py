"""UpgradeQueue: films whose release is not good enough yet, and the better ones on their way."""

from collections.abc import Callable
from typing import Any

from movie_sync.lib.clock import Clock
from movie_sync.movie import Decision, Queue, Status, Torrent
from movie_sync.store import Store, films, history, transfers
from movie_sync.store.films import FilmRecord
from movie_sync.store.transfers import Transfer

# The first look for a better release, and each after it.
FIRST_LOOK_S = 86400.0
NEXT_LOOK_S = 7 * 86400.0


class UpgradeQueue:
    """Keeps when to look for a better release, and what replaces what; each method is one transaction.

    Args:
        store: The database.
        clock: Wall time.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def schedule(self, good_enough: Callable[[str], bool]) -> None:
        """Plan a look for every downloaded film that needs one, and for no other.

        Args:
            good_enough: Asked with the name of each film's current release.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            for film in films.in_queue(tx, Queue.COMPLETED):
                wanted = film.status is Status.DOWNLOADED and not good_enough(film.release_name or "")
                if wanted is (film.upgrade_after is None):
                    films.change(tx, film.film_id, upgrade_after=now + FIRST_LOOK_S if wanted else None)

    def plan(self, film_id: int, wait_s: float | None) -> None:
        """Look for a better release after so many seconds; None: never."""
        with self._store.write() as tx:
            films.change(tx, film_id, upgrade_after=None if wait_s is None else self._clock.now() + wait_s)

    def next_moment(self) -> float | None:
        """Unix seconds of the next look, None when none is planned."""
        with self._store.read() as tx:
            return films.next_upgrade(tx)

    def due(self) -> tuple[FilmRecord, Transfer] | None:
        """A film to look for a better release of, with what it has; None when none is due."""
        with self._store.read() as tx:
            film_id = films.due_upgrade(tx, self._clock.now())
            film = films.get(tx, film_id) if film_id is not None else None
            current = transfers.with_role(tx, film.film_id, "current") if film else None
        return (film, current) if film and current else None

    def begin(self, film_id: int, decision: Decision, torrent: Torrent, client: str, because: str) -> bool:
        """Commit to a better release; it is added to the client next, and becomes current once it is whole.

        Returns:
            False when the film was moved meanwhile.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            film = films.get(tx, film_id)
            if film is None or film.status is not Status.DOWNLOADED:
                return False
            transfers.intend(tx, film_id, decision.release, torrent, client, now, role="upgrade")
            films.change(tx, film_id, upgrade_after=None)
            text = f"A better release is fetched: {decision.release.name} ({because})."
            history.append(tx, now, film_id, "upgrade_chosen", text)
        return True

    def on_their_way(self) -> list[Transfer]:
        """Better releases that are not whole yet."""
        with self._store.read() as tx:
            return transfers.all_with_role(tx, "upgrade")

    def retiring(self) -> list[Transfer]:
        """Replaced transfers that still have their seeding duty."""
        with self._store.read() as tx:
            return transfers.all_with_role(tx, "retiring")

    def added(self, transfer: Transfer, *, ours: bool) -> None:
        """The client has the better release."""
        with self._store.write() as tx:
            transfers.change(tx, transfer.transfer_id, self._clock.now(), adds=transfer.adds + 1, added_by_us=int(ours))

    def progressed(self, transfer: Transfer, progress: float) -> None:
        """Store a step of its progress, 0.0 to 1.0."""
        now = self._clock.now()
        with self._store.write() as tx:
            transfers.change(tx, transfer.transfer_id, now, progress=progress, progressed_at=now)

    def complete(self, transfer: Transfer, look_again_s: float | None) -> None:
        """The better release is whole: it is current, and what it replaces seeds out its duty.

        Args:
            transfer: The better one.
            look_again_s: When to look for a still better one; None: never.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            film = films.get(tx, transfer.film_id)
            old = transfers.with_role(tx, transfer.film_id, "current")
            if film is None or film.status not in {Status.DOWNLOADED, Status.GONE}:
                transfers.change(tx, transfer.transfer_id, now, role="replaced", progress=1.0, done_at=now)
                return
            if old is not None:
                reason = f"replaced by {transfer.release_name}"
                transfers.change(tx, old.transfer_id, now, role="retiring", reason=reason)
            transfers.change(tx, transfer.transfer_id, now, role="current", progress=1.0, done_at=now)
            columns: dict[str, Any] = {"release_name": transfer.release_name, "info_hash": transfer.info_hash}
            again = None if look_again_s is None else now + look_again_s
            films.change(tx, transfer.film_id, Status.DOWNLOADED, completed_at=now, upgrade_after=again, **columns)
            before = f" It replaces {old.release_name}, which stays until it has seeded enough." if old else ""
            history.append(tx, now, transfer.film_id, "upgraded", f"Downloaded: {transfer.release_name}.{before}")

    def drop(self, transfer: Transfer, reason: str) -> None:
        """The better release will not come: never take it again, look for another later."""
        now = self._clock.now()
        with self._store.write() as tx:
            transfers.change(tx, transfer.transfer_id, now, role="blocklisted", reason=reason)
            films.change(tx, transfer.film_id, upgrade_after=now + FIRST_LOOK_S)
            text = f"{transfer.release_name} is blocklisted: {reason} What is there stays."
            history.append(tx, now, transfer.film_id, "blocklisted", text)

    def take_back(self, transfer: Transfer, reason: str) -> None:
        """It never reached the client, which says nothing against it: it may be chosen again at a later look."""
        now = self._clock.now()
        with self._store.write() as tx:
            transfers.change(tx, transfer.transfer_id, now, role="replaced", reason=reason, client="")
            films.change(tx, transfer.film_id, upgrade_after=now + FIRST_LOOK_S)
            text = f"{transfer.release_name} is not fetched now: {reason} What is there stays."
            history.append(tx, now, transfer.film_id, "taken_back", text)

    def shared(self, transfer: Transfer) -> bool:
        """True when another film has the same torrent."""
        with self._store.read() as tx:
            return transfers.shared(tx, transfer)

    def retired(self, transfer: Transfer, text: str) -> None:
        """A replaced transfer has left the client."""
        now = self._clock.now()
        with self._store.write() as tx:
            transfers.change(tx, transfer.transfer_id, now, role="replaced", client="")
            history.append(tx, now, transfer.film_id, "taken_out", text)
