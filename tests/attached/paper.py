"""A node, a transport and a clock made by hand: both sides of a connection without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from screens import snapshots

from dhtui.attach.hub import Hub
from dhtui.attach.messages import TO_CLIENT, TO_NODE, Hello, ToClient, ToNode, read_hello, shape, write_hello
from dhtui.attach.session import Session
from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.outcome import Outcome
from dhtui.engine.views.events import Event
from dhtui.engine.views.snapshot import Ban, ContactDetail, Holdings, LookupDetail, LookupView, Snapshot
from dhtui.engine.wire.compact import Addr

TARGET = b"t" * 20
ADDR = ("203.0.113.7", 6881)
PEER = ("198.51.100.9", 51413)


def outcome(**more: Any) -> Outcome:
    """Nothing was found."""
    return Outcome(**{"action": "find_node", "target": TARGET, "asked": (), "stopped": StopReason.NOBODY_TO_ASK} | more)


def lookup_view(number: int, *, running: bool = True) -> LookupView:
    return LookupView(number, "find_node", TARGET, "user", 1000.0, 0.5, running, 3, 2, 0, 1, None, 0, None, None)


class Transport(asyncio.Transport):
    """Notes what is written. It has a small buffer: `stop` has it full, as if nobody read any more."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self.written = bytearray()
        self.held = 0
        self.ended = ""
        self.reading = True
        self.stopped = False

    def write(self, data: Any) -> None:
        self.written += data
        if self.stopped:
            self.held += len(data)
            if self.held > 1000:
                self.protocol.pause_writing()

    def stop(self) -> None:
        """Nobody reads."""
        self.stopped = True

    def go_on(self) -> None:
        """All that waits is read."""
        self.stopped, self.held = False, 0
        self.protocol.resume_writing()

    def get_write_buffer_size(self) -> int:
        return self.held

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def close(self) -> None:
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = self.ended or "aborted"

    def lines(self) -> list[ToClient]:
        """What was written since the last time, without the hello."""
        *complete, rest = bytes(self.written).split(b"\n")
        assert not rest
        self.written.clear()
        return [TO_CLIENT.loads(line) for line in complete if not line.startswith(b"{")]

    def of(self, kind: type[Any]) -> list[Any]:
        """The lines of one kind that were written since the last time."""
        return [line for line in self.lines() if isinstance(line, kind)]


class Timers:
    """A clock that is set, and the calls that are due by then."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._due: list[tuple[float, Callable[[], None], Any]] = []

    def call_later(self, seconds: float, function: Callable[[], None]) -> Any:
        handle = _Handle()
        self._due.append((self.now + seconds, function, handle))
        return handle

    def pass_by(self, seconds: float) -> None:
        """So much time passes, in steps of the calls that are due."""
        end = self.now + seconds
        while due := [each for each in self._due if each[0] <= end]:
            first = min(due, key=lambda each: each[0])
            self._due.remove(first)
            self.now = max(self.now, first[0])
            if not first[2].cancelled:
                first[1]()
        self.now = end


class _Handle:
    cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class PaperNode:
    """Answers as it is told to, and lets happen what it is told to."""

    k = 8
    id = snapshots.OWN
    address = ("127.0.0.1", 6881)

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self.view = snapshots.running()
        self.snapshots = 0
        self.packets = 0
        self.details: dict[int, LookupDetail] = {}
        self.held = Holdings((), (), ())
        self.banned: tuple[Ban, ...] = ()
        self.listeners: list[Callable[[Event], None]] = []
        self.calls: list[Any] = []
        self.answer: Callable[..., Awaitable[Outcome]] | None = None
        self.result: Outcome | Exception = outcome()
        self.on_the_way: dict[str, Any] = {}

    def snapshot(self) -> Snapshot:
        self.snapshots += 1
        traffic = self.view.traffic._replace(packets_in=self.packets, packets_out=0)
        return self.view._replace(at=self._timers.now, traffic=traffic)

    def lookup(self, number: int) -> LookupDetail | None:
        return self.details.get(number)

    def contact(self, addr: Addr) -> ContactDetail | None:
        return None

    def holdings(self) -> Holdings:
        return self.held

    def bans(self) -> tuple[Ban, ...]:
        return self.banned

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tell(self, *happened: Event) -> None:
        """Lets these events happen."""
        for event in happened:
            self.packets += 1
            for listener in tuple(self.listeners):
                listener(event)

    async def get_peers(self, info_hash: bytes, **how: Any) -> Outcome:
        self.on_the_way = how
        return await self.find_node(info_hash, remotes=how["remotes"])

    async def get(self, target: bytes, **how: Any) -> Outcome:
        self.on_the_way = how
        return await self.find_node(target, remotes=how["remotes"])

    async def find_node(self, target: bytes, *, remotes: Any = None, progress: Any = None) -> Outcome:
        self.calls.append((target, remotes))
        if self.answer is not None:
            return await self.answer()
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def ban(self, ip: str, seconds: float) -> None:
        self.calls.append((ip, seconds))


class Meeting:
    """A hub with a paper node, and clients that come and speak."""

    def __init__(self) -> None:
        self.timers = Timers()
        self.node = PaperNode(self.timers)
        self.hub = Hub(
            self.node,  # type: ignore[arg-type]
            now=lambda: self.timers.now,
            wall=lambda: 1.7e9 + self.timers.now,
            call_later=self.timers.call_later,
        )

    def client(self, *, greets: bool = True) -> Transport:
        """A new one."""
        session = Session(self.hub)
        transport = Transport(session)
        session.connection_made(transport)
        if greets:
            session.data_received(write_hello(Hello("0.0", shape())) + b"\n")
            read_hello(bytes(transport.written).partition(b"\n")[0], "0.0")
            transport.written.clear()
        return transport


def say(transport: Transport, *lines: ToNode) -> None:
    """The client says this."""
    transport.protocol.data_received(b"".join(TO_NODE.dumps(line) + b"\n" for line in lines))


async def settle() -> None:
    """The tasks that can run, run."""
    for _ in range(10):
        await asyncio.sleep(0)
