"""Styles that are parsed once, and found once for all widgets that are alike.

When a screen is shown for the first time Textual parses all styles of the program three times over, for it does so in
a new `Stylesheet` that has nothing cached. That took two thirds of the 60 to 200 ms for which the event loop, and with
it the node, stood still.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeAlias

from textual.css import stylesheet
from textual.css.model import RuleSet
from textual.css.styles import RulesMap
from textual.dom import DOMNode

SOURCES = 1024
"""Pieces of style that are kept parsed: each widget class and each screen has one."""
KNOWN = 8192
"""Kinds of widgets whose styles are kept; past that they are found anew."""

EVERYWHERE = frozenset(("dark", "light", "inline", "ansi", "nocolor"))
"""States that the whole program is in."""
AMONG_OTHERS = stylesheet.Stylesheet._EXCLUDE_PSEUDO_CLASSES_FROM_CACHE - {"focus-within"}
"""States that change with the widgets beside one."""

Kind: TypeAlias = tuple[Any, ...]
"""All that the rules of a widget depend on: the same for the widget and for each that it is in."""
States: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""Pseudo-classes of each widget, and of the whole program."""
Notes: TypeAlias = tuple[bool, bool, bool, bool]
"""What Textual notes of a widget's rules: they name hover, focus within, order, odd or even."""


class Memo:
    """What was found out about one list of rules."""

    def __init__(self) -> None:
        self.states: dict[Kind, States | None] = {}
        """By type, id and classes: the states that may decide. None: some of them change with the widgets beside it."""
        self.found: dict[Kind, tuple[RulesMap, Notes]] = {}


class Stylesheet(stylesheet.Stylesheet):
    """A stylesheet that parses again only what has changed."""

    _EXCLUDE_PSEUDO_CLASSES_FROM_CACHE: ClassVar[set[str]] = set()  # type: ignore[misc]  # a `Kind` has them

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parse_cache.grow(SOURCES)
        self._memo = Memo()

    def set_variables(self, variables: dict[str, str]) -> None:
        """Another theme: all is to be parsed again. The same one: nothing is."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Bring the rules up to date. They are not touched if it raises."""
        self.parse()

    def parse(self) -> None:
        """Parse what has changed. What was found out about the rules before is forgotten."""
        super().parse()
        self._memo = self.memo_of(self.rules)

    def memo_of(self, rules: Sequence[RuleSet]) -> Memo:
        """A new one for these rules."""
        return Memo()

    def apply(self, node: DOMNode, *, animate: bool = False, cache: dict[Kind, RulesMap] | None = None) -> None:
        """Give a widget the styles of its kind."""
        states = self._states(node)
        if states is None:
            return super().apply(node, animate=animate)
        kind = _kind(node, states)
        known = self._memo.found.get(kind)
        if known is None:
            return self._find(node, kind, animate)
        rules, notes = known
        node._has_hover_style, node._has_focus_within, node._has_order_style, node._has_odd_or_even = notes
        self.replace_rules(node, rules, animate=animate)
        self._process_component_classes(node)

    @classmethod
    def replace_rules(cls, node: DOMNode, rules: RulesMap, animate: bool = False) -> None:
        """Give a widget these styles, unless it has them."""
        if node.styles.base._rules != rules:
            super().replace_rules(node, rules, animate=animate)
        elif not animate:
            node.notify_style_update()

    def _find(self, node: DOMNode, kind: Kind, animate: bool) -> None:
        """The same, the first time."""
        memo, new = self._memo, dict[Kind, RulesMap]()
        super().apply(node, animate=animate, cache=new)  # in which Textual leaves what it has found
        notes = (node._has_hover_style, node._has_focus_within, node._has_order_style, node._has_odd_or_even)
        if len(memo.found) >= KNOWN:
            memo.found.clear()
        memo.found.update((kind, (rules, notes)) for rules in new.values())

    def _states(self, node: DOMNode) -> States | None:
        """The states that may decide about this widget's styles. None: such as change with the widgets beside it."""
        rules_map = self.rules_map  # parses, if need be, and then it's another memo
        memo, key = self._memo.states, (type(node), node._id, frozenset(node._classes))
        if key not in memo:
            states = {
                state
                for name in rules_map.keys() & node._selector_names
                for rule in rules_map[name]
                for choice in rule.selector_set
                for selector in choice.selectors
                for state in selector.pseudo_classes
            }
            if len(memo) >= KNOWN:
                memo.clear()
            known = states.isdisjoint(AMONG_OTHERS)
            memo[key] = (tuple(states - EVERYWHERE), tuple(states & EVERYWHERE)) if known else None
        return memo[key]


def _kind(node: DOMNode, states: States) -> Kind:
    own, everywhere = states
    kind: list[Any] = []
    around = node
    while True:
        now = tuple([around.has_pseudo_class(name) for name in own])
        kind.append((type(around), around._id, frozenset(around._classes), now))
        if not isinstance(around._parent, DOMNode):
            break
        around = around._parent
    kind.extend(around.has_pseudo_class(name) for name in everywhere)
    return tuple(kind)
