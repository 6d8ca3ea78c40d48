"""``list``, ``add``, ``retry`` and ``remove``: how a film is named, and what each does to it in every state."""

import json
import sys
import time
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from command_line import Answered, Run, as_before, runner
from conftest import HandClock, movie
from test_workers import House, ScriptedClient

from movie_sync.demo.filelist_api import FileListApi
from movie_sync.demo.letterboxd_site import CHALLENGE, LetterboxdSite
from movie_sync.demo.loopback import Answer
from movie_sync.movie import Movie, Queue, Release, Status, Torrent, WatchedFilm
from movie_sync.queues.entries import entry_of
from movie_sync.queues.json_files import QueueFiles
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store, films, history, providers, requests, wishes
from movie_sync.store.films import FilmRecord
from movie_sync.store.providers import BACKING_OFF, NEEDS_USER, ProviderState
from movie_sync.verbs.films import completing

DAY = 86400.0
AMELIE = movie(46682, "Amélie", 2001, lid="1Xrm", slug="amelie", imdb_id="tt0211915")
NINETEEN = movie(51001, "1917", 2019, lid="k3Xr", slug="1917", imdb_id="tt8579674")
OLD = movie(31, "Nosferatu", 1922, lid="2a9q", slug="nosferatu")
NEW = movie(32, "Nosferatu", 2024, lid="sTlQ", slug="nosferatu-2024")
HEAT = movie(2, "Heat", 1995, slug="heat-1995", imdb_id="tt0113277", directors=("Michael Mann",), runtime_min=170)


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    yield from as_before()


@pytest.fixture
def clock() -> HandClock:
    return HandClock(wall=time.time())


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(home, monkeypatch, capsys)


@pytest.fixture
def site(home: Path) -> Iterator[LetterboxdSite]:
    """A site with film pages, which the home's settings name."""
    served = LetterboxdSite("me", [])
    served.others += [AMELIE, NINETEEN, HEAT]
    settings = {"username": "me", "letterboxd_url": served.url, "letterboxd_delay": 0}
    (home / "config.json").write_text(json.dumps(settings))
    yield served
    served.close()


@pytest.fixture
def house(home: Path, store: Store, clock: HandClock, site: LetterboxdSite) -> Iterator[House]:
    """The service's rooms around the same home."""
    api = FileListApi("user", "secret-passkey")
    built = House(home, store, clock, site, api, ScriptedClient())
    yield built
    built.watchlist.close()
    built.tracker.close()
    api.close()


def wish(queue: QueueManager, *movies: Movie) -> None:
    queue.wish([WatchedFilm(one, place) for place, one in enumerate(movies)], "list")


def record(store: Store, wanted: Movie) -> FilmRecord:
    with store.read() as tx:
        found = films.get(tx, films.of_names(tx, (*wanted.names, wanted.key))[0])
    assert found is not None
    return found


def events(store: Store, wanted: Movie) -> list[str]:
    film_id = record(store, wanted).film_id
    with store.read() as tx:
        return [event.event for event in history.of_film(tx, film_id)]


def count(store: Store) -> int:
    with store.read() as tx:
        return sum(len(films.in_queue(tx, queue)) for queue in Queue)


# What a film in a state carries, beside that.
CARRIED: Mapping[Status, Mapping[str, Any]] = {
    Status.PUT_OFF: {"not_before": 4e9, "reason": "FileList is down.", "put_off_by": "filelist"},
    Status.CLAIMED: {"claimed_at": 1.0},
    Status.HANDING_OVER: {"release_name": "x", "info_hash": "a" * 40},
    Status.RETRYING: {"retry_count": 3, "retry_after": 4e9, "last_error": "No.", "reason_code": "bad_torrent"},
    Status.NOT_FOUND: {"retry_after": 4e9, "last_error": "Not there.", "reason_code": "not_on_tracker", "searches": 2},
    Status.PERMANENT: {"retry_count": 5, "last_error": "No.", "reason_code": "bad_torrent"},
    Status.SERIES: {"last_error": "A series.", "reason_code": "series"},
    Status.EXCLUDED: {"last_error": "removed by command", "reason_code": "excluded", "failed_at": 1.0},
    Status.DOWNLOADING: {"release_name": "x", "info_hash": "a" * 40, "progress": 0.5, "completed_at": 1.0},
    Status.UNWISHED: {"left_at": 1.0},
}
STATES = {queue: [status for status in Status if status in states] for queue, states in (
    (Queue.PENDING, "due put_off claimed handing_over"),
    (Queue.FAILED, "not_found retrying permanent series excluded"),
    (Queue.COMPLETED, "owned saved downloading stalled downloaded gone"),
)}  # fmt: skip


def standing(store: Store, status: Status, number: int = 7, **columns: Any) -> Movie:
    """A film in a state."""
    wanted = movie(number)
    with store.write() as tx:
        film_id = films.insert(tx, wanted, Status.DUE, queued_at=1.0, wish_order=float(number))
        films.change(tx, film_id, status, **{**CARRIED.get(status, {}), **columns})
    return wanted


