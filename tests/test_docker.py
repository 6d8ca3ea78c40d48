"""The container's files: images cannot be built here, so they are linted, and the entry point is run by itself."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")

# Only root can hand over to another user; whoever else runs this sees the plain user's way, which is tested too.
AS_ROOT = os.getuid() == 0 and shutil.which("setpriv") is not None


def lint(*command: str) -> str:
    result = subprocess.run([str(BIN / command[0]), *command[1:]], capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else result.stdout + result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("hadolint", str(ROOT / "Dockerfile")),
        ("shellcheck", str(ROOT / "docker" / "entrypoint.sh")),
        ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(ROOT / "compose.yaml")),
    ],
    ids=lambda command: command[0],
)
def test_the_linter_of_its_kind_finds_nothing(command: tuple[str, ...]) -> None:
    if not (BIN / command[0]).exists():
        return  # there is no such program for this machine
    assert lint(*command) == ""


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that everybody may enter; pytest shuts its own, and shuts them again when another session begins."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def entry_point(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    program = folder / "program"
    program.write_text('#!/bin/sh\necho "$(id -u):$(id -g) $HOME $*"\n')
    program.chmod(0o755)
    return subprocess.run(
        ["sh", str(ROOT / "docker" / "entrypoint.sh"), *arguments],
        env={"PATH": os.environ["PATH"], "PROGRAM": str(program), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_plain_user_runs_the_program_as_they_are(folder: Path) -> None:
    if os.getuid() == 0:
        ran = entry_point(folder, "list", PUID="0", PGID="0", MOVIE_SYNC_HOME=str(folder / "config"))
    else:
        ran = entry_point(folder, "list", MOVIE_SYNC_HOME=str(folder / "config"))
    assert ran.stdout.startswith(f"{os.getuid()}:{os.getgid()} ")
    assert ran.stdout.endswith("list\n")


def test_root_hands_over_to_the_user_and_group_that_were_named(folder: Path) -> None:
    if not AS_ROOT:
        return
    home = folder / "config"
    home.mkdir()
    (home / "config.json").write_text("{}")
    ran = entry_point(folder, "run", "--once", PUID="4321", PGID="4322", MOVIE_SYNC_HOME=str(home))
    assert ran.stdout == f"4321:4322 {home} run --once\n"
    assert {(path.stat().st_uid, path.stat().st_gid) for path in (home, home / "config.json")} == {(4321, 4322)}


def test_a_name_in_place_of_a_number_is_refused_in_a_sentence(folder: Path) -> None:
    if not AS_ROOT:
        return
    ran = entry_point(folder, PUID="anna")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "PUID (anna)" in ran.stderr


def test_one_volume_is_enough_and_secrets_come_as_files() -> None:
    used = [line for line in COMPOSE.splitlines() if not line.lstrip().startswith("#")]
    assert [line.strip() for line in used if re.search(r"^\s+- .+:/", line)] == ["- ./movie-sync:/config"]
    assert "MOVIE_SYNC_FILELIST_PASSKEY_FILE: /run/secrets/filelist_passkey" in COMPOSE


def test_the_image_is_built_of_locked_wheels_alone() -> None:
    steps = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    installs = re.findall(r"pip (?:install|wheel) .*?(?= && |$)", steps, re.M)
    assert len(installs) == 4
    locks = [one for one in installs if "--require-hashes --only-binary :all:" in one]
    assert [one.split()[-1] for one in locks] == ["locks/build.txt", "locks/run.txt"]
    # The rest is the project itself, made of what was copied: nothing comes from outside.
    assert all("--no-index" in one and "--no-deps" in one for one in installs if one not in locks)


def test_what_the_image_copies_is_let_through_and_its_base_can_be_pinned_to_a_digest() -> None:
    steps = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {"*", "!locks/build.txt", "!locks/run.txt"} <= set(ignored)
    bases = re.findall(r"^FROM (\S+)", steps, re.M)
    assert set(bases) == {"${BASE}"}
    assert "ARG BASE=python:3.13-slim-bookworm\n" in steps
