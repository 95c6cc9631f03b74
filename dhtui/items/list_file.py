"""A list of items in a private JSON file: read strictly, and set aside where it is damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from ..storage.atomic import atomic_write, check_version, locked, parse_json, read_regular, set_aside
from ..text.actions.lists import damaged_list_words, dropped_words

MAX_BYTES = 4 << 20

T = TypeVar("T")


class ListFile(NamedTuple, Generic[T]):
    """How such a file is written and read. Whoever reads or writes it holds its lock, but for `load`."""

    name: str
    lock: str
    version: int
    most: int
    """Items that are read at most."""
    whole: str
    """What the list is of, in a sentence about a damaged file."""
    part: str
    """The same, about single entries."""
    target: Callable[[T], bytes]
    encode: Callable[[T], dict[str, Any]]
    decode: Callable[[Any], T | None]
    """`None` for an invalid entry."""

    def load(self, folder: Path) -> tuple[dict[bytes, T], list[str]]:
        """The items by target, and sentences about unusable parts. Raises `OSError` if the list can't be read.

        A damaged file is set aside; so is one with single unusable items, and the usable ones are written back.
        """
        if not (folder / self.name).exists():
            return {}, []
        with locked(folder / self.lock):
            return self.read(folder)

    def write(self, folder: Path, items: dict[bytes, T]) -> None:
        """Write all of the list."""
        document = {"version": self.version, "items": [self.encode(item) for item in items.values()]}
        atomic_write(folder / self.name, json.dumps(document, indent=0).encode() + b"\n", private=True)

    def read(self, folder: Path) -> tuple[dict[bytes, T], list[str]]:
        """The same as `load`."""
        path = folder / self.name
        try:
            entries = self._entries(read_regular(path, MAX_BYTES))
        except FileNotFoundError:
            return {}, []
        except (ValueError, TypeError, KeyError):
            aside = set_aside(path)
            return {}, [damaged_list_words(self.whole, path, aside.name)]
        found = [self.decode(entry) for entry in entries[: self.most]]
        items = {self.target(item): item for item in found if item is not None}
        if dropped := len(entries) - len(items):
            aside = set_aside(path)
            self.write(folder, items)
            return items, [dropped_words(dropped, self.part, path, aside.name)]
        return items, []

    def _entries(self, data: bytes) -> list[Any]:
        if len(data) > MAX_BYTES:
            raise ValueError
        document = parse_json(data)
        check_version(document["version"], self.version)
        entries = document["items"]
        if not isinstance(entries, list):
            raise ValueError
        return entries
