"""The window of who sits on the target of a lookup: what `--do sybil_check` finds."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import cast

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.getters import query_one

from ...actions.diagnosis import CONTROLS, sybil_check
from ...actions.run import Result
from ...bindings.registry import POPUP, moves
from ...engine.commands import NodeCommands
from ...engine.diagnosis.findings import Severity
from ...headless.diagnosis import finding_lines
from ...lookups.same import SAME, same_command
from ...packets.parts import Link
from ...text.failure import failure_words
from ...text.format import plural, short_id
from ...text.safe import safe_text
from ...text.spans import Line, Role
from ...widgets.bound import bound
from ...widgets.lines import Lines
from ...widgets.scroll_lines import ScrollLines
from ..dialogs.list_window import OF_LINES, ListWindow
from ..verbs import CopyForm

_INDENT = "    "
_CLOSE = POPUP[0].fixed("escape")
_ROLES: dict[Severity, Role] = {
    Severity.FINE: "good",
    Severity.WARNING: "warn",
    Severity.FAULT: "bad",
    Severity.UNKNOWN: "dim",
}


class AroundWindow(ListWindow[None]):
    """Looks the target up once more, and random ones to compare it with. Closing it ends that."""

    CSS_PATH = "around.tcss"
    BINDINGS = [bound(_CLOSE)]  # noqa: RUF012 - Textual's own declaration
    ACTIONS = (*OF_LINES, *moves(), _CLOSE)
    ABOUT = (
        "Somebody may have put nodes next to the target, to hide or watch what is stored there. The target is looked "
        "up once more, and so are random ones: density is an exact test of whether its nearest nodes are too near for "
        "the size of the network, with the chance that honest ones lie so (p) and the share of false alarms. The other "
        "signs stand each by itself. ✓ is fine, ! a warning, ✗ a fault, and of ? nothing can be told. On the command "
        "line --do sybil_check does the same."
    )
    AUTO_FOCUS = "#signs"

    said: query_one[Lines] = query_one("#said", Lines)
    signs: query_one[ScrollLines] = query_one("#signs", ScrollLines)

    def __init__(self, node: NodeCommands, target: bytes) -> None:
        super().__init__()
        self._node, self._target = node, target
        self.result: Result | None = None
        self._trouble = ""

    def compose_body(self) -> ComposeResult:
        """What it came to, and the signs."""
        with Vertical(classes="window"):
            yield Lines(id="said")
            yield ScrollLines(id="signs", classes="box")

    def on_mount(self) -> None:
        """Begins."""
        super().on_mount()
        self._look_around()
        self.call_after_refresh(self.look)

    def on_resize(self) -> None:
        """Lines are as long as there is room."""
        self.call_after_refresh(self.look)

    @work(group="around", exclusive=True, exit_on_error=False, name="looking around a target")
    async def _look_around(self) -> None:
        try:
            self.result = await sybil_check(self._node, self._target)
        except Exception as problem:  # such as a node that is closed meanwhile
            self._trouble = failure_words(problem)
        self.look()

    def look(self) -> None:
        """What was found."""
        self.said.show(said(self.result, self._trouble, self.said.size.width - 2))
        self.signs.show(f"around {short_id(self._target)}", signs(self.result, self.signs.room))

    def links(self) -> Sequence[Link]:
        """The target."""
        return (Link("target", self._target, f"target {short_id(self._target)}"),)

    def copy_forms(self) -> Sequence[CopyForm]:
        """The signs, and the command that looks for them."""
        found = [] if self.result is None else [line for each in self.result.findings for line in finding_lines(each)]
        told = [("all signs", "\n".join(found))] if found else []
        return [*told, (SAME, same_command("sybil_check", "--target", self._target.hex()))]

    def action_close(self) -> None:
        """Goes back."""
        self.dismiss()


def said(result: Result | None, trouble: str, width: int) -> list[Line]:
    """What it came to, in lines of at most `width` cells."""
    if trouble:
        sign, role, text = "✗", "bad", safe_text(trouble, 300)
    elif result is None:
        sign, role, text = "…", "accent", f"{plural(CONTROLS, 'other lookup')} to compare with"
    else:
        sign, role = ("✓", "good") if result.ok else ("✗", "bad")
        text = safe_text(result.summary, 300)
    first, *others = wrap(text, max(20, width - 2)) or [""]
    return [((f"{sign} ", cast(Role, role)), (first, "plain")), *(((f"  {other}", "plain"),) for other in others)]


def signs(result: Result | None, width: int) -> list[Line]:
    """The signs, in lines of at most `width` cells where that is enough for words."""
    lines: list[Line] = []
    for finding in () if result is None else result.findings:
        for place, text in enumerate(finding_lines(finding)):
            indent, role = ("", _ROLES[finding.severity]) if not place else (_INDENT, "dim")
            folded = wrap(text.strip(), max(20, width), initial_indent=indent, subsequent_indent=_INDENT)
            lines += (((part, role),) for part in folded)
    return lines
