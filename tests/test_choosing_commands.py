"""``search``, ``why``, ``library``, ``releases`` and ``config profile``, as people and scripts use them."""

import io
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import Run, as_before, runner
from conftest import HandClock, movie
from test_workers import HEAT, MATRIX, House, house, scripted

from movie_sync.demo.filelist_api import LIMITED, FileListApi, Upload
from movie_sync.demo.letterboxd_site import LetterboxdSite
from movie_sync.demo.loopback import Answer
from movie_sync.movie import Status

__all__ = ["house"]

DAY = 86400.0
Given = Callable[[str | bytes], None]


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
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Puts bytes on standard input."""

    def put(data: str | bytes) -> None:
        raw = data.encode() if isinstance(data, str) else data
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), "utf-8"))

    return put


@pytest.fixture
def services(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LetterboxdSite, FileListApi]]:
    """A site and a tracker that the home's settings name."""
    site, api = LetterboxdSite("me", []), FileListApi("user", "made-up-passkey")
    site.others += [MATRIX, HEAT]
    settings = {
        "username": "me", "letterboxd_url": site.url, "letterboxd_delay": 0, "filelist_url": api.url,
        "filelist_delay": 0, "download_directory": str(home / "films"),
    }  # fmt: skip
    (home / "config.json").write_text(json.dumps(settings))
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_USERNAME", "user")
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_PASSKEY", "made-up-passkey")
    names = ["The.Matrix.1999.720p.BluRay.x264-A", "The.Matrix.1999.2160p.BluRay.x265-B", "The.Matrix.1999.HDCAM-C"]
    api.uploads += [
        Upload(10 + place, name, 4, MATRIX.imdb_id, (place + 1) * 10**9, 5 * place, None)
        for place, name in enumerate(names)
    ]
    yield site, api
    site.close()
    api.close()


# -- search


@pytest.mark.parametrize("film", ["tt0133093", "The Matrix (1999)", "SITE/film/film-1/"])
def test_a_search_shows_all_releases_in_the_order_the_program_would_take_them(
    film: str, services: tuple[LetterboxdSite, FileListApi], run: Run
) -> None:
    found = run("search", film.replace("SITE", services[0].url), "--json").json
    assert (found["film"], found["tracker"], found["profile"]) == (
        "The Matrix (1999)",
        "filelist",
        "category priority",
    )
    assert [(one["number"], one["accepted"], one["name"]) for one in found["releases"]] == [
        (1, True, "The.Matrix.1999.2160p.BluRay.x265-B"),
        (2, False, "The.Matrix.1999.720p.BluRay.x264-A"),
        (3, False, "The.Matrix.1999.HDCAM-C"),
    ]
    assert found["releases"][1]["refusals"] == ["no seeders, minimum 1"]
    assert found["releases"][2]["refusals"][0] == "filmed off a cinema screen (CAM)"


def test_a_search_in_words_gives_each_release_with_its_reasons(
    services: tuple[LetterboxdSite, FileListApi], run: Run
) -> None:
    said = run("search", "tt0133093").out
    assert said.startswith("The Matrix (1999) on filelist: 3 releases, 1 pass (category priority).")
    assert "1 ✓ The.Matrix.1999.2160p.BluRay.x265-B   2.0 GB, 5 seeders\n      the only one that passes" in said
    assert "no seeders, minimum 1" in said
    assert services[1].calls()


def test_a_search_stores_nothing_but_its_calls(services: tuple[LetterboxdSite, FileListApi], run: Run) -> None:
    run("search", "tt0133093")
    assert run("list", "--json").json["films"] == []
    assert len(services[1].calls()) == 1


def test_a_film_the_tracker_does_not_have_is_nothing_found(
    services: tuple[LetterboxdSite, FileListApi], run: Run
) -> None:
    answered = run("search", "tt0113277")
    assert (answered.code, answered.out) == (5, "filelist has no release of tt0113277.\n")
    assert len(services[1].calls()) >= 1


