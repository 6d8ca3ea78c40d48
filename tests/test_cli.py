"""The command line as a user or a script meets it: exit codes, what goes to stdout, and what does not."""

import importlib
import json
import logging
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from conftest import HandClock, movie

from movie_sync import __version__
from movie_sync.cli import COMMANDS, cli, log_set_up, main
from movie_sync.cli.log_set_up import start_logging
from movie_sync.cli.output import Answer, Talk, answering, answers, asker, exit_code, print_json
from movie_sync.errors import (
    AlreadyRunning,
    AuthFailed,
    BadReply,
    BadTorrent,
    ClientRefuses,
    ConfigError,
    CredentialsError,
    FacesError,
    MovieSyncError,
    NoSuchFilm,
    NothingFound,
    QueryRefused,
    RateLimited,
    SeveralFilms,
    StoreError,
    Unavailable,
    UnclearName,
)
from movie_sync.lib import redaction
from movie_sync.lib.redaction import keep_secret
from movie_sync.movie import Release, Torrent, WatchedFilm
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store, providers
from movie_sync.store.migrations import SCHEMA_VERSION
from movie_sync.store.providers import BACKING_OFF, ProviderState

COUNTS = (
    "pending failed completed permanent_failures downloading stalled downloaded owned saved gone put_off not_found"
    " retrying series excluded calls_used calls_per_hour backlog backlog_minutes".split()
)
CSV = """Date,Name,Year,Letterboxd URI
2024-01-01,Dune,2021,https://boxd.it/dUnE
2024-01-02,"Amélie, 4K",2001,https://boxd.it/1Xrm
2024-01-03,Undated,,https://boxd.it/2Xrm
"""


class Answered(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stdout holds, which has to be one JSON object on one line."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)


Run = Callable[..., Answered]


@pytest.fixture(autouse=True)
def no_secret_outlives_its_test() -> Iterator[None]:
    before = set(redaction._secrets)
    yield
    redaction._secrets.clear()
    redaction._secrets.update(before)


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in this process, on the test's home folder."""
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(home))

    def running(*arguments: object) -> Answered:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return Answered(left.value.code, out, err)

    return running


@pytest.fixture
def clock() -> HandClock:
    return HandClock(wall=time.time())


def in_its_own_process(program: str, home: Path, *arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    program = f"import sys; from movie_sync.cli import main\n{program}"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, env={**os.environ, "MOVIE_SYNC_HOME": str(home)}, **options)


# -- commands and usage


def test_the_version_goes_to_stdout(run: Run) -> None:
    assert run("--version") == (0, f"Movie Sync, version {__version__}\n", "")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_every_command_and_what_happens_without_one(option: str, run: Run) -> None:
    answered = run(option)
    assert (answered.code, answered.err) == (0, "")
    listed = [
        line.split()[0] for line in answered.out.partition("Commands:\n")[2].splitlines() if line.startswith("  ")
    ]
    assert [name for name in listed if name in COMMANDS] == sorted(COMMANDS)
    assert "Without a command it runs" in answered.out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_help_of_a_command_shows_an_example_on_a_line_of_its_own(name: str, run: Run) -> None:
    answered = run(name, "-h")
    assert (answered.code, answered.err) == (0, "")
    examples = [line.strip() for line in answered.out.splitlines() if "Example:" in line]
    # A group has its examples with each of its commands, and may have one of its own.
    module, attribute = COMMANDS[name]
    found = getattr(importlib.import_module(f"movie_sync.cli.{module}"), attribute)
    assert examples or isinstance(found, click.Group)
    assert all(example.startswith(f"Example: movie-sync {name}") for example in examples)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


EVERY_COMMAND = {" ".join(path): command for path, command in commands(cli) if not isinstance(command, click.Group)}


@pytest.mark.parametrize("name", EVERY_COMMAND)
def test_every_command_has_the_same_options_for_how_it_talks(name: str, run: Run) -> None:
    flags = {flag for parameter in EVERY_COMMAND[name].params for flag in parameter.opts}
    assert {"--json", "--verbose", "--log-file"} <= flags
    assert f"Example: movie-sync {name}" in run(*name.split(), "-h").out


