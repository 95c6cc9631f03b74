"""Mutants for BEP 44: a row for each case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dhtui.conform.cases.items import target_of
from dhtui.conform.messages import read
from dhtui.engine.core import Core
from dhtui.engine.items import MutableItem, signing_buffer
from dhtui.engine.keys import verify
from dhtui.engine.wire.bencode import BencodeError, encode
from dhtui.engine.wire.compact import Addr

from .kit import Body, Make, Node, Query, When, drop, errs, grants, hears, ignores, patched, put, raw, refuses, says
from .tokens import right_token, takes_tokens


def _target(query: Query) -> bytes:
    return target_of(query.args)


def _stored(query: Query) -> Any:
    """The item that a put is about."""
    return query.node.core._items.get(_target(query), query.node.now)


def _length(query: Query) -> int:
    return len(encode(query.args.get(b"v", b"")))


def _is_signed(query: Query) -> bool:
    return b"k" in query.args


def _with(name: str) -> Any:
    return lambda query: name.encode() in query.args


def _backwards(body: Body, query: Query) -> None:
    if isinstance(body.get(b"v"), list):
        body[b"v"].reverse()


def _sorted_anew(data: bytes, addr: Addr, node: Node) -> bytes:
    """What comes, encoded anew: a dictionary out of order becomes another value."""
    try:
        return encode(read(data)) if b"q3:put" in data else data
    except BencodeError:
        return data


def _signs_without_salt(core: Core) -> None:
    class Lenient(type(core._serving.server)):  # type: ignore[misc]
        """Takes a signature that leaves the salt out."""

        def _put(self, query: Any, addr: Any, now: float) -> Any:
            args = query.args
            if args.salt and args.sig and verify(args.k, signing_buffer(args.v, args.seq), args.sig):
                item = MutableItem(args.v, args.k, args.sig, args.seq, args.salt)
                return self._stored(query, self._items.put_mutable(item.target, item, addr[0], now))
            return super()._put(query, addr, now)

    _become(core, Lenient)


def _believes_any_signature(core: Core) -> None:
    class Credulous(type(core._serving.server)):  # type: ignore[misc]
        """Takes any signature of an item without a salt."""

        def _put(self, query: Any, addr: Any, now: float) -> Any:
            args = query.args
            if args.k and not args.salt:
                item = MutableItem(args.v, args.k, args.sig, args.seq)
                self._check_token(query, args.token, addr, item.target, now)
                if self._items.conflict(item.target, item, args.cas, now) is None:
                    return self._stored(query, self._items.put_mutable(item.target, item, addr[0], now))
            return super()._put(query, addr, now)

    _become(core, Credulous)


def _become(core: Core, kind: type) -> None:
    server: Any = kind(core._table, core.common.tokens, core._peers, core._items, core._rng, core.family)
    core._serving.server = server


def _forgets() -> Make:
    """Gives no item an hour after it was put."""

    def make(core: Core) -> Node:
        first: dict[bytes, float] = {}

        def outward(message: Body, asked: Body, dest: Any) -> Body:
            if asked.get(b"q") == b"get" and b"v" in message.get(b"r", {}):
                at = first.setdefault(asked[b"a"][b"target"], node.now)
                if node.now - at > 3600:
                    return message | {b"r": {name: part for name, part in message[b"r"].items() if name != b"v"}}
            if asked.get(b"q") == b"put" and message.get(b"y") == b"r":
                first.setdefault(target_of(asked[b"a"]), node.now)
            return message

        node = Node(core, outward=outward)
        return node

    return make


def _first_writer() -> Make:
    """Takes an item again from the address that put it first only."""

    def make(core: Core) -> Node:
        writers: dict[bytes, str] = {}

        def inward(message: Body, addr: Any) -> Body | None:
            query = Query(node, message, addr)
            signed = query.method == "put" and {b"k", b"v"} <= query.args.keys()
            if signed and writers.setdefault(_target(query), addr[0]) != addr[0]:
                refuse(query)
                return None
            return message

        def refuse(query: Query) -> None:
            error = {b"t": query.message[b"t"], b"y": b"e", b"e": [203, b"no"]}
            query.node.extra.append((encode(error), query.addr))

        node = Node(core, inward=inward)
        return node

    return make


def _code(message: Body, query: Query) -> Body:
    code, text = message[b"e"]
    return message | {b"e": [203 if code == 205 else code, text]}


def _over(holds: Callable[[MutableItem, MutableItem], bool]) -> When:
    """A signed put over an item that is stored, of which `holds` tells: the new one, the old one."""

    def when(query: Query) -> bool:
        args = query.args
        if not {b"k", b"sig", b"seq"} <= args.keys() or type(args[b"seq"]) is not int:
            return False
        new = MutableItem(encode(args[b"v"]), args[b"k"], args[b"sig"], args[b"seq"], args.get(b"salt", b""))
        held = _stored(query)
        return held is not None and new.verify() and holds(new, held)

    return when


_newer = _over(lambda new, old: new.seq > old.seq)

BEP44: Final[dict[str, Make]] = {
    "44.01": says("get", drop("nodes"), lambda query: _held(query)),
    "44.02": says("get", drop("token"), lambda query: _held(query)),
    "44.03": refuses("put", lambda query: not _is_signed(query) and b"seq" not in query.args and _plain(query)),
    "44.04": ignores("put", lambda query: b"target" not in query.args),
    "44.05": says("get", _backwards),
    "44.06": raw(_sorted_anew),
    "44.07": refuses("put", lambda query: _length(query) == 1000, code=205),
    "44.08": grants("put", lambda query: _length(query) > 1000 and not _is_signed(query) and _length(query) < 1006),
    "44.09": hears("put", right_token, lambda query: not query.args.get(b"token")),
    "44.10": takes_tokens(("get", "put"), "address"),
    "44.11": takes_tokens(("get", "put"), "target"),
    "44.12": says("get", put(salt=b"foobar"), lambda query: _salt_of(query) == b"foobar"),
    "44.13": patched(_signs_without_salt),
    "44.14": refuses("put", lambda query: query.args.get(b"salt") == b"", code=206),
    "44.15": grants("put", lambda query: len(query.args.get(b"salt", b"")) == 65),
    "44.16": patched(_believes_any_signature),
    "44.17": grants("put", _over(lambda new, old: new.seq < old.seq)),
    "44.18": grants("put", _over(lambda new, old: new.seq == old.seq and new.v != old.v)),
    "44.19": refuses("put", _over(lambda new, old: new == old), code=302),
    "44.20": grants("put", lambda query: b"cas" not in query.args and _newer(query)),
    "44.21": grants("put", lambda query: _is_signed(query) and b"sig" not in query.args),
    "44.22": grants("put", lambda query: query.args.get(b"seq", 0) < 0),
    "44.23": hears("put", drop("cas"), lambda query: query.args.get(b"cas")),
    "44.24": hears("put", drop("cas"), lambda query: query.args.get(b"cas") == 0),
    "44.25": refuses("put", lambda query: _is_signed(query) and b"cas" in query.args and not _stored(query), code=301),
    "44.26": refuses("put", lambda query: not _is_signed(query) and b"cas" in query.args),
    "44.27": hears("get", drop("seq")),
    "44.28": says("get", drop("v", "k", "sig"), _with("seq")),
    "44.29": says("get", put(v=b"nothing"), lambda query: not _held(query)),
    "44.30": errs("put", _code),
    "44.31": _forgets(),
    "44.33": _first_writer(),
}


def _held(query: Query) -> Any:
    return query.node.core._items.get(query.args[b"target"], query.node.now)


def _salt_of(query: Query) -> Any:
    return getattr(_held(query), "salt", b"")


def _plain(query: Query) -> bool:
    """A put of a short text."""
    return isinstance(query.args.get(b"v"), bytes) and _length(query) < 100
