"""``movie-sync logs``, and the log a command writes when it is asked to."""

import contextlib
import json
import logging
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Run, as_before, runner
from terminal import Terminal

from movie_sync.cli import log_set_up, logs
from movie_sync.demo.world import World
from movie_sync.lib.redaction import keep_secret
from reliability.program import Program

SECRET = "made-up-secret-of-the-log"
LINES = [
    "2026-11-22 16:00:00,000 INFO    MainThread: Movie Sync 3.0.0 runs.",
    "2026-11-22 16:00:01,000 WARNING monitor: The watchlist was not readable.",
    "2026-11-22 16:00:02,000 ERROR   downloads: FileList refused the passkey.",
    "2026-11-22 16:00:03,000 DEBUG   transfers: Ținta (2006) 猫 40 %",
]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield from as_before()


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(home, monkeypatch, capsys)


@pytest.fixture
def log(home: Path) -> Path:
    path = home / "movie_sync.log"
    path.write_text("".join(f"{line}\n" for line in LINES), encoding="utf-8")
    return path


# -- the end of the log


def test_the_log_is_shown_as_it_is(run: Run, log: Path) -> None:
    assert run("logs") == (0, "".join(f"{line}\n" for line in LINES), "")


def test_for_scripts_it_is_a_list_of_lines(run: Run, log: Path) -> None:
    assert run("logs", "--json").json == {"ok": True, "lines": LINES}


@pytest.mark.parametrize(("count", "shown"), [(0, []), (1, LINES[3:]), (3, LINES[1:]), (4, LINES), (100_000, LINES)])
def test_so_many_lines_are_shown_as_are_asked_for(count: int, shown: list[str], run: Run, log: Path) -> None:
    assert run("logs", "-n", count).out.splitlines() == shown


def test_fifty_lines_are_shown_unless_asked(run: Run, log: Path) -> None:
    log.write_text("".join(f"line {number}\n" for number in range(1000)))
    assert run("logs").out.splitlines() == [f"line {number}" for number in range(950, 1000)]


@pytest.mark.parametrize("count", ["-1", "100001", "many", "1.5"])
def test_a_count_that_is_none_is_wrong_usage(count: str, run: Run, log: Path) -> None:
    run("logs", "-n", count, "--json").failed(2, "usage")


def test_a_last_line_without_an_end_is_shown(run: Run, log: Path) -> None:
    with log.open("a") as file:
        file.write("half a li")
    assert run("logs", "-n", 2).out.splitlines() == [LINES[3], "half a li"]


def test_an_empty_log_shows_nothing(run: Run, log: Path) -> None:
    log.write_text("")
    assert run("logs") == (0, "", "")
    assert run("logs", "--json").json == {"ok": True, "lines": []}


def test_without_a_log_there_is_an_error_that_says_where_it_would_be(run: Run, home: Path) -> None:
    error = run("logs", "--json").failed(1, "no_log")
    assert str(home / "movie_sync.log") in error["message"]
    assert run("logs").err.startswith("There is no log ")


@pytest.mark.timeout(20)
def test_of_a_huge_log_only_the_end_is_read(run: Run, log: Path) -> None:
    with log.open("r+b") as file:
        file.truncate(20 * 1024**3)
        file.seek(0, 2)
        file.write("\nthe last but one: ü\nthe last\n".encode())
    assert run("logs", "-n", 2).out.splitlines() == ["the last but one: ü", "the last"]


def test_long_lines_are_shown_whole(run: Run, log: Path) -> None:
    long = [f"{number}: " + "ü猫" * 20_000 for number in range(5)]
    log.write_text("".join(f"{line}\n" for line in long), encoding="utf-8")
    assert run("logs", "-n", 3).out.splitlines() == long[2:]


@pytest.mark.parametrize("odd", ["\u2028", "\x85", "\x0b", "\x0c", "\x1c"])
def test_only_a_line_feed_ends_a_line(odd: str, run: Run, log: Path) -> None:
    log.write_text(f"before{odd}after\nlast\n", encoding="utf-8")
    assert run("logs", "--json").json["lines"] == [f"before{odd}after", "last"]


