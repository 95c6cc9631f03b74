"""What a run is to do, checked as a whole: flags that belong together, exclude each other or mean nothing here."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ..engine.items import MAX_SEQ, MAX_VALUE, Draft, ImmutableItem, ItemError, MutableItem, check_value, mutable_target
from ..errors import UsageError, quoted
from ..options.config import state_folder
from ..options.fitting import OFFLINE as OFFLINE
from ..options.fitting import USED_BY, bencoded_file, refuse_in_explorer, refuse_unused
from ..options.fitting import refuse as refuse
from ..options.options import Options
from ..options.values import HostPort, Target, item, torrent

MAX_TEXT = 16_384
"""Bytes of a value that is written in hex or JSON: more than a thousand bytes take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One action on the network, ready to run."""

    action: str
    remotes: tuple[HostPort, ...] | None = None
    """The nodes to ask; `None` is a full lookup."""
    target: bytes | None = None
    """20 bytes; `None` is our own id, or no target."""
    also: tuple[bytes, ...] = ()
    """get_peers, announce_peer, closest_peers: the other infohash of a hybrid torrent."""
    public: bytes | None = None
    """get, closest_stores: whose item it is, 32 bytes, if that is known."""
    port: int = 0
    """announce_peer: the port, 0 for the implied one."""
    what: ImmutableItem | MutableItem | Draft | None = None
    """put: what to store."""
    min_stored: int = 1
    """put: on how many nodes it must be stored to be a success."""
    dry_run: bool = False
    """put: only look where it would be stored."""
    read_back: bool = False
    """put: look it up afterwards, as a stranger would."""
    salt: bytes = b""
    at_least: int | None = None
    newer_than: int | None = None
    cas: int | None = None


def plan(options: Options) -> Request:
    """The network action that the options ask for. Raises `UsageError`."""
    check_limits(options)
    check_record(options)
    action = options.do or "bootstrap"
    refuse_unused(options, action)
    remotes = options.remote or None
    if options.testnet and (options.keep or action == "republish"):
        raise UsageError("on a --testnet nothing can be kept alive: it ends with this run")
    if action in ("bootstrap", "id", "republish"):
        return Request(action=action)
    if action == "ping":
        return _ping(options)
    if action == "get":
        return _get(options, remotes)
    if action == "put":
        return _put(options, remotes)
    if action == "closest_stores":
        return _on_item(options, remotes)
    target = _target(options)
    if action == "find_node":
        return Request(action=action, remotes=remotes, target=_place(target))
    port = _port(options) if action == "announce_peer" else 0
    if target.id is None and action != "announce_peer":
        return Request(action=action, remotes=remotes)
    try:
        info_hash, *also = torrent(target)
    except UsageError as error:
        raise UsageError(f"--target: {error}") from None
    return Request(action=action, remotes=remotes, target=info_hash, also=tuple(also), port=port)


def check_limits(options: Options) -> None:
    """Limits that depend on each other. Raises `UsageError`."""
    if options.kconcurrency is not None and options.kconcurrency > options.ksize:
        raise UsageError(f"--kconcurrency {options.kconcurrency} is more than a bucket holds (--ksize {options.ksize})")


def check_record(options: Options) -> None:
    """A recording is a new file in a folder that can be written to. Raises `UsageError`."""
    if options.record is None:
        return
    name, folder = quoted(str(options.record)), options.record.parent
    if os.path.lexists(options.record):
        raise UsageError(f"--record: {name} exists, and a recording overwrites nothing: name a new file")
    if not folder.is_dir():
        raise UsageError(f"--record: there is no folder {quoted(str(folder))}")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"--record: the folder {quoted(str(folder))} can't be written to")


def check_explorer(options: Options) -> None:
    """The explorer takes no flags that belong to an action. Raises `UsageError`."""
    if options.serve is not None:
        refuse(options, ("do", "wait", "record"), "has no meaning with --serve: each page runs an explorer of its own")
    if options.replay is not None:
        refuse(options, ("do", "wait"), "has no meaning with --replay: a recording is played without any node")
        if not options.replay.exists():
            raise UsageError(f"--replay: there is no file {quoted(str(options.replay))}")
    check_limits(options)
    check_record(options)
    refuse_in_explorer(options)


def check_offline(options: Options) -> None:
    """An action that needs no node takes none of its flags. Raises `UsageError`."""
    action = options.do or ""
    refuse_unused(options, action)
    if options.keyname is None and action in USED_BY["keyname"].split() and action != "verify":
        raise UsageError(f"{action} needs --keyname, the name of a key")
    if action == "genkey" and not options.encrypt:
        refuse(options, ("passphrase_file",), "needs --encrypt: without it the key is kept in the clear")


# ---- one action each ------------------------------------------------------------------------------------


def _target(options: Options) -> Target:
    if options.target is None:
        raise UsageError(f"{options.do} needs --target: 40 hex digits, self, or a magnet link")
    return options.target


def _ping(options: Options) -> Request:
    if options.remote is None:
        raise UsageError("ping needs --remote, a list of host:port")
    if options.remote:
        refuse(options, ("target",), "has no meaning for a ping of named nodes")
        return Request(action="ping", remotes=options.remote)
    return Request(action="ping", target=_place(_target(options)))


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


def _get(options: Options, remotes: tuple[HostPort, ...] | None) -> Request:
    wanted = _item(options)
    assert wanted.id is not None
    _check_keep(options, wanted.id)
    return Request(
        action="get",
        remotes=remotes,
        target=wanted.id,
        public=wanted.public,
        salt=wanted.salt,
        at_least=options.seq,
        newer_than=options.newer_than,
    )


def _on_item(options: Options, remotes: tuple[HostPort, ...] | None) -> Request:
    """closest_stores, for which our own id will do as well."""
    if options.target is not None and options.target.id is None and key_named(options) is None:
        return Request(action="closest_stores", remotes=remotes, salt=options.salt)
    wanted = _item(options)
    return Request(
        action="closest_stores",
        remotes=remotes,
        target=wanted.id,
        public=wanted.public,
        salt=wanted.salt,
    )


def _item(options: Options) -> Target:
    """The item that --target, --keyname or --public-key names, and --salt. Raises `UsageError`."""
    public = key_named(options)
    if public is not None:
        salt = options.salt or (options.target.salt if options.target is not None else b"")
        wanted = Target(mutable_target(public, salt), public, salt)
        _check_target(options, wanted.id, f"the item of the key {public.hex()} and this salt")
        return wanted
    if options.target is None:
        kinds = "--target (40 hex digits, a key or a magnet link), --keyname or --public-key"
        raise UsageError(f"{options.do} needs {kinds}")
    try:
        return item(options.target, options.salt)
    except UsageError as error:
        raise UsageError(f"--target: {error}") from None


def key_named(options: Options) -> bytes | None:
    """The public key that --public-key or --keyname names. Raises `UsageError`."""
    if options.public_key is not None and options.keyname is not None:
        raise UsageError("--keyname and --public-key exclude each other")
    if options.keyname is None:
        return options.public_key
    from .unlocking import public_key

    return public_key(options, options.keyname)


def _check_keep(options: Options, target: bytes) -> None:
    """That one more can't be kept is known before anything is sent. Raises `UsageError`."""
    if not options.keep:
        return
    from ..items.keepalive import KeepError, check_room

    folder = state_folder(options)
    try:
        check_room(folder, target)
    except KeepError as error:
        raise UsageError(f"--keep: {error}") from None
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"--keep: the list of kept items in {folder} can't be read ({why})") from None


