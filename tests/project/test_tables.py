"""The tables on pages are those of the program."""

from __future__ import annotations

from dhtui.headless.json_lines import FIELDS
from dhtui.options import config

from .pages import ROOT, between


def test_the_table_of_flags_is_that_of_the_settings() -> None:
    assert between(ROOT / "docs" / "cli.md", "flags") == config.flag_table()


def test_the_table_of_json_fields_is_that_of_the_program() -> None:
    shown = between(ROOT / "docs" / "json.md", "fields")
    assert shown == FIELDS.strip(), "write it anew: dhtui.headless.json_lines.FIELDS"