def shown(home: Path, queue: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((home / f"queue_{queue}.json").read_bytes())
    return found


def in_step(home: Path, store: Store, clock: HandClock) -> None:
    """The queue files say what the database says, and nothing is left to be written or taken in."""
    for name in ("pending", "failed", "completed"):
        with store.read() as tx:
            assert shown(home, name) == json.loads(
                json.dumps([entry_of(one) for one in films.in_queue(tx, Queue(name))])
            )
    before = [(path.name, path.stat().st_mtime_ns) for path in sorted(home.glob("queue_*.json"))]
    assert QueueFiles(home, store, clock).sync() == []
    assert before == [(path.name, path.stat().st_mtime_ns) for path in sorted(home.glob("queue_*.json"))]


# -- which film is meant

NAMES_OF_AMELIE = [
    "46682",
    " 46682 ",
    "046682",
    "lid:1Xrm",
    "amelie",
    "https://letterboxd.com/film/amelie/",
    "https://letterboxd.com/film/amelie",
    "http://www.letterboxd.com/film/amelie/?utm=x#top",
    "letterboxd.com/film/amelie/",
    "https://letterboxd.com/film/amelie/reviews/by/activity/",
    "https://letterboxd.com/ion_1/film/amelie/",
    "letterboxd.com/Ion/film/amelie/1/",
    "https://boxd.it/1Xrm",
    "boxd.it/1Xrm/",
    "https://www.imdb.com/title/tt0211915/",
    "https://m.imdb.com/title/tt0211915/?ref_=nv_sr_1",
    "imdb.com/title/tt211915",
    "tt0211915",
    "tt00211915",
    "Amélie (2001)",
    "amelie (2001)",
    "  AMÉLIE   (2001) ",
    "Amélie",
    "AMELIE",
    unicodedata.normalize("NFD", "amélie"),
]


@pytest.mark.parametrize("text", NAMES_OF_AMELIE)
def test_a_film_can_be_named_in_every_way_people_know_it(text: str, run: Run, queue: QueueManager) -> None:
    wish(queue, AMELIE, NINETEEN, OLD, NEW)
    for command, expected in ((("retry",), "under_way"), (("add",), "pending"), (("remove",), None)):
        answered = run(*command, text, "--json")
        assert (answered.code, answered.err) == (0, "")
        assert answered.json["film"]["id"] == "46682"
        assert answered.json.get("outcome") == expected


@pytest.mark.parametrize(
    "text",
    [
        "amelie-2001",
        "https://boxd.it/1xrm",
        "lid:1XRM",
        "tt0211916",
        "Amélie (2002)",
        "1",
        "letterboxd.com/film/amelie2/",
    ],
)
def test_a_name_that_only_looks_alike_is_another_film(text: str, run: Run, queue: QueueManager) -> None:
    wish(queue, AMELIE, NINETEEN)
    run("remove", text, "--json").failed(5, "no_such_film")
    assert {film.status for film in queue.films_in(Queue.PENDING)} == {Status.DUE}


@pytest.mark.parametrize(
    "text", ["https://letterboxd.com/me/watchlist/", "https://example.com/x", "-5", "(1999)", "tt12"]
)
def test_what_names_no_film_is_none(text: str, run: Run, queue: QueueManager) -> None:
    wish(queue, AMELIE)
    run("retry", "--json", "--", text).failed(5, "no_such_film")


@pytest.mark.parametrize("text", ["", " ", "Heat", "tt12", "(1995)", "99999999999999999999999", "Heat 1995"])
def test_what_does_not_say_which_film_cannot_be_added(text: str, run: Run, queue: QueueManager, store: Store) -> None:
    error = run("add", "--json", "--", text).failed(2, "unclear_name")
    assert f'"{text}"' in error["message"]
    assert "tt id" in error["hint"]
    assert count(store) == 0


@pytest.mark.parametrize("command", ["add", "retry", "remove"])
def test_more_digits_than_python_reads_are_no_film(command: str, run: Run, queue: QueueManager) -> None:
    answered = run(command, "--json", "--", "9" * 5000)
    assert answered.json["code"] in {"unclear_name", "no_such_film"}


def test_a_number_that_is_also_a_title_is_the_film_it_can_only_be(run: Run, queue: QueueManager) -> None:
    wish(queue, NINETEEN, AMELIE)
    assert run("retry", "1917", "--json").json["film"]["id"] == "51001"
    assert run("add", "1917", "--json").json["film"]["id"] == "51001"
    wish(queue, movie(1918, "Another"))
    assert run("retry", "1918", "--json").json["film"]["title"] == "Another"


@pytest.mark.parametrize("command", ["add", "retry", "remove"])
def test_a_number_that_can_be_two_films_is_asked_back(
    command: str, run: Run, queue: QueueManager, store: Store
) -> None:
    wish(queue, NINETEEN, movie(1917, "Another"))
    error = run(command, "1917", "--json").failed(2, "several_films")
    assert "\n  1917  Another (2000)" in error["message"]
    assert "\n  51001  1917 (2019)" in error["message"]
    assert "number" in error["hint"]
    for text, key in (("51001", "51001"), ("1917 (2019)", "51001"), ("film-1917", "1917"), ("lid:L77d", "1917")):
        assert run(command, text, "--json").json["film"]["id"] == key


@pytest.mark.parametrize("command", ["add", "retry", "remove"])
def test_several_films_of_a_title_are_listed_and_nothing_is_done(
    command: str, run: Run, queue: QueueManager, store: Store
) -> None:
    wish(queue, OLD, NEW)
    answered = run(command, "nosferatu")
    assert (answered.code, answered.out) == (2, "")
    assert [line.strip() for line in answered.err.splitlines()] == [
        '"nosferatu" can be one of 2 films:',
        "31  Nosferatu (1922)",
        "32  Nosferatu (2024)",
        "Give the number in front of one.",
    ]
    assert [film.status for film in queue.films_in(Queue.PENDING)] == [Status.DUE, Status.DUE]
    assert run(command, "Nosferatu (2024)", "--json").json["film"]["id"] == "32"
    assert run(command, "nosferatu-2024", "--json").json["film"]["id"] == "32"


def test_two_films_of_one_title_and_year_are_told_apart_by_their_numbers(run: Run, queue: QueueManager) -> None:
    wish(queue, movie(1, "Aladdin", 1992), movie(2, "ALADDIN", 1992))
    error = run("remove", "Aladdin (1992)", "--json").failed(2, "several_films")
    assert "1  Aladdin (1992)" in error["message"]
    assert run("remove", "2", "--json").json["film"]["title"] == "ALADDIN"


@pytest.mark.parametrize("command", ["retry", "remove"])
@pytest.mark.parametrize("text", ["Nosfaratu (1922)", "nosferatu (1923)", "Nosferatuu"])
def test_a_film_that_is_not_there_is_answered_with_similar_titles(
    text: str, command: str, run: Run, queue: QueueManager
) -> None:
    wish(queue, OLD, AMELIE)
    error = run(command, text, "--json").failed(5, "no_such_film")
    assert error["message"] == f'There is no film "{text}".'
    assert error["hint"] == "Did you mean Nosferatu (1922)?"
    assert f"{error['message']} {error['hint']}\n" == run(command, text).err


def test_a_title_like_none_is_answered_with_where_to_look(run: Run, queue: QueueManager) -> None:
    wish(queue, OLD)
    assert run("remove", "Zardoz", "--json").failed(5, "no_such_film")["hint"] == "movie-sync list shows every film."


def test_a_film_nobody_wishes_for_any_more_is_known_by_its_ids_alone(run: Run, store: Store) -> None:
    standing(store, Status.UNWISHED)
    run("retry", "Film 7", "--json").failed(5, "no_such_film")
    assert run("retry", "film-7", "--json").json["outcome"] == "queued"


def test_a_shell_completes_titles(run: Run, queue: QueueManager, store: Store) -> None:
    wish(queue, OLD, NEW, AMELIE, Movie("Undated", lid="zz"))
    assert completing(store, "nos") == ["Nosferatu (1922)", "Nosferatu (2024)"]
    assert completing(store, "AMÉ") == ["Amélie (2001)"]
    assert completing(store, "u") == ["Undated"]
    assert len(completing(store, "")) == 4


# -- add


def test_a_film_added_by_its_address_is_queued_with_what_its_page_says(
    run: Run, site: LetterboxdSite, store: Store, home: Path, clock: HandClock
) -> None:
    answered = run("add", "https://letterboxd.com/film/heat-1995/", "--json")
    assert (answered.code, answered.err) == (0, "")
    assert (answered.json["ok"], answered.json["outcome"]) == (True, "queued")
    (entry,) = shown(home, "pending")
    assert answered.json["film"] == entry
    told = {key: entry[key] for key in ("id", "title", "year", "slug", "director", "imdb_id", "lid", "status")}
    assert told == {
        "id": "2", "title": "Heat", "year": 1995, "slug": "heat-1995", "director": "Michael Mann",
        "imdb_id": "tt0113277", "lid": "L2", "status": "due",
    }  # fmt: skip
    assert [request.path for request in site.requests] == ["/film/heat-1995/"]
    assert events(store, HEAT) == ["wished"]
    in_step(home, store, clock)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("letterboxd.com/someone/film/heat-1995/", ["/film/heat-1995/"]),
        ("https://boxd.it/L2", ["/L2", "/film/heat-1995/"]),
        ("boxd.it/L2", ["/L2", "/film/heat-1995/"]),
        ("https://letterboxd.com/film/heat-the-old-name/", ["/film/heat-the-old-name/", "/film/heat-1995/"]),
    ],
)
def test_every_address_leads_to_the_film(
    text: str, asked: list[str], run: Run, site: LetterboxdSite, store: Store
) -> None:
    site.redirects["heat-the-old-name"] = "heat-1995"
    answered = run("add", text)
    assert answered == (0, "Heat (1995) is queued.\n", "")
    assert [request.path for request in site.requests] == asked
    assert record(store, HEAT).movie.slug == "heat-1995"