def _put(options: Options, remotes: tuple[HostPort, ...] | None) -> Request:
    if options.dry_run:
        refuse(options, ("read_back", "keep", "min_stored"), "has no meaning with --dry-run, which stores nothing")
    if options.read_back and remotes is not None:
        raise UsageError("--read-back looks the item up in the network; with --remote put it there, then use get")
    _check_min_stored(options, remotes)
    what = _signed(options) if options.signed_file is not None else _unsigned(options)
    _check_target(options, what.target, "where this is stored")
    _check_keep(options, what.target)
    return Request(
        action="put",
        remotes=remotes,
        target=what.target,
        what=what,
        cas=options.cas,
        min_stored=options.min_stored,
        dry_run=options.dry_run,
        read_back=options.read_back,
    )


def _check_min_stored(options: Options, remotes: tuple[HostPort, ...] | None) -> None:
    """On how many nodes a put can store at most is known before it. Raises `UsageError`."""
    most, why = options.ksize, "--ksize"
    if remotes is not None:
        most, why = len(remotes), "--remote"
    elif options.testnet and options.testnet < most:
        most, why = options.testnet, "--testnet"
    if options.min_stored > most:
        raise UsageError(f"--min-stored {options.min_stored} can't be met: a put stores on at most {most} ({why})")


