"""What the actions that need no node print for programs."""

from __future__ import annotations

from typing import Any

from ...actions.keys import ChangedKey, ExportedKey, ImportedKey, Key, KeyList
from ...actions.signing import Signed, Verified
from ...engine.items import MutableItem
from ...errors import Exit
from ...keyring import Entry
from ...text.actions.notices import signature_words
from ...text.safe import magnet, safe_text, value_text

Objects = list[dict[str, Any]]
"""Lines of JSON."""


def ended(action: str, code: Exit, more: dict[str, Any]) -> Objects:
    """The last line: whether the action succeeded, and what came of it."""
    return [{"type": "result", "action": action, "ok": code is Exit.OK, "exit": code, **more}]


def signed(done: Signed) -> Objects:
    """sign."""
    private = {"private_key": done.key.secret.hex()} if done.show_private else {}
    return ended("sign", done.exit, {"signed_hex": done.buffer.hex(), **_item(done.item), **private})


def verified(done: Verified) -> Objects:
    """verify."""
    said = signature_words(done.fault, done.item.k, done.item.target)
    fault = None if done.fault is None else str(done.fault)
    return ended("verify", done.exit, {"summary": said, "fault": fault, **_item(done.item)})


def _item(item: MutableItem) -> dict[str, Any]:
    return {
        "target": item.target.hex(),
        "seq": item.seq,
        "salt_hex": item.salt.hex(),
        "public_key": item.k.hex(),
        "signature": item.sig.hex(),
        "value_hex": item.v.hex(),
        "value_text": value_text(item.v),
        "magnet": magnet(item.k, item.salt),
    }


def made(done: Key) -> Objects:
    """genkey."""
    private = {"private_key": done.key.secret.hex()} if done.show_private else {}
    path = str(done.path) if done.path else None
    told = {"keyname": done.name, "public_key": done.key.public.hex(), "path": path}
    return ended("genkey", done.exit, told | private)


def listed(done: KeyList) -> Objects:
    """keys."""
    return [*map(_entry, done.entries), *ended("keys", done.exit, {})]


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "type": "key",
        "name": entry.name,
        "public_key": entry.public.hex() if entry.public else None,
        "zbase32": entry.zbase32,
        "kind": entry.form,
        "created": entry.created,
        "encrypted": entry.encrypted,
        "readable_by": entry.exposed,
        "damaged": safe_text(entry.damaged, 400),
        "path": str(entry.path) if entry.path else None,
        "uses": [{"salt_hex": use.salt.hex(), "seq": use.seq, "at": use.at} for use in entry.uses],
    }


def taken(done: ImportedKey) -> Objects:
    """import."""
    told = {
        "keyname": done.name,
        "public_key": done.public.hex(),
        "path": str(done.path),
        "was": done.was,
        "encrypted": done.encrypted,
    }
    return ended("import", done.exit, told)


def given(done: ExportedKey) -> Objects:
    """export."""
    told = {
        "keyname": done.name,
        "public_key": done.public.hex(),
        "format": done.format,
        "path": str(done.out) if done.out else None,
        "key": None if done.out else done.text,
    }
    return ended("export", done.exit, told)


def changed(done: ChangedKey) -> Objects:
    """rename, delete, encrypt, decrypt."""
    public = done.public.hex() if done.public else None
    return ended(done.action, done.exit, {"keyname": done.name, "public_key": public, "path": str(done.path)})
