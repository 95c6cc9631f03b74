"""Nodes that run in a thread, so that a test can run the whole program against them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.testnet import Testnet
from dhtui.engine.wire.bencode import decode, encode
from support.apart import PATIENCE

LIAR_ID = b"liar" * 5


@dataclass(frozen=True)
class Neighbours:
    """Addresses, as ``ip:port``."""

    node: str
    """A node that stores what it is told."""
    other: str
    """Another one."""
    dead: str
    """A bound port that never answers."""
    closed: str
    """A port with nobody behind it."""
    liar: str
    """Answers get with a value that was not asked for, and put with an error."""
    tokenless: str
    """Answers, without a token."""
    net: str
    """Bootstrap nodes of a swarm of 12."""


class _Scripted(asyncio.DatagramProtocol):
    """A node that says whatever `answer` makes of a query's method."""

    def __init__(self, answer: Callable[[bytes], dict[bytes, Any]]) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = decode(data)
        self._transport.sendto(encode({b"t": query[b"t"]} | self._answer(query[b"q"])), addr)


def _liar(method: bytes) -> dict[bytes, Any]:
    if method in (b"put", b"announce_peer"):
        return {b"y": b"e", b"e": [202, b"no \x1b[31mthanks"]}
    return {b"y": b"r", b"r": {b"id": LIAR_ID, b"token": b"x", b"v": b"liar"}}


def _tokenless(method: bytes) -> dict[bytes, Any]:
    return {b"y": b"r", b"r": {b"id": b"poor" * 5}}


async def _scripted(stack: AsyncExitStack, answer: Callable[[bytes], dict[bytes, Any]]) -> str:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Scripted(answer), ("127.0.0.1", 0))
    stack.callback(transport.close)
    return "%s:%d" % transport.get_extra_info("sockname")


def _silent(stack: AsyncExitStack) -> str:
    quiet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    quiet.bind(("127.0.0.1", 0))
    stack.callback(quiet.close)
    return "%s:%d" % quiet.getsockname()


async def _start(stack: AsyncExitStack) -> Neighbours:
    config = NodeConfig(listen=("127.0.0.1", 0), settings=Settings(read_only=False))
    node, other = Node(config), Node(config)
    await stack.enter_async_context(node)
    await stack.enter_async_context(other)
    net = await stack.enter_async_context(Testnet(12))
    return Neighbours(
        node="%s:%d" % node.address,
        other="%s:%d" % other.address,
        dead=_silent(stack),
        closed="127.0.0.1:1",  # of a port that has been ours, another program may make use
        liar=await _scripted(stack, _liar),
        tokenless=await _scripted(stack, _tokenless),
        net=",".join(net.bootstrap),
    )


@contextmanager
def neighbours() -> Iterator[Neighbours]:
    """Nodes to talk to, for as long as the context lasts."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    stack = AsyncExitStack()

    async def start() -> Neighbours:
        return await _start(stack)

    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result(PATIENCE)
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()
