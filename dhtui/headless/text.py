"""Results as lines for people: those for standard output, which scripts may read, and those for standard error."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import NamedTuple

from ..actions.request import STDOUT
from ..actions.run import NodeStatus, Result
from ..actions.spec import ACTIONS
from ..engine.items import MutableItem
from ..engine.outcome import NodeOutcome, Outcome, Status
from ..engine.wire.compact import Addr, NodeInfo
from ..engine.wire.ids import distance, shared_prefix
from ..text import format as words
from ..text.clients import client_name
from ..text.families import missing_words
from ..text.faults import note_words
from ..text.node.details import detail_words
from ..text.outcomes import node_words
from ..text.safe import magnet, safe_text, value_text
from .lines import Lines

_QUIET = (Status.ANSWERED, Status.TIMED_OUT, Status.CANCELLED, Status.OURSELVES)
"""What most nodes of a lookup do, and what nobody needs listed when it went well."""


class Shown(NamedTuple):
    """How a result is shown."""

    named: bool = False
    """Whether the user named the nodes, so that each of them is listed."""
    told: Container[Addr] = ()
    """Peers that were printed before."""


def render(result: Result, *, named: bool, told: Container[Addr] = ()) -> Lines:
    """A result in words, as the row of its action has it."""
    lines: Lines = ACTIONS[result.action].part("text")(result, Shown(named, told))
    return lines


def report(result: Result, shown: Shown, found: list[str], happened: list[str] | None = None) -> Lines:
    """A result: `found` where the action succeeded; what happened at the nodes, and in the end why it did not."""
    lines = Lines()
    outcome = result.outcome
    if result.ok or result.partial:
        lines.out = found
    if outcome is None:
        lines.err = sources(result.standing)
    else:
        lines.err = _happenings(result, outcome, shown.named) if happened is None else happened
    if result.read_back is not None:
        from .put_text import copies

        lines.err += copies(result.read_back)
    if result.conflict is not None:
        from .put_text import three_ways

        lines.err += three_ways(result.conflict)
    if not result.ok and not shown.named and outcome is not None and not outcome.answered:
        lines.err += sources(result.standing)
    if not result.ok:
        lines.err.append(f"{result.action} {result.given_up or 'failed'}: {_why(result)}")
    elif result.summary not in lines.out:
        lines.err.append(result.summary)
    return lines


def _why(result: Result) -> str:
    """A blocklist is the user's own doing: say so where the others would just be silent."""
    asked = result.outcome.asked if result.outcome else ()
    if asked and all(one.status is Status.BLOCKED for one in asked):
        return "blocked by the blocklist"
    return result.summary


# ---- standard output ------------------------------------------------------------------------------------


def joined(result: Result, shown: Shown) -> Lines:
    """bootstrap."""
    now = result.standing
    return report(result, shown, _identity(now, nodes=True))


def identity(result: Result, shown: Shown) -> Lines:
    """id."""
    return report(result, shown, _identity(result.standing))


def pings(result: Result, shown: Shown) -> Lines:
    """A line for each node that is there."""
    asked = _outcome(result).asked
    silent = [node_line(one) for one in asked if one.status is not Status.ANSWERED]
    return report(result, shown, [_pong(one) for one in asked if one.status is Status.ANSWERED], silent)


def nodes(result: Result, shown: Shown) -> Lines:
    """find_node."""
    outcome = _outcome(result)
    return report(result, shown, [_row(near, outcome) for near in nearest(outcome, shown.named)])


def peers(result: Result, shown: Shown) -> Lines:
    """get_peers: those that were not told on the way."""
    found = [words.address(peer) for peer, _ in _outcome(result).peers if peer not in shown.told]
    return report(result, shown, found)


def nodes_and_peers(result: Result, shown: Shown) -> Lines:
    """closest_peers."""
    outcome = _outcome(result)
    found = [_row(near, outcome) for near in nearest(outcome, shown.named)]
    return report(result, shown, found + [f"peer {words.address(peer)}" for peer, _ in outcome.peers])


def announced(result: Result, shown: Shown) -> Lines:
    """announce_peer."""
    return report(result, shown, [f"target {_hex(_outcome(result).target)}", result.summary])


def value(result: Result, shown: Shown) -> Lines:
    """get: the value, then every answer with its node; who has nothing says something too."""
    outcome = _outcome(result)
    told = [one for one in outcome.asked if shown.named or not result.ok or one.responded or one.faults]
    happened = [*map(_given, told), *_apart(outcome)]
    if outcome.item is None or result.out is None:
        return report(result, shown, [value_text(outcome.item.v)] if outcome.item else [], happened)
    if result.out != STDOUT:
        return report(result, shown, [f"written to  {safe_text(str(result.out))}"], happened)
    lines = report(result, shown, [], happened)
    from ..items.value.apart import content

    lines.raw = content(outcome.item.v)
    return lines


def stored(result: Result, shown: Shown) -> Lines:
    """put."""
    outcome = _outcome(result)
    happened = [*_happenings(result, outcome, shown.named), *_apart(outcome)]
    return report(result, shown, _stored(outcome, result.summary), happened)


def stores(result: Result, shown: Shown) -> Lines:
    """closest_stores."""
    outcome = _outcome(result)
    return report(result, shown, [f"{_row(one, outcome)}  {_holds(one)}" for one in result.stores])


