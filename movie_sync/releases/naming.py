"""Take the name of a release, a file or a folder apart, and find the title in it. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from movie_sync.releases import vocabulary
from movie_sync.releases.vocabulary import ARTICLES
from movie_sync.releases.words import FIRM, LOUD, STRONG, UNKNOWN, WEAK, Token, tokenise
from movie_sync.releases.years import find_years, is_year, leading_year

# Longer names exist only to hurt.
MAX_NAME = 400
_DOMAIN = (
    r"(?:com|org|net|ro|io|to|me|tv|cc|info|biz|xyz|pw|in|is|ws|eu|fr|es|it|de|ru|ua|pl|uk|se|mx|am|lt|ag|re|pro|vip"
    r"|site|club|top|link|lol|bz|nl|cz|li|la|sx|fm|best|app|live|life|icu|fun|one|hair|boats|party|phd|cam|cafe|show)"
)
_SITE = re.compile(
    r"[\s\[({【<]*www\d?[., _]{1,3}[\w-]{1,40}(?:[., _][\w-]{1,20}){1,3}?(?:\s{0,9}[\])}】>]|(?=\s{1,9}-))[\s._-]*"
    r"|[\s\[({【<]*www\d?\.[\w-]{1,40}\.[a-z]{2,12}\b[\s\])}】>@._-]*"
    rf"|\s*[\[({{【]\s*[\w-]{{1,40}}(?:\.[\w-]{{1,20}})?\.{_DOMAIN}\s*[\])}}】][\s._-]*"
    rf"|\s*[\w-]{{1,40}}\.{_DOMAIN}\s{{1,9}}-\s*",
    re.I,
)
# A season's mark between the group and the title, as groups that subtitle write it.
_STARRED = re.compile(r"(【[^】]{1,60}】|\[[^\]]{1,60}\])\s*★[^★]{1,60}★")
_ENDING = re.compile(r"[. ]([A-Za-z0-9]{2,7})$")
_ENDINGS = vocabulary.CONTAINERS | vocabulary.SUBTITLE_FILES | vocabulary.OTHER_FILES
# Endings that are words as well are endings behind a dot only.
_WORDY = frozenset({"sub", "ts", "ass", "ssa", "sup", "idx"})
_EDGES = " \t\n\r.,-–—_[](){}【】「」|/\\:;~+*★«»<>=@&"
_BLANKS = str.maketrans(dict.fromkeys("._()[]{}【】「」★", " "))
_CJK = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
    r"(?:[\u3000-\u9fff\uac00-\ud7a3\uff00-\uffef0-9\s]*[\u3040-\u9fff\uac00-\ud7a3！？])?"
)
_SQUARE = re.compile(r"[\[{【][^\[\]{}【】]*[\]}】]?")
_ALSO = re.compile(r" (?:/|\||AKA|aka|Aka|a k a|A K A) ")
_NUMBERED = re.compile(
    r"(?:\b1\s?[-–]\s?\d{1,2}|\b1\s?&\s?2|\b1(?:\s?[,+&]\s?\d{1,2}){2,40}"
    r"|\bI\s?[-–]\s?[IVX]{1,5}|\bI(?:\s?[,+&]\s?[IVX]{1,5}){1,20})$"
)
_DUBBING_MARKS = frozenset("dl ld md ml dubbed ac3d subbed".split())


@dataclass(slots=True)
class Reading:
    """A name taken apart.

    Attributes:
        text: Without a site before it and without a file's ending.
        ending: That ending, lower case; "" when there is none.
        first: Where the title's words begin among the tokens.
        end: Where the technical ones begin.
        years: Likeliest first.
        pack: Several films.
    """

    text: str
    ending: str
    tokens: list[Token]
    first: int = 0
    end: int = 0
    years: tuple[int, ...] = ()
    pack: bool = False
    title: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def technical(self) -> list[Token]:
        """What is not title: the words behind it, and those in brackets before it."""
        return [*self.tokens[: self.first], *self.tokens[self.end :]]


def read_name(name: str) -> Reading:
    """Take a name apart and find the title in it."""
    text = name[:MAX_NAME] if name.isascii() else unicodedata.normalize("NFC", name[:MAX_NAME])
    site = _SITE.match(text)
    text = (text[site.end() :] if site else text).strip()
    text = _STARRED.sub(r"\1", text, count=1) if "★" in text else text
    match, ending = _ENDING.search(text), ""
    if match and match[1].lower() in _ENDINGS and not (match[1].lower() in _WORDY and match[0][0] == " "):
        ending, text = match[1].lower(), text[: match.start()].rstrip()
    reading = Reading(text, ending, tokenise(text))
    if reading.tokens:
        _place(reading)
    _entitle(reading)
    return reading


# -- where the title begins and ends


def _place(reading: Reading) -> None:
    """Find the years, and where the title begins and ends."""
    tokens = reading.tokens
    reading.first = _first(tokens)
    technical = _first_strong(tokens, reading.first)
    years = find_years(tokens, reading.first, technical)
    leading = None if years.places else leading_year(tokens, technical)
    if leading is not None:
        reading.first, technical = 1, _first_strong(tokens, 1)
    reading.years = (leading,) if leading is not None else years.all(tokens)
    reading.end = min(technical, *years.places[:1], *years.breaks, len(tokens))
    if reading.end == len(tokens):
        reading.end = _loud_source(reading)
    reading.end = _cut_back(reading, dated=reading.end in years.places)
    reading.end = _before_brackets(reading)
    reading.pack = _says_pack(reading, dated=bool(years.places)) or years.ranged


def _first(tokens: Sequence[Token]) -> int:
    """Where the title begins: behind brackets and a broadcaster before it; 0 when nothing would be left."""
    index, opened = 0, tokens[0].gap
    if "(" in opened and tokens[0].key not in vocabulary.GENRES:
        return 0
    while index < len(tokens) and tokens[index].bracket:
        index += 1
    if index and (index == len(tokens) or tokens[index].key.isdecimal() or not _may_begin(tokens[index])):
        # Nothing but brackets, and the title in the second: "[GRP][Title][01]".
        second = next((place for place in range(index) if tokens[place].bracket != tokens[0].bracket), 0)
        if second and _may_begin(tokens[second]):
            return second
        # "[REC] 2 (2009)" is called so.
        return index if all(map(_may_begin, tokens[index : index + 2])) and len(tokens) > index + 1 else 0
    if tokens[index].key in vocabulary.BROADCASTERS and tokens[index].text.isupper():
        return index + 1 if len(tokens) > index + 2 and _may_begin(tokens[index + 1]) else index
    return index


def _may_begin(token: Token) -> bool:
    return token.strength < WEAK and not is_year(token)


def _first_strong(tokens: Sequence[Token], first: int) -> int:
    strong = (index for index in range(first + 1, len(tokens)) if tokens[index].strength == STRONG)
    return next(strong, len(tokens))


def _loud_source(reading: Reading) -> int:
    """Where a source in capitals stands in a name with nothing technical besides ("Title.TS.Somebody")."""
    for index, token in enumerate(reading.tokens[reading.first + 1 :], reading.first + 1):
        if token.says("source") and len(token.key) < 4 and token.text.isupper() and _is_loud(reading, token):
            return index
    return reading.end


def _before_brackets(reading: Reading) -> int:
    """Where the brackets begin that hold the first technical word, or those end that hold the title.

    "Title (of somebody, 1967)"; "[GRP][Title][01]".
    """
    tokens, first, end = reading.tokens, reading.first, reading.end
    inside = tokens[first].bracket
    if first and inside:
        return next((index for index in range(first, end) if tokens[index].bracket != inside), end)
    if end < len(tokens) and tokens[end].bracket not in {0, inside}:
        while end - 1 > first and tokens[end - 1].bracket == tokens[reading.end].bracket:
            end -= 1
    return end


def _cut_back(reading: Reading, *, dated: bool) -> int:
    """Where the title ends when technical words right before the year or the first strong word are left out."""
    tokens, end = reading.tokens, reading.end
    begin = end
    while begin - 1 > reading.first and tokens[begin - 1].strength > UNKNOWN:
        begin -= 1
    for index in range(begin, end):
        if _ends_title(reading, index, dated=dated) and (end < len(tokens) or _sure_at_end(reading, index)):
            return index
    return end


def _sure_at_end(reading: Reading, index: int) -> bool:
    """With neither year nor strong word in the name, one weak word at its end may be the title's last."""
    token = reading.tokens[index]
    if len(reading.tokens) - index > 1 or token.strength == FIRM or token.bracket or token.says("pack"):
        return True
    return _is_loud(reading, token) or (token.says("sample") and token.gap in {"-", "."})


