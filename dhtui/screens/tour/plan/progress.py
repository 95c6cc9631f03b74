"""How far the reader was, between runs: ``tour.json`` in the state folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, NamedTuple

from ....storage.atomic import atomic_write, check_version, parse_json, private_folder, read_regular
from .cards import CARDS

NAME: Final = "tour.json"
VERSION: Final = 1
MAX_BYTES: Final = 1000


class Progress(NamedTuple):
    """What is remembered."""

    card: int = 0
    """The card that was shown last, 0 for the first; as many as there are cards: the tour is over."""
    offered: bool = False
    """Whether the tour was ever offered, or begun."""


def load(folder: Path) -> Progress:
    """What was remembered. A file that can't be used counts for nothing: it is replaced by the next one."""
    try:
        data = read_regular(folder / NAME, MAX_BYTES)
        found = parse_json(data) if len(data) <= MAX_BYTES else None
    except (OSError, ValueError):
        return Progress()
    card = found.get("card") if isinstance(found, dict) and found.get("version") == VERSION else None
    if type(card) is not int or not 0 <= card <= len(CARDS):
        return Progress()
    return Progress(card, True)


def save(folder: Path, card: int) -> None:
    """Remember the card. Raises `OSError`, also where a later version of dhtui wrote the file."""
    path = folder / NAME
    try:
        found = parse_json(read_regular(path, MAX_BYTES))
        if isinstance(found, dict):
            check_version(found.get("version"), VERSION)
    except FileNotFoundError:
        private_folder(folder)
    except ValueError:
        pass  # damaged: nothing that is worth keeping
    atomic_write(path, json.dumps({"version": VERSION, "card": card}).encode() + b"\n", private=True)
