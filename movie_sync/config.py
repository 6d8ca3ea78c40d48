"""Config: both JSON files, the environment and the command line, checked against one table of settings.

The two classes below are that table: name, type, bounds, default and help of every setting. Defaults, checks,
``doc/config.md`` and error messages are all made from it.
"""

import difflib
import ipaddress
import json
import os
import urllib.parse
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from movie_sync.credentials_manager import FIELDS, variable
from movie_sync.errors import ConfigError
from movie_sync.lib.addresses import HOME_VARIABLE, home_folder, is_loopback
from movie_sync.lib.files import make_private_folder, write_whole
from movie_sync.lib.spans import seconds_of
from movie_sync.releases.profile import READY_MADE, Profile, from_categories, profile_from

CONFIG_FILE = "config.json"
FILELIST_FILE = "filelist_config.json"
_PREFIX = "MOVIE_SYNC_"
# Where a value comes from that stands in no file; as ConfigError.file it makes the error one of usage.
COMMAND_LINE = "command line"


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """One line of category_priority."""

    id: Annotated[int, Meta(ge=1, le=1000)]
    name: str
    priority: Annotated[int, Meta(ge=1, le=1000)]


_CATEGORIES = (
    Category(6, "Filme 4K", 1),
    Category(4, "Filme HD", 2),
    Category(19, "Filme HD-RO", 3),
    Category(1, "Filme SD", 4),
)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """config.json."""

    username: Annotated[str, Meta(description="Your Letterboxd name; may be empty when you import the CSV export.")] = (
        ""
    )
    watchlist_file: Annotated[
        str,
        Meta(description="Where the last good watchlist is kept for people to read; empty: watchlist.json at home."),
    ] = ""
    check_interval: Annotated[
        float, Meta(ge=1, le=31 * 86400, description="Seconds between two checks of the watchlist.")
    ] = 3600
    download_directory: Annotated[
        str,
        Meta(min_length=1, description="Where the built-in client puts films, and .torrent files without a client."),
    ] = "~/Downloads"
    library_directories: Annotated[
        tuple[str, ...], Meta(description="More folders with films; what is there is not fetched again.")
    ] = ()
    retry_interval: Annotated[
        float, Meta(ge=1, le=31 * 86400, description="Seconds before a film that failed is tried again the first time.")
    ] = 3600
    max_retries: Annotated[int, Meta(ge=0, le=100, description="Retries before a film counts as failed for good.")] = 5
    backoff_multiplier: Annotated[
        float, Meta(ge=1, le=10, description="Each further wait is this many times the one before.")
    ] = 2.0
    removed_from_watchlist: Annotated[
        Literal["drop", "keep"],
        Meta(
            description="What becomes of a film you take off your list before it was fetched: drop, no longer looked"
            " for; keep, fetched all the same."
        ),
    ] = "drop"
    enable_removal_cleanup: Annotated[
        bool,
        Meta(
            description="Delete the files of films you take off your list, if this program downloaded them; see:"
            " movie-sync cleanup preview."
        ),
    ] = False
    removal_grace_period: Annotated[
        float,
        Meta(ge=0, le=3660 * 86400, description="Seconds from a film's leaving the list until its files are deleted."),
    ] = 604800
    csv_directory: Annotated[
        str,
        Meta(description="A folder in which CSV exports are looked for and taken in; empty: none."),
    ] = ""
    use_wikidata: Annotated[
        bool,
        Meta(description="Ask Wikidata for the IMDb ids of many new films at once, in place of a page for each."),
    ] = True
    wikidata_url: Annotated[
        str, Meta(pattern=r"^https?://[^\s/]+(/\S*)?$", description="Where Wikidata answers questions in SPARQL.")
    ] = "https://query.wikidata.org/sparql"
    first_run: Annotated[
        str,
        Meta(
            pattern=r"^(all|new|[1-9]\d{0,6})$",
            description="What the first read of your watchlist queues: all, new (only films added from then on), or the"
            " newest so many.",
        ),
    ] = "all"
    max_active_downloads: Annotated[
        int, Meta(ge=0, le=10_000, description="Films downloading at once; more wait their turn; 0: no limit.")
    ] = 0
    minimum_free_space: Annotated[
        float,
        Meta(
            ge=0,
            le=1_000_000,
            description="GB that stay free where films are downloaded, with all that is still to come counted.",
        ),
    ] = 5
    max_download_space_gb: Annotated[
        float,
        Meta(
            ge=0, le=1_000_000, description="GB that downloaded films may take while the client has them; 0: no limit."
        ),
    ] = 0
    profile: Annotated[
        str,
        Meta(
            description="Which releases are best for you: balanced, best-4k, small, 1080p, or a JSON file of your own;"
            " empty: category_priority decides."
        ),
    ] = ""
    queue_order: Annotated[Literal["newest", "oldest"], Meta(description="Which wishes are worked on first.")] = (
        "newest"
    )
    letterboxd_url: Annotated[str, Meta(pattern=r"^https?://[^\s/]+(/\S*)?$", description="Letterboxd's address.")] = (
        "https://letterboxd.com"
    )
    letterboxd_delay: Annotated[
        float,
        Meta(ge=0, le=3600, description="Seconds between two requests to Letterboxd, at least 1 but on loopback."),
    ] = 2
    filelist_url: Annotated[str, Meta(pattern=r"^https?://[^\s/]+(/\S*)?$", description="FileList's address.")] = (
        "https://filelist.io"
    )
    filelist_delay: Annotated[
        float, Meta(ge=0, le=3600, description="Seconds between two calls of FileList, at least 1 but on loopback.")
    ] = 2
    api_calls_per_hour: Annotated[
        int,
        Meta(ge=2, le=100_000, description="Calls in any hour; at most 150 but on loopback, shared with other tools."),
    ] = 120
    sweep_interval: Annotated[
        float,
        Meta(
            ge=60,
            le=86400,
            description="Seconds between two looks at the tracker's newest releases, which find what all films wait"
            " for by one call.",
        ),
    ] = 900
    tracker: Annotated[
        str, Meta(min_length=1, description="Where films are searched: filelist, or what a package of its own brings.")
    ] = "filelist"
    watchlists: Annotated[
        tuple[str, ...],
        Meta(description="Where wishes are read, beside imports: letterboxd, and what packages of their own bring."),
    ] = ("letterboxd",)
    client: Annotated[
        str,
        Meta(
            min_length=1,
            description="What fetches films: qbittorrent, builtin (public torrents only), none (save the .torrent), or"
            " what a package of its own brings.",
        ),
    ] = "qbittorrent"
    builtin_listen: Annotated[
        str,
        Meta(pattern=r"^[\d.]+:\d{1,5}$", description="Address and port on which the built-in client takes peers."),
    ] = "0.0.0.0:6881"
    stalled_after: Annotated[
        float, Meta(ge=1, le=366 * 86400, description="Seconds without a byte after which another release is taken.")
    ] = 86400
    keep_torrent_files: Annotated[
        bool, Meta(description="Keep a private tracker's .torrent after its film is downloaded.")
    ] = False
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Meta(description="The least serious messages that are logged.")
    ] = "INFO"


