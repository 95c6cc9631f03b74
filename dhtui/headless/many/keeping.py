"""The records of many keys, kept alive while the run stays: who holds what, item by item and all together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from ...engine.items import Item, MutableItem
from ...engine.outcome import Outcome
from ...items.keepalive import CheckVerdict, Keeper, KeptItem
from ...items.records import MAX_KEYS
from ...runtime.node_run import NodeRun
from ...text.format import address
from ...text.runs.running import Task
from ...text.safe import safe_text
from .. import after_action, json_lines
from ..lines import kept_line
from ..output import Output
from ..stopping import Stop
from .told import Holder, named, stored_by

ACCOUNT_SECONDS = 3600.0
"""Seconds between two accounts of all items."""

FIELDS = """\
| `kept` of --records | `keyname`, `holders` | besides what republish tells of each: the key that signed it; the nodes \
that held it after the last look, `{addr, id}` |
| `account` | `items`, `held`, `fewest`, `copies`, `failed` | of --records with --wait, hourly and at the end: how \
many items there are, and how many of them a node held at the last look; the nodes that hold the one that fewest hold, \
and how many hold one on average; items whose last look failed |
"""


Put = tuple[str, MutableItem, tuple[Holder, ...]]
"""The name of a key, its item, and the nodes that stored it just now."""


class Account:
    """What is held where, as the last look at each item showed."""

    def __init__(self, put: Sequence[Put]) -> None:
        self._names = {item.target: name for name, item, _ in put}
        self.holders = {item.target: holders for _, item, holders in put}

    def saw(self, item: Item, outcome: Outcome) -> None:
        """A look at an item, and the nodes that it was put to then."""
        here = {one.addr: one.id for one in outcome.asked if _holds(one.item, item)}
        here |= dict(stored_by(outcome))
        self.holders[item.target] = tuple(here.items())

    def name(self, target: bytes) -> str:
        """The key of an item."""
        return self._names.get(target, "")

    def of(self, kept: Iterable[KeptItem]) -> dict[str, Any]:
        """All items together."""
        items = list(kept)
        counts = [len(self.holders.get(each.target, ())) for each in items]
        failed = sum(each.last is not None and each.last.verdict is CheckVerdict.FAILED for each in items)
        return {
            "type": "account",
            "items": len(items),
            "held": sum(count > 0 for count in counts),
            "fewest": min(counts, default=0),
            "copies": round(sum(counts) / max(1, len(items)), 2),
            "failed": failed,
        }


def _holds(held: Item | None, item: Item) -> bool:
    if isinstance(held, MutableItem) and isinstance(item, MutableItem):
        return (held.seq, held.v) == (item.seq, item.v)
    return held is not None and held.v == item.v


async def keep(run: NodeRun, put: Sequence[Put], output: Output, stop: Stop) -> None:
    """Look after items until asked to stop."""
    account = Account(put)
    run.records = keeper = Keeper(run.node, None, most=MAX_KEYS)
    keeper.saw = account.saw
    keeper.looked = lambda kept: tell(kept, account, output)
    await keeper.add_spread((item, bool(holders)) for _, item, holders in put)
    run.background.start(keeper.run(), Task.RECORDS)
    serving = asyncio.ensure_future(after_action.serve(run.node, None, stop.asked, output, run.background))
    try:
        while not serving.done():
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(serving), ACCOUNT_SECONDS)
            _tell_all(keeper, account, output)
    finally:
        serving.cancel()
        await run.background.stop()


def tell(kept: KeptItem, account: Account, output: Output) -> None:
    """One item, as soon as it was looked after."""
    holders, name = account.holders.get(kept.target, ()), account.name(kept.target)
    if output.as_json:
        output.objects([json_lines.looked_after(kept) | {"keyname": name, "holders": named(holders)}])
        return
    where = f"; held by {', '.join(address(addr) for addr, _ in holders)}" if holders else "; held by nobody"
    output.results([f"{kept_line(kept)}{where}  {safe_text(name)}"])


def _tell_all(keeper: Keeper, account: Account, output: Output) -> None:
    found = account.of(keeper.items)
    if output.as_json:
        output.objects([found])
    else:
        output.notes(
            [
                "{held} of {items} items are held, each by {copies} nodes on average and {fewest} at least; "
                "the last look at {failed} failed".format(**found)
            ]
        )
