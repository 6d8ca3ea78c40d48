"""A release name as words, each with what it means. Pure, and linear in the length of the name."""

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from movie_sync.releases import languages, vocabulary
from movie_sync.releases.vocabulary import Facts

Fact = tuple[str, str]
_Said = dict[str, str]
UNKNOWN, INNER, LOUD, WEAK, FIRM, STRONG = range(6)


class Meaning(NamedTuple):
    """What a word says: facts as in `vocabulary`, and how far a title may go on after it."""

    strength: int = UNKNOWN
    facts: tuple[Fact, ...] = ()


@dataclass(slots=True)
class Token:
    """A word, or several that mean one thing.

    Attributes:
        text: As the name has it.
        key: Lower case, without accents and apostrophes, its words divided by blanks.
        start: Where it begins in the text; ``end`` is behind its last letter.
        gap: What stands between it and the word before, brackets too.
        bracket: The number of the innermost brackets around it, 0 outside of all.
    """

    text: str
    key: str
    start: int
    end: int
    gap: str
    bracket: int
    strength: int
    facts: tuple[Fact, ...]

    def says(self, *kinds: str) -> bool:
        """True when one of its facts is of one of these kinds."""
        return any(kind in kinds for kind, _ in self.facts)


# -- the table of all spellings


def _keys(spelling: str) -> Iterator[str]:
    """A spelling with each of its blanks there or not: "web dl", "webdl"."""
    first, *others = spelling.split()
    for blanks in itertools.product(("", " "), repeat=len(others)):
        yield first + "".join(blank + word for blank, word in zip(blanks, others, strict=True))


def _language_tables() -> Iterator[tuple[int, Facts]]:
    for strength, kind, table in (
        (WEAK, "name", languages.NAMES),
        (LOUD, "code", languages.CODES),
        (INNER, "shy", languages.SHY_CODES),
        (STRONG, "sub", languages.SUBTITLED),
        (FIRM, "dub", languages.DUBBED),
    ):
        yield strength, {(kind, code): words for code, words in table.items()}
    yield STRONG, {("name", "fr"): languages.FRENCH}
    yield WEAK, {("subword", ""): languages.SUB_WORDS, ("dubword", ""): languages.DUB_WORDS}
    yield INNER, {("ro", ""): "ro", ("name", "ro"): "ro audio", ("subword", ""): "leg, text"}


def _table() -> dict[str, Meaning]:
    found: dict[str, Meaning] = {}
    tables: Iterable[tuple[int, Facts]] = (
        (STRONG, vocabulary.STRONG), (FIRM, vocabulary.FIRM), (WEAK, vocabulary.WEAK), (LOUD, vocabulary.LOUD),
        (INNER, vocabulary.INNER), *_language_tables(),
    )  # fmt: skip
    for strength, facts in tables:
        for fact, spellings in facts.items():
            for spelling in spellings.split(","):
                for key in _keys(spelling):
                    known = found.get(key, Meaning())
                    found[key] = Meaning(max(strength, known.strength), tuple(dict.fromkeys((*known.facts, fact))))
    return found


_TABLE = _table()
# The most words a spelling has that begins with this one.
_LONGEST: dict[str, int] = {}
for _key in _TABLE:
    _first = _key.partition(" ")[0]
    _LONGEST[_first] = max(_LONGEST.get(_first, 1), _key.count(" ") + 1)

# -- words with digits in them, of which there is no list

_DIGITS = re.compile(
    r"m?(?P<lines>\d{3,4})0?(?P<scan>[pi])(?:x?\d{2,3})?"
    r"|(?P<before>tc|ts|hd|fhd|bd|web|dvd|hdtv|uhd)(?P<glued>2160|1080|720|576|480)(?P<how>[pi]?)"
    r"|(?P<width>\d{3,4})x(?P<height>\d{3,4})[pi]?"
    r"|s(?P<season>\d{1,2})(?:(?:e|ep|x|xe)(?P<episode>\d{1,4})(?:e\d{1,4}|v\d|[abc])?)?|(?P<s>\d{1,2})(?:[xх](?P<e>\d{2,3})|e(?P<ep>\d{2,3}))"
    r"|(?:e|ep|episode)(?P<alone>\d{2,4})(?:v\d)?|season(?P<spelt>\d{1,2})"
    r"|(?P<audio>q?aac|heaac|e?ac3|ddpa?|dd\+?|dts|dtshd|dtshdma|dtsx|truehd|flac|l?pcm|opus|mp[23]|atmos)"
    r"(?P<front>[1-9])?(?P<back>[0-4])?(?:ch)?(?:x\d)?"
    r"|(?P<codec>[hx]26[45])[a-z0-9]{1,8}"
    r"|\d(?:x(?P<times>[a-z]{3})|(?P<count>audios?))"
    r"|(?P<discs>\d{1,2})x(?P<disc>dvd|bd|dvd[59]|dvdr|bd25|bd50)"
    r"|(?P<channels>[268])ch|(?P<size>\d{1,4}(?:mb|gb|mib|gib|kbps|mbps|fps|hz|khz|k))"
)
_CHANNELS = {"2": "2.0", "6": "5.1", "8": "7.1"}
_BACK = re.compile(r"([0-4])(?:ch)?(?:x\d)?")
_ORDINAL = re.compile(r"\d{1,3}(?:st|nd|rd|th)")
_JOINTS = frozenset({" ", ".", "-", "_", "'", "’", ":", " & ", "&", ".&.", ". ", ".-", "+"})
_POINTS = frozenset({".", " ", "_", ","})


