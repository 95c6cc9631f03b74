"""What makes a testnet like the internet: delays, losses, nodes that come and go, nodes that lie, traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .. import checks

LATENCIES = ("none", "internet")
MAX_LOSS = 0.5
HONEST = 3
"""The first nodes, from which others start: they neither lie nor go."""
SESSION, AWAY = 300.0, 0.2
"""Churn: seconds after which it is drawn anew whether a node is there, and the share of nodes that are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The life of a testnet. By default it has none."""

    latency: Literal["none", "internet"] = "none"
    """One of `LATENCIES`: the delays of the simulator's internet (median round trip 90 ms), or none."""
    loss: float = 0.0
    """Share of packets that are lost, each way, 0 to 0.5."""
    churn: bool = False
    """Whether nodes come and go."""
    liars: int = 0
    """How many nodes lie."""
    traffic: bool = False
    """Whether the nodes look up, announce and put things of their own accord."""

    def check(self, size: int) -> None:
        """Raise `ValueError` for what a testnet of `size` nodes can't have."""
        checks.one_of("latency", self.latency, LATENCIES)
        checks.number("loss", self.loss, 0.0, MAX_LOSS)
        checks.truth("churn", self.churn)
        checks.whole("liars", self.liars, 0, most_liars(size))
        checks.truth("traffic", self.traffic)


def most_liars(size: int) -> int:
    """How many nodes of a testnet can lie."""
    return max(0, size - HONEST)
