"""``python -m benchmarks.names``: what release names are read right, and how fast, beside other parsers.

The rivals are measured when they are installed; they are no dependencies of Movie Sync and none of their code is in it:
``pip install guessit parsett neurelease parse-torrent-title`` into the same environment (guessit is LGPL-3.0-or-later,
the others MIT).

Two sets of names: ``../shared/data/release_names.jsonl`` beside the checkout, public test cases of other projects,
where it is present; and ``data/release_names.jsonl`` here, written for this project and therefore no result. Of the
first, a half chosen by hash is for tuning; the other is reported only as figures. ``benchmarks/names_scoring.py`` says
what counts as right.
"""

import argparse
import contextlib
import hashlib
import importlib.metadata
import itertools
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import unwrap
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.names_scoring import ANY, FIELDS, RIVALS, Parser, Words, canonical, expected, ours, right
from benchmarks.row import Row, cpu_name
from movie_sync.releases import parse

_HERE = Path(__file__).resolve().parent
SHARED = _HERE.parents[1] / "shared" / "data" / "release_names.jsonl"
SAMPLE = _HERE / "data" / "release_names.jsonl"
OURS = "ours"
# Percent, of all corpora together; the fields without a number have the best rival to reach and no more.
AIMS = {"title": 92, "year": 99, "resolution": 98, "source": 94, "group": 88, "languages": 75}
# Most rows say that a name has none of these: they are counted apart as well.
SPARSE = frozenset({"edition", "hdr", "languages", "proper_or_repack"})
# The corpus that is a rival's own test suite says nothing of how it reads other names: all together leaves it out.
OWN_TESTS = {"parsett": "ptt"}
# Our two readers of names, by what they are called, and how many names a second each has to read.
SPEEDS = {"parse_release": 2_500, "parse_name": 4_000}
HOSTILE_MS = 20
HOSTILE_LENGTH = 2_000
MUTATED = 100_000
MUTATED_S = 60
RIVAL_NAMES = 150
PASSES = 5
_SEED = 20_240
_MARKS = {None: "", True: "yes", False: "NO"}

Rows = Sequence[Mapping[str, Any]]
Answers = Mapping[str, Sequence[Words] | None]


