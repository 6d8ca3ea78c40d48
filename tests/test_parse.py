"""What a release name is read as, field by field."""

import pytest

from movie_sync.movie import AudioTrack
from movie_sync.releases.parse import parse_release, suspicious_title


def words(technical: str) -> str:
    return f"Film.2000.{technical}-GRP"


# -- which film


@pytest.mark.parametrize(
    ("name", "title", "year"),
    [
        ("Quiet.Harbour.EXTENDED.1979.1080p", "Quiet Harbour", 1979),
        ("Quiet Harbour Unrated 1979 1080p", "Quiet Harbour", 1979),
        ("Quiet.Harbour.UNCUT.German.1979.DL.1080p", "Quiet Harbour", 1979),
        ("Quiet.Harbour.Danish.1979.1080p", "Quiet Harbour", 1979),
        ("Quiet.Harbour.LiMiTED.1979.720p", "Quiet Harbour", 1979),
        ("The.Good.German.2006.1080p.BluRay", "The Good German", 2006),
        ("Broken.English.2007.720p", "Broken English", 2007),
        ("Broken Danish (2007) 720p", "Broken Danish", 2007),
        ("The.French.Letters.2021.1080p", "The French Letters", 2021),
        ("The.Last.Limited.2007.1080p", "The Last Limited", 2007),
        ("Uncut.Stones.2019.1080p", "Uncut Stones", 2019),
        ("Bigger.&.Uncut.1999.1080p", "Bigger & Uncut", 1999),
        ("The.Final.Cut.2004.DVDRip", "The Final Cut", 2004),
        ("Harbour.The.Final.Cut.1982.1080p", "Harbour", 1982),
        ("Madame.Web.2024.1080p", "Madame Web", 2024),
        ("Quiet Harbour CD1 2005 DVDRip", "Quiet Harbour", 2005),
        ("Cam (2018)", "Cam", 2018),
        ("Step.Up.3D.2010.1080p", "Step Up 3D", 2010),
        ("Mad.Max.1979.MAX.WEB-DL.1080p", "Mad Max", 1979),
        ("(500) Days of Rain (2009)", "500 Days of Rain", 2009),
        ("[REC] (2007) 1080p", "REC", 2007),
        ("[REC] 2 (2009)", "REC 2", 2009),
        ("8-Bit.Winter.2021.1080p", "8-Bit Winter", 2021),
        ("V.H.S.2 [2013] 1080p", "V H S 2", 2013),
        ("Class.of.1984.1982.1080p", "Class of 1984", 1982),
        ("Wonder Woman 1984 (2020) 2160p", "Wonder Woman 1984", 2020),
        ("Wonder Woman 1984 - 2020 - 1080p", "Wonder Woman 1984", 2020),
        ("(2000) Quiet Harbour.mkv", "Quiet Harbour", 2000),
        ("2000 - Quiet Harbour.mkv", "Quiet Harbour", 2000),
        ("2008 The Quiet Harbour.mp4", "The Quiet Harbour", 2008),
        ("2049.Harbours.1080p", "2049 Harbours", None),
        ("1917 1080p", "1917", None),
        ("Quiet Harbour (of somebody, 1967) [VHSRip]", "Quiet Harbour", 1967),
        ("Quiet Harbour - (Ann SOMEBODY) - 1948 - DVDRip", "Quiet Harbour", 1948),
        ("Тихая гавань (Анна Некто) [1984, драма, DVDRip]", "Тихая гавань", 1984),
        ("Тихая гавань 2010г DVDRip", "Тихая гавань", 2010),
        ("Late Talk 2017 05 03 720p HDTV", "Late Talk", None),
        ("BBC.Quiet.Harbour.2015.1080p", "Quiet Harbour", 2015),
        ("(Documentary) Quiet Harbour (2017) 1080p", "Quiet Harbour", 2017),
        ("【某字幕组】★01月新番★[Quiet Harbour][01][720p]", "Quiet Harbour", None),
        ("[GRP][Quiet Harbour][01][720p]", "Quiet Harbour", None),
        ("[GRP] Quiet Harbour [720p]", "Quiet Harbour", None),
        ("[test]50.50.2011.BluRay", "50 50", 2011),
        ("www.site.example - Quiet Harbour (2023) 1080p", "Quiet Harbour", 2023),
        ("www,site.example - Quiet Harbour (2023) 1080p", "Quiet Harbour", 2023),
        ("www site example - Quiet Harbour 2023 1080p", "Quiet Harbour", 2023),
        ("[www.site.example]_Quiet.Harbour.2023.1080p", "Quiet Harbour", 2023),
        ("Quiet_Harbour_2023_720p_x264-grp", "Quiet Harbour", 2023),
        ("Charlottes.Web.1080p.BluRay", "Charlottes Web", None),
        ("Quiet.Harbour.WEB.1080p.x264", "Quiet Harbour", None),
        ("Quiet.Harbour.FRENCH.BRRip", "Quiet Harbour", None),
        ("The.Quiet.Blue.Harbour.German.BRRip", "The Quiet Blue Harbour", None),
        ("The.Good.German.BRRip", "The Good German", None),
        ("Walk.the.Line.1080p", "Walk the Line", None),
        ("Capitao.Porto.2.TS.Somebody", "Capitao Porto 2", None),
        ("Quiet Harbour spanish castellano", "Quiet Harbour", None),
        ("Quiet Harbour Extended", "Quiet Harbour", None),
        ("Quiet Harbour Spanish", "Quiet Harbour Spanish", None),
        ("Quiet Harbour MULTi VFF", "Quiet Harbour", None),
        ("Quiet.Harbour.Dk-Subs.2009", "Quiet Harbour", 2009),
        ("Quiet Harbour - IT EN FR", "Quiet Harbour", None),
        ("Quiet.Harbour-sample.mkv", "Quiet Harbour", None),
        ("!!!", "!!!", None),
        ("[ ]", "", None),
    ],
)
def test_a_title_ends_where_the_technical_words_begin(name: str, title: str, year: int | None) -> None:
    parsed = parse_release(name)
    assert (parsed.title, parsed.year) == (title, year)


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("Тихая гавань / Quiet Harbour (2002)", ("Quiet Harbour", "Тихая гавань")),
        ("Тихая гавань (Quiet Harbour) 1992", ("Quiet Harbour", "Тихая гавань")),
        ("Канал. Гавань / Harbour / The Quiet One (2002)", ("Harbour", "Канал Гавань", "The Quiet One")),
        ("静かな港 Quiet Harbour 2002", ("Quiet Harbour", "静かな港")),
        ("静かな港 2 2002", ("静かな港 2",)),
        ("Quiet Harbour AKA Port Tranquille 2002", ("Quiet Harbour", "Port Tranquille")),
        ("Quiet.Harbour.a.k.a.Port.2002", ("Quiet Harbour", "Port")),
        ("AKA.2002.1080p", ("AKA",)),
        ("Face/Off 1997", ("Face/Off",)),
        ("Le Port (The Quiet Harbour) 2011", ("Le Port", "The Quiet Harbour", "Le Port The Quiet Harbour")),
        ("Bird or (The Unexpected) (2014)", ("Bird or The Unexpected",)),
        ("You Can (Not) Row 2014", ("You Can Not Row",)),
        ("Quiet Harbour (2) 2014", ("Quiet Harbour 2",)),
        ("BBC.Quiet.Harbour.2010.1080p", ("Quiet Harbour", "BBC Quiet Harbour")),
        ("2001.A.Quiet.Harbour.1080p", ("A Quiet Harbour", "2001 A Quiet Harbour")),
    ],
)
def test_other_titles_are_kept_and_a_latin_one_comes_first(name: str, titles: tuple[str, ...]) -> None:
    assert parse_release(name).titles == titles


