"""The README says what the program does: its example runs, and its links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

from support.apart import PATIENCE

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_library_example_runs() -> None:
    code = re.findall(r"```python\n(.*?)```", README, re.S)
    done = subprocess.run([sys.executable, "-c", code[0]], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert "nodes answered" in done.stdout and "peers" in done.stdout


def test_pictures_and_links_lead_somewhere() -> None:
    root = Path(__file__).parents[2]
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (root / target).exists(), target
