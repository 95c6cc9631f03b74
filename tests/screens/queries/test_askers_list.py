"""The list of those who ask us, beside our queries."""

from __future__ import annotations

import unicodedata

import pytest
from packets.samples import asked, got

from dhtui.engine.views.events import Event
from dhtui.engine.wire.krpc import FindNode, GetPeers, Ping
from dhtui.packets.askers import MAX_ASKERS
from dhtui.packets.parts import Link
from dhtui.screens.queries.asker_columns import is_near

from ..snapshots import OWN, TARGET
from ..stage import LARGE, SMALL, matches_goldens
from .test_queries import NOW, THEIRS, busy, happenings, watching


def crowd() -> list[Event]:
    """Seven hosts that ask for one infohash, one that asks for what is near us, one that asks much."""
    events: list[Event] = [asked(NOW - 40, Ping(THEIRS), b"p", ("203.0.113.250", 1))]
    for n in range(7):
        addr = (f"203.0.113.{n + 1}", 6881)
        events += [asked(NOW - 30 + n, GetPeers(THEIRS, TARGET), b"%d%d" % (n, m), addr) for m in range(n + 1)]
    events.append(asked(NOW - 9, FindNode(THEIRS, OWN), b"f", ("198.51.100.1", 51413)))
    return events


async def test_v_lists_who_asks_by_host_and_by_prefix() -> None:
    async with watching(busy(), SMALL, [*happenings(), *crowd()]) as stage:
        await stage.press("v")
        assert "a swarm forms: 9 ask for 4f1a…6978" in stage.text()
        rows = stage.table("askers").model.rows
        assert rows[0].name == "203.0.113.7" and len(rows) == 12
        await matches_goldens(stage, "queries-askers")
        await stage.pilot.resize_terminal(*LARGE)
        await stage.settle()
        assert f"at most {MAX_ASKERS} hosts" in stage.text()
        await stage.press("v")
        assert [row.hosts for row in stage.table("askers").model.rows] == [8, 4]
        await stage.press("v")
        assert not stage.table("askers").display and stage.table("asked").display


async def test_who_asks_can_be_inspected_followed_and_exported() -> None:
    async with watching(busy(), LARGE, crowd()) as stage:
        await stage.press("tab", "v")
        assert stage.table("askers").has_focus
        assert Link("infohash", TARGET, "the infohash 4f1a…6978") in stage.screen.links()
        assert [name for _, name, _ in stage.screen.exports()] == ["queries.tsv", "who-asks.tsv"]
        await stage.press("enter")
        assert "as do 6 others: a swarm forms" in " ".join(stage.text().split())
        await stage.press("escape", "v", "tab")
        assert stage.table("flight").has_focus


async def test_the_list_moves_on_and_stands_still_while_paused() -> None:
    async with watching(busy(), LARGE, crowd()) as stage:
        await stage.press("v", "space")
        stage.node.tell(asked(NOW + 1, Ping(THEIRS), b"n1", ("192.0.2.9", 1)))
        await stage.see(stage.node.view._replace(at=NOW + 2))
        assert len(stage.table("askers").model.rows) == 9
        await stage.press("space")
        assert len(stage.table("askers").model.rows) == 10


async def test_our_queries_in_no_groups_tell_target_and_owner() -> None:
    async with watching(busy(), events=happenings()) as stage:
        titles = {column.title for column in stage.table("flight").model.columns}
        await stage.press("a")
        single = {column.title for column in stage.table("flight").model.columns}
        assert single - titles == {"target", "asked by"} and "get_peers#1" in stage.text()
        await stage.press("s")
        assert stage.table("flight").model.sort_by is not None
        assert "sort: age" in stage.text() or "age▲" in stage.text()


async def test_nothing_hostile_gets_through_in_the_list_of_askers() -> None:
    evil = b"d1:ad2:id20:" + THEIRS + b"e1:q4:ping1:t2:aa1:v4:\x1b[2J1:y1:qe"
    async with watching(busy(), LARGE, [got(NOW, evil, ("192.0.2.1", 1)), *crowd()]) as stage:
        await stage.press("tab", "v", "G", "enter")
        shown = stage.text()
        assert not {char for char in shown if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}


@pytest.mark.parametrize(
    ("bits", "depth", "near"), [(0, 0, False), (3, 0, False), (4, 0, True), (9, 10, False), (12, 10, True)]
)
def test_near_is_what_shares_the_bits_of_our_own_bucket(bits: int, depth: int, near: bool) -> None:
    target = (int.from_bytes(OWN) ^ 1 << (159 - bits)).to_bytes(20)
    assert is_near(target, OWN, depth) is near and is_near(OWN, OWN, depth)
