"""Defences: rate limits and bans, the quota for replies, the blocklist, and the vote on our address."""

from __future__ import annotations

import pytest

from dhtui.engine.events import Banned
from dhtui.engine.guard import BAN_SECONDS, MAX_TRACKED, MAX_VOTERS, AddressVote, Quota, RateLimiter
from dhtui.engine.outcome import Status
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.krpc import FindNode, Ping, encode_query

from .network import Network, events_of, naming

IP = "8.8.8.8"
LOCAL = ["127.0.0.1", "10.0.0.1", "192.168.3.4", "172.31.0.1", "169.254.3.3"]


# ---- rate limit --------------------------------------------------------------------------------------


def allowed(limiter: RateLimiter, count: int, start: float, ip: str = IP, gap: float = 0.001) -> int:
    return sum(limiter.allow(ip, start + i * gap) for i in range(count))


def test_defence_more_than_5_a_second_over_10_s_are_ignored_for_5_minutes() -> None:
    """Up to 50 messages in 10 s are read; the next one has the address ignored for 5 minutes."""
    limiter = RateLimiter(5.0, bind_local=False)
    assert allowed(limiter, 60, 0.0) == 50
    assert limiter.banned(IP, 1.0) and limiter.count(1.0) == 1
    banned_at = 50 * 0.001
    assert not limiter.allow(IP, banned_at + BAN_SECONDS - 0.1)
    assert limiter.allow(IP, banned_at + BAN_SECONDS) and BAN_SECONDS == 300


def test_defence_5_a_second_for_ever_are_welcome() -> None:
    """Just at the limit nobody is ignored."""
    limiter = RateLimiter(5.0, bind_local=False)
    assert allowed(limiter, 5000, 0.0, gap=0.2) == 5000


def test_defence_the_limit_is_for_each_address() -> None:
    """One that sends too much does not silence its neighbours."""
    limiter = RateLimiter(5.0, bind_local=False)
    assert allowed(limiter, 100, 0.0) == 50
    assert allowed(limiter, 50, 0.0, "8.8.8.9") == 50


@pytest.mark.parametrize("ip", LOCAL)
def test_defence_local_addresses_are_exempt_by_default(ip: str) -> None:
    """Loopback and private addresses may send as much as they like, unless told otherwise."""
    assert allowed(RateLimiter(5.0, bind_local=False), 1000, 0.0, ip) == 1000
    assert allowed(RateLimiter(5.0, bind_local=True), 1000, 0.0, ip) == 50


@pytest.mark.parametrize(("rate", "wanted"), [(0.0, 1000), (1.0, 10), (20.0, 200)])
def test_defence_the_limit_can_be_set(rate: float, wanted: int) -> None:
    """Another rate, or 0 for none."""
    assert allowed(RateLimiter(rate, bind_local=False), 1000, 0.0) == wanted


def test_defence_what_is_tracked_is_bounded_and_swept() -> None:
    """A flood from forged addresses does not grow memory."""
    limiter = RateLimiter(0.1, bind_local=False)
    for i in range(2 * MAX_TRACKED):
        ip = f"{40 + i // 65536}.{i // 256 % 256}.{i % 256}.1"
        allowed(limiter, 2, i * 0.0001, ip)
    assert limiter.count(2.0) == MAX_TRACKED
    limiter.sweep(400.0)
    assert limiter.count(2.0) == 0


def test_what_is_over_is_forgotten_as_others_come() -> None:
    """An address an hour, day after day: the watch keeps those of the last 10 s, not all there ever were."""
    limiter = RateLimiter(0.1, bind_local=False)
    for hour in range(200):
        assert limiter.allow(f"40.0.{hour}.1", hour * 3600.0)
    assert len(limiter._windows) == 1


def flood(net: Network, addr: Addr, dest: Addr, count: int) -> None:
    for _ in range(count):
        net.send(encode_query(b"tt", Ping(bytes(20)), True)[1], addr, dest)


def test_defence_a_ban_is_told_once() -> None:
    """Listeners hear of a ban once, though many packets came in one batch."""
    net = Network()
    core = net.core()
    heard = events_of(core)
    flood(net, ("8.8.8.8", 1), core.identity.bound, 80)
    net.run(1.0)
    assert [(e.ip, e.until - e.at) for e in heard if isinstance(e, Banned)] == [("8.8.8.8", BAN_SECONDS)]


def test_defence_a_flooder_is_neither_heard_nor_asked() -> None:
    """Banned: its packets are dropped unread, nothing is sent to it, the snapshot counts it."""
    net = Network()
    core = net.core()
    puppet = net.puppet()
    flood(net, puppet.addr, core.identity.bound, 80)
    net.run(1.0)
    assert len(puppet.replies) == 50
    assert core.snapshot(net.now).banned == 1 and core.snapshot(net.now).drops["rate limit"] == 30
    outcome = net.ping(core, puppet.addr)
    assert [(o.status, o.note) for o in outcome.asked] == [(Status.BLOCKED, "banned for sending too much")]
    net.run(BAN_SECONDS + 10.0)
    assert net.ping(core, puppet.addr).answered == 1


