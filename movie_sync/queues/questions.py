"""Questions: films that are held because a file is probably theirs, until a person says so or says no."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from movie_sync.errors import MovieSyncError
from movie_sync.lib.clock import Clock
from movie_sync.movie import Queue, Status
from movie_sync.queues.moves import not_at_this_moment
from movie_sync.store import Store, films, history, questions, transfers
from movie_sync.store.connections import Connection
from movie_sync.store.films import FilmRecord
from movie_sync.store.questions import Question, Said

# On whose account a film is put off that waits for an answer.
PUT_OFF_BY = "library_question"
# The disk is looked at again this often: a file that was renamed or deleted ends the question.
_AGAIN_S = 86400.0


@dataclass(frozen=True, slots=True)
class Held:
    """A film that waits for an answer.

    Attributes:
        questions: At least one, all open.
    """

    film: FilmRecord
    questions: tuple[Question, ...]


class Questions:
    """Asks and keeps answers; each method is one transaction.

    Args:
        store: The database.
        clock: Wall time.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def answers(self, film_id: int) -> Mapping[str, Said]:
        """What a person said of files, by path."""
        with self._store.read() as tx:
            return {one.path: one.answer for one in questions.of_film(tx, film_id) if one.answer is not None}

    def hold(self, film_id: int, found: Iterable[tuple[str, str]]) -> bool:
        """Put a claimed film off until a person has answered.

        Args:
            film_id: The film.
            found: Path of each file and why it probably is the film; at least one.

        Returns:
            False when the film was moved meanwhile, and nothing was done.
        """
        now = self._clock.now()
        files = list(found)
        path, because = files[0]
        reason = f"Probably there already: {path} ({because}). Is it? movie-sync library accept, or: reject"
        with self._store.write() as tx:
            film = films.get(tx, film_id)
            if film is None or film.status is not Status.CLAIMED:
                return False
            new = {path for path, _ in files} - {one.path for one in questions.of_film(tx, film_id)}
            questions.ask(tx, film_id, files, now)
            if all(one.answer for one in questions.of_film(tx, film_id)):  # answered while the disk was looked at
                films.change(tx, film_id, Status.DUE, claimed_at=None)
                return True
            columns = {"not_before": now + _AGAIN_S, "reason": reason, "put_off_by": PUT_OFF_BY, "claimed_at": None}
            films.change(tx, film_id, Status.PUT_OFF, **columns)
            if new:
                history.append(tx, now, film_id, "asked", reason)
        return True

    def settled(self, film_id: int) -> None:
        """Nothing is there that could be the film: take back what is not answered."""
        with self._store.read() as tx:
            if all(one.answer for one in questions.of_film(tx, film_id)):
                return
        with self._store.write() as tx:
            questions.ask(tx, film_id, (), self._clock.now())

    def held(self) -> list[Held]:
        """Every film that waits for an answer, the longest waiting first."""
        with self._store.read() as tx:
            asked: dict[int, list[Question]] = {}
            for one in questions.unanswered(tx):
                asked.setdefault(one.film_id, []).append(one)
            found = [(films.get(tx, film_id), tuple(ones)) for film_id, ones in asked.items()]
        return [Held(film, ones) for film, ones in found if film is not None and film.queue is Queue.PENDING]

    def accept(self, film_id: int, path: str | None = None) -> str:
        """Yes, it is that film: it counts as owned.

        Args:
            film_id: A film with an open question.
            path: Which file, where there are several; None: the only one.

        Returns:
            The file's path.

        Raises:
            MovieSyncError: ``no_question``: nothing was asked; ``which_file``: several were, and none was named.
            Unavailable: The film is being handed over at this moment.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            film, asked = self._asked(tx, film_id, path)
            not_at_this_moment(film)
            if len(asked) > 1:
                files = "; ".join(one.path for one in asked)
                hint = "Name the one: movie-sync library accept FILM --file PATH"
                raise MovieSyncError(
                    f"{film.movie} could be any of {len(asked)} files: {files}.", hint=hint, code="which_file"
                )
            questions.answer(tx, film_id, asked[0].path, "accept")
            questions.ask(tx, film_id, (), now)
            if film.queue is not Queue.COMPLETED:
                transfers.retire(tx, film_id, now)
                columns = {"release_name": asked[0].path, "info_hash": None, "not_before": None, "reason": None}
                films.change(tx, film_id, Status.OWNED, completed_at=now, claimed_at=None, put_off_by=None, **columns)
            history.append(tx, now, film_id, "owned", f"You said that it is there: {asked[0].path}.")
        return asked[0].path

    def reject(self, film_id: int, path: str | None = None) -> list[str]:
        """No, it is another film: the wished one is fetched.

        Returns:
            The paths that are not it. Raises as for accept, but never ``which_file``.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            film, asked = self._asked(tx, film_id, path)
            for one in asked:
                questions.answer(tx, film_id, one.path, "reject")
            still = [one for one in questions.of_film(tx, film_id) if one.answer is None]
            if film.status is Status.PUT_OFF and not still:
                films.change(tx, film_id, Status.DUE, not_before=None, reason=None, put_off_by=None)
            files = "; ".join(one.path for one in asked)
            history.append(tx, now, film_id, "answered", f"You said that this is another film: {files}.")
        return [one.path for one in asked]

    @staticmethod
    def _asked(tx: Connection, film_id: int, path: str | None) -> tuple[FilmRecord, list[Question]]:
        film = films.get(tx, film_id)
        if film is None:
            raise LookupError(film_id)
        asked = [one for one in questions.of_film(tx, film_id) if one.answer is None and path in {None, one.path}]
        if not asked:
            raise MovieSyncError(
                f"Nothing is asked about {film.movie}{f' and {path}' if path else ''}.",
                hint="movie-sync library shows what is.",
                code="no_question",
            )
        return film, asked
