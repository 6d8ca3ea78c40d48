"""The small tools at the bottom: whole files, redaction, time, back-off and .torrent decoding; and the public names."""

import base64
import ctypes
import errno
import functools
import hashlib
import importlib
import io
import itertools
import json
import logging
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import movie_sync
from movie_sync.errors import AlreadyRunning, BadTorrent, Stopping
from movie_sync.lib import clock as clock_module
from movie_sync.lib import files, redaction
from movie_sync.lib.backoff import PROVIDER_STEPS_S, SEARCH_AGAIN_S, RetryPolicy, provider_wait_s, search_again_s
from movie_sync.lib.clock import SystemClock, span_text, utc_seconds, utc_text
from movie_sync.lib.files import (
    InstanceLock,
    delete_unfinished,
    locked,
    make_private_file,
    make_private_folder,
    set_aside,
    stamp,
    sync_folder,
    write_over,
    write_whole,
)
from movie_sync.lib.redaction import REMOVED, RedactingFormatter, keep_secret, redact
from movie_sync.lib.torrent_file import MAX_DEPTH, MAX_FILES, MAX_SIZE_BYTES, MAX_TORRENT_BYTES, read_torrent

# -- files


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=["umask 000", "umask 022", "umask 077"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def test_a_private_folder_is_0700_whatever_the_umask(umask: None, tmp_path: Path) -> None:
    make_private_folder(tmp_path / "deep" / "home")
    assert rights(tmp_path / "deep" / "home") == 0o700


def test_a_folder_open_to_others_loses_their_rights_and_keeps_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "kept").touch()
    make_private_folder(folder)
    assert rights(folder) == 0o700
    assert (folder / "kept").exists()


def test_a_folder_everybody_shares_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    make_private_folder(tmp_path)
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777


def test_a_private_file_is_made_empty_and_0600(umask: None, tmp_path: Path) -> None:
    make_private_file(tmp_path / "db")
    assert rights(tmp_path / "db") == 0o600
    assert (tmp_path / "db").read_bytes() == b""


