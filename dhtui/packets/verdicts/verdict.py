"""The verdicts on a packet: the rules that it keeps or breaks, and the consequences."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...engine.views.events import NOT_CANONICAL, OWN_PROBE, QueryResult
from ...engine.wire.bencode import BencodeError, decode
from ...engine.wire.family import IPV4, IPV6, family_of
from ...engine.wire.krpc import MAX_DATAGRAM, MAX_QUERY, ErrorReply, Query, Response
from ...text.faults import FAULT_WORDS
from ...text.format import address, milliseconds, plural
from ...text.safe import safe_text
from ..packet import Packet
from ..spans import read
from .ids import distances, sender_id
from .items import items, token
from .judgement import Context, State, Verdict
from .swarm import sampled, scraped

_GIVEN_UP = (QueryResult.TIMED_OUT, QueryResult.CANCELLED)

ONE_FRAME = {IPV4: 1472, IPV6: 1452}
"""Most bytes of UDP payload in an Ethernet frame of 1500 bytes, by the family."""


def judge(packet: Packet, context: Context) -> list[Verdict]:
    """All verdicts on a packet, in reading order. Never raises."""
    return [verdict for check in _CHECKS for verdict in check(packet, context)]


def _problem(packet: Packet, context: Context) -> Iterator[Verdict]:
    if packet.problem:
        if packet.problem == OWN_PROBE:
            sentence = "Our own probe: it left by another socket for our external address, and came in."
            yield Verdict("reading", "ok", sentence)
            return
        state: State = "warn" if packet.message is not None else "bad"
        answered = "Refused" if context.partner is not None else "Not answered"
        use = answered if packet.kind == "query" else "Not used"
        if packet.problem == NOT_CANONICAL:
            use = "Used all the same"
        yield Verdict("reading", state, f"{use}: {safe_text(packet.problem, 100)}.")


def _bencode(packet: Packet, _: Context) -> Iterator[Verdict]:
    try:
        decode(packet.data)
    except BencodeError:
        faults = read(packet.data).faults
        state: State = "bad" if packet.message is None else "warn"
        if not faults:
            yield Verdict("bencode", state, "Not canonical bencode.")
            return
        (at, why), more = faults[0], len(faults) - 1
        tail = f", and {plural(more, 'more fault')}" if more else ""
        yield Verdict("bencode", state, f"Not canonical bencode: at byte {at}, {why}{tail}.")
    else:
        yield Verdict("bencode", "ok", "Canonical bencode: encoded again, it gives the same bytes.")


def _faults(packet: Packet, _: Context) -> Iterator[Verdict]:
    if isinstance(packet.message, Response):
        for fault in packet.message.faults:
            yield Verdict("content", "warn", f"{FAULT_WORDS[fault]}. The rest of the answer was used.")


def _size(packet: Packet, _: Context) -> Iterator[Verdict]:
    length, frame = len(packet.data), ONE_FRAME[family_of(packet.addr[0])]
    if length > MAX_DATAGRAM:
        yield Verdict("size", "bad", f"{length} bytes: dhtui drops what is over {MAX_DATAGRAM} unread.")
    elif packet.kind in ("query", "unreadable") and length > MAX_QUERY:
        yield Verdict("size", "bad", f"{length} bytes: dhtui refuses queries over {MAX_QUERY} bytes.")
    elif length > frame:
        sentence = f"{length} bytes: over {frame} it travels in pieces, and many firewalls and NATs drop the pieces."
        yield Verdict("size", "warn", sentence)
    else:
        yield Verdict("size", "ok", f"{length} bytes: fits one frame of Ethernet.")


# ---- the transaction -------------------------------------------------------------------------------


def _transaction(packet: Packet, context: Context) -> Iterator[Verdict]:
    if packet.kind == "query":
        check = _our_query if packet.direction == "out" else _their_query
        yield check(packet, context)
    elif packet.kind != "unreadable":
        yield _answer(packet, context)


def _our_query(packet: Packet, context: Context) -> Verdict:
    partner, ending = context.partner, context.ending
    asked = f" Asked by {safe_text(ending.owner, 40)}." if ending else ""
    if partner is not None:
        late = ", after we had given up on it" if ending and ending.result in _GIVEN_UP else ""
        sentence = f"Packet {partner.number} answers it, {_span(packet, partner)} later{late}.{asked}"
        return Verdict("transaction", "warn" if late else "ok", sentence)
    if ending is None:
        waited = milliseconds(max(0.0, context.now - packet.at))
        return Verdict("transaction", "info", f"No answer so far, {waited} after it was sent.")
    if ending.result not in _GIVEN_UP:
        return Verdict("transaction", "ok", f"It was answered; the answer is not kept any more.{asked}")
    why = "the deadline passed" if ending.result is QueryResult.TIMED_OUT else "the query was cancelled"
    state: State = "warn" if ending.result is QueryResult.TIMED_OUT else "info"
    return Verdict("transaction", state, f"No answer before {why}.{asked}")


def _their_query(packet: Packet, context: Context) -> Verdict:
    partner = context.partner
    if partner is None:
        return Verdict("transaction", "info", "We did not answer it, or the answer is not kept any more.")
    how = "with an error" if partner.kind == "error" else "with a response"
    sentence = f"We answered after {_span(packet, partner)}, {how}: packet {partner.number}."
    return Verdict("transaction", "warn" if partner.kind == "error" else "ok", sentence)


def _answer(packet: Packet, context: Context) -> Verdict:
    query, whose = packet.query, "our" if packet.direction == "in" else "their"
    if query is None:
        sentence = f"No query with its transaction id and address is kept: unasked, or {whose} query is too old."
        return Verdict("transaction", "warn" if packet.direction == "in" else "info", sentence)
    method = safe_text(query.method, 30)
    sentence = f"Answers {whose} {method}, packet {query.number}, {_span(query, packet)} after it."
    if context.ending and context.ending.result in _GIVEN_UP:
        return Verdict("transaction", "warn", f"{sentence} It came too late: we had given up.")
    return Verdict("transaction", "ok", sentence)


def _span(first: Packet, last: Packet) -> str:
    return milliseconds(max(0.0, last.at - first.at))


# ---- the two ends ------------------------------------------------------------------------------------


def _read_only(packet: Packet, _: Context) -> Iterator[Verdict]:
    if isinstance(packet.message, Query) and packet.message.read_only:
        who = "The sender is" if packet.direction == "in" else "We say that we are"
        yield Verdict("read-only", "info", f"{who} read-only: it answers nothing, so no table should hold it (BEP 43).")


def _address(packet: Packet, context: Context) -> Iterator[Verdict]:
    message = packet.message
    if not isinstance(message, Response | ErrorReply) or message.external is None:
        return
    seen = message.external
    if packet.direction == "out":
        if seen != packet.addr:
            yield Verdict("ip", "warn", f"Tells {address(packet.addr)} that its address is {address(seen)}.")
        return
    if context.external is None:
        yield Verdict("ip", "info", f"Sees us at {address(seen)}; what our address is has not been settled.")
    elif seen == context.external:
        yield Verdict("ip", "ok", f"Sees us at {address(seen)}, as the others do.")
    elif seen[0] == context.external[0]:
        sentence = f"Sees us at port {seen[1]}, the others at {context.external[1]}: a NAT gives us several ports."
        yield Verdict("ip", "warn", sentence)
    else:
        sentence = (
            f"Sees us at {address(seen)}, the others at {address(context.external)}: "
            "it lies, our address has changed, or we have several."
        )
        yield Verdict("ip", "warn", sentence)


_CHECKS: tuple[Callable[[Packet, Context], Iterator[Verdict]], ...] = (
    _problem,
    _bencode,
    _faults,
    _transaction,
    sender_id,
    distances,
    token,
    items,
    scraped,
    sampled,
    _read_only,
    _address,
    _size,
)
