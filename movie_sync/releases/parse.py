"""Read a release name. Pure, and linear in the length of the name.

A name is taken apart once (`words`), the title and the years are found (`naming`), and what the words behind the title
say is gathered here. What words mean is in `vocabulary` and `languages`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from movie_sync.movie import AudioTrack, ParsedName, ParsedRelease
from movie_sync.releases import vocabulary
from movie_sync.releases.groups import read_group
from movie_sync.releases.languages import read_languages
from movie_sync.releases.naming import Reading, counts_films, read_name
from movie_sync.releases.vocabulary import ARTICLES
from movie_sync.releases.words import FIRM, UNKNOWN, WEAK, Token, fold, tokenise

# The first that a name says decides: a cam that names its Blu-ray sound is a cam.
_SOURCES = (
    "cam telesync telecine screener workprint vhs film webrip webdl hdtv dvd bluray".split()
)
_CODECS = "h265 h264 av1 xvid vc1 mpeg2 vp9".split()
_ORDINAL = re.compile(r"\d{1,3}(?:st|nd|rd|th)")


@lru_cache(maxsize=4096)
def parse_release(name: str) -> ParsedRelease:
    """Read a release name.

    The title is what stands before the year, or before the first technical word; a number that could be a year at the
    very beginning ("1917", "2012") belongs to it. A word that titles have too ("Web", "French") counts as technical
    only beside others, and a poor source is never hidden by a better one in the same name.

    Args:
        name: As the tracker or the disk has it; beyond 400 characters it is cut.
    """
    reading = read_name(name)
    group, named = read_group(reading)
    tokens = [token for token in _counted(reading) if token not in named]
    said: dict[str, list[str]] = {}
    for token in tokens:
        for kind, value in token.facts:
            said.setdefault(kind, []).append(value)
    source = _source(said)
    spoken = read_languages(tokens, reading.text)
    film = _film(reading)
    return ParsedRelease(
        title=film.title,
        aliases=film.aliases,
        years=film.years,
        season=film.season,
        episode=film.episode,
        pack=film.pack,
        sample=film.sample,
        extra=film.extra,
        resolution=_resolution(said),
        source=source,
        remux="remux" in said,
        codec=_first_of(_CODECS, said.get("codec", ())),
        bit_depth=int(said["depth"][0]) if "depth" in said else None,
        hdr=tuple(dict.fromkeys(said.get("hdr", ()))),
        audio=_audio(tokens, source, said),
        edition=_edition(tokens),
        languages=spoken.spoken,
        subtitles=spoken.read,
        dubbed=spoken.dubbed,
        proper="proper" in said,
        repack="repack" in said,
        group=group,
        container=_container(reading, said),
        disc="disc" in said and not _is_encoded(tokens),
        is_3d="3d" in said,
        upscaled="upscaled" in said,
    )


def parse_name(name: str) -> ParsedName:
    """Read no more of a name than which film it is of; the same as `parse_release` says of that, sooner."""
    return _film(read_name(name))


def suspicious_title(title: str) -> str | None:
    """What a title makes of a release when no film is known by it; None when it is a title like any other.

    "The Collection" is a film; "Rocky Collection" is one only if somebody calls it so.
    """
    tokens = tokenise(title)
    if any(token.key in vocabulary.FILM_WORDS and counts_films(tokens, index) for index, token in enumerate(tokens)) or any(token.says("pack") for token in tokens):
        return "a pack of several films"
    return "extras, not the film" if any(token.says("extra") for token in tokens) else None


# -- which film


def _film(reading: Reading) -> ParsedName:
    season = episode = None
    sample = extra = False
    for token in reading.technical:
        for kind, value in token.facts:
            if kind == "season" and season is None:
                season = int(value)
            elif kind == "episode" and episode is None:
                episode = int(value)
            sample |= kind == "sample"
            extra |= kind == "extra"
    if season is None and episode is not None:
        season = 1  # Numbered through, as ``E146``.
    return ParsedName(reading.title, reading.aliases, reading.years, season, episode, reading.pack, sample, extra)


# -- what counts


def _counted(reading: Reading) -> list[Token]:
    """The technical words, without those that rather belong to a text between them (a second title, an episode's)."""
    tokens = reading.technical
    return [token for index, token in enumerate(tokens) if _counts(tokens, index, reading)]


def _counts(tokens: Sequence[Token], index: int, reading: Reading) -> bool:
    token = tokens[index]
    if token.strength == UNKNOWN:
        return False
    if token.strength >= FIRM:
        return True
    before = tokens[index - 1] if index else None
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    if before is not None and before.strength == UNKNOWN and before.key in ARTICLES and before.gap != "":
        return False
    alone = before is None or before.bracket != token.bracket
    if before is None or before.strength or before.key.isdecimal() or alone:
        return True
    return after is not None and (after.strength > UNKNOWN or after.bracket != token.bracket)


# -- field by field


def _first_of(order: Sequence[str], said: Sequence[str]) -> str | None:
    return next((value for value in order if value in said), None)


def _resolution(said: dict[str, list[str]]) -> str | None:
    """The lines the name says, else those that its "4K" or "Full HD" means."""
    found = next(iter(said.get("resolution") or said.get("size") or ()), None)
    return "720p" if found == "720i" else found


def _source(said: dict[str, list[str]]) -> str | None:
    found = said.get("source", [])
    source = _first_of(_SOURCES, found)
    if source is None and "hdrip" in found:
        return "webrip"
    return "bluray" if source is None and "remux" in said else source


def _is_encoded(tokens: Sequence[Token]) -> bool:
    """True when what was a disc has been made a file."""
    return any(
        token.says("remux") or token.key.startswith(("x26", "x 26", "xvid", "divx")) or "webdl" in dict(token.facts).values()
        or (token.says("source") and token.key.endswith("rip"))
        for token in tokens
    )


def _audio(tokens: Sequence[Token], source: str | None, said: dict[str, list[str]]) -> tuple[AudioTrack, ...]:
    """One track a codec, in the order of the name, each with the channels behind it."""
    codecs: dict[str, str | None] = {}
    last, atmos_of, waiting = None, set[str](), False
    for token in tokens:
        facts = dict(token.facts)
        if "audio" in facts:
            last = facts["audio"]
            codecs.setdefault(last, None)
            if waiting and last in {"truehd", "ddp"}:
                atmos_of.add(last)
                waiting = False
        if "atmos" in facts:
            near = [codec for codec in codecs if codec in {"truehd", "ddp"}]
            atmos_of |= set(near[-1:])
            waiting = not near
        if "channels" in facts and last is not None:
            codecs[last] = codecs[last] or facts["channels"]
    if waiting:
        carrier = "truehd" if source == "bluray" else "ddp"
        codecs.setdefault(carrier, None)
        atmos_of.add(carrier)
    return tuple(AudioTrack(codec, channels, codec in atmos_of) for codec, channels in codecs.items())


def _edition(tokens: Sequence[Token]) -> str | None:
    found = [value for token in tokens for kind, value in token.facts if kind == "edition"]
    return " ".join(dict.fromkeys(found)) or None


def _container(reading: Reading, said: dict[str, list[str]]) -> str | None:
    if reading.ending in vocabulary.CONTAINERS:
        return reading.ending
    return next(iter(said.get("container", ())), None)

