"""The lines around every screen: who we are, which screens there are, which keys work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from textual import events
from textual.widget import Widget

from .. import __version__
from ..bindings.registry import ALWAYS, VIEWS, Action
from ..engine.views.snapshot import Snapshot
from ..sources.feed import Frame
from ..text.format import address, elide, plural, reach, short_id
from ..text.safe import safe_text
from ..text.spans import Line, Span, crop, spread, width_of
from .lines import Lines


class Header(Lines):
    """Identity and state in one line."""

    def show_frame(
        self, frame: Frame, *, testnet: bool, attached: bool = False, changes: int = 0, way: Sequence[str] = ()
    ) -> None:
        """Shows who the node is, whether it is on a testnet or of another program, and how many items changed without
        being looked at.

        Where there is room, the way that links have led, too.
        """
        if frame.player:
            right: Line = ((f"{frame.player} ", "warn"),)
        elif frame.paused:
            right = ((f"‖ PAUSED  {plural(frame.missed, 'packet')} since ", "warn"),)
        else:
            table = frame.snapshot.table
            right = ((f"✓{table.good} ", "good"), (f"?{table.questionable} ✗{table.bad} ", "dim"))
        if changes:
            right = ((f"≠ {changes} changed  ", "warn"), *right)
        whose: Span = ("attached  ", "accent") if attached else ("testnet  " if testnet else "", "warn")
        left = _identity(frame.snapshot, whose, self.size.width - width_of(right) - 1)
        room = self.size.width - width_of(left) - width_of(right) - 6
        self.show((spread((*left, *_crumbs(way, room)), right, self.size.width),))

    def show_text(self, text: str, bad: bool = False) -> None:
        """A sentence instead: what goes on while there is no node, or what is wrong."""
        name: Span = (f" dhtui {__version__}  ", "accent")
        self.show(((name, (("✗ " if bad else "… ") + safe_text(text), "bad" if bad else "plain")),))


def _crumbs(way: Sequence[str], room: int) -> Line:
    """The last places of a way, as many as there is room for; one alone tells nothing."""
    for first in range(max(0, len(way) - 4), len(way) - 1):
        text = " › ".join((*(("…",) if first else ()), *way[first:]))
        if width_of(((text, "plain"),)) <= room:
            return (("    ", "plain"), (text, "accent"))
    return ()


_ADDRESS = 21
"""Cells for our address where there is little room: an IPv4 address is no longer."""
_VERDICTS: dict[str, Span] = {
    "valid": ("✓ bep42", "good"),
    "invalid": ("✗ bep42", "warn"),
    "exempt": ("– bep42", "dim"),
    "unknown": ("? bep42", "dim"),
}


def _identity(snapshot: Snapshot, whose: Span, width: int) -> Line:
    """Who we are; where there is little room without the version, then without the verdict on the id,
    then without the id."""
    who = snapshot.identity
    reachable = snapshot.reachability.state == "reachable"
    name: Span = (f" dhtui {__version__}  ", "accent")
    short: Span = (" dhtui  ", "accent")
    verdict = _VERDICTS[who.bep42]
    where = address(who.external or who.bound)
    middle: Line = ()
    for shown in dict.fromkeys((where, elide(where, _ADDRESS))):
        middle = (
            whose,
            (f"{'●' if reachable else '○'} {reach(snapshot.reachability.state)}", "good" if reachable else "warn"),
            (f"  {shown}  ", "plain"),
            (f"{short_id(who.id)} ", "data"),
        )
        for line in ((name, *middle, verdict), (short, *middle, verdict)):
            if width_of(line) <= width:
                return line
    least: Line = (short, *middle)
    return least if width_of(least) <= width else least[:-1]


class Tabs(Lines):
    """The screens and their keys; the one shown stands in brackets."""

    _name = ""
    _pointed = ""

    def show_view(self, name: str) -> None:
        """Marks the screen that is shown."""
        self._name = name
        self.on_resize()

    def point_to(self, name: str) -> None:
        """Points to the screen to go to; "": to none."""
        if name != self._pointed:
            self._pointed = name
            self.on_resize()

    def on_resize(self) -> None:
        """Fits the titles to the width."""
        self.show((tabs_line(self._name, self.size.width, self._pointed),))

    def on_click(self, event: events.Click) -> None:
        """Does what the key of the title does."""
        press(self, key_at(self.lines[0], tuple((view.shown, view.key) for view in VIEWS), event.x))


def tabs_line(name: str, width: int, pointed: str = "") -> Line:
    """The tabs in `width` cells: all titles, with less space between them, that of the shown screen, or it alone.

    The one that is `pointed` to has an arrow.
    """
    for gap, titles in ((" ", True), ("", True), ("", False)):
        spans: list[Span] = []
        for view in VIEWS:
            if view.name == name:
                spans.append((f"[{view.shown} {view.title}]", "strong"))
            else:
                here = view.name == pointed
                spans += [("▸", "warn"), (view.shown, "key")] if here else [(f" {view.shown}", "key")]
                spans.append((f" {view.title}{gap}" if titles else "", "warn" if here else "dim"))
        if width_of(spans) <= width:
            return tuple(spans)
    return tuple(span for span in spans if span[1] == "strong")


Ends: TypeAlias = tuple[Action | None, ...]
"""Two hints that are never left out, or none in the place of one."""


class Footer(Lines):
    """The keys that work now, as many as fit. Two of them are never left out: one at each end."""

    actions: tuple[Action, ...] = ()
    _ends: Ends = ALWAYS

    def show_actions(
        self, actions: Iterable[Action], first: Action | None = ALWAYS[0], last: Action | None = ALWAYS[1]
    ) -> None:
        """Names the keys of these actions, but those with rank 0, between two that always stand there."""
        self.actions, self._ends = tuple(actions), (first, last)
        self.on_resize()

    def on_resize(self) -> None:
        """Fits the hints to the width."""
        self.show((footer_line(self.actions, self.size.width, self._ends),))

    def on_click(self, event: events.Click) -> None:
        """Does what the key does."""
        ends = (action for action in self._ends if action is not None)
        keys = tuple((action.hint, action.keys.partition(",")[0]) for action in (*ends, *self.actions))
        press(self, key_at(self.lines[0], keys, event.x))


def press(widget: Widget, key: str | None) -> None:
    """Presses a key, in its turn among those of the keyboard."""
    if key is not None:
        widget.app.simulate_key(key)


def key_at(line: Line, keys: Sequence[tuple[str, str]], x: int) -> str | None:
    """The key whose hint is at a cell of a line. `keys` are those that may be meant: as shown, and their names."""
    names, found = dict(reversed(keys)), None
    left = 0
    for text, role in line:
        shown = text.strip()
        if role == "key":
            found = names.get(shown)
        elif role == "strong":  # a title in brackets
            found = None
        left += width_of(((text, role),))
        if x < left:
            return found
    return None


def footer_line(actions: Iterable[Action], width: int, ends: Ends = ALWAYS) -> Line:
    """The hints that fit into `width` cells; the highest ranks are left out first, never those of the `ends`."""
    first, last = (() if action is None else _hint(action) for action in ends)
    room = width - width_of(first) - width_of(last)
    kept: list[tuple[int, int, Line]] = []
    for place, action in enumerate(sorted((a for a in actions if a.rank and a not in ALWAYS), key=lambda a: a.rank)):
        hint = _hint(action)
        if width_of(hint) <= room:
            room -= width_of(hint)
            kept.append((action.rank, place, hint))
    middle = tuple(span for _, _, hint in kept for span in hint)
    return crop((*first, *middle, *last), width)


def _hint(action: Action) -> Line:
    return ((f" {action.hint}", "key"), (f" {action.label} ", "plain"))
