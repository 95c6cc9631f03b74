"""All that was said between us and one node, oldest first."""

from __future__ import annotations

from typing import Final, NamedTuple

from .packet import Packet
from .ring import PacketRing

MOST: Final = 200
"""Packets of a conversation, at most: the newest ones."""


class Conversation(NamedTuple):
    """The newest packets between us and one address, oldest first."""

    packets: tuple[Packet, ...]
    left_out: int
    """Older packets of it that are in the ring."""

    @property
    def bytes(self) -> tuple[int, int]:
        """How many bytes went out, and how many came in, in these packets."""
        out = sum(len(packet.data) for packet in self.packets if packet.direction == "out")
        return out, sum(len(packet.data) for packet in self.packets) - out


def conversation(packet: Packet, ring: PacketRing) -> Conversation:
    """What was said between us and the other side of a packet, as far as the ring has it."""
    addr = packet.addr
    found = [each for each in ring if each.addr == addr]
    return Conversation(tuple(found[-MOST:]), max(0, len(found) - MOST))
