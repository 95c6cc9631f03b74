"""BEP 5, "Routing Table" and "Overview": who is kept, and what the node asks."""

from __future__ import annotations

from ...engine.wire.compact import pack_node
from ...engine.wire.ids import shared_prefix
from ..case import H, M, S, case
from ..messages import Asked, polite, reply
from ..network import Ours
from ..outcomes import Need, Skip, Why
from ..probe import Probe, Source
from .common import fitting_id, gets_in, meet, named, near, node_id

TABLE, OVERVIEW = "Routing Table", "Overview"
OWN, NETWORK, TWO = Need.OWN, Need.NETWORK, Need.SECOND_ADDRESS
QUARTER = 900.0
"""Seconds after which a node is questionable, and a bucket due for a refresh."""
ENOUGH = 14
"""Nodes near its own id: more than fit one bucket."""
LOOKUPS = ("find_node", "get_peers", "get")


@case("5.59", TABLE, M, "Only nodes that have answered it are named to others.")
async def only_who_answered(probe: Probe) -> None:
    id = near(await node_id(probe), 40, probe.rng.randbytes(20))
    await probe.ask("find_node", {b"target": id}, own=id)
    for pause in (0.0, 4.0):
        await probe.pause(pause)
        found = [each for each in await named(probe, id, probe.source(0, 1)) if each.id == id]
        probe.check(not found, "that one who never answered is not named", "it names one who only asked")


@case("5.60", TABLE, S, "A node that answers gets into the table while there is room.", needs=(TWO,), waits=5.0)
async def who_answers_gets_in(probe: Probe) -> None:
    source = probe.newcomer()
    found = await gets_in(probe, await fitting_id(probe, source), source)
    if not found and not any(each.ours == source.addr for each in probe.asked):
        raise Skip(Why.NOTHING_SEEN, "it asked the newcomer nothing")
    probe.check(found, "that a node which answers is named", "it is not")


async def _in_table(probe: Probe) -> tuple[bytes, Source]:
    """A node of ours in the table. Raises `Skip`."""
    source = probe.newcomer()
    id = await fitting_id(probe, source)
    if not await gets_in(probe, id, source):
        raise Skip(Why.NOTHING_SEEN, "a node that answers does not get into its table")
    return id, source


async def _asks(probe: Probe, source: Source, seconds: float) -> bool:
    """Whether the node asks one of ours something, a minute from now or later."""
    since = probe.now + 60.0
    return await probe.until(lambda: any(each.at > since and each.ours == source.addr for each in probe.asked), seconds)


@case("5.61", TABLE, M, "A node that stays silent is no longer named.", needs=(TWO, OWN), waits=2 * QUARTER)
async def silent_goes(probe: Probe) -> None:
    id, source = await _in_table(probe)
    probe.answer(source, None)
    await probe.pause(2 * QUARTER)
    found = any(each.id == id for each in await named(probe, id))
    probe.check(not found, "that a node silent for 30 minutes is not named", "it still is")


@case("5.62", TABLE, S, "A node not heard of for 15 minutes is asked again.", needs=(TWO, OWN), waits=2 * QUARTER)
async def questionable(probe: Probe) -> None:
    _, source = await _in_table(probe)
    probe.check(await _asks(probe, source, 2 * QUARTER), "a query within 30 minutes", "there was none")


@case("5.63", TABLE, S, "A bucket full of good nodes keeps them.", needs=(TWO, OWN), waits=30.0)
async def full_bucket(probe: Probe) -> None:
    far = near(await node_id(probe), 0, probe.rng.randbytes(20))
    network = probe.session.network
    answering = {node.id for node in network.nodes} if network is not None else set()
    for id in [near(far, 24, probe.rng.randbytes(20)) for _ in range(8)]:
        answering.add(id)
        await meet(probe, id, probe.newcomer())
    await probe.pause(4.0)
    first = {each.id for each in await named(probe, far) if shared_prefix(each.id, far)} & answering
    if not first:
        raise Skip(Why.NOTHING_SEEN, "it names no node of the far half that answers it")
    for id in [near(far, 24, probe.rng.randbytes(20)) for _ in range(6)]:
        await meet(probe, id, probe.newcomer())
    await probe.pause(4.0)
    kept = [id for id in sorted(first) if any(each.id == id for each in await named(probe, id))]
    probe.check(len(kept) == len(first), f"the {len(first)} nodes of before", f"{len(kept)} are left")


