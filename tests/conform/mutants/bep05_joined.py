"""Mutants for the rules of BEP 5 and 44 that our network shows: `virtual.our_network`, which the node has joined."""

from __future__ import annotations

from typing import Any, Final

from conform.virtual import START, our_network
from dhtui.conform.messages import read
from dhtui.engine.core import Core
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.ids import shared_prefix

from ..altered import Message
from .kit import Body, Make, Node, Query, says

SIZE: Final = 24
LOOKUPS = (b"find_node", b"get_peers", b"get")


def asks(change: Any) -> Make:
    """Changes queries that the node sends: the message and its destination; `None`: it is not sent."""

    def make(core: Core) -> Node:
        def outward(message: Message, asked: Message, dest: Addr) -> Message | None:
            if message.get(b"y") != b"q":
                return message
            changed: Message | None = change(message, dest, node)
            return changed

        node = Node(core, outward=outward)
        return node

    return make


def _with(message: Message, **args: Any) -> Message:
    return message | {b"a": message[b"a"] | {name.encode(): value for name, value in args.items()}}


def _short_id(message: Message, dest: Addr, node: Node) -> Message:
    return _with(message, id=message[b"a"][b"id"][:19])


def _the_farthest(body: Body, query: Query) -> None:
    target = query.args.get(b"target", bytes(20))
    if shared_prefix(target, query.node.core.id) > 8:
        return
    away = bytes(255 - byte for byte in target)
    body[b"nodes"] = b"".join(contact.packed for contact in query.node.core._table.closest(away, 8))


def _port_zero(body: Body, query: Query) -> None:
    if body.get(b"nodes"):
        body[b"nodes"] = body[b"nodes"][:-2] + bytes(2)


def _first_again(body: Body, query: Query) -> None:
    body[b"nodes"] = body.get(b"nodes", b"") + body.get(b"nodes", b"")[:26]


def _nothing_later(message: Message, dest: Addr, node: Node) -> Message | None:
    return None if message.get(b"q") in LOOKUPS and node.now > START + 60 else message


def _not_quite_itself(message: Message, dest: Addr, node: Node) -> Message:
    own = node.core.id
    if message[b"a"].get(b"target") != own:
        return message
    return _with(message, target=own[:-1] + bytes([own[-1] ^ 1]))


def _not_the_nearest(message: Message, dest: Addr, node: Node) -> Message | None:
    nearest = our_network(SIZE).closest(node.core.id)[0]
    return None if message.get(b"q") in LOOKUPS and dest == nearest.addr else message


def _one_token_for_all(message: Message, dest: Addr, node: Node) -> Message:
    return _with(message, token=b"x") if message.get(b"q") == b"announce_peer" else message


def _with_cas(message: Message, dest: Addr, node: Node) -> Message:
    return _with(message, cas=1) if message.get(b"q") == b"put" else message


def _one_token_for_puts(message: Message, dest: Addr, node: Node) -> Message:
    return _with(message, token=b"x") if message.get(b"q") == b"put" else message


def _from_anybody(core: Core) -> Node:
    """Takes a reply from whoever sends it."""
    sent_to: dict[bytes, Addr] = {}

    class Gullible(Node):
        def receive_datagram(self, data: bytes, addr: Addr, now: float) -> None:
            message = read(data)
            tid = message.get(b"t")
            source = sent_to.get(tid, addr) if message.get(b"y") == b"r" and isinstance(tid, bytes) else addr
            super().receive_datagram(data, source, now)

    def outward(message: Message, asked: Message, dest: Addr) -> Message:
        if message.get(b"y") == b"q":
            sent_to[message[b"t"]] = dest
        return message

    return Gullible(core, outward=outward)


BEP05_JOINED: Final[dict[str, Make]] = {
    "5.22": asks(_short_id),
    "5.31": says("find_node", _the_farthest),
    "5.34": says("find_node get_peers", _port_zero),
    "5.36": says("find_node get_peers", _first_again),
    "5.66": asks(_nothing_later),
    "5.67": asks(_not_quite_itself),
    "5.70": asks(_not_the_nearest),
    "5.71": asks(_one_token_for_all),
    "5.72": _from_anybody,
}
WRITERS: Final[dict[str, Make]] = {
    "44.38": asks(_with_cas),
    "44.39": asks(_one_token_for_puts),
}