def test_a_file_that_is_there_keeps_its_content_and_loses_the_rights_of_others(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_bytes(b"rows")
    path.chmod(0o664)
    make_private_file(path)
    assert rights(path) == 0o600
    assert path.read_bytes() == b"rows"


def test_a_written_file_is_whole_private_and_alone(umask: None, tmp_path: Path) -> None:
    path = tmp_path / "queue.json"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert rights(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def before_renaming(action: Callable[[], None], patch: pytest.MonkeyPatch) -> None:
    """Do something right before any new content takes its name."""
    replace = Path.replace

    def replaced(temp: Path, path: Path) -> None:
        action()
        replace(temp, path)

    patch.setattr(Path, "replace", replaced)


def test_the_new_content_is_complete_and_private_before_it_takes_the_name(
    umask: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "queue.json"
    path.write_bytes(b"old")
    seen: list[tuple[bytes, int, bytes]] = []

    def look() -> None:
        (temp,) = set(tmp_path.iterdir()) - {path}
        seen.append((temp.read_bytes(), rights(temp), path.read_bytes()))

    before_renaming(look, monkeypatch)
    write_whole(path, b"new")
    assert seen == [(b"new", 0o600, b"old")]


@pytest.mark.parametrize("error", [RuntimeError("edited"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
def test_what_is_raised_before_the_rename_leaves_the_old_content_and_no_temp_file(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "queue.json"
    path.write_bytes(b"old")

    def refuse() -> None:
        raise error

    before_renaming(refuse, monkeypatch)
    with pytest.raises(type(error)):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_cannot_be_taken_leaves_no_temp_file(tmp_path: Path) -> None:
    taken = tmp_path / "queue.json"
    (taken / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_whole(taken, b"new")
    assert list(tmp_path.iterdir()) == [taken]


def test_a_missing_folder_is_an_error_when_writing_and_when_syncing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "file", b"")
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "none")


def test_what_a_killed_process_left_is_deleted_and_what_is_being_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / ".file.0123abcd.unfinished"
    left.write_bytes(b"a part")
    mine = tmp_path / ".unfinished business.json"
    mine.write_bytes(b"not ours")

    def look() -> None:
        delete_unfinished(tmp_path)

    before_renaming(look, monkeypatch)
    write_whole(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == [mine.name, "file"]


SAVES = [
    pytest.param(lambda path: path.write_bytes(b"saved in place"), id="in place"),
    pytest.param(lambda path: write_whole(path, b"saved by renaming"), id="renamed"),
    pytest.param(lambda path: path.unlink(missing_ok=True), id="deleted"),
]


def around_renames(actions: Mapping[int, Callable[[], object]], patch: pytest.MonkeyPatch) -> None:
    """Do something before and after each call of renameat2: 0 is before the first, 1 after it, 2 before the second …"""
    rename = files._rename
    moments = itertools.count()

    def renamed(old: Path, new: Path, flags: int) -> bool:
        actions.get(next(moments), int)()
        try:
            return rename(old, new, flags)
        finally:
            actions.get(next(moments), int)()

    patch.setattr(files, "_rename", renamed)


def what_is_in(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


@pytest.mark.parametrize("there", [True, False], ids=["there", "new"])
def test_what_nobody_changed_is_written_over(umask: None, there: bool, tmp_path: Path) -> None:
    path = tmp_path / "queue.json"
    if there:
        path.write_bytes(b"old")
    assert write_over(path, b"new", {path: stamp(path)})
    assert path.read_bytes() == b"new"
    assert rights(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("save", SAVES)
@pytest.mark.parametrize("there", [True, False], ids=["there", "new"])
def test_what_was_saved_since_it_was_seen_stands(save: Callable[[Path], object], there: bool, tmp_path: Path) -> None:
    path = tmp_path / "queue.json"
    if there:
        path.write_bytes(b"old")
    seen = stamp(path)
    save(path)
    saved = what_is_in(path)
    assert write_over(path, b"new", {path: seen}) is (saved is None and not there)
    assert what_is_in(path) == (saved if there or saved else b"new")


def test_what_depends_on_another_file_is_not_written_once_that_was_saved(tmp_path: Path) -> None:
    path, other = tmp_path / "queue.json", tmp_path / "other.json"
    path.write_bytes(b"old")
    seen = {path: stamp(path), other: stamp(other)}
    other.write_bytes(b"saved")
    assert not write_over(path, b"new", seen)
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("save", SAVES)
@pytest.mark.parametrize("there", [True, False], ids=["there", "new"])
def test_what_is_saved_in_the_very_moment_of_the_rename_stands(
    save: Callable[[Path], object], there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "queue.json"
    if there:
        path.write_bytes(b"old")
    around_renames({0: lambda: save(path)}, monkeypatch)
    written = write_over(path, b"new", {path: stamp(path)})
    assert what_is_in(path) in {b"saved in place", b"saved by renaming", b"new" if written else None}
    assert not (written and there)
    assert {*tmp_path.iterdir()} <= {path}


@pytest.mark.parametrize("again", SAVES)
@pytest.mark.parametrize("moment", [1, 2, 3])
def test_of_two_saves_in_that_moment_the_last_stands(
    again: Callable[[Path], object], moment: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "queue.json"
    path.write_bytes(b"old")
    stands: list[bytes | None] = []

    def save_again() -> None:
        again(path)
        stands.append(what_is_in(path))

    around_renames({0: lambda: write_whole(path, b"saved first"), moment: save_again}, monkeypatch)
    assert not write_over(path, b"new", {path: stamp(path)})
    # What is deleted before the first save is back under its name comes back with it.
    put_back = b"saved first" if moment < 3 else None
    assert what_is_in(path) == (stands[0] or put_back)
    assert {*tmp_path.iterdir()} <= {path}


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_where_two_names_cannot_be_exchanged_the_new_one_takes_its_place(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = SimpleNamespace(renameat2=lambda *_: -1)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: refused)
    monkeypatch.setattr(ctypes, "get_errno", lambda: number)
    path = tmp_path / "queue.json"
    assert write_over(path, b"one", {path: None})
    assert write_over(path, b"two", {path: stamp(path)})
    assert not write_over(path, b"three", {path: None})
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_where_the_system_knows_no_such_call_the_new_one_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: SimpleNamespace())
    path = tmp_path / "queue.json"
    path.write_bytes(b"old")
    assert write_over(path, b"new", {path: stamp(path)})
    assert path.read_bytes() == b"new"


def test_a_disk_that_refuses_the_exchange_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = SimpleNamespace(renameat2=lambda *_: -1)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: refused)
    monkeypatch.setattr(ctypes, "get_errno", lambda: errno.EROFS)
    path = tmp_path / "queue.json"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="Read-only"):
        write_over(path, b"new", {path: stamp(path)})
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    path = tmp_path / "queue.json"
    contents = [bytes([letter]) * 200_000 for letter in b"abcdef"]
    write_whole(path, contents[0])

    def write() -> None:
        for content in contents * 3:
            write_whole(path, content)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        assert path.read_bytes() in contents
    writer.join()


def test_each_copy_kept_aside_has_its_own_dated_name(tmp_path: Path) -> None:
    path = tmp_path / "queue_failed.json"
    kept = []
    for content in (b"one", b"two", b"three"):
        path.write_bytes(content)
        kept.append(set_aside(path, "2026-11-22T160000Z"))
    assert [copy.name for copy in kept] == [
        "queue_failed.kept-2026-11-22T160000Z.json",
        "queue_failed.kept-2026-11-22T160000Z-2.json",
        "queue_failed.kept-2026-11-22T160000Z-3.json",
    ]
    assert [copy.read_bytes() for copy in kept] == [b"one", b"two", b"three"]
    assert {rights(copy) for copy in kept} == {0o600}
    assert path.read_bytes() == b"three"


def test_a_lock_keeps_the_second_out_until_the_first_is_done(tmp_path: Path) -> None:
    order: list[str] = []
    inside = threading.Event()

    def first() -> None:
        with locked(tmp_path / "faces.lock"):
            inside.set()
            time.sleep(0.1)
            order.append("first is done")

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(5)
    with locked(tmp_path / "faces.lock"):
        order.append("second is in")
    thread.join()
    assert order == ["first is done", "second is in"]
    assert rights(tmp_path / "faces.lock") == 0o600


def test_a_lock_is_given_back_when_the_block_raises(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), locked(tmp_path / "faces.lock"):
        raise RuntimeError
    with locked(tmp_path / "faces.lock"):
        pass


def test_the_second_instance_is_told_the_pid_of_the_first(tmp_path: Path) -> None:
    first, second = InstanceLock(tmp_path / "instance.lock"), InstanceLock(tmp_path / "instance.lock")
    first.acquire()
    try:
        with pytest.raises(AlreadyRunning, match=rf"pid {os.getpid()}\)") as refused:
            second.acquire()
    finally:
        first.release()
    assert str(tmp_path) in refused.value.message
    assert "MOVIE_SYNC_HOME" in refused.value.hint
    assert rights(tmp_path / "instance.lock") == 0o600


def test_an_instance_lock_can_be_taken_again_after_it_was_given_back(tmp_path: Path) -> None:
    path = tmp_path / "instance.lock"
    path.write_text("123456789012\n")
    for _ in range(2):
        lock = InstanceLock(path)
        lock.acquire()
        assert path.read_text() == f"{os.getpid()}\n"
        lock.release()
        lock.release()


def test_the_kernel_drops_the_instance_lock_of_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "instance.lock"
    program = (
        "import sys, time; from pathlib import Path; from movie_sync.lib.files import InstanceLock\n"
        "InstanceLock(Path(sys.argv[1])).acquire(); print('has it', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "has it\n"
        with pytest.raises(AlreadyRunning, match=f"pid {other.pid}"):
            InstanceLock(path).acquire()
        other.send_signal(signal.SIGKILL)
    lock = InstanceLock(path)
    lock.acquire()
    lock.release()


# -- redaction


@pytest.fixture(autouse=True)
def no_secret_outlives_its_test() -> Iterator[None]:
    before = set(redaction._secrets)
    yield
    redaction._secrets.clear()
    redaction._secrets.update(before)


PASSWORD = 'p/ä ss&w!"örd\\x'
PASSKEY = "3f5a0c9e77b1d2446a8890bcdeff0123"
SURE_FORMS = ["plain", "URL-encoded", "URL-encoded as a form", "base64", "URL-safe base64", "hex"]
FORMS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "URL-encoded": functools.partial(urllib.parse.quote, safe=""),
    "URL-encoded as a path": urllib.parse.quote,
    "URL-encoded as a form": urllib.parse.quote_plus,
    "URL-encoded in lower case": lambda text: re.sub(
        "%..", lambda match: match[0].lower(), urllib.parse.quote(text, safe="")
    ),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "URL-safe base64": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 without padding": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "hex": lambda text: text.encode().hex(),
    "hex in upper case": lambda text: text.encode().hex().upper(),
    "as repr writes it": lambda text: repr(text)[1:-1],
}


@pytest.mark.parametrize("secret", [PASSWORD, PASSKEY], ids=["password", "passkey"])
@pytest.mark.parametrize("form", FORMS)
def test_a_known_secret_is_taken_out_in_every_usual_form(form: str, secret: str) -> None:
    keep_secret(secret)
    written = FORMS[form](secret)
    assert redact(f"before {written} after") == f"before {REMOVED} after"


@settings(max_examples=50)
@given(secret=st.text(alphabet="qzx789 /&=%+?ñ猫", min_size=4, max_size=30), form=st.sampled_from(SURE_FORMS))
def test_no_secret_is_left_in_the_text(secret: str, form: str) -> None:
    keep_secret(secret)
    written = FORMS[form](secret)
    assert written not in redact(f"<{written}> and {written}")


def test_the_longer_of_two_secrets_goes_whole() -> None:
    keep_secret("qqzz-short", "qqzz-short-and-longer")
    assert redact("it is qqzz-short-and-longer, or qqzz-short") == f"it is {REMOVED}, or {REMOVED}"


@pytest.mark.parametrize("short", ["", "a", "abc"])
def test_a_secret_too_short_does_not_blank_out_words(short: str) -> None:
    keep_secret(short)
    assert redact("abc is a word") == "abc is a word"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "GET /api.php?username=ion&passkey=abcdef&action=search",
            "GET /api.php?username=ion&passkey=[removed]&action",
        ),
        ('{"password": "hunter2"}', '{"password": "[removed]"}'),
        ("passwd=hunter2; rest", "passwd=[removed]; rest"),
        ("'API_KEY' : 'k1'", "'API_KEY' : '[removed]'"),
        ("Cookie: SID=abc123", "Cookie: [removed]"),
        ("set SID=abc123;", "set SID=[removed];"),
        ("Authorization: Basic aW9uOnBhc3M=", "Authorization: Basic [removed]"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [removed]"),
        ("token=a", "token=[removed]"),
    ],
)
def test_what_stands_where_a_secret_usually_does_goes_even_when_it_is_not_known(text: str, left: str) -> None:
    assert left in redact(text)


@pytest.mark.parametrize(
    "text",
    ["", "handed over Dune (2021) to qbittorrent", "the password is wrong", "Basic Instinct (1992)", "outside: 3"],
)
def test_plain_talk_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@given(st.text(alphabet="ab=:&\"' ;[]passkeytoken", max_size=60))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(f"passkey={text}")
    assert redact(once) == once


def _logged(write: Callable[[logging.Logger], None]) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("movie_sync.test_lib")
    logger.addHandler(handler)
    write(logger)
    logger.removeHandler(handler)
    return stream.getvalue()


def test_a_secret_never_reaches_the_log_by_message_or_argument() -> None:
    keep_secret("hunter2-secret")
    logged = _logged(lambda logger: logger.warning("hunter2-secret %s", {"url": "/x?k=hunter2-secret"}))
    assert logged == "WARNING [removed] {'url': '/x?k=[removed]'}\n"


def test_a_secret_never_reaches_the_log_by_a_traceback_or_its_cause() -> None:
    keep_secret("hunter2-secret")

    def fail(logger: logging.Logger) -> None:
        try:
            try:
                raise OSError("no route to http://ion:hunter2-secret@box/")  # noqa: TRY301  its traceback is wanted
            except OSError as exc:
                raise ValueError("hunter2-secret") from exc
        except ValueError:
            logger.exception("it failed", stack_info=True)

    logged = _logged(fail)
    assert "hunter2-secret" not in logged
    assert "no route to http://ion:[removed]@box/" in logged
    assert "ValueError: [removed]" in logged


# -- clock


def test_the_system_clock_tells_wall_monotonic_and_boot_time() -> None:
    clock = SystemClock()
    before = time.time()
    assert before <= clock.now() <= before + 5
    assert clock.monotonic() <= clock.monotonic()
    first, second = clock.boot(), clock.boot()
    assert first.boot_id == second.boot_id != ""
    assert 0 < first.seconds <= second.seconds


def test_a_system_that_does_not_tell_its_boot_has_an_unknown_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock_module, "BOOT_ID_FILE", tmp_path / "none")
    assert SystemClock().boot().boot_id == "unknown"


@pytest.mark.parametrize("seconds", [0.01, 0.0, -5.0])
def test_waiting_lets_time_pass_and_never_a_negative_one(seconds: float) -> None:
    begun = time.monotonic()
    SystemClock().wait(seconds)
    assert max(0.0, seconds) * 0.9 <= time.monotonic() - begun < 5


def test_a_wait_ends_with_stopping_as_soon_as_the_program_stops() -> None:
    stop = threading.Event()
    timer = threading.Timer(0.05, stop.set)
    timer.start()
    begun = time.monotonic()
    with pytest.raises(Stopping):
        SystemClock(stop).wait(60)
    assert time.monotonic() - begun < 5
    with pytest.raises(Stopping):
        SystemClock(stop).wait(0)
    timer.join()


def test_moments_are_written_in_utc_and_none_stays_none() -> None:
    assert utc_text(0.0) == "1970-01-01T00:00:00Z"
    assert utc_text(1_795_363_200.9) == "2026-11-22T16:00:00Z"
    assert utc_text(None) is None


@given(st.integers(min_value=0, max_value=250_000_000_000))
def test_a_written_moment_reads_back_to_the_second(moment: int) -> None:
    assert utc_seconds(utc_text(moment) or "") == moment


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02T00:00:00Z", 86400),
        (" 1970-01-01T02:00:00+02:00\n", 0),
        ("1970-01-01T00:00:00.5Z", 0.5),
    ],
)
def test_moments_with_a_zone_are_read_exactly(text: str, seconds: float) -> None:
    assert utc_seconds(text) == seconds


@pytest.mark.parametrize("text", ["2026-11-22", "2026-11-22T16:00:00"])
def test_a_moment_without_a_zone_is_local_time(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Bucharest")
    time.tzset()
    try:
        assert utc_seconds(text) == utc_seconds(f"{text}T00:00:00+02:00" if "T" not in text else f"{text}+02:00")
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "22.11.2026"])
def test_what_is_no_moment_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|month"):
        utc_seconds(text)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0 s"),
        (0, "0 s"),
        (45.4, "45 s"),
        (89, "89 s"),
        (90, "2 min"),
        (720, "12 min"),
        (5400, "2 h"),
        (3 * 3600, "3 h"),
        (36 * 3600, "2 days"),
        (14 * 86400, "14 days"),
    ],
)
def test_a_span_is_said_as_a_person_says_it(seconds: float, said: str) -> None:
    assert span_text(seconds) == said


