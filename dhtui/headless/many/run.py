"""A headless run with many targets: checked before any packet, then carried out side by side, each told as it ends."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ...actions.request import Request
from ...actions.requested import Run
from ...actions.resolve import families_of, look_up
from ...actions.run import Result, standing
from ...actions.spec import ACTIONS
from ...engine.commands import NodeCommands
from ...engine.items import MutableItem
from ...engine.many import many
from ...engine.node import MANY, Node
from ...engine.operations.limit import Limit
from ...engine.upkeep.identity import reaches
from ...engine.wire.compact import Addr
from ...errors import Exit, Failure
from ...keyring import Keyring, KeyringError, notes
from ...runtime.node_run import NodeRun
from ...text.actions.notices import NoAddress, Unusable
from ...text.node.details import detail_words
from ...text.runs.running import STOPPED, given_up_words
from ..named import resolved
from ..output import Output
from ..stopping import Stop
from . import told as words
from .jobs import Job
from .progress import Meter, clock_time
from .targets import Targets
from .told import Holder, Tally, Told, stored_by

if TYPE_CHECKING:
    from ...attach.attached import AttachedNode

GONE = 20
"""So many targets one after the other of which nobody answered: the network is gone, and the rest is left for later."""
SYNC_SECONDS = 5.0
LIVE_SECONDS, TOLD_SECONDS = 0.5, 10.0
"""Seconds between two words on progress: on a terminal, where they replace each other, and elsewhere."""


class _Steady:
    """A node whose state is looked at once: the results don't tell it, and a snapshot of each costs milliseconds."""

    def __init__(self, node: Node | AttachedNode) -> None:
        self._node, self._snapshot = node, node.snapshot()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._node, name)

    def snapshot(self) -> Any:
        """As it was at the beginning."""
        return self._snapshot


