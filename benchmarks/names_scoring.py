"""What counts as right: one wording for four corpora and five parsers, the same rules on both sides.

A parser's answer and a row's expectation are first turned into words (``Words``: a field's name to its words, none when
nothing is said), then each field's words into a set of canonical ones. Two sets agree when they are equal; for the
fields in ``ANY`` when they share one, or are both empty.
"""

import importlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from movie_sync.movie import ParsedRelease
from movie_sync.releases.parse import parse_release

Words = Mapping[str, Sequence[str]]
Parser = Callable[[str], Words]

FIELDS = (
    *("title", "year", "resolution", "source", "codec", "audio", "group"),
    *("edition", "hdr", "languages", "proper_or_repack"),
)
# The corpora name the release's source as they found it worded.
_KEYS = {"source": "source_raw"}
# A word can mean one of several ("WEB" is a download or a capture), a parser can give alternatives (title and AKA).
ANY = frozenset({"title", "year", "resolution", "source", "codec", "group"})

# family: how parsers and corpora word it, lower case without punctuation. A word in two families is right as either.
_SOURCES = {
    "bluray": "bluray ultrahdbluray uhdbluray blurayremux remux bdrip brrip blurayrip uhdrip uhdbdrip bdr bd hddvd"
    " brdrip bluray3d hddvdrip",
    # WEB alone does not say which; WEB-DLRip is an encode of a download; VODRip and PPVRip hide how they were taken.
    "webdl": "webdl web webmux webdlrip uhdwebdl uhdweb vodrip ppvrip payperview payperviewrip videoondemand ddc"
    " digitaldistributioncopy digitalmaster webhd",
    "webrip": "webrip web webdlrip hdrip webcap uhdwebrip vodrip ppvrip payperview payperviewrip videoondemand microhd",
    "hdtv": "hdtv hdtvrip ahdtv analoghdtv pdtv tv tvrip sdtv dtv digitaltv dsr dsrip satrip satellite dvb dvbrip"
    " dthrip uhdtv ultrahdtv ppvrip payperview payperviewrip",
    "dvd": "dvd dvdrip dvdr dvd5 dvd9 hddvd hddvdrip r5",
    # A parser with one word for everything from a cinema says one of these three, and is right for that one.
    "cam": "cam camrip hdcam camera hdcamera",
    "telesync": "ts hdts telesync hdtelesync tsrip pdvd predvd",
    "telecine": "tc hdtc telecine hdtelecine r5",
    "screener": "scr screener dvdscr bdscr hdscr webscr dvdscrrip",
    "workprint": "wp workprint",
    "vhs": "vhs vhsrip",
    "film": "film 35mm 16mm 70mm dcp dcprip",
}
_CODECS = {
    "h264": "h264 x264 avc x264hq avchd",
    "h265": "h265 x265 hevc h265main10",
    "xvid": "xvid divx divxsbc",
    # Only one corpus says "mpeg" without a number; films in MPEG-1 or -4 ASP are named otherwise.
    "mpeg2": "mpeg2 mpeg h262",
    **{name: name for name in ("av1", "vc1", "vp9", "vp8", "vvc", "wmv", "h263")},
}
# The DTS formats that lose nothing against those that do, as one corpus splits them; Atmos stands by itself. What is no
# codec (LiNE, MD, EX, CBR, "HQ Clean Audio", channels, bit rates) is dropped.
_AUDIO = re.compile(
    r"(?P<dts_lossless>dts[-. ]?(?:hd)?[-. ]?ma|dts[-:. ]?x\b|dts lossless)|(?P<dts>dts)|(?P<atmos>atmos|(?<=ddp)a\b)"
    r"|(?P<ddp>ddp|dd\+|e-?ac-?3|dolby digital plus)|(?P<dd>\bdd\b|\bac-?3d?\b|dolby digital|dd-?ex\b)"
    r"|(?P<truehd>true-?hd)|(?P<aac>aac)|(?P<flac>flac)|(?P<pcm>pcm)|(?P<opus>opus)|(?P<vorbis>ogg|vorbis)"
    r"|(?P<mp3>mp3)|(?P<mp2>mp2)|(?P<wma>wma)"
)
# Cuts and editions only. Dropped as none: REMUX, INTERNAL, READNFO, PROPER, COMPLETE, 3D, WS, FS, EXTRAS, COVER, MD,
# COMMENTARY, HYBRiD, DIRFIX, minimalNR, Custom, and LIMITED, which told of a cinema run.
_EDITIONS = re.compile(
    r"(?P<extended>extended|expanded)|(?P<directors>director|\bddc\b)|(?P<theatrical>theatrical)|(?P<final>final.cut)"
    r"|(?P<unrated>unrated)|(?P<uncut>uncut)|(?P<uncensored>uncensored)|(?P<remastered>remaster)|(?P<restored>restor)"
    r"|(?P<imax>imax)|(?P<criterion>criterion)|(?P<anniversary>anniversary)|(?P<special>special)"
    r"|(?P<collectors>collector)|(?P<ultimate>ultimate)|(?P<deluxe>deluxe)|(?P<diamond>diamond)|(?P<redux>redux)"
    r"|(?P<open_matte>open.matte)|(?P<despecialized>despeciali[sz]ed)|(?P<assembly>assembly)|(?P<alternate>alternat)"
    r"|(?P<fan>\bfan\b)|(?P<colorized>colou?ri[sz]ed)|(?P<international>international)|(?P<signature>signature)"
)
# What a corpus has no word for in its edition is not held against a parser that reads it.
_UNSAID_EDITIONS = {
    # Criterion and IMAX are collections there, Open Matte and the aspect ratio too in its older versions.
    "rls": frozenset({"criterion", "imax", "open_matte"}),
    "ptt": frozenset(_EDITIONS.groupindex)
    - {"anniversary", "ultimate", "directors", "extended", "collectors", "theatrical", "uncut", "imax", "diamond"}
    - {"remastered"},
}
# HDR10 is HDR where it says no more; HDR10+ has the plain layer beneath it.
_HDR = re.compile(
    r"(?P<dv>dv\b|dovi|dolby.?vision)|(?P<hdr10plus>hdr10\+|hdr10.?plus)|(?P<hdr>hdr)|(?P<hlg>hlg)|(?P<sdr>sdr)"
)

