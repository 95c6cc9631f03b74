"""What is told of both address families, made of what is told of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..items import Item, MutableItem
from ..lookup.decisions import StopReason
from ..lookup.results import scrape_of, with_age
from ..outcome import NodeOutcome, Outcome
from ..views.snapshot import AnnounceView, BootstrapView, Holdings, SwarmView
from ..wire.compact import Addr
from ..wire.ids import ID_BITS, distance


def outcomes(parts: Sequence[Outcome], order: Sequence[Addr] = ()) -> Outcome:
    """The one outcome of a wish that ran in both families: `Outcome.parts` has those in each.

    `order`: the nodes that the caller named, for an operation without a target.
    """
    best = max(parts, key=lambda part: (part.ok, part.answered))
    highest = max((part.highest_seen for part in parts if part.highest_seen is not None), default=None)
    sort = _by_distance(best.target) if best.target else _by_place(order)

    def both(lists: Sequence[tuple[NodeOutcome, ...]]) -> tuple[NodeOutcome, ...]:
        return tuple(sorted((with_age(node, highest) for nodes in lists for node in nodes), key=sort))

    closest = both([part.closest for part in parts])
    found = any(part.stopped is StopReason.VALUE_FOUND for part in parts)
    return replace(
        best,
        asked=both([part.asked for part in parts]),
        writes=both([part.writes for part in parts]),
        closest=closest,
        item=_newest([part.item for part in parts]),
        peers=_peers(parts),
        scrape=scrape_of(closest) if any(part.scrape for part in parts) else None,
        elapsed=max(part.elapsed for part in parts),
        stopped=StopReason.VALUE_FOUND if found else best.stopped,
        # A part without any answer may have been left, as nobody answers in its family.
        complete=found or (best.complete and all(part.complete or not part.answered for part in parts)),
        doubt=best.doubt if all(part.doubt for part in parts) else None,
        highest_seen=highest,
        parts=tuple(parts),
    )


def _by_distance(target: bytes) -> Callable[[NodeOutcome], int]:
    return lambda node: 1 << ID_BITS if node.id is None else distance(node.id, target)


def _by_place(order: Sequence[Addr]) -> Callable[[NodeOutcome], int]:
    places = {addr: place for place, addr in enumerate(order)}
    return lambda node: places.get(node.addr, len(places))


def _newest(items: Sequence[Item | None]) -> Item | None:
    found = [item for item in items if item is not None]
    return max(found, key=lambda item: item.seq if isinstance(item, MutableItem) else 0, default=None)


def _peers(parts: Sequence[Outcome]) -> tuple[tuple[Addr, int], ...]:
    named: Counter[Addr] = Counter()
    for part in parts:
        named.update(dict(part.peers))
    return tuple(named.most_common())


def bootstraps(views: Sequence[BootstrapView]) -> BootstrapView:
    """How both families have joined the network, as one: it has succeeded if one of them has."""
    best = next((view for state in ("done", "running", "failed") for view in views if view.state == state), views[0])
    return best._replace(
        elapsed=max(view.elapsed for view in views),
        sources=tuple(source for view in views for source in view.sources),
    )


def holdings(views: Sequence[Holdings]) -> Holdings:
    """What is stored for both families. The items are the same in each; swarms have peers of both."""
    swarms: dict[bytes, SwarmView] = {}
    announces: dict[tuple[bytes, int], AnnounceView] = {}
    for view in views:
        for swarm in view.swarms:
            before = swarms.get(swarm.infohash)
            swarms[swarm.infohash] = swarm if before is None else _swarm(before, swarm)
    for view in views:
        mine: dict[tuple[bytes, int], AnnounceView] = {}
        for announce in reversed(view.announces):  # the latest one of each
            mine[announce.info_hash, announce.port] = announce
        for key, announce in mine.items():
            other = announces.get(key)
            announces[key] = announce if other is None else _announce(other, announce)
    newest_first = sorted(announces.values(), key=lambda announce: announce.age)
    return Holdings(tuple(swarms.values()), views[0].items, tuple(newest_first))


def _swarm(one: SwarmView, other: SwarmView) -> SwarmView:
    return one._replace(
        peers=one.peers + other.peers,
        total=one.total + other.total,
        newest_expires=max(one.newest_expires, other.newest_expires),
        oldest_expires=min(one.oldest_expires, other.oldest_expires),
    )


def _announce(one: AnnounceView, other: AnnounceView) -> AnnounceView:
    return one._replace(
        age=min(one.age, other.age),
        stored=one.stored + other.stored,
        asked=one.asked + other.asked,
        expires=max(one.expires, other.expires),
    )
