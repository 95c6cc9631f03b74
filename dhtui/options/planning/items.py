"""Requests of actions about items on the network."""

from __future__ import annotations

from ...actions.request import ChangeKept, HostPort, ListKept, Request, Unsigned
from ...engine.items import ImmutableItem, MutableItem, mutable_target
from ...errors import Failure, UsageError
from ..config import state_folder
from ..fitting import refuse
from ..options import Options
from ..values import Target, item
from .network import refuse_keeping, request_of
from .values import bencoded_value, check_out, key_choice, key_named, known_seq, signed_file


def get(options: Options) -> Request:
    """Raises `UsageError`."""
    wanted = wanted_item(options)
    assert wanted.id is not None
    check_out(options, "a value", alone=True)
    if options.watch is not None:
        refuse(options, ("out",), "has no meaning with --watch, which prints each change")
    _check_keep(options, wanted.id)
    return request_of(
        options,
        remotes=options.remote or None,
        target=wanted.id,
        public=wanted.public,
        salt=wanted.salt,
        at_least=options.seq,
        newer_than=options.newer_than,
        key=key_choice(options),
        keep=options.keep,
        watch=options.watch,
        out=options.out,
    )


def closest_stores(options: Options) -> Request:
    """Our own id will do as well. Raises `UsageError`."""
    remotes, key = options.remote or None, key_choice(options)
    if options.target is not None and options.target.id is None and key_named(options) is None:
        return request_of(options, remotes=remotes, salt=options.salt)
    wanted = wanted_item(options)
    return request_of(options, remotes=remotes, target=wanted.id, public=wanted.public, salt=wanted.salt, key=key)


def wanted_item(options: Options) -> Target:
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


def put(options: Options) -> Request:
    """Raises `UsageError`."""
    remotes = options.remote or None
    if options.dry_run:
        refuse(
            options, ("read_back", "keep", "min_stored", "wide"), "has no meaning with --dry-run, which stores nothing"
        )
    if options.read_back and remotes is not None:
        raise UsageError("--read-back looks the item up in the network; with --remote put it there, then use get")
    if options.wide and remotes is not None:
        raise UsageError("--wide stores on nodes that a lookup finds; --remote names the nodes: leave one of them out")
    check_min_stored(options, remotes)
    what = _signed(options) if options.signed_file is not None else _unsigned(options)
    _check_target(options, what.target, "where this is stored")
    _check_keep(options, what.target)
    return request_of(
        options,
        remotes=remotes,
        target=what.target,
        what=what,
        cas=options.cas,
        min_stored=options.min_stored,
        dry_run=options.dry_run,
        read_back=options.read_back,
        wide=options.wide,
        key=key_choice(options),
        keep=options.keep,
    )


def check_min_stored(options: Options, remotes: tuple[HostPort, ...] | None) -> None:
    """On how many nodes a put can store at most is known before it. Raises `UsageError`."""
    most, why = options.ksize, "--ksize"
    if remotes is not None:
        most, why = len(remotes), "--remote"
    elif options.testnet and options.testnet < most:
        most, why = options.testnet, "--testnet"
    if options.min_stored > most and not options.wide:
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


def _unsigned(options: Options) -> ImmutableItem | Unsigned:
    v, key = bencoded_value(options), key_choice(options)
    if key is None:
        refuse(options, ("salt", "seq", "cas"), "is for mutable items: it needs --keyname")
        refuse(options, ("passphrase_file",), "needs --keyname")
        return ImmutableItem(v)
    from ...actions.unlocking import check_passphrase, public_key

    public = public_key(key)
    check_passphrase(key)
    known = known_seq(options, public)
    if options.seq is not None and options.cas is not None:
        _check_cas(options.seq, options.cas, "--seq is")
    return Unsigned(v, key, mutable_target(public, options.salt), options.salt, options.seq, options.cas, known)


def _check_cas(seq: int, cas: int, which: str) -> None:
    if seq <= cas:
        raise UsageError(f"{which} {seq}, which is not higher than --cas {cas}, the value that it is to replace")


def _check_target(options: Options, wanted: bytes | None, what: str) -> None:
    """That --target, where it is given too, is what the other flags come to. Raises `UsageError`."""
    if options.target is None:
        return
    named = options.target
    found = item(named, options.salt).id if named.bare else named.id
    if found != wanted:
        assert wanted is not None
        raise UsageError(f"--target is not {what}: that is {wanted.hex()}; leave --target out")


def _check_keep(options: Options, target: bytes) -> None:
    """That one more can't be kept is known before anything is sent.

    Raises `UsageError`; `Failure` while another program changes the list, for nothing is wrong with the request.
    """
    if not options.keep:
        return
    refuse_keeping(options)
    from ...items.keepalive import KeepError, check_room

    folder = state_folder(options)
    try:
        check_room(folder, target)
    except KeepError as error:
        raise UsageError(f"--keep: {error}") from None
    except TimeoutError as error:
        raise Failure(f"--keep: {error.strerror}, which changes the list of kept items: try again") from None
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"--keep: the list of kept items in {folder} can't be read ({why})") from None


def kept(options: Options) -> ListKept:
    """All kept items."""
    return ListKept(action="kept", state=state_folder(options))


def change_kept(options: Options) -> ChangeKept:
    """pause, resume, unkeep: the item is named as for get. Raises `UsageError`."""
    wanted, action = wanted_item(options), options.do
    assert wanted.id is not None and action is not None
    return ChangeKept(action=action, state=state_folder(options), target=wanted.id, salt=wanted.salt)
