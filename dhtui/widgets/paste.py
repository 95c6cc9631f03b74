"""What a terminal sends, parted into keys and pastes.

Textual's own parser takes an escape within a paste for keys, and leaves NUL out: a paste is data, and none of it is
ever obeyed or lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

START, END = b"\x1b[200~", b"\x1b[201~"
"""Around a paste, where the terminal was asked to mark it."""
MAX_PASTE = 1 << 20
"""Bytes, far more than any field takes."""

PASTED_BREAK = "\n"
"""The character of an enter that is a line break within a paste without brackets; that of a pressed one is the carriage
return."""
_BREAK_IN_TEXT = re.compile(r"[^\x00-\x1f\x7f][\r\n]+[^\x00-\x1f\x7f]")


def breaks_text(text: str) -> bool:
    """Whether a text that came in one read has a line break within it: nobody types that, so it is a paste that the
    terminal did not mark."""
    return _BREAK_IN_TEXT.search(text) is not None


@dataclass(frozen=True, slots=True)
class Pasted:
    """A paste that has ended; of one that fits into no field the beginning, which fits into none either."""

    data: bytes


class Pastes:
    """Finds the pastes in what is read. `feed` may be given it in any pieces."""

    def __init__(self) -> None:
        self._kept = b""
        """What may be the beginning of a mark."""
        self._passed = 0
        """How much of it was handed on already: an escape is, for it may be the key of that name."""
        self._paste: bytearray | None = None
        """The paste that has begun; `None`: none has."""

    def feed(self, data: bytes) -> Iterator[bytes | Pasted]:
        """The keys as they came, and each paste once it has ended."""
        data, self._kept = self._kept + data, b""
        while data:
            if self._paste is None:
                before, found, data = data.partition(START)
                yield from self._keys(before, bool(found))
            else:
                before, found, data = data.partition(END)
                yield from self._pasted(before, bool(found))

    def idle(self) -> Iterator[bytes]:
        """Nothing more comes for now: what looked like the beginning of a paste was a key."""
        if self._paste is None and self._kept[self._passed :]:
            yield self._kept[self._passed :]
            self._kept, self._passed = b"", 0

    def _keys(self, data: bytes, ended: bool) -> Iterator[bytes]:
        """Keys, after which a paste begins if they have `ended`."""
        passed, self._passed = self._passed, 0
        if ended:
            self._paste = bytearray()
            # Of a mark whose escape was handed on the rest follows, and its end.
            if keys := data[passed:] if data or not passed else START[1:] + END:
                yield keys
            return
        held = _held(data, START)
        data, self._kept = data[: len(data) - held], data[len(data) - held :]
        if data[passed:]:
            yield data[passed:]
        if not data:
            self._passed = passed
        if self._kept == START[:1] and not self._passed:
            self._passed = 1
            yield self._kept

    def _pasted(self, data: bytes, ended: bool) -> Iterator[Pasted]:
        """A part of a paste, the last one if it has `ended`."""
        assert self._paste is not None
        if not ended:
            held = _held(data, END)
            data, self._kept = data[: len(data) - held], data[len(data) - held :]
        self._paste += data[: MAX_PASTE - len(self._paste)]
        if ended:
            yield Pasted(bytes(self._paste))
            self._paste = None


def _held(data: bytes, mark: bytes) -> int:
    """How many of the last bytes may be the beginning of a mark."""
    return next((size for size in range(min(len(mark) - 1, len(data)), 0, -1) if data.endswith(mark[:size])), 0)
