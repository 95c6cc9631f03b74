"""A query that the user made by hand, put to one node."""

from __future__ import annotations

from ..engine.outcome import NodeOutcome, Status
from ..engine.wire.bencode import decode
from ..text.outcomes import node_words
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
    return Result("query", outcome.ok, _summary(outcome.asked), standing(run.node), outcome)


def _summary(asked: tuple[NodeOutcome, ...]) -> str:
    if not asked:
        return "nothing was sent"
    (one,) = asked
    if one.status is Status.ANSWERED and one.rtt is not None:
        return f"it answered after {one.rtt * 1000:.1f} ms"
    return f"it {words}" if (words := node_words(one)).startswith(("refused", "answered")) else words
