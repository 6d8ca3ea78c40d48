"""Release names, title keys, what is refused and what is best."""

import itertools
import random
import string
import time
from typing import Any

import pytest
from conftest import movie
from hypothesis import given
from hypothesis import strategies as st

from movie_sync.movie import Decision, Movie, ParsedRelease, Release
from movie_sync.releases.parse import parse_release
from movie_sync.releases.profile import Profile, from_categories
from movie_sync.releases.rank import judge
from movie_sync.releases.rules import holds_another_film, refusals
from movie_sync.releases.titles import title_key


def wishes(*levels: str, **preferences: Any) -> Profile:
    return from_categories([[level] for level in levels], **preferences)


PROFILE = wishes("4k", "hd", "sd")
ALIEN = movie(1, "Alien", 1979, imdb_id="tt0078748")


HOBBIT = movie(3, "The Hobbit: An Unexpected Journey", 2012, imdb_id="tt0903624")
SMAUG = 'another film: titled "The Hobbit The Desolation of Smaug", though tagged tt0903624'


def release(name: str = "Alien.1979.1080p.BluRay.x264-GRP", number: int = 1, **facts: Any) -> Release:
    return Release("filelist", number, name, **({"seeders": 10} | facts))


def reasons(name: str, film: Movie = ALIEN, profile: Profile = PROFILE, **facts: Any) -> tuple[str, ...]:
    return refusals(film, release(name, **facts), profile, {})


# -- names


@pytest.mark.parametrize(
    ("name", "title", "year"),
    [
        ("Alien.1979.1080p.BluRay.x264-GRP", "Alien", 1979),
        ("Alien 1979 1080p BluRay x264-GRP", "Alien", 1979),
        ("Alien_1979_1080p_BluRay.mkv", "Alien", 1979),
        ("Alien (1979)", "Alien", 1979),
        ("Alien [1979] [1080p]", "Alien", 1979),
        ("Alien.REMASTERED.1979.1080p", "Alien", 1979),
        ("Alien.1080p.1979", "Alien", 1979),
        ("Alien.1080p.BluRay.x264-GRP", "Alien", None),
        ("Alien.EXTENDED.BluRay", "Alien", None),
        ("1917.2019.1080p.BluRay.x264-GRP", "1917", 2019),
        ("1917.1080p.BluRay.x264-GRP", "1917", None),
        ("1917 (2019)", "1917", 2019),
        ("2012.2009.720p.BluRay.x264-GRP", "2012", 2009),
        ("1984.1984.1080p.BluRay.x264", "1984", 1984),
        ("300.2006.1080p.BluRay.x264-GRP", "300", 2006),
        ("9.2009.1080p.BluRay", "9", 2009),
        ("2001.A.Space.Odyssey.1968.2160p.UHD.BluRay.x265-GRP", "2001 A Space Odyssey", 1968),
        ("Blade.Runner.2049.2017.1080p.WEB-DL.H264-GRP", "Blade Runner 2049", 2017),
        ("Wonder.Woman.1984.2020.1080p.WEB-DL.H264-GRP", "Wonder Woman 1984", 2020),
        ("Death.Race.2000.1975.1080p.BluRay.x264", "Death Race 2000", 1975),
        ("Metropolis.1927.1920x1080.x264", "Metropolis", 1927),
        ("21.Grams.2003.1080p.BluRay.x264-GRP", "21 Grams", 2003),
        ("The.Bone.Collector.1999.1080p.BluRay.x264-GRP", "The Bone Collector", 1999),
        ("The.Godfather.Part.II.1974.1080p.BluRay.x264-GRP", "The Godfather Part II", 1974),
        ("Charlottes.Web.2006.1080p.BluRay.x264-GRP", "Charlottes Web", 2006),
        ("Cam.2018.1080p.NF.WEB-DL.x264-GRP", "Cam", 2018),
        ("S21.The.Khmer.Rouge.Killing.Machine.2003.DVDRip", "S21 The Khmer Rouge Killing Machine", 2003),
        ("K-19.The.Widowmaker.2002.1080p.BluRay-GRP", "K-19 The Widowmaker", 2002),
        ("Se7en.1995.REMASTERED.1080p.BluRay.x264-GRP", "Se7en", 1995),
        ("Броненосец.Потёмкин.1925.1080p", "Броненосец Потёмкин", 1925),
        ("www.site.ro - Alien.1979.1080p", "Alien", 1979),
        ("[ site.org ] Alien 1979 1080p", "Alien", 1979),
        ("", "", None),
    ],
)
def test_title_and_year_are_read(name: str, title: str, year: int | None) -> None:
    parsed = parse_release(name)
    assert (parsed.title, parsed.year) == (title, year)


