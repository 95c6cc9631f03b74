"""Who we are: the id for our address (BEP 42), and being read-only until we know that strangers reach us (BEP 43)."""

from __future__ import annotations

from random import Random

import pytest

from dhtui.engine.core import Core
from dhtui.engine.settings import SavedState, Settings
from dhtui.engine.upkeep.identity import (
    IDS_KEPT,
    MAX_CONTACTED,
    PROBE_SECONDS,
    REACHABLE_SECONDS,
    REST_SECONDS,
    Identity,
)
from dhtui.engine.upkeep.rounds import HOUSEKEEPING_SECONDS
from dhtui.engine.views.events import AddressChanged, IdChanged, ReachabilityChanged
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.ids import bep42_id, bep42_valid
from dhtui.engine.wire.krpc import FindNode, Ping, Query, encode_error, encode_response
from dhtui.text.node.details import detail_words

from .network import Answer, Network, Puppet, events_of, swarm

US: Addr = ("9.9.9.9", 6881)
ELSEWHERE: Addr = ("6.6.6.6", 6881)


def voter(net: Network, seen: Addr, ip: str = "") -> Puppet:
    """A node that tells everybody that it sees them at `seen`."""

    def answer(query: Query) -> Answer:
        return encode_response(query.tid, {b"id": puppet.id, b"nodes": b""}, seen)

    puppet = net.puppet(answer, ip=ip)
    return puppet


def outvote(net: Network, core: Core, seen: Addr, count: int = 10) -> list[Puppet]:
    """Let so many networks tell a core its address."""
    voters = [voter(net, seen) for _ in range(count)]
    net.meet(core, *voters)
    return voters


def saved(node_id: bytes, external: Addr | None = None) -> SavedState:
    return SavedState(node_id, external, ())


# ---- what is our own address -------------------------------------------------------------------------


def test_a_saved_address_is_not_that_of_a_run_beside_the_one_that_saved_it() -> None:
    """Two runs share a state folder: the second one has the id of its own, and may ask the first."""
    state = saved(bytes(20), US)
    alone = Identity(Settings(saved=state), ("0.0.0.0", 7000), Random(1), 0.0)
    beside = Identity(Settings(saved=state, anew=True), ("0.0.0.0", 7000), Random(1), 0.0)
    assert alone.is_own(US) and not beside.is_own(US)
    assert beside.is_own(("127.0.0.1", 7000)) and bep42_valid(beside.id, US[0])
    own = (US[0], 7000)
    for network in range(20):
        beside.heard(f"5.{network}.1.1", own, 1000.0 + network)
    assert beside.is_own(own) and not beside.is_own(US)
    named = Identity(Settings(saved=state, anew=True, external=US), ("0.0.0.0", 7000), Random(1), 0.0)
    assert named.is_own(US), "the user says so"


# ---- BEP 42: the id ----------------------------------------------------------------------------------


def test_bep42_a_changed_address_gives_a_new_id_and_keeps_the_table() -> None:
    """BEP 42: 10 networks agree on our address; our id changes to fit it, the table is kept."""
    net = Network()
    core = net.core(US[0])
    before = core.id
    heard = events_of(core)
    outvote(net, core, US, 9)
    assert core.id == before
    outvote(net, core, US, 1)
    assert core.id != before and bep42_valid(core.id, US[0])
    assert len(core.nodes()) == 10 and core._table.own == core.id
    assert [(e.old, e.new, e.voters) for e in heard if isinstance(e, AddressChanged)] == [(None, US, 10)]
    assert [(e.old, e.new) for e in heard if isinstance(e, IdChanged)] == [(before, core.id)]
    view = core.snapshot(net.now).identity
    assert (view.external, view.external_source, view.id_source, view.bep42) == (US, "vote", "bep42", "valid")


