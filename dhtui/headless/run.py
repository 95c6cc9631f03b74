"""One headless run on the network: start the node, carry out the action, say what came of it, serve, stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

from ..actions import run as actions
from ..actions.keys import PUBLIC_KEY_WARNING
from ..actions.request import HostPort, Request
from ..actions.requested import Run
from ..actions.resolve import look_up
from ..actions.run import Result
from ..actions.signing import last_of_all
from ..actions.spec import ACTIONS
from ..actions.unlocking import exposure, unlocked
from ..engine.items import Item
from ..engine.node import Node
from ..engine.operations.limit import Limit
from ..engine.wire.compact import Addr
from ..errors import Exit, Failure
from ..items.keepalive import Keeper, KeptItem, Verdict
from ..options.options import Options
from ..runtime import launch
from ..runtime.saving import Saver
from ..text.format import address
from . import after_action as staying
from . import json_lines as report_json
from . import text as report_text
from .output import Output

LATEST = 2.0
"""Seconds after its deadline until an action that has not ended by itself is cut off, and what it knew is lost."""
TICK = 0.1
"""Seconds after which a recording is told the time."""
SECONDS_A_NODE = 0.1
"""So much more time than other things a testnet has to start, for each of its nodes."""


def run(options: Options, request: Request, output: Output) -> int:
    """Runs it and returns the exit code. Raises `UsageError` before any packet is sent, `Failure`."""
    request = unlocked(request)
    own = request.remotes is not None and not options.wait and "bnodes" not in options.given
    keeping = options.wait or ACTIONS[request.action].saves
    start = launch.prepare(options, serving=options.wait, keeping=keeping, bootstrap=not own)
    output.outlives_readers = True
    try:
        for warning in (
            *start.warnings,
            *exposure(request.key),
            *_key_warning(options, request),
            *_last_warning(request),
        ):
            output.warn(warning)
        # The signals are the loop's own until it is closed: an exception out of a handler would break it.
        with Stop(output) as stop, asyncio.Runner() as runner:
            runner.get_loop().set_default_executor(DaemonThreads())
            code = runner.run(_run(options, request, start, output, stop))
        return stop.code(code)
    finally:
        start.release()


def _key_warning(options: Options, request: Request) -> list[str]:
    if request.key is None or request.what is None or not launch.leaves_loopback(options, request.remotes):
        return []
    from ..engine.items import Draft
    from ..engine.keys import BEP44_TEST_KEY

    public = isinstance(request.what, Draft) and request.what.key.public == BEP44_TEST_KEY.public
    return [f"{request.key.name} {PUBLIC_KEY_WARNING}, and replace what is put with it"] if public else []


def _last_warning(request: Request) -> list[str]:
    seq = getattr(request.what, "seq", None)
    return [warning] if seq is not None and (warning := last_of_all(seq)) else []


class DaemonThreads(ThreadPoolExecutor):
    """Threads that nobody waits for: a host name that takes its time must not hold up Ctrl+C."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `fn` in a thread of its own."""
        future: Future[Any] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        Thread(target=work, daemon=True).start()
        return future


