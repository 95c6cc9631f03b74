"""A question to one node, checked as it is typed, and what the node named in its answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from ...engine.commands import NodeCommands
from ...engine.lookup.questions import QUESTIONS, Kind
from ...engine.outcome import NodeOutcome, Outcome
from ...engine.wire.compact import Addr, NodeInfo, is_local
from ...engine.wire.ids import bep42_valid, distance
from ...errors import UsageError
from ...lookups.ask import read_request
from ...options.values import HostPort, host_port, salt
from ...text.faults import FAULT_WORDS
from ...text.format import address, plural
from ...text.format import distance as distance_words
from ...text.outcomes import node_words
from ...text.spans import Line, Span, fit
from ...widgets.table_model import Column

KINDS: Final = tuple(QUESTIONS)


@dataclass(frozen=True, slots=True)
class AskRequest:
    """One query to one node."""

    remote: HostPort
    question: Kind
    target: bytes
    """20 bytes; of a ping our own id."""
    salt: bytes
    public: bytes | None
    words: str
    """What is asked; safe to print."""


def read_ask(remote: str, question: Kind, text: str, salt_text: str, own: bytes) -> AskRequest:
    """What the fields ask for. Raises `UsageError`, which says what is accepted."""
    if not remote.strip():
        raise UsageError("name the node to ask: HOST:PORT, in our table or not")
    node = host_port(remote)
    if question == "ping":
        return AskRequest(node, question, own, b"", None, "whether it is there")
    wanted = read_request(question, text.strip() or "self", salt_text if question == "get" else "", own)
    first = "; of a hybrid torrent that is the first infohash" if wanted.also else ""
    return AskRequest(node, question, wanted.target, salt(salt_text), wanted.public, wanted.words + first)


async def put_question(node: NodeCommands, addr: Addr, request: AskRequest) -> Outcome:
    """Asks the node at an address, and nobody else."""
    match request.question:
        case "ping":
            return await node.ping([addr])
        case "find_node":
            return await node.find_node(request.target, remotes=[addr])
        case "get_peers":
            return await node.get_peers(request.target, remotes=[addr])
        case "get":
            return await node.get(request.target, salt=request.salt, public=request.public, remotes=[addr])


# ---- the answer ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A node that was named."""

    info: NodeInfo
    target: bytes
    """What it was named for, 20 bytes."""
    ours: bool
    """It is this node itself."""
    known: bool
    """It is in our table."""

    @property
    def note(self) -> str:
        """What we know of it."""
        return "this is us" if self.ours else "in our table" if self.known else ""


def named_rows(
    one: NodeOutcome, target: bytes, own: bytes, bound: Collection[Addr], known: Collection[Addr]
) -> list[NamedRow]:
    """The nodes that a node named, nearest to the target first. `bound` are our own addresses."""
    return [
        NamedRow(info, target, info.id == own or info.addr in bound, info.addr in known)
        for info in sorted(one.nodes, key=lambda info: distance(target, info.id))
    ]


def _bep42(row: NamedRow) -> Span:
    if is_local(row.info.addr[0]):
        return "–", "dim"
    return ("✓", "good") if bep42_valid(row.info.id, row.info.addr[0]) else ("✗", "warn")


def _note(row: NamedRow) -> Span:
    return row.note, "accent" if row.ours else "plain"


NAMED_COLUMNS: tuple[Column[NamedRow], ...] = (
    Column("node", 21, lambda row: ((address(row.info.addr), "data"),), sort=lambda row: row.info.addr),
    Column("id", 9, lambda row: ((row.info.id.hex(), "plain"),), middle=True, sort=lambda row: row.info.id),
    Column(
        "dist",
        7,
        lambda row: ((distance_words(row.target, row.info.id), "plain"),),
        sort=lambda row: distance(row.target, row.info.id),
    ),
    Column("42", 2, lambda row: (_bep42(row),), sort=lambda row: _bep42(row)[0]),
    Column(
        "known as",
        14,
        lambda row: ((row.note, "accent" if row.ours else "plain"),),
        sort=lambda row: row.note,
        grow=True,
    ),
)


def answer_lines(one: NodeOutcome, request: AskRequest) -> list[Line]:
    """What else was in the answer."""
    token = one.token.hex() if one.token is not None else "none"
    rows = [
        ("said", node_words(one)),
        ("id", one.id.hex() if one.id else "not known"),
        *([("token", token)] if request.question in ("get_peers", "get") else []),
        *([("peers", plural(len(one.peers), "peer"))] if request.question == "get_peers" else []),
        *(("", address(peer)) for peer in one.peers[:200]),
        *([("seq", str(one.seq))] if one.seq is not None else []),
        *([("sees us at", address(one.external))] if one.external else []),
        *(("but", FAULT_WORDS[fault]) for fault in one.faults),
    ]
    return [((fit(label, 11), "dim"), (text, "plain")) for label, text in rows]
