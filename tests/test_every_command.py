"""What holds for every command there is, found by walking the tree of them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from command_line import Run, as_before, runner

from movie_sync import cli
from movie_sync.verbs import services

GENERAL = {"--json", "--verbose", "--log-file"}


def walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for below in command.list_commands(context):
                found = command.get_command(context, below)
                assert found is not None
                yield from walk(f"{name} {below}".strip(), found)


EVERY = dict(walk("", cli.cli))
NAMED = {name: command for name, command in EVERY.items() if name}
LEAVES = {name: command for name, command in NAMED.items() if not isinstance(command, click.Group)}


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield from as_before()


@pytest.fixture(autouse=True)
def nothing_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No command may reach beyond this test, whatever it does wrong."""
    for name in list(os.environ):
        if name.startswith("MOVIE_SYNC_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setattr(services, "_SYSTEM_FOLDER", tmp_path / "system")


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(home, monkeypatch, capsys)


# -- help


def test_every_command_is_in_the_tree() -> None:
    assert {name.split()[0] for name in NAMED} == set(cli.COMMANDS)
    assert {"config set", "credentials list", "service install"} <= set(LEAVES)


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("name", NAMED)
def test_help_is_fine_and_has_an_example_to_copy(name: str, option: str, run: Run) -> None:
    answered = run(*name.split(), option)
    assert (answered.code, answered.err) == (0, "")
    assert answered.out.startswith(f"Usage: movie-sync {name} ")
    (example,) = [line.strip() for line in answered.out.splitlines() if line.strip().startswith("Example: ")]
    assert example.startswith(f"Example: movie-sync {name}")


@pytest.mark.parametrize("name", NAMED)
def test_help_says_in_a_sentence_what_the_command_is_for(name: str, run: Run) -> None:
    listed = run(*name.split()[:-1], "--help").out
    assert NAMED[name].get_short_help_str(200)
    assert re.search(rf"^  {name.rsplit(maxsplit=1)[-1]}  +\S", listed, re.MULTILINE)
    for parameter in NAMED[name].params:
        assert isinstance(parameter, click.Argument) or getattr(parameter, "help", None), parameter.name


def test_help_needs_no_home(run: Run, home: Path) -> None:
    home.rmdir()
    for name in NAMED:
        assert run(*name.split(), "--help").code == 0
    assert not home.exists()


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_takes_the_general_options(name: str) -> None:
    assert {option for parameter in LEAVES[name].params for option in parameter.opts} >= GENERAL


# -- wrong usage


@pytest.mark.parametrize("name", EVERY, ids=lambda name: name or "movie-sync")
@pytest.mark.parametrize("as_json", [True, False], ids=["json", "words"])
def test_an_option_nobody_knows_is_wrong_usage(name: str, as_json: bool, run: Run) -> None:
    answered = run(*name.split(), *(["--json"] if as_json and name in LEAVES else []), "--no-such-option")
    if as_json and name in LEAVES:
        assert "--no-such-option" in answered.failed(2, "usage")["message"]
        assert answered.err == ""
        assert answered.json["hint"] == f"movie-sync {name} --help"
    else:
        assert (answered.code, answered.out) == (2, "")
        assert "--no-such-option" in answered.err


@pytest.mark.parametrize("name", LEAVES)
def test_too_many_arguments_are_wrong_usage(name: str, run: Run) -> None:
    run(*name.split(), *["failed"] * 6, "--json").failed(2, "usage")


@pytest.mark.parametrize("arguments", [["--json"], ["nope", "--json"], ["config", "nope", "--json"]], ids=str)
def test_a_command_that_is_none_is_wrong_usage_for_scripts_too(arguments: list[str], run: Run) -> None:
    run(*arguments).failed(2, "usage")


# -- failures


class Failing(NamedTuple):
    """A way to make a command fail.

    Attributes:
        arguments: Beside its name; FOLDER stands for a folder of the test.
        code: Its exit code then.
        word: The code in its JSON.
        before: What is done to the home before.
    """

    arguments: str
    code: int
    word: str
    before: Callable[[Path], object] = lambda _: None


def bad_database(home: Path) -> None:
    (home / "movie_sync.db").write_bytes(b"junk" * 5000)


def bad_settings(home: Path) -> None:
    (home / "config.json").write_text('{"username": ')


def bad_log_ins(home: Path) -> None:
    (home / "credentials.enc").write_text("junk")


def no_folder_for_units(home: Path) -> None:
    (home.parent / "settings").write_text("a file")


def a_unit(home: Path) -> None:
    """One that is a folder, and so cannot be taken away."""
    (home.parent / "settings" / "systemd" / "user" / "movie-sync.service").mkdir(parents=True)


FAILURES: dict[str, list[Failing]] = {
    "add": [Failing("Nosferatu", 2, "unclear_name"), Failing("tt0013442", 1, "store_corrupt", bad_database)],
    "backup": [Failing("FOLDER/b.tar.gz", 1, "store_corrupt", bad_database)],
    "blocklist clear": [Failing("Nosferatu", 5, "no_such_film"), Failing("", 2, "usage")],
    "blocklist show": [Failing("", 1, "no_database"), Failing("", 1, "store_corrupt", bad_database)],
    "cleanup confirm": [Failing("Nosferatu", 5, "no_such_film"), Failing("", 1, "store_corrupt", bad_database)],
    "cleanup keep": [Failing("Nosferatu", 5, "no_such_film")],
    "cleanup preview": [Failing("", 1, "no_database"), Failing("", 3, "config", bad_settings)],
    "completion": [Failing("tcsh", 2, "usage")],
    "config": [],
    "config path": [Failing("more", 2, "usage")],
    "config profile show": [Failing("nowhere", 2, "config"), Failing("", 3, "config", bad_settings)],
    "config profile test": [Failing("nowhere", 2, "config")],
    "config set": [Failing("max_retries 3", 3, "config", bad_settings), Failing("nope 3", 2, "config")],
    "config show": [Failing("", 3, "config", bad_settings), Failing("nope", 2, "config")],
    "config unset": [Failing("max_retries", 3, "config", bad_settings), Failing("nope", 2, "config")],
    "config wizard": [Failing("", 3, "config"), Failing("", 3, "config", bad_settings)],
    "credentials clear": [Failing("filelist", 3, "credentials", bad_log_ins)],
    "credentials list": [Failing("", 3, "credentials", bad_log_ins), Failing("", 3, "config", bad_settings)],
    "credentials set": [Failing("filelist --untried", 3, "credentials_missing")],
    "diagnose": [Failing("FOLDER/nowhere/report.zip", 1, "store")],
    "import": [Failing("FOLDER/nowhere.csv", 3, "config")],
    "library accept": [Failing("Nosferatu", 5, "no_such_film")],
    "library find": [Failing("Nosferatu", 2, "unclear_name"), Failing("tt0013442", 2, "unclear_name")],
    "library match": [Failing("more", 2, "usage")],
    "library questions": [Failing("", 1, "store_corrupt", bad_database)],
    "library reject": [Failing("Nosferatu", 5, "no_such_film")],
    "library scan": [Failing("", 3, "config", bad_settings)],
    "list": [Failing("", 1, "store_corrupt", bad_database)],
    "logs": [Failing("", 1, "no_log")],
    "releases parse": [Failing("more", 2, "usage")],
    "remove": [Failing("Nosferatu", 5, "no_such_film"), Failing("Nosferatu", 1, "store_corrupt", bad_database)],
    "restore": [Failing("FOLDER/nowhere.tar.gz", 1, "store")],
    "retry": [Failing("Nosferatu", 5, "no_such_film"), Failing("--all", 1, "store_corrupt", bad_database)],
    "run": [Failing("--once", 3, "config", bad_settings), Failing("", 3, "credentials_missing")],
    "search": [Failing("Nosferatu", 2, "unclear_name"), Failing("tt0013442", 3, "config", bad_settings)],
    "service install": [Failing("", 1, "service_unit", no_folder_for_units)],
    "service show": [Failing("more", 2, "usage")],
    "service uninstall": [Failing("", 1, "service_unit", a_unit)],
    "stats": [Failing("", 1, "store_corrupt", bad_database)],
    "why": [Failing("Nosferatu", 1, "no_database"), Failing("Nosferatu", 1, "store_corrupt", bad_database)],
    # These tell of failures as findings; a film too few of the demo takes longer than a test may.
    "check": [],
    "demo": [],
}
CASES = [(name, failing) for name, found in FAILURES.items() for failing in found]
IDS = [f"{name} {failing.word}" for name, failing in CASES]


def test_every_command_is_made_to_fail_here() -> None:
    assert set(LEAVES) <= set(FAILURES)


def failed(name: str, failing: Failing, run: Run, home: Path, *more: str) -> list[object]:
    """A command that failed: its arguments."""
    failing.before(home)
    return [*name.split(), *failing.arguments.replace("FOLDER", str(home.parent)).split(), *more]


@pytest.mark.parametrize(("name", "failing"), CASES, ids=IDS)
def test_a_failure_is_one_json_object_on_stdout_and_nothing_else(
    name: str, failing: Failing, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: PTH123, SIM115  as in a script
    answered = run(*failed(name, failing, run, home, "--json"))
    sys.stdin.close()
    error = answered.failed(failing.code, failing.word)
    assert error["message"]
    assert error["hint"] == error["hint"].strip()
    assert answered.err == ""


@pytest.mark.parametrize(("name", "failing"), CASES, ids=IDS)
def test_a_failure_in_words_is_on_stderr_and_has_no_trace(
    name: str, failing: Failing, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: PTH123, SIM115  as in a script
    answered = run(*failed(name, failing, run, home))
    sys.stdin.close()
    assert (answered.code, answered.out) == (failing.code, "")
    assert answered.err.strip()
    assert "Traceback" not in answered.err
    assert "\x1b" not in answered.err


@pytest.mark.parametrize(("name", "failing"), CASES, ids=IDS)
def test_a_failure_is_the_same_with_more_talk_and_a_log(
    name: str, failing: Failing, run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: PTH123, SIM115  as in a script
    log = tmp_path / "command.log"
    answered = run(*failed(name, failing, run, home, "--json", "--verbose", "--log-file", str(log)))
    sys.stdin.close()
    answered.failed(failing.code, failing.word)


def test_check_tells_of_damage_as_findings_in_one_object(run: Run, home: Path) -> None:
    for damage in (bad_settings, bad_database, bad_log_ins):
        damage(home)
        answered = run("check", "--json")
        assert answered.code == 3
        assert (answered.json["ok"], answered.err) == (False, "")


WORKING = [
    "config path",
    "config show",
    "config set max_retries 3",
    "config unset max_retries",
    "credentials list",
    "credentials clear filelist",
    "list",
    "list failed",
    "stats",
    "add tt0013442",
    "retry --all",
    "retry --now",
    "completion bash",
    "service show",
    "service show --system",
    "service uninstall",
    "diagnose FOLDER/report.zip",
    "import FOLDER/watchlist.csv",
    "check --live",
]


@pytest.mark.parametrize("arguments", WORKING)
@pytest.mark.parametrize("options", [["--json"], ["--json", "--verbose"]], ids=["json", "json verbose"])
def test_an_answer_is_one_json_object_on_stdout(arguments: str, options: list[str], run: Run, home: Path) -> None:
    (home.parent / "watchlist.csv").write_text(
        "Date,Name,Year,Letterboxd URI\n2024-01-01,Dune,2021,https://boxd.it/dUnE\n"
    )
    answered = run(*arguments.replace("FOLDER", str(home.parent)).split(), *options)
    assert isinstance(answered.json, dict)
    assert "\x1b" not in answered.out + answered.err


# -- as processes of their own


def started(home: Path, arguments: str, **options: object) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "movie_sync", *arguments.replace("FOLDER", str(home.parent)).split()]
    given = {"stdin": subprocess.DEVNULL, "capture_output": True, "timeout": 30, **options}
    environment = {**os.environ, "MOVIE_SYNC_HOME": str(home), **given.pop("env", {})}  # type: ignore[dict-item]
    return subprocess.run(command, env=environment, check=False, **given)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("arguments", ["stats", "list", "config show", "check --live"])
def test_a_pipe_gets_no_colours_even_where_a_terminal_is_named(arguments: str, home: Path, run: Run) -> None:
    run("add", "tt0013442")
    done = started(home, arguments, env={"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    assert b"\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("arguments", ["list", "stats", "list --json", "remove 猫", "check --live"])
def test_a_terminal_without_unicode_is_no_reason_to_fail(arguments: str, encoding: str, home: Path, run: Run) -> None:
    run("add", "Ținta 猫 … (2006)")
    done = started(home, arguments, env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert b"Traceback" not in done.stderr
    if arguments in {"list", "stats", "list --json"}:
        assert done.returncode == 0
    if arguments == "list --json":
        assert json.loads(done.stdout)["films"][0]["title"] == "Ținta 猫 …"


@pytest.mark.parametrize(
    "arguments", ["list", "list --json", "stats", "config show", "check --live", "completion bash"]
)
def test_a_reader_that_went_away_is_no_trace(arguments: str, home: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = started(home, arguments, capture_output=False, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("arguments", ["list", "stats --json", "config show", "nope --json"])
def test_a_full_disk_behind_stdout_is_no_trace(arguments: str, home: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = started(home, arguments, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", ["list", "stats --json", "config show", "nope --json"])
def test_a_closed_stdout_is_no_trace(arguments: str, home: Path) -> None:
    command = ["sh", "-c", f"exec {sys.executable} -m movie_sync {arguments} >&-"]
    environment = {**os.environ, "MOVIE_SYNC_HOME": str(home)}
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, timeout=30, check=False)
    assert b"Traceback" not in done.stderr
