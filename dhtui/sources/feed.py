"""The data of the screens: the snapshots of a source, or the one at which the view was frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import NamedTuple, TypeAlias

from ..engine.commands import NodeCommands
from ..engine.views.snapshot import ContactDetail, Holdings, LookupDetail, Snapshot
from ..engine.wire.compact import Addr
from ..engine.wire.family import FamilyName
from ..text.runs.recordings import CAPTURE, NOT_RUNNING, RECORDING, player_words
from ..text.spans import Line
from .families import seen, seen_lookup
from .source import Player, Source
from .trouble import TroubleHistory

RATE = 10.0
"""Snapshots a second of the visible screen."""


Instead: TypeAlias = Callable[[int], Sequence[Line]]
"""Makes the lines of a screen, given its width."""


class Frame(NamedTuple):
    """The data to paint."""

    snapshot: Snapshot
    paused: bool = False
    missed: int = 0
    """Datagrams received or sent since the view was frozen."""
    player: str = ""
    """The position in a recording, in words; empty for a running node."""


class Frozen(NamedTuple):
    """All data of the screens, as of one time; the rings of packets and events freeze too."""

    snapshot: Snapshot
    holdings: Holdings
    lookups: dict[int, LookupDetail | None]
    contacts: dict[Addr, ContactDetail | None]

    @classmethod
    def of(cls, source: Source) -> Frozen:
        """The state of a source now."""
        source.packets.freeze()
        source.events.freeze()
        now = source.snapshot()
        buckets = [bucket for each in now.families for bucket in each.table.buckets]
        nodes = [node for bucket in buckets for node in (*bucket.nodes, *bucket.replacements)]
        return cls(
            now,
            source.holdings(),
            {lookup.number: source.lookup(lookup.number) for each in now.families for lookup in each.lookups},
            {node.addr: source.contact(node.addr) for node in nodes},
        )


class Feed:
    """The bridge between one source and the visible screen, which reads it `RATE` times a second.

    Nothing is pushed: a flood of packets costs the screens nothing. Pausing freezes the view of all screens, also of
    those that are opened later, while the node runs on. For a recording it pauses the player.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.source: Source | None = None
        """The node or the recording; `None` if there is none."""
        self.trouble = TroubleHistory()
        """What went wrong and when, whichever screen is shown."""
        self.instead: Mapping[str, Instead] = {}
        """What screens show that have nothing to show of this source, by their names."""
        self._clock = clock
        self.family: FamilyName | None = None
        """The address family that is shown first, if the node has it; `None`: the node's own order."""
        self._newest: Snapshot | None = None
        self._frozen: Frozen | None = None
        self._seen: tuple[Snapshot, FamilyName | None, Snapshot] | None = None
        """The last snapshot shown: as it came, for which family, and as it was shown."""

    @property
    def paused(self) -> bool:
        """Whether the view is frozen."""
        return self._frozen is not None

    @property
    def commands(self) -> NodeCommands | None:
        """The commands of the node; `None` if there is none, and for a recording."""
        return None if self.source is None else self.source.commands

    @property
    def player(self) -> Player | None:
        """The player of the recording; `None` for a running node."""
        return None if self.source is None else self.source.player

    def connect(self, source: Source | None) -> None:
        """Show `source` from now on; `None`: no source."""
        self._thaw()
        self.instead = {}
        self.source, self._newest, self.trouble = source, None, TroubleHistory()
        self._seen = None

    def frame(self) -> Frame | None:
        """The frame to paint now; `None` if there is no source."""
        source = self.source
        if source is None:
            return None
        if (player := source.player) is not None:
            player.tick(self._clock())
            shown = self._as_seen(source.snapshot())
            self.trouble.look(shown, source.packets)
            return Frame(shown, player=_player(player))
        self._newest = now = source.snapshot()
        if self._frozen is None:
            shown = self._as_seen(now)
            self.trouble.look(shown, source.packets)
            return Frame(shown)
        self.trouble.look(seen(now, self.family), source.packets)
        then = self._frozen.snapshot
        return Frame(self._as_seen(then), True, max(0, _packets(now) - _packets(then)))

    def _as_seen(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot for the screens; the same for the same, for they look whether it is another one."""
        if self._seen is None or self._seen[0] is not snapshot or self._seen[1] != self.family:
            self._seen = snapshot, self.family, seen(snapshot, self.family)
        return self._seen[2]

    def show_other_family(self) -> FamilyName | None:
        """Show the other address family from now on, and return which; `None`: the node has but one."""
        shown = self._seen[2] if self._seen is not None else None
        if shown is None or shown.other is None:
            return None
        self.family = shown.other.family
        return self.family

    @property
    def played(self) -> str:
        """What is shown in place of a node, the beginning of a sentence."""
        return CAPTURE if self.instead else RECORDING

    @property
    def without_node(self) -> str:
        """Why there is no node to do anything, the same."""
        return self.played if self.player is not None else NOT_RUNNING

    def newest(self, shown: Snapshot) -> Snapshot:
        """The last snapshot of the source: later than the one shown while the view is frozen."""
        return shown if self._newest is None else seen(self._newest, self.family)

    def holdings(self) -> Holdings:
        """The stores of the node, at the time that is shown."""
        if self._frozen is not None:
            return self._frozen.holdings
        return self.source.holdings() if self.source is not None else Holdings((), (), ())

    def lookup(self, number: int) -> LookupDetail | None:
        """A lookup with all its queries, at the time that is shown."""
        if self._frozen is not None:
            found = self._frozen.lookups.get(number)
        else:
            found = self.source.lookup(number) if self.source is not None else None
        return seen_lookup(found, self.family)

    def contact(self, addr: Addr) -> ContactDetail | None:
        """All about a node of the table, at the time that is shown."""
        if self._frozen is not None:
            return self._frozen.contacts.get(addr)
        return self.source.contact(addr) if self.source is not None else None

    def toggle_pause(self) -> None:
        """Freeze the view, or let it run again. No effect before the first snapshot."""
        if (player := self.player) is not None:
            if player.playing:
                player.pause()
            else:
                player.play()
        elif self._frozen is not None:
            self._thaw()
        elif self.source is not None and self._newest is not None:
            self._frozen = Frozen.of(self.source)

    def _thaw(self) -> None:
        if self._frozen is not None and self.source is not None:
            self.source.packets.thaw()
            self.source.events.thaw()
        self._frozen = None


def _packets(snapshot: Snapshot) -> int:
    return sum(each.traffic.packets_in + each.traffic.packets_out for each in snapshot.families)


def _player(player: Player) -> str:
    return player_words(
        player.what,
        player.position,
        player.duration,
        playing=player.playing,
        speed=player.speed,
        damaged=bool(player.damage),
    )
