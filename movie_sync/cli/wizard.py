"""The wizard of ``movie-sync config``: asks, tries each answer at once, writes at the end."""

import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from movie_sync.cli.output import say, styled
from movie_sync.clients.qbittorrent_manager import names_port
from movie_sync.config import SETTINGS, Config
from movie_sync.credentials_manager import FIELDS, variable
from movie_sync.errors import AuthFailed, ConfigError
from movie_sync.lib.addresses import full_path
from movie_sync.lib.spans import seconds_of, short_span
from movie_sync.movie import WatchedFilm
from movie_sync.queues.exports import take_in
from movie_sync.verbs import trials
from movie_sync.verbs.home import opened
from movie_sync.verbs.setting_up import Draft
from movie_sync.verbs.trials import Finding
from movie_sync.watchlists.csv_export import read_csv_export

# A list shorter than this is fetched without asking how much of it.
LONG_LIST = 28
_MARKS: Mapping[str, tuple[str, str]] = {"fine": ("✓", "green"), "later": ("!", "yellow"), "person": ("✗", "red")}
_CLIENTS = {
    "qbittorrent": "qBittorrent, over its web UI",
    "builtin": "the built-in client (public torrents only)",
    "none": "none: the .torrent is saved for you to take",
}


def set_up(home: Path) -> None:
    """Ask for everything; Enter keeps a value, Ctrl-C leaves everything as it was.

    Raises:
        MovieSyncError: What is there already cannot be read, or the answers cannot be written.
        click.Abort: The person left.
    """
    with Draft(home, os.environ) as draft:
        _Wizard(draft).run()


def _say(text: str = "", **style: str | bool) -> None:
    say(styled(text, **style), err=True)


def _explain(text: str, indent: str = "") -> None:
    """A paragraph, broken for this terminal."""
    _say(click.wrap_text(text, min(100, shutil.get_terminal_size((80, 24)).columns), indent, indent))


def told(finding: Finding) -> bool:
    """Show what a trial came to; True when it went well. What was refused is asked again, so no hint is needed."""
    mark, colour = _MARKS[finding.state]
    _say(f"  {mark} {finding.message}", fg=colour)
    if finding.hint and not (isinstance(finding.error, AuthFailed) and finding.what in FIELDS):
        _explain(finding.hint, indent="    ")
    return finding.state == "fine"


def _asked(question: str, default: str, check: Callable[[str], str], *, keep: str | None = None) -> str:
    """One answer; ``check`` gives it back in its stored form or raises with what is allowed.

    ``keep`` is given back for Enter, unchecked: what is shown may be shorter than what is set.
    """
    while True:
        answer: str = click.prompt(question, default=default, show_default=bool(default), err=True)
        if answer == default and keep is not None:
            return keep
        try:
            return check(answer.strip())
        except (ConfigError, ValueError) as exc:
            _say(f"  ✗ {exc}", fg="red")


