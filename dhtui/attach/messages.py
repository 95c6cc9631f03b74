"""What is said over the socket of a node, in lines of JSON.

Each side begins with a `Hello`, in a frame of its own that every version can read. The client then sends `ToNode`, the
node `ToClient`: lines of the node's events and states as in a recording, and answers to calls. Both sides take the
other's bytes as hostile: a line is bounded in length, decoded strictly, and ends the connection if it is unusable.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, NamedTuple, TypeAlias

from ..engine.items import ImmutableItem, Item, MutableItem
from ..engine.outcome import Outcome
from ..engine.views.snapshot import Ban, BootstrapView, LookupView
from ..engine.wire.compact import Addr
from ..engine.wire.family import FamilyName
from ..sources.codec import CodecError, Coder, Json, coder, fingerprint, read_json
from ..sources.lines import LONGEST_EVENT, LONGEST_STATE, STATES, EventLine, State
from ..text.safe import safe_text

PROTOCOL: Final = 1
"""Of the frames and of the `Hello`. All else is told apart by `SHAPE`."""
PROTOCOL_KEY: Final = "dhtui-attach"

LONGEST_HELLO: Final = 4096
LONGEST_CALL: Final = 64 * 1024
"""Most bytes of a line to the node: 1024 named nodes take 32 kB."""
MOST_CALLS: Final = 64
"""Most calls of one client that have no answer yet."""
MOST_CLIENTS: Final = 16
"""Most clients of one node at a time."""


# ---- calls: the commands of a node, see `NodeCommands` --------------------------------------------------

Remotes: TypeAlias = tuple[Addr, ...] | None


class AwaitBootstrap(NamedTuple):
    """Answered by a `BootstrapView`."""

    name: Literal["bootstrapped"] = "bootstrapped"


class Bootstrap(NamedTuple):
    """Answered by `Done`, as all that follow without a result of their own."""

    hosts: tuple[str, ...]


class RefreshBucket(NamedTuple):
    """Answered by an `Outcome`, as are all questions and writes."""

    depth: int
    family: FamilyName | None = None


class StopLookup(NamedTuple):
    """End a lookup."""

    number: int


class SetBan(NamedTuple):
    """Ban an address for so many seconds; 0 ends its ban."""

    ip: str
    seconds: float


class Ping(NamedTuple):
    """Ping nodes."""

    remotes: tuple[Addr, ...]


class Query(NamedTuple):
    """Any query."""

    remote: Addr
    method: str
    args: bytes
    """A bencoded dictionary."""


class QueryRaw(NamedTuple):
    """Any datagram."""

    remote: Addr
    datagram: bytes


class FindNode(NamedTuple):
    """Find nodes."""

    target: bytes
    remotes: Remotes


class GetPeers(NamedTuple):
    """Find peers."""

    info_hash: bytes
    remotes: Remotes


class Scrape(NamedTuple):
    """Count peers."""

    info_hash: bytes
    remotes: Remotes


class SampleInfohashes(NamedTuple):
    """Ask for infohashes."""

    target: bytes
    remotes: Remotes


class Get(NamedTuple):
    """Get an item."""

    target: bytes
    salt: bytes
    public: bytes | None
    newer_than: int | None
    at_least: int | None
    remotes: Remotes


class ReadBack(NamedTuple):
    """Get an item as a stranger would."""

    item: Item
    written: tuple[Addr, ...]


class AnnouncePeer(NamedTuple):
    """Announce a peer."""

    info_hash: bytes
    port: int
    seed: bool
    remotes: Remotes


class Put(NamedTuple):
    """Store an item, which is signed already: no key crosses the socket."""

    item: ImmutableItem | MutableItem
    cas: int | None
    base: int | None
    remotes: Remotes
    wide: bool


What: TypeAlias = (
    AwaitBootstrap
    | Bootstrap
    | RefreshBucket
    | StopLookup
    | SetBan
    | Ping
    | Query
    | QueryRaw
    | FindNode
    | GetPeers
    | Scrape
    | SampleInfohashes
    | Get
    | ReadBack
    | AnnouncePeer
    | Put
)


@dataclass(frozen=True, slots=True)
class Call:
    """A command to the node."""

    call: int
    """Its number, chosen by the client; no two that are not answered yet have the same."""
    tell: bool
    """Whether `Step` and `Findings` are wanted on the way."""
    what: What


class GiveUp(NamedTuple):
    """End a call with its results so far: it is answered soon."""

    call: int


class Cancel(NamedTuple):
    """End a call. It is not answered."""

    call: int


class Watch(NamedTuple):
    """Asks for what the node is to tell unasked from now on."""

    level: Literal["status", "all"]
    """Only snapshots, or all events and states."""


ToNode: TypeAlias = Call | GiveUp | Cancel | Watch


# ---- answers ------------------------------------------------------------------------------------------


class Done(NamedTuple):
    """The command was carried out."""

    changed: bool = True
    """Whether that had an effect, where it may have none."""


class Refused(NamedTuple):
    """The command can't be carried out."""

    kind: Literal["value", "item", "node"]
    """`ValueError`, `ItemError`, `NodeError`."""
    text: str
    code: int = 0
    """Of an `ItemError`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a call."""

    call: int
    cut: bool
    """Whether it was given up before its end."""
    result: Outcome | BootstrapView | Done | Refused


