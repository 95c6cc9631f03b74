"""conform on the command line: what it prints, its reports, its exit codes and recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.background import Neighbours, neighbours
from support.command_line import Run
from support.command_line import home as home
from support.command_line import run as run

from dhtui.actions.request import ConformRequest
from dhtui.conform.case import case
from dhtui.conform.catalogue import CASES
from dhtui.conform.choice import chosen
from dhtui.conform.outcomes import Level, Outcome, Why
from dhtui.conform.probe import Probe
from dhtui.conform.session import Result, Terms
from dhtui.errors import Exit
from dhtui.headless.conformance import reports
from dhtui.headless.conformance.conformed import Conformed
from dhtui.headless.conformance.recordings import record
from dhtui.headless.conformance.text import text
from dhtui.sources.replay import Replay

from .virtual import NODE, a_node
from .virtual import run as run_cases

EVIL = "\x1b]0;x\x07<&\"'>#\u202e\\"


@pytest.fixture(scope="module")
def net() -> Iterator[Neighbours]:
    with neighbours() as found:
        yield found


def done(**more: Any) -> Conformed:
    """One result of each kind."""
    row = chosen(CASES, "5.04")[0]
    results = tuple(
        Result(row._replace(id=f"5.{90 + n}"), outcome, "this", "that", sent=b"\x1b", received=(b"\x07",))
        for n, outcome in enumerate(Outcome)
    )
    results = (*results[:-1], results[-1]._replace(why=Why.OWN, actual=""))
    request = ConformRequest("conform", None, CASES, 1, {})
    return Conformed(request, results, NODE, 1)._replace(**more)


# ---- the command ---------------------------------------------------------------------------------------


def test_a_run_tells_of_each_case_and_writes_a_report(run: Run, net: Neighbours, home: Path) -> None:
    chosen_ = ("--cases", "5.29,5.35", "--seed", "3")
    code, out, err = run("--do", "conform", "--remote", net.node, *chosen_, "--out", "r.xml", "--record", "kept")
    assert code == 0 and not err
    lines = out.splitlines()
    assert lines[0] == "BEP 5" and "pass" in lines[1] and "needs public addresses" in lines[2]
    assert lines[-1].endswith("2 cases: 1 pass, 1 skipped; --seed 3")
    assert ElementTree.fromstring((home / "r.xml").read_text()).find("testsuite") is not None
    assert not (home / "kept").exists(), "all that could fail has passed"


def test_cases_are_listed_without_a_packet(run: Run) -> None:
    code, out, _ = run("--do", "conform", "--list", "--cases", "44")
    assert code == 0 and out.startswith("BEP 44\n") and "44.21" in out and "5.04" not in out


def test_nobody_there_is_exit_3(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    hasty = Terms(1000.0, 0.02, own=True)
    monkeypatch.setattr("dhtui.headless.conformance.run.terms_for", lambda addr, mine, long: hasty)
    code, out, err = run("--do", "conform", "--remote", "127.0.0.1:9", "--cases", "5.29")
    assert code == Exit.NO_ANSWER and not out and "answers no ping" in err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("", "needs --remote"),
        ("--remote 127.0.0.1:1,127.0.0.2:1", "of one node"),
        ("--remote 127.0.0.1:1 --cases 99", "there is no case '99'"),
        ("--remote 127.0.0.1:1 --cases \x1b", "there is no case '\\x1b'"),
        ("--remote 127.0.0.1:1 --seed", "--seed needs a number"),
        ("--remote 127.0.0.1:1 --out r.txt", "a report ends in .json, .xml, .tap, .sarif"),
        ("--remote 127.0.0.1:1 --out there.tap", "exists"),
        ("--remote 127.0.0.1:1 --record there.tap", "exists"),
        ("--remote 127.0.0.1:1 --skip nowhere", "nowhere"),
        ("--remote 127.0.0.1:1 --skip there.tap", "line 1"),
        ("--remote 127.0.0.1:1 --listen 10.0.0.1:6881", "needs a loopback address"),
        ("--remote 127.0.0.1:1 --listen 127.0.0.1:0", "needs a loopback address and a port"),
        ("--remote 127.0.0.1:1 --testnet 3", "has no meaning for conform"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(run: Run, home: Path, argv: str, words: str) -> None:
    (home / "there.tap").write_text("not a number")
    code, out, err = run("--do", "conform", *argv.split(" ")[: None if argv else 0])
    assert code == Exit.USAGE and not out and words in err and err.count("\n") == 1
    assert (home / "there.tap").read_text() == "not a number"


def test_a_seed_is_a_number_here_and_a_switch_for_an_announce(run: Run) -> None:
    code, _, err = run("--do", "announce_peer", "--target", "1" * 40, "--annport", "1", "--seed", "7")
    assert code == Exit.USAGE and "--seed takes no number" in err


# ---- results -------------------------------------------------------------------------------------------


def test_failures_count_and_known_ones_do_not() -> None:
    some = done()
    assert some.exit is Exit.FAILED and [each.outcome for each in some.failures] == [Outcome.FAIL]
    strict = some._replace(request=some.request._replace(strict=True))
    assert [each.outcome for each in strict.failures] == [Outcome.FAIL, Outcome.NON_STRICT]
    known = some._replace(results=tuple(each._replace(known="why") for each in some.results))
    assert known.exit is Exit.OK and "stale" in "\n".join(text(known).out)
    assert some._replace(reached=False).exit is Exit.NO_ANSWER
    assert some._replace(ended=Exit.DEADLINE).exit is Exit.DEADLINE
    for ended in (Exit.DEADLINE, Exit.INTERRUPTED):
        assert "were not run" in text(some._replace(ended=ended)).failure


def test_failures_are_told_again_with_both_sides() -> None:
    lines = "\n".join(text(done(recordings={"5.91": "kept/5.91.gz"})).out)
    told = lines.partition("Not passed:")[2]
    assert "5.91 fail (must" in told and "Expected: this" in told and "Actual:   that" in told
    assert "Sent:     1b" in told and "Received: 07" in told and "dhtui --replay kept/5.91.gz" in told


@pytest.mark.parametrize("ending", [".json", ".xml", ".tap", ".sarif"])
def test_reports_can_be_read_whatever_the_node_sent(ending: str) -> None:
    some = done(recordings={"5.91": EVIL})
    results = tuple(each._replace(expected=EVIL, actual=EVIL, known="") for each in some.results)
    data = reports.report(ending, some._replace(results=results)).decode()
    if ending == ".xml":
        suites = ElementTree.fromstring(data)
        suite = suites[0]
        assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("6", "1", "4")
        assert [each.tag for case_ in suite for each in case_] == ["failure", *["skipped"] * 4]
    elif ending == ".tap":
        lines = data.splitlines()
        assert lines[:2] == ["TAP version 13", "1..6"]
        assert sum(line.startswith("ok ") for line in lines) == 2
        assert sum(line.startswith("not ok ") for line in lines) == 4
        assert all(line.isprintable() for line in lines)
    else:
        found = json.loads(data)
        if ending == ".sarif":
            (made,) = found["runs"]
            assert [each["level"] for each in made["results"]] == ["error", "warning"]
            assert len(made["tool"]["driver"]["rules"]) == 6 and found["version"] == "2.1.0"
        else:
            assert found["cases"][1]["sent"] == "1b" and found["cases"][1]["received"] == ["07"]


# ---- recordings ----------------------------------------------------------------------------------------


def failed() -> Result:
    async def misses(probe: Probe) -> None:
        await probe.ask("ping")
        await probe.raw(b"d1:q1:\x1b1:t4:tttt1:y1:qe")
        await probe.raw(b"i" + b"9" * 3000 + b"e")
        await probe.ask("find_node", {b"target": b"x"})
        probe.check(False, "this", "that")

    return run_cases([case("5.98", "nowhere", Level.M, "A rule.")(misses)], a_node()).results[0]


def test_a_failure_is_a_recording_that_opens_at_its_packet(tmp_path: Path) -> None:
    result = failed()
    path = tmp_path / "5.98.dhtui.gz"
    record(path, result)
    assert path.stat().st_mode & 0o77 == 0
    replay = Replay.load(path)
    assert not replay.damage
    events = list(replay.events(0, replay.events_upto(replay.end)))
    assert [event.data for event in events] == [packet.data for packet in result.packets]  # type: ignore[union-attr]
    decisive = events[replay.header.packet - 1]
    assert decisive.data == result.sent  # type: ignore[union-attr]
    with pytest.raises(FileExistsError):
        record(path, result)
