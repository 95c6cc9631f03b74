"""The window of the addresses that the user wants ignored: seen, and let in again."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.getters import query_one

from ...bindings.keymap import key_of
from ...bindings.registry import BANS, POPUP
from ...engine.defence.guard import MAX_TRACKED
from ...engine.views.snapshot import Ban
from ...sources.feed import Feed
from ...text.format import duration, number, plural
from ...text.spans import Line
from ...widgets.bound import all_bound, bound
from ...widgets.line_table import LineTable
from ...widgets.table_model import Column
from ..dialogs.window import Window
from ..notify import notify
from ..undo import Done

COLUMNS: tuple[Column[Ban], ...] = (
    Column("address", 16, lambda ban: ((ban.ip, "data"),), sort=lambda ban: ban.ip),
    Column("ignored for another", 20, lambda ban: ((duration(ban.left), "plain"),), sort=lambda ban: ban.left),
)


def lifting(feed: Feed, ip: str) -> Done:
    """A ban, to be taken back."""

    async def undo() -> str:
        node = feed.commands
        lifted = node is not None and node.unban(ip)
        return f"{ip} is not ignored any more." if lifted else f"{ip} was not ignored any more."

    return Done(f"the ban of {ip}", undo)


def _banning(feed: Feed, ban: Ban) -> Done:
    """The end of a ban, to be taken back."""

    async def undo() -> str:
        if (node := feed.commands) is None:
            return "There is no running node."
        node.ban(ban.ip, ban.left)
        return f"{ban.ip} is ignored again, for {duration(ban.left)}."

    return Done(f"that {ban.ip} was let in again", undo)


class BanList(Window[None]):
    """The list; a key lifts the selected ban."""

    CSS_PATH = "bans.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        *all_bound(BANS),
        bound(POPUP[0]),
    ]
    ACTIONS = (*BANS, *POPUP)
    ABOUT = (
        "The addresses that you banned: their packets are dropped unread, and nothing is sent there. "
        f"At most {number(MAX_TRACKED)}; then the oldest ban gives way. They end with the program."
    )
    AUTO_FOCUS = "#bans"

    table: query_one[LineTable[Ban]] = query_one("#bans", LineTable)

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed

    def compose_body(self) -> ComposeResult:
        """The window."""
        hint = f" Nobody is banned. {key_of('table.ban')} on the table bans a node's address."
        empty: Line = ((hint, "dim"),)
        with Vertical(classes="window"):
            yield LineTable(COLUMNS, lambda ban: ban.ip, title="bans", empty=[empty], id="bans")

    def on_mount(self) -> None:
        """Shows the list, and goes on doing so: times pass."""
        self.set_interval(1.0, self.show_rows)
        self.show_rows()

    def show_rows(self) -> None:
        """The list as it is now."""
        node = self._feed.commands
        rows = () if node is None else node.bans()
        self.table.title = f"{plural(len(rows), 'ban')}"
        self.table.show(rows)

    def action_unban(self) -> None:
        """Lets the selected address in again."""
        node, ban = self._feed.commands, self.table.model.selected
        if node is None or ban is None:
            notify(self, "There is no ban to lift.")
        elif node.unban(ban.ip):
            self.app.post_message(_banning(self._feed, ban))
            notify(self, f"{ban.ip} is not ignored any more.")
        self.show_rows()

    def action_close(self) -> None:
        """Back to the screen below."""
        self.dismiss()
