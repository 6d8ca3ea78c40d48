"""The demo, as a newcomer runs it."""

import io
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from movie_sync.demo import seeder, show
from movie_sync.demo.films import FILMS
from movie_sync.demo.world import World
from movie_sync.errors import MovieSyncError
from movie_sync.movie import Status
from movie_sync.store.films import FilmRecord


def demo(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "movie_sync", "demo", *arguments],
        env={**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.mark.parametrize(("client", "torrents"), [("builtin", "public"), ("qbittorrent", "private")])
def test_the_demo_downloads_its_films_and_checks_its_own_numbers(tmp_path: Path, client: str, torrents: str) -> None:
    done = demo(tmp_path, "--client", client)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"the torrents here are {torrents}" in done.stdout
    assert "Films: 13 of 13 ended where they had to, 10 of 10 downloaded" in done.stdout
    numbers = re.search(r"Bytes on disk: ([\d,]+); seeded: ([\d,]+); equal: yes", done.stdout)
    assert numbers is not None
    assert numbers[1] == numbers[2] != "0"
    assert "London After Midnight (1927): The tracker does not have it." in done.stdout
    assert list(tmp_path.glob("movie-sync-demo-*")) == []


def test_the_demo_says_so_when_it_did_not_work(tmp_path: Path) -> None:
    checked = show._check(tmp_path, {}, "builtin", 1)
    assert checked.done == 0
    assert len(checked.problems) == len(FILMS) + 2


def test_without_libtorrent_two_qbittorrents_are_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert show._usable_client("builtin", Console()) == "qbittorrent"
    assert "no wheel" in capsys.readouterr().out
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(MovieSyncError, match="apt-get install"):
        show._usable_client("qbittorrent", Console())


def test_the_live_table_shows_each_film_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    first = FILMS[0].movie
    record = FilmRecord(1, first, Status.DOWNLOADING, 0.0, 0.0, progress=0.5, release_name="A.Release")
    console = Console(force_terminal=True, file=io.StringIO(), width=140)
    with show._display(console) as shown:
        shown({first.number or 0: record})
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "█████░░░░░" in text
    assert "A.Release" in text
    assert "not read yet" in text


def test_what_is_kept_is_named(tmp_path: Path) -> None:
    done = demo(tmp_path, "--keep")
    assert done.returncode == 0
    [kept] = tmp_path.glob("movie-sync-demo-*")
    assert f"Everything is kept in {kept}" in done.stdout
    assert (kept / "home" / "queue_completed.json").exists()


def test_a_wrong_download_is_told(tmp_path: Path) -> None:
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / "Never.Wanted.mkv").write_bytes(b"x")
    wish = FILMS[0]
    record = FilmRecord(1, wish.movie, Status.DOWNLOADED, 0.0, 0.0, release_name="Another.Release")
    checked = show._check(tmp_path, {wish.movie.number or 0: record}, "builtin", 0)
    assert any("Another.Release was taken" in problem for problem in checked.problems)
    assert any("Never.Wanted was downloaded and should not" in problem for problem in checked.problems)


@pytest.mark.parametrize("libtorrent", [True, False])
def test_the_seeder_seeds_with_either_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, libtorrent: bool
) -> None:
    world = World(tmp_path / "world", private=True, films=FILMS[:1])
    if not libtorrent:
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    reader, writer = os.pipe()
    with os.fdopen(reader) as ends_with_us:
        monkeypatch.setattr("sys.stdin", ends_with_us)
        thread = threading.Thread(target=seeder.main, args=(world.torrent_folder, world.seed_folder))
        thread.start()
        end = time.monotonic() + 30
        while world.tracker.seeds() < 3 and time.monotonic() < end:
            time.sleep(0.1)
        seeds = world.tracker.seeds()
        os.close(writer)
        thread.join(timeout=20)
    world.close()
    assert seeds == 3
    assert not thread.is_alive()


def test_a_seeder_that_does_not_come_up_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/true")
    world = World(tmp_path / "world", private=False, films=FILMS[:1])
    with pytest.raises(TimeoutError, match="0 of 3"):
        world.start_seeder()
    world.close()
