"""What must never happen: a wanted file deleted, a torrent fetched twice, a choice that comes back."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HandClock, movie
from test_choosing import (
    DAY,
    UPGRADING,
    chosen,
    coming,
    doubted,
    downloaded,
    finish,
    of,
    with_profile,
)
from test_workers import HEAT, HOUR, MATRIX, House, ScriptedClient, client_torrent, house, scripted

from movie_sync.demo.torrents import make_torrent
from movie_sync.errors import ClientRefuses, Unavailable
from movie_sync.movie import Movie, Release, Status, Torrent
from movie_sync.queues.queue_editor import QueueEditor
from movie_sync.releases.profile import profile_from
from movie_sync.store import films, offers, transfers

__all__ = ["house"]

BETTER = "The.Matrix.1999.1080p.BluRay.x264-B"


def editor(house: House) -> QueueEditor:
    return QueueEditor(house.store, house.clock)


def film_id(house: House) -> int:
    return house.film(MATRIX).film_id


def look(house: House, times: int = 1) -> None:
    for _ in range(times):
        house.transfers.guarded_step()


def better_chosen(house: House, clock: HandClock) -> str:
    """A better release that is committed to, and not yet in the client; its info-hash."""
    downloaded(with_profile(house, UPGRADING))
    house.offer(MATRIX, BETTER)
    clock.turn(8 * DAY)
    house.work()
    return of(house, MATRIX)["upgrade"].info_hash


def torrent_of(house: House, name: str, content: str) -> bytes:
    path = house.folder / content / name
    path.parent.mkdir()
    path.write_bytes(content.encode() * 99)
    return make_torrent(path, "http://127.0.0.1:9/announce", private=True)


def other_film(house: House, **columns: object) -> int:
    values = {"queued_at": 1.0, "wish_order": 1.0, "release_name": "x"} | columns
    with house.store.write() as tx:
        return films.insert(tx, Movie("The Matrix", 1999, tmdb_id="movie/9999"), Status.DOWNLOADED, **values)


# -- nothing is given up that is not at fault


@pytest.mark.parametrize("state", ["paused", "checking"])
def test_a_better_release_that_was_paused_is_left_alone(state: str, house: House, clock: HandClock) -> None:
    _, new = coming(house, clock)
    scripted(house).torrents[new] = client_torrent(new, state, 0.6)  # type: ignore[arg-type]
    look(house)
    clock.turn(25 * HOUR)
    look(house)
    assert scripted(house).removed == []


def test_time_in_which_nobody_looked_does_not_count(house: House, clock: HandClock) -> None:
    _, new = coming(house, clock)
    scripted(house).torrents[new] = client_torrent(new, "downloading", 0.6)
    look(house)
    clock.turn(48 * HOUR)
    with_profile(house, UPGRADING)
    look(house, 2)
    assert scripted(house).removed == []


def test_a_client_that_was_off_for_a_day_gets_it_all_the_same(house: House, clock: HandClock) -> None:
    new = better_chosen(house, clock)
    clock.turn(25 * HOUR)
    look(house, 2)
    assert new in scripted(house).torrents
    assert scripted(house).removed == []


def test_a_full_or_unmounted_disk_is_no_fault_of_the_torrent(house: House, clock: HandClock) -> None:
    _, new = coming(house, clock)
    scripted(house).torrents[new] = client_torrent(new, "error", 0.6, save_path="/nowhere-mounted")
    look(house, 3)
    assert scripted(house).removed == []


def test_one_look_that_does_not_see_it_proves_nothing(house: House, clock: HandClock) -> None:
    _, new = coming(house, clock)
    kept = scripted(house).torrents.pop(new)
    look(house)
    scripted(house).torrents[new] = kept
    look(house)
    assert "upgrade" in of(house, MATRIX)


def test_one_look_that_does_not_see_the_replaced_one_proves_nothing(house: House, clock: HandClock) -> None:
    old, new = coming(house, clock)
    finish(house, new)
    kept = scripted(house).torrents.pop(old)
    look(house)
    scripted(house).torrents[old] = replace(kept, ratio=2.0)
    look(house)
    assert scripted(house).removed == [(old, True)]


def test_a_torrent_file_that_is_gone_or_refused_is_not_held_against_the_release(
    house: House, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    better_chosen(house, clock)

    def refusing(torrent: Torrent) -> bool:
        raise ClientRefuses(f"The folder of {torrent.name} cannot be written.")

    monkeypatch.setattr(house.client, "ensure", refusing)
    look(house)
    assert {*of(house, MATRIX)} == {"current", "replaced"}
    clock.turn(2 * DAY)
    house.work()
    for path in (house.folder / "torrents").glob("*.torrent"):
        path.unlink()
    look(house)
    assert {*of(house, MATRIX)} == {"current", "replaced"}


def test_a_better_release_the_client_never_shows_holds_nothing_else_up(house: House, clock: HandClock) -> None:
    better_chosen(house, clock)
    client = scripted(house)

    def hidden(torrent: Torrent) -> bool:
        raise Unavailable(client.name, f"{torrent.name} is not visible yet.", code="not_visible")

    client.ensure = hidden  # type: ignore[method-assign]
    for _ in range(6):
        look(house)
        assert house.health.next_try(client.name) <= clock.now()
    assert {*of(house, MATRIX)} == {"current", "replaced"}


# -- nothing is replaced that is as good, or another


def test_what_the_profile_does_not_know_is_replaced_by_nothing_lesser(house: House, clock: HandClock) -> None:
    downloaded(with_profile(house, UPGRADING), "The.Matrix.1999.2160p.BluRay.REMUX.x265-A")
    house.offer(MATRIX, "The.Matrix.1999.720p.BluRay.x264-B")
    with_profile(house, profile_from({"qualities": ["1080p", "720p"], "upgrade_until": "720p"}, "mine"))
    clock.turn(8 * DAY)
    house.work()
    assert {*of(house, MATRIX)} == {"current"}


def test_another_season_is_no_better_release(house: House, clock: HandClock) -> None:
    data = {"qualities": ["1080p", "720p"], "upgrade_until": "1080p", "include_series": True}
    with_profile(house, profile_from(data, "mine"))
    series = movie(7, "Chernobyl", 2019, imdb_id="tt7366338", tmdb_id="tv/87108", kind="series")
    house.offer(series, "Chernobyl.S01.720p.BluRay.x264-A")
    house.wish(series)
    house.work()
    finish(house, house.film(series).info_hash or "")
    house.offer(series, "Chernobyl.S02.1080p.BluRay.x264-A")
    clock.turn(8 * DAY)
    house.work()
    assert {*of(house, series)} == {"current"}


def test_what_a_person_chose_is_replaced_by_nothing(house: House, clock: HandClock) -> None:
    with_profile(house, UPGRADING)
    chosen(house, "The.Matrix.1999.720p.WEB-DL.x264-B")
    house.work()
    finish(house, house.film(MATRIX).info_hash or "")
    clock.turn(8 * DAY)
    house.work()
    assert {*of(house, MATRIX)} == {"current"}
    assert house.film(MATRIX).upgrade_after is None


@pytest.mark.parametrize("other", [MATRIX, HEAT])
def test_a_torrent_that_writes_under_a_name_of_ours_is_not_taken(other: Movie, house: House, clock: HandClock) -> None:
    with_profile(house, profile_from({"qualities": ["2160p", "1080p", "720p"], "upgrade_until": "2160p"}, "mine"))
    name = f"{other.title.replace(' ', '.')}.{other.year}.720p.BluRay.x264-A"
    house.offer(other, name, torrent=torrent_of(house, "film.mkv", "one"))
    house.wish(other)
    house.work()
    finish(house, house.film(other).info_hash or "")
    house.offer(MATRIX, BETTER, torrent=torrent_of(house, "other.mkv", "two"))
    house.wish(MATRIX)
    clock.turn(8 * DAY)
    house.work()
    look(house)
    finish(house, next(one for one in scripted(house).torrents if one != house.film(other).info_hash))
    house.offer(MATRIX, "The.Matrix.1999.2160p.BluRay.x265-C", torrent=torrent_of(house, "film.mkv", "three"))
    clock.turn(8 * DAY)
    house.work()
    assert "upgrade" not in of(house, MATRIX)


def test_a_torrent_another_film_has_too_is_not_deleted(house: House, clock: HandClock) -> None:
    old, new = coming(house, clock)
    number = other_film(house)
    with house.store.write() as tx:
        transfers.taken_in(tx, number, old, "scripted", "x.720p", 1.0, done=True)
    finish(house, new)
    scripted(house).torrents[old] = client_torrent(old, "seeding", 1.0, ratio=2.0)
    look(house)
    assert scripted(house).removed == []


# -- nothing is fetched twice, and nothing stands still for it


def test_a_restart_begins_no_second_better_release(house: House, clock: HandClock) -> None:
    _, new = coming(house, clock)
    with_profile(house, UPGRADING)
    house.offer(MATRIX, "The.Matrix.1999.1080p.WEB-DL.x264-C", seeders=500)
    clock.turn(2 * DAY)
    house.work()
    look(house)
    assert len(scripted(house).torrents) == 2
    assert of(house, MATRIX)["upgrade"].info_hash == new


def test_a_kill_behind_the_add_leaves_it_ours(house: House, clock: HandClock) -> None:
    new = better_chosen(house, clock)
    torrent = house.hand_over.stored(new)
    assert torrent is not None
    house.client.ensure(torrent)
    with_profile(house, UPGRADING)
    finish(house, new)
    assert of(house, MATRIX)["current"].added_by_us is True


def test_a_better_release_counts_as_a_download(house: House, clock: HandClock) -> None:
    coming(house, clock)
    assert house.queue.active_downloads() == 1


@pytest.mark.parametrize("how", ["removed", "gone"])
def test_a_film_that_went_elsewhere_keeps_nobody_awake(how: str, house: House, clock: HandClock) -> None:
    downloaded(with_profile(house, UPGRADING))
    if how == "removed":
        editor(house).remove(film_id(house))
    else:
        scripted(house).torrents.clear()
        look(house, 4)
        assert house.status(MATRIX) is Status.GONE
    clock.turn(8 * DAY)
    assert house.downloads.guarded_step() >= 1


def test_a_film_without_a_transfer_stops_no_other(house: House, clock: HandClock) -> None:
    downloaded(with_profile(house, UPGRADING))
    other_film(house, upgrade_after=5.0, release_name="Old.One.1950.720p.BluRay.x264-A")
    house.offer(MATRIX, BETTER)
    clock.turn(8 * DAY)
    house.work()
    assert "upgrade" in of(house, MATRIX)


def test_a_tracker_that_is_down_costs_a_look_a_day_and_no_week(
    house: House, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloaded(with_profile(house, UPGRADING))
    clock.turn(8 * DAY)

    def down(_: Movie) -> Sequence[Release]:
        raise Unavailable("filelist", "FileList is not available (503).")

    monkeypatch.setattr(house.tracker, "search", down)
    house.downloads.guarded_step()
    assert (house.film(MATRIX).upgrade_after or 0) - clock.now() < 2 * DAY


def test_another_client_gets_the_better_release(house: House, clock: HandClock) -> None:
    downloaded(with_profile(house, UPGRADING))
    house.client = ScriptedClient()
    house.client.name = "other"
    house.fingerprints["other"] = "one"
    with_profile(house, UPGRADING)
    house.offer(MATRIX, BETTER)
    clock.turn(8 * DAY)
    house.work()
    look(house)
    assert scripted(house).added == [of(house, MATRIX)["upgrade"].info_hash]


def test_the_old_one_deleted_by_hand_meanwhile_does_no_harm(house: House, clock: HandClock) -> None:
    old, new = coming(house, clock)
    scripted(house).torrents.pop(old)
    look(house, 3)
    finish(house, new)
    assert (house.status(MATRIX), house.film(MATRIX).info_hash) == (Status.DOWNLOADED, new)


def test_the_new_one_deleted_by_hand_leaves_the_old_one_its_duty(house: House, clock: HandClock) -> None:
    old, new = coming(house, clock)
    finish(house, new)
    scripted(house).torrents.pop(new)
    look(house, 3)
    scripted(house).torrents[old] = client_torrent(old, "seeding", 1.0, ratio=2.0)
    look(house, 3)
    assert old not in scripted(house).torrents


# -- choices and questions end with what they were about


def test_a_choice_does_not_outlive_a_removal(house: House, clock: HandClock) -> None:
    chosen(house)
    editor(house).remove(film_id(house))
    clock.turn(300 * DAY)
    editor(house).retry(film_id(house))
    house.work()
    assert house.film(MATRIX).release_name == "The.Matrix.1999.1080p.BluRay.x264-A"


def test_a_release_that_went_wrong_before_can_be_chosen(house: House) -> None:
    upload = house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX)
    house.work()
    house.queue.blocklist(of(house, MATRIX)["current"], "stalled")
    scripted(house).torrents.clear()
    release = Release("filelist", upload.upload_id, upload.name, MATRIX.imdb_id, 10**9, 5)
    editor(house).grab(film_id(house), release, ["blocklisted: stalled"])
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING


def test_a_removed_film_is_asked_about_no_more(house: House) -> None:
    doubted(house)
    editor(house).remove(film_id(house))
    assert house.questions.held() == []


def test_a_film_one_chose_a_release_for_is_asked_about_no_more(house: House) -> None:
    doubted(house)
    upload = house.api.uploads[0]
    release = Release("filelist", upload.upload_id, upload.name, MATRIX.imdb_id, 10**9, 5)
    editor(house).grab(film_id(house), release, [])
    house.work()
    assert (house.status(MATRIX), house.questions.held()) == (Status.DOWNLOADING, [])


def test_an_answer_given_while_the_disk_is_looked_at_counts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    doubted(house)
    number = film_id(house)
    editor(house).retry(number)
    hold = house.questions.hold

    def answered_first(film: int, found: Sequence[tuple[str, str]]) -> bool:
        monkeypatch.setattr(house.questions, "hold", hold)
        with house.store.write() as tx:
            tx.execute("INSERT OR REPLACE INTO questions VALUES (?, ?, 'x', 1.0, 'reject')", (number, found[0][0]))
        return hold(film, found)

    monkeypatch.setattr(house.questions, "hold", answered_first)
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING


def test_films_that_turn_out_to_be_one_leave_no_question_and_no_choice(house: House) -> None:
    doubted(house)
    other_film(house)
    with house.store.write() as tx:
        number = films.of_names(tx, MATRIX.names)[0]
        offers.put(tx, number, "person", [Release("filelist", 1, "n")], 1.0)
        kept = films.learn(tx, number, replace(MATRIX, tmdb_id="movie/9999"))
        assert offers.get(tx, kept) is None
    assert house.questions.held() == []


# -- odd names


@pytest.mark.parametrize(("year", "status"), [(1999, Status.OWNED), (2000, Status.PUT_OFF)])
def test_a_file_whose_name_is_no_utf_8_is_a_file_like_any_other(year: int, status: Status, house: House) -> None:
    house.films.mkdir()
    Path(os.fsdecode(os.fsencode(house.films) + f"/The.Matrix.{year}.".encode() + b"\xe9.1080p.mkv")).touch()
    house.wish(MATRIX)
    house.work()
    assert house.status(MATRIX) is status
