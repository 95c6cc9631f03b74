"""One fact about a query has one word and one sign, and is counted once, wherever a lookup is shown."""

from __future__ import annotations

import json
import re

import pytest
from engine.network import Network, into, naming, silent

from dhtui.engine.lookup.decisions import State
from dhtui.engine.lookup.questions import FindClosest
from dhtui.engine.lookup.running import LookupRun
from dhtui.engine.operations.requests import Ask
from dhtui.engine.outcome import Outcome, Status
from dhtui.engine.views.snapshot import LookupDetail
from dhtui.lookups.compare import differences
from dhtui.lookups.drawings.ladder import ladder_lines, scale_of
from dhtui.lookups.drawings.legend import legend_lines
from dhtui.lookups.drawings.waterfall import waterfall_lines
from dhtui.lookups.explanation import explanation
from dhtui.lookups.export import as_json, as_text
from dhtui.lookups.query_status import IN_TIME, MARKS, QueryStatus, counts, sent
from dhtui.lookups.verdict import verdict
from dhtui.screens.lookup.panes import (
    LOOKUP_COLUMNS,
    NODE_COLUMNS,
    LookupRow,
    candidate_details,
    candidate_rows,
    state_line,
)
from dhtui.text.spans import Line

from .samples import candidate, detail, node_id, peers, step

WORDS = {what.value for what in QueryStatus}
OLD = {"given up", "timed out", "too late", "no answer in time", "wasted", "to the dead", "▸", "■"}
"""What the same facts were called before."""


def text_of(*lines: Line) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def scripted(*, running: bool = False) -> tuple[LookupDetail, dict[str, QueryStatus]]:
    """A lookup in which each fate is met by one node, by its address."""
    steps = {
        QueryStatus.ANSWERED: step(1, 150, 0.0, 0.2),
        QueryStatus.FOUND: step(2, 140, 0.0, 0.3, result=Status.PEERS, found=peers(3)),
        QueryStatus.ERROR: step(3, 141, 0.0, 0.4, result=Status.REFUSED, code=203, nodes=0),
        QueryStatus.SILENT: step(4, 142, 0.0, 0.9, stalled=0.5, result=Status.TIMED_OUT, nodes=0),
        QueryStatus.UNASKED: step(5, 143, 0.0, 0.05, result=Status.SEND_FAILED, nodes=0),
        QueryStatus.UNUSABLE: step(10, 148, 0.0, 0.9, result=Status.UNREADABLE, nodes=0),
    }
    if running:
        steps[QueryStatus.WAITING] = step(6, 144, 0.5, None, stalled=0.9)
    else:
        steps[QueryStatus.LATE] = step(7, 145, 0.5, 1.2, stalled=0.9, found=peers(2))
        steps[QueryStatus.CANCELLED] = step(8, 146, 0.5, 4.5, stalled=0.9, result=Status.TIMED_OUT, nodes=0)
    whole = detail(list(steps.values()), 1.0, running=running)
    late = [
        node._replace(state=State.STALLED, result=None, token=False, nodes=0, peers=(), rtt=None, version=None)
        if node.addr[0].endswith((".7", ".8"))
        else node
        for node in whole.candidates
    ]
    late.append(candidate(step(9, 147, 0.0, None), state=State.NEW))
    fates = {one.addr[0]: what for what, one in steps.items()} | {"203.0.113.9": QueryStatus.UNASKED}
    return whole._replace(candidates=tuple(late)), fates


@pytest.mark.parametrize("running", [False, True])
def test_each_fact_has_one_word_and_one_sign_in_all_views(running: bool) -> None:
    whole, fates = scripted(running=running)
    rows = {row.node.addr[0]: row for row in candidate_rows(whole)}
    drawn = {line[5:8].strip(): line for line in text_of(*waterfall_lines(whole, 116, 30)).splitlines()[1:]}
    written = json.loads(as_json(whole))
    legend = text_of(*legend_lines(whole, 200))
    state = next(column for column in NODE_COLUMNS if column.title == "state")
    for ip, what in fates.items():
        sign, word = MARKS[what][0], what.value
        row, number = rows[ip], next((n for n, s in enumerate(whole.steps, 1) if s.addr[0] == ip), None)
        cell, window = text_of(state.cell(row)), text_of(*candidate_details(row, whole))
        told = " ".join(explanation(whole, row.node))
        assert row.query_status is what
        assert cell[0] == (sign if what is not QueryStatus.WAITING else "┄")
        if what in (QueryStatus.LATE, QueryStatus.SILENT, QueryStatus.CANCELLED):
            assert cell == f"{sign} {word}"
            assert f"state       {sign} {word}" in window and f"{word}" in told
        in_json = next(node["fate"] for node in written["candidates"] if node["addr"][0] == ip)
        assert in_json == word
        if number is not None:
            bar = drawn[str(number)][24:]
            assert sign in bar and not {other for other, _ in MARKS.values() if other != sign} & set(bar.split("  ")[0])
            assert written["steps"][number - 1]["fate"] == word
            assert f"{sign} {word}" in legend
        others = (WORDS - {word}) & set(re.findall(r"[a-z]+", f"{cell} {told}"))
        assert not others - {"answered", "error"}, "a late answer is an answer, a refusal an error"
    everything = "\n".join((text_of(*verdict_all(whole)), as_text(whole).decode(), legend))
    assert not {word for word in OLD if word in everything}