def test_bep42_we_answer_under_the_new_id_at_once() -> None:
    """After the change every answer and query carries the new id."""
    net = Network()
    core = net.core(US[0])
    outvote(net, core, US)
    asker = net.puppet()
    asker.query(core, FindNode(asker.id, bytes(20)))
    net.run(1.0)
    assert [getattr(reply, "id", None) for reply in asker.replies] == [core.id]
    assert [query.args.id for query in asker.queries if query.method == "ping"] == [core.id]


def test_bep42_a_liar_does_not_move_our_id() -> None:
    """One node, however often it answers, and a minority, however large, change nothing."""
    net = Network()
    core = net.core(US[0], external=None)
    outvote(net, core, US)
    mine = core.id
    liars = outvote(net, core, ELSEWHERE, 9)
    for _ in range(10):
        net.meet(core, liars[0])
    assert core.id == mine and core.identity.external == US


def test_bep42_off_the_id_stays_whatever_the_address() -> None:
    """BEP 42 off: the address is known, the id is not bound to it."""
    net = Network()
    core = net.core(US[0], bep42="off")
    before = core.id
    outvote(net, core, US)
    assert core.id == before and core.identity.external == US


def test_bep42_a_fixed_id_never_changes() -> None:
    """An id that the user set stays, and the verdict on it is told."""
    net = Network()
    fixed = bytes(range(20))
    core = net.core(US[0], id=fixed)
    outvote(net, core, US)
    view = core.snapshot(net.now).identity
    assert (core.id, view.id_source, view.bep42) == (fixed, "fixed", "invalid")


def test_bep42_the_users_own_address_outweighs_the_vote() -> None:
    """An address that the user gave is not voted away."""
    net = Network()
    core = net.core(US[0], external=US)
    assert bep42_valid(core.id, US[0])
    before = core.id
    outvote(net, core, ELSEWHERE, 9)
    assert (core.id, core.identity.external) == (before, US)
    assert core.snapshot(net.now).identity.external_source == "user"


def test_bep42_an_id_that_fits_already_is_kept() -> None:
    """The vote confirms our address: nothing changes."""
    net = Network()
    mine = bep42_id(US[0], Random(1))
    core = net.core(US[0], saved=saved(mine, US))
    outvote(net, core, US)
    assert core.id == mine and core.snapshot(net.now).identity.id_source == "saved"


def test_bep42_an_address_that_changes_later_is_followed() -> None:
    """A new lease: once the new address has the majority the id follows, at most once in 30 minutes."""
    net = Network()
    core = net.core(US[0], maintain=False)
    outvote(net, core, US)
    mine = core.id
    net.run(REST_SECONDS - 60)
    outvote(net, core, ELSEWHERE, 11)
    assert (core.identity.external, core.id) == (US, mine)
    net.run(60 + HOUSEKEEPING_SECONDS)
    assert core.identity.external == ELSEWHERE and bep42_valid(core.id, ELSEWHERE[0])


def test_bep42_a_port_that_changes_is_followed_at_once() -> None:
    """The id does not depend on it, and our probe goes there."""
    net = Network()
    core = net.core(US[0])
    outvote(net, core, US)
    mine = core.id
    outvote(net, core, (US[0], 7000), 11)
    assert core.identity.external == (US[0], 7000) and core.id == mine


def test_bep42_an_address_that_comes_back_brings_its_id_back() -> None:
    """Whoever made us leave it has not made us a stranger to our neighbours."""
    net = Network()
    core = net.core(US[0], maintain=False)
    outvote(net, core, US)
    mine = core.id
    net.run(REST_SECONDS)
    outvote(net, core, ELSEWHERE, 11)
    assert core.id != mine
    net.run(REST_SECONDS)
    outvote(net, core, US, 33)
    assert core.identity.external == US and core.id == mine


def test_bep42_the_earlier_ids_are_bounded() -> None:
    """The last 8 addresses, however often we move."""
    identity = Identity(Settings(), ("0.0.0.0", 6881), Random(1), 0.0)
    for place in range(30):
        now = place * REST_SECONDS
        for i in range(200):
            identity.heard(f"30.{place}.{i}.1", (f"9.9.{place}.9", 1), now)
        identity.id_for_address()
        assert identity.external == (f"9.9.{place}.9", 1)
    assert len(identity._ids) == IDS_KEPT


