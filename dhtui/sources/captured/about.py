"""What Home says of a capture, and what screens say that have nothing to show of one."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from ...bindings.keymap import key_of
from ...packets.captures.parties import Party
from ...packets.captures.reader import Summary
from ...text import captures as words
from ...text.format import address, number, plural
from ...text.spans import Line, Span, crop, fit
from ..feed import Instead
from .capture import NOBODY, Capture

NODES_LISTED: Final = 12


def instead(capture: Capture, ring: int) -> dict[str, Instead]:
    """What screens show in place of what they show of a node, by their names. `ring`: packets that are listed."""
    found: dict[str, Instead] = {name: _without(why) for name, why in words.WITHOUT.items()}
    found["home"] = lambda width: [crop(line, width) for line in about(capture, ring)]
    return found


def _without(why: str) -> Instead:
    def lines(width: int) -> list[Line]:
        room = max(20, width - 2)
        said: list[Line] = [((f" {text}", "plain"),) for text in wrap(f"{words.THIS_IS.strip()} {why}", room)]
        return [(), *said, *(((f" {text}", "dim"),) for text in wrap(words.WHAT_THERE_IS.strip(), room))]

    return lines


def about(capture: Capture, ring: int) -> Iterator[Line]:
    """What the file is, what is in it, and which of its nodes is shown."""
    told = capture.summary
    yield ((" capture   ", "dim"), (words.source_words(capture.name, ended=capture.ended), "strong"))
    state = words.read_words(capture.progress, ended=capture.ended, named=bool(capture.name))
    yield ((" format    ", "dim"), (told.name or words.UNKNOWN_FORMAT, "plain"), (f"  {state}" if state else "", "dim"))
    if told.first is not None and told.last is not None:
        yield ((" time      ", "dim"), (words.span_of_capture_words(told.first, told.last), "plain"))
    yield from _counts(told)
    yield from _troubles(capture, told)
    kept = capture.kept
    yield ((" kept      ", "dim"), (words.kept_words(kept.most, kept.first - 1, ring), "plain"))
    yield ()
    yield from _nodes(capture)


def _counts(told: Summary) -> Iterator[Line]:
    yield (
        (" packets   ", "dim"),
        (words.packets_words(told.packets, told.datagrams, told.krpc), "plain"),
        (f", {plural(told.duplicates, 'duplicate')} dropped" if told.duplicates else "", "dim"),
    )
    yield ((" queries   ", "dim"), (words.queries_words(told.queries, told.unanswered), "plain"))


def _troubles(capture: Capture, told: Summary) -> Iterator[Line]:
    found = []
    if told.damage is not None:
        found.append(words.damage_words(told.damage.kind, told.damage.offset))
    if told.malformed:
        found.append(words.malformed_words(told.malformed))
    if told.cut:
        found.append(words.cut_words(told.cut))
    if told.fragments:
        found.append(words.fragments_words(told.fragments))
    if told.unknown_links:
        found.append(words.links_words(told.unknown_links))
    if capture.ended and not told.krpc:
        found.append(words.NO_KRPC)
    for each in found:
        yield ((" !         ", "warn"), (each, "warn"))


def _nodes(capture: Capture) -> Iterator[Line]:
    parties, me = capture.parties, capture.view.me
    if not parties:
        yield ((words.NO_NODE, "dim"),)
        return
    yield (
        (words.view_words(capture.summary.nodes), "plain"),
        (address(me) if me != NOBODY else "none yet", "strong"),
        ("  ", "plain"),
        (key_of("whose"), "key"),
        (words.TAKES_ANOTHER, "dim"),
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
    return [f"{fit(address(party.addr), 24)} {words.messages_words(party.messages, party.sent)}" for party in parties]
