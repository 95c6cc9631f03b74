"""A walk stays polite and bounded, also among liars."""

from __future__ import annotations

from random import Random

from dhtui.engine.census.walk import (
    MAX_CANDIDATES,
    MAX_CLIENTS,
    MAX_STORED,
    NET_CANDIDATES,
    OTHER,
    Plan,
    Visit,
    Walk,
    planned,
)
from dhtui.engine.wire.compact import NodeInfo
from dhtui.engine.wire.family import IPV6
from dhtui.engine.wire.methods import GivenSamples

from .world import World

OWN = b"\xff" * 20
WHOLE = Plan(0, (0,))


def walk_of(plan: Plan = WHOLE) -> Walk:
    return Walk(plan, OWN, Random(1))


def node(i: int, ip: str = "") -> NodeInfo:
    return NodeInfo(i.to_bytes(4) * 5, (ip or f"{11 + i // 256}.{i % 256}.1.1", 6881))


def test_51_13_each_node_is_visited_once() -> None:
    """So no interval is ever cut short: whatever a node says, it is not asked again."""
    world = World(300, 0, 1)
    walk = walk_of(planned(300, 10_000, Random(1)))
    asked = []
    while not walk.done:
        walk.name(world.entry(walk.target()))
        while (near := walk.next()) is not None:
            asked.append(near.addr)
            visit, named = world.visit(near)
            more = world.answer(int.from_bytes(near.id), int.from_bytes(walk.target())) if visit.id else []
            walk.visited(visit, [*named, *more, near])
        walk.end_block()
    assert len(asked) == len(set(asked)) and walk.tally.nodes > 290


def test_it_goes_up_through_the_space() -> None:
    """The blocks in order, and within a block the lowest id that is known."""
    walk = walk_of()
    walk.name(node(i) for i in (9, 3, 7))
    first = walk.next()
    walk.name([node(1), node(5)])
    assert [first, *iter(walk.next, None)] == [node(i) for i in (3, 1, 5, 7, 9)]


def test_targets_lie_in_the_block() -> None:
    walk = walk_of(Plan(8, (3, 200)))
    assert {walk.target()[0] for _ in range(20)} == {3} and len({walk.target() for _ in range(20)}) > 1
    walk.end_block()
    assert walk.target()[0] == 200


def test_who_is_outside_is_not_visited_nor_counted() -> None:
    walk = walk_of(Plan(8, (0,)))
    outside = NodeInfo(b"\x70" * 20, ("203.0.113.1", 1))
    walk.name([outside, NodeInfo(bytes(20), ("0.0.0.0", 1)), NodeInfo(bytes(19) + b"1", ("203.0.113.2", 0))])
    assert walk.next() is None
    walk.visited(Visit(("203.0.113.3", 1), b"\x70" * 20, 0.1), ())  # it answered under another id
    walk.end_block()
    assert (walk.tally.visited, walk.tally.answered, walk.tally.nodes) == (1, 1, 0)


def test_a_walk_is_of_one_family() -> None:
    """A node named at an address of the other family is no node of this network."""
    four, six = walk_of(), Walk(WHOLE, OWN, Random(1), family=IPV6)
    named = [node(1), node(2, "2001:db8::2")]
    for walk, place in ((four, 0), (six, 1)):
        walk.name(named)
        assert [*iter(walk.next, None)] == [named[place]]


def test_one_id_counts_once_however_many_answer_under_it() -> None:
    walk = walk_of()
    for i in range(5):
        walk.visited(Visit((f"203.0.{i}.1", 1), b"i" * 20, 0.1), ())
    walk.end_block()
    assert walk.tally.nodes == 1


def test_liars_can_name_only_so_many() -> None:
    """Of a host one, of a network a few, of all a bounded number for each block; the rest is counted."""
    walk = walk_of()
    walk.name(node(i, f"203.0.113.{i % 200}") for i in range(400))
    assert sum(1 for _ in iter(walk.next, None)) == NET_CANDIDATES
    walk.name(node(1000 + i, "198.51.100.1") for i in range(50))
    assert sum(1 for _ in iter(walk.next, None)) == 1
    walk.name(node(5000 + i) for i in range(5000))
    assert sum(1 for _ in iter(walk.next, None)) == MAX_CANDIDATES - NET_CANDIDATES - 1
    walk.end_block()
    again = 4 + 49  # the same addresses
    assert walk.tally.surplus == 400 + 50 + 5000 - MAX_CANDIDATES - again


def test_programs_without_number_are_counted_together() -> None:
    walk = walk_of()
    for i in range(1000):
        walk.visited(Visit((f"{11 + i // 256}.{i % 256}.1.1", 1), i.to_bytes(20), 0.1, i.to_bytes(2)), ())
    walk.end_block()
    clients = walk.tally.clients
    assert len(clients) == MAX_CLIENTS + 1 and clients[OTHER] == 1000 - MAX_CLIENTS and clients.total() == 1000


def test_an_absurd_num_is_left_out_of_the_estimate() -> None:
    walk = walk_of()
    own = tuple(bytes([1]) * 19 + bytes([i]) for i in range(5))
    walk.visited(Visit(("203.0.113.1", 1), bytes([1]) * 20, 0.1, None, GivenSamples(own, 5, 60)), ())
    other = GivenSamples((b"\x90" * 20,), MAX_STORED + 1, 60)
    walk.visited(Visit(("203.0.114.1", 1), b"\x90" * 20, 0.1, None, other), ())
    walk.end_block()
    assert walk.tally.owned[0].number == 5 and walk.tally.unbelieved == 1 and walk.tally.sampling == 2


def test_round_trips_are_kept_in_few_numbers() -> None:
    walk = walk_of()
    for i in range(1, 1001):
        walk.visited(Visit((f"{11 + i // 256}.{i % 256}.1.1", 1), i.to_bytes(20), i / 1000), ())
    walk.end_block()
    half = walk.tally.round_trip(0.5)
    assert half is not None and 0.45 < half < 0.55 and len(walk.tally.round_trips) < 150
    assert walk_of().tally.round_trip(0.5) is None
