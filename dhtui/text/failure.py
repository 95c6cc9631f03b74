"""An internal error in one line, instead of a traceback."""

from __future__ import annotations

from pathlib import Path
from traceback import walk_tb

from .safe import safe_text


def failure_words(problem: BaseException | None) -> str:
    """The exception and its place in the program, for a bug report. Safe to print."""
    if problem is None:
        return "no reason was given"
    where = [f"{Path(frame.f_code.co_filename).name}:{line}" for frame, line in walk_tb(problem.__traceback__)]
    return safe_text(f"{type(problem).__name__}: {problem} (at {', '.join(where[-3:])})", 500)
