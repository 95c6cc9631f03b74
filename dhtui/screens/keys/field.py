"""The field for secrets."""

from __future__ import annotations

from ...widgets.source_input import SourceInput


class SecretInput(SourceInput):
    """A line for a secret: it shows as dots, and no key copies it out."""

    def __init__(self, *, id: str, placeholder: str = "") -> None:
        super().__init__(id=id, password=True, placeholder=placeholder)

    def action_copy(self) -> None:
        """Nothing: a secret does not go to the clipboard, which every program may read."""

    def action_cut(self) -> None:
        """Nothing, too."""
