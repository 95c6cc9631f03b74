"""Blocklists from the user: a file, or literal ranges."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path

from ..engine.defence.blocklist import BlocklistError, NonsenseError, parse
from ..engine.defence.ranges import Blocklist
from .named_file import STDIN, Overdue, open_named

MAX_BYTES = 128 * 1024 * 1024
"""Most bytes of a file, unpacked. Without a bound, a small .gz could fill the memory."""
MAX_LINES = 2_000_000
"""Most lines, comments and blank lines included: a bound on time."""
MAX_RATIO = 40
"""Most bytes of text for each byte of a compressed file. Lists have up to 10."""
ALWAYS = 1024 * 1024
"""Bytes of text that a compressed file of any size may hold."""
_MAX_LINE = 4096
_GZIP = b"\x1f\x8b"
_PACKED = "it is {}: unpack it, and name the list that is in it"
_UTF_16 = "it is text in UTF-16: save it as UTF-8"
_OTHERS = {
    b"PK\x03\x04": _PACKED.format("a zip archive"),
    b"7z\xbc\xaf\x27\x1c": _PACKED.format("a 7z archive"),
    b"Rar!": _PACKED.format("a rar archive"),
    b"BZh": _PACKED.format("packed with bzip2"),
    b"\xfd7zXZ": _PACKED.format("packed with xz"),
    b"\xff\xff\xff\xffP2B": "it is in the binary format P2B: get it, or save it, as text (P2P)",
    b"\xff\xfe": _UTF_16,
    b"\xfe\xff": _UTF_16,
}
"""The first bytes of unsupported formats, with the remedy."""


def load(text_or_path: str, *, lenient: bool = False, patience: float | None = None) -> tuple[Blocklist, list[str]]:
    """A blocklist from a file (.p2p, .dat, list; gzipped or not), or from ranges given literally.

    Literal ranges are separated by newlines or commas, so their labels hold none; the name of an existing file is
    always a file. Returns the list and warnings. Raises `BlocklistError` with one sentence for unreadable input; with
    `lenient`, unreadable lines are left out, with a warning that names them. `patience`: seconds to wait for a pipe.
    """
    path = _path(text_or_path)
    if text_or_path == STDIN:
        raise BlocklistError("blocklist: it is not read from standard input: name a file, or the ranges")
    if text_or_path and _exists(path):
        return _load_file(path, lenient, patience)
    lines = text_or_path.replace(",", "\n").splitlines()
    try:
        return parse(lines)  # never lenient: it may be the name of a missing file
    except BlocklistError as error:
        raise BlocklistError(f"blocklist: there is no such file; read as ranges, {error}") from None


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no such user
        return Path(text)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # too long for a path
        return False


def _load_file(path: Path, lenient: bool, patience: float | None) -> tuple[Blocklist, list[str]]:
    try:
        with open_named(path, patience) as file:
            packed = file.peek(2).startswith(_GZIP)
            most = max(ALWAYS, MAX_RATIO * os.fstat(file.fileno()).st_size) if packed else MAX_BYTES
            return parse(_lines(gzip.GzipFile(fileobj=file) if packed else file, most), lenient=lenient)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise BlocklistError(f"blocklist {path}: the gzip file is damaged") from None
    except Overdue:
        raise
    except OSError as error:
        raise BlocklistError(f"blocklist {path}: cannot read it ({error.strerror})") from None
    except NonsenseError as error:
        raise BlocklistError(f"blocklist {path}: {error}; --blocklist-lenient goes on without such lines") from None
    except BlocklistError as error:
        raise BlocklistError(f"blocklist {path}: {error}") from None


def _lines(file: BufferedIOBase, most: int) -> Iterator[str]:
    """The lines of a file of at most `most` bytes of text. Raises `BlocklistError` if a line, or the text, is too long,
    or there are too many lines."""
    size = number = 0
    while line := file.readline(_MAX_LINE + 1):
        number += 1
        size += len(line)
        if number == 1 and (kind := next((kind for start, kind in _OTHERS.items() if line.startswith(start)), "")):
            raise BlocklistError(kind)
        if len(line) > _MAX_LINE:
            raise BlocklistError(f"line {number}: it has more than {_MAX_LINE} bytes; this is no blocklist")
        if size > MAX_BYTES:
            raise BlocklistError(f"it has more than {MAX_BYTES >> 20} MiB unpacked, which is too much")
        if size > most:
            raise BlocklistError(f"it unpacks to more than {MAX_RATIO} times its size, which no list does")
        if number > MAX_LINES:
            raise BlocklistError(f"it has more than {MAX_LINES} lines, which is too much")
        yield line.decode("utf-8", "replace")
