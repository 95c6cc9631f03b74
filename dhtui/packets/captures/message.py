"""KRPC messages among datagrams, and the record of one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ...engine.views.events import refused
from ...engine.wire.compact import Addr
from ...engine.wire.family import family_of
from ...engine.wire.faults import Fault
from ...engine.wire.krpc import MAX_TID, ErrorReply, MalformedDatagram, Message, Query, RefusedQuery, parse
from ...engine.wire.methods import target_of

if TYPE_CHECKING:
    from .walks.walk import Step

Kind: TypeAlias = Literal["query", "response", "error", "unreadable"]


def _strings(first: int, last: int, step: int = 1) -> bytes:
    """A pattern for a bencoded string of one of these lengths."""
    return b"(?:%b)" % b"|".join(b"%d:.{%d}" % (length, length) for length in range(first, last + 1, step))


_TAIL: Final = rb"1:t(%b)(?:1:v%b)?1:y1:" % (_strings(1, MAX_TID), _strings(1, 16))
_QUERY: Final = re.compile(
    rb"d1:ad2:id20:(.{20})(?:e1:q4:ping|6:target20:(.{20})e1:q(?:9:(find_node)|3:(get))"
    rb"|9:info_hash20:(.{20})e1:q9:get_peers)(?:2:roi1e)?%bqe" % _TAIL,
    re.DOTALL,
)
"""Queries as nearly all of them are: canonical bencode, with none but the arguments that BEP 5 and 44 demand."""
_RESPONSE: Final = re.compile(
    rb"d(?:2:ip(?:6:.{6}|18:.{18}))?1:rd2:id20:(.{20})(?:5:nodes%b)?(?:6:nodes6%b)?(?:1:pi[1-9][0-9]{0,4}e)?(?:5:token%b)?"
    rb"e%bre" % (_strings(0, 520, 26), _strings(0, 760, 38), _strings(1, 32), _TAIL),
    re.DOTALL,
)
"""Responses that bring nothing but nodes and a token, in canonical bencode, without a fault."""


class Reading(NamedTuple):
    """What a datagram says."""

    kind: Kind
    method: str
    """Of a query: hostile. Else empty."""
    tid: bytes
    """The transaction id; empty if none could be read."""
    id: bytes | None
    """The node id of the sender; an error has none."""
    message: Message | None
    """The message; `None`: it can't be read, or is `plain` and was not read in full."""
    faults: tuple[str, ...] = ()
    """See `Captured.faults`."""
    problem: str = ""
    """Why it is no message, or is a query that a node refuses: the only one of its `faults` then."""
    plain: bool = False
    """Whether it is a message without a fault whose contents were not read: a usual query, or a response that brings
    nothing but nodes and a token."""
    target: bytes | None = None
    """The 20-byte target of a query; `None`: it has none, or is no query."""


@dataclass(slots=True, eq=False)
class Captured:
    """A datagram of a capture that is a KRPC message, or looks like one and can't be read."""

    number: int
    """From 1 on, increasing."""
    at: float
    """Unix time, seconds."""
    source: Addr
    dest: Addr
    data: bytes
    kind: Kind
    method: str
    """Of a query, also of an answer whose query is known; else empty. As received: hostile."""
    tid: bytes
    id: bytes | None
    """The node id that the sender gives itself."""
    parsed: Message | None
    """See `Reading.message`."""
    faults: tuple[str, ...]
    """What is wrong with it, as words that stay: values of `Fault`, `Note`s, and ``refused 203`` for a query that a
    node answers with that error."""
    problem: str
    plain: bool
    target: bytes | None
    """See `Reading.target`."""
    query: Captured | None = None
    """The query of an answer, if that is in the capture."""
    pair: int | None = None
    """The number of the query of an answer, and of the first answer to a query, once that is known."""
    step: Step | None = None
    """Of a query: its part in a lookup."""
    ended: bool = False
    """Of a query: whether it was noted what became of it."""

    @property
    def message(self) -> Message | None:
        """The message in full; `None` if it can't be read, or is a query that a node refuses."""
        return read(self.data, self.source).message if self.plain else self.parsed


def may_be_krpc(data: bytes) -> bool:
    """Whether it can be a bencoded dictionary. Far quicker than to read it."""
    return data[:1] == b"d" and data[-1:] == b"e"


def glance(data: bytes, source: Addr) -> Reading:
    """The same as `read`, but for the contents of plain messages: a fifth of the time. Never raises."""
    if data.endswith(b"1:y1:re"):
        found = _RESPONSE.fullmatch(data)
        if found is not None:
            node_id, tid = found.groups()
            return Reading("response", "", tid[tid.index(b":") + 1 :], node_id, None, (), "", True)
    elif data.endswith(b"1:y1:qe"):
        found = _QUERY.fullmatch(data)
        if found is not None:
            node_id, target, find_node, get, info_hash, tid = found.groups()
            method = "get_peers" if info_hash else "find_node" if find_node else "get" if get else "ping"
            tid = tid[tid.index(b":") + 1 :]
            return Reading("query", method, tid, node_id, None, (), "", True, info_hash or target)
    return read(data, source)


def read(data: bytes, source: Addr) -> Reading:
    """Read a datagram in full. Never raises."""
    try:
        message = parse(data, family_of(source[0]))
    except MalformedDatagram as fault:
        why = str(fault.note)
        return Reading("unreadable", "", b"", None, None, (why,), why)
    except RefusedQuery as refusal:
        why = refused(refusal.code)
        return Reading("query", refusal.method, refusal.tid, None, None, (why,), why)
    if isinstance(message, Query):
        faults = () if message.canonical else (Fault.NOT_CANONICAL.value,)
        return Reading(
            "query", message.method, message.tid, message.args.id, message, faults, target=target_of(message.args)
        )
    if isinstance(message, ErrorReply):
        return Reading("error", "", message.tid, None, message)
    return Reading("response", "", message.tid, message.id, message, tuple(fault.value for fault in message.faults))
