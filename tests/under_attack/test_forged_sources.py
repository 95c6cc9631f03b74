"""Datagrams with the sources of innocents: all that it takes is a network that lets its hosts forge."""

from __future__ import annotations

from pathlib import Path

from peers.peer import unavailable

from .honest import FRIENDS
from .namespace import run_isolated


def test_forged_datagrams_cost_nobody_its_place(tmp_path: Path) -> None:
    """All friends and bootstrap hosts are served as before, and a lookup that needs them finds what is new."""
    result = run_isolated("forged sources", tmp_path)
    assert result == {"served_before": FRIENDS, "served_after": FRIENDS, "found": 2}


def test_libtorrent_beside_it(tmp_path: Path) -> None:
    """What the same does to libtorrent is printed; its figures are its own affair."""
    try:
        import libtorrent  # noqa: F401
    except ImportError as error:
        unavailable(f"libtorrent can't be imported: {error}")
    assert run_isolated("forged sources at libtorrent", tmp_path)["served_before"]
