"""A watchlist of 1,000 films: requests, time to the first hand-over, films parsed a second; a steady check."""

import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.row import Row
from movie_sync.app import App
from movie_sync.config import Config
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.demo.filelist_api import FileListApi, Upload
from movie_sync.demo.letterboxd_site import LetterboxdSite
from movie_sync.demo.loopback import Request
from movie_sync.demo.torrents import make_torrent
from movie_sync.movie import Movie
from movie_sync.watchlists.letterboxd_pages import read_watchlist_page

FILMS = 1000
TRIED = 20


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        movies = [
            Movie(f"Film {n}", 2000, n, f"L{n:x}", f"film-{n}", imdb_id=f"tt{n:07}", tmdb_id=f"movie/{n}")
            for n in range(1, FILMS + 1)
        ]
        site, api = LetterboxdSite("bench", movies), FileListApi("user", "bench-passkey")
        api.uploads = [_upload(folder, movie) for movie in movies[:TRIED]]
        yield from _first_pass(folder, site, api)
        yield from _parsing(site)
        site.close()
        api.close()


def _upload(folder: Path, movie: Movie) -> Upload:
    file = folder / f"{movie.number}.bin"
    file.write_bytes(str(movie.number).encode() * 1000)
    torrent = make_torrent(file, "http://127.0.0.1:9/announce", private=True)
    return Upload(movie.number or 0, f"Film.{movie.number}.2000.1080p.BluRay.x264-B", 4, movie.imdb_id, 1, 9, torrent)


def _app(folder: Path, site: LetterboxdSite, api: FileListApi, stop: threading.Event) -> App:
    environment = {
        "MOVIE_SYNC_USERNAME": "bench",
        "MOVIE_SYNC_LETTERBOXD_URL": site.url,
        "MOVIE_SYNC_LETTERBOXD_DELAY": "0",
        "MOVIE_SYNC_FILELIST_URL": api.url,
        "MOVIE_SYNC_FILELIST_DELAY": "0",
        "MOVIE_SYNC_API_CALLS_PER_HOUR": str(TRIED),
        "MOVIE_SYNC_CLIENT": "none",
        "MOVIE_SYNC_DOWNLOAD_DIRECTORY": str(folder / "downloads"),
        "MOVIE_SYNC_FILELIST_USERNAME": "user",
        "MOVIE_SYNC_FILELIST_PASSKEY": "bench-passkey",
    }
    home = folder / "home"
    config = Config.load(home, environment=environment)
    return App(config, CredentialsManager(home, environment), stop)


def _first_pass(folder: Path, site: LetterboxdSite, api: FileListApi) -> Iterator[Row]:
    """The service from its start to the first hand-over, and what it had asked when the calls were used up."""
    stop = threading.Event()
    with _app(folder, site, api, stop) as app:
        begun = time.perf_counter()
        runner = threading.Thread(target=app.run)
        runner.start()
        first = _until(lambda: any((folder / "downloads").glob("*.torrent")), begun)
        pages_then = _pages(site)
        _until(lambda: len(api.calls()) >= TRIED and _pages(site) >= 37, begun)
        time.sleep(1)
        stop.set()
        runner.join()
    films = sum("/film/" in request.path for request in site.requests)
    pages = _pages(site)
    yield Row("watchlist of 1,000 films: list pages asked", str(pages), "37", pages == 37)
    # Beside theirs: that of the film for which no call was left, and one that is read in the quiet after it.
    yield Row(f"  film pages asked, {TRIED} films tried", str(films), f"≤ {TRIED + 2}", films <= TRIED + 2)
    yield Row(
        "  time to the first hand-over", f"{first:.2f} s, after {pages_then} pages", "before the last", pages_then < 36
    )
    site.requests.clear()
    with _app(folder, site, api, threading.Event()) as app:
        app.run_once()
    steady = _pages(site)
    yield Row("requests of a steady check", str(steady), "1", steady == 1)


def _pages(site: LetterboxdSite) -> int:
    return sum("/watchlist/" in request.path for request in site.requests)


def _until(ready: object, begun: float) -> float:
    """Seconds since ``begun`` when it is so, at most 60."""
    assert callable(ready)
    while not ready() and time.perf_counter() - begun < 60:
        time.sleep(0.005)
    return time.perf_counter() - begun


def _parsing(site: LetterboxdSite) -> Iterator[Row]:
    body = site.answer(Request("/bench/watchlist/", {}, {})).body
    begun = time.perf_counter()
    count = sum(len(read_watchlist_page(body).films) for _ in range(100))
    yield Row("films parsed a second", f"{count / (time.perf_counter() - begun):,.0f}")
