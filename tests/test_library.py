"""LibraryIndex on real folders: certain matches only, and absence is never read as emptiness."""

import os
import time
from pathlib import Path

import pytest
from conftest import movie

from movie_sync.errors import Unavailable
from movie_sync.library.index import MAX_DEPTH, LibraryFolder, LibraryIndex
from movie_sync.library.match import read_path
from movie_sync.movie import Movie
from movie_sync.store import Store

HOUR_AGO = time.time() - 3600
ALIEN = movie(1, "Alien", 1979, imdb_id="tt0078748", tmdb_id="movie/348")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture
def index(root: Path, store: Store) -> LibraryIndex:
    return LibraryIndex([LibraryFolder(root, required=True)], store)


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"film")


def age(root: Path) -> None:
    """Let every folder have changed an hour ago."""
    for folder in (root, *(path for path in root.rglob("*") if path.is_dir() and not path.is_symlink())):
        os.utime(folder, (HOUR_AGO, HOUR_AGO))


def found(index: LibraryIndex, film: Movie = ALIEN) -> str | None:
    index.refresh()
    return index.find(film)


# -- which files count


@pytest.mark.parametrize(
    "name",
    [
        "Alien.1979.1080p.BluRay.x264-GRP.mkv",
        "alien_1979_720p.MP4",
        "Alien (1979)/film.mkv",
        "Movies/A/Alien (1979)/CD1/alien.avi",
        "Alien (1979)/VIDEO_TS/VTS_01_1.VOB",
        "Alien.1979.iso",
        "Obcy (2000) {imdb-tt0078748}.mkv",
    ],
)
def test_a_video_that_certainly_is_the_film_is_found(index: LibraryIndex, root: Path, name: str) -> None:
    put(root, name)
    assert found(index) == str(root / name)


@pytest.mark.parametrize(
    "name",
    [
        "Alien (1980).mkv",
        "Alien (1979).nfo",
        "Alien (1979).srt",
        "Alien (1979)",
        "Alien (1979).jpg",
        "Alien (1979).mkv.part",
        "Alien (1979).mkv.!qB",
        "Alien (1979).mkv.crdownload",
        ".Alien (1979).mkv",
        ".trash/Alien (1979).mkv",
        "Alien (1979)/Sample/alien.mkv",
    ],
)
def test_other_unfinished_and_hidden_files_are_not_found(index: LibraryIndex, root: Path, name: str) -> None:
    put(root, name)
    assert found(index) is None


# -- changes


def test_what_comes_goes_and_is_renamed_is_seen_at_the_next_refresh(index: LibraryIndex, root: Path) -> None:
    put(root, "Films/readme.txt")
    assert found(index) is None
    film = root / "Films" / "Alien (1979).mkv"
    film.touch()
    assert found(index) == str(film)
    other = film.rename(root / "Films" / "Aliens (1986).mkv")
    assert found(index) is None
    assert found(index, Movie("Aliens", 1986)) == str(other)
    other.unlink()
    assert found(index, Movie("Aliens", 1986)) is None
    assert len(index) == 0


def test_a_folder_taken_out_takes_its_films_with_it(index: LibraryIndex, root: Path) -> None:
    put(root, "A/B/Alien (1979).mkv", "other.txt")
    assert found(index)
    (root / "A").rename(root.parent / "elsewhere")
    assert found(index) is None


def test_a_folder_whose_time_did_not_change_is_not_listed_again(index: LibraryIndex, root: Path) -> None:
    put(root, "A/Alien (1979).mkv", "B/C/other.mkv")
    age(root)
    index.refresh()
    put(root, "B/C/Aliens (1986).mkv")
    age(root)
    assert found(index, Movie("Aliens", 1986)) is None
    assert found(index)


