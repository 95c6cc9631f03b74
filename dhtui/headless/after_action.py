"""What a run does once its action is done: note the key's use, keep an item alive, watch it, serve."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..actions.request import STDOUT, Request
from ..actions.run import Result
from ..engine.commands import NodeCommands
from ..engine.items import Item, MutableItem
from ..errors import Failure, quoted
from ..runtime.background import Background
from ..runtime.node_run import NodeRun
from ..storage.atomic import write_new
from ..text.actions.results import Came, Said
from ..text.format import address
from ..text.runs.running import Task
from .lines import kept_line
from .output import Output

if TYPE_CHECKING:
    from ..items.keepalive import Keeper


async def follow_up(request: Request, result: Result, run: NodeRun, output: Output) -> tuple[Result, list[str]]:
    """After a put: note the use of the key. After a get: write the value to a file. With `Request.keep`: keep the item.

    To be done before anything is printed, which may fail. Returns the result, no success where the item can't be
    kept, and what is to be said besides.
    """
    outcome = result.outcome
    item = outcome.item if outcome is not None else None
    if item is None or outcome is None or request.dry_run:
        return result, []
    if request.out is not None and result.ok:
        result = await asyncio.to_thread(_written, request.out, item, result)
    put = request.action == "put"
    if put and outcome.stored and request.remembers:
        await _remember(request, item, run, output)
    return await _kept_alive(item, result, run, put=put) if request.keep and result.ok else (result, [])


async def _remember(request: Request, item: Item, run: NodeRun, output: Output) -> None:
    """Note the use of the key, and renew the item where it is kept alive."""
    # What was signed on another machine counts like what was signed here.
    if isinstance(item, MutableItem):
        from ..keyring import Keyring, KeyringError

        try:
            await asyncio.to_thread(Keyring(request.state / "keys").note_put, item.k, item.salt, item.seq)
        except KeyringError as error:
            output.warn(str(error))
    if not request.keep and run.keeper is not None:
        await run.keeper.renew(item)


async def _kept_alive(item: Item, result: Result, run: NodeRun, *, put: bool) -> tuple[Result, list[str]]:
    from ..items.keepalive import KeepError

    keeper = run.keeper
    assert keeper is not None
    try:
        why = "" if await keeper.add(item, put=put) else keeper.problem
    except KeepError as error:
        why = str(error)
    if why:
        return result._replace(ok=False, also=Said(Came.NOT_KEPT_ALIVE, text=why)), []
    who = "the explorer, --wait and republish look after it"
    return result, [f"kept alive from now on, as one of {len(keeper.items)}: {who}"]


def _written(path: Path, item: Item, result: Result) -> Result:
    """The result of a get whose value is written to a new file; no success where that fails."""
    if path != STDOUT:
        from ..items.value.apart import content

        try:
            write_new(path, content(item.v))
        except FileExistsError:
            return result._replace(ok=False, said=Said(Came.OUT_EXISTS, text=quoted(str(path))))
        except (OSError, ValueError) as error:  # ValueError: a null byte in the name
            why = getattr(error, "strerror", error)
            said = Said(Came.OUT_FAILED, text=quoted(str(path)), problem=str(why))
            return result._replace(ok=False, said=said)
    return result._replace(out=path)


async def watch(
    get: Callable[[], Awaitable[Result]],
    first: Result,
    every: float,
    asked_to_stop: asyncio.Event,
    show: Callable[[Result], None],
    output: Output,
) -> None:
    """Get an item again and again, and show what has changed, until asked to stop, or nobody reads it any more."""
    known = _item(first)
    output.notes([f"watching, every {every:g} s; Ctrl+C ends it"])
    while not await _happened(asked_to_stop, every) and not output.lost:
        getting = asyncio.ensure_future(get())
        stopping = asyncio.ensure_future(asked_to_stop.wait())
        await asyncio.wait({getting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not getting.done():
            getting.cancel()
            return
        try:
            result = getting.result()
        except Failure as failure:
            output.warn(str(failure))
            continue
        now = _item(result)
        if now != known:
            show(result)
            known = now


def _item(result: Result) -> Item | None:
    return result.outcome.item if result.outcome is not None else None


async def _happened(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


async def serve(
    node: NodeCommands, keeper: Keeper | None, asked_to_stop: asyncio.Event, output: Output, background: Background
) -> None:
    """Answer others, and look after the kept items hourly if there is a keeper, until asked to stop."""
    if output.as_json:
        addrs = [address(addr) for addr in node.addresses]
        output.objects([{"type": "serving", "addr": address(node.address), "id": node.id.hex(), "addrs": addrs}])
    where = " and ".join(map(address, node.addresses))
    output.notes([f"serving on {where} as {node.id.hex()}; Ctrl+C ends it"])
    if keeper is not None:
        background.start(_look_after(keeper, output), Task.KEEPING)
    await asked_to_stop.wait()


async def _look_after(keeper: Keeper, output: Output) -> None:
    await keeper.load()
    told = {kept.target: kept.last for kept in keeper.items}
    warn = keeper.changed

    def tell() -> None:
        warn()
        for kept in keeper.items:
            if kept.last is not None and kept.last != told.get(kept.target):
                output.notes([kept_line(kept)])
            told[kept.target] = kept.last

    keeper.changed = tell
    await keeper.run()
