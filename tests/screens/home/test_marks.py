"""Bookmarks on Home: what is known of each now, and where it leads."""

from __future__ import annotations

from dhtui.packets.parts import Link
from dhtui.screens.home.marks import MARK_COLUMNS, mark_rows
from dhtui.storage.memory import MAX_NAMED, Bookmark
from dhtui.text.keyspace import near

from ..snapshots import ESCAPES, OWN, running
from ..stage import SMALL, exploring, matches_goldens


def told(bookmarks: dict[str, Bookmark]) -> list[list[str]]:
    rows = mark_rows(bookmarks, running())
    return [["".join(text for text, _ in column.cell(row)) for column in MARK_COLUMNS] for row in rows]


def test_what_is_known_of_each_is_told_the_newest_first() -> None:
    view = running()
    node, lookup = view.table.buckets[0].nodes[0], view.lookups[-1]
    rows = told(
        {
            "router": Bookmark("node", node.id.hex()),
            "stranger": Bookmark("address", "192.0.2.1:6881"),
            "list": Bookmark("infohash", lookup.target.hex()),
            "mine": Bookmark("key", "77" * 32),
        }
    )
    assert [row[0] for row in rows] == ["mine", "list", "stranger", "router"]
    assert [row[1] for row in rows] == ["key", "infohash", "address", "node"]
    assert rows[3][2] == node.id.hex() and rows[3][3].startswith("✓ 45 ms, seen ")
    assert rows[2][2:] == ["192.0.2.1:6881", "not in our table"]
    assert lookup.kind in rows[1][3] and rows[1][3].endswith(" ago")
    assert rows[0][3] == "not looked up lately"


def test_ids_have_the_ramp_of_nearness() -> None:
    (row,) = mark_rows({"me": Bookmark("node", OWN.hex())}, running())
    assert MARK_COLUMNS[2].cell(row) == ((OWN.hex(), near(OWN, OWN)),)


def test_what_was_edited_by_hand_is_harmless() -> None:
    rows = told({ESCAPES: Bookmark("address", "192.0.2.1:1"), "broken": Bookmark("address", ESCAPES)})
    assert len(rows) == 1 and rows[0][0].isprintable()
    many = {str(n): Bookmark("address", f"192.0.2.1:{n + 1}") for n in range(MAX_NAMED)}
    assert len(told(many)) == MAX_NAMED


async def test_they_are_on_home_and_lead_on() -> None:
    view = running()
    node = view.table.buckets[0].nodes[0]
    async with exploring(view, SMALL) as stage:
        memory = stage.app.host.memory
        assert not stage.table("marks").display
        await stage.press("tab")
        assert stage.table("now").has_focus
        memory.bookmarks |= {
            "router": Bookmark("address", f"{node.addr[0]}:{node.addr[1]}"),
            "the list": Bookmark("infohash", view.lookups[0].target.hex()),
        }
        await matches_goldens(stage, "home-bookmarks")
        await stage.press("tab", "down")
        await matches_goldens(stage, "home-bookmarks-focused")
        assert stage.table("marks").has_focus and stage.screen.links() == (Link("address", node.addr, "router"),)
        await stage.press("enter")
        assert stage.screen.view.name == "table" and stage.table("nodes").has_focus
        await stage.press("1", "asterisk")
        assert list(memory.bookmarks) == ["the list"]
        await stage.press("u")
        assert set(memory.bookmarks) == {"router", "the list"} and "is there again" in stage.toasts()[-1]
        memory.bookmarks.clear()
        await stage.settle()
        assert stage.table("now").has_focus and not stage.table("marks").display
