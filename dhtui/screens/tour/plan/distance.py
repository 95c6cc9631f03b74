"""Two ids as they are typed, where they lie, and how far apart they are."""

from __future__ import annotations

import re

from ....engine.wire.ids import ID_BITS, ID_LENGTH, distance, shared_prefix
from ....text.format import distance as distance_words
from ....text.format import plural
from ....text.keyspace import Mark, Part, marks, scale
from ....text.spans import Line, Role


def read_id(text: str) -> bytes | None:
    """The id that begins with these hex digits, 1 to 40, and goes on with zeros; `None`: they are none."""
    text = text.strip()
    if not re.fullmatch(r"[0-9a-fA-F]{1,40}", text):
        return None
    return bytes.fromhex(text.ljust(2 * ID_LENGTH, "0"))


def compared(one: str, other: str, width: int) -> list[Line]:
    """What is to be said of two ids that are being typed."""
    a, b = read_id(one), read_id(other)
    wrong = next((text for text, found in ((one, a), (other, b)) if text and found is None), None)
    if wrong is not None:
        return [(("✗ an id is hex digits, at most 40", "bad"),)]
    found = [Mark(each, sign, "", role) for each, sign, role in _signs(a, b) if each is not None]
    lines: list[Line] = [scale(Part(), width), (("─" * width, "dim"),), marks(Part(), found, width)]
    if a is None or b is None:
        return lines
    apart = distance(a, b)
    shared = shared_prefix(a, b)
    power = distance_words(a, b) if apart else "0: they are the same"
    return [
        *lines,
        (),
        (("A xor B  ", "dim"), (f"{apart:040x}", "data")),
        (("shared   ", "dim"), (f"the first {plural(shared, 'bit')} of {ID_BITS}", "plain")),
        (("distance ", "dim"), (power, "strong")),
    ]


def _signs(a: bytes | None, b: bytes | None) -> tuple[tuple[bytes | None, str, Role], ...]:
    return (a, "A", "key"), (b, "B", "accent")
