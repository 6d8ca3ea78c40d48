"""Pages to facts, without a network."""

import contextlib
import json
from collections.abc import Callable

import pytest
from conftest import movie
from hypothesis import example, given, settings
from hypothesis import strategies as st

from movie_sync.demo.letterboxd_site import CHALLENGE, PRIVATE, LetterboxdSite, Markup, film_page, poster
from movie_sync.movie import Movie
from movie_sync.watchlists.letterboxd_pages import (
    MarkupChanged,
    answer_kind,
    read_film_page,
    read_watchlist_page,
)

GLORY = Movie(
    "Blades of Glory",
    2007,
    46682,
    "1Xrm",
    "blades-of-glory",
    imdb_id="tt0445934",
    tmdb_id="movie/9955",
    directors=("Will Speck", "Josh Gordon"),
    alt_titles=("Die Eisprinzen", "Les Rois du patin"),
    runtime_min=93,
)
URL = "https://letterboxd.com/film/blades-of-glory/"
MARKUPS: tuple[Markup, ...] = ("2026", "2025", "before-2025")


def watchlist(items: str, total: object = 1, *, paging: str = "", template: str = "/object/watchlist") -> bytes:
    body = f'<div class="js-watchlist-content" data-num-entries="{total}"><ul>{items}</ul>{paging}</div>'
    return LetterboxdSite._page(template, body).encode()


def film(*changes: tuple[str, str], of: Movie = GLORY) -> bytes:
    text = film_page(of)
    for old, new in changes:
        assert old in text, f"{old} is not on the page"
        text = text.replace(old, new)
    return LetterboxdSite._page("/object/film", text).encode()


def test_a_film_page_that_is_cut_anywhere_is_none() -> None:
    page = LetterboxdSite._page("/object/film", film_page(GLORY)).encode()
    assert read_film_page(page, "https://letterboxd.com/film/blades-of-glory/").number == GLORY.number
    for end in range(0, len(page) - 1, 7):
        with pytest.raises(MarkupChanged):
            read_film_page(page[:end], "https://letterboxd.com/film/blades-of-glory/")


def data_page(data: object) -> bytes:
    block = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    return LetterboxdSite._page("/object/film", block).encode()


# --- what an answer is


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind"),
    [
        (403, dict(CHALLENGE.headers), CHALLENGE.body, "challenge"),
        (200, {}, CHALLENGE.body, "challenge"),
        (403, {"cf-mitigated": "Challenge"}, b"", "challenge"),
        (503, {}, b"<title>Just a moment...</title>", "challenge"),
        (200, {}, b"<script src='https://challenges.cloudflare.com/turnstile'>", "challenge"),
        (200, {}, b"<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'>", "page"),
        (429, {}, b"", "limited"),
        (403, {}, b"error code: 1015", "limited"),
        (200, {}, b"<title>Error 1015</title>", "limited"),
        (403, {}, PRIVATE.body, "private"),
        (403, dict(CHALLENGE.headers), PRIVATE.body, "challenge"),
        (200, {}, PRIVATE.body, "page"),
        (403, {}, b"<section class='other'>", "other"),
        (403, {}, b"Forbidden", "other"),
        (404, {}, b"", "other"),
        (500, {}, b"", "other"),
        (200, {}, b"", "page"),
    ],
)
def test_an_answer_is_told_by_its_marks(status: int, headers: dict[str, str], body: bytes, kind: str) -> None:
    assert answer_kind(status, headers, body) == kind


# --- watchlist pages


@pytest.mark.parametrize("markup", MARKUPS)
def test_every_markup_gives_title_year_number_and_slug(markup: Markup) -> None:
    page = read_watchlist_page(watchlist(poster(GLORY, markup)))
    (found,) = page.films
    assert (found.title, found.year, found.number, found.slug) == ("Blades of Glory", 2007, 46682, "blades-of-glory")
    assert found.lid == (None if markup == "before-2025" else "1Xrm")
    assert (page.total, page.has_next) == (1, False)


@pytest.mark.parametrize("markup", MARKUPS)
def test_films_keep_the_order_of_the_page(markup: Markup) -> None:
    page = read_watchlist_page(watchlist("".join(poster(movie(n), markup) for n in (3, 1, 2)), 3))
    assert [found.number for found in page.films] == [3, 1, 2]


def test_the_title_of_the_oldest_markup_can_stand_on_its_picture_alone() -> None:
    item = poster(GLORY, "before-2025").replace(' data-item-name="Blades of Glory (2007)"', "")
    assert read_watchlist_page(watchlist(item)).films[0].title == "Blades of Glory"


