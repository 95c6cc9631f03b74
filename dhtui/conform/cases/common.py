"""What several cases do: all methods asked once, tokens, announces, nodes that answer."""

from __future__ import annotations

from typing import Any

from ...engine.wire.compact import Addr, NodeInfo, is_local, pack_addr
from ...engine.wire.ids import ID_BITS, bep42_id
from ..messages import Answer, Kind, polite
from ..outcomes import Miss, Skip, Why
from ..probe import Probe, Source

METHODS = ("ping", "find_node", "get_peers", "get")
UNKNOWN = "dhtui_conform"
"""A method that no node knows."""
CROWD = 180
"""Peers of a large swarm: more than fit a packet beside nodes and filters."""


async def all_methods(probe: Probe, *methods: str) -> list[Answer]:
    """The answers to a correct query of each method, about a random target. Silence is left out."""
    found = []
    for method in methods or METHODS:
        target = probe.rng.randbytes(20)
        key = {"find_node": b"target", "get": b"target", "get_peers": b"info_hash"}.get(method)
        answer = await probe.ask(method, {} if key is None else {key: target})
        if answer.data:
            found.append(answer)
    return found


def replies(answers: list[Answer]) -> list[Answer]:
    """The replies among them. Raises `Skip` if there is none."""
    found = [answer for answer in answers if answer.kind is Kind.REPLY]
    if not found:
        raise Skip(Why.NOTHING_SEEN)
    return found


async def node_id(probe: Probe) -> bytes:
    """The id of the node. Raises `Skip` where it gives none of 20 bytes."""
    found = (await probe.ask("ping")).id
    if found is None or len(found) != 20:
        raise Skip(Why.NOTHING_SEEN)
    return found


async def token(probe: Probe, info_hash: bytes, source: Source | None = None) -> bytes:
    """The token for an infohash. Raises `Skip` where there is none: other cases are about that."""
    found = (await probe.ask("get_peers", {b"info_hash": info_hash}, source=source)).token
    if found is None:
        raise Skip(Why.NOTHING_SEEN)
    return found


async def announce(
    probe: Probe, info_hash: bytes, port: int, source: Source | None = None, **more: Any
) -> tuple[Answer, bytes]:
    """Announce a peer with a token of its own. Returns the answer, and the token."""
    given = await token(probe, info_hash, source)
    args = {b"info_hash": info_hash, b"port": port, b"token": given}
    args |= {key.encode(): value for key, value in more.items()}
    return await probe.ask("announce_peer", args, source=source), given


async def announced(probe: Probe, info_hash: bytes, port: int, source: Source | None = None, **more: Any) -> None:
    """The same, for cases that need a stored peer. Raises `Skip` where it is not taken."""
    answer, _ = await announce(probe, info_hash, port, source, **more)
    if answer.kind is not Kind.REPLY:
        raise Skip(Why.NOTHING_SEEN)


async def needs_true_tokens(probe: Probe) -> None:
    """Raise `Skip` if a made-up token is taken, too: 5.45 is about that."""
    args = {b"info_hash": probe.rng.randbytes(20), b"port": 7001, b"token": probe.rng.randbytes(8)}
    if (await probe.ask("announce_peer", args)).kind is Kind.REPLY:
        raise Skip(Why.NOTHING_SEEN, "it takes any token")


async def crowd(probe: Probe) -> bytes:
    """The infohash of a swarm of `CROWD` peers, each at an address of its own, announced once in a session."""
    session = probe.session
    if session.crowd is None:
        info_hash = probe.rng.randbytes(20)
        for nth in range(CROWD):
            await announced(probe, info_hash, 6881 + nth, probe.newcomer())
            if not nth and not await peers(probe, info_hash):
                raise Skip(Why.NOTHING_SEEN, "it gives no peers")
        session.crowd = info_hash
    return session.crowd


async def peers(probe: Probe, info_hash: bytes, source: Source | None = None) -> list[Any]:
    """The entries of ``values`` for an infohash."""
    return (await probe.ask("get_peers", {b"info_hash": info_hash}, source=source)).values


def packed(source: Source, port: int | None = None) -> bytes:
    """The peer at a source of ours, compact."""
    addr: Addr = (source.addr[0], source.addr[1] if port is None else port)
    return pack_addr(addr)


def in_words(values: list[Any]) -> str:
    """Peers, safe to print."""
    return f"{len(values)} peers: " + ", ".join(
        each.hex() if isinstance(each, bytes) and len(each) <= 18 else "something else" for each in values[:8]
    )


def near(own: bytes, shared: int, random: bytes) -> bytes:
    """An id that shares just so many leading bits with `own`; the others are those of `random`."""
    left = ID_BITS - shared
    tail = int.from_bytes(random, "big") & ((1 << left - 1) - 1)
    differs = (int.from_bytes(own, "big") >> left - 1) ^ 1
    return (differs << left - 1 | tail).to_bytes(20, "big")


async def fitting_id(probe: Probe, source: Source) -> bytes:
    """An id for which there is room: one near the node's, or on a public address one that fits it (BEP 42)."""
    ip, random = source.addr[0], probe.rng.randbytes(20)
    return near(await node_id(probe), 40, random) if is_local(ip) else bep42_id(ip, probe.rng)


async def meet(probe: Probe, id: bytes, source: Source) -> None:
    """Let the node come to know a node of ours, which answers."""
    probe.answer(source, polite(id))
    await probe.ask("ping", source=source, own=id)


async def named(probe: Probe, id: bytes, source: Source | None = None) -> list[NodeInfo]:
    """The nodes that the node names when asked for an id."""
    return (await probe.ask("find_node", {b"target": id}, source=source)).nodes


async def gets_in(probe: Probe, id: bytes, source: Source, tries: int = 8) -> bool:
    """Whether a node of ours that answers comes to be named."""
    await meet(probe, id, source)
    for n in range(tries):
        await probe.pause(2.0 + n)
        if any(each.id == id for each in await named(probe, id)):
            return True
    return False


def not_stored(values: list[Any], peer: bytes, what: str) -> None:
    """Raise `Miss` if a peer is there that should not be."""
    if peer in values:
        raise Miss(f"that {what} stores nothing", in_words(values))
