"""Results as JSON for programs: one object a line, each with a ``type``. `fields` documents them, for docs/json.md.

Bytes are in hex throughout, so nothing that a remote node sent is interpreted on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..actions.run import NodeStatus, Result
from ..actions.spec import ACTIONS
from ..engine.items import Item, MutableItem
from ..engine.outcome import NodeOutcome, Outcome
from ..engine.views.details import Detail
from ..engine.wire.address import address_text
from ..engine.wire.bencode import decode
from ..engine.wire.compact import Addr, NodeInfo
from ..engine.wire.faults import NoteKind
from ..engine.wire.ids import bits, distance, shared_prefix
from ..text.actions.results import Came
from ..text.clients import client_name
from ..text.decisions import outcome_stop_words
from ..text.faults import FAULT_WORDS, note_words
from ..text.node.details import detail_words
from ..text.safe import magnet, safe_text, value_text

if TYPE_CHECKING:
    from ..items.conflict import Conflict
    from ..items.keepalive import KeptItem
    from ..items.readback import ReadBack

FIELDS = """\
Every line is one object, and its `type` says what it is. The last line of an action is its `result`; before it \
comes a `node` line for each node that was asked, and before these, at once, what get_peers and get find on their way. \
A hybrid torrent has a result for each of its infohashes.

