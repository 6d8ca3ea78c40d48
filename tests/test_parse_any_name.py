"""What must hold of the reading of any release name, damaged ones too."""

import random

from hypothesis import given
from hypothesis import strategies as st

from movie_sync.releases.parse import parse_name, parse_release

FILM_FIELDS = ("title", "aliases", "years", "season", "episode", "pack", "sample", "extra")
PIECES = [
    *"Film The 2000 1999-2004 (2010) 1080p 4K web WEB-DL BluRay x264 DDP5.1 DTS-HD.MA Atmos S01E01 RoSubbed RO".split(),
    *"German Subs Eng it Trilogy Collection sample UNCUT 25th Anniversary -GRP [site.org] [ ) aka HDR10+ mkv".split(),
    *("Гавань", "港", "Season 2", "Part II", "8 movies", "- GRP", "www.a.ro - ", " / "),
]
NAMES = st.builds(
    lambda pieces, between: between.join(pieces), st.lists(st.sampled_from(PIECES), max_size=14), st.sampled_from(" ._")
)
WORDS = "1080p BluRay WEB-DL x264 HEVC DTS DDP5.1 RoSubbed ITA UNCUT PROPER REMUX HDR 10bit 3D".split()
TECHNICAL = st.lists(st.sampled_from(WORDS), max_size=6)


@given(st.one_of(NAMES, st.text(max_size=300)))
def test_the_short_reading_says_the_same_of_the_film(name: str) -> None:
    short, whole = parse_name(name), parse_release(name)
    assert all(getattr(short, field) == getattr(whole, field) for field in FILM_FIELDS)


@given(NAMES)
def test_no_title_has_blanks_around_it_no_alias_is_empty_and_no_year_comes_twice(name: str) -> None:
    parsed = parse_release(name)
    assert all(title == title.strip() for title in parsed.titles)
    assert all(parsed.aliases)
    assert len(set(parsed.years)) == len(parsed.years)


@given(TECHNICAL, st.sampled_from(["Quiet Harbour 1999", "1917 2019", "The Collection 2012"]))
def test_dots_say_what_blanks_say(technical: list[str], film: str) -> None:
    name = " ".join([film, *technical])
    assert parse_release(name) == parse_release(name.replace(" ", "."))


@given(TECHNICAL)
def test_a_title_and_a_year_in_front_are_not_changed_by_what_follows(technical: list[str]) -> None:
    parsed = parse_release(".".join(["Quiet.Harbour.1999", *technical, "x264-GRP"]))
    assert (parsed.title, parsed.years, parsed.group) == ("Quiet Harbour", (1999,), "GRP")


@given(NAMES)
def test_a_dubbed_language_is_a_spoken_one(name: str) -> None:
    parsed = parse_release(name)
    assert set(parsed.dubbed) <= set(parsed.languages)


@given(TECHNICAL, st.sampled_from("RO iTA ENG DL HD Rip VOSTFR 1080p x264 AC3 Dual".split()))
def test_a_group_is_never_a_language_or_a_technical_word(technical: list[str], last: str) -> None:
    assert parse_release(f"Film.2000.{'.'.join(technical)}-{last}").group is None


def test_damaged_names_are_read_all_the_same() -> None:
    dice = random.Random(7)
    seeds = [
        "Quiet.Harbour.1999.EXTENDED.1080p.BluRay.DTS-HD.MA.5.1.x264-GRP[site].mkv",
        "[www.site.org] Тихая гавань / Quiet Harbour (2010) [Hin + Eng] DD+5.1 - ESub",
        "[GRP] 静かな港 - 04v2 [BD 1920x1080 HEVC10 FLAC2.0x2] 国语中字",
    ]
    for _ in range(3000):
        name = dice.choice(seeds)
        for _ in range(dice.randint(1, 6)):
            begin = dice.randrange(len(name) + 1)
            put_in = dice.choice("[](){}-._ +&'/1é\u0301İ港\udcff\x00") * dice.randint(0, 3)
            name = name[:begin] + put_in + name[begin + dice.randint(0, 4) :]
        assert parse_name(name).title == parse_release(name).title
