"""The server of figures answers one request a connection, and whoever is slow, greedy or nosy costs it little."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from support.apart import PATIENCE

from dhtui.runtime.metrics.exposition import CONTENT_TYPE
from dhtui.runtime.metrics.server import MAX_OPEN, MAX_REQUEST, SECONDS, Cached, MetricsServer, Scrape, listening

GET = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9469\r\n\r\n"


class Wire(asyncio.Transport):
    """A connection in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closed = self.aborted = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.sent += bytes(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True


class Timers:
    """An event loop's timers, of which nothing else is used."""

    def __init__(self) -> None:
        self.set: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, seconds: float, what: Callable[[], None]) -> Any:
        self.set.append((seconds, what))
        return self

    def cancel(self) -> None:
        self.set.clear()


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> Timers:
    timers = Timers()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: timers)
    return timers


def connect(others: dict[Scrape, None] | None = None, *, local: bool = True) -> tuple[Scrape, Wire]:
    scrape, wire = Scrape(lambda: b"dhtui_up 1\n", {} if others is None else others, local=local), Wire()
    scrape.connection_made(wire)
    return scrape, wire


def answer(request: bytes, *, local: bool = True) -> str:
    scrape, wire = connect(local=local)
    scrape.data_received(request)
    assert wire.closed == bool(wire.sent)
    return wire.sent.decode()


@pytest.mark.parametrize(
    "request_",
    [
        GET,
        b"GET /metrics HTTP/1.0\r\n\r\n",
        b"GET /metrics?collect[]=all HTTP/1.1\r\nhOsT: localhost\r\nAccept: */*\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: [::1]:9469\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n",
    ],
)
def test_figures_are_given_once_a_connection(timers: Timers, request_: bytes) -> None:
    head, _, body = answer(request_).partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK\r\n") and f"\r\nContent-Type: {CONTENT_TYPE}\r\n" in head
    assert "\r\nContent-Length: 11\r\n" in head and head.endswith("Connection: close")
    assert body == "dhtui_up 1\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"GET /metrics/../keys HTTP/1.1\r\n\r\n", 404),
        (b"GET /metricsx HTTP/1.1\r\n\r\n", 404),
        (b"HEAD /metrics HTTP/1.1\r\n\r\n", 405),
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 405),
        (b"GET /metrics HTTP/2.0\r\n\r\n", 400),
        (b"GET http://127.0.0.1/metrics HTTP/1.1\r\n\r\n", 400),
        (b"GET  /metrics HTTP/1.1\r\n\r\n", 400),
        (b"get /metrics HTTP/1.1\r\n\r\n", 400),
        (b"GET /metrics\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET /metrics\x00 HTTP/1.1\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        (b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example:80\r\n\r\n", 403),
        (b"GET /metrics HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", 403),
        (b"GET /metrics HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n", 403),
        (b"GET /metrics HTTP/1.1\r\nX: " + b"y" * MAX_REQUEST, 431),
        (b"x" * 1_000_000, 431),
    ],
)
def test_all_else_is_refused(timers: Timers, request_: bytes, status: int) -> None:
    told = answer(request_)
    assert told.startswith(f"HTTP/1.1 {status} ") and "dhtui_up" not in told
    assert ("\r\nAllow: GET\r\n" in told) == (status == 405)


def test_beyond_loopback_any_host_may_be_named(timers: Timers) -> None:
    assert answer(GET.replace(b"127.0.0.1", b"node.example"), local=False).startswith("HTTP/1.1 200 ")


def test_a_request_may_come_byte_by_byte_and_what_follows_it_is_not_kept(timers: Timers) -> None:
    scrape, wire = connect()
    for byte in GET[:-1]:
        scrape.data_received(bytes((byte,)))
    assert not wire.sent
    scrape.data_received(GET[-1:])
    sent = wire.sent
    for _ in range(1000):
        scrape.data_received(b"z" * 1000)
    assert sent.startswith(b"HTTP/1.1 200") and wire.sent == sent and len(scrape._head) == 0


def test_who_says_nothing_is_gone_after_five_seconds(timers: Timers) -> None:
    scrape, wire = connect()
    ((seconds, over),) = timers.set
    assert seconds == SECONDS
    over()
    assert wire.aborted and not wire.sent
    scrape.connection_lost(None)
    assert not timers.set


def test_the_oldest_connection_gives_way_so_that_nobody_keeps_others_out(timers: Timers) -> None:
    others: dict[Scrape, None] = {}
    slow = [connect(others) for _ in range(MAX_OPEN)]
    quick, wire = connect(others)
    assert [each.aborted for _, each in slow] == [True, *[False] * (MAX_OPEN - 1)]
    quick.data_received(GET)
    assert wire.sent.startswith(b"HTTP/1.1 200") and len(others) == MAX_OPEN
    quick.connection_lost(None)
    slow[0][0].connection_lost(None)
    assert len(others) == MAX_OPEN - 1


def test_the_text_is_made_once_a_second_however_often_it_is_asked_for() -> None:
    now, made = [10.0], []

    def make() -> str:
        made.append(now[0])
        return f"{len(made)}"

    cached = Cached(make, lambda: now[0])
    assert [cached() for _ in range(1000)] == [b"1"] * 1000
    now[0] = 10.9
    assert cached() == b"1"
    now[0] = 11.0
    assert cached() == b"2" and made == [10.0, 11.0]


async def test_over_a_socket_and_closed_with_the_server() -> None:
    listener = listening(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    serving = asyncio.create_task(MetricsServer(listener, lambda: b"dhtui_up 1\n").run())
    loop = asyncio.get_running_loop()
    silent = socket.create_connection(("127.0.0.1", port))
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        told = await reader.read()
        writer.close()
        assert told.endswith(b"\r\n\r\ndhtui_up 1\n")
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        silent.setblocking(False)
        with suppress(ConnectionResetError):
            assert await loop.sock_recv(silent, 10) == b"", "it is closed with the server"
    silent.close()
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port)):
        pass
    assert listener.fileno() == -1