# ISO 639-1 first, then how others write the language. "la" is what one corpus calls Latin American Spanish; Vostfr, Vff
# and Truefrench name French; the Nordic subtitles are four languages; Chinese and Norwegian count as one each.
_LANGUAGES = """
ar ara arabic|bg bul bulgarian|bn ben bengali|ca cat catalan|cs ces cze czech|da dan danish nordicsubs nordic
de deu ger german|el ell gre greek|en eng english vosten|es spa spanish|es-419 la es-mx latino latin|et est estonian
fa fas per persian farsi|fi fin finnish nordicsubs nordic|gu guj gujarati|he heb hebrew|hi hin hindi|hr hrv croatian
fr fra fre french vostfr vff vf2 vfq vfi vfo vof vfb truefrench
hu hun hungarian|id ind indonesian|is isl ice icelandic|it ita italian|ja jpn japanese|kn kan kannada|ko kor korean
lt lit lithuanian|lv lav latvian|mk mkd macedonian|ml mal malayalam|mr mar marathi|ms msa may malay
nl nld dut dutch flemish|no nor nob nno nb nn norwegian nordicsubs nordic|pa pan punjabi|pl pol polish
pt por portuguese brazilian pt-br pt-pt|ro ron rum romanian|ru rus russian|sk slk slovak|sl slv slovenian
sq sqi alb albanian|sr srp serbian|sv swe swedish nordicsubs nordic|ta tam tamil|te tel telugu|th tha thai
tl tgl tagalog filipino|tr tur turkish|uk ukr ukrainian|ur urd urdu|vi vie vietnamese
zh zho chi cmn yue chinese mandarin cantonese chs cht zh-hans zh-hant zh-tw zh-cn
"""


