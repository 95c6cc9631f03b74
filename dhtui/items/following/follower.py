"""Looks for the watched items on a node, each as often as it is to be, and remembers what became of our own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ...engine.items import ImmutableItem, Item
from ...engine.outcome import Outcome
from ...text.actions.lists import failed_look_words, unread_watched_words, unsaved_watched_words
from . import record, store
from .record import Followed, Watch
from .store import MAX_WATCHED, Records

AT_ONCE = 4
"""Most items that are looked for at a time."""
MAX_FOLLOWED = 200
"""Most items that are remembered; of those that are not watched the oldest are forgotten first."""
LONGEST_WAIT = 60.0
"""Seconds after which the clock is looked at again: it may have been set."""


class FollowError(ValueError):
    """An item can't be watched. The message is one line."""


class Looker(Protocol):
    """The part of a `Node` that a follower needs."""

    async def get(self, target: bytes, *, salt: bytes = b"", public: bytes | None = None) -> Outcome:
        """Get an item."""

    async def read_back(self, item: Item, written: tuple[()]) -> Outcome:
        """Get an item, to the end: all of the closest nodes are asked."""


@dataclass(frozen=True, slots=True)
class Change:
    """A watched item was given otherwise than at the look before."""

    target: bytes
    before: Item | None
    """What nodes had given; `None`: nothing."""
    now: Item | None


class Follower:
    """The own and watched items of a run. `run` looks for the watched ones until it is cancelled.

    The watched ones are kept in a file; without a folder, as on a testnet, they end with the run.
    """

    def __init__(
        self,
        node: Looker,
        folder: Path | None,
        *,
        clock: Callable[[], float] = time.time,
        tell: Callable[[Change], None] = lambda change: None,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        """`tell` is called with each change of a watched item, `warn` with a sentence on what goes wrong."""
        self._node, self._folder = node, folder
        self.clock = clock
        """Seconds since 1970."""
        self.tell, self._warn = tell, warn
        self.looking: set[bytes] = set()
        """The targets of the items that are looked for now."""
        self._records: Records = {}
        self._woken, self._file = asyncio.Event(), asyncio.Lock()

    @property
    def items(self) -> tuple[Followed, ...]:
        """All own and watched items, in the order in which they were added."""
        return tuple(self._records.values())

    @property
    def unseen(self) -> int:
        """How many items have changes that the user has not looked at."""
        return sum(one.unseen > 0 for one in self._records.values())

    def of(self, target: bytes) -> Followed | None:
        """What is known about the item at a target."""
        return self._records.get(target)

    # ---- what the user does ------------------------------------------------------------------------------

    def put(self, outcome: Outcome) -> None:
        """The user has put an item."""
        if outcome.target is not None and outcome.stored:
            before = self._records.get(outcome.target) or Followed(target=outcome.target)
            self._note(record.put(before, outcome, self.clock()))

    async def watch(self, target: bytes, public: bytes | None, salt: bytes, every: float) -> None:
        """Look for an item now and every so many seconds. Raises `FollowError` if there are too many."""
        before = self._records.get(target) or Followed(target=target, public=public, salt=salt)
        watched = sum(one.watch is not None for one in self._records.values())
        if before.watch is None and watched >= MAX_WATCHED:
            raise FollowError(f"at most {MAX_WATCHED} items can be watched: end watching another one first")
        self._note(replace(before, watch=Watch(every, self.clock())))
        self._woken.set()
        await self._save(target)

    async def unwatch(self, target: bytes) -> None:
        """Look for an item no more. One of our own stays in the list."""
        before = self._records.get(target)
        if before is None or before.watch is None:
            return
        if before.mine:
            self._records[target] = replace(before, watch=None, unseen=0)
        else:
            del self._records[target]
        await self._save(target)

    async def mark_seen(self, target: bytes) -> None:
        """The user has looked at the changes of an item."""
        if (before := self._records.get(target)) is not None and before.unseen:
            self._records[target] = replace(before, unseen=0)
            if before.watch is not None:
                await self._save(target)

    # ---- looks -------------------------------------------------------------------------------------------

    def looked(self, item: Item, outcome: Outcome) -> None:
        """Somebody else has looked for an item to the end, such as the keeper, and maybe put it again."""
        target = item.target
        before = self._records.get(target) or Followed(target=target)
        found = replace(outcome, item=record.newer(item, outcome.item))
        self._note(record.seen(before, found, self.clock())[0])

    async def look(self, target: bytes) -> None:
        """Look for an item now, watched or not. Does nothing while it is looked for."""
        if target in self._records and target not in self.looking:
            self.looking.add(target)
            await self._look(target)

    async def run(self) -> None:
        """Look for each watched item when it is due, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._woken.clear()
                now = self.clock()
                waits = [LONGEST_WAIT]
                for one in self.items:
                    if one.watch is None or one.target in self.looking or len(self.looking) >= AT_ONCE:
                        continue
                    wait = one.watch.due - now
                    if wait <= 0 or wait > one.watch.every:  # beyond that the clock was set back
                        self.looking.add(one.target)
                        group.create_task(self._look(one.target))
                    else:
                        waits.append(wait)
                try:
                    async with asyncio.timeout(min(waits)):
                        await self._woken.wait()
                except TimeoutError:
                    pass

    async def _look(self, target: bytes) -> None:
        try:
            outcome = await self._ask(self._records[target])
            before = self._records.get(target)
            if before is None:
                return  # let go meanwhile
            now = self.clock()
            after, changed = (before, False) if outcome is None else record.seen(before, outcome, now)
            if after.watch is None:
                self._note(after)
                return
            self._note(replace(after, watch=replace(after.watch, due=now + after.watch.every)))
            if changed:
                self.tell(Change(target, before.given, after.given))
            if (after.versions, after.given) != (before.versions, before.given):
                await self._save(target)  # so that the next run knows what was there
        finally:
            self.looking.discard(target)
            self._woken.set()

    async def _ask(self, one: Followed) -> Outcome | None:
        """What the network gives; `None` where that could not be asked."""
        try:
            if isinstance(one.item, ImmutableItem):  # a get would end at the first copy
                return await self._node.read_back(one.item, ())
            return await self._node.get(one.target, salt=one.salt, public=one.public)
        except Exception as problem:  # a failure of one item must not stop the others
            self._warn(failed_look_words(problem))
            return None

    def _note(self, one: Followed) -> None:
        self._records[one.target] = one
        if len(self._records) > MAX_FOLLOWED:
            oldest = next((each.target for each in self.items if each.watch is None and each is not one), one.target)
            del self._records[oldest]

    # ---- the file ----------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Take up the items that were watched in the last run."""
        if self._folder is None:
            return
        try:
            async with self._file:
                found, warnings = await asyncio.to_thread(store.load, self._folder)
        except OSError as error:
            self._warn(unread_watched_words(self._folder, error))
            return
        self._records = found | self._records
        self._woken.set()
        for text in warnings:
            self._warn(text)

    async def _save(self, target: bytes) -> None:
        if self._folder is None:
            return
        one = self._records.get(target)
        changed = {target: one if one is not None and one.watch is not None else None}
        try:
            async with self._file:
                await asyncio.to_thread(store.change, self._folder, changed)
        except OSError as error:
            # On a full disk this run goes on with the items in memory.
            self._warn(unsaved_watched_words(self._folder, error))
