"""FileListDownloader: FileList.io by its API."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from movie_sync.errors import AuthFailed, BadReply, BadTorrent, QueryRefused, RateLimited, Unavailable
from movie_sync.lib.addresses import is_loopback
from movie_sync.lib.clock import Clock
from movie_sync.lib.http import HttpClient, HttpReply
from movie_sync.lib.redaction import keep_secret, redact
from movie_sync.lib.torrent_file import MAX_TORRENT_BYTES, read_torrent
from movie_sync.movie import Movie, Purpose, Release, Torrent
from movie_sync.store import Store
from movie_sync.trackers.call_budget import CallBudget
from movie_sync.trackers.download_service import MovieDownloader

PROVIDER = "filelist"
MAX_API_BYTES = 5 * 1024 * 1024
LATEST_LIMIT = 100
# FileList writes local Romanian time without saying so.
_ZONE = ZoneInfo("Europe/Bucharest")
_HOUR_S = 3600.0
# A challenge page pauses the tracker for an hour.
CHALLENGE_PAUSE_S = _HOUR_S
# So many releases in a row without a .torrent, or questions in a row that are refused, are no accident.
_IN_A_ROW = 3
# What SQLite can hold, also of counts.
MAX_ID = 1 << 62

_Flag = bool | int | float | str | None


class _Row(msgspec.Struct):
    """One torrent as the API sends it; everything but id and name may be missing or of another type."""

    id: int | float | str
    name: str
    imdb: str | int | None = None
    freeleech: _Flag = None
    doubleup: _Flag = None
    internal: _Flag = None
    upload_date: str | None = None
    size: _Flag = None
    category: str | int | None = None
    seeders: _Flag = None
    leechers: _Flag = None


class FileListDownloader(MovieDownloader):
    """FileList.io: search by IMDb id, then by title; at most ``per_hour`` calls in any hour.

    Log-in is by HTTP Basic, so that the passkey stands in no URL but that of a .torrent itself. Safe to use from one
    thread at a time.

    Args:
        base_url: ``https://filelist.io``; every address is built from it, never taken from an answer.
        username: FileList's.
        passkey: Of the user's profile page; not the password.
        categories: Ids to search in, at least one.
        http: The client to ask with.
        store: Where calls are counted.
        clock: Waits between calls.
        per_hour: Calls in any hour.
        delay_s: Seconds between two calls, and between two .torrent downloads.
        sweep_interval_s: Between two looks at the newest releases, for which calls are kept.
    """

    name = PROVIDER

    def __init__(
        self,
        base_url: str,
        username: str,
        passkey: str,
        *,
        categories: Sequence[int],
        http: HttpClient,
        store: Store,
        clock: Clock,
        per_hour: int = 120,
        delay_s: float = 2.0,
        sweep_interval_s: float = 900.0,
    ) -> None:
        keep_secret(passkey)
        # A replica on this machine says by each torrent whether it is private.
        self.private = not is_loopback(base_url)
        self._base = base_url.rstrip("/")
        self._auth = (username, passkey)
        self._categories = ",".join(str(category) for category in categories)
        self._http = http
        self._clock = clock
        self._calls = CallBudget(
            PROVIDER,
            PROVIDER,
            store=store,
            clock=clock,
            per_hour=per_hour,
            spacing_s=delay_s,
            sweep_interval_s=sweep_interval_s,
        )
        # Releases in place of whose .torrent something else came, and questions that were refused, since the last
        # that went well.
        self._no_torrents: set[int] = set()
        self._refused: set[str] = set()
        # Whether downloads count is not documented: they are kept apart from the calls, at the same distance.
        self._downloads = CallBudget(
            PROVIDER, f"{PROVIDER}:download", store=store, clock=clock, per_hour=None, spacing_s=delay_s
        )

    def close(self) -> None:
        """See MovieDownloader."""
        self._http.close()

    def search(self, movie: Movie, purpose: Purpose = "search") -> list[Release]:
        """See MovieDownloader."""
        found: list[Release] = []
        if movie.imdb_id:
            found = self._search("imdb", movie.imdb_id, purpose)
        query = cleaned_title(movie.title)
        if not found and query:
            found = self._search("name", f"{query} {movie.year}" if movie.year else query, purpose)
        return found

    def latest(self, purpose: Purpose = "sweep") -> list[Release]:
        """See MovieDownloader."""
        params = {"action": "latest-torrents", "limit": str(LATEST_LIMIT), "category": self._categories}
        return self._call(params, purpose)

    def calls_left(self) -> int | None:
        """See MovieDownloader."""
        return self._calls.left()

    def wait_s(self, purpose: Purpose, calls: int = 1) -> float:
        """See MovieDownloader."""
        return self._calls.wait_s(purpose, calls)

    def clock_difference_s(self) -> float | None:
        """See MovieDownloader."""
        return self._http.clock_difference_s

    def _search(self, kind: str, query: str, purpose: Purpose) -> list[Release]:
        params = {"action": "search-torrents", "type": kind, "query": query, "category": self._categories}
        return self._call({**params, "output": "json"}, purpose)

    def _call(self, params: dict[str, str], purpose: Purpose) -> list[Release]:
        reply = self._http.get(
            f"{self._base}/api.php",
            params=params,
            auth=self._auth,
            max_bytes=MAX_API_BYTES,
            pace=lambda: self._calls.take(purpose),
        )
        self._check_question(reply, params)
        self._check_status(reply)
        return read_rows(reply.body, self._clock.now())

    def fetch_torrent(self, release: Release) -> Torrent:
        """See MovieDownloader."""
        try:
            reply = self._http.get(
                f"{self._base}/download.php",
                params={"id": str(release.release_id), "passkey": self._auth[1]},
                max_bytes=MAX_TORRENT_BYTES,
                pace=lambda: self._downloads.take("search"),
            )
        except BadReply as exc:
            self._no_torrent(release)
            raise BadTorrent(f"The .torrent of {release.name} cannot be had: {exc.message}") from exc
        if reply.status in {400, 404, 410}:
            raise BadTorrent(f"{release.name} is gone from FileList ({reply.status}).")
        self._check_status(reply)
        self._check_page(reply, release)
        return read_torrent(reply.body)

    def _check_page(self, reply: HttpReply, release: Release) -> None:
        if reply.body.lstrip()[:1] == b"<":
            self._no_torrent(release)
        else:
            self._no_torrents.clear()

    def _no_torrent(self, release: Release) -> None:
        """A page in place of one .torrent is that release's trouble; in place of several in a row, the site's."""
        self._no_torrents.add(release.release_id)
        if len(self._no_torrents) >= _IN_A_ROW:
            raise Unavailable(PROVIDER, "FileList answers with pages in place of .torrents.", code="outage")

    def _check_question(self, reply: HttpReply, params: Mapping[str, str]) -> None:
        """One question that is refused is that film's trouble; several in a row, the site's."""
        if reply.status == 200:
            self._refused.clear()
        elif reply.status == 400:
            self._refused.add(params.get("query", ""))
            if len(self._refused) >= _IN_A_ROW:
                raise Unavailable(
                    PROVIDER,
                    f"FileList refuses every question ({reply.status}).",
                    hint="If that goes on, look for a newer version of Movie Sync.",
                    code="outage",
                )

    def _check_status(self, reply: HttpReply) -> None:
        """Raise what a status other than 200 means; texts of the answer are shown, never relied on."""
        status = reply.status
        if status == 200:
            return
        retry_after_s = reply.retry_after_s(self._clock.now())
        if _is_challenge(reply):  # comes with 403, too, and says nothing of user name and passkey
            raise Unavailable(
                PROVIDER,
                "FileList asks for a browser check, which this program does not go round.",
                hint="Look whether FileList's page opens in a browser on this network.",
                code="challenge",
                retry_after_s=max(CHALLENGE_PAUSE_S, retry_after_s or 0.0),
            )
        if status in {401, 403}:
            raise AuthFailed(
                PROVIDER,
                f"FileList refused the user name or passkey ({status}).",
                hint="Look at both on FileList's /my.php page, then: movie-sync credentials set filelist. No further"
                " call is made until then.",
            )
        if status == 429:
            raise RateLimited(
                PROVIDER,
                "FileList's 150 calls of this hour are used up, by all tools of this account together.",
                retry_after_s=retry_after_s if retry_after_s is not None else _HOUR_S,
            )
        if status == 400:
            raise QueryRefused(PROVIDER, f"FileList refused the question ({status}): {_excerpt(reply.body)}")
        raise Unavailable(PROVIDER, f"FileList is not available ({status}).", retry_after_s=retry_after_s)


def _is_challenge(reply: HttpReply) -> bool:
    """A browser check in place of an answer: Cloudflare's header says so, or the title of its page."""
    mitigated = reply.headers.get("cf-mitigated", "").lower() == "challenge"
    return mitigated or b"<title>Just a moment...</title>" in reply.body


