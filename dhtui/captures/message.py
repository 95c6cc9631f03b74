"""KRPC messages among datagrams, and the record of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ..engine.views.events import refused
from ..engine.wire import bencode
from ..engine.wire.bencode import BencodeError
from ..engine.wire.compact import Addr
from ..engine.wire.family import ID_LENGTH, family_of
from ..engine.wire.faults import Fault
from ..engine.wire.krpc import MAX_DATAGRAM, MAX_TID, ErrorReply, MalformedDatagram, Message, Query, RefusedQuery, parse
from ..engine.wire.methods import MAX_TOKEN, target_of

if TYPE_CHECKING:
    from .walks.walk import Step

Kind: TypeAlias = Literal["query", "response", "error", "unreadable"]
_RESPONSE_ENDS: Final = b"1:y1:re"
"""How nearly every response ends, as keys are sorted."""
_PLAIN: Final = frozenset((b"id", b"nodes", b"nodes6", b"token", b"p"))
"""Keys of a response that brings nothing but nodes and a token."""


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
    """Whether it is a response that brings nothing but nodes and a token."""


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
    query: Captured | None = None
    """The query of an answer, if that is in the capture."""
    pair: int | None = None
    """The number of the query of an answer, and of the first answer to a query, once that is known."""
    step: Step | None = None
    """Of a query: its part in a lookup."""

    @property
    def message(self) -> Message | None:
        """The message in full; `None` if it can't be read, or is a query that a node refuses."""
        return read(self.data, self.source).message if self.plain else self.parsed

    @property
    def target(self) -> bytes | None:
        """The 20-byte target of a query; `None`: it has none, or is no query."""
        return target_of(self.parsed.args) if type(self.parsed) is Query else None


def may_be_krpc(data: bytes) -> bool:
    """Whether it can be a bencoded dictionary. Far quicker than to read it."""
    return data[:1] == b"d" and data[-1:] == b"e"


def glance(data: bytes, source: Addr) -> Reading:
    """The same as `read`, but for the nodes of a plain response, which take most of the time. Never raises."""
    if data.endswith(_RESPONSE_ENDS) and (plain := _plain(data, source)) is not None:
        return plain
    return read(data, source)


def _plain(data: bytes, source: Addr) -> Reading | None:
    """A plain response in canonical bencode; `None` for anything else."""
    if len(data) > MAX_DATAGRAM:
        return None
    try:
        message = bencode.decode(data)
    except BencodeError:
        return None
    tid, body = message.get(b"t"), message.get(b"r")
    if type(body) is not dict or type(tid) is not bytes or not 0 < len(tid) <= MAX_TID or not _PLAIN.issuperset(body):
        return None
    node_id = body.get(b"id")
    if type(node_id) is not bytes or len(node_id) != ID_LENGTH:
        return None
    faults: tuple[str, ...] = ()
    family = family_of(source[0])
    nodes = body.get(family.nodes_key, b"")
    if type(nodes) is not bytes or len(nodes) % family.node_length:
        faults = (Fault.NODES.value,)
    token = body.get(b"token", b"")
    if type(token) is not bytes or len(token) > MAX_TOKEN:
        faults += (Fault.TOKEN.value,)
    return Reading("response", "", tid, node_id, None, faults, "", True)


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
        return Reading("query", message.method, message.tid, message.args.id, message, faults)
    if isinstance(message, ErrorReply):
        return Reading("error", "", message.tid, None, message)
    return Reading("response", "", message.tid, message.id, message, tuple(fault.value for fault in message.faults))
