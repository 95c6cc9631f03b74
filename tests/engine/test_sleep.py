"""A machine that slept: all has its age when it wakes, nobody is blamed, and who is still there is asked."""

from __future__ import annotations

import asyncio
from math import isnan

import pytest
from support.apart import PATIENCE

from dhtui.engine import clock
from dhtui.engine.core import Core
from dhtui.engine.families.side import AWAY_SECONDS
from dhtui.engine.items import ImmutableItem
from dhtui.engine.lookup.questions import PingNode
from dhtui.engine.node import Node
from dhtui.engine.operations.requests import Ask
from dhtui.engine.outcome import Outcome
from dhtui.engine.settings import NodeConfig
from dhtui.engine.views import events
from dhtui.engine.views.snapshot import Snapshot
from dhtui.engine.wire.krpc import AnnouncePeer, Get, GetPeers, Put, Response

from .network import Network, events_of, into, silent

NIGHT = 8 * 3600.0
ITEM = ImmutableItem(b"5:hello")
TARGET = bytes(range(20))


def states(snapshot: Snapshot) -> tuple[int, int, int]:
    return snapshot.table.good, snapshot.table.questionable, snapshot.table.bad


def woken(heard: list[events.Event]) -> list[events.Woke]:
    return [event for event in heard if isinstance(event, events.Woke)]


def test_it_is_told_once_and_with_how_long() -> None:
    """An event, for the log."""
    net = Network()
    core = net.core()
    heard = events_of(core)
    net.sleep(core, NIGHT)
    net.run(30.0)
    assert woken(heard) == [events.Woke(net.now - 30.0, NIGHT)]


def test_nodes_are_no_longer_good_until_they_answer_again() -> None:
    """All are asked at once: who is there is good again, who is not is bad."""
    net = Network()
    core = net.core()
    puppets = [net.puppet() for _ in range(6)]
    net.meet(core, *puppets)
    assert states(core.snapshot(net.now)) == (6, 0, 0)
    for puppet in puppets[:2]:
        net.dead.add(puppet.addr)
    net.dead.add(core.identity.bound)
    net.run(NIGHT)
    assert states(core.snapshot(net.now)) == (0, 6, 0), "by its age alone"
    net.sleep(core, 0.0)
    net.run(10.0)
    assert states(core.snapshot(net.now)) == (4, 0, 2)


def test_silence_over_the_sleep_is_nobodys_fault() -> None:
    """A query that was under way ends as timed out; its node has not failed."""
    net = Network()
    core = net.core(maintain=False)
    puppet = net.puppet()
    net.meet(core, puppet)
    puppet.answer = silent
    done: list[Outcome] = []
    core.start(Ask(PingNode(), remotes=(puppet.addr,)), into(done), net.now)
    net.after(core)
    net.sleep(core, NIGHT)
    assert done[0].timed_out == 1 and not core.snapshot(net.now).queries
    (contact,) = (node for bucket in core.snapshot(net.now).table.buckets for node in bucket.nodes)
    assert contact.failures == 0


def test_no_round_trip_lasts_a_night() -> None:
    """An answer that comes after the sleep belongs to no query."""
    net = Network()
    core = net.core(maintain=False)
    puppet = net.puppet()
    net.meet(core, puppet)
    net.slow[puppet.addr] = NIGHT + 1.0
    core.start(Ask(PingNode(), remotes=(puppet.addr,)), lambda outcome, now: None, net.now)
    net.after(core)
    net.sleep(core, NIGHT)
    net.run(10.0)
    assert max(core.snapshot(net.now).rtt.recent) < 1.0
    assert core.snapshot(net.now).drops["unexpected answer"] == 1


