"""qBittorrent forgets: one torrent, half of them, or all, since another one stands in its place."""

import contextlib
import json
import shutil
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path

import bencode2

from movie_sync.demo.films import FILMS
from movie_sync.demo.loopback import Answer, Request
from movie_sync.demo.nox import Nox
from movie_sync.lib.files import write_whole
from reliability.faults.downloads import (
    HANDED_OVER,
    LIMITE,
    THREE_POLLS_S,
    at_full_speed,
    handed_over,
    hash_of,
    on_their_way,
    server,
    slow,
)
from reliability.faults.trial import Fault, Trial, until


class _Forever(deque[Answer | Callable[[Request], Answer | None]]):
    """The same bent answer to every request."""

    def popleft(self) -> Answer | Callable[[Request], Answer | None]:
        return self[0]


def _without_seeds(trial: Trial) -> None:
    """The tracker names nobody, so that no byte comes."""
    nobody = bencode2.bencode({b"interval": 5, b"min interval": 1, b"peers": b""})
    trial.stage.world.tracker.next_answers = _Forever([Answer(nobody, content_type="text/plain")])
    on_their_way(trial)


def _with_seeds(trial: Trial) -> None:
    trial.stage.world.tracker.next_answers = deque()
    server(trial).api.torrents_reannounce(torrent_hashes="all")


def forgets_without_progress(trial: Trial) -> None:
    """One is deleted before a byte came: it is added again."""
    _without_seeds(trial)
    server(trial).api.torrents_delete(delete_files=True, torrent_hashes=hash_of(trial, LIMITE.taken))
    back = until(lambda: handed_over(trial) == HANDED_OVER)
    trial.expect(back, "A torrent that was deleted before a byte came was not added again.")
    _with_seeds(trial)
    trial.ends()


def forgets_with_progress(trial: Trial, *, files: bool) -> None:
    """One is deleted half-way, by a person who does not want it."""
    slow(trial)
    on_their_way(trial)

    def half() -> bool:
        with contextlib.suppress(ValueError, OSError):
            return any(row["release"] == LIMITE.taken and row["progress"] for row in trial.entries("completed"))
        return False

    trial.expect(until(half, 20), "It made no progress.")
    server(trial).api.torrents_delete(delete_files=files, torrent_hashes=hash_of(trial, LIMITE.taken))
    trial.told(r"Limite\.1931\.1080p\.BluRay\.x264-DEMO is gone from qbittorrent")
    (trial.program.downloads / f"{LIMITE.taken}.mkv").unlink(missing_ok=files)
    at_full_speed(trial)
    trial.film_ends(str(LIMITE.movie), expected="gone", taken=None)
    trial.ends()


def forgets_finished(trial: Trial, *, files: bool) -> None:
    """A film that was seen is deleted there: that changes nothing."""
    trial.start()
    trial.program.until(lambda seen: seen == trial.stage.expected)
    server(trial).api.torrents_delete(delete_files=files, torrent_hashes=hash_of(trial, LIMITE.taken))
    trial.stops_in_time()
    trial.start()
    trial.told(r"Limite\.1931\.1080p\.BluRay\.x264-DEMO is gone from qbittorrent", seconds=60)
    trial.film_ends(str(LIMITE.movie), expected="gone", taken=None if files else LIMITE.taken)
    trial.ends()


def forgets_all_finished(trial: Trial) -> None:
    """Another, empty qBittorrent stands in its place after everything was downloaded."""
    trial.start()
    trial.program.until(lambda seen: seen == trial.stage.expected)
    trial.stops_in_time()
    _replaced(trial)
    trial.start()
    for film in FILMS:
        if film.taken:
            trial.film_ends(str(film.movie), expected="gone")
    trial.told(r"is gone from qbittorrent", seconds=60)
    trial.ends()


def forgets_many(trial: Trial) -> None:
    """Five of ten are deleted at once: nothing is judged, the person is asked, and fetches them again."""
    _without_seeds(trial)
    hashes = [str(row["hash"]) for row in server(trial).api.torrents_info()][:5]
    server(trial).api.torrents_delete(delete_files=True, torrent_hashes=hashes)
    _asked(trial, left=HANDED_OVER - 5)
    _fetch_again(trial, hashes)
    trial.expect(until(lambda: handed_over(trial) == HANDED_OVER, 20), "They were not fetched again.")
    _with_seeds(trial)
    trial.ends()


def _asked(trial: Trial, left: int) -> None:
    """The person is asked, and three polls later nothing was judged."""
    trial.told(r"of 10 downloads are missing from qbittorrent all at once")
    trial.told(r"you +qbittorrent:missing .* downloads are missing", by=("check",))
    time.sleep(THREE_POLLS_S)
    trial.expect(handed_over(trial) == left, "Torrents were added though the person was asked.")
    on_their_way = [title for title, status in trial.program.statuses().items() if status == "downloading"]
    trial.expect(len(on_their_way) == HANDED_OVER, f"Only {len(on_their_way)} films are still on their way.")


def _fetch_again(trial: Trial, hashes: Collection[str]) -> None:
    """What the hint says: the films are moved from queue_completed.json to queue_pending.json."""
    completed, pending = trial.entries("completed"), trial.entries("pending")
    moved = [entry for entry in completed if entry["info_hash"] in hashes]
    for name, entries in (
        ("completed", [entry for entry in completed if entry not in moved]),
        ("pending", pending + moved),
    ):
        write_whole(trial.program.home / f"queue_{name}.json", json.dumps(entries).encode())


def _replaced(trial: Trial) -> Nox:
    """Another profile of the same log-in on the same port; the one before."""
    before = server(trial)
    before.stop()
    folder = before.folder / "another"
    config = Path("qBittorrent") / "config" / "qBittorrent.conf"
    another = Nox(folder, before.save_path)
    shutil.copyfile(before.folder / config, folder / config)
    another.port, another.password = before.port, before.password
    trial.stage.server = another
    another.start()
    return before


def replaced(trial: Trial, *, comes_back: bool) -> None:
    """An empty qBittorrent stands in its place while films are on their way."""
    _without_seeds(trial)
    hashes = [str(row["hash"]) for row in server(trial).api.torrents_info()]
    before = _replaced(trial)
    trial.asked_again()  # it may have been met while it was away
    _asked(trial, left=0)
    if comes_back:
        server(trial).stop()
        trial.stage.server = before
        before.start()
    else:
        _fetch_again(trial, hashes)
        trial.expect(until(lambda: handed_over(trial) == HANDED_OVER, 20), "They were not fetched again.")
    _with_seeds(trial)
    trial.ends()


FORGETTING: Sequence[Fault] = (
    Fault("forgets a torrent without progress", forgets_without_progress, short=True),
    Fault("forgets a torrent half-way", partial(forgets_with_progress, files=False)),
    Fault("forgets a torrent half-way, with its files", partial(forgets_with_progress, files=True)),
    Fault("forgets a finished torrent", partial(forgets_finished, files=False)),
    Fault("forgets a finished torrent, with its files", partial(forgets_finished, files=True)),
    Fault("forgets half of all torrents at once", forgets_many, short=True),
    Fault("replaced by an empty one before anything finished", partial(replaced, comes_back=False)),
    Fault("replaced by an empty one, then put back", partial(replaced, comes_back=True)),
    Fault("replaced by an empty one after everything finished", forgets_all_finished),
)
