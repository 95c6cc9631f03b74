"""Mutants for BEP 5, messages, ids and peers: a row for each case."""

from __future__ import annotations

from typing import Any, Final

from dhtui.conform.messages import read
from dhtui.engine.core import Core
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr, pack_addr, unpack_addr

from .kit import (
    Body,
    Make,
    Node,
    Query,
    changed,
    drop,
    errs,
    grants,
    hears,
    ignores,
    patched,
    put,
    raw,
    refuses,
    says,
    sent,
)
from .tokens import right_token, takes_tokens

FAINT = 60.0
"""Seconds."""
KNOWN = ("ping", "find_node", "get_peers", "announce_peer", "get", "put", "sample_infohashes")


def _pong(node: Node, tid: Any, addr: Addr) -> None:
    node.extra.append((encode({b"r": {b"id": node.core.id}, b"t": tid, b"y": b"r"}), addr))


def _answers_anything(data: bytes, addr: Addr, node: Node) -> bytes | None:
    if data in (b"le", b"i1e"):
        _pong(node, b"", addr)
    return data


def _disorderly(message: Body, query: Query) -> bytes:
    return b"d%be" % b"".join(encode(name) + encode(message[name]) for name in sorted(message, reverse=True))


def _knows_x(data: bytes, addr: Addr, node: Node) -> bytes:
    message = read(data)
    return encode(message | {b"y": b"q"}) if message.get(b"y") == b"x" else data


def _faints(sign: bytes) -> Make:
    """Is silent for a while once it has read something."""

    def change(data: bytes, addr: Addr, node: Node) -> bytes | None:
        if sign in data:
            node.silent_until = node.now + FAINT
        return None if node.now < node.silent_until else data

    return raw(change)


def _muddles(sign: bytes) -> Make:
    """Answers what is not canonical under another transaction id."""

    def change(data: bytes, addr: Addr, node: Node) -> bytes | None:
        if sign in data:
            _pong(node, b"\0\0\0", addr)
            return None
        return data

    return raw(change)


def _bare(message: Body, query: Query) -> Body:
    code, text = message[b"e"]
    return message | {b"e": text} if code in (203, 204) else message


def _again(message: Body, query: Query) -> Body:
    query.node.extra.append((encode(message), query.addr))
    return message


def _from_elsewhere(message: Body, query: Query) -> None:
    query.node.spoofed.append((encode(message), ("127.0.0.1", 6880), query.addr))


def _to_named(query: Query) -> Body:
    _pong(query.node, query.message[b"t"], unpack_addr(query.args[b"ip"]))
    return query.message


def _answers_errors(data: bytes, addr: Addr, node: Node) -> bytes:
    message = read(data)
    if message.get(b"y") == b"e":
        _pong(node, message[b"t"], addr)
    return data


def _padded(name: str) -> Any:
    """A value of 19 bytes is taken for one of 20."""
    key = name.encode()

    def edit(args: Body, query: Query) -> None:
        if isinstance(args.get(key), bytes) and len(args[key]) == 19:
            args[key] += b"\0"

    return edit


def _unknown(query: Query) -> bool:
    return query.method not in KNOWN


def _long_token(body: Body, query: Query) -> None:
    if b"token" in body:
        body[b"token"] += bytes(17)


def _short_token(args: Body, query: Query) -> None:
    token = args.get(b"token", b"")
    if len(token) == 25 and not any(token[8:]):
        args[b"token"] = token[:8]


def _chained(outer: Make, inner: Make) -> Make:
    """Both changes: one at the core's side of the other."""

    def make(core: Core) -> Node:
        first: Any = inner(core)
        second = outer(core)
        second._outward = second._outward or first._outward
        second._inward = second._inward or first._inward
        return second

    return make


def _odd_value(body: Body, query: Query) -> None:
    if b"values" in body:
        body[b"values"] = [*body[b"values"], b"12345"]


def _peers_known(body: Body) -> bool:
    return bool(body.get(b"values"))


def _no_nodes(body: Body, query: Query) -> None:
    if not _peers_known(body):
        body.pop(b"nodes", None)


def _empty_values(body: Body, query: Query) -> None:
    body.setdefault(b"values", [])


def _overlong(body: Body, query: Query) -> None:
    if len(body.get(b"values", ())) > 20:
        del body[b"values"]


def _doubled(body: Body, query: Query) -> None:
    if len(body.get(b"values", ())) == 1:
        body[b"values"] *= 2


def _short_lived_tokens() -> Make:
    """Takes no token that is older than 20 seconds."""

    def make(core: Core) -> Node:
        given: dict[bytes, float] = {}

        def outward(message: Body, asked: Body, dest: Addr) -> Body:
            token = message.get(b"r", {}).get(b"token")
            if token and asked.get(b"q") == b"get_peers":
                given[token] = node.now
            return message

        def inward(message: Body, addr: Addr) -> Body:
            args = message.get(b"a", {})
            if message.get(b"q") == b"announce_peer" and node.now - given.get(args.get(b"token"), node.now) > 20:
                return message | {b"a": args | {b"token": b"expired."}}
            return message

        node = Node(core, inward=inward, outward=outward)
        return node

    return make


def _keeps_peers(core: Core) -> None:
    """Peers never expire."""
    store: Any = core._peers
    sample = store.sample
    store.sweep = lambda now: None
    store.sample = lambda infohash, n, rng, now, **how: sample(infohash, n, rng, 0.0, **how)


