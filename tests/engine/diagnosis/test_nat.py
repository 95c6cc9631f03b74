"""Doctor behind a NAT on loopback: a relay with sockets of its own, which others see in place of the node's."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import Literal

import pytest

from dhtui.actions.diagnosis import doctor
from dhtui.engine.diagnosis.findings import Check, Verdict
from dhtui.engine.endpoint import Endpoint, Take
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig
from dhtui.engine.testnet import Testnet
from dhtui.engine.wire.compact import Addr, pack_addr
from dhtui.engine.wire.family import IPV4

PATIENCE = 60.0
HEAD = IPV4.peer_length
Kind = Literal["keeps the port", "changes the port", "a port for each", "an address for each"]


class Nat:
    """Translates the address of one node. The relay tells the node the true source in front of each datagram."""

    def __init__(self, kind: Kind, inside: Addr) -> None:
        self._kind, self._inside = kind, inside
        self._loop = asyncio.get_running_loop()
        self._back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._outside: dict[object, socket.socket] = {}

    def send(self, data: bytes, dest: Addr) -> int:
        """A datagram of the node goes out, from a socket that may depend on where it goes."""
        each = self._kind in ("a port for each", "an address for each")
        made = self._outside.get(dest if each else None)
        if made is None:
            made = self._outside[dest if each else None] = self._open()
        return made.sendto(data, dest)

    def _open(self) -> socket.socket:
        nth = len(self._outside) if self._kind == "an address for each" else 0
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setblocking(False)
        made.bind((f"127.7.7.{7 + nth}", self._inside[1] if self._kind == "keeps the port" else 0))
        self._loop.add_reader(made.fileno(), self._answered, made)
        return made

    def _answered(self, outside: socket.socket) -> None:
        data, source = outside.recvfrom(65536)
        self._back.sendto(pack_addr(source) + data, self._inside)

    def close(self) -> None:
        for made in self._outside.values():
            self._loop.remove_reader(made.fileno())
            made.close()
        self._back.close()


class BehindNat(Endpoint):
    """The socket of a node whose packets go through a `Nat`."""

    def __init__(self, listen: Addr, clock: Callable[[], float], kind: Kind) -> None:
        super().__init__(listen, clock)
        self._nat = Nat(kind, self.addr)
        self.send = self._nat.send

    def receive(self, take: Take, now: float, exactly: bool) -> float:
        """Each datagram has its source in front."""

        def heard(data: bytes, source: Addr, now: float, at: float) -> None:
            take(data[HEAD:], IPV4.unpack(data[:HEAD]), now, at)

        return super().receive(heard, now, exactly)

    def close(self) -> None:
        """Close the relay, too."""
        self._nat.close()
        super().close()


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("keeps the port", Verdict.PORT_KEPT),
        ("changes the port", Verdict.PORT_CHANGED),
        ("a port for each", Verdict.PORT_VARIES),
        ("an address for each", Verdict.ADDRESS_VARIES),
    ],
)
async def test_the_kind_of_nat_is_told_by_what_others_see(kind: Kind, verdict: Verdict) -> None:
    async with asyncio.timeout(PATIENCE), Testnet(8) as net:
        config = NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap, endpoint=partial(BehindNat, kind=kind))
        async with Node(config) as node:
            result = await doctor(node)
            (found,) = (one for one in result.findings if one.check is Check.NAT)
            measured = {one.name: one.value for one in found.measured}
    assert found.verdict is verdict, measured
    assert measured["bound"] == f"127.0.0.1:{node.address[1]}"
    assert (measured["addresses_seen"] == 1.0) == (kind != "an address for each")
    assert (measured["external"] == f"127.7.7.7:{node.address[1]}") == (kind == "keeps the port")
