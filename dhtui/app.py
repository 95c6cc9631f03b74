"""The explorer: the Textual app around one node or one recording. It holds the screens, the feed and the host."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on, work
from textual.app import App
from textual.binding import BindingType
from textual.driver import Driver
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker, get_current_worker

from .bindings.keymap import key_of
from .bindings.registry import GLOBAL, KEYMAP, LIST, PLAYER, VIEWS, Action, View, show_actions
from .bindings.themes import THEMES as THEME_NAMES
from .engine.node import Node
from .errors import Exit, Failure
from .headless.output import Output
from .options.options import Options
from .packets.parts import Link
from .runtime import launch
from .runtime.host import NodeHost, Nodes
from .runtime.node_run import NodeRun, new_path
from .runtime.opening import at_socket, instead_of_network, life_of, on_network, on_testnet, socket_of
from .runtime.signals import taken_signals
from .runtime.threads import DaemonThreads
from .screens.base import ExplorerScreen
from .screens.dialogs.choice import Choice
from .screens.dialogs.choosing import Followed, choose
from .screens.dialogs.help import HelpScreen, help_lines, selected_lines, window_help
from .screens.dialogs.popup import Popup
from .screens.dialogs.window import Window
from .screens.gate import KeyGate, opens
from .screens.notify import notify, notify_failure
from .screens.places import Places
from .screens.undo import MOST as MOST_UNDONE
from .screens.undo import Done
from .screens.verbs import views_of
from .sources.feed import Feed
from .sources.source import Player
from .storage.memory import MemoryFile
from .text.failure import failure_words
from .text.format import short_id
from .text.item_words import change_words
from .text.safe import safe_text
from .text.spans import clean
from .widgets.bound import all_bound
from .widgets.line_table import LineTable
from .widgets.paste import PASTED_BREAK
from .widgets.source_input import SourceInput
from .widgets.stylesheet import Stylesheet

if TYPE_CHECKING:
    from .items.following import Change
    from .runtime.capture_file import CaptureFile
    from .screens.tour.guide import Guide
    from .sources.replay import Replay

THEMES = tuple(THEME_NAMES.values())
NO_NODE = "there is no node to do that."
MAX_WARNINGS = 20
TESTNET_SIZE = 64
"""Nodes of the testnet that one key opens."""


class Explorer(App[int]):
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
        self._replay, self._capture, self._record = replay, capture, record
        self.places = Places()
        self._done: deque[tuple[str, Callable[[], Awaitable[str]]]] = deque(maxlen=MOST_UNDONE)
        self._memory = memory or MemoryFile()
        self._first_theme = theme or self._memory.memory.theme
        self.host.memory = self._memory.memory
        self.gate: KeyGate | None = None
        """What keys go through, while the app runs."""
        self.guide: Guide | None = None
        """Leads through the tour, once that was begun."""
        self._ending = False
        for view in VIEWS:
            self.add_mode(view.name, partial(_open, view, self.feed, self.host))

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
        known = self.host.memory.screen if not self._played else ""
        await self.switch_mode(next((view.name for view in VIEWS if view.name == known), VIEWS[0].name))
        self.gate = KeyGate(self)
        self.gate.wait()
        while self.warnings:
            notify(self, self.warnings.pop(0), bad=True)
        if self._replay is not None:
            self._play(self._replay)
        elif self._capture is not None:
            self._look_into(self._capture)
        elif self.host.nodes.own is not None:
            self._start()

    def _play(self, replay: Replay) -> None:
        from .sources.replayed import ReplaySource

        source = ReplaySource(replay)
        self.feed.connect(source)
        if number := replay.header.packet:
            source.seek(source.duration)
            self.call_later(self.goes_after, Link("packet", number, f"packet {number}"))
        else:
            source.play()
        back, on, slower, faster, _ = (action.key for action in PLAYER)
        keys = f"{key_of('pause')} stops and goes on, {back} and {on} move in it, {slower} and {faster} set the speed"
        notify(self, f"A recording of {source.duration:.0f} s: {keys}.")
        if replay.damage:
            notify(self, replay.damage, bad=True)

    @property
    def _played(self) -> bool:
        """Whether there is no node, but a recording or a capture."""
        return self._replay is not None or self._capture is not None

    def _look_into(self, opened: CaptureFile) -> None:
        from .sources.captured.about import instead
        from .sources.captured.source import CaptureSource

        source = CaptureSource(opened.capture)
        self.feed.connect(source)
        self.feed.instead = instead(opened.capture, source.packets.capacity)
        self._read_capture(opened)

    @work(group="capture", exclusive=True, exit_on_error=False, name="reading the capture")
    async def _read_capture(self, opened: CaptureFile) -> None:
        """Reads a capture while it is shown."""
        from .runtime.capture_file import read_capture

        await read_capture(opened, self.warn)

    @opens("whose")
    async def action_whose(self) -> None:
        """Lets the user choose the node from whose view a capture is shown."""
        if self._capture is None:
            notify(self, "This is no capture: its nodes can't be chosen.")
            return
        from .sources.captured.about import choices

        capture = self._capture.capture
        parties = capture.parties
        place = await choose(self.screen, "from whose view", choices(parties), to="show")
        if place is not None:
            capture.show(parties[place].addr)
            if (player := self.feed.player) is not None:
                player.play()

    @work(group="node", exclusive=True, exit_on_error=False)
    async def _start(self) -> None:
        """Starts the node that the explorer was started for."""
        record, self._record = self._record, None
        try:
            await self.host.start(record=record)
        except Failure as problem:
            self._fail(str(problem), problem.code)
        except OSError as problem:
            self._fail(f"cannot start the node: {problem.strerror or problem}")
        except Exception as problem:
            self._fail(f"cannot start the node: {type(problem).__name__}: {problem}")
        else:
            if record is not None:
                self._recording_to(record)
            await self._offer_tour()

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

    def _fail(self, why: str, code: Exit = Exit.FAILED) -> None:
        self.failure, self.failure_code = safe_text(why, 1000), code
        self.exit(code, return_code=code)

    async def on_unmount(self) -> None:
        """Keeps what is worth keeping, and closes the node."""
        self._ending = True
        if self.gate is not None:
            self.gate.close()
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

    # -- recordings ------------------------------------------------------------------------------------------

    def action_record(self) -> None:
        """Begins a recording, or ends it."""
        run = self.host.run
        if self._played:
            notify(self, f"{self.feed.without_node}: {NO_NODE}")
        elif run is None:
            notify(self, "The node is not running yet.")
        elif run.recorder is not None:
            run.end_recording()
            notify(self, "The recording is complete.")
        else:
            path = new_path(Path.cwd())
            try:
                run.record(path)
            except Failure as problem:
                notify(self, safe_text(str(problem)), bad=True)
            else:
                self._recording_to(path)

    def _recording_to(self, path: Path) -> None:
        notify(self, f"All that happens is recorded to {safe_text(str(path))}.")

    # -- to a testnet, and back ------------------------------------------------------------------------------

    @opens("testnet")
    async def action_testnet(self) -> None:
        """Leaves the network for a testnet, or a testnet for the network. Asks first: the node ends with it."""
        if self._played:
            notify(self, f"{self.feed.without_node}: {NO_NODE}")
        elif self.host.nodes.attached:
            notify(self, "This explorer is attached to a node of another program, and stays with it.")
        elif self.host.nodes.other is None or self.host.nodes.on_testnet:
            notify(self, "This program was started on a testnet; without --testnet it starts on the network.")
        elif self.host.testnet:
            if await self._leaves("return to the network?", ("no, stay on the testnet", "yes, the testnet ends")):
                self._return()
        elif self.host.run is None or await self._leaves(
            f"leave the network?{'' if self.host.run.recorder is None else ' The recording ends.'}",
            ("no, stay", f"yes, table and lookups go; {key_of('testnet')} returns"),
        ):
            self._join_testnet()

    async def _leaves(self, question: str, answers: tuple[str, str]) -> bool:
        chosen: int | None = await self.push_screen_wait(Choice(question, answers))
        return chosen == 1

    async def _leave(self, doing: str) -> str:
        """Ends the node; returns what else is to be said about it."""
        run = self.host.run
        note = "" if run is None or run.recorder is None else " The recording ended with the other node."
        await self.host.stop(doing)
        return note

    @work(group="node", exclusive=True, exit_on_error=False)
    async def _join_testnet(self) -> None:
        note = await self._leave(f"starting a testnet of {TESTNET_SIZE} nodes")
        try:
            await self.host.start(testnet=True)
        except Exception as problem:
            notify(self, f"The testnet did not start: {safe_text(str(problem))}. Back to the network.", bad=True)
            self._start()
            return
        back = f"{key_of('stop_node')} on a node stops it, {key_of('testnet')} returns to the network."
        notify(self, f"A testnet of {TESTNET_SIZE} nodes runs in this program; your node joins it now. {back}{note}")

    @work(group="node", exclusive=True, exit_on_error=False)
    async def _return(self) -> None:
        note = await self._leave("returning to the network")
        notify(self, f"The testnet has ended; your node joins the network again.{note}")
        self._start()

    # -- the tour --------------------------------------------------------------------------------------------

    @opens("tour")
    async def action_tour(self) -> None:
        """Begins the tour, goes on with it, or leaves it."""
        await self._guide().key()

    @opens("distance")
    async def action_distance(self) -> None:
        """Compares two ids."""
        from .screens.tour.distance import DistanceWindow

        guide = self._guide()
        await self.push_screen_wait(DistanceWindow(guide.compare))

    def _guide(self) -> Guide:
        from .screens.tour.guide import Guide

        if self.guide is None:
            self.guide = Guide(self, self.host, self.host.nodes.tour_folder)
        return self.guide

    async def _offer_tour(self) -> None:
        """In one line, on the first start on a testnet."""
        folder = self.host.nodes.tour_folder
        if folder is None or self.host.net is None:
            return
        from .screens.tour.plan import load, save
        from .screens.tour.plan.words import OFFER, filled

        if not (await asyncio.to_thread(load, folder)).offered:
            notify(self, filled(OFFER))
            with suppress(OSError):
                await asyncio.to_thread(save, folder, 0)

    # -- other actions ---------------------------------------------------------------------------------------

    async def action_show(self, name: str) -> None:
        """Goes to a screen."""
        if name != self.current_mode:
            self.places.left(self._place(), "", None)
            self.host.memory.screen = name
        await self.switch_mode(name)

    async def action_next_view(self, step: int) -> None:
        """Goes some screens on."""
        names = [view.name for view in VIEWS]
        await self.action_show(names[(names.index(self.current_mode) + step) % len(names)])

    def _place(self) -> tuple[str, Link | None]:
        return self.current_mode, message_origin(self.screen)

    @on(Followed)
    async def follow(self, message: Followed) -> None:
        """Goes to what a link is about, on the first screen that knows it."""
        await self.goes_after(message.link, follows=True)

    async def goes_after(self, link: Link, *, follows: bool = False) -> None:
        """Goes to what a link is about. `follows`: it is a link of what is shown, not of what was typed."""
        came_from = self._place()
        here = next(view.title for view in VIEWS if view.name == came_from[0])
        # A list leads on from itself where it can: the screen that one is on comes last.
        for name in sorted(views_of(link), key=lambda name: name == came_from[0]):
            if follows and name == came_from[0] == "lookup" and link.kind != "lookup":
                continue  # it would do no more than to offer the lookup that it shows once more
            if await self._open(name, link):
                self.places.left(came_from, here, link)
                self.host.memory.screen = name
                return
        await self.switch_mode(came_from[0])
        notify(self, f"Nothing more is known about {link.label}.")

    async def goes_to(self, view: str) -> ExplorerScreen | None:
        """Shows a screen and closes what lies over it, or says why it can't."""
        came_from = self._place()
        if await self._open(view, None) and isinstance(self.screen, ExplorerScreen):
            if view != came_from[0]:
                self.places.left(came_from, "", None)
            return self.screen
        notify(self, "A window is open on that screen: close it first.")
        return None

    async def _open(self, name: str, link: Link | None) -> bool:
        if all(view.name != name for view in VIEWS):
            return False
        await self.switch_mode(name)
        while isinstance(self.screen, Popup):  # it has nothing to lose; what is typed into a form stays
            await self.screen.dismiss()
        screen = self.screen
        if not isinstance(screen, ExplorerScreen):
            return False
        screen.tick()
        return link is None or screen.open_link(link)

    async def action_back(self) -> None:
        """Goes back to the place that was visited before."""
        place = self.places.back(self._place())
        if place is None:
            notify(self, "There is no place to go back to.")
        else:
            await self._open(*place)

    async def action_forward(self) -> None:
        """Goes forward to the place that one went back from."""
        place = self.places.forward(self._place())
        if place is None:
            notify(self, "There is no place to go forward to.")
        else:
            await self._open(*place)

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
        if self._played:
            notify(self, f"{self.feed.without_node}: {NO_NODE}")
        elif await self._open("lookup", None):
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
        from .screens.command.opening import command_bar

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
        from .screens.jump import jump

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

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes wait for those before them, and for what a click sets off.

        Lines of Textual's own, such as that of the filter, would show what is pasted as it is. In fields it is data.
        """
        gate = self.gate
        if gate is not None and isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            if gate.holds(event) or gate.too_early(event):
                return
            if isinstance(event, events.Paste) and not isinstance(self.focused, SourceInput):
                event.text = "\n".join(map(clean, event.text.splitlines()))
            if isinstance(event, events.Key) and self._breaks_line(event):
                event = events.Key("space", " ")
        elif gate is not None and isinstance(event, events.MouseUp) and not event.is_forwarded:
            gate.wait()
        await super().on_event(event)

    def _breaks_line(self, event: events.Key) -> bool:
        """Whether it is a line break of a paste that the terminal did not mark, in a line that takes none.

        What follows it is pasted too: the line stays open, or it would run as commands.
        """
        breaks = (event.key, event.character) == ("enter", PASTED_BREAK)
        return breaks and isinstance(self.focused, Input) and not isinstance(self.focused, SourceInput)

    async def push_screen_wait(self, screen: Any, *, mode: str | None = None) -> Any:
        """What Textual's does; keys are told whose turn it is."""
        worker = get_current_worker()
        assert self.gate is not None
        try:
            return await super().push_screen_wait(screen, mode=mode)
        finally:
            self.gate.window_went(worker)

    def push_screen(self, screen: Any, *more: Any, **how: Any) -> Any:
        """What Textual's does; keys are told that the window of a worker is there."""
        if isinstance(screen, Window) and self.gate is not None:
            self.gate.appears(screen)
        pushed = super().push_screen(screen, *more, **how)
        if how.get("wait_for_dismiss") and self.gate is not None:
            self.gate.window_came(get_current_worker(), screen)
        return pushed

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """What Textual's does; keys are told what was seen before they were typed."""
        if self.gate is not None and renderable is not None and not self._batch_count:
            self.gate.painting(screen)
        super()._display(screen, renderable)

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
    from .widgets.driver import TerminalDriver

    class Ours(TerminalDriver):
        def gone(self) -> None:
            app.call_later(app.stop)

    return Ours


