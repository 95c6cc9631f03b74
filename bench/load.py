"""Loads one DHT node on loopback with queries, from many addresses whose nodes answer it in turn.

Started by serve.py, once per generator process, and told what to do by lines on stdin; each is answered with one
JSON line. In between, the server's own queries are answered.

    id HEX              the server's id: our nodes lay theirs out around it
    fill                until the server's find_node answers name all our nodes -> {"named": 200, "of": 200}
    prepare KIND        build the datagrams, fetch the write tokens -> {"ready": 512}
    run AT SECONDS      keep a window of queries under way; count the answers of that span on the monotonic clock
                        -> {"answered": 81234, "errors": 0, "lost": 0}

Python has no sendmmsg, so what makes this fast enough to saturate a server is to do nothing else: datagrams are built
beforehand, answers are told apart by their last bytes, and a socket is only read when it is known to have something.
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha1
from random import Random
from typing import Any

from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import Addr, unpack_nodes
from dhtui.engine.wire.ids import random_id_with_prefix

PER_BUCKET = 8
"""Nodes in each of the buckets nearest the root: 200 of ours fill 25 buckets of 8."""
POOL = {"announce_peer": 256, "put": 256}
POOL_READS = 2048
QUERY, _, ERROR = b"qre"  # the last byte but one of a message: the value of its `y`
WINDOW = 64
ROUNDS_IN_VAIN = 10
"""Rounds of queries, 0.2 s each, after which a table that names no more of our nodes counts as full."""
PATIENCE = 0.2
"""Seconds of silence after which all queries under way count as lost."""


@dataclass(slots=True)
class FakeNode:
    """A source of queries, which answers those that come to it."""

    number: int
    addr: Addr
    socket: socket.socket
    id: bytes = bytes(20)


def address_of(number: int, port: int) -> Addr:
    """Where fake node `number` lives: 127.0.1.1 to 127.0.1.250, then 127.0.2.1 on."""
    return f"127.0.{1 + number // 250}.{1 + number % 250}", port


class Generator:
    """The fake nodes of one process and the load they make."""

    def __init__(self, server: Addr, port: int, numbers: range, seed: int) -> None:
        self._seed = seed
        self._poll = select.epoll()
        self._nodes: dict[int, FakeNode] = {}
        for number in numbers:
            addr = address_of(number, port)
            source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            source.bind(addr)
            source.connect(server)
            self._poll.register(source, select.EPOLLIN)
            self._nodes[source.fileno()] = FakeNode(number, addr, source)
        self._pool: list[tuple[Callable[[bytes], int], bytes]] = []
        self._place = 0

    # ---- answering ---------------------------------------------------------------------------------

    def _answer(self, node: FakeNode, data: bytes) -> None:
        query = bencode.decode_lenient(data)
        body = {b"id": node.id, b"nodes": b""}
        node.socket.send(bencode.encode({b"r": body, b"t": query[b"t"], b"y": b"r"}))

    def _received(self, seconds: float) -> Iterator[tuple[FakeNode, bytes]]:
        """Answers that come until there has been silence for so long; queries are dealt with on the way."""
        while events := self._poll.poll(seconds):
            for fd, _ in events:
                node = self._nodes[fd]
                data = node.socket.recv(16384)
                if data[-2] == QUERY:
                    self._answer(node, data)
                else:
                    yield node, data

    def attend(self, other: int) -> None:
        """Answer the server's queries until the file descriptor `other` can be read."""
        self._poll.register(other, select.EPOLLIN)
        try:
            while True:
                ready = [fd for fd, _ in self._poll.poll()]
                for fd in ready:
                    if fd == other:
                        continue
                    node = self._nodes[fd]
                    data = node.socket.recv(16384)
                    if data[-2] == QUERY:
                        self._answer(node, data)
                if other in ready:
                    return
        finally:
            self._poll.unregister(other)

    # ---- filling the table -------------------------------------------------------------------------

    def place(self, server_id: bytes) -> None:
        """Give our nodes ids that fill the server's buckets from the farthest on."""
        rng = Random(f"ids {self._seed}")
        for node in self._nodes.values():
            node.id = random_id_with_prefix(server_id, node.number // PER_BUCKET, rng)

    def fill(self) -> dict[str, int]:
        """Query until the server names all our nodes in its own answers, or for a while no more of them."""
        missing = {node.addr: node for node in self._nodes.values()}
        in_vain = 0
        while missing and in_vain < ROUNDS_IN_VAIN:
            before = len(missing)
            for node in missing.values():
                node.socket.send(self._query(node, b"ping", {}, b"pp"))
            for _ in self._received(0.1):
                pass
            for node in self._nodes.values():
                node.socket.send(self._query(node, b"find_node", {b"target": node.id}, b"ff"))
            for _, data in self._received(0.1):
                body = bencode.decode_lenient(data).get(b"r", {})
                for info in unpack_nodes(body.get(b"nodes", b""), 1000):
                    missing.pop(info.addr, None)
            in_vain = in_vain + 1 if len(missing) == before else 0
        return {"named": len(self._nodes) - len(missing), "of": len(self._nodes)}

    # ---- building the datagrams --------------------------------------------------------------------

    @staticmethod
    def _query(node: FakeNode, method: bytes, args: dict[bytes, Any], tid: bytes) -> bytes:
        return bencode.encode({b"a": {b"id": node.id} | args, b"q": method, b"t": tid, b"y": b"q"})

    def prepare(self, kind: str) -> dict[str, int]:
        """Build the queries of a kind, each with a target of its own; every time the same ones."""
        rng = Random(f"{kind} {self._seed}")  # ever new items would overflow the stores: another case
        nodes = list(self._nodes.values())
        size = POOL.get(kind, POOL_READS)
        plans = [(nodes[i % len(nodes)], self._arguments(kind, rng), i.to_bytes(2, "big")) for i in range(size)]
        if kind in POOL:
            plans = self._with_tokens(kind, plans)
        method = kind.encode()
        self._pool = [(node.socket.send, self._query(node, method, args, tid)) for node, args, tid in plans]
        self._place = 0
        return {"ready": len(self._pool)}

    @staticmethod
    def _arguments(kind: str, rng: Random) -> dict[bytes, Any]:
        target = rng.randbytes(20)
        match kind:
            case "find_node" | "get":
                return {b"target": target}
            case "get_peers":
                return {b"info_hash": target}
            case "announce_peer":
                return {b"info_hash": target, b"port": rng.randrange(1024, 65536)}
            case "put":
                return {b"v": b"a value to put under load " + target.hex().encode()}
            case _:
                return {}

    def _with_tokens(
        self, kind: str, plans: list[tuple[FakeNode, dict[bytes, Any], bytes]]
    ) -> list[tuple[FakeNode, dict[bytes, Any], bytes]]:
        """The plans for which the server gives a write token, with the token among the arguments."""
        waiting = {(node.number, tid): (node, args, tid) for node, args, tid in plans}
        ready = []
        for _ in range(20):
            for node, args, tid in list(waiting.values())[:WINDOW]:
                if kind == "put":
                    target = sha1(bencode.encode(args[b"v"])).digest()
                    node.socket.send(self._query(node, b"get", {b"target": target}, tid))
                else:
                    wanted = {b"info_hash": args[b"info_hash"]}
                    node.socket.send(self._query(node, b"get_peers", wanted, tid))
            for node, data in self._received(0.03):
                answer = bencode.decode_lenient(data)
                plan = waiting.pop((node.number, answer[b"t"]), None)
                if plan and b"token" in answer.get(b"r", {}):
                    ready.append((plan[0], plan[1] | {b"token": answer[b"r"][b"token"]}, plan[2]))
        return ready

    # ---- the load ----------------------------------------------------------------------------------

    def run(self, start: float, seconds: float) -> dict[str, int]:
        """Load from now on, and count what is answered in the span that begins at `start`."""
        end = start + seconds
        answered = errors = lost = 0
        poll, nodes, pool, clock = self._poll.poll, self._nodes, self._pool, time.monotonic
        receive = {fd: node.socket.recv for fd, node in nodes.items()}
        size, place = len(pool), 0
        under_way = 0
        while True:
            while under_way < WINDOW:
                send, datagram = pool[place]
                place = place + 1 if place + 1 < size else 0
                send(datagram)
                under_way += 1
            events = poll(PATIENCE)
            now = clock()
            if now >= end:
                break
            if not events:
                lost += under_way
                under_way = 0
            counts = now >= start
            for fd, _ in events:
                data = receive[fd](16384)
                kind = data[-2]
                if kind == QUERY:
                    self._answer(nodes[fd], data)
                    continue
                under_way -= 1
                if counts:
                    answered += 1
                    if kind == ERROR:
                        errors += 1
        for _ in self._received(0.05):
            pass
        return {"answered": answered, "errors": errors, "lost": lost}


def main() -> None:
    """Obey stdin until it ends."""
    parser = argparse.ArgumentParser(description="Load generator; started by serve.py.")
    parser.add_argument("--server", required=True, help="host:port on loopback")
    parser.add_argument("--source-port", type=int, required=True)
    parser.add_argument("--first", type=int, default=0, help="number of the first fake node of this process")
    parser.add_argument("--step", type=int, default=1, help="how many generator processes there are")
    parser.add_argument("--nodes", type=int, default=200, help="fake nodes of all processes together")
    options = parser.parse_args()
    host, port = options.server.split(":")
    numbers = range(options.first, options.nodes, options.step)
    generator = Generator((host, int(port)), options.source_port, numbers, seed=options.first)
    while True:
        generator.attend(sys.stdin.fileno())
        words = sys.stdin.readline().split()
        match words:
            case ["id", server_id]:
                generator.place(bytes.fromhex(server_id))
                answer: dict[str, int] = {}
            case ["fill"]:
                answer = generator.fill()
            case ["prepare", kind]:
                answer = generator.prepare(kind)
            case ["run", start, seconds]:
                answer = generator.run(float(start), float(seconds))
            case _:
                return
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
