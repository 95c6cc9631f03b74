"""A wish that runs in both families at once: one outcome, one item, two ladders."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from dhtui.engine.families import merge, sides
from dhtui.engine.families.wish import Agreement, Newest
from dhtui.engine.items import Draft, ImmutableItem, MutableItem
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.lookup.policy import OURS
from dhtui.engine.node import Node
from dhtui.engine.operations.limit import Limit
from dhtui.engine.outcome import Doubt, NodeOutcome, Outcome, Status
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.testnet import Testnet
from dhtui.engine.views.events import Event, LookupFinished, LookupStarted
from dhtui.engine.views.snapshot import BootstrapView, LookupView

PATIENCE = 60.0
FOUR, SIX = ("198.51.100.7", 6881), ("2001:db8::7", 6881)
TARGET = bytes(20)
VALUE = ImmutableItem(b"5:hello")


def signed(seq: int) -> MutableItem:
    """An item of BEP 44's test key."""
    return Draft(b"i%de" % seq, BEP44_TEST_KEY, seq=seq).signed(None)


def part(
    addr: tuple[str, int], family: str, *, item: MutableItem | None = None, near: int = 1, **fields: object
) -> Outcome:
    """The outcome of a get at one node."""
    status = Status.ANSWERED if item is None else Status.VALUE
    node = NodeOutcome(
        addr=addr,
        status=status,
        id=bytes(19) + bytes([near]),
        rtt=0.1,
        item=item,
        seq=None if item is None else item.seq,
    )
    made = {
        "action": "get",
        "target": TARGET,
        "asked": (node,),
        "closest": (node,),
        "item": item,
        "elapsed": 1.0,
        "stopped": StopReason.ALL_ANSWERED,
        "highest_seen": None if item is None else item.seq,
        "family": family,
    }
    return Outcome(**(made | fields))  # type: ignore[arg-type]


# ---- merging -------------------------------------------------------------------------------------------


def test_two_outcomes_are_one_by_seq_and_distance() -> None:
    """The newest item wins, the older one is marked; nodes of both stand in the order of distance."""
    both = merge.outcomes([part(FOUR, "IPv4", item=signed(1), near=9), part(SIX, "IPv6", item=signed(2), elapsed=2.0)])
    assert both.item == signed(2) and both.highest_seen == 2 and both.elapsed == 2.0 and both.ok
    assert [(node.family, node.status) for node in both.asked] == [("IPv6", "value"), ("IPv4", "older value")]
    assert both.closest == both.asked and [one.family for one in both.parts] == ["IPv4", "IPv6"]
    assert both.stopped is StopReason.ALL_ANSWERED and both.complete


def test_a_family_that_found_nothing_does_not_spoil_what_the_other_found() -> None:
    empty = part(SIX, "IPv6", asked=(), closest=(), stopped=StopReason.NOBODY_TO_ASK, doubt=Doubt.SMALL)
    for parts in ([part(FOUR, "IPv4", item=signed(1)), empty], [empty, part(FOUR, "IPv4", item=signed(1))]):
        both = merge.outcomes(parts)
        assert both.ok and both.doubt is None and both.stopped is StopReason.ALL_ANSWERED and both.item == signed(1)
    assert merge.outcomes([empty, empty]).doubt is Doubt.SMALL


def test_peers_are_those_of_both_and_nodes_without_a_target_in_the_order_in_which_they_were_named() -> None:
    one, other = part(FOUR, "IPv4", peers=((FOUR, 2),)), part(SIX, "IPv6", peers=((SIX, 5),))
    assert merge.outcomes([one, other]).peers == ((SIX, 5), (FOUR, 2))
    pings = [part(FOUR, "IPv4", target=None, action="ping"), part(SIX, "IPv6", target=None, action="ping")]
    assert [node.addr for node in merge.outcomes(pings, (SIX, FOUR)).asked] == [SIX, FOUR]


def test_a_value_that_is_its_own_proof_makes_the_whole_complete() -> None:
    found = part(FOUR, "IPv4", stopped=StopReason.VALUE_FOUND)
    cut = part(SIX, "IPv6", stopped=StopReason.GIVEN_UP, complete=False)
    both = merge.outcomes([cut, found])
    assert both.complete and both.stopped is StopReason.VALUE_FOUND
    assert not merge.outcomes([cut, part(FOUR, "IPv4")]).complete


