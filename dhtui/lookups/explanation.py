"""A node in a lookup, explained in sentences: when and why it was queried, what the policy did, and the outcome."""

from __future__ import annotations

from ..engine.lookup.decisions import FoundKind, State
from ..engine.outcome import Status
from ..engine.views.snapshot import CandidateView, LookupDetail, StepView
from ..text.decisions import DISTRUSTED, decision_words, found_words, unasked_words
from ..text.faults import note_words
from ..text.format import plural, short_id
from ..text.safe import safe_text
from .query_status import LIES, QueryStatus, query_status, span_words
from .reasons import decisions_about, origins


def explanation(detail: LookupDetail, node: CandidateView) -> list[str]:
    """One sentence for each query to a node, or why it was not queried; safe to print."""
    places = [place for place, step in enumerate(detail.steps) if step.addr == node.addr]
    if not places:
        return [_unasked(detail, node)]
    came = origins(detail)
    told = []
    for place in places:
        step = detail.steps[place]
        when = span_words(step.sent)
        asked = (
            f"asked again at {when}, being among the nearest" if step.again else f"sent at {when}: {came[place].words}"
        )
        rules = explained(detail, step)
        told.append("; ".join((f"Query {place + 1}, {asked}", *rules, _end(detail, step, bool(rules)))) + ".")
    return told + _judged(node) if node.state is State.ANSWERED else told


def kept_back(detail: LookupDetail, node: CandidateView) -> list[str]:
    """One sentence for each other decision about a node, in the order of time, without the one in `explanation`; safe
    to print."""
    decided = decisions_about(detail).get(node.addr, [])
    if decided and unasked_words(decided[-1]) and all(step.addr != node.addr for step in detail.steps):
        decided = decided[:-1]
    return [f"At {span_words(decision.at)}: {decision_words(decision)}." for decision in decided]


def _judged(node: CandidateView) -> list[str]:
    """Sentences about the trust in a node after its answer."""
    told = []
    if node.named is not None:
        told.append(f"Named under another id, {short_id(node.named)}: the one that it answers with counts.")
    if node.result in LIES:
        told.append("Its value does not hold: it is none of the closest, and whom it names has to wait.")
    elif node.doubt is not None and node.place != "fills":
        why = DISTRUSTED[node.doubt]
        told.append(f"{why[:1].upper()}{why[1:]}: it fills no place among the closest while there are others.")
    return told


def explained(detail: LookupDetail, step: StepView) -> list[str]:
    """What the policy of the lookup did with a query, and why, in the order of time."""
    elapsed, overtaken_at = detail.view.elapsed, step.overtaken
    done: list[tuple[float, str]] = []
    if overtaken_at is not None:
        over = not detail.view.running and overtaken_at >= elapsed
        then = "and the lookup was over" if over else "so it held no slot any more"
        done.append((overtaken_at, f"{detail.k} nearer nodes had answered at {span_words(overtaken_at)}, {then}"))
    if step.stalled is not None and step.stalled <= elapsed:
        at = span_words(step.stalled)
        gave = f"late from {at} on" if overtaken_at is not None else f"it stalled at {at} and gave up its slot"
        done.append((step.stalled, f"it stalled at {at}" if step.again else gave))
    return [words for _, words in sorted(done)]


def _end(detail: LookupDetail, step: StepView, slotless: bool) -> str:
    """The outcome of a query in words; `slotless`: it had lost its slot before."""
    welcome = ", still welcome" if slotless else ""
    match query_status(step, detail.view):
        case QueryStatus.FOUND | QueryStatus.ANSWERED:
            return f"answered after {span_words(_took(step))}{_brought(step)}{welcome}"
        case QueryStatus.ERROR:
            code = "" if step.code is None else f", error {step.code}"
            return f"{step.result}{code}: that counts for nothing"
        case QueryStatus.UNUSABLE:
            return f"{step.result}: that is no answer to it"
        case QueryStatus.LATE:
            return f"answered late, at {span_words(step.ended)}{_brought(step)}: the lookup was over"
        case QueryStatus.SILENT:
            return f"silent: no answer in {span_words(_took(step))}"
        case QueryStatus.CANCELLED:
            return "cancelled: " + (
                "others needed its room" if step.result is Status.CANCELLED else "the lookup was over"
            )
        case QueryStatus.UNASKED:
            return f"not asked: {step.result}"
        case QueryStatus.WAITING:
            return f"under way{welcome}"


def _took(step: StepView) -> float:
    return (step.ended or 0.0) - step.sent


def _brought(step: StepView) -> str:
    parts = [plural(step.nodes, "node")] if step.nodes else []
    if step.found is not None:
        parts += [plural(step.found.peers, "peer")] if step.found.peers else []
        parts += [] if step.found.kind is FoundKind.PEERS else [f"a {found_words(step.found)}"]
    return f" with {' and '.join(parts)}" if parts else ""


def _unasked(detail: LookupDetail, node: CandidateView) -> str:
    decided = decisions_about(detail).get(node.addr)
    if decided and (words := unasked_words(decided[-1])):
        return f"Not asked: {words}."
    if node.state is State.FAILED:
        return f"Not asked: {safe_text(note_words(node.note) or node.result or '', 60)}."
    if node.doubt is not None:
        return f"Not asked: {DISTRUSTED[node.doubt]}; others come first."
    if detail.view.running:
        return "Not asked yet: nearer or more trusted ones come first."
    return "Not asked: the lookup was over before its turn."
