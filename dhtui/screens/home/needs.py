"""What needs attention, as lines with the keys that help."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from ...bindings.keymap import key_of
from ...text.attention import Attention, attention_words
from ...text.format import plural
from ...text.spans import Line, Role


def attention_lines(needs: Sequence[Attention], width: int, height: int) -> list[Line]:
    """What needs attention, and the key that helps; what does not fit is counted."""
    if not needs:
        nothing: Line = (("✓ ", "good"), ("Nothing needs attention.", "dim"))
        return [nothing][:height]
    blocks = [_need(one, width) for one in needs]
    lines: list[Line] = []
    for place, block in enumerate(blocks):
        last = place == len(blocks) - 1
        if len(lines) + len(block) > height - (not last):
            more = plural(len(blocks) - place, "more thing")
            return [*lines, ((f"  and {more}", "dim"),)][:height]
        lines += block
    return lines


def _need(one: Attention, width: int) -> list[Line]:
    """One thing, in as many lines as it takes."""
    matter, remedy = attention_words(one)
    role: Role = {"bad": "bad", "warn": "warn", "note": "accent"}[one.weight]  # type: ignore[assignment]
    key = f"{key_of(one.action)} " if one.action else ""
    if 4 + len(matter) + len(key) + len(remedy) <= width:
        return [(("! ", role), (matter, "plain"), (f"  {key}", "key"), (remedy, "dim"))]
    first, *others = wrap(matter, max(10, width - 2))
    lines: list[Line] = [(("! ", role), (first, "plain")), *((("  " + rest, "plain"),) for rest in others)]
    first, *others = wrap(remedy, max(10, width - 2 - len(key)))
    lines.append(((f"  {key}", "key"), (first, "dim")))
    return [*lines, *(((" " * (2 + len(key)) + rest, "dim"),) for rest in others)]
