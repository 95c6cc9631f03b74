"""How a node is that runs already, and whether it is ready for work: for scripts and health checks."""

from __future__ import annotations

from ..engine.views.snapshot import Snapshot
from ..text.actions.results import Came, Said
from .request import Request
from .requested import Run
from .run import Result, standing


async def tell(request: Request, run: Run) -> Result:
    """Tell how it is. It is ready once it has joined its network: `Result.ok`."""
    now = run.node.snapshot()
    ready = is_ready(now)
    return Result(action="status", ok=ready, said=_said(now, ready), standing=standing(run.node), status=now)


def is_ready(now: Snapshot) -> bool:
    """Whether the bootstrap has succeeded, and nodes of the table answer."""
    return now.bootstrap.state == "done" and now.table.good > 0


_NOT_READY = {
    "idle": Came.STARTLESS,
    "running": Came.JOINING,
    "failed": Came.REACHED_NOBODY,
    "done": Came.LOST_ALL,
}


def _said(now: Snapshot, ready: bool) -> Said:
    return Said(Came.READY if ready else _NOT_READY[now.bootstrap.state], number=now.table.good)
