"""The way to the page of a node, from any list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from textual.screen import Screen
from textual.widget import AwaitMount

from ...engine.wire.compact import Addr
from ...packets.parts import Part
from ...sources.feed import Feed
from ...text.spans import Line
from ..notify import notify

if TYPE_CHECKING:
    from ..packets.panes import TreeRow
    from .ask_request import Question

MAX_PAGES = 16
"""Pages that lie over each other at most."""


class _Feeding(Protocol):
    feed: Feed


def node_of(part: Part, rows: Sequence[TreeRow], sender: tuple[bytes | None, Addr]) -> tuple[Addr, bytes] | None:
    """The node that a part without parts names: an id with its address, or that of the packet's `sender`."""
    beside = next((row.part.children for row in rows if part in row.part.children), ())
    links = [link for each in (beside if len(beside) == 2 else (part,)) for link in each.links]
    node_id = next((link.value for link in links if link.kind == "node" and isinstance(link.value, bytes)), None)
    if part.children or node_id is None:
        return None
    addr = next((link.value for link in links if link.kind == "address" and isinstance(link.value, tuple)), None)
    if addr is None and node_id == sender[0]:
        addr = sender[1]
    return None if addr is None else (addr, node_id)


def open_node(
    screen: Screen[Any],
    addr: Addr | None,
    node_id: bytes | None = None,
    *,
    story: Sequence[Line] = (),
    tab: str = "overview",
    asks: Question | None = None,
    at: str = "",
) -> AwaitMount:
    """Opens the page. `story` is what the line tells that it is opened from, `asks` is asked at once.

    Without an address it is the page of whichever node is typed there, at first of the one `at` HOST:PORT.
    """
    from .page import NodePage  # it is needed by few, and the first frame does without

    app = screen.app
    if sum(isinstance(page, NodePage) for page in app.screen_stack) >= MAX_PAGES:
        notify(app, f"{MAX_PAGES} pages of nodes lie over each other: esc goes back.")
        return AwaitMount(app.screen, ())
    return app.push_screen(NodePage(cast(_Feeding, app).feed, addr, node_id, story=story, tab=tab, asks=asks, at=at))
