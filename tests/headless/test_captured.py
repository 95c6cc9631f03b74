"""Captures without the explorer: what is printed of one, how a run ends, and how little it needs."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.apart import PATIENCE, ROOT
from support.captures import ME, START, TARGET, lookup, node_at, packet, pcap, query, traffic
from support.command_line import Run
from support.command_line import home as home
from support.command_line import run as run

Line = dict[str, Any]


@pytest.fixture
def told(run: Run, tmp_path: Path) -> Callable[..., list[Line]]:
    """The lines that an action prints of a capture."""

    def told(packets: bytes, action: str, *more: str) -> list[Line]:
        (tmp_path / "c.pcap").write_bytes(packets)
        code, out, _ = run("--open", "c.pcap", "--do", action, "--json", *more)
        assert code == 0
        return [json.loads(line) for line in out.splitlines()]

    return told


def test_packets_are_listed_with_pairs_both_ways(told: Callable[..., list[Line]]) -> None:
    *lines, last = told(pcap(lookup()), "packets")
    assert lines[0] == {
        "type": "packet",
        "number": 1,
        "time": START,
        "from": "192.0.2.1:6881",
        "to": "198.51.100.1:6881",
        "kind": "query",
        "method": "get_peers",
        "tid": "4101",
        "length": len(query(b"A\x01", TARGET)),
        "pair": 2,
        "faults": [],
    }
    assert [line["number"] for line in lines] == list(range(1, 12))
    pairs = {line["number"]: line["pair"] for line in lines}
    assert all(pairs[pair] == number for number, pair in pairs.items() if pair)
    assert [line["pair"] for line in lines].count(None) == 1
    assert {line["method"] for line in lines} == {"get_peers"}
    expected = {"datagrams": 11, "krpc": 11, "malformed": 0, "unanswered": 1, "duplicates": 0, "nodes": 6}
    assert expected.items() <= last.items()


def test_a_late_answer_is_told_at_the_answer_alone(told: Callable[..., list[Line]]) -> None:
    slow = [(START, packet(ME, node_at(1), query(b"aa"))), (START + 20, packet(ME, node_at(2), query(b"ab")))]
    lines = told(pcap([*slow, *lookup(START + 25)]), "packets")
    assert lines[0]["pair"] is None and lines[1]["pair"] is None and lines[2]["pair"] == 4


def test_lookups_are_listed(told: Callable[..., list[Line]]) -> None:
    (line, last) = told(pcap(lookup()), "lookups")
    assert line == {
        "type": "lookup",
        "number": 1,
        "inferred": True,
        "time": START,
        "from": "192.0.2.1:6881",
        "method": "get_peers",
        "target": TARGET.hex(),
        "queries": 6,
        "answers": 5,
        "nodes": 6,
        "first_ms": 30.0,
        "found_ms": 140.0,
        "complete_ms": 140.0,
    }
    assert last["type"] == "summary" and last["unanswered"] == 1


def test_lookups_of_one_node_alone(told: Callable[..., list[Line]]) -> None:
    single = START + 1, packet(node_at(7), ME, query(b"aa", b"s" * 20))
    both = pcap([*lookup(), single])
    assert [line["from"] for line in told(both, "lookups")[:-1]] == ["192.0.2.1:6881"]
    assert [line["from"] for line in told(both, "lookups", "--me", "198.51.100.7:6881")[:-1]] == ["198.51.100.7:6881"]


def test_packets_can_be_filtered_in_the_language_of_the_packet_list(told: Callable[..., list[Line]]) -> None:
    def numbers(*more: str) -> list[int]:
        return [line["number"] for line in told(pcap(lookup()), "packets", *more)[:-1]]

    out = numbers("--filter", "dir:out")
    assert len(out) == 6 and numbers("--filter", "dir:in type:q") == []
    assert numbers("--filter", "dir:out", "--me", "198.51.100.1:6881") == [2]
    assert numbers("--filter", "addr:198.51.100.6") == [10, 11]
    assert numbers("--filter", "method:ping") == []


def test_text_is_for_people(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.pcap.gz").write_bytes(gzip.compress(pcap(lookup())))
    code, out, err = run("--open", "c.pcap.gz", "--do", "packets")
    assert code == 0 and err == ""
    first, second, *_, counts, queries = out.splitlines()
    assert "192.0.2.1:6881 > 198.51.100.1:6881  query get_peers 0001…1213  [answered by 2]" in first
    assert "198.51.100.1:6881 > 192.0.2.1:6881  response get_peers: 2 nodes  [answers 1]" in second
    assert counts.startswith("pcap: 11 packets, 11 UDP datagrams, 11 KRPC messages of 6 nodes, ")
    assert queries == "6 queries, 1 of them unanswered; 0 malformed, 0 duplicates dropped"
    code, out, _ = run("--open", "c.pcap.gz", "--do", "lookups")
    assert "inferred: 6 queries to 6 nodes, 5 answers, first answer after 30 ms" in out


def test_what_is_wrong_with_a_capture_is_a_warning(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.pcap").write_bytes(pcap(lookup(), snap=80)[:-3])
    code, out, err = run("--open", "c.pcap", "--do", "packets", "--json")
    assert code == 0 and json.loads(out.splitlines()[-1])["cut"] == 10
    assert "ends in the middle of a packet" in err and "cut short by the snap length" in err
    (tmp_path / "d.pcap").write_bytes(pcap(lookup(), link=147))
    _, _, err = run("--open", "d.pcap", "--do", "packets")
    assert "packets of link type 147 are not read" in err


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("--do", "packets"), "packets needs --open FILE"),
        (("--do", "packets", "--open", "none"), "there is no file 'none'"),
        (("--do", "lookups", "--open", "."), "is a folder"),
        (("--do", "packets", "--open", "text"), "it is no capture: pcap and pcapng are read"),
        (("--do", "packets", "--open", "empty"), "it is empty"),
        (("--do", "packets", "--open", "recording"), "it is a recording of dhtui, not a capture: --replay plays it"),
        (("--open", "recording"), "--replay plays it"),
        (("--do", "packets", "--open", "c.pcap", "--me", "1.2.3.4"), "is no address and port"),
        (("--do", "packets", "--open", "c.pcap", "--me", "::1:80"), "an IPv6 address stands in brackets"),
        (("--do", "packets", "--open", "c.pcap", "--filter", "dir:up"), "in or out"),
        (("--do", "lookups", "--open", "c.pcap", "--filter", "dir:in"), "--filter has no meaning for lookups"),
        (("--do", "ping", "--open", "c.pcap"), "--open has no meaning for ping"),
        (("--open", "c.pcap", "--replay", "c.pcap"), "exclude each other"),
        (("--open", "c.pcap", "--testnet", "8"), "--testnet has no meaning with --open"),
        (("--open", "-", "--serve"), "standard input is read once"),
        (("--me", "1.2.3.4:5",), "--me needs --open"),
    ],
)  # fmt: skip
def test_requests_that_make_no_sense_are_refused(run: Run, tmp_path: Path, argv: tuple[str, ...], why: str) -> None:
    (tmp_path / "text").write_text("this is no capture, and was never meant to be one")
    (tmp_path / "empty").touch()
    (tmp_path / "recording").write_text('{"dhtui-recording": 2, "version": "0.1.0"}\n')
    (tmp_path / "c.pcap").write_bytes(pcap(lookup()))
    code, _, err = run(*argv)
    assert code == 2 and why in err and err.count("\n") == 1


def test_a_capture_is_no_recording(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.pcap").write_bytes(pcap(lookup()))
    code, _, err = run("--replay", "c.pcap")
    assert code != 0 and "it is a capture of packets: --open opens it" in err


@pytest.fixture
def live(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    argv = (sys.executable, "-m", "dhtui", "--open", "-", "--do", "packets", "--json")
    env = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, cwd=tmp_path)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def test_a_pipe_is_told_of_as_it_comes(live: subprocess.Popen[bytes]) -> None:
    assert live.stdin is not None and live.stdout is not None
    data = pcap(lookup())
    live.stdin.write(data[:-40])
    live.stdin.flush()
    seen = [
        json.loads(live.stdout.readline()) for _ in range(10)
    ]  # the one without an answer does not hold up the rest
    assert [line["number"] for line in seen] == list(range(1, 11))
    rest, _ = live.communicate(data[-40:], timeout=PATIENCE)
    assert [json.loads(line)["type"] for line in rest.splitlines()] == ["packet", "summary"] and live.returncode == 0


def test_memory_is_bounded(tmp_path: Path) -> None:
    """Many packets need about as much as few."""

    def peak(count: int) -> int:
        """Kilobytes."""
        body = pcap(traffic(2000))
        head, records = body[:24], body[24:]
        (tmp_path / "c.pcap").write_bytes(head + records * (count // 2000))
        argv = (sys.executable, "-m", "dhtui", "--open", "c.pcap", "--do", "packets", "--json")
        env = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL, env=env, cwd=tmp_path) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_maxrss

    assert peak(20_000) < peak(4_000) + 20_000
