"""Mutants for the rules of BEP 5 about who gets into the table."""

from __future__ import annotations

from typing import Any, Final

from dhtui.engine.core import Core
from dhtui.engine.wire.compact import Addr, NodeInfo, pack_node
from dhtui.engine.wire.ids import shared_prefix

from ..altered import Message
from .kit import Body, Make, Node, Query, says

NEWCOMERS = "127.1."


def _names_itself(core: Core) -> Node:
    askers: list[Addr] = []

    def heard(data: bytes, addr: Addr) -> bytes:
        if b"2:id20:" + core.id in data:
            askers.append(addr)
        return data

    def edit(body: Body, query: Query) -> None:
        if askers and query.args.get(b"target") == core.id:
            body[b"nodes"] += pack_node(NodeInfo(core.id, askers[-1]))

    node = says("find_node", edit)(core)
    node.raw = heard
    return node


def _names_askers(core: Core) -> Node:
    askers: dict[bytes, Addr] = {}

    def inward(message: Message, addr: Addr) -> Message:
        id = Query(node, message, addr).args.get(b"id")
        if message.get(b"q") == b"find_node" and isinstance(id, bytes) and len(id) == 20 and id != core.id:
            askers[id] = addr
        return message

    def outward(message: Message, asked: Message, dest: Addr) -> Message:
        target = Query(node, asked, dest).args.get(b"target")
        if isinstance(target, bytes) and target in askers and asked.get(b"q") == b"find_node" and b"r" in message:
            entry = pack_node(NodeInfo(target, askers[target]))
            return message | {b"r": message[b"r"] | {b"nodes": entry + message[b"r"].get(b"nodes", b"")}}
        return message

    node = Node(core, inward=inward, outward=outward)
    return node


def _deaf_to_newcomers(core: Core) -> Node:
    def inward(message: Message, addr: Addr) -> Message | None:
        return None if message.get(b"y") == b"r" and addr[0].startswith(NEWCOMERS) else message

    return Node(core, inward=inward)


def _never_forgets(core: Core) -> Node:
    known: dict[bytes, bytes] = {}

    def edit(body: Body, query: Query) -> None:
        nodes = body.get(b"nodes", b"")
        known.update({nodes[i : i + 20]: nodes[i : i + 26] for i in range(0, len(nodes) - 25, 26)})
        target = query.args.get(b"target", b"")
        if target in known and known[target] not in nodes:
            body[b"nodes"] = known[target] + nodes

    return says("find_node", edit)(core)


def _asks_once(core: Core) -> Node:
    asked_already: set[Addr] = set()

    def outward(message: Message, asked: Message, dest: Addr) -> Message | None:
        if message.get(b"y") == b"q" and dest[0].startswith(NEWCOMERS):
            if dest in asked_already:
                return None
            asked_already.add(dest)
        return message

    return Node(core, outward=outward)


def _filtered(gone: Any) -> Make:
    """Leaves nodes out of what it names; `gone` takes those that have answered, in order, and our id."""

    def make(core: Core) -> Node:
        answered: dict[bytes, None] = {}

        def inward(message: Message, addr: Addr) -> Message:
            r = message.get(b"r")
            if message.get(b"y") == b"r" and addr[0].startswith(NEWCOMERS) and isinstance(r, dict):
                answered[r.get(b"id", b"")] = None
            return message

        def outward(message: Message, asked: Message, dest: Addr) -> Message:
            if asked.get(b"q") != b"find_node" or not isinstance(message.get(b"r"), dict):
                return message
            nodes, left_out = message[b"r"].get(b"nodes", b""), gone(list(answered), core.id)
            kept = [nodes[i : i + 26] for i in range(0, len(nodes), 26) if nodes[i : i + 20] not in left_out]
            return message | {b"r": message[b"r"] | {b"nodes": b"".join(kept)}}

        return Node(core, inward=inward, outward=outward)

    return make


def _all_but_the_last_far_ones(answered: list[bytes], own: bytes) -> list[bytes]:
    return [id for id in answered if len(id) == 20 and not shared_prefix(id, own)][:-6]


def _all_but_the_first_near_ones(answered: list[bytes], own: bytes) -> list[bytes]:
    return [id for id in answered if len(id) == 20 and shared_prefix(id, own) > 3][8:]


TABLE: Final[dict[str, Make]] = {
    "5.28": _names_itself,
    "5.59": _names_askers,
    "5.60": _deaf_to_newcomers,
    "5.61": _never_forgets,
    "5.62": _asks_once,
    "5.63": _filtered(_all_but_the_last_far_ones),
    "5.65": _filtered(_all_but_the_first_near_ones),
    "5.69": _never_forgets,
}
