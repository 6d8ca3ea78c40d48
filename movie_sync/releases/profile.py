"""Profile: what a user wants of a release, in words a user knows. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from movie_sync.movie import ParsedRelease

Step = Literal[
    "quality", "completeness", "dubbed", "audio", "subtitles", "editions", "hdr", "codecs", "sound", "words", "groups",
    "freeleech", "double_upload", "seeders", "size", "repack",
]  # fmt: skip
# What the profile is called that filelist_config.json stands for.
BY_CATEGORIES = "category priority"
STEPS: tuple[Step, ...] = get_args(Step)
_CLASSES: Mapping[str, tuple[str, ...]] = {
    "4k": ("4320p", "2160p"),
    "hd": ("1440p", "1080p", "1080i", "720p"),
    "sd": ("576p", "540p", "480p", "360p", "240p"),
}
RESOLUTIONS = tuple(resolution for found in _CLASSES.values() for resolution in found)
_KINDS: Mapping[str, tuple[str, ...]] = {
    "bluray": ("bluray",),
    "web": ("webdl", "webrip"),
    "webdl": ("webdl",),
    "webrip": ("webrip",),
    "hdtv": ("hdtv",),
    "dvd": ("dvd",),
}
_SOURCE_WORDS = {"bluray": "Bluray", "webdl": "WEB-DL", "webrip": "WEBRip", "hdtv": "HDTV", "dvd": "DVD", "vhs": "VHS"}
_WORD = re.compile(r"[^\W_]+")
_FREELEECH = re.compile(r"ignore|prefer|only|wait (?P<days>[1-9]\d?) days?")


def quality_words(parsed: ParsedRelease) -> str:
    """What a person calls the quality of a release: ``2160p Bluray Remux``, ``720p``, ``unknown quality``."""
    source = _SOURCE_WORDS.get(parsed.source or "", parsed.source)
    words = (parsed.resolution, source, "Remux" if parsed.remux else None)
    return " ".join(word for word in words if word) or "unknown quality"


def has_quality(parsed: ParsedRelease, wish: str) -> bool:
    """True when a release is of the quality a wish such as ``1080p bluray`` describes.

    Args:
        parsed: The release's name.
        wish: Words that must all hold: a resolution (or ``4k``, ``hd``, ``sd``), where it comes from (``bluray``,
            ``web``, ``webdl``, ``webrip``, ``hdtv``, ``dvd``), ``remux``, ``ro`` (Romanian, spoken or in subtitles).
            ``bluray`` without ``remux`` means encodes only.
    """
    words = wish.lower().split()
    if "bluray" in words and "remux" not in words and parsed.remux:
        return False
    return all(_holds(parsed, word) for word in words)


def _holds(parsed: ParsedRelease, word: str) -> bool:
    if word == "remux":
        return parsed.remux
    if word == "ro":
        return parsed.romanian
    if word in _KINDS:
        return parsed.source in _KINDS[word]
    if parsed.resolution is None:
        # Nobody writes the resolution of a DVD or of plain television.
        return word == "sd" and (parsed.source in {"dvd", "hdtv", "vhs"} or parsed.codec == "xvid")
    return parsed.resolution in _CLASSES.get(word, (word,))


def _known_quality(wish: str) -> bool:
    words = wish.lower().split()
    return bool(words) and all(
        word in RESOLUTIONS or word in _CLASSES or word in _KINDS or word in {"remux", "ro"} for word in words
    )


Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traits:
    """What releases can have, the dearest first; compared without case.

    Attributes:
        words: Anywhere in the name, as whole words: ``HYBRID``, ``Open Matte``.
        groups: Who made it.
        codecs: ``h264``, ``h265``, ``av1``, ``xvid``, …
        hdr: ``dv``, ``dv only`` (Dolby Vision without a picture for other screens), ``hdr10+``, ``hdr10``, ``hdr``,
            ``sdr``.
        sound: ``atmos``, ``truehd``, ``dts-hd ma``, ``dd``, ``aac``, …
        audio: Spoken languages, ISO 639-1: ``ro``.
        subtitles: Languages of subtitles.
        dubbed: Languages it was dubbed into; ``any``.
        editions: ``imax``, ``extended``, ``director's cut``, …
    """

    words: Words = ()
    groups: Words = ()
    codecs: Words = ()
    hdr: Words = ()
    sound: Words = ()
    audio: Words = ()
    subtitles: Words = ()
    dubbed: Words = ()
    editions: Words = ()


TRAITS: tuple[str, ...] = tuple(one.name for one in fields(Traits))


def traits_of(name: str, parsed: ParsedRelease, trait: str) -> Words:
    """What a release has of a trait, in lower case.

    Args:
        name: The release name.
        parsed: The same, read.
        trait: One of `TRAITS`; for ``words`` the whole name as words with blanks around each.
    """
    if trait == "words":
        return (_as_words(name),)
    if trait == "hdr":
        return (*parsed.hdr, "dv only") if parsed.hdr == ("dv",) else parsed.hdr
    if trait == "sound":
        return (*(("atmos",) if any(track.atmos for track in parsed.audio) else ()), *(t.codec for t in parsed.audio))
    if trait == "dubbed":
        return (*parsed.dubbed, "any") if parsed.dubbed else ()
    one = {"groups": parsed.group, "codecs": parsed.codec, "editions": parsed.edition}.get(trait)
    if trait in {"groups", "codecs", "editions"}:
        return (one.lower(),) if one else ()
    return parsed.languages if trait == "audio" else parsed.subtitles


def _as_words(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.lower()))} "


def has_trait(had: Words, wanted: str, trait: str) -> bool:
    """True when what a release has (`traits_of`) holds a wanted value; words and editions by whole words."""
    wish = wanted.lower()
    if trait == "words":
        return _as_words(wish) in had[0]
    if trait == "editions":
        return any(wish in edition for edition in had)
    return wish in had


@dataclass(frozen=True, slots=True)
class SizeRange:
    """Megabytes (10^6 bytes) a minute of film.

    Attributes:
        min: Less is refused.
        best: What is nearest to it is preferred; None: size decides nothing.
        max: More is refused; None: no limit.
    """

    min: Annotated[float, Meta(ge=0, le=100_000)] = 0.0
    best: Annotated[float, Meta(ge=0.01, le=100_000)] | None = None
    max: Annotated[float, Meta(gt=0, le=100_000)] | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What the user wants of a release.

    Attributes:
        name: What it is called; not part of a file.
        qualities: Best first; a list in the list is a group of equals. What is in none is refused.
        sizes: Quality to size; the first that a release has counts. Not judged while the film's length is unknown.
        prefer: The earlier in its list, the better.
        refuse: Any of these is refused.
        require: Of each list that is not empty a release must have one.
        freeleech: ``ignore``, ``prefer``, ``only``, or ``wait N days``: any is taken once it is that old.
        double_upload: Prefer what counts twice when uploaded.
        minimum_seeders: Inclusive.
        include_series: Take a whole season, or a pack of all, of a series.
        upgrade_until: Look for better ones until a quality at least this good is there; None: never.
        steps: What is compared, in this order; the first difference decides.
    """

    name: str = "balanced"
    qualities: tuple[Words, ...] = ()
    sizes: Mapping[str, SizeRange] = field(default_factory=dict)
    prefer: Traits = Traits()
    refuse: Traits = Traits()
    require: Traits = Traits()
    freeleech: str = "prefer"
    double_upload: bool = False
    minimum_seeders: Annotated[int, Meta(ge=0, le=100_000)] = 1
    include_series: bool = False
    upgrade_until: str | None = None
    steps: tuple[Step, ...] = STEPS

    @property
    def freeleech_wait_days(self) -> int:
        """How many days to wait for freeleech; 0: not at all."""
        match = _FREELEECH.fullmatch(self.freeleech)
        return int(match["days"]) if match and match["days"] else 0

    def place(self, parsed: ParsedRelease) -> int | None:
        """The place of a release's quality, 0 is best; None: it is not wanted."""
        for place, group in enumerate(self.qualities):
            if any(has_quality(parsed, wish) for wish in group):
                return place
        return None

    def size_range(self, parsed: ParsedRelease) -> SizeRange | None:
        """What is asked of the size of a release, None: nothing."""
        return next((size for wish, size in self.sizes.items() if has_quality(parsed, wish)), None)

    def good_enough(self, parsed: ParsedRelease) -> bool:
        """True when nothing better is looked for once this is there."""
        if self.upgrade_until is None:
            return True
        cutoff = _place_of(self.qualities, self.upgrade_until)
        place = self.place(parsed)
        return place is not None and cutoff is not None and place <= cutoff


