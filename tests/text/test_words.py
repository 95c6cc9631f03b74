"""Short words for narrow columns."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import dhtui
from dhtui.engine.wire import ids
from dhtui.text import format as words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1m"),
        (3720, "1h02m"),
        (266400, "3d02h"),
        (864000, "10d"),
    ],
)
def test_duration_has_at_most_five_characters(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text
    assert len(text) <= 5


def test_size_changes_its_unit_before_it_gets_long() -> None:
    assert [words.size(n) for n in (0, 999, 1000, 99_500, 1_200_000)] == ["0 B", "999 B", "1.0 kB", "100 kB", "1.2 MB"]
    assert all(len(words.size(10**n - 1)) <= 7 for n in range(12))


def test_number_has_at_most_six_characters() -> None:
    assert [words.number(n) for n in (0, 99_999, 104_000, 12_345_678)] == ["0", "99999", "104 k", "12 M"]


ZERO = bytes(20)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (1, "2^0.0"),
        (3, "2^1.5"),
        (2**154, "2^154.0"),
        (2**154 + 2**152, "2^154.3"),
        (2**155 - 1, "2^154.9"),
        (2**159, "2^159.0"),
        (2**160 - 1, "2^159.9"),
    ],
)
def test_a_distance_is_a_power_of_two_rounded_down_to_tenths(number: int, text: str) -> None:
    other = number.to_bytes(20, "big")
    assert words.distance(ZERO, other) == words.distance(other, ZERO) == words.power(ids.bits(number)) == text
    shared = ids.shared_prefix(ZERO, other)
    assert shared == ids.ID_BITS or int(ids.bits(number)) == ids.ID_BITS - 1 - shared
    assert len(text) <= 7
    assert words.power(None) == "–"


def test_only_one_function_writes_a_distance() -> None:
    """No other text that a value is put into has a power of two in it."""
    writers = []
    for path in Path(dhtui.__file__).parent.rglob("*.py"):
        for part in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(part, ast.JoinedStr):
                before = [one.value for one in part.values if isinstance(one, ast.Constant)]
                writers += [path.name for text in before if str(text).endswith("2^")]
    assert writers == ["format.py"]


def test_prefix_bits_end_in_the_bit_that_differs() -> None:
    own = b"\xa0" + bytes(19)
    assert [words.prefix_bits(own, depth) for depth in range(4)] == ["0", "11", "100", "1011"]


@pytest.mark.parametrize(("width", "text"), [(40, "ab" * 20), (9, "abab…abab"), (8, "abab…bab"), (3, "a…b"), (1, "…")])
def test_an_id_that_does_not_fit_keeps_both_its_ends(width: int, text: str) -> None:
    assert words.elide("ab" * 20, width) == text


def test_ids_that_begin_alike_are_told_apart() -> None:
    near = [bytes.fromhex("5465b9323c613b5a644a348aca9ae9093f910d") + bytes((last,)) for last in range(8)]
    assert len({words.short_id(each) for each in near}) == 8
    assert words.short_id(near[0]) == "5465…0d00"
