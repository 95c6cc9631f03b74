"""The servers that serve.py measures beside dhtui, each as a process of its own: ``servers.py NAME PORT``.

A line on stdin lets libtorrent meet the generator's nodes; the end of stdin ends the process.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
from typing import Any

from load import address_of


async def bare(port: int, _: argparse.Namespace) -> None:
    """The least that any UDP server in Python costs: asyncio, one socket, each packet sent back."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setblocking(False)
        server.bind(("127.0.0.1", port))

        def readable() -> None:
            for _ in range(64):
                try:
                    data, addr = server.recvfrom(16385)
                except BlockingIOError:
                    return
                server.sendto(data[:-2] + b"re", addr)

        loop.add_reader(server, readable)
        await _end_of_stdin()
        loop.remove_reader(server)


async def libtorrent(port: int, options: argparse.Namespace) -> None:
    """A libtorrent session with all that throttles it turned off."""
    import libtorrent as lt

    settings: Any = {
        "listen_interfaces": f"127.0.0.1:{port}",
        "listen_system_port_fallback": False,
        "enable_dht": True,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "dht_bootstrap_nodes": "",
        "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False,
        "dht_enforce_node_id": False,
        "dht_prefer_verified_node_ids": False,
        "dht_ignore_dark_internet": False,
        "dht_block_ratelimit": 1_000_000,
        "dht_upload_rate_limit": 1_000_000_000,
        "alert_mask": 0,
    }
    session = lt.session(settings)
    # On a query alone it would come to know one node every five seconds.
    while await asyncio.to_thread(sys.stdin.readline):
        for number in range(options.nodes):
            session.add_dht_node(address_of(number, options.source_port))


async def _end_of_stdin() -> None:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while await reader.readline():
        pass
    transport.close()


def main() -> None:
    """Run one server until stdin ends."""
    servers = {"libtorrent": libtorrent, "bare": bare}
    parser = argparse.ArgumentParser(description="A server to measure; started by serve.py.")
    parser.add_argument("name", choices=servers)
    parser.add_argument("port", type=int)
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--source-port", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(servers[options.name](options.port, options))


if __name__ == "__main__":
    main()
