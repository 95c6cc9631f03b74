"""The put form: what it shows while one types, while it puts, and afterwards; conflicts; keys with a passphrase."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from dhtui.app import Explorer
from dhtui.engine.items import Draft, ImmutableItem, MutableItem, mutable_target, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.node import Node
from dhtui.engine.outcome import Outcome, Status
from dhtui.engine.settings import NodeConfig
from dhtui.engine.testnet import Testnet
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.faults import Note, NoteKind
from dhtui.items.conflict import Whose, whose
from dhtui.items.file import write as write_item
from dhtui.items.keepalive import Keeper
from dhtui.keyring import Keyring
from dhtui.keyring.seal import Cost
from dhtui.runtime.host import Nodes
from dhtui.screens.items.conflict_view import ConflictView
from dhtui.screens.items.put_form import PutForm
from dhtui.screens.items.put_run import PutRun
from dhtui.screens.keys.passphrase_form import UnlockForm
from dhtui.text.safe import magnet
from dhtui.widgets.pick import Pick

from ..snapshots import HOSTILE
from ..stage import LARGE, SMALL, Stage, exploring, matches_goldens
from .item_stage import (
    ME,
    NODES,
    WritingNode,
    at,
    detail,
    gave,
    keys,
    node,
    nothing_there,
    outcome,
    press,
    stored,
    verdict,
    write,
    writing,
)
from .test_items import obeyed

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])
HELLO = encode(b"hello world")
OURS, UPDATE = sign(ME, HELLO, 1), sign(ME, HELLO, 2)
BASE, THEIRS, LATER = (sign(ME, encode(v), seq) for v, seq in ((b"base", 1), (b"theirs\nsecond line", 2), (b"more", 3)))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quick derivation of keys from passphrases."""

    def derive(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
        return sha256(salt + passphrase).digest()

    monkeypatch.setattr("dhtui.keyring.seal._derive", derive)


@asynccontextmanager
async def putting(
    paper: WritingNode, folder: Path, size: tuple[int, int] = SMALL, *, signed: bool = True
) -> AsyncIterator[Stage]:
    """An explorer with the put form open; with the key chosen, if it is to be `signed`."""
    async with exploring(paper, size, show="items", keys_folder=folder) as stage:
        assert stage.app.host.follower is not None
        stage.app.host.follower.clock = lambda: 1_800_000_000.0
        await stage.press("p")
        if signed:
            choose(stage, "signer", 2)
        await stage.settle()
        yield stage


def choose(stage: Stage, name: str, place: int) -> None:
    """Chooses as the keys left and right would."""
    pick = stage.app.screen.query_one(f"#{name}", Pick)
    pick.choose(place)
    pick.post_message(Pick.Changed(pick))


def refused(item: MutableItem) -> Outcome:
    """A put that met another writer: some took it, some refused, one was silent, one gave no token."""
    asked = [gave(place, BASE) for place in range(8)]
    return outcome(
        asked,
        [
            *(at(place, Status.STORED) for place in range(3)),
            at(3, Status.REFUSED, code=302, message=b"sequence number less than current"),
            at(4, Status.REFUSED, code=301, message=b"\x1b[2Jcas\n"),
            at(5, Status.REFUSED, code=205, message=b""),
            at(6, Status.TIMED_OUT),
            at(7, Status.NO_TOKEN, note=Note(NoteKind.NO_TOKEN)),
        ],
        item,
    )


# ---- looks -----------------------------------------------------------------------------------------------------


async def test_the_form_looks_as_kept(tmp_path: Path) -> None:
    async with putting(node(), keys(tmp_path)) as stage:
        await matches_goldens(stage, "put-form-blank")
        await write(stage, "hello world")
        await write(stage, "blog/1", "salt")
        await matches_goldens(stage, "put-form-typed")
        choose(stage, "form", 2)
        await write(stage, '{"a": 1.5}')
        await matches_goldens(stage, "put-form-error")


async def test_a_put_under_way_looks_as_kept(tmp_path: Path) -> None:
    paper = node(puts=[refused(UPDATE)])
    paper.gate.clear()
    paper.steps = [detail(running=True)]
    async with putting(paper, keys(tmp_path)) as stage:
        await write(stage, "hello world")
        await press(stage, "ctrl+s")
        await stage.pilot.pause()
        await matches_goldens(stage, "put-run-lookup")
        paper.steps = []
        paper.lookups = {9: detail(running=False)}
        paper.view = writing(paper.view, 5)
        screen = stage.app.screen
        assert isinstance(screen, PutRun)
        screen._follow(detail(running=False).view)
        await stage.pilot.pause()
        await matches_goldens(stage, "put-run-writing")
        paper.view = writing(paper.view, 0)
        paper.gets = [outcome([gave(3, BASE)])]
        paper.gate.set()
        await stage.settle()
        await matches_goldens(stage, "put-run-done")


async def test_a_conflict_looks_as_kept(tmp_path: Path) -> None:
    paper = node(puts=[stored(BASE), refused(UPDATE)])
    async with putting(paper, keys(tmp_path)) as stage:
        await write(stage, "base")
        await press(stage, "ctrl+s")
        await stage.settle()
        await stage.press("enter")
        paper.gets = [outcome([gave(3, THEIRS)], item=THEIRS)]
        await write(stage, "hello world")
        await press(stage, "ctrl+s")
        await stage.settle()
        assert isinstance(stage.app.screen, ConflictView)
        await matches_goldens(stage, "put-conflict")


async def until(stage: Stage, kind: type[object]) -> None:
    """Waits for a thread that leads to a screen."""
    await stage.until(lambda: isinstance(stage.app.screen, kind))
    await stage.pilot.pause()


async def seen(stage: Stage, text: str) -> None:
    """Waits for a thread that leads to a text."""
    await stage.until(lambda: text in stage.text())


# ---- what is put -----------------------------------------------------------------------------------------------


async def test_an_immutable_item_is_put_without_a_key(tmp_path: Path) -> None:
    paper = node(puts=[stored(ImmutableItem(HELLO))])
    async with putting(paper, keys(tmp_path), signed=False) as stage:
        await stage.press(*"hello", "space", *"world")
        assert "14 of 1000 bytes" in stage.text() and ImmutableItem(HELLO).target.hex() in stage.text()
        assert "nobody can ever change" in verdict(stage)
        await stage.press("ctrl+s")
        assert paper.asked == [ImmutableItem(HELLO)]
        assert verdict(stage) == "✓ stored on 8 of 8 nodes, 1 needed"
        await stage.press("escape", "escape")
        assert stage.screen.view.name == "items"


async def test_a_draft_knows_the_seq_that_is_noted_and_the_use_is_noted(tmp_path: Path) -> None:
    folder = keys(tmp_path)
    ring = Keyring(folder)
    ring.note_put(ME.public, b"blog", 41)
    item = sign(ME, HELLO, 42, b"blog")
    paper = node(puts=[stored(item)])
    async with putting(paper, folder) as stage:
        await write(stage, "hello world")
        await write(stage, "blog", "salt")
        assert "at least seq 42, 41 is noted here" in verdict(stage)
        await stage.press("enter")
        assert paper.asked == [Draft(HELLO, ME, b"blog", known=41)]
    assert next(use.seq for use in ring.list()[1].uses if use.salt == b"blog") == 42


async def test_once_a_value_was_seen_an_update_is_offered_of_just_that(tmp_path: Path) -> None:
    paper = node(puts=[stored(OURS), stored(sign(ME, encode(b"two"), 2))])
    async with putting(paper, keys(tmp_path)) as stage:
        await write(stage, "hello world")
        assert "whatever is there" in stage.text() and "cas" not in stage.text()
        await stage.press("ctrl+s", "enter")
        assert "seq 1 only, as seen: cas" in stage.text()
        await write(stage, "two")
        await stage.press("ctrl+s")
        assert paper.asked[-1] == Draft(encode(b"two"), ME, known=1, base=1)
        await stage.press("enter")
        choose(stage, "over", 1)
        await write(stage, "three")
        await stage.press("ctrl+s")
        assert paper.asked[-1] == Draft(encode(b"three"), ME, known=2)
        await stage.press("enter")
        await write(stage, "other", "salt")
        assert "cas" not in stage.text(), "of another item nothing was seen"


async def test_a_dry_run_stores_nothing_and_shows_what_is_there(tmp_path: Path) -> None:
    paper = node(gets=[outcome([gave(0, OURS), *nothing_there()[1:]], item=OURS)])
    async with putting(paper, keys(tmp_path)) as stage:
        await write(stage, "hello world")
        choose(stage, "todo", 1)
        await stage.press("ctrl+s")
        assert paper.reads == [(mutable_target(ME.public), b"")] and not paper.asked
        text = stage.text()
        assert "a dry run stores nothing" in text and "value, seq 1" in text and "has nothing" in text
        assert "it would go to 8 nodes as seq 2; seq 1 is there now" in verdict(stage)
        await stage.press("enter")
        assert "seq 1 only, as seen: cas" in stage.text()


async def test_too_few_nodes_are_no_success(tmp_path: Path) -> None:
    async with putting(node(puts=[stored(OURS, 3)]), keys(tmp_path)) as stage:
        await write(stage, "hello world")
        await write(stage, "4", "nodes")
        assert "4 nodes must take it" in verdict(stage)
        await stage.press("enter")
        assert verdict(stage) == "✗ stored on 3 of 3 nodes, at least 4 were wanted"


async def test_where_nobody_answers_the_remedy_is_told(tmp_path: Path) -> None:
    silent = outcome([at(place, Status.TIMED_OUT) for place in range(3)], action="put")
    async with putting(node(puts=[silent]), keys(tmp_path)) as stage:
        await write(stage, "hello world")
        await stage.press("ctrl+s")
        assert "✗ 0 of 3 nodes answered; Home tells" in verdict(stage)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"value": "x" * 997}, "takes 1001 bytes bencoded, at most 1000"),
        ({"value": "x", "salt": "s" * 65}, "the salt has 65 bytes, at most 64"),
        ({"value": "x", "seq": "-1"}, "is not a whole number from 0 to"),
        ({"value": "x", "nodes": "0"}, "is not a whole number from 1 to 20"),
        ({"value": ""}, "type a value"),
    ],
)
async def test_what_can_not_be_put_is_told_and_not_put(fields: dict[str, str], words: str, tmp_path: Path) -> None:
    paper = node()
    async with putting(paper, keys(tmp_path)) as stage:
        for name, text in fields.items():
            await write(stage, text, name)
        assert words in verdict(stage)
        await stage.press("ctrl+s")
        assert isinstance(stage.app.screen, PutForm) and not paper.asked


