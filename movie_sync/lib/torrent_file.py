"""Decode a .torrent and compute its info-hash."""

import hashlib

import bencode2

from movie_sync.errors import BadTorrent
from movie_sync.movie import Torrent

MAX_TORRENT_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 64
# More files than any film has; a torrent that claims millions would fill a client's memory.
MAX_FILES = 100_000
# 256 TiB: beyond any disk this runs on, and below what overflows a client's 64-bit arithmetic.
MAX_SIZE_BYTES = 1 << 48


def read_torrent(data: bytes) -> Torrent:
    """Decode and check a .torrent.

    The info-hash is taken over the bytes as they stand (BEP 3, BEP 52), so keys in odd order before ``info`` and
    trailing bytes do not matter. Clients know a v2 or hybrid torrent by the first 40 digits of its SHA-256.

    Args:
        data: The file; at most 10 MiB.

    Raises:
        BadTorrent: Empty, HTML, not bencoded, without files, or with paths that leave their folder.
    """
    if not data.startswith(b"d") or len(data) > MAX_TORRENT_BYTES:
        looks = "an HTML page" if data.lstrip()[:1] == b"<" else f"{len(data)} bytes of something else"
        raise BadTorrent(f"The tracker answered with {looks} instead of a .torrent.")
    try:
        start, end = _info_slice(data)
        raw = data[start:end]
        info = bencode2.bdecode(raw)
        is_v2 = info.get(b"meta version") == 2
        digest = hashlib.sha256(raw) if is_v2 else hashlib.sha1(raw)  # noqa: S324  BEP 3 says SHA-1
        name = _path_part(info[b"name"])
        sizes = _file_sizes(info)
    except (bencode2.BencodeDecodeError, ValueError, KeyError, IndexError, TypeError, AttributeError) as exc:
        raise BadTorrent(f"The .torrent cannot be read ({type(exc).__name__}: {exc}).") from exc
    if not sizes or len(sizes) > MAX_FILES or not 0 < sum(sizes) <= MAX_SIZE_BYTES:
        raise BadTorrent(f"The .torrent names {len(sizes)} files of {sum(sizes)} bytes together, which cannot be.")
    return Torrent(data, digest.hexdigest()[:40], name, sum(sizes), info.get(b"private") == 1)


def _info_slice(data: bytes) -> tuple[int, int]:
    """Where the value of the outer ``info`` key begins and ends."""
    found: tuple[int, int] | None = None
    position = 1
    while data[position : position + 1] != b"e":
        key_end = _skip(data, position)
        value_end = _skip(data, key_end)
        if found is None and data[position:key_end] == b"4:info":
            found = key_end, value_end
        position = value_end
    if found is None:
        raise KeyError("info")
    return found


def _skip(data: bytes, position: int) -> int:
    """The index after the bencoded value at ``position``; open lists and dictionaries are counted, not recursed."""
    depth = 0
    while True:
        mark = data[position : position + 1]
        if mark in {b"l", b"d"}:
            depth += 1
            position += 1
            if depth > MAX_DEPTH:
                raise ValueError("nested too deeply")
            continue
        if mark == b"e":
            depth -= 1
            position += 1
        elif mark == b"i":
            position = data.index(b"e", position) + 1
        else:
            colon = data.index(b":", position, position + 12)
            length = data[position:colon]
            if not length.isdigit():  # a negative one would lead back, and round in circles
                raise ValueError("a length is not a number")
            position = colon + 1 + int(length)
        if position > len(data) or depth < 0:
            raise ValueError("cut short")
        if depth == 0:
            return position


def _path_part(raw: bytes) -> str:
    part = raw.decode("utf-8", "replace")
    if part in {"", ".", ".."} or "/" in part or "\\" in part or "\0" in part:
        raise ValueError("a path in it leaves its folder")
    return part


def _size(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError("a file size is not a number")
    return value


def _file_sizes(info: dict[bytes, object]) -> list[int]:
    """Sizes in bytes of all files of a v1, v2 or hybrid torrent; every path is checked."""
    files = info.get(b"files")
    if isinstance(files, list):
        for file in files:
            for part in file[b"path"]:
                _path_part(part)
        return [_size(file[b"length"]) for file in files]
    if b"length" in info:
        return [_size(info[b"length"])]
    return _tree_sizes(info[b"file tree"], 0)


def _tree_sizes(tree: object, depth: int) -> list[int]:
    if not isinstance(tree, dict) or depth > MAX_DEPTH:
        raise ValueError("its file tree is not one")
    sizes: list[int] = []
    for raw, entry in tree.items():
        if raw == b"":
            sizes.append(_size(entry[b"length"]))
        else:
            _path_part(raw)
            sizes += _tree_sizes(entry, depth + 1)
    return sizes
