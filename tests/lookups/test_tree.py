"""The tree of referrals: every node behind the one that named it, and what is left out is said."""

from __future__ import annotations

from random import Random

import pytest

from dhtui.engine.outcome import Status
from dhtui.engine.views.snapshot import LookupDetail
from dhtui.lookups.critical import critical_path
from dhtui.lookups.drawings.tree import first_of_tree, rows_for_tree, tree_lines, tree_of, tree_title
from dhtui.text.spans import Line, width_of

from .samples import detail, ruled, step, walk


def text(line: Line) -> str:
    return "".join(part for part, _ in line)


def drawing(whole: LookupDetail, width: int = 160, height: int = 60, **more: object) -> str:
    return "\n".join(text(line).rstrip() for line in tree_lines(whole, width, height, **more))  # type: ignore[arg-type]


def test_each_node_stands_behind_the_one_that_named_it() -> None:
    for whole in (walk(), ruled()):
        tree = tree_of(whole, 200)
        for node in tree.nodes:
            for child in node.children:
                assert child.depth == node.depth + 1 and child.row >= node.row
                if child.place >= 0:
                    parent = whole.steps[child.place].parent
                    assert parent == whole.steps[node.place].addr
        assert sorted({node.row for node in tree.nodes}) == list(range(tree.rows))
    assert not tree.hidden_hops


def test_it_tells_round_trips_ends_the_path_and_the_closest() -> None:
    drawn = drawing(walk())
    assert drawn.startswith(" us ┬─195 #1   ✓ ")
    for place in critical_path(walk()):
        assert f"●#{place + 1} " in drawn
    for rank in ("1st", "2nd", "3rd", "8th"):
        assert rank in drawn
    assert "┄┄┄┄ #38  ↻–" in drawn and "»296 #2" in drawn
    assert "✓ answered" in drawn and "┄ stalled" in drawn and "●━ path" in drawn


def test_the_selected_node_is_marked_and_in_sight() -> None:
    addr = walk().steps[-1].addr
    assert "▶#38" in drawing(walk(), height=8, selected=addr)


def test_where_hops_have_no_room_the_first_ones_are_left_out_and_counted() -> None:
    tree = tree_of(walk(), 60)
    assert tree.hidden_hops and tree.hidden
    assert f"{tree.hidden_hops} hops left out ({tree.hidden} nodes)" in tree_title(tree)
    goal = critical_path(walk())[-1]
    assert goal in {node.place for node in tree.nodes}, "the end of the path is drawn"
    assert drawing(walk(), 60).startswith(" …  ")


def test_nodes_that_led_nowhere_are_counted_but_for_a_few() -> None:
    steps = [step(1, 158, 0.0, 0.05)]
    steps += [
        step(n, 150 - n / 50, 0.05, 0.1 if n % 2 else None, parent=steps[0].addr, hop=1, result=None)._replace(
            result=Status.ANSWERED if n % 2 else None
        )
        for n in range(2, 120)
    ]
    whole = detail(steps, 1.0, k=3)
    tree = tree_of(whole, 160)
    assert tree.rows < 12
    rest = [node for node in tree.nodes if node.place < 0]
    assert len(rest) == 1 and sum(node.place >= 0 for node in tree.nodes) + int(rest[0].words[1:].split(":")[0]) == 119
    chosen = steps[-1].addr
    assert any(whole.steps[n.place].addr == chosen for n in tree_of(whole, 160, chosen).nodes if n.place >= 0)


@pytest.mark.parametrize(("width", "height"), [(19, 1), (20, 3), (40, 7), (80, 7), (200, 60), (3, 0)])
def test_it_fits_its_room(width: int, height: int) -> None:
    for whole in (walk(), ruled(), detail([], 0.0), detail([step(1, 150, 0, None)], 0.1, running=True)):
        for until in (None, 0.0, whole.view.elapsed / 3):
            lines = tree_lines(whole, width, height, until=until)
            assert len(lines) <= height and all(width_of(line) <= width for line in lines)


def test_it_can_be_scrolled_to_its_end() -> None:
    tree, fits = tree_of(walk(), 160), rows_for_tree(10)
    last = first_of_tree(tree, walk(), fits, None, 999)
    assert last == tree.rows - fits
    assert drawing(walk(), height=10, first=last).splitlines()[fits - 1].startswith("    └")
    assert drawing(walk(), height=10, first=0).startswith(" us ")


def test_a_damaged_recording_makes_no_circle() -> None:
    rng = Random(2)
    for _ in range(200):
        steps = [
            step(rng.randrange(1, 9), 140, rng.random(), rng.choice((None, rng.random() * 3)))._replace(
                parent=rng.choice((None, (f"203.0.113.{rng.randrange(1, 9)}", 6881))), hop=rng.randrange(300)
            )
            for _ in range(rng.randrange(12))
        ]
        whole = detail(steps, rng.random() * 2, running=rng.random() < 0.5)
        tree = tree_of(whole, 4000)
        assert sum(node.place >= 0 for node in tree.nodes) <= len({one.addr for one in steps})
        tree_lines(whole, 80, 20)


def test_a_chain_of_a_thousand_hops_is_no_deeper_than_the_window() -> None:
    steps = [
        step(0, 150, n / 100, n / 100 + 0.01)._replace(
            addr=("203.0.113.1", n + 1), parent=("203.0.113.1", n) if n else None, hop=n
        )
        for n in range(1000)
    ]
    lines = tree_lines(detail(steps, 11.0), 80, 20)
    assert len(lines) <= 20 and all(width_of(line) <= 80 for line in lines)
    assert "995 hops left out (995 nodes)" in tree_title(tree_of(detail(steps, 11.0), 80))
