"""Each service, folder and clock, tried once: fine, or what is wrong and what to do."""

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

from movie_sync import parts
from movie_sync.clients.torrent_client import TorrentClient
from movie_sync.errors import (
    AuthFailed,
    BadReply,
    ConfigError,
    CredentialsError,
    MovieSyncError,
    NeedsPerson,
    Unavailable,
)
from movie_sync.health import FOREVER, ProviderHealth
from movie_sync.lib.clock import span_text
from movie_sync.parts import Parts
from movie_sync.store.providers import KEPT
from movie_sync.trackers.download_service import MovieDownloader
from movie_sync.watchlists.watchlist import Watchlist

State = Literal["fine", "later", "person"]
EXIT_CODES: dict[State, int] = {"fine": 0, "later": 4, "person": 3}
# A film in 4K may take more than this; with less, something on the machine fails soon anyway.
LOW_SPACE_BYTES = 5 * 1024**3
# Certificates, log-ins and schedules go wrong with a clock that is further off.
MOST_DIFFERENCE_S = 120.0

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a trial came to.

    Attributes:
        what: What was tried: ``letterboxd``, ``download folder``, …
        state: ``fine``; ``later``: it mends itself or is worth another try; ``person``: someone has to act.
        message: A sentence.
        hint: What to do; "" when there is nothing.
        error: What was raised, None when nothing was.
        number: What a step of the set-up goes on with: films on the list; None for other trials.
    """

    what: str
    state: State
    message: str
    hint: str = ""
    error: MovieSyncError | None = None
    number: int | None = None


def worst(findings: Iterable[Finding]) -> int:
    """The exit code: 3 when a person has to act, else 4 when something was not there, else 0."""
    states = {finding.state for finding in findings}
    return EXIT_CODES["person" if "person" in states else "later" if "later" in states else "fine"]


def problem(what: str, error: MovieSyncError) -> Finding:
    """An error as a finding."""
    needs = isinstance(error, AuthFailed | BadReply | ConfigError | CredentialsError | NeedsPerson)
    later = isinstance(error, Unavailable) and not needs
    return Finding(what, "later" if later else "person", error.message, error.hint, error)


def _tried(
    what: str, build: Callable[[], _Part], ask: Callable[[_Part], Finding], close: Callable[[_Part], None]
) -> Finding:
    try:
        part = build()
        try:
            return ask(part)
        finally:
            close(part)
    except MovieSyncError as error:
        return problem(what, error)


def watchlist(given: Parts, differences: list[float] | None = None) -> Finding:
    """Read the first page of the Letterboxd watchlist: one request.

    Args:
        given: What the part is built from.
        differences: Where the difference to the server's clock goes, in seconds.
    """
    name = given.config.settings.username

    def ask(part: Watchlist) -> Finding:
        total = part.count()
        _note(differences, part.clock_difference_s())
        return Finding("letterboxd", "fine", f"The watchlist of {name} can be read: {total:,} films.", number=total)

    return _tried("letterboxd", lambda: parts.letterboxd(given), ask, lambda part: part.close())


def tracker(given: Parts, differences: list[float] | None = None) -> Finding:
    """Make one call of the tracker, as watchlist does."""

    def ask(part: MovieDownloader) -> Finding:
        newest = part.latest("hand")
        _note(differences, part.clock_difference_s())
        left = part.calls_left()
        budget = "" if left is None else f"; {left} calls are left in this hour"
        return Finding(part.name, "fine", f"The log-in works, {len(newest)} newest releases were listed{budget}.")

    return _tried(given.config.settings.tracker, lambda: parts.tracker(given), ask, lambda part: part.close())


def client(given: Parts) -> Finding:
    """Log in to the torrent client and ask for its version."""
    name = given.config.client

    def ask(part: TorrentClient) -> Finding:
        info = part.check()
        return Finding(name, "fine", f"{info.version} answers; films go to {info.save_path}.")

    return _tried(name, lambda: parts.client(given), ask, lambda part: part.close())


def with_log_in(service: str, given: Parts, differences: list[float] | None = None) -> Finding:
    """Try the tracker or the client in use, by its name."""
    return tracker(given, differences) if service == given.config.settings.tracker else client(given)


def _note(differences: list[float] | None, difference_s: float | None) -> None:
    if differences is not None and difference_s is not None:
        differences.append(difference_s)


def writable_folder(what: str, folder: Path) -> Finding:
    """Whether a folder is there or can be made, can be written, and has room; nothing is written."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        hint = f"Give its rights to this user, or choose another folder: {there} is what stands in the way."
        return Finding(what, "person", f"{folder} cannot be written.", hint)
    free = shutil.disk_usage(there).free
    text = f"{folder} {'can be written' if folder.exists() else 'will be made'}; {size_text(free)} are free"
    if free < LOW_SPACE_BYTES:
        return Finding(what, "person", f"{text}, which is little.", "Make room, or choose another disk.")
    return Finding(what, "fine", f"{text}.")


