"""Each value of what a lookup decides has one sentence, which a terminal can print."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from support.recorded import ESCAPES

from dhtui.engine.items import ImmutableItem
from dhtui.engine.lookup.decisions import ASKS, Decision, Distrust, Found, FoundKind, Reason, State, StopReason
from dhtui.engine.outcome import Doubt, Outcome
from dhtui.engine.wire.faults import Fault, Note, NoteKind
from dhtui.text.decisions import (
    ASKED_THOUGH,
    DISTRUSTED,
    DOUBTS,
    FOUND,
    REASONS,
    SHORT_DISTRUST,
    SHORT_REASONS,
    STOPS,
    UNASKED,
    decision_words,
    found_words,
    outcome_stop_words,
    stop_words,
    unasked_words,
)
from dhtui.text.faults import FAULT_WORDS, NOTE_WORDS, note_words, problem_words

THEM, OTHER = ("203.0.113.9", 6881), ("203.0.113.77", 6881)


@pytest.mark.parametrize(
    ("values", "sentences"),
    [
        (Reason, REASONS),
        (StopReason, STOPS),
        (FoundKind, FOUND),
        (Distrust, ASKED_THOUGH),
        (Distrust, DISTRUSTED),
        (Distrust, SHORT_DISTRUST),
        (Doubt, DOUBTS),
        (Fault, FAULT_WORDS),
        (NoteKind, NOTE_WORDS),
    ],
)
def test_each_value_has_a_sentence_of_its_own(values: type[StrEnum], sentences: dict[Any, str]) -> None:
    assert list(sentences) == list(values)
    assert len(set(sentences.values())) == len(sentences) and all(sentences.values())


@pytest.mark.parametrize("values", [Reason, StopReason, FoundKind, Distrust, State, Fault, NoteKind])
def test_each_value_is_a_token(values: type[StrEnum]) -> None:
    """JSON and recordings carry them: programs compare them."""
    assert all(value.replace("_", "").isalpha() and value.islower() for value in values)


@pytest.mark.parametrize("reason", Reason)
def test_a_sentence_tells_all_that_its_decision_has(reason: Reason) -> None:
    words = decision_words(Decision(1.0, THEM, reason, OTHER, 3, 0.25))
    assert "{" not in words and words.isprintable() and not words.endswith(".")
    template = REASONS[reason]
    assert (OTHER[0] in words) == ("{by}" in template)
    assert ("3" in words.replace(OTHER[0], "")) == bool({"{number}", "{others}", "{queries}"} & set(_places(template)))
    assert ("250 ms" in words) == ("{away}" in template)
    assert "{" not in unasked_words(Decision(1.0, THEM, reason))


def _places(template: str) -> list[str]:
    return [f"{{{part.partition('}')[0]}}}" for part in template.split("{")[1:]]


def test_what_is_short_fits_and_is_no_reason_to_ask() -> None:
    for word in (*SHORT_REASONS.values(), *SHORT_DISTRUST.values()):
        assert len(word) <= 9
    assert not (SHORT_REASONS.keys() | UNASKED.keys()) & ASKS


@pytest.mark.parametrize("stopped", StopReason)
def test_why_it_ended_is_told_in_numbers(stopped: StopReason) -> None:
    words = stop_words(stopped, closest=5, asked=99, stored=3, writes=4)
    assert "{" not in words and words.isprintable()


def test_a_single_node_is_told_as_one() -> None:
    assert stop_words(StopReason.ALL_ANSWERED, closest=1) == "the only node answered"
    assert stop_words(StopReason.ALL_ANSWERED, closest=2) == "all 2 reachable nodes have answered"
    assert stop_words(None) == ""
    assert found_words(Found(FoundKind.PEERS, None, 1)) == "1 peer" and found_words(None) == ""


def test_what_makes_an_item_unfit_is_told_as_its_error_says_and_harmless() -> None:
    item = ImmutableItem(b"1:x")
    outcome = Outcome(
        action="put", target=item.target, asked=(), stopped=StopReason.NOT_STORABLE, problem=ValueError(repr(ESCAPES))
    )
    assert outcome_stop_words(outcome).isprintable()
    hostile = Outcome(action="put", target=item.target, asked=(), problem=ValueError("\x1b[2J\u202e"))
    assert outcome_stop_words(hostile).isprintable()


@pytest.mark.parametrize("kind", NoteKind)
def test_a_note_is_told_with_its_number_and_read_from_its_stable_form(kind: NoteKind) -> None:
    for note in (Note(kind), Note(kind, 2)):
        words = note_words(note)
        assert words and "{" not in words and words.isprintable() and not words.endswith(".")
        assert Note.read(str(note)) == note and problem_words(str(note)) == words
    assert ("2 bytes" in note_words(Note(kind, 2))) == ("{bytes}" in NOTE_WORDS[kind])


def test_what_is_no_note_is_told_as_it_stands() -> None:
    assert note_words(None) == "" and note_words(Note(NoteKind.SURPLUS, 1)) == "1 byte behind the message"
    assert note_words(Note(NoteKind.SEND_REFUSED, 101)) != note_words(Note(NoteKind.SEND_REFUSED))
    for text in ("", "own id", "malformed", "more than 20 queries a second", "surplus 2 or so", "surplus x"):
        assert problem_words(text) == text
