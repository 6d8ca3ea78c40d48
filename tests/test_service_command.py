"""The systemd unit, putting it in place, and what a running service tells systemd."""

import getpass
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import Run, as_before, runner

from movie_sync.demo.films import FILMS
from movie_sync.demo.world import World
from movie_sync.lib import systemd
from movie_sync.verbs import services
from reliability.program import Program

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield from as_before()


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(home, monkeypatch, capsys)


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's settings, of which none exists yet."""
    folder = tmp_path / "settings"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    return folder


def unit_path(configuration: Path) -> Path:
    return configuration / "systemd" / "user" / "movie-sync.service"


def settings(text: str) -> dict[str, str]:
    """``Section.Name`` to value of a unit."""
    found: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line:
            name, _, value = line.partition("=")
            assert f"{section}.{name}" not in found
            found[f"{section}.{name}"] = value
    return found


def read_by_systemd(text: str) -> str:
    """One quoted word of an assignment as systemd reads it (man systemd.syntax, systemd.unit: specifiers)."""
    (word,) = shlex.split(text)
    assert "%" not in word.replace("%%", "")
    return word.replace("%%", "%")


# -- the unit


def test_a_units_text_says_how_to_start_it_and_when_not_to_start_it_again(run: Run, home: Path) -> None:
    answered = run("service", "show")
    assert (answered.code, answered.err) == (0, "")
    found = settings(answered.out)
    assert found["Service.ExecStart"].endswith(" run")
    assert found["Service.Environment"] == f"MOVIE_SYNC_HOME={home}"
    assert (found["Service.Type"], found["Service.Restart"]) == ("notify", "on-failure")
    assert set(found["Service.RestartPreventExitStatus"].split()) == {"2", "3"}
    assert found["Install.WantedBy"] == "default.target"
    assert "Service.User" not in found
    assert float(found["Service.TimeoutStopSec"]) > 5
    assert found["Service.UMask"] == "0077"


def test_a_system_unit_runs_as_the_one_who_called_sudo(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "nobody")
    found = settings(run("service", "show", "--system").out)
    assert (found["Service.User"], found["Install.WantedBy"]) == ("nobody", "multi-user.target")
    monkeypatch.delenv("SUDO_USER")
    assert settings(run("service", "show", "--system").out)["Service.User"] == getpass.getuser()
    assert settings(run("service", "show", "--system", "--user", "daemon").out)["Service.User"] == "daemon"


def test_a_system_unit_works_on_the_home_of_whom_it_runs_as(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOVIE_SYNC_HOME")
    monkeypatch.setenv("SUDO_USER", "daemon")
    whose = Path(pwd.getpwnam("daemon").pw_dir)
    found = settings(run("service", "show", "--system").out)
    assert found["Service.Environment"] == f"MOVIE_SYNC_HOME={whose / '.movie_sync'}"


def test_a_system_unit_for_a_user_who_is_not_there_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOVIE_SYNC_HOME")
    answered = run("service", "show", "--system", "--user", "no-such-user", "--json")
    assert "no-such-user" in answered.json["message"]
    assert answered.code != 0


def test_the_unit_for_scripts_is_the_same_text(run: Run, configuration: Path) -> None:
    answered = run("service", "show", "--json").json
    assert answered["unit"] == str(unit_path(configuration))
    assert answered["text"].rstrip() == run("service", "show").out.rstrip()
    assert not configuration.exists()


def test_the_unit_starts_the_program_wherever_it_is_started_from(run: Run, tmp_path: Path) -> None:
    command = shlex.split(settings(run("service", "show").out)["Service.ExecStart"])
    assert command[-1] == "run"
    done = subprocess.run([*command[:-1], "--version"], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Movie Sync, version ")


def test_a_checkout_that_is_not_installed_is_started_by_its_main(home: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "main.py", tmp_path)
    shutil.copytree(ROOT / "movie_sync", tmp_path / "movie_sync", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "main.py", "service", "show"]
    environment = {**os.environ, "MOVIE_SYNC_HOME": str(home)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert shlex.split(settings(done.stdout)["Service.ExecStart"]) == [sys.executable, str(tmp_path / "main.py"), "run"]


ODD = [
    "with space",
    "50%",
    "%h and %%",
    'quo"te',
    "apo'strophe",
    "back\\slash",
    "ünïcödé 猫",
    "semi;colon",
    "#hash",
    " both ends ",
    "$HOME",
    "a$b ${c} $$",
]


@pytest.mark.parametrize("name", ODD)
def test_odd_home_folders_reach_the_service_as_they_are(name: str, tmp_path: Path) -> None:
    text = services.unit(tmp_path / name, system=False, user="ana").text
    found = read_by_systemd(settings(text)["Service.Environment"])
    assert found == f"MOVIE_SYNC_HOME={tmp_path / name}"


def test_a_home_folder_with_a_line_break_cannot_add_lines_to_the_unit(tmp_path: Path) -> None:
    text = services.unit(tmp_path / "a\nExecStartPre=/bin/false", system=False, user="ana").text
    assert "\nExecStartPre" not in text


analyze = shutil.which("systemd-analyze")


def verified(path: Path) -> str:
    """What systemd finds wrong with a unit; units it wants and this machine lacks are of no interest."""
    assert analyze is not None
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(path)], capture_output=True, text=True, timeout=30, check=False
    )
    return "".join(line for line in done.stderr.splitlines() if "movie-sync" in line)


@pytest.mark.skipif(analyze is None, reason="there is no systemd-analyze here")
@pytest.mark.parametrize("system", [False, True], ids=["user", "system"])
def test_systemd_finds_nothing_wrong_with_the_unit(system: bool, tmp_path: Path) -> None:
    path = tmp_path / "movie-sync.service"
    path.write_text("[Service]\nExecStart=/nowhere/movie-sync\nNonsense=1\n")
    if "movie-sync" not in verified(path):
        pytest.skip("systemd-analyze does not work here")
    path.write_text(services.unit(tmp_path, system=system, user=getpass.getuser()).text)
    assert verified(path) == ""


@pytest.mark.skipif(analyze is None, reason="there is no systemd-analyze here")
@pytest.mark.parametrize("name", [one for one in ODD if one == one.strip()])
def test_systemd_finds_a_program_in_an_odd_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / name / "movie-sync"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(script)])
    path = tmp_path / "movie-sync.service"
    path.write_text(services.unit(tmp_path / name, system=False, user="ana").text)
    assert verified(path) == ""
    if not set(name) & set("\"'\\$"):  # which no program that systemd starts itself may have in its path
        script.unlink()
        assert "movie-sync" in verified(path)


