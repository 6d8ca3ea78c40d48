"""The benchmark of patience and economy, at tiny sizes: each figure is taken, and misses with its mechanism off."""

import pytest

from benchmarks.economy import FULL, QUICK, missed, table_of
from benchmarks.economy_world import Compared


@pytest.mark.parametrize("name", QUICK)
def test_each_figure_is_reached_and_missed_with_its_mechanism_off(name: str) -> None:
    rows = list(QUICK[name]())
    compared = [row for row in rows if row.off]
    assert [row for row in rows if missed(row)] == []
    assert compared
    assert [row for row in compared if not (row.good and row.off_misses and row.measured != row.off)] == []


def test_the_quick_table_has_the_parts_of_the_full_one() -> None:
    assert list(QUICK) == list(FULL)


@pytest.mark.parametrize(
    ("good", "off_misses", "is_missed"),
    [(True, True, False), (True, None, False), (None, None, False), (False, True, True), (True, False, True)],
)
def test_a_figure_that_cannot_miss_is_a_miss(good: bool | None, off_misses: bool | None, is_missed: bool) -> None:
    row = Compared("calls", "1", "1", good, off="2", off_misses=off_misses, switched="something")
    assert missed(row) is is_missed
    assert table_of([row]).row_count == 1
