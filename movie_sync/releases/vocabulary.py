"""The words of release names and what they mean. Data only; the languages are in ``languages.py``.

Each table maps a fact, (field, value), to its spellings, divided by commas. Spellings are lower case, without accents
and apostrophes. A blank in one may be a dot, a dash, an underscore or nothing in a name: "web dl" is WEB-DL, WEB.DL and
WEBDL. A spelling below several facts says all of them ("bd remux": from a Blu-ray, and a remux).

The table a spelling stands in says how far it may be trusted where a title could still go on:

STRONG: no title has it, so a title ends before it.
FIRM: a title ends before it when the year or a strong word follows.
WEAK: the same, but titles have it too: before a year only in capitals the title does not have.
LOUD: only in such capitals.
INNER: never ends a title; it counts among technical words only.
"""

from collections.abc import Mapping

Facts = Mapping[tuple[str, str], str]

STRONG: Facts = {
    ("size", "2160p"): "4k, uhd, ultra hd, 4k uhd, uhd 4k, 4k ultra hd, 4k uhd remux, 4k uhd rip, uhd remux,"
    " uhd rip, uhd blu ray, ultra hd blu ray, 4k ultra hd blu ray, 4k uhd blu ray, 4k blu ray, uhd bd, uhd bd rip,"
    " 4k remux, 4k light, 4k web dl, uhd web dl, complete uhd blu ray",
    ("size", "1080p"): "fhd, full hd, fhd rip, full hd 1080p, hd 1080",
    ("size", "720p"): "hd 720",
    ("resolution", "1080p"): "full hd 1080p, fhd 1080p",
    ("source", "bluray"): "blu ray, blue ray, blu ray rip, blu rip, bd rip, bd rips, br rip, br rips, bd mux,"
    " br mux, bd 25, bd 50, bd 66, bd 100, bd iso, bdmv, bd remux, br remux, bd rm, blu ray remux, bd r, bd raw,"
    " brd, brd rip, br disk, bd disk, blu ray disk, blu ray disc, full blu ray, complete blu ray, complete bdr,"
    " complete uhd blu ray, complete bd, hd dvd, hd dvd rip, 4k uhd remux, 4k uhd rip, uhd remux, uhd rip,"
    " uhd blu ray, ultra hd blu ray, 4k ultra hd blu ray, 4k uhd blu ray, 4k blu ray, uhd bd, uhd bd rip, 4k remux,"
    " 3d blu ray, blu ray 3d, bd 3d",
    ("source", "webdl"): "web dl, web hd, web uhd, web mux, web dl mux, hd web dl, uhd web dl, 4k web dl, ddc,"
    " web download, dl web, itunes hd, web 4k, digital hd",
    ("source", "webrip"): "web rip, web rips, web dl rip, web cap, vod rip, uhd web rip, hd web rip",
    # Encodes of anything in high definition; mostly of a download.
    ("source", "hdrip"): "hd rip, hd rips, uhd hdrip, fhd rip",
    ("source", "hdtv"): "hd tv, hd tv rip, pdtv, pd tv rip, sdtv, sdtv rip, dsr, dsr rip, ds rip, dvb, dvb rip,"
    " dvb t, dvb s, dvb c, dth rip, dth, dtv rip, tv rip, tv hd rip, ahdtv, uhd tv, uhd tv rip, sat rip, dsat rip,"
    " tv cap, ppv rip, ppv hd, hd tv cap, iptv rip, digital tv",
    ("source", "dvd"): "dvd, dvd rip, dvd rips, dvd r, dvd 5, dvd 9, dvd mux, dvd full, full dvd, dvd iso,"
    " dvd remux, dvd xvid, dvd divx, ntsc dvd, pal dvd, ntsc dvd r, pal dvd r, mini dvd, complete dvd,"
    " complete pal dvd r, complete ntsc dvd r, video ts, dvd 10",
    ("source", "vhs"): "vhs rip, vhs rips, vhs scan, s vhs rip",
    ("source", "film"): "35mm, 35 mm, 16mm, 16 mm, 70mm, 35mm scan, 16mm scan, film scan, dcp rip, 35mm rip",
    ("source", "cam"): "cam rip, hd cam, hq cam, hd cam rip, hq cam rip, cam hd, hq s print, hall print, new hd cam,"
    " clean cam, hq hd cam, hq print",
    ("source", "telesync"): "hd ts, tele sync, hd tele sync, ts rip, hd ts rip, hq ts, hq hd ts, pdvd, pdvd rip,"
    " pre dvd, pre dvd rip, hq pre dvd, hq pre dvd rip, hq pdvd rip, ts screener, new hd ts, cleaned hd ts",
    ("source", "telecine"): "hd tc, tele cine, hd telecine, tc rip, hd tc rip, hq tc, hq hd tc, new hd tc",
    ("source", "screener"): "dvd scr, dvd screener, bd scr, br scr, web scr, hd scr, scr rip, dvd scr rip,"
    " web screener, hd dvd scr, hdtv scr, digital screener, bd screener",
    ("source", "workprint"): "work print",
    ("codec", "h264"): "x 264, h 264, avc, avchd, mpeg 4 avc, hi10p, hi10, hi 10p, hi422p, hi444pp, x264 hq, hx 264",
    ("codec", "h265"): "x 265, h 265, hevc, hevc 10, hevc 10bit, x265 10bit, x265 m, hevc x265, hx 265",
    ("codec", "av1"): "av1",
    ("codec", "xvid"): "xvid, x vid, divx, xvid hd, 3ivx, xvi d",
    ("codec", "vc1"): "vc 1",
    ("codec", "mpeg2"): "mpeg 2, mpeg2 video, h 262",
    ("codec", "vp9"): "vp9",
    ("depth", "10"): "10 bit, 10 bits, hi10p, hi10, hi 10p, hevc 10, hevc 10bit, x265 10bit, yuv420p10",
    ("depth", "12"): "12 bit, 12 bits",
    ("hdr", "dv"): "dovi, do vi, dolby vision, dolby vision hdr, dovi hdr, dv hdr, dv hdr10, dv hdr10+, hdr dv,"
    " hdr d v, hdr10 d v",
    ("hdr", "hdr10+"): "hdr10+, hdr10 plus, hdr 10 plus, hdr 10+, hdr10p, dv hdr10+",
    ("hdr", "hdr10"): "hdr10, hdr 10, dv hdr10, hdr10 d v",
    ("hdr", "hdr"): "hdr, dolby vision hdr, dovi hdr, dv hdr, hdr dv, hdr d v",
    ("hdr", "hlg"): "hlg",
    ("hdr", "sdr"): "sdr",
    ("remux", ""): "remux, bd remux, br remux, bd rm, blu ray remux, uhd remux, 4k uhd remux, 4k remux, dvd remux,"
    " web remux, hdtv remux",
    ("disc", ""): "bd 25, bd 50, bd 66, bd 100, bd iso, bdmv, br disk, bd disk, full blu ray, complete blu ray,"
    " complete bdr, complete bd, complete uhd blu ray, full disc, full disk, dvd 5, dvd 9, dvd 10, dvd iso,"
    " dvd full, full dvd, complete dvd, complete pal dvd r, complete ntsc dvd r, video ts, dvd r, pal dvd r,"
    " ntsc dvd r",
    ("repack", ""): "repack, rerip, repack 2, repack 3, rerip 2, re pack",
    ("proper", ""): "real proper, proper 2, read nfo proper",
    ("3d", ""): "hsbs, half sbs, full sbs, fsbs, h sbs, half ou, full ou, htab, half tab, 3d sbs, 3d hsbs, 3d h sbs,"
    " 3d hou, 3d h ou, 3d half sbs, 3d half ou, 3d blu ray, blu ray 3d, bd 3d, 3d bd",
    ("upscaled", ""): "upscale, upscaled, ai upscale, ai upscaled, ai enhanced, 4k upscale, 4k upscaled,"
    " upscaled 4k, 4k ai upscale, 4k ai upscaled, upres",
    ("edition", "Remastered"): "4k remastered, 4k remaster, 2k remastered, 8k remastered, digitally remastered,"
    " 4k digitally remastered",
    ("edition", "Restored"): "4k restoration, 2k restoration, 6k restoration, 8k restoration, 4k restored,"
    " 2k restored, 4k scan, 4k digital restoration",
    ("audio", "aac"): "aac, q aac, he aac, he aac v2, lc aac, aac lc, aac he",
    ("audio", "dd"): "ac3, ac 3, dolby digital, dolby d, dolby digital ex, dd ex, ac3 ex, ac3 d, ac3 ld, ac3 md",
    ("audio", "ddp"): "ddp, dd+, ddplus, eac3, e ac 3, e ac3, ac3+, dolby digital plus, ddpa, dd+a, eac3 d,"
    " ddp atmos, dd+ atmos, ddpx",
    ("audio", "dts"): "dts, dts d",
    ("audio", "dts-es"): "dts es, dts es 6.1, dtses discrete",
    ("audio", "dts-hd"): "dts hd, hd dts, dts hd d",
    ("audio", "dts-hd hra"): "dts hd hra, dts hd hr, dts hr, dts hra, dts hd high resolution",
    ("audio", "dts-hd ma"): "dts hd ma, dts hd master, dts hd master audio, dts ma, dts hd ma d, dts master audio",
    ("audio", "dts-x"): "dts x, dts hd x, dts x ma, dts hd ma dts x",
    ("audio", "truehd"): "true hd, dolby true hd, thd, true hd atmos",
    ("audio", "flac"): "flac",
    ("audio", "lpcm"): "lpcm, pcm, l pcm",
    ("audio", "mp2"): "mp2",
    ("audio", "mp3"): "mp3",
    ("audio", "opus"): "libopus, opus audio",
    ("audio", "vorbis"): "vorbis, ogg vorbis",
    ("audio", "wma"): "wma",
    ("atmos", ""): "dolby atmos, ddpa, dd+a, ddp atmos, dd+ atmos, true hd atmos",
    ("subtitles", "mark"): "multi sub, multi subs, multi subtitles, multi language subs, m sub, m subs, dual subs,"
    " hard sub, hard subs, hard subbed, hc sub, hc subs, hc subbed, hardcoded, hard coded, sub forced, subs forced",
    ("", ""): "hd light, 1080p light, micro hd, m hd, vcd, svcd, xsvcd, dxva, h dxva, web dl 1080, read nfo, nfofix,"
    " dirfix, samplefix, subfix, multi audio, dual audio, triple audio, quad audio, multi audios, multi lang,"
    " multi language, no sub, no subs, nosubs, rarbg com, amzn, dsnp, hmax, atvp, pcok, pmtp, dsny, hulu web,"
    " minimal nr",
}