def test_a_node_has_joined_if_it_has_in_one_family() -> None:
    views = [BootstrapView("failed", 1.0, (), ""), BootstrapView("done", 1.0, (), "")]
    assert merge.bootstraps(views).state == "done"
    assert merge.bootstraps(views[:1]).state == "failed"


# ---- agreeing ------------------------------------------------------------------------------------------


def test_stores_write_when_both_have_looked() -> None:
    wrote: list[tuple[str, int | None]] = []
    meeting = Agreement(2)
    meeting.arrive(part(FOUR, "IPv4", item=signed(1)), 1.0, lambda both, now: wrote.append(("4", both.highest_seen)))
    assert wrote == []
    meeting.arrive(part(SIX, "IPv6", item=signed(7)), 2.0, lambda both, now: wrote.append(("6", both.highest_seen)))
    assert wrote == [("4", 7), ("6", 7)]


@pytest.mark.parametrize("first", [True, False])
def test_a_store_does_not_wait_for_one_that_has_ended(first: bool) -> None:
    wrote: list[int | None] = []
    meeting = Agreement(2)
    if first:
        meeting.leave(1.0)
    meeting.arrive(part(FOUR, "IPv4", item=signed(1)), 1.0, lambda both, now: wrote.append(both.highest_seen))
    if not first:
        meeting.leave(2.0)
    assert wrote == [1]


def test_no_item_is_told_that_is_not_newer() -> None:
    told: list[NodeOutcome] = []
    hear = Newest(told.append)
    for seq in (1, 1, 3, 2):
        hear(part(FOUR, "IPv4", item=signed(seq)).asked[0])
    assert [node.seq for node in told] == [1, 3]
    hear(part(FOUR, "IPv4").asked[0])
    assert len(told) == 3


# ---- on sockets ----------------------------------------------------------------------------------------


@pytest.fixture
async def net() -> AsyncIterator[Testnet]:
    async with asyncio.timeout(PATIENCE), Testnet(9, family="both") as net:
        yield net


async def test_a_put_stores_in_both_families_and_a_get_finds_it_in_both(net: Testnet) -> None:
    async with net.node() as node:
        await node.bootstrapped()
        outcome = await node.put(Draft(b"1:x", BEP44_TEST_KEY, b"both"))
        assert outcome.item is not None and outcome.stored == sum(one.stored for one in outcome.parts)
        assert [one.family for one in outcome.parts] == ["IPv4", "IPv6"]
        assert all(one.stored >= 8 and one.item == outcome.item for one in outcome.parts)
        again = await node.put(Draft(b"1:y", BEP44_TEST_KEY, b"both"))
        found = await node.get(outcome.item.target, salt=b"both")
        assert isinstance(again.item, MutableItem) and again.item.seq == 2 and found.item == again.item


async def test_a_wish_is_two_ladders_with_one_number(net: Testnet) -> None:
    heard: list[Event] = []
    seen: list[LookupView] = []
    async with net.node() as node:
        await node.bootstrapped()
        node.subscribe(heard.append)
        outcome = await node.find_node(TARGET, progress=seen.append)
        views = [view for each in node.snapshot().families for view in each.lookups if view.owner == "user"]
        assert [view.family for view in views] == ["IPv4", "IPv6"] and len({view.number for view in views}) == 1
        detail = node.lookup(views[0].number)
        assert detail is not None and detail.other is not None and detail.other.other is None
        assert [one.view.family for one in detail.families] == ["IPv4", "IPv6"]
        assert {view.family for view in seen} == {"IPv4", "IPv6"} == {node.family for node in outcome.closest}
        for kind in (LookupStarted, LookupFinished):
            mine = [event for event in heard if isinstance(event, kind) and event.number == views[0].number]
            assert sorted(event.family for event in mine) == ["IPv4", "IPv6"]


async def test_announces_and_peers_are_of_both_families(net: Testnet) -> None:
    infohash = b"h" * 20
    async with net.node() as node, net.node() as other:
        await asyncio.gather(node.bootstrapped(), other.bootstrapped())
        announced = await node.announce_peer(infohash, 4000)
        assert announced.ok and len(announced.parts) == 2
        assert [(one.port, one.stored, one.asked) for one in node.holdings().announces] == [
            (4000, announced.stored, len(announced.writes))
        ]
        found = await other.get_peers(infohash)
        assert {host for (host, port), _ in found.peers if port == 4000} == {"127.0.0.1", "::1"}
        scraped = await other.scrape(infohash)
        assert scraped.scrape is not None and scraped.scrape.downloaders.low <= 2 <= (
            scraped.scrape.downloaders.high or 2
        )


