"""What happened to a node, in words: its events, one sentence each, and the causes that they are sorted by."""

from __future__ import annotations

from enum import StrEnum

from ..engine.views.events import (
    AddressChanged,
    Banned,
    BootstrapProgress,
    DatagramsLost,
    DropCause,
    IdChanged,
    LinkChanged,
    LinkState,
    LookupFinished,
    LookupStarted,
    Missed,
    NodeAdded,
    NodeRemoved,
    QueryResult,
    ReachabilityChanged,
    StateEvent,
    Stored,
    Woke,
)
from ..engine.views.snapshot import INFERRED
from ..engine.wire.family import IPV4, IPV6, Addr, FamilyName
from .decisions import stop_words
from .format import address, duration, lost_unread, missed, plural, reach, short_id, woke
from .node.details import detail_words
from .safe import safe_text


class Cause(StrEnum):
    """What kind of thing happened. The values are the words of the log."""

    NODE_IN = "node in"
    NODE_OUT = "node out"
    LOOKUP = "lookup"
    STORED = "stored"
    BANNED = "banned"
    BOOTSTRAP = "bootstrap"
    ADDRESS = "our address"
    ID = "our id"
    REACHABLE = "reachable"
    LOST = "lost"
    WOKE = "woke"
    MISSED = "missed"
    LINK = "family"
    """An address family: missing, lost, or there again."""
    TIMED_OUT = QueryResult.TIMED_OUT.value
    ERROR = QueryResult.ERROR.value
    REFUSED = "refused"
    """A query of others that was answered with an error; the label has its code."""
    DROPPED = "dropped"
    """A datagram that was dropped; the label tells why."""


def cause_of_error(name: str) -> Cause:
    """The cause of an `ErrorView`, by the name that it has there."""
    if name in (Cause.TIMED_OUT, Cause.ERROR):
        return Cause(name)
    return Cause.REFUSED if name.startswith(DropCause.REFUSED) else Cause.DROPPED


def cause_of(event: StateEvent) -> Cause:
    """The cause of an event."""
    return _CAUSES[type(event)]


_CAUSES: dict[type[StateEvent], Cause] = {
    NodeAdded: Cause.NODE_IN,
    NodeRemoved: Cause.NODE_OUT,
    LookupStarted: Cause.LOOKUP,
    LookupFinished: Cause.LOOKUP,
    Stored: Cause.STORED,
    Banned: Cause.BANNED,
    BootstrapProgress: Cause.BOOTSTRAP,
    AddressChanged: Cause.ADDRESS,
    IdChanged: Cause.ID,
    ReachabilityChanged: Cause.REACHABLE,
    DatagramsLost: Cause.LOST,
    Woke: Cause.WOKE,
    LinkChanged: Cause.LINK,
    Missed: Cause.MISSED,
}


def event_words(event: StateEvent) -> str:
    """An event in a sentence without a full stop, safe to print. Of IPv6 it begins with that."""
    told = "IPv6: " if getattr(event, "family", IPV4.name) == IPV6.name and type(event) is not LinkChanged else ""
    return f"{told}{_words(event)}"


def _words(event: StateEvent) -> str:
    match event:
        case NodeAdded(id=node_id, bucket=bucket):
            return f"{short_id(node_id)} entered the table, bucket {bucket}"
        case NodeRemoved(id=node_id, why=why):
            return f"{short_id(node_id)} left the table: {_why(why)}"
        case LookupStarted(owner=by):
            owner = "asked by you" if by == "user" else by if by == INFERRED else f"for {safe_text(by, 40)}"
            return f"{lookup_name(event)} began, {owner}"
        case LookupFinished(asked=asked, answered=answered):
            why = stop_words(event.stopped, closest=event.closest, asked=asked)
            return f"{lookup_name(event)} ended: {answered} of {asked} answered; {why}"
        case Stored(what=what, target=target):
            thing = "a peer of" if what == "peer" else f"the {safe_text(what, 20)} item"
            return f"{thing} {short_id(target)} is kept here now"
        case Banned(at=at, until=until, why=why):
            done = f"ignored for {duration(until - at)}" if until > at else "let in again"
            return f"{done}: {_why(why)}"
        case BootstrapProgress(text=text):
            return _why(text)
        case _:
            return _about_us(event)


def _why(detail: str) -> str:
    return safe_text(detail_words(detail))


def lookup_name(event: LookupStarted | LookupFinished) -> str:
    """The name of a lookup with its target."""
    return f"{safe_text(event.kind, 24)}#{event.number} {short_id(event.target)}"


def _about_us(
    event: AddressChanged | IdChanged | ReachabilityChanged | DatagramsLost | Woke | LinkChanged | Missed,
) -> str:
    match event:
        case AddressChanged(old=old, new=new, voters=voters):
            before = f", before {address(old)}" if old else ""
            return f"{plural(voters, 'voter')} see us as {address(new)}{before}"
        case IdChanged(old=old_id, new=new_id, why=why):
            return f"{short_id(new_id)} instead of {short_id(old_id)}, {_why(why)}"
        case ReachabilityChanged(reachable=reachable, why=why):
            words = reach("reachable") if reachable else f"{reach('unknown')} any more"
            return f"{words}: {_why(why)}"
        case DatagramsLost(lost=lost, total=total):
            return lost_unread(lost, total)
        case Woke(away=away):
            return woke(away)
        case Missed(at=at, since=since, packets=packets):
            return missed(at - since, packets)
        case LinkChanged(family=family, state=state, addr=addr):
            return link_words(family, state, addr)


def link_words(family: FamilyName, state: LinkState, addr: Addr | None = None) -> str:
    """Whether a node has the use of an address family, in a sentence without a full stop."""
    if state is LinkState.UP:
        return f"{family} is there" + (f", at {address(addr)}" if addr else "")
    if state is LinkState.LOST:
        return f"{family} has no route any more: nothing is sent there until it is back"
    return f"this machine has no {family} address: it is left out until there is one"
