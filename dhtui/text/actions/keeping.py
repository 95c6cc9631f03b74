"""What there is to say of a check of a kept item, as a value, and in words."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from ...engine.lookup.decisions import StopReason
from ...engine.outcome import Outcome
from ..decisions import stop_words
from ..safe import safe_text


class CheckWhy(StrEnum):
    """Why a check came to what it did. The values are stable: the list of kept items and JSON have them."""

    OTHERS = "others"
    """Others keep the item alive, so nothing was put."""
    RIVALS = "rivals"
    """Nodes hold another value with the same seq, a mistake of the owner that can't be repaired here."""
    GIVEN_UP = "given_up"
    STOPPED = "stopped"
    """The lookup or the put found nobody to write to: `stop` says why."""
    ERROR = "error"
    """It failed; `text` is the message."""
    WRITTEN = "written"
    """`text` is what an earlier version wrote."""


class CheckNote(NamedTuple):
    """Why a check came to what it did, with its numbers."""

    why: CheckWhy
    number: int = 0
    """RIVALS: nodes. STOPPED: the closest nodes that answered."""
    asked: int = 0
    stored: int = 0
    writes: int = 0
    stop: StopReason | None = None
    text: str = ""

    @classmethod
    def of(cls, outcome: Outcome) -> CheckNote:
        """Why an operation ended that wrote nothing."""
        if outcome.problem is not None:
            return cls(CheckWhy.ERROR, text=str(outcome.problem))
        return cls(
            CheckWhy.STOPPED,
            number=len(outcome.closest),
            asked=len(outcome.asked),
            stored=outcome.stored,
            writes=len(outcome.writes),
            stop=outcome.stopped,
        )


NOTES: Final[dict[CheckWhy, str]] = {
    CheckWhy.OTHERS: "others keep it alive",
    CheckWhy.RIVALS: "{number} of the nodes hold another value with the same seq",
    CheckWhy.GIVEN_UP: "given up before all nodes had answered",
    CheckWhy.STOPPED: "{stop}",
    CheckWhy.ERROR: "{text}",
    CheckWhy.WRITTEN: "{text}",
}
"""Why a check came to what it did."""


def check_words(note: CheckNote | None) -> str:
    """That in words, safe to print; empty for none."""
    if note is None:
        return ""
    stop = stop_words(note.stop, closest=note.number, asked=note.asked, stored=note.stored, writes=note.writes)
    return NOTES[note.why].format(number=note.number, stop=stop, text=safe_text(note.text, 1000))
