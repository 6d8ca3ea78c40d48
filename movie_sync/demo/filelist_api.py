"""A FileList-like API: search, latest, download, with its log-in and its errors."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from movie_sync.demo.loopback import Answer, LoopbackServer, Request
from movie_sync.releases.titles import title_key

# What the site calls its categories since July 2026; before, the names were Romanian.
CATEGORIES = {
    1: "Movies SD",
    4: "Movies HD",
    6: "Movies 4K",
    19: "Movies HD-RO",
    20: "Movies Blu-Ray",
    21: "TV-Series HD",
}
LIMITED = Answer(b'{"error": "Rate limit exceeded"}', 429, "application/json")
OUTAGE = Answer(b'{"error": "Site in mentenanta"}', 200, "application/json")
LOGIN_PAGE = Answer(b"<html><body><form action='takelogin.php'>Login</form></body></html>")


@dataclass(frozen=True, slots=True)
class Upload:
    """One torrent of the site.

    Attributes:
        torrent: The .torrent; None: the download answers 404.
    """

    upload_id: int
    name: str
    category: int
    imdb_id: str | None
    size_bytes: int
    seeders: int
    torrent: bytes | None
    freeleech: bool = False
    uploaded: str = "2026-08-10 12:00:00"


class FileListApi(LoopbackServer):
    """Serves uploads to one account.

    Attributes:
        uploads: Any order; change it as you like.
        category_names: What categories are called in answers.
    """

    def __init__(self, username: str, passkey: str, uploads: Sequence[Upload] = ()) -> None:
        self._login = "Basic " + base64.b64encode(f"{username}:{passkey}".encode()).decode()
        self._passkey = passkey
        self.uploads = list(uploads)
        self.category_names = dict(CATEGORIES)
        super().__init__()

    def calls(self) -> list[Request]:
        """The API calls among the requests."""
        return [request for request in self.requests if request.path == "/api.php"]

    def answer(self, request: Request) -> Answer:
        """See LoopbackServer."""
        if request.path == "/download.php":
            return self._download(request)
        if request.path != "/api.php":
            return Answer(b"Not found", 404)
        given = request.headers.get("authorization")
        if given != self._login:
            return Answer(b'{"error": "Invalid passkey/username"}', 403 if given else 401, "application/json")
        action = request.query.get("action")
        if action == "latest-torrents":
            found = sorted(self.uploads, key=lambda upload: -upload.upload_id)[: int(request.query.get("limit", 100))]
        elif action == "search-torrents" and request.query.get("query"):
            found = [upload for upload in self.uploads if _asked_for(upload, request)]
        else:
            return Answer(b'{"error": "Invalid search"}', 400, "application/json")
        wanted = {int(part) for part in request.query.get("category", "").split(",") if part}
        rows = [self._row(upload) for upload in found if not wanted or upload.category in wanted]
        return Answer(json.dumps(rows).encode(), content_type="application/json")

    def _row(self, upload: Upload) -> dict[str, object]:
        return {
            "id": upload.upload_id,
            "name": upload.name,
            "imdb": upload.imdb_id,
            "freeleech": int(upload.freeleech),
            "doubleup": 0,
            "upload_date": upload.uploaded,
            "download_link": f"https://filelist.io/download.php?id={upload.upload_id}&passkey={self._passkey}",
            "size": upload.size_bytes,
            "internal": 0,
            "moderated": 1,
            "category": self.category_names.get(upload.category, "Altele"),
            "seeders": upload.seeders,
            "leechers": 0,
            "times_completed": 1,
            "comments": 0,
            "files": 1,
            "small_description": "",
        }

    def _download(self, request: Request) -> Answer:
        upload = next((u for u in self.uploads if str(u.upload_id) == request.query.get("id")), None)
        if request.query.get("passkey") != self._passkey:
            return LOGIN_PAGE
        if upload is None or upload.torrent is None:
            return Answer(b"Not found", 404)
        return Answer(upload.torrent, content_type="application/x-bittorrent")


def _asked_for(upload: Upload, request: Request) -> bool:
    """IMDb ids as tagged; names loosely, as the site does; a colon finds nothing."""
    query = request.query.get("query", "")
    if request.query.get("type") == "imdb":
        return upload.imdb_id is not None and upload.imdb_id.lstrip("t0") == query.lstrip("t0")
    words = [title_key(word) for word in query.split()]
    return ":" not in query and all(word in title_key(upload.name) for word in words)
