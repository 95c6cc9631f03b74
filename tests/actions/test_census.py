"""--do census: on a swarm of loopback nodes, stopped and gone on with, and what it refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dhtui.actions.census import FamilyCensus, census
from dhtui.actions.request import CensusOf
from dhtui.actions.run import Result
from dhtui.actions.spec import ACTIONS
from dhtui.cli import main
from dhtui.engine.node import Node
from dhtui.engine.operations.limit import Limit
from dhtui.engine.settings import NodeConfig
from dhtui.engine.testnet import Testnet
from dhtui.engine.views.events import Event, PacketReceived
from dhtui.engine.wire.krpc import Query, SampleInfohashes
from dhtui.errors import Failure
from dhtui.headless.census import json as as_json
from dhtui.headless.census import text
from dhtui.headless.text import Shown
from dhtui.options.options import Options
from dhtui.runtime.launch import prepare

FAST = 1000.0


def in_one(result: Result) -> FamilyCensus:
    """What was counted by a node of one family."""
    assert result.census is not None
    (found,) = result.census.families.values()
    return found


def render(result: Result) -> list[str]:
    return text(result, Shown()).out


def json_of(result: Result) -> list[dict[str, Any]]:
    return [*as_json(result)]


@pytest.fixture
async def net() -> AsyncIterator[Testnet]:
    async with Testnet(40) as net:
        yield net


@pytest.fixture
async def node(net: Testnet) -> AsyncIterator[Node]:
    async with Node(NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap)) as node:
        yield node


async def test_a_whole_swarm_is_counted(net: Testnet, node: Node) -> None:
    await node.announce_peer(b"\x42" * 20, 6881)
    said: list[str] = []
    result = await census(node, CensusOf(FAST, 1000, None, listed=True), said.append)
    report, listed = in_one(result), result.census.listed if result.census else None
    assert result.ok and report.share == 1.0
    assert report.nodes == (40, 40, 40) and report.tally.sampling == 40
    assert report.infohashes is not None and report.infohashes.value == len(listed or ())
    assert b"\x42" * 20 in (listed or ())
    assert len(said) == report.planned and "so far 40 nodes in the network (40 to 40)" in said[-1]


async def test_each_family_is_a_network_of_its_own() -> None:
    """A node in both families has a place in each network, and is counted in each."""
    async with Testnet(9, family="both") as net, net.node() as node:
        await node.announce_peer(b"\x42" * 20, 6881)
        said: list[str] = []
        result = await census(node, CensusOf(FAST, 1000, None, listed=False), said.append)
    report = result.census
    assert result.ok and report is not None and list(report.families) == ["IPv4", "IPv6"]
    for one in report.families.values():
        assert one.share == 1.0 and one.nodes == (9, 9, 9) and one.tally.nodes == 9 and not one.alone
        assert one.infohashes is not None and one.infohashes.value >= 1 and one.infohashes.high is not None
    assert {line.split()[1] for line in said} == {"IPv4:", "IPv6:"}
    assert [line for line in render(result) if not line.startswith(" ")] == ["IPv4:", "IPv6:"]
    (line,) = json_of(result)
    assert {name: each["nodes"]["estimate"] for name, each in line["census"]["families"].items()} == {
        "IPv4": 9, "IPv6": 9,
    }  # fmt: skip


async def test_a_family_in_which_nobody_answers_does_not_spoil_the_other(net: Testnet) -> None:
    config = NodeConfig(listen=("127.0.0.1", 0), listen_also=("::1", 0), bootstrap=net.bootstrap)
    async with Node(config) as node:
        result = await census(node, CensusOf(FAST, 1000, None, listed=False), lambda text: None)
    assert result.ok and result.census is not None
    four, six = result.census.families["IPv4"], result.census.families["IPv6"]
    assert four.nodes == (40, 40, 40) and six.alone and six.nodes is None and "IPv6: nobody answers" in result.summary


async def test_each_node_is_asked_for_samples_once_though_it_was_stopped(
    net: Testnet, node: Node, tmp_path: Path
) -> None:
    """51.13: going on, nobody is asked again; a finished census asks nobody at all."""
    path, asked = tmp_path / "census", list[object]()

    def hear(event: Event) -> None:
        message = getattr(event, "message", None)
        query = message if isinstance(event, PacketReceived) and isinstance(message, Query) else None
        if query is not None and isinstance(query.args, SampleInfohashes):
            asked.append(query.tid)

    limit = Limit()
    stop_at = 7

    def stopping(event: Event) -> None:
        hear(event)
        if len(asked) == stop_at:
            limit.expire()

    seen = [each.subscribe(stopping) for each in net.nodes]
    want = CensusOf(FAST, 1000, path, listed=False)
    with limit.applied():
        first = await census(node, want, lambda line: None)
    assert limit.cut and first.census is not None and in_one(first).tally.blocks < in_one(first).planned
    before = len(json.loads(path.read_text())["walks"]["IPv4"]["visits"])
    assert before or in_one(first).tally.blocks
    said: list[str] = []
    last = await census(node, want, said.append)
    assert in_one(last).nodes == (40, 40, 40)
    # A visit that was cut short is made again: at most as many as were under way.
    assert 40 <= len(asked) <= 40 + 16
    asked.clear()
    again = await census(node, want, said.append)
    assert again.census == last.census and not asked and "nobody is asked again" in said[-1]
    for unsubscribe in seen:
        unsubscribe()


async def test_a_damaged_file_is_set_aside_and_said(node: Node, tmp_path: Path) -> None:
    path = tmp_path / "census"
    path.write_text("my notes")
    said: list[str] = []
    result = await census(node, CensusOf(FAST, 10, path, listed=False), said.append)
    assert result.ok and "set aside as census.damaged-1" in said[0]
    assert (tmp_path / "census.damaged-1").read_text() == "my notes"


async def test_a_file_that_can_not_be_written_ends_it(node: Node, tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"--resume: .* can't be"):
        await census(node, CensusOf(FAST, 10, tmp_path / "no" / "census", listed=False), lambda line: None)


async def test_a_network_that_is_gone_is_not_counted_as_empty(net: Testnet, node: Node, tmp_path: Path) -> None:
    """A block that could not be entered is left for later."""
    path, said = tmp_path / "census", list[str]()
    await node.bootstrapped()
    for each in net.nodes:
        node.ban(each.address[0], 3600.0)
    result = await census(node, CensusOf(FAST, 10, path, listed=False), said.append)
    assert (result.ok, result.exit, result.summary.partition(";")[0]) == (False, 3, "nobody answers")
    assert in_one(result).tally.blocks == 0 and not said
    for each in net.nodes:
        node.unban(each.address[0])
    node.bootstrap(net.bootstrap)
    again = await census(node, CensusOf(FAST, 10, path, listed=False), said.append)
    assert again.ok and in_one(again).tally.blocks == in_one(again).planned


async def test_the_rate_is_kept(node: Node) -> None:
    """So many queries a second: the time of all of them is at least their number by the rate."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    result = await census(node, CensusOf(100.0, 10, None, listed=False), lambda line: None)
    tally = in_one(result).tally
    queries = tally.visited + tally.answered
    assert loop.time() - began >= (queries - 1) / 100.0 * 0.9


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--rate", "0"), "--rate: '0' is not a number from 0.1 to 1000"),
        (("--rate", "nan"), "--rate: 'nan' is not a number from 0.1 to 1000"),
        (("--nodes", "0"), "--nodes: '0' is not a whole number from 1 to 100000"),
        (("--resume", "no/such/file"), "--resume: there is no folder"),
        (("--resume", "."), "--resume: '.' is not a file"),
        (("--resume", "x", "--testnet", "8"), "--resume has no meaning with --testnet"),
        (("--target", "self"), "--target"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(
    argv: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    nodes = () if "--testnet" in argv else ("--bnodes", "no")
    assert main(["--do", "census", *nodes, *argv]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


def test_it_runs_on_a_testnet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["--do", "census", "--testnet", "20", "--rate", "1000"]) == 0
    out, err = capsys.readouterr()
    assert "nodes       20, all of them" in out and "census: block 1 of 1: 20 of 20 nodes answered" in err


def test_a_sample_needs_somebody_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--do", "sample_infohashes", "--bnodes", "no"]) == 2
    assert "sample_infohashes needs --remote" in capsys.readouterr().err


async def test_51_14_who_takes_a_census_answers_others_meanwhile(
    net: Testnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no read-only node as others are that run for one action, but serves as soon as it can be reached."""
    monkeypatch.setenv("HOME", str(tmp_path))
    options = Options(do="census", listen=(("127.0.0.1", 0),), bnodes=net.bootstrap)
    config = prepare(options, serving=ACTIONS["census"].serves, keeping=False).config
    assert ACTIONS["census"].serves and config.settings.read_only is None and config.settings.maintain
    async with Node(config) as indexer:
        taken = asyncio.ensure_future(census(indexer, CensusOf(FAST, 10, None, listed=False), lambda line: None))
        other = await net.nodes[0].ping([indexer.address])
        assert other.answered == 1
        assert (await taken).ok
