"""The years in a release name: which could be the film's. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from movie_sync.releases.vocabulary import FILM_WORDS
from movie_sync.releases.words import INNER, WEAK, Token

# Anything like a year; the second are those films are from (Roundhay Garden Scene was shot in 1888).
_ODD_YEARS, _YEARS = range(1870, 2100), range(1888, 2036)
_DASHES = frozenset({"-", "–", "—", "~"})


class Years(NamedTuple):
    """Places are indices of tokens.

    Attributes:
        places: Of what could be the film's year, the likeliest first; years still to come only behind another.
        breaks: Of ranges ("1987-1992") and whole dates, which are no film's year; a title ends before them.
        ranged: There is a range.
    """

    places: tuple[int, ...]
    breaks: tuple[int, ...]
    ranged: bool

    def all(self, tokens: Sequence[Token]) -> tuple[int, ...]:
        """The years at those places, each once."""
        return tuple(dict.fromkeys(year_of(tokens[place]) for place in self.places))


def is_year(token: Token) -> bool:
    """True for four digits like a year, also as ``2010г``."""
    key = token.key
    if len(key) == 5 and key[4] == "г":
        key = key[:4]
    return len(key) == 4 and key.isascii() and key.isdecimal() and int(key) in _ODD_YEARS


def year_of(token: Token) -> int:
    """The year a token is."""
    return int(token.key[:4])


def find_years(tokens: Sequence[Token], first: int, technical: int) -> Years:
    """The years behind a title's first word.

    The last one before the technical words is the likeliest, one in brackets before others.

    Args:
        tokens: All words of the name.
        first: Where the title begins; a number there belongs to it.
        technical: Where the first word stands that no title has.
    """
    places = [index for index in range(first + 1, len(tokens)) if is_year(tokens[index])]
    packed = any(token.says("pack") or token.key in FILM_WORDS for token in tokens) if len(places) > 1 else False
    ranges = [index for index in places if _begins_range(tokens, index, packed=packed)]
    dates = [index for index in places if _begins_date(tokens[index + 1 : index + 3])]
    taken = {*ranges, *(index + 1 for index in ranges), *dates}
    ordered = _by_likelihood(tokens, [index for index in places if index not in taken], technical)
    return Years(tuple(ordered), (*ranges, *dates), bool(ranges))


def leading_year(tokens: Sequence[Token], technical: int) -> int | None:
    """The year before a title, where no other is: ``(2001) Title``, ``2001 - Title``, ``2001 Two Words``."""
    if len(tokens) < 2 or not is_year(tokens[0]) or tokens[1].strength > WEAK or year_of(tokens[0]) not in _YEARS:
        return None
    bracketed = tokens[0].bracket and tokens[1].bracket != tokens[0].bracket
    words = sum(token.strength <= INNER for token in tokens[1:technical])
    plain = words > 1 and tokens[1].gap in {" ", ".", "_"}
    return year_of(tokens[0]) if bracketed or plain or tokens[1].gap == " - " else None


def _begins_range(tokens: Sequence[Token], index: int, *, packed: bool) -> bool:
    """True for "1987-1992" and "(1988 - 89)"; "Wonder Woman 1984 - 2020" is none."""
    one, two = tokens[index], tokens[index + 1] if index + 1 < len(tokens) else None
    if two is None or two.gap.strip() not in _DASHES:
        return False
    if is_year(two):
        return one.key < two.key and (packed or bool(one.bracket) or " " not in two.gap)
    return bool(one.bracket) and two.bracket == one.bracket and len(two.key) == 2 and two.key.isdecimal()


def _begins_date(after: Sequence[Token]) -> bool:
    """True when a month and a day stand behind a year."""
    if len(after) < 2 or after[0].gap != after[1].gap or not all(token.key.isdecimal() for token in after):
        return False
    month, day = after[0].key, after[1].key
    return len(month) == len(day) == 2 and "01" <= month <= "12" and "01" <= day <= "31"


def _by_likelihood(tokens: Sequence[Token], places: Sequence[int], technical: int) -> list[int]:
    likely = [place for place in places if year_of(tokens[place]) in _YEARS]
    before = [place for place in reversed(likely) if place <= technical]
    bracketed = [place for place in before if tokens[place].bracket]
    return list(dict.fromkeys((*bracketed[:1], *before, *likely, *places))) if likely else []
