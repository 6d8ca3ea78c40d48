"""Read a release name. Pure; every pattern is linear in the length of the name."""

import re
from functools import lru_cache

from movie_sync.movie import ParsedRelease

# Longer names exist only to hurt.
MAX_NAME = 400

_RESOLUTIONS = (
    (re.compile(r"\b(?:2160p|3840x\d{3,4}|4096x\d{3,4})\b", re.I), "2160p"),
    (re.compile(r"\b(?:1080p|1920x\d{3,4}|fhd)\b", re.I), "1080p"),
    (re.compile(r"\b1080i\b", re.I), "1080i"),
    (re.compile(r"\b(?:720p|1280x\d{3,4})\b", re.I), "720p"),
    (re.compile(r"\b576[pi]\b", re.I), "576p"),
    (re.compile(r"\b(?:480[pi]|640x\d{3,4}|720x\d{3})\b", re.I), "480p"),
    (re.compile(r"\b(?:4k|uhd)\b", re.I), "2160p"),
)
# The first that matches decides: a cam that names its Blu-ray sound track is a cam.
_SOURCES = (
    (re.compile(r"\b(?:hd-?cam|cam-?rip|hq-?cam|cam)\b", re.I), "cam"),
    (re.compile(r"\b(?:hd-?ts|ts-?rip|tele-?sync|pdvd(?:rip)?|hqts)\b|(?-i:\bTS\b)", re.I), "telesync"),
    (re.compile(r"\b(?:hd-?tc|tele-?cine)\b|(?-i:\bTC\b)", re.I), "telecine"),
    (re.compile(r"\b(?:(?:dvd|bd|web|hd)?-?scr(?:eener)?|screener)\b", re.I), "screener"),
    (re.compile(r"\bwork-?print\b", re.I), "workprint"),
    (re.compile(r"\bweb[ .-]?rip\b", re.I), "webrip"),
    (
        re.compile(r"\bweb[ .-]?dl\b|\b(?:web|webhd)\b(?=.*\b(?:[hx][ .]?26[45]|2160p|1080p|720p|dd|ddp|aac)\b)", re.I),
        "webdl",
    ),
    (re.compile(r"\b(?:blu-?ray|bd-?rip|br-?rip|bd-?remux|bdmv|bd(?:25|50|66|100)|uhd-?rip|bd)\b", re.I), "bluray"),
    (re.compile(r"\b(?:[hp]dtv(?:rip)?|hdtvrip|tv-?rip|dsr(?:ip)?|sat-?rip)\b", re.I), "hdtv"),
    (re.compile(r"\b(?:dvd(?:-?rip|-?r|[59]|-?mux)?|ntsc|pal)\b", re.I), "dvd"),
    (re.compile(r"\bhd-?rip\b", re.I), "webrip"),
)
_CODECS = (
    (re.compile(r"\b(?:[hx][ .]?265|hevc)\b", re.I), "h265"),
    (re.compile(r"\b(?:[hx][ .]?264|avc)\b", re.I), "h264"),
    (re.compile(r"\bav1\b", re.I), "av1"),
    (re.compile(r"\b(?:xvid|divx)\b", re.I), "xvid"),
    (re.compile(r"\bvc-?1\b", re.I), "vc1"),
    (re.compile(r"\bmpeg-?2\b", re.I), "mpeg2"),
)
_DISC = re.compile(
    r"\b(?:complete[ .](?:uhd[ .])?blu-?ray|bdmv|bd(?:25|50|66|100)|dvd[59]|full[ .](?:disc|blu-?ray)|(?:br|bd)-?disk"
    r"|iso)\b",
    re.I,
)
_REMUX = re.compile(r"\b(?:bd-?)?remux\b", re.I)
_ENCODED = re.compile(r"\b(?:x26[45]|xvid|divx|remux|bd-?rip|br-?rip|web)\b", re.I)
_SEASON = re.compile(r"\bs(\d{1,2})(?:[ .]?e\d{1,3})?\b|\bseasons?[ .]?(\d{1,2})\b|\b(\d{1,2})x\d{2}\b", re.I)
_PACK = re.compile(
    r"\b(?:trilogy|trilogia|quadrilogy|tetralogy|pentalogy|hexalogy|duology|anthology|collection|colectia|box-?set|"
    r"complete[ .](?:saga|series)|\d[ .]?-[ .]?\d{1,2}[ .]movies?)\b",
    re.I,
)
_YEARS = re.compile(r"\b(?:19|20)\d\d[ .]?-[ .]?(?:19|20)\d\d\b")
_SAMPLE = re.compile(r"\bsample\b", re.I)
_EXTRA = re.compile(r"\b(?:extras|bonus|featurettes?|trailers?|soundtrack|ost|making[ .]of)\b", re.I)
_3D = re.compile(r"\b(?:3d|h-?sbs|half-?sbs|h-?ou|half-?ou|sbs)\b", re.I)
_ROMANIAN = re.compile(r"\b(?:ro|rosub(?:bed)?|romanian|ro-?dubbed|rodub)\b", re.I)
_PROPER = re.compile(r"\b(?:proper|repack\d?|rerip)\b", re.I)
_YEAR = re.compile(r"(?<!\d)(18[7-9]\d|19\d\d|20\d\d)(?!\d|p\b|x\d)")
_GROUP = re.compile(r"-([A-Za-z0-9][A-Za-z0-9@._&!]{0,30}?)(?:\.(?:mkv|mp4|avi|m4v|ts))?$")
_NO_GROUPS = frozenset({"ro", "dl", "hd", "rip", "ray", "dubbed", "sub", "subbed", "x264", "x265", "264", "265"})
_SITE = re.compile(
    r"^\s*(?:[\[(【]\s*(?:www\.)?[\w-]+\.(?:com|org|net|ro|io)\s*[\])】]|www\.[\w-]+\.[a-z]{2,12}\b"
    r"|[\w-]+\.(?:com|org|net|ro|io)(?=\s+-\s))\s*-?\s*",
    re.I,
)
_CUT = re.compile(
    r"\b(?:multi|internal|limited|unrated|extended|uncut|remastered|directors[ .]cut|imax|criterion)\b", re.I
)
_EXTENSION = re.compile(r"\.(?:mkv|mp4|avi|m4v|mov|wmv|mpg|ts|iso)$", re.I)