@pytest.mark.parametrize(
    ("name", "title", "year"),
    [
        ("The.Rock.1996.1080p.BluRay.x264-GRP", "The Rock", 1996),
        ("The.Royal.Tenenbaums.2001.720p.BluRay.x264-GRP", "The Royal Tenenbaums", 2001),
        ("The.Road.2009.1080p.BluRay.x264-GRP", "The Road", 2009),
        ("The.Commuter.2018.1080p.BluRay.x264-GRP", "The Commuter", 2018),
        ("The.Organization.1971.720p.BluRay", "The Organization", 1971),
        ("Bad.Company.1972.1080p.BluRay", "Bad Company", 1972),
        ("A.Common.Title.2014.avi", "A Common Title", 2014),
        ("The.Net.1995.1080p.BluRay.x264-GRP", "The Net", 1995),
    ],
)
def test_a_second_word_that_begins_like_a_domain_is_no_site(name: str, title: str, year: int) -> None:
    parsed = parse_release(name)
    assert (parsed.title, parsed.year) == (title, year)


def test_every_year_of_a_name_is_kept_the_likeliest_first() -> None:
    assert parse_release("Blade.Runner.2049.2017.1080p").years == (2017, 2049)
    assert parse_release("Alien.1979.1080p.2003").years == (1979, 2003)


@pytest.mark.parametrize("size", ["1080p", "2160p", "1920x1080", "12019", "20191"])
def test_numbers_that_only_look_like_years_are_none(size: str) -> None:
    assert parse_release(f"Alien.{size}.BluRay").years == ()


@pytest.mark.parametrize(
    ("words", "resolution"),
    [
        ("2160p.WEB-DL", "2160p"), ("4K.WEB-DL", "2160p"), ("UHD.BluRay.x265", "2160p"), ("3840x1600", "2160p"),
        ("1080p.BluRay", "1080p"), ("1080P", "1080p"), ("1920x800", "1080p"), ("1080i.HDTV", "1080i"),
        ("720p", "720p"), ("1280x544", "720p"), ("576p.DVDRip", "576p"), ("480p", "480p"), ("640x480", "480p"),
        ("DVDRip", None), ("BluRay", None),
    ],
)  # fmt: skip
def test_the_resolution_is_read(words: str, resolution: str | None) -> None:
    assert parse_release(f"Film.2000.{words}-GRP").resolution == resolution


@pytest.mark.parametrize(
    "words", ["1080p.UHD.BluRay.x264", "4K.Remastered.1080p.BluRay", "1080p.4K.Restoration.BluRay.REMUX.AVC"]
)
def test_1080p_made_from_a_4k_master_is_1080p(words: str) -> None:
    assert parse_release(f"Film.2000.{words}-GRP").resolution == "1080p"


@pytest.mark.parametrize(
    ("words", "source"),
    [
        ("1080p.BluRay.x264", "bluray"), ("1080p.Blu-ray.AVC", "bluray"), ("BDRip", "bluray"), ("BRRip", "bluray"),
        ("1080p.WEB-DL.H264", "webdl"), ("1080p.WEBDL", "webdl"), ("1080p.WEB.h264", "webdl"), ("WEBRip", "webrip"),
        ("1080p.WEB-Rip", "webrip"), ("HDRip.XviD", "webrip"), ("720p.HDTV", "hdtv"), ("PDTV", "hdtv"),
        ("DVDRip", "dvd"), ("DVD9", "dvd"), ("PAL.DVDR", "dvd"), ("HDCAM", "cam"), ("CAMRip", "cam"),
        ("HDTS", "telesync"), ("TeleSync", "telesync"), ("TS.x264", "telesync"), ("HDTC", "telecine"),
        ("DVDSCR", "screener"), ("SCREENER", "screener"), ("WORKPRINT", "workprint"), ("1080p", None),
        ("CAM.1080p.BluRay.Audio", "cam"),
    ],
)  # fmt: skip
def test_the_source_is_read_and_a_poor_one_is_not_hidden(words: str, source: str | None) -> None:
    assert parse_release(f"Film.2000.{words}-GRP").source == source


