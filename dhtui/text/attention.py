"""What needs attention: values, and the sentences of them: what is the matter, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from .format import milliseconds, number, plural
from .safe import safe_text


class Need(StrEnum):
    """What is the matter."""

    ROUTE = "no route"
    """An address family has lost its route."""
    MISSING = "family missing"
    """An address family was asked for that this machine does not have."""
    SILENCE = "silence"
    """None of our last queries was answered."""
    FEW = "few nodes"
    """Too few nodes for good lookups."""
    UNSEEN = "not reachable"
    """No stranger has reached us, so others do not count on us."""
    UNFIT = "id does not fit"
    """Our id does not fit our address (BEP 42)."""
    OVERFLOW = "lost unread"
    """Datagrams came faster than this program read them."""
    BUSY = "busy"
    """Datagrams waited for this program."""
    UNSENT = "not sent"
    """The system did not send some datagrams."""
    SLOWED = "lookup slowed"
    """A lookup waited long for nodes that did not answer, or for lost packets."""
    FAILING = "keeps failing"
    """One node left several queries unanswered."""
    THIN = "thin bucket"
    """A bucket has far fewer nodes than there should be."""
    MUTED = "muted"
    """Hosts ask more than the rate limit."""
    IGNORED = "ignored range"
    """libtorrent ignores the range that our address is in."""
    SLOW = "long round trips"
    """Answers take much longer than is usual."""
    BLOCKING = "blocklist drops much"
    """The blocklist drops a large part of what comes in."""
    CLOCK = "no time stamps"
    """The system does not stamp datagrams, so round trips contain the waits of this program."""


Weight = Literal["bad", "warn", "note"]

WEIGHTS: Final[dict[Need, Weight]] = {
    Need.ROUTE: "bad",
    Need.SILENCE: "bad",
    Need.IGNORED: "bad",
    Need.FEW: "warn",
    Need.UNSEEN: "warn",
    Need.UNFIT: "warn",
    Need.OVERFLOW: "bad",
    Need.BUSY: "warn",
    Need.UNSENT: "warn",
    Need.SLOWED: "note",
    Need.FAILING: "note",
    Need.THIN: "note",
    Need.MISSING: "note",
    Need.SLOW: "note",
    Need.BLOCKING: "note",
    Need.MUTED: "note",
    Need.CLOCK: "note",
}
"""How much each weighs."""
ACTIONS: Final[dict[Need, str]] = {
    Need.ROUTE: "show.log",
    Need.SILENCE: "home.try_again",
    Need.FEW: "home.bootstrap",
    Need.UNSENT: "show.log",
    Need.OVERFLOW: "show.log",
    Need.SLOWED: "show.lookup",
    Need.FAILING: "show.log",
    Need.THIN: "show.table",
    Need.MUTED: "show.queries",
}
"""The action, by its name in ``[keys]``, that helps or tells more; of the others there is none here."""


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing that needs attention."""

    need: Need
    count: int = 0
    """How many: queries, nodes, datagrams, hosts. Of `THIN` the nodes in the bucket, of `UNSEEN` the port."""
    of: int = 0
    """Of how many; of `THIN`, how many there should be at least."""
    seconds: float = 0.0
    """Of `BUSY` the wait, of `SLOWED` the time lost, of `SLOW` the median."""
    whole: float = 0.0
    """Of `SLOWED` the time of the lookup, seconds."""
    name: str = ""
    """Of `SLOWED` the kind and target of the lookup, of `FAILING` the address: possibly hostile. Of `IGNORED` the
    range, of `ROUTE` and `MISSING` the family."""
    depth: int = 0
    """Of `THIN` the bucket."""
    fixed: bool = False
    """Of `UNFIT` whether the user has given the id."""

    @property
    def weight(self) -> Weight:
        """How much it weighs."""
        return WEIGHTS[self.need]

    @property
    def action(self) -> str:
        """The action that helps or tells more, by its name in ``[keys]``; empty: none."""
        return ACTIONS.get(self.need, "")


def attention_words(one: Attention) -> tuple[str, str]:
    """What is the matter, and what to do or where it is told; both safe to print."""
    return _MATTER[one.need](one), _FIXED_ID if one.need is Need.UNFIT and one.fixed else _REMEDIES[one.need](one)


_FIXED_ID = "start without --id: then it is made for the address"
_MATTER: Final[dict[Need, Callable[[Attention], str]]] = {
    Need.ROUTE: lambda one: f"{safe_text(one.name, 8)} has no route any more: nothing is sent there",
    Need.MISSING: lambda one: f"no {safe_text(one.name, 8)}: this machine has no such address",
    Need.SILENCE: lambda one: f"the last {plural(one.count, 'query', 'queries')} got no answer",
    Need.FEW: lambda one: f"{plural(one.count, 'node')} answered lately: lookups may find little",
    Need.UNSEEN: lambda one: "no stranger has reached us yet",
    Need.UNFIT: lambda one: "our id does not fit our address: many nodes give it no place",
    Need.OVERFLOW: lambda one: f"{plural(one.count, 'datagram')} lost unread: they came too fast",
    Need.BUSY: lambda one: f"this program was busy: datagrams waited {milliseconds(one.seconds)}",
    Need.UNSENT: lambda one: f"{plural(one.count, 'datagram')} not sent by the system",
    Need.SLOWED: lambda one: (
        f"{safe_text(one.name, 40)}: {milliseconds(one.seconds)} of {milliseconds(one.whole)} lost to silence"
    ),
    Need.FAILING: lambda one: f"{safe_text(one.name, 40)}: {one.count} of the last {one.of} timeouts",
    Need.IGNORED: lambda one: f"our address is in {safe_text(one.name, 8)}, which libtorrent ignores",
    Need.SLOW: lambda one: f"round trips are long: half take more than {milliseconds(one.seconds)}",
    Need.BLOCKING: lambda one: f"the blocklist dropped {number(one.count)} datagrams of {number(one.of)}",
    Need.THIN: lambda one: f"bucket {one.depth} is thin: {one.count} of {one.of}",
    Need.MUTED: lambda one: f"{plural(one.count, 'host')} muted: beyond the rate limit",
    Need.CLOCK: lambda one: "the system stamps no datagrams",
}
_REMEDIES: Final[dict[Need, Callable[[Attention], str]]] = {
    Need.ROUTE: lambda one: "tells when",
    Need.MISSING: lambda one: "it is joined once there is one; --family leaves it out",
    Need.SILENCE: lambda one: "check the network, then try again",
    Need.FEW: lambda one: "name another node to start from",
    Need.UNSEEN: lambda one: f"forward UDP port {one.count} on the router",
    Need.UNFIT: lambda one: "it is changed by itself, once the address is sure",
    Need.OVERFLOW: lambda one: "tells when",
    Need.BUSY: lambda one: "replies and lookups are late",
    Need.UNSENT: lambda one: "tells why",
    Need.SLOWED: lambda one: "shows where",
    Need.FAILING: lambda one: "tells when",
    Need.THIN: lambda one: "shows it",
    Need.IGNORED: lambda one: "only another address helps: of another provider, or a VPN",
    Need.SLOW: lambda one: "see what fills the line: an upload, most likely",
    Need.BLOCKING: lambda one: "see whether its ranges are meant",
    Need.MUTED: lambda one: "shows who asks",
    Need.CLOCK: lambda one: "round trips contain our own waits",
}
