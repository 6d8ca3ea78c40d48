"""Bad .torrents of one release, the best of its film, while everything else is well: the next best has to come."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import bencode2

from movie_sync.demo.films import FILMS
from movie_sync.demo.nox import installed
from movie_sync.demo.torrents import make_torrent
from reliability.faults.trial import Fault, Trial, try_all
from reliability.faults.trying import MOST_MEMORY_MB, memory_mb
from reliability.stage import Stage
from reliability.tried import Effort, Tried

PART = "Torrents"
FILM = FILMS[0]
BEST, NEXT = "Nosferatu.1922.2160p.UHD.BluRay.x265-DEMO", "Nosferatu.1922.1080p.BluRay.x264-DEMO"
_ANOTHER = "M.1931.1080p.BluRay.x264-DEMO"
_MB = 1024 * 1024
_TEN_MB = 10 * _MB
_UNREAD = r"The \.torrent cannot be read"
_NONE = r"instead of a \.torrent"
_CANNOT_BE = r"which cannot be"

Info = dict[bytes, Any]


@dataclass(frozen=True, slots=True)
class BadTorrent:
    """One bad .torrent.

    Attributes:
        words: For people.
        make: Makes it of the good one.
        told: Regular expression of why the next best was taken, as ``why`` tells it.
        short: Tried in the short run.
    """

    words: str
    make: Callable[[bytes], bytes]
    told: str
    short: bool = False


def _changed(torrent: bytes, **changes: Any) -> bytes:
    """The same with other values in ``info``; None takes one out."""
    whole = bencode2.bdecode(torrent)
    info = whole[b"info"] | {name.replace("_", " ").encode(): value for name, value in changes.items()}
    return bencode2.bencode({**whole, b"info": {key: value for key, value in info.items() if value is not None}})


def _files(torrent: bytes, *paths: list[bytes], **more: Any) -> bytes:
    """The same with files in a folder."""
    files = [{b"length": 10, b"path": path, **{key.encode(): value for key, value in more.items()}} for path in paths]
    return _changed(torrent, files=files, length=None)


def _many(torrent: bytes) -> bytes:
    """As many files as fit into ten megabytes: hundreds of thousands."""
    one = b"d6:lengthi1e4:pathl1:aee"
    files = b"5:filesl" + one * ((_TEN_MB - 4096) // len(one)) + b"e"
    return torrent.replace(b"4:infod", b"4:infod" + files, 1).replace(b"6:length", b"6:lengtx", 1)


def _another(seeds: Path, announce: str, torrent: bytes) -> bytes:  # noqa: ARG001  in place of it
    return make_torrent(seeds / f"{_ANOTHER}.mkv", announce, private=True)


def bad_torrents() -> Iterator[BadTorrent]:
    """Every one that can be made of the good one alone."""
    yield BadTorrent("empty", lambda _: b"", _NONE, short=True)
    yield BadTorrent("not bencoded", lambda _: b"PK\x03\x04 a zip archive" * 40, _NONE)
    yield BadTorrent("a log-in page", lambda _: b"<html><body>takelogin.php</body></html>", _NONE)
    yield BadTorrent("cut in half", lambda good: good[: len(good) // 2], _UNREAD)
    yield BadTorrent("without info", lambda _: b"d8:announce3:abce", _UNREAD)
    yield BadTorrent("lists nested a million deep", lambda _: b"d4:info" + b"l" * 10**6 + b"e" * 10**6 + b"e", _UNREAD)
    yield BadTorrent("an integer of a megabyte", lambda _: b"d4:infoi" + b"9" * _MB + b"ee", _UNREAD)
    yield from _paths()
    yield from _sizes()
    yield from _pieces()
    yield BadTorrent("keys out of order in info", _unsorted, _UNREAD)
    yield BadTorrent("a key twice in info", lambda good: good.replace(b"4:infod", b"4:infod6:lengthi1e", 1), _UNREAD)
    yield BadTorrent("millions of files, as far as 10 MB go", _many, _UNREAD, short=True)
    yield BadTorrent("larger than 10 MB", lambda good: good + b"\0" * _TEN_MB, r"sent more than 10 MB|instead of")


def _paths() -> Iterator[BadTorrent]:
    """Names and paths that lead elsewhere."""
    for words, path in (
        ("a path that goes up", [b"..", b"..", b"evil"]),
        ("an absolute path", [b"/etc", b"cron.d"]),
        ("a path with NUL in it", [b"a\0b"]),
        ("a path with a backslash", [b"..\\evil"]),
        ("a path with an escape sequence", [b"\x1b[2Jfilm.mkv"]),
        ("a path without parts", []),
    ):
        yield BadTorrent(words, partial(_files_of, path=path), _UNREAD, short=path[:1] == [b".."])
    for name in (b"../evil", b"..", b"/etc/passwd", b"", b"a\0b"):
        told = f"the name {name.decode()!r}"
        yield BadTorrent(told, partial(_renamed, name=name), _UNREAD)
    yield BadTorrent("a link in it", lambda good: _files(good, [b"a"], attr=b"l"), _UNREAD)
    yield BadTorrent("another name for other clients", partial(_changed, **{"name.utf-8": b"../evil"}), _UNREAD)


def _files_of(torrent: bytes, path: list[bytes]) -> bytes:
    return _files(torrent, [b"film.mkv"], path)


def _renamed(torrent: bytes, name: bytes) -> bytes:
    return _changed(torrent, name=name)


def _sizes() -> Iterator[BadTorrent]:
    """Sizes that cannot be."""
    sizes: Mapping[str, tuple[Any, str]] = {
        "a size of 0": (0, _CANNOT_BE),
        "a size below 0": (-1, _UNREAD),
        "a size of 2^63": (2**63, _UNREAD),
        "a size of 2^200": (2**200, _UNREAD),
        "a size that is a text": (b"many", _UNREAD),
    }
    for words, (size, told) in sizes.items():
        yield BadTorrent(words, partial(_changed, length=size), told, short=size == 2**63)
    told = rf"names {2**45} bytes, the tracker's list \d+"
    yield BadTorrent(
        "35 TB where the list says a megabyte",
        partial(_changed, length=2**45, piece_length=2**28, pieces=bytes(20 << 17)),
        told,
    )


def _pieces() -> Iterator[BadTorrent]:
    """Pieces that cannot be, which a client refuses."""
    for words, length in (
        ("of 0 bytes", 0),
        ("of less than nothing", -1),
        ("of a terabyte", 2**40),
        ("of 2^63 bytes", 2**63),
        ("of a text", b"many"),
        ("of no size", None),
    ):
        yield BadTorrent(f"pieces {words}", partial(_changed, piece_length=length), _UNREAD)
    for words, hashes in (
        ("without any", None),
        ("none of them", b""),
        ("too few", bytes(20)),
        ("half of one", bytes(70)),
        ("a number", 7),
    ):
        yield BadTorrent(f"hashes of pieces: {words}", partial(_changed, pieces=hashes), _UNREAD)


def _unsorted(torrent: bytes) -> bytes:
    """The same with the last key of ``info`` in front."""
    return torrent.replace(b"4:infod", b"4:infod7:privatei1e", 1).replace(b"7:privatei1ee", b"e")


def _offer(trial: Trial, torrent: bytes) -> None:
    """Put it in the place of the best release's."""
    uploads = trial.stage.world.api.uploads
    uploads[:] = [replace(one, torrent=torrent) if one.name == BEST else one for one in uploads]