@case("5.65", TABLE, S, "The bucket of its own id splits: nodes near it have room.", needs=(TWO, OWN), waits=30.0)
async def own_bucket_splits(probe: Probe) -> None:
    own = await node_id(probe)
    ids = {near(own, shared, probe.rng.randbytes(20)): probe.newcomer() for shared in range(4, 24)}
    for id, source in ids.items():
        await meet(probe, id, source)
    await probe.pause(6.0)
    asked = {each.ours for each in probe.asked}
    answered = [id for id, source in ids.items() if source.addr in asked]
    if len(answered) < ENOUGH:
        raise Skip(Why.NOTHING_SEEN, f"it asked {len(answered)} of {len(ids)} newcomers anything")
    found = [id for id in answered if any(each.id == id for each in await named(probe, id))]
    expected = f"most of {len(answered)} nodes near its own id, which answered it"
    probe.check(len(found) > 0.6 * len(answered), expected, f"it names {len(found)}")


@case("5.66", TABLE, S, "A bucket unchanged for 15 minutes is refreshed.", needs=(NETWORK,), waits=QUARTER + 300.0)
async def refreshed(probe: Probe) -> None:
    network, since = probe.network, probe.now

    def again() -> bool:
        return any(each.at > since + 60.0 and each.method in LOOKUPS for each in reversed(network.asked))

    probe.check(await probe.until(again, QUARTER + 300.0), "a lookup within 20 minutes", "there was none")


@case("5.67", TABLE, S, "When it starts it looks up its own id, with find_node.", needs=(NETWORK,))
async def looks_up_itself(probe: Probe) -> None:
    own = await node_id(probe)
    asked = [each for each in probe.network.asked if each.method in LOOKUPS]
    exact = any(each.method == "find_node" and each.args.get(b"target") == own for each in asked)
    close = [_target(each) for each in asked if shared_prefix(_target(each), own) > 30]
    actual = "one for an id close to its own, or by another method" if close else "none"
    probe.check(exact, "a find_node for its own id", actual)


def _target(asked: Asked) -> bytes:
    found = asked.args.get(b"target", asked.args.get(b"info_hash"))
    return found if type(found) is bytes and len(found) == 20 else bytes(20)


@case("5.70", OVERVIEW, M, "A lookup goes to ever closer nodes, until all of the closest were asked.", needs=(NETWORK,))
async def goes_closer(probe: Probe) -> None:
    own, network = await node_id(probe), probe.network
    asked = [each for each in network.asked if shared_prefix(_target(each), own) > 30]
    if not asked:
        raise Skip(Why.NOTHING_SEEN, "it did not look its own id up")
    closest = network.closest(own)

    def complete() -> bool:
        found = {each.ours for each in network.asked if each.method in LOOKUPS}
        return all(node.addr in found for node in closest)

    done = await probe.until(complete, 20.0)
    missing = sum(node.addr not in {each.ours for each in network.asked} for node in closest)
    probe.check(done, "that the 8 closest were asked", f"{missing} of them were not")


@case("5.71", OVERVIEW, M, "It announces with the token of each node that it announces to.", needs=(NETWORK,))
async def own_tokens(probe: Probe) -> None:
    network = probe.network
    announces = [each for each in network.asked if each.method == "announce_peer"]
    if not announces:
        raise Skip(Why.NOTHING_SEEN, "it announced nothing")
    for each in announces:
        node = network.at[each.ours]
        right = each.args.get(b"token") == network.token(node, each.theirs[0])
        probe.check(right, "the token of the node that it announces to", "another one")


@case(
    "5.72", OVERVIEW, M, "A reply from another address than was asked is not used.", needs=(NETWORK, TWO), waits=1200.0
)
async def forged(probe: Probe) -> None:
    network, forger, trap = probe.network, probe.newcomer(), probe.newcomer()
    bait = Ours(near(await node_id(probe), 60, probe.rng.randbytes(20)), trap.addr)
    probe.answer(trap, polite(bait.id))
    lured: list[float] = []

    def lie(asked: Asked) -> bytes | None:
        honest = network.honest(asked) or {}
        if b"nodes" in honest:
            lured.append(probe.now)
            false = dict(honest) | {b"nodes": pack_node(bait.info)}
            probe.session.wire.send(reply(asked, false), forger.addr, asked.theirs)
        return reply(asked, honest)

    probe.lie(lie)
    if not await probe.until(lambda: bool(lured), 1200.0):
        raise Skip(Why.NOTHING_SEEN, "it looked nothing up meanwhile")
    await probe.pause(8.0)
    baited = [each for each in probe.asked if each.ours == trap.addr]
    probe.check(not baited, "that a node named in a forged reply is not asked", "it is asked")


@case("5.69", "robustness", H, "A node that answers under another id loses its place.", needs=(TWO, OWN), waits=1800.0)
async def changed_id(probe: Probe) -> None:
    id, source = await _in_table(probe)
    probe.answer(source, polite(near(id, 80, probe.rng.randbytes(20))))
    if not await _asks(probe, source, 2 * QUARTER):
        raise Skip(Why.NOTHING_SEEN, "it did not ask again")
    await probe.pause(5.0)
    found = any(each.id == id and each.addr == source.addr for each in await named(probe, id))
    probe.check(not found, "that the old id is no longer named", "it still is")
