"""A running lookup: `Lookup` chooses candidates; `LookupRun` queries them, validates answers and keeps the journal."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from typing import Protocol

from ..outcome import Doubt, NodeOutcome, Outcome, Status
from ..queries import Answer, InFlight
from ..unresponsive import Timeouts
from ..views.snapshot import LookupDetail, LookupView
from ..wire.compact import Addr, NodeInfo
from ..wire.family import FamilyName
from ..wire.free import MadeQuery
from ..wire.krpc import Args
from .algorithm import Lookup, Start
from .candidates import Candidate
from .decisions import State, StopReason
from .journal import Step, bits, candidate_views, decision_views, step_view
from .policy import OURS, Policy
from .questions import Question
from .results import Findings, outcome_of
from .validate import behind, unanswered, validate_response

Done = Callable[[Outcome, float], None]
"""Called once with the outcome of an operation and the time."""

MAX_STEPS = 512
"""Most queries of one lookup. It bounds a lookup among attackers that name ever nearer nodes of their own."""


class Pumped(Protocol):
    """An operation that sends queries."""

    def pump(self, now: float) -> None:
        """Send what may be sent."""


class Sender(Protocol):
    """The part of the engine that an operation needs."""

    @property
    def id(self) -> bytes:
        """Own id."""

    @property
    def k(self) -> int:
        """How many closest nodes are sought."""

    @property
    def enforce(self) -> bool:
        """Whether only ids that fit their addresses count (BEP 42)."""

    @property
    def prefer(self) -> bool:
        """Whether ids that fit their addresses come first (BEP 42)."""

    @property
    def full(self) -> bool:
        """Whether nothing may be sent for now."""

    @property
    def crowded(self) -> bool:
        """Whether so many queries have stalled that little room is left for more."""

    def wait(self, waiting: Pumped) -> None:
        """Pump it as soon as queries may be sent again."""

    def blocked(self, addr: Addr, now: float) -> Status | None:
        """Why nothing may be sent to an address; `None` if it may."""

    def ours(self, addr: Addr) -> bool:
        """Whether an address is our own."""

    def silent(self, addr: Addr, now: float) -> Timeouts | None:
        """Why an address is not queried again so soon; `None` if it may be."""

    def soft_for(self, addr: Addr) -> float:
        """Seconds until a query there has stalled, by the policy in force."""

    def send(
        self,
        addr: Addr,
        args: Args | MadeQuery,
        owner: str,
        now: float,
        *,
        expected: bytes | None,
        soft: float | None,
        hard: float,
        done: Callable[[InFlight, Answer | None, float], None],
        stalled: Callable[[InFlight, float], None] | None,
        patient: bool = False,
    ) -> InFlight:
        """Send a query. `patient`: it is not given up before its hard deadline."""


class LookupRun:
    """A running lookup: queries the candidates of `Lookup`, validates the answers, and collects the findings."""

    def __init__(
        self,
        sender: Sender,
        number: int,
        question: Question,
        *,
        owner: str,
        alpha: int,
        done: Done,
        on_step: Callable[[LookupRun, float], None] | None = None,
        on_found: Callable[[NodeOutcome], None] | None = None,
        stop_at_value: bool = True,
        avoid: Container[Addr] | None = None,
        size: float | None = None,
        policy: Policy = OURS,
        reach: int = 0,
        family: FamilyName = "IPv4",
    ) -> None:
        """`avoid`: start far from the target, at none of these nodes, as an unrelated node would; referrals may lead to
        them. `size` is the estimated number of nodes in the network. `reach`: a distance within which all nodes are
        sought."""
        self.number, self.question, self.owner = number, question, owner
        self.name = f"{question.kind if owner == 'user' else owner}#{number}"
        """The label of its queries: ``get#3``, ``refresh#4``."""
        self.lookup = Lookup(
            question.target,
            sender.id,
            alpha=alpha,
            k=sender.k,
            enforce=sender.enforce,
            prefer=sender.prefer,
            size=size,
            policy=policy,
            ours=sender.ours,
            reach=reach,
        )
        self._policy, self._family = policy, family
        self.avoid = avoid
        self.hold = False
        """Host names are being resolved: don't end for lack of candidates."""
        self._sender, self._done = sender, done
        self._on_step, self._on_found, self._stop_at_value = on_step, on_found, stop_at_value
        self._in_flight: dict[InFlight, Step] = {}
        self._steps: list[Step] = []
        self._findings = Findings()
        self._alpha = alpha
        self.started_at = self.began_at = self.ended_at = 0.0
        self._held_since: float | None = None
        """Since when there has been no room to send."""
        self.wrote = 0.0
        """Seconds that the writes after it took."""
        self.turn = 0
        """Its turn in `Turns`; 0 for none."""
        self._settled = False
        self._responders: list[int] = []
        """Their distances, sorted."""
        self._doubt: Doubt | None = None
        """Set at the end."""

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.lookup.running

    def seed(self, nodes: Iterable[NodeInfo]) -> None:
        """Add starting nodes."""
        self.lookup.add_all(node for node in nodes if not self.avoid or node.addr not in self.avoid)

    def start_from(self, starts: Iterable[Start]) -> None:
        """Add starting nodes that are known from before, nearest first."""
        self.lookup.start_from(starts)

    def start(self, now: float, since: float | None = None) -> None:
        """Send the first queries. `since`: when it was requested, if it had to wait."""
        self.started_at, self.began_at = now if since is None else since, now
        self.pump(now)

    def pump(self, now: float) -> None:
        """Send the queries that may be sent; end when nothing is left to do."""
        self.lookup.decisions.now = now
        sender = self._sender
        room = not sender.full
        held, self._held_since = self._held_since, None
        sent = len(self._steps)
        while room and len(self._steps) < MAX_STEPS and (candidate := self.lookup.next()):
            self._ask(candidate, sender.soft_for(candidate.addr), now)
            room = not sender.full
        while room and (candidate := self.lookup.next_again()):
            self._ask(candidate, self._policy.grace, now)
            room = not sender.full
        if held is not None:
            for step in self._steps[sent:]:
                step.held_since = held
        if not room and self.running and len(self._steps) < MAX_STEPS:
            # Not settled as long as more candidates may come.
            self._held_since = now if held is None else held
            sender.wait(self)
        elif self.running and not self.hold and (self.lookup.settled() or not self._in_flight):
            if room and self.lookup.begin_again():
                self.pump(now)
                return
            self._settled = True
            self._end(self.lookup.verdict(), now, self.lookup.doubt())
        elif self.running and len(self._steps) >= MAX_STEPS:
            self._end(StopReason.QUERY_LIMIT, now, self.lookup.doubt())
        elif self._on_step:
            self._on_step(self, now)

    def _ask(self, candidate: Candidate, soft: float, now: float) -> None:
        if blocked := self._sender.blocked(candidate.addr, now):
            self.lookup.failed(candidate, NodeOutcome(addr=candidate.addr, id=candidate.id, status=blocked))
            return
        if not candidate.asked_again and (timeouts := self._sender.silent(candidate.addr, now)):
            self.lookup.pass_over(candidate, timeouts)
            return
        self._send(candidate, self.question, soft, now)

    def _send(
        self, candidate: Candidate, question: Question, soft: float, now: float, first: NodeOutcome | None = None
    ) -> None:
        self.lookup.query_sent(candidate, behind=first is not None)
        step = Step(candidate, candidate.asked_again, now, self.lookup.distrust(candidate), first)
        self._steps.append(step)
        query = self._sender.send(
            candidate.addr,
            question.args(self._sender.id),
            self.name,
            now,
            expected=candidate.id,
            soft=soft,
            hard=self._policy.hard,
            done=self._answered,
            stalled=self._stalled,
        )
        self._in_flight[query] = step

    def _stalled(self, query: InFlight, now: float) -> None:
        step = self._in_flight[query]
        step.sent_at, step.stalled_at = query.sent_at, now
        if not self.running:
            return
        self.lookup.decisions.now = now
        if step.first is not None and step.candidate.state is State.ASKED:
            self._take(step.candidate, step.first, now)
        else:
            self.lookup.stalled(step.candidate)
        self.pump(now)

    def _answered(self, query: InFlight, answer: Answer | None, now: float) -> None:
        step = self._in_flight.pop(query)
        candidate, own = step.candidate, validate_response(self.question, query, answer, now)
        outcome = own if step.first is None else behind(step.first, own)
        step.sent_at, step.ended_at, step.late = query.sent_at, query.heard_at or now, not self.running
        # The previous findings of the node belong to its previous query.
        step.outcome = outcome if own.responded else own
        if not self.running:
            return
        self.lookup.decisions.now = now
        if not outcome.responded:
            self.lookup.failed(candidate, outcome)
        elif candidate.outcome is not None and candidate.outcome.responded:
            self._look_again(step, outcome)
        elif step.first is None and len(self._steps) < MAX_STEPS and (again := self.question.again(outcome)):
            candidate.state = State.ASKED
            self._send(candidate, again, self._sender.soft_for(candidate.addr), now, outcome)
            self._look_who_is_overtaken(now)
        else:
            self._take(candidate, outcome, now)
            if self._stop_at_value and self.question.done(self._findings):
                self._end(StopReason.VALUE_FOUND, now)
                return
        self.pump(now)

    def _take(self, candidate: Candidate, outcome: NodeOutcome, now: float) -> None:
        """The validated answer of a candidate."""
        self.lookup.answered(candidate, outcome)
        self._overtake(candidate, now)
        self._note(outcome)

    def _note(self, outcome: NodeOutcome) -> None:
        if self.question.merge(self._findings, outcome) and self._on_found:
            self._on_found(outcome)

    def _look_again(self, step: Step, outcome: NodeOutcome) -> None:
        """The second answer of a node, which was no longer expected."""
        if outcome.behind is not None and step.candidate.outcome is step.first:
            step.candidate.outcome = outcome
            self._note(outcome)

    def _overtake(self, candidate: Candidate, now: float) -> None:
        """Record which queries are superseded by the latest answer: farther than the k-th responder, without a slot."""
        insort(self._responders, candidate.distance)
        self._look_who_is_overtaken(now)

    def _look_who_is_overtaken(self, now: float) -> None:
        if len(self._responders) < self._sender.k:
            return
        # Finding the k-th that fills a place costs more than this test, and is seldom needed.
        nearest = self._responders[self._sender.k - 1]
        held = [
            step
            for step in self._in_flight.values()
            if step.candidate.distance > nearest
            and step.overtaken_at is None
            and step.stalled_at is None
            and step.candidate.state is State.ASKED
        ]
        edge = self.lookup.edge() if held else 0
        for step in held:
            if step.candidate.distance > edge:
                step.overtaken_at = now

    def _end(self, why: StopReason, now: float, doubt: Doubt | None = None, *, complete: bool = True) -> None:
        self.lookup.end(why)
        self.ended_at, self._doubt = now, doubt
        if self._on_step:
            self._on_step(self, now)
        closest = [c.outcome for c in self.lookup.closest() if c.outcome]
        elapsed = now - self.started_at
        target = self.question.target or None
        outcome = outcome_of(self.question.kind, target, self.outcomes(now), closest, self._findings, elapsed, why)
        self._done(replace(outcome, doubt=self._doubt, complete=complete), now)

    def outcomes(self, now: float) -> tuple[NodeOutcome, ...]:
        """The outcomes so far of all queried nodes, nearest first."""
        under_way: dict[Candidate, NodeOutcome] = {}
        for query, step in self._in_flight.items():
            one = step.first or unanswered(query, now, ended=True)
            before = under_way.get(step.candidate)
            if before is None or before.status is Status.CANCELLED is not one.status:
                under_way[step.candidate] = one
        return self.lookup.outcomes(under_way)

    def stop(self, why: StopReason, now: float) -> None:
        """End it now, with its results so far. One that has not begun has none."""
        if self.running:
            self.started_at = self.started_at or now
            self._end(why, now, complete=False)

    def kth_distance(self) -> int | None:
        """The distance of the k-th closest responder; `None` if the lookup settled with fewer."""
        closest = self.lookup.closest()
        return closest[-1].distance if self._settled and len(closest) == self._sender.k else None

    def cancel(self, now: float) -> None:
        """Stop, without calling `done`. Later answers only serve the table."""
        if self.running:
            self.lookup.end(StopReason.CANCELLED)
            self.ended_at = now

    def detail(self, now: float) -> LookupDetail:
        """The lookup with every query and candidate."""
        self._look_at_queries(now)
        steps = tuple(step_view(step, self.started_at) for step in self._steps)
        began = self.began_at - self.started_at
        return LookupDetail(
            view=self.view(now),
            alpha=self._alpha,
            k=self._sender.k,
            steps=steps,
            candidates=candidate_views(self.lookup),
            began=began,
            decisions=decision_views(self.lookup, self.started_at, self.began_at),
            untold=self.lookup.decisions.untold,
        )

    def _look_at_queries(self, now: float) -> None:
        """Update the times of sending of queries in flight, and mark those that were not sent."""
        for query, step in self._in_flight.items():
            step.sent_at = query.sent_at
            if query.failure:
                step.outcome = unanswered(query, now)

    def view(self, now: float) -> LookupView:
        """The lookup as a screen shows it."""
        self._look_at_queries(now)
        closest, end = self.lookup.closest(), now if self.running else self.ended_at
        outcomes = [step.outcome for step in self._steps if step.outcome and not step.late]
        unsent = sum(step.outcome is not None and step.outcome.status is Status.SEND_FAILED for step in self._steps)
        return LookupView(
            self.number,
            self.question.kind,
            self.question.target,
            self.owner,
            self.started_at,
            end - self.started_at,
            self.running,
            len(self._steps) - unsent,
            sum(outcome.responded for outcome in outcomes),
            sum(outcome.status is Status.TIMED_OUT for outcome in outcomes),
            len(self._in_flight) if self.running else 0,
            bits(closest[0]) if closest else None,
            min(len(closest), self._sender.k),
            self._findings.found(),
            self.lookup.stopped,
            self._doubt,
            wrote=self.wrote,
            family=self._family,
        )