async def test_a_seq_below_the_noted_one_is_a_mistake(tmp_path: Path) -> None:
    folder = keys(tmp_path)
    Keyring(folder).note_put(ME.public, b"", 9)
    async with putting(node(), folder) as stage:
        await write(stage, "x")
        await write(stage, "8", "seq")
        assert "seq 8 is lower than 9, the last one put with this key and salt" in verdict(stage)


# ---- files -----------------------------------------------------------------------------------------------------


async def test_a_value_comes_from_a_file_as_it_is_when_it_is_put(tmp_path: Path) -> None:
    file = tmp_path / "value.json"
    file.write_text('{"b": [1], "a": "x"}')
    paper = node(puts=[stored(OURS)])
    async with putting(paper, keys(tmp_path)) as stage:
        choose(stage, "source", 1)
        choose(stage, "form", 2)
        await write(stage, str(file))
        assert "✓ signs it as me" in verdict(stage) and "d1:a1:x1:bli1eee" in stage.text()
        file.write_text("[2]")
        await stage.press("enter")
        assert paper.asked[0].v == b"li2ee"


async def test_what_is_no_file_is_told_and_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "big").write_bytes(b"x" * 1001)
    async with putting(node(), keys(tmp_path)) as stage:
        choose(stage, "source", 1)
        for name, words in (("none", "there is no file"), ("pipe", "there is no file"), ("big", "more than 1000")):
            await write(stage, str(tmp_path / name))
            assert words in verdict(stage)
        await write(stage, "-")
        assert "there is no file" in verdict(stage)