@pytest.mark.parametrize(
    ("words", "codec"),
    [
        ("x264", "h264"), ("H.264", "h264"), ("AVC", "h264"), ("x265", "h265"), ("HEVC", "h265"), ("H 265", "h265"),
        ("AV1", "av1"), ("XviD", "xvid"), ("DivX", "xvid"), ("VC-1", "vc1"), ("MPEG-2", "mpeg2"), ("DTS", None),
    ],
)  # fmt: skip
def test_the_codec_is_read(words: str, codec: str | None) -> None:
    assert parse_release(f"Film.2000.1080p.{words}-GRP").codec == codec


@pytest.mark.parametrize(
    ("words", "fact", "value"),
    [
        ("1080p.BluRay.REMUX.AVC", "remux", True),
        ("1080p.BDRemux", "remux", True),
        ("COMPLETE.BLURAY", "disc", True),
        ("COMPLETE.UHD.BLURAY", "disc", True),
        ("BD50", "disc", True),
        ("DVD9", "disc", True),
        ("1080p.BluRay.BD50.x264", "disc", False),
        ("1080p.BluRay.x264", "disc", False),
        ("1080p.sample", "sample", True),
        ("1080p.EXTRAS", "extra", True),
        ("BONUS.DVDRip", "extra", True),
        ("1080p.3D.HSBS", "is_3d", True),
        ("1080p.Half-OU", "is_3d", True),
        ("1080p.PROPER", "proper", True),
        ("1080p.REPACK2", "repack", True),
        ("1080p.x264", "proper", False),
        ("1080p.RoSubbed", "romanian", True),
        ("1080p.RO", "romanian", True),
        ("1080p.Romanian", "romanian", True),
        ("1080p.x264", "romanian", False),
    ],
)
def test_the_marks_are_read(words: str, fact: str, value: bool) -> None:
    assert getattr(parse_release(f"Film.2000.{words}-GRP"), fact) is value


@pytest.mark.parametrize(
    ("name", "season"),
    [
        ("Show.S02.1080p", 2), ("Show.S02E05.1080p", 2), ("Show.S02.E05.1080p", 2), ("Show Season 3 720p", 3),
        ("Show.Seasons.1-3.720p", 1), ("Show.4x05.HDTV", 4), ("Film.2000.1080p", None), ("S21.Film.2003.1080p", None),
        ("Film.2000.1280x720", None), ("21.Grams.2003.1080p", None),
    ],
)  # fmt: skip
def test_seasons_and_episodes_are_read(name: str, season: int | None) -> None:
    assert parse_release(name).season == season


@pytest.mark.parametrize(
    "name",
    [
        "The.Matrix.Trilogy.1999-2003.1080p",
        "Alien.Anthology.1080p.BluRay",
        "Rocky.Collection.1080p",
        "Colectia.Rocky.720p",
        "Rocky.1-6.Movies.1080p",
        "Film.1990-1995.DVDRip",
        "Star.Wars.Complete.Saga.1080p",
    ],
)
def test_packs_are_seen(name: str) -> None:
    assert parse_release(name).pack


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Film.2000.1080p.BluRay.x264-GRP", "GRP"),
        ("Film.2000.1080p.BluRay.x264-GRP.mkv", "GRP"),
        ("Film.2000.1080p.BluRay.x264-D-Z0N3", "D-Z0N3"),
        ("Film.2000.1080p.BluRay.x264-RO", None),
        ("Film.2000.1080p.WEB-DL", None),
        ("Film.2000.1080p.DTS-HD", None),
        ("Film 2000 1080p", None),
    ],
)
def test_the_group_stands_after_the_last_dash_unless_that_is_another_word(name: str, group: str | None) -> None:
    assert parse_release(name).group == group


def test_a_release_without_a_group_that_ends_in_ro_is_romanian() -> None:
    assert parse_release("Film.2000.1080p.BluRay.x264-RO").romanian


@given(st.text(max_size=2000))
def test_any_text_can_be_read(name: str) -> None:
    parsed = parse_release(name)
    assert isinstance(parsed, ParsedRelease)
    assert all(1870 <= year <= 2099 for year in parsed.years)


WORDS = [
    "Film",
    "2000",
    "1080p",
    "web",
    "S01E01",
    "-",
    "(",
    "]",
    "www.a.ro",
    "Part",
    "II",
    "4k",
    "x264",
    "RO",
    "3d",
    "'",
]


