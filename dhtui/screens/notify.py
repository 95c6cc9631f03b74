"""Telling the user a sentence, from the app or from a screen."""

from __future__ import annotations

from textual.app import App
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from ..text.safe import safe_text
from ..text.spans import clean


def notify(where: App[int] | Screen[None], text: str, *, bad: bool = False) -> None:
    """Says a sentence in a toast: our own words, and safe text. What is neither, such as a path, is made so."""
    where.notify(clean(text), severity="error" if bad else "information", markup=False, timeout=4)


def notify_failure(where: App[int] | Screen[None], event: Worker.StateChanged) -> None:
    """Says what went wrong in a worker, if anything did; nothing ends for it."""
    if event.state is WorkerState.ERROR:
        problem = event.worker.error
        words = f"{type(problem).__name__}: {safe_text(str(problem))}"
        notify(where, f"{event.worker.name} failed: {words}", bad=True)
