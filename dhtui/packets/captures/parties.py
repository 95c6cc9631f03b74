"""The nodes of a capture, and which of them it is about: the endpoint of most messages."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nsmallest
from typing import Final, NamedTuple

from ...engine.wire.compact import Addr
from .message import Captured

MOST: Final = 65_536
"""Most endpoints that are counted one by one. Where there are more, those of a single message make room."""
LISTED: Final = 200
"""Most nodes that are offered."""


class Party(NamedTuple):
    """A node of the capture."""

    addr: Addr
    sent: int
    received: int
    """Messages."""
    id: bytes | None
    """The node id that it named last."""

    @property
    def messages(self) -> int:
        """Sent and received ones."""
        return self.sent + self.received


@dataclass(slots=True)
class _Count:
    sent: int = 0
    received: int = 0
    id: bytes | None = None


class Parties:
    """Counts the messages of each endpoint."""

    def __init__(self) -> None:
        self._counts: dict[Addr, _Count] = {}
        self._speakers = 0
        self._forgotten = 0

    def follow(self, heard: Captured) -> None:
        """Count a message."""
        counts = self._counts
        sender = counts.get(heard.source)
        if sender is None:
            sender = self._new(heard.source)
        receiver = counts.get(heard.dest)
        if receiver is None:
            receiver = self._new(heard.dest)
        if heard.kind != "unreadable":
            sender.sent += 1
            if sender.sent == 1:
                self._speakers += 1
            if heard.id is not None:
                sender.id = heard.id
        receiver.received += 1

    def _new(self, addr: Addr) -> _Count:
        if len(self._counts) >= MOST:
            self._make_room()
        count = self._counts[addr] = _Count()
        return count

    def _make_room(self) -> None:
        """Forget the half with the fewest messages. How many spoke stays known."""
        order = sorted(self._counts.items(), key=lambda each: each[1].sent + each[1].received)
        for addr, _ in order[: MOST // 2]:
            del self._counts[addr]
        self._forgotten += MOST // 2

    @property
    def nodes(self) -> int:
        """How many endpoints sent a message. Where there are more than `MOST`, one that was silent for long may be
        counted twice."""
        return self._speakers

    @property
    def exact(self) -> bool:
        """Whether no endpoint had to be forgotten."""
        return not self._forgotten

    def of(self, addr: Addr) -> Party | None:
        """A node by its address."""
        count = self._counts.get(addr)
        return None if count is None else Party(addr, count.sent, count.received, count.id)

    def most(self) -> Addr | None:
        """The endpoint of most messages, of several the first; `None` before the first message."""
        return max(self._counts, key=lambda addr: self._of(addr), default=None)

    def _of(self, addr: Addr) -> tuple[int, int]:
        count = self._counts[addr]
        return count.sent + count.received, count.sent

    def listed(self, most: int = LISTED) -> list[Party]:
        """The nodes that sent something, those of most messages first."""
        spoke = (each for each in self._counts.items() if each[1].sent)
        first = nsmallest(most, spoke, key=lambda each: (-each[1].sent - each[1].received, each[0]))
        return [Party(addr, each.sent, each.received, each.id) for addr, each in first]
