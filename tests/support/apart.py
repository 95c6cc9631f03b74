"""Programs that need a process of their own: the registry is read once, when the app is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
"""Seconds until something that a test waits for is taken for not happening. A pass never waits for it."""


def run_apart(program: str, home: Path) -> str:
    """What a Python program prints, which must not fail."""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        cwd=ROOT,
        env={**os.environ, "HOME": str(home)},
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
