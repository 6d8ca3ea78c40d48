"""CleanupQueue: films that left their lists, what of them may be deleted, and why all else stays."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from movie_sync.errors import MovieSyncError
from movie_sync.lib.clock import Clock
from movie_sync.movie import ClientTorrent, Status
from movie_sync.queues.moves import start_anew
from movie_sync.queues.queue_manager import HELD
from movie_sync.store import Store, films, history, providers, transfers, wishes
from movie_sync.store.connections import Connection
from movie_sync.store.films import FilmRecord
from movie_sync.store.providers import FINE, ProviderState
from movie_sync.store.transfers import Transfer

# Under which name it is noted that films wait for a person's word.
PROVIDER = "cleanup"
# Of FilmRecord.cleanup, beside HELD: a person agreed; the client is being told to delete.
AGREED, BEGUN = "agreed", "begun"
# A torrent on its way, or one that was replaced and still seeds: such a film is left alone.
_UNDER_WAY = frozenset({"intended", "upgrade", "retiring"})
# Completed without a torrent of this program in a client.
_NOT_FETCHED = frozenset({Status.OWNED, Status.SAVED})
# States in which a wish that came during the deletion would else rest on files that are gone.
_RESTS_ON_FILES = frozenset({Status.DUE, Status.PUT_OFF, Status.CLAIMED, Status.OWNED})


@dataclass(frozen=True, slots=True)
class Terms:
    """What has to be so before files are deleted.

    Attributes:
        client: The name of the client in use; what another one has is left alone.
        grace_s: Seconds since the film left its last list.
        duty_ratio: Uploaded in parts of what was downloaded; this or ``duty_s`` is enough.
        duty_s: Seconds of seeding.
    """

    client: str
    grace_s: float
    duty_ratio: float
    duty_s: float


@dataclass(frozen=True, slots=True)
class LeftFilm:
    """A completed film that no list wishes for any more.

    Attributes:
        left_at: Unix seconds.
        transfer: Its current one, None when it has none.
        under_way: Another torrent of it is on its way, or was replaced and still seeds.
        used_elsewhere: Another film, or another torrent of ours, may use the same files.
    """

    film: FilmRecord
    left_at: float
    transfer: Transfer | None
    under_way: bool
    used_elsewhere: bool

    @property
    def ours(self) -> bool:
        """True when this program downloaded it."""
        return _ours(self.film, self.transfer)


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to become of a film's files.

    Attributes:
        torrent: As the client shows it; None when it does not, or was not asked.
        reasons: Why they stay, each the rest of a sentence; empty when they may be deleted.
    """

    left: LeftFilm
    torrent: ClientTorrent | None
    reasons: tuple[str, ...]


def judge(
    found: Sequence[LeftFilm], seen: Mapping[str, ClientTorrent] | None, terms: Terms, now: float
) -> list[Judged]:
    """Say of each film whether its files may be deleted.

    Args:
        found: Films that left, any order, may be empty.
        seen: Every torrent the client has, by info-hash; None when it was not asked: then only what the database says
            is judged.
        terms: See Terms.
        now: Unix seconds.
    """
    judged = []
    for left in found:
        reasons, torrent = reasons_to_stay(left, terms, now), None
        if seen is not None and left.transfer is not None and left.ours and left.transfer.client == terms.client:
            torrent = seen.get(left.transfer.info_hash)
            reasons += _reasons_in_client(left.transfer, torrent, seen, terms)
        judged.append(Judged(left, torrent, tuple(reasons)))
    return judged


def reasons_to_stay(left: LeftFilm, terms: Terms, now: float) -> list[str]:
    """Why a film's files stay, by what the database knows; empty when only the client may have something to say."""
    transfer = left.transfer
    if transfer is None or left.film.status in _NOT_FETCHED:
        return ["this program did not download it"]
    if not transfer.added_by_us:
        return ["someone else had added its torrent"]
    if not left.ours:
        return ["it was taken in from a queue file, so who added its torrent is not certain"]
    if transfer.client != terms.client:
        return [f"it was handed to {transfer.client}, not to {terms.client}"]
    checks = (
        (left.film.status is not Status.DOWNLOADED or transfer.done_at is None, "it is not whole yet"),
        (left.under_way, "a better release is on its way, or the one it replaced still seeds"),
        (left.used_elsewhere, "another film or another torrent may use the same files"),
        (left.film.cleanup == HELD, "many films left at once, so it waits for your word: movie-sync cleanup confirm"),
        (now < left.left_at + terms.grace_s, f"grace period until {_moment(left.left_at + terms.grace_s)}"),
    )
    return [reason for stays, reason in checks if stays]


def _reasons_in_client(
    transfer: Transfer, torrent: ClientTorrent | None, seen: Mapping[str, ClientTorrent], terms: Terms
) -> list[str]:
    if torrent is None:
        return [f"{terms.client} does not have it"]
    names = {transfer.torrent_name.casefold(), torrent.name.casefold()}
    twins = any(one.info_hash != torrent.info_hash and one.name.casefold() in names for one in seen.values())
    owing = torrent.ratio < terms.duty_ratio and torrent.seeding_s < terms.duty_s
    duty = (
        f"seeding duty: ratio {torrent.ratio:.2f} of {terms.duty_ratio:g},"
        f" {torrent.seeding_s / 3600:.0f} of {terms.duty_s / 3600:.0f} h"
    )
    checks = (
        (not torrent.ours, f"in {terms.client} it does not carry this program's mark"),
        (not torrent.done, f"{terms.client} does not have it whole and checked"),
        (twins, f"another torrent of the same name is in {terms.client}"),
        (owing, duty),
    )
    return [reason for stays, reason in checks if stays]


