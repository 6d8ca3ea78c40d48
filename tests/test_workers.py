"""The workers, step by step, without threads: replicas over real HTTP, a scripted client for what no real one does."""

import contextlib
import json
import logging
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import HandClock, movie

from movie_sync.clean_up import CleanUp
from movie_sync.clients.torrent_client import ClientInfo, TorrentClient
from movie_sync.clients.torrent_folder import TorrentFolder
from movie_sync.config import Config
from movie_sync.demo.filelist_api import LIMITED, FileListApi, Upload
from movie_sync.demo.letterboxd_site import CHALLENGE, LetterboxdSite
from movie_sync.demo.loopback import Answer
from movie_sync.demo.torrents import make_torrent
from movie_sync.disk_space import DiskSpace
from movie_sync.errors import AuthFailed, ClientRefuses, FacesError, MovieSyncError, StoreError, Unavailable
from movie_sync.faces_worker import FacesWorker
from movie_sync.film_details import FilmDetails
from movie_sync.hand_over import HandOver
from movie_sync.health import ProviderHealth
from movie_sync.lib.http import HttpClient
from movie_sync.library.index import LibraryFolder, LibraryIndex
from movie_sync.movie import ClientTorrent, Decision, Movie, Status, Torrent, TransferState
from movie_sync.queues.cleanup_queue import CleanupQueue
from movie_sync.queues.json_files import QueueFiles
from movie_sync.queues.questions import Questions
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.queues.sweep_queue import SweepQueue, Swept
from movie_sync.queues.upgrade_queue import UpgradeQueue
from movie_sync.readiness import Readiness
from movie_sync.releases.profile import Profile
from movie_sync.store import Store, films
from movie_sync.store.films import FilmRecord
from movie_sync.sweep import Sweep
from movie_sync.trackers.filelist_downloader import FileListDownloader
from movie_sync.transfer_worker import TransferWorker
from movie_sync.upgrades import Upgrades
from movie_sync.watchlists.monitor import LetterboxdWatchlistMonitor
from movie_sync.worker import Worker
from movie_sync.workers import DownloadWorker, MonitorWorker

HOUR = 3600.0


class ScriptedClient(TorrentClient):
    """A client that has what a test says it has."""

    name = "scripted"

    def __init__(self) -> None:
        self.torrents: dict[str, ClientTorrent] = {}
        self.added: list[str] = []
        self.error: MovieSyncError | None = None
        self.forgets = False
        self.foreign = False
        self.takes_nothing = False
        self.removed: list[tuple[str, bool]] = []

    def check(self) -> ClientInfo:
        self._fail()
        return ClientInfo("scripted", "/films")

    def ensure(self, torrent: Torrent) -> bool:
        self._fail()
        if self.takes_nothing:
            raise Unavailable(self.name, "Not visible yet.")
        self.added.append(torrent.info_hash)
        if not self.forgets:
            self.torrents.setdefault(torrent.info_hash, client_torrent(torrent.info_hash, ours=not self.foreign))
        return not self.foreign

    def snapshot(self, hashes: Collection[str] | None = None) -> dict[str, ClientTorrent]:
        self._fail()
        return {key: torrent for key, torrent in self.torrents.items() if hashes is None or key in hashes}

    def remove(self, info_hash: str, *, delete_files: bool) -> None:
        self.torrents.pop(info_hash, None)
        self.removed.append((info_hash, delete_files))

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


def client_torrent(
    info_hash: str, state: TransferState = "downloading", progress: float = 0.0, *, name: str = "x", **more: Any
) -> ClientTorrent:
    plain = ClientTorrent(info_hash, name, progress, state, done=state == "seeding", ours=True, save_path="/films")
    return replace(plain, **more)


