"""A machine whose addresses and routes a test decides on: run in a network namespace of its own, it prints JSON.

All addresses are on its loopback, so packets between them arrive; the default route decides what a node takes for a
way to the internet.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from dhtui.engine.families.address import sending_address
from dhtui.engine.items import ImmutableItem
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.views.events import Event, LinkChanged, LinkState
from dhtui.engine.wire.family import IPV4, IPV6, Family

PATIENCE = 60.0
HERE = {IPV4: ("198.51.100.2", "198.51.100.3"), IPV6: ("2001:db8::2", "2001:db8::3")}
THERE = {IPV4: "198.51.100.1", IPV6: "2001:db8:1::1"}
"""Where the other node is, in each family."""
BOTH = (IPV4, IPV6)
TEREDO = "2001:0:4136:e378:8000:63bf:3fff:fdd2"
ITEM = ImmutableItem(b"5:hello")


def ip(*words: str) -> None:
    """Run `ip`."""
    subprocess.run(("ip", *words), check=True)


def route(family: Family, source: str) -> None:
    """Let the machine send to the internet from an address."""
    word = "-6" if family is IPV6 else "-4"
    ip(word, "route", "replace", "default", "dev", "lo", "src", source)


def no_route(family: Family) -> None:
    """Take the route to the internet away."""
    ip("-6" if family is IPV6 else "-4", "route", "del", "default")


def config(listen: tuple[str, ...], bootstrap: tuple[str, ...] = ()) -> NodeConfig:
    """A node at these addresses."""
    first, *others = ((host, 0) for host in listen)
    settings = Settings(read_only=False, rate_limit=0.0, reply_quota=0)
    return NodeConfig(listen=first, listen_also=others[0] if others else None, bootstrap=bootstrap, settings=settings)


class Watched:
    """A node, and what it has told of its families."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.links: list[tuple[str, str]] = []
        self._news = asyncio.Event()
        node.subscribe(self._hear)

    def _hear(self, event: Event) -> None:
        if isinstance(event, LinkChanged):
            self.links.append((event.family, event.state))
        self._news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; it is looked at after each event."""
        while not holds():
            self._news.clear()
            await self._news.wait()

    def nodes(self) -> dict[str, int]:
        """How many nodes the table of each family has, dead ones left out."""
        return {each.family: each.table.good for each in self.node.snapshot().families}


def facts(watched: Watched, outcome: Any) -> dict[str, Any]:
    """What can be told of a wish that has ended."""
    snapshot = watched.node.snapshot()
    return {
        "families": [each.family for each in snapshot.families],
        "missing": list(snapshot.missing),
        "links": list(watched.links),
        "at": [host for host, _ in watched.node.addresses],
        "answered": {part.family: part.answered for part in outcome.parts} or outcome.answered,
        "stored": sorted(node.family for node in outcome.writes if node.status == "stored"),
        "complete": outcome.complete,
    }


async def with_families(*families: Family) -> dict[str, Any]:
    """A node that would have both runs on a machine that has these."""
    for family in families:
        route(family, HERE[family][0])
    try:
        async with Node(config((THERE[IPV4], THERE[IPV6]))) as other:
            names = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in other.addresses]
            async with Node(config(("0.0.0.0", "::"), tuple(names))) as node:
                watched = Watched(node)
                await node.bootstrapped()
                return facts(watched, await node.put(ITEM))
    finally:
        for family in families:
            no_route(family)


async def that_change() -> dict[str, Any]:
    """IPv6 goes and comes back while a node runs, and comes back at another address."""
    for family in BOTH:
        route(family, HERE[family][0])
    told: dict[str, Any] = {}
    async with Node(config((THERE[IPV4], THERE[IPV6]))) as other:
        names = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in other.addresses]
        async with Node(config(("0.0.0.0", "::"), tuple(names))) as node:
            watched = Watched(node)
            await node.bootstrapped()
            await watched.until(lambda: watched.nodes() == {"IPv4": 1, "IPv6": 1})
            no_route(IPV6)
            node._sides.look()
            told["lost"] = facts(watched, await node.put(ITEM)) | {"nodes": watched.nodes()}
            told["lost"]["ping"] = (await node.ping([other.addresses[1]])).asked[0].status
            route(IPV6, HERE[IPV6][0])
            node._sides.look()
            told["back"] = facts(watched, await node.put(ITEM)) | {"nodes": watched.nodes()}
            route(IPV6, HERE[IPV6][1])
            node._sides.look()
            await watched.until(lambda: ("IPv6", LinkState.UP) in watched.links[2:])
            told["moved"] = facts(watched, await node.put(ITEM)) | {"nodes": watched.nodes()}
            no_route(IPV4)
            no_route(IPV6)
            node._sides.look()
            told["nowhere"] = {each.family: each.link for each in node.snapshot().families}
            told["nowhere"]["ping"] = (await node.ping([other.addresses[0]])).asked[0].status
            for family in BOTH:
                route(family, HERE[family][1])
            node._sides.look()
            told["everywhere"] = {each.family: each.link for each in node.snapshot().families}
            failures = [c.failures for each in node.snapshot().families for b in each.table.buckets for c in b.nodes]
            told["failures"] = failures
    async with Node(config(("::",))) as node:
        told["alone"] = [host for host, _ in node.addresses]
    for family in BOTH:
        no_route(family)
    return told


async def comes_later() -> dict[str, Any]:
    """A family that a machine has not had comes while a node runs."""
    route(IPV4, HERE[IPV4][0])
    async with Node(config((THERE[IPV4], THERE[IPV6]))) as other:
        names = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in other.addresses]
        async with Node(config(("0.0.0.0", "::"), tuple(names))) as node:
            watched = Watched(node)
            await node.bootstrapped()
            route(IPV6, HERE[IPV6][0])
            node._sides.look()
            await watched.until(lambda: watched.nodes().get("IPv6") == 1)
            told = facts(watched, await node.put(ITEM))
    for family in BOTH:
        no_route(family)
    return told


async def at_home() -> dict[str, Any]:
    """The external address is one of the machine's own: a probe would not leave the machine."""
    told: dict[str, Any] = {}
    for family in BOTH:
        addr = HERE[family][0], 7000
        async with Node(NodeConfig(listen=addr, settings=Settings(external=addr))) as node:
            node._sides.first.tick()
            snapshot = node.snapshot()
            told[family.name] = [*snapshot.reachability, snapshot.methods["probe"].sent]
    return told


