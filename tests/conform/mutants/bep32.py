"""Mutants for BEP 32, 42, 43 and of robustness: a row for each case."""

from __future__ import annotations

from typing import Any, Final

from dhtui.conform.cases.bep42_security import MISFIT
from dhtui.engine.core import Core
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr, NodeInfo, pack_node

from .kit import Body, Make, Node, Query, changed, drop, ignores, put, raw, refuses, says, sent


def _wants(query: Query) -> Any:
    wanted = query.args.get(b"want")
    return wanted if isinstance(wanted, list) else None


def _has_peers(body: Body, query: Query) -> None:
    if b"values" in body:
        body.pop(b"nodes", None)


def _with_ip(place: str) -> Any:
    """Puts the address of the asker elsewhere, or a false one in its place."""

    def change(message: Body, query: Query) -> Body:
        if message.get(b"y") != b"r":
            return message
        if place == "r":
            return message | {b"r": message[b"r"] | {b"ip": message[b"ip"]}}
        if place == "false":
            return message | {b"ip": message[b"ip"][:4] + b"\x1a\xe1"}
        return {name: part for name, part in message.items() if name != b"ip"}

    return sent(change)


def _names_read_only() -> Make:
    """Names to others whoever asked with ro 1."""

    def make(core: Core) -> Node:
        met: dict[bytes, Addr] = {}

        def inward(message: Body, addr: Addr) -> Body:
            if message.get(b"ro") == 1 and message.get(b"q") == b"ping":
                met[message[b"a"][b"id"]] = addr
            return message

        def outward(message: Body, asked: Body, dest: Addr) -> Body:
            target = asked.get(b"a", {}).get(b"target", b"")
            if target in met and b"nodes" in message.get(b"r", {}):
                named = pack_node(NodeInfo(target, met[target]))
                return message | {b"r": message[b"r"] | {b"nodes": named + message[b"r"][b"nodes"][:182]}}
            return message

        return Node(core, inward=inward, outward=outward)

    return make


def _pings_read_only(query: Query) -> Body:
    ping = {b"a": {b"id": query.node.core.id}, b"q": b"ping", b"t": b"zzzz", b"y": b"q"}
    query.node.extra.append((encode(ping), query.addr))
    return query.message


def _names_all_ids() -> Make:
    """Names each id that an address ever had."""

    def make(core: Core) -> Node:
        ids: dict[Addr, list[bytes]] = {}

        def inward(message: Body, addr: Addr) -> Body:
            own = message.get(b"a", {}).get(b"id")
            if message.get(b"q") == b"ping" and own not in ids.setdefault(addr, []):
                ids[addr].append(own)
            return message

        def outward(message: Body, asked: Body, dest: Addr) -> Body:
            target = asked.get(b"a", {}).get(b"target", b"")
            for addr, claimed in ids.items():
                if len(claimed) > 2 and target in claimed and b"nodes" in message.get(b"r", {}):
                    named = pack_node(NodeInfo(target, addr))
                    return message | {b"r": message[b"r"] | {b"nodes": named + message[b"r"][b"nodes"][:182]}}
            return message

        return Node(core, inward=inward, outward=outward)

    return make


def _faints(data: bytes, addr: Addr, node: Node) -> bytes | None:
    """Is silent for a while once it has read an integer below zero where none belongs."""
    if b"i-1e" in data and b"seqi-1e" not in data and b"porti-1e" not in data:
        node.silent_until = node.now + 60
    return None if node.now < node.silent_until else data


def _overwhelmed(core: Core) -> Node:
    """Is silent for a while after 200 packets in a second."""
    second: dict[int, int] = {}

    def change(data: bytes, addr: Addr, node: Node) -> bytes | None:
        second[int(node.now)] = second.get(int(node.now), 0) + 1
        if second[int(node.now)] > 200:
            node.silent_until = node.now + 7
        return None if node.now < node.silent_until else data

    return raw(change)(core)


def _thrice(message: Body, query: Query) -> Body:
    query.node.extra += [(encode(message), query.addr)] * 2
    return message


BEP32: Final[dict[str, Make]] = {
    "32.03": says("find_node", put(zz=bytes(1000))),
    "32.04": raw(lambda data, addr, node: None if len(data) >= 1024 and b"4:ping" in data else data),
    "32.11": says("find_node", put(nodes=b"", nodes6=b""), lambda query: b"n6" in (_wants(query) or ())),
    "32.12": says("find_node", put(nodes6=b""), lambda query: b"want" not in query.args),
    "32.13": ignores("find_node", lambda query: len((_wants(query) or [b""])[0]) > 10),
    "32.14": says("find_node", drop("nodes"), lambda query: _wants(query) == []),
    "32.15": says("get_peers", drop("values"), lambda query: _wants(query) == [b"n6"]),
    "32.16": says("get_peers", _has_peers),
}
BEP42: Final[dict[str, Make]] = {
    "42.01": says("ping", put(id=MISFIT)),
    "42.04": refuses("", lambda query: query.args.get(b"id") == MISFIT),
    "42.05": _with_ip("nowhere"),
    "42.06": _with_ip("false"),
    "42.07": _with_ip("r"),
    "42.08": refuses("find_node", lambda query: query.args.get(b"id") == MISFIT),
}
BEP43: Final[dict[str, Make]] = {
    "43.03": _names_read_only(),
    "43.04": ignores("find_node", lambda query: query.message.get(b"ro") == 1),
    "43.05": changed(lambda query: query.message | {b"ro": 1}, "", lambda query: query.message.get(b"ro") == 0),
    "43.06": changed(_pings_read_only, "", lambda query: query.message.get(b"ro") == 1),
}
ROBUSTNESS: Final[dict[str, Make]] = {
    "H.01": raw(_faints),
    "H.02": sent(_thrice, "get_peers", lambda query: _wants(query) == [b"n4", b"n6"]),
    "H.03": _overwhelmed,
    "H.04": _names_all_ids(),
}
