"""Actions that need no node: making, listing, moving keys; signing without sending; verifying."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..engine.items import ItemError, MutableItem, sign, signing_buffer
from ..engine.keys import BadKey, PrivateKey
from ..errors import UsageError, quoted
from ..keyring import TEST_KEY_NAME, Entry, KeyringError
from ..options.options import Options
from ..options.values import item as named_item
from .request import bencoded_value, check_offline, key_named, known_seq, refuse, signed_file
from .unlocking import keyring, load_key, passphrase, public_key

STDOUT = Path("-")
"""What --out names standard output by."""
PUBLIC_KEY_WARNING = "is the test key printed in BEP 44: anybody can sign with it"


class Failure(Exception):
    """An action that did not succeed. One line, exit code 1."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What `sign` made."""

    item: MutableItem
    key: PrivateKey
    show_private: bool
    test_key: bool
    out: Path | None
    """Where it was written to; `STDOUT`: nowhere yet."""

    @property
    def buffer(self) -> bytes:
        """The bytes that were signed."""
        return signing_buffer(self.item.v, self.item.seq, self.item.salt)


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` looked at."""

    item: MutableItem
    fault: str = ""
    """Why it is not what it should be, a clause; empty for a genuine one."""


@dataclass(frozen=True, slots=True)
class Key:
    """What `genkey` made, or for the built-in test key found."""

    name: str
    key: PrivateKey
    path: Path | None
    show_private: bool

    @property
    def test_key(self) -> bool:
        """Whether it is the built-in key that everybody has."""
        return self.path is None


@dataclass(frozen=True, slots=True)
class ImportedKey:
    """What `import` took into the keyring."""

    name: str
    public: bytes
    path: Path
    was: str
    """In what form it came, in words."""
    encrypted: bool


@dataclass(frozen=True, slots=True)
class ExportedKey:
    """What `export` gives out."""

    name: str
    public: bytes
    format: str
    text: str
    """The secret."""
    out: Path | None
    """The file that it was written to."""


def sign_value(options: Options) -> Signed:
    """Sign the value that the options name. Raises `UsageError`, `Failure`.

    Without a seq it takes the one above the last one put, as far as the keyring knows, else 0.
    """
    check_offline(options)
    _check_out(options.out, "a signed item")
    if options.out == STDOUT and options.json:
        raise UsageError("--out - and --json both write to standard output: leave one of them out")
    name = options.keyname or ""
    v = bencoded_value(options)
    key = load_key(options, name)
    known = known_seq(options, key.public)
    seq = options.seq if options.seq is not None else 0 if known is None else known + 1
    try:
        item = sign(key, v, seq, options.salt)
    except ItemError as error:
        raise UsageError(str(error)) from None
    except BadKey as error:
        raise Failure(str(error)) from None
    if options.out is not None and options.out != STDOUT:
        _write_item(options.out, item)
    return Signed(item, key, options.show_private, name == TEST_KEY_NAME, options.out)


def _check_out(path: Path | None, what: str) -> None:
    """No file of the user's is overwritten. Raises `UsageError`."""
    if path is not None and path != STDOUT and os.path.lexists(path):
        raise UsageError(f"--out: {quoted(str(path))} exists, and {what} overwrites nothing: name a new file")


def _write_item(path: Path, item: MutableItem) -> None:
    from ..items.file import write

    try:
        write(path, item)
    except FileExistsError:
        raise UsageError(f"--out: {quoted(str(path))} exists: it is left as it is") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        why = getattr(error, "strerror", error)
        raise Failure(f"--out: {quoted(str(path))} can't be written: {why}") from None


def verify_item(options: Options) -> Verified:
    """Whether the item that the options name is genuine, and what they say of it. Raises `UsageError`."""
    check_offline(options)
    public = key_named(options)
    if options.signed_file is not None:
        names = ("signature", "val", "val_file", "val_bencoded", "val_as", "salt", "seq")
        refuse(options, names, "has no meaning with --signed-file, which holds all of the item")
        item = signed_file(options, genuine=False)
        if not isinstance(item, MutableItem):
            raise UsageError("the item in --signed-file is immutable: nobody signed it")
    else:
        if public is None or options.signature is None:
            raise UsageError(
                "verify needs --signed-file, or a value, --public-key (or --keyname), --signature, --seq and --salt"
            )
        item = MutableItem(bencoded_value(options), public, options.signature, options.seq or 0, options.salt)
    if not item.verify():
        return Verified(item, "the signature does not hold for this value, seq, salt and public key")
    if public is not None and item.k != public:
        return Verified(item, f"it is signed, but by another key, {item.k.hex()}")
    target = options.target
    if target is not None and named_item(target, item.salt).id != item.target:
        return Verified(item, f"it is signed, but for another target, {item.target.hex()}")
    return Verified(item)


def make_key(options: Options) -> Key:
    """Make the key that the options name; never over another one. Raises `UsageError`, `Failure`."""
    check_offline(options)
    ring, name = keyring(options), options.keyname or ""
    if name == TEST_KEY_NAME:
        refuse(options, ("encrypt",), f"has no meaning for {TEST_KEY_NAME}, which is built in")
        return Key(name, ring.load(name), None, options.show_private)
    secret = passphrase(options, name, new=True) if options.encrypt else None
    try:
        key = ring.generate(name, secret)
    except KeyringError as error:
        raise _about_name(error, "no key was made") from None
    return Key(name, key, ring.folder / name, options.show_private)


def _about_name(error: KeyringError, otherwise: str) -> UsageError | Failure:
    if error.__cause__ is None:  # nothing went wrong with a file: it is the name
        return UsageError(f"--keyname: {error}")
    return Failure(f"{otherwise}: {error}")


def list_keys(options: Options) -> list[Entry]:
    """All keys of the keyring. Raises `UsageError`, `Failure`."""
    check_offline(options)
    try:
        return keyring(options).list()
    except KeyringError as error:
        raise Failure(str(error)) from None


def import_key(options: Options) -> ImportedKey:
    """Take a private key into the keyring, whatever its form. Raises `UsageError`, `Failure`."""
    from ..keyring.reading import read_key
    from ..keyring.seal import Sealed

    check_offline(options)
    if options.key_file is None:
        raise UsageError("import needs --key-file, the file with the private key; - is standard input")
    ring, name = keyring(options), options.keyname or ""
    try:
        opened: list[bytes] = []

        def opens() -> bytes:
            opened.append(passphrase(options, name))
            return opened[0]

        found = read_key(_key_data(options.key_file), options.key_form, options.public_key, opens)
        sealed = isinstance(found.key, Sealed)
        if options.encrypt and sealed:
            raise UsageError("the key is encrypted already, and stays so: leave --encrypt out")
        if not options.encrypt and not opened:
            refuse(
                options, ("passphrase_file",), "has no meaning: the key is not encrypted; --encrypt encrypts it here"
            )
        # Encrypted by another program: the passphrase that opened it is the one that it keeps.
        secret = (opened[0] if opened else passphrase(options, name, new=True)) if options.encrypt else None
        ring.add(name, found.key, secret)
    except BadKey as error:
        raise UsageError(f"--key-file: {error}") from None
    except KeyringError as error:
        raise _about_name(error, "no key was imported") from None
    path = ring.folder / name
    return ImportedKey(name, found.key.public, path, found.kind, sealed or options.encrypt)


def _key_data(path: Path) -> bytes:
    import sys

    from ..keyring.reading import MAX_INPUT

    try:
        if str(path) == "-":
            return sys.stdin.buffer.read(MAX_INPUT + 1)
        with path.open("rb") as file:
            return file.read(MAX_INPUT + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        why = getattr(error, "strerror", error)
        raise UsageError(f"--key-file: {quoted(str(path))} can't be read: {why}") from None


def export_key(options: Options) -> ExportedKey:
    """Give a private key out, in the form and to the place that the options name. Raises `UsageError`, `Failure`."""
    from ..keyring.writing import write_key

    check_offline(options)
    _check_out(options.out, "a key")
    name = options.keyname or ""
    try:
        if options.format == "public":
            refuse(options, ("passphrase_file",), "has no meaning: nobody is asked for a public key")
            public = public_key(options, name)
            text = f"{public.hex()}\n"
        else:
            key = load_key(options, name)
            public, text = key.public, write_key(key, options.format)
    except BadKey as error:
        raise UsageError(f"--format {options.format}: {error}") from None
    out = None if options.out == STDOUT else options.out
    if out is not None:
        _write_key(out, text)
    return ExportedKey(name, public, options.format, text, out)


def _write_key(path: Path, text: str) -> None:
    from ..keyring.writing import write_secret

    try:
        write_secret(path, text)
    except FileExistsError:
        raise UsageError(f"--out: {quoted(str(path))} exists, and a key overwrites nothing: name a new file") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        why = getattr(error, "strerror", error)
        raise Failure(f"--out: {quoted(str(path))} can't be written: {why}") from None
