"""What the put form asks for, checked as it is typed: what to store, signed by whom, and how careful to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap

from ...engine.items import (
    MAX_SALT,
    MAX_SEQ,
    MAX_VALUE,
    Draft,
    ImmutableItem,
    Item,
    ItemError,
    MutableItem,
    check_value,
    immutable_target,
    mutable_target,
    signing_buffer,
)
from ...engine.keys import PrivateKey
from ...engine.outcome import Outcome
from ...errors import UsageError
from ...items.conflict import NOTHING
from ...items.value import FormError, to_bencode
from ...keyring import Entry
from ...lookups.same import of_put
from ...options.values import integer, salt
from ...packets.fields import text_or_hex
from ...text.format import plural, short_id
from ...text.safe import safe_text
from ...text.spans import Line, Role, fit

_SEQ = integer(0, MAX_SEQ)
_NODES = integer(1, 20)
_LABEL = 9


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at a target showed: whoever puts then knows what is put over."""

    target: bytes
    item: MutableItem | None
    """The newest value; `None`: there was none."""

    @property
    def seq(self) -> int:
        """The seq to compare with: of the newest value, or that of nothing."""
        return NOTHING if self.item is None else self.item.seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What stands in the fields of the form."""

    form: str
    """One of `itemvalue.FORMS`."""
    data: bytes
    """What was typed, or what is in the file."""
    signer: Entry | None
    """The key that is to sign; `None`: nobody, the item is immutable."""
    salt: str
    seq: str
    nodes: str
    careful: bool
    """Put only over what was seen (cas)."""
    most: int = 8
    """On how many nodes a put can store: the k of the node."""
    signed: Item | None = None
    """An item from a signed file; all but `nodes` is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A put that is fit to be made."""

    v: bytes
    """The value, bencoded."""
    signer: Entry | None = None
    salt: bytes = b""
    seq: int | None = None
    known: int | None = None
    """The last seq that is noted here."""
    seen: Seen | None = None
    """What is to be put over, if only that may be."""
    min_stored: int = 1
    signed: Item | None = None

    @property
    def target(self) -> bytes:
        """Where it will be stored, 20 bytes."""
        if self.signed is not None:
            return self.signed.target
        if self.signer is None or self.signer.public is None:
            return immutable_target(self.v)
        return mutable_target(self.signer.public, self.salt)

    def same_command(self) -> str:
        """The command line that puts the same; empty: there is none."""
        if self.signed is not None:
            return ""
        name = self.signer.name if self.signer is not None else ""
        cas = None if self.seen is None else self.seen.seq
        return of_put(self.v, name, self.salt, self.seq, cas, self.min_stored)

    def what(self, key: PrivateKey | None) -> Item | Draft:
        """What to put. `key` is that of the signer."""
        if self.signed is not None:
            return self.signed
        if key is None:
            return ImmutableItem(self.v)
        base = None if self.seen is None else self.seen.seq
        return Draft(self.v, key, self.salt, self.seq, base, self.known)


def read_plan(fields: Fields, seen: Seen | None) -> Plan:
    """The put that the fields ask for. Raises `UsageError`, which says what is wrong or missing."""
    least = _NODES(fields.nodes.strip() or "1")
    if least > fields.most:
        raise UsageError(f"{least} nodes can't be had: a put stores on at most {fields.most}")
    signed = fields.signed
    if signed is not None:
        salted = signed.salt if isinstance(signed, MutableItem) else b""
        return Plan(v=signed.v, salt=salted, min_stored=least, signed=signed)
    try:
        v = to_bencode(fields.form, fields.data)
        check_value(v)
    except (FormError, ItemError) as problem:
        raise UsageError(str(problem)) from None
    entry = fields.signer
    if entry is None:
        return Plan(v=v, min_stored=least)
    if entry.public is None:
        raise UsageError(f"the key {safe_text(entry.name, 64)} is damaged: {safe_text(entry.damaged)}")
    salted = salt(fields.salt)
    seq = _SEQ(fields.seq.strip()) if fields.seq.strip() else None
    known = noted_seq(entry, salted)
    if seq is not None and known is not None and seq < known:
        raise UsageError(f"seq {seq} is lower than {known}, the last one put with this key and salt: leave it empty")
    careful = (
        seen if fields.careful and seen is not None and seen.target == mutable_target(entry.public, salted) else None
    )
    if seq is not None and careful is not None and seq <= careful.seq:
        raise UsageError(f"seq {seq} is not higher than {careful.seq}, which is there: leave it empty")
    return Plan(v=v, signer=entry, salt=salted, seq=seq, known=known, seen=careful, min_stored=least)


def noted_seq(entry: Entry, salted: bytes) -> int | None:
    """The last seq that is noted here for a key and a salt."""
    return next((use.seq for use in entry.uses if use.salt == salted), None)


def seen_in(outcome: Outcome) -> Seen | None:
    """What a look, or a put, showed to be at a target; `None`: nothing can be told, nobody answered."""
    if outcome.target is None or not outcome.answered:
        return None
    items = [node.item for node in outcome.asked if isinstance(node.item, MutableItem)]
    if outcome.stored and isinstance(outcome.item, MutableItem):
        items.append(outcome.item)
    return Seen(outcome.target, max(items, key=lambda item: item.seq, default=None))


def over_labels(seen: Seen | None, fields: Fields) -> tuple[str, ...]:
    """What can be chosen about the value that is there already; the first one is the careful one."""
    anything = "whatever is there"
    if seen is None or seen.target != _target(fields):
        return (anything,)
    if seen.item is None:
        return ("nothing, as seen: cas", anything)
    return (f"seq {seen.item.seq} only, as seen: cas", anything)


def _target(fields: Fields) -> bytes | None:
    public = None if fields.signer is None else fields.signer.public
    try:
        return None if public is None or fields.signed is not None else mutable_target(public, salt(fields.salt))
    except UsageError:
        return None


# ---- what is said about it ------------------------------------------------------------------------------


def preview_lines(fields: Fields, seen: Seen | None, width: int) -> list[Line]:
    """Sizes, target and signing buffer as they stand now, even of what can't be put."""
    if fields.signed is not None:
        return list(_of_signed(fields.signed, width))
    return list(_of_fields(fields, seen, width))


