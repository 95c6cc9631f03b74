"""The client's side of a connection: lines in and out, calls and their answers. Whatever the node says is hostile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .. import __version__
from ..engine.items import Item, ItemError, MutableItem
from ..engine.node import NodeError
from ..engine.operations.callbacks import Progress
from ..engine.outcome import Outcome
from ..engine.views.snapshot import BootstrapView
from ..engine.wire.compact import Addr
from ..sources.codec import CodecError
from ..sources.lines import LONGEST_STATE, EventLine, State
from .messages import (
    LONGEST_HELLO,
    TO_CLIENT,
    TO_NODE,
    Answer,
    BansAt,
    Bye,
    ByeReason,
    Call,
    Cancel,
    Done,
    Findings,
    Hello,
    OtherVersion,
    Refused,
    Step,
    ToNode,
    What,
    longest,
    read_hello,
    shape,
    write_hello,
)

Result = Outcome | BootstrapView | Done

GOODBYES: Final = {
    ByeReason.CLOSED: "the node has ended",
    ByeReason.VERSION: "the node is of another version",
    ByeReason.FULL: "too many programs are attached to the node",
    ByeReason.NOT_UNDERSTOOD: "the node did not understand this program",
    ByeReason.TOO_LONG: "the node does not take that much at once",
    ByeReason.TOO_MANY_CALLS: "the node does not take that many calls at once",
}
GONE: Final = "the connection to the node has ended"


@dataclass(slots=True)
class Pending:
    """A call that has no answer yet, and whom to tell on the way."""

    answer: asyncio.Future[Answer]
    progress: Progress | None = None
    on_peers: Callable[[tuple[Addr, ...]], None] | None = None
    on_item: Callable[[Item], None] | None = None
    answered: bool = False


class Wire(asyncio.Protocol):
    """One connection to a node. `lost` says why there is none any more, a clause."""

    def __init__(self) -> None:
        self.tell: Callable[[EventLine | State | BansAt], None] = lambda line: None
        """Called with each line that is no answer."""
        self._transport: asyncio.Transport | None = None
        self._read = bytearray()
        self._count = 0
        self._pending: dict[int, Pending] = {}
        loop = asyncio.get_running_loop()
        self.hello: asyncio.Future[Hello] = loop.create_future()
        """What the node says of itself. Raises `OtherVersion`, `NodeError`."""
        self.lost = ""
        self.turned_away = False
        """Whether the node goes on without us."""
        self.on_lost: Callable[[], None] = lambda: None
        """Called once, when the connection has ended, whichever side ended it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the node."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(write_hello(Hello(__version__, shape())) + b"\n")

    def connection_lost(self, error: Exception | None) -> None:
        """The node is gone."""
        self._end(GONE)

    def close(self) -> None:
        """Leave."""
        self._end("this program has left the node")

    def _end(self, why: str, error: Exception | None = None) -> None:
        if self.lost:
            return
        self.lost = why
        if self._transport is not None:
            self._transport.close()
        if not self.hello.done():
            self.hello.set_exception(error or NodeError(why))
            self.hello.exception()  # if nobody waits for it any more
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.answer.set_exception(NodeError(why))
        self._pending.clear()
        self.on_lost()

    # ---- what the node says ------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take the lines that are complete."""
        looked = len(self._read)
        self._read += data
        while not self.lost:
            end = self._read.find(b"\n", looked)
            most = LONGEST_STATE if self.hello.done() else LONGEST_HELLO
            if (end if end >= 0 else len(self._read)) > most:
                self._end("the node says more at once than this program reads")
            elif end < 0:
                return
            else:
                line = bytes(self._read[:end])
                del self._read[: end + 1]
                looked = 0
                self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            if not self.hello.done():
                self.hello.set_result(read_hello(line, __version__))
                return
            said = TO_CLIENT.loads(line)
            if len(line) > longest(said):
                raise CodecError("it is too long")
            match said:
                case Bye(why):
                    self.turned_away = why is not ByeReason.CLOSED
                    self._end(GOODBYES[why])
                case Answer():
                    self._answered(said)
                case Step() | Findings():
                    self._on_the_way(said)
                case _:
                    self.tell(said)
        except OtherVersion as error:
            self._end(str(error), error)
        except CodecError as error:
            self._end(f"the node says what makes no sense ({error})")

    def _answered(self, answer: Answer) -> None:
        pending = self._pending.get(answer.call)
        if pending is not None and not pending.answer.done():
            if isinstance(answer.result, Outcome):
                check_item(answer.result.item)
            pending.answered = True
            pending.answer.set_result(answer)

    def _on_the_way(self, said: Step | Findings) -> None:
        pending = self._pending.get(said.call)
        if pending is None or pending.answer.done():
            return
        try:
            if isinstance(said, Step):
                if pending.progress is not None:
                    pending.progress(said.view)
                return
            if said.peers and pending.on_peers is not None:
                pending.on_peers(said.peers)
            if said.item is not None and pending.on_item is not None:
                check_item(said.item)
                pending.on_item(said.item)
        except CodecError:
            raise
        except Exception as error:  # of the caller's code: it ends the call
            pending.answer.set_exception(error)

    # ---- what is said to it ------------------------------------------------------------------------

    def say(self, line: ToNode) -> None:
        """Send a line. Nothing happens once the connection has ended."""
        if self._transport is not None and not self.lost:
            self._transport.write(TO_NODE.dumps(line) + b"\n")

    def begin(self, what: What, pending: Pending) -> int:
        """Begin a call; returns its number. Raises `NodeError` if the connection has ended."""
        if self.lost:
            raise NodeError(self.lost)
        self._count += 1
        self._pending[self._count] = pending
        tell = any(call is not None for call in (pending.progress, pending.on_peers, pending.on_item))
        self.say(Call(self._count, tell, what))
        return self._count

    def end(self, call: int) -> None:
        """Forget a call. One that has no answer yet ends there, too."""
        pending = self._pending.pop(call, None)
        if pending is not None and not pending.answered:
            self.say(Cancel(call))


def check_item(item: Item | None) -> None:
    """Raise `CodecError` for an item that is not genuine: its signature is verified here, too."""
    if isinstance(item, MutableItem) and not item.verify():
        raise CodecError("an item of which the signature does not hold")


def result_of(answer: Answer) -> Result:
    """The result of a call. Raises what the node raised: `ValueError`, `ItemError`, `NodeError`."""
    result = answer.result
    if not isinstance(result, Refused):
        return result
    if result.kind == "item":
        raise ItemError(result.code, result.text)
    raise (ValueError if result.kind == "value" else NodeError)(result.text)