def test_what_we_keep_for_others_has_run_out() -> None:
    """Items after two hours, peers after 45 minutes, tokens after ten: also those that a clock at rest would keep."""
    net = Network()
    core = net.core()
    puppet = net.puppet()

    def asked(args: Get | GetPeers | Put | AnnouncePeer) -> Response:
        puppet.query(core, args)
        net.run(1.0)
        answer = puppet.replies[-1]
        assert isinstance(answer, Response), answer
        return answer

    token = asked(Get(puppet.id, ITEM.target)).token or b""
    asked(Put(puppet.id, token, ITEM.v))
    peers_token = asked(GetPeers(puppet.id, TARGET)).token or b""
    asked(AnnouncePeer(puppet.id, TARGET, 6881, peers_token))
    assert asked(Get(puppet.id, ITEM.target)).item.v == ITEM.v and asked(GetPeers(puppet.id, TARGET)).peers
    net.sleep(core, NIGHT)
    assert asked(Get(puppet.id, ITEM.target)).item.v is None and not asked(GetPeers(puppet.id, TARGET)).peers
    store = core.snapshot(net.now).store
    assert (store.immutable, store.infohashes) == (0, 0)
    puppet.query(core, Put(puppet.id, token, ITEM.v))
    net.run(1.0)
    assert not isinstance(puppet.replies[-1], Response)


def test_in_another_network_a_new_way_in_is_sought() -> None:
    """None of the nodes of yesterday is there: the bootstrap hosts are asked again, without anybody's doing."""
    net = Network()
    host = net.core()
    others = [net.core(hosts=("{}:{}".format(*host.identity.bound),)) for _ in range(10)]
    for other in others:
        net.bootstrap(other)
    old = [net.puppet() for _ in range(6)]
    net.names["host.example:6881"] = "no network"
    core: Core = net.core(hosts=("host.example:6881",))
    net.meet(core, *old)
    net.bootstrap(core)
    net.dead.update(puppet.addr for puppet in old)
    net.names["host.example:6881"] = (host.identity.bound,)
    net.sleep(core, NIGHT)
    net.run_until(lambda: core.snapshot(net.now).table.good >= 8, 60.0)
    assert core.bootstrap_view(net.now).state == "done"


def test_a_node_that_is_not_kept_up_asks_nobody() -> None:
    """A one-shot run has no table to look after."""
    net = Network()
    core = net.core(maintain=False)
    net.meet(core, net.puppet())
    before = len(net.queries(source=core.identity.bound))
    net.sleep(core, NIGHT)
    net.run(10.0)
    assert len(net.queries(source=core.identity.bound)) == before


@pytest.mark.parametrize(("away", "noticed"), [(AWAY_SECONDS - 5.0, 0), (AWAY_SECONDS, 1), (NIGHT, 1)])
async def test_a_node_notices_that_its_clock_has_gone_on(
    monkeypatch: pytest.MonkeyPatch, away: float, noticed: int
) -> None:
    """There is something to do every ten seconds. A pause that long is told, and is no wait of what came.

    From the first tick on the clock is the test's alone, whatever the machine does meanwhile.
    """
    real, now = clock.now, float("nan")
    monkeypatch.setattr(clock, "now", lambda: real() if isnan(now) else now)
    async with asyncio.timeout(PATIENCE), Node(NodeConfig(listen=("127.0.0.1", 0))) as node:
        await node.bootstrapped()
        now = real()
        node._sides.first.tick()
        heard: list[events.Event] = []
        node.subscribe(heard.append)
        now += away
        node._sides.first.tick()
        node._sides.first.tick()
        assert len(woken(heard)) == noticed
        assert all(event.away == pytest.approx(away, abs=20.0) for event in woken(heard))
        assert (node.snapshot().busy.longest >= 40.0) == (not noticed)


def test_the_clock_is_one_that_nobody_sets_and_that_goes_on_in_sleep() -> None:
    """What the system offers: seconds since the start of the machine, time asleep included."""
    import time

    if not hasattr(time, "CLOCK_BOOTTIME"):
        pytest.skip("the system has no such clock")
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= clock.now() <= time.clock_gettime(time.CLOCK_BOOTTIME)
