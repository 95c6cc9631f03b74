"""Why something happened to a node: each value has its words, and a stable form that is read again."""

from __future__ import annotations

import pytest

from dhtui.engine.views.details import Detail, DetailKind
from dhtui.text.node.details import DETAIL_WORDS, detail_words


def test_each_has_its_words() -> None:
    assert set(DETAIL_WORDS) == set(DetailKind)


@pytest.mark.parametrize("kind", DetailKind)
def test_words_are_filled_and_the_form_is_read_again(kind: DetailKind) -> None:
    detail = Detail(kind, 9, 12, "ping")
    assert Detail.read(str(detail)) == detail and Detail.read(kind) == Detail(kind)
    words = detail_words(str(detail))
    assert words and "{" not in words and "None" not in words


def test_a_source_that_failed_is_told_with_its_own_detail() -> None:
    tried = f"a.example:1: {Detail(DetailKind.UNRESOLVED, name='no such host')}; b.example:2: {DetailKind.NO_ANSWER}"
    assert detail_words(str(Detail(DetailKind.NOBODY_ANSWERED, name=tried))) == (
        "nobody answered: a.example:1: its name can't be resolved: no such host; b.example:2: no answer"
    )


def test_a_refusal_that_was_not_sent() -> None:
    assert detail_words(DetailKind.QUOTA) == "our replies have used up their bytes"
    assert detail_words("quota: no token") == "no token; not answered: our replies have used up their bytes"
    assert detail_words("query_refused 203: put") == "put was refused with 203"
    assert detail_words("query_refused: put") == "put was refused"


@pytest.mark.parametrize(
    "text",
    ["", "25 nodes answered", "did not answer", "in 80 ms", "answered_of x 2", "no_hosts 1 2 3", "nothing", "\x1b[2J"],
)
def test_sentences_of_older_versions_stand_as_they_are(text: str) -> None:
    assert detail_words(text) == text