def _ends_title(reading: Reading, index: int, *, dated: bool) -> bool:
    """True when a word directly before the technical part belongs to that."""
    tokens, token = reading.tokens, reading.tokens[index]
    if (tokens[index - 1].key in ARTICLES or "&" in token.gap) and not token.key.startswith("the "):
        return False
    if token.strength == FIRM or token.bracket > tokens[reading.first].bracket or _lists_languages(tokens, index):
        return True
    if token.says("pack"):
        return not dated or ("pack", "sure") in token.facts
    if token.strength >= LOUD and _is_loud(reading, token):
        return True
    if token.strength < WEAK:
        return False
    if token.says("name"):
        return _is_language(reading, index, dated=dated)
    return not dated and not (token.key == "web" and _names_source(tokens[index + 1 :]))


def _is_loud(reading: Reading, token: Token) -> bool:
    """In capitals (``iTALiAN`` too) while the title is not."""
    text = token.text
    if text.islower() or text.istitle() or not text[0].isalpha():
        return False
    return not reading.text[reading.tokens[reading.first].start : token.start].isupper()


def _lists_languages(tokens: Sequence[Token], index: int) -> bool:
    """Two languages side by side, or one and "subs"; codes in capitals, for "It" and "No" are words."""
    pair = tokens[index : index + 2]
    if len(pair) < 2 or not pair[0].says("name", "code", "sub", "shy"):
        return False
    if pair[1].says("subword", "dubword"):
        return True
    return all(token.says("name", "code", "sub") or (token.says("shy") and token.text.isupper()) for token in pair)


