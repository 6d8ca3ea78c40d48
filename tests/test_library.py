"""LibraryIndex on real folders: certain matches only, and absence is never read as emptiness."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import movie

from movie_sync.errors import Unavailable
from movie_sync.library.index import MAX_DEPTH, LibraryFolder, LibraryIndex
from movie_sync.library.match import film_forms, read_path
from movie_sync.movie import Movie
from movie_sync.store import Store

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


def found(index: LibraryIndex, film: Movie = ALIEN, ignore: Sequence[str] = ()) -> str | None:
    index.refresh()
    return index.find(film, ignore)


# -- which names are this film


@pytest.mark.parametrize(
    "name",
    [
        "Alien.1979.1080p.BluRay.x264-GRP.mkv",
        "Alien (1979).mkv",
        "alien_1979_720p.MP4",
        "Alien (1979)/Alien (1979) [1080p].mkv",
        "Alien (1979)/film.mkv",
        "Movies/A/Alien (1979)/CD1/alien.avi",
        "Alien (1979)/VIDEO_TS/VTS_01_1.VOB",
        "Alien (1979)/BDMV/STREAM/00001.m2ts",
        "Alien Collection/Alien (1979).mkv",
        "Alien.1979.iso",
    ],
)
def test_equal_title_and_year_are_this_film(index: LibraryIndex, root: Path, name: str) -> None:
    put(root, name)
    assert found(index) == str(root / name)


@pytest.mark.parametrize(
    "name",
    [
        "Aliens (1986).mkv",
        "Aliens (1979).mkv",
        "Alien (1980).mkv",
        "Alien.mkv",
        "Alien Resurrection (1997).mkv",
        "Alienated (1979).mkv",
        "My Alien (1979).mkv",
        "Alien 3 (1979).mkv",
        "Alien Nation (1979).mkv",
        "Alien vs Predator (1979).mkv",
        "1979/Alien.mkv",
        "Movies 1979/Alien.mkv",
        "Alien (1979).nfo",
        "Alien (1979).srt",
        "Alien (1979)",
        "Alien (1979).jpg",
    ],
)
def test_near_names_and_other_files_are_not(index: LibraryIndex, root: Path, name: str) -> None:
    put(root, name)
    assert found(index) is None


@pytest.mark.parametrize("title", ["A", "It", "Up", "M", "Us", "Alie", "lien"])
def test_a_part_of_a_name_is_never_a_match(index: LibraryIndex, root: Path, title: str) -> None:
    put(root, "Alien (1979).mkv", "The Upside (1979).mkv", "It Came From Us (1979).mkv")
    assert found(index, movie(2, title, 1979)) is None


@pytest.mark.parametrize(
    ("film", "name"),
    [
        (Movie("Броненосец Потёмкин", 1925), "Броненосец Потемкин (1925).mkv"),
        (Movie("Броненосец Потёмкин", 1925, alt_titles=("Battleship Potemkin",)), "Battleship.Potemkin.1925.720p.mkv"),
        (Movie("七人の侍", 1954), "七人の侍 (1954).mkv"),
        (Movie("千と千尋の神隠し", 2001, alt_titles=("Spirited Away",)), "Spirited Away (2001)/film.mkv"),
        (Movie("기생충", 2019), "기생충.2019.1080p.mkv"),
        (Movie("Häxan", 1922), "Haxan.1922.720p.mkv"),
        (Movie("The Matrix", 1999), "Matrix, The (1999).mkv"),
        (Movie("The Godfather Part II", 1974), "The.Godfather.2.1974.1080p.mkv"),
        (Movie("1917", 2019), "1917.2019.1080p.mkv"),
        (Movie("2001: A Space Odyssey", 1968), "2001.A.Space.Odyssey.1968.mkv"),
        (Movie("Blade Runner 2049", 2017), "Blade.Runner.2049.2017.mkv"),
        (Movie("21 Grams", 2003), "21.Grams.2003.mkv"),
        (Movie("8½", 1963), "8½ (1963).mkv"),
        (Movie("The Collection", 2012), "The Collection (2012).mkv"),
        (Movie("The Rock", 1996), "The.Rock.1996.1080p.mkv"),
    ],
)
def test_titles_of_all_scripts_and_spellings_are_found(index: LibraryIndex, root: Path, film: Movie, name: str) -> None:
    put(root, name)
    assert found(index, film) == str(root / name)


def test_a_film_without_a_year_is_found_by_id_only(index: LibraryIndex, root: Path) -> None:
    put(root, "Alien (1979).mkv")
    assert found(index, Movie("Alien")) is None
    put(root, "Other {tmdb-348}.mkv")
    assert found(index, Movie("Alien", tmdb_id="movie/348")) == str(root / "Other {tmdb-348}.mkv")


@pytest.mark.parametrize(
    "name",
    [
        "Obcy [tt0078748].mkv",
        "Obcy (2000) {imdb-tt0078748}.mkv",
        "Obcy {tmdb-348}.mkv",
        "Obcy [tmdbid=348]/film.mkv",
        "Obcy [imdbid-TT0078748]/CD1/a.avi",
        "Obcy (tmdb 348).mkv",
    ],
)
def test_an_id_in_the_path_decides_outright(index: LibraryIndex, root: Path, name: str) -> None:
    put(root, name)
    assert found(index) == str(root / name)


@pytest.mark.parametrize("name", ["Obcy [tt00787489].mkv", "Obcy {tmdb-3480}.mkv", "Obcy tmdb-348.mkv", "348.mkv"])
def test_another_id_or_a_bare_number_does_not(index: LibraryIndex, root: Path, name: str) -> None:
    put(root, name)
    assert found(index) is None


def test_ids_are_read_in_order_and_a_series_has_no_film_id() -> None:
    assert ids_in("A {tmdb-603} [TT0133093].mkv") == ["tmdb:603", "imdb:tt0133093"]
    assert film_ids(ALIEN) == ["imdb:tt0078748", "tmdb:348"]
    assert film_ids(Movie("Show", 2000, tmdb_id="tv/348")) == []


def test_each_title_is_one_key_and_no_year_is_none() -> None:
    film = Movie("The Matrix", 1999, alt_titles=("Matrix, The", "Matrix", "…"))
    assert film_keys(film) == [("thematrix", 1999), ("matrix", 1999)]
    assert film_keys(Movie("The Matrix")) == []


def test_each_year_a_name_could_mean_is_a_key() -> None:
    assert path_keys("Blade.Runner.2049.2017.mkv") == [("bladerunner2049", 2017), ("bladerunner2049", 2049)]
    assert path_keys("video.mkv") == []


# -- what is no film


@pytest.mark.parametrize(
    "name",
    [
        "Alien.1979.1080p.sample.mkv",
        "Alien (1979) Extras.mkv",
        "Alien.1979.S01E01.1080p.mkv",
        "Alien (1979)/Season 01/Alien - S01E02.mkv",
        "Alien.Trilogy.1979-1986.1080p.mkv",
        "Alien.1979.Trailer.mkv",
        "Alien (1979).mkv.part",
        "Alien (1979).mkv.!qB",
        "Alien (1979).mkv.crdownload",
        ".Alien (1979).mkv",
        ".trash/Alien (1979).mkv",
    ],
)
def test_samples_extras_episodes_packs_and_unfinished_files_are_no_film(
    index: LibraryIndex, root: Path, name: str
) -> None:
    put(root, name)
    assert found(index) is None


@pytest.mark.parametrize(
    "name",
    [
        "Alien.1979.1080p.BluRay.x264-GRP/sample.mkv",
        "Alien.1979.1080p.BluRay.x264-GRP/Sample/alien.mkv",
        "Alien.1979.1080p.BluRay.x264-GRP/grp-alien-sample.mkv",
        "Alien (1979)/Extras/Interview.mkv",
        "Alien (1979)/Featurettes/Interview.mkv",
        "Alien (1979)/Featurettes/Alien (1979) - Behind the scenes.mkv",
        "Alien (1979)/Trailers/teaser.mkv",
        "Alien (1979)/Alien-trailer.mkv",
    ],
)
def test_a_sample_or_extra_alone_in_the_films_folder_is_no_film(index: LibraryIndex, root: Path, name: str) -> None:
    put(root, name)
    assert found(index) is None


@pytest.mark.parametrize("name", ["Fargo (2014)/S01E01.mkv", "Fargo (2014)/Season 1/01 - Pilot.mkv"])
def test_an_episode_in_a_series_folder_is_no_film_of_that_title(index: LibraryIndex, root: Path, name: str) -> None:
    put(root, name)
    assert found(index, Movie("Fargo", 2014)) is None


def test_the_film_beside_its_sample_is_found(index: LibraryIndex, root: Path) -> None:
    put(root, "Alien.1979.1080p-GRP/Alien.1979.1080p-GRP.mkv", "Alien.1979.1080p-GRP/Sample/Alien.1979.sample.mkv")
    assert found(index) == str(root / "Alien.1979.1080p-GRP/Alien.1979.1080p-GRP.mkv")


@pytest.mark.parametrize("name", ["Alien (1979)/film.mkv", "Alien (1979).mkv", "{tmdb-348}/x.mkv"])
def test_an_ignored_name_is_not_found(index: LibraryIndex, root: Path, name: str) -> None:
    put(root, name)
    assert found(index, ignore=[name.partition("/")[0]]) is None
    assert found(index, ignore=["other", "Alien"]) == str(root / name)


def test_a_whole_copy_is_found_beside_an_ignored_one(index: LibraryIndex, root: Path) -> None:
    put(root, "Alien.1979.1080p/a.mkv", "Alien (1979).mkv")
    assert found(index, ignore=["Alien.1979.1080p"]) == str(root / "Alien (1979).mkv")


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
    index.refresh()
    before = (root / "B" / "C").stat()
    put(root, "B/C/Aliens (1986).mkv")
    os.utime(root / "B" / "C", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert found(index, Movie("Aliens", 1986)) is None
    assert found(index)


def test_find_before_the_first_refresh_finds_nothing(index: LibraryIndex, root: Path) -> None:
    put(root, "Alien (1979).mkv")
    assert index.find(ALIEN) is None
    assert len(index) == 0


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


def test_the_name_of_the_library_itself_says_nothing(store: Store, tmp_path: Path) -> None:
    put(tmp_path / "Alien (1979)", "film.mkv")
    assert found(LibraryIndex([LibraryFolder(tmp_path / "Alien (1979)", required=True)], store)) is None


def test_names_that_are_no_utf8_do_not_hurt(index: LibraryIndex, root: Path) -> None:
    put(root, "Alien (1979).mkv")
    (root / os.fsdecode(b"\xff\xfe (1999).mkv")).touch()
    assert found(index)
    assert len(index) == 2


def test_no_folders_are_no_films(store: Store) -> None:
    assert found(LibraryIndex([], store)) is None


def test_2000_files_are_indexed_within_seconds(index: LibraryIndex, root: Path) -> None:
    for number in range(40):
        folder = root / f"shelf {number}"
        folder.mkdir()
        for film in range(50):
            (folder / f"Film {number * 50 + film} ({1950 + number}).mkv").touch()
    started = time.monotonic()
    index.refresh()
    assert len(index) == 2000
    assert index.find(Movie("Film 1234", 1974)) == str(root / "shelf 24" / "Film 1234 (1974).mkv")
    index.refresh()
    assert time.monotonic() - started < 10
