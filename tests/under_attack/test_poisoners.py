"""Whoever owns one address, or one network, answers pings under ids next to a target, to own what is known there."""

from __future__ import annotations

from pathlib import Path

import pytest

from .namespace import run_isolated


@pytest.mark.parametrize("who", ["one ip", "one net"])
def test_a_target_is_found_whoever_crowds_around_it(who: str, tmp_path: Path) -> None:
    """By the node that was poisoned, and by another one that was ended and starts from what it saved."""
    result = run_isolated(who, tmp_path)
    assert result["heard"] >= 2  # the crowd was there: it was answered itself
    # A place in node.json is a place in the next run's lookups: one for a host, 5 % for a network.
    assert result["saved_of_an_ip"] <= 1
    assert result["saved_of_its_net"] <= max(1, result["saved"] // 20)
    assert (result["found"], result["found_after_restart"]) == (2, 2)
