"""A lookup on the id space: a row a hop, as many as there is room for, all within the line."""

from __future__ import annotations

import pytest

from dhtui.lookups.drawings.keyspace import keyspace_lines, keyspace_title
from dhtui.text.keyspace import Part
from dhtui.text.spans import width_of

from .samples import walk

OWN = b"\x31" * 20


@pytest.mark.parametrize("width", [20, 60, 100, 160])
@pytest.mark.parametrize("height", [1, 4, 8, 40])
@pytest.mark.parametrize("depth", [0, 3, 9])
def test_it_keeps_to_its_room(width: int, height: int, depth: int) -> None:
    whole = walk()
    lines = keyspace_lines(whole, OWN, Part.around(whole.view.target, depth), width, height)
    assert len(lines) <= height and {width_of(line) for line in lines} == {width}


def test_each_hop_has_a_row_and_the_last_ones_stay_where_room_is_short() -> None:
    whole = walk()
    hops = sorted({step.hop for step in whole.steps})
    told = ["".join(text for text, _ in line) for line in keyspace_lines(whole, OWN, Part(), 100, 40)]
    assert [line[:7].strip() for line in told if "hop" in line] == [f"hop {hop}" for hop in hops]
    assert "▼ us" in told[1] and "◆" in told[-1]
    few = ["".join(text for text, _ in line) for line in keyspace_lines(whole, OWN, Part(), 100, 7)]
    assert f"hop {hops[-1]}" in few[-2] and f"hop {hops[0]} " not in "".join(few)


def test_its_title_tells_the_part() -> None:
    assert keyspace_title(Part(), b"\xab" * 20) == "id space: all ids"
    assert (
        keyspace_title(Part.around(b"\xab" * 20, 1), b"\xab" * 20)
        == "id space: the ids that share 1 bit with the target"
    )
    near = keyspace_title(Part.around(b"\xab" * 20, 32), b"\xab" * 20)
    assert near.endswith("32 bits with the target, ababab…")
    assert keyspace_title(Part.around(bytes(20), 2), b"\xab" * 20) == "id space: the ids that share 2 bits"