# -- back-off


def test_a_provider_is_left_alone_longer_each_time_up_to_a_day() -> None:
    waits_min = [provider_wait_s(failures) / 60 for failures in range(1, 8)]
    assert waits_min == [1, 5, 15, 30, 60, 120, 240]
    assert provider_wait_s(len(PROVIDER_STEPS_S)) == provider_wait_s(1000) == 86400


def test_a_film_that_is_not_there_is_searched_again_after_1_3_7_and_then_every_14_days() -> None:
    assert [search_again_s(searches) / 86400 for searches in (1, 2, 3, 4, 5, 99)] == [1, 3, 7, 14, 14, 14]


@given(st.integers(min_value=1, max_value=1000))
def test_no_wait_ever_gets_shorter(count: int) -> None:
    assert provider_wait_s(count) <= provider_wait_s(count + 1) <= PROVIDER_STEPS_S[-1]
    assert search_again_s(count) <= search_again_s(count + 1) <= SEARCH_AGAIN_S[-1]


def test_a_failed_film_is_retried_after_1_2_4_8_16_hours_and_then_no_more() -> None:
    policy = RetryPolicy()
    assert [(policy.wait_s(retry) or 0) / 3600 for retry in range(1, 7)] == [1, 2, 4, 8, 16, 0]
    assert policy.wait_s(6) is None


