"""doc/situations.md, tried row by row: what the table promises is what the program does."""

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from movie_sync.config import Config
from movie_sync.movie import Movie, Release
from movie_sync.releases.profile import READY_MADE, Profile, profile_from
from movie_sync.releases.rank import judge

PAGE = Path(__file__).resolve().parents[1] / "doc" / "situations.md"
TAG = "tt0000042"
FILM = Movie("The Film", 2010, imdb_id=TAG, runtime_min=120)
# Noon of 2026-11-22, UTC.
NOW = 1_795_348_800.0
DAY_S = 86400


class Situation(NamedTuple):
    wanted: str
    releases: str
    taken: str
    because: str


def situations() -> list[Situation]:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return [Situation(*row) for row in cells if row[0] != "wanted"]


def profile(wanted: str, home: Path) -> Profile:
    name, _, changes = wanted.partition(" ")
    if name == "categories":
        base = Config.load(home, environment={}).profile
        return profile_from(
            {"qualities": base.qualities, "freeleech": base.freeleech} | json.loads(changes or "{}"), base.name
        )
    return profile_from({"based_on": name} | json.loads(changes), name) if changes else READY_MADE[name]


def release(text: str) -> Release:
    number, _, rest = text.strip().partition(": ")
    name, *facts = rest.split(", ")
    seeders, gigabytes, days, tag = 0, 0.0, 100, TAG
    for fact in facts:
        if match := re.fullmatch(r"(no|\d+) seeders?", fact):
            seeders = int(match[1].replace("no", "0"))
        elif match := re.fullmatch(r"([\d.]+) GB", fact):
            gigabytes = float(match[1])
        elif match := re.fullmatch(r"(\d+) days? old", fact):
            days = int(match[1])
        elif match := re.fullmatch(r"tagged (tt\d+)", fact):
            tag = match[1]
        else:
            assert fact in {"freeleech", "double upload", "untagged"}, f"nobody knows what {fact!r} means"
    return Release(
        "filelist",
        int(number),
        name,
        None if "untagged" in facts else tag,
        int(gigabytes * 1e9),
        seeders,
        uploaded_at=NOW - days * DAY_S,
        freeleech="freeleech" in facts,
        doubleup="double upload" in facts,
    )


def test_the_table_has_forty_situations_or_more() -> None:
    assert len(situations()) >= 40


@pytest.mark.parametrize("row", situations(), ids=lambda row: f"{row.wanted}: {row.because}")
def test_a_situation_ends_as_the_table_says(row: Situation, tmp_path: Path) -> None:
    releases = [release(text) for text in row.releases.split("; ")]
    judged = judge(FILM, releases, profile(row.wanted, tmp_path), now=NOW)
    best = judged[0] if judged[0].accepted else None
    assert row.taken == (str(best.release.release_id) if best else "none")
    said = {reason for decision in judged for reason in (*decision.refusals, decision.because)}
    assert row.because in said
