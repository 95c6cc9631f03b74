"""The README is short, and its example runs."""

import re
import subprocess
import sys
from pathlib import Path

from support.apart import PATIENCE

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
MOST = 8 << 10
"""Bytes: one screen or two. What is longer has its place in docs/."""


def test_it_is_read_in_a_minute() -> None:
    assert len(README.encode()) <= MOST


def test_the_command_that_runs_the_tests_is_marked_for_ci() -> None:
    command = re.search(r"^<!-- test command -->\n```sh\n(.*?)```", README, re.S | re.M)
    assert command is not None and "pytest" in command[1]


def test_the_library_example_runs() -> None:
    code = re.findall(r"```python\n(.*?)```", README, re.S)
    done = subprocess.run([sys.executable, "-c", code[0]], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert "nodes answered" in done.stdout and "peers" in done.stdout
