"""What a user can ask of a node. The screens call these, and `requested` does for the command line.

Each returns a `Result`; none raises for what the network does. Cancelling one stops what it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ..engine.commands import NodeCommands
from ..engine.items import Draft, ImmutableItem, Item, ItemError, MutableItem
from ..engine.keys import BadKey
from ..engine.operations.callbacks import Progress
from ..engine.outcome import NodeOutcome, Outcome, Status
from ..engine.views.events import LinkState
from ..engine.views.snapshot import BootstrapView, IdentityView, ReachabilityView, Snapshot
from ..engine.wire.compact import Addr
from ..engine.wire.family import FamilyName
from ..engine.wire.methods import GivenSamples
from ..errors import Exit
from ..text.decisions import DOUBTS, outcome_stop_words
from ..text.swarms import scrape_words

if TYPE_CHECKING:
    from ..engine.diagnosis.findings import Finding
    from ..items.conflict import Conflict
    from ..items.keepalive import Keeper, KeptItem
    from ..items.readback import ReadBack
    from .census import CensusReport

_BAD = (Status.BAD_SIGNATURE, Status.BAD_VALUE)


class NodeStatus(NamedTuple):
    """Where a node stands in its network."""

    identity: IdentityView
    reachability: ReachabilityView
    bootstrap: BootstrapView
    nodes: int
    """How many are in its table."""
    family: FamilyName = "IPv4"
    link: LinkState = LinkState.UP
    other: NodeStatus | None = None
    """The same in the other address family, if the node has both; that one has no `other`."""
    missing: tuple[FamilyName, ...] = ()
    """Families that were asked for and that this machine does not have."""

    @property
    def families(self) -> tuple[NodeStatus, ...]:
        """Where it stands in each family that it has."""
        return (self,) if self.other is None else (self, self.other)


class Result(NamedTuple):
    """What came of an action."""

    action: str
    ok: bool
    """Whether it did what was wanted: the exit code."""
    summary: str
    """That in one sentence, in our words."""
    standing: NodeStatus
    """Where our node stood at the end."""
    outcome: Outcome | None = None
    """What happened at each node. `None` for actions without a target of their own."""
    stores: tuple[NodeOutcome, ...] = ()
    """closest_stores: what each of the closest nodes holds."""
    conflict: Conflict | None = None
    """put: the other value that it met."""
    read_back: ReadBack | None = None
    """put: what came of reading it back, where that was asked for."""
    census: CensusReport | None = None
    """census: what was counted."""
    kept: tuple[KeptItem, ...] = ()
    """republish: the items that were looked after."""
    findings: tuple[Finding, ...] = ()
    """doctor, sybil_check: what was found."""
    status: Snapshot | None = None
    """status: how the node is."""
    out: Path | None = None
    """get: where the bytes of the value went; `STDOUT`: they go to standard output, alone."""
    given_up: str = ""
    """Why it was not done to its end, in our words; empty where it was. What is known by then is here."""
    given_up_by: Exit = Exit.DEADLINE
    """Given up: the deadline, or a signal."""
    partial: bool = False
    """Given up, though what was found by then would have been a success."""

    @property
    def exit(self) -> Exit:
        """How a run ends that came to this."""
        if self.ok:
            return Exit.OK
        if self.given_up:
            return self.given_up_by
        if self.conflict is not None:
            return Exit.CONFLICT
        if self.outcome is None:
            return Exit.NO_ANSWER if self.action in ("bootstrap", "census") else Exit.FAILED
        if not self.outcome.answered:
            return Exit.NO_ANSWER
        if self.action == "put":
            return self._exit_of_put(self.outcome)
        missing = (self.action == "get" and self.outcome.item is None) or self.action == "scrape"
        return Exit.NOT_FOUND if missing else Exit.FAILED

    def _exit_of_put(self, outcome: Outcome) -> Exit:
        from ..items.conflict import refusers

        if not outcome.stored and refusers(outcome):
            return Exit.CONFLICT  # nobody showed the value that is in the way, but all were told that one is
        return Exit.NOT_FOUND if self.read_back is not None and not self.read_back.ok else Exit.FAILED


class Finds(Protocol):
    """Is told what get_peers and get find while they are under way."""

    def peers(self, peers: tuple[Addr, ...]) -> None:
        """One node's peers."""

    def item(self, item: Item) -> None:
        """A verified item, newer than those before it. A mutable one may be followed by a newer one."""