def _place_of(qualities: Sequence[Words], wish: str) -> int | None:
    wanted = sorted(wish.lower().split())
    groups = enumerate(qualities)
    return next((n for n, group in groups if any(sorted(one.lower().split()) == wanted for one in group)), None)


def profile_from(data: Any, name: str) -> Profile:
    """A profile as a person writes it, as JSON: an object with the keys of `Profile`, `Traits` and `SizeRange`.

    A quality that stands alone is a group of one; ``"based_on"`` names a ready-made profile whose values count where
    nothing else is said.

    Raises:
        ValueError: It says what and where: an unknown key, an unknown quality, a wrong type.
    """
    if not isinstance(data, dict):
        raise ValueError("it must be an object, { … }")  # noqa: TRY004  the same error as every other mistake
    given = dict(data)
    base = given.pop("based_on", None)
    if base is not None:
        if not isinstance(base, str) or base not in READY_MADE:
            raise ValueError(f"based_on: there is no {base!r}, only {', '.join(READY_MADE)}")
        below = msgspec.to_builtins(READY_MADE[base])
        for part in ("prefer", "refuse", "require"):
            if isinstance(given.get(part), dict):
                given[part] = below[part] | given[part]
        given = below | given
    given.pop("name", None)
    _known_keys(given, Profile, "")
    for part in ("prefer", "refuse", "require"):
        _known_keys(given.get(part, {}), Traits, f"{part}.")
    if isinstance(given.get("sizes"), dict):
        for wish, size in given["sizes"].items():
            _known_keys(size, SizeRange, f"sizes.{wish}.")
    if isinstance(given.get("qualities"), list):
        given["qualities"] = [[one] if isinstance(one, str) else one for one in given["qualities"]]
    profile = msgspec.convert(given | {"name": name}, Profile)
    _check(profile)
    return profile


