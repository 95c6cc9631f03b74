"""The drawings and words of a lookup: ladder, waterfall, verdict, export."""

from __future__ import annotations

import json
import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhtui.engine.lookup.decisions import Distrust, State, StopReason
from dhtui.engine.outcome import Doubt, Status
from dhtui.engine.views.snapshot import LookupDetail
from dhtui.lookups.as_of import as_of
from dhtui.lookups.drawings.ladder import Scale, kth_best, ladder_legend, ladder_lines, scale_of
from dhtui.lookups.drawings.legend import explained_waterfall, legend_lines
from dhtui.lookups.drawings.waterfall import rows_of, waterfall_lines
from dhtui.lookups.export import as_json, as_text
from dhtui.lookups.time_spent import slow_words
from dhtui.lookups.verdict import policy_words, verdict, verdict_lines
from dhtui.text.decisions import DOUBTS
from dhtui.text.spans import Line, width_of

from .samples import IMMUTABLE, detail, mutable, peers, ruled, step, walk

HOSTILE = "\x1b[2J\x1b]52;c;cm0gLXJm\x07\u202e[/foo]" + "A" * 1024


def texts(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in lines]


# ---- ladder ---------------------------------------------------------------------------------------------------


def test_the_ladder_shows_answers_as_dots_and_the_kth_best_as_a_line() -> None:
    steps = [step(n, 160 - 2 * n, 0.0, n / 10) for n in range(1, 7)]
    assert texts(ladder_lines(detail(steps, 0.6, k=2), 36, 10)) == [
        " 158 ┤     •    ────╮",
        "     │          •   ╰────╮",
        "     │                   │",
        "     │              •    ╰────╮",
        " 152 ┤                   •    ╰────╮",
        "     │                        •    ╰",
        "     │",
        "     │                             ●",
        "     └──────────┬────────┬──────────",
        "      0      200 ms   400 ms",
    ]


def test_the_line_begins_with_the_kth_answer_and_only_falls() -> None:
    points = kth_best(walk())
    values = [bits for _, bits in points]
    assert values == sorted(values, reverse=True)
    answers = sorted(s.ended or 0 for s in walk().steps if s.result is not Status.TIMED_OUT)
    assert points[0][0] == pytest.approx(answers[7])
    assert kth_best(detail([step(1, 150, 0, 0.1)], 0.2)) == []


def test_answers_that_count_for_nothing_do_not_move_the_line() -> None:
    steps = [step(1, 150, 0, 0.1), step(2, 120, 0, 0.2, result=Status.WRONG_ID)]
    assert [round(bits) for _, bits in kth_best(detail(steps, 0.3, k=1))] == [150]
    assert "!" in "".join(texts(ladder_lines(detail(steps, 0.3, k=1), 60, 12)))


@pytest.mark.parametrize("far", [3, 7, 8, 13, 20, 61, 150])
def test_the_ticks_of_the_ladder_are_even(far: int) -> None:
    whole = detail([step(1, 158, 0, 0.1), step(2, 158 - far, 0, 0.2)], 0.3, k=1)
    for height in range(6, 60):
        lines = texts(ladder_lines(whole, 60, height))
        ticks = [(y, int(line[:4])) for y, line in enumerate(lines) if line[5:6] == "┤"]
        assert len(ticks) > 1
        assert len({below - above for (above, _), (below, _) in pairwise(ticks)}) == 1
        assert len({above - below for (_, above), (_, below) in pairwise(ticks)}) == 1
        assert any("●" in line for line in lines), "the nearest answer is in the drawing"