@dataclass
class House:
    """Every room, built around one store.

    Attributes:
        sweeping: The newest releases are looked at, as in the program; else they are left alone.
        cleaning: What was taken off the list is cleaned up.
    """

    folder: Path
    store: Store
    clock: HandClock
    site: LetterboxdSite
    api: FileListApi
    client: TorrentClient
    wanted: Profile | None = None
    sweeping: bool = False
    cleaning: bool = False
    fingerprints: dict[str, str] = field(default_factory=lambda: {"filelist": "one", "scripted": "one"})

    def __post_init__(self) -> None:
        self.queue = QueueManager(self.store, self.clock)
        self.health = ProviderHealth(self.store, self.clock, self.folder, self.fingerprints)
        self.watchlist = LetterboxdWatchlistMonitor(
            self.site.url,
            self.site.username,
            http=HttpClient("letterboxd", "test"),
            store=self.store,
            clock=self.clock,
            delay_s=0,
            short_url=self.site.url,
        )
        self.tracker = FileListDownloader(
            self.api.url,
            "user",
            "secret-passkey",
            categories=[6, 4, 1],
            http=HttpClient("filelist", "test"),
            store=self.store,
            clock=self.clock,
            delay_s=0,
        )
        self.films = self.folder / "films"
        self.library = LibraryIndex([LibraryFolder(self.films, False)], self.store)
        self.questions = Questions(self.store, self.clock)
        self.hand_over = HandOver(
            self.queue, self.questions, self.tracker, self.client, self.library, self.folder / "torrents"
        )
        self.profile = self.wanted or Config.load(self.folder, environment={}).profile
        self._build_workers()

    def _build_workers(self) -> None:
        self.space = DiskSpace(self.client, self.queue, minimum_free_bytes=0, max_download_bytes=0)
        self.details = FilmDetails([self.watchlist], None, self.queue, self.health, self.clock)
        self.upgrades = Upgrades(
            UpgradeQueue(self.store, self.clock),
            self.queue,
            self.tracker,
            self.client,
            self.hand_over,
            self.profile,
            self.clock,
            space=self.space,
            stalled_after_s=24 * HOUR,
        )
        self.sweeps = SweepQueue(self.store, self.clock)
        if not self.sweeping:
            self.sweeps.swept(self.tracker.name, Swept(None))
        self.monitor = MonitorWorker(
            [self.watchlist],
            self.queue,
            self.details,
            self.health,
            self.clock,
            check_interval_s=HOUR,
            watchlist_path=self.folder / "watchlist.json",
        )
        self.downloads = self.download_worker()
        self.clean_up = CleanUp(
            CleanupQueue(self.store, self.clock),
            self.client,
            self.health,
            self.clock,
            enabled=self.cleaning,
            grace_s=7 * 24 * HOUR,
        )
        self.transfers = TransferWorker(
            self.client,
            self.queue,
            self.hand_over,
            self.health,
            self.clock,
            upgrades=self.upgrades,
            clean_up=self.clean_up,
            stalled_after_s=24 * HOUR,
            keep_torrent_files=False,
        )

    def download_worker(self, queue: QueueManager | None = None, *, max_active: int = 0) -> DownloadWorker:
        """One that works in these rooms."""
        interval_s = 900.0 if self.sweeping else 1e9
        rooms = (self.tracker, self.client, self.library, self.space)
        ready = Readiness(*rooms, queue or self.queue, self.health, self.clock, max_active=max_active)
        return DownloadWorker(
            self.details,
            self.tracker,
            self.client,
            queue or self.queue,
            self.hand_over,
            ready,
            self.health,
            self.profile,
            self.clock,
            sweep=Sweep(self.sweeps, self.queue, self.tracker, self.profile, self.clock, interval_s=interval_s),
            upgrades=self.upgrades,
        )

    def offer(self, wanted: Movie, name: str, *, seeders: int = 5, torrent: bytes | None = b"") -> Upload:
        """Put a release on the tracker."""
        number = 1000 + len(self.api.uploads)
        if torrent == b"":
            file = self.folder / f"{name}.bin"
            file.write_bytes(name.encode() * 100)
            torrent = make_torrent(file, "http://127.0.0.1:9/announce", private=True)
        upload = Upload(number, name, 4, wanted.imdb_id, 10**9, seeders, torrent)
        self.api.uploads.append(upload)
        return upload

    def wish(self, *films: Movie) -> None:
        """Put films on the watchlist and check it."""
        self.site.films[:0] = films
        self.monitor.check_all()

    def work(self) -> None:
        """Let the download worker do all it can now."""
        for _ in range(50):
            if self.downloads.guarded_step() > 0:
                return
        raise AssertionError("it never came to rest")

    def film(self, wanted: Movie) -> FilmRecord:
        """What the queue says of a film."""
        with self.store.read() as tx:
            found = films.get(tx, films.of_names(tx, wanted.names)[0])
        assert found is not None
        return found

    def status(self, wanted: Movie) -> Status:
        return self.film(wanted).status


MATRIX = movie(1, "The Matrix", 1999, imdb_id="tt0133093", tmdb_id="movie/603")
HEAT = movie(2, "Heat", 1995, imdb_id="tt0113277", tmdb_id="movie/949")


@contextlib.contextmanager
def house_in(
    home: Path, store: Store, clock: HandClock, watched: Sequence[Movie] = (), *, sweeping: bool = False
) -> Iterator[House]:
    """A house with an empty tracker and a scripted client; ``watched``: what stands on the watchlist."""
    site, api = LetterboxdSite("me", watched), FileListApi("user", "secret-passkey")
    built = House(home, store, clock, site, api, ScriptedClient(), sweeping=sweeping)
    yield built
    built.watchlist.close()
    built.tracker.close()
    site.close()
    api.close()


@pytest.fixture
def house(home: Path, store: Store, clock: HandClock) -> Iterator[House]:
    with house_in(home, store, clock) as built:
        yield built


def scripted(house: House) -> ScriptedClient:
    assert isinstance(house.client, ScriptedClient)
    return house.client


def handed_over(house: House) -> str:
    """One film in the client; its info-hash."""
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX)
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING
    return house.film(MATRIX).info_hash or ""


# -- watchlist


def test_a_check_happens_when_its_time_has_come(house: House, clock: HandClock) -> None:
    house.site.films.append(MATRIX)
    house.monitor.step(clock.now())
    assert house.status(MATRIX) is Status.DUE
    house.site.requests.clear()
    assert 0 < house.monitor.step(clock.now()) <= 3600
    assert house.site.requests == []
    clock.turn(HOUR)
    house.monitor.step(clock.now())
    assert [request.path for request in house.site.requests] == ["/me/watchlist/"]


