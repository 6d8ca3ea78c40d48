"""The database: who may open it, what a crash or a wrong clock leaves of it, and that its indexes are used."""

import itertools
import re
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from conftest import movie
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_sync.errors import StoreError
from movie_sync.lib.backoff import provider_wait_s
from movie_sync.lib.clock import Boot
from movie_sync.movie import Decision, FilmFacts, Movie, Queue, Release, Status, Torrent
from movie_sync.store import (
    Store,
    connections,
    decisions,
    exports,
    facts,
    films,
    history,
    migrations,
    overview,
    providers,
)
from movie_sync.store import transfers as transfer_rows
from movie_sync.store.calls import HOUR_S, Share, take_turn, used
from movie_sync.store.connections import Connection
from movie_sync.store.providers import BACKING_OFF, NEEDS_USER, ProviderState

NOW = 1_790_000_000.0
SLOW = settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o777


def insert(store: Store, number: int, status: Status = Status.DUE, **columns: object) -> int:
    with store.write() as tx:
        return films.insert(tx, movie(number), status, queued_at=NOW, wish_order=NOW + number, **columns)


def count(tx: Connection) -> dict[str, int]:
    return overview.read(tx, NOW, Boot("b", 1)).statuses


# -- who may open it


def test_every_file_of_the_database_is_private(store: Store, home: Path) -> None:
    insert(store, 1)
    assert {path.name: rights(path) for path in home.iterdir()} == {
        "movie_sync.db": 0o600,
        "movie_sync.db-wal": 0o600,
        "movie_sync.db-shm": 0o600,
    }


def test_a_missing_home_is_made_private(tmp_path: Path) -> None:
    Store(tmp_path / "new" / "movie_sync.db").close()
    assert rights(tmp_path / "new") == 0o700


def test_rights_of_others_are_taken_off_a_database_that_is_there(home: Path) -> None:
    path = home / "movie_sync.db"
    Store(path).close()
    path.chmod(0o644)
    home.chmod(0o755)
    Store(path).close()
    assert (rights(path), rights(home)) == (0o600, 0o700)


def test_a_power_cut_loses_no_committed_film(store: Store) -> None:
    with store.read() as tx:
        assert tx.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert tx.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_a_home_with_odd_characters_opens(tmp_path: Path) -> None:
    path = tmp_path / "films & more? 100% #1 é" / "movie_sync.db"
    Store(path).close()
    assert path.exists()


def test_each_thread_has_its_own_connection_and_sees_what_others_committed(store: Store) -> None:
    insert(store, 1)

    def look() -> tuple[int, int]:
        with store.read() as tx:
            return id(tx), tx.execute("SELECT count(*) FROM films").fetchone()[0]

    with ThreadPoolExecutor(1) as pool:
        connection, count = pool.submit(look).result()
    assert (connection != look()[0], count) == (True, 1)


def test_threads_that_write_at_once_lose_nothing(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: insert(store, number), range(80)))
    with store.read() as tx:
        assert count(tx) == {"due": 80}


def _insert_some(path: str, first: int) -> None:
    store = Store(Path(path))
    for number in range(first, first + 20):
        insert(store, number)
    store.close()


def test_processes_that_make_and_fill_one_database_at_once_lose_nothing(home: Path) -> None:
    path = home / "movie_sync.db"
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(_insert_some, str(path), first) for first in (100, 200, 300)]:
            done.result()
    store = Store(path)
    with store.read() as tx:
        assert count(tx) == {"due": 60}
    store.close()


def test_a_new_database_opened_many_times_at_once_is_made_once(home: Path) -> None:
    together = threading.Barrier(8)

    def open_and_close(_: int) -> None:
        together.wait()
        Store(home / "movie_sync.db").close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(open_and_close, range(8)))


def test_data_version_changes_only_by_others(store: Store) -> None:
    other = Store(store.path)
    before = store.data_version()
    insert(store, 1)
    assert store.data_version() == before
    insert(other, 2)
    other.close()
    assert store.data_version() != before


# -- transactions