@pytest.mark.parametrize("until", [None, 0.2, 0.5])
@pytest.mark.parametrize("selected", [False, True])
def test_the_legend_of_the_ladder_names_the_signs_that_occur_and_no_others(until: float | None, selected: bool) -> None:
    for whole in (everything(), walk(), detail([step(1, 150, 0.0, 0.1)], 0.2), detail([], 0.0)):
        chosen = whole.steps[0].addr if selected and whole.steps else None
        lines = ladder_lines(whole, 70, 20, until=until, selected=chosen)
        drawn = {char for line in lines[:-2] for text, role in line for char in text if role != "dim"} - set(" │╮╰")
        legend = ladder_legend(lines)
        named = set(re.findall(r"(?:^| )(.) ", legend))
        if digits := drawn & set("23456789#"):
            drawn = drawn - digits | {"2"}
        assert named == drawn


def test_a_node_of_the_path_that_found_something_keeps_the_mark_of_the_path() -> None:
    whole = detail([step(1, 150, 0, 0.1), step(2, 140, 0.1, 0.9, result=Status.PEERS, found=peers(3))], 1.0, k=2)
    lines = ladder_lines(whole, 70, 16)
    assert "◈" in "".join(texts(lines)) and "◈ both" in ladder_legend(lines)


def test_signs_tell_apart_what_answers_are() -> None:
    steps = [
        step(1, 158, 0, 0.9),
        step(2, 150, 0, 0.1),
        step(3, 150.1, 0, 0.1),
        step(4, 145, 0, 0.5, result=Status.PEERS, found=peers(3)),
    ]
    whole = detail(steps, 1.0, k=1)
    drawn = "".join(line[6:] for line in texts(ladder_lines(whole, 70, 16))[:-1])
    assert [drawn.count(sign) for sign in "•2◈◉"] == [1, 1, 1, 0]
    drawn = "".join(line[6:] for line in texts(ladder_lines(whole, 70, 16, selected=steps[0].addr))[:-1])
    assert [drawn.count(sign) for sign in "•2◈◉"] == [0, 1, 1, 1]


def test_a_moment_is_marked_and_nothing_lies_beyond_it() -> None:
    whole = walk()
    lines = texts(ladder_lines(whole, 80, 20, until=0.4))
    cursor = lines[0].index("┆")
    assert cursor == pytest.approx(6 + 74 * 0.4 / whole.view.elapsed, abs=1)
    assert all(len(line) <= cursor + 1 for line in lines[:-2])


def test_two_lookups_can_share_a_scale() -> None:
    one, two = walk(5), walk(6)
    scale = scale_of(one, two)
    assert scale.span == max(one.view.elapsed, two.view.elapsed)
    labels = [[line[:6] for line in texts(ladder_lines(d, 80, 20, scale=scale))] for d in (one, two)]
    assert labels[0] == labels[1]


def test_a_lookup_without_answers_has_a_scale() -> None:
    assert scale_of(detail([], 0.0)) == Scale(1e-4, 160, 156)
    assert len(ladder_lines(detail([], 0.0), 60, 10)) == 10


# ---- waterfall ------------------------------------------------------------------------------------------------


def test_the_waterfall_tells_who_referred_whom_and_how_it_went() -> None:
    first = step(1, 155, 0.0, 0.2)
    steps = [
        first,
        step(2, 150, 0.0, 4.0, stalled=0.6, result=Status.TIMED_OUT),
        step(3, 140, 0.2, 0.5, parent=first.addr, hop=1, result=Status.PEERS, found=peers(12)),
        step(4, 141, 0.2, 0.4, parent=first.addr, hop=1, result=Status.REFUSED, code=203),
        step(2, 150, 0.7, 4.7, stalled=1.0, result=Status.TIMED_OUT, again=True),
    ]
    assert texts(waterfall_lines(detail(steps, 1.0), 78, 9)) == [
        " hop   #  by  node      0                   500 ms                 gave",
        "●  0   1  op  471a…6979 ┣━━━━━━━✓                                  8n",
        "       2  op  4f5a…697a ├────────────────────────┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄– cancelled",
        "       5  op  4f5a…697a                              ↻───────────– cancelled",
        "●  1   3   1  4f1a…697b         ┣━━━━━━━━━━━◆                      8n 12p",
        "       4   1  4f1a…697c         ├───────!                          error 203",
    ]