class ManyRun:
    """Carries an action out for all targets."""

    def __init__(self, targets: Targets) -> None:
        self._targets, self._journal = targets, targets.journal
        journal = targets.journal
        self._tally = Tally() if journal is None else Tally(journal.count, journal.found)
        self._stored: dict[bytes, tuple[Holder, ...]] = {}
        """Of records: the nodes that stored each, by target."""
        self._named: list[Addr] | None = None
        """The nodes that all targets are asked of; `None`: of all that a lookup finds."""
        self._in_vain = 0
        """Targets of which nobody answered, since the last one of which somebody did."""
        self._synced = self._shown = 0.0

    async def __call__(self, run: NodeRun, requests: Sequence[Request], output: Output, stop: Stop) -> Exit:
        """The exit code."""
        request = requests[0]
        assert request.many is not None
        self._request, self._many, self._output, self._node = request, request.many, output, run.node
        self._run, self._own = run, frozenset[bytes]()
        began, limit = time.monotonic(), Limit()
        self._meter = Meter(self._targets.total, began)
        timer = None
        if request.deadline is not None:
            timer = asyncio.get_running_loop().call_later(request.deadline, limit.expire)
        work = asyncio.ensure_future(self._work(limit))
        cut: tuple[str, Exit] | None
        try:
            with stop.ends(limit), limit.ending(lambda: _cancel(work)):
                cut = await work
        except asyncio.CancelledError:
            if not limit.expired:
                raise
            if stop.signum is not None:
                cut = STOPPED, Exit.of_signal(stop.signum)
            else:
                cut = given_up_words(request.deadline), Exit.DEADLINE
        finally:
            if timer is not None:
                timer.cancel()
            if self._journal is not None:
                self._journal.sync()
        code = self._ended(cut, time.monotonic() - began)
        if request.wait and stop.signum is None:
            from .keeping import keep  # here, for few stay

            stop.waiting = True
            run.save_regularly()
            put = [(name, item, self._stored.get(item.target, ())) for name, item in self._targets.items]
            await keep(run, put, output, stop)
        return code

    def _ended(self, cut: tuple[str, Exit] | None, seconds: float) -> Exit:
        """Say what all came to, and where not all was done why not."""
        least, tally, output = self._many.least, self._tally, self._output
        given_up, code = cut or ("", tally.exit(least))
        if output.as_json:
            output.objects([words.summary_json(tally, self._request.action, code, least, seconds, given_up)])
        said = f"{self._request.action} {given_up or 'ended'}: {tally.words(self._request.action)}"
        if code is Exit.OK:
            output.notes([said])
        else:
            output.error(said)
        return code

    async def _work(self, limit: Limit) -> tuple[str, Exit] | None:
        """Do what is left. Returns why not all was done, and the exit code of that."""
        if self._request.remotes:
            self._named = await resolved(self._node, self._request.remotes, self._output)
        elif self._request.action != "ping":
            start = await self._node.bootstrapped()
            if start.state in ("failed", "idle") and not standing(self._node).nodes:
                why = f"nobody is there to be asked: {detail_words(start.why) or 'nobody answered'}"
                raise Failure(f"{self._request.action}: {why}", Exit.NO_ANSWER)
        if self._request.action == "put" and self._request.remembers:
            self._own = await asyncio.to_thread(_public_keys, self._request.state)
        steady = cast(NodeCommands, _Steady(self._node))

        async def ask(job: Job) -> Told:
            return await self._ask(steady, job)

        how, output = self._many, self._output
        results = many(self._targets.left(limit), ask, parallel=how.parallel or MANY, rate=how.rate)
        async with aclosing(results):
            async for told in results:
                self._take(told)
                if self._in_vain >= GONE:
                    return f"given up, as nobody answers any more: {GONE} lookups found nobody", Exit.NO_ANSWER
                if output.lost and self._journal is None and self._request.action != "put":
                    return "given up, as nobody reads the results", Exit.FAILED
                await output.room()
                await self._sync()
        return None

    async def _ask(self, node: NodeCommands, job: Job) -> Told:
        if job.request is None:
            return Told(job, None, job.problem, Exit.USAGE)
        remotes = self._named
        if job.request.remotes and remotes is None:
            own = self._node.addresses
            named = await look_up(job.request.remotes[0], families_of(own))
            if isinstance(named, NoAddress):
                return Told(job, None, str(named), Exit.NO_ANSWER)
            remotes = [addr for addr in named if not any(reaches(each, addr) for each in own)]
            if not remotes:
                return Told(job, None, str(NoAddress(Unusable.THIS_NODE)), Exit.NO_ANSWER)
        try:
            result: Result = await ACTIONS[job.request.action].part("run")(job.request, Run(node, remotes))
        except ValueError as error:  # of an item: what a check could not know
            return Told(job, None, str(error), Exit.FAILED)
        await self._remember(result)
        return Told(job, result)

    async def _remember(self, result: Result) -> None:
        """Note the use of a key, and renew the item where it is kept alive."""
        outcome = result.outcome
        item = None if outcome is None else outcome.item
        if result.action != "put" or outcome is None or item is None or self._request.dry_run or not outcome.stored:
            return
        if isinstance(item, MutableItem) and item.k in self._own:
            folder = self._request.state / "keys"
            try:
                await asyncio.to_thread(notes.used, folder, item.k, item.salt, item.seq, time.time())
            except OSError as error:
                self._output.warn(f"the use of a key can't be noted in {folder}: {error.strerror}")
        if self._run.keeper is not None:
            await self._run.keeper.renew(item)

    def _take(self, told: Told) -> None:
        """Note a result, first where it lasts, then tell it."""
        action = self._request.action
        lost = told.unanswered and action != "ping"
        self._in_vain = self._in_vain + 1 if lost else 0
        as_json = words.as_json(told, action) if self._journal is not None or self._output.as_json else {}
        if self._journal is not None and not lost:
            self._journal.add(json.dumps(as_json).replace("\x7f", "\\u007f") + "\n")
        if told.job.keyname and told.result is not None and (outcome := told.result.outcome) is not None:
            self._stored[outcome.target or b""] = stored_by(outcome)
        self._tally.add(told)
        self._meter.result(told.found, time.monotonic())
        if self._output.as_json:
            self._output.objects([as_json])
        else:
            self._output.results([words.as_text(told, action)])
        self._show()

    def _show(self) -> None:
        now, live = time.monotonic(), self._output.live
        if now - self._shown < (LIVE_SECONDS if live else TOLD_SECONDS) or not (live or self._many.progress):
            return
        self._shown = now
        self._output.how_far(self._meter.line(self._request.action, now, lambda left: clock_time(left, time.time())))

    async def _sync(self) -> None:
        if self._journal is not None and (now := time.monotonic()) - self._synced >= SYNC_SECONDS:
            self._synced = now
            await asyncio.to_thread(self._journal.sync)


def _public_keys(state: Path) -> frozenset[bytes]:
    """Those of the keyring."""
    with suppress(KeyringError):
        return frozenset(entry.public for entry in Keyring(state / "keys").list()[1:] if entry.public is not None)
    return frozenset()


def _cancel(task: asyncio.Future[Any]) -> None:
    task.cancel()
