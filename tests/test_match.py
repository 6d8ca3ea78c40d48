"""Is this path that film: certain, probable or different, on names of many styles; and on any text at all."""

import hashlib
import json
import time

import pytest
from conftest import SHARED_DATA, movie
from hypothesis import assume, given
from hypothesis import strategies as st

from movie_sync.library.match import distance, match, near, read_path
from movie_sync.movie import Movie
from movie_sync.releases.titles import title_words

ALIEN = movie(1, "Alien", 1979, imdb_id="tt0078748", tmdb_id="movie/348")


def verdict(film: Movie, path: str) -> str:
    return match(film, path).verdict


# -- certain


@pytest.mark.parametrize(
    "name",
    [
        "Alien.1979.1080p.BluRay.x264-GRP.mkv",
        "Alien (1979)",
        "Alien (1979).mkv",
        "alien_1979_720p.MP4",
        "Alien [1979].avi",
        "Alien (1979)/Alien (1979) [1080p].mkv",
        "Alien (1979)/film.mkv",
        "Alien (1979)/00c1a7b2d3e4f5a6b7c8d9e0f1a2b3c4.mkv",
        "Movies/A/Alien (1979)/CD1/alien.avi",
        "Alien (1979)/VIDEO_TS/VTS_01_1.VOB",
        "Alien (1979)/BDMV/STREAM/00001.m2ts",
        "Alien Collection/Alien (1979).mkv",
        "Alien Anthology (1979-1997)/Alien (1979)/Alien (1979) 1080p.mkv",
        "Alien (1979)/01.02.03.Alien.(1979).720p.mkv",
        "Alien [Director's Cut] 1979.mkv",
        "Alien (Ridley Scott, 1979).avi",
        "Alien - Obcy / Alien (1979) 1080p",
        "Alien AKA Obcy 1979 720p.mkv",
        "異形 Alien.1979.1080p.mkv",
    ],
)
def test_equal_title_and_year_are_certain(name: str) -> None:
    assert match(ALIEN, name).verdict == "certain"


@pytest.mark.parametrize(
    ("film", "name"),
    [
        (Movie("Броненосец Потёмкин", 1925), "Броненосец Потемкин (1925).mkv"),
        (Movie("Броненосец Потёмкин", 1925, alt_titles=("Battleship Potemkin",)), "Battleship.Potemkin.1925.720p.mkv"),
        (Movie("七人の侍", 1954), "七人の侍 (1954).mkv"),
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
        (Movie("Barry & the Band", 2001), "Barry.the.Band.2001.mkv"),
        (Movie("Doctor Zhivago", 1965), "Dr.Zhivago.1965.mkv"),
        (Movie("The Bridge on the River Kwai", 1957), "Bridge.on.the.River.Kwai.1957.mkv"),
        (Movie("…And Justice for All", 1979), "And.Justice.for.All.1979.mkv"),
        (Movie("How to Fly a Kite", 2016), "grp-how.to.fly.a.kite.2016.1080p.mkv"),
    ],
)
def test_titles_of_all_scripts_and_spellings_are_certain(film: Movie, name: str) -> None:
    assert verdict(film, name) == "certain"


@pytest.mark.parametrize(
    "name",
    [
        "Obcy [tt0078748].mkv",
        "Obcy (2000) {imdb-tt0078748}.mkv",
        "Obcy {tmdb-348}.mkv",
        "Obcy [tmdbid=348]/film.mkv",
        "Obcy [imdbid-TT0078748]/CD1/a.avi",
        "Obcy (tmdb 348).mkv",
        "Obcy {tmdb-8091}/Obcy {tmdb-348}.mkv",
    ],
)
def test_an_equal_id_in_the_path_is_certain(name: str) -> None:
    assert verdict(ALIEN, name) == "certain"


@pytest.mark.parametrize("name", ["Alien (1979) [tt00787489].mkv", "Alien (1979) {tmdb-3480}.mkv"])
def test_another_id_is_another_film_whatever_its_name(name: str) -> None:
    assert match(ALIEN, name).because.startswith("the name has another id")


def test_ids_of_another_kind_than_the_films_say_nothing() -> None:
    assert verdict(Movie("Alien", 1979, imdb_id="tt0078748"), "Alien (1979) {tmdb-348}.mkv") == "certain"
    assert verdict(Movie("Alien", 1979, tmdb_id="tv/348"), "Other (1979) {tmdb-348}.mkv") == "different"
    assert read_path("A {tmdb-603} [TT0133093].mkv").ids == ("tmdb:603", "imdb:tt0133093")


# -- probable


