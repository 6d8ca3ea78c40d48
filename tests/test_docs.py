"""The docs say what the program does: a setting, command, key, code, table or page that is missing fails here."""

import ast
import dataclasses
import inspect
import json
import re
import runpy
import textwrap
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import bencode2
import click
import pytest
from conftest import HandClock
from tracker_contract import Bench, TrackerContract

from movie_sync import cli, errors, parts
from movie_sync.app import App
from movie_sync.config import SETTINGS, Config
from movie_sync.credentials_manager import CredentialsManager
from movie_sync.demo.loopback import Answer, LoopbackServer, Request
from movie_sync.demo.show import Checked
from movie_sync.errors import MovieSyncError, ProviderError, Unavailable
from movie_sync.lib.torrent_file import read_torrent
from movie_sync.movie import Movie, Queue, Status, Torrent
from movie_sync.parts import Parts, load_part
from movie_sync.queues.entries import KNOWN_KEYS
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store
from movie_sync.store.migrations import STEPS
from movie_sync.store.overview import EMPTY
from movie_sync.watchlists.watchlist import Known
from reliability.__main__ import PARTS

ROOT = Path(__file__).resolve().parents[1]
DOC = ROOT / "doc"
PAGES = sorted([*ROOT.glob("*.md"), *DOC.glob("*.md")])
SOURCES = sorted((ROOT / "movie_sync").rglob("*.py"))
WITH_TROUBLESHOOTING = (
    "architecture threading config credentials_manager queue_manager workers monitor filelist_downloader"
    " qbittorrent_manager".split()
)


def text_of(page: str) -> str:
    return (DOC / page).read_text(encoding="utf-8")


def headings(text: str) -> list[str]:
    """The headings of a page, in order; what stands in its code blocks is none."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return re.findall(r"^#+ (.+?)\s*$", plain, re.M)


def section(text: str, heading: str) -> str:
    """What stands under a heading, to the next heading of any depth."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", text, re.M | re.S)
    assert found, f"there is no heading {heading!r}"
    return found[1]


def first_cells(text: str) -> set[str]:
    """The first cell of every row of every table, without its backticks."""
    return {row.strip(" `") for row in re.findall(r"^\|([^|]*)\|", text, re.M)}


def anchors(text: str) -> set[str]:
    """What a link to a heading of this page is called."""
    found: Counter[str] = Counter()
    names = set()
    for heading in headings(text):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        names.add(f"{name}-{found[name]}" if found[name] else name)
        found[name] += 1
    return names