SIGNALS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""What ends a run: Ctrl+C, a kill, a terminal that was closed. A second one ends it at once."""


def taken_signals() -> list[signal.Signals]:
    """Those of `SIGNALS` that are not ignored, as ``nohup`` has SIGHUP ignored."""
    return [each for each in SIGNALS if each == signal.SIGINT or signal.getsignal(each) is not signal.SIG_IGN]


class Stop:
    """The `SIGNALS`: they cancel the action, or end the wait after it."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.signum: int | None = None
        self.waiting = False
        self.asked = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        self._limits: list[Limit] = []
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        # Not by the loop: what comes while its last round ends would be lost.
        for signum in taken_signals():
            with suppress(ValueError):  # outside the main thread
                self._before[signum] = signal.signal(signum, self._on)
        return self

    def __exit__(self, *_: object) -> None:
        if self.signum is None:
            for signum, before in self._before.items():
                signal.signal(signum, before)

    def code(self, code: int) -> int:
        """The exit code: `code`, unless the action was stopped. To be asked for once the signals are given back."""
        if self.signum is None or self.waiting:
            return code
        self._output.notes([f"dhtui: stopped by {signal.Signals(self.signum).name}"])
        return 128 + self.signum

    def cancels(self, task: asyncio.Task[Any] | None) -> None:
        """This is the task of the action."""
        self._task = task
        if self.signum is not None:
            self._stop()

    def _on(self, signum: int, frame: object) -> None:
        self.signum = signum
        self._output.hurried = True
        for each in self._before:
            # Whatever is waited for now, a second signal ends it. But a shell that ends hangs up twice, by itself and
            # by its terminal, and means nothing by it.
            signal.signal(each, signal.SIG_DFL if each in (signal.SIGINT, signal.SIGTERM) else signal.SIG_IGN)
        if self._task is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._task.get_loop().call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        self.asked.set()
        if self.waiting or self._task is None:
            return
        for limit in self._limits:
            limit.strike()
        if self._limits:  # what is known by now is printed, if that takes no longer
            self._task.get_loop().call_later(LATEST, self._cancel)
        else:
            self._cancel()

    def _cancel(self) -> None:
        if not self.waiting and self._task is not None:
            self._task.cancel()

    @contextmanager
    def ends(self, limit: Limit) -> Iterator[None]:
        """A signal makes this limit strike."""
        self._limits.append(limit)
        try:
            if self.signum is not None:
                limit.strike()
            yield
        finally:
            self._limits.remove(limit)


async def _run(options: Options, request: Request, start: launch.Launch, output: Output, stop: Stop) -> int:
    stop.cancels(asyncio.current_task())
    try:
        return await _with_node(options, request, start, output, stop)
    except asyncio.CancelledError:
        if stop.signum is None:
            raise
        return 1


async def _with_node(options: Options, request: Request, start: launch.Launch, output: Output, stop: Stop) -> int:
    async with AsyncExitStack() as stack:
        background = staying.Background(output)
        asyncio.get_running_loop().set_exception_handler(
            lambda _, told: background.died("something behind the scenes", told.get("exception"))
        )
        if options.testnet:
            start = launch.on_testnet(start, await _testnet(stack, options, output))
        node = Node(start.config)
        try:
            await stack.enter_async_context(node)
        except OSError as error:
            host, port = start.config.listen
            raise Failure(f"cannot bind {host}:{port}: {reason(error)}") from None
        stack.push_async_callback(background.stop)
        if options.vv:
            _trace(node, output)
        if options.record is not None:
            stack.callback(_recording(node, options.record, output, background))
        saver = Saver(node, lambda it: launch.keep(options, start, it), output.warn)
        code = await _carry_out(node, options, _requests(request, start.self_id), saver, output, stop, background)
        if code is Exit.OK or stop.waiting:
            saver.now()
        return Exit.FAILED if code is Exit.OK and background.failed else code


async def _carry_out(
    node: Node,
    options: Options,
    requests: Sequence[Request],
    saver: Saver,
    output: Output,
    stop: Stop,
    background: staying.Background,
) -> Exit:
    """The action, and what the run stays for. How it ended: for several infohashes as the best of them."""
    request = requests[0]
    keeper = staying.keeper_of(node, request, output)
    finds = Found(output)
    results = await asyncio.gather(*(_act(node, each, keeper, output, stop, finds) for each in requests))
    *others, last = results
    for other in others:
        _headed(other, request, output)
        _print(other, request, output, finds)
    result, notes = await staying.follow_up(request, last, keeper, output)
    _headed(result, request, output)
    _print(result, request, output, finds)
    output.notes(notes)
    if stop.signum is not None:
        return Exit.FAILED
    if request.watch is not None:
        stop.waiting = True
        await _watch(node, request, keeper, result, output, stop)
        return Exit.OK
    code = min(each.exit for each in (result, *others))
    if options.wait and (code is Exit.OK or ACTIONS[request.action].tends):
        stop.waiting = True
        background.start(saver.run(), "saving id and nodes")
        # What is put into a testnet ends with it, so there the user's items have no place.
        await staying.serve(node, None if options.testnet else keeper, stop.asked, output, background)
        await background.stop()
    return code