@pytest.mark.parametrize(
    ("film", "name", "because"),
    [
        (ALIEN, "Alien (1980).mkv", "the year is off by one: 1980, wanted 1979"),
        (Movie("The Long Good Friday", 1980), "The Long Good Friday.mkv", "the title is equal, the name has no year"),
        (Movie("The Long Good Friday"), "The Long Good Friday (1980).mkv", "the title is equal, the film has no year"),
        (Movie("The Matrix", 1999), "Matrix.1999.mkv", "only an article differs: matrix, and the year is equal"),
        (
            Movie("A Perfect Stranger", 1994),
            "A Prefect Strangr (1994).mkv",
            "the title is spelt a little differently: a prefect strangr, and the year is equal",
        ),
        (Movie("Kept Street: 1994", 2021), "Kept.Street.1994.mkv", "the name has no year but the 1994 of the title"),
        (
            Movie("…Lost", 2001),
            "Lost (2001).mkv",
            "the year is equal, and the title or a part of the name, but a short one has twins",
        ),
    ],
)
def test_a_small_difference_is_probable_with_its_reason(film: Movie, name: str, because: str) -> None:
    found = match(film, name)
    assert (found.verdict, found.because) == ("probable", because)


@pytest.mark.parametrize("name", ["Obcy (Alien) 1979.mkv", "grp-alien.1979.720p.mkv"])
def test_a_short_title_in_a_part_of_the_name_is_probable(name: str) -> None:
    assert verdict(ALIEN, name) == "probable"


# -- different


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Aliens (1986).mkv",
        "Aliens (1979).mkv",
        "Alien (1981).mkv",
        "Alien.mkv",
        "Alien Resurrection (1997).mkv",
        "Alienated (1979).mkv",
        "My Alien (1979).mkv",
        "The Alien (1979).mkv",
        "Alien 3 (1979).mkv",
        "Alien Nation (1979).mkv",
        "Alien vs Predator (1979).mkv",
        "1979/Alien.mkv",
        "Alien Quadrilogy (1979-1997)/Alien 3.mkv",
        "Alien Trilogy (1979-1986)/01.02.03.Alien.(1979).mkv",
        "Obcy tmdb-348.mkv",
        "348.mkv",
    ],
)
def test_near_names_are_different(name: str) -> None:
    assert verdict(ALIEN, name) == "different"


@pytest.mark.parametrize("title", ["A", "It", "Up", "M", "Us", "Alie", "lien", "…", ""])
def test_a_part_of_a_name_is_never_a_match(title: str) -> None:
    names = ("Alien (1979).mkv", "The Upside (1979).mkv", "It Came From Us (1979).mkv", "(1979).mkv")
    assert {verdict(movie(2, title, 1979), name) for name in names} == {"different"}


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("Alien.1979.1080p.sample.mkv", "sample"),
        ("Alien.1979.SAMPLE.1080p.x264-GRP.mkv", "sample"),
        ("Alien (1979) Extras.mkv", "extra"),
        ("Alien.1979.S01E01.1080p.mkv", "episode"),
        ("Alien (1979)/Season 01/Alien - S01E02.mkv", "episode"),
        ("Alien.Trilogy.1979-1986.1080p.mkv", "pack"),
        ("Alien.1979.Trailer.mkv", "extra"),
        ("Alien.1979.1080p.BluRay.x264-GRP/sample.mkv", "sample"),
        ("Alien.1979.1080p.BluRay.x264-GRP/Sample/alien.mkv", "sample"),
        ("Alien.1979.1080p.BluRay.x264-GRP/grp-alien-sample.mkv", "sample"),
        ("Alien (1979)/Extras/Interview.mkv", "extra"),
        ("Alien (1979)/Featurettes/Interview.mkv", "extra"),
        ("Alien (1979)/Featurettes/Alien (1979) - Behind the scenes.mkv", "extra"),
        ("Alien (1979) - Behind the Scenes.mkv", "extra"),
        ("Alien (1979)/Trailers/teaser.mkv", "extra"),
        ("Alien (1979)/Alien-trailer.mkv", "extra"),
        ("Alien (1979)/S01E01.mkv", "episode"),
        ("Alien (1979)/Season 1/01 - Pilot.mkv", "episode"),
    ],
)
def test_samples_extras_episodes_and_packs_are_no_film(name: str, because: str) -> None:
    found = match(ALIEN, name)
    assert found.verdict == "different"
    assert because in found.because


# -- words that nearly agree


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [("", "abc", 3), ("guardians", "gaurdians", 1), ("judgment", "judgement", 1), ("requiem", "requim", 1),
     ("heat", "hunt", 2), ("kitten", "sitting", 3)],
)  # fmt: skip
def test_the_distance_of_two_words_is_counted_in_letters(one: str, other: str, letters: int) -> None:
    assert distance(one, other) == distance(other, one) == letters


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Guardians of the Galaxy", "Gaurdians of the Galaxy", True),
        ("Terminator 2 Judgment Day", "Terminator 2 Judgement Day", True),
        ("Terminator 2 Judgment Day", "Terminator 3 Judgement Day", False),
        ("Requiem for a Dream", "Requiem for a Dram", False),
        ("Requiem for a Dream", "Requiem for Dream", False),
        ("Terminal", "Terminator", False),
        ("Here", "Hero", False),
        ("Nosferatu", "Nosferatto", False),
        ("Nosferatu", "Nosferato", True),
    ],
)
def test_only_slips_in_long_words_are_near(one: str, other: str, alike: bool) -> None:
    assert near(title_words(one), title_words(other)) == alike


