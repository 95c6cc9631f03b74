"""Defences: the rate limit, the user's bans, proof, the budget for replies, the blocklist, the vote on our address."""

from __future__ import annotations

from random import Random

import pytest

from dhtui.engine.defence.guard import (
    MAX_MUTED,
    MAX_PROVED,
    MAX_TRACKED,
    MAX_VOTERS,
    NET_BYTES,
    PROOF_SECONDS,
    PROVED_A_NET,
    TELL_SECONDS,
    AddressVote,
    Bans,
    Proved,
    RateLimiter,
    ReplyBudget,
)
from dhtui.engine.defence.shrink import shrink
from dhtui.engine.outcome import Status
from dhtui.engine.views.events import Banned
from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.krpc import FindNode, Ping, encode_query
from dhtui.text.node.details import detail_words

from ..network import Network, events_of, naming

IP = "8.8.8.8"
LOCAL = ["127.0.0.1", "10.0.0.1", "192.168.3.4", "172.31.0.1", "169.254.3.3"]


def public_ip(i: int) -> str:
    """One of 2^24 public addresses, in a /24 of its own."""
    return f"{20 + (i >> 16)}.{i >> 8 & 255}.{i & 255}.1"


# ---- rate limit --------------------------------------------------------------------------------------


def allowed(limiter: RateLimiter, count: int, start: float, ip: str = IP, gap: float = 0.001) -> int:
    return sum(limiter.allow(ip, start + i * gap) for i in range(count))


def test_defence_10_seconds_worth_at_once_then_5_a_second() -> None:
    """A bucket, not a ban: 50 at once, and then each fifth of a second one more, whatever comes in between."""
    limiter = RateLimiter(5.0)
    assert allowed(limiter, 60, 0.0, gap=0.0) == 50
    assert allowed(limiter, 1000, 0.0, gap=0.01) == 49, "5 a second, at a hundred a second"
    assert allowed(limiter, 60, 30.0, gap=0.0) == 50


def test_defence_5_a_second_for_ever_are_welcome() -> None:
    """Just at the limit nobody is muted."""
    limiter = RateLimiter(5.0)
    assert allowed(limiter, 5000, 0.0, gap=0.2) == 5000


def test_defence_the_limit_is_for_each_address() -> None:
    """One that sends too much does not silence its neighbours."""
    limiter = RateLimiter(5.0)
    assert allowed(limiter, 100, 0.0) == 50
    assert allowed(limiter, 50, 0.0, "8.8.8.9") == 50


@pytest.mark.parametrize("ip", LOCAL)
def test_defence_local_addresses_are_exempt_by_default(ip: str) -> None:
    """Loopback and private addresses may send as much as they like, unless told otherwise."""
    for bind, wanted in ((False, 80), (True, 50)):
        net = Network()
        core = net.core("10.9.9.9", rate_limit_local=bind, reply_quota=1000)
        puppet = net.puppet(ip=ip)
        flood(net, puppet.addr, core.identity.bound, 80)
        net.run(1.0)
        assert len(puppet.replies) == wanted


@pytest.mark.parametrize(("rate", "wanted"), [(0.0, 1000), (0.01, 1), (0.1, 1), (1.0, 10), (20.0, 200)])
def test_defence_the_limit_can_be_set(rate: float, wanted: int) -> None:
    """Another rate, or 0 for none."""
    assert allowed(RateLimiter(rate), 1000, 0.0, gap=0.0) == wanted


def test_defence_what_is_tracked_is_bounded_and_swept() -> None:
    """A flood from forged addresses does not grow memory."""
    limiter = RateLimiter(0.1)
    for i in range(2 * MAX_TRACKED):
        ip = public_ip(i)
        assert limiter.allow(ip, i * 0.0001) and not limiter.allow(ip, i * 0.0001)
        limiter.muted(ip, i * 0.0001)
        assert limiter.hosts.used <= MAX_TRACKED
    assert limiter.count(2.0) == limiter.muted_hosts.used == MAX_MUTED
    limiter.sweep(400.0)
    assert limiter.muted_hosts.used == 0


