"""What all screens have in common: the lines around them, the filter, and the feed of the visible one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget
from textual.worker import Worker

from ..bindings.keymap import key_of
from ..bindings.registry import FILTER, GLOBAL, NEEDS_NODE, VERBS, Action, View, view
from ..engine.views.snapshot import Snapshot
from ..keyring import Keyring
from ..packets.parts import Link
from ..runtime.host import NodeHost
from ..sources.feed import RATE, Feed
from ..text.safe import safe_text
from ..text.spans import Line, Span
from ..widgets.bound import all_bound
from ..widgets.chrome import Footer, Header, Tabs
from ..widgets.filter_bar import FilterBar
from ..widgets.line_table import LineTable
from ..widgets.lines import Lines
from ..widgets.selecting import Selecting
from .bookmarks import bookmark_of, toggle_bookmark
from .dialogs.choosing import Followed, choose, choose_columns, copy, follow
from .dialogs.popup import Popup
from .dialogs.window import FILTER_KEYS, help_in_field, list_keys, types_filter
from .gate import opens
from .notify import notify, notify_failure
from .places import Places
from .verbs import CopyForm, ExportForm, write_new

_ZOOMED: Span = (" zoomed: one pane has all the room.  ", "plain")
STACKED: Final = [(0, "-tiny"), (60, "-narrow"), (120, "-wide"), (150, "-broad")]
"""Widths and classes of screens whose lists stand side by side only where each has room for what it tells."""
_STOPPED: Span = ("✗ stopped, as a node of this testnet: ", "bad")
_RETURNS: Span = (" shows the others again.", "plain")
_COMPLETE = Action("complete", "tab", "complete", "Complete the word.", 2, id="")
"""A key of the filter's line, where filters have a language."""


class _Home(Protocol):
    """What a screen asks of the app."""

    places: Places

    def remember(self) -> object:
        """Writes what is to be remembered."""


def bindings(name: str) -> list[BindingType]:
    """The keys of the actions that a view has of its own, for `BINDINGS` of its screen."""
    return all_bound(view(name).actions)


