"""The README says what the program does: its tables and its example come from there."""

import re
import subprocess
import sys
from pathlib import Path

from support.apart import PATIENCE

from dhtui.options import config

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_table_of_flags_is_that_of_the_settings() -> None:
    shown = README.split("<!-- flags -->")[1].split("<!-- /flags -->")[0]
    assert shown.strip() == config.flag_table()


def test_the_library_example_runs() -> None:
    code = re.findall(r"```python\n(.*?)```", README, re.S)
    done = subprocess.run([sys.executable, "-c", code[0]], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert "nodes answered" in done.stdout and "peers" in done.stdout


def test_pictures_and_links_lead_somewhere() -> None:
    root = Path(__file__).parents[2]
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (root / target).exists(), target
