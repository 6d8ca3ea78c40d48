"""What is best, and why: an ordered list of steps, of which the first difference decides. Pure."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from movie_sync.movie import Decision, Movie, ParsedRelease, Release
from movie_sync.releases.parse import parse_release
from movie_sync.releases.profile import TRAITS, Profile, has_trait, quality_words, traits_of
from movie_sync.releases.rules import TRAIT_WORDS, free_from, mb_a_minute, refusals, seeders_in_words
from movie_sync.releases.titles import title_key

# A size is as good as the best one when it is within this factor, and worse by one for each further factor.
_SIZE_STEP = 1.5
# Behind every size that can be compared.
_NO_SIZE = 1000


@dataclass(frozen=True, slots=True)
class _Step:
    """One comparison.

    Attributes:
        key: Smaller is better.
        words: What two releases are called when this step tells them apart.
    """

    key: Callable[[Release, ParsedRelease], Any]
    words: Callable[[Release, ParsedRelease], str]


def _steps(movie: Movie, profile: Profile) -> list[_Step]:
    """The steps a profile names, in its order; last the exact count of seeders, which tells nearly all apart."""
    known = {
        "quality": _quality_step(profile),
        "completeness": _Step(_completeness, _completeness_words),
        "double_upload": _either(lambda release, _: release.doubleup, "double upload", "no double upload"),
        "freeleech": _either(lambda release, _: release.freeleech, "freeleech", "not freeleech"),
        # Logarithmic: 900 seeders against 1,000 decide nothing.
        "seeders": _Step(
            lambda release, _: -round(math.log10(release.seeders + 1)),
            lambda release, _: seeders_in_words(release.seeders),
        ),
        "size": _size_step(movie, profile),
        "repack": _either(lambda _, parsed: parsed.proper or parsed.repack, "proper", "not proper"),
        **{trait: _trait_step(trait, getattr(profile.prefer, trait)) for trait in TRAITS},
    }
    unused = {trait for trait in TRAITS if not getattr(profile.prefer, trait)}
    if profile.freeleech in {"ignore", "only"}:
        unused.add("freeleech")
    if not profile.double_upload:
        unused.add("double_upload")
    exactly = _Step(lambda release, _: -release.seeders, lambda release, _: seeders_in_words(release.seeders))
    return [*(known[name] for name in profile.steps if name not in unused), exactly]


def _either(test: Callable[[Release, ParsedRelease], bool], yes: str, no: str) -> _Step:
    return _Step(
        lambda release, parsed: not test(release, parsed), lambda release, parsed: yes if test(release, parsed) else no
    )


def _quality_step(profile: Profile) -> _Step:
    wishes = [wish for group in profile.qualities for wish in group]
    romanian = any("ro" in wish.lower().split() for wish in wishes)

    def words(_: Release, parsed: ParsedRelease) -> str:
        return f"{quality_words(parsed)}{' RO' if romanian and parsed.romanian else ''}"

    def place(_: Release, parsed: ParsedRelease) -> int:
        found = profile.place(parsed)
        return len(wishes) if found is None else found

    return _Step(place, words)


def _completeness(_: Release, parsed: ParsedRelease) -> int:
    """The whole series before its first season, that before later ones; 0 for films."""
    return 0 if parsed.pack else parsed.season or 0


def _completeness_words(_: Release, parsed: ParsedRelease) -> str:
    return "the whole series" if parsed.pack else f"season {parsed.season}"


def _size_step(movie: Movie, profile: Profile) -> _Step:
    def distance(release: Release, parsed: ParsedRelease) -> int:
        asked, rate = profile.size_range(parsed), mb_a_minute(movie, release)
        if asked is None or asked.best is None or rate is None:
            return _NO_SIZE
        return int(abs(math.log(rate / asked.best)) / math.log(_SIZE_STEP))

    def words(release: Release, parsed: ParsedRelease) -> str:
        asked, rate = profile.size_range(parsed), mb_a_minute(movie, release)
        if asked is None or asked.best is None or rate is None:
            return "a size nothing is asked of"
        return f"{rate:.0f} MB a minute (best {asked.best:g})"

    return _Step(distance, words)


def _trait_step(trait: str, wanted: Sequence[str]) -> _Step:
    def first(release: Release, parsed: ParsedRelease) -> int:
        had = traits_of(release.name, parsed, trait)
        return next((n for n, one in enumerate(wanted) if has_trait(had, one, trait)), len(wanted))

    def words(release: Release, parsed: ParsedRelease) -> str:
        place = first(release, parsed)
        if place < len(wanted):
            return f"{TRAIT_WORDS[trait]} {wanted[place]}"
        had = () if trait == "words" else traits_of(release.name, parsed, trait)
        return f"{TRAIT_WORDS[trait]} {', '.join(had)}" if had else f"no {TRAIT_WORDS[trait]} you prefer"

    return _Step(first, words)


def judge(
    movie: Movie,
    releases: Sequence[Release],
    profile: Profile,
    blocklist: Mapping[tuple[str, int], str] | None = None,
    now: float = 0.0,
) -> list[Decision]:
    """Refuse what must not be taken, and order the rest, best first.

    The steps of ``profile.steps`` are compared in their order, then the count of seeders; the first difference decides.
    Quality is read from the name, never from the tracker's category.

    Args:
        movie: The film that is wanted.
        releases: Candidates, any order, may be empty; sizes in bytes.
        profile: What the user wants.
        blocklist: (tracker, release id) never to be taken for this film, with the reason.
        now: Unix seconds, for a profile that waits for freeleech.

    Returns:
        One decision a release: accepted ones first, best first, each with the step that put it before the next; then
        the refused, each with every reason. Equal releases keep the tracker's order.
    """
    judge_one = partial(_judged, movie, profile, blocklist or {}, now)
    judged = [judge_one(release) for release in releases]
    steps = _steps(movie, profile)

    def place(decision: Decision) -> list[Any]:
        parsed = parse_release(decision.release.name)
        return [step.key(decision.release, parsed) for step in steps]

    accepted = sorted((decision for decision in judged if decision.accepted), key=place)
    last = "the last that passes" if len(accepted) > 1 else "the only one that passes"
    explained = [
        replace(decision, because=_because(steps, decision.release, after.release) if after else last)
        for decision, after in zip(accepted, [*accepted[1:], None], strict=False)
    ]
    return [*explained, *(decision for decision in judged if not decision.accepted)]


def _judged(
    movie: Movie, profile: Profile, blocklist: Mapping[tuple[str, int], str], now: float, release: Release
) -> Decision:
    against = refusals(movie, release, profile, blocklist, now)
    waits = free_from(release, profile)
    # Nothing but its age speaks against it: it is worth coming back for.
    only_young = len(against) == 1 and waits is not None and waits > now
    return Decision(release, against, passes_at=waits if only_young else None)


def _because(steps: Sequence[_Step], release: Release, after: Release) -> str:
    """Why a release stands before the next accepted one."""
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