class _Wizard:
    """One way through the questions; every answer goes into the draft."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._csv: list[WatchedFilm] = []

    def run(self) -> None:
        _say("Enter keeps what stands in brackets. Nothing is written before the end.\n")
        self._watchlist()
        self._setting("check_interval", "Check it how often (15m, 1h, 1d)", spans=True)
        self._folders()
        self._setting("max_retries", "Retries of a film that fails")
        self._setting("retry_interval", "Wait before the first of them; each further one waits longer", spans=True)
        if self._draft.config.settings.tracker == "filelist":
            _say("\nFileList", bold=True)
            self._log_in("filelist")
        self._client()
        self._finish()

    # -- asking

    def _set(self, key: str, value: str) -> None:
        """Put a setting into the draft, or leave it as it is; a value that cannot be is taken out again."""
        before = self._draft.settings.get(key)
        self._draft.settings[key] = value
        try:
            config = self._draft.config
        except ConfigError:
            self._draft.settings.pop(key)
            if before is not None:
                self._draft.settings[key] = before
            raise
        if _plain(self._base().value(key)) == _plain(config.value(key)):
            self._draft.settings.pop(key)

    def _base(self) -> Config:
        return Config.load(self._draft.home, environment=self._draft.environment)

    def _setting(self, key: str, question: str, *, spans: bool = False) -> None:
        """Ask for a setting; spans are shown and taken as 15m or 1h."""
        value = self._draft.config.value(key)
        shown = short_span(value) if spans else _plain(value)

        def check(answer: str) -> str:
            text = repr(seconds_of(answer)) if spans else answer
            self._set(key, text)
            return text

        _asked(question, shown, check, keep=shown)

    def _stronger(self) -> list[str]:
        """Variables that hide an answer."""
        names = [SETTINGS[key].variable for key in self._draft.settings]
        for service, values in self._draft.credentials.items():
            names += [variable(service, name) for name in values]
        given = self._draft.environment
        return [name for name in names if given.get(name) or given.get(f"{name}_FILE")]

    # -- the steps

    def _watchlist(self) -> None:
        _say("Watchlist", bold=True)
        _explain(
            "Your Letterboxd name, as in your profile's address. Your watchlist is read slowly and under this program's"
            " own name; Letterboxd's terms allow that only where it is authorised."
            " Give - to use the CSV export instead."
        )
        while True:
            self._setting_or_none("username", "Letterboxd name")
            name = self._draft.config.settings.username
            if not name:
                break
            finding = trials.watchlist(self._draft.parts())
            if told(finding):
                self._first_run(finding.number or 0)
                return
            if click.confirm("Keep this name all the same?", default=finding.state == "later", err=True):
                return
        self._export()

    def _setting_or_none(self, key: str, question: str) -> None:
        value = self._draft.config.value(key)

        def check(answer: str) -> str:
            self._set(key, "" if answer == "-" else _name_in(answer))
            return answer

        _asked(question, _plain(value) or "-", check)

    def _export(self) -> None:
        def check(answer: str) -> str:
            if answer != "-":
                self._csv = read_csv_export(full_path(answer))
            return answer

        answer = _asked("CSV export to take in (watchlist.csv or the ZIP; - for later)", "-", check)
        if answer != "-":
            _say(f"  ✓ {len(self._csv):,} films.", fg="green")
            self._first_run(len(self._csv))

    def _first_run(self, films: int) -> None:
        """With a long list that was never read: how much of it, and how many films at once."""
        if films <= LONG_LIST or self._draft.list_was_read():
            return
        _say()
        _explain(
            f"That is a long list. What is to be fetched of these {films:,} films: all, new (only films you add from"
            " now on), or a number (the newest so many)? The others can be queued at any time: movie-sync add --seen"
        )
        self._setting("first_run", "First run takes")
        self._setting("max_active_downloads", "Downloads at once (0: no limit)")

    def _folders(self) -> None:
        _say("\nFolders", bold=True)
        while True:
            self._setting("download_directory", "Folder for downloads")
            folder = self._draft.config.download_folder
            if told(trials.writable_folder("download folder", folder)) or _keeps():
                break
        while True:
            self._libraries()
            findings = [trials.library_folder(folder) for folder in self._draft.config.library_folders]
            for finding in findings:
                told(finding)
            if trials.worst(findings) == 0 or _keeps():
                break

    def _libraries(self) -> None:
        value = self._draft.config.settings.library_directories

        def check(answer: str) -> str:
            self._set("library_directories", "" if answer == "-" else answer)
            return answer

        shown = ", ".join(value) or "-"
        _asked("More folders with films, commas between them (- for none)", shown, check, keep=shown)

    def _log_in(self, service: str, before: Callable[[], None] = lambda: None) -> None:
        """Ask for user and password until they work, or are kept all the same; what was refused is not tried twice.

        ``before`` asks what else may be the reason: where the service is.
        """
        refused: list[tuple[dict[str, str], AuthFailed]] = []
        error: AuthFailed | None = None
        while True:
            if error is None:
                before()
            values = self._credentials(service)
            error = next((error for tried, error in refused if tried == values), None)
            finding = None if error is not None else self._tried(service)
            if finding is None:
                _say("  These were refused a moment ago and are not tried again.", fg="yellow")
            elif told(finding):
                self._draft.worked.add(service)
                return
            elif isinstance(finding.error, AuthFailed):
                error = finding.error
                refused.append((values, error))
            if _keeps(default=finding is not None and finding.state == "later"):
                self._draft.refused += [error] if error is not None else []
                return

    def _tried(self, service: str) -> Finding:
        return trials.with_log_in(service, self._draft.parts())

    def _credentials(self, service: str) -> dict[str, str]:
        known = self._draft.manager.get(service)
        values: dict[str, str] = {}
        for one in FIELDS[service]:
            has = one.name in known
            hint = " [Enter keeps the one there is]" if one.secret and has else ""
            default = known.get(one.name) if not one.secret else "" if has else None
            answer: str = click.prompt(
                f"{one.question}{hint}",
                default=default,
                show_default=not one.secret,
                hide_input=one.secret,
                err=True,
            )
            values[one.name] = answer.strip() or known.get(one.name, "")
        if values != known:
            self._draft.credentials[service] = values
        return values

    def _client(self) -> None:
        _say("\nTorrent client", bold=True)
        for name, words in _CLIENTS.items():
            _say(f"  {name:12} {words}")
        self._setting("client", "Who downloads")
        name = self._draft.config.settings.client
        if name == "qbittorrent":
            if not self._draft.config.filelist.qbittorrent.enabled:
                self._set("qbittorrent.enabled", "true")
            self._log_in("qbittorrent", self._address)
        else:
            told(self._tried(name))

    def _address(self) -> None:
        self._setting("qbittorrent.host", "Its host, or whole address (https://box/qbt)")
        if not names_port(self._draft.config.filelist.qbittorrent.host):
            self._setting("qbittorrent.port", "Port of its web UI")

    def _finish(self) -> None:
        self._draft.write()
        for name in self._stronger():
            _say(f"The variable {name} is set and goes before what was written.", fg="yellow")
        home = self._draft.home
        _say(f"\nWritten to {home}.", bold=True)
        if self._csv:
            with opened(home) as home_open:
                intake = take_in(home_open.queue, self._csv, home_open.clock.now(), self._draft.config.first_run)
            _say(f"{intake.added} films were queued.")
        _say("To start: movie-sync    To look: movie-sync check    To run it always: movie-sync service install")


def _name_in(answer: str) -> str:
    """A Letterboxd name, also out of @name or a profile's whole address."""
    return re.sub(r"^(https?://)?(www\.)?letterboxd\.com/", "", answer, flags=re.I).lstrip("@").partition("/")[0]


def _keeps(*, default: bool = False) -> bool:
    return click.confirm("Keep it all the same?", default=default, err=True)


def _plain(value: object) -> str:
    """A value as a person types it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