async def test_a_file_that_was_signed_elsewhere_needs_no_key(tmp_path: Path) -> None:
    stranger = PrivateKey.from_seed(bytes(32))
    item = sign(stranger, HELLO, 7, b"blog")
    write_item(tmp_path / "item.json", item)
    paper = node(puts=[stored(item)])
    async with putting(paper, keys(tmp_path)) as stage:
        choose(stage, "source", 2)
        await write(stage, str(tmp_path / "item.json"))
        assert item.target.hex() in stage.text() and stranger.public.hex() in stage.text()
        assert "as it was signed, seq 7: no key is needed" in verdict(stage)
        await stage.press("enter")
        assert paper.asked == [item]
    (tmp_path / "item.json").write_text((tmp_path / "item.json").read_text().replace('"seq": 7', '"seq": 8'))
    async with putting(paper, keys(tmp_path / "other")) as stage:
        choose(stage, "source", 2)
        await write(stage, str(tmp_path / "item.json"))
        assert "is not genuine" in verdict(stage)


# ---- conflicts -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def in_conflict(folder: Path, later: MutableItem = THEIRS) -> AsyncIterator[tuple[Stage, WritingNode]]:
    """A put that was made from `BASE`, and met `THEIRS`."""
    paper = node(puts=[stored(BASE), refused(UPDATE), stored(sign(ME, HELLO, 4))])
    async with putting(paper, keys(folder)) as stage:
        await write(stage, "base")
        await stage.press("ctrl+s", "enter")
        theirs = outcome([gave(3, THEIRS)], item=THEIRS)
        paper.gets = [theirs, theirs, outcome([gave(3, later)], item=later)]
        await write(stage, "hello world")
        await stage.press("ctrl+s")
        assert isinstance(stage.app.screen, ConflictView)
        yield stage, paper


