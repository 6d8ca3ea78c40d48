"""What is best, and why: an ordered list of steps, of which the first difference decides. Pure."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from movie_sync.movie import Decision, Movie, ParsedRelease, Profile, Release
from movie_sync.releases.parse import parse_release
from movie_sync.releases.rules import quality_of, refusals, seeders_in_words
from movie_sync.releases.titles import title_key

_RESOLUTION_ORDER = ("2160p", "1080p", "1080i", "720p", "576p", "480p")


@dataclass(frozen=True, slots=True)
class _Step:
    """One comparison.

    Attributes:
        key: Smaller is better.
        words: What two releases are called when this step tells them apart.
    """

    key: Callable[[Release, ParsedRelease], Any]
    words: Callable[[Release, ParsedRelease], str]


def _steps(profile: Profile) -> list[_Step]:
    places = {wish.quality: wish.priority for wish in reversed(profile.categories)}

    def place(_: Release, parsed: ParsedRelease) -> int:
        own = places.get(quality_of(parsed) or "SD", 1000)
        return min(own, places.get("HD-RO", 1000)) if parsed.romanian and quality_of(parsed) == "HD" else own

    def resolution(_: Release, parsed: ParsedRelease) -> int:
        return _RESOLUTION_ORDER.index(parsed.resolution) if parsed.resolution else len(_RESOLUTION_ORDER)

    def resolution_words(_: Release, parsed: ParsedRelease) -> str:
        return parsed.resolution or "no resolution"

    def seeders(release: Release, _: ParsedRelease) -> str:
        return seeders_in_words(release.seeders)

    steps = [
        _Step(place, lambda _, parsed: f"{quality_of(parsed)}{' RO' if parsed.romanian else ''}"),
        _Step(resolution, resolution_words),
    ]
    if profile.prefer_freeleech:
        free = ("not freeleech", "freeleech")
        steps.append(_Step(lambda release, _: not release.freeleech, lambda release, _: free[release.freeleech]))
    if profile.prefer_doubleup:
        double = ("no double upload", "double upload")
        steps.append(_Step(lambda release, _: not release.doubleup, lambda release, _: double[release.doubleup]))
    # Logarithmic: 900 seeders against 1,000 decide nothing.
    steps += [
        _Step(
            lambda release, _: -round(math.log10(release.seeders + 1)),
            lambda release, _: seeders_in_words(release.seeders),
        ),
        _Step(lambda _, parsed: not parsed.proper, lambda _, parsed: "proper" if parsed.proper else "not proper"),
        _Step(lambda release, _: -release.seeders, seeders),
    ]
    return steps


def judge(
    movie: Movie,
    releases: Sequence[Release],
    profile: Profile,
    blocklist: Mapping[tuple[str, int], str] | None = None,
) -> list[Decision]:
    """Refuse what must not be taken, and order the rest, best first.

    The steps: place of its quality in the category priority (read from the name, never from the tracker's category),
    resolution, freeleech and double upload where wished for, seeders in powers of ten, proper, seeders.

    Args:
        movie: The film that is wanted.
        releases: Candidates, any order, may be empty; sizes in bytes.
        profile: What the user wants.
        blocklist: (tracker, release id) never to be taken for this film, with the reason.

    Returns:
        One decision a release: accepted ones first, best first, each with the step that put it before the next; then
        the refused, each with every reason. Equal releases keep the tracker's order.
    """
    judged = [Decision(release, refusals(movie, release, profile, blocklist or {})) for release in releases]
    steps = _steps(profile)

    def place(decision: Decision) -> list[Any]:
        parsed = parse_release(decision.release.name)
        return [step.key(decision.release, parsed) for step in steps]

    accepted = sorted((decision for decision in judged if decision.accepted), key=place)
    explained = [
        replace(decision, because=_because(steps, decision.release, after.release if after else None))
        for decision, after in zip(accepted, [*accepted[1:], None], strict=False)
    ]
    return [*explained, *(decision for decision in judged if not decision.accepted)]


def _because(steps: Sequence[_Step], release: Release, after: Release | None) -> str:
    """Why a release stands before the next accepted one."""
    if after is None:
        return "the last that passes"
    one, two = parse_release(release.name), parse_release(after.name)
    for step in steps:
        if step.key(release, one) != step.key(after, two):
            return f"{step.words(release, one)} over {step.words(after, two)}"
    return "as good as the next, and listed first"


def common_title(imdb_id: str | None, releases: Sequence[Release]) -> tuple[str, int] | None:
    """Title and year that most releases tagged with an IMDb id carry; None when none carries both."""
    parsed = [parse_release(release.name) for release in releases if imdb_id and release.imdb_id == imdb_id]
    named = [(title_key(one.title), one.year, one.title) for one in parsed if one.year and title_key(one.title)]
    if not named:
        return None
    (key, year), _ = Counter((key, year) for key, year, _ in named).most_common(1)[0]
    return next(title for other, of, title in named if (other, of) == (key, year)), year
