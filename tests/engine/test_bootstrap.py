"""Finding a way into the network: saved nodes first, then bootstrap hosts; and again when all nodes are lost."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dhtui.engine.core import Core
from dhtui.engine.settings import PUBLIC_BOOTSTRAP, SavedState
from dhtui.engine.upkeep.bootstrap import MAX_HOSTS, RETRY_SECONDS
from dhtui.engine.upkeep.rounds import HOUSEKEEPING_SECONDS
from dhtui.engine.views.events import BootstrapProgress
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.text.node.details import detail_words

from .network import Network, Puppet, events_of, naming, silent, swarm


def name(puppet: Puppet) -> str:
    return "{}:{}".format(*puppet.addr)


def community(net: Network, count: int = 10) -> list[Puppet]:
    """Puppets that name each other."""
    puppets = [net.puppet() for _ in range(count)]
    for puppet in puppets:
        puppet.answer = naming(*(other.info for other in puppets[:8]))
    return puppets


def saved(*nodes: NodeInfo) -> SavedState:
    return SavedState(bytes(range(20)), None, nodes)


def stale(net: Network, count: int) -> tuple[NodeInfo, ...]:
    """Nodes that are gone."""
    return tuple(NodeInfo(net.rng.randbytes(20), net.fresh_addr()) for _ in range(count))


def states(core: Core, net: Network) -> list[str]:
    return [source.state for source in core.snapshot(net.now).bootstrap.sources]


def state(core: Core, net: Network) -> str:
    return core.snapshot(net.now).bootstrap.state


# ---- saved nodes -------------------------------------------------------------------------------------


def test_refresh_saved_nodes_first_and_then_compared_with_the_hosts() -> None:
    """Saved nodes are a way in by themselves; that they are of the hosts' network is found out behind the scenes."""
    net = Network()
    old = community(net, 8)
    core = net.core(hosts=(name(old[7]),), saved=saved(*(puppet.info for puppet in old)), maintain=False)
    net.bootstrap(core)
    view = core.snapshot(net.now).bootstrap
    assert view.state == "done" and detail_words(view.why) == "8 nodes answered" and core._bootstrapping.comparing
    net.run(5.0)
    assert not core._bootstrapping.comparing and len(core.nodes()) == 8
    assert [(s.name, s.state) for s in core.snapshot(net.now).bootstrap.sources] == [
        ("saved nodes (8)", "answered"),
        (name(old[7]), "answered"),
    ]


def test_saved_nodes_of_another_network_are_forgotten() -> None:
    """They answer and name each other, and can't be told by themselves: the hosts lead elsewhere."""
    net = Network()
    theirs, ours = community(net, 40), community(net, 12)
    core = net.core(hosts=(name(ours[9]),), saved=saved(*(puppet.info for puppet in theirs)), maintain=False)
    net.bootstrap(core)
    assert core.snapshot(net.now).bootstrap.state == "done"
    net.run(5.0)
    assert states(core, net) == ["disagrees", "answered"]
    remembered = {node.addr for node in core.saved_state().nodes}
    assert remembered and remembered <= {puppet.addr for puppet in ours}
    target = net.rng.randbytes(20)
    assert {node.addr for node in net.find_node(core, target).asked} <= {puppet.addr for puppet in ours}


def test_a_lookup_before_that_is_known_asks_the_hosts_too() -> None:
    """A one-shot run does not wait for the comparison: its own lookup begins at both ends."""
    net = Network()
    theirs, ours = community(net, 40), community(net, 12)
    core = net.core(hosts=(name(ours[9]),), saved=saved(*(puppet.info for puppet in theirs)), maintain=False)
    net.bootstrap(core)
    assert core._bootstrapping.comparing
    asked = {node.addr for node in net.find_node(core, net.rng.randbytes(20)).asked}
    assert asked & {puppet.addr for puppet in theirs}
    assert ours[9].addr in asked and len(asked & {puppet.addr for puppet in ours}) > 1


def test_hosts_that_lead_to_a_much_smaller_network_are_not_believed() -> None:
    """Whoever answers for the hosts must not be able to take the saved nodes away."""
    net = Network()
    theirs, few = community(net, 40), community(net, 2)
    own = saved().id
    for nth, puppet in enumerate(theirs):
        puppet.id = own[:8] + bytes([nth]) + puppet.id[9:]
    core = net.core(hosts=(name(few[0]),), saved=saved(*(puppet.info for puppet in theirs)), maintain=False, id=own)
    net.bootstrap(core)
    before = {node.addr for node in core.saved_state().nodes}
    net.run(5.0)
    assert states(core, net)[0] == "answered"
    assert before <= {node.addr for node in core.saved_state().nodes}


