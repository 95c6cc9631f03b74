"""Where a request is carried out: on a node of our own, on the network or on a testnet, or on one that runs already."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..actions.request import HostPort
from ..engine.node import Node
from ..options.options import Options
from . import launch
from .families import leaves_loopback
from .opening import Warn, at_socket, life_of, on_network, on_testnet, socket_of

if TYPE_CHECKING:
    from ..attach.attached import AttachedNode


class Place(NamedTuple):
    """The options of a run, as far as they are about its node."""

    options: Options

    @property
    def attached(self) -> bool:
        """Whether the node is that of another program."""
        return self.options.attach is not None

    @property
    def socket(self) -> Path:
        """Where other programs attach to the node."""
        return socket_of(self.options)

    @property
    def named_family(self) -> bool:
        """Whether the user asked for certain address families."""
        return self.options.family is not None

    @property
    def named_hosts(self) -> bool:
        """Whether the user gave bootstrap hosts."""
        return "bnodes" in self.options.given

    def prepare(self, *, serving: bool, keeping: bool, bootstrap: bool) -> launch.Launch:
        """What a node needs before it runs. Raises `UsageError`, `Failure`."""
        if self.attached:
            return launch.beside(self.options)
        return launch.prepare(self.options, serving=serving, keeping=keeping, bootstrap=bootstrap)

    def node(
        self, start: launch.Launch, warn: Warn, *, heard: bool
    ) -> AbstractAsyncContextManager[Node | AttachedNode]:
        """The node, running. `heard`: its events are wanted. Raises `Failure`."""
        options = self.options
        if self.attached:
            return at_socket(options, "all" if heard else "status")
        if options.testnet:
            return on_testnet(start, options.testnet, warn, life=life_of(options), deadline=options.deadline)
        return on_network(start)

    def saver(self, start: launch.Launch) -> Callable[..., str] | None:
        """Saves the node's state; `None`: it is not ours to save."""
        return None if self.attached else partial(launch.save, start)

    def leaves_loopback(self, remotes: tuple[HostPort, ...] | None) -> bool:
        """Whether packets may go to other machines."""
        return leaves_loopback(self.options, remotes)