def test_what_came_when_all_was_over_is_told_apart() -> None:
    lines = texts(waterfall_lines(detail([step(1, 150, 0, 0.1), step(2, 151, 0, 0.9)], 0.2), 80, 4))
    assert "□" in lines[2] and "□" not in lines[1]


def test_the_selected_node_is_in_sight_whatever_the_height() -> None:
    whole = walk()
    for height in range(3, 20):
        for one in whole.steps:
            lines = texts(waterfall_lines(whole, 90, height, selected=one.addr))
            assert sum(line.startswith("▶") for line in lines) >= 1
            assert len(lines) == height


def test_rows_that_do_not_fit_are_counted() -> None:
    whole = walk()
    head = texts(waterfall_lines(whole, 90, 11))[0]
    assert f"↑0 ↓{len(whole.steps) - 10}" in head
    assert rows_of(whole)[0] == 0


def test_queries_under_way_end_at_the_moment() -> None:
    line = texts(waterfall_lines(walk(), 90, 8, until=0.02))[1]
    assert line.count("…") == 3, "in the name, at the end of the bar, and in place of a round trip"


def everything() -> LookupDetail:
    """A lookup with every sign that a waterfall knows."""
    steps = [
        step(1, 155, 0.0, 0.1),
        step(2, 150, 0.0, 0.9),
        step(3, 140, 0.1, 0.3, parent=("203.0.113.1", 6881), hop=1),
        step(4, 141, 0.1, 0.4, parent=("203.0.113.1", 6881), hop=1, result=Status.PEERS, found=peers(3)),
        step(5, 139, 0.1, None, stalled=0.5),
        step(6, 138, 0.2, 0.4, result=Status.REFUSED, code=203),
        step(7, 137, 0.2, 1.5, stalled=0.5),
        step(8, 136, 0.2, 4.2, stalled=0.5, result=Status.TIMED_OUT),
        step(8, 136, 0.6, 4.6, stalled=0.9, result=Status.TIMED_OUT, again=True),
    ]
    return detail(steps, 1.0, k=2)


SIGNS = "├↻┄»✓◆□!✗–●━"


@pytest.mark.parametrize("width", [46, 60, 66, 80, 116])
@pytest.mark.parametrize("until", [None, 0.05, 0.35, 0.7])
def test_the_legend_names_the_signs_that_occur_and_no_others(width: int, until: float | None) -> None:
    for whole in (everything(), ruled(), walk(), detail([step(1, 150, 0.0, 0.1)], 0.2)):
        drawn = "".join(texts(waterfall_lines(whole, 116, 99, until=until))).replace("┣", "├").replace("┅", "┄")
        legend = legend_lines(whole, width, until=until)
        named = "".join(texts(legend))
        assert {sign for sign in SIGNS if sign in drawn} == {sign for sign in SIGNS if sign in named}
        assert ("┆ now" in named) == (until is not None)
        assert all(width_of(line) <= width for line in legend)


def test_the_legend_takes_as_few_lines_as_it_can() -> None:
    assert texts(legend_lines(everything(), 76)) == [
        " ├ sent  ↻ again  ┄ stalled  » overtaken  ✓ answered  ◆ found  ! error",
        " □ late  – cancelled  ●━ path",
    ]
    line = " ├ sent  ↻ again  ┄ stalled  » overtaken  ✓ answered  – cancelled  ●━ path"
    assert texts(legend_lines(ruled(), 80)) == [line]
    assert texts(legend_lines(ruled(), len(line) - 1)) == [line.replace("  ", " ")]


def test_the_legend_stands_at_the_bottom_where_there_is_room_for_it() -> None:
    for height in range(12):
        lines = texts(explained_waterfall(everything(), 80, height, until=None, selected=None, span=1.0))
        assert len(lines) == (0 if height < 2 else height if height >= 7 else min(height, 10))
        assert any("●━ path" in line for line in lines) == (height >= 7)
    assert explained_waterfall(everything(), 30, 20, until=None, selected=None, span=1.0) == []


