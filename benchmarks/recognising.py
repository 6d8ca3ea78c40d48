"""``python -m benchmarks.recognising [FILE]``: how well films on disk are recognised, beside two fuzzy methods.

FILE has one pair a line: ``{"title", "year", "alt_titles", "name", "same"}``. Without it that is
``../shared/data/match_pairs.jsonl`` beside the checkout, of which one half, chosen by hash, is for tuning and only the
other is counted here; where that is absent, ``data/match_pairs.jsonl``, which was written for this project and whose
figures are therefore no result. rapidfuzz is measured when it is installed; it is no dependency of Movie Sync.
"""

import difflib
import hashlib
import importlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.row import Row
from movie_sync.library.match import Verdict, match
from movie_sync.movie import Movie

_HERE = Path(__file__).resolve().parent
SHARED = _HERE.parents[1] / "shared" / "data" / "match_pairs.jsonl"
SAMPLE = _HERE / "data" / "match_pairs.jsonl"

Method = Callable[[Movie, str], Verdict]


@dataclass(frozen=True)
class Pair:
    """Is this name that film?"""

    movie: Movie
    name: str
    same: bool


@dataclass(frozen=True)
class Score:
    """How many were found, how many of those wrongly, of how many there are."""

    right: int
    wrong: int
    there: int

    @property
    def precision(self) -> float:
        """Of those found, the part that is right; 0 to 1."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Of those there, the part that was found; 0 to 1."""
        return self.right / max(1, self.there)


# What is asked for: with other titles or without, which verdicts count, the least precision and recall.
AIMS: Sequence[tuple[bool, tuple[Verdict, ...], float, float | None]] = (
    (True, ("certain",), 1.0, 0.95),
    (True, ("certain", "probable"), 0.998, 0.99),
    (False, ("certain",), 1.0, 0.90),
    (False, ("certain", "probable"), 0.998, None),
)


def load(path: Path | None = None) -> tuple[str, list[Pair]]:
    """The pairs to count, and what to call them."""
    if path is not None:
        return path.name, list(_pairs(path))
    if SHARED.exists():
        half = [pair for pair in _pairs(SHARED) if hashlib.sha256(pair.name.encode()).digest()[0] % 2]
        return "the half for reporting", half
    return "committed sample, not a result", list(_pairs(SAMPLE))


def _pairs(path: Path) -> Iterator[Pair]:
    for line in path.read_text(encoding="utf-8").splitlines():
        pair: dict[str, Any] = json.loads(line)
        film = Movie(pair["title"], pair["year"], alt_titles=tuple(pair.get("alt_titles", ())))
        yield Pair(film, pair["name"], pair["same"])


def score(method: Method, pairs: Sequence[Pair], verdicts: Sequence[Verdict], *, other_titles: bool) -> Score:
    found = []
    for pair in pairs:
        movie = pair.movie if other_titles else Movie(pair.movie.title, pair.movie.year)
        if method(movie, pair.name) in verdicts:
            found.append(pair.same)
    return Score(sum(found), len(found) - sum(found), sum(pair.same for pair in pairs))


# -- methods


def ours(movie: Movie, name: str) -> Verdict:
    return match(movie, name).verdict


def by_difflib(movie: Movie, name: str) -> Verdict:
    """The title is in the file's name, or three quarters like it."""
    said = _plain(name)
    for title in map(_plain, (movie.title, *movie.alt_titles)):
        if title in said or difflib.SequenceMatcher(None, title, said).ratio() >= 0.75:
            return "certain"
    return "different"


def by_rapidfuzz() -> Method | None:
    """token_set_ratio of title and year with the file's name, 90 or more; None when it is not installed."""
    try:
        fuzz = importlib.import_module("rapidfuzz.fuzz")
    except ImportError:
        return None

    def method(movie: Movie, name: str) -> Verdict:
        said = _plain(name)
        titles = (f"{_plain(title)} {movie.year}" for title in (movie.title, *movie.alt_titles))
        return "certain" if any(fuzz.token_set_ratio(title, said) >= 90 for title in titles) else "different"

    return method


def _plain(text: str) -> str:
    """The last part of a path without its ending, lower case, blanks for everything else."""
    base = re.sub(r"\.\w{2,4}$", "", text.rstrip("/").rpartition("/")[2])
    return " ".join(re.sub(r"[\W_]+", " ", base.casefold()).split())


# -- tables


def rows(path: Path | None = None) -> Iterator[Row]:
    """Ours against what is asked of it; a sample is not judged."""
    name, pairs = load(path)
    judged = pairs and (path is not None or SHARED.exists())
    for other_titles, verdicts, precision, recall in AIMS:
        got = score(ours, pairs, verdicts, other_titles=other_titles)
        what = f"{' or '.join(verdicts)}, {'with' if other_titles else 'without'} other titles ({name})"
        asked = f"≥ {precision:.3f}" + ("" if recall is None else f" / {recall:.3f}")
        good = got.precision >= precision and got.recall >= (recall or 0)
        yield Row(what, f"{got.precision:.4f} / {got.recall:.4f}", asked, good if judged else None)


def compared(path: Path | None = None) -> Table:
    """Every method on the same pairs."""
    name, pairs = load(path)
    there = sum(pair.same for pair in pairs)
    table = Table(title=f"{len(pairs)} pairs, {there} of one film: {name}")
    for heading in ("Method", "Other titles", "Precision", "Recall", "Wrong"):
        table.add_column(heading, justify="left" if heading in {"Method", "Other titles"} else "right")
    methods: list[tuple[str, Method | None, tuple[Verdict, ...]]] = [
        ("certain", ours, ("certain",)),
        ("certain or probable", ours, ("certain", "probable")),
        ("difflib 0.75, or a part of the name", by_difflib, ("certain",)),
        ("rapidfuzz token_set ≥ 90", by_rapidfuzz(), ("certain",)),
    ]
    for what, method, verdicts in methods:
        for other_titles in (True, False):
            with_them = "with" if other_titles else "without"
            if method is None:
                table.add_row(what, with_them, "not installed")
                continue
            got = score(method, pairs, verdicts, other_titles=other_titles)
            table.add_row(what, with_them, f"{got.precision:.4f}", f"{got.recall:.4f}", str(got.wrong))
    return table


def main(arguments: Sequence[str]) -> int:
    path = Path(arguments[0]) if arguments else None
    console = Console(width=130)
    console.print(compared(path))
    table = Table("What", "Precision / recall", "Asked for", "")
    missed = 0
    for row in rows(path):
        table.add_row(row.what, row.measured, row.asked, {None: "", True: "yes", False: "NO"}[row.good])
        missed += row.good is False
    console.print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
