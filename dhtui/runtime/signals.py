"""The signals that end a run."""

from __future__ import annotations

import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""Ctrl+C, a kill, a terminal that was closed."""


def taken_signals() -> list[signal.Signals]:
    """Those of `SIGNALS` that are not ignored, as ``nohup`` has SIGHUP ignored."""
    return [each for each in SIGNALS if each == signal.SIGINT or signal.getsignal(each) is not signal.SIG_IGN]
