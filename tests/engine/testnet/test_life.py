"""What a testnet can have of the internet: real sockets, a clock that is handed in, the simulator's models."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from random import Random
from statistics import median
from typing import Any, Literal

import pytest
from support.apart import PATIENCE

from dhtui import Node, NodeError, Testnet
from dhtui.engine import clock
from dhtui.engine.outcome import Status
from dhtui.engine.simulation.internet import MEDIAN, Chance, is_there
from dhtui.engine.simulation.traffic import MOST_A_SECOND, NODE_SECONDS, SHARES, SUBJECTS, turns
from dhtui.engine.testnet import Life
from dhtui.engine.testnet.weather import MOST_ON_THE_WAY, Weather, WeatherEndpoint
from dhtui.engine.views.events import Event, PacketReceived
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.family import family_of
from dhtui.engine.wire.ids import distance

HERE, THERE = ("127.0.0.1", 1), ("127.0.0.2", 2)


def weather(**life: Any) -> Weather:
    made = Weather(Chance(1), Life(**life))
    made.begun = True
    return made


# ---- delays and losses ------------------------------------------------------------------------------------


def test_delays_are_those_of_the_simulators_internet() -> None:
    """Half a round trip each way, the same path each time, whoever asks."""
    air = weather(latency="internet")
    for nth in range(64):
        air.settle((f"127.1.1.{nth}", 7), nth)
    delays = [
        [air.delay((f"127.1.1.{a}", 7), (f"127.1.1.{b}", 7), nth) or 0.0 for nth in range(5)]
        for a in range(64)
        for b in range(a)
    ]
    assert 2 * median(map(median, delays)) == pytest.approx(MEDIAN, rel=0.1)
    for path in delays:
        assert sorted(path)[2] < 2 * min(path)  # now and then a queue is full
    assert air.delay(HERE, THERE, 5) == weather(latency="internet").delay(HERE, THERE, 5)


def test_losses_come_as_often_as_is_asked_for_without_any_delay() -> None:
    air = weather(loss=0.3)
    came = [air.delay(HERE, THERE, nth) for nth in range(4000)]
    assert set(came) == {None, 0.0} and came.count(None) / 4000 == pytest.approx(0.3, abs=0.04)


def test_nothing_happens_before_it_begins() -> None:
    """A testnet is whole before its life begins: it starts as fast as one without."""
    air = Weather(Chance(1), Life(latency="internet", loss=0.5))
    assert {air.delay(HERE, THERE, nth) for nth in range(100)} == {0.0}


class Held(list[tuple[float, Callable[..., None], tuple[Any, ...]]]):
    """What is held back until the test lets it go."""

    def later(self, delay: float, call: Callable[..., None], *args: Any) -> None:
        self.append((delay, call, args))

    def pass_on(self) -> None:
        for _, call, args in self:
            call(*args)
        self.clear()


def test_an_endpoint_holds_packets_back_and_its_memory_is_bounded() -> None:
    held = Held()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.setblocking(False)
        end = WeatherEndpoint(("127.0.0.1", 0), clock.now, weather(latency="internet"), None, held.later)
        assert end.send(b"hello", other.getsockname()) == 5
        with pytest.raises(BlockingIOError):
            other.recv(100)
        assert len(held) == 1 and held[0][0] > 0.0
        held.pass_on()
        assert other.recv(100) == b"hello"
        for _ in range(MOST_ON_THE_WAY + 10):
            end.send(b"x", other.getsockname())
        assert len(held) == MOST_ON_THE_WAY
        end.close()
        held.pass_on()  # what is held back when a node closes is lost


async def test_our_own_node_measures_the_delays_as_round_trips() -> None:
    async with asyncio.timeout(PATIENCE), Testnet(8, latency="internet") as net, net.node() as node:
        await node.bootstrapped()
        outcome = await node.ping([each.address for each in net.nodes])
        rtts = sorted(each.rtt for each in outcome.asked if each.rtt is not None)
        # A loaded machine makes them longer, never shorter.
        assert len(rtts) >= 6 and rtts[len(rtts) // 2] > MEDIAN / 4


async def test_by_default_there_are_no_delays() -> None:
    async with asyncio.timeout(PATIENCE), Testnet(2) as net, net.node() as node:
        assert net.life == Life() and node.config.endpoint is None
        assert all(each.config.endpoint is None for each in net.nodes)


@pytest.mark.parametrize(
    ("life", "why"),
    [
        ({"latency": "slow"}, "latency must be one of 'none', 'internet', not 'slow'"),
        ({"loss": 0.6}, "loss must be a finite number from 0 to 0.5, not 0.6"),
        ({"loss": "2%"}, "loss must be a finite number"),
        ({"churn": 1}, "churn must be True or False"),
        ({"liars": 6}, "liars must be a whole number from 0 to 5, not 6"),
        ({"traffic": "yes"}, "traffic must be True or False"),
    ],
)
def test_what_makes_no_sense_is_refused(life: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Testnet(8, **life)


# ---- nodes that stop, come back, come and go --------------------------------------------------------------


async def test_a_node_is_stopped_and_comes_back_as_itself() -> None:
    async with asyncio.timeout(PATIENCE), Testnet(6) as net, net.node() as node:
        await node.bootstrapped()
        addr, own = net.nodes[4].address, net.nodes[4].id
        await net.stop_node(addr)
        assert net.stopped == (addr,) and len(net.nodes) == 5 and addr in net.addresses
        assert (await node.ping([addr])).asked[0].status is Status.TIMED_OUT
        await net.stop_node(addr)
        await net.start_node(addr)
        await net.start_node(addr)
        assert not net.stopped and len(net.nodes) == 6
        assert [each.id for each in net.nodes if each.address == addr] == [own]
        assert (await node.ping([addr])).asked[0].status is Status.ANSWERED
        with pytest.raises(KeyError):
            await net.stop_node(("127.0.0.1", 1))
    with pytest.raises(NodeError, match="closed"):
        await net.start_node(addr)


class Ticks:
    """A clock, and a sleep that ends as soon as the test says so."""

    def __init__(self) -> None:
        self.now, self._turn, self.slept = 0.0, asyncio.Semaphore(0), asyncio.Event()

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.set()
        await self._turn.acquire()

    def go(self) -> None:
        self._turn.release()

    async def look(self) -> None:
        """Lets it look once who goes and who comes, to the end."""
        await self.slept.wait()
        self.slept.clear()
        self.go()
        await self.slept.wait()


async def test_churn_lets_nodes_go_and_come_one_at_a_time() -> None:
    """The first three, and those that were stopped by hand, stay as they are."""
    ticks = Ticks()
    async with asyncio.timeout(PATIENCE), Testnet(12, churn=True, time=ticks.time, sleep=ticks.sleep) as net:
        first = [node.address for node in net.nodes[:3]]
        by_hand = net.nodes[5].address
        await net.stop_node(by_hand)
        sizes = {len(net.nodes)}
        for _ in range(60):
            before = len(net.nodes)
            ticks.now += 100.0
            await ticks.look()
            assert abs(len(net.nodes) - before) <= 1
            sizes.add(len(net.nodes))
        assert len(sizes) > 2 and net.stopped == (by_hand,)
        assert {node.address for node in net.nodes} > set(first) and by_hand not in {n.address for n in net.nodes}


def test_a_share_of_the_nodes_is_away_at_a_time() -> None:
    there = [is_there(Chance(1), key, 5000.0, 300.0, 0.2) for key in range(2000)]
    assert sum(there) / 2000 == pytest.approx(0.8, abs=0.03)


# ---- traffic ----------------------------------------------------------------------------------------------


def test_traffic_is_bounded_and_of_all_kinds() -> None:
    for size, rate in ((3, 3 / NODE_SECONDS), (1000, MOST_A_SECOND)):
        made = turns(Random(1), size)
        some = [next(made) for _ in range(2000)]
        assert sum(turn.after for turn in some) / 2000 == pytest.approx(1 / rate, rel=0.1)
        assert {turn.deed for turn in some} == set(SHARES)
        subjects = [turn.subject for turn in some]
        assert set(subjects) == set(range(SUBJECTS)) and subjects.count(0) > 3 * subjects.count(10)


async def test_with_traffic_our_node_is_asked_things() -> None:
    """Time goes at once here: nodes do one thing after the other."""

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)

    async with asyncio.timeout(PATIENCE), Testnet(8, traffic=True, sleep=sleep) as net, net.node() as node:
        await node.bootstrapped()
        wanted, heard = {"get_peers", "find_node", "put", "announce_peer"}, asyncio.Event()

        def listen(event: Event) -> None:
            if isinstance(event, PacketReceived):
                heard.set()

        node.subscribe(listen)
        while wanted:
            await heard.wait()
            heard.clear()
            wanted -= {name for name, counts in node.snapshot().methods.items() if counts.received}


# ---- liars ------------------------------------------------------------------------------------------------


async def asked(node: Node, target: bytes, addr: Addr) -> Any:
    """What one node says about a target."""
    outcome = await node.get(target, remotes=[addr])
    return outcome.asked[0]


async def test_liars_give_what_is_false_and_lookups_find_what_is_true() -> None:
    async with asyncio.timeout(PATIENCE), Testnet(16, liars=3) as net, net.node() as node:
        await node.bootstrapped()
        assert len(net.liars) == 3 and not {each.address for each in net.nodes[:3]} & set(net.liars)
        target = net.items[0].target
        nearest = min(distance(each.id, target) for each in net.nodes)
        said = await asked(node, target, net.liars[0])
        named = (await node.find_node(target, remotes=[net.liars[0]])).asked[0].nodes
        assert named or said.status is not Status.ANSWERED
        assert any(distance(one.id, target) < nearest for one in named)
        assert all(one.addr[0].startswith("127.") for one in named), "all that is named is on loopback"
        assert (await node.get(target)).item == net.items[0]


@pytest.mark.parametrize("family", ["6", "both"])
async def test_liars_lie_in_ipv6_too(family: Literal["6", "both"]) -> None:
    async with asyncio.timeout(PATIENCE), Testnet(10, liars=1, family=family) as net, net.node() as node:
        await node.bootstrapped()
        target = bytes(20)
        nearest = min(distance(each.id, target) for each in net.nodes)
        (liar,) = (each for each in net.nodes if each.address == net.liars[0])
        for addr in liar.addresses:
            named = (await node.find_node(target, remotes=[addr])).asked[0].nodes
            assert named and all(family_of(one.addr[0]) is family_of(addr[0]) for one in named)
            assert all(family_of(ip).is_loopback(ip) for ip, _ in (one.addr for one in named))
            assert any(distance(one.id, target) < nearest for one in named)
        assert (await node.get(net.items[0].target)).item == net.items[0]


async def test_a_node_can_be_made_to_lie() -> None:
    """Also where nothing else goes on: it keeps its id and address."""
    async with asyncio.timeout(PATIENCE), Testnet(6) as net, net.node() as node:
        await node.bootstrapped()
        addr, own = net.nodes[5].address, net.nodes[5].id
        await net.make_liar(addr)
        await net.make_liar(addr)
        assert net.liars == (addr,) and [each.id for each in net.nodes if each.address == addr] == [own]
        target = bytes(20)
        nearest = min(distance(each.id, target) for each in net.nodes)
        outcome = await node.find_node(target, remotes=[addr])
        assert any(distance(one.id, target) < nearest for one in outcome.asked[0].nodes)


async def test_closing_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    async with (
        asyncio.timeout(PATIENCE),
        Testnet(6, latency="internet", loss=0.1, churn=True, liars=2, traffic=True) as net,
        net.node() as node,
    ):
        await node.bootstrapped()
    assert asyncio.all_tasks() == before
    for addr in net.addresses:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(addr)
