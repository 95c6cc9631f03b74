"""Checks the kept items on a node: each when it is due, a few at a time, for as long as the node runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Protocol

from ...engine.items import ImmutableItem, Item, MutableItem
from ...text.actions.keeping import CheckNote, CheckWhy
from ...text.actions.lists import unread_kept_words, unsaved_kept_words
from . import plan, store
from .plan import Decision, KeptItem
from .store import Items

if TYPE_CHECKING:
    from ...engine.operations.requests import Decide
    from ...engine.outcome import Outcome
    from ...engine.wire.compact import Addr

AT_ONCE, EACH = 4, 250
"""Most items that are checked at a time; of very many one of so many, for all of them to have their turn in an hour."""
EARLY = 600.0
"""Seconds before it is due at which a single pass checks an item already: the next run by cron may be too late."""
LONGEST_WAIT = 60.0
"""Seconds after which the file is read again for changes by other runs."""


class Republisher(Protocol):
    """The part of a `Node` that a keeper needs."""

    async def republish(self, what: ImmutableItem | MutableItem, decide: Decide) -> Outcome:
        """Look up which nodes hold an item, and store what `decide` returns."""


class Keeper:
    """The kept items of a state folder, on one node; without a folder, as on a testnet, they end with the keeper.

    `run` checks them until it is cancelled, `one_pass` once. The other methods are for the user's commands.
    """

    def __init__(
        self,
        node: Republisher,
        folder: Path | None,
        *,
        clock: Callable[[], float] = time.time,
        rng: Random | None = None,
        changed: Callable[[], None] = lambda: None,
        most: int = store.MAX_KEPT,
    ) -> None:
        """`changed` is called whenever `items` or `problem` have changed. `most`: items, where they are in no file."""
        self._node, self._folder, self._most = node, folder, most
        self.clock, self._rng = clock, rng or SystemRandom()
        """Seconds since 1970."""
        self.changed = changed
        self.looked: Callable[[KeptItem], None] = lambda kept: None
        """Called with each item after its check."""
        self.saw: Callable[[Item, Outcome], None] = lambda item, outcome: None
        """Called with the newest version of each item and the outcome of its check, if that was carried out."""
        self.looking: set[bytes] = set()
        """The targets of the items that are being checked now."""
        self._woken, self._file = asyncio.Event(), asyncio.Lock()
        self._items: Items = {}
        self._stamp = (-1, -1)
        self.problem = ""
        """The fault of the file at its last use, a sentence; else empty."""
        self.unread = False
        """Whether the list is unreadable, so that none of its items is kept alive."""
        self.damaged = ""
        """The fault of a list of which not all could be used; remains after the file is repaired."""

    @property
    def lasts(self) -> bool:
        """Whether the list outlives the keeper."""
        return self._folder is not None

    @property
    def items(self) -> tuple[KeptItem, ...]:
        """All kept items, in the order in which they were added."""
        return tuple(self._items.values())

    async def load(self) -> None:
        """Read the file, if it has changed since the last time."""
        folder = self._folder
        if folder is None:
            return
        async with self._file:
            if not self.unread and store.stamp(folder) == self._stamp:
                return
            try:
                self._take(await asyncio.to_thread(store.load, folder), folder)
            except OSError as error:
                self.unread = True  # the items in memory are kept alive all the same
                self._has(unread_kept_words(folder, error))

    # ---- commands of the user ------------------------------------------------------------------------

    async def add(self, item: Item, *, put: bool) -> bool:
        """Keep an item alive, or replace the kept one by a newer one; `put` if it has just been put by us.

        Returns whether it is saved; if not, `problem` says why, and it is kept alive for as long as this keeper runs.
        Raises `KeepError` if there are too many.
        """
        fresh = plan.begin(item, self.clock(), self._rng, put=put)

        def how(items: Items) -> None:
            before = items.get(item.target)
            if before is None:
                items[item.target] = fresh
            elif plan.replaces(item, before.item, put=put):
                items[item.target] = fresh._replace(added=before.added)

        return await self._change(how)

    async def add_spread(self, items: Iterable[tuple[Item, bool]]) -> None:
        """Keep many items alive, which have just been put by us, or have not (`False`), in no burst.

        Their checks begin evenly over the time to the next one, and go on as they began. Raises `KeepError`.
        """
        fresh = plan.spread(items, self.clock())
        await self._change(lambda kept: kept.update({each.target: each for each in fresh}))

    async def renew(self, item: Item) -> None:
        """The user has put an item: it replaces the kept one at its target, if there is one.

        Otherwise the old value would be published again once the network has lost both.
        """
        await self.load()
        if item.target not in self._items:
            return
        fresh = plan.begin(item, self.clock(), self._rng, put=True)

        def how(items: Items) -> None:
            before = items.get(item.target)
            if before is not None and plan.replaces(item, before.item, put=True):
                items[item.target] = fresh._replace(added=before.added, paused=before.paused)

        await self._change(how)

    async def remove(self, target: bytes) -> None:
        """Remove an item from the list. Nodes forget it within two hours, unless others put it again."""
        await self._change(lambda items: items.pop(target, None))

    async def pause(self, target: bytes, paused: bool) -> None:
        """Pause the checks of an item, or resume them at once."""
        now = self.clock()

        def how(items: Items) -> None:
            if kept := items.get(target):
                items[target] = plan.paused(kept, paused, now)

        await self._change(how)

    # ---- checks --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Check each item when it is due, until cancelled."""
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
        """Check once all items that are due, or will be soon. Returns the checked items, as they are now.

        If the caller gives up before, the remaining items are not checked.
        """
        await self.load()
        due = self._due(EARLY)
        done = await self._look_after(due)
        return tuple(self._items[target] for target in due if target in done and target in self._items)

    async def check(self, target: bytes) -> None:
        """Check one item now, paused or not."""
        if target in self._items:
            await self._look_after([target])

    def _due(self, early: float = 0.0) -> list[bytes]:
        now = self.clock()
        due = [kept for kept in self.items if plan.is_due(kept, now, early)]
        return [kept.target for kept in sorted(due, key=lambda kept: kept.due)]

    async def _look_after(self, targets: list[bytes]) -> set[bytes]:
        """Check items, a few at a time. Returns the targets of those that were checked."""
        room, done = asyncio.Semaphore(max(AT_ONCE, len(self._items) // EACH)), set[bytes]()

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
            except Exception as error:  # a failure of one item must not stop the others
                failed = plan.failed(before, _error(error), self.clock(), self._rng)
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
        """Check an item. Returns the change of the list; `None` if the check was given up too early."""
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
            self.saw(decisions[0].item, outcome)
        else:
            looked = plan.failed(before, CheckNote.of(outcome), now, self._rng)

        return _replacing(before, looked)

    # ---- the file ------------------------------------------------------------------------------------

    async def _change(self, how: Callable[[Items], object]) -> bool:
        """Change the items. Returns whether the change is saved."""

        def change(items: Items) -> None:
            how(items)

        saved, folder = True, self._folder
        try:
            async with self._file:
                if folder is None:
                    store.change_in_memory(self._items, change, self._most)
                    self.changed()
                else:
                    self._take(await asyncio.to_thread(store.change, folder, change), folder)
        except OSError as error:
            # On a full disk this run continues with the items in memory.
            saved = False
            how(self._items)
            self._has(unsaved_kept_words(folder, error))
        self._woken.set()
        return saved

    def _take(self, loaded: store.Loaded, folder: Path) -> None:
        self._items, warnings = loaded
        self._stamp = store.stamp(folder)
        self.unread = False
        self.damaged = " ".join(warnings) or self.damaged
        self._has(" ".join(warnings))

    def _has(self, problem: str) -> None:
        self.problem = problem
        self.changed()


def _error(error: Exception) -> CheckNote:
    return CheckNote(CheckWhy.ERROR, text=f"{type(error).__name__}: {error}")


def _replacing(before: KeptItem, looked: KeptItem) -> Callable[[Items], None]:
    """The change of the list by a check of an item, which may have been changed or removed meanwhile."""

    def how(items: Items) -> None:
        current = items.get(before.target)
        if current is None:
            return  # removed meanwhile
        replaced = current.item != before.item and plan.newest(current.item, looked.item) is current.item
        if not replaced:
            items[before.target] = looked._replace(paused=current.paused)

    return how