def given_up(result: Result, why: str, by: Exit = Exit.DEADLINE) -> Result:
    """A result that was known when its action was given up."""
    return result._replace(ok=False, given_up=why, given_up_by=by, partial=result.ok)


def standing(node: NodeCommands) -> NodeStatus:
    """Where a node stands now."""
    return _standing(node.snapshot())


def _standing(snapshot: Snapshot) -> NodeStatus:
    table = snapshot.table
    return NodeStatus(
        identity=snapshot.identity,
        reachability=snapshot.reachability,
        bootstrap=snapshot.bootstrap,
        nodes=table.good + table.questionable + table.bad,
        family=snapshot.family,
        link=snapshot.link,
        other=None if snapshot.other is None else _standing(snapshot.other),
        missing=snapshot.missing,
    )


# ---- actions --------------------------------------------------------------------------------------------


async def bootstrap(node: NodeCommands, *, first: bool = False) -> Result:
    """Join the network. `first`: it may be the first node of one, which has nobody to start from."""
    view = await node.bootstrapped()
    ok, summary = view.state == "done", view.why or "the way into the network was not found by then"
    if view.state == "failed":
        summary = "nobody answered"
    elif view.state == "idle":
        ok, summary = first, f"there is nobody to start from: {view.why}"
    return Result(action="bootstrap", ok=ok, summary=summary, standing=standing(node))


async def identity(node: NodeCommands) -> Result:
    """Tell our id and address, after a bootstrap, in which others tell us the address."""
    await node.bootstrapped()
    now = standing(node)
    return Result(action="id", ok=True, summary=f"own id {node.id.hex()}", standing=now)


async def ping(node: NodeCommands, remotes: Sequence[Addr]) -> Result:
    """Ask nodes whether they are there."""
    outcome = await node.ping(remotes)
    return _result(node, "ping", outcome, outcome.ok, _asked(outcome))


async def ping_nearest(node: NodeCommands, target: bytes, progress: Progress | None = None) -> Result:
    """Look the nodes nearest to a target up, and ask them whether they are there."""
    near = await node.find_node(target, progress=progress)
    if not near.complete:
        return _result(node, "ping", near, False, f"nobody was pinged: {_asked(near)}")
    return await ping(node, [one.addr for one in near.closest])


async def find_node(
    node: NodeCommands, target: bytes, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
) -> Result:
    """Find the nodes closest to a target."""
    outcome = await node.find_node(target, remotes=remotes, progress=progress)
    return _result(node, "find_node", outcome, outcome.ok, _asked(outcome))


async def get_peers(
    node: NodeCommands,
    info_hash: bytes,
    remotes: Sequence[Addr] | None = None,
    progress: Progress | None = None,
    *,
    action: str = "get_peers",
    finds: Finds | None = None,
) -> Result:
    """Find peers. That nobody knows any is an answer too."""
    on_peers = finds.peers if finds else None
    outcome = await node.get_peers(info_hash, remotes=remotes, progress=progress, on_peers=on_peers)
    peers = f"{len(outcome.peers)} {'peer' if len(outcome.peers) == 1 else 'peers'}; " if outcome.answered else ""
    return _result(node, action, outcome, outcome.ok, peers + _asked(outcome))


async def announce_peer(
    node: NodeCommands,
    info_hash: bytes,
    port: int,
    remotes: Sequence[Addr] | None = None,
    progress: Progress | None = None,
    *,
    seed: bool = False,
) -> Result:
    """Announce a peer of ours at `port`; 0 is the one that packets come from. `seed`: it has the whole torrent."""
    outcome = await node.announce_peer(info_hash, port, seed=seed, remotes=remotes, progress=progress)
    return _written(node, outcome, "announced as a seed to" if seed else "announced to", remotes)


