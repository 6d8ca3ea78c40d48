"""Letterboxd's official CSV export: a watchlist, or a list."""

import csv
import io
import lzma
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import Path

from movie_sync.errors import ConfigError
from movie_sync.lib.clock import LATEST_S
from movie_sync.movie import YEARS, Movie, WatchedFilm
from movie_sync.watchlists.film_ids import lid, slug

# 100,000 films are 6 MB.
MAX_CSV_BYTES = 50 * 1024 * 1024
# What a damaged archive can come to: it may claim any way of packing.
_NO_ZIP = (KeyError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError)
_HINT = "Export it on Letterboxd under Settings, Data, Export, and give the ZIP, or watchlist.csv out of it."


def read_csv_export(path: Path) -> list[WatchedFilm]:
    """The films of a CSV export; ``position`` 0 is the newest wish.

    Takes ``watchlist.csv`` (Date, Name, Year, Letterboxd URI; oldest first) and exported lists (a header block, a blank
    line, then Position, Name, Year, URL, Description).

    Also takes the ZIP the export comes in, and reads its watchlist.csv.

    Raises:
        ConfigError: No such file, not UTF-8, not CSV, without the columns, or a row that cannot be read; it names the
            line.
    """
    try:
        if path.stat().st_size > MAX_CSV_BYTES:
            raise ConfigError(f"{path} is larger than {MAX_CSV_BYTES >> 20} MB.", file=str(path), hint=_HINT)
        text = (_from_zip(path) if zipfile.is_zipfile(path) else path.read_bytes()).decode("utf-8-sig")
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read ({exc.strerror}).", file=str(path)) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path} is not a UTF-8 text file.", file=str(path), hint=_HINT) from exc
    return films_of(text, str(path))


def _from_zip(path: Path) -> bytes:
    """The watchlist in Letterboxd's export; at most MAX_CSV_BYTES, whatever the archive claims."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("watchlist.csv") as member:
            data = member.read(MAX_CSV_BYTES + 1)
    except (
        KeyError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        NotImplementedError,
        RuntimeError,
    ) as exc:
        raise ConfigError(f"{path} is no whole ZIP with a watchlist.csv in it.", file=str(path), hint=_HINT) from exc
    if len(data) > MAX_CSV_BYTES:
        raise ConfigError(f"watchlist.csv in {path} is larger than {MAX_CSV_BYTES >> 20} MB.", file=str(path))
    return data


def films_of(text: str, name: str) -> list[WatchedFilm]:
    """See read_csv_export; ``name`` stands in errors."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        for row in reader:
            lowered = [cell.strip().lower() for cell in row]
            if "name" in lowered and "year" in lowered and {"letterboxd uri", "url"} & set(lowered):
                header = lowered
                if "tags" in lowered:  # a diary or reviews: films seen, not wishes
                    header = None
            elif header is not None and any(lowered):
                rows.append((reader.line_num, dict(zip(header, row, strict=False))))
    except csv.Error as exc:
        message = f"{name}, line {reader.line_num}: not a CSV file ({exc})."
        raise ConfigError(message, file=name, hint=_HINT) from exc
    if header is None:
        raise ConfigError(f"{name} has no columns Name, Year and Letterboxd URI.", file=name, hint=_HINT)
    films = [_film(row, f"{name}, line {line}") for line, row in rows]
    if "position" not in header:
        films.reverse()
    return [WatchedFilm(movie, position, wished_at) for position, (movie, wished_at) in enumerate(films)]


def _film(row: dict[str, str], where: str) -> tuple[Movie, float | None]:
    url = (row.get("letterboxd uri") or row.get("url") or "").strip()
    title = (row.get("name") or "").strip()
    year = (row.get("year") or "").strip()
    if not title or (year and not (year.isascii() and year.isdecimal() and len(year) == 4)):
        raise ConfigError(f"{where}: the name or the year ({year!r}) cannot be read.", file=where, hint=_HINT)
    short, page = lid(url), slug(url)
    if short is None and page is None:
        raise ConfigError(f"{where}: {url!r} is no Letterboxd address.", file=where, hint=_HINT)
    movie = Movie(title=title, year=int(year) if year and int(year) in YEARS else None, lid=short, slug=page, url=url)
    return movie, _date(row.get("date"), where)


def _date(text: str | None, where: str) -> float | None:
    """Unix seconds; None for no date, and for one on which nobody can have wished for anything."""
    if not text or not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip()).replace(tzinfo=UTC).timestamp()
    except ValueError as exc:
        raise ConfigError(f"{where}: the date {text!r} cannot be read.", file=where, hint=_HINT) from exc
    return moment if 0 <= moment < LATEST_S else None
