"""The peers screen: what is kept for others, what was announced, what a lookup found, and announcing."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from textual.widgets import Input

from dhtui.engine.lookup.decisions import Found, FoundKind, State, StopReason
from dhtui.engine.outcome import NodeOutcome, Outcome, Scrape, Status
from dhtui.engine.views.snapshot import (
    AnnounceView,
    CandidateView,
    Holdings,
    LookupDetail,
    LookupView,
    Snapshot,
    SwarmView,
)
from dhtui.engine.wire.bloom import Count
from dhtui.errors import UsageError
from dhtui.packets.parts import Link
from dhtui.screens.dialogs.popup import Popup
from dhtui.screens.node.page import NodePage
from dhtui.screens.peers import space
from dhtui.screens.peers.announce_form import AnnounceForm, AnnounceRequest, read_announce
from dhtui.screens.peers.rows import MAX_NODES, MAX_PEERS, announce_rows, matrix_rows, results_of, swarm_rows
from dhtui.widgets.key_strip import KeyStrip

from .. import snapshots
from ..snapshots import HOSTILE, OWN, TARGET
from ..stage import LARGE, SMALL, PaperNode, Stage, exploring, matches_goldens

OTHER = bytes.fromhex("99" * 20)
A, B, C = (("192.0.2.1", 6881), ("192.0.2.2", 6882), ("192.0.2.3", 6883))

FOUND = Found(FoundKind.PEERS, None, 3)


def candidate(n: int, *peers: tuple[str, int], **more: Any) -> CandidateView:
    """A node of a lookup, and the peers it gave."""
    base = CandidateView(
        addr=(f"203.0.113.{n}", 6881),
        id=OWN[:-1] + bytes([n]),
        bits=130 + n,
        hop=n,
        state=State.ANSWERED,
        result=Status.PEERS if peers else Status.ANSWERED,
        closest=True,
        rtt=0.04 * n,
        token=True,
        nodes=8,
        peers=peers,
        seq=None,
        version=b"LT\x02\x00",
        note=None,
    )
    return base._replace(**more)


def found(view: LookupView, *candidates: CandidateView) -> LookupDetail:
    return LookupDetail(view, 4, 8, (), candidates)


def lookup(number: int, target: bytes = TARGET, running: bool = False) -> LookupView:
    return LookupView(
        number,
        "get_peers",
        target,
        "user",
        950.0,
        4.1,
        running,
        37,
        29,
        5,
        0,
        136,
        7,
        FOUND,
        StopReason.CLOSEST_ANSWERED,
    )


def holdings() -> Holdings:
    peers = tuple((f"198.51.100.{n}", 6881 + n) for n in range(50))
    return Holdings(
        swarms=(
            SwarmView(OTHER, peers, 120, 1500.0, 61.0),
            SwarmView(TARGET, peers[:3], 3, 2690.0, 900.0),
        ),
        items=(),
        announces=(
            AnnounceView(TARGET, 0, 75.0, 7, 8, 1725.0),
            AnnounceView(OTHER, 6881, 4000.0, 0, 5, 0.0),
        ),
    )


@dataclass
class PeerNode(PaperNode):
    """Keeps peers, has looked for some, and announces."""

    outcome: Outcome | None = None
    announced: list[tuple[bytes, int]] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)

    def holdings(self) -> Holdings:
        self.counted.append("holdings")
        return self.held

    def lookup(self, number: int) -> LookupDetail | None:
        self.counted.append("lookup")
        return super().lookup(number)

    async def announce_peer(self, info_hash: bytes, port: int, *, progress: Any, **_: Any) -> Outcome:
        self.announced.append((info_hash, port))
        progress(lookup(9, running=True))
        assert self.outcome is not None
        return self.outcome

    async def scrape(self, info_hash: bytes, **_: Any) -> Outcome:
        self.announced.append((info_hash, 0))
        count = Count(12.0, 10.0, 14.0)
        scrape = Scrape(seeds=count, downloaders=Count(3.0, 3.0, 3.0), nodes=8)
        return Outcome(action="scrape", target=info_hash, asked=(), scrape=scrape)


def busy() -> Snapshot:
    views = (lookup(7), lookup(5, OTHER), *snapshots.running().lookups[1:])
    return snapshots.running()._replace(lookups=views)


def node() -> PeerNode:
    return PeerNode(
        busy(),
        held=holdings(),
        lookups={
            7: found(lookup(7), candidate(1, A, B), candidate(2), candidate(3, B, C, A)),
            5: found(lookup(5, OTHER), candidate(4, C)),
        },
    )


@asynccontextmanager
async def peers(size: tuple[int, int] = SMALL, paper: PaperNode | None = None) -> AsyncIterator[Stage]:
    async with exploring(paper or node(), size, show="peers") as stage:
        yield stage


# ---- pure ----------------------------------------------------------------------------------------------


def test_peers_are_counted_by_the_nodes_that_named_them() -> None:
    results = results_of(node().lookups[7])
    assert [(giver.node.addr[0], giver.alone) for giver in results.givers] == [("203.0.113.1", 0), ("203.0.113.3", 1)]
    assert [(peer.peer, len(peer.nodes), peer.givers) for peer in results.peers] == [(A, 2, 2), (B, 2, 2), (C, 1, 2)]


def test_a_node_that_names_a_peer_twice_is_no_agreement() -> None:
    results = results_of(found(lookup(1), candidate(1, A, A)))
    assert [(peer.peer, peer.nodes) for peer in results.peers] == [(A, (("203.0.113.1", 6881),))]
    assert results.givers[0].alone == 1


def test_infohashes_come_by_their_last_announce_and_announces_keep_their_keys() -> None:
    assert [swarm.infohash for swarm in swarm_rows(holdings())] == [TARGET, OTHER]
    before = {row.place: row.announce for row in announce_rows(holdings())}
    later = holdings()._replace(announces=(AnnounceView(OTHER, 1, 0.0, 1, 1, 9.0), *holdings().announces))
    assert before.items() <= {row.place: row.announce for row in announce_rows(later)}.items()


def test_an_announce_is_read_from_a_hash_or_a_magnet_link() -> None:
    assert read_announce(TARGET.hex(), "") == AnnounceRequest((TARGET,), 0)
    assert read_announce(f" magnet:?xt=urn:btih:{TARGET.hex()} ", " 6881 ") == AnnounceRequest((TARGET,), 6881)


@pytest.mark.parametrize(
    ("text", "port", "words"),
    [
        ("", "", "type an infohash"),
        ("self", "", "self is a node"),
        ("12ab", "", "exactly 40 hex digits"),
        (f"magnet:?xs=urn:btpk:{'ab' * 32}", "", "names an item"),
        (TARGET.hex(), "0", "not a whole number from 1 to 65535"),
        (TARGET.hex(), "99999", "not a whole number from 1 to 65535"),
        (TARGET.hex(), "\x1b[2J", "not a whole number"),
    ],
)
def test_what_is_no_announce_is_told(text: str, port: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as problem:
        read_announce(text, port)
    assert str(problem.value).isprintable()


# ---- the screen ----------------------------------------------------------------------------------------


async def test_peers_look_as_kept() -> None:
    async with peers() as stage:
        await matches_goldens(stage, "peers-busy")


async def test_empty_peers_tell_what_to_do() -> None:
    async with peers(paper=PaperNode(snapshots.starting())) as stage:
        await matches_goldens(stage, "peers-starting")


async def test_a_key_lists_the_results_by_peer() -> None:
    async with peers() as stage:
        assert "3 peers from 2 of 29 nodes, by node" in stage.text()
        await stage.press("v")
        assert "by peer" in stage.text()
        assert "2 of 2" in stage.text()
        assert "192.0.2.1:6881" in stage.text()


async def test_the_results_are_those_of_the_selected_infohash_and_of_the_next_lookup() -> None:
    async with peers() as stage:
        assert "get_peers#7 4f1a…6978" in stage.text()
        await stage.press("j")
        assert "get_peers#5 9999…9999: 1 peer from 1" in stage.text()
        await stage.press("n")
        assert "get_peers#7" in stage.text()
        await stage.press("n")
        assert "get_peers#5" in stage.text()


async def test_without_lookups_the_next_one_is_not_there() -> None:
    async with peers(paper=PaperNode(snapshots.starting())) as stage:
        await stage.press("n")
        assert "No lookup for peers is remembered" in stage.toasts()[-1]


async def test_what_is_dear_to_read_is_read_once_a_second_or_when_it_changed() -> None:
    paper = node()
    async with peers(paper=paper) as stage:
        await stage.settle()
        paper.counted.clear()
        for _ in range(5):
            await stage.settle()
        assert paper.counted == []
        await stage.see(busy()._replace(at=1001.5))
        assert paper.counted == ["holdings"]
        await stage.see(busy()._replace(lookups=(lookup(7)._replace(answered=30),)))
        assert "lookup" in paper.counted


async def test_enter_shows_all_about_a_line_of_each_list() -> None:
    async with peers() as stage:
        for keys, words in (
            (["enter"], "3 peers"),
            (["escape", "tab", "enter"], "on 7 of 8 nodes"),
            (["escape", "tab", "enter"], "libtorrent 2.0"),
            (["escape", "v", "enter"], "Several nodes agree."),
            (["escape", "G", "enter"], "nodes can make peers up"),
        ):
            await stage.press(*keys)
            assert isinstance(stage.app.screen, Popup | NodePage)
            assert words in stage.text()


async def test_lines_lead_to_lookups_infohashes_nodes_and_peers() -> None:
    async with peers() as stage:
        kinds = [(link.kind, link.value) for link in stage.screen.links()]
        assert kinds[:2] == [("lookup", 7), ("infohash", TARGET)]
        await stage.press("shift+tab")
        kinds = [(link.kind, link.value) for link in stage.screen.links()]
        assert kinds[0] == ("address", ("203.0.113.1", 6881))
        assert ("lookup", 7) in kinds
        assert dict(stage.screen.copy_forms())["infohash"] == TARGET.hex()
        names = [name for _, name, _ in stage.screen.exports()]
        assert names == ["nodes-with-peers.tsv", "peers-kept.tsv", "announces.tsv"]


async def test_a_link_to_an_infohash_selects_it_wherever_it_stands() -> None:
    only_looked_up, nowhere = b"l" * 20, b"n" * 20
    paper = node()
    paper.view = paper.view._replace(lookups=(*paper.view.lookups, lookup(3, only_looked_up)))
    paper.held = paper.held._replace(swarms=paper.held.swarms[:1])
    async with peers(paper=paper) as stage:
        screen = stage.screen
        assert screen.open_link(Link("infohash", OTHER, ""))
        await stage.settle()
        assert stage.table("swarms").has_focus and screen.here() == Link("infohash", OTHER, "9999…9999")
        assert screen.open_link(Link("infohash", TARGET, ""))
        await stage.settle()
        assert stage.table("announces").has_focus and screen.here() == Link("infohash", TARGET, "4f1a…6978")
        assert screen.open_link(Link("infohash", only_looked_up, ""))
        await stage.settle()
        assert stage.table("givers").has_focus
        assert not screen.open_link(Link("infohash", nowhere, ""))
        assert not screen.open_link(Link("node", OTHER, ""))


async def test_a_paused_view_stands_still_and_tells_what_it_misses() -> None:
    async with peers() as stage:
        await stage.press("space")
        stage.node.held = Holdings((), (), ())
        store = stage.node.view.store._replace(peers=4110)
        await stage.see(stage.node.view._replace(at=2000.0, store=store, lookups=()))
        assert len(stage.table("swarms").model.rows) == 2
        assert "kept: 2 infohashes, +8 new peers" in stage.text()
        assert "get_peers#7" in stage.text()
        await stage.press("space")
        assert "We keep no peers yet" in stage.text()


# ---- announcing ----------------------------------------------------------------------------------------


def announced(*statuses: Status) -> Outcome:
    writes = tuple(
        NodeOutcome(addr=(f"203.0.113.{n}", 6881), status=status, rtt=0.05, code=203, message=HOSTILE.encode())
        for n, status in enumerate(statuses)
    )
    return Outcome(action="announce_peer", target=TARGET, asked=writes, writes=writes)


async def fill(stage: Stage, **fields: str) -> None:
    """Opens the form and fills it in."""
    await stage.pilot.press("a")
    await stage.pilot.pause()
    assert isinstance(stage.app.screen, AnnounceForm)
    for name, text in fields.items():
        stage.app.screen.query_one(f"#{name}", Input).value = text
    await stage.pilot.pause()


async def test_an_announce_is_made_from_the_form_and_its_result_told_node_by_node() -> None:
    paper = node()
    paper.outcome = announced(Status.STORED, Status.REFUSED, Status.NO_TOKEN)
    async with peers(LARGE, paper) as stage:
        await fill(stage, port="6881")
        assert TARGET.hex() in stage.text(), "that of the selected line"
        assert "at port 6881" in stage.text()
        await stage.press("enter")
        await stage.settle()
        assert paper.announced == [(TARGET, 6881)]
        assert stage.toasts()[-1] == "announce of 4f1a…6978: announced to 1 of 3 nodes"
        assert isinstance(stage.app.screen, Popup)
        assert "refused with 203" in stage.text()
        assert "✓ announce of 4f1a…6978" in stage.text()


async def test_a_key_counts_the_peers_of_an_infohash() -> None:
    paper = node()
    async with peers(LARGE, paper) as stage:
        await stage.press("y")
        await stage.settle()
        assert paper.announced == [(TARGET, 0)]
        said = "about 12 (10 to 14) seeds and about 3 downloaders, from 8 nodes"
        assert said in stage.toasts()[-1] and said in stage.text()
        await stage.press("enter")
        assert isinstance(stage.app.screen, Popup) and "counted" in stage.text() and "about 12" in stage.text()


async def test_the_form_tells_what_is_wrong_and_sends_nothing() -> None:
    paper = node()
    async with peers(paper=paper) as stage:
        await fill(stage, infohash="12", port="")
        assert "✗ '12' is not a target" in stage.text()
        await stage.pilot.press("enter")
        assert isinstance(stage.app.screen, AnnounceForm)
        await stage.press("escape")
        assert stage.screen.view.name == "peers"
        assert paper.announced == []


async def test_an_announce_that_nobody_took_is_told_as_a_failure() -> None:
    paper = node()
    paper.outcome = Outcome(action="announce_peer", target=TARGET, asked=())
    async with peers(paper=paper) as stage:
        await fill(stage)
        await stage.press("enter")
        await stage.settle()
        assert paper.announced == [(TARGET, 0)]
        assert "there was no node to ask" in stage.text()
        assert "1 tells" in stage.text()


async def test_the_form_warns_where_strangers_may_not_reach_us() -> None:
    async with peers(paper=PeerNode(snapshots.starting())) as stage:
        await fill(stage)
        assert "This node is not seen from outside" in stage.text()
        await stage.press("escape")


async def test_nothing_is_announced_from_a_recording() -> None:
    async with peers() as stage:
        stage.app.feed.connect(None)
        await stage.press("a")
        assert "This is a recording" in stage.toasts()[-1]


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])
async def test_nothing_hostile_gets_through(size: tuple[int, int]) -> None:
    paper = node()
    evil = candidate(1, A, version=HOSTILE.encode())
    paper.lookups = {7: found(lookup(7), evil)}
    paper.view = snapshots.hostile()._replace(lookups=(lookup(7)._replace(kind=HOSTILE),))
    paper.outcome = announced(Status.REFUSED)
    async with peers(size, paper) as stage:
        seen = [stage.text()]
        for keys in (["enter"], ["escape", "tab", "enter"], ["escape", "tab", "enter"], ["escape", "v", "enter"]):
            await stage.press(*keys)
            seen.append(stage.text())
        await stage.press("escape")
        await fill(stage, infohash=HOSTILE[:200], port=HOSTILE[:50])
        seen.append(stage.text())
        await fill_again(stage)
        seen += [stage.text(), *stage.toasts()]
    for shown in seen:
        assert not {char for char in shown if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}


async def fill_again(stage: Stage) -> None:
    stage.app.screen.query_one("#infohash", Input).value = TARGET.hex()
    stage.app.screen.query_one("#port", Input).value = ""
    await stage.press("enter")


# ---- the matrix ------------------------------------------------------------------------------------------


def many() -> PeerNode:
    """Twelve nodes of which eleven agree more or less, and one names peers that nobody else does."""
    honest = [(f"192.0.2.{n}", 6881 + n) for n in range(1, 13)]
    made_up = [(f"198.51.100.{n}", 1000 + n) for n in range(1, 7)]
    nodes = [candidate(n, *honest[n % 3 :: 1 + n % 2]) for n in range(1, 12)]
    nodes.insert(4, candidate(99, *made_up))
    paper = node()
    paper.lookups[7] = found(lookup(7), *nodes)
    return paper


def test_the_matrix_says_which_node_named_which_peer() -> None:
    rows = matrix_rows(results_of(node().lookups[7]))
    assert [(row.peer, set(row.named), row.alone) for row in rows] == [
        (A, {1, 2}, False),
        (B, {1, 2}, False),
        (C, {2}, True),
    ]


def test_a_peer_of_the_only_node_that_gave_any_is_not_called_alone() -> None:
    assert not matrix_rows(results_of(found(lookup(1), candidate(1, A))))[0].alone


def test_peers_of_one_node_stand_together() -> None:
    rows = matrix_rows(results_of(many().lookups[7]))
    alone = [place for place, row in enumerate(rows) if row.alone]
    assert alone == list(range(alone[0], alone[0] + len(alone))) and {rows[n].named for n in alone} == {frozenset({5})}


def test_the_matrix_is_bounded() -> None:
    crowd = [candidate(n, *((f"10.{n}.0.{m}", 1) for m in range(1, 40))) for n in range(1, 120)]
    nodes = [one._replace(addr=(f"203.0.{n}.1", 6881)) for n, one in enumerate(crowd)]
    rows = matrix_rows(results_of(found(lookup(1), *nodes)))
    assert len(rows) == MAX_PEERS and max(max(row.named, default=0) for row in rows) <= MAX_NODES


async def test_the_matrix_looks_as_kept() -> None:
    async with peers(paper=many()) as stage:
        await matches_goldens(stage, "peers-found")
        await stage.press("w")
        await matches_goldens(stage, "peers-matrix")


async def test_a_key_shows_the_matrix_and_two_go_through_its_nodes() -> None:
    async with peers(paper=many()) as stage:
        assert not stage.table("matrix").display
        await stage.press("w")
        assert stage.table("matrix").has_focus and not stage.table("givers").display
        await stage.press("G")
        assert "; 6 named by one alone" in stage.text() and "   alone " in stage.text() and "○" in stage.text()
        await stage.press("l", "l")
        assert "from node 3 on" in stage.text()
        await stage.press("h", "h", "h")
        assert "from node" not in stage.text()
        await stage.press("enter")
        assert "Nobody else confirms it" in stage.text() and "203.0.113.99:6881" in stage.text()
        await stage.press("escape")
        assert [link.kind for link in stage.screen.links()][:2] == ["address", "address"]
        await stage.press("w")
        assert stage.table("givers").has_focus and not stage.table("matrix").display


async def test_where_there_is_room_the_matrix_stands_beside_the_list() -> None:
    async with peers(LARGE, many()) as stage:
        assert stage.table("matrix").display and stage.table("givers").display
        await stage.press("tab", "tab", "tab")
        assert stage.table("matrix").has_focus
    async with peers(LARGE, PaperNode(snapshots.starting())) as stage:
        assert not stage.table("matrix").display, "nothing was found"


# ---- the id space ----------------------------------------------------------------------------------------------


async def test_the_infohash_who_gave_its_peers_and_what_is_kept_lie_in_the_id_space() -> None:
    async with peers((120, 35), many()) as stage:
        strip = stage.screen.query_one("#space", KeyStrip)
        assert "◆ the infohash, ● 12 nodes that gave peers of it, ○ kept here" in stage.text()
        assert "4f1a…6978 ◆" in stage.text() and "▼" in stage.text()
        await stage.press("plus", "plus", "plus")
        assert strip.part.depth == 3 and strip.part.column(TARGET, 10) is not None, "it is the infohash that one nears"
        await stage.press("right", "minus")
        assert strip.part.depth == 2
        await stage.press("minus", "minus", "down")
        assert "9999…9999 ◆" in stage.text() and "● 1 node that gave peers of it" in stage.text()
        await stage.pilot.resize_terminal(*SMALL)
        await stage.until(lambda: not strip.size.width)


def test_no_more_is_drawn_than_fits_and_nothing_unknown() -> None:
    swarms = [SwarmView(n.to_bytes(20), (), 1, 1.0, 1.0) for n in range(1000)]
    who = space.inhabitants(snapshots.running(), None, None, swarms)
    assert len(who.marked) == space.MOST and "○ kept here, the last 200" in space.note(None, None, swarms)
    assert space.inhabitants(snapshots.running(), TARGET, None, []).marked[0].sign == "◆"
    assert space.note(None, None, []) == ""
