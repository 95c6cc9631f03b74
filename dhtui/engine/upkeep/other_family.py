"""The core of the other address family beside a core: when its nodes are asked for, and handed on (BEP 32)."""

from __future__ import annotations

from typing import Protocol

from ..queries import InFlight
from ..views.events import LinkState
from ..wire.compact import Addr, NodeInfo
from ..wire.family import FAMILIES, Family
from ..wire.krpc import Response
from ..wire.methods import Want


class Beside(Protocol):
    """The part of the other core that this needs."""

    family: Family

    @property
    def link(self) -> LinkState:
        """Whether it has a route."""

    def dry(self, now: float) -> bool:
        """Whether its table has no node that may be alive."""

    def offered(self, nodes: tuple[NodeInfo, ...], by: Addr, now: float) -> None:
        """A node at `by` has named nodes of its family."""


class OtherFamily:
    """The other family, as a core of `family` sees it."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self.core: Beside | None = None
        """The core; `None` in a node of one family."""
        self._dry = True
        """Whether its table has no live node, when that was last looked at."""

    def look(self, now: float) -> None:
        """See whether its table has run dry. To be called regularly."""
        if self.core is not None:
            self._dry = self.core.dry(now)

    def want(self, bootstrapping: bool) -> Want:
        """The families to ask nodes of: both while one of the tables needs them, else mostly unsaid.

        `bootstrapping`: whether our own bootstrap is under way.
        """
        other = self.core
        if other is not None and (bootstrapping or self._dry) and other.link is LinkState.UP:
            return FAMILIES
        return (self._family,) if self._family.says_want else ()

    def hand_on(self, query: InFlight, answer: Response, by: Addr, now: float) -> None:
        """Hand on the nodes of the other family that an answer names, if its query asked for them."""
        if answer.others and self.core is not None and self.core.family in getattr(query.args, "want", ()):
            self.core.offered(answer.others, by, now)
