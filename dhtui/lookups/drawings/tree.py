"""The tree of referrals: us at the left, each hop a column, each node behind the one that named it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ...engine.views.snapshot import LookupDetail
from ...engine.wire.compact import Addr
from ...text.format import address, plural, short_id
from ...text.safe import safe_text
from ...text.spans import Line, Role, Span, fit
from ..as_of import as_of
from ..critical import critical_path
from ..query_status import AGAIN, MARKS, OVERTAKEN, STALLED, QueryStatus, decisive, query_status, responded
from .chart import Canvas

TITLE = "tree: who named whom, ms"
_US = 4
"""Cells for the root."""
_EDGE = 6
_FULL, _MIDDLE, _SMALL = 31, 20, 15
"""Widths of a hop, cells: with ids; without them; with the numbers of the queries only."""
_DULL = 3
"""How many nodes that led nowhere are drawn for each referrer; the others are counted."""
LEGEND_FROM = 7
"""Least height, in rows, for a legend."""


@dataclass(slots=True)
class _Node:
    """A queried node, at its place in the drawing."""

    place: int
    """The query that gives its status, as an index in `steps`; -1 for nodes that are counted only."""
    depth: int = 0
    row: int = 0
    children: list[_Node] = field(default_factory=list)
    words: str = ""


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree laid out for a width."""

    nodes: tuple[_Node, ...]
    """Those drawn, a referrer before whom it named."""
    roots: tuple[_Node, ...]
    """The first column."""
    rows: int
    hop_width: int
    hidden_hops: int
    hidden: int
    """How many nodes of the first hops are left out."""


