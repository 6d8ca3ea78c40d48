"""Who made a release. Pure."""

import re

from movie_sync.releases.naming import Reading
from movie_sync.releases.vocabulary import FILM_WORDS, NO_GROUPS
from movie_sync.releases.words import STRONG, UNKNOWN, Token

_BREAK = re.compile(r"[\s\[\](){}/|]")
_CLOSERS = {"]": "[", "}": "{"}
# What is said of picture, sound and language; no group is called so.
_TECHNICAL = (
    "resolution size source codec audio channels front hdr depth name code sub dub subword dubword ro container 3d"
    " atmos subtitles disc remux season episode"
).split()
_BEFORE_LAST = ("codec", "audio", "channels", "depth", "name", "code", "sub", "atmos")


def read_group(reading: Reading) -> tuple[str | None, list[Token]]:
    """The group's name, None when the name says none; and the words it takes.

    It stands behind the last dash ("x264-GRP", "x264 - GRP"), as the last word behind codec or sound ("x264 AC3 GRP"),
    last in brackets with them, in brackets of its own at the end of a row of such, or, as those who subtitle do it, in
    brackets before the title. Site tags behind it ("GRP[site]") are left out.
    """
    end = _tags_begin(reading.text)
    tokens = [token for token in reading.tokens if token.end <= end]
    # "(1080p x265 GRP) [site]", but not "x265 Somebody [GRP]".
    certain = end == len(reading.text) or (tokens and tokens[-1].bracket)
    finders = (_after_dash, _last_word) if certain else (_after_dash,)
    for find in finders:
        words = find(reading, tokens)
        if words:
            return reading.text[words[0].start : _chain_end(reading.text, words[-1].end, end)], words
    return _tag(reading, end) or _before_title(reading), []


def _tags_begin(text: str) -> int:
    """Where the bracketed tags at the end begin."""
    end = len(text)
    while end and text[end - 1] in _CLOSERS:
        opened = text.rfind(_CLOSERS[text[end - 1]], 0, end)
        if opened < 0:
            break
        end = len(text[:opened].rstrip())
    return end


def _chain_end(text: str, begin: int, end: int) -> int:
    """Where the signs right behind a group's last word end ("wsp®")."""
    found = _BREAK.search(text, begin, end)
    stop = found.start() if found else end
    return stop if not any(letter.isalnum() or letter in ".-" for letter in text[begin:stop]) else begin


def _may_be_group(tokens: list[Token], index: int) -> bool:
    """False for a technical word, and for what is a language's code where one stands before it."""
    token = tokens[index]
    if token.says("shy") and (len(token.key) < 3 or tokens[index - 1].says("name", "code", "shy")):
        return False
    return not token.says(*_TECHNICAL) and token.key not in NO_GROUPS


def _after_dash(reading: Reading, tokens: list[Token]) -> list[Token]:
    for index in range(len(tokens) - 1, reading.end, -1):
        token = tokens[index]
        if token.gap.endswith("-"):
            words = _chain(reading.text, tokens, index)
            rest = tokens[index + len(words) :]
            if words and not any(word.strength == STRONG and not word.bracket and _is_picture(word) for word in rest):
                return [*_head(tokens, index, reading.end), *words]
        elif (
            index == len(tokens) - 1
            and token.gap.endswith("- ")
            and not token.strength
            and _may_be_group(tokens, index)
        ):
            return [token]
    return []


def _is_picture(token: Token) -> bool:
    return token.says("resolution", "source", "codec", "audio")


def _chain(text: str, tokens: list[Token], index: int) -> list[Token]:
    """The words from here to a blank or bracket, without known ones at their end; [] when a group is not called so."""
    if not _may_be_group(tokens, index):
        return []
    stop = index + 1
    while stop < len(tokens) and "-" not in tokens[stop].gap and not _BREAK.search(tokens[stop].gap):
        stop += 1
    # "HDTV x264-Sir Paul"
    if stop == len(tokens) - 1 and tokens[stop].gap == " " and tokens[stop].strength == UNKNOWN and "." not in text:
        stop += 1
    while stop - 1 > index and tokens[stop - 1].strength:
        stop -= 1
    return tokens[index:stop]


def _head(tokens: list[Token], index: int, first: int) -> list[Token]:
    """The first half of a name that has a dash in it: "x264-D-Z0N3", "AC3.MrSeeN-SiMPLE"."""
    if index - 2 < first or tokens[index].gap != "-":
        return []
    half, before = tokens[index - 1], tokens[index - 2]
    if half.strength or not before.strength or not half.text.isalpha():
        return []
    if half.gap == "-":
        return [half] if len(half.text) < 3 else []
    return [half] if half.gap in {".", " "} and before.says("codec", "audio", "channels") else []


def _last_word(reading: Reading, tokens: list[Token]) -> list[Token]:
    """The last word when codec, sound or language stand right before it."""
    if len(tokens) - 2 <= reading.end:
        return []
    before, last = tokens[-2:]
    plain = last.strength == UNKNOWN and len(last.text) > 1 and not last.key.isdecimal() and last.key not in FILM_WORDS
    if plain and last.gap in {" ", ".", "_"} and before.says(*_BEFORE_LAST):
        return [last]
    return []


def _tag(reading: Reading, end: int) -> str | None:
    """The last of a row of brackets: "[1080p] [BluRay] [GRP]"."""
    tail = reading.text[end:].rsplit("[", 1)
    if len(tail) < 2 or not tail[0].rstrip().endswith("]"):
        return None
    last = reading.tokens[-1] if reading.tokens else None
    name = tail[1].rstrip("] ")
    return name if last is not None and last.text == name and not last.strength and not name.isdecimal() else None


def _before_title(reading: Reading) -> str | None:
    """``[GRP] Title``."""
    text, tokens = reading.text, reading.tokens
    if not reading.first or text[:1] != "[" or tokens[0].strength:
        return None
    name, closed, rest = text[1:].partition("]")
    return name.strip() if closed and rest[:1] in {" ", "_"} and 0 < len(name.strip()) <= 30 else None
