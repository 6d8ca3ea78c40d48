"""Is this name that film? First form: certain, or not said. Pure."""

import re
from pathlib import PurePosixPath

from movie_sync.movie import Movie
from movie_sync.releases.parse import parse_release
from movie_sync.releases.titles import title_key

FilmKey = tuple[str, int]
_ID = re.compile(r"[\[{(](?:imdb(?:id)?[-= ]?)?(tt\d{7,10})[\]})]|[\[{(]tmdb(?:id)?[-= ]?(\d+)[\]})]", re.I)
# A file or folder beside a film that is no film itself.
_NO_FILM = re.compile(
    r"^(?:samples?|extras?|featurettes?|bonus|trailers?|behind the scenes|deleted scenes|interviews?|season[ .]?\d{1,2}"
    r"|s\d{1,2}(?:e\d{1,3})?)(?:\.\w{2,4})?$|[-. ](?:sample|trailer)\.\w{2,4}$",
    re.I,
)
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
    parts = PurePosixPath(path).parts
    if any(_NO_FILM.search(part) for part in parts):
        return []
    for part in reversed(parts):
        parsed = parse_release(part)
        if parsed.sample or parsed.extra or parsed.season is not None or parsed.pack:
            return []
        keys = {title_key(title) for title in parsed.titles} - {""}
        if parsed.years and keys and not _MEANINGLESS.match(parsed.title):
            return [(key, year) for key in sorted(keys) for year in parsed.years]
    return []
