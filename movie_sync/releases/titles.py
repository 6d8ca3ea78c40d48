"""The title key: one spelling for the many ways a title is written. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_ROMAN = {
    "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10",
    "xi": "11", "xii": "12", "xiii": "13", "xiv": "14", "xv": "15", "xvi": "16",
}  # fmt: skip
_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
    "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19", "twenty": "20",
}  # fmt: skip
_SHORT = {"versus": "vs", "doctor": "dr", "mister": "mr", "saint": "st"}
_COUNTED = frozenset({"part", "pt", "vol", "volume", "chapter"})
_ARTICLES = "the|a|an|le|la|les|l|der|die|das|el|los|las|il|lo|gli"
_ARTICLE_WORDS = frozenset(_ARTICLES.split("|"))
_ENGLISH_ARTICLES = frozenset({"the", "a", "an"})
_TURNED = re.compile(rf"^(?P<rest>.+), (?P<article>{_ARTICLES})$")
_APOSTROPHES = re.compile(r"['’`´ʼ]")
_GAPS = re.compile(r"[\W_]+")
_SPECIAL = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


@lru_cache(maxsize=4096)
def title_words(title: str) -> tuple[str, ...]:
    """The words two spellings of one title share; () when it has no letters and digits.

    Accents off, case folded, ``&`` and ``and`` left out between words, apostrophes joined, "X, The" turned, roman
    numerals and number words to digits, Part/Vol/Chapter before a number dropped, "Doctor" and "versus" as they are
    shortened. Cyrillic and other scripts stay in their own letters.
    """
    text = title.translate(_SUPERSCRIPTS)
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in text if not unicodedata.combining(char))
    text = text.casefold().strip()
    if not text.isascii():
        text = text.translate(_SPECIAL)
    if turned := _TURNED.match(text):
        text = f"{turned['article']} {turned['rest']}"
    text = _APOSTROPHES.sub("", text).replace("&", " and ").replace("+", " and ")
    words = [word for word in _GAPS.sub(" ", text).split() if word]
    return tuple(_numbered(_without_and(words)))


def title_key(title: str) -> str:
    """The words of a title without blanks, so that joined words and single initials ("S.W.A.T.") are alike too.

    Measured: with equal year, equal keys were never two films in 1,089 near misses.
    """
    return "".join(title_words(title))


def without_articles(words: Sequence[str]) -> tuple[str, ...]:
    """The words without "the", "a", "an" and a first "der", "la", …; all of them when there is nothing else."""
    rest = words[1:] if words and words[0] in _ARTICLE_WORDS else words
    return tuple(word for word in rest if word not in _ENGLISH_ARTICLES) or tuple(words)


def _without_and(words: list[str]) -> list[str]:
    """Names of files often leave the sign out: "Fast.Furious.6". At either end the word belongs to the title."""
    return [word for place, word in enumerate(words) if word != "and" or place in {0, len(words) - 1}]


def _numbered(words: list[str]) -> list[str]:
    """Words with numerals as digits, without a Part or Volume before them; a leading "V" is a letter, and most "I"."""
    out: list[str] = []
    for index, word in enumerate(words):
        digits = _WORDS.get(word) or (_ROMAN.get(word) if index else None)
        if out and out[-1] in _COUNTED and (digits or word.isdigit() or word == "i"):
            out.pop()
            digits = "1" if word == "i" else digits
        out.append(digits or _SHORT.get(word, word))
    return out
