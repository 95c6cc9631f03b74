"""Every screen in every state that the engine can be in, and every key of it pressed there."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from engine.network import Network, naming, polite, silent
from rich.cells import cell_len

from dhtui.app import Explorer
from dhtui.bindings.registry import ALWAYS, VIEWS
from dhtui.engine.items import Draft, ImmutableItem
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.lookup.questions import FindPeers
from dhtui.engine.node import Node
from dhtui.engine.operations.requests import Ask
from dhtui.engine.settings import PUBLIC_BOOTSTRAP, NodeConfig
from dhtui.engine.views.snapshot import Snapshot
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.ids import random_id_with_prefix
from dhtui.engine.wire.krpc import AnnouncePeer, FindNode, Get, GetPeers, Ping, Put, Response, encode_query
from dhtui.runtime.host import Nodes
from dhtui.sources.replay import Replay
from dhtui.widgets.line_table import LineTable

from . import snapshots
from .stage import LARGE, SMALL, PaperNode, Stage
from .walk import all_keys_of, drain, keys_of, nothing_fails, printable, return_to, tap, work_ends
from .wired import WiredNode, on

OWN = bytes.fromhex("2d7c4e219f10aa55c3d2e1f00f1e2d3c4b5a6978")
TARGET = bytes.fromhex("4f1a9d3377c0aa55c3d2e1f00f1e2d3c4b5a6978")
RECORDING = Path(__file__).parents[2] / "assets" / "demo.jsonl.gz"
SENTENCE = re.compile(r"[A-Za-z][\w']*(?:,? [\w'(]+){3}")
"""Four words in a row."""
BUSIEST = "200 nodes"
"""Here every key is pressed; elsewhere those of the screen alone."""
FLOOD = 500
"""Packets a tick: at ten ticks a second 5000."""


# ---- nodes ----------------------------------------------------------------------------------------------


def lonely(why: str = "") -> WiredNode:
    """A node that asks its bootstrap hosts: they have no address, or they don't answer."""
    net = Network()
    for name in PUBLIC_BOOTSTRAP:
        net.names[name] = why or (net.puppet(silent).addr,)
    core = net.core("198.51.100.7", hosts=PUBLIC_BOOTSTRAP, read_only=None)
    core.bootstrap(net.now)
    net.after(core)
    net.run(20.0 if why else 0.4)
    return WiredNode(net, core)


