"""A network that sends what hurts terminals wherever it can, and the same as a recording.

Every field that holds bytes of the network's choice gets all of `PAYLOADS`: in a short field one of them, another
one from each node; in a long one as many as fit, each time another one first, so that none is always cut off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import cache
from itertools import cycle, islice
from typing import Any, TypeVar, get_type_hints

import dns.message
import dns.rrset
from engine.network import Network

from dhtui.engine.items import immutable_target, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.views.events import Event
from dhtui.engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from dhtui.engine.wire.bencode import Bencached, encode
from dhtui.engine.wire.compact import Addr, pack_addr, pack_node
from dhtui.engine.wire.ids import random_id_with_prefix
from dhtui.engine.wire.krpc import Query
from dhtui.sources.source import LiveSource

from .wired import WiredNode

RAW = (
    b"\x1b[35;45m",
    b"\x1b]52;c;eA==\x07",
    b"\x1b[2J",
    "\x9b31m\x90q\x9c".encode(),
    b"\x9b31m\x9d0;t\x9c",
    "\u202eevil\u2066x".encode(),
    "a\u200b\u200d\ufeffb".encode(),
    "\u2028\u2029\x85\u3164".encode(),
    b"a\nb\rc\x08\x00\x07",
    b"\xff\xfe\xc3(\xed\xa0\x80",
)
"""Colours, the clipboard, wiping; 8-bit controls, as text and as bare bytes; text that runs backwards or has no
width; line ends of all kinds; a bell; bytes that are no UTF-8."""
MARKUP = (b"[/foo]", b"[bold]b[/]", b"[@click=quit]x[/]")
PAYLOADS = (*RAW, *MARKUP)

OWN = bytes.fromhex("2d7c4e219f10aa55c3d2e1f00f1e2d3c4b5a6978")
TARGET = bytes.fromhex("4f1a9d3377c0aa55c3d2e1f00f1e2d3c4b5a6978")
KEY = PrivateKey.from_seed(bytes(range(32)))
NODES = 2 * len(PAYLOADS)


def one(number: int, size: int = 16) -> bytes:
    """A payload for a short field."""
    return PAYLOADS[number % len(PAYLOADS)][:size]


def many(number: int, size: int) -> bytes:
    """Payloads for a long field, and a long run of letters where there is room."""
    start = number % len(PAYLOADS)
    return (b"".join(islice(cycle(PAYLOADS), start, start + len(PAYLOADS))) + b"A" * size)[:size]


SALT = many(0, 64)


def values() -> list[bytes]:
    """Item values that are hostile in every form that values have, bencoded."""
    found: list[bytes] = []
    for number in range(len(PAYLOADS)):
        text = many(number, 300)
        found += [encode(one(number)), encode(many(number, 990)), encode({text: [text, {one(number): 1}]})]
    torrent = {b"ih": TARGET, **{one(number): one(number) for number in range(len(PAYLOADS))}}
    return [*found, encode(torrent), encode(dns_packet())]


def dns_packet() -> bytes:
    """DNS records whose names and texts are hostile."""
    message = dns.message.Message(id=0)
    message.flags = 0x8000
    for number in range(len(PAYLOADS)):
        label = "".join(f"\\{byte:03}" for byte in one(number, 12))
        text = "".join(f"\\{byte:03}" for byte in one(number))
        message.answer.append(dns.rrset.from_text(f"{label}.example.", 300, "IN", "TXT", f'"{text}"'))
    return message.to_wire()


# ---- the network ------------------------------------------------------------------------------------------


class HostileNode(WiredNode):
    """A node of ours, among nodes that mean ill. What they do happens in `suffer`."""

    def __init__(self) -> None:
        net = Network()
        core = net.core(
            "198.51.100.7", id=OWN, external=("198.51.100.7", 6881), rate_limit=0, reply_quota=0, maintain=False
        )
        super().__init__(net, core)
        self._items = [sign(KEY, v, 1 + n, SALT) for n, v in enumerate(values())]
        ids = [random_id_with_prefix(OWN, n // 8, net.rng) for n in range(NODES)]
        self.others = [net.puppet(self._answers(n), node_id=node_id) for n, node_id in enumerate(ids)]

    def _answers(self, number: int) -> Callable[[Query], bytes]:
        def answer(query: Query) -> bytes:
            if query.method != "ping" and number % 4 == 3:
                body: dict[bytes, Any] = {b"y": b"e", b"e": [201 + number, many(number, 256)]}
            else:
                body = {b"y": b"r", b"r": self._body(query, number)}
            extra = {one(n): many(n, 40) for n in range(number % 5)}
            asker = pack_addr(self._core.identity.bound)
            return encode({**extra, **body, b"ip": asker, b"t": query.tid, b"v": one(number)})

        return answer

    def _body(self, query: Query, number: int) -> dict[bytes, Any]:
        near = [self.others[(number + n) % NODES].info for n in range(8)]
        body: dict[bytes, Any] = {
            b"id": self.others[number].id,
            b"token": many(number, 200),
            one(number): many(number, 100),
        }
        if query.method != "ping":
            body[b"nodes"] = b"".join(map(pack_node, near))
        if query.method == "get_peers":
            body[b"values"] = [pack_addr((f"203.0.113.{n}", 6881)) for n in range(1, 4)] + [one(number)]
        if query.method == "get":
            item = self._items[number % len(self._items)]
            body |= {b"v": Bencached(item.v), b"k": item.k, b"sig": item.sig, b"seq": item.seq}
        return body

    async def suffer(self) -> None:
        """All that they can do to us: answer our lookups, ask us, store with us, and send what nobody can read."""
        self.net.meet(self._core, *self.others)
        for n, other in enumerate(self.others):
            self._asks_us(n, other.addr, other.id)
        for n, payload in enumerate(PAYLOADS):
            addr = (f"203.0.113.{100 + n}", 6881)
            for data in (payload * 9, b"d" + payload, b"\x00" * 1000, encode({payload: many(n, 1000)})):
                self.hears(data, addr)
            self.hears(encode({b"t": one(n), b"y": b"e", b"e": [n, many(n, 256)], b"v": one(n)}), addr)
            self.hears(encode({b"t": one(n), b"y": b"r", b"r": {b"id": OWN[::-1]}, b"v": one(n)}), addr)
        self.net.run(1.0)
        await self.find_node(OWN)
        await self.get_peers(TARGET)
        await self.get(self._items[0].target, salt=SALT)
        await self.announce_peer(TARGET, 6881)

    def _asks_us(self, number: int, addr: Addr, node_id: bytes) -> None:
        """Queries of every method, some that nobody knows, and writes."""

        def ask(method: bytes, **args: Any) -> None:
            body = {b"id": node_id, one(number): many(number, 30)} | {name.encode(): x for name, x in args.items()}
            more = {one(number + 1): many(number, 60), b"v": one(number), b"t": one(number, 20)}
            self.hears(encode({**more, b"y": b"q", b"q": method, b"a": body}), addr)

        def token(target: bytes) -> bytes:
            return self._core.common.tokens.make(addr[0], target, self.net.now)

        ask(b"ping")
        ask(one(number))
        ask(many(number, 200), target=TARGET)
        ask(b"find_node", target=many(number, 20))
        ask(b"get_peers", info_hash=TARGET)
        ask(b"announce_peer", info_hash=many(number, 20), port=1 + number, token=token(many(number, 20)))
        ask(b"announce_peer", info_hash=TARGET, port=1 + number, token=many(number, 200))
        ask(b"get", target=TARGET)
        for n, v in enumerate(values()):
            if n % NODES == number:
                item = sign(KEY, v, 1 + n, one(n, 64))
                ask(b"put", v=Bencached(v), token=token(immutable_target(v)))
                ask(
                    b"put",
                    v=Bencached(v),
                    k=item.k,
                    sig=item.sig,
                    seq=item.seq,
                    salt=item.salt,
                    token=token(item.target),
                )


# ---- a recording ------------------------------------------------------------------------------------------

Thing = TypeVar("Thing")
WORDS = (b"".join(RAW) + b"".join(MARKUP)).decode("utf-8", "replace")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def poisoned(thing: Thing) -> Thing:
    """The same with hostile words in place of all text in it, down to its last part."""
    made: Thing = _poisoned(thing)
    return made


def _poisoned(thing: Any) -> Any:
    if isinstance(thing, tuple):
        return type(thing)(*map(_poisoned, thing)) if hasattr(thing, "_fields") else tuple(map(_poisoned, thing))
    if isinstance(thing, dict):
        return {(WORDS + name if isinstance(name, str) else name): _poisoned(x) for name, x in thing.items()}
    if not is_dataclass(thing) or isinstance(thing, type):
        return thing
    kind: Any = type(thing)
    hints = _hints(kind)
    new: dict[str, Any] = {}
    for field in fields(thing):
        value = getattr(thing, field.name)
        if field.name == "method":  # one character is one byte there
            new[field.name] = WORDS.encode().decode("latin-1")
        elif hints[field.name] is str and field.name != "ip":
            new[field.name] = WORDS
        elif field.name not in ("message", "addr"):
            new[field.name] = _poisoned(value)
    return replace(thing, **new)


class Poisoned(LiveSource):
    """A hostile node whose own words are hostile too: what somebody may have written into a recording."""

    def __init__(self, node: HostileNode) -> None:
        super().__init__(node)
        self._net = node.net

    def snapshot(self) -> Snapshot:
        return poisoned(super().snapshot())

    def lookup(self, number: int) -> LookupDetail | None:
        return poisoned(super().lookup(number))

    def contact(self, addr: Addr) -> ContactDetail | None:
        return poisoned(super().contact(addr))

    def holdings(self) -> Holdings:
        return poisoned(super().holdings())

    def clock(self) -> float:
        return self._net.now

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        return super().subscribe(lambda event: listener(poisoned(event)))
