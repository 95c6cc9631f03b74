"""How an item stands, in words: every condition has a sign, its meaning and a sentence."""

from __future__ import annotations

import pytest

from dhtui.engine.items import ImmutableItem
from dhtui.text.item_words import (
    CONDITION_HELP,
    CONDITION_SIGNS,
    LOOKING,
    Care,
    Condition,
    care_words,
    change_words,
    condition_words,
)


def test_every_sign_has_its_meaning_and_no_two_are_alike() -> None:
    signs = [sign for sign, _ in (*CONDITION_SIGNS.values(), LOOKING)]
    assert len(set(signs)) == len(signs) == len(Condition) + 1
    assert set(signs) == {sign for sign, _ in CONDITION_HELP}


@pytest.mark.parametrize("condition", Condition)
def test_every_condition_is_one_sentence(condition: Condition) -> None:
    words = condition_words(condition, 3)
    assert words.endswith(".") and (words[0].isupper() or words[0].isdigit())


def test_one_copy_is_no_plural() -> None:
    assert condition_words(Condition.FEW, 1) == "Only 1 node holds it: it is about to be lost."
    assert condition_words(Condition.HELD, 8) == "8 nodes hold the newest value."


@pytest.mark.parametrize(
    ("care", "words"),
    [
        (Care.KEPT, "put again where it is missing, next in 00:41:00."),
        (Care.WATCHED, "is watched every 10m, next now; a change rings the bell."),
        (Care.BOTH, "kept alive, next in 00:41:00, and watched every 10m, next now."),
        (Care.PAUSED, "is paused: nodes forget it 2 hours after its last put."),
        (Care.NONE, "nodes forget it in 00:05:00."),
    ],
)
def test_who_looks_after_an_item_and_when_is_told(care: Care, words: str) -> None:
    assert care_words(care, 2460.0, 0.0, 300.0, 600.0).endswith(words)


def test_where_the_end_is_not_known_the_rule_is_told() -> None:
    assert care_words(Care.NONE, None, None, None).endswith("nodes forget it 2 hours after its last put.")


def test_another_immutable_item_is_a_change_too() -> None:
    assert change_words(ImmutableItem(b"1:a"), ImmutableItem(b"1:b")) == "it is another item now"
