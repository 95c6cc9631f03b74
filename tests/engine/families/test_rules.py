"""Rules of BEP 32 and 45 about a node that has both families. Tests name them (docs/rules.md)."""

from __future__ import annotations

import asyncio

from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.wire.bencode import decode
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.krpc import Ping, encode_query

PATIENCE = 60.0


class Asker(asyncio.DatagramProtocol):
    """Pings an address, and notes what comes from where."""

    def __init__(self) -> None:
        self.came: asyncio.Future[tuple[bytes, Addr]] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        if decode(data)[b"y"] == b"r":
            self.came.set_result((decode(data)[b"r"][b"id"], (str(addr[0]), int(str(addr[1])))))


async def test_45_01_45_02_45_03_each_address_has_an_id_of_its_own_and_answers_itself() -> None:
    config = NodeConfig(listen=("127.0.0.1", 0), listen_also=("::1", 0), settings=Settings(read_only=False))
    ids = []
    async with asyncio.timeout(PATIENCE), Node(config) as node:
        for host, addr in zip(("127.0.0.1", "::1"), node.addresses, strict=True):
            loop = asyncio.get_running_loop()
            transport, asker = await loop.create_datagram_endpoint(Asker, local_addr=(host, 0))
            transport.sendto(encode_query(b"aa", Ping(b"i" * 20), True)[1], addr)
            own, source = await asker.came
            transport.close()
            assert source == addr
            ids.append(own)
    assert ids[0] != ids[1] and ids[0][:4] != ids[1][:4]
