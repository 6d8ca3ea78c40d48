"""What a shell completes: commands, options, and films by their titles."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from command_line import Run, as_before, runner
from conftest import HandClock, movie
from terminal import Terminal

from movie_sync.movie import WatchedFilm
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store

FILMS = ["Nosferatu", "Noi Albinói", "Amélie, 4K", "Who's There?", "Dune: Part Two"]


# How a title may be begun: a quote that is in it ends it.
TYPED = [(title, quote) for title in FILMS for quote in ("", '"', "'") if not quote or quote not in title]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield from as_before()


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(home, monkeypatch, capsys)


@pytest.fixture
def films(home: Path) -> None:
    with closing(Store(home / "movie_sync.db")) as store:
        found = [WatchedFilm(movie(number, title), number) for number, title in enumerate(FILMS)]
        QueueManager(store, HandClock()).wish(found, "list")


@pytest.fixture
def installed(home: Path, tmp_path: Path) -> dict[str, str]:
    """An environment with movie-sync on the path; without a shell's completion it shows what it was called with."""
    script = tmp_path / "bin" / "movie-sync"
    script.parent.mkdir()
    python = shlex.quote(sys.executable)
    script.write_text(
        f'#!/bin/sh\nif [ -n "$_MOVIE_SYNC_COMPLETE$COMPLETION" ]; then exec {python} -m movie_sync "$@"; fi\n'
        'printf "<%s>" "$@"; echo " was called"\n'
    )
    script.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{script.parent}:{os.environ['PATH']}",
        "MOVIE_SYNC_HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
    }


SOURCE = "source <(COMPLETION=1 movie-sync completion bash); "


def completed(environment: dict[str, str], *words: str) -> list[str]:
    """What bash offers for the last of the words."""
    line = shlex.join(["movie-sync", *words[:-1]]) + f" {words[-1]}"
    command = (
        f"{SOURCE}COMP_WORDS=({line}); [ -n {words[-1]!r} ] || COMP_WORDS+=(''); COMP_CWORD={len(words)}; "
        '_movie_sync_completion movie-sync; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        ("bash", "complete -o nosort -F _movie_sync_completion movie-sync"),
        ("zsh", "#compdef movie-sync"),
        ("fish", "complete --no-files --command movie-sync"),
    ],
)
def test_there_is_a_script_for_each_shell(shell: str, said: str, run: Run) -> None:
    answered = run("completion", shell)
    assert (answered.code, answered.err) == (0, "")
    assert said in answered.out
    assert f"_MOVIE_SYNC_COMPLETE={shell}_complete" in answered.out
    for_scripts = run("completion", shell, "--json").json
    assert for_scripts["script"].strip() == answered.out.strip()
    assert f"movie-sync completion {shell} > " in for_scripts["install"]


@pytest.mark.parametrize("shell", [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)])
def test_a_shell_that_is_there_takes_its_script(shell: str, run: Run, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(run("completion", shell).out)
    assert subprocess.run([shell, "-n", script], capture_output=True, check=True).stderr == b""


@pytest.mark.parametrize("arguments", [[], ["tcsh"], ["BASH"], ["bash", "zsh"]], ids=str)
def test_a_shell_nobody_knows_is_wrong_usage(arguments: list[str], run: Run) -> None:
    run("completion", *arguments, "--json").failed(2, "usage")


@bash
def test_bash_completes_commands(installed: dict[str, str]) -> None:
    assert completed(installed, "re") == ["releases", "remove", "restore", "retry"]
    assert completed(installed, "credentials", "c") == ["clear"]
    assert {"add", "backup", "stats"} <= set(completed(installed, ""))


@bash
def test_bash_completes_options_and_what_they_take(installed: dict[str, str]) -> None:
    assert completed(installed, "retry", "--a") == ["--all", "--anew"]
    assert completed(installed, "demo", "--client", "b") == ["builtin"]
    assert completed(installed, "list", "p") == ["pending"]
    assert completed(installed, "completion", "f") == ["fish"]


@bash
def test_bash_completes_the_services_of_credentials(installed: dict[str, str]) -> None:
    assert completed(installed, "credentials", "set", "") == ["filelist", "qbittorrent"]


@bash
@pytest.mark.parametrize("command", ["remove", "retry", "add"])
def test_bash_completes_films_of_the_database(command: str, installed: dict[str, str], films: None) -> None:
    found = {" ".join(shlex.split(one)) for one in completed(installed, command, "no")}
    assert found == {"Noi Albinói (2000)", "Nosferatu (2000)"}


@bash
@pytest.mark.timeout(30)
@pytest.mark.parametrize(("title", "quote"), TYPED)
def test_what_bash_completes_is_one_word_that_the_command_gets(
    title: str, quote: str, installed: dict[str, str], films: None
) -> None:
    with Terminal(["/bin/bash", "--norc", "--noprofile", "-i"], {**installed, "PS1": "ready> "}) as terminal:
        terminal.expect("ready> ")
        terminal.type(SOURCE)
        terminal.expect("ready> ")
        terminal.press(f"movie-sync remove {quote}{title[:3]}\t")
        terminal.expect("2000")
        terminal.press("\r")
        terminal.expect("ready> ")
        assert f"<remove><{title} (2000)> was called" in terminal.shown


@bash
def test_without_a_database_no_film_is_completed_and_none_is_made(installed: dict[str, str], home: Path) -> None:
    assert completed(installed, "remove", "No") == []
    assert list(home.iterdir()) == []


@bash
def test_a_damaged_database_completes_nothing_without_a_word(installed: dict[str, str], home: Path) -> None:
    (home / "movie_sync.db").write_bytes(b"junk" * 5000)
    assert completed(installed, "remove", "No") == []


@bash
def test_of_very_many_films_not_all_are_offered(installed: dict[str, str], home: Path) -> None:
    with closing(Store(home / "movie_sync.db")) as store:
        found = [WatchedFilm(movie(number), number) for number in range(1, 2000)]
        QueueManager(store, HandClock()).wish(found, "list")
    offered = completed(installed, "remove", "Film")
    assert 0 < len(offered) <= 50
