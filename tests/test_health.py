"""ProviderHealth: back-off, refused credentials, one line at each end of trouble."""

import logging
import sqlite3
from pathlib import Path

import pytest
from conftest import HandClock

from movie_sync.errors import AuthFailed, BadReply, ProviderError, RateLimited, Unavailable
from movie_sync.health import FOREVER, ProviderHealth
from movie_sync.lib.redaction import REMOVED, keep_secret
from movie_sync.store import Store, history

SECRET = "5ec4e7ba5eba11"
STEPS_S = [60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 86400, 86400]


def health_of(store: Store, clock: HandClock, home: Path, **prints: str) -> ProviderHealth:
    return ProviderHealth(store, clock, home, prints)


@pytest.fixture
def health(store: Store, clock: HandClock, home: Path) -> ProviderHealth:
    return health_of(store, clock, home, site="print-1")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, logger="movie_sync")
    return caplog


def down(**more: float) -> Unavailable:
    return Unavailable("site", "site is not available (503).", retry_after_s=more.get("retry_after_s"))


def events(store: Store) -> list[str]:
    with store.read() as tx:
        return [event.event for event in history.latest(tx, 100)]


# -- back-off


def test_a_provider_never_heard_of_may_be_asked(health: ProviderHealth, clock: HandClock) -> None:
    assert health.next_try("site") <= clock.now()
    assert health.state("site").state == "fine"
    assert health.every() == []


def test_back_off_goes_from_a_minute_to_a_day(health: ProviderHealth, clock: HandClock) -> None:
    for wait_s in STEPS_S:
        state = health.failed(down())
        assert state.wait_s == wait_s
        assert health.next_try("site") == clock.now() + wait_s
        clock.turn(wait_s)
        assert health.next_try("site") <= clock.now()


def test_an_answer_ends_the_back_off_and_the_next_one_starts_small(health: ProviderHealth, clock: HandClock) -> None:
    for _ in range(4):
        health.failed(down())
    assert health.fine("site")
    assert health.next_try("site") <= clock.now()
    assert health.failed(down()).wait_s == 60


@pytest.mark.parametrize("error", [RateLimited, Unavailable])
def test_the_time_a_provider_asks_for_is_kept(
    health: ProviderHealth, clock: HandClock, error: type[Unavailable]
) -> None:
    health.failed(error("site", "used up", retry_after_s=1234.5))
    assert health.next_try("site") == clock.now() + 1234.5


def test_the_step_after_an_asked_for_time_goes_on_from_the_failures(health: ProviderHealth) -> None:
    health.failed(down(retry_after_s=10.0))
    assert health.failed(down()).wait_s == 300


@pytest.mark.parametrize("jump", [-1e8, -400.0])
def test_a_time_further_off_than_its_own_wait_counts_as_due(
    health: ProviderHealth, clock: HandClock, jump: float
) -> None:
    health.failed(down())
    clock.wall += jump
    assert health.next_try("site") <= clock.now()


def test_trouble_outlives_the_object_and_the_process(
    health: ProviderHealth, store: Store, clock: HandClock, home: Path
) -> None:
    for _ in range(3):
        health.failed(down())
    other = Store(store.path)
    try:
        again = health_of(other, clock, home, site="print-1")
        assert again.next_try("site") == clock.now() + 900
        assert again.failed(down()).wait_s == 1800
    finally:
        other.close()


def test_providers_do_not_share_their_trouble(health: ProviderHealth, clock: HandClock) -> None:
    health.failed(down())
    assert health.next_try("other") <= clock.now()
    assert [state.provider for state in health.every()] == ["site"]


def test_since_is_the_beginning_of_the_trouble(health: ProviderHealth, clock: HandClock) -> None:
    began = clock.now()
    health.failed(down())
    clock.turn(500)
    state = health.failed(down())
    assert (state.since, state.asked_at, state.failures) == (began, clock.now(), 2)


# -- what only a person can mend


def test_refused_credentials_are_not_tried_again(health: ProviderHealth, clock: HandClock) -> None:
    health.failed(AuthFailed("site", "refused"))
    clock.turn(1e9)
    assert health.next_try("site") == FOREVER
    assert health.state("site").state == "needs_user"


def test_a_restart_does_not_lift_refused_credentials(
    health: ProviderHealth, store: Store, clock: HandClock, home: Path
) -> None:
    health.failed(AuthFailed("site", "refused"))
    again = health_of(store, clock, home, site="print-1")
    assert again.next_try("site") == FOREVER
    assert [state.provider for state in again.every()] == ["site"]


def test_other_credentials_lift_the_refusal(health: ProviderHealth, store: Store, clock: HandClock, home: Path) -> None:
    health.failed(AuthFailed("site", "refused"))
    changed = health_of(store, clock, home, site="print-2")
    assert changed.next_try("site") <= clock.now()
    assert changed.every() == []
    assert changed.failed(down()).failures == 1


def test_other_credentials_refused_again_block_again(
    health: ProviderHealth, store: Store, clock: HandClock, home: Path
) -> None:
    health.failed(AuthFailed("site", "refused"))
    changed = health_of(store, clock, home, site="print-2")
    changed.failed(AuthFailed("site", "refused"))
    assert changed.next_try("site") == FOREVER
    assert health_of(store, clock, home, site="print-1").next_try("site") <= clock.now()


