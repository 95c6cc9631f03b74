"""A window with a list of nodes or items: what is selected there can be copied and followed, as on every screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar, cast

from ...bindings.registry import VERBS
from ...engine.wire.compact import Addr
from ...packets.packet import Packet
from ...packets.parts import Link
from ...sources.feed import Feed
from ...text.format import address, short_id
from ...text.spans import Line
from ...widgets.bound import all_bound
from ..gate import opens
from ..items.put_rows import NodeRow, node_details
from ..verbs import CopyForm
from .choosing import copy, follow
from .popup import Popup
from .window import Window

R = TypeVar("R")
OF_LINES = tuple(action for action in VERBS if action.name in ("copy", "follow"))


class _Feeding(Protocol):
    feed: Feed


class ListWindow(Window[R]):
    """A subclass gives `links` and `copy_forms`, and names `OF_LINES` among its `ACTIONS`.

    Where a link leads to another screen the window stays open; the key that goes back from a link leads to it again.
    """

    BINDINGS = all_bound(OF_LINES)

    def links(self) -> Sequence[Link]:
        """What the selected line is about, the nearest first."""
        return ()

    def copy_forms(self) -> Sequence[CopyForm]:
        """The forms in which the selected line can be copied."""
        return ()

    def show_details(self, title: str, lines: Sequence[Line]) -> None:
        """Opens the window with all about the selected line."""
        self.app.push_screen(Popup(title, lines, self.links(), self.copy_forms()))

    @opens("copy")
    async def action_copy(self) -> None:
        """Copies the selected line."""
        await copy(self, self.copy_forms())

    @opens("open")
    async def action_follow(self) -> None:
        """Goes to what the selected line is about."""
        await follow(self, self.links())

    # -- lines about nodes --------------------------------------------------------------------------------------

    def node_links(self, row: NodeRow | None, *methods: str) -> list[Link]:
        """What a line about a node leads to: its last answer to one of these methods, then the node."""
        if row is None:
            return []
        packet = self._answer(row.addr, methods)
        found = [] if packet is None else [Link("packet", packet.number, f"packet {packet.number}, {row.words}"[:60])]
        if row.id is not None:
            found.append(Link("node", row.id, f"node {short_id(row.id)}"))
        return [*found, Link("address", row.addr, address(row.addr))]

    def _answer(self, addr: Addr, methods: Sequence[str]) -> Packet | None:
        """The last answer of a node, or, where there is none, the last query to it."""
        source = cast(_Feeding, self.app).feed.source
        if source is None:
            return None
        about = [packet for packet in source.packets if packet.addr == addr and packet.method in methods]
        answers = [packet for packet in about if packet.kind != "query" and packet.direction == "in"]
        queries = [packet for packet in about if packet.kind == "query" and packet.direction == "out"]
        return next(reversed(answers or queries), None)

    def node_forms(self, row: NodeRow | None) -> list[CopyForm]:
        """A line about a node, to be copied."""
        if row is None:
            return []
        ids = [] if row.id is None else [("id", row.id.hex())]
        return [("address", address(row.addr)), *ids, ("what it said", row.words)]

    def show_node(self, row: NodeRow | None) -> None:
        """Opens the page of a node; what it said here stands first."""
        if row is not None:
            from ..node.opening import open_node

            open_node(self, row.addr, row.id, story=node_details(row))