class DownloadPreferences(msgspec.Struct, frozen=True, kw_only=True):
    """download_preferences in filelist_config.json."""

    prefer_freeleech: Annotated[bool, Meta(description="Between equal releases take one that costs no ratio.")] = True
    prefer_doubleup: Annotated[bool, Meta(description="Between equal releases take one whose upload counts twice.")] = (
        False
    )
    minimum_seeders: Annotated[int, Meta(ge=0, le=100_000, description="Fewer seeders than these are refused.")] = 1


class PathMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One folder under two names."""

    client: Annotated[str, Meta(min_length=1)]
    here: Annotated[str, Meta(min_length=1)]


class QBittorrentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """qbittorrent in filelist_config.json."""

    enabled: Annotated[bool, Meta(description='False means "client": "none".')] = True
    host: Annotated[str, Meta(min_length=1, description="Name, address, or a whole address like https://box/qbt.")] = (
        "localhost"
    )
    port: Annotated[int, Meta(ge=1, le=65535, description="Port of its web UI.")] = 8080
    category: Annotated[str, Meta(description="Category of our torrents; made when missing; empty for none.")] = (
        "Movies"
    )
    tags: Annotated[str, Meta(description="Tags of our torrents, commas between them.")] = "movie_sync,filelist"
    save_path: Annotated[str, Meta(description="Where qBittorrent puts films; empty: its own default.")] = ""
    path_mappings: Annotated[
        tuple[PathMapping, ...],
        Meta(
            description="Folders that qBittorrent sees under another name, for one in a container or on another host:"
            ' [{"client": "/downloads", "here": "/srv/films"}].'
        ),
    ] = ()
    auto_start: Annotated[
        str, Meta(description="The command that starts qBittorrent when it does not answer; empty: none.")
    ] = ""


class FileListSettings(msgspec.Struct, frozen=True, kw_only=True):
    """filelist_config.json."""

    category_priority: Annotated[
        tuple[Category, ...],
        Meta(
            min_length=1, description="Categories to search, priority 1 first; the name of a release tells its quality."
        ),
    ] = _CATEGORIES
    download_preferences: DownloadPreferences = DownloadPreferences()
    qbittorrent: QBittorrentSettings = QBittorrentSettings()


# Settings that name parts: the group of their entry points, and the bundled ones in it.
_PARTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "tracker": ("movie_sync.trackers", ("filelist",)),
    "watchlists": ("movie_sync.watchlists", ("letterboxd",)),
    "client": ("movie_sync.clients", ("qbittorrent", "builtin", "none")),
}


# Settings that name files and folders of this machine; a profile is looked for when it is read.
_PATHS = frozenset({"watchlist_file", "download_directory", "library_directories", "csv_directory"})


def _part_names(key: str) -> tuple[str, ...]:
    """Every part a setting can name: the bundled ones, then what installed packages bring."""
    group, bundled = _PARTS[key]
    return (*bundled, *sorted({point.name for point in entry_points(group=group)} - {*bundled}))


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table.

    Attributes:
        file: ``config.json`` or ``filelist_config.json``.
        key: Dotted: ``qbittorrent.port``.
        type: As annotated, bounds included.
        default: Its value when nobody sets it.
        help: One sentence.
    """

    file: str
    key: str
    type: Any
    default: Any
    help: str

    @property
    def variable(self) -> str:
        """Its environment variable: ``MOVIE_SYNC_QBITTORRENT_PORT``."""
        return _PREFIX + self.key.replace(".", "_").upper()

    @property
    def allowed(self) -> str:
        """What may be set, in words."""
        if self.key in _PARTS:
            names = ", ".join(f'"{name}"' for name in _part_names(self.key))
            return f"a list of {names}" if isinstance(self.default, tuple) else f"one of {names}"
        return _allowed(self.type)


