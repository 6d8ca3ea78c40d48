"""LetterboxdWatchlistMonitor against a site like Letterboxd, over real HTTP."""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from conftest import HandClock, movie

from movie_sync.demo.letterboxd_site import CHALLENGE, PRIVATE, LetterboxdSite, Markup
from movie_sync.demo.loopback import Answer, Request
from movie_sync.errors import (
    AuthFailed,
    BadReply,
    ConfigError,
    MovieSyncError,
    QueryRefused,
    RateLimited,
    Stopping,
    Unavailable,
)
from movie_sync.lib.http import HttpClient
from movie_sync.movie import Movie, WatchedFilm
from movie_sync.store import Store
from movie_sync.watchlists.monitor import MAX_PAGE_BYTES, LetterboxdWatchlistMonitor
from movie_sync.watchlists.watchlist import Known

AGENT = "MovieSync/0 (+https://example.org)"
USER = "some_user"
NOTHING = Known()
MARKUPS: tuple[Markup, ...] = ("2026", "2025", "before-2025")

Change = Callable[[list[Movie]], object]


def films(count: int, first: int = 1) -> list[Movie]:
    return [movie(number) for number in range(first, first + count)]


def known(wished: Sequence[Movie], *, proven: bool = True) -> Known:
    return Known(frozenset(name for film in wished for name in film.names), len(wished), proven)


def opened(
    site: LetterboxdSite, store: Store, clock: HandClock, *, delay_s: float = 0.0, username: str = USER
) -> LetterboxdWatchlistMonitor:
    http = HttpClient("letterboxd", AGENT, connect_s=2, read_s=2, total_s=4)
    return LetterboxdWatchlistMonitor(
        site.url + "/", username, http=http, store=store, clock=clock, delay_s=delay_s, short_url=site.url + "/"
    )


@pytest.fixture
def site() -> Iterator[LetterboxdSite]:
    served = LetterboxdSite(USER, films(70))
    yield served
    served.close()


@pytest.fixture
def monitor(site: LetterboxdSite, store: Store, clock: HandClock) -> Iterator[LetterboxdWatchlistMonitor]:
    made = opened(site, store, clock)
    yield made
    made.close()


class Pages:
    """An on_page that keeps what it got."""

    def __init__(self) -> None:
        self.pages: list[list[WatchedFilm]] = []

    def __call__(self, page: Sequence[WatchedFilm]) -> None:
        self.pages.append(list(page))

    @property
    def numbers(self) -> list[int | None]:
        return [film.movie.number for page in self.pages for film in page]


def paths(site: LetterboxdSite) -> list[str]:
    return [request.path.removeprefix(f"/{USER}/watchlist") for request in site.requests]


def changing(site: LetterboxdSite, *changes: Change | None) -> None:
    """Before the nth request is answered, the nth change is made to the list."""

    def bend(change: Change | None) -> Callable[[Request], None]:
        def make(_: Request) -> None:
            if change is not None:
                change(site.films)

        return make

    site.next_answers.extend(bend(change) for change in changes)


# --- reading the whole list


