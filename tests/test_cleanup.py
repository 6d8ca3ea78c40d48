"""Films that leave the watchlist: what is kept, what is held, and which files are deleted."""

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HandClock, movie
from test_workers import ScriptedClient, client_torrent

from movie_sync.clean_up import CleanUp
from movie_sync.clients.torrent_client import TorrentClient
from movie_sync.errors import MovieSyncError, Unavailable
from movie_sync.health import ProviderHealth
from movie_sync.movie import Decision, Queue, Release, Status, Torrent, WatchedFilm
from movie_sync.queues.cleanup_queue import PROVIDER, CleanupQueue
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.queues.upgrade_queue import UpgradeQueue
from movie_sync.store import Store, films, transfers
from movie_sync.store.films import FilmRecord

LIST = "letterboxd:me"
DAY = 86400.0
SEEDED = {"ratio": 1.2, "seeding_s": 3 * DAY}


def torrent_of(number: int) -> Torrent:
    return Torrent(b"d", f"{number:040x}", f"Film.{number}.1080p", 10**9, private=True)


class World:
    """A queue, a client and the clean-up between them."""

    def __init__(self, folder: Path, store: Store, clock: HandClock, client: TorrentClient | None = None) -> None:
        self.store, self.clock = store, clock
        self.scripted = ScriptedClient()
        self.client = client or self.scripted
        self.queue = QueueManager(store, clock)
        self.cleanups = CleanupQueue(store, clock)
        self.health = ProviderHealth(store, clock, folder, {})
        self.clean_up = self.cleaning()

    def cleaning(self, *, enabled: bool = True, duty_s: float = 2 * DAY) -> CleanUp:
        return CleanUp(
            self.cleanups, self.client, self.health, self.clock, enabled=enabled, grace_s=7 * DAY, duty_s=duty_s
        )

    def read(self, *numbers: int, list_name: str = LIST) -> int:
        """A complete read that shows these films."""
        self.clock.turn(60)
        begun_at = self.clock.now()
        self.clock.turn(1)
        self.queue.wish([WatchedFilm(movie(number), place) for place, number in enumerate(numbers)], list_name)
        return self.queue.list_checked(
            list_name, begun_at=begun_at, total=len(numbers), complete=True, next_check=self.clock.now()
        )

    def download(self, *numbers: int, ours: bool = True, torrent: Torrent | None = None) -> None:
        """Work on these films, the only ones due, until they are whole; each torrent has been seeded enough."""
        for _ in numbers:
            film = self.queue.claim()
            assert film is not None
            self.fetch(film, torrent or torrent_of(film.movie.number or 0), ours=ours)

    def fetch(self, film: FilmRecord, torrent: Torrent, *, ours: bool = True) -> None:
        """What becomes of a claimed film for which the tracker has this."""
        release = Release("filelist", int(torrent.info_hash[-8:], 16), torrent.name, size_bytes=10**9)
        assert self.queue.intend(film.film_id, release, torrent, self.client.name)
        self.scripted.torrents[torrent.info_hash] = client_torrent(
            torrent.info_hash, "seeding", 1.0, name=torrent.name, ours=ours, **SEEDED
        )
        assert self.queue.handed_over(film.film_id, self.client.name, added_by_us=ours)
        with self.store.read() as tx:
            current = transfers.with_role(tx, film.film_id, "current")
        assert current is not None
        self.queue.downloaded(current)

    def film(self, number: int) -> FilmRecord:
        with self.store.read() as tx:
            found = films.get(tx, films.of_names(tx, movie(number).names)[0])
        assert found is not None
        return found

    def look(self, days: float = 8.0) -> list[str]:
        """Look after so many days; the info-hashes taken out with their files, as film numbers."""
        self.clock.turn(days * DAY)
        self.scripted.removed.clear()
        self.clean_up.look(self.clock.now())
        assert all(with_files for _, with_files in self.scripted.removed)
        return [str(int(info_hash, 16)) for info_hash, _ in self.scripted.removed]

    def events(self, number: int) -> list[str]:
        return [one.event for one in self.queue.story(movie(number))]


@pytest.fixture
def world(home: Path, store: Store, clock: HandClock) -> World:
    return World(home, store, clock)


OTHERS = tuple(range(100, 110))


def left(world: World, *numbers: int, ours: bool = True) -> None:
    """These films, downloaded, left the list, and no guard minds it."""
    world.read(*numbers)
    world.download(*numbers, ours=ours)
    world.read(*numbers, *OTHERS)
    for _ in range(2):
        world.read(*OTHERS)


# -- leaving


