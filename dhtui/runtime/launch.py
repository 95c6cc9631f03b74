"""From options to a node that can be started, and what is kept of it afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from ..engine.node import Node
from ..engine.settings import PUBLIC_BOOTSTRAP, Blocks, LiveSettings, NodeConfig, SavedState, Settings
from ..engine.wire.family import FAMILIES, family_of
from ..errors import Exit, Failure, UsageError
from ..options.config import state_folder
from ..options.options import Options
from ..options.planning.values import patience
from ..storage import node_state as state
from ..storage.named_file import Overdue
from ..storage.state_lock import StateLock, take
from ..text.runs.running import not_saved_words, spared_words
from .families import places, public_addresses

if TYPE_CHECKING:
    from ..engine.testnet import Testnet


class Launch(NamedTuple):
    """A node ready to start. A context manager for the length of its run: the lock is released at the end."""

    config: NodeConfig
    warnings: tuple[str, ...]
    """Sentences for the user."""
    folder: Path
    """The state folder."""
    lock: StateLock | None
    """Held by the one run that uses, and writes, the state."""
    borrowed_id: bool = False
    """Whether the user gave an id, for this run alone: another one stays saved."""
    fresh_start: bool = False
    """Whether it starts without the saved nodes, because the user named others or none."""
    self_id: bytes | None = None
    """What ``self`` means in a run that takes another id than the saved one, which is the user's; else `None`."""

    def __enter__(self) -> Self:
        """The run begins."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let another run use the state."""
        self.release()

    def release(self) -> None:
        """Let another run use the state. A second time nothing happens."""
        if self.lock is not None:
            self.lock.release()


def prepare(options: Options, *, serving: bool, keeping: bool, bootstrap: bool = True) -> Launch:
    """Reads state and blocklist. Sends nothing.

    `serving`: the node stays after the action. `keeping`: it takes the saved id and saves its state again. Only one
    run at a time can, because two nodes of one id don't answer each other; all others take an id of their own.
    Without `bootstrap` the node starts with an empty table. The bootstrap nodes of a testnet are filled in once that
    runs, see `with_hosts`. Raises `UsageError`.
    """
    saved: SavedState | None = None
    lock: StateLock | None = None
    self_id: bytes | None = None
    warnings: list[str] = []
    folder, fresh_start = state_folder(options), not bootstrap or options.bnodes is not None
    listen = places(options)
    external, external_also = (*public_addresses(options, listen), None, None)[:2]
    blocks, about_blocks = _blocks(options)
    if not options.testnet:
        lock, problem = take(folder) if keeping else (None, "")
        try:
            saved, warnings = state.load(folder)
        except state.StateError as error:
            warnings = [str(error)]
            if lock is not None:
                lock.release()
                lock = None
        warnings += [problem] if problem else []
        if saved is not None and lock is None and options.did is None:
            self_id = (saved.of(family_of(listen[0][0])) or saved).id
        saved = _start_from(saved, fresh_start)
    settings = Settings(
        id=options.did,
        external=external,
        external_also=external_also,
        saved=saved,
        anew=lock is None,
        k=options.ksize,
        split_pings=options.kconcurrency or min(8, options.ksize),
        alpha=options.qconcurrency,
        alpha_background=min(5, options.qconcurrency),
        query_timeout=options.qtimeout,
        read_only=True if options.read_only or not serving else None,
        blocks=blocks,
        token_secret=options.tsecret or None,
        maintain=serving,
        **_stores(options),
        **_limits(options),
    )
    hosts = _hosts(options) if bootstrap else ()
    also = listen[1] if listen[1:] else None
    config = NodeConfig(listen=listen[0], listen_also=also, bootstrap=hosts, settings=settings)
    return Launch(
        config=config,
        warnings=(*warnings, *about_blocks),
        folder=folder,
        lock=lock,
        borrowed_id=options.did is not None,
        fresh_start=fresh_start,
        self_id=self_id,
    )


def beside(options: Options) -> Launch:
    """A run that is attached to a node of another program: no node of its own is started, nothing is locked."""
    return Launch(NodeConfig(), (), state_folder(options), None)


def renewed(launch: Launch) -> Launch:
    """The same, from the state as it is saved by now: an earlier node of this run, with the same lock, has saved it."""
    if launch.lock is None:
        return launch
    try:
        saved, _ = state.load(launch.folder)
    except state.StateError:  # it was told at the start, or is by what saves
        return launch
    settings = replace(launch.config.settings, saved=_start_from(saved, launch.fresh_start))
    return launch._replace(config=replace(launch.config, settings=settings))


def joining(launch: Launch, net: Testnet) -> Launch:
    """The same, as a node of that testnet."""
    return launch._replace(config=net.joining(launch.config))


def save(launch: Launch, node: Node) -> str:
    """Write the node's id and nodes to the state folder, if this run holds it. Returns a warning, or nothing."""
    if launch.lock is None:
        return ""
    folder, kept = launch.folder, node.saved_state()
    try:
        before, _ = state.load(folder)
        state.save(folder, state.merged(before, kept, ids=not launch.borrowed_id))
    except state.StateError as error:
        return str(error)
    except OSError as error:
        return not_saved_words(str(folder), error)
    return ""


def _hosts(options: Options) -> tuple[str, ...]:
    if isinstance(options.bnodes, tuple):
        return options.bnodes
    return () if options.bnodes == "no" else PUBLIC_BOOTSTRAP


def _start_from(saved: SavedState | None, fresh_start: bool) -> SavedState | None:
    """The saved ids and, unless the node starts without them, the saved nodes."""
    if saved is None or not fresh_start:
        return saved
    return replace(saved, nodes=(), rtts=(), other=_start_from(saved.other, fresh_start))


def limits_of(options: Options) -> tuple[LiveSettings, list[str]]:
    """What may change while the node runs, read anew, and warnings. Raises `UsageError`, `Failure`."""
    blocks, warnings = _blocks(options)
    return replace(limits_only(options), blocks=blocks), warnings


def limits_only(options: Options) -> LiveSettings:
    """The same without the blocklist, which is a file."""
    return LiveSettings(**_limits(options))


def limits_in(settings: Settings) -> LiveSettings:
    """The limits that a node was started with."""
    return LiveSettings(blocks=settings.blocks, rate_limit=settings.rate_limit, reply_quota=settings.reply_quota)


def _limits(options: Options) -> dict[str, Any]:
    return {"rate_limit": options.max_host_rate, "reply_quota": options.max_reply_rate}


def _stores(options: Options) -> dict[str, Any]:
    return {} if options.store is None else {"max_infohashes": options.store, "max_items": options.store}


def _blocks(options: Options) -> tuple[Blocks | None, list[str]]:
    if options.blocklist is None:
        if "blocklist_lenient" in options.given and options.blocklist_lenient:
            raise UsageError("--blocklist-lenient needs --blocklist")
        return None, []
    from ..engine.defence.blocklist import BlocklistError
    from ..storage.blocklist_file import load

    try:
        blocks, warnings = load(options.blocklist, lenient=options.blocklist_lenient, patience=patience(options))
    except Overdue as error:
        raise Failure(f"--blocklist: {error.strerror} (--deadline)", Exit.DEADLINE) from None
    except BlocklistError as error:
        raise UsageError(f"--{error}") from None
    if not options.testnet:
        return blocks, warnings
    for net in (family.loopback_net for family in FAMILIES):
        spared = blocks.sparing(net.first, net.last)
        if spared != blocks:
            warnings = [*warnings, spared_words(str(net))]
            blocks = spared
    return blocks, warnings
