"""What a run is to do, checked as a whole: flags that belong together, exclude each other or mean nothing here."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, fields
from pathlib import Path

from .engine.items import MAX_VALUE, Draft, ImmutableItem, ItemError, MutableItem, check_value, mutable_target
from .options import Options
from .values import HostPort, Target, UsageError, quoted

OFFLINE = ("genkey", "keys", "import", "export", "sign", "verify")
"""Actions that need no node."""

MAX_TEXT = 16_384
"""Bytes of a value that is written in hex or JSON: more than a thousand bytes take."""

_USED_BY = {
    "remote": "ping find_node get_peers announce_peer get put closest_stores closest_peers",
    "annport": "announce_peer",
    "annimplied": "announce_peer",
    "val": "put sign verify",
    "val_file": "put sign verify",
    "val_bencoded": "put sign verify",
    "val_as": "put sign verify",
    "keyname": "get put sign genkey import export",
    "public_key": "get import verify",
    "salt": "get put sign closest_stores verify",
    "seq": "get put sign verify",
    "newer_than": "get",
    "cas": "put",
    "show_private": "sign genkey",
    "key_file": "import",
    "key_form": "import",
    "format": "export",
    "encrypt": "genkey import",
    "passphrase_file": "put sign genkey import export",
    "out": "sign export",
    "signed_file": "put verify",
    "signature": "verify",
    "min_stored": "put",
    "dry_run": "put",
    "read_back": "put",
    "keep": "put get",
    "watch": "get",
}
"""Flags that would change what an action means, and the actions that know them. Elsewhere they are refused."""

_DEFAULTS = {field.name: field.default for field in fields(Options)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One action on the network, ready to run."""

    action: str
    remotes: tuple[HostPort, ...] | None = None
    """The nodes to ask; `None` is a full lookup."""
    target: bytes | None = None
    """20 bytes; `None` is our own id, or no target."""
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
    _refuse_unused(options, action)
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
    target = _target(options)
    port = _port(options) if action == "announce_peer" else 0
    return Request(action=action, remotes=remotes, target=target.id, port=port, salt=options.salt or target.salt)


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
        _refuse(options, "serve", ("do", "wait", "record"), "each page that is opened runs an explorer of its own")
    if options.replay is not None:
        _refuse(options, "replay", ("do", "wait", "record", "testnet"), "a recording is played without any node")
        if not options.replay.exists():
            raise UsageError(f"--replay: there is no file {quoted(str(options.replay))}")
    check_limits(options)
    check_record(options)
    for name in ("target", *_USED_BY):
        if getattr(options, name) != _DEFAULTS[name]:
            raise UsageError(f"--{name.replace('_', '-')} needs an action, such as --do get")


def _refuse(options: Options, flag: str, names: tuple[str, ...], why: str) -> None:
    for name in names:
        if getattr(options, name) != _DEFAULTS[name]:
            raise UsageError(f"--{name} has no meaning with --{flag}: {why}")


def check_offline(options: Options) -> None:
    """An action that needs no node takes none of its flags. Raises `UsageError`."""
    action = options.do or ""
    _refuse_unused(options, action)
    for name in ("wait", "record"):
        if getattr(options, name) != _DEFAULTS[name]:
            raise UsageError(f"--{name} has no meaning for {action}, which needs no node")
    if options.keyname is None and action in _USED_BY["keyname"].split():
        raise UsageError(f"{action} needs --keyname, the name of a key")
    if options.passphrase_file is not None and action in ("genkey", "import") and not options.encrypt:
        raise UsageError("--passphrase-file needs --encrypt: without it the key is kept in the clear")


def _refuse_unused(options: Options, action: str) -> None:
    for name, actions in _USED_BY.items():
        if getattr(options, name) != _DEFAULTS[name] and action not in actions.split():
            raise UsageError(f"--{name.replace('_', '-')} has no meaning for {action}")


# ---- one action each ------------------------------------------------------------------------------------


def _target(options: Options) -> Target:
    if options.target is None:
        raise UsageError(f"{options.do} needs --target: 40 hex digits, self, or a magnet link")
    return options.target


def _ping(options: Options) -> Request:
    if options.remote is None:
        raise UsageError("ping needs --remote, a list of host:port")
    if options.remote:
        return Request(action="ping", remotes=options.remote)
    return Request(action="ping", target=_target(options).id)


