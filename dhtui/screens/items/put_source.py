"""Files that the put form reads: a value, or an item that `sign` prepared.

What is wrong with one is said without its path, which stands in the form.
"""

from __future__ import annotations

from pathlib import Path

from ...engine.items import MAX_VALUE, Item
from ...errors import UsageError
from ...items.file import MAX_BYTES, ItemFileError, parse
from ...options.planning.values import MAX_TEXT
from ...options.values import path
from ...storage.atomic import read_regular


def read_value(text: str, form: str) -> bytes:
    """What is in a file, to be read as one of `itemvalue.FORMS`. Raises `UsageError`. Run it in a thread."""
    file = _regular(text)
    limit = MAX_VALUE if form == "text" else MAX_TEXT
    data = _content(file, limit)
    if len(data) > limit:
        raise UsageError(f"the file has more than {limit} bytes, no node stores that much")
    return data


def read_signed(text: str) -> Item:
    """The item in a file that `sign --out` wrote. Raises `UsageError`. Run it in a thread."""
    data = _content(_regular(text), MAX_BYTES)
    try:
        return parse(data)
    except ItemFileError as problem:
        raise UsageError(str(problem)) from None


def _content(file: Path, limit: int) -> bytes:
    """The first `limit` + 1 bytes."""
    try:
        return read_regular(file, limit)
    except OSError as problem:
        raise UsageError(f"the file can't be read: {problem.strerror or problem}") from None


def _regular(text: str) -> Path:
    """A path to a file: a pipe or a terminal would be waited for, perhaps for ever."""
    if not text.strip():
        raise UsageError("type the path of a file")
    file = path(text.strip()).absolute()
    try:
        if file.is_file():
            return file
    except OSError as problem:
        raise UsageError(f"the file can't be read: {problem.strerror or problem}") from None
    raise UsageError("there is no file of that name; type the path of one")
