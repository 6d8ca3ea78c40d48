"""The one error tree: what happened, to what, and what to do next.

The class decides what follows (see ``doc/errors.md``): who backs off, who is told, which film is charged.
"""

from collections.abc import Sequence


class MovieSyncError(Exception):
    """An error a user can be shown as it is.

    Args:
        message: One sentence: what happened, and to what. No secrets.
        hint: What to do next; empty when nothing can be done.
        code: A stable word for programs (``--json``).
    """

    code = "error"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Stopping(MovieSyncError):
    """The process was asked to stop while something waited."""

    code = "stopping"


class AlreadyRunning(MovieSyncError):
    """Another process holds the instance lock."""

    code = "already_running"


class ConfigError(MovieSyncError):
    """A setting is wrong or missing; the user has to change it.

    Args:
        message: What is wrong.
        file: Where it stands: a file name, an environment variable, "the command line"; None if nowhere yet.
        key: The dotted key, None when the whole file is meant.
        hint: What is allowed.
    """

    code = "config"

    def __init__(self, message: str, *, file: str | None = None, key: str | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.file = file
        self.key = key


class CredentialsError(MovieSyncError):
    """Credentials are missing, or cannot be read with the key at hand."""

    code = "credentials"


class ProviderError(MovieSyncError):
    """Something outside did not do what was asked.

    Args:
        provider: ``letterboxd``, ``filelist``, ``qbittorrent``, ``library``, …
        message: See MovieSyncError.
        hint: See MovieSyncError.
    """

    code = "provider"

    def __init__(self, provider: str, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message, hint=hint, code=code)
        self.provider = provider


class Unavailable(ProviderError):
    """Network, 5xx, outage text, challenge page: back off, charge no film.

    Args:
        retry_after_s: Seconds the provider asked for; None when it did not say.
    """

    code = "unavailable"

    def __init__(
        self,
        provider: str,
        message: str,
        *,
        hint: str = "",
        code: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(provider, message, hint=hint, code=code)
        self.retry_after_s = retry_after_s


class RateLimited(Unavailable):
    """The hour's calls are used up, by its own count or by ours."""

    code = "rate_limited"


class CallsUsedUp(RateLimited):
    """By our own count, before any call was made: planned, and no trouble of the service."""

    code = "calls_used_up"


class AuthFailed(ProviderError):
    """The credentials, or the right to see something, were refused: stop and tell the person.

    Attributes:
        remembered: Nobody was asked: a part tells of the refusal before.
    """

    code = "auth_failed"
    remembered = False


class NeedsPerson(ProviderError):
    """The service is well, but what happened there is for the person to decide; nothing else waits for it."""

    code = "needs_person"


class BadReply(ProviderError):
    """The site or API changed: stop the provider and keep one redacted sample.

    Args:
        sample: The beginning of the reply, for a bug report; may be empty.
    """

    code = "bad_reply"

    def __init__(self, provider: str, message: str, *, hint: str = "", sample: bytes = b"") -> None:
        super().__init__(provider, message, hint=hint)
        self.sample = sample


class QueryRefused(ProviderError):
    """This one question was refused (HTTP 400, 404); nothing else is wrong with the provider."""

    code = "query_refused"


class NothingFound(MovieSyncError):
    """An outcome, not a fault: no release of this film passed the rules.

    Args:
        reasons: One sentence a release refused; empty when the tracker had none.
    """

    code = "nothing_found"

    def __init__(self, message: str, reasons: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)


class UnclearName(MovieSyncError):
    """A text that names no film: neither address, nor id, nor title with year."""

    code = "unclear_name"

    def __init__(self, text: str) -> None:
        hint = 'Give its Letterboxd address, its tt id, or title and year such as "Nosferatu (1922)".'
        super().__init__(f'"{text}" does not say which film is meant.', hint=hint)


class NoSuchFilm(MovieSyncError):
    """No film is known by this name.

    Args:
        text: What was asked for.
        similar: Films of similar titles; may be empty.
        hint: In place of the usual one.
    """

    code = "no_such_film"

    def __init__(self, text: str, similar: Sequence[str], *, hint: str = "") -> None:
        usual = f"Did you mean {' or '.join(similar)}?" if similar else "movie-sync list shows every film."
        super().__init__(f'There is no film "{text}".', hint=hint or usual)
        self.similar = tuple(similar)


class SeveralFilms(MovieSyncError):
    """More than one film is known by this name.

    Args:
        text: What was asked for.
        films: A line each, beginning with what tells it from the others.
    """

    code = "several_films"

    def __init__(self, text: str, films: Sequence[str]) -> None:
        lines = "".join(f"\n  {film}" for film in films)
        super().__init__(f'"{text}" can be one of {len(films)} films:{lines}', hint="Give the number in front of one.")
        self.films = tuple(films)

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}"


class BadTorrent(MovieSyncError):
    """These bytes are not a torrent one could hand over; the next release is tried."""

    code = "bad_torrent"


class ClientRefuses(MovieSyncError):
    """The client will never take this torrent as things stand; the person has to decide."""

    code = "client_refuses"


class FacesError(MovieSyncError):
    """A hand-edited queue file could not be taken as it is; it was kept aside, nothing was lost."""

    code = "queue_file"


class StoreError(MovieSyncError):
    """The database or its disk is full, corrupt or of a newer version: stop intake."""

    code = "store"
