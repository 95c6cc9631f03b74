"""The keys that a headless run names, and the passphrases of those that are encrypted."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path

from ..engine.keys import BadKey, PrivateKey
from ..errors import UsageError, quoted
from ..keyring import Keyring, KeyringError
from ..keyring.seal import MAX_PASSPHRASE, passphrase_bytes
from ..options.config import state_folder
from ..options.options import Options

_MAX_LINE = MAX_PASSPHRASE + len(codecs.BOM_UTF8) + 2
"""Bytes of a passphrase with all that may stand around it."""


def keyring(options: Options) -> Keyring:
    """The keyring of the state folder."""
    return Keyring(state_folder(options) / "keys")


def exposure(options: Options) -> list[str]:
    """A warning if others than their owner can read the private key that the options name."""
    if options.keyname is None or not (readers := keyring(options).exposure(options.keyname)):
        return []
    return [f"the private key {quoted(options.keyname)} can be read by {readers}: chmod 600 its file"]


def load_key(options: Options, name: str) -> PrivateKey:
    """A key of the keyring or of a file, its passphrase asked for if it has one. Raises `UsageError`.

    Slow for encrypted ones: to be called before there is an event loop.
    """
    ring = keyring(options)
    try:
        if ring.is_locked(name):
            return ring.unlock(name, passphrase(options, name))
        key = ring.load(name)
    except KeyringError as error:
        raise UsageError(f"--keyname: {error}") from None
    if options.passphrase_file is not None:
        raise UsageError(f"--passphrase-file: the key {name} is not encrypted, and has no passphrase: leave it out")
    return key


def public_key(options: Options, name: str) -> bytes:
    """The public half of a key, for which nobody is asked anything. Raises `UsageError`."""
    try:
        return keyring(options).public(name)
    except KeyringError as error:
        raise UsageError(f"--keyname: {error}") from None


def passphrase(options: Options, name: str, *, new: bool = False) -> bytes:
    """The passphrase of a key, from the file that the user named or from the terminal. Raises `UsageError`."""
    if options.passphrase_file is not None:
        return _from_file(options.passphrase_file)
    if not sys.stdin.isatty():
        raise UsageError(f"the key {name} needs a passphrase: run this in a terminal, or give --passphrase-file")
    from getpass import getpass

    try:
        text = getpass(f"Passphrase of the key {name}: ")
        if new and getpass("The same again: ") != text:
            raise UsageError("the two passphrases are not the same; nothing was done")
    except EOFError:
        text = ""
    return _bytes(text)


def _from_file(path: Path) -> bytes:
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.readline(_MAX_LINE)
        else:
            with path.open("rb") as file:
                data = file.readline(_MAX_LINE)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        why = getattr(error, "strerror", error)
        raise UsageError(f"--passphrase-file: {quoted(str(path))} can't be read: {why}") from None
    return _bytes(data.removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n").decode("utf-8", "surrogateescape"))


def _bytes(text: str) -> bytes:
    try:
        return passphrase_bytes(text)
    except BadKey as error:
        raise UsageError(str(error)) from None
