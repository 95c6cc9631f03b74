"""The filter language of the packet list: reading it, narrowing a filter, completing a word.

A filter is a row of terms; a packet must match all of them. ``or``, ``not`` and parentheses are as in `expression`.
``HELP`` lists the terms.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from .expression import OPERATORS, FilterError, Token, read, tokens
from .packet import Packet
from .terms import TERMS, Test

__all__ = ["HELP", "Completion", "Filter", "FilterError", "completions", "narrowed", "parse"]


class Filter(NamedTuple):
    """A parsed filter."""

    text: str
    test: Test | None
    """`None`: all packets match."""

    def matches(self, packet: Packet) -> bool:
        """Whether a packet matches. Never raises."""
        return self.test is None or self.test(packet)


class Completion(NamedTuple):
    """A possible completion of the text from `start` to `end`."""

    start: int
    end: int
    text: str
    meaning: str


HELP: Final[tuple[tuple[str, str], ...]] = (
    *((term.example, term.meaning) for term in TERMS.values()),
    ('"8 nodes"', "a text with a blank in it, or one of the words and, or, not"),
    ("!dir:in", "not so: ! turns any term round, as does not before it"),
    ("method:get err:any", "both: all terms must hold; and between them says the same"),
    ("method:get or method:put", "either of them"),
    ("dir:in (err:any or len:>900)", "parentheses hold together what is meant as one; ! or not turns them round"),
)
"""Examples of terms, with their meanings."""


def parse(text: str) -> Filter:
    """Parse a filter; an empty one matches all packets. Raises `FilterError`."""
    return Filter(text, read(text))


def narrowed(text: str, term: str) -> str:
    """The valid filter `text` with one more term, unless it has that term already.

    The new term replaces its opposite.
    """
    opposite = term[1:] if term.startswith("!") else f"!{term}"
    same = {term, opposite, f"not {term}"}
    return " ".join([*(part for part in _parts(text) if part not in same), term])


def _parts(text: str) -> Iterator[str]:
    """What must all hold: the terms and the parentheses; all of it as one where one of several would do."""
    found = tokens(text)
    depths = list(_depths(found))
    if any(token.text == "or" and depth == 0 for token, depth in zip(found, depths, strict=True)):
        yield f"({text.strip()})"
        return
    start: int | None = None
    for token, depth in zip(found, depths, strict=True):
        if depth == 0 and token.text == "and":
            continue
        start = token.start if start is None else start
        if depth == 0 and token.text not in ("not", "!", "("):
            yield text[start : token.end]
            start = None


def _depths(found: list[Token]) -> Iterator[int]:
    """In how many parentheses each piece is; they themselves are outside of what they hold."""
    depth = 0
    for token in found:
        depth -= token.text == ")"
        yield depth
        depth += token.text == "("


def completions(text: str, cursor: int) -> list[Completion]:
    """The completions of the word at the cursor: names of terms, then their usual values."""
    start = end = cursor
    for word in tokens(text):
        if word.start <= cursor <= word.end and word.text not in ("(", ")", "!"):
            start, end = word.start, word.end
    start += text.startswith("!", start) and start < cursor
    typed = text[start:cursor].lower()
    name, colon, value = typed.partition(":")
    if not colon:
        names = [(f"{known}:", term.meaning) for known, term in TERMS.items()]
        operators = [each for each in OPERATORS.items() if typed and each[0] != typed]
        return [
            Completion(start, end, known, meaning) for known, meaning in (*names, *operators) if known.startswith(typed)
        ]
    term = TERMS.get(name)
    if term is None:
        return []
    return [
        Completion(start, end, f"{name}:{usual}", term.meaning)
        for usual in term.values
        if usual.startswith(value) and usual != value
    ]
