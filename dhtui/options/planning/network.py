"""Requests of actions about nodes and peers."""

from __future__ import annotations

from typing import Any

from ...actions.request import CensusOf, Request
from ...actions.spec import ACTIONS
from ...errors import UsageError, quoted
from ..config import state_folder
from ..fitting import refuse
from ..options import Options
from ..values import Target, torrent
from .values import patience


def request_of(options: Options, **more: Any) -> Request:
    """The request of the action that the options name, with what all of them have."""
    action = ACTIONS[options.do or "bootstrap"]
    return Request(
        action=action.name,
        deadline=patience(options),
        state=state_folder(options),
        stays=options.wait,
        remembers=not options.testnet,
        **more,
    )


def plain(options: Options) -> Request:
    """bootstrap, id: they are about our own node."""
    return request_of(options)


def status(options: Options) -> Request:
    """A node that runs already. Raises `UsageError`."""
    if options.attach is None:
        raise UsageError("status needs --attach: it tells how a node is that runs already, of the explorer or --wait")
    return request_of(options)


def republish(options: Options) -> Request:
    """Nothing is kept alive on a testnet. Raises `UsageError`."""
    refuse_keeping(options)
    return request_of(options)


def refuse_keeping(options: Options) -> None:
    """Raise `UsageError` on a testnet: what is put there ends with it."""
    if options.testnet:
        raise UsageError("on a --testnet nothing can be kept alive: it ends with this run")


def ping(options: Options) -> Request:
    """Nodes that are named, or the nearest ones to a target. Raises `UsageError`."""
    if options.remote is None:
        raise UsageError("ping needs --remote, a list of host:port")
    if options.remote:
        refuse(options, ("target",), "has no meaning for a ping of named nodes")
        return request_of(options, remotes=options.remote)
    return request_of(options, target=_place(_target(options)))


def find_node(options: Options) -> Request:
    """Raises `UsageError`."""
    return request_of(options, remotes=options.remote or None, target=_place(_target(options)))


def on_torrent(options: Options) -> Request:
    """get_peers, closest_peers: of an infohash, or near our own id. Raises `UsageError`."""
    if _target(options).id is None:
        return request_of(options, remotes=options.remote or None)
    return _torrent(options)


def announce_peer(options: Options) -> Request:
    """A torrent has peers, our own id has none. Raises `UsageError`."""
    _target(options)
    return _torrent(options, port=_port(options), seed=options.seed)


def sample_infohashes(options: Options) -> Request:
    """Nodes are named: the target only says which nodes they name. Raises `UsageError`."""
    if not options.remote:
        raise UsageError("sample_infohashes needs --remote, a list of host:port")
    place = None if options.target is None else _place(options.target)
    return request_of(options, remotes=options.remote, target=place)


def census(options: Options) -> Request:
    """Raises `UsageError`, also for a file that can't be one to go on from."""
    file = options.resume
    if file is not None:
        if options.testnet:
            raise UsageError("--resume has no meaning with --testnet, which ends with this run")
        if not file.parent.is_dir():
            raise UsageError(f"--resume: there is no folder {quoted(str(file.parent))}")
        if file.exists() and not file.is_file():
            raise UsageError(f"--resume: {quoted(str(file))} is not a file")
    return request_of(options, census=CensusOf(options.rate, options.nodes, file, options.list_infohashes))


def _torrent(options: Options, **more: int) -> Request:
    try:
        info_hash, *also = torrent(_target(options))
    except UsageError as error:
        raise UsageError(f"--target: {error}") from None
    return request_of(options, remotes=options.remote or None, target=info_hash, also=tuple(also), **more)


def _target(options: Options) -> Target:
    if options.target is None:
        raise UsageError(f"{options.do} needs --target: 40 hex digits, self, or a magnet link")
    return options.target


def _place(target: Target) -> bytes | None:
    """Where in the id space a target lies; `None` for our own id."""
    if target.public is not None and target.hashes:
        raise UsageError(
            "--target: 64 hex digits are a public key, or the infohash of a v2 torrent: 40 are needed here"
        )
    return target.id


def _port(options: Options) -> int:
    if options.annimplied and options.annport is not None:
        raise UsageError("--annport and --annimplied exclude each other: the implied port is the one we send from")
    if not options.annimplied and options.annport is None:
        raise UsageError("announce_peer needs --annport 1-65535, or --annimplied")
    return options.annport or 0
