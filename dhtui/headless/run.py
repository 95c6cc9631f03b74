"""One headless run on the network: start the node, carry out the action, say what came of it, serve, stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..actions import run as actions
from ..actions.request import ManyOf, Request
from ..actions.requested import Run
from ..actions.run import Result
from ..actions.spec import ACTIONS
from ..engine.commands import NodeCommands
from ..engine.items import MAX_SEQ, Item
from ..engine.node import Node
from ..engine.operations.limit import Limit
from ..engine.wire.compact import Addr
from ..errors import Exit, Failure
from ..runtime.garbage import look_for_garbage
from ..runtime.launch import Launch
from ..runtime.node_run import NodeRun
from ..runtime.opening import testnet_of
from ..runtime.place import Place
from ..runtime.signals import on_a_terminal
from ..runtime.threads import DaemonThreads
from ..text.actions.notices import last_seq_words, public_put_words
from ..text.families import missing_words
from ..text.format import address
from ..text.runs.running import STOPPED, Task, given_up_words
from . import after_action
from . import json_lines as report_json
from . import text as report_text
from .lines import kept_line
from .named import resolved
from .output import Output
from .stopping import LATEST, Stop

if TYPE_CHECKING:
    from ..attach.attached import AttachedNode
    from ..items.keepalive import KeptItem

CarryOut = Callable[[NodeRun, Sequence[Request], Output, Stop], Awaitable[Exit]]
"""Carries a request out on a node, and says how it ended."""


def run(place: Place, request: Request, output: Output) -> int:
    """Runs it and returns the exit code. Raises `UsageError` before any packet is sent, `Failure`."""
    exposed: list[str] = []
    if request.key is not None:
        from ..actions.unlocking import exposure, unlocked  # here, for it loads the keyring

        request, exposed = unlocked(request), exposure(request)
    own = request.remotes is not None and not request.wait and not place.named_hosts
    keeping = request.wait or ACTIONS[request.action].saves
    serving = request.wait or ACTIONS[request.action].serves
    start = place.prepare(serving=serving, keeping=keeping, bootstrap=not own)
    output.outlives_readers = True
    look_for_garbage()
    with start, ExitStack() as stack:
        carry_out: CarryOut = _carry_out
        if request.many is not None:
            from .many.run import ManyRun  # here, for most runs have one target
            from .many.targets import targets_of

            carry_out = ManyRun(stack.enter_context(targets_of(request)))
            exposed += _many_keys(place, request.many)
        for warning in (
            *start.warnings,
            *exposed,
            *_key_warning(place, request),
            *_last_warning(request),
        ):
            output.warn(warning)
        # The signals are the loop's own until it is closed: an exception out of a handler would break it.
        reloads = place.options.wait and not on_a_terminal()
        with Stop(output, reloads=reloads) as stop, asyncio.Runner() as runner:
            runner.get_loop().set_default_executor(DaemonThreads())
            code = runner.run(_run(place, request, start, output, stop, carry_out))
        return stop.code(code)


def _key_warning(place: Place, request: Request) -> list[str]:
    if request.key is None or request.what is None or not place.leaves_loopback(request.remotes):
        return []
    from ..engine.items import Draft
    from ..engine.keys import BEP44_TEST_KEY

    public = isinstance(request.what, Draft) and request.what.key.public == BEP44_TEST_KEY.public
    return [public_put_words(request.key.name)] if public else []


def _many_keys(place: Place, many: ManyOf) -> list[str]:
    """Warnings of the keys of many records."""
    from ..actions.publishing import exposed
    from ..engine.keys import BEP44_TEST_KEY

    public = [zone.key.name for zone in many.zones if zone.public == BEP44_TEST_KEY.public]
    if not public or not place.leaves_loopback(None):
        return exposed(many.zones)
    return [*exposed(many.zones), public_put_words(public[0])]


def _last_warning(request: Request) -> list[str]:
    seq = getattr(request.what, "seq", None)
    return [last_seq_words(seq)] if seq == MAX_SEQ else []


async def _run(place: Place, request: Request, start: Launch, output: Output, stop: Stop, carry_out: CarryOut) -> int:
    stop.cancels(asyncio.current_task())
    try:
        return await _with_node(place, request, start, output, stop, carry_out)
    except asyncio.CancelledError:
        if stop.signum is None:
            raise
        return 1


async def _with_node(
    place: Place, request: Request, start: Launch, output: Output, stop: Stop, carry_out: CarryOut
) -> int:
    async with AsyncExitStack() as stack:
        heard = request.trace or request.record is not None
        node = await stack.enter_async_context(place.node(start, output.warn, heard=heard))
        run = NodeRun(node, output.warn, keep_folder=start.folder, save=place.saver(start))
        stack.push_async_callback(run.close)
        asyncio.get_running_loop().set_exception_handler(
            lambda _, told: run.background.died(Task.UNKNOWN, told.get("exception"))
        )
        _tell_missing(place, request, node, output)
        if request.wait:
            # One on a testnet yields to one on the network; and where that has the state folder, it has been said.
            await run.listen(place.socket, quiet=start.lock is None)
        if request.trace:
            _trace(node, output)
        if request.record is not None:
            run.record(request.record, "--record")
        if request.wait:
            from .service import Service  # here, for most runs don't stay

            stack.enter_context(Service(run, place.options, output, stop))
        code = await carry_out(run, _requests(request, start.self_id), output, stop)
        if code is Exit.OK or stop.waiting:
            run.save()
        return Exit.FAILED if code is Exit.OK and run.background.failed else code


_TELLING = ("id", "bootstrap", "doctor")
"""Actions whose result tells of each family, and of those that are missing."""


def _tell_missing(place: Place, request: Request, node: NodeCommands, output: Output) -> None:
    """Says once which address families this machine does not have, to those who asked for them or stay."""
    if request.action in _TELLING:
        return
    for sentence in missing_words(node.snapshot().missing):
        if place.named_family:
            output.warn(sentence)
        elif request.wait:
            output.notes([sentence])


async def _carry_out(run: NodeRun, requests: Sequence[Request], output: Output, stop: Stop) -> Exit:
    """The action, and what the run stays for. How it ended: for several infohashes as the best of them."""
    request, node = requests[0], run.node
    finds = Found(output)
    results = await asyncio.gather(*(_act(run, each, output, stop, finds) for each in requests))
    *others, last = results
    for other in others:
        _headed(other, request, output)
        _print(other, request, output, finds)
    result, notes = await after_action.follow_up(request, last, run, output)
    _headed(result, request, output)
    _print(result, request, output, finds)
    output.notes(notes)
    if stop.signum is not None:
        return Exit.FAILED
    if request.watch is not None:
        stop.waiting = True
        await _watch(run, request, result, output, stop)
        return Exit.OK
    code = min(each.exit for each in (result, *others))
    if request.wait and (code is Exit.OK or ACTIONS[request.action].tends):
        stop.waiting = True
        run.save_regularly()
        # What is put into a testnet ends with it, so there the user's items have no place.
        keeper = None if testnet_of(node) is not None else run.keeper
        await after_action.serve(node, keeper, stop.asked, output, run.background)
        await run.background.stop()
    return code


def _headed(result: Result, request: Request, output: Output) -> None:
    """Say which infohash of several a result is about."""
    if request.also and result.outcome is not None and result.outcome.target is not None:
        output.notes([f"infohash {result.outcome.target.hex()}:"])


def _requests(request: Request, self_id: bytes | None) -> list[Request]:
    """One for each infohash of a torrent; ``self`` is the user's own id, whatever id this run has."""
    own = request._replace(target=self_id if request.target is None else request.target)
    return [own, *(request._replace(target=other) for other in request.also)]


