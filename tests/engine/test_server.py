"""Answers to queries: BEP 5, BEP 43 and BEP 44, and the size of what we send."""

from __future__ import annotations

from typing import Any

import pytest

from dhtui.engine.items import ImmutableItem, MutableItem, immutable_target, mutable_target, signing_buffer
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.store import ITEM_SECONDS, MAX_INFOHASHES, MAX_ITEMS, PEER_SECONDS, SHARE
from dhtui.engine.wire import bencode, krpc
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.ids import distance

from .stranger import LOCAL, NOW, OWN, PUBLIC, Stranger, fill_table, message, new_core

TARGET = bytes.fromhex("8000000000000000000000000000000000000001")
KEY = BEP44_TEST_KEY.public


def signed(seq: int, v: Any, salt: bytes = b"") -> dict[str, Any]:
    """The arguments of a mutable put."""
    signature = BEP44_TEST_KEY.sign(signing_buffer(bencode.encode(v), seq, salt))
    return {"v": v, "k": KEY, "sig": signature, "seq": seq} | ({"salt": salt} if salt else {})


def put(stranger: Stranger, now: float = NOW, **args: Any) -> None:
    """Put an item, with the token that it takes."""
    target = (
        mutable_target(args["k"], args.get("salt", b"")) if "k" in args else immutable_target(bencode.encode(args["v"]))
    )
    assert stranger.ask("put", now, token=stranger.token(target, now), **args) == {b"id": stranger.core.id}


def announce(stranger: Stranger, port: int = 6881, now: float = NOW, infohash: bytes = TARGET) -> None:
    """Announce a peer, with the token that it takes."""
    stranger.ask("announce_peer", now, info_hash=infohash, port=port, token=stranger.token(infohash, now))


# ---- K and replies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [8, 20])
@pytest.mark.parametrize("method", ["find_node", "get_peers", "get", "sample_infohashes"])
def test_replies_carry_the_8_closest_nodes_and_no_more(method: str, k: int) -> None:
    """K: at most 8 nodes, the nearest first; one implementation returns its whole table, 5.3 kB."""
    core = new_core(k=k)
    nodes = fill_table(core)
    assert len(nodes) > 20
    for target in (TARGET, OWN, nodes[3].id, bytes(20)):
        body = Stranger(core).ask(method, target=target, info_hash=target)
        nearest = sorted(nodes, key=lambda node: distance(node.id, target))[:8]
        packed = body[b"nodes"]
        assert [packed[i : i + 20] for i in range(0, len(packed), 26)] == [node.id for node in nearest]


def test_nodes_that_do_not_answer_are_not_handed_on() -> None:
    """BEP 5: who asks is told of good nodes."""
    core = new_core()
    nodes = fill_table(core)
    nearest = min(nodes, key=lambda node: distance(node.id, TARGET))
    core._table.failed(nearest.addr, NOW)
    assert nearest.id not in Stranger(core).ask("find_node", target=TARGET)[b"nodes"]


def test_an_empty_table_gives_an_empty_nodes_string() -> None:
    """BEP 5: ``nodes`` is there, with nothing in it."""
    assert Stranger(new_core()).ask("find_node", target=TARGET) == {b"id": OWN, b"nodes": b""}


def test_the_longest_get_peers_reply_stays_below_1200_bytes() -> None:
    """Replies: 500 peers are kept, a random 80 are sent, beside 8 nodes."""
    core = new_core()
    fill_table(core)
    for i in range(500):
        core._peers.announce(TARGET, (LOCAL[0], 10_000 + i), NOW)
    stranger = Stranger(core)
    asked = message(b"get_peers", {b"id": b"s" * 20, b"info_hash": TARGET}, tid=b"t" * 20)
    replies = [stranger.raw(asked) for _ in range(5)]
    assert max(len(reply) for (reply,) in replies) <= 1200
    bodies = [bencode.decode(reply)[b"r"] for (reply,) in replies]
    assert all(len(body[b"values"]) == 80 and len(body[b"nodes"]) == 8 * 26 for body in bodies)
    assert len({value for body in bodies for value in body[b"values"]}) > 160  # not always the same ones


