"""``cleanup``: what a person is told of films that left, and what their word does."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import Run, as_before, runner
from conftest import HandClock, movie
from test_cleanup import DAY, OTHERS, World, left, torrent_of, world
from test_workers import MATRIX, House, client_torrent, house, scripted

from movie_sync.demo.loopback import Answer, LoopbackServer, Request
from movie_sync.movie import Status
from movie_sync.queues.cleanup_queue import PROVIDER
from movie_sync.store import Store, films, providers
from movie_sync.verbs import cleanup

__all__ = ["house", "world"]

FILM = "Film 1 (2000)"


class WebUi(LoopbackServer):
    """As much of qBittorrent's web API as listing torrents takes.

    Attributes:
        rows: What it lists.
        refusing: No log-in is good enough.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.refusing = False
        super().__init__()

    def answer(self, request: Request) -> Answer:
        if self.refusing:
            return Answer(b"", 401)
        if request.path.endswith("/login"):
            return Answer(b"Ok.", headers={"Set-Cookie": "SID=made-up"})
        return Answer(json.dumps(self.rows).encode() if request.path.endswith("/info") else b"v5.0.0")

    def has(self, number: int, **more: object) -> None:
        torrent = torrent_of(number)
        row = {"hash": torrent.info_hash, "name": torrent.name, "progress": 1, "state": "uploading", "ratio": 1.2}
        self.rows.append({**row, "tags": "movie_sync", "seeding_time": 3 * DAY, "amount_left": 0, **more})


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    yield from as_before()


@pytest.fixture
def clock() -> HandClock:
    return HandClock(wall=time.time() - 8 * DAY)


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(home, monkeypatch, capsys)


@pytest.fixture
def web_ui(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebUi]:
    """The client that the home's settings name."""
    served = WebUi()
    (home / "config.json").write_text('{"enable_removal_cleanup": true}')
    (home / "filelist_config.json").write_text(json.dumps({"qbittorrent": {"host": served.url}}))
    monkeypatch.setenv("MOVIE_SYNC_QBITTORRENT_USERNAME", "me")
    monkeypatch.setenv("MOVIE_SYNC_QBITTORRENT_PASSWORD", "made-up-word")
    yield served
    served.close()


@pytest.fixture
def at_qbittorrent(world: World) -> World:
    world.client.name = "qbittorrent"
    return world


def rows(run: Run) -> dict[str, Any]:
    found = run("cleanup", "preview", "--json").json["films"]
    return {row["film"]: row for row in found}


# -- preview


def test_preview_says_what_would_be_deleted(at_qbittorrent: World, web_ui: WebUi, run: Run) -> None:
    left(at_qbittorrent, 1)
    web_ui.has(1)
    row = rows(run)[FILM]
    assert (row["release"], row["size_bytes"], row["goes"], row["reasons"]) == ("Film.1.1080p", 10**9, True, [])
    assert row["left_at"] < row["can_go_at"]
    said = run("cleanup")
    assert said.out.startswith(f"{FILM}   Film.1.1080p, 1.0 GB\n    left ")
    assert said.out.endswith("    is deleted at the next look\n")
    assert said.err == ""


def test_preview_gives_each_reason_to_stay(at_qbittorrent: World, web_ui: WebUi, run: Run) -> None:
    left(at_qbittorrent, 1, 2)
    web_ui.has(1, ratio=0.4, seeding_time=20 * 3600)
    web_ui.has(2, tags="mine")
    found = rows(run)
    assert found[FILM]["reasons"] == ["seeding duty: ratio 0.40 of 1, 20 of 48 h"]
    assert found["Film 2 (2000)"]["reasons"] == ["in qbittorrent it does not carry this program's mark"]
    assert "stays: seeding duty: ratio 0.40 of 1, 20 of 48 h" in run("cleanup", "preview").out


def test_preview_tells_of_grace_guard_switch_and_of_what_is_not_ours(
    at_qbittorrent: World, web_ui: WebUi, run: Run, home: Path, clock: HandClock
) -> None:
    at_qbittorrent.read(1)
    at_qbittorrent.download(1, ours=False)
    clock.turn(4 * DAY)
    at_qbittorrent.read(1, 2)
    at_qbittorrent.download(2)
    for _ in range(2):
        at_qbittorrent.read()
    web_ui.has(2)
    (home / "config.json").write_text("{}")
    found = rows(run)
    assert found[FILM]["reasons"] == ["someone else had added its torrent"]
    assert found[FILM]["can_go_at"] is None
    held, grace, off = found["Film 2 (2000)"]["reasons"]
    assert held == "many films left at once, so it waits for your word: movie-sync cleanup confirm"
    assert grace.startswith("grace period until ")
    assert off == "enable_removal_cleanup is off"


def test_preview_says_when_the_client_does_not_answer_and_promises_nothing(
    at_qbittorrent: World, web_ui: WebUi, run: Run
) -> None:
    left(at_qbittorrent, 1)
    web_ui.close()
    answered = run("cleanup", "preview", "--json")
    assert answered.json["client_answers"] is False
    assert answered.json["films"][0]["reasons"] == ["the client has to be asked first"]
    assert "does not answer" in answered.err


