"""Requests carried out: what the rows of the table of actions name for the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..engine.commands import NodeCommands
from ..engine.operations.callbacks import Progress
from ..engine.wire.compact import Addr
from .request import Request, Unsigned
from .run import (
    Finds,
    Result,
    and_read_back,
    announce_peer,
    bootstrap,
    closest_stores,
    dry_run,
    find_node,
    get,
    get_peers,
    identity,
    ping,
    ping_nearest,
    put,
    republish,
)

if TYPE_CHECKING:
    from ..items.keepalive import Keeper


class Run(NamedTuple):
    """What a request is carried out with."""

    node: NodeCommands
    remotes: Sequence[Addr] | None = None
    """Those of the request, resolved; `None` is a full lookup."""
    progress: Progress | None = None
    finds: Finds | None = None
    keeper: Keeper | None = None
    """republish: the kept items on this node."""

    def target(self, request: Request) -> bytes:
        """Where to look, 20 bytes; our own id where the request names nothing."""
        return self.node.id if request.target is None else request.target


async def bootstrap_now(request: Request, run: Run) -> Result:
    """Join the network."""
    return await bootstrap(run.node, first=request.stays)


async def identity_now(request: Request, run: Run) -> Result:
    """Tell who we are."""
    return await identity(run.node)


async def ping_all(request: Request, run: Run) -> Result:
    """Ask the nodes that were named, or the nearest ones to a target."""
    if run.remotes is not None:
        return await ping(run.node, run.remotes)
    return await ping_nearest(run.node, run.target(request), run.progress)


async def look_for_nodes(request: Request, run: Run) -> Result:
    """Find the nodes closest to a target."""
    return await find_node(run.node, run.target(request), run.remotes, run.progress)


async def look_for_peers(request: Request, run: Run) -> Result:
    """Find peers. They are told at once, but for closest_peers, which lists them behind the nodes."""
    finds = run.finds if request.action == "get_peers" else None
    target = run.target(request)
    return await get_peers(run.node, target, run.remotes, run.progress, action=request.action, finds=finds)


async def announce(request: Request, run: Run) -> Result:
    """Announce a peer."""
    return await announce_peer(run.node, run.target(request), request.port, run.remotes, run.progress)


async def fetch(request: Request, run: Run) -> Result:
    """Fetch an item."""
    return await get(
        run.node,
        run.target(request),
        request.salt,
        request.at_least,
        request.newer_than,
        run.remotes,
        run.progress,
        public=request.public,
        finds=run.finds,
    )


async def store(request: Request, run: Run) -> Result:
    """Store an item, whose key is unlocked."""
    what = request.what
    assert what is not None and not isinstance(what, Unsigned)
    if request.dry_run:
        return await dry_run(run.node, what, run.remotes, run.progress)
    result = await put(run.node, what, request.cas, run.remotes, run.progress, min_stored=request.min_stored)
    return await and_read_back(run.node, result, run.progress) if request.read_back else result


async def look_for_stores(request: Request, run: Run) -> Result:
    """Find the stores of an item."""
    target = run.target(request)
    return await closest_stores(run.node, target, request.salt, run.remotes, run.progress, public=request.public)


async def look_after(request: Request, run: Run) -> Result:
    """Look after the kept items."""
    assert run.keeper is not None
    return await republish(run.node, run.keeper)