@given(st.lists(st.sampled_from(WORDS), max_size=400), st.sampled_from([".", " ", "_", ""]))
def test_any_heap_of_words_can_be_read(words: list[str], between: str) -> None:
    parsed = parse_release(between.join(words))
    assert parsed.title == parsed.title.strip()


HARD = [
    "a-",
    "-a.",
    "web ",
    "2020.",
    "s01e01",
    "(",
    " ",
    "_",
    "www.",
    "1",
    "aka ",
    "x264-",
    "hd",
    "ts.",
    "'",
    "&",
    "bd-",
]


@pytest.mark.parametrize("part", [*HARD, " ", "web ", "aka "])
def test_a_name_of_2000_characters_is_read_in_no_time(part: str) -> None:
    names = [(part * 2000)[: 2000 - extra] for extra in range(5)]
    started = time.process_time()
    for name in names:
        parse_release(name)
        title_key(name)
    assert time.process_time() - started < 0.25


def test_two_thousand_names_are_read_within_a_few_seconds() -> None:
    dice = random.Random(1)
    names = ["".join(dice.choices(string.ascii_letters + "..-- 0123456789", k=90)) + ".2000.1080p" for _ in range(2000)]
    started = time.process_time()
    for name in names:
        parse_release(name)
    assert time.process_time() - started < 5


# -- title keys


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Amélie", "Amelie"),
        ("AMÉLIE", "amelie"),
        ("Fast & Furious", "Fast and Furious"),
        ("Romeo + Juliet", "Romeo and Juliet"),
        ("Don't Look Now", "Dont.Look.Now"),
        ("Don’t Look Now", "Don't Look Now"),
        ("Matrix, The", "The Matrix"),
        ("S.W.A.T.", "SWAT"),
        ("E.T. the Extra-Terrestrial", "ET The Extra Terrestrial"),
        ("Rocky II", "Rocky 2"),
        ("The Godfather Part II", "The Godfather 2"),
        ("The Godfather: Part Two", "The Godfather Part II"),
        ("Kill Bill: Vol. 1", "Kill Bill Volume One"),
        ("It Chapter Two", "It Chapter 2"),
        ("WALL·E", "WALL-E"),
        ("Alien³", "Alien 3"),
        ("Straße", "Strasse"),
        ("Æon Flux", "Aeon Flux"),
        ("Bølgen", "Bolgen"),
        ("Łódź", "Lodz"),
        ("Потёмкин", "ПОТЕМКИН"),
        ("Twelve Angry Men", "12 Angry Men"),
        ("Spider-Man: No Way Home", "Spider Man No Way Home"),
        ("8½", "8 1/2"),
        ("  M ", "m"),
    ],
)
def test_two_spellings_of_one_title_share_a_key(one: str, two: str) -> None:
    assert title_key(one) == title_key(two) != ""


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Rocky II", "Rocky III"), ("Rocky", "Rocky II"), ("Alien", "Aliens"), ("V", "5"), ("M", "N"), ("Up", "Us"),
        ("The Part", "The"), ("X", "10"), ("The Ring", "The Ring Two"), ("Кино", "Kino"), ("映画", "絵画"),
    ],
)  # fmt: skip
def test_two_titles_do_not_share_a_key(one: str, two: str) -> None:
    assert title_key(one) != title_key(two)


@pytest.mark.parametrize("title", ["", "…", "!!!", " . "])
def test_a_title_without_letters_has_no_key(title: str) -> None:
    assert title_key(title) == ""


@given(st.text(max_size=200))
def test_a_key_holds_letters_and_digits_only_and_does_not_depend_on_case(title: str) -> None:
    key = title_key(title)
    assert key == "" or key.isalnum()
    assert not any(char.isspace() for char in key)


# -- the quality a name says


@pytest.mark.parametrize(
    ("words", "level"),
    [
        ("2160p.WEB-DL", "4k"), ("1080p.BluRay", "hd"), ("1080i.HDTV", "hd"), ("720p.WEBRip", "hd"), ("576p", "sd"),
        ("480p", "sd"), ("DVDRip", "sd"), ("HDTV.x264", "sd"), ("HDRip.XviD", "sd"), ("BluRay", None), ("x264", None),
        ("WEB-DL", None),
    ],
)  # fmt: skip
def test_the_quality_is_what_the_name_says(words: str, level: str | None) -> None:
    parsed = parse_release(f"Film.2000.{words}-GRP")
    assert [one for one in ("4k", "hd", "sd") if wishes(one).place(parsed) is not None] == ([level] if level else [])