def test_silent_hosts_say_nothing_against_saved_nodes() -> None:
    net = Network()
    old = community(net, 8)
    names = ("nowhere.example:1", name(net.puppet(silent)))
    net.names["nowhere.example:1"] = "no such name"
    core = net.core(hosts=names, saved=saved(*(puppet.info for puppet in old)), maintain=False)
    net.bootstrap(core)
    net.run(10.0)
    assert not core._bootstrapping.comparing and states(core, net) == ["answered", "unresolved", "silent"]
    assert len(core.nodes()) == 8


def test_refresh_saved_nodes_first_then_the_hosts() -> None:
    """Too few saved nodes answer: the hosts are asked as well."""
    net = Network()
    alone, others = net.puppet(), community(net)
    core = net.core(hosts=(name(others[9]),), saved=saved(alone.info, *stale(net, 5)))
    net.bootstrap(core)
    assert alone.queries[0].method == "find_node"
    first = min(packet.at for packet in net.queries(dest=others[9].addr))
    assert first > min(packet.at for packet in net.queries(dest=alone.addr))
    assert states(core, net) == ["answered", "answered"]
    assert len(core.nodes()) >= 8
    assert sum(bool(puppet.queries) for puppet in others) >= 8


@pytest.mark.parametrize("count", [1, 30])
def test_refresh_stale_saved_nodes_are_never_fatal(count: int) -> None:
    """All saved nodes are gone: we come in through the hosts."""
    net = Network()
    others = community(net)
    core = net.core(hosts=(name(others[0]),), saved=saved(*stale(net, count)))
    net.bootstrap(core)
    net.run(30.0)  # long enough to have found all of them silent
    view = core.snapshot(net.now).bootstrap
    assert view.state == "done" and states(core, net) == ["silent", "answered"]
    assert detail_words(view.sources[0].detail) == f"0 of {count} answered"


def test_refresh_stale_saved_nodes_cost_little_time() -> None:
    """200 stale saved nodes, as many as are ever saved, hold the hosts back for some seconds at most."""
    net = Network()
    others = community(net)
    core = net.core(hosts=(name(others[0]),), saved=saved(*stale(net, 200)))
    start = net.now
    net.bootstrap(core)
    assert net.queries(dest=others[0].addr)[0].at - start < 10.0


def test_refresh_saved_nodes_without_hosts() -> None:
    """With saved nodes alone the bootstrap ends well, or says that they are silent."""
    net = Network()
    core = net.core(saved=saved(net.puppet().info))
    net.bootstrap(core)
    assert core.snapshot(net.now).bootstrap.state == "done"
    core = net.core(saved=saved(*stale(net, 2)))
    net.bootstrap(core)
    view = core.snapshot(net.now).bootstrap
    assert view.state == "failed" and detail_words(view.why) == "nobody answered: saved nodes (2): 0 of 2 answered"


def test_what_was_saved_is_saved_again_while_nobody_is_known() -> None:
    """A run without a network must not cost the saved nodes."""
    net = Network()
    nodes = stale(net, 3)
    core = net.core(saved=saved(*nodes))
    net.bootstrap(core)
    assert core.saved_state().nodes == nodes


# ---- hosts -------------------------------------------------------------------------------------------


def test_bootstrap_hosts_the_public_list() -> None:
    """The public list: the hosts that were reported alive first, the two classic routers last."""
    assert PUBLIC_BOOTSTRAP == (
        "dht.libtorrent.org:25401",
        "dht.transmissionbt.com:6881",
        "router.bt.ouinet.work:6881",
        "router.bittorrent.com:6881",
        "router.utorrent.com:6881",
    )


