"""Targets: settings, profiles and credentials, in files and in the environment."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet

from movie_sync.config import CONFIG_FILE, FILELIST_FILE, SETTINGS, Config, named_profile, write_settings
from movie_sync.credentials_manager import CREDENTIALS_FILE, FIELDS, KEY_FILE, CredentialsManager
from movie_sync.errors import ConfigError, CredentialsError
from movie_sync.movie import Movie, Release
from movie_sync.releases.rank import judge
from reliability.fuzz.contract import NOW, demand, demand_storable, demand_text, scratch, sentence, tree

_FILM = Movie("Quiet Harbour", 1999, 46682, "1Xrm", "quiet-harbour", imdb_id="tt0900001")
_NAMES = (
    "Quiet.Harbour.1999.2160p.BluRay.REMUX.HEVC.DTS-HD.MA.5.1-GRP",
    "Quiet.Harbour.1999.1080p.WEB-DL.x264.DDP5.1.RoSubbed-GRP",
    "Quiet.Harbour.1999.720p.HDTV.x264",
)
# The user's; made up.
_KEY = b"bW92aWUtc3luYy1mdXp6LWtleS0wMTIzNDU2Nzg5MDA="


def config_json(data: bytes) -> str:
    """config.json: read, and written again with one setting changed."""
    return _config_file(CONFIG_FILE, data, "check_interval", 60.0)


def filelist_config_json(data: bytes) -> str:
    """filelist_config.json."""
    return _config_file(FILELIST_FILE, data, "qbittorrent.port", 8081)


def _config_file(file: str, data: bytes, key: str, value: float) -> str:
    with scratch() as home:
        (home / file).write_bytes(data)
        try:
            config = Config.load(home, environment={})
        except ConfigError as exc:
            return _config_sentence(exc, data)
        _demand_usable(config)
        write_settings(home, {key: value})
        again = Config.load(home, environment={})
        for name in SETTINGS:
            found, wanted = again.value(name), value if name == key else config.value(name)
            demand(found == wanted, f"{name} was {wanted!r} and is {found!r} once {key} was set")
    return ""


def environment(data: bytes) -> str:
    """Environment variables: ``NAME=value`` lines, without what all names begin with."""
    lines = data.replace(b"\0", b"").split(b"\n")
    pairs = [os.fsdecode(line).partition("=") for line in lines[:8]]
    given = {f"MOVIE_SYNC_{name}": value for name, _, value in pairs if name}
    with scratch() as home:
        try:
            _demand_usable(Config.load(home, environment=given))
        except ConfigError as exc:
            return _config_sentence(exc, b"{}")
    return ""


def _config_sentence(error: ConfigError, data: bytes) -> str:
    """The error says which file or variable, and which key; a file that is no text or no object at all has no key."""
    demand(error.file, f"no file with: {error.message!a}")
    try:
        keyed = isinstance(json.loads(data.decode("utf-8-sig")), dict)
    except (ValueError, RecursionError):
        keyed = False
    demand(error.key or not keyed, f"no key in: {error.message!a}")
    named = (Path(error.file or "").name, (error.key or "").rpartition(".")[2])
    demand(all(name in error.message or error.key == "profile" for name in named), f"another in: {error.message!a}")
    return sentence(error)


def _demand_usable(config: Config) -> None:
    """What was accepted can be used: every value kept and shown, every folder a path."""
    for key in SETTINGS:
        demand_storable(msgspec.to_builtins(config.value(key)))
    demand_text("".join(config.notes))
    paths = [config.download_folder, config.csv_folder, config.watchlist_path, *config.library_folders]
    for path in filter(None, [*paths, config.profile_file]):
        demand(path.is_absolute() and "\0" not in str(path), f"no path: {path!r}")
    demand(config.client and config.search_categories and (config.first_run or 0) >= 0, "nothing to search")


def profile(data: bytes) -> str:
    """A profile of the user's own: read, and used to judge releases."""
    with scratch() as home:
        (home / "own.json").write_bytes(data)
        try:
            found = named_profile("own.json", home)
        except ConfigError as exc:
            demand(exc.file == "own.json" and "own.json" in exc.message, f"no file in: {exc.message!a}")
            return sentence(exc)
    demand_storable(msgspec.to_builtins(found))
    releases = [Release("filelist", number, name, "tt0900001", 8 << 30, 5) for number, name in enumerate(_NAMES, 1)]
    decisions = judge(_FILM, releases, found, now=NOW)
    demand(len(decisions) == len(releases), "a release is missing")
    demand_storable(decisions)
    return ""


def credentials(data: bytes) -> str:
    """credentials.enc: as it lies on the disk, or behind ``=`` what was put in before it was encrypted."""
    with scratch() as home:
        (home / KEY_FILE).write_bytes(_KEY)
        (home / CREDENTIALS_FILE).write_bytes(_stored(data[1:]) if data.startswith(b"=") else data)
        return _credentials(home, {})


def key_file(data: bytes) -> str:
    """.key beside credentials that another key made: refused, and both files left as they were."""
    with scratch() as home:
        (home / KEY_FILE).write_bytes(data)
        (home / CREDENTIALS_FILE).write_bytes(_stored(b"{}"))
        return _credentials(home, {})


def earlier_credentials(data: bytes) -> str:
    """filelist_credentials.enc of an earlier version, by what was in it before it was encrypted; it is taken in."""
    with scratch() as home:
        (home / KEY_FILE).write_bytes(_KEY)
        (home / "filelist_credentials.enc").write_bytes(_stored(data))
        told = _credentials(home, {})
        if not told:
            manager = CredentialsManager(home, {})
            before = manager.get("filelist")
            manager.take_in()
            demand(CredentialsManager(home, {}).get("filelist") == before, "taken in as something else")
            demand(not [*home.glob("*_credentials.enc")], "still there once it was taken in")
    return told


def credential_variables(data: bytes) -> str:
    """Credentials in the environment: ``NAME=value`` lines without what all names begin with, then a secret file."""
    lines, _, secret = data.replace(b"\0", b"").partition(b"\n\n")
    pairs = [os.fsdecode(line).partition("=") for line in lines.split(b"\n")[:8]]
    with scratch() as home:
        (home / "secret").write_bytes(secret)
        (home / KEY_FILE).write_bytes(_KEY)
        (home / CREDENTIALS_FILE).write_bytes(_stored(b"{}"))
        given = {f"MOVIE_SYNC_{name}": value.replace("@", str(home / "secret")) for name, _, value in pairs if name}
        return _credentials(home, given)


def _stored(content: bytes) -> bytes:
    return Fernet(_KEY).encrypt(content)


def _credentials(home: Path, environment: Mapping[str, str]) -> str:
    """What a user is told when every service's are read; what is refused is left as it was."""
    before = tree(home)
    try:
        for service in FIELDS:
            demand_storable(CredentialsManager(home, environment).get(service))
    except CredentialsError as exc:
        demand(tree(home) == before, "refused, and not left as it was")
        return sentence(exc)
    return ""
