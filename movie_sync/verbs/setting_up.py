"""What has to be set before the program can work, and writing it all at once."""

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from movie_sync.config import CONFIG_FILE, FILELIST_FILE, SETTINGS, Config, write_settings
from movie_sync.credentials_manager import CREDENTIALS_FILE, FIELDS, CredentialsManager, variable
from movie_sync.errors import AuthFailed
from movie_sync.health import ProviderHealth
from movie_sync.lib.clock import SystemClock
from movie_sync.lib.files import make_private_folder
from movie_sync.parts import Parts
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import DATABASE_FILE, Store, requests, wishes
from movie_sync.store.snapshots import copy_calls


def never_set_up(home: Path, environment: Mapping[str, str]) -> bool:
    """True when there is no file, and no variable gives a name or a log-in: nobody used this home folder yet."""
    files = (CONFIG_FILE, FILELIST_FILE, CREDENTIALS_FILE, DATABASE_FILE)
    if any((home / name).exists() for name in files) or any(home.glob("*_credentials.enc")):
        return False
    variables = [variable(service, one.name) for service, fields in FIELDS.items() for one in fields]
    variables.append(SETTINGS["username"].variable)
    return not any(environment.get(name) or environment.get(f"{name}_FILE") for name in variables)


def services_in_use(config: Config) -> list[str]:
    """Services whose log-in is needed with these settings."""
    return [name for name in (config.settings.tracker, config.client) if name in FIELDS]


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is still to be given.

    Attributes:
        words: What people call it: ``FileList passkey``.
        variable: Its environment variable.
    """

    words: str
    variable: str


def missing(config: Config, credentials: CredentialsManager) -> list[Missing]:
    """What is still to be given of the services in use; empty when all is there.

    Raises:
        CredentialsError: What is stored cannot be read.
    """
    return [
        Missing(one.question.partition(" (")[0], variable(service, one.name))
        for service in services_in_use(config)
        for one in FIELDS[service]
        if one.name not in credentials.get(service)
    ]


def _ask_again(store: Store, service: str) -> None:
    clock = SystemClock()
    QueueManager(store, clock).end_put_off(service)
    with store.write() as tx:
        requests.ask(tx, "ask_services", clock.now())


@dataclass(slots=True)
class Draft:
    """Settings and credentials that are tried before they are written; used in a ``with`` block.

    Attributes:
        home: The home folder; untouched before `write`.
        environment: What the process was started with.
        settings: Dotted key to text, in place of what is set.
        credentials: Service to field to value, in place of what is stored.
        refused: Refusals that were kept all the same, so that the service does not repeat them.
        worked: Services whose log-in was just tried well; an earlier refusal of the same holds no more.
    """

    home: Path
    environment: Mapping[str, str]
    settings: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, dict[str, str]] = field(default_factory=dict)
    refused: list[AuthFailed] = field(default_factory=list)
    worked: set[str] = field(default_factory=set)
    _held: ExitStack = field(default_factory=ExitStack, repr=False)
    _store: Store | None = field(default=None, repr=False)

    def __enter__(self) -> "Draft":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    @property
    def config(self) -> Config:
        """All settings as they would be. Raises ConfigError."""
        return Config.load(self.home, environment=self.environment, overrides=self.settings)

    @property
    def manager(self) -> CredentialsManager:
        """All credentials as they would be."""
        given = {
            variable(service, name): value
            for service, values in self.credentials.items()
            for name, value in values.items()
        }
        hidden = {f"{name}_FILE": "" for name in given}
        return CredentialsManager(self.home, {**self.environment, **hidden, **given})

    def parts(self) -> Parts:
        """What parts are built from to be tried; good while the ``with`` block of the draft lasts.

        Calls are counted in the home's own database, or, where there is none yet, in one that `write` hands over.
        """
        if self._store is None:
            path = self.home / DATABASE_FILE
            if not path.exists():
                folder = self._held.enter_context(tempfile.TemporaryDirectory(prefix="movie-sync-"))
                path = Path(folder) / DATABASE_FILE
            self._store = self._held.enter_context(closing(Store(path)))
        return Parts(self.config, self.manager, self._store, SystemClock(), trial=True)

    def list_was_read(self) -> bool:
        """True when a watchlist was read in this home folder before, so that no first run is to come."""
        with self.parts().store.read() as tx:
            return wishes.any_list(tx)

    def write(self) -> None:
        """Write everything: settings, credentials, and which log-ins were refused.

        Raises:
            ConfigError: Two settings contradict each other; nothing was written.
            CredentialsError: What is stored cannot be read. OSError: the folder cannot be written.
        """
        _ = self.config
        make_private_folder(self.home)
        write_settings(self.home, self.settings)
        manager = CredentialsManager(self.home, self.environment)
        for service, values in self.credentials.items():
            manager.set(service, values)
        with closing(Store(self.home / DATABASE_FILE)) as store:
            if self._store is not None and self._store.path != store.path:
                copy_calls(store, self._store.path)
            prints = {error.provider: manager.fingerprint(error.provider) for error in self.refused}
            health = ProviderHealth(store, SystemClock(), self.home, prints)
            for error in self.refused:
                health.failed(error)
            for service in self.worked:
                if health.fine(service):
                    _ask_again(store, service)