async def test_a_conflict_shows_yours_theirs_and_the_base(tmp_path: Path) -> None:
    async with in_conflict(tmp_path) as (stage, _):
        text = stage.text()
        for shown in ("yours, seq 2", "theirs, seq 2", "base, seq 1", "hello world", "second line", "another value"):
            assert shown in text
        await stage.press("tab", "v")
        assert "68 65 6c 6c 6f" in stage.text(), "in hex too"


async def test_ones_own_earlier_put_is_not_called_theirs(tmp_path: Path) -> None:
    """Put in this run: the next one, under the same seq, is refused because of it."""
    mine = sign(ME, encode(b"base"), 2)
    paper = node(puts=[stored(mine), refused(UPDATE)])
    async with putting(paper, keys(tmp_path)) as stage:
        await write(stage, "base")
        await stage.press("ctrl+s", "enter", "escape", "p")
        choose(stage, "signer", 2)
        paper.gets = [outcome([gave(3, mine)], item=mine)] * 2
        await write(stage, "hello world")
        choose(stage, "over", 1)
        await stage.press("ctrl+s")
        assert isinstance(stage.app.screen, ConflictView)
        assert "yours, put earlier, seq 2" in stage.text() and "theirs, seq" not in stage.text()
        assert "somebody else" not in stage.text()


def test_whose_a_value_is() -> None:
    """Ours, if it was put from here; likely, if just its seq is noted; theirs, if ours of that seq was another one."""
    assert whose(THEIRS, [BASE, UPDATE], 2) is Whose.THEIRS
    assert whose(UPDATE, [BASE, UPDATE], 2) is Whose.YOURS
    assert whose(THEIRS, [BASE], 2) is Whose.LIKELY_YOURS
    assert whose(THEIRS, [BASE], 1) is Whose.THEIRS
    assert whose(THEIRS, [ImmutableItem(HELLO), sign(ME, THEIRS.v, 2, b"salt")], None) is Whose.THEIRS


async def test_giving_up_leaves_theirs_and_offers_to_put_over_just_that(tmp_path: Path) -> None:
    async with in_conflict(tmp_path) as (stage, paper):
        puts = len(paper.asked)
        await stage.press("enter")
        assert isinstance(stage.app.screen, PutRun) and len(paper.asked) == puts
        assert "✗ conflict: another value with the same seq 2" in verdict(stage)
        await stage.press("escape")
        assert "seq 2 only, as seen: cas" in stage.text()
        assert "hello world" in stage.text(), "what was typed is still there"


async def test_the_comparison_can_be_seen_again(tmp_path: Path) -> None:
    async with in_conflict(tmp_path) as (stage, _):
        await stage.press("escape", "enter")
        assert isinstance(stage.app.screen, ConflictView)


async def test_a_retry_is_made_from_what_was_read_again(tmp_path: Path) -> None:
    async with in_conflict(tmp_path, LATER) as (stage, paper):
        await stage.press("right", "enter")
        assert "read again: there is a newer value" in stage.text() and "more" in stage.text()
        await stage.press("right", "enter")
        assert paper.asked[-1] == Draft(HELLO, ME, base=3, known=3)
        assert "✓ stored on 8 of 8 nodes" in verdict(stage)
        await stage.press("enter")
        assert "seq 4 only, as seen: cas" in stage.text()


async def test_without_the_key_nothing_can_be_retried(tmp_path: Path) -> None:
    write_item(tmp_path / "item.json", UPDATE)
    paper = node(puts=[refused(UPDATE)], gets=[outcome([gave(3, THEIRS)], item=THEIRS)])
    async with putting(paper, keys(tmp_path), signed=False) as stage:
        choose(stage, "source", 2)
        await write(stage, str(tmp_path / "item.json"))
        await stage.press("enter")
        assert isinstance(stage.app.screen, ConflictView)
        assert "put yours over" not in stage.text() and "Nobody looked" in stage.text()


