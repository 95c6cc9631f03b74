"""BEP 5: ids, ping, find_node, and which nodes are named."""

from __future__ import annotations

from contextlib import suppress

from ...engine.wire.compact import NodeInfo, is_local, is_usable
from ...engine.wire.ids import distance
from ...text.safe import safe_text
from ..case import H, M, S, case
from ..messages import Kind, polite
from ..outcomes import Need, Skip, Why
from ..probe import Probe
from .common import all_methods, named, node_id, replies

QUERIES, FIND_NODE, OVERVIEW = "DHT Queries", "DHT Queries, find_node", "Overview"
OBSERVED = 10
TARGETS = 16
CLOSEST = 8


@case("5.22", QUERIES, M, "Every query that it sends carries its id of 20 bytes.", needs=(Need.NETWORK,))
async def queries_have_id(probe: Probe) -> None:
    for asked in probe.network.asked:
        id = asked.args.get(b"id")
        probe.check(
            type(id) is bytes and len(id) == 20,
            "an id of 20 bytes in its queries",
            f"a {safe_text(asked.method, 20)} without",
        )


@case("5.23", QUERIES, M, "Every reply carries its id of 20 bytes.")
async def replies_have_id(probe: Probe) -> None:
    for answer in replies(await all_methods(probe, "find_node", "get_peers", "get")):  # 5.29 has the ping
        if not isinstance(answer.message.get(b"r"), dict):
            continue  # 5.09 is about that
        probe.check(answer.id is not None and len(answer.id) == 20, "an id of 20 bytes in the reply", answer.shown)


@case("5.24", QUERIES, M, "A query whose id is no string of 20 bytes is refused.")
async def bad_id(probe: Probe) -> None:
    for what, id in (("an id of 19 bytes", bytes(19)), ("an id of 21 bytes", bytes(21)), ("an integer as id", 7)):
        probe.refused(await probe.ask("ping", {b"id": id}), f"a query with {what}")


