"""The search for secrets: through everything that was written, kept or asked while the program was tried.

Exceptions, by nature: the request for a .torrent to the tracker itself, the private tracker's .torrent in
``torrents/``, and the key in ``.key``.
"""

import base64
import contextlib
import json
import os
import sqlite3
import tarfile
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from movie_sync.demo.world import ANNOUNCE_KEY, PASSKEY
from movie_sync.store import DATABASE_FILE
from reliability.tried import Tried

if TYPE_CHECKING:
    from reliability.stage import Stage, Watched

PART = "Secrets"
BUNDLE = "bundle.zip"
# Names the file to which every stage appends what it searched, so that processes can share it.
LEDGER = "RELIABILITY_LEDGER"


def forms(secret: str) -> frozenset[bytes]:
    """A secret as it could be written: plain, URL-encoded, hexadecimal, and base64 wherever it begins in a text."""
    plain = secret.encode()
    found = {plain, urllib.parse.quote(secret, safe="").encode(), plain.hex().encode(), plain.hex().upper().encode()}
    for before in range(3):
        # What stands before it, and behind it, changes the first and the last letters.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * before + plain + b"\0" * 3)
            found.add(whole[(before * 8 + 5) // 6 : (before + len(plain)) * 8 // 6])
    return frozenset(found)


def _secrets(stage: "Stage") -> Mapping[str, frozenset[bytes]]:
    """Name to forms of each secret in play."""
    named = {"the passkey": PASSKEY, "the announce key": ANNOUNCE_KEY}
    if stage.server is not None:
        named["qBittorrent's password"] = stage.server.password
    key = stage.program.home / ".key"
    if key.exists():
        named["the key"] = key.read_text(encoding="ascii").strip()
    return {name: forms(secret) for name, secret in named.items()}


def _written(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file the program, or a command, wrote: what it is called, and its bytes, unpacked where packed."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        # A shadow is what a power cut would leave of the home folder, which is searched itself.
        if inside.parts[0] in {"qbittorrent", "downloads", "stdin.txt", "shadow"} or not path.is_file():
            continue
        if path.name == ".key" or (path.suffix == ".torrent" and "torrents" in inside.parts):
            continue
        data = path.read_bytes()
        yield str(inside), data
        if path.suffix == ".gz":
            yield from _unpacked(path)
        if path.name == BUNDLE:
            yield from _bundled(path)
        if data.startswith(b"SQLite format 3"):
            yield from _blobs(path)


def _unpacked(path: Path) -> Iterator[tuple[str, bytes]]:
    with contextlib.suppress(tarfile.TarError, OSError, EOFError, zlib.error), tarfile.open(path, "r:gz") as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None and member.name != ".key":
                yield f"{path.name}: {member.name}", content.read()


def _bundled(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield f"{path.name}: {name}", archive.read(name)


def _blobs(path: Path) -> Iterator[tuple[str, bytes]]:
    """What the database keeps packed."""
    database = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    with contextlib.closing(database), contextlib.suppress(sqlite3.Error):
        for file, *blobs in database.execute("SELECT file, base, next FROM exports"):
            yield from ((f"{path.name}: {file}", zlib.decompress(blob)) for blob in blobs if blob)


def _asked(stage: "Stage") -> Iterator[tuple[str, bytes]]:
    """Every recorded HTTP target; those of .torrents carry the passkey by nature."""
    world = stage.world
    for name, server in (("Letterboxd", world.site), ("FileList", world.api)):
        for request in list(server.requests):
            if request.path != "/download.php":
                yield f"a request to {name}", f"{request.path}?{request.raw_query}".encode()


def leaks(stage: "Stage") -> tuple[int, list[str]]:
    """Search all that a try left behind.

    Returns:
        How many texts were searched, and a sentence for each secret found.
    """
    secrets = _secrets(stage)
    arguments = [("a process's arguments", " ".join(line).encode()) for line in stage.program.command_lines]
    found: list[str] = []
    texts = 0
    for where, data in (*_written(stage.program.folder), *_asked(stage), *arguments):
        texts += 1
        found += [f"{name} stands in {where}." for name, ways in secrets.items() if any(way in data for way in ways)]
    return texts, found


def _diagnosed(program: "Watched") -> list[str]:
    """Write the bundle a user would give away; a sentence when it cannot be had."""
    if not os.access(program.home / DATABASE_FILE, os.R_OK):
        return []  # the try took the home folder away
    program.plan = {}
    done = program.ask("diagnose", str(program.folder / BUNDLE))
    if done.returncode == 0:
        return []
    return [f"diagnose ended with {done.returncode}: {' '.join(done.stderr.split())[-200:]}"]


def note(stage: "Stage") -> None:
    """Search a try's remains, the bundle of `diagnose` with them, and append what was found to the ledger, if any."""
    if ledger := os.environ.get(LEDGER):
        said = _diagnosed(stage.program)
        texts, found = leaks(stage)
        found += said
        with Path(ledger).open("a", encoding="utf-8") as file:
            file.write(json.dumps([texts, found]) + "\n")


def summed_up(name: str, ledger: Path) -> Iterator[Tried]:
    """What the search through all tries of a part came to; nothing when no try was searched."""
    if not ledger.exists():
        return
    lines = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    texts = sum(line[0] for line in lines)
    lost = tuple(dict.fromkeys(sentence for line in lines for sentence in line[1]))
    words = f"after {name}: files, database pages, requests, arguments, diagnose bundles; plain or encoded"
    yield Tried(PART, words, f"{texts:,} texts of {len(lines):,} tries searched", texts, lost)
