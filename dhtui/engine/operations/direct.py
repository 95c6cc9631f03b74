"""Operations besides the lookup: queries to named nodes, and stores (a lookup, then a batch of writes).

An operation is begun with `start`, may be cancelled, and calls `done` once, with its `Outcome` and the time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..items import Draft, ImmutableItem, Item, ItemError, MutableItem, check_value
from ..keys import BadKey
from ..lookup.decisions import StopReason
from ..lookup.questions import Question
from ..lookup.results import Findings, outcome_of
from ..lookup.running import Done, LookupRun, Sender
from ..lookup.validate import behind, unanswered, validate_response
from ..outcome import NodeOutcome, Outcome, Status
from ..queries import Answer, InFlight
from ..wire.compact import Addr
from ..wire.faults import Note, NoteKind
from ..wire.free import MadeQuery
from ..wire.ids import distance
from ..wire.krpc import BAD_SIGNATURE, SEQ_TOO_LOW, AnnouncePeer, Args, Put
from .requests import Decide, Meeting

STALLED_BATCHES = 4
"""Most queries of a batch in flight, stalled ones included, as a multiple of alpha."""


class BatchedQuery(NamedTuple):
    """One query of a batch: the address, the expected id of the node, and the arguments."""

    addr: Addr
    expected: bytes | None
    args: Args | MadeQuery


class QueryBatch:
    """Sends one query to each of the named nodes, at most `alpha` at a time besides those that have stalled."""

    def __init__(
        self,
        sender: Sender,
        asks: Sequence[BatchedQuery],
        question: Question | None,
        *,
        owner: str,
        alpha: int,
        timeout: float,
        done: Callable[[tuple[NodeOutcome, ...], float], None],
        idle: Callable[[float], None] | None = None,
    ) -> None:
        """`idle` is called when only stalled queries are left."""
        self._sender, self._question, self._owner, self._idle = sender, question, owner, idle
        self._alpha, self._timeout, self._done = alpha, timeout, done
        self._waiting = deque(enumerate(asks))
        self._results: list[NodeOutcome | None] = [None] * len(asks)
        self._in_flight: dict[InFlight, int] = {}
        self._firsts: dict[InFlight, NodeOutcome] = {}
        """The first answers of nodes that are queried a second time (`Question.again`)."""
        self._stalled: set[InFlight] = set()
        self._over = False

    def _may_send(self) -> bool:
        in_flight = len(self._in_flight)
        return in_flight - len(self._stalled) < self._alpha and in_flight < STALLED_BATCHES * self._alpha

    def pump(self, now: float) -> None:
        """Send the queries that may be sent; end when none is left."""
        while self._waiting and not self._over and self._may_send():
            if self._sender.full:
                self._sender.wait(self)
                return
            place, ask = self._waiting.popleft()
            if blocked := self._sender.blocked(ask.addr, now):
                self._results[place] = NodeOutcome(addr=ask.addr, id=ask.expected, status=blocked)
                continue
            self._send(ask, place, now)
        if not self._in_flight and not self._over:
            self._over = True
            self._done(tuple(result for result in self._results if result), now)

    def _send(self, ask: BatchedQuery, place: int, now: float) -> InFlight:
        query = self._sender.send(
            ask.addr,
            ask.args,
            self._owner,
            now,
            expected=ask.expected,
            soft=self._sender.soft_for(ask.addr),
            hard=self._timeout,
            done=self._answered,
            stalled=self._went_silent,
            patient=True,
        )
        self._in_flight[query] = place
        return query

    def _answered(self, query: InFlight, answer: Answer | None, now: float) -> None:
        if self._over:
            return
        self._stalled.discard(query)
        place, first = self._in_flight.pop(query), self._firsts.pop(query, None)
        outcome = validate_response(self._question, query, answer, now)
        if self._question is not None:
            outcome = replace(outcome, sent=query.sent, received=query.received)
        if first is not None:
            outcome = behind(first, outcome)
        elif self._question is not None and (again := self._question.again(outcome)):
            args = again.args(self._sender.id)
            self._firsts[self._send(BatchedQuery(query.addr, query.expected, args), place, now)] = outcome
            return
        self._results[place] = outcome
        self.pump(now)

    def _went_silent(self, query: InFlight, now: float) -> None:
        if self._over:
            return
        self._stalled.add(query)
        self.pump(now)
        if self._idle and not self._waiting and len(self._stalled) == len(self._in_flight):
            self._idle(now)

    def stop(self, now: float) -> None:
        """End it now. `done` is called with the outcomes so far."""
        if not self._over:
            self._over = True
            for query, place in self._in_flight.items():
                self._results[place] = self._firsts.get(query) or unanswered(query, now, ended=True)
            self._done(tuple(result for result in self._results if result), now)

    def cancel(self) -> None:
        """Stop. Nothing more is sent, and `done` is not called."""
        self._over = True


class DirectQuery:
    """Queries only the nodes that the user named."""

    def __init__(
        self,
        sender: Sender,
        question: Question,
        remotes: Sequence[Addr],
        *,
        alpha: int,
        timeout: float,
        done: Done,
        idle: Callable[[float], None] | None = None,
    ) -> None:
        """`idle` is called when only stalled queries are left."""
        self._question, self._done = question, done
        self.turn = 0
        self._started_at = 0.0
        self._stopped: StopReason | None = None
        args = question.args(sender.id)
        self._batch = QueryBatch(
            sender,
            [BatchedQuery(addr, None, args) for addr in dict.fromkeys(remotes)],
            question,
            owner="user",
            alpha=alpha,
            timeout=timeout,
            done=self._finished,
            idle=idle,
        )

    def start(self, now: float, since: float | None = None) -> None:
        """Send the first queries. `since`: when it was requested, if it had to wait."""
        self._started_at = now if since is None else since
        self._batch.pump(now)

    def _finished(self, results: tuple[NodeOutcome, ...], now: float) -> None:
        findings = Findings()
        for result in results:
            self._question.merge(findings, result)
        answered = [r for r in results if r.responded and r.status is not Status.REFUSED]
        closest = sorted(answered, key=lambda r: distance(r.id or b"", self._question.target))
        why, question = self._stopped or StopReason.NAMED_ASKED, self._question
        target, elapsed = question.target or None, now - self._started_at
        outcome = outcome_of(question.kind, target, results, closest, findings, elapsed, why)
        self._done(replace(outcome, complete=self._stopped is None), now)

    def stop(self, why: StopReason, now: float) -> None:
        """End it now, with the results so far."""
        self._started_at, self._stopped = self._started_at or now, why
        self._batch.stop(now)

    def cancel(self, now: float) -> None:
        """Stop, without calling `done`."""
        self._batch.cancel()


Prepare = Callable[[Outcome], tuple[Item | None, Callable[[NodeOutcome], Args | None]]]
"""Turns the findings into the item, if any, and the query for each node; `None` leaves that node out."""


class StoreOperation:
    """A store: finds the closest nodes and their tokens, then writes to them.

    The tokens come from its own lookup. That saves one query a node, and they can't have expired.
    """

    def __init__(
        self,
        sender: Sender,
        find: Callable[[Done], LookupRun | DirectQuery],
        prepare: Prepare,
        *,
        action: str,
        alpha: int,
        timeout: float,
        done: Done,
        meet: Meeting | None = None,
    ) -> None:
        """`prepare` may raise `ItemError` or `BadKey`: nothing is written then. `meet`: where to wait for the store of
        the same wish in the other address family."""
        self._sender, self._prepare, self._meet = sender, prepare, meet
        self._action, self._alpha, self._timeout, self._done = action, alpha, timeout, done
        self.turn = 0
        self._started_at = 0.0
        self._stopped = self._over = False
        self._found: Outcome | None = None
        """What was found, while the store in the other family is waited for."""
        self._item: Item | None = None
        self.find = find(self._have_tokens)
        self._batch: QueryBatch | None = None

    def start(self, now: float, since: float | None = None) -> None:
        """Begin with the lookup. `since`: when it was requested, if it had to wait."""
        self._started_at = now if since is None else since
        self.find.start(now, since)

    def _have_tokens(self, found: Outcome, now: float) -> None:
        if self._stopped:
            self._leave(now)
            self._done(replace(found, action=self._action, item=None), now)
        elif self._meet is None:
            self._write(found, found, now)
        else:
            self._found = found
            self._meet.arrive(found, now, lambda both, at: self._write(found, both, at))

    def _leave(self, now: float) -> None:
        if self._meet is not None:
            self._meet.leave(now)

    def _write(self, found: Outcome, both: Outcome, now: float) -> None:
        """Write, by what was `found` here and by the findings of `both` address families."""
        if self._over:
            return
        self._found = None
        try:
            self._item, args_for = self._prepare(both)
        except (ItemError, BadKey) as error:
            refused = replace(found, action=self._action, item=None, stopped=StopReason.NOT_STORABLE, problem=error)
            self._done(refused, now)
            return
        writable = {node.addr: node for node in found.closest if node.token is not None}
        others = tuple(self._unwritable(found))

        def finished(results: tuple[NodeOutcome, ...], at: float) -> None:
            if isinstance(self.find, LookupRun):
                self.find.wrote = at - self._started_at - found.elapsed
            writes = (*(self._already_there(writable[r.addr], r) for r in results), *others)
            self._done(
                replace(
                    found,
                    action=self._action,
                    writes=writes,
                    item=self._item,
                    elapsed=at - self._started_at,
                    stopped=StopReason.WRITTEN if writes else found.stopped,
                    complete=found.complete and not self._stopped,
                ),
                at,
            )

        self._batch = QueryBatch(
            self._sender,
            [
                BatchedQuery(node.addr, node.id, args)
                for node in writable.values()
                if (args := args_for(node)) is not None
            ],
            None,
            owner=self._action,
            alpha=self._alpha,
            timeout=self._timeout,
            done=finished,
        )
        self._batch.pump(now)

    def _unwritable(self, found: Outcome) -> Iterator[NodeOutcome]:
        """The outcomes of nodes that can't be written to: they gave no token, or were named by the user and did not
        answer."""
        for node in found.closest:
            if node.token is None:
                yield replace(node, status=Status.NO_TOKEN, note=Note(NoteKind.NO_TOKEN))
        if isinstance(self.find, DirectQuery):
            reached = {node.addr for node in found.closest}
            yield from (node for node in found.asked if node.addr not in reached)

    def _already_there(self, before: NodeOutcome, result: NodeOutcome) -> NodeOutcome:
        """The outcome with a refusal changed to success if the node already holds this item (BEP 44)."""
        held, item = before.item, self._item
        same = (
            isinstance(held, MutableItem) and isinstance(item, MutableItem) and (held.seq, held.v) == (item.seq, item.v)
        )
        if result.code == SEQ_TOO_LOW and same:
            return replace(result, status=Status.STORED, note=Note(NoteKind.HELD))
        return result

    def stop(self, why: StopReason, now: float) -> None:
        """End it now. If nothing was written yet, nothing will be."""
        self._stopped = True
        self._started_at = self._started_at or now
        if self._found is not None:
            found, self._over = self._found, True
            self._leave(now)
            self._done(replace(found, action=self._action, item=None, complete=False), now)
        elif self._batch is None:
            self.find.stop(why, now)
        else:
            self._batch.stop(now)

    def cancel(self, now: float) -> None:
        """Stop, without calling `done`."""
        self._over = True
        self._leave(now)
        self.find.cancel(now)
        if self._batch:
            self._batch.cancel()


def prepare_announce(own: bytes, info_hash: bytes, port: int, seed: bool) -> Prepare:
    """The announce_peer query for each node; port 0 means the one that packets come from."""
    return lambda _: (None, lambda node: AnnouncePeer(own, info_hash, port, node.token or b"", seed))


def prepare_put(own: bytes, what: ImmutableItem | MutableItem | Draft, cas: int | None) -> Prepare:
    """The put query for each node. A draft is signed with one more than the highest seq seen.

    Without a `cas`, the put of a draft with a base carries for each node the seq that this node showed. So a node that
    missed an update takes this one, and a node that got another update in the meantime refuses it.
    """
    guarded = cas is None and isinstance(what, Draft) and what.base is not None

    def prepare(found: Outcome) -> tuple[Item, Callable[[NodeOutcome], Args]]:
        item = what.signed(found.highest_seen) if isinstance(what, Draft) else what
        _check(item)
        return item, lambda node: _put_args(own, item, node.seq if guarded else cas, node)

    return prepare


def prepare_republish(own: bytes, decide: Decide) -> Prepare:
    """The put query for those nodes that `decide` wants written to."""

    def prepare(found: Outcome) -> tuple[Item, Callable[[NodeOutcome], Args | None]]:
        item, where = decide(found)
        _check(item)
        return item, lambda node: _put_args(own, item, None, node) if node.addr in where else None

    return prepare


def _check(item: Item) -> None:
    check_value(item.v)
    if isinstance(item, MutableItem) and not item.verify():
        raise ItemError(BAD_SIGNATURE, "the signature of the item does not hold")


def _put_args(own: bytes, item: Item, cas: int | None, node: NodeOutcome) -> Args:
    token = node.token or b""
    if isinstance(item, ImmutableItem):
        return Put(own, token, item.v)
    # A node that showed no value has nothing to compare with. Some refuse any `cas` then (BEP 44, "CAS").
    compare = cas if node.seq is not None else None
    return Put(own, token, item.v, item.k, item.sig, item.seq, item.salt, compare)
