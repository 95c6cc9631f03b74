"""Mutants for BEP 33 (scrapes) and BEP 51 (sampling): a row for each case."""

from __future__ import annotations

from typing import Any, Final

from dhtui.engine.core import Core
from dhtui.engine.wire.bloom import FILTER_BYTES
from dhtui.engine.wire.compact import Addr, pack_addr

from .kit import Body, Make, Node, Query, drop, grants, hears, patched, put, says

FILTERS = (b"BFsd", b"BFpe")


def _renamed(body: Body, query: Query) -> None:
    if b"BFsd" in body:
        body[b"BFse"] = body.pop(b"BFsd")


def _each(change: Any) -> Make:
    """Changes each filter."""

    def edit(body: Body, query: Query) -> None:
        for name in FILTERS:
            if name in body:
                body[name] = change(body[name])

    return says("get_peers", edit)


def _announces(edit: Any) -> Make:
    """Changes replies to get_peers: `edit` gets the body, the infohash, and the peers that were announced, by IP."""

    def make(core: Core) -> Node:
        peers: dict[tuple[bytes, str], list[int]] = {}

        def outward(message: Body, asked: Body, dest: Addr) -> Body:
            args, reply = asked.get(b"a", {}), message.get(b"y") == b"r"
            if reply and asked.get(b"q") == b"announce_peer":
                peers.setdefault((args[b"info_hash"], dest[0]), []).append(
                    dest[1] if args.get(b"implied_port") else args[b"port"]
                )
            if reply and asked.get(b"q") == b"get_peers":
                body = dict(message[b"r"])
                known = {ip: ports for (infohash, ip), ports in peers.items() if infohash == args[b"info_hash"]}
                edit(body, known)
                return message | {b"r": body}
            return message

        node = Node(core, outward=outward)
        return node

    return make


def _ports_counted(body: Body, known: dict[str, list[int]]) -> None:
    if b"BFpe" in body and any(len(set(ports)) > 1 for ports in known.values()):
        body[b"BFpe"] = bytes(byte | 0x11 if at < 4 else byte for at, byte in enumerate(body[b"BFpe"]))


def _ports_kept(body: Body, known: dict[str, list[int]]) -> None:
    if len(body.get(b"values", ())) == 1 == len(known):
        body[b"values"] = [pack_addr((ip, port)) for ip, ports in known.items() for port in dict.fromkeys(ports)][:80]


def _first_status() -> Make:
    """Whether a peer is a seed is settled by its first announce."""

    def make(core: Core) -> Node:
        first: dict[tuple[bytes, str], int] = {}

        def inward(message: Body, addr: Addr) -> Body:
            if message.get(b"q") != b"announce_peer":
                return message
            args = message.get(b"a", {})
            seed = first.setdefault((args.get(b"info_hash", b""), addr[0]), args.get(b"seed", 0))
            return message | {b"a": args | {b"seed": seed}}

        return Node(core, inward=inward)

    return make


def _items_too(body: Body, query: Query) -> None:
    kept = [target for target, _ in query.node.core._items._immutable.items()]
    if kept and b"samples" in body:
        body[b"samples"] += kept[-1]
        body[b"num"] += 1


def _by_target(body: Body, query: Query) -> None:
    if query.args.get(b"target", b"")[:1] == b"\xff":
        body[b"samples"] = body[b"samples"][20:]


def _first_ones(core: Core) -> None:
    """Gives the infohashes that came last, and no random ones."""
    store: Any = core._peers

    def infohashes(rng: Any, now: float) -> tuple[list[bytes], int]:
        return [infohash for infohash, _ in store._swarms.items()][-20:], 0

    store.infohashes = infohashes


def _for_ever(core: Core) -> None:
    """Gives the same samples for ever."""
    store: Any = core._peers
    drawn: list[tuple[list[bytes], int]] = []
    draw = store.infohashes

    def infohashes(rng: Any, now: float) -> tuple[list[bytes], int]:
        found: tuple[list[bytes], int] = draw(rng, now)
        if len(found[0]) >= 20 and not drawn:
            drawn.append(found)
        return drawn[0] if drawn else found

    store.infohashes = infohashes


def _wrong_nodes(args: Body, query: Query) -> None:
    args[b"target"] = bytes(20)


BEP33: Final[dict[str, Make]] = {
    "33.01": says("get_peers", _renamed),
    "33.02": _each(lambda found: found + b"\0"),
    "33.03": hears("get_peers", put(scrape=1), lambda query: query.args.get(b"scrape") == 0),
    "33.04": _each(lambda found: found[::-1]),
    "33.05": _announces(_ports_counted),
    "33.08": hears("announce_peer", put(seed=1), lambda query: query.args.get(b"seed") == 0),
    "33.09": _first_status(),
    "33.10": _announces(_ports_kept),
    "33.11": hears("get_peers", drop("noseed")),
    "33.12": says("get_peers", drop("values"), lambda query: query.args.get(b"scrape") == 1),
    "33.14": says("get_peers", put(zz=bytes(500)), lambda query: query.args.get(b"scrape") == 1),
}
BEP51: Final[dict[str, Make]] = {
    "51.01": says("sample_infohashes", drop("samples")),
    "51.02": says("sample_infohashes", lambda body, query: body.update({b"samples": body[b"samples"] + b"\0"})),
    "51.03": says("sample_infohashes", put(num=0)),
    "51.04": says("sample_infohashes", put(interval=86400)),
    "51.05": hears("sample_infohashes", _wrong_nodes, lambda query: b"target" in query.args),
    "51.06": says("sample_infohashes", _by_target),
    "51.07": says("sample_infohashes", _items_too),
    "51.08": patched(_first_ones),
    "51.10": patched(_for_ever),
    "51.11": says("sample_infohashes", put(zz=bytes(FILTER_BYTES * 4))),
    "51.12": grants("sample_infohashes", lambda query: b"target" not in query.args, samples=b"", num=0, interval=0),
}
