"""One address family of a running node: its core, its socket and its timer."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from .. import clock
from ..core import Core
from ..endpoint import Endpoint
from ..views.events import LinkState
from ..wire.compact import Addr
from ..wire.family import family_of

AWAY_SECONDS = 60.0
"""Seconds between two turns from which on the machine is taken to have slept: timers run every ten seconds."""
NO_ROUTE = frozenset((errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL))
"""Errors of sending that may mean that the route of a family, or its address, has gone."""


class Shell(Protocol):
    """The part of the node that its sides need."""

    def after(self) -> None:
        """To be called after every call into a core, but not within `Side.settle`."""

    def resolve(self, side: Side, name: str) -> None:
        """Resolve the name of a bootstrap host, for one side."""

    def doubt_link(self, side: Side) -> None:
        """The system refused to send: look soon whether the route is still there."""


class Side:
    """One address family of a running node."""

    def __init__(self, shell: Shell, core: Core, endpoint: Endpoint, *, first: bool) -> None:
        """`first`: of a node's sides, the one that tells what concerns both."""
        self.core, self.endpoint, self.family = core, endpoint, core.family
        self._shell, self._first = shell, first
        self._loop = asyncio.get_running_loop()
        self.timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._turn_at = self._woke_at = clock.now()
        self._closed = False
        self._attach()

    def _attach(self) -> None:
        self.core.socket_bound(self.endpoint.receive_buffer, self.endpoint.stamped)
        self._loop.add_reader(self.endpoint.fileno(), self.readable)

    def close(self) -> None:
        """Close the socket. The core can still be read."""
        self._closed = True
        self._detach()
        if self.timer:
            self.timer.cancel()

    def _detach(self) -> None:
        self._loop.remove_reader(self.endpoint.fileno())
        self.endpoint.close()

    # ---- datagrams and time ------------------------------------------------------------------------

    def readable(self) -> None:
        """Datagrams have been received."""
        try:
            self.read(clock.now())
        finally:
            self._shell.after()

    def read(self, now: float) -> None:
        """Read the datagrams that have been received."""
        core = self.core
        away, self._turn_at = now - self._turn_at, now
        if away >= AWAY_SECONDS:
            self._woke_at = now
            core.woke(away, now, told=not self._first)
        waited = self.endpoint.receive(core.receive_datagram, now, core.times_matter)
        if 0.0 < waited < AWAY_SECONDS:
            core.was_busy(waited, now)

    def tick(self) -> None:
        """The timer has run out."""
        self.timer = None
        core, now = self.core, clock.now()
        due = self._timer_at
        try:
            # A node that has answered by now must not time out because we were busy.
            self.read(now)
            now = clock.now()
            if due >= self._woke_at:
                core.was_busy(now - due, now)
            core.handle_timer(now, self.endpoint.heard)
            self.count_lost(now)
            if probe := core.probe_to_send(now):
                self._send_probe(*probe)
        finally:
            self._shell.after()

    def count_lost(self, now: float) -> None:
        """Read how many datagrams the socket has dropped."""
        lost = None if self._closed else self.endpoint.lost()
        if lost is not None:
            self.core.overflowed(lost, now)

    def flush(self) -> bool:
        """Send what the core has to send. Returns whether that was anything."""
        if self._closed:
            return False
        core, send, now, sent = self.core, self.endpoint.send, clock.now(), False
        while datagrams := core.datagrams_to_send(now):
            sent = True
            for data, addr in datagrams:
                try:
                    send(data, addr)
                except BlockingIOError:
                    core.send_dropped(data, addr)
                except OSError as error:
                    core.send_failed(data, addr, error.errno, now)
                    if error.errno in NO_ROUTE:
                        self._shell.doubt_link(self)
        return sent

    def plan(self) -> None:
        """Resolve wanted hosts, and set the timer."""
        core = self.core
        for name in core.take_hosts_wanted():
            self._shell.resolve(self, name)
        at = core.next_timer()
        if self.timer is None or at < self._timer_at:
            if self.timer:
                self.timer.cancel()
            self._timer_at = at
            self.timer = self._loop.call_later(max(0.0, at - clock.now()), self.tick)

    def _send_probe(self, data: bytes, addr: Addr) -> None:
        with suppress(OSError), socket.socket(family_of(addr[0]).af, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            other.connect(addr)
            if addr[0] in (
                other.getsockname()[0],
                self.endpoint.addr[0],
            ):  # the system delivers it here, past every NAT and firewall
                self.core.probe_stayed(clock.now())
                return
            other.send(data)
            self.core.probe_sent(data, clock.now())

    # ---- the link ----------------------------------------------------------------------------------

    @property
    def up(self) -> bool:
        """Whether it has a route."""
        return self.core.link is LinkState.UP

    def usable(self, now: float) -> bool:
        """Whether a wish may find anything here: there is a route, and the bootstrap did not end with nobody."""
        core = self.core
        return self.up and (core.bootstrap_running or not core.dry(now))

    def lose(self) -> None:
        """The route has gone."""
        if self.up:
            self.core.link_changed(LinkState.LOST, None, clock.now())

    def have(self, ip: str | None, make: Callable[[Addr], Endpoint]) -> None:
        """There is a route, from the address `ip` if the socket has to be bound to that; `make` binds another one."""
        bound = self.endpoint.addr
        if ip is not None and ip != bound[0]:
            try:
                endpoint = _rebound(make, (ip, bound[1]))
            except OSError:
                return  # a new address may not be usable yet: the next look comes soon
            self._detach()
            self.endpoint = endpoint
            self._attach()
        if not self.up or self.endpoint.addr != bound:
            self.core.link_changed(LinkState.UP, self.endpoint.addr, clock.now())


def _rebound(make: Callable[[Addr], Endpoint], addr: Addr) -> Endpoint:
    """A socket at an address, at its port if that is free."""
    try:
        return make(addr)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return make((addr[0], 0))