def test_what_is_over_is_forgotten_as_others_come() -> None:
    """An address an hour, day after day: the watch keeps those of the last 10 s, not all there ever were."""
    limiter = RateLimiter(0.1)
    for hour in range(200):
        assert limiter.allow(f"40.0.{hour}.1", hour * 3600.0)
    assert limiter.hosts.used == 2


def test_defence_that_a_host_is_muted_is_told_once_in_5_minutes() -> None:
    """A flood fills no log."""
    limiter = RateLimiter(5.0)
    assert [limiter.muted(IP, now) for now in (0.0, 0.1, TELL_SECONDS - 1, TELL_SECONDS)] == [True, False, False, True]
    assert limiter.count(TELL_SECONDS + 9) == 1 and limiter.count(TELL_SECONDS + 10) == 0


def flood(net: Network, addr: Addr, dest: Addr, count: int) -> None:
    for _ in range(count):
        net.send(encode_query(b"tt", Ping(bytes(20)), True)[1], addr, dest)


def test_defence_a_flooder_is_muted_and_nothing_else() -> None:
    """50 answers at once and then 5 a second; it can be asked all the while, and the snapshot counts it."""
    net = Network()
    core = net.core()
    puppet = net.puppet()
    heard = events_of(core)
    flood(net, puppet.addr, core.identity.bound, 80)
    net.run(1.0)
    assert len(puppet.replies) == 50
    snapshot = core.snapshot(net.now)
    assert (snapshot.banned, snapshot.muted, snapshot.drops["rate limit"]) == (0, 1, 30)
    assert [error.cause for error in snapshot.errors] == ["rate limit"]
    assert [event for event in heard if isinstance(event, Banned)] == []
    assert net.ping(core, puppet.addr).answered == 1 and core._table.find(puppet.addr) is not None
    flood(net, puppet.addr, core.identity.bound, 1)
    net.run(10.0)
    assert len(puppet.replies) == 51 and core.snapshot(net.now).muted == 0


# ---- bans --------------------------------------------------------------------------------------------


def test_defence_who_is_banned_is_neither_heard_nor_asked() -> None:
    """The user's ban: packets dropped unread, nothing sent there, no place in the table, until it ends."""
    net = Network()
    core, puppet = net.core(maintain=False), net.puppet()
    net.meet(core, puppet)
    core.ban(puppet.addr[0], 300.0, net.now)
    flood(net, puppet.addr, core.identity.bound, 3)
    net.run(1.0)
    assert puppet.replies == [] and len(core.nodes()) == 0
    assert core.snapshot(net.now).banned == 1 and core.snapshot(net.now).drops == {"banned by the user": 3}
    outcome = net.ping(core, puppet.addr)
    assert [o.status for o in outcome.asked] == [Status.BANNED]
    net.run(300.0)
    assert core.snapshot(net.now).banned == 0 and net.ping(core, puppet.addr).answered == 1


def test_a_ban_can_be_seen_and_lifted() -> None:
    net = Network()
    core, puppet = net.core(maintain=False), net.puppet()
    heard = events_of(core)
    core.ban("192.0.2.1", 100.0, net.now)
    core.ban(puppet.addr[0], 300.0, net.now)
    assert core.bans(net.now + 50.0) == ((puppet.addr[0], 250.0), ("192.0.2.1", 50.0)), "the last one first"
    assert core.unban(puppet.addr[0], net.now) and not core.unban(puppet.addr[0], net.now)
    assert [ip for ip, _ in core.bans(net.now)] == ["192.0.2.1"] and core.bans(net.now + 100.0) == ()
    assert net.ping(core, puppet.addr).answered == 1
    told = [(event.ip, detail_words(event.why)) for event in heard if isinstance(event, Banned)]
    assert told[-1] == (puppet.addr[0], "lifted by the user")