# -- putting it in place

SYSTEMCTL = """#!/bin/sh
echo "$@" >> {log}
case "$*" in {failing}) echo "first line" >&2; echo "it is refused" >&2; exit 1;; esac
{more}
"""


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """What systemctl was asked, a line each."""
    return tmp_path / "asked.txt"


FakeSystemctl = Callable[..., None]


@pytest.fixture
def fake(tmp_path: Path, asked: Path, monkeypatch: pytest.MonkeyPatch, configuration: Path) -> FakeSystemctl:
    """Puts a systemctl first on the path that fails where it is told to."""

    def put(failing: str = "nothing", more: str = "") -> None:
        script = tmp_path / "bin" / "systemctl"
        script.parent.mkdir(exist_ok=True)
        script.write_text(SYSTEMCTL.format(log=asked, failing=failing, more=more))
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")

    return put


def test_install_writes_the_unit_enables_and_starts_it(
    run: Run, fake: FakeSystemctl, asked: Path, configuration: Path
) -> None:
    fake()
    answered = run("service", "install")
    assert answered.code == 0
    assert unit_path(configuration).read_text().rstrip() == run("service", "show").out.rstrip()
    assert asked.read_text().splitlines() == [
        "--user show-environment",
        "--user daemon-reload",
        "--user enable --now movie-sync.service",
    ]
    assert str(unit_path(configuration)) in answered.out
    assert "loginctl enable-linger" in answered.out


def test_install_can_be_done_again(run: Run, fake: FakeSystemctl, configuration: Path) -> None:
    fake()
    first = run("service", "install", "--json")
    assert run("service", "install", "--json") == first
    assert (first.code, first.json["ok"], first.json["unit"]) == (0, True, str(unit_path(configuration)))


def test_install_without_start_starts_nothing(run: Run, fake: FakeSystemctl, asked: Path) -> None:
    fake()
    answered = run("service", "install", "--no-start")
    assert answered.code == 0
    assert "systemctl --user enable --now movie-sync.service" in answered.out
    assert "enable" not in asked.read_text()


def test_uninstall_stops_the_unit_and_takes_it_away(
    run: Run, fake: FakeSystemctl, asked: Path, configuration: Path, home: Path
) -> None:
    fake()
    (home / "config.json").write_text("{}")
    run("service", "install")
    asked.unlink()
    assert run("service", "uninstall").code == 0
    assert not unit_path(configuration).exists()
    assert asked.read_text().splitlines()[:2] == [
        "--user show-environment",
        "--user disable --now movie-sync.service",
    ]
    assert (home / "config.json").exists()


def test_after_an_uninstall_systemd_reads_its_units_again(run: Run, fake: FakeSystemctl, asked: Path) -> None:
    fake()
    run("service", "install")
    run("service", "uninstall")
    assert asked.read_text().splitlines()[-1] == "--user daemon-reload"


def test_there_may_be_nothing_to_uninstall(run: Run, fake: FakeSystemctl, configuration: Path) -> None:
    fake()
    answered = run("service", "uninstall")
    assert answered.code == 0
    assert f"There is no unit {unit_path(configuration)}" in answered.out


