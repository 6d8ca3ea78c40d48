"""Profiles: as people write them, the ready-made ones, and what their words mean."""

import contextlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_sync.config import Config, named_profile
from movie_sync.errors import ConfigError
from movie_sync.lib.path_mapping import here
from movie_sync.movie import AudioTrack, Movie, ParsedRelease, Release
from movie_sync.releases.profile import (
    READY_MADE,
    STEPS,
    TRAITS,
    Profile,
    SizeRange,
    Traits,
    from_categories,
    has_quality,
    has_trait,
    profile_from,
    quality_words,
    traits_of,
)
from movie_sync.releases.rank import judge
from movie_sync.releases.rules import refusals

BLURAY = ParsedRelease("Film", resolution="1080p", source="bluray")
REMUX = ParsedRelease("Film", resolution="1080p", source="bluray", remux=True)
WEB = ParsedRelease("Film", resolution="1080p", source="webdl")


# -- as people write them


def test_a_quality_that_stands_alone_is_a_group_of_one() -> None:
    found = profile_from({"qualities": ["2160p web", ["1080p bluray", "1080p web"]]}, "mine")
    assert found.qualities == (("2160p web",), ("1080p bluray", "1080p web"))
    assert found.name == "mine"


def test_what_a_profile_does_not_say_is_as_in_the_one_it_is_based_on() -> None:
    found = profile_from({"based_on": "best-4k", "freeleech": "wait 3 days"}, "mine")
    assert found.qualities == READY_MADE["best-4k"].qualities
    assert found.freeleech_wait_days == 3


def test_a_trait_that_is_not_named_is_as_in_the_one_it_is_based_on() -> None:
    found = profile_from({"based_on": "balanced", "refuse": {"words": ["HYBRID"]}}, "mine")
    assert (found.refuse.words, found.refuse.codecs) == (("HYBRID",), ("av1",))


def test_the_words_of_a_cutoff_may_stand_in_any_order() -> None:
    found = profile_from({"qualities": ["1080p bluray"], "upgrade_until": "Bluray 1080p"}, "mine")
    assert found.good_enough(BLURAY)


@pytest.mark.parametrize("name", READY_MADE)
def test_a_ready_made_profile_survives_being_saved_and_read(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.json"
    file.write_bytes(msgspec.json.encode(READY_MADE[name]))
    assert named_profile(str(file), tmp_path) == READY_MADE[name]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "must be an object"),
        ({}, "qualities must name at least one"),
        ({"qualities": []}, "qualities must name at least one"),
        ({"qualities": ["1080p blueray"]}, "nobody knows the quality '1080p blueray'"),
        ({"qualities": ["1080p"], "minimum_seders": 3}, "nobody knows minimum_seders"),
        ({"qualities": ["1080p"], "prefer": {"colour": ["red"]}}, "nobody knows prefer.colour"),
        ({"qualities": ["1080p"], "prefer": {"words": "red"}}, "Expected `array`"),
        ({"qualities": ["1080p"], "freeleech": "sometimes"}, "freeleech is 'sometimes'"),
        ({"qualities": ["1080p"], "upgrade_until": "2160p"}, "which is not among its qualities"),
        ({"qualities": ["1080p"], "sizes": {"1080p": {"min": 9, "max": 3}}}, "max is less than min"),
        ({"qualities": ["1080p"], "sizes": {"10080p": {}}}, "nobody knows the quality '10080p'"),
        ({"qualities": ["1080p"], "minimum_seeders": -1}, ">= 0"),
        ({"qualities": ["1080p"], "steps": ["quality", "luck"]}, "luck"),
        ({"based_on": "nothing"}, "there is no 'nothing'"),
        ({"based_on": []}, "there is no"),
        ({"qualities": ["1080p"], "sizes": {"1080p": {"bst": 5}}}, "nobody knows sizes.1080p.bst"),
        ({"qualities": ["1080p"], "sizes": {"1080p": {"best": float("inf")}}}, "<= 100000"),
        ({"qualities": ["1080p"], "refuse": {"codecs": ["x265"]}}, "nobody knows 'x265'; known are h264, h265"),
        ({"qualities": ["1080p"], "prefer": {"hdr": ["hdr11"]}}, "prefer.hdr: nobody knows 'hdr11'"),
        ({"qualities": ["1080p"], "require": {"audio": ["Romanian"]}}, "a language is two letters"),
        ({"qualities": ["1080p"], "prefer": {"words": ["!!!"]}}, "which has no letter"),
    ],
)
def test_a_mistake_in_a_profile_is_told_with_its_place(data: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        profile_from(data, "mine")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["qualities", "sizes", "prefer", "freeleech", "steps", "based_on", "x"]), x)))  # fmt: skip
def test_whatever_stands_in_a_profile_it_is_read_or_refused_in_words(data: Any) -> None:
    with contextlib.suppress(ValueError):
        assert profile_from(data, "mine").qualities


