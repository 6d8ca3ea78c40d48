"""Targets: names of releases and files, addresses of films."""

import contextlib
import os
import re
from dataclasses import replace
from pathlib import Path

from movie_sync.library.index import LibraryFolder, LibraryIndex
from movie_sync.library.match import match
from movie_sync.movie import Movie, Release
from movie_sync.releases.parse import parse_name, parse_release, suspicious_title
from movie_sync.releases.profile import READY_MADE
from movie_sync.releases.rank import common_title, judge
from movie_sync.releases.titles import title_key, title_words
from movie_sync.watchlists import film_ids
from reliability.fuzz.contract import NOW, demand, demand_storable, new_store, scratch

_FILM_FIELDS = ("title", "aliases", "years", "season", "episode", "pack", "sample", "extra")
_FILM = Movie("Quiet Harbour", 1999, 46682, "1Xrm", "quiet-harbour", imdb_id="tt0900001", runtime_min=100)
_FORMS = {
    "imdb_id": r"tt\d{7,10}",
    "tmdb_id": r"(?:movie|tv)/\d+",
    "lid": r"[0-9A-Za-z]{1,12}",
    "slug": r"[\w-]+",
}
# More files in one try say nothing new.
_MOST_FILES = 8
_NAME_BYTES = 200


def release_names(data: bytes) -> str:
    """Names of releases, a line each: read, and judged for a film."""
    lines = data.decode("utf-8", "replace").split("\n")[:4]
    for line in lines:
        short, whole = parse_name(line), parse_release(line)
        unlike = [name for name in _FILM_FIELDS if getattr(short, name) != getattr(whole, name)]
        demand(not unlike, f"the short reading has another {' and '.join(unlike)}")
        demand_storable(whole)
        demand(all(title == title.strip() for title in whole.titles), "blanks around a title")
        demand({*whole.dubbed} <= {*whole.languages}, "dubbed into a language that is not spoken")
        demand(title_key(whole.title) == "".join(title_words(whole.title)), "two keys of one title")
        suspicious_title(line)
    return _judged([Release("filelist", number, name, "tt0900001", 8 << 30, 5) for number, name in enumerate(lines, 1)])


def _judged(releases: list[Release]) -> str:
    """Each release stands in the decisions once, taken or with a reason; the first reason of all is given back."""
    first = parse_release(releases[0].name)
    # One film and one profile a try: what differs is tried by the next.
    turn = sum(len(release.name) for release in releases)
    movie = _FILM if turn % 2 else replace(_FILM, title=first.title or "Film", year=first.year, imdb_id=None)
    profile = [*READY_MADE.values()][turn // 2 % len(READY_MADE)]
    decisions = judge(movie, releases, profile, now=NOW)
    demand_storable(decisions)
    demand({one.release.release_id for one in decisions} == {*range(1, len(releases) + 1)}, "one is missing")
    said = [(one.because,) if one.accepted else one.refusals for one in decisions]
    demand(all(words and all(words) for words in said), "a decision without a word")
    common_title("tt0900001", releases)
    return next((one.refusals[0] for one in decisions if not one.accepted), "")


def library_files(data: bytes) -> str:
    """Paths of a library, a line each, as the disk holds them: any bytes."""
    films = (_FILM, Movie("Tide", 2001))
    with scratch() as folder:
        shelf = folder / "films"
        shelf.mkdir()
        made = sum(_made(shelf, line) for line in data.split(b"\n")[:_MOST_FILES])
        with new_store(folder) as store:
            for _ in range(2):
                index = LibraryIndex([LibraryFolder(shelf, required=False)], store)
                index.refresh()
                demand(len(index) <= made, "more files than there are")
            for film in films:
                for found in index.candidates(film):
                    demand(os.path.lexists(found.path), f"{found.path!a} is not there")
                index.find(film)
    for line in data.split(b"\n")[:_MOST_FILES]:
        demand_storable(match(films[0], os.fsdecode(line)).verdict)
    return ""


def _made(shelf: Path, line: bytes) -> bool:
    """Make the file a line names, below the shelf; False where no disk could."""
    parts = [part[:_NAME_BYTES] for part in line.replace(b"\0", b"").split(b"/") if part not in {b"", b".", b".."}]
    if not parts or len(parts) > 4:
        return False
    path = shelf.joinpath(*map(os.fsdecode, parts))
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        # Smaller files are taken for samples.
        os.truncate(path, 200 << 20)
        return True
    return False


def film_addresses(data: bytes) -> str:
    """Links to films, a line each."""
    for line in data.decode("utf-8", "replace").split("\n")[:8]:
        for name, form in _FORMS.items():
            found = getattr(film_ids, name)(line)
            demand_storable(found)
            flags = re.NOFLAG if name == "slug" else re.ASCII
            demand(found is None or re.fullmatch(form, found, flags), f"{name} is {found!r}")
    return ""
