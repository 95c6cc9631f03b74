"""Filters of packets under names, remembered with those of other lists."""

from __future__ import annotations

from dhtui.screens.packets.saved import MAX_NAME, PLACE, SavedFilters
from dhtui.storage.memory import FILTERS, MAX_NAMED, Memory, SavedFilter

SHIPPED = {name: one.text for name, one in FILTERS.items()}


def test_filters_are_saved_by_name_and_replaced_and_let_go() -> None:
    memory = Memory()
    saved = SavedFilters(memory)
    assert dict(saved.items()) == SHIPPED
    saved.save(" mine ", "dir:in")
    assert saved.name_of("dir:in") == "mine" and memory.filters["mine"] == SavedFilter(PLACE, "dir:in")
    saved.save("mine", "dir:out")
    assert saved.name_of("dir:in") == "" and len(saved) == len(SHIPPED) + 1
    saved.forget("mine")
    saved.forget("mine")
    assert dict(saved.items()) == SHIPPED


def test_saved_filters_are_bounded_and_named_printably() -> None:
    memory = Memory(filters={})
    saved = SavedFilters(memory)
    for n in range(MAX_NAMED):
        assert saved.fault(f"n{n}") == ""
        saved.save(f"n{n}", f"len:{n}")
    assert "the most" in saved.fault("one more") and saved.fault("n3") == ""
    for name in ("", "  ", "a\x1b[2J", "@mine", "x" * (MAX_NAME + 1)):
        assert "printable" in saved.fault(name)


def test_what_is_remembered_is_taken_as_far_as_it_is_for_packets_and_can_be_read() -> None:
    memory = Memory(filters={"good": SavedFilter(PLACE, "dir:in"), "bad": SavedFilter(PLACE, "dir:up")})
    memory.name_filter("elsewhere", SavedFilter("log.lines", "banned"))
    saved = SavedFilters(memory)
    assert saved.items() == [("good", "dir:in")]
    assert "another list" in saved.fault("elsewhere") and saved.fault("bad") == ""