@pytest.mark.parametrize(
    ("policy", "waits"),
    [
        (RetryPolicy(max_retries=0), [None]),
        (RetryPolicy(10, 1, 2), [10, 10, None]),
        (RetryPolicy(10, 3, 3), [10, 30, 90, None]),
    ],
)
def test_a_retry_policy_is_what_the_settings_say(policy: RetryPolicy, waits: list[float | None]) -> None:
    assert [policy.wait_s(retry) for retry in range(1, len(waits) + 1)] == waits


# -- .torrent files

PIECES = {b"piece length": 16384, b"pieces": b"h" * 20}
ONE_FILE: dict[bytes, object] = {b"length": 5000, b"name": b"Dune.2021.mkv", **PIECES}
LEAF = {b"": {b"length": 5000, b"pieces root": b"r" * 32}}
V2: dict[bytes, object] = {
    b"file tree": {b"Dune.2021.mkv": LEAF},
    b"meta version": 2,
    b"name": b"Dune.2021.mkv",
    b"piece length": 16384,
}


def bencode(value: object) -> bytes:
    """Bencode; dictionaries in the order they come, so that odd ones can be made."""
    match value:
        case int():
            return b"i%de" % value
        case bytes():
            return b"%d:%s" % (len(value), value)
        case list():
            return b"l" + b"".join(bencode(item) for item in value) + b"e"
        case dict():
            return b"d" + b"".join(bencode(key) + bencode(item) for key, item in value.items()) + b"e"
    raise TypeError(value)


