"""Leads through the tour: sees what the reader does, and shows the card on whichever screen is there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from textual.app import App

from ...engine.testnet import HONEST, Testnet
from ...engine.views.events import Event, QueryFinished, QueryResult
from ...engine.views.snapshot import Snapshot
from ...engine.wire.compact import Addr
from ...engine.wire.ids import distance
from ...runtime.host import AnyNode, NodeHost
from ...text.safe import safe_text
from ...widgets.line_table import LineTable
from ..base import ExplorerScreen
from ..dialogs.choice import Choice
from ..notify import notify
from ..stopping import selected_node
from .card import TourCard
from .light import light
from .plan import CARDS, Scene, Tour, load, save
from .plan.words import NEEDS_TESTNET, filled

LOOK_SECONDS = 0.2
LIAR = len(CARDS) - 1
"""The card that is about a liar."""
_ANSWERS = ("go on with this card", "leave the tour: {tour} resumes it", "skip this card", "begin the tour again")


class Guide:
    """The tour of one explorer, begun or left."""

    def __init__(self, app: App[Any], host: NodeHost, folder: Path | None) -> None:
        """`folder` keeps how far the reader is; `None`: nothing does."""
        self._app, self._host, self._folder = app, host, folder
        self.tour = Tour(0 if folder is None else load(folder).card)
        self.shown = False
        """Whether there is a card on the screen."""
        self.compared: tuple[bytes, bytes] | None = None
        """The last two ids whose distance was seen."""
        self._node: AnyNode | None = None
        self._liar: Addr | None = None
        self._put: tuple[int, frozenset[Addr]] = (0, frozenset())
        """The last lookup after which something was stored, and where."""
        self._answers = self._lies = self._played = 0
        self._timer = app.set_interval(LOOK_SECONDS, self.look, pause=True)

    # -- the key ---------------------------------------------------------------------------------------------

    async def key(self) -> None:
        """Begins, goes on, or asks what to do. To be awaited in a worker that opens windows."""
        if self._host.net is None:
            notify(self._app, filled(NEEDS_TESTNET))
        elif not self.shown:
            if self.tour.card is None:
                self.tour.restart()
            self._show()
        elif self.tour.card is None:
            self.tour.restart()
            self.leave()
        elif self.tour.complete:
            self.tour.go_on()
        else:
            await self._ask()
        await self._keep()
        self.look()

    async def _ask(self) -> None:
        chosen = await self._app.push_screen_wait(Choice("the tour", [filled(answer) for answer in _ANSWERS]))
        if chosen == 1:
            self.leave()
        elif chosen == 2:
            self.tour.go_on()
        elif chosen == 3:
            self.tour.restart()

    async def _keep(self) -> None:
        if self._folder is not None:
            try:
                await asyncio.to_thread(save, self._folder, self.tour.at)
            except OSError as problem:
                notify(
                    self._app, safe_text(f"how far the tour is can't be kept: {problem.strerror or problem}"), bad=True
                )

    def compare(self, one: bytes, other: bytes) -> None:
        """Two ids were compared."""
        self.compared = one, other

    def _show(self) -> None:
        self.shown = True
        self._timer.resume()

    def leave(self) -> None:
        """Takes the card away."""
        self.shown = False
        self._timer.pause()
        for screen in self._screens():
            screen.query(TourCard).remove()
            light(screen, ())
            screen.leave_room(0)

    def _screens(self) -> list[ExplorerScreen]:
        stacks = self._app._screen_stacks.values()
        return [screen for stack in stacks for screen in stack if isinstance(screen, ExplorerScreen)]

    # -- seeing ----------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Looks at what there is, and shows the card."""
        host, screen = self._host, self._app.screen_stack[0]
        if not self.shown or not isinstance(screen, ExplorerScreen) or not screen.is_mounted:
            return  # a window of Textual's own, or a screen that is only being made
        if not self._app.is_running:
            return  # the app ends, and its screens are taken apart
        net, node = host.net, host.node
        if net is None or node is None:
            self.leave()
            return
        if node is not self._node:
            self._node, self._liar, self._put = node, None, (0, frozenset())
            node.subscribe(self._hear)
        snapshot = node.snapshot()
        if self.tour.at == LIAR and self._liar is None:
            self._find_liar(net, snapshot)
        self.tour.see(self._scene(screen, snapshot, net))
        light(screen, self.tour.lights)
        cards = list(screen.query(TourCard))
        if cards:
            cards[0].show_tour(self.tour, self._liar)
        else:
            screen.mount(TourCard(id="tour"))
            screen.call_after_refresh(self._placed, screen)

    def _placed(self, screen: ExplorerScreen) -> None:
        """The card has its place: it is filled, and the panes beside it are fitted to theirs."""
        self.look()
        screen.tick()

    def _hear(self, event: Event) -> None:
        if isinstance(event, QueryFinished) and event.owner == "user" and event.result is QueryResult.ANSWERED:
            self._answers += 1
            self._lies += event.addr == self._liar

    def _scene(self, screen: ExplorerScreen, snapshot: Snapshot, net: Testnet) -> Scene:
        mine = [each for each in snapshot.lookups if each.owner == "user" and not each.running and not each.place]
        self._played = max(self._played, getattr(screen, "played", 0))
        last_put = max((each.number for each in mine if each.wrote), default=0)
        scene = Scene(
            view=screen.view.name,
            node=selected_node(screen.links()),
            buckets=len(snapshot.table.buckets),
            compared=self.compared,
            answers=self._answers,
            lookups=max((each.number for each in mine), default=0),
            puts=last_put,
            holders=self._holders(last_put),
            played=self._played,
            stopped=frozenset(net.stopped),
            liar=self._liar,
            lies=self._lies,
        )
        for table in screen.query("#buckets").results(LineTable):
            row = table.model.selected
            if row is not None:
                scene = scene._replace(bucket=row.bucket.depth, own_bucket=row.bucket.own)
        for table in screen.query("#lookups").results(LineTable):
            if (shown := table.model.selected) is not None:
                scene = scene._replace(shown=shown.view.number)
        return scene

    def _holders(self, lookup: int) -> frozenset[Addr]:
        """The nodes closest to the target of a lookup; a lookup that is over does not change."""
        if self._put[0] != lookup and self._node is not None:
            detail = self._node.lookup(lookup)
            closest = (each.addr for each in detail.candidates if each.closest) if detail else ()
            self._put = lookup, frozenset(closest)
        return self._put[1]

    # -- the liar --------------------------------------------------------------------------------------------

    def _find_liar(self, net: Testnet, snapshot: Snapshot) -> None:
        """Lets the nearest node of the table lie that may."""
        honest = {node.address for node in net.nodes[:HONEST]}
        runs = {node.address for node in net.nodes} - honest
        own = snapshot.identity.id
        known = [node for bucket in snapshot.table.buckets for node in bucket.nodes if node.addr in runs]
        if known:
            self._liar = min(known, key=lambda node: distance(node.id, own)).addr
            self._app.run_worker(net.make_liar(self._liar), group="liar", exit_on_error=False, name="make a liar")