def load(path: Path) -> Rows:
    """The rows of a file, one JSON object a line; none when there is no such file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def half_of(name: str) -> str:
    return "report" if hashlib.sha256(name.encode()).digest()[0] % 2 else "tuning"


def parsers() -> Mapping[str, Parser | None]:
    """Ours first, then every rival; None for one that is not installed."""
    found: dict[str, Parser | None] = {OURS: ours}
    for name, ready in RIVALS.items():
        found[name] = None
        with contextlib.suppress(ImportError):
            found[name] = ready()
    return found


def said_by(parser: Parser, rows: Rows) -> Sequence[Words]:
    """One answer a row; a rival that fails on a name says nothing."""
    answers: list[Words] = []
    for row in rows:
        try:
            answers.append(parser(row["name"]))
        except Exception:  # Somebody else's code, on any name at all; ours must not fail.
            if parser is ours:
                raise
            answers.append({})
    return answers


def asserting(field: str, rows: Rows, *, said: bool = False) -> Sequence[int]:
    """Which rows assert a field; with ``said`` only those that assert more than that the name says nothing."""
    wanted = {index: expected(row, field) for index, row in enumerate(rows)}
    return [index for index, words in wanted.items() if (words if said else words is not None)]


def rights(field: str, rows: Rows, said: Sequence[Words], of: Sequence[int], without: str | None) -> tuple[int, int]:
    """How many rows are read right, of how many; rows of the corpus ``without`` left out."""
    counted = [index for index in of if rows[index]["corpus"] != without]
    return sum(right(rows[index], field, said[index]) for index in counted), len(counted)


def better(field: str, rows: Rows, answers: Answers, of: Sequence[int]) -> list[str]:
    """Whom ours falls short of: rivals, each on the rows that are not from its own tests, and the aim."""
    own = answers[OURS]
    assert own is not None
    percent = 100 * rights(field, rows, own, of, None)[0] / len(of)
    short = [f"aim {AIMS[field]}"] if percent < AIMS.get(field, 0) else []
    for name, said in answers.items():
        outside = OWN_TESTS.get(name)
        if said and rights(field, rows, own, of, outside) < rights(field, rows, said, of, outside):
            short.append(name)
    return short


def field_table(title: str, rows: Rows, answers: Answers, *, judged: bool) -> tuple[Table, int]:
    """The percentages of one set of rows; and how many lines miss what they have to reach."""
    table = Table(title=f"{title}: {len(rows)} names, percent right")
    for heading in ("Field", "Asserted", *answers, *(("Aim", "") if judged else ())):
        table.add_column(heading, justify="left" if heading in {"Field", ""} else "right")
    missed = 0
    for field, sparse in itertools.product(FIELDS, (False, True)):
        of = asserting(field, rows, said=sparse)
        if not of or (sparse and field not in SPARSE):
            continue
        cells = []
        for name, said in answers.items():
            if said is None:
                cells.append("not installed")
                continue
            good, counted = rights(field, rows, said, of, OWN_TESTS.get(name) if judged else None)
            cells.append(f"{100 * good / counted:.1f}" if counted else "-")
        if judged and not sparse:
            short = better(field, rows, answers, of)
            cells += [f"≥ {AIMS[field]}" if field in AIMS else "", f"NO: {', '.join(short)}" if short else "yes"]
            missed += bool(short)
        table.add_row("  where there is one" if sparse else field, str(len(of)), *cells)
    return table, missed


def print_misses(field: str, rows: Rows, answers: Answers, console: Console) -> None:
    """Every row ours reads wrong, with the rivals that read it right. Of the tuning half only."""
    for index, row in enumerate(rows):
        said = answers[OURS]
        assert said is not None
        if expected(row, field) is None or right(row, field, said[index]):
            continue
        others = [name for name, theirs in answers.items() if theirs and right(row, field, theirs[index])]
        given, wanted = canonical(field, said[index].get(field, ())), sorted(expected(row, field) or ())
        words = f"{'one of ' * (field in ANY and len(wanted) > 1)}{wanted}, said {sorted(given)}"
        for line in (
            f"{row['corpus']:5} {row['name']}",
            f"      wanted {words}; right: {', '.join(others) or 'nobody'}",
        ):
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def forget() -> None:
    """Empty every cache of the parser, so that each name is read anew."""
    for module in [module for name, module in sys.modules.items() if name.startswith("movie_sync")]:
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


def names_a_second(read: Callable[[str], object], names: Sequence[str], passes: int = 1) -> float:
    """Names a second of processor time on one core, the best of several passes; no name is read twice in one."""
    best = float("inf")
    for _ in range(passes):
        forget()
        begun = time.process_time()
        for name in names:
            with contextlib.suppress(Exception):
                read(name)
        best = min(best, time.process_time() - begun)
    return len(names) / best


def import_cost(statement: str) -> tuple[float, float]:
    """Seconds to import and read a first name, and resident MiB above an empty Python's; medians of fresh processes."""
    script = (
        "import time; begun = time.perf_counter()\n{}\nprint(time.perf_counter() - begun)\n"
        "print(open('/proc/self/statm').read().split()[1])"
    )
    outputs = {
        code: [
            subprocess.run([sys.executable, "-c", script.format(code)], capture_output=True, check=True).stdout.split()
            for _ in range(3)
        ]
        for code in (statement, "pass")
    }
    seconds, pages = (statistics.median(float(line[at]) for line in outputs[statement]) for at in (0, 1))
    empty = statistics.median(float(line[1]) for line in outputs["pass"])
    return seconds, (pages - empty) * os.sysconf("SC_PAGE_SIZE") / 1024**2


_FIRST = "('Metropolis.1927.1080p.BluRay.x264-GRP')"
_STATEMENTS = {
    OURS: f"from movie_sync.releases.parse import parse_release as p; p{_FIRST}",
    "guessit": f"from guessit import guessit as p; p{_FIRST}",
    "parsett": f"from PTT import parse_title as p; p{_FIRST}",
    "neurelease": f"from neurelease import Parser; Parser().parse{_FIRST}",
    "parse-torrent-title": f"from PTN import parse as p; p{_FIRST}",
}


def cost_table(found: Mapping[str, Parser | None], names: Sequence[str]) -> tuple[Table, int]:
    """Speed, import time and memory of every parser; and how many of our aims are missed."""
    table = Table(
        "Parser", "Names a second", "Asked for", "", "Import and first name", "Memory", title="Cost, one core"
    )
    missed = 0
    for reader, asked in SPEEDS.items():
        speed = names_a_second(unwrap(getattr(parse, reader)), names, PASSES)
        seconds, mebibytes = import_cost(_STATEMENTS[OURS].replace("parse_release", reader))
        cells = (f"{speed:,.0f}", f"≥ {asked:,}", _MARKS[speed >= asked], f"{seconds:.2f} s", f"{mebibytes:.0f} MiB")
        table.add_row(f"{OURS}, {reader}", *cells)
        missed += speed < asked
    for label, rival in found.items():
        if label == OURS:
            continue
        if rival is None:
            table.add_row(label, "not installed")
            continue
        speed = names_a_second(rival, names[:RIVAL_NAMES])
        seconds, mebibytes = import_cost(_STATEMENTS[label])
        table.add_row(label, f"{speed:,.0f}", "", "", f"{seconds:.2f} s", f"{mebibytes:.0f} MiB")
    return table, missed


