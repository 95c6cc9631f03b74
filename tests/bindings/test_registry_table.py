"""The table of keys that docs/keys.md shows; `tests/project/test_tables.py` holds the page to it."""

from dhtui.bindings.keymap import key_table, names


def test_the_table_has_a_row_for_every_action() -> None:
    rows = key_table().splitlines()
    assert len(rows) == len(names()) + 2
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)
