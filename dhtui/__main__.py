"""``python -m dhtui`` and the ``dhtui`` command."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress


def main() -> None:
    """Run the program and leave with its exit code."""
    # While modules load there is nothing to be tidied up, and whoever presses Ctrl+C wants no traceback.
    before = signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    gc.disable()  # `runtime.garbage` has it looked for again
    early = before is signal.default_int_handler
    if not early:
        signal.signal(signal.SIGINT, before)
    from .cli import main as run

    _dump_no_keys()
    code = 130
    try:
        if early:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = run()
    finally:
        # Python's own end, too, would print a traceback.
        if early:
            signal.signal(signal.SIGINT, lambda *_: os._exit(code))
        sys.exit(code)


def _dump_no_keys() -> None:
    """A crash leaves no image of the memory: private keys and passphrases may be in it."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


if __name__ == "__main__":
    main()
