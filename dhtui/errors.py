"""How a run ends: its exit codes, and what is told to users in one line in place of a result."""

from __future__ import annotations

import os
from collections.abc import Iterable
from enum import IntEnum

from .text.safe import safe_text


class Exit(IntEnum):
    """Exit codes, stable: scripts part outcomes by them. A signal gives 128 plus its number, as in a shell."""

    meaning: str
    """What it tells, a clause."""

    def __new__(cls, value: int, meaning: str) -> Exit:
        """A code with its meaning."""
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code

    @classmethod
    def of_signal(cls, signum: int) -> Exit:
        """The code of a run that a signal ended."""
        return next(code for code in cls if code.value == 128 + signum)

    OK = 0, "the action did what was wanted"
    FAILED = 1, "it did not, for any other reason than those below: too few nodes stored it, a port can't be bound"
    USAGE = 2, "a request that makes no sense, said in one line before any packet is sent"
    NO_ANSWER = 3, "nobody answered, or there was nobody to ask, so nothing is known about what was asked for"
    NOT_FOUND = 4, "nodes answered, and what was looked for is not there; put --read-back: a stranger does not find it"
    CONFLICT = 5, "put: another value is in the way, as new as this one or newer than --cas; nothing is lost silently"
    DEADLINE = 124, "given up at the --deadline; what was known by then is told"
    HANGUP = 129, "ended by SIGHUP: the terminal was closed"
    INTERRUPTED = 130, "ended by SIGINT: Ctrl+C"
    TERMINATED = 143, "ended by SIGTERM"


class UsageError(ValueError):
    """A request that can't be carried out as it was put: what is wrong, and what is accepted. `Exit.USAGE`."""


class Failure(Exception):
    """An action that did not succeed. One line."""

    def __init__(self, why: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(why)
        self.code = code


def quoted(text: str) -> str:
    """User text for a message: it may hold control characters, or bytes that are not UTF-8."""
    return f"'{safe_text(os.fsencode(text), 80)}'"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a mistyped one is most like, if there is one."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name[:40].replace("_", "-"), list(known), n=1, cutoff=0.5)), None)