def _families(table: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    spellings = {word for words in table.values() for word in words.split()}
    return {word: frozenset(family for family, words in table.items() if word in words.split()) for word in spellings}


_SOURCE_OF = _families(_SOURCES)
_CODEC_OF = _families(_CODECS)
# What is no language (Dl, Hc, Multi, Subpack, Multisub, Dubbed, Subbed, guessit's "mul" and "und") is not in the table.
_LANGUAGE_OF = _families({line.split()[0]: line for line in re.split(r"[|\n]", _LANGUAGES.strip())})


def _squash(text: str) -> str:
    """Letters and digits only, case and accents folded: ``Rashômon`` and ``rashomon`` are one title."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in folded if letter.isalnum())


def _looked_up(table: Mapping[str, frozenset[str]]) -> Callable[[str], Iterable[str]]:
    """Words of the table; "x264 dxva" is looked up whole, then word by word."""

    def look_up(text: str) -> Iterable[str]:
        whole = table.get(_squash(text))
        return whole or frozenset().union(*(table.get(_squash(word), frozenset()) for word in text.split()))

    return look_up


def _found(pattern: re.Pattern[str]) -> Callable[[str], Iterable[str]]:
    return lambda text: {str(match.lastgroup) for match in pattern.finditer(text.casefold())}


def _resolution(text: str) -> Iterable[str]:
    """Lines only: rls and the neural parser do not tell interlaced from progressive."""
    named = {"4k": "2160", "uhd": "2160", "8k": "4320", "2k": "1440"}.get(text.casefold())
    lines = re.search(r"(\d{3,4})[pi]?$", text.casefold())
    return {named or (lines[1] if lines else "")} - {""}


def _group(text: str) -> Iterable[str]:
    """Without the site's tag behind it (``EVO[TGx]``) and without a file's ending."""
    bare = re.sub(r"\.(?:mkv|mp4|avi)$|(?<=.)(?:\s*\[[^\]]*\])+$", "", text.strip(), flags=re.IGNORECASE)
    return {_squash(bare)} - {""}


def _hdr(text: str) -> Iterable[str]:
    found = set(_found(_HDR)(text))
    return found - {"hdr"} if "hdr10plus" in found else found


def _language(text: str) -> Iterable[str]:
    return _LANGUAGE_OF.get(text.casefold(), ())


_CANONICAL: Mapping[str, Callable[[str], Iterable[str]]] = {
    "title": lambda text: {_squash(text)} - {""},
    "year": lambda text: {text},
    "resolution": _resolution,
    "source": _looked_up(_SOURCE_OF),
    "codec": _looked_up(_CODEC_OF),
    "audio": _found(_AUDIO),
    "group": _group,
    "edition": _found(_EDITIONS),
    "hdr": _hdr,
    "languages": _language,
    "proper_or_repack": lambda text: {text},
}


def canonical(field: str, words: Sequence[str]) -> frozenset[str]:
    """The canonical words of one field; empty when nothing is said, or nothing that the field is about."""
    if field == "hdr":
        return frozenset(_hdr(" ".join(words)))
    return frozenset().union(*(_CANONICAL[field](word) for word in words))


def words_of(value: object) -> tuple[str, ...]:
    """A value of a row or an answer as words: none for None, False and 0, one for a text, several for a list."""
    if isinstance(value, list | tuple):
        return tuple(str(item) for item in value)
    return (str(value),) if value else ()


def expected(row: Mapping[str, Any], field: str) -> frozenset[str] | None:
    """What a row asserts of a field, canonical; None when it asserts nothing."""
    key = _KEYS.get(field, field)
    if key not in row["expect"]:
        return None
    wanted = canonical(field, words_of(row["expect"][key]))
    if row["corpus"] == "cross" and field == "source" and wanted & {"dvd", "bluray"}:
        return wanted | {"screener"}  # Its sources are coarse: a screener is of what was screened.
    if row["corpus"] == "rls" and field == "hdr" and "hdr" not in row["name"].casefold():
        return wanted - {"hdr", "hdr10plus"}  # It reads "10bit" and "Hi10P" as HDR.
    return wanted


def right(row: Mapping[str, Any], field: str, said: Words) -> bool:
    """Whether the answer says what the row asserts; only for fields the row asserts."""
    wanted, given = expected(row, field), canonical(field, said.get(field, ()))
    assert wanted is not None
    if field == "title" and not wanted:
        return bool(said.get("pack")) or not given  # A collection: it has no title, or is called one.
    if field == "edition":
        given -= _UNSAID_EDITIONS.get(row["corpus"], frozenset())
        if row["corpus"] == "ptt" and wanted:
            return bool(wanted & given)  # It gives one edition at most.
    if field in ANY:
        return bool(wanted & given) or wanted == given
    return wanted == given


def _titles(title: object, others: object = ()) -> tuple[str, ...]:
    """The title alone, and with what follows it: some call "Return of the Jedi" an alternative of "Star Wars"."""
    return (*words_of(title), " ".join((*words_of(title), *words_of(others))))


def ours(name: str) -> Words:
    return words_of_release(parse_release(name))


def words_of_release(release: ParsedRelease) -> Words:
    return {
        "title": _titles(release.title, release.aliases),
        "pack": words_of(release.pack),
        "year": words_of(release.year),
        "resolution": words_of(release.resolution),
        "source": words_of(release.source),
        "codec": words_of(release.codec),
        "audio": [track.codec + " atmos" * track.atmos for track in release.audio],
        "group": words_of(release.group),
        "edition": words_of(release.edition),
        "hdr": release.hdr,
        "languages": (*release.languages, *release.subtitles),
        "proper_or_repack": words_of(release.proper or release.repack),
    }


def _guessit() -> Parser:
    guess = importlib.import_module("guessit").guessit

    def parse(name: str) -> Words:
        said = guess(name, {"type": "movie"})
        other, profile = words_of(said.get("other")), words_of(said.get("audio_profile"))
        sources = [word + "rip" * (word == "Web" and "Rip" in other) for word in words_of(said.get("source"))]
        if not sources and {"HD", "Rip"} <= set(other):
            sources = ["HDRip"]
        sources = [{"Web": "WEB-DL", "Webrip": "WEBRip"}.get(word, word) for word in sources]
        audio = [word + " MA" * ("Master Audio" in profile) for word in words_of(said.get("audio_codec"))]
        return {
            "title": _titles(said.get("title"), said.get("alternative_title")),
            "pack": words_of("Complete" in other),
            "year": words_of(said.get("year")),
            "resolution": words_of(said.get("screen_size")),
            "source": ["Screener"] if "Screener" in other else sources,
            "codec": words_of(said.get("video_codec")),
            "audio": audio,
            "group": words_of(said.get("release_group")),
            "edition": (
                *words_of(said.get("edition")),
                *(word for word in other if word in {"Open Matte", "Colorized"}),
            ),
            "hdr": [{"Standard Dynamic Range": "SDR"}.get(word, word) for word in other],
            "languages": [*words_of(said.get("language")), *words_of(said.get("subtitle_language"))],
            "proper_or_repack": words_of("Proper" in other),
        }

    return parse


def _parsett() -> Parser:
    read = importlib.import_module("PTT").parse_title

    def parse(name: str) -> Words:
        said = read(name)
        keys = {"source": "quality"}
        plain = {field: words_of(said.get(keys.get(field, field))) for field in FIELDS}
        edition = (*plain["edition"], *(word for word in ("unrated", "uncensored") if said.get(word)))
        proper = words_of(bool(said.get("proper") or said.get("repack")))
        return {**plain, "pack": words_of(said.get("complete")), "edition": edition, "proper_or_repack": proper}

    return parse


def _neurelease() -> Parser:
    read = importlib.import_module("neurelease").Parser().parse

    def parse(name: str) -> Words:
        said = read(name)
        origins = [(origin.field.name, origin.value) for origin in said.origins]
        sizes = [str(size) for size in (said.screen_size_text, said.screen_size) if size]
        groups = words_of(said.release_group)
        stated = {"DV": said.dolby_vision, "HDR10": said.hdr10, "HDR10+": said.hdr10_plus, "HLG": said.hlg}
        flags = [word for word, is_stated in stated.items() if is_stated]
        prefixed = f"{said.franchise_prefix} {said.title}" if said.franchise_prefix else ""
        return {
            "title": (*_titles(said.title, said.alternative_title), prefixed),
            "pack": words_of(said.pack or said.complete_range),
            "year": words_of(said.year),
            "resolution": sizes[:1] if re.fullmatch(r"\d{3,4}[pi]", sizes[0], re.IGNORECASE) else sizes[-1:],
            "source": words_of(said.source),
            "codec": words_of(said.video_codec),
            "audio": [value for field, value in origins if field == "AUDIO"],
            "group": (*groups, "".join(groups)),
            "edition": words_of(said.edition),
            "hdr": [*flags, *(value for field, value in origins if (field, value) == ("HDR", "SDR"))],
            "languages": (*words_of(said.language), *words_of(said.subtitle_language)),
            "proper_or_repack": words_of(said.proper or said.repack),
        }

    return parse


def _ptn() -> Parser:
    read = importlib.import_module("PTN").parse
    flags = ("extended", "unrated", "remastered", "directorsCut", "internationalCut")

    def parse(name: str) -> Words:
        said = read(name)
        return {
            **{field: words_of(said.get(field)) for field in ("title", "year", "resolution", "codec", "audio")},
            "source": words_of(said.get("quality")),
            "group": words_of(said.get("encoder")),
            "edition": [flag for flag in flags if said.get(flag)],
            "hdr": words_of("HDR" if said.get("hdr") else None),
            "languages": (*words_of(said.get("language")), *words_of(said.get("subtitles"))),
            "proper_or_repack": words_of(bool(said.get("proper") or said.get("repack"))),
        }

    return parse


# By the names they are installed by; each is imported when it is made ready, and ImportError means it is not there.
RIVALS: Mapping[str, Callable[[], Parser]] = {
    "guessit": _guessit,
    "parsett": _parsett,
    "neurelease": _neurelease,
    "parse-torrent-title": _ptn,
}
