"""How fast lookups are in real time, over real sockets: dhtui beside libtorrent and bittorrent-dht in one swarm.

The swarm is a process of its own with one socket and as many nodes as you like at 127.x.y.z. A node knows 8 others in
each bucket, chosen by the seed. Answers take as long as on the internet, packets get lost, and a share of what the
nodes name is dead. Every client asks for the same infohashes, which the 8 closest living nodes know peers of.

With --liars a share of the living nodes lies, in league, and every client gets the same immutable items, which the 8
closest honest living nodes hold. The rows then tell how often the true value came, and who was asked for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import multiprocessing
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookup_swarm import DEAD, LIAR, ROUTERS, Swarm, serve

from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.wire import bencode

PEERS = Path(__file__).parents[1] / "tests" / "peers"
SETTLE, PAUSE, LONGEST = 3.0, 0.25, 30.0
"""Seconds from the start of a client to its first lookup, between lookups, and that one may take."""


@dataclass(frozen=True, slots=True)
class Took:
    """One lookup, seconds."""

    first: float | None
    """Until the first peer, or the item; `None` where none came, or the client does not tell."""
    complete: float | None
    value: bytes | None = None
    """The item that the client handed out, bencoded."""


class Watch:
    """Runs from its making."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self.first: float | None = None

    def now(self) -> float:
        """Seconds."""
        return time.monotonic() - self._begun

    def found(self, *_: object) -> None:
        """Something came. Only the first time counts."""
        if self.first is None:
            self.first = self.now()


async def dhtui(hosts: list[str], targets: list[bytes], items: bool) -> list[Took]:
    """dhtui's own engine, with its defaults."""
    took = []
    config = NodeConfig(listen=("127.0.0.1", 0), bootstrap=tuple(hosts), settings=Settings(read_only=True))
    async with Node(config) as node:
        await node.bootstrapped()
        await asyncio.sleep(SETTLE)
        for target in targets:
            watch, complete, value = Watch(), None, None
            lookup = node.get(target, on_item=watch.found) if items else node.get_peers(target, on_peers=watch.found)
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST):
                    item = (await lookup).item
                complete, value = watch.now(), item.v if item else None
            took.append(Took(watch.first, complete, value))
            await asyncio.sleep(PAUSE)
    return took


async def libtorrent(hosts: list[str], targets: list[bytes], items: bool) -> list[Took]:
    """A libtorrent session; its log tells when a lookup is over."""
    import libtorrent as lt

    kinds = lt.alert.category_t
    session = lt.session({
        "listen_interfaces": "127.0.0.1:0", "dht_bootstrap_nodes": ",".join(hosts), "enable_dht": True,
        "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False, "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": items, "dht_enforce_node_id": False, "dht_prefer_verified_node_ids": False,
        "dht_ignore_dark_internet": False, "dht_upload_rate_limit": 1_000_000,
        "alert_mask": kinds.dht_operation_notification | kinds.dht_log_notification | kinds.dht_notification,
    })  # fmt: skip
    await asyncio.sleep(15 + SETTLE)  # its bootstrap takes that long
    session.pop_alerts()
    took = []
    for target in targets:
        watch, number, complete, value = Watch(), "", None, None
        (session.dht_get_immutable_item if items else session.dht_get_peers)(lt.sha1_hash(target))
        while complete is None and watch.now() < LONGEST:
            for alert in session.pop_alerts():
                if isinstance(alert, lt.dht_get_peers_reply_alert) and bytes.fromhex(str(alert.info_hash)) == target:
                    watch.found()
                elif isinstance(alert, lt.dht_immutable_item_alert) and bytes.fromhex(str(alert.target)) == target:
                    if alert.item != b"":  # so it tells that there is none
                        watch.found()
                        value = bencode.encode(alert.item)
                elif isinstance(alert, lt.dht_log_alert):
                    said = alert.log_message()
                    if f"NEW target: {target.hex()}" in said:
                        number = said.partition("]")[0]
                    elif number and said.startswith(f"{number}] COMPLETED"):
                        complete = watch.now()
            await asyncio.sleep(0.001)
        took.append(Took(watch.first, complete, value))
        await asyncio.sleep(PAUSE)
    return took


async def bittorrent_dht(hosts: list[str], targets: list[bytes], items: bool) -> list[Took]:
    """npm's bittorrent-dht, as the tests drive it; it tells of the end alone."""
    if not (PEERS / "node_modules").exists():
        raise ImportError("tests/peers/node_modules is missing: npm ci")
    node = await asyncio.create_subprocess_exec(
        "node", str(PEERS / "bittorrent_dht_node.mjs"), "1", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert node.stdin and node.stdout

    async def ask(number: int, **what: Any) -> Any:
        assert node.stdin and node.stdout
        node.stdin.write(json.dumps({"id": number, "at": 0} | what).encode() + b"\n")
        while (answer := json.loads(await node.stdout.readline()))["id"] != number:
            pass  # the answer to one that took too long
        return answer.get("ok")

    await node.stdout.readline()
    took = []
    try:
        await ask(-1, do="add", port=int(hosts[0].rpartition(":")[2]))
        for nth, target in enumerate(targets):
            watch, complete, value = Watch(), None, None
            what = {"do": "get", "target": target.hex()} if items else {"do": "get_peers", "info_hash": target.hex()}
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST):
                    answer = await ask(nth, **what)
                complete = watch.now()
                if items and answer:
                    watch.found()
                    value = bytes.fromhex(answer["value"])
            took.append(Took(watch.first, complete, value))
            await asyncio.sleep(PAUSE if nth else SETTLE)
    finally:
        node.kill()
        await node.wait()
    return took


