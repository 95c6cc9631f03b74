"""What a run without the explorer says as JSON is what was on the wire, by the observer.

Bounds and sums only where a slow machine may make a node's answer late: then it is late on the wire, too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dhtui.cli import main
from dhtui.engine import clock
from dhtui.engine.views.events import PacketReceived, PacketSent
from dhtui.sources.replay import Replay

from .script import HONEST, MOODS, NEAR, OURS, SWARM, cast
from .session import SLACK
from .wire import Seen, Wire, bencode

UNSENT = ("blocked", "banned", "no address", "this node", "send failed")


@dataclass
class Run:
    """A run of the program, and what the observer saw of it."""

    wire: Wire
    nodes: list[dict[str, Any]]
    result: dict[str, Any]
    recording: Path

    def queries(self, method: str) -> list[Seen]:
        """What was asked by that method."""
        return [one for one in self.wire.asked() if one.method == method]


Runs = Callable[[str], Run]


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(clock.now) as made:
        cast(made)
        yield made


@pytest.fixture
def run(tmp_path: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runs:
    """Runs the program among the scripted nodes, in a folder of its own."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(argv: str) -> Run:
        start = "%s:%d" % wire.nodes["start"].addr
        more = f" --json --listen 127.0.0.1:0 --bnodes {start} --record {tmp_path / 'run.jsonl'}"
        main([*argv.split(), *more.split()])
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        nodes = [line for line in lines if line["type"] == "node"]
        return Run(wire, nodes, lines[-1], tmp_path / "run.jsonl")

    return run


def remotes(wire: Wire, *names: str) -> str:
    return ",".join("%s:%d" % wire.nodes[name].addr for name in names)


def holds(told: Run, ask: str, write: str = "") -> None:
    """The counts of the result are those of its nodes, and each node did on the wire what is said of it."""
    result, wire = told.result, told.wire
    assert result["type"] == "result"
    by_phase = {phase: [node for node in told.nodes if node["phase"] == phase] for phase in ("asked", "write")}
    asked, writes = by_phase["asked"], by_phase["write"]
    statuses = Counter(node["status"] for node in asked)
    assert (result["asked"], result["writes"]) == (len(asked), len(writes))
    assert result["answered"] == sum(node["rtt_ms"] is not None for node in asked)
    assert (result["timed_out"], result["cancelled"]) == (statuses["timed out"], statuses["cancelled"])
    assert result["stored"] == sum(node["status"] == "stored" for node in writes)
    for nodes, method in ((asked, ask), (writes, write)):
        queries = told.queries(method)
        sent = {"%s:%d" % one.peer for one in queries}
        assert {node["addr"] for node in nodes if node["status"] not in UNSENT} <= sent
        for node in nodes:
            answers = [
                (one, answer)
                for one in queries
                if "%s:%d" % one.peer == node["addr"] and (answer := wire.answer_to(one)) is not None
            ]
            if node["rtt_ms"] is not None:
                assert answers, node
                assert node["rtt_ms"] / 1000 >= min(answer.before - one.after for one, answer in answers) - SLACK
            elif node["status"] == "timed out":
                assert node["waited_ms"] > 0


def recorded_is_on_the_wire(told: Run) -> None:
    """What was sent and received until its end; what came after that nobody read."""
    replay = Replay.load(told.recording)
    events = list(replay.events(0, replay.events_upto(replay.end)))
    sent = Counter((event.addr, event.data) for event in events if isinstance(event, PacketSent))
    came = Counter((event.addr, event.data) for event in events if isinstance(event, PacketReceived))
    assert sent <= Counter((one.peer, one.data) for one in told.wire.sent())
    assert came <= Counter((one.peer, one.data) for one in told.wire.received())
    counts = replay.snapshot(replay.end).methods
    assert sum(count.sent + count.replied + count.refused for count in counts.values()) == sent.total()


def test_ping_tells_who_answered_and_how_quickly(run: Runs, wire: Wire) -> None:
    told = run(f"--do ping --qtimeout 30s --remote {remotes(wire, *HONEST, 'liar', 'forger', 'refuser')}")
    holds(told, "ping")
    assert (told.result["asked"], told.result["answered"]) == (11, 11)
    assert told.result["answered"] == sum(wire.answer_to(one) is not None for one in told.queries("ping"))
    recorded_is_on_the_wire(told)


def test_ping_tells_silence_from_what_is_no_answer(run: Runs, wire: Wire) -> None:
    names = ("silent", "late", "elsewhere", "mumbler", "stranger")
    told = run(f"--do ping --qtimeout 300ms --remote {remotes(wire, *names)}")
    holds(told, "ping")
    assert told.result["answered"] == 0
    # Whether what is no answer comes within so short a time depends on the machine; from the silent nothing comes.
    assert {"timed out"} == {node["status"] for node in told.nodes[:2]}
    for node, status in zip(
        told.nodes[2:], ("answered from elsewhere", "unreadable answer", "unmatched answer"), strict=True
    ):
        assert node["status"] in (status, "timed out")
    assert len(told.queries("ping")) >= told.result["asked"] == 5


def test_what_is_not_sent_is_told_and_is_not_on_the_wire(run: Runs, wire: Wire, tmp_path: Path) -> None:
    host = wire.nodes["a"].addr[0]
    (tmp_path / "blocked").write_text(f"one:{host}-{host}\n", encoding="utf-8")
    told = run(f"--do ping --qtimeout 30s --blocklist blocked --remote {remotes(wire, 'a', 'b')}")
    holds(told, "ping")
    assert [node["status"] for node in told.nodes] == ["blocked", "answered"]
    assert not list(wire.of(wire.sent(), wire.nodes["a"]))


@pytest.mark.parametrize(
    ("argv", "ask", "write"),
    [
        (f"--do find_node --target {NEAR.hex()}", "find_node", ""),
        (f"--do get_peers --target {SWARM.hex()}", "get_peers", ""),
        (f"--do announce_peer --target {OURS.hex()} --annport 4711", "get_peers", "announce_peer"),
        ("--do put --val truth", "get", "put"),
        ("--do put --val truth --keyname bep44test --read-back", "get", "put"),
    ],
    ids=["find_node", "get_peers", "announce_peer", "put", "signed put"],
)
def test_a_lookup_tells_what_was_on_the_wire(run: Runs, wire: Wire, argv: str, ask: str, write: str) -> None:
    told = run(argv)
    holds(told, ask, write)
    assert told.result["asked"] >= len(HONEST)
    moods = {"%s:%d" % wire.nodes[name].addr: mood for name, mood in MOODS.items()}
    for node in told.nodes:
        if moods.get(node["addr"]) in ("silent", "late", "elsewhere", "unreadable", "unmatched"):
            assert node["rtt_ms"] is None
    if write:
        confirmed = [one for one in told.queries(write) if wire.answer_to(one) is not None]
        assert 0 < told.result["stored"] <= len(confirmed) <= len(told.queries(write))
    recorded_is_on_the_wire(told)


def test_get_tells_the_value_that_was_on_the_wire(run: Runs, wire: Wire) -> None:
    value = bencode(b"found there")
    target = "92cfdfb7c3bd5245a72951b1ea25df5d512d1c77"
    for name in HONEST:
        wire.nodes[name].items[bytes.fromhex(target)] = {b"v": b"found there"}
    told = run(f"--do get --target {target}")
    holds(told, "get")
    assert bytes.fromhex(told.result["item"]["value_hex"]) == value
    assert told.result["answered"] <= sum(wire.answer_to(one) is not None for one in told.queries("get"))
