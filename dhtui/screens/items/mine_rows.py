"""The own, kept and watched items in one list: a row for each, and its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...engine.items import Item, MutableItem
from ...items.following import MAX_WATCHED, By, Followed, Follower, Look
from ...items.keepalive import CheckVerdict, Keeper, KeptItem
from ...items.keepalive.plan import LIFETIME
from ...packets.fields import text_or_hex
from ...packets.parts import Link
from ...text.format import duration, plural, short_id
from ...text.item_words import CONDITION_SIGNS, FEW, LOOKING, Care, Condition
from ...text.keyspace import near_to
from ...text.safe import magnet, safe_text
from ...text.spans import Line, Role, Span
from ...widgets.table_model import Column
from ..verbs import CopyForm
from .value import preview, whole

ALL = 8
"""Copies of an item that all of its nodes hold."""
_LEVELS = "·▁▂▃▄▅▆▇▇"
"""A look, by the number of copies: none, up to 8."""
_UNKNOWN = "?"
"""A look that nobody answered."""
_SPARK = 12
"""Looks that the list shows."""
BY_WORDS: dict[By, str] = {By.US: "us", By.OTHER: "another", By.FOUND: "found"}
"""Where a value came from, in a word."""


@dataclass(frozen=True, slots=True)
class MineRow:
    """An own, kept or watched item as it stands now. Times are whole seconds from or to now."""

    target: bytes
    name: str
    """Safe to print."""
    item: Item | None
    """The newest value that is known."""
    public: bytes | None
    salt: bytes
    condition: Condition
    care: Care
    looking: bool
    looks: tuple[Look, ...]
    changed: int | None
    """Since its newest value was first seen."""
    by: By | None
    kept_in: int | None
    watched_in: int | None
    expires: int | None
    """Until the copies that we put in this run are forgotten; `None`: not known, or they are put again."""
    followed: Followed | None
    kept: KeptItem | None

    @property
    def copies(self) -> int | None:
        """Of the newest value, at the last look; `None`: not known."""
        return self.looks[-1].copies if self.looks else None

    @property
    def due(self) -> int | None:
        """Until the next look, whoever looks; `None`: nobody will."""
        return min((each for each in (self.kept_in, self.watched_in) if each is not None), default=None)

    @property
    def seq(self) -> int | None:
        """Of the newest value; `None`: it has none, or is not known."""
        return self.item.seq if isinstance(self.item, MutableItem) else None


def mine_rows(
    follower: Follower | None, keeper: Keeper | None, names: Mapping[bytes, str], *, of: bytes | None = None
) -> list[MineRow]:
    """All own and watched items, then those that are only kept, the last added first. `names` are those of keys.

    `of`: only those of a public key.
    """
    if follower is None:
        return []
    now = follower.clock()
    followed = {one.target: one for one in reversed(follower.items) if of is None or one.public == of}
    all_kept = () if keeper is None else keeper.items
    kept = {one.target: one for one in reversed(all_kept) if of is None or getattr(one.item, "k", None) == of}
    looking = follower.looking | (set() if keeper is None else keeper.looking)
    targets = sorted({**followed, **kept}, key=lambda target: not _leads(followed.get(target)))
    return [_row(target, followed.get(target), kept.get(target), target in looking, now, names) for target in targets]


def _leads(one: Followed | None) -> bool:
    return one is not None and (one.mine or one.watch is not None)


def _row(
    target: bytes, one: Followed | None, kept: KeptItem | None, looking: bool, now: float, names: Mapping[bytes, str]
) -> MineRow:
    item = one.item if one is not None and one.item is not None else kept.item if kept is not None else None
    public = item.k if isinstance(item, MutableItem) else one.public if one is not None else None
    salt = item.salt if isinstance(item, MutableItem) else one.salt if one is not None else b""
    looks = one.looks if one is not None and one.looks else _kept_looks(kept)
    care = _care(one, kept)
    version = one.versions[-1] if one is not None and one.versions else None
    put_at = one.put_at if one is not None else None
    return MineRow(
        target=target,
        name=name_of(target, public, salt, names),
        item=item,
        public=public,
        salt=salt,
        condition=_condition(one, looks),
        care=care,
        looking=looking,
        looks=looks,
        changed=None if version is None else max(0, int(now - version.at)),
        by=None if version is None else version.by,
        kept_in=None if kept is None or kept.paused else max(0, int(kept.due - now)),
        watched_in=None if one is None or one.watch is None else max(0, int(one.watch.due - now)),
        expires=None if put_at is None or care is not Care.NONE else max(0, int(put_at + LIFETIME - now)),
        followed=one,
        kept=kept,
    )


def name_of(target: bytes, public: bytes | None, salt: bytes, names: Mapping[bytes, str]) -> str:
    """What an item is called: by its key and salt, else by its target. Safe to print."""
    if public is None:
        return short_id(target)
    key = safe_text(names[public], 40) if public in names else short_id(public)
    return f"{key}/{text_or_hex(salt).strip(chr(34))}" if salt else key


def _kept_looks(kept: KeptItem | None) -> tuple[Look, ...]:
    """The last check, of an item that was not followed since."""
    last = kept.last if kept is not None else None
    if last is None:
        return ()
    copies = None if last.verdict is CheckVerdict.FAILED and not last.copies else max(last.copies, last.stored)
    return (Look(last.at, copies),)


def _care(one: Followed | None, kept: KeptItem | None) -> Care:
    watched = one is not None and one.watch is not None
    if kept is None or kept.paused:
        return Care.WATCHED if watched else Care.NONE if kept is None else Care.PAUSED
    return Care.BOTH if watched else Care.KEPT


def _condition(one: Followed | None, looks: Sequence[Look]) -> Condition:
    if one is not None and one.unseen:
        return Condition.GONE if looks and looks[-1].copies == 0 else Condition.CHANGED
    if not looks:
        return Condition.UNKNOWN
    copies = looks[-1].copies
    if copies is None:
        return Condition.UNANSWERED
    return Condition.GONE if copies == 0 else Condition.FEW if copies < FEW else Condition.HELD


def mine_key(row: MineRow) -> bytes:
    """What tells an item from all others."""
    return row.target


# ---- columns ------------------------------------------------------------------------------------------------


def _sign(row: MineRow) -> Line:
    return (sign_of(row),)


def sign_of(row: MineRow) -> Span:
    """How it stands, in a sign."""
    return LOOKING if row.looking else CONDITION_SIGNS[row.condition]


def copies_words(row: MineRow) -> Line:
    """The copies as a bar of eight, and their number."""
    copies = row.copies
    if copies is None:
        return (("–" if not row.looks else "? nobody", "dim"),)
    full = min(copies, ALL)
    role: Role = "good" if copies >= FEW else "warn" if copies else "bad"
    return (("█" * full, role), ("·" * (ALL - full), "dim"), (f" {copies}", "strong"))


def spark(looks: Sequence[Look], width: int) -> str:
    """The last looks, one cell each, the newest at the right end."""
    cells = (_UNKNOWN if look.copies is None else _LEVELS[min(ALL, look.copies)] for look in looks[-width:])
    return "".join(cells).rjust(width)


def next_words(row: MineRow) -> str:
    """When it is looked for next."""
    if row.looking:
        return "now"
    return "–" if row.due is None else duration(row.due) if row.due else "now"


def _changed(row: MineRow) -> Line:
    if row.changed is None or row.by is None:
        return (("–", "dim"),)
    return ((f"{duration(row.changed)} ", "plain"), (BY_WORDS[row.by], "warn" if row.by is By.OTHER else "dim"))


def _seq(row: MineRow) -> Line:
    return (("–", "dim") if row.seq is None else (str(row.seq), "plain"),)


def mine_columns(own: Callable[[], bytes | None] = lambda: None) -> tuple[Column[MineRow], ...]:
    """The columns, of which the first is a sign; `own` gives our id, by the distance from which targets are painted."""
    return (
        Column("", 1, _sign, sort=lambda r: r.condition.value),
        Column(
            "name", 10, lambda r: ((r.name, "strong" if r.public else near_to(own(), r.target)),), grow=True,
            sort=lambda r: r.name,
        ),
        Column("seq", 4, _seq, right=True, sort=lambda r: -1 if r.seq is None else r.seq),
        Column("copies now", 11, copies_words, sort=lambda r: -1 if r.copies is None else r.copies),
        Column("by look", _SPARK, lambda r: ((spark(r.looks, _SPARK), "data"),), rank=1),
        Column(
            "next", 5, lambda r: ((next_words(r), "plain"),), right=True, sort=lambda r: (r.due is None, r.due or 0),
        ),
        Column("changed by", 13, _changed, sort=lambda r: (r.changed is None, r.changed or 0)),
        Column("care", 8, lambda r: (_care_span(r.care),), sort=lambda r: r.care.value),
        Column("value", 24, lambda r: ((preview(r.item.v) if r.item else "–", "dim"),), grow=True, rank=2),
    )  # fmt: skip


def _care_span(care: Care) -> Span:
    return ("both" if care is Care.BOTH else care.value, "dim" if care is Care.NONE else "plain")


def mine_title(rows: Sequence[MineRow]) -> str:
    """What the list is called."""
    if not rows:
        return "mine and watched"
    watched = sum(row.care in (Care.WATCHED, Care.BOTH) for row in rows)
    kept = sum(row.kept is not None for row in rows)
    return f"mine and watched: {plural(len(rows), 'item')}, {kept} kept, {watched} of at most {MAX_WATCHED} watched"


def mine_links(row: MineRow, lookups: Sequence[tuple[int, str]]) -> list[Link]:
    """What an item leads to: its lookups, the latest first, and whoever signed it."""
    found = [Link("lookup", number, f"the lookup {kind}#{number}") for number, kind in lookups]
    links = [*found, Link("target", row.target, f"the item {short_id(row.target)}: look it up")]
    return [*links, Link("key", row.public, f"the key {short_id(row.public)}")] if row.public else links


def mine_forms(row: MineRow, line: str) -> list[CopyForm]:
    """An item to be copied."""
    forms = [("target", row.target.hex())]
    if row.public:
        forms += [("public key", row.public.hex()), ("magnet link", magnet(row.public, row.salt))]
    if row.item is not None:
        forms += [("value", whole(row.item.v)), ("value, bencoded, in hex", row.item.v.hex())]
    return [*forms, ("the line", line)]
