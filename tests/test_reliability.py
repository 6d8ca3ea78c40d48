"""The harness itself: it tries the real program, and each of its checks can fail."""

import base64
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from conftest import movie

from movie_sync.demo.world import PASSKEY
from reliability import invariants, kills, leaks, mutations, report
from reliability.kills import STEPS, Kill
from reliability.scenarios import SCENARIOS
from reliability.stage import Stage
from reliability.tried import Effort, Tried


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage on which a whole life has gone by, nobody having disturbed it."""
    with Stage(tmp_path_factory.mktemp("stage")) as stage:
        program = stage.fresh()
        program.plan = {"record": str(program.folder / "points.txt")}
        program.start()
        assert stage.settle() == []
        yield stage


def test_a_life_that_nobody_disturbs_is_well(lived: Stage) -> None:
    assert invariants.settled(lived) == []


def test_every_step_of_a_life_has_its_point(lived: Stage) -> None:
    reached = set((lived.program.folder / "points.txt").read_text().splitlines())
    elsewhere = {"hand edits", "hand edits merged", "key", "credentials", "credentials stored"}
    assert {step for step, point in STEPS.items() if point not in reached} <= elsewhere


@pytest.mark.parametrize("way", kills.WAYS)
def test_a_kill_between_add_and_answer_loses_and_doubles_nothing(way: str, tmp_path: Path, built: Path) -> None:
    kill = Kill(way, "life", {"at": [STEPS["add sent"], 2]})
    assert kills.try_all(tmp_path, "life", [(kill,)], built, jobs=1) == [((kill,), 1, [])]


def test_a_power_cut_while_hand_edits_are_taken_in_loses_none(tmp_path: Path, built: Path) -> None:
    kill = Kill("power cut", "edits", {"at": [STEPS["hand edits merged"], 1]})
    assert kills.try_all(tmp_path, "edits", [(kill,)], built, jobs=1) == [((kill,), 1, [])]


@pytest.mark.parametrize("number", range(3), ids=lambda number: mutations.MUTATIONS[number].words)
def test_one_safety_less_turns_the_run_red(number: int, tmp_path: Path, built: Path) -> None:
    row = mutations.prove(mutations.MUTATIONS[number], tmp_path, built)
    assert row.lost == ()
    assert row.seen


def test_every_mutation_follows_the_code(tmp_path: Path) -> None:
    for number, mutation in enumerate(mutations.MUTATIONS):
        assert mutations.mutated(mutation, tmp_path / str(number)).exists()


# -- the invariant check can fail


def change(home: Path, statement: str) -> None:
    with sqlite3.connect(home / "movie_sync.db") as database:
        database.execute(statement)
    database.close()


@pytest.fixture
def doctored(lived: Stage, tmp_path: Path) -> Path:
    """A copy of the home of that life."""
    home = tmp_path / "copy"
    home.mkdir()
    for path in lived.program.home.iterdir():
        if path.is_file():
            (home / path.name).write_bytes(path.read_bytes())
    return home


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE films SET status = 'due' WHERE title = 'Nosferatu'", "Nosferatu is due in the queue completed."),
        ("UPDATE films SET number = 51001 WHERE number = 51002", "The film 51001 is there twice."),
        ("DELETE FROM calls", "The tracker got 1 calls, 0 are counted."),
        ("DELETE FROM transfers", "The client has the torrent HASH, which no transfer stands for."),
        (
            "UPDATE films SET queue = 'completed', status = 'downloading' WHERE title = 'London After Midnight'",
            "London After Midnight is downloading without a transfer.",
        ),
    ],
)
def test_what_is_wrong_in_the_database_is_told(doctored: Path, statement: str, told: str) -> None:
    with sqlite3.connect(doctored / "movie_sync.db") as database:
        one = database.execute("SELECT info_hash FROM transfers").fetchone()[0]
    database.close()
    assert invariants.at_rest(doctored, calls=1, hashes=[one]) == []
    change(doctored, statement)
    assert invariants.at_rest(doctored, calls=1, hashes=[one]) == [told.replace("HASH", one)]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("queue_failed.json", b"[", "queue_failed.json does not parse."),
        ("queue_failed.json", b'[{"id": "1"}, {"id": "1"}]', "queue_failed.json has film 1 2 times."),
        ("config.json", b"", "config.json does not parse."),
        ("credentials.enc", b"rubbish", "credentials.enc cannot be read (InvalidToken)."),
    ],
)
def test_a_file_that_was_damaged_is_told(doctored: Path, name: str, content: bytes, told: str) -> None:
    (doctored / name).write_bytes(content)
    assert invariants.at_rest(doctored) == [told]


def test_a_damaged_database_is_told(doctored: Path) -> None:
    (doctored / "movie_sync.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)
    (doctored / "movie_sync.db-wal").unlink(missing_ok=True)
    assert "The database is damaged" in invariants.at_rest(doctored)[0]


def test_a_film_that_was_forgotten_and_one_nobody_wished_for_are_told(lived: Stage) -> None:
    films = lived.films
    try:
        lived.films = films[1:]
        assert "1 films are there that nobody wished for." in invariants.settled(lived)
        lived.films = (*films, type(films[0])(movie(1, "Forgotten")))
        assert "Forgotten (2000) was forgotten." in invariants.settled(lived)
    finally:
        lived.films = films


def test_bytes_that_differ_from_what_was_seeded_are_told(lived: Stage) -> None:
    file = lived.program.downloads / f"{lived.films[0].taken}.mkv"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b"?")
    try:
        assert invariants.settled(lived) == [f"{file.name} is not on disk as it was seeded."]
    finally:
        file.write_bytes(content)


# -- the search for secrets can fail


BASIC = [base64.b64encode(f"{before}:{PASSKEY}".encode()) for before in ("a", "ab", "abc")]


@pytest.mark.parametrize("form", [*sorted(leaks.forms(PASSKEY)), *BASIC])
def test_a_secret_is_found_in_every_form(lived: Stage, form: bytes) -> None:
    planted = lived.program.home / "planted.txt"
    planted.write_bytes(b"something " + form + b" else")
    try:
        assert leaks.leaks(lived)[1] == ["the passkey stands in home/planted.txt."]
    finally:
        planted.unlink()


def test_a_life_leaves_no_secret_lying_about(lived: Stage) -> None:
    texts, found = leaks.leaks(lived)
    assert texts > 20
    assert found == []


# -- the page


def done(name: str, *rows: Tried) -> report.Done:
    return report.Done(name, rows, long=True, seed=1, seconds=90.0, ended="2026-11-23")


def test_the_page_says_what_was_lost_and_what_was_not_tried() -> None:
    kills = done(
        "kills",
        Tried("Kills", "one", "nothing", 3),
        Tried("Kills", "two", tries=1, lost=("A film is gone.",)),
        Tried(leaks.PART, "after kills", "5 texts", 5),
    )
    page = report.page([kills, done("machine", Tried("The machine", "three", why_not="no right to mount"))])
    assert "3 faults were tried, 9 times in all; 1 were not tried. 1 of them LOST something." in page
    assert "| `python -m reliability kills --long --seed 1` | 1.5 | 2026-11-23 |" in page
    assert "| two |  | 1 | A film is gone. |" in page
    assert "| three |  | 0 | *not tried*: no right to mount |" in page
    assert page.index("## Kills") < page.index("## The machine") < page.index(f"## {leaks.PART}")


def test_what_runs_kept_is_joined_and_of_a_part_tried_twice_the_later_counts(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, parts in (
        (first, [done("kills", Tried("Kills", "one", "nothing", 3)), done("edits", Tried("Edits", "two", tries=1))]),
        (second, [done("kills", Tried("Kills", "one", "nothing", 4))]),
    ):
        folder.mkdir()
        for part in parts:
            report.keep(part, folder)
    assert {part.name: part.rows[0].tries for part in report.kept([first, second])} == {"kills": 4, "edits": 1}
    with pytest.raises(ValueError, match="keeps no part"):
        report.kept([tmp_path])


def test_a_scenario_that_was_tried_again_takes_the_place_of_its_own_rows(tmp_path: Path) -> None:
    lost = Tried("Kills", "two", tries=1, lost=("A film is gone.",))
    report.keep(done("kills", Tried("Kills", "one", "nothing", 3), lost), tmp_path)
    report.keep(
        msgspec.structs.replace(done("kills", Tried("Kills", "two", "nothing", 1)), scenario="restore"), tmp_path
    )
    page = report.page(report.kept([tmp_path]))
    assert "2 faults were tried, 4 times in all; 0 were not tried. Nothing was lost." in page
    assert "| `python -m reliability kills --long --seed 1 --scenario 'restore'` | 1.5 | 2026-11-23 |" in page


def test_one_scenario_can_be_tried_alone(tmp_path: Path) -> None:
    rows = list(kills.run(Effort(scenario="credentials"), tmp_path))
    assert rows
    assert all(row.fault.startswith("storing a log-in: ") and not row.failed for row in rows)


def test_every_scenario_says_what_it_is() -> None:
    assert len({scenario.words for scenario in SCENARIOS.values()}) == len(SCENARIOS)