def test_a_check_planned_by_a_wrong_clock_is_due(house: House, clock: HandClock) -> None:
    clock.wall += 10 * 365 * 86400
    house.monitor.step(clock.now())
    clock.wall -= 10 * 365 * 86400
    house.site.requests.clear()
    house.monitor.step(clock.now())
    assert house.site.requests


def test_a_source_in_trouble_is_left_alone_until_its_time(house: House, clock: HandClock) -> None:
    house.site.next_answers.append(CHALLENGE)
    house.monitor.step(clock.now())
    house.site.requests.clear()
    house.monitor.step(clock.now())
    assert house.site.requests == []
    clock.turn(HOUR + 1)
    house.monitor.step(clock.now())
    assert house.site.requests


def test_an_unknown_user_is_for_the_person_to_mend(house: House, clock: HandClock) -> None:
    house.site.username = "someone-else"
    house.monitor.step(clock.now())
    assert house.health.state("letterboxd").state == "needs_user"


def test_films_that_left_are_written_into_the_list_for_people(house: House, clock: HandClock) -> None:
    house.wish(MATRIX, HEAT)
    house.site.films.remove(HEAT)
    for _ in range(2):
        clock.turn(HOUR + 1)
        house.monitor.step(clock.now())
    assert house.status(HEAT) is Status.UNWISHED
    rows = json.loads((house.folder / "watchlist.json").read_text())
    assert [row["title"] for row in rows] == ["The Matrix"]


def test_film_pages_nobody_waits_for_are_read_in_quiet_times_one_at_a_time(house: House, clock: HandClock) -> None:
    house.wish(MATRIX, HEAT)
    house.site.next_answers.extend([Answer(b"down", 503)])
    house.work()
    assert house.status(HEAT) is Status.NOT_FOUND
    clock.turn(120)
    house.site.requests.clear()
    house.monitor.step(clock.now())
    house.monitor.step(clock.now())
    assert len([request for request in house.site.requests if "/film/" in request.path]) == 1


# -- download


def test_a_film_goes_from_wish_to_client_with_its_story(house: House) -> None:
    info_hash = handed_over(house)
    assert scripted(house).added == [info_hash]
    events = [event.event for event in house.queue.story(MATRIX)]
    assert events == ["wished", "searched", "chosen", "handed_over"]
    assert house.film(MATRIX).movie.kind == "film"


def test_a_film_on_disk_is_owned_without_any_request(house: House) -> None:
    house.films.mkdir()
    (house.films / "The.Matrix.1999.720p.mkv").write_bytes(b"x")
    house.wish(MATRIX)
    house.site.requests.clear()
    house.work()
    assert house.status(MATRIX) is Status.OWNED
    assert house.api.requests == house.site.requests == []


def test_a_film_someone_else_put_into_the_client_is_owned(house: House) -> None:
    scripted(house).torrents["f" * 40] = client_torrent("f" * 40, name="The.Matrix.1999.REMUX.mkv")
    house.wish(MATRIX)
    house.work()
    assert house.status(MATRIX) is Status.OWNED


def test_a_series_is_not_searched(house: House) -> None:
    series = replace(MATRIX, tmdb_id="tv/1")
    house.wish(series)
    house.work()
    assert house.status(series) is Status.SERIES
    assert house.api.requests == []


def test_a_film_page_that_is_missing_is_asked_for_once_a_search(house: House, clock: HandClock) -> None:
    house.wish(MATRIX)
    house.site.films.clear()
    house.work()
    assert house.status(MATRIX) is Status.NOT_FOUND
    clock.turn(2 * 86400)
    house.work()
    assert len([request for request in house.site.requests if "/film/" in request.path]) == 2


def test_two_entries_that_turn_out_to_be_one_film_are_handed_over_once(house: House) -> None:
    twin = movie(7, "The Matrix Again", 1999, imdb_id=MATRIX.imdb_id)
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX, twin)
    house.work()
    assert len(scripted(house).added) == 1
    assert house.film(MATRIX).film_id == house.film(twin).film_id


@pytest.mark.parametrize("answer", [Answer(b"down", 503), LIMITED, Answer(b"<html>"), Answer(b"{}", 200)])
def test_a_tracker_in_trouble_puts_every_film_off(house: House, clock: HandClock, answer: Answer) -> None:
    house.wish(MATRIX, HEAT)
    house.api.next_answers.append(answer)
    house.work()
    assert house.status(MATRIX) is house.status(HEAT) is Status.PUT_OFF
    assert len(house.api.calls()) == 1
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    clock.turn(2 * HOUR)
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING


def test_refused_credentials_stop_every_call_until_they_change(house: House, clock: HandClock) -> None:
    house.wish(MATRIX, HEAT)
    house.api.next_answers.append(Answer(b"no", 403))
    house.work()
    clock.turn(100 * HOUR)
    house.work()
    assert len(house.api.calls()) == 1
    house.fingerprints["filelist"] = "two"
    clock.turn(2 * HOUR)
    house.work()
    assert len(house.api.calls()) > 1


def test_a_client_that_is_down_costs_no_search(house: House) -> None:
    scripted(house).error = Unavailable("scripted", "scripted is down.")
    house.wish(MATRIX)
    house.work()
    assert house.status(MATRIX) is Status.PUT_OFF
    assert house.film(MATRIX).reason == "scripted is down."
    assert house.api.requests == []


