"""Many lookups at once: get_peers of many infohashes, so many in flight, by dhtui and by libtorrent in one run.

    python bench/bulk.py                                   400 infohashes, 64 in flight, 20,000 nodes: two minutes
    python bench/bulk.py --targets 100 --inflight 32       while working on it

The swarm is that of lookup.py: real sockets, round trips, losses and dead entries of the internet, the same for both.
Each client is a process of its own, whose CPU and memory count. The swarm is written in Python: beyond some 60 lookups
a second it is what limits a client, so compare the CPU of a lookup, which it does not change. See README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import re
import resource
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from lookup import quantile
from lookup_swarm import ROUTERS, Swarm, serve

from dhtui.engine.node import Node
from dhtui.engine.outcome import Outcome
from dhtui.engine.settings import NodeConfig, Settings

SETTLE, LONGEST = 3.0, 300.0
"""Seconds from the end of a client's bootstrap to the first lookup, and that all of them may take."""
NEW, COMPLETED = re.compile(r"\[(\d+)\] NEW target: ([0-9a-f]{40})"), re.compile(r"\[(\d+)\] COMPLETED ")


class Figures(NamedTuple):
    """What all lookups of a client came to."""

    seconds: float
    cpu: float
    """Seconds of the processor."""
    found: int
    """Lookups that found peers."""
    times: list[float]
    """Seconds of each lookup that ended."""
    memory: float
    """MiB at most."""


def measured(began: float, cpu: float, found: int, times: list[float]) -> Figures:
    """The figures of lookups that have just ended."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Figures(time.monotonic() - began, time.process_time() - cpu, found, times, memory)


def dhtui(hosts: list[str], targets: list[bytes], inflight: int) -> Figures:
    """Our own node, through `Node.many`."""

    async def run() -> Figures:
        config = NodeConfig(listen=("127.0.0.1", 0), bootstrap=tuple(hosts), settings=Settings(read_only=True))
        async with Node(config) as node:
            await node.bootstrapped()
            await asyncio.sleep(SETTLE)
            began, cpu, found, times = time.monotonic(), time.process_time(), 0, []

            async def timed(target: bytes) -> tuple[float, Outcome]:
                start = time.monotonic()
                outcome = await node.get_peers(target)
                return time.monotonic() - start, outcome

            async for seconds, outcome in node.many(targets, timed, parallel=inflight):
                found += bool(outcome.peers)
                times.append(seconds)
            return measured(began, cpu, found, times)

    return asyncio.run(run())


def libtorrent(hosts: list[str], targets: list[bytes], inflight: int) -> Figures:
    """A session of libtorrent, whose log tells when a lookup is over."""
    import libtorrent as lt

    kinds = lt.alert.category_t
    session = lt.session({
        "listen_interfaces": "127.0.0.1:0", "dht_bootstrap_nodes": ",".join(hosts), "enable_dht": True,
        "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False, "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False, "dht_enforce_node_id": False, "dht_prefer_verified_node_ids": False,
        "dht_ignore_dark_internet": False, "dht_upload_rate_limit": 100_000_000, "dht_block_ratelimit": 1_000_000,
        "alert_queue_size": 2_000_000,
        "alert_mask": kinds.dht_operation_notification | kinds.dht_log_notification | kinds.dht_notification,
    })  # fmt: skip
    time.sleep(15 + SETTLE)  # its bootstrap takes that long
    session.pop_alerts()
    began, cpu = time.monotonic(), time.process_time()
    todo, started, peers = list(targets), dict[str, float](), set[str]()
    names, times = dict[str, str](), list[float]()
    while (todo or started) and time.monotonic() < began + LONGEST:
        while todo and len(started) < inflight:
            target = todo.pop()
            started[target.hex()] = time.monotonic()
            session.dht_get_peers(lt.sha1_hash(target))
        session.wait_for_alert(100)
        for alert in session.pop_alerts():
            if isinstance(alert, lt.dht_get_peers_reply_alert):
                peers.add(str(alert.info_hash))
            elif isinstance(alert, lt.dht_log_alert):
                said = alert.log_message()
                if new := NEW.search(said):
                    names[new[1]] = new[2]
                elif (end := COMPLETED.search(said)) and (name := names.pop(end[1], "")) in started:
                    times.append(time.monotonic() - started.pop(name))
    return measured(began, cpu, len(peers & {target.hex() for target in targets}), times)


CLIENTS: dict[str, Callable[[list[str], list[bytes], int], Figures]] = {"dhtui": dhtui, "libtorrent": libtorrent}


def child(name: str, hosts: list[str], targets: list[bytes], inflight: int, sender: Connection) -> None:
    """One client, in a process of its own. Sends its figures, or why there are none."""
    try:
        sender.send(CLIENTS[name](hosts, targets, inflight))
    except ImportError as missing:
        sender.send(str(missing))


def measure(name: str, options: argparse.Namespace) -> tuple[Figures, float] | None:
    """One client in a fresh swarm: its figures and queries a lookup; prints them as a row."""
    context: Any = multiprocessing.get_context("spawn")
    swarm = Swarm(options)
    hosts = [f"{swarm.address(node)}:{options.port}" for node in range(ROUTERS)]
    queries, ready = context.Array("Q", 3), context.Event()
    server = context.Process(target=serve, args=(options, ready, queries), daemon=True)
    server.start()
    try:
        ready.wait()
        receiver, sender = context.Pipe(False)
        client = context.Process(target=child, args=(name, hosts, swarm.targets, options.inflight, sender), daemon=True)
        client.start()
        got = receiver.recv()
        client.join()
    finally:
        server.terminate()
        server.join()
    if isinstance(got, str):
        print(f"{name:<12} left out: {got}")
        return None
    ended, sent = max(1, len(got.times)), sum(queries[:])
    print(
        f"{name:<12} {ended / got.seconds:10.1f} {1000 * got.cpu / ended:10.2f} {sent / ended:10.1f} "
        f"{got.found:6}/{len(swarm.targets)} {got.memory:8.0f} {quantile(got.times, 0.5):10.2f} "
        f"{quantile(got.times, 0.95):6.2f}",
        flush=True,
    )
    return got, sent / ended


def main() -> None:
    """Every client in turn, each in a fresh swarm of the same seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", default=",".join(CLIENTS), help="comma separated (default: %(default)s)")
    parser.add_argument("--nodes", type=int, default=20_000)
    parser.add_argument("--targets", type=int, default=400, dest="lookups")
    parser.add_argument("--inflight", type=int, default=64)
    parser.add_argument("--dead", type=float, default=0.3, help="share of the nodes that never answer")
    parser.add_argument("--loss", type=float, default=0.02, help="share of the packets lost, each way")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=36_883)
    options = parser.parse_args()
    options.liars = 0.0
    print(f"{options.lookups} infohashes, {options.inflight} in flight, {options.nodes} nodes, seed {options.seed}")
    print(
        f"{'':<12} {'lookups/s':>10} {'CPU ms':>10} {'queries':>10} {'found':>10} {'MiB':>8} {'p50 s':>10} {'p95':>6}"
    )
    rows = {name: measure(name, options) for name in options.clients.split(",")}
    ours, other = rows.get("dhtui"), rows.get("libtorrent")
    if ours and other:
        cpu = [figures.cpu / max(1, len(figures.times)) for figures, _ in (ours, other)]
        speed = [len(figures.times) / figures.seconds for figures, _ in (ours, other)]
        print(f"dhtui to libtorrent: CPU of a lookup {cpu[0] / cpu[1]:.2f}, lookups a second {speed[0] / speed[1]:.2f}")


if __name__ == "__main__":
    main()