@pytest.mark.parametrize("markup", MARKUPS)
def test_a_list_of_any_markup_is_read_whole_and_proven(
    markup: Markup, site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    site.markup = markup
    got = Pages()
    reading = monitor.check(NOTHING, got)
    assert (reading.total, reading.read, reading.pages) == (70, 70, 4)
    assert (reading.complete, reading.short) == (True, False)
    found = [film.movie for page in got.pages for film in page]
    assert [(film.title, film.year, film.number, film.slug) for film in found] == [
        (film.title, film.year, film.number, film.slug) for film in site.films
    ]
    assert [film.position for page in got.pages for film in page] == list(range(70))


@pytest.mark.parametrize(
    ("count", "asked"),
    [
        (1, ["/"]),
        (28, ["/"]),
        (29, ["/", "/page/2/", "/"]),
        (56, ["/", "/page/2/", "/"]),
        (57, ["/", "/page/2/", "/page/3/", "/"]),
    ],
)
def test_as_many_pages_are_read_as_the_total_asks_for_and_the_first_again_at_the_end(
    count: int, asked: list[str], site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    site.films = films(count)
    reading = monitor.check(NOTHING, Pages())
    assert (reading.complete, reading.read, reading.pages) == (True, count, len(asked))
    assert paths(site) == asked


def test_a_page_s_films_are_handed_on_before_the_next_page_is_asked_for(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    asked: list[int] = []
    monitor.check(NOTHING, lambda _: asked.append(len(site.requests)))
    assert asked == [1, 2, 3]


def test_what_was_handed_on_stays_true_when_a_later_page_fails(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    site.next_answers += [lambda _: None, Answer(b"", 503)]
    got = Pages()
    with pytest.raises(Unavailable):
        monitor.check(NOTHING, got)
    assert got.numbers == list(range(1, 29))


def test_an_empty_list_that_says_so_is_complete(site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor) -> None:
    site.films = []
    got = Pages()
    reading = monitor.check(NOTHING, got)
    assert (reading.complete, reading.total, reading.read, reading.pages) == (True, 0, 0, 1)
    assert (got.pages, paths(site)) == ([], ["/"])


def test_a_list_emptied_by_its_owner_is_proven_empty(site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor) -> None:
    site.films = []
    reading = monitor.check(known(films(70)), Pages())
    assert (reading.complete, reading.short, reading.total) == (True, False, 0)


# --- the steady check


def test_a_steady_check_is_one_request_and_hands_nothing_on(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    got = Pages()
    reading = monitor.check(known(site.films), got)
    assert (reading.short, reading.complete, reading.pages) == (True, False, 1)
    assert (paths(site), got.pages) == (["/"], [])


def test_new_films_cost_one_page_as_long_as_the_total_agrees(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    before = known(site.films)
    site.films[:0] = films(3, 100)
    got = Pages()
    reading = monitor.check(before, got)
    assert got.numbers[:4] == [100, 101, 102, 1]
    assert (reading.short, paths(site), len(got.pages)) == (True, ["/", "/page/2/"], 1)


def test_before_a_proven_read_no_check_is_short(site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor) -> None:
    reading = monitor.check(known(site.films, proven=False), Pages())
    assert (reading.complete, reading.short, len(site.requests)) == (True, False, 4)


@pytest.mark.parametrize("there", [69, 71], ids=["one was taken off", "one more is hidden further back"])
def test_a_check_whose_totals_disagree_reads_on(
    there: int, site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    before = known(films(70))
    site.films = films(there)
    reading = monitor.check(before, Pages())
    assert (reading.short, reading.complete, reading.total) == (False, True, there)
    assert len(site.requests) == 4


def test_one_taken_off_and_one_added_is_not_taken_for_nothing_new(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    before = known(site.films)
    site.films = [movie(200), *site.films[:-1]]
    reading = monitor.check(before, Pages())
    assert (reading.short, reading.complete, reading.read) == (False, True, 70)


@pytest.mark.parametrize("name", ["letterboxd", "lid"])
def test_films_are_known_by_either_name(name: str, site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor) -> None:
    names = frozenset(each for film in site.films for each in film.names if each.startswith(f"{name}:"))
    assert monitor.check(Known(names, 70, True), Pages()).short


# --- a list that does not stand still


def take_off(number: int) -> Change:
    return lambda wished: wished.remove(next(film for film in wished if film.number == number))


def add_first(number: int) -> Change:
    return lambda wished: wished.insert(0, movie(number))


@pytest.mark.parametrize("changes", [(None, add_first(200)), (None, None, None, add_first(200))])
def test_a_list_that_grows_while_it_is_read_is_started_over_until_it_is_whole(
    changes: Sequence[Change | None], site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    changing(site, *changes)
    got = Pages()
    reading = monitor.check(NOTHING, got)
    assert (reading.complete, reading.read, reading.total) == (True, 71, 71)
    assert set(got.numbers) == {200, *range(1, 71)}
    assert reading.pages == len(site.requests)


@pytest.mark.parametrize("at", [1, 2, 3], ids=["before page 2", "before page 3", "before the last look"])
@pytest.mark.parametrize("number", [1, 5, 70], ids=["the first film", "one of page 1", "the last film"])
def test_a_list_that_shrinks_while_it_is_read_is_never_proven_with_a_film_left_out(
    at: int, number: int, site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    changing(site, *[None] * at, take_off(number))
    got = Pages()
    reading = monitor.check(NOTHING, got)
    assert set(got.numbers) >= {film.number for film in site.films}
    assert not reading.complete or reading.total == reading.read == 69
    assert paths(site)[-1] == "/"


def test_films_that_slide_over_a_page_s_end_are_each_counted_once(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    changing(site, None, add_first(200))
    got = Pages()
    monitor.check(NOTHING, got)
    assert [film.movie.number for film in got.pages[1]] == list(range(29, 56))


def test_a_film_moved_to_the_front_while_reading_is_no_proof(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    changing(site, None, None, None, lambda wished: wished.insert(0, wished.pop()))
    reading = monitor.check(NOTHING, Pages())
    assert (reading.complete, reading.pages, len(site.requests)) == (True, 8, 8)


def test_a_film_taken_off_is_not_made_up_for_by_one_that_came_while_reading(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    before = known(site.films)
    site.films = [movie(200), *site.films[:-1]]
    changing(site, None, None, None, add_first(201))
    reading = monitor.check(before, Pages())
    assert (reading.short, reading.complete, reading.read) == (False, True, 71)


def test_a_list_that_never_stands_still_is_left_to_the_next_check(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    changing(site, *[add_first(number) for number in range(200, 240)])
    reading = monitor.check(NOTHING, Pages())
    assert (reading.complete, reading.short) == (False, False)
    assert len(site.requests) <= 3 * 5
    assert reading.pages == len(site.requests)


def test_a_page_given_twice_in_place_of_the_next_proves_nothing(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    site.films = films(56)
    first = site._watchlist(USER, 1)
    site.next_answers += [first] * 30
    got = Pages()
    reading = monitor.check(NOTHING, got)
    assert (reading.complete, reading.read, reading.total) == (False, 28, 56)
    assert set(got.numbers) == set(range(1, 29))
    assert reading.pages == len(site.requests)


def declaring(site: LetterboxdSite, total: int) -> Callable[[Request], Answer]:
    """The ordinary answers, but for the number they declare."""

    def bend(request: Request) -> Answer:
        body = site.answer(request).body
        return Answer(body.replace(b'data-num-entries="%d"' % len(site.films), b'data-num-entries="%d"' % total))

    return bend


@pytest.mark.parametrize("total", [0, 1, 27, 28, 56, 69, 71, 1000])
def test_a_list_that_lies_about_its_total_is_never_proven(
    total: int, site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    site.next_answers += [declaring(site, total)] * 40
    got = Pages()
    reading = monitor.check(NOTHING, got)
    assert (reading.complete, reading.short) == (False, False)
    assert set(range(1, 29)) <= set(got.numbers)
    assert set(paths(site)) <= {"/", "/page/2/", "/page/3/"}


def test_a_page_beyond_the_end_is_never_asked_for(site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor) -> None:
    site.films = films(56)
    paging = b'<div class="paginate-nextprev"><a class="next" href="x">Older</a></div>'

    def always_next(request: Request) -> Answer:
        return Answer(site.answer(request).body.replace(b"</body>", paging + b"</body>"))

    site.next_answers += [always_next] * 40
    monitor.check(NOTHING, Pages())
    assert set(paths(site)) == {"/", "/page/2/"}


def test_the_site_of_the_tests_refuses_a_page_beyond_the_end(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    assert site._watchlist(USER, 4).status == 403
    with pytest.raises(Unavailable, match="answered 403 to page 4"):
        monitor._page(4)


# --- answers that are no page


LATER = Answer(b"", 429, headers={"Retry-After": "120"})


@pytest.mark.parametrize(
    ("answer", "error", "code", "retry_after_s"),
    [
        pytest.param(CHALLENGE, Unavailable, "challenge", 3600, id="challenge"),
        pytest.param(Answer(CHALLENGE.body), Unavailable, "challenge", 3600, id="challenge with 200"),
        pytest.param(
            Answer(b"", 403, headers={"cf-mitigated": "challenge", "Retry-After": "7200"}),
            Unavailable,
            "challenge",
            7200,
            id="challenge by its header",
        ),
        pytest.param(Answer(b"", 429), RateLimited, "rate_limited", None, id="429"),
        pytest.param(LATER, RateLimited, "rate_limited", 120, id="429 with Retry-After"),
        pytest.param(
            Answer(b"", 429, headers={"Retry-After": "whenever"}), RateLimited, "rate_limited", None, id="429 garbage"
        ),
        pytest.param(Answer(b"error code: 1015", 403), RateLimited, "rate_limited", None, id="1015"),
        pytest.param(Answer(b"", 500), Unavailable, "unavailable", None, id="500"),
        pytest.param(
            Answer(b"", 503, headers={"Retry-After": "60"}), Unavailable, "unavailable", 60, id="503 with Retry-After"
        ),
        pytest.param(Answer(b"", 520), Unavailable, "unavailable", None, id="520"),
        pytest.param(Answer(b"Forbidden", 403), Unavailable, "unavailable", None, id="403"),
        pytest.param(Answer(b"", 410), Unavailable, "unavailable", None, id="410"),
        pytest.param(Answer(b"", 204), Unavailable, "unavailable", None, id="204"),
        pytest.param(PRIVATE, AuthFailed, "private", None, id="private"),
        pytest.param(Answer(b"", 404), ConfigError, "config", None, id="unknown user"),
        pytest.param(Answer(b"", 400), QueryRefused, "query_refused", None, id="400"),
        pytest.param(Answer(b""), BadReply, "bad_reply", None, id="nothing with 200"),
        pytest.param(Answer(b"<title>Sign in</title>"), BadReply, "bad_reply", None, id="another page"),
        pytest.param(Answer(b"x" * (MAX_PAGE_BYTES + 1)), BadReply, "bad_reply", None, id="far too long"),
        pytest.param(
            Answer(b"", 302, headers={"Location": "https://example.org/"}), BadReply, "bad_reply", None, id="elsewhere"
        ),
    ],
)
def test_an_answer_that_is_no_page_is_its_own_error_and_never_an_empty_list(
    answer: Answer,
    error: type[MovieSyncError],
    code: str,
    retry_after_s: float | None,
    site: LetterboxdSite,
    monitor: LetterboxdWatchlistMonitor,
) -> None:
    got = Pages()
    for before in (NOTHING, known(site.films)):
        site.requests.clear()
        site.next_answers.append(answer)
        with pytest.raises(error) as caught:
            monitor.check(before, got)
        assert (type(caught.value), caught.value.code) == (error, code)
        assert getattr(caught.value, "retry_after_s", None) == retry_after_s
        assert (len(site.requests), got.pages) == (1, [])


def test_retry_after_as_a_date_is_counted_from_now(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor, clock: HandClock
) -> None:
    date = format_datetime(datetime.fromtimestamp(clock.wall + 90, UTC), usegmt=True)
    site.next_answers.append(Answer(b"", 429, headers={"Retry-After": date}))
    with pytest.raises(RateLimited) as caught:
        monitor.check(NOTHING, Pages())
    assert caught.value.retry_after_s == 90


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/object/watchlist", b"/object/wishes"),
        (b"person = {", b"somebody = {"),
        (b"data-num-entries", b"data-entries"),
        (b'"griditem"', b'"tile"'),
        (b"data-item-slug", b"data-slug"),
        (b"data-postered-identifier", b"data-identifier"),
    ],
)
def test_a_changed_markup_is_said_with_a_sample_and_never_an_empty_list(
    old: bytes, new: bytes, site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    def bend(request: Request) -> Answer:
        body = site.answer(request).body.replace(old, new).replace(b"js-watchlist-count", b"count")
        return Answer(body + b" " * 100_000)

    site.next_answers.append(bend)
    got = Pages()
    with pytest.raises(BadReply, match="page could not be read") as caught:
        monitor.check(NOTHING, got)
    assert got.pages == []
    assert 0 < len(caught.value.sample) <= 65536
    assert "newer version" in caught.value.hint


def test_an_unknown_user_is_a_setting_to_change(site: LetterboxdSite, store: Store, clock: HandClock) -> None:
    stranger = opened(site, store, clock, username="nobody")
    with pytest.raises(ConfigError, match="no user 'nobody'") as caught:
        stranger.check(NOTHING, Pages())
    stranger.close()
    assert caught.value.key == "username"


def test_a_further_page_that_is_not_there_says_nothing_about_the_user(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    site.next_answers += [lambda _: None, Answer(b"", 404)]
    with pytest.raises(Unavailable, match="answered 404 to page 2"):
        monitor.check(NOTHING, Pages())


@pytest.mark.parametrize("answer", [CHALLENGE, PRIVATE, Answer(b"")])
def test_every_dead_end_names_the_csv_export(
    answer: Answer, site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    site.next_answers.append(answer)
    with pytest.raises(MovieSyncError, match="CSV export"):
        monitor.check(NOTHING, Pages())


def test_a_site_that_is_gone_is_unavailable(store: Store, clock: HandClock) -> None:
    site = LetterboxdSite(USER, films(1))
    site.close()
    monitor = opened(site, store, clock)
    with pytest.raises(Unavailable, match="cannot be reached"):
        monitor.check(NOTHING, Pages())
    monitor.close()


# --- manners


def test_requests_keep_their_distance(site: LetterboxdSite, store: Store, clock: HandClock) -> None:
    monitor = opened(site, store, clock, delay_s=2.5)
    began = clock.up
    monitor.check(NOTHING, Pages())
    monitor.close()
    assert len(site.requests) == 4
    assert clock.up - began == pytest.approx(3 * 2.5)


def test_the_distance_holds_across_a_restart(site: LetterboxdSite, store: Store, clock: HandClock, home: Path) -> None:
    first = opened(site, store, clock, delay_s=2.5)
    first.check(known(site.films), Pages())
    first.close()
    clock.turn(1.0)
    again = Store(home / "movie_sync.db")
    second = opened(site, again, clock, delay_s=2.5)
    second.check(known(site.films), Pages())
    second.close()
    again.close()
    assert clock.waits == pytest.approx([1.5])


def test_the_wall_clock_may_jump_without_touching_the_distance(
    site: LetterboxdSite, store: Store, clock: HandClock
) -> None:
    monitor = opened(site, store, clock, delay_s=2.0)
    for jump in (-1e6, 1e6):
        monitor.check(known(site.films), Pages())
        clock.wall += jump
    monitor.check(known(site.films), Pages())
    monitor.close()
    assert clock.waits == pytest.approx([2.0, 2.0])


def test_a_redirect_waits_its_turn_too(site: LetterboxdSite, store: Store, clock: HandClock) -> None:
    site.redirects["old"] = "film-1"
    monitor = opened(site, store, clock, delay_s=2.0)
    monitor.facts(movie(1, slug="old"))
    monitor.close()
    assert clock.waits == pytest.approx([2.0])


def test_a_stop_is_heard_between_two_pages(site: LetterboxdSite, store: Store, clock: HandClock) -> None:
    monitor = opened(site, store, clock, delay_s=2.0)

    def stop(_: Sequence[WatchedFilm]) -> None:
        clock.stopping = True

    with pytest.raises(Stopping):
        monitor.check(NOTHING, stop)
    monitor.close()
    assert len(site.requests) == 1


def test_the_program_gives_its_own_name_and_nothing_else_about_anybody(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    monitor.check(NOTHING, Pages())
    for request in site.requests:
        assert request.headers["user-agent"] == AGENT
        assert not {"cookie", "authorization", "referer"} & set(request.headers)


def test_two_threads_take_turns_on_one_connection(store: Store, clock: HandClock) -> None:
    asked: list[str] = []
    at_once: list[int] = []
    busy = threading.Semaphore(2)

    class Watching(LetterboxdSite):
        def answer(self, request: Request) -> Answer:
            asked.append(threading.current_thread().name)  # one thread serves one connection
            with busy:
                at_once.append(busy.acquire(timeout=0.02))
                if at_once[-1]:
                    busy.release()
            return super().answer(request)

    site = Watching(USER, films(70))
    monitor = opened(site, store, clock)
    threads = [
        threading.Thread(target=monitor.check, args=(NOTHING, Pages())),
        threading.Thread(target=lambda: [monitor.facts(film) for film in site.films[:6]]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    monitor.close()
    site.close()
    assert (len(asked), len(set(asked))) == (10, 1)
    assert all(at_once)


# --- film pages


def test_a_film_page_gives_its_facts(site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor) -> None:
    film = movie(
        300,
        "Heat",
        1995,
        imdb_id="tt0113277",
        tmdb_id="movie/949",
        directors=("Michael Mann",),
        alt_titles=("Heat, la ville", "Jeu"),
        runtime_min=170,
    )
    site.others.append(film)
    facts = monitor.facts(film)
    assert facts is not None
    assert (facts.slug, facts.number, facts.lid, facts.title, facts.year) == ("film-300", 300, "L12c", "Heat", 1995)
    assert (facts.imdb_id, facts.tmdb_id, facts.kind) == ("tt0113277", "movie/949", "film")
    assert (facts.directors, facts.runtime_min) == (("Michael Mann",), 170)
    assert "Jeu" in facts.alt_titles


def test_a_series_is_told_by_its_page(site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor) -> None:
    site.others.append(movie(300, tmdb_id="tv/1399"))
    facts = monitor.facts(movie(300))
    assert facts is not None
    assert facts.kind == "series"


def test_a_redirected_slug_is_learnt(site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor) -> None:
    site.redirects["older-name"] = "film-3"
    facts = monitor.facts(movie(3, slug="older-name"))
    assert facts is not None
    assert (facts.slug, facts.number) == ("film-3", 3)
    assert [request.path for request in site.requests] == ["/film/older-name/", "/film/film-3/"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_film_without_a_page_has_no_facts(
    status: int, site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    site.next_answers.append(Answer(b"", status))
    assert monitor.facts(movie(999)) is None


def test_a_film_with_neither_slug_nor_lid_is_not_asked_for(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    assert monitor.facts(movie(1, slug=None, lid=None)) is None
    assert monitor.facts(Movie("tt0113277", imdb_id="tt0113277")) is None
    assert site.requests == []


def test_a_film_without_a_slug_is_followed_through_its_short_link(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    facts = monitor.facts(Movie("lid:L3", lid="L3"))
    assert facts is not None
    assert (facts.slug, facts.number, facts.lid, facts.title, facts.year) == ("film-3", 3, "L3", "Film 3", 2000)
    assert [request.path for request in site.requests] == ["/L3", "/film/film-3/"]


def test_a_slug_is_enough_and_no_short_link_is_asked(site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor) -> None:
    assert monitor.facts(movie(3)) is not None
    assert [request.path for request in site.requests] == ["/film/film-3/"]


def to(location: str, status: int = 302) -> Answer:
    return Answer(b"", status, headers={"Location": location})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["https://letterboxd.com/film/film-3/", "/film/film-3", "//letterboxd.com/film/film-3/"]
)
def test_any_redirect_to_a_film_page_is_followed_on_the_sites_own_address(
    location: str, status: int, site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    site.next_answers.append(to(location, status))
    facts = monitor.facts(Movie("lid:zz", lid="zz"))
    assert facts is not None
    assert facts.number == 3
    assert [request.path for request in site.requests] == ["/zz", "/film/film-3/"]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"Not found", 404),
        Answer(b"", 410),
        Answer(b"<title>Some page</title>"),
        Answer(b"", 302),
        to("https://letterboxd.com/some_user/list/mine/"),
        to("https://letterboxd.com/film/film-3/reviews/"),
        to(""),
    ],
    ids=["404", "410", "200", "302 to nowhere", "a list", "reviews", "empty"],
)
def test_a_short_link_that_leads_to_no_film_gives_no_facts(
    answer: Answer, site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    site.next_answers.append(answer)
    assert monitor.facts(Movie("lid:L3", lid="L3")) is None
    assert len(site.requests) == 1


def test_both_requests_of_a_short_link_are_as_far_apart_as_any(
    site: LetterboxdSite, store: Store, clock: HandClock
) -> None:
    patient = opened(site, store, clock, delay_s=2.0)
    patient.facts(Movie("lid:L3", lid="L3"))
    patient.close()
    assert clock.waits == [pytest.approx(2.0)]


def test_a_lid_of_odd_letters_stays_one_part_of_the_path(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    assert monitor.facts(Movie("x", lid="../a?b#c d")) is None
    assert [request.raw_query for request in site.requests] == [""]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (CHALLENGE, Unavailable),
        (LATER, RateLimited),
        (Answer(b"", 502), Unavailable),
        (Answer(b"Forbidden", 403), Unavailable),
        (Answer(b"", 400), QueryRefused),
        (Answer(b"<title>Sign in</title>"), BadReply),
    ],
)
def test_a_film_page_that_cannot_be_had_is_never_a_film_without_facts(
    answer: Answer, error: type[MovieSyncError], site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    site.next_answers.append(answer)
    with pytest.raises(error):
        monitor.facts(movie(1))


def test_the_monitor_is_named_after_its_list(monitor: LetterboxdWatchlistMonitor) -> None:
    assert (monitor.name, monitor.provider) == (f"letterboxd:{USER}", "letterboxd")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (CHALLENGE, Unavailable),
        (LATER, RateLimited),
        (Answer(b"", 502), Unavailable),
        (Answer(b"", 400), QueryRefused),
    ],
)
def test_a_short_link_that_is_not_answered_is_never_a_film_that_is_not_there(
    answer: Answer, error: type[MovieSyncError], site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    site.next_answers.append(answer)
    with pytest.raises(error):
        monitor.facts(Movie("lid:L3", lid="L3"))


def test_a_short_link_that_leads_to_no_address_gives_no_facts(
    site: LetterboxdSite, monitor: LetterboxdWatchlistMonitor
) -> None:
    site.next_answers.append(to("http://["))
    assert monitor.facts(Movie("lid:L3", lid="L3")) is None
