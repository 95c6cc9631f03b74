"""``python -m dhtui`` and the ``dhtui`` command."""

from __future__ import annotations

import sys

from .cli import main as run


def main() -> None:
    """Run the program and leave with its exit code."""
    sys.exit(run())


if __name__ == "__main__":
    main()