@pytest.mark.parametrize(
    ("name", "years"),
    [
        ("Harbour.2049.2017.1080p", (2017, 2049)),
        ("Harbour.1080p.2003", (2003,)),
        ("Harbour 1990 (1999) 1080p", (1999, 1990)),
        ("Harbour.1987-1992.1080p", ()),
        ("Harbour (1988 - 89) DVDRip", ()),
        ("Harbour Collection 2000 - 2020", ()),
        ("Harbour.2017.99.99.1080p", (2017,)),
    ],
)
def test_years_are_in_the_order_of_their_likelihood(name: str, years: tuple[int, ...]) -> None:
    assert parse_release(name).years == years


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Harbour.Complete.Collection.2001-2011.1080p", "Harbour"),
        ("Harbour All Movies Collection 2001-2011 720p", "Harbour"),
        ("Harbour Complete 13 Movie Collection 2000 - 2020", "Harbour"),
        ("Ann Somebody Collection - 15 HD Movies", "Ann Somebody"),
        ("Harbour.Heptalogy.SWESUB.DVDRip", "Harbour"),
        ("Harbour Full Series 720p", "Harbour"),
        ("Harbour Movies Complete 2014", "Harbour"),
        ("The Harbour 1, 2, 3 - Complete Anthology", "The Harbour"),
        ("Harbour I - VIII 1080p", "Harbour"),
        ("Harbour 1-6 1080p", "Harbour"),
        ("Colectia Harbour 720p", "Colectia Harbour"),
        ("Harbour.1990-1995.DVDRip", "Harbour"),
        ("Harbour.1979.Collection.1080p", "Harbour"),
        ("6 Movies 1080p", "6 Movies"),
    ],
)
def test_a_pack_is_seen_and_its_word_leaves_the_title(name: str, title: str) -> None:
    parsed = parse_release(name)
    assert (parsed.pack, parsed.title) == (title != "6 Movies", title)


