"""What Home says of a capture, and what screens say that have nothing to show of one."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from ...bindings.keymap import key_of
from ...packets.captures.parties import Party
from ...packets.captures.reader import Summary
from ...text import captures as words
from ...text.format import address, duration, full_time, number, plural
from ...text.spans import Line, Span, crop, fit
from ..feed import Instead
from .capture import NOBODY, Capture

NODES_LISTED: Final = 12
_WITHOUT: Final = {
    "table": "the routing table of another program is not in its packets, only whom it asks.",
    "items": "what another program keeps can't be known; puts and gets are among the packets.",
    "keys": "there are no keys in it: they never leave their machine.",
}
"""Screens that have nothing to show, and why."""


def instead(capture: Capture, ring: int) -> dict[str, Instead]:
    """What screens show in place of what they show of a node, by their names. `ring`: packets that are listed."""
    found: dict[str, Instead] = {name: _without(why) for name, why in _WITHOUT.items()}
    found["home"] = lambda width: [crop(line, width) for line in about(capture, ring)]
    return found


def _without(why: str) -> Instead:
    there = "Packets, Queries, Lookup, Peers and Log show what is in it."

    def lines(width: int) -> list[Line]:
        said: list[Line] = [((f" {text}", "plain"),) for text in wrap(f"This is a capture: {why}", max(20, width - 2))]
        return [(), *said, *(((f" {text}", "dim"),) for text in wrap(there, max(20, width - 2)))]

    return lines


def about(capture: Capture, ring: int) -> Iterator[Line]:
    """What the file is, what is in it, and which of its nodes is shown."""
    told = capture.summary
    pipe = "a pipe" if capture.ended else "a pipe, live"
    yield ((" capture   ", "dim"), (capture.name or pipe, "strong"))
    state = "all of it is read" if capture.ended else f"{100 * capture.progress:.0f} % is read" if capture.name else ""
    yield ((" format    ", "dim"), (told.name or "not known yet", "plain"), (f"  {state}" if state else "", "dim"))
    if told.first is not None and told.last is not None:
        span = f"{full_time(told.first)}, {duration(max(0.0, told.last - told.first))} long"
        yield ((" time      ", "dim"), (span, "plain"))
    yield from _counts(told)
    yield from _troubles(capture, told)
    kept = capture.kept
    gone = f", {number(kept.first - 1)} older ones left out" if kept.first > 1 else ""
    yield (
        (" kept      ", "dim"),
        (f"the last {number(kept.most)} messages{gone}; Packets lists the last {number(ring)}", "plain"),
    )
    yield ()
    yield from _nodes(capture)


def _counts(told: Summary) -> Iterator[Line]:
    yield (
        (" packets   ", "dim"),
        (f"{told.packets}, {plural(told.datagrams, 'UDP datagram')}, {plural(told.krpc, 'KRPC message')}", "plain"),
        (f", {plural(told.duplicates, 'duplicate')} dropped" if told.duplicates else "", "dim"),
    )
    share = f", {told.unanswered} of them without an answer" if told.queries else ""
    yield ((" queries   ", "dim"), (f"{told.queries}{share}", "plain"))


def _troubles(capture: Capture, told: Summary) -> Iterator[Line]:
    found = []
    if told.damage is not None:
        found.append(words.damage_words(told.damage.kind, told.damage.offset))
    if told.malformed:
        found.append(f"{told.malformed} malformed: they look like KRPC and are none")
    if told.cut:
        found.append(words.cut_words(told.cut))
    if told.fragments:
        found.append(words.fragments_words(told.fragments))
    if told.unknown_links:
        found.append(words.links_words(told.unknown_links))
    if capture.ended and not told.krpc:
        found.append("there is no KRPC message in it")
    for each in found:
        yield ((" !         ", "warn"), (each, "warn"))


def _nodes(capture: Capture) -> Iterator[Line]:
    parties, me = capture.parties, capture.view.me
    if not parties:
        yield ((" No node so far.", "dim"),)
        return
    yield (
        (f" {plural(capture.summary.nodes, 'node')}, shown from the view of ", "plain"),
        (address(me) if me != NOBODY else "none yet", "strong"),
        ("  ", "plain"),
        (key_of("whose"), "key"),
        (" takes another one's", "dim"),
    )
    yield ((f"   {fit('address', 22)}{fit('sent', 7, right=True)}{fit('came', 6, right=True)}  id", "title"),)
    for party in parties[:NODES_LISTED]:
        mark = "▷" if party.addr == me else " "
        shown = "" if party.id is None else party.id.hex()
        counts = f"{fit(number(party.sent), 7, right=True)}{fit(number(party.received), 6, right=True)}"
        name: Span = (f" {mark} {fit(address(party.addr), 22)}", "strong" if mark == "▷" else "plain")
        yield (name, (counts, "plain"), (f"  {shown}", "data"))
    if (more := capture.summary.nodes - NODES_LISTED) > 0:
        yield ((f"   and {plural(more, 'more node')}", "dim"),)


def choices(parties: list[Party]) -> list[str]:
    """The nodes to choose from, a line each."""
    return [
        f"{fit(address(party.addr), 24)} {plural(party.messages, 'message')}, {party.sent} of them sent"
        for party in parties
    ]
