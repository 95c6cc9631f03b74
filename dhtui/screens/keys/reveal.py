"""The one window that shows a private key: hidden until a key is pressed, and gone when it closes."""

from __future__ import annotations

from textwrap import wrap

from textual import events
from textual.content import Content

from ...bindings.keymap import key_of
from ...bindings.registry import POPUP, view
from ...text.spans import Line
from ...widgets.bound import bound
from ...widgets.scroll_lines import ScrollLines
from ..dialogs.popup import Popup

_REVEAL = next(action for action in view("keys").actions if action.name == "reveal")
_WIDTH = 72
_NOTES = (
    "Whoever has it can sign as you, and change your items for ever.",
    "It is in no copy menu, no log and no recording. What the terminal keeps of it, we can't know.",
)


class RevealScreen(Popup):
    """Shows a secret text on demand; it takes the key that opened the window to show it, and to hide it again."""

    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        bound(_REVEAL)
    ]

    ACTIONS = (_REVEAL, *POPUP)
    ABOUT = "A private key. It is hidden until it is asked for, and gone when the window closes."

    def __init__(self, title: str, secret: str) -> None:
        super().__init__(title, ())
        self._secret = secret
        self._shown = False

    def on_mount(self, event: events.Mount) -> None:  # type: ignore[override]  # Textual hands it to whoever takes it
        """Hidden at first: the key may have been pressed by mistake, with others looking on."""
        event.prevent_default()  # the window that it is would show its own lines
        self.app.clear_notifications()  # they would lie over it
        self._show()

    @property
    def shows_secret(self) -> bool:
        """Whether the key can be read."""
        return self._shown

    def _show(self) -> None:
        does = "hides" if self._shown else "shows"
        # A line that is cut off would be copied as it stands: in small windows there are more of them.
        width = 64 if self.app.size.width >= 80 else 32
        parts = [part for line in self._secret.splitlines() for part in wrap(line, width)]
        secret: list[Line] = [((part if self._shown else "•" * len(part), "strong"),) for part in parts]
        notes: list[Line] = [((line, "warn"),) for note in _NOTES for line in wrap(note, _WIDTH)]
        window = self.query_one(ScrollLines)
        window.show(self._heading, [(), *secret, (), *notes])
        window.border_subtitle = Content(f"{key_of('keys.reveal')} {does} it")
        self.show_keys()

    def action_reveal(self) -> None:
        """Shows the secret, or hides it again."""
        self._shown = not self._shown
        self._show()
