"""Looking films up among real files: what is found, in which order, and that it agrees with comparing each."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import movie
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_sync.library.index import FILES_A_WRITE, MOST_CANDIDATES, LibraryFolder, LibraryIndex
from movie_sync.library.match import match
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
        (root / name).touch()


def found(index: LibraryIndex, ignore: Sequence[str] = ()) -> str | None:
    index.refresh()
    return index.find(ALIEN, ignore)


@pytest.mark.parametrize("name", ["Alien (1979)/film.mkv", "Alien (1979).mkv", "{tmdb-348}/x.mkv"])
def test_an_ignored_name_is_not_found(index: LibraryIndex, root: Path, name: str) -> None:
    put(root, name)
    assert found(index, ignore=[name.partition("/")[0]]) is None
    assert found(index, ignore=["other", "Alien"]) == str(root / name)


def test_a_whole_copy_is_found_beside_an_ignored_one(index: LibraryIndex, root: Path) -> None:
    put(root, "Alien.1979.1080p/a.mkv", "Alien (1979).mkv")
    assert found(index, ignore=["Alien.1979.1080p"]) == str(root / "Alien (1979).mkv")


def test_find_before_the_first_refresh_finds_nothing(index: LibraryIndex, root: Path) -> None:
    put(root, "Alien (1979).mkv")
    assert index.find(ALIEN) is None
    assert len(index) == 0


def test_no_folders_are_no_films(store: Store) -> None:
    assert found(LibraryIndex([], store)) is None


def test_a_folder_of_many_films_is_written_in_parts(index: LibraryIndex, root: Path) -> None:
    for number in range(2 * FILES_A_WRITE + 1):
        (root / f"Film {number} ({1950 + number % 50}).mkv").touch()
    index.refresh()
    assert len(index) == 2 * FILES_A_WRITE + 1
    assert index.find(Movie("Film 2600", 1950)) == str(root / "Film 2600 (1950).mkv")


def test_two_processes_that_look_at_once_agree(root: Path, store: Store, home: Path) -> None:
    put(root, "A/Alien (1979).mkv")
    other_store = Store(store.path)
    one, other = (LibraryIndex([LibraryFolder(root, required=True)], each) for each in (store, other_store))
    one.refresh()
    put(root, "A/Aliens (1986).mkv")
    other.refresh()
    one.refresh()
    assert len(one) == len(other) == 2
    other_store.close()


# -- files that probably are the film


def test_candidates_are_the_certain_then_the_probable_each_with_its_reason(index: LibraryIndex, root: Path) -> None:
    put(root, "The Wonderful Room (1986).mkv", "Wonderful.Room.1985.mkv", "Other/The Wonderfull Room (1985).mkv")
    put(root, "The Wonderful Room (1985).mkv", "The Wonderful Room (1992).mkv", "The Wonderful Room.mkv")
    index.refresh()
    found = index.candidates(Movie("The Wonderful Room", 1985))
    assert [(Path(one.path).name, one.match.verdict, one.match.because) for one in found] == [
        ("The Wonderful Room (1985).mkv", "certain", "title and year are equal"),
        (
            "The Wonderfull Room (1985).mkv",
            "probable",
            "the title is spelt a little differently: the wonderfull room, and the year is equal",
        ),
        ("The Wonderful Room (1986).mkv", "probable", "the year is off by one: 1986, wanted 1985"),
        ("The Wonderful Room.mkv", "probable", "the title is equal, the name has no year"),
        ("Wonderful.Room.1985.mkv", "probable", "only an article differs: wonderful room, and the year is equal"),
    ]


def test_a_film_without_a_year_has_probable_files_only_but_for_its_id(index: LibraryIndex, root: Path) -> None:
    put(root, "The Wonderful Room (1985).mkv", "Alien (1979).mkv", "Other {tmdb-348}.mkv")
    index.refresh()
    assert [one.match.verdict for one in index.candidates(Movie("The Wonderful Room"))] == ["probable"]
    assert index.candidates(Movie("Alien")) == []
    assert index.find(Movie("Alien", tmdb_id="movie/348")) == str(root / "Other {tmdb-348}.mkv")


def test_a_year_in_a_title_is_no_year_of_the_film(index: LibraryIndex, root: Path) -> None:
    put(root, "Blade.Runner.2049.mkv")
    index.refresh()
    assert [one.match.verdict for one in index.candidates(Movie("Blade Runner 2049", 2017))] == ["probable"]


def test_candidates_are_bounded_and_leave_out_what_is_ignored(index: LibraryIndex, root: Path) -> None:
    put(root, *(f"{number}/Alien (1979).mkv" for number in range(MOST_CANDIDATES + 5)))
    index.refresh()
    assert len(index.candidates(ALIEN)) == MOST_CANDIDATES
    assert index.candidates(ALIEN, ["Alien (1979).mkv"]) == []


TITLES = ["Alien", "The Alien", "Alein Nation", "Alien Nation", "The Terminator", "Terminator", "Heat and Dust", "M"]


@given(
    names=st.lists(
        st.builds("{}{}.mkv".format, st.sampled_from(TITLES), st.sampled_from(["", " (1979)", " (1980)", " (1988)"])),
        unique=True,
        max_size=12,
    ),
    film=st.builds(Movie, st.sampled_from(TITLES), st.sampled_from([None, 1979, 1980])),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_looking_up_and_comparing_each_file_come_to_the_same(
    names: list[str], film: Movie, store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("library")
    put(root, *names, "other.txt")
    index = LibraryIndex([LibraryFolder(root, required=True)], store)
    index.refresh()
    compared = {str(root / name): match(film, name) for name in names}
    looked_up = {one.path: one.match for one in index.candidates(film)}
    assert looked_up == {path: one for path, one in compared.items() if one.verdict != "different"}
    assert (index.find(film) is None) == all(one.verdict != "certain" for one in compared.values())
