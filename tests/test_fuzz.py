"""What the fuzzer kept stays a test: every input is taken, or refused in our own words."""

import dataclasses
import re
from pathlib import Path

import pytest

from reliability import fuzz
from reliability.fuzz.growth import grown_too_fast
from reliability.fuzz.runner import KEPT_BYTES, KEPT_FILES
from reliability.fuzz.targets import SEEDS, TARGETS, Target
from reliability.tried import Effort

BY_NAME = {target.name: target for target in TARGETS}


@pytest.mark.parametrize("target", TARGETS, ids=BY_NAME)
def test_every_kept_input_is_taken_or_refused_in_our_own_words(target: Target) -> None:
    for path in target.seeds:
        told = target.take(path.read_bytes())
        assert "Traceback" not in told, path


def test_every_target_has_inputs_and_every_input_a_target() -> None:
    assert {path.name for path in SEEDS.iterdir()} == {*BY_NAME}
    assert all(len(target.seeds) >= 3 for target in TARGETS)


def test_the_kept_inputs_are_few_and_small() -> None:
    for target in TARGETS:
        sizes = [path.stat().st_size for path in target.seeds if not path.name.startswith("crash-")]
        assert len(sizes) <= KEPT_FILES
        assert sum(sizes) <= KEPT_BYTES
        assert max(sizes) <= 8 * 1024


def test_no_kept_input_names_a_path_of_the_machine_it_was_found_on() -> None:
    found = re.compile(rb"/(?:home|root|work|Users)/[\w-]+/")
    assert not [path for target in TARGETS for path in target.seeds if found.search(path.read_bytes())]


def test_of_each_parser_that_refuses_there_is_a_sentence_to_show() -> None:
    told = {target.name: fuzz.example(target) for target in TARGETS}
    silent = {"answer", "waiting_header", "film_addresses", "library_files", "watchlist_json"}
    assert {name for name, sentence in told.items() if not sentence} == silent
    assert not [sentence for sentence in told.values() if re.search(r"movie-sync-fuzz|:\d{5}|T\d{6}Z", sentence)]


def test_without_atheris_nothing_was_tried_and_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fuzz, "installed", lambda: False)
    rows = [*fuzz.run(Effort(), tmp_path)]
    assert len(rows) == len(TARGETS)
    assert {(row.tries, row.why_not, row.lost) for row in rows} == {(0, "atheris is not installed", ())}


@pytest.mark.parametrize("name", ["torrent", "tracker_rows", "csv_export"])
def test_four_times_the_bytes_are_not_eight_times_the_work(name: str) -> None:
    assert not grown_too_fast(BY_NAME[name])


def test_a_parser_that_looks_at_each_byte_once_for_each_other_is_found() -> None:
    def squared(data: bytes) -> str:
        for _ in range(0, len(data), 128):
            for _ in range(0, len(data), 128):
                len(data)
        return ""

    slow = dataclasses.replace(BY_NAME["torrent"], read=squared)
    assert "cost too much" in grown_too_fast(slow)[0]
