"""TorrentFolder: no client, the .torrent is saved."""

from pathlib import Path

import pytest

from movie_sync.clients.torrent_folder import TorrentFolder
from movie_sync.errors import Unavailable
from movie_sync.movie import Torrent

HASH = "0123456789abcdef0123456789abcdef01234567"


def torrent(name: str = "Alien.1979.1080p", info_hash: str = HASH, data: bytes = b"d4:infodee") -> Torrent:
    return Torrent(data, info_hash, name, 100, private=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "torrents"


@pytest.fixture
def client(folder: Path) -> TorrentFolder:
    return TorrentFolder(folder)


def test_it_is_called_none_reports_nothing_and_takes_private_torrents(client: TorrentFolder) -> None:
    assert (client.name, client.reports, client.takes_private, client.embedded) == ("none", False, True, False)


def test_check_makes_the_folder_and_tells_where_it_is(client: TorrentFolder, folder: Path) -> None:
    info = client.check()
    assert folder.is_dir()
    assert info.save_path == str(folder)


def test_ensure_saves_the_bytes_as_they_came(client: TorrentFolder, folder: Path) -> None:
    assert client.ensure(torrent())
    assert (folder / "Alien.1979.1080p.01234567.torrent").read_bytes() == b"d4:infodee"


def test_a_saved_torrent_is_private_to_the_user(client: TorrentFolder, folder: Path) -> None:
    client.ensure(torrent())
    assert [file.stat().st_mode & 0o777 for file in folder.iterdir()] == [0o600]


def test_doing_it_twice_is_doing_it_once(client: TorrentFolder, folder: Path) -> None:
    client.ensure(torrent())
    (before,) = folder.iterdir()
    first = before.stat()
    assert client.ensure(torrent())
    (after,) = folder.iterdir()
    assert (after.stat().st_ino, after.stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns)


def test_two_torrents_of_one_name_lie_side_by_side(client: TorrentFolder, folder: Path) -> None:
    client.ensure(torrent())
    client.ensure(torrent(info_hash="f" * 40))
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize(
    "name", ["A" * 300, "Фильм " * 40, "映画" * 100, "🎬" * 100], ids=["latin", "cyrillic", "japanese", "emoji"]
)
def test_a_long_name_in_any_script_can_be_saved(client: TorrentFolder, folder: Path, name: str) -> None:
    assert client.ensure(torrent(name))
    assert [file.read_bytes() for file in folder.glob("*.01234567.torrent")] == [b"d4:infodee"]


def test_a_file_where_the_folder_should_be_is_unavailable_with_what_to_check(
    client: TorrentFolder, folder: Path
) -> None:
    folder.parent.mkdir()
    folder.write_text("not a folder")
    for act in (client.check, lambda: client.ensure(torrent())):
        with pytest.raises(Unavailable, match=r"cannot be written .*Check download_directory") as caught:
            act()
        assert caught.value.provider == "none"


def test_a_file_above_the_folder_is_unavailable(client: TorrentFolder, folder: Path) -> None:
    folder.parent.write_text("not a folder")
    with pytest.raises(Unavailable):
        client.ensure(torrent())


def test_a_torrent_that_cannot_be_written_is_unavailable_and_leaves_nothing(
    client: TorrentFolder, folder: Path
) -> None:
    with pytest.raises(Unavailable, match="cannot be written"):
        client.ensure(torrent("no/such/folder"))
    assert list(folder.iterdir()) == []


def test_nothing_is_known_of_saved_torrents(client: TorrentFolder) -> None:
    client.ensure(torrent())
    assert client.snapshot() == {}
    assert client.snapshot([HASH]) == {}


@pytest.mark.parametrize("delete_files", [True, False])
def test_remove_takes_out_this_torrent_and_nothing_else(
    client: TorrentFolder, folder: Path, delete_files: bool
) -> None:
    client.ensure(torrent())
    client.ensure(torrent(info_hash="f" * 40))
    (folder / "film.mkv").write_bytes(b"x")
    client.remove(HASH, delete_files=delete_files)
    assert sorted(file.name for file in folder.iterdir()) == ["Alien.1979.1080p.ffffffff.torrent", "film.mkv"]


def test_removing_what_is_not_there_is_fine(client: TorrentFolder, folder: Path) -> None:
    client.remove(HASH, delete_files=True)
    client.ensure(torrent())
    client.remove("e" * 40, delete_files=True)
    assert len(list(folder.iterdir())) == 1


def test_it_can_be_closed(client: TorrentFolder) -> None:
    client.close()
