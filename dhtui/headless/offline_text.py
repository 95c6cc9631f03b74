"""What the actions print that need no node."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ..actions.offline import STDOUT, ExportedKey, ImportedKey, Key, Signed, Verified
from ..engine.items import MutableItem
from ..keyring import Entry
from ..options.values import salt_text
from ..text.safe import magnet, safe_text, value_text

_NOT_SHOWN = "not shown, see --show-private"


def signed_lines(signed: Signed) -> list[str]:
    """Five lines like the original program's, then the sequence number and a link."""
    item, key = signed.item, signed.key
    private = key.secret.hex() if signed.show_private else _NOT_SHOWN
    return [
        f"benc val    (length:{len(signed.buffer):3})     {safe_text(signed.buffer, 6000)}",
        f"private key (raw length:{len(key.secret):3}) {private}",
        f"public key  (raw length:{len(key.public):3}) {key.public.hex()}",
        f"value sign  (raw length:{len(item.sig):3}) {item.sig.hex()}",
        f"target id   (raw length:{len(item.target):3}) {item.target.hex()}",
        f"seq         {item.seq}",
        f"magnet      {magnet(item.k, item.salt)}",
        *(
            [f"written to  {safe_text(str(signed.out))}, for put --signed-file"]
            if signed.out not in (None, STDOUT)
            else []
        ),
    ]


def signed_json(signed: Signed) -> dict[str, Any]:
    """The same for programs."""
    out = {"type": "result", "action": "sign", "ok": True, "signed_hex": signed.buffer.hex()} | _item_json(signed.item)
    return out | ({"private_key": signed.key.secret.hex()} if signed.show_private else {})


def _item_json(item: MutableItem) -> dict[str, Any]:
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


def verified_lines(item: MutableItem) -> list[str]:
    """What was verified: the lines of `sign`, without those that only a signer has."""
    return [
        f"value       {value_text(item.v)}",
        f"public key  (raw length:{len(item.k):3}) {item.k.hex()}",
        f"value sign  (raw length:{len(item.sig):3}) {item.sig.hex()}",
        f"target id   (raw length:{len(item.target):3}) {item.target.hex()}",
        f"seq         {item.seq}",
        f"magnet      {magnet(item.k, item.salt)}",
    ]


def verified_json(verified: Verified) -> dict[str, Any]:
    """The same for programs."""
    summary = verified.fault or "the signature is good"
    head = {"type": "result", "action": "verify", "ok": not verified.fault, "summary": summary}
    return head | _item_json(verified.item)


def key_lines(key: Key) -> list[str]:
    """The public key, where it is kept, and the private key if that was asked for."""
    private = key.key.secret.hex() if key.show_private else _NOT_SHOWN
    return [
        f"private key (raw length:{len(key.key.secret):3}) {private}",
        f"public key  (raw length:{len(key.key.public):3}) {key.key.public.hex()}",
        f"kept as     {safe_text(key.name)}" + (f", in {safe_text(str(key.path))}" if key.path else ", built in"),
    ]


def key_json(key: Key) -> dict[str, Any]:
    """The same for programs."""
    out = {
        "type": "result",
        "action": "genkey",
        "ok": True,
        "keyname": key.name,
        "public_key": key.key.public.hex(),
        "path": str(key.path) if key.path else None,
    }
    return out | ({"private_key": key.key.secret.hex()} if key.show_private else {})


def _date(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return "at an unknown time"


def entry_lines(entry: Entry) -> list[str]:
    """One key of the list."""
    name = safe_text(entry.name)
    if entry.public is None:
        return [f"{name}", f"  damaged     {safe_text(entry.damaged, 400)}"]
    made = "built in, and public: anybody can sign with it" if entry.created is None else _date(entry.created)
    kind = f"{entry.form}, {'encrypted' if entry.encrypted else 'in the clear'}" if entry.path else entry.form
    lines = [f"{name}", f"  public key  {entry.public.hex()}", f"  z-base-32   {entry.zbase32}"]
    lines += [f"  kind        {kind}", f"  created     {made}"]
    if entry.exposed:
        lines.append(f"  warning     its file can be read by {entry.exposed}: chmod 600 it")
    for use in entry.uses:
        salt = f"salt {salt_text(use.salt)}" if use.salt else "no salt"
        lines.append(f"  last put    seq {use.seq}, {salt}, {_date(use.at)}")
    return lines


def entry_json(entry: Entry) -> dict[str, Any]:
    """The same for programs."""
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


def taken_lines(taken: ImportedKey) -> list[str]:
    """What was imported."""
    return [
        f"public key  (raw length:{len(taken.public):3}) {taken.public.hex()}",
        f"it was      {taken.was}",
        f"kept as     {safe_text(taken.name)}, {'encrypted' if taken.encrypted else 'in the clear'}, "
        f"in {safe_text(str(taken.path))}",
    ]


def taken_json(taken: ImportedKey) -> dict[str, Any]:
    """The same for programs."""
    return {
        "type": "result",
        "action": "import",
        "ok": True,
        "keyname": taken.name,
        "public_key": taken.public.hex(),
        "path": str(taken.path),
        "was": taken.was,
        "encrypted": taken.encrypted,
    }


def given_lines(given: ExportedKey) -> list[str]:
    """The key itself, or where it was written."""
    if given.out is None:
        return given.text.rstrip("\n").split("\n")
    return [f"written to  {safe_text(str(given.out))}"]


def given_json(given: ExportedKey) -> dict[str, Any]:
    """The same for programs."""
    return {
        "type": "result",
        "action": "export",
        "ok": True,
        "keyname": given.name,
        "public_key": given.public.hex(),
        "format": given.format,
        "path": str(given.out) if given.out else None,
        "key": None if given.out else given.text,
    }
