"""The scorer of release names: differently worded, the same; and no wording held against anybody."""

from typing import Any

import pytest

from benchmarks.names import SAMPLE, arguments, half_of, load
from benchmarks.names_scoring import FIELDS, canonical, expected, right, words_of_release
from movie_sync.movie import AudioTrack, ParsedRelease


def row(name: str = "A.Film.2019-GRP", corpus: str = "rls", **expect: Any) -> dict[str, Any]:
    return {"name": name, "expect": expect, "corpus": corpus}


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("title", ("Rashômon",), ("RASHOMON",)),
        ("title", ("Mr. & Mrs. Smith",), ("Mr Mrs Smith",)),
        ("resolution", ("1080i",), ("1920x1080",)),
        ("resolution", ("4K",), ("2160p",)),
        ("source", ("Ultra HD Blu-ray",), ("bluray",)),
        ("source", ("BDRiP",), ("BluRay REMUX",)),
        ("codec", ("x264 dxva",), ("H.264",)),
        ("codec", ("HEVC x265",), ("h265",)),
        ("audio", ("DTS-HD.MA DD",), ("DTS Lossless", "Dolby Digital")),
        ("audio", ("DTS-HD HRA",), ("DTS Lossy",)),
        ("audio", ("dts-x",), ("DTS:X",)),
        ("audio", ("DDPA",), ("E-AC3", "Dolby Atmos")),
        ("audio", ("CBR DDP", "LiNE", "HQ Clean Audio"), ("Dolby Digital Plus 5.1",)),
        ("group", ("QUAY[TGx]",), ("quay",)),
        ("group", ("wsp®.mkv",), ("WSP",)),
        ("edition", ("Extended.Cut DIRFIX COMPLETE",), ("Extended Edition",)),
        ("edition", ("PROPER REMUX", "INTERNAL", "Limited"), ()),
        ("hdr", ("DV HDR10+",), ("HDR10", "HDR10Plus", "Dolby Vision")),
        ("hdr", ("HDR10",), ("hdr",)),
        ("languages", ("German", "Dl", "Hc", "Multi", "Subbed"), ("deu",)),
        ("languages", ("la", "Vff"), ("es-419", "fr")),
        ("languages", ("Nordicsubs",), ("da", "fin", "nb", "swe")),
    ],
)
def test_two_wordings_of_one_thing_are_alike(field: str, one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert canonical(field, one) == canonical(field, other)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("title", "Ocean's 12", "Ocean's 13"),
        ("source", "TeleSync", "CAM"),
        ("source", "WEBRip", "WEB-DL"),
        ("audio", "DTS-HD", "DTS-HD MA"),
        ("audio", "DD", "DDP"),
        ("languages", "es", "es-419"),
    ],
)
def test_what_differs_stays_different(field: str, one: str, other: str) -> None:
    assert not canonical(field, (one,)) & canonical(field, (other,))


def test_a_source_that_does_not_say_which_is_right_as_either() -> None:
    coarse = row(corpus="cross", source_raw="Web")
    assert right(coarse, "source", {"source": ("webrip",)})
    assert right(coarse, "source", {"source": ("webdl",)})
    assert not right(coarse, "source", {"source": ("hdtv",)})
    assert right(row(corpus="cross", source_raw="DVD"), "source", {"source": ("screener",)})
    assert not right(row(corpus="ptt", source_raw="DVD"), "source", {"source": ("screener",)})


def test_a_collection_has_no_title_or_is_called_one() -> None:
    collection = row(title=None)
    assert right(collection, "title", {})
    assert right(collection, "title", {"title": ("Harbour Lights",), "pack": ("True",)})
    assert not right(collection, "title", {"title": ("Harbour Lights",)})


def test_a_title_may_be_given_with_its_alias_or_without() -> None:
    said = words_of_release(ParsedRelease(title="Run Lola Run", aliases=("Lola Rennt",)))
    assert right(row(title="Run Lola Run"), "title", said)
    assert right(row(title="Run Lola Run / Lola Rennt"), "title", said)
    assert not right(row(title="Lola"), "title", said)


def test_what_a_corpus_cannot_say_is_not_held_against_a_parser() -> None:
    assert right(row(edition=None), "edition", {"edition": ("Criterion",)})
    assert not right(row(edition=None), "edition", {"edition": ("Extended",)})
    assert right(row(corpus="ptt", edition="Directors Cut"), "edition", {"edition": ("Extended Director's Cut",)})
    assert right(row("A.Film.2019.10bit-GRP", hdr="HDR10"), "hdr", {})
    assert not right(row("A.Film.2019.HDR10-GRP", hdr="HDR10"), "hdr", {})


def test_an_absent_field_asserts_nothing_and_null_asserts_none() -> None:
    assert expected(row(), "year") is None
    assert expected(row(year=None), "year") == frozenset()
    assert not right(row(year=None), "year", {"year": ("2019",)})


def test_our_answer_is_read_whole() -> None:
    release = ParsedRelease(
        title="Paper Harbour",
        years=(2019, 1998),
        audio=(AudioTrack("truehd", "7.1", atmos=True), AudioTrack("dd")),
        languages=("en",),
        subtitles=("ro",),
        repack=True,
    )
    wanted = row(
        title="Paper Harbour",
        year=2019,
        audio=["TrueHD", "Atmos", "AC3"],
        languages=["English", "Romanian"],
        proper_or_repack=True,
        group=None,
    )
    said = words_of_release(release)
    assert all(right(wanted, field, said) for field in FIELDS if expected(wanted, field) is not None)


def test_the_committed_sample_asserts_every_field_of_every_name_once() -> None:
    rows = load(SAMPLE)
    assert len({line["name"] for line in rows}) == len(rows) == 80
    assert all(expected(line, field) is not None for line in rows for field in FIELDS)


def test_misses_of_the_report_half_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert {half_of(f"A.Film.{number}") for number in range(20)} == {"report", "tuning"}
    assert arguments(["--half", "tuning", "--misses", "title"]).misses == "title"
    with pytest.raises(SystemExit):
        arguments(["--misses", "title"])
    assert "report half" in capsys.readouterr().err
