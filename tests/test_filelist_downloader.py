"""FileListDownloader over real HTTP, against a FileList-like API."""

import base64
import json
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import HandClock, movie
from tracker_contract import Bench, TrackerContract

from movie_sync.demo.filelist_api import LIMITED, LOGIN_PAGE, OUTAGE, FileListApi, Upload
from movie_sync.demo.loopback import Answer
from movie_sync.demo.torrents import make_torrent
from movie_sync.errors import (
    AuthFailed,
    BadReply,
    BadTorrent,
    MovieSyncError,
    ProviderError,
    QueryRefused,
    RateLimited,
    Unavailable,
)
from movie_sync.health import ProviderHealth
from movie_sync.lib.http import HttpClient
from movie_sync.lib.redaction import RedactingFormatter
from movie_sync.movie import Movie, Release
from movie_sync.store import Store
from movie_sync.trackers.filelist_downloader import FileListDownloader, cleaned_title, read_rows

USER = "anna"
KEY = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
JSON = "application/json"
ROW: dict[str, Any] = {
    "id": 1000001,
    "name": "Example.Film.2024.1080p.BluRay.x264-GRP",
    "imdb": "tt9999999",
    "freeleech": 0,
    "doubleup": 0,
    "upload_date": "2026-08-10 12:00:00",
    "download_link": f"https://filelist.io/download.php?id=1000001&passkey={KEY}",
    "size": 9876543210,
    "internal": 1,
    "moderated": 1,
    "category": "Movies HD",
    "seeders": 41,
    "leechers": 3,
    "times_completed": 120,
    "comments": 2,
    "files": 4,
    "small_description": "Drama",
}
ALIEN = movie(1, "Alien", 1979, imdb_id="tt0078748")
LIMITE = movie(2, "Limite", 1931)


@pytest.fixture(scope="module")
def torrent_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("film") / "Alien.1979.1080p.mkv"
    file.write_bytes(b"alien" * 1000)
    return make_torrent(file, f"https://filelist.io/announce.php?passkey={KEY}", private=True)


@pytest.fixture(scope="module")
def server() -> Iterator[FileListApi]:
    running = FileListApi(USER, KEY)
    yield running
    running.close()


@pytest.fixture
def api(server: FileListApi, torrent_bytes: bytes) -> FileListApi:
    server.requests.clear()
    server.next_answers.clear()
    server.uploads = [
        Upload(11, "Alien.1979.1080p.BluRay.x264-GRP", 4, "tt0078748", 8_000_000_000, 40, torrent_bytes, True),
        Upload(13, "Alien.1979.2160p.UHD.BluRay.x265-GRP", 6, "tt0078748", 30_000_000_000, 20, torrent_bytes),
        Upload(12, "Limite.1931.1080p.BluRay.x264-GRP", 4, None, 5_000_000_000, 3, torrent_bytes),
        Upload(14, "Alien.Soundtrack.1979.FLAC-GRP", 5, "tt0078748", 300_000_000, 9, None),
    ]
    return server


def downloader(api: FileListApi, store: Store, clock: HandClock, **more: Any) -> FileListDownloader:
    settings: dict[str, Any] = {"username": USER, "passkey": KEY, "categories": (6, 4, 1), "base_url": api.url} | more
    http = HttpClient("filelist", "movie-sync-tests")
    return FileListDownloader(
        settings.pop("base_url"),
        settings.pop("username"),
        settings.pop("passkey"),
        http=http,
        store=store,
        clock=clock,
        **settings,
    )


@pytest.fixture
def tracker(api: FileListApi, store: Store, clock: HandClock) -> Iterator[FileListDownloader]:
    made = downloader(api, store, clock)
    yield made
    made.close()


def rows_of(api: FileListApi, tracker: FileListDownloader, *rows: object) -> list[Release]:
    """What the tracker makes of an answer."""
    api.next_answers.append(Answer(json.dumps(rows).encode(), content_type=JSON))
    return tracker.latest()


def row_of(api: FileListApi, tracker: FileListDownloader, **changed: object) -> Release:
    (release,) = rows_of(api, tracker, ROW | changed)
    return release


def failure(ask: Callable[[], object], api: FileListApi, answer: Answer) -> MovieSyncError:
    api.next_answers.append(answer)
    with pytest.raises(MovieSyncError) as caught:
        ask()
    return caught.value


