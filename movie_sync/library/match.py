"""Is this path that film? Certain, probable or different, with the reason. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Literal

from movie_sync.movie import Movie, ParsedName
from movie_sync.releases.parse import parse_name
from movie_sync.releases.titles import title_words, without_articles

Verdict = Literal["certain", "probable", "different"]
Words = tuple[str, ...]

# Raised whenever the same path could be read differently: what was read before is then read again.
READING_VERSION = 2
# A name of fewer words without a year is too common to say anything ("The Thing.mkv").
MIN_WORDS_UNDATED = 3
# A title of so many words, with its year, is recognised in a part of the name or without its first article too; a
# shorter one may be another film ("The Black Dahlia" and "Black Dahlia" are both of 2006).
MIN_WORDS_LONG = 3

_ID = re.compile(r"[\[{(](?:imdb(?:id)?[-= ]?)?(tt\d{7,10})[\]})]|[\[{(]tmdb(?:id)?[-= ]?(\d+)[\]})]", re.I)
# A file or folder beside a film that is no film itself.
_NO_FILM = re.compile(
    r"^(?:samples?|extras?|featurettes?|bonus|trailers?|behind the scenes|deleted scenes|interviews?|season[ .]?\d{1,2}"
    r"|s\d{1,2}(?:e\d{1,3})?)(?:\.\w{2,4})?$|[-. ](?:sample|trailer)\.\w{2,4}$"
    r"|[-. (\[](?:behind the scenes|deleted scenes|featurette)[)\]]?(?:\.\w{2,4})?$",
    re.I,
)
# A folder or file of this name says nothing of a film: shelves, discs, hashes.
_MEANINGLESS = re.compile(
    r"^(?:(?:movies?|films?|filme|videos?|downloads?|complete|cd\s*\d|disc\s*\d|bdmv|stream|video_ts|vts[_\d]*"
    r"|[\da-f]{16,}|\d{5})(?:\.\w{2,4})?)$",
    re.I,
)
# Words in brackets before the year or around it: a cut, a director, a second title.
_BRACKETS = re.compile(r"(?<=.)[(\[]([^()\[\]]+)[)\]]")
_LETTER = re.compile(r"[^\W\d_]")
_YEAR = re.compile(r"(?<!\d)(?:18|19|20)\d\d(?!\d)")
# A tag in front of everything ("[Group] Film (1997)"); a title may stand in brackets too ("[REC] (2007)").
_TAG_FIRST = re.compile(r"^\s*[(\[【][^()\[\]【】]*[)\]】][ ._-]*(?=[^\W\d_])")
# Names of torrents give two titles with a slash between them, which no name on a disk can.
_TWO_TITLES = re.compile(r"^([^(\[/]*\w) / (?=\w)")
# Scene rule for file names: the group in front, all in lower case ("grp-film.of.mine.2016.1080p.mkv").
_GROUP_FIRST = re.compile(r"^[a-z\d]{2,8}-(?=[a-z\d])(?=[^A-Z]*$)")
_DOTS = ("…", "..")


@dataclass(frozen=True, slots=True)
class Match:
    """What a comparison came to.

    Attributes:
        verdict: ``certain`` is safe to act on, ``probable`` is worth a question.
        because: One sentence, without a full stop, with what was compared.
    """

    verdict: Verdict
    because: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One film a path could mean.

    Attributes:
        words: As title_words gives them; not empty.
        year: None when the path has none.
        sure: False for a guess (words in brackets, a group cut off): a short title is then never more than probable.
    """

    words: Words
    year: int | None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class PathFacts:
    """What a path says of the film in it.

    Attributes:
        no_film: Why it is no film ("an episode"), None when it may be one.
        ids: ``imdb:tt0133093``, ``tmdb:603``; of each kind the one nearest to the file.
        readings: Likeliest first; may be empty.
    """

    no_film: str | None = None
    ids: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class FilmForms:
    """A film as names are compared with it.

    Attributes:
        titles: The words of its title and other titles, each once, not empty; with False where a short one has twins.
        year: None when undated.
        ids: As in PathFacts.
    """

    titles: tuple[tuple[Words, bool], ...]
    year: int | None
    ids: tuple[str, ...]


_DIFFERENT = Match("different", "the title differs")
_RANK: dict[Verdict, int] = {"different": 0, "probable": 1, "certain": 2}


def match(movie: Movie, path: str) -> Match:
    """Say whether a path is a film.

    Args:
        movie: Compared by its ids, its title and its other titles.
        path: Of a file or folder, relative to the library, with ``/`` between its parts; or a release name.
    """
    return judge(film_forms(movie), read_path(path))