@pytest.mark.parametrize("length", [10, 500, 690, 710, 800, 880, 890, 905, 930, 996])
@pytest.mark.parametrize("mutable", [True, False])
def test_the_longest_get_reply_stays_within_the_reply_limit(length: int, mutable: bool) -> None:
    """Replies: nodes are left out beside a long value; 1000 bytes with key and signature need 1256 at most."""
    core = new_core()
    fill_table(core)
    stranger = Stranger(core)
    if mutable:
        put(stranger, **signed(2**63 - 1, b"v" * length))
        target = mutable_target(KEY)
    else:
        put(stranger, v=b"v" * length)
        target = immutable_target(bencode.encode(b"v" * length))
    (reply,) = stranger.raw(message(b"get", {b"id": b"s" * 20, b"target": target}, tid=b"t" * 20))
    body = bencode.decode(reply)[b"r"]
    assert body[b"v"] == b"v" * length
    nodes = len(body.get(b"nodes", b"")) // 26
    assert len(reply) <= (1200 if nodes else krpc.MAX_REPLY)
    assert nodes == 8 if length <= 690 else nodes < 8
    assert not mutable or len(body[b"k"] + body[b"sig"]) == 96


def test_no_reply_is_longer_than_the_limit_says() -> None:
    """Replies: `MAX_REPLY` is what the longest of them takes, not a wish."""
    longest = krpc.encode_response(
        b"t" * 20,
        {
            b"id": OWN,
            b"token": bytes(8),
            b"v": bencode.Bencached(b"v" * 1000),
            b"k": KEY,
            b"sig": bytes(64),
            b"seq": 2**63 - 1,
        },
        LOCAL,
    )
    assert len(longest) <= krpc.MAX_REPLY


# ---- BEP 5 ---------------------------------------------------------------------------------------------


def test_every_answer_carries_our_id_the_transaction_id_and_the_asker_s_address() -> None:
    """BEP 5, "KRPC Protocol", and BEP 42, "ip"."""
    reply = Stranger(new_core()).answer(message(b"ping", {b"id": b"s" * 20}, tid=b"\x00\xfftid"))
    assert reply[b"r"] == {b"id": OWN}
    assert (reply[b"t"], reply[b"y"], reply[b"v"]) == (b"\x00\xfftid", b"r", krpc.VERSION)
    assert reply[b"ip"] == b"\x7f\0\0\x02" + LOCAL[1].to_bytes(2, "big")


@pytest.mark.parametrize(
    ("args", "stored"),
    [({"port": 5555}, 5555), ({"implied_port": 1, "port": 5555}, LOCAL[1]), ({"implied_port": 1}, LOCAL[1])],
    ids=["port", "implied beside a port", "implied alone"],
)
def test_announce_peer_stores_the_port_that_is_meant(args: dict[str, Any], stored: int) -> None:
    """BEP 5, "announce_peer": with ``implied_port`` the source port of the datagram counts."""
    stranger = Stranger(new_core())
    stranger.ask("announce_peer", info_hash=TARGET, token=stranger.token(TARGET), **args)
    assert stranger.ask("get_peers", info_hash=TARGET)[b"values"] == [b"\x7f\0\0\x02" + stored.to_bytes(2, "big")]


@pytest.mark.parametrize("port", [0, -1, 65536, 70000])
def test_announce_peer_with_an_impossible_port_gets_203(port: int) -> None:
    """The original stores 0, or 70000 as 4464."""
    stranger = Stranger(new_core())
    token = stranger.token(TARGET)
    assert stranger.refused("announce_peer", info_hash=TARGET, port=port, token=token) == 203
    assert stranger.core.statistics().swarms.used == 0


def test_get_peers_gives_nodes_beside_values() -> None:
    """BEP 5: both help; the original leaves the nodes out."""
    core = new_core()
    fill_table(core)
    stranger = Stranger(core)
    assert b"values" not in stranger.ask("get_peers", info_hash=TARGET)
    announce(stranger)
    body = stranger.ask("get_peers", info_hash=TARGET)
    assert len(body[b"values"]) == 1 and len(body[b"nodes"]) == 8 * 26


def test_peers_are_served_for_45_minutes_and_then_swept() -> None:
    """Limits: through the core's own timers, with nobody reading."""
    core = new_core()
    stranger = Stranger(core)
    announce(stranger)
    assert stranger.ask("get_peers", NOW + PEER_SECONDS - 1, info_hash=TARGET)[b"values"]
    assert b"values" not in stranger.ask("get_peers", NOW + PEER_SECONDS, info_hash=TARGET)
    now = NOW
    while now < NOW + PEER_SECONDS + 70:
        now = core.next_timer()
        core.handle_timer(now)
    assert core.statistics().peers.used == core.statistics().swarms.used == 0


