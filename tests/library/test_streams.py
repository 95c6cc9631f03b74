"""``async for peer in node.peers(infohash)``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest
import pytest_asyncio
from support.apart import PATIENCE

from dhtui import (
    Addr,
    Event,
    Limit,
    LookupStarted,
    Node,
    NodeConfig,
    NodeError,
    Outcome,
    PacketSent,
    Stream,
    Testnet,
    deadline,
)
from dhtui.engine import node as node_module
from dhtui.engine.families import sides
from dhtui.engine.stream import Take

pytestmark = pytest.mark.asyncio(loop_scope="module")

MISSING = bytes(20)
PEERS: list[Addr] = [("192.0.2.1", port) for port in range(1, 7)]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def net() -> AsyncIterator[Testnet]:
    async with asyncio.timeout(PATIENCE), Testnet(16) as net:
        yield net


@pytest_asyncio.fixture(loop_scope="module")
async def node(net: Testnet) -> AsyncIterator[Node]:
    async with asyncio.timeout(PATIENCE), net.node() as node:
        await node.bootstrapped()
        yield node


@pytest_asyncio.fixture(loop_scope="module")
async def stuck(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Node]:
    """A node whose lookups go on for ever: the name of the only host that it could ask is never resolved."""

    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", never)
    monkeypatch.setattr(sides, "RESOLVE_SECONDS", 600.0)
    async with asyncio.timeout(PATIENCE), Node(NodeConfig(listen=("127.0.0.1", 0), bootstrap=("a.test:1",))) as node:
        yield node


def under_way(node: Node) -> bool:
    """Whether a lookup of a user goes on."""
    return any(view.running and view.owner == "user" for view in node.snapshot().lookups)


async def until(reached: Callable[[], bool]) -> None:
    while not reached():  # noqa: ASYNC110  (there is no event for it)
        await asyncio.sleep(0.01)


async def test_each_peer_comes_once(net: Testnet, node: Node) -> None:
    """What `get_peers` finds, each once, and its outcome at the end."""
    stream = node.peers(net.infohashes[0])
    assert stream.outcome is None
    peers = [peer async for peer in stream]
    assert len(peers) == len(set(peers)) > 0
    assert stream.outcome is not None and stream.outcome.ok and stream.outcome.action == "get_peers"
    assert {peer for peer, _ in stream.outcome.peers} == set(peers)
    assert [peer async for peer in stream] == []


async def test_no_peers_is_an_empty_loop(node: Node) -> None:
    stream = node.peers(MISSING)
    assert [peer async for peer in stream] == []
    assert stream.outcome is not None and stream.outcome.ok


async def test_nothing_is_sent_before_the_loop(net: Testnet, node: Node) -> None:
    sent: list[Event] = []
    leave = node.subscribe(lambda event: sent.append(event) if isinstance(event, PacketSent) else None)
    node.peers(net.infohashes[0])
    await asyncio.sleep(0)
    leave()
    assert not any(isinstance(event, PacketSent) and event.method == "get_peers" for event in sent)


async def test_leaving_the_loop_leaves_no_lookup(net: Testnet, node: Node) -> None:
    async for _ in node.peers(net.infohashes[0]):
        break
    await until(lambda: not under_way(node))


async def test_cancelling_the_reader_stops_the_lookup(stuck: Node) -> None:
    async def read() -> None:
        async for _ in stuck.peers(MISSING):
            pass

    reader = asyncio.create_task(read())
    await until(lambda: under_way(stuck))
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert not under_way(stuck)


async def test_a_node_that_is_closed_ends_the_loop_with_an_error(stuck: Node) -> None:
    step = asyncio.ensure_future(anext(stuck.peers(MISSING)))
    await until(lambda: under_way(stuck))
    await stuck.close()
    with pytest.raises(NodeError, match="closed"):
        await step


async def test_a_limit_ends_the_loop_with_what_is_known(stuck: Node) -> None:
    limit = Limit()
    stream = stuck.peers(MISSING)
    with limit.applied():
        step = asyncio.ensure_future(anext(stream))
        await until(lambda: under_way(stuck))
    limit.expire()
    with pytest.raises(StopAsyncIteration):
        await step
    assert stream.outcome is not None and not stream.outcome.complete


async def test_a_deadline_is_a_limit_with_a_clock(stuck: Node) -> None:
    """What is under way ends then, and what is asked for later in the block, at once."""
    with deadline(0.0) as limit:
        assert [peer async for peer in stuck.peers(MISSING)] == []
        outcome = await stuck.find_node(MISSING)
    assert limit.cut and not outcome.complete and not under_way(stuck)
    with deadline(600.0) as limit:
        pass
    assert not limit.expired
    for seconds in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="seconds"), deadline(seconds):
            pass


async def test_a_deadline_binds_only_what_is_asked_in_its_block(node: Node) -> None:
    """A listener may be called while such a thing is under way, and asks for itself."""
    tasks: list[asyncio.Task[Outcome]] = []

    def hear(event: Event) -> None:
        if isinstance(event, LookupStarted) and event.owner == "user" and not tasks:
            tasks.append(asyncio.create_task(node.find_node(MISSING)))

    leave = node.subscribe(hear)
    with deadline(0.0):
        await node.find_node(node.id)
    leave()
    assert (await tasks[0]).complete


async def test_arguments_are_checked_at_once(node: Node) -> None:
    with pytest.raises(ValueError, match="info_hash must be 20 bytes"):
        node.peers(b"short")
    with pytest.raises(NodeError):
        Node(NodeConfig()).peers(MISSING)


async def test_many_streams_at_once_take_turns(net: Testnet, node: Node) -> None:
    """Fifty loops, and each finds what it finds alone."""

    async def read(infohash: bytes) -> set[Addr]:
        return {peer async for peer in node.peers(infohash)}

    alone = [await read(infohash) for infohash in net.infohashes]
    together = await asyncio.gather(*(read(infohash) for _ in range(17) for infohash in net.infohashes))
    assert together == alone * 17


async def test_a_stream_asks_on_behalf_of_who_reads_it(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a program take turns, and the task that runs for a stream is no part of its own."""
    parts: list[object] = []
    part_of_program = node_module._part_of_program

    def seen() -> object:
        parts.append(part_of_program())
        return parts[-1]

    monkeypatch.setattr(node_module, "_part_of_program", seen)

    async def one() -> None:
        assert [peer async for peer in node.peers(MISSING)] == []

    async def other() -> None:
        assert [peer async for peer in node.peers(MISSING)] == []

    await asyncio.gather(one(), other())
    assert len(parts) == 4 and set(parts) == {one.__code__, other.__code__}


