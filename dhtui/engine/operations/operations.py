"""The operations under way: lets them begin in turn, numbers the lookups, keeps the last finished ones to look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Hashable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from .. import events
from ..events import Listeners
from ..items import Draft, ImmutableItem, MutableItem
from ..lookup.network_size import SizeEstimate
from ..lookup.running import Done, LookupRun, Sender
from ..lookup.validate import Question, question_about
from ..outcome import NodeOutcome, Outcome
from ..settings import Settings
from ..snapshot import AnnounceView, LookupDetail, LookupView
from ..wire.compact import Addr
from .direct import Decide, DirectQuery, Prepare, StoreOperation, prepare_announce, prepare_put, prepare_republish
from .turns import Turns

ANNOUNCES_KEPT = 64
ANNOUNCE_SECONDS = 1800.0
"""How long most nodes keep a peer at least."""
STOPPED = "stopped by the user"
VIEWS = 64
GIVEN_UP = "it was given up"

Operation = DirectQuery | LookupRun | StoreOperation
OnStep = Callable[[LookupRun, float], None] | None


class Operations:
    """Starts and ends operations for one engine."""

    def __init__(
        self, sender: Sender, settings: Settings, seed: Callable[[LookupRun], None], listeners: Listeners
    ) -> None:
        """`seed` gives a lookup its first candidates."""
        self._sender, self._settings, self._seed, self._listeners = sender, settings, seed, listeners
        self._running: dict[int, LookupRun] = {}
        self._users: deque[LookupRun] = deque(maxlen=settings.lookups_kept)
        self._backgrounds: deque[LookupRun] = deque(maxlen=settings.lookups_kept)
        self._count = 0
        self._turns: Turns[Operation] = Turns()
        self._letting_begin = False
        self.caller: Hashable = None
        """On whose behalf users' operations are asked for from now on: callers take turns."""
        self.given_up = False
        """Whether that caller has given up already, so that they end as soon as they are asked for."""
        self._announces: deque[tuple[float, int, Outcome]] = deque(maxlen=ANNOUNCES_KEPT)
        self.size = SizeEstimate(settings.k)

    def held(self) -> list[LookupRun]:
        """Lookups that wait for the addresses of bootstrap hosts."""
        return [find for find in self._running.values() if find.hold]

    def any_of(self, owner: str) -> bool:
        """Whether a lookup of this owner is running, or waits for its turn."""
        return self._turns.waits(owner) or any(find.owner == owner for find in self._running.values())

    def late(self, seconds: float) -> None:
        """A timer struck so late: how many operations run at once follows from that."""
        self._turns.late(seconds)

    def views(self, now: float) -> tuple[LookupView, ...]:
        """Lookups as a screen shows them: the last to begin of those that run, those whose turn comes next, then
        finished ones, newest first."""
        finished = sorted((*self._users, *self._backgrounds), key=lambda find: find.ended_at, reverse=True)
        running = tuple(self._running.values())[-VIEWS // 2 :]
        waiting = [
            _waiting_view(find, since, place, now) for place, find, since, _ in islice(self._queue(), VIEWS // 4)
        ]
        return (*(find.view(now) for find in running), *waiting, *(find.view(now) for find in finished))[:VIEWS]

    @property
    def waiting(self) -> int:
        """How many operations wait for their turn."""
        return self._turns.waiting

    def _queue(self) -> Iterator[tuple[int, LookupRun, float, Operation]]:
        """Those that wait for their turn and begin with a lookup: their places, since when, and themselves."""
        for place, (operation, since) in enumerate(self._turns.queue(), 1):
            find = operation.find if isinstance(operation, StoreOperation) else operation
            if isinstance(find, LookupRun):
                yield place, find, since, operation

    def detail(self, number: int, now: float) -> LookupDetail | None:
        """One lookup with all its queries; `None` if it is not remembered any more."""
        finds = (*self._running.values(), *self._users, *self._backgrounds)
        known = next((find.detail(now) for find in finds if find.number == number), None)
        if known is not None:
            return known
        for place, find, since, _ in self._queue():
            if find.number == number:
                view = _waiting_view(find, since, place, now)
                return find.detail(now)._replace(view=view, began=view.elapsed)
        return None

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
            find.stop(STOPPED, now)
            return True
        waiting = next((operation for _, one, _, operation in self._queue() if one.number == number), None)
        if waiting is not None:
            waiting.stop(STOPPED, now)
        return waiting is not None

    # ---- turns -------------------------------------------------------------------------------------

    def _ending(self, turn: int, done: Done, now: float) -> Done:
        """What an operation that is asked for now calls at its end: `done`, and whoever is next begins."""

        def ended(outcome: Outcome) -> None:
            self._turns.over(turn)
            done(outcome)
            self._let_begin(now + outcome.elapsed)

        return ended

    def _idle(self, turn: int, now: float) -> None:
        """An operation waits for silent nodes only: that is no reason to keep others waiting, up to a bound."""
        if not self._sender.crowded:
            self._turns.over(turn)
            self._let_begin(now)

    def _in_turn(self, operation: Operation, turn: int, caller: Hashable, now: float) -> Operation:
        """Start an operation, at once or when its turn comes."""
        operation.turn = turn
        if self.given_up:
            operation.stop(GIVEN_UP, now)
            return operation
        if self._turns.may_begin(turn, operation, caller, now):
            self._begin(operation, now, now)
        return operation

    def _let_begin(self, now: float) -> None:
        if self._letting_begin:
            return  # called back from within: the outer one goes on as long as there is room
        self._letting_begin = True
        try:
            while waiting := self._turns.next():
                self._begin(*waiting, now)
        finally:
            self._letting_begin = False

    def _begin(self, operation: Operation, since: float, now: float) -> None:
        find = operation.find if isinstance(operation, StoreOperation) else operation
        if isinstance(find, LookupRun):
            self._register(find, now)
            self._seed(find)
        operation.start(now, since)

    # ---- lookups -----------------------------------------------------------------------------------

    def lookup(self, question: Question, owner: str, done: Done, now: float, **extra: Any) -> LookupRun:
        """A new lookup that waits for no turn, not started and without candidates. `extra`: for `LookupRun`."""
        find = self._new(question, owner, done, **extra)
        self._register(find, now)
        return find

    def _register(self, find: LookupRun, now: float) -> None:
        self._running[find.number] = find
        if self._listeners:
            question = find.question
            self._listeners.tell(events.LookupStarted(now, find.number, question.kind, question.target, find.owner))

    def _new(self, question: Question, owner: str, done: Done, *, alpha: int | None = None, **extra: Any) -> LookupRun:
        self._count += 1
        number = self._count

        def finished(outcome: Outcome) -> None:
            # By its number: a lookup that knew itself would be a cycle, and stay in memory until the collector comes.
            if number in self._running:  # else it was given up before its turn came
                self._retire(self._running[number])
            done(outcome)

        policy = self._settings.policy
        return LookupRun(
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

    def _retire(self, find: LookupRun) -> None:
        del self._running[find.number]
        # Kept apart: refreshes, which never end, must not push out what a person looked up.
        (self._users if find.owner == "user" else self._backgrounds).append(find)
        if (distance := find.kth_distance()) is not None:
            self.size.add(find.question.target, distance)
        if self._listeners:
            view = find.view(find.ended_at)
            self._listeners.tell(
                events.LookupFinished(
                    find.ended_at, view.number, view.kind, view.target, view.asked, view.answered, view.why
                )
            )

    def background(self, question: Question, owner: str, done: Done, now: float) -> Operation:
        """Start a lookup that nobody waits for, at once or in turn."""
        turn = self._turns.new()
        find = self._new(question, owner, self._ending(turn, done, now), alpha=self._settings.alpha_background)
        return self._in_turn(find, turn, owner, now)

    # ---- what users ask for ------------------------------------------------------------------------

    def _search(
        self, question: Question, remotes: Sequence[Addr] | None, done: Done, turn: int = 0, **extra: Any
    ) -> DirectQuery | LookupRun:
        """A question to the nodes that are named, or to the network. Not started yet. A `turn` may end early."""
        if remotes is not None:
            settings = self._settings
            return DirectQuery(
                self._sender,
                question,
                remotes,
                alpha=settings.alpha,
                timeout=settings.query_timeout,
                at_least=extra.get("at_least"),
                done=done,
                idle=partial(self._idle, turn) if turn else None,
            )
        return self._new(question, "user", done, **extra)

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
        turn = self._turns.new()
        ended = self._ending(turn, done, now)
        operation = self._search(question, remotes, ended, turn, at_least=at_least, on_step=on_step, on_found=on_found)
        return self._in_turn(operation, turn, self.caller, now)

    def read_back(
        self, question: Question, written: Container[Addr], done: Done, now: float, *, on_step: OnStep = None
    ) -> Operation:
        """A get as a stranger makes it, to its end: it starts far off, and at none of the nodes in `written`."""
        turn = self._turns.new()
        ended = self._ending(turn, done, now)
        find = self._new(question, "user", ended, on_step=on_step, stop_at_value=False, avoid=written)
        return self._in_turn(find, turn, self.caller, now)

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
            if outcome.complete or outcome.writes:
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
        prepare = prepare_put(self._sender.id, what, cas)
        return self._write("put", question_about(what), prepare, done, now, remotes, on_step)

    def republish(
        self, what: ImmutableItem | MutableItem, decide: Decide, done: Done, now: float, *, on_step: OnStep = None
    ) -> Operation:
        """Look the target of `what` up, and store what `decide` then says, where it says."""
        prepare = prepare_republish(self._sender.id, decide)
        return self._write("put", question_about(what), prepare, done, now, None, on_step)

    def _write(
        self,
        action: str,
        question: Question,
        prepare: Prepare,
        done: Done,
        now: float,
        remotes: Sequence[Addr] | None,
        on_step: OnStep,
    ) -> Operation:
        turn = self._turns.new()
        write = StoreOperation(
            self._sender,
            lambda have_tokens: self._search(question, remotes, have_tokens, on_step=on_step, stop_at_value=False),
            prepare,
            action=action,
            alpha=self._settings.alpha,
            timeout=self._settings.query_timeout,
            done=self._ending(turn, done, now),
        )
        return self._in_turn(write, turn, self.caller, now)

    def give_up(self, operation: Operation, now: float) -> None:
        """End an operation with what it knows by now. Its `done` is called, if that has not been done."""
        operation.stop(GIVEN_UP, now)

    def cancel(self, operation: Operation, now: float) -> None:
        """Stop an operation. Its `done` is not called. One that waits for its turn has sent nothing."""
        self._turns.over(operation.turn)
        operation.cancel(now)
        find = operation.find if isinstance(operation, StoreOperation) else operation
        if isinstance(find, LookupRun) and find.number in self._running:
            self._retire(find)
        self._let_begin(now)


def _waiting_view(find: LookupRun, since: float, place: int, now: float) -> LookupView:
    """A lookup that has not begun: of its time all has passed with waiting."""
    return find.view(now)._replace(started_at=since, elapsed=now - since, place=place)