def test_a_library_that_is_not_there_holds_intake(house: House) -> None:
    house.films.mkdir()
    (house.films / "a.mkv").write_bytes(b"x")
    house.library.refresh()
    (house.films / "a.mkv").unlink()
    house.films.rmdir()
    house.wish(MATRIX)
    house.work()
    assert house.status(MATRIX) is Status.PUT_OFF
    assert house.api.requests == []


def test_a_bad_torrent_means_the_next_release(house: House) -> None:
    house.offer(MATRIX, "The.Matrix.1999.2160p.BluRay.x265-BAD", torrent=b"<html>login</html>")
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-GONE", torrent=None, seeders=900)
    house.offer(MATRIX, "The.Matrix.1999.720p.BluRay.x264-GOOD")
    house.wish(MATRIX)
    house.work()
    assert house.film(MATRIX).release_name == "The.Matrix.1999.720p.BluRay.x264-GOOD"


def test_the_story_says_why_a_better_release_was_not_taken(house: House) -> None:
    house.offer(MATRIX, "The.Matrix.1999.2160p.BluRay.x265-BAD", torrent=b"<html>login</html>")
    house.offer(MATRIX, "The.Matrix.1999.720p.BluRay.x264-GOOD")
    house.wish(MATRIX)
    house.work()
    chosen = next(event.text for event in house.queue.story(MATRIX) if event.event == "chosen")
    assert "before it: The tracker answered with an HTML page instead of a .torrent" in chosen


def test_a_torrent_that_plainly_holds_another_film_means_the_next_release(house: House) -> None:
    other = house.offer(HEAT, "Heat.1995.2160p.BluRay.x265-A")
    house.offer(MATRIX, "The.Matrix.1999.2160p.BluRay.x265-BAD", torrent=other.torrent)
    house.offer(MATRIX, "The.Matrix.1999.720p.BluRay.x264-GOOD")
    house.wish(MATRIX)
    house.work()
    assert house.film(MATRIX).release_name == "The.Matrix.1999.720p.BluRay.x264-GOOD"


def test_a_torrent_never_writes_over_what_another_of_ours_wrote(house: House) -> None:
    for film, name in ((MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A"), (HEAT, "Heat.1995.1080p.BluRay.x264-A")):
        file = house.folder / name / "movie.mkv"
        file.parent.mkdir()
        file.write_bytes(name.encode() * 100)
        house.offer(film, name, torrent=make_torrent(file, "http://127.0.0.1:9/announce", private=True))
    house.wish(MATRIX, HEAT)
    house.work()
    assert [house.status(film) for film in (MATRIX, HEAT)].count(Status.DOWNLOADING) == 1
    (failed,) = [house.film(film) for film in (MATRIX, HEAT) if house.status(film) is Status.RETRYING]
    assert "would write over movie.mkv, which is another torrent's" in str(failed.last_error)


def test_without_any_usable_torrent_the_film_failed_by_itself(house: House) -> None:
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-GONE", torrent=None)
    house.wish(MATRIX)
    house.work()
    film = house.film(MATRIX)
    assert (film.status, film.reason_code, film.retry_count) == (Status.RETRYING, "no_usable_torrent", 1)


def test_a_question_the_tracker_refuses_fails_only_that_film(house: House) -> None:
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.wish(MATRIX, HEAT)
    house.api.next_answers.append(Answer(b'{"error": "bad"}', 400))
    house.work()
    assert house.status(MATRIX) is Status.RETRYING
    assert house.status(HEAT) is Status.DOWNLOADING


def test_none_of_the_releases_passing_is_told_with_reasons(house: House) -> None:
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A", seeders=0)
    house.offer(MATRIX, "The.Matrix.1999.HDCAM.x264-B")
    house.wish(MATRIX)
    house.work()
    film = house.film(MATRIX)
    assert (film.status, film.reason_code) == (Status.NOT_FOUND, "all_refused")
    assert "no seeders, minimum 1" in (film.last_error or "")


def test_a_client_that_refuses_puts_off_and_asks_the_person(house: House) -> None:
    class Refusing(ScriptedClient):
        def ensure(self, torrent: Torrent) -> bool:
            raise ClientRefuses("scripted will not take it.", hint="Use another client.")

    house.hand_over._client = house.downloads._client = Refusing()
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX)
    house.work()
    assert house.status(MATRIX) is Status.HANDING_OVER
    assert house.health.state("scripted:refuses").state == "needs_user"
    assert house.health.state("scripted").state == "fine"


def test_a_hand_over_that_broke_off_is_finished_with_the_same_release(house: House, clock: HandClock) -> None:
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX)
    client = scripted(house)
    client.takes_nothing = True
    house.work()
    intended = house.film(MATRIX).info_hash
    assert house.status(MATRIX) is Status.HANDING_OVER
    client.takes_nothing = False
    house.offer(MATRIX, "The.Matrix.1999.2160p.BluRay.x265-BETTER")
    clock.turn(120)
    house.work()
    assert house.film(MATRIX).info_hash == intended
    assert client.added == [intended]


def test_a_hand_over_whose_torrent_file_is_lost_is_searched_anew(house: House, clock: HandClock) -> None:
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX)
    claimed = house.queue.claim()
    assert claimed is not None
    judged = house.tracker.search(replace(MATRIX))
    assert house.hand_over.begin(claimed, [Decision(judged[0])])
    house.hand_over.forget_torrent(house.film(MATRIX).info_hash or "")
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert "taken_back" in [event.event for event in house.queue.story(MATRIX)]


