"""Is somebody sitting on a target? One exact test of density, and other signs, each by itself.

Most signs have no distribution that holds for the real network: providers own whole networks, one program is run by
most. So they are compared with *controls*, lookups of random targets by the same node at the same time. An alarm is
raised where the target shows more than all m controls, which by chance happens once in m + 1 times at most.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import comb
from typing import Final, NamedTuple

from ..lookup.density import FALSE_ALARMS, LAST, density
from ..lookup.network_size import upper_bound
from ..outcome import NodeOutcome, Outcome
from ..table import bep42_verdict
from ..views.snapshot import SizeView
from ..wire.compact import Addr
from ..wire.family import net_of
from ..wire.ids import ID_BITS, distance
from .findings import Check, Finding, Measure, Unit, Verdict

LOOKED_AT = LAST
"""How many of the nearest that answered are looked at."""
NEAREST = 8
"""How many an item or a peer would be stored on."""
TWIN_SECONDS = 0.001
"""Nodes of one program with round trips that differ by less may be one machine."""
FEW_NAMERS = 2
"""Nodes that so few others named were named by few."""
ENOUGH_CONTROLS = 4
"""Fewest lookups of random targets to compare with."""
ENOUGH_JUDGED = 16
"""Fewest nodes of the controls by which the share of misfits is known."""


class Surroundings(NamedTuple):
    """The nodes around one target, as one lookup found them."""

    outcome: Outcome
    again: tuple[NodeOutcome, ...] = ()
    """What the nearest answered when they were asked once more, for something else."""

    @property
    def near(self) -> list[NodeOutcome]:
        """The nearest that answered, nearest first."""
        target = self.outcome.target or b""
        found = {
            (one.addr, one.id): one for one in self.outcome.asked if one.responded and one.id is not None and target
        }
        return sorted(found.values(), key=lambda one: distance(one.id or b"", target))[:LOOKED_AT]

    def shares(self) -> list[float]:
        """Their distances as shares of the id space. One id at two addresses is one node."""
        target = self.outcome.target or b""
        return sorted({distance(one.id or b"", target) / 2**ID_BITS for one in self.near})


def sybil_signs(
    target: Surroundings,
    controls: Sequence[Surroundings],
    size: SizeView,
    given: Mapping[Addr, bool] | None = None,
) -> tuple[Finding, ...]:
    """All signs, each a finding. `size`: estimated without this lookup. `given`: for each node that acknowledged a
    write, whether it gave it when it was read back; `None`: nothing was written."""
    return (
        _density(target, size),
        _bep42(target, controls),
        *(_compared(sign, target, controls) for sign in _SIGNS),
        _forgetting(given),
    )


def _density(target: Surroundings, size: SizeView) -> Finding:
    most, shares = upper_bound(size), target.shares()
    found = density(shares, most) if most else None
    measured: tuple[Measure, ...] = (
        Measure("network_size", size.nodes, Unit.NODES),
        Measure("network_size_at_most", most or None, Unit.NODES),
        Measure("answered", float(len(shares)), Unit.NODES),
    )
    if found is None:
        return Finding(Check.DENSITY, Verdict.DENSITY_UNKNOWN, measured)
    measured = (
        *measured,
        Measure("tested", float(found.tested), Unit.NODES),
        Measure("nearest", float(found.nodes), Unit.NODES),
        Measure("expected", found.expected, Unit.NODES),
    )
    verdict = Verdict.CROWDED if found.crowded else Verdict.SPARSE
    return Finding(Check.DENSITY, verdict, measured, p_value=found.p_value, false_alarm_rate=FALSE_ALARMS)


# ---- ids and addresses (BEP 42) -------------------------------------------------------------------------


def _judged(near: Iterable[NodeOutcome]) -> tuple[int, int]:
    """How many ids don't fit their addresses, and of how many that could be told."""
    verdicts = [bep42_verdict(one.id or b"", one.addr[0]) for one in near]
    return verdicts.count("invalid"), verdicts.count("invalid") + verdicts.count("valid")


def _bep42(target: Surroundings, controls: Sequence[Surroundings]) -> Finding:
    """The misfits among the nearest against those around random targets (binomial)."""
    misfits, judged = _judged(target.near)
    usual, of = (
        (sum(each) for each in zip(*(_judged(one.near) for one in controls), strict=True)) if controls else (0, 0)
    )
    measured = (
        Measure("misfits", float(misfits), Unit.NODES),
        Measure("judged", float(judged), Unit.NODES),
        Measure("usual", usual / of if of else None, Unit.SHARE),
        Measure("controls", float(of), Unit.NODES),
    )
    if not judged or of < ENOUGH_JUDGED:
        return Finding(Check.BEP42, Verdict.BEP42_UNKNOWN, measured)
    # Under the hypothesis that both are alike, the misfits are spread over both as if drawn (Fisher's exact test).
    chance = at_random(misfits, judged, usual + misfits, of + judged)
    verdict = Verdict.BEP42_UNUSUAL if chance < FALSE_ALARMS else Verdict.BEP42_USUAL
    return Finding(Check.BEP42, verdict, measured, p_value=chance, false_alarm_rate=FALSE_ALARMS)