async def test_named_nodes_are_asked_in_their_family(net: Testnet) -> None:
    async with net.node() as node:
        four, six = net.nodes[0].addresses
        outcome = await node.ping([six, four])
        assert [(one.addr, one.status) for one in outcome.asked] == [(six, "answered"), (four, "answered")]
        assert len((await node.ping([six])).parts) == 0
        answer = await node.query(six, "ping")
        assert answer.ok and answer.asked[0].received


async def test_a_node_of_a_family_that_we_do_not_have_is_no_route() -> None:
    config = NodeConfig(listen=("127.0.0.1", 0), settings=Settings(read_only=False))
    async with asyncio.timeout(PATIENCE), Node(config) as node:
        outcome = await node.ping([("::1", 6881)])
        assert [one.status for one in outcome.asked] == [Status.NO_ROUTE] and not outcome.ok


async def test_a_family_in_which_nobody_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is an address and a route, and behind that nothing: the wish ends with the other half, and is whole."""
    monkeypatch.setattr(sides, "GRACE_SECONDS", 0.0)
    quiet = Settings(read_only=False, query_timeout=3600.0, policy=replace(OURS, soft=3600.0, hard=3600.0))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as mute:
        mute.bind(("::1", 0))
        async with asyncio.timeout(PATIENCE), Node(NodeConfig(listen=("127.0.0.1", 0), settings=quiet)) as other:
            hosts = ("{}:{}".format(*other.address), f"[::1]:{mute.getsockname()[1]}")
            config = NodeConfig(listen=("127.0.0.1", 0), listen_also=("::1", 0), bootstrap=hosts, settings=quiet)
            async with Node(config) as node:
                assert (await node.bootstrapped()).state == "done"
                for outcome in (
                    await node.put(VALUE),
                    await node.find_node(TARGET),
                    await node.announce_peer(TARGET, 1),
                ):
                    assert outcome.ok and outcome.complete and len(outcome.parts) == 2
                    assert {one.family for one in outcome.asked if one.responded} == {"IPv4"}


async def test_both_halves_end_with_their_limit(net: Testnet) -> None:
    async with net.node() as node:
        await node.bootstrapped()
        limit = Limit()
        with limit.applied():
            asking = asyncio.ensure_future(node.find_node(TARGET))
        await asyncio.sleep(0)
        limit.expire()
        outcome = await asking
        assert limit.cut and not outcome.complete and len(outcome.parts) == 2
        task = asyncio.ensure_future(node.find_node(TARGET))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        views = [view for each in node.snapshot().families for view in each.lookups if view.owner == "user"]
        assert len(views) == 4 and not any(view.running for view in views)


async def test_an_immutable_value_ends_the_search_in_both_families(net: Testnet) -> None:
    async with net.node() as node:
        await node.bootstrapped()
        await node.put(VALUE)
    async with net.node() as node:
        await node.bootstrapped()
        outcome = await node.get(VALUE.target)
        assert outcome.item == VALUE and outcome.complete and outcome.stopped is StopReason.VALUE_FOUND


async def test_a_ban_and_what_is_stored_hold_in_both_families() -> None:
    config = NodeConfig(listen=("127.0.0.1", 0), listen_also=("::1", 0), settings=Settings(read_only=False))
    async with asyncio.timeout(PATIENCE), Node(config) as node, Node(config) as other:
        four, six = other.addresses
        await node.put(VALUE, remotes=[four])
        assert (await node.get(VALUE.target, remotes=[six])).item == VALUE
        node.ban("::1", 60.0)
        assert [ban.ip for ban in node.bans()] == ["::1"]
        outcome = await node.ping([four, six])
        assert [one.status for one in outcome.asked] == ["answered", "banned"]
        assert node.unban("::1") and node.snapshot().banned == 0


async def test_what_a_node_saves_is_of_both_families(net: Testnet) -> None:
    async with net.node() as node:
        await node.bootstrapped()
        await node.find_node(TARGET)
        saved = node.saved_state()
    assert saved.family.name == "IPv4" and saved.nodes and saved.other is not None and saved.other.nodes
    config = NodeConfig(listen=("::1", 0), settings=Settings(saved=saved, read_only=False))
    async with asyncio.timeout(PATIENCE), Node(config) as node:
        assert node.id == saved.other.id and (await node.bootstrapped()).state == "done"
        kept = node.saved_state()
    assert kept.family.name == "IPv6" and kept.other is not None and kept.other.nodes == saved.nodes
