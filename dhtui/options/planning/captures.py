"""Requests about a capture of packets."""

from __future__ import annotations

import sys

from ...actions.request import ReadCapture
from ...errors import UsageError, quoted
from ...storage.named_file import STDIN
from ..options import Options


def packets(options: Options) -> ReadCapture:
    """Raises `UsageError`."""
    return _request(options)


def lookups(options: Options) -> ReadCapture:
    """Raises `UsageError`."""
    return _request(options)


def _request(options: Options) -> ReadCapture:
    if options.open is None:
        raise UsageError(f"{options.do} needs --open FILE, a capture of packets; - is standard input")
    check_capture(options)
    return ReadCapture(options.do or "", options.open, options.me, options.filter)


def check_capture(options: Options) -> None:
    """That there is a file to be opened. Raises `UsageError`."""
    assert options.open is not None
    if str(options.open) == STDIN and sys.stdin.isatty():
        raise UsageError("--open -: standard input is a terminal, and no capture: pipe one into it (tcpdump -w -)")
    if str(options.open) != STDIN and not options.open.exists():
        raise UsageError(f"--open: there is no file {quoted(str(options.open))}")
    if options.open.is_dir():
        raise UsageError(f"--open: {quoted(str(options.open))} is a folder")