async def scrape(
    node: NodeCommands, info_hash: bytes, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
) -> Result:
    """Estimate how many seeds and downloaders an infohash has."""
    outcome = await node.scrape(info_hash, remotes=remotes, progress=progress)
    counted = "" if outcome.scrape is None else f"{scrape_words(outcome.scrape)}; "
    nobody = (
        "no node counts its peers (none knows the torrent, or none BEP 33): "
        if outcome.scrape is None and outcome.answered
        else ""
    )
    return _result(node, "scrape", outcome, outcome.ok, f"{counted}{nobody}{_asked(outcome)}")


async def sample_infohashes(
    node: NodeCommands, target: bytes, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
) -> Result:
    """Ask nodes for some of the infohashes that they store."""
    outcome = await node.sample_infohashes(target, remotes=remotes, progress=progress)
    given = [part for one in outcome.asked for part in one.given if isinstance(part, GivenSamples)]
    found = len({each for part in given for each in part.samples})
    said = f"{found} infohashes from {_nodes(len(given))}; " if outcome.answered else ""
    return _result(node, "sample_infohashes", outcome, bool(given), said + _asked(outcome))


async def put(
    node: NodeCommands,
    what: ImmutableItem | MutableItem | Draft,
    cas: int | None = None,
    remotes: Sequence[Addr] | None = None,
    progress: Progress | None = None,
    *,
    min_stored: int = 1,
    base: MutableItem | None = None,
    wide: bool = False,
) -> Result:
    """Store an item, on at least so many nodes. `base` is the value that this one was made from, if it is known.
    `wide`: on all nodes out to the expected distance of the 8th closest.

    Where another writer's value is in the way, or got in at the same time, that is the result: `conflict`.
    """
    if wide:
        from .diagnosis import gauge

        await gauge(node)
    outcome = await node.put(what, cas=cas, remotes=remotes, progress=progress, wide=wide)
    result = _written(node, outcome, "stored on", remotes)
    if 0 < outcome.stored < min_stored:
        result = result._replace(ok=False, summary=f"{result.summary}, at least {min_stored} were wanted")
    if isinstance(what, ImmutableItem):
        return result
    from ..items.conflict import conflict_of, to_read_again  # here, for only puts of mutable items need it

    again = [
        await node.get(what.target, salt=what.salt, public=_key_of(what), remotes=who)
        for who in to_read_again(outcome, remotes)
    ]
    base_seq = what.base if isinstance(what, Draft) else None
    conflict = conflict_of(outcome, what.v, base=base, base_seq=base_seq, again=again)
    if conflict is None:
        return result
    return result._replace(ok=False, conflict=conflict, summary=conflict.words())


async def read_back(node: NodeCommands, put: Outcome, progress: Progress | None = None) -> ReadBack:
    """Whether a stranger finds what was put, and who holds it. `put` is the outcome of a put that was stored.

    A lookup as a stranger's, from elsewhere than where it was written to, then those that it left out.
    """
    from ..items.readback import read_back_of, to_ask  # here, for only --read-back needs it

    assert put.item is not None
    item = put.item
    lookup = await node.read_back(item, {one.addr for one in put.writes}, progress=progress)
    remotes = to_ask(put, lookup, node.id, node.k)
    salt = item.salt if isinstance(item, MutableItem) else b""
    public = _key_of(item)
    if not remotes:
        return read_back_of(put, lookup, ())
    direct = await node.get(item.target, salt=salt, public=public, remotes=remotes)
    return read_back_of(put, lookup, direct.asked, complete=direct.complete)


async def and_read_back(node: NodeCommands, result: Result, progress: Progress | None) -> Result:
    """The result of a put, read back where there is something to read."""
    if result.outcome is None or not result.outcome.stored or result.conflict is not None:
        return result
    read = await read_back(node, result.outcome, progress)
    return result._replace(ok=result.ok and read.ok, read_back=read, summary=f"{result.summary}; {read.words()}")


