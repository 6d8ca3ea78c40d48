"""What is refused, and why: each reason a sentence with its numbers. Pure."""

from collections.abc import Mapping

from movie_sync.movie import Movie, ParsedRelease, Profile, Quality, Release
from movie_sync.releases.parse import parse_release, suspicious_title
from movie_sync.releases.titles import title_key

_RESOLUTION_QUALITY: Mapping[str, Quality] = {
    "2160p": "4K",
    "1080p": "HD",
    "1080i": "HD",
    "720p": "HD",
    "576p": "SD",
    "480p": "SD",
}
_POOR_SOURCES: Mapping[str, str] = {
    "cam": "filmed off a cinema screen (CAM)",
    "telesync": "filmed off a cinema screen (TS)",
    "telecine": "copied off a cinema reel (TC)",
    "screener": "a screener",
    "workprint": "an unfinished cut (workprint)",
}


def quality_of(parsed: ParsedRelease) -> Quality | None:
    """The quality a name says, None when it says none; a source without a resolution is SD only for DVD and TV."""
    if parsed.resolution is not None:
        return _RESOLUTION_QUALITY[parsed.resolution]
    return "SD" if parsed.source in {"dvd", "hdtv"} or parsed.codec == "xvid" else None


def refusals(
    movie: Movie, release: Release, profile: Profile, blocklist: Mapping[tuple[str, int], str]
) -> tuple[str, ...]:
    """Everything that speaks against taking this release for this film; empty when nothing does.

    Args:
        movie: The film that is wanted.
        release: A row of the tracker.
        profile: ``min_seeders`` is inclusive.
        blocklist: (tracker, release id) of what went wrong before, with the reason.
    """
    parsed = parse_release(release.name)
    found = [_wrong_film(movie, release, parsed), *_wrong_kind(movie, parsed)]
    if release.seeders < profile.min_seeders:
        found.append(f"{seeders_in_words(release.seeders)}, minimum {profile.min_seeders}")
    found.append(_unwanted_quality(parsed, profile))
    blocked = blocklist.get((release.tracker, release.release_id))
    if blocked:
        found.append(f"blocklisted: {blocked}")
    return tuple(reason for reason in found if reason)


def seeders_in_words(count: int) -> str:
    """``no seeders``, ``1 seeder``, ``12 seeders``."""
    return f"{count or 'no'} seeder{'' if count == 1 else 's'}"


def _keys(movie: Movie) -> set[str]:
    return {title_key(title) for title in (movie.title, *movie.alt_titles)} - {""}


def _wrong_film(movie: Movie, release: Release, parsed: ParsedRelease) -> str | None:
    """Why this is another film; None when it is this one.

    An equal IMDb tag counts unless the years contradict it by more than one; tags are sometimes wrong. Without one,
    title and year have to be equal.
    """
    if movie.imdb_id and release.imdb_id:
        if release.imdb_id != movie.imdb_id:
            return f"another film: tagged {release.imdb_id}, wanted {movie.imdb_id}"
        if movie.year and parsed.years and all(abs(year - movie.year) > 1 for year in parsed.years):
            return f"another film: of {parsed.year}, wanted {movie.year}, though tagged {release.imdb_id}"
        return None
    keys = _keys(movie)
    titles = [title_key(title) for title in parsed.titles]
    if keys.isdisjoint(titles):
        return f'another film: titled "{parsed.title}"'
    if movie.year is None or not parsed.years:
        return "the year is not known, so it could be another film of this title"
    if movie.year not in parsed.years:
        return f"another film of this title: of {parsed.year}, wanted {movie.year}"
    return None


def _wrong_kind(movie: Movie, parsed: ParsedRelease) -> list[str | None]:
    titled = None if title_key(parsed.title) in _keys(movie) else suspicious_title(parsed.title)
    return [
        _POOR_SOURCES.get(parsed.source or ""),
        titled,
        "a sample" if parsed.sample else None,
        "extras, not the film" if parsed.extra and not titled else None,
        "a full disc, not a film file" if parsed.disc else None,
        "a pack of several films" if parsed.pack and not titled else None,
        f"season {parsed.season} of a series" if parsed.season is not None else None,
        "3D" if parsed.is_3d else None,
    ]


def _unwanted_quality(parsed: ParsedRelease, profile: Profile) -> str | None:
    quality = quality_of(parsed)
    if quality is None:
        return "the name does not say its quality"
    wanted = {wish.quality for wish in profile.categories}
    if quality in wanted or (quality == "HD" and "HD-RO" in wanted and parsed.romanian):
        return None
    return f"{quality}, which is not in your category priority"
