"""Home's first line where our node is in both address families: both states are whole in 80 columns."""

from __future__ import annotations

from typing import Any

import pytest

from dhtui.screens.home.panes import families_line
from dhtui.sources.health import health
from dhtui.text.spans import width_of

from ..dual import dual


def line_of(view: Any, width: int) -> str:
    line = families_line(view, health(view), health(view.other), width)
    assert width_of(line) <= width
    return "".join(text for text, _ in line)


@pytest.mark.parametrize("width", [80, 100, 120, 160, 200])
def test_both_states_are_whole(width: int) -> None:
    view = dual()
    told = line_of(view, width)
    assert "…" not in told and told.startswith(" ✓ IPv4: good: 150 nodes") and "✓ I IPv6: good: " in told
    assert told.count("nodes") == 2
    assert told.count("reachable") + told.count("not seen from outside") >= 1


def test_with_room_the_states_are_explained() -> None:
    assert "answered in 15m, 41 of 52 queries in 5m, reachable" in line_of(dual(), 160)


def test_a_bad_state_is_told_at_80() -> None:
    from ..snapshots import no_network

    view = dual()
    bad = no_network()._replace(family="IPv6")
    told = line_of(view._replace(other=bad), 80)
    assert "✗ I IPv6: no nodes" in told and "IPv4: good: 150 nodes, reachable" in told
    assert line_of(bad._replace(other=view), 80).startswith(" ✗ IPv6: no nodes")