def test_credentials_taken_out_lift_the_refusal(
    health: ProviderHealth, store: Store, clock: HandClock, home: Path
) -> None:
    health.failed(AuthFailed("site", "refused"))
    assert health_of(store, clock, home).next_try("site") <= clock.now()


def test_a_refusal_without_credentials_is_looked_at_again_in_an_hour(health: ProviderHealth, clock: HandClock) -> None:
    state = health.failed(AuthFailed("list", "the list is private"))
    assert state.fingerprint is None
    assert health.next_try("list") == clock.now() + 3600


def test_a_changed_answer_waits_at_least_an_hour_and_needs_the_user(health: ProviderHealth) -> None:
    waits = [health.failed(BadReply("site", "another form")).wait_s for _ in range(7)]
    assert waits == [3600, 3600, 3600, 3600, 3600, 7200, 14400]
    assert health.state("site").state == "needs_user"


def test_an_answer_after_the_refusal_ends_it(health: ProviderHealth, clock: HandClock) -> None:
    health.failed(AuthFailed("site", "refused"))
    assert health.fine("site")
    assert health.next_try("site") <= clock.now()


# -- what is said


def test_trouble_is_said_once_when_it_begins_and_once_when_it_ends(
    health: ProviderHealth, clock: HandClock, log: pytest.LogCaptureFixture
) -> None:
    for _ in range(6):
        health.failed(down())
        clock.turn(600)
    for _ in range(3):
        health.fine("site")
    assert [(record.levelname, record.getMessage()) for record in log.records] == [
        ("WARNING", "site is not available (503). Next try in 60 s."),
        ("INFO", "site answers again after 60 min."),
    ]


def test_trouble_is_one_event_at_its_beginning_and_one_at_its_end(health: ProviderHealth, store: Store) -> None:
    for _ in range(3):
        health.failed(down())
    health.fine("site")
    health.fine("site")
    assert events(store) == ["site_fine", "site_backing_off"]


def test_trouble_of_another_kind_is_said_anew(
    health: ProviderHealth, store: Store, log: pytest.LogCaptureFixture
) -> None:
    health.failed(down())
    health.failed(AuthFailed("site", "site refused the key.", hint="Set it anew."))
    assert events(store) == ["site_needs_user", "site_backing_off"]
    assert log.messages[-1] == "site refused the key. Set it anew. Next try when that is mended."


def test_a_restart_in_trouble_says_nothing_again(
    health: ProviderHealth, store: Store, clock: HandClock, home: Path, log: pytest.LogCaptureFixture
) -> None:
    health.failed(down())
    log.clear()
    health_of(store, clock, home, site="print-1").failed(down())
    assert log.messages == []


def test_a_provider_that_always_answered_is_no_news(
    health: ProviderHealth, store: Store, log: pytest.LogCaptureFixture
) -> None:
    assert health.fine("site") is False
    assert (log.messages, events(store)) == ([], [])


def test_the_state_keeps_code_message_and_hint_for_people(health: ProviderHealth) -> None:
    health.failed(RateLimited("site", "All calls are used.", hint="Wait.", retry_after_s=5))
    state = health.state("site")
    assert (state.code, state.message, state.hint) == ("rate_limited", "All calls are used.", "Wait.")


# -- secrets and samples


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("site", f"no {SECRET} here", hint=f"nor {SECRET} there"),
        AuthFailed("site", f"no {SECRET} here", hint=f"nor {SECRET} there"),
    ],
)
def test_no_secret_is_stored(store: Store, health: ProviderHealth, error: ProviderError) -> None:
    keep_secret(SECRET)
    health.failed(error)
    with sqlite3.connect(store.path) as connection:
        text = "\n".join(connection.iterdump())
    connection.close()
    assert SECRET not in text
    assert REMOVED in text
    assert all(SECRET.encode() not in file.read_bytes() for file in store.path.parent.iterdir())


def test_one_sample_of_an_unknown_answer_is_kept_redacted_and_private(health: ProviderHealth, home: Path) -> None:
    keep_secret(SECRET)
    health.failed(BadReply("site", "another form", sample=b"old"))
    health.failed(BadReply("site", "another form", sample=f'{{"a": "{SECRET}", "passkey": "unheard"}} \xff'.encode()))
    (kept,) = home.glob("bad_reply_*")
    assert kept.name == "bad_reply_site.txt"
    assert kept.read_text(encoding="utf-8") == f'{{"a": "{REMOVED}", "passkey": "{REMOVED}"}} \xff'
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_sample_that_is_no_text_is_kept_all_the_same(health: ProviderHealth, home: Path) -> None:
    health.failed(BadReply("site", "another form", sample=b"\xff\xfe\x00abc"))
    assert "abc" in (home / "bad_reply_site.txt").read_text(encoding="utf-8")


def test_an_unknown_answer_without_a_sample_leaves_no_file(health: ProviderHealth, home: Path) -> None:
    health.failed(BadReply("site", "redirects in circles"))
    assert list(home.glob("bad_reply_*")) == []


def test_a_sample_that_cannot_be_kept_is_said_and_the_failure_still_stored(
    store: Store, clock: HandClock, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    samples = tmp_path / "file"
    samples.write_text("not a folder")
    health = ProviderHealth(store, clock, samples, {})
    health.failed(BadReply("site", "another form", sample=b"x"))
    assert log.messages[-1] == f"No sample of the answer could be kept in {samples}."
    assert health.state("site").state == "needs_user"