class TestFileListKeepsTheContract(TrackerContract):
    @pytest.fixture
    def bench(self, tracker: FileListDownloader, api: FileListApi, clock: HandClock) -> Bench:
        def next_is(answer: Answer) -> Callable[[], None]:
            return lambda: api.next_answers.append(answer)

        return Bench(
            tracker=tracker,
            clock=clock,
            tagged=ALIEN,
            untagged=LIMITE,
            unknown=movie(3, "London After Midnight", 1927, imdb_id="tt0018097"),
            down=next_is(Answer(b"", 503)),
            limited=next_is(LIMITED),
            refusing=next_is(Answer(b'{"error": "Invalid passkey/username"}', 403, JSON)),
            changed=next_is(Answer(b'[{"torrent": 1}]', content_type=JSON)),
            questioned=next_is(Answer(b'{"error": "Invalid search"}', 400, JSON)),
            lost=next_is(Answer(b"Not found", 404)),
            spoiled=next_is(LOGIN_PAGE),
            requests=lambda: len(api.requests),
        )


# -- what is asked


def test_log_in_is_by_basic_auth(tracker: FileListDownloader, api: FileListApi) -> None:
    tracker.search(ALIEN)
    tracker.latest()
    expected = "Basic " + base64.b64encode(f"{USER}:{KEY}".encode()).decode()
    assert [call.headers["authorization"] for call in api.calls()] == [expected] * 2


def test_no_api_url_holds_the_passkey_or_the_user_name(tracker: FileListDownloader, api: FileListApi) -> None:
    tracker.search(ALIEN)
    tracker.search(LIMITE)
    tracker.latest()
    for call in api.calls():
        assert KEY not in call.raw_query
        assert not {"passkey", "username"} & call.query.keys()


def test_the_program_names_itself(tracker: FileListDownloader, api: FileListApi) -> None:
    tracker.latest()
    assert api.requests[0].headers["user-agent"] == "movie-sync-tests"


def test_a_film_is_asked_for_by_imdb_id_in_one_call(tracker: FileListDownloader, api: FileListApi) -> None:
    found = tracker.search(ALIEN)
    assert [release.release_id for release in found] == [11, 13]
    (call,) = api.calls()
    assert call.query == {
        "action": "search-torrents",
        "type": "imdb",
        "query": "tt0078748",
        "category": "6,4,1",
        "output": "json",
    }


def test_an_unknown_imdb_id_is_followed_by_title_and_year(tracker: FileListDownloader, api: FileListApi) -> None:
    film = movie(2, "Limite", 1931, imdb_id="tt0022080")
    assert [release.release_id for release in tracker.search(film)] == [12]
    assert [(call.query["type"], call.query["query"]) for call in api.calls()] == [
        ("imdb", "tt0022080"),
        ("name", "Limite 1931"),
    ]


def test_a_film_without_a_year_is_asked_for_by_title_alone(tracker: FileListDownloader, api: FileListApi) -> None:
    tracker.search(Movie("Limite"))
    assert [call.query["query"] for call in api.calls()] == ["Limite"]


def test_a_title_without_letters_is_not_asked_for(tracker: FileListDownloader, api: FileListApi) -> None:
    assert tracker.search(Movie("…", 2000)) == []
    assert api.requests == []


def test_a_title_with_a_colon_is_found(tracker: FileListDownloader, api: FileListApi, torrent_bytes: bytes) -> None:
    api.uploads.append(Upload(20, "Sunrise.A.Song.of.Two.Humans.1927.1080p.WEB-DL", 4, None, 1, 1, torrent_bytes))
    assert tracker.search(movie(4, "Sunrise: A Song of Two Humans", 1927))


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("Sunrise: A Song of Two Humans", "Sunrise A Song of Two Humans"),
        ("Don't Look Now", "Dont Look Now"),
        ("L’Avventura", "LAvventura"),
        ("WALL·E", "WALL E"),
        ("Face/Off", "Face Off"),
        ("Am\u00e9lie", "Am\u00e9lie"),
        ("Ame\u0301lie", "Am\u00e9lie"),
        ("Броненосец «Потёмкин»", "Броненосец Потёмкин"),
        ("  M  ", "M"),
        ("8½", "8½"),
        ("!!!", ""),
    ],
)
def test_a_question_holds_words_and_single_blanks_only(title: str, query: str) -> None:
    assert cleaned_title(title) == query


