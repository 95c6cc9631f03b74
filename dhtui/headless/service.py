"""What a run that stays does for whoever operates it: its figures, its supervisor, and settings that are read anew."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic_ns
from typing import Self

from ..engine.node import Node
from ..engine.settings import LiveSettings
from ..errors import Failure, UsageError
from ..options import config
from ..options.fitting import flag
from ..options.options import Options
from ..runtime import launch
from ..runtime.node_run import NodeRun
from ..runtime.supervisor import Supervisor
from ..text.runs.running import Task
from .output import Output
from .stopping import Stop

LIVE = ("blocklist", "blocklist_lenient", "max_reply_rate", "max_host_rate")
"""The options that take effect while the node runs. All others need a restart."""


class Service:
    """Beside a node that stays; a context from its start to its end."""

    def __init__(self, run: NodeRun, options: Options, output: Output, stop: Stop) -> None:
        assert isinstance(run.node, Node), "only one of our own is waited with"
        self._run, self._node, self._begun, self._output, self._stop = run, run.node, options, output, stop
        self._options = options
        """As they were read last."""
        self._limits = launch.limits_in(run.node.config.settings)
        self._supervisor = Supervisor(os.environ)

    def __enter__(self) -> Self:
        """Tell the node's figures from now on, if this run is to. Raises `Failure`."""
        if self._begun.metrics is not None:
            from ..runtime.figures import tell_figures  # here, for few runs tell them

            where = tell_figures(self._run, self._begun, self._output.warn)
            if where is not None:
                self._output.notes([f"metrics at http://{where}/metrics"])
        self._stop.on_waiting = self._serves
        return self

    def __exit__(self, *_: object) -> None:
        """It ends."""
        if self._stop.waiting:
            self._supervisor.tell("STOPPING=1")

    def _serves(self) -> None:
        """It serves from now on. SIGHUP has the settings read anew, also one that came before."""
        background = self._run.background
        if self._stop.hung_up is not None:
            background.start(self._reload_when_asked(self._stop.hung_up), Task.RELOADING)
        background.start(self._supervisor.watched(), Task.SUPERVISOR)
        self._supervisor.tell("READY=1", "STATUS=serving on %s:%d" % self._node.address)

    async def _reload_when_asked(self, hung_up: asyncio.Event) -> None:
        while True:
            await hung_up.wait()
            hung_up.clear()
            self._supervisor.tell("RELOADING=1", f"MONOTONIC_USEC={monotonic_ns() // 1000}")
            await self._reload()
            self._supervisor.tell("READY=1")

    async def _reload(self) -> None:
        """Save the state, read config.toml and the blocklist. What is damaged leaves everything as it was."""
        self._run.save()
        output, before = self._output, self._options
        try:
            after = await asyncio.to_thread(config.read, self._begun.argv)
        except (UsageError, Failure) as problem:
            output.warn(f"reload: the settings stay as they were: {problem}")
            after = before
        limits = launch.limits_only(after)
        try:
            limits, warnings = await asyncio.to_thread(launch.limits_of, after)
        except (UsageError, Failure) as problem:
            limits, warnings = replace(limits, blocks=self._limits.blocks), []
            output.warn(f"reload: the blocklist stays as it was: {problem}")
        for warning in warnings:
            output.warn(warning)
        self._node.adjust(limits)
        self._options, self._limits = after, limits
        output.notes([f"reloaded: {_told(limits)}; id and nodes are saved"])
        if waiting := [flag(name) for name in changed(self._begun, after) if name not in LIVE]:
            output.warn(f"reload: a restart is needed for {', '.join(waiting)}")


def changed(before: Options, after: Options) -> Sequence[str]:
    """The options that differ, by name."""
    names = (name for name in Options._fields if name not in ("given", "argv"))
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def _told(limits: LiveSettings) -> str:
    ranges = 0 if limits.blocks is None else len(limits.blocks)
    parts = [f"{ranges} blocked ranges"]
    for name, value, unit in (
        ("max-reply-rate", limits.reply_quota, "bytes/s"),
        ("max-host-rate", limits.rate_limit, "queries/s"),
    ):
        parts.append(f"--{name} {value:g} {unit}" if value else f"--{name} 0: no limit")
    return ", ".join(parts)
