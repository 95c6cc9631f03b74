"""An app whose keys and pastes go through a gate: each waits for what the one before it sets off."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import get_current_worker

from ..screens.dialogs.window import Window
from ..screens.gate import KeyGate
from ..text.spans import clean
from ..widgets.paste import PASTED_BREAK
from ..widgets.source_input import SourceInput


class GatedApp(App[int]):
    """Tells the gate what Textual does, and asks it before each key."""

    def __init__(self, driver_class: type[Driver] | None) -> None:
        super().__init__(driver_class=driver_class)
        self.gate: KeyGate | None = None
        """What keys go through, while the app runs."""

    def open_gate(self) -> None:
        """From now on keys go through a gate. What is typed by then waits until the first screen is there."""
        self.gate = KeyGate(self)
        self.gate.wait()

    def close_gate(self) -> None:
        """Nothing is let through any more."""
        if self.gate is not None:
            self.gate.close()

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes wait for those before them, and for what a click sets off.

        Lines of Textual's own, such as that of the filter, would show what is pasted as it is. In fields it is data.
        """
        gate = self.gate
        if gate is not None and isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            if gate.holds(event) or gate.too_early(event):
                return
            if isinstance(event, events.Paste) and not isinstance(self.focused, SourceInput):
                event.text = "\n".join(map(clean, event.text.splitlines()))
            if isinstance(event, events.Key) and self._breaks_line(event):
                event = events.Key("space", " ")
        elif gate is not None and isinstance(event, events.MouseUp) and not event.is_forwarded:
            gate.wait()
        await super().on_event(event)

    def _breaks_line(self, event: events.Key) -> bool:
        """Whether it is a line break of a paste that the terminal did not mark, in a line that takes none.

        What follows it is pasted too: the line stays open, or it would run as commands.
        """
        breaks = (event.key, event.character) == ("enter", PASTED_BREAK)
        return breaks and isinstance(self.focused, Input) and not isinstance(self.focused, SourceInput)

    async def push_screen_wait(self, screen: Any, *, mode: str | None = None) -> Any:
        """What Textual's does; keys are told whose turn it is."""
        worker = get_current_worker()
        assert self.gate is not None
        try:
            return await super().push_screen_wait(screen, mode=mode)
        finally:
            self.gate.window_went(worker)

    def push_screen(self, screen: Any, *more: Any, **how: Any) -> Any:
        """What Textual's does; keys are told that the window of a worker is there."""
        if isinstance(screen, Window) and self.gate is not None:
            self.gate.appears(screen)
        pushed = super().push_screen(screen, *more, **how)
        if how.get("wait_for_dismiss") and self.gate is not None:
            self.gate.window_came(get_current_worker(), screen)
        return pushed

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """What Textual's does; keys are told what was seen before they were typed."""
        if self.gate is not None and renderable is not None and not self._batch_count:
            self.gate.painting(screen)
        super()._display(screen, renderable)
