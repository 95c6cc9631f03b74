"""The table screen: buckets, nodes, and what can be done with them."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest

from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.views.snapshot import Ban, ContactDetail, Holdings, Snapshot, StoredItemView, SwarmView
from dhtui.engine.wire.ids import bep42_id, bep42_valid, random_id_with_prefix
from dhtui.packets.parts import Link
from dhtui.screens.table.columns import BucketRow, NodeRow
from dhtui.screens.table.details import bep42_lines, node_details, rtt_lines
from dhtui.screens.table.links import as_csv, as_json_lines, node_facts
from dhtui.text.spans import Line, width_of

from .. import snapshots
from ..snapshots import HOSTILE, OWN
from ..stage import LARGE, SMALL, PaperNode, exploring, matches_goldens


@pytest.mark.parametrize("state", ["no_network", "running"])
async def test_table_looks_as_kept(state: str) -> None:
    async with exploring(snapshots.ALL[state](), show="table") as stage:
        await matches_goldens(stage, f"table-{state}")


async def test_an_empty_table_tells_what_to_do() -> None:
    async with exploring(snapshots.starting(), show="table") as stage:
        assert "no node has answered yet" in stage.text()
        assert "opens a testnet" in stage.text()


async def test_the_nodes_are_those_of_the_selected_bucket() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("j", "j")
        assert "bucket 2: 8 nodes of 8" in stage.text()
        assert stage.table("nodes").model.rows[0].node == stage.node.view.table.buckets[2].nodes[0]


async def test_a_bad_node_is_told_apart_without_colour() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("G")
        states = [line.strip("▶▷ ")[:1] for line in stage.lines()[12:20]]
    assert states == ["✓", "✓", "✓", "✓", "?", "✗", "✗", "?"]


def _reversed(view: Snapshot, bucket: int) -> Snapshot:
    """The same nodes, in another order, with one more in front."""
    buckets = list(view.table.buckets)
    nodes = buckets[bucket].nodes
    buckets[bucket] = buckets[bucket]._replace(nodes=(*view.table.buckets[5].nodes[:1], *nodes[::-1]))
    return view._replace(table=view.table._replace(buckets=tuple(buckets)))


async def test_the_selection_stays_with_the_node_when_rows_move() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab", "j", "j")
        before = stage.table("nodes").model.selected
        await stage.see(_reversed(stage.node.view, 0))
        assert stage.table("nodes").model.selected == before
        assert stage.table("nodes").model.cursor == 6


async def test_ping_asks_the_selected_node_and_tells_the_result() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab", "j", "p")
        addr = stage.node.view.table.buckets[0].nodes[1].addr
        assert stage.node.asked == [("ping", addr)]
        assert stage.toasts() == ["ping 203.0.0.2:7018: answered, 41.0 ms"]
        assert "✓ ping 203.0.0.2:7018: answered, 41.0 ms" in stage.lines()[-2]


async def test_a_ping_without_answer_is_told_as_a_failure() -> None:
    addr = ("203.0.0.1", 6881)
    answer = Outcome(action="ping", target=None, asked=(NodeOutcome(addr=addr, status=Status.TIMED_OUT),))
    async with exploring(PaperNode(snapshots.running(), answer), show="table") as stage:
        await stage.press("p")
        assert "✗ ping 203.0.0.1:6881: silent" in stage.lines()[-2]


async def test_an_error_in_the_engine_is_told_and_ends_nothing() -> None:
    node = PaperNode(snapshots.running(), RuntimeError(snapshots.HOSTILE))
    async with exploring(node, show="table") as stage:
        await stage.pilot.press("p")
        await stage.pilot.pause()
        await stage.pilot.pause()
        assert stage.toasts()[0].startswith(r"ping failed: RuntimeError: \x1b[2J")
        await stage.pilot.press("j")
        assert stage.table("buckets").model.cursor == 1


async def test_refresh_looks_up_an_id_of_the_selected_bucket() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("j", "r")
        assert stage.node.asked == [("refresh", 1)]
        assert "✓ refresh of bucket 1: 1 of 1 node answered" in stage.lines()[-2]


async def test_ping_and_refresh_without_a_node_say_so() -> None:
    async with exploring(snapshots.starting(), show="table") as stage:
        await stage.press("p", "r")
        assert stage.node.asked == []
        assert len(stage.toasts()) == 2


async def test_enter_shows_all_about_a_node_and_a_bucket() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("enter")
        assert "share exactly 0 bits with our id" in stage.text()
        await stage.press("escape", "tab", "enter")
        node = stage.node.view.table.buckets[0].nodes[0]
        assert node.id.hex() in stage.text()
        assert "libtorrent 2.0" in stage.text()
        await stage.press("escape")
        assert "bucket 0" in stage.text()


# ---- the details of a node, without a screen -------------------------------------------------------------------


def texts(lines: Iterable[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def first_node(view: Snapshot) -> NodeRow:
    return NodeRow(view.table.buckets[0].nodes[0], view.identity.id)


def detail(row: NodeRow, **more: Any) -> ContactDetail:
    """What the table knows about that node."""
    known = ContactDetail(row.node, 0, (0.04, 0.12, 0.08, 0.3), 17, "get_peers: 8 nodes, a token", 62.0)
    return known._replace(**more)


@pytest.mark.parametrize(
    ("ip", "node_id", "wanted"),
    [
        ("124.31.75.21", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401", "01011111 10111111 10111"),
        ("21.75.31.124", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256", "01011010 00111100 11101"),
        ("65.23.51.170", "a5d43220bc8f112a3d426c84764f8c2a1150e616", "10100101 11010100 00110"),
    ],
)
def test_the_steps_of_bep_42_lead_to_the_published_ids(ip: str, node_id: str, wanted: str) -> None:
    shown = {line[:14].strip(): line[14:] for line in texts(bep42_lines(bytes.fromhex(node_id), ip))}
    assert shown["wanted"].startswith(wanted)
    assert shown["the id has"] == wanted
    assert shown["verdict"].startswith("✓ all 21 bits")
    assert shown["mask"] == "03 0f 3f ff"


def test_the_steps_of_bep_42_are_told_of_ipv6_too() -> None:
    """Of the upper half of the address, and in the width of a small window, however long the address is."""
    ip = "2001:db8:1111:2222:3333:4444:5555:6666"
    lines = texts(bep42_lines(bep42_id(ip, Random(1)), ip))
    shown = {line[:14].strip(): line[14:] for line in lines}
    assert shown["address"] == ip and shown["upper half"].startswith("20 01 0d b8 11 11 22 22 ")
    assert shown["mask"] == "01 03 07 0f 1f 3f 7f ff" and shown["masked"] == "00 01 05 08 11 11 22 22"
    assert shown["verdict"].startswith("✓ all 21 bits") and max(map(len, lines)) <= 76


def test_bits_of_an_id_that_does_not_fit_are_marked_below() -> None:
    node_id = bytearray.fromhex("5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401")
    node_id[0] ^= 0b1000_0000
    node_id[2] ^= 0b0001_0000
    assert not bep42_valid(bytes(node_id), "124.31.75.21")
    lines = texts(bep42_lines(bytes(node_id), "124.31.75.21"))
    assert lines[-2][14:].rstrip() == "^" + " " * 20 + "^"
    assert "✗ 2 bits differ" in lines[-1]


def test_a_local_address_is_exempt_whatever_the_bits_are() -> None:
    assert "– exempt" in texts(bep42_lines(OWN, "127.0.0.1"))[-1]


def test_round_trips_are_a_chart_with_its_bounds() -> None:
    lines = texts(rtt_lines(0.1, (0.04, 0.12, 0.08, 0.3)))
    assert lines[0].endswith("the last 300 ms, smoothed 100 ms, 4 samples")
    assert lines[1].endswith("██ 300 ms at most")
    assert lines[3].endswith("40 ms at least")
    assert texts(rtt_lines(None, ())) == ["round trip    not measured yet"]


def test_what_a_node_told_and_asked_is_in_its_details() -> None:
    row = first_node(snapshots.running())
    shown = "\n".join(texts(node_details(row, detail(row))))
    assert "it told us    get_peers: 8 nodes, a token, 00:01:02 ago" in shown
    assert "it asked us   17 queries" in shown
    assert "it told us" not in "\n".join(texts(node_details(row)))


def test_a_node_that_never_answered_told_nothing() -> None:
    row = first_node(snapshots.running())
    silent = replace(row, node=row.node._replace(seen=None))
    lines = texts(node_details(silent, detail(silent, rtts=(), last_age=float("inf"), queries=0)))
    assert "it told us    nothing so far" in lines
    assert "it asked us   nothing so far" in lines


def test_all_details_fit_their_window_and_hold_nothing_a_terminal_obeys() -> None:
    row = first_node(snapshots.hostile())
    lines = node_details(row, detail(row, last=HOSTILE))
    assert all(width_of(line) <= 72 or "client" in line[0][0] or "told" in line[0][0] for line in lines)
    assert not {c for text in texts(lines) for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co")}


async def test_the_window_of_a_node_shows_history_and_computation() -> None:
    view = snapshots.running()
    row = first_node(view)
    node = PaperNode(view, contacts={row.node.addr: detail(row)})
    async with exploring(node, SMALL, show="table") as stage:
        await stage.press("tab", "enter")
        await matches_goldens(stage, "node-known")
        await stage.press("2")
        assert "verdict" in stage.text()


# ---- ban -------------------------------------------------------------------------------------------------------


@dataclass
class Asked(PaperNode):
    """Can ban."""

    ignored: list[Ban] = field(default_factory=list)

    def ban(self, ip: str, seconds: float) -> None:
        self.asked.append(("ban", ip, seconds))
        self.ignored.append(Ban(ip, seconds))

    def bans(self) -> tuple[Ban, ...]:
        return tuple(self.ignored)


@pytest.mark.parametrize(("keys", "banned"), [("2", 3600.0), ("3", 86400.0), ("1", None)])
async def test_ban_asks_for_how_long(keys: str, banned: float | None) -> None:
    node = Asked(snapshots.running())
    async with exploring(node, show="table") as stage:
        await stage.pilot.press("b")
        await stage.pilot.pause()
        assert "ban 203.0.0.1 and drop its nodes?" in stage.text()
        await stage.press(keys)
    assert node.asked == ([("ban", "203.0.0.1", banned)] if banned else [])


async def test_a_ban_that_is_over_is_told_no_longer() -> None:
    """Lifted, or its time is up."""
    node = Asked(snapshots.running())
    async with exploring(node, show="table") as stage:
        await stage.press("b", "2")
        assert "✓ ban: 203.0.0.1 is ignored for 1 h" in stage.text()
        node.ignored.clear()
        await stage.settle()
        assert "ban: 203.0.0.1 is not ignored any more" in stage.text()
        assert "✓ ban" not in stage.text()


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_ban_and_enter_or_esc_bans_nobody(key: str) -> None:
    node = Asked(snapshots.running())
    async with exploring(node, show="table") as stage:
        await stage.pilot.press("b")
        await stage.pilot.pause()
        await stage.press(key)
    assert node.asked == []


async def test_without_a_running_node_the_actions_say_so() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        stage.app.feed.connect(None)
        await stage.press("p", "f", "a", "b", "B", "r")
        assert [toast.partition(":")[0] for toast in stage.toasts()] == ["Our node does not run yet"] * 6
        assert stage.node.asked == []


# ---- links, copies, exports ------------------------------------------------------------------------------------


async def test_a_link_to_a_node_selects_it_whatever_the_filter() -> None:
    view = snapshots.running()
    wanted = view.table.buckets[4].nodes[2]
    spare = view.table.buckets[1].replacements[3]
    async with exploring(view, show="table") as stage:
        await stage.press("slash", *"no such", "enter")
        for kind, value, node in (("node", wanted.id, wanted), ("address", spare.addr, spare)):
            assert stage.screen.open_link(Link(kind, value, ""))  # type: ignore[arg-type]
            await stage.settle()
            selected = stage.table("nodes").model.selected
            assert selected is not None and selected.node == node
            assert stage.table("nodes").has_focus
            assert stage.screen.here() == Link("address", node.addr, f"{node.addr[0]}:{node.addr[1]}")
        assert stage.table("buckets").model.selected.bucket.depth == 1  # type: ignore[union-attr]


async def test_a_link_to_our_own_id_selects_the_bucket_it_lies_in() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        assert stage.screen.open_link(Link("node", OWN, ""))
        assert stage.table("buckets").model.selected.bucket.own  # type: ignore[union-attr]


async def test_a_link_to_what_is_not_in_the_table_is_not_opened() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        assert not stage.screen.open_link(Link("node", b"x" * 20, ""))
        assert not stage.screen.open_link(Link("address", ("192.0.2.1", 1), ""))
        assert not stage.screen.open_link(Link("lookup", 1, ""))


async def test_a_node_can_be_copied_in_each_form() -> None:
    async with exploring(snapshots.running(), show="table") as stage:
        await stage.press("tab")
        forms = dict(stage.screen.copy_forms())
        node = stage.node.view.table.buckets[0].nodes[0]
        assert forms["id"] == node.id.hex()
        assert forms["address"] == "203.0.0.1:6881"
        assert json.loads(forms["JSON"]) == node_facts(NodeRow(node, OWN), 0)
        assert forms["compact node info, in hex"] == node.id.hex() + "cb000001" + "1ae1"
        assert forms["the line"].startswith("✓  " + node.id.hex())
        assert [(link.kind, link.value) for link in stage.screen.links()] == [("node", node.id), ("address", node.addr)]


async def test_a_bucket_leads_to_the_lookups_in_it() -> None:
    view = snapshots.running()
    inside = bytes([OWN[0] ^ 0x80]) + OWN[1:]
    one, *others = view.lookups
    view = view._replace(lookups=(*others, one._replace(kind=HOSTILE, target=inside)))
    async with exploring(view, show="table") as stage:
        links = stage.screen.links()
        assert [(link.kind, link.value) for link in links] == [("lookup", one.number)]
        assert "\x1b" not in links[0].label
        assert ("prefix", "1") in stage.screen.copy_forms()


def test_exports_hold_every_node_and_no_formula() -> None:
    view = snapshots.running(16)
    bucket = view.table.buckets[0]
    evil = bucket.nodes[0]._replace(version=b"=cmd|' /C calc'!A0")
    rows = [BucketRow(bucket._replace(nodes=(evil, *bucket.nodes[1:])), OWN), BucketRow(view.table.buckets[1], OWN)]
    count = sum(len(row.bucket.nodes) + len(row.bucket.replacements) for row in rows)
    lines = [json.loads(line) for line in as_json_lines(rows).splitlines()]
    table = list(csv.DictReader(io.StringIO(as_csv(rows).decode())))
    assert len(lines) == len(table) == count
    assert lines[0]["id"] == table[0]["id"] == evil.id.hex()
    assert table[0]["client"].startswith("'=cmd")


async def test_an_empty_table_has_nothing_to_copy_or_export() -> None:
    async with exploring(snapshots.starting(), show="table") as stage:
        assert not stage.screen.copy_forms()
        assert not stage.screen.exports()
        assert not stage.screen.links()
        assert stage.screen.here() is None


# ---- what we keep, and what a frozen view misses ------------------------------------------------------------------


async def test_a_bucket_tells_what_is_kept_of_its_range() -> None:
    own, rng = snapshots.OWN, Random(1)
    view = snapshots.running()
    last = max(bucket.depth for bucket in view.table.buckets)

    def item(depth: int) -> StoredItemView:
        target = random_id_with_prefix(own, depth, rng)
        return StoredItemView(target, b"1:a", None, b"", None, 60.0)

    def swarm(depth: int) -> SwarmView:
        return SwarmView(random_id_with_prefix(own, depth, rng), (), 1, 60.0, 60.0)

    node = PaperNode(view, held=Holdings((swarm(0), swarm(0), swarm(last + 9)), (item(0), item(last), item(3)), ()))
    async with exploring(node, LARGE, show="table") as stage:
        kept = {row.bucket.depth: (row.items, row.infohashes) for row in stage.table("buckets").model.rows}
        assert {depth: counts for depth, counts in kept.items() if any(counts)} == {0: (1, 2), 3: (1, 0), last: (1, 1)}
        assert stage.lines()[4].split("││")[0].split()[-1] == "3"
        await stage.press("enter")
        assert "kept here     1 item, peers of 2 infohashes" in stage.text()


async def test_a_frozen_table_tells_how_many_nodes_came() -> None:
    view = snapshots.running()
    async with exploring(view, show="table") as stage:
        await stage.press("space")
        assert "200 nodes, +0 new" in stage.text()
        first, *others = view.table.buckets
        came = first.nodes[0]._replace(addr=("192.0.2.1", 1))
        buckets = (first._replace(nodes=(*first.nodes[1:], came)), *others)
        await stage.see(view._replace(table=view.table._replace(buckets=buckets)))
        assert "200 nodes, +1 new" in stage.text()
        assert came not in stage.table("buckets").model.rows[0].bucket.nodes
        await stage.press("space")
        assert "new" not in stage.lines()[2]


async def test_the_line_that_tells_what_the_keys_do_is_whole_where_there_is_least_room() -> None:
    async with exploring(snapshots.running(), SMALL, show="table") as stage:
        assert stage.lines()[-2].endswith("b bans.")