# -- what is refused, with its sentence


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Alien.1979.HDCAM.1080p", "filmed off a cinema screen (CAM)"),
        ("Alien.1979.HDTS.1080p", "filmed off a cinema screen (TS)"),
        ("Alien.1979.HDTC.1080p", "copied off a cinema reel (TC)"),
        ("Alien.1979.DVDSCR.480p", "a screener"),
        ("Alien.1979.WORKPRINT.480p", "an unfinished cut (workprint)"),
        ("Alien.1979.1080p.x264.sample", "a sample"),
        ("Alien.1979.1080p.EXTRAS.x264", "extras, not the film"),
        ("Alien.1979.COMPLETE.BLURAY.1080p", "a full disc, not a film file"),
        ("Alien.1979.Collection.1080p.x264", "a pack of several films"),
        ("Alien.1979.S01.1080p.x264", "season 1 of a series"),
        ("Alien.1979.3D.1080p.x264", "3D"),
        ("Alien.1979.BluRay.x264", "the name does not say its quality"),
    ],
)
def test_each_refusal_has_its_sentence(name: str, sentence: str) -> None:
    assert reasons(name, imdb_id="tt0078748") == (sentence,)


@pytest.mark.parametrize(
    ("seeders", "minimum", "sentence"),
    [
        (0, 1, "no seeders, minimum 1"),
        (1, 2, "1 seeder, minimum 2"),
        (4, 5, "4 seeders, minimum 5"),
        (5, 5, None),
        (0, 0, None),
    ],
)
def test_too_few_seeders_are_refused_and_the_minimum_is_enough(
    seeders: int, minimum: int, sentence: str | None
) -> None:
    found = reasons("Alien.1979.1080p", profile=wishes("hd", minimum_seeders=minimum), seeders=seeders)
    assert found == ((sentence,) if sentence else ())


@pytest.mark.parametrize(
    ("words", "levels", "sentence"),
    [
        ("2160p", ("hd", "sd"), "2160p, which is not in your category priority"),
        ("1080p", ("4k", "sd"), "1080p, which is not in your category priority"),
        ("480p", ("4k", "hd"), "480p, which is not in your category priority"),
        ("1080p.x264", ("hd ro",), "1080p, which is not in your category priority"),
        ("1080p.RoSubbed", ("hd ro",), None),
        ("2160p.RoSubbed", ("hd ro",), "2160p, which is not in your category priority"),
        ("1080p.RoSubbed", ("hd",), None),
    ],
)
def test_a_quality_that_is_not_wished_for_is_refused(words: str, levels: tuple[str, ...], sentence: str | None) -> None:
    found = reasons(f"Alien.1979.{words}-GRP", profile=wishes(*levels))
    assert found == ((sentence,) if sentence else ())


def test_a_blocklisted_release_is_refused_with_what_went_wrong() -> None:
    blocklist = {("filelist", 1): "no progress for 3 days"}
    assert refusals(ALIEN, release(), PROFILE, blocklist) == ("blocklisted: no progress for 3 days",)
    assert refusals(ALIEN, release(number=2), PROFILE, blocklist) == ()
    assert refusals(ALIEN, release(), PROFILE, {("other", 1): "gone"}) == ()