CLIENTS: dict[str, Callable[[list[str], list[bytes], bool], Any]] = {
    "dhtui": dhtui, "libtorrent": libtorrent, "bittorrent-dht": bittorrent_dht
}  # fmt: skip


def quantile(values: list[float], share: float) -> float:
    """A quantile; NaN of nothing."""
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else math.nan


def milliseconds(*times: Sequence[float | None]) -> list[float]:
    """p50 and p95 of each of several, without what isn't known."""
    return [1000 * quantile([t for t in some if t is not None], share) for some in times for share in (0.5, 0.95)]


def cells(times: list[float]) -> str:
    """Columns of milliseconds."""
    return "  ".join("     –" if math.isnan(value) else f"{value:6.0f}" for value in times)


def run(name: str, options: argparse.Namespace, swarm: Swarm) -> tuple[list[Took], list[int]] | None:
    """One client in a fresh swarm: its lookups, and the queries for the targets by whom they reached."""
    hosts = [f"{swarm.address(node)}:{options.port}" for node in range(ROUTERS)]
    queries, ready = multiprocessing.Array("Q", 3), multiprocessing.Event()
    process = multiprocessing.Process(target=serve, args=(options, ready, queries), daemon=True)
    process.start()
    try:
        ready.wait()
        return asyncio.run(CLIENTS[name](hosts, swarm.targets, options.liars > 0)), queries[:]
    except ImportError as missing:
        print(f"{name:<16} left out: {missing}")
        return None
    finally:
        process.terminate()
        process.join()


def measure(name: str, options: argparse.Namespace) -> tuple[float, ...] | None:
    """first p50 and p95, complete p50 and p95 (ms), queries a lookup; prints them and the share found as a row."""
    if (got := run(name, options, Swarm(options))) is None:
        return None
    took, queries = got
    times, sent = milliseconds([t.first for t in took], [t.complete for t in took]), sum(queries) / len(took)
    found = sum(t.first is not None for t in took)
    print(f"{name:<16} {cells(times)}  {sent:7.1f}  {found}/{len(took)}", flush=True)
    return *times, sent


def measure_truth(name: str, options: argparse.Namespace) -> None:
    """Print as a row how often a client got the true value among liars, how fast, and whom it asked."""
    swarm = Swarm(options)
    if (got := run(name, options, swarm)) is None:
        return
    took, queries = got
    right = [t.value == swarm.value(target) for target, t in zip(swarm.targets, took, strict=True)]
    none = sum(t.value is None for t in took)
    times = milliseconds([t.first for t, good in zip(took, right, strict=True) if good], [t.complete for t in took])
    sent, liars, dead = (n / len(took) for n in (sum(queries), queries[LIAR], queries[DEAD]))
    late, wrong = sum(t.complete is None for t in took), len(took) - sum(right) - none
    score = f"{sum(right)}/{len(took)}"
    print(
        f"{name:<16} {score:>7}  {wrong:5}  {none:4}  {late:4}  {cells(times)}  {sent:7.1f}  {liars:5.1f}  {dead:5.1f}",
        flush=True,
    )


def main() -> None:
    """Every client in turn, each in a fresh swarm of the same seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", default=",".join(CLIENTS), help="comma separated (default: %(default)s)")
    parser.add_argument("--nodes", type=int, default=20_000)
    parser.add_argument("--lookups", type=int, default=30)
    parser.add_argument("--dead", type=float, default=0.3, help="share of the nodes that never answer")
    parser.add_argument("--liars", type=float, default=0.0, help="share of the living nodes that lie")
    parser.add_argument("--loss", type=float, default=0.02, help="share of the packets lost, each way")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=36_881)
    options = parser.parse_args()
    clients = options.clients.split(",")
    nodes = f"{options.nodes} nodes, {options.dead:.0%} dead"
    if options.liars:
        nodes += f", {options.liars:.4g} of the living lie"
    print(f"{nodes}, {options.loss:.0%} loss, seed {options.seed}; milliseconds")
    if options.liars:
        print(f"{'':<16}   right  wrong  none  late   value     p95  compl.     p95  queries  liars   dead")
        for name in clients:
            measure_truth(name, options)
    else:
        print(f"{'':<16}  first    p95  compl.     p95  queries  found")
        compare({name: measure(name, options) for name in clients})


def compare(rows: dict[str, tuple[float, ...] | None]) -> None:
    """Print the others' figures as multiples of ours."""
    ours = rows.get("dhtui")
    for name, row in rows.items():
        if ours and row and name != "dhtui":
            ratios = "  ".join(
                "     –" if math.isnan(b / a) else f"{b / a:5.1f}x" for a, b in zip(ours, row, strict=True)
            )
            print(f"{name + ' / dhtui':<24} {ratios}")


if __name__ == "__main__":
    main()
