"""What the explorer remembers of how it is used, in ``explorer.json``: looks, commands, saved filters, bookmarks.

Nothing here is needed to start: a file that can't be used is told of, and its place taken by what is remembered next.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar

from .atomic import LaterFormat, atomic_write, check_version, parse_json, private_folder, read_regular, set_aside

NAME: Final = "explorer.json"
VERSION: Final = 1
MAX_BYTES: Final = 1_048_576
"""Most bytes of the file; a longer one was not written by dhtui."""
MAX_COMMANDS: Final = 100
MAX_NAMED: Final = 100
"""Most bookmarks, and most saved filters."""
MAX_LISTS: Final = 64
MAX_COLUMNS: Final = 32
MAX_TEXT: Final = 400
"""Most characters of one text: a command, a filter, a name."""

KINDS: Final = {"node": 20, "target": 20, "infohash": 20, "key": 32, "address": 0}
"""What can be bookmarked, and how many bytes that has; an address is text."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A thing that was given a name."""

    kind: str
    """One of `KINDS`."""
    value: str
    """Hex digits; of an address ``ip:port``."""


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter that was given a name."""

    place: str
    """The list that it is for: ``packets.packets``."""
    text: str


FILTERS: Final = {
    "trouble": SavedFilter("packets.packets", "err:any"),
    "slow answers": SavedFilter("packets.packets", "rtt:>500"),
    "writes": SavedFilter("packets.packets", "method:put or method:announce_peer"),
    "not canonical": SavedFilter("packets.packets", '"not canonical"'),
}
"""Filters that are there from the start; those that were let go don't come back."""


@dataclass(frozen=True, slots=True)
class ListLook:
    """How a list is looked at. Columns go by their titles."""

    columns: tuple[str, ...] = ()
    """Those shown, in their order; empty: as shipped."""
    sort: str = ""
    """The column it is sorted by; empty: none."""
    backwards: bool = False


@dataclass(slots=True)
class Memory:
    """All that is remembered. Every collection has a bound: what is oldest is forgotten."""

    theme: str = ""
    """As people read it; empty: none was chosen."""
    screen: str = ""
    """The name of the screen that was shown last."""
    commands: list[str] = field(default_factory=list)
    """What was typed in the command bar, the newest last, nothing twice."""
    filters: dict[str, SavedFilter] = field(default_factory=FILTERS.copy)
    lists: dict[str, ListLook] = field(default_factory=dict)
    """By the screen and id of a list: ``table.nodes``."""
    bookmarks: dict[str, Bookmark] = field(default_factory=dict)

    def note_command(self, line: str) -> None:
        """Notes a command, as the newest."""
        line = line.strip()[:MAX_TEXT]
        if line:
            self.commands = [*(each for each in self.commands if each != line), line][-MAX_COMMANDS:]

    def note_list(self, place: str, look: ListLook) -> None:
        """Notes how a list is looked at."""
        self.lists.pop(place, None)
        if look != ListLook():
            _put(self.lists, place, look, MAX_LISTS)

    def name_filter(self, name: str, saved: SavedFilter) -> None:
        """Keeps a filter under a name, in place of one of the same name."""
        _put(self.filters, name, saved, MAX_NAMED)

    def name_thing(self, name: str, thing: Bookmark) -> None:
        """Bookmarks a thing, in place of one of the same name."""
        _put(self.bookmarks, name, thing, MAX_NAMED)


def _put(kept: dict[str, T], name: str, value: T, most: int) -> None:
    kept.pop(name, None)
    kept[name] = value
    while len(kept) > most:
        del kept[next(iter(kept))]


# ---- the file -----------------------------------------------------------------------------------------------