@pytest.mark.parametrize(
    ("film", "name", "tag", "sentence"),
    [
        (ALIEN, "Alien.1979.1080p", "tt0090605", "another film: tagged tt0090605, wanted tt0078748"),
        (ALIEN, "Alien.1986.1080p", "tt0078748", "another film: of 1986, wanted 1979, though tagged tt0078748"),
        (ALIEN, "Alien.1980.1080p", "tt0078748", None),
        (ALIEN, "Obcy.1979.1080p", "tt0078748", None),
        (ALIEN, "Obcy.1080p", "tt0078748", None),
        (ALIEN, "Aliens.1979.1080p", None, 'another film: titled "Aliens"'),
        (ALIEN, "Alien.1980.1080p", None, "another film of this title: of 1980, wanted 1979"),
        (ALIEN, "Alien.1080p", None, "the year is not known, so it could be another film of this title"),
        (ALIEN, "Alien.1979.1080p", None, None),
        (Movie("Alien", 1979), "Alien.1979.1080p", "tt0000001", None),
        (HOBBIT, "The.Hobbit.The.Desolation.of.Smaug.2013.1080p", "tt0903624", SMAUG),
        (HOBBIT, "Hobbitul.O.calatorie.neasteptata.2013.1080p", "tt0903624", None),
        (HOBBIT, "The.Hobbit.Unexpected.Journey.2013.1080p", "tt0903624", None),
        (Movie("Alien"), "Alien.1979.1080p", None, "the year is not known, so it could be another film of this title"),
        (Movie("Alien", imdb_id="tt0078748"), "Alien.1979.1080p", "tt0078748", None),
        (Movie("Solaris", 1972, alt_titles=("Солярис",)), "Солярис.1972.1080p", None, None),
        (Movie("Breathless", 1960), "A.bout.de.souffle.AKA.Breathless.1960.1080p", None, None),
        (Movie("Blade Runner 2049", 2017), "Blade.Runner.2049.2017.1080p", None, None),
        (Movie("2012", 2009), "2012.2009.1080p", None, None),
        (Movie("…", 2000), "Film.2000.1080p", None, 'another film: titled "Film"'),
    ],
)
def test_only_this_film_is_taken(film: Movie, name: str, tag: str | None, sentence: str | None) -> None:
    assert reasons(name, film, imdb_id=tag) == ((sentence,) if sentence else ())


@pytest.mark.parametrize(
    ("title", "year"),
    [("The Collection", 2012), ("Trilogy of Terror", 1975), ("The Anthology", 2001), ("The Trailer", 2000)],
)
def test_a_film_whose_title_sounds_like_a_pack_or_extras_is_taken(title: str, year: int) -> None:
    name = f"{title.replace(' ', '.')}.{year}.1080p.BluRay.x264-GRP"
    assert reasons(name, movie(2, title, year, imdb_id="tt0000002"), imdb_id="tt0000002") == ()


@pytest.mark.parametrize(
    ("film", "name", "another"),
    [
        (ALIEN, "Heat.1995.1080p.BluRay.x264-GRP", True),
        (ALIEN, "Alien.1979.1080p.BluRay.x264-GRP.mkv", False),
        (ALIEN, "Alien.2003.Directors.Cut.1080p-GRP", False),  # of the same title: the year may be the cut's
        (ALIEN, "Al.optulea.pasager.1979.1080p-GRP", False),  # a title no list has
        (ALIEN, "al8.mkv", False),
        (ALIEN, "0123456789abcdef0123", False),
        (movie(4, "2001: A Space Odyssey", 1968), "2001.A.Space.Odyssey.mkv", False),
    ],
)
def test_a_torrents_own_name_tells_only_what_is_plain(film: Movie, name: str, another: bool) -> None:
    assert holds_another_film(film, name) is another


def test_extras_named_before_the_year_are_refused_though_tagged_as_the_film() -> None:
    assert "extras, not the film" in reasons("Alien.Extras.Only.1979.1080p.Blu-Ray-GRP", imdb_id="tt0078748")


def test_every_reason_is_told() -> None:
    assert reasons("Aliens.1986.HDCAM.3D", seeders=0) == (
        'another film: titled "Aliens"',
        "filmed off a cinema screen (CAM)",
        "3D",
        "no seeders, minimum 1",
        "the name does not say its quality",
    )


# -- what is best, and why

BASE = "Alien.1979.1080p.BluRay.x264-GRP"