FIRM: Facts = {
    ("edition", "Extended"): "extended, extended cut, extended edition, extended version, the extended cut,"
    " the extended edition, extended theatrical cut, version longue, version extendida, extendida, expanded edition,"
    " extended collectors edition, lange fassung, langfassung",
    ("edition", "Director's Cut"): "directors cut, director s cut, the directors cut, the director s cut,"
    " extended directors cut, unrated directors cut, directors edition, director s edition,"
    " directors definitive cut, director cut, montaje del director",
    ("edition", "Theatrical"): "theatrical, theatrical cut, theatrical edition, theatrical version,"
    " theatrical release, the theatrical cut, original theatrical cut",
    ("edition", "Unrated"): "unrated, unrated cut, unrated edition, unrated version, unrated directors cut",
    ("edition", "Uncut"): "uncut, uncut edition, uncut version, ungekurzt, ungeschnitten, uncut unrated,"
    " version integrale",
    ("edition", "Uncensored"): "uncensored, uncensored cut, uncensored edition, sin censura",
    ("edition", "Remastered"): "remastered, remaster, remastered edition, remasterizado, remasterizada, remasterise,"
    " remastered cut",
    ("edition", "Restored"): "restored, restoration, restored edition, restored version, version restauree, restaurada",
    ("edition", "Final Cut"): "final cut, the final cut",
    ("edition", "Special Edition"): "special edition, the special edition, special ed, edicion especial",
    ("edition", "Ultimate"): "ultimate edition, ultimate cut, ultimate extended edition, the ultimate edition,"
    " ultimate collectors edition, ultimate version",
    ("edition", "Collector's Edition"): "collectors edition, collector s edition, collector edition, collectors ed,"
    " ultimate collectors edition, extended collectors edition, edition collector",
    ("edition", "Anniversary"): "anniversary edition, anniversary cut, anniversary remaster",
    ("edition", "Criterion"): "criterion, criterion collection, the criterion collection, criterion edition,"
    " cc edition",
    ("edition", "IMAX"): "imax, imax edition, imax version, imax enhanced, imax hybrid, imax open matte",
    ("edition", "Open Matte"): "open matte, imax open matte, om edition",
    ("edition", "Despecialized"): "despecialized, despecialized edition, despecialised, harmys despecialized edition",
    ("edition", "Deluxe"): "deluxe edition",
    ("edition", "Diamond"): "diamond edition",
    ("edition", "Platinum"): "platinum edition",
    ("edition", "Signature"): "signature edition",
    ("edition", "Limited"): "limited edition, limited collectors edition, edicion limitada",
    ("edition", "International Cut"): "international cut, international version, international edition",
    ("edition", "Alternate Cut"): "alternate cut, alternative cut, alternate ending, alternate version,"
    " alternative ending",
    ("edition", "Assembly Cut"): "assembly cut",
    ("edition", "Producer's Cut"): "producers cut, producer s cut",
    ("edition", "Rogue Cut"): "rogue cut, the rogue cut",
    ("edition", "Fan Edit"): "fan edit, fanedit, fan cut, fan res, fanres",
    ("edition", "Colorized"): "colorized, colorised, colourised, colourized, in color version",
    ("edition", "Black & White"): "black and white version, black white edition, black and white edition,"
    " bw edition, black and chrome, black and chrome edition, black chrome edition, noir edition,"
    " minus color edition",
    ("edition", "Redux"): "redux, redux cut, redux edition",
    ("edition", "TV Cut"): "tv cut, tv version, television cut",
    ("audio", "dd"): "dd",
    ("audio", "opus"): "opus",
    ("", ""): "multi, internal, readnfo, nuked, custom multi, proof fix, mic dubbed, line dubbed, line audio,"
    " clean audio, hq clean audio, hq clean aud, hq line audio, org audio, org auds, org aud, original audio,"
    " fan dub, unofficial, ppv, cd 1, cd 2, cd 3",
}