@pytest.mark.parametrize(
    ("text", "title", "key"),
    [
        ("tt0113277", "tt0113277", "tt0113277"),
        ("https://www.imdb.com/title/tt0113277/reviews", "tt0113277", "tt0113277"),
        ("Heat (1995)", "Heat", "title:Heat (1995)"),
        ("Dune: Part One (2021)", "Dune: Part One", "title:Dune: Part One (2021)"),
        ("(500) Days of Summer (2009)", "(500) Days of Summer", "title:(500) Days of Summer (2009)"),
        ("Țara moartă (2017)", "Țara moartă", "title:Țara moartă (2017)"),
    ],
)
def test_a_tt_id_or_title_and_year_are_enough_without_any_request(
    text: str, title: str, key: str, run: Run, site: LetterboxdSite, home: Path
) -> None:
    assert run("add", text, "--json").json["outcome"] == "queued"
    assert site.requests == []
    (entry,) = shown(home, "pending")
    assert (entry["title"], entry["id"], entry["status"]) == (title, key, "due")
    assert run("add", text, "--json").json["outcome"] == "pending"
    assert len(shown(home, "pending")) == 1


def test_a_film_added_by_title_needs_no_settings_that_can_be_read(run: Run, home: Path, store: Store) -> None:
    (home / "config.json").write_text("{")
    assert run("add", "Heat (1995)").code == 0
    run("add", "https://letterboxd.com/film/heat-1995/", "--json").failed(3, "config")
    assert count(store) == 1


def test_an_address_is_read_without_a_user_name(run: Run, site: LetterboxdSite, home: Path) -> None:
    (home / "config.json").write_text(json.dumps({"letterboxd_url": site.url, "letterboxd_delay": 0}))
    assert run("add", "letterboxd.com/film/heat-1995").out == "Heat (1995) is queued.\n"


@pytest.mark.parametrize("text", ["https://letterboxd.com/film/none/", "https://boxd.it/none"])
def test_an_address_that_leads_to_no_film_adds_none(
    text: str, run: Run, site: LetterboxdSite, store: Store, home: Path
) -> None:
    assert text in run("add", text, "--json").failed(5, "no_such_film")["message"]
    assert count(store) == 0
    assert shown(home, "pending") == []


@pytest.mark.parametrize("answer", [Answer(b"down", 503), CHALLENGE, Answer(b"x", 429), Answer(b"<html>Hm.</html>")])
def test_a_film_whose_page_cannot_be_read_now_is_queued_and_learnt_later(
    answer: Answer, run: Run, house: House, store: Store, home: Path
) -> None:
    house.site.next_answers.append(answer)
    answered = run("add", "https://letterboxd.com/film/heat-1995/", "--json")
    assert (answered.code, answered.json["outcome"]) == (0, "queued")
    assert "Its page is read later." in answered.err
    assert shown(home, "pending")[0]["title"] == "heat-1995"
    house.work()
    film = record(store, HEAT)
    assert (str(film.movie), film.movie.imdb_id, film.status) == ("Heat (1995)", "tt0113277", Status.NOT_FOUND)
    assert house.api.calls()[0].query["query"] == "tt0113277"
    assert count(store) == 1


