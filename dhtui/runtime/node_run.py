"""What runs beside a node, for both front ends: its state is saved, kept items are looked after, all is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..errors import Failure
from ..text.runs.running import Task
from .background import Background
from .saving import Saver

if TYPE_CHECKING:
    from ..attach.attached import AttachedNode
    from ..attach.control import ControlSocket
    from ..attach.source import AttachedSource
    from ..engine.node import Node
    from ..items.following import Change, Follower
    from ..items.keepalive import Keeper, KeptItem
    from ..sources.recording import Recorder
    from ..sources.source import LiveSource

TICK = 0.1
"""Seconds after which a recording is told the time."""
SEE_KEPT_SECONDS = 5.0
"""Seconds after which it is looked whether the list of kept items has changed."""


def new_path(folder: Path) -> Path:
    """The name of a recording that begins now, which no file of the folder has."""
    from datetime import datetime

    stem = f"dhtui-{datetime.now():%Y%m%d-%H%M%S}"
    names = (f"{stem}{f'-{number}' if number > 1 else ''}.jsonl.gz" for number in count(1))
    return next(path for name in names if not (path := folder / name).exists())


class NodeRun:
    """The run of one node, from its start until `close`, which comes before the node's own end.

    What goes wrong meanwhile is a sentence to `warn`, and ends nothing else.
    """

    def __init__(
        self,
        node: Node | AttachedNode,
        warn: Callable[[str], None],
        *,
        keep_folder: Path | None,
        save: Callable[[Node], str] | None,
        testnet: bool = False,
    ) -> None:
        """`keep_folder` holds the user's kept items. `save` saves the state of a node of our own, and returns why it
        could not.

        Each may be `None`: there is nothing to be kept. On a `testnet` items are kept alive even so, until it ends.
        """
        self.node, self._warn = node, warn
        self.background = Background(self._tell)
        self._folder, self._testnet = keep_folder, testnet
        self._keeper: Keeper | None = None
        self.records: Keeper | None = None
        """Looks after records instead of the user's kept items, in a run that publishes them."""
        self.follower: Follower | None = None
        """The own and watched items, from `follow_items` on."""
        self.recorder: Recorder | None = None
        """The present recording, also one that has ended by itself."""
        self._saver = None if save is None else Saver(cast("Node", node), save, warn)
        self._source: LiveSource | AttachedSource | None = None
        self._control: ControlSocket | None = None
        self._closed = False

    def _tell(self, text: str) -> None:
        """Warn of what went wrong, unless an attached node has ended: then all of it has, and that is said once."""
        if not getattr(self.node, "lost", ""):
            self._warn(text)

    @property
    def source(self) -> LiveSource | AttachedSource:
        """The node as screens and recordings read it; packets are collected from the first call on."""
        if self._source is None:
            from ..attach.attached import AttachedNode
            from ..sources.source import LiveSource

            self._source = self.node.source if isinstance(self.node, AttachedNode) else LiveSource(self.node)
        return self._source

    # ---- kept items and state ----------------------------------------------------------------------

    @property
    def keeper(self) -> Keeper | None:
        """The user's kept items on this node; `None` where there are none to be had."""
        if self._keeper is None and (self._folder is not None or self._testnet):
            self._keeper = self._new_keeper(self._folder)
        return self._keeper

    def _new_keeper(self, folder: Path | None) -> Keeper:
        from ..items.keepalive import Keeper  # here, for most headless actions keep nothing

        told: list[str] = []

        def changed() -> None:
            if keeper.problem and keeper.problem not in told:
                told.append(keeper.problem)
                self._warn(keeper.problem)

        keeper = Keeper(self.node, folder, changed=changed)
        return keeper

    @property
    def kept(self) -> tuple[KeptItem, ...] | None:
        """The items that this run keeps alive; `None` where it keeps none."""
        keeper = self.records or self.keeper
        return None if keeper is None else keeper.items

    def look_after_items(self) -> None:
        """Keep the user's items alive from the end of the bootstrap on."""
        if self.keeper is not None:
            self.background.start(self._look_after(self.keeper), Task.KEEPING)

    def see_kept_items(self) -> None:
        """Follow the list of the user's kept items, which the program that has the node looks after."""
        if self.keeper is not None:
            self.background.start(self._see_kept(self.keeper), Task.SEEING_KEPT)

    async def _see_kept(self, keeper: Keeper) -> None:
        while True:
            await keeper.load()
            await asyncio.sleep(SEE_KEPT_SECONDS)

    async def _look_after(self, keeper: Keeper) -> None:
        await keeper.load()
        await self.node.bootstrapped()
        await keeper.run()

    def follow_items(self, tell: Callable[[Change], None]) -> None:
        """Look for the user's watched items from the end of the bootstrap on; `tell` is called with each change."""
        from ..items.following import Follower

        self.follower = Follower(self.node, self._folder, tell=tell, warn=self._warn)
        if self.keeper is not None:
            self.keeper.saw = self.follower.looked
        self.background.start(self._follow(self.follower), Task.WATCHING)

    async def _follow(self, follower: Follower) -> None:
        await follower.load()
        await self.node.bootstrapped()
        await follower.run()

    def save_regularly(self) -> None:
        """Save the node's state every few minutes."""
        if self._saver is not None:
            self.background.start(self._saver.run(), Task.SAVING)

    def save(self) -> None:
        """Save the node's state now."""
        if self._saver is not None:
            self._saver.now()

    async def listen(self, path: Path, *, quiet: bool = False) -> None:
        """Let other programs of the user attach to a node of our own. Where that can't be, it is said, unless it is to
        be `quiet`."""
        from ..attach.control import ControlError, ControlSocket
        from ..attach.place import SUPPORTED

        if not SUPPORTED:
            return
        control = ControlSocket(path)
        try:
            await control.open(cast("Node", self.node))
        except ControlError as error:
            if not quiet:
                self._warn(str(error))
        else:
            self._control = control
            if self._closed:
                await control.close()

    # ---- recordings --------------------------------------------------------------------------------

    def record(self, path: Path, flag: str = "") -> None:
        """Record all that happens from now on. Raises `Failure`, also if there is such a file.

        `flag`: the flag that named the path, for that message.
        """
        from ..sources.recording import Recorder, RecordingError

        try:
            self.recorder = Recorder(path, self.source, self._warn)
        except RecordingError as error:
            raise Failure(f"{flag}{': ' if flag else ''}{error}") from None
        self.background.start(self._tick(self.recorder), Task.RECORDING)

    async def _tick(self, recorder: Recorder) -> None:
        while recorder.recording:
            recorder.tick(self.source.clock())
            await asyncio.sleep(TICK)

    def end_recording(self) -> None:
        """End the recording, if there is one."""
        recorder, self.recorder = self.recorder, None
        if recorder is not None:
            recorder.close()

    async def close(self) -> None:
        """End all that runs beside the node. What its source has collected stays readable."""
        self._closed = True
        await self.background.stop()
        if self._control is not None:
            await self._control.close()
        self.end_recording()
        if self._source is not None:
            self._source.close()
