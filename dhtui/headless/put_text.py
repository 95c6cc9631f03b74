"""What is said of a put beside its outcome: what was read back, and the value that was in the way."""

from __future__ import annotations

from ..engine.items import MutableItem
from ..items.conflict import Conflict
from ..items.readback import Copy, Gives, ReadBack
from ..text import format as words
from ..text.safe import value_text

_NOTHING = (Gives.NOTHING, Gives.REFUSED, Gives.SILENT, Gives.CANCELLED, Gives.NOT_ASKED)


def copies(read: ReadBack) -> list[str]:
    """What was read back, but for the others that hold nothing: most nodes of a lookup."""
    shown = [c for c in read.copies if c.acknowledged or c.gives not in _NOTHING]
    return ["read back, nearest first:", *map(_copy_line, shown)] if shown else []


def _copy_line(copy: Copy) -> str:
    how = "by the lookup" if copy.found else "asked directly"
    return f"  {words.address(copy.node.addr):<21}  {copy_words(copy)}, {how}"


def copy_words(copy: Copy) -> str:
    """What a node gave when it was read back, and whether it had taken the item."""
    item = copy.node.item
    text = str(copy.gives)
    if isinstance(item, MutableItem) and copy.gives in (Gives.OLDER, Gives.NEWER, Gives.RIVAL):
        text += f" ({item.seq})" if copy.gives is Gives.RIVAL else f", seq {item.seq}"
    return f"{text}, took it" if copy.acknowledged else f"{text}, did not take it" if copy.written else text


def three_ways(conflict: Conflict) -> list[str]:
    """The user's value, those in its way, and what it was made from; and how to put it in their place."""
    yours = "not put" if conflict.seq is None else f"seq {conflict.seq}"
    lines = [f"  yours   {yours:<10}  {value_text(conflict.yours)}"]
    lines += [f"  theirs  {f'seq {item.seq}':<10}  {value_text(item.v)}" for item in conflict.theirs]
    if conflict.base is not None:
        lines.append(f"  base    {f'seq {conflict.base.seq}':<10}  {value_text(conflict.base.v)}")
    return [*lines, f"  to put yours in their place, read them, then put with --cas {conflict.newest}"]
