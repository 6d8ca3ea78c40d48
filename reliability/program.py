"""The real program as a process of its own, in the small world."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from movie_sync.demo import nox
from movie_sync.demo.nox import Nox
from movie_sync.demo.world import PASSKEY, USERNAME, World
from movie_sync.movie import Queue
from movie_sync.store import Store, films
from movie_sync.store.films import FilmRecord


class Program:
    """Movie Sync with a home folder of its own; start, kill and ask it as a user would.

    Attributes:
        settings: What goes into config.json before each start.
        environment: What is added to the environment.
        module: What is run.
        typed: What comes from standard input.
        command_lines: What was started, as any user of the machine can see it.
    """

    # What was started by the running test; what it leaves behind is ended by conftest.py.
    started: ClassVar[list["subprocess.Popen[str]"]] = []

    def __init__(self, folder: Path, world: World, server: Nox | None = None) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.downloads = folder / "downloads" if server is None else server.save_path
        self.home.mkdir(parents=True, mode=0o700)
        self.settings: dict[str, Any] = {
            "username": USERNAME,
            "check_interval": 3600,
            "letterboxd_url": world.site.url,
            "letterboxd_delay": 0,
            "filelist_url": world.api.url,
            "filelist_delay": 0,
            "minimum_free_space": 0,
            "client": "builtin" if server is None else "qbittorrent",
            "download_directory": str(self.downloads),
            "builtin_listen": "127.0.0.1:0",
        }
        self.environment = {"MOVIE_SYNC_FILELIST_USERNAME": USERNAME, "MOVIE_SYNC_FILELIST_PASSKEY": PASSKEY}
        self.qbittorrent: dict[str, Any] = {}
        if server is not None:
            self.qbittorrent = {"host": "127.0.0.1", "port": server.port}
            self.environment["MOVIE_SYNC_QBITTORRENT_USERNAME"] = nox.USERNAME
            self.environment["MOVIE_SYNC_QBITTORRENT_PASSWORD"] = server.password
        self.module = "movie_sync"
        self.typed = ""
        self.command_lines: list[list[str]] = []
        self.process: subprocess.Popen[str] | None = None

    def write_settings(self) -> None:
        """Write the two files of settings, unless they stand as they should."""
        for name, content in (
            ("config.json", self.settings),
            ("filelist_config.json", {"qbittorrent": self.qbittorrent}),
        ):
            path, text = self.home / name, json.dumps(content)
            if not path.exists() or path.read_text() != text:
                path.write_text(text)

    def _prepare(self) -> dict[str, str]:
        self.write_settings()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MOVIE_SYNC_")}
        return {**kept, "MOVIE_SYNC_HOME": str(self.home), **self.environment}

    def _command(self, arguments: Sequence[str]) -> list[str]:
        self.command_lines.append([sys.executable, "-m", self.module, *arguments])
        return self.command_lines[-1]

    def ask(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        done = subprocess.run(
            self._command(arguments),
            env=self._prepare(),
            input=self.typed,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        with (self.folder / "answers.txt").open("a") as answers:
            answers.write(done.stdout + done.stderr)
        return done

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the service, or another command that goes on for a while; ``{folder}`` stands for the folder."""
        given = self.folder / "stdin.txt"
        given.write_text(self.typed)
        answers, words = (self.folder / "answers.txt").open("a"), (self.folder / "stderr.txt").open("a")
        with answers, words, given.open() as typed:
            self.process = subprocess.Popen(
                self._command([one.format(folder=self.folder) for one in arguments or ("run",)]),
                env=self._prepare(),
                stdin=typed,
                stdout=answers,
                stderr=words,
                text=True,
            )
        Program.started.append(self.process)
        return self.process

    def until_up(self) -> None:
        """Wait until the started process holds the home folder, and so hears signals."""
        assert self.process is not None
        lock = self.home / "instance.lock"
        end = time.monotonic() + 20
        while not (lock.exists() and lock.read_text().strip() == str(self.process.pid) and self._hears()):
            assert time.monotonic() < end, "it did not come up"
            time.sleep(0.05)

    def _hears(self) -> bool:
        """True when SIGTERM is caught."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
        return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)

    def kill(self) -> None:
        """End it as a power cut would; fine when it does not run."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it properly; its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=15)

    def films(self) -> dict[str, FilmRecord]:
        """Title and year to what the database says; empty while there is none."""
        path = self.home / "movie_sync.db"
        if not path.exists() or path.stat().st_size == 0:
            return {}
        store = Store(path, read_only=True)
        try:
            with store.read() as tx:  # of one moment: a film may be moving
                found = [film for name in Queue for film in films.in_queue(tx, name)]
        finally:
            store.close()
        assert len({str(film.movie) for film in found}) == len(found), "a film is there twice"
        return {str(film.movie): film for film in found}

    def statuses(self) -> dict[str, str]:
        """Title and year to state."""
        return {title: str(film.status) for title, film in self.films().items()}

    def until(self, ready: Callable[[dict[str, str]], bool], seconds: float = 40) -> dict[str, str]:
        """Wait until the states are as wanted.

        Raises:
            AssertionError: They were not in time; the program's last words are in it.
        """
        end = time.monotonic() + seconds
        seen: dict[str, str] = {}
        while time.monotonic() < end:
            try:
                seen = self.statuses()
            except Exception:  # noqa: BLE001  the database may be just being made
                seen = {}
            if seen and ready(seen):
                return seen
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds} s: {seen}\n{(self.folder / 'stderr.txt').read_text()[-3000:]}")