def test_bep42_three_quick_liars_do_not_decide_at_the_start() -> None:
    """The first result waits for 10 voices, or 15 s after the first one: by then the honest are heard."""
    net = Network()
    core = net.core(US[0])
    before = core.id
    outvote(net, core, ELSEWHERE, 3)
    assert (core.identity.external, core.id) == (None, before)
    outvote(net, core, US, 7)
    assert core.identity.external == US and bep42_valid(core.id, US[0])


def test_bep42_three_networks_suffice_after_a_while() -> None:
    """A small network: the vote is counted again without another voice, well within a minute."""
    net = Network()
    core = net.core(US[0])
    outvote(net, core, US, 3)
    assert core.identity.external is None
    net.run(30.0)
    assert core.identity.external == US and bep42_valid(core.id, US[0])


def test_bep42_one_24_never_moves_our_id() -> None:
    """One network has one voice, however many of its hosts answer, and whatever they are asked for."""
    net = Network()
    core = net.core(US[0])
    before = core.id
    net.meet(core, *(voter(net, ELSEWHERE, f"66.6.6.{i}") for i in range(1, 80)))
    net.run(60.0)
    assert (core.identity.external, core.id, core.identity.voters) == (None, before, 1)


def test_bep42_a_querier_that_is_pinged_has_no_voice() -> None:
    """Whoever asks us something gets a ping: its answer would be a voice for the asking."""
    net = Network()
    core = net.core(US[0], maintain=False)
    for _ in range(20):
        puppet = voter(net, ELSEWHERE)
        puppet.query(core, Ping(puppet.id))
    net.run(60.0)
    assert len(core.nodes()) > 8 and core.identity.voters == 0


def test_bep42_an_error_has_no_voice() -> None:
    """It costs nothing to refuse."""
    net = Network()
    core = net.core(US[0])
    net.meet(core, *(net.puppet(lambda query: encode_error(query.tid, 201, "no", ELSEWHERE)) for _ in range(12)))
    assert core.identity.voters == 0


def test_bep42_a_saved_address_is_only_where_a_run_starts() -> None:
    """The first result of the run's own vote may be another, whoever wrote the old one."""
    net = Network()
    core = net.core(US[0], saved=saved(bep42_id(ELSEWHERE[0], Random(1)), ELSEWHERE))
    outvote(net, core, US)
    assert core.identity.external == US and bep42_valid(core.id, US[0])


def test_bep42_a_fresh_node_behind_a_nat_has_its_address_within_a_minute() -> None:
    """The vote of those whom the way in leads to."""
    net = Network()
    others = swarm(net, 20)
    hosts = tuple("{}:{}".format(*core.identity.bound) for core in others[:3])
    core = net.core(US[0], hosts=hosts, read_only=None)
    net.walls.add(US)
    net.bootstrap(core)
    net.run(30.0)
    assert core.identity.external == US and bep42_valid(core.id, US[0])


@pytest.mark.parametrize(
    ("external", "bep42", "source"),
    [(US, "prefer", "bep42"), (None, "prefer", "saved"), (US, "off", "saved"), (ELSEWHERE, "prefer", "bep42")],
)
def test_bep42_a_saved_id_is_used_while_it_fits(external: Addr | None, bep42: str, source: str) -> None:
    """At the start: the saved id, unless we know an address that it does not fit."""
    net = Network()
    core = net.core(US[0], saved=saved(bytes(20), external), bep42=bep42)
    assert core.identity.id_source == source
    assert (core.id == bytes(20)) == (source == "saved")