def lines_of(width: int, height: int) -> str:
    """The common name of a picture's size: 1920x800 and 1440x1080 are ``1080p``."""
    for lines, least in ((2160, 3000), (1080, 1800), (720, 1200)):
        if width >= least or height > lines * 0.9:
            return f"{lines}p"
    return "576p" if height > 540 else "480p" if width >= 600 or height >= 400 else "360p"


@lru_cache(maxsize=4096)
def _meaning(key: str) -> Meaning:
    """The meaning of a word that is in no list: by its digits, by its letters, or none."""
    if not key.isascii() and "х" not in key:
        facts = languages.han(key)
        return Meaning(STRONG, facts) if facts else Meaning()
    if key.isalpha():
        facts = languages.compound(key)
        return Meaning(STRONG, facts) if facts else Meaning()
    match = _DIGITS.fullmatch(key)
    return _of_digits(match) if match else Meaning()


def _of_digits(match: re.Match[str]) -> Meaning:
    said = {name: value for name, value in match.groupdict().items() if value}
    for name, read in _FORMS.items():
        if name in said:
            facts = read(said)
            return Meaning(STRONG if facts else UNKNOWN, facts)
    return Meaning(STRONG, (("", ""),))


_LINES = frozenset({4320, 2160, 1440, 1080, 720, 576, 540, 480, 360, 240})


def lines_named(lines: int, scan: str = "p") -> str:
    """``1080i``; a height that is only the picture's within the frame ("816p") as the common one around it."""
    if lines in _LINES:
        return f"{lines}{scan}"
    return next((f"{common}p" for common in (360, 480, 576, 720, 1080, 2160) if lines <= common), "2160p")


def _glued_audio(said: _Said) -> tuple[Fact, ...]:
    """``DDP5`` before a ``1``, ``DD51``, ``AC3x2``."""
    known = _TABLE[said["audio"]].facts
    if "front" in said and "back" in said:
        return (*known, ("channels", f"{said['front']}.{said['back']}"))
    return (*known, ("front", said["front"])) if "front" in said else known


def _facts_of(key: str) -> tuple[Fact, ...]:
    return _TABLE.get(key, Meaning()).facts


# By the first group of `_DIGITS` that is there.
_FORMS: Mapping[str, Callable[[_Said], tuple[Fact, ...]]] = {
    "audio": _glued_audio,
    "lines": lambda said: (("resolution", lines_named(int(said["lines"]), said["scan"])),),
    "glued": lambda said: (("resolution", said["glued"] + said.get("how", "p")), *_facts_of(said["before"])),
    "width": lambda said: (("resolution", lines_of(int(said["width"]), int(said["height"]))),),
    "episode": lambda said: (("season", said["season"]), ("episode", said["episode"])),
    "season": lambda said: (("season", said["season"]),),
    "s": lambda said: (("season", said["s"]), ("episode", said.get("e") or said["ep"])),
    "spelt": lambda said: (("season", said["spelt"]),),
    "alone": lambda said: (("episode", said["alone"]),),
    "codec": lambda said: _facts_of(said["codec"]),
    "times": lambda said: _facts_of(said["times"]),
    "disc": lambda said: _facts_of(said["disc"]),
    "channels": lambda said: (("channels", _CHANNELS[said["channels"]]),),
}


# -- the words of a name

_PIECE = re.compile(r"[\[\](){}【】「」]|[^\W_]+(?:['’`´ʼ][^\W_]+)*")
_OPEN, _CLOSE = frozenset("[({【「"), frozenset("])}】」")
_APOSTROPHES = str.maketrans("", "", "'’`´ʼ")