def test_a_write_that_raises_leaves_nothing(store: Store) -> None:
    def fail_half_way() -> None:
        with store.write() as tx:
            films.insert(tx, movie(1), Status.DUE, queued_at=NOW, wish_order=NOW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    insert(store, 2)
    with store.read() as tx:
        assert [film.movie.number for film in films.in_queue(tx, Queue.PENDING)] == [2]


def test_a_read_sees_one_moment_and_keeps_nothing_it_writes(store: Store) -> None:
    insert(store, 1)
    other = Store(store.path)
    with store.read() as tx:
        assert count(tx) == {"due": 1}
        insert(other, 2)
        assert count(tx) == {"due": 1}
    other.close()
    with store.read() as tx:
        tx.execute("SELECT 1")
        assert count(tx) == {"due": 2}


def test_a_database_locked_for_too_long_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_S", 0.1)
    waiting = Store(store.path)
    with store.write(), pytest.raises(StoreError, match="locked by another program") as caught, waiting.write():
        pass
    waiting.close()
    assert caught.value.code == "store_locked"


def fill_the_disk(store: Store) -> None:
    with store.write() as tx:
        tx.execute(f"PRAGMA max_page_count = {tx.execute('PRAGMA page_count').fetchone()[0]}")
        facts.put(tx, "much", "x" * 1_000_000)


def test_a_full_disk_is_told_and_the_store_goes_on_when_there_is_space(store: Store) -> None:
    with pytest.raises(StoreError, match=r"full.*free space"):
        fill_the_disk(store)
    with store.read() as tx:
        tx.execute("PRAGMA max_page_count = 100000")
    insert(store, 1)
    with store.read() as tx:
        assert (count(tx), facts.get(tx, "much")) == ({"due": 1}, None)


def test_a_value_the_tables_refuse_is_not_called_a_damaged_file(store: Store) -> None:
    film_id = insert(store, 1)
    with pytest.raises(Exception, match="NOT NULL") as caught, store.write() as tx:
        films.change(tx, film_id, queued_at=None)
    assert getattr(caught.value, "code", "") != "store_corrupt"


# -- read only


def test_a_reader_of_no_database_says_what_to_do(home: Path) -> None:
    with pytest.raises(StoreError, match=r"no database .* Start movie-sync once") as caught:
        Store(home / "movie_sync.db", read_only=True)
    assert (caught.value.code, list(home.iterdir())) == ("no_database", [])


def test_a_reader_can_look_and_not_write(store: Store) -> None:
    insert(store, 1)
    reader = Store(store.path, read_only=True)
    before = store.path.read_bytes()
    with reader.read() as tx:
        assert count(tx) == {"due": 1}
    with pytest.raises(StoreError, match="readonly"), reader.write() as tx:
        tx.execute("DELETE FROM films")
    reader.close()
    assert store.path.read_bytes() == before


def test_a_reader_works_while_someone_writes(store: Store) -> None:
    reader = Store(store.path, read_only=True)
    with store.write() as tx:
        films.insert(tx, movie(1), Status.DUE, queued_at=NOW, wish_order=NOW)
        with reader.read() as looking:
            assert count(looking) == {}
    reader.close()


def test_a_reader_of_an_empty_file_says_that_it_is_older(home: Path) -> None:
    (home / "movie_sync.db").touch()
    with pytest.raises(StoreError, match="older schema 0") as caught:
        Store(home / "movie_sync.db", read_only=True)
    assert caught.value.code == "store_older"


# -- damaged, newer, older


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_no_database_is_named_and_left_alone(home: Path, *, read_only: bool) -> None:
    path = home / "movie_sync.db"
    path.write_bytes(b"this is a text, and a long one at that\n" * 200)
    with pytest.raises(StoreError, match="damaged or not a database") as caught:
        Store(path, read_only=read_only)
    assert (caught.value.code, path.read_bytes()[:14]) == ("store_corrupt", b"this is a text")


def test_damaged_pages_are_told_as_such(home: Path) -> None:
    path = home / "movie_sync.db"
    store = Store(path)
    for number in range(50):
        insert(store, number)
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), Store(path).read() as tx:
        count(tx)


def test_a_newer_schema_is_refused_with_both_versions_and_left_alone(home: Path) -> None:
    path = home / "movie_sync.db"
    Store(path).close()
    newer = migrations.SCHEMA_VERSION + 1
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {newer}")
    connection.close()
    with pytest.raises(StoreError, match=f"has schema {newer}; .* up to {migrations.SCHEMA_VERSION}") as caught:
        Store(path)
    assert caught.value.code == "store_newer"
    assert "newer version" in caught.value.hint


def next_schema(monkeypatch: pytest.MonkeyPatch, *statements: str) -> None:
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, statements))
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", len(migrations.STEPS))


def version_and_films(path: Path) -> tuple[int, int]:
    connection = sqlite3.connect(path)
    found = (
        connection.execute("PRAGMA user_version").fetchone()[0],
        connection.execute("SELECT count(*) FROM films").fetchone()[0],
    )
    connection.close()
    return found