def happened(result: Result, shown: Shown) -> Lines:
    """What happened at each node, and the summary."""
    return report(result, shown, [])


def looked_after(result: Result, shown: Shown) -> Lines:
    """republish: each item was printed when it was done."""
    return report(result, shown, [])


def _outcome(result: Result) -> Outcome:
    assert result.outcome is not None
    return result.outcome


def nearest(outcome: Outcome, named: bool) -> Sequence[NodeInfo | NodeOutcome]:
    """The closest responders of a lookup; of nodes that the user named, what they know. Nearest first."""
    if not named:
        return outcome.closest
    target = outcome.target or b""
    return sorted({node for one in outcome.asked for node in one.nodes}, key=lambda node: distance(node.id, target))


def _hex(value: bytes | None) -> str:
    return (value or b"").hex()


def _row(near: NodeInfo | NodeOutcome, outcome: Outcome) -> str:
    node_id, target = near.id or b"", outcome.target or b""
    shared = shared_prefix(node_id, target)
    return f"{words.address(near.addr):<21}  {node_id.hex()}  {words.distance(node_id, target):<7}  {shared} bits"


def _holds(one: NodeOutcome) -> str:
    if one.item is not None:
        return f"holds seq {one.item.seq}" if isinstance(one.item, MutableItem) else "holds the value"
    if one.status is Status.UNPROVED:
        return f"holds a mutable item: {note_words(one.note)}"
    if one.status is not Status.ANSWERED:
        return node_words(one)
    return "holds nothing" if one.token is not None else "gives no token"


def _pong(one: NodeOutcome) -> str:
    parts = [f"{words.address(one.addr):<21}", _hex(one.id), f"rtt {_ms(one.rtt)}"]
    if one.version:
        parts.append(f"client {client_name(one.version)}")
    if one.external:
        parts.append(f"sees us as {words.address(one.external)}")
    return "  ".join(parts)


def _ms(seconds: float | None) -> str:
    return f"{(seconds or 0) * 1000:.1f} ms"


def _stored(outcome: Outcome, summary: str) -> list[str]:
    lines = [f"target {_hex(outcome.target)}"]
    item = outcome.item
    if isinstance(item, MutableItem):
        lines += [f"seq {item.seq}", f"public key {item.k.hex()}", f"sign {item.sig.hex()}", magnet(item.k, item.salt)]
    return [*lines, summary]


def _identity(now: NodeStatus, *, nodes: bool = False) -> list[str]:
    """Who we are; of a node in both families under the name of each, with its nodes if those are wanted."""
    lines: list[str] = []
    for each in now.families:
        if len(now.families) > 1:
            lines.append(f"{each.family}:")
        lines += _in_family(each)
        if nodes:
            lines.append(f"nodes    {each.nodes} in the table")
    return [*lines, *missing_words(now.missing)]


def _in_family(now: NodeStatus) -> list[str]:
    who = now.identity
    external = words.address(who.external) if who.external else "unknown"
    source = {"vote": f"voted by {words.plural(who.voters, 'node')}", "user": "given", "saved": "from last time"}
    where = f" ({source[who.external_source]})" if who.external and who.external_source in source else ""
    fits = {
        "valid": "the id fits the address",
        "invalid": "the id does not fit the address",
        "exempt": "the address is local, any id will do",
        "unknown": "unknown without an external address",
    }
    return [
        f"self id  {who.id.hex()} ({who.id_source})",
        f"bound    {words.address(who.bound)}",
        f"external {external}{where}",
        f"BEP 42   {who.bep42}: {fits[who.bep42]}",
        f"reached  {words.reach(now.reachability.state)}: {detail_words(now.reachability.why)}",
    ]


# ---- standard error -------------------------------------------------------------------------------------


def node_line(one: NodeOutcome, status: str = "") -> str:
    """What happened at a node."""
    return f"  {words.address(one.addr):<21}  {node_words(one, status)}"


def _given(one: NodeOutcome) -> str:
    return node_line(one, "answered without a value" if one.status is Status.ANSWERED else "")


def _apart(outcome: Outcome) -> list[str]:
    """What a value is besides bytes: a torrent (BEP 46), DNS records (pkarr), a JSON document."""
    if outcome.item is None:
        return []
    from ..items.value.apart import take_apart

    return [safe_text(line, 300) for line in take_apart(outcome.item.v).lines]


def _happenings(result: Result, outcome: Outcome, named: bool) -> list[str]:
    written = {one.addr for one in outcome.writes}
    shown = [one for one in outcome.asked if one.addr not in written]
    if not named and (result.ok or written):
        shown = [one for one in shown if one.status not in (*_QUIET, Status.PEERS) or one.faults]
    return [node_line(one) for one in (*shown, *outcome.writes)]


def sources(now: NodeStatus) -> list[str]:
    """What became of each place where nodes were sought, in each family."""
    both = len(now.families) > 1
    return [
        f"  {safe_text(source.name, 60):<21}  {source.state}{f' over {each.family}' if both else ''}"
        f"{': ' if source.detail else ''}{safe_text(detail_words(source.detail))}"
        for each in now.families
        for source in each.bootstrap.sources
    ]
