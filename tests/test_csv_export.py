"""What the CSV export becomes, and how a film is known by its links."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_sync.errors import ConfigError
from movie_sync.movie import title_and_year
from movie_sync.watchlists import csv_export, film_ids
from movie_sync.watchlists.csv_export import films_of, read_csv_export

HEADER = "Date,Name,Year,Letterboxd URI\n"
ROW = "2023-09-26,Sanctuary,2022,https://boxd.it/wPKW\n"
LIST = (
    "Letterboxd list export v7\n"
    "Date,Name,Tags,URL,Description\n"
    '2023-01-01,My best,"one, two",https://boxd.it/abcDE,Films I like\n'
    "\n"
    "Position,Name,Year,URL,Description\n"
    "1,Heat,1995,https://boxd.it/2a9q,\n"
    '2,Nameless,,https://letterboxd.com/film/nameless/,"two\nlines"\n'
)


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "watchlist.csv"
    path.write_bytes(data)
    return path


def titles(text: str) -> list[str]:
    return [film.movie.title for film in films_of(text, "watchlist.csv")]


def test_an_official_export_gives_every_fact_it_holds(tmp_path: Path) -> None:
    (film,) = read_csv_export(written(tmp_path, (HEADER + ROW).encode()))
    assert (film.movie.title, film.movie.year, film.movie.lid) == ("Sanctuary", 2022, "wPKW")
    assert film.movie.url == "https://boxd.it/wPKW"
    assert film.wished_at == datetime(2023, 9, 26, tzinfo=UTC).timestamp()


def test_the_newest_wish_of_an_export_comes_first() -> None:
    films = films_of(HEADER + ROW + "2024-01-01,Newer,2023,https://boxd.it/b\n", "watchlist.csv")
    assert [(film.movie.title, film.position) for film in films] == [("Newer", 0), ("Sanctuary", 1)]


def test_an_exported_list_with_two_blocks_keeps_its_order_and_leaves_out_its_own_description() -> None:
    films = films_of(LIST, "my-best.csv")
    assert [(film.movie.title, film.movie.year, film.position) for film in films] == [
        ("Heat", 1995, 0),
        ("Nameless", None, 1),
    ]
    assert [(film.movie.lid, film.movie.slug) for film in films] == [("2a9q", None), (None, "nameless")]
    assert [film.wished_at for film in films] == [None, None]


def test_quoted_commas_quotes_and_line_ends_belong_to_the_title() -> None:
    row = '2023-01-01,"The ""Good"", the Bad\nand so on",1966,https://boxd.it/a\n'
    assert titles(HEADER + row) == ['The "Good", the Bad\nand so on']


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: b"\xef\xbb\xbf" + text, id="BOM"),
        pytest.param(lambda text: text.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda text: text.rstrip(b"\n"), id="no line end at the end"),
        pytest.param(lambda text: text + b"\n\n", id="empty lines at the end"),
        pytest.param(lambda text: text.replace(b"Name", b" NAME "), id="header in capitals"),
    ],
)
def test_the_small_print_of_the_file_does_not_matter(change: Callable[[bytes], bytes], tmp_path: Path) -> None:
    (film,) = read_csv_export(written(tmp_path, change((HEADER + ROW).encode())))
    assert film.movie.title == "Sanctuary"


def test_titles_of_any_script_survive(tmp_path: Path) -> None:
    row = "2023-01-01,Amélie 天気の子 🎬,2001,https://boxd.it/a\n"
    (film,) = read_csv_export(written(tmp_path, (HEADER + row).encode()))
    assert film.movie.title == "Amélie 天気の子 🎬"


def test_an_undated_film_has_no_year() -> None:
    (film,) = films_of(HEADER + "2023-01-01,Soon,,https://boxd.it/a\n", "w.csv")
    assert film.movie.year is None


def test_a_row_without_a_date_is_a_wish_of_unknown_time() -> None:
    (film,) = films_of(HEADER + ",Soon,2030,https://boxd.it/a\n", "w.csv")
    assert film.wished_at is None


def test_a_header_without_rows_is_an_empty_list() -> None:
    assert films_of(HEADER, "w.csv") == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2023-01-01,,2000,https://boxd.it/a", "the name or the year"),
        ("2023-01-01,Heat,95,https://boxd.it/a", "'95'"),
        ("2023-01-01,Heat,١٩٩٥,https://boxd.it/a", "the year"),
        ("2023-01-01,Heat,MCMXCV,https://boxd.it/a", "'MCMXCV'"),
        ("2023-01-01,Heat,1995,https://example.org/a", "no Letterboxd address"),
        ("2023-01-01,Heat,1995,", "no Letterboxd address"),
        ("2023-01-01,Heat,1995,http://[broken", "no Letterboxd address"),
        ("2023-01-01,Heat", "no Letterboxd address"),
        ("yesterday,Heat,1995,https://boxd.it/a", "the date 'yesterday'"),
        ('2023-01-01,"Heat"x,1995,https://boxd.it/a', "not a CSV file"),
    ],
)
def test_an_error_names_the_file_and_the_line(row: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"^my\.csv, line 3: ") as caught:
        films_of(HEADER + ROW + row + "\n", "my.csv")
    assert said in caught.value.message
    assert caught.value.file is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "a,b,c\n1,2,3\n",
        "<!DOCTYPE html><title>Sign in</title>",
        "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n2023-01-01,Heat,1995,https://boxd.it/a,,,,\n",
    ],
    ids=["empty", "blank", "other columns", "a web page", "the diary"],
)
def test_a_file_without_the_columns_is_refused_and_the_hint_says_where_to_get_one(text: str) -> None:
    with pytest.raises(ConfigError, match="no columns Name, Year and Letterboxd URI") as caught:
        films_of(text, "my.csv")
    assert "Settings, Data, Export" in caught.value.hint


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"\xff\xfe\x00\x00", "not a UTF-8 text file"), (b"PK\x03\x04\xff\xfe", "not a UTF-8 text file")],
    ids=["UTF-16", "a ZIP"],
)
def test_a_file_that_is_no_text_is_refused(data: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        read_csv_export(written(tmp_path, data))


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        read_csv_export(tmp_path / name)
    assert caught.value.file == str(tmp_path / name)


def test_a_file_too_large_to_be_an_export_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(csv_export.MAX_CSV_BYTES + 1)
    with pytest.raises(ConfigError, match="larger than 50 MB"):
        read_csv_export(path)


def test_a_cell_of_absurd_length_is_an_error_with_its_line() -> None:
    with pytest.raises(ConfigError, match="line 2: not a CSV file"):
        films_of(HEADER + "2023-01-01," + "x" * 200_000 + ",1995,https://boxd.it/a\n", "my.csv")


@settings(derandomize=True, deadline=None, database=None)
@given(st.text(alphabet=st.sampled_from('aé1,"\n\r []:/#'), max_size=60))
def test_whatever_stands_under_the_header_is_films_or_an_error_for_people(text: str) -> None:
    with contextlib.suppress(ConfigError):
        films_of(HEADER + text, "my.csv")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Blades of Glory (2007)", ("Blades of Glory", 2007)),
        ("  Heat  (1995) ", ("Heat", 1995)),
        ("Blade Runner 2049 (2017)", ("Blade Runner 2049", 2017)),
        ("2012 (2009)", ("2012", 2009)),
        ("(500) Days of Summer (2009)", ("(500) Days of Summer", 2009)),
        ("Twice (1999) (2001)", ("Twice (1999)", 2001)),
        ("Soon", ("Soon", None)),
        ("1917", ("1917", None)),
        ("(1917)", ("(1917)", None)),
        ("Heat(1995)", ("Heat(1995)", None)),
        ("Two\nlines (1995)", ("Two lines", 1995)),
        ("", ("", None)),
    ],
)
def test_only_a_year_in_brackets_at_the_end_is_one(text: str, parts: tuple[str, int | None]) -> None:
    assert title_and_year(text) == parts


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://www.imdb.com/title/tt0445934/maindetails", "tt0445934"),
        ("https://imdb.com/title/tt10872600", "tt10872600"),
        ("https://www.imdb.com/title/tt133093/", "tt0133093"),
        ("https://WWW.IMDB.COM/title/tt0133093/", "tt0133093"),
        ("https://www.imdb.com/name/nm0000134/", None),
        ("https://notimdb.com/title/tt0133093/", None),
        ("https://example.org/?u=imdb.com/title/tt0133093/", None),
        ("/title/tt0133093/", None),
        ("", None),
    ],
)
def test_an_imdb_id_comes_from_imdb_links_alone(url: str, found: str | None) -> None:
    assert film_ids.imdb_id(url) == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://www.themoviedb.org/movie/603/", "movie/603"),
        ("https://www.themoviedb.org/tv/1399-game-of-thrones", "tv/1399"),
        ("https://themoviedb.org/movie/603-the-matrix?language=en", "movie/603"),
        ("https://www.themoviedb.org/person/603", None),
        ("https://www.themoviedb.org/", None),
        ("https://themoviedb.org.example.net/movie/603", None),
    ],
)
def test_a_tmdb_id_keeps_the_kind_its_path_tells(url: str, found: str | None) -> None:
    assert film_ids.tmdb_id(url) == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://boxd.it/1Xrm", "1Xrm"),
        (" https://boxd.it/1Xrm/ ", "1Xrm"),
        ("http://boxd.it/a", "a"),
        ("https://boxd.it/", None),
        ("https://boxd.it/1Xrm/more", None),
        ("https://letterboxd.com/1Xrm", None),
        ("1Xrm", None),
    ],
)
def test_a_lid_comes_from_boxd_it_links_alone(url: str, found: str | None) -> None:
    assert film_ids.lid(url) == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://letterboxd.com/film/blades-of-glory/", "blades-of-glory"),
        ("/film/blades-of-glory", "blades-of-glory"),
        ("/film/blade-runner-2049/?a=b", "blade-runner-2049"),
        ("/film/a/json/", None),
        ("/list/a/", None),
        ("/film//", None),
    ],
)
def test_a_slug_comes_from_film_addresses_alone(url: str, found: str | None) -> None:
    assert film_ids.slug(url) == found


@pytest.mark.parametrize("read", [film_ids.imdb_id, film_ids.tmdb_id, film_ids.lid, film_ids.slug])
@pytest.mark.parametrize("url", ["http://[broken", "//[x]y/film/a"])
def test_an_address_that_is_none_has_no_id(read: Callable[[str], str | None], url: str) -> None:
    assert read(url) is None