def test_bans_are_bounded_and_swept() -> None:
    """At most 10,000; the oldest gives way."""
    bans = Bans()
    for i in range(MAX_TRACKED + 50):
        bans.add(public_ip(i), 60.0)
    assert bans.count(0.0) == MAX_TRACKED and not bans.has(public_ip(0), 0.0) and bans.has(public_ip(50), 0.0)
    bans.sweep(61.0)
    assert bans.level.used == 0


# ---- proof -------------------------------------------------------------------------------------------


def test_proof_lasts_15_minutes() -> None:
    """What was proved once need not hold for ever."""
    proved = Proved()
    proved.add(IP, 0.0)
    assert proved.has(IP, PROOF_SECONDS - 1) and not proved.has(IP, PROOF_SECONDS) and not proved.has("8.8.8.9", 0.0)
    proved.add(IP, 800.0)
    proved.sweep(PROOF_SECONDS)
    assert proved.has(IP, PROOF_SECONDS) and proved.level.used == 1
    proved.sweep(800.0 + PROOF_SECONDS)
    assert proved.level.used == 0 and proved._nets == {}


def test_proof_places_are_bounded_and_a_network_has_1_in_32() -> None:
    """A /24 that answers from all its addresses has the first 128 of them in 4096 places; of all, the oldest go."""
    proved = Proved()
    for i in range(256):
        proved.add(f"9.9.9.{i}", float(i))
    assert (
        proved.level.used == PROVED_A_NET == 128
        and proved.has("9.9.9.127", 256.0)
        and not proved.has("9.9.9.128", 256.0)
    )
    for i in range(MAX_PROVED):
        proved.add(public_ip(i), 300.0)
    assert proved.level.used == MAX_PROVED and not proved.has("9.9.9.127", 300.0)
    assert "9.9.9" not in proved._nets


@pytest.mark.parametrize("method", ["an answer", "a token"])
def test_proof_is_an_answer_or_a_write_token(method: str) -> None:
    """Both can only be had by receiving what we send: a query never proves anything."""
    net = Network()
    core, puppet = net.core(), net.puppet()
    puppet.query(core, FindNode(puppet.id, bytes(20)), read_only=True)
    net.run(1.0)
    assert not core.common.proved.has(puppet.addr[0], net.now)
    if method == "an answer":
        net.meet(core, puppet)
    else:
        other = net.core(puppet.addr[0], port=7000)
        net.announce(other, bytes(20), 1, remotes=[core.identity.bound])
    assert core.common.proved.has(puppet.addr[0], net.now)


# ---- the budget for replies --------------------------------------------------------------------------


def sent(budget: ReplyBudget, ip: str, now: float, size: int = 1000, got: int = 100) -> int:
    """The bytes of a reply that can be made as small as 100 bytes; 0: none."""
    room = budget.take(ip, got, size, now)
    if room >= size:
        return size
    return room if room >= 100 and budget.take(ip, 0, room, now) == room else 0


def test_budget_2_seconds_worth_and_the_last_half_for_the_proved() -> None:
    """Strangers from everywhere use up half of the bucket, with replies that become smaller; the proved have the
    rest, and it fills with time."""
    proved = Proved()
    budget = ReplyBudget(100_000, proved, 0.0)
    sizes = [sent(budget, public_ip(i), 0.0) for i in range(5000)]
    assert 99_000 < sum(sizes) <= 100_000 and sizes[:30] == [1000] * 30 and sizes[-1] == 0
    assert sizes == sorted(sizes, reverse=True)
    for i in range(200):
        proved.add(public_ip(9000 + i), 0.0)
    theirs = sum(sent(budget, public_ip(9000 + i), 0.0) for i in range(200))
    assert 90_000 < theirs <= 100_000
    assert sent(budget, IP, 0.5) == 0, "what comes in goes to the proved first"
    assert sent(budget, IP, 2.0) > 0


