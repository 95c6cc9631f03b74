"""How fast captures are read, and in how much memory.

    python bench/captures.py [--packets 1000000] [--file big.pcap]

Makes a capture of that many packets, half of them queries of one node and most of those answered with 8 nodes, and
reads it with `--do packets --json` and `--do lookups --json`, as a user would: in a process of its own, with the
output thrown away, then in the explorer, in a terminal of 120x35, until its first screen says that all is read. The
same packets are written again and again, with new times and transaction ids.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import resource
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from random import Random
from socket import inet_aton
from typing import BinaryIO

from dhtui.engine.wire.compact import Addr, NodeInfo, pack_node
from dhtui.engine.wire.krpc import GetPeers, encode_query, encode_response

ME: Addr = ("192.0.2.1", 6881)
START = 1_700_000_000
STEP_MICROSECONDS = 200
"""Between two packets: 5000 of them a second."""
ALL_READ = b"all of it is read"
TARGET_EVERY = 40
"""Queries of one lookup."""


def datagram(source: Addr, dest: Addr, data: bytes) -> bytes:
    """A datagram in an IP packet."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(data), 1, 0, 64, 17, 0)
    ports = struct.pack("!HHHH", source[1], dest[1], 8 + len(data), 0)
    return head + inet_aton(source[0]) + inet_aton(dest[0]) + ports + data


def write(file: BinaryIO, packets: int) -> None:
    """A capture in libpcap's format."""
    draw, written, query = Random(1), 0, 0
    nodes = [
        NodeInfo(draw.randbytes(20), (f"198.51.{draw.randrange(256)}.{draw.randrange(1, 255)}", 6881))
        for _ in range(20_000)
    ]
    own, target = draw.randbytes(20), draw.randbytes(20)
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))

    def put(data: bytes) -> None:
        nonlocal written
        seconds, rest = divmod(written * STEP_MICROSECONDS, 1_000_000)
        file.write(struct.pack("<IIII", START + seconds, rest, len(data), len(data)) + data)
        written += 1

    while written < packets:
        query += 1
        target = draw.randbytes(20) if query % TARGET_EVERY == 0 else target
        there, tid = draw.choice(nodes), struct.pack("!H", query & 0xFFFF)
        put(datagram(ME, there.addr, encode_query(tid, GetPeers(own, target), False)[1]))
        if draw.random() < 0.8:
            named = b"".join(map(pack_node, draw.choices(nodes, k=8)))
            body = {b"id": there.id, b"nodes": named, b"token": b"12345678"}
            put(datagram(there.addr, ME, encode_response(tid, body, ME)))


def measure(path: Path, packets: int, *action: str) -> str:
    """One run, in words."""
    argv = [sys.executable, "-m", "dhtui", "--open", str(path), "--do", *action]
    begun = time.monotonic()
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return told(" ".join(action), packets, time.monotonic() - begun, usage)


def explore(path: Path, packets: int) -> str:
    """The same of the explorer."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 35, 120, 0, 0))
    begun = time.monotonic()
    argv = [sys.executable, "-m", "dhtui", "--open", str(path)]
    with subprocess.Popen(argv, stdin=its, stdout=its, stderr=its, start_new_session=True) as process:
        os.close(its)
        seen = b""
        while ALL_READ not in seen:
            seen = seen[-len(ALL_READ) :] + os.read(ours, 65_536)
        took = time.monotonic() - begun
        os.write(ours, b"q")
        drain(ours)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    os.close(ours)
    return told("explorer", packets, took, usage)


def drain(terminal: int) -> None:
    """Read what the explorer still writes, to its end."""
    try:
        while os.read(terminal, 65_536):
            pass
    except OSError:  # it has closed its side
        return


def told(what: str, packets: int, took: float, usage: resource.struct_rusage) -> str:
    """A run in words; `took`: seconds."""
    busy = usage.ru_utime + usage.ru_stime
    rates = f"{packets / took:,.0f} packets/s, {packets / busy:,.0f} a second of processor time"
    return f"{what:<16} {took:6.1f} s  {rates}, {usage.ru_maxrss / 1024:.0f} MiB"


def main() -> None:
    """Makes the capture, unless it is there, and measures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--file", type=Path, help="keep the capture here, and take it if it is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or Path(folder) / "big.pcap"
        if not path.exists():
            with path.open("wb") as file:
                write(file, options.packets)
        print(f"{options.packets:,} packets, {path.stat().st_size / 1e6:.0f} MB")
        for action in (("packets", "--json"), ("lookups", "--json"), ("packets",)):
            print(measure(path, options.packets, *action), flush=True)
        print(explore(path, options.packets))


if __name__ == "__main__":
    main()
