"""The margin of the packet list, the conversation with one node, the line of the filter, and saved filters."""

from __future__ import annotations

import unicodedata

import pytest
from packets.samples import OWN_ID, THEM, ended, got, ring_of, sent

from dhtui.engine.wire.krpc import Ping, encode_error
from dhtui.packets.conversation import MOST, conversation
from dhtui.screens.packets.columns import packet_columns
from dhtui.screens.packets.filtering import filter_line
from dhtui.screens.packets.packet_list import PacketModel
from dhtui.screens.packets.saved import SavedFilters
from dhtui.screens.packets.talk import Rung, rung_line
from dhtui.storage.memory import Memory
from dhtui.text.spans import Line, width_of

from .. import snapshots
from ..stage import LARGE, SMALL, Stage, exploring, matches_goldens
from .test_packets_screen import at_work, pings, same_clock, screen_of, selected, tell, traffic

__all__ = ["same_clock"]
SIZES = (SMALL, (120, 35), LARGE, (200, 60))


def text(line: Line) -> str:
    return "".join(part for part, _ in line)


def margin(model: PacketModel) -> list[str]:
    return [text(model.cells(row)[2]) for row in model.rows]


def model_of(*events: object) -> PacketModel:
    model, ring = PacketModel(packet_columns(lambda at: at, lambda: 0.0)), ring_of(*events)  # type: ignore[arg-type]
    model.ring = ring
    model.extend(ring.since(0), 1)
    return model


# ---- the margin ------------------------------------------------------------------------------------------------


def test_query_and_answer_are_halves_of_a_bracket_with_the_round_trip() -> None:
    model = model_of(*traffic())
    assert margin(model) == [
        " ┐", " ┘ 41 ms", " ┐", " ┘ 1 ms", " ┐", " ┘ 200 ms", " – none", " ✗ unread", " ? stray"
    ]  # fmt: skip


def test_the_selected_pair_has_a_line_of_its_own_across_what_lies_between() -> None:
    first, second = sent(1, Ping(OWN_ID), b"a1"), sent(2, Ping(OWN_ID), b"a2")
    reply = b"d1:rd2:id20:" + b"x" * 20 + b"e1:t2:a11:y1:re"
    model = model_of(first, second, got(3, reply), got(4, reply.replace(b"a1", b"a2")))
    model.move_to(0)
    assert margin(model) == ["┐ ", "│┐", "┘  2.0 s", " ┘ 2.0 s"]
    model.flip()
    assert margin(model) == [" ┐ 2.0 s", "┐  2.0 s", "│┘", "┘ "]
    model.flip()
    model.cycle_sort()
    assert not any("│" in each for each in margin(model))


def test_a_query_that_nobody_answered_is_told_from_one_that_waits() -> None:
    model = model_of(sent(1, Ping(OWN_ID), b"a1"), sent(1, Ping(OWN_ID), b"a2"), ended(5, "timed out", b"a2"))
    assert margin(model) == [" … waits", " ✗ silent"]
    roles = [{role for cell in model.cells(row) for _, role in cell} for row in model.rows]
    assert roles == [{"data"}, {"warn"}]


def test_a_line_has_the_colour_of_its_kind_over_its_whole_width_and_a_sign() -> None:
    model = model_of(*traffic())
    for row, role, sign in zip(model.rows, ("data", "plain", "data", "plain", "data", "plain", "warn", "warn", "bad"),
                               "qrqrqrque", strict=True):  # fmt: skip
        cells = model.cells(row)
        if role != "plain":
            assert {each for cell in cells for _, each in cell} <= {role, "accent"}
        assert text(cells[4]).startswith(sign)


# ---- the conversation ------------------------------------------------------------------------------------------


async def test_the_conversation_looks_as_kept() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("g", "w", "j", "j")
        assert selected(stage) == 3 and screen_of(stage).talk.has_focus
        await matches_goldens(stage, "packets-talk")


