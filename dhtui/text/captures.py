"""Captures of other programs' packets, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .format import duration, full_time, number, plural, size
from .safe import safe_text

REFUSALS: Final = {
    "empty": "it is empty",
    "no_capture": "it is no capture: pcap and pcapng are read, compressed by gzip or not, as tcpdump, dumpcap and "
    "Wireshark write them",
    "recording": "it is a recording of dhtui, not a capture: --replay plays it",
}
"""Why a file is not read, by the value of a `Refusal`."""
DAMAGES: Final = {
    "cut_off": "it ends in the middle of a packet",
    "length": "a length in it can't be",
    "block": "a block of it contradicts itself",
    "compression": "its compressed data is damaged",
    "compression_cut": "its compressed data is cut off",
    "bomb": "its compressed data grows beyond what a capture holds",
}
"""Why a file is not read to its end, by the value of a `DamageKind`."""


def damage_words(kind: str, offset: int) -> str:
    """Where a capture ends early, and why: a clause."""
    return f"after {size(offset)} {DAMAGES[kind]}; what follows is left out"


def cut_words(count: int) -> str:
    """Datagrams that were cut short."""
    return (
        f"{plural(count, 'datagram')} cut short by the snap length of the capture, and not read: "
        "capture with -s 0 to have all of them"
    )


def links_words(links: Sequence[int]) -> str:
    """Link types that are not read."""
    return f"packets of link type {', '.join(map(str, links))} are not read"


def fragments_words(count: int) -> str:
    """Datagrams that lack a fragment."""
    return f"{plural(count, 'datagram')} came in fragments that are not all there"


def unreadable_words(name: str, why: str) -> str:
    """Why a file can't be opened or read: a sentence without its end."""
    return f"{name} can't be read: {safe_text(why, 200)}"


WITHOUT: Final = {
    "table": "the routing table of another program is not in its packets, only whom it asks.",
    "items": "what another program keeps can't be known; puts and gets are among the packets.",
    "keys": "there are no keys in it: they never leave their machine.",
}
"""Screens that have nothing to show of a capture, and why."""
WHAT_THERE_IS: Final = " Packets, Queries, Lookup, Peers and Log show what is in it."
THIS_IS: Final = " This is a capture: "
NO_NODE: Final = " No node so far."
TAKES_ANOTHER: Final = " takes another one's"
NO_KRPC: Final = "there is no KRPC message in it"
UNKNOWN_FORMAT: Final = "not known yet"


def source_words(name: str, *, ended: bool) -> str:
    """Where a capture comes from."""
    return name or ("a pipe" if ended else "a pipe, live")


def read_words(share: float, *, ended: bool, named: bool) -> str:
    """How much of a capture is read; empty for a pipe that goes on."""
    return "all of it is read" if ended else f"{100 * share:.0f} % is read" if named else ""


def span_of_capture_words(first: float, last: float) -> str:
    """When a capture was made: seconds since 1970."""
    return f"{full_time(first)}, {duration(max(0.0, last - first))} long"


def kept_words(most: int, gone: int, listed: int) -> str:
    """How many messages of a capture are kept, were forgotten, and are listed."""
    older = f", {number(gone)} older ones left out" if gone else ""
    return f"the last {number(most)} messages{older}; Packets lists the last {number(listed)}"


def packets_words(packets: int, datagrams: int, krpc: int) -> str:
    """What was counted in a capture."""
    return f"{packets}, {plural(datagrams, 'UDP datagram')}, {plural(krpc, 'KRPC message')}"


def queries_words(queries: int, unanswered: int) -> str:
    """The queries in a capture."""
    return f"{queries}, {unanswered} of them without an answer" if queries else f"{queries}"


def malformed_words(count: int) -> str:
    """Messages that could not be read."""
    return f"{count} malformed: they look like KRPC and are none"


def view_words(nodes: int) -> str:
    """Before the address of the node that a capture is shown of."""
    return f" {plural(nodes, 'node')}, shown from the view of "


def messages_words(messages: int, sent: int) -> str:
    """The messages of one node."""
    return f"{plural(messages, 'message')}, {sent} of them sent"
