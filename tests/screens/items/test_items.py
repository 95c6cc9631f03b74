"""The items screen: what our node keeps for others, and what is in it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from hashlib import sha1
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input

from dhtui.engine.items import mutable_target
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.outcome import Status
from dhtui.engine.views.snapshot import Holdings, Snapshot, StoredItemView
from dhtui.engine.wire.bencode import encode
from dhtui.items.readback import Gives
from dhtui.packets.parts import Link
from dhtui.screens.dialogs.help import window_help
from dhtui.screens.items import put_rows
from dhtui.screens.items.get_form import GetForm
from dhtui.screens.items.kept_list import KeptList
from dhtui.screens.items.put_form import PutForm
from dhtui.screens.items.put_run import PutRun
from dhtui.screens.items.rows import as_json_lines, fits_target, item_columns, item_details, item_forms, item_links
from dhtui.screens.items.value import FORMS, Form, kind_of, preview, value_lines
from dhtui.text.format import short_id
from dhtui.text.safe import magnet
from dhtui.text.spans import Line, width_of

from .. import snapshots
from ..snapshots import ESCAPES, HOSTILE
from ..stage import LARGE, SMALL, PaperNode, exploring, matches_goldens
from .item_stage import ME, keys

KEY = bytes(range(32))
VALUES = (
    encode(b"hello world"),
    encode("first line\nzweite Zeile\n第三行".encode()),
    encode({b"ih": bytes(range(20)), b"n": [1, -2, [], {}], b"name": b"a torrent"}),
    encode(bytes(range(256))),
    encode(42),
)


def immutable(v: bytes, expires: float = 7000.0) -> StoredItemView:
    """An item as its target wants it."""
    return StoredItemView(sha1(v).digest(), v, None, b"", None, expires)


def mutable(v: bytes, seq: int = 4, salt: bytes = b"blog/1", k: bytes = KEY) -> StoredItemView:
    """An item signed by somebody."""
    return StoredItemView(mutable_target(k, salt), v, k, salt, seq, 3600.0)


def held() -> tuple[StoredItemView, ...]:
    """What a node may keep."""
    return (
        mutable(VALUES[2]),
        mutable(VALUES[1], 2**62, b"\xff\x00salt"),
        mutable(VALUES[0], 1, b"", BEP44_TEST_KEY.public),
        *(immutable(v, 120.0 * n) for n, v in enumerate(VALUES, 1)),
    )


def keeping(items: tuple[StoredItemView, ...] | None = None, view: Snapshot | None = None) -> PaperNode:
    """A node that keeps these."""
    items = held() if items is None else items
    view = view or snapshots.running()
    count = sum(item.k is not None for item in items)
    view = view._replace(store=view.store._replace(mutable=count, immutable=len(items) - count))
    return PaperNode(view, held=Holdings((), items, ()))


def hostile() -> tuple[StoredItemView, ...]:
    """Items from somebody who wants to hurt."""
    evil = HOSTILE.encode()[:900]
    return (
        mutable(encode(evil), salt=ESCAPES.encode()[:64]),
        mutable(encode({evil[:200]: [evil[:200], {evil[:100]: evil[:100]}]}), salt=b"\x1b[2J"),
        immutable(encode(evil)),
        immutable(b"\x1b[2J"),
        immutable(b"d1:a\x1b"),
        immutable(b""),
    )


def texts(lines: Iterable[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def obeyed(text: str) -> set[str]:
    """What a terminal could obey."""
    return {char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}


# ---- values, without a screen ----------------------------------------------------------------------------------


def test_text_is_shown_line_by_line_and_fitted() -> None:
    assert texts(value_lines(VALUES[1], "text", 60)) == ["first line", "zweite Zeile", "第三行"]
    assert texts(value_lines(encode(b"abcdef"), "text", 4)) == ["abcd", "ef"]
    assert texts(value_lines(encode(b""), "text", 4)) == [""]
    assert texts(value_lines(encode("第三行".encode()), "text", 4)) == ["第三", "行"]


def test_hex_shows_every_byte() -> None:
    shown = "".join("".join(text[5:52].split()) for text in texts(value_lines(VALUES[0], "hex", 76)))
    assert shown.startswith(VALUES[0].hex())


def test_a_tree_shows_every_part_with_its_place() -> None:
    assert texts(value_lines(VALUES[2], "tree", 76)) == [
        "dict, 3 keys",
        '├ "ih"  000102030405060708090a0b0c0d0e0f10111213  20 bytes',
        '├ "n"  list, 4 entries',
        "│ ├ 0  1",
        "│ ├ 1  -2",
        "│ ├ 2  list, 0 entries",
        "│ └ 3  dict, 0 keys",
        '└ "name"  "a torrent"  9 bytes',
    ]


def test_a_dns_packet_of_pkarr_is_shown_as_its_records() -> None:
    pytest.importorskip("dns")
    record = b"\x04blog\x00" + bytes.fromhex("0001 0001 0000001e 0004 7f000001")
    v = encode(bytes.fromhex("0000 8400 0000 0001 0000 0000") + record)
    assert texts(value_lines(v, "text", 60)) == ["DNS packet", "blog      30  A     127.0.0.1"]


def test_json_is_shown_where_it_can_be() -> None:
    assert texts(value_lines(VALUES[4], "json", 60)) == ["42"]
    assert texts(value_lines(encode([b"a", 1]), "json", 60)) == ["[", '  "a",', "  1", "]"]
    assert texts(value_lines(b"no bencode", "json", 60))


@pytest.mark.parametrize(
    ("v", "words"),
    [
        (VALUES[0], "a string, 11 bytes"),
        (VALUES[2], "a dictionary, 3 keys"),
        (VALUES[4], "an integer"),
        (encode([1]), "a list, 1 entry"),
    ],
)
def test_the_kind_of_a_value_is_told(v: bytes, words: str) -> None:
    assert kind_of(v) == words


@given(st.binary(max_size=300), st.integers(1, 90))
def test_any_bytes_are_shown_in_any_form_and_none_is_obeyed(v: bytes, width: int) -> None:
    assert not obeyed(preview(v))
    assert kind_of(v)
    for form in FORMS:
        lines = value_lines(v, form, width)
        assert lines or not v
        assert not obeyed("".join(texts(lines)))
        if form == "text" and width > 1:
            assert all(width_of(line) <= width for line in lines)


@pytest.mark.parametrize("form", FORMS)
def test_the_deepest_value_is_shown(form: Form) -> None:
    deep = b"l" * 500 + b"e" * 500
    assert value_lines(deep, form, 70)


def test_no_cell_detail_form_or_link_of_a_hostile_item_is_obeyed() -> None:
    for item in hostile():
        cells = [column.cell(item) for column in item_columns()]
        forms = [text for pair in item_forms(item, "") for text in pair]
        labels = [link.label for link in item_links(item)]
        assert not obeyed("".join((*texts(cells), *texts(item_details(item)), *forms, *labels)))
        assert all(width_of(line) <= 72 or line[0][0].startswith("value") for line in item_details(item)[:3])


def test_an_item_under_a_foreign_target_is_told() -> None:
    good = held()[0]
    assert fits_target(good)
    assert "✓ it is the SHA-1 of the public key and the salt" in "\n".join(texts(item_details(good)))
    assert "✗ it is not" in "\n".join(texts(item_details(good._replace(salt=b"x"))))


def test_the_public_test_key_is_told() -> None:
    assert "anybody can sign with it" in "\n".join(texts(item_details(held()[2])))


def test_an_export_holds_every_item_in_full() -> None:
    lines = [json.loads(line) for line in as_json_lines(held()).splitlines()]
    assert [bytes.fromhex(line["v"]) for line in lines] == [item.v for item in held()]
    assert lines[0]["salt"] == b"blog/1".hex()
    assert lines[-1]["public_key"] is None


# ---- the screen ------------------------------------------------------------------------------------------------


async def test_items_look_as_kept() -> None:
    async with exploring(keeping(), show="items") as stage:
        await matches_goldens(stage, "items-text")
        await stage.press("v")
        await matches_goldens(stage, "items-hex")
        await stage.press("v")
        await matches_goldens(stage, "items-tree")
        await stage.press("v")
        await matches_goldens(stage, "items-json")
        await stage.press("enter")
        await matches_goldens(stage, "items-detail")
    async with exploring(snapshots.running(), show="items") as stage:
        await matches_goldens(stage, "items-empty")


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])
async def test_nothing_in_a_hostile_item_is_obeyed(size: tuple[int, int]) -> None:
    seen = []
    async with exploring(keeping(hostile()), size, show="items") as stage:
        for _ in hostile():
            for key in ("v", "v", "v", "v", "enter", "escape"):
                await stage.press(key)
                seen.append(stage.text())
            await stage.press("j")
        await stage.pilot.press("c")
        await stage.pilot.pause()
        seen += [stage.text(), *stage.toasts()]
        await stage.press("escape")
    assert not obeyed("".join(seen))
    assert r"\x1b[2J" in "".join(seen)


async def test_the_value_follows_the_selection() -> None:
    async with exploring(keeping(), show="items") as stage:
        assert "magnet:?xt=urn:btih:" + bytes(range(20)).hex() in stage.text()
        await stage.press("G")
        assert "\n 42\n" in stage.text()


async def test_an_empty_list_teaches_how_to_put_and_get() -> None:
    async with exploring(snapshots.running(), show="items") as stage:
        text = stage.text()
        assert "p puts an item of yours" in text and "f gets one" in text
        assert "dhtui --do put --val hello --keyname me" in text
        assert "dhtui --do get --public-key HEX" in text
        assert not stage.screen.links()
        assert not stage.screen.copy_forms()
        assert not stage.screen.exports()


async def test_what_is_kept_is_read_once_a_second_only() -> None:
    reads = 0

    class Counting(PaperNode):
        def holdings(self) -> Holdings:
            nonlocal reads
            reads += 1
            return super().holdings()

    node = Counting(keeping().view, held=keeping().held)
    async with exploring(node, show="items") as stage:
        before = reads
        for _ in range(5):
            stage.screen.tick()
        assert reads == before
        await stage.see(node.view._replace(at=node.view.at + 1.0))
        assert reads == before + 1


async def test_a_frozen_list_stays_and_tells_how_many_are_new() -> None:
    async with exploring(keeping(), show="items") as stage:
        await stage.press("j", "space")
        more = keeping((immutable(encode(b"new")), *held()))
        stage.node.held = more.held
        await stage.see(more.view._replace(at=more.view.at + 60))
        assert "8 items kept for others" in stage.text()
        assert "+1 new" in stage.text()
        await stage.press("space")
        assert "9 items kept for others" in stage.text()
        assert "new," not in stage.text()
        assert stage.table("items").model.selected == held()[1]


async def test_links_lead_to_items_by_target_and_by_key() -> None:
    async with exploring(keeping(), show="items") as stage:
        await stage.press("slash", *"no such", "enter")
        wanted = held()[6]
        assert stage.screen.open_link(Link("target", wanted.target, ""))
        await stage.settle()
        assert stage.table("items").model.selected == wanted
        assert stage.screen.here() == Link("target", wanted.target, short_id(wanted.target))
        assert stage.screen.open_link(Link("key", KEY, ""))
        await stage.settle()
        assert stage.table("items").model.selected == held()[0]
        assert [link.kind for link in stage.screen.links()] == ["target", "key"]
        assert not stage.screen.open_link(Link("infohash", wanted.target, ""))


async def test_the_forms_begin_with_the_selected_item(tmp_path: Path) -> None:
    folder = keys(tmp_path)
    items = (
        mutable(VALUES[0], 4, b"blog/1", ME.public),
        immutable(VALUES[1]),
        mutable(VALUES[0], 4, b"\xff", ME.public),
    )
    async with exploring(keeping(items), show="items", keys_folder=folder) as stage:
        await stage.press("f")
        assert stage.app.screen.query_one("#what", Input).value == magnet(ME.public, b"blog/1")
        await stage.press("escape", "p")
        assert "▷ me" in stage.text() and "blog/1" in stage.text()
        await stage.press("escape", "j", "f")
        assert items[1].target.hex() in stage.text()
        await stage.press("escape", "p")
        assert "▷ nobody: immutable" in stage.text()
        await stage.press("escape", "j", "p")
        assert "▷ me" in stage.text() and "hex:ff" in stage.text()


async def test_in_a_folder_that_can_not_be_read_no_key_can_be_chosen(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("no folder")
    async with exploring(keeping(), show="items", keys_folder=tmp_path / "keys") as stage:
        await stage.press("p")
        assert "can't be read" in stage.toasts()[0]
        assert "▷ nobody: immutable" in stage.text()


async def test_an_item_can_be_copied_and_exported() -> None:
    async with exploring(keeping(), show="items") as stage:
        forms = dict(stage.screen.copy_forms())
        item = held()[0]
        assert forms["target"] == item.target.hex()
        assert forms["public key"] == KEY.hex()
        assert forms["magnet link"] == f"magnet:?xs=urn:btpk:{KEY.hex()}&s={b'blog/1'.hex()}"
        assert bytes.fromhex(forms["value, bencoded, in hex"]) == item.v
        exports = {name: content for _, name, content in stage.screen.exports()}
        assert exports[f"{item.target.hex()[:8]}.bencode"]() == item.v
        assert exports["items.jsonl"]().count(b"\n") == len(held())


async def test_tab_goes_to_the_value_and_it_scrolls() -> None:
    async with exploring(keeping((immutable(encode(b"\n".join([b"line"] * 90))),)), show="items") as stage:
        await stage.press("tab", "j", "j")
        assert stage.screen.focused is stage.screen.query_one("#value")
        assert stage.screen.query_one("#value").scroll_offset.y == 2
        await stage.press("tab")
        assert stage.table("items").has_focus


# ---- the signs of windows -------------------------------------------------------------------------------


def test_the_help_of_a_window_explains_the_signs_that_it_shows_and_no_others() -> None:
    of_nodes = {put_rows.mark_of(status)[0] for status in Status} | {put_rows._gives(gives)[0] for gives in Gives}
    assert of_nodes <= {sign for sign, _ in put_rows.SIGNS}
    for window in (PutRun, GetForm, KeptList, PutForm):
        lines = ["".join(text for text, _ in line) for line in window_help(window.ABOUT, window.ACTIONS, window.SIGNS)]
        assert ("Signs" in lines) is bool(window.SIGNS)
        assert not any("free place" in line or "questionable" in line for line in lines), "those of the table"
