"""A small network of ours, for the node under test to join: its nodes are honest unless a case makes them lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha1
from random import Random
from typing import Any, NamedTuple

from ..engine.wire.compact import Addr, NodeInfo, pack_node
from ..engine.wire.ids import distance
from .messages import Asked, Responder, reply

CLOSEST = 8
MAX_ASKED = 16_384
"""Most queries of the node that are remembered."""


class Ours(NamedTuple):
    """One of our nodes."""

    id: bytes
    addr: Addr

    @property
    def info(self) -> NodeInfo:
        """As others name it."""
        return NodeInfo(self.id, self.addr)


class Network:
    """Our nodes, and what the node under test has asked them."""

    def __init__(self, addrs: Sequence[Addr], rng: Random) -> None:
        self.nodes = [Ours(rng.randbytes(20), addr) for addr in addrs]
        self.at = {node.addr: node for node in self.nodes}
        self.asked: list[Asked] = []
        """All queries of the node, the oldest first; the first `MAX_ASKED` of them."""
        self.behave: Responder | None = None
        """Answers in place of the honest node that was asked, see `Probe.lie`."""
        self._stored: dict[bytes, dict[bytes, Any]] = {}
        self._secret = rng.randbytes(8)

    @property
    def joined(self) -> bool:
        """Whether the node under test has come."""
        return bool(self.asked)

    def closest(self, target: bytes, count: int = CLOSEST) -> list[Ours]:
        """Our nodes closest to a target, nearest first."""
        return sorted(self.nodes, key=lambda node: distance(node.id, target))[:count]

    def answer(self, asked: Asked) -> bytes | None:
        """The datagram that the node gets from the one of ours that it asked."""
        if len(self.asked) < MAX_ASKED:
            self.asked.append(asked)
        said = (self.behave or self.honest)(asked)
        return said if said is None or isinstance(said, bytes) else reply(asked, said)

    def token(self, node: Ours, ip: str) -> bytes:
        """The write token of one of our nodes for an address."""
        return sha1(self._secret + node.id + ip.encode(), usedforsecurity=False).digest()[:8]

    def honest(self, asked: Asked) -> Mapping[bytes, Any] | None:
        """The body of an honest answer."""
        node, args = self.at[asked.ours], asked.args
        body: dict[bytes, Any] = {b"id": node.id}
        target = args.get(b"target", args.get(b"info_hash"))
        if asked.method != "ping" and type(target) is bytes and len(target) == 20:
            body[b"nodes"] = b"".join(pack_node(near.info) for near in self.closest(target))
        if asked.method in ("get_peers", "get"):
            body[b"token"] = self.token(node, asked.theirs[0])
        return body
