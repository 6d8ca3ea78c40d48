"""Decode a .torrent and compute its info-hash."""

import hashlib

import bencode2

from movie_sync.errors import BadTorrent
from movie_sync.movie import Torrent

MAX_TORRENT_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 64
# More files than any film has; a torrent that claims millions would fill a client's memory, and this one's.
MAX_FILES = 10_000
# A file is two of them, or three in a version 2 tree with a folder of its own.
_MAX_CONTAINERS = 4 * MAX_FILES
# 256 TiB: beyond any disk this runs on, and below what overflows a client's 64-bit arithmetic.
MAX_SIZE_BYTES = 1 << 48
# From here on libtorrent refuses a piece.
_TOO_LARGE_PIECE = 1 << 29
_SHA1_BYTES = 20


def read_torrent(data: bytes) -> Torrent:
    """Decode and check a .torrent.

    The info-hash is taken over the bytes as they stand (BEP 3, BEP 52), so keys in odd order before ``info`` and
    trailing bytes do not matter. Clients know a v2 or hybrid torrent by the first 40 digits of its SHA-256.

    Args:
        data: The file; at most 10 MiB.

    Raises:
        BadTorrent: Empty, HTML, not bencoded, without files, with paths that leave their folder, or with pieces that
            are not those of its files, which every client refuses.
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
        # The last is the one under which clients write it.
        name = [_path_part(info[key]) for key in (b"name", b"name.utf-8") if key in info][-1]
        sizes = _file_sizes(info)
    except (bencode2.BencodeDecodeError, ValueError, KeyError, IndexError, TypeError, AttributeError) as exc:
        raise BadTorrent(f"The .torrent cannot be read ({type(exc).__name__}: {exc}).") from exc
    if not sizes or len(sizes) > MAX_FILES or not 0 < sum(sizes) <= MAX_SIZE_BYTES:
        raise BadTorrent(f"The .torrent names {len(sizes)} files of {sum(sizes)} bytes together, which cannot be.")
    if not _has_pieces(info, sum(sizes)):
        raise BadTorrent("The .torrent cannot be read (its pieces are not those of its files).")
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
    depth = containers = 0
    while True:
        mark = data[position : position + 1]
        if mark in {b"l", b"d"}:
            depth += 1
            containers += 1
            position += 1
            if depth > MAX_DEPTH or containers > _MAX_CONTAINERS:
                raise ValueError("nested too deeply" if depth > MAX_DEPTH else "too many files")
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
    if part in {"", ".", ".."} or "/" in part or "\\" in part:
        raise ValueError("a path in it leaves its folder")
    if any(char < " " or "\x7f" <= char <= "\x9f" for char in part):
        raise ValueError("a name in it holds control characters")
    return part


def _size(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value <= MAX_SIZE_BYTES:
        raise ValueError("a file size is none that can be")
    return value


def _check_path(path: object) -> None:
    if not isinstance(path, list) or not path:
        raise ValueError("a path in it is none")
    for part in path:
        _path_part(part)


def _file_sizes(info: dict[bytes, object]) -> list[int]:
    """Sizes in bytes of all files of a v1, v2 or hybrid torrent; every path is checked."""
    files = info.get(b"files")
    in_tree = _tree_sizes(info[b"file tree"], 0) if b"file tree" in info else []
    if isinstance(files, list):
        for file in files:
            if b"l" in file.get(b"attr", b""):
                raise ValueError("a file in it is a link")
            _check_path(file[b"path"])
            _check_path(file.get(b"path.utf-8", file[b"path"]))
        return [_size(file[b"length"]) for file in files]
    if b"length" in info:
        return [_size(info[b"length"])]
    return in_tree


def _has_pieces(info: dict[bytes, object], size_bytes: int) -> bool:
    """False when a piece is of no size that can be, or there is not one hash a piece; version 2 alone has none here."""
    length, hashes = info.get(b"piece length"), info.get(b"pieces")
    if not isinstance(length, int) or not 0 < length < _TOO_LARGE_PIECE:
        return False
    if hashes is None:
        return info.get(b"meta version") == 2
    return isinstance(hashes, bytes) and len(hashes) == -(-size_bytes // length) * _SHA1_BYTES


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
