"""Numbers, durations, ids and addresses as short words for narrow columns."""

from __future__ import annotations

import time

from ..engine.wire import ids
from ..engine.wire.address import address_text
from ..engine.wire.compact import Addr


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


def date_time(unix: float, now: float) -> str:
    """A local time of day, ``12:04:31.204``; of another day than `now` its date and time: ``01-31 12:04``."""
    then = time.localtime(unix)
    if then[:3] == time.localtime(now)[:3]:
        return f"{time.strftime('%H:%M:%S', then)}.{int(unix * 1000) % 1000:03}"
    return time.strftime("%m-%d %H:%M", then)


def full_time(unix: float) -> str:
    """A local time with its date and zone, ``2026-01-31 12:04:31.204 +0100``."""
    then = time.localtime(unix)
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', then)}.{int(unix * 1000) % 1000:03} {time.strftime('%z', then)}"


def reach(state: str) -> str:
    """The reachability in words, by the state of a `ReachabilityView`."""
    return "reachable" if state == "reachable" else "not seen from outside"


def clock(seconds: float) -> str:
    """``02:11:40``; from a day on ``3d 02:11:40``."""
    days, rest = divmod(max(0, int(seconds)), 86400)
    text = f"{rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
    return f"{days}d {text}" if days else text


def milliseconds(seconds: float | None) -> str:
    """A round trip: ``41 ms``, ``2.1 s``, ``–`` if it was not measured."""
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


def waiting_words(place: int) -> str:
    """Words for a waiting lookup, with its place in the order."""
    return "waiting, next" if place == 1 else f"waiting, number {place}"


def plural(count: int, one: str, many: str = "") -> str:
    """``1 node``, ``3 nodes``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def lost_unread(lost: int, total: int) -> str:
    """Words for datagrams that the system lost."""
    more = f", {number(total)} since the start" if total > lost else ""
    return f"{plural(lost, 'datagram')} came faster than this program reads: lost unread{more}"


def woke(away: float) -> str:
    """Words for a suspension of some seconds."""
    return f"nothing was done for {duration(away)}: the machine slept, or this program was stopped"


LONGEST_ADDRESS = len("[2001:db8:1111:2222:3333:4444:5555:6666]:65535")
"""Characters of an IPv6 address with its port, at most; an IPv4 address has 21."""


def address(addr: Addr | None) -> str:
    """``203.0.113.9:6881``, ``[2001:db8::9]:6881``; ``–`` for `None`."""
    return address_text(addr) if addr else "–"


def elide(text: str, width: int) -> str:
    """The text in at most `width` characters: of a longer one, its two ends with ``…`` between them.

    Ids that are near each other begin alike: their first digits alone don't distinguish them.
    """
    if len(text) <= width:
        return text
    tail = max(0, width - 1) // 2
    return f"{text[: max(0, width - 1 - tail)]}…{text[len(text) - tail :]}"


def short_id(value: bytes, digits: int = 8) -> str:
    """The first and the last hexadecimal digits of an id: ``2d7c…6978``."""
    return elide(value.hex(), digits + 1)


def power(bits: float | None) -> str:
    """A distance by its `ids.bits`: ``2^154.3``; ``0`` for the same id, ``–`` if unknown. At most 7 characters.

    This is the only notation of distances, on all screens and in all text.
    """
    if bits is None:
        return "–"
    return "0" if bits < 0 else f"2^{bits:.1f}"


def distance(own: bytes, other: bytes) -> str:
    """The XOR distance of two ids as `power` writes it."""
    return power(ids.bits(ids.distance(own, other)))


def prefix_bits(own: bytes, depth: int) -> str:
    """The leading bits of the ids in the bucket at `depth`: `depth` bits of ours, then the inverse of the next one."""
    bits = f"{int.from_bytes(own, 'big'):0160b}"
    return bits[:depth] + ("1" if bits[depth : depth + 1] == "0" else "0")