def test_a_migration_keeps_a_private_copy_of_the_older_schema(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "movie_sync.db"
    store = Store(path)
    insert(store, 1)  # still in the -wal when the copy is made
    old = migrations.SCHEMA_VERSION
    next_schema(monkeypatch, "ALTER TABLE facts ADD COLUMN note TEXT")
    Store(path).close()
    store.close()
    copy = home / f"movie_sync.db.schema-{old}"
    assert (version_and_films(copy), version_and_films(path)) == ((old, 1), (old + 1, 1))
    assert rights(copy) == 0o600


def test_a_migration_that_fails_changes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "movie_sync.db"
    store = Store(path)
    insert(store, 1)
    store.close()
    old = migrations.SCHEMA_VERSION
    next_schema(monkeypatch, "DELETE FROM films", "no sql at all")
    with pytest.raises(StoreError, match="syntax error"):
        Store(path)
    assert version_and_films(path) == (old, 1)


def test_a_reader_does_not_migrate(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "movie_sync.db"
    Store(path).close()
    next_schema(monkeypatch, "ALTER TABLE facts ADD COLUMN note TEXT")
    with pytest.raises(StoreError, match="older schema"):
        Store(path, read_only=True)
    assert [path.name] == [path.name for path in home.glob("*.db*") if "-" not in path.suffix]


# -- calls


def an_hour(calls: int | None) -> list[Share]:
    return [] if calls is None else [Share(("search",), calls)]


class Machine:
    """A machine that is restarted and whose wall clock lies; only ``true_s`` knows the time."""

    def __init__(self, path: Path, per_hour: int | None, spacing_s: float) -> None:
        self.path = path
        self.per_hour = per_hour
        self.spacing_s = spacing_s
        self.true_s = 0.0
        self.booted_s = -5_000.0
        self.boots = 0
        self.wall_error_s = NOW
        self.granted: list[float] = []
        self.stores = [Store(path), Store(path)]

    @property
    def boot(self) -> Boot:
        return Boot(f"boot-{self.boots}", self.true_s - self.booted_s)

    def call(self, which: int) -> float:
        """Ask once; the seconds to wait, 0 when granted."""
        store = self.stores[which % len(self.stores)]
        wall = self.true_s + self.wall_error_s
        turn = take_turn(store, "me", self.boot, wall, shares=an_hour(self.per_hour), spacing_s=self.spacing_s)
        assert turn.granted == (turn.wait_s == 0)
        if turn.granted:
            self.granted.append(self.true_s)
        return turn.wait_s

    def reboot(self, off_s: float) -> None:
        self.restart(0)
        self.true_s += off_s
        self.booted_s = self.true_s
        self.boots += 1

    def restart(self, _: float) -> None:
        self.close()
        self.stores = [Store(self.path), Store(self.path)]

    def jump(self, wall_s: float) -> None:
        self.wall_error_s += wall_s

    def close(self) -> None:
        for store in self.stores:
            store.close()


SPANS = st.one_of(
    st.sampled_from([0.0, 0.001, 0.5, 1.0, 30.0, 1800.0, 3599.0, 3599.999, 3600.0, 3600.001, 7200.0, 7201.0]),
    st.floats(0, 9000, allow_nan=False),
)
HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("call"), SPANS),
        st.tuples(st.just("calls"), st.sampled_from([0.0, 0.5, 20.0, 900.0])),
        st.tuples(st.just("reboot"), SPANS),
        st.tuples(st.just("restart"), st.just(0.0)),
        st.tuples(st.just("jump"), st.floats(-1e9, 1e9, allow_nan=False)),
    ),
    max_size=25,
)


def live_through(machine: Machine, happenings: Sequence[tuple[str, float]]) -> None:
    for number, (what, seconds) in enumerate(happenings):
        if what in {"call", "calls"}:
            for which in range(1 if what == "call" else 4):
                machine.true_s += seconds
                machine.call(number + which)
        else:
            getattr(machine, what)(seconds)


@SLOW
@given(happenings=HAPPENINGS, per_hour=st.integers(1, 4))
def test_no_rolling_hour_ever_has_more_calls_than_allowed(happenings: list[tuple[str, float]], per_hour: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder) / "movie_sync.db", per_hour, 0)
        live_through(machine, happenings)
        machine.close()
    for first, beyond in zip(machine.granted, machine.granted[per_hour:], strict=False):
        assert beyond - first >= HOUR_S - 1e-6