def _moment(at: float) -> str:
    """Local time, for people."""
    return dt.datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")


class CleanupQueue:
    """Keeps what people said about films that left, and what became of their files; each method is one transaction.

    Args:
        store: The database.
        clock: Wall time.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def left(self) -> list[LeftFilm]:
        """Completed films that left their lists, the first to leave before the others; those that are gone, not."""
        with self._store.read() as tx:
            return [_left_film(tx, film) for film in _left(tx)]

    def held(self) -> list[FilmRecord]:
        """Those of which this program has something, and that wait for a person's word."""
        with self._store.read() as tx:
            return _held(tx)

    def begin(self, left: LeftFilm, terms: Terms) -> bool:
        """Commit to deleting a film's files, just before the client is told.

        Returns:
            False when something speaks against it now, such as a new wish.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            film = next((one for one in _left(tx) if one.film_id == left.film.film_id), None)
            still = _left_film(tx, film) if film is not None else None
            if still is None or still.transfer != left.transfer or reasons_to_stay(still, terms, now):
                return False
            films.change(tx, left.film.film_id, cleanup=BEGUN)
        return True

    def cleaned(self, left: LeftFilm, text: str) -> None:
        """The client has deleted a film's files; one that was wished for meanwhile starts over.

        Args:
            left: As it was begun; it has a transfer.
            text: What was deleted and why, a sentence.
        """
        now, film_id, transfer = self._clock.now(), left.film.film_id, left.transfer
        with self._store.write() as tx:
            film = films.get(tx, film_id)
            if film is None or transfer is None:
                return
            transfers.change(tx, transfer.transfer_id, now, role="gone")
            history.append(tx, now, film_id, "cleaned_up", text)
            if film.status is Status.DOWNLOADED:
                films.change(tx, film_id, Status.GONE, cleanup=None, upgrade_after=None)
            elif film.status in _RESTS_ON_FILES and wishes.wished(tx, film_id):
                start_anew(tx, film, now, "wished", "Wished for while its files were deleted: it starts fresh.")

    def hold(self, found: Sequence[LeftFilm]) -> None:
        """Let films wait for a person's word, since too many would go at once."""
        now = self._clock.now()
        with self._store.write() as tx:
            for one in found:
                films.change(tx, one.film.film_id, cleanup=HELD)
                text = f"{len(found)} films would be deleted at once: its files stay until you agree."
                history.append(tx, now, one.film.film_id, "cleanup_held", text)

    def agree(self, film: FilmRecord | None = None) -> list[FilmRecord]:
        """A person agrees that held films go as any other that left: when their time has come.

        Args:
            film: Only this one; None: all.

        Raises:
            MovieSyncError: ``not_held``: that film does not wait for a word.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            wanted = [one for one in _held(tx) if film is None or one.film_id == film.film_id]
            if film is not None and not wanted:
                hint = "movie-sync cleanup preview shows which films do."
                raise MovieSyncError(f"{film.movie} does not wait for a word of yours.", hint=hint, code="not_held")
            for one in wanted:
                films.change(tx, one.film_id, cleanup=AGREED)
                history.append(tx, now, one.film_id, "cleanup_agreed", "You agreed that its files may be deleted.")
            _settle(tx, now)
        return wanted

    def keep(self, film: FilmRecord) -> None:
        """A person keeps what is there of a film: it counts as if it had never left.

        Raises:
            MovieSyncError: ``not_left``: it is on a list, or nothing of it is there.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            if film.film_id not in {one.film_id for one in _left(tx)}:
                raise MovieSyncError(
                    f"{film.movie} is not up for deletion.",
                    hint="Only downloaded films that left your lists are: movie-sync cleanup preview",
                    code="not_left",
                )
            films.change(tx, film.film_id, left_at=None, cleanup=None)
            history.append(tx, now, film.film_id, "cleanup_kept", "You keep its files: no clean-up touches them.")
            _settle(tx, now)


def _left(tx: Connection) -> list[FilmRecord]:
    return [film for film in films.left_lists(tx) if film.status is not Status.GONE]


def _held(tx: Connection) -> list[FilmRecord]:
    found = [film for film in _left(tx) if film.cleanup == HELD]
    return [film for film in found if _ours(film, transfers.with_role(tx, film.film_id, "current"))]


def _ours(film: FilmRecord, transfer: Transfer | None) -> bool:
    """What has no client was taken in from a queue file, which proves nothing."""
    if transfer is None or film.status in _NOT_FETCHED:
        return False
    return bool(transfer.added_by_us) and transfer.client != "" and transfer.torrent_name != ""


def _left_film(tx: Connection, film: FilmRecord) -> LeftFilm:
    every = transfers.of_film(tx, film.film_id)
    current = next((one for one in every if one.role == "current"), None)
    used = current is not None and _ours(film, current) and _used_elsewhere(tx, current)
    # Of `_left` each has left; without a moment nothing would ever go.
    left_at = math.inf if film.left_at is None else film.left_at
    return LeftFilm(film, left_at, current, any(one.role in _UNDER_WAY for one in every), used)


def _used_elsewhere(tx: Connection, current: Transfer) -> bool:
    owned = films.owned_within(tx, current.torrent_name, current.film_id)
    return owned or transfers.used_elsewhere(tx, current)


def _settle(tx: Connection, now: float) -> None:
    if providers.get(tx, PROVIDER).state != FINE and not _held(tx):
        providers.put(tx, replace(ProviderState(PROVIDER), since=now))
        history.append(tx, now, None, f"{PROVIDER}_fine", "No film waits for a word about its files any more.")
