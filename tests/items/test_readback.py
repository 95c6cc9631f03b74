"""Reading back what was put: as a stranger would, from elsewhere, and without believing who said "stored"."""

from __future__ import annotations

import pytest
from engine.network import Answer, Network, swarm

from dhtui.engine.core import Core
from dhtui.engine.items import Draft, ImmutableItem, MutableItem, sign
from dhtui.engine.keys import BEP44_TEST_KEY as KEY
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.lookup.questions import GetItem
from dhtui.engine.operations import requests
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.krpc import Query
from dhtui.items.readback import Gives, ReadBack, read_back_of, to_ask
from dhtui.text.actions.items import read_back_words

MINE = sign(KEY, b"4:mine", 6)
OWN = b"\xff" * 20


def addr(number: int) -> Addr:
    return f"10.0.0.{number}", 1


def node_id(number: int) -> bytes:
    """The higher the number, the farther from the target."""
    return (int.from_bytes(MINE.target, "big") ^ number).to_bytes(20, "big")


def read(number: int, item: MutableItem | None = None, status: Status = Status.VALUE, **more: object) -> NodeOutcome:
    status = Status.ANSWERED if item is None and status is Status.VALUE else status
    rtt = None if status is Status.TIMED_OUT else 0.1
    return NodeOutcome(addr=addr(number), id=node_id(number), status=status, item=item, rtt=rtt, **more)  # type: ignore[arg-type]


def put(*stored: int, refused: tuple[int, ...] = ()) -> Outcome:
    writes = [NodeOutcome(addr=addr(n), id=node_id(n), status=Status.STORED) for n in stored]
    writes += [NodeOutcome(addr=addr(n), id=node_id(n), status=Status.REFUSED, code=302) for n in refused]
    return Outcome(action="put", target=MINE.target, asked=(), writes=tuple(writes), item=MINE)


def lookup(*asked: NodeOutcome) -> Outcome:
    return Outcome(action="get", target=MINE.target, asked=asked, closest=asked, stopped=StopReason.ALL_ANSWERED)


# ---- what it says -------------------------------------------------------------------------------------------


def test_the_usual_case_only_those_that_were_written_to_hold_it() -> None:
    back = read_back_of(put(1, 2), lookup(read(1, MINE), read(2, MINE), read(3)), ())
    assert back.ok and back.strangers == 1 and back.others == 0
    assert read_back_words(back) == (
        "read back: a lookup from elsewhere finds it; 2 of the 2 that took it give it, no other holds it"
    )


def test_who_says_stored_and_gives_nothing_is_seen() -> None:
    back = read_back_of(put(1, 2, refused=(4,)), lookup(read(1), read(3, MINE), read(4, MINE)), [read(2, MINE)])
    assert back.ok
    assert read_back_words(back).endswith("finds it; 1 of the 2 that took it give it, 2 others hold it")
    assert [(copy.gives, copy.acknowledged, copy.written, copy.found) for copy in back.copies] == [
        (Gives.NOTHING, True, True, True),
        (Gives.IT, True, True, False),
        (Gives.IT, False, False, True),
        (Gives.IT, False, True, True),
    ]


def test_copies_that_no_lookup_comes_to_are_no_success() -> None:
    back = read_back_of(put(1, 2), lookup(read(3), read(4)), [read(1, MINE), read(2, status=Status.TIMED_OUT)])
    assert not back.ok
    assert read_back_words(back) == (
        "read back: a lookup from elsewhere does not find it (all 2 reachable nodes have answered); "
        "asked directly, 1 of the 2 that took it give it, 1 gave no answer, no other holds it"
    )


def test_without_strangers_it_says_that_it_knows_nothing_of_them() -> None:
    back = read_back_of(put(1), lookup(read(1, MINE)), ())
    assert back.ok and read_back_words(back).endswith("no other node answered, so what strangers find was not seen")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (sign(KEY, b"5:later", 9), "whoever looks it up gets seq 9, which is newer"),
        (sign(KEY, b"5:rival", 6), "1 node gives another value with the same seq"),
    ],
)
def test_a_value_that_passes_for_newer_is_no_success(other: MutableItem, words: str) -> None:
    back = read_back_of(put(1), lookup(read(1, MINE), read(2, other)), ())
    assert not back.ok and words in read_back_words(back)


def test_older_and_forged_ones_do_no_harm() -> None:
    asked = read(1, MINE), read(2, sign(KEY, b"3:old", 5)), read(3, status=Status.BAD_SIGNATURE)
    back = read_back_of(put(1), lookup(*asked), ())
    assert back.ok and [copy.gives for copy in back.copies] == [Gives.IT, Gives.OLDER, Gives.FORGED]


def test_whom_it_asks_directly() -> None:
    """Those that took it and were not heard, and of the 2k nearest that were named those that nobody asked."""
    named = tuple(NodeInfo(node_id(n), addr(n)) for n in range(1, 10))
    looked = lookup(
        read(1, MINE, nodes=named), read(2, status=Status.TIMED_OUT, nodes=(NodeInfo(OWN, addr(99)),)), read(3)
    )
    assert to_ask(put(1, 2, 8), looked, OWN, 2) == (addr(2), addr(8), addr(4))
    assert to_ask(put(1), lookup(), OWN, 2) == (addr(1),)


def test_a_late_answer_to_a_direct_question_counts() -> None:
    back = read_back_of(put(1), lookup(read(1, status=Status.TIMED_OUT), read(2, MINE)), [read(1, MINE)])
    assert back.copies[0].gives is Gives.IT and not back.copies[0].found


# ---- in a network -------------------------------------------------------------------------------------------


def back_of(net: Network, core: Core, stored: Outcome) -> ReadBack:
    """What `actions.read_back` does, on a core."""
    item = stored.item
    assert item is not None
    written = {node.addr for node in stored.writes}
    looked = net.finish(core, requests.ReadBack(GetItem(item.target), written))
    remotes = to_ask(stored, looked, core.id, 8)
    return read_back_of(stored, looked, net.get(core, item, remotes=remotes).asked if remotes else ())


def test_in_a_network_a_strangers_lookup_finds_what_was_put() -> None:
    net = Network(3)
    core = swarm(net, 60)[7]
    for item in (ImmutableItem(b"5:hello"), Draft(b"5:hello", KEY)):
        stored = net.put(core, item)
        before = len(net.packets)
        back = back_of(net, core, stored)
        assert back.ok and back.acknowledged == back.count(Gives.IT, found=True) == 8 and back.others == 0
        assert back.strangers >= 4 and len(back.copies) >= 12
        first = [packet.dest for packet in net.packets[before:] if packet.source == core.identity.bound][:3]
        assert not {node.addr for node in stored.writes} & set(first), "it starts elsewhere"


def test_liars_that_acknowledge_and_forget_do_not_make_a_success() -> None:
    net = Network(4)
    cores = swarm(net, 30, bep42="off")
    item = ImmutableItem(b"5:hello")

    def liar(query: Query) -> Answer:
        return {} if query.method == "ping" else {b"nodes": b"", b"token": b"t"}

    near = int.from_bytes(item.target, "big")
    # Where ids have to fit, or as a crowd next to the target, they would not be believed in the first place.
    liars = [net.puppet(liar, node_id=(near ^ (n + 1) << 149).to_bytes(20, "big")) for n in range(8)]
    for core in cores:
        net.meet(core, *liars)
    stored = net.put(cores[3], item)
    assert stored.stored == 8
    back = back_of(net, cores[3], stored)
    assert not back.ok and back.count(Gives.NOTHING, acknowledged=True) == 8
    assert "0 of the 8 that took it give it" in read_back_words(back)