def _is_language(reading: Reading, index: int, *, dated: bool) -> bool:
    """True when a language's name there is the release's, not the title's ("The Good German", "Broken English")."""
    tokens = reading.tokens
    article = tokens[reading.first].key in ARTICLES
    dubbed = any(token.key in _DUBBING_MARKS for token in tokens[index + 1 :])
    if not dated:
        return not article or dubbed or index - reading.first > 2
    if tokens[reading.end].bracket or tokens[index].key == "english":
        return False
    return dubbed or not article


def _names_source(tokens: Sequence[Token]) -> bool:
    return any(token.strength == STRONG and token.says("source") for token in tokens)


# -- packs


def counts_films(tokens: Sequence[Token], index: int) -> bool:
    """True for the word "movies" behind a number or "all"."""
    if not index or tokens[index].key not in vocabulary.FILM_WORDS:
        return False
    number = tokens[index - 2 if index > 1 and tokens[index - 1].key == "hd" else index - 1].key
    return number == "all" or (number.isdecimal() and 1 < int(number[-4:]) < 100)


def _says_pack(reading: Reading, *, dated: bool) -> bool:
    """True when the name is of several films; the words that say it leave the title."""
    tokens, found = reading.tokens, False
    for index in range(reading.first, len(tokens)):
        token = tokens[index]
        # "The Family Collection (2012)" is a film.
        if dated and index < reading.end and ("pack", "sure") not in token.facts:
            continue
        if (token.says("pack") or counts_films(tokens, index)) and _cut_pack(reading, index):
            found = True
    return found


def _cut_pack(reading: Reading, index: int) -> bool:
    """End the title before a pack's word; False when that is the title's ("The Collection", "Trilogy of Terror")."""
    tokens, first = reading.tokens, reading.first
    if index > reading.end:
        return True
    if index == first:
        after = tokens[index + 1 : index + 2]
        return bool(after) and after[0].key not in ARTICLES and after[0].strength == UNKNOWN
    while index > first and (tokens[index - 1].key in vocabulary.PACK_FILLERS or tokens[index - 1].key.isdecimal()):
        index -= 1
    if index == first or (index == first + 1 and tokens[first].key in ARTICLES):
        return False
    reading.end = index
    return True


