"""``--log-json``: standard error has one object a line, whatever is in it."""

from __future__ import annotations

import json
import re

import pytest
from support.command_line import Run
from support.command_line import home as home
from support.command_line import run as run
from support.recorded import ESCAPES

from dhtui.headless.output import Output


def logged(text: str) -> list[dict[str, str]]:
    found = [json.loads(line) for line in text.splitlines()]
    for each in found:
        assert list(each) == ["time", "level", "message"]
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", each["time"])
    return found


def test_each_kind_of_line_has_its_level_and_no_control_character(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=False, wall_clock=lambda: 1_790_000_000.0625)
    output.log_as_json()
    output.notes(["two", "lines"])
    output.trace(["a packet"])
    output.warn(ESCAPES.decode("latin-1"))
    output.error("no \x7f success")
    output.results(["a result"])
    output.progress(None, "get")  # type: ignore[arg-type]
    captured = capsys.readouterr()
    found = logged(captured.err)
    assert [each["level"] for each in found] == ["info", "info", "debug", "warning", "error"]
    assert found[0]["time"] == "2026-09-21T14:13:20.062Z" and captured.out == "a result\n"
    assert captured.err.isascii() and captured.err.replace("\n", "").isprintable()
    assert not any("dhtui:" in each["message"] for each in found)


def test_quiet_leaves_errors(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=False)
    output.log_as_json()
    output.quiet = True
    output.notes(["a note"])
    output.warn("a warning")
    output.error("an error")
    assert [each["message"] for each in logged(capsys.readouterr().err)] == ["an error"]


def test_a_run_logs_in_json_to_its_end(run: Run) -> None:
    code, out, err = run("--do", "find_node", "--target", "self", "--testnet", "4", "--log-json", "--vv")
    levels = {each["level"] for each in logged(err)}
    assert code == 0 and {"info", "debug"} <= levels and out
    code, out, err = run("--do", "sign", "--keyname", "nobody", "--val", "x", "--log-json")
    assert code == 2 and [each["level"] for each in logged(err)] == ["error"]


def test_lines_that_nobody_read_in_time_are_counted_in_json_too() -> None:
    output = Output(as_json=False)
    output.log_as_json()
    assert "7 lines are missing" in logged(output._err.gap(7))[0]["message"]
