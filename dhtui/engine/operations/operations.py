"""The running operations: starts them in turn, numbers the lookups, and remembers the last finished ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Hashable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import assert_never

from ..lookup.decisions import StopReason
from ..lookup.network_size import SizeEstimate
from ..lookup.questions import FindPeers, Question, question_about
from ..lookup.running import Done, LookupRun, Sender
from ..outcome import NodeOutcome, Outcome
from ..settings import Settings
from ..views import events
from ..views.events import Listeners
from ..views.snapshot import AnnounceView, LookupDetail, LookupView
from ..views.statistics import Level
from ..wire.compact import Addr
from ..wire.ids import ID_BITS
from .direct import DirectQuery, Prepare, StoreOperation, prepare_announce, prepare_put, prepare_republish
from .requests import Announce, Ask, OnStep, ReadBack, Republish, Request, Store
from .turns import MAX_PLACES, SPARE_PLACES, Turns

ANNOUNCES_KEPT = 64
"""Most announces of ours that are remembered."""
ANNOUNCE_SECONDS = 1800.0
"""Seconds: most nodes store a peer at least this long."""
VIEWS = 64
"""Most lookups in a snapshot."""

Operation = DirectQuery | LookupRun | StoreOperation


class Operations:
    """Starts and ends the operations of one engine."""

    def __init__(
        self,
        sender: Sender,
        settings: Settings,
        seed: Callable[[LookupRun], None],
        listeners: Listeners,
        numbers: Iterator[int],
    ) -> None:
        """`seed` gives a lookup its first candidates, `numbers` its number."""
        self._sender, self._settings, self._seed, self._listeners = sender, settings, seed, listeners
        self._running: dict[int, LookupRun] = {}
        self._users: deque[LookupRun] = deque(maxlen=settings.lookups_kept)
        self._backgrounds: deque[LookupRun] = deque(maxlen=settings.lookups_kept)
        self._numbers = numbers
        self._turns: Turns[Operation] = Turns()
        self._letting_begin = False
        self._announces: deque[tuple[float, int, Outcome]] = deque(maxlen=ANNOUNCES_KEPT)
        self.size = SizeEstimate(settings.k)

    @property
    def under_way(self) -> Level:
        """How many operations have begun and hold a turn."""
        return Level(self._turns.under_way, int(MAX_PLACES) + SPARE_PLACES)

    @property
    def remembered(self) -> Level:
        """How many finished lookups are remembered."""
        return Level(len(self._users) + len(self._backgrounds), 2 * self._settings.lookups_kept)

    @property
    def announced(self) -> Level:
        """How many announces are remembered."""
        return Level(len(self._announces), ANNOUNCES_KEPT)

    def held(self) -> list[LookupRun]:
        """Lookups that wait for the addresses of bootstrap hosts."""
        return [find for find in self._running.values() if find.hold]

    def bootstraps(self) -> list[LookupRun]:
        """The lookups of the bootstrap that are running."""
        return [find for find in self._running.values() if find.owner == "bootstrap"]

    def any_of(self, owner: str) -> bool:
        """Whether a lookup of this owner is running, or waits for its turn."""
        return self._turns.waits(owner) or any(find.owner == owner for find in self._running.values())

    def late(self, seconds: float) -> None:
        """A timer was `seconds` late: adapt the number of operations that run at once."""
        self._turns.late(seconds)

    def views(self, now: float) -> tuple[LookupView, ...]:
        """Lookups as a screen shows them: running ones, of too many the latest; then the next waiting ones; then
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
        """The waiting operations that begin with a lookup: their places, since when they wait, and their lookups."""
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
        """Our announces, newest first."""
        return tuple(
            AnnounceView(
                info_hash=outcome.target or b"",
                port=port,
                age=now - at,
                stored=outcome.stored,
                asked=len(outcome.writes),
                expires=max(0.0, at + ANNOUNCE_SECONDS - now),
            )
            for at, port, outcome in reversed(self._announces)
        )

    def stop(self, number: int, now: float) -> bool:
        """End a lookup with its results so far. Returns whether it was running or waiting."""
        find = self._running.get(number)
        if find is not None:
            find.stop(StopReason.STOPPED_BY_USER, now)
            return True
        waiting = next((operation for _, one, _, operation in self._queue() if one.number == number), None)
        if waiting is not None:
            waiting.stop(StopReason.STOPPED_BY_USER, now)
        return waiting is not None

    # ---- turns -------------------------------------------------------------------------------------

    def _ending(self, turn: int, done: Done) -> Done:
        """The callback for the end of an operation: it calls `done`, then starts the next operation."""

        def ended(outcome: Outcome, now: float) -> None:
            self._turns.over(turn)
            done(outcome, now)
            self._let_begin(now)

        return ended

    def _idle(self, turn: int, now: float) -> None:
        """An operation waits only for stalled queries: its turn is free for another, up to a bound."""
        if not self._sender.crowded:
            self._turns.over(turn)
            self._let_begin(now)

    def _in_turn(
        self, operation: Operation, turn: int, caller: Hashable, now: float, *, given_up: bool = False
    ) -> Operation:
        """Start an operation, at once or when its turn comes."""
        operation.turn = turn
        if given_up:
            operation.stop(StopReason.GIVEN_UP, now)
        elif self._turns.may_begin(turn, operation, caller, now):
            self._begin(operation, now, now)
        return operation

    def _let_begin(self, now: float) -> None:
        if self._letting_begin:
            return  # a nested call: the outer one continues as long as there is room
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

    def lookup(
        self,
        question: Question,
        owner: str,
        done: Done,
        now: float,
        *,
        alpha: int | None = None,
        on_step: OnStep = None,
    ) -> LookupRun:
        """A new lookup without a turn, not started and without candidates."""
        find = self._new(question, owner, done, alpha=alpha, on_step=on_step)
        self._register(find, now)
        return find

    def background(
        self, question: Question, owner: str, done: Done, now: float, *, given_up: bool = False
    ) -> Operation:
        """Start a lookup of the engine's own, at once or in turn."""
        turn = self._turns.new()
        find = self._new(question, owner, self._ending(turn, done), alpha=self._settings.alpha_background)
        return self._in_turn(find, turn, owner, now, given_up=given_up)

    def _register(self, find: LookupRun, now: float) -> None:
        self._running[find.number] = find
        if self._listeners:
            question = find.question
            self._listeners.tell(
                events.LookupStarted(
                    at=now,
                    number=find.number,
                    kind=question.kind,
                    target=question.target,
                    owner=find.owner,
                    family=self._listeners.family,
                )
            )

    def _new(
        self,
        question: Question,
        owner: str,
        done: Done,
        *,
        alpha: int | None = None,
        on_step: OnStep = None,
        on_found: Callable[[NodeOutcome], None] | None = None,
        stop_at_value: bool = True,
        avoid: Container[Addr] | None = None,
        reach: int = 0,
        number: int | None = None,
    ) -> LookupRun:
        number = next(self._numbers) if number is None else number

        def finished(outcome: Outcome, now: float) -> None:
            # By its number: a reference to the lookup would be a cycle, kept in memory until the collector runs.
            if number in self._running:  # else it ended before its turn came
                self._retire(self._running[number])
            done(outcome, now)

        return LookupRun(
            self._sender,
            number,
            question,
            owner=owner,
            alpha=alpha or self._settings.alpha,
            done=finished,
            on_step=on_step,
            on_found=on_found,
            stop_at_value=stop_at_value,
            avoid=avoid,
            size=self.size.robust(),
            policy=self._settings.policy,
            reach=reach,
            family=self._listeners.family,
        )

    def _retire(self, find: LookupRun) -> None:
        del self._running[find.number]
        # Separate: the many refreshes must not evict the lookups of callers.
        (self._users if find.owner == "user" else self._backgrounds).append(find)
        if (distance := find.kth_distance()) is not None:
            self.size.add(find.question.target, distance)
        if self._listeners:
            view = find.view(find.ended_at)
            assert view.stopped is not None
            self._listeners.tell(
                events.LookupFinished(
                    at=find.ended_at,
                    number=view.number,
                    kind=view.kind,
                    target=view.target,
                    asked=view.asked,
                    answered=view.answered,
                    closest=view.best,
                    stopped=view.stopped,
                    family=self._listeners.family,
                )
            )

    # ---- requests of callers -----------------------------------------------------------------------

    def start(
        self,
        request: Request,
        done: Done,
        now: float,
        *,
        caller: Hashable,
        given_up: bool,
        number: int | None = None,
    ) -> Operation:
        """Start a request, at once or in turn. If the caller has `given_up` already, it ends at once. `number`: of its
        lookup, if the same wish has one in the other address family."""
        turn = self._turns.new()
        operation = self._operation(request, self._ending(turn, done), turn, number)
        return self._in_turn(operation, turn, caller, now, given_up=given_up)

    def _operation(self, request: Request, done: Done, turn: int, number: int | None) -> Operation:
        own = self._sender.id
        match request:
            case Ask(question):
                if request.remotes is None:
                    return self._new(
                        question,
                        "user",
                        done,
                        on_step=request.on_step,
                        on_found=request.on_found,
                        number=number,
                    )
                return self._direct(question, request.remotes, done, idle=partial(self._idle, turn))
            case ReadBack(question, written):
                return self._new(
                    question,
                    "user",
                    done,
                    on_step=request.on_step,
                    stop_at_value=False,
                    avoid=written,
                    number=number,
                )
            case Announce(info_hash, port):
                noted = self._noting(port, done)
                prepare = prepare_announce(own, info_hash, port, request.seed)
                return self._store("announce_peer", FindPeers(info_hash), prepare, noted, request, number)
            case Store(what):
                return self._store(
                    "put", question_about(what), prepare_put(own, what, request.cas), done, request, number
                )
            case Republish(what, decide):
                return self._store("put", question_about(what), prepare_republish(own, decide), done, request, number)
            case _:
                assert_never(request)

    def _direct(
        self,
        question: Question,
        remotes: Sequence[Addr],
        done: Done,
        *,
        idle: Callable[[float], None] | None = None,
    ) -> DirectQuery:
        return DirectQuery(
            self._sender,
            question,
            remotes,
            alpha=self._settings.alpha,
            timeout=self._settings.query_timeout,
            done=done,
            idle=idle,
        )

    def _noting(self, port: int, done: Done) -> Done:
        """The callback for the end of an announce: it remembers the announce, then calls `done`."""

        def announced(outcome: Outcome, now: float) -> None:
            if outcome.complete or outcome.writes:
                self._announces.append((now, port, outcome))
            done(outcome, now)

        return announced

    def _store(
        self,
        action: str,
        question: Question,
        prepare: Prepare,
        done: Done,
        request: Announce | Store | Republish,
        number: int | None,
    ) -> StoreOperation:
        remotes = None if isinstance(request, Republish) else request.remotes
        reach = self._reach() if isinstance(request, Store) and request.wide else 0

        def find(have_tokens: Done) -> DirectQuery | LookupRun:
            if remotes is not None:
                return self._direct(question, remotes, have_tokens)
            return self._new(
                question,
                "user",
                have_tokens,
                on_step=request.on_step,
                stop_at_value=False,
                reach=reach,
                number=number,
            )

        return StoreOperation(
            self._sender,
            find,
            prepare,
            action=action,
            alpha=self._settings.alpha,
            timeout=self._settings.query_timeout,
            done=done,
            meet=request.meet,
        )

    def _reach(self) -> int:
        """The expected distance of the k-th closest node. By the robust estimate: no attacker makes that smaller."""
        size = self.size.robust()
        return 0 if size is None else int(min(1.0, self._settings.k / size) * 2**ID_BITS)

    def give_up(self, operation: Operation, now: float) -> None:
        """End an operation with its results so far. `done` is called, unless it was called before."""
        operation.stop(StopReason.GIVEN_UP, now)

    def cancel(self, operation: Operation, now: float) -> None:
        """Cancel an operation. `done` is not called."""
        self._turns.over(operation.turn)
        operation.cancel(now)
        find = operation.find if isinstance(operation, StoreOperation) else operation
        if isinstance(find, LookupRun) and find.number in self._running:
            self._retire(find)
        self._let_begin(now)


def _waiting_view(find: LookupRun, since: float, place: int, now: float) -> LookupView:
    """The view of a lookup that has not begun: all of its time was spent waiting."""
    return find.view(now)._replace(started_at=since, elapsed=now - since, place=place)