def message_origin(screen: Screen[Any]) -> Link | None:
    """A link back to what is selected on a screen."""
    return screen.here() if isinstance(screen, ExplorerScreen) else None


def _open(view: View, feed: Feed, host: NodeHost) -> ExplorerScreen:
    module, _, name = view.screen.partition(":")
    screen = getattr(import_module(module), name)(view, feed, host)
    assert isinstance(screen, ExplorerScreen)
    return screen


# ---- from options to a running app --------------------------------------------------------------------------


def run_explorer(options: Options, replay: Replay | None, output: Output, capture: CaptureFile | None = None) -> int:
    """Runs the explorer until the user quits; returns the exit code. Raises `UsageError` before anything starts."""
    if replay is not None or capture is not None:
        from .options.config import state_folder

        memory, about = _memory(state_folder(options), read_only=True)
        explorer = Explorer(replay=replay, capture=capture, warnings=about, memory=memory, theme=options.theme)
        return _run(explorer, output, options.mouse)
    if options.attach is not None:
        start = launch.beside(options)
        memory, about = _memory(start.folder)
        return _run(_attached_explorer(options, start, memory, about), output, options.mouse)
    with launch.prepare(options, serving=True, keeping=not options.testnet) as start:
        memory, about = _memory(start.folder)
        return _run(_explorer(options, start, memory, about), output, options.mouse)