def test_what_is_in_the_client_already_without_our_mark_is_left_as_it_is(house: House) -> None:
    scripted(house).foreign = True
    info_hash = handed_over(house)
    transfer = house.queue.current_transfers()[0][0]
    assert (transfer.info_hash, transfer.added_by_us) == (info_hash, False)


def test_without_a_client_the_saved_torrent_is_the_hand_over(
    home: Path, store: Store, clock: HandClock, house: House
) -> None:
    saved = House(home, store, clock, house.site, house.api, TorrentFolder(home / "films"))
    saved.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    saved.wish(MATRIX)
    saved.work()
    assert saved.status(MATRIX) is Status.SAVED
    kept = list((home / "films").glob("*.torrent"))
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
    assert list((home / "torrents").glob("*")) == []
    assert saved.transfers.step(clock.now()) > 0
    saved.watchlist.close()
    saved.tracker.close()


def test_an_unexpected_error_is_logged_once_and_the_others_go_on(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.wish(MATRIX, HEAT)
    monkeypatch.setattr(house.tracker, "search", lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR):
        house.downloads.guarded_step()
        house.downloads.guarded_step()
    assert house.status(MATRIX) is house.status(HEAT) is Status.RETRYING
    assert caplog.text.count("Traceback") == 1
    monkeypatch.undo()
    assert house.downloads.guarded_step() > 0


def test_a_stop_in_the_middle_gives_the_film_back(house: House, clock: HandClock) -> None:
    house.wish(MATRIX)
    house.tracker._calls._spacing_s = 100
    house.tracker._calls.take("hand")
    clock.stopping = True
    house.downloads.guarded_step()
    assert house.status(MATRIX) is Status.DUE


def test_a_full_disk_strands_no_film(house: House, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> None:
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("movie_sync.hand_over.write_whole", full)
    assert house.downloads.guarded_step() == 60.0
    assert house.status(MATRIX) is Status.CLAIMED
    monkeypatch.undo()
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING


def test_a_hand_over_that_breaks_in_an_unexpected_way_keeps_its_torrent_and_stops_no_other(
    house: House, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.wish(MATRIX, HEAT)
    real = house.client.ensure
    poisoned: list[str] = []

    def ensure(torrent: Torrent) -> bool:
        poisoned[:] = poisoned or [torrent.info_hash]
        real(torrent)
        if torrent.info_hash in poisoned:
            raise ValueError("an odd row")
        return True

    monkeypatch.setattr(house.client, "ensure", ensure)
    house.downloads.guarded_step()
    intended = house.film(MATRIX).info_hash
    assert house.status(MATRIX) is Status.HANDING_OVER
    house.work()
    assert house.status(HEAT) is Status.DOWNLOADING
    monkeypatch.undo()
    clock.turn(2 * HOUR)
    house.work()
    assert (house.status(MATRIX), house.film(MATRIX).info_hash) == (Status.DOWNLOADING, intended)


def test_a_begun_hand_over_needs_no_tracker(house: House, clock: HandClock) -> None:
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX)
    scripted(house).takes_nothing = True
    house.work()
    house.api.next_answers.append(Answer(b"no", 403))
    house.wish(HEAT)
    scripted(house).takes_nothing = False
    clock.turn(120)
    house.work()
    clock.turn(2 * HOUR)
    house.work()
    assert house.health.state("filelist").state == "needs_user"
    assert house.status(MATRIX) is Status.DOWNLOADING


def test_one_odd_film_page_stops_neither_its_film_nor_the_watchlist(house: House, clock: HandClock) -> None:
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX)
    house.site.next_answers.append(Answer(b"<html>quite another page</html>"))
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert house.health.state("letterboxd").state == "fine"
    assert (house.folder / "bad_reply_letterboxd.txt").exists()


def test_film_pages_are_not_asked_for_while_the_source_is_to_be_left_alone(house: House, clock: HandClock) -> None:
    house.wish(MATRIX)
    house.site.next_answers.append(CHALLENGE)
    house.work()
    assert house.health.state("letterboxd").code == "challenge"
    house.site.requests.clear()
    for _ in range(50):
        house.monitor.step(clock.now())
        clock.turn(60)
    assert house.site.requests == []


def claimed(house: House) -> FilmRecord:
    house.wish(MATRIX)
    film = house.queue.claim()
    assert film is not None
    return film


def test_the_same_torrent_under_another_release_is_not_taken_again(house: House, clock: HandClock) -> None:
    upload = house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX)
    house.work()
    transfer = house.queue.current_transfers()[0][0]
    house.queue.blocklist(transfer, "dead.")
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-AGAIN", torrent=upload.torrent)
    house.work()
    film = house.film(MATRIX)
    assert (film.status, film.reason_code) == (Status.RETRYING, "no_usable_torrent")
    assert "same torrent" in (film.last_error or "")


def test_a_hand_over_without_an_intent_is_searched_anew(house: House) -> None:
    film = claimed(house)
    with house.store.write() as tx:
        films.change(tx, film.film_id, Status.HANDING_OVER)
    house.work()
    assert house.status(MATRIX) is Status.NOT_FOUND
    assert "taken_back" in [event.event for event in house.queue.story(MATRIX)]


