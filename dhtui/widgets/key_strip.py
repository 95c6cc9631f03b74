"""The pane of the id space: which part of it is shown is kept here."""

from __future__ import annotations

from ..text.keyspace import MAX_DEPTH, Part
from ..text.strip import Inhabitants, part_title, strip_lines
from .lines import Lines
from .paint import set_title


class KeyStrip(Lines):
    """Draws who is where, and shows less or more of the space when it is asked to."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.part = Part()
        self._who: Inhabitants | None = None
        self._note = ""
        self._centre: bytes | None = None

    def draw(self, who: Inhabitants, note: str = "", *, centre: bytes | None = None) -> None:
        """Shows these; `note` stands in the title behind the name of the part. `centre` is what one gets nearer to,
        if it is not our id.
        """
        self._who, self._note, self._centre = who, note, centre
        self._redraw()

    def go_to(self, part: Part) -> None:
        """Shows that part of the space."""
        self.part = part
        self._redraw()

    def nearer(self, halvings: int) -> None:
        """Shows the half that the centre is in, or the half in the middle of what is shown; negative: twice as much."""
        own = self._centre or (self._who.own if self._who else None)
        depth = max(0, min(MAX_DEPTH, self.part.depth + halvings))
        inside = own is not None and self.part.column(own, 1) is not None
        self.go_to(Part.around(own if own is not None and inside else self.part.middle(), depth))

    def pan(self, places: int) -> None:
        """Shows the part of the same size beside it, but does not leave the space."""
        self.go_to(self.part.moved(places))

    def _redraw(self) -> None:
        if self._who is None or not self.size.width:
            return
        if self.styles.border_top[0]:
            set_title(self, f"id space: {part_title(self.part, self._who.own)}{self._note}")
        self.show(strip_lines(self.part, self._who, self.size.width, self.size.height))