def in_order(info: dict[bytes, object]) -> dict[bytes, object]:
    return dict(sorted(info.items()))


def torrent(info: object) -> bytes:
    return bencode({b"announce": b"http://127.0.0.1/announce", b"info": info})


def folder(*files: tuple[object, object]) -> dict[bytes, object]:
    listed = [{b"length": length, b"path": path} for path, length in files]
    return {b"files": listed, b"name": b"Dune", **PIECES}


MANY_FILES = folder(([b"Dune.mkv"], 4000), ([b"subs", b"ro.srt"], 999), ([b"empty.nfo"], 0))
V2_FOLDER = V2 | {b"file tree": {b"Dune.mkv": LEAF, b"subs": {b"ro.srt": LEAF}}, b"name": b"Dune"}
HYBRID = in_order(V2 | ONE_FILE)
KINDS = {
    "v1, one file": torrent(ONE_FILE),
    "v1, a folder": torrent(MANY_FILES),
    "v2, one file": torrent(V2),
    "v2, a folder": torrent(V2_FOLDER),
    "hybrid": torrent(HYBRID),
    "private": torrent(ONE_FILE | {b"private": 1}),
    "info before announce": bencode({b"info": ONE_FILE, b"announce": b"http://127.0.0.1/announce"}),
    "odd keys around info": bencode({b"zzz": [1, {b"a": b""}], b"info": ONE_FILE, b"aaa": {b"info": {}}, b"": -3}),
    "bytes behind it": torrent(ONE_FILE) + b"\r\n<!-- cached -->",
    "unknown keys in info": torrent(in_order(ONE_FILE | {b"source": b"FL", b"x": [[], {}]})),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_info_hash_is_the_one_a_client_computes(kind: str) -> None:
    libtorrent = pytest.importorskip("libtorrent")
    theirs = libtorrent.load_torrent_buffer(KINDS[kind]).ti
    ours = read_torrent(KINDS[kind])
    assert ours.info_hash == str(theirs.info_hashes().get_best())
    assert ours.name == theirs.name()
    assert ours.private == theirs.priv()


def test_v1_is_known_by_its_sha1_and_v2_and_hybrid_by_the_beginning_of_their_sha256() -> None:
    assert read_torrent(torrent(ONE_FILE)).info_hash == hashlib.sha1(bencode(ONE_FILE)).hexdigest()  # noqa: S324  BEP 3
    for info in (V2, HYBRID):
        assert read_torrent(torrent(info)).info_hash == hashlib.sha256(bencode(info)).hexdigest()[:40]


@pytest.mark.parametrize(
    ("info", "name", "size_bytes"),
    [
        (ONE_FILE, "Dune.2021.mkv", 5000),
        (MANY_FILES, "Dune", 4999),
        (V2, "Dune.2021.mkv", 5000),
        (V2_FOLDER, "Dune", 10000),
        (HYBRID, "Dune.2021.mkv", 5000),
        (V2 | {b"file tree": {b"a": {b"": {b"length": MAX_SIZE_BYTES}}}}, "Dune.2021.mkv", MAX_SIZE_BYTES),
        (ONE_FILE | {b"piece length": 2500, b"pieces": bytes(40)}, "Dune.2021.mkv", 5000),
        (ONE_FILE | {b"piece length": (1 << 29) - 1}, "Dune.2021.mkv", 5000),
        (ONE_FILE | {b"name": "Călătoria 2 – Ținta.mkv".encode()}, "Călătoria 2 – Ținta.mkv", 5000),
        (ONE_FILE | {b"name": b"bad \xff utf-8"}, "bad \ufffd utf-8", 5000),
        (ONE_FILE | {b"name": b"..."}, "...", 5000),
    ],
    ids=str,
)
def test_a_torrent_tells_its_name_and_the_size_of_all_its_files(
    info: dict[bytes, object], name: str, size_bytes: int
) -> None:
    data = torrent(info)
    read = read_torrent(data)
    assert (read.name, read.size_bytes, read.private, read.data) == (name, size_bytes, False, data)


@pytest.mark.parametrize(("value", "private"), [(1, True), (0, False), (2, False), (b"1", False), ([1], False)])
def test_only_private_1_is_private(value: object, private: bool) -> None:
    assert read_torrent(torrent(in_order(ONE_FILE | {b"private": value}))).private is private


@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><title>Login</title>", b"\n\t <html>", b"<?xml version='1.0'?>"], ids=repr
)
def test_an_html_page_is_called_one(page: bytes) -> None:
    with pytest.raises(BadTorrent, match="an HTML page instead of a \\.torrent"):
        read_torrent(page)


