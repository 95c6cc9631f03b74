"""What reaches a terminal: remote text made safe, and results in words."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhtui.text.safe import safe_text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"Hello World!", "Hello World!"),
        ("größer 漢字 ☃".encode(), "größer 漢字 ☃"),
        (b"\x1b[2J\x07", r"\x1b[2J\x07"),
        (b"a\nb\r\tc\x7f", r"a\x0ab\x0d\x09c\x7f"),
        (b"\xff\xfe-\xc3", r"\xff\xfe-\xc3"),
        ("\x85\x9b31m", r"\u0085\u009b31m"),
        ("\u202eevil\u2066\u200f\u061c", r"\u202eevil\u2066\u200f\u061c"),
        ("a\u200bb\ufeffc\u2028d\u2029", r"a\u200bb\ufeffc\u2028d\u2029"),
        ("\ue000\udc80\U000e0041", r"\ue000\udc80\U000e0041"),
        ("\u00a0\u3000\u3164\u2800", r"\u00a0\u3000\u3164\u2800"),
        ("❤\ufe0f", r"❤\ufe0f"),
        ("e\u0301\u0301\u0301", "e\u0301\u0301" + r"\u0301"),
        (b"\xed\xa0\x80", r"\xed\xa0\x80"),
    ],
)
def test_whatever_a_terminal_could_obey_is_escaped(raw: bytes | str, shown: str) -> None:
    assert safe_text(raw) == shown


def test_long_text_is_cut_between_escapes_and_marked() -> None:
    assert safe_text("x" * 300, 10) == "x" * 9 + "…"
    assert safe_text(b"abc\x1b\x1b", 8) == r"abc\x1b…"
    assert safe_text(b"\x1b", 3) == "…"
    assert safe_text("x" * 10, 10) == "x" * 10


@given(st.one_of(st.binary(max_size=400), st.text(max_size=200)), st.integers(1, 120))
def test_safe_text_is_one_printable_line_of_bounded_length(raw: bytes | str, limit: int) -> None:
    shown = safe_text(raw, limit)
    assert len(shown) <= limit
    assert shown.isprintable() and len(shown.splitlines()) <= 1
    shown.encode("utf-8")
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for char in shown)


@given(st.text(alphabet=st.characters(categories=["Mn", "Me"]), max_size=100))
def test_combining_marks_never_pile_up(marks: str) -> None:
    run = 0
    for char in safe_text("o" + marks, 1000):
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        assert run <= 2