def test_bootstrap_hosts_of_the_public_list_stay_out_of_the_table() -> None:
    """Routers answer everybody and store nothing: never in the table, never among the closest."""
    net = Network()
    others = community(net, 4)
    router = net.puppet(naming(*(puppet.info for puppet in others)))
    net.names[PUBLIC_BOOTSTRAP[0]] = (router.addr,)
    core = net.core(hosts=PUBLIC_BOOTSTRAP[:1])
    net.bootstrap(core)
    outcome = net.find_node(core, router.id)
    net.ping(core, router.addr)
    assert router.queries and core._table.find(router.addr) is None and len(core.nodes()) == 4
    assert router.addr not in {node.addr for node in outcome.closest} and len(outcome.closest) == 4


def test_bootstrap_hosts_that_the_user_named_come_in() -> None:
    """Plain nodes, as -bnodes names them, are nodes like all others."""
    net = Network()
    plain = net.puppet()
    core = net.core(hosts=(name(plain),))
    net.bootstrap(core)
    assert core._table.find(plain.addr) is not None
    assert [node.addr for node in net.find_node(core, plain.id).closest] == [plain.addr]


def test_bootstrap_hosts_all_are_asked_at_once_and_reported_one_by_one() -> None:
    """A host that answers, one that is silent, one without an address, one that is blocked: each is told."""
    net = Network()
    good, quiet, blocked = net.puppet(), net.puppet(silent), net.puppet()
    net.names["nowhere.example:1"] = "its name can't be resolved: no such host"
    hosts = (name(good), name(quiet), "nowhere.example:1", name(blocked))
    core = net.core(hosts=hosts, blocks={blocked.addr[0]})
    net.bootstrap(core)
    view = core.snapshot(net.now).bootstrap
    assert [(source.name, source.state) for source in view.sources] == list(
        zip(hosts, ["answered", "silent", "unresolved", "blocked"], strict=True)
    )
    assert [detail_words(source.detail) for source in view.sources] == [
        "in 40 ms",
        "no answer",
        "its name can't be resolved: no such host",
        "on the blocklist",
    ]
    assert view.state == "done"


def test_bootstrap_hosts_one_name_may_stand_for_several_addresses() -> None:
    """All addresses of a host are tried; one that answers is enough."""
    net = Network()
    quiet, good = net.puppet(silent), net.puppet()
    net.names["both.example:6881"] = (quiet.addr, good.addr)
    core = net.core(hosts=("both.example:6881",))
    net.bootstrap(core)
    assert states(core, net) == ["answered"] and quiet.queries


def test_bootstrap_hosts_nobody_answers() -> None:
    """The bootstrap fails by its deadline, and says what was tried."""
    net = Network()
    hosts = tuple(name(net.puppet(silent)) for _ in range(3))
    core = net.core(hosts=hosts)
    heard = events_of(core)
    start = net.now
    net.bootstrap(core)
    view = core.snapshot(net.now).bootstrap
    assert view.state == "failed" and net.now - start < 6.0
    assert detail_words(view.why) == "nobody answered: " + "; ".join(f"{host}: no answer" for host in hosts)
    assert [detail_words(e.text) for e in heard if isinstance(e, BootstrapProgress)] == [
        "asking 3 bootstrap hosts",
        detail_words(view.why),
    ]


def test_bootstrap_hosts_none_given_is_idle_not_failed() -> None:
    """With nobody to ask the node waits for others, and is not said to have failed."""
    net = Network()
    core = net.core()
    net.bootstrap(core)
    net.run(10 * RETRY_SECONDS)
    view = core.snapshot(net.now).bootstrap
    assert (view.state, detail_words(view.why)) == ("idle", "no bootstrap nodes were given")
    assert net.packets == []


# ---- again -------------------------------------------------------------------------------------------


def test_bootstrap_hosts_a_failed_bootstrap_is_tried_again_every_minute() -> None:
    """The network was away at the start: once it is back we are in within little more than a minute."""
    net = Network()
    host = net.puppet()
    net.dead.add(host.addr)
    core = net.core(hosts=(name(host),))
    net.bootstrap(core)
    assert state(core, net) == "failed"
    net.run(4 * RETRY_SECONDS)
    at = [packet.at for packet in net.queries(dest=host.addr)]
    tries = [b - a for a, b in pairwise(at) if b - a > 10]
    assert 2 <= len(tries) <= 4
    net.dead.clear()
    net.run(RETRY_SECONDS + 2 * HOUSEKEEPING_SECONDS)
    assert state(core, net) == "done" and len(core.nodes()) == 1


