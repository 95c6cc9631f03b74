"""A query that the user made by hand, put to one node."""

from __future__ import annotations

from ..engine.wire.bencode import decode
from ..text.actions.results import Came, Said
from .request import Request
from .requested import Run
from .run import Result, standing


async def ask(request: Request, run: Run) -> Result:
    """Put it, and wait for the answer."""
    assert run.remotes is not None
    (remote,) = run.remotes
    if request.raw:
        outcome = await run.node.query_raw(remote, request.raw)
    else:
        outcome = await run.node.query(remote, request.method, decode(request.args))
    came = Came.ANSWERED if outcome.asked else Came.NOTHING_SENT
    return Result("query", outcome.ok, Said(came, outcome), standing(run.node), outcome)
