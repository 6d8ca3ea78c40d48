"""Faults of qBittorrent: it is away, hangs, forgets, refuses, lies, or is another one."""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import requests

from movie_sync.demo.nox import USERNAME, installed
from reliability import invariants
from reliability.faults.door import Door, page
from reliability.faults.downloads import (
    LIMITE,
    THREE_POLLS_S,
    at_full_speed,
    hash_of,
    on_their_way,
    server,
    slow,
)
from reliability.faults.forgetting import FORGETTING
from reliability.faults.side_by_side import Table, try_table
from reliability.faults.small_disk import SmallDisk
from reliability.faults.trial import Fault, Trial, until
from reliability.tried import Effort, Tried

PART = "qBittorrent"
# Moments of the first life at which downloads are on their way, in seconds after the start.
_MOMENTS = (0.0, 0.3, 0.6, 0.9, 1.2, 1.6, 2.0, 2.5, 3.0, 4.0)
_NOT_ANSWERING = r"qBittorrent at http://127\.0\.0\.1:\d+ does not answer\. Check that it runs"
_NOT_IT = r"qBittorrent (at .* does not answer|does\b)"
_REPORTS = r"qbittorrent reports an error with \d+ of \d+ downloads\."
# A request is given up after 15 s, and the library asks more than once.
_TIMEOUTS_S = 150.0
# libtorrent leaves a peer that hung up alone for a minute (min_reconnect_time).
_RECONNECTS_S = 100.0


# -- away


def stopped_before(trial: Trial) -> None:
    """It does not run when the program starts."""
    server(trial).stop()
    trial.start()
    trial.told(_NOT_ANSWERING)
    server(trial).start()
    trial.asked_again()
    trial.ends()


def restarted(trial: Trial, after_s: float, *, kill: bool) -> None:
    """It is restarted while films are on their way."""
    slow(trial)
    trial.start(after_s)
    server(trial).kill() if kill else server(trial).stop()
    server(trial).start()
    at_full_speed(trial)
    trial.asked_again()
    trial.ends()


def away_for_a_while(trial: Trial) -> None:
    """It is away while films are on their way, long enough to be noticed."""
    slow(trial)
    on_their_way(trial)
    server(trial).stop()
    trial.told(_NOT_ANSWERING)
    trial.told(r"does not answer", by=("stats",))
    server(trial).start()
    at_full_speed(trial)
    trial.asked_again()
    trial.ends()


def not_durable(trial: Trial) -> None:
    """It says Ok. to an add and is killed at once, three times."""
    nox = server(trial)
    kills = 3

    def die(path: str, data: bytes) -> None:
        nonlocal kills
        if kills and path.endswith("/torrents/add") and data.endswith(b"Ok."):
            kills -= 1
            nox.kill()
            nox.start()

    with Door(nox.port) as door:
        trial.program.qbittorrent["port"] = door.port
        door.on_answer = die
        trial.start()
        trial.told(r"qBittorrent took the torrent but does not show it yet|does not answer", seconds=30)
        for _ in range(3 * kills):
            if until(lambda: trial.program.statuses() == trial.stage.expected, 4):
                break
            trial.asked_again()
        trial.expect(not kills, "It was killed too seldom to tell.")
        trial.ends()


# -- another answer than its own


def answering(trial: Trial, answer: bytes, pattern: str) -> None:
    """Something else answers on its port, before and while films are on their way."""
    with Door(server(trial).port) as door:
        trial.program.qbittorrent["port"] = door.port
        door.answer = answer
        trial.start()
        trial.told(pattern)
        trial.told(r"^(later|you) +qbittorrent", by=("check",))
        door.answer = None
        trial.asked_again()
        trial.ends()


def hanging(trial: Trial, after_s: float) -> None:
    """It takes connections and never answers; the program is stopped meanwhile."""
    with Door(server(trial).port) as door:
        trial.program.qbittorrent["port"] = door.port
        slow(trial)
        trial.start(after_s)
        door.silent = True
        trial.expect(until(lambda: door.waiting), "Nobody asked it.")
        trial.stops_in_time()
        door.silent = False
        at_full_speed(trial)
        trial.program.start()
        trial.ends()


def hanging_long(trial: Trial) -> None:
    """It takes connections and never answers, for so long that a person has to be told."""
    with Door(server(trial).port) as door:
        trial.program.qbittorrent["port"] = door.port
        door.silent = True
        trial.start()
        trial.told(_NOT_ANSWERING, seconds=_TIMEOUTS_S)
        door.silent = False
        trial.asked_again()
        trial.ends()


# -- log-ins


def banned(trial: Trial) -> None:
    """Five wrong log-ins from elsewhere: this address is shut out, whatever the password."""
    nox = server(trial)
    for _ in range(6):
        log_in = f"http://127.0.0.1:{nox.port}/api/v2/auth/login"
        requests.post(log_in, data={"username": USERNAME, "password": "not-it"}, timeout=5)
    trial.start()
    trial.told(r"shut this address out after failed log-ins\. Restart qBittorrent, or wait an hour")
    nox.stop()
    nox.start()
    trial.asked_again()
    trial.ends()


def wrong_password(trial: Trial) -> None:
    """A wrong password is tried once, also across a restart; the right one is taken by itself."""
    right = trial.program.environment["MOVIE_SYNC_QBITTORRENT_PASSWORD"]
    with Door(server(trial).port) as door:
        trial.program.qbittorrent["port"] = door.port
        trial.program.environment["MOVIE_SYNC_QBITTORRENT_PASSWORD"] = "not-the-one"
        trial.start()
        trial.told(r"refused the user name or password\. Set the right ones")
        time.sleep(3)
        trial.stops_in_time()
        trial.start(2)
        trial.told(r"refused", by=("check",))
        trial.expect(door.count("/auth/login") == 1, f"A wrong password was tried {door.count('/auth/login')} times.")
        trial.stops_in_time()
        trial.program.environment["MOVIE_SYNC_QBITTORRENT_PASSWORD"] = right
        trial.program.start()
        trial.ends()


