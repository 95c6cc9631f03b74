"""Captures of other programs' packets, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .format import plural, size
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
