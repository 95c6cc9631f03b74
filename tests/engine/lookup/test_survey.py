"""The survey after the way in: nodes all over the network, asked for what lies opposite to them."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from dhtui.engine.core import Core
from dhtui.engine.lookup.policy import Policy
from dhtui.engine.lookup.survey import ALPHA, Survey
from dhtui.engine.settings import SavedState
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.network import Simulation
from dhtui.engine.simulation.passive_nodes import Population
from dhtui.engine.views.events import BootstrapProgress
from dhtui.engine.wire.compact import NodeInfo, is_local
from dhtui.engine.wire.krpc import FindNode
from dhtui.text.node.details import detail_words

from ..network import Network, Puppet, events_of, naming, silent


def crowd(net: Network, count: int) -> list[Puppet]:
    """Puppets that each name 8 others, together all of them."""
    puppets = [net.puppet() for _ in range(count)]
    for place, puppet in enumerate(puppets):
        puppet.answer = naming(*(puppets[(8 * place + step) % count].info for step in range(1, 9)))
    return puppets


def survey(net: Network, core: Core, *nodes: NodeInfo, queries: int = 1000) -> int:
    """How many answered a survey that began with `nodes`."""
    ended: list[int] = []
    Survey(
        core._sending, nodes, policy=Policy(survey=queries), done=lambda survey, now: ended.append(survey.answered)
    ).pump(net.now)
    net.after(core)
    net.run_until(lambda: bool(ended))
    assert len(ended) == 1
    return ended[0]


def test_every_node_is_asked_once_for_the_id_opposite_to_its_own() -> None:
    """From two nodes to all of the network; each is checked by the query that asks it."""
    net = Network()
    core, puppets = net.core(maintain=False), crowd(net, 60)
    assert survey(net, core, puppets[0].info, puppets[1].info) == 60
    for puppet in puppets:
        (query,) = puppet.queries
        assert isinstance(query.args, FindNode)
        assert bytes(a ^ b for a, b in zip(query.args.target, puppet.id, strict=True)) == b"\xff" * 20
    assert len(core._table.nearest_known(core.id, 1000)) == 60


def test_it_ends_after_so_many_queries() -> None:
    """It costs what was said and no more."""
    net = Network()
    core, puppets = net.core(maintain=False), crowd(net, 60)
    assert survey(net, core, puppets[0].info, queries=25) == 25
    assert sum(len(puppet.queries) for puppet in puppets) == 25


def test_no_more_than_32_are_in_flight_and_silent_ones_lose_their_place() -> None:
    """Who stalls holds nobody up, and nobody waits for the dead."""
    net = Network()
    core, puppets = net.core(maintain=False), crowd(net, 200)
    for puppet in puppets[50:90]:
        puppet.answer = silent
    most, ended = 0, list[int]()
    begin = [puppet.info for puppet in puppets[:100]]
    Survey(
        core._sending, begin, policy=Policy(survey=1000), done=lambda survey, now: ended.append(survey.answered)
    ).pump(net.now)
    net.after(core)
    while not ended:
        most = max(most, sum(query.soft_at > net.now for query in core._queries))
        net.run(0.01)
    assert most == ALPHA == 32
    assert ended == [160]
    assert core.statistics().queries.used, "late answers are still welcome"


def test_late_answers_of_an_ended_survey_begin_nothing() -> None:
    """What the last ones name is not asked any more."""
    net = Network()
    core, late, unasked = net.core(maintain=False), net.puppet(), net.puppet()
    late.answer = naming(unasked.info)
    net.slow[late.addr] = 1.0
    assert survey(net, core, late.info) == 0
    net.run(10.0)
    assert len(late.queries) == 1 and not unasked.queries
    assert core._table.find(late.addr) is not None


def test_one_node_a_slash_24_and_nobody_at_home() -> None:
    """A liar names its own, our own id, and services of the local network: one of its /24 is asked."""
    net = Network()
    core, liar = net.core(maintain=False), net.puppet(ip="60.1.1.1")
    own = [net.puppet(ip="60.2.2.%d" % n) for n in range(1, 5)]
    home = [net.puppet(ip="192.168.1.1"), net.puppet(ip="127.0.0.1")]
    us = NodeInfo(core.id, net.fresh_addr())
    liar.answer = naming(*(puppet.info for puppet in (*own, *home)), us)
    assert survey(net, core, liar.info) == 2
    assert sum(len(puppet.queries) for puppet in own) == 1
    assert not any(puppet.queries for puppet in home)
    assert us.addr not in {packet.dest for packet in net.packets}


def test_at_home_every_node_counts() -> None:
    """Among local nodes one address is all there is."""
    net = Network()
    core = net.core("127.0.0.1", maintain=False)
    others = [net.puppet(ip="127.0.0.1", port=7000 + n) for n in range(9)]
    others[0].answer = naming(*(puppet.info for puppet in others[1:]))
    assert survey(net, core, others[0].info) == 9
    assert all(is_local(puppet.addr[0]) for puppet in others)


def test_an_answer_under_another_id_names_nobody() -> None:
    """It counts as no answer."""
    net = Network()
    core, liar, other = net.core(maintain=False), net.puppet(), net.puppet()
    liar.answer = naming(other.info)
    assert survey(net, core, NodeInfo(b"x" * 20, liar.addr)) == 0
    assert not other.queries


# ---- when --------------------------------------------------------------------------------------------


def surveyed(settings: dict[str, Any]) -> tuple[list[str], Counter[bytes]]:
    """What a node among 20,000 said in its first 20 s, and how many it knows then in each sixteenth of the space."""
    simulation = Simulation(1, population=Population(20_000, 1, Conditions()))
    core = simulation.add(hosts=simulation.hosts(), **settings)
    heard = events_of(core)
    simulation.bootstrap(core)
    simulation.run(20.0)
    said = [detail_words(event.text) for event in heard if isinstance(event, BootstrapProgress)]
    known = core._table.nearest_known(core.id, 10_000)
    return said, Counter(bytes([contact.id[0] >> 4]) for contact in known)


def test_it_follows_the_way_in_and_reaches_all_of_the_network() -> None:
    """Some 330 nodes answer, in every sixteenth of the space about as many."""
    said, places = surveyed({})
    assert said[-2] == "a survey: up to 512 queries to nodes all over the network"
    assert (over := re.fullmatch(r"the survey is over: (\d+) nodes answered", said[-1])) and int(over[1]) > 300
    assert min(places[bytes([place])] for place in range(16)) >= 12, "not only in our own corner"


def test_it_is_left_out_where_enough_are_known_or_nobody_stays() -> None:
    """Saved nodes of an earlier run do as well; a one-shot run asks only what it was told to."""
    population = Population(20_000, 1, Conditions())
    members = [population.member(n) for n in range(600)]
    saved = SavedState(b"i" * 20, None, tuple(NodeInfo(member.id, member.addr) for member in members))
    for settings in ({"saved": saved}, {"maintain": False}, {"policy": Policy(survey=0)}):
        said, _ = surveyed(settings)
        assert not any("survey" in text for text in said)