WEAK: Facts = {
    ("source", "webdl"): "web",
    ("source", "bluray"): "bd, bdr",
    ("source", "hdtv"): "sat, dtv",
    ("source", "dvd"): "pal, ntsc, r5, r6, r5 line",
    ("source", "vhs"): "vhs",
    ("source", "film"): "dcp",
    ("source", "cam"): "cam, s print",
    ("source", "telesync"): "ts",
    ("source", "telecine"): "tc",
    ("source", "screener"): "scr, screener",
    ("depth", "8"): "8 bit, 8 bits",
    ("hdr", "dv"): "dv",
    ("hdr", "hdr10+"): "hdr plus",
    ("disc", ""): "iso, dvdr disc",
    ("proper", ""): "proper",
    ("3d", ""): "3d, sbs, h ou, f ou, anaglyph",
    ("edition", "Director's Cut"): "dc",
    ("edition", "Ultimate"): "ultimate",
    ("edition", "Hybrid"): "hybrid",
    ("edition", "Fan Edit"): "fan remaster",
    ("edition", "Black & White"): "black and white, black white, bw",
    ("edition", "Anniversary"): "anniversary",
    ("atmos", ""): "atmos",
    ("sample", ""): "sample",
    ("extra", ""): "extras, bonus, bonus disc, bonus features, featurette, featurettes, trailer, trailers,"
    " soundtrack, ost, making of, the making of, behind the scenes, deleted scenes, digital extras,"
    " special features, blooper reel",
    ("pack", "sure"): "trilogy, trilogie, trilogia, quadrilogy, quadrologie, quadrology, tetralogy, tetralogie,"
    " tetralogia, pentalogy, pentalogie, hexalogy, hexalogie, heptalogy, heptalogie, octalogy, duology, duologie,"
    " dilogy, movie collection, film collection, movies collection, complete collection, the complete collection,"
    " box set, dvd box, complete box, complete saga, the complete saga, complete series, the complete series,"
    " full series, entire series, serie completa, serie complete, complete set, complete movies, movies complete,"
    " all movies, all films, complete movie collection, complete anthology, complete trilogy, the complete trilogy,"
    " complete filmography, filmography, complete film series, movie pack, movies pack, film pack, double feature,"
    " triple feature, complete quadrilogy, complete film collection",
    ("pack", ""): "anthology, anthologie, collection, colectia, coleccion, colecao, kolekcja, kolekcia, sammlung,"
    " ultimate collection, integrale",
    ("container", "mkv"): "mkv",
    ("container", "mp4"): "mp4",
    ("container", "avi"): "avi",
    ("container", "m4v"): "m4v",
    ("container", "wmv"): "wmv",
    ("container", "m2ts"): "m2ts",
    ("", ""): "dual, dl, hc, md, ld, ml, ws, fs, widescreen, fullscreen, full screen, stv, oar, nf, audio, audios,"
    " hd, r1, r2, r3, r4, v o, vo, ov, rip, with commentary, commentary, sdh, hq",
}