def test_a_film_with_a_makeshift_title_is_recognised_when_the_list_shows_it(
    run: Run, house: House, store: Store
) -> None:
    house.site.next_answers.append(Answer(b"down", 503))
    run("add", "https://letterboxd.com/film/heat-1995/")
    house.wish(HEAT)
    film = record(store, HEAT)
    assert (count(store), film.movie.title, film.movie.year, film.movie.number) == (1, "Heat", 1995, 2)


@pytest.mark.parametrize("text", ["https://boxd.it/L2", "boxd.it/zzzz"])
def test_a_short_link_that_cannot_be_followed_now_is_for_later(text: str, run: Run, home: Path, store: Store) -> None:
    (home / "config.json").write_text('{"letterboxd_url": "http://127.0.0.1:9", "letterboxd_delay": 0}')
    run("add", text, "--json").failed(4, "unreachable")
    assert count(store) == 0


def test_a_known_film_is_added_without_any_request(run: Run, site: LetterboxdSite, queue: QueueManager) -> None:
    wish(queue, HEAT)
    for text in ("https://letterboxd.com/film/heat-1995/", "https://boxd.it/L2"):
        assert run("add", text) == (0, "Heat (1995) is queued already.\n", "")
    assert site.requests == []


@pytest.mark.parametrize("status", [*STATES[Queue.FAILED], Status.UNWISHED])
def test_an_added_film_that_failed_or_was_excluded_or_left_starts_over(
    status: Status, run: Run, store: Store, home: Path, clock: HandClock
) -> None:
    wanted = standing(store, status)
    answered = run("add", "7", "--json")
    assert (answered.code, answered.json["outcome"], answered.json["film"]["status"]) == (0, "queued", "due")
    assert starts_over(record(store, wanted))
    assert len(events(store, wanted)) == 1
    in_step(home, store, clock)


def starts_over(film: FilmRecord) -> bool:
    kept = (film.retry_after, film.last_error, film.reason_code, film.failed_at, film.left_at, film.not_before)
    rest = (film.searches, film.retry_count, film.completed_at, film.release_name, film.info_hash, film.progress)
    return film.status is Status.DUE and set(kept) == {None} and rest == (0, 0, None, None, None, None)


@pytest.mark.parametrize("status", [*STATES[Queue.PENDING], *STATES[Queue.COMPLETED]])
def test_an_added_film_that_is_queued_or_there_stays_as_it_is(status: Status, run: Run, store: Store) -> None:
    wanted = standing(store, status)
    before = record(store, wanted)
    answered = run("add", "7", "--json")
    assert (answered.code, answered.json["outcome"]) == (0, str(before.queue))
    assert record(store, wanted) == before
    said = run("add", "7").out
    assert ("retry --anew" in said) is (before.queue is Queue.COMPLETED)


def test_a_film_asked_for_by_hand_stays_though_no_list_has_it(run: Run, house: House, store: Store) -> None:
    house.wish(AMELIE)
    run("add", "letterboxd.com/film/heat-1995")
    for _ in range(3):
        house.monitor.check_all()
    assert house.status(HEAT) is Status.DUE


def test_films_seen_before_are_queued_all_at_once_and_removed_ones_are_not(
    run: Run, store: Store, home: Path, clock: HandClock
) -> None:
    seen = [standing(store, Status.EXCLUDED, number, reason_code="seen_before") for number in (1, 2, 3)]
    removed = standing(store, Status.EXCLUDED, 4)
    failed = standing(store, Status.PERMANENT, 5)
    assert run("add", "--seen", "--json") == (0, '{"ok": true, "queued": 3}\n', "")
    assert all(starts_over(record(store, one)) for one in seen)
    assert [record(store, one).status for one in (removed, failed)] == [Status.EXCLUDED, Status.PERMANENT]
    assert run("add", "--seen").out == "0 films seen before are queued.\n"
    in_step(home, store, clock)


@pytest.mark.parametrize("arguments", [(), ("Heat (1995)", "--seen"), ("a", "b")])
def test_one_film_or_all_seen_before_can_be_added(arguments: tuple[str, ...], run: Run, home: Path) -> None:
    run("add", *arguments, "--json").failed(2, "usage")
    assert list(home.iterdir()) == []


# -- retry


@pytest.mark.parametrize("status", [*STATES[Queue.FAILED], Status.UNWISHED])
def test_a_film_that_failed_starts_over_when_it_is_tried_again(
    status: Status, run: Run, store: Store, home: Path, clock: HandClock
) -> None:
    wanted = standing(store, status)
    answered = run("retry", "film-7", "--json")
    assert (answered.code, answered.json["outcome"], answered.json["film"]["status"]) == (0, "queued", "due")
    assert starts_over(record(store, wanted))
    assert not record(store, wanted).fetch_anew
    in_step(home, store, clock)


def test_a_film_that_was_put_off_is_tried_now(run: Run, store: Store) -> None:
    wanted = standing(store, Status.PUT_OFF, searches=2)
    assert run("retry", "7") == (0, "Film 7 (2000) is tried now.\n", "")
    film = record(store, wanted)
    assert (film.status, film.not_before, film.reason, film.searches) == (Status.DUE, None, None, 2)


def test_a_begun_hand_over_that_waits_is_finished_now_and_not_begun_anew(run: Run, store: Store) -> None:
    wanted = standing(store, Status.HANDING_OVER, not_before=4e9, reason="No room.", put_off_by="qbittorrent")
    assert run("retry", "7", "--json").json["outcome"] == "due"
    film = record(store, wanted)
    assert (film.status, film.not_before, film.info_hash) == (Status.HANDING_OVER, None, "a" * 40)


