"""How a node is that runs already, and whether it is ready for work: for scripts and health checks."""

from __future__ import annotations

from ..engine.views.snapshot import Snapshot
from .request import Request
from .requested import Run
from .run import Result, standing


async def tell(request: Request, run: Run) -> Result:
    """Tell how it is. It is ready once it has joined its network: `Result.ok`."""
    now = run.node.snapshot()
    ready = is_ready(now)
    return Result(action="status", ok=ready, summary=_summary(now, ready), standing=standing(run.node), status=now)


def is_ready(now: Snapshot) -> bool:
    """Whether the bootstrap has succeeded, and nodes of the table answer."""
    return now.bootstrap.state == "done" and now.table.good > 0


def _summary(now: Snapshot, ready: bool) -> str:
    good = f"{now.table.good} good {'node' if now.table.good == 1 else 'nodes'}"
    if ready:
        return f"ready, with {good}"
    if now.bootstrap.state == "done":
        return "it runs and has lost all of its nodes"
    states = {"idle": "has nobody to start from", "running": "is joining its network", "failed": "reached nobody"}
    return f"it runs and {states[now.bootstrap.state]}, with {good}"