async def test_two_writers_on_a_network_lose_no_update_silently(tmp_path: Path) -> None:
    """The same on a real, small testnet: a dry run shows what is there, then somebody else is quicker."""
    nets: list[Testnet] = []

    @asynccontextmanager
    async def in_testnet() -> AsyncIterator[Node]:
        async with Testnet(8) as net, Node(NodeConfig(listen=("127.0.0.1", 0), bootstrap=net.bootstrap)) as own:
            nets.append(net)
            await own.bootstrapped()
            yield own

    app = Explorer(Nodes(in_testnet, on_testnet=True, keys_folder=keys(tmp_path)))
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        stage = Stage(app, pilot, None)  # type: ignore[arg-type]
        await stage.settle()
        other = nets[0].nodes[0]
        await other.put(Draft(encode(b"theirs"), ME))
        await stage.press("6", "p")
        await stage.settle()
        choose(stage, "signer", 2)
        await write(stage, "mine")
        choose(stage, "todo", 1)
        await stage.press("ctrl+s")
        assert "as seq 2; seq 1 is there now" in verdict(stage)
        await stage.press("enter")
        assert "seq 1 only, as seen: cas" in stage.text()
        await other.put(Draft(encode(b"quicker"), ME))
        choose(stage, "todo", 0)
        await stage.press("ctrl+s")
        assert isinstance(app.screen, ConflictView)
        assert "seq 2 is there already; yours was not put" in stage.text()
        assert "quicker" in stage.text() and "theirs" in stage.text() and "mine" in stage.text()
        await stage.press("right", "right", "enter")
        assert "✓ stored on" in verdict(stage)
        found = await other.get(mutable_target(ME.public))
        assert isinstance(found.item, MutableItem) and (found.item.seq, found.item.v) == (3, encode(b"mine"))


async def test_of_many_keys_the_chosen_one_is_always_seen(tmp_path: Path) -> None:
    folder = keys(tmp_path)
    for number in range(12):
        Keyring(folder).add(f"key-number-{number:02}", PrivateKey.from_seed(bytes([number]) * 32))
    async with putting(node(), folder, signed=False) as stage:
        pick = stage.app.screen.query_one("#signer", Pick)
        pick.focus()
        for label in (*pick.labels[1:], pick.labels[0]):
            await stage.press("right")
            assert f"▶ {label}" in stage.text()


# ---- keys with a passphrase ------------------------------------------------------------------------------------


async def test_a_passphrase_is_asked_for_once_a_session(tmp_path: Path) -> None:
    paper = node(puts=[stored(OURS)])
    async with putting(paper, keys(tmp_path, b"secret")) as stage:
        await write(stage, "hello world")
        await press(stage, "ctrl+s")
        await until(stage, UnlockForm)
        await press(stage, *"secret", "enter")
        await until(stage, PutRun)
        await stage.settle()
        assert paper.asked == [Draft(HELLO, ME)]
        await stage.press("enter", "ctrl+s")
        assert len(paper.asked) == 2, "nothing was asked the second time"
        await stage.press("escape", "escape", "p")
        choose(stage, "signer", 2)
        await write(stage, "again")
        await stage.press("ctrl+s")
        assert len(paper.asked) == 3, "nor in another form"
        assert "secret" not in stage.text()


async def test_a_wrong_passphrase_puts_nothing(tmp_path: Path) -> None:
    paper = node()
    async with putting(paper, keys(tmp_path, b"secret")) as stage:
        await write(stage, "hello world")
        await press(stage, "ctrl+s")
        await until(stage, UnlockForm)
        await press(stage, *"wrong", "enter")
        await seen(stage, "does not open")
        assert "wrong" not in stage.text() and not paper.asked


async def test_without_the_passphrase_nothing_is_put(tmp_path: Path) -> None:
    paper = node()
    async with putting(paper, keys(tmp_path, b"secret")) as stage:
        await write(stage, "hello world")
        await press(stage, "ctrl+s")
        await until(stage, UnlockForm)
        await stage.press("escape")
        assert isinstance(stage.app.screen, PutForm) and not paper.asked


# ---- afterwards ------------------------------------------------------------------------------------------------


