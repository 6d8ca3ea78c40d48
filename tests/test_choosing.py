"""What the workers do about doubtful files, releases a person chose, freeleech, series, and better releases later."""

from dataclasses import replace

import pytest
from conftest import HandClock, movie
from test_workers import HEAT, HOUR, MATRIX, House, ScriptedClient, client_torrent, house, scripted

from movie_sync.errors import MovieSyncError, Unavailable
from movie_sync.movie import Movie, Release, Status
from movie_sync.queues.queue_editor import QueueEditor
from movie_sync.releases.profile import Profile, profile_from
from movie_sync.store import films, history, transfers
from movie_sync.store.transfers import Transfer

__all__ = ["house"]

DAY = 24 * HOUR
UPGRADING = profile_from({"qualities": ["2160p", "1080p", "720p"], "upgrade_until": "1080p"}, "mine")


def with_profile(house: House, profile: Profile) -> House:
    house.wanted = profile
    house.__post_init__()
    return house


def put_file(house: House, name: str) -> str:
    path = house.films / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"film")
    return str(path)


def events(house: House, wanted: Movie) -> list[str]:
    film_id = house.film(wanted).film_id
    with house.store.read() as tx:
        return [one.event for one in history.of_film(tx, film_id)]


def of(house: House, wanted: Movie) -> dict[str, Transfer]:
    """The film's transfers by role."""
    film_id = house.film(wanted).film_id
    with house.store.read() as tx:
        return {one.role: one for one in transfers.of_film(tx, film_id)}


# -- doubtful files


def doubted(house: House) -> str:
    """A film that is held because of a file of the next year; that file."""
    path = put_file(house, "The.Matrix.2000.1080p.mkv")
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    house.wish(MATRIX)
    house.work()
    assert house.status(MATRIX) is Status.PUT_OFF
    return path


def test_a_film_that_is_probably_there_is_held_without_a_search_and_asked_about(house: House) -> None:
    path = doubted(house)
    assert house.api.calls() == []
    (held,) = house.questions.held()
    assert (held.film.movie.title, [one.path for one in held.questions]) == ("The Matrix", [path])
    assert "2000" in held.questions[0].because
    assert path in (house.film(MATRIX).reason or "")
    assert events(house, MATRIX).count("asked") == 1


def test_a_held_film_is_looked_at_again_each_day_and_told_of_once(house: House, clock: HandClock) -> None:
    doubted(house)
    clock.turn(DAY + 1)
    house.work()
    assert house.status(MATRIX) is Status.PUT_OFF
    assert events(house, MATRIX).count("asked") == 1


def test_yes_makes_it_owned(house: House) -> None:
    path = doubted(house)
    assert house.questions.accept(house.film(MATRIX).film_id) == path
    assert (house.status(MATRIX), house.film(MATRIX).release_name) == (Status.OWNED, path)
    assert house.questions.held() == []


def test_no_has_it_fetched_and_that_file_is_not_asked_about_again(house: House) -> None:
    path = doubted(house)
    assert house.questions.reject(house.film(MATRIX).film_id) == [path]
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert house.questions.held() == []


def test_a_doubtful_file_that_is_gone_ends_the_question(house: House, clock: HandClock) -> None:
    doubted(house)
    (house.films / "The.Matrix.2000.1080p.mkv").unlink()
    clock.turn(DAY + 1)
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING
    assert house.questions.held() == []


def test_of_several_files_one_has_to_be_named_and_each_may_be_refused(house: House) -> None:
    put_file(house, "The.Matrix.1998.720p.mkv")
    doubted(house)
    film_id = house.film(MATRIX).film_id
    with pytest.raises(MovieSyncError, match="could be any of 2 files"):
        house.questions.accept(film_id)
    house.questions.reject(film_id, str(house.films / "The.Matrix.1998.720p.mkv"))
    assert house.status(MATRIX) is Status.PUT_OFF
    assert house.questions.accept(film_id) == str(house.films / "The.Matrix.2000.1080p.mkv")


def test_nothing_can_be_answered_that_was_not_asked(house: House) -> None:
    house.wish(HEAT)
    with pytest.raises(MovieSyncError, match="Nothing is asked about Heat"):
        house.questions.accept(house.film(HEAT).film_id)


