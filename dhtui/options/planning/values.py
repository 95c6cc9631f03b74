"""What requests are made of: the value to put or sign, the key that is named, what the keyring knows of it."""

from __future__ import annotations

import os
from pathlib import Path

from ...actions.named_input import input_bytes
from ...actions.request import STDOUT, KeyChoice
from ...actions.spec import ACTIONS
from ...engine.items import MAX_SEQ, MAX_VALUE, ImmutableItem, ItemError, MutableItem, check_value
from ...errors import UsageError, quoted
from ..config import is_owned_file, keys_folder
from ..fitting import bencoded_file, refuse
from ..options import Options

MAX_TEXT = 16_384
"""Bytes of a value that is written in hex or JSON: more than a thousand bytes take."""

_VALUES = ("val", "val_file", "val_bencoded", "torrent")


def patience(options: Options) -> float | None:
    """Seconds to wait for a pipe: those of --deadline, if the action has one; else, as for republish, `None`."""
    if options.do is None and not options.wait:
        return None  # the explorer
    action = ACTIONS[options.do or "bootstrap"]
    unhurried = action.unhurried or options.targets is not None or options.records is not None
    hurried = not action.offline and (not unhurried or "deadline" in options.given)
    return options.deadline if hurried else None


def key_choice(options: Options) -> KeyChoice | None:
    """The key of --keyname."""
    if options.keyname is None:
        return None
    return KeyChoice(keys_folder(options), options.keyname, options.passphrase_file, patience(options))


def key_named(options: Options) -> bytes | None:
    """The public key that --public-key or --keyname names. Raises `UsageError`."""
    if options.public_key is not None and options.keyname is not None:
        raise UsageError("--keyname and --public-key exclude each other")
    key = key_choice(options)
    if key is None:
        return options.public_key
    from ...actions.unlocking import public_key

    return public_key(key)


def known_seq(options: Options, public: bytes) -> int | None:
    """The last seq that the keyring knows to have been put under this key and --salt; a testnet knows none of it.

    Raises `UsageError` where --seq is lower: whoever has the last one would take the new one for an old one.
    """
    from ...keyring.notes import last_seq

    known = None if options.testnet else last_seq(keys_folder(options), public, options.salt)
    if known is not None and options.seq is not None and options.seq < known:
        raise UsageError(f"--seq {options.seq} is lower than {known}, the last one put with this key and salt")
    if options.seq is None and max(known or 0, options.cas or 0) >= MAX_SEQ:
        raise UsageError(f"seq {MAX_SEQ} was the last one: none is higher, and nothing can replace what has it")
    return known


def signed_file(options: Options, *, genuine: bool = True) -> ImmutableItem | MutableItem:
    """The item in ``--signed-file``, not verified where it need not be `genuine`. Raises `UsageError`."""
    from ...items.file import MAX_BYTES, ItemFileError, parse

    assert options.signed_file is not None
    data = input_bytes("--signed-file", options.signed_file, MAX_BYTES, patience(options))
    try:
        return parse(data, genuine=genuine)
    except ItemFileError as error:
        raise UsageError(f"--signed-file {quoted(str(options.signed_file))}: {error}") from None


def bencoded_value(options: Options) -> bytes:
    """The value to put or sign, bencoded and fit to store. Raises `UsageError`."""
    found = [name for name in _VALUES if getattr(options, name) is not None]
    if len(found) != 1:
        flags = "--val, --val-file, --val-bencoded or --torrent"
        raise UsageError(f"{options.do} needs {'one of' if not found else 'only one of'} {flags}")
    from ...items.value import FormError, pointer, to_bencode

    try:
        if options.torrent is not None:
            refuse(options, ("val_as",), "is about --val and --val-file; --torrent is a value of its own")
            if options.keyname is None and options.public_key is None:
                raise UsageError("--torrent is for mutable items (BEP 46): it needs --keyname")
            v = pointer(options.torrent)
        elif options.val_bencoded is not None:
            refuse(options, ("val_as",), "is about --val and --val-file; --val-bencoded is bencode already")
            text = options.val_bencoded
            if text[:1] == b"@":
                text = read_bytes("--val-bencoded", bencoded_file(options), MAX_VALUE, options)
            v = to_bencode("bencode", text)
        elif options.val_file is not None:
            limit = MAX_VALUE if options.val_as == "text" else MAX_TEXT
            v = to_bencode(options.val_as, read_bytes("--val-file", options.val_file, limit, options))
        else:
            v = to_bencode(options.val_as, options.val or b"")
        check_value(v)
    except (FormError, ItemError) as error:
        raise UsageError(str(error)) from None
    return v


def read_bytes(flag: str, path: Path, limit: int, options: Options, why: str = "no node stores that much") -> bytes:
    """The bytes of a file, or of standard input, at most `limit`. Raises `UsageError`."""
    data = input_bytes(flag, path, limit, patience(options))
    if len(data) > limit:
        raise UsageError(f"{flag}: {quoted(str(path))} has more than {limit} bytes, {why}")
    return data


def check_out(options: Options, what: str, *, alone: bool = False) -> None:
    """That --out can be written. `alone`: for standard output it is that or JSON. Raises `UsageError`."""
    if options.out is not None and options.out != STDOUT:
        check_new_file("--out", options.out, what, options)
    if options.out == STDOUT and alone and options.json:
        raise UsageError("--out - and --json both write to standard output: leave one of them out")


def check_new_file(flag: str, path: Path, what: str, options: Options) -> None:
    """That a flag names a new file, which can be made. No file of the user's is overwritten. Raises `UsageError`."""
    name, folder = quoted(str(path)), path.parent
    if path == STDOUT:
        raise UsageError(f"{flag}: {what} is not written to standard output: name a new file")
    if is_owned_file(path, options):
        raise UsageError(f"{flag}: {name} is this program's own, for its state, keys or settings: name another file")
    if os.path.lexists(path):
        raise UsageError(f"{flag}: {name} exists, and {what} overwrites nothing: name a new file")
    if not folder.is_dir():
        raise UsageError(f"{flag}: there is no folder {quoted(str(folder))}")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{flag}: the folder {quoted(str(folder))} can't be written to")