async def test_what_was_put_is_read_back_as_a_stranger_would(tmp_path: Path) -> None:
    paper = node(puts=[stored(OURS)])
    async with putting(paper, keys(tmp_path)) as stage:
        await write(stage, "hello world")
        await stage.press("ctrl+s")
        elsewhere = [
            replace(gave(0, OURS), addr=("198.51.100.1", 6881)),
            replace(gave(1, THEIRS), addr=("198.51.100.2", 6881)),
        ]
        paper.gets = [outcome(elsewhere), outcome([gave(place, OURS) for place in range(8)])]
        await stage.press("right", "enter")
        text = stage.text()
        assert "read back, nearest first" in text
        assert "gives it, took it; asked directly" in text and "gives a newer value, seq 2" in text
        assert "✗ read back: whoever looks it up gets seq 2, which is newer" in verdict(stage)


async def test_the_link_of_what_was_put_can_be_copied(tmp_path: Path) -> None:
    async with putting(node(puts=[stored(OURS)]), keys(tmp_path)) as stage:
        await write(stage, "hello world")
        await stage.press("ctrl+s")
        await stage.press("right", "right", "enter")
        assert stage.app.clipboard == magnet(ME.public)
        assert [text.partition(": ")[0] for text in stage.toasts()] == ["sent to the terminal"]


async def test_what_was_put_can_be_kept_alive(tmp_path: Path) -> None:
    paper = node(puts=[stored(OURS)])
    folder = keys(tmp_path)
    async with exploring(paper, show="items", keys_folder=folder) as stage:
        keeper = Keeper(paper, tmp_path)  # type: ignore[arg-type]
        assert stage.app.host.run is not None
        stage.app.host.run._keeper = keeper
        await stage.press("p")
        choose(stage, "signer", 2)
        await write(stage, "hello world")
        await stage.press("ctrl+s")
        await stage.press("right", "right", "enter")
        await seen(stage, "kept alive from now on, as one of 1; K on Items lists them")
        assert [kept.item for kept in keeper.items] == [OURS]


# ---- ends ------------------------------------------------------------------------------------------------------


async def test_leaving_stops_a_put_and_says_what_that_means(tmp_path: Path) -> None:
    paper = node(puts=[stored(OURS)])
    paper.gate.clear()
    async with putting(paper, keys(tmp_path)) as stage:
        await write(stage, "hello world")
        await press(stage, "ctrl+s")
        await until(stage, PutRun)
        assert "under way; esc stops it, but nodes that were asked may have stored it" in stage.text()
        await press(stage, "enter")
        assert isinstance(stage.app.screen, PutRun), "an enter too many stops nothing"
        await stage.press("escape")
        assert isinstance(stage.app.screen, PutForm)
        assert paper.cancelled == 1
        assert not paper.reads
        assert stage.toasts() == ["The put was stopped: nodes that were asked already may have stored it."]


async def test_what_one_of_the_nodes_said_is_shown_in_full(tmp_path: Path) -> None:
    paper = node(puts=[refused(UPDATE)], gets=[outcome([])])
    async with putting(paper, keys(tmp_path)) as stage:
        await write(stage, "hello world")
        await stage.press("ctrl+s")
        await stage.press("shift+tab", "j", "j", "j", "enter")
        assert "refused with 302, seq not higher than the stored one" in stage.text()
        assert "sequence number less than" in stage.text()
        assert f"node {NODES[3][0]}:{NODES[3][1]}" in stage.text()


@SIZES
async def test_nothing_that_nodes_say_is_obeyed(size: tuple[int, int], tmp_path: Path) -> None:
    evil = sign(ME, encode(HOSTILE.encode()[:900]), 5)
    writes = [at(place, Status.REFUSED, code=302, message=HOSTILE.encode()) for place in range(8)]
    paper = node(
        puts=[outcome([gave(0, evil)], writes, sign(ME, HELLO, 5), problem=ValueError(HOSTILE))],
        gets=[outcome([gave(0, evil)], item=evil, problem=ValueError(HOSTILE))],
    )
    texts = []
    async with putting(paper, keys(tmp_path), size) as stage:
        await write(stage, HOSTILE[:300])
        texts.append(stage.text())
        await write(stage, "hello world")
        await stage.press("ctrl+s")
        assert isinstance(stage.app.screen, ConflictView)
        for _ in range(4):
            texts.append(stage.text())
            await stage.press("v")
        await stage.press("escape")
        texts.append(stage.text())
        await stage.press("shift+tab", "enter")
        texts += [stage.text(), *stage.toasts()]
    assert not obeyed("".join(texts))
    assert r"\x1b[2J" in "".join(texts)