def test_a_refused_log_in_is_tried_once_by_whatever_command(
    services: tuple[LetterboxdSite, FileListApi], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, api = services
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_PASSKEY", "another-passkey")
    run("search", "tt0133093", "--json").failed(3, "auth_failed")
    api.requests.clear()
    run("search", "tt0133093", "--json").failed(3, "auth_failed")
    assert api.requests == []
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_PASSKEY", "made-up-passkey")
    assert run("search", "tt0133093").code == 0


def test_a_pause_the_tracker_asked_for_holds_for_every_later_command(
    services: tuple[LetterboxdSite, FileListApi], run: Run
) -> None:
    _, api = services
    api.next_answers.append(LIMITED)
    run("search", "tt0133093", "--json").failed(4, "rate_limited")
    api.requests.clear()
    assert run("search", "tt0133093", "--json").failed(4, "unavailable")["hint"]
    assert api.requests == []


def test_a_film_of_the_queues_is_searched_by_what_its_page_says(
    services: tuple[LetterboxdSite, FileListApi], run: Run
) -> None:
    site, _ = services
    run("add", f"{site.url}/film/film-1/")
    assert len(run("search", "The Matrix (1999)", "--json").json["releases"]) == 3
    site.others.clear()
    assert len(run("search", "The Matrix (1999)", "--json").json["releases"]) == 3


def test_a_page_that_cannot_be_read_now_stops_no_search_of_a_known_film(
    services: tuple[LetterboxdSite, FileListApi], run: Run
) -> None:
    site, api = services
    site.next_answers.append(Answer(b"down", 503))
    assert run("add", f"{site.url}/film/film-2/").code == 0
    site.next_answers.append(Answer(b"down", 503))
    assert run("search", "film-2").code == 5
    assert api.calls()


@pytest.mark.parametrize("number", ["0", "4", "-1"])
def test_a_number_no_release_has_is_told(number: str, services: tuple[LetterboxdSite, FileListApi], run: Run) -> None:
    run("search", "tt0133093", "--grab", number, "--json").failed(1, "no_such_release")
    assert run("list", "--json").json["films"] == []
    assert services[1].calls()


def test_a_refused_release_can_be_grabbed_for_a_film_nobody_wished_for(
    services: tuple[LetterboxdSite, FileListApi], run: Run
) -> None:
    found = run("search", "tt0133093", "--grab", "3", "--json").json
    assert found["grabbed"] == "The.Matrix.1999.HDCAM-C"
    assert (found["entry"]["title"], found["entry"]["status"]) == ("The Matrix", "due")
    story = run("why", "The Matrix (1999)").out
    assert "You chose The.Matrix.1999.HDCAM-C, though: filmed off a cinema screen (CAM)" in story
    assert services[1].calls()


# -- why


def test_why_tells_the_whole_story_with_what_was_refused_and_what_comes_next(house: House, run: Run) -> None:
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.offer(MATRIX, "The.Matrix.1999.HDCAM-B")
    house.wish(MATRIX)
    house.work()
    house.transfers.guarded_step()
    told = run("why", "The Matrix (1999)", "--json").json
    assert [one["event"] for one in told["story"]] == ["wished", "searched", "chosen", "handed_over"]
    judged = next(one["releases"] for one in told["story"] if one["event"] == "searched")
    assert [(one["name"], one["verdict"]) for one in judged] == [
        ("The.Matrix.1999.1080p.BluRay.x264-A", "accepted"),
        ("The.Matrix.1999.HDCAM-B", "refused"),
    ]
    assert told["next"]["text"].startswith("The client downloads it")
    assert [one["role"] for one in told["transfers"]] == ["current"]
    said = run("why", "The Matrix (1999)").out
    assert "✗ The.Matrix.1999.HDCAM-B" in said
    assert "filmed off a cinema screen (CAM)" in said
    assert "\nNext: The client downloads it" in said


def test_why_says_when_a_film_is_searched_again(house: House, run: Run) -> None:
    house.wish(HEAT)
    house.work()
    told = run("why", "Heat", "--json").json
    assert told["film"]["status"] == "not_found"
    assert told["next"]["at"] == told["film"]["retry_after"]
    assert re.search(r"\nNext \(\d{4}-\d\d-\d\d \d\d:\d\d\): It is searched again;", run("why", "Heat").out)


def test_why_shows_the_first_few_releases_and_all_when_asked(house: House, run: Run) -> None:
    for number in range(8):
        house.offer(MATRIX, f"The.Matrix.1999.HDCAM-{number}")
    house.wish(MATRIX)
    house.work()
    assert "and 3 more: movie-sync why --all" in run("why", "The Matrix").out
    assert run("why", "The Matrix", "--all").out.count("✗") == 8


def test_stored_decisions_are_told_not_judged_anew(house: House, run: Run) -> None:
    house.offer(MATRIX, "The.Matrix.1999.HDCAM-B")
    house.wish(MATRIX)
    house.work()
    (house.folder / "config.json").write_text('{"profile": "best-4k"}')
    (house.folder / "config.json").write_text("{}")
    house.api.uploads.clear()
    assert "The.Matrix.1999.HDCAM-B" in run("why", "The Matrix").out


# -- library


def put_file(house: House, name: str) -> str:
    house.films.mkdir(exist_ok=True)
    (house.films / name).write_bytes(b"film")
    (house.folder / "config.json").write_text(json.dumps({"download_directory": str(house.films)}))
    return str(house.films / name)


def test_a_doubtful_file_is_shown_and_accepted(house: House, run: Run) -> None:
    path = put_file(house, "The.Matrix.2000.1080p.mkv")
    house.wish(MATRIX)
    house.work()
    (asked,) = run("library", "--json").json["questions"]
    assert (asked["film"], [one["path"] for one in asked["files"]]) == ("The Matrix (1999)", [path])
    assert "Is The Matrix (1999) this?" in run("library", "questions").out
    assert run("library", "accept", "The Matrix (1999)", "--json").json["file"] == path
    assert house.status(MATRIX) is Status.OWNED
    assert run("library").out == "Nothing is in doubt.\n"


def test_a_doubtful_file_is_rejected_and_the_film_fetched(house: House, run: Run) -> None:
    put_file(house, "The.Matrix.2000.1080p.mkv")
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX)
    house.work()
    assert "is fetched" in run("library", "reject", "The Matrix").out
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert len(scripted(house).torrents) == 1


