"""What every tracker promises: a tracker's test class inherits TrackerContract and gives it a Bench."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import bencode2
import pytest
from conftest import HandClock

from movie_sync.errors import AuthFailed, BadReply, BadTorrent, ProviderError, QueryRefused, Stopping, Unavailable
from movie_sync.movie import Movie, Purpose, Release
from movie_sync.trackers.download_service import CALLS_A_SEARCH, MovieDownloader


@dataclass(frozen=True, slots=True)
class Bench:
    """A tracker, the site it talks to, and how to bend that site.

    Attributes:
        clock: The one the tracker was built with.
        tagged: A film the site has under its IMDb id.
        untagged: A film without an IMDb id that the site has under its title.
        unknown: A film the site does not have.
        down: The site's next answers say that it is out of order.
        limited: The site's next answers say that the calls are used up.
        refusing: The site's next answers refuse the credentials.
        changed: The site's next answers have a form nobody knows.
        questioned: The site's next answers refuse the question.
        lost: The site's next .torrent is not there.
        spoiled: The site's next .torrent is none.
        requests: How many requests the site got so far.
    """

    tracker: MovieDownloader
    clock: HandClock
    tagged: Movie
    untagged: Movie
    unknown: Movie
    down: Callable[[], None]
    limited: Callable[[], None]
    refusing: Callable[[], None]
    changed: Callable[[], None]
    questioned: Callable[[], None]
    lost: Callable[[], None]
    spoiled: Callable[[], None]
    requests: Callable[[], int]

    def a_release(self) -> Release:
        return self.tracker.search(self.tagged)[0]


class TrackerContract:
    """Inherit it, and override the fixture ``bench``."""

    @pytest.fixture
    def bench(self) -> Bench:
        raise NotImplementedError

    def test_its_name_is_lower_case_and_it_says_whether_it_is_private(self, bench: Bench) -> None:
        assert bench.tracker.name
        assert bench.tracker.name == bench.tracker.name.lower()
        assert isinstance(bench.tracker.private, bool)

    def test_it_tells_how_far_clocks_differ_only_when_it_knows(self, bench: Bench) -> None:
        bench.tracker.search(bench.tagged)
        difference_s = bench.tracker.clock_difference_s()
        assert difference_s is None or abs(difference_s) < 60

    def test_search_gives_releases_of_this_tracker_each_with_its_own_number(self, bench: Bench) -> None:
        found = bench.tracker.search(bench.tagged)
        assert found
        assert {release.tracker for release in found} == {bench.tracker.name}
        assert len({release.release_id for release in found}) == len(found)

    def test_search_finds_by_imdb_id(self, bench: Bench) -> None:
        assert all(release.imdb_id == bench.tagged.imdb_id for release in bench.tracker.search(bench.tagged))

    def test_search_finds_by_title_when_there_is_no_imdb_id(self, bench: Bench) -> None:
        assert bench.untagged.imdb_id is None
        assert bench.tracker.search(bench.untagged)

    def test_search_for_a_film_it_does_not_have_is_empty(self, bench: Bench) -> None:
        assert bench.tracker.search(bench.unknown) == []

    def test_rows_are_tidy(self, bench: Bench) -> None:
        for release in bench.tracker.latest():
            assert release.name == release.name.strip() != ""
            assert release.size_bytes >= 0
            assert release.seeders >= 0
            assert release.leechers >= 0
            assert 0 <= release.uploaded_at <= bench.clock.now()

    def test_latest_gives_the_newest_first(self, bench: Bench) -> None:
        numbers = [release.release_id for release in bench.tracker.latest()]
        assert len(numbers) > 1
        assert numbers == sorted(numbers, reverse=True)

    def test_fetch_torrent_gives_the_bytes_decoded_and_hashed(self, bench: Bench) -> None:
        torrent = bench.tracker.fetch_torrent(bench.a_release())
        info = bencode2.bdecode(torrent.data)[b"info"]
        assert torrent.info_hash == hashlib.sha1(bencode2.bencode(info)).hexdigest()  # noqa: S324  BEP 3
        assert torrent.name == info[b"name"].decode()
        assert torrent.size_bytes > 0

    @pytest.mark.parametrize("purpose", ["hand", "search", "repeat", "sweep"])
    def test_calls_are_made_for_any_purpose_and_a_fresh_hour_makes_nobody_wait(
        self, bench: Bench, purpose: Purpose
    ) -> None:
        assert bench.tracker.wait_s(purpose, CALLS_A_SEARCH) == 0
        assert bench.tracker.search(bench.tagged, purpose)
        assert bench.tracker.latest(purpose)

    def test_calls_left_is_none_or_goes_down_by_one_a_call(self, bench: Bench) -> None:
        before = bench.tracker.calls_left()
        bench.tracker.latest()
        assert bench.tracker.calls_left() == (None if before is None else before - 1)

    def test_an_outage_is_unavailable_and_nobodys_fault(self, bench: Bench) -> None:
        for ask in self._questions(bench):
            bench.down()
            error = self._failure(ask)
            assert type(error) is Unavailable
            assert error.provider == bench.tracker.name

    def test_used_up_calls_are_rate_limited_with_a_time(self, bench: Bench) -> None:
        for ask in self._questions(bench):
            bench.limited()
            error = self._failure(ask)
            assert error.code == "rate_limited"
            assert isinstance(error, Unavailable)
            assert error.retry_after_s is not None

    def test_refused_credentials_are_auth_failed_and_tell_what_to_do(self, bench: Bench) -> None:
        for ask in self._questions(bench):
            bench.refusing()
            error = self._failure(ask)
            assert type(error) is AuthFailed
            assert error.provider == bench.tracker.name
            assert error.hint

    def test_an_answer_of_another_form_is_a_bad_reply_with_a_sample(self, bench: Bench) -> None:
        for ask in self._questions(bench)[:2]:
            bench.changed()
            error = self._failure(ask)
            assert isinstance(error, BadReply)
            assert error.sample

    def test_a_refused_question_is_only_that(self, bench: Bench) -> None:
        for ask in self._questions(bench)[:2]:
            bench.questioned()
            assert type(self._failure(ask)) is QueryRefused

    def test_a_release_that_is_gone_is_a_bad_torrent(self, bench: Bench) -> None:
        release = bench.a_release()
        bench.lost()
        with pytest.raises(BadTorrent):
            bench.tracker.fetch_torrent(release)

    def test_something_else_than_a_torrent_is_a_bad_torrent(self, bench: Bench) -> None:
        release = bench.a_release()
        bench.spoiled()
        with pytest.raises(BadTorrent):
            bench.tracker.fetch_torrent(release)

    def test_it_works_again_as_soon_as_the_site_does(self, bench: Bench) -> None:
        bench.down()
        with pytest.raises(Unavailable):
            bench.tracker.latest()
        assert bench.tracker.latest()

    def test_nothing_is_asked_while_the_process_stops(self, bench: Bench) -> None:
        questions = self._questions(bench)
        for ask in questions:  # so that each of them would have to wait for its turn
            ask()
        asked = bench.requests()
        bench.clock.stopping = True
        for ask in questions:
            with pytest.raises(Stopping):
                ask()
        assert bench.requests() == asked

    def test_it_can_be_closed_twice(self, bench: Bench) -> None:
        bench.tracker.close()
        bench.tracker.close()

    @staticmethod
    def _questions(bench: Bench) -> list[Callable[[], object]]:
        release = bench.a_release()
        tracker = bench.tracker
        return [lambda: tracker.search(bench.tagged), tracker.latest, lambda: tracker.fetch_torrent(release)]

    @staticmethod
    def _failure(ask: Callable[[], object]) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            ask()
        return caught.value