@pytest.mark.parametrize("anew", [(), ("--anew",)], ids=["", "anew"])
@pytest.mark.parametrize("status", [Status.DUE, Status.CLAIMED, Status.HANDING_OVER])
def test_a_film_that_is_being_worked_on_is_left_alone(
    status: Status, anew: tuple[str, ...], run: Run, store: Store
) -> None:
    wanted = standing(store, status)
    before = record(store, wanted)
    assert run("retry", "7", *anew, "--json").json["outcome"] == "under_way"
    assert record(store, wanted) == before


@pytest.mark.parametrize("status", STATES[Queue.COMPLETED])
def test_a_completed_film_is_fetched_once_more_only_when_that_is_asked_for(
    status: Status, run: Run, store: Store, home: Path, clock: HandClock
) -> None:
    wanted = standing(store, status)
    before = record(store, wanted)
    error = run("retry", "7", "--json").failed(1, "film_completed")
    assert (str(status) in error["message"], "--anew" in error["hint"]) == (True, True)
    assert record(store, wanted) == before
    assert run("retry", "7", "--anew", "--json").json["outcome"] == "queued"
    film = record(store, wanted)
    assert (starts_over(film), film.fetch_anew) == (True, True)
    in_step(home, store, clock)


def handed_over(house: House) -> str:
    """HEAT in the client; its info-hash."""
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.wish(HEAT)
    house.work()
    assert house.status(HEAT) is Status.DOWNLOADING
    return house.film(HEAT).info_hash or ""


def test_a_film_fetched_anew_is_handed_over_though_it_is_on_disk(run: Run, house: House) -> None:
    house.films.mkdir()
    (house.films / "Heat.1995.mkv").write_bytes(b"x")
    house.wish(HEAT)
    house.work()
    assert house.status(HEAT) is Status.OWNED
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    run("retry", "Heat", "--anew")
    house.work()
    assert house.status(HEAT) is Status.DOWNLOADING


def test_a_download_asked_for_anew_has_one_transfer_and_is_not_lost(run: Run, house: House) -> None:
    info_hash = handed_over(house)
    run("retry", "Heat", "--anew")
    assert house.queue.current_transfers() == []
    house.work()
    assert [transfer.info_hash for transfer, _ in house.queue.current_transfers()] == [info_hash]
    assert house.status(HEAT) is Status.DOWNLOADING


def test_all_that_failed_is_tried_again_but_what_was_excluded_and_series(
    run: Run, store: Store, home: Path, clock: HandClock
) -> None:
    every = [status for states in STATES.values() for status in states]
    movies = {status: standing(store, status, number) for number, status in enumerate(every, 1)}
    before = {status: record(store, wanted) for status, wanted in movies.items()}
    assert run("retry", "--all", "--json") == (0, '{"ok": true, "queued": 3}\n', "")
    again = {Status.RETRYING, Status.NOT_FOUND, Status.PERMANENT}
    assert all(starts_over(record(store, movies[status])) for status in again)
    assert all(record(store, movies[status]) == before[status] for status in movies.keys() - again)
    assert run("retry", "--all").out == "0 films are tried again.\n"
    in_step(home, store, clock)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("Heat", "--all"),
        ("Heat", "--now"),
        ("--all", "--now"),
        ("--anew",),
        ("--all", "--anew"),
        ("--now", "--anew"),
        ("Heat", "--all", "--now"),
    ],
    ids=" ".join,
)
def test_retry_takes_one_of_a_film_all_and_now(arguments: tuple[str, ...], run: Run, home: Path) -> None:
    assert "Give one of FILM, --all and --now" in run("retry", *arguments, "--json").failed(2, "usage")["message"]
    assert list(home.iterdir()) == []


# -- retry --now


def trouble(store: Store, clock: HandClock, provider: str, code: str, **more: Any) -> None:
    state = ProviderState(provider, BACKING_OFF, clock.now(), 3, clock.now(), DAY, code, "No.", "Wait.", None)
    state = ProviderState(**{name: more.get(name, getattr(state, name)) for name in ProviderState.__slots__})
    with store.write() as tx:
        providers.put(tx, state)


def waits(store: Store, clock: HandClock, provider: str) -> bool:
    with store.read() as tx:
        return providers.get(tx, provider).next_try(clock.now() + 1) > clock.now() + 1


@pytest.mark.parametrize("code", ["unavailable", "unreachable", "timeout", "bad_reply", "private", "many_missing"])
def test_every_service_is_asked_again_at_once(code: str, run: Run, store: Store, clock: HandClock) -> None:
    for name in ("filelist", "letterboxd", "qbittorrent"):
        trouble(store, clock, name, code)
    assert waits(store, clock, "filelist")
    assert run("retry", "--now", "--json") == (0, '{"ok": true, "left_alone": []}\n', "")
    assert not any(waits(store, clock, name) for name in ("filelist", "letterboxd", "qbittorrent"))


@pytest.mark.parametrize("code", ["rate_limited", "calls_used_up", "challenge"])
def test_a_service_that_asked_to_be_left_alone_stays_alone(code: str, run: Run, store: Store, clock: HandClock) -> None:
    trouble(store, clock, "filelist", code)
    trouble(store, clock, "qbittorrent", "unavailable")
    kept = standing(store, Status.PUT_OFF, 1, put_off_by="filelist")
    freed = standing(store, Status.PUT_OFF, 2, put_off_by="qbittorrent")
    assert run("retry", "--now", "--json").json == {"ok": True, "left_alone": ["filelist"]}
    assert (waits(store, clock, "filelist"), waits(store, clock, "qbittorrent")) == (True, False)
    assert (record(store, kept).status, record(store, freed).status) == (Status.PUT_OFF, Status.DUE)
    assert "filelist" in run("retry", "--now").err


def test_a_service_whose_time_is_over_is_not_said_to_be_left_alone(run: Run, store: Store, clock: HandClock) -> None:
    trouble(store, clock, "letterboxd", "rate_limited", asked_at=clock.now() - 2 * DAY)
    trouble(store, clock, "filelist", "challenge", asked_at=clock.now() + 400 * DAY)
    assert run("retry", "--now", "--json").json["left_alone"] == []


