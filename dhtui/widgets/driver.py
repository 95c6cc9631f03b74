"""The terminal's driver: Textual's, but for what comes in.

A byte that is not UTF-8 (a paste of Latin-1, a mouse report of an old terminal) is kept as one; in Textual's own it
would end the program. So it is with a terminal that is gone: there the program ends, in good order.
"""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from .paste import PASTED_BREAK, Pasted, Pastes, breaks_text

if TYPE_CHECKING:
    from collections.abc import Callable

READ_BYTES = 4096
WAIT_SECONDS = 0.1
"""After which the parser is asked whether an escape was the key of that name."""


class TerminalDriver(LinuxDriver):
    """Reads the terminal until it, or the program, ends."""

    gone: Callable[[], None]
    """Called in the thread that reads, where the terminal has ended."""

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
                for event in self._parser.feed(text):
                    if breaks and isinstance(event, events.Key) and event.key == "enter":
                        event = events.Key("enter", PASTED_BREAK)
                    self.process_message(event)
        except Exception:  # what it stumbled over is lost, and nothing else
            self._parser = XTermParser(False)
