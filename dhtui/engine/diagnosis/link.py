"""Is each address family that was asked for there, and has it a route? What another family measures tells nothing of
it."""

from __future__ import annotations

from collections.abc import Iterator

from ..views.events import LinkState
from ..views.snapshot import Snapshot
from ..wire.address import address_text
from .findings import Check, Finding, Measure, Verdict


def links(snapshot: Snapshot) -> Iterator[Finding]:
    """A finding for each family of a node, and for each that was asked for and that this machine does not have."""
    several = snapshot.other is not None or bool(snapshot.missing)
    others = any(each.link is LinkState.UP for each in snapshot.families)
    for each in snapshot.families:
        state = LinkState.UP if each.link is LinkState.UP else LinkState.LOST
        measured = Measure("state", str(state)), Measure("bound", address_text(each.identity.bound))
        lost = Verdict.ROUTE_LOST if others else Verdict.NO_ROUTE
        verdict = Verdict.FAMILY_THERE if state is LinkState.UP else lost
        yield Finding(Check.FAMILY, verdict, measured, family=each.family if several else None)
    for family in snapshot.missing:
        measured = Measure("state", str(LinkState.MISSING)), Measure("bound", None)
        yield Finding(Check.FAMILY, Verdict.FAMILY_MISSING, measured, family=family)