def test_refused_credentials_are_tried_once_more(run: Run, house: House, clock: HandClock) -> None:
    house.wish(HEAT)
    house.api.next_answers.append(Answer(b"no", 403))
    house.work()
    assert house.health.state("filelist").state == NEEDS_USER
    clock.turn(100 * DAY)
    house.work()
    assert len(house.api.calls()) == 1
    run("retry", "--now")
    house.work()
    assert house.status(HEAT) is Status.NOT_FOUND
    assert len(house.api.calls()) > 1


def test_what_waits_for_a_service_is_due_and_what_a_person_put_off_waits_on(run: Run, store: Store) -> None:
    put_off = standing(store, Status.PUT_OFF, 1, put_off_by="filelist")
    full = standing(store, Status.PUT_OFF, 2, put_off_by="max_active_downloads")
    begun = standing(store, Status.HANDING_OVER, 3, put_off_by="qbittorrent:refuses", not_before=4e9, reason="No.")
    by_hand = standing(store, Status.PUT_OFF, 4, put_off_by=None)
    failed = standing(store, Status.RETRYING, 5)
    run("retry", "--now")
    assert [record(store, one).status for one in (put_off, full, begun)] == [
        Status.DUE,
        Status.DUE,
        Status.HANDING_OVER,
    ]
    assert {record(store, one).not_before for one in (put_off, full, begun)} == {None}
    assert record(store, by_hand).not_before == record(store, failed).retry_after == 4e9


def test_the_lists_are_looked_at_now_and_the_service_is_told(run: Run, house: House, store: Store) -> None:
    house.wish(HEAT)
    house.site.requests.clear()
    assert house.monitor.step(house.clock.now()) > 0
    assert house.site.requests == []
    run("retry", "--now")
    with store.read() as tx:
        assert wishes.state(tx, house.watchlist.name).next_check is None
        assert requests.any_left(tx)
    house.monitor.step(house.clock.now())
    assert [request.path for request in house.site.requests] == ["/me/watchlist/"]


def test_one_film_tried_again_leaves_services_alone(run: Run, store: Store, clock: HandClock) -> None:
    trouble(store, clock, "filelist", "unavailable")
    standing(store, Status.PUT_OFF)
    run("retry", "7")
    run("retry", "--all")
    assert waits(store, clock, "filelist")
    with store.read() as tx:
        assert not requests.any_left(tx)


# -- remove


@pytest.mark.parametrize("status", [one for states in STATES.values() for one in states] + [Status.UNWISHED])
def test_a_film_in_any_state_is_excluded_unless_it_is_on_its_way_this_moment(
    status: Status, run: Run, store: Store, home: Path, clock: HandClock
) -> None:
    wanted = standing(store, status)
    before = record(store, wanted)
    answered = run("remove", "7", "--json")
    if status is Status.HANDING_OVER:
        answered.failed(4, "unavailable")
        assert record(store, wanted) == before
        return
    entry = answered.json["film"]
    assert (answered.code, entry["status"], entry["reason_code"]) == (0, "excluded", "excluded")
    assert shown(home, "failed") == [entry]
    film = record(store, wanted)
    assert (film.not_before, film.reason, film.retry_after, film.claimed_at) == (None, None, None, None)
    in_step(home, store, clock)


def test_a_hand_over_that_waits_can_be_removed_and_is_not_finished(run: Run, house: House, clock: HandClock) -> None:
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    client = house.client
    assert isinstance(client, ScriptedClient)
    client.takes_nothing = True
    house.wish(HEAT)
    house.work()
    assert house.status(HEAT) is Status.HANDING_OVER
    assert run("remove", "Heat").code == 0
    client.takes_nothing = False
    clock.turn(DAY)
    house.work()
    assert (house.status(HEAT), client.added) == (Status.EXCLUDED, [])


def test_a_film_removed_while_it_is_worked_on_is_not_handed_over(run: Run, queue: QueueManager, store: Store) -> None:
    wish(queue, HEAT)
    claimed = queue.claim()
    assert claimed is not None
    run("remove", "Heat")
    torrent = Torrent(b"", "b" * 40, "Heat", 1, private=True)
    assert not queue.intend(claimed.film_id, Release("filelist", 1, "Heat.1995"), torrent, "qbittorrent")
    assert not queue.not_found(claimed.film_id, "not_on_tracker", "No.")
    assert record(store, HEAT).status is Status.EXCLUDED


def test_a_download_that_is_removed_stays_in_the_client_and_is_not_followed(run: Run, house: House) -> None:
    info_hash = handed_over(house)
    said = run("remove", "Heat").out
    assert "its torrent and files stay where they are" in said
    assert info_hash in house.client.snapshot()
    house.transfers.step(house.clock.now())
    assert house.status(HEAT) is Status.EXCLUDED
    assert house.queue.current_transfers() == []


def test_what_was_excluded_already_stays_so_and_is_said(run: Run, store: Store) -> None:
    wanted = standing(store, Status.EXCLUDED, reason_code="seen_before")
    before = record(store, wanted)
    answered = run("remove", "7")
    assert answered.out.startswith("Film 7 (2000) was excluded already.")
    assert "movie-sync add" in answered.out
    assert record(store, wanted) == before


def test_a_removed_film_survives_every_check_that_shows_it(run: Run, house: House, clock: HandClock) -> None:
    house.wish(AMELIE, HEAT)
    run("remove", "heat")
    for _ in range(3):
        clock.turn(2 * 3600)
        house.monitor.step(clock.now())
        house.work()
    assert house.status(HEAT) is Status.EXCLUDED
    assert house.status(AMELIE) is Status.NOT_FOUND
    run("add", "Heat")
    house.work()
    assert house.status(HEAT) is Status.NOT_FOUND