# Repeated to 2,000 characters: separators, brackets never closed, words that begin what patterns look for, look-alikes,
# and a byte that is no text, as os.scandir gives it.
_HOSTILE = (
    *("a ., - _ [ ( { [( )] [] ' & + ! ’ ½ 9 0 1 19 1. 2.1 12- 1x 1x1. .-. -.- -a a- a. .a a.b. A.".split()),
    *("2012. 1999.2012. (2001) 1927-2027. 1080 1080p. 2160p 1920x 1920x1080. 720i. 4K. s01e e01 S01E01. S01-".split()),
    *("Part. Part.1. Vol.2. II. III- Chapter. AKA. .AKA.. a.k.a. aka(".split()),
    *("DTS DTS-HD. DTS-HD.MA. DTS-HD.MA.5.1. TrueHD. TrueHD.Atmos. DD DD+ DDP5.1. AC3. E-AC-3. AAC2.0. 5.1.".split()),
    *("WEB WEB- WEB-DL. WEB.DL WEBRip. BluRay. Blu- UHD. BD50. HD- HDTS. TS. CAM. DVD DVD9. SCR. REMUX.".split()),
    *("x264. x265- H. H.26 H.264. HEVC. 10bit. 10- HDR HDR10+. DV. DoVi. HLG.".split()),
    *("EXTENDED. Director's. Directors.Cut. Extended.Directors.Cut. IMAX. Criterion. Anniversary. 25th.".split()),
    *("ENG. English. EN- RO. RoSub. ESub. MULTi. Dual. Dual-Audio. VOSTFR. Latino. Sub. Subs. eng,fre, [ENG".split()),
    *("PROPER. REPACK2. Complete. Collection. Trilogy. 1-3. Sample. Extras. www. www.a.com [a.com] [TGx] .mkv".split()),
    *("İ \u0300 é e\u0301 日本 に Я Жи ع \u200b \u202e ﬁ Ⅷ ١٩٩٩ \U0001f3ac \udcff".split()),
    *(" ", "\t", "\n", " - ", " . ", "- ", " -", "a - b ", "( [ { ", "The ", "of the ", "\x00", "\u00a0"),
)


def hostile_names() -> Iterator[str]:
    """Names of 2,000 characters: every piece repeated, after a film and before one."""
    film = "Nosferatu.1922.1080p.BluRay.x264-GRP"
    for piece in _HOSTILE:
        run = (piece * HOSTILE_LENGTH)[: HOSTILE_LENGTH - len(film)]
        yield from ((run + piece * len(film))[:HOSTILE_LENGTH], film + run, run + film)


def slowest_ms(read: Callable[[str], object]) -> float:
    """The slowest hostile name, the best of three readings of each."""

    def once(name: str) -> float:
        forget()
        begun = time.perf_counter()
        read(name)
        return 1000 * (time.perf_counter() - begun)

    return max(min(once(name) for _ in range(3)) for name in hostile_names())


_INSERTED = (*".-_ []()+&'’,:;!/\\{}|", "İ", "é", "\u0301", "日", "Я", "\udcff", "\x00", "1", "9", "19", "2024", "1080")


def mutated(names: Sequence[str], chance: random.Random) -> Iterator[str]:
    """Endless damaged names: pieces deleted, doubled, exchanged, put in; names cut, and two joined."""
    while True:
        name = chance.choice(names)
        for _ in range(chance.randint(1, 4)):
            begin, end = sorted((chance.randint(0, len(name)), chance.randint(0, len(name))))
            end = min(end, begin + 12)
            piece, before, after = name[begin:end], name[:begin], name[end:]
            name = chance.choice(
                (
                    before + after,
                    before + piece + piece + after,
                    after + piece + before,
                    before + chance.choice(_INSERTED) + piece + after,
                    before or after,
                    before + chance.choice(names),
                )
            )
        yield name


