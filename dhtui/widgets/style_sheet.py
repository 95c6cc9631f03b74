"""The style sheet of the app, of which each part is parsed once."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class StyleSheet(Stylesheet):
    """Parses a part when it is new, or when the theme has changed.

    Textual's own parses all parts anew for each screen and each window that opens for the first time: 25 ms that
    whoever pressed the key waits for.
    """

    def set_variables(self, variables: dict[str, str]) -> None:
        """The values of a theme; the same ones again leave what is parsed."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Takes in new parts and new variables. On an error the rules stay as they were."""
        self.parse()
