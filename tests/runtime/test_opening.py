"""A node on the network or on a testnet of its own: what can't be started, and what is told."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from pathlib import Path

import pytest
from support.apart import PATIENCE

from dhtui.app.opening import _explorer
from dhtui.engine import testnet
from dhtui.engine.testnet import ONLY, Testnet
from dhtui.errors import Failure
from dhtui.options.options import Options
from dhtui.runtime import launch
from dhtui.runtime.node_run import NodeRun
from dhtui.runtime.opening import on_network, on_testnet
from dhtui.text.runs.running import one_address_words


async def test_a_testnet_on_one_address_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testnet, "Testnet", partial(Testnet, bind=lambda host: False))
    start, told = launch.prepare(Options(testnet=4), serving=True, keeping=False), list[str]()
    async with asyncio.timeout(PATIENCE), on_testnet(start, 4, told.append) as node:
        assert (await node.bootstrapped()).state == "done"
    assert told == [one_address_words(ONLY)]


async def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        listen = taken.getsockname()
        start = launch.prepare(Options(state_dir=tmp_path, listen=(listen,)), serving=False, keeping=False)
        with pytest.raises(Failure, match=rf"^cannot bind 127\.0\.0\.1:{listen[1]}: address in use$"):
            async with on_network(start):
                pass


async def test_what_dies_beside_a_node_is_told_and_the_node_runs_on(tmp_path: Path) -> None:
    start = launch.prepare(
        Options(state_dir=tmp_path, listen=(("127.0.0.1", 0),), bnodes="no"), serving=False, keeping=False
    )
    told, warned = list[str](), asyncio.Event()

    def warn(text: str) -> None:
        told.append(text)
        warned.set()

    def save(node: object) -> str:
        raise RuntimeError("broken")

    async with asyncio.timeout(PATIENCE), on_network(start) as node:
        run = NodeRun(node, warn, keep_folder=None, save=save)
        run.save_regularly()
        await warned.wait()
        assert told[0].startswith("saving id and nodes has failed, the run goes on: RuntimeError: broken")
        assert run.background.failed and run.keeper is None and node.address[0] == "127.0.0.1"
        await run.close()


async def test_the_node_that_returns_to_the_network_is_the_one_that_left_it(tmp_path: Path) -> None:
    """With its id, also where the state folder was empty as the program began."""
    options = Options(state_dir=tmp_path, listen=(("127.0.0.1", 0),), bnodes=("127.0.0.1:9",))
    ids = []
    with launch.prepare(options, serving=True, keeping=True) as start:
        host = _explorer(options, start).host
        async with asyncio.timeout(PATIENCE):
            for _ in range(2):
                await host.start()
                assert host.node is not None
                ids.append(host.node.id)
                await host.stop()
    assert ids[0] == ids[1]