def _trace(node: Node | AttachedNode, output: Output) -> None:
    from .packet_log import packet_line

    def listener(event: Any) -> None:
        line = packet_line(event)
        if line:
            output.trace([line])

    node.subscribe(listener)


async def _watch(run: NodeRun, request: Request, first: Result, output: Output, stop: Stop) -> None:
    assert request.watch is not None
    await after_action.watch(
        lambda: _act(run, request, output, stop),
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
        from ..items.keepalive import CheckVerdict

        if self._output.as_json:
            self._output.objects([report_json.looked_after(kept)])
        elif kept.last is not None and kept.last.verdict is CheckVerdict.FAILED:
            self._output.notes([f"  {kept_line(kept)}"])
        else:
            self._output.results([kept_line(kept)])


async def _act(
    run: NodeRun,
    request: Request,
    output: Output,
    stop: Stop,
    finds: Found | None = None,
) -> Result:
    """The action, by its deadline or until the run is told to stop, with what is known then."""
    deadline = request.deadline
    why = given_up_words(deadline)
    limit = Limit()
    timer = None if deadline is None else asyncio.get_running_loop().call_later(deadline, limit.expire)
    try:
        async with asyncio.timeout(None if deadline is None else deadline + LATEST):
            with limit.applied(), stop.ends(limit):
                result = await _by_the_limit(run, request, output, limit, finds)
    except TimeoutError:
        if stop.signum is not None:
            raise asyncio.CancelledError from None
        if request.remotes is None:
            output.notes(report_text.sources(actions.standing(run.node)))
        raise Failure(f"{request.action} {why}", Exit.DEADLINE) from None
    finally:
        if timer is not None:
            timer.cancel()
    if not limit.cut:
        return result
    if stop.signum is not None:
        return actions.given_up(result, STOPPED, Exit.of_signal(stop.signum))
    return actions.given_up(result, why)


async def _by_the_limit(run: NodeRun, request: Request, output: Output, limit: Limit, finds: Found | None) -> Result:
    node, keeper = run.node, None
    if ACTIONS[request.action].tends:
        keeper = run.keeper
        assert keeper is not None
        keeper.looked = Looked(output)
    remotes = None
    if request.remotes is not None:
        resolving = asyncio.ensure_future(resolved(node, request.remotes, output))
        with limit.ending(lambda: _give_up(resolving)):
            try:
                remotes = await resolving
            except asyncio.CancelledError:
                if limit.expired:
                    raise TimeoutError from None
                raise
    means = Run(
        node=node,
        remotes=remotes,
        progress=lambda view: output.progress(view, request.action),
        finds=finds,
        keeper=keeper,
        say=lambda line: output.notes([line]),
    )
    result: Result = await ACTIONS[request.action].part("run")(request, means)
    return result


def _give_up(task: asyncio.Future[Any]) -> None:
    task.cancel()


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
