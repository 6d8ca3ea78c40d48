"""Films that nobody ever made, and what a tracker has of them; no two alike."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from movie_sync.movie import Movie

_FIRST = (
    "Amber Bitter Broken Calm Clever Cold Crooked Distant Drowsy Early Eager Empty Faded Fearless Foggy Fragile Gentle"
    " Ginger Hollow Honest Hungry Idle Jolly Kindly Lonely Lucky Mellow Merry Mighty Misty Narrow Nimble Patient Plain"
    " Proud Quaint Quick Ragged Restless Rusty Sandy Scarce Shy Sleepy Slender Solemn Steady Sunken Tender Timid Velvet"
    " Weary Wicked Windy Woolen"
).split()
_SECOND = (
    "Anchor Apple Baker Barrel Beacon Bridge Candle Canyon Carpet Castle Cellar Clock Copper Corner Cradle"
    " Dancer Desert Doctor Driver Feather Fiddle Forest Garden Gardener Hammer Harbor Hunter Island Jacket"
    " Kettle Ladder Lantern Letter Market Meadow Miller Mirror Needle Orchard Painter Pebble Pilgrim"
    " Pocket Potter Ribbon River Saddle Sailor Shadow Shepherd Sparrow Spoon Stranger Tailor Teacher"
    " Thunder Tunnel Valley Violin Wagon Walnut Widow Willow Window"
).split()
MOST_FILMS = len(_FIRST) * len(_SECOND)
_LAST_NAMES = ("Adler", "Brandt", "Costa", "Duval", "Eriksen", "Fabre", "Greco", "Holm")
# A torrent of one piece.
_SMALLEST, _LARGEST = 16 * 1024, 64 * 1024

# good: taken; refused: against the rules; empty: nobody has it, as the tracker says; dead: nobody has it, though the
# tracker says so.
Grade = Literal["good", "refused", "empty", "dead"]


def film(number: int) -> Movie:
    """One of MOST_FILMS films, with all that its page says."""
    title = f"{_FIRST[number % len(_FIRST)]} {_SECOND[number // len(_FIRST)]}"
    return Movie(
        title,
        1930 + number % 90,
        100_000 + number,
        f"s{number:x}",
        f"{title.lower().replace(' ', '-')}-{number}",
        imdb_id=f"tt{7_000_000 + number}",
        tmdb_id=f"movie/{number + 1}",
        kind="film",
        directors=(f"Ada {_LAST_NAMES[number % len(_LAST_NAMES)]}",),
        runtime_min=80 + number % 60,
    )


@dataclass(frozen=True, slots=True)
class Coming:
    """A release that comes to the tracker one day.

    Attributes:
        at_s: Seconds after the beginning.
        film: Number of the film.
        torrent: None: nobody can have it.
    """

    at_s: float
    film: int
    name: str
    grade: Grade
    size_bytes: int
    torrent: bytes | None = None


def release_name(number: int, grade: Grade) -> str:
    """What a release of a film is called."""
    movie = film(number)
    quality = "HDCAM.x264" if grade == "refused" else "2160p.BluRay.x265" if grade == "dead" else "1080p.BluRay.x264"
    return f"{movie.title.replace(' ', '.')}.{movie.year}.{quality}-SOAK"


def make_file(folder: Path, name: str, seed: int) -> Path:
    """A made-up film file of 16 to 64 kB."""
    dice = random.Random(seed)
    path = folder / f"{name}.mkv"
    path.write_bytes(dice.randbytes(dice.randint(_SMALLEST, _LARGEST)))
    return path
