"""--do query puts any query to one node, and takes what comes apart: also an error, garbage, and silence."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from dhtui.cli import main
from dhtui.engine.node import Node
from dhtui.engine.outcome import Status
from dhtui.engine.settings import NodeConfig
from dhtui.engine.wire.bencode import decode, encode
from dhtui.errors import Exit

HOSTILE = b"\x1b[31m\x07\xe2\x80\xae[red]\xff"
Answer = Callable[[dict[bytes, object]], bytes]


@contextmanager
def answering(answer: Answer, received: list[bytes] | None = None) -> Iterator[str]:
    """A node on loopback that sends what `answer` makes of each query; nothing, where that is empty."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as served:
        served.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                data, addr = served.recvfrom(65536)
                if data == b"over":
                    return
                if received is not None:
                    received.append(data)
                if reply := answer(decode(data)):
                    served.sendto(reply, addr)

        thread = Thread(target=serve)
        thread.start()
        host, port = served.getsockname()
        try:
            yield f"{host}:{port}"
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(b"over", (host, port))
            thread.join()


def good(query: dict[bytes, object]) -> bytes:
    return encode({b"r": {b"id": b"n" * 20, HOSTILE: [HOSTILE, 1]}, b"t": query[b"t"], b"v": HOSTILE[:4], b"y": b"r"})


def error(query: dict[bytes, object]) -> bytes:
    return encode({b"e": [204, HOSTILE], b"t": query[b"t"], b"y": b"e"})


def garbage(query: dict[bytes, object]) -> bytes:
    tid = query[b"t"]
    assert isinstance(tid, bytes)
    return b"d1:rd2:id" + HOSTILE + tid


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(remote: str, *argv: str) -> tuple[int, str, str]:
        own = ("--listen", "127.0.0.1:0", "--bnodes", "no", "--state-dir", str(tmp_path / "state"))
        code = main([*own, "--do", "query", "--remote", remote, *argv])
        told = capsys.readouterr()
        assert all(char == "\n" or char.isprintable() for char in told.out + told.err)
        return code, told.out, told.err

    return run


def test_an_answer_is_taken_apart_and_nothing_of_it_is_obeyed(run: Callable[..., tuple[int, str, str]]) -> None:
    received: list[bytes] = []
    with answering(good, received) as remote:
        code, out, err = run(remote, "--method", "frob", "--args", '{"x": "hex:00ff", "n": 7}')
        assert code == Exit.OK and "node id of the sender" in out and (b"n" * 20).hex() in out and "it answered" in err
        query = decode(received[0])
        assert query[b"q"] == b"frob" and query[b"a"] == {b"id": query[b"a"][b"id"], b"n": 7, b"x": b"\x00\xff"}
        code, out, _ = run(remote, "--method", "frob", "--json")
    (line,) = out.splitlines()
    told = json.loads(line)
    assert told["ok"] and told["node"]["id"] == (b"n" * 20).hex() and bytes.fromhex(told["sent_hex"]) == received[1]
    assert bytes.fromhex(told["received_hex"]) == good(decode(received[1])) and told["answer"]["y"] == "r"


def test_an_error_and_what_can_not_be_read_are_told(run: Callable[..., tuple[int, str, str]]) -> None:
    with answering(error) as remote:
        code, out, err = run(remote, "--method", "ping")
        assert code == Exit.FAILED and "method unknown" in out and "refused with 204" in err
    with answering(garbage) as remote:
        code, out, err = run(remote, "--method", "ping", "--qtimeout", "0.3")
        assert code == Exit.NO_ANSWER and "no value begins with" in out and "can't be read" in err
        code, out, _ = run(remote, "--method", "ping", "--qtimeout", "0.3", "--json")
        told = json.loads(out)
        assert not told["ok"] and told["answer"] is None and told["received_hex"].startswith(b"d1:rd2:id".hex())


def test_silence_is_told(run: Callable[..., tuple[int, str, str]]) -> None:
    with answering(lambda _: b"") as remote:
        code, out, err = run(remote, "--method", "ping", "--qtimeout", "0.2")
        assert code == Exit.NO_ANSWER and out == "" and "silent for" in err


def test_the_bytes_of_a_file_are_sent_as_they_are_but_for_both_ids(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    received: list[bytes] = []
    raw = tmp_path / "raw"
    raw.write_bytes(b"d1:ad2:id1:x1:zi1ee1:q4:frob1:t1:x1:y1:q1:zlee")
    with answering(good, received) as remote:
        assert run(remote, "--raw", str(raw))[0] == Exit.OK
    assert received[0].startswith(b"d1:ad2:id20:") and received[0].endswith(b"1:y1:q1:zlee") and b"1:t4:" in received[0]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ((), "--method"),
        (("--method", "ping", "--args", "[1]"), "an object of JSON"),
        (("--method", "ping", "--args", '{"id": "x"}'), "our own"),
        (("--method", "ping", "--args", "{"), "not JSON"),
        (("--method", "ping", "--args", '{"x": null}'), "null"),
        (("--method", "x" * 65), "1 to 64 bytes"),
        (("--raw", "missing"), "cannot read"),
        (("--raw", "big"), "more than 2048 bytes"),
        (("--raw", "text"), "no bencoded dictionary"),
        (("--raw", "text", "--method", "ping"), "has no meaning with --raw"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_packet(
    argv: tuple[str, ...],
    words: str,
    run: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "big").write_bytes(bytes(2049))
    (tmp_path / "text").write_bytes(b"hello")
    code, out, err = run("127.0.0.1:9", *argv)
    assert code == Exit.USAGE and out == "" and words in err and err.count("\n") == 1


async def test_an_answer_from_elsewhere_does_not_count() -> None:
    loop = asyncio.get_running_loop()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        for each in (asked, other):
            each.bind(("127.0.0.1", 0))
            each.setblocking(False)
        async with Node(NodeConfig(listen=("127.0.0.1", 0))) as node:
            waiting = asyncio.ensure_future(node.query(asked.getsockname(), "ping"))
            data, addr = await loop.sock_recvfrom(asked, 4096)
            await loop.sock_sendto(other, good(decode(data)), addr)
            (one,) = (await waiting).asked
            elsewhere = other.getsockname()
    assert one.status is Status.ELSEWHERE and one.came_from == elsewhere and one.received == b""
