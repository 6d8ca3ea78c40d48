"""The demo, as a newcomer runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from movie_sync.demo import show
from movie_sync.demo.films import FILMS
from movie_sync.errors import MovieSyncError


def demo(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "movie_sync", "demo", *arguments],
        env={**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.mark.parametrize(("client", "torrents"), [("builtin", "public"), ("qbittorrent", "private")])
def test_the_demo_downloads_its_films_and_checks_its_own_numbers(tmp_path: Path, client: str, torrents: str) -> None:
    done = demo(tmp_path, "--client", client)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"the torrents here are {torrents}" in done.stdout
    assert "Films: 13 of 13 ended where they had to, 10 of 10 downloaded" in done.stdout
    numbers = re.search(r"Bytes on disk: ([\d,]+); seeded: ([\d,]+); equal: yes", done.stdout)
    assert numbers is not None
    assert numbers[1] == numbers[2] != "0"
    assert "London After Midnight (1927): The tracker does not have it." in done.stdout
    assert list(tmp_path.glob("movie-sync-demo-*")) == []


def test_the_demo_says_so_when_it_did_not_work(tmp_path: Path) -> None:
    checked = show._check(tmp_path, {}, "builtin", 1)
    assert checked.done == 0
    assert len(checked.problems) == len(FILMS) + 2


def test_without_libtorrent_two_qbittorrents_are_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert show._usable_client("builtin", Console()) == "qbittorrent"
    assert "no wheel" in capsys.readouterr().out
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(MovieSyncError, match="apt-get install"):
        show._usable_client("qbittorrent", Console())
