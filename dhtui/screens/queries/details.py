"""All that is known about a query or about who asked it, and what that leads to."""

from __future__ import annotations

from textwrap import wrap

from ...bindings.keymap import key_of
from ...engine.wire.compact import Addr
from ...engine.wire.methods import about
from ...packets.links import links as packet_links
from ...packets.packet import Packet
from ...packets.parts import Link
from ...packets.summary import summary
from ...text.decisions import found_words, lookup_stop_words
from ...text.format import address, distance, duration, milliseconds, plural, power, short_id, waiting_words
from ...text.safe import safe_text
from ...text.spans import Line, Role, fit
from .columns import answer_sign, answer_words, client, state_sign, state_words
from .rows import AskedRow, OwnerRow, QueryRow, lookup_number, why_not_stopped

WIDTH = 56


def detail(label: str, text: str, role: Role = "plain") -> list[Line]:
    """A labelled text in as many lines as it takes."""
    first, *rest = wrap(text, WIDTH) or [""]
    return [((fit(label, 14), "dim"), (first, role)), *(((" " * 14, "dim"), (more, role)) for more in rest)]


def query_details(row: QueryRow) -> list[Line]:
    """A query of ours."""
    sign, role = state_sign(row)
    age = f"it took {milliseconds(row.age)}" if row.result else f"for {milliseconds(row.age)} so far"
    far = f"{distance(row.target, row.id)} from the target" if row.target and row.id else "not known"
    return [
        *detail("state", f"{sign} {state_words(row)}", role),
        *detail("method", safe_text(row.method, 40)),
        *detail("asked by", safe_text(row.owner, 60)),
        *detail("target", row.target.hex() if row.target else "none", "data"),
        *detail("node", address(row.addr)),
        *detail("its id", row.id.hex() if row.id else "not known: only its address is", "data"),
        *detail("distance", far),
        *detail("time", age),
        *_deadlines(row),
        *detail("transaction", row.tid.hex(), "data"),
        *_packet_lines("packet", row.packet),
        *_packet_lines("answer", row.answer),
    ]


def _deadlines(row: QueryRow) -> list[Line]:
    if row.hard is None:
        return []
    words = f"after {milliseconds(row.hard)} without an answer it times out"
    if row.soft is not None and row.soft < row.hard:
        words = f"after {milliseconds(row.soft)} another node is asked instead; {words}"
    return detail("deadlines", words)


def owner_details(row: OwnerRow, hard: float) -> list[Line]:
    """Who asked some queries. `hard`: after how many seconds the last of them will have ended."""
    lines = [
        *detail("asked by", safe_text(row.owner, 60), "strong"),
        *detail("now", f"{row.in_flight} in flight, {row.ended} just ended"),
    ]
    lookup = row.lookup
    if lookup is None:
        return [*lines, *detail("to stop it", why_not_stopped(row.owner, hard))]
    runs = waiting_words(lookup.place) if lookup.place else "it runs"
    ended = f"it has ended: {lookup_stop_words(lookup)}"
    state = f"{runs}; {key_of('queries.stop')} stops it" if lookup.running else ended
    near = "–" if lookup.nearest_bits is None else f"{power(lookup.nearest_bits)} from the target"
    return [
        *lines,
        *detail("lookup", f"{safe_text(lookup.kind, 40)}, number {lookup.number}"),
        *detail("target", lookup.target.hex(), "data"),
        *detail("state", state),
        *detail("time", milliseconds(lookup.elapsed)),
        *detail("queries", f"{lookup.answered} of {lookup.asked} answered, {lookup.timed_out} silent"),
        *detail("nearest", near),
        *detail("found", found_words(lookup.found) or "nothing so far"),
    ]


def asked_details(row: AskedRow) -> list[Line]:
    """A query of somebody else."""
    packet = row.asked.packet
    sign, role = answer_sign(row)
    sender = packet.sender
    return [
        *detail("they asked", summary(packet)),
        *detail("we said", f"{sign} {answer_words(row)}", role),
        *detail("from", address(packet.addr)),
        *detail("their id", sender.hex() if sender else "not read", "data"),
        *detail("client", client(row) or "they don't say"),
        *detail("target", packet.target.hex() if packet.target else "none", "data"),
        *detail("when", f"{duration(row.age)} ago"),
        *detail("transaction", safe_text(packet.tid.hex(), 40), "data"),
        *_packet_lines("packet", packet),
        *_packet_lines("answer", row.asked.answer),
    ]


def _packet_lines(label: str, packet: Packet | None) -> list[Line]:
    if packet is None:
        return []
    return detail(label, f"number {packet.number}, {plural(len(packet.data), 'byte')}; {key_of('follow')}: go")


# ---- links ----------------------------------------------------------------------------------------------


def query_links(row: QueryRow) -> list[Link]:
    """What a query of ours leads to, the nearest first."""
    found = _lookup_links(row.owner)
    if row.packet is not None:
        found.append(Link("packet", row.packet.number, f"the query, packet {row.packet.number}"))
    if row.answer is not None:
        found.append(Link("packet", row.answer.number, f"the answer, packet {row.answer.number}"))
    return found + _node_links(row.addr, row.id) + _target_links(row.method, row.target)


def owner_links(row: OwnerRow) -> list[Link]:
    """What the head of a group leads to."""
    found = _lookup_links(row.owner)
    return found + _target_links(row.lookup.kind, row.lookup.target) if row.lookup else found


def asked_links(row: AskedRow) -> list[Link]:
    """What a query of somebody else leads to."""
    packet, answer = row.asked.packet, row.asked.answer
    return [Link("packet", packet.number, f"the query, packet {packet.number}"), *packet_links(packet, answer)]


def _lookup_links(owner: str) -> list[Link]:
    number = lookup_number(owner)
    return [] if number is None else [Link("lookup", number, f"the lookup {safe_text(owner, 40)}")]


def _node_links(addr: Addr, node_id: bytes | None) -> list[Link]:
    found = [Link("address", addr, f"the node at {address(addr)}")]
    return found if node_id is None else [*found, Link("node", node_id, f"the node {short_id(node_id)}")]


def _target_links(method: str, target: bytes | None) -> list[Link]:
    if target is None:
        return []
    if about(method) == "infohash":
        return [Link("infohash", target, f"the infohash {short_id(target)}")]
    if about(method) == "node":
        return [Link("node", target, f"the id {short_id(target)}")]
    return [Link("target", target, f"the item {short_id(target)}")]
