"""Carries the calls of clients out on the node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple, assert_never

from ..engine.commands import NodeCommands
from ..engine.items import Item, ItemError
from ..engine.operations.callbacks import Progress
from ..engine.outcome import Outcome
from ..engine.views.snapshot import BootstrapView
from ..engine.wire import bencode
from ..engine.wire.compact import Addr
from ..text.failure import failure_words
from . import messages as told
from .messages import Done, Refused, What

MOST_PEERS: Final = 16_384
"""Most peers of an outcome that are told, the most often named first."""


class OnTheWay(NamedTuple):
    """What is called while a lookup is under way; each may be `None`."""

    step: Progress | None = None
    peers: Callable[[tuple[Addr, ...]], None] | None = None
    item: Callable[[Item], None] | None = None


async def perform(node: NodeCommands, what: What, on: OnTheWay) -> Outcome | BootstrapView | Done:
    """Carry a call out. Raises what the node raises."""
    match what:
        case told.AwaitBootstrap():
            return await node.bootstrapped()
        case told.Bootstrap(hosts):
            node.bootstrap(hosts)
            return Done()
        case told.StopLookup(number):
            return Done(node.stop_lookup(number))
        case told.SetBan(ip, seconds):
            if seconds > 0:
                node.ban(ip, seconds)
                return Done()
            return Done(node.unban(ip))
        case told.RefreshBucket() | told.Ping() | told.Query() | told.QueryRaw():
            return await _ask_some(node, what)
        case told.AnnouncePeer() | told.Put():
            return await _write(node, what, on)
        case _:
            return _fitted(await _look(node, what, on))


async def _ask_some(node: NodeCommands, what: told.RefreshBucket | told.Ping | told.Query | told.QueryRaw) -> Outcome:
    match what:
        case told.RefreshBucket(depth, family):
            return await node.refresh_bucket(depth, family)
        case told.Ping(remotes):
            return await node.ping(remotes)
        case told.Query(remote, method, args):
            return await node.query(remote, method, bencode.decode(args))
        case told.QueryRaw(remote, datagram):
            return await node.query_raw(remote, datagram)
        case _:
            assert_never(what)


async def _write(node: NodeCommands, what: told.AnnouncePeer | told.Put, on: OnTheWay) -> Outcome:
    if isinstance(what, told.Put):
        return await node.put(
            what.item, cas=what.cas, base=what.base, remotes=what.remotes, progress=on.step, wide=what.wide
        )
    return await node.announce_peer(what.info_hash, what.port, seed=what.seed, remotes=what.remotes, progress=on.step)


async def _look(
    node: NodeCommands,
    what: told.FindNode | told.GetPeers | told.Scrape | told.SampleInfohashes | told.Get | told.ReadBack,
    on: OnTheWay,
) -> Outcome:
    match what:
        case told.FindNode(target, remotes):
            return await node.find_node(target, remotes=remotes, progress=on.step)
        case told.GetPeers(info_hash, remotes):
            return await node.get_peers(info_hash, remotes=remotes, progress=on.step, on_peers=on.peers)
        case told.Scrape(info_hash, remotes):
            return await node.scrape(info_hash, remotes=remotes, progress=on.step)
        case told.SampleInfohashes(target, remotes):
            return await node.sample_infohashes(target, remotes=remotes, progress=on.step)
        case told.Get():
            return await node.get(**what._asdict(), progress=on.step, on_item=on.item)
        case told.ReadBack(item, written):
            return await node.read_back(item, written, progress=on.step)
        case _:
            assert_never(what)


def _fitted(outcome: Outcome) -> Outcome:
    return replace(outcome, peers=outcome.peers[:MOST_PEERS]) if len(outcome.peers) > MOST_PEERS else outcome


def refused(error: Exception) -> Refused:
    """Why a call was not carried out."""
    if isinstance(error, ItemError):
        return Refused("item", str(error), error.code)
    if isinstance(error, ValueError):
        return Refused("value", str(error))
    return Refused("node", failure_words(error))