def test_bytes_that_are_no_text_do_not_stop_it(run: Run, log: Path) -> None:
    log.write_bytes(b"\xff\xfe\x00 junk\nlast\n")
    answered = run("logs")
    assert (answered.code, answered.out.splitlines()[-1]) == (0, "last")


def test_a_secret_that_stands_in_the_log_is_not_shown(run: Run, log: Path) -> None:
    log.write_text(f"GET /?passkey=3f5a0c9e\nPassword: hunter2\nbefore {SECRET} after\n")
    keep_secret(SECRET)
    shown = run("logs").out
    assert "[removed]" in shown
    assert not [one for one in ("3f5a0c9e", "hunter2", SECRET) if one in shown]


def test_a_log_elsewhere_is_shown_and_left_as_it_is(run: Run, home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.log"
    other.write_text("its line\n")
    other.chmod(0o640)
    before = other.stat()
    answered = run("logs", "--log-file", other)
    assert (answered.code, answered.out) == (0, "its line\n")
    assert other.stat() == before


def test_a_log_elsewhere_that_is_not_there_is_not_made(run: Run, home: Path, tmp_path: Path) -> None:
    run("logs", "--log-file", tmp_path / "other.log", "--json").failed(1, "no_log")
    assert not (tmp_path / "other.log").exists()


# -- colour


def seen_on_a_terminal(home: Path, *arguments: str, **environment: str) -> bytes:
    """What a command sends to a terminal, with its colours."""
    everything = {**os.environ, "MOVIE_SYNC_HOME": str(home), "TERM": "xterm", **environment}
    with Terminal([sys.executable, "-m", "movie_sync", *arguments], everything) as terminal:
        terminal.leave()
        return terminal.raw


def test_on_a_terminal_troubles_are_coloured(home: Path, log: Path) -> None:
    shown = seen_on_a_terminal(home, "logs").decode()
    plain, warning, error, debug = [line for line in shown.splitlines() if line]
    assert "\x1b" not in plain
    assert warning.startswith("\x1b[33m")
    assert error.startswith("\x1b[31m")
    assert debug.startswith("\x1b[90m")


def test_where_no_colour_is_wanted_there_is_none(home: Path, log: Path) -> None:
    shown = seen_on_a_terminal(home, "logs", NO_COLOR="1")
    assert b"FileList refused" in shown
    assert b"\x1b" not in shown


def test_without_a_terminal_nothing_is_coloured(run: Run, log: Path) -> None:
    assert "\x1b" not in run("logs").out


# -- following it


class Following:
    """``movie-sync logs -f`` as a process of its own; its lines are read as they come."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "movie_sync", "logs", "-f", *arguments],
            env={**os.environ, "MOVIE_SYNC_HOME": str(home), "PYTHONUTF8": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(line.rstrip("\n") for line in iter(self.process.stdout.readline, ""))

    def until(self, last: str) -> list[str]:
        """Wait for that line; all lines so far."""
        end = time.monotonic() + 20
        while not (self.lines and self.lines[-1] == last):
            assert time.monotonic() < end, self.lines
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.02)
        return list(self.lines)

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C; exit code and what stood on stderr."""
        self.process.send_signal(signal.SIGINT)
        self._reader.join(20)
        assert self.process.stderr is not None
        return self.process.wait(20), self.process.stderr.read()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@contextlib.contextmanager
def following(home: Path, *arguments: str) -> Iterator[Following]:
    found = Following(home, *arguments)
    try:
        yield found
    finally:
        found.close()


def append(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


@pytest.mark.timeout(60)
def test_lines_that_come_are_shown_until_ctrl_c_and_that_is_exit_code_130(home: Path, log: Path) -> None:
    with following(home, "-n", "1") as shown:
        assert shown.until(LINES[3]) == [LINES[3]]
        append(log, "passkey=3f5a0c9e", "новая строка")
        assert shown.until("новая строка")[1:] == ["passkey=[removed]", "новая строка"]
        with log.open("a") as file:
            file.write("half ")
            file.flush()
            file.write("a line\n")
        assert shown.until("half a line")
        assert shown.interrupt() == (130, "\nInterrupted.\n")


@pytest.mark.timeout(60)
def test_a_log_that_is_begun_anew_is_followed_into_its_new_file(home: Path, log: Path) -> None:
    with following(home) as shown:
        shown.until(LINES[3])
        for number in range(1, 4):
            append(log, f"the last of {number}")
            log.rename(home / f"movie_sync.log.{number}")
            append(log, f"the first after {number}")
            shown.until(f"the first after {number}")
        assert shown.lines[len(LINES) :] == [
            f"{where} {number}" for number in range(1, 4) for where in ("the last of", "the first after")
        ]


@pytest.mark.timeout(60)
def test_a_log_that_is_not_there_yet_is_waited_for(home: Path) -> None:
    with following(home) as shown:
        time.sleep(0.3)
        append(home / "movie_sync.log", "the first line")
        assert shown.until("the first line") == ["the first line"]
        assert shown.interrupt()[0] == 130


@pytest.mark.timeout(60)
def test_a_log_that_was_emptied_is_followed_from_its_beginning(home: Path, log: Path) -> None:
    with following(home) as shown:
        shown.until(LINES[3])
        append(log, "long " * 100)
        shown.until("long " * 100)
        os.truncate(log, 0)
        append(log, "after it")
        assert shown.until("after it")[-1] == "after it"


@pytest.mark.timeout(60)
def test_each_line_that_comes_is_an_object_for_scripts(home: Path, log: Path) -> None:
    with following(home, "--json", "-n", "0") as shown:
        time.sleep(0.5)
        end = time.monotonic() + 20
        while not shown.lines:
            assert time.monotonic() < end
            append(log, 'a "line"')
            time.sleep(0.1)
        assert json.loads(shown.lines[0]) == {"line": 'a "line"'}


@pytest.mark.timeout(20)
def test_lines_of_a_slow_reader_are_not_lost_when_the_log_is_begun_anew(log: Path) -> None:
    coming = logs._coming(log)
    writer = threading.Timer(0.2, append, [log, "first"])
    writer.start()
    assert next(coming) == "first"
    writer.join()
    append(log, "second")
    log.rename(log.with_suffix(".log.1"))
    append(log, "third")
    assert [next(coming), next(coming)] == ["second", "third"]
    coming.close()  # type: ignore[attr-defined]


@pytest.mark.timeout(60)
def test_a_reader_that_goes_away_ends_it_without_a_trace(home: Path, log: Path) -> None:
    command = f"{sys.executable} -m movie_sync logs -f | head -n 1"
    environment = {**os.environ, "MOVIE_SYNC_HOME": str(home)}
    with subprocess.Popen(
        ["sh", "-c", command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        end = time.monotonic() + 20
        while process.poll() is None:
            assert time.monotonic() < end
            append(log, "more")
            time.sleep(0.1)
        out, err = process.communicate()
    assert (out, err) == (f"{LINES[0]}\n", "")


# -- the log of a command


@pytest.mark.parametrize(
    "arguments", [("stats",), ("list",), ("config", "show"), ("retry", "--all"), ("check", "--live")]
)
def test_a_command_logs_into_the_file_that_is_named(
    arguments: tuple[str, ...], run: Run, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "command.log"
    answered = run(*arguments, "--log-file", path, "--json")
    assert answered.json
    assert path.exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not (home / "movie_sync.log").exists()


def test_what_a_command_did_by_hand_edits_is_in_its_log_and_on_stderr(run: Run, home: Path, tmp_path: Path) -> None:
    run("add", "Nosferatu (1922)")
    (home / "queue_pending.json").write_text("[]")
    path = tmp_path / "command.log"
    answered = run("retry", "--all", "--log-file", path, "--verbose")
    assert answered.code == 0
    assert "WARNING MainThread: Taken out by hand, and so excluded: Nosferatu" in path.read_text()
    assert "WARNING Taken out by hand, and so excluded: Nosferatu" in answered.err
    assert "Taken out" not in answered.out
    assert "\x1b" not in answered.err


def test_without_being_asked_a_command_tells_no_log(run: Run, home: Path) -> None:
    run("add", "Nosferatu (1922)")
    (home / "queue_pending.json").write_text("[]")
    answered = run("retry", "--all")
    assert "MainThread" not in answered.err
    assert not (home / "movie_sync.log").exists()


def test_with_json_more_talk_goes_to_stderr_only(run: Run, home: Path) -> None:
    run("add", "Nosferatu (1922)")
    (home / "queue_pending.json").write_text("[]")
    answered = run("retry", "--all", "--verbose", "--json")
    assert answered.json == {"ok": True, "queued": 0}
    assert "Taken out by hand" in answered.err


def test_a_log_file_that_cannot_be_written_ends_the_command_before_it_does_anything(
    run: Run, home: Path, tmp_path: Path
) -> None:
    error = run("add", "Nosferatu (1922)", "--log-file", tmp_path / "nowhere" / "a.log", "--json").failed(1, "store")
    assert str(tmp_path / "nowhere") in error["message"]
    assert list(home.iterdir()) == []


def test_a_folder_as_log_file_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    run("stats", "--log-file", tmp_path, "--json").failed(2, "usage")


def test_the_log_of_a_command_is_redacted(run: Run, home: Path, tmp_path: Path) -> None:
    run("stats", "--log-file", tmp_path / "a.log", "--verbose")
    keep_secret(SECRET)
    logging.getLogger("movie_sync.test").warning("it says %s", SECRET)
    assert "it says [removed]" in (tmp_path / "a.log").read_text()
    assert SECRET not in (tmp_path / "a.log").read_text()


def test_a_log_is_appended_to(run: Run, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("an earlier line\n")
    run("stats", "--log-file", path)
    logging.getLogger("movie_sync.test").warning("a later line")
    assert path.read_text().startswith("an earlier line\n")
    assert path.read_text().endswith("a later line\n")


def test_troubles_are_coloured_on_a_terminal_unless_no_colour_is_wanted(home: Path, run: Run) -> None:
    for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        run("add", "Nosferatu (1922)")
        (home / "queue_pending.json").write_text("[]")
        shown = seen_on_a_terminal(home, "retry", "--all", "--verbose", **environment)
        assert b"Taken out by hand" in shown
        assert (b"\x1b[33m" in shown, b"\x1b" in shown) == (coloured, coloured)


def test_libraries_stay_quiet_however_much_is_told(run: Run, home: Path, tmp_path: Path) -> None:
    run("stats", "--log-file", tmp_path / "a.log", "--verbose")
    for library in ("urllib3.connectionpool", "qbittorrentapi.request", "asyncio"):
        logging.getLogger(library).debug("GET /api.php?k=%s", SECRET)
    assert SECRET not in (tmp_path / "a.log").read_text()


def test_the_log_of_a_command_is_rolled_over_too(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_set_up, "_LOG_BYTES", 2000)
    run("stats", "--log-file", tmp_path / "a.log")
    for number in range(200):
        logging.getLogger("movie_sync.test").warning("line %d", number)
    found = sorted(tmp_path.glob("a.log*"))
    assert [path.name for path in found] == ["a.log", "a.log.1", "a.log.2", "a.log.3"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}


def test_a_log_that_cannot_be_written_is_told_once_and_shows_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = log_set_up._file_handler(tmp_path / "a.log")
    assert isinstance(handler, logging.FileHandler)
    record = logging.LogRecord("movie_sync", logging.INFO, "", 1, "a line", None, None)
    handler.emit(record)
    handler.close()
    handler.stream = Path("/dev/full").open("w")  # noqa: SIM115  the handler closes it
    for _ in range(3):
        handler.emit(record)
    assert capsys.readouterr().err == (
        f"{tmp_path / 'a.log'} cannot be written (No space left on device). Check free space and rights.\n"
    )
    with contextlib.suppress(OSError):
        handler.close()


def test_a_crash_inside_a_library_leaves_where_it_was(tmp_path: Path) -> None:
    world = World(tmp_path / "world", private=False, films=())
    program = Program(tmp_path / "program", world)
    process = program.start()
    end = time.monotonic() + 20
    while "runs on" not in (program.folder / "stderr.txt").read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGSEGV)
    assert process.wait(timeout=15) == -signal.SIGSEGV
    world.close()
    words = (program.folder / "stderr.txt").read_text()
    assert "Fatal Python error: Segmentation fault" in words
    assert "in run" in words