def test_a_film_that_came_to_disk_while_its_hand_over_waited_is_owned(house: House, clock: HandClock) -> None:
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX)
    scripted(house).takes_nothing = True
    house.work()
    house.films.mkdir()
    (house.films / "The Matrix (1999).mkv").write_bytes(b"x")
    clock.turn(120)
    house.work()
    assert house.status(MATRIX) is Status.OWNED
    assert scripted(house).added == []
    assert list((house.folder / "torrents").iterdir()) == []


def test_a_film_moved_by_a_person_in_the_middle_of_its_hand_over_stays_moved(house: House) -> None:
    film = claimed(house)
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    releases = house.tracker.search(MATRIX)
    with house.store.write() as tx:
        films.change(tx, film.film_id, Status.EXCLUDED)
    assert not house.hand_over.begin(film, [Decision(release) for release in releases])
    assert house.status(MATRIX) is Status.EXCLUDED


def test_torrents_nobody_needs_are_deleted_and_the_others_stay(house: House) -> None:
    info_hash = handed_over(house)
    stray = house.hand_over.torrent_path("b" * 40)
    stray.write_bytes(b"announce key")
    house.hand_over.tidy()
    assert not stray.exists()
    assert house.hand_over.torrent_path(info_hash).exists()


def test_a_lost_torrent_is_given_again_only_where_that_is_possible(house: House) -> None:
    info_hash = handed_over(house)
    assert house.hand_over.again(info_hash)
    scripted(house).error = ClientRefuses("no")
    assert not house.hand_over.again(info_hash)
    scripted(house).error = None
    house.hand_over.torrent_path(info_hash).write_bytes(b"damaged")
    assert not house.hand_over.again(info_hash)


# -- transfers


def test_progress_is_stored_in_steps_and_the_end_forgets_the_torrent_file(house: House, clock: HandClock) -> None:
    info_hash = handed_over(house)
    client = scripted(house)
    for progress, stored in [(0.01, 0.01), (0.03, 0.01), (0.5, 0.5)]:
        client.torrents[info_hash] = client_torrent(info_hash, progress=progress)
        house.transfers.step(clock.now())
        assert house.film(MATRIX).progress == stored
    assert house.transfers.unfinished() == 1
    client.torrents[info_hash] = client_torrent(info_hash, "seeding", 1.0)
    house.transfers.step(clock.now())
    assert house.status(MATRIX) is Status.DOWNLOADED
    assert not house.hand_over.torrent_path(info_hash).exists()
    assert house.transfers.unfinished() == 0


def test_what_is_checked_or_moved_never_turns_a_finished_film_back(house: House, clock: HandClock) -> None:
    info_hash = handed_over(house)
    client = scripted(house)
    client.torrents[info_hash] = client_torrent(info_hash, "seeding", 1.0)
    house.transfers.step(clock.now())
    client.torrents[info_hash] = client_torrent(info_hash, "checking", 0.0)
    house.transfers.step(clock.now())
    assert house.status(MATRIX) is Status.DOWNLOADED


def test_a_torrent_lost_before_a_byte_came_is_added_again_three_times_at_most(house: House, clock: HandClock) -> None:
    info_hash = handed_over(house)
    client = scripted(house)
    client.torrents.clear()
    client.forgets = True
    for _ in range(8):
        house.transfers.step(clock.now())
    assert client.added == [info_hash] * 3
    assert house.status(MATRIX) is Status.DUE
    house.work()
    assert house.status(MATRIX) is Status.NOT_FOUND
    assert "blocklisted" in (house.film(MATRIX).last_error or "")


def test_a_torrent_missing_after_progress_is_gone_and_changes_nothing_else(house: House, clock: HandClock) -> None:
    info_hash = handed_over(house)
    client = scripted(house)
    client.torrents[info_hash] = client_torrent(info_hash, "seeding", 1.0)
    house.transfers.step(clock.now())
    client.torrents.clear()
    house.transfers.step(clock.now())
    assert house.status(MATRIX) is Status.DOWNLOADED
    house.transfers.step(clock.now())
    assert house.status(MATRIX) is Status.GONE
    house.work()
    assert house.status(MATRIX) is Status.GONE


def test_a_torrent_seen_again_is_not_counted_as_missing(house: House, clock: HandClock) -> None:
    info_hash = handed_over(house)
    client = scripted(house)
    kept = client.torrents.pop(info_hash)
    house.transfers.step(clock.now())
    client.torrents[info_hash] = kept
    house.transfers.step(clock.now())
    client.torrents.clear()
    house.transfers.step(clock.now())
    assert client.added == [info_hash]


def test_many_missing_at_once_are_not_judged_and_the_person_is_asked(house: House, clock: HandClock) -> None:
    films = [movie(number, imdb_id=f"tt{number:07}") for number in range(10, 16)]
    for film in films:
        house.offer(film, f"{film.title.replace(' ', '.')}.2000.1080p.BluRay.x264-A")
    house.wish(*films)
    house.work()
    client = scripted(house)
    kept = dict(client.torrents)
    client.torrents.clear()
    for _ in range(5):
        house.transfers.step(clock.now())
    assert {house.status(film) for film in films} == {Status.DOWNLOADING}
    assert house.health.state("scripted:missing").code == "many_missing"
    assert house.health.state("scripted").state == "fine"
    client.torrents.update(kept)
    house.transfers.step(clock.now())
    assert house.health.state("scripted:missing").state == "fine"


