"""How fast lookups are in real time, over real sockets: dhtui beside libtorrent and bittorrent-dht in one swarm.

The swarm is a process of its own with one socket and as many nodes as you like at 127.x.y.z. A node knows 8 others in
each bucket, chosen by the seed. Answers take as long as on the internet, packets get lost, and a share of what the
nodes name is dead. Every client asks for the same infohashes, which the 8 closest living nodes know peers of.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import multiprocessing
import socket
import struct
import subprocess
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush, nsmallest
from multiprocessing.synchronize import Event
from pathlib import Path
from random import Random
from typing import Any

from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.wire.compact import pack_addr
from dhtui.engine.wire.krpc import FindNode, GetPeers, MalformedDatagram, Query, RefusedQuery, encode_response, parse

PEERS = Path(__file__).parents[1] / "tests" / "peers"
K = 8
IP_PKTINFO = 8
"""Linux: which address of ours a datagram was meant for."""
SETTLE, PAUSE, LONGEST = 3.0, 0.25, 30.0
"""Seconds from the start of a client to its first lookup, between lookups, and that one may take."""


class Swarm:
    """The nodes of the seed. Nothing but their ids is kept; the rest is computed when somebody asks."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        rng = Random(options.seed)
        self.ids = sorted(rng.getrandbits(160) for _ in range(options.nodes))
        self._order = list(range(options.nodes))
        rng.shuffle(self._order)  # neighbours by id are none by address
        self._by_place = {place: node for node, place in enumerate(self._order)}
        self._targets = [rng.getrandbits(160) for _ in range(options.lookups)]
        living = [node for node in range(options.nodes) if self.alive(node)]
        self._holders = {target: set(self._nearest(living, target)) for target in self._targets}

    def _nearest(self, nodes: list[int], target: int) -> list[int]:
        return nsmallest(K, nodes, key=lambda node: self.ids[node] ^ target)

    def targets(self) -> list[bytes]:
        """The infohashes to look up."""
        return [target.to_bytes(20, "big") for target in self._targets]

    def alive(self, node: int) -> bool:
        """Whether it answers. The bootstrap nodes do."""
        dead = float(self._options.dead)
        return node < 3 or dead <= Random(f"alive {self._options.seed} {node}").random()

    def address(self, node: int) -> str:
        """127.x.y.z, 127.0.0.0/16 being left to the clients; each node in a /24 of its own as far as there are any."""
        place = self._order[node]
        return f"127.{1 + place % 250}.{place // 250 % 250}.{1 + place // 62_500}"

    def at(self, ip: str) -> int | None:
        """The node at an address; 127.0.0.1 is the first one as well, for clients that can start nowhere else."""
        _, b, c, d = map(int, ip.split("."))
        return 0 if b == 0 else self._by_place.get(b - 1 + 250 * c + 62_500 * (d - 1))

    def closest(self, node: int, target: int) -> list[int]:
        """The 8 that a node names: of its bucket towards the target, and of those beyond."""
        own, found = self.ids[node], list[int]()
        depth = 160 - (own ^ target).bit_length()
        for bit in (*range(depth, min(depth + 40, 160)), *range(depth - 1, -1, -1)):
            low = (own ^ 1 << 159 - bit) >> 159 - bit << 159 - bit
            first, last = bisect_left(self.ids, low), bisect_left(self.ids, low + (1 << 159 - bit))
            rng = Random(f"bucket {self._options.seed} {node} {bit}")
            found += range(first, last) if last - first <= K else rng.sample(range(first, last), K)
            if len(found) >= K:
                break
        return self._nearest(found, target)

    def round_trip(self, node: int, nth: int) -> float:
        """Seconds: half take up to 90 ms, nine in ten up to 250, one in a hundred 900."""
        normal = Random(f"rtt {self._options.seed} {node}").gauss(0, 1)
        scale = 0.8 if normal < 1.28 else 1.1
        jitter = Random(f"jitter {self._options.seed} {node} {nth}").gauss(0, 0.08)
        return 0.09 * math.exp(scale * normal + jitter - (scale - 0.8) * 1.28)

    def lost(self, node: int, nth: int) -> bool:
        """Whether the query or its answer is lost; the same whoever asks."""
        arrives = (1 - float(self._options.loss)) ** 2
        return Random(f"loss {self._options.seed} {node} {nth}").random() >= arrives

    def answer(self, node: int, query: Query, source: tuple[str, int]) -> bytes:
        """What a node says."""
        body: dict[bytes, Any] = {b"id": self.ids[node].to_bytes(20, "big")}
        if isinstance(query.args, FindNode | GetPeers):
            target = int.from_bytes(query.args.target, "big")
            port = self._options.port
            body[b"nodes"] = b"".join(
                self.ids[n].to_bytes(20, "big") + pack_addr((self.address(n), port)) for n in self.closest(node, target)
            )
            if isinstance(query.args, GetPeers):
                body[b"token"] = b"token"
                if node in self._holders.get(target, ()):
                    body[b"values"] = [pack_addr(("127.0.0.2", 1000 + nth)) for nth in range(5)]
        return encode_response(query.tid, body, source)


