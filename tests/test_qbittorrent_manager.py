"""QBittorrentManager against a real qbittorrent-nox."""

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import HandClock

from movie_sync.clients.qbittorrent_manager import QBittorrentManager, names_port
from movie_sync.clients.torrent_client import free_in
from movie_sync.clients.torrent_folder import TorrentFolder
from movie_sync.demo import nox
from movie_sync.demo.loopback import Answer, LoopbackServer, Request
from movie_sync.demo.nox import Nox
from movie_sync.demo.torrents import make_torrent
from movie_sync.errors import AuthFailed, ClientRefuses, Unavailable
from movie_sync.lib.clock import SystemClock
from movie_sync.lib.torrent_file import read_torrent
from movie_sync.movie import Torrent

NOWHERE = "http://127.0.0.1:9/announce"


class Always(LoopbackServer):
    """Answers everything alike."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        super().__init__()

    def answer(self, request: Request) -> Answer:
        return self._answer


class Forgetful(LoopbackServer):
    """Takes everything and shows nothing."""

    def answer(self, request: Request) -> Answer:
        return Answer(b"[]" if request.path.endswith("/info") else b"v4.6.0", content_type="application/json")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nox]:
    folder = tmp_path_factory.mktemp("nox")
    with Nox(folder / "profile", folder / "downloads") as running:
        yield running


@pytest.fixture
def manager(server: Nox) -> Iterator[QBittorrentManager]:
    made = manager_of(server)
    yield made
    made.close()


def manager_of(server: Nox, **more: object) -> QBittorrentManager:
    settings: dict[str, object] = {
        "password": server.password,
        "clock": SystemClock(),
        "tags": ("movie_sync", "filelist"),
    }
    settings |= more
    password = str(settings.pop("password"))
    return QBittorrentManager("127.0.0.1", server.port, nox.USERNAME, password, **settings)  # type: ignore[arg-type]


def torrent_of(folder: Path, name: str, *, private: bool = True) -> Torrent:
    file = folder / f"{name}.mkv"
    file.write_bytes(name.encode() * 5000)
    return read_torrent(make_torrent(file, NOWHERE, private=private))


def test_check_tells_version_and_save_path(manager: QBittorrentManager, server: Nox) -> None:
    info = manager.check()
    assert info.version.startswith("qBittorrent v")
    assert info.save_path == str(server.save_path)


def test_what_is_closed_holds_no_connection(server: Nox) -> None:
    def connections() -> int:
        names = (str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink())
        return sum(name.startswith("socket:") for name in names)

    before, made = connections(), manager_of(server)
    made.check()
    assert connections() == before + 1
    made.close()
    assert connections() == before


def test_a_torrent_is_added_with_category_and_tags(manager: QBittorrentManager, server: Nox, tmp_path: Path) -> None:
    torrent = torrent_of(tmp_path, "added")
    assert manager.ensure(torrent) is True
    row = server.api.torrents_info(torrent_hashes=torrent.info_hash)[0]
    assert row.category == "Movies"
    assert set(row.tags.split(", ")) == {"movie_sync", "filelist"}
    assert row.state not in {"pausedDL", "stoppedDL"}


def test_adding_twice_is_adding_once(manager: QBittorrentManager, server: Nox, tmp_path: Path) -> None:
    torrent = torrent_of(tmp_path, "twice")
    before = len(server.api.torrents_info())
    assert [manager.ensure(torrent), manager.ensure(torrent)] == [True, True]
    assert len(server.api.torrents_info()) == before + 1


def test_what_someone_else_added_is_left_as_it_is(manager: QBittorrentManager, server: Nox, tmp_path: Path) -> None:
    torrent = torrent_of(tmp_path, "foreign")
    server.api.torrents_add(torrent_files=torrent.data, tags=["mine"])
    manager._wait_visible(torrent.info_hash)
    assert manager.ensure(torrent) is False
    row = server.api.torrents_info(torrent_hashes=torrent.info_hash)[0]
    assert (row.category, row.tags) == ("", "mine")


def test_a_save_path_is_used(server: Nox, tmp_path: Path) -> None:
    manager = manager_of(server, save_path=str(tmp_path / "films"), category="")
    torrent = torrent_of(tmp_path, "elsewhere")
    manager.ensure(torrent)
    assert manager.snapshot([torrent.info_hash])[torrent.info_hash].save_path.rstrip("/") == str(tmp_path / "films")
    assert manager.check().save_path == str(tmp_path / "films")
    manager.close()


def test_an_empty_selection_asks_for_nothing(manager: QBittorrentManager, tmp_path: Path) -> None:
    manager.ensure(torrent_of(tmp_path, "present"))
    assert manager.snapshot([]) == {}
    assert manager.snapshot(["0" * 40]) == {}
    assert len(manager.snapshot()) >= 1


def test_removing_takes_it_out_and_removing_again_is_fine(manager: QBittorrentManager, tmp_path: Path) -> None:
    torrent = torrent_of(tmp_path, "removed")
    manager.ensure(torrent)
    manager.remove(torrent.info_hash, delete_files=True)
    manager.remove(torrent.info_hash, delete_files=False)
    assert torrent.info_hash not in manager.snapshot()


def test_what_is_no_torrent_is_refused(manager: QBittorrentManager) -> None:
    with pytest.raises(ClientRefuses):
        manager.ensure(Torrent(b"<html>no</html>", "a" * 40, "no", 1, private=True))


def test_a_wrong_password_is_tried_once_and_never_again(tmp_path: Path) -> None:
    with Nox(tmp_path / "profile", tmp_path / "downloads") as server:
        manager = manager_of(server, password="wrong-password-1")
        for _ in range(8):
            with pytest.raises(AuthFailed) as caught:
                manager.check()
            assert "wrong-password-1" not in str(caught.value)
        # Five tries would have shut this address out, the right password included.
        right = manager_of(server)
        assert right.check().version
        right.close()


def test_a_server_that_is_not_there_is_unavailable(clock: HandClock) -> None:
    manager = QBittorrentManager("127.0.0.1", nox.free_port(), "u", "some-password", clock=clock)
    with pytest.raises(Unavailable) as caught:
        manager.check()
    assert "some-password" not in str(caught.value)
    assert "web UI" in caught.value.hint


def test_without_tags_what_someone_else_added_is_not_ours(server: Nox, tmp_path: Path) -> None:
    theirs, own = torrent_of(tmp_path, "theirs"), torrent_of(tmp_path, "own")
    server.api.torrents_add(torrent_files=theirs.data)
    manager = manager_of(server, tags=())
    try:
        until = time.monotonic() + 10
        while theirs.info_hash not in manager.snapshot() and time.monotonic() < until:
            time.sleep(0.1)
        assert manager.ensure(theirs) is False
        assert manager.ensure(own) is True
    finally:
        manager.close()


def test_an_address_that_was_shut_out_is_left_alone_for_an_hour(clock: HandClock) -> None:
    server = Always(Answer(b"Forbidden", 403))
    manager = QBittorrentManager(server.url, 1, "u", "some-password", clock=clock)
    with pytest.raises(Unavailable) as caught:
        manager.check()
    server.close()
    assert caught.value.retry_after_s == 3600


def test_a_page_of_something_else_is_not_taken_for_a_version(clock: HandClock) -> None:
    server = Always(Answer(b"<html>Ok. I am a printer.</html>"))
    manager = QBittorrentManager(server.url, 1, "u", "some-password", clock=clock)
    with pytest.raises(Unavailable):
        manager.check()
    server.close()


def test_a_log_in_refused_with_401_is_final(clock: HandClock) -> None:
    server = Always(Answer(b"", 401))
    manager = QBittorrentManager(server.url, 1, "u", "some-password", clock=clock)
    with pytest.raises(AuthFailed):
        manager.snapshot()
    asked = len(server.requests)
    with pytest.raises(AuthFailed):
        manager.check()
    assert len(server.requests) == asked
    server.close()


def test_a_restart_of_the_server_needs_nothing(tmp_path: Path) -> None:
    server = Nox(tmp_path / "profile", tmp_path / "downloads")
    server.start()
    manager = manager_of(server)
    torrent = torrent_of(tmp_path, "restart")
    assert manager.ensure(torrent)
    server.stop()
    with pytest.raises(Unavailable):
        manager.snapshot([torrent.info_hash])
    server.start()
    assert torrent.info_hash in manager.snapshot([torrent.info_hash])
    manager.close()
    server.stop()


def test_a_torrent_that_does_not_show_is_asked_for_again_later(tmp_path: Path, clock: HandClock) -> None:
    """A server that says Ok. and shows nothing; no real one can be brought to do that for five seconds."""
    server = Forgetful()
    manager = QBittorrentManager(server.url, 1, "", "", clock=clock)
    with pytest.raises(Unavailable) as caught:
        manager.ensure(torrent_of(tmp_path, "invisible"))
    server.close()
    assert caught.value.code == "not_visible"
    assert sum(clock.waits) == pytest.approx(5.0, abs=0.2)


def test_auto_start_runs_the_command_once_and_waits_for_the_api(tmp_path: Path) -> None:
    server = Nox(tmp_path / "profile", tmp_path / "downloads")
    pid_file = tmp_path / "pid"
    script = tmp_path / "start.py"
    script.write_text(
        "import os, sys\n"
        f"open({str(pid_file)!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
        f"os.environ['HOME'] = {str(tmp_path)!r}\n"
        f"os.execvp('qbittorrent-nox', {server.command!r})\n"
    )
    manager = manager_of(server, auto_start=f"{sys.executable} {script}")
    assert manager.check().version
    pids = pid_file.read_text().split()
    manager.remove("0" * 40, delete_files=False)
    manager._client.app_shutdown()
    assert len(pids) == 1


def test_an_auto_start_command_that_does_not_exist_is_told(clock: HandClock) -> None:
    manager = QBittorrentManager("127.0.0.1", nox.free_port(), "u", "pass", clock=clock, auto_start="no-such-command-1")
    with pytest.raises(Unavailable, match="no-such-command-1"):
        manager.check()
    with pytest.raises(Unavailable, match="does not answer"):
        manager.check()


@pytest.mark.parametrize(
    ("state", "progress", "left", "done", "read_as"),
    [
        ("checkingResumeData", 0.0, 0, False, "checking"),
        ("checkingUP", 1.0, 0, False, "checking"),
        ("moving", 1.0, 0, False, "checking"),
        ("unknown", 0.0, 0, False, "checking"),
        ("some-new-state", 0.5, 1, False, "checking"),
        ("stalledUP", 1.0, 0, True, "seeding"),
        ("pausedUP", 1.0, 0, True, "seeding"),
        ("stoppedUP", 1.0, 0, True, "seeding"),
        ("uploading", 1.0, 5, False, "seeding"),
        ("missingFiles", 0.0, 1, False, "missing_files"),
        ("error", 0.2, 1, False, "error"),
        ("stalledDL", 0.2, 1, False, "stalled"),
        ("queuedDL", 0.2, 1, False, "paused"),
        ("stoppedDL", 0.2, 1, False, "paused"),
    ],
)
def test_every_state_is_read_as_it_is_meant(
    clock: HandClock, state: str, progress: float, left: int, *, done: bool, read_as: str
) -> None:
    manager = QBittorrentManager("127.0.0.1", 1, "", "", clock=clock)
    row = {
        "hash": "A" * 40,
        "name": "n",
        "state": state,
        "progress": progress,
        "amount_left": left,
        "tags": "movie_sync",
    }
    torrent = manager._torrent(row)
    assert (torrent.state, torrent.done, torrent.ours, torrent.info_hash) == (read_as, done, True, "a" * 40)


@pytest.mark.parametrize(
    ("host", "named"),
    [("box:8081", True), ("https://box/qbt", True), ("box", False), ("::1", False)],
)
def test_a_host_may_name_its_port_itself(host: str, named: bool) -> None:
    assert names_port(host) is named


# -- room


def test_the_room_of_its_own_folder_is_what_the_server_says(server: Nox, manager: QBittorrentManager) -> None:
    free = shutil.disk_usage(server.save_path).free
    for _ in range(3):  # later answers tell only what is new
        assert manager.free_bytes() == pytest.approx(free, rel=0.2)


def test_the_room_of_another_folder_is_looked_at_here(server: Nox, tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    manager = manager_of(server, save_path=str(tmp_path))
    assert manager.free_bytes() == pytest.approx(free, rel=0.2)
    mapped = manager_of(server, save_path="/films/new", path_mappings=[("/films/new", str(tmp_path))])
    assert mapped.free_bytes() == pytest.approx(free, rel=0.2)


def test_the_room_of_a_folder_nobody_can_see_is_not_known(server: Nox) -> None:
    assert manager_of(server, save_path="/no/such/folder").free_bytes() is None


def test_the_room_of_a_server_that_is_off_is_trouble(clock: HandClock) -> None:
    manager = QBittorrentManager("127.0.0.1", nox.free_port(), "u", "some-password", clock=clock)
    with pytest.raises(Unavailable):
        manager.free_bytes()


def test_room_is_looked_for_where_a_folder_will_be_made(tmp_path: Path) -> None:
    assert free_in(tmp_path / "not" / "yet" / "there") == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.2)


def test_where_a_folder_cannot_be_looked_at_nobody_can_tell(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert free_in(tmp_path / "file" / "below") is None


def test_a_folder_of_torrents_says_nothing_of_room(tmp_path: Path) -> None:
    assert TorrentFolder(tmp_path).free_bytes() is None
