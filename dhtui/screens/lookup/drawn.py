"""The drawings of a lookup, each as a pane shows it: its title, its legend, its lines.

Those that are not drawn at first are imported when they are: the first picture of the explorer has to wait for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from ...bindings.keymap import key_of
from ...engine.views.snapshot import LookupDetail
from ...engine.wire.compact import Addr
from ...lookups.drawings.keyspace import keyspace_lines, keyspace_title
from ...lookups.drawings.ladder import TITLE as LADDER_TITLE
from ...lookups.drawings.ladder import Scale, ladder_legend, ladder_lines
from ...lookups.drawings.legend import explained_waterfall, rows_for_queries
from ...lookups.drawings.waterfall import TITLE as WATERFALL_TITLE
from ...lookups.drawings.waterfall import first_row
from ...lookups.play import Play, speed_words
from ...lookups.query_status import span_words
from ...text.keyspace import Part
from ...text.spans import Line

Kind = Literal["ladder", "waterfall", "tree", "space", "flight"]


@dataclass(frozen=True, slots=True)
class Look:
    """What of a lookup is to be seen."""

    then: LookupDetail
    """As of the time shown."""
    detail: LookupDetail
    until: float | None
    chosen: Addr | None
    scale: Scale
    first: int | None
    """The row that the user has scrolled to; `None`: that the chosen node is in sight."""
    focused: bool
    own: bytes | None
    part: Part
    """The part of the id space that is drawn."""
    play: Play | None = None
    compared: bool = False


class Drawn(NamedTuple):
    """A drawing."""

    title: str
    legend: str
    lines: list[Line]


def drawn(kind: Kind, look: Look, width: int, height: int) -> Drawn:
    """A drawing of a lookup in `width` x `height` cells."""
    found = _DRAWINGS[kind](look, width, height)
    if not look.compared:
        return found
    return found._replace(title=f"lookup {look.detail.view.number}: {kind}")


def _ladder(look: Look, width: int, height: int) -> Drawn:
    lines = ladder_lines(
        look.then, width, height, until=look.until, selected=look.chosen, scale=look.scale
    )  # fmt: skip
    return Drawn(LADDER_TITLE, ladder_legend(lines), lines)


def _waterfall(look: Look, width: int, height: int) -> Drawn:
    fits = rows_for_queries(look.then, width, height, until=look.until)
    first = first_row(look.then, fits, look.chosen, look.first)
    lines = explained_waterfall(
        look.then, width, height, until=look.until, selected=look.chosen, span=look.scale.span, first=look.first,
        keys=_scroll_keys(look.focused),
    )  # fmt: skip
    return Drawn(WATERFALL_TITLE, _more_rows(fits, first, len(look.then.steps)), lines)


def _tree(look: Look, width: int, height: int) -> Drawn:
    from ...lookups.drawings import tree

    laid = tree.tree_of(look.then, width, look.chosen)
    fits = tree.rows_for_tree(height)
    first = tree.first_of_tree(laid, look.then, fits, look.chosen, look.first)
    lines = tree.tree_lines(look.then, width, height, selected=look.chosen, first=look.first)
    more = _more_rows(fits, first, laid.rows)
    if more and width < 100:
        more = f"↑{first} ↓{laid.rows - first - fits} {_scroll_keys(look.focused)}"
    return Drawn(tree.tree_title(laid), more, lines)


def _space(look: Look, width: int, height: int) -> Drawn:
    keys = f"{key_of('lookup.nearer(1)')} {key_of('lookup.nearer(-1)')} zoom"
    keys += f"  {key_of('lookup.pan(-1)')} {key_of('lookup.pan(1)')} beside"
    title = keyspace_title(look.part, look.detail.view.target)
    return Drawn(title, keys, keyspace_lines(look.then, look.own, look.part, width, height))


def _flight(look: Look, width: int, height: int) -> Drawn:
    from ...lookups.drawings import flight

    at = look.detail.view.elapsed if look.play is None else look.play.at
    lines = flight.flight_lines(look.detail, look.own, look.part, at, width, height)
    return Drawn(_course(look, at, width), _motion_legend(width, flight.OUT, flight.BACK, flight.REFERRAL), lines)


def _course(look: Look, at: float, width: int) -> str:
    """Where the course is, and how fast it goes."""
    end, play = look.detail.view.elapsed, look.play
    sign = "▶" if play is not None and play.running else "■" if at >= end else "‖"
    speed = "" if play is None else speed_words(play.speed)
    return f"{'slow motion at ' if width >= 76 else ''}{speed}: {sign} {span_words(at)} of {span_words(end)}"


def _motion_legend(width: int, out: str, back: str, referral: str) -> str:
    """The signs of what flies, and the keys."""
    play, faster, slower = (key_of(f"lookup.{name}") for name in ("play", "pace(1)", "pace(-1)"))
    if width < 100:
        return f"{play} stop  {faster} {slower} speed  esc end"
    zoom = " ".join(key_of(f"lookup.nearer({step})") for step in (1, -1))
    keys = f"{play} stops and goes on, {faster} faster, {slower} slower, {zoom} zoom, esc ends it"
    signs = f"{out} query {back} answer {referral} named"
    return f"{keys}   {signs}"


_DRAWINGS = {"ladder": _ladder, "waterfall": _waterfall, "tree": _tree, "space": _space, "flight": _flight}


def scrolled(kind: Kind, look: Look, width: int, height: int, rows: int) -> int | None:
    """The first row after scrolling by some rows; `None` for drawings that always fit."""
    if kind == "waterfall":
        fits, count = rows_for_queries(look.then, width, height, until=look.until), len(look.then.steps)
        now = first_row(look.then, fits, look.chosen, look.first)
    elif kind == "tree":
        from ...lookups.drawings import tree

        laid, fits = tree.tree_of(look.then, width, look.chosen), tree.rows_for_tree(height)
        count, now = laid.rows, tree.first_of_tree(laid, look.then, fits, look.chosen, look.first)
    else:
        return None
    return max(0, min(now + rows, count - fits))


def _scroll_keys(here: bool) -> str:
    """The keys that scroll a drawing that has the focus; else the one that leads there."""
    if not here:
        return key_of("lookup.other_pane(1)")
    return "/".join(key_of(f"move({step})").partition(" ")[0] for step in (1, -1))


def _more_rows(fits: int, first: int, count: int) -> str:
    """How many rows of a drawing are out of sight, and how to come to them; "" where all are in it."""
    more = [f"{hidden} {where}" for hidden, where in ((first, "above"), (count - first - fits, "below")) if hidden > 0]
    if not more:
        return ""
    return f"{', '.join(more)}: {key_of('lookup.other_pane(1)')} goes here, {key_of('move(1)')} scrolls"