@pytest.mark.parametrize("title", ['"Quoted" & <b>bold</b>', "L'Avventura", "天気の子", "Twice (1999)"])
@pytest.mark.parametrize("markup", MARKUPS)
def test_titles_are_read_as_people_see_them(title: str, markup: Markup) -> None:
    page = read_watchlist_page(watchlist(poster(movie(1, title, 2001), markup)))
    assert (page.films[0].title, page.films[0].year) == (title, 2001)


def test_an_undated_film_has_no_year_even_when_its_slug_ends_in_one() -> None:
    page = read_watchlist_page(watchlist(poster(movie(1, "Soon", None, slug="soon-2049"))))
    assert (page.films[0].title, page.films[0].year) == ("Soon", None)


def test_an_identifier_in_double_quotes_is_read_too() -> None:
    item = poster(GLORY).replace("data-postered-identifier='", 'data-postered-identifier="').replace("}'", '}"')
    assert read_watchlist_page(watchlist(item)).films[0].names == GLORY.names[:2]


def test_a_film_known_by_its_lid_alone_is_a_film() -> None:
    page = read_watchlist_page(watchlist(poster(GLORY).replace("film:46682", "")))
    assert (page.films[0].number, page.films[0].lid) == (None, "1Xrm")


def test_the_slug_is_that_of_the_link_when_both_are_given() -> None:
    item = poster(GLORY).replace('data-item-slug="blades-of-glory"', 'data-item-slug="old"')
    assert read_watchlist_page(watchlist(item)).films[0].slug == "blades-of-glory"


def test_a_link_that_is_no_address_leaves_the_slug() -> None:
    item = poster(GLORY).replace('data-item-link="/film/blades-of-glory/"', 'data-item-link="http://[broken"')
    assert read_watchlist_page(watchlist(item)).films[0].slug == "blades-of-glory"


def test_a_further_page_is_told_by_its_link_alone() -> None:
    paging = '<div class="paginate-nextprev"><a class="{}" href="/u/watchlist/page/2/">x</a></div>'
    assert read_watchlist_page(watchlist(poster(GLORY), paging=paging.format("next"))).has_next
    assert not read_watchlist_page(watchlist(poster(GLORY), paging=paging.format("previous"))).has_next


def test_the_counter_stands_in_when_the_attribute_is_gone() -> None:
    page = watchlist(poster(GLORY)).replace(b' data-num-entries="1"', b"")
    page = page.replace(b"<ul>", "<span class='js-watchlist-count'>1,234\u00a0films</span><ul>".encode())
    assert read_watchlist_page(page).total == 1234


def test_an_empty_list_is_read_only_where_the_page_declares_none() -> None:
    assert read_watchlist_page(watchlist("", 0)).films == ()
    with pytest.raises(MarkupChanged, match="declares 5 films and shows none"):
        read_watchlist_page(watchlist("", 5))


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (b"", "not marked"),
        (b"<html><body>Sign in</body></html>", "not marked"),
        (watchlist("", 0).replace(b"person = {", b"somebody = {"), "not marked"),
        (watchlist("", 0, template="/object/film"), "not marked"),
        (watchlist("", 0, template="/object/filmlist"), "not marked"),
        (watchlist("", 0).replace(b"analytic_params", b"params"), "not marked"),
        (watchlist("", 0).replace(b" data-num-entries", b" data-count"), "does not say how many"),
        (watchlist("", ""), "does not say how many"),
        (watchlist("", "-1"), "does not say how many"),
        (watchlist("", "many"), "does not say how many"),
        (watchlist('<li class="griditem"></li>'), "has no film"),
        (watchlist(poster(GLORY).replace("data-item-slug", "data-slug")), "has no film"),
        (watchlist(poster(GLORY).replace("item-name", "name").replace("full-display", "")), "no title, slug or id"),
        (watchlist(poster(GLORY).replace("data-postered-identifier", "data-id")), "no title, slug or id"),
        (watchlist(poster(GLORY).replace("1Xrm", "1Xrm&quot;")), "identifier cannot be read"),
        (watchlist(poster(GLORY).replace("&quot;1Xrm&quot;", "5")), "identifier cannot be read"),
        (
            watchlist(poster(GLORY).replace("{&quot;lid", f"{{&quot;x&quot;:{'[' * 9000}{']' * 9000},&quot;lid")),
            "identifier cannot be read",
        ),
    ],
)
def test_a_page_that_is_not_as_known_is_never_an_empty_list(page: bytes, said: str) -> None:
    with pytest.raises(MarkupChanged, match=said):
        read_watchlist_page(page)


# --- film pages


