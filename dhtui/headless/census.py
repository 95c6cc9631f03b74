"""census as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..actions.census import CensusReport, FamilyCensus
from ..actions.run import Result
from ..engine.census.estimate import share_of
from ..engine.census.walk import OTHER
from ..engine.wire.bloom import Count
from ..text.clients import client_name
from ..text.format import milliseconds, plural
from . import text as words
from .json_lines import plain
from .lines import Lines

PARTS = (0.1, 0.5, 0.9, 0.99)
CLIENTS_SHOWN = 12


def text(result: Result, shown: words.Shown) -> Lines:
    """What was counted, and the estimates for the whole network of each family."""
    report = result.census
    return words.report(result, shown, [] if report is None else report_lines(report))


def report_lines(report: CensusReport) -> list[str]:
    """The estimates and counts of each family, then the infohashes that are listed."""
    lines: list[str] = []
    for name, one in report.families.items():
        counted = family_lines(one)
        lines += [f"{name}:", *(f"  {line}" for line in counted)] if len(report.families) > 1 else counted
    return [*lines, *(each.hex() for each in report.listed or ())]


def family_lines(report: FamilyCensus) -> list[str]:
    """The estimates and counts of one family, a label of 12 cells before each."""
    tally = report.tally
    whole = report.share == 1.0
    lines = [
        f"nodes       {_estimate(report.nodes, whole)}",
        f"infohashes  {_estimate(report.infohashes, whole)}",
        f"walked      {tally.blocks} of {plural(report.planned, 'block')}, {100 * report.share:.3g} % of all ids",
        f"answered    {_share(tally.answered, tally.visited)}",
        f"BEP 51      {_share(tally.sampling, tally.nodes)} gave {plural(tally.sampled, 'infohash', 'infohashes')}",
        f"BEP 42      {_share(tally.fitting, tally.judged) if tally.judged else 'only local addresses'}",
    ]
    trips = [(part, tally.round_trip(part)) for part in PARTS]
    measured = [f"{100 * part:g} % within {milliseconds(trip)}" for part, trip in trips if trip is not None]
    lines += [f"round trip  {', '.join(measured)}"] if measured else []
    for code, count in tally.clients.most_common(CLIENTS_SHOWN):
        lines.append(f"client      {_client(code):<14}  {_share(count, tally.nodes)}")
    if (rest := len(tally.clients) - CLIENTS_SHOWN) > 0:
        lines.append(f"            and {plural(rest, 'other program')}")
    if tally.surplus or tally.unbelieved:
        lines.append(f"left out    {tally.surplus} candidates too many, {tally.unbelieved} absurd counts")
    return lines


def _client(code: bytes) -> str:
    return "others" if code == OTHER else client_name(code) or "no v"


def _estimate(found: Count | None, whole: bool) -> str:
    if found is None:
        return "not known"
    if whole and found.low == found.high:
        return f"{found.value:.0f}, all of them"
    high = "" if found.high is None else f"{found.high:.0f}"
    return f"about {found.value:.0f} ({found.low:.0f} to {high or 'no telling'}, with 95 % certainty)"


def _share(part: int, whole: int) -> str:
    found = share_of(part, whole)
    high = 1.0 if found.high is None else found.high
    return f"{part} of {whole}, {100 * found.value:.1f} % ({100 * found.low:.1f} to {100 * high:.1f})"


# ---- JSON -----------------------------------------------------------------------------------------------


def json(result: Result) -> Iterator[dict[str, Any]]:
    """The result with all counts."""
    report = result.census
    listed = None if report is None or report.listed is None else [each.hex() for each in report.listed]
    counts = {} if report is None else {name: _counts(one) for name, one in report.families.items()}
    return plain(result, census=None if report is None else {"families": counts}, infohashes=listed)


def _counts(report: FamilyCensus) -> dict[str, Any]:
    tally = report.tally
    trips = {f"p{100 * part:g}": tally.round_trip(part) for part in PARTS}
    return {
        "nodes": _bounds(report.nodes),
        "infohashes": _bounds(report.infohashes),
        "blocks": tally.blocks,
        "planned": report.planned,
        "alone": report.alone,
        "space": report.share,
        "visited": tally.visited,
        "found": tally.nodes,
        "answers": _part(tally.answered, tally.visited),
        "sampling": _part(tally.sampling, tally.nodes),
        "bep42": _part(tally.fitting, tally.judged),
        "round_trips": {name: None if trip is None else round(1000 * trip, 1) for name, trip in trips.items()},
        "clients": [
            {"client": _client(code), "code_hex": code.hex(), **_part(count, tally.nodes)}
            for code, count in tally.clients.most_common()
        ],
        "sampled": tally.sampled,
        "surplus": tally.surplus,
        "unbelieved": tally.unbelieved,
    }


def _bounds(found: Count | None) -> dict[str, Any] | None:
    if found is None:
        return None
    high = None if found.high is None else round(found.high, 1)
    return {"estimate": round(found.value, 1), "low": round(found.low, 1), "high": high}


def _part(part: int, whole: int) -> dict[str, Any]:
    found = share_of(part, whole)
    high = 1.0 if found.high is None else found.high
    return {
        "part": part,
        "whole": whole,
        "share": round(found.value, 4),
        "low": round(found.low, 4),
        "high": round(high, 4),
    }
