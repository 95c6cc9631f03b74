"""What is sent to the node, and what comes of it, read leniently: the node may be wrong in any way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from ..engine.wire.bencode import BencodeError, decode_any_size, encode
from ..engine.wire.compact import Addr, NodeInfo, pack_addr
from ..engine.wire.family import IPV4, Family, family_of
from ..text.runs.conformance import error_shown, reply_shown

VERSION = b"dT\x00\x01"


def read(data: bytes) -> dict[bytes, Any]:
    """The dictionary that a datagram is; empty if it is none."""
    try:
        message = decode_any_size(data)
    except BencodeError:
        return {}
    return message if isinstance(message, dict) else {}


def query(method: str | bytes, args: Mapping[bytes, Any], tid: Any, **top: Any) -> bytes:
    """A query as a datagram. `top`: further keys of the top dictionary, such as ``ro=1``; `None` leaves one out."""
    name = method.encode() if isinstance(method, str) else method
    message: dict[bytes, Any] = {b"a": dict(args), b"q": name, b"t": tid, b"v": VERSION, b"y": b"q"}
    message |= {key.encode(): value for key, value in top.items()}
    return encode({key: value for key, value in message.items() if value is not None})


class Kind(StrEnum):
    """What came in answer."""

    REPLY = "reply"
    ERROR = "error"
    SILENCE = "silence"


@dataclass(frozen=True)
class Answer:
    """What came in answer to a datagram."""

    data: bytes
    """Empty for silence."""
    sent: bytes
    source: Addr | None = None
    """Where it came from."""

    @cached_property
    def message(self) -> dict[bytes, Any]:
        """The whole message; empty for silence, and for what can't be read."""
        return read(self.data)

    @property
    def kind(self) -> Kind:
        """Reply, error or silence. What has neither a type that is known nor a body counts as a reply."""
        if not self.data:
            return Kind.SILENCE
        y = self.message.get(b"y")
        return Kind.ERROR if y == b"e" or (y != b"r" and b"e" in self.message) else Kind.REPLY

    @property
    def r(self) -> dict[bytes, Any]:
        """The body of a reply; empty where there is none."""
        body = self.message.get(b"r")
        return body if isinstance(body, dict) else {}

    @property
    def code(self) -> int | None:
        """The code of an error; `None` where there is none."""
        e = self.message.get(b"e")
        return e[0] if isinstance(e, list) and e and type(e[0]) is int else None

    @property
    def id(self) -> bytes | None:
        """The id of the node, if it is a string."""
        found = self.r.get(b"id")
        return found if type(found) is bytes else None

    @property
    def token(self) -> bytes | None:
        """The write token, if it is a string."""
        found = self.r.get(b"token")
        return found if type(found) is bytes else None

    @property
    def nodes(self) -> list[NodeInfo]:
        """The whole entries of ``nodes``, or of ``nodes6`` in what came over IPv6."""
        family = self.family
        found = self.r.get(family.nodes_key)
        data = found if type(found) is bytes else b""
        length = family.node_length
        entries = (data[i : i + length] for i in range(0, len(data) - length + 1, length))
        return [NodeInfo(entry[:20], family.unpack(entry[20:])) for entry in entries]

    @property
    def family(self) -> Family:
        """The family that it came over."""
        return family_of(self.source[0]) if self.source else IPV4

    @property
    def values(self) -> list[Any]:
        """The entries of ``values``."""
        found = self.r.get(b"values")
        return found if isinstance(found, list) else []

    @property
    def shown(self) -> str:
        """What it was, as a clause that is safe to print."""
        if self.kind is Kind.SILENCE:
            return "silence"
        if self.kind is Kind.ERROR:
            e = self.message.get(b"e")
            text = e[1] if isinstance(e, list) and len(e) > 1 and type(e[1]) is bytes else b""
            return error_shown(self.code, text)
        return reply_shown(self.r if self.r else self.data)


class Asked(NamedTuple):
    """A query of the node to one of our sockets."""

    at: float
    ours: Addr
    theirs: Addr
    message: dict[bytes, Any]
    data: bytes

    @property
    def method(self) -> str:
        """Its method, one character a byte; empty where it is none."""
        q = self.message.get(b"q")
        return q.decode("latin-1") if type(q) is bytes else ""

    @property
    def args(self) -> dict[bytes, Any]:
        """Its arguments; empty where there are none."""
        a = self.message.get(b"a")
        return a if isinstance(a, dict) else {}

    @property
    def tid(self) -> bytes:
        """Its transaction id; empty where it is none."""
        t = self.message.get(b"t")
        return t if type(t) is bytes else b""


Responder: TypeAlias = "Callable[[Asked], Mapping[bytes, Any] | bytes | None]"
"""Answers a query of the node: the body ``r``, a whole datagram, or `None` for silence."""


def reply(asked: Asked, body: Mapping[bytes, Any], **top: Any) -> bytes:
    """A reply as a datagram, to the one who asked."""
    message: dict[bytes, Any] = {b"ip": pack_addr(asked.theirs), b"r": dict(body), b"t": asked.tid, b"v": VERSION}
    message[b"y"] = b"r"
    message |= {key.encode(): value for key, value in top.items()}
    return encode({key: value for key, value in message.items() if value is not None})


def polite(own: bytes, nodes: bytes = b"") -> Responder:
    """Answers as a node of the id `own` that knows `nodes`, packed, and stores nothing."""

    def answer(asked: Asked) -> Mapping[bytes, Any]:
        if asked.method in ("get_peers", "get"):
            return {b"id": own, b"nodes": nodes, b"token": b"tokn"}
        return {b"id": own, b"nodes": nodes} if asked.method in ("find_node", "sample_infohashes") else {b"id": own}

    return answer