# -- what a person does there


def added_by_someone(trial: Trial) -> None:
    """The best release of a film is there already, added by someone else, and is left as it is."""
    upload = next(one for one in trial.stage.world.api.uploads if one.name == LIMITE.taken)
    server(trial).api.torrents_add(torrent_files={"mine.torrent": upload.torrent}, category="Mine")
    trial.film_ends(str(LIMITE.movie), expected="owned")
    trial.start()
    trial.told(r"in qbittorrent|Already there", by=("why", str(LIMITE.movie.number)))
    trial.lost += trial.stage.settle()
    row = server(trial).api.torrents_info(torrent_hashes=hash_of(trial, LIMITE.taken))[0]
    trial.expect((row["category"], row["tags"]) == ("Mine", ""), "A torrent of someone else was changed.")
    trial.expect(row["progress"] == 1, "A torrent of someone else was disturbed.")
    server(trial).api.torrents_delete(delete_files=False, torrent_hashes=str(row["hash"]))
    trial.lost += invariants.settled(trial.stage)


def category_missing(trial: Trial) -> None:
    """The category is deleted each time right after it was made."""
    nox = server(trial)

    def delete(path: str, data: bytes) -> None:  # noqa: ARG001
        if path.endswith("/torrents/createCategory"):
            nox.api.torrents_remove_categories(categories="Movies")

    with Door(nox.port) as door:
        trial.program.qbittorrent["port"] = door.port
        door.on_answer = delete
        trial.start()
        trial.ends()


def paused(trial: Trial) -> None:
    """A person pauses every download for a while."""
    slow(trial)
    on_their_way(trial)
    server(trial).api.torrents_pause(torrent_hashes="all")
    time.sleep(THREE_POLLS_S)
    at_full_speed(trial)
    server(trial).api.torrents_resume(torrent_hashes="all")
    until(lambda: trial.program.statuses() == trial.stage.expected, _RECONNECTS_S)
    trial.ends()


def save_path_unwritable(trial: Trial) -> None:
    """It saves where nobody may write; the person sets the folder right and starts the torrents again."""
    server(trial).api.app_set_preferences({"save_path": "/proc/nowhere"})
    trial.start()
    trial.told(_REPORTS)
    trial.told(_REPORTS, by=("check",))
    server(trial).api.app_set_preferences({"save_path": str(trial.program.downloads)})
    server(trial).api.torrents_set_location(location=str(trial.program.downloads), torrent_hashes="all")
    server(trial).api.torrents_recheck(torrent_hashes="all")
    server(trial).api.torrents_resume(torrent_hashes="all")
    until(lambda: trial.program.statuses() == trial.stage.expected, _RECONNECTS_S)
    trial.ends()


def disk_full(trial: Trial) -> None:
    """Its disk has room for some of the films; then there is more."""
    on_disk = {path: path.read_bytes() for path in trial.program.downloads.iterdir()}
    with SmallDisk(trial.program.downloads, "size=4m") as disk:
        for path, data in on_disk.items():
            path.write_bytes(data)
        trial.start()
        trial.told(_REPORTS, seconds=30)
        disk.options("size=64m")
        server(trial).api.torrents_resume(torrent_hashes="all")
        trial.ends()


_ANSWERS = (
    ("an error page of a proxy", page(b"<html><h1>502 Bad Gateway</h1></html>", "502 Bad Gateway")),
    ("a page of another program", page(b"<html><body>Hello, this is a printer.</body></html>")),
    ("500 to everything", page(b"", "500 Internal Server Error")),
    ("404, as before version 4.1", page(b"Not Found", "404 Not Found", "text/plain")),
    ("what is no HTTP", b"\x00\x01\x02SSH-2.0-OpenSSH\r\n" * 20),
    ("nothing, and hangs up", b""),
)
FAULTS: Sequence[Fault] = (
    Fault("stopped before the start", stopped_before, short=True),
    Fault("away while films are on their way", away_for_a_while),
    *(Fault("restarted at {} moments", partial(restarted, after_s=at, kill=False), at == 0.9) for at in _MOMENTS),
    *(Fault("killed at {} moments", partial(restarted, after_s=at, kill=True), at == 0.9) for at in _MOMENTS),
    Fault("killed right after it said Ok. to an add", not_durable, short=True),
    *(Fault(f"answers {words}", partial(answering, answer=answer, pattern=_NOT_IT)) for words, answer in _ANSWERS),
    *(Fault("hangs; the program is stopped", partial(hanging, after_s=at), at == 0.9) for at in (0.0, 0.3, 0.9, 2.0)),
    Fault("hangs for minutes", hanging_long),
    Fault("bans this address", banned, short=True),
    Fault("refuses the password", wrong_password, short=True),
    *FORGETTING,
    Fault("has a torrent someone else added", added_by_someone, short=True),
    Fault("its category is deleted each time it was made", category_missing),
    Fault("every download paused by a person", paused),
    Fault("its save path cannot be written", save_path_unwritable),
    Fault("its disk is full", disk_full),
)


def every() -> Sequence[Fault]:
    """The table, for other processes."""
    return FAULTS


def run(effort: Effort, folder: Path) -> Iterator[Tried]:
    """See `reliability`."""
    if not installed():
        yield Tried(PART, "faults of qBittorrent", why_not="qbittorrent-nox is not installed")
        return
    yield from try_table(Table(PART, every), effort, folder / "client")
