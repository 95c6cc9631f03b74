"""How far the reader is on the tour."""

from __future__ import annotations

from collections.abc import Sequence

from .cards import CARDS, Card
from .scene import Scene


class Tour:
    """Goes from card to card: each waits until all its parts are done, and then for the reader to go on."""

    def __init__(self, card: int = 0, cards: Sequence[Card] = CARDS) -> None:
        """Begin with a card, 0 for the first; `len(cards)`: the tour is over."""
        self._cards = cards
        self.at = max(0, min(len(cards), card))
        self.done = 0
        """How many parts of the card are done."""
        self._began: Scene | None = None
        """What was seen when the turn of the next part came."""

    @property
    def card(self) -> Card | None:
        """The card that is shown; `None`: the tour is over."""
        return self._cards[self.at] if self.at < len(self._cards) else None

    @property
    def complete(self) -> bool:
        """Whether all parts of the card are done."""
        return self.card is not None and self.done == len(self.card.parts)

    @property
    def lights(self) -> tuple[str, ...]:
        """The panes that the next thing to do speaks of, as ``screen.pane``; none once all of the card is done."""
        return () if self.card is None or self.complete else self.card.parts[self.done].lights

    def see(self, scene: Scene) -> None:
        """Look at what there is now."""
        card = self.card
        if card is None or self.complete:
            return
        if self._began is None:
            self._began = scene
        elif card.parts[self.done].done(self._began, scene):
            self.done += 1
            self._began = scene

    def go_on(self) -> None:
        """Show the next card, whether this one is done or not."""
        self._show(min(len(self._cards), self.at + 1))

    def restart(self) -> None:
        """Show the first card."""
        self._show(0)

    def _show(self, card: int) -> None:
        self.at, self.done, self._began = card, 0, None