def test_bootstrap_hosts_are_resolved_anew_for_every_try() -> None:
    """A host whose name could not be looked up without a network is looked up again."""
    net = Network()
    host = net.puppet()
    net.names["late.example:6881"] = "no name server"
    core = net.core(hosts=("late.example:6881",))
    net.bootstrap(core)
    assert state(core, net) == "failed"
    net.names["late.example:6881"] = (host.addr,)
    net.run(RETRY_SECONDS + 2 * HOUSEKEEPING_SECONDS)
    assert state(core, net) == "done"


def test_bootstrap_hosts_are_asked_again_when_all_nodes_are_lost() -> None:
    """Every node of the table is bad: the way in is taken once more."""
    net = Network()
    host, friends = net.puppet(), community(net, 3)
    core = net.core(hosts=(name(host),))
    net.bootstrap(core)
    net.meet(core, *friends)
    for addr in (host.addr, *(friend.addr for friend in friends)):
        for _ in range(2):
            core._table.failed(addr, net.now)
    asked = len(host.queries)
    net.run(RETRY_SECONDS + 2 * HOUSEKEEPING_SECONDS)
    assert len(host.queries) > asked and len(core.nodes()) >= 1
    detail = core.contact(host.addr, net.now)
    assert detail is not None and detail.contact.state == "good"


def test_bootstrap_is_not_tried_again_by_one_shot_runs() -> None:
    """maintain=False: one try."""
    net = Network()
    host = net.puppet(silent)
    core = net.core(hosts=(name(host),), maintain=False)
    net.bootstrap(core)
    asked = len(host.queries)
    net.run(10 * RETRY_SECONDS)
    assert len(host.queries) == asked


def test_bootstrap_a_swarm_forms() -> None:
    """30 nodes that join one by one all know each other's neighbourhood."""
    net = Network()
    cores = swarm(net, 30)
    addrs: set[Addr] = {core.identity.bound for core in cores}
    for core in cores:
        assert core.snapshot(net.now).bootstrap.state == ("idle" if core is cores[0] else "done")
        assert len(core.nodes()) >= 8
        assert {contact.addr for contact in core.nodes()} < addrs


# ---- again, because the user says so -----------------------------------------------------------------


def test_it_is_said_when_it_is_tried_again_by_itself() -> None:
    net = Network()
    core = net.core(hosts=("192.0.2.9:6881",), maintain=True)
    net.bootstrap(core)
    left = core.snapshot(net.now).bootstrap.retry_in
    assert left is not None and 0 < left <= RETRY_SECONDS
    net.run(10.0)
    later = core.snapshot(net.now).bootstrap.retry_in
    assert later == pytest.approx(left - 10.0)
    community_host = community(net)[0]
    core.bootstrap_again((name(community_host),), net.now)
    net.after(core)
    net.run(5.0)
    assert core.snapshot(net.now).bootstrap.retry_in is None, "there are nodes"


@pytest.mark.parametrize("hosts", [(), ("192.0.2.9:6881",)], ids=["none given", "one that is silent"])
def test_a_host_that_is_named_later_is_asked_at_once(hosts: tuple[str, ...]) -> None:
    net = Network()
    entry = community(net)[0]
    core = net.core(hosts=hosts, maintain=False)
    net.bootstrap(core)
    assert state(core, net) in ("idle", "failed")
    core.bootstrap_again((name(entry),), net.now)
    net.after(core)
    assert state(core, net) == "running"
    net.run(5.0)
    assert state(core, net) == "done" and len(core.nodes()) >= 8
    assert states(core, net)[-1] == "answered"


def test_a_host_that_is_named_while_it_runs_is_asked_as_well() -> None:
    net = Network()
    entry = community(net)[0]
    core = net.core(hosts=("192.0.2.9:6881",), maintain=False)
    core.bootstrap(net.now)
    net.after(core)
    core.bootstrap_again((name(entry),), net.now)
    net.after(core)
    net.run(10.0)
    assert state(core, net) == "done" and core.snapshot(net.now).bootstrap.retry_in is None


def test_hosts_that_are_named_fill_no_memory() -> None:
    net = Network()
    core = net.core(maintain=False)
    for number in range(300):
        core.bootstrap_again((f"192.0.2.9:{number + 1}",), net.now)
        net.after(core)
    assert len(core.snapshot(net.now).bootstrap.sources) == MAX_HOSTS
    net.run(60.0)
    assert state(core, net) == "failed"
