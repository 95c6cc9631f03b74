"""The grammar of packet filters: terms joined by ``and``, ``or``, ``not`` and parentheses.

``and`` binds tighter than ``or``, and may be left out; ``!`` is ``not`` written before a term or a parenthesis.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from ..text.safe import safe_text
from .packet import Packet
from .terms import TERMS, Test

MAX_DEPTH: Final = 20
"""Most parentheses in each other."""
OPERATORS: Final = {
    "and": "what stands before it and what comes must both hold",
    "or": "what stands before it or what comes must hold",
    "not": "what comes must not hold",
}
"""What joins terms, with the meanings."""

TOKEN: Final = re.compile(r'!(?=\()|[()]|(?:[^\s"()]|"[^"]*"?)+')
"""A parenthesis, the ``!`` before one, or a word: a term or an operator."""
_NAME = re.compile(r"!?([A-Za-z]+):")


class FilterError(ValueError):
    """An invalid filter. The message says what is accepted, safe to print."""

    def __init__(self, position: int, length: int, message: str) -> None:
        super().__init__(message)
        self.position = position
        """The position of the mistake in the text; its end if something is missing."""
        self.length = length
        """How many characters are wrong; 0 if something is missing."""
        self.message = message


class Token(NamedTuple):
    """A piece of a filter."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Its end in the filter."""
        return self.start + len(self.text)


class _Part(NamedTuple):
    """A part of an expression."""

    costly: bool
    """Whether it needs summaries: they are only made for packets that the other parts do not decide on."""
    test: Test


def tokens(text: str) -> list[Token]:
    """The pieces of a filter, in their order."""
    return [Token(found[0], found.start()) for found in TOKEN.finditer(text)]


def read(text: str) -> Test | None:
    """The test of a filter; `None` for an empty one. Raises `FilterError`."""
    found = tokens(text)
    if not found:
        return None
    reader = _Reader(found, len(text))
    part = reader.either(0)
    if reader.next is not None:  # all else goes on until the end
        raise FilterError(reader.next.start, 1, "this ) closes nothing: there is no ( before it")
    return part.test


class _Reader:
    """Reads the pieces from left to right, by recursive descent."""

    def __init__(self, found: list[Token], end: int) -> None:
        self._tokens, self._end = found, end
        self._place = 0

    @property
    def next(self) -> Token | None:
        """The piece to be read next; `None` at the end."""
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def _take(self, *texts: str) -> Token | None:
        """The next piece, if it is one of these."""
        token = self.next
        if token is None or token.text not in texts:
            return None
        self._place += 1
        return token

    def either(self, depth: int, after: str = "") -> _Part:
        """Parts with ``or`` between them."""
        parts = [self._all(depth, after)]
        while self._take("or"):
            parts.append(self._all(depth, "or"))
        return _joined(parts, _any)

    def _all(self, depth: int, after: str) -> _Part:
        """Parts that must all hold, with ``and`` or nothing between them."""
        parts = [self._one(depth, after)]
        while True:
            if self._take("and"):
                parts.append(self._one(depth, "and"))
            elif self.next is not None and self.next.text not in ("or", ")"):
                parts.append(self._one(depth, ""))
            else:
                return _joined(parts, _every)

    def _one(self, depth: int, after: str) -> _Part:
        """A term or a parenthesis, turned round or not."""
        negated = False
        while token := self._take("not", "!"):
            negated, after = not negated, token.text
        part = self._group(depth) if self.next is not None and self.next.text == "(" else self._term(after)
        return _Part(part.costly, _negation(part.test)) if negated else part

    def _group(self, depth: int) -> _Part:
        opening = self._take("(")
        assert opening is not None
        if depth == MAX_DEPTH:
            raise FilterError(opening.start, 1, f"at most {MAX_DEPTH} parentheses can be in each other")
        if self.next is not None and self.next.text == ")":
            raise FilterError(self.next.start, 0, "between ( and ) comes a term")
        part = self.either(depth + 1, "(")
        if not self._take(")"):
            raise FilterError(opening.start, 1, "the parenthesis is not closed: write (one or two)")
        return part

    def _term(self, after: str) -> _Part:
        token = self.next
        if token is None:
            raise FilterError(self._end, 0, f"after {after} comes a term")
        if token.text in (")", "and", "or"):
            before = f"after {after}" if after else f"before {token.text}"
            quote = f'; to search for the word, write "{token.text}"' if token.text != ")" and not after else ""
            raise FilterError(token.start, len(token.text), f"{before} comes a term{quote}")
        self._place += 1
        return _Part(*_test(token.text, token.start))


def _joined(parts: list[_Part], join: Callable[[tuple[Test, ...]], Test]) -> _Part:
    if len(parts) == 1:
        return parts[0]
    tests = tuple(part.test for part in sorted(parts, key=lambda part: part.costly))
    return _Part(any(part.costly for part in parts), join(tests))


def _every(tests: tuple[Test, ...]) -> Test:
    return lambda packet: all(test(packet) for test in tests)


def _any(tests: tuple[Test, ...]) -> Test:
    return lambda packet: any(test(packet) for test in tests)


def _negation(test: Test) -> Test:
    def negated(packet: Packet) -> bool:
        return not test(packet)

    return negated


def _test(word: str, start: int) -> tuple[bool, Test]:
    """Whether the test of a word is a costly one, and the test."""
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
    return name == "text", _negation(test) if negated else test