def verdict_all(whole: LookupDetail) -> list[Line]:
    said = verdict(whole)
    return [((text, "plain"),) for text in (said.why, said.policy, said.found, said.cost, said.slow)]


@pytest.mark.parametrize("running", [False, True])
def test_each_query_is_counted_once_and_alike_in_all_views(running: bool) -> None:
    whole, _ = scripted(running=running)
    fates, view = counts(whole), whole.view
    answers = sum(fates[what] for what in IN_TIME)
    assert (view.asked, view.answered, view.timed_out) == (sent(fates), answers, fates[QueryStatus.SILENT])
    header = text_of(state_line(whole, None, 160))
    assert f" sent {sent(fates)} ✓{answers} (1!)" in header
    listed = next(column for column in LOOKUP_COLUMNS if column.title == "✓/sent")
    assert text_of(listed.cell(LookupRow(view, 0.0, False))) == f"{answers}/{sent(fates)}"
    cost = verdict(whole).cost
    assert f"{sent(fates)} queries, {answers} answers" in cost
    for what in (
        QueryStatus.LATE,
        QueryStatus.UNUSABLE,
        QueryStatus.SILENT,
        QueryStatus.CANCELLED,
        QueryStatus.WAITING,
        QueryStatus.UNASKED,
    ):
        sign, many = MARKS[what][0], fates[what]
        assert (f" {sign}{many}" in header) == (f"{many} {what}" in cost) == (many > 0)
    compared = {row.what: row.first for row in differences(whole, whole)}
    assert compared["answers"] == str(answers) and compared["late"] == str(fates[QueryStatus.LATE])
    assert compared["unusable"] == str(fates[QueryStatus.UNUSABLE])
    assert compared["silent"] == str(fates[QueryStatus.SILENT]) and compared["cancelled"] == str(
        fates[QueryStatus.CANCELLED]
    )


def test_what_came_late_counts_for_nothing_but_is_told() -> None:
    whole, _ = scripted()
    row = next(row for row in candidate_rows(whole) if row.query_status is QueryStatus.LATE)
    window = text_of(*candidate_details(row, whole))
    assert "□ late: it answered after the end" in window
    assert "gave        8 nodes, 2 peers, too late to count" in window
    assert "round trip  700 ms" in window and "it gave none" not in window
    assert "answered late, at 1.20 s with 8 nodes and 2 peers: the lookup was over" in window.replace("\n   ", " ")
    assert whole.view.best == 2, "it is none of the closest"
    wide = detail([step(1, 150, 0, 3.0)], 3.0)
    assert "□" in text_of(*ladder_lines(whole, 80, 20, scale=scale_of(whole, wide)))


def one_late() -> tuple[LookupDetail, Outcome]:
    """A lookup by an engine: one node answers, one when it is over, one never."""
    net = Network(latency=0.02)
    core = net.core(maintain=False, bep42="off", k=1, alpha=3)
    target = bytes.fromhex("4f1a9d3377c0aa55c3d2e1f00f1e2d3c4b5a6978")
    quick, slow, dead = (net.puppet(naming(), node_id=node_id(140 + n, n)) for n in range(3))
    net.meet(core, quick, slow, dead)
    net.slow[slow.addr] = 0.3
    dead.answer = silent
    finds: list[LookupRun] = []
    ended: list[Outcome] = []
    find = core.start(Ask(FindClosest(target)), into(ended), net.now)
    assert isinstance(find, LookupRun)
    finds.append(find)
    net.after(core)
    net.run(8.0)
    return finds[0].detail(net.now), ended[0]


def test_the_engine_and_its_outcome_say_the_same() -> None:
    whole, outcome = one_late()
    fates = {row.node.addr: row.query_status for row in candidate_rows(whole)}
    assert sorted(fates.values()) == [QueryStatus.ANSWERED, QueryStatus.CANCELLED, QueryStatus.LATE]
    for node in outcome.asked:
        # What an outcome is made of is known at the end: who answers after it is cancelled in it.
        assert (node.status is Status.CANCELLED) == (fates[node.addr] in (QueryStatus.LATE, QueryStatus.CANCELLED))
    assert (whole.view.asked, whole.view.answered, whole.view.timed_out) == (3, 1, 0)
