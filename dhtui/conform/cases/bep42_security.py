"""BEP 42: ids that fit addresses, and the address that a node is told."""

from __future__ import annotations

from ...engine.wire.family import IPV4, family_of, is_local
from ...engine.wire.ids import bep42_valid
from ..case import M, S, case
from ..outcomes import Need, Skip, Unsupported, Why
from ..probe import Probe
from .common import all_methods, replies

MISFIT = bytes(19) + b"\x05"
"""An id that fits hardly any address."""


def _packed(probe: Probe, nth: int) -> bytes:
    ip, port = probe.source(0, nth).addr
    return family_of(ip).pack((ip, port))


@case(
    "42.01",
    "Node ID restriction",
    M,
    "The first 21 bits of the id follow from the address and the last byte.",
    needs=(Need.PUBLIC,),
)
async def id_fits(probe: Probe) -> None:
    if probe.family is not IPV4:
        raise Skip(Why.NOTHING_SEEN, "42.02 is about IPv6")
    answer = probe.reply(await probe.ask("ping"))
    fits = answer.id is not None and len(answer.id) == 20 and bep42_valid(answer.id, probe.target[0])
    probe.check(fits, f"an id that fits {probe.target[0]}", answer.shown)


@case("42.02", "Node ID restriction", M, "Of IPv6 the first 8 bytes count, masked.", needs=(Need.PUBLIC, Need.IPV6))
async def id_fits_ipv6(probe: Probe) -> None:
    answer = probe.reply(await probe.ask("ping"))
    fits = answer.id is not None and len(answer.id) == 20 and bep42_valid(answer.id, probe.target[0])
    probe.check(fits, f"an id that fits {probe.target[0]}", answer.shown)


@case("42.04", "Enforcement", M, "On loopback and private addresses any id is served.", needs=(Need.OWN,))
async def local_ids(probe: Probe) -> None:
    if not is_local(probe.target[0]):
        raise Skip(Why.NOTHING_SEEN, "it is not on such an address")
    for method, args in (("ping", {}), ("find_node", {b"target": probe.id}), ("get_peers", {b"info_hash": probe.id})):
        answer = await probe.ask(method, args, own=MISFIT)
        probe.reply(answer, f"a reply to {method} under an id that fits no address")


@case("42.05", "Bootstrapping", S, "A reply tells the asker its own address, in ip: 6 bytes, or 18 over IPv6.")
async def tells_the_address(probe: Probe) -> None:
    length = len(_packed(probe, 0))
    for answer in replies(await all_methods(probe, "find_node", "get_peers")):
        told = answer.message.get(b"ip", answer.r.get(b"ip"))  # 42.07 is about its place
        probe.check(isinstance(told, bytes) and len(told) == length, f"ip, {length} bytes", answer.shown)


@case("42.06", "Bootstrapping", M, "The address told is the one that the query came from.")
async def tells_the_truth(probe: Probe) -> None:
    for nth in (0, 1):
        answer = await probe.ask("ping", source=probe.source(0, nth))
        told = answer.message.get(b"ip")
        if told is None:
            raise Unsupported("it tells no address", "ip")
        if not isinstance(told, bytes) or len(told) != len(_packed(probe, nth)):
            raise Skip(Why.NOTHING_SEEN, "what it tells is no address")  # 42.05 is about that
        expected = f"our address and port, {_packed(probe, nth).hex()}"
        probe.check(told == _packed(probe, nth), expected, f"ip is {told.hex() if isinstance(told, bytes) else told!r}")


@case("42.07", "Bootstrapping", M, "ip stands in the top dictionary, not in r; it should stand in errors too.")
async def place_of_ip(probe: Probe) -> None:
    answer = await probe.ask("ping")
    if b"ip" not in answer.message and b"ip" not in answer.r:
        raise Unsupported("it tells no address", "ip")
    probe.check(b"ip" not in answer.r, "ip beside r, not within it", answer.shown)
    error = await probe.ask("find_node")
    if error.code is not None:
        probe.slack(b"ip" in error.message, "ip in an error", error.shown)


@case("42.08", "Transition", M, "Who asks under an id that does not fit is served all the same.", needs=(Need.PUBLIC,))
async def misfits_are_served(probe: Probe) -> None:
    for method, args in (("ping", {}), ("find_node", {b"target": probe.id})):
        answer = await probe.ask(method, args, own=MISFIT)
        probe.reply(answer, f"a reply to {method} under an id that does not fit")