def commands(
    command: click.Command | None = None, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and sub-command with the words that call it."""
    command = command or cli.cli
    if path:
        yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*path, name))


ALL_COMMANDS = {"movie-sync " + " ".join(path): command for path, command in commands()}


# -- settings


def test_the_page_of_settings_is_made_from_the_table() -> None:
    made: str = runpy.run_path(str(DOC / "generate.py"))["page"]()
    assert text_of("config.md") == made, "run python doc/generate.py"


def test_every_setting_has_a_heading() -> None:
    assert SETTINGS.keys() - set(headings(text_of("config.md"))) == set()


# -- commands


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"movie-sync {command}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_and_sub_command_has_a_heading() -> None:
    found = {heading for heading in headings(text_of("commands.md")) if heading.startswith("movie-sync ")}
    assert found == set(ALL_COMMANDS)


@pytest.mark.parametrize("name", sorted(ALL_COMMANDS))
def test_the_section_of_a_command_gives_an_example_and_names_its_options(name: str) -> None:
    command, words = ALL_COMMANDS[name], section(text_of("commands.md"), name)
    assert f"\n    {name}" in words
    everywhere = {"--json", "--verbose", "--log-file"}
    for parameter in command.params:
        options = {option for option in parameter.opts if option.startswith("--")} - everywhere
        assert all(f"`{option}" in words or f" {option}" in words for option in options), options


def keys_in(tree: ast.AST) -> set[str]:
    """Every key of the dictionaries a piece of code writes down."""
    found = [key for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys]
    return {str(key.value) for key in found if isinstance(key, ast.Constant)}


@pytest.mark.parametrize("name", sorted(ALL_COMMANDS))
def test_the_section_of_a_command_names_every_key_of_its_json(name: str) -> None:
    command, words = ALL_COMMANDS[name], section(text_of("commands.md"), name)
    assert command.callback is not None
    keys = keys_in(ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(command.callback)))))
    assert {key for key in keys if f"`{key}`" not in words} == set()


def answers(function: ast.AST) -> bool:
    """True for a function that makes an Answer."""
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(isinstance(called, ast.Name) and called.id in {"Answer", "_answer"} for called in calls)


def test_every_key_that_any_function_puts_into_an_answer_is_named() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "movie_sync" / "cli").glob("*.py")]
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    keys = set().union(*(keys_in(function) for function in functions if answers(function)))
    text = text_of("commands.md")
    assert {"ok", "origin", "findings"} < keys
    assert {key for key in keys if f"`{key}`" not in text} == set()


def test_keys_of_stats_are_named() -> None:
    words = section(text_of("commands.md"), "movie-sync stats")
    assert [key for key in EMPTY.as_dict() if f"`{key}`" not in words] == []


def test_keys_of_a_single_pass_are_named() -> None:
    tree = ast.parse(textwrap.dedent(inspect.getsource(App._outcome)))
    assigned = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    names, counts = assigned["names"], assigned["counts"]
    assert isinstance(names, ast.Tuple)
    assert isinstance(counts, ast.Dict)
    keys = [str(node.value) for node in (*names.elts, *counts.keys) if isinstance(node, ast.Constant)]
    words = section(text_of("commands.md"), "movie-sync run")
    assert "handed_over" in keys
    assert [key for key in keys if f"`{key}`" not in words] == []


def test_keys_of_the_demo_are_named() -> None:
    words = section(text_of("commands.md"), "movie-sync demo")
    assert [field.name for field in dataclasses.fields(Checked) if f"`{field.name}`" not in words] == []


def test_every_exit_code_has_its_row() -> None:
    codes = {"0", *(str(value) for name, value in vars(cli).items() if name.startswith("EXIT_"))}
    assert codes - first_cells(section(text_of("commands.md"), "Exit codes")) == set()


def test_an_error_as_json_is_shown_as_it_is_printed(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MOVIE_SYNC_HOME", str(home))
    with pytest.raises(SystemExit) as left:
        cli.main(["retry", "Foo", "--json"])
    shown = re.search(r"```json\n(.*?)```", section(text_of("commands.md"), "Errors as JSON"), re.S)
    assert shown is not None
    assert left.value.code == cli.EXIT_NOTHING
    assert json.loads(capsys.readouterr().out) == json.loads(shown[1])


# -- errors, tables, states, keys


def all_errors(kind: type[MovieSyncError] = MovieSyncError) -> Iterator[type[MovieSyncError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from all_errors(inner)


def codes_in(path: Path) -> Iterator[str]:
    """Codes given to an error where it is raised, or printed without one."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            given = [word.value for word in node.keywords if word.arg == "code"]
            given += node.args[:1] if isinstance(node.func, ast.Name) and node.func.id == "print_error" else []
            yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))


def test_every_error_code_has_its_row() -> None:
    codes = {kind.code for kind in all_errors() if kind.__module__ == errors.__name__}
    codes |= {code for path in SOURCES for code in codes_in(path)}
    assert {"rate_limited", "usage", "store_locked"} < codes
    assert codes ^ first_cells(section(text_of("errors.md"), "Error codes")) == {"code", "---"}


def test_every_table_is_described() -> None:
    statements = " ".join(statement for step in STEPS for statement in step)
    tables = set(re.findall(r"CREATE TABLE (\w+)", statements)) - set(re.findall(r"DROP TABLE (\w+)", statements))
    assert "films" in tables
    assert tables - first_cells(section(text_of("architecture.md"), "The database")) == set()


