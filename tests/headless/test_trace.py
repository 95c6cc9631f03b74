"""What ``--vv`` tells of what nobody saw."""

from __future__ import annotations

from dhtui.engine.views.events import DatagramsLost, Missed, Woke
from dhtui.headless.packet_log import packet_line


def test_lost_datagrams_and_sleep_are_told_beside_the_packets() -> None:
    """How many were lost, in all where that is more, and for how long nothing was done."""
    assert packet_line(DatagramsLost(1.0, 1, 1)) == "lost 1 datagram came faster than this program reads: lost unread"
    assert packet_line(DatagramsLost(1.0, 20, 34270)) == (
        "lost 20 datagrams came faster than this program reads: lost unread, 34270 since the start"
    )
    assert packet_line(Woke(1.0, 8 * 3600.0)) == (
        "woke nothing was done for 8h00m: the machine slept, or this program was stopped"
    )
    assert packet_line(Missed(2.0, 1.0, 1)) == (
        "missed 1 packet in 1 s: this program read too slowly to be told of them"
    )
