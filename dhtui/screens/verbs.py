"""What every screen can do with its selection: copy it, write it to a file, go to what it is about."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

from ..packets.parts import Link
from ..storage.atomic import write_new as write_file

CopyForm = tuple[str, str]
"""What the form is called, and the text, safe to print."""

ExportForm = tuple[str, str, Callable[[], bytes]]
"""What the form is called, the name of the file, and what makes its content."""

VIEWS_OF: dict[str, tuple[str, ...]] = {
    "packet": ("packets",),
    "lookup": ("lookup",),
    "node": ("table", "lookup"),
    "address": ("table", "packets"),
    "infohash": ("peers", "lookup"),
    "target": ("items", "lookup"),
    "key": ("keys", "items"),
}
"""Where a link leads: the first of these screens that knows the thing."""


def views_of(link: Link) -> tuple[str, ...]:
    """The names of the screens that may show what a link is about."""
    return VIEWS_OF[link.kind]


def write_new(name: str, content: bytes, folder: Path) -> Path:
    """Write a file into a folder, next to what is there, never over it. Raises `OSError`.

    Only its owner can read it: like a recording, it names those that we talk to.
    """
    for number in count(1):
        path = folder / (name if number == 1 else f"{Path(name).stem}-{number}{Path(name).suffix}")
        try:
            write_file(path, content, private=True)
        except FileExistsError:
            continue
        return path
    raise AssertionError("there is a number for every file")