def test_every_key_of_an_entry_is_described() -> None:
    assert KNOWN_KEYS - first_cells(section(text_of("queue_manager.md"), "The keys of an entry")) == set()


def test_every_state_of_a_film_is_described() -> None:
    words = section(text_of("queue_manager.md"), "States")
    assert [status for status in Status if f"`{status}`" not in words] == []


# -- pages and links


@pytest.mark.parametrize("page", WITH_TROUBLESHOOTING)
def test_a_page_about_a_part_ends_with_troubleshooting(page: str) -> None:
    text = text_of(f"{page}.md")
    assert headings(text)[-1] == "Troubleshooting"
    assert len(re.findall(r"^- \*\*", section(text, "Troubleshooting"), re.M)) >= 3


def test_every_part_was_tried_and_nothing_was_lost() -> None:
    page = text_of("reliability.md")
    assert [name for name in PARTS if f"| `python -m reliability {name} " not in page] == []
    assert "LOST" not in page


def test_every_page_is_in_the_index() -> None:
    index = text_of("README.md")
    assert [page.name for page in DOC.glob("*.md") if page.name != "README.md" and f"]({page.name})" not in index] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    wrong = []
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            wrong.append(link)
    assert wrong == []


@pytest.mark.parametrize("page", sorted(DOC.glob("*.md")), ids=lambda page: page.name)
def test_lines_of_a_page_are_at_most_120_long_but_for_tables_and_code(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120 and not line.startswith(("|", "Default: `"))] == []


# -- the examples


EXAMPLES = dict(re.findall(r"^`(\w+)\.py`:\n\n```python\n(.*?)^```", text_of("extending.md"), re.M | re.S))
PROJECT = re.search(r"```toml\n(.*?)```", text_of("extending.md"), re.S)
assert PROJECT is not None
ENTRY_POINTS: dict[str, dict[str, str]] = tomllib.loads(PROJECT[1])["project"]["entry-points"]


def test_there_are_three_examples_each_of_at_most_40_lines() -> None:
    assert set(EXAMPLES) == {"example_tracker", "example_client", "example_watchlist"}
    assert {name: code.count("\n") for name, code in EXAMPLES.items() if code.count("\n") > 40} == {}


@pytest.fixture
def given(home: Path, store: Store, clock: HandClock, tmp_path: Path) -> Parts:
    overrides = {"download_directory": str(tmp_path / "downloads")}
    config = Config.load(home, environment={}, overrides=overrides)
    return Parts(config, CredentialsManager(home, {}), store, clock)


@pytest.fixture
def example(given: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Any]:
    """Builds a part of the page by its entry point, as the program builds its own."""
    for name, code in EXAMPLES.items():
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def entry_points(*, group: str) -> list[EntryPoint]:
        return [EntryPoint(name, value, group) for name, value in ENTRY_POINTS[group].items()]

    monkeypatch.setattr(parts, "entry_points", entry_points)
    return lambda kind, name: load_part(kind, name, given)


def torrent_of(name: str) -> bytes:
    info = {b"name": name.encode(), b"length": 1000, b"piece length": 16384, b"pieces": bytes(20)}
    return bencode2.bencode({b"announce": b"http://127.0.0.1/announce", b"info": info})


class ExampleSite(LoopbackServer):
    """A site with the API that the example of a tracker asks."""

    ROWS = (
        (3, "Nosferatu.1922.1080p.BluRay.x264-ONE", "tt0013442", 1000, 7),
        (2, "Metropolis.1927.1080p.BluRay.x264-ONE", None, 1000, 5),
    )

    def answer(self, request: Request) -> Answer:
        if request.path.endswith(".torrent"):
            return Answer(torrent_of("Film"))
        found = [
            row
            for row in self.ROWS
            if "newest" in request.query
            or (row[2] and row[2] == request.query.get("imdb"))
            or row[1].startswith(request.query.get("name", "?").partition(" ")[0])
        ]
        return Answer(json.dumps(found).encode())


