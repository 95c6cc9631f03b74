"""The filter of the packets: always in sight, narrowed by what a packet has, saved under a name."""

from __future__ import annotations

from typing import Any

from textual import events, on
from textual.getters import query_one

from ...bindings.keymap import key_of
from ...bindings.registry import View
from ...packets.filter import narrowed
from ...runtime.host import NodeHost
from ...sources.feed import Feed
from ...storage.memory import MAX_NAMED
from ...text.format import number
from ...text.safe import safe_text
from ...text.spans import Line, spread
from ...widgets.filter_bar import FilterBar
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ..base import ExplorerScreen
from ..dialogs.choosing import choose
from ..dialogs.prompt import Prompt
from ..gate import opens
from ..undo import Done
from .packet_list import PacketTable
from .panes import alike
from .saved import MAX_NAME, SavedFilters


def filter_line(text: str, rows: int, total: int, saved: SavedFilters, width: int) -> Line:
    """The key, the filter with its name or what it could be, how many packets it lets through, and the saved ones."""
    key: Line = ((f" {key_of('filter')} ", "key"),)
    name = saved.name_of(text)
    right: Line = ((f" {key_of('packets.saved')}", "key"), (f" saved {len(saved)} ", "dim"))
    if not text:
        return spread(
            (*key, ("all packets; a filter is such as method:get (err:any or rtt:>500)", "dim")), right, width
        )
    named: Line = ((f"{safe_text(name)}: ", "accent"),) if name else ()
    count: Line = ((f" {number(rows)} of {number(total)}", "plain"),)
    return spread((*key, *named, (safe_text(text), "strong")), (*count, *right), width)


class FilterLine(Lines):
    """Shows it; a click opens it."""

    def show_filter(self, text: str, rows: int, total: int, saved: SavedFilters) -> None:
        """What the filter is, and how many of the packets it lets through."""
        self.show((filter_line(text, rows, total, saved, self.size.width),))

    async def on_click(self, event: events.Click) -> None:
        """Lets the user type."""
        event.stop()
        await self.run_action("screen.filter")


class FilteringScreen(ExplorerScreen):
    """A screen with a list of packets, and a line above that tells how they are filtered."""

    packets: query_one[PacketTable] = query_one("#packets", PacketTable)
    narrowed: query_one[FilterLine] = query_one("#narrowed", FilterLine)

    def __init__(self, view: View, feed: Feed, host: NodeHost) -> None:
        super().__init__(view, feed, host)
        self.saved = SavedFilters(host.memory)

    def on_mount(self) -> None:
        """A filter is typed where it stands."""
        super().on_mount()
        self.move_child(self.query_one(FilterBar), after=self.narrowed)

    def filtered(self) -> LineTable[Any]:
        """The packets, whichever pane has the focus."""
        return self.packets

    @on(LineTable.Filtered, "#packets")
    def show_filter_line(self) -> None:
        """Tells the filter; not while it is typed, as it then stands where it is typed."""
        model = self.packets.model
        self.narrowed.show_filter(model.filter_text, len(model.rows), model.total, self.saved)

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def hide_while_typed(self) -> None:
        """One line for the filter is enough."""
        self.narrowed.display = not self.query_one(FilterBar).has_class("open")

    @opens("alike")
    async def action_alike(self) -> None:
        """Lets the user choose what the packets shown shall have in common with the selected one, too."""
        if term := await self._choose_term("show only"):
            self.packets.change_filter(narrowed(self.packets.model.filter_text, term))

    @opens("unlike")
    async def action_unlike(self) -> None:
        """Lets the user choose what the packets shown shall not have in common with the selected one."""
        if term := await self._choose_term("hide"):
            self.packets.change_filter(narrowed(self.packets.model.filter_text, f"!{term}"))

    @opens("only")
    async def action_only(self) -> None:
        """Lets the user choose what takes the place of the filter."""
        if term := await self._choose_term("show nothing but"):
            self.packets.change_filter(term)

    async def _choose_term(self, title: str) -> str:
        packet = self.packets.model.selected
        terms = alike(packet) if packet else []
        place = await self._choose(title, terms)
        return "" if place is None else terms[place]

    @opens("saved filters")
    async def action_saved(self) -> None:
        """Lets the user choose one of the saved filters, save the present one, or let one go."""
        text, filters = self.packets.model.filter_text, self.saved.items()
        labels = [f"{name}: {saved}" for name, saved in filters]
        new = bool(text) and not self.saved.name_of(text)
        labels += [f"save {text} under a name …"] * new + ["let one go …"] * bool(filters)
        place = await choose(self, f"saved filters, {len(filters)} of at most {MAX_NAMED}", labels, to="choose")
        if place is None:
            return
        if place < len(filters):
            self.packets.change_filter(filters[place][1])
        elif new and place == len(filters):
            await self._save(text)
        else:
            await self._forget(filters)
        self.show_filter_line()

    async def _save(self, text: str) -> None:
        notes = [
            f"The filter: {text}",
            "It is remembered, and :filter @NAME takes it too. A name that is known gets this filter.",
        ]
        name = await self.app.push_screen_wait(
            Prompt("save the filter", notes, self.saved.fault, f"a name of at most {MAX_NAME} characters")
        )
        if name is not None:
            self.saved.save(name, text)

    async def _forget(self, filters: list[tuple[str, str]]) -> None:
        place = await self._choose("let go", [f"{name}: {text}" for name, text in filters])
        if place is None:
            return
        name, text = filters[place]
        shown = safe_text(name, 60)

        async def undo() -> str:
            if self.saved.fault(name):
                return f"The filter {shown} can't be saved again: {self.saved.fault(name)}."
            self.saved.save(name, text)
            self.show_filter_line()
            return f"The filter {shown} is saved again."

        self.saved.forget(name)
        self.app.post_message(Done(f"that the filter {shown} was let go", undo))
