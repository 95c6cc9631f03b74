"""Where a node stands in each address family, as lines and as JSON; what is missing is said once."""

from __future__ import annotations

from typing import Any, cast

import pytest
from screens.dual import BOUND, EXTERNAL, dual, six_of
from screens.snapshots import running

from dhtui.actions.request import Request
from dhtui.actions.run import Result, standing
from dhtui.engine.commands import NodeCommands
from dhtui.engine.node import Node
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.views.snapshot import Snapshot
from dhtui.headless import json_lines, text
from dhtui.headless.output import Output
from dhtui.headless.run import _tell_missing
from dhtui.options.options import Options
from dhtui.runtime.place import Place
from dhtui.text.actions.results import Came, Said
from dhtui.text.outcomes import node_words


class Standing:
    """A node that has just a snapshot."""

    def __init__(self, view: Snapshot) -> None:
        self.view = view

    def snapshot(self) -> Snapshot:
        return self.view


def result(view: Snapshot, action: str = "id", outcome: Outcome | None = None) -> Result:
    said = Said(Came.JOINED, text="done")
    return Result(
        action,
        True,
        said,
        standing=standing(cast(NodeCommands, Standing(view))),
        outcome=outcome,
    )


def last(view: Snapshot, **more: Any) -> dict[str, Any]:
    return [*json_lines.plain(result(view, **more))][-1]


def test_a_node_in_both_is_told_family_by_family() -> None:
    out = text.render(result(dual(), "bootstrap"), named=False).out
    four, six = out.index("IPv4:"), out.index("IPv6:")
    assert four == 0 and f"bound    [{BOUND[0]}]:{BOUND[1]}" in out[six:] and "nodes    40 in the table" in out[six:]
    assert f"external [{EXTERNAL[0]}]:{EXTERNAL[1]} (voted by 7 nodes)" in out
    line = last(dual())
    assert (line["family"], line["bound"], line["missing"]) == ("IPv4", "0.0.0.0:6881", [])
    first, second = line["families"]
    assert {key: line[key] for key in first} == first and second["bound"] == f"[{BOUND[0]}]:{BOUND[1]}"
    assert second["bootstrap"]["sources"][0] == {
        "name": "six.example:6881", "family": "IPv6", "state": "answered", "detail": "", "reason": None,
    }  # fmt: skip
    sources = text.sources(result(dual()).standing)
    assert sources[-1] == "  six.example:6881       answered over IPv6" and "over IPv4" in sources[0]


def test_in_one_family_nothing_is_said_of_families() -> None:
    out = text.render(result(running()), named=False)
    assert not any("IPv" in line for line in (*out.out, *out.err))
    line = last(running())
    assert [each["family"] for each in line["families"]] == ["IPv4"]


def test_what_is_missing_is_in_the_result() -> None:
    view = running()._replace(missing=("IPv6",))
    sentence = "this machine has no IPv6 address: IPv6 is left out until there is one"
    assert text.render(result(view), named=False).out.count(sentence) == 1
    assert last(view)["missing"] == ["IPv6"]


@pytest.mark.parametrize(
    ("options", "action", "said"),
    [
        (Options(family="both"), "ping", True),
        (Options(wait=True), "ping", True),
        (Options(), "ping", False),
        (Options(family="both"), "id", False),
    ],
)
def test_it_is_said_once_to_those_who_want_to_know(
    options: Options, action: str, said: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    node = cast(Node, Standing(running()._replace(missing=("IPv6",))))
    output = Output(as_json=False)
    _tell_missing(Place(options), Request(action, wait=options.wait), node, output)
    assert ("no IPv6 address" in capsys.readouterr().err) is said


def test_a_node_that_there_is_no_route_to_and_one_that_answers_from_elsewhere() -> None:
    addr = six_of(("1.2.3.4", 5))
    lost = NodeOutcome(addr=addr, status=Status.NO_ROUTE)
    assert node_words(lost) == "not asked: this node has no use of IPv6 now"
    other = NodeOutcome(addr=addr, status=Status.ELSEWHERE, came_from=("2001:db8::1", 7))
    assert "answered from [2001:db8::1]:7, which was not asked" in node_words(other)
    node, _ = json_lines.plain(result(dual(), "ping", Outcome(action="ping", target=None, asked=(lost,))))
    assert (node["family"], node["status"], node["addr"]) == ("IPv6", "no route", f"[{addr[0]}]:5")


def test_the_parts_of_a_wish_are_told() -> None:
    four = Outcome(action="get", target=bytes(20), asked=(), family="IPv4")
    six = Outcome(action="get", target=bytes(20), asked=(), family="IPv6", elapsed=0.5)
    parts = last(dual(), action="get", outcome=Outcome(action="get", target=bytes(20), asked=(), parts=(four, six)))[
        "parts"
    ]
    assert [part["family"] for part in parts] == ["IPv4", "IPv6"] and parts[1]["elapsed_ms"] == 500.0
