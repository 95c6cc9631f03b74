"""One of a few choices in a line: left, right and space change it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from ..bindings.registry import CHOOSE
from ..text.spans import Line, clean, width_of
from .bound import all_bound
from .lines import Lines


class Pick(Lines, can_focus=True):
    """Labels next to each other, one of them chosen."""

    DEFAULT_CSS = "Pick { height: 1; width: 1fr; }"
    BINDINGS = all_bound(CHOOSE)

    class Changed(Message):
        """Another one was chosen."""

        def __init__(self, pick: Pick) -> None:
            super().__init__()
            self.pick = pick

        @property
        def control(self) -> Pick:
            """The choice, for ``@on``."""
            return self.pick

    def __init__(self, labels: Sequence[str], chosen: int = 0, *, gap: str = " ", id: str | None = None) -> None:
        """`gap` is put around each label, besides the mark and a blank."""
        super().__init__(id=id)
        self._gap = gap
        self.labels, self.chosen = tuple(map(clean, labels)), chosen
        self._mark = "▷"

    def on_mount(self) -> None:
        """Shows the choice."""
        super().on_mount()
        self._paint()

    def offer(self, labels: Sequence[str], chosen: int = 0) -> None:
        """Offers other choices, if they are others."""
        wanted = tuple(map(clean, labels))
        if wanted != self.labels:
            self.labels, self.chosen = wanted, chosen
            self._paint()

    def choose(self, place: int) -> None:
        """Takes the one at that place."""
        self.chosen = place
        self._paint()

    def action_step(self, step: int) -> None:
        """Goes to the next one."""
        self.choose((self.chosen + step) % len(self.labels))
        self.post_message(self.Changed(self))

    def on_focus(self) -> None:
        """The mark tells whether keys go here."""
        self._mark = "▶"
        self._paint()

    def on_blur(self) -> None:
        """No more."""
        self._mark = "▷"
        self._paint()

    def on_resize(self) -> None:
        """Other labels fit."""
        self._paint()

    def _paint(self) -> None:
        gap = self._gap
        spans: list[Line] = [
            ((f"{self._mark}{gap}{label} {gap}", "strong"),)
            if place == self.chosen
            else ((f" {gap}{label} {gap}", "dim"),)
            for place, label in enumerate(self.labels)
        ]
        first, last = _seen(list(map(width_of, spans)), self.chosen, self.size.width)
        before: Line = (("‹ ", "dim"),) if first else ()
        behind: Line = (("›", "dim"),) if last < len(spans) else ()
        self.show(((*before, *(span for line in spans[first:last] for span in line), *behind),))


def _seen(widths: Sequence[int], chosen: int, room: int) -> tuple[int, int]:
    """Which labels are seen, whole: the chosen one, and those around it for which there is room, the first ones first.

    Marks that there are more before and behind take two cells and one.
    """
    if sum(widths) <= room or not room:
        return 0, len(widths)
    first, last = chosen, chosen + 1
    while first and sum(widths[first - 1 : last]) + 3 <= room:
        first -= 1
    while last < len(widths) and sum(widths[first : last + 1]) + 3 <= room:
        last += 1
    return first, last