def film_forms(movie: Movie) -> FilmForms:
    """What names are compared with. Titles that begin with dots have twins without ("…Lost", "Lost")."""
    titles: dict[Words, bool] = {}
    for title in (movie.title, *movie.alt_titles):
        if words := title_words(title):
            titles[words] = titles.get(words, False) or not title.lstrip().startswith(_DOTS)
    ids = [f"imdb:{movie.imdb_id}"] if movie.imdb_id else []
    if movie.tmdb_id and movie.tmdb_id.startswith("movie/"):
        ids.append(f"tmdb:{movie.tmdb_id.removeprefix('movie/')}")
    return FilmForms(tuple(titles.items()), movie.year, tuple(ids))


# -- reading a path


@lru_cache(maxsize=2048)
def read_path(path: str) -> PathFacts:
    """Read what a path says.

    The base name counts; where it has no year, the nearest parent folder that has one. Samples, extras, episodes and
    packs are no film, wherever in the path that is said; a pack's folder may hold films.
    """
    parts = PurePosixPath(_TWO_TITLES.sub(r"\1 AKA ", path).replace(" / ", " ")).parts
    if any(_NO_FILM.search(part) for part in parts):
        return PathFacts("a sample, extra or episode")
    ids = _ids(parts)
    undated: list[Reading] = []
    for place, part in enumerate(reversed(parts)):
        if _MEANINGLESS.match(part):
            continue
        parsed = parse_name(part)
        if no_film := _no_film(parsed):
            return PathFacts(no_film)
        if parsed.pack:
            if place == 0:
                return PathFacts("a pack of several films", ids)
            continue
        readings = list(_readings(part, parsed))
        if parsed.years:
            above = parts[-place - 2] if place + 1 < len(parts) else ""
            found = [*readings, *_second_opinion(above, readings)]
            if any(_numbered_on(one.words, undated) for one in readings):
                found = [replace(one, sure=False) for one in found]
            return PathFacts(None, ids, tuple(dict.fromkeys(found)))
        undated = undated or readings
    return PathFacts(None, ids, tuple(dict.fromkeys(undated)))