def _port(options: Options) -> int:
    if options.annimplied and options.annport is not None:
        raise UsageError("--annport and --annimplied exclude each other: the implied port is the one we send from")
    if not options.annimplied and options.annport is None:
        raise UsageError("announce_peer needs --annport 1-65535, or --annimplied")
    return options.annport or 0


def _get(options: Options, remotes: tuple[HostPort, ...] | None) -> Request:
    target, salt = options.target, options.salt
    if target is not None and target.public is not None:
        if salt and salt != target.salt:
            raise UsageError("--salt is not the salt of the magnet link")
        salt = target.salt
    public = _public(options)
    if public is not None:
        wanted = Target(mutable_target(public, salt))
        _check_target(target, wanted, f"the item of the key {public.hex()} and this salt")
        target = wanted
    if target is None:
        raise UsageError("get needs --target (40 hex digits or a magnet link), --keyname or --public-key")
    return Request(
        action="get",
        remotes=remotes,
        target=target.id,
        salt=salt,
        at_least=options.seq,
        newer_than=options.newer_than,
    )


def _public(options: Options) -> bytes | None:
    if options.public_key is not None and options.keyname is not None:
        raise UsageError("--keyname and --public-key exclude each other")
    if options.keyname is None:
        return options.public_key
    from .unlocking import public_key

    return public_key(options, options.keyname)


def _put(options: Options, remotes: tuple[HostPort, ...] | None) -> Request:
    what = _signed(options) if options.signed_file is not None else _unsigned(options)
    _check_target(options.target, Target(what.target), "where this is stored")
    if options.read_back and options.dry_run:
        raise UsageError("--read-back has no meaning with --dry-run, which stores nothing")
    if options.read_back and remotes is not None:
        raise UsageError("--read-back looks the item up in the network; with --remote put it there, then use get")
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


def _signed(options: Options) -> ImmutableItem | MutableItem:
    """An item that is complete. Flags that say what is in it would contradict it."""
    for name in ("val", "val_file", "val_bencoded", "val_as", "keyname", "salt", "seq", "passphrase_file"):
        if getattr(options, name) != _DEFAULTS[name]:
            flag = name.replace("_", "-")
            raise UsageError(f"--{flag} has no meaning with --signed-file, which holds all of the item")
    return signed_file(options)


def signed_file(options: Options) -> ImmutableItem | MutableItem:
    """The item in ``--signed-file``. Raises `UsageError`."""
    from .itemfile import ItemFileError, read

    assert options.signed_file is not None
    try:
        return read(options.signed_file)
    except ItemFileError as error:
        raise UsageError(f"--signed-file {quoted(str(options.signed_file))}: {error}") from None


def _unsigned(options: Options) -> ImmutableItem | Draft:
    v = bencoded_value(options)
    if options.keyname is None:
        for name in ("salt", "seq", "cas"):
            if getattr(options, name) != _DEFAULTS[name]:
                raise UsageError(f"--{name} is for mutable items: it needs --keyname")
        if options.passphrase_file is not None:
            raise UsageError("--passphrase-file needs --keyname")
        return ImmutableItem(v)
    from .keyring.notes import last_seq
    from .unlocking import keyring, load_key

    key = load_key(options, options.keyname)
    known = last_seq(keyring(options).folder, key.public, options.salt)
    return Draft(v, key, options.salt, options.seq, options.cas, known)


def _check_target(given: Target | None, wanted: Target, what: str) -> None:
    if given is not None and given.id != wanted.id:
        assert wanted.id is not None
        raise UsageError(f"--target is not {what}: that is {wanted.id.hex()}; leave --target out")


# ---- values -----------------------------------------------------------------------------------------------


def bencoded_value(options: Options) -> bytes:
    """The value to put or sign, bencoded and fit to store. Raises `UsageError`."""
    given = [name for name in ("val", "val_file", "val_bencoded") if getattr(options, name) is not None]
    if len(given) != 1:
        flags = "--val, --val-file or --val-bencoded"
        raise UsageError(f"{options.do} needs {'one of' if not given else 'only one of'} {flags}")
    from .itemvalue import FormError, to_bencode

    try:
        if options.val_bencoded is not None:
            if options.val_as != "text":
                raise UsageError("--val-as is about --val and --val-file; --val-bencoded is bencode already")
            text = options.val_bencoded
            v = _file(Path(text[1:].decode("utf-8", "surrogateescape"))) if text[:1] == b"@" else text
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
