"""The page of a node tells all that is known of it, on tabs that keys lead to; what strangers sent is text on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import pytest
from packets.samples import answered, sent

from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.wire.compact import Addr, NodeInfo, pack_addr, pack_node
from dhtui.engine.wire.ids import distance
from dhtui.engine.wire.krpc import FindNode, Get, GetPeers
from dhtui.lookups.walk import in_bucket
from dhtui.screens.node import walking
from dhtui.screens.node.lines import LABELS, TABS
from dhtui.screens.node.opening import MAX_PAGES
from dhtui.screens.node.page import NodePage

from .. import snapshots
from ..snapshots import HOSTILE, OWN
from ..stage import LARGE, SMALL, PaperNode, Stage, exploring, matches_goldens

ASKED: Addr = ("203.0.0.1", 6881)
THEIRS = snapshots.running().table.buckets[0].nodes[0].id
NAMED = tuple(NodeInfo(in_bucket(THEIRS, depth, Random(depth)), (f"192.0.2.{depth}", 6881)) for depth in range(4))


@dataclass
class Knowing(PaperNode):
    """Answers find_node for one node, out of a table."""

    table: tuple[NodeInfo, ...] = NAMED
    banned: list[str] = field(default_factory=list)
    address: Addr = ("203.0.113.9", 6881)

    async def find_node(self, target: bytes, *, remotes: Sequence[Addr]) -> Outcome:
        self.asked.append(("find_node", target, *remotes))
        near = tuple(sorted(self.table, key=lambda node: distance(node.id, target))[:2])
        one = NodeOutcome(addr=remotes[0], id=THEIRS, status=Status.ANSWERED, rtt=0.01, nodes=near)
        return Outcome(action="find_node", target=target, asked=(one,))


def talk(node: PaperNode, hostile: bytes = b"token") -> None:
    """What was said between us and that node: it names nodes, gives peers, a token, an item."""
    nodes = b"".join(map(pack_node, (*NAMED, NodeInfo(OWN, ("198.51.100.7", 6881)))))
    node.tell(
        sent(1.0, FindNode(OWN, OWN), b"a1", ASKED),
        answered(1.04, {b"id": THEIRS, b"nodes": nodes}, b"a1", ASKED),
        sent(2.0, GetPeers(OWN, b"i" * 20), b"a2", ASKED),
        answered(2.04, {b"id": THEIRS, b"token": hostile, b"values": [pack_addr(("192.0.2.99", 80))]}, b"a2", ASKED),
        sent(3.0, Get(OWN, b"t" * 20), b"a3", ASKED),
        answered(3.04, {b"id": THEIRS, b"v": hostile, hostile: [hostile]}, b"a3", ASKED),
    )


async def opened(stage: Stage, *keys: str) -> NodePage:
    """The page of the first node of the table."""
    await stage.press("tab", "enter", *keys)
    page = stage.app.screen
    assert isinstance(page, NodePage)
    return page


@pytest.mark.parametrize("tab", ["1", "2", "3", "5", "6"])
async def test_the_page_looks_as_kept(tab: str) -> None:
    node = Knowing(snapshots.running())
    async with exploring(node, SMALL, show="table") as stage:
        talk(node)
        await opened(stage, tab)
        if tab != "3" and tab != "6":  # times of day
            await matches_goldens(stage, f"node-{TABS[int(tab) - 1].replace(' ', '').lower()}")
        text = stage.text()
        assert "node 203.0.0.1:6881" in text and "esc back" in text and "[ ] switch" in text
        wanted = {"1": "libtorrent", "2": "crc32c", "3": "find_node", "5": "this is us", "6": "746f6b656e"}
        assert wanted[tab] in text


async def test_where_there_is_room_nothing_is_cut() -> None:
    node = Knowing(snapshots.running())
    async with exploring(node, LARGE, show="table") as stage:
        talk(node)
        await opened(stage, "5")
        text = stage.text()
        assert all(info.id.hex() in text for info in NAMED) and "…" not in text.partition("42 known as")[2]


async def test_keys_lead_to_every_tab_and_back() -> None:
    async with exploring(Knowing(snapshots.running()), show="table") as stage:
        below = stage.app.screen
        await opened(stage)
        for name in (*TABS[1:], TABS[0]):
            await stage.press("right_square_bracket") if name != TABS[0] else await stage.press("escape", "enter")
            assert LABELS.get(name, name) in stage.lines()[1].partition("[")[2].partition("]")[0]
        await stage.press("escape")
        assert stage.app.screen is below


async def test_a_node_that_it_named_has_a_page_of_its_own_and_they_are_bounded() -> None:
    node = Knowing(snapshots.running())
    async with exploring(node, show="table") as stage:
        talk(node)
        page = await opened(stage, "5")
        page.knows.select(NAMED[0])
        await stage.press("enter")
        assert "node 192.0.2.0:6881" in stage.text() and NAMED[0].id.hex() in stage.text()
        await stage.press("escape")
        assert stage.app.screen is page
        for _ in range(MAX_PAGES + 2):
            page.action_ask_it()
            await stage.settle()
        assert sum(isinstance(screen, NodePage) for screen in stage.app.screen_stack) <= MAX_PAGES


async def test_a_walk_maps_its_table_and_says_how_much_of_it_is_in_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "pause", lambda addr: 0.0)
    node = Knowing(snapshots.running())
    async with exploring(node, show="table") as stage:
        page = await opened(stage, "w")
        await stage.until(lambda: "no new node came" in stage.text())
        assert node.asked[0] == ("find_node", THEIRS, ASKED) and {one[2] for one in node.asked} == {ASKED}
        assert "0 of its 4 are in ours" in stage.text() and len(page.knows.model.rows) == 4


async def test_esc_ends_a_walk_and_only_then_closes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "pause", lambda addr: 3600.0)
    node = Knowing(snapshots.running())
    async with exploring(node, show="table") as stage:
        page = await opened(stage)
        page.action_walk()
        await stage.until(lambda: len(node.asked) == 1 and "esc stop" in stage.text())
        page.action_close()
        await stage.until(lambda: "esc back" in stage.text())
        assert stage.app.screen is page
        await stage.press("escape")
        assert stage.app.screen is not page


async def test_of_a_recording_all_is_seen_but_nobody_asked() -> None:
    node = Knowing(snapshots.running())
    async with exploring(node, show="table") as stage:
        talk(node)
        source = stage.app.feed.source
        assert source is not None
        source.commands = None  # type: ignore[misc]
        await opened(stage)
        for key, words in (("5", "5 nodes"), ("3", "6 packets"), ("6", "what it gave")):
            await stage.press(key)
            assert words in stage.text()
        await stage.press("w", "p", "b")
        assert node.asked == [] and "there is nobody to ask" in " ".join(stage.toasts())


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])
async def test_what_a_node_sent_is_text_on_every_tab(size: tuple[int, int]) -> None:
    node = Knowing(snapshots.hostile())
    async with exploring(node, size, show="table") as stage:
        talk(node, HOSTILE.encode()[:200])
        page = await opened(stage)
        for key in "1234567":
            page.turn_to(TABS[int(key) - 1])
            await stage.settle()
            assert all(char == "\n" or char.isprintable() for char in stage.text())
            assert all(form.isprintable() for _, form in page.copy_forms())
