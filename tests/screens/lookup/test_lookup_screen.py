"""The lookup screen: what it draws, and what can be done with lookups."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from lookups.samples import detail, mutable, ruled, step, walk
from textual.screen import ModalScreen
from textual.widgets import Input

from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.views.snapshot import LookupDetail, LookupView, Snapshot
from dhtui.engine.wire.faults import Note, NoteKind
from dhtui.lookups.ask import KINDS
from dhtui.packets.parts import Link
from dhtui.screens.lookup import panes
from dhtui.screens.lookup.form import LookupForm
from dhtui.screens.lookup.screen import LookupScreen
from dhtui.screens.node.page import NodePage
from dhtui.text.faults import note_words
from dhtui.text.format import short_id
from dhtui.widgets.lines import Lines
from dhtui.widgets.pick import Pick

from .. import snapshots
from ..stage import LARGE, SMALL, PaperNode, Stage, exploring, matches_goldens


@dataclass
class LookupNode(PaperNode):
    """Lists the lookups it was given, and answers each new one with 2 peers."""

    stopped: list[int] = field(default_factory=list)

    async def find_node(self, target: bytes, **more: Any) -> Outcome:
        return self._answer("find_node", target, more)

    async def get_peers(self, info_hash: bytes, **more: Any) -> Outcome:
        return self._answer("get_peers", info_hash, more)

    async def get(self, target: bytes, **more: Any) -> Outcome:
        return self._answer("get", target, more)

    def _answer(self, kind: str, target: bytes, more: dict[str, Any]) -> Outcome:
        self.asked.append((kind, target, more.get("salt", b"")))
        started = add(self, detail([step(1, 150, 0, None)], 0.1, running=True, number=9, kind=kind, target=target))
        progress: Callable[[LookupView], None] = more["progress"]
        progress(started.view)
        one = NodeOutcome(addr=("203.0.113.1", 6881), status=Status.ANSWERED, rtt=0.1)
        return Outcome(action=kind, target=target, asked=(one,), closest=(one,))

    def stop_lookup(self, number: int) -> bool:
        self.stopped.append(number)
        return True


def add(node: PaperNode, one: LookupDetail) -> LookupDetail:
    """One more lookup of a node, listed first."""
    node.lookups[one.view.number] = one
    node.view = node.view._replace(lookups=(one.view, *(v for v in node.view.lookups if v.number != one.view.number)))
    return one


def busy() -> LookupNode:
    """A node that has done three lookups, and runs one."""
    node = LookupNode(snapshots.running()._replace(at=1000.0, lookups=()))
    for seed, number, dead in ((9, 1, 0.1), (6, 2, 0.3), (5, 3, 0.3)):
        add(node, walk(seed, dead, number))
    first = step(1, 158, 0.0, 0.09)
    steps = [first, step(2, 157, 0.0, None, stalled=0.3), step(3, 148, 0.1, None, parent=first.addr, hop=1)]
    add(node, detail(steps, 0.4, running=True, number=4, kind="find_node"))
    return node


def screen_of(stage: Stage) -> LookupScreen:
    assert isinstance(stage.screen, LookupScreen)
    return stage.screen


def selected(stage: Stage) -> int:
    row = stage.table("lookups").model.selected
    assert row is not None
    number: int = row.view.number
    return number


def pane(stage: Stage, name: str) -> str:
    lines = stage.app.screen.query_one(f"#{name}", Lines).lines
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


# ---- looks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("look", "keys"),
    [
        ("running", []),
        ("ladder", ["j", "tab", "j"]),
        ("waterfall", ["j", "w", "enter"]),
        ("past", ["j", "tab", *["shift+left"] * 4]),
        ("compared", ["j", "m", "j", "tab"]),
        ("compared-waterfall", ["j", "m", "j", "w"]),
        ("node", ["j", "enter", "enter"]),
        ("form", ["n", *"self"]),
    ],
)
async def test_lookup_looks_as_kept(look: str, keys: list[str]) -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.press(*keys)
        await matches_goldens(stage, f"lookup-{look}")


@pytest.mark.parametrize(
    ("look", "keys"),
    [
        ("rules", ["w", "enter"]),
        ("rules-nodes", ["w", "enter", "end", *["up"] * 5]),
        ("rules-past", ["w", "enter", *["shift+left"] * 2]),
        ("rules-story", ["w", "enter", "end", *["up"] * 5, "enter"]),
    ],
)
async def test_each_choice_of_the_policy_is_shown_as_kept(look: str, keys: list[str]) -> None:
    async with exploring(judged(), show="lookup") as stage:
        await stage.press(*keys)
        await matches_goldens(stage, f"lookup-{look}")


def judged() -> LookupNode:
    """A node with one lookup, in which each rule of the policy had something to do."""
    node = LookupNode(snapshots.running()._replace(at=1000.0, lookups=()))
    add(node, ruled())
    return node


async def test_the_whole_verdict_stands_in_a_small_window() -> None:
    async with exploring(judged(), SMALL, show="lookup") as stage:
        lines = stage.lines()
        for line in pane(stage, "verdict").splitlines():
            assert line in lines
        counts = "6 stalled, 4 overtaken, 2 asked again (1 alive), 2 passed over, 4 distrusted."
        assert [line[:3] for line in lines[-7:-1]] == [" ✓ ", " ⇄ ", " ◆ ", " Σ ", " ◷ ", "   "]
        assert lines[-6] == f" ⇄ {counts}"
        assert lines[-2].endswith(" ms with every answer.")


async def test_a_verdict_without_room_is_cut_with_a_sign() -> None:
    async with exploring(judged(), (60, 16), show="lookup") as stage:
        assert stage.lines()[-2].endswith(" …")
        assert stage.app.screen.query_one("#verdict").size.height == len(pane(stage, "verdict").splitlines())


@pytest.mark.parametrize("size", [SMALL, (120, 24), (120, 40)], ids=["80x24", "120x24", "120x40"])
@pytest.mark.parametrize("drawings", [1, 5], ids=["alone", "with the ladder, if that fits"])
async def test_the_legend_of_the_waterfall_is_whole(size: tuple[int, int], drawings: int) -> None:
    async with exploring(judged(), size, show="lookup") as stage:
        await stage.press(*["w"] * drawings)
        words = ["├ sent", "↻ again", "┄ stalled", "» overtaken", "✓ answered", "– cancelled", "●━ path"]
        assert [entry for entry in words if entry not in stage.text()] == []
        await stage.press("left")
        words = ["… waiting", "┆ now"]
        assert [entry for entry in words if entry not in stage.text()] == []
        assert "by: query #, op opener, kn known, bs host, ? doubted ─" in stage.text()


@pytest.mark.parametrize("size", [SMALL, (120, 24)], ids=["80x24", "120x24"])
async def test_the_legend_of_the_ladder_is_whole(size: tuple[int, int]) -> None:
    async with exploring(judged(), size, show="lookup") as stage:
        assert "• answer 2 several ● path ─ k-th best ─" in stage.text()


async def test_no_lookup_teaches_how_to_start_one() -> None:
    async with exploring(snapshots.starting(), show="lookup") as stage:
        await matches_goldens(stage, "lookup-empty")


async def test_on_a_testnet_it_names_what_there_is_to_find() -> None:
    async with exploring(snapshots.starting(), show="lookup", on_testnet=True) as stage:
        for text, words in panes.testnet_targets():
            assert text[:40] in stage.text() and words in stage.text()


async def test_a_tiny_window_shows_one_list() -> None:
    async with exploring(busy(), (50, 14), show="lookup") as stage:
        assert "lookups: 1 running" in stage.text()
        assert "ladder" not in stage.text()
        await stage.press("tab")
        assert "nodes of lookup 4" in stage.text()
        assert "lookups: " not in stage.text()


async def test_a_window_may_grow_while_it_is_open() -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.pilot.resize_terminal(*LARGE)
        await stage.settle()
        assert "waterfall by:" in stage.text() and "ladder: " in stage.text() and "nodes of lookup 4" in stage.text()
        await stage.pilot.resize_terminal(*SMALL)
        await stage.settle()
        assert "waterfall by:" not in stage.text()


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])
async def test_a_pane_fills_the_window_and_comes_back(size: tuple[int, int]) -> None:
    async with exploring(busy(), size, show="lookup") as stage:
        before = stage.text()
        await stage.press("z")
        assert "ladder" not in stage.text()
        await stage.press("z")
        assert stage.text() == before


# ---- hostile bytes --------------------------------------------------------------------------------------------


def hostile() -> LookupNode:
    node = LookupNode(snapshots.running()._replace(at=1000.0, lookups=()))
    bad = snapshots.HOSTILE
    steps = [
        step(1, 150, 0, 0.1, result=Status.BAD_VALUE),
        step(2, 151, 0, None),
        step(3, 152, 0, 0.2, found=mutable(4)),
    ]
    whole = detail(steps, 0.5, kind=bad, owner=bad, number=5)
    candidates = tuple(c._replace(version=bad.encode(), addr=(bad, 1)) for c in whole.candidates)
    add(node, whole._replace(candidates=candidates))
    add(node, walk())
    return node


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x45"])
async def test_nothing_a_terminal_obeys_reaches_the_screen(size: tuple[int, int]) -> None:
    seen = []
    async with exploring(hostile(), size, show="lookup") as stage:
        for keys in (
            ["j"],
            ["tab"],
            ["enter"],
            ["escape", "j", "enter"],
            ["escape", "w"],
            ["tab", "m", "k"],
            ["tab"],
            ["w"],
            ["w"],
            ["m", "w"],
            ["P"],
        ):
            await stage.press(*keys)
            seen.append(stage.text())
        seen += [text for _, text in screen_of(stage).copy_forms()]
        seen += [link.label for link in screen_of(stage).links()]
    for text in seen:
        assert not {char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}
    assert r"\x1b[2J" in "".join(seen)


# ---- time -----------------------------------------------------------------------------------------------------


async def test_one_goes_back_in_time_and_forth_to_the_end() -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.press("j")
        assert "ended at 1.38 s" in pane(stage, "state")
        await stage.press(*["shift+left"] * 9)
        assert "◀ at 0 ms ▶" in pane(stage, "state")
        assert "Under way: 0 of the 8 closest" in pane(stage, "verdict")
        await stage.press("l", "right")
        assert "◀ at 69 ms ▶" in pane(stage, "state")
        assert "┆" in pane(stage, "ladder")
        assert "✓1" in pane(stage, "state")
        await stage.press(*["shift+right"] * 9)
        assert "ended at" in pane(stage, "state")


async def test_another_lookup_begins_at_its_end() -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.press("j", "h", "j")
        assert "ended at 1.72 s" in pane(stage, "state")


async def test_a_running_lookup_can_be_gone_through_too() -> None:
    async with exploring(busy(), show="lookup") as stage:
        assert "LIVE 400 ms" in pane(stage, "state")
        await stage.press("left")
        assert "◀ at 390 ms ▶" in pane(stage, "state")
        assert "LIVE" not in stage.text()


async def test_a_running_lookup_goes_on_and_a_frozen_one_does_not() -> None:
    node = busy()
    later = detail([step(1, 158, 0.0, 0.09), step(2, 140, 0.1, 0.5)], 0.6, running=True, number=4, kind="find_node")
    async with exploring(node, show="lookup") as stage:
        await stage.press("space")
        add(node, later)
        await stage.settle()
        assert "LIVE 400 ms" in pane(stage, "state")
        await stage.press("space")
        assert "LIVE 600 ms" in pane(stage, "state")


async def test_what_is_over_is_asked_for_once() -> None:
    node = busy()
    asked: list[int] = []

    async with exploring(node, show="lookup") as stage:
        await stage.press("j")
        lookups = node.lookups

        class Counting(dict[int, LookupDetail]):
            def get(self, number: int, default: Any = None) -> Any:
                asked.append(number)
                return lookups.get(number, default)

        node.lookups = Counting()
        for _ in range(3):
            await stage.settle()
    assert asked == []


# ---- two lookups ----------------------------------------------------------------------------------------------


async def test_two_lookups_are_compared_until_the_mark_is_taken_away() -> None:
    async with exploring(busy(), LARGE, show="lookup") as stage:
        await stage.press("j", "m")
        assert "lookups: 3 marked, select another to compare; m ends that" in stage.text()
        assert "waterfall by:" in stage.text()
        await stage.press("j")
        assert "lookups: 2 compared with 3; m ends that" in stage.text()
        assert "lookup 3: ladder" in stage.text() and "lookup 2: ladder" in stage.text()
        rows = {row.what: row.change for row in stage.table("differences").model.rows}
        assert rows["time"] == "+25 %"
        await stage.press("m")
        assert "waterfall by:" in stage.text() and "ends that" not in stage.text()
        for keys in (["m", "k"], ["m", "k", "tab"]):
            await stage.press(*keys)
            assert "ends that" in stage.text()
            await stage.press("escape")
            assert "ends that" not in stage.text(), "esc goes one up"


async def test_a_marked_lookup_that_is_forgotten_is_not_compared_with() -> None:
    node = busy()
    async with exploring(node, LARGE, show="lookup") as stage:
        await stage.press("j", "m", "j")
        await stage.see(node.view._replace(lookups=tuple(v for v in node.view.lookups if v.number != 3)))
        assert "waterfall by:" in stage.text() and "marked, select" not in stage.text()


# ---- selection ------------------------------------------------------------------------------------------------


async def test_the_selection_stays_with_the_lookup_when_new_ones_come() -> None:
    node = busy()
    async with exploring(node, show="lookup") as stage:
        await stage.press("j")
        add(node, walk(2, number=8))
        await stage.settle()
        assert selected(stage) == 3


async def test_a_frozen_list_tells_how_many_lookups_began_since() -> None:
    node = busy()
    async with exploring(node, show="lookup") as stage:
        await stage.press("space")
        shown = len(stage.table("lookups").model.rows)
        newest = node.view.lookups[-1]
        await stage.see(node.view._replace(lookups=(*node.view.lookups, newest._replace(number=99))))
        assert len(stage.table("lookups").model.rows) == shown
        assert "+1 new" in stage.text()
        await stage.press("space")
        assert "+1 new" not in stage.text()


async def test_the_selected_node_is_marked_in_both_drawings() -> None:
    async with exploring(busy(), LARGE, show="lookup") as stage:
        await stage.press("j")
        assert "◉" not in pane(stage, "ladder")
        await stage.press("tab", "j", "j")
        assert "◉" in pane(stage, "ladder")
        assert "\n▶" in pane(stage, "waterfall")


async def test_w_goes_through_the_drawings() -> None:
    async with exploring(busy(), LARGE, show="lookup") as stage:
        seen = []
        titles = ("ladder: ", "waterfall by:", "tree: ", "id space: ")
        for _ in range(5):
            await stage.press("w")
            seen.append(tuple(title in stage.text() for title in titles))
        alone = [tuple(title == other for other in titles) for title in ("waterfall by:", "ladder: ", *titles[2:])]
        assert seen == [*alone, (True, True, False, False)]


# ---- starting -------------------------------------------------------------------------------------------------


async def _fill(stage: Stage, target: str, salt: str = "") -> None:
    form = stage.app.screen
    assert isinstance(form, LookupForm)
    form.query_one("#target", Input).value = target
    form.query_one("#salt", Input).value = salt
    await stage.settle()


@pytest.mark.parametrize("key", ["n", "L"])
async def test_a_lookup_is_started_and_then_selected(key: str) -> None:
    node = busy()
    async with exploring(node, show="lookup") as stage:
        await stage.press("j", key)
        await _fill(stage, snapshots.TARGET.hex())
        assert f"✓ get_peers {snapshots.TARGET.hex()}" in stage.text()
        await stage.press("enter")
        assert node.asked == [("get_peers", snapshots.TARGET, b"")]
        assert selected(stage) == 9
        assert stage.toasts() == []


async def test_a_key_with_a_salt_starts_a_get() -> None:
    node = busy()
    text, _ = panes.testnet_targets()[-1]
    async with exploring(node, show="lookup") as stage:
        await stage.press("n")
        await _fill(stage, text, "foobar")
        await stage.press("enter")
        target = bytes.fromhex("411eba73b6f087ca51a3795d9c8c938d365e32c1")  # BEP 44, test vector 2
        assert node.asked == [("get", target, b"foobar")]


async def test_the_kind_can_be_chosen_and_then_stays() -> None:
    node = busy()
    async with exploring(node, show="lookup") as stage:
        await stage.press("n", "tab", "left")
        assert stage.app.screen.query_one(Pick).chosen == KINDS.index("find_node")
        await _fill(stage, f"magnet:?xt=urn:btih:{snapshots.TARGET.hex()}")
        await stage.press("enter")
        assert node.asked[0][0] == "find_node"


async def test_what_can_not_be_looked_for_is_told_and_not_started() -> None:
    node = busy()
    async with exploring(node, show="lookup") as stage:
        await stage.press("n", "enter")
        assert "type exactly 40 hex digits" in stage.text()
        await stage.press(*"4f1", "enter")
        assert "✗ '4f1' is not a target" in stage.text()
        assert isinstance(stage.app.screen, LookupForm)
        await stage.press("escape")
        assert node.asked == []
        assert stage.screen.view.name == "lookup"


async def test_a_paste_into_the_form_brings_no_control_characters() -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.press("n")
        await _fill(stage, snapshots.ESCAPES, snapshots.ESCAPES)
        assert not {c for c in stage.text() if c != "\n" and unicodedata.category(c) in ("Cc", "Cf")}


async def test_a_lookup_that_fails_is_told() -> None:
    class Alone(LookupNode):
        def _answer(self, kind: str, target: bytes, more: dict[str, Any]) -> Outcome:
            return Outcome(action=kind, target=target, asked=())

    async with exploring(Alone(busy().view), show="lookup") as stage:
        await stage.press("n")
        await _fill(stage, "self")
        await stage.press("enter")
        assert stage.toasts() == ["find_node 2d7c…6978: there was no node to ask"]


async def test_a_lookup_that_ends_while_nobody_looks_is_told() -> None:
    class Slow(LookupNode):
        gate = asyncio.Event()

        async def get_peers(self, info_hash: bytes, **more: Any) -> Outcome:
            await self.gate.wait()
            return self._answer("get_peers", info_hash, more)

    node = Slow(busy().view)
    async with exploring(node, show="lookup") as stage:
        await stage.pilot.press("n")
        await stage.pilot.pause()
        stage.app.screen.query_one("#target", Input).value = snapshots.TARGET.hex()
        await stage.pilot.pause()
        await stage.pilot.press("enter", "1")
        await stage.pilot.pause()
        node.gate.set()
        await stage.settle()
        assert stage.toasts() == ["get_peers 4f1a…6978: 0 peers; 1 of 1 node answered"]


# ---- stopping, links, files -----------------------------------------------------------------------------------


async def test_a_running_lookup_is_stopped_and_a_finished_one_is_not() -> None:
    node = busy()
    async with exploring(node, show="lookup") as stage:
        await stage.press("x", "j", "x")
        assert node.stopped == [4]
        assert stage.toasts() == ["This lookup is over already."]


async def test_without_a_node_nothing_is_started() -> None:
    node = busy()
    async with exploring(node, show="lookup") as stage:
        stage.app.feed.connect(None)
        await stage.press("n", "x")
        assert stage.toasts() == ["The node is not running yet: lookups can't be started or stopped."] * 2


async def test_enter_shows_all_about_a_node() -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.press("j", "enter", "enter")
        assert isinstance(stage.app.screen, NodePage)
        one = walk().candidates[0]
        assert one.id is not None and one.id.hex() in stage.text()
        assert "How we came to it" in stage.text()
        await stage.press("escape")
        assert stage.table("nodes").has_focus


def test_why_a_node_is_treated_unlike_others_is_told_whole() -> None:
    note = Note(NoteKind.WRONG_SALT)
    whole = detail([step(1, 150, 0, 0.1, result=Status.BAD_VALUE)], 0.2)
    whole = whole._replace(candidates=(whole.candidates[0]._replace(note=note),))
    (row,) = panes.candidate_rows(whole)
    lines = ["".join(text for text, _ in line) for line in panes.candidate_details(row, whole)]
    first = next(place for place, line in enumerate(lines) if line.startswith("why "))
    assert " ".join(line[12:] for line in lines[first : first + 2]) == note_words(note)
    assert max(map(len, lines)) <= 72


async def test_a_lookup_leads_to_its_target_and_a_node_to_itself() -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.press("j")
        screen = screen_of(stage)
        assert [(link.kind, link.value) for link in screen.links()] == [("infohash", walk().view.target)]
        assert screen.here() == Link("lookup", 3, "lookup 3")
        assert dict(screen.copy_forms())["magnet link"].startswith("magnet:?xt=urn:btih:4f1a9d33")
        await stage.press("tab")
        one = walk().candidates[0]
        assert [(link.kind, link.value) for link in screen.links()] == [
            ("node", one.id),
            ("address", one.addr),
            ("infohash", walk().view.target),
        ]
        assert dict(screen.copy_forms())["address"] == "203.0.113.25:6881"


def _of(kind: str, closest: bool) -> LookupDetail:
    whole = walk()
    known = snapshots.running().table.buckets[0].nodes[1].addr
    candidates = tuple(one._replace(closest=closest, addr=known) for one in whole.candidates)
    return whole._replace(view=whole.view._replace(number=9, kind=kind), candidates=candidates)


async def test_what_was_looked_for_is_never_answered_with_a_form_to_look_for_it() -> None:
    """A lookup of an id leads to the nearest node that answered, or says that there is none."""
    node = busy()
    add(node, _of("find_node", True))
    async with exploring(node, show="lookup") as stage:
        await stage.press("g", "o")
        assert stage.app.current_mode == "table" and not isinstance(stage.app.screen, ModalScreen)
    node = busy()
    add(node, _of("find_node", False))
    async with exploring(node, show="lookup") as stage:
        await stage.press("g", "o")
        assert stage.toasts() == [f"Nothing more is known about the node {short_id(walk().view.target)}."]
        assert stage.app.current_mode == "lookup" and not isinstance(stage.app.screen, ModalScreen)


async def test_a_link_to_a_lookup_selects_it() -> None:
    async with exploring(busy(), show="lookup") as stage:
        assert screen_of(stage).open_link(Link("lookup", 1, "lookup 1"))
        await stage.settle()
        assert selected(stage) == 1
        assert not screen_of(stage).open_link(Link("lookup", 77, "lookup 77"))
        assert not screen_of(stage).open_link(Link("address", ("203.0.113.1", 1), "it"))


@pytest.mark.parametrize(
    ("kind", "wanted"), [("node", "find_node"), ("infohash", "get_peers"), ("target", "get"), ("key", "get")]
)
async def test_a_link_to_what_can_be_looked_for_opens_the_form(kind: Any, wanted: str) -> None:
    value = bytes(32) if kind == "key" else snapshots.TARGET
    async with exploring(busy(), show="lookup") as stage:
        assert screen_of(stage).open_link(Link(kind, value, "it"))
        await stage.settle()
        form = stage.app.screen
        assert form.query_one("#target", Input).value == value.hex()
        assert form.query_one(Pick).chosen == KINDS.index(wanted)


async def test_a_lookup_can_be_written_to_a_file() -> None:
    async with exploring(busy(), show="lookup") as stage:
        await stage.press("j")
        forms = {name: make() for _, name, make in screen_of(stage).exports()}
    assert set(forms) == {"lookup-3.txt", "lookup-3.json"}
    assert b"44 % (608 ms) no answer from 3 nodes" in forms["lookup-3.txt"]


async def test_without_lookups_every_key_says_so_or_does_nothing() -> None:
    empty: Snapshot = snapshots.running()._replace(lookups=())
    async with exploring(empty, show="lookup") as stage:
        await stage.press("x", "m", "left", "w", "tab", "enter", "tab", "enter", "c", "e", "o")
        assert "There is no lookup to stop." in stage.toasts()
        assert "There is no lookup to mark." in stage.toasts()
        assert "There is no lookup to go through." in stage.toasts()


async def test_a_lookup_that_waits_for_its_turn_is_told_with_its_place() -> None:
    """In the list, in the verdict, and on Home."""
    view = snapshots.running()
    first = view.lookups[0]._replace(
        number=90, place=3, asked=0, answered=0, in_flight=0, best=0, found=None, nearest_bits=None
    )
    async with exploring(view._replace(lookups=(first,), waiting=7), LARGE, show="lookup") as stage:
        assert "lookups: 0 running, 1 waiting, 0 finished" in stage.text()
        assert "waiting, number 3" in stage.text()
        await stage.press("1")
        assert "waiting, number 3" in stage.text() and "7 waiting" in stage.text()