@case("5.25", OVERVIEW, M, "Its id is the same in all replies, and for all who ask.")
async def one_id(probe: Probe) -> None:
    sources = [probe.source(0), probe.source(0, 1)]
    with suppress(Skip):
        sources.append(probe.source(1))
    found: set[bytes] = set()
    for source in sources:
        for _ in range(OBSERVED // len(sources) + 1):
            id = (await probe.ask("ping", source=source)).id
            found |= {id} if id is not None else set()
    probe.check(
        len(found) <= 1, "one id", f"{len(found)} ids, such as {' and '.join(sorted(x.hex() for x in found)[:2])}"
    )


@case("5.26", OVERVIEW, M, "Its id depends on neither the id nor the target of who asks.")
async def id_of_its_own(probe: Probe) -> None:
    first: bytes | None = None
    for _ in range(OBSERVED):
        own, target = probe.rng.randbytes(20), probe.rng.randbytes(20)
        id = (await probe.ask("find_node", {b"target": target}, own=own)).id
        first = first or id
        if first is not None and id is not None:
            actual = f"to another asker and target it is {id[:20].hex()}"
            probe.check(id == first, f"the id {first[:20].hex()}", actual)


@case("5.28", "Routing Table", S, "A query under its own id does no harm, and enters no table.")
async def under_its_own_id(probe: Probe) -> None:
    id = await node_id(probe)
    source, other = probe.source(), probe.source(0, 1)
    probe.answer(source, polite(id))
    await probe.ask("ping", own=id, tries=1)
    await probe.pause(2.0)
    found = [each for each in await named(probe, id, other) if each.addr == source.addr]
    probe.check(not found, "that nobody is named under its own id", "it names the one who asked under it")
    await probe.lives("a query under its own id")


@case("5.29", "DHT Queries, ping", M, "A ping is answered with its id.")
async def ping(probe: Probe) -> None:
    answer = probe.reply(await probe.ask("ping"), "a reply to a ping")
    probe.check(answer.id is not None and len(answer.id) == 20, "an id of 20 bytes in the reply", answer.shown)


@case("5.30", FIND_NODE, M, "A find_node is answered with nodes, a string of whole entries: 26 bytes each, of IPv6 38.")
async def find_node(probe: Probe) -> None:
    answer = probe.reply(await probe.ask("find_node", {b"target": probe.rng.randbytes(20)}), "a reply to a find_node")
    family = probe.family
    nodes = answer.r.get(family.nodes_key)
    right = type(nodes) is bytes and len(nodes) % family.node_length == 0
    actual = f"nodes has {len(nodes)} bytes" if type(nodes) is bytes else answer.shown
    probe.check(right, f"{family.nodes_key.decode()}, of a multiple of {family.node_length} bytes", actual)


@case(
    "5.31",
    FIND_NODE,
    M,
    "It names the 8 closest nodes to the target that it knows, or the target itself.",
    needs=(Need.NETWORK,),
)
async def closest_nodes(probe: Probe) -> None:
    assert probe.network
    await names_closest(probe, "find_node", b"target")


async def names_closest(probe: Probe, method: str, key: bytes, count: int = TARGETS) -> None:
    """The closest of the nodes that it names are named for each target. Raises `Skip` where it knows too few."""

    async def nodes_for(target: bytes) -> list[NodeInfo]:
        return (await probe.ask(method, {key: target})).nodes

    targets = [probe.rng.randbytes(20) for _ in range(count)]
    answers = {target: await nodes_for(target) for target in targets}
    ours = {node.id for node in probe.network.nodes}
    known = {each.id for nodes in answers.values() for each in nodes} & ours
    if len(known) <= CLOSEST:
        raise Skip(Why.NOTHING_SEEN, "it names no more than 8 nodes")
    for target in targets:
        if _missed(answers[target], known, target):
            missed = _missed(await nodes_for(target), known, target)
            probe.check(
                not missed,
                f"the closest nodes to {target.hex()}",
                f"it leaves out {missed} that it names elsewhere",
            )


def _missed(nodes: list[NodeInfo], known: set[bytes], target: bytes) -> int:
    """How many known nodes are left out that are closer than one that is given, or for which there was room."""
    given = {each.id for each in nodes}
    if target in given:
        return 0
    farthest = max((distance(id, target) for id in given), default=0)
    return sum(len(given) < CLOSEST or distance(id, target) < farthest for id in known - given)


@case("5.32", FIND_NODE, M, "A find_node without a target, or with one that has not 20 bytes, is refused.")
async def bad_target(probe: Probe) -> None:
    for name, target in (("no", None), ("a 19-byte", bytes(19)), ("a 21-byte", bytes(21))):
        probe.refused(await probe.ask("find_node", {b"target": target}), f"a find_node with {name} target")


@case("5.33", FIND_NODE, M, "Every target of 20 bytes is served, all zeros and all ones too.")
async def every_target(probe: Probe) -> None:
    for target in (bytes(20), b"\xff" * 20):
        for method, key in (("find_node", b"target"), ("get_peers", b"info_hash")):
            what = f"a reply to a {method} for {target[:2].hex()}…"
            probe.reply(await probe.ask(method, {key: target}), what)


async def _all_named(probe: Probe) -> list[list[NodeInfo]]:
    """What it names in several replies. Raises `Skip` if that is nobody."""
    found = []
    for _ in range(3):
        answers = await all_methods(probe, "find_node", "get_peers")
        found += [answer.nodes for answer in answers if answer.kind is Kind.REPLY and answer.nodes]
    if not found:
        raise Skip(Why.NOTHING_SEEN, "it names nobody")
    return found


@case("5.34", "Contact Encoding", M, "Nodes are named by id, address and port in network order; never port 0.")
async def entries(probe: Probe) -> None:
    network = probe.session.network
    ours = {node.id: node.addr for node in network.nodes} if network is not None else {}
    for node in (node for nodes in await _all_named(probe) for node in nodes):
        ip, port = node.addr
        probe.check(port, "no port 0", f"it names {ip}:0")
        right = ours.get(node.id, node.addr)
        probe.check(node.addr == right, f"{right[0]}:{right[1]} for {node.id.hex()}", f"it names {ip}:{port}")


@case("5.35", "robustness", H, "No private, multicast or reserved address is named to others.", needs=(Need.PUBLIC,))
async def public_only(probe: Probe) -> None:
    for node in (node for nodes in await _all_named(probe) for node in nodes):
        ip, port = node.addr
        probe.check(is_usable((ip, 1)) and not is_local(ip), "public addresses only", f"it names {ip}:{port}")


@case("5.36", "robustness", H, "No id and no address is named twice in a reply, nor the node itself.")
async def no_doubles(probe: Probe) -> None:
    id = await node_id(probe)
    for nodes in await _all_named(probe):
        for what, found in (("id", [node.id for node in nodes]), ("address", [node.addr for node in nodes])):
            probe.check(
                len(set(found)) == len(found), f"each {what} once in a reply", f"one of {len(found)} is there twice"
            )
        itself = [node for node in nodes if node.id == id or node.addr == probe.target]
        probe.check(not itself, "others than itself", "it names itself")
