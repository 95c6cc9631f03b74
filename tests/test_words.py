"""Short words for narrow columns."""

from __future__ import annotations

import pytest

from dhtui import words


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


def test_distance_is_the_power_of_two_of_the_highest_bit() -> None:
    zero = bytes(20)
    assert words.distance(zero, zero) == "0"
    assert words.distance(zero, b"\x80" + bytes(19)) == "2^159"
    assert words.distance(zero, bytes(19) + b"\x01") == "2^0"


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
