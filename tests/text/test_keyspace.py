"""The id space on a line: ids stand where they lie, and nothing is drawn outside of the line."""

from __future__ import annotations

from random import Random

import pytest

from dhtui.text.keyspace import MAX_DEPTH, NEAR, Mark, Part, bracket, marks, near, near_bits, nearness, scale, ticks
from dhtui.text.spans import width_of

LOW, HIGH = bytes(20), b"\xff" * 20
WIDTHS = (1, 7, 8, 40, 73, 160, 200)


def text(line: tuple[tuple[str, str], ...]) -> str:
    return "".join(part for part, _ in line)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_first_id_is_at_the_left_and_the_last_at_the_right(width: int) -> None:
    assert Part().column(LOW, width) == 0 and Part().column(HIGH, width) == width - 1


def test_a_part_has_the_ids_that_share_its_first_bits() -> None:
    part = Part.around(b"\xab" * 20, 6)
    assert part.column(b"\xab" * 20, 64) is not None
    assert part.column(b"\xa8" + LOW[1:], 64) == 0 and part.column(b"\xab" + HIGH[1:], 64) == 63
    assert part.column(b"\xa7" + HIGH[1:], 64) is None and part.column(b"\xac" + LOW[1:], 64) is None
    assert part.prefix() == "a" and Part.around(b"\xab" * 20, 8).prefix() == "ab"


def test_no_zoom_and_no_move_leaves_the_space() -> None:
    for depth in (-3, 0, 1, MAX_DEPTH, 200):
        part = Part.around(HIGH, depth)
        assert 0 <= part.depth <= MAX_DEPTH
        assert part.moved(1) == part and part.moved(-(1 << 170)).start == 0
        assert len(part.middle()) == 20 and part.column(part.middle(), 10) == 5


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("depth", [0, 1, 3, 4, 9, 100, MAX_DEPTH])
def test_each_row_is_as_wide_as_the_line(width: int, depth: int) -> None:
    rng = Random(width)
    ids = [rng.randbytes(20) for _ in range(500)]
    part = Part.around(ids[0], depth)
    signs = [Mark(ids[0], "▼", "us"), Mark(ids[1], "◆", "target"), Mark(HIGH, "x", "a word that is longer than most")]
    assert width_of(scale(part, width)) == width_of(marks(part, signs, width)) == width
    assert len(ticks(part, ids, width)) == width


def test_a_dot_stands_for_a_node_and_four_at_most_are_told_apart() -> None:
    assert ticks(Part(), [], 4) == "    "
    assert ticks(Part(), [LOW], 2) == "⡀ " and ticks(Part(), [HIGH], 2) == " ⢀"
    assert ticks(Part(), [LOW] * 4, 1) == ticks(Part(), [LOW] * 9, 1) == "⡇"


def test_the_scale_names_the_digits_at_which_its_parts_begin() -> None:
    assert text(scale(Part(), 96)).split() == list("0123456789abcdef")
    assert text(scale(Part(), 48)).split() == list("02468ace")
    assert text(scale(Part.around(b"\xab" * 20, 4), 96)).split() == list("0123456789abcdef"), "behind the a"


def test_a_word_stands_beside_its_sign_where_there_is_room() -> None:
    assert text(marks(Part(), [Mark(LOW, "▼", "us")], 6)) == "▼ us  "
    assert text(marks(Part(), [Mark(HIGH, "▼", "us")], 6)) == "  us ▼"
    assert text(marks(Part(), [Mark(HIGH, "▼", "us")], 2)) == " ▼"
    assert text(marks(Part.around(LOW, 1), [Mark(HIGH, "▼", "us")], 6)) == "      "


def test_a_bracket_spans_the_ids_of_a_part() -> None:
    assert bracket(Part(), [LOW, HIGH], 10) == (0, 9)
    assert bracket(Part.around(LOW, 1), [HIGH], 10) is None


def test_nearer_ids_are_never_called_farther() -> None:
    steps = [nearness(bits) for bits in range(160, 100, -1)]
    assert steps == sorted(steps) and steps[0] == 0 and steps[-1] == 5 and nearness(None) == 0


def test_ids_are_painted_by_their_distance_and_a_small_network_has_several_steps() -> None:
    own = bytes(20)
    roles = [near(own, (1 << bits).to_bytes(20, "big")) for bits in (159, 155, 150, 145, 139, 0)]
    assert roles == ["near0", "near2", "near3", "near4", "near5", "near5"]
    assert near_bits(155.0) == "near2" and near_bits(None) == "data"
    assert near(own, own) == NEAR[-1] and near(HIGH, own) == NEAR[0]
