"""The filter language of the packet list.

A filter is a row of terms with blanks between them; a packet must match all of them. ``!`` before a term negates it.
``HELP`` lists the terms.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ..text.safe import safe_text
from .packet import Packet
from .terms import TERMS, Test


class FilterError(ValueError):
    """An invalid filter. The message says what is accepted, safe to print."""

    def __init__(self, position: int, length: int, message: str) -> None:
        super().__init__(message)
        self.position = position
        """The position of the mistake in the text; its end if something is missing."""
        self.length = length
        """How many characters are wrong; 0 if something is missing."""
        self.message = message


class Filter(NamedTuple):
    """A parsed filter."""

    text: str
    tests: tuple[Test, ...]

    def matches(self, packet: Packet) -> bool:
        """Whether a packet matches all terms. Never raises."""
        return all(test(packet) for test in self.tests)


class Completion(NamedTuple):
    """A possible completion of the text from `start` to `end`."""

    start: int
    end: int
    text: str
    meaning: str


HELP: Final[tuple[tuple[str, str], ...]] = (
    *((term.example, term.meaning) for term in TERMS.values()),
    ('"8 nodes"', "a text with a blank in it"),
    ("!dir:in", "not so: ! turns any term round"),
    ("method:get err:any", "both: all terms must hold"),
)
"""Examples of terms, with their meanings."""

# ---- reading and completing ----------------------------------------------------------------------------

_WORD = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_NAME = re.compile(r"!?([A-Za-z]+):")


def parse(text: str) -> Filter:
    """Parse a filter; an empty one matches all packets. Raises `FilterError`."""
    tests = [_test(word[0], word.start()) for word in _WORD.finditer(text)]
    # Summaries are the most expensive: they are only made for packets that pass the other terms.
    return Filter(text, tuple(test for _, test in sorted(tests, key=lambda pair: pair[0])))


def _test(word: str, start: int) -> tuple[bool, Test]:
    """The test of a word, and whether it is a costly one."""
    negated = word.startswith("!")
    named = _NAME.match(word)
    name = named[1].lower() if named else "text"
    if name not in TERMS:
        known = ", ".join(TERMS)
        message = f"there is no {safe_text(name, 20)}: among the terms, which are {known}; to search for it, quote it"
        raise FilterError(start + negated, len(name), message)
    at = named.end() if named else int(negated)
    term, value = TERMS[name], word[at:]
    if value.count('"') % 2:
        raise FilterError(start + at + value.rindex('"'), 1, 'the quotation mark is not closed: write "two words"')
    value = value.replace('"', "")
    if not value:
        before = f"{name}:" if named else "!" if negated else '"'
        raise FilterError(start + len(word), 0, f"after {before} comes {term.accepted if named else 'a term'}")
    try:
        test = term.read(value)
    except ValueError:
        said = safe_text(value, 20)
        raise FilterError(start + at, len(word) - at, f"{name}: takes {term.accepted}, not {said}") from None
    return name == "text", (lambda packet: not test(packet)) if negated else test


def narrowed(text: str, term: str) -> str:
    """The filter `text` with one more term, unless it has that term already.

    The new term replaces its opposite.
    """
    opposite = term[1:] if term.startswith("!") else f"!{term}"
    words = [word[0] for word in _WORD.finditer(text) if word[0] not in (term, opposite)]
    return " ".join([*words, term])


def completions(text: str, cursor: int) -> list[Completion]:
    """The completions of the word at the cursor: names of terms, then their usual values."""
    start = end = cursor
    for word in _WORD.finditer(text):
        if word.start() <= cursor <= word.end():
            start, end = word.start(), word.end()
    start += text.startswith("!", start) and start < cursor
    typed = text[start:cursor].lower()
    name, colon, value = typed.partition(":")
    if not colon:
        return [
            Completion(start, end, f"{known}:", term.meaning)
            for known, term in TERMS.items()
            if known.startswith(typed)
        ]
    term = TERMS.get(name)
    if term is None:
        return []
    return [
        Completion(start, end, f"{name}:{usual}", term.meaning)
        for usual in term.values
        if usual.startswith(value) and usual != value
    ]
