"""doctor and sybil_check as commands: what they print, how they end, and that they end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.background import Neighbours, neighbours
from support.command_line import Run
from support.command_line import home as home
from support.command_line import run as run

from dhtui.actions.diagnosis import sybil_check
from dhtui.engine.diagnosis.findings import Check
from dhtui.engine.node import Node
from dhtui.engine.settings import NodeConfig, Settings
from dhtui.engine.testnet import Testnet

TARGET = "e5f96f6f38320f0f33959cb4d3d656452117aadb"


@pytest.fixture(scope="module")
def net() -> Iterator[Neighbours]:
    with neighbours() as found:
        yield found


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def of(found: list[dict[str, Any]], check: Check) -> list[dict[str, Any]]:
    return [line for line in found if line.get("check") == check]


def test_a_healthy_node_is_told_so(run: Run, net: Neighbours) -> None:
    code, out, err = run("--do", "doctor", "--listen", "127.0.0.1:0", "--bnodes", net.net, "--json")
    *found, last = lines(out)
    assert code == 0 and last["healthy"] and last["exit"] == 0
    assert {each["type"] for each in found} == {"finding"}
    assert last["fine"] + last["warnings"] + last["faults"] + last["unknown"] == len(found)
    assert of(found, Check.REACHABILITY)[0]["verdict"] == "reachable"
    assert of(found, Check.BOOTSTRAP)[0]["about"] in net.net
    assert all(each["remedy"] or each["severity"] in ("fine", "unknown") for each in found)
    code, out, err = run("--do", "doctor", "--listen", "127.0.0.1:0", "--bnodes", net.net)
    assert code == 0 and "✓ fine     reachability" in out and "healthy: no fault" in err


def test_one_without_a_way_in_is_told_so(run: Run, net: Neighbours) -> None:
    code, out, _ = run("--do", "doctor", "--listen", "127.0.0.1:0", "--bnodes", net.dead, "--json")
    *found, last = lines(out)
    assert code == 1 and not last["healthy"] and last["faults"] >= 2
    assert [each["verdict"] for each in of(found, Check.BOOTSTRAP)] == ["no entry", "host silent"]


def test_it_ends_at_its_deadline_with_what_is_known(run: Run, net: Neighbours) -> None:
    argv = ("--do", "doctor", "--listen", "127.0.0.1:0", "--bnodes", net.dead, "--deadline", "0.1", "--json")
    code, out, _ = run(*argv)
    *found, last = lines(out)
    assert code == 124 and last["complete"] is False and of(found, Check.BOOTSTRAP)
    code, out, err = run(*argv[:-1])
    assert code == 124 and "✗ fault" in out and "    > Check the network" in out
    assert "dhtui: doctor given up after 0.1 s (--deadline): not healthy" in err


def test_a_target_with_nobody_on_it_is_told_so(run: Run, net: Neighbours) -> None:
    argv = ("--do", "sybil_check", "--listen", "127.0.0.1:0", "--bnodes", net.net, "--target", TARGET)
    code, out, _ = run(*argv, "--json")
    found = lines(out)
    last = found[-1]
    assert code == 0 and last["crowded"] is False
    assert 0.0 <= last["p_value"] <= 1.0 and last["false_alarm_rate"] == 0.001
    signs = [line["check"] for line in found if line["type"] == "finding"]
    assert signs == [str(check) for check in list(Check)[list(Check).index(Check.DENSITY) :]]
    code, out, err = run(*argv)
    assert code == 0 and "density" in out and "p-value" in err


def test_where_nobody_answers_nothing_is_known(run: Run, net: Neighbours) -> None:
    argv = ("--do", "sybil_check", "--listen", "127.0.0.1:0", "--bnodes", net.dead, "--target", TARGET, "--json")
    code, out, _ = run(*argv)
    last = lines(out)[-1]
    assert code == 3 and last["crowded"] is None and last["p_value"] is None


async def test_a_crowd_is_seen_on_sockets() -> None:
    """On a network of sockets: 8 nodes that have chosen their ids for the target."""
    target = bytes.fromhex(TARGET)
    number = int(TARGET, 16)
    async with Testnet(40) as net:
        config = NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap)
        crowd = []
        try:
            for nth in range(8):
                chosen = (number ^ (nth + 1)).to_bytes(20, "big")
                crowd.append(await Node(replace(config, settings=Settings(id=chosen))).start())
            await asyncio.gather(*(node.bootstrapped() for node in crowd))
            await asyncio.gather(*(node.find_node(target) for node in crowd))
            async with Node(config) as node:
                result = await sybil_check(node, target)
                assert not result.ok and result.exit == 1
                assert result.findings[0].p_value is not None and result.findings[0].p_value < 1e-6
                assert "more nodes stand near the target" in result.summary
        finally:
            await asyncio.gather(*(node.close() for node in crowd))


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        ("--do sybil_check", "sybil_check needs --target"),
        ("--do sybil_check --target xyz", "--target"),
        ("--do sybil_check --target self --remote 127.0.0.1:1", "--remote"),
        ("--do doctor --target self", "--target"),
        ("--do put --val x --wide --remote 127.0.0.1:1", "--wide stores on nodes that a lookup finds"),
        ("--do put --val x --wide --dry-run", "--wide has no meaning with --dry-run"),
        ("--do get --target self --wide", "--wide"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(run: Run, argv: str, why: str) -> None:
    code, out, err = run(*argv.split())
    assert (code, out) == (2, "") and why in err and err.count("\n") <= 2