def test_a_removed_film_that_left_its_list_and_is_wished_again_stays_removed(run: Run, house: House) -> None:
    house.wish(AMELIE, HEAT)
    run("remove", "Heat")
    house.site.films.remove(HEAT)
    for _ in range(2):
        house.clock.turn(60)
        house.monitor.check_all()
    assert house.film(HEAT).left_at is not None
    house.wish(HEAT)
    assert (house.status(HEAT), house.film(HEAT).left_at) == (Status.EXCLUDED, None)


def test_remove_needs_a_film(run: Run, home: Path) -> None:
    run("remove", "--json").failed(2, "usage")
    assert list(home.iterdir()) == []


# -- the queue files


def save(home: Path, queue: str, entries: object) -> None:
    (home / f"queue_{queue}.json").write_text(json.dumps(entries))


COMMANDS = {
    "add": ("add", "Heat (1995)"),
    "retry": ("retry", "31"),
    "retry --all": ("retry", "--all"),
    "retry --now": ("retry", "--now"),
    "remove": ("remove", "31"),
    "add --seen": ("add", "--seen"),
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_what_a_person_edited_just_before_is_taken_and_not_overwritten(
    arguments: tuple[str, ...], run: Run, queue: QueueManager, store: Store, home: Path, clock: HandClock
) -> None:
    wish(queue, OLD, NEW, AMELIE)
    QueueFiles(home, store, clock).sync()
    entries = [entry for entry in shown(home, "pending") if entry["id"] != "32"]
    save(home, "pending", [{**entry, "note": "mine"} for entry in entries] + [{"title": "Ran", "year": 1985}])
    answered = run(*arguments, "--json")
    assert (answered.code, answered.err) == (0, "")
    assert record(store, NEW).status is Status.EXCLUDED
    assert all(record(store, one).extra == {"note": "mine"} for one in (OLD, AMELIE))
    assert "Ran" in {entry["title"] for entry in shown(home, "pending")}
    in_step(home, store, clock)


def test_a_command_about_the_very_film_a_person_moved_sees_it_moved(
    run: Run, queue: QueueManager, store: Store, home: Path, clock: HandClock
) -> None:
    wish(queue, OLD, AMELIE)
    QueueFiles(home, store, clock).sync()
    save(home, "pending", [entry for entry in shown(home, "pending") if entry["id"] != "31"])
    assert "was excluded already" in run("remove", "31").out
    assert run("add", "31", "--json").json["outcome"] == "queued"
    (entry,) = [entry for entry in shown(home, "pending") if entry["id"] == "31"]
    save(home, "pending", [one for one in shown(home, "pending") if one != entry])
    save(home, "completed", [entry])
    assert run("add", "31", "--json").json["outcome"] == "completed"
    in_step(home, store, clock)


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["text", "JSON"])
@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_queue_file_that_cannot_be_taken_is_told_on_stderr_and_the_command_does_its_work(
    arguments: tuple[str, ...], as_json: tuple[str, ...], run: Run, queue: QueueManager, home: Path
) -> None:
    wish(queue, OLD)
    (home / "queue_pending.json").write_text("[{,")
    answered = run(*arguments, *as_json)
    assert answered.code == 0
    assert "queue_pending.json is not valid JSON: line 1" in answered.err
    assert not as_json or answered.json["ok"]
    (kept,) = home.glob("queue_pending.kept-*.json")
    assert kept.read_text() == "[{,"


# -- list


@pytest.fixture
def one_of_each(store: Store) -> dict[Status, Movie]:
    every = [status for states in STATES.values() for status in states]
    return {status: standing(store, status, number) for number, status in enumerate([*every, Status.UNWISHED], 1)}


def test_the_list_shows_every_film_of_the_queues_newest_wish_first(
    run: Run, one_of_each: dict[Status, Movie], store: Store
) -> None:
    found = run("list", "--json").json
    assert found["ok"] is True
    assert [(film["queue"], film["id"]) for film in found["films"]] == [
        *(("pending", str(number)) for number in (4, 3, 2, 1)),
        *(("failed", str(number)) for number in (9, 8, 7, 6, 5)),
        *(("completed", str(number)) for number in (15, 14, 13, 12, 11, 10)),
    ]
    lines = run("list").out.splitlines()
    assert [line.split()[2] for line in lines] == [film["id"] for film in found["films"]]
    assert {line.split()[1] for line in lines} == {str(status) for status in Status} - {"unwished"}


@pytest.mark.parametrize("queue", ["pending", "failed", "completed"])
def test_the_list_of_a_queue_is_what_its_file_shows(
    queue: str, run: Run, one_of_each: dict[Status, Movie], store: Store, home: Path, clock: HandClock
) -> None:
    QueueFiles(home, store, clock).sync()
    found = run("list", queue, "--json").json["films"]
    assert found == [{"queue": queue, **entry} for entry in shown(home, queue)]
    assert len(run("list", queue).out.splitlines()) == len(found)


