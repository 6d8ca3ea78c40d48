"""FilmDetails: many films by one query, the others by their pages, against replicas over real HTTP."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import HandClock, movie

from movie_sync.demo.letterboxd_site import CHALLENGE, LetterboxdSite
from movie_sync.demo.loopback import Answer
from movie_sync.demo.wikidata_site import LIMITED, OUTAGE, TIMEOUT, Item, WikidataSite
from movie_sync.film_details import BULK_FROM, QUIET_S, FilmDetails
from movie_sync.health import ProviderHealth
from movie_sync.lib.http import HttpClient
from movie_sync.movie import FilmFacts, Movie, Queue, Status, WatchedFilm
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store, films
from movie_sync.store.films import FilmRecord
from movie_sync.watchlists.monitor import LetterboxdWatchlistMonitor
from movie_sync.watchlists.wikidata import BATCH, PROVIDER, WikidataIds

LIST = "letterboxd:me"


def imdb(number: int) -> str:
    return f"tt{number:07d}"


def item(number: int, **more: Any) -> Item:
    return Item(imdb=(imdb(number),), tmdb=(str(number),), **more)


@dataclass
class House:
    """What FilmDetails needs, around one store."""

    folder: Path
    store: Store
    clock: HandClock
    site: LetterboxdSite
    wikidata: WikidataSite

    def __post_init__(self) -> None:
        shared: dict[str, Any] = {"store": self.store, "clock": self.clock, "delay_s": 0}
        self.queue = QueueManager(self.store, self.clock)
        self.health = ProviderHealth(self.store, self.clock, self.folder, {})
        self.letterboxd = LetterboxdWatchlistMonitor(
            self.site.url, "me", http=HttpClient("letterboxd", "test"), short_url=self.site.url, **shared
        )
        self.ids = WikidataIds(f"{self.wikidata.url}/sparql", http=HttpClient(PROVIDER, "test"), **shared)
        self.details = FilmDetails([self.letterboxd], self.ids, self.queue, self.health, self.clock)

    def wish(self, *wished: Movie) -> None:
        self.queue.wish([WatchedFilm(film, place) for place, film in enumerate(wished)], LIST)

    def film(self, number: int) -> FilmRecord:
        with self.store.read() as tx:
            found = films.get(tx, films.of_names(tx, [f"letterboxd:{number}"])[0])
        assert found is not None
        return found

    def knows(self, *numbers: int) -> None:
        """Let Wikidata know these films."""
        self.wikidata.items |= {f"film-{number}": item(number) for number in numbers}

    def twelve(self) -> None:
        """Wish for twelve films that Wikidata knows."""
        self.wish(*films_of(12))
        self.knows(*range(1, 13))

    def change(self, number: int, status: Status | None = None, **columns: Any) -> None:
        film_id = self.film(number).film_id
        with self.store.write() as tx:
            films.change(tx, film_id, status, **columns)

    def pages(self) -> list[str]:
        return [request.path for request in self.site.requests]


@pytest.fixture
def house(home: Path, store: Store, clock: HandClock) -> Iterator[House]:
    site, wikidata = LetterboxdSite("me", []), WikidataSite({})
    made = House(home, store, clock, site, wikidata)
    yield made
    for part in (made.letterboxd, made.ids, site, wikidata):
        part.close()


def films_of(count: int, first: int = 1) -> list[Movie]:
    return [movie(number) for number in range(first, first + count)]


def asked(house: House) -> list[list[int]]:
    """The films of each query, by number."""
    return [[int(slug.removeprefix("film-")) for slug in slugs] for slugs in house.wikidata.asked()]


# --- the claim


def test_of_2540_films_wikidata_knows_2400_of_7_queries_and_140_pages_are_enough(house: House) -> None:
    wished = films_of(2540)
    unknown = {number for number in range(1, 2541) if number % 18 == 7 and number <= 18 * 140}
    assert len(unknown) == 140
    house.knows(*(number for number in range(1, 2541) if number not in unknown))
    house.site.others = [replace(film, imdb_id=imdb(film.number or 0)) for film in wished]
    house.wish(*wished)
    for number in range(1, 2541):
        read = house.details.of(house.film(number))
        assert (read.movie.number, read.movie.imdb_id, read.details_at) == (number, imdb(number), house.clock.now())
    assert len(house.wikidata.requests) <= 7
    assert house.pages() == [f"/film/film-{number}/" for number in sorted(unknown)]
    assert sorted(number for query in asked(house) for number in query) == list(range(1, 2541))


# --- in bulk


@pytest.mark.parametrize(
    ("waiting", "queries"),
    [
        (BULK_FROM - 1, []),
        (BULK_FROM, [BULK_FROM]),
        (BATCH, [BATCH]),
        (BATCH + 1, [BATCH, 1]),
        (BATCH + BULK_FROM - 1, [BATCH, BULK_FROM - 1]),
        (BATCH + BULK_FROM, [BATCH]),
    ],
)
def test_a_query_is_made_for_ten_films_and_leaves_no_rest_that_is_too_small(
    house: House, waiting: int, queries: list[int]
) -> None:
    house.wish(*films_of(waiting))
    house.details.of(house.film(waiting))
    assert [len(query) for query in asked(house)] == queries


def test_a_film_asked_for_comes_first_and_then_the_newest_wishes(house: House) -> None:
    house.wish(*films_of(BATCH + 50))
    house.details.of(house.film(BATCH + 50))
    assert asked(house) == [[BATCH + 50, *range(1, BATCH)]]


def test_what_wikidata_knows_is_learnt_of_all_at_once_and_no_page_is_read(house: House) -> None:
    house.twelve()
    house.wikidata.items["film-3"] = item(3, titles=("Trois",), minutes=("93",))
    house.wikidata.items["film-4"] = Item((imdb(4),), series=("4",))
    read = house.details.of(house.film(1))
    assert (read.movie.imdb_id, read.movie.tmdb_id, read.movie.kind) == (imdb(1), "movie/1", "film")
    assert read == house.film(1)
    third, fourth = house.film(3).movie, house.film(4).movie
    assert (third.alt_titles, third.runtime_min, third.title, third.year) == (("Trois",), 93, "Film 3", 2000)
    assert (fourth.kind, fourth.tmdb_id) == ("series", "tv/4")
    assert all(house.details.of(house.film(number)).details_at for number in range(1, 13))
    assert (len(house.wikidata.requests), house.pages()) == (1, [])


def test_a_film_wikidata_does_not_know_goes_by_its_page_and_is_not_asked_for_again(house: House) -> None:
    house.wish(*films_of(12))
    house.site.others = [movie(5, imdb_id=imdb(5), directors=("Someone",))]
    read = house.details.of(house.film(5))
    assert (read.movie.imdb_id, read.movie.directors) == (imdb(5), ("Someone",))
    assert house.details.of(house.film(1)).movie.imdb_id is None
    assert (len(house.wikidata.requests), house.pages()) == (1, ["/film/film-5/", "/film/film-1/"])


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        pytest.param({"imdb_id": "tt0000099"}, None, id="has an IMDb id"),
        pytest.param({"slug": None}, None, id="has no page"),
        pytest.param({"details_at": 1.0}, None, id="was read"),
        pytest.param({"asked_ids_at": 1.0}, None, id="was asked for"),
        pytest.param({"year": None}, None, id="has no year"),
        pytest.param({"title": "film-20"}, None, id="has no title but its address"),
        pytest.param({"title": "lid:L14"}, None, id="has no title but its lid"),
        pytest.param({}, Status.EXCLUDED, id="is not wanted"),
        pytest.param({}, Status.DOWNLOADED, id="is there"),
        pytest.param({}, Status.UNWISHED, id="left"),
    ],
)
def test_only_films_that_ids_would_help_are_asked_for(
    house: House, columns: dict[str, Any], status: Status | None
) -> None:
    house.wish(*films_of(20))
    house.change(20, status, **columns)
    house.details.of(house.film(1))
    assert asked(house) == [list(range(1, 20))]


def test_a_film_that_is_not_asked_for_in_bulk_makes_no_query(house: House) -> None:
    house.wish(*films_of(19), movie(20, imdb_id="tt0000099"), movie(21, slug=None, lid=None))
    for number in (20, 21):
        house.details.of(house.film(number))
    assert (house.wikidata.requests, house.pages()) == ([], ["/film/film-20/"])


# --- what is not overwritten


def test_what_a_list_or_a_person_gave_stays(house: House) -> None:
    given: dict[str, Any] = {"kind": "film", "alt_titles": ("Mine",), "directors": ("Me",), "runtime_min": 90}
    house.wish(*films_of(12))
    house.change(1, **given)
    house.wikidata.items["film-1"] = Item((imdb(1),), ("1",), minutes=("91",), titles=("Theirs",))
    read = house.details.of(house.film(1)).movie
    assert {name: getattr(read, name) for name in given} == given
    assert (read.imdb_id, read.slug, read.title) == (imdb(1), "film-1", "Film 1")


def test_what_contradicts_a_known_id_is_left_to_the_page(house: House) -> None:
    house.twelve()
    house.change(1, tmdb_id="movie/77")
    read = house.details.of(house.film(1)).movie
    assert (read.imdb_id, read.tmdb_id, house.pages()) == (None, "movie/77", ["/film/film-1/"])


def test_a_film_renamed_while_wikidata_was_asked_learns_nothing(house: House) -> None:
    house.twelve()
    house.wikidata.next_answers.append(lambda _: house.change(2, slug="another-film"))
    house.details.of(house.film(1))
    assert (house.film(2).movie.imdb_id, house.film(2).details_at) == (None, None)
    assert house.film(3).movie.imdb_id == imdb(3)


# --- films that turn out to be one


def test_a_film_known_by_its_imdb_id_alone_is_merged(house: House) -> None:
    house.twelve()
    for other in (Movie(imdb(2), imdb_id=imdb(2)), Movie("X", imdb_id=imdb(3))):
        house.queue.wish([WatchedFilm(other, 0)], "x")
    house.details.of(house.film(1))
    assert len(house.queue.films_in(Queue.PENDING)) == 12
    assert (house.film(2).movie.title, house.film(2).movie.imdb_id) == ("Film 2", imdb(2))


def test_a_film_that_was_merged_away_is_found_under_the_one_that_stays(house: House) -> None:
    house.twelve()
    house.queue.wish([WatchedFilm(Movie("X", imdb_id=imdb(1)), 0)], "x")
    before = house.film(1)
    with house.store.write() as tx:
        (other,) = films.of_names(tx, [f"imdb:{imdb(1)}"])
        films.change(tx, other, Status.DOWNLOADED)
    read = house.details.of(before)
    assert (read.film_id, read.status, read.movie.number) == (other, Status.DOWNLOADED, 1)
    assert house.queue.get(before.film_id) is None


def test_two_films_of_a_list_are_never_made_one_by_wikidata(house: House) -> None:
    house.twelve()
    house.wish(movie(99, imdb_id=imdb(1)))
    house.site.others = [movie(1, imdb_id="tt0009999")]
    assert house.details.of(house.film(1)).movie.imdb_id == "tt0009999"
    assert len(house.queue.films_in(Queue.PENDING)) == 13


def test_a_batch_is_learnt_whole_though_films_went_meanwhile(queue: QueueManager, store: Store) -> None:
    queue.wish([WatchedFilm(film, place) for place, film in enumerate(films_of(3))], LIST)
    first, second, third = queue.without_ids(9)
    with store.write() as tx:
        tx.execute("DELETE FROM films WHERE id = ?", (second.film_id,))
    facts = FilmFacts("film-1", imdb_id=imdb(1))
    learnt = queue.learn_ids({first.film_id: facts, second.film_id: facts, third.film_id: None})
    assert learnt.keys() == {first.film_id, third.film_id}
    assert learnt[first.film_id].movie.imdb_id == imdb(1)
    assert queue.without_ids(9) == []
    with store.write() as tx, pytest.raises(LookupError):
        films.learn_ids(tx, second.film_id, facts, 1.0)


@pytest.mark.parametrize("answer", [LIMITED, TIMEOUT, OUTAGE, Answer(b"", 400), Answer(b"{}")])
def test_when_wikidata_fails_pages_are_read_and_no_film_pays(house: House, clock: HandClock, answer: Answer) -> None:
    house.twelve()
    house.site.others = films_of(12)
    house.wikidata.next_answers.append(answer)
    for number in (1, 2):
        assert house.details.of(house.film(number)).details_at is not None
    assert (len(house.wikidata.requests), len(house.pages())) == (1, 2)
    assert house.health.state(PROVIDER).state != "fine"
    assert house.health.state("letterboxd").state == "fine"
    assert len(house.queue.without_ids(100)) == 10
    clock.turn(2 * 3600)
    assert house.details.of(house.film(3)).movie.imdb_id == imdb(3)
    assert house.health.state(PROVIDER).state == "fine"


def test_a_second_query_that_fails_leaves_what_the_first_brought(house: House) -> None:
    house.wish(*films_of(BATCH + 1))
    house.knows(*range(1, BATCH + 2))
    house.wikidata.next_answers += [lambda _: None, TIMEOUT]
    assert house.details.of(house.film(1)).movie.imdb_id == imdb(1)
    assert [film.movie.number for film in house.queue.without_ids(9)] == [BATCH + 1]


def test_without_any_source_a_film_stays_as_it_is(house: House) -> None:
    house.wish(*films_of(12))
    house.wikidata.next_answers.append(OUTAGE)
    house.site.next_answers.append(CHALLENGE)
    before = house.film(1)
    for _ in range(2):
        assert house.details.of(before) == before == house.film(1)
    assert (len(house.wikidata.requests), len(house.pages())) == (1, 1)


def test_without_wikidata_pages_are_read_as_ever(house: House) -> None:
    house.wish(*films_of(12))
    house.site.others = films_of(12)
    alone = FilmDetails([house.letterboxd], None, house.queue, house.health, house.clock)
    assert alone.of(house.film(1)).details_at is not None
    assert (house.wikidata.requests, house.pages()) == ([], ["/film/film-1/"])


@pytest.mark.parametrize("answer", [Answer(b"", 404), Answer(b"", 400), Answer(b"<html>"), Answer(b"", 503)])
def test_a_page_that_cannot_be_read_is_asked_for_again_at_the_next_search_of_its_film(
    house: House, clock: HandClock, answer: Answer
) -> None:
    house.wish(movie(1))
    house.site.others = films_of(1)
    house.site.next_answers.append(answer)
    assert house.details.of(house.film(1)).details_at is None
    clock.turn(3600)
    assert house.details.of(house.film(1)).details_at is not None


@pytest.mark.parametrize("answer", [Answer(b"", 404), Answer(b"", 400), Answer(b"<html>")])
def test_three_films_in_a_row_without_a_page_are_the_sites_trouble(house: House, answer: Answer) -> None:
    house.wish(*films_of(4))
    house.site.next_answers += [answer] * 4
    for number in (1, 2, 3, 4):
        assert house.health.next_try("letterboxd") <= house.clock.now() or number == 4
        house.details.of(house.film(number))
    assert len(house.pages()) == 3


def test_films_without_a_page_between_films_with_one_are_their_own_trouble(house: House) -> None:
    house.wish(*films_of(6))
    house.site.others = films_of(6)
    for number in range(1, 7):
        house.site.next_answers += [Answer(b"", 404)] if number % 2 else []
        house.details.of(house.film(number))
    assert len(house.pages()) == 6


# --- in quiet times


def waiting_films(house: House, numbers: Sequence[int]) -> None:
    house.wish(*(movie(number) for number in numbers))
    for number in numbers:
        house.change(number, Status.NOT_FOUND, retry_after=house.clock.now() + 9e5)


def test_in_quiet_times_a_page_is_read_now_and_then(house: House, clock: HandClock) -> None:
    waiting_films(house, [1, 2])
    house.site.others = films_of(4)
    read = []
    for _ in range(5):
        read.append(house.details.read_one(clock.now()))
        clock.turn(QUIET_S / 2)
    assert [film.movie.number if film else None for film in read] == [1, None, 2, None, None]
    waiting_films(house, [3, 4])
    # A clock that was ahead stops nothing.
    assert house.details.read_one(clock.now() + 1e8) is not None
    assert house.details.read_one(clock.now()) is not None
    assert house.wikidata.requests == []


def test_in_quiet_times_many_films_are_asked_for_at_once(house: House, clock: HandClock) -> None:
    waiting_films(house, range(1, 13))
    house.knows(*range(2, 13))
    read = house.details.read_one(clock.now())
    assert read is not None
    assert read.movie.imdb_id == imdb(read.movie.number or 0)
    assert house.details.read_one(clock.now() + 1) is None
    clock.turn(QUIET_S)
    assert house.details.read_one(clock.now()) is None
    assert (len(house.wikidata.requests), house.pages()) == (1, ["/film/film-1/"])


def test_in_quiet_times_a_query_that_fails_or_knows_nothing_stops_no_page(house: House, clock: HandClock) -> None:
    waiting_films(house, range(1, 13))
    house.site.others = films_of(12)
    house.wikidata.next_answers.append(TIMEOUT)
    assert house.details.read_one(clock.now()) is not None
    clock.turn(3600)
    assert house.details.read_one(clock.now()) is None
    assert [len(query) for query in asked(house)] == [12, 11]
    clock.turn(QUIET_S)
    assert house.details.read_one(clock.now()) is not None


def test_two_threads_that_lack_ids_at_once_make_one_query(house: House) -> None:
    house.wish(*films_of(40))
    house.knows(*range(1, 41))
    with ThreadPoolExecutor(2) as pool:
        read = list(pool.map(house.details.of, [house.film(1), house.film(2)]))
    assert [film.movie.imdb_id for film in read] == [imdb(1), imdb(2)]
    assert (len(house.wikidata.requests), house.pages()) == (1, [])


def test_films_without_ids_are_found_by_the_index_of_films_without_details(store: Store) -> None:
    with store.write() as tx:
        statements: list[str] = []
        tx.set_trace_callback(statements.append)
        films.without_ids(tx, 10, 3)
        films.without_ids(tx, 10)
        tx.set_trace_callback(None)
        plans = [[row[3] for row in tx.execute(f"EXPLAIN QUERY PLAN {sql}")] for sql in statements]
    assert [plan[0] for plan in plans] == ["SCAN films USING INDEX films_plain"] * 2
