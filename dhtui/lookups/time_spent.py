"""The time of a lookup in words: by reasons, in parts that add up to the whole."""

from __future__ import annotations

import re
from textwrap import wrap

from ..engine.views.snapshot import INFERRED, LookupDetail
from ..text.lookups import verdicts as words
from ..text.spans import Line, Role, Span
from .budget import Reason
from .shares import Share, Shares, shares

FILLS: dict[Reason, tuple[str, Role]] = {
    Reason.TRIP: ("▓", "data"),
    Reason.SLOW: ("▒", "warn"),
    Reason.LOST: ("×", "bad"),
    Reason.UNANSWERED: ("░", "bad"),
    Reason.BEHIND: ("≈", "plain"),
    Reason.DOUBT: ("?", "warn"),
    Reason.OTHERS: ("≡", "plain"),
    Reason.TURN: (":", "dim"),
    Reason.ROOM: ("=", "warn"),
    Reason.START: ("·", "dim"),
    Reason.OWN: ("#", "warn"),
    Reason.OPEN: ("…", "plain"),
    Reason.WRITES: ("▚", "key"),
}
"""The sign that a part of the bar is filled with, by its reason; no two are alike without colours."""
_ROLES: dict[str, Role] = dict(FILLS.values())
_TOGETHER = "\xa0"
"""A blank at which no line is folded."""
_SIGNED = re.compile(f"([{''.join(map(re.escape, _ROLES))}]{_TOGETHER})")
_MOST_LINES = 2


def slow_words(detail: LookupDetail) -> str:
    """The time by reasons, in parts that add up to the whole, and the time without losses."""
    if (nothing := _nothing(detail)) is not None:
        return nothing
    return _words(shares(detail), detail, signs=False)


def slow_lines(detail: LookupDetail, width: int) -> list[Line]:
    """The same in two lines of `width` cells at most, each part behind the sign that it has in the bar.

    If room is short, queries are not named, then the smallest parts are joined.
    """
    if (nothing := _nothing(detail)) is not None:
        return [((part, "plain"),) for part in wrap(nothing, width)[:_MOST_LINES]]
    told = shares(detail)
    lines: list[str] = []
    for named, kept in ((True, 99), (False, 99), *((False, kept) for kept in range(len(told.shares) - 1, -1, -1))):
        lines = wrap(_words(told, detail, signs=True, named=named, kept=kept), width)
        if len(lines) <= _MOST_LINES:
            break
    return [_signed(line) for line in lines[:_MOST_LINES]]


def _signed(text: str) -> Line:
    """A line with the signs of reasons in their colours."""
    spans: list[Span] = []
    for place, piece in enumerate(_SIGNED.split(text)):
        role = _ROLES[piece[0]] if place % 2 else "plain"
        spans.append((piece.replace(_TOGETHER, " "), role))
    return tuple(span for span in spans if span[0])


def _nothing(detail: LookupDetail) -> str | None:
    if detail.view.elapsed <= 0 or not detail.steps:
        return words.NOBODY_TO_ASK if not detail.steps else words.NO_TIME
    return None


def _words(told: Shares, detail: LookupDetail, *, signs: bool, named: bool = True, kept: int = 99) -> str:
    """The sentence. Without `named` it names no queries; all but the `kept` largest parts are joined."""
    parts = []
    for share in told.shares[:kept]:
        figure = f"{share.percent} % ({share.time})"
        if signs:
            figure = f"{FILLS[share.reason][0]} {figure}".replace(" ", _TOGETHER)
        parts.append(f"{figure} {_share_words(share, named, detail.view.owner == INFERRED)}")
    if rest := told.shares[kept:]:
        parts.append(words.smaller_words(sum(share.percent for share in rest), len(rest)))
    smooth = all(share.reason is Reason.TRIP or not share.percent for share in told.shares)
    return words.time_words(told.whole, parts, told.without or "", running=detail.view.running, smooth=smooth)


def _share_words(share: Share, named: bool, inferred: bool) -> str:
    count = share.parts if share.reason is Reason.TRIP else len(share.places)
    said = words.share_words(share.reason, count, inferred=inferred)
    if share.reason is Reason.TRIP or not share.places or not named:
        return said
    return words.first_query_words(said, share.places[0] + 1, alone=count == 1)