@pytest.mark.parametrize("size", [*SIZES, (59, 15)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_w_goes_to_the_conversation_and_back(size: tuple[int, int]) -> None:
    async with exploring(at_work(), size, show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("g", "w")
        assert screen_of(stage).talk.has_focus and screen_of(stage).talk.display
        await stage.press("enter")
        assert size == (59, 15) or screen_of(stage).packets.has_focus
        await stage.press("w", "w")
        assert screen_of(stage).packets.has_focus or size == (59, 15)
        assert screen_of(stage).packets.display


async def test_a_packet_of_the_conversation_that_the_filter_hides_is_inspected_all_the_same() -> None:
    async with exploring(at_work(), LARGE, show="packets") as stage:
        await tell(stage, traffic())
        screen_of(stage).packets.set_filter("dir:in")
        await stage.press("g", "w", "k")
        assert selected(stage) == 1 and "packet 1 → q get_peers" in stage.text()
        await stage.press("slash", *"dir:out", "enter")
        assert screen_of(stage).packets.has_focus and len(stage.table("packets").model.rows) == 3


async def test_the_conversation_grows_and_tells_its_bound() -> None:
    async with exploring(at_work(), LARGE, show="packets") as stage:
        await tell(stage, pings(0, MOST + 7))
        assert len(screen_of(stage).talk.model.rows) == MOST
        assert "7 older left out" in stage.text()
        await tell(stage, pings(MOST + 7, 1))
        await stage.see(stage.node.view._replace(at=1002.0))
        assert "8 older left out" in stage.text()


@pytest.mark.parametrize("width", [24, 44, 120])
def test_a_rung_fits_whatever_the_packet_says(width: int) -> None:
    evil = snapshots.HOSTILE
    ring = ring_of(*traffic(), got(950, encode_error(b"\x1b[2J", 203, evil[:200], THEM)), got(951, evil.encode()))
    for packet in ring:
        for each in conversation(packet, ring).packets:
            line = rung_line(Rung(each, ring, width))
            assert width_of(line) == width
            assert not {char for char in text(line) if unicodedata.category(char) in ("Cc", "Cf")}


# ---- the line of the filter ------------------------------------------------------------------------------------


def test_the_line_tells_key_filter_name_and_count() -> None:
    saved = SavedFilters(Memory())
    assert text(filter_line("", 9, 9, saved, 100)).startswith(" / all packets; a filter is such as")
    named = text(filter_line("err:any", 3, 9, saved, 100))
    assert named.startswith(" / trouble: err:any") and "3 of 9" in named and named.endswith("i saved 4 ")
    assert all(width_of(filter_line("x" * 300, 3, 9, saved, width)) == width for width in (60, 80, 200))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_filter_stands_above_the_list_and_is_typed_there(size: tuple[int, int]) -> None:
    async with exploring(at_work(), size, show="packets") as stage:
        await tell(stage, traffic())
        await stage.press("slash", *"dir:in")
        assert stage.lines()[2].startswith(" / dir:in") and not screen_of(stage).narrowed.display
        await stage.press("enter")
        assert stage.lines()[2].startswith(" / dir:in") and "6 of 9" in stage.lines()[2]
        await stage.press("z")
        assert stage.lines()[2].startswith(" / dir:in")


# ---- saved filters ---------------------------------------------------------------------------------------------


async def _choose(stage: Stage, *keys: str) -> None:
    await stage.pilot.press("i")
    await stage.pilot.pause()
    for key in keys:
        await stage.pilot.press(key)
        await stage.pilot.pause()
    await stage.settle()


async def test_a_saved_filter_is_chosen_saved_and_let_go() -> None:
    async with exploring(at_work(), show="packets") as stage:
        await tell(stage, traffic())
        await _choose(stage, "1")
        assert stage.table("packets").model.filter_text == "err:any"
        assert "/ trouble: err:any" in stage.lines()[2]
        stage.table("packets").change_filter("dir:out or err:203")
        await _choose(stage, "5", *"mine", "enter")
        assert screen_of(stage).saved.name_of("dir:out or err:203") == "mine"
        assert "/ mine: dir:out or err:203" in stage.lines()[2] and "saved 5" in stage.lines()[2]
        await _choose(stage, "6", "5")
        assert len(screen_of(stage).saved) == 4 and "mine" not in stage.lines()[2]
        await stage.press("u")
        assert screen_of(stage).saved.name_of("dir:out or err:203") == "mine"
        assert "/ mine: dir:out or err:203" in stage.lines()[2]
