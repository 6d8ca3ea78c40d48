"""The nouns: what a film, a release, a torrent and a decision are. Frozen, no I/O."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Kind = Literal["film", "series", "unknown"]
# What a tracker is asked for: by a person, first and repeated searches, and the sweep over the newest releases.
Purpose = Literal["hand", "search", "repeat", "sweep"]
# In which a film can have come out: before, there was none; further ahead, none is announced.
YEARS = range(1870, 2101)
_TITLE_YEAR = re.compile(r"^(?P<title>.*\S)\s+\((?P<year>\d{4})\)$", re.DOTALL)


class Queue(StrEnum):
    """The three queues; each wished film is in exactly one. LEFT holds what no list wishes for any more."""

    PENDING = "pending"
    FAILED = "failed"
    COMPLETED = "completed"
    LEFT = "left"


class Status(StrEnum):
    """Where in its queue a film stands (the table in doc/queue_manager.md)."""

    DUE = "due"
    PUT_OFF = "put_off"
    CLAIMED = "claimed"
    HANDING_OVER = "handing_over"
    NOT_FOUND = "not_found"
    RETRYING = "retrying"
    PERMANENT = "permanent"
    SERIES = "series"
    EXCLUDED = "excluded"
    OWNED = "owned"
    SAVED = "saved"
    DOWNLOADING = "downloading"
    STALLED = "stalled"
    DOWNLOADED = "downloaded"
    GONE = "gone"
    UNWISHED = "unwished"


STATUSES: Mapping[Queue, frozenset[Status]] = {
    Queue.PENDING: frozenset({Status.DUE, Status.PUT_OFF, Status.CLAIMED, Status.HANDING_OVER}),
    Queue.FAILED: frozenset({Status.NOT_FOUND, Status.RETRYING, Status.PERMANENT, Status.SERIES, Status.EXCLUDED}),
    Queue.COMPLETED: frozenset(
        {Status.OWNED, Status.SAVED, Status.DOWNLOADING, Status.STALLED, Status.DOWNLOADED, Status.GONE}
    ),
    Queue.LEFT: frozenset({Status.UNWISHED}),
}


def queue_of(status: Status) -> Queue:
    """The queue a status belongs to."""
    return next(queue for queue, statuses in STATUSES.items() if status in statuses)


@dataclass(frozen=True, slots=True)
class Movie:
    """A film as its sources describe it.

    Attributes:
        title: As the watchlist writes it, without the year.
        year: First release, None when undated.
        number: Letterboxd's film number (46682), None when unknown.
        lid: Letterboxd's short id (``1Xrm``), the path of its boxd.it link; None when unknown.
        slug: The last known path of its film page (``blades-of-glory``); None when unknown.
        url: Its page, for people; "" when unknown.
        imdb_id: ``tt`` and at least seven digits; None when unknown or not given by IMDb.
        tmdb_id: ``movie/603`` or ``tv/1399``; None when unknown.
        kind: ``series`` covers miniseries; ``unknown`` until a film page was read.
        directors: Complete, in billing order; empty when unknown.
        alt_titles: Original and other titles; empty when unknown.
        runtime_min: Minutes, None when unknown.
    """

    title: str
    year: int | None = None
    number: int | None = None
    lid: str | None = None
    slug: str | None = None
    url: str = ""
    imdb_id: str | None = None
    tmdb_id: str | None = None
    kind: Kind = "unknown"
    directors: tuple[str, ...] = ()
    alt_titles: tuple[str, ...] = ()
    runtime_min: int | None = None

    def __str__(self) -> str:
        return f"{self.title} ({self.year})" if self.year else self.title

    @property
    def names(self) -> tuple[str, ...]:
        """Every name another record could know this film by, strongest first: ``letterboxd:46682``, ``lid:1Xrm``."""
        known = (
            ("letterboxd", self.number),
            ("lid", self.lid),
            ("imdb", self.imdb_id),
            ("tmdb", self.tmdb_id),
        )
        return tuple(f"{scheme}:{value}" for scheme, value in known if value is not None)

    @property
    def key(self) -> str:
        """What the queue files call ``id``: film number, else ``lid:…``, else ``tt…``, else title and year."""
        if self.number is not None:
            return str(self.number)
        if self.lid is not None:
            return f"lid:{self.lid}"
        return self.imdb_id or f"title:{self}"


def title_and_year(text: str) -> tuple[str, int | None]:
    """``Blades of Glory (2007)`` as its two parts; a text without a year at its end is all title."""
    text = " ".join(text.split())  # a title is one line
    match = _TITLE_YEAR.match(text)
    return (match["title"], int(match["year"])) if match and int(match["year"]) in YEARS else (text, None)


@dataclass(frozen=True, slots=True)
class Release:
    """One row of a tracker.

    Attributes:
        tracker: The tracker's name (``filelist``).
        release_id: The tracker's number; larger means newer.
        name: The release name, trimmed.
        imdb_id: As tagged there, None when missing; may be wrong.
        size_bytes: Of all its files.
        seeders: At the time of the answer.
        uploaded_at: Unix seconds, never in the future.
        category: The tracker's own word, any language; a hint only.
    """

    tracker: str
    release_id: int
    name: str
    imdb_id: str | None = None
    size_bytes: int = 0
    seeders: int = 0
    leechers: int = 0
    uploaded_at: float = 0.0
    category: str = ""
    freeleech: bool = False
    doubleup: bool = False
    internal: bool = False


@dataclass(frozen=True, slots=True)
class ParsedName:
    """What the name of a release, a file or a folder says of the film in it; None, False or () where it says nothing.

    Attributes:
        title: Words before the year or the first technical word, blanks between them.
        aliases: Further titles the name gives ("Run Lola Run AKA Lola Rennt"), as spelt there.
        years: Every year the name could mean, the likeliest first.
        season: A number when the name is of a season or an episode.
        episode: The first episode's number; None for a whole season.
        pack: Several films in one (``Trilogy``, ``Collection``, ``1-3``).
        extra: Extras, a trailer, a soundtrack: not the film.
    """

    title: str
    aliases: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    season: int | None = None
    episode: int | None = None
    pack: bool = False
    sample: bool = False
    extra: bool = False

    @property
    def year(self) -> int | None:
        """The likeliest year, None when the name has none."""
        return self.years[0] if self.years else None

    @property
    def titles(self) -> tuple[str, ...]:
        """Title and aliases."""
        return (self.title, *self.aliases)


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """A sound track a name tells of.

    Attributes:
        codec: ``aac``, ``dd``, ``ddp``, ``dts``, ``dts-es``, ``dts-hd``, ``dts-hd hra``, ``dts-hd ma``, ``dts-x``,
            ``truehd``, ``flac``, ``lpcm``, ``mp2``, ``mp3``, ``opus``, ``vorbis``, ``wma``.
        channels: ``5.1``; None when the name does not say.
    """

    codec: str
    channels: str | None = None
    atmos: bool = False


@dataclass(frozen=True, slots=True)
class ParsedRelease(ParsedName):
    """What a release name says besides; None, False or () where it says nothing.

    Attributes:
        resolution: ``4320p``, ``2160p``, ``1440p``, ``1080p``, ``1080i``, ``720p``, ``576p``, ``540p``, ``480p``,
            ``360p``, ``240p``; other heights as the common one around them.
        source: ``bluray``, ``webdl``, ``webrip``, ``hdtv``, ``dvd``, ``vhs``, ``film`` (scanned from a reel), ``cam``,
            ``telesync``, ``telecine``, ``screener``, ``workprint``.
        codec: ``h264``, ``h265``, ``av1``, ``xvid``, ``vc1``, ``mpeg2``, ``vp9``.
        bit_depth: 8, 10 or 12.
        hdr: Of ``dv``, ``hdr10+``, ``hdr10``, ``hdr`` (not said which), ``hlg``, ``sdr``.
        edition: ``Extended``, ``Director's Cut``, ``IMAX``, …; several with a blank between them.
        languages: Spoken ones, ISO 639-1 in the order of the name; ``es-419`` for Latin American Spanish.
        subtitles: The same, of subtitles.
        dubbed: Languages the film was dubbed into; they are in ``languages`` too.
        group: Who made the release.
        container: ``mkv``, ``mp4``, …
        disc: A full disc, to be played with menus (``BD50``, ``COMPLETE.BLURAY``, ``DVD9``).
        upscaled: Made larger than its source was.
    """

    resolution: str | None = None
    source: str | None = None
    remux: bool = False
    codec: str | None = None
    bit_depth: int | None = None
    hdr: tuple[str, ...] = ()
    audio: tuple[AudioTrack, ...] = ()
    edition: str | None = None
    languages: tuple[str, ...] = ()
    subtitles: tuple[str, ...] = ()
    dubbed: tuple[str, ...] = ()
    proper: bool = False
    repack: bool = False
    group: str | None = None
    container: str | None = None
    disc: bool = False
    is_3d: bool = False
    upscaled: bool = False

    @property
    def romanian(self) -> bool:
        """Romanian in any form: spoken, dubbed or subtitled."""
        return "ro" in self.languages or "ro" in self.subtitles


@dataclass(frozen=True, slots=True)
class Decision:
    """What was made of one release.

    Attributes:
        refusals: Every reason against it, a sentence each; empty when it was accepted.
        because: Why it stands before the next accepted one, or that it is the last or only one; "" when refused.
        passes_at: When a refused release will pass by getting older, Unix seconds; None: never by that.
    """

    release: Release
    refusals: tuple[str, ...] = ()
    because: str = ""
    passes_at: float | None = None

    @property
    def accepted(self) -> bool:
        """True when nothing speaks against it."""
        return not self.refusals


@dataclass(frozen=True, slots=True)
class Torrent:
    """A decoded .torrent.

    Attributes:
        data: The bytes as they came.
        info_hash: 40 lower-case hex digits: SHA-1 for v1, the first 40 of the SHA-256 for v2 and hybrid.
        name: The file or top folder it writes.
        size_bytes: Of all files.
        private: The tracker allows no DHT, no peer exchange and only listed clients.
    """

    data: bytes = field(repr=False)
    info_hash: str
    name: str
    size_bytes: int
    private: bool


@dataclass(frozen=True, slots=True)
class WatchedFilm:
    """A film on a list.

    Attributes:
        wished_at: Unix seconds, None when the source does not say.
        position: 0 is the newest wish of the read it came with.
    """

    movie: Movie
    position: int
    wished_at: float | None = None


TransferState = Literal["downloading", "stalled", "checking", "seeding", "error", "missing_files", "paused"]


@dataclass(frozen=True, slots=True)
class ClientTorrent:
    """What a client says of one torrent.

    Attributes:
        info_hash: As in Torrent.
        progress: 0.0 to 1.0.
        done: Every wanted byte is on disk and checked.
        ours: It carries this program's mark.
        save_path: The folder it writes to, as the client sees it.
        speed_bytes_s: Download speed now.
        ratio: Uploaded in parts of what was downloaded.
        seeding_s: Seconds it has been seeded.
        message: The client's own words on an error; "" otherwise.
    """

    info_hash: str
    name: str
    progress: float
    state: TransferState
    done: bool
    ours: bool
    save_path: str
    size_bytes: int = 0
    speed_bytes_s: int = 0
    seeds: int = 0
    ratio: float = 0.0
    seeding_s: float = 0.0
    message: str = ""


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What a film page adds to a watchlist entry; None or () where it says nothing.

    Attributes:
        slug: The final one after redirects.
        number: The film number.
    """

    slug: str
    number: int | None = None
    lid: str | None = None
    title: str | None = None
    year: int | None = None
    imdb_id: str | None = None
    tmdb_id: str | None = None
    kind: Kind = "unknown"
    directors: tuple[str, ...] = ()
    alt_titles: Sequence[str] = ()
    runtime_min: int | None = None
