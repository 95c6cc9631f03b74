"""A model of the internet between simulated nodes: round trips, loss, and random choices that depend on a seed.

Nothing is stored, and random choices have no order: each is a function of the seed and of its subject. So the millionth
node costs no more than the first, and two programs that are compared under one seed meet the same delays and losses.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import exp, inf, log
from statistics import NormalDist

from .lies import LIES, Lie

_MASK = 2**64 - 1
_UNIT = 2.0**-53
_NORMAL = NormalDist()

MEDIAN = 0.090
"""Seconds: half of all round trips are shorter."""
_SIGMAS = (-9.0, 0.0, 1.281552, 2.326348, 3.2)
_LOGS = (-6.3, 0.0, log(250 / 90), log(900 / 90), 3.5)
"""Natural logarithm of round trip / median, by standard deviations: p50 90 ms, p90 250 ms, p99 900 ms."""

JITTER = 0.08
"""Standard deviation of the logarithm of one packet's delay."""
QUEUE_SECONDS = 0.0005
"""Mean delay of a packet in queues, seconds."""
JAM_SHARE, JAM_FACTOR = 0.005, 5.0
"""One packet in 200 takes five times as long, because a queue is full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The conditions of a simulated network. The defaults were measured in the public one."""

    loss: float = 0.02
    """Share of packets lost, each way."""
    dead: float = 0.30
    """Share of the entries of passive nodes' tables that are dead or can't be reached."""
    session: float = inf
    """Seconds after which it is drawn again whether a passive node is alive (churn). Each node has its own phase."""
    bep42: float = 0.8
    """Share of passive nodes whose ids fit their addresses."""
    rate_limit: float = 25.0
    """Messages a second from one address, over 10 s, before a passive node ignores it for 5 minutes. 0: no limit."""
    liars: float = 0.0
    """Share of the live passive nodes that lie, in collusion."""
    lie: Lie = LIES["nearer"]
    """How they lie."""


class Chance:
    """Random choices that depend on the seed and on their subject, not on their order."""

    def __init__(self, seed: int) -> None:
        self._seed = _mix(seed & _MASK)

    def bits(self, *about: int) -> int:
        """64 random bits for some numbers (of at most 64 bits each)."""
        state = self._seed
        for number in about:
            state = _mix(state ^ number)
        return state

    def unit(self, *about: int) -> float:
        """A random number above 0 and below 1."""
        return ((self.bits(*about) >> 11) + 0.5) * _UNIT


def is_there(chance: Chance, key: int, now: float, session: float, dead: float) -> bool:
    """Churn: whether a node is there. It is drawn again every `session` seconds, in its own phase.

    `dead` is the share of the nodes that are not there at a time.
    """
    turn = int(now / session + chance.unit(_PHASE, key)) if session < inf else 0
    return chance.unit(_DEAD, key, turn) >= dead


def _mix(x: int) -> int:
    """The finalizer of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014)."""
    x = (x + 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & _MASK
    return x ^ x >> 31


def _normal(bits: int) -> float:
    return _NORMAL.inv_cdf(((bits >> 11) + 0.5) * _UNIT)


_PATH, _PACKET, _LOST = 1, 2, 3
_DEAD, _PHASE = 11, 13


class Internet:
    """The paths between nodes, which are numbers of 64 bits here."""

    def __init__(self, chance: Chance, loss: float) -> None:
        self._chance, self._loss = chance, loss

    def round_trip(self, a: int, b: int) -> float:
        """The usual round trip between two nodes, seconds."""
        x = min(_normal(self._chance.bits(_PATH, a ^ b)), _SIGMAS[-1])
        i = max(1, bisect_left(_SIGMAS, x))
        share = (x - _SIGMAS[i - 1]) / (_SIGMAS[i] - _SIGMAS[i - 1])
        return MEDIAN * exp(_LOGS[i - 1] + (_LOGS[i] - _LOGS[i - 1]) * share)

    def lost(self, source: int, dest: int, nth: int) -> bool:
        """Whether the `nth` packet from one to the other is lost."""
        return self._loss > 0 and self._chance.unit(_LOST, source, dest, nth) < self._loss

    def delay(self, source: int, dest: int, nth: int) -> float | None:
        """Seconds that the `nth` packet takes from one to the other; `None`: it is lost."""
        if self.lost(source, dest, nth):
            return None
        chance = self._chance
        bits = chance.bits(_PACKET, source, dest, nth)
        half = self.round_trip(source, dest) / 2 * exp(JITTER * _normal(bits))
        half -= QUEUE_SECONDS * log(((_mix(bits) >> 11) + 0.5) * _UNIT)
        return half * JAM_FACTOR if chance.unit(bits) < JAM_SHARE else half
