"""A question to one node, checked as it is typed, and what the node named in its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from ...engine.commands import NodeCommands
from ...engine.lookup.questions import Kind
from ...engine.outcome import NodeOutcome, Outcome
from ...engine.wire.bencode import decode, encode
from ...engine.wire.compact import Addr, NodeInfo, is_local
from ...engine.wire.free import free_query
from ...engine.wire.ids import bep42_valid, distance
from ...engine.wire.methods import GivenSamples
from ...errors import UsageError
from ...items.value import to_bencode
from ...items.value.forms import as_json
from ...lookups.ask import read_request
from ...lookups.same import of_question, same_command
from ...options.addresses import HostPort, host_port
from ...options.values import salt
from ...packets.dissect import dissect
from ...packets.parts import Part
from ...packets.summary import samples_words
from ...text.faults import FAULT_WORDS
from ...text.format import LONGEST_ADDRESS, address, plural, short_id
from ...text.format import distance as distance_words
from ...text.outcomes import node_words
from ...text.safe import safe_text
from ...text.spans import Span
from ...widgets.table_model import Column

Asked: TypeAlias = Kind | Literal["other"]
_random = SystemRandom()


class Question(NamedTuple):
    """What the fields of the form hold, as it was typed."""

    kind: Asked = "find_node"
    target: str = ""
    salt: str = ""
    method: str = ""
    args: str = ""


@dataclass(frozen=True, slots=True)
class AskRequest:
    """One query to one node."""

    remote: HostPort
    question: Asked
    target: bytes
    """20 bytes; of a ping our own id."""
    salt: bytes
    public: bytes | None
    words: str
    """What is asked; safe to print."""
    method: str = ""
    """Of a query that is made by hand: its method, and its arguments but for our id."""
    args: dict[bytes, Any] | None = None


def read_ask(remote: str, fields: Question, own: bytes) -> AskRequest:
    """What the fields ask for. Raises `UsageError`, which says what is accepted."""
    question, text, salt_text = fields.kind, fields.target, fields.salt
    if not remote.strip():
        raise UsageError("name the node to ask: HOST:PORT, in our table or not")
    node = host_port(remote)
    if question == "ping":
        return AskRequest(node, question, own, b"", None, "whether it is there")
    if question == "other":
        return _by_hand(node, fields, own)
    if text.strip() == "random":
        target = _random.randbytes(20)
        return AskRequest(node, question, target, b"", None, f"about a random target, {short_id(target)}")
    wanted = read_request(question, text.strip() or "self", salt_text if question == "get" else "", own)
    first = "; of a hybrid torrent that is the first infohash" if wanted.also else ""
    return AskRequest(node, question, wanted.target, salt(salt_text), wanted.public, wanted.words + first)


def _by_hand(node: HostPort, fields: Question, own: bytes) -> AskRequest:
    """Any method with any arguments."""
    method = fields.method.strip()
    if not method:
        raise UsageError("name the method, such as sample_infohashes; any word will do")
    try:
        args = decode(to_bencode("json", fields.args.encode("utf-8", "surrogateescape") or b"{}"))
        if not isinstance(args, dict):
            raise UsageError('the arguments are an object of JSON, such as {"target": "hex:00ff"}')
        free_query(own, method, args)
    except ValueError as error:
        raise UsageError(str(error)) from None
    given = args.get(b"target", args.get(b"info_hash"))
    target = given if isinstance(given, bytes) and len(given) == 20 else own
    words = f"{safe_text(method, 64)} with {plural(len(args), 'argument')} besides our id"
    return AskRequest(node, "other", target, b"", None, words, method, args)


def same_question(request: AskRequest) -> str:
    """The command line that asks the same."""
    if request.question != "other":
        return of_question(request.question, str(request.remote), request.target, request.salt)
    args = as_json(encode(request.args), None)
    return same_command("query", "--remote", str(request.remote), "--method", request.method, "--args", args)


async def put_question(node: NodeCommands, addr: Addr, request: AskRequest) -> Outcome:
    """Asks the node at an address, and nobody else."""
    return await ASKED[request.question](node, addr, request)


ASKED: Final[Mapping[Asked, Callable[[NodeCommands, Addr, AskRequest], Awaitable[Outcome]]]] = {
    "ping": lambda node, addr, asks: node.ping([addr]),
    "find_node": lambda node, addr, asks: node.find_node(asks.target, remotes=[addr]),
    "get_peers": lambda node, addr, asks: node.get_peers(asks.target, remotes=[addr]),
    "get": lambda node, addr, asks: node.get(asks.target, salt=asks.salt, public=asks.public, remotes=[addr]),
    "sample_infohashes": lambda node, addr, asks: node.sample_infohashes(asks.target, remotes=[addr]),
    "other": lambda node, addr, asks: node.query(addr, asks.method, asks.args),
}
"""The questions that the form offers; `QUESTIONS` without a row here are asked by hand, as ``other``."""
KINDS: Final[tuple[Asked, ...]] = tuple(ASKED)
NAMED_KINDS: Final[tuple[Kind, ...]] = tuple(kind for kind in ASKED if kind != "other")
"""Those that have a name of their own."""


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
    Column(
        "node",
        21,
        lambda row: ((address(row.info.addr), "data"),),
        sort=lambda row: row.info.addr,
        middle=True,
        most=LONGEST_ADDRESS,
    ),
    Column("id", 9, lambda row: ((row.info.id.hex(), "plain"),), middle=True, grow=True, sort=lambda row: row.info.id),
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
    ),
)


def answer_part(one: NodeOutcome, request: AskRequest, value: Sequence[str] = ()) -> Part:
    """The answer as a tree: what we make of it, then the message, byte for byte. `value`: what an item says."""
    facts = [Part(label, words, 0, 0) for label, words in _facts(one, request)]
    if value:
        facts.append(Part("value  verified", value[0], 0, 0, tuple(Part("", line, 0, 0) for line in value[1:])))
    message = (dissect(one.received, request.target),) if one.received else ()
    return Part("answer", address(one.addr), 0, len(one.received), (*facts, *message))


def _facts(one: NodeOutcome, request: AskRequest) -> list[tuple[str, str]]:
    """What was in the answer, in words; all of them are safe to print."""
    token = one.token.hex() if one.token is not None else "none"
    if one.received:  # the message tells the rest
        return [("said", node_words(one))]
    return [
        ("said", node_words(one)),
        ("id", one.id.hex() if one.id else "not known"),
        *([("token", token)] if request.question in ("get_peers", "get") else []),
        *([("peers", plural(len(one.peers), "peer"))] if request.question == "get_peers" else []),
        *(("", address(peer)) for peer in one.peers[:200]),
        *([("seq", str(one.seq))] if one.seq is not None else []),
        *(("samples", ", ".join(samples_words(given))) for given in one.given if isinstance(given, GivenSamples)),
        *([("sees us at", address(one.external))] if one.external else []),
        *(("but", FAULT_WORDS[fault]) for fault in one.faults),
    ]