@pytest.mark.parametrize("there", [True, False], ids=["not answering", "not there"])
def test_without_systemd_the_unit_is_written_and_the_user_told_what_to_do_with_it(
    there: bool, run: Run, fake: FakeSystemctl, configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake("*show-environment*")
    if not there:
        monkeypatch.setenv("PATH", "/nowhere")
    answered = run("service", "install")
    assert answered.code == 0
    assert unit_path(configuration).exists()
    assert "systemctl --user enable --now movie-sync.service" in answered.out
    assert "runs" not in answered.out
    assert run("service", "uninstall").code == 0
    assert not unit_path(configuration).exists()


@pytest.mark.parametrize("failing", ["daemon-reload", "enable"])
def test_what_systemd_refuses_is_told_in_its_last_words(failing: str, run: Run, fake: FakeSystemctl) -> None:
    fake(f"*{failing}*")
    error = run("service", "install", "--json").failed(1, "service_unit")
    assert failing in error["message"]
    assert error["message"].endswith("it is refused")


def test_a_unit_that_does_not_stop_stays(run: Run, fake: FakeSystemctl, configuration: Path) -> None:
    fake("*disable*")
    run("service", "install")
    run("service", "uninstall", "--json").failed(1, "service_unit")
    assert unit_path(configuration).exists()


def test_a_systemctl_that_does_not_end_is_not_waited_for_for_ever(
    run: Run, fake: FakeSystemctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "_SYSTEMCTL_S", 0.5)
    fake(more='case "$*" in *enable*) exec sleep 20;; esac')
    assert "enable" in run("service", "install", "--json").failed(1, "service_unit")["message"]


def test_a_systemctl_that_hangs_from_the_beginning_counts_as_not_answering(
    run: Run, fake: FakeSystemctl, configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "_SYSTEMCTL_S", 0.5)
    fake(more="exec sleep 20")
    assert run("service", "install").code == 0
    assert unit_path(configuration).exists()


def test_a_folder_that_takes_no_unit_is_an_error_that_names_it(
    run: Run, fake: FakeSystemctl, asked: Path, configuration: Path
) -> None:
    fake()
    configuration.write_text("a file")
    error = run("service", "install", "--json").failed(1, "service_unit")
    assert str(unit_path(configuration)) in error["message"]
    assert not asked.exists()


def test_a_system_unit_that_cannot_be_written_says_that_it_needs_root(
    run: Run, fake: FakeSystemctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake()
    (tmp_path / "etc").write_text("a file")
    monkeypatch.setattr(services, "_SYSTEM_FOLDER", tmp_path / "etc" / "systemd")
    error = run("service", "install", "--system", "--json").failed(1, "service_unit")
    assert "sudo movie-sync service install --system" in error["hint"]


# -- telling systemd


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What $NOTIFY_SOCKET names."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield channel


def test_systemd_hears_a_state_on_a_socket_with_a_path(listening: socket.socket) -> None:
    systemd.notify("READY=1")
    assert listening.recv(100) == b"READY=1"


def test_systemd_hears_a_state_on_an_abstract_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(f"\0movie-sync-test-{os.getpid()}")
        channel.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@movie-sync-test-{os.getpid()}")
        systemd.notify("STOPPING=1")
        assert channel.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("address", [None, "", "/nowhere/notify", "/" + "a" * 200, "@nobody-listens"])
def test_where_systemd_does_not_listen_nothing_happens(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if address is None:
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    else:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    systemd.notify("READY=1")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    small = World(tmp_path / "world", private=True, films=FILMS[:1])
    yield small
    small.close()


@pytest.mark.timeout(60)
def test_a_running_service_tells_systemd_that_it_is_ready_lives_and_stops(
    tmp_path: Path, world: World, listening: socket.socket
) -> None:
    program = Program(tmp_path / "program", world)
    program.settings["client"] = "none"
    program.environment["NOTIFY_SOCKET"] = str(tmp_path / "notify")
    heard: list[bytes] = []
    program.start()
    try:
        while heard.count(b"WATCHDOG=1") < 2:
            heard.append(listening.recv(100))
        assert heard == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        ending = threading.Thread(target=program.stop)
        ending.start()
        while heard[-1] != b"STOPPING=1":
            heard.append(listening.recv(100))
        ending.join()
    finally:
        program.kill()
    assert program.process is not None
    assert program.process.returncode == 0


@pytest.mark.timeout(60)
def test_a_service_that_cannot_start_never_says_that_it_is_ready(
    tmp_path: Path, world: World, listening: socket.socket
) -> None:
    program = Program(tmp_path / "program", world)
    program.settings["client"] = "no such client"
    program.environment["NOTIFY_SOCKET"] = str(tmp_path / "notify")
    assert program.ask("run").returncode == 3
    listening.setblocking(False)
    with pytest.raises(BlockingIOError):
        listening.recv(100)
