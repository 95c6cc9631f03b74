"""BEP 5: get_peers and announce_peer."""

from __future__ import annotations

from contextlib import suppress

from ...engine.wire.compact import pack_addr
from ..case import H, M, O, S, case
from ..messages import Kind
from ..outcomes import Miss, Need, Outcome, Skip, Why
from ..probe import Probe
from .bep05_nodes import names_closest
from .common import announce, announced, crowd, in_words, needs_true_tokens, not_stored, packed, peers, token

GET_PEERS, ANNOUNCE = "DHT Queries, get_peers", "DHT Queries, announce_peer"
SOME = 8
TWO = (Need.SECOND_ADDRESS,)
PACKET = 1472
"""Bytes that fit an Ethernet frame."""


@case("5.37", GET_PEERS, M, "Known peers come as values, a list of strings of 6 bytes, of IPv6 18.")
async def values(probe: Probe) -> None:
    info_hash = probe.rng.randbytes(20)
    await announced(probe, info_hash, 7001)
    answer = await probe.ask("get_peers", {b"info_hash": info_hash}, source=probe.source(0, 1))
    found = answer.r.get(b"values")
    if found is None:
        raise Skip(Why.NOTHING_SEEN, "it gives no peers")
    length = probe.family.peer_length
    right = isinstance(found, list) and all(type(each) is bytes and len(each) == length for each in found)
    probe.check(right, f"a list of strings of {length} bytes", answer.shown)


@case("5.38", GET_PEERS, M, "Without known peers it names the 8 closest nodes to the infohash.")
async def nodes_instead(probe: Probe) -> None:
    info_hash = probe.rng.randbytes(20)
    answer = probe.reply(await probe.ask("get_peers", {b"info_hash": info_hash}), "a reply to a get_peers")
    family = probe.family
    nodes = answer.r.get(family.nodes_key)
    whole = type(nodes) is bytes and len(nodes) % family.node_length == 0
    probe.check(whole, f"{family.nodes_key.decode()}, of a multiple of {family.node_length} bytes", answer.shown)
    network = probe.session.network
    if network is not None and network.joined and len(answer.nodes) == 8:
        with suppress(Skip):
            await names_closest(probe, "get_peers", b"info_hash", SOME)


@case("5.39", GET_PEERS, M, "A reply to a get_peers has a token, a string.")
async def gives_token(probe: Probe) -> None:
    answer = probe.reply(
        await probe.ask("get_peers", {b"info_hash": probe.rng.randbytes(20)}), "a reply to a get_peers"
    )
    probe.check(answer.token, "a token", answer.shown)


@case("5.40", GET_PEERS, S, "The token is short: at most 20 bytes.")
async def short_token(probe: Probe) -> None:
    given = await token(probe, probe.rng.randbytes(20))
    probe.check(len(given) <= 20, "a token of at most 20 bytes", f"it has {len(given)}")


@case("5.41", GET_PEERS, M, "A get_peers without an infohash, or with one that has not 20 bytes, is refused.")
async def bad_infohash(probe: Probe) -> None:
    for name, value in (("no", None), ("a 19-byte", bytes(19)), ("a 21-byte", bytes(21))):
        probe.refused(await probe.ask("get_peers", {b"info_hash": value}), f"a get_peers with {name} infohash")


@case("5.42", "robustness", H, "Where no peer is known there is no empty list of peers.")
async def no_empty_values(probe: Probe) -> None:
    answer = await probe.ask("get_peers", {b"info_hash": probe.rng.randbytes(20)})
    found = answer.r.get(b"values")
    probe.check(found != [], "no values", "values is an empty list")


@case("5.43", "robustness", H, "Of many peers it gives as many as fit a packet.", needs=(Need.OWN, *TWO))
async def many_peers(probe: Probe) -> None:
    answer = await probe.ask("get_peers", {b"info_hash": await crowd(probe)})
    probe.check(answer.values, "some of many peers", answer.shown)
    probe.check(len(answer.data) <= PACKET, f"at most {PACKET} bytes", f"the reply has {len(answer.data)}")


