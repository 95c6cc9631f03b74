"""Recordings for tests: one of a real session on loopback, and a source made by hand."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from dhtui.engine.core import Core
from dhtui.engine.items import Draft
from dhtui.engine.keys import BEP44_TEST_KEY, PrivateKey
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.testnet import Testnet
from dhtui.engine.views.events import Event, PacketReceived
from dhtui.engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr
from dhtui.packets.packet import Packet
from dhtui.packets.ring import PacketRing
from dhtui.sources.codec import coder
from dhtui.sources.event_ring import EventRing
from dhtui.sources.recording import Recorder
from dhtui.sources.source import LiveSource
from support.apart import PATIENCE

KEY = PrivateKey.from_seed(bytes(range(100, 132)))
TOKEN_SECRET = b"the secret of the tokens"
ESCAPES = b"\x1b[2J\x1b]52;c;cm0gLXJm\x07\x9b31m\xe2\x80\xae[/foo]\n\r\x00\xff"
HOSTILE = encode(
    {b"t": b"\x1b[2J", b"y": b"q", b"q": ESCAPES, b"v": b"\n\x1b]0;", b"a": {b"id": b"x" * 20, b"target": b"y" * 20}}
)


class Watched(LiveSource):
    """Remembers the last snapshot that it gave."""

    last: Snapshot

    def snapshot(self) -> Snapshot:
        self.last = super().snapshot()
        return self.last


@dataclass(frozen=True)
class Session:
    """What a recorded session was like at its end."""

    snapshot: Snapshot
    packets: list[tuple[Any, ...]]
    lookups: dict[int, LookupDetail | None]
    contacts: dict[Addr, ContactDetail | None]
    holdings: Holdings
    stored: list[int]
    """At how many nodes each of the two items was stored."""


def told(packet: Packet) -> tuple[Any, ...]:
    """All of a packet, to be compared."""
    partner = packet.query.number if packet.query else None
    return (
        *(packet.number, packet.at, packet.direction, packet.addr, packet.data, packet.kind, packet.method),
        *(packet.tid, packet.problem, packet.heard, partner),
    )


async def record_session(path: Path) -> Session:
    """Join a testnet, look things up, store things, be attacked."""
    settings = Settings(token_secret=TOKEN_SECRET, read_only=False)
    async with Testnet(8) as net:
        config = NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap, settings=settings)
        async with Node(config) as node:
            source = Watched(node)
            warnings: list[str] = []
            recorder = Recorder(path, source, warnings.append)
            await node.bootstrapped()
            recorder.tick(source.clock())
            await node.get_peers(net.infohashes[0])
            stored = [await node.put(Draft(encode(ESCAPES), key)) for key in (KEY, BEP44_TEST_KEY)]
            await node.announce_peer(net.infohashes[1], 0)
            await net.nodes[0].put(Draft(encode(ESCAPES), KEY), remotes=[node.address])
            await _attack(node, HOSTILE)
            await _attack(node, b"d0:0:-5:")
            recorder.close()
            source.close()
            assert not warnings and not recorder.recording
            views = source.last.lookups
            nodes = [contact.addr for bucket in source.last.table.buckets for contact in bucket.nodes]
            return Session(
                source.last,
                [told(packet) for packet in source.packets],
                {view.number: node.lookup(view.number) for view in views},
                {addr: node.contact(addr) for addr in nodes},
                node.holdings(),
                [outcome.stored for outcome in stored],
            )


async def _attack(node: Node, data: bytes) -> None:
    arrived = asyncio.Event()

    def hear(event: Event) -> None:
        if isinstance(event, PacketReceived) and event.data == data:
            arrived.set()

    unsubscribe = node.subscribe(hear)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
        attacker.sendto(data, node.address)
        async with asyncio.timeout(PATIENCE):
            await arrived.wait()
    unsubscribe()


class Scripted:
    """A source of which everything is set by hand, the clock too."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.packets, self.events = PacketRing(), EventRing()
        self.listeners: list[Callable[[Event], None]] = []
        self.details: dict[int, LookupDetail] = {}
        self.shown = Core(Settings(id=b"i" * 20), ("127.0.0.1", 6881), Random(1), self.now).snapshot(self.now)

    def snapshot(self) -> Snapshot:
        return self.shown

    def lookup(self, number: int) -> LookupDetail | None:
        return self.details.get(number)

    def contact(self, addr: Addr) -> ContactDetail | None:
        return None

    def holdings(self) -> Holdings:
        return Holdings((), (), ())

    def clock(self) -> float:
        return self.now

    def wall(self, at: float) -> float:
        return at + 1_700_000_000

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tell(self, event: Event) -> None:
        for listener in tuple(self.listeners):
            listener(event)


def again(kind: Any, value: Any) -> Any:
    """A value, written and read."""
    return coder(kind).loads(coder(kind).dumps(value))
