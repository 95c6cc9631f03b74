"""What the explorer remembers: bounded, written atomically, and never in the way of a start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dhtui.storage import memory as kept
from dhtui.storage.memory import NAME, Bookmark, ListLook, Memory, MemoryFile, SavedFilter


def full() -> Memory:
    memory = Memory(theme="light", screen="table")
    memory.note_command("ping 203.0.113.9:6881")
    memory.name_filter("errors", SavedFilter("packets.packets", "err:any"))
    memory.note_list("table.nodes", ListLook(("id", "rtt"), "rtt", True))
    memory.name_thing("router", Bookmark("address", "203.0.113.9:6881"))
    memory.name_thing("mine", Bookmark("target", "ab" * 20))
    return memory


def test_what_is_remembered_comes_back_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = MemoryFile(tmp_path / "state")
    assert file.open() == ""
    file.memory = full()
    assert file.save() == ""
    again = MemoryFile(tmp_path / "state")
    assert again.open() == "" and again.memory == full()
    assert (tmp_path / "state" / NAME).stat().st_mode & 0o777 == 0o600


def test_nothing_is_written_where_nothing_has_changed(tmp_path: Path) -> None:
    file = MemoryFile(tmp_path)
    file.memory = full()
    file.save()
    (tmp_path / NAME).unlink()
    assert file.save() == "" and not (tmp_path / NAME).exists()


def test_what_is_read_only_is_used_and_not_changed(tmp_path: Path) -> None:
    first = MemoryFile(tmp_path)
    first.memory = full()
    first.save()
    before = (tmp_path / NAME).read_bytes()
    file = MemoryFile(tmp_path, read_only=True)
    file.open()
    assert file.memory == full()
    file.memory.theme = "dark"
    assert file.save() == "" and (tmp_path / NAME).read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"version": 0}', b'{"version": "1"}', b"\xff\xfe", b"[" * 100_000]
)
def test_a_damaged_file_is_set_aside_with_a_warning(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    file = MemoryFile(tmp_path)
    warning = file.open()
    assert "damaged" in warning and "set aside as explorer.json.damaged-1" in warning
    assert (tmp_path / f"{NAME}.damaged-1").read_bytes() == content
    file.memory = full()
    assert file.save() == "" and (tmp_path / NAME).exists()


def test_one_that_is_only_read_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"{")
    assert "damaged" in MemoryFile(tmp_path, read_only=True).open()
    assert (tmp_path / NAME).read_bytes() == b"{"


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b'{"version": 99}')
    file = MemoryFile(tmp_path)
    assert "later version" in file.open()
    file.memory.theme = "light"
    assert file.save() == "" and (tmp_path / NAME).read_bytes() == b'{"version": 99}'


def test_a_file_that_can_not_be_written_is_told_of(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.write_text("in the way")
    file = MemoryFile(folder)
    file.memory.theme = "light"
    assert "cannot remember" in file.save()


def test_entries_of_no_use_are_left_out(tmp_path: Path) -> None:
    document = {
        "version": 1,
        "theme": 7,
        "screen": "x" * 5000,
        "commands": ["go log", 3, None, "x" * 5000],
        "filters": {"a": {"place": "log.lines", "text": "x"}, "b": {"place": 1}, "c": None},
        "lists": {"log.lines": {"columns": ["time", 4], "sort": "time", "backwards": "yes"}, "d": []},
        "bookmarks": {
            "good": {"kind": "node", "value": "00" * 20},
            "short": {"kind": "node", "value": "00"},
            "odd": {"kind": "key", "value": "zz" * 32},
            "what": {"kind": "planet", "value": "00" * 20},
        },
    }
    (tmp_path / NAME).write_text(json.dumps(document))
    file = MemoryFile(tmp_path)
    assert file.open() == ""
    assert file.memory == Memory(
        commands=["go log"],
        filters={"a": SavedFilter("log.lines", "x")},
        lists={"log.lines": ListLook(("time",), "time", False)},
        bookmarks={"good": Bookmark("node", "00" * 20)},
    )


def test_everything_has_a_bound_and_the_oldest_gives_way() -> None:
    memory = Memory()
    for number in range(500):
        memory.note_command(f"{number} {'x' * 5000}")
        memory.name_filter(str(number), SavedFilter("a.b", "x"))
        memory.note_list(str(number), ListLook(sort="x"))
        memory.name_thing(str(number), Bookmark("address", "1.2.3.4:5"))
    assert len(memory.commands) == kept.MAX_COMMANDS and len(memory.commands[0]) == kept.MAX_TEXT
    assert len(memory.filters) == len(memory.bookmarks) == kept.MAX_NAMED
    assert len(memory.lists) == kept.MAX_LISTS
    assert "499" in memory.bookmarks and "0" not in memory.bookmarks
    assert len(kept.encode(memory)) < kept.MAX_BYTES
