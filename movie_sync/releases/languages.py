"""The languages a release name tells of: their words, and which are spoken, dubbed and read. Pure.

Languages are ISO 639-1, with ``es-419`` for Latin American Spanish.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from movie_sync.releases.words import Token

# Names, in the languages releases are named in, without accents. No name here is an everyday word of another language.
NAMES: Mapping[str, str] = {
    "ar": "arabic, arab, arabe, arabo, arabisch, arapca",
    "bg": "bulgarian, bulgare, bulgaro, bulgara, български",
    "bn": "bengali, bangla",
    "bs": "bosnian",
    "ca": "catalan, catala, vcatala",
    "cs": "czech, cesky, cestina, cesko, tcheque, ceska",
    "da": "danish, dansk, danska, danois, dinamarques, danese",
    "de": "german, deutsch, allemand, aleman, alemao, tedesco, almanca, germana, niemiecki, nemetul, немецкий",
    "el": "greek, hellenic, grec, griego, greco, ellinika, ελληνικα",
    "en": "english, engl, ingles, inglese, anglais, englisch, engleza, angielski, ingilizce, engelska, engelsk,"
    " anglicky, английский",
    "es": "spanish, castellano, espanol, espanhol, spagnolo, espagnol, spanisch, spansk, spaniola, hiszpanski,"
    " испанский",
    "es-419": "latino, latin, latam, latin spanish, spanish latin, spanish latino, latino spanish, espanol latino,"
    " latin american, latin american spanish, audio latino, latinoamericano",
    "et": "estonian, eesti",
    "fa": "persian, farsi, persa",
    "fi": "finnish, finsk, suomi, finska, finlandes",
    "fil": "filipino, tagalog",
    "fr": "french, francais, frances, francese, franzosisch, fransk, franceza, fransizca, quebecois, французский",
    "gu": "gujarati",
    "he": "hebrew, hebreu, hebraico, ivrit, עברית",
    "hi": "hindi",
    "hr": "croatian, hrvatski",
    "hu": "hungarian, magyar, hongrois, hungaro, ungheresse",
    "id": "indonesian, indonesia, indo, bahasa, bahasa indonesia",
    "is": "icelandic, islenska",
    "it": "italian, italiano, italien, italienisch, italiana, italiensk, итальянский",
    "ja": "japanese, japones, japonais, giapponese, japanisch, japoneza, японский",
    "kn": "kannada",
    "ko": "korean, coreano, coreen, koreanisch, 한국어",
    "lt": "lithuanian, lietuviu",
    "lv": "latvian, latviesu",
    "mk": "macedonian",
    "ml": "malayalam",
    "mr": "marathi",
    "ms": "malay",
    "nl": "dutch, nederlands, flemish, vlaams, holandes, neerlandais, olandese",
    "no": "norwegian, norsk, norska, noruegues, norvegien, bokmal, nynorsk",
    "pa": "punjabi",
    "pl": "polish, polski, polonais, polones, polacco, polaco, polnisch, польский",
    "pt": "portuguese, portugues, portugais, portoghese, brazilian, brasileiro, brazilian portuguese, pt br, pt pt,"
    " port br, portuguese br, pt brasil",
    "ro": "romanian, romana, roumain, rumano, romeno",
    "ru": "russian, russkij, russo, russe, ruso, rusa, russisch, rusca, русский",
    "sk": "slovak, slovensky, slovencina",
    "sl": "slovenian, slovene, slovenski",
    "sq": "albanian, shqip",
    "sr": "serbian, srpski",
    "sv": "swedish, svensk, svenska, svenskt, suedois, sueco, svedese, schwedisch",
    "ta": "tamil",
    "te": "telugu",
    "th": "thai, tailandes",
    "tr": "turkish, turkce, turc, turco, turkisch, tivibu, blutv",
    "uk": "ukrainian, українська, украинский",
    "ur": "urdu",
    "vi": "vietnamese, vietnamita, viet",
    "zh": "chinese, mandarin, cantonese, chinois, cinese, chino, chines, putonghua",
}
# Three letters, which no other word of a technical part has.
CODES: Mapping[str, str] = {
    "ar": "ara", "bg": "bul, bgr", "bn": "bng", "cs": "cze, ces, cz", "da": "dnk, dk", "de": "ger, deu",
    "el": "gre, ell, gr", "en": "eng", "es": "spa, esp", "es-419": "lat, lati", "fi": "fin", "fr": "fra, fre, fr",
    "he": "heb", "hi": "hin", "hr": "hrv, cro", "hu": "hun", "is": "ice", "it": "ita", "ja": "jpn, jap, jp",
    "ko": "kor", "lt": "lit, ltu", "lv": "lav", "nl": "dut, nld, nl", "no": "nor, nob", "pl": "pol, pl",
    "pt": "por", "ro": "rum, ron", "ru": "rus", "sk": "svk, slk", "sl": "svn, slv", "sr": "srp, scc, srb",
    "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr", "vi": "vie", "zh": "chi, zho, chs, cht, big5",
}  # fmt: skip
# Everyday words, names and groups too: only beside another language or a word for sound or subtitles.
SHY_CODES: Mapping[str, str] = {
    "ar": "ar", "bg": "bg", "bn": "ben", "ca": "cat", "cs": "cs", "da": "dan, da", "de": "de", "el": "el",
    "en": "en", "es": "es, sp", "et": "est, et", "fa": "per, fa", "fi": "fi", "fil": "tl, fil", "he": "he",
    "hi": "hi", "hr": "hr", "hu": "hu", "id": "ind, id", "it": "it", "ko": "ko, kr", "lt": "lt", "lv": "lv",
    "kn": "kan", "ml": "mal", "mk": "mkd", "mr": "mar", "ms": "may, msa, ms", "no": "no", "pt": "pt, br",
    "ro": "rom", "ru": "ru", "sk": "sk, slo", "sl": "si", "sv": "se, sv", "ta": "tam, ta", "te": "tel, te",
    "th": "th", "tr": "tr", "uk": "ua", "vi": "vn", "zh": "zh, cn",
}  # fmt: skip
# French in its many makes, which no title has.
FRENCH = "true french, vff, vfq, vfi, vf2, vof, vfb, vff2, vfo, vfstfr"
# Within a word of Han letters, which are written without blanks: spoken, then read.
HAN_SPOKEN: Mapping[str, str] = {
    "国语": "zh", "國語": "zh", "粤语": "zh", "粵語": "zh", "国粤": "zh", "國粵": "zh", "普通话": "zh", "国配": "zh",
    "中配": "zh", "英语": "en", "英語": "en", "日语": "ja", "日語": "ja", "韩语": "ko", "韓語": "ko",
}  # fmt: skip
HAN_READ: Mapping[str, str] = {
    "中字": "zh", "简体": "zh", "簡體": "zh", "繁體": "zh", "繁体": "zh", "简中": "zh", "繁中": "zh", "字幕": "zh",
    "双字": "zh", "简繁": "zh", "中英": "zh",
}  # fmt: skip
# Words that name a language and say that it is read, or that the film was dubbed into it.
SUBTITLED: Mapping[str, str] = {
    "en": "e sub, e subs, hc e sub, hc e subs, vosten",
    "fr": "vostfr, vost fr, stfr, vostf, vost",
    "es": "vose, subtitulado, subtitulada, subtitulos",
    "pt": "legendado, legendada, legendas, legenda",
    "pl": "napisy, napis",
    "ro": "subtitrare, subtitrari, subtitrat, subtitrata",
    "cs": "titulky",
    "tr": "altyazi, altyazili",
    "da fi no sv": "nordic, nordic sub, nordic subs, nordic subbed",
}
DUBBED: Mapping[str, str] = {
    "pt": "dublado, dublada, dublagem",
    "ro": "dublat, dublata",
    "pl": "lektor, dubbing",
    "cs": "dabing",
    "tr": "dublaj",
    "hu": "szinkron",
    "es": "doblado, doblada, doblaje",
}
# Words that say it of the language beside them.
SUB_WORDS = "sub, subs, subbed, subtitle, subtitles, subtitled, sottotitoli, softsub, softsubs, soft sub, soft subs"
DUB_WORDS = "dub, dubbed, dubs, mvo, avo, dvo"
_SUBS = frozenset("sub subs subbed subtitle subtitles subtitled subtitrat".split())
_DUBS = frozenset("dub dubs dubbed dublat".split())
_HEADS = frozenset("sub subs dub dubbing lektor napisy leg".split())
_SCRIPTS = (
    ("\u3040", "\u30ff", "ja"), ("\uac00", "\ud7a3", "ko"), ("\u4e00", "\u9fff", "zh"), ("\u0400", "\u04ff", "ru"),
    ("\u0370", "\u03ff", "el"), ("\u0590", "\u05ff", "he"), ("\u0600", "\u06ff", "ar"), ("\u0e00", "\u0e7f", "th"),
    ("\u0900", "\u097f", "hi"), ("\u0b80", "\u0bff", "ta"), ("\u0c00", "\u0c7f", "te"),
)  # fmt: skip


def words_in(table: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Every word of a table with the language it names."""
    return ((word.strip(), code) for code, words in table.items() for word in words.split(","))


