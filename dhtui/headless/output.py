"""Where headless output goes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..text.safe import safe_text
from .outlet import outlets

if TYPE_CHECKING:
    from ..engine.views.snapshot import LookupView


ROOM_OUT = 16 << 20
"""Bytes of results that wait for their reader."""
CROWDED = ROOM_OUT // 16
"""Bytes of results that wait, from which on a run that has many of them waits too."""
ROOM_ERR = 256 << 10
"""The same of what goes to standard error: with ``--vv`` some 2000 lines."""
DEBUG, INFO, WARNING, ERROR = "debug", "info", "warning", "error"
"""The levels of a log in JSON."""
HURRY_SECONDS = 1.0
PATIENCE_SECONDS = 10.0


class Output:
    """Prints results as text or as JSON, warnings, and on a terminal a line of progress.

    Nothing here waits for a reader or raises when there is none, but `close`.
    """

    def __init__(self, *, as_json: bool, wall_clock: Callable[[], float] = time.time) -> None:
        self.as_json = as_json
        self._wall_clock, self._log_json = wall_clock, False
        self.quiet = False
        """Whether standard error is for errors alone."""
        self._out, self._err = outlets(sys.stdout, sys.stderr, ROOM_OUT, ROOM_ERR)
        self._out.on_lost, self._out.gap = self._results_lost, self._results_missing
        self._live = sys.stderr.isatty()
        self._progress_shown = False
        self.outlives_readers = False
        """Whether the run goes on without a reader of its output, so that losing the reader is worth a warning."""
        self.hurried = False
        """Whether the run was told to stop."""

    def log_as_json(self) -> None:
        """From now on standard error has JSON, one object a line: ``time``, ``level`` and ``message``."""
        self._log_json, self._live = True, False
        self._err.gap = lambda lines: self._logged(f"{lines} lines are missing here: nobody read them in time", WARNING)

    def _logged(self, line: str, level: str) -> str:
        """A line for standard error."""
        if not self._log_json:
            return f"{line}\n"
        now = self._wall_clock()
        at = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03}Z"
        return _one_line({"time": at, "level": level, "message": line}) + "\n"

    @property
    def lost(self) -> bool:
        """Whether results can't be written any more."""
        return self._out.lost is not None

    def _results_lost(self, error: Exception) -> None:
        if self.outlives_readers or not isinstance(error, BrokenPipeError):
            self.error(f"warning: standard output can't be written: {getattr(error, 'strerror', None) or error}")

    def _results_missing(self, lines: int) -> str:
        self.error(f"warning: {lines} lines of standard output are missing: nobody read it in time")
        return ""  # in the results themselves there is no place for such words

    def close(self) -> None:
        """Wait until all is written, or the reader makes no progress. Ctrl+C ends the wait."""
        self._out.drain(HURRY_SECONDS if self.hurried else None)
        self._err.drain(HURRY_SECONDS if self.hurried else PATIENCE_SECONDS)

    async def room(self) -> None:
        """Wait while much is still to be read: for results of any number, none of which may be left out."""
        if self._out.waiting > CROWDED and not self.lost:
            import asyncio  # here, so that --version loads none of it

            await asyncio.to_thread(self._out.drain)

    @property
    def live(self) -> bool:
        """Whether progress is shown in a line that is rewritten."""
        return self._live and not self.quiet

    def how_far(self, line: str) -> None:
        """The same as `step`, and where standard error is no terminal a line of its own."""
        if self._live:
            self.step(safe_text(line, 300))
        else:
            self.notes([line])

    def results(self, lines: Iterable[str]) -> None:
        """Lines of a result."""
        self._clear()
        self._out.write("".join(f"{line}\n" for line in lines))

    def raw(self, data: bytes) -> None:
        """Bytes of a result, as they are."""
        self._clear()
        self._out.write(data)

    def objects(self, objects: Iterable[dict[str, Any]]) -> None:
        """Objects of a result, one a line."""
        self.results(map(_one_line, objects))

    def notes(self, lines: Iterable[str]) -> None:
        """Lines about what happened. With `quiet` they are nobody's concern."""
        if not self.quiet:
            self._tell(lines, INFO)

    def trace(self, lines: Iterable[str]) -> None:
        """Lines about single packets."""
        if not self.quiet:
            self._tell(lines, DEBUG)

    def _tell(self, lines: Iterable[str], level: str) -> None:
        self._clear()
        self._err.write("".join(self._logged(line, level) for line in lines))

    def error(self, text: str) -> None:
        """Why there is no success, in one line."""
        self._tell([self._headed("", text)], ERROR)

    def warn(self, text: str) -> None:
        """Something to know though the run goes on."""
        if not self.quiet:
            self._tell([self._headed("warning: ", safe_text(text, 1000))], WARNING)

    def _headed(self, what: str, text: str) -> str:
        """Who speaks, and what kind of line it is, where no fields say so."""
        return text if self._log_json else f"dhtui: {what}{text}"

    def fail(self, text: str, code: int) -> int:
        """Why there is no result, in one line. Returns the exit code."""
        self.error(safe_text(text, 1000))
        if self.as_json:
            self.objects([{"type": "error", "error": safe_text(text, 1000), "exit": code}])
        return code

    def progress(self, view: LookupView, action: str) -> None:
        """How the lookup of an action goes: one line, rewritten. Silent where standard error is no terminal."""
        if not self._live or self.quiet:
            return
        # Here, so that --version and --help load no engine.
        from ..text.decisions import found_words
        from ..text.format import power

        nearest = "" if view.nearest_bits is None else f", nearest at {power(view.nearest_bits)}"

        found = f", {found_words(view.found)}" if view.found else ""
        self._err.write(f"\r\x1b[K{action}: asked {view.asked}, answered {view.answered}{nearest}{found}")
        self._progress_shown = True

    def step(self, text: str) -> None:
        """How a long action goes: one line of our own words, rewritten. Silent where standard error is no terminal."""
        if self._live and not self.quiet:
            self._err.write(f"\r\x1b[K{text}")
            self._progress_shown = True

    def wait(self) -> None:
        """Wait for the reader of the results, where much waits for it already."""
        if self._out.waiting > ROOM_OUT // 8:
            self._out.drain()

    def _clear(self) -> None:
        if self._progress_shown:
            self._err.write("\r\x1b[K")
            self._progress_shown = False


def _one_line(document: dict[str, Any]) -> str:
    """An object as JSON. DEL is the one control character that JSON leaves as it is."""
    return json.dumps(document).replace("\x7f", "\\u007f")
