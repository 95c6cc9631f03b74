"""A capture in memory, as far as it is read, from the view of one of its nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...engine.views.events import Event
from ...engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from ...engine.wire.compact import Addr
from ...engine.wire.family import IPV4
from ...packets.captures.message import Captured
from ...packets.captures.parties import Parties, Party
from ...packets.captures.reader import CaptureReader, Summary
from .holdings import holdings
from .kept import Kept
from .node_view import NodeView
from .states import snapshot

STEPS: Final = 1000
"""Messages that are taken at a time when the view changes."""
COUNTED_ANEW: Final = 1.1
"""The growth after which the nodes are counted anew: there may be tens of thousands."""
NOBODY: Final[Addr] = (IPV4.anywhere, 0)
"""The node that is shown before there is one."""


class Capture:
    """Reads and keeps a capture. Hand it bytes with `read` and the result of that with `take`, then call `end`.

    `read` may be called in a thread. The others belong to the thread of the screens.
    """

    damage = ""
    """Of the whole: told on Home, not here."""

    def __init__(self, name: str, me: Addr | None = None, kept: Kept | None = None) -> None:
        self.name = name
        """Of the file, safe to print; empty for a pipe."""
        self.ended = False
        """Whether all of it is read."""
        self.progress = 0.0
        """The share of the file that is read, 0 to 1."""
        self.problem = ""
        """Why it can't be read on: words that are safe to print."""
        self.kept = Kept() if kept is None else kept
        self.view = NodeView(me or NOBODY, self.kept)
        self._chosen = me is not None
        """Whether the user chose the node."""
        self._reader = CaptureReader(follows=False)
        self._summary = self._reader.summary
        self._parties = Parties()
        self._looked = 1
        """The number of messages at which it is seen again which node has most."""
        self._next: tuple[NodeView, Iterator[Captured]] | None = None
        """The view that is being made, and the messages that it has not taken yet."""
        self._counted, self._listed = 0, list[Party]()
        self._snapshot: tuple[tuple[object, ...], Snapshot] | None = None
        self._holdings: tuple[tuple[object, ...], Holdings] | None = None

    # ---- reading -----------------------------------------------------------------------------------

    def read(self, data: bytes) -> list[Captured]:
        """The messages that are complete with these bytes. Raises `NotACapture`."""
        found = [heard for piece in self._reader.feed(data) for heard in piece]
        self._summary = self._reader.summary
        return found

    @property
    def broken(self) -> bool:
        """Whether there is a damage, behind which nothing is read."""
        return self._reader.frames.damage is not None

    def take(self, heard: list[Captured]) -> None:
        """Keep messages that were read."""
        for each in heard:
            self.kept.add(each)
            self._parties.follow(each)
            self.view.add(each)
        newest = self.kept.newest
        if not self._chosen and newest >= self._looked:
            self._looked = 2 * newest + 1
            self._look_for_most()
        if len(self.view) > 4 * self.kept.most and self._next is None:
            self._begin(self.view.me)  # what is not kept any more is forgotten

    def end(self) -> None:
        """There are no more bytes. Raises `NotACapture` where there were too few."""
        self._reader.end()
        self._summary = self._reader.summary
        self.ended, self.progress = True, 1.0
        if not self._chosen:
            self._look_for_most()
        if self._next is None:
            self.view.finish()

    def _look_for_most(self) -> None:
        most = self._parties.most()
        if most is not None and most != (self.view.me if self._next is None else self._next[0].me):
            self._begin(most)

    @property
    def summary(self) -> Summary:
        """What there was so far."""
        return self._summary._replace(nodes=self._parties.nodes)

    @property
    def parties(self) -> list[Party]:
        """The nodes in it that can be shown, those of most messages first. Counted anew as the capture grows."""
        newest = self.kept.newest
        if newest > COUNTED_ANEW * self._counted or (self.ended and newest > self._counted):
            self._counted, self._listed = newest, self._parties.listed()
        return self._listed

    # ---- the node that is shown --------------------------------------------------------------------

    def show(self, me: Addr) -> None:
        """Take the view of another node, step by step: see `step`."""
        self._chosen = True
        self._begin(me)

    def _begin(self, me: Addr) -> None:
        self._next = NodeView(me, self.kept), self.kept.heard(1)

    def step(self) -> bool:
        """Go on with the other view, for a few milliseconds. Returns whether it has come to be the one shown."""
        if self._next is None:
            return False
        view, heard = self._next
        for _ in range(STEPS):
            each = next(heard, None)
            if each is None:
                self.view, self._next = view, None
                if self.ended:
                    view.finish()
                return True
            view.add(each)
        return False

    @property
    def changing(self) -> Addr | None:
        """The node whose view is being made."""
        return None if self._next is None else self._next[0].me

    @property
    def settled(self) -> bool:
        """Whether nothing more comes, neither from the file nor of another view."""
        return self.ended and self._next is None

    # ---- as a recording ----------------------------------------------------------------------------

    @property
    def duration(self) -> float:
        """Seconds."""
        view = self.view
        return 0.0 if view.start is None else view.end - view.start

    def at(self, position: float) -> float:
        """The unix time at a position in seconds since the start."""
        # At the end the sum may be rounded below the time of the last event.
        view = self.view
        return view.end if position >= self.duration else (view.start or 0.0) + position

    def wall(self, at: float) -> float:
        """The unix time of a time: the same."""
        return at

    def events_upto(self, at: float) -> int:
        """See `NodeView`, as for the following."""
        return self.view.events_upto(at)

    def packets_before(self, event: int) -> int:
        """See `NodeView`."""
        return self.view.packets_before(event)

    def event_of_packet(self, packet: int) -> int:
        """See `NodeView`."""
        return self.view.event_of_packet(packet)

    def events(self, first: int, stop: int) -> Iterator[Event]:
        """See `NodeView`."""
        return self.view.events(first, stop)

    def snapshot(self, at: float) -> Snapshot:
        """The state at a time; the same value as long as it is the same state."""
        key = id(self.view), at, self.ended
        if self._snapshot is None or self._snapshot[0] != key:
            self._snapshot = key, snapshot(self.view, at)
        return self._snapshot[1]

    def lookup(self, number: int, at: float) -> LookupDetail | None:
        """A lookup at a time."""
        return self.view.lookup(number, at)

    def contact(self, addr: Addr, at: float) -> ContactDetail | None:
        """Nothing: the table of another program is not known."""
        return None

    def holdings(self, at: float) -> Holdings:
        """What was announced by then."""
        key = id(self.view), self.view.events_upto(at)
        if self._holdings is None or self._holdings[0] != key:
            self._holdings = key, holdings(self.view, at)
        return self._holdings[1]
