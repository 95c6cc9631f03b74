"""conform for programs: JSON, JUnit, the Test Anything Protocol, SARIF."""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby
from typing import Any
from xml.sax.saxutils import quoteattr

from ... import __version__
from ...conform.case import Case
from ...conform.outcomes import Level, Outcome
from ...conform.session import Result
from ...text.format import address
from ...text.runs.conformance import why_words
from ...text.safe import safe_text
from ..offline.json_lines import ended
from .conformed import Conformed

LONGEST = 1000
"""Most characters about a case."""
RULES = "https://www.bittorrent.org/beps/"
SARIF_LEVELS = {Level.M: "error", Level.S: "warning", Level.O: "note", Level.H: "warning"}


def objects(done: Conformed) -> list[dict[str, Any]]:
    """One object."""
    if done.request.listed:
        cases = [_case(case) for case in done.request.cases]
    else:
        cases = [_result(result, done) for result in done.results]
    counts = Counter(str(result.outcome) for result in done.results)
    told = {
        "remote": address(done.remote) if done.remote is not None else None,
        "seed": done.seed,
        "strict": done.request.strict,
        "counts": {str(outcome): counts[outcome] for outcome in Outcome},
        "stale": [result.case.id for result in done.results if result.stale],
        "cases": cases,
    }
    return ended("conform", done.exit, told)


def _case(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "bep": case.bep,
        "section": case.section,
        "level": str(case.level),
        "requirement": case.requirement,
        "outcome": None,
        "expected": "",
        "actual": "",
        "why": None,
        "reason": None,
        "known": None,
        "sent": "",
        "received": [],
        "recording": None,
    }


def _result(result: Result, done: Conformed) -> dict[str, Any]:
    return _case(result.case) | {
        "outcome": str(result.outcome),
        "expected": result.expected,
        "actual": result.actual,
        "why": why_words(result.why) or None,
        "reason": str(result.why) if result.why is not None else None,
        "known": result.known or None,
        "sent": result.sent.hex(),
        "received": [data.hex() for data in result.received],
        "recording": done.recordings.get(result.case.id),
    }


def report(ending: str, done: Conformed) -> bytes:
    """The report of the form that the ending of a file names."""
    made = {".json": _json, ".xml": _junit, ".tap": _tap, ".sarif": _sarif}[ending](done)
    return made.encode("utf-8", "backslashreplace")


def _json(done: Conformed) -> str:
    return json.dumps(objects(done)[0], indent=1) + "\n"


def _failed(result: Result, done: Conformed) -> bool:
    return result in done.failures


def _words(result: Result) -> str:
    if result.outcome is Outcome.SKIPPED:
        return safe_text(why_words(result.why) + (f": {result.actual}" if result.actual else ""), LONGEST)
    known = f" (known: {result.known})" if result.known else ""
    return safe_text(f"expected {result.expected or 'an answer'}; actual: {result.actual}{known}", LONGEST)


def _junit(done: Conformed) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites name="dhtui conform">']
    for group, members in groupby(done.results, key=lambda result: result.case.group):
        results = list(members)
        failed = sum(_failed(each, done) for each in results)
        skipped = sum(each.outcome is not Outcome.PASS and not _failed(each, done) for each in results)
        name = f"BEP {group}" if group.isdigit() else "robustness"
        lines.append(
            f'<testsuite name={quoteattr(name)} tests="{len(results)}" failures="{failed}" skipped="{skipped}">'
        )
        for result in results:
            title = quoteattr(f"{result.case.id} {result.case.requirement}")
            start = f"<testcase classname={quoteattr(f'conform.{name}')} name={title}"
            if result.outcome is Outcome.PASS:
                lines.append(f"{start}/>")
                continue
            kind = "failure" if _failed(result, done) else "skipped"
            what = f"<{kind} message={quoteattr(f'{result.outcome}: {_words(result)}')}/>"
            lines.append(f"{start}>{what}</testcase>")
        lines.append("</testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _tap(done: Conformed) -> str:
    lines = ["TAP version 13", f"1..{len(done.results)}"]
    for number, result in enumerate(done.results, 1):
        case, outcome = result.case, result.outcome
        title = f"{number} - {case.id} {case.requirement}".replace("#", "\\#")
        if outcome is Outcome.PASS:
            lines.append(f"ok {title}")
        elif outcome is Outcome.SKIPPED:
            lines.append(f"ok {title} # SKIP {_words(result)}")
        elif _failed(result, done):
            lines += [f"not ok {title}", "  ---", *_yaml(result), "  ..."]
        else:
            lines.append(f"not ok {title} # TODO {outcome}: {_words(result)}")
    return "\n".join([*lines, ""])


def _yaml(result: Result) -> list[str]:
    told = {
        "outcome": str(result.outcome),
        "expected": result.expected,
        "actual": result.actual,
        "sent": result.sent.hex(),
    }
    return [f"  {name}: {json.dumps(value)}" for name, value in told.items()]


def _sarif(done: Conformed) -> str:
    cases = [result.case for result in done.results]
    found = [each for each in done.results if each.outcome in (Outcome.FAIL, Outcome.NON_STRICT)]
    run = {
        "tool": {
            "driver": {
                "name": "dhtui conform",
                "version": __version__,
                "rules": [_rule(case) for case in cases],
            }
        },
        "results": [
            {
                "ruleId": result.case.id,
                "level": "error" if result.outcome is Outcome.FAIL else "warning",
                "message": {"text": _words(result)},
                "locations": [{"logicalLocations": [{"name": address(done.remote), "kind": "resource"}]}]
                if done.remote is not None
                else [],
                **({"suppressions": [{"kind": "external", "justification": result.known}]} if result.known else {}),
            }
            for result in found
        ],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(case: Case) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": case.id,
        "shortDescription": {"text": case.requirement},
        "defaultConfiguration": {"level": SARIF_LEVELS[case.level]},
    }
    if case.bep is not None:
        rule["helpUri"] = f"{RULES}bep_{case.bep:04}.html"
    return rule
