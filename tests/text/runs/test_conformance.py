"""The words for why a case was not run, or tells nothing."""

from __future__ import annotations

from dhtui.conform.outcomes import Doubt, Why
from dhtui.text.runs.conformance import DOUBTS, SKIPPED, doubt_words, error_shown, error_words, reply_shown, why_words


def test_each_reason_has_its_words() -> None:
    assert set(SKIPPED) == {why.value for why in Why} and set(DOUBTS) == {doubt.value for doubt in Doubt}
    assert why_words(None) == "" and why_words(Why.OWN) == "only for a node of one's own"
    assert doubt_words(Doubt.FAILED, "KeyError: 'id'") == "the case itself failed: KeyError: 'id'"


def test_what_came_is_safe_to_print() -> None:
    assert error_words((203, 204), "a ping") == "an error 203 or 204 to a ping"
    assert error_shown(203, b"\x1b[2J") == "error 203 “\\x1b[2J”" and error_shown(201, b"") == "error 201"
    assert "\x1b" not in reply_shown({b"\x1b[2J": "\x1b[2J"}) and len(reply_shown([b"x" * 40] * 99)) < 230