# ---- both -----------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 170), st.integers(0, 50), st.integers(0, 9), st.none() | st.floats(0, 3))
def test_drawings_fit_into_any_place(width: int, height: int, seed: int, until: float | None) -> None:
    whole = walk(seed)
    for lines in (
        ladder_lines(whole, width, height, until=until),
        waterfall_lines(whole, width, height, until=until),
    ):
        assert len(lines) <= height
        assert all(width_of(line) <= width for line in lines)


def _hostile() -> LookupDetail:
    steps = [step(1, 150, 0, 0.1, result=Status.REFUSED, code=None), step(2, 151, 0, None)]
    whole = detail(steps, 0.2, kind=HOSTILE)
    candidates = tuple(c._replace(version=HOSTILE.encode()) for c in whole.candidates)
    return whole._replace(candidates=candidates)


def test_nothing_a_terminal_obeys_is_drawn_or_written() -> None:
    whole = _hostile()
    lines = [*ladder_lines(whole, 90, 20), *waterfall_lines(whole, 90, 20), *verdict_lines(whole, 90)]
    every = "".join(texts(lines)) + as_text(whole).decode() + as_json(whole).decode()
    assert not {char for char in every if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}


def test_the_files_hold_the_whole_lookup() -> None:
    whole = walk()
    loaded = json.loads(as_json(whole))
    assert len(loaded["steps"]) == len(whole.steps)
    assert loaded["view"]["target"] == whole.view.target.hex()
    text = as_text(whole).decode()
    assert sum(line.startswith(f"{n:>3}  4f1a") for n in range(1, 9) for line in text.splitlines()) == 8
    assert verdict(whole).why in text and "●━ path" in text


# ---- verdict --------------------------------------------------------------------------------------------------


def test_the_verdict_tells_why_what_and_at_what_cost() -> None:
    said = verdict(walk())
    assert said.why == "The 8 closest nodes that are alive have answered."
    assert said.found == "Found 37 peers, the first after 285 ms; 8 of the closest 8 hold peers."
    assert said.cost == "67 packets in 1.38 s: 38 queries, 29 answers (8 of no use), 9 cancelled."
    assert said.slow == (
        "1378 ms: 56 % (770 ms) 6 round trips, 44 % (608 ms) no answer from 3 nodes (query 33 first); "
        "770 ms with every answer."
    )


def test_the_verdict_counts_what_the_rules_did_until_the_end() -> None:
    steps = [
        step(1, 150, 0.0, 0.9),
        step(2, 140, 0.0, 0.2),
        step(3, 141, 0.0, 0.3),
        step(4, 139, 0.0, None, stalled=0.4),
        step(5, 138, 0.0, 0.8, stalled=0.4),
        step(6, 151, 0.5, None, stalled=1.1),
        step(4, 139, 0.5, 1.2, stalled=0.8, again=True),
        step(5, 138, 0.6, None, again=True),
    ]
    whole = detail(steps, 1.0, k=2)
    assert policy_words(whole) == "2 stalled, 1 overtaken, 2 asked again (1 alive)."
    assert policy_words(as_of(whole, 0.45)) == "2 stalled, 1 overtaken."
    assert policy_words(as_of(whole, 0.25)) == "No query stalled, none was overtaken, none was asked again."
    doubts, states = (Distrust.TOO_NEAR, Distrust.MISFIT, None), (State.ANSWERED, State.NEW, State.PASSED)
    others = [whole.candidates[0]._replace(doubt=d, state=state) for d, state in zip(doubts, states, strict=True)]
    assert policy_words(whole._replace(steps=(), candidates=tuple(others))) == "1 passed over, 2 distrusted."


