"""Opens the command bar, with all that is known where it opens."""

from __future__ import annotations

from typing import Any, Protocol, cast

from textual.app import App

from ...runtime.host import NodeHost
from ..base import ExplorerScreen
from .bar import CommandBar
from .doing import Explorer, Here
from .words import Known, hosts_of, targets_of


class Opener(Explorer, Protocol):
    """What opens a bar."""

    host: NodeHost


def command_bar(app: App[Any]) -> CommandBar | None:
    """The bar for what is shown; `None` where it is open already, or there is no screen."""
    explorer, ground = cast(Opener, app), app.screen_stack[0]
    if isinstance(app.screen, CommandBar) or not isinstance(ground, ExplorerScreen):
        return None
    source, memory = explorer.feed.source, explorer.host.memory
    known = Known(memory)
    if source is not None:
        view = source.snapshot()
        known = Known(memory, hosts_of(view), targets_of(view))
    tables = ground.lists()
    if tables:
        model = ground.filtered().model
        known = Known(
            memory,
            known.hosts,
            known.targets,
            place=ground.place_of(ground.filtered()),
            filters=tuple(model.history),
            complete=model.completions if model.guided else None,
            columns=tuple(column.title for column in model.shipped if column.title),
        )
    return CommandBar(Here(explorer, app, ground, memory), ground.view, known, ground.keyring)
