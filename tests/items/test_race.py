"""Writers that race on one key: whatever the interleaving, no update is lost without a word.

What is run is `actions.put` itself, on cores in virtual time. Some of the stores behave as libtorrent's: they
acknowledge a second value under one seq and keep the first.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import pytest
from engine.network import Network, swarm

from dhtui.actions import run as actions
from dhtui.actions.run import Result
from dhtui.engine.core import Core
from dhtui.engine.items import Draft, MutableItem
from dhtui.engine.keys import BEP44_TEST_KEY as KEY
from dhtui.engine.lookup.questions import GetItem
from dhtui.engine.node import Node
from dhtui.engine.operations.requests import Ask, Request, Store
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.views.snapshot import Snapshot
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.krpc import SEQ_TOO_LOW
from dhtui.items.conflict import NOTHING, retry

TARGET = Draft(b"0:", KEY).target


class Call:
    """An operation of a core, to be awaited."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def __await__(self) -> Generator[Request, Outcome, Outcome]:
        return (yield self._request)


class Pause:
    """Seconds of virtual time, to be awaited."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __await__(self) -> Generator[float, Outcome, None]:
        yield self._seconds


class VirtualNode:
    """A core, with those of the methods of `Node` that a put needs."""

    def __init__(self, net: Network, core: Core) -> None:
        self.net, self.core = net, core

    def snapshot(self) -> Snapshot:
        return self.core.snapshot(self.net.now)

    async def put(
        self, what: Draft, *, cas: int | None, remotes: Sequence[Addr] | None, progress: None, wide: bool = False
    ) -> Outcome:
        return await Call(Store(what, cas=cas, remotes=remotes))

    async def get(
        self, target: bytes, *, salt: bytes = b"", public: bytes | None = None, remotes: Sequence[Addr] | None = None
    ) -> Outcome:
        question = GetItem(target, salt, blind=public is None)
        return await Call(Ask(question, remotes=remotes))


def race(net: Network, racers: Sequence[tuple[Core, Coroutine[Any, Any, None]]]) -> None:
    """Let all of them run at the same time, until each is done."""
    busy = len(racers)
    later: list[tuple[float, Core, Coroutine[Any, Any, None]]] = []

    def go(core: Core, racer: Coroutine[Any, Any, None], result: Outcome | None) -> None:
        nonlocal busy
        try:
            step = racer.send(result)
        except StopIteration:
            busy -= 1
            return
        if isinstance(step, float):
            later.append((net.now + step, core, racer))
        else:
            core.start(step, lambda outcome, now: go(core, racer, outcome), net.now)
            net.after(core)

    for core, racer in racers:
        go(core, racer, None)
    until = net.now + 600
    while busy:
        assert net.now < until, "they never came to an end"
        due = [entry for entry in later if entry[0] <= net.now]
        later[:] = [entry for entry in later if entry[0] > net.now]
        for _, core, racer in due:
            go(core, racer, None)
        net.run(0.005)


def like_libtorrent(core: Core) -> None:
    """Acknowledge another value under the seq that is held, and keep that one; see `peers.store_matrix`."""
    strict, put = core._items.conflict, core._items.put_mutable

    def same_seq(item: MutableItem, now: float) -> bool:
        held = core._items.get(item.target, now)
        return isinstance(held, MutableItem) and held.seq == item.seq

    def conflict(target: bytes, item: MutableItem, cas: int | None, now: float) -> int | None:
        code = strict(target, item, cas, now)
        return None if code == SEQ_TOO_LOW and same_seq(item, now) else code

    def put_mutable(target: bytes, item: MutableItem, ip: str, now: float) -> bool:
        return same_seq(item, now) or put(target, item, ip, now)

    core._items.conflict = conflict  # type: ignore[method-assign]
    core._items.put_mutable = put_mutable  # type: ignore[method-assign]


# ---- what the writers did ---------------------------------------------------------------------------------


@dataclass
class Log:
    """All puts of a race, and what was known when each was made."""

    made_from: dict[bytes, set[bytes]] = field(default_factory=dict)
    """By value: those that its writer had seen when it was signed."""
    succeeded: list[bytes] = field(default_factory=list)
    told: int = 0

    def note(self, v: bytes, result: Result) -> None:
        assert result.outcome is not None
        if result.outcome.writes:
            self.made_from.setdefault(v, set()).update(values_of(result.outcome.asked))
        if result.ok:
            self.succeeded.append(v)
        else:
            self.told += 1

    def stands_on(self, v: bytes) -> set[bytes]:
        """The values that one was made from, near and far, and itself."""
        found, todo = set[bytes](), [v]
        while todo:
            if (one := todo.pop()) not in found:
                found.add(one)
                todo += self.made_from.get(one, ())
        return found


def values_of(nodes: Sequence[NodeOutcome]) -> set[bytes]:
    return {node.item.v for node in nodes if isinstance(node.item, MutableItem)}


async def write(node: VirtualNode, name: bytes, rng: Random, log: Log, *, guarded: bool) -> None:
    """Three updates, some time apart. `guarded`: as ``--cas`` does, each made from what was read, retried once."""
    paper = cast(Node, node)
    for number in range(3):
        await Pause(rng.random() * 0.4)
        v = encode(b"%b%d" % (name, number))
        base = None
        if guarded:
            held = (await node.get(TARGET)).item
            base = held.seq if isinstance(held, MutableItem) else NOTHING
        result = await actions.put(paper, Draft(v, KEY, base=base))
        log.note(v, result)
        if guarded and result.conflict is not None:
            v = encode(b"%b%d again" % (name, number))
            log.made_from.setdefault(v, set()).update(item.v for item in result.conflict.theirs)
            log.note(v, await actions.put(paper, retry(result.conflict, v, KEY)))


@pytest.mark.parametrize("guarded", [False, True], ids=["as it comes", "guarded by cas"])
@pytest.mark.parametrize("writers", [2, 3])
@pytest.mark.parametrize("seed", range(9))
def test_no_update_is_lost_without_a_word(seed: int, writers: int, guarded: bool) -> None:
    net = Network(seed, latency=0.01, spread=0.15, loss=0.02 * (seed % 3))
    net.recording = False
    cores = swarm(net, 12)
    for core in cores[: 6 * (seed % 3)]:
        like_libtorrent(core)
    log, rng = Log(), Random(seed)
    racing = [
        (core, write(VirtualNode(net, core), b"writer %d: " % number, rng, log, guarded=guarded))
        for number, core in enumerate(cores[3 : 3 + writers])
    ]
    race(net, racing)
    seen = net.get(cores[8], Draft(b"0:", KEY))
    newest = values_of([node for node in seen.asked if node.status is Status.VALUE])
    assert len(newest & set(log.succeeded)) <= 1, "of two under one seq at least one writer knows"
    lost = set(log.succeeded).difference(*map(log.stands_on, newest))
    assert not lost, "each was called a success, and who wrote the newest had never seen it"
    assert len(log.succeeded) + log.told >= 3 * writers