@lru_cache(maxsize=4096)
def parse_release(name: str) -> ParsedRelease:
    """Read a release name.

    The title is what stands before the year that follows it, or before the first technical word. A number that could be
    a year at the very beginning ("1917", "2012") belongs to the title.

    Args:
        name: As the tracker or the disk has it; beyond 400 characters it is cut.
    """
    text = _SITE.sub("", name[:MAX_NAME]).replace("_", " ").strip()
    plain = _EXTENSION.sub("", text)
    technical = _first_technical(plain)
    years = _years(plain, technical)
    title = plain[: _title_end(plain, technical, years)]
    rest = plain[len(title) :]
    spellings = _clean(title).split(" AKA ")
    return ParsedRelease(
        title=spellings[0],
        aliases=tuple(spellings[1:]),
        years=tuple(int(match[1]) for match in years),
        resolution=_first(_RESOLUTIONS, rest),
        source=_first(_SOURCES, rest),
        remux=bool(_REMUX.search(rest)),
        codec=_first(_CODECS, rest),
        disc=bool(_DISC.search(rest)) and not _ENCODED.search(rest),
        sample=bool(_SAMPLE.search(rest)),
        extra=bool(_EXTRA.search(rest)),
        season=_season(plain),
        pack=bool(_YEARS.search(plain) or _PACK.search(plain if not years else rest)),
        is_3d=bool(_3D.search(rest)),
        subtitles=("ro",) if _ROMANIAN.search(rest) else (),
        proper=bool(_PROPER.search(rest)),
        group=_group(text),
    )


def suspicious_title(title: str) -> str | None:
    """What a title makes of a release when no film is known by it; None when it is a title like any other.

    "The Collection" is a film; "Rocky Collection" is one only if somebody calls it so.
    """
    if _PACK.search(title):
        return "a pack of several films"
    return "extras, not the film" if _EXTRA.search(title) else None


def _first(patterns: tuple[tuple[re.Pattern[str], str], ...], text: str) -> str | None:
    return next((value for pattern, value in patterns if pattern.search(text)), None)


def _first_technical(text: str) -> int:
    """Where the first word stands that no title would have; the end when there is none.

    Words for a source ("Web", "Cam") are in titles too: they count only where no year follows them.
    """
    strong = (*(p for p, _ in _RESOLUTIONS), *(p for p, _ in _CODECS), _REMUX, _SEASON)
    end = _first_start(strong, text, 1, len(text))
    years = [match.start() for match in _YEAR.finditer(text) if 0 < match.start() < end]
    return _first_start(tuple(p for p, _ in _SOURCES), text, years[-1] if years else 1, end)


def _first_start(patterns: tuple[re.Pattern[str], ...], text: str, begin: int, end: int) -> int:
    starts = [match.start() for pattern in patterns for match in pattern.finditer(text) if match.start() >= begin]
    return min([*starts, end])


def _years(text: str, technical: int) -> list[re.Match[str]]:
    """Years of the name, likeliest first: the last one before the technical words; one at the start only if alone."""
    found = list(_YEAR.finditer(text))
    before = [match for match in found if 0 < match.start() <= technical and text[: match.start()].strip(" .([-")]
    after = [match for match in found if match.start() > technical]
    return [*reversed(before), *after]


def _title_end(text: str, technical: int, years: list[re.Match[str]]) -> int:
    if years and years[0].start() > 0:
        return min(years[0].start(), technical) if years[0].start() < technical else technical
    cut = _CUT.search(text, 1)
    return min(technical, cut.start()) if cut else technical


def _clean(title: str) -> str:
    """Dots and brackets to blanks; dots of initials ("S.W.A.T.") go with them."""
    return " ".join(re.sub(r"[.\[\]()]+", " ", title).split()).strip(" -")


def _season(text: str) -> int | None:
    match = _SEASON.search(text)
    return int(match[1] or match[2] or match[3]) if match and match.start() > 0 else None


def _group(text: str) -> str | None:
    match = _GROUP.search(text)
    return match[1] if match and match[1].lower() not in _NO_GROUPS else None
