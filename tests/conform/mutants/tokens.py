"""Mutants that take tokens which they should not take."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from dhtui.conform.cases.items import target_of
from dhtui.engine.core import Core
from dhtui.engine.wire.compact import Addr

from .kit import Body, Make, Node, Query

Loose: TypeAlias = Literal["address", "target", "time"]


def _target(method: str, args: Body) -> bytes | None:
    if method == "announce_peer":
        return args.get(b"info_hash")
    return target_of(args) if b"v" in args else None


def right_token(args: Body, query: Query) -> None:
    """The right token, whatever was sent."""
    target = _target(query.method, args)
    if target is not None:
        args[b"token"] = query.node.core.common.tokens.make(query.addr[0], target, query.node.now)


def takes_tokens(methods: tuple[str, str], loose: Loose) -> Make:
    """Takes what it gave out, to queries of the first of the methods, in those of the second: from another address, for
    another target, or however long ago."""
    gives, takes = methods

    def make(core: Core) -> Node:
        given: set[tuple[bytes, str, bytes]] = set()

        def outward(message: Body, asked: Body, dest: Addr) -> Body:
            token = message.get(b"r", {}).get(b"token")
            if token and asked.get(b"q") == gives.encode():
                args: Any = asked[b"a"]
                given.add((token, dest[0], args.get(b"target", args.get(b"info_hash"))))
            return message

        def inward(message: Body, addr: Addr) -> Body:
            query = Query(node, message, addr)
            args = dict(query.args)
            target = _target(query.method, args) if query.method == takes else None
            if target is None:
                return message
            for token, ip, about in given:
                same = {"address": about == target, "target": ip == addr[0], "time": (about, ip) == (target, addr[0])}
                if token == args.get(b"token") and same[loose]:
                    right_token(args, query)
            return message | {b"a": args}

        node = Node(core, inward=inward, outward=outward)
        return node

    return make
