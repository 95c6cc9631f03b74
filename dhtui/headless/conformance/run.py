"""One run of conformance cases: sockets, our network, the wait for the node, the files that are written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random, SystemRandom
from time import monotonic

from ...actions.request import ConformRequest, HostPort
from ...actions.resolve import look_up
from ...conform.network import Network
from ...conform.outcomes import Outcome
from ...conform.session import Result, Session, terms_for
from ...engine.wire.compact import Addr, is_local
from ...errors import Exit, Failure, UsageError, quoted
from ...runtime.conformance import Sockets, sockets_for
from ...runtime.conformance import carry_out as run_session
from ...storage.atomic import write_new
from ...text.actions.notices import NoAddress, nobody_words
from ..output import Output
from ..stopping import Stop
from . import reports
from .conformed import Conformed
from .recordings import record

NETWORK_NODES = 24
"""Nodes of our small network: more than a bucket holds."""
SEEDS = 1 << 32
UNPROVED = (Outcome.FAIL, Outcome.NON_STRICT, Outcome.INCONCLUSIVE)
"""Outcomes of which a recording is worth keeping."""

Say = Callable[[str], None]


def conform(request: ConformRequest, output: Output | None = None) -> Conformed:
    """Run the cases, or list them. Raises `Failure`, `UsageError`."""
    if request.listed:
        return Conformed(request)
    output = output or Output(as_json=False)
    with Stop(output) as stop, asyncio.Runner() as runner:
        return runner.run(_run(request, output, stop))


def carry_out(request: ConformRequest, output: Output) -> int:
    """Run it and print what came of it. Returns the exit code. Raises `Failure`, `UsageError`."""
    from . import text

    done = conform(request, output)
    if request.out is not None:
        _write(request, done)
    lines = text.text(done)
    if output.as_json:
        output.objects(reports.objects(done))
    else:
        output.results(lines.out)
    output.notes(lines.err)
    if lines.failure:
        output.error(lines.failure)
    return done.exit


def _write(request: ConformRequest, done: Conformed) -> None:
    assert request.out is not None
    try:
        write_new(request.out, reports.report(request.out.suffix.lower(), done))
    except OSError as error:
        raise Failure(f"--out: {quoted(str(request.out))} can't be written: {error.strerror}") from None


async def _way_to(remote: HostPort, addrs: Sequence[Addr]) -> tuple[Sockets, Addr]:
    """Sockets to the first of a node's addresses that there is a way to, IPv4 first. Raises `Failure`."""
    why = ""
    for addr in addrs:
        try:
            return await sockets_for(addr), addr
        except OSError as error:
            why = why or error.strerror or str(error)
    raise Failure(f"there is no way to {remote}: {why}", Exit.NO_ANSWER)


async def _run(request: ConformRequest, output: Output, stop: Stop) -> Conformed:
    stop.waiting = True  # a signal ends the run, and what is known by then is told
    stop.cancels(asyncio.current_task())
    assert request.remote is not None
    found = await look_up(request.remote)
    if isinstance(found, NoAddress):
        raise Failure(nobody_words((f"{request.remote} {found}",)), Exit.NO_ANSWER)
    seed = SystemRandom().randrange(SEEDS) if request.seed is None else request.seed
    loop = asyncio.get_running_loop()
    sockets, target = await _way_to(request.remote, found)
    keeper = _Keeper(request, output)
    try:
        session = Session(
            request.cases,
            target,
            sockets,
            seed,
            monotonic(),
            terms_for(target, mine=request.mine, long=request.long),
            None if request.listen is None else _network(request.listen, sockets, seed, output),
            request.known,
            public=not is_local(target[0]),
            on_result=keeper.take,
        )
        late = asyncio.Event()
        if request.deadline is not None:
            loop.call_later(request.deadline, late.set)
        await _until_ended(session, sockets, stop.asked, late)
    finally:
        sockets.close_all()
    ended = Exit.of_signal(stop.signum) if stop.signum is not None else Exit.DEADLINE if late.is_set() else None
    results = tuple(sorted(session.results, key=lambda result: result.case.order))
    return Conformed(request, results, target, seed, session.reached is not False, keeper.recordings, ended)


async def _until_ended(session: Session, sockets: Sockets, *events: asyncio.Event) -> None:
    """Run a session until it is done, or one of the events is set."""
    stop = asyncio.Event()

    async def watch(event: asyncio.Event) -> None:
        await event.wait()
        stop.set()

    watches = [asyncio.create_task(watch(event)) for event in events]
    try:
        await run_session(session, sockets, stop)
    finally:
        for task in watches:
            task.cancel()


def _network(first: Addr, sockets: Sockets, seed: int, output: Output) -> Network:
    """Our small network, and what the user has to do for it. Raises `UsageError`."""
    ip, port = first
    head, _, last = ip.rpartition(".")
    addrs = [(f"{head}.{int(last) + n}", port) for n in range(min(NETWORK_NODES, 255 - int(last)))]
    try:
        bound = [sockets.bind(addr) for addr in addrs]
    except OSError as error:
        raise UsageError(f"--listen: {ip}:{port} and the addresses behind it: {error.strerror}") from None
    output.notes(
        [
            f"conform: our small network of {len(bound)} nodes listens at {ip}:{port}",
            f"conform: start the node with {ip}:{port} as its only bootstrap node, without any saved nodes",
        ]
    )
    return Network(bound, Random(f"{seed}/network"))


class _Keeper:
    """Says how far it is, and keeps recordings."""

    def __init__(self, request: ConformRequest, output: Output) -> None:
        self._request, self._output = request, output
        self._count = 0
        self.recordings: dict[str, str] = {}

    def take(self, result: Result) -> None:
        """A case is over."""
        self._count += 1
        case = result.case
        self._output.step(f"conform: {self._count} of {len(self._request.cases)}, {case.id} {result.outcome}")
        folder = self._request.record
        if folder is None or result.outcome not in UNPROVED or not result.packets:
            return
        path = folder / f"{case.id}.dhtui.gz"
        try:
            if not self.recordings:
                folder.mkdir(mode=0o700)
            record(path, result)
        except OSError as error:
            self._output.warn(f"--record: {path} can't be written: {error.strerror}")
        else:
            self.recordings[case.id] = str(path)
