"""A node whose core stands in a network of virtual time: the real engine under the screens, no sockets, no waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Self, cast

from engine.network import Network

from dhtui.engine.core import Core
from dhtui.engine.families.sides import Sides
from dhtui.engine.families.wish import Half
from dhtui.engine.node import Node
from dhtui.engine.operations.callbacks import Calls
from dhtui.engine.outcome import Outcome
from dhtui.engine.settings import NodeConfig
from dhtui.engine.views.events import Event
from dhtui.engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.family import Family


class _Clock:
    """The clock of a network, where a node looks for that of its loop."""

    def __init__(self, net: Network) -> None:
        self._net = net

    def time(self) -> float:
        return self._net.now


class _Endpoint:
    def __init__(self, addr: Addr) -> None:
        self.addr = addr


class _Side:
    """A side of a node without a socket."""

    def __init__(self, core: Core) -> None:
        self.core, self.family, self.endpoint = core, core.family, _Endpoint(core.identity.bound)


class _Sides:
    """The one side of such a node."""

    def __init__(self, net: Network, core: Core, calls: Calls) -> None:
        self._net, self._calls = net, calls
        self.first = _Side(core)
        self.all, self.missing = (self.first,), ()
        self.bootstrapped = asyncio.Event()
        self.bootstrapped.set()

    def of(self, family: Family) -> _Side:
        return self.first

    def hosts_of(self, side: _Side, names: tuple[str, ...]) -> tuple[str, ...]:
        return names

    def listen(self, hear: Callable[[Event], None]) -> Callable[[], None]:
        return self.first.core.listen(hear)

    def after(self) -> None:
        self._net.after(self.first.core)
        self._calls.make()


class WiredNode(Node):
    """All that it is asked for is done before the call returns; in between no time passes."""

    def __init__(self, net: Network, core: Core) -> None:
        super().__init__(NodeConfig())
        self.net, self._made = net, cast(Sides, _Sides(net, core, self._calls))
        self._loop = cast(asyncio.AbstractEventLoop, _Clock(net))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """There is nothing to close."""

    def runs(self, seconds: float) -> None:
        """Lets time pass."""
        self.net.run(seconds)
        self._sides.after()

    async def _fulfil(self, caller: Any, parts: Sequence[Half]) -> Outcome:
        problems: list[Exception] = []
        caller.failed = problems.append
        outcome = self.net.finish(self._core, parts[0].request)
        self._calls.make()
        for problem in problems:
            raise problem
        return outcome

    def snapshot(self) -> Snapshot:
        return self._core.snapshot(self.net.now)

    def lookup(self, number: int) -> LookupDetail | None:
        return self._core.lookup(number, self.net.now)

    def contact(self, addr: Addr) -> ContactDetail | None:
        return self._core.contact(addr, self.net.now)

    def holdings(self) -> Holdings:
        return self._core.holdings(self.net.now)

    def hears(self, data: bytes, addr: Addr) -> None:
        """A datagram comes in, at once."""
        self._core.receive_datagram(data, addr, self.net.now)
        self._sides.after()


def on(node: Node) -> Callable[[], AbstractAsyncContextManager[Node]]:
    """What starts that node for an explorer."""

    @asynccontextmanager
    async def factory() -> AsyncIterator[Node]:
        yield node

    return factory
