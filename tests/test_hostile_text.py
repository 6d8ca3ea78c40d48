"""What a page, a tracker or a torrent says reaches a person as text, never as commands; what it claims is bounded."""

import gzip
import json
import logging
import os
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from terminal import Terminal

from movie_sync.clients.qbittorrent_manager import QBittorrentManager
from movie_sync.demo.films import FILMS
from movie_sync.demo.world import World
from movie_sync.errors import BadTorrent, MovieSyncError, Unavailable
from movie_sync.lib.clock import SystemClock
from movie_sync.lib.plain_text import escaped, harmless
from movie_sync.lib.redaction import RedactingFormatter
from movie_sync.lib.torrent_file import read_torrent
from movie_sync.trackers.filelist_downloader import read_rows
from movie_sync.verbs.backups import restore
from reliability.program import Program

COMMANDS = ("\x1b]", "\x1b[2J", "\x1b[8m", "\x07", "\x9b", "\u202e")
HOSTILE = "Lost \x1b]0;title\x07\x1b[2J\x1b[8mhidden\r\nALL IS WELL \x9b31m\u202egpj.exe"


def test_a_hostile_title_commands_no_terminal_and_forges_no_line(tmp_path: Path) -> None:
    world = World(tmp_path / "world", private=False, films=FILMS[6:7])
    world.site.films[0] = replace(world.site.films[0], title=HOSTILE)
    program = Program(tmp_path, world)
    try:
        ran = program.ask("run", "--once", "--verbose")
        environment = {**os.environ, **program.environment, "MOVIE_SYNC_HOME": str(program.home), "TERM": "xterm"}
        shown = b""
        for command in (["list"], ["stats"], ["list", "--json"], ["why", FILMS[6].movie.key], ["logs"]):
            with Terminal([sys.executable, "-m", "movie_sync", *command], environment) as terminal:
                assert terminal.leave() == 0
                shown += terminal.raw
    finally:
        world.close()
    log = (program.home / "movie_sync.log").read_text(encoding="utf-8")
    assert "ALL IS WELL" in shown.decode()
    for text in (shown.decode(), ran.stdout, ran.stderr, log):
        assert [part for part in COMMANDS if part in text] == []
        assert [line for line in text.splitlines() if line.startswith("ALL IS WELL")] == []


def test_only_our_own_colours_reach_a_terminal() -> None:
    assert harmless("\x1b[31mred\x1b[0m \x1b[8mhidden\x1b[38;5;1m\ttab\nline", coloured=True) == (
        "\x1b[31mred\x1b[0m \ufffd[8mhidden\ufffd[38;5;1m\ttab\nline"
    )
    assert harmless("\x1b[31m\x9b\u2066") == "\ufffd[31m\ufffd\ufffd"
    assert json.loads(escaped(json.dumps(HOSTILE, ensure_ascii=False))) == HOSTILE


def test_a_message_in_the_log_is_one_line_and_its_trace_stays_many() -> None:
    try:
        int("bad\x1b[2J")
    except ValueError:
        record = logging.LogRecord("x", logging.INFO, "", 0, "one\r\ntwo \x1b[2J", (), sys.exc_info())
    lines = RedactingFormatter("%(levelname)s %(message)s").format(record).splitlines()
    assert lines[0] == "INFO one two \ufffd[2J"
    assert len(lines) > 3
    assert lines[-1] == "ValueError: invalid literal for int() with base 10: 'bad\\x1b[2J'"


@pytest.mark.parametrize("number", ["1e308", "-1e308", '"1e300"', "123456789012345678901234567890"])
def test_a_number_no_database_holds_is_bounded(number: str) -> None:
    row = f'[{{"id": 1, "name": "A", "size": {number}, "seeders": {number}, "leechers": {number}}}]'
    release = read_rows(row.encode(), 1e9)[0]
    assert all(0 <= count <= 1 << 62 for count in (release.size_bytes, release.seeders, release.leechers))


