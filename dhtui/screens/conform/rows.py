"""The lines of the window: a row for each case, and all about the selected one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Final, NamedTuple

from ...conform.case import Case
from ...conform.outcomes import Level, Outcome
from ...conform.session import Result
from ...packets.hexdump import rows as hex_rows
from ...text.format import plural
from ...text.runs.conformance import why_words
from ...text.safe import safe_text
from ...text.spans import Line, Role
from ...widgets.table_model import Column
from ..verbs import CopyForm

WIDTH: Final = 70
SHOWN: Final = 512
"""Most bytes of a datagram that are shown."""
ROLES: Final[dict[Outcome, Role]] = {Outcome.PASS: "good", Outcome.FAIL: "bad", Outcome.NON_STRICT: "warn"}
LEVELS: Final = {Level.M: "must", Level.S: "should", Level.O: "optional", Level.H: "robustness"}
WORST: Final = (Outcome.FAIL, Outcome.NON_STRICT, Outcome.INCONCLUSIVE, Outcome.UNSUPPORTED, Outcome.PASS)
"""The order in which outcomes are sorted; what is not known comes last."""


class Row(NamedTuple):
    """A case, and what it came to."""

    case: Case
    result: Result | None
    """`None`: it was not run yet."""

    @property
    def outcome(self) -> str:
        """In a word."""
        return "" if self.result is None else str(self.result.outcome)

    @property
    def role(self) -> Role:
        """How the outcome is painted."""
        return "dim" if self.result is None else ROLES.get(self.result.outcome, "dim")

    @property
    def badness(self) -> tuple[int, tuple[int, str]]:
        """To sort by."""
        outcome = self.result.outcome if self.result is not None else None
        return (WORST.index(outcome) if outcome in WORST else len(WORST)), self.case.order


COLUMNS: Final[tuple[Column[Row], ...]] = (
    Column("outcome", 12, lambda row: ((row.outcome or "…", row.role),), sort=lambda row: row.badness),
    Column("case", 6, lambda row: ((row.case.id, "data"),), sort=lambda row: row.case.order),
    Column("", 1, lambda row: ((str(row.case.level), "dim"),)),
    Column("rule", 30, lambda row: ((row.case.requirement, "plain"),), grow=True),
    Column("instead", 30, lambda row: ((_instead(row), row.role),), grow=True, most=48, rank=1),
)


def _instead(row: Row) -> str:
    if row.result is None or row.result.outcome is Outcome.PASS:
        return ""
    return safe_text(row.result.actual or why_words(row.result.why), 200)


def counts(rows: Iterable[Row]) -> str:
    """How many came to what."""
    rows = list(rows)
    found = [row.result.outcome for row in rows if row.result is not None]
    told = ", ".join(f"{found.count(outcome)} {outcome}" for outcome in Outcome if outcome in found)
    left = len(rows) - len(found)
    return "; ".join(part for part in (f"{left} to go" if left else "", told) if part)


def details(row: Row) -> list[Line]:
    """All about a case."""
    case, result = row.case, row.result
    where = f"BEP {case.bep}, {case.section}" if case.bep is not None else case.section
    lines: list[Line] = [((f"{where}; {LEVELS[case.level]}", "dim"),), *_wrapped("", case.requirement)]
    if case.needs:
        lines.append(((f"It needs: {', '.join(sorted(case.needs))}.", "dim"),))
    if result is None:
        return [*lines, (), (("It was not run yet.", "dim"),)]
    lines += [(), ((str(result.outcome), row.role),)]
    if result.why is not None:
        lines += _wrapped("", why_words(result.why))
    if result.expected:
        lines += _wrapped("Expected: ", result.expected)
    if result.actual:
        lines += _wrapped("Actual:   ", result.actual)
    for name, data in (("Sent", result.sent), *(("Received", each) for each in result.received)):
        if data:
            lines += [(), ((f"{name}, {plural(len(data), 'byte')}", "strong"),), *_dump(data)]
    return lines


def _wrapped(head: str, text: str) -> Iterator[Line]:
    for n, part in enumerate(wrap(safe_text(text, 1000), WIDTH - len(head)) or [""]):
        yield ((head if not n else " " * len(head), "dim"), (part, "plain"))


def _dump(data: bytes) -> Iterator[Line]:
    for each in hex_rows(data[:SHOWN]):
        cells = " ".join(each.cells)
        yield ((f"{each.offset:04x}  ", "dim"), (f"{cells:<47}", "plain"), (f"  {each.ascii}", "data"))
    if len(data) > SHOWN:
        yield ((f"… {len(data) - SHOWN} more", "dim"),)


def copy_forms(row: Row | None) -> list[CopyForm]:
    """The forms in which a line can be copied."""
    if row is None:
        return []
    found: list[CopyForm] = [("case", row.case.id), ("rule", row.case.requirement)]
    if row.result is not None:
        told = (("what it did", safe_text(row.result.actual, 1000)), ("sent, hex", row.result.sent.hex()))
        found += [each for each in told if each[1]]
        found += [("received, hex", data.hex()) for data in row.result.received[:1] if data]
    return found
