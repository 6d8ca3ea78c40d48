"""CsvFolder: exports laid down in a folder are taken in once, and again when they change."""

import os
import zipfile
from pathlib import Path

import pytest
from conftest import HandClock

from movie_sync.errors import ConfigError
from movie_sync.queues.queue_manager import QueueManager
from movie_sync.store import Store
from movie_sync.watchlists import csv_folder
from movie_sync.watchlists.csv_export import read_csv_export
from movie_sync.watchlists.csv_folder import CsvFolder

NOW = 1_790_000_000.0
HEADER = "Date,Name,Year,Letterboxd URI\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "exports"
    made.mkdir()
    return made


@pytest.fixture
def exports(folder: Path, store: Store) -> CsvFolder:
    return CsvFolder(folder, store)


def put(path: Path, *titles: str, age_s: float = 60.0, data: bytes | None = None) -> Path:
    """An export of these films, last written so many seconds before NOW."""
    rows = "".join(f"2023-09-26,{title},2022,https://boxd.it/{title}\n" for title in titles)
    path.write_bytes((HEADER + rows).encode() if data is None else data)
    moment_ns = int((NOW - age_s) * 1e9)
    os.utime(path, ns=(moment_ns, moment_ns))
    return path


def looked(exports: CsvFolder, now: float = NOW, *, take: bool = True) -> dict[str, list[str]]:
    """File to titles, in the order they came."""
    found = {}
    for path, films in exports.changed(now):
        found[path.name] = [film.movie.title for film in films]
        if take:
            exports.taken(path)
    return found


# --- what is taken


def test_an_export_is_taken_once(folder: Path, exports: CsvFolder) -> None:
    put(folder / "watchlist.csv", "Heat", "Alien")
    assert looked(exports) == {"watchlist.csv": ["Alien", "Heat"]}
    assert looked(exports) == {}
    assert exports.problems == []


def test_the_zip_of_letterboxd_is_taken_as_it_comes(folder: Path, exports: CsvFolder) -> None:
    with zipfile.ZipFile(folder / "letterboxd-some_user.ZIP", "w") as archive:
        archive.writestr("watchlist.csv", HEADER + "2023-09-26,Heat,1995,https://boxd.it/a\n")
    assert looked(exports, NOW * 2) == {"letterboxd-some_user.ZIP": ["Heat"]}


def test_only_exports_that_lie_in_the_folder_itself_count(folder: Path, exports: CsvFolder) -> None:
    (folder / "older").mkdir()
    (folder / "folder.csv").mkdir()
    put(folder / "older" / "watchlist.csv", "Deep")
    for name in (".watchlist.csv", ".csv", "watchlist.txt", "watchlist.csv.part", "csv"):
        put(folder / name, "No")
    (folder / "nowhere.csv").symlink_to(folder / "gone.csv")
    (folder / "circle.csv").symlink_to(folder / "circle.csv")
    os.mkfifo(folder / "pipe.csv")
    put(folder / "List.CSV", "Yes")
    assert looked(exports) == {"List.CSV": ["Yes"]}
    assert exports.problems == []


def test_what_was_taken_is_known_after_a_restart(folder: Path, exports: CsvFolder, store: Store) -> None:
    put(folder / "watchlist.csv", "Heat")
    looked(exports)
    assert looked(CsvFolder(folder, store)) == {}


def test_what_was_not_taken_in_comes_again(folder: Path, exports: CsvFolder, store: Store) -> None:
    put(folder / "watchlist.csv", "Heat")
    for again in (exports, exports, CsvFolder(folder, store)):
        assert looked(again, take=False) == {"watchlist.csv": ["Heat"]}


@pytest.mark.parametrize(("titles", "age_s"), [(("Heat", "Alien"), 60.0), (("Heat",), 30.0), (("Heat",), 90.0)])
def test_a_file_that_changed_is_taken_anew(
    folder: Path, exports: CsvFolder, titles: tuple[str, ...], age_s: float
) -> None:
    put(folder / "watchlist.csv", "Heat")
    looked(exports)
    put(folder / "watchlist.csv", *titles, age_s=age_s)
    assert looked(exports) == {"watchlist.csv": list(reversed(titles))}
    assert looked(exports) == {}


def test_a_file_that_changes_while_it_is_taken_in_is_taken_anew(folder: Path, exports: CsvFolder) -> None:
    path = put(folder / "watchlist.csv", "Heat")
    for found, _ in exports.changed(NOW):
        put(path, "Heat", "Alien", age_s=30)
        exports.taken(found)
    assert looked(exports) == {"watchlist.csv": ["Alien", "Heat"]}


def test_the_file_written_first_is_taken_first(folder: Path, exports: CsvFolder) -> None:
    put(folder / "a.csv", "New", age_s=10)
    put(folder / "b.csv", "Old", age_s=1000)
    put(folder / "c.csv", "Middle", age_s=100)
    put(folder / "d.csv", "Middle2", age_s=100)
    assert list(looked(exports)) == ["b.csv", "c.csv", "d.csv", "a.csv"]


@pytest.mark.parametrize(
    ("age_s", "taken"), [(0.0, False), (1.9, False), (2.0, True), (60.0, True), (-0.5, True), (-1e8, True)]
)
def test_a_file_that_may_still_be_copied_waits_and_one_from_the_future_does_not(
    folder: Path, exports: CsvFolder, age_s: float, taken: bool
) -> None:
    put(folder / "watchlist.csv", "Heat", age_s=age_s)
    assert bool(looked(exports)) is taken
    assert bool(looked(exports, NOW + 60)) is not taken


