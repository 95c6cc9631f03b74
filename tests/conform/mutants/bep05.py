"""Mutants for BEP 5: a row for each case that needs no network of ours."""

from __future__ import annotations

from hashlib import sha1
from typing import Any, Final

from conform.altered import Message
from dhtui.conform.messages import read
from dhtui.engine.core import Core
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr, NodeInfo, pack_addr, pack_node, unpack_addr
from dhtui.engine.wire.ids import shared_prefix

from .kit import Body, Make, Node, Query, changed, drop, errs, grants, hears, ignores, put, raw, refuses, says, sent

NEWCOMERS = "127.1."
GOOD = b"d1:ad2:id20:"


def _reply(node: Node, addr: Addr, tid: Any = b"aa", body: Body | None = None) -> None:
    """Sends a reply out of turn."""
    given = {b"id": node.core.id} | (body or {})
    node.extra.append((encode({b"r": given, b"t": tid, b"y": b"r"}), addr))


def _answers_what_is_none(data: bytes, addr: Addr, node: Node) -> bytes:
    if data == b"4:spam":
        _reply(node, addr)
    return data


def _out_of_order(message: Message, query: Query) -> bytes:
    parts = [encode(key) + encode(value) for key, value in message.items()]
    return b"d" + b"".join(sorted(parts, reverse=True)) + b"e"


def _without_tid(data: bytes, addr: Addr, node: Node) -> bytes:
    if read(data).get(b"y") == b"q" and b"t" not in read(data):
        _reply(node, addr, b"")
    return data


def _of_any_type(data: bytes, addr: Addr, node: Node) -> bytes:
    message = read(data)
    return encode(message | {b"y": b"q"}) if message.get(b"y") == b"x" else data


def _without_arguments(data: bytes, addr: Addr, node: Node) -> bytes:
    message = read(data)
    if message.get(b"y") == b"q" and not isinstance(message.get(b"a"), dict):
        _reply(node, addr, message.get(b"t"))
    return data


def _twice(message: Message, query: Query) -> Message:
    query.node.extra.append((encode(message), query.addr))
    return message


def _from_elsewhere(core: Core) -> Node:
    def outward(message: Message, asked: Message, dest: Addr) -> Message | None:
        if asked.get(b"q") != b"get":
            return message
        node.aside.append((encode(message), dest, ("127.0.0.1", 9)))
        return None

    class Aside(Node):
        """Answers get from another port."""

        aside: list[Any]

        def datagrams_to_send(self) -> list[Any]:
            found = super().datagrams_to_send()
            aside, self.aside = self.aside, []
            return [*found, *aside]

    node = Aside(core, outward=outward)
    node.aside = []
    return node


def _to_the_address_inside(query: Query) -> Message:
    ip = query.args.get(b"ip")
    if isinstance(ip, bytes) and len(ip) == 6:
        _reply(query.node, unpack_addr(ip))
    return query.message


def _answers_answers(data: bytes, addr: Addr, node: Node) -> bytes:
    if read(data).get(b"y") == b"e":
        _reply(node, addr)
    return data


def _garbage(fits: Any) -> Make:
    def change(data: bytes, addr: Addr, node: Node) -> bytes | None:
        if not fits(data):
            return data
        node.extra.append((b"garbage", addr))
        return None

    return raw(change)


def _stunned(data: bytes, addr: Addr, node: Node) -> bytes | None:
    if data.startswith(b"llll"):
        node.until = node.now + 14.0  # type: ignore[attr-defined]
    return None if node.now < getattr(node, "until", 0.0) else data


def _id_by_asker(body: Body, query: Query) -> None:
    body[b"id"] = body[b"id"][:-1] + sha1(repr(query.addr).encode()).digest()[:1]


def _id_by_target(body: Body, query: Query) -> None:
    body[b"id"] = body[b"id"][:-1] + query.args.get(b"target", b"\0")[-1:]


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


def _tid_cut(message: Message, query: Query) -> Message:
    return message | {b"t": message[b"t"][:8]}


def _cut(name: bytes, length: int) -> Any:
    def edit(args: Body, query: Query) -> None:
        value = args.get(name) if isinstance(args, dict) else None
        if isinstance(value, bytes) and len(value) > length:
            args[name] = value[:length]

    return edit