@pytest.mark.parametrize(
    "name", ["The.Collection.1080p", "The Family Collection (2012)", "Trilogy.of.Fear.1975", "Trilogy of Fear 1080p"]
)
def test_a_film_called_like_a_pack_is_none(name: str) -> None:
    assert not parse_release(name).pack


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Harbour Trilogy", "a pack of several films"),
        ("8 Movies", "a pack of several films"),
        ("Harbour Featurette", "extras, not the film"),
        ("Movies", None),
        ("Harbour", None),
    ],
)
def test_a_title_that_tells_of_no_film_is_suspicious(title: str, reason: str | None) -> None:
    assert suspicious_title(title) == reason


@pytest.mark.parametrize(
    ("name", "season", "episode"),
    [
        ("Show.S02E05.1080p", 2, 5),
        ("Show.S02.E05.1080p", 2, 5),
        ("Show.S02.1080p", 2, None),
        ("Show.Season03.720p", 3, None),
        ("Show Sezonul 3 720p", 3, None),
        ("Show 01E06", 1, 6),
        ("Show.E146.HDTV", 1, 146),
        ("Show Episode 121 1080p", 1, 121),
        ("[GRP] Show - 04 [720p]", 1, 4),
        ("Open.Season.3.2010.1080p", None, None),
        ("Season", None, None),
        ("21.Grams.2003", None, None),
        ("S01.1080p", None, None),
        ("Show.S02.1080p.x264", 2, None),
    ],
)
def test_a_season_and_an_episode_are_read(name: str, season: int | None, episode: int | None) -> None:
    parsed = parse_release(name)
    assert (parsed.season, parsed.episode) == (season, episode)


# -- picture