@pytest.mark.parametrize("status", [Status.DUE, Status.NOT_FOUND])
def test_a_film_that_left_is_fetched_all_the_same_where_removed_films_are_kept(world: World, status: Status) -> None:
    world.queue = QueueManager(world.store, world.clock, keep_removed=True)
    world.read(1)
    if status is Status.NOT_FOUND:
        claimed = world.queue.claim()
        assert claimed is not None
        world.queue.not_found(claimed.film_id, "not_on_tracker", "It is not there.")
    assert [world.read(), world.read()] == [0, 1]
    film = world.film(1)
    assert (film.status, film.left_at) == (status, None)
    told = world.queue.story(movie(1))[-1].text
    assert told.endswith("by two complete reads; it is fetched all the same, as removed_from_watchlist says.")


def test_what_was_kept_and_is_downloaded_later_is_never_cleaned_up(world: World) -> None:
    world.queue = QueueManager(world.store, world.clock, keep_removed=True)
    world.read(1)
    for _ in range(2):
        world.read()
    world.download(1)
    assert (world.cleanups.left(), world.look(400)) == ([], [])


def test_a_kept_film_that_is_wished_for_again_is_known(world: World) -> None:
    world.queue = QueueManager(world.store, world.clock, keep_removed=True)
    for numbers in ((1,), (), (), (1,)):
        world.read(*numbers)
    assert (world.film(1).status, world.events(1)) == (Status.DUE, ["wished", "left"])


def test_a_series_leaves_also_where_removed_films_are_kept(world: World) -> None:
    world.queue = QueueManager(world.store, world.clock, keep_removed=True)
    world.read(1)
    claimed = world.queue.claim()
    assert claimed is not None
    world.queue.series(claimed.film_id)
    for _ in range(2):
        world.read()
    assert world.film(1).status is Status.UNWISHED


@pytest.mark.parametrize(("size", "leaving", "held"), [(10, 2, False), (10, 3, True), (60, 10, False), (60, 11, True)])
def test_more_than_a_fifth_or_ten_that_leave_at_once_are_held(
    world: World, size: int, leaving: int, held: bool
) -> None:
    world.read(*range(1, size + 1))
    world.download(*range(1, size + 1))
    for _ in range(2):
        gone = world.read(*range(leaving + 1, size + 1))
    assert gone == leaving
    assert {world.film(number).cleanup for number in range(1, leaving + 1)} == {"held" if held else None}


def test_a_film_wished_for_again_is_held_no_more(world: World) -> None:
    world.read(1, 2)
    world.download(1)
    for _ in range(2):
        world.read()
    assert world.film(1).cleanup == "held"
    world.read(1, 2)
    assert (world.film(1).left_at, world.film(1).cleanup) == (None, None)


# -- what goes


def test_what_nobody_wishes_for_goes_with_its_files_when_its_time_has_come(world: World) -> None:
    left(world, 1)
    assert world.look(6.9) == []
    assert world.look(0.2) == ["1"]
    film = world.film(1)
    assert (film.status, film.queue, film.cleanup) == (Status.GONE, Queue.COMPLETED, None)
    with world.store.read() as tx:
        assert [one.role for one in transfers.of_film(tx, film.film_id)] == ["gone"]
    told = world.queue.story(movie(1))[-1]
    assert told.event == "cleaned_up"
    assert told.text == (
        "The files of Film.1.1080p (1.0 GB) were deleted: taken off the watchlist 7 days ago; ratio 1.20, 3 days of"
        " seeding."
    )
    assert world.look() == []


def test_it_looks_once_an_hour_and_not_at_all_where_it_is_switched_off(world: World) -> None:
    left(world, 1)
    world.scripted.torrents[torrent_of(1).info_hash] = client_torrent(
        torrent_of(1).info_hash, "seeding", 1.0, name="Film.1.1080p"
    )
    assert world.look() == []
    world.scripted.error = Unavailable("scripted", "It was asked.")
    world.look(0.04)
    with pytest.raises(Unavailable):
        world.look(0.01)
    world.clean_up = world.cleaning(enabled=False)
    version = world.store.data_version()
    assert (world.look(), world.store.data_version()) == ([], version)


def test_a_client_that_cannot_be_asked_is_never_asked(world: World) -> None:
    left(world, 1)
    world.scripted.reports = False
    world.clean_up = world.cleaning()
    assert world.look() == []


@pytest.mark.parametrize("seen", [{"ratio": 0.99, "seeding_s": 47 * 3600.0}, {"ours": False}, {"done": False}])
def test_the_client_has_a_say(world: World, seen: dict[str, float]) -> None:
    left(world, 1)
    info_hash = torrent_of(1).info_hash
    world.scripted.torrents[info_hash] = replace(world.scripted.torrents[info_hash], **seen)  # type: ignore[arg-type]
    assert (world.look(), world.film(1).status) == ([], Status.DOWNLOADED)


