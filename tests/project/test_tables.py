"""The tables on pages are those of the program. `DHTUI_GOLDENS=write` makes them anew."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import pytest

from dhtui.bindings.commands import command_table
from dhtui.bindings.keymap import key_table
from dhtui.headless import json_lines
from dhtui.options.manual import markdown

from .figures import figure_table
from .pages import ROOT, between

TABLES: dict[str, Mapping[str, Callable[[], str]]] = {
    "cli.md": markdown.PARTS,
    "json.md": {"fields": json_lines.fields},
    "keys.md": {"keys": key_table, "commands": command_table},
    "operating.md": {"metrics": figure_table},
}


@pytest.mark.parametrize(("name", "parts"), TABLES.items())
def test_a_page_has_what_the_tables_make(name: str, parts: Mapping[str, Callable[[], str]]) -> None:
    page = ROOT / "docs" / name
    if os.environ.get("DHTUI_GOLDENS") == "write":
        page.write_text(markdown.renewed(page.read_text(encoding="utf-8"), parts), encoding="utf-8")
    for mark, make in parts.items():
        assert between(page, mark) == make().strip(), f"write it anew: {mark}"


def test_a_part_that_is_not_there_is_no_success() -> None:
    with pytest.raises(KeyError):
        markdown.renewed("<!-- flags -->\n", {"flags": markdown.flag_table})