def test_a_film_that_is_being_handed_over_is_not_answered_about(house: House) -> None:
    doubted(house)
    number = house.film(MATRIX).film_id
    with house.store.write() as tx:
        films.change(tx, number, Status.HANDING_OVER, not_before=None)
    with pytest.raises(Unavailable, match="being handed over"):
        house.questions.accept(number)


def test_a_certain_file_needs_no_question(house: House) -> None:
    put_file(house, "The.Matrix.1998.720p.mkv")
    path = put_file(house, "The.Matrix.1999.720p.mkv")
    house.wish(MATRIX)
    house.work()
    assert (house.status(MATRIX), house.film(MATRIX).release_name) == (Status.OWNED, path)


# -- what a person chose


def chosen(house: House, name: str = "The.Matrix.1999.HDCAM-B") -> Release:
    """A release a person chose for The Matrix, which the rules would refuse."""
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    upload = house.offer(MATRIX, name)
    house.wish(MATRIX)
    release = Release("filelist", upload.upload_id, name, MATRIX.imdb_id, 10**9, 5)
    QueueEditor(house.store, house.clock).grab(house.film(MATRIX).film_id, release, ["filmed off a cinema screen"])
    return release


def test_a_chosen_release_is_taken_without_a_search_whatever_speaks_against_it(house: House) -> None:
    release = chosen(house)
    put_file(house, "The.Matrix.1999.720p.mkv")
    house.work()
    assert (house.status(MATRIX), house.film(MATRIX).release_name) == (Status.DOWNLOADING, release.name)
    assert house.api.calls() == []
    assert {"grabbed", "chosen", "handed_over"} <= {*events(house, MATRIX)}


def test_a_choice_counts_once(house: House) -> None:
    chosen(house)
    house.work()
    assert house.queue.offer(house.film(MATRIX).film_id) is None


def test_a_chosen_release_that_cannot_be_had_leaves_the_film_to_the_next_search(house: House, clock: HandClock) -> None:
    chosen(house)
    house.api.uploads[1] = replace(house.api.uploads[1], torrent=None)
    house.work()
    assert house.status(MATRIX) is Status.RETRYING
    clock.turn(2 * HOUR)
    house.work()
    assert house.film(MATRIX).release_name == "The.Matrix.1999.1080p.BluRay.x264-A"
    assert "not_taken" in events(house, MATRIX)


# -- freeleech, series


def test_a_film_whose_releases_only_have_to_get_older_waits_for_just_that(house: House, clock: HandClock) -> None:
    with_profile(house, profile_from({"qualities": ["1080p"], "freeleech": "wait 2 days"}, "mine"))
    upload = house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-A")
    clock.wall = 1_786_000_000.0
    house.api.uploads[0] = replace(upload, uploaded="2026-08-06 10:00:00")
    house.wish(MATRIX)
    house.work()
    film = house.film(MATRIX)
    assert film.status is Status.PUT_OFF
    assert "not freeleech" in (film.reason or "")
    assert clock.now() < (film.not_before or 0) <= clock.now() + 2 * DAY
    clock.turn(2 * DAY)
    house.work()
    assert house.status(MATRIX) is Status.DOWNLOADING


@pytest.mark.parametrize(("wanted", "status"), [(True, Status.DOWNLOADING), (False, Status.SERIES)])
def test_a_series_is_taken_as_a_whole_season_where_the_profile_says_so(
    wanted: bool, status: Status, house: House
) -> None:
    with_profile(house, profile_from({"qualities": ["1080p"], "include_series": wanted}, "mine"))
    series = movie(7, "Chernobyl", 2019, imdb_id="tt7366338", tmdb_id="tv/87108", kind="series")
    house.offer(series, "Chernobyl.S01E01.1080p.BluRay.x264-A")
    house.offer(series, "Chernobyl.S01.1080p.BluRay.x264-A", seeders=2)
    house.wish(series)
    house.work()
    assert house.status(series) is status
    assert house.film(series).release_name == ("Chernobyl.S01.1080p.BluRay.x264-A" if wanted else None)


# -- another profile


