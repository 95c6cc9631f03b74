"""Each state of health has its words."""

from __future__ import annotations

import pytest
from screens import snapshots

from dhtui.text.node.health import WORDS, State, health_words


@pytest.mark.parametrize("state", State)
def test_each_state_has_its_words(state: State) -> None:
    words = health_words(state, snapshots.running(), 5, "t")
    assert set(WORDS) == set(State) and words.text and not any("{" in part for part in words)