def _excerpt(body: bytes) -> str:
    return " ".join(redact(body.decode("utf-8", "replace")).split())[:200]


def read_rows(body: bytes, now: float) -> list[Release]:
    """The releases of an API answer, in its order.

    Args:
        body: JSON: an array of torrents; an object is an outage text.
        now: Unix seconds; no upload lies after it.

    Raises:
        Unavailable: HTML, an outage text, or no JSON at all.
        BadReply: JSON of another form.
    """
    start = body.lstrip()[:1]
    if start == b"{":
        raise Unavailable(PROVIDER, f"FileList says: {_excerpt(body)}", code="outage")
    if start != b"[":
        raise Unavailable(PROVIDER, "FileList answered with a page instead of data.", code="outage")
    try:
        rows = msgspec.json.decode(body, type=list[_Row])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        if isinstance(exc, msgspec.ValidationError):
            raise BadReply(
                PROVIDER,
                f"FileList's answer has another form than known: {redact(str(exc))}.",
                hint="Look for a newer version of Movie Sync.",
                sample=redact(body.decode("utf-8", "replace"))[:4096].encode(),
            ) from exc
        raise Unavailable(PROVIDER, "FileList's answer was cut or damaged.", code="damaged") from exc
    # A row without a usable id cannot be fetched, nor told from another.
    return [_release(row, now) for row in rows if 0 < _whole(row.id) < MAX_ID]


