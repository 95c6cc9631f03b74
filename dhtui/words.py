"""Numbers, durations, ids and addresses as short words for narrow columns."""

from __future__ import annotations

from typing import Final

from .engine.outcome import Doubt
from .engine.wire.compact import Addr
from .engine.wire.ids import ID_BITS, shared_prefix

DOUBTS: Final[dict[str, str]] = {
    Doubt.STARTS: "the nodes that it started from disagree with everything else: it can't be known what there is",
    Doubt.ALONE: "only the nodes that it started from answered, and they name nobody: it can't be known what there is",
    Doubt.SMALL: "the nodes that answered are few, and may not be of the network that is meant",
    Doubt.MADE_UP: "most of the nodes that answered look made up: it can't be known what there is",
}
"""What speaks against believing that what was not found is not there."""


def duration(seconds: float | None) -> str:
    """At most 5 characters: ``0 s``, ``59 s``, ``12m``, ``1h02m``, ``3d04h``, ``12d``; ``–`` for `None`."""
    if seconds is None:
        return "–"
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    days = whole // 86400
    return f"{days}d{whole % 86400 // 3600:02}h" if days < 10 else f"{days}d"


def clock(seconds: float) -> str:
    """``02:11:40``; from a day on ``3d 02:11:40``."""
    days, rest = divmod(max(0, int(seconds)), 86400)
    text = f"{rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
    return f"{days}d {text}" if days else text


def milliseconds(seconds: float | None) -> str:
    """A round trip: ``41 ms``, ``2.1 s``, ``–`` where it was not measured."""
    if seconds is None:
        return "–"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def size(count: float) -> str:
    """Bytes: ``312 B``, ``9.8 kB``, ``1.2 MB``."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 99.5 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def number(count: int) -> str:
    """A count in at most 6 characters: ``99999``, ``104 k``, ``12 M``."""
    if count < 100_000:
        return str(count)
    return f"{count // 1000} k" if count < 10_000_000 else f"{count // 1_000_000} M"


def plural(count: int, one: str, many: str = "") -> str:
    """``1 node``, ``3 nodes``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def address(addr: Addr | None) -> str:
    """``203.0.113.9:6881``; ``–`` for `None`."""
    return f"{addr[0]}:{addr[1]}" if addr else "–"


def elide(text: str, width: int) -> str:
    """The text in at most `width` characters: where it is longer, its two ends with ``…`` between them.

    Ids that lie near each other begin alike: by their first digits alone they can't be told apart.
    """
    if len(text) <= width:
        return text
    tail = max(0, width - 1) // 2
    return f"{text[: max(0, width - 1 - tail)]}…{text[len(text) - tail :]}"


def short_id(value: bytes, digits: int = 8) -> str:
    """The first and the last hexadecimal digits of an id: ``2d7c…6978``."""
    return elide(value.hex(), digits + 1)


def distance(own: bytes, other: bytes) -> str:
    """The XOR distance as the power of two that it lies below: ``2^145``; ``0`` to oneself."""
    shared = shared_prefix(own, other)
    return "0" if shared == ID_BITS else f"2^{ID_BITS - shared - 1}"


def prefix_bits(own: bytes, depth: int) -> str:
    """The leading bits of the ids in the bucket at `depth`: ours, the one after `depth` bits turned round."""
    bits = f"{int.from_bytes(own, 'big'):0160b}"
    return bits[:depth] + ("1" if bits[depth : depth + 1] == "0" else "0")