# ---- without a network ---------------------------------------------------------------------------------


DONE = Outcome(action="get_peers", target=MISSING, asked=())


async def test_a_slow_reader_misses_nothing() -> None:
    """All was found, some of it twice, and the lookup was over before the first was read."""
    over = asyncio.Event()

    async def run(take: Take[Addr]) -> Outcome:
        for at in range(0, 6, 2):
            take(PEERS[: at + 2])
            take(PEERS[:1] * 2)
        over.set()
        return DONE

    stream = Stream(run)
    first = await anext(stream)
    await over.wait()
    assert [first, *[peer async for peer in stream]] == PEERS
    assert stream.outcome is DONE


async def endless(take: Take[Addr], ended: list[str]) -> Outcome:
    take(PEERS)
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("stopped")
    return DONE


async def test_leaving_the_loop_stops_what_it_reads() -> None:
    """Of itself: whoever breaks out of the loop need not close anything."""
    ended: list[str] = []
    async for _ in Stream[Addr](lambda take: endless(take, ended)):
        break
    await until(lambda: ended == ["stopped"])


async def test_closing_it_waits_until_that_is_stopped() -> None:
    ended: list[str] = []
    stream = Stream[Addr](lambda take: endless(take, ended))
    async with aclosing(stream):
        assert await anext(stream) == PEERS[0]
        assert not ended
    assert ended == ["stopped"] and stream.outcome is None
    assert [peer async for peer in stream] == []


async def test_what_the_operation_raises_comes_behind_what_it_found() -> None:
    async def run(take: Take[Addr]) -> Outcome:
        take(PEERS[:1])
        raise NodeError("the node was closed")

    stream = Stream(run)
    assert await anext(stream) == PEERS[0]
    with pytest.raises(NodeError):
        await anext(stream)
    assert stream.outcome is None
