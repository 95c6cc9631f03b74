"""The table of keys in docs/keys.md is that of the registry."""

from pathlib import Path

from dhtui.bindings.keymap import key_table, names

PAGE = (Path(__file__).parents[2] / "docs" / "keys.md").read_text(encoding="utf-8")


def test_the_table_of_keys_is_that_of_the_registry() -> None:
    shown = PAGE.split("<!-- keys -->")[1].split("<!-- /keys -->")[0]
    assert shown.strip() == key_table(), "write it anew: dhtui.bindings.keymap.key_table()"


def test_the_table_has_a_row_for_every_action() -> None:
    rows = key_table().splitlines()
    assert len(rows) == len(names()) + 2
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)
