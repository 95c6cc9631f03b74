"""doctor and sybil_check as lines and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..actions.run import Result
from ..engine.diagnosis.findings import Check, Finding, Severity
from ..text.families import missing_words
from ..text.findings import CHECKS, MEANINGS, chance_words, measure_words
from ..text.node.details import detail_words
from ..text.safe import safe_text
from .json_lines import plain
from .lines import Lines
from .text import Shown

_SIGNS = {Severity.FINE: "✓", Severity.WARNING: "!", Severity.FAULT: "✗", Severity.UNKNOWN: "?"}


def text(result: Result, shown: Shown) -> Lines:
    """A line for each finding; of those that are not fine also what it means and what to do."""
    lines = Lines([line for finding in result.findings for line in finding_lines(finding)])
    lines.out += missing_words(result.standing.missing)
    failed = "" if result.ok else f"{result.action} {result.given_up}: " if result.given_up else f"{result.action}: "
    lines.err = [f"{failed}{result.summary}"]
    return lines


def finding_lines(finding: Finding) -> Iterator[str]:
    """What was found and measured; if that is not fine also what it means and what to do, four cells farther right."""
    meaning, remedy = MEANINGS[finding.verdict]
    family = f"{finding.family}: " if finding.family else ""
    about = f"{family}{safe_text(finding.about, 40)}: " if finding.about else family
    head = f"{_SIGNS[finding.severity]} {finding.severity:<8} {CHECKS[finding.check]:<15} {about}{finding.verdict}"
    measured = "; ".join(part for part in (measure_words(finding.measured), chance_words(finding)) if part)
    yield f"{head} ({measured})" if measured else head
    if finding.severity is not Severity.FINE:
        yield f"    {meaning}"
        if remedy:
            yield f"    > {remedy}"


def finding_fields(finding: Finding) -> dict[str, Any]:
    """A finding, as JSON."""
    meaning, remedy = MEANINGS[finding.verdict]
    return {
        "type": "finding",
        "check": str(finding.check),
        "about": safe_text(finding.about),
        "family": finding.family,
        "verdict": str(finding.verdict),
        "severity": str(finding.severity),
        "measured": [
            {
                "name": one.name,
                "value": safe_text(detail_words(one.value), 1000) if isinstance(one.value, str) else one.value,
                "unit": str(one.unit),
            }
            for one in finding.measured
        ],
        "meaning": meaning,
        "remedy": remedy,
        "p_value": finding.p_value,
        "false_alarm_rate": finding.false_alarm_rate,
    }


def doctor_json(result: Result) -> Iterator[dict[str, Any]]:
    """A line for each finding, then the summary."""
    yield from map(finding_fields, result.findings)
    counts = Counter(each.severity for each in result.findings)
    yield from plain(
        result,
        healthy=not counts[Severity.FAULT],
        fine=counts[Severity.FINE],
        warnings=counts[Severity.WARNING],
        faults=counts[Severity.FAULT],
        unknown=counts[Severity.UNKNOWN],
    )


def sybil_json(result: Result) -> Iterator[dict[str, Any]]:
    """A line for each sign, a line for each node, then the summary."""
    yield from map(finding_fields, result.findings)
    # Of a node in both families the one in which more speaks for a crowd.
    densities = [each for each in result.findings if each.check is Check.DENSITY]
    crowd = min(densities, key=lambda each: 1.0 if each.p_value is None else each.p_value)
    told = crowd.severity is not Severity.UNKNOWN
    yield from plain(
        result,
        p_value=crowd.p_value,
        false_alarm_rate=crowd.false_alarm_rate,
        crowded=crowd.severity is Severity.FAULT if told else None,
    )
