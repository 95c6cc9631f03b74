"""A capture from the view of one of its nodes: its events and its state at any time, as of a recording."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from math import inf
from typing import Final

from ...engine.lookup.decisions import StopReason
from ...engine.views.details import Detail, DetailKind
from ...engine.views.events import (
    DropCause,
    Event,
    LookupFinished,
    LookupStarted,
    PacketReceived,
    PacketSent,
    QueryFinished,
    QueryResult,
)
from ...engine.views.snapshot import INFERRED, ErrorView, LookupDetail, LookupView, QueryView
from ...engine.wire.compact import Addr
from ...packets.captures.message import Captured, Kind, read
from ...packets.captures.pairs import Pairs
from ...packets.captures.walks.detail import SILENT_AFTER, detail
from ...packets.captures.walks.walk import QUIET, Walk, Walks
from .kept import Kept, Message
from .totals import NAMES, PACKETS, Totals, What

MOST_PENDING: Final = 65_536
"""Most queries that are waited for at a time."""
MOST_LOOKED_AT: Final = 16_384
"""Most events among which queries in flight are sought."""
LOOKUPS_SHOWN: Final = 64
MOST_ANNOUNCES: Final = 500
"""Most announces that are told of at a time."""
MOST_LOOKUPS: Final = 4096
"""Most lookups that are remembered."""
DETAILS_KEPT: Final = 256
ERRORS_SHOWN: Final = 50
_TROUBLES: Final = frozenset((What.CAME_UNREADABLE, What.ENDED_ERROR, What.ENDED_SILENT))
_SENT: Final[dict[Kind, What]] = {
    "query": What.SENT_QUERY,
    "response": What.SENT_RESPONSE,
    "error": What.SENT_ERROR,
    "unreadable": What.SENT_UNREADABLE,
}
_CAME: Final[dict[Kind, What]] = {
    "query": What.CAME_QUERY,
    "response": What.CAME_RESPONSE,
    "error": What.CAME_ERROR,
    "unreadable": What.CAME_UNREADABLE,
}
_RESULTS: Final = {
    What.ENDED_ANSWERED: QueryResult.ANSWERED,
    What.ENDED_ERROR: QueryResult.ERROR,
    What.ENDED_SILENT: QueryResult.TIMED_OUT,
}


class NodeView:
    """What the node at `me` sent and received, as far as the messages are kept. Hand it messages with `add`."""

    def __init__(self, me: Addr, kept: Kept) -> None:
        self.me = me
        self.start: float | None = None
        """The time of its first event, unix time as all times here; they never go back."""
        self.end = 0.0
        self.totals = Totals()
        self._kept = kept
        self._pairs, self._walks = Pairs(), Walks()
        self._times, self._numbers = array("d"), array("q")
        """Of each event: when, and the number of the message, or of the lookup."""
        self._what = bytearray()
        self._owners = array("q")
        """Of each event about a query of ours: the number of its lookup, else 0."""
        self._packets = array("q")
        """The index of the event of each packet."""
        self._troubles = array("q")
        """The events that something went wrong with: what is malformed, errors in answer, silence."""
        self._pending: deque[Captured] = deque()
        self._lookups: OrderedDict[int, Walk] = OrderedDict()
        self._ids = array("q")
        """The events in which the node named its id, and the last id is another than before."""
        self._id = b""
        self._announces = array("q")
        """The events that are queries to announce a peer, either way."""
        self._details: OrderedDict[tuple[int, ...], LookupDetail] = OrderedDict()

    def __len__(self) -> int:
        return len(self._times)

    # ---- taking messages ---------------------------------------------------------------------------

    def add(self, heard: Captured) -> None:
        """Take a message, if it is from this node or to it."""
        out = heard.source == self.me
        if not out and heard.dest != self.me:
            return
        at = max(self.end, heard.at)
        self._silent(at)
        if heard.kind != "unreadable":
            self._pairs.follow(heard)
        for walk in self._walks.follow(heard) if out or heard.query is not None else ():
            self._note(max(self.end, walk.last), What.LOOKUP_ENDED, walk.number, walk.method)
        self._packet(at, heard, out)
        if heard.kind == "query" and out:
            self._asked(at, heard)
        elif heard.query is not None and not out and heard.query.pair == heard.number:
            self._answered(at, heard, heard.query)

    def finish(self) -> None:
        """There are no more messages: what was not answered was not, and lookups are over."""
        self._silent(inf)
        for walk in self._walks.end():
            self._note(max(self.end, walk.last), What.LOOKUP_ENDED, walk.number, walk.method)

    def _packet(self, at: float, heard: Captured, out: bool) -> None:
        event, kind = len(self._times), heard.kind
        if out:
            what = _SENT[kind]
            if heard.id != self._id and heard.id is not None:
                self._id = heard.id
                self._ids.append(event)
        else:
            stray = heard.query is None and (kind == "response" or kind == "error")
            what = What.CAME_STRAY if stray else _CAME[kind]
        self._packets.append(event)
        if heard.method == "announce_peer" and kind == "query":
            self._announces.append(event)
        owner = heard.step.walk.number if out and heard.step is not None else 0
        self._note(at, what, heard.number, heard.method, len(heard.data), owner)

    def _asked(self, at: float, heard: Captured) -> None:
        self._pending.append(heard)
        if len(self._pending) > MOST_PENDING:
            self._pending.popleft()
        if heard.step is None:
            return
        walk = heard.step.walk
        if walk.number not in self._lookups and walk.is_lookup:
            self._lookups[walk.number] = walk
            self._note(at, What.LOOKUP_STARTED, walk.number, walk.method)
            if len(self._lookups) > MOST_LOOKUPS:
                self._lookups.popitem(last=False)

    def _answered(self, at: float, heard: Captured, query: Captured) -> None:
        what = What.ENDED_ERROR if heard.kind == "error" else What.ENDED_ANSWERED
        if not query.ended:
            query.ended = True
            self._note(at, what, query.number, query.method, owner=_owner(query))
            self.totals.trip(at, max(0.0, heard.at - query.at))

    def _silent(self, at: float) -> None:
        """Note the queries that had no answer by that time."""
        pending = self._pending
        while pending and (pending[0].ended or pending[0].at + SILENT_AFTER < at):
            query = pending.popleft()
            if not query.ended:
                query.ended = True
                due = max(self.end, query.at + SILENT_AFTER) if at != inf else self.end
                self._note(due, What.ENDED_SILENT, query.number, query.method, owner=_owner(query))

    def _note(self, at: float, what: What, number: int, method: str, length: int = 0, owner: int = 0) -> None:
        if self.start is None:
            self.start = at
        self.end = at
        if what in _TROUBLES:
            self._troubles.append(len(self._times))
        self._times.append(at)
        self._numbers.append(number)
        self._what.append(what)
        self._owners.append(owner)
        self.totals.add(at, what, method, length)

    # ---- as a recording ----------------------------------------------------------------------------

    def events_upto(self, at: float) -> int:
        """How many events there are up to a time."""
        return bisect_right(self._times, at)

    def packets_before(self, event: int) -> int:
        """How many of the first `event` events are packets."""
        return bisect_left(self._packets, event)

    def event_of_packet(self, packet: int) -> int:
        """The index of the event of a packet, by the index of the packet; both from 0."""
        return self._packets[packet]

    def events(self, first: int, stop: int) -> Iterator[Event]:
        """The events of a range of indexes, as an engine reports them. Those whose messages are gone are left out."""
        for index in range(first, stop):
            event = self._event(index)
            if event is not None:
                yield event

    def _event(self, index: int) -> Event | None:
        at, what, number = self._times[index], What(self._what[index]), self._numbers[index]
        if what in (What.LOOKUP_STARTED, What.LOOKUP_ENDED):
            return self._lookup_event(at, what, number)
        message = self._kept.get(number)
        if message is None:
            return None
        kind, method, tid, _, parsed, _, problem, *_ = read(message.data, message.source)
        if what not in PACKETS:
            rtt = None if what is What.ENDED_SILENT else max(0.0, at - message.at)
            owner = f"{_name(method)}#{self._owners[index]}" if self._owners[index] else _name(method)
            return QueryFinished(at, message.dest, tid, method, owner, _RESULTS[what], rtt, None, SILENT_AFTER)
        if message.source != self.me:
            return PacketReceived(at, message.source, message.data, parsed, problem)
        # That of an answer is its query's, which may not be among the packets any more.
        return PacketSent(at, message.dest, message.data, kind, method or self.totals.method(index), tid)

    def _lookup_event(self, at: float, what: What, number: int) -> Event | None:
        walk = self._lookups.get(number)
        if walk is None:
            return None
        if what is What.LOOKUP_STARTED:
            return LookupStarted(at, number, _name(walk.method), walk.target, INFERRED)
        best = self._detail(walk, at, over=True).view.best
        return LookupFinished(
            at, number, _name(walk.method), walk.target, walk.queries, walk.answers, best, StopReason.QUIET
        )

    # ---- states at a time --------------------------------------------------------------------------

    def id_at(self, at: float) -> bytes:
        """The id that the node had named last; 20 zeros before it named one."""
        place = bisect_left(self._ids, self.events_upto(at))
        if not place:
            return bytes(20)
        reading = self._kept.read(self._numbers[self._ids[place - 1]])
        return (None if reading is None else reading.id) or self._id

    def counts(self, at: float) -> Counter[int]:
        """See `Totals.counts`."""
        return self.totals.counts(self.events_upto(at))

    def lookups(self, at: float) -> tuple[LookupView, ...]:
        """Running ones first, then the last finished ones, newest first."""
        walks = [walk for walk in self._lookups.values() if walk.started <= at][-LOOKUPS_SHOWN:]
        views = [self._view(walk, at) for walk in reversed(walks)]
        return tuple(sorted(views, key=lambda view: not view.running))

    def _view(self, walk: Walk, at: float) -> LookupView:
        found = self._detail(walk, at, over=_is_over(walk, at)).view
        return found._replace(elapsed=max(0.0, at - walk.started)) if found.running else found

    def lookup(self, number: int, at: float) -> LookupDetail | None:
        """A lookup with all its queries, as far as the capture shows it by then."""
        walk = self._lookups.get(number)
        if walk is None or walk.started > at:
            return None
        over = _is_over(walk, at)
        found = self._detail(walk, at, over=over)
        return found if over else found._replace(view=self._view(walk, at))

    def _detail(self, walk: Walk, at: float, *, over: bool) -> LookupDetail:
        asked = sum(step.sent <= at for step in walk.steps)
        heard = sum(step.ended is not None and step.ended <= at for step in walk.steps)
        silent = sum(step.sent + SILENT_AFTER <= at for step in walk.steps)
        key = walk.number, asked, heard, silent, over
        found = self._details.get(key)
        if found is None:
            found = self._details[key] = detail(walk, self._kept.read, at, over=over)
            if len(self._details) > DETAILS_KEPT:
                self._details.popitem(last=False)
        self._details.move_to_end(key)
        return found

    def announces(self, at: float, since: float) -> Iterator[tuple[float, Message]]:
        """The queries to announce a peer, with their times, newest first; at most `MOST_ANNOUNCES`."""
        end = bisect_left(self._announces, self.events_upto(at))
        for place in range(end - 1, max(-1, end - 1 - MOST_ANNOUNCES), -1):
            event = self._announces[place]
            message = self._kept.get(self._numbers[event])
            if message is None or self._times[event] < since:
                return
            yield self._times[event], message

    def errors(self, at: float) -> tuple[ErrorView, ...]:
        """What went wrong last, newest first."""
        end = bisect_left(self._troubles, self.events_upto(at))
        found = (self._error(self._troubles[place]) for place in range(end - 1, max(-1, end - 1 - ERRORS_SHOWN), -1))
        return tuple(error for error in found if error is not None)

    def noted(self, at: float) -> int:
        """How often something went wrong."""
        return bisect_left(self._troubles, self.events_upto(at))

    def _error(self, event: int) -> ErrorView | None:
        message = self._kept.get(self._numbers[event])
        if message is None:
            return None
        at, what, reading = self._times[event], What(self._what[event]), read(message.data, message.source)
        if what is What.CAME_UNREADABLE:
            return ErrorView(at, DropCause.MALFORMED.value, message.source, reading.problem)
        if what is What.ENDED_ERROR:
            text = str(Detail(DetailKind.QUERY_REFUSED, name=_name(reading.method)))
            return ErrorView(at, QueryResult.ERROR, message.dest, text)
        text = str(Detail(DetailKind.NOT_ANSWERED, name=_name(reading.method)))
        return ErrorView(at, QueryResult.TIMED_OUT, message.dest, text)

    def in_flight(self, at: float) -> tuple[QueryView, ...]:
        """The queries that wait for an answer."""
        # Those that ended by then have an event of that; the others were sent within the last seconds.
        first, upto = bisect_left(self._times, at - SILENT_AFTER), self.events_upto(at)
        open_queries: dict[int, int] = {}
        for index in range(max(first, upto - MOST_LOOKED_AT), upto):
            what = self._what[index]
            if what == What.SENT_QUERY:
                open_queries[self._numbers[index]] = index
            elif what in _RESULTS:
                open_queries.pop(self._numbers[index], None)
        found = (self._in_flight(index, at) for index in list(open_queries.values())[-200:])
        return tuple(each for each in found if each is not None)

    def _in_flight(self, index: int, at: float) -> QueryView | None:
        message = self._kept.get(self._numbers[index])
        if message is None:
            return None
        reading = read(message.data, message.source)
        number = self._owners[index]
        owner = f"{_name(reading.method)}#{number}" if number else _name(reading.method)
        age = max(0.0, at - self._times[index])
        return QueryView(
            reading.tid,
            message.dest,
            None,
            _name(reading.method),
            reading.target,
            owner,
            age,
            SILENT_AFTER,
            SILENT_AFTER,
        )


def _is_over(walk: Walk, at: float) -> bool:
    """Whether a lookup was over by then, as far as is known now."""
    return (walk.over and at >= walk.last) or at - walk.last > QUIET


def _owner(query: Captured) -> int:
    return 0 if query.step is None else query.step.walk.number


def _name(method: str) -> str:
    """A method as the name of a lookup: remote hosts choose other names than we know."""
    return method if method in NAMES else "".join(char if char.isalnum() else "?" for char in method[:20])
