"""A session of conformance cases over the sockets of this host."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic

from ..conform.session import Session
from ..engine.wire.compact import Addr, is_local
from ..engine.wire.family import IPV4, family_of

MAX_UDP = 65_535
BATCH = 64
"""Datagrams read of one socket before others get their turn."""
LONGEST_SLEEP = 5.0


class Sockets:
    """The sockets of a session. Datagrams go to `receive`: bytes, their address, and ours."""

    def __init__(self, target: Addr, loop: asyncio.AbstractEventLoop, hosts: Sequence[str]) -> None:
        """For talking to `target` from these addresses of ours, see `sockets_for`."""
        self._loop = loop
        self._family = family_of(target[0])
        self._hosts = hosts
        self._loopback = self._family is IPV4 and self._family.is_loopback(target[0])
        self._open: dict[Addr, socket.socket] = {}
        self.receive: Callable[[bytes, Addr, Addr], None] = lambda data, theirs, ours: None

    def open(self, host: int) -> Addr | None:
        """A new socket at the address number `host`. On loopback there are as many as are wanted."""
        if self._loopback:
            ip = IPV4.loopback_ip(host // 250 << 8 | host % 250 + 1)
        elif host < len(self._hosts):
            ip = self._hosts[host]
        else:
            return None
        with suppress(OSError):
            return self.bind((ip, 0))
        return None

    def bind(self, addr: Addr) -> Addr:
        """A new socket at an address. Raises `OSError`."""
        opened = socket.socket(self._family.af, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            opened.bind(addr)
        except OSError:
            opened.close()
            raise
        ours: Addr = opened.getsockname()[:2]
        self._open[ours] = opened
        self._loop.add_reader(opened, self._readable, opened, ours)
        return ours

    def send(self, data: bytes, ours: Addr, theirs: Addr) -> None:
        """Send a datagram, or lose it."""
        opened = self._open.get(ours)
        if opened is not None:
            with suppress(OSError):
                opened.sendto(data, theirs)

    def close(self, ours: Addr) -> None:
        """Close a socket."""
        opened = self._open.pop(ours)
        self._loop.remove_reader(opened)
        opened.close()

    def close_all(self) -> None:
        """Close every socket."""
        for ours in list(self._open):
            self.close(ours)

    def _readable(self, opened: socket.socket, ours: Addr) -> None:
        for _ in range(BATCH):
            try:
                data, theirs = opened.recvfrom(MAX_UDP)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error for an earlier packet, or closed meanwhile
            self.receive(data, theirs[:2], ours)
            if ours not in self._open:
                return


async def sockets_for(target: Addr) -> Sockets:
    """Sockets for talking to `target`. Raises `OSError` if there is no way there."""
    hosts = await asyncio.to_thread(_addresses, target)  # it asks for our own name
    return Sockets(target, asyncio.get_running_loop(), hosts)


async def way_to(addrs: Sequence[Addr]) -> tuple[Sockets, Addr]:
    """Sockets to the first of a node's addresses that there is a way to. Raises the first `OSError` without one."""
    first: OSError | None = None
    for addr in addrs:
        try:
            return await sockets_for(addr), addr
        except OSError as error:
            first = first or error
    raise first or OSError()


def _addresses(target: Addr) -> list[str]:
    """Our addresses from which `target` can be reached, the one that the system takes first. Raises `OSError`."""
    family = family_of(target[0])
    with socket.socket(family.af, socket.SOCK_DGRAM) as way:
        way.connect(target)
        first: str = way.getsockname()[0]
    others: list[str] = []
    with suppress(OSError):
        found = socket.getaddrinfo(socket.gethostname(), None, family.af, socket.SOCK_DGRAM)
        others = [str(each[4][0]) for each in found]
    near = is_local(first)
    usable = (ip for ip in others if is_local(ip) == near and ip != first and not family.is_loopback(ip))
    return [first, *dict.fromkeys(usable)]


async def carry_out(session: Session, sockets: Sockets, stop: asyncio.Event) -> None:
    """Run a session to its end, or until `stop` is set."""
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()

    def receive(data: bytes, theirs: Addr, ours: Addr) -> None:
        session.receive(data, theirs, ours, monotonic())
        changed.set()

    sockets.receive = receive
    session.start()
    stopped = loop.create_task(stop.wait())
    stopped.add_done_callback(lambda _: changed.set())
    try:
        while not session.done and not stop.is_set():
            changed.clear()
            now = monotonic()
            if session.next_timer() <= now:
                session.handle_timer(now)
                await asyncio.sleep(0)  # datagrams that wait get their turn
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(min(LONGEST_SLEEP, session.next_timer() - now)):
                    await changed.wait()
    finally:
        stopped.cancel()
        if not session.done:
            session.stop()
