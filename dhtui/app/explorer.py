"""The explorer: the Textual app around one node or one recording. It holds the screens, the feed and the host."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.driver import Driver
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker

from ..bindings.keymap import key_of
from ..bindings.registry import GLOBAL, KEYMAP, LIST, PLAYER, VIEWS, Action, View, show_actions
from ..bindings.themes import THEMES as THEME_NAMES
from ..errors import Exit
from ..packets.parts import Link
from ..runtime.host import NodeHost, Nodes
from ..screens.base import ExplorerScreen
from ..screens.dialogs.choosing import Followed, choose
from ..screens.dialogs.help import HelpScreen, help_lines, selected_lines, window_help
from ..screens.dialogs.window import Window
from ..screens.gate import opens
from ..screens.notify import notify, notify_failure
from ..screens.places import Places
from ..screens.undo import MOST as MOST_UNDONE
from ..screens.undo import Done
from ..sources.feed import Feed
from ..sources.source import Player
from ..storage.memory import MemoryFile
from ..text.failure import failure_words
from ..text.format import short_id
from ..text.item_words import change_words
from ..text.safe import safe_text
from ..widgets.bound import all_bound
from ..widgets.line_table import LineTable
from ..widgets.stylesheet import Stylesheet
from .connection import Connection
from .gated import GatedApp
from .navigation import Navigation

if TYPE_CHECKING:
    from ..items.following import Change
    from ..runtime.capture_file import CaptureFile
    from ..screens.tour.guide import Guide
    from ..sources.replay import Replay

THEMES = tuple(THEME_NAMES.values())
MAX_WARNINGS = 20


class Explorer(GatedApp):
    """Shows a node at work, or a recording of one.

    `nodes` is what it can run, `record` the new file to record its own node to, from the start on, `memory` what is
    remembered of earlier runs, `theme` the name of one that goes before it.
    """

    TITLE = "dhtui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (120, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-low"), (40, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = all_bound((*GLOBAL, *PLAYER, *show_actions()))

    def __init__(
        self,
        nodes: Nodes | None = None,
        *,
        replay: Replay | None = None,
        capture: CaptureFile | None = None,
        record: Path | None = None,
        warnings: tuple[str, ...] = (),
        memory: MemoryFile | None = None,
        theme: str = "",
    ) -> None:
        super().__init__(driver_class=_driver(self))
        self.stylesheet = Stylesheet(variables=self.get_css_variables())
        self.feed = Feed()
        self.host = NodeHost(nodes or Nodes(), self.warn, self.feed.connect)
        self.host.tell = self.tell_change
        self.stopped = False
        """Whether a signal has ended it."""
        self.failure = ""
        """Why the app failed; safe to print."""
        self.failure_code = Exit.FAILED
        self.warnings = list(warnings)
        """Sentences that are still to be said, at the end of the run if no earlier."""
        self.navigation = Navigation(self, self.host)
        self.connection = Connection(
            self, self, self.host, self.feed, replay=replay, capture=capture, record=record, started=self._offer_tour
        )
        self._done: deque[tuple[str, Callable[[], Awaitable[str]]]] = deque(maxlen=MOST_UNDONE)
        self._memory = memory or MemoryFile()
        self._first_theme = theme or self._memory.memory.theme
        self.host.memory = self._memory.memory
        self.guide: Guide | None = None
        """Leads through the tour, once that was begun."""
        self._ending = False
        for view in VIEWS:
            self.add_mode(view.name, partial(_open, view, self.feed, self.host))

    @property
    def places(self) -> Places:
        """The places that were visited."""
        return self.navigation.places

    # -- start and end ---------------------------------------------------------------------------------------

    async def on_mount(self) -> None:
        """Shows the first screen and starts the node, or the recording."""
        # Another program's screen may be there after a stop (SIGTSTP, `fg`), and Textual paints only what has changed.
        self.app_resume_signal.subscribe(self, lambda _: self.action_repaint())
        if self.stopped:
            self.exit(0)
            return
        self.theme = THEME_NAMES.get(self._first_theme, THEMES[0])
        self.set_keymap(KEYMAP)
        known = self.host.memory.screen if not self.connection.played else ""
        await self.switch_mode(next((view.name for view in VIEWS if view.name == known), VIEWS[0].name))
        self.open_gate()
        while self.warnings:
            notify(self, self.warnings.pop(0), bad=True)
        self.connection.begin()

    def warn(self, text: str) -> None:
        """Shows a warning now, while the screen can be seen; else it is printed at the end of the run."""
        if self.gate is None or self._ending:
            self.warnings.append(text)
        else:
            notify(self, safe_text(text, 1000), bad=True)

    def tell_change(self, change: Change) -> None:
        """A watched item is given otherwise than before."""
        if self.gate is not None and not self._ending:
            self.bell()
            changed = f"{short_id(change.target)} changed: {change_words(change.before, change.now)}"
            notify(self, f"{changed}. {key_of('show.items')} shows it.")

    def fail(self, why: str, code: Exit = Exit.FAILED) -> None:
        """Ends the app with a failure."""
        self.failure, self.failure_code = safe_text(why, 1000), code
        self.exit(code, return_code=code)

    async def on_unmount(self) -> None:
        """Keeps what is worth keeping, and closes the node."""
        self._ending = True
        self.close_gate()
        await self.host.stop()
        if warning := await asyncio.to_thread(self._memory.write, self._memory.taken()):
            self.warnings.append(warning)

    def stop(self) -> None:
        """Ends the app, whether it has begun or not."""
        self.stopped = True
        if self.is_running:
            self.exit(0)

    async def action_quit(self) -> None:
        """Ends the app."""
        self.exit(0)

    # -- what is shown ---------------------------------------------------------------------------------------

    def action_record(self) -> None:
        """Begins a recording, or ends it."""
        self.connection.record()

    @opens("testnet")
    async def action_testnet(self) -> None:
        """Leaves the network for a testnet, or a testnet for the network."""
        await self.connection.change_network()

    @opens("whose")
    async def action_whose(self) -> None:
        """Lets the user choose the node from whose view a capture is shown."""
        await self.connection.choose_view()

    # -- the tour --------------------------------------------------------------------------------------------

    @opens("tour")
    async def action_tour(self) -> None:
        """Begins the tour, goes on with it, or leaves it."""
        await self._guide().key()

    @opens("distance")
    async def action_distance(self) -> None:
        """Compares two ids."""
        from ..screens.tour.distance import DistanceWindow

        guide = self._guide()
        await self.push_screen_wait(DistanceWindow(guide.compare))

    def _guide(self) -> Guide:
        from ..screens.tour.guide import Guide

        if self.guide is None:
            self.guide = Guide(self, self.host, self.host.nodes.tour_folder)
        return self.guide

    async def _offer_tour(self) -> None:
        """In one line, on the first start on a testnet."""
        folder = self.host.nodes.tour_folder
        if folder is None or self.host.net is None:
            return
        from ..screens.tour.plan import load, save
        from ..screens.tour.plan.words import OFFER, filled

        if not (await asyncio.to_thread(load, folder)).offered:
            notify(self, filled(OFFER))
            with suppress(OSError):
                await asyncio.to_thread(save, folder, 0)

    # -- other actions ---------------------------------------------------------------------------------------

    async def action_show(self, name: str) -> None:
        """Goes to a screen."""
        await self.navigation.show(name)

    async def action_next_view(self, step: int) -> None:
        """Goes some screens on."""
        await self.navigation.step(step)

    @on(Followed)
    async def follow(self, message: Followed) -> None:
        """Goes to what a link is about, on the first screen that knows it."""
        await self.navigation.goes_after(message.link, follows=True)

    async def goes_after(self, link: Link) -> None:
        """Goes to what a link is about."""
        await self.navigation.goes_after(link)

    async def goes_to(self, view: str) -> ExplorerScreen | None:
        """Shows a screen and closes what lies over it, or says why it can't."""
        return await self.navigation.goes_to(view)

    async def action_back(self) -> None:
        """Goes back to the place that was visited before."""
        await self.navigation.back()

    async def action_forward(self) -> None:
        """Goes forward to the place that one went back from."""
        await self.navigation.forward()

    async def action_up(self) -> None:
        """Goes one up: back from the last link."""
        if self.places.way:
            await self.action_back()

    async def run_action(self, action: Any, *more: Any, **how: Any) -> bool:
        """What Textual's does; whatever ails the engine meanwhile is told, and the explorer stays."""
        try:
            return await super().run_action(action, *more, **how)
        except Exception as problem:
            name = action if isinstance(action, str) else action[1]
            notify(self, f"{name} failed: {failure_words(problem)}", bad=True)
            return True

    async def do(self, view: str, action: Action) -> None:
        """Does an action; `view` is the screen to go to first, "": the one that is shown."""
        if not view and action in (*GLOBAL, *PLAYER, *show_actions()):
            await self.run_action(action.name, self)
            return
        if await self.goes_to(view or self.current_mode) is None:
            return
        screen: Screen[Any] = self.screen
        if action in LIST:
            table = (
                screen.focused if isinstance(screen.focused, LineTable) else next(iter(screen.query(LineTable)), None)
            )
            if table is None:
                notify(self, "There is no list on this screen.")
                return
            screen.set_focus(table)
            await self.run_action(action.name, table)
            return
        await self.run_action(action.name, screen)

    async def action_new_lookup(self) -> None:
        """Opens the form that starts a lookup."""
        if self.connection.played:
            self.connection.tell_no_node()
        elif await self.navigation.open("lookup", None):
            await self.screen.run_action("start")

    def action_seek(self, seconds: float) -> None:
        """Moves in the recording."""
        if (player := self._player()) is not None:
            player.seek(player.position + seconds)

    def action_speed(self, factor: float) -> None:
        """Plays the recording faster or slower."""
        if (player := self._player()) is not None:
            player.speed *= factor

    def _player(self) -> Player | None:
        if self.feed.player is None:
            notify(self, "This is a running node, no recording.")
        return self.feed.player

    def action_pause(self) -> None:
        """Freezes what is shown, or lets it run again."""
        self.feed.toggle_pause()
        if isinstance(self.screen, ExplorerScreen):
            self.screen.tick()

    def action_theme(self) -> None:
        """Takes the next theme."""
        names = list(THEME_NAMES)
        place = THEMES.index(self.theme) if self.theme in THEMES else -1
        self.take_theme(names[(place + 1) % len(names)])

    def take_theme(self, name: str) -> None:
        """Takes a theme, by its name for people."""
        self.theme = THEME_NAMES[name]
        self.host.memory.theme = name
        self.remember()
        notify(self, f"theme: {name}")

    @work(group="remember", exclusive=True, exit_on_error=False, name="remembering")
    async def remember(self) -> None:
        """Writes what is to be remembered."""
        if warning := await asyncio.to_thread(self._memory.write, self._memory.taken()):
            self.warn(warning)

    @property
    def escape_to_minimize(self) -> bool:
        """Whether escape gives the other panes their room back: not while it is the key of a line to type in."""
        return not isinstance(self.focused, Input)

    def action_repaint(self) -> None:
        """Paints all of the screen anew."""
        for screen in self.screen_stack:
            screen.refresh(layout=True)
        self.refresh(layout=True)

    def action_help(self) -> None:
        """Shows what the keys do here."""
        screen = self.screen
        if isinstance(screen, ExplorerScreen):
            lines = help_lines(screen.view, screen.actions_now(), screen.filtered().model.filter_help)
            selected = selected_lines(screen.filtered(), screen.view.name) if screen.lists() else ()
            self.push_screen(HelpScreen(screen.view.title, lines, selected))
        elif isinstance(screen, HelpScreen):
            screen.turn()
        elif isinstance(screen, Window) and screen.ABOUT:
            self.push_screen(HelpScreen("this window", window_help(screen.ABOUT, screen.actions_now(), screen.SIGNS)))

    def action_command_bar(self) -> None:
        """Lets the user type a command."""
        from ..screens.command.opening import command_bar

        bar = command_bar(self)
        if bar is not None:
            self.clear_notifications()  # they would lie over it
            self.push_screen(bar, self._command)

    def _command(self, chosen: Any) -> None:
        if chosen is not None:
            line, what = chosen
            self.host.memory.note_command(line)
            self.call_later(self._run_command, what)

    @opens("command", group="command")
    async def _run_command(self, what: Any) -> None:
        if callable(what):
            await what()
        else:
            await self.do("" if what.view is None else what.view.name, what.action)
        self.remember()

    @opens("jump")
    async def action_jump(self) -> None:
        """Lets the user go to a pane, or to what the selection is about, by a letter."""
        from ..screens.jump import jump

        if isinstance(self.screen, ExplorerScreen):
            await jump(self.screen)

    # -- taking back -----------------------------------------------------------------------------------------

    @on(Done)
    def note_done(self, message: Done) -> None:
        """Notes what can be taken back."""
        self._done.append((message.words, message.undo))

    @opens("undo")
    async def action_undo(self) -> None:
        """Takes back what was done: the last one, or one that is chosen."""
        self.clear_notifications()  # they would lie over the list
        done = list(self._done)[::-1]
        place = await choose(self.screen, "take back", [words for words, _ in done])
        if place is not None:
            words, undo = done[place]
            self._done.remove((words, undo))
            notify(self, await undo())

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever goes wrong in the background is told."""
        notify_failure(self, event)

    # -- when the explorer itself fails ----------------------------------------------------------------------

    def _print_error_renderables(self) -> None:
        """Textual's own would print tracebacks, with all local variables, keys among them."""
        if self._exit_renderables and not self.failure:
            self.failure = "the explorer failed: " + failure_words(self._exception)
        self._exit_renderables.clear()

    def failed_behind(self, problem: BaseException | None) -> None:
        """A callback, a task or a thread raised: each distinct failure is printed once, at the end."""
        words = f"this went wrong behind the scenes: {failure_words(problem)}"
        if words not in self.warnings and len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(words)


def _driver(app: Explorer) -> type[Driver] | None:
    """The driver of a terminal; `None` for Textual's choice: in a browser, and on Windows."""
    if os.environ.get("TEXTUAL_DRIVER") or sys.platform == "win32":
        return None
    from ..widgets.driver import TerminalDriver

    class Ours(TerminalDriver):
        def gone(self) -> None:
            app.call_later(app.stop)

    return Ours


def _open(view: View, feed: Feed, host: NodeHost) -> ExplorerScreen:
    module, _, name = view.screen.partition(":")
    screen = getattr(import_module(module), name)(view, feed, host)
    assert isinstance(screen, ExplorerScreen)
    return screen