def test_the_name_of_a_release_is_one_line() -> None:
    assert read_rows(b'[{"id": 1, "name": " A.2001\\r\\nALL IS WELL "}]', 1e9)[0].name == "A.2001 ALL IS WELL"


def bencoded(value: object) -> bytes:
    match value:
        case int():
            return b"i%de" % value
        case bytes():
            return b"%d:%s" % (len(value), value)
        case list():
            return b"l" + b"".join(map(bencoded, value)) + b"e"
        case dict():
            return b"d" + b"".join(bencoded(key) + bencoded(value[key]) for key in sorted(value)) + b"e"
    raise TypeError(value)


PIECES = {b"piece length": 16384, b"pieces": bytes(20)}
FILE = {b"length": 1, b"path": [b"a"]}


@pytest.mark.parametrize(
    "info",
    [
        {b"name": b"ok", b"name.utf-8": b"../evil", b"length": 1},
        {b"name": b"ok", b"files": [{**FILE, b"path.utf-8": [b"..", b"evil"]}]},
        {b"name": b"ok", b"files": [FILE, {**FILE, b"attr": b"l", b"symlink path": [b"..", b"etc"]}]},
        {b"name": b"ok\x1b[2J", b"length": 1},
        {b"name": b"ok\n", b"length": 1},
        {b"name": b"ok", b"meta version": 2, b"length": 1, b"file tree": {b"..": {b"e": {b"": {b"length": 1}}}}},
    ],
    ids=["name.utf-8", "path.utf-8", "link", "escape", "newline", "file tree of a hybrid"],
)
def test_a_torrent_that_names_a_way_out_anywhere_is_refused(info: dict[bytes, object]) -> None:
    with pytest.raises(BadTorrent):
        read_torrent(bencoded({b"info": {**PIECES, **info}}))


def test_the_name_is_the_one_that_clients_take() -> None:
    info = {**PIECES, b"name": b"old", b"name.utf-8": "neu é".encode(), b"length": 1}
    assert read_torrent(bencoded({b"info": info})).name == "neu é"


def test_a_backup_whose_header_claims_gigabytes_is_refused_before_they_are_read(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 32
    with gzip.open(tmp_path / "bomb.tar.gz", "wb") as bomb:
        bomb.write(header.tobuf(tarfile.USTAR_FORMAT) + bytes(4 << 20))
    with pytest.raises(MovieSyncError, match="a header in it is too long"):
        restore(tmp_path / "home", tmp_path / "bomb.tar.gz", 0.0)


def test_the_command_that_starts_qbittorrent_gets_none_of_our_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_PASSKEY", "0123456789abcdef")
    told = tmp_path / "told"
    script = tmp_path / "start"
    script.write_text(f"#!/bin/sh\nenv >{told}.new && mv {told}.new {told}\n")
    script.chmod(0o755)

    class Quick(SystemClock):
        def wait(self, seconds: float) -> None:
            super().wait(min(seconds, 0.02))

    manager = QBittorrentManager("127.0.0.1", 9, "u", "p", clock=Quick(), auto_start=str(script))
    with pytest.raises(Unavailable):
        manager.check()
    assert "PATH=" in told.read_text()
    assert "MOVIE_SYNC" not in told.read_text()


def test_a_torrent_far_larger_than_the_trackers_list_says_is_refused(tmp_path: Path) -> None:
    world = World(tmp_path / "world", private=False, films=FILMS[12:])
    pieces = {b"piece length": 1 << 28, b"pieces": bytes(20 << 12)}
    torrent = bencoded({b"info": {**pieces, b"name": b"m.mkv", b"length": 1 << 40}})
    world.api.uploads[0] = replace(world.api.uploads[0], torrent=torrent)
    program = Program(tmp_path, world)
    try:
        program.ask("run", "--once")
        film = program.films()["M (1931)"]
    finally:
        world.close()
    assert (film.status, film.release_name) == ("retrying", None)
    assert f"names {1 << 40} bytes, the tracker's list {world.api.uploads[0].size_bytes}" in str(film.last_error)
