"""Read a release name. Pure, and linear in the length of the name.

A name is taken apart once (`words`), its years (`years`) and the title (`naming`) are found, and what the words behind
the title say is gathered here. What words mean is in `vocabulary` and `languages`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from movie_sync.movie import AudioTrack, ParsedName, ParsedRelease
from movie_sync.releases import vocabulary
from movie_sync.releases.groups import read_group
from movie_sync.releases.languages import Languages, read_languages, subtitle_languages
from movie_sync.releases.naming import Reading, counts_films, read_name
from movie_sync.releases.vocabulary import ARTICLES
from movie_sync.releases.words import FIRM, UNKNOWN, Token, tokenise

# The first that a name says decides: a cam that names its Blu-ray sound is a cam.
_SOURCES = "cam telesync telecine screener workprint vhs film webrip webdl hdtv dvd bluray".split()
_CODECS = "h265 h264 av1 xvid vc1 mpeg2 vp9".split()
# What Atmos is carried in.
_CARRIERS = frozenset({"truehd", "ddp"})
# "[GRP] Title - 04": an episode, as groups that subtitle number them.
_NUMBERED_EPISODE = re.compile(r" - (\d{2,3})$")
_Said = Mapping[str, Sequence[str]]


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
    film = _film(reading)
    group, taken = read_group(reading)
    tokens = [token for token in _counted(reading.technical) if token not in taken]
    said = _gathered(tokens)
    source = _source(said)
    languages = _languages(reading, tokens)
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
        audio=_audio(tokens, source),
        edition=" ".join(dict.fromkeys(said.get("edition", ()))) or None,
        languages=languages.spoken,
        subtitles=languages.read,
        dubbed=languages.dubbed,
        proper="proper" in said,
        repack="repack" in said,
        group=group,
        container=_container(reading, said),
        disc="disc" in said and not any(map(_is_encode, tokens)),
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
    if any(token.says("pack") or counts_films(tokens, index) for index, token in enumerate(tokens)):
        return "a pack of several films"
    return "extras, not the film" if any(token.says("extra") for token in tokens) else None


def _film(reading: Reading) -> ParsedName:
    said = _gathered(reading.technical)
    season, episode = (int(said[kind][0]) if kind in said else None for kind in ("season", "episode"))
    if reading.first and reading.tokens[0].bracket and episode is None:
        numbered = _NUMBERED_EPISODE.search(reading.title)
        episode = int(numbered[1]) if numbered else None
    if season is None and episode is not None:
        season = 1  # Numbered through all seasons, as ``E146``.
    return ParsedName(
        title=reading.title,
        aliases=reading.aliases,
        years=reading.years,
        season=season,
        episode=episode,
        pack=reading.pack,
        sample="sample" in said,
        extra="extra" in said,
    )


# -- which words count


def _gathered(tokens: Iterable[Token]) -> dict[str, list[str]]:
    """The facts of words: field to values, in the order of the name."""
    said: dict[str, list[str]] = {}
    for token in tokens:
        for kind, value in token.facts:
            said.setdefault(kind, []).append(value)
    return said


def _counted(tokens: Sequence[Token]) -> list[Token]:
    """The technical words, without those that rather belong to a text between them (a second title, an episode's)."""
    return [token for index, token in enumerate(tokens) if token.facts and _counts(tokens, index)]


def _counts(tokens: Sequence[Token], index: int) -> bool:
    """True for a firm word, and for a weaker one beside another or at the edge of its brackets."""
    token = tokens[index]
    if token.strength >= FIRM or index == 0:
        return True
    before = tokens[index - 1]
    if before.bracket != token.bracket or before.strength > UNKNOWN or before.key.isdecimal():
        return True
    if before.key in ARTICLES or index + 1 == len(tokens):
        return False
    after = tokens[index + 1]
    return after.strength > UNKNOWN or after.bracket != token.bracket


# -- field by field


def _first_of(order: Sequence[str], said: Sequence[str]) -> str | None:
    return next((value for value in order if value in said), None)


def _resolution(said: _Said) -> str | None:
    """The last lines the name says ("[1080p.BluRay] [720p]"), else those its "4K" or "Full HD" means."""
    found = next(iter(said.get("resolution", ())[-1:] or said.get("size", ())), None)
    return "720p" if found == "720i" else found


def _source(said: _Said) -> str | None:
    found = said.get("source", ())
    source = _first_of(_SOURCES, found)
    if source is None and "hdrip" in found:
        return "webrip"
    return "bluray" if source is None and "remux" in said else source


def _is_encode(token: Token) -> bool:
    """True for a word that says that what was a disc has been made a file."""
    if token.says("remux") or token.key.startswith(("x26", "x 26", "xvid", "divx")):
        return True
    return ("source", "webdl") in token.facts or (token.says("source") and token.key.endswith("rip"))


def _audio(tokens: Sequence[Token], source: str | None) -> tuple[AudioTrack, ...]:
    """One track a codec, in the order of the name, each with the channels behind it."""
    codecs: dict[str, str | None] = {}
    last, told = None, False
    for token in tokens:
        facts = dict(token.facts)
        last = facts.get("audio", last)
        if last is not None:
            codecs[last] = codecs.get(last) or facts.get("channels")
        told = told or "atmos" in facts
    carrier = _carrier(tokens, codecs, source) if told else None
    if carrier is not None:
        codecs.setdefault(carrier, None)
    return tuple(AudioTrack(codec, channels, codec == carrier) for codec, channels in codecs.items())


def _carrier(tokens: Sequence[Token], codecs: Iterable[str], source: str | None) -> str:
    """The codec Atmos belongs to: the last before the word that can carry it, else the next, else by the source."""
    carriers = [codec for codec in codecs if codec in _CARRIERS]
    if not carriers:
        return "truehd" if source == "bluray" else "ddp"
    place = next(index for index, token in enumerate(tokens) if token.says("atmos"))
    heard = [value for token in tokens[: place + 1] for kind, value in token.facts if kind == "audio"]
    return next((codec for codec in reversed(heard) if codec in _CARRIERS), carriers[0])


def _languages(reading: Reading, tokens: Sequence[Token]) -> Languages:
    """Of a file of subtitles any word may be its language."""
    if reading.ending in vocabulary.SUBTITLE_FILES:
        return Languages(read=subtitle_languages(reading.tokens))
    return read_languages(tokens, reading.text)


def _container(reading: Reading, said: _Said) -> str | None:
    if reading.ending in vocabulary.CONTAINERS:
        return reading.ending
    return next(iter(said.get("container", ())), None)
