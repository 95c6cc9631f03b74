"""IP blocklists: the formats that file sharing programs exchange, read into a set of addresses (`ranges`).

One entry a line, of either family, in any mixture of these kinds:

    label:1.2.3.0-1.2.3.255                            P2P (PeerGuardian); the last colon ends the label
    001.002.003.000 - 001.002.003.255 , 000 , label    eMule DAT; a level of 128 or more means allowed
    1.2.3.0/24                                         CIDR, or with a netmask
    1.2.3.0-1.2.3.255                                  range
    1.2.3.4                                            single address

IPv6 has colons of its own, so where a label ends can be read in several ways: of those the one that blocks least is
taken, else the longest. Lines that are blank or start with ``#`` or ``;`` are skipped; a comment may also end a line,
after a blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple, TypeAlias

from ..wire.family import IPV6
from .ranges import Blocklist, Spans, TooManyError

_ACCEPTED = "accepted are label:first-last, first - last , level , label (DAT), CIDR, first-last, addresses"
_ALLOWED_LEVEL = 128
_MOST_COLONS = 15
"""Most colons that are tried as the end of a label: an IPv6 range has at most 16. It bounds the time of a long line."""
_MOST_OF_ONE = 9
"""The same before a single address, which has at most 8."""
_SHOWN = 60
"""Most characters shown of an unreadable line."""
_MOST_SHOWN = 10
_MOST_NONSENSE = 1000
"""After this many unreadable lines and no range, a file counts as no list."""
_COMMENT = re.compile(r"\s[#;]")
_LEVEL = re.compile(r"\s*([0-9]{1,5})\s*")
_ADDRESS = r"\s*([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\s*"
_IPV4_SPAN = re.compile(f"{_ADDRESS}(?:-{_ADDRESS})?").fullmatch
_LEADING_ZEROS = re.compile(r"\b0+(?=[0-9])")
_LIKE_ADDRESS = re.compile(r"[0-9A-Fa-f:.\-\s]+").fullmatch
_BITS = re.compile(r"\s*([0-9]{1,3})\s*").fullmatch
_WIDTH = 8 * IPV6.ip_length
_MAPPED = 0xFFFF
"""The first 96 bits of an IPv4-mapped address (::ffff:1.2.3.4)."""

_Four: TypeAlias = tuple[int, int]
"""First and last IPv4 address of a range, as numbers, in the order of the list, possibly reversed."""


class _Six(NamedTuple):
    """The same of IPv6."""

    first: int
    last: int


_Span: TypeAlias = _Four | _Six


class _Skip(Enum):
    ALLOWED = "an entry that allows addresses instead of blocking them"
    MAPPED = "an entry of IPv4-mapped addresses"


class BlocklistError(ValueError):
    """An unreadable blocklist: one sentence, with the line number and the accepted forms."""


class NonsenseError(BlocklistError):
    """Some lines of a list are unreadable."""


def parse(lines: Iterable[str], *, lenient: bool = False) -> tuple[Blocklist, list[str]]:
    """The ranges in `lines`, and sentences about lines that were corrected or left out.

    Raises `BlocklistError`, which names the unreadable lines: half a list would give false confidence. With `lenient`
    those lines are left out.
    """
    spans = Spans()
    nonsense = _Nonsense()
    backwards = _Tally()
    mapped = _Tally()
    for number, line in enumerate(lines, 1):
        entry = (line.removeprefix("\ufeff") if number == 1 else line).strip()
        if not entry or entry[0] in "#;":
            continue
        span = _read(entry)
        if span is None:
            nonsense.add(number, entry)
            if nonsense.count > _MOST_NONSENSE and not spans:
                break  # not a list, however long
        elif span is _Skip.MAPPED:
            mapped.add(number)
        elif span is not _Skip.ALLOWED:
            first, last = span
            if first > last:
                backwards.add(number)
                first, last = last, first
            _add(spans, (first, last), six=type(span) is _Six)
    if nonsense.count and not lenient:
        raise NonsenseError(f"{nonsense}; {_ACCEPTED}")
    warnings = [f"blocklist: left out, {nonsense}"] if nonsense.count else []
    if backwards.count:
        warnings.append(f"blocklist: ranges written backwards, taken as meant: {backwards}")
    if mapped.count:
        warnings.append(f"blocklist: entries of IPv4 in IPv6 (::ffff:0:0/96), which no packet comes from: {mapped}")
    if not spans:
        warnings.append("blocklist: it blocks no address")
    return Blocklist(spans), warnings


def _add(spans: Spans, span: tuple[int, int], *, six: bool) -> None:
    try:
        spans.append(span, six=six)
    except TooManyError as error:
        raise BlocklistError(f"it has {error} entries, which is too much") from None


class _Nonsense:
    """The unreadable lines, so that all can be corrected at once; of many the first."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[tuple[int, str]] = []

    def add(self, number: int, entry: str) -> None:
        self.count += 1
        if len(self._first) < _MOST_SHOWN:
            self._first.append((number, entry[:_SHOWN]))

    def __str__(self) -> str:
        if self.count == 1:
            number, entry = self._first[0]
            return f"line {number}: {entry!r} is no range of addresses"
        shown = ", ".join(f"{number}: {entry[: _SHOWN // 2]!r}" for number, entry in self._first)
        more = f" and {self.count - _MOST_SHOWN} more" if self.count > _MOST_SHOWN else ""
        return f"{self.count} lines are no ranges of addresses, {shown}{more}"


