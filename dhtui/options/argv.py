"""Command lines by the rules of Go's flag package, which the original program follows.

``-name value``, ``-name=value``, ``--name value``. A switch is ``-name`` or ``-name=true``: its value can't be
the next word. For all others the next word is the value whatever it looks like; but a flag whose value may be left
out takes no word that begins with ``-``. What is given twice counts as given last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from ..errors import UsageError, nearest, quoted


class StrayWord(UsageError):
    """A word that is no flag, nor the value of one."""

    def __init__(self, word: str, before: Sequence[str], after: Sequence[str]) -> None:
        super().__init__(f"unexpected argument {quoted(word)}: every value belongs to a flag, such as --val")
        self.word, self.before, self.after = word, tuple(before), tuple(after)


def read(
    argv: Sequence[str], switches: Mapping[str, bool], alone: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """The value of each flag that was given, as text. `switches` has all flags, and whether each is a switch.

    `alone` has the flags that may be given without a value, and what that means. Raises `UsageError`.
    """
    given: dict[str, str] = {}
    words = deque(argv)
    while words:
        word = words.popleft()
        if word == "--":
            break
        if len(word) < 2 or word[0] != "-":
            at = len(argv) - len(words)
            raise StrayWord(word, argv[: at - 1], argv[at:])
        name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
        if name not in switches:
            raise UsageError(f"unknown flag {quoted(word)}{_suggestion(name, switches)}; --help lists them all")
        if not equals:
            stands_alone = name in alone and (not words or words[0].startswith("-"))
            value = "true" if switches[name] else alone[name] if stands_alone else _next(words, name)
        given[name] = value
    for rest in words:
        raise StrayWord(rest, (), ())
    return given


def _next(words: deque[str], name: str) -> str:
    if not words:
        raise UsageError(f"--{name} needs a value")
    return words.popleft()


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f", did you mean --{near}?" if near else ""
