"""Own and watched items: one list of what was put, is kept alive and is watched, and all that can be done with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from dhtui.engine.items import ImmutableItem, Item, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.wire.bencode import encode
from dhtui.items.following import MAX_WATCHED, Follower
from dhtui.items.keepalive import Check, CheckVerdict, KeptItem
from dhtui.packets.parts import Link
from dhtui.screens.dialogs.choice import Choice
from dhtui.screens.items.put_form import PutForm
from dhtui.text.format import short_id

from ..snapshots import HOSTILE
from ..stage import SMALL, Stage, exploring, matches_goldens
from .item_stage import ME, WritingNode, keys, node, press, write
from .test_items import keeping, obeyed
from .test_kept import keep

NOW = 1_800_000_000.0
SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 35), (160, 45), (200, 60)], ids=["80x24", "120x35", "160x45", "200x60"]
)
OTHER = PrivateKey.from_seed(bytes(32))
BLOG = tuple(
    sign(ME, encode({b"title": title, b"tags": [b"dht", b"bep44"], b"n": seq}), seq, b"blog")
    for seq, title in ((1, b"hello"), (2, b"hello again"), (3, b"hello for the third time"))
)
STATUS = tuple(
    sign(OTHER, encode(text), seq, b"status") for seq, text in ((6, b"all is well"), (7, b"down\nback at 12"))
)
NOTE = ImmutableItem(encode(b"a note that never changes"))


def near(target: bytes, place: int) -> NodeOutcome:
    """One of the nodes that are nearest to a target, farther with each place."""
    node_id = bytes([target[0], target[1] ^ (place * 7 + 1)]) + bytes([place]) * 18
    return NodeOutcome(addr=(f"203.0.113.{place + 1}", 6881), id=node_id, status=Status.ANSWERED, rtt=0.04, token=b"t")


def look(item: Item, copies: int) -> Outcome:
    """A lookup in which so many of the nearest gave the item."""
    nodes = tuple(
        replace(near(item.target, n), status=Status.VALUE, item=item) if n < copies else near(item.target, n)
        for n in range(8)
    )
    return Outcome(action="get", target=item.target, asked=nodes, closest=nodes, item=item if copies else None)


def stored(item: Item, count: int = 8) -> Outcome:
    """A put that so many of the nearest took."""
    nodes = tuple(near(item.target, n) for n in range(8))
    writes = tuple(replace(one, status=Status.STORED) for one in nodes[:count])
    return Outcome(action="put", target=item.target, asked=nodes, closest=nodes, writes=writes, item=item)


class Clock:
    """Seconds since 1970, that pass when they are told to."""

    now = NOW - 7000

    def __call__(self) -> float:
        return self.now


async def live(follower: Follower, paper: WritingNode) -> None:
    """Two hours of an item that we put and change, one that somebody else changes, and one that was put once."""
    clock = Clock()
    follower.clock = clock
    follower.put(stored(NOTE))
    await follower.watch(STATUS[0].target, OTHER.public, b"status", 600.0)
    blog = (0, 0, 1, 1, 1, 2, 2)
    for step, (of_blog, of_status) in enumerate(((8, 8), (8, 7), (7, 7), (8, 5), (8, 5), (6, 3), (8, 6))):
        clock.now += 900
        ours = BLOG[blog[step]]
        if step in (0, 2, 5):
            follower.put(stored(ours, of_blog))
        else:
            follower.looked(ours, look(ours, of_blog))
        paper.gets = [look(STATUS[step >= 4], of_status)]
        await follower.look(STATUS[0].target)
    clock.now = NOW - 300
    await follower.look(STATUS[0].target)
    paper.gets = [look(NOTE, 2)]
    await follower.look(NOTE.target)
    clock.now = NOW


@asynccontextmanager
async def lived(folder: Path, size: tuple[int, int] = SMALL, others: bool = True) -> AsyncIterator[Stage]:
    """The same, in an explorer."""
    last = Check(at=NOW - 700, verdict=CheckVerdict.ENOUGH, copies=8)
    keep(folder, KeptItem(item=BLOG[2], added=NOW - 7000, due=NOW + 2460, put_at=NOW - 7000, last=last))
    paper = node()
    if others:
        paper.held = keeping().held
    async with exploring(paper, size, show="items", keys_folder=keys(folder), keep_folder=folder) as stage:
        follower, keeper = stage.app.host.follower, stage.app.host.keeper
        assert follower is not None and keeper is not None
        keeper.clock = lambda: NOW
        await live(follower, paper)
        stage.app.clear_notifications()
        await stage.settle()
        await stage.settle()
        yield stage


def named(stage: Stage) -> list[str]:
    """The own items, as the list names them."""
    return [row.name for row in stage.table("mine").model.rows]


async def test_own_items_look_as_kept(tmp_path: Path) -> None:
    async with lived(tmp_path / "busy") as stage:
        await matches_goldens(stage, "items-mine")
        await stage.press("j")
        await matches_goldens(stage, "items-mine-watched")
    async with lived(tmp_path / "alone", others=False) as stage:
        await stage.press("j", "j")
        await matches_goldens(stage, "items-mine-put-once")


async def test_every_item_put_kept_or_watched_is_in_one_list(tmp_path: Path) -> None:
    async with lived(tmp_path) as stage:
        mine = stage.table("mine")
        assert [(row.care.value, row.seq, row.copies) for row in mine.model.rows] == [
            ("kept", 3, 8),
            ("watched", 7, 6),
            ("not kept", None, 2),
        ]
        assert named(stage)[0] == "me/blog", "by the name of the key"
        assert mine.has_focus, "they lead"


async def test_what_another_changed_stands_out_until_it_is_looked_at(tmp_path: Path) -> None:
    async with lived(tmp_path) as stage:
        assert "≠ 1 changed" in stage.text() and stage.table("mine").model.rows[1].condition.value == "changed"
        await stage.press("j")
        assert "seq 7  07:18:20  put by another" in stage.text()
        assert "≠ 1 changed" not in stage.text()


async def test_the_history_shows_what_each_value_changed(tmp_path: Path) -> None:
    async with lived(tmp_path, (160, 45)) as stage:
        text = stage.text()
        assert '-   "title": "hello again"' in text and '+   "title": "hello for the third time"' in text
        assert "seq 3  07:33:20  put by us" in text and "3 values seen" in text
        assert "▲ 8 holders" in text
        await stage.press("enter")
        assert "3 values seen" in stage.text(), "the window has it too"


async def test_a_put_leaves_a_row_though_it_is_immutable(tmp_path: Path) -> None:
    paper = node(puts=[stored(NOTE)])
    async with exploring(paper, show="items", keys_folder=keys(tmp_path)) as stage:
        await stage.press("p")
        await write(stage, "a note that never changes")
        await stage.press("ctrl+s", "escape", "escape")
        assert named(stage) == [short_id(NOTE.target)] and stage.table("mine").has_focus
        assert "Nobody here keeps it alive" in stage.text()


async def test_a_row_is_looked_for_now(tmp_path: Path) -> None:
    async with lived(tmp_path) as stage:
        assert isinstance(stage.node, WritingNode)
        await stage.press("j", "j")
        stage.node.gets = [look(NOTE, 5)]
        await stage.press("r")
        assert stage.node.reads[-1] == (NOTE.target, b"read back"), "to the end, not to the first copy"
        assert stage.table("mine").model.rows[2].copies == 5


async def test_a_row_is_watched_and_no_more(tmp_path: Path) -> None:
    async with lived(tmp_path) as stage:
        follower = stage.app.host.follower
        assert follower is not None
        await press(stage, "w")
        await stage.until(lambda: isinstance(stage.app.screen, Choice))
        await stage.press("2")
        record = follower.of(BLOG[2].target)
        assert record is not None and record.watch is not None and record.watch.every == 600.0
        assert stage.table("mine").model.rows[0].care.value == "kept, watched"
        await press(stage, "w")
        await stage.until(lambda: isinstance(stage.app.screen, Choice))
        await stage.press("2")
        record = follower.of(BLOG[2].target)
        assert record is not None and record.watch is None, "it stays in the list, being ours"
        await stage.press("u")
        record = follower.of(BLOG[2].target)
        assert record is not None and record.watch is not None and record.watch.every == 600.0


async def test_a_row_is_kept_paused_and_let_go(tmp_path: Path) -> None:
    async with lived(tmp_path) as stage:
        keeper = stage.app.host.keeper
        assert keeper is not None
        await stage.press("j", "a")
        assert [kept.target for kept in keeper.items] == [BLOG[2].target, STATUS[1].target]
        assert "kept alive from now on" in stage.toasts()[-1]
        await stage.press("P")
        assert keeper.items[1].paused and stage.table("mine").model.rows[1].care.value == "watched"
        await stage.press("P")
        assert not keeper.items[1].paused
        await press(stage, "a")
        await stage.until(lambda: isinstance(stage.app.screen, Choice))
        await stage.press("2")
        assert [kept.target for kept in keeper.items] == [BLOG[2].target]
        await stage.press("u")
        assert [kept.target for kept in keeper.items] == [BLOG[2].target, STATUS[1].target]


async def test_a_row_is_put_anew_over_the_value_that_was_seen(tmp_path: Path) -> None:
    async with lived(tmp_path) as stage:
        await stage.press("p")
        assert isinstance(stage.app.screen, PutForm)
        await write(stage, "next")
        text = stage.text()
        assert "▷ me" in text and "blog" in text and "seq 3 only, as seen: cas" in text


async def test_a_row_leads_to_its_lookup_and_its_links_to_a_row(tmp_path: Path) -> None:
    async with lived(tmp_path) as stage:
        view = stage.node.view
        lookup = view.lookups[0]._replace(number=9, kind="get", target=BLOG[2].target)
        await stage.see(view._replace(lookups=(lookup, *view.lookups)))
        kinds = [(link.kind, link.value) for link in stage.screen.links()]
        assert kinds == [("lookup", 9), ("target", BLOG[2].target), ("key", ME.public)]
        assert dict(stage.screen.copy_forms())["public key"] == ME.public.hex()
        assert stage.screen.open_link(Link("target", NOTE.target, ""))
        await stage.settle()
        assert stage.screen.here() == Link("target", NOTE.target, short_id(NOTE.target))


async def test_too_many_watched_items_are_refused_with_the_bound(tmp_path: Path) -> None:
    async with lived(tmp_path) as stage:
        follower = stage.app.host.follower
        assert follower is not None
        for number in range(MAX_WATCHED - 1):
            await follower.watch(bytes([number]) * 20, None, b"", 600.0)
        await stage.settle()
        assert stage.screen.open_link(Link("target", NOTE.target, ""))
        await press(stage, "w")
        await stage.until(lambda: isinstance(stage.app.screen, Choice))
        await stage.press("1")
        assert f"at most {MAX_WATCHED} items can be watched" in stage.toasts()[-1]


async def test_on_a_testnet_items_are_kept_alive_until_it_ends() -> None:
    async with exploring(node(), show="items", on_testnet=True) as stage:
        keeper = stage.app.host.keeper
        assert keeper is not None and not keeper.lasts
        assert await keeper.add(NOTE, put=True)
        await stage.settle()
        assert named(stage) == [short_id(NOTE.target)] and "kept" in stage.text()


@SIZES
async def test_nothing_of_a_hostile_item_is_obeyed(size: tuple[int, int], tmp_path: Path) -> None:
    evil = [
        sign(OTHER, encode({HOSTILE.encode()[:200]: [HOSTILE.encode()[:200], seq]}), seq, b"\x1b[2J\x07")
        for seq in (1, 2)
    ]
    paper = node()
    texts = []
    async with exploring(paper, size, show="items", keys_folder=keys(tmp_path)) as stage:
        follower = stage.app.host.follower
        assert follower is not None
        await follower.watch(evil[0].target, OTHER.public, evil[0].salt, 60.0)
        for item in evil:
            paper.gets = [look(item, 8)]
            await follower.look(item.target)
        await stage.settle()
        texts += [stage.text(), *stage.toasts()]
        for key in ("v", "v", "v", "v", "enter", "escape", "tab", "tab", "G"):
            await stage.press(key)
            texts.append(stage.text())
    assert not obeyed("".join(texts)) and r"\x1b[2J" in "".join(texts)


async def test_watched_items_are_there_after_a_restart(tmp_path: Path) -> None:
    async with lived(tmp_path):
        pass
    async with exploring(node(), keys_folder=tmp_path / "keys", keep_folder=tmp_path) as stage:
        follower = stage.app.host.follower
        assert follower is not None
        await stage.until(lambda: len(follower.items) == 1)
        await stage.settle()
        assert "≠ 1 changed" in stage.text(), "what was not looked at before"
        await stage.press("6")
        assert [row.care.value for row in stage.table("mine").model.rows] == ["watched", "kept"]
        assert "put by another" in stage.text() and "≠ 1 changed" not in stage.text()