def test_nothing_asked_is_nothing_to_answer(house: House, run: Run) -> None:
    house.wish(HEAT)
    run("library", "accept", "Heat", "--json").failed(1, "no_question")


def test_find_shows_the_files_that_are_a_film(house: House, run: Run) -> None:
    path = put_file(house, "Heat.1995.1080p.mkv")
    found = run("library", "find", "Heat (1995)", "--json").json
    assert [(one["path"], one["verdict"]) for one in found["files"]] == [(path, "certain")]
    assert run("library", "find", "Nosferatu (1922)").code == 5


def test_scan_counts_the_videos(house: House, run: Run) -> None:
    put_file(house, "Heat.1995.1080p.mkv")
    put_file(house, "notes.txt")
    done = run("library", "scan", "--json").json
    assert (done["videos"], done["folders"]) == (1, [str(house.films)])


def test_match_answers_a_line_for_a_line(run: Run, given: Given) -> None:
    pairs = [
        {"title": "Alien", "year": 1979, "alt_titles": [], "name": "Alien.1979.1080p.mkv"},
        {"title": "Alien", "year": 1979, "name": "Aliens.1986.1080p.mkv"},
        {"title": "Amélie", "year": 2001, "alt_titles": ["Le Fabuleux Destin"], "name": "Le fabuleux destin (2001)"},
    ]
    given("\n".join(json.dumps(pair) for pair in pairs))
    lines = [json.loads(line) for line in run("library", "match").out.splitlines()]
    assert [line["verdict"] for line in lines] == ["certain", "different", "certain"]
    assert all(line["because"] for line in lines)