def test_bep42_local_addresses_are_exempt() -> None:
    """On loopback and private networks any id fits."""
    net = Network()
    core = net.core("127.0.0.1")
    before = core.id
    net.meet(core, *(voter(net, ("127.0.0.1", 6881), f"127.0.0.{i}") for i in range(2, 6)))
    assert core.identity.external == ("127.0.0.1", 6881) and core.id == before
    assert core.snapshot(net.now).identity.bep42 == "exempt"


def test_bep42_service_is_never_refused_to_an_id_that_does_not_fit() -> None:
    """BEP 42, even enforced: queries from any id are answered."""
    net = Network()
    core = net.core(bep42="enforce")
    asker = net.puppet()
    assert not bep42_valid(asker.id, asker.addr[0])
    asker.query(core, FindNode(asker.id, bytes(20)))
    net.run(1.0)
    assert len(asker.replies) == 1 and len(core.nodes()) == 0


# ---- BEP 43: read-only -------------------------------------------------------------------------------


def says_ro(net: Network, core: Core) -> bool:
    """Whether the core's next query carries ``ro``."""
    puppet = net.puppet()
    net.ping(core, puppet.addr)
    return puppet.queries[-1].read_only


def test_read_only_until_we_know_that_strangers_reach_us() -> None:
    """BEP 43: at first queries carry ro=1 and strangers get no answer; why is shown."""
    net = Network()
    core = net.core(read_only=None)
    assert says_ro(net, core)
    view = core.snapshot(net.now).reachability
    assert (view.state, view.read_only) == ("unknown", True)
    assert detail_words(view.why) == "no stranger has contacted us yet"
    friend = net.puppet()
    net.meet(core, friend)
    friend.query(core, Ping(friend.id))
    net.run(5.0)
    assert friend.replies == [], "it was contacted before: a NAT would let its query in"
    assert says_ro(net, core)


def test_read_only_ends_with_an_unsolicited_query() -> None:
    """A query from somebody whom we never contacted proves that we are reachable: it is answered already."""
    net = Network()
    core = net.core(read_only=None)
    heard = events_of(core)
    stranger = net.puppet()
    stranger.query(core, Ping(stranger.id))
    net.run(1.0)
    assert len(stranger.replies) == 1 and not says_ro(net, core)
    assert [e.reachable for e in heard if isinstance(e, ReachabilityChanged)] == [True]
    view = core.snapshot(net.now).reachability
    assert (view.state, view.read_only) == ("reachable", False)
    assert detail_words(view.why) == "a node that we never contacted asked us something"


def test_read_only_another_port_of_a_contacted_address_proves_nothing() -> None:
    """A NAT that minds addresses, not ports, lets in what comes from an address that we have sent to."""
    net = Network()
    core = net.core(read_only=None)
    friend = net.puppet()
    net.meet(core, friend)
    other_port = net.puppet(ip=friend.addr[0], port=7000)
    other_port.query(core, Ping(other_port.id))
    net.run(1.0)
    assert other_port.replies == [] and says_ro(net, core)


def test_read_only_ends_when_our_own_probe_comes_back() -> None:
    """The probe: a ping to our external address from another socket. Where it arrives, strangers do."""
    net = Network()
    core = net.core(US[0], read_only=None)
    heard = events_of(core)
    outvote(net, core, US)
    net.run(15.0)
    probes = net.queries(source=(US[0], 50_000), dest=US)
    assert len(probes) == 1
    assert not says_ro(net, core)
    assert [e.reachable for e in heard if isinstance(e, ReachabilityChanged)] == [True]
    assert (
        detail_words(core.snapshot(net.now).reachability.why) == "our own probe came back through the external address"
    )
    assert net.queries(source=US, dest=(US[0], 50_000)) == [], "it is consumed, not answered"


def test_read_only_stays_where_the_probe_does_not_come_back() -> None:
    """Behind a NAT that lets nobody in: read-only for ever, and a probe a minute."""
    net = Network()
    core = net.core(US[0], read_only=None)
    net.walls.add(US)
    outvote(net, core, US)
    net.run(10 * PROBE_SECONDS)
    assert 9 <= len(net.queries(source=(US[0], 50_000))) <= 11
    assert says_ro(net, core)


