"""The operations under way: starts them, numbers the lookups, keeps the last finished ones to be looked at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Sequence
from typing import Any

from . import events
from .answers import Question
from .events import Listeners
from .find import Done, Find, Sender
from .items import Draft, ImmutableItem, MutableItem
from .operations import Decide, Direct, Prepare, Write, prepare_announce, prepare_put, prepare_republish
from .outcome import NodeOutcome, Outcome
from .settings import Settings
from .size import SizeEstimate
from .snapshot import AnnounceView, LookupDetail, LookupView
from .wire.compact import Addr

ANNOUNCES_KEPT = 64
ANNOUNCE_SECONDS = 1800.0
"""How long most nodes keep a peer at least."""
VIEWS = 64

Operation = Direct | Find | Write
OnStep = Callable[[Find, float], None] | None


class Searches:
    """Starts and ends operations for one engine."""

    def __init__(self, sender: Sender, settings: Settings, seed: Callable[[Find], None], listeners: Listeners) -> None:
        """`seed` gives a lookup its first candidates."""
        self._sender, self._settings, self._seed, self._listeners = sender, settings, seed, listeners
        self._running: dict[int, Find] = {}
        self._users: deque[Find] = deque(maxlen=settings.lookups_kept)
        self._backgrounds: deque[Find] = deque(maxlen=settings.lookups_kept)
        self._count = 0
        self._announces: deque[tuple[float, int, Outcome]] = deque(maxlen=ANNOUNCES_KEPT)
        self.size = SizeEstimate(settings.k)

    def held(self) -> list[Find]:
        """Lookups that wait for the addresses of bootstrap hosts."""
        return [find for find in self._running.values() if find.hold]

    def any_of(self, owner: str) -> bool:
        """Whether a lookup of this owner is running."""
        return any(find.owner == owner for find in self._running.values())

    def views(self, now: float) -> tuple[LookupView, ...]:
        """Lookups as a screen shows them: running ones, then finished ones, newest first."""
        finished = sorted((*self._users, *self._backgrounds), key=lambda find: find.ended_at, reverse=True)
        return tuple(find.view(now) for find in (*self._running.values(), *finished))[:VIEWS]

    def detail(self, number: int, now: float) -> LookupDetail | None:
        """One lookup with all its queries; `None` if it is not remembered any more."""
        finds = (*self._running.values(), *self._users, *self._backgrounds)
        return next((find.detail(now) for find in finds if find.number == number), None)

    def announces(self, now: float) -> tuple[AnnounceView, ...]:
        """Announces that were made, newest first."""
        return tuple(
            AnnounceView(
                outcome.target or b"",
                port,
                now - at,
                outcome.stored,
                len(outcome.writes),
                max(0.0, at + ANNOUNCE_SECONDS - now),
            )
            for at, port, outcome in reversed(self._announces)
        )

    def stop(self, number: int, now: float) -> bool:
        """End a lookup with what it has found so far. Whether there was one to end."""
        find = self._running.get(number)
        if find is not None:
            find.stop("stopped by the user", now)
        return find is not None

    # ---- lookups -----------------------------------------------------------------------------------

    def lookup(
        self,
        question: Question,
        owner: str,
        done: Done,
        now: float,
        *,
        alpha: int | None = None,
        **extra: Any,
    ) -> Find:
        """A new lookup, not started and without candidates. `extra` is what `Find` takes besides."""
        self._count += 1
        number = self._count

        def finished(outcome: Outcome) -> None:
            # By its number: a lookup that knew itself would be a cycle, and stay in memory until the collector comes.
            self._retire(self._running[number], outcome.asked)
            done(outcome)

        policy = self._settings.policy
        find = Find(
            self._sender,
            number,
            question,
            owner=owner,
            alpha=alpha or self._settings.alpha,
            done=finished,
            size=self.size.robust(),
            policy=policy,
            **extra,
        )
        self._running[number] = find
        if self._listeners:
            self._listeners.tell(events.LookupStarted(now, number, question.kind, question.target, owner))
        return find

    def _retire(self, find: Find, asked: Sequence[NodeOutcome]) -> None:
        del self._running[find.number]
        # Kept apart: refreshes, which never end, must not push out what a person looked up.
        (self._users if find.owner == "user" else self._backgrounds).append(find)
        if (distance := find.kth_distance()) is not None:
            self.size.add(find.question.target, distance)
        if self._listeners:
            answered = sum(node.responded for node in asked)
            self._listeners.tell(
                events.LookupFinished(
                    find.ended_at,
                    find.number,
                    find.question.kind,
                    find.question.target,
                    len(asked),
                    answered,
                    find.lookup.why,
                )
            )

    def background(self, question: Question, owner: str, done: Done, now: float) -> Operation:
        """Start a lookup that nobody waits for."""
        find = self.lookup(question, owner, done, now, alpha=self._settings.alpha_background)
        self._seed(find)
        find.start(now)
        return find

    # ---- what users ask for ------------------------------------------------------------------------

    def _search(
        self, question: Question, remotes: Sequence[Addr] | None, done: Done, now: float, **extra: Any
    ) -> Direct | Find:
        """A question to the nodes that are named, or to the network. Not started yet."""
        if remotes is not None:
            settings = self._settings
            return Direct(
                self._sender,
                question,
                remotes,
                alpha=settings.alpha,
                timeout=settings.query_timeout,
                at_least=extra.get("at_least"),
                done=done,
            )
        find = self.lookup(question, "user", done, now, **extra)
        self._seed(find)
        return find

    def ask(
        self,
        question: Question,
        done: Done,
        now: float,
        *,
        remotes: Sequence[Addr] | None = None,
        at_least: int | None = None,
        on_step: OnStep = None,
        on_found: Callable[[NodeOutcome], None] | None = None,
    ) -> Operation:
        """Ask the named nodes, or look the target up. Returns the operation, for `cancel`."""
        operation = self._search(question, remotes, done, now, at_least=at_least, on_step=on_step, on_found=on_found)
        operation.start(now)
        return operation

    def read_back(
        self, question: Question, written: Container[Addr], done: Done, now: float, *, on_step: OnStep = None
    ) -> Operation:
        """A get as a stranger makes it, to its end: it starts far off, and at none of the nodes in `written`."""
        find = self.lookup(question, "user", done, now, on_step=on_step, stop_at_value=False, avoid=written)
        self._seed(find)
        find.start(now)
        return find

    def announce(
        self,
        info_hash: bytes,
        port: int,
        done: Done,
        now: float,
        *,
        remotes: Sequence[Addr] | None = None,
        on_step: OnStep = None,
    ) -> Operation:
        """Announce a peer of `info_hash`: us, at `port`, or for 0 at the port that our packets come from."""

        def announced(outcome: Outcome) -> None:
            self._announces.append((now + outcome.elapsed, port, outcome))
            done(outcome)

        prepare = prepare_announce(self._sender.id, info_hash, port)
        return self._write("announce_peer", Question("get_peers", info_hash), prepare, announced, now, remotes, on_step)

    def put(
        self,
        what: ImmutableItem | MutableItem | Draft,
        done: Done,
        now: float,
        *,
        cas: int | None = None,
        remotes: Sequence[Addr] | None = None,
        on_step: OnStep = None,
    ) -> Operation:
        """Store an item. A draft without a seq takes the highest that the nodes showed, plus one."""
        salt = b"" if isinstance(what, ImmutableItem) else what.salt
        prepare = prepare_put(self._sender.id, what, cas)
        return self._write("put", Question("get", what.target, salt), prepare, done, now, remotes, on_step)

    def republish(
        self, what: ImmutableItem | MutableItem, decide: Decide, done: Done, now: float, *, on_step: OnStep = None
    ) -> Operation:
        """Look the target of `what` up, and store what `decide` then says, where it says."""
        salt = b"" if isinstance(what, ImmutableItem) else what.salt
        prepare = prepare_republish(self._sender.id, decide)
        return self._write("put", Question("get", what.target, salt), prepare, done, now, None, on_step)

    def _write(
        self,
        action: str,
        question: Question,
        prepare: Prepare,
        done: Done,
        now: float,
        remotes: Sequence[Addr] | None,
        on_step: OnStep,
    ) -> Write:
        write = Write(
            self._sender,
            lambda have_tokens: self._search(question, remotes, have_tokens, now, on_step=on_step, stop_at_value=False),
            prepare,
            action=action,
            alpha=self._settings.alpha,
            timeout=self._settings.query_timeout,
            done=done,
        )
        write.start(now)
        return write

    def cancel(self, operation: Operation, now: float) -> None:
        """Stop an operation. Its `done` is not called."""
        operation.cancel(now)
        find = operation.find if isinstance(operation, Write) else operation
        if isinstance(find, Find) and find.number in self._running:
            self._retire(find, find.lookup.outcomes())