def test_several_errors_at_once_blocklist_nothing_and_the_person_is_asked(house: House, clock: HandClock) -> None:
    films = [movie(number, imdb_id=f"tt{number:07}") for number in range(10, 13)]
    for film in films:
        house.offer(film, f"{film.title.replace(' ', '.')}.2000.1080p.BluRay.x264-A")
    house.wish(*films)
    house.work()
    client = scripted(house)
    well = dict(client.torrents)
    broken, other, _ = client.torrents
    client.torrents.update({name: client_torrent(name, "error", 0.5) for name in (broken, other)})
    house.transfers.step(clock.now())
    assert house.health.state("scripted:errors").state == "fine"
    house.transfers.step(clock.now())
    assert house.health.state("scripted:errors").message == "scripted reports an error with 2 of 3 downloads."
    assert {house.status(film) for film in films} == {Status.DOWNLOADING}
    client.torrents.update(well)
    house.transfers.step(clock.now())
    assert house.health.state("scripted:errors").state == "fine"


def test_finished_torrents_cleared_out_of_the_client_alarm_nobody(house: House, clock: HandClock) -> None:
    films = [movie(number, imdb_id=f"tt{number:07}") for number in range(10, 16)]
    for film in films:
        house.offer(film, f"{film.title.replace(' ', '.')}.2000.1080p.BluRay.x264-A")
    house.wish(*films)
    house.work()
    client = scripted(house)
    for info_hash in client.torrents:
        client.torrents[info_hash] = client_torrent(info_hash, "seeding", 1.0)
    house.transfers.step(clock.now())
    client.torrents.clear()
    house.transfers.step(clock.now())
    house.transfers.step(clock.now())
    assert {house.status(film) for film in films} == {Status.GONE}
    assert house.health.every() == []


def test_an_error_on_one_torrent_brings_the_next_best(house: House, clock: HandClock) -> None:
    info_hash = handed_over(house)
    house.offer(MATRIX, "The.Matrix.1999.720p.BluRay.x264-B")
    client = scripted(house)
    client.torrents[info_hash] = client_torrent(
        info_hash, "error", message="broken", save_path=str(house.folder), name="old"
    )
    house.transfers.step(clock.now())
    assert house.status(MATRIX) is Status.DOWNLOADING
    house.transfers.step(clock.now())
    house.work()
    film = house.film(MATRIX)
    assert film.release_name == "The.Matrix.1999.720p.BluRay.x264-B"
    assert info_hash in client.torrents
    client.torrents[film.info_hash or ""] = client_torrent(film.info_hash or "", progress=0.2)
    house.transfers.step(clock.now())
    assert list(client.torrents) == [film.info_hash]
    assert "taken_out" in [event.event for event in house.queue.story(MATRIX)]


def test_an_error_that_may_be_the_disks_blocklists_nothing(house: House, clock: HandClock) -> None:
    info_hash = handed_over(house)
    client = scripted(house)
    client.torrents["a" * 40] = client_torrent("a" * 40, "seeding", 1.0, name="Other (1990)")
    client.torrents[info_hash] = client_torrent(info_hash, "error", save_path="/not/here")
    for _ in range(5):
        house.transfers.step(clock.now())
    assert house.status(MATRIX) is Status.DOWNLOADING


def test_an_error_seen_once_now_and_then_blocklists_nothing(house: House, clock: HandClock) -> None:
    info_hash = handed_over(house)
    client = scripted(house)
    for state in ("error", "downloading", "error", "downloading"):
        client.torrents[info_hash] = client_torrent(info_hash, state, save_path=str(house.folder))
        house.transfers.step(clock.now())
    assert house.status(MATRIX) is Status.DOWNLOADING


def test_a_dead_torrent_that_is_alone_is_replaced_in_the_end(house: House, clock: HandClock) -> None:
    info_hash = handed_over(house)
    scripted(house).torrents[info_hash] = client_torrent(info_hash, "stalled")
    for _ in range(27):
        house.transfers.step(clock.now())
        clock.turn(HOUR)
    assert house.status(MATRIX) is Status.DUE


def test_how_long_a_torrent_stood_is_counted_across_restarts(house: House, clock: HandClock) -> None:
    info_hash = handed_over(house)
    scripted(house).torrents[info_hash] = client_torrent(info_hash, "stalled")
    for _ in range(3):
        for _ in range(10):
            house.transfers.step(clock.now())
            clock.turn(HOUR)
        house.__post_init__()
    assert house.status(MATRIX) is Status.DUE


def test_a_byte_that_came_begins_the_count_of_standing_anew_also_across_restarts(
    house: House, clock: HandClock
) -> None:
    info_hash = handed_over(house)
    for progress in (0.0, 0.01, 0.02):
        scripted(house).torrents[info_hash] = client_torrent(info_hash, "stalled", progress)
        for _ in range(12):
            house.transfers.step(clock.now())
            clock.turn(HOUR)
        house.__post_init__()
    assert house.status(MATRIX) is Status.STALLED


