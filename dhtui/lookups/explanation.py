"""A node in a lookup, explained in sentences: when and why it was queried, what the policy did, and the outcome."""

from __future__ import annotations

from ..engine.lookup.decisions import FoundKind, State
from ..engine.outcome import Status
from ..engine.views.snapshot import CandidateView, LookupDetail, StepView
from ..text.decisions import found_words, unasked_words
from ..text.faults import note_words
from ..text.format import plural, short_id
from ..text.lookups import nodes as words
from ..text.lookups.nodes import End, end_words
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
        rules = explained(detail, step)
        told.append(
            "; ".join(
                (
                    words.query_words(place + 1, when, came[place].words, again=step.again),
                    *rules,
                    _end(detail, step, bool(rules)),
                )
            )
            + "."
        )
    return told + _judged(node) if node.state is State.ANSWERED else told


def kept_back(detail: LookupDetail, node: CandidateView) -> list[str]:
    """One sentence for each other decision about a node, in the order of time, without the one in `explanation`; safe
    to print."""
    decided = decisions_about(detail).get(node.addr, [])
    if decided and unasked_words(decided[-1]) and all(step.addr != node.addr for step in detail.steps):
        decided = decided[:-1]
    return [words.decided_words(span_words(decision.at), decision) for decision in decided]


def _judged(node: CandidateView) -> list[str]:
    """Sentences about the trust in a node after its answer."""
    told = []
    if node.named is not None:
        told.append(words.other_id_words(short_id(node.named)))
    if node.result in LIES:
        told.append(words.BAD_VALUE)
    elif node.doubt is not None and node.place != "fills":
        told.append(words.no_place_words(node.doubt))
    return told


def explained(detail: LookupDetail, step: StepView) -> list[str]:
    """What the policy of the lookup did with a query, and why, in the order of time."""
    elapsed, overtaken_at = detail.view.elapsed, step.overtaken
    done: list[tuple[float, str]] = []
    if overtaken_at is not None:
        over = not detail.view.running and overtaken_at >= elapsed
        done.append((overtaken_at, words.overtaken_words(detail.k, span_words(overtaken_at), over=over)))
    if step.stalled is not None and step.stalled <= elapsed:
        at = span_words(step.stalled)
        late = words.stalled_words(at, again=step.again, overtaken=overtaken_at is not None)
        done.append((step.stalled, late))
    return [said for _, said in sorted(done)]


def _end(detail: LookupDetail, step: StepView, slotless: bool) -> str:
    """The outcome of a query in words; `slotless`: it had lost its slot before."""
    result = str(step.result)
    match query_status(step, detail.view):
        case QueryStatus.FOUND | QueryStatus.ANSWERED:
            return end_words(End.ANSWERED, time=span_words(_took(step)), brought=_brought(step), slotless=slotless)
        case QueryStatus.ERROR:
            return end_words(End.ERROR, result=result if step.code is None else f"{result}, error {step.code}")
        case QueryStatus.UNUSABLE:
            return end_words(End.UNUSABLE, result=result)
        case QueryStatus.LATE:
            return end_words(End.LATE, time=span_words(step.ended), brought=_brought(step))
        case QueryStatus.SILENT:
            return end_words(End.SILENT, time=span_words(_took(step)))
        case QueryStatus.CANCELLED:
            return end_words(End.NO_ROOM if step.result is Status.CANCELLED else End.OVER)
        case QueryStatus.UNASKED:
            return end_words(End.UNASKED, result=result)
        case QueryStatus.WAITING:
            return end_words(End.WAITING, slotless=slotless)


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
    if decided and (said := unasked_words(decided[-1])):
        return words.unasked_as_words(said)
    if node.state is State.FAILED:
        return words.unasked_as_words(safe_text(note_words(node.note) or node.result or "", 60))
    if node.doubt is not None:
        return words.distrusted_words(node.doubt)
    if detail.view.running:
        return words.NOT_YET
    return words.NO_TURN
