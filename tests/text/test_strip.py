"""The strip: each row keeps to its room, and all that is active, marked or ours is where its id lies."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from dhtui.engine.wire.ids import ID_BITS, random_id_with_prefix, shared_prefix
from dhtui.text.keyspace import MAX_DEPTH, Mark, Part
from dhtui.text.spans import Line, width_of
from dhtui.text.strip import LABEL, Inhabitants, bucket_range, part_title, strip_lines

OWN = bytes.fromhex("2d7c4e219f10aa55c3d2e1f00f1e2d3c4b5a6978")


def crowd() -> Inhabitants:
    rng = Random(3)
    nodes = tuple(random_id_with_prefix(OWN, n // 8, rng) for n in range(60))
    spare = tuple(random_id_with_prefix(OWN, 0, rng) for _ in range(8))
    return Inhabitants(OWN, nodes, spare, tuple(range(8)), {nodes[0]: "out", nodes[9]: "in", nodes[20]: "both"})


def texts(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


@pytest.mark.parametrize("width", [1, 8, 39, 40, 80, 200])
@pytest.mark.parametrize("depth", [0, 1, 5, 40, MAX_DEPTH])
def test_each_row_is_as_wide_as_the_strip(width: int, depth: int) -> None:
    for height in range(1, 9):
        lines = strip_lines(Part.around(OWN, depth), crowd(), width, height)
        assert 1 <= len(lines) <= height
        assert {width_of(line) for line in lines} == {width}


def test_rows_have_names_that_need_no_colour() -> None:
    lines = texts(strip_lines(Part(), crowd(), 100, 8))
    assert [line[:LABEL].strip() for line in lines] == ["", "nodes", "spare", "now", "", "bucket"]
    assert "▼ us" in lines[4] and {"↑", "↓", "↕"} <= set(lines[3])
    assert (
        "▼" in texts(strip_lines(Part(), crowd(), 100, 2))[1] and "↑" in texts(strip_lines(Part(), crowd(), 100, 2))[1]
    )


def test_what_is_active_stands_below_its_node() -> None:
    who = crowd()
    lines = texts(strip_lines(Part(), who, 100, 8))
    place = Part().column(who.nodes[0], 100 - LABEL)
    assert place is not None and lines[3][LABEL + place] == "↑" and lines[1][LABEL + place] != " "


def test_two_ways_in_one_cell_are_one_sign() -> None:
    low = bytes(20)
    who = Inhabitants(OWN, (), active={low: "out", low[:19] + b"\x01": "in"})
    assert texts(strip_lines(Part(), who, 40, 4))[2].strip("now ") == "↕"


def test_a_target_is_marked_and_its_word_covers_nobody() -> None:
    who = Inhabitants(OWN, (), marked=(Mark(OWN, "◆", "get"),))
    row = texts(strip_lines(Part(), who, 40, 4))[3]
    assert "▼" in row and "us" in row


def test_the_buckets_divide_all_ids() -> None:
    ranges = sorted(bucket_range(OWN, depth, depth == 7) for depth in range(8))
    assert ranges[0][0] == 0 and ranges[-1][1] == 1 << ID_BITS
    assert all(left[1] == right[0] for left, right in pairwise(ranges))
    for depth in range(7):
        first, behind = bucket_range(OWN, depth, False)
        for number in (first, behind - 1):
            assert shared_prefix(OWN, number.to_bytes(20, "big")) == depth
    row = texts(strip_lines(Part(), crowd(), 107, 5))[4]
    assert row[LABEL:].strip("└┘─ ").split("─")[-1] == "0" and row[LABEL:].startswith("└─")


def test_the_title_names_the_part() -> None:
    assert part_title(Part(), OWN) == "all ids"
    assert part_title(Part.around(OWN, 1), OWN) == "the ids that share 1 bit with ours"
    assert part_title(Part.around(OWN, 8), OWN) == "the ids that share 8 bits with ours, 2d"
    assert part_title(Part.around(OWN, 8).moved(1), OWN) == "the ids that share 8 bits, 2e"


def test_the_selected_bucket_is_told_apart_without_colour() -> None:
    rows = [texts(strip_lines(Part(), replace(crowd(), selected=depth), 107, 5))[4] for depth in (0, 1, None)]
    assert "═0═" in rows[0] and "═1═" in rows[1] and "═" not in rows[2]