def _allowed(annotated: Any) -> str:
    kind, bounds = get_args(annotated)[0], next(arg for arg in get_args(annotated) if isinstance(arg, Meta))
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f'"{value}"' for value in get_args(kind))
    if kind is bool:
        return "true or false"
    if kind in (int, float):
        number = "a whole number" if kind is int else "a number"
        return f"{number} from {bounds.ge} to {bounds.le}"
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        return "a list of texts" if item is str else 'a list of {"id", "name", "priority"}, at least one'
    if bounds.pattern and "http" in bounds.pattern:
        return "an http:// or https:// address"
    if bounds.pattern and "all" in bounds.pattern:
        return '"all", "new", or a number from 1'
    if bounds.pattern:
        return 'an address and a port such as "0.0.0.0:6881"'
    return "a text that is not empty" if bounds.min_length else "a text"


def _rows(struct: type[msgspec.Struct], file: str, prefix: str = "") -> Iterator[Setting]:
    for field in msgspec.structs.fields(struct):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from _rows(field.type, file, f"{prefix}{field.name}.")
        else:
            meta = next(arg for arg in get_args(field.type) if isinstance(arg, Meta))
            yield Setting(file, prefix + field.name, field.type, field.default, meta.description or "")


SETTINGS: Mapping[str, Setting] = {
    setting.key: setting for setting in (*_rows(Settings, CONFIG_FILE), *_rows(FileListSettings, FILELIST_FILE))
}


