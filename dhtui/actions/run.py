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
from ..text.actions.results import Came, Said
from ..text.node.details import detail_words

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
    said: Said
    """What it came to."""
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
    also: Said | None = None
    """What failed besides."""

    @property
    def summary(self) -> str:
        """What it came to, in one sentence."""
        from ..text.actions.summary import result_words

        return result_words(self)

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
    ok, why = view.state == "done", detail_words(view.why)
    said = Said(Came.JOINED, text=why) if why else Said(Came.NOT_JOINED)
    if view.state == "failed":
        said = Said(Came.NOBODY_ANSWERED)
    elif view.state == "idle":
        ok, said = first, Said(Came.NOBODY_TO_START_FROM, text=why)
    return Result(action="bootstrap", ok=ok, said=said, standing=standing(node))


async def identity(node: NodeCommands) -> Result:
    """Tell our id and address, after a bootstrap, in which others tell us the address."""
    await node.bootstrapped()
    now = standing(node)
    return Result(action="id", ok=True, said=Said(Came.OWN_ID, text=node.id.hex()), standing=now)


async def ping(node: NodeCommands, remotes: Sequence[Addr]) -> Result:
    """Ask nodes whether they are there."""
    outcome = await node.ping(remotes)
    return _result(node, "ping", outcome, outcome.ok, Came.ASKED)


async def ping_nearest(node: NodeCommands, target: bytes, progress: Progress | None = None) -> Result:
    """Look the nodes nearest to a target up, and ask them whether they are there."""
    near = await node.find_node(target, progress=progress)
    if not near.complete:
        return _result(node, "ping", near, False, Came.NOT_PINGED)
    return await ping(node, [one.addr for one in near.closest])


async def find_node(
    node: NodeCommands, target: bytes, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
) -> Result:
    """Find the nodes closest to a target."""
    outcome = await node.find_node(target, remotes=remotes, progress=progress)
    return _result(node, "find_node", outcome, outcome.ok, Came.ASKED)


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
    return _result(node, action, outcome, outcome.ok, Came.PEERS)


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
    return _written(node, outcome, Came.ANNOUNCED_AS_SEED if seed else Came.ANNOUNCED, remotes)


async def scrape(
    node: NodeCommands, info_hash: bytes, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
) -> Result:
    """Estimate how many seeds and downloaders an infohash has."""
    outcome = await node.scrape(info_hash, remotes=remotes, progress=progress)
    came = Came.NOT_COUNTED if outcome.scrape is None and outcome.answered else Came.COUNTED
    return _result(node, "scrape", outcome, outcome.ok, came)


async def sample_infohashes(
    node: NodeCommands, target: bytes, remotes: Sequence[Addr] | None = None, progress: Progress | None = None
) -> Result:
    """Ask nodes for some of the infohashes that they store."""
    outcome = await node.sample_infohashes(target, remotes=remotes, progress=progress)
    given = any(isinstance(part, GivenSamples) for one in outcome.asked for part in one.given)
    return _result(node, "sample_infohashes", outcome, given, Came.SAMPLED)


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
    result = _written(node, outcome, Came.STORED, remotes)
    if 0 < outcome.stored < min_stored:
        said = result.said._replace(came=Came.STORED_ON_TOO_FEW, wanted=min_stored)
        result = result._replace(ok=False, said=said)
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
    return result._replace(ok=False, conflict=conflict, said=Said(Came.CONFLICT, outcome))


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
    return result._replace(ok=result.ok and read.ok, read_back=read)


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
    ok, said = bool(outcome.closest), Said(Came.ASKED, outcome)
    try:
        item = what.signed(outcome.highest_seen) if isinstance(what, Draft) else what
        if ok:
            said = Said(Came.DRY_RUN, number=len(outcome.closest))
    except (ItemError, BadKey) as error:
        ok, said = False, Said(Came.BAD_ITEM, text=str(error))
    put = replace(outcome, action="put", item=item)
    return Result(action="put", ok=ok, said=said, outcome=put, standing=standing(node))


