"""A short part of the week of `bench/week.py`: nothing drifts or grows beyond its bound, and the table stays fresh."""

from __future__ import annotations

import sys
from pathlib import Path

from dhtui.engine.upkeep.rounds import HOUSEKEEPING_SECONDS

sys.path.append(str(Path(__file__).parents[3] / "bench"))

from week import HOUR, Week


def test_a_node_stays_as_it_is_while_others_come_and_go() -> None:
    week = Week(rate=1.5, seed=3, nodes=2000)
    first = week.run(HOUR / 6)
    last = week.run(HOUR / 3)
    assert week.late == HOUSEKEEPING_SECONDS, "upkeep is due every 10 s, and never later"
    assert len(week.core._history.growth) == 180 and len(week.core._history.slots) == 30
    assert last.answered == last.queries > 2 * first.queries
    assert last.good >= first.good / 2 and last.alive >= 0.9 * last.good
    assert week.nearest_known() >= 0.75
    for name, level in week.core.statistics().levels().items():
        assert level.used <= level.most, name
    overdue = [bucket for bucket in week.core.snapshot(week.net.now).table.buckets if bucket.refresh_in < -60.0]
    assert not overdue, "each bucket is refreshed in its time"
