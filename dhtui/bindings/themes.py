"""The themes of the explorer."""

from __future__ import annotations

from typing import Final

THEMES: Final = {
    "dark": "textual-dark",
    "light": "textual-light",
    "terminal": "ansi-dark",
    "terminal-light": "ansi-light",
}
"""Textual's names of the themes, by those that people read. The terminal's own colours are the last two."""