| type | field | meaning |
|---|---|---|
| `found` | `elapsed_ms`, `peers`, `item` | milliseconds since the action began; the new ones of the peers that a node \
named, as `ip:port`; or an item as in the result: a mutable one may be followed by a newer one |
| `kept` | as in the result of republish | one of each kept item, as soon as it was looked after |
| `node` | `phase` | `asked`; `write` for the put or announce itself; `store` for what a closest store holds; \
`read back` for what a node gave when --read-back asked |
| | `addr`, `family`, `id` | `ip:port`, of IPv6 `[ip]:port`; `IPv4` or `IPv6`; the id as 40 hex or null |
| | `status` | `answered`, `value`, `older value`, `peers`, `bad signature`, `bad value`, `unproved value` \
(its salt was not given), `stored`, `refused`, \
`no token` or `wrong id` of one that answered; `timed out` (silent for all of its time), `cancelled` (not waited for: \
the action ended before), `answered from elsewhere` (see `came_from`), `unreadable answer`, `unmatched answer` (under \
a transaction id that is none of ours), `own query back` (what we had sent, and no answer); \
`blocked` (by the blocklist), `banned`, `no address`, `no route` (this node has no use of its address family now), \
`this node` (an address of our own) or `send failed` of one that nothing was sent to |
| | `rtt_ms` | round trip in milliseconds, or null |
| | `waited_ms`, `came_from` | how long it was waited for in vain, or null; where its answer came from, `ip:port`, \
where that is another address than the one asked, else null |
| | `behind` | null, or `bad value` or `bad signature`: what it gave first for a mutable target; asked once more, with \
`seq` 0, it gave what the status says |
| | `code`, `message` | KRPC error code, or null, and its text made printable |
| | `note`, `faults` | more about the status, in words; a list of what was wrong with an answer that was usable |
| | `detail`, `detail_number` | the same as `note`, as a word that stays: {details}; or null. The number is \
that of bytes (`surplus`, `too_long`) or of the system's error (`send_refused`), else null |
| | `seq` | the sequence number that it named, or null |
| | `token` | whether it gave a write token |
| | `client`, `version_hex` | the program, as far as it says, and its `v` |
| | `external` | our address as it sees it, or null |
| | `nodes`, `peers` | nodes it named, as `{id, addr}`; peers, as `ip:port` |
| | `gives`, `took`, `by_lookup` | read back: `gives it`, `gives an older value`, `gives a newer value`, `gives \
another value with the same seq`, `gives a value that is not genuine`, `gives nothing`, `refuses`, `no answer` (it had \
all of its time), `cancelled`, `not asked` or `no usable answer`; whether it had \
said that it stored the item; whether the lookup came to it, or it was asked directly |
| `result` | `action`, `ok`, `exit`, `summary`, `came` | what was done; whether it succeeded; the exit code that this \
comes to; that in a sentence, and as a word that stays: {came} |
| | `complete` | false where it was given up, at its deadline or by a signal: `ok` is false then, and the lines tell \
what was known |
| | `target`, `elapsed_ms` | 40 hex or null; milliseconds |
| | `asked`, `answered`, `timed_out`, `cancelled`, `stored`, `writes` | counts of nodes: of `asked` and \
`writes` those too that nothing was sent to, as their lines tell |
| | `stopped`, `why` | why it ended: `closest_answered`, `all_answered` (fewer than 8 nodes could be reached), \
`nobody_to_ask`, `nobody_answered`, `nothing_holds` (only false values came), `value_found` (an immutable value), \
`query_limit`, `stopped_by_user`, `given_up`, `cancelled`, `named_asked` (by --remote), `written` or `not_storable`, \
or null; that in words |
| | `doubt` | null, or why what was not found may be there all the same: `starts mislead` (the nodes that it started \
from disagree with everything else), `starts alone` (only they answered, and they name nobody), `small network` (so \
few answered that it may be another network) or `made up` (most of the nodes that answered look made up) |
| | `closest` | the nearest nodes that answered: `{addr, id, distance, bits, shared_bits}`: 40 hex digits, log2 \
of that rounded down to tenths (-1 for 0), and the leading bits that are shared |
| | `peers` | peers found: `{addr, nodes}`, `nodes` being how many named it |
| | `item` | null, or what was got or put: `kind` (`torrent` of BEP 46, `dns` records of pkarr, `json` in a string, \
`text`, `bytes`, or `bencode` of what is no string) and `value`: what it says as JSON, null of bytes (`{info_hash, \
magnet}`; `{records: [{name, ttl, type, data}], problem}`); `value_hex` (bencoded), `value_bytes_hex` (a string's \
bytes, else null), `value_text` (printable); for mutable ones `seq`, `salt_hex`, `public_key`, \
`signature`, `magnet` too |
| | `highest_seq` | the highest valid sequence number seen, or null |
| | `path` | get: null, or where --out wrote the value to |
| | `conflict` | put: null, or the other value that it met: `{yours_hex, seq, theirs: [{seq, value_hex, value_text}], \
newest, stored, refused}` |
| | `read_back` | put: null, or what --read-back saw: `{ok, took, took_and_give, others_give, found_by_lookup, \
strangers}`, counts of nodes; strangers were not written to and answered the lookup |
| | `kept` | republish: the items looked after: `{target, seq, verdict, copies, stored, tried, note, why, \
paused, next_due}`, the last in seconds since 1970; `why` is the note as a word that stays, or null: {whys} |
| | `parts` | of an action that ran in both address families: `{family, elapsed_ms, asked, answered, timed_out, \
stored, stopped, doubt}` of each; empty where it ran in one. The fields above are of both, `closest` has up to 8 of \
each |
| | `family`, `link` | the first address family of the node, `IPv4` or `IPv6`, of which the fields that follow are; \
whether it has the use of it: `up`, `missing`, or `lost` (there is no route any more) |
| | `id`, `id_source`, `bound`, `external`, `external_source`, `voters`, `bep42`, `reachability`, `read_only` \
| who we are |
| | `bootstrap` | `{state, why, reason, elapsed_ms, sources: [{name, family, state, detail, reason}]}`; `reason` is \
`why`, or `detail`, as a word that stays (those of the schema), or null |
| | `table_nodes` | nodes in the routing table |
| | `families`, `missing` | an object for each family that the node has, with the fields from `family` to \
`table_nodes`; the names of families that were asked for and that this machine does not have |
"""
_OTHER_LINES = """\
| `serving` | `addr`, `id`, `addrs` | with --wait, once the action is done; the addresses in all families |
| `error` | `error`, `exit` | why there is no result (only once the flags themselves could be read) |
"""


def fields() -> str:
    """What docs/json.md has between its marks: `FIELDS`, with those that only one action has."""
    from ..text.actions.keeping import CheckWhy
    from .many.keeping import FIELDS as OF_KEEPING
    from .many.told import FIELDS as OF_MANY

    own = "".join(f"{action.fields}\n" for action in ACTIONS.values() if action.fields)
    details = ", ".join(f"`{kind}`" for kind in NoteKind)
    came = ", ".join(f"`{each}`" for each in Came)
    whys = ", ".join(f"`{each}`" for each in CheckWhy)
    told = FIELDS.replace("{details}", details).replace("{came}", came).replace("{whys}", whys)
    return f"{told}{own}{OF_MANY}{OF_KEEPING}{_OTHER_LINES}"


def render(result: Result) -> Iterable[dict[str, Any]]:
    """The lines of a result, as the row of its action has it."""
    lines: Iterable[dict[str, Any]] = ACTIONS[result.action].part("json")(result)
    return lines


def plain(
    result: Result, *, of_node: Callable[[NodeOutcome], dict[str, Any]] | None = None, **more: Any
) -> Iterator[dict[str, Any]]:
    """A line for each node, then the result, with `more` that only this action has; of each node, `of_node`."""
    outcome = result.outcome
    if outcome is not None:
        for phase, nodes in (("asked", outcome.asked), ("write", outcome.writes), ("store", result.stores)):
            for one in nodes:
                yield {"type": "node", "phase": phase, **node_fields(one), **(of_node(one) if of_node else {})}
    for copy in result.read_back.copies if result.read_back else ():
        how = {"gives": str(copy.gives), "took": copy.acknowledged, "by_lookup": copy.found}
        yield {"type": "node", "phase": "read back", **node_fields(copy.node), **how}
    head: dict[str, Any] = {
        "type": "result",
        "action": result.action,
        "ok": result.ok,
        "exit": result.exit,
        "complete": not result.given_up,
        "summary": f"{result.given_up}: {result.summary}" if result.given_up else result.summary,
        "came": str(result.said.came),
    }
    yield head | more | (outcome_fields(outcome) if outcome else {}) | _standing(result.standing)


def stored(result: Result) -> Iterator[dict[str, Any]]:
    """put."""
    return plain(
        result,
        conflict=None if result.conflict is None else _conflict(result.conflict),
        read_back=None if result.read_back is None else _read_back(result.read_back),
    )


def fetched(result: Result) -> Iterator[dict[str, Any]]:
    """get."""
    return plain(result, path=None if result.out is None else str(result.out))


def republished(result: Result) -> Iterator[dict[str, Any]]:
    """republish."""
    return plain(result, kept=[kept_item(each) for each in result.kept])


def found(elapsed: float, *, peers: Iterable[Addr] = (), item: Item | None = None) -> dict[str, Any]:
    """The line of what was found after so many seconds, while the action goes on."""
    return {
        "type": "found",
        "elapsed_ms": _ms(elapsed),
        "peers": [_addr(peer) for peer in peers],
        "item": None if item is None else item_fields(item),
    }


def looked_after(kept: KeptItem) -> dict[str, Any]:
    """The line of a kept item that was looked after, while the others are."""
    return {"type": "kept", **kept_item(kept)}


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "yours_hex": conflict.yours.hex(),
        "seq": conflict.seq,
        "theirs": [
            {"seq": item.seq, "value_hex": item.v.hex(), "value_text": value_text(item.v)} for item in conflict.theirs
        ],
        "newest": conflict.newest,
        "stored": conflict.stored,
        "refused": conflict.refused,
    }


def _read_back(read: ReadBack) -> dict[str, Any]:
    from ..items.readback import Gives

    return {
        "ok": read.ok,
        "took": read.acknowledged,
        "took_and_give": read.count(Gives.IT, acknowledged=True),
        "others_give": read.others,
        "found_by_lookup": read.count(Gives.IT, found=True),
        "strangers": read.strangers,
    }


def kept_item(kept: KeptItem) -> dict[str, Any]:
    """What is told of a kept item."""
    from ..text.actions.keeping import check_words  # here, for most actions keep nothing

    last = kept.last
    return {
        "target": kept.target.hex(),
        "seq": kept.item.seq if isinstance(kept.item, MutableItem) else None,
        "verdict": None if last is None else str(last.verdict),
        "copies": 0 if last is None else last.copies,
        "stored": 0 if last is None else last.stored,
        "tried": 0 if last is None else last.tried,
        "note": "" if last is None else check_words(last.note),
        "why": None if last is None or last.note is None else str(last.note.why),
        "paused": kept.paused,
        "next_due": kept.due,
    }


def _kind(text: str) -> str | None:
    """The word that stays of a detail; `None` where there is none."""
    detail = Detail.read(text)
    return None if detail is None else str(detail.kind)


def _addr(addr: Addr | None) -> str | None:
    return address_text(addr) if addr else None


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def node_fields(one: NodeOutcome) -> dict[str, Any]:
    """What one node did."""
    return {
        "addr": _addr(one.addr),
        "family": one.family,
        "id": _hex(one.id),
        "status": str(one.status),
        "rtt_ms": _ms(one.rtt),
        "waited_ms": _ms(one.waited),
        "came_from": _addr(one.came_from),
        "behind": None if one.behind is None else str(one.behind),
        "code": one.code,
        "message": safe_text(one.message),
        "note": note_words(one.note),
        "detail": None if one.note is None else str(one.note.kind),
        "detail_number": None if one.note is None else one.note.number,
        "faults": [FAULT_WORDS[fault] for fault in one.faults],
        "seq": one.seq,
        "token": one.token is not None,
        "client": client_name(one.version),
        "version_hex": _hex(one.version),
        "external": _addr(one.external),
        "nodes": [{"id": node.id.hex(), "addr": _addr(node.addr)} for node in one.nodes],
        "peers": [_addr(peer) for peer in one.peers],
    }


def outcome_fields(outcome: Outcome, *, near: bool = True) -> dict[str, Any]:
    """What an operation came to; the closest nodes only if they are wanted (`near`)."""
    target = outcome.target or b""
    return {
        "target": _hex(outcome.target),
        "elapsed_ms": _ms(outcome.elapsed),
        "asked": len(outcome.asked),
        "answered": outcome.answered,
        "timed_out": outcome.timed_out,
        "cancelled": outcome.cancelled,
        "stored": outcome.stored,
        "writes": len(outcome.writes),
        "stopped": None if outcome.stopped is None else str(outcome.stopped),
        "why": safe_text(outcome_stop_words(outcome), 1000),
        "doubt": None if outcome.doubt is None else str(outcome.doubt),
        "closest": [_near(one, target) for one in outcome.closest] if near and target else [],
        "peers": [{"addr": _addr(peer), "nodes": count} for peer, count in outcome.peers],
        "item": None if outcome.item is None else item_fields(outcome.item),
        "highest_seq": outcome.highest_seen,
        "parts": [_part(each) for each in outcome.parts],
    }


def _part(outcome: Outcome) -> dict[str, Any]:
    """What an action that ran in both families came to in one."""
    return {
        "family": outcome.family,
        "elapsed_ms": _ms(outcome.elapsed),
        "asked": len(outcome.asked),
        "answered": outcome.answered,
        "timed_out": outcome.timed_out,
        "stored": outcome.stored,
        "stopped": None if outcome.stopped is None else str(outcome.stopped),
        "doubt": None if outcome.doubt is None else str(outcome.doubt),
    }


def _near(near: NodeOutcome | NodeInfo, target: bytes) -> dict[str, Any]:
    node_id = near.id or b""
    return {
        "addr": _addr(near.addr),
        "id": node_id.hex(),
        "distance": f"{distance(node_id, target):040x}",
        "bits": bits(distance(node_id, target)),
        "shared_bits": shared_prefix(node_id, target),
    }


def item_fields(item: Item) -> dict[str, Any]:
    """An item, its value taken apart."""
    from ..items.value.apart import take_apart

    value, apart = decode(item.v), take_apart(item.v)
    out: dict[str, Any] = {
        "value_hex": item.v.hex(),
        "value_bytes_hex": value.hex() if isinstance(value, bytes) else None,
        "value_text": value_text(item.v),
        "kind": apart.kind,
        "value": apart.value,
    }
    if isinstance(item, MutableItem):
        out |= {
            "seq": item.seq,
            "salt_hex": item.salt.hex(),
            "public_key": item.k.hex(),
            "signature": item.sig.hex(),
            "magnet": magnet(item.k, item.salt),
        }
    return out


def _standing(now: NodeStatus) -> dict[str, Any]:
    return {
        **_in_family(now),
        "families": [_in_family(each) for each in now.families],
        "missing": list(now.missing),
    }


def _in_family(now: NodeStatus) -> dict[str, Any]:
    who, start = now.identity, now.bootstrap
    return {
        "family": now.family,
        "link": str(now.link),
        "id": who.id.hex(),
        "id_source": who.id_source,
        "bound": _addr(who.bound),
        "external": _addr(who.external),
        "external_source": who.external_source,
        "voters": who.voters,
        "bep42": who.bep42,
        "reachability": now.reachability.state,
        "read_only": now.reachability.read_only,
        "bootstrap": {
            "state": start.state,
            "why": safe_text(detail_words(start.why), 1000),
            "reason": _kind(start.why),
            "elapsed_ms": _ms(start.elapsed),
            "sources": [
                {
                    "name": source.name,
                    "family": source.family,
                    "state": source.state,
                    "detail": safe_text(detail_words(source.detail)),
                    "reason": _kind(source.detail),
                }
                for source in start.sources
            ],
        },
        "table_nodes": now.nodes,
    }
