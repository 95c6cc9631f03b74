"""The sides of a running node: which address families the machine has, and what follows every call into a core."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from random import Random
from typing import Any

from .. import clock
from ..common import Common
from ..core import Core
from ..endpoint import Endpoint
from ..operations.callbacks import Calls
from ..settings import LiveSettings, NodeConfig, Settings
from ..views.details import Detail, DetailKind
from ..views.events import Event
from ..wire.compact import Addr, canonical_ip
from ..wire.family import OTHER, Family, FamilyName, family_of
from .address import sending_address
from .side import Side

RESOLVE_SECONDS = 5.0
LOOK_SECONDS = 10.0
"""Seconds between two looks at the addresses and routes of this machine."""
DOUBT_SECONDS = 0.5
"""Seconds until the next look after the system has refused to send."""
GRACE_SECONDS = 2.0
"""Once one family has joined the network, the bootstrap of the other is waited for so long."""


class Sides:
    """One or two sides, the first family first. To be made in the event loop of the node."""

    def __init__(
        self,
        config: NodeConfig,
        settings: Settings,
        rng: Random,
        calls: Calls,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        """Bind. `spawn` starts a task that ends with the node. Raises `OSError` if an address can't be bound."""
        self._config, self._settings, self._rng, self._calls, self._spawn = config, settings, rng, calls, spawn
        self._loop, self._context = asyncio.get_running_loop(), copy_context()
        self._make = config.endpoint or Endpoint
        self.all: tuple[Side, ...] = ()
        self.missing: tuple[FamilyName, ...] = ()
        """Families that were asked for and that this machine does not have."""
        self.bootstrapped = asyncio.Event()
        self._hearers: list[Callable[[Event], None]] = []
        self._flushing = self._begun = self._closed = False
        self._look: asyncio.TimerHandle | None = None
        self._grace: asyncio.TimerHandle | None = None
        wanted = [addr for addr in (config.listen, config.listen_also) if addr is not None]
        self._watched = tuple(
            addr for addr in wanted if is_wildcard(addr) and (len(wanted) > 1 or family_of(addr[0]).binds_one)
        )
        """The addresses that depend on what the machine has."""
        try:
            self._open(wanted)
        except BaseException:
            self.close()
            raise
        # In the next turn of the loop, so that a caller who subscribes at once misses no event.
        self._loop.call_soon(self._begin)

    def _open(self, wanted: list[Addr]) -> None:
        there = [addr for addr in wanted if len(wanted) == 1 or not is_wildcard(addr) or _has(family_of(addr[0]))]
        for addr in there or wanted[:1]:
            try:
                self._add(addr)
            except OSError:
                if not self.all or addr not in self._watched:
                    raise
        families = {side.family for side in self.all}
        self.missing = tuple(family_of(ip).name for ip, _ in wanted if family_of(ip) not in families)

    def _add(self, addr: Addr) -> Side:
        """A side at an address. Raises `OSError`."""
        endpoint = self._bind(addr)
        now = clock.now()
        hosts = tuple(name for name in self._config.bootstrap if _may_have(name, family_of(addr[0])))
        common: Common | None = self.all[0].core.common if self.all else None
        core = Core(self._settings, endpoint.addr, self._rng, now, hosts, common)
        for side in self.all:
            core.beside(side.core)
            side.core.beside(core)
        side = Side(self, core, endpoint, first=not self.all)
        for hear in self._hearers:
            core.listen(hear)
        self.all = (*self.all, side)
        return side

    def _bind(self, addr: Addr) -> Endpoint:
        family, port = family_of(addr[0]), addr[1]
        ip = (sending_address(family) or addr[0]) if is_wildcard(addr) and family.binds_one else addr[0]
        if not port and self.all:
            try:
                return self._make((ip, self.all[0].endpoint.addr[1]), clock.now)
            except OSError:
                pass  # taken by another program: any free one will do
        return self._make((ip, port), clock.now)

    @property
    def first(self) -> Side:
        """The side of the first family."""
        return self.all[0]

    def of(self, family: Family) -> Side:
        """The side of a family; the first one if there is none of it."""
        return next((side for side in self.all if side.family is family), self.all[0])

    def listen(self, hear: Callable[[Event], None]) -> Callable[[], None]:
        """Call `hear` for every event of every side, also of one that comes later. Returns what ends that."""
        self._hearers.append(hear)
        for side in self.all:
            side.core.listen(hear)

        def leave() -> None:
            self._hearers.remove(hear)
            for side in self.all:
                side.core.unlisten(hear)

        return leave

    def _begin(self) -> None:
        if self._closed:
            return
        self._begun, now = True, clock.now()
        for family in self.missing:
            self.first.core.family_missing(family, now)
        for side in self.all:
            side.core.bootstrap(now)
        self.after()
        self._look_again(LOOK_SECONDS)

    def adjust(self, limits: LiveSettings, now: float) -> None:
        """Take other limits on all sides, and on one that comes later."""
        self._settings = limits.applied_to(self._settings)
        for side in self.all:
            side.core.adjust(limits, now)
        self.after()

    def close(self) -> None:
        """Close all sockets. What the cores know can still be read."""
        self._closed = True
        for side in self.all:
            side.close()
        for timer in (self._look, self._grace):
            if timer is not None:
                timer.cancel()
        self.bootstrapped.set()

    # ---- after every call into a core --------------------------------------------------------------

    def after(self) -> None:
        """After every call into a core: send, call the caller's code, look names up, set the timers."""
        if self._flushing:
            return  # a nested call: the outer one handles what follows
        self._flushing = True
        try:
            self._flush()
            if self._calls:
                # The current caller may run within a limit, which must not apply to the code of other callers.
                self._context.copy().run(self._calls.make)
                self._flush()
        finally:
            self._flushing = False
            if not self._closed:
                self._plan()

    def _flush(self) -> None:
        if len(self.all) == 1:
            self.all[0].flush()
            return
        # A packet that one side can't send may end a wish that the other side goes on with.
        while any(side.flush() for side in self.all):
            pass

    def _plan(self) -> None:
        if self._calls:  # added by the calls just made: other tasks run first
            self._loop.call_soon(self.after)
        for side in self.all:
            side.plan()
        if self._begun and not self.bootstrapped.is_set():
            self._judge_bootstrap()

    def _judge_bootstrap(self) -> None:
        running = sum(side.core.bootstrap_running for side in self.all)
        if not running:
            self.bootstrapped.set()
        elif self._grace is None and any(side.core.joined for side in self.all):
            self._grace = self._loop.call_later(GRACE_SECONDS, self.bootstrapped.set)

    # ---- what the machine has ----------------------------------------------------------------------

    def doubt_link(self, side: Side) -> None:
        """The system refused to send: look soon whether the route is still there."""
        due = self._look.when() - self._loop.time() if self._look is not None else 0.0
        if due > DOUBT_SECONDS:
            self._look_again(DOUBT_SECONDS)

    def _look_again(self, seconds: float) -> None:
        if self._watched and not self._closed:
            if self._look is not None:
                self._look.cancel()
            self._look = self._loop.call_later(seconds, self.look)

    def look(self) -> None:
        """See which families this machine has now, and from which addresses it sends."""
        routes = {addr: sending_address(family_of(addr[0])) for addr in self._watched}
        for addr, ip in routes.items():
            family = family_of(addr[0])
            side = next((side for side in self.all if side.family is family), None)
            if side is None:
                if ip is not None:
                    self._come(addr)
            elif ip is not None:
                side.have(ip if family.binds_one else None, lambda at: self._make(at, clock.now))
            elif any(routes.values()) or side.endpoint.addr[0] != addr[0]:
                side.lose()  # but without any route a socket on all addresses still serves this machine
        self.after()
        self._look_again(LOOK_SECONDS)

    def _come(self, addr: Addr) -> None:
        """The machine has a family now that was missing."""
        try:
            side = self._add(addr)
        except OSError:
            return  # its address may not be usable yet: the next look comes soon
        self.missing = tuple(name for name in self.missing if name != side.family.name)
        now = clock.now()
        side.core.link_changed(side.core.link, side.endpoint.addr, now)
        if not side.core.bootstrap_running:
            side.core.bootstrap(now)

    # ---- bootstrap hosts ---------------------------------------------------------------------------

    def hosts_of(self, side: Side, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those hosts, ``host:port``, that may have an address of a side's family."""
        return tuple(name for name in names if _may_have(name, side.family))

    def resolve(self, side: Side, name: str) -> None:
        """Look a bootstrap host up, for one side."""
        host, port = split_host(name)
        try:
            addr = canonical_ip(host), port
        except (OSError, ValueError):
            self._spawn(self._look_up(side, name, host, port))
        else:
            self._resolved(side, name, (addr,), "")

    async def _look_up(self, side: Side, name: str, host: str, port: int) -> None:
        why: Detail | None = None
        addrs: tuple[Addr, ...] = ()
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = await self._loop.getaddrinfo(host, port, family=side.family.af, type=socket.SOCK_DGRAM)
            addrs = tuple(dict.fromkeys((str(entry[4][0]), port) for entry in found))
        except TimeoutError:
            why = Detail(DetailKind.UNRESOLVED_LATE, round(RESOLVE_SECONDS))
        except (OSError, UnicodeError) as error:
            why = Detail(DetailKind.UNRESOLVED, name=str(getattr(error, "strerror", None) or error))
            if await has_address(host, OTHER[side.family]):
                why = Detail(DetailKind.OTHER_FAMILY, name=str(OTHER[side.family]))
        self._resolved(side, name, addrs, "" if why is None else str(why))

    def _resolved(self, side: Side, name: str, addrs: tuple[Addr, ...], why: str) -> None:
        side.core.host_resolved(name, addrs, why, clock.now())
        self.after()


def is_wildcard(addr: Addr) -> bool:
    """Whether an address means whatever the machine has."""
    return addr[0] == family_of(addr[0]).anywhere


def _has(family: Family) -> bool:
    return sending_address(family) is not None


def split_host(name: str) -> tuple[str, int]:
    """Host and port of ``host:port``, without the brackets of an IPv6 address."""
    host, _, port = name.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _may_have(name: str, family: Family) -> bool:
    """Whether a host is a name, or an address of a family."""
    host, _ = split_host(name)
    try:
        return family_of(canonical_ip(host)) is family
    except (OSError, ValueError):
        return True


async def has_address(host: str, family: Family) -> bool:
    """Whether a host has an address of a family. Never raises."""
    try:
        loop = asyncio.get_running_loop()
        return bool(await loop.getaddrinfo(host, None, family=family.af, type=socket.SOCK_DGRAM))
    except (OSError, UnicodeError):
        return False
