"""What the actions that need no node print for people."""

from __future__ import annotations

from datetime import UTC, datetime

from ...actions.keys import ChangedKey, ExportedKey, ImportedKey, Key, KeyList
from ...actions.request import STDOUT
from ...actions.signing import Signed, Verified
from ...engine.items import MAX_SEQ
from ...items import file as itemfile
from ...keyring import TEST_KEY_NAME, Entry
from ...options.values import salt_text
from ...text.actions.notices import PUBLIC_KEY, last_seq_words, signature_words
from ...text.safe import magnet, safe_text, value_text
from ..lines import Lines

_NOT_SHOWN = "not shown, see --show-private"


def signed(done: Signed) -> Lines:
    """sign: five lines like the original program's, then the sequence number and a link."""
    item, key = done.item, done.key
    private = key.secret.hex() if done.show_private else _NOT_SHOWN
    told = [
        f"benc val    (length:{len(done.buffer):3})     {safe_text(done.buffer, 6000)}",
        f"private key (raw length:{len(key.secret):3}) {private}",
        f"public key  (raw length:{len(key.public):3}) {key.public.hex()}",
        f"value sign  (raw length:{len(item.sig):3}) {item.sig.hex()}",
        f"target id   (raw length:{len(item.target):3}) {item.target.hex()}",
        f"seq         {item.seq}",
        f"magnet      {magnet(item.k, item.salt)}",
    ]
    if done.out not in (None, STDOUT):
        told.append(f"written to  {safe_text(str(done.out))}, for put --signed-file")
    lines = Lines(told)
    if done.out == STDOUT:  # the item alone, for a pipe
        lines = Lines([itemfile.text(item).rstrip()], told)
    if done.named.name == TEST_KEY_NAME:
        lines.err.append(f"{TEST_KEY_NAME} {PUBLIC_KEY}")
    if item.seq == MAX_SEQ:
        lines.warnings.append(last_seq_words(item.seq))
    return lines


def verified(done: Verified) -> Lines:
    """verify: the lines of `signed`, without those that only a signer has."""
    item = done.item
    said = signature_words(done.fault, item.k, item.target)
    if done.fault:
        return Lines(failure=f"verify failed: {said}")
    return Lines(
        [
            f"value       {value_text(item.v)}",
            f"public key  (raw length:{len(item.k):3}) {item.k.hex()}",
            f"value sign  (raw length:{len(item.sig):3}) {item.sig.hex()}",
            f"target id   (raw length:{len(item.target):3}) {item.target.hex()}",
            f"seq         {item.seq}",
            f"magnet      {magnet(item.k, item.salt)}",
        ],
        [said],
    )


def made(done: Key) -> Lines:
    """genkey: the public key, where it is kept, and the private key if that was asked for."""
    key, private = done.key, done.key.secret.hex() if done.show_private else _NOT_SHOWN
    where = f"in {safe_text(str(done.path))}" if done.path else "built in"
    lines = Lines(
        [
            f"private key (raw length:{len(key.secret):3}) {private}",
            f"public key  (raw length:{len(key.public):3}) {key.public.hex()}",
            f"kept as     {safe_text(done.name)}, {where}",
        ]
    )
    if done.test_key:
        lines.err.append(f"{done.name} {PUBLIC_KEY}")
    return lines


def listed(done: KeyList) -> Lines:
    """keys."""
    return Lines([line for entry in done.entries for line in _entry(entry)])


def date(seconds: float) -> str:
    """A time in seconds since 1970, to the minute, in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return "at an unknown time"


def _entry(entry: Entry) -> list[str]:
    name = safe_text(entry.name)
    if entry.public is None:
        return [f"{name}", f"  damaged     {safe_text(entry.damaged, 400)}"]
    made = "built in, and public: anybody can sign with it" if entry.created is None else date(entry.created)
    kind = f"{entry.form}, {'encrypted' if entry.encrypted else 'in the clear'}" if entry.path else entry.form
    lines = [f"{name}", f"  public key  {entry.public.hex()}", f"  z-base-32   {entry.zbase32}"]
    lines += [f"  kind        {kind}", f"  created     {made}"]
    if entry.exposed:
        lines.append(f"  warning     its file can be read by {entry.exposed}: chmod 600 it")
    for use in entry.uses:
        salt = f"salt {salt_text(use.salt)}" if use.salt else "no salt"
        lines.append(f"  last put    seq {use.seq}, {salt}, {date(use.at)}")
    return lines


def taken(done: ImportedKey) -> Lines:
    """import."""
    return Lines(
        [
            f"public key  (raw length:{len(done.public):3}) {done.public.hex()}",
            f"it was      {done.was}",
            f"kept as     {safe_text(done.name)}, {'encrypted' if done.encrypted else 'in the clear'}, "
            f"in {safe_text(str(done.path))}",
        ]
    )


def given(done: ExportedKey) -> Lines:
    """export: the key itself, or where it was written."""
    out = done.text.rstrip("\n").split("\n") if done.out is None else [f"written to  {safe_text(str(done.out))}"]
    if done.format == "public":
        return Lines(out)
    return Lines(out, ["whoever has this can sign as you: keep it where nobody else can read it"])


_CHANGES = {
    "delete": "was deleted: nobody can ever again sign with it",
    "rename": "has that name now",
    "encrypt": "is encrypted",
    "decrypt": "is in the clear",
}


def changed(done: ChangedKey) -> Lines:
    """rename, delete, encrypt, decrypt."""
    name, public = safe_text(done.name), done.public.hex() if done.public else "not known: the file was damaged"
    where = [] if done.action == "delete" else [f"kept as     {name}, in {safe_text(str(done.path))}"]
    return Lines([f"public key  {public}", *where], [f"the key {name} {_CHANGES[done.action]}"])
