"""Delays and losses between the nodes of a testnet, put on where a node sends. The models are the simulator's.

The sockets are real and on loopback: a packet is held back as long as it would be on its way, or never sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ..endpoint import Endpoint
from ..simulation.internet import Chance, Internet
from ..wire.compact import Addr
from ..wire.family import family_of
from .life import Life

MOST_ON_THE_WAY = 4096
"""Packets of one node that are held back at a time; more are lost, as in a full queue."""
_NODE, _STRANGER = 41, 42

Later = Callable[..., Any]
"""Calls a function with arguments after some seconds, as `asyncio.AbstractEventLoop.call_later` does."""


class Weather:
    """The paths between the nodes of a testnet, and to those that join it."""

    def __init__(self, chance: Chance, life: Life) -> None:
        self._chance, self._internet = chance, Internet(chance, life.loss)
        self._delays = life.latency == "internet"
        self.begun = False
        """Until then nothing is delayed or lost: a testnet is whole before its life begins."""
        self._keys: dict[Addr, int] = {}

    def key(self, nth: int) -> int:
        """The number that the model knows the `nth` node of the testnet by."""
        return self._chance.bits(_NODE, nth)

    def settle(self, addr: Addr, nth: int) -> None:
        """The `nth` node is at an address."""
        self._keys[addr] = self.key(nth)

    def delay(self, source: Addr, dest: Addr, nth: int) -> float | None:
        """Seconds that the `nth` packet of a sender takes; `None`: it is lost."""
        if not self.begun:
            return 0.0
        here, there = self._key(source), self._key(dest)
        if self._delays:
            return self._internet.delay(here, there, nth)
        return None if self._internet.lost(here, there, nth) else 0.0

    def _key(self, addr: Addr) -> int:
        """Who joins is known by its IP: its port is another one in each run."""
        known = self._keys.get(addr)
        return (
            self._chance.bits(_STRANGER, int.from_bytes(family_of(addr[0]).pack_ip(addr[0])))
            if known is None
            else known
        )


class WeatherEndpoint(Endpoint):
    """The socket of a node in this weather."""

    def __init__(
        self, listen: Addr, clock: Callable[[], float], weather: Weather, nth: int | None, later: Later | None = None
    ) -> None:
        """`nth`: of the testnet's own nodes; `None`: a node that joins it. Raises `OSError`."""
        super().__init__(listen, clock)
        self._weather, self._sent, self._held = weather, 0, 0
        self._later = later or asyncio.get_running_loop().call_later
        self._closed = False
        if nth is not None:
            weather.settle(self.addr, nth)
        self._at_once, self.send = self.send, self._post

    def close(self) -> None:
        """Close the socket; what is held back is lost."""
        self._closed = True
        super().close()

    def _post(self, data: bytes, dest: Addr) -> int:
        delay = self._weather.delay(self.addr, dest, self._sent)
        self._sent += 1
        if delay is not None and delay <= 0.0:
            return self._at_once(data, dest)
        if delay is not None and self._held < MOST_ON_THE_WAY:
            self._held += 1
            self._later(delay, self._arrive, data, dest)
        return len(data)

    def _arrive(self, data: bytes, dest: Addr) -> None:
        self._held -= 1
        if not self._closed:
            with suppress(OSError):
                self._at_once(data, dest)
