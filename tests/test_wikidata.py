"""WikidataIds against a query service like Wikidata's, over real HTTP."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import HandClock
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_sync import parts
from movie_sync.config import Config
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.demo.loopback import Answer, LoopbackServer, Request
from movie_sync.demo.wikidata_site import LIMITED, NO_AGENT, OUTAGE, RESULTS, TIMEOUT, Item, WikidataSite
from movie_sync.errors import BadReply, ProviderError, QueryRefused, RateLimited, Stopping, Unavailable
from movie_sync.lib.http import HttpClient
from movie_sync.movie import FilmFacts
from movie_sync.parts import USER_AGENT, Parts
from movie_sync.store import Store
from movie_sync.store.calls import wait_for_turn
from movie_sync.watchlists import wikidata
from movie_sync.watchlists.wikidata import BATCH, PROVIDER, WikidataIds, read_answer

MATRIX = Item(("tt0133093",), ("603",), minutes=("136",), titles=("The Matrix",))
CHERNOBYL = Item(("tt7366338",), series=("87108",))


def opened(
    site: LoopbackServer, store: Store, clock: HandClock, *, delay_s: float = 0.0, agent: str = USER_AGENT
) -> WikidataIds:
    http = HttpClient(PROVIDER, agent, connect_s=2, read_s=2, total_s=4)
    return WikidataIds(f"{site.url}/sparql", http=http, store=store, clock=clock, delay_s=delay_s)


@pytest.fixture
def site() -> Iterator[WikidataSite]:
    served = WikidataSite({"the-matrix": MATRIX, "chernobyl": CHERNOBYL, "heat-1995": Item(("tt0113277",))})
    yield served
    served.close()


@pytest.fixture
def ids(site: WikidataSite, store: Store, clock: HandClock) -> Iterator[WikidataIds]:
    made = opened(site, store, clock)
    yield made
    made.close()


# --- what is known


def test_one_query_tells_the_ids_of_many_films(site: WikidataSite, ids: WikidataIds) -> None:
    assert ids.look_up(["the-matrix", "nobody-knows-it", "chernobyl", "heat-1995"]) == {
        "the-matrix": FilmFacts(
            "the-matrix",
            imdb_id="tt0133093",
            tmdb_id="movie/603",
            kind="film",
            alt_titles=("The Matrix",),
            runtime_min=136,
        ),
        "chernobyl": FilmFacts("chernobyl", imdb_id="tt7366338", tmdb_id="tv/87108", kind="series"),
        "heat-1995": FilmFacts("heat-1995", imdb_id="tt0113277"),
    }
    assert site.asked() == [["the-matrix", "nobody-knows-it", "chernobyl", "heat-1995"]]


def test_the_program_gives_its_own_name_and_asks_for_json(site: WikidataSite, ids: WikidataIds) -> None:
    ids.look_up(["the-matrix"])
    headers = site.requests[0].headers
    assert (headers["user-agent"], headers["accept"]) == (USER_AGENT, "application/sparql-results+json")
    assert "wdt:P6127" in site.requests[0].form["query"]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(Item(), id="nothing"),
        pytest.param(Item(tmdb=("603",), titles=("The Matrix",)), id="no IMDb id"),
        pytest.param(Item(("tt0133093", "tt0234215")), id="two IMDb ids"),
        pytest.param(Item(("tt0133093", "nm0000206")), id="an IMDb id and a person's"),
        pytest.param(Item(("nm0000206",)), id="a person"),
        pytest.param(Item(("tt013309",)), id="too short"),
        pytest.param(Item(("tt01330930000",)), id="too long"),
        pytest.param(Item(("tt0000000",)), id="zero"),
        pytest.param(Item(("tt٠١٣٣٠٩٣",)), id="digits of another script"),
        pytest.param(Item(("tt0133093\nx",)), id="more than an id"),
        pytest.param(Item(("",)), id="empty"),
        pytest.param(Item(("tt0133093",), ("603",), series=("1",)), id="both a film and a series"),
    ],
)
def test_a_film_that_is_not_known_for_certain_is_left_out(site: WikidataSite, ids: WikidataIds, item: Item) -> None:
    site.items["odd"] = item
    assert ids.look_up(["odd", "heat-1995"]).keys() == {"heat-1995"}


def test_an_imdb_id_that_several_films_have_is_nobody_s(site: WikidataSite, ids: WikidataIds) -> None:
    site.items["twin"] = Item(("tt00133093",), ("604",))
    assert ids.look_up(["the-matrix", "twin", "heat-1995"]).keys() == {"heat-1995"}


@pytest.mark.parametrize(
    ("item", "kind", "tmdb_id"),
    [
        (Item(tmdb=("603",)), "film", "movie/603"),
        (Item(tmdb=("603", "604")), "film", None),
        (Item(tmdb=("not a number",)), "film", None),
        (Item(tmdb=("0",)), "film", None),
        (Item(series=("1399",)), "series", "tv/1399"),
        (Item(series=("1", "2")), "series", None),
        (Item(), "unknown", None),
    ],
)
def test_what_tmdb_has_it_as_tells_the_kind(
    site: WikidataSite, ids: WikidataIds, item: Item, kind: str, tmdb_id: str | None
) -> None:
    site.items["odd"] = Item(("tt0000001",), item.tmdb, item.series)
    facts = ids.look_up(["odd"])["odd"]
    assert (facts.kind, facts.tmdb_id) == (kind, tmdb_id)


@pytest.mark.parametrize(
    ("minutes", "read"),
    [
        (("136",), 136),
        (("+136",), 136),
        (("93.5",), 94),
        (("1",), 1),
        (("1000",), 1000),
        (("1001",), None),
        (("5400",), None),
        (("0",), None),
        (("0.2",), None),
        (("-90",), None),
        (("nan",), None),
        (("1e2",), None),
        (("9" * 400,), None),
        (("136", "150"), None),
        ((), None),
    ],
)
def test_a_running_time_is_taken_only_when_it_can_be_one(
    site: WikidataSite, ids: WikidataIds, minutes: Sequence[str], read: int | None
) -> None:
    site.items["odd"] = Item(("tt0000001",), minutes=minutes)
    assert ids.look_up(["odd"])["odd"].runtime_min == read


def test_original_titles_are_few_and_each_fits_a_line(site: WikidataSite, ids: WikidataIds) -> None:
    long = "x" * (wikidata.MAX_TITLE_CHARS + 1)
    titles = ("Сталкер", " Stalker\n (1979) ", "\x00bell", long, "", "天気の子", "a", "b", "c", "d")
    site.items["stalker"] = Item(("tt0079944",), titles=titles)
    assert ids.look_up(["stalker"])["stalker"].alt_titles == ("Сталкер", "Stalker (1979)", "天気の子", "a", "b")


# --- what is asked


@pytest.mark.parametrize("slug", ['a"} ?x ?y ?z {"', "a b", "", "a\\", "a\n", "фильм", "a.b", "x" * 201, "a/b", "{a}"])
def test_a_name_that_could_be_more_than_a_name_never_reaches_the_query(
    site: WikidataSite, ids: WikidataIds, slug: str
) -> None:
    assert ids.look_up([slug]) == {}
    assert site.requests == []
    assert ids.look_up([slug, "the-matrix"]).keys() == {"the-matrix"}
    assert site.asked() == [["the-matrix"]]


def test_a_film_named_twice_is_asked_for_once(site: WikidataSite, ids: WikidataIds) -> None:
    assert ids.look_up(["the-matrix", "the-matrix"]).keys() == {"the-matrix"}
    assert site.asked() == [["the-matrix"]]


def test_a_query_has_room_for_so_many_and_no_more(site: WikidataSite, ids: WikidataIds) -> None:
    slugs = [f"film-{number}_{'x' * 40}" for number in range(BATCH)]
    site.items = {slug: Item((f"tt{number + 1:07d}",), ("1",)) for number, slug in enumerate(slugs)}
    assert list(ids.look_up(slugs)) == slugs
    with pytest.raises(ValueError, match="501 films in one query"):
        ids.look_up([*slugs, "one-more"])
    assert len(site.requests) == 1


# --- turns


def test_queries_keep_their_distance_also_across_restarts(site: WikidataSite, store: Store, clock: HandClock) -> None:
    for _ in range(3):
        made = opened(site, store, clock, delay_s=2.0)
        made.look_up(["the-matrix"])
        made.close()
        clock.turn(0.5)
    assert clock.waits == [pytest.approx(1.5)] * 2


def test_a_query_is_not_begun_while_the_program_stops(site: WikidataSite, store: Store, clock: HandClock) -> None:
    made = opened(site, store, clock, delay_s=2.0)
    made.look_up(["the-matrix"])
    clock.stopping = True
    with pytest.raises(Stopping):
        made.look_up(["the-matrix"])
    made.close()
    assert len(site.requests) == 1


def test_a_turn_is_waited_for_however_small_the_rest(store: Store, clock: HandClock) -> None:
    wait_for_turn(store, "me", clock, 1.0)
    clock.turn(1.0 - 1e-9)
    wait_for_turn(store, "me", clock, 1.0)
    wait_for_turn(store, "you", clock, 1.0)
    assert clock.waits == [0.001]


def test_two_threads_take_turns(store: Store, clock: HandClock) -> None:
    busy = threading.Lock()
    alone: list[bool] = []

    class Watching(WikidataSite):
        def answer(self, request: Request) -> Answer:
            alone.append(busy.acquire(blocking=False))
            time.sleep(0.02)
            if alone[-1]:
                busy.release()
            return super().answer(request)

    site = Watching({"the-matrix": MATRIX})
    made = opened(site, store, clock)
    threads = [threading.Thread(target=lambda: [made.look_up(["the-matrix"]) for _ in range(3)]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    made.close()
    site.close()
    assert alone == [True] * 6


# --- trouble


@pytest.mark.parametrize(
    ("answer", "error", "code", "retry_after_s"),
    [
        (LIMITED, RateLimited, "rate_limited", 120.0),
        (Answer(b"", 429), RateLimited, "rate_limited", None),
        (TIMEOUT, Unavailable, "unavailable", None),
        (Answer(b"", 503, headers={"Retry-After": "7"}), Unavailable, "unavailable", 7.0),
        (NO_AGENT, Unavailable, "unavailable", None),
        (Answer(b"", 404), Unavailable, "unavailable", None),
        (Answer(b"", 204), Unavailable, "unavailable", None),
        (Answer(b"MALFORMED QUERY", 400), QueryRefused, "query_refused", None),
        (OUTAGE, Unavailable, "outage", None),
        (Answer(b""), Unavailable, "outage", None),
        (Answer(b'{"head": {"vars": []}, "results": {"bind'), Unavailable, "damaged", None),
        (Answer(b'{"results": {"bindings": []}}\nSPARQL-QUERY: queryStr=SELECT'), Unavailable, "damaged", None),
        (Answer(b'{"a":' * 100_000), Unavailable, "damaged", None),
        (Answer(b"[" * 100_000), BadReply, "bad_reply", None),
        (Answer(b'{"results": {"bindings": [{"slug": "\xff"}]}}'), ProviderError, None, None),
        (Answer(b"{}"), BadReply, "bad_reply", None),
        (Answer(b"[]"), BadReply, "bad_reply", None),
        (Answer(b'{"results": {"bindings": {}}}'), BadReply, "bad_reply", None),
        (Answer(b'{"results": {"bindings": [{"slug": {"type": "literal"}}]}}'), BadReply, "bad_reply", None),
        (Answer(b"{" + b" " * wikidata.MAX_ANSWER_BYTES), BadReply, "bad_reply", None),
        (Answer(b"", 302, headers={"Location": "/elsewhere"}), BadReply, "bad_reply", None),
    ],
)
def test_what_is_no_answer_is_an_error_that_says_what_follows(
    site: WikidataSite,
    ids: WikidataIds,
    answer: Answer,
    error: type[ProviderError],
    code: str | None,
    retry_after_s: float | None,
) -> None:
    site.next_answers.append(answer)
    with pytest.raises(error) as caught:
        ids.look_up(["the-matrix"])
    assert caught.value.provider == PROVIDER
    assert code in {None, caught.value.code}
    assert getattr(caught.value, "retry_after_s", None) == retry_after_s
    assert ids.look_up(["the-matrix"]).keys() == {"the-matrix"}


def test_without_a_name_of_its_own_it_is_refused(site: WikidataSite, store: Store, clock: HandClock) -> None:
    nameless = opened(site, store, clock, agent="")
    with pytest.raises(Unavailable, match="403"):
        nameless.look_up(["the-matrix"])
    nameless.close()


def test_the_replica_answers_nothing_but_a_query_that_wants_json(site: WikidataSite) -> None:
    http = HttpClient(PROVIDER, "test")
    form = {"query": 'VALUES ?slug { "the-matrix" } VALUES ?property { wdt:P345 }'}
    replies = [
        http.post(f"{site.url}/sparql", form={"query": "SELECT"}, accept=RESULTS, max_bytes=9999),
        http.post(f"{site.url}/other", form=form, accept=RESULTS, max_bytes=9999),
        http.post(f"{site.url}/sparql", form=form, accept="text/csv", max_bytes=9999),
        http.post(f"{site.url}/sparql", form=form, accept=RESULTS, max_bytes=9999),
    ]
    http.close()
    assert [reply.status for reply in replies] == [400, 400, 200, 200]
    assert [reply.content_type for reply in replies[2:]] == ["application/sparql-results+xml", RESULTS]


def row(slug: object = "a", value: object = "tt0133093", name: str = "P345", kind: str = "literal") -> dict[str, Any]:
    return {
        "slug": {"type": "literal", "value": slug},
        "property": {"type": "uri", "value": f"http://www.wikidata.org/prop/direct/{name}"},
        "value": {"type": kind, "value": value},
    }


def answer_of(*rows: object) -> bytes:
    return json.dumps({"head": {"vars": []}, "results": {"bindings": rows}}).encode()


def test_a_film_nobody_asked_for_and_a_value_that_is_none_count_for_nothing() -> None:
    rows = (row(), row("b", "tt0000002"), row(value="t123", kind="bnode"), row(value="x", name="P31"))
    assert read_answer(answer_of(*rows), ["a"]) == {"a": FilmFacts("a", imdb_id="tt0133093")}


def test_the_same_value_twice_is_one() -> None:
    assert read_answer(answer_of(row(), row(), row(value="0133093", name="P4947")), ["a"]).keys() == {"a"}


_TERMS = st.fixed_dictionaries({"type": st.sampled_from(["literal", "uri", "bnode", "x"]), "value": st.text()})
_ROWS = st.builds(
    row,
    slug=st.sampled_from(["a", "b", "c"]),
    value=st.one_of(st.text(), st.sampled_from(["tt0133093", "tt0000001", "603", "136"]), st.integers()),
    name=st.sampled_from(["P345", "P4947", "P4983", "P2047", "P1476", "P31"]),
) | st.dictionaries(st.sampled_from(["slug", "property", "value"]), _TERMS)


@settings(deadline=None)
@given(st.one_of(st.binary(), st.lists(_ROWS).map(lambda rows: answer_of(*rows))), st.integers(0, 400))
def test_no_bytes_bring_anything_but_facts_or_an_error_of_the_tree(body: bytes, cut: int) -> None:
    for data in (body, body[:cut], b"{" + body):
        try:
            found = read_answer(data, ["a", "b"])
        except (Unavailable, BadReply):
            continue
        assert found.keys() <= {"a", "b"}
        ids = [facts.imdb_id for facts in found.values()]
        assert None not in ids
        assert len(set(ids)) == len(ids)


# --- the part


@pytest.mark.parametrize(
    ("settings_json", "asks"),
    [
        ({}, True),
        ({"use_wikidata": False}, False),
        ({"letterboxd_url": "http://127.0.0.1:1"}, False),
        ({"letterboxd_url": "http://127.0.0.1:1", "wikidata_url": "http://127.0.0.1:2/sparql"}, True),
    ],
)
def test_wikidata_is_asked_when_wanted_and_never_for_films_of_a_replica(
    home: Path, store: Store, clock: HandClock, settings_json: dict[str, object], asks: bool
) -> None:
    (home / "config.json").write_text(json.dumps(settings_json), encoding="utf-8")
    config = Config.load(home, environment={})
    found = parts.film_ids(Parts(config, CredentialsManager(home, environment={}), store, clock))
    assert (found is not None) is asks
    if found is not None:
        found.close()