async def republish(node: NodeCommands, keeper: Keeper) -> Result:
    """Look after the kept items that are due, once."""
    from ..items.keepalive import CheckVerdict

    await node.bootstrapped()
    kept = await keeper.one_pass()
    if keeper.unread:
        said = Said(Came.LIST_UNREAD, text=keeper.problem)
        return Result(action="republish", ok=False, said=said, kept=kept, standing=standing(node))
    failed = sum(each.last is not None and each.last.verdict is CheckVerdict.FAILED for each in kept)
    total = len(keeper.items)
    came = Came.SOME_IN_VAIN if failed else Came.KEPT_ALIVE if total else Came.NOTHING_KEPT
    return Result(
        action="republish",
        ok=not failed and not keeper.damaged,
        said=Said(came, number=len(kept), of=total, wanted=failed),
        also=Said(Came.LIST_DAMAGED) if keeper.damaged else None,
        kept=kept,
        standing=standing(node),
    )


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
        return _result(node, "get", outcome, True, Came.VERIFIED)
    said = _why_not_found(outcome, at_least, newer_than, salt)
    return Result(action="get", ok=False, said=said, outcome=outcome, standing=standing(node))


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
    return Result(
        action="closest_stores",
        ok=bool(stores),
        said=Said(Came.HOLDERS if stores else Came.ASKED, outcome, number=holding, of=len(stores)),
        outcome=outcome,
        stores=stores,
        standing=standing(node),
    )


def _key_of(what: Item | Draft) -> bytes | None:
    """Whose item it is; of an immutable one nobody's."""
    return what.key.public if isinstance(what, Draft) else what.k if isinstance(what, MutableItem) else None


# ---- what it came to ------------------------------------------------------------------------------------


def _result(node: NodeCommands, action: str, outcome: Outcome, ok: bool, came: Came) -> Result:
    return Result(action=action, ok=ok, said=Said(came, outcome), outcome=outcome, standing=standing(node))


def _written(node: NodeCommands, outcome: Outcome, came: Came, remotes: Sequence[Addr] | None) -> Result:
    # Of named nodes, one that was too dead to give a token counts as one that did not store.
    count = len(outcome.writes if remotes is None else outcome.asked)
    if not outcome.writes and not outcome.complete:
        came = Came.NOT_WRITTEN
    elif not outcome.writes:
        came = Came.NOT_STORABLE if outcome.answered else Came.ASKED
    result = _result(node, outcome.action, outcome, outcome.ok, came)
    return result._replace(said=result.said._replace(number=count))


def _why_not_found(outcome: Outcome, at_least: int | None, newer_than: int | None, salt: bytes) -> Said:
    if not outcome.asked:
        return Said(Came.ASKED, outcome)
    if not outcome.complete:
        return Said(Came.INCOMPLETE, outcome)
    if not outcome.answered:
        return Said(Came.NOT_KNOWN, outcome)
    if outcome.highest_seen is not None and at_least is not None:
        return Said(Came.TOO_OLD, outcome, number=outcome.highest_seen, wanted=at_least)
    if at_least is not None and any(isinstance(one.item, ImmutableItem) for one in outcome.asked):
        return Said(Came.NO_SEQ, outcome, wanted=at_least)
    told = [one.seq for one in outcome.asked if one.seq is not None and one.status is Status.ANSWERED]
    if told and newer_than is not None:
        return Said(Came.NOT_NEWER, outcome, number=max(told), wanted=newer_than)
    if unproved := sum(one.status is Status.UNPROVED for one in outcome.asked):
        return Said(Came.NEEDS_OTHER_SALT if salt else Came.NEEDS_SALT, outcome, number=unproved)
    if bad := sum(one.status in _BAD for one in outcome.asked):
        return Said(Came.NOT_GENUINE, outcome, number=bad)
    return Said(Came.NOT_FOUND, outcome)
