"""Tells a supervisor how a service does, as systemd's ``sd_notify`` does: datagrams to a socket that it names.

The protocol is that of ``sd_notify(3)``: ``READY=1`` and the like, to the path in ``NOTIFY_SOCKET``.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class Supervisor:
    """The supervisor that the environment names; without one nothing is told."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        self.watchdog = _watchdog(environment) if name else None
        """Seconds within which it wants a sign of life, again and again; `None`: it wants none."""

    def tell(self, *words: str) -> None:
        """Say this, if there is a supervisor. One that is gone is no failure of ours."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.setblocking(False)
            to.sendto("\n".join(words).encode(), self._address)

    async def watched(self) -> None:
        """Give a sign of life in time, until cancelled. It comes from the event loop: one that hangs gives none."""
        while self.watchdog is not None:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(self.watchdog / 2)


def _watchdog(environment: Mapping[str, str]) -> float | None:
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isascii() and microseconds.isdigit() and int(microseconds) else None
