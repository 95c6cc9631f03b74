"""The order of the files, and their marks. Those that take longest come first, so that no core is left with one of
them in the end."""

from __future__ import annotations

import gc
import os
import sys

import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook

SLOW = (
    "conform/test_cases.py",
    "conform/test_mutants.py",
    "under_attack/",
    "items/keepalive/test_day.py",
    "engine/lookup/test_lookups_among_liars.py",
    "screens/",
    "headless/test_surroundings.py",
    "actions/test_seed_table.py",
    "engine/defence/test_attacks_on_a_node.py",
    "engine/simulation/",
    "headless/test_keys_and_items.py",
    "items/test_race.py",
    "items/value/test_forms.py",
    "library/test_plugin.py",
    "lookups/test_budget.py",
    "lookups/test_overtaken.py",
    "truth/",
)
"""How the paths begin, below this folder, of files that take over ten seconds, and of all that open the explorer."""
LONGEST = (
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
    "truth/test_screens.py",
)
"""The same of those that begin first. Those of whole programs wait more than they work."""
LINUX = (
    "conform/test_headless.py",
    "conform/test_loopback.py",
    "under_attack/",
    "peers/",
    "screens/",
    "terminal/",
    "truth/",
    "actions/",
    "attached/",
    "engine/test_callers.py",
    "engine/test_testnet.py",
    "headless/",
    "items/",
    "library/",
    "options/test_given.py",
    "project/test_json.py",
    "project/test_readme.py",
    "runtime/test_attached.py",
    "sources/test_recording.py",
    "sources/test_replay.py",
)
"""The same of those that need more of loopback than 127.0.0.1, or were never run elsewhere."""
MARKS = {
    "linux": LINUX,
    "peers": ("peers/",),
    "terminal": ("terminal/",),
    "browser": ("terminal/test_serve.py",),
    "slow": SLOW,
}
"""Each mark of pyproject.toml that goes by the path of a test, and how those paths begin."""


# Half of the time of a short run of the program is its compilation, where bytecode is not kept; and 470 modules are
# compiled before the first test.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The plugin of the package would have pytest rewrite the assertions of the whole package, which has none of tests.
for hook in sys.meta_path:
    if isinstance(hook, AssertionRewritingHook):
        hook._must_rewrite.difference_update({"dhtui", "hypothesis", "platformdirs"})


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Marks a test by its path: before `-m` chooses among them."""
    path = _path(item)
    for mark, beginnings in MARKS.items():
        if path.startswith(beginnings):
            item.add_marker(mark)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts the files; the tests of each stay in their order."""
    items.sort(key=lambda item: not _path(item).startswith(LONGEST))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """From here on garbage is looked for seldom: a third of the time of a test of a screen would go into that."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 1000)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """After the last test of a file, and its fixtures, it is: what was left unclosed is told there, and not of the next
    file, and doesn't pile up."""
    if nextitem is None or nextitem.path != item.path:
        gc.collect()


def _path(item: pytest.Item) -> str:
    return str(item.path).removeprefix(f"{item.config.rootpath}/tests/")