@pytest.mark.parametrize(
    ("better", "worse", "because"),
    [
        ({"name": "Alien.1979.2160p.WEB-DL.x265"}, {"name": BASE, "seeders": 9999}, "2160p WEB-DL over 1080p Bluray"),
        ({"name": "Alien.1979.720p.WEB-DL"}, {"name": "Alien.1979.DVDRip", "seeders": 9999}, "720p WEB-DL over DVD"),
        ({"name": "Alien.1979.2160p"}, {"name": "Alien.1979.480p", "freeleech": True}, "2160p over 480p"),
        ({"name": BASE}, {"name": "Alien.1979.720p.BluRay", "freeleech": True}, "1080p Bluray over 720p Bluray"),
        ({"name": BASE}, {"name": "Alien.1979.1080i.HDTV"}, "1080p Bluray over 1080i HDTV"),
        ({"name": "Alien.1979.480p"}, {"name": "Alien.1979.DVDRip"}, "480p over DVD"),
        ({"freeleech": True}, {"seeders": 9000}, "freeleech over not freeleech"),
        ({"seeders": 1000}, {"seeders": 90}, "1000 seeders over 90 seeders"),
        ({"name": "Alien.1979.1080p.PROPER", "seeders": 900}, {"seeders": 1000}, "proper over not proper"),
        ({"seeders": 1000}, {"seeders": 900}, "1000 seeders over 900 seeders"),
        ({"name": BASE, "category": "x"}, {"name": BASE, "category": "y"}, "as good as the next, and listed first"),
    ],
)
def test_the_first_difference_decides_and_is_told(better: dict[str, Any], worse: dict[str, Any], because: str) -> None:
    one, two = release(**({"name": BASE} | better)), release(**({"name": BASE} | worse), number=2)
    orders = [(one, two)] if because.startswith("as good") else [(one, two), (two, one)]
    for order in orders:
        first, last = judge(ALIEN, order, PROFILE)
        assert (first.release, first.because) == (one, because)
        assert last.because == "the last that passes"


def test_freeleech_does_not_count_when_it_is_not_wished_for() -> None:
    profile = wishes("hd", freeleech="ignore")
    free, popular = release(freeleech=True, seeders=5), release(number=2, seeders=500)
    assert judge(ALIEN, [free, popular], profile)[0].release is popular


@pytest.mark.parametrize(("wished", "first"), [(True, 1), (False, 2)])
def test_double_upload_counts_when_it_is_wished_for(wished: bool, first: int) -> None:
    double, popular = release(doubleup=True, seeders=5), release(number=2, seeders=500)
    best = judge(ALIEN, [double, popular], wishes("hd", double_upload=wished))[0]
    assert best.release.release_id == first
    assert best.because == ("double upload over no double upload" if wished else "500 seeders over 5 seeders")


def test_freeleech_comes_before_double_upload() -> None:
    profile = wishes("hd", double_upload=True)
    found = judge(ALIEN, [release(doubleup=True), release(number=2, freeleech=True)], profile)
    assert [decision.release.release_id for decision in found] == [2, 1]


def test_the_trackers_category_decides_nothing() -> None:
    wrong = release("Alien.1979.720p.WEB-DL.x264-GRP", category="Movies 4K")
    right = release("Alien.1979.2160p.WEB-DL.x265-GRP", 2, category="Movies SD")
    assert [decision.release for decision in judge(ALIEN, [wrong, right], PROFILE)] == [right, wrong]


def test_a_1080p_encode_of_a_4k_disc_does_not_beat_2160p() -> None:
    encode = release("Alien.1979.1080p.UHD.BluRay.x264-GRP", seeders=5000)
    real = release("Alien.1979.2160p.WEB-DL.x265-GRP", 2)
    assert judge(ALIEN, [encode, real], PROFILE)[0].release is real


def test_the_users_order_of_categories_counts() -> None:
    profile = wishes("sd", "hd", "4k")
    names = ["Alien.1979.2160p", "Alien.1979.1080p", "Alien.1979.480p"]
    found = judge(ALIEN, [release(name, number) for number, name in enumerate(names)], profile)
    assert [decision.release.release_id for decision in found] == [2, 1, 0]


def test_romanian_hd_comes_first_where_it_is_wished_for() -> None:
    profile = wishes("hd ro", "hd")
    plain, romanian = release(seeders=900), release("Alien.1979.720p.BluRay.RoSubbed-GRP", 2, seeders=3)
    first, last = judge(ALIEN, [plain, romanian], profile)
    assert (first.release, last.release) == (romanian, plain)
    assert first.because == "720p Bluray RO over 1080p Bluray"


def test_romanian_hd_is_ordinary_hd_where_it_is_not_wished_for() -> None:
    plain, romanian = release(seeders=900), release("Alien.1979.720p.BluRay.RoSubbed-GRP", 2, seeders=3)
    assert judge(ALIEN, [romanian, plain], PROFILE)[0].release is plain


def test_nothing_to_judge_is_nothing_judged() -> None:
    assert judge(ALIEN, [], PROFILE) == []