def library_folder(folder: Path) -> Finding:
    """Whether a library folder is there and can be read."""
    if not folder.is_dir():
        hint = "Mount it, or take it out of library_directories: nothing is downloaded while it is missing."
        return Finding("library", "person", f"The folder {folder} is not there.", hint)
    if not os.access(folder, os.R_OK | os.X_OK):
        return Finding("library", "person", f"The folder {folder} cannot be read.", "Give its rights to this user.")
    return Finding("library", "fine", f"{folder} can be read.")


def size_text(size_bytes: float) -> str:
    """``1.5 TiB``, ``12 GiB``, ``300 MiB``."""
    for unit, size in (("TiB", 1024**4), ("GiB", 1024**3)):
        if size_bytes >= size:
            return f"{size_bytes / size:.1f} {unit}"
    return f"{size_bytes / 1024**2:.0f} MiB"


def clock(differences: list[float]) -> Finding:
    """This machine's clock against those of the services that answered; in seconds, may be empty."""
    if not differences:
        return Finding("clock", "fine", "No service answered with a time to compare with.")
    difference = min(differences, key=abs)
    if abs(difference) > MOST_DIFFERENCE_S:
        way = "ahead of" if difference > 0 else "behind"
        text = f"This machine's clock is {span_text(abs(difference))} {way} the services'."
        return Finding(
            "clock", "person", text, "Set it right, best by time synchronisation (timedatectl set-ntp true)."
        )
    return Finding("clock", "fine", f"Right to within {max(1.0, abs(difference)):.0f} s.")


def stored_refusal(health: ProviderHealth, provider: str) -> Finding | None:
    """Why a service is not to be asked: it refused these very log-in data; None when it may be asked."""
    if health.next_try(provider) != FOREVER:
        return None
    state = health.state(provider)
    hint = f"Give others: movie-sync credentials set {provider}; or have these tried once more: movie-sync retry --now"
    return Finding(provider, "person", f"{state.message} It is not asked again with these.", hint)


def left_alone(health: ProviderHealth, provider: str) -> Finding | None:
    """Why a service is not to be asked: it asked for a pause that is not over; None when it may be asked."""
    state, next_try = health.state(provider), health.next_try(provider)
    wait_s = next_try - health.now()
    if state.code not in KEPT or wait_s <= 0:
        return None
    return Finding(provider, "later", f"{state.message} It is asked again in {span_text(wait_s)}.", state.hint or "")


def with_next_try(finding: Finding, health: ProviderHealth) -> Finding:
    """The finding, with when the service itself is asked again where it is left alone for a while."""
    wait_s = health.next_try(finding.what) - health.now()
    if not 0 < wait_s < FOREVER:
        return finding
    when = f"Movie Sync asks it again in {span_text(wait_s)}; at once: movie-sync retry --now"
    return replace(finding, message=f"{finding.message} {when}.")
