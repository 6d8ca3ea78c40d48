"""Targets: what services answer."""

import functools
import socket
import threading
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from movie_sync.clients.qbittorrent_manager import QBittorrentManager
from movie_sync.clients.torrent_folder import TorrentFolder
from movie_sync.errors import BadReply, BadTorrent, Unavailable
from movie_sync.lib.clock import SystemClock
from movie_sync.lib.http import MAX_RETRY_AFTER_S, HttpClient, HttpReply
from movie_sync.lib.torrent_file import MAX_SIZE_BYTES, read_torrent
from movie_sync.movie import Movie, Torrent
from movie_sync.trackers.filelist_downloader import MAX_ID, read_rows
from movie_sync.watchlists import wikidata
from movie_sync.watchlists.letterboxd_pages import MarkupChanged, answer_kind, read_film_page, read_watchlist_page
from reliability.fuzz.contract import NOW, demand, demand_movie, demand_storable, scratch, sentence

_SLUGS = ("quiet-harbour", "tide", "low-water", "series")
_KINDS = ("page", "challenge", "private", "limited", "other")
_MOST_MINUTES = 100_000
MAX_BODY_BYTES = 64 * 1024


def watchlist_page(data: bytes) -> str:
    """A page of a watchlist."""
    try:
        page = read_watchlist_page(data)
    except MarkupChanged as exc:
        return f"Letterboxd's page could not be read: {exc}."
    demand(0 <= page.total < 10**9, f"a list of {page.total} films")
    demand(page.films or not page.total, "films are missing")
    for film in page.films:
        demand(film.number is not None or film.lid, "a film without an id")
        demand_movie(film)
    return ""


def film_page(data: bytes) -> str:
    """A film's page; the first line may be its address."""
    address, _, body = data.partition(b"\n") if data.startswith(b"http") else (b"", b"", data)
    try:
        facts = read_film_page(body, address.decode("latin-1"))
    except MarkupChanged as exc:
        return f"Letterboxd's page could not be read: {exc}."
    demand_storable(facts)
    demand(facts.slug, "a page without a slug")
    demand(facts.runtime_min is None or 0 <= facts.runtime_min < _MOST_MINUTES, f"{facts.runtime_min} minutes")
    demand(all(facts.directors) and all(facts.alt_titles), "an empty name")
    known = Movie("Film", 2000, 1, "1Xrm")
    learnt = ("slug", "number", "lid", "title", "year", "imdb_id", "tmdb_id", "kind", "runtime_min")
    found = {name: getattr(facts, name) for name in learnt if getattr(facts, name) is not None}
    demand_movie(replace(known, directors=facts.directors, alt_titles=tuple(facts.alt_titles), **found))
    return ""


def answer(data: bytes) -> str:
    """What an answer is at all: its status in the first line, its headers in the second, then its body."""
    status, _, rest = data.partition(b"\n")
    header, _, body = rest.partition(b"\n")
    code = int(status[:3]) if status[:3].isdigit() else 200
    name, _, value = header.decode("latin-1").partition(":")
    found = answer_kind(code, {name.strip().lower(): value.strip()}, body)
    demand(found in _KINDS, f"an answer of kind {found!r}")
    return ""


def tracker_rows(data: bytes) -> str:
    """FileList's API."""
    try:
        releases = read_rows(data, NOW)
    except (Unavailable, BadReply) as exc:
        return sentence(exc)
    for release in releases:
        demand_storable(release)
        demand(0 < release.release_id < MAX_ID, f"release {release.release_id}")
        demand(release.name == release.name.strip(), "blanks around a name")
        counts = (release.size_bytes, release.seeders, release.leechers)
        demand(min(counts) >= 0, "a count below zero")
        demand(0 <= release.uploaded_at <= NOW, "an upload in the future")
    return ""


def wikidata_answer(data: bytes) -> str:
    """Wikidata's SPARQL results."""
    try:
        found = wikidata.read_answer(data, _SLUGS)
    except (Unavailable, BadReply) as exc:
        return sentence(exc)
    demand(found.keys() <= {*_SLUGS}, "a film nobody asked for")
    ids = [facts.imdb_id for facts in found.values()]
    demand(None not in ids and len({*ids}) == len(ids), "two films with one id, or none")
    for slug, facts in found.items():
        demand_storable(facts)
        demand_movie(Movie("Film", 2000, 1, slug=slug, imdb_id=facts.imdb_id, tmdb_id=facts.tmdb_id, kind=facts.kind))
    return ""


# -- torrents


def torrent(data: bytes) -> str:
    """A .torrent, and where the files in it, and it itself, would be put."""
    try:
        found = read_torrent(data)
    except BadTorrent as exc:
        return sentence(exc)
    demand(len(found.info_hash) == 40 and found.info_hash == found.info_hash.lower(), f"hash {found.info_hash}")
    demand(0 < found.size_bytes <= MAX_SIZE_BYTES, f"{found.size_bytes} bytes")
    demand_storable((found.info_hash, found.name, found.size_bytes))
    _demand_within(found)
    with scratch() as folder:
        inner = folder / "torrents"
        TorrentFolder(inner).ensure(found)
        demand([*folder.iterdir()] == [inner], "the .torrent was saved elsewhere")
        demand([one.is_file() for one in inner.iterdir()] == [True], "the .torrent is not one file in its folder")
    return ""


