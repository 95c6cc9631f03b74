"""One client of a node: reads its calls, and tells it what happens. Knows no socket but a transport.

The client is not trusted with anything but the commands: it can't raise in the node, grow its memory or hold it up.
What it says is bounded in length, in number and in rate. What it is told waits in a bounded queue; once that is full,
the node takes no more notice of it until it has read all: then it is told how much it missed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ..engine.operations.limit import Limit
from ..engine.views.events import Event, Missed, PacketSent
from ..engine.views.snapshot import Snapshot
from ..engine.wire.compact import Addr
from ..sources.codec import CodecError
from ..sources.lines import STATES, Heard, HoldingsAt, State, StateLines
from . import perform
from .messages import (
    LONGEST_CALL,
    LONGEST_HELLO,
    MOST_CALLS,
    TO_CLIENT,
    TO_NODE,
    Answer,
    BansAt,
    Bye,
    ByeReason,
    Call,
    Cancel,
    Findings,
    GiveUp,
    OtherVersion,
    Refused,
    Step,
    ToClient,
    Watch,
    longest,
    read_hello,
    write_hello,
)

if TYPE_CHECKING:
    from ..engine.items import Item
    from ..engine.views.snapshot import LookupView
    from .hub import Hub

MOST_EVENTS: Final = 5000
"""Most events that wait for a client, as many as a screen lists packets; and of as many bytes of datagrams:"""
MOST_EVENT_BYTES: Final = 4 * 2**20
SLICE: Final = 128 * 1024
"""Bytes that are written in one turn of the event loop."""
BURST: Final = 500
CALLS_A_SECOND: Final = 500.0
"""What a client may say, as a rate and at once. Beyond it the rest waits: nothing more is read."""

STATUS_SECONDS: Final = 1.0
LIVE_SECONDS: Final = 0.25
"""Seconds between two snapshots to a client that asked for the status only, or for everything."""
LIVE_DETAILS: Final = 3.0
DETAILS_A_SECOND: Final = 250_000
"""Least seconds between two states of nodes and stores; most bytes a second: full stores take 6 MiB."""
LOOKUPS_AT_ONCE: Final = 6
FRESH_SECONDS: Final = 0.1
"""An answer comes after a snapshot that is no older, which costs some 10 ms; that to a lookup, which costs more than
that itself, after one that is as good as new:"""
FRESH_LOOKUP: Final = 0.01
STEP_SECONDS: Final = 0.05
"""Least seconds between two steps of one call that are told."""
MOST_BANS: Final = 1024


class Told:
    """A line, which is encoded once, when the first client can take it."""

    __slots__ = ("_data", "line")

    def __init__(self, line: ToClient) -> None:
        self.line = line
        self._data: bytes | None = None

    def data(self) -> bytes:
        """The line with its end. Raises `CodecError`, also for one that is too long."""
        if self._data is None:
            data = TO_CLIENT.dumps(self.line)
            if len(data) > longest(self.line):
                raise CodecError("it is too long")
            self._data = data + b"\n"
        return self._data


class Session(asyncio.Protocol):
    """The node's side of one connection."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._transport: asyncio.Transport | None = None
        self._greeted = self._paused = self._pumping = False
        self._read = bytearray()
        self._allowance, self._allowed_at = float(BURST), 0.0
        self._later: asyncio.TimerHandle | None = None
        self._out: deque[Told] = deque()
        self._events = self._event_bytes = self._states = self._answers = 0
        self._calls: dict[int, tuple[Limit, asyncio.Task[None]]] = {}
        self._untold: dict[int, LookupView] = {}
        """The last step of each call, if it was left out so far."""
        self.watching: str = ""
        """The level of its `Watch`."""
        self._lines: StateLines | None = None
        self._snapshot_at = float("-inf")
        self._missed: tuple[float, int] | None = None
        """Since when it is told no events, and how many packets there had been."""
        self._banned: tuple[str, ...] = ()

    # ---- the connection ----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the client, unless it is another user's, or there are too many."""
        assert isinstance(transport, asyncio.Transport)
        if not self._hub.admits(transport):
            transport.abort()
            return
        self._transport = transport
        transport.set_write_buffer_limits(high=2 * SLICE)
        transport.write(write_hello(self._hub.hello()) + b"\n")
        if not self._hub.add(self):
            self.leave(ByeReason.FULL)

    def connection_lost(self, error: Exception | None) -> None:
        """The client has disconnected. What it started goes on, and is reported to nobody."""
        self._forget()

    def leave(self, why: ByeReason) -> None:
        """Tell the client why, and end the connection."""
        transport = self._transport
        if transport is None:
            return
        transport.write(TO_CLIENT.dumps(Bye(why)) + b"\n")
        if transport.get_write_buffer_size():  # it does not read, and an orderly end would wait for that
            transport.abort()
        else:
            transport.close()
        self._forget()

    def _forget(self) -> None:
        self._transport = None
        self._read.clear()
        self._out.clear()
        self._lines = None
        if self._later is not None:
            self._later.cancel()
        self._hub.remove(self)

    # ---- reading -----------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Carry out the client's calls, as far as its allowance goes."""
        if self._transport is not None:
            self._read += data
            self._take_lines()

    def _take_lines(self) -> None:
        while self._transport is not None:
            end = self._read.find(b"\n")
            if (end if end >= 0 else len(self._read)) > (LONGEST_CALL if self._greeted else LONGEST_HELLO):
                self.leave(ByeReason.TOO_LONG)
            elif end >= 0 and not self._may_speak():
                return
            elif end >= 0:
                line = bytes(self._read[:end])
                del self._read[: end + 1]
                self._take(line)
            else:
                return

    def _may_speak(self) -> bool:
        """Whether the allowance covers one more line. If not, reading goes on a little later."""
        now = self._hub.clock()
        self._allowance = min(BURST, self._allowance + CALLS_A_SECOND * (now - self._allowed_at))
        self._allowed_at = now
        if self._allowance >= 1:
            self._allowance -= 1
            return True
        if self._later is None and self._transport is not None:
            self._transport.pause_reading()
            self._later = self._hub.call_later(1 / CALLS_A_SECOND, self._go_on)
        return False

    def _go_on(self) -> None:
        self._later = None
        if self._transport is not None:
            self._transport.resume_reading()
            self._take_lines()

    def _take(self, line: bytes) -> None:
        try:
            if not self._greeted:
                read_hello(line, self._hub.hello().version)
                self._greeted = True
                return
            said = TO_NODE.loads(line)
        except OtherVersion:
            self.leave(ByeReason.VERSION)
            return
        except CodecError:
            self.leave(ByeReason.NOT_UNDERSTOOD)
            return
        match said:
            case Call():
                self._begin(said)
            case GiveUp(call):
                if call in self._calls:
                    self._calls[call][0].expire()
            case Cancel(call):
                if call in self._calls:
                    self._untold.pop(call, None)
                    self._calls.pop(call)[1].cancel()
            case Watch(level):
                self._watch(level)

    # ---- calls -------------------------------------------------------------------------------------

    def _begin(self, call: Call) -> None:
        if len(self._calls) + self._answers >= MOST_CALLS or call.call in self._calls:
            self.leave(ByeReason.TOO_MANY_CALLS)
            return
        limit = Limit()
        self._calls[call.call] = limit, self._hub.spawn(self._carry_out(call, limit))

    async def _carry_out(self, call: Call, limit: Limit) -> None:
        try:
            self._hub.check_room()
            with limit.applied():
                result = await perform.perform(self._hub.node, call.what, self._on_the_way(call))
        except Exception as error:
            self._answer(call, Answer(call.call, False, perform.refused(error)))
        else:
            self._answer(call, Answer(call.call, limit.cut, result))

    def _answer(self, call: Call, answer: Answer) -> None:
        last = self._untold.pop(call.call, None)
        if self._calls.pop(call.call, None) is None or self._transport is None:
            return
        if last is not None:
            self._put(Step(call.call, last))
        fresh = FRESH_LOOKUP if getattr(call.what, "remotes", None) is None else FRESH_SECONDS
        since = self._hub.clock() - fresh
        if not isinstance(answer.result, Refused) and self._snapshot_at <= since:
            self._put_state(self._hub.snapshot_since(since))
        self._put(answer)
        self.pump()

    def _on_the_way(self, call: Call) -> perform.OnTheWay:
        """What is told of a call while it is under way. It is left out if it could not be sent at once."""
        if not call.tell:
            return perform.OnTheWay()
        told_at = float("-inf")

        def step(view: LookupView) -> None:
            nonlocal told_at
            now = self._hub.clock()
            self._untold[call.call] = view
            if now - told_at >= STEP_SECONDS:
                told_at = now
                self._put_if_free(Step(call.call, self._untold.pop(call.call)))

        def peers(found: tuple[Addr, ...]) -> None:
            self._put_if_free(Findings(call.call, found, None))

        def item(found: Item) -> None:
            self._put_if_free(Findings(call.call, (), found))

        return perform.OnTheWay(step, peers, item)

    def _put_if_free(self, line: Step | Findings) -> None:
        if self._transport is not None and not self._paused:
            self._put(line)
            self.pump()

    # ---- what it is told unasked -------------------------------------------------------------------

    def _watch(self, level: str) -> None:
        self.watching = level
        self._hub.watch()
        if level == "all" and self._lines is None:
            now = self._hub.clock()
            self._lines = StateLines(
                self._hub, self._put_state, now, every=LIVE_SECONDS, details=LIVE_DETAILS, at_once=LOOKUPS_AT_ONCE
            )
            self._hub.listen(self, True)
        elif level != "all":
            self._lines = self._missed = None
            self._hub.listen(self, False)
        self.tick()

    def hear(self, event: Event, told: Told) -> None:
        """An event. It is told at the next tick, unless too many wait already."""
        if self._lines is None or self._missed is not None:
            return
        self._lines.hear(event)
        if self._events >= MOST_EVENTS or self._event_bytes >= MOST_EVENT_BYTES:
            self._missed = event.at, self._hub.packets()
            self._hub.listen(self, False)
            return
        self._events += 1
        self._event_bytes += _size(told)
        self._out.append(told)

    def tick(self) -> None:
        """A little time has passed."""
        if self._transport is None or self._paused:
            return
        now = self._hub.clock()
        if self._states == 0:  # it has read the last ones
            if self._lines is not None:
                if self._lines.tick(now):
                    self._tell_bans(now)
            elif self.watching and now - self._snapshot_at >= STATUS_SECONDS:
                self._put_state(self._hub.snapshot())
                self._tell_bans(now)
        self.pump()

    def _tell_bans(self, now: float) -> None:
        bans = self._hub.node.bans()[:MOST_BANS]
        banned = tuple(ban.ip for ban in bans)
        if banned != self._banned:
            self._banned = banned
            self._put(BansAt(now, bans))

    def _put_state(self, line: State) -> None:
        if isinstance(line, Snapshot):
            self._snapshot_at = line.at
        self._put(line)

    # ---- writing -----------------------------------------------------------------------------------

    def _put(self, line: ToClient) -> None:
        self._states += isinstance(line, STATES)
        self._answers += isinstance(line, Answer)
        self._out.append(self._hub.told(line))

    def pause_writing(self) -> None:
        """The client reads too slowly: nothing more is encoded for it."""
        self._paused = True

    def resume_writing(self) -> None:
        """The client has read: encoding goes on."""
        self._paused = False
        self.pump()

    def pump(self) -> None:
        """Write what waits, as much as it takes and one turn has time for."""
        if self._transport is None or self._paused or self._pumping:
            return
        parts: list[bytes] = []
        size = 0
        while self._out and size < SLICE:
            parts.append(self._taken(self._out.popleft()))
            size += len(parts[-1])
        if parts:
            self._transport.write(b"".join(parts))
        if self._out and not self._paused:
            self._pumping = True
            self._hub.call_later(0.0, self._pump_on)
        elif not self._out and self._missed is not None:
            self._catch_up(*self._missed)

    def _pump_on(self) -> None:
        self._pumping = False
        self.pump()

    def _taken(self, told: Told) -> bytes:
        line = told.line
        if isinstance(line, STATES):
            self._states -= 1
        elif isinstance(line, Answer):
            self._answers -= 1
        elif not isinstance(line, Step | Findings | BansAt | Bye):
            self._events -= 1
            self._event_bytes -= _size(told)
        try:
            data = told.data()
            if isinstance(line, HoldingsAt) and self._lines is not None:
                self._lines.details = max(LIVE_DETAILS, len(data) / DETAILS_A_SECOND)
            return data
        except CodecError as error:
            if isinstance(line, Answer):
                return Told(Answer(line.call, line.cut, Refused("node", f"the answer can't be told: {error}"))).data()
            return b""

    def _catch_up(self, since: float, packets: int) -> None:
        """The client has read all: tell it how much it missed, and go on from here."""
        self._missed = None
        self._hub.listen(self, True)
        self._put(Missed(self._hub.clock(), since, max(0, self._hub.packets() - packets)))
        self._events += 1
        self.tick()


def _size(told: Told) -> int:
    line = told.line
    return len(line.data) if isinstance(line, Heard | PacketSent) else 0


Later = Callable[[float, Callable[[], None]], asyncio.TimerHandle]
"""As `loop.call_later`."""
