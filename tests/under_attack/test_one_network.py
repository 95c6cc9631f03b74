"""What one rented network can take from others: their places in a store, our id, our bandwidth."""

from __future__ import annotations

from pathlib import Path

from .honest import FRIENDS
from .namespace import run_isolated

FULL_REPLY = 1200
"""Bytes: no reply has more."""
NET_BYTES = 64_000
"""Bytes in ten seconds to one network."""


def test_a_crowd_of_announces_displaces_no_honest_peer(tmp_path: Path) -> None:
    result = run_isolated("crowd", tmp_path)
    assert result["announces_answered"] > 1  # the crowd was there
    assert (result["given_before"], result["given_after"]) == (FRIENDS, FRIENDS)


def test_voters_of_one_network_do_not_move_our_id(tmp_path: Path) -> None:
    result = run_isolated("voters", tmp_path)
    assert result["pinged"]  # they had their say
    assert result["after"] == result["before"]


def test_forged_queries_draw_little_more_than_they_cost(tmp_path: Path) -> None:
    """An unproved address gets one full reply in ten seconds, then three bytes for each; a network has a limit too."""
    result = run_isolated("amplify", tmp_path)
    host, net = result["host"], result["net"]
    assert host["received"] <= FULL_REPLY * (1 + host["seconds"] // 10) + 3 * host["sent"]
    assert net["received"] <= NET_BYTES * (1 + net["seconds"] / 10)
