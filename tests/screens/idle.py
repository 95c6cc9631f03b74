"""When an explorer has nothing left to do: read from its loop, where Textual's pilot guesses it from the CPU's time.

Textual's own `wait_for_idle` sleeps 20 ms at least, for each key twice, and takes a process for idle that was given no
CPU meanwhile. This one sleeps for nothing, and sees the same on a machine of any speed.
"""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from support.apart import PATIENCE
from textual._context import active_app
from textual.app import App

from dhtui.app import Explorer


class Threads:
    """The work that was given to threads, and is not done."""

    def __init__(self) -> None:
        self.at_work: set[Future[Any]] = set()
        self._go: Event | None = None

    def forget(self) -> None:
        """Another test begins."""
        self.at_work.clear()
        self._go = None

    @property
    def held(self) -> bool:
        """Whether a test keeps them from their end."""
        return self._go is not None and not self._go.is_set()

    def watch(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """A loop's `run_in_executor`, which notes what it starts."""

        def noted(loop: AbstractEventLoop, executor: Any, work: Callable[..., Any], *args: Any) -> Any:
            future = run(loop, executor, work, *args)
            self.at_work.add(future)
            future.add_done_callback(self.at_work.discard)
            return future

        return noted

    def hold(self, go: Event) -> None:
        """They don't come to their end before this is set: until then nobody waits for them."""
        self._go = go


THREADS = Threads()


async def idle(min_sleep: float = 0, max_sleep: float = 0) -> None:
    """Returns once nothing more happens by itself: no message waits, nothing is to be painted, no thread is at work.

    Timers and the network apart. Takes the place of Textual's function of these arguments.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            app = active_app.get()
            await at_rest(app)
            if THREADS.held:
                return await asyncio.sleep(0.001)
            if THREADS.at_work:
                await asyncio.wait(THREADS.at_work, return_when=asyncio.FIRST_COMPLETED)
            elif isinstance(app, Explorer) and app.gate is not None and app.gate.busy and not app.gate._opening():
                await asyncio.sleep(0.001)  # it looks again of itself, and lets the next key through
            else:
                return


async def at_rest(app: App[Any]) -> None:
    """The same, whatever threads do."""
    await _nothing_ready()
    while _paint(app):
        await _nothing_ready()


async def _nothing_ready() -> None:
    """Runs the loop until nothing is ready to run in it, twice over: in between it looks at its sockets."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]  # asyncio has no word for it
    quiet = 0
    while quiet < 2:
        await asyncio.sleep(0)
        quiet = 0 if ready else quiet + 1


def _paint(app: App[Any]) -> bool:
    """Does now what the screen would do within 1/60 s. Whether there was anything."""
    if app._resize_timer is not None:  # 1/120 s after the terminal's size has changed
        app._check_resize()
        return True
    if not app.screen_stack:
        return False
    due = [screen for screen in (app.screen, *app._background_screens) if screen._update_timer._active.is_set()]
    for screen in due:
        screen._on_timer_update()
    return bool(due)


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets Textual's pilot wait like this."""
    THREADS.forget()
    loop = asyncio.BaseEventLoop
    monkeypatch.setattr(loop, "run_in_executor", THREADS.watch(loop.run_in_executor))
    monkeypatch.setattr("textual.app.wait_for_idle", idle)
    monkeypatch.setattr("textual.pilot.wait_for_idle", idle)
    # A screen that takes another's place is painted 50 ms late, for the eye.
    monkeypatch.setattr(App, "delay_update", lambda *_: None)