def _surplus(body: Body, query: Query) -> None:
    body[b"nodes"] += b"\0"


def _odd_peer(body: Body, query: Query) -> None:
    if body.get(b"values"):
        body[b"values"].append(b"7 bytes")


def _long_token(core: Core) -> Node:
    class Long(Node):
        """Adds 20 bytes to each token of get_peers, and takes them off again."""

    def inward(message: Message, addr: Addr) -> Message:
        args = message.get(b"a")
        if message.get(b"q") == b"announce_peer" and isinstance(args, dict) and isinstance(args.get(b"token"), bytes):
            return message | {b"a": args | {b"token": args[b"token"][:-20]}}
        return message

    def outward(message: Message, asked: Message, dest: Addr) -> Message:
        if asked.get(b"q") == b"get_peers" and b"token" in message.get(b"r", {}):
            return message | {b"r": message[b"r"] | {b"token": message[b"r"][b"token"] + bytes(20)}}
        return message

    return Long(core, inward=inward, outward=outward)


def _empty_values(body: Body, query: Query) -> None:
    body.setdefault(b"values", [])


def _many_values(body: Body, query: Query) -> None:
    if len(body.get(b"values", ())) > 30:
        body[b"values"] = body[b"values"] * 6


def _first_twice(body: Body, query: Query) -> None:
    if body.get(b"values"):
        body[b"values"].append(body[b"values"][0])


def _right_token(args: Body, query: Query) -> None:
    args[b"token"] = query.node.core._tokens.make(query.addr[0], args[b"info_hash"], query.node.now)


def _token_fits(query: Query) -> bool:
    token, info_hash = query.args.get(b"token"), query.args.get(b"info_hash")
    if not isinstance(token, bytes) or not isinstance(info_hash, bytes) or query.args.get(b"port") != 7001:
        return False
    return query.node.core._tokens.valid(token, query.addr[0], info_hash, query.node.now)


def _tokens(which: str) -> Make:
    """Takes tokens of another address, of another infohash, old ones, or none older than some seconds."""

    def make(core: Core) -> Node:
        given: dict[bytes, tuple[str, bytes, float]] = {}

        def outward(message: Message, asked: Message, dest: Addr) -> Message:
            token = message.get(b"r", {}).get(b"token") if isinstance(message.get(b"r"), dict) else None
            if token and asked.get(b"q") == b"get_peers":
                given.setdefault(token, (dest[0], asked[b"a"].get(b"info_hash", b""), node.now))
            return message

        def inward(message: Message, addr: Addr) -> Message:
            query = Query(node, message, addr)
            about = given.get(query.args.get(b"token", b"")) if query.method == "announce_peer" else None
            if about is None or not isinstance(query.args.get(b"info_hash"), bytes):
                return message
            ip, info_hash, at = about
            same_ip, same_hash = ip == addr[0], info_hash == query.args[b"info_hash"]
            args = dict(query.args)
            if which == "short" and node.now - at > 20:
                args[b"token"] = b"none"
            elif (which, same_ip, same_hash) in (
                ("address", False, True),
                ("infohash", True, False),
                ("old", True, True),
            ):
                _right_token(args, query)
            return message | {b"a": args}

        node = Node(core, inward=inward, outward=outward)
        return node

    return make


def _keeps_peers(core: Core) -> Node:
    announced: list[tuple[bytes, bytes, float]] = []

    def inward(message: Message, addr: Addr) -> Message:
        query = Query(node, message, addr)
        port = query.args.get(b"port")
        if query.method == "announce_peer" and type(port) is int and 0 < port < 65_536:
            announced.append((query.args.get(b"info_hash", b""), pack_addr((addr[0], port)), node.now))
        return message

    def outward(message: Message, asked: Message, dest: Addr) -> Message:
        if asked.get(b"q") != b"get_peers" or not isinstance(message.get(b"r"), dict):
            return message
        info_hash = asked[b"a"].get(b"info_hash")
        old = [peer for about, peer, at in announced if about == info_hash and node.now - at > 3600]
        return message | {b"r": message[b"r"] | {b"values": old}} if old else message

    node = Node(core, inward=inward, outward=outward)
    return node


