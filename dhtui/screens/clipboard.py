"""Texts for the clipboard of the terminal, which alone knows whether it takes them (OSC 52)."""

from __future__ import annotations

import os
from typing import Any

from textual.app import App

from ..text.safe import safe_text
from .notify import notify

_SHOWN = 60
"""Characters of the text that are said again."""
TMUX_ADVICE = "tmux set -s set-clipboard on"


def send_to_clipboard(app: App[Any], text: str) -> None:
    """Sends a text to the terminal, and says just that: nobody tells whether it has arrived."""
    app.copy_to_clipboard(text)
    notify(app, f"sent to the terminal: {safe_text(text, _SHOWN)}{_advice(os.environ)}")


def _advice(environment: os._Environ[str] | dict[str, str]) -> str:
    """What stands between here and the clipboard, and how to get through."""
    if environment.get("TMUX"):
        return f". In tmux it arrives once this was run: {TMUX_ADVICE}"
    if environment.get("STY"):
        return ". GNU screen lets nothing through to a clipboard."
    return ""