@pytest.mark.parametrize(
    ("technical", "resolution"),
    [
        ("2160p", "2160p"), ("4K", "2160p"), ("UltraHD", "2160p"), ("4K.1080p", "1080p"), ("m1080p", "1080p"),
        ("10800p", "1080p"), ("HD1080p", "1080p"), ("BD1080", "1080p"), ("TC720p", "720p"), ("1080p60", "1080p"),
        ("1080i", "1080i"), ("720i", "720p"), ("1O8Op", None), ("3840x1632", "2160p"), ("1920x800", "1080p"),
        ("1440x1080p", "1080p"), ("1280x534", "720p"), ("1024x576", "576p"), ("640x272", "480p"), ("320x240", "360p"),
        ("816p", "1080p"), ("5000p", "2160p"), ("1440p", "1440p"), ("FHD", "1080p"), ("x264.1080", "1080p"),
        ("1080p.BluRay.720p", "720p"),
    ],
)  # fmt: skip
def test_the_lines_of_the_picture(technical: str, resolution: str | None) -> None:
    assert parse_release(words(technical)).resolution == resolution


@pytest.mark.parametrize(
    ("technical", "source"),
    [
        ("BDRemux", "bluray"), ("UHDRip", "bluray"), ("4K.UHDremux", "bluray"), ("1080p.Remux", "bluray"),
        ("BD", "bluray"), ("AMZN.WEB-DL", "webdl"), ("WEB", "webdl"), ("WEB-DLRip", "webrip"), ("HDRip", "webrip"),
        ("VODRip", "webrip"), ("BluRay.HDRip", "bluray"), ("SATRip", "hdtv"), ("PPVRip", "hdtv"), ("DVB", "hdtv"),
        ("HDDVDRip", "bluray"), ("PAL.DVDR", "dvd"), ("VHSRip", "vhs"), ("35mm", "film"), ("2160p.35mm.UHD", "film"),
        ("HQ.S-Print", "cam"), ("CAMHD", "cam"), ("PDVDRip", "telesync"), ("TS-Screener", "telesync"),
        ("HDTCRip", "telecine"), ("SCR", "screener"), ("CAM.1080p.BluRay.Audio", "cam"), ("WORKPRINT", "workprint"),
        ("1080p", None),
    ],
)  # fmt: skip
def test_the_source_with_a_poor_one_never_hidden(technical: str, source: str | None) -> None:
    assert parse_release(words(technical)).source == source


@pytest.mark.parametrize(
    ("technical", "codec", "depth"),
    [
        ("H 264", "h264", None), ("x264.dxva", "h264", None), ("Hi10P", "h264", 10), ("HEVC10", "h265", 10),
        ("x265_10Bit", "h265", 10), ("H.265.10-bit", "h265", 10), ("x265M.HEVC", "h265", None),
        ("AV1.12bit", "av1", 12), ("x264.8bit", "h264", 8), ("XvidHD", "xvid", None), ("VC-1", "vc1", None),
        ("MPEG2", "mpeg2", None), ("VP9", "vp9", None), ("x264hq", "h264", None),
    ],
)  # fmt: skip
def test_the_codec_and_its_depth(technical: str, codec: str, depth: int | None) -> None:
    parsed = parse_release(words(technical))
    assert (parsed.codec, parsed.bit_depth) == (codec, depth)


@pytest.mark.parametrize(
    ("technical", "hdr"),
    [
        ("DV.HDR", ("dv", "hdr")), ("DoVi.HDR10+", ("dv", "hdr10+")), ("DV-HDR10Plus", ("dv", "hdr10+")),
        ("HDR10", ("hdr10",)), ("Dolby Vision Profile 8", ("dv",)), ("HLG", ("hlg",)), ("SDR", ("sdr",)),
        ("HDRip", ()), ("10bit", ()),
    ],
)  # fmt: skip
def test_the_dynamic_range(technical: str, hdr: tuple[str, ...]) -> None:
    assert parse_release(words(technical)).hdr == hdr


# -- sound


