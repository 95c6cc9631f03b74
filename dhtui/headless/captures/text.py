"""What a capture holds, as lines of text."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache

from ...packets.captures.message import Captured
from ...packets.captures.reader import Summary
from ...packets.captures.walks.walk import Walk
from ...packets.packet import Packet
from ...packets.summary import summary as in_short
from ...text import captures as words
from ...text.faults import problem_words
from ...text.format import address, duration, full_time, milliseconds, plural
from ...text.safe import safe_text


def problem(heard: Captured) -> str:
    """Why it is no message, or is a query that a node refuses, in words."""
    return problem_words(heard.problem)


def packet(heard: Captured) -> str:
    """A line of one message."""
    shown = Packet(
        heard.number, heard.at, "in", heard.source, heard.data, heard.kind, heard.method, heard.tid, problem(heard),
        heard.message,
    )  # fmt: skip
    pair = "" if heard.pair is None else f"  [{'answers' if heard.query else 'answered by'} {heard.pair}]"
    answers = f"{safe_text(heard.method, 30)}: " if heard.query is not None and heard.method else ""
    way = f"{address(heard.source)} > {address(heard.dest)}"
    return f"{heard.number:>6} {_clock(heard.at)} {way}  {heard.kind} {answers}{in_short(shown, kind=False)}{pair}"


def _clock(at: float) -> str:
    return f"{_second(int(at))}.{int(at * 1e6) % 1_000_000:06}"


@lru_cache(maxsize=16)
def _second(at: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def walk(one: Walk) -> str:
    """A line of one lookup."""
    took = "" if one.complete is None else f", complete after {milliseconds(max(0.0, one.complete - one.started))}"
    first = "" if one.first is None else f", first answer after {milliseconds(max(0.0, one.first - one.started))}"
    found = "" if one.found is None else f", found something after {milliseconds(max(0.0, one.found - one.started))}"
    asked = f"{plural(one.queries, 'query', 'queries')} to {plural(len(one.asked), 'node')}"
    return (
        f"{_clock(one.started)} {address(one.source)}  {safe_text(one.method, 30)} {one.target.hex()}  inferred: "
        f"{asked}, {plural(one.answers, 'answer')}{first}{found}{took}"
    )


def summary(told: Summary) -> list[str]:
    """The last lines."""
    span = ""
    if told.first is not None and told.last is not None:
        span = f", {full_time(told.first)} and {duration(max(0.0, told.last - told.first))} on"
    return [
        f"{told.name}: {plural(told.packets, 'packet')}, {plural(told.datagrams, 'UDP datagram')}, "
        f"{plural(told.krpc, 'KRPC message')} of {plural(told.nodes, 'node')}{span}",
        f"{plural(told.queries, 'query', 'queries')}, {told.unanswered} of them unanswered; "
        f"{told.malformed} malformed, {plural(told.duplicates, 'duplicate')} dropped",
    ]


def warnings(told: Summary, exact: bool) -> Iterator[str]:
    """What keeps the summary from being all of it."""
    if told.damage is not None:
        yield words.damage_words(told.damage.kind, told.damage.offset)
    if told.cut:
        yield words.cut_words(told.cut)
    if told.fragments:
        yield words.fragments_words(told.fragments)
    if told.unknown_links:
        yield words.links_words(told.unknown_links)
    if not exact:
        yield "there are so many nodes that some may be counted twice"