def serve(options: argparse.Namespace, ready: Event, queries: Any) -> None:
    """The swarm's process: answers when the time has come."""
    swarm, nths, late = Swarm(options), dict[int, int](), list[tuple[float, int, bytes, str, tuple[str, int]]]()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        wire.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        wire.bind(("0.0.0.0", options.port))
        ready.set()
        while True:
            while late and late[0][0] <= time.monotonic():
                _, _, data, ip, to = heappop(late)
                here = struct.pack("=i4s4s", 0, socket.inet_aton(ip), bytes(4))
                wire.sendmsg([data], [(socket.IPPROTO_IP, IP_PKTINFO, here)], 0, to)
            wire.settimeout(max(0.0002, late[0][0] - time.monotonic()) if late else 1.0)
            try:
                data, extra, _, source = wire.recvmsg(4096, 64)
                message = parse(data)
            except (TimeoutError, MalformedDatagram, RefusedQuery):
                continue
            ip = socket.inet_ntoa(extra[0][2][8:12])
            node = swarm.at(ip)
            if node is None or not isinstance(message, Query):
                continue
            if isinstance(message.args, GetPeers) and message.args.target in queries:
                queries[message.args.target] += 1
            nth = nths[node] = nths.get(node, -1) + 1
            if swarm.alive(node) and not swarm.lost(node, nth):
                at = time.monotonic() + swarm.round_trip(node, nth)
                heappush(late, (at, len(nths) + nth, swarm.answer(node, message, source), ip, source))


@dataclass(frozen=True, slots=True)
class Took:
    """One lookup, seconds."""

    first: float | None
    """Until the first peer; `None` where none came, or the client does not tell."""
    complete: float | None


async def dhtui(hosts: list[str], targets: list[bytes]) -> list[Took]:
    """dhtui's own engine, with its defaults."""
    took = []
    config = NodeConfig(listen=("127.0.0.1", 0), bootstrap=tuple(hosts), settings=Settings(read_only=True))
    async with Node(config) as node:
        await node.bootstrapped()
        await asyncio.sleep(SETTLE)
        for target in targets:
            begun, first = time.monotonic(), list[float]()
            await node.get_peers(target, on_peers=lambda _, b=begun, f=first: f.append(time.monotonic() - b))  # type: ignore[misc]
            took.append(Took(first[0] if first else None, time.monotonic() - begun))
            await asyncio.sleep(PAUSE)
    return took


async def libtorrent(hosts: list[str], targets: list[bytes]) -> list[Took]:
    """A libtorrent session; its log tells when a lookup is over."""
    import libtorrent as lt

    kinds = lt.alert.category_t
    session = lt.session({
        "listen_interfaces": "127.0.0.1:0", "dht_bootstrap_nodes": ",".join(hosts), "enable_dht": True,
        "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False, "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False, "dht_enforce_node_id": False, "dht_prefer_verified_node_ids": False,
        "dht_ignore_dark_internet": False, "dht_upload_rate_limit": 1_000_000,
        "alert_mask": kinds.dht_operation_notification | kinds.dht_log_notification | kinds.dht_notification,
    })  # fmt: skip
    await asyncio.sleep(15 + SETTLE)  # its bootstrap takes that long
    session.pop_alerts()
    took = []
    for target in targets:
        begun, first, number, complete = time.monotonic(), None, "", None
        session.dht_get_peers(lt.sha1_hash(target))
        while complete is None and time.monotonic() - begun < LONGEST:
            for alert in session.pop_alerts():
                now = time.monotonic() - begun
                if isinstance(alert, lt.dht_get_peers_reply_alert) and bytes.fromhex(str(alert.info_hash)) == target:
                    first = first or now
                elif isinstance(alert, lt.dht_log_alert):
                    said = alert.log_message()
                    if f"NEW target: {target.hex()}" in said:
                        number = said.partition("]")[0]
                    elif number and said.startswith(f"{number}] COMPLETED"):
                        complete = now
            await asyncio.sleep(0.001)
        took.append(Took(first, complete))
        await asyncio.sleep(PAUSE)
    return took