def test_budget_no_limits() -> None:
    """0 bytes a second means no limit."""
    budget = ReplyBudget(0, Proved(), 0.0)
    assert all(sent(budget, IP, 0.0, 10**6) == 10**6 and budget.afford(IP, 10**6, 0.0) for _ in range(3))


def test_budget_an_unproved_host_gets_one_full_reply_in_10_s_then_3_bytes_for_each() -> None:
    """Whoever is imitated gets little of what it never asked for."""
    budget = ReplyBudget(10**6, Proved(), 0.0)
    assert [sent(budget, IP, now) for now in (0.0, 0.0, 0.1, 9.9)] == [1000, 600, 300, 300]
    assert sent(budget, IP, 10.0) == 1000
    assert sent(budget, IP, 10.0, 400, 20) == 360, "3 bytes for each of the query that got the full reply, too"
    assert sent(budget, IP, 10.1, 400, 20) == 0, "what it asked with was too short"


def test_budget_a_proved_host_gets_all_it_asks_for() -> None:
    """No credit is counted for whoever has shown that it receives."""
    proved = Proved()
    budget = ReplyBudget(10**6, proved, 0.0)
    proved.add(IP, 0.0)
    assert [sent(budget, IP, 0.0) for _ in range(20)] == [1000] * 20


def test_budget_the_ping_to_a_newcomer_is_paid_from_its_credit() -> None:
    """Nothing besides the reply goes to an address that has not sent a third of it."""
    budget = ReplyBudget(10**6, Proved(), 0.0)
    assert not budget.afford(IP, 60, 0.0), "it asked nothing yet"
    sent(budget, IP, 0.0, got=30)
    assert budget.afford(IP, 60, 0.0) and not budget.afford(IP, 60, 0.0)


def test_budget_a_network_gets_64_kb_in_any_10_s() -> None:
    """All hosts of a /24, proved or not; the last half of the bucket is kept for the proved."""
    proved = Proved()
    budget = ReplyBudget(10**9, proved, 0.0)
    strangers = sum(sent(budget, f"9.9.9.{i % 200}", i * 0.01, got=1000) for i in range(1000))
    assert 15_000 < strangers <= 16_384
    for i in range(200, 256):
        proved.add(f"9.9.9.{i}", 0.0)
    friends = [sum(sent(budget, f"9.9.9.{200 + i % 56}", now) for i in range(100)) for now in (9.99, 10.0, 19.9)]
    assert 15_000 < friends[0] <= 16_384 and 31_000 < friends[1] <= NET_BYTES and friends[2] == 0
    assert sent(budget, "9.9.8.1", 19.9) == 1000, "its neighbours are not concerned"


def test_budget_what_is_tracked_is_bounded_and_swept() -> None:
    """A flood from forged addresses does not grow memory."""
    budget = ReplyBudget(10**9, Proved(), 0.0)
    for i in range(2 * MAX_TRACKED):
        sent(budget, public_ip(i), i * 0.00001)
        assert budget.hosts.used <= MAX_TRACKED >= budget.nets.used
    for now in (100.0, 200.0):
        sent(budget, IP, now)
    assert budget.hosts.used == 2 and budget.nets.used == 1


def test_defence_replies_keep_to_the_quota() -> None:
    """A flood from many addresses makes us send no more than the quota; local networks are exempt."""
    net = Network()
    core = net.core(reply_quota=2000)
    for _ in range(500):
        query = FindNode(net.rng.randbytes(20), bytes(20))
        net.send(encode_query(b"tt", query, True)[1], net.fresh_addr(), core.identity.bound)
    net.run(0.1)
    sent = sum(len(packet.data) for packet in net.packets if packet.source == core.identity.bound)
    assert 1800 < sent <= 2000
    assert core.snapshot(net.now).drops["reply quota"] > 400
    local = net.puppet(ip="10.1.1.1")
    local.query(core, Ping(local.id), read_only=True)
    net.run(0.1)
    assert len(local.replies) == 1


