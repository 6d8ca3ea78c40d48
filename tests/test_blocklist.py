"""``blocklist``: what is on it, and what taking it off does to the client and to later choices."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Run, as_before, runner
from conftest import HandClock
from test_workers import HEAT, MATRIX, House, client_torrent, house, scripted

from movie_sync.movie import Status
from movie_sync.store import transfers
from movie_sync.store.transfers import Transfer

__all__ = ["house"]

FIRST, SECOND = "The.Matrix.1999.1080p.BluRay.x264-A", "The.Matrix.1999.1080p.BluRay.x264-B"
FILM = "The Matrix (1999)"


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    yield from as_before()


@pytest.fixture
def clock() -> HandClock:
    return HandClock(wall=time.time())


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(home, monkeypatch, capsys)


def of(house: House) -> dict[str, Transfer]:
    """The film's transfers by release."""
    film_id = house.film(MATRIX).film_id
    with house.store.read() as tx:
        return {one.release_name: one for one in transfers.of_film(tx, film_id)}


def blocklisted(house: House, *, second: bool = False) -> str:
    """A film whose first torrent stands in the client, blocklisted; that torrent's info-hash."""
    house.offer(MATRIX, FIRST, seeders=9)
    house.wish(MATRIX)
    house.work()
    (current, _) = house.queue.current_transfers()[0]
    house.queue.progressed(current, 0.1)
    if second:
        house.offer(MATRIX, SECOND)
    house.queue.blocklist(current, "no byte and no seed for 24 h.")
    return current.info_hash


def test_the_list_says_which_release_of_which_film_why_and_since_when(house: House, run: Run, clock: HandClock) -> None:
    assert run("blocklist", "--json").json == {"ok": True, "blocklist": []}
    blocklisted(house)
    (row,) = run("blocklist", "--json").json["blocklist"]
    assert (row["film"], row["release"], row["reason"]) == (FILM, FIRST, "no byte and no seed for 24 h.")
    assert time.strftime("%Y-%m-%dT%H:%M", time.gmtime(clock.now())) in row["at"]
    assert run("blocklist").out.endswith(f"{FILM}  {FIRST}: no byte and no seed for 24 h.\n")
    assert run("blocklist", "show").out == run("blocklist").out


def test_the_moment_stays_when_the_torrent_leaves_the_client_later(house: House, run: Run, clock: HandClock) -> None:
    blocklisted(house)
    before = run("blocklist", "--json").json
    clock.turn(86400)
    house.queue.taken_out(of(house)[FIRST])
    assert run("blocklist", "--json").json == before


def test_a_cleared_release_is_taken_again_with_the_torrent_that_is_there(house: House, run: Run) -> None:
    info_hash = blocklisted(house)
    house.work()
    assert house.status(MATRIX) is Status.NOT_FOUND
    answered = run("blocklist", "clear", FILM)
    assert answered.out.startswith(f"1 releases of {FILM} may be taken again.")
    run("retry", FILM)
    house.work()
    assert (house.status(MATRIX), house.film(MATRIX).info_hash) == (Status.DOWNLOADING, info_hash)
    assert (of(house)[FIRST].role, of(house)[FIRST].reason, of(house)[FIRST].added_by_us) == ("current", None, True)
    assert house.queue.superseded(house.film(MATRIX).film_id, "scripted") == []
    assert "unblocked" in [one.event for one in house.queue.story(MATRIX)]
    assert scripted(house).removed == []


@pytest.mark.parametrize("cleared", [True, False])
def test_what_is_left_in_the_client_leaves_it_when_another_release_runs_cleared_or_not(
    house: House, run: Run, cleared: bool
) -> None:
    info_hash = blocklisted(house, second=True)
    house.work()
    assert house.film(MATRIX).release_name == SECOND
    if cleared:
        run("blocklist", "clear", "--all")
    assert scripted(house).removed == []
    now = house.film(MATRIX).info_hash or ""
    scripted(house).torrents[now] = client_torrent(now, progress=0.5)
    house.transfers.step(house.clock.now())
    assert scripted(house).removed == [(info_hash, True)]
    assert of(house)[FIRST].client == ""


def test_what_became_whole_after_all_stays_when_it_was_cleared(house: House, run: Run) -> None:
    info_hash = blocklisted(house, second=True)
    house.work()
    run("blocklist", "clear", FILM)
    now = house.film(MATRIX).info_hash or ""
    scripted(house).torrents[now] = client_torrent(now, progress=0.5)
    scripted(house).torrents[info_hash] = client_torrent(info_hash, "seeding", 1.0)
    house.transfers.step(house.clock.now())
    assert scripted(house).removed == []


def test_clearing_one_film_leaves_the_others_alone(house: House, run: Run) -> None:
    blocklisted(house)
    house.wish(HEAT)
    assert run("blocklist", "clear", "Heat (1995)").out == "No release of Heat (1995) is blocklisted.\n"
    assert house.queue.refused_releases(house.film(MATRIX).film_id)
    assert run("blocklist", "clear", "--all", "--json").json == {"ok": True, "cleared": 1}
    assert house.queue.refused_releases(house.film(MATRIX).film_id) == {}
    assert run("blocklist").out == "No release is blocklisted.\n"


@pytest.mark.parametrize("arguments", [[], [FILM, "--all"]], ids=["neither", "both"])
def test_one_film_or_all_has_to_be_said(arguments: list[str], run: Run) -> None:
    run("blocklist", "clear", *arguments, "--json").failed(2, "usage")