async def bittorrent_dht(hosts: list[str], targets: list[bytes]) -> list[Took]:
    """npm's bittorrent-dht, as the tests drive it; it tells of the end alone."""
    if not (PEERS / "node_modules").exists():
        raise ImportError("tests/peers/node_modules is missing: npm ci")
    node = await asyncio.create_subprocess_exec(
        "node", str(PEERS / "bittorrent_dht_node.mjs"), "1", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert node.stdin and node.stdout

    async def ask(**what: Any) -> Any:
        assert node.stdin and node.stdout
        node.stdin.write(json.dumps({"id": 1, "at": 0} | what).encode() + b"\n")
        return json.loads(await node.stdout.readline())

    await node.stdout.readline()
    took = []
    try:
        await ask(do="add", port=int(hosts[0].rpartition(":")[2]))
        for nth, target in enumerate(targets):
            begun = time.monotonic()
            await ask(do="get_peers", info_hash=target.hex())
            took.append(Took(None, time.monotonic() - begun))
            await asyncio.sleep(PAUSE if nth else SETTLE)
    finally:
        node.kill()
        await node.wait()
    return took


CLIENTS: dict[str, Callable[[list[str], list[bytes]], Any]] = {
    "dhtui": dhtui, "libtorrent": libtorrent, "bittorrent-dht": bittorrent_dht
}  # fmt: skip


def quantile(values: list[float], share: float) -> float:
    """A quantile; NaN of nothing."""
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else math.nan


def measure(name: str, options: argparse.Namespace) -> tuple[float, ...] | None:
    """first p50 and p95, complete p50 and p95 (ms), queries a lookup, share found; prints them as a row."""
    swarm = Swarm(options)
    hosts = [f"{swarm.address(node)}:{options.port}" for node in range(3)]
    with multiprocessing.Manager() as manager:
        queries, ready = manager.dict(dict.fromkeys(swarm.targets(), 0)), multiprocessing.Event()
        process = multiprocessing.Process(target=serve, args=(options, ready, queries), daemon=True)
        process.start()
        try:
            ready.wait()
            took: list[Took] = asyncio.run(CLIENTS[name](hosts, swarm.targets()))
        except ImportError as missing:
            print(f"{name:<16} left out: {missing}")
            return None
        finally:
            process.terminate()
            process.join()
        sent = sum(queries.values()) / len(took)
    first, complete = (
        [t.first for t in took if t.first is not None],
        [t.complete for t in took if t.complete is not None],
    )
    times = [1000 * quantile(values, share) for values in (first, complete) for share in (0.5, 0.95)]
    said = "  ".join("     –" if math.isnan(value) else f"{value:6.0f}" for value in times)
    print(f"{name:<16} {said}  {sent:7.1f}  {len(first)}/{len(took)}", flush=True)
    return *times, sent


def main() -> None:
    """Every client in turn, each in a fresh swarm of the same seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", default=",".join(CLIENTS), help="comma separated (default: %(default)s)")
    parser.add_argument("--nodes", type=int, default=20_000)
    parser.add_argument("--lookups", type=int, default=30)
    parser.add_argument("--dead", type=float, default=0.3, help="share of the nodes that never answer")
    parser.add_argument("--loss", type=float, default=0.02, help="share of the packets lost, each way")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=36_881)
    options = parser.parse_args()
    print(f"{options.nodes} nodes, {options.dead:.0%} dead, {options.loss:.0%} loss, seed {options.seed}; milliseconds")
    print(f"{'':<16}  first    p95  compl.     p95  queries  found")
    rows = {name: measure(name, options) for name in options.clients.split(",")}
    ours = rows.get("dhtui")
    for name, row in rows.items():
        if ours and row and name != "dhtui":
            ratios = "  ".join(
                "     –" if math.isnan(b / a) else f"{b / a:5.1f}x" for a, b in zip(ours, row, strict=True)
            )
            print(f"{name + ' / dhtui':<24} {ratios}")


if __name__ == "__main__":
    main()
