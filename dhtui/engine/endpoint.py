"""The socket of a node: datagrams in, with their time of receipt; datagrams out; the count of lost datagrams.

A busy program reads datagrams late, so the time of a datagram is the time at which the system received it. The system
gives that time by the wall clock, which may be set at any time. So it is used as an age only: the difference from the
present reading of the wall clock, subtracted from the present reading of our clock. The result is bounded: never later
than now, never earlier than the time at which the socket was last empty. After the wall clock was set, stamps are
ignored until the socket is empty again. Datagrams that come right after the socket was empty count as received now,
without asking the system.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from .wire.compact import Addr
from .wire.family import family_of

RECEIVE_BUFFER = 4 * 1024 * 1024
"""Bytes asked of the system: the default holds 166 datagrams of 300 bytes, less than one burst."""
BATCH = 64
"""Datagrams read before timers and the rest of the program get their turn."""
MAX_UDP = 65_535
"""Bytes read at most: no datagram is longer, so none is truncated."""
PATIENCE = 1.0
"""Where datagrams have no time stamps: how many seconds at most timers wait for those not yet read."""
STEP_SECONDS, STEP_SHARE = 0.001, 0.001
"""The wall clock counts as set if it and our clock differ by more than this many seconds, plus this share of the time
since they were last compared. Slewing does no harm: ages are short."""
READINGS = 3
SAMPLE_SECONDS = 0.05
"""Time stamps are read at least this often, though nothing depends on them: longer waits are always noticed."""
PROMPT_SECONDS, PROMPT_BATCH = 0.0002, 8
"""A datagram read so soon after the socket was empty counts as received now, which is wrong by at most this time. At
most so many datagrams are read that way in one turn, because a turn takes time too."""


def _pair(addr: tuple[Any, ...]) -> Addr:
    """Address and port, of what a socket gives. The zone of a link-local address is left out: nothing is sent there."""
    return addr[0].partition("%")[0], addr[1]


class _Stamps(NamedTuple):
    """How a system tells when a datagram came."""

    option: int
    """The option of a socket that asks for it."""
    form: struct.Struct
    """The layout of a time stamp: whole seconds since 1970, and units."""
    unit: float
    """Seconds."""


_STAMPS = {
    "linux": _Stamps(35, struct.Struct("@ll"), 1e-9),  # SO_TIMESTAMPNS, a timespec
    "darwin": _Stamps(0x0400, struct.Struct("@qi4x"), 1e-6),  # SO_TIMESTAMP, a timeval
}
_SPACE = 64
"""Bytes of ancillary data read with a datagram."""
_MEMINFO, _MEMINFO_FORM = 55, struct.Struct("@32xI")
"""Linux: SO_MEMINFO, whose 9th number counts the datagrams that the socket had no room for (SK_MEMINFO_DROPS)."""

Take = Callable[[bytes, Addr, float, float], None]
"""Takes a datagram: its bytes, its source, the time now, and the time of receipt."""


class Endpoint:
    """A bound UDP socket that never blocks. Times are seconds on the clock that is handed in."""

    def __init__(self, listen: Addr, clock: Callable[[], float], wall: Callable[[], float] = time.time) -> None:
        """Bind. `wall` is the clock that the system stamps datagrams with. Raises `OSError`."""
        self._clock, self._wall = clock, wall
        family = family_of(listen[0])
        self._socket = socket.socket(family.af, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            for option in family.options:
                self._socket.setsockopt(*option)
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self._stamps = self._ask_for_stamps()
            self._socket.bind(listen)
        except OSError:
            self._socket.close()
            raise
        self.addr: Addr = _pair(self._socket.getsockname())
        self._recvfrom: Callable[[int], tuple[bytes, Addr]] = self._socket.recvfrom
        self._recvmsg: Callable[[int, int], tuple[bytes, list[Any], int, Addr]] = self._socket.recvmsg
        if not family.pairs:
            self._recvfrom, self._recvmsg = self._receive_pair, self._receive_pair_stamped
        self.receive_buffer: int = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        """Bytes that the system granted."""
        self.send: Callable[[bytes, Addr], int] = self._socket.sendto
        """Send bytes to an address. Raises `OSError`."""
        self.heard = self._empty_at = self._compared_at = clock()
        """`heard`: all datagrams received by then have been read."""
        self._ahead = wall() - self._compared_at
        """By how much the wall clock is ahead of ours."""
        self._latest = self.heard
        """The last time of receipt that was not read from a stamp. No later datagram gets an earlier time."""
        self._in_doubt = False
        """Whether the socket may hold datagrams that were stamped before the wall clock was set."""
        self._drops = self._lost = 0

    def _ask_for_stamps(self) -> _Stamps | None:
        stamps = _STAMPS.get(sys.platform)
        if stamps is not None:
            try:
                self._socket.setsockopt(socket.SOL_SOCKET, stamps.option, 1)
            except OSError:
                return None
        return stamps

    def _receive_pair(self, size: int) -> tuple[bytes, Addr]:
        data, addr = self._socket.recvfrom(size)
        return data, _pair(addr)

    def _receive_pair_stamped(self, size: int, space: int) -> tuple[bytes, list[Any], int, Addr]:
        data, extra, flags, addr = self._socket.recvmsg(size, space)
        return data, extra, flags, _pair(addr)

    @property
    def stamped(self) -> bool:
        """Whether the system stamps datagrams. If not, the time of reading counts as the time of receipt."""
        return self._stamps is not None

    def fileno(self) -> int:
        """The descriptor, to wait for datagrams."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket, which frees its address."""
        self._socket.close()

    def receive(self, take: Take, now: float, exactly: bool) -> float:
        """Read up to `BATCH` datagrams. Returns the longest time that one of them had waited, seconds; 0 if unknown.

        Unless `exactly`, all count as received now: reading time stamps costs a server 5 to 12 % of its time. They are
        still read at intervals, to measure how long datagrams wait.
        """
        late = exactly and now - self._empty_at >= PROMPT_SECONDS
        if late or now - self._compared_at >= SAMPLE_SECONDS:
            return self._receive_stamped(take)
        receive, self._latest = self._recvfrom, now
        for _ in range(PROMPT_BATCH if exactly else BATCH):
            try:
                data, addr = receive(MAX_UDP)
            except BlockingIOError:
                self.heard = self._empty_at = now
                self._in_doubt = False
                break
            except OSError:
                continue  # an ICMP error for an earlier packet, on systems that report it
            take(data, addr, now, now)
        return 0.0

    def _receive_stamped(self, take: Take) -> float:
        now = self._compare()
        stamps = None if self._in_doubt else self._stamps
        unpack, unit = (stamps.form.unpack, stamps.unit) if stamps else (None, 0.0)
        receive, clock, ahead, earliest = self._recvmsg, self._clock, self._ahead, self._empty_at
        at, waited, latest = earliest, 0.0, self._latest
        for _ in range(BATCH):
            try:
                data, extra, _, addr = receive(MAX_UDP, _SPACE)
            except BlockingIOError:
                self._found_empty(now)
                return waited
            except OSError:
                continue
            if unpack and extra:
                seconds, units = unpack(extra[0][2])
                at = seconds + units * unit - ahead
                if at > now:  # received during this turn
                    now = clock()
                    at = min(at, now)
                elif at < earliest:
                    at = earliest
                if now - at > waited:
                    waited = now - at
            else:
                at = now = clock()
            take(data, addr, now, at if at > latest else latest)
        self.heard = max(self.heard, at if unpack else now - PATIENCE)
        return waited

    def _found_empty(self, then: float) -> None:
        self.heard = self._empty_at = then
        self._in_doubt = False

    def _compare(self) -> float:
        """Compare both clocks, and note whether the wall clock was set since the last comparison. Returns the time."""
        before = self._ahead
        for _ in range(
            READINGS
        ):  # the process may be suspended between two readings, which does not mean that the clock was set
            now = self._clock()
            self._ahead = self._wall() - now
            if abs(self._ahead - before) <= STEP_SECONDS + STEP_SHARE * (now - self._compared_at):
                break
        else:
            self._in_doubt = True
        self._compared_at = now
        return now

    def lost(self) -> int | None:
        """How many datagrams the socket has dropped because its buffer was full; `None` where the system gives no
        count."""
        if sys.platform != "linux":
            return None
        try:
            (drops,) = _MEMINFO_FORM.unpack(self._socket.getsockopt(socket.SOL_SOCKET, _MEMINFO, _MEMINFO_FORM.size))
        except OSError:
            return None  # before Linux 4.12, or closed
        self._lost += (drops - self._drops) & 0xFFFFFFFF
        self._drops = drops
        return self._lost
