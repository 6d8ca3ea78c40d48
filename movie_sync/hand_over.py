"""HandOver: one torrent from choice to client, crash-safe; done again after a kill, it ends the same way."""

import logging
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from movie_sync.clients.torrent_client import TorrentClient
from movie_sync.errors import BadTorrent, ClientRefuses, NothingFound
from movie_sync.lib.files import make_private_folder, write_whole
from movie_sync.lib.torrent_file import read_torrent
from movie_sync.library.index import Found, LibraryIndex
from movie_sync.library.match import match
from movie_sync.movie import Decision, Release, Torrent
from movie_sync.queues.questions import Questions
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.releases.rules import holds_another_film
from movie_sync.store.films import FilmRecord
from movie_sync.trackers.download_service import MovieDownloader

log = logging.getLogger(__name__)

# A list may round; samples and padding are small beside a film.
_MORE, _MORE_BYTES = 1.1, 1 << 28


class HandOver:
    """The steps of a hand-over, in an order that a kill at any point does not harm.

    Fetch and decode the .torrent → its file synced → intent committed → film, client and disk looked at again → hash
    looked up in the client → add → looked up again → current, completed.

    Args:
        queue: Where intents and outcomes are committed.
        questions: What people said of files that are probably a film.
        tracker: Where .torrents come from.
        client: Who fetches the film.
        library: What is on disk.
        folder: ``torrents/``.
    """

    def __init__(
        self,
        queue: QueueManager,
        questions: Questions,
        tracker: MovieDownloader,
        client: TorrentClient,
        library: LibraryIndex,
        folder: Path,
    ) -> None:
        self._queue = queue
        self._questions = questions
        self._tracker = tracker
        self._client = client
        self._library = library
        self._folder = folder

    def torrent_path(self, info_hash: str) -> Path:
        """Where the .torrent of a transfer lies while it is needed."""
        return self._folder / f"{info_hash}.torrent"

    def begin(self, film: FilmRecord, accepted: Iterable[Decision], *, chosen: bool = False) -> bool:
        """Fetch the best release that can be had and commit to it.

        Returns:
            False when the film was moved by someone meanwhile.

        Raises:
            NothingFound: No .torrent of the accepted releases can be used; with each reason.
            ProviderError: As for MovieDownloader.fetch_torrent.
        """
        refused = frozenset() if chosen else self._queue.blocklisted_hashes(film.film_id)
        reasons: list[str] = []
        for decision in accepted:
            try:
                torrent = self.fetch(film, decision.release, refused)
                self._check_name(decision.release, torrent)
            except BadTorrent as exc:
                log.info("%s: %s", film.movie, exc)
                reasons.append(str(exc))
                continue
            because = "; ".join((decision.because, *(f"before it: {reason.rstrip('.')}" for reason in reasons)))
            return self._queue.intend(film.film_id, decision.release, torrent, self._client.name, because)
        raise NothingFound(f"No .torrent of {film.movie} could be used.", reasons)

    def _check_name(self, release: Release, torrent: Torrent) -> None:
        """Raises BadTorrent when it would write over what another of our torrents wrote."""
        if self._queue.name_taken(torrent):
            self.forget_torrent(torrent.info_hash)
            raise BadTorrent(f"{release.name} would write over {torrent.name}, which is another torrent's.")

    def fetch(self, film: FilmRecord, release: Release, refused: frozenset[str]) -> Torrent:
        """Fetch a .torrent and keep its file.

        Args:
            film: It is for.
            release: Of the tracker.
            refused: Info-hashes that went wrong for this film.

        Raises:
            BadTorrent: It is none, one of the refused, or another film's. ProviderError as for
                MovieDownloader.fetch_torrent.
        """
        torrent = self._tracker.fetch_torrent(release)
        if torrent.info_hash in refused:
            raise BadTorrent(f"{release.name} is the same torrent as one that went wrong before.")
        # Whether there is room was judged by what the list said.
        if release.size_bytes and torrent.size_bytes > release.size_bytes * _MORE + _MORE_BYTES:
            raise BadTorrent(
                f"The .torrent of {release.name} names {torrent.size_bytes} bytes, the tracker's list"
                f" {release.size_bytes}."
            )
        if torrent.name != release.name and holds_another_film(film.movie, torrent.name):
            raise BadTorrent(f"The .torrent of {release.name} holds another film: {torrent.name}.")
        self._folder.parent.stat()  # a home folder that was moved away is not made anew: there would be two
        make_private_folder(self._folder)
        write_whole(self.torrent_path(torrent.info_hash), torrent.data)
        return torrent

    def finish(self, film: FilmRecord) -> str | None:
        """Do, or do again, what the film's intent says.

        Returns:
            ``handed_over`` or ``owned``; None when the film starts over or was moved by someone.

        Raises:
            ProviderError: The client does not answer: the same intent again later.
            ClientRefuses: The client will not take it: the person has to decide.
        """
        intent = self._queue.intended(film.film_id)
        if intent is None:
            self._queue.take_back(film.film_id, "Its begun hand-over names no torrent; it is searched anew.")
            return None
        known = self._client.snapshot([intent.info_hash]).get(intent.info_hash)
        if known is None and not film.fetch_anew:
            where = self.whereabouts(film)
            if where is not None and self._queue.owned(film.film_id, where):
                self.forget_torrent(intent.info_hash)
                return "owned"
        torrent = self.stored(intent.info_hash)
        if torrent is None and known is None:
            self._queue.take_back(film.film_id, "Its .torrent is gone from disk; it is searched anew.")
            return None
        ours = self._client.ensure(torrent) if torrent is not None else bool(known and known.ours)
        saved = not self._client.reports
        if not self._queue.handed_over(film.film_id, self._client.name, added_by_us=ours, saved=saved):
            return None
        if saved:
            self.torrent_path(intent.info_hash).unlink(missing_ok=True)
        log.info("handed over %s to %s: %s", film.movie, self._client.name, intent.release_name)
        return "handed_over"

    def again(self, info_hash: str) -> bool:
        """Give the client a torrent it lost; False when its .torrent is gone here too. Raises as for finish."""
        torrent = self.stored(info_hash)
        if torrent is None:
            return False
        try:
            self._client.ensure(torrent)
        except ClientRefuses:
            return False
        return True

    def whereabouts(self, film: FilmRecord) -> str | None:
        """A file or a torrent of someone else that certainly is this film; None when there is none.

        What a person said of a file counts before what its name says.

        Raises:
            Unavailable: The library, or the client, cannot be asked now.
        """
        self._library.refresh()
        said = self._questions.answers(film.film_id)
        for found in self._candidates(film):
            if said.get(found.path) == "accept" or (found.match.verdict == "certain" and found.path not in said):
                return found.path
        own = self._queue.own_hashes()
        for torrent in self._client.snapshot().values():
            if torrent.info_hash not in own and match(film.movie, torrent.name).verdict == "certain":
                return f"{torrent.name} in {self._client.name}"
        return None

    def ask_about(self, film: FilmRecord) -> bool:
        """Hold a claimed film when files probably are it and nobody has said so or said no; after `whereabouts`.

        Returns:
            True when it is held.
        """
        said = self._questions.answers(film.film_id)
        probable = [found for found in self._candidates(film) if found.match.verdict == "probable"]
        asked = [(found.path, found.match.because) for found in probable if found.path not in said]
        if not asked:
            self._questions.settled(film.film_id)
            return False
        return self._questions.hold(film.film_id, asked)

    def _candidates(self, film: FilmRecord) -> list[Found]:
        found = self._library.candidates(film.movie, self._queue.unfinished_names())
        # The database takes no text that is no UTF-8.
        return [replace(one, path=os.fsencode(one.path).decode("utf-8", "replace")) for one in found]

    def forget_torrent(self, info_hash: str) -> None:
        """Delete a .torrent that is not needed any more; it may carry the user's announce key."""
        self.torrent_path(info_hash).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Delete every .torrent that no transfer needs any more, whatever way its film went."""
        needed = self._queue.needed_hashes()
        for path in self._folder.glob("*.torrent"):
            if path.stem not in needed:
                path.unlink(missing_ok=True)

    def stored(self, info_hash: str) -> Torrent | None:
        """A .torrent that was fetched and is still kept, None when there is none, or it is damaged."""
        try:
            torrent = read_torrent(self.torrent_path(info_hash).read_bytes())
        except (FileNotFoundError, BadTorrent):
            return None
        return torrent if torrent.info_hash == info_hash else None
