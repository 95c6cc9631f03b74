"""From options to a running explorer, and its end."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.node import Node
from ..headless.output import Output
from ..options.options import Options
from ..runtime import launch
from ..runtime.host import Nodes
from ..runtime.node_run import NodeRun
from ..runtime.opening import at_socket, instead_of_network, life_of, on_network, on_testnet, socket_of
from ..runtime.signals import taken_signals
from ..runtime.threads import DaemonThreads
from ..storage.memory import MemoryFile
from .connection import TESTNET_SIZE
from .explorer import Explorer

if TYPE_CHECKING:
    from ..runtime.capture_file import CaptureFile
    from ..sources.replay import Replay


def run_explorer(options: Options, replay: Replay | None, output: Output, capture: CaptureFile | None = None) -> int:
    """Runs the explorer until the user quits; returns the exit code. Raises `UsageError` before anything starts."""
    if replay is not None or capture is not None:
        from ..options.config import state_folder

        memory, about = _memory(state_folder(options), read_only=True)
        explorer = Explorer(replay=replay, capture=capture, warnings=about, memory=memory, theme=options.theme)
        return _run(explorer, output, options.mouse)
    if options.attach is not None:
        start = launch.beside(options)
        memory, about = _memory(start.folder)
        return _run(_attached_explorer(options, start, memory, about), output, options.mouse)
    with launch.prepare(options, serving=True, keeping=not options.testnet) as start:
        memory, about = _memory(start.folder)
        return _run(_explorer(options, start, memory, about), output, options.mouse)


def _memory(folder: Path, *, read_only: bool = False) -> tuple[MemoryFile, tuple[str, ...]]:
    """What is remembered, and what is to be said about it."""
    memory = MemoryFile(folder, read_only=read_only)
    return memory, tuple(filter(None, (memory.open(),)))


def _explorer(
    options: Options, start: launch.Launch, memory: MemoryFile | None = None, about: tuple[str, ...] = ()
) -> Explorer:
    def warn(text: str) -> None:
        explorer.warn(text)

    def again() -> AbstractAsyncContextManager[Node]:
        return on_network(launch.renewed(start))

    nodes = Nodes(
        control=socket_of(options),
        quiet=start.lock is None,
        own=partial(on_testnet, start, options.testnet, warn, life=life_of(options)) if options.testnet else again,
        on_testnet=bool(options.testnet),
        other=None if options.testnet else partial(instead_of_network, options, TESTNET_SIZE, warn),
        save=partial(launch.save, start),
        keys_folder=start.folder / "keys",
        keep_folder=None if options.testnet else start.folder,
        begun=partial(_tell_figures, options, warn),
        tour_folder=start.folder,
    )
    warnings = (*start.warnings, *about)
    explorer = Explorer(nodes, record=options.record, warnings=warnings, memory=memory, theme=options.theme)
    return explorer


def _tell_figures(options: Options, warn: Callable[[str], None], run: NodeRun) -> None:
    if options.metrics is not None:
        from ..runtime.figures import tell_figures

        tell_figures(run, options, warn)


def _attached_explorer(options: Options, start: launch.Launch, memory: MemoryFile, about: tuple[str, ...]) -> Explorer:
    """The explorer of a node of another program."""
    nodes = Nodes(
        own=partial(at_socket, options, "all"),
        attached=True,
        keys_folder=start.folder / "keys",
        keep_folder=start.folder,
        tour_folder=start.folder,
    )
    return Explorer(nodes, record=options.record, warnings=about, memory=memory, theme=options.theme)


def spare_pauses() -> None:
    """Has Python look for cycles of dead objects more rarely, and not at all among what is here to stay.

    At 5000 packets/s it would by default stop everything for 100 ms and more, twice in a second: most of what the
    rings keep lives long enough to be looked through again and again, and is no garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000, 5, 20)
    gc.enable()


def _run(explorer: Explorer, output: Output, mouse: bool) -> int:
    spare_pauses()
    # The default handlers print tracebacks.
    threading.excepthook = lambda told: explorer.failed_behind(told.exc_value)
    sys.unraisablehook = lambda told: explorer.failed_behind(told.exc_value)
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        loop.set_default_executor(DaemonThreads())
        loop.set_exception_handler(lambda _, told: explorer.failed_behind(told.get("exception")))
        runner.run(_until_stopped(explorer, mouse))
    for warning in explorer.warnings:
        output.warn(warning)
    if explorer.failure:
        return output.fail(explorer.failure, explorer.failure_code)
    return explorer.return_code or 0


async def _until_stopped(explorer: Explorer, mouse: bool) -> None:
    """Runs it until the user quits, or a signal says so: also the one that comes before there is anything to end."""
    loop = asyncio.get_running_loop()
    for signum in taken_signals():
        if signum != signal.SIGINT:  # which is a key, for the terminal is raw
            loop.add_signal_handler(signum, explorer.stop)
    await explorer.run_async(mouse=mouse)