def _good(trial: Trial) -> bytes:
    return next(one.torrent for one in trial.stage.world.api.uploads if one.name == BEST and one.torrent)


def refused(trial: Trial, bad: BadTorrent) -> None:
    """The next best is taken in its place, and ``why`` says why."""
    _offer(trial, bad.make(_good(trial)))
    trial.film_ends(str(FILM.movie), taken=NEXT)
    trial.start()
    trial.program.until(lambda seen: seen == trial.stage.expected)
    peak = memory_mb(trial)
    trial.expect(peak < MOST_MEMORY_MB, f"The process took {peak} MB.")
    trial.told(bad.told, by=("why", str(FILM.movie.number)))
    trial.ends()


def of_another_film(trial: Trial) -> None:
    """It is another film's torrent, whose name says so."""
    world = trial.stage.world
    refused(
        trial, BadTorrent("", partial(_another, world.seed_folder, world.tracker.announce_url), r"holds another film")
    )


def the_same_for_all(trial: Trial) -> None:
    """Every release of the film is a damaged .torrent: the film fails by itself, and is well as soon as they are."""
    uploads = list(trial.stage.world.api.uploads)
    own = {offer.name for offer in FILM.offers}
    trial.stage.world.api.uploads[:] = [replace(one, torrent=b"") if one.name in own else one for one in uploads]
    trial.start()
    title = str(FILM.movie)
    trial.program.until(lambda seen: seen == trial.stage.expected | {title: "retrying"})
    trial.told(r"No \.torrent of Nosferatu \(1922\) could be used", by=("why", str(FILM.movie.number)))
    trial.stage.world.api.uploads[:] = uploads
    trial.asked_again()
    trial.program.ask("retry", "--all")
    trial.ends()