class MemoryFile:
    """Where a memory is kept. Without a folder it is forgotten at the end of the run."""

    def __init__(self, folder: Path | None = None, *, read_only: bool = False) -> None:
        """`read_only`: what is remembered is used, and not changed."""
        self._folder = folder
        self._writes = folder is not None and not read_only
        self._written: Memory | None = None
        self._writing = Lock()
        self.memory = Memory()

    def open(self) -> str:
        """Reads it; returns a warning, or nothing. A damaged file is set aside, one of a later version left alone."""
        if self._folder is None:
            return ""
        path = self._folder / NAME
        try:
            self.memory = _decode(read_regular(path, MAX_BYTES))
        except FileNotFoundError:
            return ""
        except (LaterFormat, OSError) as problem:
            self._writes = False
            why = problem.strerror or "it can't be read"
            return f"What the explorer remembers can't be read: {path} ({why}). Nothing is remembered."
        except ValueError as problem:
            return self._put_away(path, problem)
        self._written = _copy(self.memory)
        return ""

    def _put_away(self, path: Path, problem: ValueError) -> str:
        if not self._writes:
            return f"What the explorer remembers is damaged: {path} ({problem})."
        try:
            aside = set_aside(path)
        except OSError as error:
            self._writes = False
            return (
                f"What the explorer remembers is damaged ({problem}), and {path} can't be set aside: {error.strerror}."
            )
        return f"What the explorer remembers is damaged ({problem}): set aside as {aside.name}."

    def save(self) -> str:
        """Writes it, if it has changed; returns why it could not, or nothing. Blocks."""
        return self.write(self.taken())

    def taken(self) -> Memory:
        """What is remembered now, to be written by another thread."""
        return _copy(self.memory)

    def write(self, kept: Memory) -> str:
        """Writes what was taken, if that is not what was written last. May run in any thread."""
        with self._writing:
            if not self._writes or self._folder is None or kept == self._written:
                return ""
            try:
                private_folder(self._folder)
                # Private: it tells what was looked for.
                atomic_write(self._folder / NAME, encode(kept), private=True)
            except OSError as error:
                return f"cannot remember how the explorer is used, in {self._folder}: {error.strerror}"
            self._written = kept
            return ""


def _copy(memory: Memory) -> Memory:
    return Memory(
        memory.theme,
        memory.screen,
        list(memory.commands),
        dict(memory.filters),
        dict(memory.lists),
        dict(memory.bookmarks),
    )


def encode(memory: Memory) -> bytes:
    """The file's content."""
    return json.dumps({"version": VERSION, **asdict(memory)}, indent=1).encode() + b"\n"


def _decode(data: bytes) -> Memory:
    """Reads it. Entries of no use are left out. Raises `LaterFormat`, `ValueError`."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES} bytes")
    try:
        document = parse_json(data)
    except ValueError:
        raise ValueError("it is not JSON") from None
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")
    check_version(document.get("version"), VERSION)
    memory = Memory(_text(document.get("theme")), _text(document.get("screen")))
    commands = document.get("commands")
    for line in commands[-MAX_COMMANDS:] if isinstance(commands, list) else ():
        memory.note_command(_text(line))
    if isinstance(document.get("filters"), dict):
        memory.filters.clear()
    for name, saved in _entries(document.get("filters"), _filter):
        memory.name_filter(name, saved)
    for name, look in _entries(document.get("lists"), _look):
        memory.note_list(name, look)
    for name, thing in _entries(document.get("bookmarks"), _bookmark):
        memory.name_thing(name, thing)
    return memory


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= MAX_TEXT else ""


def _entries(found: object, read: Callable[[dict[str, object]], T | None]) -> Iterator[tuple[str, T]]:
    for name, value in found.items() if isinstance(found, dict) else ():
        one = read(value) if _text(name) and isinstance(value, dict) else None
        if one is not None:
            yield name, one


def _filter(value: dict[str, object]) -> SavedFilter | None:
    place, text = _text(value.get("place")), _text(value.get("text"))
    return SavedFilter(place, text) if place and text else None


def _look(value: dict[str, object]) -> ListLook | None:
    columns = value.get("columns")
    titles = tuple(map(_text, columns[:MAX_COLUMNS])) if isinstance(columns, list) else ()
    return ListLook(tuple(filter(None, titles)), _text(value.get("sort")), value.get("backwards") is True)


def _bookmark(value: dict[str, object]) -> Bookmark | None:
    kind, text = _text(value.get("kind")), _text(value.get("value"))
    if kind not in KINDS or not text:
        return None
    if kind != "address":
        try:
            if len(bytes.fromhex(text)) != KINDS[kind]:
                return None
        except ValueError:
            return None
    return Bookmark(kind, text)
