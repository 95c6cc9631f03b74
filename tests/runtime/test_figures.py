"""The figures of the explorer's node are told while it runs, also after it was left for a testnet and came back."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.apart import PATIENCE

from dhtui.engine.items import sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig
from dhtui.errors import Failure
from dhtui.items.keepalive import Keeper
from dhtui.options.options import Options
from dhtui.runtime.figures import kept, tell_figures
from dhtui.runtime.host import NodeHost, Nodes
from dhtui.runtime.metrics.families import Kept
from dhtui.runtime.node_run import NodeRun

LOOPBACK = ("127.0.0.1", 0)


def node() -> AbstractAsyncContextManager[Node]:
    return Node(NodeConfig(listen=LOOPBACK))


async def fetched(where: str) -> str:
    host, _, port = where.rpartition(":")
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /metrics HTTP/1.1\r\n\r\n")
        told = (await reader.read()).decode()
        writer.close()
    return told


async def test_the_figures_are_told_as_long_as_the_node_runs() -> None:
    warnings: list[str] = []
    places: list[str] = []

    def begun(run: NodeRun) -> None:
        where = tell_figures(run, Options(metrics=LOOPBACK), warnings.append)
        assert where is not None
        places.append(where)

    host = NodeHost(Nodes(own=node, other=node, begun=begun))
    await host.start()
    assert "dhtui_uptime_seconds" in await fetched(places[0])
    await host.stop()
    with pytest.raises(ConnectionRefusedError):
        await fetched(places[0])
    await host.start(testnet=True)
    assert len(places) == 1, "of a testnet that the explorer goes to for a while nothing is told"
    await host.stop()
    await host.start()
    assert "dhtui_uptime_seconds" in await fetched(places[1])
    await host.stop()
    assert not warnings


async def test_a_port_that_is_taken_keeps_the_explorer_from_starting_where_the_command_line_names_it() -> None:
    async with asyncio.timeout(PATIENCE):
        server = await asyncio.start_server(lambda reader, writer: None, *LOOPBACK)
    taken = server.sockets[0].getsockname()
    warnings: list[str] = []
    asked = Options(metrics=taken, given=frozenset({"metrics"}))
    with pytest.raises(Failure, match="--metrics: cannot bind"):
        await NodeHost(Nodes(own=node, begun=partial(tell_figures, options=asked, warn=warnings.append))).start()
    host = NodeHost(Nodes(own=node, begun=partial(tell_figures, options=Options(metrics=taken), warn=warnings.append)))
    await host.start()
    await host.stop()
    assert len(warnings) == 1 and "cannot bind" in warnings[0]
    server.close()


async def test_beyond_loopback_it_is_said_that_others_can_read_them() -> None:
    warnings: list[str] = []
    async with node() as running:
        run = NodeRun(running, warnings.append, keep_folder=None, save=None)
        assert tell_figures(run, Options(metrics=("0.0.0.0", 0)), warnings.append) is not None
        assert tell_figures(run, Options(), warnings.append) is None
        await run.close()
    assert warnings == ["--metrics: whoever reaches this machine can read the figures of this node"]


async def test_records_that_a_run_publishes_are_counted_as_kept_items(tmp_path: Path) -> None:
    """And not those of the list, which such a run does not look after."""
    items = [sign(BEP44_TEST_KEY, b"1:x", 1, salt) for salt in (b"a", b"b", b"c")]
    async with node() as running:
        run = NodeRun(running, pytest.fail, keep_folder=tmp_path, save=None)
        where = tell_figures(run, Options(metrics=LOOPBACK), pytest.fail)
        assert where is not None and run.keeper is not None
        await run.keeper.add(items[0], put=True)
        assert await states(where) == {"fresh": 0, "failed": 0, "waiting": 1, "paused": 0}
        run.records = Keeper(running, None)
        await run.records.add_spread((item, True) for item in items)
        await run.records.check(items[1].target)  # nobody is there to hold it
        await run.records.pause(items[2].target, True)
        assert kept(run.kept) == Kept(failed=1, waiting=1, paused=1)
        where = tell_figures(run, Options(metrics=LOOPBACK), pytest.fail)  # the first one tells what is a second old
        assert where is not None
        assert await states(where) == {"fresh": 0, "failed": 1, "waiting": 1, "paused": 1}
        await run.close()


async def states(where: str) -> dict[str, float]:
    """How the kept items do, as Prometheus reads it."""
    body = (await fetched(where)).partition("\r\n\r\n")[2]
    metrics = {each.name: each for each in text_string_to_metric_families(body)}
    return {sample.labels["state"]: sample.value for sample in metrics["dhtui_kept_items"].samples}