def test_another_profile_searches_again_what_was_refused_by_the_one_before(house: House) -> None:
    house.offer(MATRIX, "The.Matrix.1999.HDCAM-B")
    house.wish(MATRIX, HEAT)
    house.work()
    assert house.queue.judge_again("one") == 0, "nothing is known of the time before"
    assert house.queue.judge_again("one") == 0
    assert house.queue.judge_again("two") == 1
    assert (house.status(MATRIX), house.status(HEAT)) == (Status.DUE, Status.NOT_FOUND)
    assert events(house, MATRIX)[-1] == "due_again"


# -- better releases later


def downloaded(house: House, name: str = "The.Matrix.1999.720p.BluRay.x264-A") -> str:
    """A film downloaded in a quality that is not good enough; its info-hash."""
    house.offer(MATRIX, name)
    house.wish(MATRIX)
    house.work()
    info_hash = house.film(MATRIX).info_hash or ""
    finish(house, info_hash)
    assert house.status(MATRIX) is Status.DOWNLOADED
    return info_hash


def finish(house: House, info_hash: str) -> None:
    scripted(house).torrents[info_hash] = client_torrent(info_hash, "seeding", 1.0)
    for _ in range(3):
        house.transfers.guarded_step()


def coming(house: House, clock: HandClock) -> tuple[str, str]:
    """A film with a better release on its way; the old and the new info-hash."""
    old = downloaded(with_profile(house, UPGRADING))
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-B")
    clock.turn(8 * DAY)
    house.work()
    house.transfers.guarded_step()
    return old, of(house, MATRIX)["upgrade"].info_hash


def test_without_upgrade_until_nothing_better_is_looked_for(house: House, clock: HandClock) -> None:
    downloaded(house)
    house.offer(MATRIX, "The.Matrix.1999.2160p.BluRay.x265-B")
    clock.turn(30 * DAY)
    calls = len(house.api.calls())
    house.work()
    assert len(house.api.calls()) == calls
    assert house.film(MATRIX).upgrade_after is None


def test_a_better_release_is_fetched_beside_the_one_that_is_there(house: House, clock: HandClock) -> None:
    old, new = coming(house, clock)
    assert {*scripted(house).torrents} == {old, new}
    assert (house.status(MATRIX), house.film(MATRIX).info_hash) == (Status.DOWNLOADED, old)
    assert of(house, MATRIX)["current"].info_hash == old


def test_once_it_is_whole_it_is_the_films_and_the_old_one_seeds_on(house: House, clock: HandClock) -> None:
    old, new = coming(house, clock)
    finish(house, new)
    film = house.film(MATRIX)
    assert (film.status, film.info_hash, film.release_name) == (
        Status.DOWNLOADED,
        new,
        "The.Matrix.1999.1080p.BluRay.x264-B",
    )
    assert {role: one.info_hash for role, one in of(house, MATRIX).items()} == {"current": new, "retiring": old}
    assert old in scripted(house).torrents
    assert "upgraded" in events(house, MATRIX)
    assert house.film(MATRIX).upgrade_after is None, "the cutoff is reached"


@pytest.mark.parametrize(("ratio", "hours", "leaves"), [(0.5, 47, False), (1.0, 1, True), (0.0, 48, True)])
def test_the_old_one_leaves_with_its_files_once_its_duty_is_done(
    ratio: float, hours: int, leaves: bool, house: House, clock: HandClock
) -> None:
    old, new = coming(house, clock)
    finish(house, new)
    seeding = client_torrent(old, "seeding", 1.0, ratio=ratio, seeding_s=hours * HOUR)
    scripted(house).torrents[old] = seeding
    house.transfers.guarded_step()
    assert scripted(house).removed == ([(old, True)] if leaves else [])
    assert ("retiring" in of(house, MATRIX)) is not leaves


def test_an_old_one_that_someone_else_added_stays(house: House, clock: HandClock) -> None:
    old, new = coming(house, clock)
    finish(house, new)
    foreign = client_torrent(old, "seeding", 1.0, ratio=2.0, ours=False)
    scripted(house).torrents[old] = foreign
    house.transfers.guarded_step()
    assert scripted(house).removed == []
    assert of(house, MATRIX)["replaced"].info_hash == old