def tree_of(detail: LookupDetail, width: int, selected: Addr | None = None) -> Tree:
    """Lay the tree out in `width` cells: if it has more hops than fit, the first ones are left out.

    Of the nodes that one node named, all that led on, are among the closest or are `selected` are drawn, and few of
    the others.
    """
    roots, depth = _linked(detail)
    hops = depth + 1
    room = max(0, width - _US)
    hop_width = next((each for each in (_FULL, _MIDDLE, _SMALL) if each * hops <= room), _SMALL)
    left_out = max(0, hops - max(1, room // hop_width))
    hidden = 0
    for _ in range(left_out):
        hidden += len(roots)
        roots = [child for node in roots for child in node.children]
    keep = {place for place, step in enumerate(detail.steps) if step.addr == selected} | set(critical_path(detail))
    closest = {node.addr for node in detail.candidates if node.closest}
    keep |= {place for place, step in enumerate(detail.steps) if step.addr in closest}
    roots = _without_the_dull(roots, detail, keep)
    nodes, rows = _placed(roots, left_out, detail, keep)
    return Tree(nodes, tuple(roots), rows, hop_width, left_out, hidden)


def _linked(detail: LookupDetail) -> tuple[list[_Node], int]:
    """The roots of the tree, and the greatest depth. A referrer that was queried later, in a damaged recording, is
    none."""
    counted = decisive(detail)
    places = {id(step): place for place, step in enumerate(detail.steps)}
    found: dict[Addr, _Node] = {}
    roots: list[_Node] = []
    deepest = 0
    for step in detail.steps:
        if step.addr in found:
            continue
        node = found[step.addr] = _Node(places[id(counted[step.addr])])
        parent = found.get(step.parent) if step.parent is not None and step.parent != step.addr else None
        if parent is None:
            roots.append(node)
        else:
            node.depth = parent.depth + 1
            deepest = max(deepest, node.depth)
            parent.children.append(node)
    return roots, deepest


def _without_the_dull(nodes: list[_Node], detail: LookupDetail, keep: set[int]) -> list[_Node]:
    """The nodes that are drawn, and one that counts those left out."""
    dull = [node for node in nodes if not node.children and node.place not in keep][_DULL:]
    if len(dull) < 2:
        return nodes
    fates = Counter(query_status(detail.steps[node.place], detail.view) for node in dull)
    words = " ".join(f"{fates[what]} {sign}" for what, (sign, _) in MARKS.items() if fates[what])
    gone = {id(node) for node in dull}
    rest = _Node(-1, dull[0].depth, words=f"+{len(dull)}: {words}")
    return [*(node for node in nodes if id(node) not in gone), rest]


def _placed(roots: list[_Node], left_out: int, detail: LookupDetail, keep: set[int]) -> tuple[tuple[_Node, ...], int]:
    """Give each node its row: the first one named stands in the row of its referrer. How many rows there are."""
    nodes: list[_Node] = []
    row = -1
    waiting = [(node, True) for node in reversed(roots)]
    while waiting:
        node, new_row = waiting.pop()
        row += new_row
        node.row, node.depth = row, node.depth - left_out
        nodes.append(node)
        node.children = _without_the_dull(node.children, detail, keep)
        waiting += [(child, nth > 0) for nth, child in reversed(list(enumerate(node.children)))]
    return tuple(nodes), row + 1


def tree_title(tree: Tree) -> str:
    """What is drawn, and what is left out."""
    if not tree.hidden_hops:
        return TITLE
    return f"{TITLE}; {plural(tree.hidden_hops, 'hop')} left out ({plural(tree.hidden, 'node')})"


def rows_for_tree(height: int) -> int:
    """How many rows of the tree are in sight in a drawing of so many."""
    return max(0, height - (height >= LEGEND_FROM))


def first_of_tree(tree: Tree, detail: LookupDetail, height: int, selected: Addr | None, wanted: int | None) -> int:
    """The first row in sight: the one `wanted`, or one with the selected node visible, or the end of the path."""
    if wanted is None:
        path = critical_path(detail)
        at = [node.row for node in tree.nodes if node.place >= 0 and detail.steps[node.place].addr == selected]
        end = [node.row for node in tree.nodes if path and node.place == path[-1]]
        wanted = (at or end or [0])[0] - height // 2
    return max(0, min(wanted, tree.rows - height))


def tree_lines(
    detail: LookupDetail,
    width: int,
    height: int,
    *,
    until: float | None = None,
    selected: Addr | None = None,
    first: int | None = None,
) -> list[Line]:
    """Draw the tree in `width` x `height` cells, with its legend if there is room."""
    then = as_of(detail, until)
    if width < _US + _SMALL or height < 1 or not then.steps:
        return []
    tree, rows = tree_of(then, width, selected), rows_for_tree(height)
    drawing = _Drawing(Canvas(width, tree.rows), tree, then, selected)
    drawing.draw()
    start = first_of_tree(tree, then, rows, selected, first)
    lines = drawing.canvas.lines()[start : start + rows]
    if rows == height:
        return lines
    return [*lines, *[()] * (rows - len(lines)), _legend(then, tree, width)]


class _Drawing:
    def __init__(self, canvas: Canvas, tree: Tree, detail: LookupDetail, selected: Addr | None) -> None:
        self.canvas, self.tree, self.detail, self.selected = canvas, tree, detail, selected
        self.path = {detail.steps[place].addr for place in critical_path(detail)}
        self.again = {step.addr for step in detail.steps if step.again}
        closest = [node.addr for node in detail.candidates if node.closest]
        self.ranks = {addr: rank for rank, addr in enumerate(closest, 1)}

    def draw(self) -> None:
        self.canvas.put(1, 0, "us" if not self.tree.hidden_hops else "…", "strong")
        self._branch(list(self.tree.roots), 0)
        for node in self.tree.nodes:
            self._branch(node.children, node.depth + 1)
            self._node(node)

    def _left(self, depth: int) -> int:
        return _US + depth * self.tree.hop_width

    def _on_path(self, node: _Node) -> bool:
        return node.place >= 0 and self.detail.steps[node.place].addr in self.path

    def _branch(self, children: list[_Node], depth: int) -> None:
        """The lines from a referrer to those that it named."""
        if not children:
            return
        x, last = self._left(depth), children[-1]
        for y in range(children[0].row, last.row):
            self.canvas.put(x, y, "│", "dim")
        for child in children:
            heavy = self._on_path(child)
            if len(children) == 1:
                sign = "━" if heavy else "─"
            elif child is children[0]:
                sign = "┯" if heavy else "┬"
            elif child is last:
                sign = "┕" if heavy else "└"
            else:
                sign = "┝" if heavy else "├"
            self.canvas.put(x, child.row, sign, "strong" if heavy else "dim")

    def _node(self, node: _Node) -> None:
        x, width = self._left(node.depth), self.tree.hop_width
        if node.place < 0:
            self.canvas.put(x + 1, node.row, fit(f" {node.words}", width - 2), "dim")
            return
        step = self.detail.steps[node.place]
        heavy, chosen = step.addr in self.path, step.addr == self.selected
        what = query_status(step, self.detail.view)
        sign, usual = MARKS[what]
        role: Role = "key" if chosen else "strong" if heavy else usual
        self.canvas.put(x + 1, node.row, self._edge(node, heavy), "strong" if heavy else "dim")
        self.canvas.put(x + _EDGE - 1, node.row, "▶" if chosen else "●" if heavy else " ", role)
        x += _EDGE
        self.canvas.put(x, node.row, fit(f"#{node.place + 1}", 4), role if heavy or chosen else "plain")
        x += 5
        if width == _FULL:
            name = short_id(step.id) if step.id is not None else fit(safe_text(address(step.addr)), 9)
            self.canvas.put(x, node.row, name, "data" if role == usual else role)
            x += 10
        marks = f"{AGAIN if step.addr in self.again else ''}{sign}"
        self.canvas.put(x, node.row, marks, role)
        if (rank := self.ranks.get(step.addr)) is not None:
            self.canvas.put(x + len(marks), node.row, str(rank) if width == _SMALL else f" {_ordinal(rank)}", "strong")
        # After what comes a line to the next hop begins.
        if node.children:
            self._lead(node, x + len(marks) + (0 if rank is None else len(f" {_ordinal(rank)}")))

    def _lead(self, node: _Node, x: int) -> None:
        heavy = any(self._on_path(child) for child in node.children)
        room = self._left(node.depth + 1) - x - 1
        if room > 0:
            line = ("━" if heavy else "─") * room
            self.canvas.put(x + 1, node.row, line, "strong" if heavy else "dim", under=True)

    def _edge(self, node: _Node, heavy: bool) -> str:
        """The round trip in ms, in a line that is broken where the query stalled."""
        step = self.detail.steps[node.place]
        line = STALLED if step.stalled is not None else "━" if heavy else "─"
        if step.overtaken is not None and step.stalled is None:
            line = OVERTAKEN
        trip = f"{(step.ended - step.sent) * 1000:.0f}" if step.ended is not None and responded(step) else ""
        return trip.rjust(_EDGE - 2, line)[: _EDGE - 2]


def _ordinal(rank: int) -> str:
    ending = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending}"


def _legend(detail: LookupDetail, tree: Tree, width: int) -> Line:
    """The signs that occur, in one line: as many as fit."""
    steps = detail.steps
    fates = Counter[QueryStatus](query_status(step, detail.view) for step in decisive(detail).values())
    first = "1" if tree.hop_width == _SMALL else "1st"
    signs: tuple[tuple[bool, str, Role, str], ...] = (
        (bool(critical_path(detail)), "●━", "strong", "path"),
        (any(node.closest for node in detail.candidates), first, "strong", "closest"),
        *((fates[what] > 0, sign, role, what.value) for what, (sign, role) in MARKS.items()),
        (any(step.stalled is not None for step in steps), STALLED, "warn", "stalled"),
        (any(step.overtaken is not None and step.stalled is None for step in steps), OVERTAKEN, "strong", "overtaken"),
        (any(step.again for step in steps), AGAIN, "plain", "again"),
    )
    entries: list[tuple[str, Role, str]] = [(sign, role, words) for occurs, sign, role, words in signs if occurs]
    wide = sum(len(sign) + len(words) + 3 for sign, _, words in entries) <= width
    line: list[Span] = []
    used = 0
    for sign, role, words in entries:
        used += len(sign) + len(words) + 2 + wide
        if used > width:
            break
        line += [(f" {sign}", role), (f" {words}{' ' * wide}", "dim")]
    return tuple(line)
