"""The places that were visited: back, forward, and the way that links have led."""

from __future__ import annotations

from collections import deque
from typing import Final, TypeAlias

from ..packets.parts import Link
from ..text.spans import clean

Place: TypeAlias = tuple[str, Link | None]
"""The name of a screen, and what was selected there."""
WIDTH: Final = 26
"""Characters of one place of a way."""
MOST: Final = 50
"""Places that one can go back to, and forward to."""


def words_of(link: Link) -> str:
    """What a link leads to."""
    return clean(link.label if link.kind in link.label else f"{link.kind} {link.label}")


def _crumb(link: Link) -> str:
    words = words_of(link)
    return words if len(words) <= WIDTH else f"{words[: WIDTH - 1]}…"


class Places:
    """Where one was. A screen that is gone to begins a new way; a link that is followed goes on with it."""

    def __init__(self) -> None:
        self._before: deque[tuple[Place, bool]] = deque(maxlen=MOST)
        self._after: deque[tuple[Place, bool]] = deque(maxlen=MOST)
        self.way: list[str] = []
        """What links have led to, from where the first one was followed on; empty: no link was followed."""

    def left(self, place: Place, start: str, link: Link | None) -> None:
        """A place is left: by a `link` from what `start` names, else for another screen."""
        self._before.append((place, link is not None))
        self._after.clear()
        if link is None:
            self.way = []
        else:
            self.way = [*(self.way or [start]), _crumb(link)][-MOST:]

    def back(self, now: Place) -> Place | None:
        """The place before; `None`: there is none."""
        if not self._before:
            return None
        place, linked = self._before.pop()
        self._after.append((now, linked))
        self.way = self.way[:-1] if linked and len(self.way) > 2 else []
        return place

    def forward(self, now: Place) -> Place | None:
        """The place that one went back from; `None`: there is none."""
        if not self._after:
            return None
        place, linked = self._after.pop()
        self._before.append((now, linked))
        self.way = []
        return place
