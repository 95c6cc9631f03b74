"""One item over time: which values it had, whose they were, and how many copies there were."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhtui.engine.items import ImmutableItem, Item, MutableItem, sign
from dhtui.engine.keys import PrivateKey
from dhtui.engine.outcome import Doubt, NodeOutcome, Outcome, Status
from dhtui.engine.wire.bencode import encode
from dhtui.items.following import LOOKS, VERSIONS, By, Followed
from dhtui.items.following.diff import MAX_LINES, diff
from dhtui.items.following.record import put, seen

KEY = PrivateKey.from_seed(bytes(range(32)))
ONE, TWO = (sign(KEY, encode({b"title": title}), seq) for seq, title in ((1, b"hello"), (2, b"hello again")))
RIVAL = sign(KEY, encode(b"rival"), 2)
FIXED = ImmutableItem(b"5:fixed")
TARGET = ONE.target


def gave(number: int, item: Item | None = None, status: Status = Status.ANSWERED) -> NodeOutcome:
    return NodeOutcome(
        addr=("10.0.0.1", number), id=bytes([number]) * 20, status=Status.VALUE if item else status, item=item, rtt=0.1
    )


def look(item: Item | None, copies: int = 8, **more: object) -> Outcome:
    """A get of which so many of the eight nearest gave the item."""
    nodes = tuple(gave(n, item if n <= copies else None) for n in range(1, 9))
    found = Outcome(action="get", target=TARGET, asked=nodes, closest=nodes, item=item if copies else None)
    return replace(found, **more)  # type: ignore[arg-type]


def stored(item: Item, count: int = 8) -> Outcome:
    """A put that so many of eight nodes took."""
    nodes = tuple(gave(n) for n in range(1, 9))
    writes = tuple(gave(n, status=Status.STORED if n <= count else Status.REFUSED) for n in range(1, 9))
    return Outcome(action="put", target=item.target, asked=nodes, closest=nodes, writes=writes, item=item)


def by(record: Followed) -> list[tuple[int | None, By]]:
    return [(one.item.seq if isinstance(one.item, MutableItem) else None, one.by) for one in record.versions]


BLANK = Followed(target=TARGET)


def test_a_put_is_ours_and_its_copies_are_counted() -> None:
    record = put(BLANK, stored(ONE, 6), 10.0)
    assert record.mine and record.put_at == 10.0 and record.public == KEY.public
    assert by(record) == [(1, By.US)] and record.looks[-1].copies == 6
    assert len(record.holders) == 6 and len(record.others) == 2 and record.unseen == 0


def test_a_put_that_nobody_took_changes_nothing() -> None:
    assert put(BLANK, stored(ONE, 0), 10.0) is BLANK


def test_a_put_that_read_the_same_value_counts_each_holder_once() -> None:
    again = replace(stored(ONE, 4), asked=look(ONE).asked)
    assert put(BLANK, again, 1.0).looks[-1].copies == 8


def test_another_writer_is_told_from_us() -> None:
    record, changed = seen(put(BLANK, stored(ONE), 10.0), look(ONE), 20.0)
    assert not changed
    record, changed = seen(record, look(TWO, 5), 30.0)
    assert changed and record.unseen == 1 and by(record) == [(1, By.US), (2, By.OTHER)]
    assert [one.copies for one in record.looks] == [8, 8, 5]
    assert put(record, stored(replace(TWO, seq=3)), 40.0).versions[-1].by is By.US


def test_what_is_first_found_was_put_by_whom_is_not_known() -> None:
    record, changed = seen(BLANK, look(ONE), 1.0)
    assert not changed and by(record) == [(1, By.FOUND)]


def test_what_was_not_there_and_comes_is_a_change() -> None:
    record, changed = seen(BLANK, look(None), 1.0)
    assert not changed and record.looks[-1].copies == 0
    record, changed = seen(record, look(ONE), 2.0)
    assert changed and by(record) == [(1, By.FOUND)]


def test_an_older_value_is_a_change_but_no_new_version() -> None:
    record, _ = seen(BLANK, look(TWO), 1.0)
    record, changed = seen(record, look(ONE), 2.0)
    assert changed and record.item == TWO and record.given == ONE and record.looks[-1].copies == 0
    record, changed = seen(record, look(RIVAL), 3.0)
    assert changed and record.item == RIVAL, "two writers have met: the later one is shown"


@pytest.mark.parametrize("gone", [look(None), look(ONE, 0)])
def test_what_goes_is_a_change_and_its_last_value_stays(gone: Outcome) -> None:
    record, changed = seen(put(BLANK, stored(ONE), 1.0), gone, 2.0)
    assert changed and record.item == ONE and record.given is None and record.looks[-1].copies == 0
    record, changed = seen(record, gone, 3.0)
    assert not changed, "it is told once"


def test_silence_and_liars_prove_nothing() -> None:
    before = put(BLANK, stored(ONE), 1.0)
    nobody = replace(look(None), asked=(), closest=())
    for outcome in (nobody, look(None, doubt=Doubt.MADE_UP)):
        record, changed = seen(before, outcome, 2.0)
        assert not changed and record.looks[-1].copies is None and record.given == ONE
    assert seen(before, look(None, complete=False), 2.0) == (before, False), "a look that was stopped is none"


def test_an_immutable_item_is_counted_too() -> None:
    record = put(Followed(target=FIXED.target), stored(FIXED, 7), 1.0)
    assert record.public is None and record.looks[-1].copies == 7
    record, changed = seen(record, look(FIXED, 3), 2.0)
    assert not changed and record.looks[-1].copies == 3


def test_nothing_grows_without_bound() -> None:
    record = BLANK
    for seq in range(3 * LOOKS):
        many = tuple(gave(n, replace(ONE, seq=seq)) for n in range(1, 200))
        record, _ = seen(record, look(replace(ONE, seq=seq), asked=many, closest=many), float(seq))
    assert len(record.looks) == LOOKS and len(record.versions) == VERSIONS
    assert len(record.holders) < 30 and record.looks[-1].copies == 199


# ---- diffs ----------------------------------------------------------------------------------------------------


def test_a_dictionary_is_compared_as_json() -> None:
    assert diff(ONE.v, TWO.v) == (" {", '-  "title": "hello"', '+  "title": "hello again"', " }")


def test_text_is_compared_by_lines() -> None:
    before, now = encode(b"one\ntwo\nthree"), encode(b"one\n2\nthree")
    assert diff(before, now) == (" one", "-two", "+2", " three")


def test_bytes_and_what_is_no_bencode_are_compared_all_the_same() -> None:
    assert any("ff01" in line for line in diff(encode(b"\xff\x01"), encode(b"\xff\x02")))
    assert diff(b"\x1b[2J", encode(b"text"))
    assert diff(ONE.v, encode(b"text"))


def test_a_diff_is_bounded_and_harmless() -> None:
    before, now = encode(b"\n" * 900), encode(b"\x1b]52;c;x\x07\n" * 70)
    lines = diff(before, now)
    assert len(lines) == MAX_LINES and lines[-1].startswith("… ")
    assert all(line.isprintable() for line in lines)


def test_a_diff_of_equal_lines_says_so() -> None:
    assert diff(ONE.v, ONE.v) == ("  the same lines, written with other bytes",)
