"""The window in which any node is asked anything: who, what, and about which target; the answer is a list."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Input
from textual.worker import Worker

from ...actions.resolve import look_up
from ...bindings.registry import ASK, LEAVE, SUBMIT, form
from ...engine.commands import NodeCommands
from ...engine.lookup.questions import Kind
from ...engine.outcome import NodeOutcome
from ...engine.wire.compact import Addr
from ...lookups.same import SAME, of_question
from ...packets.parts import Link
from ...text.format import address, plural, short_id
from ...text.safe import safe_text
from ...text.spans import Line
from ...widgets.bound import all_bound, bound
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ...widgets.pick import Pick
from ...widgets.scroll_lines import ScrollLines
from ...widgets.source_input import SourceInput
from ..items.put_rows import NodeRow
from ..items.value import value_lines
from ..notify import notify_failure
from ..verbs import CopyForm
from .ask_request import (
    KINDS,
    NAMED_COLUMNS,
    AskRequest,
    NamedRow,
    answer_lines,
    named_rows,
    put_question,
    read_ask,
)
from .checked_form import CheckedForm
from .fields import TABS, field
from .list_window import OF_LINES, ListWindow

_NOBODY: tuple[Line, ...] = (((" Here the nodes that it names are listed.", "dim"),),)


class AskForm(CheckedForm[None, AskRequest], ListWindow[None]):
    """Puts one question to one node, as often as one likes."""

    CSS_PATH = "ask_form.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        bound(LEAVE, "close"),
        bound(SUBMIT),
        *TABS,
        *all_bound(ASK),
    ]
    ACTIONS = (*form("ask", choose="question")[:-1], *ASK, *OF_LINES, form("", "close")[-1])
    ABOUT = (
        "Ask any node anything, whether it is in our table or not: the node alone is asked, and its answer taken "
        "apart. Of the nodes that it names each can be asked in turn. Our own node is marked."
    )
    AUTO_FOCUS = "#node"
    FIRST = "node"

    named: query_one[LineTable[NamedRow]] = query_one("#named", LineTable)
    answer: query_one[ScrollLines] = query_one("#answer", ScrollLines)

    def __init__(
        self,
        node: NodeCommands,
        addr: Addr | str | None = None,
        question: Kind = "find_node",
        *,
        target: str = "",
        at_once: bool = False,
    ) -> None:
        """`addr`, `question` and `target` are to begin with; with `at_once` it is asked as the window opens."""
        super().__init__()
        self._node, self._question, self._target, self._at_once = node, question, target, at_once
        self._same = ""
        """The command line that asks the same."""
        self._first = address(addr) if isinstance(addr, tuple) else addr or ""

    def compose_body(self) -> ComposeResult:
        """The window."""
        with Vertical(classes="window") as window:
            window.border_title = Content("ask a node")
            yield from field("node", SourceInput(self._first, id="node", placeholder="HOST:PORT, in our table or not"))
            yield from field("question", Pick(KINDS, KINDS.index(self._question), id="question"))
            yield from field("target", SourceInput(self._target, id="target", placeholder=_TARGET))
            yield from field("salt", SourceInput(id="salt", placeholder="of a mutable item, if it has one"))
            yield Lines(id="verdict")
            with Container(id="panes"):
                yield LineTable(NAMED_COLUMNS, lambda row: row.info, title="named", empty=_NOBODY, id="named")
                yield ScrollLines(id="answer", classes="box")

    def on_mount(self) -> None:
        """Asks, if that was said."""
        self.call_after_refresh(self._begin)
        if self._at_once:
            self.named.focus()

    def _begin(self) -> None:
        self.answer.show("answer", ((("Here the rest of its answer is shown.", "dim"),),))
        if self._at_once:
            self.action_submit()

    # -- the fields ------------------------------------------------------------------------------------------

    def read(self) -> AskRequest:
        """What is to be asked, and whom."""
        node, target, salt = (self.query_one(f"#{name}", Input).value for name in ("node", "target", "salt"))
        return read_ask(node, KINDS[self.query_one(Pick).chosen], target, salt, self._node.id)

    def check(self) -> None:
        """Shows the fields that the question has a use for."""
        question = KINDS[self.query_one(Pick).chosen]
        self.query_one("#field-target").display = question != "ping"
        self.query_one("#field-salt").display = question == "get"
        super().check()

    def tell(self, request: AskRequest) -> None:
        """What would be asked."""
        self.say("✓", f"asks {request.remote}: {request.words}")

    def on_resize(self) -> None:
        """The sentence is fitted to the new size."""
        self.say_again()

    # -- asking ----------------------------------------------------------------------------------------------

    def go(self, request: AskRequest) -> None:
        """In place of what was asked before."""
        self._ask(request)

    @work(group="ask", exclusive=True, exit_on_error=False, name="asking a node")
    async def _ask(self, request: AskRequest) -> None:
        self._same = of_question(request.question, str(request.remote), request.target, request.salt)
        self.named.title = "named"
        self.named.show(())
        self.answer.show("answer", [])
        self.say("…", f"{request.question}: {request.remote} is asked {request.words}")
        addr = await look_up(request.remote)
        if isinstance(addr, str):
            self.say("✗", f"{request.remote} {addr}", bad=True)
            return
        outcome = await put_question(self._node, addr, request)
        self._show(request, outcome.asked[0])

    def _show(self, request: AskRequest, one: NodeOutcome) -> None:
        snapshot = self._node.snapshot()
        known = {contact.addr for bucket in snapshot.table.buckets for contact in bucket.nodes}
        identity = snapshot.identity
        # A saved address may be that of another run, which uses the same folder now.
        external = None if identity.external_source == "saved" else identity.external
        bound = {addr for addr in (external, identity.bound) if addr is not None}
        rows = named_rows(one, request.target, snapshot.identity.id, bound, known)
        self.named.title = f"{plural(len(rows), 'node')} named for {short_id(request.target)}, nearest first"
        self.named.show(rows)
        lines = answer_lines(one, request)
        if one.item is not None:
            lines += value_lines(one.item.v, "text", self.answer.room)
        self.answer.show(f"answer of {address(one.addr)}", lines)
        words = f"{request.question} {address(one.addr)}: {safe_text(lines[0][1][0], 200)}"
        self.say("✓" if one.responded else "✗", words, bad=not one.responded)

    # -- what it named ---------------------------------------------------------------------------------------

    def _row(self) -> NodeRow | None:
        """The selected node, as other lists have it."""
        row = self.named.model.selected
        return None if row is None else NodeRow(row.info.addr, row.info.id, None, ("", "plain"), row.note or "named")

    def action_ask_it(self) -> None:
        """Asks the selected node the same."""
        row = self.named.model.selected
        if row is not None:
            self.query_one("#node", Input).value = address(row.info.addr)
            self.action_submit()

    @on(LineTable.Inspect, "#named")
    def inspect(self) -> None:
        """All that is known of the selected node."""
        self.show_node(self._row())

    def links(self) -> Sequence[Link]:
        """The selected node, and its last packet."""
        return self.node_links(self._row(), *KINDS)

    def copy_forms(self) -> Sequence[CopyForm]:
        """The selected node, and the question."""
        return (*self.node_forms(self._row()), *([(SAME, self._same)] if self._same else ()))

    def action_close(self) -> None:
        """Back to the screen below."""
        self.dismiss(None)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever goes wrong in the background is told."""
        notify_failure(self.app, event)


_TARGET = "empty: our own id; an id, infohash, public key or magnet link"
