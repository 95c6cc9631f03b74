"""The bar and the sentence of a lookup's time: parts that add up to the whole, told apart without colours."""

from __future__ import annotations

import re
from random import Random

import pytest

from dhtui.lookups.as_of import as_of
from dhtui.lookups.budget import Part, Reason, budget
from dhtui.lookups.drawings.time_bar import time_bar
from dhtui.lookups.shares import culprits, figures, shares
from dhtui.lookups.time_spent import FILLS, slow_lines, slow_words
from dhtui.lookups.verdict import verdict_lines
from dhtui.text.spans import Line, width_of

from .samples import detail, ruled, step, walk
from .test_budget import look_up, town

WIDTHS = (40, 77, 80, 120, 160)


def text(line: Line) -> str:
    return "".join(part for part, _ in line)


@pytest.mark.parametrize("seed", range(6))
def test_parts_of_simulated_lookups_add_up_exactly_and_none_is_negative(seed: int) -> None:
    """With losses, liars, and lookups that wait for slots: in units of the last digit shown there is no rest."""
    net, core = town(seed, loss=0.08, liars=seed % 3 * 6)
    for whole in look_up(net, core, Random(seed).randbytes(20), times=1 if seed % 2 else 24):
        for then in (whole, *(as_of(whole, whole.view.elapsed * share) for share in (0.2, 0.6, 0.9))):
            words, told = figures(then)
            assert all(figure.part.seconds > 0 and figure.count >= 0 for figure in told)
            unit = 10 if "." in words else 1
            assert sum(figure.count for figure in told) == round(float(words.split()[0]) * unit)
            by_reason = {share.reason: share.time for share in shares(then).shares}
            for reason, time in by_reason.items():
                parts = [figure.count for figure in told if figure.part.reason is reason]
                assert sum(parts) == round(float(time.split()[0]) * unit)
            assert {figure.part.reason for figure in told if figure.count} <= by_reason.keys()
            for width in WIDTHS:
                bar = time_bar(then, width)
                assert not bar or width_of(bar) == width
                assert len(slow_lines(then, width)) <= 2
                assert all(width_of(line) <= width for line in slow_lines(then, width))


@pytest.mark.parametrize("width", WIDTHS)
def test_each_part_has_its_cells_and_its_figure_stands_in_it(width: int) -> None:
    whole = walk()
    bar = text(time_bar(whole, width))
    assert bar.startswith(" 1378 ms ") and len(bar) == width
    parts = bar[len(" 1378 ms ") :].split("│")
    assert len(parts) == len(budget(whole)), "each has at least a cell"
    for drawn, part in zip(parts, budget(whole), strict=True):
        fill = FILLS[part.reason][0]
        assert set(drawn) <= {fill, " ", "#"} | set("0123456789ms")
        assert abs(len(drawn) + 1 - part.seconds / whole.view.elapsed * (width - 9)) <= len(parts)
    if width >= 80:
        assert "308 #33" in bar or "308 ms #33" in bar


def test_the_sign_of_each_reason_is_another_one_and_the_sentence_says_which() -> None:
    signs = [sign for sign, _ in FILLS.values()]
    assert set(FILLS) == set(Reason) and len(set(signs)) == len(signs) and all(len(sign) == 1 for sign in signs)
    for whole in (walk(), ruled()):
        told = " ".join(map(text, slow_lines(whole, 150)))
        for share in shares(whole).shares:
            assert f"{FILLS[share.reason][0]} {share.percent} % ({share.time})" in told
        assert re.sub(f"[{''.join(map(re.escape, signs))}] (?=\\d)", "", told) == slow_words(whole)


def test_what_has_no_room_in_two_lines_is_joined_and_still_adds_up() -> None:
    first = step(1, 155, 0.2, 0.3)
    held = step(2, 150, 0.5, 0.6, parent=first.addr, hop=1, held=0.3)
    other = step(3, 156, 0.2, 0.65)
    behind = step(4, 145, 0.65, 0.75, parent=held.addr, hop=2)
    silent, open_ = step(5, 143, 0.6, None, stalled=0.9), step(6, 144, 0.9, None)
    whole = detail([first, other, held, silent, behind, open_], 1.0, k=3)._replace(began=0.1)
    for width in (200, 100, 77, 60, 40):
        lines = [text(line) for line in slow_lines(whole, width)]
        assert len(lines) <= 2 and all(len(line) <= width for line in lines)
        joined = " ".join(lines)
        if width >= 60:
            assert sum(map(int, re.findall(r"(\d+) %", joined))) == 100, joined
    assert "smaller reasons" in " ".join(text(line) for line in slow_lines(whole, 60))
    assert len(verdict_lines(whole, 80)) == 6 and text(verdict_lines(whole, 80)[-1]).endswith(".")


def test_the_query_that_cost_most_is_named_first() -> None:
    cost = [part for part in budget(walk()) if part.reason is not Reason.TRIP]
    assert culprits(walk())[0] == max(cost, key=lambda part: part.seconds).places[0]
    assert culprits(detail([step(1, 150, 0, 0.1)], 0.1)) == ()


def test_two_bars_on_one_axis_begin_in_one_cell() -> None:
    long, short = walk(6), detail([step(1, 150, 0, 0.1)], 0.2)
    bars = [time_bar(one, 100, span=long.view.elapsed, name=name) for one, name in ((long, "2"), (short, "11"))]
    assert width_of(bars[0]) == 100
    lead = len(text(bars[0]).split(FILLS[Reason.TRIP][0])[0])
    assert text(bars[1])[:lead].split() == ["11", "200", "ms"]
    cells = width_of(bars[1]) - lead
    assert cells == round((100 - lead) * 0.2 / long.view.elapsed)


@pytest.mark.parametrize("whole", [detail([], 0.0), detail([], 1.0), detail([step(1, 150, 0, None)], 0.0)])
def test_nothing_to_tell_is_no_bar_or_a_whole_one(whole: object) -> None:
    bar = time_bar(whole, 80)  # type: ignore[arg-type]
    assert width_of(bar) in (0, 80)
    assert time_bar(walk(), 12) == ()


def test_a_part_without_room_takes_none() -> None:
    """More parts than cells: the bar is as wide as ever."""
    steps = [step(n, 158 - n, n / 100, (n + 1) / 100)._replace(parent=(f"203.0.113.{n - 1}", 6881)) for n in range(60)]
    whole = detail(steps, 0.6, k=3)
    assert len(budget(whole)) > 40 and all(isinstance(part, Part) for part in budget(whole))
    assert width_of(time_bar(whole, 40)) == 40