def _headed(result: Result, request: Request, output: Output) -> None:
    """Say which infohash of several a result is about."""
    if request.also and result.outcome is not None and result.outcome.target is not None:
        output.notes([f"infohash {result.outcome.target.hex()}:"])


def _requests(request: Request, self_id: bytes | None) -> list[Request]:
    """One for each infohash of a torrent; ``self`` is the user's own id, whatever id this run has."""
    own = replace(request, target=self_id if request.target is None else request.target)
    return [own, *(replace(request, target=other) for other in request.also)]


def reason(error: OSError) -> str:
    """Why a port can't be bound, in words."""
    import errno

    return "address in use" if error.errno == errno.EADDRINUSE else (error.strerror or str(error)).lower()


async def _testnet(stack: AsyncExitStack, options: Options, output: Output) -> tuple[str, ...]:
    from ..testnet import Testnet

    assert options.testnet is not None
    patience = options.deadline + options.testnet * SECONDS_A_NODE
    try:
        async with asyncio.timeout(patience):
            net = await stack.enter_async_context(Testnet(options.testnet))
    except TimeoutError:
        raise Failure(f"the testnet did not start within {patience:g} s (--deadline)", Exit.DEADLINE) from None
    except OSError as error:
        raise Failure(f"the testnet cannot start: {reason(error)}") from None
    if net.strays:
        output.warn(f"the testnet is not whole: {len(net.strays)} of its {len(net.nodes)} nodes lack neighbours")
    return net.bootstrap


def _recording(node: Node, path: Path, output: Output, background: staying.Background) -> Callable[[], None]:
    """Records the node until what it returns is called. Raises `Failure`."""
    from ..sources.recording import Recorder, RecordingError
    from ..sources.source import LiveSource

    source = LiveSource(node)

    async def tick(recorder: Recorder) -> None:
        while True:
            recorder.tick(source.clock())
            await asyncio.sleep(TICK)

    try:
        recorder = Recorder(path, source, output.warn)
    except RecordingError as error:
        source.close()
        raise Failure(f"--record: {error}") from None
    background.start(tick(recorder), "recording")

    def close() -> None:
        recorder.close()
        source.close()

    return close


def _trace(node: Node, output: Output) -> None:
    from .packet_log import packet_line

    def listener(event: Any) -> None:
        line = packet_line(event)
        if line:
            output.notes([line])

    node.subscribe(listener)


async def _watch(node: Node, request: Request, keeper: Keeper, first: Result, output: Output, stop: Stop) -> None:
    assert request.watch is not None
    await staying.watch(
        lambda: _act(node, request, keeper, output, stop),
        first,
        request.watch,
        stop.asked,
        lambda result: _print(result, request, output),
        output,
    )


class Found:
    """Prints what a lookup finds as soon as it is there: peers, each once; items only as JSON, for the newest of them
    is the result."""

    def __init__(self, output: Output) -> None:
        self._output, self._began = output, monotonic()
        self.told: set[Addr] = set()

    def peers(self, peers: tuple[Addr, ...]) -> None:
        """One node's peers."""
        new = [peer for peer in dict.fromkeys(peers) if peer not in self.told]
        self.told.update(new)
        if self._output.as_json:
            self._output.objects([report_json.found(monotonic() - self._began, peers=new)])
        else:
            self._output.results(map(address, new))

    def item(self, item: Item) -> None:
        """A verified item, newer than those before it."""
        if self._output.as_json:
            self._output.objects([report_json.found(monotonic() - self._began, item=item)])