# -- in the settings


def config(home: Path, **settings: Any) -> Config:
    (home / "config.json").write_text(json.dumps(settings))
    return Config.load(home, environment={})


def test_without_a_profile_the_category_priority_decides(tmp_path: Path) -> None:
    found = config(tmp_path)
    assert found.profile.name == "category priority"
    assert found.search_categories == (6, 4, 19, 1)
    assert found.profile_file is None


def test_a_ready_made_profile_searches_every_category_that_holds_films(tmp_path: Path) -> None:
    found = config(tmp_path, profile="balanced")
    assert found.profile is READY_MADE["balanced"]
    assert {1, 4, 6, 19, 20} <= {*found.search_categories}
    assert 21 not in found.search_categories


def test_a_profile_that_takes_series_searches_their_categories_too(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"based_on": "balanced", "include_series": true}')
    found = config(tmp_path, profile="mine.json")
    assert {4, 21} <= {*found.search_categories}
    assert (found.profile.name, found.profile_file) == ("mine", tmp_path / "mine.json")


def test_a_profile_that_is_not_there_is_named_with_the_ready_made_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no profile 'bestt'.*balanced, best-4k, small, 1080p") as caught:
        config(tmp_path, profile="bestt")
    assert (caught.value.file, caught.value.key) == ("config.json", "profile")


def test_a_folder_is_no_profile(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"there is no file {tmp_path}") as caught:
        named_profile(str(tmp_path), tmp_path)
    assert caught.value.key == "profile"


def test_a_profile_with_a_mistake_names_its_file_and_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"qualities": ["8k"]}')
    with pytest.raises(ConfigError, match=r"mine\.json: nobody knows the quality '8k'"):
        config(tmp_path, profile="mine.json")
    assert (tmp_path / "mine.json").read_text() == '{"qualities": ["8k"]}'


# -- what its words mean


@pytest.mark.parametrize(
    ("wish", "bluray", "remux", "web"),
    [
        ("1080p", True, True, True),
        ("1080p bluray", True, False, False),
        ("1080p remux", False, True, False),
        ("bluray remux", False, True, False),
        ("1080p web", False, False, True),
        ("webdl", False, False, True),
        ("webrip", False, False, False),
        ("hd", True, True, True),
        ("4k", False, False, False),
        ("sd", False, False, False),
        ("1080p ro", False, False, False),
    ],
)
def test_a_quality_holds_when_all_its_words_do(wish: str, *, bluray: bool, remux: bool, web: bool) -> None:
    assert [has_quality(parsed, wish) for parsed in (BLURAY, REMUX, WEB)] == [bluray, remux, web]


def test_romanian_in_any_form_is_ro() -> None:
    for parsed in (
        ParsedRelease("Film", resolution="1080p", languages=("ro",)),
        ParsedRelease("Film", resolution="1080p", subtitles=("ro",)),
    ):
        assert has_quality(parsed, "1080p ro")