def test_latest_asks_for_a_hundred_in_the_wanted_categories(tracker: FileListDownloader, api: FileListApi) -> None:
    assert [release.release_id for release in tracker.latest()] == [13, 12, 11]
    assert api.calls()[0].query == {"action": "latest-torrents", "limit": "100", "category": "6,4,1"}


def test_a_base_url_may_end_with_a_slash(api: FileListApi, store: Store, clock: HandClock) -> None:
    assert downloader(api, store, clock, base_url=f"{api.url}/").latest()
    assert api.requests[0].path == "/api.php"


@pytest.mark.parametrize(("base_url", "private"), [("https://filelist.io", True), ("http://127.0.0.1:1", False)])
def test_filelist_is_private_and_a_replica_is_not(
    api: FileListApi, store: Store, clock: HandClock, base_url: str, private: bool
) -> None:
    assert downloader(api, store, clock, base_url=base_url).private is private


# -- what is answered


def test_a_row_becomes_a_release(tracker: FileListDownloader, api: FileListApi) -> None:
    uploaded = datetime(2026, 8, 10, 9, 0, tzinfo=UTC).timestamp()
    assert row_of(api, tracker) == Release(
        tracker="filelist",
        release_id=1000001,
        name="Example.Film.2024.1080p.BluRay.x264-GRP",
        imdb_id="tt9999999",
        size_bytes=9876543210,
        seeders=41,
        leechers=3,
        uploaded_at=uploaded,
        category="Movies HD",
        internal=True,
    )


@pytest.mark.parametrize(
    "names",
    [
        {4: "Movies HD", 6: "Movies 4K"},
        {4: "Filme HD", 6: "Filme 4K"},
        {4: "映画", 6: "???"},
        {4: "", 6: "Movies SD"},
        {},
    ],
)
def test_no_row_is_lost_whatever_its_category_is_called(
    tracker: FileListDownloader, api: FileListApi, names: dict[int, str]
) -> None:
    ordinary, api.category_names = api.category_names, names
    try:
        found = tracker.search(ALIEN)
    finally:
        api.category_names = ordinary
    assert [release.release_id for release in found] == [11, 13]


@pytest.mark.parametrize(("category", "word"), [(4, "4"), (None, ""), ("Filme HD", "Filme HD")])
def test_a_category_of_any_type_is_only_a_word(
    tracker: FileListDownloader, api: FileListApi, category: object, word: str
) -> None:
    assert row_of(api, tracker, category=category).category == word


@pytest.mark.parametrize("value", [1, True, "1", "true", " 1 "])
def test_flags_are_set_in_every_spelling(tracker: FileListDownloader, api: FileListApi, value: object) -> None:
    row = row_of(api, tracker, freeleech=value, doubleup=value, internal=value)
    assert (row.freeleech, row.doubleup, row.internal) == (True, True, True)


@pytest.mark.parametrize("value", [0, False, "0", "", "false", None, "maybe", 2])
def test_flags_are_clear_in_every_other(tracker: FileListDownloader, api: FileListApi, value: object) -> None:
    row = row_of(api, tracker, freeleech=value, doubleup=value, internal=value)
    assert (row.freeleech, row.doubleup, row.internal) == (False, False, False)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (41, 41), ("41", 41), (" 41 ", 41), (None, 0), ("", 0), (-3, 0), ("-3", 0), ("many", 0), ("nan", 0),
        ("1e999", 0), (0, 0),
    ],
)  # fmt: skip
def test_counts_are_read_from_numbers_and_texts(
    tracker: FileListDownloader, api: FileListApi, value: object, count: int
) -> None:
    row = row_of(api, tracker, seeders=value, leechers=value, size=value)
    assert (row.seeders, row.leechers, row.size_bytes) == (count, count, count)


@pytest.mark.parametrize(("size", "size_bytes"), [(1.5e9, 1_500_000_000), ("9876543210", 9876543210), (2.0, 2)])
def test_a_size_may_be_written_as_a_float_or_a_text(
    tracker: FileListDownloader, api: FileListApi, size: object, size_bytes: int
) -> None:
    assert row_of(api, tracker, size=size).size_bytes == size_bytes


@pytest.mark.parametrize("value", [1000001, "1000001", " 1000001 "])
def test_an_id_is_a_number_or_a_text(tracker: FileListDownloader, api: FileListApi, value: object) -> None:
    assert row_of(api, tracker, id=value).release_id == 1000001


