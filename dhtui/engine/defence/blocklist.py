"""IP blocklists: the formats that file sharing programs exchange, and a searchable set of IPv4 ranges.

One entry a line, in any mixture of these kinds:

    label:1.2.3.0-1.2.3.255                            P2P (PeerGuardian); the last colon ends the label
    001.002.003.000 - 001.002.003.255 , 000 , label    eMule DAT; a level of 128 or more means allowed
    1.2.3.0/24                                         CIDR, or with a netmask
    1.2.3.0-1.2.3.255                                  range
    1.2.3.4                                            single address

Lines that are blank or start with ``#`` or ``;`` are skipped; a comment may also end a line, after a blank.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from enum import Enum
from heapq import merge

from ..wire.family import IPV4

_ACCEPTED = "accepted are label:first-last, first - last , level , label (DAT), CIDR, first-last, addresses"
_ALLOWED_LEVEL = 128
_MOST_COLONS = 15
"""Most colons that are tried as the end of a label: an IPv6 range has at most 14. It bounds the time of a long line."""
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

_Span = tuple[int, int]
"""First and last address of a range, as numbers, in the order of the list, possibly reversed."""


MAX_ENTRIES = 1_000_000
"""Most entries. Lists in use have up to 300,000. The bound limits the time: a .gz of 11 kB may hold a million."""
RUN = 65_536
"""Ranges that are sorted at a time: Python integers take five times the memory of array elements."""


class _Skip(Enum):
    ALLOWED = "an entry that allows addresses instead of blocking them"
    IPV6 = "an IPv6 entry"


class BlocklistError(ValueError):
    """An unreadable blocklist: one sentence, with the line number and the accepted forms."""


class NonsenseError(BlocklistError):
    """Some lines of a list are unreadable."""


class Spans:
    """The ranges of a list in the order of reading, 8 bytes each."""

    def __init__(self) -> None:
        self._all = array("Q")

    def __len__(self) -> int:
        return len(self._all)

    def append(self, span: tuple[int, int]) -> None:
        """Add a range by its first and last address. Raises `BlocklistError` beyond the bound."""
        if len(self._all) >= MAX_ENTRIES:
            raise BlocklistError(f"it has more than {MAX_ENTRIES} entries, which is too much")
        first, last = span
        self._all.append(first << 32 | last)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """All ranges, sorted by their first address."""
        runs = [array("Q", sorted(self._all[start : start + RUN])) for start in range(0, len(self._all), RUN)]
        for both in merge(*runs):
            yield both >> 32, both & 0xFFFFFFFF


class Blocklist:
    """A set of IPv4 addresses as merged sorted ranges: 8 bytes a range, one bisection a test."""

    __slots__ = ("_first", "_last")

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        """`spans`: first and last address of each range, as 32-bit numbers, in any order."""
        self._first = array("I")
        self._last = array("I")
        for first, last in spans if isinstance(spans, Spans) else sorted(spans):
            if self._last and first <= self._last[-1] + 1:
                self._last[-1] = max(self._last[-1], last)
            else:
                self._first.append(first)
                self._last.append(last)

    def __contains__(self, ip: str) -> bool:
        """Whether a dotted IPv4 address is blocked. Raises `OSError` if `ip` is none."""
        number = int.from_bytes(IPV4.pack_ip(ip))
        place = bisect_right(self._first, number)
        return place > 0 and number <= self._last[place - 1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Blocklist) and (self._first, self._last) == (other._first, other._last)

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    def __len__(self) -> int:
        """How many separate ranges it has."""
        return len(self._first)

    def sparing(self, first: str, last: str) -> Blocklist:
        """The same without the addresses from `first` to `last`."""
        low, high = (int.from_bytes(IPV4.pack_ip(ip)) for ip in (first, last))
        spans: list[_Span] = []
        for one, other in zip(self._first, self._last, strict=True):
            spans += [(one, min(other, low - 1)), (max(one, high + 1), other)]
        return Blocklist(span for span in spans if span[0] <= span[1])

    def ranges(self) -> Iterator[tuple[str, str]]:
        """First and last address of each range, dotted, in ascending order."""
        for first, last in zip(self._first, self._last, strict=True):
            yield IPV4.unpack_ip(first.to_bytes(4)), IPV4.unpack_ip(last.to_bytes(4))


def parse(lines: Iterable[str], *, lenient: bool = False) -> tuple[Blocklist, list[str]]:
    """The ranges in `lines`, and sentences about lines that were corrected or left out.

    Raises `BlocklistError`, which names the unreadable lines: half a list would give false confidence. With `lenient`
    those lines are left out.
    """
    spans = Spans()
    nonsense = _Nonsense()
    backwards = _Tally()
    ipv6 = _Tally()
    for number, line in enumerate(lines, 1):
        entry = (line.removeprefix("\ufeff") if number == 1 else line).strip()
        if not entry or entry[0] in "#;":
            continue
        span = _read(entry)
        if span is None:
            nonsense.add(number, entry)
            if nonsense.count > _MOST_NONSENSE and not spans:
                break  # not a list, however long
        elif span is _Skip.IPV6:
            ipv6.add(number)
        elif span is not _Skip.ALLOWED:
            first, last = span
            if first > last:
                backwards.add(number)
                first, last = last, first
            spans.append((first, last))
    if nonsense.count and not lenient:
        raise NonsenseError(f"{nonsense}; {_ACCEPTED}")
    warnings = [f"blocklist: left out, {nonsense}"] if nonsense.count else []
    if backwards.count:
        warnings.append(f"blocklist: ranges written backwards, taken as meant: {backwards}")
    if ipv6.count:
        warnings.append(f"blocklist: IPv6 entries, which have no effect on IPv4: {ipv6}")
    if not spans:
        warnings.append("blocklist: it blocks no IPv4 address")
    return Blocklist(spans), warnings


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
    if "," in entry and entry[0].isdigit():
        body, level, *_ = entry.split(",", 2)
        span = _ipv4_span(body)
        if span and (found := _LEVEL.fullmatch(level)):
            return span if int(found[1]) < _ALLOWED_LEVEL else _Skip.ALLOWED
    head, _, tail = entry.rpartition(":")
    # After colons, a single address may be the end of an IPv6 address.
    if "-" in tail or not head:
        span = _ipv4_span(tail)
        if span:
            return span
    return _read_slowly(entry)


def _ipv4_span(text: str) -> _Span | None:
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


def _read_slowly(entry: str) -> _Span | _Skip | None:
    """Any range after any label: the longest end of the line that is a range, because IPv6 has colons of its own."""
    parts = entry.split(":")
    for start in range(max(0, len(parts) - 1 - _MOST_COLONS), len(parts)):
        span = _any_span(":".join(parts[start:]).strip())
        if span:
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
    return (low.first, high.last) if low.version == 4 else _Skip.IPV6
