"""Actions on the keyring: making, listing, moving and changing keys."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..engine.keys import BadKey, PrivateKey
from ..errors import Exit, Failure, UsageError, quoted
from ..keyring import TEST_KEY_NAME, Entry, Keyring, KeyringError
from ..keyring.base import name_fault
from .named_input import input_bytes
from .request import STDOUT, DecryptKey, DeleteKey, EncryptKey, ExportKey, ImportKey, ListKeys, MakeKey, RenameKey
from .unlocking import is_locked, load_key, passphrase, public_key


class Key(NamedTuple):
    """What `genkey` made, or for the built-in test key found."""

    name: str
    key: PrivateKey
    path: Path | None
    show_private: bool
    exit: Exit = Exit.OK

    @property
    def test_key(self) -> bool:
        """Whether it is the built-in key that everybody has."""
        return self.path is None


class KeyList(NamedTuple):
    """What `keys` lists."""

    entries: tuple[Entry, ...]
    exit: Exit = Exit.OK


class ImportedKey(NamedTuple):
    """What `import` took into the keyring."""

    name: str
    public: bytes
    path: Path
    was: str
    """In what form it came, in words."""
    encrypted: bool
    exit: Exit = Exit.OK


class ExportedKey(NamedTuple):
    """What `export` gives out."""

    name: str
    public: bytes
    format: str
    text: str
    """The secret."""
    out: Path | None
    """The file that it was written to."""
    exit: Exit = Exit.OK


def make_key(request: MakeKey) -> Key:
    """Make a key; never over another one. Raises `UsageError`, `Failure`."""
    keyring, name = Keyring(request.key.folder), request.key.name
    if name == TEST_KEY_NAME:
        return Key(name, keyring.load(name), None, request.show_private)
    secret = passphrase(request.key, new=True) if request.encrypt else None
    try:
        key = keyring.generate(name, secret)
    except KeyringError as error:
        raise about_name(error, "no key was made") from None
    return Key(name, key, keyring.folder / name, request.show_private)


def about_name(error: KeyringError, otherwise: str) -> UsageError | Failure:
    """What to raise for what the keyring would not do: `otherwise` goes before what went wrong with a file."""
    if error.__cause__ is None:  # nothing went wrong with a file: it is the name
        return UsageError(f"--keyname: {error}")
    return Failure(f"{otherwise}: {error}")


def list_keys(request: ListKeys) -> KeyList:
    """All keys of the keyring. Raises `Failure`."""
    try:
        return KeyList(tuple(Keyring(request.folder).list()))
    except KeyringError as error:
        raise Failure(str(error)) from None


def import_key(request: ImportKey) -> ImportedKey:
    """Take a private key into the keyring, whatever its form. Raises `UsageError`, `Failure`."""
    from ..keyring.reading import MAX_INPUT, read_key
    from ..keyring.seal import Sealed

    choice = request.key
    keyring, name = Keyring(choice.folder), choice.name
    try:
        opened: list[bytes] = []

        def opens() -> bytes:
            opened.append(passphrase(choice))
            return opened[0]

        data = input_bytes("--key-file", request.file, MAX_INPUT, choice.patience)
        found = read_key(data, request.form, request.public, opens)
        sealed = isinstance(found.key, Sealed)
        if request.encrypt and sealed:
            raise UsageError("the key is encrypted already, and stays so: leave --encrypt out")
        if not request.encrypt and not opened and choice.passphrase is not None:
            raise UsageError("--passphrase-file has no meaning: the key is not encrypted; --encrypt encrypts it here")
        # Encrypted by another program: the passphrase that opened it is the one that it keeps.
        secret = (opened[0] if opened else passphrase(choice, new=True)) if request.encrypt else None
        keyring.add(name, found.key, secret)
    except BadKey as error:
        raise UsageError(f"--key-file: {error}") from None
    except KeyringError as error:
        raise about_name(error, "no key was imported") from None
    return ImportedKey(name, found.key.public, keyring.folder / name, found.kind, sealed or request.encrypt)


def export_key(request: ExportKey) -> ExportedKey:
    """Give a private key out. Raises `UsageError`, `Failure`."""
    from ..keyring.writing import write_key

    try:
        if request.format == "public":
            public = public_key(request.key)
            text = f"{public.hex()}\n"
        else:
            key = load_key(request.key)
            public, text = key.public, write_key(key, request.format)
    except BadKey as error:
        raise UsageError(f"--format {request.format}: {error}") from None
    out = None if request.out == STDOUT else request.out
    if out is not None:
        _write_key(out, text)
    return ExportedKey(request.key.name, public, request.format, text, out)


def _write_key(path: Path, text: str) -> None:
    from ..keyring.writing import write_secret

    try:
        write_secret(path, text)
    except FileExistsError:
        raise UsageError(f"--out: {quoted(str(path))} exists, and a key overwrites nothing: name a new file") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        why = getattr(error, "strerror", error)
        raise Failure(f"--out: {quoted(str(path))} can't be written: {why}") from None


# ---- changes ------------------------------------------------------------------------------------------------


class ChangedKey(NamedTuple):
    """A key that was renamed, deleted, encrypted or decrypted."""

    action: str
    name: str
    """What it is called now, or was."""
    public: bytes | None
    """`None` of a damaged one."""
    path: Path
    exit: Exit = Exit.OK


def rename_key(request: RenameKey) -> ChangedKey:
    """Give a key another name; never that of another one. Raises `UsageError`, `Failure`."""
    keyring = Keyring(request.key.folder)
    if fault := name_fault(request.new_name):
        raise UsageError(f"--new-name: {fault}")
    try:
        keyring.rename(request.key.name, request.new_name)
    except KeyringError as error:
        raise about_name(error, "the key was not renamed") from None
    return _changed(request.action, keyring, request.new_name)


def delete_key(request: DeleteKey) -> ChangedKey:
    """Remove a key for ever. Raises `UsageError`, `Failure`."""
    keyring = Keyring(request.key.folder)
    before = _changed(request.action, keyring, request.key.name)
    try:
        keyring.delete(request.key.name)
    except KeyringError as error:
        raise about_name(error, "the key was not deleted") from None
    return before


def encrypt_key(request: EncryptKey) -> ChangedKey:
    """Encrypt a key under a passphrase, or under another one. Raises `UsageError`, `Failure`."""
    keyring, choice = Keyring(request.key.folder), request.key
    if again := is_locked(choice):
        load_key(choice, keyring)
    wanted = choice._replace(passphrase=request.new) if again or request.new else choice
    flag = "--passphrase-file" if wanted is choice else "--new-passphrase-file"
    try:
        keyring.encrypt(choice.name, passphrase(wanted, new=True, again=again, flag=flag))
    except KeyringError as error:
        raise about_name(error, "the key was not encrypted") from None
    return _changed(request.action, keyring, choice.name)


def decrypt_key(request: DecryptKey) -> ChangedKey:
    """Keep a key in the clear. Raises `UsageError`, `Failure`."""
    keyring, name = Keyring(request.key.folder), request.key.name
    load_key(request.key, keyring)
    try:
        keyring.decrypt(name)
    except KeyringError as error:
        raise about_name(error, "the key was not decrypted") from None
    return _changed(request.action, keyring, name)


def _changed(action: str, keyring: Keyring, name: str) -> ChangedKey:
    try:
        public = keyring.public(name)
    except KeyringError:
        public = None
    return ChangedKey(action, name, public, keyring.folder / name)
