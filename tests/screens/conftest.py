"""What the goldens must not depend on."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from dhtui.screens import base
from dhtui.widgets import chrome


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One version, one time zone, and no time: a screen takes a snapshot when the test says so, see `Stage.settle`."""
    monkeypatch.setattr(chrome, "__version__", "0.1.0")
    monkeypatch.setattr(base, "RATE", 0.001)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
