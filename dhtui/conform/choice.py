"""Which cases are run, and the user's file of known failures."""

from __future__ import annotations

from collections.abc import Sequence

from ..text.safe import safe_text
from .case import Case


def chosen(cases: Sequence[Case], text: str) -> tuple[Case, ...]:
    """Those that a list like ``44,5.04,bep33,H`` names, in the order of their numbers. Raises `ValueError`."""
    groups = {case.group for case in cases}
    numbers = {case.id for case in cases}
    wanted: set[str] = set()
    for word in text.replace(";", ",").split(","):
        word = word.strip()
        name = word.lower().removeprefix("bep").lstrip("0 -") if word[:1].lower() != "h" else word.upper()
        if name in groups:
            wanted |= {case.id for case in cases if case.group == name}
        elif name in numbers:
            wanted.add(name)
        elif word:
            there = ", ".join(dict.fromkeys(case.group for case in cases))
            raise ValueError(f"there is no case '{safe_text(word, 40)}': give a BEP ({there}) or a number such as 5.04")
    if not wanted:
        raise ValueError("it names no case")
    return tuple(case for case in cases if case.id in wanted)


def read_known(text: str, cases: Sequence[Case]) -> dict[str, str]:
    """Known failures: lines of a number and a reason; ``#`` begins a comment. Raises `ValueError`."""
    numbers = {case.id for case in cases}
    known: dict[str, str] = {}
    for at, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split(None, 1)
        if not words:
            continue
        name, reason = words[0].rstrip(":"), words[1].strip() if len(words) > 1 else ""
        if name not in numbers:
            raise ValueError(f"line {at}: there is no case '{safe_text(name, 40)}'")
        if not reason:
            raise ValueError(f"line {at}: {name} needs a reason, such as: {name} the maintainers know, issue 12")
        known[name] = safe_text(reason)
    return known
