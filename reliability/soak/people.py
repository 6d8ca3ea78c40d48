"""What people do to the house while it stands still: commands, edits of the queue files, new settings."""

import contextlib
import json
import random
from collections.abc import Iterator

from movie_sync.movie import Queue
from movie_sync.queues.json_files import QueueFiles
from movie_sync.queues.queue_editor import QueueEditor
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import DATABASE_FILE, Store
from movie_sync.store.films import FilmRecord
from movie_sync.verbs import films as film_verbs
from movie_sync.verbs.home import Home
from reliability.soak.catalog import film
from reliability.soak.ledger import number_of
from reliability.soak.script import BY_COMMAND
from reliability.soak.street import Street

# Each is set for a while and taken back by the next change: every part is built anew by one of them.
_SETTINGS = (
    {"letterboxd_delay": 3},
    {"filelist_delay": 3},
    {"queue_order": "oldest"},
    {"max_active_downloads": 20},
    {"use_wikidata": False},
)


class People:
    """The persons of a house.

    Args:
        street: Where it stands.
        dice: Decide what they do.

    Attributes:
        excluded: Numbers of films that are never to be fetched, since a person said so.
        asked_for: Numbers of films that were asked for by command.
    """

    def __init__(self, street: Street, dice: random.Random) -> None:
        self._street = street
        self._dice = dice
        self._plain = dict(street.settings)
        self._changes = 0
        self._by_command = iter(BY_COMMAND)
        self.excluded: set[int] = set()
        self.asked_for: set[int] = set()

    @contextlib.contextmanager
    def _home(self) -> Iterator[Home]:
        """As verbs.home.opened, by the turned time."""
        folder, clock = self._street.home, self._street.seen
        with contextlib.closing(Store(folder / DATABASE_FILE)) as store:
            files = QueueFiles(folder, store, clock)
            yield Home(folder, store, clock, QueueManager(store, clock), QueueEditor(store, clock), files.sync())
            files.sync()

    def command(self) -> None:
        """One of: retry, retry --now, remove, add."""
        with self._home() as home:
            what = self._dice.choice(("retry", "retry --now", "remove", "add"))
            if what == "retry --now":
                home.editor.ask_services()
            elif what == "add":
                number = next(self._by_command)
                film_verbs.add(home, film(number).imdb_id or "", lambda _: None)
                self.asked_for.add(number)
            elif failed := home.queue.films_in(Queue.FAILED):
                chosen = self._dice.choice(failed)
                if what == "retry":
                    home.editor.retry(chosen.film_id)
                    self.excluded.discard(_number(chosen))
                else:
                    home.editor.remove(chosen.film_id)
                    self.excluded.add(_number(chosen))

    def let_in_again(self) -> None:
        """``retry --now`` after the log-in was put right."""
        with self._home() as home:
            home.editor.ask_services()

    def edit(self) -> None:
        """Take a film out of a queue file, or move one that failed to those that wait."""
        failed, pending = (self._street.home / f"queue_{queue}.json" for queue in (Queue.FAILED, Queue.PENDING))
        entries = json.loads(failed.read_bytes())
        entries = [entry for entry in entries if str(entry["id"]).isdecimal()]
        if not entries:
            return
        entry = self._dice.choice(entries)
        left = [one for one in json.loads(failed.read_bytes()) if one["id"] != entry["id"]]
        number = number_of(int(entry["id"]), None)
        if self._dice.random() < 0.5:
            pending.write_text(json.dumps([*json.loads(pending.read_bytes()), entry], indent=2))
            self.excluded.discard(number)
        else:
            self.excluded.add(number)
        failed.write_text(json.dumps(left, indent=2))

    def change_settings(self) -> None:
        """Another setting than before, which the program reads by itself."""
        self._street.settings = {**self._plain, **_SETTINGS[self._changes % len(_SETTINGS)]}
        self._changes += 1
        self._street.write_settings()


def _number(record: FilmRecord) -> int:
    return number_of(record.movie.number, record.movie.imdb_id)