def _known_keys(given: Any, kind: type[Any], prefix: str) -> None:
    if isinstance(given, dict):
        known = [one.name for one in fields(kind) if one.name != "name"]
        for key in given:
            if key not in known:
                raise ValueError(f"nobody knows {prefix}{key}; known are {', '.join(known)}")


def _check(profile: Profile) -> None:
    if not any(profile.qualities):
        raise ValueError("qualities must name at least one")
    for wish in (*(one for group in profile.qualities for one in group), *profile.sizes):
        if not _known_quality(wish):
            raise ValueError(f"nobody knows the quality {wish!r}; an example: 1080p bluray")
    if not _FREELEECH.fullmatch(profile.freeleech):
        raise ValueError(f'freeleech is {profile.freeleech!r}; allowed are "ignore", "prefer", "only", "wait 3 days"')
    if profile.upgrade_until is not None and _place_of(profile.qualities, profile.upgrade_until) is None:
        raise ValueError(f"upgrade_until is {profile.upgrade_until!r}, which is not among its qualities")
    for part in ("prefer", "refuse", "require"):
        _check_traits(getattr(profile, part), part)
    for wish, size in profile.sizes.items():
        if size.max is not None and size.max < size.min:
            raise ValueError(f"sizes.{wish}: max is less than min")


_KNOWN_TRAITS: Mapping[str, Words] = {
    "codecs": ("h264", "h265", "av1", "xvid", "vc1", "mpeg2", "vp9"),
    "hdr": ("dv", "dv only", "hdr10+", "hdr10", "hdr", "hlg", "sdr"),
    "sound": (
        "atmos", "aac", "dd", "ddp", "dts", "dts-es", "dts-hd", "dts-hd hra", "dts-hd ma", "dts-x", "truehd", "flac",
        "lpcm", "mp2", "mp3", "opus", "vorbis", "wma",
    ),
}  # fmt: skip
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[a-z0-9]{2,3})?|any", re.I)


