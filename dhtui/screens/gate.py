"""No key reaches another place than the one that is seen: each waits until the one before it has done its work.

A key may open a window or a screen: at once, by a message, or in a worker that first reads a file. Textual hands the
next key to whatever has the focus meanwhile. Here it is held back until all that was set off has come to rest, and
what was opened has its focus and has been painted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import takewhile
from math import inf
from typing import Any, ParamSpec, TypeAlias

from textual import events, work
from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.worker import NoActiveWorker, Worker, get_current_worker

from ..bindings.registry import ALWAYS, GLOBAL, VIEWS, moves
from ..widgets.line_table import LineTable
from ..widgets.scroll_lines import ScrollLines
from .dialogs.window import Window
from .notify import notify

Typed: TypeAlias = events.Key | events.Paste
P = ParamSpec("P")

MAX_HELD = 4096
"""Keys and pastes that are held back at most."""
PATIENCE = 1.0
"""Seconds after which a key is no longer typed ahead: esc and ctrl+c end the waiting."""
_LOOK_AGAIN = 0.05
"""Seconds between two looks whether what is waited for has gone."""
_OPENING = "opens a window"
_OVERTAKES = ("ctrl+c", "ctrl+q")
"""Keys that wait for no others: what was typed before them is dropped."""
_GIVES_UP = ("escape", *_OVERTAKES)


def opens(name: str, group: str = "window") -> Callable[[Callable[P, Any]], Callable[P, Worker[None]]]:
    """Makes a method a worker that opens windows: keys wait for each of them, and for its end.

    So it does nothing else that takes its time: what follows, such as asking the network, is a worker of its own.
    """
    return work(group=group, exclusive=True, exit_on_error=False, name=name, description=_OPENING)


def _now() -> float:
    """Seconds, by the clock of events."""
    return Message().time


class KeyGate:
    """Lets keys and pastes through, in order."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._held: deque[Typed] = deque()
        self._through: list[Typed] = []
        """Those whose turn it is: on their way to the app."""
        self._task: asyncio.Task[None] | None = None
        self._began = 0.0
        """When the key that is at work was let through, by the clock of events."""
        self._lost = 0
        self._moves = {key for action in moves() for key in action.keys.split(",")}
        quits = {key for action in ALWAYS if action.name == "quit" for key in action.keys.split(",")}
        steps = {key for action in GLOBAL if action.name.startswith("next_view") for key in action.keys.split(",")}
        self._leads_to_one = quits | {view.key for view in VIEWS}
        """Keys that show a screen, or end all, whichever screen is shown before."""
        self._switches = self._leads_to_one | steps
        self._target: Widget = app.screen
        """What had the focus then."""
        self._windows: dict[Worker[Any], Window[Any]] = {}
        """What the workers that open windows wait for."""

    # -- what the app tells -----------------------------------------------------------------------------------

    def holds(self, event: Typed) -> bool:
        """Whether the event has to wait. It comes again when its turn has come."""
        if any(event is other for other in self._through):
            self._through.remove(event)
            return False
        if self._task is None:
            if not self._is_light(event):
                self.wait()
            return False
        if self._gives_up(event):
            return isinstance(event, events.Key) and event.key == "escape"
        if isinstance(event, events.Key) and event.key in _OVERTAKES:
            self._held.clear()
            return False
        if self._lost or len(self._held) >= MAX_HELD:
            self._lost += 1
        else:
            self._held.append(event)
        return True

    def wait(self) -> None:
        """What comes from now on waits until all has come to rest."""
        if self._task is None:
            self._begin()
            self._task = asyncio.create_task(self._work(), name="keys")

    def window_came(self, worker: Worker[Any], window: Window[Any]) -> None:
        """A worker waits for a window of its own: what is typed is for that."""
        if worker.description != _OPENING:
            raise AssertionError(f"{worker.name} opens a window: it needs @opens, for keys to wait for it")
        self._windows[worker] = window

    def window_went(self, worker: Worker[Any]) -> None:
        """It goes on."""
        self._windows.pop(worker, None)

    def asks(self, worker: Worker[Any]) -> bool:
        """Whether a worker waits for what the user does in a window of its own."""
        return (window := self._windows.get(worker)) is not None and not window.dismissed

    def appears(self, window: Window[Any]) -> None:
        """A window opens: where it is not a key that opens it, nothing that was typed before is for it."""
        try:
            worker = get_current_worker()
        except NoActiveWorker:
            return
        # What a worker has opened has it as its worker, too: that is another task.
        if worker._task is asyncio.current_task() and worker.description != _OPENING:
            window.painted = inf

    def painting(self, screen: Screen[Any]) -> None:
        """What a screen shows is written to the terminal."""
        if isinstance(screen, Window) and screen.painted == inf:
            screen.painted = _now()

    def too_early(self, event: Typed) -> bool:
        """Whether it was typed before what it would reach was seen: then it does nothing."""
        screen = self._app.screen
        if not isinstance(screen, Window) or event.time >= screen.painted:
            return False
        return not (isinstance(event, events.Key) and event.key in _OVERTAKES)

    @property
    def busy(self) -> bool:
        """Whether a key would have to wait."""
        return self._task is not None

    async def rest(self) -> None:
        """Waits until all that was typed so far has done its work."""
        await self._passed(self._app, self._app.call_later)
        while self._task is not None:
            await asyncio.wait([self._task])

    def close(self) -> None:
        """Nothing is let through any more."""
        self._held.clear()
        if self._task is not None:
            self._task.cancel()

    # -- one after the other ----------------------------------------------------------------------------------

    async def _work(self) -> None:
        try:
            await self._settle()
            while self._held:
                self._skip_switches()
                event = self._held.popleft()
                self._begin()
                self._through.append(event)
                self._app.post_message(event)
                if not (self._held and self._is_light(event)):
                    await self._settle()
        finally:
            self._task = None
            lost, self._lost = self._lost, 0
            if lost:
                notify(self._app, f"{lost} keys were dropped: {MAX_HELD} wait at most.", bad=True)

    def _skip_switches(self) -> None:
        """Of switches to screens that follow each other those are left out that the last one, or an end, makes moot."""
        run = [event for event in takewhile(self._is_switch, self._held) if isinstance(event, events.Key)]
        last = next((n for n in range(len(run) - 1, 0, -1) if run[n].key in self._leads_to_one), 0)
        for _ in range(last):
            self._held.popleft()

    def _is_switch(self, event: Typed) -> bool:
        """Whether it shows another screen, or ends all: nowhere is a window that could take it."""
        if not isinstance(event, events.Key) or event.key not in self._switches:
            return False
        focused, stacks = self._app.focused, self._app._screen_stacks.values()
        if focused is not None and focused.check_consume_key(event.key, event.character):
            return False
        return not any(isinstance(screen, ModalScreen) for stack in stacks for screen in stack)

    def _begin(self) -> None:
        self._target = self._app.focused or self._app.screen
        self._began = _now()

    def _is_light(self, event: Typed) -> bool:
        """Whether it opens nothing: text for the field, or a move in the list, that has the focus."""
        focused = self._app.focused
        if focused is None or not isinstance(event, events.Key):
            return False
        if isinstance(focused, LineTable | ScrollLines) and event.key in self._moves:
            return True
        return focused.check_consume_key(event.key, event.character)

    def _gives_up(self, event: Typed) -> bool:
        """Ends the waiting for a window that does not come."""
        workers = self._opening()
        if not workers or not isinstance(event, events.Key) or event.key not in _GIVES_UP:
            return False
        if event.time - self._began < PATIENCE:
            return False
        self._held.clear()
        for worker in workers:
            worker.cancel()
        return True

    def _opening(self) -> list[Worker[Any]]:
        """The workers that are about to open a window."""
        return [
            worker
            for worker in self._app.workers
            if worker.description == _OPENING and not worker.is_finished and not self.asks(worker)
        ]

    # -- coming to rest ---------------------------------------------------------------------------------------

    async def _settle(self) -> None:
        """Ends when nothing that a key has set off is under way any more.

        Each pump's queue is gone through, from the one that had the focus up to the app, until nothing moves.
        """
        before: object = None
        seen = self._app.screen
        while True:
            for pump in self._path():
                await self._passed(pump, pump.call_later)
            await self._windows_come()
            screen = self._app.screen
            if screen is not seen:
                seen = screen
                await self._passed(screen, screen.call_after_refresh)
            now = (screen, self._app.focused)
            if now == before:
                return
            before = now

    def _path(self) -> Iterator[MessagePump]:
        """The app, those that a key passes on its way up, and the app again: each in its turn."""
        yield self._app
        seen: set[MessagePump] = {self._app}
        for start in (self._target, self._app.focused, self._app.screen):
            node: MessagePump | None = start
            while isinstance(node, Widget) and node not in seen:
                seen.add(node)
                yield node
                node = node._parent
        yield self._app

    async def _passed(self, pump: MessagePump, call: Callable[[Callable[[], None]], bool]) -> None:
        """Waits until a pump has done what it was sent so far; one that is gone has nothing to do."""
        passed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not call(partial(passed.set_result, None)):
            return
        while not passed.done() and (self._app.is_running if pump is self._app else pump.is_attached):
            await asyncio.wait([passed], timeout=_LOOK_AGAIN)

    async def _windows_come(self) -> None:
        told = False
        while self._opening():
            await asyncio.sleep(_LOOK_AGAIN / 10)
            late = _now() - self._began >= PATIENCE
            if late and not told:
                told = True
                notify(self._app, "A window is being opened, and keys wait for it; esc gives it up.")