class Config:
    """Every setting with where it comes from: default < file < environment < command line.

    Attributes:
        home: The home folder.
        settings: What config.json holds.
        filelist: What filelist_config.json holds.
        profile: What the user wants of a release.
        notes: Sentences about keys nobody knows; they are kept in their files.
    """

    def __init__(
        self, home: Path, values: Mapping[str, Any], origins: Mapping[str, str], notes: tuple[str, ...] = ()
    ) -> None:
        self.home = home
        self.notes = notes
        self._origins = dict(origins)
        self.settings = msgspec.convert(_nested(values, CONFIG_FILE), Settings)
        self.filelist = msgspec.convert(_nested(values, FILELIST_FILE), FileListSettings)
        self.profile = self._read_profile()

    @classmethod
    def load(
        cls,
        home: Path | None = None,
        *,
        environment: Mapping[str, str] = os.environ,
        overrides: Mapping[str, str] | None = None,
        replaced: Collection[str] = (),
    ) -> "Config":
        """Read all layers. Writes nothing.

        Args:
            home: None: `home_folder`.
            environment: Where ``MOVIE_SYNC_…`` variables are looked for.
            overrides: Dotted key to text, from the command line.
            replaced: Dotted keys whose values in the files do not count, right or wrong.

        Raises:
            ConfigError: A file does not parse, a value is not allowed, or two settings contradict each other; it names
                file, key, value and what is allowed.
        """
        home = home or home_folder(environment)
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        notes: list[str] = []
        for file in (CONFIG_FILE, FILELIST_FILE):
            path = home / file
            for key, value in _flat(_read(path, notes), str(path)):
                setting = SETTINGS.get(key)
                if setting is None or setting.file != file:
                    notes.append(_unknown(str(path), key))
                    continue
                if key not in replaced:
                    values[key] = _checked(setting, value, str(path))
                    origins[key] = file
        for setting in SETTINGS.values():
            for text, origin in (
                (environment.get(setting.variable) or None, f"environment variable {setting.variable}"),
                ((overrides or {}).get(setting.key), COMMAND_LINE),
            ):
                if text is not None:
                    values[setting.key] = _checked(setting, _from_text(setting, text), origin)
                    origins[setting.key] = origin
        config = cls(home, values, origins, (*notes, *_unknown_variables(environment)))
        config._check_together()
        return config

    def origin(self, key: str) -> str:
        """Where a setting's value comes from: ``default``, a file, ``environment variable …``, ``command line``."""
        return self._origins.get(key, "default")

    def value(self, key: str) -> Any:
        """The value of a dotted key.

        Raises:
            KeyError: There is no such setting.
        """
        setting = SETTINGS[key]
        part: Any = self.settings if setting.file == CONFIG_FILE else self.filelist
        for name in key.split("."):
            part = getattr(part, name)
        return part

    @property
    def client(self) -> str:
        """What fetches films; ``qbittorrent.enabled`` false means none."""
        if self.settings.client == "qbittorrent" and not self.filelist.qbittorrent.enabled:
            return "none"
        return self.settings.client

    @property
    def download_folder(self) -> Path:
        """Absolute."""
        return Path(self.settings.download_directory).expanduser().absolute()

    @property
    def library_folders(self) -> tuple[Path, ...]:
        """Absolute, in the user's order."""
        return tuple(Path(folder).expanduser().absolute() for folder in self.settings.library_directories)

    @property
    def csv_folder(self) -> Path | None:
        """Where CSV exports are looked for, absolute; None: nowhere."""
        named = self.settings.csv_directory
        return Path(named).expanduser().absolute() if named else None

    @property
    def watchlist_path(self) -> Path:
        """Where the last good watchlist is kept."""
        named = self.settings.watchlist_file
        return Path(named).expanduser().absolute() if named else self.home / "watchlist.json"

    @property
    def first_run(self) -> int | None:
        """How many films of a list's first read are queued, newest first; None: all."""
        value = self.settings.first_run
        return None if value == "all" else 0 if value == "new" else int(value)

    @property
    def profile_file(self) -> Path | None:
        """The user's own profile, absolute; None when a ready-made one or the category priority decides."""
        named = self.settings.profile
        return None if not named or named in READY_MADE else _profile_path(named, self.home)

    @property
    def search_categories(self) -> tuple[int, ...]:
        """The tracker's categories to search in: the user's own, or with a profile every one that holds films."""
        if not self.settings.profile:
            return tuple(category.id for category in self.filelist.category_priority)
        return (*_FILMS, *_SERIES) if self.profile.include_series else _FILMS

    def _read_profile(self) -> Profile:
        named = self.settings.profile
        return named_profile(named, self.home, self.origin("profile")) if named else self._category_profile()

    def _category_profile(self) -> Profile:
        """What category_priority and download_preferences say together."""
        preferences = self.filelist.download_preferences
        levels: dict[int, list[str]] = {}
        for category in self.filelist.category_priority:
            levels.setdefault(category.priority, []).append(_quality(category))
        return from_categories(
            [levels[priority] for priority in sorted(levels)],
            minimum_seeders=preferences.minimum_seeders,
            freeleech="prefer" if preferences.prefer_freeleech else "ignore",
            double_upload=preferences.prefer_doubleup,
        )

    def _check_together(self) -> None:
        """Bounds that hold for any host but loopback."""
        settings = self.settings
        for url_key, delay_key in (("letterboxd_url", "letterboxd_delay"), ("filelist_url", "filelist_delay")):
            if not is_loopback(self.value(url_key)) and self.value(delay_key) < 1:
                raise self._refused(delay_key, "at least 1 second for any host but this machine")
        if not is_loopback(settings.filelist_url) and settings.api_calls_per_hour > 150:
            raise self._refused("api_calls_per_hour", "at most 150, which is what FileList allows all tools together")
        if settings.tracker == "filelist" and not is_loopback(settings.filelist_url) and self.client == "builtin":
            allowed = '"qbittorrent" or "none": FileList is a private tracker, which accepts listed clients only'
            raise self._refused("client", allowed)

    def _refused(self, key: str, allowed: str) -> ConfigError:
        return _wrong(self.origin(key), key, self.value(key), allowed)


