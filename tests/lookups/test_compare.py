"""Two lookups compared: which did better in what, by sign and word, and the closest nodes of both."""

from __future__ import annotations

import re

import pytest

from dhtui.engine.views.snapshot import LookupDetail
from dhtui.lookups.compare import closest_of, comparison_lines, differences
from dhtui.text.spans import width_of

from .samples import detail, step, walk


def told(first: LookupDetail, second: LookupDetail, width: int = 200, most: int | None = None) -> list[str]:
    return ["".join(text for text, _ in line) for line in comparison_lines(first, second, width, most)]


def test_each_figure_is_judged_where_that_has_a_meaning() -> None:
    rows = {row.what: row for row in differences(walk(5, number=3), walk(6, number=2))}
    assert rows["time"].better is False and rows["time"].change == "+25 %"
    assert rows["packets"].better is True
    assert rows["answers"].better is None and rows["hops at most"].better is None and rows["queries"].better is None
    back = {row.what: row for row in differences(walk(6), walk(5))}
    assert back["time"].better is True


def test_other_targets_are_not_nearer_and_other_kinds_are_not_better() -> None:
    one, two = walk(5), walk(6)
    elsewhere = two._replace(view=two.view._replace(target=bytes(20)))
    rows = {row.what: row for row in differences(one, elsewhere)}
    assert rows["nearest answer"].better is None and rows["time"].better is False
    other = two._replace(view=two.view._replace(kind="get"))
    assert all(row.better is None for row in differences(one, other))


def test_the_closest_nodes_are_counted_and_named() -> None:
    first = detail([step(n, 150 + n, 0, 0.1) for n in (1, 2, 3)], 0.2, number=3)
    second = detail([step(n, 150 + n, 0, 0.1) for n in (2, 3, 4, 5)], 0.2, number=2)
    sets = closest_of(first, second)
    assert sets.common == 2 and len(sets.first) == 1 and len(sets.second) == 2
    line = told(first, second)[0]
    assert line.startswith(" ≠ Closest 4: 2 in common; only in 3: ") and "; only in 2: " in line
    assert told(first, first)[0] == " ≠ Closest 3: 3 in common."


@pytest.mark.parametrize("width", [40, 77, 80, 120, 200])
def test_where_there_is_little_room_each_sentence_is_one_line_and_says_what_it_leaves_out(width: int) -> None:
    whole = told(walk(5, number=3), walk(6, number=2), width)
    short = told(walk(5, number=3), walk(6, number=2), width, 3)
    assert len(short) == 3 and [line[1] for line in short] == ["≠", "✗", "✓"]
    assert all(width_of(line) <= width for line in comparison_lines(walk(5), walk(6), width, 3))
    assert "worse" in " ".join(whole) and "better" in " ".join(whole)
    if width >= 77 and len(whole) > 3:
        assert all(line.endswith(".") for line in short)
        figures = len(re.findall(r", ", " ".join(short)))
        assert figures == 0 or "more" in " ".join(short)
