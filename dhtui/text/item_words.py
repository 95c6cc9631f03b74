"""How an item of ours stands, as values, and in words: what was seen of it, and who looks after it."""

from __future__ import annotations

from enum import Enum

from ..engine.items import Item, MutableItem
from .format import clock, duration, plural
from .spans import Span

FEW = 4
"""With fewer copies than this an item is about to be lost."""


class Condition(Enum):
    """What the last look at an item showed."""

    UNKNOWN = "not looked for yet"
    HELD = "held"
    FEW = "few copies"
    GONE = "gone"
    CHANGED = "changed"
    """By somebody else, and the user has not seen it yet."""
    UNANSWERED = "no answer"
    """Nobody answered: it is not known whether there are copies."""


class Care(Enum):
    """Who looks after an item."""

    NONE = "not kept"
    KEPT = "kept"
    PAUSED = "paused"
    WATCHED = "watched"
    BOTH = "kept, watched"


CONDITION_SIGNS: dict[Condition, Span] = {
    Condition.UNKNOWN: ("·", "dim"),
    Condition.HELD: ("✓", "good"),
    Condition.FEW: ("!", "warn"),
    Condition.GONE: ("✗", "bad"),
    Condition.CHANGED: ("≠", "warn"),
    Condition.UNANSWERED: ("?", "warn"),
}
"""The sign of each condition, and its role."""
LOOKING: Span = ("…", "accent")
"""The sign of an item that is looked for now."""
CONDITION_HELP = (
    ("✓", f"the last look found at least {FEW} copies"),
    ("!", f"fewer than {FEW} copies: it is about to be lost"),
    ("✗", "nobody gives it any more"),
    ("≠", "somebody else changed it, and you have not looked at that yet"),
    ("?", "at the last look nobody answered"),
    ("·", "it was not looked for yet"),
    ("…", "it is looked for now"),
)
"""What the signs of own and watched items mean, for the help."""


def condition_words(condition: Condition, copies: int | None) -> str:
    """What is known about the copies of an item, one sentence."""
    match condition:
        case Condition.UNKNOWN:
            return "It was not looked for yet."
        case Condition.UNANSWERED:
            return "At the last look nobody answered: it is not known who holds it."
        case Condition.GONE:
            return "Nobody gives it any more; the last known value is shown."
        case Condition.FEW:
            return f"Only {plural(copies or 0, 'node holds', 'nodes hold')} it: it is about to be lost."
        case Condition.CHANGED:
            return f"Somebody else changed it; {plural(copies or 0, 'node holds', 'nodes hold')} the newest value."
        case Condition.HELD:
            return f"{plural(copies or 0, 'node holds', 'nodes hold')} the newest value."


def care_words(
    care: Care,
    kept_in: float | None,
    watched_in: float | None,
    expires: float | None,
    every: float | None = None,
) -> str:
    """Who looks after an item and when, one sentence. All times are seconds from now.

    `expires` is the end of the copies that we put, if nobody puts them again; `None`: not known. `every` is the
    interval at which it is watched, seconds.
    """
    kept = "" if kept_in is None else f"next {_in(kept_in)}"
    often = "" if every is None else f" every {duration(every)}"
    watched = "" if watched_in is None else f"{often}, next {_in(watched_in)}"
    match care:
        case Care.KEPT:
            return f"It is kept alive: put again where it is missing, {kept}."
        case Care.WATCHED:
            return f"It is watched{watched}; a change rings the bell."
        case Care.BOTH:
            return f"It is kept alive, {kept}, and watched{watched}."
        case Care.PAUSED:
            return "Keeping it alive is paused: nodes forget it 2 hours after its last put."
        case Care.NONE:
            end = "2 hours after its last put" if expires is None else _in(expires)
            return f"Nobody here keeps it alive: nodes forget it {end}."


def _in(seconds: float) -> str:
    return f"in {clock(seconds)}" if seconds >= 1 else "now"


def change_words(before: Item | None, now: Item | None) -> str:
    """What changed between two looks, one sentence; "" for nothing."""
    if before == now:
        return ""
    if now is None:
        return "nobody gives it any more; the last one known is shown"
    if before is None:
        return f"it is there now{_seq(now)}"
    if isinstance(before, MutableItem) and isinstance(now, MutableItem):
        if now.seq < before.seq:
            return f"only seq {now.seq} is given now, {before.seq} had been; that one is shown"
        if now.seq == before.seq:
            return f"another value with the same seq {now.seq}: two writers have met"
        return f"seq {before.seq} became {now.seq}"
    return "it is another item now"


def _seq(item: Item) -> str:
    return f", seq {item.seq}" if isinstance(item, MutableItem) else ""