def taken(trial: Trial, make: Callable[[bytes], bytes]) -> None:
    """Nothing speaks against it: it is handed over, though nobody can be found who seeds it."""
    _offer(trial, make(_good(trial)))
    title = str(FILM.movie)
    trial.film_ends(title, expected="downloading", taken=None)
    trial.start()
    trial.program.until(lambda seen: seen == trial.stage.expected)
    release = trial.program.films()[title].release_name
    trial.expect(release == BEST, f"{release} was taken, not {BEST}.")
    trial.ends()


def _of_version_2(trial: Trial, *, alone: bool) -> None:
    """The same film's, of version 2 (BEP 52) alone, or of both."""
    import libtorrent  # noqa: PLC0415  not everywhere

    folder = trial.stage.world.seed_folder
    files = libtorrent.file_storage()
    libtorrent.add_files(files, str(folder / f"{BEST}.mkv"))
    made = libtorrent.create_torrent(files, 0, libtorrent.create_torrent.v2_only if alone else 0)
    made.set_priv(True)
    libtorrent.set_piece_hashes(made, str(folder))
    taken(trial, lambda _: bytes(libtorrent.bencode(made.generate())))


def _announced(torrent: bytes, address: bytes | None) -> bytes:
    """The same with another tracker, or none."""
    whole = bencode2.bdecode(torrent)
    given = {} if address is None else {b"announce": address}
    return bencode2.bencode({**given, b"info": whole[b"info"]})


def odd_torrents() -> Iterator[Fault]:
    """What looks odd and is well."""
    for words, make in (
        ("no word on whether it is private", partial(_changed, private=None)),
        ("another host's tracker", partial(_announced, address=b"http://127.0.0.1:9/announce")),
        ("no tracker", partial(_announced, address=None)),
    ):
        yield Fault(words, partial(taken, make=make), silent="nothing: it is handed over")
    for words, alone in (("version 2", True), ("versions 1 and 2 in one", False)):
        yield Fault(words, partial(_of_version_2, alone=alone), silent="nothing: it is handed over")


def table() -> Iterator[Fault]:
    """Every fault of .torrents."""
    for bad in bad_torrents():
        yield Fault(bad.words, partial(refused, bad=bad), bad.short)
    yield from odd_torrents()
    yield Fault("another film's", of_another_film, short=True)
    yield Fault("damaged, of every release of a film", the_same_for_all)


def run(effort: Effort, folder: Path) -> Iterator[Tried]:
    """See `reliability`."""
    if not installed() or find_spec("libtorrent") is None:
        yield Tried(PART, "bad .torrents of one release", why_not="qbittorrent-nox or libtorrent is not installed")
        return
    with Stage(folder) as stage:
        yield from try_all(PART, tuple(table()), stage, long=effort.long)