@pytest.mark.parametrize("name", EVERY_COMMAND)
def test_a_mistake_of_usage_is_json_where_json_is_asked_for(name: str, run: Run, home: Path) -> None:
    answered = run(*name.split(), "--nope", "--json")
    assert (answered.code, answered.err) == (2, "")
    assert answered.json == {
        "ok": False,
        "code": "usage",
        "message": answered.json["message"],
        "hint": f"movie-sync {name} --help",
    }
    assert "--nope" in answered.json["message"]
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "No such command 'nope'"),
        (["--nope"], "--nope"),
        (["stats", "more"], "unexpected extra argument (more)"),
        (["stats", "--nope"], "--nope"),
        (["import"], "Missing argument 'FILE'"),
        (["import", "a.csv", "b.csv"], "unexpected extra argument (b.csv)"),
    ],
    ids=str,
)
def test_wrong_usage_is_exit_code_2_and_says_so_on_stderr_only(arguments: list[str], said: str, run: Run) -> None:
    answered = run(*arguments)
    assert (answered.code, answered.out) == (2, "")
    assert said in answered.err
    assert "Usage: " in answered.err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("stat", "stats"), ("lists", "list"), ("retr", "retry"), ("ad", "add"), ("credential", "credentials")],
)
def test_a_mistyped_command_is_answered_with_the_one_that_was_meant(typed: str, meant: str, run: Run) -> None:
    assert f"No such command {typed!r}. Did you mean {meant!r}?" in run(typed).err
    answered = run(typed, "--json")
    assert (answered.code, answered.err) == (2, "")
    assert (answered.json["code"], repr(meant) in answered.json["message"]) == ("usage", True)


def test_without_a_command_it_runs(run: Run, home: Path) -> None:
    (home / "config.json").write_text("{")
    answered = run()
    assert (answered.code, answered.out) == (3, "")
    assert answered.err.startswith(f"{home / 'config.json'} is not valid JSON: line 1, column 2")
    assert run("run") == answered


VARIABLES = [
    "MOVIE_SYNC_FILELIST_USERNAME",
    "MOVIE_SYNC_FILELIST_PASSKEY",
    "MOVIE_SYNC_QBITTORRENT_USERNAME",
    "MOVIE_SYNC_QBITTORRENT_PASSWORD",
]


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *(f"{name}_FILE" for name in VARIABLES)):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("once", [(), ("--once",)], ids=["service", "once"])
def test_without_a_terminal_all_that_is_missing_is_named_at_once_and_logged(
    once: tuple[str, ...], run: Run, home: Path, no_variables: None, root_logger: logging.Logger
) -> None:
    (home / "config.json").write_text('{"username": "ion"}')
    answered = run("run", *once)
    assert (answered.code, answered.out) == (3, "")
    logged = (home / "movie_sync.log").read_text()
    for said in (answered.err, logged):
        assert said.count("\n") == 1
        assert all(name in said for name in VARIABLES)
        assert "movie-sync config" in said
        assert "_FILE" in said
    assert "ERROR" in logged
    assert not (home / "movie_sync.db").exists()


def test_only_what_the_client_in_use_needs_is_missing(
    run: Run, home: Path, no_variables: None, monkeypatch: pytest.MonkeyPatch, root_logger: logging.Logger
) -> None:
    (home / "config.json").write_text('{"username": "ion", "client": "none"}')
    monkeypatch.setenv("MOVIE_SYNC_FILELIST_USERNAME", "ion")
    answered = run("run", "--once", "--json")
    assert (answered.code, answered.json["code"], answered.err) == (3, "credentials_missing", "")
    assert [name for name in VARIABLES if name in answered.json["hint"]] == ["MOVIE_SYNC_FILELIST_PASSKEY"]


def test_what_config_notes_is_logged_when_it_runs(
    run: Run, home: Path, no_variables: None, monkeypatch: pytest.MonkeyPatch, root_logger: logging.Logger
) -> None:
    (home / "config.json").write_text('{"user_name": "ion"}')
    monkeypatch.setenv("MOVIE_SYNC_USERNAM", "ion")
    answered = run("run")
    assert f"{home / 'config.json'}: nobody knows the setting user_name" in answered.err
    assert "MOVIE_SYNC_USERNAM; did you mean MOVIE_SYNC_USERNAME?" in answered.err
    assert answered.err.count("WARNING") == 2


