"""Lines of the log that repeat each other, folded into one."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .log_lines import LogLine

FOLD_FROM: Final = 3
"""So many lines that say the same are folded."""
GAP_SECONDS: Final = 10.0
"""The longest time between two of them."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """A line as it is listed: by itself, as the head of those that say the same, or under such a head."""

    line: LogLine
    """The newest of them, for a head."""
    folded: tuple[LogLine, ...] = ()
    """Of a head: all of them, the newest first."""
    open: bool = False
    """Whether they are listed below the head."""
    inside: bool = False

    @property
    def key(self) -> Hashable:
        """What the selection follows: of a head its oldest line, as newer ones come."""
        if self.folded:
            return "fold", self.folded[-1].key
        return ("inside", self.line.key) if self.inside else self.line.key

    @property
    def hosts(self) -> int:
        """How many addresses the lines of a head are about."""
        return len({line.where for line in self.folded if line.where})


def fold(lines: Sequence[LogLine], opened: Collection[Hashable]) -> list[LogRow]:
    """Lines, newest first, as rows; a head stands where its newest line would. `opened`: keys of heads."""
    return [row for group in _groups(lines) for row in _rows(group, opened)]


def _groups(lines: Sequence[LogLine]) -> Iterator[list[LogLine]]:
    """Lines that say the same, each within `GAP_SECONDS` of the next; the groups by their newest lines."""
    groups: list[list[LogLine]] = []
    latest: dict[tuple[str, str, str], list[LogLine]] = {}
    for line in lines:
        what = line.level, line.label, line.text
        group = latest.get(what)
        if group is not None and group[-1].at - line.at <= GAP_SECONDS:
            group.append(line)
            continue
        latest[what] = [line]
        groups.append(latest[what])
    few = [[line] for group in groups if len(group) < FOLD_FROM for line in group]
    many = [group for group in groups if len(group) >= FOLD_FROM]
    return iter(sorted(few + many, key=lambda group: -group[0].at))


def _rows(group: list[LogLine], opened: Collection[Hashable]) -> Iterator[LogRow]:
    if len(group) == 1:
        yield LogRow(group[0])
        return
    head = LogRow(group[0], tuple(group))
    if head.key not in opened:
        yield head
        return
    yield LogRow(group[0], tuple(group), open=True)
    yield from (LogRow(line, inside=True) for line in group)