class TestTheExampleOfATracker(TrackerContract):
    @pytest.fixture
    def bench(self, example: Callable[[str, str], Any], clock: HandClock) -> Iterator[Bench]:
        site = ExampleSite()
        tracker = example("trackers", "example")
        tracker.address = site.url

        def bent(body: bytes, status: int) -> Callable[[], None]:
            return lambda: site.next_answers.append(Answer(body, status))

        yield Bench(
            tracker,
            clock,
            tagged=Movie("Nosferatu", 1922, imdb_id="tt0013442"),
            untagged=Movie("Metropolis", 1927),
            unknown=Movie("Limite", 1931),
            down=bent(b"", 503),
            limited=bent(b"", 429),
            refusing=bent(b"", 403),
            changed=bent(b'{"films": []}', 200),
            questioned=bent(b"", 400),
            lost=bent(b"", 404),
            spoiled=bent(b"<html>", 200),
            requests=lambda: len(site.requests),
        )
        tracker.close()
        site.close()

    def test_used_up_calls_are_rate_limited_with_a_time(self, bench: Bench) -> None:
        """It knows no limit: whoever refuses is left alone by the ordinary back-off."""
        for ask in self._questions(bench):
            bench.limited()
            assert type(self._failure(ask)) is Unavailable

    def test_a_refused_question_is_only_that(self, bench: Bench) -> None:
        """It refuses none."""
        for ask in self._questions(bench)[:2]:
            bench.questioned()
            assert type(self._failure(ask)) is Unavailable

    def test_refused_credentials_are_auth_failed_and_tell_what_to_do(self, bench: Bench) -> None:
        """It has none."""
        for ask in self._questions(bench):
            bench.refusing()
            assert isinstance(self._failure(ask), ProviderError)


def a_torrent() -> Torrent:
    return read_torrent(torrent_of("Nosferatu.1922.mkv"))


def test_the_example_of_a_client_takes_a_torrent_once_and_tells_when_it_is_done(
    example: Callable[[str, str], Any], given: Parts
) -> None:
    client, torrent = example("clients", "watchfolder"), a_torrent()
    assert client.check().save_path == str(given.config.download_folder / "done")
    assert client.ensure(torrent)
    assert client.ensure(torrent)
    watched = given.config.download_folder / "watch"
    assert [path.read_bytes() for path in watched.iterdir()] == [torrent.data]
    assert not client.snapshot([torrent.info_hash])[torrent.info_hash].done
    (given.config.download_folder / "done" / torrent.name).touch()
    assert client.snapshot()[torrent.info_hash].done
    assert client.snapshot([]) == {}
    client.remove(torrent.info_hash, delete_files=False)
    client.remove(torrent.info_hash, delete_files=False)
    assert client.snapshot() == {}
    client.close()


def test_the_example_of_a_client_says_which_folder_it_cannot_make(
    example: Callable[[str, str], Any], given: Parts
) -> None:
    given.config.download_folder.write_text("a file in its place")
    with pytest.raises(Unavailable, match="cannot be made"):
        example("clients", "watchfolder").check()


def test_the_example_of_a_watchlist_queues_each_film_once(
    example: Callable[[str, str], Any], given: Parts, queue: QueueManager
) -> None:
    (given.config.home / "wishes.txt").write_text("Nosferatu (1922)\n\nMetropolis (1927)\n", encoding="utf-8")
    watchlist = example("watchlists", "textfile")
    for _ in range(2):
        reading = watchlist.check(Known(), lambda found: queue.wish(found, watchlist.name))
        assert (reading.total, reading.read, reading.complete) == (2, 2, True)
    assert [str(film.movie) for film in queue.films_in(Queue.PENDING)] == ["Nosferatu (1922)", "Metropolis (1927)"]
    assert (watchlist.count(), watchlist.facts(Movie("Nosferatu", 1922))) == (2, None)
    watchlist.close()


def test_the_example_of_a_watchlist_says_when_its_file_is_missing(example: Callable[[str, str], Any]) -> None:
    with pytest.raises(Unavailable, match=r"wishes\.txt cannot be read"):
        example("watchlists", "textfile").count()