def test_a_film_page_gives_all_its_facts() -> None:
    facts = read_film_page(film(), URL)
    assert (facts.slug, facts.number, facts.lid) == ("blades-of-glory", 46682, "1Xrm")
    assert (facts.title, facts.year, facts.runtime_min) == ("Blades of Glory", 2007, 93)
    assert (facts.imdb_id, facts.tmdb_id, facts.kind) == ("tt0445934", "movie/9955", "film")
    assert facts.directors == ("Will Speck", "Josh Gordon")
    assert facts.alt_titles == ("Die Eisprinzen", "Les Rois du patin")


def test_a_film_page_that_says_little_gives_little() -> None:
    facts = read_film_page(data_page({"@type": "Movie"}), URL)
    assert (facts.slug, facts.title, facts.year, facts.imdb_id, facts.tmdb_id, facts.kind) == (
        "blades-of-glory",
        None,
        None,
        None,
        None,
        "unknown",
    )
    assert (facts.number, facts.directors, facts.alt_titles, facts.runtime_min) == (None, (), (), None)


@pytest.mark.parametrize(
    ("tmdb", "kind"),
    [("movie/9955", "film"), ("tv/1399", "series"), (None, "unknown")],
)
def test_only_the_path_of_the_tmdb_link_tells_film_from_series(tmdb: str | None, kind: str) -> None:
    page = film(of=movie(1, tmdb_id=tmdb))
    assert b'data-tmdb-type="movie"' in page
    assert read_film_page(page, "/film/film-1/").kind == kind


def test_ids_go_by_the_host_of_the_link_and_not_by_its_attribute() -> None:
    facts = read_film_page(film(('data-track-action="IMDb"', 'data-track-action="TMDB"')), URL)
    assert (facts.imdb_id, facts.tmdb_id) == ("tt0445934", "movie/9955")


def test_links_of_other_hosts_give_no_ids() -> None:
    changes = (("www.imdb.com", "imdb.example.org"), ("www.themoviedb.org", "themoviedb.example.org"))
    facts = read_film_page(film(*changes), URL)
    assert (facts.imdb_id, facts.tmdb_id, facts.kind) == (None, None, "unknown")


def test_a_link_that_is_no_address_is_passed_over() -> None:
    facts = read_film_page(film(("http://www.imdb.com/title/tt0445934/maindetails", "http://[broken")), URL)
    assert (facts.imdb_id, facts.tmdb_id) == (None, "movie/9955")


def test_the_page_s_own_film_is_found_among_the_posters_of_others() -> None:
    own, other = poster(GLORY), poster(movie(7))
    page = film((own, other + own))
    assert read_film_page(page, URL).number == 46682


def test_no_other_film_s_number_is_taken_when_its_own_poster_is_missing() -> None:
    facts = read_film_page(film((poster(GLORY), "")), URL)
    assert (facts.number, facts.lid) == (None, None)


def test_the_report_link_gives_the_number_when_the_poster_does_not() -> None:
    report = '<a href="#" data-report-url="/ajax/film:46682/report-form">Report</a>'
    assert read_film_page(film((poster(GLORY), report)), URL).number == 46682


def test_the_slug_is_that_of_the_address_the_page_came_from() -> None:
    assert read_film_page(film(), "https://letterboxd.com/film/blades-2/").slug == "blades-2"


def test_an_address_without_a_slug_leaves_the_one_in_the_data() -> None:
    assert read_film_page(film(), "https://letterboxd.com/somewhere/").slug == "blades-of-glory"
    with pytest.raises(MarkupChanged, match="no slug"):
        read_film_page(data_page({}), "https://letterboxd.com/somewhere/")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/* <![CDATA[ */\n", "\n/* ]]> */"),
        ("//<![CDATA[\n", "\n//]]>"),
        ("", ""),
        ("\n\n  ", "\n"),
    ],
)
def test_the_data_block_is_read_inside_any_wrapping(before: str, after: str) -> None:
    page = film(("/* <![CDATA[ */\n", before), ("\n/* ]]> */", after))
    assert read_film_page(page, URL).directors == GLORY.directors


@pytest.mark.parametrize(
    ("director", "names"),
    [
        ([{"name": "A"}, {"name": "B"}, {"name": "C"}], ("A", "B", "C")),
        ({"name": "A"}, ("A",)),
        ([{"name": " A "}, {"name": ""}, {}, "B", None], ("A",)),
        (None, ()),
        ("A", ()),
    ],
)
def test_every_director_is_named_whatever_the_shape(director: object, names: tuple[str, ...]) -> None:
    assert read_film_page(data_page({"director": director}), URL).directors == names


