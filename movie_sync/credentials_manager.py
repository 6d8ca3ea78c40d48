"""CredentialsManager: what the services ask for, encrypted at rest."""

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from movie_sync.errors import CredentialsError
from movie_sync.lib.files import make_private_folder, sync_folder, write_once, write_whole
from movie_sync.lib.redaction import keep_secret

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

CREDENTIALS_FILE = "credentials.enc"
KEY_FILE = ".key"
_EARLIER = "_credentials.enc"
_PREFIX = "MOVIE_SYNC_"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a service asks for.

    Attributes:
        name: As stored: ``passkey``.
        question: What a person is asked.
        secret: Never shown, hidden while typed.
    """

    name: str
    question: str
    secret: bool


FIELDS: Mapping[str, tuple[Field, ...]] = {
    "filelist": (
        Field("username", "FileList user name", False),
        Field("passkey", "FileList passkey (from /my.php; not the password)", True),
    ),
    "qbittorrent": (
        Field("username", "qBittorrent web UI user name", False),
        Field("password", "qBittorrent web UI password", True),
    ),
}

Ask = Callable[[Field], str]


def variable(service: str, name: str) -> str:
    """``MOVIE_SYNC_FILELIST_PASSKEY``; with ``_FILE`` behind it the name of a file that holds the value."""
    return f"{_PREFIX}{service}_{name}".upper()


def variables_of_key(environment: Mapping[str, str]) -> dict[str, str]:
    """Of an environment what gives the key alone."""
    names = (f"{_PREFIX}KEY", f"{_PREFIX}KEY_FILE")
    return {name: environment[name] for name in names if name in environment}


class CredentialsManager:
    """One encrypted file for all services; each value may come from the environment or a secret file instead.

    Nothing a server answers ever changes or clears a credential.

    Args:
        home: The home folder.
        environment: Where ``MOVIE_SYNC_…`` variables are looked for.
    """

    def __init__(self, home: Path, environment: Mapping[str, str] = os.environ) -> None:
        self._home = home
        self._environment = environment

    def get(self, service: str) -> dict[str, str]:
        """What is known of a service's credentials; values trimmed, missing ones left out.

        Raises:
            CredentialsError: The file or its key cannot be used; both are left as they are.
        """
        stored = self._load().get(service, {})
        found: dict[str, str] = {}
        for field in FIELDS[service]:
            value = self._from_environment(variable(service, field.name))
            value = stored.get(field.name, "").strip() if value is None else value
            if value:
                found[field.name] = value
                if field.secret:
                    keep_secret(value)
        return found

    def origin(self, service: str, name: str) -> str | None:
        """Where a value comes from: its environment variable, ``credentials.enc``, None when it is not set.

        Raises:
            CredentialsError: As for get.
        """
        given = variable(service, name)
        if self._from_environment(given) is not None:
            return f"{given}_FILE" if self._environment.get(f"{given}_FILE") else given
        return CREDENTIALS_FILE if self._load().get(service, {}).get(name, "").strip() else None

    def require(self, service: str, ask: Ask | None = None) -> dict[str, str]:
        """All credentials of a service; missing ones are asked for and stored.

        Args:
            service: ``filelist`` or ``qbittorrent``.
            ask: Puts a question to a person; None when there is nobody to ask.

        Raises:
            CredentialsError: Some are missing and nobody can be asked; it names them. Or as for get.
        """
        found = self.get(service)
        missing = [field for field in FIELDS[service] if field.name not in found]
        if missing and ask is not None:
            answers = {field.name: ask(field).strip() for field in missing}
            self.set(service, answers)
            found |= {name: value for name, value in answers.items() if value}
            missing = [field for field in missing if field.name not in found]
        if missing:
            names = " and ".join(field.question.partition(" (")[0] for field in missing)
            variables = " and ".join(variable(service, field.name) for field in missing)
            raise CredentialsError(
                f"Missing: {names}.",
                hint=f"Start movie-sync on a terminal to be asked, or set {variables} (or the same with _FILE).",
                code="credentials_missing",
            )
        return found

    def take_in(self) -> None:
        """Put what earlier versions left, a file a service, into the one file. Raises as for get."""
        if self._earlier():
            self._store(self._load())

    def set(self, service: str, values: Mapping[str, str]) -> None:
        """Store values of a service beside those it has; trimmed. Raises as for get."""
        for field in FIELDS[service]:
            if field.secret and values.get(field.name):
                keep_secret(values[field.name].strip())
        everything = self._load()
        everything.setdefault(service, {}).update({name: value.strip() for name, value in values.items()})
        self._store(everything)

    def clear(self, service: str) -> None:
        """Forget a service's stored credentials; those of the environment stay. Raises as for get."""
        everything = self._load()
        if everything.pop(service, None) is not None:
            self._store(everything)

    def fingerprint(self, service: str) -> str:
        """A keyed fingerprint of what `get` gives: equal for equal credentials, of no use to anybody else."""
        text = json.dumps(self.get(service), sort_keys=True).encode()
        return hmac.new(self._key(), text, hashlib.sha256).hexdigest()[:32]

    # -- inside

    def _from_environment(self, name: str) -> str | None:
        """The trimmed value of a variable or of the file its ``_FILE`` twin names; None when neither is set."""
        file = self._environment.get(f"{name}_FILE", "").strip()
        if file:
            try:
                return Path(file).expanduser().read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError, RuntimeError) as exc:  # the last when ~ is nobody's home folder
                readable = os.fsencode(file).decode("utf-8", "replace")
                raise CredentialsError(
                    f"The file {readable}, named by {name}_FILE, cannot be read ({type(exc).__name__}).",
                    hint="Check its name and rights.",
                ) from exc
        value = self._environment.get(name, "").strip()
        try:
            value.encode()
        except UnicodeEncodeError as exc:  # bytes that are no UTF-8 come as half characters
            raise CredentialsError(f"The environment variable {name} holds no text.", hint="Set it anew.") from exc
        return value or None

    def _key(self) -> bytes:
        """The Fernet key: from the environment, else from ``.key``, made on first use.

        Raises:
            CredentialsError: There is none though credentials are stored, or it is no key.
        """
        given = self._from_environment(f"{_PREFIX}KEY")
        if given is not None:
            keep_secret(given)
            return given.encode()
        path = self._home / KEY_FILE
        try:
            key = path.read_bytes().strip()
        except FileNotFoundError:
            if self._files():
                raise CredentialsError(
                    f"The key {path} is missing, so the stored credentials cannot be read.",
                    hint=f"Put the key back (or set MOVIE_SYNC_KEY), or delete {CREDENTIALS_FILE} to be asked again.",
                ) from None
            return self._new_key(path)
        except OSError as exc:
            raise CredentialsError(
                f"The key {path} cannot be read ({exc.strerror}).", hint="Check its rights."
            ) from exc
        keep_secret(key.decode("ascii", "replace"))
        return key

    def _new_key(self, path: Path) -> bytes:
        from cryptography.fernet import Fernet  # noqa: PLC0415  50 ms that `stats` need not pay

        make_private_folder(self._home)
        # Two that start at once must not each encrypt with a key of their own.
        write_once(path, Fernet.generate_key() + b"\n")
        key = path.read_bytes().strip()
        keep_secret(key.decode())
        return key

    def _fernet(self) -> "Fernet":
        from cryptography.fernet import Fernet  # noqa: PLC0415  50 ms that `stats` need not pay

        try:
            return Fernet(self._key())
        except ValueError as exc:
            raise CredentialsError(
                "The key for the stored credentials is not a Fernet key (44 characters of base64).",
                hint=f"Put the right one into {self._home / KEY_FILE}, or set MOVIE_SYNC_KEY or MOVIE_SYNC_KEY_FILE.",
            ) from exc

    def _files(self) -> list[Path]:
        """The file of all services and those of earlier versions that are there."""
        return [path for path in (self._home / CREDENTIALS_FILE, *self._earlier()) if path.exists()]

    def _earlier(self) -> list[Path]:
        return sorted(self._home.glob(f"*{_EARLIER}"))

    def _load(self) -> dict[str, dict[str, str]]:
        """Everything stored, what earlier versions left included."""
        path = self._home / CREDENTIALS_FILE
        everything = self._decrypt(path) if path.exists() else {}
        if not all(
            isinstance(values, dict) and all(isinstance(value, str) for value in values.values())
            for values in everything.values()
        ):
            raise CredentialsError(f"{path} does not hold credentials.", hint="Delete it to be asked again.")
        for old in self._earlier():
            service = old.name.removesuffix(_EARLIER)
            for name, value in self._decrypt(old).items():
                if isinstance(value, str):
                    everything.setdefault(service, {}).setdefault(name, value)
        return everything

    def _decrypt(self, path: Path) -> dict[str, dict[str, str]]:
        from cryptography.fernet import InvalidToken  # noqa: PLC0415  50 ms that `stats` need not pay

        try:
            data = json.loads(self._fernet().decrypt(path.read_bytes().strip()))
            json.dumps(data, ensure_ascii=False).encode()  # half a character is no part of a password
        except (InvalidToken, ValueError, RecursionError) as exc:
            raise CredentialsError(
                f"{path} cannot be read with this key.",
                hint=f"Put the right key into {KEY_FILE} or MOVIE_SYNC_KEY, or delete {path.name} to be asked again.",
            ) from exc
        except OSError as exc:
            raise CredentialsError(f"{path} cannot be read ({exc.strerror}).", hint="Check its rights.") from exc
        if not isinstance(data, dict):
            raise CredentialsError(f"{path} does not hold credentials.", hint="Delete it to be asked again.")
        return data

    def _store(self, everything: Mapping[str, Mapping[str, str]]) -> None:
        make_private_folder(self._home)
        token = self._fernet().encrypt(json.dumps(everything).encode())
        write_whole(self._home / CREDENTIALS_FILE, token + b"\n")
        if earlier := self._earlier():
            for old in earlier:
                old.unlink()
            sync_folder(self._home)  # one that comes back would bring a log-in back that was cleared