@pytest.mark.parametrize("verbose", [(), ("--verbose",)], ids=["", "verbose"])
def test_a_command_logs_only_where_it_is_told_to(
    verbose: tuple[str, ...], run: Run, home: Path, tmp_path: Path, export: Path, root_logger: logging.Logger
) -> None:
    assert run("import", export, *verbose, "--log-file", tmp_path / "own.log").code == 0
    assert stat.S_IMODE((tmp_path / "own.log").stat().st_mode) == 0o600
    assert not (home / "movie_sync.log").exists()


def test_a_log_that_cannot_be_written_is_an_error_in_our_words(run: Run, export: Path, home: Path) -> None:
    answered = run("import", export, "--log-file", home / "none" / "own.log", "--json")
    assert (answered.code, answered.err) == (1, "")
    assert str(home / "none" / "own.log") in answered.json["message"]


def test_the_stats_option_is_the_stats_command(run: Run) -> None:
    assert run("--stats") == run("stats")


def test_stats_loads_nothing_it_does_not_need(home: Path) -> None:
    program = "try: main(['stats', '--json'])\nfinally: print('\\n'.join(sys.modules), file=sys.stderr)"
    with in_its_own_process(program, home, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        _, err = process.communicate(timeout=30)
    loaded = set(err.decode().split())
    assert "movie_sync.cli.stats" in loaded
    heavy = {"requests", "urllib3", "cryptography", "rich", "libtorrent", "qbittorrentapi", "selectolax", "msgspec"}
    assert loaded & {*heavy, "bencode2", "movie_sync.cli.run", "movie_sync.app", "movie_sync.workers"} == set()


# -- leaving


@click.command()
@click.argument("how")
@click.pass_context
def failing(ctx: click.Context, how: str) -> None:
    if how == "exit":
        ctx.exit(5)
    if how == "pipe":
        raise BrokenPipeError
    raise {"click": click.ClickException("it went wrong"), "ctrl-c": KeyboardInterrupt(), "abort": click.Abort()}[how]


def plugged_in(monkeypatch: pytest.MonkeyPatch, name: str, command: click.Command) -> None:
    """A command of the test's own beside the real ones."""
    module = types.ModuleType(f"movie_sync.cli.{name}")
    monkeypatch.setattr(module, "command", command, raising=False)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(COMMANDS, name, (name, "command"))


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        ("exit", 5, ""),
        ("click", 1, "it went wrong"),
        ("ctrl-c", 130, "Interrupted."),
        ("abort", 130, "Interrupted."),
        ("pipe", 1, ""),
    ],
)
def test_however_a_command_ends_there_is_an_exit_code_and_no_trace(
    how: str, code: int, said: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugged_in(monkeypatch, "failing", failing)
    answered = run("failing", how)
    assert (answered.code, answered.out) == (code, "")
    assert said in answered.err
    assert "Traceback" not in answered.err


@click.command("telling")
@click.argument("how", default="all")
@answers
def telling(talk: Talk, *, how: str) -> Answer | None:
    if how == "nothing":
        return None
    if how == "error":
        raise OSError(28, "No space left on device", "/some/file")
    lines = ["one", f"verbose: {talk.verbose}"] if how == "all" else []
    return Answer({"ok": True, "how": how}, lines, 4, ["a note", "another"])


@pytest.mark.parametrize(
    ("arguments", "answered"),
    [
        ([], (4, "one\nverbose: False\n", "a note\nanother\n")),
        (["--json"], (4, '{"ok": true, "how": "all"}\n', "a note\nanother\n")),
        (["silent"], (4, "", "a note\nanother\n")),
        (["nothing", "--json"], (0, "", "")),
        (["error"], (1, "", "/some/file cannot be used (No space left on device).")),
    ],
    ids=str,
)
def test_an_answer_goes_to_stdout_its_notes_to_stderr_and_its_code_is_the_exit_code(
    arguments: list[str], answered: tuple[int, str, str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugged_in(monkeypatch, "telling", telling)
    found = run("telling", *arguments)
    assert found[:2] == answered[:2]
    assert found.err.startswith(answered[2])
    assert bool(found.err) == bool(answered[2])


@pytest.mark.timeout(60)
def test_ctrl_c_in_the_middle_of_a_command_is_exit_code_130(home: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.csv"
    os.mkfifo(slow)
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); main(['import', sys.argv[1]])"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # The pipe opens as soon as the command reads it.
    with in_its_own_process(program, home, slow, **pipes) as process, slow.open("w"):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")
    assert err.decode().strip() == "Interrupted."


def test_a_reader_that_went_away_ends_the_command_without_a_trace(home: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with in_its_own_process("main(['stats'])", home, stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, b"")


def test_python_m_movie_sync_is_the_same_program(home: Path) -> None:
    environment = {**os.environ, "MOVIE_SYNC_HOME": str(home)}
    command = [sys.executable, "-m", "movie_sync", "stats", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=30, check=True)
    assert set(json.loads(done.stdout)) == set(COUNTS)


# -- errors

HINT = "Do this."
ERRORS: list[tuple[MovieSyncError, int, str]] = [
    (MovieSyncError("It failed.", hint=HINT), 1, "error"),
    (AlreadyRunning("It failed.", hint=HINT), 1, "already_running"),
    (StoreError("It failed.", hint=HINT), 1, "store"),
    (StoreError("It failed.", hint=HINT, code="store_corrupt"), 1, "store_corrupt"),
    (NothingFound("It failed."), 1, "nothing_found"),
    (BadTorrent("It failed.", hint=HINT), 1, "bad_torrent"),
    (FacesError("It failed.", hint=HINT), 1, "queue_file"),
    (QueryRefused("filelist", "It failed.", hint=HINT), 1, "query_refused"),
    (ConfigError("It failed.", hint=HINT), 3, "config"),
    (CredentialsError("It failed.", hint=HINT, code="credentials_missing"), 3, "credentials_missing"),
    (AuthFailed("filelist", "It failed.", hint=HINT), 3, "auth_failed"),
    (BadReply("filelist", "It failed.", hint=HINT), 3, "bad_reply"),
    (ClientRefuses("It failed.", hint=HINT), 3, "client_refuses"),
    (ConfigError("It failed.", file="command line", hint=HINT), 2, "config"),
    (StoreError("It failed.", hint=HINT, code="store_locked"), 4, "store_locked"),
    (Unavailable("filelist", "It failed.", hint=HINT), 4, "unavailable"),
    (RateLimited("filelist", "It failed.", hint=HINT), 4, "rate_limited"),
    (UnclearName("x"), 2, "unclear_name"),
    (SeveralFilms("x", ["1  X (2000)", "2  X (2001)"]), 2, "several_films"),
    (NoSuchFilm("x", ["X (2000)"]), 5, "no_such_film"),
]


@pytest.mark.parametrize(("error", "code", "word"), ERRORS, ids=[f"{word} {code}" for _, code, word in ERRORS])
def test_an_error_ends_a_command_with_its_code_and_in_its_words(
    error: MovieSyncError, code: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(error) == code
    with pytest.raises(click.exceptions.Exit) as left, answering(as_json=False):
        raise error
    assert left.value.exit_code == code
    assert capsys.readouterr() == ("", f"{error}\n")
    with pytest.raises(click.exceptions.Exit) as left, answering(as_json=True):
        raise error
    assert left.value.exit_code == code
    out, err = capsys.readouterr()
    assert json.loads(out) == {"ok": False, "code": word, "message": error.message, "hint": error.hint.strip()}
    assert err == ""


@pytest.mark.parametrize("as_json", [True, False], ids=["JSON", "text"])
def test_no_error_shows_a_secret(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    keep_secret("hunter2-secret")
    error = ConfigError("no route to http://ion:hunter2-secret@box", hint="Not hunter2-secret, nor passkey=abcdef.")
    with pytest.raises(click.exceptions.Exit), answering(as_json):
        raise error
    shown = "".join(capsys.readouterr())
    assert "hunter2" not in shown
    assert "abcdef" not in shown
    assert "http://ion:[removed]@box" in shown


def test_what_goes_well_is_left_alone_and_a_mistake_of_ours_is_not_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(as_json=True):
        pass
    with pytest.raises(ZeroDivisionError), answering(as_json=True):
        raise ZeroDivisionError
    assert capsys.readouterr() == ("", "")


def test_json_is_one_line_and_keeps_every_letter(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"title": "Ținta\n猫"})
    assert capsys.readouterr().out == '{"title": "Ținta\\n猫"}\n'


# -- stats


def section(answered: Answered, heading: str) -> list[str]:
    """The lines below a heading, up to the next empty one."""
    lines = answered.out.splitlines()
    below = lines[lines.index(heading) + 1 :]
    return below[: below.index("")] if "" in below else below


def wish(queue: QueueManager, *numbers: int) -> None:
    queue.wish([WatchedFilm(movie(number), place) for place, number in enumerate(numbers)], "list")


def claimed(queue: QueueManager, number: int, title: str = "") -> int:
    queue.wish([WatchedFilm(movie(number, title), 0)], "list")
    film = queue.claim()
    assert film is not None
    assert film.movie.number == number
    return film.film_id


def handed_over(queue: QueueManager, number: int, *, saved: bool = False) -> None:
    film_id = claimed(queue, number)
    release = Release("filelist", number, f"Film.{number}.1080p")
    queue.intend(film_id, release, Torrent(b"", f"{number:040x}", f"Film.{number}", 1, private=True), "qbittorrent")
    queue.handed_over(film_id, "nox", added_by_us=True, saved=saved)


@pytest.fixture
def some_of_each(store: Store, queue: QueueManager, clock: HandClock) -> None:
    """One film in most of the states, the oldest an hour ago."""
    handed_over(queue, 1)
    handed_over(queue, 2)
    handed_over(queue, 3, saved=True)
    for transfer, film in queue.current_transfers():
        if film.movie.number == 1:
            queue.progressed(transfer, 0.25)
        if film.movie.number == 2:
            queue.stalled(transfer, "no peers")
    queue.owned(claimed(queue, 4), "/films/Film 4")
    queue.not_found(claimed(queue, 5), "not_on_tracker", "Not there.")
    queue.series(claimed(queue, 6))
    queue.fail(claimed(queue, 7), "bad_torrent", "A bad torrent.")
    queue.put_off(claimed(queue, 8), clock.now() + 7200, "FileList does not answer.", "filelist")
    clock.turn(3600)
    wish(queue, 9, 10)


def test_stats_without_a_database_are_noughts_and_nothing_is_made(run: Run, home: Path) -> None:
    assert run("stats", "--json").json == dict.fromkeys(COUNTS, 0)
    answered = run("stats")
    assert (answered.code, answered.err) == (0, "")
    assert "Nothing is queued yet." in answered.out
    assert "movie-sync config" in answered.out
    assert list(home.iterdir()) == []
    home.rmdir()
    assert run("stats").code == 0
    assert not home.exists()


def test_stats_count_every_film_in_whole_numbers(run: Run, some_of_each: None) -> None:
    answered = run("stats", "--json")
    assert (answered.code, answered.err) == (0, "")
    assert list(answered.json) == COUNTS
    assert answered.json == dict.fromkeys(COUNTS, 0) | {
        "pending": 3,
        "put_off": 1,
        "failed": 3,
        "not_found": 1,
        "series": 1,
        "retrying": 1,
        "completed": 4,
        "downloading": 2,
        "stalled": 1,
        "saved": 1,
        "owned": 1,
    }
    assert all(type(count) is int for count in answered.json.values())


def test_stats_show_what_moves_what_waits_and_until_when(run: Run, some_of_each: None, clock: HandClock) -> None:
    answered = run("stats")
    lines = answered.out.splitlines()
    assert lines[0].split() == ["Pending", "3", "of", "these", "put", "off", "1"]
    assert lines[1].startswith("Failed          3   not found 1, retrying 1, for good 0, series 1, excluded 0")
    assert lines[2].startswith("Completed       4   downloading 2, downloaded 0, owned 1, saved 1, gone 0")
    assert "   25%  Film 1 (2000)  (downloading, for 0 s)  Film.1.1080p" in lines
    assert "    0%  Film 2 (2000)  (stalled, for 0 s)  Film.2.1080p" in lines
    assert section(answered, "Put off") == ["  Film 8 (2000) (in 2 h): FileList does not answer."]
    assert section(answered, "Next retries") == [
        "  Film 7 (2000) (in 60 min): A bad torrent.",
        "  Film 5 (2000) (in 24 h): Not there.",
    ]
    assert "Trouble" not in lines


def test_stats_show_what_failed_for_good(run: Run, queue: QueueManager, clock: HandClock) -> None:
    film_id = claimed(queue, 7)
    for _ in range(6):
        queue.fail(film_id, "bad_torrent", "A bad torrent.")
        clock.turn(86400)
        queue.claim()
    assert section(run("stats"), "Failed for good") == ["  Film 7 (2000): A bad torrent."]
    assert run("stats", "--json").json["permanent_failures"] == 1


def test_stats_say_which_service_is_in_trouble_and_what_to_do(run: Run, store: Store) -> None:
    with store.write() as tx:
        providers.put(tx, ProviderState("filelist", BACKING_OFF, message="It does not answer.", hint="Nothing to do."))
        providers.put(tx, ProviderState("letterboxd"))
        now = time.time()
        providers.put(tx, ProviderState("qbittorrent", BACKING_OFF, now, 1, now, 100.0, message="It is off."))
    assert section(run("stats"), "Trouble") == [
        "  filelist: It does not answer. Nothing to do. Next try now.",
        "  qbittorrent: It is off. Next try in 2 min.",
    ]


def test_long_lists_end_with_how_many_more_there_are(run: Run, queue: QueueManager) -> None:
    for number in range(1, 13):
        queue.not_found(claimed(queue, number), "not_on_tracker", "Not there.")
    lines = section(run("stats"), "Next retries")
    assert sum(line.endswith("Not there.") for line in lines) == 10
    assert lines[10:] == ["  … and 2 more"]


def test_stats_change_nothing_also_while_the_service_has_the_database_open(
    run: Run, home: Path, store: Store, some_of_each: None
) -> None:
    before = store.data_version(), (home / "movie_sync.db").read_bytes(), (home / "movie_sync.db-wal").read_bytes()
    assert run("stats").code == 0
    assert before == (
        store.data_version(),
        (home / "movie_sync.db").read_bytes(),
        (home / "movie_sync.db-wal").read_bytes(),
    )
    assert not list(home.glob("queue_*.json"))


@pytest.mark.parametrize(
    ("version", "code"), [(SCHEMA_VERSION + 1, "store_newer"), (0, "store_older")], ids=["newer", "older"]
)
def test_a_database_of_another_version_is_exit_code_1_and_stays(version: int, code: str, run: Run, home: Path) -> None:
    connection = sqlite3.connect(home / "movie_sync.db")
    connection.execute(f"PRAGMA user_version={version}")
    connection.close()
    before = (home / "movie_sync.db").read_bytes()
    answered = run("stats", "--json")
    assert answered.code == 1
    assert (answered.json["ok"], answered.json["code"]) == (False, code)
    assert (home / "movie_sync.db").read_bytes() == before


def test_a_damaged_database_is_exit_code_1_with_a_hint_and_stays(run: Run, home: Path) -> None:
    (home / "movie_sync.db").write_bytes(b"junk" * 1000)
    answered = run("stats", "--json")
    assert (answered.code, answered.json["code"], answered.err) == (1, "store_corrupt", "")
    assert set(answered.json) == {"ok", "code", "message", "hint"}
    in_words = run("stats")
    assert (in_words.code, in_words.out) == (1, "")
    assert in_words.err == f"{answered.json['message']} {answered.json['hint']}\n"
    assert (home / "movie_sync.db").read_bytes() == b"junk" * 1000


# -- import


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "watchlist.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


def test_an_import_says_how_many_films_it_read_and_how_many_are_new(run: Run, export: Path) -> None:
    assert run("import", export) == (0, "watchlist.csv: 3 films, 3 of them new.\n", "")
    assert run("import", export, "--json") == (0, '{"ok": true, "read": 3, "added": 0, "seen": 0}\n', "")
    assert run("stats", "--json").json["pending"] == 3


def test_imported_films_are_in_the_queue_file_newest_wish_first(run: Run, export: Path, home: Path) -> None:
    run("import", export)
    entries = json.loads((home / "queue_pending.json").read_bytes())
    assert [(entry["title"], entry["year"], entry["id"]) for entry in entries] == [
        ("Undated", None, "lid:2Xrm"),
        ("Amélie, 4K", 2001, "lid:1Xrm"),
        ("Dune", 2021, "lid:dUnE"),
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}


def test_a_first_import_makes_the_home_folder(run: Run, export: Path, home: Path) -> None:
    home.rmdir()
    assert run("import", export).code == 0
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_an_import_of_many_films_takes_every_one_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    rows = (f"2024-01-01,Film {number},2000,https://boxd.it/{number:04x}z" for number in range(1200))
    path.write_text(
        "Date,Name,Year,Letterboxd URI\n" + "\n".join([*rows, "2024-01-01,Film 0,2000,https://boxd.it/0000z"])
    )
    assert run("import", path, "--json").json == {"ok": True, "read": 1201, "added": 1200, "seen": 0}


def test_an_empty_export_is_fine(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("Date,Name,Year,Letterboxd URI\n")
    assert run("import", path, "--json").json == {"ok": True, "read": 0, "added": 0, "seen": 0}


@pytest.mark.parametrize(
    ("take", "added", "words"),
    [
        ("all", ["Undated", "Amélie, 4K", "Dune"], "3 of them new."),
        ("new", [], "0 of them new, 3 counted as seen before."),
        ("1", ["Undated"], "1 of them new, 2 counted as seen before."),
        ("2", ["Undated", "Amélie, 4K"], "2 of them new, 1 counted as seen before."),
        ("9999999", ["Undated", "Amélie, 4K", "Dune"], "3 of them new."),
    ],
)
def test_an_import_takes_the_newest_so_many_and_the_rest_counts_as_seen_before(
    take: str, added: list[str], words: str, run: Run, export: Path, home: Path
) -> None:
    assert run("import", export, "--take", take).out == f"watchlist.csv: 3 films, {words}\n"
    pending, failed = (json.loads((home / f"queue_{name}.json").read_bytes()) for name in ("pending", "failed"))
    assert [entry["title"] for entry in pending] == added
    assert len(pending) + len(failed) == 3
    assert {(entry["status"], entry["reason_code"]) for entry in failed} <= {("excluded", "seen_before")}
    assert run("import", export, "--json").json == {"ok": True, "read": 3, "added": 0, "seen": 0}


def test_the_json_of_an_import_counts_what_is_seen_before(run: Run, export: Path) -> None:
    assert run("import", export, "--take", "1", "--json").json == {"ok": True, "read": 3, "added": 1, "seen": 2}
    assert run("add", "--seen", "--json").json == {"ok": True, "queued": 2}
    assert run("stats", "--json").json["pending"] == 3


@pytest.mark.parametrize(
    "take", ["", "0", "-1", "1.5", "ALL", "some", "10000000", "²", "१", pytest.param("9" * 4400, id="long")]
)
def test_a_number_of_films_that_is_none_is_wrong_usage(take: str, run: Run, export: Path, home: Path) -> None:
    answered = run("import", export, f"--take={take}", "--json")
    assert (answered.code, answered.json["code"]) == (2, "usage")
    assert '"all", "new", or a number from 1' in answered.json["message"]
    assert list(home.iterdir()) == []


def test_taking_only_a_thousand_of_many_takes_the_newest(run: Run, tmp_path: Path, home: Path) -> None:
    path = tmp_path / "many.csv"
    rows = (f"2024-01-01,Film {number},2000,https://boxd.it/{number:04x}z" for number in range(1200))
    path.write_text("Date,Name,Year,Letterboxd URI\n" + "\n".join(rows))
    taken = run("import", path, "--take", "1000", "--json").json
    assert taken == {"ok": True, "read": 1200, "added": 1000, "seen": 200}
    entries = json.loads((home / "queue_pending.json").read_bytes())
    assert {entry["title"] for entry in entries} == {f"Film {number}" for number in range(200, 1200)}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"", "has no columns Name, Year and Letterboxd URI"),
        (b"PK\x03\x04\xff\xfe", "is not a UTF-8 text file"),
        (b"Date,Name,Year,Letterboxd URI\n2024-01-01,Dune,soon,https://boxd.it/a\n", "line 2"),
    ],
    ids=["missing", "empty", "ZIP", "a wrong year"],
)
def test_an_export_that_cannot_be_used_is_exit_code_3_and_no_film_is_taken(
    content: bytes | None, said: str, run: Run, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "watchlist.csv"
    if content is not None:
        path.write_bytes(content)
    answered = run("import", path, "--json")
    assert (answered.code, answered.err) == (3, "")
    assert set(answered.json) == {"ok", "code", "message", "hint"}
    assert (answered.json["ok"], answered.json["code"]) == (False, "config")
    assert said in answered.json["message"]
    assert str(path) in answered.json["message"]
    in_words = run("import", path)
    assert (in_words.code, in_words.out) == (3, "")
    assert said in in_words.err
    assert list(home.iterdir()) == []


def test_a_queue_file_that_does_not_parse_is_told_on_stderr_and_kept_aside(run: Run, export: Path, home: Path) -> None:
    run("import", export)
    (home / "queue_pending.json").write_text("[{,")
    answered = run("import", export, "--json")
    assert (answered.code, answered.json) == (0, {"ok": True, "read": 3, "added": 0, "seen": 0})
    assert "queue_pending.json" in answered.err
    assert "line 1" in answered.err
    (kept,) = home.glob("queue_pending.kept-*.json")
    assert kept.read_text() == "[{,"
    assert len(json.loads((home / "queue_pending.json").read_bytes())) == 3


def test_a_home_that_is_no_folder_is_an_error_in_our_words(run: Run, export: Path, home: Path) -> None:
    home.rmdir()
    home.write_text("a file")
    answered = run("import", export, "--json")
    assert answered.code != 0
    assert (answered.json["ok"], str(home) in answered.json["message"]) == (False, True)
    assert home.read_text() == "a file"


# -- logs


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield root
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_the_log_is_private_redacted_and_names_its_thread(
    umask: int, home: Path, root_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_secret("hunter2-secret")
    before = os.umask(umask)
    try:
        start_logging(home / "new", "INFO", on_stderr=False)
    finally:
        os.umask(before)
    root_logger.info("handed over %s with hunter2-secret", "Dune (2021)")
    root_logger.debug("too much")
    logged = (home / "new" / "movie_sync.log").read_text()
    assert logged.endswith("INFO    MainThread: handed over Dune (2021) with [removed]\n")
    assert logged.count("\n") == 1
    assert stat.S_IMODE((home / "new" / "movie_sync.log").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "new").stat().st_mode) == 0o700
    assert capsys.readouterr() == ("", "")


def test_the_log_on_the_terminal_is_redacted_and_stays_off_stdout(
    home: Path, root_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_secret("hunter2-secret")
    start_logging(home, "DEBUG", on_stderr=True)
    try:
        raise OSError("hunter2-secret")  # noqa: TRY301  its traceback is wanted
    except OSError:
        root_logger.exception("it failed")
    out, err = capsys.readouterr()
    assert out == ""
    assert "ERROR   it failed\n" in err
    assert "OSError: [removed]" in err
    assert "hunter2-secret" not in err + (home / "movie_sync.log").read_text()


def test_libraries_do_not_log_their_requests_which_hold_the_passkey(home: Path, root_logger: logging.Logger) -> None:
    start_logging(home, "DEBUG", on_stderr=False)
    for library in ("urllib3.connectionpool", "qbittorrentapi.request"):
        logging.getLogger(library).debug("GET /api.php?k=3f5a0c9e")
    assert (home / "movie_sync.log").read_text() == ""


def test_the_log_is_rolled_over_and_its_copies_are_private_too(
    home: Path, root_logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_set_up, "_LOG_BYTES", 2000)
    start_logging(home, "INFO", on_stderr=False)
    for number in range(200):
        root_logger.info("line %d", number)
    found = sorted(path.name for path in home.iterdir())
    assert found == ["movie_sync.log", "movie_sync.log.1", "movie_sync.log.2", "movie_sync.log.3"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}
    assert all(path.stat().st_size <= 2000 for path in home.iterdir())
    assert "line 199\n" in (home / "movie_sync.log").read_text()


# -- asking

ASKING = """
from movie_sync.cli.output import asker
from movie_sync.credentials_manager import FIELDS
ask = asker()
for field in FIELDS["filelist"]:
    print(ask(field))
"""


def test_without_a_terminal_nobody_is_asked() -> None:
    assert asker() is None


def read_until(terminal: int, end: bytes) -> bytes:
    seen = b""
    while not seen.endswith(end):
        seen += os.read(terminal, 1024)
    return seen


@pytest.mark.timeout(30)
def test_on_a_terminal_a_person_is_asked_and_what_is_secret_is_not_shown() -> None:
    person, terminal = os.openpty()
    command = [sys.executable, "-c", ASKING]
    streams = {"stdin": terminal, "stderr": terminal, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, start_new_session=True, **streams) as process:  # type: ignore[call-overload]
        shown = read_until(person, b": ")
        os.write(person, b"ion\n")
        shown += read_until(person, b"password): ")
        os.write(person, b"hunter2-secret\n")
        out, _ = process.communicate(timeout=20)
    os.close(person)
    os.close(terminal)
    assert out == b"ion\nhunter2-secret\n"
    assert b"FileList user name" in shown
    assert b"passkey" in shown
    assert b"hunter2" not in shown