# ---- unknown methods and errors ------------------------------------------------------------------------


def test_unknown_methods() -> None:
    """Unknown methods: with ``target`` or ``info_hash`` answered as find_node, else 204."""
    core = new_core()
    fill_table(core)
    stranger = Stranger(core)
    nodes = stranger.ask("find_node", target=TARGET)
    assert stranger.ask("new_method", target=TARGET) == stranger.ask("new_method", info_hash=TARGET) == nodes
    assert stranger.refused("new_method") == 204
    assert stranger.refused("new_method", target=b"short") == 203
    counts = core.snapshot(NOW).methods["other"]
    assert (counts.received, counts.replied, counts.refused) == (4, 2, 2)


def test_a_malformed_query_is_answered_and_garbage_is_not() -> None:
    """Errors: 203 where there is a ``t`` to echo; what does not decode is dropped and counted."""
    stranger = Stranger(new_core())
    assert stranger.refused("find_node") == 203
    assert stranger.answer(b"d1:q4:ping1:t2:aa1:y1:qe")[b"e"][0] == 203
    assert stranger.raw(b"garbage") == stranger.raw(b"d1:q4:ping1:y1:qe") == []
    drops = stranger.core.snapshot(NOW).drops
    assert drops["refused 203"] == 2 and drops["malformed"] == 2


def test_a_non_canonical_query_is_answered_but_a_put_gets_203() -> None:
    """Datagrams: unsorted keys are understood; nothing with them is stored."""
    stranger = Stranger(new_core())
    ping = b"d1:y1:q1:t2:aa1:q4:ping1:ad2:id20:" + b"s" * 20 + b"ee"
    assert stranger.answer(ping)[b"r"] == {b"id": OWN}
    token = stranger.token(immutable_target(b"1:x"))
    unsorted = b"d1:y1:q1:t2:aa1:q3:put1:ad2:id20:" + b"s" * 20 + b"5:token8:" + token + b"1:v1:xee"
    assert stranger.answer(unsorted)[b"e"][0] == 203
    assert stranger.core.statistics().immutable.used == 0
    assert stranger.answer(message(b"put", {b"id": b"s" * 20, b"token": token, b"v": b"x"}))[b"y"] == b"r"


def test_a_full_store_says_so() -> None:
    """Errors: 202 for what the cap does not let in. "Stored" would cost the writer one of its 8 copies."""
    core = new_core(id=bytes(20))
    stranger = Stranger(core)
    for i in range(MAX_ITEMS):
        core._items.put_immutable(i.to_bytes(20, "big"), ImmutableItem(b"1:x"), LOCAL[0], NOW)
        core._items.put_mutable(i.to_bytes(20, "big"), MutableItem(b"1:x", KEY, bytes(64), 1), LOCAL[0], NOW)
    for i in range(2000):
        core._peers.announce(i.to_bytes(20, "big"), LOCAL, NOW)
    target = immutable_target(b"1:x")
    assert stranger.refused("put", token=stranger.token(target), v=b"x") == 202
    assert stranger.refused("put", token=stranger.token(mutable_target(KEY)), **signed(1, b"x")) == 202
    token = stranger.token(TARGET)
    assert stranger.refused("announce_peer", info_hash=TARGET, port=1, token=token) == 202
    assert b"v" not in stranger.ask("get", target=target)


