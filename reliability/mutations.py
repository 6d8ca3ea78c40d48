"""Mutation proofs: one safety is taken out of a copy of the program, and the run has to turn red."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import movie_sync
from movie_sync.demo.films import FILMS
from movie_sync.demo.nox import installed
from reliability import kills
from reliability.disk import NotHere, preload
from reliability.faults import filelist, letterboxd, lists
from reliability.faults.trial import Fault, try_once
from reliability.faults.trying import Street
from reliability.kills import Kill
from reliability.tried import Effort, Tried

PART = "Mutations"


@dataclass(frozen=True, slots=True)
class Mutation:
    """One safety less.

    Attributes:
        words: What was taken away.
        file: In the package.
        old: Its text; stands there exactly once.
        new: What takes its place.
        finds: Kills of which one has to show it; none: `check` does.
        check: Given scratch and the package, what was lost; in place of a kill.
    """

    words: str
    file: str
    old: str
    new: str
    finds: Sequence[Kill] = ()
    check: Callable[[Path, Path], list[str]] | None = None


def _cut(point: str, *passings: int) -> Sequence[Kill]:
    return [Kill("power cut", "life", {"at": [point, passing]}) for passing in passings or (1,)]


def _kill(point: str) -> Sequence[Kill]:
    return [Kill("killed", "life", {"at": [point, 1]})]


def _row(table: Callable[[Street], Iterator[Fault]], words: str) -> Callable[[Path, Path], list[str]]:
    """What one row of a table of faults of web services finds."""

    def check(folder: Path, package: Path) -> list[str]:
        films = lists.many_films() if table is lists.shapes else FILMS
        with Street(folder / "street", package=package, qbittorrent=False, films=films) as street:
            fault = next(fault for fault in table(street) if fault.words == words)
            return list(try_once(PART, fault, street).lost)

    return check


MUTATIONS = (
    Mutation(
        "the content of a new file is not synced",
        "lib/files.py",
        "os.fsync(out.fileno())",
        "out.fileno()",
        _cut("queue_completed.json: renamed"),
    ),
    Mutation(
        "a renamed file's folder is not synced",
        "lib/files.py",
        "os.fsync(descriptor)",
        "descriptor.bit_length()",
        # Not every commit follows a rename by which a film changed its queue.
        _cut("QueueFiles._write: committed", 14, 18, 20, 22),
    ),
    Mutation(
        "commits are not synced",
        "store/connections.py",
        "PRAGMA synchronous=FULL",
        "PRAGMA synchronous=OFF",
        _cut("QBittorrentManager._add: answered"),
    ),
    Mutation(
        "claims of a killed process stay",
        "store/films.py",
        "SET status = 'due', claimed_at = NULL WHERE status = 'claimed'",
        "SET status = 'due', claimed_at = NULL WHERE status = 'nobody'",
        _kill("QueueManager.claim: committed"),
    ),
    Mutation(
        "calls are made without being counted",
        "trackers/filelist_downloader.py",
        "pace=lambda: self._calls.take(purpose),",
        "",
        _kill("FileListDownloader._call: answered"),
    ),
    Mutation(
        "a transfer counts as whole before it is",
        "clients/qbittorrent_manager.py",
        'done=state == "seeding" and progress >= 1.0 and left == 0,',
        "done=True,",
        _kill("QueueManager.downloaded: committed"),
    ),
    Mutation(
        "half a watchlist counts as the whole",
        "watchlists/monitor.py",
        "and sweep.read == sweep.total and",
        "and",
        check=_row(lists.shapes, "the watchlist: no link to the next page"),
    ),
    Mutation(
        "a film page that was cut short counts as whole",
        "watchlists/letterboxd_pages.py",
        'if b"</html>" not in body:',
        "if not body:",
        check=_row(letterboxd.table, "film page: half of a gzip body, properly ended"),
    ),
    Mutation(
        "redirects lead to other hosts",
        "lib/http.py",
        "if not same:",
        "if same is None:",
        check=_row(filelist.table, "api.php: a redirect to another port"),
    ),
    Mutation(
        "bodies have no limit",
        "lib/http.py",
        "if size > max_bytes:",
        "if size < 0:",
        check=_row(letterboxd.table, "watchlist page: the same, packed twice"),
    ),
    Mutation(
        "films pay for the tracker",
        "errors.py",
        "class RateLimited(Unavailable)",
        "class RateLimited(MovieSyncError)",
        check=_row(filelist.table, "api.php: 429, Retry-After of 2 minutes"),
    ),
    Mutation(
        "nothing is redacted",
        "lib/redaction.py",
        "    if known:\n",
        "    if not known:\n",
        check=_row(filelist.table, "api.php: an outage text that repeats the passkey"),
    ),
)


def mutated(mutation: Mutation, folder: Path) -> Path:
    """A folder with a copy of the package that lacks one safety.

    Raises:
        ValueError: The text does not stand there exactly once: the mutation has to follow the code.
    """
    shutil.copytree(
        Path(movie_sync.__file__).parent, folder / "movie_sync", ignore=shutil.ignore_patterns("__pycache__")
    )
    file = folder / "movie_sync" / mutation.file
    text = file.read_text(encoding="utf-8")
    if text.count(mutation.old) != 1:
        raise ValueError(f"{mutation.words}: its text stands {text.count(mutation.old)} times in {mutation.file}")
    file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    return folder


def prove(mutation: Mutation, folder: Path, built: Path | None) -> Tried:
    """Take one safety away and see the run turn red; it is lost when it stays green."""
    package = mutated(mutation, folder / "package")
    if mutation.check is not None:
        tries, lost = 1, mutation.check(folder, package)
    elif built is not None or all(kill.way != "power cut" for kill in mutation.finds):
        tries, lost = _killed(mutation.finds, folder, built, package)
    else:
        return Tried(PART, mutation.words, why_not="no C compiler for power cuts")
    seen = lost[0] if lost else ""
    return Tried(PART, mutation.words, seen, tries, () if lost else ("The run stayed green without it.",))


def _killed(finds: Sequence[Kill], folder: Path, built: Path | None, package: Path) -> tuple[int, list[str]]:
    """Kill until one shows it; how many were needed, and what was lost by the last."""
    for number, kill in enumerate(finds, 1):
        found = kills.try_all(folder / str(number), kill.scenario, [(kill,)], built, package=package)
        lost = [sentence for _, _, sentences in found for sentence in sentences]
        if lost:
            break
    return number, lost


def run(effort: Effort, folder: Path) -> Iterator[Tried]:  # noqa: ARG001  each is tried once in either form
    """See `reliability`."""
    if not installed():
        yield Tried(PART, "one safety less turns the run red", why_not="qbittorrent-nox is not installed")
        return
    built: Path | None
    try:
        built = preload.build(folder)
    except NotHere:
        built = None
    for number, mutation in enumerate(MUTATIONS):
        (folder / str(number)).mkdir()
        yield prove(mutation, folder / str(number), built)
