"""Makes the recording that the pictures and the goldens show, and the pictures.

    python tests/demo.py            # assets/demo.jsonl.gz and assets/*.svg, the same ones every time
    python tests/demo.py pictures   # the pictures of the recording that is there

A node joins a network of 300 others in virtual time, with the internet's round trips, one packet in fifty lost and
a fifth of its nodes gone, and does what people do: it looks up peers, announces itself, puts an item and updates it.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha1
from pathlib import Path
from random import Random

from engine.network import Network

from dhtui.app import Explorer
from dhtui.bindings.registry import VIEWS
from dhtui.engine.core import Core
from dhtui.engine.items import Draft, ImmutableItem
from dhtui.engine.keys import PrivateKey
from dhtui.engine.lookup.policy import OURS
from dhtui.engine.lookup.questions import FindClosest, FindPeers, GetItem
from dhtui.engine.operations.requests import Announce, Ask, Request, Store
from dhtui.engine.views.events import Event
from dhtui.engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.ids import bep42_id
from dhtui.packets.ring import PacketRing
from dhtui.sources.event_ring import EventRing
from dhtui.sources.recording import Recorder
from dhtui.sources.replay import Replay

ASSETS = Path(__file__).parent.parent / "assets"
RECORDING = ASSETS / "demo.jsonl.gz"
SIZE = (160, 45)
PRESSED = {"lookup": ("j",)}
"""Keys that show what a picture is of: the lookup that found the newest value."""
NODES = 300
STARTED = 1_790_000_000.0
"""The unix time at which the recording says that it was made."""
STEP = 0.1
INFOHASH = sha1(b"debian-13.iso", usedforsecurity=False).digest()
KEY = PrivateKey.from_seed(bytes(range(32)))


class CoreSource:
    """A core on a virtual network, as a recorder reads it."""

    def __init__(self, core: Core, net: Network) -> None:
        self.packets, self.events = PacketRing(), EventRing()
        self._core, self._net = core, net
        core.listen(self.packets.hear)
        core.listen(self.events.hear)

    def snapshot(self) -> Snapshot:
        return self._core.snapshot(self._net.now)

    def lookup(self, number: int) -> LookupDetail | None:
        return self._core.lookup(number, self._net.now)

    def contact(self, addr: Addr) -> ContactDetail | None:
        return self._core._table.detail(addr, self._net.now)

    def holdings(self) -> Holdings:
        return self._core.holdings(self._net.now)

    def clock(self) -> float:
        return self._net.now

    def wall(self, at: float) -> float:
        return STARTED + at

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        return self._core.listen(listener)


def _town(net: Network) -> list[Core]:
    """A network that has been there for a while: some know each other, some are gone."""
    rng = Random(7)
    cores: list[Core] = []
    for _ in range(NODES):
        hosts = tuple("{}:{}".format(*core.identity.bound) for core in cores[:3])
        ip = f"{rng.randrange(11, 126)}.{rng.randrange(1, 255)}.{rng.randrange(1, 255)}.{rng.randrange(1, 255)}"
        node_id = bep42_id(ip, rng) if rng.random() < 0.8 else rng.randbytes(20)
        port = rng.choice((6881, 6881, 51413, rng.randrange(1024, 65536)))
        cores.append(net.core(ip, port=port, hosts=hosts, id=node_id, external=(ip, port), maintain=False))
        if hosts:
            net.bootstrap(cores[-1])
    for core in cores:
        net.find_node(core, core.id)
    for core in rng.sample(cores, 6):
        net.announce(core, INFOHASH, 6881)
    for core in cores:
        net.slow[core.identity.bound] = min(1.2, rng.lognormvariate(-2.6, 0.7))
    for core in rng.sample(cores[3:], NODES // 5):
        net.kill(core)
    return [core for core in cores if core.identity.bound not in net.dead]


def record(path: Path) -> None:
    """Write the recording."""
    net = Network(seed=3, latency=0.004, spread=0.03)
    net.recording = False
    town = _town(net)
    net.loss = 0.02
    hosts = tuple("{}:{}".format(*core.identity.bound) for core in town[:3])
    # In a town this small a survey would meet everybody, and leave lookups nothing to find.
    us = net.core("203.0.113.7", hosts=hosts, read_only=None, policy=replace(OURS, survey=0))
    source = CoreSource(us, net)
    path.unlink(missing_ok=True)
    recorder = Recorder(path, source, print)

    def wait(seconds: float) -> None:
        for _ in range(round(seconds / STEP)):
            net.run(STEP)
            recorder.tick(net.now)

    def do(request: Request, seconds: float = 2.5) -> None:
        us.start(request, lambda outcome, now: None, net.now)
        net.after(us)
        wait(seconds)

    us.bootstrap(net.now)
    net.after(us)
    wait(4)
    do(Ask(FindPeers(INFOHASH)))
    do(Announce(INFOHASH, 0))
    do(Store(ImmutableItem(encode(b"Hello World!"))))
    for text in (b"first words", b"second thoughts"):
        do(Store(Draft(encode(text), KEY, b"news")))
    for i, core in enumerate(town[10:50]):
        target = Random(i).randbytes(20) if i % 4 else us.id
        core.start(Ask(GetItem(target) if i % 3 else FindPeers(target)), lambda outcome, now: None, net.now)
        net.after(core)
        if i % 8 == 0:
            core.start(Announce(us.id[:19] + bytes((i,)), 6881), lambda outcome, now: None, net.now)
            core.start(Store(Draft(encode(b"note %d" % i), KEY, us.id[:8])), lambda outcome, now: None, net.now)
            net.after(core)
        wait(0.3)
    do(Ask(GetItem(Draft(b"", KEY, b"news").target, b"news")))
    do(Ask(FindClosest(Random(5).randbytes(20))), 0.6)
    recorder.close()


async def _pictures(replay: Replay) -> None:
    app = Explorer(replay=replay)
    async with app.run_test(size=SIZE) as pilot:
        source = app.feed.player
        assert source is not None
        source.pause()
        source.seek(source.duration)
        for view in VIEWS:
            for key in (view.key, *PRESSED.get(view.name, ())):
                await pilot.press(key)
                await pilot.pause()
                await app.workers.wait_for_complete()
                await pilot.pause()
            picture = app.export_screenshot(title=f"dhtui: {view.title}", simplify=True)
            # The fonts of whoever looks at it have to do: a picture loads nothing from elsewhere.
            picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.S)
            (ASSETS / f"{view.name}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] != ["pictures"]:
        record(RECORDING)
    asyncio.run(_pictures(Replay.load(RECORDING)))
