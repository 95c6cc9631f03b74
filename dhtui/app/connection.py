"""What the explorer shows: its own node, on the network or on a testnet, or a recording, or a capture."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from textual.app import App

from ..bindings.keymap import key_of
from ..bindings.registry import PLAYER
from ..errors import Exit, Failure
from ..packets.parts import Link
from ..runtime.host import NodeHost
from ..runtime.node_run import new_path
from ..screens.dialogs.choice import Choice
from ..screens.dialogs.choosing import choose
from ..screens.notify import notify
from ..sources.feed import Feed
from ..text.safe import safe_text

if TYPE_CHECKING:
    from ..runtime.capture_file import CaptureFile
    from ..sources.replay import Replay

NO_NODE = "there is no node to do that."
TESTNET_SIZE = 64
"""Nodes of the testnet that one key opens."""


class Shown(Protocol):
    """What the explorer does when something begins, or can't."""

    async def goes_after(self, link: Link) -> None:
        """Goes to what a link is about."""

    def warn(self, text: str) -> None:
        """Shows a warning."""

    def fail(self, why: str, code: Exit = Exit.FAILED) -> None:
        """Ends with a failure."""


class Connection:
    """Begins what is shown, and changes it: another node, a recording of it, another view of a capture."""

    def __init__(
        self,
        app: App[int],
        shown: Shown,
        host: NodeHost,
        feed: Feed,
        *,
        replay: Replay | None,
        capture: CaptureFile | None,
        record: Path | None,
        started: Callable[[], Awaitable[None]],
    ) -> None:
        """`record`: the new file to record the node to, from the start on. `started` is called once the node runs."""
        self._app, self._shown, self._host, self._feed, self._started = app, shown, host, feed, started
        self._replay, self._record = replay, record
        self.capture = capture

    @property
    def played(self) -> bool:
        """Whether there is no node, but a recording or a capture."""
        return self._replay is not None or self.capture is not None

    def begin(self) -> None:
        """Starts the node, or shows the recording or the capture."""
        if self._replay is not None:
            self._play(self._replay)
        elif self.capture is not None:
            self._look_into(self.capture)
        elif self._host.nodes.own is not None:
            self._work(self._start(), "starting the node")

    def _work(self, work: Coroutine[Any, Any, None], name: str, group: str = "node") -> None:
        self._app.run_worker(work, name=name, group=group, exclusive=True, exit_on_error=False)

    # -- recordings and captures of others -------------------------------------------------------------------

    def _play(self, replay: Replay) -> None:
        from ..sources.replayed import ReplaySource

        source = ReplaySource(replay)
        self._feed.connect(source)
        if number := replay.header.packet:
            source.seek(source.duration)
            self._app.call_later(self._shown.goes_after, Link("packet", number, f"packet {number}"))
        else:
            source.play()
        back, on, slower, faster, _ = (action.key for action in PLAYER)
        keys = f"{key_of('pause')} stops and goes on, {back} and {on} move in it, {slower} and {faster} set the speed"
        notify(self._app, f"A recording of {source.duration:.0f} s: {keys}.")
        if replay.damage:
            notify(self._app, replay.damage, bad=True)

    def _look_into(self, opened: CaptureFile) -> None:
        from ..runtime.capture_file import read_capture
        from ..sources.captured.about import instead
        from ..sources.captured.source import CaptureSource

        source = CaptureSource(opened.capture)
        self._feed.connect(source)
        self._feed.instead = instead(opened.capture, source.packets.capacity)
        self._work(read_capture(opened, self._shown.warn), "reading the capture", "capture")

    async def choose_view(self) -> None:
        """Lets the user choose the node from whose view a capture is shown."""
        if self.capture is None:
            notify(self._app, "This is no capture: its nodes can't be chosen.")
            return
        from ..sources.captured.about import choices

        capture = self.capture.capture
        parties = capture.parties
        place = await choose(self._app.screen, "from whose view", choices(parties), to="show")
        if place is not None:
            capture.show(parties[place].addr)
            if (player := self._feed.player) is not None:
                player.play()

    # -- the own node ----------------------------------------------------------------------------------------

    async def _start(self) -> None:
        """Starts the node that the explorer was started for."""
        record, self._record = self._record, None
        try:
            await self._host.start(record=record)
        except Failure as problem:
            self._shown.fail(str(problem), problem.code)
        except OSError as problem:
            self._shown.fail(f"cannot start the node: {problem.strerror or problem}")
        except Exception as problem:
            self._shown.fail(f"cannot start the node: {type(problem).__name__}: {problem}")
        else:
            if record is not None:
                self._recording_to(record)
            await self._started()

    def record(self) -> None:
        """Begins a recording, or ends it."""
        run = self._host.run
        if self.played:
            self.tell_no_node()
        elif run is None:
            notify(self._app, "The node is not running yet.")
        elif run.recorder is not None:
            run.end_recording()
            notify(self._app, "The recording is complete.")
        else:
            path = new_path(Path.cwd())
            try:
                run.record(path)
            except Failure as problem:
                notify(self._app, safe_text(str(problem)), bad=True)
            else:
                self._recording_to(path)

    def tell_no_node(self) -> None:
        """Says that there is no node to do what was asked for."""
        notify(self._app, f"{self._feed.without_node}: {NO_NODE}")

    def _recording_to(self, path: Path) -> None:
        notify(self._app, f"All that happens is recorded to {safe_text(str(path))}.")

    # -- to a testnet, and back ------------------------------------------------------------------------------

    async def change_network(self) -> None:
        """Leaves the network for a testnet, or a testnet for the network. Asks first: the node ends with it."""
        host = self._host
        if self.played:
            self.tell_no_node()
        elif host.nodes.attached:
            notify(self._app, "This explorer is attached to a node of another program, and stays with it.")
        elif host.nodes.other is None or host.nodes.on_testnet:
            notify(self._app, "This program was started on a testnet; without --testnet it starts on the network.")
        elif host.testnet:
            if await self._leaves("return to the network?", ("no, stay on the testnet", "yes, the testnet ends")):
                self._work(self._return(), "returning to the network")
        elif host.run is None or await self._leaves(
            f"leave the network?{'' if host.run.recorder is None else ' The recording ends.'}",
            ("no, stay", f"yes, table and lookups go; {key_of('testnet')} returns"),
        ):
            self._work(self._join_testnet(), "starting a testnet")

    async def _leaves(self, question: str, answers: tuple[str, str]) -> bool:
        chosen: int | None = await self._app.push_screen_wait(Choice(question, answers))
        return chosen == 1

    async def _leave(self, doing: str) -> str:
        """Ends the node; returns what else is to be said about it."""
        run = self._host.run
        note = "" if run is None or run.recorder is None else " The recording ended with the other node."
        await self._host.stop(doing)
        return note

    async def _join_testnet(self) -> None:
        note = await self._leave(f"starting a testnet of {TESTNET_SIZE} nodes")
        try:
            await self._host.start(testnet=True)
        except Exception as problem:
            text = f"The testnet did not start: {safe_text(str(problem))}. Back to the network."
            notify(self._app, text, bad=True)
            self._work(self._start(), "starting the node")
            return
        back = f"{key_of('stop_node')} on a node stops it, {key_of('testnet')} returns to the network."
        text = f"A testnet of {TESTNET_SIZE} nodes runs in this program; your node joins it now. {back}{note}"
        notify(self._app, text)

    async def _return(self) -> None:
        note = await self._leave("returning to the network")
        notify(self._app, f"The testnet has ended; your node joins the network again.{note}")
        self._work(self._start(), "starting the node")
