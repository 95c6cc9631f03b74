"""A card as lines of text."""

from __future__ import annotations

import re
from textwrap import wrap

from ....bindings.keymap import key_of
from ....engine.wire.compact import Addr
from ....text.format import address
from ....text.spans import Line, Role
from .cards import CARDS
from .tour import Tour

OVER = "That was the tour. {tour} begins it again."
NEEDS_TESTNET = "The tour needs a network to play with: {testnet} opens a testnet."
OFFER = "New here? {tour} begins a tour of eight cards."
_SLOT = re.compile(r"\{([^{}]+)\}")


def filled(text: str, liar: Addr | None = None) -> str:
    """A text with keys in the places of the names of actions."""
    return _SLOT.sub(lambda slot: _word(slot[1], liar), text)


def _word(name: str, liar: Addr | None) -> str:
    if name == "liar":
        return "a node" if liar is None else address(liar)
    return key_of(name)


def title(tour: Tour) -> str:
    """The title of the card: which one it is, of how many."""
    card = tour.card
    return "the tour" if card is None else f"{tour.at + 1}/{len(CARDS)} {card.title}"


def lines(tour: Tour, width: int, liar: Addr | None = None, *, brief: bool = False) -> list[Line]:
    """What the card says, in `width` cells: what there is to do last, with a mark at what is done.

    `brief`: of what there is to do only the next thing.
    """
    card = tour.card
    if card is None:
        return _wrapped(filled(OVER), width, "plain")
    told = _wrapped(filled(card.text, liar), width, "plain")
    for place, part in enumerate(card.parts):
        if brief and place != tour.done:
            continue
        sign, role = _mark(place - tour.done)
        first, *rest = _wrapped(filled(part.todo, liar), width - 2, role)
        told += [((f"{sign} ", "good" if sign == "✓" else role), *first), *((("  ", "plain"), *line) for line in rest)]
    if tour.complete:
        return [*told, ((filled("✓ Done: {tour} goes on."), "good"),)]
    return told if brief else [*told, ((filled("{tour} leaves it, or goes on."), "dim"),)]


def _mark(ahead: int) -> tuple[str, Role]:
    """The sign of a part, by how far it is ahead of the one whose turn it is."""
    return ("✓", "dim") if ahead < 0 else ("▶", "strong") if ahead == 0 else ("·", "dim")


def _wrapped(text: str, width: int, role: Role) -> list[Line]:
    return [((line, role),) for line in wrap(text, max(10, width))]