def test_a_refused_log_in_is_tried_once(at_qbittorrent: World, web_ui: WebUi, run: Run) -> None:
    left(at_qbittorrent, 1)
    web_ui.refusing = True
    assert "refused" in run("cleanup", "preview", "--json").err
    asked = len(web_ui.requests)
    assert "refused" in run("cleanup", "preview", "--json").err
    assert asked == len(web_ui.requests) > 0


def test_preview_changes_nothing_and_asks_nobody_when_nothing_left(
    at_qbittorrent: World, web_ui: WebUi, run: Run
) -> None:
    left(at_qbittorrent, 1)
    at_qbittorrent.read(1, *OTHERS)
    version = at_qbittorrent.store.data_version()
    assert run("cleanup", "preview").out == "No downloaded film has left your lists.\n"
    assert (web_ui.requests, at_qbittorrent.store.data_version()) == ([], version)


def test_a_client_that_cannot_be_asked_is_named(world: World, run: Run, home: Path) -> None:
    world.client.name = "none"
    left(world, 1)
    (home / "config.json").write_text(json.dumps({"client": "none", "download_directory": str(home / "films")}))
    assert "Without a torrent client nothing is ever deleted." in run("cleanup", "preview", "--json").err
    world.scripted.embedded = True
    assert cleanup._snapshot(world.scripted) == (None, "Only the running service can ask the built-in client.")


def test_a_film_of_a_queue_file_of_another_client_or_found_on_disk_never_goes(
    at_qbittorrent: World, web_ui: WebUi, run: Run, store: Store
) -> None:
    left(at_qbittorrent, 1, 2, 3)
    ids = [at_qbittorrent.film(number).film_id for number in (1, 2, 3)]
    with store.write() as tx:
        tx.execute("UPDATE transfers SET client = '' WHERE film = ?", (ids[0],))
        tx.execute("UPDATE transfers SET client = 'builtin' WHERE film = ?", (ids[1],))
        films.change(tx, ids[2], Status.OWNED)
    found = rows(run)
    assert {film: (row["reasons"], row["goes"]) for film, row in found.items()} == {
        FILM: (["it was taken in from a queue file, so who added its torrent is not certain"], False),
        "Film 2 (2000)": (["it was handed to builtin, not to qbittorrent"], False),
        "Film 3 (2000)": (["this program did not download it"], False),
    }
    assert at_qbittorrent.look() == []


# -- a person's word


def test_confirm_agrees_to_one_or_to_all_and_says_how_many(at_qbittorrent: World, run: Run, store: Store) -> None:
    at_qbittorrent.read(1, 2, 3)
    at_qbittorrent.download(1, 2, 3)
    for _ in range(2):
        at_qbittorrent.read()
    at_qbittorrent.look(0)
    assert "cleanup: Many films left your lists at once; the files of 3 stay" in run("stats").out
    assert run("cleanup", "confirm", FILM, "--json").json == {"ok": True, "agreed": 1, "films": [FILM]}
    assert run("cleanup", "confirm").out.startswith("Agreed for 2 films.")
    assert run("cleanup", "confirm").out == "No film waits for a word of yours.\n"
    assert at_qbittorrent.film(3).cleanup == "agreed"
    run("cleanup", "confirm", FILM, "--json").failed(1, "not_held")
    with store.read() as tx:
        assert providers.get(tx, PROVIDER).state == "fine"
    assert "cleanup" not in run("stats").out


def test_a_kept_film_is_off_the_preview_for_good(at_qbittorrent: World, run: Run) -> None:
    left(at_qbittorrent, 1)
    assert run("cleanup", "keep", FILM, "--json").json == {"ok": True, "film": FILM}
    assert at_qbittorrent.look(400) == []
    assert at_qbittorrent.queue.story(movie(1))[-1].event == "cleanup_kept"
    run("cleanup", "keep", FILM, "--json").failed(1, "not_left")


def test_a_film_on_a_list_is_not_up_for_deletion(at_qbittorrent: World, run: Run) -> None:
    at_qbittorrent.read(1)
    at_qbittorrent.download(1)
    assert "is not up for deletion" in run("cleanup", "keep", FILM, "--json").failed(1, "not_left")["message"]


# -- the whole way


def test_from_the_watchlist_to_the_deletion(house: House, clock: HandClock, run: Run) -> None:
    house.cleaning = True
    house.__post_init__()
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX)
    house.work()
    info_hash = house.film(MATRIX).info_hash or ""
    whole = client_torrent(info_hash, "seeding", 1.0, name="The.Matrix", ratio=2.0)
    scripted(house).torrents[info_hash] = whole
    house.transfers.step(clock.now())
    house.site.films.clear()
    for _ in range(2):
        clock.turn(3601)
        house.monitor.step(clock.now())
    clock.turn(8 * DAY)
    house.transfers.step(clock.now())
    assert (house.film(MATRIX).cleanup, house.health.state(PROVIDER).code) == ("held", "cleanup_held")
    run("cleanup", "confirm")
    clock.turn(3601)
    house.transfers.step(clock.now())
    assert scripted(house).removed == [(info_hash, True)]
    assert house.status(MATRIX) is Status.GONE
    assert "were deleted: taken off the watchlist 8 days ago; ratio 2.00" in run("why", "The Matrix (1999)").out
