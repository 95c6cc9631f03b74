"""A lookup as a whole, in words: how it ended, what it found, its cost, and what its rules did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ..format import plural, power, waiting_words

NO_COST: Final = "It cost nothing: no query was sent."
NOBODY: Final = "Nobody answered."
NO_RULE: Final = "No query stalled, none was overtaken, none was asked again."
NOBODY_TO_ASK: Final = "There was nobody to ask."
NO_TIME: Final = "It took no time."


def not_begun_words(place: int) -> str:
    """It waits for its turn."""
    return f"It has not begun: {waiting_words(place)}."


def under_way_words(best: int, k: int, in_flight: int) -> str:
    """It runs."""
    return f"Under way: {best} of the {k} closest found so far, {in_flight} in flight."


def ended_words(why: str, doubt: str) -> str:
    """Why it ended, and what is doubtful of that."""
    why = why or "it ended"
    return f"{why[:1].upper()}{why[1:]}{f', but {doubt}' if doubt else ''}."


def nearest_words(bits: float) -> str:
    """How near the nearest answer is: log2 of its distance."""
    return f"The nearest answer is at {power(bits)}."


def found_words(found: str, first: str, have: int, closest: int, *, value: bool) -> str:
    """What it found, when, and how many of the closest nodes have it."""
    came = f", the first after {first}" if first else ""
    holding = f"{have} of the closest {closest} {'holds' if have == 1 else 'hold'} {'it' if value else 'peers'}"
    return f"Found {'a ' if value else ''}{found}{came}; {holding}."


def cost_words(packets: int, time: str, queries: int, answers: int, idle: int, rest: Mapping[str, int]) -> str:
    """What it cost; `rest`: queries by what else came of them."""
    use = f" ({idle} of no use)" if idle else ""
    others = "".join(f", {count} {what}" for what, count in rest.items())
    told = f"{plural(queries, 'query', 'queries')}, {plural(answers, 'answer')}"
    return f"{packets} packets in {time}: {told}{use}{others}."


def rules_words(stalled: int, overtaken: int, again: int, alive: int, passed: int, distrusted: int, untold: int) -> str:
    """What its rules did: counts of queries and nodes. `alive`: of those asked again. `untold`: decisions."""
    counts = (
        (stalled, "stalled"),
        (overtaken, "overtaken"),
        (again, f"asked again ({alive} alive)" if alive else "asked again"),
        (passed, "passed over"),
        (distrusted, "distrusted"),
    )
    words = ", ".join(f"{count} {what}" for count, what in counts if count)
    if untold:
        words += f"; {plural(untold, 'decision')} more are not recorded"
    return f"{words}." if words else NO_RULE


# ---- its time -------------------------------------------------------------------------------------------

SHARES: Final[dict[str, tuple[str, str]]] = {
    "round_trip": ("1 round trip", "{} round trips"),
    "slow_node": ("a slow node", "{} slow nodes"),
    "lost_packet": ("a lost packet", "{} lost packets"),
    "no_answer": ("no answer", "no answer from {} nodes"),
    "behind_others": ("behind others", "behind others"),
    "doubt": ("behind others, in doubt", "behind others, in doubt"),
    "others": ("for another one", "for {} others"),
    "turn": ("for other lookups", ""),
    "room": ("for room to send", "for room to send"),
    "start": ("before the first query", ""),
    "own_program": ("our own program", "our own program"),
    "open": ("answers not yet in", "answers not yet in"),
    "writes": ("for the writing", ""),
}
"""What time was spent on, for one query and for several, by the value of a `lookups.budget.Reason`."""
ITS_CLIENT: Final = "its client"
"""In place of our own program, where another one ran the lookup."""


def share_words(reason: str, count: int, *, inferred: bool = False) -> str:
    """What a part of the time was spent on."""
    one, several = SHARES[reason]
    if inferred and reason == "own_program":
        one = several = ITS_CLIENT
    return one if count <= 1 else several.format(count)


def first_query_words(words: str, number: int, *, alone: bool) -> str:
    """The same with its query, or the first of its queries."""
    return f"{words} (query {number})" if alone else f"{words} (query {number} first)"


def smaller_words(percent: int, count: int) -> str:
    """Parts of the time that are not told one by one."""
    return f"{percent} % for {plural(count, 'smaller reason')}"


def time_words(whole: str, parts: Sequence[str], without: str, *, running: bool, smooth: bool) -> str:
    """The whole time by parts. `without`: with every answer, if that differs. `smooth`: nothing held it up."""
    words = f"{whole}{' so far' if running else ''}: {', '.join(parts)}"
    if smooth:
        return f"Nothing {'has held' if running else 'held'} it up, {words}."
    return f"{words}{f'; {without} with every answer' if without else ''}."
