"""conform as lines: a tree by BEP, and the failures again at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from ...conform.case import Case
from ...conform.outcomes import Level, Outcome
from ...conform.session import Result
from ...errors import Exit
from ...text.format import address, plural
from ...text.runs.conformance import why_words
from ..lines import Lines
from .conformed import Conformed

LEVELS = {Level.M: "must", Level.S: "should", Level.O: "optional", Level.H: "robustness"}
SHOWN = 64
"""Most bytes of a datagram that are shown in hex."""
TOLD_AGAIN = (Outcome.FAIL, Outcome.NON_STRICT, Outcome.INCONCLUSIVE)
WIDTH = max(map(len, Outcome))


def text(done: Conformed) -> Lines:
    """The tree, the failures, and the counts."""
    if done.request.listed:
        return Lines(out=list(_listed(done.request.cases)))
    lines = Lines(out=[])
    where = address(done.remote) if done.remote is not None else ""
    if not done.reached:
        lines.failure = f"{where} answers no ping: nothing is known about it"
        return lines
    lines.out += _tree(done.results)
    lines.out += _again(done)
    counts = Counter(result.outcome for result in done.results)
    told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    lines.out += ["", f"{where}: {plural(len(done.results), 'case')}: {told}; --seed {done.seed}"]
    stale = [result.case.id for result in done.results if result.stale]
    if stale:
        lines.out.append(f"stale, for they pass though --skip lists them: {', '.join(stale)}")
    if done.ended is Exit.DEADLINE:
        lines.failure = "given up at the --deadline: the cases that are left were not run"
    elif done.ended is not None:
        lines.failure = "stopped: the cases that are left were not run"
    elif done.failures:
        lines.failure = f"{plural(len(done.failures), 'case')} failed"
    return lines


def _listed(cases: Iterable[Case]) -> Iterator[str]:
    for group, members in groupby(cases, key=lambda case: case.group):
        yield _head(group)
        for case in members:
            needs = f"  (needs: {', '.join(sorted(case.needs))})" if case.needs else ""
            yield f"  {case.id:<6} {case.level}  {case.requirement}{needs}"


def _head(group: str) -> str:
    return f"BEP {group}" if group.isdigit() else "Robustness"


def _tree(results: Iterable[Result]) -> Iterator[str]:
    for group, members in groupby(results, key=lambda result: result.case.group):
        yield _head(group)
        for result in members:
            case = result.case
            yield f"  {result.outcome:<{WIDTH}}  {case.id:<6} {case.level}  {case.requirement}{_note(result)}"


def _note(result: Result) -> str:
    if result.outcome is Outcome.SKIPPED:
        return f"  ({result.actual or why_words(result.why)})"
    if result.stale:
        return "  (stale: listed as a known failure)"
    return f"  (known: {result.known})" if result.known else ""


def _again(done: Conformed) -> Iterator[str]:
    told = [result for result in done.results if result.outcome in TOLD_AGAIN]
    if told:
        yield ""
        yield "Not passed:"
    for result in told:
        case = result.case
        section = f"BEP {case.bep}, {case.section}" if case.bep else case.section
        yield f"  {case.id} {result.outcome} ({LEVELS[case.level]}; {section})"
        yield f"    {case.requirement}"
        yield f"    Expected: {result.expected or 'an answer'}"
        yield f"    Actual:   {result.actual}"
        if result.sent:
            yield f"    Sent:     {_hex(result.sent)}"
        for data in result.received[:2]:
            yield f"    Received: {_hex(data)}"
        if result.known:
            yield f"    Known:    {result.known}"
        if path := done.recordings.get(case.id):
            yield f"    Packets:  dhtui --replay {path}"


def _hex(data: bytes) -> str:
    more = f"… ({len(data)} bytes)" if len(data) > SHOWN else ""
    return data[:SHOWN].hex() + more
