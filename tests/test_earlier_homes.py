"""Films an earlier version had seen, and how the next check knows them again; the title of a film known by a tt id."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_line import as_before, runner
from conftest import HandClock, movie
from test_workers import House, ScriptedClient

from movie_sync.demo.filelist_api import FileListApi
from movie_sync.demo.letterboxd_site import LetterboxdSite
from movie_sync.movie import Movie, Queue, Release, Status, WatchedFilm
from movie_sync.queues.earlier_homes import take_in_watchlist
from movie_sync.queues.json_files import QueueFiles
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.releases.rank import common_title
from movie_sync.store import Store, films
from movie_sync.store.films import FilmRecord

HEAT = movie(2, "Heat", 1995, slug="heat-1995", imdb_id="tt0113277")
AMELIE = movie(46682, "Amélie", 2001, lid="1Xrm", slug="amelie", imdb_id="tt0211915")
RAN = movie(3, "Ran", 1985, slug="ran", imdb_id="tt0089881")


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    yield from as_before()


@pytest.fixture
def house(home: Path, store: Store, clock: HandClock) -> Iterator[House]:
    site, api = LetterboxdSite("me", []), FileListApi("user", "secret-passkey")
    built = House(home, store, clock, site, api, ScriptedClient())
    yield built
    built.watchlist.close()
    built.tracker.close()
    site.close()
    api.close()


def saved(home: Path, content: object) -> Path:
    """The list an earlier version left."""
    path = home / "watchlist.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode())
    return path


def taken(home: Path, store: Store, content: object) -> list[str]:
    """Take a list in; the films it brought, in the order of their rows."""
    path = saved(home, content)
    before = path.read_bytes()
    count = take_in_watchlist(path, store, 1000.0)
    assert path.read_bytes() == before
    found = sorted(every(store), key=lambda film: film.film_id)
    assert count == len(found)
    assert {(film.status, film.reason_code) for film in found} <= {(Status.EXCLUDED, "seen_before")}
    return [str(film.movie) for film in found]


def every(store: Store) -> list[FilmRecord]:
    with store.read() as tx:
        return [film for queue in Queue for film in films.in_queue(tx, queue)]


# -- the list of films seen

OBJECTS = [{"title": "Heat", "year": 1995, "slug": "heat-1995"}, {"title": "Amélie", "year": "2001", "id": 46682}]
FORMS = {
    "objects": OBJECTS,
    "strings": ["Heat (1995)", "  Amélie (2001) "],
    "both": [OBJECTS[0], "Amélie (2001)"],
    "movies": {"movies": OBJECTS, "updated": "2025-01-01"},
    "films": {"films": OBJECTS},
    "watchlist": {"version": 2, "watchlist": OBJECTS},
    "entries": {"entries": ["Heat (1995)", "Amélie (2001)"]},
    "by slug": {"heat-1995": OBJECTS[0], "amelie": OBJECTS[1]},
    "byte order mark": b"\xef\xbb\xbf" + json.dumps(OBJECTS).encode(),
    "twice": [*OBJECTS, *OBJECTS, "Heat (1995)"],
}


@pytest.mark.parametrize("form", FORMS)
def test_a_list_of_any_form_is_taken_in_as_films_seen_before(form: str, home: Path, store: Store) -> None:
    assert taken(home, store, FORMS[form]) == ["Heat (1995)", "Amélie (2001)"]


def test_a_film_of_the_list_keeps_all_that_was_known_of_it(home: Path, store: Store) -> None:
    known = {
        "imdb_id": "tt0113277",
        "tmdb_id": 949,
        "lid": "L2",
        "director": "Michael Mann",
        "url": "https://x/film/y/",
    }
    taken(home, store, [{"title": "Heat", "year": 1995, "id": "2", "slug": "heat-1995", "odd": [1], **known}])
    (film,) = every(store)
    expected = Movie("Heat", 1995, 2, "L2", "heat-1995", "https://x/film/y/", "tt0113277", "movie/949")
    assert film.movie == replace(expected, directors=("Michael Mann",))
    assert film.failed_at == 1000.0
    assert film.last_error == "on the list before the first run"


def test_entries_that_are_no_films_are_passed_over_and_the_others_taken(home: Path, store: Store) -> None:
    odd: list[Any] = [None, 7, True, [], ["Heat"], {}, "", "  ", {"year": 1995}, {"title": "X", "year": "soon"}]
    assert taken(home, store, [*odd, "Ran (1985)", *odd]) == ["Ran (1985)"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", True),
        (b'[{"title": "Heat"', True),
        (b"\xff\xfe[\x00", True),
        (b"[" * 200_000, True),
        (b"null", False),
        (b"7", False),
        (b'"Heat (1995)"', False),
        (b"[]", False),
        (b"{}", False),
        (b'{"movies": 7}', False),
    ],
    ids=["empty", "cut", "UTF-16", "deep", "null", "number", "text", "no films", "no keys", "no list"],
)
def test_a_damaged_list_takes_nothing_in_and_stops_nothing(
    content: bytes, told: bool, home: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    assert taken(home, store, content) == []
    assert bool(caplog.records) is told
    assert not told or f"{home / 'watchlist.json'} of an earlier version cannot be read" in caplog.text


def test_a_list_that_is_missing_or_a_folder_takes_nothing_in(
    home: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    assert take_in_watchlist(home / "watchlist.json", store, 1.0) == 0
    assert caplog.records == []
    (home / "folder.json").mkdir()
    other = Store(home / "second.db")
    assert take_in_watchlist(home / "folder.json", other, 1.0) == 0
    other.close()
    assert "IsADirectoryError" in caplog.text


@pytest.mark.parametrize("first", [OBJECTS, [], b"{", None], ids=["films", "no films", "damaged", "missing"])
def test_a_list_is_taken_in_once(first: object, home: Path, store: Store) -> None:
    if first is not None:
        saved(home, first)
    count = take_in_watchlist(home / "watchlist.json", store, 1.0)
    assert count == (2 if first is OBJECTS else 0)
    path = saved(home, [*OBJECTS, "Ran (1985)"])
    assert take_in_watchlist(path, store, 2.0) == 0
    assert len(every(store)) == count


def test_a_home_whose_list_was_checked_already_needs_no_earlier_list(home: Path, house: House, store: Store) -> None:
    house.wish(RAN)
    assert take_in_watchlist(saved(home, OBJECTS), store, 1.0) == 0
    assert [str(film.movie) for film in every(store)] == ["Ran (1985)"]


def test_what_was_taken_in_is_said_with_how_to_queue_it(
    home: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    taken(home, store, OBJECTS)
    assert f"2 films of {home / 'watchlist.json'} are in no queue" in caplog.text
    assert "movie-sync add --seen" in caplog.text


# -- films that are in a queue already

QUEUED = {
    "by number": ({"title": "Heat", "year": 1995, "id": "2"}, {"title": "HEAT!", "year": None, "id": 2}),
    "by slug": ({"title": "Heat", "year": 1995, "slug": "heat-1995"}, {"title": "Heat, the film", "slug": "heat-1995"}),
    "by tt id": ({"title": "Heat", "imdb_id": "tt0113277"}, {"title": "Other", "imdb_id": "113277"}),
    "by title and year": ({"title": "Heat", "year": 1995, "id": "2"}, "heat (1995)"),
}


@pytest.mark.parametrize("queue", ["pending", "failed", "completed"])
@pytest.mark.parametrize("case", QUEUED)
def test_a_film_that_is_in_a_queue_stays_there(
    case: str, queue: str, home: Path, store: Store, clock: HandClock
) -> None:
    in_queue, in_list = QUEUED[case]
    (home / f"queue_{queue}.json").write_text(json.dumps([in_queue]))
    assert QueueFiles(home, store, clock).sync() == []
    (before,) = every(store)
    assert take_in_watchlist(saved(home, [in_list, "Ran (1985)"]), store, 1.0) == 1
    assert [film for film in every(store) if film.movie.title != "Ran"] == [before]
    assert before.queue == queue


def test_a_film_of_the_same_title_and_another_year_is_another(home: Path, store: Store, clock: HandClock) -> None:
    (home / "queue_pending.json").write_text(json.dumps([{"title": "Nosferatu", "year": 1922}]))
    QueueFiles(home, store, clock).sync()
    assert take_in_watchlist(saved(home, ["Nosferatu (2024)", "Nosferatu"]), store, 1.0) == 2


def test_a_command_before_the_first_run_keeps_nothing_from_being_taken_in(
    home: Path, store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runner(home, monkeypatch, capsys)
    saved(home, ["Ran (1985)", "Heat (1995)"])
    assert run("add", "Heat (1995)").code == 0
    assert run("list").code == 0
    assert take_in_watchlist(home / "watchlist.json", store, 1.0) == 1
    assert run("add", "--seen", "--json").json == {"ok": True, "queued": 1}
    assert {(str(film.movie), film.status) for film in every(store)} == {
        ("Heat (1995)", Status.DUE),
        ("Ran (1985)", Status.DUE),
    }


# -- the next check knows them again

RECOGNISED = {
    "slug and title": {"title": "Heat", "year": 1995, "slug": "heat-1995"},
    "slug alone": {"title": "Another title", "slug": "heat-1995"},
    "title and year": {"title": "Heat", "year": 1995},
    "title in other case": {"title": "HEAT", "year": 1995},
    "a string": "Heat (1995)",
    "number": {"title": "?", "id": 2},
    "lid": {"title": "?", "lid": "L2"},
    "lid as id": {"title": "?", "id": "lid:L2"},
    "all of it": {"title": "Heat", "year": 1995, "id": "2", "lid": "L2", "slug": "heat-1995"},
    "tt id beside": {"title": "Heat", "year": 1995, "imdb_id": "tt0113277"},
}


@pytest.mark.parametrize("case", RECOGNISED)
def test_the_next_check_recognises_a_film_seen_before_and_it_stays_out(case: str, house: House, store: Store) -> None:
    path = saved(house.folder, [RECOGNISED[case]])
    assert take_in_watchlist(path, store, house.clock.now()) == 1
    house.wish(RAN, HEAT)
    assert (house.status(HEAT), house.film(HEAT).reason_code) == (Status.EXCLUDED, "seen_before")
    assert house.status(RAN) is Status.DUE
    assert len(every(store)) == 2
    film = house.film(HEAT).movie
    assert (film.number, film.lid, film.slug) == (2, "L2", "heat-1995")
    for _ in range(3):
        house.clock.turn(7200)
        house.monitor.check_all()
    assert house.status(HEAT) is Status.EXCLUDED
    assert len(every(store)) == 2


def test_a_film_seen_before_that_the_list_lost_is_known_when_it_comes_back(house: House, store: Store) -> None:
    take_in_watchlist(saved(house.folder, ["Heat (1995)"]), store, house.clock.now())
    house.wish(HEAT, RAN)
    house.site.films.remove(HEAT)
    for _ in range(2):
        house.clock.turn(7200)
        house.monitor.check_all()
    house.wish(HEAT)
    assert house.status(HEAT) is Status.EXCLUDED


OTHERS = {
    "another year": "Heat (1986)",
    "no year": "Heat",
    "another slug": {"title": "Heat", "year": 1995, "slug": "heat-1995-1"},
    "another number": {"title": "Heat", "year": 1995, "id": 777},
    "another lid": {"title": "Heat", "year": 1995, "lid": "zzzz"},
    "another title": "Heats (1995)",
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_film_that_only_looks_like_one_seen_before_is_queued(case: str, house: House, store: Store) -> None:
    take_in_watchlist(saved(house.folder, [OTHERS[case]]), store, house.clock.now())
    house.wish(HEAT)
    assert house.status(HEAT) is Status.DUE
    assert len(every(store)) == 2


def test_of_two_films_of_one_title_and_year_the_one_seen_before_takes_one_place(house: House, store: Store) -> None:
    twin = movie(9, "Heat", 1995, slug="heat-1995-1")
    take_in_watchlist(saved(house.folder, ["Heat (1995)"]), store, house.clock.now())
    house.wish(HEAT, twin)
    assert {house.status(HEAT), house.status(twin)} == {Status.EXCLUDED, Status.DUE}


def test_two_films_that_could_both_be_the_one_are_not_guessed_at(house: House, store: Store) -> None:
    with store.write() as tx:
        for slug in (None, "heat-1995"):
            films.insert(tx, Movie("Heat", 1995, slug=slug), Status.DUE, queued_at=1.0, wish_order=1.0)
        assert films.find(tx, HEAT) is None
        assert films.find(tx, replace(HEAT, slug=None)) is None


@pytest.mark.parametrize(
    ("known", "wanted", "same"),
    [
        (Movie("Heat", 1995), Movie("HEAT", 1995), True),
        (Movie("Heat", 1995), HEAT, True),
        (HEAT, Movie("Heat", 1995), True),
        (HEAT, Movie("x", slug="heat-1995"), True),
        (HEAT, movie(3, "Heat", 1995, slug="heat-1995"), False),
        (HEAT, Movie("Heat", 1995, imdb_id="tt0000001"), False),
        (Movie("Heat", 1995, imdb_id="tt0000001"), HEAT, False),
        (Movie("Heat"), Movie("Heat", 1995), False),
        (Movie("Heat"), Movie("heat"), True),
        (Movie("Heat", 1995, lid="a", slug="a"), Movie("Heat", 1995, slug="b"), False),
        (Movie("Heat", 1995, lid="a"), Movie("Heat", 1995, number=1), False),
    ],
)
def test_page_or_title_and_year_tell_a_film_that_has_no_name_of_the_site(
    known: Movie, wanted: Movie, same: bool, store: Store
) -> None:
    with store.write() as tx:
        film_id = films.insert(tx, known, Status.DUE, queued_at=1.0, wish_order=1.0)
        assert films.find(tx, wanted) == (film_id if same else None)


# -- the title of a film known by its tt id


def releases(*names: str, imdb_id: str | None = "tt0113277") -> list[Release]:
    return [Release("filelist", number, name, imdb_id) for number, name in enumerate(names, 1)]


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (["Heat.1995.1080p.BluRay.x264-A"], ("Heat", 1995)),
        (["Heat.1995.1080p-A", "Thief.1981.720p-B", "heat.1995.2160p-C"], ("Heat", 1995)),
        (["Thief.1981.720p-B", "HEAT.1995.1080p-A", "Heat.1995.2160p-C"], ("HEAT", 1995)),
        (["Heat.1995.1080p-A", "Heat.1986.1080p-A", "Heat.1986.720p-B"], ("Heat", 1986)),
        (["Heat.1995.1080p-A", "Thief.1981.720p-B"], ("Heat", 1995)),
        (["The.Good.the.Bad.and.the.Ugly.1966.1080p-A", "The.Good,.the.Bad.&.the.Ugly.1966.720p-B", "X.1960.720p-C"],
         ("The Good the Bad and the Ugly", 1966)),
        (["Heat.1080p-A", "Heat.720p-B", "Thief.1981.720p-B"], ("Thief", 1981)),
        (["Heat.1080p-A"], None),
        (["Show.S01.1080p.WEB-A"], None),
        ([""], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_common_title_is_what_most_releases_of_the_id_are_called(
    names: list[str], title: tuple[str, int] | None
) -> None:
    assert common_title("tt0113277", releases(*names)) == title


def test_releases_of_another_id_or_of_none_say_nothing_of_the_title() -> None:
    others = releases("Thief.1981.1080p-A", "Thief.1981.720p-B", imdb_id="tt0083190")
    untagged = releases("Ran.1985.1080p-A", "Ran.1985.720p-B", imdb_id=None)
    assert common_title("tt0113277", [*others, *untagged]) is None
    assert common_title("tt0113277", [*others, *releases("Heat.1995.1080p-A")]) == ("Heat", 1995)
    assert common_title(None, [*others, *untagged]) is None
    assert common_title("", untagged) is None


BY_ID = Movie("tt0113277", imdb_id="tt0113277")


def by_id(house: House) -> None:
    house.queue.wish([WatchedFilm(BY_ID, 0)], "by hand")


def test_a_film_added_by_its_tt_id_gets_its_title_and_is_handed_over(house: House) -> None:
    by_id(house)
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.work()
    film = house.film(BY_ID)
    assert (str(film.movie), film.status) == ("Heat (1995)", Status.DOWNLOADING)
    assert [call.query["query"] for call in house.api.calls()] == ["tt0113277"]
    assert house.site.requests == []
    assert film.movie.key == "tt0113277"


def test_a_film_added_by_its_tt_id_that_is_on_disk_is_owned_and_not_fetched(house: House) -> None:
    house.films.mkdir()
    (house.films / "Heat (1995).mkv").write_bytes(b"x")
    by_id(house)
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.work()
    film = house.film(BY_ID)
    assert (str(film.movie), film.status) == ("Heat (1995)", Status.OWNED)
    assert film.release_name == str(house.films / "Heat (1995).mkv")
    assert isinstance(house.client, ScriptedClient)
    assert house.client.added == []
    assert all(request.path == "/api.php" for request in house.api.requests)


def test_a_release_tagged_wrongly_with_the_id_is_not_taken_for_the_film(house: House) -> None:
    by_id(house)
    house.offer(HEAT, "Thief.1981.2160p.BluRay.x265-A", seeders=500)
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.offer(HEAT, "Heat.1995.720p.BluRay.x264-A")
    house.work()
    film = house.film(BY_ID)
    assert (str(film.movie), film.release_name) == ("Heat (1995)", "Heat.1995.1080p.BluRay.x264-A")


def test_a_tt_id_the_tracker_does_not_have_stays_what_the_film_is_called_until_it_comes(house: House) -> None:
    by_id(house)
    house.work()
    assert (house.film(BY_ID).movie.title, house.status(BY_ID)) == ("tt0113277", Status.NOT_FOUND)
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.clock.turn(2 * 86400)
    house.work()
    assert (str(house.film(BY_ID).movie), house.status(BY_ID)) == ("Heat (1995)", Status.DOWNLOADING)


@pytest.mark.parametrize("worked", [True, False], ids=["after its search", "before its search"])
def test_a_film_added_by_its_tt_id_and_wished_for_too_is_one_film(worked: bool, house: House, store: Store) -> None:
    by_id(house)
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    if worked:
        house.work()
    house.wish(HEAT)
    house.work()
    (film,) = every(store)
    assert (str(film.movie), film.movie.number, film.movie.imdb_id) == ("Heat (1995)", 2, "tt0113277")
    assert film.status is Status.DOWNLOADING
    assert isinstance(house.client, ScriptedClient)
    assert len(house.client.added) == 1


def test_a_title_a_person_gave_beside_the_tt_id_stays(house: House) -> None:
    own = Movie("Heat of the Night", 1995, imdb_id="tt0113277")
    house.queue.wish([WatchedFilm(own, 0)], "by hand")
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.work()
    assert str(house.film(own).movie) == "Heat of the Night (1995)"


def test_the_name_a_search_gave_is_in_the_queue_file(house: House, store: Store) -> None:
    by_id(house)
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.work()
    QueueFiles(house.folder, store, house.clock).sync()
    (entry,) = json.loads((house.folder / "queue_completed.json").read_text())
    assert (entry["id"], entry["title"], entry["year"]) == ("tt0113277", "Heat", 1995)


def test_naming_a_film_that_was_merged_away_names_nothing(queue: QueueManager) -> None:
    assert queue.name(777, "Heat", 1995) is None


def test_our_own_list_of_a_home_begun_anew_excludes_nothing_that_was_still_to_be_fetched(
    house: House, home: Path
) -> None:
    house.wish(HEAT, RAN)
    rows = json.loads((home / "watchlist.json").read_text())
    assert [row["status"] for row in rows] == ["due", "due"]
    rows.append({"title": "Seen", "year": 1995, "status": "downloaded"})
    anew = Store(home / "anew.db")
    assert take_in_watchlist(saved(home, rows), anew, 1.0) == 1
    assert [str(film.movie) for film in every(anew)] == ["Seen (1995)"]
    anew.close()