def joined(nodes: int) -> WiredNode:
    """A node that has met so many others, spread over its buckets."""
    net = Network()
    core = net.core("198.51.100.7", id=OWN, external=("198.51.100.7", 6881))
    ids = [random_id_with_prefix(OWN, n // 8, net.rng) for n in range(nodes)]
    known = [net.puppet(polite if n % 7 else silent, node_id=node_id) for n, node_id in enumerate(ids)]
    for puppet in known[1:]:
        puppet.answer = naming(*(other.info for other in known[:8]))
    net.meet(core, *known)
    return WiredNode(net, core)


async def work(node: WiredNode) -> None:
    """Some of all that a node does: lookups that ended and one that runs, items, peers, errors."""
    net, core = node.net, node._core
    await node.find_node(OWN)
    await node.get_peers(TARGET)
    await node.announce_peer(TARGET, 6881)
    await node.put(ImmutableItem(encode(b"hello world")))
    await node.put(Draft(encode({b"ih": TARGET, b"n": [1, [], {}]}), BEP44_TEST_KEY, b"salt"))
    stranger = net.puppet()
    for args in (Ping(stranger.id), FindNode(stranger.id, TARGET), GetPeers(stranger.id, TARGET)):
        stranger.query(core, args)
    stranger.query(core, Get(stranger.id, ImmutableItem(encode(b"kept")).target))
    net.run(0.1)
    given = stranger.replies[-1]
    assert isinstance(given, Response) and given.token is not None
    token = given.token
    stranger.query(core, AnnouncePeer(stranger.id, TARGET, 51413, token))
    stranger.query(core, Put(stranger.id, token, encode(b"kept")))
    for data in (b"d0:0:-5:", b"d1:q1:x1:t1:a1:y1:qe", b"\x00" * 1200):
        node.hears(data, stranger.addr)
    net.run(0.1)
    core.start(Ask(FindPeers(OWN[::-1])), lambda outcome, now: None, net.now)
    net.after(core)
    net.run(0.01)


# ---- states ---------------------------------------------------------------------------------------------


class Scene(Stage):
    """An explorer in one state."""

    def stir(self) -> None:
        """Lets happen what happens all the time in it: nothing, in most states."""


State = Callable[[Path, tuple[int, int]], AbstractAsyncContextManager[Scene]]
"""Takes the folder of the keys and the size of the window."""


@asynccontextmanager
async def running(
    app: Explorer, size: tuple[int, int], scene: type[Scene] = Scene, but: str = "\n"
) -> AsyncIterator[Scene]:
    """The explorer; it must not fail, see `nothing_fails`."""
    async with app.run_test(size=size, notifications=True) as pilot:
        stage = scene(app, pilot, PaperNode(snapshots.starting()))
        await drain(stage)
        with nothing_fails(stage, but):
            yield stage


@asynccontextmanager
async def never() -> AsyncIterator[Node]:
    """A node that takes for ever to start."""
    await asyncio.Event().wait()
    raise AssertionError
    yield


@asynccontextmanager
async def starting(keys: Path, size: tuple[int, int]) -> AsyncIterator[Scene]:
    async with running(Explorer(Nodes(never, keys_folder=keys)), size) as stage:
        yield stage


def alone(why: str) -> State:
    """Nobody answers yet, or ever."""

    @asynccontextmanager
    async def state(keys: Path, size: tuple[int, int]) -> AsyncIterator[Scene]:
        async with running(Explorer(Nodes(on(lonely(why)), keys_folder=keys)), size) as stage:
            yield stage

    return state


def among(nodes: int) -> State:
    """At work in a network."""

    @asynccontextmanager
    async def state(keys: Path, size: tuple[int, int]) -> AsyncIterator[Scene]:
        node = joined(nodes)
        async with running(Explorer(Nodes(on(node), keys_folder=keys)), size) as stage:
            await work(node)
            yield stage

    return state


class Flooded(Scene):
    """Each time some node that nobody knew asks something: 500 of them, as in a tenth of a second."""

    strangers = 0

    def stir(self) -> None:
        node = self.app.host.node
        assert isinstance(node, WiredNode)
        node.net.now += FLOOD / 5000
        for _ in range(FLOOD):
            self.strangers += 1
            number = self.strangers.to_bytes(3, "big")
            query = FindNode(number + OWN[3:], TARGET) if self.strangers % 2 else GetPeers(number + OWN[3:], TARGET)
            node.hears(encode_query(number, query, False)[1], (f"60.{number[0]}.{number[1]}.{number[2]}", 6881))


@asynccontextmanager
async def flooded(keys: Path, size: tuple[int, int]) -> AsyncIterator[Scene]:
    """At work, and asked 5000 times a second."""
    node = joined(200)
    async with running(Explorer(Nodes(on(node), keys_folder=keys)), size, Flooded) as stage:
        await work(node)
        yield stage


@asynccontextmanager
async def recorded(keys: Path, size: tuple[int, int]) -> AsyncIterator[Scene]:
    async with running(Explorer(replay=Replay.load(RECORDING)), size) as stage:
        source = stage.app.feed.player
        assert source is not None
        source.seek(21.3)
        yield stage


@asynccontextmanager
async def leaving(keys: Path, size: tuple[int, int]) -> AsyncIterator[Scene]:
    """The node was closed for another one, which takes its time."""
    node = joined(5)
    async with running(Explorer(Nodes(on(node), other=never, keys_folder=keys)), size) as stage:
        await work(node)
        await tap(stage, "T")
        await work_ends(stage)
        await tap(stage, "2")
        assert stage.app.feed.source is None
        yield stage


@asynccontextmanager
async def broken(keys: Path, size: tuple[int, int]) -> AsyncIterator[Scene]:
    """The node runs, and gives no account of itself."""
    node = joined(5)
    async with running(Explorer(Nodes(on(node), keys_folder=keys)), size, but=WRONG) as stage:
        await work(node)
        node.snapshot = fails  # type: ignore[method-assign]
        yield stage


WRONG = "something in it is wrong"


def fails() -> Snapshot:
    raise RuntimeError(WRONG)


STATES: dict[str, State] = {
    "starting": starting,
    "no network": alone("its name can't be resolved: Temporary failure in name resolution"),
    "bootstrapping": alone(""),
    "5 nodes": among(5),
    "200 nodes": among(200),
    "5000 packets/s": flooded,
    "replay": recorded,
    "node gone": leaving,
    "node broken": broken,
}


# ---- every screen in every state --------------------------------------------------------------------------


def is_whole(stage: Stage, size: tuple[int, int]) -> None:
    """The lines around the screen are complete, all fits, and something is said between them."""
    lines, view = stage.lines(), stage.screen.view
    first, last = ALWAYS
    assert len(lines) == size[1]
    assert all(cell_len(line) <= size[0] for line in lines)
    assert printable("".join(lines))
    assert "dhtui" in lines[0]
    assert f"[{view.shown} {view.title}]" in lines[1]
    assert lines[-1].startswith(f" {first.key} {first.label} ")
    assert lines[-1].rstrip().endswith(f" {last.key} {last.label}")
    body = "\n".join(lines[2:-1])
    listed = any(table.model.rows for table in stage.screen.query(LineTable) if table.display)
    assert listed or SENTENCE.search(body), f"{view.name} says nothing:\n{body}"


async def look(stage: Scene, size: tuple[int, int]) -> None:
    """Looks at a screen for two moments."""
    for _ in range(2):
        stage.stir()
        stage.screen.tick()
        await drain(stage)
    is_whole(stage, size)


@pytest.mark.parametrize("name", STATES)
async def test_every_screen_and_every_key_of_it_works(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with STATES[name](tmp_path / "keys", SMALL) as stage:
        for view in VIEWS:
            await tap(stage, view.key)
            assert stage.screen.view is view
            await return_to(stage, view)
            stage.app.clear_notifications()
            await look(stage, SMALL)
            for key in all_keys_of(view) if name == BUSIEST else keys_of(view.actions):
                await tap(stage, key)
                await return_to(stage, view)
            stage.app.clear_notifications()
            await look(stage, SMALL)


@pytest.mark.parametrize("name", ["starting", BUSIEST])
async def test_every_screen_works_in_a_large_window(name: str, tmp_path: Path) -> None:
    async with STATES[name](tmp_path / "keys", LARGE) as stage:
        for view in VIEWS:
            await tap(stage, view.key)
            await return_to(stage, view)
            await look(stage, LARGE)


async def test_without_a_socket_there_is_no_explorer_but_a_sentence() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        app = Explorer(Nodes(lambda: Node(NodeConfig(listen=taken.getsockname()))))
        async with app.run_test(size=SMALL) as pilot:
            await pilot._wait_for_screen()
    assert (app.return_code, app.failure) == (1, "cannot start the node: Address already in use")


async def test_who_quits_while_the_node_starts_does_not_wait_for_it() -> None:
    app = Explorer(Nodes(never))
    async with app.run_test(size=SMALL) as pilot:
        stage = Stage(app, pilot, PaperNode(snapshots.starting()))
        await tap(stage, "q")
    assert app.return_code == 0
