"""The parts of pages that are made from the program's tables are current. `DHTUI_GOLDENS=write` makes them anew."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dhtui.headless import json_lines
from dhtui.options.manual import markdown

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("name", "parts"), [("cli.md", markdown.PARTS), ("json.md", {"fields": json_lines.fields})])
def test_a_page_has_what_the_tables_make(name: str, parts: Mapping[str, Callable[[], str]]) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    if os.environ.get("DHTUI_GOLDENS") == "write":
        (DOCS / name).write_text(markdown.renewed(page, parts), encoding="utf-8")
        page = (DOCS / name).read_text(encoding="utf-8")
    assert page == markdown.renewed(page, parts)


def test_a_part_that_is_not_there_is_no_success() -> None:
    with pytest.raises(KeyError):
        markdown.renewed("<!-- flags -->\n", {"flags": markdown.flag_table})
