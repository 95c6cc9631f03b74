"""Datagrams that were lost unread, and sleep: in the log, among its counters, and on Home."""

from __future__ import annotations

from dhtui.engine.views.events import DatagramsLost, Missed, Woke
from dhtui.screens.home.panes import traffic_lines
from dhtui.screens.log.log_lines import event_line
from dhtui.sources.event_ring import Happened
from dhtui.sources.trouble import causes

from .. import snapshots


def test_the_log_tells_of_lost_datagrams_and_of_sleep() -> None:
    """A problem, and something that one wants to have seen."""
    lost = event_line(Happened(1, DatagramsLost(5.0, 20, 34270)), 7.0)
    assert (lost.level, lost.cause, lost.at) == ("problem", "lost", 5.0)
    assert lost.text == "20 datagrams came faster than this program reads: lost unread, 34270 since the start"
    woke = event_line(Happened(2, Woke(6.0, 8 * 3600.0)), 8.0)
    assert (woke.level, woke.cause) == ("notable", "woke") and "8h00m" in woke.text
    gap = event_line(Happened(3, Missed(75.0, 15.0, 5000)), 80.0)
    assert (gap.level, gap.cause) == ("problem", "missed")
    assert gap.text == "5000 packets in 1m: this program read too slowly to be told of them"


def test_lost_datagrams_stand_beside_the_dropped_ones() -> None:
    """And nowhere while there are none, or the system does not tell."""
    view = snapshots.running()
    for overflowed, shown in ((None, False), (0, False), (34270, True)):
        traffic = view.traffic._replace(overflowed=overflowed)
        now = view._replace(traffic=traffic)
        text = "\n".join("".join(text for text, _ in line) for line in traffic_lines(now, 60, 20))
        assert ("34270 lost unread" in text) == shown
        assert (("lost unread", 34270) in causes(now)) == shown