class _Tally:
    """Counts lines, and remembers the first."""

    def __init__(self) -> None:
        self.count = 0
        self.first = 0

    def add(self, number: int) -> None:
        self.first = self.first or number
        self.count += 1

    def __str__(self) -> str:
        return f"{self.count}, the first in line {self.first}"


def _read(entry: str) -> _Span | _Skip | None:
    """The meaning of one line; `None` if it is unreadable."""
    if "#" in entry or ";" in entry:
        before = _COMMENT.split(entry, maxsplit=1)[0]
        if before != entry and (span := _read_uncommented(before)):
            return span  # else the sign belongs to the label
    return _read_uncommented(entry)


def _read_uncommented(entry: str) -> _Span | _Skip | None:
    if "," in entry and (entry[0].isdigit() or ":" in entry):
        body, level, *_ = entry.split(",", 2)
        span = _ipv4_span(body) or _ipv6_span(body)
        if span and (found := _LEVEL.fullmatch(level)):
            return span if int(found[1]) < _ALLOWED_LEVEL else _Skip.ALLOWED
    head, _, tail = entry.rpartition(":")
    # After colons, a single address may be the end of an IPv6 address.
    if "-" in tail or not head:
        span = _ipv4_span(tail)
        if span:
            return span
    return _ipv6_span(entry) or _read_slowly(entry)


def _ipv4_span(text: str) -> _Four | None:
    """A range or a single address, dotted."""
    found = _IPV4_SPAN(text)
    if not found:
        return None
    try:
        # Leading zeros are padding. Read as octal, they would block other addresses.
        quads = bytes(map(int, found.groups(default=0)))
    except ValueError:  # one over 255
        return None
    low = int.from_bytes(quads[:4])
    return low, int.from_bytes(quads[4:]) if found[5] else low


def _ipv6_span(entry: str) -> _Six | _Skip | None:
    """A range, a block or a single address, with colons, after any label."""
    if ":" not in entry:
        return None
    head, hyphen, tail = entry.rpartition("-")
    if hyphen and (last := _number6(tail)) is not None:
        firsts = list(_numbers6(head, ranged=True))
        return _six(min(firsts, key=lambda first: abs(last - first)), last) if firsts else None
    head, slash, bits = entry.rpartition("/")
    if not slash:
        first = next(_numbers6(entry), None)
        return None if first is None else _six(first, first)
    found, first = _BITS(bits), next(_numbers6(head), None)
    if first is None or not found or int(found[1]) > _WIDTH:
        return None
    spare = _WIDTH - int(found[1])
    return _six(first >> spare << spare, first | (1 << spare) - 1)


def _six(first: int, last: int) -> _Six | _Skip:
    return _Skip.MAPPED if first >> 32 == last >> 32 == _MAPPED else _Six(first, last)


def _numbers6(text: str, *, ranged: bool = False) -> Iterator[int]:
    """The addresses that the end of a text can be read as, the longest first. `ranged`: it begins a range."""
    parts = text.split(":")
    for start in range(max(0, len(parts) - 1 - _MOST_OF_ONE), len(parts) - 1):
        number = _number6(":".join(parts[start:]))
        if number is not None and _may_be_label(":".join(parts[:start]), ranged):
            yield number


def _may_be_label(text: str, ranged: bool) -> bool:
    """Whether what stands before an IPv6 address is a label, and no part of an address that is mistyped."""
    if not _LIKE_ADDRESS(text):
        return True
    return "-" not in text and (("::" not in f"{text}:") if ranged else (":" not in text))


def _number6(text: str) -> int | None:
    try:
        return int.from_bytes(IPV6.pack_ip(text.strip()))
    except (OSError, ValueError):
        return None


def _read_slowly(entry: str) -> _Span | _Skip | None:
    """Any range after any label: the longest end of the line that is a range, because IPv6 has colons of its own."""
    parts = entry.split(":")
    for start in range(max(0, len(parts) - 1 - _MOST_COLONS), len(parts)):
        text = ":".join(parts[start:]).strip()
        span = _any_span(text)
        if span and (type(span) is tuple or _may_be_label(":".join(parts[:start]), "-" in text)):
            return span
    return None


def _any_span(text: str) -> _Span | _Skip | None:
    """CIDR, ranges and addresses of both families."""
    import netaddr  # slow to import, and seldom needed

    if ":" not in text:
        text = _LEADING_ZEROS.sub("", text)
    first, hyphen, last = text.partition("-")
    try:
        low = netaddr.IPNetwork(first.strip())
        high = netaddr.IPNetwork(last.strip()) if hyphen else low
    except (netaddr.AddrFormatError, ValueError):
        return None
    if low.version != high.version or (hyphen and "/" in text):
        return None
    return (low.first, high.last) if low.version == 4 else _six(low.first, high.last)