def test_a_probe_that_stays_on_the_machine_proves_nothing_and_ends_read_only() -> None:
    """Where the external address is the machine's own, no NAT is in the way; a firewall may be, which none tested."""
    net = Network()
    core = net.core(US[0], read_only=None)
    net.walls.add(US)
    heard = events_of(core)
    outvote(net, core, US)
    core.probe_stayed(net.now)
    view = core.snapshot(net.now).reachability
    assert (view.state, view.read_only) == ("unknown", False) and not says_ro(net, core)
    assert "our own probe would not leave this machine" in detail_words(view.why)
    assert "a firewall may be" in detail_words(view.read_only_why)
    assert not [e for e in heard if isinstance(e, ReachabilityChanged)]
    stranger = net.puppet()
    net.walls.discard(US)
    stranger.query(core, Ping(stranger.id))
    net.run(1.0)
    view = core.snapshot(net.now).reachability
    assert (view.state, detail_words(view.why)) == ("reachable", "a node that we never contacted asked us something")


def test_at_a_new_external_address_it_is_not_known_whether_a_nat_is_in_the_way() -> None:
    identity = Identity(Settings(external=US), ("0.0.0.0", 6881), Random(1), 0.0)
    assert identity.probe_stayed() and not identity.probe_stayed() and not identity.read_only(0.0)
    identity.rebound(("0.0.0.0", 6882), 1.0)
    assert identity.read_only(1.0)


def test_without_a_port_our_external_address_has_the_port_that_is_bound() -> None:
    identity = Identity(Settings(external=(US[0], 0)), ("0.0.0.0", 7001), Random(1), 0.0)
    probe = identity.probe(0.0)
    assert identity.external == (US[0], 7001) and probe is not None and probe[1] == (US[0], 7001)


def test_read_only_a_guessed_probe_proves_nothing_and_a_real_one_counts_once() -> None:
    """A probe is known by its 8 random bytes; with another transaction id it is any stranger's query."""
    identity = Identity(Settings(external=US), ("0.0.0.0", 6881), Random(1), 0.0)
    assert identity.proved_by_probe(b"", 0.0) is None
    probe = identity.probe(0.0)
    assert probe is not None and probe[1] == US
    assert identity.proved_by_probe(b"guess...", 1.0) is None
    tid = probe[0].partition(b"1:t8:")[2][:8]
    assert identity.proved_by_probe(tid, 1.0) is True
    assert identity.proved_by_probe(tid, 2.0) is None


def test_read_only_a_proof_is_good_for_30_minutes() -> None:
    """Reachability has to be shown again and again."""
    identity = Identity(Settings(), ("0.0.0.0", 6881), Random(1), 0.0)
    assert identity.proved_by_query(("8.8.8.8", 1), 10.0)
    assert identity.reachable(10.0 + REACHABLE_SECONDS - 1) and not identity.reachable(10.0 + REACHABLE_SECONDS)
    assert not identity.proof_wanted(11.0) and identity.proof_wanted(11.0 + REACHABLE_SECONDS / 2)


def test_read_only_a_new_external_address_has_to_be_proved_anew() -> None:
    """What was true of the old address need not be true of the new one."""
    net = Network()
    core = net.core(US[0], read_only=None)
    stranger = net.puppet()
    stranger.query(core, Ping(stranger.id))
    net.run(1.0)
    assert not core.identity.read_only(net.now)
    outvote(net, core, ELSEWHERE)
    assert core.identity.read_only(net.now)


