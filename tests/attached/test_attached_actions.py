"""``--attach --do``: any action on a node that runs, with the same output and exit codes as without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.attached import serving
from support.background import Neighbours, neighbours
from support.command_line import Run
from support.command_line import home as home
from support.command_line import run as run

from dhtui import Node


@pytest.fixture(scope="module")
def net() -> Iterator[Neighbours]:
    with neighbours() as found:
        yield found


@pytest.fixture(scope="module")
def served(net: Neighbours) -> Iterator[tuple[Node, str]]:
    """One of a small network, and its socket."""
    with serving(tuple(net.net.split(","))) as found:
        yield found


@pytest.fixture
def node(served: tuple[Node, str]) -> Node:
    return served[0]


@pytest.fixture
def socket(served: tuple[Node, str]) -> str:
    return served[1]


def shape(line: str) -> Any:
    """The fields of an object, and of those in it."""

    def of(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: of(each) for name, each in value.items()}
        return type(value).__name__ if isinstance(value, list | bool) else None

    return of(json.loads(line))


ACTIONS: dict[str, tuple[str, ...]] = {
    "find_node": ("--target", "self"),
    "get": ("--target", "2" * 40),
    "put": ("--val", "attached", "--read-back"),
    "get_peers": ("--target", "0" * 40),
    "announce_peer": ("--target", "0" * 40, "--annport", "6881"),
    "closest_stores": ("--target", "self"),
    "ping": ("--remote", "closest_stores", "--target", "self"),
    "id": (),
    "bootstrap": (),
    "scrape": ("--target", "0" * 40),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_says_what_it_says_without(action: str, node: Node, socket: str, run: Run, net: Neighbours) -> None:
    own = run("--listen", "127.0.0.1:0", "--bnodes", net.net, "--do", action, *ACTIONS[action], "--json")
    far = run(f"--attach={socket}", "--do", action, *ACTIONS[action], "--json")
    assert far[0] == own[0], far[2]
    (*_, own_result), (*_, far_result) = own[1].splitlines(), far[1].splitlines()
    assert shape(far_result) == shape(own_result)
    assert json.loads(far_result)["id"] == node.id.hex() and json.loads(far_result)["action"] == action


def test_a_key_s_item_is_read_changed_and_written(socket: str, run: Run, home: Path) -> None:
    far = (f"--attach={socket}", "--do")
    assert run("--do", "genkey", "--keyname", "me")[0] == 0
    code, out, err = run(*far, "put", "--keyname", "me", "--val", "one")
    assert (code, "seq 1" in out) == (0, True), err
    assert run(*far, "put", "--keyname", "me", "--val", "two", "--cas", "1", "--json")[0] == 0
    code, out, _ = run(*far, "put", "--keyname", "me", "--val", "three", "--cas", "1", "--json")
    assert code == 5 and json.loads(out.splitlines()[-1])["conflict"]
    code, out, _ = run(*far, "get", "--keyname", "me")
    assert (code, out) == (0, "two\n")


def test_its_packets_can_be_followed_and_recorded(socket: str, run: Run, home: Path) -> None:
    code, _, err = run(f"--attach={socket}", "--do", "find_node", "--target", "1" * 40, "--vv", "--record", "r.jsonl")
    assert code == 0 and "send query" in err and "find_node" in err
    lines = (home / "r.jsonl").read_text().splitlines()
    assert [json.loads(line)[0] for line in lines[1:]].count("Snapshot") >= 2


def test_a_ready_node_is_told_from_one_that_is_not_and_from_none(node: Node, socket: str, run: Run) -> None:
    status = ("--do", "status", "--attach")
    code, out, _ = run(*status, socket, "--json")
    told = json.loads(out)
    assert code == 0 and told["ready"] and told["ok"] and told["families"][0]["id"] == node.id.hex()
    assert told["families"][0]["nodes"]["good"] == node.snapshot().table.good and told["uptime_seconds"] > 0
    code, out, err = run(*status, socket)
    assert code == 0 and node.id.hex() in out and "good" in out and "ready" in err
    code, _, err = run(*status, "run/nobody.sock")
    assert code == 3 and err.count("\n") == 1 and "no socket is there" in err
    code, _, err = run(*status)
    assert (code == 3 and "control.sock" in err) or "no socket is there" in err
    code, out, err = run("--do", "status")
    assert code == 2 and "status needs --attach" in err and not out


def test_a_lonely_node_runs_and_is_not_ready(run: Run, home: Path) -> None:
    with serving(()) as (_, socket):
        code, out, _ = run("--do", "status", "--attach", socket, "--json")
        told = json.loads(out)
        assert code == 1 and not told["ready"] and not told["ok"] and told["exit"] == 1
        assert told["summary"].startswith("it runs and has nobody to start from")
        code, out, err = run("--do", "status", "--attach", socket)
        assert code == 1 and "nodes    0 good" in out and "not ready" in err


@pytest.mark.parametrize(
    "flags",
    [
        ("--do", "get", "--target", "1" * 40, "--wait"),
        ("--do", "get", "--target", "1" * 40, "--listen", "127.0.0.1:0"),
        ("--do", "get", "--target", "1" * 40, "--testnet", "8"),
        ("--do", "get", "--target", "1" * 40, "--bnodes", "no"),
        ("--do", "genkey", "--keyname", "x"),
        ("--wait",),
        ("--listen", "127.0.0.1:0"),
        ("--replay", "x.jsonl"),
    ],
)
def test_what_is_said_of_a_node_of_our_own_is_refused(flags: tuple[str, ...], run: Run, home: Path) -> None:
    (home / "x.jsonl").write_text("x")
    code, out, err = run(*flags, "--attach=nowhere.sock")
    assert code == 2 and not out and err.count("\n") == 1 and "has no meaning" in err