def _memory(folder: Path, *, read_only: bool = False) -> tuple[MemoryFile, tuple[str, ...]]:
    """What is remembered, and what is to be said about it."""
    memory = MemoryFile(folder, read_only=read_only)
    return memory, tuple(filter(None, (memory.open(),)))


def _explorer(
    options: Options, start: launch.Launch, memory: MemoryFile | None = None, about: tuple[str, ...] = ()
) -> Explorer:
    def warn(text: str) -> None:
        explorer.warn(text)

    def again() -> AbstractAsyncContextManager[Node]:
        return on_network(launch.renewed(start))

    nodes = Nodes(
        control=socket_of(options),
        quiet=start.lock is None,
        own=partial(on_testnet, start, options.testnet, warn, life=life_of(options)) if options.testnet else again,
        on_testnet=bool(options.testnet),
        other=None if options.testnet else partial(instead_of_network, options, TESTNET_SIZE, warn),
        save=partial(launch.save, start),
        keys_folder=start.folder / "keys",
        keep_folder=None if options.testnet else start.folder,
        begun=partial(_tell_figures, options, warn),
        tour_folder=start.folder,
    )
    warnings = (*start.warnings, *about)
    explorer = Explorer(nodes, record=options.record, warnings=warnings, memory=memory, theme=options.theme)
    return explorer