@pytest.mark.parametrize(
    ("parsed", "words"),
    [
        (REMUX, "1080p Bluray Remux"),
        (WEB, "1080p WEB-DL"),
        (ParsedRelease("Film", source="dvd"), "DVD"),
        (ParsedRelease("Film", resolution="720p", source="cam"), "720p cam"),
        (ParsedRelease("Film"), "unknown quality"),
    ],
)
def test_a_quality_in_words(parsed: ParsedRelease, words: str) -> None:
    assert quality_words(parsed) == words


def test_each_trait_is_read_from_its_own_part_of_a_name() -> None:
    parsed = ParsedRelease(
        "Film",
        codec="h265",
        group="GRP",
        hdr=("dv",),
        audio=(AudioTrack("truehd", "7.1", atmos=True),),
        languages=("en", "ro"),
        subtitles=("ro",),
        dubbed=("ro",),
        edition="IMAX Extended",
    )
    has = {
        "words": ["open matte"], "groups": ["grp"], "codecs": ["H265"], "hdr": ["dv", "dv only"],
        "sound": ["atmos", "TrueHD"], "audio": ["en", "ro"], "subtitles": ["ro"], "dubbed": ["ro", "any"],
        "editions": ["imax", "extended"],
    }  # fmt: skip
    assert {*has} == {*TRAITS}
    for trait, wanted in has.items():
        had = traits_of("Film.2010.Open-Matte.x265", parsed, trait)
        assert all(has_trait(had, one, trait) for one in wanted), trait
        assert not has_trait(had, "fr", trait)


def test_a_word_counts_only_as_a_whole_word() -> None:
    had = traits_of("Film.2010.HYBRIDS.1080p", ParsedRelease("Film"), "words")
    assert not has_trait(had, "HYBRID", "words")


def test_a_release_that_is_not_dubbed_has_no_dub_of_any_language() -> None:
    assert traits_of("Film", BLURAY, "dubbed") == ()


# -- series


SERIES = Movie("Chernobyl", 2019, imdb_id="tt7366338", kind="series")
WITH_SERIES = Profile("mine", qualities=(("1080p",),), include_series=True)


def series_refusals(name: str, profile: Profile = WITH_SERIES, tag: str | None = "tt7366338") -> tuple[str, ...]:
    return refusals(SERIES, Release("filelist", 1, name, tag, seeders=5), profile, {})


def test_a_whole_season_counts_for_a_series_where_it_is_wished_for() -> None:
    assert series_refusals("Chernobyl.S01.1080p.BluRay.x264-GRP") == ()
    assert series_refusals("Chernobyl.S01.1080p.BluRay.x264-GRP", tag=None) == ()
    assert series_refusals("Chernobyl.2019.Complete.Series.1080p.BluRay.x264-GRP") == ()


def test_without_include_series_a_season_is_refused() -> None:
    profile = Profile("mine", qualities=(("1080p",),))
    assert series_refusals("Chernobyl.S01.1080p.BluRay.x264-GRP", profile) == ("season 1 of a series",)


def test_an_episode_or_a_film_is_no_season() -> None:
    (episode,) = series_refusals("Chernobyl.S01E02.1080p.BluRay.x264-GRP")
    assert episode == "episode 2 alone, not a whole season"
    (film,) = series_refusals("Chernobyl.2019.1080p.BluRay.x264-GRP")
    assert film == "neither a whole season nor the whole series"


def test_the_whole_series_goes_before_its_first_season_and_that_before_later_ones() -> None:
    names = ["Dark.S02.1080p.WEB-DL-A", "Dark.S01.1080p.WEB-DL-A", "Dark.Complete.Series.1080p.WEB-DL-A"]
    dark = Movie("Dark", 2017, imdb_id="tt5753856", kind="series")
    releases = [Release("filelist", number, name, dark.imdb_id, seeders=5) for number, name in enumerate(names)]
    judged = judge(dark, releases, WITH_SERIES)
    assert [one.release.release_id for one in judged] == [2, 1, 0]
    assert [one.because for one in judged][:2] == ["the whole series over season 1", "season 1 over season 2"]


# -- freeleech that is waited for