def _of_fields(fields: Fields, seen: Seen | None, width: int) -> Iterator[Line]:
    try:
        v: bytes | None = to_bencode(fields.form, fields.data)
    except FormError:
        v = None
    public = None if fields.signer is None else fields.signer.public
    salted = _salted(fields)
    if v is None:
        yield _row("size", "–", "dim")
    else:
        yield _row("size", f"{len(v)} of {MAX_VALUE} bytes, bencoded", "plain" if len(v) <= MAX_VALUE else "bad")
    if public is not None:
        yield _row("salt", f"{len(salted)} of {MAX_SALT} bytes", "plain" if len(salted) <= MAX_SALT else "bad")
        yield _row("target", mutable_target(public, salted).hex(), "data")
    elif v is not None:
        yield _row("target", f"{immutable_target(v).hex()}  the SHA-1 of the value", "data")
    if public is not None and v is not None and fields.signer is not None:
        seq = _likely_seq(fields, fields.signer, salted, seen)
        yield from _rows("signs", safe_text(signing_buffer(v, seq, salted), 4096), width)


def _salted(fields: Fields) -> bytes:
    """The salt as it stands; while it is none, as text."""
    try:
        return salt(fields.salt)
    except UsageError:
        return fields.salt.encode(errors="surrogateescape")


def _likely_seq(fields: Fields, entry: Entry, salted: bytes, seen: Seen | None) -> int:
    """The seq as far as it can be told before the network is asked."""
    try:
        return _SEQ(fields.seq.strip())
    except UsageError:
        there = seen.seq if seen is not None and seen.target == _target(fields) else 0
        return max(0, there, noted_seq(entry, salted) or 0) + 1


def _of_signed(item: Item, width: int) -> Iterator[Line]:
    yield _row("size", f"{len(item.v)} of {MAX_VALUE} bytes, bencoded")
    yield _row("target", item.target.hex(), "data")
    if isinstance(item, MutableItem):
        yield _row("key", item.k.hex(), "data")
        yield _row("salt", text_or_hex(item.salt) if item.salt else "none")
        yield from _rows("signed", safe_text(signing_buffer(item.v, item.seq, item.salt), 4096), width)
    else:
        yield _row("kind", "immutable: nobody signed it")


def _row(label: str, text: str, role: Role = "plain") -> Line:
    return ((fit(label, _LABEL), "dim"), (text, role))


def _rows(label: str, text: str, width: int) -> Iterator[Line]:
    """The text in up to two lines."""
    room = max(1, width - _LABEL)
    yield _row(label, text[:room])
    if text[room:]:
        yield _row("", fit(text[room:], room).rstrip())


def plan_words(plan: Plan) -> str:
    """What will be done, one sentence."""
    least = f"{plural(plan.min_stored, 'node')} must take it"
    if plan.signed is not None:
        seq = f", seq {plan.signed.seq}" if isinstance(plan.signed, MutableItem) else ""
        return f"stores the item as it was signed{seq}: no key is needed; {least}"
    if plan.signer is None:
        return f"stores an immutable item, which nobody can ever change; {least}"
    if plan.seq is not None:
        last = ", the highest there is: nothing can ever replace it" if plan.seq == MAX_SEQ else ""
        seq = f"seq {plan.seq}{last}"
    elif plan.known is not None:
        seq = f"at least seq {plan.known + 1}, {plan.known} is noted here"
    else:
        seq = "the highest seq there is and 1"
    return f"signs it as {safe_text(plan.signer.name, 64)} with {seq}; {least}"


def plan_title(plan: Plan) -> str:
    """What is put, for a title."""
    if plan.signer is not None:
        salted = f", salt {text_or_hex(plan.salt)}" if plan.salt else ""
        return f"put as {safe_text(plan.signer.name, 40)}{salted}"
    if isinstance(plan.signed, MutableItem):
        return f"put an item signed by {short_id(plan.signed.k)}"
    return "put an immutable item"


def verdict_lines(mark: str, text: str, role: Role, width: int) -> list[Line]:
    """A sentence in up to two lines, its sign before it."""
    lines = wrap(text, max(1, width - 2)) or [""]
    if len(lines) > 2:
        lines = [lines[0], fit(" ".join(lines[1:]), max(1, width - 2))]
    return [((f"{mark} " if not place else "  ", role), (line, role)) for place, line in enumerate(lines)]
