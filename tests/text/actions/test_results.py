"""What an action came to: each value has one sentence, and fills it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dhtui.engine.lookup.decisions import StopReason
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.items.readback import _UNHEARD
from dhtui.text.actions.items import UNHEARD
from dhtui.text.actions.keeping import NOTES, CheckNote, CheckWhy, check_words
from dhtui.text.actions.results import SENTENCES, Came, Said, said_words
from dhtui.text.actions.summary import result_words

SUMMARISED = {Came.CONFLICT, Came.CENSUS, Came.CENSUS_ALONE, Came.HEALTH, Came.DENSITY}
"""Those whose sentence tells of more than an outcome: see `text.actions.summary`."""
ASKED = Outcome(
    action="get",
    target=bytes(20),
    asked=(NodeOutcome(addr=("127.0.0.1", 1), status=Status.ANSWERED, rtt=0.01),),
    stopped=StopReason.QUIET,
)


def test_each_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Came) - SUMMARISED


@pytest.mark.parametrize("came", SENTENCES)
def test_each_sentence_is_filled(came: Came) -> None:
    words = said_words(Said(came, ASKED, number=3, of=5, wanted=4, text="this", problem="that"))
    assert words and "{" not in words and "None" not in words


def test_words_that_tell_of_more() -> None:
    tally = SimpleNamespace(blocks=0, nodes=0, visited=2)
    family = SimpleNamespace(tally=tally, planned=4, share=0.0, alone=True)
    census = SimpleNamespace(families={"IPv4": family})
    nothing: dict[str, Any] = {"conflict": None, "read_back": None, "census": census, "findings": ()}
    alone: Any = SimpleNamespace(said=Said(Came.CENSUS_ALONE), also=None, **nothing)
    assert result_words(alone) == "nobody answers; 0 of 4 blocks walked, 0 % of the id space: 0 of 2 nodes answered"
    kept: Any = SimpleNamespace(said=Said(Came.NOTHING_KEPT), also=Said(Came.LIST_DAMAGED), **nothing)
    assert result_words(kept) == "no items are kept alive; the list was damaged"


def test_each_kind_of_silence_has_its_words() -> None:
    assert list(UNHEARD) == [str(gives) for gives in _UNHEARD]


def test_each_note_of_a_check_has_its_words() -> None:
    assert set(NOTES) == set(CheckWhy)
    for why in CheckWhy:
        words = check_words(CheckNote(why, number=3, stop=StopReason.NOBODY_TO_ASK, text="\x1bthis"))
        assert words and "{" not in words and "\x1b" not in words
    assert check_words(None) == ""
