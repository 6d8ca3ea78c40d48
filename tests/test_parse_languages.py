"""Which languages a release name tells of: spoken, read and dubbed."""

import pytest

from movie_sync.releases.parse import parse_release


def words(technical: str) -> str:
    return f"Film.2000.{technical}-GRP"


@pytest.mark.parametrize(
    ("technical", "spoken", "read", "dubbed"),
    [
        ("RoSubbed", "", "ro", ""), ("RO.SUB", "", "ro", ""), ("RO", "", "ro", ""), ("RO.Dubbed", "ro", "", "ro"),
        ("RoDubbed", "ro", "", "ro"), ("Dublat", "ro", "", "ro"), ("Dublat.Romana", "ro", "", "ro"),
        ("ROMANiAN", "ro", "", ""), ("RoAudio", "ro", "", ""), ("Ro.Audio", "ro", "", ""),
        ("TRUEFRENCH", "fr", "", ""), ("MULTi.VFF", "fr", "", ""), ("VOSTFR", "", "fr", ""),
        ("German.DL", "de", "", ""), ("German.DL.Dubbed", "de", "", "de"), ("GERMAN.SUBBED", "", "de", ""),
        ("LATINO", "es-419", "", ""), ("Castellano", "es", "", ""), ("Dublado", "pt", "", "pt"),
        ("Legendado.PT-BR", "", "pt", ""), ("PLDUB", "pl", "", "pl"), ("Lektor.PL", "pl", "", "pl"),
        ("NapisyPL", "", "pl", ""), ("PL", "pl", "", ""), ("SWESUB.DANSUB", "", "sv da", ""),
        ("NORDiC", "", "da fi no sv", ""), ("ITA-ENG", "it en", "", ""),
        ("iTA.EnG.AC3.Sub.iTA.EnG", "it en", "it en", ""), ("Eng.Subs", "", "en", ""),
        ("svensk,.dansk.sub", "", "sv da", ""), ("[Hin+Tam+Tel]", "hi ta te", "", ""), ("Tam.1080p", "", "", ""),
        ("Hindi.ESub", "hi", "en", ""), ("ESubs", "", "en", ""), ("iT.WEB-DL", "", "", ""), ("[IT]", "it", "", ""),
        ("EN-ROSub", "en", "ro", ""), ("3xEng", "en", "", ""), ("KORSUB", "", "ko", ""), ("NoSubs", "", "", ""),
        ("HC", "", "", ""), ("MULTi", "", "", ""), ("国语中字", "zh", "zh", ""), ("Cantonese", "zh", "", ""),
        ("SubIta", "", "it", ""), ("Hebrew.Dubbed", "he", "", "he"), ("Español", "es", "", ""),
        ("EngAudio", "en", "", ""), ("DubbingPL", "pl", "", "pl"),
        ("ro.sub", "", "ro", ""), ("ro", "", "", ""), ("ENSUBBED", "", "en", ""), ("x264.eng", "", "", ""),
    ],
)  # fmt: skip
def test_languages_are_spoken_read_or_dubbed(technical: str, spoken: str, read: str, dubbed: str) -> None:
    parsed = parse_release(words(technical))
    told = (parsed.languages, parsed.subtitles, parsed.dubbed)
    assert [" ".join(one) for one in told] == [spoken, read, dubbed]


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("Тихая гавань 2010 DVDRip", "ru"), ("静かな港 2010 DVDRip", "ja"), ("조용한 항구 2010 DVDRip", "ko"),
        ("Тихая гавань 2010 English DVDRip", "en"), ("Léon 1994 DVDRip", ""),
    ],
)  # fmt: skip
def test_the_letters_of_a_name_tell_its_language_when_nothing_else_does(name: str, spoken: str) -> None:
    assert " ".join(parse_release(name).languages) == spoken


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("26_Romanian.srt", "ro"), ("5_nor.srt", "no"), ("Film.ro.srt", "ro"), ("Latin American.spa.srt", "es-419"),
        ("a.srt", ""),
    ],
)  # fmt: skip
def test_a_file_of_subtitles_is_of_the_language_it_is_called_by(name: str, read: str) -> None:
    parsed = parse_release(name)
    assert (parsed.languages, " ".join(parsed.subtitles)) == ((), read)


def test_a_language_within_other_words_behind_the_year_is_not_the_releases() -> None:
    assert parse_release("Harbour (2015) The French Mistake - 1080p").languages == ()
    assert parse_release("Harbour 2015 Another Danish Title 1080p").languages == ()
    assert parse_release("Harbour 2015 Another Danish").languages == ()
    assert parse_release("Harbour 2015 Another Danish 1080p").languages == ("da",)
