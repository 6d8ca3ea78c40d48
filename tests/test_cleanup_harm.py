"""Clean-up does no harm: a kill at any point, any sequence of wishes and words, and real files beside others."""

import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from conftest import HandClock, movie
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cleanup import DAY, OTHERS, World, left, torrent_of, world
from test_workers import ScriptedClient

from movie_sync.clients.qbittorrent_manager import QBittorrentManager
from movie_sync.demo import nox
from movie_sync.demo.nox import Nox
from movie_sync.demo.torrents import make_torrent
from movie_sync.errors import Unavailable
from movie_sync.lib.clock import SystemClock
from movie_sync.lib.torrent_file import read_torrent
from movie_sync.movie import Status, WatchedFilm
from movie_sync.store import Store, wishes

__all__ = ["world"]


# -- crashes and meanwhile


class Cut(ScriptedClient):
    """Ends the process around the removal."""

    before, after = False, False

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] = lambda: None

    def remove(self, info_hash: str, *, delete_files: bool) -> None:
        if self.before:
            raise Unavailable(self.name, "Cut off before.")
        super().remove(info_hash, delete_files=delete_files)
        self.meanwhile()
        if self.after:
            raise Unavailable(self.name, "Cut off behind.")


@pytest.fixture
def cut(world: World) -> Cut:
    world.scripted = world.client = Cut()
    world.clean_up = world.cleaning()
    left(world, 1)
    return world.scripted


def test_a_kill_behind_the_removal_is_made_good_at_the_next_look(world: World, cut: Cut) -> None:
    cut.after = True
    with pytest.raises(Unavailable):
        world.look()
    cut.after = False
    assert (world.film(1).status, world.look(0), world.film(1).status) == (Status.DOWNLOADED, [], Status.GONE)
    assert world.events(1)[-1] == "cleaned_up"


def test_a_kill_before_the_removal_is_as_if_nothing_had_been(world: World, cut: Cut) -> None:
    cut.before = True
    with pytest.raises(Unavailable):
        world.look()
    cut.before = False
    assert world.look(0) == ["1"]


def test_a_torrent_that_is_missing_without_our_doing_is_not_called_cleaned_up(world: World) -> None:
    left(world, 1)
    world.scripted.torrents.clear()
    assert (world.look(), world.film(1).status) == ([], Status.DOWNLOADED)


def test_a_film_wished_for_while_its_files_are_deleted_starts_fresh(world: World, cut: Cut) -> None:
    def found_on_disk() -> None:
        world.read(1, *OTHERS)
        film = world.queue.claim()
        assert film is not None
        world.queue.owned(film.film_id, "/films/Film.1.mkv")

    cut.meanwhile = found_on_disk
    world.look()
    assert world.film(1).movie.number == 1
    assert (world.film(1).status, world.film(1).left_at) == (Status.DUE, None)


# -- any sequence


class Watchful(ScriptedClient):
    """Minds that no torrent goes whose film is wished for, or that someone else added."""

    world: "World"

    def remove(self, info_hash: str, *, delete_files: bool) -> None:
        number = int(info_hash, 16)
        film = self.world.film(number)
        with self.world.store.read() as tx:
            assert not wishes.wished(tx, film.film_id)
        assert number % 3
        assert film.cleanup == "begun"
        super().remove(info_hash, delete_files=delete_files)


def work(world: World) -> None:
    """What the download worker would do: what is on disk is owned, the rest is fetched."""
    while (film := world.queue.claim()) is not None:
        number = film.movie.number or 0
        if torrent_of(number).info_hash in world.scripted.torrents:
            world.queue.owned(film.film_id, f"/films/{torrent_of(number).name}")
        else:
            world.fetch(film, torrent_of(number), ours=bool(number % 3))


def act(world: World, step: tuple[str, Collection[int]]) -> None:
    what, numbers = step
    if what in {"read", "read twice"}:
        for _ in range(1 + (what == "read twice")):
            world.read(*(EVERY - frozenset(numbers)))
    elif what == "look":
        world.look()
    elif what == "agree":
        world.cleanups.agree()
    elif what == "by hand":
        world.queue.wish([WatchedFilm(movie(min(numbers, default=1)), 0)], "by hand")
    else:
        work(world)


EVERY = frozenset(range(1, 25))
# What is done, and with which films: a read shows all but these.
STEP = st.tuples(
    st.sampled_from(["read", "read twice", "look", "look", "work", "agree", "by hand"]),
    st.frozensets(st.integers(1, max(EVERY)), min_size=1, max_size=12),
)


@given(steps=st.lists(STEP, min_size=10, max_size=30))
@settings(max_examples=60, deadline=None)
def test_in_no_sequence_goes_what_is_on_a_list_or_was_added_by_others(
    steps: list[tuple[str, Collection[int]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "movie_sync.db")
        world = World(Path(folder), store, HandClock())
        world.scripted = world.client = client = Watchful()
        client.world = world
        world.clean_up = world.cleaning()
        try:
            for step in [("read", ()), ("work", ()), *steps]:
                act(world, step)
        finally:
            store.close()


# -- real files


@pytest.mark.skipif(not nox.installed(), reason="needs qbittorrent-nox")
def test_exactly_the_torrents_own_files_are_deleted_by_a_real_client(
    tmp_path: Path, home: Path, store: Store, clock: HandClock
) -> None:
    downloads = tmp_path / "downloads"
    films_folder = downloads / "Film.1.1080p"
    films_folder.mkdir(parents=True)
    (films_folder / "film.mkv").write_bytes(b"film" * 9000)
    torrent = read_torrent(make_torrent(films_folder, "http://127.0.0.1:9/announce", private=True))
    (films_folder / "my own notes.txt").write_text("mine")
    (downloads / "Neighbour.mkv").write_bytes(b"another film")
    with Nox(tmp_path / "nox", downloads) as server:
        client = QBittorrentManager(
            "127.0.0.1", server.port, nox.USERNAME, server.password, clock=SystemClock(), tags=("movie_sync",)
        )
        world = World(home, store, clock, client)
        world.clean_up = world.cleaning(duty_s=0.0)
        assert client.ensure(torrent)
        for _ in range(200):
            if client.snapshot([torrent.info_hash])[torrent.info_hash].done:
                break
            SystemClock().wait(0.05)
        world.read(1)
        world.download(1, torrent=torrent)
        world.read(1, *OTHERS)
        for _ in range(2):
            world.read(*OTHERS)
        clock.turn(8 * DAY)
        world.clean_up.look(clock.now())
        assert (world.film(1).status, client.snapshot([torrent.info_hash])) == (Status.GONE, {})
        for _ in range(100):
            if not (films_folder / "film.mkv").exists():
                break
            SystemClock().wait(0.05)
        client.close()
    rest = sorted(str(path.relative_to(downloads)) for path in downloads.rglob("*") if path.is_file())
    assert rest == ["Film.1.1080p/my own notes.txt", "Neighbour.mkv"]