@pytest.mark.parametrize(
    ("imdb", "expected"),
    [
        ("tt0133093", "tt0133093"),
        ("tt133093", "tt0133093"),
        ("tt00000133093", "tt0133093"),
        (" tt0133093 ", "tt0133093"),
        ("133093", "tt0133093"),
        (133093, "tt0133093"),
        ("tt12345678", "tt12345678"),
        (None, None),
        ("", None),
        ("tt", None),
        ("tt0000000", None),
        (0, None),
        ("nm0000206", None),
        ("unknown", None),
    ],
)
def test_imdb_ids_are_padded_to_seven_digits_or_none(
    tracker: FileListDownloader, api: FileListApi, imdb: object, expected: str | None
) -> None:
    assert row_of(api, tracker, imdb=imdb).imdb_id == expected


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-08-10 12:00:00", datetime(2026, 8, 10, 9, tzinfo=UTC)),
        ("2026-01-10 12:00:00", datetime(2026, 1, 10, 10, tzinfo=UTC)),
        (" 2026-01-10 12:00:00 ", datetime(2026, 1, 10, 10, tzinfo=UTC)),
    ],
)
def test_upload_dates_are_romanian_time_of_summer_and_winter(
    tracker: FileListDownloader, api: FileListApi, text: str, utc: datetime
) -> None:
    assert row_of(api, tracker, upload_date=text).uploaded_at == utc.timestamp()


@pytest.mark.parametrize("text", ["2099-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_an_upload_in_the_future_is_of_now(
    tracker: FileListDownloader, api: FileListApi, clock: HandClock, text: str
) -> None:
    assert row_of(api, tracker, upload_date=text).uploaded_at == clock.now()


@pytest.mark.parametrize("text", [None, "", "yesterday", "0000-00-00 00:00:00", "2026-02-30 00:00:00", "2026-08-10"])
def test_an_upload_date_that_is_none_is_zero(tracker: FileListDownloader, api: FileListApi, text: str | None) -> None:
    assert row_of(api, tracker, upload_date=text).uploaded_at == 0.0


@pytest.mark.parametrize("field", sorted(ROW.keys() - {"id", "name"}))
def test_every_field_but_id_and_name_may_be_missing(tracker: FileListDownloader, api: FileListApi, field: str) -> None:
    (release,) = rows_of(api, tracker, {name: value for name, value in ROW.items() if name != field})
    assert release.release_id == 1000001


def test_a_row_of_id_and_name_alone_is_a_release(tracker: FileListDownloader, api: FileListApi) -> None:
    assert rows_of(api, tracker, {"id": 7, "name": "Film.2000.720p"}) == [Release("filelist", 7, "Film.2000.720p")]


def test_unknown_fields_do_not_matter(tracker: FileListDownloader, api: FileListApi) -> None:
    assert row_of(api, tracker, tv={"season": 1, "episode": None}, new=[1, {"a": None}]).release_id == 1000001


def test_names_are_trimmed(tracker: FileListDownloader, api: FileListApi) -> None:
    assert row_of(api, tracker, name="  Film.2000.720p\n").name == "Film.2000.720p"


def test_no_rows_are_no_releases(tracker: FileListDownloader, api: FileListApi) -> None:
    assert rows_of(api, tracker) == []


def test_rows_keep_the_order_of_the_answer(tracker: FileListDownloader, api: FileListApi) -> None:
    found = rows_of(api, tracker, *(ROW | {"id": number} for number in (5, 9, 1)))
    assert [release.release_id for release in found] == [5, 9, 1]


def test_blanks_around_the_json_do_not_matter(tracker: FileListDownloader, api: FileListApi) -> None:
    api.next_answers.append(Answer(b"\n\n []\n"))
    assert tracker.latest() == []


# -- every error


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, QueryRefused),
        (401, AuthFailed),
        (403, AuthFailed),
        (404, Unavailable),
        (410, Unavailable),
        (429, RateLimited),
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
        (520, Unavailable),
    ],
)
def test_an_api_status_means_what_the_facts_say(
    tracker: FileListDownloader, api: FileListApi, status: int, expected: type[ProviderError]
) -> None:
    error = failure(tracker.latest, api, Answer(b'{"error": "Eroare"}', status, JSON))
    assert type(error) is expected
    assert str(status) in error.message or status == 429


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, AuthFailed),
        (403, AuthFailed),
        (404, BadTorrent),
        (410, BadTorrent),
        (429, RateLimited),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_a_download_status_means_what_the_facts_say(
    tracker: FileListDownloader, api: FileListApi, status: int, expected: type[MovieSyncError]
) -> None:
    release = Release("filelist", 11, "Alien.1979")
    assert type(failure(lambda: tracker.fetch_torrent(release), api, Answer(b"", status))) is expected


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<title>Just a moment...</title>", 403),
        Answer(b"<title>Just a moment...</title>", 503),
        Answer(b"Forbidden", 403, headers={"cf-mitigated": "challenge"}),
    ],
    ids=["title", "503", "header"],
)
def test_a_browser_check_is_no_word_on_the_passkey(
    tracker: FileListDownloader, api: FileListApi, answer: Answer
) -> None:
    release = Release("filelist", 11, "Alien.1979")
    for ask in (tracker.latest, lambda: tracker.fetch_torrent(release)):
        error = failure(ask, api, answer)
        assert isinstance(error, Unavailable)
        assert (error.code, error.retry_after_s) == ("challenge", 3600.0)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"", 400),
        Answer(b"d4:infod6:lengthi1e4:name1:aee" + b"0" * (10 * 1024 * 1024)),
    ],
    ids=["refused", "too large"],
)
def test_one_odd_torrent_raises_only_what_is_promised(
    tracker: FileListDownloader, api: FileListApi, answer: Answer
) -> None:
    error = failure(lambda: tracker.fetch_torrent(Release("filelist", 11, "Alien.1979")), api, answer)
    assert isinstance(error, BadTorrent | Unavailable | AuthFailed)


