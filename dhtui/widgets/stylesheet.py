"""Styles that are parsed once.

When a screen is shown for the first time Textual parses all styles of the program three times over, for it does so in
a new `Stylesheet` that has nothing cached. That took two thirds of the 60 to 200 ms for which the event loop, and with
it the node, stood still.
"""

from __future__ import annotations

from textual.css import stylesheet

SOURCES = 1024
"""Pieces of style that are kept parsed: each widget class and each screen has one."""


class Stylesheet(stylesheet.Stylesheet):
    """A stylesheet that parses again only what has changed."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parse_cache.grow(SOURCES)

    def set_variables(self, variables: dict[str, str]) -> None:
        """Another theme: all is to be parsed again. The same one: nothing is."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Bring the rules up to date. They are not touched if it raises."""
        self.parse()
