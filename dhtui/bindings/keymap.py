"""Other keys for actions: what the user wishes is checked, then put into the registry. And the table of all keys.

`rebind` must come before anything else reads the registry: whatever is made from it then follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import TypeAlias

from ..errors import UsageError, nearest, quoted
from . import registry
from .registry import CHARACTERS, SIGNS, Action, View, symbol

Keys: TypeAlias = tuple[tuple[str, str], ...]
"""Names of actions, as `names` has them, each with Textual's names of its keys, joined by commas."""

NAMED = (*SIGNS, "enter", "tab", "space", *(f"f{number}" for number in range(1, 25)))
"""Keys that are no characters."""

_SENT_AS = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+h": "backspace", "ctrl+left_square_bracket": "escape"}
"""Terminals don't tell these apart from others."""

_GROUPS = ("ALWAYS", "GLOBAL", "VERBS", "LIST", "PLAYER", "POPUP", "KEPT", "BANS", "ASK")


# ---- what the user wishes -----------------------------------------------------------------------------


def read(text: str) -> Keys:
    """Reads ``ACTION=KEY,KEY,ACTION=KEY``. Raises `UsageError` for unknown ones, and for a key with two meanings."""
    wished: dict[str, list[str]] = {}
    name = ""
    for part in text.split(","):
        if "=" in part:
            name, _, part = (piece.strip() for piece in part.partition("="))
            if name not in names():
                near = nearest(name, names())
                hint = f", did you mean {near}?" if near else "; docs/keys.md lists them"
                raise UsageError(f"there is no action {quoted(name)}{hint}")
            wished[name] = []
        if not name:
            raise UsageError(f"{quoted(part)} is no ACTION=KEY, such as pause=p")
        wished[name].append(key_named(part.strip()))
    keys = tuple((name, ",".join(dict.fromkeys(found))) for name, found in wished.items())
    _refuse_conflicts(dict(keys))
    return keys


def from_table(table: dict[str, object]) -> str:
    """The table ``[keys]`` of config.toml, in the form that `read` takes. Raises `UsageError`."""
    return ",".join(f"{name}={_joined(name, keys)}" for name, keys in _flat(table))


def _flat(table: dict[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _joined(name: str, keys: object) -> str:
    found = [keys] if isinstance(keys, str) and len(keys) == 1 else keys  # "," is a key too
    found = found.split(",") if isinstance(found, str) else found
    if not isinstance(found, list) or not found or not all(isinstance(key, str) for key in found):
        raise UsageError(f'{quoted(name)} needs a key, such as "p" or "f5", or a list of keys')
    return ",".join(key_named(key.strip() or key) for key in found)


def key_named(text: str) -> str:
    """Textual's name of a key: a character, a name, or one of these after ctrl+, alt+ or shift+.

    Raises `UsageError`.
    """
    modifiers, plus, base = text.rpartition("+") if len(text) > 1 else ("", "", text)
    key = " " if base == " " else CHARACTERS.get(base, base)
    key = "space" if key == " " else key
    character = key in CHARACTERS.values() or (len(key) == 1 and key.isalnum())
    sent_as = _SENT_AS.get(modifiers + plus + key)
    if sent_as:
        raise UsageError(f"a terminal sends {sent_as} for {text}: name another key")
    fits = {
        "": character or key in NAMED,
        "ctrl": key in NAMED or (character and not key.isupper()),
        "alt": character or key in NAMED,
        "shift": key in NAMED,
        "ctrl+shift": key in NAMED,
    }
    if not fits.get(modifiers) or (plus and not modifiers):
        hint = f"; did you mean {base.upper()}?" if modifiers == "shift" and len(base) == 1 else ""
        raise UsageError(
            f"{quoted(text)} is no key{hint or ': there are characters such as p, P or ?, f5, pageup, ctrl+x'}"
        )
    return modifiers + plus + key


def _refuse_conflicts(keys: dict[str, str]) -> None:
    for view in registry.VIEWS:
        taken: dict[str, str] = {}
        for name, action in _on(view):
            for key in keys.get(name, action.keys).split(","):
                other = taken.setdefault(key, name)
                if other != name and (name in keys or other in keys):
                    raise UsageError(f"{symbol(key)} would be the key of both {other} and {name}: give one another key")


# ---- the registry -------------------------------------------------------------------------------------


def rebind(keys: Keys) -> None:
    """Puts other keys into the registry."""
    key_of.cache_clear()
    wished = dict(keys)
    for group in _GROUPS:
        setattr(registry, group, _with(getattr(registry, group), wished))
    registry.VIEWS = tuple(
        replace(
            view, key=wished.get(f"show.{view.name}", view.key), actions=_with(view.actions, wished, f"{view.name}.")
        )
        for view in registry.VIEWS
    )


def _with(actions: Iterable[Action], wished: dict[str, str], prefix: str = "") -> tuple[Action, ...]:
    return tuple(
        replace(action, keys=wished[prefix + action.name], shown="", pair="")
        if prefix + action.name in wished
        else action
        for action in actions
    )


def names() -> dict[str, Action]:
    """All actions by the names that they have in ``[keys]``: ``pause``, ``table.ping``, ``show.home``."""
    found = {action.name: action for group in _GROUPS for action in getattr(registry, group)}
    for view in registry.VIEWS:
        found |= dict(_own(view))
    return found | dict(_shows())


@cache
def key_of(name: str) -> str:
    """The key of an action by its name in ``[keys]``, as people read it. Raises `KeyError`."""
    return names()[name].key


def _own(view: View) -> Iterator[tuple[str, Action]]:
    return ((f"{view.name}.{action.name}", action) for action in view.actions)


def _shows() -> Iterator[tuple[str, Action]]:
    return ((f"show.{view.name}", action) for view, action in zip(registry.VIEWS, registry.show_actions(), strict=True))


def _on(view: View) -> Iterator[tuple[str, Action]]:
    """All that has a key while a screen is shown."""
    for action in (*registry.GLOBAL, *registry.VERBS, *registry.LIST, *registry.PLAYER):
        yield action.name, action
    yield from _shows()
    yield from _own(view)


def key_table() -> str:
    """All keys as a Markdown table, for docs/keys.md."""
    rows = ["| where | keys | name | what it does |", "|---|---|---|---|"]
    groups: list[tuple[str, Iterable[tuple[str, Action]]]] = [
        ("everywhere", (*_named(registry.GLOBAL), *_shows())),
        ("with what is selected", _named(registry.VERBS)),
        ("in a list", _named(registry.LIST)),
        ("in a recording", _named(registry.PLAYER)),
        ("in a window", _named(registry.POPUP)),
        ("among kept items", _named(registry.KEPT)),
        ("among bans", _named(registry.BANS)),
        ("where any node is asked", _named(registry.ASK)),
        *((view.title, tuple(_own(view))) for view in registry.VIEWS),
    ]
    for where, actions in groups:
        for name, action in actions:
            keys = " ".join(f"`{symbol(key)}`" for key in action.keys.split(","))
            rows.append(f"| {where} | {keys} | `{name}` | {action.help} |".replace("`|`", "`\\|`"))
            where = ""
    return "\n".join(rows)


def _named(actions: Sequence[Action]) -> tuple[tuple[str, Action], ...]:
    return tuple((action.name, action) for action in actions)