@pytest.mark.parametrize("status", [429, 503, 502])
@pytest.mark.parametrize(
    ("given", "expected"), [("90", 90.0), (" 7 ", 7.0), ("99999999", 86400.0), ("0", 0.0), ("DATE", 120.0)]
)
def test_retry_after_is_kept_in_seconds_up_to_a_day(
    tracker: FileListDownloader, api: FileListApi, clock: HandClock, status: int, given: str, expected: float
) -> None:
    ahead = format_datetime(datetime.fromtimestamp(clock.now() + 120, UTC), usegmt=True)
    answer = Answer(b"", status, headers={"Retry-After": given.replace("DATE", ahead)})
    error = failure(tracker.latest, api, answer)
    assert isinstance(error, Unavailable)
    assert error.retry_after_s == expected


@pytest.mark.parametrize(("status", "expected"), [(429, 3600.0), (503, None)])
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}, {"Retry-After": ""}])
def test_without_retry_after_used_up_calls_cost_an_hour_and_an_outage_nothing_fixed(
    tracker: FileListDownloader, api: FileListApi, status: int, expected: float | None, headers: dict[str, str]
) -> None:
    error = failure(tracker.latest, api, Answer(b"", status, headers=headers))
    assert isinstance(error, Unavailable)
    assert error.retry_after_s == expected


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (OUTAGE, "outage"),
        (Answer(b' {"error": "Site in mentenanta"}', content_type=JSON), "outage"),
        (Answer(b"{}", content_type=JSON), "outage"),
        (LOGIN_PAGE, "outage"),
        (Answer(b"<!DOCTYPE html><h1>502 Bad Gateway</h1>", content_type=JSON), "outage"),
        (Answer(b"", content_type=JSON), "outage"),
        (Answer(b"Mentenanta", content_type="text/plain"), "outage"),
        (Answer(json.dumps([ROW]).encode()[:-30], content_type=JSON), "damaged"),
        (Answer(b"[", content_type=JSON), "damaged"),
        (Answer(b"[] <b>Warning</b>: mysql", content_type=JSON), "damaged"),
        (Answer(b'[{"id": 1, "name": "\xff\xfe"}]', content_type=JSON), "damaged"),
        (Answer(b'[{"id": 1, "name": "a", "x": ' + b"[" * 50_000, content_type=JSON), "damaged"),
    ],
    ids=[
        "object", "object after a blank", "empty object", "log-in page", "page called JSON", "nothing", "text",
        "cut row", "cut at once", "text after the list", "not UTF-8", "nested without end",
    ],
)  # fmt: skip
def test_a_200_without_data_is_an_outage(
    tracker: FileListDownloader, api: FileListApi, answer: Answer, code: str
) -> None:
    error = failure(tracker.latest, api, answer)
    assert type(error) is Unavailable
    assert error.code == code


