"""Going through the explorer key by key. Waits for the program only: no key costs more than what it does."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from support.apart import PATIENCE
from textual import events
from textual.widgets import Input

from dhtui.bindings.registry import GLOBAL, LIST, PLAYER, VERBS, Action, View, symbol

from .idle import at_rest
from .stage import Stage

MOST_ESCAPES = 6
"""Windows that may lie over each other, and the filter."""


def keys_of(actions: Iterable[Action]) -> list[str]:
    """The first key of each action."""
    return [action.keys.partition(",")[0] for action in actions]


def all_keys_of(view: View) -> list[str]:
    """Every key that the registry has for a screen, but those that quit."""
    actions = (*view.actions, *VERBS, *LIST, *GLOBAL, *PLAYER)
    return [key for action in actions if action.name != "quit" for key in action.keys.split(",")]


async def drain(stage: Stage) -> None:
    """All that is under way is done, and painted; but for what threads do."""
    assert stage.app.gate is not None
    await stage.app.gate.rest()
    await at_rest(stage.app)


async def tap(stage: Stage, *keys: str) -> None:
    """Presses keys, one after the other."""
    for key in keys:
        character = symbol(key)
        stage.app.post_message(events.Key(key, character if len(character) == 1 else None))
        await drain(stage)


async def work_ends(stage: Stage) -> None:
    """Waits for the workers, until one opens a window."""
    app = stage.app
    async with asyncio.timeout(PATIENCE):
        while True:
            await drain(stage)
            # Not for the worker that starts a node: in some tests it never does.
            tasks = [worker._task for worker in app.workers if worker.group != "node" and worker._task]
            if len(app.screen_stack) > 1 or not tasks:
                return
            # A thread of theirs has the interpreter meanwhile; now and then there is a look for a window.
            await asyncio.wait(tasks, timeout=0.02, return_when=asyncio.FIRST_COMPLETED)


async def return_to(stage: Stage, view: View) -> None:
    """To that screen, whatever windows a key has opened and wherever it has led to."""
    app = stage.app
    for _ in range(MOST_ESCAPES):
        if len(app.screen_stack) > 1 or isinstance(app.focused, Input):
            await tap(stage, "escape")
            continue
        await work_ends(stage)
        if app.screen is app.screen_stack[0] and stage.screen.view is view:
            break
        await app.action_show(view.name)
    assert stage.screen.view is view, f"{app.screen!r} is not left with escape"
    if stage.screen.maximized is not None:
        stage.screen.minimize()
    if app.feed.paused:
        app.action_pause()


@contextmanager
def nothing_fails(stage: Stage, but: str = "\n") -> Iterator[None]:
    """Nothing may go wrong meanwhile: in a key's action, in a worker, or where nobody waits for it.

    `but` is in what may be told all the same.
    """
    behind: list[dict[str, Any]] = []
    told: list[str] = []
    notify = stage.app.notify

    def hear(message: str, **how: Any) -> None:
        told.append(message)
        notify(message, **how)

    stage.app.notify = hear  # type: ignore[method-assign]  # toasts are gone before the end
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, problem: behind.append(problem))
    yield
    loop.set_exception_handler(None)
    assert stage.app._exception is None
    failures = [toast for toast in told if " failed: " in toast and but not in toast]
    assert not failures, failures
    assert not behind
    assert not stage.app.failure


def printable(text: str) -> bool:
    """Whether nothing in a text is a control, a direction mark, or otherwise meant for the terminal."""
    return text.isprintable() or all(
        unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for char in text
    )