@case("5.44", ANNOUNCE, M, "An announce with a valid token stores the peer, which others are given.")
async def stores(probe: Probe) -> None:
    info_hash, source = probe.rng.randbytes(20), probe.source()
    answer, _ = await announce(probe, info_hash, 7001, source)
    probe.reply(answer, "a reply to an announce with a valid token")
    found = await peers(probe, info_hash, probe.source(0, 1))
    expected = f"the peer {source.addr[0]}:7001 among those given"
    probe.check(packed(source, 7001) in found, expected, in_words(found))


@case("5.45", ANNOUNCE, M, "A token that was not given out is refused, and nothing is stored.")
async def foreign_token(probe: Probe) -> None:
    info_hash = probe.rng.randbytes(20)
    given = await token(probe, info_hash)
    made = probe.rng.randbytes(len(given))
    for what, bad in (
        ("a made-up token", made if made != given else bytes(len(given))),
        ("an empty token", b""),
        ("a cut token", given[:-1]),
        ("a token that is too long", given + b"\0"),
    ):
        answer = await probe.ask("announce_peer", {b"info_hash": info_hash, b"port": 7001, b"token": bad})
        probe.refused(answer, f"an announce with {what}")
    not_stored(
        await peers(probe, info_hash, probe.source(0, 1)),
        packed(probe.source(), 7001),
        "an announce without a valid token",
    )


@case("5.46", ANNOUNCE, M, "A token given to one address is refused from another.", needs=TWO)
async def token_of_another(probe: Probe) -> None:
    await needs_true_tokens(probe)
    info_hash, other = probe.rng.randbytes(20), probe.source(1)
    given = await token(probe, info_hash)
    args = {b"info_hash": info_hash, b"port": 7001, b"token": given}
    probe.refused(await probe.ask("announce_peer", args, source=other), "an announce with another address's token")
    not_stored(await peers(probe, info_hash), packed(other, 7001), "an announce with another address's token")


@case("5.47", ANNOUNCE, M, "An announce without a token is refused.")
async def no_token(probe: Probe) -> None:
    args = {b"info_hash": probe.rng.randbytes(20), b"port": 7001}
    probe.refused(await probe.ask("announce_peer", args), "an announce without token")


@case("5.48", ANNOUNCE, M, "A token is taken for a reasonable time.", waits=30.0)
async def token_lasts(probe: Probe) -> None:
    info_hash = probe.rng.randbytes(20)
    given = await token(probe, info_hash)
    passed = 0.0
    for seconds in (30.0, 240.0) if probe.session.terms.long else (30.0,):
        await probe.pause(seconds - passed)
        passed = seconds
        answer = await probe.ask("announce_peer", {b"info_hash": info_hash, b"port": 7001, b"token": given})
        probe.reply(answer, f"a reply to an announce with a token of {seconds:.0f} s ago")


@case("5.49", ANNOUNCE, S, "A token is not taken for ever: after half an hour it is refused.", waits=2400.0)
async def token_ends(probe: Probe) -> None:
    await needs_true_tokens(probe)
    info_hash = probe.rng.randbytes(20)
    given = await token(probe, info_hash)
    await probe.pause(2400.0)
    answer = await probe.ask("announce_peer", {b"info_hash": info_hash, b"port": 7001, b"token": given})
    probe.check(answer.kind is not Kind.REPLY, "that a token of 40 minutes ago is refused", answer.shown)


@case("5.50", ANNOUNCE, M, "With a non-zero implied_port the source port counts, and port does not.")
async def implied_port(probe: Probe) -> None:
    info_hash, source = probe.rng.randbytes(20), probe.source()
    await announced(probe, info_hash, 1, source, implied_port=1)
    found = await peers(probe, info_hash, probe.source(0, 1))
    if not found:
        raise Skip(Why.NOTHING_SEEN, "it gives no peers")
    probe.check(packed(source) in found, f"the peer {source.addr[0]}:{source.addr[1]}", in_words(found))


