"""Each member of the enums of what is wrong has its words, and no two have the same."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest

from dhtui.engine.views.events import DropCause
from dhtui.engine.wire.faults import Fault
from dhtui.text.faults import DROP_WORDS, FAULT_WORDS
from dhtui.text.safe import safe_text


@pytest.mark.parametrize(("kind", "words"), [(Fault, FAULT_WORDS), (DropCause, DROP_WORDS)], ids=["Fault", "DropCause"])
def test_every_member_has_words(kind: type[Enum], words: dict[Any, str]) -> None:
    assert words.keys() == set(kind)
    assert len(set(words.values())) == len(kind)
    assert all(said and safe_text(said) == said for said in words.values())
