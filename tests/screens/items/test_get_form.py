"""The get form: what can be named, who gave what, how far they agree, and what changes while it is watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.apart import PATIENCE

from dhtui.engine.items import Item, MutableItem, mutable_target, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.views.snapshot import StepView
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.faults import Note, NoteKind
from dhtui.errors import UsageError
from dhtui.items.following.record import newer
from dhtui.keyring import Entry
from dhtui.keyring.zbase32 import encode_public
from dhtui.packets.parts import Link
from dhtui.screens.items.get_form import GetForm
from dhtui.screens.items.get_request import read_get
from dhtui.screens.items.get_rows import answer_rows, answers_title
from dhtui.text.item_words import change_words
from dhtui.text.safe import magnet

from ..snapshots import HOSTILE
from ..stage import LARGE, SMALL, Stage, exploring, matches_goldens
from .item_stage import (
    ME,
    TARGET,
    WritingNode,
    at,
    detail,
    gave,
    keys,
    node,
    nothing_there,
    outcome,
    press,
    verdict,
    write,
)
from .test_items import obeyed

NOW = 1_800_000_000.0
SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])
ENTRY = Entry("me", ME.public, "seed", None, None)
ONE, TWO = (sign(ME, encode({b"ih": bytes(range(20)), b"n": n}), n) for n in (1, 2))
RIVAL = sign(ME, encode(b"rival"), 2)


@asynccontextmanager
async def getting(paper: WritingNode, folder: Path, size: tuple[int, int] = SMALL) -> AsyncIterator[Stage]:
    """An explorer with the get form open."""
    async with exploring(paper, size, show="items", keys_folder=folder) as stage:
        await stage.press("f")
        assert isinstance(stage.app.screen, GetForm)
        yield stage


def mixed() -> Outcome:
    """All kinds of answers."""
    asked: list[NodeOutcome] = [
        gave(0, TWO),
        gave(1, TWO),
        gave(2, ONE, Status.OLDER),
        at(3, Status.BAD_SIGNATURE, note=Note(NoteKind.FORGED)),
        at(4, Status.ANSWERED, token=b"t"),
        at(5, Status.REFUSED, code=203, message=b"\x1b[31mno"),
        at(6, Status.TIMED_OUT),
        at(7, Status.BAD_VALUE, note=Note(NoteKind.WRONG_HASH)),
    ]
    return outcome(asked, item=TWO)


# ---- what is asked for -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["me", ME.public.hex(), encode_public(ME.public), magnet(ME.public, b"blog")],
    ids=["name", "hex", "z-base-32", "magnet"],
)
def test_a_mutable_item_is_named_in_many_ways(text: str) -> None:
    request = read_get(f" {text} ", "blog", "", [ENTRY])
    assert request.target == mutable_target(ME.public, b"blog") and request.salt == b"blog"
    assert 'with the salt "blog"' in request.words and request.every is None


def test_an_immutable_item_is_named_by_its_target() -> None:
    request = read_get(TARGET.hex(), "", "60s", [])
    assert (request.target, request.salt, request.every) == (TARGET, b"", 60.0)


@pytest.mark.parametrize(
    ("text", "salt", "every", "words"),
    [
        ("", "", "", "type a target"),
        ("nobody", "", "", "neither a target"),
        ("self", "", "", "self is a node"),
        ("12" * 19, "", "", "neither a target"),
        ("zz" * 32, "", "", "is not a public key"),
        ("magnet:?xt=urn:btih:" + "12" * 20, "", "", "names a torrent"),
        ("magnet:?xs=urn:btpk:12", "", "", "is not a public key"),
        (magnet(ME.public, b"blog"), "other", "", "not that of the magnet link"),
        ("me", "s" * 65, "", "at most 64"),
        ("me", "", "0.1", "at least a second"),
    ],
)
def test_what_names_no_item_is_told(text: str, salt: str, every: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_get(text, salt, every, [ENTRY])


# ---- what is said about it ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "text"),
    [
        (ONE, ONE, ""),
        (None, None, ""),
        (ONE, TWO, "seq 1 became 2"),
        (TWO, ONE, "only seq 1 is given now, 2 had been; that one is shown"),
        (TWO, RIVAL, "another value with the same seq 2: two writers have met"),
        (None, ONE, "it is there now, seq 1"),
        (TWO, None, "nobody gives it any more; the last one known is shown"),
    ],
)
def test_a_change_is_told(before: MutableItem | None, now: MutableItem | None, text: str) -> None:
    assert change_words(before, now) == text


@pytest.mark.parametrize(
    ("before", "now", "shown"),
    [(None, ONE, ONE), (TWO, ONE, TWO), (ONE, TWO, TWO), (TWO, None, TWO), (TWO, RIVAL, RIVAL)],
)
def test_the_newest_wins(before: Item | None, now: Item | None, shown: Item) -> None:
    assert newer(before, now) == shown


# ---- the form ----------------------------------------------------------------------------------------------


async def test_the_form_looks_as_kept(tmp_path: Path) -> None:
    paper = node(gets=[mixed()])
    paper.gate.clear()
    paper.steps = [detail(running=True)]
    async with getting(paper, keys(tmp_path)) as stage:
        await matches_goldens(stage, "get-form-blank")
        await write(stage, "nonsense", "what")
        await matches_goldens(stage, "get-form-error")
        await write(stage, "me", "what")
        await press(stage, "enter")
        screen = stage.app.screen
        assert isinstance(screen, GetForm)
        screen.tick()
        await stage.pilot.pause()
        await matches_goldens(stage, "get-form-lookup")
        paper.gate.set()
        await stage.settle()
        await matches_goldens(stage, "get-form-answers")
        await stage.press("tab", "tab", "tab", "v", "v")
        await matches_goldens(stage, "get-form-tree")


async def test_an_item_is_got_by_the_name_of_a_key_and_shown(tmp_path: Path) -> None:
    paper = node(gets=[mixed()])
    async with getting(paper, keys(tmp_path)) as stage:
        await write(stage, "me", "what")
        await write(stage, "blog", "salt")
        assert mutable_target(ME.public, b"blog").hex()[:20] in stage.text()
        await stage.press("enter")
        assert paper.reads == [(mutable_target(ME.public, b"blog"), b"blog")]
        text = stage.text()
        assert verdict(stage) == "✓ verified; 2 nodes had it, 1 an older one, 2 one that is not genuine, 1 nothing"
        assert "older value, seq 1" in text and "bad signature: the signature does not hold" in text
        assert "magnet:?xt=urn:btih:" + bytes(range(20)).hex() in text
        await stage.press("escape")
        assert stage.screen.view.name == "items"


async def test_what_nobody_has_is_told(tmp_path: Path) -> None:
    async with getting(node(gets=[outcome(nothing_there())]), keys(tmp_path)) as stage:
        await write(stage, TARGET.hex(), "what")
        await stage.press("enter")
        assert "✗ value not found: 8 of 8 nodes answered" in stage.text() and "has nothing" in stage.text()


async def test_one_answer_is_shown_in_full(tmp_path: Path) -> None:
    async with getting(node(gets=[mixed()]), keys(tmp_path)) as stage:
        await write(stage, "me", "what")
        await stage.press("enter", "tab", "tab", "tab", "j", "j", "j", "enter")
        assert "bad signature: the signature does not hold" in stage.text() and "node 203.0.113.4:6885" in stage.text()


async def test_a_watched_item_reports_its_changes(tmp_path: Path) -> None:
    rung = []
    gets = [outcome([gave(0, item)], item=item) for item in (ONE, ONE, TWO, ONE)]
    async with getting(node(gets=gets), keys(tmp_path), LARGE) as stage:
        follower = stage.app.host.follower
        assert follower is not None
        stage.app.bell = lambda: rung.append(len(stage.toasts()))  # type: ignore[method-assign]
        follower.clock = lambda: NOW
        await write(stage, "me", "what")
        await write(stage, "60s", "every")
        assert "watched every 60 s" in stage.text()
        await stage.press("enter")
        assert stage.screen.view.name == "items", "it is watched behind, not in a window"
        assert "is watched every 1m, as one of 1, at most 32" in stage.toasts()[-1]
        (record,) = follower.items
        assert record.watch is not None and record.watch.every == 60.0
        for look, shown in enumerate(("", "", "seq 1 became 2", "only seq 1 is given now, 2 had been"), 1):
            toasts = len(stage.toasts())
            await follower.look(ONE.target)
            await stage.settle()
            assert [shown in toast for toast in stage.toasts()[toasts:]] == ([True] if shown else [])
            assert len(rung) == max(0, look - 2)
        assert '"n": 2' in stage.text(), "the newest wins"
        assert "seq 2" in stage.text() and "put by another" in stage.text()


async def test_closing_ends_what_is_under_way(tmp_path: Path) -> None:
    paper = node(gets=[mixed()])
    paper.gate.clear()
    async with getting(paper, keys(tmp_path)) as stage:
        await write(stage, "me", "what")
        await press(stage, "enter")
        async with asyncio.timeout(PATIENCE):
            while not paper.reads:
                await stage.pilot.pause()
        await stage.press("escape")
        assert paper.cancelled == 1
        await stage.press("escape")
        assert not isinstance(stage.app.screen, GetForm)


@SIZES
async def test_nothing_that_nodes_say_is_obeyed(size: tuple[int, int], tmp_path: Path) -> None:
    evil = sign(PrivateKey.from_seed(bytes(32)), encode({HOSTILE.encode()[:200]: HOSTILE.encode()[:300]}), 5)
    asked = [gave(0, evil), *(at(n, Status.REFUSED, code=201, message=HOSTILE.encode()) for n in range(1, 8))]
    texts = []
    async with getting(
        node(gets=[outcome(asked, item=evil, problem=ValueError(HOSTILE))]), keys(tmp_path), size
    ) as stage:
        await write(stage, HOSTILE[:100], "what")
        texts.append(stage.text())
        await write(stage, TARGET.hex(), "what")
        await stage.press("enter", "tab", "tab", "tab")
        for _ in range(4):
            texts.append(stage.text())
            await stage.press("v")
        await stage.press("j", "enter")
        texts.append(stage.text())
    assert not obeyed("".join(texts))
    assert r"\x1b[2J" in "".join(texts)


# ---- ways to it --------------------------------------------------------------------------------------------


async def test_a_link_to_an_item_that_is_not_kept_here_opens_the_form(tmp_path: Path) -> None:
    for link, typed in (
        (Link("target", TARGET, "it"), TARGET.hex()),
        (Link("key", ME.public, "it"), ME.public.hex()),
    ):
        async with exploring(node(), show="items", keys_folder=keys(tmp_path / link.kind)) as stage:
            assert stage.screen.open_link(link)
            await stage.settle()
            assert isinstance(stage.app.screen, GetForm)
            assert typed in stage.text()


def test_a_node_that_answered_late_is_said_to_have_as_on_every_screen() -> None:
    """What it said when the get ended, cancelled, is not true any more."""
    asked = [gave(0, ONE), at(1, Status.CANCELLED), at(2, Status.CANCELLED)]
    ended = outcome(asked, item=ONE)
    steps = [
        StepView(
            addr=one.addr, id=one.id, bits=None, parent=None, hop=0, again=False, sent=0.01, stalled=None, ended=end,
            result=result, nodes=0, found=None, code=None, late=late,
        )
        for one, end, result, late in zip(
            asked, (0.02, 0.05, None), (Status.VALUE, Status.ANSWERED, None), (False, True, False), strict=True
        )
    ]  # fmt: skip
    over = detail(running=False)
    over = over._replace(view=over.view._replace(elapsed=0.03), steps=tuple(steps))
    rows = answer_rows(ended, over)
    assert [row.mark[0] for row in rows] == ["✓", "□", "–"]
    assert rows[1].words == "late: answered when the lookup was over" and rows[1].rtt == pytest.approx(0.04)
    assert answers_title(ended, rows) == "3 nodes asked, 1 answered, 1 late; nearest first"
    assert [row.mark[0] for row in answer_rows(ended)] == ["✓", "–", "–"]