def _address_inside(args: Body, query: Query) -> None:
    inside = args.get(b"address")
    if isinstance(inside, bytes) and len(inside) == 6:
        query.node.core._peers.announce(args[b"info_hash"], unpack_addr(inside), query.node.now)


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


BEP05: Final[dict[str, Make]] = {
    "5.01": raw(_answers_what_is_none),
    "5.02": sent(_out_of_order, "get_peers"),
    "5.03": raw(_without_tid),
    "5.04": sent(_tid_cut),
    "5.05": raw(_of_any_type),
    "5.06": sent(lambda message, query: {key: value for key, value in message.items() if key != b"v"}),
    "5.07": ignores("", lambda query: b"v" not in query.message),
    "5.08": raw(_without_arguments),
    "5.09": sent(lambda message, query: message | {b"r": [1]} if b"r" in message else message, "get"),
    "5.10": errs("", lambda message, query: message | {b"e": [message[b"e"][0], 5]}),
    "5.11": ignores("find_node", lambda query: query.args.get(b"target") == 7),
    "5.12": errs("dhtui_conform", lambda message, query: message | {b"e": [203, b"unknown"]}),
    "5.13": refuses("dhtui_conform", lambda query: b"target" in query.args, 204),
    "5.14": sent(_twice, "ping"),
    "5.15": _from_elsewhere,
    "5.16": changed(_to_the_address_inside, "ping"),
    "5.17": raw(_answers_answers),
    "5.18": ignores("", lambda query: b"zz" in query.message),
    "5.19": _garbage(lambda data: data.startswith(b"d1:y1:q1:t")),
    "5.20": _garbage(lambda data: data.startswith(GOOD) and data.endswith(b"1:y1:qe\0")),
    "5.21": raw(_stunned),
    "5.23": says("get_peers", lambda body, query: body.update({b"id": body[b"id"][:19]})),
    "5.24": hears("ping", _cut(b"id", 20)),
    "5.25": says("ping", _id_by_asker),
    "5.26": says("find_node", _id_by_target),
    "5.28": _names_itself,
    "5.29": says("ping", drop("id")),
    "5.30": says("find_node", _surplus),
    "5.32": hears("find_node", _cut(b"target", 20)),
    "5.33": ignores("find_node", lambda query: query.args.get(b"target") == bytes(20)),
    "5.37": says("get_peers", _odd_peer),
    "5.38": says("get_peers", drop("nodes"), lambda query: True),
    "5.39": says("get_peers", drop("token")),
    "5.40": _long_token,
    "5.41": hears("get_peers", _cut(b"info_hash", 20)),
    "5.42": says("get_peers", _empty_values),
    "5.43": says("get_peers", _many_values),
    "5.44": grants("announce_peer", _token_fits),
    "5.45": hears("announce_peer", _right_token, lambda query: query.args.get(b"token") == b""),
    "5.46": _tokens("address"),
    "5.47": hears("announce_peer", _right_token, lambda query: b"token" not in query.args),
    "5.48": _tokens("short"),
    "5.49": _tokens("old"),
    "5.50": hears("announce_peer", drop("implied_port"), lambda query: b"port" in query.args),
    "5.51": hears("announce_peer", put(implied_port=1), lambda query: query.args.get(b"implied_port") == 0),
    "5.52": refuses("announce_peer", lambda query: b"implied_port" in query.args and b"port" not in query.args),
    "5.53": hears("announce_peer", put(port=7777), lambda query: query.args.get(b"port") == 0),
    "5.54": says("announce_peer", drop("id")),
    "5.55": says("get_peers", _first_twice),
    "5.56": _keeps_peers,
    "5.57": _tokens("infohash"),
    "5.58": hears("announce_peer", _address_inside),
    "5.59": _names_askers,
    "5.60": _deaf_to_newcomers,
    "5.61": _never_forgets,
    "5.62": _asks_once,
    "5.63": _filtered(_all_but_the_last_far_ones),
    "5.65": _filtered(_all_but_the_first_near_ones),
    "5.69": _never_forgets,
}