async def dry_run(
    node: NodeCommands,
    what: ImmutableItem | MutableItem | Draft,
    remotes: Sequence[Addr] | None = None,
    progress: Progress | None = None,
) -> Result:
    """Find out where an item would be stored, and with which seq, and store nothing."""
    if isinstance(what, ImmutableItem) and remotes is None:
        # A get would end at the first copy, before the closest nodes are known.
        outcome = await node.find_node(what.target, progress=progress)
    else:
        salt = b"" if isinstance(what, ImmutableItem) else what.salt
        outcome = await node.get(what.target, salt=salt, public=_key_of(what), remotes=remotes, progress=progress)
    item: Item | None = None
    ok, summary = bool(outcome.closest), _asked(outcome)
    try:
        item = what.signed(outcome.highest_seen) if isinstance(what, Draft) else what
        summary = f"dry run: nothing was put, it would go to {_nodes(len(outcome.closest))}" if ok else summary
    except (ItemError, BadKey) as error:
        ok, summary = False, str(error)
    return _result(node, "put", replace(outcome, action="put", item=item), ok, summary)


async def republish(node: NodeCommands, keeper: Keeper) -> Result:
    """Look after the kept items that are due, once."""
    from ..items.keepalive import CheckVerdict

    await node.bootstrapped()
    kept = await keeper.one_pass()
    if keeper.unread:
        return Result(action="republish", ok=False, summary=keeper.problem, kept=kept, standing=standing(node))
    failed = sum(each.last is not None and each.last.verdict is CheckVerdict.FAILED for each in kept)
    total = len(keeper.items)
    looked = f"looked after {len(kept)} of {total} kept items" if total else "no items are kept alive"
    summary = f"{looked}, {failed} in vain" if failed else looked
    if keeper.damaged:
        summary += "; the list was damaged"
    ok = not failed and not keeper.damaged
    return Result(action="republish", ok=ok, summary=summary, kept=kept, standing=standing(node))


async def get(
    node: NodeCommands,
    target: bytes,
    salt: bytes = b"",
    at_least: int | None = None,
    newer_than: int | None = None,
    remotes: Sequence[Addr] | None = None,
    progress: Progress | None = None,
    *,
    public: bytes | None = None,
    finds: Finds | None = None,
) -> Result:
    """Fetch an item and verify it. `public` is whose it is, if that is known."""
    outcome = await node.get(
        target,
        salt=salt,
        public=public,
        at_least=at_least,
        newer_than=newer_than,
        remotes=remotes,
        progress=progress,
        on_item=finds.item if finds else None,
    )
    if outcome.item is not None:
        return _result(node, "get", outcome, True, f"verified; {_agreement(outcome, outcome.item)}")
    return _result(node, "get", outcome, False, _why_not_found(outcome, at_least, newer_than, salt))


async def closest_stores(
    node: NodeCommands,
    target: bytes,
    salt: bytes = b"",
    remotes: Sequence[Addr] | None = None,
    progress: Progress | None = None,
    *,
    public: bytes | None = None,
) -> Result:
    """Find the nodes that an item belongs on, and ask each of them what it holds."""
    if remotes is not None:
        outcome = await node.get(target, salt=salt, public=public, remotes=remotes)
        stores = outcome.closest
    else:
        # A get would end at the first immutable value, before the closest nodes are known.
        outcome = await node.find_node(target, progress=progress)
        closest = [near.addr for near in outcome.closest]
        stores = (await node.get(target, salt=salt, public=public, remotes=closest)).asked if closest else ()
    holding = sum(one.status in (Status.VALUE, Status.OLDER, Status.UNPROVED) for one in stores)
    summary = f"{_asked(outcome)}; {holding} of the closest {len(stores)} hold the item"
    return Result(
        action="closest_stores",
        ok=bool(stores),
        summary=summary if stores else _asked(outcome),
        outcome=outcome,
        stores=stores,
        standing=standing(node),
    )


def _key_of(what: Item | Draft) -> bytes | None:
    """Whose item it is; of an immutable one nobody's."""
    return what.key.public if isinstance(what, Draft) else what.k if isinstance(what, MutableItem) else None


# ---- sentences ------------------------------------------------------------------------------------------