LOUD: Facts = {
    ("edition", "Noir"): "noir",
    ("edition", "Limited"): "limited",
    ("", ""): "complete, custom, real, line, retail, festival, int, language, languages, integral, forced, cc, v2, v3",
}

INNER: Facts = {
    ("source", "dvd"): "laserdisc, ld rip",
    ("size", "1080p"): "1080",
    ("size", "720p"): "720",
    ("size", "2160p"): "2160",
    ("", ""): "max, ma, it, stan, netflix, nflx, amazon, hulu, itunes, cr, hbo, dsn+, disney+, disney, peacock,"
    " roku, tubi, vudu, mubi, crunchyroll, crav, zee5, hotstar, p5, p7, p8, profile, bt2020, cbr, vbr, kbps, mbps,"
    " uncompressed, documentary, main10",
}

# Who broadcast it, before the title.
BROADCASTERS = frozenset("bbc pbs nhk itv".split())
# What somebody sorted it under, in brackets before the title.
GENRES = frozenset("anime action comedy documentary drama horror thriller animation western family romance".split())
# A word right before one of these is part of a name: "The French", "My Proper", "of Extended".
ARTICLES = frozenset(
    "the a an of in la le les el los las il lo gli der die das den dem ein eine un une una my your our his her their"
    " this that and und et y de du des to at for with from by no not or".split()
)
# A season's word before its number, in the languages of the trackers around.
SEASON_WORDS = frozenset(
    "season seasons saison saisons sezonul sezon temporada stagione staffel sesong seizoen сезон".split()
)
# Films whose title has such a word before a number: "Open Season 2".
NO_SEASON_AFTER = frozenset({"open", "hunting", "silly"})
# "8 movies", "15 HD Movies".
FILM_WORDS = frozenset("movie movies film films filme filmy filmes peliculas pelis".split())
# Before such a word or a pack's: "The Complete 13 Movie Collection".
PACK_FILLERS = frozenset("complete all the full ultimate entire hd".split())
# What a group is never called: pieces of words that have a dash in them.
NO_GROUPS = frozenset(
    "ro dl hd rip ray sub subs subbed dub dubbed audio ma hra hr es ac3 26 264 265 bit sbs ou disc disk x h web vision"
    " dual multi asrequested obfuscated buymore postbot scrambled xpost nzbgeek rakuv whiterev repost".split()
)
# File endings; those that hold a film become the container.
CONTAINERS = frozenset("mkv mp4 avi m4v mov wmv mpg mpeg m2ts ts vob iso webm flv divx ogm rmvb 3gp asf".split())
SUBTITLE_FILES = frozenset("srt ass ssa sub idx sup vtt".split())
OTHER_FILES = frozenset({"torrent", "nzb", "nfo"})
