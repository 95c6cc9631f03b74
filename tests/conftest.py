"""The order of the files: those that take longest come first, so that no core is left with one of them in the end."""

from __future__ import annotations

import gc

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


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """From here on garbage is looked for seldom: a third of the time of a test of a screen would go into that."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 1000)


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """After the last test of a file it is: what was left unclosed is told there, and doesn't pile up."""
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
