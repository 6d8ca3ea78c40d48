"""The three queue files: what they show, what of a hand edit is taken, and that nothing loses a film."""

import json
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import HandClock, movie
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_sync.errors import FacesError, StoreError
from movie_sync.lib import files as files_of_lib
from movie_sync.lib.files import Stamp, write_over
from movie_sync.movie import Movie, Queue, Release, Status, Torrent, WatchedFilm
from movie_sync.queues import json_files
from movie_sync.queues.json_files import FACES, QueueFiles
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store, exports
from movie_sync.store.films import FilmRecord

LIST = "someone/watchlist"
HOUR_S = 3600.0
DAY_S = 86400.0
LATER = "2030-01-01T00:00:00Z"

Entries = list[dict[str, Any]]


class Killed(BaseException):
    """The process ended here."""


@pytest.fixture
def files(home: Path, store: Store, clock: HandClock) -> QueueFiles:
    return QueueFiles(home, store, clock)


# -- the files as a person handles them


def path_of(home: Path, queue: str) -> Path:
    return home / f"queue_{queue}.json"


def read(home: Path, queue: str) -> Entries:
    found: Entries = json.loads(path_of(home, queue).read_bytes())
    return found


def save(home: Path, queue: str, entries: object) -> None:
    path_of(home, queue).write_text(json.dumps(entries, indent=1), encoding="utf-8")


def entry(home: Path, queue: str, key: str) -> dict[str, Any]:
    return next(each for each in read(home, queue) if each["id"] == key)


def cut(home: Path, queue: str, key: str) -> dict[str, Any]:
    found = entry(home, queue, key)
    save(home, queue, [each for each in read(home, queue) if each["id"] != key])
    return found


def paste(home: Path, queue: str, new: Mapping[str, Any]) -> None:
    save(home, queue, [*read(home, queue), new])


def edit(home: Path, queue: str, key: str, **changes: object) -> None:
    save(home, queue, [each | changes if each["id"] == key else each for each in read(home, queue)])


def move(home: Path, old: str, new: str, key: str, **changes: object) -> None:
    paste(home, new, cut(home, old, key) | changes)


def shown(home: Path) -> dict[str, list[str]]:
    return {str(queue): [each["id"] for each in read(home, queue)] for queue in FACES}


def kept_aside(home: Path) -> list[str]:
    return sorted(path.name for path in home.glob("*.kept-*"))


# -- the films behind them


def wish(queue: QueueManager, *numbers: int) -> None:
    queue.wish([WatchedFilm(movie(number), place) for place, number in enumerate(numbers)], LIST)


def all_films(queue: QueueManager) -> list[FilmRecord]:
    return [film for each in Queue for film in queue.films_in(each)]


def film_of(queue: QueueManager, key: str) -> FilmRecord:
    [found] = [film for film in all_films(queue) if film.movie.key == key]
    return found


def standing(queue: QueueManager) -> dict[str, Status]:
    films = all_films(queue)
    found = {film.movie.key: film.status for film in films}
    assert len(found) == len(films), "two films with one id"
    return found


def claim(queue: QueueManager, key: str) -> int:
    """Claim until it is this film's turn; the others are due again."""
    others: list[int] = []
    while (film := queue.claim()) is not None and film.movie.key != key:
        others.append(film.film_id)
    for other in others:
        queue.unclaim(other)
    assert film is not None
    return film.film_id


def hand_over(queue: QueueManager, key: str) -> int:
    film_id = claim(queue, key)
    torrent = Torrent(b"d", f"{film_id:040x}", f"Film {key}", 5, private=True)
    assert queue.intend(film_id, Release("filelist", film_id, f"Film.{key}.1080p"), torrent, "nox")
    assert queue.handed_over(film_id, "nox", added_by_us=True)
    return film_id


def current_films(queue: QueueManager) -> set[str]:
    return {film.movie.key for _, film in queue.current_transfers()}


@pytest.fixture
def three(queue: QueueManager, files: QueueFiles) -> Iterator[None]:
    """Film 1 is pending, film 2 failed and is retried, film 3 is downloading; the files show it."""
    wish(queue, 1, 2, 3)
    queue.fail(claim(queue, "2"), "bad_torrent", "No good torrent.")
    hand_over(queue, "3")
    assert files.sync() == []
    yield
    assert files.sync() == []
    assert not files.out_of_date()


# -- what is written


def test_a_new_home_gets_three_empty_lists(files: QueueFiles, home: Path) -> None:
    assert files.out_of_date()
    assert files.sync() == []
    assert [path_of(home, queue).read_bytes() for queue in FACES] == [b"[]\n"] * 3
    assert not files.out_of_date()


def test_each_film_is_in_the_file_of_its_queue(three: None, home: Path) -> None:
    assert shown(home) == {"pending": ["1"], "failed": ["2"], "completed": ["3"]}


def test_the_files_are_private(three: None, home: Path) -> None:
    assert {path_of(home, queue).stat().st_mode & 0o777 for queue in FACES} == {0o600}
    assert (home / "faces.lock").stat().st_mode & 0o077 == 0


def test_an_entry_says_all_a_person_needs_in_a_fixed_order(three: None, home: Path) -> None:
    common = "id title year slug url director imdb_id tmdb_id lid kind added_at queued_at status".split()
    assert list(read(home, "pending")[0]) == [*common, "not_before", "reason"]
    assert list(read(home, "failed")[0]) == [
        *common, "retry_count", "retry_after", "last_error", "reason_code", "failed_at",
    ]  # fmt: skip
    assert list(read(home, "completed")[0]) == [*common, "completed_at", "release", "info_hash", "progress"]


def test_times_are_written_as_people_read_them(three: None, home: Path) -> None:
    failed = read(home, "failed")[0]
    assert (failed["failed_at"], failed["retry_after"]) == ("2026-09-21T14:13:20Z", "2026-09-21T15:13:20Z")


def test_titles_of_any_script_are_written_as_they_are(queue: QueueManager, files: QueueFiles, home: Path) -> None:
    queue.wish([WatchedFilm(movie(1, "Лодка “é” 🎬"), 0)], LIST)
    files.sync()
    assert "Лодка “é” 🎬" in path_of(home, "pending").read_text(encoding="utf-8")


def test_a_claim_is_not_shown(queue: QueueManager, files: QueueFiles, home: Path) -> None:
    wish(queue, 1)
    queue.claim()
    files.sync()
    assert read(home, "pending")[0]["status"] == "due"


def test_a_film_nobody_wishes_for_is_in_no_file(
    queue: QueueManager, files: QueueFiles, home: Path, clock: HandClock
) -> None:
    leave(queue, clock)
    files.sync()
    assert shown(home) == {"pending": [], "failed": [], "completed": []}


def test_a_file_that_needs_no_change_is_not_written_again(three: None, files: QueueFiles, home: Path) -> None:
    before = [path_of(home, queue).stat().st_ino for queue in FACES]
    assert not files.out_of_date()
    files.sync()
    assert [path_of(home, queue).stat().st_ino for queue in FACES] == before


def test_a_change_makes_only_its_own_files_be_written(
    three: None, queue: QueueManager, files: QueueFiles, home: Path
) -> None:
    before = [path_of(home, each).stat().st_ino for each in FACES]
    wish(queue, 4)
    assert files.out_of_date()
    files.sync()
    after = [path_of(home, each).stat().st_ino for each in FACES]
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, True, True]