def robustness(names: Sequence[str]) -> Iterator[Row]:
    """What nobody wrote: hostile names and damaged ones."""
    readers = {name: getattr(parse, name) for name in SPEEDS}
    for label, read in readers.items():
        slowest = slowest_ms(unwrap(read))
        what = f"slowest of {3 * len(_HOSTILE)} hostile names, {label}"
        yield Row(what, f"{slowest:.1f} ms", f"≤ {HOSTILE_MS} ms", slowest <= HOSTILE_MS)
    failed, done, begun = dict[str, str](), 0, time.perf_counter()
    for name in mutated(names, random.Random(_SEED)):  # noqa: S311 - the same names each time, no secret
        try:
            for read in readers.values():
                read(name)
        except Exception as problem:  # noqa: BLE001 - any at all is what is looked for
            failed.setdefault(repr(problem)[:80], name)
        done += 1
        if done == MUTATED or time.perf_counter() - begun > MUTATED_S:
            break
    speed = done / (time.perf_counter() - begun)
    yield Row(f"{done:,} damaged names, both", f"{len(failed)} kinds of exception, {speed:,.0f}/s", "0", not failed)
    for kind, name in list(failed.items())[:5]:
        yield Row(f"  {escape(kind)}", escape(repr(name[:80])))


def arguments(words: Iterable[str] | None = None) -> argparse.Namespace:
    ask = argparse.ArgumentParser(prog="python -m benchmarks.names", description="Release names, beside other parsers.")
    ask.add_argument("--data", type=Path, default=SHARED, help="rows of other projects; %(default)s")
    ask.add_argument("--half", choices=("report", "tuning"), default="report", help="which half of them; %(default)s")
    ask.add_argument("--misses", choices=FIELDS, help="print what ours reads wrong, and nothing else; tuning half only")
    chosen = ask.parse_args(None if words is None else list(words))
    if chosen.misses and chosen.half != "tuning":
        ask.error("--misses shows rows, and those of the report half are not looked at; add --half tuning")
    return chosen


def only(corpus: str, rows: Rows, answers: Answers) -> tuple[Rows, Answers]:
    """The rows of one corpus with their answers."""
    kept = [index for index, row in enumerate(rows) if row["corpus"] == corpus]
    return [rows[index] for index in kept], {
        name: said and [said[index] for index in kept] for name, said in answers.items()
    }


def print_fields(rows: Rows, sample: Rows, found: Mapping[str, Parser | None], half: str, console: Console) -> int:
    """A table of each corpus, of all together and of the committed sample; how many lines of all together missed."""
    missed = 0
    if rows:
        answers = {name: parser and said_by(parser, rows) for name, parser in found.items()}
        for corpus in dict.fromkeys(row["corpus"] for row in rows):
            table, _ = field_table(f"{corpus}, {half} half", *only(corpus, rows, answers), judged=False)
            console.print(table)
        table, missed = field_table(f"All together, {half} half", rows, answers, judged=True)
        console.print(table)
    answers = {name: parser and said_by(parser, sample) for name, parser in found.items()}
    table, _ = field_table("Committed sample: not a result", sample, answers, judged=False)
    console.print(table)
    return missed


def main() -> int:
    chosen = arguments()
    console = Console(width=150)
    shared, sample, found = load(chosen.data), load(SAMPLE), parsers()
    rows = [row for row in shared if half_of(row["name"]) == chosen.half]
    if chosen.misses:
        answers = {name: parser and said_by(parser, rows) for name, parser in found.items()}
        print_misses(chosen.misses, rows, answers, console)
        return 0
    versions = [
        f"{name} {importlib.metadata.version(name)}" for name, parser in found.items() if parser and name != OURS
    ]
    console.print(
        f"Python {platform.python_version()}, {os.cpu_count()} × {cpu_name()}; {', '.join(versions) or 'no rival'}"
    )
    missed = print_fields(rows, sample, found, chosen.half, console)
    table, slow = cost_table(found, [row["name"] for row in (*rows, *sample)])
    console.print(table)
    # Damaged names are printed when they fail: none may come from the half that is not looked at.
    seeds = [row["name"] for row in (*shared, *sample) if row in sample or half_of(row["name"]) == "tuning"]
    table, fragile = Table("What", "Measured", "Asked for", "", title="Names nobody wrote"), 0
    for row in robustness(seeds):
        table.add_row(row.what, row.measured, row.asked, _MARKS[row.good])
        fragile += row.good is False
    console.print(table)
    # The sample alone, and the half that was tuned on, prove nothing.
    counts = bool(rows) and chosen.half == "report"
    return 1 if fragile or (counts and missed + slow) else 0


if __name__ == "__main__":
    sys.exit(main())