# -- any name

WORDS = st.lists(st.sampled_from("Silent River Garden Kept Lion's Über Ночь of at by".split()), min_size=1, max_size=5)
PLAIN_TITLES = WORDS.map(" ".join).filter(lambda title: title.split()[0] not in {"of", "at", "by"})
STYLES = (
    "{title} ({year})",
    "{title} ({year}).mkv",
    "{title} [{year}].avi",
    "{title} ({year})/{title} ({year}) [1080p].mkv",
    "Movies/{title} ({year})/movie.mkv",
    "{dots}.{year}.1080p.BluRay.x264-GRP.mkv",
    "{dots}.{year}.2160p.WEB-DL.DDP5.1.H.265-GRP/{dots}.{year}.2160p.WEB-DL.DDP5.1.H.265-GRP.mkv",
)
YEARS = st.integers(1925, 2024)


def styled(style: str, title: str, year: int) -> str:
    return style.format(title=title, dots=title.replace("'", "").replace(" ", "."), year=year)


@given(PLAIN_TITLES, YEARS, st.sampled_from(STYLES))
def test_a_path_made_of_a_films_own_title_and_year_is_certain(title: str, year: int, style: str) -> None:
    assert verdict(Movie(title, year), styled(style, title, year)) == "certain"


@given(PLAIN_TITLES, YEARS, YEARS, st.sampled_from(STYLES))
def test_a_year_that_differs_by_more_than_one_is_different(title: str, year: int, other: int, style: str) -> None:
    assume(abs(year - other) > 1)
    assert verdict(Movie(title, year), styled(style, title, other)) == "different"


@given(PLAIN_TITLES, PLAIN_TITLES, YEARS, st.sampled_from(STYLES))
def test_other_words_are_never_certain(title: str, other: str, year: int, style: str) -> None:
    assume("".join(title_words(title)) != "".join(title_words(other)))
    assert verdict(Movie(title, year), styled(style, other, year)) != "certain"


@given(st.text(max_size=300), st.text(max_size=100), st.one_of(st.none(), YEARS), st.lists(st.text(), max_size=3))
def test_any_text_has_a_verdict_and_a_reason(path: str, title: str, year: int | None, others: list[str]) -> None:
    found = match(Movie(title, year, alt_titles=tuple(others)), path)
    assert found.verdict in {"certain", "probable", "different"}
    assert found.because


@pytest.mark.parametrize("part", ["(", "(a", "[1", "a (b) ", "a-", " / ", "a/", "2001 (a ", "..", "tt1", "{tmdb-"])
def test_a_path_of_2000_characters_is_compared_in_no_time(part: str) -> None:
    started = time.process_time()
    match(ALIEN, (part * 2000)[:2000])
    assert time.process_time() - started < 0.25


# -- a large set of pairs, where it is present


@pytest.mark.skipif(
    not (SHARED_DATA / "match_pairs.jsonl").exists(), reason="contract check: the set of pairs is not here"
)
def test_the_pairs_chosen_for_tuning_reach_the_aims() -> None:
    lines = (SHARED_DATA / "match_pairs.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [pair for pair in map(json.loads, lines) if hashlib.sha256(pair["name"].encode()).digest()[0] % 2 == 0]
    found = [
        (pair["same"], verdict(Movie(pair["title"], pair["year"], alt_titles=tuple(pair["alt_titles"])), pair["name"]))
        for pair in pairs
    ]
    positives = sum(same for same, _ in found)
    assert not [one for one in found if one == (False, "certain")]
    assert found.count((True, "certain")) >= 0.95 * positives
    right = found.count((True, "certain")) + found.count((True, "probable"))
    assert right >= 0.99 * positives
    assert right >= 0.998 * (right + found.count((False, "probable")))


def test_a_file_that_adds_a_number_to_its_folder_is_not_certainly_the_folders_film() -> None:
    saw = Movie("Saw", 2004)
    assert match(saw, "Saw (2004)/Saw II.mkv").verdict != "certain"
    for path in ("Saw (2004)/Saw.mkv", "Saw (2004)/Saw cd1.mkv", "Saw (2004)/Saw 1080p.mkv", "Saw (2004)/movie.mkv"):
        assert match(saw, path).verdict == "certain", path