def test_a_better_release_that_breaks_is_blocklisted_and_what_is_there_stays(house: House, clock: HandClock) -> None:
    old, new = coming(house, clock)
    scripted(house).torrents[new] = client_torrent(new, "error", 0.2, save_path=str(house.folder))
    for _ in range(3):
        house.transfers.guarded_step()
    assert (house.status(MATRIX), house.film(MATRIX).info_hash) == (Status.DOWNLOADED, old)
    assert scripted(house).removed == [(new, True)]
    assert of(house, MATRIX)["blocklisted"].info_hash == new
    clock.turn(8 * DAY)
    house.work()
    assert "upgrade" not in of(house, MATRIX), "the same one is never taken again"


def test_a_better_release_that_stands_still_is_given_up(house: House, clock: HandClock) -> None:
    _, new = coming(house, clock)
    for _ in range(151):
        clock.turn(600)
        house.transfers.guarded_step()
    assert of(house, MATRIX)["blocklisted"].info_hash == new


def test_a_better_release_the_client_lost_is_dropped(house: House, clock: HandClock) -> None:
    old, new = coming(house, clock)
    scripted(house).torrents.pop(new)
    house.transfers.guarded_step()
    assert of(house, MATRIX)["upgrade"].info_hash == new, "one poll says nothing"
    house.transfers.guarded_step()
    assert {role: one.info_hash for role, one in of(house, MATRIX).items()} == {"current": old, "blocklisted": new}


def test_a_better_release_that_would_write_over_what_is_there_is_not_taken(house: House, clock: HandClock) -> None:
    old = downloaded(with_profile(house, UPGRADING))
    better = "The.Matrix.1999.1080p.BluRay.x264-B"
    house.offer(MATRIX, better)
    scripted(house).torrents[old] = client_torrent(old, "seeding", 1.0, name=f"{better}.bin")
    clock.turn(8 * DAY)
    house.work()
    assert {*of(house, MATRIX)} == {"current"}
    assert not [path for path in (house.folder / "torrents").glob("*.torrent") if path.stem != old]


def test_the_same_quality_with_more_seeders_is_no_upgrade(house: House, clock: HandClock) -> None:
    downloaded(with_profile(house, UPGRADING))
    house.offer(MATRIX, "The.Matrix.1999.720p.WEB-DL.x264-B", seeders=5000)
    clock.turn(8 * DAY)
    house.work()
    assert {*of(house, MATRIX)} == {"current"}
    assert house.film(MATRIX).upgrade_after == pytest.approx(clock.now() + 7 * DAY)


def test_a_kill_between_intent_and_client_is_made_good(house: House, clock: HandClock) -> None:
    downloaded(with_profile(house, UPGRADING))
    house.offer(MATRIX, "The.Matrix.1999.1080p.BluRay.x264-B")
    clock.turn(8 * DAY)
    house.work()
    new = of(house, MATRIX)["upgrade"].info_hash
    assert new not in scripted(house).torrents
    with_profile(house, UPGRADING)
    house.hand_over.tidy()
    house.transfers.guarded_step()
    assert new in scripted(house).torrents


def test_the_first_look_is_a_day_after_the_download(house: House, clock: HandClock) -> None:
    downloaded(with_profile(house, UPGRADING))
    assert house.film(MATRIX).upgrade_after == pytest.approx(clock.now() + DAY)


def test_switching_upgrades_on_plans_a_look_for_what_is_there_and_off_takes_it_back(house: House) -> None:
    downloaded(house)
    assert house.film(MATRIX).upgrade_after is None
    with_profile(house, UPGRADING)
    assert house.film(MATRIX).upgrade_after == pytest.approx(house.clock.now() + DAY)
    with_profile(house, replace(UPGRADING, upgrade_until=None))
    assert house.film(MATRIX).upgrade_after is None


def test_a_film_that_is_good_enough_is_left_alone(house: House) -> None:
    downloaded(with_profile(house, UPGRADING), "The.Matrix.1999.1080p.WEB-DL.x264-A")
    assert house.film(MATRIX).upgrade_after is None


def test_due_films_go_before_better_releases(house: House, clock: HandClock) -> None:
    downloaded(with_profile(house, UPGRADING))
    clock.turn(8 * DAY)
    house.offer(HEAT, "Heat.1995.1080p.BluRay.x264-A")
    house.wish(HEAT)
    house.downloads.guarded_step()
    assert house.status(HEAT) is Status.DOWNLOADING
    assert isinstance(house.client, ScriptedClient)
