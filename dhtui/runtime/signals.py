"""The signals that end a run."""

from __future__ import annotations

import os
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""Ctrl+C, a kill, a terminal that was closed."""


def taken_signals() -> list[signal.Signals]:
    """Those of `SIGNALS` that are not ignored, as ``nohup`` has SIGHUP ignored."""
    return [each for each in SIGNALS if each == signal.SIGINT or signal.getsignal(each) is not signal.SIG_IGN]


def on_a_terminal() -> bool:
    """Whether a terminal controls this program, whose end is told by SIGHUP. A service has none."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