@SLOW
@given(happenings=HAPPENINGS, spacing_s=st.sampled_from([0.25, 2.0, 61.0]))
def test_two_calls_of_one_boot_keep_their_distance(happenings: list[tuple[str, float]], spacing_s: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder) / "movie_sync.db", None, spacing_s)
        live_through(machine, [event for event in happenings if event[0] != "reboot"])
        machine.close()
    assert all(later - sooner >= spacing_s - 1e-6 for sooner, later in itertools.pairwise(machine.granted))


@SLOW
@given(happenings=HAPPENINGS, per_hour=st.integers(1, 4), spacing_s=st.sampled_from([0.0, 2.0]))
def test_who_waits_as_long_as_told_may_call(
    happenings: list[tuple[str, float]], per_hour: int, spacing_s: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder) / "movie_sync.db", per_hour, spacing_s)
        live_through(machine, happenings)
        asked = 0
        while (wait_s := machine.call(0)) > 0:
            assert wait_s <= HOUR_S + 1e-6
            machine.true_s += max(wait_s, 1e-6)  # less is lost in rounding
            asked += 1
            assert asked <= 3
        machine.close()


def test_a_call_is_told_apart_from_a_distance(store: Store) -> None:
    def ask(seconds: float) -> tuple[bool, float, bool]:
        turn = take_turn(store, "me", Boot("b", seconds), NOW, shares=an_hour(2), spacing_s=1)
        return turn.granted, turn.wait_s, turn.used_up

    assert ask(9000.0) == (True, 0, False)
    assert ask(9000.5) == (False, 0.5, False)
    assert ask(9001.0) == (True, 0, False)
    assert ask(9002.0) == (False, HOUR_S - 2, True)
    assert used(store, "me", Boot("b", 9002.0)) == 2
    assert used(store, "me", Boot("b", 9000.0 + HOUR_S)) == 1


def test_accounts_do_not_share_their_calls(store: Store) -> None:
    for account in ("me", "you"):
        assert take_turn(store, account, Boot("b", 1), NOW, shares=an_hour(1), spacing_s=60).granted
    assert used(store, "nobody", Boot("b", 1)) == 0


def test_threads_that_ask_at_once_get_no_more_than_the_hour_has(store: Store) -> None:
    def ask(_: int) -> bool:
        return take_turn(store, "me", Boot("b", 9000), NOW, shares=an_hour(7), spacing_s=0).granted

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(40))) == 7


def test_old_calls_are_forgotten(store: Store) -> None:
    for hour in range(50):
        take_turn(store, "me", Boot("b", hour * HOUR_S), NOW, shares=an_hour(120), spacing_s=0)
    take_turn(store, "me", Boot("c", HOUR_S + 1), NOW, shares=an_hour(120), spacing_s=0)
    with store.read() as tx:
        assert tx.execute("SELECT count(*) FROM calls").fetchone()[0] == 1


@pytest.mark.parametrize("up_s", [0.0, 10.0, 3599.0])
def test_a_machine_that_does_not_tell_its_boots_is_not_stopped_for_more_than_an_hour(store: Store, up_s: float) -> None:
    month_s = 30 * 86400.0
    take_turn(store, "me", Boot("unknown", month_s), NOW, shares=an_hour(1), spacing_s=2)
    turn = take_turn(store, "me", Boot("unknown", up_s), NOW, shares=an_hour(1), spacing_s=2)
    assert (turn.granted, turn.wait_s <= HOUR_S) == (False, True)


def test_where_starts_have_no_name_calls_of_an_earlier_one_never_count_again(store: Store) -> None:
    month_s = 30 * 86400.0
    take_turn(store, "me", Boot("unknown", month_s), NOW, shares=an_hour(9), spacing_s=0)
    take_turn(store, "me", Boot("unknown", 2 * HOUR_S), NOW, shares=an_hour(9), spacing_s=0)
    assert used(store, "me", Boot("unknown", month_s + 60)) == 0


# -- providers


def test_a_provider_never_in_trouble_is_due(store: Store) -> None:
    with store.read() as tx:
        assert (providers.get(tx, "filelist").next_try(NOW) <= NOW, providers.every(tx)) == (True, [])


