"""One of three bootstrap nodes lies."""

from __future__ import annotations

from pathlib import Path

from .namespace import run_isolated


def test_false_ids_at_true_addresses_hide_no_item(tmp_path: Path) -> None:
    """Eight runs of eight find it, though the liar is the first to answer."""
    assert run_isolated("one liar", tmp_path) == {"found_before": 2, "found": 8}
