"""Which panes of the lookup screen are shown: those there is room for, with something to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .drawn import Kind

Drawing = Literal["both", "ladder", "waterfall", "tree", "space"]
PANES: tuple[Kind, ...] = ("ladder", "waterfall", "tree", "space")
"""The drawings that have a pane of their own; slow motion takes that of the id space."""
_WIDE: tuple[Drawing, ...] = ("both", "waterfall", "ladder", "tree", "space")
VAST = 160
_NARROW: tuple[Drawing, ...] = ("ladder", "waterfall", "tree", "space")


@dataclass(frozen=True, slots=True)
class Layout:
    """What there is room for, and what the user wants."""

    broad: bool
    """At least 150 columns: both lists stand side by side."""
    wide: bool
    """At least 120 columns: so do two drawings."""
    tall: bool
    small: bool
    """There is room for a list and no drawing."""
    nothing: bool
    """There is no lookup."""
    in_nodes: bool
    """The list of nodes is wanted where there is room for one only."""
    drawing: Drawing | None
    """What the user wants drawn; `None`: what fits."""
    comparing: bool
    playing: bool
    vast: bool = False
    """At least `VAST` columns: there is room for a third drawing."""
    two: bool = False
    """The lookup ran in both address families, and so has two ladders."""

    def orders(self) -> tuple[Drawing, ...]:
        """What can be drawn, in the order in which a key goes through it."""
        if self.comparing:
            return ("ladder", "waterfall", "tree")
        return _WIDE if self.wide else _NARROW

    @property
    def compared(self) -> Kind:
        """What is drawn of both lookups that are compared."""
        return self.drawing if self.drawing in ("waterfall", "tree") else "ladder"

    @property
    def drawings(self) -> tuple[str, ...]:
        """The panes of drawings that are shown."""
        if self.comparing:
            return (self.compared, "other")
        if self.playing:
            return ("space",)
        drawing = self.drawing or "both"
        if drawing == "both":
            ladders = ("ladder", "beside") if self.two and self.vast else ("ladder",)
            return (*ladders, "waterfall") if self.wide else ladders
        return ("ladder", "beside") if drawing == "ladder" and self.two and self.wide else (drawing,)

    def shown(self) -> dict[str, bool]:
        """Whether each pane is shown, by its name."""
        return {
            **{name: name in self.drawings for name in (*PANES, "beside", "other")},
            "lists": self.wide or self.small or not self.playing,
            "lookups": self.broad or not self.in_nodes,
            "nodes": not self.comparing and (self.in_nodes or (self.broad and not self.nothing)),
            "differences": self.comparing and (self.broad or self.in_nodes),
            "story": not self.comparing and self.broad and self.tall and not self.nothing,
        }

    def classes(self) -> dict[str, bool]:
        """The classes that the style sheet asks for."""
        return {
            "-comparing": self.comparing,
            "-stacked": self.comparing and self.compared != "ladder" and not self.wide,
            "-playing": self.playing and not self.comparing,
        }