# FileList: category ids and what they hold; an id that is not here is judged by its name.
_QUALITIES: Mapping[int, str] = {6: "4k", 26: "4k", 4: "hd", 20: "hd", 19: "hd ro", 1: "sd", 2: "sd", 3: "sd"}
_FILMS = (1, 2, 3, 4, 6, 15, 19, 20, 24, 26, 28)
_SERIES = (21, 23, 27, 31)


def _quality(category: Category) -> str:
    known = _QUALITIES.get(category.id)
    if known is not None:
        return known
    name = category.name.lower()
    if "4k" in name or "uhd" in name:
        return "4k"
    return ("hd ro" if "ro" in name.split("-") else "hd") if "hd" in name else "sd"


def _profile_path(name: str, home: Path) -> Path:
    return home / Path(name).expanduser()


def named_profile(name: str, home: Path, origin: str = COMMAND_LINE) -> Profile:
    """A ready-made profile, or one of the user's own, which is called as its file.

    Args:
        name: Of a ready-made one, or a JSON file; a relative path begins at ``home``.
        home: The home folder.
        origin: Who named it, for the error.

    Raises:
        ConfigError: It is not there, does not parse, or says what no profile can say.
    """
    if name in READY_MADE:
        return READY_MADE[name]
    try:
        path = _profile_path(name, home)
        there = path.is_file()
    except (OSError, RuntimeError, ValueError):  # a user nobody knows, a name longer than names may be
        path, there = home / name, False
    if not there:
        raise ConfigError(
            f"There is no profile {name!r}: it is none of {', '.join(READY_MADE)}, and there is no file {path}.",
            file=origin,
            key="profile",
            hint="movie-sync config profile show balanced prints one to begin with.",
        )
    try:
        return profile_from(_readable_throughout(_read(path)), path.stem)
    except ValueError as exc:  # msgspec.ValidationError is one
        raise ConfigError(
            f"{path}: {exc}.", file=path.name, key="profile", hint="Correct it; it was left as it is."
        ) from exc