def test_a_program_started_anew_sees_no_edit_in_its_own_files(
    three: None, queue: QueueManager, home: Path, store: Store, clock: HandClock
) -> None:
    before = standing(queue)
    assert QueueFiles(home, store, clock).sync() == []
    assert standing(queue) == before


def test_a_file_that_is_being_saved_is_waited_for(three: None, files: QueueFiles, home: Path) -> None:
    path, entries = path_of(home, "pending"), read(home, "pending")
    path.write_bytes(b"")
    saving = threading.Timer(json_files._SAVING_S / 3, save, [home, "pending", [{**entries[0], "mine": 1}]])
    saving.start()
    assert files.sync() == []
    saving.join()
    assert entry(home, "pending", "1")["mine"] == 1
    assert json_files.kept_aside(home) == []


@pytest.mark.parametrize("missing", [("pending",), ("completed",), ("pending", "failed", "completed")])
def test_a_missing_file_is_written_anew(
    three: None, files: QueueFiles, home: Path, queue: QueueManager, missing: tuple[str, ...]
) -> None:
    before = shown(home), standing(queue)
    for name in missing:
        path_of(home, name).unlink()
    assert files.out_of_date()
    assert files.sync() == []
    assert (shown(home), standing(queue)) == before


def test_nothing_is_written_into_another_folder_of_the_same_name(three: None, files: QueueFiles, home: Path) -> None:
    before = {path.name: path.read_bytes() for path in home.glob("queue_*")}
    away = home.rename(home.with_name("away"))
    home.mkdir()
    with pytest.raises(StoreError, match="another folder than before"):
        files.sync()
    assert list(home.iterdir()) == []
    home.rmdir()
    away.rename(home)
    assert {path.name: path.read_bytes() for path in home.glob("queue_*")} == before


def test_a_file_saved_without_a_change_changes_nothing(three: None, files: QueueFiles, home: Path) -> None:
    before = path_of(home, "pending").read_bytes()
    save(home, "pending", read(home, "pending"))
    assert files.out_of_date()
    files.sync()
    assert path_of(home, "pending").read_bytes() == before


# -- one value changed


@pytest.mark.parametrize(
    ("key", "value", "taken"),
    [
        ("title", "  Other ", "Other"),
        ("year", "1999", 1999),
        ("year", 1870, 1870),
        ("year", None, None),
        ("year", "", None),
        ("slug", "other", "other"),
        ("slug", "", None),
        ("url", None, ""),
        ("director", "A, B", ("A", "B")),
        ("director", None, ()),
        ("imdb_id", "7654321", "tt7654321"),
        ("imdb_id", "tt1", "tt0000001"),
        ("tmdb_id", 603, "movie/603"),
        ("tmdb_id", "603", "movie/603"),
        ("tmdb_id", "tv/1399", "tv/1399"),
        ("lid", "new", "new"),
        ("kind", "film", "film"),
        ("kind", None, "unknown"),
    ],
)
def test_a_fact_a_person_changed_is_taken(
    three: None, files: QueueFiles, home: Path, queue: QueueManager, key: str, value: object, taken: object
) -> None:
    edit(home, "pending", "1", **{key: value})
    assert files.sync() == []
    found = film_of(queue, "1")
    assert getattr(found.movie, "directors" if key == "director" else key) == taken
    assert found.status is Status.DUE