@lru_cache(maxsize=4096)
def fold(word: str) -> str:
    """Lower case without accents and apostrophes."""
    if word.isascii():
        return word.lower().translate(_APOSTROPHES)
    letters = unicodedata.normalize("NFKD", word.translate(_APOSTROPHES)).casefold()
    return unicodedata.normalize("NFC", "".join(one for one in letters if not unicodedata.combining(one)))


class _Piece(NamedTuple):
    key: str
    start: int
    end: int
    bracket: int


def _pieces(text: str) -> list[_Piece]:
    """The single words of a text, with the number of the brackets each stands in."""
    found: list[_Piece] = []
    opened, stack = 0, [0]
    for match in _PIECE.finditer(text):
        word = match[0]
        if word in _OPEN:
            opened += 1
            stack.append(opened)
        elif word in _CLOSE:
            if len(stack) > 1:
                stack.pop()
        else:
            found.append(_piece(text, word, match.start(), match.end(), stack[-1]))
    return found


def _piece(text: str, word: str, start: int, end: int, bracket: int) -> _Piece:
    """A word; with the plus behind it where that makes it another ("DD+", "HDR10+")."""
    key = fold(word)
    if text[end : end + 1] == "+" and f"{key}+" in _TABLE:
        follows = text[end + 1 : end + 6].lower()
        # "DD+AAC" are two.
        if not follows[:1].isalpha() or follows == "atmos":
            return _Piece(f"{key}+", start, end + 1, bracket)
    return _Piece(key, start, end, bracket)


def tokenise(text: str) -> list[Token]:
    """The words of a text in their order, those that mean one thing together as one."""
    pieces = _pieces(text)
    tokens: list[Token] = []
    index, behind = 0, 0
    while index < len(pieces):
        size, meaning = _longest_known(text, pieces, index)
        start, end = pieces[index].start, pieces[index + size - 1].end
        key = " ".join(piece.key for piece in pieces[index : index + size])
        bracket = pieces[index].bracket
        tokens.append(Token(text[start:end], key, start, end, text[behind:start], bracket, *meaning))
        index, behind = index + size, end
    return tokens


def _longest_known(text: str, pieces: Sequence[_Piece], index: int) -> tuple[int, Meaning]:
    """How many words from here mean one thing, and what."""
    key = pieces[index].key
    for size in range(_reach(text, pieces, index), 1, -1):
        meaning = _TABLE.get(" ".join(piece.key for piece in pieces[index : index + size]))
        if meaning:
            return size, meaning
    meaning = _TABLE.get(key) or _meaning(key)
    return _with_numbers(text, pieces, index, meaning)


def _reach(text: str, pieces: Sequence[_Piece], index: int) -> int:
    """How many words from here could be one spelling: none over a bracket, a comma or a dash between blanks."""
    most = min(_LONGEST.get(pieces[index].key, 1), len(pieces) - index)
    size = 1
    while size < most and _joined(text, pieces[index + size - 1], pieces[index + size], _JOINTS):
        size += 1
    return size


def _joined(text: str, one: _Piece, two: _Piece, joints: frozenset[str]) -> bool:
    return text[one.end : two.start] in joints


def _with_numbers(text: str, pieces: Sequence[_Piece], index: int, meaning: Meaning) -> tuple[int, Meaning]:
    """Channels, seasons and anniversaries, which a number before or behind belongs to."""
    if index + 1 == len(pieces):
        return 1, meaning
    here, after = pieces[index], pieces[index + 1]
    front = here.key if len(here.key) == 1 and here.key.isdecimal() else dict(meaning.facts).get("front")
    back = _BACK.fullmatch(after.key) if front else None
    if back and _joined(text, here, after, _POINTS):
        facts = (*(fact for fact in meaning.facts if fact[0] != "front"), ("channels", f"{front}.{back[1]}"))
        return 2, Meaning(max(meaning.strength, INNER), facts)
    if after.key == "anniversary" and _ORDINAL.fullmatch(here.key):
        size, _ = _longest_known(text, pieces, index + 1)
        return size + 1, Meaning(FIRM, (("edition", f"{here.key} Anniversary"),))
    opens = index == 0 or pieces[index - 1].key not in vocabulary.NO_SEASON_AFTER
    if here.key in vocabulary.SEASON_WORDS and len(after.key) <= 2 and after.key.isdecimal() and opens:
        return 2, Meaning(STRONG, (("season", after.key),))
    if here.key == "episode" and 2 <= len(after.key) <= 4 and after.key.isdecimal():
        return 2, Meaning(STRONG, (("episode", after.key),))
    if meaning.facts and meaning.facts[0][0] == "season" and len(meaning.facts) == 1:
        episode = _meaning(after.key).facts
        if episode and episode[0][0] == "episode":
            return 2, Meaning(STRONG, (*meaning.facts, *episode))
    return 1, meaning
