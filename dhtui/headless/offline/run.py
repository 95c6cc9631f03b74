"""Carries out an action that needs no node, and prints what came of it."""

from __future__ import annotations

from ...actions.request import OfflineRequest
from ...actions.spec import ACTIONS
from ...actions.unlocking import exposure
from ...errors import Exit
from ..lines import Lines
from ..output import Output


def carry_out(request: OfflineRequest, output: Output) -> int:
    """Runs it and returns the exit code. Raises `UsageError`, `Failure`."""
    action = ACTIONS[request.action]
    for warning in exposure(request):
        output.warn(warning)
    if action.streams:
        ended: int = action.part("run")(request, output)
        return ended
    done = action.part("run")(request)
    lines: Lines = action.part("text")(done)
    code: Exit = done.exit
    if output.as_json:
        output.objects(action.part("json")(done))
    else:
        output.results(lines.out)
    for warning in lines.warnings:
        output.warn(warning)
    output.notes(lines.err)
    if lines.failure:
        output.error(lines.failure)
    return code
