"""The window in which two ids are typed, and their distance is seen."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from ...bindings.registry import LEAVE, form
from ...widgets.bound import all_bound
from ...widgets.lines import Lines
from ...widgets.source_input import SourceInput
from ..dialogs.window import Window
from .plan.distance import compared, read_id

_WIDTH = 70
_ACTIONS = form("compare", "close", choose="")


class DistanceWindow(Window[None]):
    """Two ids, where they lie, and how far apart they are. It stays open: another two can be typed."""

    CSS_PATH = "distance.tcss"
    BINDINGS = all_bound((LEAVE,))
    ACTIONS = _ACTIONS
    ABOUT = "Type two ids, or just how they begin: the rest is zeros. Enter compares them."

    def __init__(self, took: Callable[[bytes, bytes], None]) -> None:
        """`took` is called with the ids that were compared."""
        super().__init__()
        self._took = took

    def compose_body(self) -> ComposeResult:
        """Two fields and what is to be seen."""
        with Vertical(classes="window") as window:
            window.border_title = "how far is it from one id to another?"
            yield SourceInput(placeholder="one id: 1 to 40 hex digits", id="one")
            yield SourceInput(placeholder="another id", id="other")
            yield Lines(id="seen")

    @on(Input.Changed)
    def look(self, event: Input.Changed) -> None:
        """Shows them as they are typed."""
        event.stop()
        one, other = (self.query_one(f"#{name}", SourceInput).value for name in ("one", "other"))
        self.query_one("#seen", Lines).show(compared(one, other, _WIDTH))

    @on(Input.Submitted)
    def compare(self, event: Input.Submitted) -> None:
        """Takes them, once there are both."""
        event.stop()
        one, other = (read_id(self.query_one(f"#{name}", SourceInput).value) for name in ("one", "other"))
        if one is not None and other is not None:
            self._took(one, other)
        else:
            self.query_one("#one" if one is None else "#other", SourceInput).focus()

    def action_leave(self) -> None:
        """Closes it."""
        self.dismiss(None)