def teredo() -> dict[str, str | None]:
    """From where packets to the internet go, with an address of Teredo alone, and with another one besides."""
    ip("-6", "address", "del", f"{HERE[IPV6][0]}/128", "dev", "lo")
    ip("-6", "address", "del", f"{HERE[IPV6][1]}/128", "dev", "lo")
    ip("-6", "address", "del", f"{THERE[IPV6]}/128", "dev", "lo")
    ip("-6", "address", "add", TEREDO, "dev", "lo", "nodad")
    ip("-6", "route", "replace", "default", "dev", "lo")
    alone = sending_address(IPV6)
    ip("-6", "address", "add", f"{HERE[IPV6][0]}/128", "dev", "lo", "nodad")
    return {"alone": alone, "beside": sending_address(IPV6)}


async def everything() -> dict[str, Any]:
    """All that is tried."""
    ip("link", "set", "lo", "up")
    for family in BOTH:
        for host in (*HERE[family], THERE[family]):
            ip("address", "add", f"{host}/{8 * family.ip_length}", "dev", "lo", *(["nodad"] if family is IPV6 else []))
    async with asyncio.timeout(PATIENCE):
        return {
            "both": await with_families(IPV4, IPV6),
            "IPv4": await with_families(IPV4),
            "IPv6": await with_families(IPV6),
            "changes": await that_change(),
            "comes": await comes_later(),
            "home": await at_home(),
            "teredo": teredo(),
        }


if __name__ == "__main__":
    json.dump(asyncio.run(everything()), sys.stdout)
