"""The readers against real pages of Letterboxd, where those lie beside the project."""

import re

import pytest
from conftest import SHARED_DATA
from selectolax.lexbor import LexborHTMLParser

from movie_sync.watchlists import film_ids
from movie_sync.watchlists import letterboxd_pages as pages
from movie_sync.watchlists.csv_export import read_csv_export

FOLDER = SHARED_DATA / "letterboxd-pages"
EXPORT = SHARED_DATA / "watchlist-export-sample.csv"
# What the cut pieces lack of a whole page.
MARKS = b"<script>person = { username: '' }; analytic_params['template'] = '%s';</script>"
TOTAL = b'<div class="js-watchlist-content" data-num-entries="%d">'

pytestmark = pytest.mark.skipif(
    not (FOLDER.is_dir() and EXPORT.is_file()), reason="contract check: the real pages are not here"
)


def piece(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def whole_entries() -> bytes:
    """The watchlist piece up to its last entry, which is cut."""
    fragment = piece("watchlist-fragment-2026-05.html")
    return fragment[: fragment.rindex(b'<li class="griditem">')]


def test_the_films_of_a_real_watchlist_are_read() -> None:
    page = pages.read_watchlist_page(MARKS % b"/object/watchlist" + TOTAL % 5 + whole_entries())
    first = page.films[0]
    assert (first.title, first.year, first.number, first.lid) == ("Blue Heron", 2025, 1071220, "IWJq")
    assert first.slug == "blue-heron"
    assert len(page.films) == 5
    assert all(film.number and film.lid and film.slug and film.title for film in page.films)
    assert len({name for film in page.films for name in film.names}) == 10


def test_a_real_piece_without_its_marks_is_no_watchlist() -> None:
    with pytest.raises(pages.MarkupChanged):
        pages.read_watchlist_page(whole_entries())


def test_a_real_page_cut_in_the_middle_of_a_film_is_no_watchlist() -> None:
    cut = MARKS % b"/object/watchlist" + TOTAL % 6 + piece("watchlist-fragment-2026-05.html")
    with pytest.raises(pages.MarkupChanged):
        pages.read_watchlist_page(cut)


def test_a_real_list_of_another_kind_is_a_page_but_no_watchlist() -> None:
    body = piece("list-2026-01.html")
    assert pages.answer_kind(200, {}, body) == "page"
    with pytest.raises(pages.MarkupChanged, match="not marked as a watchlist"):
        pages.read_watchlist_page(body)


def test_the_posters_of_a_real_list_are_read() -> None:
    nodes = LexborHTMLParser(piece("list-2026-01.html")).css("li.posteritem")
    films = [pages._film(node) for node in nodes]
    assert len({film.number for film in films}) == len({film.lid for film in films}) == 23
    assert (films[0].title, films[0].year) == ("Captain America: The First Avenger", 2011)
    assert all(film.year and film.slug and re.fullmatch(r"[\w-]+", film.slug) for film in films)


def test_the_old_number_of_a_real_page_is_the_number_in_its_identifier() -> None:
    posters = LexborHTMLParser(piece("list-2026-01.html")).css("li.posteritem div[data-film-id]")
    for poster in posters:
        attributes = dict(poster.attributes)
        assert pages._identity(attributes)[0] == int(attributes["data-film-id"] or "")


def test_the_footer_of_a_real_film_page_gives_ids_runtime_and_number() -> None:
    data = b'<script type="application/ld+json">{"name": "Parasite"}</script>'
    body = MARKS % b"/object/film" + data + piece("film-tail-2026-05.html")
    facts = pages.read_film_page(body, "https://letterboxd.com/film/parasite-2019/")
    assert (facts.imdb_id, facts.tmdb_id, facts.kind) == ("tt6751668", "movie/496243", "film")
    assert (facts.runtime_min, facts.number) == (133, 426406)


def test_a_real_tail_without_its_data_block_is_no_film_page() -> None:
    with pytest.raises(pages.MarkupChanged):
        pages.read_film_page(piece("film-tail-2026-05.html"), "https://letterboxd.com/film/parasite-2019/")


def test_a_real_export_is_read_whole_with_the_newest_wish_first() -> None:
    lines = EXPORT.read_text(encoding="utf-8").strip().splitlines()
    films = read_csv_export(EXPORT)
    assert len(films) == len(lines) - 1
    assert films[-1].movie.title == "Sanctuary"
    assert films[-1].movie.lid == "wPKW"
    dates = [film.wished_at for film in films]
    assert dates == sorted(dates, key=lambda moment: -(moment or 0.0))
    assert [film.movie.lid for film in films] == [film_ids.lid(line.rpartition(",")[2]) for line in lines[:0:-1]]
