"""A program as users write it, with types: that ``mypy --strict`` accepts it is part of what the API promises."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import assert_type

from dhtui import (
    Addr,
    Draft,
    Event,
    ImmutableItem,
    Item,
    Limit,
    LookupView,
    MutableItem,
    Node,
    NodeConfig,
    NodeOutcome,
    Outcome,
    PacketReceived,
    PrivateKey,
    Settings,
    StateFolder,
    Status,
    Stored,
    Stream,
    Testnet,
    Value,
    bencode,
    deadline,
    mutable_target,
    safe_text,
    sign,
)
from dhtui.pytest import ThreadedTestnet


class Crawler:
    """Looks infohashes up, and remembers what it was told."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.steps: list[LookupView] = []
        self.items: list[Item] = []
        self.heard: list[tuple[Addr, bytes]] = []

    def hear(self, event: Event) -> None:
        if isinstance(event, PacketReceived):
            self.heard.append((event.addr, event.data))
        elif isinstance(event, Stored):
            assert_type(event.target, bytes)

    async def peers(self, infohash: bytes) -> list[Addr]:
        stream = self.node.peers(infohash)
        assert_type(stream, Stream[Addr])
        found = [peer async for peer in stream]
        assert_type(stream.outcome, Outcome | None)
        return found

    async def text(self, public: bytes, salt: bytes = b"") -> str:
        outcome = await self.node.get(
            mutable_target(public, salt),
            salt=salt,
            public=public,
            progress=self.steps.append,
            on_item=self.items.append,
        )
        if outcome.item is None:
            return ""
        value = outcome.item.value
        assert_type(value, Value)
        return safe_text(value) if isinstance(value, bytes) else repr(value)


def holders(outcome: Outcome) -> Sequence[NodeOutcome]:
    """Nodes that stored it."""
    return [one for one in outcome.writes if one.status is Status.STORED]


def about(net: ThreadedTestnet) -> tuple[str, int]:
    """What a test asks the testnet of its fixture: a coroutine function, or a plain one."""

    async def text(net: Testnet) -> str:
        return repr(net)

    return assert_type(net.call(text), str), assert_type(net.call(lambda net: len(net.nodes)), int)


async def tour(net: Testnet, folder: Path) -> list[str]:
    """What there is to say about a testnet."""
    said: list[str] = []
    settings = Settings(read_only=True, alpha=5)
    config = NodeConfig(
        listen=("127.0.0.1", 0), bootstrap=net.bootstrap, settings=settings, state=StateFolder(folder / "state")
    )
    async with Node(config) as node:
        crawler = Crawler(node)
        leave = node.subscribe(crawler.hear)
        said.append(f"{len(await crawler.peers(net.infohashes[0]))} peers")
        key = PrivateKey.generate()
        for what in (ImmutableItem(bencode([1, b"two"])), Draft(bencode(b"one"), key), sign(key, b"3:two", 2)):
            outcome = await node.put(what)
            said.append(f"{outcome.action} {outcome.ok} {bool(holders(outcome))}")
            if isinstance(outcome.item, MutableItem):
                said.append(f"seq {outcome.item.seq}")
        said.append(await crawler.text(key.public))
        with deadline(600.0) as limit:
            assert_type(limit, Limit)
            said.append(str((await node.find_node(node.id)).ok))
        leave()
        said.append(f"{bool(crawler.heard)} {bool(crawler.steps)} {bool(crawler.items)}")
    return said


async def main(folder: Path) -> list[str]:
    """The tour, on a testnet of its own."""
    async with Testnet(16) as net:
        return await tour(net, folder)