NOT_BENCODED = {
    "empty": b"",
    "text": b"User does not exist.",
    "JSON": b'{"error": "x"}',
    "a list": b"l4:infoe",
    "a leading blank": b" " + torrent(ONE_FILE),
    "an open dictionary": b"d",
    "no info": b"d8:announce1:xe",
    "an empty dictionary": b"de",
    "info is a number": torrent(1),
    "info is a text": torrent(b"x"),
    "info is a list": torrent([b"name"]),
    "info is empty": torrent({}),
    "a length beyond the end": b"d4:info99999999999:ae",
    "a length without end": b"d" + b"9" * 5000,
    "a number as key": b"di1e4:infod6:lengthi1e4:name1:aee",
    "a dictionary key that is a list": b"dle4:infode",
    "brackets crossed": b"d4:infodle1:ae",
    "a number without digits": b"d4:infod6:lengthie4:name1:aee",
    "a number of words": b"d4:infod6:lengthixe4:name1:aee",
    "a number of 5000 digits": b"d4:infod6:lengthi" + b"9" * 5000 + b"e4:name1:aee",
    "underscores in a length": b"d4:info1_0:aaaaaaaaaae",
    "too large": torrent(ONE_FILE | {b"pieces": bytes(MAX_TORRENT_BYTES)}),
}


