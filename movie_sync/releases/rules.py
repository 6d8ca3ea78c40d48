"""What is refused, and why: each reason a sentence with its numbers. Pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from movie_sync.movie import Movie, ParsedRelease, Release
from movie_sync.releases.parse import parse_release, suspicious_title
from movie_sync.releases.profile import BY_CATEGORIES, TRAITS, Profile, has_quality, has_trait, quality_words, traits_of
from movie_sync.releases.titles import title_key, title_words

_DAY_S = 86400
_POOR_SOURCES: Mapping[str, str] = {
    "cam": "filmed off a cinema screen (CAM)",
    "telesync": "filmed off a cinema screen (TS)",
    "telecine": "copied off a cinema reel (TC)",
    "screener": "a screener",
    "workprint": "an unfinished cut (workprint)",
}
TRAIT_WORDS: Mapping[str, str] = {
    "words": "word",
    "groups": "group",
    "codecs": "codec",
    "hdr": "HDR kind",
    "sound": "sound",
    "audio": "spoken language",
    "subtitles": "language of subtitles",
    "dubbed": "dubbed language",
    "editions": "edition",
}


def refusals(
    movie: Movie, release: Release, profile: Profile, blocklist: Mapping[tuple[str, int], str], now: float = 0.0
) -> tuple[str, ...]:
    """Everything that speaks against taking this release for this film; empty when nothing does.

    Args:
        movie: The film that is wanted.
        release: A row of the tracker.
        profile: ``minimum_seeders`` is inclusive.
        blocklist: (tracker, release id) of what went wrong before, with the reason.
        now: Unix seconds, for a profile that waits for freeleech.
    """
    parsed = parse_release(release.name)
    found = [_wrong_film(movie, release, parsed), *_wrong_kind(movie, parsed, profile)]
    if release.seeders < profile.minimum_seeders:
        found.append(f"{seeders_in_words(release.seeders)}, minimum {profile.minimum_seeders}")
    found += [_unwanted_quality(parsed, profile), _unwanted_size(movie, release, parsed, profile)]
    found += _unwanted_traits(release.name, parsed, profile)
    found.append(_not_free(release, profile, now))
    blocked = blocklist.get((release.tracker, release.release_id))
    if blocked:
        found.append(f"blocklisted: {blocked}")
    return tuple(reason for reason in found if reason)


def seeders_in_words(count: int) -> str:
    """``no seeders``, ``1 seeder``, ``12 seeders``."""
    return f"{count or 'no'} seeder{'' if count == 1 else 's'}"


def free_from(release: Release, profile: Profile) -> float | None:
    """When a profile that waits for freeleech takes this release all the same, Unix seconds; None: it does not wait."""
    days = profile.freeleech_wait_days
    return None if not days or release.freeleech else release.uploaded_at + days * _DAY_S


# -- the right film


def _keys(movie: Movie) -> set[str]:
    return {title_key(title) for title in (movie.title, *movie.alt_titles)} - {""}


def is_of_film(movie: Movie, release: Release) -> bool:
    """True when a release is of this film, whether it may be taken or not."""
    return _wrong_film(movie, release, parse_release(release.name)) is None


def holds_another_film(movie: Movie, name: str) -> bool:
    """True when a torrent's own name is plainly another film's: no word of a title is there, and another year is."""
    parsed = parse_release(name)
    words = {word for title in (movie.title, *movie.alt_titles) for word in title_words(title)}
    another_year = movie.year is not None and all(abs(year - movie.year) > 1 for year in parsed.years)
    return bool(parsed.years) and another_year and words.isdisjoint(title_words(name))


def _wrong_film(movie: Movie, release: Release, parsed: ParsedRelease) -> str | None:
    """Why this is another film; None when it is this one.

    An equal IMDb tag counts unless year or title contradict it, for tags are sometimes wrong. Without one, title and
    year have to be equal.
    """
    if movie.imdb_id and release.imdb_id:
        if release.imdb_id != movie.imdb_id:
            return f"another film: tagged {release.imdb_id}, wanted {movie.imdb_id}"
        return _contradicts_tag(movie, release.imdb_id, parsed)
    if _keys(movie).isdisjoint(title_key(title) for title in parsed.titles):
        return f'another film: titled "{parsed.title}"'
    if movie.kind == "series" and parsed.season is not None and not parsed.years:
        return None
    if movie.year is None or not parsed.years:
        return "the year is not known, so it could be another film of this title"
    if movie.year not in parsed.years:
        return f"another film of this title: of {parsed.year}, wanted {movie.year}"
    return None


def _contradicts_tag(movie: Movie, tag: str, parsed: ParsedRelease) -> str | None:
    """Why a release tagged as this film is another all the same; None when nothing says so.

    A season's year may be any after the first.
    """
    years = () if movie.kind == "series" else parsed.years
    if movie.year and years and all(abs(year - movie.year) > 1 for year in years):
        return f"another film: of {parsed.year}, wanted {movie.year}, though tagged {tag}"
    if movie.year in years or not _plainly_another(movie, parsed):
        return None
    return f'another film: titled "{parsed.title}", though tagged {tag}'


def _plainly_another(movie: Movie, parsed: ParsedRelease) -> bool:
    """True when a title that is not the film's continues or numbers one of its titles: a sequel, a making-of.

    A title of other words says nothing: releases use local titles no list has.
    """
    known = _keys(movie)
    keys = {title_key(title) for title in parsed.titles} - {""}
    if not known or known & keys:
        return False
    if any(_unnumbered(key) == _unnumbered(one) for key in keys for one in known):
        return True
    return any(_of_one_family(one, other) for one in (movie.title, *movie.alt_titles) for other in parsed.titles)


def _of_one_family(one: str, other: str) -> bool:
    """True for a title that continues another, or begins like it and goes on differently: two films of a series."""
    some, others = title_words(one), title_words(other)
    if some and others[: len(some)] == some:
        return True
    shared = set(some) & set(others)
    return some[:2] == others[:2] and len(some) > 2 and len(shared) < 0.75 * len({*some, *others})


def _unnumbered(key: str) -> str:
    return re.sub(r"\d+", "", key) or key


# -- the right kind


def _wrong_kind(movie: Movie, parsed: ParsedRelease, profile: Profile) -> Iterator[str | None]:
    titled = None if title_key(parsed.title) in _keys(movie) else suspicious_title(parsed.title)
    whole_series = profile.include_series and movie.kind == "series"
    yield _POOR_SOURCES.get(parsed.source or "")
    if not whole_series:
        yield titled
    yield "a sample" if parsed.sample else None
    yield "extras, not the film" if parsed.extra and not titled else None
    yield "a full disc, not a film file" if parsed.disc else None
    yield "3D" if parsed.is_3d else None
    yield "made larger than its source (upscaled)" if parsed.upscaled else None
    if whole_series:
        yield _not_whole(parsed)
    else:
        yield "a pack of several films" if parsed.pack and not titled else None
        yield f"season {parsed.season} of a series" if parsed.season is not None else None


def _not_whole(parsed: ParsedRelease) -> str | None:
    if parsed.episode is not None:
        return f"episode {parsed.episode} alone, not a whole season"
    return None if parsed.pack or parsed.season is not None else "neither a whole season nor the whole series"


# -- what the profile says


def _unwanted_quality(parsed: ParsedRelease, profile: Profile) -> str | None:
    if profile.place(parsed) is not None:
        return None
    if parsed.resolution is None and not has_quality(parsed, "sd"):
        return "the name does not say its quality"
    where = f"your {BY_CATEGORIES}" if profile.name == BY_CATEGORIES else f"the profile {profile.name}"
    return f"{quality_words(parsed)}, which is not in {where}"


def _unwanted_size(movie: Movie, release: Release, parsed: ParsedRelease, profile: Profile) -> str | None:
    asked = profile.size_range(parsed)
    rate = mb_a_minute(movie, release)
    # A pack of episodes has another length than the page of its series says.
    if asked is None or rate is None or parsed.season is not None or parsed.pack:
        return None
    what = f"{rate:.0f} MB a minute for {quality_words(parsed)}"
    if rate < asked.min:
        return f"{what}, minimum {asked.min:g}"
    return f"{what}, maximum {asked.max:g}" if asked.max is not None and rate > asked.max else None


def mb_a_minute(movie: Movie, release: Release) -> float | None:
    """Megabytes (10^6 bytes) a minute of film; None while length or size is unknown."""
    return release.size_bytes / 1e6 / movie.runtime_min if movie.runtime_min and release.size_bytes else None


def _unwanted_traits(name: str, parsed: ParsedRelease, profile: Profile) -> Iterator[str]:
    for trait in TRAITS:
        required, refused = getattr(profile.require, trait), getattr(profile.refuse, trait)
        if not required and not refused:
            continue
        had = traits_of(name, parsed, trait)
        if required and not any(has_trait(had, one, trait) for one in required):
            says = "" if trait == "words" else f"; it says {', '.join(had) or 'none'}"
            yield f"{TRAIT_WORDS[trait]} {' or '.join(required)} is required{says}"
        for one in refused:
            if has_trait(had, one, trait):
                yield f"{TRAIT_WORDS[trait]} {one}, which the profile {profile.name} refuses"


def _not_free(release: Release, profile: Profile, now: float) -> str | None:
    if release.freeleech:
        return None
    if profile.freeleech == "only":
        return "not freeleech, and nothing else is taken"
    moment = free_from(release, profile)
    if moment is None or moment <= now:
        return None
    when = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"not freeleech; taken all the same from {when}, {profile.freeleech_wait_days} days after its upload"
