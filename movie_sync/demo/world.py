"""The small world: made-up film files, a site, an API, a tracker and a seeder; a process of its own.

``python -m movie_sync.demo.world FOLDER builtin|qbittorrent`` prints one JSON line when it stands, and ends with its
standard input.
"""

import json
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from movie_sync.demo.filelist_api import FileListApi, Upload
from movie_sync.demo.films import FILMS, DemoFilm, Offer
from movie_sync.demo.letterboxd_site import LetterboxdSite
from movie_sync.demo.torrents import TorrentTracker, make_torrent

USERNAME = "demo"
PASSKEY = "0123456789abcdef0123456789abcdef"
# What a private tracker puts into the announce address of each user's .torrents.
ANNOUNCE_KEY = "fedcba98765432100123456789abcdef"
_MEGABYTE = 1024 * 1024
_SEEDING_S = 20.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the world stands."""

    letterboxd: str
    filelist: str
    tracker: str


class World:
    """Everything the program meets on its way; close it when done.

    Args:
        folder: For the made-up films and their .torrent files.
        private: Torrents are private, as FileList's are.
        films: What is wished for and offered.
    """

    def __init__(self, folder: Path, *, private: bool, films: tuple[DemoFilm, ...] = FILMS) -> None:
        self.seed_folder = folder / "seed"
        self.torrent_folder = folder / "torrents"
        self.seed_folder.mkdir(parents=True)
        self.torrent_folder.mkdir()
        self.site = LetterboxdSite(USERNAME, [film.movie for film in films])
        self.tracker = TorrentTracker()
        self.api = FileListApi(USERNAME, PASSKEY)
        offers = [(film, offer) for film in films for offer in film.offers]
        for number, (film, offer) in enumerate(offers, 1_000_001):
            self.api.uploads.append(self._upload(number, film, offer, private))
        self._seeder: subprocess.Popen[bytes] | None = None

    def _upload(self, number: int, film: DemoFilm, offer: Offer, private: bool) -> Upload:
        path = self.seed_folder / f"{offer.name}.mkv"
        path.write_bytes(random.Random(number).randbytes(offer.megabytes * _MEGABYTE))  # noqa: S311  noise, not secrets
        key = f"/{ANNOUNCE_KEY}" if private else ""
        torrent = make_torrent(path, self.tracker.announce_url + key, private=private)
        if offer.seeded:
            (self.torrent_folder / f"{number}.torrent").write_bytes(torrent)
        return Upload(
            number,
            offer.name,
            offer.category,
            film.movie.imdb_id if offer.tagged else None,
            path.stat().st_size,
            12 if offer.seeded else 0,
            torrent,
            offer.freeleech,
        )

    def offer(self, film: DemoFilm, offer: Offer, *, private: bool, seeders: int) -> None:
        """Put one more release on the tracker, with so many seeders by its word."""
        number = 1 + max(upload.upload_id for upload in self.api.uploads)
        self.api.uploads.append(replace(self._upload(number, film, offer, private), seeders=seeders))

    @property
    def addresses(self) -> Addresses:
        """Where it stands."""
        return Addresses(self.site.url, self.api.url, self.tracker.url)

    def start_seeder(self) -> None:
        """Start the seeder's process and wait until it has announced every torrent.

        Raises:
            TimeoutError: It did not within 20 s.
        """
        command = [sys.executable, "-m", "movie_sync.demo.seeder", str(self.torrent_folder), str(self.seed_folder)]
        self._seeder = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603  our own module
        expected = len(list(self.torrent_folder.glob("*.torrent")))
        end = time.monotonic() + _SEEDING_S
        while self.tracker.seeds() < expected:
            if time.monotonic() > end or self._seeder.poll() is not None:
                raise TimeoutError(f"the seeder announced {self.tracker.seeds()} of {expected} torrents")
            time.sleep(0.05)

    def close(self) -> None:
        """End all of it."""
        if self._seeder is not None and self._seeder.stdin is not None:
            self._seeder.stdin.close()
            try:
                self._seeder.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._seeder.kill()
                self._seeder.wait()
        for server in (self.site, self.api, self.tracker):
            server.close()


def main(folder: Path, client: str) -> None:
    """Let the world stand until standard input ends."""
    world = World(folder, private=client == "qbittorrent")
    try:
        world.start_seeder()
        sys.stdout.write(json.dumps(asdict(world.addresses)) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    finally:
        world.close()


if __name__ == "__main__":
    # Ctrl-C reaches the whole group; this process ends with its standard input, in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main(Path(sys.argv[1]), sys.argv[2])
