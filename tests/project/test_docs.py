"""Pages that are made from the program's tables are current. `DHTUI_GOLDENS=write` makes them anew."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dhtui.headless import json_lines
from dhtui.options.manual import markdown

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("name", "page"), [("cli.md", markdown.page), ("json.md", json_lines.page)])
def test_a_page_is_what_its_tables_make(name: str, page: Callable[[], str]) -> None:
    if os.environ.get("DHTUI_GOLDENS") == "write":
        (DOCS / name).write_text(page(), encoding="utf-8")
    assert (DOCS / name).read_text(encoding="utf-8") == page()