def test_defence_the_quota_binds_replies_not_our_own_queries() -> None:
    """What we want to know is not held up by what others ask."""
    net = Network()
    core = net.core(reply_quota=1, maintain=False)
    puppet = net.puppet()
    assert net.ping(core, puppet.addr).answered == 1


# ---- smaller replies ---------------------------------------------------------------------------------

BODY = {
    b"id": bytes(20),
    b"token": b"tokentok",
    b"nodes": b"".join(bytes([i]) * 26 for i in range(8)),
    b"values": [bytes([i]) * 6 for i in range(20)],
    b"v": b"x" * 900,
    b"k": bytes(32),
    b"sig": bytes(64),
    b"seq": 7,
}


def test_a_smaller_reply_loses_the_value_then_peers_then_the_farthest_nodes() -> None:
    """Id, token and seq stay; what is left is never more than was allowed, and no less than it need be."""
    whole = len(bencode.encode(BODY))
    before: dict[bytes, object] = dict(BODY)
    for most in range(whole - 1, -1, -1):
        left = shrink(BODY, most)
        if left is None:
            assert most < 80
            continue
        assert len(bencode.encode(left)) <= most
        assert set(left) <= set(before) and {b"id", b"token", b"seq"} <= set(left) and b"v" not in left
        assert b"nodes" not in left or BODY[b"nodes"].startswith(left[b"nodes"])  # type: ignore[attr-defined]
        assert left.get(b"nodes") == BODY[b"nodes"] or b"values" not in left
        before = left
    assert set(before) == {b"id", b"token", b"seq"}


def test_filters_go_first_and_samples_by_whole_ones() -> None:
    """A part of a bloom filter would be another filter; 20 bytes are an infohash."""
    nodes, samples = bytes(26 * 8), bytes(range(200)) * 2
    scraped = {b"id": bytes(20), b"BFsd": bytes(256), b"BFpe": bytes(256), b"nodes": nodes, b"token": b"t"}
    left = shrink(scraped, len(bencode.encode(scraped)) - 1)
    assert left is not None and set(left) == {b"id", b"nodes", b"token"} and left[b"nodes"] == nodes
    sampled = {b"id": bytes(20), b"interval": 60, b"nodes": nodes, b"num": 20, b"samples": samples}
    left = shrink(sampled, len(bencode.encode(sampled)) - 30)
    assert left is not None and left[b"nodes"] == nodes and left[b"samples"] == samples[:360]


# ---- blocklist ---------------------------------------------------------------------------------------


def test_defence_blocked_addresses_are_neither_heard_nor_asked() -> None:
    """An address on the blocklist is dropped unread, skipped in lookups, and refused to the user with the reason."""
    net = Network()
    blocked = net.puppet()
    core = net.core(blocks={blocked.addr[0]}, maintain=False)
    blocked.query(core, Ping(blocked.id))
    net.meet(core, net.puppet(naming(blocked.info)))
    outcome = net.find_node(core, blocked.id)
    direct = net.ping(core, blocked.addr)
    net.run(1.0)
    assert blocked.replies == [] and blocked.queries == []
    assert [o.status for o in outcome.asked][:1] == [Status.BLOCKED]
    assert [o.status for o in direct.asked] == [Status.BLOCKED]
    assert core.snapshot(net.now).drops["blocklist"] == 1


@pytest.mark.parametrize("addr", [("255.255.255.255", 6881), ("8.8.8.8", 0), ("224.0.0.251", 5353), ("0.0.0.0", 6881)])
def test_defence_nothing_is_sent_where_no_node_can_be(addr: Addr) -> None:
    """Broadcast, multicast, 0/8 and port 0: refused with the reason, and no packet goes out."""
    net = Network()
    core = net.core()
    outcome = net.ping(core, addr)
    assert [o.status for o in outcome.asked] == [Status.NO_ADDRESS]
    assert net.packets == []


