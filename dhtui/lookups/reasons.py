"""How a lookup came to ask a node, and why it distrusted it, in words: from what the engine recorded."""

from __future__ import annotations

from dataclasses import dataclass

from ..engine.lookup.candidates import Distrust, Mark
from ..engine.snapshot import CandidateView, LookupDetail, StepView
from ..engine.wire.compact import Addr
from ..text.format import plural
from ..text.safe import safe_text
from .query_status import LIES, answering

_ASKED_THOUGH: dict[str, str] = {
    Distrust.TOO_NEAR: "distrusted: too near, who named it can hardly know of it",
    Distrust.CHOSEN: "distrusted: its id may have been chosen for the target",
    Distrust.MISFIT: "distrusted: its id does not fit its address",
}
"""Why a node was distrusted when it was asked."""
DISTRUSTED: dict[str, str] = {
    Distrust.TOO_NEAR: "it is too near to be believed",
    Distrust.CHOSEN: "its id is much nearer than the one it was named under, and nobody else names it",
    Distrust.MISLED: "nobody but nodes that mislead named it",
    Distrust.MISFIT: "its id does not fit its address",
}
"""Why a node is distrusted, as it is judged now."""
SHORT: dict[str, str] = {
    Mark.TWIN: "/24 twin",
    Mark.RESERVE: "reserve",
    Mark.SILENT: "gone?",
    Distrust.TOO_NEAR: "too near",
    Distrust.CHOSEN: "chosen id",
    Distrust.MISLED: "misled",
    Distrust.MISFIT: "misfit",
}
"""Why a node was not asked, or fills no place, in at most 9 cells."""


@dataclass(frozen=True, slots=True)
class Origin:
    """How a node came to be asked."""

    sign: str
    """The number of the query that named it; ``op`` opened the lookup, ``kn`` was known from the start, ``bs`` is a
    bootstrap host, ``·`` is not known. At most 3 cells."""
    doubted: bool
    """Whether it was distrusted when it was asked."""
    words: str
    """All that in words, safe to print."""


def origins(detail: LookupDetail) -> list[Origin]:
    """The origin of each query in `steps`."""
    nodes = {node.addr: node for node in detail.candidates}
    opened = {step.addr for step in detail.steps if step.sent <= detail.steps[0].sent}
    answered = answering(detail)
    lied = {step.addr for step in detail.steps if step.result in LIES}
    found = []
    for step in detail.steps:
        sign, words = _came(step, nodes.get(step.addr), answered, step.addr in opened)
        if step.doubt == Distrust.MISLED:
            others = f"{plural(step.misnamed, 'other')} from there {'was' if step.misnamed == 1 else 'were'}"
            value = step.parent in lied or not step.misnamed
            why = "the value given there does not hold" if value else f"{others} silent or misnamed"
            words += f", for want of a better one: {why}"
        elif step.doubt in _ASKED_THOUGH:
            words += f", {_ASKED_THOUGH[step.doubt]}"
        found.append(Origin(sign, step.doubt != "", words))
    return found


def _came(step: StepView, node: CandidateView | None, answered: dict[Addr, int], opened: bool) -> tuple[str, str]:
    mark, note = (node.mark, safe_text(node.note, 60)) if node is not None else ("", "")
    if step.parent is not None:
        instead = f", {note}" if mark == Mark.INSTEAD else ""
        if step.parent in answered:
            number = answered[step.parent] + 1
            return str(number), f"named by query {number}{instead}"
        return "·", f"named by a node that is not known{instead}"
    if step.id is None:
        return "bs", "a bootstrap host, of which only the address is known"
    if opened:
        return "op", f"it opened the lookup, {note}" if mark == Mark.OPENING else "it opened the lookup"
    if mark == Mark.RESERVE:
        return "kn", "known from before, kept in reserve until nobody else was left"
    return "kn", f"known from the start, {note}" if mark == Mark.INSTEAD else "known from the start"