def test_a_folder_listed_right_after_a_change_is_listed_again(index: LibraryIndex, root: Path) -> None:
    put(root, "B/other.mkv")
    index.refresh()
    before = (root / "B").stat()
    put(root, "B/Alien (1979).mkv")
    os.utime(root / "B", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert found(index)


def test_a_folder_whose_place_a_file_took_is_gone(index: LibraryIndex, root: Path) -> None:
    put(root, "Alien (1979)/film.mkv", "other.txt")
    age(root)
    assert found(index)
    (root / "Alien (1979)/film.mkv").unlink()
    (root / "Alien (1979)").rmdir()
    (root / "Alien (1979)").touch()
    age(root)
    assert found(index) is None


def test_a_later_start_reads_and_writes_nothing(index: LibraryIndex, root: Path, store: Store) -> None:
    put(root, "A/Alien (1979).mkv", "Aliens (1986)/film.mkv")
    age(root)
    index.refresh()
    read_path.cache_clear()
    written = store.connection().total_changes
    later = LibraryIndex([LibraryFolder(root, required=True)], store)
    assert found(later) == str(root / "A/Alien (1979).mkv")
    assert (len(later), read_path.cache_info().misses) == (2, 0)
    assert store.connection().total_changes == written


def test_a_new_file_is_read_and_its_neighbours_are_not(index: LibraryIndex, root: Path) -> None:
    put(root, *(f"Film {number} (2000).mkv" for number in range(20)), "Other/Film (1999).mkv")
    index.refresh()
    read_path.cache_clear()
    put(root, "Alien (1979).mkv")
    assert found(index)
    assert read_path.cache_info().misses == 1


def test_names_are_read_again_when_they_were_read_by_another_program(
    index: LibraryIndex, root: Path, store: Store
) -> None:
    put(root, "Alien (1979)/film.mkv")
    age(root)
    index.refresh()
    with store.write() as tx:
        tx.execute("UPDATE library_readings SET loose = 'as it was', words = 'as it was'")
    assert found(index) is None
    with store.write() as tx:
        tx.execute("UPDATE library_folders SET read_as = '2.0/1'")
    assert found(index)
    assert len(index) == 1


def test_a_library_taken_out_of_the_settings_takes_its_films_with_it(store: Store, tmp_path: Path) -> None:
    put(tmp_path, "one/Alien (1979).mkv", "two/Aliens (1986).mkv")
    both = [LibraryFolder(tmp_path / name, required=True) for name in ("one", "two")]
    LibraryIndex(both, store).refresh()
    index = LibraryIndex(both[1:], store)
    assert found(index) is None
    assert found(index, Movie("Aliens", 1986))
    assert len(index) == 1


# -- what is not there


def test_a_required_folder_that_is_not_there_holds_intake(store: Store, tmp_path: Path) -> None:
    index = LibraryIndex([LibraryFolder(tmp_path / "nas", required=True)], store)
    with pytest.raises(Unavailable, match=r"is not there.*Mount it.*nothing is downloaded") as caught:
        index.refresh()
    assert (caught.value.provider, caught.value.code) == ("library", "library_missing")


def test_a_required_folder_that_vanishes_holds_intake(index: LibraryIndex, root: Path) -> None:
    put(root, "Alien (1979).mkv")
    index.refresh()
    root.rename(root.with_name("unmounted"))
    with pytest.raises(Unavailable, match="is not there"):
        index.refresh()


def test_a_required_folder_that_lost_everything_holds_intake_after_a_restart_too(
    index: LibraryIndex, root: Path, store: Store
) -> None:
    put(root, "Alien (1979).mkv")
    index.refresh()
    (root / "Alien (1979).mkv").unlink()
    for again in (index, LibraryIndex([LibraryFolder(root, required=True)], store)):
        with pytest.raises(Unavailable, match="is empty, and was not before"):
            again.refresh()


def test_an_emptied_library_is_fine_once_any_file_is_in_it(index: LibraryIndex, root: Path) -> None:
    put(root, "Alien (1979).mkv")
    index.refresh()
    (root / "Alien (1979).mkv").unlink()
    (root / "yes, it is empty").touch()
    assert found(index) is None


def test_a_library_that_was_always_empty_is_fine(index: LibraryIndex) -> None:
    for _ in range(2):
        index.refresh()
    assert len(index) == 0


@pytest.mark.parametrize("required", [True, False])
def test_a_file_where_the_folder_should_be_holds_intake(store: Store, root: Path, required: bool) -> None:
    root.rmdir()
    root.write_text("not a folder")
    with pytest.raises(Unavailable, match="cannot be read"):
        LibraryIndex([LibraryFolder(root, required=required)], store).refresh()


def test_a_library_that_comes_back_is_read_whole(index: LibraryIndex, root: Path) -> None:
    put(root, "A/Alien (1979).mkv")
    index.refresh()
    root.rename(root.with_name("unmounted"))
    with pytest.raises(Unavailable):
        index.refresh()
    root.with_name("unmounted").rename(root)
    assert found(index) == str(root / "A/Alien (1979).mkv")


def test_one_missing_library_holds_intake_though_the_others_are_there(store: Store, root: Path, tmp_path: Path) -> None:
    put(root, "Alien (1979).mkv")
    folders = [LibraryFolder(root, required=True), LibraryFolder(tmp_path / "nas", required=True)]
    with pytest.raises(Unavailable, match="nas"):
        LibraryIndex(folders, store).refresh()


def test_a_download_folder_that_never_was_is_fine(store: Store, tmp_path: Path) -> None:
    index = LibraryIndex([LibraryFolder(tmp_path / "downloads", required=False)], store)
    assert found(index) is None
    put(tmp_path / "downloads", "Alien (1979).mkv")
    assert found(index)


def test_a_download_folder_that_was_there_once_may_be_empty_but_not_gone(store: Store, root: Path) -> None:
    put(root, "Alien (1979).mkv")
    index = LibraryIndex([LibraryFolder(root, required=False)], store)
    index.refresh()
    (root / "Alien (1979).mkv").unlink()
    assert found(index) is None
    root.rmdir()
    with pytest.raises(Unavailable, match="is not there"):
        index.refresh()


def test_a_folder_that_went_after_its_parent_was_listed_is_passed_over(index: LibraryIndex, root: Path) -> None:
    put(root, "A/Alien (1979).mkv", "B/Aliens (1986).mkv")
    index.refresh()
    before = root.stat()
    (root / "B").rename(root.parent / "gone")
    os.utime(root, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert found(index)
    assert len(index) == 1


def test_a_folder_that_cannot_be_read_holds_intake(store: Store, root: Path) -> None:
    while len(str(root)) < 3800:
        root = root / ("d" * 200)
    root.mkdir(parents=True)
    above = os.open(root, os.O_RDONLY)
    too_long = "e" * 250, "f" * 250  # one below the other, their path is longer than the system takes
    os.mkdir(too_long[0], dir_fd=above)
    below = os.open(too_long[0], os.O_RDONLY, dir_fd=above)
    try:
        os.mkdir(too_long[1], dir_fd=below)
        with pytest.raises(Unavailable, match=r"cannot be read \(File name too long\)"):
            LibraryIndex([LibraryFolder(root, required=True)], store).refresh()
    finally:
        os.rmdir(too_long[1], dir_fd=below)
        os.rmdir(too_long[0], dir_fd=above)
        os.close(below)
        os.close(above)


# -- trees of odd shape


def test_a_link_to_a_folder_above_ends(index: LibraryIndex, root: Path) -> None:
    put(root, "A/Alien (1979).mkv")
    (root / "A" / "up").symlink_to(root, target_is_directory=True)
    assert found(index) == str(root / "A/Alien (1979).mkv")
    assert len(index) == 1


def test_a_link_to_a_library_elsewhere_is_followed(index: LibraryIndex, root: Path, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere", "Alien (1979).mkv")
    (root / "linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert found(index) == str(root / "linked/Alien (1979).mkv")


def test_a_link_to_a_disk_that_comes_back_is_followed_again(index: LibraryIndex, root: Path, tmp_path: Path) -> None:
    put(tmp_path / "disk", "Films/Alien (1979).mkv")
    (root / "linked").symlink_to(tmp_path / "disk", target_is_directory=True)
    (root / "Aliens (1986).mkv").touch()
    age(root)
    assert found(index)
    (tmp_path / "disk").rename(tmp_path / "unmounted")
    assert found(index) is None
    (tmp_path / "unmounted").rename(tmp_path / "disk")
    assert found(index) == str(root / "linked/Films/Alien (1979).mkv")


def test_of_two_ways_to_one_folder_the_other_counts_when_one_goes(
    index: LibraryIndex, root: Path, tmp_path: Path
) -> None:
    put(tmp_path / "disk", "Alien (1979).mkv")
    put(root, "A/other.mkv", "B/other.mkv")
    for shelf in ("A", "B"):
        (root / shelf / "linked").symlink_to(tmp_path / "disk", target_is_directory=True)
    first = found(index)
    assert len(index) == 3
    assert first is not None
    Path(first).parent.unlink()
    second = found(index)
    assert second not in {None, first}
    assert len(index) == 3


@pytest.mark.parametrize("name", ["loop", "loop (1979).mkv"])
def test_a_link_to_itself_does_not_hold_intake(index: LibraryIndex, root: Path, name: str) -> None:
    put(root, "Alien (1979).mkv")
    (root / name).symlink_to(root / name)
    assert found(index) == str(root / "Alien (1979).mkv")


def test_a_folder_named_like_a_video_is_a_folder(index: LibraryIndex, root: Path) -> None:
    put(root, "Alien.1979.mkv/a.mkv")
    assert found(index) == str(root / "Alien.1979.mkv/a.mkv")
    assert len(index) == 1


def test_folders_within_folders_are_read_as_deep_as_promised(index: LibraryIndex, root: Path) -> None:
    put(root, "/".join("d" * MAX_DEPTH) + "/Alien (1979).mkv", "/".join("e" * (MAX_DEPTH + 1)) + "/Aliens (1986).mkv")
    assert found(index)
    assert found(index, Movie("Aliens", 1986)) is None


def test_folders_that_overlap_are_each_read(store: Store, root: Path) -> None:
    put(root, "Films/Alien (1979)/a.mkv")
    folders = [LibraryFolder(root, required=True), LibraryFolder(root / "Films", required=True)]
    index = LibraryIndex(folders, store)
    assert found(index) == str(root / "Films/Alien (1979)/a.mkv")
    assert len(index) == 1


def test_a_library_within_a_library_says_nothing_by_its_name(store: Store, root: Path) -> None:
    put(root, "Alien (1979)/film.mkv")
    age(root)
    outer, inner = LibraryFolder(root, required=True), LibraryFolder(root / "Alien (1979)", required=True)
    for folders, there in (([outer], True), ([outer, inner], False), ([outer], True)):
        assert (found(LibraryIndex(folders, store)) is not None) == there


def test_the_name_of_the_library_itself_says_nothing(store: Store, tmp_path: Path) -> None:
    put(tmp_path / "Alien (1979)", "film.mkv")
    assert found(LibraryIndex([LibraryFolder(tmp_path / "Alien (1979)", required=True)], store)) is None


def test_names_that_are_no_utf8_do_not_hurt(index: LibraryIndex, root: Path) -> None:
    put(root, "Alien (1979).mkv")
    (root / os.fsdecode(b"\xff\xfe (1999).mkv")).touch()
    assert found(index)
    assert len(index) == 2