def test_the_only_one_that_passes_comes_first_and_the_refused_keep_their_order() -> None:
    bad = [release("Alien.1979.HDCAM.1080p", 1), release("Aliens.1986.1080p", 2)]
    found = judge(ALIEN, [bad[0], release(number=3), bad[1]], PROFILE)
    assert [decision.release.release_id for decision in found] == [3, 1, 2]
    assert [decision.because for decision in found] == ["the only one that passes", "", ""]


def test_a_blocklist_is_heeded() -> None:
    first, last = judge(ALIEN, [release(), release(number=2, seeders=2)], PROFILE, {("filelist", 1): "stalled"})
    assert (first.release.release_id, last.refusals) == (2, ("blocklisted: stalled",))


# -- whatever the tracker sends

ALL = wishes("4k", "hd ro", "hd", "sd", minimum_seeders=2, double_upload=True)
NAMES = st.builds(
    "{}.{}{}{}.{}-GRP".format,
    st.sampled_from(["Alien.1979", "Aliens.1986", "Alien", "Obcy.1979"]),
    st.sampled_from(["2160p", "1080p", "1080i", "720p", "576p", "480p", "DVDRip", "BluRay", "HDCAM.1080p"]),
    st.sampled_from(["", ".PROPER"]),
    st.sampled_from(["", ".RoSubbed"]),
    st.sampled_from(["x264", "3D"]),
)
RELEASES = st.lists(
    st.builds(
        Release,
        tracker=st.just("filelist"),
        release_id=st.integers(1, 10**6),
        name=NAMES,
        imdb_id=st.sampled_from([None, "tt0078748", "tt0090605"]),
        seeders=st.sampled_from([0, 1, 2, 3, 9, 10, 90, 900, 1000]),
        freeleech=st.booleans(),
        doubleup=st.booleans(),
    ),
    max_size=25,
    unique_by=lambda one: one.release_id,
)


def merit(decision: Decision) -> tuple[object, ...]:
    """Everything of a release that may decide."""
    one, parsed = decision.release, parse_release(decision.release.name)
    return (ALL.place(parsed), parsed.proper or parsed.repack, one.freeleech, one.doubleup, one.seeders)


@given(RELEASES, st.dictionaries(st.tuples(st.just("filelist"), st.integers(1, 10**6)), st.just("bad"), max_size=3))
def test_each_release_is_judged_once_accepted_ones_first(
    releases: list[Release], blocklist: dict[tuple[str, int], str]
) -> None:
    found = judge(ALIEN, releases, ALL, blocklist)
    assert sorted(decision.release.release_id for decision in found) == sorted(one.release_id for one in releases)
    accepted = [decision.accepted for decision in found]
    assert accepted == sorted(accepted, reverse=True)


@given(RELEASES)
def test_nothing_refused_is_accepted_and_nothing_accepted_is_unexplained(releases: list[Release]) -> None:
    for decision in judge(ALIEN, releases, ALL):
        assert decision.refusals == refusals(ALIEN, decision.release, ALL, {})
        assert bool(decision.because) is decision.accepted
        assert decision.release.seeders >= ALL.minimum_seeders or not decision.accepted


@given(RELEASES, st.randoms(use_true_random=False))
def test_the_order_of_the_answer_decides_among_equals_only(releases: list[Release], dice: random.Random) -> None:
    turned = list(releases)
    dice.shuffle(turned)
    one, two = judge(ALIEN, releases, ALL), judge(ALIEN, turned, ALL)
    assert [merit(d) for d in one if d.accepted] == [merit(d) for d in two if d.accepted]
    assert {d.release: d.refusals for d in one} == {d.release: d.refusals for d in two}


@given(RELEASES)
def test_equal_releases_keep_the_trackers_order(releases: list[Release]) -> None:
    place = {one.release_id: index for index, one in enumerate(releases)}
    accepted = [decision for decision in judge(ALIEN, releases, ALL) if decision.accepted]
    for one, two in itertools.pairwise(accepted):
        assert merit(one) != merit(two) or place[one.release.release_id] < place[two.release.release_id]


@given(RELEASES)
def test_4k_comes_before_romanian_hd_before_hd_before_sd(releases: list[Release]) -> None:
    accepted = [parse_release(decision.release.name) for decision in judge(ALIEN, releases, ALL) if decision.accepted]
    places = [
        0 if parsed.resolution == "2160p" else 3 if parsed.resolution in {None, "576p", "480p"} else 2 - parsed.romanian
        for parsed in accepted
    ]
    assert places == sorted(places)
