"""What the screens look at: a source's snapshots, or the one at which the view was frozen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from .engine.snapshot import Snapshot
from .replay_source import ReplaySource
from .source import Source

RATE = 10.0
"""Snapshots a second that the visible screen takes."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What to paint."""

    snapshot: Snapshot
    paused: bool = False
    missed: int = 0
    """Datagrams that went in or out since the view was frozen."""
    player: str = ""
    """Where a recording stands, in words; empty for a running node."""


class Feed:
    """The bridge between one source and the visible screen, which asks it `RATE` times a second.

    Nothing is pushed: a flood of packets costs the screens nothing. Pausing freezes the view of all screens,
    and the node runs on; of a recording it stops the playing.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.source: Source | None = None
        """The node or the recording; `None` while there is none."""
        self._clock = clock
        self._newest: Snapshot | None = None
        self._seen: Snapshot | None = None
        self._frozen: Snapshot | None = None

    @property
    def paused(self) -> bool:
        """Whether the view is frozen."""
        return self._frozen is not None

    @property
    def replay(self) -> ReplaySource | None:
        """The recording, if that is what is shown."""
        return self.source if isinstance(self.source, ReplaySource) else None

    def connect(self, source: Source | None) -> None:
        """Shows `source` from now on; `None`: there is none."""
        self.source, self._newest, self._seen, self._frozen = source, None, None, None

    def frame(self) -> Frame | None:
        """What to paint now; `None` while there is no source."""
        source = self.source
        if source is None:
            return None
        if isinstance(source, ReplaySource):
            source.tick(self._clock())
            return Frame(source.snapshot(), player=_player(source))
        self._newest = now = source.snapshot()
        if self._frozen is None:
            self._seen = now
            return Frame(now)
        return Frame(self._frozen, True, max(0, _packets(now) - _packets(self._frozen)))

    def newest(self, shown: Snapshot) -> Snapshot:
        """What the source was like when it was asked last: later than what is shown while the view is frozen."""
        return self._newest or shown

    def toggle_pause(self) -> None:
        """Freezes what was seen last, or lets the view run again. Does nothing while nothing was seen."""
        source = self.source
        if isinstance(source, ReplaySource):
            if source.playing:
                source.pause()
            else:
                source.play()
        else:
            self._frozen = self._seen if self._frozen is None else None


def _packets(snapshot: Snapshot) -> int:
    return snapshot.traffic.packets_in + snapshot.traffic.packets_out


def _player(replay: ReplaySource) -> str:
    sign = "▶" if replay.playing else "⏸"
    speed = "" if replay.speed == 1 else f" x{replay.speed:g}"
    damage = " ✗ damaged" if replay.replay.damage else ""
    return f"{sign} recording {replay.position:.1f} of {replay.duration:.1f} s{speed}{damage}"
