"""The terminal's driver: Textual's, but for what comes in.

A byte that is not UTF-8 (a paste of Latin-1, a mouse report of an old terminal) is kept as one; in Textual's own it
would end the program. So it is with a terminal that is gone: there the program ends, in good order.
"""

from __future__ import annotations

import os
import re
import selectors
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from ..bindings.registry import CHARACTERS, KEYMAP
from .paste import PASTED_BREAK, Pasted, Pastes, breaks_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

READ_BYTES = 4096
WAIT_SECONDS = 0.1
"""After which the parser is asked whether an escape was the key of that name."""
_ESCAPE = "\x1b"
_LONE = re.compile(r"(?<=\x1b)(?=[^]\x1b\\[OP_])")
"""Between an escape and what begins none of the sequences of a terminal: two keys, or one with alt held down."""


def apart(text: str) -> Iterator[str | events.Key]:
    """What came in one read, parted behind each escape that is a key of its own.

    A terminal sends alt+x as esc and x do when they are typed soon after each other, or are read late. So a key with
    alt is one only where it means something: to the user, by `KEYMAP`, or to Textual, which knows some of macOS.
    """
    first, *rest = _LONE.split(text)
    for part in rest:
        own = f"alt+{CHARACTERS.get(part[0], part[0])}"
        if isinstance(ANSI_SEQUENCES_KEYS.get(_ESCAPE + part[0]), tuple):
            first += part
        elif own in _own_keys():
            yield first.removesuffix(_ESCAPE)
            yield events.Key(own, None)
            first = part[1:]
        else:
            yield first
            first = part
    yield first


def _own_keys() -> set[str]:
    return {key for keys in KEYMAP.values() for key in keys.split(",")}


class TerminalDriver(LinuxDriver):
    """Reads the terminal until it, or the program, ends."""

    gone: Callable[[], None]
    """Called in the thread that reads, where the terminal has ended."""
    _escaped = False
    """Whether an escape was the last that was read."""

    def run_input_thread(self) -> None:
        """Read until the program ends. Never raises for what was read."""
        self._parser = XTermParser(False)
        self._decode = getincrementaldecoder("utf-8")("surrogateescape").decode
        pastes = Pastes()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(WAIT_SECONDS):
                    try:
                        data = os.read(self.fileno, READ_BYTES)
                    except OSError:  # what Linux says of a terminal that was closed
                        data = b""
                    if not data:
                        self.gone()
                        return
                    for part in pastes.feed(data):
                        self._hear(part)
                else:
                    for part in pastes.idle():
                        self._hear(part)
                for event in self._parser.tick():
                    self.process_message(event)

    def _hear(self, part: bytes | Pasted) -> None:
        if isinstance(part, Pasted):
            self.process_message(events.Paste(part.data.decode("utf-8", "surrogateescape")))
            return
        try:
            if text := self._decode(part):
                breaks = breaks_text(text)
                for keys in apart(text):
                    if isinstance(keys, events.Key):
                        self.process_message(keys)
                    elif keys:
                        self._read(keys, breaks)
        except Exception:  # what it stumbled over is lost, and nothing else
            self._parser = XTermParser(False)

    def _read(self, text: str, breaks: bool) -> None:
        """Keys, none of them after an escape of its own; enter is one that `breaks` a text, or was pressed."""
        self._end_escape(text)
        for event in self._parser.feed(text):
            if breaks and isinstance(event, events.Key) and event.key == "enter":
                event = events.Key("enter", PASTED_BREAK)
            self.process_message(event)

    def _end_escape(self, text: str) -> None:
        """The parser waits whether an escape begins something: `text`, which comes apart from it, may say that not."""
        if self._parser._timeout_time is not None and self._escaped and _LONE.search(_ESCAPE + text):
            self._parser._timeout_time = 0.0
            for event in self._parser.tick():
                self.process_message(event)
        self._escaped = text.endswith(_ESCAPE)
