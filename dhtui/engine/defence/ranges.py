"""Sets of addresses of both families, as ranges: what a blocklist is once it is read."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from heapq import merge

from ..wire.family import IPV4, IPV6, Family, family_of

MAX_ENTRIES = 1_000_000
"""Most entries of a list. Those in use have up to 300,000. The bound limits the time: a .gz of 11 kB may hold a
million."""
RUN = 65_536
"""Ranges that are sorted at a time: Python integers take five times the memory of array elements."""
_LOW = (1 << 64) - 1


class TooManyError(ValueError):
    """More entries than are accepted; its words say how many that are."""


class _Wide:
    """Numbers of 128 bits in a row, 16 bytes each; as much of a sequence as `bisect` needs."""

    __slots__ = ("_high", "_low")

    def __init__(self) -> None:
        self._high, self._low = array("Q"), array("Q")

    def __len__(self) -> int:
        return len(self._high)

    def __getitem__(self, place: int) -> int:
        return self._high[place] << 64 | self._low[place]

    def __setitem__(self, place: int, number: int) -> None:
        self._high[place], self._low[place] = number >> 64, number & _LOW

    def __iter__(self) -> Iterator[int]:
        return (high << 64 | low for high, low in zip(self._high, self._low, strict=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Wide) and (self._high, self._low) == (other._high, other._low)

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    def append(self, number: int) -> None:
        self._high.append(number >> 64)
        self._low.append(number & _LOW)


class Spans:
    """The ranges of a list in the order of reading, 8 bytes each, 32 of IPv6."""

    def __init__(self) -> None:
        self._four = array("Q")
        self._first, self._last = _Wide(), _Wide()

    def __len__(self) -> int:
        return len(self._four) + len(self._first)

    def append(self, span: tuple[int, int], *, six: bool = False) -> None:
        """Add a range by its first and last address. Raises `TooManyError` beyond the bound."""
        if len(self._four) + len(self._first) >= MAX_ENTRIES:
            raise TooManyError(f"more than {MAX_ENTRIES}")
        first, last = span
        if six:
            self._first.append(first)
            self._last.append(last)
        else:
            self._four.append(first << 32 | last)

    def four(self) -> Iterator[tuple[int, int]]:
        """All IPv4 ranges, sorted by their first address."""
        runs = [array("Q", sorted(self._four[start : start + RUN])) for start in range(0, len(self._four), RUN)]
        for both in merge(*runs):
            yield both >> 32, both & 0xFFFFFFFF

    def six(self) -> Iterator[tuple[int, int]]:
        """All IPv6 ranges, sorted by their first address."""
        places, first = range(len(self._first)), self._first.__getitem__
        runs = [array("I", sorted(places[start : start + RUN], key=first)) for start in range(0, len(places), RUN)]
        for place in merge(*runs, key=first):
            yield self._first[place], self._last[place]


class _Ranges:
    """The addresses of one family as merged sorted ranges: 8 bytes a range, 32 of IPv6, one bisection a test."""

    __slots__ = ("family", "first", "last")

    def __init__(self, family: Family, spans: Iterable[tuple[int, int]]) -> None:
        self.family = family
        self.first: array[int] | _Wide = _Wide() if family is IPV6 else array("I")
        self.last: array[int] | _Wide = _Wide() if family is IPV6 else array("I")
        for first, last in spans:
            if len(self.last) and first <= self.last[-1] + 1:
                self.last[-1] = max(self.last[-1], last)
            else:
                self.first.append(first)
                self.last.append(last)

    def number(self, ip: str) -> int:
        return int.from_bytes(self.family.pack_ip(ip))

    def text(self, number: int) -> str:
        return self.family.unpack_ip(number.to_bytes(self.family.ip_length))

    def pairs(self) -> Iterator[tuple[int, int]]:
        return zip(self.first, self.last, strict=True)

    def sparing(self, low: int, high: int) -> _Ranges:
        """The same without the addresses from `low` to `high`."""
        spans: list[tuple[int, int]] = []
        for one, other in self.pairs():
            spans += [(one, min(other, low - 1)), (max(one, high + 1), other)]
        return _Ranges(self.family, sorted(span for span in spans if span[0] <= span[1]))


class Blocklist:
    """A set of addresses of both families."""

    __slots__ = ("_four", "_six")

    def __init__(self, spans: Iterable[tuple[int, int]] | Spans = (), six: Iterable[tuple[int, int]] = ()) -> None:
        """`spans`: first and last address of each IPv4 range, as numbers, in any order; `six`: the same of IPv6."""
        if isinstance(spans, Spans):
            self._four, self._six = _Ranges(IPV4, spans.four()), _Ranges(IPV6, spans.six())
        else:
            self._four, self._six = _Ranges(IPV4, sorted(spans)), _Ranges(IPV6, sorted(six))

    def __contains__(self, ip: str) -> bool:
        """Whether an address is blocked. Raises `OSError` if `ip` is none."""
        part = self._six if ":" in ip else self._four
        number = int.from_bytes(part.family.pack_ip(ip))
        place = bisect_right(part.first, number)
        return place > 0 and number <= part.last[place - 1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Blocklist) and list(self.ranges()) == list(other.ranges())

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    def __len__(self) -> int:
        """How many separate ranges it has."""
        return len(self._four.first) + len(self._six.first)

    def sparing(self, first: str, last: str) -> Blocklist:
        """The same without the addresses from `first` to `last`, of one family."""
        spared = Blocklist()
        spared._four, spared._six = self._four, self._six
        if family_of(first) is IPV6:
            spared._six = self._six.sparing(self._six.number(first), self._six.number(last))
        else:
            spared._four = self._four.sparing(self._four.number(first), self._four.number(last))
        return spared

    def ranges(self) -> Iterator[tuple[str, str]]:
        """First and last address of each range, in ascending order, IPv4 first."""
        for part in (self._four, self._six):
            for first, last in part.pairs():
                yield part.text(first), part.text(last)
