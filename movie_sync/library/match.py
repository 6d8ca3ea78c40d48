"""Is this name that film? First form: certain, or not said. Pure."""

import re
from pathlib import PurePosixPath

from movie_sync.movie import Movie
from movie_sync.releases.parse import parse_release
from movie_sync.releases.titles import title_key

FilmKey = tuple[str, int]
_ID = re.compile(r"[\[{(](?:imdb(?:id)?[-= ]?)?(tt\d{7,10})[\]})]|[\[{(]tmdb(?:id)?[-= ]?(\d+)[\]})]", re.I)
# A folder of this name says nothing of a film.
_MEANINGLESS = re.compile(
    r"^(?:movies?|films?|filme|videos?|downloads?|complete|cd\s*\d|disc\s*\d|bdmv|stream|video_ts)$", re.I
)


def ids_in(path: str) -> list[str]:
    """Ids a media manager wrote into a path: ``imdb:tt0133093``, ``tmdb:603``."""
    return [f"imdb:{match[1].lower()}" if match[1] else f"tmdb:{match[2]}" for match in _ID.finditer(path)]


def film_ids(movie: Movie) -> list[str]:
    """The same of a film; a series has no TMDB film id."""
    ids = [f"imdb:{movie.imdb_id}"] if movie.imdb_id else []
    if movie.tmdb_id and movie.tmdb_id.startswith("movie/"):
        ids.append(f"tmdb:{movie.tmdb_id.removeprefix('movie/')}")
    return ids


def film_keys(movie: Movie) -> list[FilmKey]:
    """Title key and year under which a name would certainly be this film; empty when it is undated."""
    if movie.year is None:
        return []
    keys = (title_key(title) for title in (movie.title, *movie.alt_titles))
    return [(key, movie.year) for key in dict.fromkeys(keys) if key]


def path_keys(path: str) -> list[FilmKey]:
    """Title key and year of the film a path is of, one for each year its name could mean.

    The base name counts; where it has no year, the nearest parent folder that says something. Samples, extras, episodes
    and packs are no film.

    Args:
        path: Relative to the library folder, with ``/`` between its parts; a bare name is fine.
    """
    for part in reversed(PurePosixPath(path).parts):
        parsed = parse_release(part)
        if parsed.sample or parsed.extra or parsed.season is not None or parsed.pack:
            return []
        key = title_key(parsed.title)
        if parsed.years and key and not _MEANINGLESS.match(parsed.title):
            return [(key, year) for year in parsed.years]
    return []