def test_an_error_on_every_torrent_is_the_disks_and_no_films(house: House, clock: HandClock) -> None:
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.wish(HEAT)
    handed_over(house)
    client = scripted(house)
    for info_hash in client.torrents:
        client.torrents[info_hash] = client_torrent(info_hash, "error")
    for _ in range(4):
        house.transfers.step(clock.now())
    assert house.status(MATRIX) is house.status(HEAT) is Status.DOWNLOADING


def test_a_torrent_without_byte_and_seed_is_replaced_only_while_others_move(house: House, clock: HandClock) -> None:
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.wish(HEAT)
    info_hash = handed_over(house)
    client = scripted(house)
    other = house.film(HEAT).info_hash or ""
    for _ in range(30):
        house.transfers.step(clock.now())
        clock.turn(HOUR)
    assert house.status(MATRIX) is Status.STALLED
    client.torrents[other] = client_torrent(other, progress=0.1, speed_bytes_s=1000, seeds=3)
    client.torrents[info_hash] = client_torrent(info_hash, "stalled")
    for hour in range(26):
        client.torrents[other] = client_torrent(other, progress=0.1 + hour / 100, speed_bytes_s=1000, seeds=3)
        house.transfers.step(clock.now())
        clock.turn(HOUR)
    assert house.status(MATRIX) is Status.DUE
    assert house.status(HEAT) is Status.DOWNLOADING


def test_a_stalled_torrent_that_moves_again_is_downloading(house: House, clock: HandClock) -> None:
    info_hash = handed_over(house)
    client = scripted(house)
    client.torrents[info_hash] = client_torrent(info_hash, progress=0.5)
    house.transfers.step(clock.now())
    clock.turn(HOUR)
    house.transfers.step(clock.now())
    assert house.status(MATRIX) is Status.STALLED
    client.torrents[info_hash] = client_torrent(info_hash, progress=0.51)
    house.transfers.step(clock.now())
    assert house.status(MATRIX) is Status.DOWNLOADING


def test_a_client_that_does_not_answer_says_nothing_of_any_film(house: House, clock: HandClock) -> None:
    handed_over(house)
    client = scripted(house)
    client.error = Unavailable("scripted", "scripted is down.")
    for _ in range(5):
        house.transfers.step(clock.now())
        clock.turn(30)
    assert house.status(MATRIX) is Status.DOWNLOADING
    client.error = None
    clock.turn(HOUR)
    house.transfers.step(clock.now())
    assert house.health.state("scripted").state == "fine"


def test_a_client_that_refuses_the_log_in_is_not_asked_again(house: House, clock: HandClock) -> None:
    handed_over(house)
    scripted(house).error = AuthFailed("scripted", "refused.")
    house.transfers.step(clock.now())
    assert house.health.state("scripted").state == "needs_user"
    house.transfers.step(clock.now())


# -- the loop


class Counting(Worker):
    name = "counting"

    def __init__(self, clock: HandClock, errors: list[Exception]) -> None:
        super().__init__(clock)
        self.errors = errors
        self.steps = 0
        self.stop = threading.Event()

    def step(self, now: float) -> float:
        self.steps += 1
        if self.errors:
            raise self.errors.pop(0)
        if self.steps >= 5:
            self.stop.set()
        return 0.0


def test_the_loop_survives_errors_and_ends_when_told(clock: HandClock) -> None:
    worker = Counting(clock, [])
    worker.run(worker.stop)
    assert worker.steps == 5


def test_a_full_disk_is_told_without_a_trace_and_retried_with_back_off(
    clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Counting(clock, [StoreError("disk full"), StoreError("disk full"), OSError(28, "No space left")])
    assert [worker.guarded_step() for _ in range(4)] == [60.0, 300.0, 900.0, 0.0]
    assert caplog.text.count("disk full") == 1
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StoreError("The disk is full.", hint="Make room."), "The disk is full. Make room."),
        (
            PermissionError(13, "Permission denied", "torrents"),
            "torrents cannot be used (Permission denied). Check its rights and the free space.",
        ),
        (RuntimeError("can't start new thread"), "No more threads can be started. Raise the limit"),
        (MemoryError(), "There is too little memory. End other programs"),
    ],
)
def test_what_the_machine_refuses_is_told_in_a_sentence_with_what_to_do(
    error: Exception, told: str, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Counting(clock, [error])
    worker.guarded_step()
    assert f": {told}" in caplog.text
    assert "Traceback" not in caplog.text


def test_the_faces_are_written_when_something_changed_and_problems_are_told(
    house: House, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    edits: list[int] = []
    files = QueueFiles(house.folder, house.store, clock)
    worker = FacesWorker(files, clock, on_edit=lambda: edits.append(1))
    house.wish(MATRIX)
    assert worker.step(clock.now()) == 1.0
    assert json.loads((house.folder / "queue_pending.json").read_text())[0]["title"] == "The Matrix"
    assert worker.step(clock.now()) == 1.0
    assert len(edits) == 1
    (house.folder / "queue_pending.json").write_text("[{]")
    with caplog.at_level(logging.ERROR):
        worker.step(clock.now())
    assert "line 1, column 3" in caplog.text
    assert isinstance(FacesError("x"), MovieSyncError)
