"""What happened at one node, in words."""

from __future__ import annotations

from ..engine.items import MutableItem
from ..engine.outcome import NodeOutcome, Status
from .faults import FAULT_WORDS, SILENT, note_words
from .format import address
from .safe import safe_text


def silence_words(one: NodeOutcome) -> str:
    """Why a node gave no valid answer; empty if it gave one."""
    waited = "" if one.waited is None else f" after {one.waited:.1f} s"
    note = note_words(one.note)
    match one.status:
        case Status.TIMED_OUT:
            return SILENT if one.waited is None else f"{SILENT} for {one.waited:.1f} s"
        case Status.CANCELLED:
            return note or f"cancelled: no answer{waited}"
        case Status.ELSEWHERE if one.came_from is not None:
            return f"answered from {address(one.came_from)}, which was not asked: it does not count"
        case Status.UNREADABLE:
            return f"what it answered can't be read: {note}"
        case Status.UNMATCHED:
            return "answered under a transaction id that is none of ours"
        case Status.ECHO:
            return "it sent our own query back, and no answer"
        case Status.BLOCKED:
            return "blocked by the blocklist"
        case Status.BANNED:
            return "not asked: banned by the user"
        case Status.NO_ADDRESS:
            return "not asked: no unicast address and port"
        case Status.NO_ROUTE:
            return f"not asked: this node has no use of {one.family} now"
        case Status.OURSELVES:
            return "it is this node itself"
        case Status.SEND_FAILED:
            return f"not sent: {note}"
    return ""


def node_words(one: NodeOutcome, status: str = "") -> str:
    """What happened at one node, safe to print; `status` in place of its own word for that."""
    silence = silence_words(one)
    text = status or silence or str(one.status)
    if one.status is Status.REFUSED:
        text = f"refused with {one.code}, {one.error_words}"
        said = safe_text(one.message, 80)
        if said and said.casefold() not in one.error_words.casefold():  # the same words need be said once only
            text += f' ("{said}")'
    elif one.note and not silence:
        text += f": {note_words(one.note)}"
    if one.status in (Status.VALUE, Status.OLDER) and isinstance(one.item, MutableItem):
        text += f", seq {one.item.seq}"
    if one.behind is not None:
        text += ", behind a value that is not genuine"
    if one.responded:
        text += f", {(one.rtt or 0) * 1000:.1f} ms"
    return "; ".join((text, *(FAULT_WORDS[fault] for fault in one.faults)))