def test_a_fact_of_a_film_that_downloads_is_taken_too(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    edit(home, "completed", "3", title="Other", year=1950)
    assert files.sync() == []
    found = film_of(queue, "3")
    assert (str(found.movie), found.status, current_films(queue)) == ("Other (1950)", Status.DOWNLOADING, {"3"})


def test_a_film_is_known_by_the_id_a_person_gave_it(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    edit(home, "pending", "1", imdb_id="tt7654321")
    files.sync()
    queue.wish([WatchedFilm(Movie("X", imdb_id="tt7654321"), 0)], "other")
    assert len(standing(queue)) == 3


@pytest.mark.parametrize(
    ("changes", "status", "not_before"),
    [
        ({"not_before": LATER}, "put_off", 1893456000.0),
        ({"not_before": 1893456000}, "put_off", 1893456000.0),
        ({"not_before": LATER, "status": "put_off", "reason": "Holidays."}, "put_off", 1893456000.0),
        ({"not_before": "2020-01-01"}, "due", None),
        ({"status": "put_off"}, "due", None),
        ({"status": "due"}, "due", None),
        ({"reason": "Mine."}, "due", None),
        ({"status": None}, "due", None),
    ],
)
def test_a_pending_film_waits_as_a_person_says(
    three: None,
    files: QueueFiles,
    home: Path,
    queue: QueueManager,
    changes: dict[str, object],
    status: str,
    not_before: float | None,
) -> None:
    edit(home, "pending", "1", **changes)
    assert files.sync() == []
    found = film_of(queue, "1")
    assert (found.status, found.not_before) == (status, not_before)


@pytest.mark.parametrize("changes", [{"not_before": None}, {"status": "due"}, {"not_before": "2020-01-01"}])
def test_a_film_that_waits_is_due_when_a_person_says_so(
    three: None,
    files: QueueFiles,
    home: Path,
    queue: QueueManager,
    clock: HandClock,
    changes: dict[str, object],
) -> None:
    queue.put_off(claim(queue, "1"), clock.now() + DAY_S, "The tracker is down.", "filelist")
    files.sync()
    edit(home, "pending", "1", **changes)
    assert files.sync() == []
    found = film_of(queue, "1")
    assert (found.status, found.not_before, found.reason) == (Status.DUE, None, None)


def test_a_wait_set_by_hand_is_not_ended_by_a_provider_that_is_well_again(
    three: None, files: QueueFiles, home: Path, queue: QueueManager, clock: HandClock
) -> None:
    queue.put_off(claim(queue, "1"), clock.now() + 60, "The tracker is down.", "filelist")
    files.sync()
    edit(home, "pending", "1", not_before=LATER, reason="Not before the holidays.")
    files.sync()
    queue.end_put_off("filelist")
    assert film_of(queue, "1").status is Status.PUT_OFF


@pytest.mark.parametrize(
    ("changes", "status", "retry_in_s"),
    [
        ({"retry_after": None}, "retrying", 0.0),
        ({"retry_after": LATER}, "retrying", 1893456000.0 - 1_790_000_000.0),
        ({"retry_count": 4}, "retrying", HOUR_S),
        ({"status": "permanent"}, "permanent", HOUR_S),
        ({"status": "excluded"}, "excluded", HOUR_S),
        ({"status": "not_found"}, "not_found", 0.0),
        ({"last_error": None}, "retrying", HOUR_S),
    ],
)
def test_a_failed_film_is_tried_as_a_person_says(
    three: None,
    files: QueueFiles,
    home: Path,
    queue: QueueManager,
    clock: HandClock,
    changes: dict[str, object],
    status: str,
    retry_in_s: float,
) -> None:
    edit(home, "failed", "2", **changes)
    assert files.sync() == []
    found = film_of(queue, "2")
    assert (found.status, found.retry_after) == (status, clock.now() + retry_in_s)


@pytest.mark.parametrize("changes", [{"retry_count": 0}, {"status": "retrying"}, {"retry_after": "2020-01-01"}])
def test_a_permanent_film_is_retried_when_a_person_says_so(
    three: None, files: QueueFiles, home: Path, queue: QueueManager, changes: dict[str, object]
) -> None:
    edit(home, "failed", "2", status="permanent")
    files.sync()
    edit(home, "failed", "2", **changes)
    files.sync()
    assert film_of(queue, "2").status is Status.RETRYING


def test_an_excluded_film_is_tried_again_when_a_person_says_so(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    edit(home, "failed", "2", status="excluded")
    files.sync()
    edit(home, "failed", "2", status="retrying", retry_after=None)
    files.sync()
    assert claim(queue, "2")


def test_a_completed_film_takes_what_a_person_says(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    edit(home, "completed", "3", status="owned", release="On the shelf", completed_at="2020-01-01T00:00:00Z")
    files.sync()
    found = film_of(queue, "3")
    assert (found.status, found.release_name, found.completed_at) == (Status.OWNED, "On the shelf", 1577836800.0)


def test_progress_is_shown_and_not_taken(three: None, files: QueueFiles, home: Path, queue: QueueManager) -> None:
    edit(home, "completed", "3", progress=0.99)
    files.sync()
    assert (film_of(queue, "3").progress, entry(home, "completed", "3")["progress"]) == (0.0, 0.0)


def test_a_change_is_part_of_the_story(three: None, files: QueueFiles, home: Path, queue: QueueManager) -> None:
    edit(home, "failed", "2", retry_count=0, last_error="Mine.")
    files.sync()
    assert queue.story(movie(2))[-1].text == "Changed by hand: last_error, retry_count."


# -- unknown keys


def test_unknown_keys_survive_changes_of_the_film_and_moves(
    three: None, files: QueueFiles, home: Path, queue: QueueManager, clock: HandClock
) -> None:
    mine = {"note": "for Sunday", "tags": ["a", {"b": None}], "n": 1.5, "": True, "big": 2**70}
    edit(home, "pending", "1", **mine)
    files.sync()
    queue.fail(claim(queue, "1"), "x", "X.")
    files.sync()
    assert {key: entry(home, "failed", "1")[key] for key in mine} == mine
    move(home, "failed", "pending", "1")
    files.sync()
    assert {key: entry(home, "pending", "1")[key] for key in mine} == mine


def test_an_unknown_key_that_is_taken_out_is_gone(three: None, files: QueueFiles, home: Path) -> None:
    edit(home, "pending", "1", note="x")
    files.sync()
    save(home, "pending", [{key: value for key, value in entry(home, "pending", "1").items() if key != "note"}])
    files.sync()
    assert "note" not in entry(home, "pending", "1")


def test_a_known_key_that_is_taken_out_is_written_again(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    before = read(home, "pending")
    kept = {key: value for key, value in before[0].items() if key in {"id", "title", "year", "slug", "lid"}}
    save(home, "pending", [kept])
    assert files.sync() == []
    assert read(home, "pending") == before


def test_unknown_keys_of_a_film_that_turns_out_to_be_another_survive(
    queue: QueueManager, files: QueueFiles, home: Path
) -> None:
    wish(queue, 1, 2)
    files.sync()
    edit(home, "pending", "2", note="for Sunday")
    files.sync()
    queue.wish([WatchedFilm(movie(1, lid="L2"), 0)], LIST)
    files.sync()
    assert [each.get("note") for each in read(home, "pending")] == ["for Sunday"]


# -- moved, taken out, added


@pytest.mark.parametrize(
    ("old", "new", "key", "status"),
    [
        ("pending", "failed", "1", "permanent"),
        ("pending", "completed", "1", "owned"),
        ("failed", "pending", "2", "due"),
        ("failed", "completed", "2", "owned"),
        ("completed", "pending", "3", "due"),
        ("completed", "failed", "3", "permanent"),
    ],
)
def test_an_entry_moved_to_another_file_moves_the_film(
    three: None, files: QueueFiles, home: Path, queue: QueueManager, old: str, new: str, key: str, status: str
) -> None:
    before = film_of(queue, key)
    move(home, old, new, key)
    assert files.sync() == []
    found = film_of(queue, key)
    assert (found.film_id, found.status) == (before.film_id, status)
    assert key in shown(home)[new]
    assert key not in shown(home)[old]
    assert f"Moved from {old} to {new} by hand." in [event.text for event in queue.story(before.movie)]


def test_a_completed_film_moved_to_pending_is_fetched_anew(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    move(home, "completed", "pending", "3")
    files.sync()
    found = film_of(queue, "3")
    assert (found.fetch_anew, found.progress, current_films(queue)) == (True, None, set())
    hand_over(queue, "3")
    assert film_of(queue, "3").fetch_anew is False


def test_a_failed_film_moved_to_pending_starts_with_all_its_retries(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    move(home, "failed", "pending", "2")
    files.sync()
    found = film_of(queue, "2")
    assert (found.retry_count, found.retry_after, found.searches, found.fetch_anew) == (0, None, 0, False)


def test_a_film_moved_to_pending_waits_if_a_person_says_until_when(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    move(home, "failed", "pending", "2", not_before=LATER, reason="Holidays.")
    files.sync()
    found = film_of(queue, "2")
    assert (found.status, found.reason) == (Status.PUT_OFF, "Holidays.")


def test_a_film_moved_to_completed_with_a_release_is_downloaded(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    move(home, "failed", "completed", "2", release="By.Hand", info_hash="A" * 40)
    files.sync()
    found = film_of(queue, "2")
    assert (found.status, found.release_name, found.info_hash) == (Status.DOWNLOADED, "By.Hand", "a" * 40)


def test_a_film_moved_and_changed_at_once_is_both(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    move(home, "failed", "pending", "2", title="Right title", note="mine")
    files.sync()
    found = film_of(queue, "2")
    assert (found.movie.title, found.extra, found.status) == ("Right title", {"note": "mine"}, Status.DUE)


def test_all_entries_of_a_file_can_be_moved_at_once(files: QueueFiles, home: Path, queue: QueueManager) -> None:
    wish(queue, *range(1, 30))
    files.sync()
    save(home, "failed", read(home, "pending"))
    save(home, "pending", [])
    assert files.sync() == []
    assert set(standing(queue).values()) == {Status.PERMANENT}
    assert len(standing(queue)) == 29


@pytest.mark.parametrize(("queue_name", "key"), [("pending", "1"), ("failed", "2"), ("completed", "3")])
def test_an_entry_taken_out_excludes_the_film(
    three: None, files: QueueFiles, home: Path, queue: QueueManager, queue_name: str, key: str
) -> None:
    cut(home, queue_name, key)
    assert files.sync() == []
    found = film_of(queue, key)
    assert (found.status, found.reason_code, found.retry_after) == (Status.EXCLUDED, "excluded", None)
    assert shown(home)["failed"].count(key) == 1
    wish(queue, int(key))
    assert film_of(queue, key).status is Status.EXCLUDED


def test_an_excluded_film_that_is_taken_out_again_stays_excluded(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    for name in ("pending", "failed", "failed"):
        cut(home, name, "1")
        files.sync()
    assert film_of(queue, "1").status is Status.EXCLUDED


def test_a_film_taken_out_while_it_is_worked_on_is_not_handed_over(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    film_id = claim(queue, "1")
    cut(home, "pending", "1")
    files.sync()
    assert not queue.intend(film_id, Release("t", 1, "x"), Torrent(b"", "b" * 40, "x", 1, private=True), "nox")
    assert film_of(queue, "1").status is Status.EXCLUDED


@pytest.mark.parametrize(
    ("new", "key", "status"),
    [
        ({"id": 46682, "title": "Gladiator"}, "46682", "due"),
        ({"id": "46682", "title": "Gladiator"}, "46682", "due"),
        ({"id": " 46682 ", "title": "Gladiator"}, "46682", "due"),
        ({"id": "lid:29Wo", "title": "Gladiator"}, "lid:29Wo", "due"),
        ({"id": "tt0172495", "title": "Gladiator"}, "tt0172495", "due"),
        ({"title": "Gladiator", "imdb_id": "tt0172495"}, "tt0172495", "due"),
        ({"title": "Gladiator", "year": 2000}, "title:Gladiator (2000)", "due"),
        ({"title": "Gladiator", "year": "2000"}, "title:Gladiator (2000)", "due"),
        ({"title": "Gladiator", "lid": "29Wo", "not_before": LATER}, "lid:29Wo", "put_off"),
        ({"title": "Gladiator", "lid": "29Wo", "status": "claimed"}, "lid:29Wo", "due"),
        ({"title": "Gladiator", "id": True, "lid": "29Wo"}, "lid:29Wo", "due"),
        ({"title": "Gladiator", "id": None, "lid": "29Wo"}, "lid:29Wo", "due"),
        ({"title": "Gladiator", "id": 1.5, "lid": "29Wo"}, "lid:29Wo", "due"),
        ({"title": "Gladiator", "id": ["x"], "lid": "29Wo"}, "lid:29Wo", "due"),
        ({"title": "Gladiator", "id": "9" * 40, "lid": "29Wo"}, "lid:29Wo", "due"),
        ({"title": "Gladiator", "id": -5}, "title:Gladiator", "due"),
    ],
)
def test_an_entry_a_person_adds_is_a_new_film(
    three: None,
    files: QueueFiles,
    home: Path,
    queue: QueueManager,
    new: dict[str, object],
    key: str,
    status: str,
) -> None:
    paste(home, "pending", new)
    assert files.sync() == []
    assert standing(queue) == {
        "1": Status.DUE, "2": Status.RETRYING, "3": Status.DOWNLOADING, key: Status(status),
    }  # fmt: skip
    assert key in shown(home)["pending"]


@pytest.mark.parametrize(
    ("name", "new", "status"),
    [
        ("failed", {"status": "excluded"}, "excluded"),
        ("failed", {"status": "not_found"}, "not_found"),
        ("failed", {"retry_after": LATER}, "retrying"),
        ("failed", {}, "permanent"),
        ("completed", {"status": "gone"}, "gone"),
        ("completed", {"release": "By.Hand"}, "downloaded"),
        ("completed", {"info_hash": "c" * 40}, "downloaded"),
        ("completed", {}, "owned"),
    ],
)
def test_an_entry_added_to_another_file_stands_there(
    three: None, files: QueueFiles, home: Path, queue: QueueManager, name: str, new: dict[str, object], status: str
) -> None:
    paste(home, name, {"id": "9", "title": "Nine"} | new)
    assert files.sync() == []
    assert film_of(queue, "9").status == status
    assert "9" in shown(home)[name]


def test_an_added_film_that_is_known_by_another_name_is_that_film(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    paste(home, "pending", {"id": "lid:L3", "title": "Whatever"})
    files.sync()
    assert set(standing(queue)) == {"1", "2", "3"}


def leave(queue: QueueManager, clock: HandClock, number: int = 1) -> None:
    wish(queue, number)
    for _ in range(2):
        clock.turn(60)
        queue.list_checked(LIST, begun_at=clock.now(), total=0, complete=True, next_check=clock.now())
    assert film_of(queue, str(number)).status is Status.UNWISHED


def test_a_film_that_left_can_be_added_by_hand(
    queue: QueueManager, files: QueueFiles, home: Path, clock: HandClock
) -> None:
    leave(queue, clock)
    files.sync()
    paste(home, "pending", {"id": 1, "title": "Film 1", "year": 2000})
    assert files.sync() == []
    assert (film_of(queue, "1").status, shown(home)["pending"]) == (Status.DUE, ["1"])


def test_a_film_that_left_and_was_added_by_hand_does_not_start_fresh_when_a_list_shows_it(
    queue: QueueManager, files: QueueFiles, home: Path, clock: HandClock
) -> None:
    leave(queue, clock)
    files.sync()
    paste(home, "pending", {"id": 1, "title": "Film 1", "year": 2000})
    files.sync()
    hand_over(queue, "1")
    wish(queue, 1)
    assert (film_of(queue, "1").status, current_films(queue)) == (Status.DOWNLOADING, {"1"})


def test_an_exclusion_lifted_by_hand_is_not_followed_by_a_fresh_start(
    queue: QueueManager, files: QueueFiles, home: Path, clock: HandClock
) -> None:
    wish(queue, 1)
    files.sync()
    cut(home, "pending", "1")
    files.sync()
    for _ in range(2):
        clock.turn(60)
        queue.list_checked(LIST, begun_at=clock.now(), total=0, complete=True, next_check=clock.now())
    wish(queue, 1)
    files.sync()
    move(home, "failed", "pending", "1")
    files.sync()
    hand_over(queue, "1")
    wish(queue, 1)
    assert film_of(queue, "1").status is Status.DOWNLOADING


# -- a film's names


def test_a_changed_title_leaves_every_name_a_merged_film_is_known_by(
    queue: QueueManager, files: QueueFiles, home: Path
) -> None:
    wish(queue, 1, 2)
    queue.wish([WatchedFilm(movie(1, lid="L2"), 0)], LIST)  # one page under two numbers
    files.sync()
    [key] = shown(home)["pending"]
    edit(home, "pending", key, title="Right title")
    files.sync()
    wish(queue, 1, 2)
    assert len(standing(queue)) == 1


@pytest.mark.parametrize(
    ("one", "two", "changes"),
    [
        (Movie("A", lid="a"), Movie("B", lid="b"), {"lid": "a"}),
        (Movie("A", imdb_id="tt0000001"), Movie("B", imdb_id="tt0000002"), {"imdb_id": "tt0000001"}),
        (Movie("A", 2000), Movie("B", 2000), {"title": "A"}),
    ],
    ids=["lid", "imdb_id", "title"],
)
def test_a_film_given_the_id_of_another_does_not_make_the_file_unreadable(
    queue: QueueManager, files: QueueFiles, home: Path, one: Movie, two: Movie, changes: dict[str, object]
) -> None:
    queue.wish([WatchedFilm(one, 0), WatchedFilm(two, 1)], LIST)
    files.sync()
    edit(home, "pending", two.key, **changes)
    files.sync()
    shown_ids = shown(home)["pending"]
    assert len(shown_ids) == len(set(shown_ids))
    paste(home, "pending", {"id": 9, "title": "Nine"})
    assert files.sync() == []


# -- edited while the service went on


def test_a_film_that_went_on_keeps_its_new_place_and_takes_the_changed_facts(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    hand_over(queue, "1")
    edit(home, "pending", "1", title="Right title", not_before=LATER, note="mine")
    assert files.sync() == []
    found = film_of(queue, "1")
    assert (found.status, found.movie.title, found.extra) == (Status.DOWNLOADING, "Right title", {"note": "mine"})
    assert found.not_before is None


def test_a_film_taken_out_after_it_was_handed_over_stays_and_the_story_says_so(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    hand_over(queue, "1")
    cut(home, "pending", "1")
    files.sync()
    assert (film_of(queue, "1").status, current_films(queue)) == (Status.DOWNLOADING, {"1", "3"})
    assert "it stays" in queue.story(movie(1))[-1].text


def test_a_film_taken_out_in_the_middle_of_its_hand_over_stays(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    film_id = claim(queue, "1")
    queue.intend(film_id, Release("t", 1, "x"), Torrent(b"", "b" * 40, "x", 1, private=True), "nox")
    cut(home, "pending", "1")
    files.sync()
    assert film_of(queue, "1").status is Status.HANDING_OVER
    edit(home, "pending", "1", not_before=LATER)
    files.sync()
    assert film_of(queue, "1").not_before is None


def test_a_film_a_person_moved_to_pending_that_was_handed_over_since_is_not_fetched_twice(
    three: None, files: QueueFiles, home: Path, queue: QueueManager, clock: HandClock
) -> None:
    clock.turn(HOUR_S)
    hand_over(queue, "2")
    move(home, "failed", "pending", "2")
    files.sync()
    assert (film_of(queue, "2").status, current_films(queue)) == (Status.DOWNLOADING, {"2", "3"})


def test_a_wait_set_while_the_film_is_worked_on_counts(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    claim(queue, "1")
    edit(home, "pending", "1", not_before=LATER, reason="Holidays.")
    files.sync()
    assert film_of(queue, "1").status is Status.PUT_OFF


def test_edits_and_moves_of_other_films_both_count(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    wish(queue, 4)
    queue.downloaded(queue.current_transfers()[0][0])
    edit(home, "pending", "1", not_before=LATER)
    cut(home, "failed", "2")
    files.sync()
    assert standing(queue) == {
        "1": Status.PUT_OFF, "2": Status.EXCLUDED, "3": Status.DOWNLOADED, "4": Status.DUE,
    }  # fmt: skip


def test_an_old_copy_of_pending_saved_late_does_not_fetch_a_finished_film_again(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    open_in_an_editor = read(home, "pending")
    hand_over(queue, "1")
    files.sync()
    save(home, "pending", [*open_in_an_editor, {"id": 9, "title": "Nine"}])
    files.sync()
    assert standing(queue) == {
        "1": Status.DOWNLOADING, "2": Status.RETRYING, "3": Status.DOWNLOADING, "9": Status.DUE,
    }  # fmt: skip
    assert current_films(queue) == {"1", "3"}


def test_an_id_alone_is_enough_for_a_new_film_and_moves_a_known_one_as_it_is(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    before = film_of(queue, "2").movie
    save(home, "failed", [])
    save(home, "pending", [*read(home, "pending"), {"id": "tt0083658"}, {"id": "2"}])
    assert files.sync() == []
    assert film_of(queue, "2").movie == before
    assert film_of(queue, "2").status is Status.DUE
    [new] = [film for film in queue.films_in(Queue.PENDING) if film.movie.imdb_id == "tt0083658"]
    assert new.movie.title == "tt0083658"


# -- what cannot be taken


def problem(files: QueueFiles) -> FacesError:
    [found] = files.sync()
    assert (files.sync(), files.out_of_date()) == ([], False)
    return found


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "line 1, column 1"),
        (b'[\n  {"id": "1" "title": "x"}\n]', "line 2, column 14"),
        (b'[{"id": "1",}]', "line 1, column 1"),  # 12 or 13, by the version of Python
        (b"[1, 2", "line 1, column 6"),
        (b'\xef\xbb\xbf[\n\n{"id": 1 x}]', "line 3, column 10"),
        (b"[" * 100_000, "RecursionError"),
        (b"\xff\xfe[\x00]\x00", "UnicodeDecodeError"),
        (b'["\xff"]', "UnicodeDecodeError"),
        (b"null", "must hold a list"),
        (b'{"id": 1, "title": "x"}', "must hold a list"),
        (b'[{"id": 1, "title": "x"}, 7]', "entry 2 is not an object"),
        (b"[[]]", "entry 1 is not an object"),
        (b"[{}]", 'entry 1: "title" is null'),
        (b'[{"id": "", "title": "  "}]', 'entry 1: "title"'),
        (b'[{"id": 1, "title": "x"}, {"id": "1", "title": "x"}]', "has film 1 twice"),
        (b'[{"id": 9, "title": 7}]', 'film 9: "title" is 7'),
        (b'[{"id": 9, "title": "x", "year": 99999}]', "a year from 1870 to 2100"),
    ],
)
def test_a_file_that_cannot_be_read_is_kept_aside_and_nothing_is_lost(
    three: None, files: QueueFiles, home: Path, queue: QueueManager, content: bytes, says: str
) -> None:
    before = standing(queue), shown(home)
    path_of(home, "pending").write_bytes(content)
    found = problem(files)
    assert "queue_pending.json" in found.message
    assert says in found.message
    assert (standing(queue), shown(home)) == before
    [kept] = kept_aside(home)
    assert kept in found.hint
    assert ((home / kept).read_bytes(), (home / kept).stat().st_mode & 0o777) == (content, 0o600)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": None},
        {"title": ["x"]},
        {"year": 1869},
        {"year": True},
        {"year": "soon"},
        {"year": 2000.5},
        {"slug": 5},
        {"director": ["A"]},
        {"imdb_id": "nm0000001"},
        {"imdb_id": 172495},
        {"tmdb_id": "movie/x"},
        {"tmdb_id": True},
        {"kind": "opera"},
        {"kind": []},
        {"status": "excluded"},
        {"status": "claimed"},
        {"status": 5},
        {"not_before": "tomorrow"},
        {"not_before": True},
        {"not_before": 1e300},
        {"not_before": -1},
        {"not_before": {"at": 5}},
        {"queued_at": []},
        {"info_hash": "abc"},
        {"retry_count": -1},
        {"retry_count": 1.0},
    ],
    ids=str,
)
def test_a_wrong_value_is_named_and_none_of_its_file_is_taken(
    three: None, files: QueueFiles, home: Path, queue: QueueManager, changes: dict[str, object]
) -> None:
    before = standing(queue), shown(home)
    edit(home, "pending", "1", **changes)
    paste(home, "pending", {"id": 9, "title": "Nine"})
    found = problem(files)
    [(key, value)] = changes.items()
    assert f'queue_pending.json, film 1: "{key}" is {json.dumps(value)}; allowed is' in found.message
    assert (standing(queue), shown(home), len(kept_aside(home))) == (before[0], before[1], 1)


def test_a_good_edit_of_another_file_is_taken_beside_a_bad_one(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    path_of(home, "pending").write_text("[")
    edit(home, "failed", "2", status="permanent")
    problem(files)
    assert film_of(queue, "2").status is Status.PERMANENT


def test_a_film_edited_in_two_files_is_an_error_that_names_both_and_both_are_kept(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    before = standing(queue), shown(home)
    both = cut(home, "pending", "1")
    paste(home, "failed", both)
    paste(home, "completed", both)
    found = problem(files)
    assert "Film 1 was edited in queue_failed.json and queue_completed.json" in found.message
    assert len(kept_aside(home)) == 2
    assert film_of(queue, "1").film_id
    assert (standing(queue).keys(), standing(queue)["2"]) == (before[0].keys(), Status.RETRYING)


def test_a_film_changed_in_its_file_and_added_to_another_is_left_alone(
    three: None, files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    before = standing(queue), shown(home)
    paste(home, "failed", entry(home, "pending", "1"))
    edit(home, "pending", "1", title="Other")
    assert "queue_pending.json and queue_failed.json" in problem(files).message
    assert (standing(queue), shown(home), len(kept_aside(home))) == (before[0], before[1], 2)


@pytest.mark.parametrize(
    ("old", "key", "break_it"),
    [
        ("failed", "2", {"year": 5}),
        ("completed", "3", {"year": 5}),
        ("failed", "2", None),
        ("completed", "3", None),
    ],
)
def test_a_move_into_a_file_that_cannot_be_taken_leaves_the_film_where_it_was(
    three: None, files: QueueFiles, home: Path, queue: QueueManager, old: str, key: str, break_it: dict[str, int] | None
) -> None:
    before = standing(queue), current_films(queue)
    move(home, old, "pending", key, **(break_it or {}))
    if break_it is None:
        path = path_of(home, "pending")
        path.write_text(path.read_text().replace("}", "", 1))
    problem(files)
    assert (standing(queue), current_films(queue)) == before


def test_a_file_that_was_mended_is_taken(three: None, files: QueueFiles, home: Path, queue: QueueManager) -> None:
    path_of(home, "pending").write_text('[{"id": 9, "title": "Nine"')
    problem(files)
    mended = (home / kept_aside(home)[0]).read_text() + "}]"
    save(home, "pending", [*read(home, "pending"), *json.loads(mended)])
    assert files.sync() == []
    assert film_of(queue, "9").status is Status.DUE


def test_two_bad_saves_of_one_second_are_both_kept(three: None, files: QueueFiles, home: Path) -> None:
    for content in ("[1", "[2"):
        path_of(home, "failed").write_text(content)
        problem(files)
    assert sorted((home / name).read_text() for name in kept_aside(home)) == ["[1", "[2"]
    assert all(name.startswith("queue_failed.kept-2026-09-21T141320Z") for name in kept_aside(home))


def test_a_file_too_large_to_be_ours_is_kept_aside(
    three: None, files: QueueFiles, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_files, "MAX_FILE_BYTES", 1 << 20)
    path_of(home, "failed").write_bytes(b"[" + b" " * (1 << 20) + b"]")
    assert "larger than 1 MB" in problem(files).message


ODD_VALUES: Mapping[str, str] = {
    "queued_at is null": '{"queued_at": null}',
    "a time after the year 9999 in UTC": '{"not_before": "9999-12-31T23:59:59-14:00"}',
    "a time before the year 1 in UTC": '{"added_at": "0001-01-01T00:00:00+14:00"}',
    "a time of the year 1": '{"added_at": "0001-01-01T12:00:00Z"}',
    "a lone surrogate in the title": '{"title": "\\ud800"}',
    "a lone surrogate in a slug": '{"slug": "x\\udfff"}',
    "a lone surrogate in an unknown value": '{"note": "\\ud800"}',
    "a lone surrogate in an unknown key": '{"no\\udc00te": 1}',
    "a lone surrogate in the reason": '{"reason": "\\ud800"}',
    "a NUL in the title": '{"title": "a\\u0000b"}',
    "a NUL in an unknown value": '{"note": "a\\u0000b"}',
    "a number of 5000 digits": f'{{"note": {"7" * 5000}}}',
    "a year of 5000 digits": f'{{"year": "{"7" * 5000}"}}',
    "a year of other digits": '{"year": "٢٠٠٠"}',
    "a year of raised digits": '{"year": "²"}',
    "a count of 5000 digits": f'{{"retry_count": {"7" * 4000}}}',
    "an infinite time": '{"not_before": 1e999}',
    "not a number": '{"note": NaN, "retry_count": NaN}',
    "not a number as a time": '{"not_before": NaN}',
    "a value nested 900 deep": f'{{"note": {"[" * 900}{"]" * 900}}}',
    "an object nested 400 deep": '{"note": ' + '{"a":' * 400 + "1" + "}" * 401,
    "one key twice": '{"title": "A", "title": "B", "note": 1, "note": 2}',
    "a key that looks like SQL": '{"id = 1; --": 1, "film_id": 7, "extra": {"extra": 1}}',
    "a negative tmdb number": '{"tmdb_id": -5}',
    "other digits in ids": '{"imdb_id": "tt٣٣٣٣٣٣٣", "tmdb_id": "٣"}',
    "an IMDb id of other digits": '{"imdb_id": "tt²²²²²²²"}',
    "a long title": f'{{"title": "{"x" * 100_000}"}}',
}


@pytest.mark.parametrize("name", ODD_VALUES)
@pytest.mark.parametrize("new", [False, True], ids=["changed", "added"])
def test_no_odd_value_stops_the_program_or_loses_a_film(
    three: None, files: QueueFiles, home: Path, queue: QueueManager, store: Store, name: str, *, new: bool
) -> None:
    odd = ODD_VALUES[name].removeprefix("{")
    entries = read(home, "pending")
    if new:
        text = f'[{json.dumps(entries[0])}, {{"id": 9, "title": "Nine", {odd}]'
    else:
        text = f"[{json.dumps(entries[0])[:-1]}, {odd}]"
    path_of(home, "pending").write_text(text, encoding="utf-8")
    files.sync()
    assert {"1", "2", "3"} <= {key for ids in shown(home).values() for key in ids}
    assert (files.sync(), files.out_of_date()) == ([], False)
    taken_in_anew(home, store)


def taken_in_anew(home: Path, store: Store) -> None:
    """What we wrote can be read by ourselves when the database is lost."""
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder)
        for queue in FACES:
            (other / f"queue_{queue}.json").write_bytes(path_of(home, queue).read_bytes())
        anew = Store(other / "movie_sync.db")
        assert QueueFiles(other, anew, HandClock()).sync() == []
        assert shown(other) == shown(home)
        anew.close()


# -- taken in whole


V2_PENDING: Entries = [
    {"id": 51568, "title": "Fight Club", "year": 1999, "slug": "fight-club", "added_at": "2024-01-05T10:00:00"},
    {"title": "Heat", "year": "1995", "imdb_id": "tt0113277", "rating": 5, "retry_count": 0},
]
V2_FAILED: Entries = [{"id": "46682", "title": "Gladiator", "year": 2000, "retry_count": 3, "last_error": "No result"}]
V2_COMPLETED: Entries = [
    {"title": "Alien", "year": 1979, "lid": "2awY", "status": "completed", "completed_at": "2024-01-05T10:00:00Z"},
    {"title": "Aliens", "year": 1986, "status": "downloading", "info_hash": "B" * 40, "release": "Aliens.1080p"},
]


def test_files_of_version_2_are_taken_in_whole(files: QueueFiles, home: Path, queue: QueueManager) -> None:
    for name, entries in (("pending", V2_PENDING), ("failed", V2_FAILED), ("completed", V2_COMPLETED)):
        save(home, name, entries)
    assert files.sync() == []
    assert standing(queue) == {
        "51568": Status.DUE,
        "tt0113277": Status.DUE,
        "46682": Status.PERMANENT,
        "lid:2awY": Status.OWNED,
        "title:Aliens (1986)": Status.DOWNLOADING,
    }
    assert (entry(home, "pending", "tt0113277")["rating"], film_of(queue, "46682").retry_count) == (5, 3)
    assert current_films(queue) == {"title:Aliens (1986)"}
    assert not files.out_of_date()


def test_films_of_version_2_are_not_wished_for_a_second_time(
    files: QueueFiles, home: Path, queue: QueueManager
) -> None:
    save(home, "completed", [{"id": 7, "title": "Seven", "year": 1995}])
    files.sync()
    wish(queue, 7)
    assert standing(queue) == {"7": Status.OWNED}


def test_a_deleted_database_is_made_again_from_the_files(
    three: None, queue: QueueManager, home: Path, store: Store, tmp_path: Path
) -> None:
    queue.put_off(claim(queue, "1"), 1893456000.0, "Later.", "filelist")
    assert QueueFiles(home, store, HandClock()).sync() == []
    before = shown(home), standing(queue), [read(home, name) for name in FACES]
    anew = Store(tmp_path / "anew.db")
    assert QueueFiles(home, anew, HandClock()).sync() == []
    again = QueueManager(anew, HandClock())
    assert (shown(home), standing(again)) == (before[0], before[1])
    assert current_films(again) == {"3"}
    anew.close()
    for name, entries in zip(FACES, before[2], strict=True):
        path_of(home, name).write_bytes(json_files._encode(entries))


def test_nothing_is_lost_when_the_database_is_deleted_after_a_kill_between_two_files(
    three: None, queue: QueueManager, home: Path, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    queue.blocklist(queue.current_transfers()[0][0], "It stalls.")  # completed to pending: written in that order
    with monkeypatch.context() as patch:
        kill_at(patch, 5)
        with pytest.raises(Killed):
            QueueFiles(home, store, HandClock()).sync()
    assert shown(home) == {"pending": ["1", "3"], "failed": ["2"], "completed": ["3"]}
    anew = Store(tmp_path / "anew.db")
    QueueFiles(home, anew, HandClock()).sync()
    assert {"1", "2", "3"} <= set(standing(QueueManager(anew, HandClock())))
    anew.close()
    QueueFiles(home, store, HandClock()).sync()


# -- killed and saved in between


def kill_at(patch: pytest.MonkeyPatch, at: int) -> None:
    """End the program at its nth step of an export."""
    left = iter(range(at, -2, -1))

    def step() -> None:
        if next(left) == 0:
            raise Killed

    def stepping(call: Callable[..., None]) -> Callable[..., None]:
        def stepped(*args: Any, **named: Any) -> None:
            step()
            call(*args, **named)

        return stepped

    rename = files_of_lib._rename

    def renamed(old: Path, new: Path, flags: int) -> bool:
        step()
        return rename(old, new, flags)

    def written(path: Path, data: bytes, seen: Mapping[Path, Stamp | None]) -> bool:
        step()
        done = write_over(path, data, seen)
        step()
        return done

    patch.setattr(exports, "announce", stepping(exports.announce))
    patch.setattr(exports, "settle", stepping(exports.settle))
    patch.setattr(json_files, "write_over", written)
    patch.setattr(files_of_lib, "_rename", renamed)


# Three files, five steps each, and one more in which nothing is killed.
EVERY_STEP = range(16)


def go_on(queue: QueueManager) -> None:
    """Move films between all three queues."""
    hand_over(queue, "1")
    queue.blocklist(next(transfer for transfer, film in queue.current_transfers() if film.movie.key == "3"), "Dead.")
    wish(queue, 4, 5)
    queue.series(claim(queue, "5"))


@pytest.mark.parametrize("at", EVERY_STEP)
def test_a_kill_at_any_step_of_an_export_is_no_edit(
    three: None, queue: QueueManager, home: Path, store: Store, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    go_on(queue)
    before = standing(queue)
    with monkeypatch.context() as patch:
        kill_at(patch, at)
        try:
            QueueFiles(home, store, HandClock()).sync()
        except Killed:
            assert at < 15
    assert QueueFiles(home, store, HandClock()).sync() == []
    assert (standing(queue), kept_aside(home)) == (before, [])
    assert shown(home) == {"pending": ["4", "3"], "failed": ["2", "5"], "completed": ["1"]}
    assert [path.name for path in home.iterdir() if path.name.endswith(".unfinished")] == []


@pytest.mark.parametrize("at", EVERY_STEP)
def test_edits_saved_before_a_kill_at_any_step_are_carried_out_once(
    three: None, queue: QueueManager, home: Path, store: Store, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    go_on(queue)
    move(home, "failed", "pending", "2")
    paste(home, "completed", {"id": 9, "title": "Nine", "release": "Nine.1080p"})
    with monkeypatch.context() as patch:
        kill_at(patch, at)
        try:
            QueueFiles(home, store, HandClock()).sync()
        except Killed:
            assert at < 15
    assert QueueFiles(home, store, HandClock()).sync() == []
    assert standing(queue) == {
        "1": Status.DOWNLOADING,
        "2": Status.DUE,
        "3": Status.DUE,
        "4": Status.DUE,
        "5": Status.SERIES,
        "9": Status.DOWNLOADED,
    }
    assert sum(event.event == "taken_in" for event in queue.story(movie(9))) == 1


@pytest.mark.parametrize("at", EVERY_STEP)
def test_edits_saved_after_a_kill_at_any_step_are_taken_and_move_nothing_else(
    three: None, queue: QueueManager, home: Path, store: Store, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    go_on(queue)
    before = standing(queue)
    with monkeypatch.context() as patch:
        kill_at(patch, at)
        try:
            QueueFiles(home, store, HandClock()).sync()
        except Killed:
            assert at < 15
    for name in FACES:
        paste(home, name, {"id": f"lid:{name}", "title": name})
    edit(home, "failed", "2", status="excluded")
    assert QueueFiles(home, store, HandClock()).sync() == []
    added = {"lid:pending": Status.DUE, "lid:failed": Status.PERMANENT, "lid:completed": Status.OWNED}
    assert standing(queue) == before | added | {"2": Status.EXCLUDED}


def test_an_edit_that_could_not_be_written_back_is_carried_out_once(
    three: None, files: QueueFiles, queue: QueueManager, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_is_full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    move(home, "failed", "pending", "2")
    with monkeypatch.context() as patch:
        patch.setattr(json_files, "write_over", disk_is_full)
        with pytest.raises(OSError, match="No space left"):
            files.sync()
    hand_over(queue, "2")
    files.sync()
    assert (film_of(queue, "2").status, film_of(queue, "2").fetch_anew) == (Status.DOWNLOADING, False)
    assert current_films(queue) == {"2", "3"}


def saving(action: Callable[[], None], times: int, *, late: bool = False) -> Callable[..., bool]:
    """A write_over in the middle of which a person saves a file, so many times; late: right after the rename."""
    left = [times]

    def save_now() -> None:
        if left[0]:
            left[0] -= 1
            action()

    def written(path: Path, data: bytes, seen: Mapping[Path, Stamp | None]) -> bool:
        if not late:
            save_now()
        done = write_over(path, data, seen)
        if late:
            save_now()
        return done

    return written


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_save_between_reading_and_renaming_is_not_lost(
    three: None, files: QueueFiles, queue: QueueManager, home: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    hand_over(queue, "1")
    number = iter(range(100, 200))
    with monkeypatch.context() as patch:
        patch.setattr(
            json_files,
            "write_over",
            saving(lambda: paste(home, "pending", {"id": next(number), "title": "Saved"}), times),
        )
        assert files.sync() == []
    added = {str(each): Status.DUE for each in range(100, 100 + times)}
    assert standing(queue) == added | {"1": Status.DOWNLOADING, "2": Status.RETRYING, "3": Status.DOWNLOADING}


def test_a_person_who_never_stops_saving_is_taken_in_the_next_round(
    three: None, files: QueueFiles, queue: QueueManager, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish(queue, 4)
    number = iter(range(100, 200))
    with monkeypatch.context() as patch:
        action = saving(lambda: paste(home, "pending", {"id": next(number), "title": "Saved"}), 100)
        patch.setattr(json_files, "write_over", action)
        assert files.sync() == []
        assert files.out_of_date()
    files.sync()
    assert set(standing(queue)) == {"1", "2", "3", "4", *(str(each) for each in range(100, next(number)))}


def test_a_save_right_after_the_rename_is_seen(
    three: None, files: QueueFiles, queue: QueueManager, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish(queue, 4)
    with monkeypatch.context() as patch:
        action = saving(lambda: paste(home, "pending", {"id": 9, "title": "Nine"}), 1, late=True)
        patch.setattr(json_files, "write_over", action)
        files.sync()
    assert film_of(queue, "9").status is Status.DUE


def test_a_film_taken_out_while_its_move_is_written_is_excluded(
    three: None, files: QueueFiles, queue: QueueManager, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish(queue, 4)

    def take_out() -> None:
        save(home, "pending", [entry for entry in read(home, "pending") if entry["id"] != "1"])
        queue.not_found(claim(queue, "1"), "absent", "The tracker does not have it.")

    with monkeypatch.context() as patch:
        patch.setattr(json_files, "write_over", saving(take_out, 1, late=True))
        files.sync()
    assert film_of(queue, "1").status is Status.EXCLUDED


def test_a_file_that_appears_while_it_is_written_anew_is_taken(
    three: None, files: QueueFiles, queue: QueueManager, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path_of(home, "pending").unlink()
    with monkeypatch.context() as patch:
        action = saving(lambda: save(home, "pending", [{"id": 9, "title": "Nine"}]), 1)
        patch.setattr(json_files, "write_over", action)
        files.sync()
    assert film_of(queue, "9").status is Status.DUE


def test_a_folder_that_cannot_be_written_leaves_files_and_films_as_they_were(
    three: None, files: QueueFiles, queue: QueueManager, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shown(home)

    def read_only(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    wish(queue, 4)
    with monkeypatch.context() as patch:
        patch.setattr(json_files, "write_over", read_only)
        with pytest.raises(OSError, match="Read-only"):
            files.sync()
    assert (shown(home), film_of(queue, "4").status, files.out_of_date()) == (before, Status.DUE, True)


# -- readers


def test_a_reader_writes_no_file(three: None, queue: QueueManager, files: QueueFiles, home: Path, store: Store) -> None:
    wish(queue, 4)
    edit(home, "failed", "2", note="mine")
    before = {path.name: path.read_bytes() for path in home.glob("*.json")}
    reader = Store(store.path, read_only=True)
    QueueManager(reader, HandClock()).stats()
    assert QueueFiles(home, reader, HandClock()).out_of_date()
    with pytest.raises(StoreError):
        QueueFiles(home, reader, HandClock()).sync()
    reader.close()
    assert {path.name: path.read_bytes() for path in home.glob("*.json")} == before


# -- everything at once


class Household:
    """A program and a person at work on one home folder, and what must come of it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.clock = HandClock()
        self.store = Store(home / "movie_sync.db")
        self.queue = QueueManager(self.store, self.clock)
        self.files = QueueFiles(home, self.store, self.clock)
        self.known: set[str] = set()
        self.taken_out: set[str] = set()
        self.sent_back: set[str] = set()
        self.completed: set[str] = set()
        self.unread: set[str] = set()
        self.sync(0)

    # what the program does

    def sync(self, _: int) -> None:
        assert self.files.sync() == []
        self.unread.clear()
        self.check()

    def kill(self, at: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, at)
            try:
                self.files.sync()
            except Killed:
                self.files = QueueFiles(self.home, self.store, self.clock)
        self.sync(0)

    def wish(self, number: int) -> None:
        wish(self.queue, number)
        self.known.add(str(number))

    def wait(self, hours: int) -> None:
        self.clock.turn(hours * HOUR_S)

    def work(self, outcome: int) -> None:
        film = self.queue.claim()
        if film is None:
            return
        key, number = film.movie.key, film.film_id
        if outcome % 5 == 0:
            self.queue.fail(number, "x", "X.")
        elif outcome % 5 == 1:
            self.queue.put_off(number, self.clock.now() + HOUR_S, "down", "filelist")
        elif outcome % 5 == 2:
            self.queue.not_found(number, "x", "X.")
        else:
            torrent = Torrent(b"", f"{number:040x}", key, 1, private=True)
            self.queue.intend(number, Release("t", number, key), torrent, "nox")
            if outcome % 5 == 3:
                self.queue.handed_over(number, "nox", added_by_us=True)
                self.completed.add(key)
                self.sent_back.discard(key)

    # what the person does; the files may be a sync behind the films

    def pick(self, number: int) -> tuple[str, str] | None:
        listed = shown(self.home).items()
        found = [(queue, key) for queue, keys in listed for key in keys if key not in self.unread]
        return found[number % len(found)] if found else None

    def change(self, number: int) -> None:
        if (picked := self.pick(number)) is not None:
            edit(self.home, picked[0], picked[1], note=f"note {number}")

    def take_out(self, number: int) -> None:
        if (picked := self.pick(number)) is not None:
            cut(self.home, *picked)
            self.taken_out.add(picked[1])
            self.sync(0)

    def move(self, number: int) -> None:
        if (picked := self.pick(number)) is not None:
            new = str(FACES[(FACES.index(Queue(picked[0])) + 1 + number % 2) % 3])
            move(self.home, picked[0], new, picked[1])
            self.sent_back.add(picked[1])
            self.sync(0)

    def add(self, number: int) -> None:
        key = str(100 + len(self.known))
        paste(self.home, str(FACES[number % 3]), {"id": key, "title": f"Film {key}"})
        self.known.add(key)
        self.unread.add(key)

    def spoil(self, number: int) -> None:
        self.sync(0)
        path_of(self.home, str(FACES[number % 3])).write_bytes(b"[{")
        assert len(self.files.sync()) == 1
        self.check()

    def delete_file(self, number: int) -> None:
        self.sync(0)
        path_of(self.home, str(FACES[number % 3])).unlink()
        self.sync(0)

    # what must hold after each sync

    def check(self) -> None:
        films = standing(self.queue)
        assert set(films) == self.known
        listed = [key for keys in shown(self.home).values() for key in keys]
        assert sorted(listed) == sorted(self.known)
        assert {key for key, status in films.items() if status is Status.EXCLUDED} <= self.taken_out
        for key in self.completed - self.sent_back - self.taken_out:
            assert films[key] is Status.DOWNLOADING
        assert not self.files.out_of_date()


DOINGS = st.lists(
    st.tuples(
        st.sampled_from("sync kill wish wish wait work work work change take_out move add spoil delete_file".split()),
        st.integers(0, 14),
    ),
    max_size=30,
)


def live_through(doings: Sequence[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        household = Household(Path(folder))
        for what, number in doings:
            getattr(household, what)(number)
        household.sync(0)
        household.store.close()


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(doings=DOINGS)
def test_no_order_of_edits_moves_and_kills_loses_or_doubles_a_film(doings: list[tuple[str, int]]) -> None:
    live_through(doings)