@case("5.51", ANNOUNCE, M, "With an implied_port of 0 the port counts.")
async def implied_port_zero(probe: Probe) -> None:
    info_hash, source = probe.rng.randbytes(20), probe.source()
    await announced(probe, info_hash, 7001, source, implied_port=0)
    found = await peers(probe, info_hash, probe.source(0, 1))
    probe.check(packed(source) not in found, "the port of the announce", f"the source port: {in_words(found)}")


@case("5.52", ANNOUNCE, O, "With an implied_port of 1 no port is needed.")
async def implied_port_alone(probe: Probe) -> None:
    info_hash = probe.rng.randbytes(20)
    args = {b"info_hash": info_hash, b"token": await token(probe, info_hash), b"implied_port": 1}
    probe.reply(await probe.ask("announce_peer", args), "a reply to an announce with implied_port and no port")


@case("5.53", ANNOUNCE, M, "A port that is no integer of 1 to 65535 is refused, and nothing is stored.")
async def bad_port(probe: Probe) -> None:
    info_hash, source = probe.rng.randbytes(20), probe.source()
    given = await token(probe, info_hash)
    for port in (0, -1, 65_536, b"80"):
        answer = await probe.ask("announce_peer", {b"info_hash": info_hash, b"port": port, b"token": given})
        probe.refused(answer, f"an announce with the port {port!r}".replace("b'80'", "'80'"))
    ours = pack_addr((source.addr[0], 0))[:4]
    found = await peers(probe, info_hash, probe.source(0, 1))
    stored = [each for each in found if type(each) is bytes and each[:4] == ours]
    probe.check(not stored, "that nothing is stored", in_words(found))


@case("5.54", ANNOUNCE, M, "The reply to an announce has the id.")
async def announce_has_id(probe: Probe) -> None:
    answer, _ = await announce(probe, probe.rng.randbytes(20), 7001)
    if answer.kind is not Kind.REPLY:
        raise Skip(Why.NOTHING_SEEN, "it takes no announce")
    probe.check(answer.id is not None and len(answer.id) == 20, "an id of 20 bytes", answer.shown)


@case("5.55", ANNOUNCE, S, "The same peer, announced again, is not given twice.")
async def no_peer_twice(probe: Probe) -> None:
    info_hash, source = probe.rng.randbytes(20), probe.source()
    await announced(probe, info_hash, 7001, source)
    await announced(probe, info_hash, 7001, source)
    found = await peers(probe, info_hash, probe.source(0, 1))
    probe.check(found.count(packed(source, 7001)) <= 1, "the peer once", in_words(found))


@case("5.56", ANNOUNCE, O, "Peers expire: one that was announced 75 minutes ago is gone.", waits=4500.0)
async def peers_expire(probe: Probe) -> None:
    info_hash, source = probe.rng.randbytes(20), probe.source()
    await announced(probe, info_hash, 7001, source)
    await probe.pause(4500.0)
    found = await peers(probe, info_hash, probe.source(0, 1))
    probe.check(packed(source, 7001) not in found, "that a peer of 75 minutes ago is gone", in_words(found))


@case("5.57", ANNOUNCE, O, "A token for one infohash is refused for another.")
async def token_of_another_infohash(probe: Probe) -> None:
    await needs_true_tokens(probe)
    given = await token(probe, probe.rng.randbytes(20))
    args = {b"info_hash": probe.rng.randbytes(20), b"port": 7001, b"token": given}
    answer = await probe.ask("announce_peer", args)
    if answer.kind is Kind.REPLY:
        raise Miss("that tokens are bound to an infohash", "a token for another is taken", Outcome.UNSUPPORTED)


@case("5.58", "robustness", H, "No address inside the announce moves the stored peer elsewhere.")
async def no_address_inside(probe: Probe) -> None:
    info_hash, source = probe.rng.randbytes(20), probe.source()
    elsewhere = "192.0.2.99"  # for documentation: nobody is there
    inside = {"ip": elsewhere.encode(), "host": elsewhere.encode(), "address": pack_addr((elsewhere, 7001))}
    await announced(probe, info_hash, 7001, source, **inside)
    found = await peers(probe, info_hash, probe.source(0, 1))
    not_stored(found, pack_addr((elsewhere, 7001)), "an address named in an announce")
