"""A lookup in the keyspace: a row for each hop, its nodes at the places of their ids, and the referral to the next
hop."""

from __future__ import annotations

from collections.abc import Sequence

from ...engine.views.snapshot import LookupDetail, StepView
from ...text.format import plural
from ...text.keyspace import Mark, Part, bracket, marks, scale, ticks
from ...text.spans import Line
from ..critical import critical_path
from ..query_status import responded

_HOP = 7
"""Cells for the number of the hop."""


def keyspace_title(part: Part, target: bytes) -> str:
    """What part of the id space is drawn."""
    if not part.depth:
        return "id space: all ids"
    prefix = part.prefix()
    begin = f", {prefix[:6]}{'…' * (len(prefix) > 6)}" if prefix else ""
    whose = " with the target" if part.column(target, 1) is not None else ""
    return f"id space: the ids that share {plural(part.depth, 'bit')}{whose}{begin}"


def keyspace_lines(detail: LookupDetail, own: bytes | None, part: Part, width: int, height: int) -> list[Line]:
    """The picture of a lookup in `height` rows: the scale, two rows a hop, the target. If room is short, far hops are
    left out.

    A hop shows the nodes that answered, dim those that did not, and the span between the outermost.
    """
    wide = max(8, width - _HOP)
    pad: Line = ((" " * _HOP, "plain"),)
    us = [Mark(own, "▼", "us", "accent")] if own else []
    lines: list[Line] = [(*pad, *scale(part, wide))]
    if us:
        lines.append((*pad, *marks(part, us, wide)))
    hops = sorted({step.hop for step in detail.steps})
    room = max(1, (height - len(lines) - 1) // 2)
    path = critical_path(detail)
    for hop in hops[-room:]:
        steps = [step for step in detail.steps if step.hop == hop and step.id is not None]
        lines.append(((f"hop {hop} ".rjust(_HOP), "dim"), *_hop(part, steps, detail, wide)))
        led = next((step for place in path if (step := detail.steps[place]).hop == hop + 1), None)
        if led is not None:
            lines.append((*pad, *_referral(part, led, detail, wide)))
    lines.append((*pad, *marks(part, [Mark(detail.view.target, "◆", "target", "key")], wide)))
    return lines[:height]


def _hop(part: Part, steps: Sequence[StepView], detail: LookupDetail, width: int) -> Line:
    """The nodes of a hop: dots for those that answered, a thin line to the outermost that were queried."""
    answered = [step.id for step in steps if step.id is not None and responded(step)]
    asked = [step.id for step in steps if step.id is not None]
    ends = bracket(part, asked, width)
    if ends is None:
        return ((" " * width, "plain"),)
    row = ticks(part, answered, width)
    first, last = ends
    return tuple(
        (char, "data")
        if char != " "
        else ("┄", "dim")
        if first < column < last
        else ("·", "dim")
        if column in ends
        else (" ", "plain")
        for column, char in enumerate(row)
    )


def _referral(part: Part, led: StepView, detail: LookupDetail, width: int) -> Line:
    """The arc from a referrer to the node that it named."""
    parent = next((step.id for step in detail.steps if step.addr == led.parent and step.id is not None), None)
    start = part.column(parent, width) if parent is not None else None
    end = part.column(led.id, width) if led.id is not None else None
    if start is None or end is None:
        return ((" " * width, "plain"),)
    if start == end:
        return ((" " * start + "│", "accent"), (" " * (width - start - 1), "plain"))
    left, right = min(start, end), max(start, end)
    signs = "╰╮" if start < end else "╭╯"
    arc = signs[0] + "─" * (right - left - 1) + signs[1]
    return ((" " * left, "plain"), (arc, "accent"), (" " * (width - right - 1), "plain"))
