"""The one node of an explorer and all that belongs to its run; swaps it for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from ..engine.node import Node
from ..errors import Failure
from ..keyring import Keyring, Vault
from ..sources.source import LiveSource
from ..storage.memory import Memory
from ..text.runs.running import nothing_attached_words, waiting_words
from .node_run import NodeRun
from .opening import testnet_of

if TYPE_CHECKING:
    from ..attach.attached import AttachedNode
    from ..attach.source import AttachedSource
    from ..engine.testnet import Testnet
    from ..items.following import Change, Follower
    from ..items.keepalive import Keeper

AnyNode: TypeAlias = "Node | AttachedNode"
NodeFactory: TypeAlias = "Callable[[], AbstractAsyncContextManager[AnyNode]]"
"""Makes a node that starts on entering and closes on leaving; or attaches to one, and leaves it."""


RETRY_SECONDS = 1.0
"""Seconds after which it is looked whether an attached node that ended runs again."""


class Nodes(NamedTuple):
    """The nodes that an explorer can have, and where the user's things are. `None`: there is no such."""

    own: NodeFactory | None = None
    """Makes the node that the explorer was started for."""
    on_testnet: bool = False
    """Whether `own` is on a testnet."""
    other: NodeFactory | None = None
    """Makes a node on a testnet, to leave the network for."""
    save: Callable[[Node], str] | None = None
    """Saves the state of `own`, and returns why it could not."""
    keys_folder: Path | None = None
    keep_folder: Path | None = None
    """The items that `own` keeps alive."""
    begun: Callable[[NodeRun], object] = lambda run: None
    """Told of each `own` that runs. Raises `Failure` for what makes its start one that failed."""
    control: Path | None = None
    """Where other programs of the user can attach to `own`."""
    quiet: bool = False
    """Whether nothing is said where they can't."""
    attached: bool = False
    """Whether `own` is a node of another program, which goes on without us."""
    tour_folder: Path | None = None
    """Where it is kept how far the reader is on the tour."""


class NodeHost:
    """Runs one node at a time, with its saver, keeper and recorder.

    A node's context is entered and left in one task, as asyncio requires, from whichever task `start` and `stop` are
    called.
    """

    def __init__(
        self,
        nodes: Nodes,
        warn: Callable[[str], None] = lambda text: None,
        show: Callable[[LiveSource | AttachedSource | None], None] = lambda source: None,
    ) -> None:
        """`warn` is told, in a sentence, what goes wrong; `show` which node there is to be seen."""
        self.nodes, self._warn, self._show = nodes, warn, show
        self.tell: Callable[[Change], None] = lambda change: None
        """Called with each change of a watched item."""
        self.run: NodeRun | None = None
        """The node that runs, with its company."""
        self.testnet = nodes.on_testnet
        """Whether the node is on a testnet, or will be."""
        self.net: Testnet | None = None
        """The testnet in this program that the node is on."""
        self.state: tuple[str, bool] = ("starting", False)
        """What goes on while there is no node, in words, and whether that is a failure."""
        self.memory = Memory()
        """What is remembered of how the explorer is used."""
        self._vault = Vault()
        """The keys that were unlocked since the program started: a passphrase is asked for once."""
        self._record: Path | None = None
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def node(self) -> AnyNode | None:
        """The node that runs."""
        return self.run.node if self.run is not None else None

    @property
    def keyring(self) -> Keyring | None:
        """The user's keys, whichever node runs; `None` where there are none to be had, as in a recording."""
        return None if self.nodes.keys_folder is None else Keyring(self.nodes.keys_folder, self._vault)

    @property
    def keeper(self) -> Keeper | None:
        """The items that this node keeps alive; `None` without a node, or a folder for them, and in a recording."""
        return self.run.keeper if self.run is not None else None

    @property
    def follower(self) -> Follower | None:
        """The own and watched items of this node; `None` without a node, and in a recording."""
        return self.run.follower if self.run is not None else None

    @property
    def changes(self) -> int:
        """How many items have changes that the user has not looked at."""
        return self.follower.unseen if self.follower is not None else 0

    async def start(self, *, testnet: bool = False, record: Path | None = None) -> None:
        """Start the explorer's own node, or the one on a testnet; recorded from the start to `record`.

        It is shown before it sends anything. Raises what its start raises, `Failure` mostly.
        """
        assert self._task is None, "one node at a time"
        factory = self.nodes.other if testnet else self.nodes.own
        assert factory is not None
        self.testnet, self._record = testnet or self.nodes.on_testnet, record
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stop.clear()
        self._task = asyncio.create_task(self._host(factory, ready, own=not testnet))
        try:
            await ready
        except BaseException:
            await self.stop()
            raise

    async def stop(self, doing: str = "") -> None:
        """Save and close the node, if there is one, and wait for it; one that only starts is given up.

        `doing`: what goes on from now on, in words.
        """
        self._show(None)
        if doing:
            self.state = (doing, False)
        task, self._task = self._task, None
        run, self.run, self.net = self.run, None, None
        if run is not None:
            await run.close()
            run.save()
        if task is None:
            return
        self._stop.set()
        if run is None:
            task.cancel()
            await asyncio.wait([task])
        else:
            await task

    async def _host(self, factory: NodeFactory, ready: asyncio.Future[None], *, own: bool) -> None:
        try:
            async with factory() as node:
                if not ready.cancelled():
                    self._begin(node, own=own)
                    ready.set_result(None)
                    if own and self.run is not None and self.nodes.control is not None:
                        await self.run.listen(self.nodes.control, quiet=self.nodes.quiet)
                await self._until_over(node)
            while not self._stop.is_set():
                await self._attach_again(factory)
        except asyncio.CancelledError:
            ready.cancel()
            raise
        except Exception as problem:
            if ready.done():
                raise
            ready.set_exception(problem)

    async def _until_over(self, node: AnyNode) -> None:
        """Wait until this run is to end, or the node of another program has ended."""
        if not self.nodes.attached:
            await self._stop.wait()
            return
        node = cast("AttachedNode", node)
        waits = [asyncio.ensure_future(event.wait()) for event in (self._stop, node.gone)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._stop.is_set():
            return
        run, self.run = self.run, None
        self.state = (waiting_words(node.lost), True)
        self._warn(nothing_attached_words(node.lost))
        self._show(None)
        if run is not None:
            await run.close()

    async def _attach_again(self, factory: NodeFactory) -> None:
        """Wait a second, then attach again if the node of the other program runs again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RETRY_SECONDS):
                await self._stop.wait()
        with suppress(Failure):
            async with factory() as node:
                if not self._stop.is_set():
                    self._begin(node, own=True)
                    await self._until_over(node)

    def _begin(self, node: AnyNode, *, own: bool) -> None:
        nodes = self.nodes
        # What is put into a testnet ends with it, so there the user's items of the network have no place.
        run = NodeRun(
            node,
            self._warn,
            keep_folder=nodes.keep_folder if own else None,
            save=nodes.save if own else None,
            testnet=self.testnet,
        )
        self.run, self.net = run, testnet_of(node)
        run.source.keyring = self.keyring
        self._show(run.source)
        if nodes.attached:
            run.see_kept_items()
        else:
            run.look_after_items()
        run.follow_items(lambda change: self.tell(change))
        run.save_regularly()
        if own:
            nodes.begun(run)
        if self._record is not None:
            run.record(self._record, "--record")
