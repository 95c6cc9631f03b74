"""Lines that say the same are folded; causes are shown over time, and one of them alone."""

from __future__ import annotations

import pytest

from dhtui.engine.views.events import Banned, NodeAdded, Stored
from dhtui.engine.views.snapshot import ErrorView
from dhtui.screens.log.columns import course_cells, log_columns, trouble_lines
from dhtui.screens.log.folding import FOLD_FROM, GAP_SECONDS, LogRow, fold
from dhtui.screens.log.log_lines import LogLine, error_line, event_line
from dhtui.screens.node.page import NodePage
from dhtui.sources.event_ring import Happened
from dhtui.sources.trouble import TroubleHistory
from dhtui.text.happenings import Cause, cause_of_error
from dhtui.text.spans import Line, width_of

from .. import snapshots
from ..snapshots import TARGET
from ..stage import exploring, matches_goldens
from .test_log import HAPPENED, NOW, THEIRS, THEM, same_time_everywhere

__all__ = ["same_time_everywhere"]


def silent(ago: float, host: int = 1, method: str = "get") -> LogLine:
    error = ErrorView(NOW - ago, "timed out", (f"203.0.113.{host}", 6881), f"{method} got no answer")
    return error_line(error, NOW - ago)


def text(line: Line) -> str:
    return "".join(part for part, _ in line)


def said(row: LogRow) -> str:
    return text(log_columns(lambda: NOW)[-1].cell(row))


def test_lines_that_say_the_same_within_some_seconds_are_one() -> None:
    other = event_line(Happened(1, NodeAdded(NOW - 1.5, THEIRS, THEM, 3)), NOW)
    lines = [silent(1, 1), other, silent(2, 2), silent(9, 2), silent(50), silent(51)]
    rows = fold(lines, ())
    assert [len(row.folded) for row in rows] == [3, 0, 0, 0]
    assert said(rows[0]) == "▸ 3 × get got no answer  2 hosts, since 00:16:31.000"
    opened = fold(lines, {rows[0].key})
    assert [row.inside for row in opened] == [False, True, True, True, False, False, False]
    assert said(opened[0]).startswith("▾ 3 ×") and said(opened[1]).startswith("  203.0.113.1:6881")
    assert len({row.key for row in opened}) == len(opened)


def test_few_or_different_or_distant_lines_stay_apart_and_in_order() -> None:
    lines = [silent(1), silent(2), silent(3, method="put"), silent(4, method="put"), silent(5, method="find")]
    lines += [silent(6 + n * (GAP_SECONDS + 1), method="get_peers") for n in range(FOLD_FROM)]
    assert [row.line for row in fold(lines, ())] == lines


def test_a_head_keeps_its_key_while_newer_lines_come() -> None:
    lines = [silent(n) for n in range(3)]
    assert fold([silent(-1), *lines], ())[0].key == fold(lines, ())[0].key


def test_causes_are_values() -> None:
    named = {name: cause_of_error(name) for name in ("timed out", "error", "refused 302", "malformed", "\x1b[2J")}
    assert list(named.values()) == [Cause.TIMED_OUT, Cause.ERROR, Cause.REFUSED, Cause.DROPPED, Cause.DROPPED]
    banned = event_line(Happened(1, Banned(NOW, "203.0.113.66", NOW + 60, "by the user")), NOW)
    assert (banned.cause, banned.level) == (Cause.BANNED, "notable")


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("most", [2, 5])
def test_causes_over_time_fit_and_the_others_have_a_line(width: int, most: int) -> None:
    view = snapshots.running()._replace(muted=2)
    lines = trouble_lines(view, TroubleHistory(), width, most)
    assert len(lines) == most + 2 and all(width_of(line) <= width for line in lines)
    assert text(lines[0]).endswith(" now") and "silent" in text(lines[1])
    others = {text for text, role in lines[-1] if role == "dim"} if width == 200 else {"banned"}
    assert any("1" in each or "banned" in each for each in others)
    assert course_cells(width) == width - 27


async def test_a_folded_log_looks_as_kept() -> None:
    async with exploring(snapshots.starting(), show="log") as stage:
        for ago in range(40, 0, -5):
            drops = {"malformed": (40 - ago) // 10, "refused 302": 40 - ago, "rate limit": 1}
            errors = tuple(
                ErrorView(NOW - n, "refused 302", ("203.0.113.7", 6881), "put: seq too low") for n in range(ago, 41)
            )
            await stage.see(snapshots.running()._replace(at=NOW - ago, drops=drops, errors=errors))
        stage.node.tell(*HAPPENED)
        await stage.settle()
        await matches_goldens(stage, "log-folded")


async def test_enter_unfolds_and_folds_again() -> None:
    async with exploring(snapshots.running()._replace(errors=()), show="log") as stage:
        stage.node.tell(*(Stored(NOW - n, "peer", TARGET, (f"203.0.113.{n + 1}", 6881)) for n in range(5, 0, -1)))
        await stage.settle()
        model = stage.table("lines").model
        assert [len(row.folded) for row in model.rows] == [5]
        await stage.press("enter")
        assert len(model.rows) == 6 and "▾ 5 ×" in stage.text()
        await stage.press("j", "enter")
        assert isinstance(stage.app.screen, NodePage)
        await stage.press("escape", "k", "enter")
        assert len(model.rows) == 1 and "▸ 5 ×" in stage.text()


async def test_f_shows_the_lines_of_one_cause_and_all_again() -> None:
    async with exploring(snapshots.running(), show="log") as stage:
        stage.node.tell(*HAPPENED)
        await stage.settle()
        model, all_rows = stage.table("lines").model, len(stage.table("lines").model.rows)
        place = next(n for n, row in enumerate(model.rows) if row.line.cause is Cause.LOOKUP)
        stage.table("lines").select(model.rows[place].key)
        await stage.press("f")
        assert {row.line.cause for row in model.rows} == {Cause.LOOKUP} and "lookup only" in stage.text()
        await stage.press("f")
        assert len(model.rows) == all_rows and "only" not in stage.text().splitlines()[6]


async def test_without_lines_f_says_so() -> None:
    async with exploring(snapshots.starting(), show="log") as stage:
        await stage.press("f")
        assert stage.toasts()[-1] == "No line is selected."