def test_a_provider_state_survives_as_it_was_put(store: Store) -> None:
    state = ProviderState("b", NEEDS_USER, NOW, 3, NOW, 900.0, "auth_failed", "Refused.", "Log in.", "f00")
    with store.write() as tx:
        providers.put(tx, ProviderState("a", BACKING_OFF, NOW))
        providers.put(tx, replace(state, failures=1))
        providers.put(tx, state)
    with store.read() as tx:
        assert (providers.get(tx, "b"), [each.provider for each in providers.every(tx)]) == (state, ["a", "b"])


@given(
    failures=st.integers(1, 30),
    clock_error_s=st.floats(-4e9, 4e9, allow_nan=False),
    later_s=st.floats(0, 1e6, allow_nan=False),
)
def test_no_clock_makes_a_provider_wait_longer_than_its_own_interval(
    failures: int, clock_error_s: float, later_s: float
) -> None:
    wait_s = provider_wait_s(failures)
    state = ProviderState("p", BACKING_OFF, NOW, failures, asked_at=NOW + clock_error_s, wait_s=wait_s)
    assert state.next_try(NOW + later_s) - (NOW + later_s) <= wait_s
    assert state.next_try(NOW + clock_error_s) == pytest.approx(NOW + clock_error_s + wait_s, abs=1e-3)


@pytest.mark.parametrize(("error_s", "due"), [(-86400.0, True), (-30.0, False), (0.0, False), (86400.0, True)])
def test_a_clock_set_right_later_makes_a_wait_due_or_leaves_it(error_s: float, *, due: bool) -> None:
    state = ProviderState("p", BACKING_OFF, NOW, 1, asked_at=NOW + error_s, wait_s=60.0)
    assert (state.next_try(NOW) <= NOW) is due


def test_a_provider_that_is_fine_is_due_whatever_it_waited_before() -> None:
    assert ProviderState("p", providers.FINE, NOW, 9, asked_at=NOW, wait_s=86400.0).next_try(NOW) <= NOW


# -- indexes


def due_queries() -> dict[str, Callable[[Connection], object]]:
    return {
        "wake": lambda tx: films.wake(tx, NOW),
        "due_hand_overs": lambda tx: films.due_hand_overs(tx, NOW),
        "next_due_newest": lambda tx: films.next_due(tx, ("search", "repeat"), newest_first=True),
        "next_due_oldest": lambda tx: films.next_due(tx, ("search", "repeat"), newest_first=False),
        "next_moment": films.next_moment,
        "release_claims": films.release_claims,
        "put_off_all_due": lambda tx: films.put_off_all_due(tx, NOW, "why", "p"),
        "without_details": films.without_details,
        "of_names": lambda tx: films.of_names(tx, ["lid:a", "imdb:b"]),
        "with_role": lambda tx: transfer_rows.with_role(tx, 1, "current"),
        "history": lambda tx: history.of_film(tx, 1),
        "decisions": lambda tx: decisions.of_film(tx, 1),
    }


