"""A node that is the same one the next time: `NodeConfig.state`, and the folder that keeps it."""

from __future__ import annotations

import asyncio
import json
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from support.apart import PATIENCE, ROOT, run_apart

from dhtui import Node, NodeConfig, NodeError, NodeInfo, SavedState, Settings, StateError, StateFolder, Testnet
from dhtui.engine import node as node_module

pytestmark = pytest.mark.asyncio(loop_scope="module")

ID = bytes(range(20))
SAVED = SavedState(ID, None, (NodeInfo(bytes(20), ("127.0.0.1", 9)),))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def net() -> AsyncIterator[Testnet]:
    async with asyncio.timeout(PATIENCE), Testnet(8) as net:
        yield net


class Memory:
    """A state that is kept in memory, and what was done with it."""

    def __init__(self, saved: SavedState | None = None, problem: Exception | None = None) -> None:
        self.saved, self.problem = saved, problem
        self.done: list[str] = []
        self.second = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def open(self) -> SavedState | None:
        self.done.append("open")
        return self.saved

    def save(self, state: SavedState, /) -> None:
        self.done.append("save")
        if self.done.count("save") == 2:
            self._loop.call_soon_threadsafe(self.second.set)
        if self.problem is not None:
            raise self.problem
        self.saved = state

    def close(self) -> None:
        self.done.append("close")


def alone(state: object, **more: object) -> Node:
    """A node that knows nobody."""
    return Node(NodeConfig(listen=("127.0.0.1", 0), state=state, **more))  # type: ignore[arg-type]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ---- the node --------------------------------------------------------------------------------------------


async def test_a_node_is_the_same_the_next_time(net: Testnet, tmp_path: Path) -> None:
    """The same id, and it knows the nodes that it knew without any bootstrap host."""
    folder = tmp_path / "a" / "crawler"
    async with asyncio.timeout(PATIENCE):
        async with net.node(state=StateFolder(folder)) as node:
            await node.bootstrapped()
            own = node.id
        async with alone(StateFolder(str(folder))) as node:
            assert node.id == own
            assert (await node.bootstrapped()).state == "done"
            assert (await node.get_peers(net.infohashes[0])).peers


async def test_the_folder_is_for_its_owner_alone(net: Testnet, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    async with net.node(state=StateFolder(folder)) as node:
        await node.bootstrapped()
    assert mode(folder) == 0o700 and mode(folder / "node.json") == 0o600


async def test_it_is_saved_while_the_node_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end may be a kill."""
    monkeypatch.setattr(node_module, "SAVE_SECONDS", 0.0)
    memory = Memory()
    async with asyncio.timeout(PATIENCE), alone(memory) as node:
        await memory.second.wait()
        assert memory.saved is not None and memory.saved.id == node.id
        assert "close" not in memory.done
    assert memory.done[0] == "open" and memory.done[-2:] == ["save", "close"]


async def test_a_save_that_fails_is_told_once_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the node runs, by the event loop's exception handler; at its end it is raised, and all is released."""
    monkeypatch.setattr(node_module, "SAVE_SECONDS", 0.0)
    memory = Memory(problem=OSError(28, "No space left on device"))
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
    try:
        async with asyncio.timeout(PATIENCE):
            node = await alone(memory).start()
            await memory.second.wait()
            with pytest.raises(OSError, match="No space"):
                await node.close()
    finally:
        asyncio.get_running_loop().set_exception_handler(None)
    assert told == ["the state of a node could not be saved"]
    assert memory.done[-1] == "close"
    await node.close()


async def test_what_went_wrong_before_is_what_is_raised() -> None:
    told: list[BaseException] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))
    try:
        with pytest.raises(KeyError):
            async with asyncio.timeout(PATIENCE), alone(Memory(problem=OSError(28, "No space left on device"))):
                raise KeyError
    finally:
        asyncio.get_running_loop().set_exception_handler(None)
    assert [type(each) for each in told][-1] is OSError


async def test_a_port_that_is_taken_leaves_the_state_to_others() -> None:
    memory = Memory()
    async with Node(NodeConfig(listen=("127.0.0.1", 0))) as other:
        with pytest.raises(OSError, match="in use"):
            await Node(NodeConfig(listen=other.address, state=memory)).start()
    assert memory.done == ["open", "close"]


async def test_a_fixed_id_wins() -> None:
    memory = Memory(SAVED)
    async with alone(memory, settings=Settings(id=bytes(20))) as node:
        assert node.id == bytes(20)