def test_defence_a_packet_from_port_0_is_dropped() -> None:
    """An answer to port 0 could not be sent."""
    net = Network()
    core = net.core()
    flood(net, ("8.8.8.8", 0), core.identity.bound, 1)
    net.run(1.0)
    assert core.snapshot(net.now).drops == {"no unicast source": 1}


# ---- the vote ----------------------------------------------------------------------------------------


def votes(*seen: tuple[str, Addr]) -> AddressVote:
    vote = AddressVote(Random(1))
    for voter, addr in seen:
        vote.vote(voter, addr, 0.0)
    return vote


US: Addr = ("9.9.9.9", 6881)
THEM: Addr = ("6.6.6.6", 6881)


def test_bep42_vote_needs_3_networks() -> None:
    """BEP 42: two voters, one who votes often, or a whole /24, decide nothing."""
    assert votes(("1.1.1.1", US), ("1.1.2.1", US)).result() is None
    assert votes(*[("1.1.1.1", US)] * 50).result() is None
    assert votes(*((f"1.1.1.{i}", US) for i in range(256))).result() is None
    assert votes(("1.1.1.1", US), ("1.1.2.1", US), ("1.1.3.1", US)).result() == US


def test_bep42_vote_needs_a_majority() -> None:
    """BEP 42: half of the voices is not enough."""
    split = [("1.1.1.1", US), ("1.1.2.1", US), ("1.1.3.1", THEM), ("1.1.4.1", THEM)]
    assert votes(*split).result() is None
    assert votes(*split, ("1.1.5.1", US)).result() == US


def test_bep42_vote_the_latest_voice_of_a_voter_counts() -> None:
    """BEP 42: who changes its mind has one voice still."""
    assert votes(*((f"1.1.{i}.1", THEM) for i in range(3)), *((f"1.1.{i}.9", US) for i in range(3))).result() == US


def test_bep42_vote_a_new_address_wins_once_the_old_voices_are_outvoted() -> None:
    """At most 64 voices count, and a random one gives way, so that a changed address is noticed."""
    vote = votes(*((f"1.1.{i}.1", THEM) for i in range(200)))
    assert vote.voters == MAX_VOTERS == 64
    for i in range(80):
        vote.vote(f"2.2.{i}.1", US, 0.0)
    assert vote.result() == US and vote.voters == MAX_VOTERS


def test_bep42_vote_local_voters_can_not_tell_a_public_address() -> None:
    """A node of our own network sees another address of ours than the world does; and the reverse is a lie."""
    private: Addr = ("192.168.1.5", 6881)
    assert votes(*((f"192.168.1.{i}", US) for i in range(10, 15))).voters == 0
    assert votes(*((f"1.1.1.{i}", private) for i in range(10, 15))).voters == 0
    assert votes(*((f"192.168.1.{i}", private) for i in range(10, 15))).result() == private


def test_bep42_vote_the_port_that_most_of_the_majority_name() -> None:
    """Behind a NAT that gives every target another port the address is sure, the port the most frequent."""
    vote = votes(("1.1.1.1", ("9.9.9.9", 1)), ("1.1.2.1", ("9.9.9.9", 2)), ("1.1.3.1", ("9.9.9.9", 2)))
    assert vote.result() == ("9.9.9.9", 2)


def test_bep42_vote_is_ripe_with_10_voices_or_after_15_s() -> None:
    """A first result must not be that of whoever was quickest."""
    few = votes(*((f"1.1.{i}.1", US) for i in range(9)))
    assert not few.ripe(14.9) and few.ripe(15.0) and not votes().ripe(1e9)
    few.vote("1.1.9.1", US, 1.0)
    assert few.ripe(1.0)
