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
from weakref import WeakSet

import pytest
from support.apart import PATIENCE
from textual._context import active_app
from textual.app import App
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.screen import Screen

from dhtui.app import Explorer

LOOK_AGAIN = 0.1
"""Seconds until it is looked whether a widget that has not answered is gone."""


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
    return bool(due) or _draw(app.screen)


_undrawn = WeakSet[Screen[Any]]()
"""The screens of which something changed since they were drawn."""
_draw_now = Screen._compositor_refresh


def _draw_at_rest(screen: Screen[Any]) -> None:
    """A terminal is sent each step on the way to what is seen in the end: six for a screen that opens."""
    if screen is not screen.app.screen:
        return _draw_now(screen)
    screen._dirty_widgets.clear()  # the compositor has noted where they are
    _undrawn.add(screen)
    screen.app._update_mouse_over(screen)


def _draw(screen: Screen[Any]) -> bool:
    """Draws what changed, in one. Whether there was anything."""
    if screen not in _undrawn:
        return False
    _undrawn.discard(screen)
    _draw_now(screen)
    return True


async def _key_passed(pilot: Pilot[Any]) -> bool:
    """Those that a key passes, from the focus up to the app, have done what they were sent. False: the app has failed.

    Takes the place of Textual's `Pilot._wait_for_screen`, which has each widget of the screen answer a message: that
    took nine tenths of the time of a key that moves a cursor. What the others are sent `idle` waits for.
    """
    app = pilot.app
    if not app.screen_stack:
        return False
    loop, passed = asyncio.get_running_loop(), list[tuple[DOMNode, Future[None]]]()
    for pump in (app.focused or app.screen).ancestors_with_self:
        future: Future[None] = loop.create_future()
        if pump.call_later(_answer, future):
            passed.append((pump, future))
    async with asyncio.timeout(PATIENCE):
        while passed and not app._exception_event.is_set():
            await asyncio.wait([future for _, future in passed], timeout=LOOK_AGAIN)
            passed = [(pump, future) for pump, future in passed if not future.done() and pump.is_attached]
    return not app._exception_event.is_set()


def _answer(future: Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets Textual's pilot wait like this."""
    THREADS.forget()
    loop = asyncio.BaseEventLoop
    monkeypatch.setattr(loop, "run_in_executor", THREADS.watch(loop.run_in_executor))
    monkeypatch.setattr("textual.app.wait_for_idle", idle)
    monkeypatch.setattr("textual.pilot.wait_for_idle", idle)
    monkeypatch.setattr(Screen, "_compositor_refresh", _draw_at_rest)
    monkeypatch.setattr(Pilot, "_wait_for_screen", _key_passed)
    # A screen that takes another's place is painted 50 ms late, for the eye.
    monkeypatch.setattr(App, "delay_update", lambda *_: None)
