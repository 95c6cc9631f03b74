"""What is wrong with a capture file, as values. Their sentences are in `text.captures`."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Refusal(StrEnum):
    """Why a file is not read at all. The values stand in JSON."""

    EMPTY = "empty"
    NO_CAPTURE = "no_capture"
    """It is neither pcap nor pcapng."""
    RECORDING = "recording"
    """It is a recording of this program, which `--replay` plays."""


class NotACapture(ValueError):
    """The file is not read at all."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.value)
        self.why = why


class DamageKind(StrEnum):
    """Why a file is not read to its end. The values stand in JSON."""

    CUT_OFF = "cut_off"
    """It ends in the middle of a packet."""
    LENGTH = "length"
    """A length in it can't be: of a packet, of a block or of an option."""
    BLOCK = "block"
    """A block of pcapng contradicts itself, or refers to an interface that was not described."""
    COMPRESSION = "compression"
    """The compressed data is damaged."""
    COMPRESSION_CUT = "compression_cut"
    """The compressed data is cut off."""
    BOMB = "bomb"
    """The compressed data grows beyond what a capture plausibly holds."""


class Damage(NamedTuple):
    """Where a file stops being readable, and why."""

    kind: DamageKind
    offset: int
    """Bytes of the capture before it, unpacked."""


class Frame(NamedTuple):
    """One captured packet, from its link layer on."""

    at: float
    """Unix time, seconds."""
    link: int
    """The link type of its interface."""
    data: bytes
    length: int
    """Bytes that it had on the wire; more than there are in `data` where the capture cut it short."""


LATEST = 2.0**32
"""The latest Unix time that is believed, in the year 2106: a bound for calendars."""
MOST_CAPTURED = 262_144
"""Most bytes of one captured packet, the greatest snap length of libpcap."""
