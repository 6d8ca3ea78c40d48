"""BuiltinClient: real libtorrent transfers on loopback."""

import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import HandClock

from movie_sync.clients.builtin_client import BuiltinClient
from movie_sync.demo.films import FILMS
from movie_sync.demo.world import World
from movie_sync.errors import ClientRefuses, ConfigError, Unavailable
from movie_sync.lib.clock import SystemClock
from movie_sync.lib.torrent_file import read_torrent
from movie_sync.movie import ClientTorrent, Torrent

LISTEN = "127.0.0.1:0"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("world"), private=False, films=FILMS[:2])
    world.start_seeder()
    yield world
    world.close()


def offered(world: World, number: int = 0) -> Torrent:
    seeded = [upload for upload in world.api.uploads if upload.seeders]
    data = seeded[number].torrent
    assert data is not None
    return read_torrent(data)


def client_in(folder: Path) -> BuiltinClient:
    return BuiltinClient(folder / "state", folder / "films", clock=SystemClock(), listen=LISTEN)


def until(client: BuiltinClient, torrent: Torrent, ready: Callable[[ClientTorrent], bool]) -> ClientTorrent:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        seen = client.snapshot([torrent.info_hash])[torrent.info_hash]
        if ready(seen):
            return seen
        time.sleep(0.05)
    raise AssertionError(f"not within 30 s: {seen}")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_film_is_downloaded_byte_for_byte(world: World, tmp_path: Path) -> None:
    client = client_in(tmp_path)
    torrent = offered(world)
    assert client.ensure(torrent) is True
    assert client.ensure(torrent) is True
    seen = until(client, torrent, lambda seen: seen.done)
    assert (seen.state, seen.progress, seen.ours) == ("seeding", 1.0, True)
    assert digest(tmp_path / "films" / torrent.name) == digest(world.seed_folder / torrent.name)
    client.close()


def test_what_it_was_given_is_taken_up_at_the_next_start(world: World, tmp_path: Path) -> None:
    torrent = offered(world)
    first = client_in(tmp_path)
    first.ensure(torrent)
    until(first, torrent, lambda seen: seen.done)
    first.close()
    assert (tmp_path / "state" / f"{torrent.info_hash}.fastresume").exists()
    second = client_in(tmp_path)
    until(second, torrent, lambda seen: seen.done)
    assert not (tmp_path / "state" / f"{torrent.info_hash}.fastresume").exists()
    second.close()


def test_damaged_resume_data_means_that_files_are_checked(world: World, tmp_path: Path) -> None:
    torrent = offered(world)
    first = client_in(tmp_path)
    first.ensure(torrent)
    until(first, torrent, lambda seen: seen.done)
    first.close()
    (tmp_path / "state" / f"{torrent.info_hash}.fastresume").write_bytes(b"damaged")
    second = client_in(tmp_path)
    until(second, torrent, lambda seen: seen.done)
    second.close()


def test_resume_data_of_another_torrent_means_that_files_are_checked(world: World, tmp_path: Path) -> None:
    torrent = offered(world)
    first = client_in(tmp_path)
    first.ensure(torrent)
    until(first, torrent, lambda seen: seen.done)
    first.close()
    resume = tmp_path / "state" / f"{torrent.info_hash}.fastresume"
    of_another = resume.read_bytes().replace(bytes.fromhex(torrent.info_hash), b"\1" * 20)
    assert of_another != resume.read_bytes()
    resume.write_bytes(of_another)
    second = client_in(tmp_path)
    until(second, torrent, lambda seen: seen.done)
    second.close()


def test_without_a_clean_stop_files_are_checked_and_completed(world: World, tmp_path: Path) -> None:
    torrent = offered(world)
    (tmp_path / "state").mkdir()
    (tmp_path / "films").mkdir()
    (tmp_path / "state" / f"{torrent.info_hash}.torrent").write_bytes(torrent.data)
    half = (world.seed_folder / torrent.name).read_bytes()
    (tmp_path / "films" / torrent.name).write_bytes(half[: len(half) // 2])
    client = client_in(tmp_path)
    until(client, torrent, lambda seen: seen.done)
    assert digest(tmp_path / "films" / torrent.name) == digest(world.seed_folder / torrent.name)
    client.close()


def test_a_private_torrent_is_refused_with_what_to_do(tmp_path: Path, world: World) -> None:
    torrent = offered(world)
    client = client_in(tmp_path)
    with pytest.raises(ClientRefuses, match="qbittorrent"):
        client.ensure(Torrent(torrent.data, torrent.info_hash, torrent.name, 1, private=True))
    assert client.snapshot() == {}
    client.close()


def test_removing_takes_files_and_state_with_it(world: World, tmp_path: Path) -> None:
    client = client_in(tmp_path)
    torrent = offered(world)
    client.ensure(torrent)
    until(client, torrent, lambda seen: seen.done)
    client.remove(torrent.info_hash, delete_files=True)
    client.remove(torrent.info_hash, delete_files=True)
    assert client.snapshot() == {}
    assert list((tmp_path / "state").iterdir()) == []
    end = time.monotonic() + 10
    while (tmp_path / "films" / torrent.name).exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not (tmp_path / "films" / torrent.name).exists()
    client.close()


def test_a_torrent_nobody_seeds_reads_as_stalled(world: World, tmp_path: Path) -> None:
    unseeded = next(upload for upload in world.api.uploads if not upload.seeders)
    assert unseeded.torrent is not None
    torrent = read_torrent(unseeded.torrent)
    client = client_in(tmp_path)
    client.ensure(torrent)
    seen = until(client, torrent, lambda seen: seen.state != "checking")
    assert (seen.state, seen.done, seen.progress) == ("stalled", False, 0.0)
    client.close()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path, clock: HandClock) -> None:
    (tmp_path / "file").write_text("in the way")
    client = BuiltinClient(tmp_path / "state", tmp_path / "file" / "films", clock=clock, listen=LISTEN)
    with pytest.raises(Unavailable, match="cannot be made"):
        client.check()
    client.close()


def test_a_disk_error_reads_as_an_error(world: World, tmp_path: Path) -> None:
    client = client_in(tmp_path)
    torrent = offered(world)
    (tmp_path / "films" / torrent.name).mkdir(parents=True)
    client.ensure(torrent)
    seen = until(client, torrent, lambda seen: seen.state == "error")
    assert seen.message
    assert not seen.done
    client.close()


def test_a_torrent_file_libtorrent_cannot_read_is_refused(tmp_path: Path) -> None:
    client = client_in(tmp_path)
    with pytest.raises(ClientRefuses, match="cannot read"):
        client.ensure(Torrent(b"d4:infod4:name1:aee", "b" * 40, "a", 1, private=False))
    assert list((tmp_path / "state").iterdir()) == []
    client.close()


def test_a_damaged_torrent_of_an_earlier_start_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / f"{'b' * 40}.torrent").write_bytes(b"damaged")
    client = client_in(tmp_path)
    assert client.snapshot() == {}
    assert "left out" in caplog.text
    client.close()


def test_without_libtorrent_the_error_says_what_to_install(
    tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "libtorrent", None)
    with pytest.raises(ConfigError, match="movie-sync\\[builtin\\]"):
        BuiltinClient(tmp_path / "state", tmp_path / "films", clock=clock)


def test_check_tells_the_version(tmp_path: Path) -> None:
    client = client_in(tmp_path)
    assert client.check().version.startswith("libtorrent 2")
    assert (tmp_path / "films").is_dir()
    client.close()