class Looked:
    """Prints each kept item as soon as it was looked after."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def __call__(self, kept: KeptItem) -> None:
        """One item, as it is now."""
        if self._output.as_json:
            self._output.objects([report_json.looked_after(kept)])
        elif kept.last is not None and kept.last.verdict is Verdict.FAILED:
            self._output.notes([f"  {report_text.kept_line(kept)}"])
        else:
            self._output.results([report_text.kept_line(kept)])


async def _act(
    node: Node,
    request: Request,
    keeper: Keeper,
    output: Output,
    stop: Stop,
    finds: Found | None = None,
) -> Result:
    """The action, by its deadline or until the run is told to stop, with what is known then."""
    deadline = request.deadline
    why = "" if deadline is None else f"given up after {deadline:g} s (--deadline)"
    limit = Limit()
    timer = None if deadline is None else asyncio.get_running_loop().call_later(deadline, limit.strike)
    try:
        async with asyncio.timeout(None if deadline is None else deadline + LATEST):
            with limit.applied(), stop.ends(limit):
                result = await _by_the_limit(node, request, keeper, output, limit, finds)
    except TimeoutError:
        if stop.signum is not None:
            raise asyncio.CancelledError from None
        if request.remotes is None:
            output.notes(report_text.sources(actions.standing(node)))
        raise Failure(f"{request.action} {why}", Exit.DEADLINE) from None
    finally:
        if timer is not None:
            timer.cancel()
    if not limit.cut:
        return result
    if stop.signum is not None:
        return actions.given_up(result, "stopped", Exit.of_signal(stop.signum))
    return actions.given_up(result, why)


async def _by_the_limit(
    node: Node, request: Request, keeper: Keeper, output: Output, limit: Limit, finds: Found | None
) -> Result:
    if ACTIONS[request.action].tends:
        keeper.looked = Looked(output)
    remotes = None
    if request.remotes is not None:
        resolving = asyncio.ensure_future(_resolve(node, request.remotes, output))
        with limit.ending(lambda: _give_up(resolving)):
            try:
                remotes = await resolving
            except asyncio.CancelledError:
                if limit.struck:
                    raise TimeoutError from None
                raise
    run = Run(
        node=node,
        remotes=remotes,
        progress=lambda view: output.progress(view, request.action),
        finds=finds,
        keeper=keeper,
    )
    result: Result = await ACTIONS[request.action].part("run")(request, run)
    return result


def _give_up(task: asyncio.Future[Any]) -> None:
    task.cancel()


async def _resolve(node: Node, remotes: Sequence[HostPort], output: Output) -> list[Addr]:
    """The addresses of named nodes. Says which have none; raises `Failure` when nobody is left to ask."""
    found = await asyncio.gather(*(look_up(remote) for remote in remotes))
    addrs: list[Addr] = []
    problems = []
    for remote, addr in zip(remotes, found, strict=True):
        if isinstance(addr, str):
            problems.append(f"{remote} {addr}")
        elif _is_own(addr, node.address):
            problems.append(f"{remote} is this node itself")
        elif addr not in addrs:
            addrs.append(addr)
    if not addrs:
        raise Failure(f"there is nobody to ask: {'; '.join(problems)}", Exit.NO_ANSWER)
    for problem in problems:
        output.warn(problem)
    return addrs


def _is_own(addr: Addr, bound: Addr) -> bool:
    same_host = addr[0] == bound[0] or (bound[0] == "0.0.0.0" and addr[0].startswith("127."))
    return addr[1] == bound[1] and same_host


def _print(result: Result, request: Request, output: Output, finds: Found | None = None) -> None:
    told = finds.told if finds else set[Addr]()
    lines = report_text.render(result, named=request.remotes is not None, told=told)
    if output.as_json:
        output.objects(report_json.render(result))
    else:
        output.results(lines.out)
        output.raw(lines.raw)
    output.notes(lines.err if result.ok else lines.err[:-1])
    if not result.ok:
        output.error(lines.err[-1])
