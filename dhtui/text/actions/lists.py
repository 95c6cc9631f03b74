"""The lists of kept and watched items, and values, in words: what can't be read or saved, and what is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Final


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def unread_kept_words(folder: Path | None, error: OSError) -> str:
    """The list of kept items can't be read."""
    return f"the list of kept items in {folder} can't be read ({_why(error)}): they are not looked after"


def unsaved_kept_words(folder: Path | None, error: OSError) -> str:
    """The list of kept items can't be written."""
    return f"the kept items can't be saved in {folder}: {_why(error)}"


def unread_watched_words(folder: Path | None, error: OSError) -> str:
    """The list of watched items can't be read."""
    return f"the list of watched items in {folder} can't be read: {_why(error)}"


def unsaved_watched_words(folder: Path | None, error: OSError) -> str:
    """The list of watched items can't be written."""
    return f"the watched items can't be saved in {folder}: {_why(error)}"


def failed_look_words(problem: Exception) -> str:
    """An internal error while a watched item was looked for."""
    return f"looking for a watched item failed: {type(problem).__name__}: {problem}"


def too_many_kept_words(most: int) -> str:
    """There is no room for another kept item."""
    return f"at most {most} items can be kept alive: remove others first"


def damaged_list_words(whole: str, path: Path, aside: str) -> str:
    """The file of a list is damaged, and was set aside."""
    return f"The list of {whole} {path} is damaged: set aside as {aside}, starting afresh."


def dropped_words(dropped: int, part: str, path: Path, aside: str) -> str:
    """Entries of a list are damaged, and are left out."""
    return f"{dropped} of the {part} in {path} can't be used: left out, see {aside}."


SAME_LINES: Final = "  the same lines, written with other bytes"
"""Two values that differ in no line."""


def more_lines_words(count: int) -> str:
    """Lines that are not shown."""
    return f"… {count} more lines"


def first_records_words(shown: int, count: int) -> str:
    """Records that are not shown."""
    return f"the first {shown} of {count} records"


READ_DNS: Final = "to read its records, install dhtui[pkarr] (dnspython)"
PUBLISH_DNS: Final = "to publish records, install dhtui[pkarr] (dnspython)"