@pytest.mark.parametrize(
    ("technical", "tracks"),
    [
        ("DDP5.1", ["ddp 5.1"]), ("DD+5 1", ["ddp 5.1"]), ("E-AC-3.5.1", ["ddp 5.1"]), ("DD51", ["dd 5.1"]),
        ("AC3x2.2.0x2", ["dd 2.0"]), ("DolbyD 5 1", ["dd 5.1"]), ("AAC2.0", ["aac 2.0"]), ("QAACx2", ["aac"]),
        ("6CH.AAC", ["aac"]), ("AAC.6CH", ["aac 5.1"]), ("FLAC 1.0", ["flac 1.0"]), ("LPCM 2.0", ["lpcm 2.0"]),
        ("DTS", ["dts"]), ("DTS-ES", ["dts-es"]), ("DTS-HD", ["dts-hd"]), ("DTS-HD.HR.5.1", ["dts-hd hra 5.1"]),
        ("DTS-HDMA.7.1", ["dts-hd ma 7.1"]), ("DTS-HD.Master", ["dts-hd ma"]), ("DTS HD MA 5 1", ["dts-hd ma 5.1"]),
        ("DTS:X.7.1", ["dts-x 7.1"]), ("TrueHD.7.1.Atmos", ["truehd 7.1 atmos"]), ("Atmos.TrueHD", ["truehd atmos"]),
        ("DDPA5.1", ["ddp 5.1 atmos"]), ("DDP.5.1.Atmos.TrueHD", ["ddp 5.1 atmos", "truehd"]),
        ("WEB-DL.Atmos", ["ddp atmos"]), ("BluRay.Atmos", ["truehd atmos"]),
        ("DTS.AAC+DD5.1", ["dts", "aac", "dd 5.1"]), ("DD+AAC", ["dd", "aac"]), ("MP3", ["mp3"]), ("Opus", ["opus"]),
        ("Vorbis", ["vorbis"]), ("x264.5.1", []),
    ],
)  # fmt: skip
def test_every_sound_track_with_its_channels(technical: str, tracks: list[str]) -> None:
    def told(track: AudioTrack) -> str:
        return " ".join(word for word in (track.codec, track.channels, "atmos" if track.atmos else None) if word)

    assert [told(track) for track in parse_release(words(technical)).audio] == tracks


# -- edition, marks, group


@pytest.mark.parametrize(
    ("technical", "edition"),
    [
        ("Extended.Cut", "Extended"), ("Directors.Cut", "Director's Cut"), ("Director s Cut", "Director's Cut"),
        ("Director's Cut", "Director's Cut"), ("DC", "Director's Cut"), ("Theatrical", "Theatrical"),
        ("UNCUT", "Uncut"), ("Unrated.Directors.Cut", "Director's Cut Unrated"), ("4K.Remastered", "Remastered"),
        ("Restoration", "Restored"), ("20th.Anniversary.Edition", "20th Anniversary"),
        ("The.Criterion.Collection", "Criterion"), ("IMAX", "IMAX"), ("Open Matte", "Open Matte"),
        ("Despecialized.Edition", "Despecialized"), ("Redux", "Redux"), ("Hybrid", "Hybrid"),
        ("Black.and.White", "Black & White"), ("Fan.Edit", "Fan Edit"), ("LIMITED", "Limited"), ("INTERNAL", None),
        ("Collectors.Edition", "Collector's Edition"), ("Extended.Theatrical", "Extended Theatrical"),
    ],
)  # fmt: skip
def test_the_edition_in_its_common_words(technical: str, edition: str | None) -> None:
    assert parse_release(words(technical)).edition == edition


