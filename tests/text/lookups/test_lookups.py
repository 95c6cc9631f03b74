"""A lookup taken apart: each value has its words, and fills them."""

from __future__ import annotations

import pytest

from dhtui.engine.lookup.decisions import Decision
from dhtui.engine.lookup.decisions import Reason as Decided
from dhtui.lookups.budget import Reason
from dhtui.text.lookups.asked import item_words, peers_words
from dhtui.text.lookups.compared import judged_words
from dhtui.text.lookups.nodes import ENDS, ORIGINS, End, Origin, end_words, origin_words
from dhtui.text.lookups.verdicts import NO_RULE, SHARES, rules_words, share_words


def test_each_origin_and_end_has_its_words() -> None:
    assert set(ORIGINS) == set(Origin) and set(ENDS) == set(End)
    instead = Decision(at=1.0, addr=("192.0.2.1", 1), reason=Decided.INSTEAD, by=("192.0.2.2", 2))
    for origin in Origin:
        assert "{" not in origin_words(origin, 3, instead) and "None" not in origin_words(origin, 3, None)
    for end in End:
        assert "{" not in end_words(end, time="3 ms", result="bad value", brought=" with 1 node", slotless=True)


def test_each_reason_of_time_has_its_words() -> None:
    assert set(SHARES) == {reason.value for reason in Reason}
    assert share_words(Reason.UNANSWERED, 3) == "no answer from 3 nodes"
    assert share_words(Reason.OWN, 1, inferred=True) == "its client"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (rules_words(0, 0, 0, 0, 0, 0, 0), NO_RULE),
        (rules_words(1, 0, 2, 1, 0, 0, 3), "1 stalled, 2 asked again (1 alive); 3 decisions more are not recorded."),
        (judged_words("2", "3", ["hops 4"], 1, better=False), "Lookup 3 did worse than 2: hops 4, 1 more."),
        (item_words(bytes(20), None, b""), "the item at 00000000"),
        (peers_words(bytes(20), bytes(20), second=True)[:24], "peers of both infohashes"),
    ],
)
def test_words(words: str, said: str) -> None:
    assert words.replace("…", "").startswith(said)