# -- the title itself


def _entitle(reading: Reading) -> None:
    """Cut the title out of the text, and split other titles from it."""
    tokens, text = reading.tokens, reading.text
    before = tokens[reading.first - 1 : reading.first] if reading.first else []
    end = tokens[reading.end].start if reading.end < len(tokens) else len(text)
    title, inside = text[before[0].end if before else 0 : end].strip(_EDGES), ""
    if "(" in title:
        title, inside = _without_brackets(title, reading)
    title = _SQUARE.sub(" ", title).strip(_EDGES) or title
    numbered = None if reading.years else _NUMBERED.search(title)
    if numbered and numbered.start():
        reading.pack, title = True, title[: numbered.start()].rstrip(_EDGES)
    spellings = _spellings(title)
    if inside:
        spellings += [_plain(inside), f"{spellings[0]} {_plain(inside)}"]
    if before and not before[0].bracket:
        spellings.append(f"{before[0].text} {spellings[0]}")  # "BBC Earth", "2001 A Space Odyssey".
    reading.title, reading.aliases = spellings[0], tuple(spellings[1:])


def _without_brackets(title: str, reading: Reading) -> tuple[str, str]:
    """Take round brackets off a title's end: whose film it is, dropped, or another title of it.

    "Title - (Name) - 1948" and "Title (Name) [1984, drama, …]" name the director. Else it may be another title or a
    part of this one ("La Défense Lincoln (The Lincoln Lawyer)"), unless a small word goes before ("Birdman or (…)").
    """
    before, _, inside = title.partition("(")
    bare, inside = before.rstrip(), inside.rstrip(_EDGES)
    after = reading.tokens[reading.end + 1 : reading.end + 2]
    listed = bool(reading.years and after and "," in after[0].gap and after[0].bracket)
    if bare and (listed or bare.endswith("-") or " / " in inside):
        return bare.rstrip(_EDGES), ""
    words = bare.replace(".", " ").split()
    if not words or words[-1].lower() in {*ARTICLES, "can"} or _is_latin(bare) != _is_latin(inside):
        return title, ""
    return (bare, inside) if len(inside) > 3 and ")" not in inside and not inside.isdecimal() else (title, "")


def _spellings(title: str) -> list[str]:
    """The title, then its other spellings; one in Latin letters first where the first is in others."""
    if title.isascii():
        parts = _ALSO.split(_plain(title))
    else:
        outer, _, inner = title.partition("(")
        if inner and not _is_latin(outer) and _is_latin(inner):
            title = f"{outer} / {inner}"
        if not _is_latin(title.partition("/")[0]):
            title = title.replace("/", " / ")
        parts = [one for part in _ALSO.split(_plain(title)) for one in _scripts(part)]
    parts = list(dict.fromkeys(part for part in (part.strip(_EDGES) for part in parts) if part)) or [title.strip()]
    latin = next((part for part in parts if _is_latin(part)), parts[0])
    return [latin, *(part for part in parts if part != latin)]


def _plain(title: str) -> str:
    """Dots, underscores and brackets to blanks."""
    return " ".join(title.translate(_BLANKS).split())


def _is_latin(text: str) -> bool:
    """True for letters mostly of the Latin blocks, accented ones too; and for no letters at all."""
    letters = [letter for letter in text.lower() if letter.isalpha()]
    return 2 * sum("a" <= letter <= "ɏ" or "ḁ" <= letter <= "ỿ" for letter in letters) >= len(letters)


def _scripts(title: str) -> list[str]:
    """A title in Han letters, kana or hangul apart from a Latin one beside it."""
    others = _CJK.findall(title)
    latin = _CJK.sub(" ", title).strip(_EDGES) if others else ""
    if sum("a" <= letter <= "ɏ" for letter in latin.lower()) < 2:
        return [title]
    return [" ".join(latin.split()), " ".join(others)]
