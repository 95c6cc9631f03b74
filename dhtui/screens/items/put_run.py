"""A put under way, and what came of it: phases as they happen, then a row for each node, and the verdict."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from enum import Enum

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.getters import query_one
from textual.worker import Worker

from ...actions import run as actions
from ...bindings.keymap import key_of
from ...bindings.registry import LEAVE, SUBMIT, form
from ...engine.commands import NodeCommands
from ...engine.items import Draft, Item, MutableItem
from ...engine.keys import PrivateKey
from ...engine.outcome import Outcome
from ...engine.views.snapshot import LookupView
from ...items.conflict import Conflict, retry, whose
from ...items.following import Follower
from ...items.keepalive import Keeper, KeepError
from ...keyring import Keyring, KeyringError
from ...lookups.same import SAME
from ...packets.parts import Link
from ...sources.feed import RATE
from ...text.actions.items import read_back_words
from ...text.safe import magnet, safe_text
from ...text.spans import Role
from ...widgets.bound import bound
from ...widgets.line_table import LineTable
from ...widgets.lines import Lines
from ...widgets.pick import Pick
from ..clipboard import send_to_clipboard
from ..dialogs.list_window import OF_LINES, ListWindow
from ..notify import notify, notify_failure
from ..verbs import CopyForm
from .conflict_view import ConflictView
from .put_plan import Plan, Seen, plan_title, seen_in, verdict_lines
from .put_rows import NODE_COLUMNS, SIGNS, NodeRow, held_rows, phase_lines, read_rows, waiting_rows, written_rows

_UNDER_WAY = "under way; esc stops it, but nodes that were asked may have stored it"


class Then(Enum):
    """What can be done once a put is made, with the label of it."""

    BACK = "back"
    COMPARE = "compare yours, theirs and the base"
    READ = "read it back as a stranger"
    KEEP = "keep it alive"
    COPY = "copy its link"


class PutRun(ListWindow[Seen | None]):
    """Makes a put and shows it. The result is what was seen at the target, if anything was."""

    CSS_PATH = "put_run.tcss"
    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        bound(LEAVE, "close"),
        bound(SUBMIT, "go"),
    ]
    ACTIONS = (*form("do it", "back", fields="nodes")[:-1], *OF_LINES, form("", "back")[-1])
    ABOUT = (
        "A put while it is made, and what became of it at each node. Open leads to a node's packet, such as a refusal."
    )
    SIGNS = SIGNS
    AUTO_FOCUS = "#then"

    nodes: query_one[LineTable[NodeRow]] = query_one("#nodes", LineTable)
    then: query_one[Pick] = query_one("#then", Pick)

    def __init__(
        self,
        node: NodeCommands,
        plan: Plan,
        key: PrivateKey | None,
        *,
        dry: bool,
        puts: deque[Item],
        ring: Keyring | None = None,
        keeper: Keeper | None = None,
        follower: Follower | None = None,
    ) -> None:
        """`puts`: what was put since the program started. `ring` notes what its keys were used for; `keeper` can keep
        alive what was put, `follower` shows what becomes of it."""
        super().__init__()
        self._puts = puts
        self._earlier: tuple[Item, ...] = ()
        """What is known to have been put from here before."""
        self._node, self._plan, self._key, self._dry = node, plan, key, dry
        self._ring, self._keeper, self._follower = ring, keeper, follower
        self._base = plan.seen.item if plan.seen is not None else None
        """The value that ours was made from."""
        self._view: LookupView | None = None
        self._result: actions.Result | None = None
        self._seen: Seen | None = None
        self._said: tuple[str, str, Role] = ("", "", "plain")
        self._reading = False
        """Whether the list is about the reading back."""
        self._offered: list[Then] = []
        """What can be done now, in the order of the labels."""

    def compose_body(self) -> ComposeResult:
        """The window."""
        with Vertical(classes="window") as window:
            window.border_title = Content(f"dry run: {plan_title(self._plan)}" if self._dry else plan_title(self._plan))
            yield Lines((("target   ", "dim"), (self._plan.target.hex(), "data")), id="target")
            yield Lines(id="phases")
            yield LineTable(NODE_COLUMNS, lambda row: row.addr, title="nodes", id="nodes")
            yield Lines(id="verdict")
            yield Pick((_UNDER_WAY,), id="then")

    def on_mount(self) -> None:
        """Begins."""
        self._timer = self.set_interval(1 / RATE, self.tick)
        self._start(self._plan.what(self._key))

    # -- doing it --------------------------------------------------------------------------------------------

    @work(group="put", exclusive=True, exit_on_error=False, name="put")
    async def _start(self, what: Item | Draft) -> None:
        self._result, self._view, self._reading = None, None, False
        self.then.offer((_UNDER_WAY,))
        self._timer.resume()
        self.tick()
        kept = () if self._keeper is None else [one.item for one in self._keeper.items]
        self._earlier = (*self._puts, *(item for item in kept if item.target == self._plan.target))
        if self._dry:
            result = await actions.dry_run(self._node, what, progress=self._follow)
        else:
            result = await actions.put(
                self._node, what, progress=self._follow, min_stored=self._plan.min_stored, base=self._base
            )
            await self._note(result)
        self._show_result(result)

    def _follow(self, view: LookupView) -> None:
        # Called for every packet: painted at the next tick, and where a phase ends.
        before, self._view = self._view, view
        if before is None or before.running != view.running:
            self.tick()

    async def _note(self, result: actions.Result) -> None:
        """Notes the seq that the key was used with, and keeps alive what was put, where its target is kept alive."""
        outcome = result.outcome
        item = outcome.item if outcome is not None else None
        if item is not None and outcome is not None and outcome.writes:
            self._puts.append(item)
            if self._follower is not None:
                self._follower.put(outcome)
        if self._keeper is not None and outcome is not None and outcome.stored and item is not None:
            await self._keeper.renew(item)
        if self._ring is None or self._key is None or outcome is None or not outcome.stored:
            return
        assert isinstance(item, MutableItem)
        try:
            await asyncio.to_thread(self._ring.note_put, item.k, item.salt, item.seq)
        except KeyringError as problem:
            notify(self.app, safe_text(str(problem)), bad=True)

    # -- showing it ------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Shows how far it is."""
        detail = self._node.lookup(self._view.number) if self._view is not None else None
        queries = self._node.snapshot().queries
        queries = tuple(query for query in queries if query.owner == "put")
        pane = self.query_one("#phases", Lines)
        pane.show(phase_lines(self._view, detail, queries, self._result, dry=self._dry, width=pane.size.width or 76))
        if self._result is None:
            self.nodes.show(waiting_rows(detail, queries) if detail is not None and not detail.view.running else ())
            self._say("", "", "plain")

    def _show_result(self, result: actions.Result) -> None:
        self._result = result
        outcome = result.outcome
        assert outcome is not None
        self._seen = seen_in(outcome)
        rows = held_rows(outcome) if self._dry else written_rows(outcome.writes)
        self.nodes.title = "nodes that it would go to, nearest first" if self._dry else "nodes, nearest first"
        self.nodes.show(rows)
        self._timer.pause()
        self.tick()
        self.call_after_refresh(self._say, *self._words(result))
        self._offered = self._choices(result)
        self.then.offer([then.value for then in self._offered])
        self.shows_anew()
        if result.conflict is not None:
            self._compare(result.conflict)

    def _choices(self, result: actions.Result) -> list[Then]:
        if result.conflict is not None:
            return [Then.COMPARE, Then.BACK]
        if self._dry or result.outcome is None or not result.outcome.stored:
            return [Then.BACK]
        return [Then.BACK, Then.READ, *([] if self._keeper is None else [Then.KEEP]), Then.COPY]

    def _words(self, result: actions.Result) -> tuple[str, str, Role]:
        text = result.summary
        if result.ok and not self._dry:
            text += f", {self._plan.min_stored} needed"
        elif not result.ok and result.outcome is not None and not result.outcome.answered:
            text += "; Home tells whether this node has a way into the network"
        item = result.outcome.item if result.outcome is not None else None
        if self._dry and self._seen is not None and isinstance(item, MutableItem):
            there = "nothing is there yet" if self._seen.item is None else f"seq {self._seen.seq} is there now"
            text += f" as seq {item.seq}; {there}"
        return ("✓", text, "good") if result.ok else ("✗", text, "bad")

    def _say(self, mark: str, text: str, role: Role) -> None:
        self._said = mark, text, role
        verdict = self.query_one("#verdict", Lines)
        verdict.show(verdict_lines(mark, safe_text(text, 400), role, max(1, verdict.size.width)))

    def on_resize(self) -> None:
        """The phases and the verdict are fitted to the new size."""
        self.call_after_refresh(lambda: self._say(*self._said))
        self.call_after_refresh(self.tick)

    @on(LineTable.Inspect, "#nodes")
    def inspect(self) -> None:
        """All that the selected node said."""
        self.show_node(self.nodes.model.selected)

    def links(self) -> Sequence[Link]:
        """The packet in which the selected node said what it said, and the node."""
        methods = ("get",) if self._dry or self._reading else ("put", "get", "find_node")
        return self.node_links(self.nodes.model.selected, *methods)

    def copy_forms(self) -> Sequence[CopyForm]:
        """The selected node, and the put."""
        same = self._plan.same_command()
        return (*self.node_forms(self.nodes.model.selected), *([(SAME, same)] if same else ()))

    # -- then ------------------------------------------------------------------------------------------------

    def action_go(self) -> None:
        """Does what is chosen."""
        result = self._result
        if result is None:
            return  # an enter too many on the form must not stop what it began
        chosen = self._offered[self.then.chosen]
        if result.outcome is None or chosen is Then.BACK:
            self.action_close()
        elif chosen is Then.COMPARE and result.conflict is not None:
            self._compare(result.conflict)
        elif chosen is Then.READ:
            self._read_back(result.outcome)
        elif chosen is Then.COPY and result.outcome.item is not None:
            self._copy(result.outcome.item)
        elif self._keeper is not None and result.outcome.item is not None:
            self._keep(self._keeper, result.outcome.item)

    def _copy(self, item: Item) -> None:
        """What others need to get it: the magnet link of a mutable item, the target of an immutable one."""
        text = magnet(item.k, item.salt) if isinstance(item, MutableItem) else item.target.hex()
        send_to_clipboard(self.app, text)

    @work(group="put", exclusive=True, exit_on_error=False, name="reading it back")
    async def _read_back(self, put: Outcome) -> None:
        self._say("…", "a lookup that begins elsewhere looks for it, as a stranger's would", "accent")
        read = await actions.read_back(self._node, put)
        self._reading = True
        self.nodes.title = "read back, nearest first"
        self.nodes.show(read_rows(read))
        self._say("✓" if read.ok else "✗", read_back_words(read), "good" if read.ok else "bad")

    @work(group="put", exclusive=True, exit_on_error=False, name="keeping it alive")
    async def _keep(self, keeper: Keeper, item: Item) -> None:
        try:
            saved = await keeper.add(item, put=True)
        except KeepError as problem:
            self._say("✗", str(problem), "bad")
            return
        if not saved:
            self._say("✗", f"kept alive as long as this program runs: {keeper.problem}", "bad")
        else:
            until = "from now on" if keeper.lasts else "until the testnet ends"
            key = key_of("items.kept")
            self._say("✓", f"kept alive {until}, as one of {len(keeper.items)}; {key} on Items lists them", "good")

    def _compare(self, conflict: Conflict) -> None:
        self._seen = Seen(self._plan.target, conflict.theirs[0])
        by = {item: whose(item, self._earlier, self._plan.known) for item in conflict.theirs}
        plan = self._plan
        view = ConflictView(self._node, conflict, plan.target, plan.salt, by, own=self._key is not None)
        self.app.push_screen(view, self._decided)

    def _decided(self, retried: Conflict | None) -> None:
        """Puts ours in the place of theirs, if that was the decision; what comes in between is a new conflict."""
        if retried is None:
            return
        assert self._key is not None
        self._base = retried.theirs[0]
        self._start(retry(retried, self._plan.v, self._key, self._plan.salt))

    def action_close(self) -> None:
        """Back to the form. What is under way ends."""
        if self._result is None and not self._dry:
            notify(self.app, "The put was stopped: nodes that were asked already may have stored it.")
        self.dismiss(self._seen)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever goes wrong in the background is told."""
        notify_failure(self.app, event)
