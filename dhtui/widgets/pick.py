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
        # The chosen one is always seen: where there are too many, those before it go.
        first = 0
        while first < self.chosen and sum(map(width_of, spans[first : self.chosen + 1])) > self.size.width > 0:
            first += 1
        more: Line = (("‹ ", "dim"),) if first else ()
        self.show(((*more, *(span for line in spans[first:] for span in line)),))