@pytest.mark.parametrize("case", NOT_BENCODED)
def test_what_is_no_torrent_is_a_bad_torrent(case: str) -> None:
    with pytest.raises(BadTorrent):
        read_torrent(NOT_BENCODED[case])


NEGATIVE_LENGTHS = {
    "a key of length -3": b"d-3:e",
    "a value of length -5": b"d4:info-5:e",
    "a negative length in info": b"d4:infod6:lengthi1e4:name-1:ee",
    "back and forth": b"d1:al-3:ee",
}


@pytest.mark.parametrize("case", NEGATIVE_LENGTHS)
def test_a_negative_length_does_not_send_the_decoder_round_in_circles(case: str) -> None:
    program = (
        "import sys; from movie_sync.lib.torrent_file import read_torrent; from movie_sync.errors import BadTorrent\n"
        "try: read_torrent(sys.stdin.buffer.read())\n"
        "except BadTorrent: print('bad')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=NEGATIVE_LENGTHS[case], capture_output=True, timeout=5, check=True
    )
    assert done.stdout == b"bad\n"


WRONG_INFO: dict[str, dict[bytes, object]] = {
    "no name": {b"length": 1, **PIECES},
    "a name that is a number": ONE_FILE | {b"name": 3},
    "an empty name": ONE_FILE | {b"name": b""},
    "neither files nor length nor tree": {b"name": b"x", **PIECES},
    "no files": folder(),
    "nothing in the files": folder(([b"a"], 0), ([b"b"], 0)),
    "an empty file": ONE_FILE | {b"length": 0},
    "a negative size": ONE_FILE | {b"length": -1},
    "a negative size among others": folder(([b"a"], -1), ([b"b"], 5000)),
    "a size that is a text": ONE_FILE | {b"length": b"5000"},
    "a size beyond every disk": ONE_FILE | {b"length": MAX_SIZE_BYTES + 1},
    "sizes that add up beyond every disk": folder(([b"a"], MAX_SIZE_BYTES), ([b"b"], 1)),
    "a file without a path": {b"files": [{b"length": 1}], b"name": b"x", **PIECES},
    "a file without a size": {b"files": [{b"path": [b"a"]}], b"name": b"x", **PIECES},
    "a file that is a text": {b"files": [b"a"], b"name": b"x", **PIECES},
    "a path that is a text": folder((b"abc", 5)),
    "a path of numbers": folder(([1, 2], 5)),
    "a tree that is a list": V2 | {b"file tree": []},
    "an empty tree": V2 | {b"file tree": {}},
    "a tree of numbers": V2 | {b"file tree": {b"a": 1}},
    "a leaf that is a list": V2 | {b"file tree": {b"a": {b"": [1]}}},
    "a leaf without a size": V2 | {b"file tree": {b"a": {b"": {}}}},
    "more files than any film has": folder(*[([b"a"], 1)] * (MAX_FILES + 1)),
    "pieces of nothing": ONE_FILE | {b"piece length": 0},
    "pieces below nothing": ONE_FILE | {b"piece length": -5000},
    "pieces no client takes": ONE_FILE | {b"piece length": 1 << 29},
    "pieces of a text": ONE_FILE | {b"piece length": b"16384"},
    "pieces of no size": {b"length": 5000, b"name": b"x", b"pieces": bytes(20)},
    "no hashes": {b"length": 5000, b"name": b"x", b"piece length": 16384},
    "a hash too few": ONE_FILE | {b"piece length": 2500},
    "a hash too many": ONE_FILE | {b"pieces": bytes(40)},
    "half a hash": ONE_FILE | {b"pieces": bytes(30)},
    "hashes that are a number": ONE_FILE | {b"pieces": 20},
    "version 2 in pieces of nothing": V2 | {b"piece length": 0},
}


@pytest.mark.parametrize("case", WRONG_INFO)
def test_an_info_no_client_could_use_is_a_bad_torrent(case: str) -> None:
    with pytest.raises(BadTorrent):
        read_torrent(torrent(WRONG_INFO[case]))