def test_each_sentence_of_the_verdict_but_the_last_fits_a_line_of_80_cells() -> None:
    for seed in range(20):
        lines = verdict_lines(walk(seed), 80)
        assert [line[0][0].strip() for line in lines[:5]] == ["✓", "⇄", "◆", "Σ", "◷"]
        assert len(lines) <= 6, "what a window of 24 lines has room for"
        assert all(width_of(line) <= 80 for line in lines)


def test_all_that_the_rules_did_fits_a_line_of_80_cells() -> None:
    for part in ("stalled", "overtaken", "asked again (1 alive)", "passed over", "distrusted"):
        assert part in policy_words(ruled())
    assert texts(verdict_lines(ruled(), 80))[2].startswith(" ◆")


def test_a_verdict_that_is_cut_says_so() -> None:
    whole = verdict_lines(ruled(), 40)
    assert verdict_lines(ruled(), 40, len(whole)) == whole
    cut = verdict_lines(ruled(), 40, 4)
    assert cut[:3] == whole[:3] and len(cut) == 4
    assert texts(cut)[3].endswith(" …") and width_of(cut[3]) <= 40


def test_a_value_is_told_with_who_holds_it() -> None:
    steps = [step(1, 140, 0, 0.1, result=Status.VALUE, found=mutable(4)), step(2, 141, 0, 0.2)]
    said = verdict(detail(steps, 0.3, found=mutable(4)))
    assert said.found == "Found a value, seq 4, the first after 100 ms; 1 of the closest 2 holds it."


def test_a_running_lookup_tells_how_it_stands() -> None:
    said = verdict(detail([step(1, 150, 0, 0.1), step(2, 151, 0, None)], 0.2, running=True))
    assert said.why == "Under way: 1 of the 8 closest found so far, 1 in flight."
    assert said.found == "The nearest answer is at 2^150.0."


def test_a_lookup_that_nobody_answered_says_so() -> None:
    said = verdict(detail([step(1, 150, 0, 1.0, result=Status.TIMED_OUT)], 1.0, stopped=StopReason.NOBODY_ANSWERED))
    assert (said.why, said.found, said.role) == ("No node answered.", "Nobody answered.", "bad")
    assert said.slow == "1000 ms: 100 % (1000 ms) no answer (query 1)."
    said = verdict(detail([], 0.0, stopped=StopReason.NOBODY_TO_ASK))
    assert (said.cost, said.slow) == ("It cost nothing: no query was sent.", "There was nobody to ask.")


@pytest.mark.parametrize("doubt", Doubt)
def test_what_speaks_against_a_lookup_that_found_nothing_is_told(doubt: Doubt) -> None:
    whole = detail([step(1, 150, 0, 0.1)], 0.2, stopped=StopReason.ALL_ANSWERED, doubt=doubt)
    said = verdict(whole)
    assert said.why == f"The only node answered, but {DOUBTS[doubt]}." and said.role == "warn"
    assert texts(verdict_lines(whole, 80))[0].startswith(" ? The only node answered, but ")
    found = verdict(whole._replace(view=whole.view._replace(found=IMMUTABLE)))
    assert (found.why, found.role) == ("The only node answered.", "good"), "what holds needs no trust"


def test_one_slow_node_is_named() -> None:
    steps = [step(1, 155, 0, 0.1)]
    steps += [step(n, 150 - n, 0.1, 0.2, parent=steps[0].addr, hop=1) for n in range(2, 6)]
    steps.append(step(6, 140, 0.1, 0.9, parent=steps[0].addr, hop=1))
    assert slow_words(detail(steps, 0.9)) == (
        "900 ms: 89 % (800 ms) a slow node (query 6), 11 % (100 ms) 1 round trip."
    )


def test_a_lookup_that_nothing_held_up_says_so() -> None:
    first = step(1, 155, 0, 0.1)
    second = step(2, 150, 0.1, 0.2, parent=first.addr, hop=1)
    words = slow_words(detail([first, second], 0.2))
    assert words == "Nothing held it up, 200 ms: 100 % (200 ms) 2 round trips."
