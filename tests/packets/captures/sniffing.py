"""Run in a network namespace of its own: captures what libtorrent, bittorrent-dht and dhtui say there.

It prints nothing. By tcpdump where it is installed, else by a socket of the link layer, which writes the same format.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from pathlib import Path

from peers.peer import Peer
from support.apart import PATIENCE
from under_attack.namespace import open_up

from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.testnet import Testnet
from dhtui.engine.wire.compact import Addr

INFOHASH = sha1(b"captured").digest()
LINK, ETHERNET, ALL = "lo", 1, 3
QUIET = 0.5
"""Seconds without a packet after which all were captured."""
MARK = b"the end of this capture"
DEADLINE = PATIENCE


class Sniffer(threading.Thread):
    """Writes what comes and goes on the loopback interface, each packet twice, as the interface ``any`` has it."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._file = path.open("wb")
        self._file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, ETHERNET))
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind((LINK, 0))
        self._socket.settimeout(QUIET)
        self.ending = False

    def run(self) -> None:
        while True:
            try:
                data = self._socket.recv(65_535)
            except TimeoutError:
                if self.ending:
                    break
                continue
            now = time.time()
            self._file.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(data), len(data)) + data)
        self._file.close()
        self._socket.close()


def _await_mark(path: Path) -> None:
    """Sends a datagram of our own, and waits until it was captured: all that came before was too."""
    until = time.monotonic() + DEADLINE
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.sendto(MARK, ("127.0.0.1", 9))
    while MARK not in path.read_bytes()[-4096:] and time.monotonic() < until:
        time.sleep(0.01)


@contextmanager
def captured(path: Path) -> Iterator[None]:
    """All of it, to that file."""
    if shutil.which("tcpdump"):
        argv = ["tcpdump", "-i", "any", "--immediate-mode", "-U", "-w", "-", "udp"]
        with path.open("wb") as file, subprocess.Popen(argv, stdout=file, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            # Where it may not become the user of its own it ends: in a namespace that maps one user only.
            if any("listening on" in line for line in iter(process.stderr.readline, "")):
                yield
                _await_mark(path)
                process.terminate()
                return
    sniffer = Sniffer(path)
    sniffer.start()
    yield
    sniffer.ending = True
    sniffer.join(DEADLINE)


async def main(folder: Path, names: list[str]) -> None:
    """Each of the clients meets a testnet and looks an infohash up, one after the other."""
    open_up()
    async with Testnet(24) as net:
        config = NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap, settings=Settings(read_only=False))
        with captured(folder / "capture.pcap"):
            async with Node(config) as node:
                await node.bootstrapped()
                await node.announce_peer(INFOHASH, 51413)
                await node.get_peers(INFOHASH)
                told(folder, "dhtui", node.address)
                if "libtorrent" in names:
                    from peers.libtorrent_peer import LibtorrentPeer

                    async with LibtorrentPeer() as session:
                        await looks(session, node)
                        told(folder, "libtorrent", session.address)
                if "bittorrent-dht" in names:
                    from peers.bittorrent_dht_peer import BittorrentDht

                    async with BittorrentDht(1) as process:
                        await looks(process.nodes[0], node)
                        told(folder, "bittorrent-dht", process.nodes[0].address)


def told(folder: Path, name: str, addr: Addr) -> None:
    """Writes down where a client was."""
    (folder / name).write_text("{}:{}".format(*addr))


async def looks(client: Peer, node: Node) -> None:
    """Looks the infohash up, beginning at a node of the network."""
    await client.meet(node.address)
    assert await client.get_peers(INFOHASH)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
