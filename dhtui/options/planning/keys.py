"""Requests of actions that need no node: on the keyring, and signing and verifying."""

from __future__ import annotations

from ...actions.request import (
    DecryptKey,
    DeleteKey,
    EncryptKey,
    ExportKey,
    ImportKey,
    KeyChoice,
    ListKeys,
    MakeKey,
    RenameKey,
    SignItem,
    VerifyItem,
)
from ...engine.items import MutableItem
from ...errors import UsageError
from ...keyring import TEST_KEY_NAME
from ..config import keys_folder
from ..fitting import refuse
from ..options import Options
from ..values import item as named_item
from .values import bencoded_value, check_out, key_choice, key_named, known_seq, signed_file


def _key(options: Options) -> KeyChoice:
    """The key that is needed. Raises `UsageError`."""
    key = key_choice(options)
    if key is None:
        raise UsageError(f"{options.do} needs --keyname, the name of a key")
    return key


def genkey(options: Options) -> MakeKey:
    """Raises `UsageError`."""
    key = _key(options)
    if not options.encrypt:
        refuse(options, ("passphrase_file",), "needs --encrypt: without it the key is kept in the clear")
    if key.name == TEST_KEY_NAME:
        refuse(options, ("encrypt",), f"has no meaning for {TEST_KEY_NAME}, which is built in")
    return MakeKey(action="genkey", key=key, encrypt=options.encrypt, show_private=options.show_private)


def keys(options: Options) -> ListKeys:
    """All keys."""
    return ListKeys(action="keys", folder=keys_folder(options))


def import_key(options: Options) -> ImportKey:
    """Raises `UsageError`."""
    key = _key(options)
    if options.key_file is None:
        raise UsageError("import needs --key-file, the file with the private key; - is standard input")
    return ImportKey(
        action="import",
        key=key,
        file=options.key_file,
        form=options.key_form,
        public=options.public_key,
        encrypt=options.encrypt,
    )


def export_key(options: Options) -> ExportKey:
    """Raises `UsageError`."""
    key = _key(options)
    check_out(options, "a key")
    if options.format == "public":
        refuse(options, ("passphrase_file",), "has no meaning: nobody is asked for a public key")
    return ExportKey(action="export", key=key, format=options.format, out=options.out)


def sign(options: Options) -> SignItem:
    """Without a seq it takes the one above the last one put, as far as the keyring knows, else 0.

    Raises `UsageError`.
    """
    from ...actions.unlocking import check_passphrase, public_key

    key = _key(options)
    check_out(options, "a signed item", alone=True)
    v = bencoded_value(options)
    known = known_seq(options, public_key(key))
    check_passphrase(key)
    return SignItem(
        action="sign",
        key=key,
        v=v,
        salt=options.salt,
        seq=options.seq if options.seq is not None else 0 if known is None else known + 1,
        show_private=options.show_private,
        out=options.out,
    )


def verify(options: Options) -> VerifyItem:
    """Raises `UsageError`."""
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
    target = None if options.target is None else named_item(options.target, item.salt).id
    return VerifyItem(action="verify", key=key_choice(options), item=item, public=public, target=target)


def rename(options: Options) -> RenameKey:
    """Raises `UsageError`."""
    key = _key(options)
    if options.new_name is None:
        raise UsageError("rename needs --new-name, the name that the key gets")
    return RenameKey(action="rename", key=key, new_name=options.new_name)


def delete(options: Options) -> DeleteKey:
    """Raises `UsageError` unless it is meant."""
    key = _key(options)
    if not options.yes:
        raise UsageError(f"delete removes the key {key.name} for ever, and nobody can sign with it again: add --yes")
    return DeleteKey(action="delete", key=key)


def encrypt(options: Options) -> EncryptKey:
    """Raises `UsageError`."""
    from ...actions.unlocking import is_locked

    key = _key(options)
    if not is_locked(key) and options.passphrase_file is not None:
        refuse(options, ("new_passphrase_file",), "has no meaning: the key is in the clear, and gets one passphrase")
    return EncryptKey(action="encrypt", key=key, new=options.new_passphrase_file)


def decrypt(options: Options) -> DecryptKey:
    """Raises `UsageError`."""
    from ...actions.unlocking import is_locked

    key = _key(options)
    if not is_locked(key):
        raise UsageError(f"the key {key.name} is not encrypted")
    return DecryptKey(action="decrypt", key=key)
