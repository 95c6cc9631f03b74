"""The way to the page of a node, from any list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from textual.screen import Screen

from ...engine.wire.compact import Addr
from ...sources.feed import Feed
from ...text.spans import Line
from ..notify import notify

if TYPE_CHECKING:
    from .ask_request import Question

MAX_PAGES = 16
"""Pages that lie over each other at most."""


class _Feeding(Protocol):
    feed: Feed


def open_node(
    screen: Screen[Any],
    addr: Addr | None,
    node_id: bytes | None = None,
    *,
    story: Sequence[Line] = (),
    tab: str = "overview",
    asks: Question | None = None,
) -> None:
    """Opens the page. `story` is what the line tells that it is opened from, `asks` is asked at once.

    Without an address it is the page of whichever node is typed there.
    """
    from .page import NodePage  # it is needed by few, and the first frame does without

    app = screen.app
    if sum(isinstance(page, NodePage) for page in app.screen_stack) >= MAX_PAGES:
        notify(app, f"{MAX_PAGES} pages of nodes lie over each other: esc goes back.")
        return
    app.push_screen(NodePage(cast(_Feeding, app).feed, addr, node_id, story=story, tab=tab, asks=asks))
