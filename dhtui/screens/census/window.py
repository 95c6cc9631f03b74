"""The window of a census: its progress, and the estimates so far. Closing it ends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.getters import query_one

from ...bindings.keymap import key_of
from ...bindings.registry import CENSUS, POPUP, moves
from ...headless.census import family_lines, report_lines
from ...lookups.same import SAME, of_census
from ...text.format import plural
from ...text.safe import safe_text
from ...text.spans import Line, Span
from ...widgets.bound import all_bound, bound
from ...widgets.lines import Lines
from ...widgets.scroll_lines import ScrollLines
from ...widgets.spark import bar
from ..dialogs.list_window import OF_LINES, ListWindow
from ..verbs import CopyForm
from .run import CensusRun

EVERY = 0.25
"""Seconds between two looks at what was counted."""
_LABEL = 12
_BAR = 24
_CLOSE = POPUP[0]._replace(help="Close this window; the census goes on.").fixed("escape")
_COPY = tuple(action for action in OF_LINES if action.name == "copy")


class CensusWindow(ListWindow[None]):
    """Shows a census that runs, or one that has ended."""

    CSS_PATH = "census.tcss"
    BINDINGS = [*all_bound(CENSUS), bound(_CLOSE)]  # noqa: RUF012 - Textual's own declaration
    ACTIONS = (*CENSUS, *_COPY, *moves(), _CLOSE)
    ABOUT = (
        "A walk through a part of the id space counts nodes, infohashes and programs, and estimates from them the "
        "whole network; intervals are of 95 %. It is polite: so many queries a second, no node is asked twice. It goes "
        "on while this window is closed. On the command line --do census does the same, and keeps it in a file."
    )
    AUTO_FOCUS = "#counted"

    counted: query_one[ScrollLines] = query_one("#counted", ScrollLines)
    said: query_one[Lines] = query_one("#said", Lines)

    def __init__(self, run: CensusRun) -> None:
        super().__init__()
        self.run_shown = run

    def compose_body(self) -> ComposeResult:
        """The progress, and the figures."""
        with Vertical(classes="window"):
            yield Lines(id="said")
            yield ScrollLines(id="counted", classes="box")

    def on_mount(self) -> None:
        """Looks at it from now on."""
        super().on_mount()
        self.set_interval(EVERY, self.look)
        self.call_after_refresh(self.look)

    def look(self) -> None:
        """What was counted so far."""
        run = self.run_shown
        self.said.show(progress(run))
        want = run.want
        title = f"census of about {plural(want.nodes, 'node')}, {want.rate:g} queries a second"
        self.counted.show(title, figures(run, self.counted.room))

    def copy_forms(self) -> Sequence[CopyForm]:
        """The figures, and the command that counts them."""
        report, want = self.run_shown.report, self.run_shown.want
        told = [] if report is None else [("all figures", "\n".join(map(safe_text, report_lines(report))))]
        return [*told, (SAME, of_census(want.nodes, want.rate))]

    def action_end_census(self) -> None:
        """Ends it with what was counted so far."""
        self.run_shown.stop()
        self.look()

    def action_close(self) -> None:
        """Goes back; the census goes on."""
        self.dismiss()


def progress(run: CensusRun) -> list[Line]:
    """How far it is, in two lines."""
    report = run.report
    share = 0.0 if report is None or not report.planned else report.walked / report.planned
    done: Line = ((f"▕{bar(share, _BAR)}▏", "accent"), (f" {100 * share:.0f} %", "strong"))
    if run.trouble:
        return [(("✗ ", "bad"), (safe_text(run.trouble, 300), "plain")), done]
    if run.result is not None:
        sign: Span = ("✓ ", "good") if run.result.ok else ("✗ ", "bad")
        return [(sign, (safe_text(run.result.summary, 300), "plain")), done]
    if run.ended or run.stopping:
        words = "ends with what was counted so far" if run.stopping else "has ended"
        return [(("… ", "accent"), (words, "plain")), done]
    if report is None:
        return [(("… ", "accent"), ("lookups estimate how large the network is", "plain")), done]
    block = f"block {min(report.walked + 1, report.planned)} of {report.planned}"
    visited = f"{plural(sum(one.visiting for one in report.families.values()), 'node')} of it visited"
    end: Line = (("  ", "plain"), (key_of("end_census"), "key"), (" ends it", "dim"))
    return [(("… ", "accent"), (f"{block}: {visited}", "plain"), *end), done]


def figures(run: CensusRun, width: int) -> list[Line]:
    """The estimates so far, in lines of at most `width` cells where that is enough for words."""
    report = run.report
    if report is None or not report.walked:
        return [(("Figures come with the first block that was walked.", "dim"),)]
    lines: list[Line] = []
    for name, one in report.families.items():
        if len(report.families) > 1:
            lines.append(((name, "strong"),))
        for line in family_lines(one):
            label, words = line[:_LABEL], safe_text(line[_LABEL:])
            for place, part in enumerate(wrap(words, max(20, width - _LABEL)) or [""]):
                lines.append(((label if not place else " " * _LABEL, "dim"), (part, "plain")))
    return lines
