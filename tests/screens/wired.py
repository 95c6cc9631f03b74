"""A node whose core stands in a network of virtual time: the real engine under the screens, no sockets, no waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Self, cast

from engine.network import Network

from dhtui.engine.core import Core
from dhtui.engine.node import Node
from dhtui.engine.operations.requests import RefreshBucket, Request
from dhtui.engine.outcome import Outcome
from dhtui.engine.settings import NodeConfig
from dhtui.engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from dhtui.engine.wire.compact import Addr


class _Clock:
    """The clock of a network, where a node looks for that of its loop."""

    def __init__(self, net: Network) -> None:
        self._net = net

    def time(self) -> float:
        return self._net.now


class WiredNode(Node):
    """All that it is asked for is done before the call returns; in between no time passes."""

    def __init__(self, net: Network, core: Core) -> None:
        super().__init__(NodeConfig())
        self.net, self._address, self._made = net, core.identity.bound, core
        self._loop = cast(asyncio.AbstractEventLoop, _Clock(net))
        self._bootstrapped.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """There is nothing to close."""

    def _after(self) -> None:
        self.net.after(self._core)
        self._calls.make()

    def runs(self, seconds: float) -> None:
        """Lets time pass."""
        self.net.run(seconds)
        self._after()

    async def _run(self, caller: Any, request: Request | RefreshBucket) -> Outcome:
        problems: list[Exception] = []
        caller.failed = problems.append
        outcome = self.net.finish(self._core, request)
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
        self._after()


def on(node: Node) -> Callable[[], AbstractAsyncContextManager[Node]]:
    """What starts that node for an explorer."""

    @asynccontextmanager
    async def factory() -> AsyncIterator[Node]:
        yield node

    return factory
