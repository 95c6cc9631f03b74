"""BEP 33: scrapes, and what an announce counts for."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...engine.wire.bloom import filter_of, union
from ...engine.wire.family import IPV4
from ..case import M, S, case
from ..messages import Answer
from ..outcomes import Need, Skip, Unsupported, Why
from ..probe import Probe, Source
from .common import announced, crowd, replies

TWO = (Need.SECOND_ADDRESS,)
PORT = 6881
FILTER_BYTES = 256
MAX_BYTES = 1024
SPELLINGS = (b"BFsd", b"BFse")
"""One client misspells it: 33.01 is about the name, the other cases are not."""


class Scrape(NamedTuple):
    """The filters of an answer."""

    seeds: bytes
    downloaders: bytes
    answer: Answer


async def asked(probe: Probe, infohash: bytes, **args: Any) -> Answer:
    """The reply to get_peers with further arguments. Raises `Skip`."""
    more = {name.encode(): value for name, value in args.items()}
    (answer,) = replies([await probe.ask("get_peers", {b"info_hash": infohash} | more)])
    return answer


async def scrape(probe: Probe, infohash: bytes) -> Scrape:
    """The filters of an infohash that has peers. Raises `Unsupported`, and `Skip` where one is missing."""
    answer = await asked(probe, infohash, scrape=1)
    seeds = next((answer.r[name] for name in SPELLINGS if name in answer.r), None)
    downloaders = answer.r.get(b"BFpe")
    if seeds is None and downloaders is None:
        raise Unsupported("a scrape is answered without filters", "BFsd and BFpe")
    if seeds is None or downloaders is None:
        raise Skip(Why.NOTHING_SEEN, "a scrape is answered with one filter only")
    return Scrape(_bytes(seeds), _bytes(downloaders), answer)


def _bytes(found: object) -> bytes:
    return found if isinstance(found, bytes) else b""


def _ports(answer: Answer) -> list[int]:
    """The ports of the peers given."""
    return sorted({int.from_bytes(each[-2:]) for each in answer.values if type(each) is bytes and len(each) in (6, 18)})


def _ip(source: Source) -> str:
    return source.addr[0]


@case("33.01", "GET_PEERS", M, "A scrape of an infohash that has peers is answered with the filters BFsd and BFpe.")
async def both_filters(probe: Probe) -> None:
    infohash = probe.rng.randbytes(20)
    await announced(probe, infohash, PORT)
    answer = await asked(probe, infohash, scrape=1)
    if not answer.r.keys() & {b"BFpe", *SPELLINGS}:
        raise Unsupported("a scrape is answered without filters", "BFsd and BFpe")
    probe.check({b"BFsd", b"BFpe"} <= answer.r.keys(), "BFsd and BFpe", answer.shown)


@case("33.02", "GET_PEERS", M, "Each filter has 256 bytes.")
async def length_of_filters(probe: Probe) -> None:
    infohash = probe.rng.randbytes(20)
    await announced(probe, infohash, PORT)
    found = await scrape(probe, infohash)
    for each in (found.seeds, found.downloaders):
        probe.check(len(each) in (0, FILTER_BYTES), f"{FILTER_BYTES} bytes", f"a filter of {len(each)} bytes")


@case("33.03", "GET_PEERS", M, "No filters come unasked, nor where scrape is 0, nor for an unknown infohash.")
async def no_filters(probe: Probe) -> None:
    infohash = probe.rng.randbytes(20)
    await announced(probe, infohash, PORT)
    await scrape(probe, infohash)
    for what, answer in (
        ("without scrape", await asked(probe, infohash)),
        ("with scrape 0", await asked(probe, infohash, scrape=0)),
        ("of an unknown infohash", await asked(probe, probe.rng.randbytes(20), scrape=1)),
    ):
        unasked = answer.r.keys() & {b"BFpe", *SPELLINGS}
        probe.check(not unasked, f"no filters in answer to get_peers {what}", answer.shown)


@case("33.04", "Bloom Filters", M, "An address sets the two bits that its SHA-1 names, of 2048.", needs=TWO)
async def bits(probe: Probe) -> None:
    if probe.family is not IPV4:
        raise Skip(Why.NOTHING_SEEN, "33.06 is about IPv6")
    infohash = probe.rng.randbytes(20)
    sources = [probe.source(0), probe.source(1)]
    for source in sources:
        await announced(probe, infohash, PORT, source)
    found = await scrape(probe, infohash)
    if min(map(len, found[:2])) < FILTER_BYTES:
        raise Skip(Why.NOTHING_SEEN, "its filters are too short")
    wanted = filter_of([_ip(source) for source in sources])
    told = union(each[:FILTER_BYTES] for each in found[:2])
    probe.check(told == wanted, "the bits of our two addresses, and no others", f"{_set(told)} bits, or other ones")


def _set(bloom: bytes) -> int:
    return int.from_bytes(bloom).bit_count()


@case("33.05", "Bloom Filters", M, "Filters are of addresses, never of ports.")
async def no_ports(probe: Probe) -> None:
    infohash = probe.rng.randbytes(20)
    await announced(probe, infohash, PORT)
    one = await scrape(probe, infohash)
    for port in (PORT + 1, PORT + 2):
        await announced(probe, infohash, port)
    three = await scrape(probe, infohash)
    probe.check(one[:2] == three[:2], "the same filters for one address with three ports", "others than with one port")


@case("33.06", "Bloom Filters", M, "An address of IPv6 goes into the filter as 16 bytes.", needs=(Need.IPV6,))
async def bits_of_ipv6(probe: Probe) -> None:
    infohash = probe.rng.randbytes(20)
    await announced(probe, infohash, PORT)
    found = await scrape(probe, infohash)
    told = union(each[:FILTER_BYTES] for each in found[:2])
    probe.check(
        told == filter_of([_ip(probe.source())]), "the two bits of our address", f"{_set(told)} bits, or others"
    )


@case("33.08", "ANNOUNCE_PEER", M, "Who announces with seed 1 counts as a seed, all others as downloaders.")
async def seeds(probe: Probe) -> None:
    for what, args, is_seed in (("seed 1", {"seed": 1}, True), ("no seed", {}, False), ("seed 0", {"seed": 0}, False)):
        infohash = probe.rng.randbytes(20)
        await announced(probe, infohash, PORT, None, **args)
        found = await scrape(probe, infohash)
        right, wrong = (found.seeds, found.downloaders) if is_seed else (found.downloaders, found.seeds)
        expected = f"a peer with {what} among the {'seeds' if is_seed else 'downloaders'}"
        probe.check(not any(wrong), expected, "it is among the others")
        probe.check(any(right) or not right, expected, "it is in no filter")


@case("33.09", "ANNOUNCE_PEER", M, "A new announce of a peer changes whether it counts as a seed.")
async def becomes_a_seed(probe: Probe) -> None:
    infohash, other = probe.rng.randbytes(20), probe.rng.randbytes(20)
    await announced(probe, other, PORT, seed=1)
    if not any((await scrape(probe, other)).seeds):
        raise Skip(Why.NOTHING_SEEN, "it knows no seeds")
    await announced(probe, infohash, PORT)
    before = await scrape(probe, infohash)
    await announced(probe, infohash, PORT, seed=1)
    after = await scrape(probe, infohash)
    if any(before.seeds):
        raise Skip(Why.NOTHING_SEEN, "it takes for seeds whoever announces")
    probe.check(not any(after.downloaders), "no downloader once it says that it is a seed", "it is one still")


@case("33.10", "ANNOUNCE_PEER", M, "An address has one peer of an infohash: a new announce changes its port.")
async def one_peer_an_address(probe: Probe) -> None:
    infohash = probe.rng.randbytes(20)
    for port in (PORT, PORT + 1):
        await announced(probe, infohash, port)
    answer = await asked(probe, infohash)
    ports = _ports(answer)
    if not ports:
        raise Skip(Why.NOTHING_SEEN, "it gives no peers")
    probe.check(ports == [PORT + 1], "the last port alone", f"the ports {', '.join(map(str, ports)) or 'of nobody'}")


@case("33.11", "GET_PEERS", S, "With noseed 1, peers that are no seeds are preferred.", needs=TWO)
async def noseed(probe: Probe) -> None:
    infohash = probe.rng.randbytes(20)
    await announced(probe, infohash, PORT, probe.source(0), seed=1)
    await announced(probe, infohash, PORT + 1, probe.source(1))
    if not any((await scrape(probe, infohash)).seeds):
        raise Skip(Why.NOTHING_SEEN, "it knows no seeds")
    if not (await asked(probe, infohash)).values:
        raise Skip(Why.NOTHING_SEEN, "it gives no peers")
    answer = await asked(probe, infohash, noseed=1)
    ports = _ports(answer)
    probe.check(
        ports == [PORT + 1], "the peer that is no seed, alone", f"the ports {', '.join(map(str, ports)) or 'of nobody'}"
    )


@case("33.12", "GET_PEERS", M, "Peers come along with the filters.")
async def peers_beside_filters(probe: Probe) -> None:
    infohash = probe.rng.randbytes(20)
    await announced(probe, infohash, PORT)
    answer = (await scrape(probe, infohash)).answer
    probe.check(answer.values, "values beside the filters", answer.shown)


@case("33.14", "GET_PEERS", M, "A reply with filters stays within 1024 bytes.", needs=(Need.SECOND_ADDRESS, Need.OWN))
async def scrape_of_a_crowd(probe: Probe) -> None:
    answer = (await scrape(probe, await crowd(probe))).answer
    probe.check(len(answer.data) <= MAX_BYTES, f"at most {MAX_BYTES} bytes", f"a reply of {len(answer.data)} bytes")
