"""At --deadline, and at Ctrl+C, nothing that is known is lost: what was found, each node, each item that was done."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.apart import PATIENCE

from dhtui.actions import run as actions
from dhtui.cli import main
from dhtui.engine.items import Draft, ImmutableItem, Item, MutableItem, sign
from dhtui.engine.keys import BEP44_TEST_KEY as KEY
from dhtui.engine.node import Node
from dhtui.engine.operations.limit import Limit
from dhtui.engine.outcome import Outcome, Status
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.views.events import Event, QueryFinished
from dhtui.engine.wire.compact import Addr
from dhtui.errors import Exit
from dhtui.items.keepalive import Keeper
from dhtui.text.actions.items import read_back_words

QUIET = NodeConfig(listen=("127.0.0.1", 0), settings=Settings(query_timeout=60.0, read_only=False))


@contextmanager
def silent_addr() -> Iterator[Addr]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        yield mute.getsockname()


async def test_each_node_is_told_as_far_as_it_is_known() -> None:
    item = ImmutableItem(b"5:hello")
    with silent_addr() as mute:
        async with Node(QUIET) as other, Node(QUIET) as node:
            await node.put(item, remotes=[other.address])
            answered = asyncio.Event()

            def hear(event: Event) -> None:
                if isinstance(event, QueryFinished) and event.method == "get" and event.addr == other.address:
                    answered.set()

            node.subscribe(hear)
            limit = Limit()
            with limit.applied():
                work = asyncio.create_task(node.get(item.target, remotes=[mute, other.address]))
            async with asyncio.timeout(PATIENCE):
                await answered.wait()
            limit.expire()
            outcome = await work
    assert [one.status for one in outcome.asked] == [Status.CANCELLED, Status.VALUE]
    assert (outcome.item, outcome.complete, limit.cut) == (item, False, True)
    assert (outcome.answered, outcome.timed_out, outcome.cancelled) == (1, 0, 1)


async def test_a_bootstrap_that_is_given_up_says_why() -> None:
    with silent_addr() as mute:
        async with Node(replace(QUIET, bootstrap=("%s:%d" % mute,))) as node:
            limit = Limit()
            limit.expire()
            with limit.applied():
                result = await actions.bootstrap(node)
    assert (result.ok, result.summary) == (False, "the way into the network was not found by then")


async def test_what_is_asked_for_after_the_moment_ends_at_once_and_sends_nothing() -> None:
    with silent_addr() as mute:
        async with Node(QUIET) as node:
            limit = Limit()
            limit.expire()
            with limit.applied():
                outcomes = [
                    await node.ping([mute]),
                    await node.find_node(bytes(20)),
                    await node.put(Draft(b"1:x", KEY), remotes=[mute]),
                    await node.announce_peer(bytes(20), 1),
                ]
                await node.bootstrapped()
            assert [(one.asked, one.writes, one.complete, one.item) for one in outcomes] == [((), (), False, None)] * 4
            assert node.snapshot().traffic.packets_out == 0 and node.holdings().announces == ()
            assert (await node.ping([node.address])).complete, "outside of the limit nothing has changed"


async def test_a_put_that_was_done_is_not_lost_with_its_reading_back() -> None:
    """The limit expires once the put is over: its outcome stands, and what was not read is not said to be missing."""
    async with Node(QUIET) as other, Node(QUIET) as node:
        limit = Limit()
        with limit.applied():
            result = await actions.put(node, Draft(b"1:x", KEY), remotes=[other.address])
            assert result.outcome is not None and result.outcome.stored == 1
            limit.expire()
            read = await actions.read_back(node, result.outcome)
    assert not read.ok and "given up before its end" in read_back_words(read)
    given = actions.given_up(result, "given up after 1 s (--deadline)")
    assert (given.ok, given.partial, given.outcome) == (False, True, result.outcome)


async def test_a_limit_does_not_blame_kept_items(tmp_path: Path) -> None:
    """Those that were done are told at once; the others stay as they were, and are due."""
    item, other = sign(KEY, b"3:one", 1, b"a"), sign(KEY, b"3:two", 1, b"b")
    limit = Limit()

    class FakeNode:
        async def republish(self, what: ImmutableItem | MutableItem, decide: object) -> Outcome:
            if what == other:
                limit.expire()
            return Outcome(action="put", target=what.target, asked=(), complete=not limit.expired)

    keeper = Keeper(FakeNode(), tmp_path)
    await keeper.add(item, put=False)
    await keeper.add(other, put=False)
    looked: list[Item] = []
    keeper.looked = lambda kept: looked.append(kept.item)
    done = await keeper.one_pass()
    assert looked == [one.item for one in done] == [item]
    assert [kept.last is None for kept in keeper.items] == [False, True]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


ACTIONS = {
    "get": ("--target", "ab" * 20),
    "get_peers": ("--target", "ab" * 20),
    "find_node": ("--target", "ab" * 20),
    "closest_stores": ("--target", "ab" * 20),
    "closest_peers": ("--target", "ab" * 20),
    "announce_peer": ("--target", "ab" * 20, "--annport", "1"),
    "put": ("--val", "x"),
    "ping": (),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_node_lines_and_a_result_come_at_the_deadline(
    action: str, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    with silent_addr() as mute:
        addr = "%s:%d" % mute
        argv = ["--do", action, *ACTIONS[action], "--remote", addr, "--listen", "127.0.0.1:0", "--qtimeout", "60s"]
        code = main([*argv, "--deadline", "0.2", "--json"])
    *lines, result = map(json.loads, capsys.readouterr().out.splitlines())
    nodes = [line for line in lines if line["type"] == "node"]
    assert {(line["addr"], line["status"]) for line in nodes} == {(addr, "cancelled")}
    assert (code, result["type"], result["ok"], result["complete"]) == (Exit.DEADLINE, "result", False, False)
    assert (result["asked"], result["answered"], result["timed_out"], result["cancelled"]) == (1, 0, 0, 1)
    assert result["summary"].startswith("given up after 0.2 s (--deadline): ")