@pytest.mark.parametrize(
    ("released", "year"),
    [
        ([{"startDate": "2007"}], 2007),
        ([{"startDate": "2007-03-30"}], 2007),
        ([{"startDate": 2007}], 2007),
        ({"startDate": "2007"}, 2007),
        ([{"startDate": "soon"}], None),
        ([{"startDate": None}], None),
        ([{}], None),
        ([], None),
        (["2007"], None),
        (None, None),
    ],
)
def test_the_year_is_that_of_the_release_and_not_of_the_entry(released: object, year: int | None) -> None:
    data = {"dateCreated": "2011-01-01", "releasedEvent": released}
    assert read_film_page(data_page(data), URL).year == year


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("93&nbsp;mins", 93), ("1&nbsp;min", 1), ("93 mins", 93), ("93 minutes", None), ("More at", None)],
)
def test_the_runtime_stands_in_the_footer(text: str, minutes: int | None) -> None:
    assert read_film_page(film(("93&nbsp;mins", text)), URL).runtime_min == minutes


def test_the_original_title_comes_before_the_alternative_ones_and_each_once() -> None:
    original = '<h2 class="originalname">Les Rois du patin</h2>'
    page = film(('<div class="film-main"', f'{original}<div class="film-main"'))
    assert read_film_page(page, URL).alt_titles == ("Les Rois du patin", "Die Eisprinzen")


@pytest.mark.parametrize("heading", ["<h3>Details</h3><p>A, B</p>", "<h3>Alternative Title</h3>", "<h3></h3>"])
def test_a_heading_without_alternative_titles_gives_none(heading: str) -> None:
    page = data_page({}).replace(b"</body>", f"<div>{heading}</div></body>".encode())
    assert read_film_page(page, URL).alt_titles == ()


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (b"", "not marked"),
        (film().replace(b"person = {", b"x = {"), "not marked"),
        (film(("application/ld+json", "text/javascript")), "not marked"),
        (film(('type="application/ld+json"', 'data-x="application/ld+json"')), "cannot be read"),
        (film(('"@type": "Movie"', '"@type": Movie')), "cannot be read"),
        (data_page([]), "cannot be read"),
        (film(('{"@type": "Movie"', '{"x": ' + "[" * 100_000)), "cannot be read"),
    ],
)
def test_a_page_that_is_no_known_film_page_is_said_to_be_one(page: bytes, said: str) -> None:
    with pytest.raises(MarkupChanged, match=said):
        read_film_page(page, URL)


def test_what_is_read_can_be_written_down_again() -> None:
    facts = read_film_page(film(('"Blades of Glory"', '"\\ud800 of Glory"')), URL)
    (facts.title or "").encode()


@pytest.mark.parametrize("digits", ["9" * 5000, "9" * 30], ids=["5000 digits", "30 digits"])
def test_a_number_too_long_to_be_one_is_never_taken(digits: str) -> None:
    with contextlib.suppress(MarkupChanged):
        assert read_watchlist_page(watchlist(poster(GLORY), digits)).total < 2**63
    with contextlib.suppress(MarkupChanged):
        assert (read_watchlist_page(watchlist(poster(GLORY).replace("46682", digits))).films[0].number or 0) < 2**63
    with contextlib.suppress(MarkupChanged):
        assert (read_film_page(film(("93&nbsp;mins", f"{digits} mins")), URL).runtime_min or 0) < 2**63


# --- anything at all

anything = settings(derandomize=True, deadline=None, database=None, max_examples=150)
readers = pytest.mark.parametrize(
    ("read", "page"),
    [
        (read_watchlist_page, watchlist("".join(poster(movie(1), markup) for markup in MARKUPS), 3)),
        (lambda body: read_film_page(body, URL), film()),
    ],
    ids=["watchlist", "film"],
)


@readers
@anything
@given(noise=st.binary(max_size=400))
@example(noise=b"\xff\xfe")
def test_random_bytes_are_a_changed_markup_and_nothing_worse(
    read: Callable[[bytes], object], page: bytes, noise: bytes
) -> None:
    with contextlib.suppress(MarkupChanged):
        read(noise)
    with contextlib.suppress(MarkupChanged):
        read(page[: page.index(b"<body>")] + noise)


@readers
@anything
@given(data=st.data())
def test_a_damaged_page_is_facts_or_a_changed_markup_and_nothing_worse(
    read: Callable[[bytes], object], page: bytes, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(page)))
    length = data.draw(st.integers(0, 300))
    noise = data.draw(st.binary(max_size=30) | st.text(alphabet="<>\"'{}[]&;/:0x", max_size=30).map(str.encode))
    with contextlib.suppress(MarkupChanged):
        read(page[:start] + noise + page[start + length :])


@anything
@given(status=st.integers(100, 599), body=st.binary(max_size=200))
def test_any_answer_has_a_kind(status: int, body: bytes) -> None:
    assert answer_kind(status, {}, body) in {"page", "challenge", "private", "limited", "other"}
