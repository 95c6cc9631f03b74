"""Figures that a node gives of itself: what was on the wire, and what is so now."""

from __future__ import annotations

from random import Random

from dhtui.engine.settings import SavedState
from dhtui.engine.table import REFRESH_SECONDS
from dhtui.engine.views.events import OWN_PROBE, PacketReceived
from dhtui.engine.wire.compact import NodeInfo
from dhtui.engine.wire.ids import random_id, random_id_with_prefix
from dhtui.engine.wire.krpc import Ping
from dhtui.sources.health import ENOUGH_SILENT, health

from ..network import Network, events_of, silent, swarm
from ..stranger import message

OWN = bytes(20)
US = ("203.0.113.7", 6881)


def test_reachability_of_a_node_that_nobody_has_met_is_not_known() -> None:
    """Also on loopback, where everybody of the host would reach it."""
    net = Network()
    core = net.core("127.0.0.1", read_only=None)
    assert core.snapshot(net.now).reachability.state == "unknown"
    stranger = net.puppet(ip="127.0.0.2")
    stranger.query(core, Ping(stranger.id))
    net.run(1.0)
    assert core.snapshot(net.now).reachability.state == "reachable"


def test_recent_counts_the_ends_of_our_queries_and_forgets_them_after_5_minutes() -> None:
    net = Network()
    core = net.core(maintain=False, bep42="off")
    puppets = [net.puppet() for _ in range(5)]
    net.meet(core, *puppets)
    recent = core.snapshot(net.now).recent
    assert recent is not None
    assert (recent.answered, recent.silent, recent.silent_since) == (5, 0, 0)
    net.dead.update(puppet.addr for puppet in puppets[:3])
    net.ping(core, *(puppet.addr for puppet in puppets[:3]))
    recent = core.snapshot(net.now).recent
    assert recent is not None
    assert (recent.answered, recent.silent, recent.silent_since) == (5, 3, 3)
    assert recent.last_answer is not None and 1.9 < recent.last_answer < 5
    net.run(311)
    recent = core.snapshot(net.now).recent
    assert recent is not None
    assert (recent.answered, recent.silent, recent.silent_since) == (0, 0, 3)


def test_queries_of_strangers_decide_nothing_of_what_is_recent() -> None:
    """Whoever asks us gets a ping, and may have asked in the name of hosts that are not there."""
    net = Network()
    core = net.core(maintain=False, bep42="off")
    for _ in range(20):
        forged = net.puppet(silent)
        forged.query(core, Ping(forged.id))
    net.run(30)
    assert core.snapshot(net.now).methods["ping"].timed_out > 0
    recent = core.snapshot(net.now).recent
    assert recent is not None and recent.silent_since == 0


def test_health_says_so_as_soon_as_nobody_answers_any_more() -> None:
    """Not after 15 minutes, when nodes cease to be good; and it never says that they do answer."""
    net = Network()
    cores = swarm(net, 30)
    us = cores[-1]
    net.find_node(us, random_id(Random(1)))
    assert health(us.snapshot(net.now)).level == "good"
    for core in cores[:-1]:
        net.kill(core)
    net.run(21)
    told = health(us.snapshot(net.now))
    assert "answered in 15m" in told.text and "answer " not in told.text
    net.find_node(us, random_id(Random(2)))
    net.run(5)
    snapshot = us.snapshot(net.now)
    assert snapshot.recent is not None and snapshot.recent.silent_since >= ENOUGH_SILENT
    told = health(snapshot)
    assert told.level == "bad"
    assert told.text.startswith(("no answers: the last", "no nodes any more: the last"))
    assert "the last one came" in told.text


def test_our_own_probe_is_counted_and_neither_refused_nor_received() -> None:
    net = Network()
    core = net.core(US[0], read_only=None, external=US)
    heard = events_of(core)
    net.run(15.0)
    (came,) = [event for event in heard if isinstance(event, PacketReceived)]
    assert came.problem == OWN_PROBE
    snapshot = core.snapshot(net.now)
    assert snapshot.methods["probe"][:3] == (1, 1, 0)
    assert snapshot.methods["ping"].received == 0
    assert (snapshot.traffic.packets_out, snapshot.traffic.packets_in) == (1, 1)
    assert not snapshot.drops


def test_a_method_of_a_stranger_that_is_called_as_our_probe_is_another_method() -> None:
    net = Network()
    core = net.core("127.0.0.1", maintain=False, read_only=False)
    core.receive_datagram(message(b"probe", {b"id": bytes(19) + b"1"}), ("127.0.0.2", 5), net.now)
    core.datagrams_to_send()
    methods = core.snapshot(net.now).methods
    assert set(methods["probe"]) == {0}
    assert (methods["other"].received, methods["other"].refused) == (1, 1)


def test_probes_that_do_not_come_back_are_counted_as_silent() -> None:
    net = Network()
    core = net.core(US[0], read_only=None, external=US)
    net.walls.add(US)
    net.run(190)
    sent, answered, silent_ones = core.snapshot(net.now).methods["probe"][:3]
    assert (sent, answered, silent_ones) == (4, 0, 3)


def test_a_refresh_that_begins_is_no_change_of_its_bucket() -> None:
    """`changed` is since a node of it last answered, whatever was asked."""
    net = Network()
    core = net.core(id=OWN, bep42="off")
    far = [net.puppet(node_id=random_id_with_prefix(OWN, 0, net.rng)) for _ in range(8)]
    net.meet(core, *far)
    met = net.now
    net.dead.update(puppet.addr for puppet in far)
    net.run(REFRESH_SECONDS + 60)
    (bucket, *_) = core.snapshot(net.now).table.buckets
    assert bucket.changed >= net.now - met - 1
    assert 0 < bucket.refresh_in < REFRESH_SECONDS, "it was refreshed, in vain"


def test_a_node_of_an_earlier_run_is_not_said_to_be_first_met_in_this_one() -> None:
    net = Network()
    old, new = net.puppet(), net.puppet()
    saved = SavedState(OWN, None, (NodeInfo(old.id, old.addr),), (0.1,))
    core = net.core(id=OWN, bep42="off", maintain=False, saved=saved)
    net.run(10)
    net.meet(core, old, new)
    nodes = {node.addr: node for bucket in core.snapshot(net.now).table.buckets for node in bucket.nodes}
    assert nodes[old.addr].saved and not nodes[new.addr].saved
    assert nodes[new.addr].age < 1


def test_all_that_went_wrong_is_counted_whether_words_on_it_are_kept_or_not() -> None:
    net = Network()
    core = net.core(maintain=False)
    stranger = net.puppet()
    for _ in range(120):
        net.send(b"noise", stranger.addr, core.identity.bound)
    net.run(1)
    snapshot = core.snapshot(net.now)
    assert snapshot.noted == sum(snapshot.drops.values()) == 120
    assert len(snapshot.errors) == 25
