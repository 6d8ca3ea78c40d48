"""A process that seeds: libtorrent where there is a wheel of it, else a qbittorrent-nox of its own.

``python -m movie_sync.demo.seeder TORRENTS DATA`` seeds every .torrent of the one folder from the other until its
standard input ends.
"""

import importlib.util
import signal
import sys
from pathlib import Path


def main(torrents: Path, data: Path) -> None:
    """Seed until standard input ends."""
    if importlib.util.find_spec("libtorrent"):
        _with_libtorrent(torrents, data)
    else:
        _with_qbittorrent(torrents, data)


def _with_libtorrent(torrents: Path, data: Path) -> None:
    import libtorrent  # noqa: PLC0415  not everywhere

    session = libtorrent.session(
        {
            "listen_interfaces": "127.0.0.1:0",
            "enable_dht": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "allow_multiple_connections_per_ip": True,
            "enable_outgoing_utp": False,
            "enable_incoming_utp": False,
            "active_seeds": -1,
            "active_limit": -1,
            "stop_tracker_timeout": 1,
        }
    )
    for path in sorted(torrents.glob("*.torrent")):
        params = libtorrent.load_torrent_file(str(path))
        params.save_path = str(data)
        params.flags |= libtorrent.torrent_flags.seed_mode
        params.flags &= ~(libtorrent.torrent_flags.auto_managed | libtorrent.torrent_flags.paused)
        session.add_torrent(params)
    sys.stdin.read()
    session.pause()


def _with_qbittorrent(torrents: Path, data: Path) -> None:
    from movie_sync.demo.nox import Nox  # noqa: PLC0415  only where libtorrent is missing

    with Nox(torrents.parent / "seeder", save_path=data) as nox:
        for path in sorted(torrents.glob("*.torrent")):
            nox.api.torrents_add(torrent_files=path.read_bytes(), save_path=str(data), is_skip_checking=True)
        sys.stdin.read()


if __name__ == "__main__":
    # Ctrl-C reaches the whole group; this process ends with its standard input, in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
