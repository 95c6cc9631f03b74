"""What kept, pause, resume and unkeep print, for people and as JSON."""

from __future__ import annotations

from ..actions.kept import KeptList
from ..engine.items import MutableItem
from ..items.keepalive import KeptItem
from ..text.safe import magnet, value_text
from .json_lines import item_fields, looked_after
from .lines import Lines, kept_line
from .offline.json_lines import Objects, ended
from .offline.text import date

_CHANGES = {
    "pause": "not looked after until it is resumed; stores forget it within two hours",
    "resume": "looked after again: by the explorer, --wait and republish",
    "unkeep": "not kept alive any more; stores forget it within two hours",
}


def text(done: KeptList) -> Lines:
    """The items, and what was changed."""
    if done.action != "kept":
        return Lines([kept_line(each) for each in done.items], [_CHANGES[done.action]], list(done.warnings))
    count = len(done.items)
    total = f"{count} {'item is' if count == 1 else 'items are'} kept alive" if count else "no items are kept alive"
    return Lines([line for each in done.items for line in _told(each)], [total], list(done.warnings))


def _told(each: KeptItem) -> list[str]:
    lines = [kept_line(each), f"  value       {value_text(each.item.v)}"]
    if isinstance(each.item, MutableItem):
        lines.append(f"  magnet      {magnet(each.item.k, each.item.salt)}")
    due = "never: it is paused" if each.paused else date(each.due)
    return [*lines, f"  kept since  {date(each.added)}", f"  next look   {due}"]


def json(done: KeptList) -> Objects:
    """The items, then the result."""
    told = [{**looked_after(each), "added": each.added, "item": item_fields(each.item)} for each in done.items]
    return [*told, *ended(done.action, done.exit, {})]
