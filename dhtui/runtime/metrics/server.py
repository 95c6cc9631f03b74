"""Answers ``GET /metrics``, and nothing else: one request a connection, each bounded in size, number and time.

Whoever runs a program on this machine can connect to loopback, and a web page in its browser can as well. So a slow or
hostile scraper costs at most `MAX_OPEN` connections of `MAX_REQUEST` bytes for `SECONDS`, the text is made at most once
in `FRESH` seconds, and on loopback a request that names another host than this one is refused: else a page could read
the figures by a name of its own that leads to 127.0.0.1 (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address

from ...engine.wire.family import family_of
from .exposition import CONTENT_TYPE

MAX_OPEN = 8
"""Connections at once. For another one the oldest is closed: it had its time."""
MAX_REQUEST = 4096
"""Bytes of a request. A scraper sends some 300."""
SECONDS = 5.0
"""From the connection to its end."""
FRESH = 1.0
"""Seconds for which a text is given again."""
PATH = "/metrics"
_END = b"\r\n\r\n"
_REQUEST = re.compile(rb"([A-Z]{1,20}) (/[!-~]*) HTTP/1\.[01]")


class Cached:
    """A text that is made at most once in `FRESH` seconds, however often it is asked for."""

    def __init__(self, make: Callable[[], str], clock: Callable[[], float]) -> None:
        self._make, self._clock = make, clock
        self._made: bytes = b""
        self._until = float("-inf")

    def __call__(self) -> bytes:
        """The text."""
        now = self._clock()
        if now >= self._until:
            self._made, self._until = self._make().encode(), now + FRESH
        return self._made


class Scrape(asyncio.Protocol):
    """One connection."""

    def __init__(self, render: Callable[[], bytes], others: dict[Scrape, None], *, local: bool) -> None:
        """`others`: the open connections, the oldest first. `local`: only this machine may be named as the host."""
        self._render, self._others, self._local = render, others, local
        self._head = bytearray()
        self._answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin its time."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._timer = asyncio.get_running_loop().call_later(SECONDS, transport.abort)
        while len(self._others) >= MAX_OPEN:
            oldest = next(iter(self._others))
            del self._others[oldest]
            oldest.end()
        self._others[self] = None

    def connection_lost(self, problem: Exception | None) -> None:
        """It is over."""
        self._timer.cancel()
        self._others.pop(self, None)

    def end(self) -> None:
        """Close it at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Some of the request has come. What follows the first request is not read."""
        if self._answered:
            return
        self._head += data[: MAX_REQUEST + 1]
        if (end := self._head.find(_END)) >= 0:
            self._answer(*self._reply(bytes(self._head[:end])))
        elif len(self._head) > MAX_REQUEST:
            self._answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _reply(self, head: bytes) -> tuple[HTTPStatus, bytes]:
        line, *fields = head.split(b"\r\n")
        request = _REQUEST.fullmatch(line)
        if request is None:
            return HTTPStatus.BAD_REQUEST, b""
        if self._local and not all(map(_here, _hosts(fields))):
            return HTTPStatus.FORBIDDEN, b""
        if request[2].partition(b"?")[0] != PATH.encode():
            return HTTPStatus.NOT_FOUND, b""
        if request[1] != b"GET":
            return HTTPStatus.METHOD_NOT_ALLOWED, b""
        return HTTPStatus.OK, self._render()

    def _answer(self, status: HTTPStatus, body: bytes = b"") -> None:
        self._answered = True
        self._head.clear()
        kind = CONTENT_TYPE if status is HTTPStatus.OK else "text/plain; charset=utf-8"
        body = body or f"{status.phrase}\n".encode()
        head = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            f"Content-Type: {kind}",
            f"Content-Length: {len(body)}",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            "Connection: close",
            *(["Allow: GET"] if status is HTTPStatus.METHOD_NOT_ALLOWED else []),
        ]
        self._transport.write("\r\n".join(head).encode() + _END + body)
        self._transport.close()


def _hosts(fields: list[bytes]) -> list[bytes]:
    split = (field.partition(b":") for field in fields)
    return [value.strip() for name, _, value in split if name.lower() == b"host"]


def _here(host: bytes) -> bool:
    """Whether a host is an address, or localhost: no name that somebody else could point here."""
    name = re.sub(rb":[0-9]{1,5}$", b"", host).strip(b"[]").decode("latin-1")
    if name.lower() == "localhost":
        return True
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


class MetricsServer:
    """A socket that listens, and the connections to it."""

    def __init__(self, listener: socket.socket, render: Callable[[], bytes]) -> None:
        """`render` makes the text; it must not raise."""
        self._listener, self._render = listener, render
        self._local = ip_address(listener.getsockname()[0]).is_loopback
        self._open: dict[Scrape, None] = {}

    async def run(self) -> None:
        """Answer until cancelled."""
        try:
            server = await asyncio.get_running_loop().create_server(self._scrape, sock=self._listener)
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                server.close()
        finally:
            self._listener.close()
            for scrape in tuple(self._open):
                scrape.end()

    def _scrape(self) -> Scrape:
        return Scrape(self._render, self._open, local=self._local)


def listening(addr: tuple[str, int]) -> socket.socket:
    """A socket that listens on an address of IPv4 or IPv6. Raises `OSError`."""
    family = family_of(addr[0]).af
    return socket.create_server(addr, family=family, backlog=2 * MAX_OPEN)
