"""What can be done with an own or watched item: it is looked for, watched, kept alive, or no more."""

from __future__ import annotations

from typing import Any

from textual.app import App

from ...actions import run as actions
from ...engine.commands import NodeCommands
from ...engine.items import Item
from ...items.following import MAX_WATCHED, Followed, Follower, FollowError
from ...items.keepalive import Keeper, KeepError
from ...text.format import duration, short_id
from ..dialogs.choice import Choice
from ..undo import Done
from .get_request import GetRequest

INTERVALS = (60.0, 600.0, 3600.0, 5.0)
"""Seconds from look to look that can be chosen at once; the get form takes any."""


async def interval(app: App[Any], name: str) -> float | None:
    """How often an item is to be looked for; `None`: not at all."""
    labels = [f"every {duration(each)}" for each in INTERVALS]
    chosen: int | None = await app.push_screen_wait(Choice(f"watch {name}", labels))
    return None if chosen is None else INTERVALS[chosen]


async def stops(app: App[Any], name: str) -> bool:
    """Whether the user means to end watching an item."""
    return await app.push_screen_wait(Choice(f"watch {name} no more?", ("no, go on", "yes, end it"))) == 1


async def lets_go(app: App[Any], name: str) -> bool:
    """Whether the user means to let a kept item go."""
    question = f"let {name} go? It is forgotten within 2 hours"
    return await app.push_screen_wait(Choice(question, ("no, keep it alive", "yes, let it go"))) == 1


async def watch(follower: Follower, target: bytes, public: bytes | None, salt: bytes, every: float) -> str:
    """Watches an item; returns what is to be said. Raises `FollowError`."""
    await follower.watch(target, public, salt, every)
    watched = sum(one.watch is not None for one in follower.items)
    return f"{short_id(target)} is watched every {duration(every)}, as one of {watched}, at most {MAX_WATCHED}."


async def watch_request(follower: Follower, request: GetRequest) -> str:
    """Watches what the get form asks for; the same as `watch`."""
    assert request.every is not None
    return await watch(follower, request.target, request.public, request.salt, request.every)


async def keep(
    node: NodeCommands, keeper: Keeper, item: Item | None, target: bytes, public: bytes | None, salt: bytes
) -> tuple[str, bool]:
    """Keeps an item alive; one that is not known is fetched first.

    Returns what is to be said, and whether it went wrong.
    """
    if item is None:
        result = await actions.get(node, target, salt, public=public)
        item = result.outcome.item if result.outcome else None
        if item is None:
            return f"Not kept: {result.summary}.", True
    try:
        saved = await keeper.add(item, put=False)
    except KeepError as problem:
        return f"Not kept: {problem}.", True
    until = "from now on" if saved else "as long as this program runs: the list can't be saved"
    if not keeper.lasts:
        until = "until the testnet ends"
    return f"{short_id(target)} is kept alive {until}.", not saved


def keeping(keeper: Keeper, item: Item) -> Done:
    """The end of keeping an item alive, to be taken back."""
    name = short_id(item.target)

    async def undo() -> str:
        try:
            await keeper.add(item, put=False)
        except KeepError as problem:
            return f"Not kept: {problem}."
        return f"{name} is kept alive again."

    return Done(f"that {name} is not kept alive", undo)


def watching(follower: Follower, one: Followed) -> Done:
    """The end of watching an item, to be taken back."""
    name, every = short_id(one.target), one.watch.every if one.watch is not None else INTERVALS[0]

    async def undo() -> str:
        try:
            return await watch(follower, one.target, one.public, one.salt, every)
        except FollowError as problem:
            return f"Not watched: {problem}."

    return Done(f"that {name} is not watched", undo)
