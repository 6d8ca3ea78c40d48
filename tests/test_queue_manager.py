"""QueueManager: wishes, merging, claims, retries, hand-over, transfers and leaving, on a real database."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from conftest import HandClock, movie

from movie_sync.lib.backoff import RetryPolicy
from movie_sync.lib.clock import SystemClock
from movie_sync.movie import Decision, FilmFacts, Movie, Queue, Release, Status, Torrent, WatchedFilm
from movie_sync.queues.queue_manager import Intake, QueueManager
from movie_sync.store import Store
from movie_sync.store.films import FilmRecord
from movie_sync.store.transfers import Role, Transfer

LIST = "someone/watchlist"
HOUR_S = 3600.0
DAY_S = 86400.0


def watched(number: int, position: int = 0, wished_at: float | None = None, **facts: object) -> WatchedFilm:
    return WatchedFilm(movie(number, **facts), position, wished_at)  # type: ignore[arg-type]


def wish(queue: QueueManager, *numbers: int, list_name: str = LIST) -> Intake:
    return queue.wish([watched(number, place) for place, number in enumerate(numbers)], list_name)


def claimed(queue: QueueManager) -> FilmRecord:
    film = queue.claim()
    assert film is not None
    return film


def learnt(queue: QueueManager, film_id: int, found: FilmFacts) -> FilmRecord:
    """The film that stays when a page said this of it."""
    record = queue.learn(film_id, found)
    assert record is not None
    return record


def claim_new(queue: QueueManager, number: int = 1) -> int:
    """A film wished for and claimed at once; its row number."""
    wish(queue, number)
    film = claimed(queue)
    assert film.movie.number == number
    return film.film_id


def now_of(queue: QueueManager, film_id: int) -> FilmRecord:
    film = queue.get(film_id)
    assert film is not None
    return film


def release(number: int = 1) -> Release:
    return Release("filelist", number, f"Film.{number}.1080p", size_bytes=5)


def torrent(letter: str = "a") -> Torrent:
    return Torrent(b"d", letter * 40, f"Film {letter}", 5, private=True)


def hand_over(queue: QueueManager, number: int = 1, letter: str = "a") -> int:
    film_id = claim_new(queue, number)
    assert queue.intend(film_id, release(number), torrent(letter), "nox")
    assert queue.handed_over(film_id, "nox", added_by_us=True)
    return film_id


def current(queue: QueueManager) -> Transfer:
    [(transfer, _)] = queue.current_transfers()
    return transfer


def events(queue: QueueManager, number: int = 1) -> list[str]:
    return [event.event for event in queue.story(movie(number))]


def roles(queue: QueueManager, store: Store, film_id: int) -> dict[str, Role]:
    with store.read() as tx:
        rows = tx.execute("SELECT info_hash, role FROM transfers WHERE film = ?", (film_id,))
        return {row[0][0]: row[1] for row in rows}


def complete_read(queue: QueueManager, clock: HandClock, *numbers: int, list_name: str = LIST) -> int:
    clock.turn(60)
    begun_at = clock.now()
    clock.turn(1)
    wish(queue, *numbers, list_name=list_name)
    return queue.list_checked(
        list_name, begun_at=begun_at, total=len(numbers), complete=True, next_check=clock.now() + HOUR_S
    )


# -- wishes


def test_a_wished_film_is_due_and_its_history_says_why(queue: QueueManager, clock: HandClock) -> None:
    assert wish(queue, 1, 2) == Intake(added=2, known=0)
    film = claimed(queue)
    assert (film.queue, film.queued_at, film.added_at) == (Queue.PENDING, clock.now(), clock.now())
    assert events(queue) == ["wished"]


def test_a_film_wished_for_again_is_known(queue: QueueManager) -> None:
    wish(queue, 1)
    assert wish(queue, 1, 1, 2) == Intake(added=1, known=2)
    assert [film.movie.number for film in queue.films_in(Queue.PENDING)] == [1, 2]


def test_a_film_on_two_lists_is_one_film(queue: QueueManager) -> None:
    wish(queue, 1)
    assert wish(queue, 1, list_name="other") == Intake(added=0, known=1)
    assert (queue.list_state(LIST).size, queue.list_state("other").size) == (1, 1)
    assert queue.known_names("other") == {"letterboxd:1", "lid:L1"}


@pytest.mark.parametrize(
    "name",
    [
        Movie("Another title", 1999, number=1),
        Movie("Another title", 1999, lid="L1"),
        Movie("Another title", 1999, imdb_id="tt0000001"),
        Movie("Another title", 1999, tmdb_id="movie/1"),
    ],
    ids=lambda film: film.key,
)
def test_a_film_is_known_by_each_of_its_names(queue: QueueManager, name: Movie) -> None:
    queue.wish([watched(1, imdb_id="tt0000001", tmdb_id="movie/1")], LIST)
    assert queue.wish([WatchedFilm(name, 0)], LIST) == Intake(added=0, known=1)
    assert claimed(queue).movie.title == "Film 1"


def test_films_without_any_id_are_told_apart_by_title_and_year(queue: QueueManager) -> None:
    found = [Movie("Heat", 1995), Movie("Heat", 1986), Movie("Heat", 1995), Movie("Heat")]
    assert queue.wish([WatchedFilm(film, 0) for film in found], LIST) == Intake(added=3, known=1)


def test_a_later_sighting_fills_in_what_was_unknown_and_overwrites_nothing(queue: QueueManager) -> None:
    queue.wish([WatchedFilm(Movie("Film", 2000, lid="L1"), 0)], LIST)
    queue.wish([WatchedFilm(Movie("Renamed", 2001, number=1, lid="L1", slug="film"), 0)], LIST)
    found = claimed(queue).movie
    assert (found.title, found.year, found.number, found.slug) == ("Film", 2000, 1, "film")


def test_the_order_of_a_page_is_the_order_of_work(queue: QueueManager, clock: HandClock) -> None:
    wish(queue, 3, 1, 2)
    clock.turn(1)
    wish(queue, 9, 8)
    assert [film.movie.number for film in queue.wished_films(LIST)] == [9, 8, 3, 1, 2]
    assert [claimed(queue).movie.number for _ in range(5)] == [9, 8, 3, 1, 2]


def test_a_later_page_of_one_read_holds_older_wishes(queue: QueueManager, clock: HandClock) -> None:
    begun_at = clock.now()
    for place, number in enumerate((3, 1, 2)):
        clock.turn(5)
        queue.wish([watched(number, place)], LIST, begun_at)
    assert [film.movie.number for film in queue.wished_films(LIST)] == [3, 1, 2]


def test_the_oldest_wish_comes_first_if_so_set(store: Store, clock: HandClock) -> None:
    queue = QueueManager(store, clock, newest_first=False)
    wish(queue, 3, 1, 2)
    assert [claimed(queue).movie.number for _ in range(3)] == [2, 1, 3]


def test_the_moment_of_a_wish_counts_where_the_list_tells_it(queue: QueueManager, clock: HandClock) -> None:
    queue.wish([watched(1, 0, clock.now() - DAY_S), watched(2, 1, clock.now() - HOUR_S)], LIST)
    assert claimed(queue).movie.number == 2


def test_a_list_that_raises_half_way_adds_nothing(queue: QueueManager) -> None:
    def broken() -> WatchedFilm:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        queue.wish((watched(1) if number else broken() for number in (1, 0)), LIST)
    assert queue.stats().statuses == {}


# -- two films that are one


def facts(**more: object) -> FilmFacts:
    return FilmFacts(**({"slug": "film-1", "kind": "film"} | more))  # type: ignore[arg-type]


def test_a_film_page_tells_what_the_list_did_not(queue: QueueManager, clock: HandClock) -> None:
    film_id = claim_new(queue)
    learned = learnt(queue, film_id, facts(imdb_id="tt0000001", directors=("A",), alt_titles=["B"], runtime_min=90))
    assert (learned.film_id, learned.status, learned.details_at) == (film_id, Status.CLAIMED, clock.now())
    assert (learned.movie.imdb_id, learned.movie.directors, learned.movie.alt_titles) == ("tt0000001", ("A",), ("B",))
    assert (learned.movie.kind, learned.movie.runtime_min, learned.movie.title) == ("film", 90, "Film 1")


def test_a_film_that_is_not_there_learns_nothing(queue: QueueManager) -> None:
    assert queue.learn(404, facts()) is None


def test_two_films_that_turn_out_to_be_one_are_merged_and_the_one_further_on_stays(
    queue: QueueManager, store: Store
) -> None:
    done = hand_over(queue, 1)
    queue.wish([WatchedFilm(Movie("Twin", 2000, lid="twin", url="u"), 0)], "other")
    twin = claimed(queue)
    stays = learnt(queue, twin.film_id, facts(number=1))
    assert (stays.film_id, stays.status, stays.movie.url) == (done, Status.DOWNLOADING, "u")
    assert (queue.get(twin.film_id), roles(queue, store, done)) == (None, {"a": "current"})
    assert queue.known_names("other") == {"letterboxd:1", "lid:L1", "lid:twin"}
    assert wish(queue, 1) == queue.wish([WatchedFilm(Movie("Twin", lid="twin"), 0)], LIST) == Intake(0, 1)


def test_a_claimed_film_stays_when_its_twin_only_waits(queue: QueueManager) -> None:
    wish(queue, 2)
    film_id = claim_new(queue, 1)
    assert learnt(queue, film_id, facts(lid="L2")).film_id == film_id
    assert [film.movie.number for film in queue.films_in(Queue.PENDING)] == [1]


def test_an_outcome_for_a_film_that_was_merged_away_is_none(queue: QueueManager) -> None:
    hand_over(queue, 1)
    lost = claim_new(queue, 2)
    queue.learn(lost, facts(number=1))
    assert not queue.fail(lost, "bad", "Bad.")
    queue.searched(lost, [])
    assert queue.stats().statuses == {"downloading": 1}


def test_a_merged_film_keeps_what_was_blocklisted_for_either(queue: QueueManager) -> None:
    hand_over(queue, 1)
    queue.blocklist(current(queue), "It is dead.")
    queue.put_off(claimed(queue).film_id, 9e9, "later", "filelist")
    stays = learnt(queue, claim_new(queue, 2), facts(lid="L1"))
    assert queue.blocklisted_hashes(stays.film_id) == {"a" * 40}
    assert queue.refused_releases(stays.film_id) == {("filelist", 1): "It is dead."}


# -- claims


def test_a_film_is_claimed_once(queue: QueueManager) -> None:
    claim_new(queue)
    assert (queue.claim(), queue.any_due()) == (None, False)


def test_nothing_is_claimed_when_there_is_nothing(queue: QueueManager) -> None:
    assert (queue.claim(), queue.any_due(), queue.next_moment(), queue.due_hand_overs()) == (None, False, None, [])


def test_a_film_never_searched_comes_before_repeats(queue: QueueManager, clock: HandClock) -> None:
    wish(queue, 1)
    clock.turn(1)
    repeated = claim_new(queue, 2)
    queue.searched(repeated, [])
    queue.unclaim(repeated)
    assert [claimed(queue).movie.number for _ in range(2)] == [1, 2]


def test_claims_of_a_run_that_ended_are_due_again(queue: QueueManager) -> None:
    film_id = claim_new(queue)
    assert (queue.release_claims(), queue.release_claims()) == (1, 0)
    assert (now_of(queue, film_id).claimed_at, claimed(queue).film_id) == (None, film_id)


def test_only_a_claimed_film_is_given_back(queue: QueueManager) -> None:
    film_id = hand_over(queue)
    queue.unclaim(film_id)
    assert now_of(queue, film_id).status is Status.DOWNLOADING


def _claim_all(path: Path, name: int, together: int) -> list[int]:
    """Claim until nothing is left, beginning when as many as said are ready."""
    store = Store(path)
    queue = QueueManager(store, SystemClock())
    (path.parent / f"ready-{name}").touch()
    while len(list(path.parent.glob("ready-*"))) < together:
        pass
    found: list[int] = []
    while (film := queue.claim()) is not None:
        found.append(film.film_id)
        time.sleep(0.001)  # the lock of sqlite is not fair: let the others have a turn
    store.close()
    return found


def test_threads_that_claim_at_once_get_no_film_twice(queue: QueueManager, store: Store) -> None:
    wish(queue, *range(60))
    with ThreadPoolExecutor(6) as pool:
        lots = list(pool.map(lambda name: _claim_all(store.path, name, 6), range(6)))
    found = [film for lot in lots for film in lot]
    assert (len(found), len(set(found))) == (60, 60)


def test_processes_that_claim_at_once_get_no_film_twice(queue: QueueManager, store: Store) -> None:
    wish(queue, *range(200))
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        lots = list(pool.map(_claim_all, [store.path] * 3, range(3), [3] * 3))
    found = [film for lot in lots for film in lot]
    assert (len(found), len(set(found))) == (200, 200)


def test_threads_that_share_one_manager_get_no_film_twice(queue: QueueManager) -> None:
    wish(queue, *range(40))
    with ThreadPoolExecutor(8) as pool:
        found = [film.film_id for film in pool.map(lambda _: queue.claim(), range(50)) if film is not None]
    assert (len(found), len(set(found))) == (40, 40)


def test_the_same_films_wished_for_by_many_threads_are_added_once(queue: QueueManager) -> None:
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda turn: wish(queue, *range(20), list_name=f"list {turn}"), range(6)))
    assert sum(intake.added for intake in taken) == 20


# -- put off


def test_a_film_that_is_put_off_waits_until_then(queue: QueueManager, clock: HandClock) -> None:
    film_id = claim_new(queue)
    assert queue.put_off(film_id, clock.now() + 60, "The tracker is down.", "filelist")
    assert (queue.next_moment(), queue.any_due(), queue.claim()) == (clock.now() + 60, False, None)
    clock.turn(60)
    film = claimed(queue)
    assert (film.film_id, film.not_before, film.reason, film.retry_count) == (film_id, None, None, 0)


def test_a_provider_that_is_well_again_ends_only_its_own_waits(queue: QueueManager, clock: HandClock) -> None:
    for number, provider in enumerate(["filelist", "nox", "filelist"], 1):
        queue.put_off(claim_new(queue, number), clock.now() + DAY_S, "down", provider)
    assert (queue.end_put_off("filelist"), queue.end_put_off("filelist")) == (2, 0)
    assert {claimed(queue).movie.number, claimed(queue).movie.number} == {1, 3}
    assert queue.claim() is None


def test_all_due_films_are_put_off_at_once(queue: QueueManager, clock: HandClock) -> None:
    wish(queue, 1, 2)
    queue.put_off(claimed(queue).film_id, clock.now() + 60, "x", "nox")
    clock.turn(60)
    assert queue.put_off_all_due(clock.now() + 60, "The tracker is down.", "filelist") == 2
    assert queue.put_off_all_due(clock.now() + 60, "The tracker is down.", "filelist") == 0
    assert [view.reason for view in queue.stats().put_off] == ["The tracker is down."] * 2
    assert queue.end_put_off("filelist") == 2


def test_a_hand_over_that_is_put_off_stays_a_hand_over(queue: QueueManager, clock: HandClock) -> None:
    film_id = claim_new(queue)
    queue.intend(film_id, release(), torrent(), "nox")
    assert queue.put_off(film_id, clock.now() + 60, "The client is away.", "nox")
    assert (queue.due_hand_overs(), queue.any_due(), queue.next_moment()) == ([], False, clock.now() + 60)
    clock.turn(60)
    assert [film.film_id for film in queue.due_hand_overs()] == [film_id]
    assert (queue.claim(), now_of(queue, film_id).status) == (None, Status.HANDING_OVER)


def test_a_hand_over_goes_on_at_once_when_the_client_is_well(queue: QueueManager, clock: HandClock) -> None:
    film_id = claim_new(queue)
    queue.intend(film_id, release(), torrent(), "nox")
    queue.put_off(film_id, clock.now() + DAY_S, "The client is away.", "nox")
    assert queue.end_put_off("nox") == 1
    assert [film.film_id for film in queue.due_hand_overs()] == [film_id]


def test_any_due_is_true_only_when_a_film_can_be_claimed(queue: QueueManager, clock: HandClock) -> None:
    film_id = claim_new(queue)
    queue.intend(film_id, release(), torrent(), "nox")
    queue.put_off(film_id, clock.now() + 60, "The client is away.", "nox")
    clock.turn(61)
    assert queue.any_due() is (queue.claim() is not None)


# -- failures


def test_a_film_that_fails_is_retried_after_1_2_4_8_16_hours_and_is_then_permanent(
    queue: QueueManager, clock: HandClock
) -> None:
    film_id = claim_new(queue)
    for retry, hours in enumerate((1, 2, 4, 8, 16), 1):
        assert queue.fail(film_id, "bad_torrent", "No good torrent.")
        film = now_of(queue, film_id)
        assert (film.status, film.retry_count, film.retry_after) == (
            Status.RETRYING,
            retry,
            clock.now() + hours * HOUR_S,
        )
        clock.turn(hours * HOUR_S - 1)
        assert (queue.any_due(), queue.claim()) == (False, None)
        clock.turn(1)
        assert queue.any_due()
        assert claimed(queue).film_id == film_id
    assert queue.fail(film_id, "bad_torrent", "No good torrent.")
    film = now_of(queue, film_id)
    assert (film.status, film.retry_after, queue.next_moment()) == (Status.PERMANENT, None, None)
    assert events(queue) == ["wished", *["failed", "due_again"] * 5, "failed"]
    assert "All 5 retries are used up" in queue.story(movie(1))[-1].text


def test_the_retry_schedule_can_be_set(store: Store, clock: HandClock) -> None:
    queue = QueueManager(store, clock, retries=RetryPolicy(interval_s=10, multiplier=3, max_retries=1))
    film_id = claim_new(queue)
    queue.fail(film_id, "x", "X.")
    assert now_of(queue, film_id).retry_after == clock.now() + 10
    clock.turn(10)
    queue.fail(claimed(queue).film_id, "x", "X.")
    assert now_of(queue, film_id).status is Status.PERMANENT


def test_without_retries_the_first_failure_is_permanent(store: Store, clock: HandClock) -> None:
    queue = QueueManager(store, clock, retries=RetryPolicy(max_retries=0))
    film_id = claim_new(queue)
    queue.fail(film_id, "x", "X.")
    assert now_of(queue, film_id).status is Status.PERMANENT


def test_a_film_not_found_is_searched_again_after_1_3_7_14_14_days_and_never_permanent(
    queue: QueueManager, clock: HandClock
) -> None:
    film_id = claim_new(queue)
    for days in (1, 3, 7, 14, 14, 14):
        queue.searched(film_id, [])
        assert queue.not_found(film_id, "not_on_tracker", "The tracker does not have it.")
        film = now_of(queue, film_id)
        assert (film.status, film.retry_after) == (Status.NOT_FOUND, clock.now() + days * DAY_S)
        clock.turn(days * DAY_S - 1)
        assert queue.claim() is None
        clock.turn(1)
        assert claimed(queue).film_id == film_id
    assert now_of(queue, film_id).retry_count == 0


def test_a_search_is_kept_with_its_verdicts(queue: QueueManager, clock: HandClock) -> None:
    film_id = claim_new(queue)
    queue.searched(film_id, [Decision(release(1)), Decision(release(2), ("Too few seeders.",))])
    film = now_of(queue, film_id)
    assert (film.searches, film.searched_at) == (1, clock.now())
    assert queue.story(movie(1))[-1].text == "Searched: 2 releases, 1 of them pass."


def test_a_series_is_never_woken(queue: QueueManager, clock: HandClock) -> None:
    film_id = claim_new(queue)
    assert queue.series(film_id)
    clock.turn(1000 * DAY_S)
    assert (queue.claim(), queue.next_moment()) == (None, None)
    assert now_of(queue, film_id).reason_code == "series"


def test_a_film_on_disk_is_owned_and_says_where(queue: QueueManager) -> None:
    film_id = claim_new(queue)
    assert queue.owned(film_id, "Film 1 (2000).mkv")
    film = now_of(queue, film_id)
    assert (film.status, film.release_name, film.claimed_at) == (Status.OWNED, "Film 1 (2000).mkv", None)


def test_a_film_that_turns_up_on_disk_during_its_hand_over_is_owned(queue: QueueManager, store: Store) -> None:
    film_id = claim_new(queue)
    queue.intend(film_id, release(), torrent(), "nox")
    assert queue.owned(film_id, "there")
    assert (queue.intended(film_id), now_of(queue, film_id).info_hash) == (None, None)


@pytest.mark.parametrize(
    "outcome",
    [
        lambda queue, film_id: queue.not_found(film_id, "x", "X."),
        lambda queue, film_id: queue.fail(film_id, "x", "X."),
        lambda queue, film_id: queue.series(film_id),
        lambda queue, film_id: queue.owned(film_id, "x"),
        lambda queue, film_id: queue.put_off(film_id, 9e9, "x", "p"),
        lambda queue, film_id: queue.intend(film_id, release(), torrent("f"), "nox"),
        lambda queue, film_id: queue.handed_over(film_id, "nox", added_by_us=True),
        lambda queue, film_id: queue.take_back(film_id, "x") or False,
    ],
    ids=["not_found", "fail", "series", "owned", "put_off", "intend", "handed_over", "take_back"],
)
@pytest.mark.parametrize("unknown", [False, True])
def test_an_outcome_for_a_film_that_is_elsewhere_by_now_changes_nothing(
    queue: QueueManager, outcome: Callable[[QueueManager, int], bool], *, unknown: bool
) -> None:
    film_id = hand_over(queue)
    before = now_of(queue, film_id), events(queue)
    assert outcome(queue, 404 if unknown else film_id) is False
    assert (now_of(queue, film_id), events(queue)) == before


# -- film pages


def test_the_page_of_a_waiting_film_is_read_once(queue: QueueManager) -> None:
    film_id = claim_new(queue)
    assert queue.without_details() is None
    queue.not_found(film_id, "x", "X.")
    waiting = queue.without_details()
    assert waiting is not None
    assert waiting.film_id == film_id
    assert queue.without_details(but=[film_id]) is None
    learnt(queue, film_id, facts())
    assert queue.without_details() is None


@pytest.mark.parametrize("more", [{"imdb_id": "tt0000001"}, {"alt_titles": ("Another",)}, {"kind": "series"}])
def test_a_film_that_was_not_found_is_searched_again_when_more_is_known_of_it(
    queue: QueueManager, more: dict[str, object]
) -> None:
    film_id = claim_new(queue)
    queue.not_found(film_id, "x", "X.")
    assert learnt(queue, film_id, facts(**more)).status is Status.DUE
    assert events(queue)[-1] == "due_again"


def test_a_film_that_was_not_found_waits_on_when_nothing_new_is_learnt(queue: QueueManager) -> None:
    film_id = claim_new(queue)
    queue.not_found(film_id, "x", "X.")
    known = queue.get(film_id)
    assert known is not None
    after = learnt(queue, film_id, facts(title=known.movie.title, year=known.movie.year))
    assert (after.status, after.retry_after) == (Status.NOT_FOUND, known.retry_after)


# -- hand-over


def test_an_intent_is_committed_before_the_hand_over(queue: QueueManager) -> None:
    film_id = claim_new(queue)
    assert queue.intend(film_id, release(7), torrent(), "nox")
    intent, film = queue.intended(film_id), now_of(queue, film_id)
    assert intent is not None
    assert (intent.info_hash, intent.client, intent.release_id, intent.added_by_us, intent.adds) == (
        "a" * 40,
        "nox",
        7,
        None,
        0,
    )
    assert (film.status, film.queue, film.info_hash) == (Status.HANDING_OVER, Queue.PENDING, "a" * 40)
    assert [each.film_id for each in queue.due_hand_overs()] == [film_id]


def test_a_hand_over_survives_a_kill(queue: QueueManager, store: Store, clock: HandClock) -> None:
    film_id = claim_new(queue)
    queue.intend(film_id, release(), torrent(), "nox")
    again = QueueManager(Store(store.path), clock)
    assert (again.release_claims(), again.claim()) == (0, None)
    assert [film.film_id for film in again.due_hand_overs()] == [film_id]


@pytest.mark.parametrize(
    ("saved", "by_us", "status", "progress"),
    [(False, True, "downloading", 0.0), (True, True, "saved", None), (False, False, "downloading", 0.0)],
)
def test_a_film_handed_over_is_completed_and_its_failures_are_forgotten(
    queue: QueueManager, clock: HandClock, *, saved: bool, by_us: bool, status: str, progress: float | None
) -> None:
    queue.fail(claim_new(queue), "x", "X.")
    clock.turn(HOUR_S)
    film_id = claimed(queue).film_id
    queue.intend(film_id, release(), torrent(), "nox")
    assert queue.handed_over(film_id, "nox", added_by_us=by_us, saved=saved)
    film = now_of(queue, film_id)
    assert (film.status, film.completed_at, film.progress) == (status, clock.now(), progress)
    assert (film.retry_count, film.last_error, film.reason_code, film.retry_after) == (0, None, None, None)
    assert (current(queue).added_by_us, current(queue).adds) == (by_us, 1)
    assert queue.due_hand_overs() == []


def test_an_intent_taken_back_makes_the_film_due(queue: QueueManager) -> None:
    film_id = claim_new(queue)
    queue.intend(film_id, release(), torrent(), "nox")
    queue.take_back(film_id, "Another release was chosen by hand.")
    film = claimed(queue)
    assert (film.film_id, film.info_hash, film.release_name, queue.intended(film_id)) == (film_id, None, None, None)


def test_a_begun_hand_over_is_never_given_up_for_a_failure(queue: QueueManager) -> None:
    film_id = claim_new(queue)
    queue.intend(film_id, release(), torrent(), "nox")
    assert not queue.fail(film_id, "internal_error", "Something odd.")
    assert now_of(queue, film_id).status is Status.HANDING_OVER
    assert queue.intended(film_id) is not None
    assert queue.own_hashes() == {"a" * 40}


# -- transfers


def test_progress_is_stored_with_its_moment(queue: QueueManager, clock: HandClock) -> None:
    film_id = hand_over(queue)
    clock.turn(60)
    queue.progressed(current(queue), 0.123)
    assert (current(queue).progress, current(queue).progressed_at) == (0.123, clock.now())
    assert now_of(queue, film_id).progress == 0.12


def test_a_stalled_film_that_moves_is_downloading_again(queue: QueueManager) -> None:
    film_id = hand_over(queue)
    queue.stalled(current(queue), "No peers.")
    assert now_of(queue, film_id).status is Status.STALLED
    queue.resumed(current(queue))
    assert now_of(queue, film_id).status is Status.DOWNLOADING
    queue.stalled(current(queue), "No peers.")
    queue.progressed(current(queue), 0.5)
    assert now_of(queue, film_id).status is Status.DOWNLOADING
    assert events(queue)[3:] == ["stalled", "resumed", "stalled"]


def test_a_downloaded_film_is_finished(queue: QueueManager, clock: HandClock) -> None:
    film_id = hand_over(queue)
    assert queue.unfinished_names() == {"Film a"}
    queue.downloaded(current(queue))
    assert (now_of(queue, film_id).status, now_of(queue, film_id).progress) == (Status.DOWNLOADED, 1.0)
    assert (current(queue).done_at, queue.unfinished_names()) == (clock.now(), frozenset())
    queue.resumed(current(queue))
    queue.stalled(current(queue), "x")
    queue.progressed(current(queue), 0.5)
    assert now_of(queue, film_id).status is Status.DOWNLOADED


def test_missing_polls_count_in_a_row(queue: QueueManager) -> None:
    hand_over(queue)
    assert (queue.missing(current(queue)), queue.missing(current(queue))) == (1, 2)
    queue.seen_again(current(queue))
    assert (current(queue).missing_polls, queue.missing(current(queue))) == (0, 1)
    queue.added_again(current(queue))
    assert (current(queue).adds, current(queue).missing_polls) == (2, 0)


def test_a_film_taken_out_of_the_client_stays_completed(queue: QueueManager) -> None:
    film_id = hand_over(queue)
    queue.downloaded(current(queue))
    transfer = current(queue)
    queue.gone(transfer)
    assert (now_of(queue, film_id).status, queue.current_transfers()) == (Status.GONE, [])
    queue.downloaded(transfer)
    assert now_of(queue, film_id).status is Status.DOWNLOADED


def test_a_blocklisted_torrent_makes_its_film_due_and_is_never_taken_again(queue: QueueManager, store: Store) -> None:
    film_id = hand_over(queue)
    queue.blocklist(current(queue), "It stalls.")
    film = claimed(queue)
    assert (film.film_id, film.progress, film.completed_at) == (film_id, None, None)
    assert queue.blocklisted_hashes(film_id) == {"a" * 40}
    assert queue.refused_releases(film_id) == {("filelist", 1): "It stalls."}
    queue.intend(film_id, release(2), torrent("b"), "nox")
    queue.handed_over(film_id, "nox", added_by_us=True)
    assert roles(queue, store, film_id) == {"a": "blocklisted", "b": "current"}


def test_judging_a_torrent_of_a_film_that_went_on_changes_only_the_torrent(queue: QueueManager) -> None:
    film_id = hand_over(queue)
    queue.downloaded(current(queue))
    queue.blocklist(current(queue), "It was a fake.")
    assert now_of(queue, film_id).status is Status.DOWNLOADED
    assert queue.blocklisted_hashes(film_id) == {"a" * 40}


# -- leaving


def test_a_film_leaves_after_two_complete_reads_without_it(queue: QueueManager, clock: HandClock) -> None:
    assert complete_read(queue, clock, 1, 2) == 0
    assert complete_read(queue, clock, 2) == 0
    assert [film.movie.number for film in queue.wished_films(LIST)] == [1, 2]
    assert complete_read(queue, clock, 2) == 1
    assert [film.movie.number for film in queue.films_in(Queue.LEFT)] == [1]
    assert (claimed(queue).movie.number, queue.claim(), events(queue)) == (2, None, ["wished", "left"])


def test_one_sighting_between_two_reads_keeps_the_wish(queue: QueueManager, clock: HandClock) -> None:
    for numbers in ((1, 2), (2,), (1, 2), (2,)):
        assert complete_read(queue, clock, *numbers) == 0


def test_a_short_check_takes_no_wish_away(queue: QueueManager, clock: HandClock) -> None:
    wish(queue, 1)
    for _ in range(3):
        clock.turn(60)
        assert not queue.list_checked(LIST, begun_at=clock.now(), total=None, complete=False, next_check=9e9)
    assert queue.list_state(LIST).proven_at is None


def test_a_film_another_list_wishes_for_stays(queue: QueueManager, clock: HandClock) -> None:
    wish(queue, 1, list_name="other")
    for numbers in ((1, 2), (2,), (2,)):
        complete_read(queue, clock, *numbers)
    assert queue.films_in(Queue.LEFT) == []


def test_what_is_downloading_goes_on_when_its_wish_goes(queue: QueueManager, clock: HandClock) -> None:
    film_id = hand_over(queue)
    for _ in range(2):
        complete_read(queue, clock, 2)
    film = now_of(queue, film_id)
    assert (film.status, film.left_at) == (Status.DOWNLOADING, clock.now())


def leave_and_return(queue: QueueManager, clock: HandClock) -> None:
    for numbers in ((), (), (1,)):
        complete_read(queue, clock, *numbers)


def test_a_film_wished_for_again_starts_fresh(queue: QueueManager, clock: HandClock) -> None:
    film_id = claim_new(queue)
    queue.searched(film_id, [])
    queue.fail(film_id, "x", "X.")
    leave_and_return(queue, clock)
    film = now_of(queue, film_id)
    assert (film.status, film.retry_count, film.searches, film.last_error) == (Status.DUE, 0, 0, None)
    assert (film.retry_after, film.left_at) == (None, None)
    assert events(queue)[-2:] == ["left", "wished"]
    assert wish(queue, 1) == Intake(0, 1)


def test_a_film_wished_for_again_keeps_its_blocklist(queue: QueueManager, clock: HandClock) -> None:
    film_id = hand_over(queue)
    queue.blocklist(current(queue), "It stalls.")
    leave_and_return(queue, clock)
    assert queue.blocklisted_hashes(film_id) == {"a" * 40}


def test_a_completed_film_wished_for_again_is_looked_for_anew(queue: QueueManager, clock: HandClock) -> None:
    film_id = hand_over(queue)
    queue.downloaded(current(queue))
    leave_and_return(queue, clock)
    assert (claimed(queue).film_id, queue.current_transfers()) == (film_id, [])


def exclude(store: Store, film_id: int) -> None:
    with store.write() as tx:
        tx.execute("UPDATE films SET queue = 'failed', status = 'excluded', claimed_at = NULL WHERE id = ?", (film_id,))


def test_an_excluded_film_survives_every_check_also_leaving_and_coming_back(
    queue: QueueManager, store: Store, clock: HandClock
) -> None:
    film_id = claim_new(queue)
    exclude(store, film_id)
    for numbers in ((1,), (1,), (), (), (1,), (1,)):
        complete_read(queue, clock, *numbers)
        assert now_of(queue, film_id).status is Status.EXCLUDED
    clock.turn(1000 * DAY_S)
    assert (queue.claim(), queue.next_moment()) == (None, None)


def test_a_film_that_left_while_it_was_worked_on_is_not_tried_again(queue: QueueManager, clock: HandClock) -> None:
    film_id = claim_new(queue)
    for _ in range(2):
        complete_read(queue, clock)
    queue.not_found(film_id, "x", "X.")
    clock.turn(DAY_S)
    assert queue.claim() is None


# -- lists


# -- information


def test_stats_count_each_film_once(queue: QueueManager, clock: HandClock) -> None:
    hand_over(queue, 1)
    queue.stalled(current(queue), "No peers.")
    queue.put_off(claim_new(queue, 2), clock.now() + 60, "down", "filelist")
    queue.fail(claim_new(queue, 3), "x", "Bad.")
    queue.not_found(claim_new(queue, 4), "x", "None.")
    wish(queue, 5)
    clock.turn(30)
    stats = queue.stats()
    assert {name: count for name, count in stats.as_dict().items() if count} == {
        "pending": 2,
        "failed": 2,
        "completed": 1,
        "downloading": 1,
        "stalled": 1,
        "put_off": 1,
        "not_found": 1,
        "retrying": 1,
    }
    assert [(view.title, view.status, view.age_s) for view in stats.transfers] == [("Film 1 (2000)", "stalled", 30.0)]
    assert [view.title for view in stats.next_retries] == ["Film 3 (2000)", "Film 4 (2000)"]
    assert [(view.title, view.reason) for view in stats.put_off] == [("Film 2 (2000)", "down")]


def test_stats_list_what_failed_for_good(store: Store, clock: HandClock) -> None:
    queue = QueueManager(store, clock, retries=RetryPolicy(max_retries=0))
    queue.fail(claim_new(queue), "x", "Bad.")
    assert [(view.title, view.at, view.reason) for view in queue.stats().permanent] == [("Film 1 (2000)", None, "Bad.")]


def test_stats_of_a_film_without_a_current_torrent_count_from_its_queueing(
    queue: QueueManager, store: Store, clock: HandClock
) -> None:
    hand_over(queue)
    with store.write() as tx:
        tx.execute("UPDATE transfers SET role = 'replaced'")
    clock.turn(5)
    assert [view.age_s for view in queue.stats().transfers] == [5.0]


def test_stats_are_read_with_no_right_to_write(queue: QueueManager, store: Store, clock: HandClock) -> None:
    wish(queue, 1)
    reader = Store(store.path, read_only=True)
    assert QueueManager(reader, clock).stats().queues == {"pending": 1}
    reader.close()


@pytest.mark.parametrize(
    ("provider", "days", "due"), [("filelist", 300, True), ("filelist", 1, False), ("freeleech", 300, False)]
)
def test_a_start_ends_what_a_clock_far_ahead_put_off(
    queue: QueueManager, clock: HandClock, provider: str, days: float, *, due: bool
) -> None:
    wish(queue, 1)
    film = queue.claim()
    assert film is not None
    queue.put_off(film.film_id, clock.now() + days * 86400, "Why.", provider)
    queue.release_claims()
    after = queue.get(film.film_id)
    assert after is not None
    assert (after.status is Status.DUE) is due


def test_a_film_put_off_again_and_again_for_one_reason_tells_of_it_once(queue: QueueManager, clock: HandClock) -> None:
    wish(queue, 1)
    for _ in range(5):
        film = queue.claim()
        assert film is not None
        queue.put_off(film.film_id, clock.now() + 3600, "The disk is too full.", "disk")
        clock.turn(3601)
    events = [event.event for event in queue.story(movie(1))]
    assert events.count("put_off") == 1