_CODE_OF = {word: code for table in (SHY_CODES, CODES, NAMES) for word, code in words_in(table)} | {"ro": "ro"}


def compound(word: str) -> tuple[tuple[str, str], ...]:
    """The facts of a language and a word for subtitles, dubbing or sound in one (``RoSubbed``); () when it is none.

    Args:
        word: Lower case, without accents.
    """
    for length in range(3, 10):
        code, end = _CODE_OF.get(word[:-length]), word[-length:]
        # "nosubs" are no Norwegian ones.
        if code and word[:-length] != "no":
            if end in _SUBS:
                return (("sub", code),)
            if end in _DUBS:
                return (("dub", code),)
            if end == "audio":
                return (("name", code),)
        head, code = word[:length], _CODE_OF.get(word[length:])
        if (
            code
            and head in _HEADS
            and (len(word) > length + 2 or word[length:] in {"ro", "pl", "pt", "br", "fr", "cz"})
        ):
            return (("sub" if head in {"sub", "subs", "napisy", "leg"} else "dub", code),)
    return ()


def han(word: str) -> tuple[tuple[str, str], ...]:
    """The facts within a word of Han letters."""
    spoken = {("name", code) for piece, code in HAN_SPOKEN.items() if piece in word}
    return (*sorted(spoken), *sorted({("sub", code) for piece, code in HAN_READ.items() if piece in word}))


