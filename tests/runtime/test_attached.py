"""The explorer's host: its own node can be attached to; and the node of another program, which comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from support.apart import PATIENCE

from dhtui import ControlSocket, Node, NodeConfig
from dhtui.attach.connect import attached
from dhtui.attach.source import AttachedSource
from dhtui.errors import Exit, Failure
from dhtui.options.options import Options
from dhtui.runtime import host as hosts
from dhtui.runtime.host import NodeHost, Nodes
from dhtui.runtime.opening import at_socket, socket_of

CONFIG = NodeConfig(listen=("127.0.0.1", 0))


@pytest.fixture
def path() -> Iterator[Path]:
    """Of a socket: a short one."""
    with TemporaryDirectory() as folder:
        yield Path(folder) / "node.sock"


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110  (there is no event for it)
            await asyncio.sleep(0.01)


async def test_the_node_of_an_explorer_can_be_attached_to(path: Path) -> None:
    host = NodeHost(Nodes(own=partial(Node, CONFIG), control=path))
    await host.start()
    await until(path.exists)
    async with attached(path, "all") as far:
        assert host.node is not None and far.id == host.node.id
        await host.stop()
        await far.gone.wait()
    assert not path.exists()  # noqa: ASYNC240


@pytest.mark.parametrize("quiet", [False, True])
async def test_one_that_can_t_be_runs_all_the_same_and_says_so(path: Path, quiet: bool) -> None:
    told: list[str] = []
    async with Node(CONFIG, control=ControlSocket(path)):
        host = NodeHost(Nodes(own=partial(Node, CONFIG), control=path, quiet=quiet), told.append)
        await host.start()
        await until(lambda: quiet or told)
        assert host.node is not None
        await host.stop()
    assert [text.partition(":")[0] for text in told] == ([] if quiet else ["Nobody can attach to this node"])


async def test_a_node_that_comes_back_is_attached_to_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "RETRY_SECONDS", 0.01)
    told: list[str] = []
    shown: list[Any] = []
    host = NodeHost(Nodes(own=partial(attached, path, "all"), attached=True), told.append, shown.append)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(Failure, match="no socket is there") as failed:
            await host.start()
        assert failed.value.code is Exit.NO_ANSWER
        async with Node(CONFIG, control=ControlSocket(path)) as first:
            await host.start()
            assert isinstance(shown[-1], AttachedSource) and shown[-1].snapshot().identity.id == first.id
        await until(lambda: shown[-1] is None)
        assert told == ["There is nothing to attach to any more: the node has ended."]
        assert host.state == ("the node has ended: waiting for it to come back", True) and host.run is None
        async with Node(CONFIG, control=ControlSocket(path)) as second:
            await until(lambda: shown[-1] is not None)
            assert shown[-1].snapshot().identity.id == second.id and host.run is not None
            await host.stop()
            assert (await second.bootstrapped()).state, "it goes on"
    assert host.run is None and shown[-1] is None


def test_where_the_socket_is(tmp_path: Path, path: Path) -> None:
    own = socket_of(Options(state_dir=path.parent))
    assert own == path.with_name("control.sock")
    assert socket_of(Options(state_dir=path.parent, attach=path)) == path


async def test_a_node_that_ends_meanwhile_is_said_in_one_line(path: Path) -> None:
    async with Node(CONFIG, control=ControlSocket(path)) as node:
        with pytest.raises(Failure, match=r"^--attach '.*node\.sock': the node has ended$") as failed:
            async with at_socket(Options(attach=path), "status") as far:
                await node.close()
                await far.find_node(b"t" * 20)
    assert failed.value.code is Exit.NO_ANSWER
