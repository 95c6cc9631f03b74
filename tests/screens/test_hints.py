"""Hints name the keys that work: with other keys on every action, no screen speaks of the old ones."""

from __future__ import annotations

from pathlib import Path

from support.apart import run_apart

REBOUND = """
import asyncio, sys
from string import ascii_letters, digits, punctuation
from dhtui.bindings import keymap

NAMES = list(keymap.names())
SIGNS = [f"alt+{keymap.key_named(sign)}" for sign in ascii_letters + digits + punctuation]
SIGNS += [f"{more}f{number}" for more in ("", "alt+", "shift+") for number in range(1, 25)]
assert len(NAMES) <= len(SIGNS)
keymap.use(tuple(zip(NAMES, SIGNS)))
NEW = {keymap.key_of(name) for name in NAMES}

sys.path.insert(0, "tests")
from screens import snapshots
from screens.stage import LARGE, SMALL, exploring
from dhtui.bindings.registry import POPUP, VIEWS
from dhtui.screens.dialogs.choice import Choice
from dhtui.screens.dialogs.help import HelpScreen
from dhtui.widgets.chrome import Footer, Tabs
from dhtui.widgets.line_table import LineTable
from dhtui.widgets.lines import Lines

HINTS = {
    "home": ("new_lookup",),
    "table": ("show.home", "testnet", "table.ping", "table.find_node", "table.ban", "inspect"),
    "queries": ("new_lookup", "show.table"),
    "lookup": ("lookup.start", "testnet"),
    "packets": ("new_lookup", "show.home"),
    "items": ("show.keys",),
    "peers": ("new_lookup", "peers.announce", "peers.by_peer", "peers.next_lookup"),
    "log": ("new_lookup", "testnet"),
}


def hinted(screen):
    for lines in screen.query(Lines):
        if not isinstance(lines, Tabs | Footer) and not lines.has_class("slash"):
            yield from (span for line in lines.lines for span in line)
    for table in screen.query(LineTable):
        yield from (span for line in table.empty for span in line)


async def main():
    for size in (SMALL, LARGE):
        async with exploring(snapshots.starting(), size) as stage:
            for view in VIEWS:
                await stage.app.action_show(view.name)
                await stage.settle()
                spans = list(hinted(stage.screen))
                keys = {text.strip() for text, role in spans if role == "key"}
                assert keys <= NEW, (view.name, keys - NEW)
                said = " ".join(text for text, _ in spans)
                for name in HINTS.get(view.name, ()):
                    assert keymap.key_of(name) in said, (view.name, name, said)
                footer = stage.screen.query_one(Footer)
                assert all(text.strip() in NEW for line in footer.lines for text, role in line if role == "key")
            stage.app.action_help()
            await stage.settle()
            assert f"{POPUP[0].key} close" in stage.text()
            stage.app.pop_screen()
            stage.app.push_screen(Choice("copy as", ["one", "two"]))
            await stage.settle()
            assert f"{keymap.key_of('inspect')} choose" in stage.text()
            assert f"{POPUP[0].key} close" in stage.text()

        async with exploring(snapshots.running(), size, show="table") as stage:
            stage.table("buckets").set_filter("no such bucket")
            await stage.settle()
            assert f"{keymap.key_of('clear')} clears it" in stage.text()

asyncio.run(main())
"""


def test_every_hint_follows_the_keys(tmp_path: Path) -> None:
    run_apart(REBOUND, tmp_path)