def _tell_figures(options: Options, warn: Callable[[str], None], run: NodeRun) -> None:
    if options.metrics is not None:
        from .runtime.figures import tell_figures

        tell_figures(run, options, warn)


def _attached_explorer(options: Options, start: launch.Launch, memory: MemoryFile, about: tuple[str, ...]) -> Explorer:
    """The explorer of a node of another program."""
    nodes = Nodes(
        own=partial(at_socket, options, "all"),
        attached=True,
        keys_folder=start.folder / "keys",
        keep_folder=start.folder,
        tour_folder=start.folder,
    )
    return Explorer(nodes, record=options.record, warnings=about, memory=memory, theme=options.theme)


def spare_pauses() -> None:
    """Has Python look for cycles of dead objects more rarely, and not at all among what is here to stay.

    At 5000 packets/s it would by default stop everything for 100 ms and more, twice in a second: most of what the
    rings keep lives long enough to be looked through again and again, and is no garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000, 5, 20)
    gc.enable()


def _run(explorer: Explorer, output: Output, mouse: bool) -> int:
    spare_pauses()
    # The default handlers print tracebacks.
    threading.excepthook = lambda told: explorer.failed_behind(told.exc_value)
    sys.unraisablehook = lambda told: explorer.failed_behind(told.exc_value)
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        loop.set_default_executor(DaemonThreads())
        loop.set_exception_handler(lambda _, told: explorer.failed_behind(told.get("exception")))
        runner.run(_until_stopped(explorer, mouse))
    for warning in explorer.warnings:
        output.warn(warning)
    if explorer.failure:
        return output.fail(explorer.failure, explorer.failure_code)
    return explorer.return_code or 0


async def _until_stopped(explorer: Explorer, mouse: bool) -> None:
    """Runs it until the user quits, or a signal says so: also the one that comes before there is anything to end."""
    loop = asyncio.get_running_loop()
    for signum in taken_signals():
        if signum != signal.SIGINT:  # which is a key, for the terminal is raw
            loop.add_signal_handler(signum, explorer.stop)
    await explorer.run_async(mouse=mouse)