def test_a_name_that_is_no_text_is_a_file_like_any_other(tmp_path: Path, exports: CsvFolder, folder: Path) -> None:
    put(Path(os.fsdecode(os.fsencode(folder) + b"/\xff.csv")), "Heat")
    assert list(looked(exports).values()) == [["Heat"]]
    assert looked(exports) == {}


def test_films_of_two_exports_are_queued_once(
    folder: Path, exports: CsvFolder, queue: QueueManager, clock: HandClock
) -> None:
    put(folder / "a.csv", "Heat", "Alien", age_s=100)
    put(folder / "b.csv", "Heat", "Ran", age_s=50)
    added = [queue.wish(films, "csv").added for _, films in exports.changed(clock.now())]
    assert added == [2, 1]


# --- what an unchanged folder costs


def test_an_unchanged_folder_costs_one_look_and_no_write(
    folder: Path, exports: CsvFolder, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder / "watchlist.csv", "Heat")
    put(folder / "broken.csv", data=b"no export")
    looked(exports)
    looks: list[Path] = []
    scandir = os.scandir

    def counted(path: Path) -> object:
        looks.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", counted)
    monkeypatch.setattr(csv_folder, "read_csv_export", lambda path: pytest.fail(f"{path} was read"))
    monkeypatch.setattr(store, "write", lambda: pytest.fail("something was written"))
    assert looked(exports) == {}
    assert looks == [folder]


# --- what cannot be read


def test_a_file_that_cannot_be_read_is_a_problem_of_its_own(folder: Path, exports: CsvFolder) -> None:
    put(folder / "a.csv", data=b"not an export", age_s=100)
    put(folder / "b.csv", "Heat", age_s=50)
    put(folder / "c.zip", data=b"PK\x03\x04 cut", age_s=20)
    assert looked(exports) == {"b.csv": ["Heat"]}
    assert [(type(problem), problem.file) for problem in exports.problems] == [
        (ConfigError, str(folder / "a.csv")),
        (ConfigError, str(folder / "c.zip")),
    ]
    assert all(problem.hint for problem in exports.problems)


def test_a_problem_stands_as_it_is_until_its_file_changes(folder: Path, exports: CsvFolder) -> None:
    path = put(folder / "a.csv", data=b"not an export")
    looked(exports)
    (first,) = exports.problems
    looked(exports)
    assert exports.problems == [first]
    put(path, data=b"neither is this")
    looked(exports)
    (second,) = exports.problems
    assert second is not first
    put(path, "Heat", age_s=10)
    assert looked(exports) == {"a.csv": ["Heat"]}
    assert exports.problems == []


def test_a_problem_ends_with_its_file(folder: Path, exports: CsvFolder) -> None:
    path = put(folder / "a.csv", data=b"not an export")
    looked(exports)
    path.unlink()
    looked(exports)
    assert exports.problems == []


def test_a_problem_ends_when_the_file_taken_before_is_back(folder: Path, exports: CsvFolder) -> None:
    path = put(folder / "a.csv", "Heat")
    looked(exports)
    put(path, data=b"not an export", age_s=30)
    looked(exports)
    assert len(exports.problems) == 1
    put(path, "Heat")
    assert looked(exports) == {}
    assert exports.problems == []


def test_a_file_whose_rights_are_mended_is_read_though_it_is_the_same(
    folder: Path, exports: CsvFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder / "a.csv", "Heat")

    def refused(path: Path) -> object:
        raise ConfigError(f"{path} cannot be read (Permission denied).", file=str(path)) from PermissionError(13, "no")

    monkeypatch.setattr(csv_folder, "read_csv_export", refused)  # root, as in a container, may read everything
    looked(exports)
    (first,) = exports.problems
    looked(exports)
    assert exports.problems == [first]
    monkeypatch.setattr(csv_folder, "read_csv_export", read_csv_export)
    assert looked(exports) == {"a.csv": ["Heat"]}
    assert exports.problems == []


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_no_damage_to_a_zip_is_more_than_a_problem(folder: Path, exports: CsvFolder, packing: int) -> None:
    path = folder / "export.zip"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("watchlist.csv", HEADER + "2023-09-26,Heat,1995,https://boxd.it/a\n" * 40)
    whole = path.read_bytes()
    for place in range(0, len(whole), 3):
        put(path, data=whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :], age_s=60 + place)
        read = looked(exports)
        assert len(read) + len(exports.problems) == 1


def test_a_problem_can_be_kept_whatever_the_file_is_called(folder: Path, exports: CsvFolder) -> None:
    put(Path(os.fsdecode(os.fsencode(folder) + b"/\xff.csv")), data=b"not an export")
    put(Path(os.fsdecode(os.fsencode(folder) + b"/\xfe.zip")), data=b"PK\x05\x06")
    looked(exports)
    assert len(exports.problems) == 2
    assert all((str(problem) + (problem.file or "")).encode() for problem in exports.problems)


# --- the folder


def test_a_missing_folder_is_one_problem_that_ends_when_it_is_there(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "not-yet"
    exports = CsvFolder(folder, store)
    assert looked(exports) == {}
    (first,) = exports.problems
    assert (first.key, str(folder) in first.message, "csv_directory" in first.hint) == ("csv_directory", True, True)
    assert looked(exports) == {}
    assert exports.problems == [first]
    folder.mkdir()
    put(folder / "a.csv", "Heat")
    assert looked(exports) == {"a.csv": ["Heat"]}
    assert exports.problems == []


def test_a_file_in_place_of_the_folder_is_a_problem(tmp_path: Path, store: Store) -> None:
    exports = CsvFolder(put(tmp_path / "watchlist.csv", "Heat"), store)
    assert looked(exports) == {}
    assert "cannot be read (Not a directory)" in exports.problems[0].message