def _demand_within(found: Torrent) -> None:
    """Every path a client may write to stays below the folder it is given, by any of the names BEP 3 and 52 have."""
    info = _bencoded(found.data, 0)[0][b"info"]
    paths = [[info[key]] for key in (b"name", b"name.utf-8") if key in info]
    files = info.get(b"files")
    for file in files if isinstance(files, list) else ():
        paths += [file[key] for key in (b"path", b"path.utf-8") if key in file]
    paths += _tree(info.get(b"file tree"), [])
    for path in paths:
        demand(isinstance(path, list) and path, f"a path is {path!r}")
        for part in path:
            text = part.decode("utf-8", "replace")
            safe = text not in {"", ".", ".."} and not {*text} & {"/", "\\", "\0"}
            demand(safe and PurePosixPath(text).parts == (text,), f"a path in it leaves its folder: {path!r}")


def _bencoded(data: bytes, at: int) -> tuple[Any, int]:
    """The value at a place and where it ends; read by other means than the program's, and with less care."""
    mark = data[at : at + 1]
    if mark == b"i":
        end = data.index(b"e", at)
        return data[at + 1 : end], end + 1
    if mark not in {b"l", b"d"}:
        colon = data.index(b":", at)
        end = colon + 1 + int(data[at:colon])
        return data[colon + 1 : end], end
    values: list[Any] = []
    at += 1
    while data[at : at + 1] != b"e":
        value, at = _bencoded(data, at)
        values.append(value)
    if mark == b"l":
        return values, at + 1
    pairs = list(zip(values[::2], values[1::2], strict=False))
    # Of a key that comes twice the first counts. Beside ``info`` anything may be a key.
    return {key: value for key, value in reversed(pairs) if isinstance(key, bytes)}, at + 1


def _tree(tree: Any, above: list[bytes]) -> list[list[bytes]]:
    paths: list[list[bytes]] = []
    for name, entry in tree.items() if isinstance(tree, dict) else ():
        if name:
            paths += [[*above, name], *_tree(entry, [*above, name])]
    return paths


# -- HTTP


def waiting_header(data: bytes) -> str:
    """``Retry-After`` and ``Content-Type``, as http.client gives them."""
    text = data.decode("latin-1")
    reply = HttpReply(429, "http://localhost/", {"retry-after": text, "content-type": text}, b"")
    seconds = reply.retry_after_s(NOW)
    demand(seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_S, f"a pause of {seconds} s")
    demand(reply.content_type == reply.content_type.strip().lower(), "a media type as it came")
    return ""


class _Answers:
    """Sends the same bytes to whoever connects, and hangs up.

    Attributes:
        data: These.
    """

    def __init__(self) -> None:
        self.data = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                try:
                    asked = b""
                    while b"\r\n\r\n" not in asked and (more := connection.recv(65536)):
                        asked += more
                    connection.sendall(self.data)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
                except OSError:
                    continue


@functools.cache
def _answers() -> _Answers:
    return _Answers()


def http_answer(data: bytes) -> str:
    """A whole answer from its first byte, by way of a socket."""
    server = _answers()
    server.data = data
    client = HttpClient("letterboxd", "movie-sync-fuzz", read_s=5.0, total_s=5.0)
    try:
        reply = client.get(server.url, max_bytes=MAX_BODY_BYTES)
        demand_storable((reply.status, reply.url, *reply.headers.items()))
        demand(len(reply.body) <= MAX_BODY_BYTES, "more bytes than allowed")
        answer_kind(reply.status, dict(reply.headers), reply.body)
        if 300 <= reply.status < 400:
            client.location(server.url)
    except (Unavailable, BadReply) as exc:
        return sentence(exc)
    finally:
        client.close()
    return ""


@functools.cache
def _client() -> QBittorrentManager:
    return QBittorrentManager(_answers().url, 80, "", "", category="", tags=("movie_sync",), clock=SystemClock())


def client_answer(data: bytes) -> str:
    """QBittorrent's web API, or what listens in its place: the same text in answer to any question."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
    # One that stays connected would keep the next from being answered.
    _answers().data = head.encode() + b"Connection: close\r\n\r\n" + data
    told = ""
    for ask in (_client().snapshot, _client().free_bytes, _client().check):
        try:
            found = ask()
        except Unavailable as exc:
            told = told or sentence(exc)
            continue
        demand_storable(found)
        for torrent in found.values() if isinstance(found, dict) else ():
            demand(0 <= torrent.progress <= 1, f"progress {torrent.progress}")
            counts = (torrent.size_bytes, torrent.speed_bytes_s, torrent.seeds, torrent.ratio, torrent.seeding_s)
            demand(min(counts) >= 0, "a count below zero")
    return told
