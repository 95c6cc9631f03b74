"""Every way to put a mutable item with cas and seq, and what each implementation's store makes of it.

A store is asked by hand-made packets, so that it sees what dhtui would never send, and what it does is written
down as observed, deviations included: BEP 44 says "should" in many places, and stores differ.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from dhtui.engine.items import MutableItem, immutable_target, mutable_target, signing_buffer
from dhtui.engine.keys import PrivateKey
from dhtui.engine.wire.bencode import Bencached, decode, encode
from dhtui.engine.wire.compact import Addr

from .matrix import key_of
from .peer import DEADLINE

OLD, NEW = b"3:old", b"3:new"
STORED_SEQ = 4
BIG = b"997:" + b"b" * 997
"""One byte more than BEP 44 allows, bencoded."""
OWN = b"a writer by hand...."

Said = int | str
"""What a store said: an error code, ``stored``, or ``silence``."""
Seen = tuple[Said, str]
"""What it said, and what it held afterwards: ``old``, ``new`` or ``nothing``."""


class Hand(asyncio.DatagramProtocol):
    """Sends queries that are made by hand, and knows what was answered."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, asyncio.Future[dict[bytes, Any]]] = {}
        self._count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: Addr) -> None:
        message = decode(data)
        future = self._waiting.pop(message.get(b"t", b""), None)
        if future is not None and not future.done():
            future.set_result(message)

    def _send(self, addr: Addr, method: bytes, args: dict[bytes, Any]) -> asyncio.Future[dict[bytes, Any]]:
        self._count += 1
        tid = self._count.to_bytes(2, "big")
        self._waiting[tid] = asyncio.get_running_loop().create_future()
        query = {b"t": tid, b"y": b"q", b"q": method, b"a": {b"id": OWN} | args}
        self._transport.sendto(encode(query), addr)
        return self._waiting[tid]

    async def ask(self, addr: Addr, method: bytes, **args: Any) -> dict[bytes, Any] | None:
        """The answer; `None` where a ping that was sent later was answered first: then there will be none."""
        asked = self._send(addr, method, {name.encode(): value for name, value in args.items()})
        pinged = self._send(addr, b"ping", {})
        async with asyncio.timeout(DEADLINE):
            await asyncio.wait({asked, pinged}, return_when=asyncio.FIRST_COMPLETED)
            await pinged
        return asked.result() if asked.done() else None

    async def get(self, addr: Addr, target: bytes) -> dict[bytes, Any]:
        """What a store gives for a target."""
        answer = await self.ask(addr, b"get", target=target)
        assert answer is not None
        body: dict[bytes, Any] = answer[b"r"]
        return body

    async def put(self, addr: Addr, target: bytes, **args: Any) -> Said:
        """Fetches a token, and puts; what the store said."""
        token = args.pop("token", None) or (await self.get(addr, target))[b"token"]
        answer = await self.ask(addr, b"put", token=token, **args)
        if answer is None:
            return "silence"
        return int(answer[b"e"][0]) if b"e" in answer else "stored"


@asynccontextmanager
async def by_hand() -> AsyncIterator[Hand]:
    """A socket on loopback."""
    transport, hand = await asyncio.get_running_loop().create_datagram_endpoint(Hand, local_addr=("127.0.0.1", 0))
    try:
        yield hand
    finally:
        transport.close()


def signed(key: PrivateKey, v: bytes, seq: int, salt: bytes) -> dict[str, Any]:
    """The arguments of a put, signed whatever they are."""
    args: dict[str, Any] = {"k": key.public, "v": Bencached(v), "seq": seq}
    return args | {"sig": key.sign(signing_buffer(v, seq, salt))} | ({"salt": salt} if salt else {})


@dataclass(frozen=True, slots=True)
class Case:
    """One put, to a store that holds `OLD` under seq 4, unless `empty`."""

    name: str
    seq: int = STORED_SEQ + 1
    v: bytes = NEW
    cas: int | None = None
    empty: bool = False
    change: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """What is wrong with it."""
    bare: bool = False
    """Without a signature: immutable."""
    pad: int = 0
    """Bytes that the salt of the run is filled up to."""


def _forged(args: dict[str, Any]) -> dict[str, Any]:
    return args | {"sig": bytes(64)}


def _wrong_token(args: dict[str, Any]) -> dict[str, Any]:
    return args | {"token": b"none"}