@pytest.mark.parametrize(("forced", "answers"), [(True, 0), (False, 1)])
def test_read_only_can_be_forced_either_way(forced: bool, answers: int) -> None:
    """One-shot runs are read-only whoever contacts them; or a node is told that it is reachable."""
    net = Network()
    core = net.core(read_only=forced)
    stranger = net.puppet()
    stranger.query(core, FindNode(stranger.id, bytes(20)))
    net.run(1.0)
    assert len(stranger.replies) == answers
    assert says_ro(net, core) == forced
    assert core.snapshot(net.now).reachability.read_only == forced


def test_read_only_forced_answers_nobody_not_even_with_errors() -> None:
    """BEP 43: a read-only node answers no query, malformed ones neither."""
    net = Network()
    core = net.core("10.0.0.1", read_only=True)
    asker = net.puppet(ip="10.0.0.2")
    net.send(b"d1:ade1:q4:ping1:t2:aa1:y1:qe", asker.addr, core.identity.bound)
    asker.query(core, Ping(asker.id))
    net.run(1.0)
    assert asker.replies == []


def test_read_only_unforced_answers_its_own_network() -> None:
    """A node that only does not know yet whether strangers reach it answers its own network all the same."""
    net = Network()
    core = net.core(read_only=None)
    neighbour = net.puppet(ip="10.0.0.2")
    net.meet(core, neighbour)
    neighbour.query(core, Ping(neighbour.id))
    net.run(1.0)
    assert len(neighbour.replies) == 1 and says_ro(net, core)


def test_read_only_a_node_on_loopback_is_reachable_from_the_start() -> None:
    """Everybody on this host reaches it: nothing to find out."""
    net = Network()
    core = net.core("127.0.0.1", read_only=None)
    assert not says_ro(net, core)
    assert core.snapshot(net.now).reachability.state == "reachable"


def test_read_only_what_nobody_has_shown_is_not_said() -> None:
    """A node that nobody has met answers strangers, though it is not known whether any can reach it."""
    net = Network()
    core = net.core("127.0.0.1", read_only=None)
    core.identity.met = False
    view = core.snapshot(net.now).reachability
    assert (view.state, view.read_only, detail_words(view.read_only_why)) == (
        "unknown",
        False,
        "strangers may reach us",
    )
    net.meet(core, net.puppet())
    view = core.snapshot(net.now).reachability
    assert (view.state, detail_words(view.read_only_why)) == ("reachable", "strangers reach us")


def test_read_only_once_reachable_we_make_ourselves_known() -> None:
    """From then on others may admit us: our own neighbourhood is looked up at once, without ro."""
    net = Network()
    core = net.core(read_only=None)
    neighbour = net.puppet()
    net.meet(core, neighbour)
    net.run(60.0)
    assert neighbour.methods() == ["ping"]
    stranger = net.puppet()
    stranger.query(core, Ping(stranger.id))
    net.run(20.0)
    assert neighbour.methods() == ["ping", "find_node"]
    assert not neighbour.queries[-1].read_only


def test_the_memory_of_contacted_addresses_is_bounded() -> None:
    """At most 8192 contacted addresses are remembered; the latest stay."""
    identity = Identity(Settings(), ("0.0.0.0", 6881), Random(1), 0.0)
    addrs: list[Addr] = [(f"{30 + i // 65536}.{i // 256 % 256}.{i % 256}.1", 1) for i in range(MAX_CONTACTED + 100)]
    for addr in addrs:
        identity.contacted(addr)
    assert not identity.proved_by_query(addrs[-1], 0.0)
    assert not identity.proved_by_query(addrs[100], 0.0)
    assert identity.proved_by_query(addrs[0], 0.0)


def test_read_only_again_is_told_to_listeners() -> None:
    """Reachability that was not shown again for 30 minutes is gone, and listeners hear of it."""
    net = Network()
    core = net.core(read_only=None)
    stranger = net.puppet()
    stranger.query(core, Ping(stranger.id))
    net.run(1.0)
    heard = events_of(core)
    net.run(REACHABLE_SECONDS + 60.0)
    assert core.identity.read_only(net.now)
    assert [e.reachable for e in heard if isinstance(e, ReachabilityChanged)] == [False]
