"""A lookup as a file: all its queries and candidates as JSON, and a report as text."""

from __future__ import annotations

import json

from ..engine.views.snapshot import LookupDetail
from ..sources.codec import coder
from ..text.decisions import decision_words, lookup_stop_words
from ..text.format import address, power
from ..text.safe import safe_text
from ..text.spans import Line
from .budget import Part, budget
from .drawings.ladder import ladder_lines
from .drawings.legend import legend_lines
from .drawings.time_bar import time_bar
from .drawings.tree import LEGEND_FROM, tree_lines, tree_of, tree_title
from .drawings.waterfall import waterfall_lines
from .query_status import QueryStatus, bits_of, decisive, query_status, span_words
from .verdict import verdict_lines

_WIDTH = 110


def as_json(detail: LookupDetail) -> bytes:
    """Every field of the lookup, bytes in hex; ASCII only, so that hostile text can't reach a terminal.

    Each query and each candidate also has its status in ``fate``, and ``budget`` holds the time by reasons. The stop
    reason and each decision have their sentence in ``why`` beside the token.
    """
    whole, asked = coder(LookupDetail).encode(detail), decisive(detail)
    for step, written in zip(detail.steps, whole["steps"], strict=True):
        written["fate"] = query_status(step, detail.view)
    for node, written in zip(detail.candidates, whole["candidates"], strict=True):
        written["fate"] = query_status(asked[node.addr], detail.view) if node.addr in asked else QueryStatus.UNASKED
    whole["view"]["why"] = lookup_stop_words(detail.view)
    for decision, written in zip(detail.decisions, whole["decisions"], strict=True):
        written["why"] = decision_words(decision)
    whole["budget"] = [coder(Part).encode(part) for part in budget(detail)]
    return (json.dumps(whole, indent=1) + "\n").encode()


def as_text(detail: LookupDetail) -> bytes:
    """The drawings, the closest nodes and the verdict; safe to print."""
    view = detail.view
    lines: list[Line] = [((f"{safe_text(view.kind, 20)} {view.target.hex()}", "plain"),), ()]
    lines += [*ladder_lines(detail, _WIDTH, 20), ()]
    lines += [*waterfall_lines(detail, _WIDTH, len(detail.steps) + 1), *legend_lines(detail, _WIDTH), ()]
    tree = tree_of(detail, _WIDTH)
    lines += [((f" {tree_title(tree)}", "plain"),), *tree_lines(detail, _WIDTH, max(LEGEND_FROM, tree.rows + 1)), ()]
    for place, candidate in enumerate((c for c in detail.candidates if c.closest), 1):
        bits = bits_of(candidate.id, view.target)
        node = candidate.id.hex() if candidate.id is not None else "?"
        rtt = span_words(candidate.rtt)
        lines.append(((f"{place:>3}  {node}  {power(bits):>7}  {address(candidate.addr):<21}  {rtt:>8}", "plain"),))
    lines += [(), time_bar(detail, _WIDTH), *verdict_lines(detail, _WIDTH)]
    return ("\n".join("".join(text for text, _ in line).rstrip() for line in lines) + "\n").encode()
