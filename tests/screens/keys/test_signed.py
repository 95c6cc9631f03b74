"""The items of each key, with their copies, on the keys screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhtui.engine.items import sign
from dhtui.engine.wire.bencode import encode
from dhtui.keyring import Entry, Keyring
from dhtui.packets.parts import Link
from dhtui.screens.items.mine_rows import mine_rows
from dhtui.screens.keys.signed import signed_items, signed_lines, signed_links
from dhtui.text.spans import width_of

from ..items.item_stage import ME
from ..items.test_mine import BLOG, lived
from ..snapshots import HOSTILE
from ..stage import SMALL, matches_goldens
from .test_keys import obeyed, texts


async def test_a_key_lists_its_items(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with lived(Path()) as stage:
        ring = Keyring(Path("keys"), clock=lambda: 1_760_000_000.0)
        ring.note_put(ME.public, b"blog", 3)
        ring.note_put(ME.public, b"old", 12)
        await stage.app.action_show("keys")
        await stage.settle()
        await stage.press("G")
        await stage.settle()
        lines = "\n".join(texts(stage.app.screen.query_one("#signed").lines))  # type: ignore[attr-defined]
        assert "✓ blog         seq 3   ████████ 8       ▇▇▇▇▇▆▇ kept" in lines
        assert "· old          seq 12  put 2025-10-09 08:53  not looked" in lines
        await matches_goldens(stage, "keys-items")
        links = [(link.kind, link.value) for link in stage.screen.links()]
        assert ("target", BLOG[2].target) in links


async def test_what_becomes_of_an_item_is_shown_as_it_comes(tmp_path: Path) -> None:
    async with lived(tmp_path, SMALL) as stage:
        follower = stage.app.host.follower
        assert follower is not None
        await stage.app.action_show("keys")
        await stage.settle()
        await stage.press("G")
        await stage.settle()
        assert "seq 3" in stage.text() and "████████ 8" in stage.text()
        await follower.watch(BLOG[2].target, ME.public, b"blog", 60.0)
        await stage.settle()
        assert "kept, watched" in stage.text()


async def test_all_that_is_known_of_a_key_is_listed_once_and_bounded(tmp_path: Path) -> None:
    async with lived(tmp_path) as stage:
        follower, keeper = stage.app.host.follower, stage.app.host.keeper
        ring = Keyring(tmp_path / "keys")
        for number in range(20):
            ring.note_put(ME.public, b"salt %d" % number, number + 1)
        ring.note_put(ME.public, b"blog", 2)
        entry = next(entry for entry in ring.list() if entry.name == "me")
        items = signed_items(entry, mine_rows(follower, keeper, {}, of=ME.public))
        assert [one.salt for one in items].count(b"blog") == 1 and items[0].seq == 3, "the highest that is known"
        lines = texts(signed_lines(items, 78, 5))
        assert len(lines) == 5 and f"and {len(items) - 4} more" in lines[-1]
        assert all(width_of(line) <= 40 for line in signed_lines(items, 40, 30))
        assert len(signed_links(items)) <= 9 and signed_links(items)[0].kind == "target"


def test_a_key_that_nothing_was_put_with_tells_how_to() -> None:
    (line,) = texts(signed_lines([], 78, 5))
    assert line == "Nothing was put with it yet: 6 p puts an item."


def test_a_name_is_whole_where_there_is_room(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    ring.add("me", ME)
    ring.note_put(ME.public, b"", 1)
    ring.note_put(ME.public, b"a salt of many letters", 1)
    items = signed_items(next(entry for entry in ring.list() if entry.name == "me"), ())
    narrow, wide = texts(signed_lines(items, 78, 5)), texts(signed_lines(items, 90, 5))
    assert any("a salt of many …" in line for line in narrow) and any("without a salt " in line for line in narrow)
    assert any("a salt of many letters " in line for line in wide)


def test_a_hostile_salt_is_not_obeyed(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    ring.add("me", ME)
    evil = HOSTILE.encode()[:64]
    ring.note_put(ME.public, evil, 1)
    entry = next(entry for entry in ring.list() if entry.name == "me")
    assert isinstance(entry, Entry) and sign(ME, encode(b""), 1, evil).salt == evil
    items = signed_items(entry, ())
    labels = [link.label for link in signed_links(items)]
    assert Link("target", items[0].target, labels[0]) in signed_links(items)
    assert not obeyed("".join((*texts(signed_lines(items, 78, 5)), *labels)))
