"""The order of the files: those that take longest come first, so that no core is left with one of them in the end."""

from __future__ import annotations

import pytest

LONG = (
    "under_attack/",
    "items/keepalive/test_day.py",
    "engine/lookup/test_lookups_among_liars.py",
    "screens/test_hostile_screens.py",
    "screens/test_states.py",
    "screens/test_keys_wait.py",
    "screens/dialogs/test_window_keys.py",
    "screens/test_app.py",
    "headless/test_surroundings.py",
    "terminal/",
    "headless/test_explore.py",
)
"""How their paths begin, below this folder. Those of whole programs wait more than they work."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sorts the files; the tests of each stay in their order."""
    folder = f"{config.rootpath}/tests/"
    items.sort(key=lambda item: not str(item.path).removeprefix(folder).startswith(LONG))