CASES = (
    Case("nothing stored", empty=True),
    Case("nothing stored, cas", empty=True, cas=4),
    Case("lower seq", seq=3),
    Case("same seq, same value", seq=4, v=OLD),
    Case("same seq, other value", seq=4),
    Case("higher seq"),
    Case("higher seq, same value", v=OLD),
    Case("cas matches", cas=4),
    Case("cas matches, same seq, same value", seq=4, v=OLD, cas=4),
    Case("cas matches, lower seq", seq=3, cas=4),
    Case("cas too low", cas=3),
    Case("cas too high", cas=5),
    Case("cas wrong, lower seq", seq=3, cas=3),
    Case("value too big", v=BIG),
    Case("immutable, too big", v=BIG, bare=True),
    Case("salt of 64 bytes", pad=64),
    Case("salt too big", pad=65, empty=True),
    Case("bad signature", change=_forged),
    Case("bad signature, lower seq", seq=3, change=_forged),
    Case("bad signature, nothing stored", empty=True, change=_forged),
    Case("bad token", change=_wrong_token),
    Case("negative seq", seq=-1, empty=True),
)


EXPECTED: dict[str, tuple[Seen, Seen, Seen]] = {
    "nothing stored": (("stored", "new"),) * 3,
    "nothing stored, cas": (("stored", "new"),) * 3,
    "lower seq": ((302, "old"),) * 3,
    "same seq, same value": (("stored", "old"), ("stored", "old"), (302, "old")),
    "same seq, other value": ((302, "old"), ("stored", "old"), (302, "old")),
    "higher seq": (("stored", "new"),) * 3,
    "higher seq, same value": (("stored", "new"),) * 3,
    "cas matches": (("stored", "new"),) * 3,
    "cas matches, same seq, same value": (("stored", "old"), ("stored", "old"), (302, "old")),
    "cas matches, lower seq": ((302, "old"),) * 3,
    "cas too low": ((301, "old"),) * 3,
    "cas too high": ((301, "old"),) * 3,
    "cas wrong, lower seq": ((301, "old"),) * 3,
    "value too big": ((205, "old"), (205, "old"), ("stored", "new")),
    "immutable, too big": ((205, "nothing"), (205, "nothing"), ("stored", "new")),
    "salt of 64 bytes": (("stored", "new"),) * 3,
    "salt too big": ((207, "nothing"), (207, "nothing"), ("stored", "new")),
    "bad signature": ((206, "old"), (206, "old"), ("silence", "old")),
    "bad signature, lower seq": ((302, "old"), (206, "old"), ("silence", "old")),
    "bad signature, nothing stored": ((206, "nothing"), (206, "nothing"), ("silence", "nothing")),
    "bad token": ((203, "old"),) * 3,
    "negative seq": ((203, "nothing"), (203, "nothing"), ("stored", "new")),
}
"""What ours, libtorrent 2.1 and bittorrent-dht 11 do, as observed.

libtorrent acknowledges another value under the seq that it holds, and keeps the one that it has: that such a put
was "stored" proves nothing, so dhtui reads again after each. bittorrent-dht refuses the very item that it holds,
which makes republishing look like a failure; measures a string without its bencoding, and no dictionary or list at
all; knows no limit of the salt, nor of seq; and is silent about signatures.
"""


async def observe(hand: Hand, addr: Addr, case: Case, salt: bytes) -> Seen:
    """What a store made of a put."""
    key = key_of(f"{case.name} {salt!r} at {addr[1]}")
    salt = salt.ljust(case.pad, b"s")
    target = immutable_target(case.v) if case.bare else mutable_target(key.public, salt)
    if not case.empty and not case.bare:
        assert await hand.put(addr, target, **signed(key, OLD, STORED_SEQ, salt)) == "stored"
    args = {"v": Bencached(case.v)} if case.bare else signed(key, case.v, case.seq, salt)
    if case.cas is not None:
        args["cas"] = case.cas
    said = await hand.put(addr, target, **case.change(args))
    got = await hand.get(addr, target)
    if b"v" not in got:
        return said, "nothing"
    if case.bare:
        return said, "new"
    item = MutableItem(encode(got[b"v"]), key.public, got[b"sig"], got[b"seq"], salt)
    assert item.verify()
    return said, "old" if (item.v, item.seq) == (OLD, STORED_SEQ) else "new"
