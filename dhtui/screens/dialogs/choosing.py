"""What screens and windows do with what is selected: copy it in one of some forms, go to what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.message import Message
from textual.screen import Screen

from ...packets.parts import Link
from ...widgets.line_table import LineTable
from ..clipboard import send_to_clipboard
from ..notify import notify
from ..verbs import CopyForm
from .choice import Choice


class Followed(Message):
    """The user wants to go to what a link is about."""

    def __init__(self, link: Link) -> None:
        self.link = link
        super().__init__()


async def choose(screen: Screen[Any], title: str, labels: Sequence[str], *, to: str = "") -> int | None:
    """Lets the user choose; says so where there is nothing `to` do that with, which is the title if nothing else is
    said. To be awaited in a worker that `opens`."""
    if not labels:
        notify(screen.app, f"There is nothing here to {to or title}.")
        return None
    return 0 if len(labels) == 1 else await screen.app.push_screen_wait(Choice(title, labels))


def choose_columns(screen: Screen[Any], table: LineTable[Any], view: str) -> None:
    """Lets the user choose the columns of a list; `view` is the screen whose words they are."""
    from .columns import ColumnChooser, meanings_of

    if any(column.title for column in table.model.shipped):
        screen.app.push_screen(ColumnChooser(table, meanings_of(table, view)))
    else:
        notify(screen.app, "This list has no columns to choose.")


async def copy(screen: Screen[Any], forms: Sequence[CopyForm]) -> None:
    """Copies one of some forms to the terminal's clipboard."""
    place = await choose(screen, "copy as", [f"{label}: {text}" for label, text in forms], to="copy")
    if place is not None:
        send_to_clipboard(screen.app, forms[place][1])


async def follow(screen: Screen[Any], links: Sequence[Link]) -> bool:
    """Goes to what one of some links is about; whether one was chosen."""
    place = await choose(screen, "open", [link.label for link in links])
    if place is not None:
        goer = screen.app if screen.is_modal else screen  # a window may be closing
        goer.post_message(Followed(links[place]))
    return place is not None