@pytest.mark.parametrize(
    "rows",
    [[1, 2], ["row"], [None], [[ROW]], [{"name": "no id"}], [{"id": 1}], [ROW | {"id": None}], [ROW | {"name": None}]],
)
def test_json_of_another_form_is_a_bad_reply_that_says_where(
    tracker: FileListDownloader, api: FileListApi, rows: list[object]
) -> None:
    error = failure(tracker.latest, api, Answer(json.dumps(rows).encode(), content_type=JSON))
    assert isinstance(error, BadReply)
    assert "$[0]" in error.message
    assert "newer version" in error.hint
    assert error.sample


@pytest.mark.parametrize("body", [b"null", b"42", b'"text"', b"true", b"NaN"])
def test_json_that_is_neither_list_nor_object_is_a_provider_error(body: bytes) -> None:
    with pytest.raises(ProviderError):
        read_rows(body, 0.0)


def test_texts_of_the_site_are_shown(tracker: FileListDownloader, api: FileListApi) -> None:
    assert "Site in mentenanta" in failure(tracker.latest, api, OUTAGE).message
    assert "Cautare gresita" in failure(tracker.latest, api, Answer(b"Cautare\n  gresita", 400)).message


def test_an_answer_without_end_is_not_read_to_its_end(tracker: FileListDownloader, api: FileListApi) -> None:
    assert isinstance(failure(tracker.latest, api, Answer(b"[" + b" " * (5 * 1024 * 1024))), BadReply)