def test_defence_a_flood_on_loopback_is_answered_unless_the_limit_binds_it() -> None:
    """The exemption of local addresses can be lifted."""
    for bind, wanted in ((False, 80), (True, 50)):
        net = Network()
        core = net.core("127.0.0.1", rate_limit_local=bind)
        puppet = net.puppet(ip="127.0.0.2")
        flood(net, puppet.addr, core.identity.bound, 80)
        net.run(1.0)
        assert len(puppet.replies) == wanted


# ---- quota -------------------------------------------------------------------------------------------


def test_defence_the_quota_gives_2_seconds_worth_and_fills_with_time() -> None:
    """Bytes a second: a burst of two seconds' worth, then the rate."""
    quota = Quota(1000, 0.0)
    assert [quota.take(500, 0.0) for _ in range(5)] == [True, True, True, True, False]
    assert quota.take(500, 0.5) and not quota.take(500, 0.5)
    assert quota.take(2000, 100.0) and not quota.take(1, 100.0), "it holds no more than two seconds' worth"


def test_defence_no_quota() -> None:
    """0 bytes a second means no limit."""
    assert all(Quota(0, 0.0).take(10**9, 0.0) for _ in range(3))


def test_defence_replies_keep_to_the_quota() -> None:
    """A flood from many addresses makes us send no more than the quota; local networks are exempt."""
    net = Network()
    core = net.core(reply_quota=2000)
    for _ in range(500):
        query = FindNode(net.rng.randbytes(20), bytes(20))
        net.send(encode_query(b"tt", query, True)[1], net.fresh_addr(), core.identity.bound)
    net.run(0.1)
    sent = sum(len(packet.data) for packet in net.packets if packet.source == core.identity.bound)
    assert 3500 < sent <= 4000 + 200
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
    assert [(o.status, o.note) for o in outcome.asked][:1] == [(Status.BLOCKED, "on the blocklist")]
    assert [o.status for o in direct.asked] == [Status.BLOCKED]
    assert core.snapshot(net.now).drops["blocklist"] == 1


@pytest.mark.parametrize("addr", [("255.255.255.255", 6881), ("8.8.8.8", 0), ("224.0.0.251", 5353), ("0.0.0.0", 6881)])
def test_defence_nothing_is_sent_where_no_node_can_be(addr: Addr) -> None:
    """Broadcast, multicast, 0/8 and port 0: refused with the reason, and no packet goes out."""
    net = Network()
    core = net.core()
    outcome = net.ping(core, addr)
    assert [(o.status, o.note) for o in outcome.asked] == [(Status.BLOCKED, "no unicast address and port")]
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
    vote = AddressVote()
    for voter, addr in seen:
        vote.vote(voter, addr)
    return vote


US: Addr = ("9.9.9.9", 6881)
THEM: Addr = ("6.6.6.6", 6881)


def test_bep42_vote_needs_3_distinct_voters() -> None:
    """BEP 42: two voters, or one who votes often, decide nothing."""
    assert votes(("1.1.1.1", US), ("1.1.1.2", US)).result() is None
    assert votes(*[("1.1.1.1", US)] * 50).result() is None
    assert votes(("1.1.1.1", US), ("1.1.1.2", US), ("1.1.1.3", US)).result() == US


def test_bep42_vote_needs_a_majority() -> None:
    """BEP 42: half of the voices is not enough."""
    split = [("1.1.1.1", US), ("1.1.1.2", US), ("1.1.1.3", THEM), ("1.1.1.4", THEM)]
    assert votes(*split).result() is None
    assert votes(*split, ("1.1.1.5", US)).result() == US


def test_bep42_vote_the_latest_voice_of_a_voter_counts() -> None:
    """BEP 42: who changes its mind has one voice still."""
    assert votes(*((f"1.1.1.{i}", THEM) for i in range(3)), *((f"1.1.1.{i}", US) for i in range(3))).result() == US


def test_bep42_vote_a_new_address_wins_once_the_old_voices_are_outvoted() -> None:
    """At most 64 voices count, so that a changed address is noticed."""
    vote = votes(*((f"1.1.{i}.1", THEM) for i in range(200)))
    assert vote.voters == MAX_VOTERS == 64
    for i in range(33):
        vote.vote(f"2.2.{i}.1", US)
    assert vote.result() == US


def test_bep42_vote_local_voters_can_not_tell_a_public_address() -> None:
    """A node of our own network sees another address of ours than the world does; and the reverse is a lie."""
    private: Addr = ("192.168.1.5", 6881)
    assert votes(*((f"192.168.1.{i}", US) for i in range(10, 15))).voters == 0
    assert votes(*((f"1.1.1.{i}", private) for i in range(10, 15))).voters == 0
    assert votes(*((f"192.168.1.{i}", private) for i in range(10, 15))).result() == private


def test_bep42_vote_the_port_that_most_of_the_majority_name() -> None:
    """Behind a NAT that gives every target another port the address is sure, the port the most frequent."""
    vote = votes(("1.1.1.1", ("9.9.9.9", 1)), ("1.1.1.2", ("9.9.9.9", 2)), ("1.1.1.3", ("9.9.9.9", 2)))
    assert vote.result() == ("9.9.9.9", 2)