def nested(depth: int) -> dict[bytes, object]:
    tree: dict[bytes, object] = {**LEAF}
    for _ in range(depth):
        tree = {b"d": tree}
    return tree


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "data",
    [
        b"d4:info" + b"l" * 1_000_000,
        b"d4:info" + b"d1:a" * 1_000_000,
        b"d1:a" + b"l" * 500_000 + b"e" * 500_000 + b"4:infode",
        torrent(in_order(V2 | {b"file tree": nested(MAX_DEPTH)})),
        torrent(ONE_FILE)[:-2] + b"1:z" + b"l" * (MAX_DEPTH + 1) + b"e" * (MAX_DEPTH + 1) + b"ee",
    ],
    ids=["open lists", "open dictionaries", "beside info", "file tree", "in info"],
)
def test_deep_nesting_is_a_bad_torrent_and_no_crash(data: bytes) -> None:
    with pytest.raises(BadTorrent):
        read_torrent(data)


def test_a_tree_as_deep_as_people_make_them_is_fine() -> None:
    assert read_torrent(torrent(in_order(V2 | {b"file tree": nested(20)}))).size_bytes == 5000


OUTSIDE = [b"..", b".", b"", b"/etc/passwd", b"../../.ssh", b"a/b", b"..\\x", b"C:\\x", b"a\0b"]


@pytest.mark.parametrize("part", OUTSIDE, ids=repr)
@pytest.mark.parametrize("where", ["name", "first", "last", "tree", "deep in the tree"])
def test_a_path_that_leaves_its_folder_is_a_bad_torrent(where: str, part: bytes) -> None:
    info = {
        "name": ONE_FILE | {b"name": part},
        "first": folder(([b"fine"], 1), ([part, b"x"], 1)),
        "last": folder(([b"x", part], 1)),
        "tree": V2 | {b"file tree": in_order({part: LEAF if part else [LEAF]})},
        "deep in the tree": V2 | {b"file tree": {b"a": in_order({part: {b"b": LEAF} if part else 1})}},
    }[where]
    with pytest.raises(BadTorrent):
        read_torrent(torrent(info))


def test_the_error_says_what_is_wrong_and_never_shows_the_announce_key() -> None:
    data = bencode({b"announce": b"http://127.0.0.1/%s/announce" % PASSKEY.encode(), b"info": {b"name": b".."}})
    with pytest.raises(BadTorrent, match="leaves its folder") as bad:
        read_torrent(data)
    assert PASSKEY not in str(bad.value)


@given(st.sampled_from(sorted(KINDS)), st.data())
def test_a_torrent_cut_short_anywhere_is_a_bad_torrent(kind: str, data: st.DataObject) -> None:
    whole = KINDS[kind].removesuffix(b"\r\n<!-- cached -->")
    length = data.draw(st.integers(min_value=0, max_value=len(whole) - 1))
    with pytest.raises(BadTorrent):
        read_torrent(whole[:length])


bencodable = st.recursive(
    st.integers() | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=4), inner, max_size=4).map(in_order),
    max_leaves=12,
)


@given(info=st.dictionaries(st.sampled_from([*V2, *ONE_FILE, b"files", b"private"]), bencodable, max_size=6))
def test_any_info_is_a_torrent_or_a_bad_torrent(info: dict[bytes, object]) -> None:
    try:
        read = read_torrent(torrent(in_order(info)))
    except BadTorrent:
        return
    assert 0 < read.size_bytes <= MAX_SIZE_BYTES
    assert read.name not in {"", ".", ".."}


@given(st.binary(max_size=200), st.sampled_from(sorted(KINDS)), st.data())
def test_flipped_bytes_are_a_torrent_or_a_bad_torrent(noise: bytes, kind: str, data: st.DataObject) -> None:
    whole = bytearray(KINDS[kind])
    at = data.draw(st.integers(min_value=0, max_value=len(whole)))
    # a minus sign may stand for a negative length, which has a test of its own that cannot hang
    whole[at : at + len(noise)] = noise.replace(b"-", b"0")
    try:
        read = read_torrent(bytes(whole))
    except BadTorrent:
        return
    assert 0 < read.size_bytes <= MAX_SIZE_BYTES


# -- the public names


def test_every_public_name_is_the_class_of_that_name() -> None:
    for name in set(movie_sync.__all__) - {"__version__"}:
        assert getattr(movie_sync, name).__name__ == name
    assert re.fullmatch(r"\d+\.\d+\.\d+", movie_sync.__version__)


def test_the_lazy_names_are_those_that_are_promised() -> None:
    assert {*movie_sync._PLACES, "__version__"} == set(movie_sync.__all__)
    assert all(module == getattr(movie_sync, name).__module__ for name, module in movie_sync._PLACES.items())


def test_a_name_nobody_knows_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'movie_sync' has no attribute 'Confg'"):
        importlib.import_module("movie_sync").Confg  # noqa: B018  the access is the test


def test_importing_the_package_loads_none_of_its_modules() -> None:
    program = "import json, sys, movie_sync; print(json.dumps([m for m in sys.modules if m.startswith('movie_sync.')]))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert json.loads(done.stdout) == []
