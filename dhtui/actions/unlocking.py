"""The keys that a headless run names, and the passphrases of those that are encrypted."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path

from ..engine.keys import BadKey, PrivateKey
from ..errors import UsageError, quoted
from ..keyring import Keyring, KeyringError
from ..keyring.seal import MAX_PASSPHRASE, passphrase_bytes
from ..storage.atomic import readers_of
from ..text.actions.notices import (
    AGAIN_PROMPT,
    NEW_PASSPHRASE,
    PASSPHRASE,
    exposed_file_words,
    exposed_key_words,
    passphrase_prompt,
)
from .named_input import input_line
from .request import AnyRequest, EncryptKey, ImportKey, KeyChoice, Request, Unsigned

_MAX_LINE = MAX_PASSPHRASE + len(codecs.BOM_UTF8) + 2
"""Bytes of a passphrase with all that may stand around it."""


def exposure(request: AnyRequest) -> list[str]:
    """Warnings of the secrets that others than their owner can read: the key, and the files that were named."""
    key = request.key
    if key is None:
        return []
    found = []
    if readers := Keyring(key.folder).exposure(key.name):
        found.append(exposed_key_words(quoted(key.name), readers))
    named = {key.passphrase: "passphrase"}
    if isinstance(request, EncryptKey):
        named[request.new] = "passphrase"
    if isinstance(request, ImportKey):
        named[request.file] = "private key"
    for path, what in named.items():
        if path is not None and str(path) != "-" and path.is_file() and (readers := readers_of(path)):
            found.append(exposed_file_words(what, quoted(str(path)), readers))
    return found


def check_passphrase(key: KeyChoice) -> None:
    """That a passphrase is given for nothing but a key that has one. Asks nobody. Raises `UsageError`."""
    if key.passphrase is not None and not is_locked(key):
        raise UsageError(f"--passphrase-file: the key {key.name} is not encrypted, and has no passphrase: leave it out")


def is_locked(key: KeyChoice) -> bool:
    """Whether a passphrase is needed to sign with a key. Raises `UsageError`."""
    try:
        return Keyring(key.folder).is_locked(key.name)
    except KeyringError as error:
        raise UsageError(f"--keyname: {error}") from None


def public_key(key: KeyChoice) -> bytes:
    """The public half of a key, for which nobody is asked anything. Raises `UsageError`."""
    try:
        return Keyring(key.folder).public(key.name)
    except KeyringError as error:
        raise UsageError(f"--keyname: {error}") from None


def unlocked(request: Request) -> Request:
    """The same request with the key that it needs, its passphrase asked for if it has one. Raises `UsageError`.

    Slow for encrypted keys: to be called before there is an event loop.
    """
    if not isinstance(request.what, Unsigned):
        return request
    from ..engine.items import Draft

    item = request.what
    draft = Draft(item.v, load_key(item.key), item.salt, item.seq, item.base, item.known)
    return request._replace(what=draft)


def load_key(key: KeyChoice, keyring: Keyring | None = None) -> PrivateKey:
    """A key of the keyring or of a file, its passphrase asked for if it has one. Raises `UsageError`.

    Slow for encrypted ones. With a `keyring` it is unlocked there.
    """
    keyring = keyring or Keyring(key.folder)
    check_passphrase(key)
    try:
        return keyring.unlock(key.name, passphrase(key)) if keyring.is_locked(key.name) else keyring.load(key.name)
    except KeyringError as error:
        raise UsageError(f"--keyname: {error}") from None


def passphrase(key: KeyChoice, *, new: bool = False, again: bool = False, flag: str = "--passphrase-file") -> bytes:
    """The passphrase of a key, from the file that the user named or from the terminal. Raises `UsageError`.

    `new`: it is asked for twice. `again`: in place of the one that the key has. `flag`: where the file was named.
    """
    if key.passphrase is not None:
        return _from_file(key.passphrase, flag, key.patience)
    if not sys.stdin.isatty():
        wanted = NEW_PASSPHRASE if again else PASSPHRASE
        raise UsageError(f"the key {key.name} needs {wanted}: run this in a terminal, or give {flag}")
    from getpass import getpass

    try:
        text = getpass(passphrase_prompt(key.name, new=again))
        if new and getpass(AGAIN_PROMPT) != text:
            raise UsageError("the two passphrases are not the same; nothing was done")
    except EOFError:
        text = ""
    return _bytes(text)


def _from_file(path: Path, flag: str, patience: float | None) -> bytes:
    data = input_line(flag, path, _MAX_LINE, patience)
    return _bytes(data.removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n").decode("utf-8", "surrogateescape"), f"{flag}: ")


def _bytes(text: str, where: str = "") -> bytes:
    try:
        return passphrase_bytes(text)
    except BadKey as error:
        raise UsageError(f"{where}{error}") from None
