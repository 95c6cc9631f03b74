"""Blocklists as users name them: a file, or the ranges themselves."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path

from .engine.blocklist import Blocklist, BlocklistError, parse

MAX_BYTES = 128 * 1024 * 1024
"""Of a file, unpacked. Without a bound, a small .gz could fill the memory."""
_MAX_LINE = 4096
_GZIP = b"\x1f\x8b"


def load(text_or_path: str) -> tuple[Blocklist, list[str]]:
    """A blocklist from a file (.p2p, .dat, list; gzipped or not), or from ranges given literally.

    Literal ranges are separated by newlines or commas, so their labels hold none; a file that exists is a file.
    Returns the list and warnings. Raises `BlocklistError` with one sentence for whatever can't be read.
    """
    path = Path(text_or_path)
    if text_or_path and _exists(path):
        return _load_file(path)
    lines = text_or_path.replace(",", "\n").splitlines()
    try:
        return parse(lines)
    except BlocklistError as error:
        raise BlocklistError(f"blocklist: there is no such file; read as ranges, {error}") from None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # too long for a path
        return False


def _load_file(path: Path) -> tuple[Blocklist, list[str]]:
    try:
        with path.open("rb") as file:
            packed = file.peek(2).startswith(_GZIP)
            return parse(_lines(gzip.GzipFile(fileobj=file) if packed else file))
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise BlocklistError(f"blocklist {path}: the gzip file is damaged") from None
    except OSError as error:
        raise BlocklistError(f"blocklist {path}: cannot read it ({error.strerror})") from None
    except BlocklistError as error:
        raise BlocklistError(f"blocklist {path}: {error}") from None


def _lines(file: BufferedIOBase) -> Iterator[str]:
    """The lines of a file. Raises `BlocklistError` where a line, or all of them together, are too long."""
    size = number = 0
    while line := file.readline(_MAX_LINE + 1):
        number += 1
        size += len(line)
        if len(line) > _MAX_LINE:
            raise BlocklistError(f"line {number}: it has more than {_MAX_LINE} bytes; this is no blocklist")
        if size > MAX_BYTES:
            raise BlocklistError(f"it has more than {MAX_BYTES >> 20} MiB unpacked, which is too much")
        yield line.decode("utf-8", "replace")
