"""Looks after the kept items on a node: each when it is due, a few at a time, for as long as the node runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random, SystemRandom
from typing import Protocol

from ...engine.items import ImmutableItem, Item, MutableItem
from ...engine.operations.requests import Decide
from ...engine.outcome import Outcome
from ...engine.wire.compact import Addr
from ...text.decisions import outcome_stop_words
from . import plan, store
from .plan import Decision, KeptItem
from .store import Items

AT_ONCE = 4
"""Items looked after at a time."""
EARLY = 600.0
"""Seconds before it is due that an item is taken along by a single pass: cron will not be back before it is."""
LONGEST_WAIT = 60.0
"""Seconds after which the file is looked at for what other runs changed."""


class Republisher(Protocol):
    """What a keeper needs of a `Node`."""

    async def republish(self, what: ImmutableItem | MutableItem, decide: Decide) -> Outcome:
        """Look up who holds an item, and store what `decide` says."""


class Keeper:
    """The kept items of a state folder, on one node.

    `run` looks after them until it is cancelled, `one_pass` once. The rest is for people.
    """

    def __init__(
        self,
        node: Republisher,
        folder: Path,
        *,
        clock: Callable[[], float] = time.time,
        rng: Random | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`changed` is called whenever `items` or `problem` have changed."""
        self._node, self._folder = node, folder
        self.clock, self._rng = clock, rng or SystemRandom()
        """Seconds since 1970."""
        self.changed = changed
        self.looked: Callable[[KeptItem], None] = lambda kept: None
        """Called with each item that was looked after, as it is then."""
        self.looking: set[bytes] = set()
        """The targets of those that are looked after right now."""
        self._woken, self._file = asyncio.Event(), asyncio.Lock()
        self._items: Items = {}
        self._stamp = (-1, -1)
        self.problem = ""
        """What was wrong with the file when it was last used, a sentence; else empty."""
        self.unread = False
        """Whether there is a list that can't be read, so that nothing in it is looked after."""
        self.damaged = ""
        """What was wrong with a list of which not all could be used; stays when the file is whole again."""

    @property
    def items(self) -> tuple[KeptItem, ...]:
        """All kept items, in the order in which they came."""
        return tuple(self._items.values())

    async def load(self) -> None:
        """Read the file, if it has changed since."""
        async with self._file:
            if not self.unread and store.stamp(self._folder) == self._stamp:
                return
            try:
                self._take(await asyncio.to_thread(store.load, self._folder))
            except OSError as error:
                self.unread = True  # what is in memory is looked after all the same
                why = error.strerror or error
                self._has(f"the list of kept items in {self._folder} can't be read ({why}): they are not looked after")

    # ---- what people do ------------------------------------------------------------------------------

    async def add(self, item: Item, *, put: bool) -> bool:
        """Keep an item alive, or a newer one in place of the one before; `put` if it has just been put by us.

        Returns whether it is saved; if not, `problem` says why, and it is kept for as long as this keeper runs.
        Raises `KeepError` when there are too many.
        """
        fresh = plan.begin(item, self.clock(), self._rng, put=put)

        def how(items: Items) -> None:
            before = items.get(item.target)
            if before is None:
                items[item.target] = fresh
            elif plan.replaces(item, before.item, put=put):
                items[item.target] = replace(fresh, added=before.added)

        return await self._change(how)

    async def renew(self, item: Item) -> None:
        """The user has put an item, however: it takes the place of the kept one at its target, if there is one.

        Else the old value would be published again once the network has lost both.
        """
        await self.load()
        if item.target not in self._items:
            return
        fresh = plan.begin(item, self.clock(), self._rng, put=True)

        def how(items: Items) -> None:
            before = items.get(item.target)
            if before is not None and plan.replaces(item, before.item, put=True):
                items[item.target] = replace(fresh, added=before.added, paused=before.paused)

        await self._change(how)

    async def remove(self, target: bytes) -> None:
        """Let an item go. Stores forget it within two hours, unless others keep it."""
        await self._change(lambda items: items.pop(target, None))

    async def pause(self, target: bytes, paused: bool) -> None:
        """Stop looking after an item, or begin again, at once."""
        now = self.clock()

        def how(items: Items) -> None:
            if kept := items.get(target):
                items[target] = plan.paused(kept, paused, now)

        await self._change(how)

    # ---- looking after them --------------------------------------------------------------------------

    async def run(self) -> None:
        """Look after each item when it is due, for ever."""
        while True:
            await self.load()
            due = self._due()
            if due:
                await self._look_after(due)
                continue
            self._woken.clear()
            waits = [kept.due - self.clock() for kept in self.items if not kept.paused]
            try:
                async with asyncio.timeout(max(0.0, min([LONGEST_WAIT, *waits]))):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def one_pass(self) -> tuple[KeptItem, ...]:
        """Look after all that is due, or soon will be, once. Returns what was looked after, as it is now.

        That is less where whoever asks gives up before: the others are left as they were.
        """
        await self.load()
        due = self._due(EARLY)
        done = await self._look_after(due)
        return tuple(self._items[target] for target in due if target in done and target in self._items)

    async def check(self, target: bytes) -> None:
        """Look after one item now, paused or not."""
        if target in self._items:
            await self._look_after([target])

    def _due(self, early: float = 0.0) -> list[bytes]:
        now = self.clock()
        due = [kept for kept in self.items if plan.is_due(kept, now, early)]
        return [kept.target for kept in sorted(due, key=lambda kept: kept.due)]

    async def _look_after(self, targets: list[bytes]) -> set[bytes]:
        """Returns which of them were looked after."""
        room, done = asyncio.Semaphore(AT_ONCE), set[bytes]()

        async def one(target: bytes) -> None:
            async with room:
                if await self._look_after_one(target):
                    done.add(target)

        async with asyncio.TaskGroup() as group:
            for target in targets:
                group.create_task(one(target))
        return done

    async def _look_after_one(self, target: bytes) -> bool:
        before = self._items.get(target)
        if before is None or target in self.looking:
            return False
        self.looking.add(target)
        try:
            try:
                how: Callable[[Items], None] | None = await self._look(before)
            except Exception as error:  # what ails one item, or its course, is no reason to let the others die
                failed = plan.failed(before, f"{type(error).__name__}: {error}", self.clock(), self._rng)
                how = _replacing(before, failed)
            if how is None:
                return False
            await self._change(how)
            if kept := self._items.get(target):
                self.looked(kept)
            return True
        finally:
            self.looking.discard(target)

    async def _look(self, before: KeptItem) -> Callable[[Items], None] | None:
        """Look after an item. Returns how the list changes by it; `None` where that was given up too early."""
        decisions: list[Decision] = []

        def decide(found: Outcome) -> tuple[Item, frozenset[Addr]]:
            decisions[:] = [plan.decide(before, found, self.clock())]
            return decisions[0].item, decisions[0].where

        outcome = await self._node.republish(before.item, decide)
        if not outcome.complete and not decisions:
            return None
        now = self.clock()
        if decisions:
            looked = plan.after(before, decisions[0], outcome, now, self._rng)
        else:
            looked = plan.failed(before, outcome_stop_words(outcome), now, self._rng)

        return _replacing(before, looked)

    # ---- the file ------------------------------------------------------------------------------------

    async def _change(self, how: Callable[[Items], object]) -> bool:
        """Whether the change is saved."""

        def change(items: Items) -> None:
            how(items)

        saved = True
        try:
            async with self._file:
                self._take(await asyncio.to_thread(store.change, self._folder, change))
        except OSError as error:
            # A full disk is no reason to let items die: this run goes on from what it has in memory.
            saved = False
            how(self._items)
            self._has(f"the kept items can't be saved in {self._folder}: {error.strerror or error}")
        self._woken.set()
        return saved

    def _take(self, loaded: store.Loaded) -> None:
        self._items, warnings = loaded
        self._stamp = store.stamp(self._folder)
        self.unread = False
        self.damaged = " ".join(warnings) or self.damaged
        self._has(" ".join(warnings))

    def _has(self, problem: str) -> None:
        self.problem = problem
        self.changed()


def _replacing(before: KeptItem, looked: KeptItem) -> Callable[[Items], None]:
    """How the list changes by a look at an item, whatever became of it meanwhile."""

    def how(items: Items) -> None:
        current = items.get(before.target)
        if current is None:
            return  # removed meanwhile
        replaced = current.item != before.item and plan.newest(current.item, looked.item) is current.item
        if not replaced:
            items[before.target] = replace(looked, paused=current.paused)

    return how
