"""Two writers on one key: a conflict is proved by a signed value, shown three ways, and no update is lost silently."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

import pytest
from engine.network import Network, swarm

from dhtui.engine.core import Core
from dhtui.engine.items import Draft, Item, MutableItem, sign
from dhtui.engine.keys import BEP44_TEST_KEY as KEY
from dhtui.engine.lookup.questions import GetItem
from dhtui.engine.operations.requests import Ask, Request, Store
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr
from dhtui.items.conflict import NOTHING, Conflict, conflict_of, refusers, reread, retry
from dhtui.text.actions.items import conflict_words
from dhtui.text.decisions import outcome_stop_words

BASE, MINE, THEIRS = (sign(KEY, v, seq) for v, seq in ((b"4:base", 5), (b"4:mine", 6), (b"6:theirs", 6)))
LATER = sign(KEY, b"5:later", 7)


def read(port: int, item: Item | None) -> NodeOutcome:
    status = Status.ANSWERED if item is None else Status.VALUE
    return NodeOutcome(addr=("10.0.0.1", port), status=status, item=item, rtt=0.1)


def wrote(port: int, code: int | None = None) -> NodeOutcome:
    status = Status.STORED if code is None else Status.REFUSED
    return NodeOutcome(addr=("10.0.0.1", port), status=status, code=code, rtt=0.1)


def put(asked: list[Item | None], codes: list[int | None], item: MutableItem | None = MINE) -> Outcome:
    return Outcome(
        action="put",
        target=MINE.target,
        asked=tuple(read(port, each) for port, each in enumerate(asked, 1)),
        writes=tuple(wrote(port, code) for port, code in enumerate(codes, 1)),
        item=item,
    )


def get(*items: Item | None) -> Outcome:
    return Outcome(action="get", target=MINE.target, asked=tuple(read(1, item) for item in items))


# ---- what is a conflict -------------------------------------------------------------------------------------


def test_a_put_that_all_took_is_none() -> None:
    assert conflict_of(put([BASE, BASE], [None, None]), MINE.v, base=BASE, again=[get(MINE)]) is None


def test_what_is_read_again_joins_what_was_seen_before() -> None:
    conflict = conflict_of(put([BASE] * 3, [None, 302, 302]), MINE.v, base=BASE, again=[get(THEIRS)])
    assert conflict is not None
    assert reread(conflict, get(LATER, MINE, None)).theirs == (LATER, THEIRS)
    assert reread(conflict, get()).theirs == (THEIRS,), "nodes may have gone, and their values with them"
    draft = retry(reread(conflict, get(LATER)), MINE.v, KEY)
    assert (draft.base, draft.known) == (7, 7)


@pytest.mark.parametrize("code", [301, 302])
def test_a_refusal_alone_proves_nothing(code: int) -> None:
    outcome = put([BASE] * 3, [None, None, code])
    assert refusers(outcome) == (("10.0.0.1", 3),)
    assert conflict_of(outcome, MINE.v, base=BASE, again=[get(BASE)]) is None


@pytest.mark.parametrize("code", [201, 203, 205, 206])
def test_other_refusals_are_no_matter_of_conflict(code: int) -> None:
    assert refusers(put([BASE], [code])) == ()


def test_another_value_with_the_same_seq_is_one() -> None:
    conflict = conflict_of(put([BASE] * 3, [None, 302, 302]), MINE.v, base=BASE, again=[get(THEIRS)])
    assert conflict == Conflict(yours=MINE.v, seq=6, theirs=(THEIRS,), base=BASE, stored=1, refused=2)
    assert conflict_words(conflict) == (
        "conflict: another value with the same seq 6 is there; yours was stored on 1 node, refused by 2"
    )


def test_a_newer_value_is_one() -> None:
    conflict = conflict_of(put([BASE, None], [301, None]), MINE.v, base=BASE, again=[get(LATER, THEIRS)])
    assert conflict is not None and conflict.theirs == (LATER, THEIRS) and conflict.newest == 7
    assert conflict_words(conflict) == (
        "conflict: another value with seq 7 is there, yours was seq 6; yours was stored on 1 node, refused by 1"
    )


def test_one_that_was_seen_before_anything_was_put_is_one() -> None:
    conflict = conflict_of(put([THEIRS, BASE], [], item=None), MINE.v, base=BASE)
    assert conflict is not None and conflict.seq is None
    assert conflict_words(conflict) == "conflict: seq 6 is there already; yours was not put"


def test_where_there_was_nothing_anything_is_one() -> None:
    first = sign(KEY, b"4:mine", 1)
    other = sign(KEY, b"5:other", 1)
    outcome = put([None, None], [None, 302], item=first)
    assert conflict_of(outcome, first.v, base_seq=NOTHING, again=[get(other)]) is not None
    assert conflict_of(outcome, first.v, base_seq=NOTHING, again=[get(first)]) is None


def test_who_did_not_look_is_only_in_conflict_with_what_is_as_new() -> None:
    assert conflict_of(put([BASE] * 2, [None, None]), MINE.v) is None
    assert conflict_of(put([BASE] * 2, [None, 302]), MINE.v, again=[get(THEIRS)]) is not None
    assert conflict_of(put([BASE], [], item=None), MINE.v) is None


def test_the_same_value_from_another_writer_is_none() -> None:
    assert conflict_of(put([BASE] * 2, [302, 302]), MINE.v, base=BASE, again=[get(MINE)]) is None


def test_what_is_listed_is_bounded() -> None:
    many = [sign(KEY, b"i%de" % number, 6) for number in range(20)]
    conflict = conflict_of(put([BASE], [302]), MINE.v, base=BASE, again=[get(*many)])
    assert conflict is not None and len(conflict.theirs) == 8


def test_a_retry_stands_on_the_newest_of_all() -> None:
    conflict = conflict_of(put([BASE] * 2, [None, 301]), MINE.v, base=BASE, again=[get(LATER)])
    assert conflict is not None
    draft = retry(conflict, b"5:merge", KEY)
    assert draft.base == 7 and draft.signed(7).seq == 8
    with pytest.raises(ValueError, match="seq 8 is there already, newer than seq 7"):
        draft.signed(8)


# ---- drafts that know their base, in a network ------------------------------------------------------------------


@pytest.fixture
def net() -> Network:
    return Network(7, latency=0.02, spread=0.08)


def test_an_update_of_something_old_is_not_even_signed(net: Network) -> None:
    cores = swarm(net, 12)
    net.put(cores[1], THEIRS)
    outcome = net.put(cores[2], Draft(MINE.v, KEY, base=5))
    assert outcome.item is None and outcome.writes == ()
    why = "seq 6 is there already, newer than seq 5, from which this one was made: nothing was put"
    assert outcome_stop_words(outcome) == why
    assert net.get(cores[3], THEIRS).item == THEIRS
    assert conflict_of(outcome, MINE.v, base=BASE) is not None


def test_a_store_that_missed_an_update_takes_the_next_one(net: Network) -> None:
    cores = swarm(net, 12)
    net.put(cores[1], sign(KEY, b"3:old", 4))
    stores = net.find_node(cores[1], BASE.target).closest
    net.put(cores[1], BASE, remotes=[node.addr for node in stores[:6]])
    outcome = net.put(cores[2], Draft(MINE.v, KEY, base=5))
    assert (outcome.stored, refusers(outcome)) == (8, ())


# ---- a race -------------------------------------------------------------------------------------------------

Steps: TypeAlias = Generator[Request | float, Outcome | None, None]


@dataclass
class Writer:
    """Appends its notes to a list that it shares with others, and merges where it meets them."""

    net: Network
    core: Core
    name: bytes
    rng: Random
    done: set[bytes] = field(default_factory=set)
    """Notes that it believes to be published."""
    conflicts: int = 0

    def get(self, remotes: tuple[Addr, ...] | None = None) -> Ask:
        return Ask(GetItem(MINE.target), remotes=remotes)

    def put(self, draft: Draft) -> Store:
        return Store(draft)

    def work(self, notes: int) -> Steps:
        for number in range(notes):
            yield self.rng.random() * number
            yield from self.append(b"%b%d" % (self.name, number))

    def append(self, note: bytes) -> Steps:
        found = yield self.get()
        assert found is not None
        base = found.item if isinstance(found.item, MutableItem) else None
        base_seq = NOTHING if base is None else base.seq
        values = [] if base is None else [base.v]
        while True:
            v = merged(values, note)
            outcome = yield self.put(Draft(v, KEY, base=base_seq))
            assert outcome is not None
            again = [(yield self.get())]  # of other nodes, perhaps, than those that took it
            if addrs := refusers(outcome):
                again.append((yield self.get(addrs)))
            conflict = conflict_of(outcome, v, base_seq=base_seq, again=[one for one in again if one])
            if conflict is None:
                there = [node.item for one in (outcome, *again) if one for node in one.asked]
                assert any(item is not None and item.v == v for item in there), "by us, or by the other"
                self.done.add(note)
                return
            self.conflicts += 1
            base_seq = conflict.newest
            values = [*values, v, *(item.v for item in conflict.theirs)]
            yield self.rng.random() * 2


def merged(values: list[bytes], note: bytes) -> bytes:
    return bencode.encode(sorted({note, *(each for v in values for each in bencode.decode(v))}))


def race(net: Network, writers: list[Writer], notes: int) -> None:
    """Let all of them work at the same time, until each is done."""
    busy = len(writers)

    def go(writer: Writer, steps: Steps, result: Outcome | None) -> None:
        nonlocal busy
        try:
            step = steps.send(result)
        except StopIteration:
            busy -= 1
            return
        if isinstance(step, float):
            later.append((net.now + step, writer, steps))
        else:
            writer.core.start(step, lambda outcome, now: go(writer, steps, outcome), net.now)
            net.after(writer.core)

    later: list[tuple[float, Writer, Steps]] = [(net.now, writer, writer.work(notes)) for writer in writers]
    until = net.now + 600
    while busy:
        assert net.now < until, "they never came to an end"
        now = [entry for entry in later if entry[0] <= net.now]
        later[:] = [entry for entry in later if entry[0] > net.now]
        for _, writer, steps in now:
            go(writer, steps, None)
        net.run(0.01)


@pytest.mark.parametrize("seed", range(12))
def test_writers_that_race_never_lose_an_update_silently(seed: int) -> None:
    net = Network(seed, latency=0.01, spread=0.1)
    cores = swarm(net, 16)
    writers = [Writer(net, cores[3 + number], name, Random(seed + number)) for number, name in enumerate((b"a", b"b"))]
    race(net, writers, 3)
    item = net.get(cores[9], MINE).item
    assert item is not None
    assert set(bencode.decode(item.v)) == writers[0].done | writers[1].done
    assert len(bencode.decode(item.v)) == 6
    assert sum(writer.conflicts for writer in writers) > 0, "they did meet"
