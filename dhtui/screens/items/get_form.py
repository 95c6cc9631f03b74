"""The get form: an item is named, looked up, and shown: who gave what, how far they agree, and the newest value."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Input
from textual.worker import Worker

from ...actions import run as actions
from ...bindings.keymap import key_of
from ...bindings.registry import LEAVE, form, view
from ...engine.commands import NodeCommands
from ...engine.items import Item
from ...engine.outcome import Outcome
from ...engine.views.snapshot import LookupView
from ...items.following.record import newer
from ...keyring import Entry
from ...lookups.same import SAME, of_item
from ...packets.parts import Link
from ...sources.feed import RATE
from ...text.spans import Line
from ...widgets.bound import bound
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ...widgets.scroll_lines import ScrollLines
from ...widgets.source_input import SourceInput
from ..dialogs.checked_form import CheckedForm
from ..dialogs.fields import TABS, field
from ..dialogs.list_window import OF_LINES, ListWindow
from ..notify import notify_failure
from ..verbs import CopyForm
from .get_request import GetRequest, read_get
from .get_rows import answer_rows, answers_title, running_line
from .put_rows import NODE_COLUMNS, SIGNS, NodeRow
from .value import Form, following, kind_of, value_lines

_VIEW_AS = next(action for action in view("items").actions if action.name == "view_as")


class GetForm(CheckedForm[GetRequest | None, GetRequest], ListWindow[GetRequest | None]):
    """Asks what to get, gets it, shows it. The result is what is to be watched instead, if an interval is given."""

    CSS_PATH = "get_form.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        bound(LEAVE, "close"),
        *TABS,
        bound(_VIEW_AS),
    ]
    ACTIONS = (*form("get", choose="")[:-1], _VIEW_AS, *OF_LINES, form("", "stop, close")[-1])
    ABOUT = (
        "Get an item (BEP 44), see who gives what; with an interval it is watched in the background. Open leads to the "
        "packet of a node's answer."
    )
    SIGNS = SIGNS
    AUTO_FOCUS = "#what"
    FIRST = "what"

    answers: query_one[LineTable[NodeRow]] = query_one("#answers", LineTable)
    value: query_one[ScrollLines] = query_one("#value", ScrollLines)

    def __init__(self, node: NodeCommands, entries: Sequence[Entry], what: str = "", salt: str = "") -> None:
        """`what` and `salt` are what to begin with, `entries` the keys that can be named."""
        super().__init__()
        self._node, self._entries, self._what, self._salt = node, tuple(entries), what, salt
        self._view: LookupView | None = None
        self._item: Item | None = None
        """The newest one seen."""
        self._form: Form = "text"
        self._getting = False
        self._same = ""
        """The command line that gets the same."""
        self._outcome: Outcome | None = None
        """What the last look brought."""
        self._rows: list[NodeRow] = []

    def compose_body(self) -> ComposeResult:
        """The window."""
        with Vertical(classes="window") as window:
            window.border_title = Content("get an item")
            yield from field("item", SourceInput(self._what, id="what", placeholder=_WHAT))
            yield from field("salt", SourceInput(self._salt, id="salt", placeholder=_SALT))
            yield from field("watch", SourceInput(id="every", placeholder=_EVERY))
            yield Lines(id="verdict")
            with Container(id="panes"):
                yield LineTable(NODE_COLUMNS, lambda row: row.addr, title="answers", empty=_EMPTY, id="answers")
                yield ScrollLines(id="value", classes="box")

    def on_mount(self) -> None:
        """Begins to show how far it is."""
        self.set_interval(1 / RATE, self.tick)
        self.call_after_refresh(self._show_value)

    # -- the fields ------------------------------------------------------------------------------------------

    def read(self) -> GetRequest:
        """What is to be got."""
        what, salt, every = (self.query_one(f"#{name}", Input).value for name in ("what", "salt", "every"))
        return read_get(what, salt, every, self._entries)

    def check(self) -> None:
        """While something is got its progress is told."""
        if not self._getting:
            super().check()

    def tell(self, request: GetRequest) -> None:
        """What would be got."""
        watched = "" if request.every is None else f"; watched every {request.every:g} s, in the list of own items"
        self.say("✓", f"{request.words}; target {request.target.hex()}{watched}")

    def action_submit(self) -> None:
        """Gets it, in place of what was under way."""
        self._stop()
        super().action_submit()

    def go(self, request: GetRequest) -> None:
        """Begins anew; what is to be watched is the screen's affair."""
        if request.every is not None:
            self.dismiss(request)
            return
        self._same = of_item(request.target, request.public, request.salt)
        self._item, self._outcome, self._rows = None, None, []
        self.answers.show(())
        self._show_value()
        self._get(request)

    # -- getting ---------------------------------------------------------------------------------------------

    @work(group="get", exclusive=True, exit_on_error=False, name="get")
    async def _get(self, request: GetRequest) -> None:
        self._view, self._getting = None, True
        self.tick()
        result = await actions.get(
            self._node, request.target, request.salt, progress=self._follow, public=request.public
        )
        self._getting = False
        self._show(result)

    def _follow(self, view: LookupView) -> None:
        self._view = view

    def tick(self) -> None:
        """Shows how far the lookup is, and who answers when it is over."""
        if self._getting:
            self.query_one("#verdict", Lines).show([running_line(self._view)])
        elif self._outcome is not None and self._outcome.cancelled:
            self._show_answers(self._outcome)

    def _show_answers(self, outcome: Outcome) -> None:
        detail = self._node.lookup(self._view.number) if self._view is not None else None
        rows = answer_rows(outcome, detail)
        if rows != self._rows:
            self._rows = rows
            self.answers.title = answers_title(outcome, rows)
            self.answers.show(rows)

    def _show(self, result: actions.Result) -> None:
        outcome = result.outcome
        assert outcome is not None
        before, self._item = self._item, newer(self._item, outcome.item)
        self._outcome = outcome
        self._show_answers(outcome)
        self.say("✓" if result.ok else "✗", result.summary, bad=not result.ok)
        if before != self._item:
            self.value.scroll_home(animate=False)
        self._show_value()

    def _show_value(self) -> None:
        if self._item is None:
            self.value.show("value", ((("Here the newest genuine value is shown.", "dim"),),))
            return
        v = self._item.v
        title = f"value as {self._form}: {kind_of(v)}  {key_of('items.view_as')}: {following(self._form)}"
        self.value.show(title, value_lines(v, self._form, self.value.room))

    def on_resize(self) -> None:
        """The sentence and the value are fitted to the new size."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        if not self._getting:
            self.say(*self._said)
        self._show_value()

    @on(LineTable.Inspect, "#answers")
    def inspect(self) -> None:
        """All that the selected node said."""
        self.show_node(self.answers.model.selected)

    def links(self) -> Sequence[Link]:
        """The packet in which the selected node said what it said, and the node."""
        return self.node_links(self.answers.model.selected, "get")

    def copy_forms(self) -> Sequence[CopyForm]:
        """The selected node, and the get."""
        return (*self.node_forms(self.answers.model.selected), *([(SAME, self._same)] if self._same else ()))

    def action_view_as(self) -> None:
        """Shows the value in the next form."""
        self._form = following(self._form)
        self._show_value()

    def _stop(self) -> bool:
        """Ends what is under way; whether anything was."""
        cancelled = [worker for worker in self.workers if worker.group == "get" and worker.node is self]
        for worker in cancelled:
            worker.cancel()
        self._getting = False
        return bool(cancelled)

    def action_close(self) -> None:
        """Ends the get; the second time closes the form."""
        if self._stop():
            self.say("…", "stopped; what was found so far is shown")
        else:
            self.dismiss(None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever goes wrong in the background is told."""
        notify_failure(self.app, event)


_WHAT = "target, public key, name of a key, or magnet link"
_SALT = "of a mutable item, if it has one"
_EVERY = "empty: look once; 60s: look every minute in the background, ring at a change"
_EMPTY: tuple[Line, ...] = (((" Here each node that is asked is listed, with what it said.", "dim"),),)
