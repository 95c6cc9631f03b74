"""What those who are attached cost a node that serves: nobody, a reader that has stopped, one that reads.

    python bench/attach.py
    python bench/attach.py --rounds 12 --seconds 2 --rate 2500

One node serves pings at a fixed rate (`--rate` queries a second, with their answers twice as many packets). In turns,
round by round, nobody is attached to it, or an explorer that was stopped (it wants everything and reads nothing), or
one that reads. Printed is the CPU time of the node for a packet, user and system, as the kernel counts it, and how many
of the queries were answered. Compare only what one run shows.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from dhtui.attach.messages import TO_NODE, Hello, Watch, shape, write_hello

KINDS = ("nobody", "stopped", "reading")
SERVER = """
import asyncio, sys
from dhtui import ControlSocket, Node, NodeConfig, Settings

async def main():
    settings = Settings(rate_limit=0.0, reply_quota=0, read_only=False)
    config = NodeConfig(listen=("127.0.0.1", 0), settings=settings)
    async with Node(config, control=ControlSocket(sys.argv[1])) as node:
        print(node.address[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""
SETTLE_SECONDS = 3.0
"""Until the queue of a reader that has stopped is full."""
STEP = 0.01
"""Seconds between two bursts of queries."""


@contextmanager
def serving(path: Path) -> Iterator[tuple[int, int]]:
    """A node in a process of its own: its process id and its port."""
    words = [sys.executable, "-c", SERVER, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as ran:
        try:
            assert ran.stdout is not None
            yield ran.pid, int(ran.stdout.readline())
        finally:
            assert ran.stdin is not None
            ran.stdin.close()
            ran.wait(20)


def attached(path: Path, kind: str, stack: ExitStack) -> None:
    """One that wants everything."""
    if kind == "nobody":
        return
    sock = socket.socket(socket.AF_UNIX)
    stack.callback(sock.close)
    sock.connect(str(path))
    sock.sendall(write_hello(Hello("bench", shape())) + b"\n" + TO_NODE.dumps(Watch("all")) + b"\n")
    if kind == "reading":
        threading.Thread(target=read_on, args=(sock,), daemon=True).start()
        stack.callback(sock.shutdown, socket.SHUT_RDWR)


def read_on(sock: socket.socket) -> None:
    """Read until it ends."""
    try:
        while sock.recv(1 << 20):
            pass
    except OSError:
        pass


def cpu_seconds(pid: int) -> float:
    """Time on the processor of the one thread of the node, user and system, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


def load(port: int, rate: float, seconds: float) -> tuple[int, int]:
    """Ping the node at a rate; how many queries were sent, and answered."""
    sent = answered = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        out.connect(("127.0.0.1", port))
        out.setblocking(False)
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds + 0.3:
            while sent < min(passed, seconds) * rate:
                out.send(b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t4:%b1:y1:qe" % sent.to_bytes(4, "big"))
                sent += 1
            try:
                while True:
                    out.recv(2048)
                    answered += 1
            except BlockingIOError:
                pass
            time.sleep(STEP)
    return sent, answered


def one_round(pid: int, port: int, path: Path, kind: str, rate: float, seconds: float) -> tuple[float, float]:
    """Microseconds of CPU a packet, and the share of the queries that were answered."""
    with ExitStack() as stack:
        attached(path, kind, stack)
        load(port, rate, SETTLE_SECONDS if kind == "stopped" else 0.5)
        before = cpu_seconds(pid)
        sent, answered = load(port, rate, seconds)
        used = cpu_seconds(pid) - before
    return 1e6 * used / (sent + answered), answered / sent


def main() -> None:
    """Measure, and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--seconds", type=float, default=4.0)
    asked.add_argument("--rate", type=float, default=2500.0)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    figures: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "node.sock"
        with serving(path) as (pid, port):
            for _ in range(options.rounds):
                for kind in KINDS:
                    figures[kind].append(one_round(pid, port, path, kind, options.rate, options.seconds))
    costs = {kind: median(cost for cost, _ in rounds) for kind, rounds in figures.items()}
    told = {
        kind: {
            "cpu_us": round(costs[kind], 2),
            "ratio": round(costs[kind] / costs["nobody"], 3),
            "answered": round(min(share for _, share in rounds), 4),
        }
        for kind, rounds in figures.items()
    }
    if options.json:
        print(json.dumps(told))
        return
    print(f"{'attached':<10}{'CPU µs a packet':>16}{'ratio':>8}{'answered':>10}")
    for kind, row in told.items():
        print(f"{kind:<10}{row['cpu_us']:>16}{row['ratio']:>8}{row['answered']:>10.1%}")


if __name__ == "__main__":
    main()
