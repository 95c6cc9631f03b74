"""What a run does once its action is done: note the key's use, keep an item alive, watch it, serve."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from .actions import Result
from .config import state_folder
from .engine.items import Item, MutableItem
from .engine.node import Node
from .keepalive import Keeper, KeepError
from .keyring import KeyringError
from .offline import Failure
from .options import Options
from .output import Output
from .report_text import kept_line
from .request import Request
from .unlocking import keyring


def keeper_of(node: Node, options: Options, output: Output) -> Keeper:
    """The kept items of the state folder, on a node. Problems with their file are warnings."""
    told: list[str] = []

    def changed() -> None:
        if keeper.problem and keeper.problem not in told:
            told.append(keeper.problem)
            output.warn(keeper.problem)

    keeper = Keeper(node, state_folder(options), changed=changed)
    return keeper


async def follow_up(options: Options, request: Request, result: Result, keeper: Keeper, output: Output) -> None:
    """After a put: note the use of the key. With ``--keep``: keep the item alive."""
    outcome = result.outcome
    item = outcome.item if outcome is not None else None
    if item is None or outcome is None or request.dry_run:
        return
    put = request.action == "put"
    # A testnet's seqs mean nothing elsewhere. What was signed on another machine counts like what was signed here.
    if put and outcome.stored and isinstance(item, MutableItem) and not options.testnet:
        try:
            await asyncio.to_thread(keyring(options).note_put, item.k, item.salt, item.seq)
        except KeyringError as error:
            output.warn(str(error))
    if options.keep and result.ok:
        try:
            await keeper.add(item, put=put)
        except KeepError as error:
            raise Failure(f"--keep: {error}") from None
        who = "the explorer, --wait and republish look after it"
        output.notes([f"kept alive from now on, as one of {len(keeper.items)}: {who}"])


async def watch(
    get: Callable[[], Awaitable[Result]],
    first: Result,
    every: float,
    asked_to_stop: asyncio.Event,
    show: Callable[[Result], None],
    output: Output,
) -> None:
    """Get an item again and again, and show what has changed, until asked to stop."""
    known = _item(first)
    output.notes([f"watching, every {every:g} s; Ctrl+C ends it"])
    while not await _happened(asked_to_stop, every):
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


async def serve(node: Node, keeper: Keeper | None, asked_to_stop: asyncio.Event, output: Output) -> None:
    """Answer others, and look after the kept items hourly if there is a keeper, until asked to stop."""
    if output.as_json:
        output.objects([{"type": "serving", "addr": "%s:%d" % node.address, "id": node.id.hex()}])
    output.notes(["serving on %s:%d as %s; Ctrl+C ends it" % (*node.address, node.id.hex())])
    looking = None if keeper is None else asyncio.create_task(_look_after(keeper, output))
    await asked_to_stop.wait()
    if looking is not None:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


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
