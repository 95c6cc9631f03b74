"""What attackers do: forge sources, and answer as it suits them from as many sockets as they like."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any, Self

from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr

Body = dict[bytes, Any]
Answer = Callable[[bytes, Body], Body | None]
"""From a query's method and arguments to the members of the answer beside ``t`` and ``y``. `None`: silence."""


def query(method: bytes, args: Mapping[bytes, Any], tid: bytes = b"aa") -> bytes:
    """The datagram of a query."""
    return bencode.encode({b"t": tid, b"y": b"q", b"q": method, b"a": args})


class Forger:
    """Sends datagrams that seem to come from anywhere."""

    def __enter__(self) -> Self:
        self._raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    def send(self, data: bytes, source: Addr, dest: Addr) -> None:
        """Send as if from `source`. Without a UDP checksum; that of IP is filled in by the kernel."""
        udp = struct.pack("!4H", source[1], dest[1], 8 + len(data), 0)
        ends = socket.inet_aton(source[0]) + socket.inet_aton(dest[0])
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(data), 0, 0, 64, socket.IPPROTO_UDP, 0)
        self._raw.sendto(ip + ends + udp + data, (dest[0], 0))


class Puppet(asyncio.DatagramProtocol):
    """A socket that asks what it is told to, and answers each query as `answer` says, after `delay` seconds."""

    def __init__(self, answer: Answer, delay: float = 0.0) -> None:
        self._answer, self._delay = answer, delay
        self.replies = 0
        """Responses and errors that came."""
        self.token = b""
        """The last one that came."""

    async def open(self, addr: Addr, stack: AsyncExitStack) -> Self:
        """Bind it, until the stack is closed."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, addr)
        stack.callback(self._transport.close)
        return self

    def ask(self, method: bytes, args: Mapping[bytes, Any], dest: Addr) -> None:
        """Send a query."""
        self._transport.sendto(query(method, args), dest)

    def datagram_received(self, data: bytes, addr: Addr) -> None:
        """Answer a query; note an answer."""
        message = bencode.decode(data)
        if message[b"y"] != b"q":
            self.replies += 1
            self.token = message.get(b"r", {}).get(b"token", self.token)
            return
        body = self._answer(message[b"q"], message[b"a"])
        if body is not None:
            kind = b"e" if b"e" in body else b"r"
            reply = bencode.encode({b"t": message[b"t"], b"y": kind} | body)
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._transport.sendto, reply, addr)
            else:
                self._transport.sendto(reply, addr)