@pytest.mark.parametrize("name", due_queries())
def test_what_is_asked_all_the_time_reads_no_whole_table(store: Store, name: str) -> None:
    with store.write() as tx:
        asked: list[str] = []
        tx.set_trace_callback(asked.append)
        due_queries()[name](tx)
        tx.set_trace_callback(None)
        statements = [sql for sql in asked if re.match("SELECT|UPDATE", sql)]
        plans = [row[3] for sql in statements for row in tx.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert statements
    steps = [step for step in plans if step.startswith(("SCAN", "SEARCH"))]
    assert steps
    # Of offers there are a few.
    steps = [step for step in steps if step != "SCAN offers"]
    assert [step for step in steps if "INDEX" not in step and "PRIMARY KEY" not in step] == []


def test_the_next_due_film_is_found_without_sorting(store: Store) -> None:
    with store.write() as tx:
        asked: list[str] = []
        tx.set_trace_callback(asked.append)
        films.next_due(tx, ("search", "repeat"), newest_first=True)
        tx.set_trace_callback(None)
        # The few releases at hand are sorted.
        searches = [sql for sql in asked if "offers" not in sql]
        plan = [row[3] for sql in searches for row in tx.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert plan == ["SCAN films USING INDEX films_due_new", "SCAN films USING INDEX films_due_again"]


# -- rows


FULL = Movie(
    title="Das Boot — Director's Cut",
    year=1981,
    number=46682,
    lid="1Xrm",
    slug="das-boot",
    url="https://letterboxd.com/film/das-boot/",
    imdb_id="tt0082096",
    tmdb_id="movie/387",
    kind="film",
    directors=("Wolfgang Petersen", "A, B"),
    alt_titles=("Лодка", "U 96"),
    runtime_min=149,
)


def test_a_film_comes_back_as_it_was_put(store: Store) -> None:
    with store.write() as tx:
        film_id = films.insert(tx, FULL, Status.DUE, queued_at=NOW, wish_order=1.5, extra={"my note": [1, None]})
        record = films.get(tx, film_id)
    assert record is not None
    assert (record.movie, record.extra, record.queue, record.fetch_anew) == (
        FULL,
        {"my note": [1, None]},
        "pending",
        False,
    )


def test_only_columns_of_the_table_can_be_set(store: Store) -> None:
    film_id = insert(store, 1)
    with store.write() as tx, pytest.raises(ValueError, match="no such columns"):
        films.change(tx, film_id, None, **{"title = 'x' --": 1})


def test_a_film_that_is_gone_cannot_learn(store: Store) -> None:
    with store.write() as tx:
        with pytest.raises(LookupError):
            films.learn_facts(tx, 404, FilmFacts("x"), NOW)
        with pytest.raises(LookupError):
            films.learn(tx, 404, movie(1))


def test_the_latest_events_come_newest_first(store: Store) -> None:
    with store.write() as tx:
        for number in range(5):
            history.append(tx, NOW - number, None, "note", str(number))
        assert [event.text for event in history.latest(tx, 2)] == ["4", "3"]


def test_a_fact_is_replaced(store: Store) -> None:
    with store.write() as tx:
        facts.put(tx, "name", "one")
        facts.put(tx, "name", "two")
        assert (facts.get(tx, "name"), facts.get(tx, "other")) == ("two", None)


def test_the_last_five_searches_are_kept_oldest_first_each_in_its_order(store: Store) -> None:
    film_id, other = insert(store, 1), insert(store, 2)
    good, bad = Release("t", 1, "Good", size_bytes=9, seeders=3), Release("t", 2, "Bad")
    with store.write() as tx:
        decisions.store(tx, other, [Decision(bad)], NOW - 100)
        for days in range(7, 0, -1):
            decisions.store(tx, film_id, [Decision(bad)], NOW - days)
        decisions.store(tx, film_id, [Decision(good, because="larger"), Decision(bad, ("é", "b"))], NOW)
        found = decisions.of_film(tx, film_id)
        assert len(decisions.of_film(tx, other)) == 1
    assert [each.at for each in found] == [NOW - 4, NOW - 3, NOW - 2, NOW - 1, NOW, NOW]
    assert [(each.name, each.verdict, each.reasons) for each in found[-2:]] == [
        ("Good", "accepted", ("larger",)),
        ("Bad", "refused", ("é", "b")),
    ]


def test_an_announced_content_is_known_until_it_is_settled(store: Store) -> None:
    with store.write() as tx:
        assert exports.get(tx, "f") == exports.Export()
        exports.announce(tx, "f", b"one")
        assert exports.get(tx, "f") == exports.Export(None, b"one", -1)
        exports.settle(tx, "f", 3)
        exports.announce(tx, "f", b"two")
        assert exports.get(tx, "f") == exports.Export(b"one", b"two", 3)
        exports.settle(tx, "f", 4)
        exports.settle(tx, "f", 5)
        assert exports.get(tx, "f") == exports.Export(b"two", None, 5)


@pytest.mark.parametrize("status", list(Status))
def test_every_change_of_a_film_is_counted_for_its_file(store: Store, status: Status) -> None:
    film_id = insert(store, 1)
    with store.write() as tx:
        before = exports.versions(tx)
        films.change(tx, film_id, status)
        after = exports.versions(tx)
        record = films.get(tx, film_id)
    assert record is not None
    touched = {queue for queue in before if after[queue] > before[queue]}
    assert touched == {"pending", str(record.queue)} - {"left"}


def test_a_film_has_one_current_torrent_at_most(store: Store) -> None:
    film_id = insert(store, 1)
    with store.write() as tx:
        for letter in "abc":
            torrent = Torrent(b"", letter * 40, "name", 1, private=True)
            transfer_rows.intend(tx, film_id, Release("t", 1, letter), torrent, "nox", NOW)
            intent = transfer_rows.with_role(tx, film_id, "intended")
            assert intent is not None
            transfer_rows.make_current(tx, intent, "nox", added_by_us=True, now=NOW)
        roles = {each.info_hash[0]: each.role for each in transfer_rows.of_film(tx, film_id)}
    assert roles == {"a": "replaced", "b": "replaced", "c": "current"}
