"""A node in a lookup, in words: how it came to be known, why it was queried or not, and what came of each query."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from ...engine.lookup.decisions import Decision, Distrust
from ..decisions import DISTRUSTED, decision_words


class Origin(StrEnum):
    """How a node came to be known."""

    BY_QUERY = "by_query"
    """An answer named it."""
    BY_UNKNOWN = "by_unknown"
    """A node named it of which no query is recorded."""
    HOST = "host"
    OPENED = "opened"
    RESERVED = "reserved"
    FROM_START = "from_start"
    BY_ITS_CLIENT = "by_its_client"
    """In a capture: another program knew it."""


ORIGINS: Final[dict[Origin, str]] = {
    Origin.BY_QUERY: "named by query {number}{instead}",
    Origin.BY_UNKNOWN: "named by a node that is not known{instead}",
    Origin.HOST: "a bootstrap host, of which only the address is known",
    Origin.OPENED: "it opened the lookup",
    Origin.RESERVED: "known from before, kept in reserve until no other was left",
    Origin.FROM_START: "known from the start{instead}",
    Origin.BY_ITS_CLIENT: "known to its client, who knows how",
}
"""How a node came to be known."""


def origin_words(origin: Origin, number: int, instead: Decision | None) -> str:
    """How a node came to be known. `number`: of the query that named it. `instead`: it is in place of another one."""
    return ORIGINS[origin].format(number=number, instead="" if instead is None else f", {decision_words(instead)}")


# ---- a query --------------------------------------------------------------------------------------------


def query_words(number: int, sent: str, origin: str, *, again: bool) -> str:
    """When a query was sent, and why."""
    asked = f"asked again at {sent}, being among the nearest" if again else f"sent at {sent}: {origin}"
    return f"Query {number}, {asked}"


def overtaken_words(k: int, at: str, *, over: bool) -> str:
    """Enough nearer nodes had answered; `over`: that ended the lookup."""
    then = "and the lookup was over" if over else "so it held no slot any more"
    return f"{k} nearer nodes had answered at {at}, {then}"


def stalled_words(at: str, *, again: bool, overtaken: bool) -> str:
    """It had no answer by its soft deadline."""
    if again:
        return f"it stalled at {at}"
    return f"late from {at} on" if overtaken else f"it stalled at {at} and gave up its slot"


class End(StrEnum):
    """What came of a query."""

    ANSWERED = "answered"
    ERROR = "error"
    UNUSABLE = "unusable"
    LATE = "late"
    SILENT = "silent"
    NO_ROOM = "no_room"
    """Given up, as others needed its room."""
    OVER = "over"
    """Cancelled, as the lookup was over."""
    UNASKED = "unasked"
    WAITING = "waiting"


ENDS: Final[dict[End, str]] = {
    End.ANSWERED: "answered after {time}{brought}{welcome}",
    End.ERROR: "{result}: that counts for nothing",
    End.UNUSABLE: "{result}: that is no answer to it",
    End.LATE: "answered late, at {time}{brought}: the lookup was over",
    End.SILENT: "silent: no answer in {time}",
    End.NO_ROOM: "cancelled: others needed its room",
    End.OVER: "cancelled: the lookup was over",
    End.UNASKED: "not asked: {result}",
    End.WAITING: "under way{welcome}",
}
"""What came of a query."""


def end_words(end: End, *, time: str = "", result: str = "", brought: str = "", slotless: bool = False) -> str:
    """What came of a query. `slotless`: it had lost its slot before."""
    return ENDS[end].format(time=time, result=result, brought=brought, welcome=", still welcome" if slotless else "")


def decided_words(at: str, decision: Decision) -> str:
    """A decision about a node, and its time."""
    return f"At {at}: {decision_words(decision)}."


# ---- trust, and why not ---------------------------------------------------------------------------------

BAD_VALUE: Final = "Its value does not hold: it is none of the closest, and whom it names has to wait."


def other_id_words(named: str) -> str:
    """It answered under another id than it was named under."""
    return f"Named under another id, {named}: the one that it answers with counts."


def no_place_words(doubt: Distrust) -> str:
    """A node that answered and is distrusted."""
    why = DISTRUSTED[doubt]
    return f"{why[:1].upper()}{why[1:]}: it fills no place among the closest while there are others."


NOT_YET: Final = "Not asked yet: nearer or more trusted ones come first."
NO_TURN: Final = "Not asked: the lookup was over before its turn."


def unasked_as_words(why: str) -> str:
    """Why a node was not queried."""
    return f"Not asked: {why}."


def distrusted_words(doubt: Distrust) -> str:
    """A node that was not queried, being distrusted."""
    return f"Not asked: {DISTRUSTED[doubt]}; others come first."
