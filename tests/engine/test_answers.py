"""Answers over time and to several askers. Tests name their rules (docs/rules.md)."""

from __future__ import annotations

from typing import Any

import pytest

from dhtui.engine.items import immutable_target
from dhtui.engine.wire.krpc import FindNode, GetPeers, Ping

from .network import Network, silent
from .stranger import OWN, Stranger, fill_table, message, new_core

TARGET = b"t" * 20


def test_5_14_a_query_gets_one_datagram_and_nothing_later() -> None:
    net = Network()
    core, puppet = net.core(), net.puppet()
    puppet.query(core, Ping(puppet.id), read_only=True)
    net.run(60)
    assert len(puppet.replies) == 1
    assert not puppet.queries


def test_5_25_5_26_whoever_asks_for_whatever_meets_one_id() -> None:
    core = new_core()
    fill_table(core)
    for nth in range(10):
        stranger = Stranger(core, (f"127.0.0.{nth + 2}", 7000 + nth), bytes([nth]) * 20)
        for method in ("ping", "find_node", "get_peers", "get", "sample_infohashes"):
            target = bytes([255 - nth]) * 20
            assert stranger.ask(method, target=target, info_hash=target)[b"id"] == OWN


def test_44_26_cas_has_no_meaning_without_a_key() -> None:
    stranger = Stranger(new_core())
    target = immutable_target(b"1:x")
    for cas in (0, 7, -1):
        assert stranger.ask("put", v=b"x", cas=cas, token=stranger.token(target)) == {b"id": OWN}
    assert stranger.ask("get", target=target)[b"v"] == b"x"


def test_h_08_a_node_answers_while_it_bootstraps() -> None:
    net = Network()
    entry = net.puppet(silent)
    core = net.core(hosts=("{}:{}".format(*entry.addr),))
    core.bootstrap(net.now)
    net.after(core)
    asker = net.puppet()
    asker.query(core, FindNode(asker.id, TARGET))
    asker.query(core, GetPeers(asker.id, TARGET), tid=b"q2")
    net.run(0.2)
    assert core.bootstrap_running
    assert [reply.tid for reply in asker.replies] == [b"qq", b"q2"]


def test_5_58_no_address_within_a_query_moves_what_is_stored() -> None:
    stranger = Stranger(new_core())
    token = stranger.ask("get_peers", info_hash=TARGET)[b"token"]
    args = {b"id": stranger.id, b"info_hash": TARGET, b"port": 5, b"token": token, b"ip": b"\x01\x02\x03\x04"}
    stranger.answer(message(b"announce_peer", args | {b"host": b"1.2.3.4"}, ip=b"\x01\x02\x03\x04\x00\x05"))
    assert stranger.ask("get_peers", info_hash=TARGET)[b"values"] == [b"\x7f\0\0\2\0\5"]


@pytest.mark.parametrize("want", [[], b"n4", 4, [4], [b"zz"], [b"x" * 20], {}], ids=repr)
def test_32_13_32_14_a_want_that_says_nothing_is_as_none(want: Any) -> None:
    core = new_core()
    fill_table(core)
    stranger = Stranger(core)
    assert stranger.ask("find_node", target=TARGET, want=want) == stranger.ask("find_node", target=TARGET)


def test_32_15_want_does_not_decide_which_peers_are_given() -> None:
    stranger = Stranger(new_core())
    token = stranger.ask("get_peers", info_hash=TARGET)[b"token"]
    stranger.ask("announce_peer", info_hash=TARGET, port=5, token=token)
    for want in ([b"n4"], [b"n6"], [b"n4", b"n6"]):
        assert stranger.ask("get_peers", info_hash=TARGET, want=want)[b"values"] == [b"\x7f\0\0\2\0\5"]