def at_random(found: int, drawn: int, marked: int, total: int) -> float:
    """The chance to find so many marked ones or more among `drawn` of `total`, of which `marked` are marked."""
    ways = sum(comb(marked, n) * comb(total - marked, drawn - n) for n in range(found, min(drawn, marked) + 1))
    return ways / comb(total, drawn)


# ---- signs that are compared with controls --------------------------------------------------------------


def sharing_nets(one: Surroundings) -> int:
    """The most of the nearest nodes in one network (a /24): of those that answered, and of those that these name
    as near. The lookup itself asks one of a network at a time."""
    target, near = one.outcome.target or b"", one.near
    reach = distance(near[-1].id or b"", target) if near else 0
    addrs = {each.addr[0] for each in near}
    for each in near:
        addrs.update(node.addr[0] for node in each.nodes if distance(node.id, target) <= reach)
    nets = Counter(net_of(ip) for ip in addrs)
    return max(nets.values(), default=0)


def twins(one: Surroundings) -> int:
    """The most of the nearest nodes that tell the same ``v`` and answer within 1 ms of each other."""
    trips: dict[bytes, list[float]] = defaultdict(list)
    for each in one.near:
        if each.version and each.rtt is not None:
            trips[each.version].append(each.rtt)
    most = 0
    for rtts in trips.values():
        rtts.sort()
        first = 0
        for last, rtt in enumerate(rtts):
            while rtt - rtts[first] > TWIN_SECONDS:
                first += 1
            most = max(most, last - first + 1)
    return most


def named_by_few(one: Surroundings) -> int:
    """How many of the 8 nearest nodes were named by 2 others or fewer."""
    namers: Counter[Addr] = Counter()
    for each in one.outcome.asked:
        namers.update({node.addr for node in each.nodes} - {each.addr})
    return sum(namers[each.addr] <= FEW_NAMERS for each in one.near[:NEAREST])


def shifting_ids(one: Surroundings) -> int:
    """How many of the nearest nodes showed another id when they were asked for something else."""
    ids = {each.addr: each.id for each in one.near}
    return sum(
        each.responded and each.id is not None and ids.get(each.addr) not in (None, each.id) for each in one.again
    )


class _Sign(NamedTuple):
    check: Check
    count: Callable[[Surroundings], int]
    least: int
    """Fewest that are worth an alarm."""
    usual: Verdict
    unusual: Verdict
    unknown: Verdict


_SIGNS: Final = (
    _Sign(Check.SUBNETS, sharing_nets, 2, Verdict.SUBNETS_USUAL, Verdict.SUBNETS_SHARED, Verdict.SUBNETS_UNKNOWN),
    _Sign(Check.TWINS, twins, 3, Verdict.TWINS_USUAL, Verdict.TWINS_MANY, Verdict.TWINS_UNKNOWN),
    _Sign(Check.NAMERS, named_by_few, 3, Verdict.NAMERS_USUAL, Verdict.NAMERS_FEW, Verdict.NAMERS_UNKNOWN),
    _Sign(Check.SHIFTING_IDS, shifting_ids, 2, Verdict.IDS_STEADY, Verdict.IDS_SHIFT, Verdict.IDS_UNKNOWN),
)


def _compared(sign: _Sign, target: Surroundings, controls: Sequence[Surroundings]) -> Finding:
    """A count at the target, against the same count at each control."""
    counts = [sign.count(one) for one in controls if one.near]
    if not target.near or len(counts) < ENOUGH_CONTROLS:
        return Finding(sign.check, sign.unknown, (Measure("controls", float(len(counts))),))
    found, most = sign.count(target), max(counts)
    measured = (
        Measure("found", float(found), Unit.NODES),
        Measure("most_in_controls", float(most), Unit.NODES),
        Measure("controls", float(len(counts))),
    )
    verdict = sign.unusual if found > most and found >= sign.least else sign.usual
    rank = (1 + sum(count >= found for count in counts)) / (1 + len(counts))
    return Finding(sign.check, verdict, measured, p_value=rank, false_alarm_rate=1 / (1 + len(counts)))


def _forgetting(given: Mapping[Addr, bool] | None) -> Finding:
    """Nodes that acknowledged a write and do not give it."""
    if not given:
        return Finding(Check.FORGETTING, Verdict.NOTHING_WRITTEN)
    lost = sum(not gives for gives in given.values())
    measured = Measure("acknowledged", float(len(given)), Unit.NODES), Measure("not_given", float(lost), Unit.NODES)
    return Finding(Check.FORGETTING, Verdict.FORGOTTEN if 2 * lost > len(given) else Verdict.KEPT, measured)