@pytest.mark.parametrize("neighbour", [PUBLIC, ("203.0.113.77", 7000)])
def test_what_is_written_counts_for_the_address_that_wrote_it(neighbour: Addr) -> None:
    """Errors: 202 for more than 1 in 20 from one host or /24, while the store has room for all others."""
    core = new_core(id=bytes(20))
    for i in range(MAX_ITEMS // SHARE):
        core._items.put_immutable(i.to_bytes(20, "big"), ImmutableItem(b"1:x"), neighbour[0], NOW)
        core._items.put_mutable(i.to_bytes(20, "big"), MutableItem(b"1:x", KEY, bytes(64), 1), neighbour[0], NOW)
    for i in range(MAX_INFOHASHES // SHARE):
        core._peers.announce(i.to_bytes(20, "big"), neighbour, NOW)
    target = immutable_target(b"1:x")
    stranger = Stranger(core, PUBLIC)
    assert stranger.refused("put", token=stranger.token(target), v=b"x") == 202
    assert stranger.refused("put", token=stranger.token(mutable_target(KEY)), **signed(1, b"x")) == 202
    assert stranger.refused("announce_peer", info_hash=TARGET, port=1, token=stranger.token(TARGET)) == 202
    other = Stranger(core, ("198.51.100.5", 7000), b"o" * 20)
    put(other, v=b"x")
    put(other, **signed(1, b"x"))
    announce(other)
    held = core.statistics()
    assert (held.immutable.used, held.mutable.used, held.swarms.used) == (36, 36, 101)


def test_a_query_under_our_own_id_is_dropped() -> None:
    """Nobody else has it: a mirror, or somebody who wants to be us."""
    assert Stranger(new_core(), node_id=OWN).raw(message(b"ping", {b"id": OWN})) == []


# ---- BEP 43 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("addr", [LOCAL, PUBLIC], ids=["local", "public"])
def test_bep43_a_read_only_node_answers_nothing(addr: Addr) -> None:
    """BEP 43: no answer, no error, and no ping to whoever asks."""
    core = new_core(read_only=True)
    stranger = Stranger(core, addr)
    for data in (stranger.query("ping"), stranger.query("find_node"), stranger.query("vote"), b"d1:q1:x1:t1:a1:y1:qe"):
        assert stranger.raw(data) == []
    assert stranger.asked == []
    snapshot = core.snapshot(NOW)
    assert snapshot.drops == {"read-only": 4}
    assert {(counts.replied, counts.refused) for counts in snapshot.methods.values()} == {(0, 0)}


def test_bep43_a_read_only_querier_is_answered_but_not_pinged() -> None:
    """BEP 43: it must not come into our table, so there is no reason to ask it anything."""
    core = new_core()
    stranger = Stranger(core)
    asked = message(b"ping", {b"id": b"s" * 20}, ro=1)
    assert stranger.answer(asked)[b"y"] == b"r"
    assert stranger.asked == []
    stranger.ask("ping")
    assert [query[b"q"] for query in stranger.asked] == [b"ping"]


def test_bep43_a_node_of_unknown_reach_answers_strangers_but_not_those_it_asked() -> None:
    """BEP 43, read-only until known reachable: a stranger's query is itself the proof that we are."""
    core = new_core(bound=("0.0.0.0", 6881))
    assert core.identity.read_only(NOW)
    core.identity.contacted(("198.51.100.7", 7000))
    asked_before = Stranger(core, ("198.51.100.7", 7000))
    assert asked_before.raw(asked_before.query("ping")) == []
    assert core.identity.read_only(NOW)
    assert Stranger(core, PUBLIC).ask("ping") == {b"id": OWN}
    assert not core.identity.read_only(NOW)
    assert asked_before.ask("ping") == {b"id": OWN}


# ---- BEP 44 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("v", [b"", b"text", 7, -1, [], [1, [b"x"]], {}, {b"a": {b"b": []}}], ids=repr)
def test_bep44_v_is_of_any_bencode_type(v: Any) -> None:
    """BEP 44: strings, integers, lists and dictionaries, immutable and mutable alike."""
    stranger = Stranger(new_core())
    put(stranger, v=v)
    put(stranger, **signed(1, v))
    assert stranger.ask("get", target=immutable_target(bencode.encode(v)))[b"v"] == v
    assert stranger.ask("get", target=mutable_target(KEY))[b"v"] == v


def test_bep44_v_has_at_most_1000_bencoded_bytes() -> None:
    """BEP 44: 996 bytes of text take 1000 bencoded; 997 get 205."""
    stranger = Stranger(new_core())
    put(stranger, v=b"x" * 996)
    put(stranger, **signed(1, b"x" * 996))
    for args in ({"v": b"x" * 997}, {"v": b"x" * 1400}, signed(2, b"x" * 997)):
        assert stranger.refused("put", token=b"any", **args) == 205


def test_bep44_salt_has_at_most_64_bytes_and_empty_means_absent() -> None:
    """BEP 44: 65 bytes get 207; an empty salt signs and hashes as none."""
    stranger = Stranger(new_core())
    put(stranger, **signed(1, b"x", b"s" * 64))
    assert stranger.ask("get", target=mutable_target(KEY, b"s" * 64))[b"v"] == b"x"
    assert stranger.refused("put", token=b"any", **signed(1, b"x", b"s" * 65)) == 207
    put(stranger, **(signed(1, b"y") | {"salt": b""}))
    assert stranger.ask("get", target=mutable_target(KEY))[b"v"] == b"y"


def test_bep44_cas_is_compared_with_the_stored_seq() -> None:
    """BEP 44, "CAS": two implementations compare it with the stored *cas*, and refuse correct writers."""
    stranger = Stranger(new_core())
    put(stranger, **signed(5, b"a"), cas=99)  # nothing stored: nothing to compare with
    token = stranger.token(mutable_target(KEY))
    assert stranger.refused("put", token=token, cas=4, **signed(6, b"b")) == 301
    put(stranger, **signed(6, b"b"), cas=5)
    assert stranger.refused("put", token=token, cas=5, **signed(7, b"c")) == 301
    assert stranger.ask("get", target=mutable_target(KEY))[b"v"] == b"b"


def test_bep44_a_lower_seq_and_an_equal_one_with_another_value_get_302() -> None:
    """BEP 44: an update must be newer; nothing is changed by one that is not."""
    stranger = Stranger(new_core())
    put(stranger, **signed(5, b"a"))
    token = stranger.token(mutable_target(KEY))
    assert stranger.refused("put", token=token, **signed(4, b"a")) == 302
    assert stranger.refused("put", token=token, **signed(5, b"b")) == 302
    got = stranger.ask("get", target=mutable_target(KEY))
    assert (got[b"v"], got[b"seq"]) == (b"a", 5)


def test_bep44_the_same_item_again_resets_its_timer() -> None:
    """BEP 44: equal seq and equal value are accepted, so that anybody can republish; immutable items alike."""
    stranger = Stranger(new_core())
    for args, target in ((signed(5, b"a"), mutable_target(KEY)), ({"v": b"a"}, immutable_target(b"1:a"))):
        put(stranger, **args)
        put(stranger, NOW + 3600, **args)
        assert b"v" in stranger.ask("get", NOW + 3600 + ITEM_SECONDS - 1, target=target)
        assert b"v" not in stranger.ask("get", NOW + 3600 + ITEM_SECONDS, target=target)


def test_bep44_an_update_replaces_the_whole_item() -> None:
    """The original replaces key, signature and seq and keeps the first value."""
    stranger = Stranger(new_core())
    put(stranger, **signed(1, b"first"))
    put(stranger, **signed(2, b"second"))
    got = stranger.ask("get", target=mutable_target(KEY))
    item = MutableItem(bencode.encode(got[b"v"]), got[b"k"], got[b"sig"], got[b"seq"])
    assert (got[b"v"], got[b"seq"]) == (b"second", 2) and item.verify()
    assert stranger.core.statistics().mutable.used == 1


@pytest.mark.parametrize(("known", "sent"), [(None, True), (-1, True), (4, True), (5, False), (6, False)])
def test_bep44_get_with_seq_leaves_out_what_is_not_newer(known: int | None, sent: bool) -> None:
    """BEP 44: ``k``, ``v``, ``sig`` are left out where the stored seq is not higher; ``seq`` is always there."""
    core = new_core()
    fill_table(core)
    stranger = Stranger(core)
    put(stranger, **signed(5, b"a"))
    got = stranger.ask("get", target=mutable_target(KEY), **({} if known is None else {"seq": known}))
    assert got[b"seq"] == 5
    assert {name in got for name in (b"k", b"v", b"sig")} == {sent}
    assert len(got[b"token"]) == 8 and len(got[b"nodes"]) == 8 * 26


def test_bep44_get_of_what_is_not_there_gives_nodes_and_token() -> None:
    """BEP 44: the lookup goes on, and the asker may put."""
    core = new_core()
    fill_table(core)
    got = Stranger(core).ask("get", target=TARGET)
    assert set(got) == {b"id", b"nodes", b"token"} and len(got[b"nodes"]) == 8 * 26


def test_bep44_a_forged_put_costs_no_signature_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Size, token, seq and cas come first: Ed25519 is the dearest thing a stranger can make us do."""
    stranger = Stranger(new_core())
    put(stranger, **signed(5, b"a"))
    token = stranger.token(mutable_target(KEY))
    later, older, big = signed(6, b"b"), signed(4, b"b"), signed(6, b"x" * 997)

    def verify(*_: object) -> bool:
        raise AssertionError("a signature was checked")

    monkeypatch.setattr("dhtui.engine.keys.verify", verify)
    assert stranger.refused("put", token=b"forged", **later) == 203
    assert stranger.refused("put", token=token, **older) == 302
    assert stranger.refused("put", token=token, cas=1, **later) == 301
    assert stranger.refused("put", token=token, **big) == 205
