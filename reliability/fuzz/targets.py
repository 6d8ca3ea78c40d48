"""Every parser of foreign bytes, as a function that takes bytes and lets no other error pass than it says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reliability.fuzz import commands, folders, names, replies, settings
from reliability.fuzz.contract import log_lines

SEEDS = Path(__file__).parent / "seeds"
MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Target:
    """One parser.

    Attributes:
        name: Of its folder in seeds/.
        what: What the bytes stand in place of, as the report says it.
        read: Gives what the user is told of such bytes, "" when they were taken; raises anything else than the
            documented errors of the parser, and Broken for a result that no caller can use.
        words: What the format is made of: the fuzzer puts them in as wholes.
        max_bytes: Longest input that is made.
    """

    name: str
    what: str
    read: Callable[[bytes], str]
    words: Sequence[bytes] = ()
    max_bytes: int = MAX_BYTES

    def take(self, data: bytes) -> str:
        """Read bytes as the program would, its log included; see `read`."""
        with log_lines():
            return self.read(data)

    @property
    def seeds(self) -> list[Path]:
        """Kept inputs, by name."""
        return sorted(path for path in (SEEDS / self.name).iterdir() if path.is_file())


def _words(text: str) -> tuple[bytes, ...]:
    return tuple(word.encode() for word in text.split())


_GENUINE = (b"person = {", b"analytic_params['template'] = '/object/watchlist'", b"application/ld+json")
_POSTER = (
    b'<li class="griditem">',
    b'<div data-postered-identifier=\'{"lid": "1Xrm", "uid": "film:46682"}\'',
    *_words(
        "data-item-slug= data-item-name= data-item-full-display-name= data-film-id= data-film-slug= data-item-link="
    ),
)
_JSON = (b"null", b"true", b"1e400", b"-1", b'"\\ud800"', b"18446744073709551616", b"{}", b"[]", b"NaN", b'"\\u0000"')
_ENTRY = _words(
    '"id" "title" "year" "slug" "url" "director" "imdb_id" "tmdb_id" "lid" "kind" "added_at" "queued_at" "status"'
    ' "not_before" "reason" "retry_count" "retry_after" "last_error" "reason_code" "failed_at" "completed_at" "release"'
    ' "info_hash" "progress" "due" "put_off" "permanent" "retrying" "downloading" "owned" "46682" "46683" "46684"'
    ' "tt0900001" "movie/603" "2026-11-22T16:00:00Z"'
)
_SETTINGS = _words(
    '"username" "check_interval" "download_directory" "library_directories" "profile" "first_run" "letterboxd_url"'
    ' "client" "watchlists" "tracker" "builtin_listen" "csv_directory" "qbittorrent" "port" "path_mappings"'
    ' "category_priority" "download_preferences" "minimum_seeders" "priority" "name" "id"'
)
_PROFILE = _words(
    '"qualities" "based_on" "balanced" "upgrade_until" "sizes" "min" "max" "prefer" "refuse" "require" "words" "groups"'
    ' "codecs" "hdr" "sound" "audio" "steps" "freeleech" "1080p" "bluray" "minimum_seeders" "include_series"'
)
_RELEASE = _words(
    "1080p 2160p BluRay WEB-DL x264 HEVC DTS-HD.MA DDP5.1 Atmos S01E01 S02 RoSubbed Trilogy 1999 1999-2004 AKA PROPER"
    " REMUX HDR10+ IMAX Extended -GRP .mkv [ ] ( ) { } imdb-tt0900001 sample"
)

TARGETS: Sequence[Target] = (
    Target("watchlist_page", "a Letterboxd watchlist page", replies.watchlist_page, (*_GENUINE, *_POSTER)),
    Target("film_page", "a Letterboxd film page", replies.film_page, (*_GENUINE, *_POSTER, b'"startDate"', b"mins")),
    Target("answer", "any answer of Letterboxd", replies.answer, (b"cf-mitigated: challenge", b"<section", b"1015")),
    Target(
        "tracker_rows",
        "an answer of FileList's API",
        replies.tracker_rows,
        (*_JSON, *_words('"id" "name" "imdb" "freeleech" "upload_date" "size" "category" "seeders" "leechers"')),
    ),
    Target(
        "wikidata_answer",
        "an answer of Wikidata",
        replies.wikidata_answer,
        (
            *_JSON,
            *_words('"results" "bindings" "slug" "property" "value" "type" "literal" P345 P4947 P4983 P2047 P1476'),
        ),
    ),
    Target(
        "torrent",
        "a .torrent",
        replies.torrent,
        (
            *_words("4:info 4:name 6:length 5:files 4:path 7:private 1:/ 2:.. d l i e 0: i-1e"),
            *(b"10:name.utf-8", b"10:path.utf-8", b"12:meta versioni2e", b"9:file tree"),
        ),
    ),
    Target(
        "waiting_header",
        "Retry-After and Content-Type headers",
        replies.waiting_header,
        _words("Mon, 23 Nov 2026 07:28:00 GMT -0000 +2400 120"),
        256,
    ),
    Target(
        "http_answer",
        "a whole HTTP answer",
        replies.http_answer,
        (
            *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 302 Found\r\n", b"\r\n\r\n"),
            *_words("Location: Content-Length: Transfer-Encoding: chunked Content-Encoding: gzip deflate Date:"),
        ),
    ),
    Target(
        "client_answer",
        "an answer of qBittorrent",
        replies.client_answer,
        (
            *_JSON,
            *_words('"hash" "name" "state" "progress" "tags" "size" "save_path" "ratio" "server_state" "rid"'),
            *_words('"free_space_on_disk" "stalledDL" "uploading" "amount_left" "num_seeds" "dlspeed" "seeding_time"'),
        ),
    ),
    Target("release_names", "release names", names.release_names, _RELEASE, 512),
    Target("library_files", "file names in a library", names.library_files, _RELEASE, 1024),
    Target(
        "film_addresses",
        "addresses of films",
        names.film_addresses,
        _words(
            "https://boxd.it/ https://letterboxd.com/film/ http://imdb.com/title/tt /movie/ /tv/ [::1] themoviedb.org"
        ),
        512,
    ),
    Target(
        "film_named",
        "a film named on the command line",
        commands.film_named,
        _words("https://letterboxd.com/film/ /tide/ https://boxd.it/ lid: tt0900001 46682 Tide (2001) title:"),
        256,
    ),
    Target(
        "matched_lines",
        "lines for library match",
        commands.matched_lines,
        (*_JSON, *_words('"title" "name" "year" "alt_titles" "imdb_id" "tmdb_id"'), *_RELEASE),
        1024,
    ),
    Target("config_json", "config.json", settings.config_json, (*_JSON, *_SETTINGS)),
    Target("filelist_config_json", "filelist_config.json", settings.filelist_config_json, (*_JSON, *_SETTINGS)),
    Target(
        "environment",
        "settings in the environment",
        settings.environment,
        _words("CHECK_INTERVAL= PROFILE= WATCHLISTS= CLIENT= FIRST_RUN= LETTERBOXD_URL= BUILTIN_LISTEN= 1h nan inf ~"),
        1024,
    ),
    Target("profile", "a profile of the user's own", settings.profile, (*_JSON, *_PROFILE)),
    Target("credentials", "credentials.enc", settings.credentials, (*_JSON, b'"filelist"', b'"passkey"'), 1024),
    Target("key_file", "the key of the credentials", settings.key_file, (b"=", b"-_"), 128),
    Target(
        "earlier_credentials",
        "an earlier version's credentials",
        settings.earlier_credentials,
        (*_JSON, *_words('"username" "passkey" "password"')),
        512,
    ),
    Target(
        "credential_variables",
        "credentials in the environment",
        settings.credential_variables,
        _words(
            "FILELIST_PASSKEY= FILELIST_USERNAME= FILELIST_PASSKEY_FILE=@ QBITTORRENT_PASSWORD_FILE=~ KEY= KEY_FILE="
        ),
        512,
    ),
    Target(
        "csv_export",
        "a CSV export",
        folders.csv_export,
        _words('Date, Name, Year, URI https://boxd.it/1Xrm Position, URL Description 2026-11-22 " \r PK'),
    ),
    Target(
        "csv_folder",
        "a file in the folder of CSV exports",
        folders.csv_folder,
        (b"https://boxd.it/1Xrm", b"2007-01-02"),
        1024,
    ),
    Target("queue_file", "an edited queue file", folders.queue_file, (*_JSON, *_ENTRY)),
    Target("earlier_queue", "an earlier version's queue file", folders.earlier_queue, (*_JSON, *_ENTRY)),
    Target("watchlist_json", "an earlier version's watchlist.json", folders.watchlist_json, (*_JSON, *_ENTRY), 1024),
    Target(
        "backup",
        "a backup to restore",
        folders.backup,
        (
            b"\n--\n",
            b"0 movie_sync.db\n@",
            b"0 about.json\n{}",
            b"0 config.json\n",
            b"2 ",
            b"0 ../",
            b"0 torrents/builtin/",
        ),
    ),
)