def _result(node: NodeCommands, action: str, outcome: Outcome, ok: bool, summary: str) -> Result:
    return Result(action=action, ok=ok, summary=summary, outcome=outcome, standing=standing(node))


def _nodes(count: int) -> str:
    return "1 node" if count == 1 else f"{count} nodes"


def _asked(outcome: Outcome) -> str:
    """How many answered; and why that proves nothing, where nothing was found among liars."""
    if not outcome.asked:
        return "there was no node to ask"
    asked = f"{outcome.answered} of {_nodes(len(outcome.asked))} answered"
    return asked if outcome.item is not None or outcome.peers else f"{asked}{_doubted(outcome)}"


def _doubted(outcome: Outcome) -> str:
    return "" if outcome.doubt is None else f", but {DOUBTS[outcome.doubt]}"


def _written(node: NodeCommands, outcome: Outcome, verb: str, remotes: Sequence[Addr] | None) -> Result:
    if outcome.writes:
        # Of named nodes, one that was too dead to give a token counts as one that did not store.
        summary = f"{verb} {outcome.stored} of {_nodes(len(outcome.writes if remotes is None else outcome.asked))}"
    elif not outcome.complete:
        summary = f"nothing was sent to be stored: {_asked(outcome)}"
    elif outcome.answered:
        summary = outcome_stop_words(outcome)
    else:
        summary = _asked(outcome)
    return _result(node, outcome.action, outcome, outcome.ok, summary)


def _agreement(outcome: Outcome, item: Item) -> str:
    """How many nodes gave this very item, and what the others gave that answered."""
    given = [one.item for one in outcome.asked if one.status is Status.VALUE]
    same = sum(other is not None and other.v == item.v for other in given)
    counts = (
        (len(given) - same, "another value with the same seq"),
        (sum(one.status is Status.OLDER for one in outcome.asked), "an older one"),
        (sum(one.status in _BAD for one in outcome.asked), "one that is not genuine"),
        (sum(one.status is Status.UNPROVED for one in outcome.asked), "one that needs another salt"),
        (sum(one.status is Status.ANSWERED for one in outcome.asked), "nothing"),
    )
    others = ", ".join(f"{count} {what}" for count, what in counts if count)
    hidden = sum(one.behind is not None and one.item is not None for one in outcome.asked)
    behind = f" ({hidden} of them behind a value that is not genuine)" if hidden else ""
    return f"{_nodes(same)} had it{behind}" + (f", {others}" if others else "")


def _why_not_found(outcome: Outcome, at_least: int | None, newer_than: int | None, salt: bytes) -> str:
    if not outcome.asked:
        return _asked(outcome)
    if not outcome.complete:
        return f"no value by then: {_asked(outcome)}"
    if not outcome.answered:
        return f"nobody answered, so it is not known whether there is a value: {_asked(outcome)}"
    if outcome.highest_seen is not None and at_least is not None:
        newest = f"the newest has seq {outcome.highest_seen}, at least {at_least} was asked for"
        return f"value not found: {newest}{_doubted(outcome)}"
    if at_least is not None and any(isinstance(one.item, ImmutableItem) for one in outcome.asked):
        without = f"the one that is there is immutable and has no seq, at least {at_least} was asked for"
        return f"value not found: {without}{_doubted(outcome)}"
    told = [one.seq for one in outcome.asked if one.seq is not None and one.status is Status.ANSWERED]
    if told and newer_than is not None:
        newest = f"none is newer than seq {newer_than}, the stored one has {max(told)}"
        return f"value not found: {newest}{_doubted(outcome)}"
    if unproved := sum(one.status is Status.UNPROVED for one in outcome.asked):
        needs = "another salt than this" if salt else "a salt: give --salt"
        return f"value not found: {_nodes(unproved)} gave a mutable item that needs {needs}; {_asked(outcome)}"
    bad = sum(one.status in _BAD for one in outcome.asked)
    if bad:
        return f"value not found: {_nodes(bad)} gave one that is not genuine; {_asked(outcome)}"
    return f"value not found: {_asked(outcome)}"