def test_an_answer_that_breaks_off_is_unavailable(tracker: FileListDownloader, api: FileListApi) -> None:
    def cut(write: Callable[[bytes], Any]) -> None:
        write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n[{")

    error = failure(tracker.latest, api, Answer(write=cut))
    assert isinstance(error, Unavailable)


def test_a_site_that_is_not_there_is_unavailable(api: FileListApi, store: Store, clock: HandClock) -> None:
    tracker = downloader(api, store, clock, base_url=nowhere())
    for ask in (tracker.latest, lambda: tracker.fetch_torrent(Release("filelist", 1, "a"))):
        with pytest.raises(Unavailable) as caught:
            ask()
        assert caught.value.code == "unreachable"


def nowhere() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize(("username", "passkey"), [(USER, "wrong-key-0000"), ("other", KEY), ("", "")])
def test_wrong_credentials_are_auth_failed_at_the_first_answer(
    api: FileListApi, store: Store, clock: HandClock, username: str, passkey: str
) -> None:
    with pytest.raises(AuthFailed, match=r"my\.php"):
        downloader(api, store, clock, username=username, passkey=passkey).search(ALIEN)
    assert len(api.requests) == 1


def test_a_failing_question_is_asked_once(tracker: FileListDownloader, api: FileListApi) -> None:
    failure(lambda: tracker.search(ALIEN), api, Answer(b"", 503))
    assert len(api.requests) == 1


def test_a_redirect_to_another_host_is_not_followed(tracker: FileListDownloader, api: FileListApi) -> None:
    answer = Answer(b"", 302, headers={"Location": "https://elsewhere.invalid/api.php"})
    assert isinstance(failure(tracker.latest, api, answer), BadReply)
    assert len(api.requests) == 1


# -- the distance between calls, and the hour


def test_calls_keep_two_seconds_apart(tracker: FileListDownloader, clock: HandClock) -> None:
    tracker.latest()
    tracker.search(ALIEN)
    clock.turn(0.5)
    tracker.latest()
    assert clock.waits == [2.0, 1.5]


def test_the_two_questions_of_one_search_keep_apart(tracker: FileListDownloader, clock: HandClock) -> None:
    tracker.search(movie(2, "Limite", 1931, imdb_id="tt0022080"))
    assert clock.waits == [2.0]


def test_downloads_keep_two_seconds_apart_and_use_up_no_calls(tracker: FileListDownloader, clock: HandClock) -> None:
    for _ in range(3):
        tracker.fetch_torrent(Release("filelist", 11, "Alien.1979"))
    assert clock.waits == [2.0, 2.0]
    assert tracker.calls_left() == 120


def test_a_redirect_is_a_call_of_its_own(tracker: FileListDownloader, api: FileListApi, clock: HandClock) -> None:
    api.next_answers.append(Answer(b"", 302, headers={"Location": "/api.php?action=latest-torrents"}))
    tracker.latest()
    assert tracker.calls_left() == 118
    assert clock.waits == [2.0]


def test_an_hour_has_120_calls_and_the_next_is_not_made(
    tracker: FileListDownloader, api: FileListApi, clock: HandClock
) -> None:
    for _ in range(120):
        tracker.latest("hand")
    assert tracker.calls_left() == 0
    with pytest.raises(RateLimited) as caught:
        tracker.latest("hand")
    assert len(api.calls()) == 120
    assert caught.value.retry_after_s == pytest.approx(3600.0 - 240.0)
    clock.turn(3600.0 - 240.0)
    tracker.latest("hand")


def test_failed_calls_count_too(tracker: FileListDownloader, api: FileListApi) -> None:
    failure(tracker.latest, api, Answer(b"", 503))
    assert tracker.calls_left() == 119


def test_the_hour_and_the_distance_hold_across_new_objects(api: FileListApi, store: Store, clock: HandClock) -> None:
    for _ in range(3):
        downloader(api, store, clock, per_hour=3).latest()
    assert clock.waits == [2.0, 2.0]
    with pytest.raises(RateLimited):
        downloader(api, store, clock, per_hour=3).latest()
    assert len(api.calls()) == 3


def test_the_hour_holds_across_a_restart_of_the_machine(api: FileListApi, store: Store, clock: HandClock) -> None:
    for _ in range(3):
        downloader(api, store, clock, per_hour=3).latest()
    clock.boot_id, clock.up = "boot-2", 30.0
    clock.wall += 1e7  # its clock is wrong as well
    with pytest.raises(RateLimited) as caught:
        downloader(api, store, clock, per_hour=3).latest()
    assert caught.value.retry_after_s == pytest.approx(3570.0)
    clock.up = 3601.0
    downloader(api, store, clock, per_hour=3).latest()
    assert len(api.calls()) == 4


# -- the .torrent


def test_a_torrent_is_fetched_decoded_and_hashed(
    tracker: FileListDownloader, api: FileListApi, torrent_bytes: bytes
) -> None:
    torrent = tracker.fetch_torrent(tracker.search(ALIEN)[0])
    assert (torrent.data, torrent.name, torrent.private) == (torrent_bytes, "Alien.1979.1080p.mkv", True)
    assert len(torrent.info_hash) == 40
    assert torrent.size_bytes == 5000


def test_the_address_of_a_torrent_is_built_never_taken_from_the_answer(
    tracker: FileListDownloader, api: FileListApi
) -> None:
    release = row_of(api, tracker, id=11, download_link="https://elsewhere.invalid/download.php?id=99")
    tracker.fetch_torrent(release)
    request = api.requests[-1]
    assert (request.path, request.query) == ("/download.php", {"id": "11", "passkey": KEY})
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    "body", [b"", b"<html>Login</html>", b'{"error": "x"}', b"d8:announce3:abce", b"d4:infod4:name1:a"]
)
def test_what_is_no_torrent_is_a_bad_torrent(tracker: FileListDownloader, api: FileListApi, body: bytes) -> None:
    release = Release("filelist", 11, "Alien.1979")
    assert isinstance(failure(lambda: tracker.fetch_torrent(release), api, Answer(body)), BadTorrent)


def test_pages_in_place_of_several_torrents_in_a_row_are_an_outage_that_charges_no_film(
    tracker: FileListDownloader, api: FileListApi
) -> None:
    page = Answer(b" <html>Login</html>")
    for number, kind in ((11, BadTorrent), (12, BadTorrent), (13, Unavailable), (13, Unavailable)):
        release = Release("filelist", number, f"Alien.{number}")
        assert type(failure(lambda release=release: tracker.fetch_torrent(release), api, page)) is kind  # type: ignore[misc]
    tracker.fetch_torrent(tracker.search(ALIEN)[0])
    assert isinstance(
        failure(lambda: tracker.fetch_torrent(Release("filelist", 13, "Alien.13")), api, page), BadTorrent
    )


def test_a_page_in_place_of_one_torrent_stays_that_releases_trouble_however_often(
    tracker: FileListDownloader, api: FileListApi
) -> None:
    release = Release("filelist", 11, "Alien.1979")
    for _ in range(5):
        answer = Answer(b"<html>Login</html>")
        assert isinstance(failure(lambda: tracker.fetch_torrent(release), api, answer), BadTorrent)


def test_a_gone_release_is_named(tracker: FileListDownloader) -> None:
    with pytest.raises(BadTorrent, match=r"Alien\.Soundtrack is gone from FileList \(404\)"):
        tracker.fetch_torrent(Release("filelist", 14, "Alien.Soundtrack"))


# -- the passkey

TELLING = [
    Answer(f'{{"error": "passkey={KEY}"}}'.encode(), content_type=JSON),
    Answer(f'{{"error": "your key {KEY} is bad"}}'.encode(), 400, JSON),
    Answer(f'{{"error": "{base64.b64encode(KEY.encode()).decode()}"}}'.encode(), 400, JSON),
    Answer(f"<html>{KEY}</html>".encode(), 503),
    Answer(f"<html>{KEY}</html>".encode(), 403),
    Answer(f"<html>{KEY}</html>".encode(), 429),
    Answer(json.dumps([ROW | {"id": None, "name": KEY}]).encode(), content_type=JSON),
    Answer(json.dumps([ROW | {"id": [KEY]}]).encode(), content_type=JSON),
    Answer(json.dumps([ROW]).encode()[:-9], content_type=JSON),
    Answer(b"", 302, headers={"Location": f"https://elsewhere.invalid/?passkey={KEY}"}),
    Answer(KEY.encode()),
]
ids = [f"answer {number}" for number in range(len(TELLING))]


@pytest.mark.parametrize("answer", TELLING, ids=ids)
@pytest.mark.parametrize("what", ["latest", "fetch"])
def test_the_passkey_is_in_no_error_traceback_log_or_stored_file(
    api: FileListApi,
    store: Store,
    clock: HandClock,
    home: Path,
    caplog: pytest.LogCaptureFixture,
    answer: Answer,
    what: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    tracker = downloader(api, store, clock)
    ask = tracker.latest if what == "latest" else lambda: tracker.fetch_torrent(Release("filelist", 11, "Alien"))
    error = failure(ask, api, answer)
    if isinstance(error, ProviderError):
        ProviderHealth(store, clock, home, {}).failed(error)
    logging.getLogger("movie_sync").error("unexpected", exc_info=error)
    assert_unsaid(error, caplog, home)


def assert_unsaid(error: MovieSyncError, caplog: pytest.LogCaptureFixture, home: Path) -> None:
    sample = error.sample if isinstance(error, BadReply) else b""
    texts = [str(error), repr(error), error.hint, "".join(traceback.format_exception(error)), repr(sample)]
    assert not [text for text in texts if KEY in text]
    written = RedactingFormatter("%(name)s %(message)s")
    assert not [record for record in caplog.records if KEY in written.format(record)]
    ours = [record for record in caplog.records if record.name.startswith("movie_sync")]
    assert not [record for record in ours if KEY in record.getMessage()]
    assert not [file for file in home.iterdir() if KEY.encode() in file.read_bytes()]


@pytest.mark.parametrize("what", ["latest", "fetch"])
def test_the_passkey_is_unsaid_when_the_site_is_not_there(
    api: FileListApi, store: Store, clock: HandClock, home: Path, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    caplog.set_level(logging.DEBUG)
    tracker = downloader(api, store, clock, base_url=nowhere())
    with pytest.raises(Unavailable) as caught:
        tracker.latest() if what == "latest" else tracker.fetch_torrent(Release("filelist", 1, "a"))
    assert_unsaid(caught.value, caplog, home)


def test_a_whole_ordinary_run_leaves_the_passkey_nowhere(
    tracker: FileListDownloader, store: Store, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    found = tracker.search(ALIEN)
    tracker.fetch_torrent(found[0])
    assert KEY not in repr(found)
    assert KEY not in repr(tracker.fetch_torrent(found[0]))
    assert_unsaid(MovieSyncError("none"), caplog, home)


@pytest.mark.parametrize("before", range(150, 200, 7))
def test_no_part_of_the_passkey_is_left_where_a_text_was_cut(
    tracker: FileListDownloader, api: FileListApi, before: int
) -> None:
    body = b"{" + b"x" * (before - 2) + b" " + KEY.encode() + b"}"
    for status in (200, 400):
        error = failure(tracker.latest, api, Answer(body, status, JSON))
        assert KEY[:8] not in error.message


@pytest.mark.parametrize("before", [4070, 4080, 4090])
def test_no_part_of_the_passkey_is_left_where_a_sample_was_cut(
    tracker: FileListDownloader, api: FileListApi, before: int
) -> None:
    start = b'[{"torrent": "'
    body = start + b"x" * (before - len(start) - 1) + b" " + KEY.encode() + b'"}]'
    error = failure(tracker.latest, api, Answer(body, content_type=JSON))
    assert isinstance(error, BadReply)
    assert KEY[:6].encode() not in error.sample