def _read(path: Path, notes: list[str] | None = None) -> dict[str, Any]:
    """A settings file; {} when there is none. A key that stands in it twice is noted; the last one counts.

    Raises:
        ConfigError: Unreadable or not a JSON object; the file is left as it is.
    """

    def noting(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if notes is not None and len(found) < len(pairs):
            twice = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
            notes.extend(f"{path}: {_readable(key)} stands there twice; the last one counts." for key in twice)
        return found

    try:
        text = path.read_bytes().decode("utf-8-sig")
        data = json.loads(text, object_pairs_hook=noting)
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError as exc:
        message = f"{path} is not valid JSON: line {exc.lineno}, column {exc.colno}: {exc.msg}."
        raise ConfigError(message, file=path.name, hint="Correct it; it was left as it is.") from exc
    except (OSError, ValueError, RecursionError) as exc:
        raise ConfigError(f"{path} cannot be read ({type(exc).__name__}).", file=path.name) from exc
    if not isinstance(data, dict):
        raise ConfigError(f"{path} must hold an object, {{ … }}.", file=path.name, hint="It was left as it is.")
    return data


def _flat(data: Mapping[str, Any], file: str, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        inner = f"{prefix}{key}"
        if any(name.startswith(f"{inner}.") for name in SETTINGS):
            if not isinstance(value, dict):
                raise _wrong(file, inner, value, "an object, { … }")
            yield from _flat(value, file, f"{inner}.")
        else:
            yield inner, value


def _nested(values: Mapping[str, Any], file: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in values.items():
        if SETTINGS[key].file == file:
            *folders, name = key.split(".")
            place = data
            for folder in folders:
                place = place.setdefault(folder, {})
            place[name] = value
    return data


def _checked(setting: Setting, value: Any, where: str) -> Any:
    """The value as its type; a number where a text is wanted is that text.

    Raises:
        ConfigError: It is not allowed.
    """
    wants_text = get_args(setting.type)[0] is str
    plain = str(value) if wants_text and isinstance(value, int) and not isinstance(value, bool) else value
    try:
        return _possible(msgspec.convert(plain.strip() if isinstance(plain, str) else plain, setting.type), setting)
    except ValueError as exc:  # msgspec.ValidationError is one
        raise _wrong(where, setting.key, value, setting.allowed) from exc
    except RuntimeError as exc:  # as Path.expanduser says it
        raise _wrong(where, setting.key, value, "a path whose ~ is the home folder of a user there is") from exc


def _possible(value: Any, setting: Setting) -> Any:
    """The value; raises ValueError or RuntimeError when it should be an address, a path or a part, and is none."""
    # What the environment and the command line hold may be no text at all.
    json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode()
    if setting.key in _PATHS:
        for path in value if isinstance(value, tuple) else (value,):
            if "\0" in str(Path(path).expanduser()):
                raise ValueError(path)
    elif setting.key in _PARTS:
        if unknown := {*(value if isinstance(value, tuple) else (value,))} - {*_part_names(setting.key)}:
            raise ValueError(unknown)
    elif setting.key.endswith("_url"):
        urllib.parse.urlsplit(value).port  # noqa: B018  reading it checks it
    elif setting.key == "builtin_listen":
        host, _, port = value.rpartition(":")
        ipaddress.IPv4Address(host)
        if int(port) > 65535:
            raise ValueError(port)
    return value


def _from_text(setting: Setting, text: str) -> Any:
    """A text of the environment or the command line as the setting's type; lists as JSON or with commas."""
    kind = get_args(setting.type)[0]
    text = text.strip()
    if kind is bool:
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.lower(), text)
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            return _span(text) if kind is float else text
    if get_origin(kind) is tuple:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _span(text: str) -> float | str:
    """Seconds of a span such as 30m or 1h, the text itself when it is none."""
    try:
        return seconds_of(text)
    except ValueError:
        return text


def _wrong(where: str, key: str, value: Any, allowed: str) -> ConfigError:
    shown = _readable(json.dumps(value, ensure_ascii=False, default=str))
    shown = shown if len(shown) <= 60 else f"{shown[:57]}…"
    return ConfigError(f"{where}: {key} is {shown}; allowed is {allowed}.", file=where, key=key)


def _readable(text: str) -> str:
    """Text that can be written, of one that the environment or the command line may have held as bytes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _readable_throughout(data: dict[str, Any]) -> dict[str, Any]:
    """The same data; raises ValueError for half a character in it, which is valid JSON and can be kept nowhere."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError as exc:
        raise ValueError(f"{exc.object[exc.start : exc.end]!a} in it is half a character") from exc
    return data


def _unknown(file: str, key: str) -> str:
    return f"{file}: nobody knows the setting {_readable(key)}{_meant(key)}"


def _meant(key: str) -> str:
    """The end of a sentence about a key nobody knows."""
    leaves = {name.rpartition(".")[2]: name for name in SETTINGS}
    leaf = key.rpartition(".")[2]
    whole = {name: name for name in SETTINGS}
    near = [leaves[leaf]] if leaf in leaves else _nearest(key, leaves | whole, 0.5) or _nearest(leaf, leaves, 0.6)
    return f"; did you mean {near[0]} (in {SETTINGS[near[0]].file})?" if near else "."


def _nearest(key: str, known: Mapping[str, str], cutoff: float) -> list[str]:
    return [known[one] for one in difflib.get_close_matches(key, known, n=1, cutoff=cutoff)]


def _unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each variable that looks like one of ours and is none."""
    known = {HOME_VARIABLE, f"{_PREFIX}KEY", f"{_PREFIX}KEY_FILE"} | {setting.variable for setting in SETTINGS.values()}
    for service, fields in FIELDS.items():
        for one in fields:
            known |= {variable(service, one.name), f"{variable(service, one.name)}_FILE"}
    for name in sorted(environment.keys() - known):
        if name.startswith(_PREFIX):
            # The prefix they share would make any two alike.
            near = difflib.get_close_matches(name[len(_PREFIX) :], [one[len(_PREFIX) :] for one in known], n=1)
            meant = f"; did you mean {_PREFIX}{near[0]}?" if near else "."
            yield f"Nobody knows the environment variable {_readable(name)}{meant}"


def setting_named(key: str) -> Setting:
    """The setting of a dotted key, or of its last part where only one has that.

    Raises:
        ConfigError: There is none; the nearest is named.
    """
    found = [setting for name, setting in SETTINGS.items() if name == key or name.rpartition(".")[2] == key]
    if len(found) != 1:
        message = f"There is no setting {key}{_meant(key)}"
        raise ConfigError(message, file=COMMAND_LINE, key=key, hint="movie-sync config show lists them.")
    return found[0]


def write_settings(home: Path, values: Mapping[str, Any]) -> None:
    """Set values in their files; everything else in those stays as it is, unknown keys too.

    Args:
        home: The home folder, made when missing.
        values: Dotted key to value, or to its text: lists as JSON or with commas. None takes the key out, so that its
            default holds.

    Raises:
        ConfigError: No such setting, a value that is not allowed, or a file that does not parse; nothing was written.
        OSError: The file cannot be written.
    """
    changed: dict[str, dict[str, Any]] = {}
    for key, given in values.items():
        setting = setting_named(key)
        if setting.file not in changed:
            changed[setting.file] = _read(home / setting.file)
        value = _from_text(setting, given) if isinstance(given, str) else given
        value = None if value is None else msgspec.to_builtins(_checked(setting, value, setting.file))
        _put(changed[setting.file], setting, value)
    make_private_folder(home)
    for file, data in changed.items():
        content = json.dumps(data, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace")
        write_whole(home / file, content + b"\n")


def _put(data: dict[str, Any], setting: Setting, value: Any) -> None:
    *folders, name = setting.key.split(".")
    place = data
    for folder in folders:
        place = place.setdefault(folder, {})
        if not isinstance(place, dict):
            raise _wrong(setting.file, folder, place, "an object, { … }")
    if value is None:
        place.pop(name, None)
    else:
        place[name] = int(value) if isinstance(value, float) and value.is_integer() else value