class ExplorerScreen(Selecting[None]):
    """One view of the node. A subclass gives `compose_body`, `show`, and methods and `bindings` for its actions."""

    BINDINGS: ClassVar[list[BindingType]] = all_bound((*VERBS, FILTER))
    AUTO_FOCUS: ClassVar[str | None] = "LineTable"
    ALLOW_IN_MAXIMIZED_VIEW: ClassVar[str | None] = "Header, Tabs, FilterBar, Footer, .stays, .zoomed"
    Followed = Followed

    def __init__(self, view: View, feed: Feed, host: NodeHost) -> None:
        super().__init__()
        self.view, self.feed, self.host = view, feed, host
        self._left_room = 0
        """Cells at the right edge that the panes don't have."""
        self._recorded = False
        """Whether a recording is shown, in which some keys can do nothing."""
        self._families = False
        """Whether the node is in both address families, so that one of them can be chosen."""

    @property
    def keyring(self) -> Keyring | None:
        """The user's keys; while a node starts they are there already. `None` where there are none to be had."""
        source = self.feed.source
        return self.host.keyring if source is None else source.keyring

    # -- for subclasses --------------------------------------------------------------------------------------

    def compose_body(self) -> ComposeResult:
        """The panes of this screen."""
        raise NotImplementedError

    def show(self, snapshot: Snapshot) -> None:
        """Shows a snapshot. Called many times a second; repaints only what changed."""
        raise NotImplementedError

    def show_waiting(self, text: str) -> None:
        """There is no node; `text` says what goes on."""

    def links(self) -> Sequence[Link]:
        """What the selection is about, the nearest first."""
        return ()

    def copy_forms(self) -> Sequence[CopyForm]:
        """The forms in which the selection can be copied, the likeliest first."""
        return ()

    def same_command(self) -> str:
        """The command line that does the same as what is selected; empty: there is none."""
        from ..lookups.same import of_links, of_lookup, of_packet

        source, here = self.feed.source, self.here()
        if source is None:
            return ""
        if here is not None and isinstance(here.value, int) and here.kind == "packet":
            packet = source.packets.get(here.value)
            return of_packet(packet) if packet is not None else ""
        links = self.links()
        number = next((link.value for link in (here, *links) if link is not None and link.kind == "lookup"), None)
        view = next((each for each in source.snapshot().lookups if each.number == number), None)
        return of_lookup(view) if view is not None else of_links((*links, *((here,) if here else ())))

    def more_commands(self) -> Sequence[CopyForm]:
        """What else the command line can find out about what is selected."""
        from ..lookups.same import more_of_links

        return more_of_links(self.links())

    def exports(self) -> Sequence[ExportForm]:
        """The forms in which what is shown can be written to a file."""
        return ()

    def open_link(self, link: Link) -> bool:
        """Shows what a link is about; whether this screen knows it."""
        return False

    def here(self) -> Link | None:
        """A link that leads back to the selection."""
        return None

    def carry_out(self, request: object) -> None:
        """Does what was asked for in the command bar, if that is this screen's affair."""

    # -- the frame -------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Header, tabs, body, filter and footer."""
        yield Header(((" dhtui  … starting", "plain"),), id="header")
        yield Tabs(id="tabs")
        yield from self.compose_body()
        yield Lines(classes="zoomed")
        yield FilterBar()
        yield Footer(id="footer")

    def on_mount(self) -> None:
        """Starts the feed."""
        self.query_one(Tabs).show_view(self.view.name)
        for table in self.lists():
            if look := self.host.memory.lists.get(self.place_of(table)):
                table.restore(look)
        self._timer = self.set_interval(1 / RATE, self.tick_if_seen)
        self._show_keys()

    def on_screen_suspend(self) -> None:
        """A hidden screen does no work; one behind a window stays live."""
        if self not in self.app.screen_stack:
            self._timer.pause()

    def on_screen_resume(self) -> None:
        """The screen is seen again."""
        self._timer.resume()
        self.call_after_refresh(self.tick)

    def on_resize(self) -> None:
        """All lines are fitted to the new size."""
        self.call_after_refresh(self.tick)

    def tick_if_seen(self) -> None:
        """The next moment, unless another screen is shown; a window that lies over this one is not told to it."""
        if self in self.app.screen_stack:
            self.tick()

    def tick(self) -> None:
        """Takes one snapshot and shows it."""
        header = self.query_one(Header)
        try:
            frame = self.feed.frame()
        except Exception as problem:  # whatever ails the engine is told, and the explorer stays
            header.show_text(f"the node gives no snapshot: {type(problem).__name__}: {problem}", bad=True)
            return
        if frame is None:
            header.show_text(*self.host.state)
            self.show_waiting(self.host.state[0])
            return
        told = (self.feed.player is not None, frame.snapshot.other is not None)
        if told != (self._recorded, self._families):
            self._recorded, self._families = told
            self._show_keys()
        changes, way = self.host.changes, self._home.places.way
        attached = self.host.nodes.attached
        header.show_frame(frame, testnet=self.host.testnet, attached=attached, changes=changes, way=way)
        instead = self.feed.instead.get(self.view.name)
        if instead is None:
            self.show(frame.snapshot)
        else:
            self._show_instead(instead(self.size.width))

    def _show_instead(self, lines: Sequence[Line]) -> None:
        """There is nothing to show of this source: what is said of it takes the place of all panes."""
        found = self.query("#instead")
        if found:
            found.first(Lines).show(lines)
            return
        for pane in self.children:
            if not isinstance(pane, Header | Tabs | FilterBar | Footer):
                pane.display = False
        self.mount(Lines(*lines, id="instead"), after="#tabs")

    @property
    def _home(self) -> _Home:
        return cast(_Home, self.app)

    # -- room ------------------------------------------------------------------------------------------------

    def leave_room(self, cells: int) -> None:
        """Leaves so many cells at the right edge to something else: the panes are arranged for the rest."""
        if cells != self._left_room:
            self._left_room = cells
            steps = list(self.HORIZONTAL_BREAKPOINTS or self.app.HORIZONTAL_BREAKPOINTS or ())
            now = self._get_breakpoint_classes(self.app.size.width, steps)
            self.update_classes({name: name in now for _, name in steps})

    def _get_breakpoint_classes(self, dimension: int, breakpoints: list[tuple[int, str]]) -> set[str]:
        """What Textual's does, for the width that the panes have."""
        across = any(name == "-narrow" for _, name in breakpoints)
        return super()._get_breakpoint_classes(dimension - (self._left_room if across else 0), breakpoints)

    # -- lists -----------------------------------------------------------------------------------------------

    def lists(self) -> list[LineTable[Any]]:
        """Its lists."""
        return list(self.query(LineTable))

    def place_of(self, table: LineTable[Any]) -> str:
        """The name of a list among all of the explorer: ``table.nodes``."""
        return f"{self.view.name}.{table.id}"

    @on(LineTable.Columns)
    def choose_columns(self, message: LineTable.Columns) -> None:
        """Opens the window for the columns of a list."""
        choose_columns(self, message.table, self.view.name)

    @on(LineTable.Arranged)
    def remember_look(self, message: LineTable.Arranged) -> None:
        """How a list is looked at is kept for the next time."""
        self.host.memory.note_list(self.place_of(message.table), message.table.model.look)
        self._home.remember()

    def action_bookmark(self) -> None:
        """Bookmarks what is selected, or forgets its bookmark."""
        link = bookmark_of(self)
        if link is None:
            notify(self, "Nothing is selected that could be bookmarked: a node, an address, a target, a key.")
            return
        toggle_bookmark(self, self.host.memory, link)
        self._home.remember()

    # -- keys ------------------------------------------------------------------------------------------------

    def actions_now(self) -> tuple[Action, ...]:
        """All that can be done now: on this screen, in a list if it has the focus, everywhere."""
        lists = list_keys(self.focused) if isinstance(self.focused, LineTable) else (FILTER,)
        actions = (*self.view.actions, *lists, *VERBS, *GLOBAL)
        absent = NEEDS_NODE if self._recorded else frozenset()
        if not self._families:
            absent |= {"family"}
        return tuple(action for action in actions if action.name not in absent)

    def action_family(self) -> None:
        """Shows the other address family, on all screens that show one."""
        if self.feed.show_other_family() is None:
            notify(self, "Our node is in one address family only: there is no other one to show.")
        self.tick()

    @opens("copy")
    async def action_copy(self) -> None:
        """Copies the selection to the terminal's clipboard."""
        from ..lookups.same import SAME

        same = self.same_command()
        await copy(self, (*self.copy_forms(), *([(SAME, same)] if same else ()), *self.more_commands()))

    @opens("export")
    async def action_export(self) -> None:
        """Writes what is shown to a file in the present folder."""
        forms = self.exports()
        place = await self._choose("export as", [label for label, _, _ in forms], to="export")
        if place is None:
            return
        _, name, content = forms[place]
        try:
            path = await asyncio.to_thread(write_new, name, content(), Path.cwd())
        except OSError as problem:
            notify(self, f"cannot write {name}: {problem.strerror or problem}", bad=True)
        else:
            notify(self, f"written: {safe_text(str(path))}")

    @opens("open")
    async def action_follow(self) -> None:
        """Goes to what the selection is about."""
        await follow(self, self.links())

    @opens("stop_node")
    async def action_stop_node(self) -> None:
        """Stops the selected node of the testnet, or starts it again."""
        if self.host.net is None:
            notify(self, f"Only nodes of a testnet can be stopped: {key_of('testnet')} opens one.")
            return
        from .stopping import selected_node, stop_or_start

        await stop_or_start(self, self.host.net, selected_node(self.links()))

    async def _choose(self, title: str, labels: Sequence[str], *, to: str = "") -> int | None:
        return await choose(self, title, labels, to=to)

    def show_details(self, table: LineTable[Any], title: str, lines: Sequence[Line], *names: str) -> None:
        """Opens the window with all about the selected row of a list.

        It can be copied and followed there. `names` are those of the actions of this screen that can be done with it.
        """
        model = table.model
        key = None if model.selected is None else model.key(model.selected)

        def doing(action: Action) -> Callable[[], None]:
            def do() -> None:
                if model.selected is None or model.key(model.selected) != key:
                    notify(self, "That line has left the list meanwhile.")
                else:
                    self.app.call_later(self.run_action, action.name)

            return do

        acts = [(action, doing(action)) for action in self.view.actions if action.name in names]
        if self.host.net is not None and any(link.value in self.host.net.stopped for link in self.links()):
            lines = ((_STOPPED, (key_of("stop_node"), "key"), (" starts it again", "dim")), *lines)
        self.app.push_screen(Popup(title, lines, self.links(), self.copy_forms(), acts))

    def filtered(self) -> LineTable[Any]:
        """The list that a filter is for: the one with the focus, or the first one."""
        if isinstance(self.focused, LineTable):
            return self.focused
        tables = list(self.query(LineTable))
        return next((table for table in tables if table.display), tables[0])

    async def action_filter(self) -> None:
        """Lets the user type a filter, whichever pane has the focus."""
        await self.filtered().action_filter()

    def action_maximise(self) -> None:
        """Gives the screen to the focused pane, or takes it back."""
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self._zoom(self.focused)
        self.call_after_refresh(self.tick)

    def _zoom(self, pane: Widget) -> None:
        self.maximize(pane, container=False)
        self.query_one(".zoomed", Lines).show(((_ZOOMED, (key_of("maximise"), "key"), _RETURNS),))

    @on(events.DescendantFocus)
    def _follow_focus(self) -> None:
        """Where one pane has all the room, that is the one with the focus, but for the line of the filter."""
        pane = self.focused
        if self.maximized is None or pane is None or not pane.allow_maximize:
            return
        if not any(isinstance(each, FilterBar) for each in pane.ancestors_with_self):
            self._zoom(pane)

    def on_descendant_focus(self) -> None:
        """The keys that work are those of the focused pane."""
        self._show_keys()

    def _show_keys(self) -> None:
        footer, focused = self.query_one(Footer), self.focused
        if types_filter(focused):
            *keep, leave = FILTER_KEYS
            guided = [_COMPLETE] if self.query_one(FilterBar).has_class("guided") else []
            footer.show_actions((*keep, *guided), help_in_field(), leave)
        else:
            footer.show_actions(self.actions_now())

    @on(LineTable.Filtered)
    def filter_changed(self) -> None:
        """Esc has a meaning now, or none any more."""
        self._show_keys()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever goes wrong in the background is told."""
        notify_failure(self, event)