def _signed(options: Options) -> ImmutableItem | MutableItem:
    """An item that is complete. Flags that say what is in it would contradict it."""
    names = ("val", "val_file", "val_bencoded", "val_as", "keyname", "salt", "seq", "passphrase_file")
    refuse(options, names, "has no meaning with --signed-file, which holds all of the item")
    found = signed_file(options)
    if options.cas is None:
        return found
    if isinstance(found, ImmutableItem):
        raise UsageError("--cas is for mutable items: the one in --signed-file is immutable")
    _check_cas(found.seq, options.cas, "the item in --signed-file has seq")
    return found


def signed_file(options: Options, *, genuine: bool = True) -> ImmutableItem | MutableItem:
    """The item in ``--signed-file``, not verified where it need not be `genuine`. Raises `UsageError`."""
    from ..items.file import ItemFileError, read

    assert options.signed_file is not None
    try:
        return read(options.signed_file, genuine=genuine)
    except ItemFileError as error:
        raise UsageError(f"--signed-file {quoted(str(options.signed_file))}: {error}") from None


def _unsigned(options: Options) -> ImmutableItem | Draft:
    v = bencoded_value(options)
    if options.keyname is None:
        refuse(options, ("salt", "seq", "cas"), "is for mutable items: it needs --keyname")
        refuse(options, ("passphrase_file",), "needs --keyname")
        return ImmutableItem(v)
    from .unlocking import load_key

    key = load_key(options, options.keyname)
    known = known_seq(options, key.public)
    if options.seq is not None and options.cas is not None:
        _check_cas(options.seq, options.cas, "--seq is")
    return Draft(v, key, options.salt, options.seq, options.cas, known)


def _check_cas(seq: int, cas: int, which: str) -> None:
    if seq <= cas:
        raise UsageError(f"{which} {seq}, which is not higher than --cas {cas}, the value that it is to replace")


def known_seq(options: Options, public: bytes) -> int | None:
    """The last seq that the keyring knows to have been put under this key and --salt; a testnet knows none of it.

    Raises `UsageError` where --seq is lower: whoever has the last one would take the new one for an old one.
    """
    from ..keyring.notes import last_seq
    from .unlocking import keyring

    known = None if options.testnet else last_seq(keyring(options).folder, public, options.salt)
    if known is not None and options.seq is not None and options.seq < known:
        raise UsageError(f"--seq {options.seq} is lower than {known}, the last one put with this key and salt")
    if options.seq is None and max(known or 0, options.cas or 0) >= MAX_SEQ:
        raise UsageError(f"seq {MAX_SEQ} was the last one: none is higher, and nothing can replace what has it")
    return known


def last_of_all(seq: int) -> str:
    """What to know about the highest seq there is, a sentence; else empty."""
    return f"seq {seq} is the highest there is: nothing can ever replace this value" if seq == MAX_SEQ else ""


def _check_target(options: Options, wanted: bytes | None, what: str) -> None:
    """That --target, where it is given too, is what the other flags come to. Raises `UsageError`."""
    if options.target is None:
        return
    named = options.target
    found = item(named, options.salt).id if named.bare else named.id
    if found != wanted:
        assert wanted is not None
        raise UsageError(f"--target is not {what}: that is {wanted.hex()}; leave --target out")


# ---- values -----------------------------------------------------------------------------------------------


_VALUES = ("val", "val_file", "val_bencoded")


def bencoded_value(options: Options) -> bytes:
    """The value to put or sign, bencoded and fit to store. Raises `UsageError`."""
    found = [name for name in _VALUES if getattr(options, name) is not None]
    if len(found) != 1:
        flags = "--val, --val-file or --val-bencoded"
        raise UsageError(f"{options.do} needs {'one of' if not found else 'only one of'} {flags}")
    from ..items.value import FormError, to_bencode

    try:
        if options.val_bencoded is not None:
            refuse(options, ("val_as",), "is about --val and --val-file; --val-bencoded is bencode already")
            text = options.val_bencoded
            v = to_bencode("bencode", _file(bencoded_file(options)) if text[:1] == b"@" else text)
        elif options.val_file is not None:
            limit = MAX_VALUE if options.val_as == "text" else MAX_TEXT
            v = to_bencode(options.val_as, _file(options.val_file, limit))
        else:
            v = to_bencode(options.val_as, options.val or b"")
        check_value(v)
    except (FormError, ItemError) as error:
        raise UsageError(str(error)) from None
    return v


def _file(path: Path, limit: int = MAX_VALUE) -> bytes:
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with path.open("rb") as file:
                data = file.read(limit + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise UsageError(f"cannot read {quoted(str(path))}: {getattr(error, 'strerror', error)}") from None
    if len(data) > limit:
        raise UsageError(f"{quoted(str(path))} has more than {limit} bytes, no node stores that much")
    return data