def _release(row: _Row, now: float) -> Release:
    return Release(
        tracker=PROVIDER,
        release_id=_whole(row.id),
        name=" ".join(row.name.split()),
        imdb_id=_imdb(row.imdb),
        size_bytes=_whole(row.size),
        seeders=_whole(row.seeders),
        leechers=_whole(row.leechers),
        uploaded_at=_uploaded(row.upload_date, now),
        category=str(row.category or ""),
        freeleech=_flag(row.freeleech),
        doubleup=_flag(row.doubleup),
        internal=_flag(row.internal),
    )


def _whole(value: float | str | None) -> int:
    """A count; what is no number, below zero, or more than the database holds, counts as 0."""
    try:
        count = int(float(value or 0))
    except (ValueError, OverflowError):
        return 0
    return count if 0 <= count < MAX_ID else 0


def _flag(value: _Flag) -> bool:
    return str(value).strip().lower() in {"1", "true", "yes"}


def _imdb(value: str | int | None) -> str | None:
    digits = re.fullmatch(r"\s*(?:tt)?0*(\d{1,10})\s*", str(value or ""), re.I)
    return f"tt{int(digits[1]):07d}" if digits and int(digits[1]) else None


def _uploaded(text: str | None, now: float) -> float:
    """Unix seconds of a Bucharest local time; 0.0 when there is none, ``now`` when it lies ahead."""
    try:
        moment = datetime.strptime((text or "").strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=_ZONE)
    except ValueError:
        return 0.0
    return min(max(0.0, moment.timestamp()), now)


def cleaned_title(title: str) -> str:
    """A title as a search question: no punctuation (a colon finds nothing), one blank between words."""
    kept = "".join(
        "" if char in "'’`´" else char if unicodedata.category(char)[0] in "LN" else " "
        for char in unicodedata.normalize("NFC", title)
    )
    return " ".join(kept.split())