@pytest.mark.parametrize(
    ("technical", "marks"),
    [
        ("PROPER", {"proper"}), ("REAL.PROPER", {"proper"}), ("REPACK2", {"repack"}), ("RERiP", {"repack"}),
        ("BDRemux", {"remux"}), ("BD50", {"disc"}), ("DVD9", {"disc"}), ("PAL.DVDR", {"disc"}), ("DVDR.XviD", set()),
        ("BD50.BDRip", set()), ("COMPLETE.UHD.BLURAY", {"disc"}), ("DVD9.WEB-DL", set()), ("3D", {"is_3d"}),
        ("Half-SBS", {"is_3d"}), ("AI.Upscaled", {"upscaled"}), ("Bonus.Disc", {"extra"}), ("Sample", {"sample"}),
    ],
)  # fmt: skip
def test_the_marks(technical: str, marks: set[str]) -> None:
    parsed = parse_release(words(technical))
    all_marks = ("proper", "repack", "remux", "disc", "is_3d", "upscaled", "extra", "sample")
    assert {mark for mark in all_marks if getattr(parsed, mark)} == marks


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Film.2000.x264-GRP.mkv", "GRP"), ("Film 2000 x264 - GRP", "GRP"), ("Film.2000.x264-D-Z0N3", "D-Z0N3"),
        ("Film.2000.AC3.MrOne-TWO", "MrOne-TWO"), ("Film.2000.1080p.IL.Some-GRP", "GRP"),
        ("Film.2000.x264-S.V", "S.V"), ("Film.2000.DTS-BEN.THE.MEN", "BEN.THE.MEN"),
        ("Film.2000.x264-GRP[site]", "GRP"), ("Film 2000 x264-GRP {{tag}}", "GRP"), ("Film.2000.x264-grp®", "grp®"),
        ("Film 2000 DTS -236@GRP", "236@GRP"), ("Film 2000 x264-Sir Paul", "Sir Paul"),
        ("Film 2000 x264-GRP (Another Title)", "GRP"), ("Film 2000 x264-GRP  .Another title here.", "GRP"),
        ("Film.2000.x264-GRP.RoSubbed", "GRP"), ("Film.2000.x264-GRP-RO", "GRP"),
        ("Film.2000.x264-GRP-Obfuscated", "GRP"), ("Film.2000.AMZN-CBR.WEB-DL.x264", None),
        ("Film.2000.x264-RO", None), ("Film.2000.x264-iTA", None), ("Film.2000.WEB-DL", None),
        ("Film.2000.DTS-HD", None), ("Film 2000 x264 - Two Words", None), ("Spider-Man", None),
        ("Film 2000 XviD AC3 GRP", "GRP"), ("Film 2000 1080p Something", None), ("Film 2000 x264 Movies", None),
        ("Film 2000 x264 700MB", None),
        ("Film (2000) (1080p x265 Some)", "Some"), ("Film (2000) (1080p x265 Some) [Site]", "Some"),
        ("Film (2000) x265 Some [Site]", None), ("Film (2000) (1080p x265 English - GRP).mkv", "GRP"),
        ("Film (2000) [1080p] [BluRay] [GRP]", "GRP"), ("Film (2000) [1080p] [SITE.MX]", None),
        ("Film (2000) x264 [GRP]", None), ("[GRP] Film - 10 [480p].mkv", "GRP"), ("[GRP]Film.2000.x264-ONE", "ONE"),
        ("[GRP]Film 2000", None), ("Film]", None), ("[1080p] Film", None), ("Film.2000.x264-RESTORED", "RESTORED"),
        ("Film.2000.x264-A-", "A"),
    ],
)  # fmt: skip
def test_the_group_is_told_from_what_only_looks_like_one(name: str, group: str | None) -> None:
    assert parse_release(name).group == group


def test_a_groups_name_says_nothing_of_the_edition() -> None:
    assert parse_release("Film.2000.x264-RESTORED").edition is None


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("Film.2000.mkv", "mkv"), ("Film 2000 x264-GRP mkv", "mkv"), ("Film 2000 DVDRip AVI Dual", "avi"),
        ("Film.2000.torrent", None), ("Film 2000 TS", None), ("Film.2000.ts", "ts"), ("Film.2000", None),
    ],
)  # fmt: skip
def test_the_container(name: str, container: str | None) -> None:
    assert parse_release(name).container == container