def test_a_release_that_only_has_to_get_older_says_when_it_passes() -> None:
    profile = Profile("mine", qualities=(("1080p",),), freeleech="wait 2 days")
    film = Movie("Alien", 1979, imdb_id="tt0078748")
    young = Release("filelist", 1, "Alien.1979.1080p", "tt0078748", seeders=5, uploaded_at=1000.0)
    poor = Release("filelist", 2, "Alien.1979.HDCAM.1080p", "tt0078748", seeders=5, uploaded_at=1000.0)
    judged = {one.release.release_id: one for one in judge(film, [young, poor], profile, now=2000.0)}
    assert judged[1].passes_at == 1000.0 + 2 * 86400
    assert judged[2].passes_at is None
    assert judge(film, [young], profile, now=1000.0 + 2 * 86400)[0].accepted


# -- sizes and steps


def test_a_size_is_not_judged_while_the_length_is_unknown() -> None:
    profile = Profile("mine", qualities=(("1080p",),), sizes={"1080p": SizeRange(50, None, 60)})
    release = Release("filelist", 1, "Alien.1979.1080p", None, 10**6, 5)
    assert refusals(Movie("Alien", 1979), release, profile, {}) == ()
    assert refusals(Movie("Alien", 1979, runtime_min=100), release, profile, {}) == (
        "0 MB a minute for 1080p, minimum 50",
    )


def test_a_size_nothing_is_asked_of_beats_none_that_can_be_compared() -> None:
    film = Movie("Alien", 1979, runtime_min=100)
    profile = Profile("mine", qualities=(("1080p",),), sizes={"1080p bluray": SizeRange(0, 75)})
    web = Release("filelist", 1, "Alien.1979.1080p.WEB-DL", None, 17 * 10**8, 5)
    disc = Release("filelist", 2, "Alien.1979.1080p.BluRay", None, 167 * 10**8, 5)
    first, _ = judge(film, [web, disc], profile)
    assert (first.release, first.because) == (disc, "167 MB a minute (best 75) over a size nothing is asked of")


def test_steps_that_are_left_out_decide_nothing() -> None:
    film = Movie("Alien", 1979)
    free = Release("filelist", 1, "Alien.1979.1080p", None, 0, 5, freeleech=True)
    popular = Release("filelist", 2, "Alien.1979.1080p", None, 0, 500)
    steps = tuple(step for step in STEPS if step != "freeleech")
    assert judge(film, [free, popular], Profile("mine", qualities=(("1080p",),)))[0].release is free
    assert judge(film, [free, popular], Profile("mine", qualities=(("1080p",),), steps=steps))[0].release is popular


@pytest.mark.parametrize(("name", "enough"), [("2160p", True), ("1080p", True), ("720p", False), ("480p", False)])
def test_a_film_is_good_enough_from_the_cutoff_on(name: str, *, enough: bool) -> None:
    profile = Profile("mine", qualities=(("2160p",), ("1080p",), ("720p",)), upgrade_until="1080p")
    assert profile.good_enough(ParsedRelease("Film", resolution=name)) is enough
    assert Profile("mine", qualities=(("2160p",),)).good_enough(ParsedRelease("Film", resolution=name))


def test_categories_of_one_priority_are_equals() -> None:
    found = from_categories([["hd", "hd ro"], ["sd"]])
    assert ("1080p", "1080p ro") in found.qualities
    assert found.qualities[-1] == ("sd",)
    assert Traits() == found.prefer


# -- paths of a client elsewhere


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/downloads/films", "/srv/films"),
        ("/downloads/films/Alien", "/srv/films/Alien"),
        ("/downloads/other", "/srv/other"),
        ("/downloadsx/other", "/downloadsx/other"),
        ("D:\\films\\Alien", "/mnt/d/Alien"),
        ("/elsewhere", "/elsewhere"),
    ],
)
def test_a_clients_path_is_seen_from_here(path: str, seen: str) -> None:
    mappings = [("/downloads", "/srv"), ("/downloads/films/", "/srv/films/"), ("D:\\films", "/mnt/d")]
    assert here(path, mappings) == seen
