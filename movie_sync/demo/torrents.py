"""Make .torrent files, and a BitTorrent tracker for them."""

import hashlib
import struct
import urllib.parse
from pathlib import Path

import bencode2

from movie_sync.demo.loopback import Answer, LoopbackServer, Request

PIECE_BYTES = 256 * 1024
_REANNOUNCE_S = 5


def make_torrent(path: Path, announce: str, *, private: bool) -> bytes:
    """A v1 .torrent of one file or of a folder's files."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    data = b"".join(file.read_bytes() for file in files)
    pieces = (data[start : start + PIECE_BYTES] for start in range(0, len(data), PIECE_BYTES))
    info: dict[bytes, object] = {
        b"name": path.name.encode(),
        b"piece length": PIECE_BYTES,
        b"pieces": b"".join(hashlib.sha1(piece).digest() for piece in pieces),  # noqa: S324  BEP 3
    }
    if path.is_dir():
        info[b"files"] = [
            {b"length": file.stat().st_size, b"path": [part.encode() for part in file.relative_to(path).parts]}
            for file in files
        ]
    else:
        info[b"length"] = len(data)
    if private:
        info[b"private"] = 1
    return bencode2.bencode({b"announce": announce.encode(), b"info": info})


class TorrentTracker(LoopbackServer):
    """Answers ``/announce`` with every other peer of the same info-hash (BEP 3, compact as in BEP 23).

    Attributes:
        peers: Info-hash to (peer id, port) to whether it is a seed.
    """

    def __init__(self) -> None:
        self.peers: dict[bytes, dict[tuple[bytes, int], bool]] = {}
        super().__init__()

    @property
    def announce_url(self) -> str:
        """What goes into a .torrent."""
        return f"{self.url}/announce"

    def seeds(self) -> int:
        """How many torrents have at least one seed."""
        return sum(any(swarm.values()) for swarm in list(self.peers.values()))

    def answer(self, request: Request) -> Answer:
        """See LoopbackServer."""
        if not request.path.startswith("/announce"):
            return Answer(b"not found", 404)
        fields = {
            name: urllib.parse.unquote_to_bytes(value)
            for name, _, value in (part.partition("=") for part in request.raw_query.split("&"))
        }
        swarm = self.peers.setdefault(fields.get("info_hash", b""), {})
        me = (fields.get("peer_id", b""), int(fields.get("port", b"0")))
        if fields.get("event") == b"stopped":
            swarm.pop(me, None)
        else:
            swarm[me] = fields.get("left") == b"0"
        others = [peer for peer in swarm if peer != me]
        compact = b"".join(bytes([127, 0, 0, 1]) + struct.pack(">H", port) for _, port in others)
        reply = {b"interval": _REANNOUNCE_S, b"min interval": 1, b"peers": compact}
        return Answer(bencode2.bencode(reply), content_type="text/plain", headers={"Connection": "close"})