@pytest.mark.parametrize("wrong", ["~/state", Path("state"), object()], ids=["text", "path", "object"])
async def test_a_state_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=rf"state must be a StateFolder, .*, not {type(wrong).__name__}$"):
        alone(wrong)


async def test_two_sources_of_state_are_refused() -> None:
    with pytest.raises(ValueError, match=r"settings\.saved"):
        alone(Memory(), settings=Settings(saved=SAVED))


async def test_start_and_close_without_a_context(net: Testnet) -> None:
    node = net.node()
    assert repr(node) == "<Node, not started>"
    await node.close()
    assert await node.start() is node
    assert repr(node) == "<Node 127.0.0.1:%d running, id %s>" % (node.address[1], node.id.hex())
    assert (await node.find_node(node.id)).ok
    await node.close()
    await node.close()
    assert " closed, id " in repr(node)
    with pytest.raises(NodeError, match="runs once"):
        await node.start()


async def test_settings_are_shown_without_secrets_and_in_short() -> None:
    nodes = (NodeInfo(bytes(20), ("127.0.0.1", 9)),) * 2000
    shown = repr(NodeConfig(settings=Settings(token_secret=b"hush", saved=replace(SAVED, nodes=nodes))))
    assert "hush" not in shown and "token_secret" not in shown
    assert f"<SavedState of id {ID.hex()}, 2000 nodes>" in shown and len(shown) < 2000


# ---- the folder ------------------------------------------------------------------------------------------


async def test_two_nodes_never_share_a_folder(tmp_path: Path) -> None:
    """Nor two processes: the second says so, and the first goes on."""
    program = f"""
from dhtui import StateError, StateFolder
try:
    StateFolder({str(tmp_path)!r}).open()
except StateError as error:
    print(error)
"""
    async with alone(StateFolder(tmp_path)):
        with pytest.raises(StateError, match="Another node uses the state folder"):
            await alone(StateFolder(tmp_path)).start()
        assert "Another node uses" in run_apart(program, tmp_path)
    assert run_apart(program, tmp_path) == ""
    async with alone(StateFolder(tmp_path)):
        pass


async def test_a_killed_process_leaves_its_folder_to_the_next(tmp_path: Path) -> None:
    program = f"""
from dhtui import StateFolder
StateFolder({str(tmp_path)!r}).open()
print("held", flush=True)
import time
time.sleep(600)
"""
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=subprocess.PIPE, cwd=ROOT)
    async with asyncio.timeout(PATIENCE):
        assert other.stdout is not None and await other.stdout.readline() == b"held\n"
        other.kill()
        await other.wait()
    async with alone(StateFolder(tmp_path)) as node:
        assert node.id


async def test_one_that_met_nobody_keeps_whom_it_knew(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    assert folder.open() is None
    folder.save(SAVED)
    folder.close()
    again = StateFolder(tmp_path)
    assert again.open() == SAVED
    again.save(replace(SAVED, id=bytes(20), nodes=()))
    again.close()
    assert StateFolder(tmp_path).open() == replace(SAVED, id=bytes(20))


async def test_a_closed_folder_is_not_written(tmp_path: Path) -> None:
    """It may be another node's by then."""
    folder = StateFolder(tmp_path)
    folder.open()
    folder.close()
    folder.close()
    folder.save(SAVED)
    assert not (tmp_path / "node.json").exists()


async def test_a_damaged_state_is_set_aside_and_told(tmp_path: Path) -> None:
    (tmp_path / "node.json").write_text("{")
    folder = StateFolder(tmp_path)
    assert folder.open() is None
    assert "damaged" in folder.warnings[0] and (tmp_path / "node.json.damaged-1").read_text() == "{"


async def test_a_state_of_a_later_version_stops_the_start(tmp_path: Path) -> None:
    """It is left as it is, and the lock is let go."""
    text = json.dumps({"version": 99})
    (tmp_path / "node.json").write_text(text)
    for _ in range(2):
        with pytest.raises(StateError, match="later version"):
            await alone(StateFolder(tmp_path)).start()
    assert (tmp_path / "node.json").read_text() == text


async def test_a_folder_that_can_be_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="Cannot use the state folder"):
        await alone(StateFolder(tmp_path / "file")).start()


async def test_the_home_folder_has_its_short_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert StateFolder("~/crawler").path == tmp_path / "crawler"
    assert repr(StateFolder("~/crawler")) == f"StateFolder('{tmp_path}/crawler')"
