"""BEP 32: what is asked for with want, and how long a packet may be."""

from __future__ import annotations

from typing import Any

from ...engine.wire.family import FAMILIES, family_of
from ..case import H, M, S, case
from ..messages import Answer, Kind, query
from ..outcomes import Need, Skip, Unsupported, Why
from ..probe import Probe
from .bep33_scrapes import asked
from .common import announced, crowd, replies

MAX_BYTES = 1024
LARGER = 1400


def _keys(probe: Probe) -> tuple[bytes, bytes]:
    """The key of the nodes of the family that we ask over, and that of the other one."""
    own = family_of(probe.target[0]).nodes_key
    (other,) = (family.nodes_key for family in FAMILIES if family.nodes_key != own)
    return own, other


def _want(key: bytes) -> bytes:
    return b"n6" if key == b"nodes6" else b"n4"


async def find(probe: Probe, **args: object) -> Answer:
    """A reply to find_node. Raises `Skip`."""
    body = {b"target": probe.rng.randbytes(20)} | {name.encode(): value for name, value in args.items()}
    (answer,) = replies([await probe.ask("find_node", body)])
    return answer


@case("32.03", "Maximum packet size", M, "What is sent has at most 1024 bytes.", needs=(Need.SECOND_ADDRESS, Need.OWN))
async def length_of_replies(probe: Probe) -> None:
    infohash = await crowd(probe)
    both = [b"n4", b"n6"]
    for method, args in (
        ("ping", {}),
        ("find_node", {b"target": infohash}),
        ("find_node", {b"target": infohash, b"want": both}),
        ("get_peers", {b"info_hash": infohash}),
        ("get_peers", {b"info_hash": infohash, b"want": both}),
    ):
        answer = await probe.ask(method, args)
        length = len(answer.data)
        probe.check(
            length <= MAX_BYTES, f"at most {MAX_BYTES} bytes in answer to {method}", f"a reply of {length} bytes"
        )


@case("32.04", "Maximum packet size", M, "A query of 1024 bytes is read; a longer one should be.")
async def length_of_queries(probe: Probe) -> None:
    for length in (MAX_BYTES, LARGER):
        tid = probe.tid()
        bare = len(query("ping", {b"id": probe.id}, tid, zz=b"." * 100)) - 100
        answer = await probe.raw(query("ping", {b"id": probe.id}, tid, zz=b"." * (length - bare)), tries=2)
        if length == MAX_BYTES:
            probe.reply(answer, f"a reply to a query of {length} bytes")
        probe.slack(answer.kind is Kind.REPLY, f"a reply to a query of {length} bytes", answer.shown)


@case("32.07", "values", M, "Over IPv6 each entry of values has 18 bytes.", needs=(Need.IPV6,))
async def values_of_ipv6(probe: Probe) -> None:
    infohash = probe.rng.randbytes(20)
    await announced(probe, infohash, 6881)
    answer = await asked(probe, infohash)
    lengths = {len(each) for each in answer.values if isinstance(each, bytes)}
    probe.check(lengths == {18}, "entries of 18 bytes", answer.shown)


@case("32.10", "nodes6", M, "nodes6 is made of whole entries of 38 bytes.", needs=(Need.IPV6,))
async def nodes_of_ipv6(probe: Probe) -> None:
    answer = await find(probe, want=[b"n6"])
    found = answer.r.get(b"nodes6")
    probe.check(isinstance(found, bytes) and len(found) % 38 == 0, "a multiple of 38 bytes", answer.shown)


@case("32.11", "find_nodes and get_peers", S, "want decides of which families nodes are named.")
async def want(probe: Probe) -> None:
    own, other = _keys(probe)
    answer = await find(probe, want=[_want(own)])
    probe.check(own in answer.r, f"{own.decode()} where they are wanted", answer.shown)
    answer = await find(probe, want=[_want(own), _want(other)])
    probe.check(own in answer.r, f"{own.decode()} where both are wanted", answer.shown)
    if other not in answer.r:
        raise Unsupported(f"it names no {other.decode()} where both are wanted", other.decode())
    answer = await find(probe, want=[_want(other)])
    probe.check(own not in answer.r, f"no {own.decode()} where they are not wanted", answer.shown)


@case("32.12", "find_nodes and get_peers", S, "Without want, nodes of the family of the query are named.")
async def no_want(probe: Probe) -> None:
    own, other = _keys(probe)
    for _ in range(2):
        answer = await find(probe)
        probe.check(own in answer.r and other not in answer.r, f"{own.decode()} alone", answer.shown)


@case("32.13", "want", M, "What want has besides n4 and n6 is ignored.")
async def unknown_want(probe: Probe) -> None:
    own, _ = _keys(probe)
    for wanted in ([_want(own), b"zz"], [b"x" * 20, _want(own)]):
        answer = await probe.ask("find_node", {b"target": probe.rng.randbytes(20), b"want": wanted})
        probe.check(own in answer.r, f"{own.decode()} as if the rest of want were not there", answer.shown)


@case("32.14", "want", H, "A want that is empty, or no list, counts as none, or is an error.")
async def odd_want(probe: Probe) -> None:
    own, _ = _keys(probe)
    odd: tuple[Any, ...] = ([], b"n4", 4)
    for wanted in odd:
        answer = await probe.ask("find_node", {b"target": probe.rng.randbytes(20), b"want": wanted})
        probe.check(own in answer.r or answer.code is not None, f"{own.decode()}, or an error", answer.shown)
    await probe.lives("a want that is no list")


@case("32.15", "find_nodes and get_peers", S, "want does not decide which peers are given.")
async def want_and_values(probe: Probe) -> None:
    _, other = _keys(probe)
    infohash = probe.rng.randbytes(20)
    await announced(probe, infohash, 6881)
    plain = await asked(probe, infohash)
    answer = await asked(probe, infohash, want=[_want(other)])
    probe.check(plain.values == answer.values, "the same peers whatever want has", answer.shown)


@case("32.16", "find_nodes and get_peers", S, "Nodes come along with peers.")
async def nodes_beside_values(probe: Probe) -> None:
    own, _ = _keys(probe)
    infohash = probe.rng.randbytes(20)
    await announced(probe, infohash, 6881)
    answer = await asked(probe, infohash)
    if not answer.values:
        raise Skip(Why.NOTHING_SEEN, "a peer that was announced is not given")
    probe.check(own in answer.r, f"{own.decode()} beside values", answer.shown)


@case("32.17", "announce_peers", M, "An announce over IPv6 stores an address of IPv6.", needs=(Need.IPV6,))
async def announce_of_ipv6(probe: Probe) -> None:
    infohash = probe.rng.randbytes(20)
    await announced(probe, infohash, 6881)
    ours = family_of(probe.target[0]).pack_ip(probe.source().addr[0])
    answer = await asked(probe, infohash)
    found = [each for each in answer.values if isinstance(each, bytes) and each.startswith(ours)]
    probe.check(found, "our own address", answer.shown)
