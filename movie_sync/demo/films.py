"""The films of the demo: old enough to belong to everybody, odd enough to show what can happen."""

from dataclasses import dataclass

from movie_sync.movie import Movie


@dataclass(frozen=True, slots=True)
class Offer:
    """One release on the demo's tracker.

    Attributes:
        megabytes: Size of the made-up film file.
        seeded: Someone has it; else it is listed with no seeders.
        tagged: It carries the film's IMDb id.
    """

    name: str
    category: int
    megabytes: int
    seeded: bool = True
    freeleech: bool = False
    tagged: bool = True


@dataclass(frozen=True, slots=True)
class DemoFilm:
    """A wish of the demo's user.

    Attributes:
        note: What is odd about it; "" when nothing is.
        taken: The release that is to be taken, None when none is.
        expected: The state it has to end in.
        on_disk: It lies in the library already.
    """

    movie: Movie
    offers: tuple[Offer, ...] = ()
    note: str = ""
    taken: str | None = None
    expected: str = "downloaded"
    on_disk: bool = False


def _film(
    number: int,
    title: str,
    year: int,
    slug: str,
    imdb_id: str | None,
    director: str,
    *,
    tmdb_id: str | None = None,
    alt_titles: tuple[str, ...] = (),
) -> Movie:
    return Movie(
        title,
        year,
        number,
        f"d{number:x}",
        slug,
        imdb_id=imdb_id,
        tmdb_id=tmdb_id or f"movie/{number}",
        directors=(director,),
        alt_titles=alt_titles,
    )


FILMS: tuple[DemoFilm, ...] = (
    DemoFilm(
        _film(51_001, "Nosferatu", 1922, "nosferatu", "tt0013442", "F. W. Murnau"),
        (
            Offer("Nosferatu.1922.1080p.BluRay.x264-DEMO", 4, 4, freeleech=True),
            Offer("Nosferatu.1922.2160p.UHD.BluRay.x265-DEMO", 6, 8),
            Offer("Nosferatu.1922.DVDRip.XviD-DEMO", 1, 2),
        ),
        taken="Nosferatu.1922.2160p.UHD.BluRay.x265-DEMO",
    ),
    DemoFilm(
        _film(51_002, "Metropolis", 1927, "metropolis", "tt0017136", "Fritz Lang"),
        (
            Offer("Metropolis.1927.2160p.WEB-DL.H265-DEMO", 6, 6, seeded=False),
            Offer("Metropolis.1927.1080p.BluRay.x264-DEMO", 4, 5),
        ),
        note="nobody seeds the best release, so the next best was taken",
        taken="Metropolis.1927.1080p.BluRay.x264-DEMO",
    ),
    DemoFilm(
        _film(
            51_003,
            "Броненосец Потёмкин",
            1925,
            "battleship-potemkin",
            "tt0015648",
            "Sergei Eisenstein",
            alt_titles=("Battleship Potemkin",),
        ),
        (Offer("Battleship.Potemkin.1925.1080p.BluRay.FLAC.x264-DEMO", 4, 4),),
        note="a title in another script",
        taken="Battleship.Potemkin.1925.1080p.BluRay.FLAC.x264-DEMO",
    ),
    DemoFilm(
        _film(51_004, "The Lodger", 1927, "the-lodger-1927", "tt0017075", "Alfred Hitchcock"),
        (Offer("The.Lodger.1927.1080p.BluRay.x264-DEMO", 4, 3),),
        note="one of two films of this title",
        taken="The.Lodger.1927.1080p.BluRay.x264-DEMO",
    ),
    DemoFilm(
        _film(51_005, "The Lodger", 1944, "the-lodger", "tt0037024", "John Brahm"),
        (Offer("The.Lodger.1944.720p.BluRay.x264-DEMO", 4, 3, tagged=False),),
        note="the other one; its release has no IMDb tag",
        taken="The.Lodger.1944.720p.BluRay.x264-DEMO",
    ),
    DemoFilm(
        _film(51_006, "The General", 1926, "the-general", "tt0017925", "Buster Keaton"),
        (Offer("The.General.1926.1080p.BluRay.x264-DEMO", 4, 3),),
        note="it is on disk already",
        expected="owned",
        on_disk=True,
    ),
    DemoFilm(
        _film(51_007, "London After Midnight", 1927, "london-after-midnight", "tt0018097", "Tod Browning"),
        note="lost since 1965: the tracker does not have it",
        expected="not_found",
    ),
    DemoFilm(
        _film(51_008, "The Phantom Empire", 1935, "the-phantom-empire", "tt0026867", "Otto Brower", tmdb_id="tv/73107"),
        (Offer("The.Phantom.Empire.S01.1080p.WEB-DL.x264-DEMO", 21, 3),),
        note="a miniseries",
        expected="series",
    ),
    DemoFilm(
        _film(51_009, "Limite", 1931, "limite", None, "Mário Peixoto"),
        (Offer("Limite.1931.1080p.BluRay.x264-DEMO", 4, 3, tagged=False),),
        note="its page has no IMDb id: found by title and year",
        taken="Limite.1931.1080p.BluRay.x264-DEMO",
    ),
    DemoFilm(
        _film(
            51_010, "Sunrise: A Song of Two Humans", 1927, "sunrise-a-song-of-two-humans", "tt0018455", "F. W. Murnau"
        ),
        (Offer("Sunrise.A.Song.of.Two.Humans.1927.1080p.WEB-DL.H264-DEMO", 4, 4),),
        taken="Sunrise.A.Song.of.Two.Humans.1927.1080p.WEB-DL.H264-DEMO",
    ),
    DemoFilm(
        _film(51_011, "Häxan", 1922, "haxan", "tt0013257", "Benjamin Christensen"),
        (
            Offer("Haxan.1922.HDCAM.x264-DEMO", 4, 2),
            Offer("Haxan.1922.720p.BluRay.x264-DEMO", 4, 3),
        ),
        taken="Haxan.1922.720p.BluRay.x264-DEMO",
    ),
    DemoFilm(
        _film(51_012, "Safety Last!", 1923, "safety-last", "tt0014429", "Fred C. Newmeyer"),
        (Offer("Safety.Last.1923.1080p.BluRay.x264-DEMO", 4, 3),),
        taken="Safety.Last.1923.1080p.BluRay.x264-DEMO",
    ),
    DemoFilm(
        _film(51_013, "M", 1931, "m", "tt0022100", "Fritz Lang"),
        (Offer("M.1931.1080p.BluRay.x264-DEMO", 4, 4),),
        taken="M.1931.1080p.BluRay.x264-DEMO",
    ),
)