@pytest.mark.parametrize("enough", [{"ratio": 1.0, "seeding_s": 0.0}, {"ratio": 0.0, "seeding_s": 2 * DAY}])
def test_either_part_of_the_seeding_duty_is_enough(world: World, enough: dict[str, float]) -> None:
    left(world, 1)
    info_hash = torrent_of(1).info_hash
    world.scripted.torrents[info_hash] = replace(world.scripted.torrents[info_hash], **enough)  # type: ignore[arg-type]
    assert world.look() == ["1"]


def test_what_someone_else_added_and_what_was_owned_before_stay(world: World) -> None:
    left(world, 1, ours=False)
    world.read(2, *OTHERS)
    claimed = world.queue.claim()
    assert claimed is not None
    world.queue.owned(claimed.film_id, "/films/Film.2.mkv")
    assert claimed.movie.number == 2
    for _ in range(2):
        world.read(*OTHERS)
    assert world.look() == []
    assert len(world.cleanups.left()) == 2


def test_another_torrent_of_the_same_name_in_the_client_keeps_the_files(world: World) -> None:
    left(world, 1)
    world.scripted.torrents["f" * 40] = client_torrent("f" * 40, "seeding", 1.0, name="film.1.1080P", ours=False)
    assert world.look() == []


def test_a_torrent_of_two_films_stays_as_long_as_one_is_on_a_list(world: World) -> None:
    pack = Torrent(b"d", f"{7:040x}", "Both.Films", 10**9, private=True)
    world.read(1, 2)
    world.download(1, 2, torrent=pack)
    world.read(1, 2, *OTHERS)
    for _ in range(2):
        world.read(2, *OTHERS)
    assert world.look() == []


def test_a_film_that_counts_as_there_by_another_ones_files_keeps_them(world: World) -> None:
    left(world, 1)
    world.read(2, *OTHERS)
    claimed = world.queue.claim()
    assert claimed is not None
    world.queue.owned(claimed.film_id, f"/films/{torrent_of(1).name}/Film.2.mkv")
    assert world.look() == []


def test_a_film_with_a_better_release_on_its_way_is_left_alone(world: World) -> None:
    left(world, 1)
    upgrades = UpgradeQueue(world.store, world.clock)
    better = Decision(Release("filelist", 50, "Better.1", size_bytes=5))
    assert upgrades.begin(world.film(1).film_id, better, torrent_of(50), "scripted", "2160p over 1080p")
    assert world.look() == []


# -- guards


def test_more_than_ten_never_go_in_one_look_without_a_word(world: World) -> None:
    for batch in (range(1, 7), range(11, 17)):
        many = tuple(range(200, 250))
        world.read(*batch)
        world.download(*batch)
        world.read(*batch, *many)
        for _ in range(2):
            world.read(*many)
        with world.store.write() as tx:  # what the next batch does not work on
            tx.execute("UPDATE films SET queue = 'failed', status = 'permanent' WHERE status = 'due'")
    assert {one.film.cleanup for one in world.cleanups.left()} == {None}
    assert world.look() == []
    assert len(world.cleanups.held()) == 12
    trouble = world.health.state(PROVIDER)
    assert (trouble.state, trouble.code) == ("needs_user", "cleanup_held")
    assert "the files of 12 stay" in (trouble.message or "")
    assert len(world.cleanups.agree()) == 12
    assert world.health.state(PROVIDER).state == "fine"
    assert len(world.look(0.1)) == 12


def test_ten_go_without_a_word(world: World) -> None:
    world.read(*range(1, 11))
    world.download(*range(1, 11))
    world.read(*range(1, 11), *range(200, 250))
    for _ in range(2):
        world.read(*range(200, 250))
    assert len(world.look()) == 10


def test_held_films_go_only_when_a_person_agrees_and_then_when_their_time_has_come(world: World) -> None:
    world.read(1, 2)
    world.download(1, 2)
    for _ in range(2):
        world.read()
    assert world.look(30) == []
    assert world.health.state(PROVIDER).code == "cleanup_held"
    world.cleanups.agree(world.film(1))
    assert (world.look(1), world.health.state(PROVIDER).state) == (["1"], "needs_user")
    world.cleanups.keep(world.film(2))
    assert world.health.state(PROVIDER).state == "fine"
    assert world.look(30) == []
    for refused in (world.cleanups.agree, world.cleanups.keep):
        with pytest.raises(MovieSyncError):
            refused(world.film(2))


def test_the_trouble_ends_when_what_was_held_is_wished_for_again(world: World) -> None:
    world.read(1, 2)
    world.download(1, 2)
    for _ in range(2):
        world.read()
    world.look()
    world.read(1, 2)
    world.look(1)
    assert world.health.state(PROVIDER).state == "fine"
