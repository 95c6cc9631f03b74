"""The figures of a running node for `dhtui.metrics`: taken when somebody asks for them."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..engine import clock
from ..engine.node import Node
from ..engine.wire.compact import Addr, is_local
from ..errors import Failure
from ..options.options import Options
from ..text.runs.running import FIGURES_OPEN, Task, not_bound_words
from .metrics.exposition import text
from .metrics.families import Kept, Process, families
from .metrics.server import Cached, MetricsServer, listening

if TYPE_CHECKING:
    from ..items.keepalive import KeptItem
    from .node_run import NodeRun


def tell_figures(run: NodeRun, options: Options, warn: Callable[[str], None]) -> str | None:
    """Serve a node's figures over HTTP from now on, if the options ask for it. Returns the address, as in a URL.

    Raises `Failure` where that can't be, unless it is config.toml alone that asks for it: that holds for many runs.
    """
    addr = options.metrics
    if addr is None:
        return None
    try:
        listener = listening(addr)
    except OSError as error:
        problem = f"--metrics: {not_bound_words(_shown(addr), error)}"
        if "metrics" in options.given:
            raise Failure(problem) from None
        warn(problem)
        return None
    if not is_local(addr[0]):
        warn(FIGURES_OPEN)
    node = run.node
    assert isinstance(node, Node), "only of a node of our own"

    def make() -> str:
        return text(families(node.snapshot(), node.statistics(), __version__, process(), kept(run.kept)))

    server = MetricsServer(listener, Cached(make, clock.now))
    serving = run.background.start(server.run(), Task.FIGURES)
    serving.add_done_callback(lambda _: listener.close())  # it may end before its first step
    host, port, *_ = listener.getsockname()
    return _shown((host, port))


def _shown(addr: Addr) -> str:
    return "[%s]:%d" % addr if ":" in addr[0] else "%s:%d" % addr


def process() -> Process:
    """What the system says of this program."""
    resident = None
    with suppress(OSError, ValueError, IndexError):  # Linux only
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        resident = int(pages) * os.sysconf("SC_PAGE_SIZE")
    return Process(time.process_time(), resident)


def kept(items: Iterable[KeptItem] | None) -> Kept | None:
    """How the kept items do."""
    return None if items is None else Kept(**Counter(map(_state, items)))


def _state(item: KeptItem) -> str:
    from ..items.keepalive import CheckVerdict  # here, for it is loaded only with a keeper

    if item.paused:
        return "paused"
    if item.last is None:
        return "waiting"
    return "failed" if item.last.verdict is CheckVerdict.FAILED else "fresh"
