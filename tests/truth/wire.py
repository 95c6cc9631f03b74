"""An observer on the wire: scripted nodes on plain sockets, which note each datagram from and to the node under test.

Nothing here is the program's code: bencode, KRPC and the counting are its own, so that a fault of the program can't
hide in what it is compared with. All traffic of the node under test goes to these sockets, so what they have noted is
all that was on the wire. They live in a thread of their own: how busy the program is does not change what they note.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from hashlib import sha1
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self, TypeAlias

Addr: TypeAlias = tuple[str, int]
Mood = Literal[
    "honest",
    "silent",
    "late",
    "wrong id",
    "bad value",
    "bad once",
    "elsewhere",
    "unreadable",
    "unmatched",
    "error",
    "router",
]
"""How a node answers. ``late``: when it is told to. ``elsewhere``: from another port. ``bad once``: with a bad
value, and not at all to who wants to see what is behind that."""

LARGEST = 65_507
"""Bytes: the most that a UDP datagram holds."""
TOKEN = b"a token"
DEEPEST = 16


# ---- bencode ----------------------------------------------------------------------------------------------------


def bencode(value: Any) -> bytes:
    """Bytes, integers, lists and dictionaries with keys of bytes."""
    if isinstance(value, bytes):
        return b"%d:%b" % (len(value), value)
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, list):
        return b"l%be" % b"".join(map(bencode, value))
    return b"d%be" % b"".join(bencode(key) + bencode(value[key]) for key in sorted(value))


def bdecode(data: bytes) -> Any:
    """The value of all the bytes. Raises `ValueError`."""
    value, end = _decode(data, 0, 0)
    if end != len(data):
        raise ValueError("something follows the value")
    return value


def _decode(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    head = data[at : at + 1]
    if depth > DEEPEST:
        raise ValueError("too deep")
    if head == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    if head in (b"l", b"d"):
        parts, at = [], at + 1
        while data[at : at + 1] != b"e":
            part, at = _decode(data, at, depth + 1)
            parts.append(part)
        return (parts if head == b"l" else dict(zip(parts[::2], parts[1::2], strict=True))), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    if end > len(data):
        raise ValueError("cut off")
    return data[colon + 1 : end], end


def read(data: bytes) -> dict[bytes, Any]:
    """The dictionary that a datagram is; empty where it is none."""
    try:
        value = bdecode(data)
    except (ValueError, IndexError):
        return {}
    return value if isinstance(value, dict) else {}


# ---- what was noted ---------------------------------------------------------------------------------------------


class Seen(NamedTuple):
    """A datagram on the wire. Times are those of the observer."""

    way: Literal["to us", "from us"]
    """``us`` is the node under test."""
    peer: Addr
    """The scripted socket."""
    port: int
    """That of the node under test, or of its probe."""
    data: bytes
    before: float
    """It was not sent before; of what came from us: not known."""
    after: float
    """It was sent, or has come, by then."""
    message: dict[bytes, Any]
    """What it says; empty where it says nothing."""
    query_status: str = ""
    """What must become of it, in the words of the script; empty: it is a query or an answer like others."""

    @property
    def kind(self) -> str:
        """``q``, ``r``, ``e``, or empty."""
        kind = self.message.get(b"y", b"")
        return kind.decode("latin-1") if isinstance(kind, bytes) else ""

    @property
    def method(self) -> str:
        """That of a query."""
        return str(self.message.get(b"q", b"").decode("latin-1"))

    @property
    def tid(self) -> bytes:
        """The transaction id."""
        tid = self.message.get(b"t", b"")
        return tid if isinstance(tid, bytes) else b""

    @property
    def target(self) -> bytes:
        """What a query is about."""
        args = self.message.get(b"a", {})
        target = args.get(b"target", args.get(b"info_hash", b""))
        return target if isinstance(target, bytes) else b""


@dataclass
class Scripted:
    """A node of the script."""

    wire: Wire
    name: str
    mood: Mood
    main: socket.socket
    other: socket.socket
    """Another port of its host."""
    id: bytes
    friends: list[Scripted] = field(default_factory=list)
    """Whom it names."""
    peers: dict[bytes, list[Addr]] = field(default_factory=dict)
    items: dict[bytes, dict[bytes, Any]] = field(default_factory=dict)
    held: list[tuple[bytes, Addr]] = field(default_factory=list)
    """Answers that are held back."""

    @property
    def addr(self) -> Addr:
        """Where it is."""
        addr: Addr = self.main.getsockname()
        return addr

    @property
    def compact(self) -> bytes:
        """Its 26 bytes among ``nodes``."""
        return self.id + _compact(self.addr)

    # -- answering -----------------------------------------------------------------------------------------------

    def hear(self, data: bytes, source: Addr) -> None:
        """Answer a query, each in its way."""
        query = bdecode(data)
        if query.get(b"y") != b"q" or self.mood == "silent":
            return
        if self.mood == "bad once" and b"seq" in query[b"a"] and query[b"q"] == b"get":
            return
        reply = self._reply(query)
        match self.mood:
            case "late":
                self.held.append((reply, source))
            case "elsewhere":
                self.wire.send(self, reply, source, "unexpected answer", self.other)
            case "unreadable":
                self.wire.send(self, reply + b"\r\n", source, "malformed")
            case "unmatched":
                wrong = bencode(bdecode(reply) | {b"t": b"none"})
                self.wire.send(self, wrong, source, "unexpected answer")
            case _:
                self.wire.send(self, reply, source)

    def _reply(self, query: dict[bytes, Any]) -> bytes:
        if self.mood == "error" and query[b"q"] != b"ping":
            return bencode({b"t": query[b"t"], b"y": b"e", b"e": [202, b"not today"]})
        mine = sha1(self.id).digest() if self.mood == "wrong id" else self.id
        body = {b"id": mine, **self._answer(query[b"q"], query[b"a"])}
        return bencode({b"t": query[b"t"], b"y": b"r", b"r": body})

    def _answer(self, method: bytes, args: dict[bytes, Any]) -> dict[bytes, Any]:
        target = args.get(b"target", args.get(b"info_hash", b""))
        nodes = {b"nodes": b"".join(friend.compact for friend in self._nearest(target))}
        match method:
            case b"find_node":
                return nodes
            case b"get_peers":
                peers = self.peers.get(target, [])
                values = {b"values": [_compact(peer) for peer in peers]} if peers else {}
                return {**nodes, **values, b"token": TOKEN}
            case b"get":
                bad = {b"v": b"not what was put"} if self.mood in ("bad value", "bad once") else {}
                return {**nodes, b"token": TOKEN, **self.items.get(target, {}), **bad}
            case b"put":
                self._keep(args)
        return {}

    def _nearest(self, target: bytes) -> list[Scripted]:
        number = int.from_bytes(target, "big")
        return sorted(self.friends, key=lambda friend: int.from_bytes(friend.id, "big") ^ number)[:8]

    def _keep(self, args: dict[bytes, Any]) -> None:
        if b"k" not in args:
            self.items[sha1(bencode(args[b"v"])).digest()] = {b"v": args[b"v"]}
            return
        target = sha1(args[b"k"] + args.get(b"salt", b"")).digest()
        self.items[target] = {key: args[key] for key in (b"v", b"k", b"sig", b"seq")}

    # -- asking --------------------------------------------------------------------------------------------------

    def ask(
        self, us: Addr, method: str, args: dict[bytes, Any] | None = None, query_status: str = "", tid: bytes = b""
    ) -> bytes:
        """Send a query to the node under test, and return its transaction id."""
        tid = tid or self.wire.new_tid()
        query = {b"t": tid, b"y": b"q", b"q": method.encode(), b"a": {b"id": self.id, **(args or {})}}
        self.wire.send(self, bencode(query), us, query_status)
        return tid

    def release(self, query_status: str = "") -> int:
        """Send what was held back; how many answers that were."""
        held, self.held = self.held, []
        for data, addr in held:
            self.wire.send(self, data, addr, query_status)
        return len(held)


def _compact(addr: Addr) -> bytes:
    return socket.inet_aton(addr[0]) + struct.pack("!H", addr[1])


# ---- the wire ---------------------------------------------------------------------------------------------------


class Wire(AbstractContextManager["Wire"]):
    """All scripted nodes, and all that they have noted."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock`: the time of the notes, seconds."""
        self._clock = clock
        self.nodes: dict[str, Scripted] = {}
        self._seen: list[Seen] = []
        self._lock = threading.RLock()
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._tids = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failure: BaseException | None = None
        """What went wrong in its thread."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wake.send(b"x")
        self._thread.join()
        self._selector.close()
        for made in (self._wake, self._woken, *(s for node in self.nodes.values() for s in (node.main, node.other))):
            made.close()
        if self.failure is not None:
            raise self.failure

    def add(self, name: str, mood: Mood = "honest") -> Scripted:
        """A node on a host of its own."""
        host = f"127.0.{len(self.nodes) + 1}.1"
        made = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for one in made:
            one.bind((host, 0))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        node = Scripted(self, name, mood, made[0], made[1], sha1(name.encode()).digest())
        with self._lock:
            self.nodes[name] = node
            for one in made:
                self._selector.register(one, selectors.EVENT_READ, node)
        return node

    def acquaint(self, nodes: Iterable[Scripted]) -> None:
        """These nodes are named by all."""
        friends = list(nodes)
        for node in self.nodes.values():
            node.friends = [friend for friend in friends if friend is not node]

    def new_tid(self) -> bytes:
        """Of two bytes, as other programs use them."""
        self._tids += 1
        return struct.pack("!H", self._tids)

    def send(
        self, node: Scripted, data: bytes, us: Addr, query_status: str = "", by: socket.socket | None = None
    ) -> None:
        """Send a datagram to the node under test, and note it."""
        source = by or node.main
        with self._lock:
            before = self._clock()
            source.sendto(data, us)
            seen = Seen("to us", source.getsockname(), us[1], data, before, self._clock(), read(data), query_status)
            self._seen.append(seen)

    def _run(self) -> None:
        try:
            while True:
                for key, _ in self._selector.select():
                    if key.fileobj is self._woken:
                        return
                    assert isinstance(key.fileobj, socket.socket)
                    self._hear(key.fileobj, key.data)
        except BaseException as error:
            self.failure = error

    def _hear(self, here: socket.socket, node: Scripted) -> None:
        data, source = here.recvfrom(LARGEST)
        with self._lock:
            self._seen.append(Seen("from us", here.getsockname(), source[1], data, 0.0, self._clock(), read(data)))
            node.hear(data, source)

    # -- what was on it ------------------------------------------------------------------------------------------

    def seen(self) -> list[Seen]:
        """All that was noted so far, in the order of noting."""
        assert self.failure is None, self.failure
        with self._lock:
            return list(self._seen)

    def sent(self) -> list[Seen]:
        """What the node under test has sent."""
        return [one for one in self.seen() if one.way == "from us"]

    def received(self) -> list[Seen]:
        """What was sent to it."""
        return [one for one in self.seen() if one.way == "to us"]

    def asked(self) -> list[Seen]:
        """Its queries."""
        return [one for one in self.sent() if one.kind == "q"]

    def of(self, seen: Iterable[Seen], node: Scripted) -> Iterator[Seen]:
        """Those of one node."""
        return (one for one in seen if one.peer == node.addr)

    def answer_to(self, query: Seen) -> Seen | None:
        """What came in answer to a query of the node under test and may count: from where it asked, readable, under
        the transaction id, and not released too late."""
        for one in self.received():
            if (
                one.peer == query.peer
                and one.tid == query.tid
                and one.kind in "re"
                and one.kind
                and not one.query_status
            ):
                return one
        return None

    def refused_to_hear(self, query: Seen) -> bool:
        """Whether it was answered, but the user had banned the node meanwhile."""
        banned = [one for one in self.received() if one.query_status == "banned by the user"]
        return any(one.peer == query.peer and one.tid == query.tid for one in banned)

    def mood_of(self, query: Seen) -> Mood:
        """That of the node that a query went to."""
        return next(node.mood for node in self.nodes.values() if node.addr == query.peer)

    def replies_to(self, query: Seen) -> list[Seen]:
        """What the node under test sent in answer to a query."""
        sent = self.sent()
        return [one for one in sent if one.peer == query.peer and one.tid == query.tid and one.kind != "q"]

    def fates(self) -> Counter[str]:
        """What must have become of what was sent to it, but for what is like others."""
        return Counter(one.query_status for one in self.received() if one.query_status)