class Step(NamedTuple):
    """How far the lookup of a call is. Not every step is sent."""

    call: int
    view: LookupView


class Findings(NamedTuple):
    """What a lookup has found so far. Not all is sent: the outcome has all."""

    call: int
    peers: tuple[Addr, ...]
    item: Item | None


class BansAt(NamedTuple):
    """The bans, the last one first, at most 1024."""

    at: float
    bans: tuple[Ban, ...]


class ByeReason(StrEnum):
    """Why the node ends a connection."""

    CLOSED = "closed"
    """The node ends."""
    VERSION = "version"
    FULL = "full"
    """`MOST_CLIENTS` are attached."""
    NOT_UNDERSTOOD = "not understood"
    TOO_LONG = "too long"
    TOO_MANY_CALLS = "too many calls"


class Bye(NamedTuple):
    """The last line."""

    why: ByeReason


ToClient: TypeAlias = EventLine | State | BansAt | Answer | Step | Findings | Bye

TO_NODE: Final[Coder[ToNode]] = coder(ToNode)
TO_CLIENT: Final[Coder[ToClient]] = coder(ToClient)
_LONG: Final = (*STATES, Answer)


def longest(line: ToClient) -> int:
    """The most bytes of a line of that kind."""
    return LONGEST_STATE if isinstance(line, _LONG) else LONGEST_EVENT


# ---- hello --------------------------------------------------------------------------------------------


class Hello(NamedTuple):
    """The first line of each side: who it is."""

    version: str
    """Of dhtui."""
    shape: str
    """The fingerprint of all that may be said."""
    k: int = 0
    """By the node: the closest nodes that a lookup seeks."""
    clock: float = 0.0
    """By the node: its engine's clock, and the Unix time then."""
    wall: float = 0.0


_HELLO: Final[Coder[Hello]] = coder(Hello)


class OtherVersion(ValueError):
    """The other side speaks another version. The message names both, in a clause."""


def shape() -> str:
    """The fingerprint of all that this version may say."""
    return fingerprint(ToNode) + fingerprint(ToClient)


def write_hello(hello: Hello) -> bytes:
    """The first line, without its end."""
    return json.dumps({PROTOCOL_KEY: PROTOCOL, **_HELLO.encode(hello)}).encode()


def read_hello(line: bytes | bytearray, ours: str) -> Hello:
    """Read the first line of the other side. Raises `CodecError`; `OtherVersion`, with our `ours` in its words."""
    head: Json = read_json(line)
    if type(head) is not dict or type(head.get(PROTOCOL_KEY)) is not int:
        raise CodecError("no dhtui speaks there")
    protocol, version = head.pop(PROTOCOL_KEY), head.get("version")
    name = f"dhtui {safe_text(version, 20)}" if type(version) is str else "another dhtui"
    if protocol != PROTOCOL:
        number = protocol if 0 <= protocol < 1000 else "unknown"
        raise OtherVersion(f"{name} runs there and speaks protocol {number}, this is dhtui {ours} with {PROTOCOL}")
    hello = _HELLO.decode(head)
    if hello.shape != shape():
        raise OtherVersion(f"{name} runs there, this is dhtui {ours}: they describe a node in different ways")
    return hello