def _check_traits(traits: Traits, part: str) -> None:
    """Raise for a value that no release can have: it would refuse everything, or nothing, without a word."""
    for trait in TRAITS:
        for value in getattr(traits, trait):
            known = _KNOWN_TRAITS.get(trait)
            if known is not None and value.lower() not in known:
                raise ValueError(f"{part}.{trait}: nobody knows {value!r}; known are {', '.join(known)}")
            if trait in {"audio", "subtitles", "dubbed"} and not _LANGUAGE.fullmatch(value):
                raise ValueError(f'{part}.{trait} is {value!r}; a language is two letters such as "ro" or "en"')
            if not _WORD.search(value):
                raise ValueError(f"{part}.{trait} is {value!r}, which has no letter")


def from_categories(levels: Sequence[Sequence[str]], **preferences: Any) -> Profile:
    """The profile a category priority stands for.

    Args:
        levels: Best first; each the classes wished for equally: ``4k``, ``hd``, ``hd ro``, ``sd``. Within a class the
            higher resolution is better.
        preferences: Further fields of the profile.
    """
    groups: list[Words] = []
    for level in levels:
        resolutions = [
            (resolution, " ".join((resolution, *wish.split()[1:])))
            for wish in level
            for resolution in (*_CLASSES[wish.split()[0]], *(("sd",) if wish.startswith("sd") else ()))
        ]
        for resolution in (*RESOLUTIONS, "sd"):
            group = tuple(wish for of, wish in resolutions if of == resolution)
            if group:
                groups.append(group)
    return Profile(name=BY_CATEGORIES, qualities=tuple(groups), **preferences)


# Megabytes a minute below which a release of that kind is not what it says: the TRaSH guides' quality definitions.
_FULL_SIZES = {
    "2160p remux": SizeRange(187),
    "2160p bluray": SizeRange(102),
    "2160p web": SizeRange(34.5),
    "1080p remux": SizeRange(102),
    "1080p bluray": SizeRange(51),
    "1080p web": SizeRange(12.5),
}
_NO_EXOTIC = Traits(codecs=("av1",), hdr=("dv only",))

READY_MADE: Mapping[str, Profile] = {
    "balanced": Profile(
        "balanced",
        qualities=(
            ("1080p bluray", "1080p web"), ("720p bluray", "720p web"), ("1080p hdtv", "720p hdtv"), ("1080p remux",),
            ("2160p web", "2160p bluray"), ("sd",),
        ),
        sizes={
            "1080p bluray": SizeRange(12, 75, 200),
            "1080p web": SizeRange(10, 50, 150),
            "720p": SizeRange(6, 35, 100),
            "2160p": SizeRange(25, 150, 400),
        },
        refuse=_NO_EXOTIC,
    ),
    "best-4k": Profile(
        "best-4k",
        qualities=(
            ("2160p remux",), ("2160p bluray",), ("2160p web",), ("1080p remux",), ("1080p bluray",), ("1080p web",),
            ("720p bluray", "720p web"),
        ),
        sizes=_FULL_SIZES,
        prefer=Traits(hdr=("dv", "hdr10+", "hdr10", "hdr"), sound=("atmos", "truehd", "dts-x", "dts-hd ma")),
        refuse=_NO_EXOTIC,
    ),
    "small": Profile(
        "small",
        qualities=(("1080p web", "1080p bluray"), ("720p web", "720p bluray"), ("720p hdtv",), ("sd",)),
        sizes={"1080p": SizeRange(0, 18, 40), "720p": SizeRange(0, 12, 25), "sd": SizeRange(0, 8, 15)},
        prefer=Traits(codecs=("h265", "av1")),
        steps=("quality", "completeness", "freeleech", "double_upload", "seeders", "size", "codecs", "repack"),
    ),
    "1080p": Profile(
        "1080p",
        qualities=(("1080p bluray",), ("1080p web",), ("720p bluray",), ("720p web",), ("1080p hdtv",)),
        sizes=_FULL_SIZES,
        refuse=_NO_EXOTIC,
    ),
}  # fmt: skip