@pytest.mark.parametrize("line", ["junk", "[]", '{"name": "x"}', '{"title": 1, "name": "x"}', "[" * 3000])
def test_a_line_that_is_no_pair_is_told_by_its_number(line: str, run: Run, given: Given) -> None:
    given('{"title": "Alien", "name": "x"}\n' + line)
    answered = run("library", "match")
    assert answered.code == 1
    assert "Line 2 of standard input" in answered.err


# -- names


def test_names_are_read_one_json_object_a_line(run: Run, given: Given) -> None:
    given("Alien.1979.1080p.BluRay.x264-GRP\n\nAliens (1986) [720p]\r\n")
    one, two = [json.loads(line) for line in run("releases", "parse").out.splitlines()]
    assert (one["name"], one["title"], one["year"]) == ("Alien.1979.1080p.BluRay.x264-GRP", "Alien", 1979)
    assert (one["source"], one["codec"], one["group"], one["hdr"], one["audio"]) == ("bluray", "h264", "GRP", [], [])
    assert (two["year"], two["resolution"], two["source"], two["proper"]) == (1986, "720p", None, False)
    wanted = (
        "name title year resolution source remux codec bit_depth hdr audio edition languages subtitles proper repack"
        " group container sample extra is_3d disc"
    )
    assert {*wanted.split()} <= {*one}


def test_a_name_that_is_no_text_is_read_all_the_same(run: Run, given: Given) -> None:
    given(b"Alien\xff.1979.1080p\n")
    assert json.loads(run("releases", "parse").out)["year"] == 1979


# -- profiles


def test_a_profile_is_shown_as_it_can_be_saved_and_used(run: Run, home: Path) -> None:
    shown = run("config", "profile", "show", "small")
    (home / "mine.json").write_text(shown.out)
    assert "In use: category priority of filelist_config.json." in shown.err
    run("config", "set", "profile", "mine.json")
    assert run("config", "show", "--json").json["decides"] == "profile mine"
    assert run("config", "profile", "show", "--json").json["name"] == "mine"


def test_a_profile_that_does_not_fit_is_not_set(run: Run, home: Path) -> None:
    (home / "mine.json").write_text('{"qualities": ["8k"]}')
    answered = run("config", "set", "profile", "mine.json")
    assert answered.code in {2, 3}
    assert "nobody knows the quality '8k'" in answered.err
    assert not (home / "config.json").exists()


def test_a_profile_is_tried_on_names(run: Run, given: Given) -> None:
    given("A.2010.1080p.BluRay.x264-A\t30\nB.2011.720p.WEB-DL.x264-B\nC.2012.HDCAM-C\n")
    rows = run("config", "profile", "test", "balanced", "--json").json["releases"]
    assert [(one["name"], one["accepted"]) for one in rows] == [
        ("B.2011.720p.WEB-DL.x264-B", True),
        ("A.2010.1080p.BluRay.x264-A", False),
        ("C.2012.HDCAM-C", False),
    ]
    assert rows[1]["refusals"] == ["250 MB a minute for 1080p Bluray, maximum 200"]


def test_a_size_that_is_none_is_told(run: Run, given: Given) -> None:
    given("A.2010.1080p.BluRay\tlarge\n")
    assert run("config", "profile", "test").code == 2


def test_the_film_of_a_series_on_the_list_says_what_to_do(house: House, run: Run) -> None:
    series = movie(7, "Chernobyl", 2019, imdb_id="tt7366338", tmdb_id="tv/87108", kind="series")
    house.wish(series)
    house.work()
    assert "include_series" in run("why", "Chernobyl").out
