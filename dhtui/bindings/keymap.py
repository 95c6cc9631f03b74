"""Keys of the user's own: read, and checked for two meanings of one key. And the table of all keys.

They are put through Textual's keymap (`App.set_keymap`), which knows several keys for an action and exchanged keys, but
tells of no key that two actions of different widgets have, nor before the app runs: that is checked here.
"""

from __future__ import annotations

from collections.abc import Iterator
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

_GROUPS: tuple[tuple[str, tuple[Action, ...]], ...] = (
    ("everywhere", (*registry.GLOBAL, *registry.show_actions())),
    ("with what is selected", registry.VERBS),
    ("in a list", registry.LIST),
    ("in a recording", registry.PLAYER),
    ("in a window", registry.POPUP),
    ("in a form", registry.FORM),
    ("among kept items", registry.KEPT),
    ("among bans", registry.BANS),
    ("at a census", registry.CENSUS),
    ("among columns", registry.COLUMNS),
    ("where any node is asked", registry.NODE),
    *((view.title, view.actions) for view in registry.VIEWS),
)
"""All actions with keys that may be others, by where they are."""


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


def _refuse_conflicts(wished: dict[str, str]) -> None:
    """Raises `UsageError` for a key of two actions that work in one place, but for those shipped with it.

    Such are esc and enter, which a list takes before its window.
    """
    for place in _places():
        taken: dict[str, Action] = {}
        for action in place:
            name = action.binding_id
            for key in wished.get(name, action.default).split(","):
                other = taken.setdefault(key, action)
                names = {name, other.binding_id}
                shipped = all(key in each.default.split(",") for each in (action, other))
                if len(names) == 2 and names & wished.keys() and not shipped:
                    both = f"{other.binding_id or other.name} and {name or action.name}"
                    raise UsageError(f"{symbol(key)} would be the key of both {both}: give one another key")


def _places() -> Iterator[tuple[Action, ...]]:
    """All that has a key on each screen, and in each kind of window."""
    for view in registry.VIEWS:
        yield _on(view)
    help_, verbs = registry.ALWAYS[0], tuple(action for action in registry.VERBS if action.name in ("copy", "follow"))
    view_as, reveal = names()["items.view_as"], names()["keys.reveal"]
    yield (help_, *verbs, *registry.moves(), reveal, *registry.POPUP)
    yield (help_, *registry.LIST, registry.DIGITS, *registry.POPUP)
    yield (help_, *verbs, *registry.LIST, *registry.KEPT, *registry.POPUP)
    yield (help_, *registry.LIST, *registry.BANS, *registry.POPUP)
    yield (help_, *verbs, *registry.moves(), *registry.CENSUS, *registry.POPUP)
    yield (help_, *registry.LIST, *registry.COLUMNS, *registry.POPUP)
    yield (help_, *verbs, *registry.LIST, *registry.NODE, *registry.FORM)
    yield (help_, *verbs, *registry.LIST, view_as, *registry.FORM)


def _on(view: View) -> tuple[Action, ...]:
    """All that has a key while a screen is shown."""
    return (
        *registry.GLOBAL, *registry.VERBS, *registry.LIST, *registry.PLAYER, *registry.show_actions(), *view.actions,
    )  # fmt: skip


# ---- the registry -------------------------------------------------------------------------------------


def use(keys: Keys) -> None:
    """Have these keys of the user's own, and no others, from now on."""
    registry.KEYMAP.clear()
    registry.KEYMAP.update(keys)


@cache
def names() -> dict[str, Action]:
    """All actions by the names that they have in ``[keys]``: ``pause``, ``table.ping``, ``show.home``."""
    return {action.binding_id: action for _, group in _GROUPS for action in group}


def key_of(name: str) -> str:
    """The key of an action by its name in ``[keys]``, as people read it. Raises `KeyError`."""
    return names()[name].key


def key_table() -> str:
    """All keys as a Markdown table, for docs/keys.md."""
    rows = ["| where | keys | name | what it does |", "|---|---|---|---|"]
    for where, actions in _GROUPS:
        for place, action in enumerate(actions):
            keys = " ".join(f"`{symbol(key)}`" for key in action.keys.split(","))
            row = f"| {'' if place else where} | {keys} | `{action.binding_id}` | {action.help} |"
            rows.append(row.replace("`|`", "`\\|`"))
    return "\n".join(rows)
