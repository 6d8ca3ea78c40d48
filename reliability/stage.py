"""The stage: the small world, a real qbittorrent-nox and the real program, laid out anew for each try."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from movie_sync.demo.films import FILMS, DemoFilm
from movie_sync.demo.nox import Nox, installed
from movie_sync.demo.world import World
from reliability import leaks
from reliability.launch import PLAN
from reliability.program import Program

# Small enough that a transfer takes no time, large enough to be several pieces.
MEGABYTES = 1


def small(films: Sequence[DemoFilm]) -> tuple[DemoFilm, ...]:
    """The same films with files of a megabyte."""
    return tuple(
        replace(film, offers=tuple(replace(offer, megabytes=MEGABYTES) for offer in film.offers)) for film in films
    )


class Watched(Program):
    """The program with points at each effect, on a home folder of its own.

    Attributes:
        plan: What `reliability.launch` is told.
        package: The folder in which another ``movie_sync`` lies, a mutated one; None: the one of this checkout.
    """

    def __init__(self, folder: Path, world: World, server: Nox | None) -> None:
        super().__init__(folder, world, server)
        self.module = "reliability.launch"
        self.plan: dict[str, Any] = {}
        self.package: Path | None = None

    def _prepare(self) -> dict[str, str]:
        checkout = str(Path(__file__).resolve().parents[1])
        paths = [str(self.package), checkout] if self.package else [checkout]
        # The folder it is started in comes behind the package that is tried.
        found = {"PYTHONPATH": ":".join(paths), "PYTHONSAFEPATH": "1"}
        return {**super()._prepare(), PLAN: json.dumps(self.plan), **found}


class Stage:
    """Holds the world and the client; `fresh` gives a program that knows nothing yet.

    Args:
        folder: For everything.
        films: What is wished for and offered.
        qbittorrent: Use a real qbittorrent-nox; else .torrent files are only saved.
        package: See Watched.
        patience_s: How long `settle` waits for the films.

    Attributes:
        films: What has to come of each wish; may be changed with what is asked for, `fresh` sets it right again.
        world: The replicas; bend them as you like, `fresh` sets them right again.
        server: The qbittorrent-nox of this try; None without one.
        program: The program of this try.
    """

    def __init__(
        self,
        folder: Path,
        films: Sequence[DemoFilm] = FILMS,
        *,
        qbittorrent: bool = True,
        package: Path | None = None,
        patience_s: float = 40.0,
    ) -> None:
        self._folder = folder
        self._patience_s = patience_s
        self._number = 0
        self._searched = False
        self._qbittorrent = qbittorrent and installed()
        self._package = package
        self._wishes = small(films)
        self.films = self._wishes
        self.world = World(folder / "world", private=qbittorrent, films=self.films)
        self._uploads = tuple(self.world.api.uploads)
        self.server: Nox | None = None
        self.program: Watched

    def __enter__(self) -> Self:
        if self._qbittorrent:
            self.world.start_seeder()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self.world.close()

    def _end(self) -> None:
        """End what the try before left, and search it for secrets."""
        if self._number:
            self.program.kill()
        if self.server is not None:
            self.server.kill()
        if self._number and not self._searched:
            leaks.note(self)
            self._searched = True

    def fresh(self) -> Watched:
        """A new home folder, an empty client, and replicas that are well and remember nothing."""
        self._end()
        self.films = self._wishes
        self._number += 1
        self._searched = False
        folder = self._folder / f"try-{self._number}"
        self._set_right()
        if self._qbittorrent:
            self.server = Nox(folder / "qbittorrent", folder / "downloads")
            self.server.start()
        self.program = Watched(folder, self.world, self.server)
        self.program.package = self._package
        # Everything that can be told is told, and searched for secrets.
        self.program.settings["log_level"] = "DEBUG"
        if self.server is None:
            self.program.settings["client"] = "none"
        self._put_on_disk()
        return self.program

    def _set_right(self) -> None:
        self.world.site.films = [film.movie for film in self.films]
        self.world.site.others = []
        self.world.api.uploads[:] = self._uploads
        for server in (self.world.site, self.world.api, self.world.tracker):
            server.next_answers.clear()
            server.requests.clear()
        for swarm in self.world.tracker.peers.values():
            for peer in [peer for peer, seeds in swarm.items() if not seeds]:
                del swarm[peer]

    def _put_on_disk(self) -> None:
        """The films that are owned already."""
        self.program.downloads.mkdir(parents=True, exist_ok=True)
        for film in self.films:
            if film.on_disk:
                (self.program.downloads / f"{film.movie.title} ({film.movie.year}).mkv").write_bytes(b"film" * 1024)

    @property
    def expected(self) -> dict[str, str]:
        """Title and year to the state in which each film has to end."""
        ends = {"downloaded": "saved"} if self.server is None else {}
        return {str(film.movie): ends.get(film.expected, film.expected) for film in self.films}

    def forget_try(self) -> None:
        """Delete what the try left on disk; not called when something was lost, so that it can be looked at."""
        self._end()
        shutil.rmtree(self._folder / f"try-{self._number}", ignore_errors=True)

    def settle(self) -> list[str]:
        """Wait until every film is where it has to end, and stop the program.

        Returns:
            What did not come about; empty when all did.
        """
        wanted = self.expected
        lost: list[str] = []
        try:
            self.program.until_up()
            self.program.until(lambda seen: seen == wanted, self._patience_s)
        except AssertionError:
            seen = self.program.statuses()
            lost += [
                f"{title} is {seen.get(title, 'unknown')}, not {status}."
                for title, status in wanted.items()
                if seen.get(title) != status
            ]
            lost += [f"{title} is there and nobody wished for it." for title in seen.keys() - wanted.keys()]
        lost += self.end()
        return lost

    def end(self) -> list[str]:
        """Stop the program as a person would; what was wrong with that."""
        try:
            code = self.program.stop()
        except (subprocess.TimeoutExpired, ProcessLookupError):
            self.program.kill()
            return ["It did not end within 15 s of being asked to."]
        return [] if code == 0 else [f"It ended with exit code {code}."]
