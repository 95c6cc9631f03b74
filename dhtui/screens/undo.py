"""What was done can be taken back: the last few, by their names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from textual.message import Message

MOST: Final = 10
"""Actions that can be taken back: the oldest gives way."""


class Done(Message):
    """Something was done that can be taken back."""

    def __init__(self, words: str, undo: Callable[[], Awaitable[str]]) -> None:
        """`words` name it, as what is taken back; `undo` does so, and returns a sentence about it. Safe to print."""
        super().__init__()
        self.words, self.undo = words, undo
