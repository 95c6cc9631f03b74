"""A core, and a stranger who speaks to it in raw bytes. No socket, no clock."""

from __future__ import annotations

from random import Random
from typing import Any

from dhtui.engine.core import Core
from dhtui.engine.settings import Settings
from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr, NodeInfo

NOW = 1000.0
OWN = bytes(range(20))
LOCAL: Addr = ("127.0.0.2", 7000)
PUBLIC: Addr = ("203.0.113.5", 7000)


def new_core(bound: Addr = ("127.0.0.1", 6881), **settings: Any) -> Core:
    """A core with a known id and repeatable choices; bound to loopback it takes itself for reachable."""
    return Core(Settings(**({"id": OWN} | settings)), bound, Random(1), NOW)


def fill_table(core: Core, n: int = 200, seed: int = 2) -> list[NodeInfo]:
    """Let `n` nodes on loopback have answered the core; returns those of them that found a place."""
    rng = Random(seed)
    for i in range(n):
        addr = (f"127.1.{i >> 8}.{i & 255}", 1024 + i)
        core._table.answered(NodeInfo(rng.randbytes(20), addr), 0.05, None, NOW)
    return list(core.nodes())


def message(method: bytes, args: Any, tid: bytes = b"aa", **more: Any) -> bytes:
    """A query as a datagram."""
    extra = {key.encode(): value for key, value in more.items()}
    return bencode.encode({b"a": args, b"q": method, b"t": tid, b"y": b"q"} | extra)


class Stranger:
    """Asks a core from one address and keeps apart what comes back: answers, and queries of the core's own."""

    def __init__(self, core: Core, addr: Addr = LOCAL, node_id: bytes = b"s" * 20) -> None:
        self.core, self.addr, self.id = core, addr, node_id
        self.asked: list[dict[bytes, Any]] = []
        """The queries that the core sent to this address."""

    @property
    def info(self) -> NodeInfo:
        """Id and address."""
        return NodeInfo(self.id, self.addr)

    def raw(self, data: bytes, now: float = NOW) -> list[bytes]:
        """Send a datagram; the answers to it, as datagrams."""
        self.core.receive_datagram(data, self.addr, now)
        answers = []
        for out, addr in self.core.datagrams_to_send():
            assert addr == self.addr
            decoded = bencode.decode(out)
            if decoded[b"y"] == b"q":
                self.asked.append(decoded)
            else:
                answers.append(out)
        return answers

    def answer(self, data: bytes, now: float = NOW) -> dict[bytes, Any]:
        """Send a datagram; its one answer, decoded."""
        (out,) = self.raw(data, now)
        decoded = bencode.decode(out)
        assert isinstance(decoded, dict)
        return decoded

    def ask(self, method: str, now: float = NOW, **args: Any) -> dict[bytes, Any]:
        """Send a query with our id; the body (``r``) of the response."""
        reply = self.answer(self.query(method, **args), now)
        assert reply[b"y"] == b"r", reply
        body = reply[b"r"]
        assert isinstance(body, dict)
        return body

    def refused(self, method: str, now: float = NOW, **args: Any) -> int:
        """Send a query with our id that is to be refused; the error's code."""
        reply = self.answer(self.query(method, **args), now)
        assert reply[b"y"] == b"e", reply
        code, reason = reply[b"e"]
        assert isinstance(code, int) and isinstance(reason, bytes) and reason
        return code

    def query(self, method: str, **args: Any) -> bytes:
        """A query with our id, as a datagram."""
        return message(method.encode(), {b"id": self.id} | {key.encode(): value for key, value in args.items()})

    def token(self, target: bytes, now: float = NOW) -> bytes:
        """A write token for a target."""
        token = self.ask("get", now, target=target)[b"token"]
        assert isinstance(token, bytes)
        return token
