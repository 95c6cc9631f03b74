"""Verdicts on ids: BEP 42, and the distances to the target."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.wire.compact import is_local
from ...engine.wire.family import family_of
from ...engine.wire.ids import ID_BITS, bep42, bep42_valid, distance, shared_prefix
from ...engine.wire.krpc import Response
from ...text.format import address, plural, short_id
from ...text.format import distance as power
from ..packet import Packet
from .judgement import Context, Verdict


def sender_id(packet: Packet, context: Context) -> Iterator[Verdict]:
    """Whether the sender's id fits its address (BEP 42), step by step."""
    node_id = packet.sender
    if node_id is None:
        return
    if packet.direction == "in":
        if node_id == context.own_id:
            yield Verdict("id", "bad", "The sender uses our own id: an echo of ours, or an attempt to be us.")
        yield _bep42(node_id, packet.addr[0], "its")
    elif context.external is None:
        sentence = "Whether our id fits our address can't be said before the network has told us the address."
        yield Verdict("BEP 42", "info", sentence)
    else:
        yield _bep42(node_id, context.external[0], "our")


def _bep42(node_id: bytes, ip: str, whose: str) -> Verdict:
    if is_local(ip):
        return Verdict("BEP 42", "info", f"{ip} is a local address: any id may be used there.")
    step = bep42(ip, node_id[19])
    valid = bep42_valid(node_id, ip)
    mask = family_of(ip).bep42_mask.hex(".")
    sentence = (
        f"{ip} masked with {mask}, and r = {node_id[19] & 7} from the last byte of {whose} id, gives "
        f"{step.masked.hex()}; the CRC-32C of that is {step.crc:08x}. The id begins with {node_id[:4].hex()}: "
        f"the first 21 bits are {'the same' if valid else 'not the same'}."
    )
    if not valid:
        sentence += " Such a node may be too old to know BEP 42, or has picked its place to watch a target."
    return Verdict("BEP 42", "ok" if valid else "warn", sentence)


def distances(packet: Packet, context: Context) -> Iterator[Verdict]:
    """The distances from the target of the sender, and of the nodes that it names."""
    target, node_id = packet.target, packet.sender
    if target is None:
        return
    if node_id is not None:
        who = "The sender's id" if packet.direction == "in" else "Our id"
        yield Verdict("distance", "info", _away(who, node_id, target))
    if packet.direction == "in" and packet.kind == "query":
        yield Verdict("distance", "info", _away("Our id", context.own_id, target))
    message = packet.message
    if isinstance(message, Response) and message.nodes:
        yield _named(message, target)


def _away(who: str, node_id: bytes, target: bytes) -> str:
    shared = shared_prefix(node_id, target)
    if shared == ID_BITS:
        return f"{who} is the target itself."
    agree = f"their first {shared} bits agree" if shared > 1 else "only the first bit agrees"
    if shared == 0:
        agree = "not even the first bit agrees"
    return f"{who} is {power(target, node_id)} from the target {short_id(target)}: {agree}."


def _named(answer: Response, target: bytes) -> Verdict:
    own = distance(answer.id, target)
    by_distance = sorted(answer.nodes, key=lambda node: distance(node.id, target))
    nearer = sum(distance(node.id, target) < own for node in by_distance)
    first, last = by_distance[0], by_distance[-1]
    sentence = (
        f"{nearer} of {plural(len(by_distance), 'named node')} are nearer to the target than the one that names them; "
        f"the nearest is {short_id(first.id)} at {address(first.addr)}, {power(target, first.id)} away"
    )
    if len(by_distance) > 1:
        sentence += f", the farthest {power(target, last.id)}"
    misfits = sum(not bep42_valid(node.id, node.addr[0]) for node in by_distance)
    if misfits:
        sentence += f". The ids of {misfits} do not fit their addresses (BEP 42)"
    return Verdict("nodes", "info", sentence + ".")