def _believes_address() -> Make:
    """Gives the address that stood within an announce, too."""

    def make(core: Core) -> Node:
        told: dict[bytes, bytes] = {}

        def inward(message: Body, addr: Addr) -> Body:
            args = message.get(b"a", {})
            if message.get(b"q") == b"announce_peer" and b"ip" in args and b"port" in args:
                told[args[b"info_hash"]] = pack_addr((args[b"ip"].decode(), args[b"port"]))
            return message

        def outward(message: Body, asked: Body, dest: Addr) -> Body:
            infohash = asked.get(b"a", {}).get(b"info_hash")
            body = message.get(b"r", {})
            if b"values" in body and infohash in told:
                return message | {b"r": body | {b"values": [*body[b"values"], told[infohash]]}}
            return message

        return Node(core, inward=inward, outward=outward)

    return make


def _id_of_asker(message: Body, query: Query) -> Body:
    if message.get(b"y") == b"r" and query.addr[0] == "127.1.0.2":
        return message | {b"r": message[b"r"] | {b"id": query.node.core.id[:-1] + b"\xaa"}}
    return message


def _id_of_target(body: Body, query: Query) -> None:
    body[b"id"] = query.args.get(b"target", b"")[:1] + body[b"id"][1:]


MESSAGES: Final[dict[str, Make]] = {
    "5.01": raw(_answers_anything),
    "5.02": sent(_disorderly, "get_peers"),
    "5.03": changed(lambda query: query.message | {b"t": b"xx"}, "", lambda query: b"t" not in query.message),
    "5.04": sent(lambda message, query: message | {b"t": message[b"t"][:8]}),
    "5.05": raw(_knows_x),
    "5.06": sent(lambda message, query: {name: part for name, part in message.items() if name != b"v"}),
    "5.07": ignores("", lambda query: b"v" not in query.message),
    "5.08": changed(
        lambda query: query.message | {b"a": {b"id": bytes(20)}}, "ping", lambda query: b"a" not in query.message
    ),
    "5.09": sent(lambda message, query: message | {b"r": []} if b"r" in message else message, "get"),
    "5.10": errs("", _bare),
    "5.11": ignores("ping", lambda query: b"id" not in query.args),
    "5.12": errs("", lambda message, query: message | {b"e": [203, b"no"]}, _unknown),
    "5.13": refuses("", lambda query: _unknown(query) and b"target" in query.args, code=204),
    "5.14": sent(_again, "find_node"),
    "5.15": sent(_from_elsewhere, "get"),
    "5.16": changed(_to_named, "ping", lambda query: len(query.args.get(b"ip", b"")) == 6),
    "5.17": raw(_answers_errors),
    "5.18": ignores("ping", lambda query: query.message.get(b"zz") == [1]),
    "5.19": _muddles(b"d1:y1:q1:t"),
    "5.20": _muddles(b"garbage"),
    "5.21": _faints(b"l" * 100),
    "5.23": says("get", lambda body, query: body.update({b"id": body[b"id"][:19]})),
    "5.24": hears("ping", _padded("id")),
    "5.25": sent(_id_of_asker),
    "5.26": says("find_node", _id_of_target),
    "5.29": says("ping", drop("id")),
    "5.30": says("find_node", lambda body, query: body.update({b"nodes": body[b"nodes"] + b"\0"})),
    "5.32": hears("find_node", _padded("target")),
    "5.33": refuses("find_node get_peers", lambda query: bytes(20) in query.args.values()),
}
PEERS: Final[dict[str, Make]] = {
    "5.37": says("get_peers", _odd_value),
    "5.38": says("get_peers", _no_nodes),
    "5.39": says("get_peers", drop("token")),
    "5.40": _chained(says("get_peers", _long_token), hears("announce_peer", _short_token)),
    "5.41": hears("get_peers", _padded("info_hash")),
    "5.42": says("get_peers", _empty_values),
    "5.43": says("get_peers", _overlong),
    "5.44": grants("announce_peer", lambda query: len(query.args.get(b"token", b"")) == 8 and _is_good(query)),
    "5.45": hears("announce_peer", right_token, lambda query: query.args.get(b"token") == b""),
    "5.46": takes_tokens(("get_peers", "announce_peer"), "address"),
    "5.47": hears("announce_peer", right_token, lambda query: b"token" not in query.args),
    "5.48": _short_lived_tokens(),
    "5.49": takes_tokens(("get_peers", "announce_peer"), "time"),
    "5.50": hears("announce_peer", drop("implied_port"), lambda query: b"port" in query.args),
    "5.51": hears("announce_peer", put(implied_port=1), lambda query: query.args.get(b"implied_port") == 0),
    "5.52": refuses("announce_peer", lambda query: b"port" not in query.args and b"implied_port" in query.args),
    "5.53": grants("announce_peer", lambda query: query.args.get(b"port") == 0),
    "5.54": says("announce_peer", drop("id")),
    "5.55": says("get_peers", _doubled),
    "5.56": patched(_keeps_peers),
    "5.57": takes_tokens(("get_peers", "announce_peer"), "target"),
    "5.58": _believes_address(),
}


def _is_good(query: Query) -> bool:
    """An announce that is in order."""
    core, args = query.node.core, query.args
    valid = core.common.tokens.valid(args[b"token"], query.addr[0], args.get(b"info_hash", b""), query.node.now)
    return valid and type(args.get(b"port", 1)) is int and 0 < args.get(b"port", 1) < 65536