def test_a_line_of_the_list_says_what_happens_next(run: Run, store: Store, clock: HandClock) -> None:
    standing(store, Status.PUT_OFF, 1, not_before=clock.now() + 7230)
    standing(store, Status.RETRYING, 2, retry_after=clock.now() + 3630)
    standing(store, Status.DOWNLOADING, 3, release_name="Film.3.1080p")
    standing(store, Status.DOWNLOADED, 4, release_name="Film.4.1080p", progress=1.0)
    standing(store, Status.EXCLUDED, 5)
    lines = run("list").out.splitlines()
    assert [line.partition("Film ")[2] for line in lines] == [
        "1 (2000) (in 2 h): FileList is down.",
        "5 (2000): removed by command",
        "2 (2000) (in 60 min): No.",
        "4 (2000): Film.4.1080p",
        "3 (2000) 50%: Film.3.1080p",
    ]


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_no_line_of_the_list_is_wider_than_the_terminal(
    columns: int, run: Run, queue: QueueManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    wish(queue, movie(1, "A very long title " * 20), movie(2, "Short"))
    one, two = map(click.unstyle, run("list").out.splitlines())
    assert len(one) == columns
    assert one.endswith("…")
    assert two.endswith("Short (2000)")


def test_a_list_that_goes_through_a_pipe_is_whole(run: Run, queue: QueueManager) -> None:
    wish(queue, movie(1, "A very long title " * 20))
    assert run("list").out.rstrip().endswith("title  (2000)")


@pytest.mark.parametrize("queue", [(), ("pending",), ("failed",), ("completed",)])
def test_the_list_of_nothing_says_how_to_add_a_film_and_makes_nothing(
    queue: tuple[str, ...], run: Run, home: Path
) -> None:
    answered = run("list", *queue)
    assert (answered.code, answered.err) == (0, "")
    assert "movie-sync add" in answered.out
    assert run("list", *queue, "--json").json == {"ok": True, "films": []}
    assert list(home.iterdir()) == []


def test_the_list_writes_nothing(run: Run, home: Path, store: Store, one_of_each: dict[Status, Movie]) -> None:
    before = store.data_version(), sorted(path.name for path in home.iterdir())
    run("list")
    assert before == (store.data_version(), sorted(path.name for path in home.iterdir()))


def test_a_list_of_no_queue_is_wrong_usage_and_a_damaged_database_is_told(run: Run, home: Path) -> None:
    run("list", "left", "--json").failed(2, "usage")
    (home / "movie_sync.db").write_bytes(b"junk" * 1000)
    for arguments in (("list",), ("add", "Heat (1995)"), ("retry", "--all"), ("remove", "1")):
        run(*arguments, "--json").failed(1, "store_corrupt")


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_home_that_is_no_folder_is_an_error_in_our_words(arguments: tuple[str, ...], run: Run, home: Path) -> None:
    home.rmdir()
    home.write_text("a file")
    assert str(home) in run(*arguments, "--json").failed(1, "store")["message"]
    assert home.read_text() == "a file"


def test_the_first_command_makes_the_home_folder_private(run: Run, home: Path) -> None:
    home.rmdir()
    answered: Answered = run("add", "Heat (1995)")
    assert answered.code == 0
    assert home.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in home.iterdir())


# -- what the address turns out to be


@pytest.mark.parametrize("answer", [Answer(b"down", 503), CHALLENGE, Answer(b"x", 429)])
def test_a_short_link_that_is_not_answered_now_is_no_film_that_is_not_there(
    answer: Answer, run: Run, site: LetterboxdSite, store: Store
) -> None:
    site.next_answers.append(answer)
    assert run("add", "https://boxd.it/L2", "--json").code == 4
    assert count(store) == 0


def test_an_excluded_film_asked_for_by_an_earlier_address_starts_over(
    run: Run, site: LetterboxdSite, store: Store, queue: QueueManager
) -> None:
    wish(queue, HEAT)
    run("remove", "Heat")
    site.redirects["heat-the-old-name"] = "heat-1995"
    answered = run("add", "https://letterboxd.com/film/heat-the-old-name/", "--json")
    assert (answered.json["outcome"], answered.json["film"]["status"]) == ("queued", "due")
    assert count(store) == 1


def test_a_completed_film_asked_for_by_an_earlier_address_stays(run: Run, site: LetterboxdSite, store: Store) -> None:
    standing(store, Status.OWNED, 2)
    site.redirects["heat-the-old-name"] = "heat-1995"
    answered = run("add", "https://letterboxd.com/film/heat-the-old-name/", "--json")
    assert (answered.json["outcome"], answered.json["film"]["status"]) == ("completed", "owned")


def test_a_site_that_asked_to_be_left_alone_is_not_asked(
    run: Run, site: LetterboxdSite, store: Store, clock: HandClock
) -> None:
    trouble(store, clock, "letterboxd", "rate_limited")
    assert run("add", "https://letterboxd.com/film/heat-1995/", "--json").json["outcome"] == "queued"
    run("add", "https://boxd.it/L2", "--json").failed(4, "unavailable")
    assert site.requests == []


def test_a_page_read_by_the_command_is_not_read_again_by_the_service(run: Run, house: House) -> None:
    run("add", "letterboxd.com/film/heat-1995")
    house.work()
    assert [request.path for request in house.site.requests] == ["/film/heat-1995/"]


def test_a_film_page_of_another_site_names_no_film(run: Run, site: LetterboxdSite) -> None:
    run("add", "https://films.example/film/heat-1995/", "--json").failed(2, "unclear_name")
    assert site.requests == []


def test_an_address_may_begin_with_a_capital_and_is_kept_as_the_films_own(
    run: Run, site: LetterboxdSite, store: Store
) -> None:
    assert run("add", "Https://Letterboxd.com/ion/film/heat-1995/1/?x=1").code == 0
    assert record(store, HEAT).movie.url == "https://letterboxd.com/film/heat-1995/"


def test_an_excluded_film_asked_for_again_stays_when_its_list_drops_it(run: Run, house: House) -> None:
    house.wish(AMELIE, HEAT)
    run("remove", "Heat")
    run("add", "Heat")
    house.site.films.remove(HEAT)
    for _ in range(3):
        house.clock.turn(60)
        house.monitor.check_all()
    assert house.status(HEAT) is Status.DUE


def test_a_film_known_by_its_lid_alone_is_read_when_its_turn_comes(run: Run, home: Path, house: House) -> None:
    house.watchlist._short = house.site.url
    (home / "queue_pending.json").write_text('[{"id": "lid:L2"}]')
    run("retry", "--all")
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.work()
    assert (str(house.film(HEAT).movie), house.status(HEAT)) == ("Heat (1995)", Status.DOWNLOADING)


def test_a_short_title_is_found_similar_without_its_year(run: Run, queue: QueueManager) -> None:
    wish(queue, AMELIE)
    assert "Did you mean Amélie (2001)?" in run("remove", "Amelei").err


@pytest.mark.parametrize("command", ["add", "retry", "remove"])
def test_a_name_that_is_no_text_is_no_trace(command: str, run: Run, queue: QueueManager) -> None:
    assert run(command, "\udcff", "--json").code in {2, 5}
