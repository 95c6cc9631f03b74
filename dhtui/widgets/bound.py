"""Actions of the registry as Textual's bindings: their ids are those of the keymap."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from ..bindings.registry import Action


def bound(action: Action, do: str = "", *, priority: bool = False) -> Binding:
    """The binding of an action. `do` is what Textual calls, where that is not the action's name."""
    return Binding(
        action.default,
        do or action.name,
        action.label or action.help,
        show=False,
        priority=priority,
        id=action.binding_id or None,
    )


def all_bound(actions: Iterable[Action]) -> list[BindingType]:
    """The bindings of some actions."""
    return [bound(action) for action in actions]