class Languages(NamedTuple):
    """As the fields of `ParsedRelease`."""

    spoken: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    dubbed: tuple[str, ...] = ()


def read_languages(tokens: Sequence["Token"], text: str) -> Languages:
    """Sort the language words among the technical ones into spoken, read and dubbed.

    A language beside a word for subtitles is read, one beside a word for dubbing is dubbed and spoken. A name that says
    no language says one by its letters: Cyrillic ones are taken for Russian.

    Args:
        tokens: Technical words only, in the order of the name.
        text: The whole name, for its letters.
    """
    roles = _roles(tokens)
    spoken = [code for role, code in roles if role != "sub"]
    dubbed = [code for role, code in roles if role == "dub"]
    if spoken and not dubbed and any(("dubword", "") in token.facts for token in tokens):
        dubbed = spoken[:1]
    if not spoken and not text.isascii():
        spoken = [code for first, last, code in _SCRIPTS if any(first <= char <= last for char in text)][:1]
    read = [code for role, code in roles if role == "sub"]
    return Languages(*(tuple(dict.fromkeys(codes)) for codes in (spoken, read, dubbed)))


def subtitle_languages(tokens: Sequence["Token"]) -> tuple[str, ...]:
    """The languages that the name of a file of subtitles tells of; its names before its codes."""
    for kinds in (("name", "sub"), ("code", "shy")):
        found = [code for token in tokens for kind, value in token.facts if kind in kinds for code in value.split()]
        if found:
            return tuple(dict.fromkeys(found))
    return ("ro",) if any(token.says("ro") for token in tokens) else ()


def _roles(tokens: Sequence["Token"]) -> list[tuple[str, str]]:
    """(``name``, ``sub`` or ``dub``; language) in the order of the name."""
    found: list[tuple[str, str]] = []
    languages = [_languages_of(tokens, index) for index in range(len(tokens))]
    role, run = "name", 0
    for index, token in enumerate(tokens):
        word = "sub" if token.says("subword") else "dub" if token.says("dubword") else ""
        if word:
            # "Ita Sub Eng" goes on with what is read, "Ita Eng Subs" ends with it.
            after = any(languages[index + 1 : index + 2]) and (not run or token.key == "sub")
            if run and not after:
                found[-run:] = [(word, code) for _, code in found[-run:]]
            role, run = word if after else "name", 0
        elif languages[index]:
            run = run + 1 if run and "," in token.gap else 1
            # "Legendado PT-BR" says it twice.
            told = {code: kind for kind, code in languages[index - 1]} if index else {}
            found += [(told.get(code, role) if kind == "name" else kind, code) for kind, code in languages[index]]
        else:
            role, run = "name", 0
    return found


def _languages_of(tokens: Sequence["Token"], index: int) -> list[tuple[str, str]]:
    """What a token names for certain: (``name``, ``sub`` or ``dub``; language)."""
    token, found = tokens[index], list[tuple[str, str]]()
    for kind, value in token.facts:
        if kind in {"sub", "dub", "name"}:
            found += [(kind, code) for code in value.split()]
        elif kind == "ro" and (token.text.isupper() or _beside(tokens, index)):
            # On Romanian trackers a bare RO mostly tells of subtitles.
            found.append(("sub", "ro"))
        elif (kind == "code" and not token.text.islower()) or (kind in {"code", "shy"} and _beside(tokens, index)):
            found.append(("name", value))
    return found


_BESIDE = ("name", "sub", "dub", "code", "shy", "ro", "subword", "dubword")


def _beside(tokens: Sequence["Token"], index: int) -> bool:
    """True when the next or the last token is about languages too, or the token stands alone in brackets."""
    token = tokens[index]
    around = (*tokens[max(index - 1, 0) : index], *tokens[index + 1 : index + 2])
    near = [other for other in around if other.bracket == token.bracket]
    if near:
        return any(other.says(*_BESIDE) for other in near)
    return bool(token.bracket) and (token.text.isupper() or token.says("code"))