def _ids(parts: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for part in reversed(parts):
        for one in _ID.finditer(part):
            scheme, value = ("imdb", one[1].lower()) if one[1] else ("tmdb", one[2])
            found.setdefault(scheme, value)
    return tuple(f"{scheme}:{value}" for scheme, value in found.items())


def _no_film(parsed: ParsedName) -> str | None:
    if parsed.season is not None:
        return "an episode or season of a series"
    if parsed.sample:
        return "a sample"
    return "an extra" if parsed.extra else None


def _readings(part: str, parsed: ParsedName) -> Iterator[Reading]:
    """Every film one part of a path could mean, likeliest first."""
    years = parsed.years or (None,)
    sure = not part.startswith(_DOTS)
    brackets = next((one for one in _BRACKETS.finditer(part) if _LETTER.search(one[1])), None)
    inside = title_words(_YEAR.sub(" ", brackets[1])) if brackets else ()
    for title in parsed.titles:  # a second title in brackets may be a director or a place as well
        yield from _of(title, years, sure=sure and (title is parsed.title or title_words(title) != inside))
    if _GROUP_FIRST.match(part):
        for title in parsed.titles:
            yield from _of(title.partition("-")[2], years, sure=False)
    if tag := _TAG_FIRST.match(part):
        yield from _of(parse_name(part[tag.end() :]).title, years, sure=sure)
    if brackets and _YEAR.search(part, brackets.start()):
        yield from _of(parse_name(part[: brackets.start()]).title, years, sure=sure)
        yield from _of(" ".join(inside), years, sure=False)


def _of(title: str, years: Sequence[int | None], *, sure: bool) -> Iterator[Reading]:
    if words := title_words(title):
        for year in years:
            yield Reading(words, year, sure)


def _second_opinion(folder: str, readings: Sequence[Reading]) -> Iterator[Reading]:
    """The film its folder names, when file and folder are of one year and the file's title has more words around it."""
    words = title_words(folder)
    if not folder or any(words[: len(one.words)] == one.words for one in readings if one.sure):
        return
    parsed = parse_name(folder)
    if parsed.pack or _no_film(parsed):
        return
    for one in _readings(folder, parsed):
        if one.sure and any(one.year == other.year and _within(one.words, other.words) for other in readings):
            yield one


def _numbered_on(folder: Words, files: Sequence[Reading]) -> bool:
    """True when a file adds a number to what its folder is called: another film of the series ("Saw (2004)/Saw II")."""
    return any(
        one.words[:-1] == folder and one.words[-1].isdecimal() and one.words[-1] != "1" for one in files if one.sure
    )


def _within(few: Words, many: Words) -> bool:
    return any(many[start : start + len(few)] == few for start in range(len(many) - len(few) + 1))


# -- comparing


def judge(film: FilmForms, path: PathFacts) -> Match:
    """Compare a film with what a path says; an id decides outright."""
    if path.no_film:
        return Match("different", f"the name is of {path.no_film}")
    if shared := set(film.ids) & set(path.ids):
        return Match("certain", f"the id is equal: {_spoken(min(shared))}")
    schemes = {one.partition(":")[0] for one in film.ids}
    for one in path.ids:
        if one.partition(":")[0] in schemes:
            return Match("different", f"the name has another id: {_spoken(one)}")
    best = _DIFFERENT
    for reading in path.readings:
        for words, plain in film.titles:
            found = _compare(words, film.year, reading, plain=plain)
            if _RANK[found.verdict] > _RANK[best.verdict] or best is _DIFFERENT:
                best = found
    return best


def _spoken(name: str) -> str:
    scheme, _, value = name.partition(":")
    return value if scheme == "imdb" else f"{scheme} {value}"


def _compare(words: Words, year: int | None, reading: Reading, *, plain: bool) -> Match:
    same = "".join(words) == "".join(reading.words)
    if not same:
        return _compare_loosely(words, year, reading)
    if year is None or reading.year is None:
        whose = "film" if year is None else "name"
        verdict: Verdict = "probable" if len(words) >= MIN_WORDS_UNDATED else "different"
        return Match(verdict, f"the title is equal, the {whose} has no year")
    if year == reading.year:
        if len(words) >= MIN_WORDS_LONG or (reading.sure and plain):
            return Match("certain", "title and year are equal")
        return Match("probable", "the year is equal, and the title or a part of the name, but a short one has twins")
    if abs(year - reading.year) == 1:
        return Match("probable", f"the year is off by one: {reading.year}, wanted {year}")
    return Match("different", f"the title is equal, the year is not: {reading.year}, wanted {year}")


def _compare_loosely(words: Words, year: int | None, reading: Reading) -> Match:
    said = " ".join(reading.words)
    if (*reading.words, str(reading.year)) == words and len(words) >= MIN_WORDS_UNDATED:
        return Match("probable", f"the name has no year but the {reading.year} of the title")
    if reading.year != year or year is None:
        return Match("different", f"the title differs: {said}")
    few, others = without_articles(words), without_articles(reading.words)
    if "".join(few) == "".join(others):
        if len(few) == 1 and len(reading.words) > len(words):  # names leave articles out; they do not add them
            return Match("different", f"the title differs: {said}")
        if reading.words == words[1:] and len(few) >= MIN_WORDS_LONG:
            return Match("certain", "title and year are equal but for the first article")
        return Match("probable", f"only an article differs: {said}, and the year is equal")
    if near(few, others):
        return Match("probable", f"the title is spelt a little differently: {said}, and the year is equal")
    return Match("different", f"the title differs: {said}")


def near(some: Sequence[str], others: Sequence[str]) -> bool:
    """True when as many words stand in the same places, and each that differs is a slip of the pen.

    Numbers have to be equal. A slip is one letter in a word of five or more, two in one of eight or more; in a title
    of a single word the word has to be three letters longer.
    """
    if len(some) != len(others):
        return False
    more = 3 if len(some) == 1 else 0
    return all(one == other or _slip(one, other, more) for one, other in zip(some, others, strict=True))


def _slip(one: str, other: str, more: int) -> bool:
    short = min(len(one), len(other)) - more
    allowed = 2 if short >= 8 else 1 if short >= 5 else 0
    if not allowed or abs(len(one) - len(other)) > allowed:
        return False
    # Each exchanged letter is one less and one more: most words are told apart by that, at a tenth of the cost.
    if len(set(one) ^ set(other)) > 2 * allowed or any(char.isdigit() for char in one + other):
        return False
    return distance(one, other) <= allowed


def distance(one: str, other: str) -> int:
    """Letters put in, left out, exchanged, or two neighbours swapped, to make one word the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        two_before, before, row = before, row, [i]
        for j, letter in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != letter))
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == letter:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
    return row[-1]
