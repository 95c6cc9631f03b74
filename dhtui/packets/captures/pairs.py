"""Queries and their answers: paired by both addresses and the transaction id. Bounded."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, TypeAlias

from ...engine.wire.compact import Addr
from .message import Captured

MOST_OPEN: Final = 16_384
"""Most queries that are remembered. Beyond, the oldest is taken to stay unanswered."""
SECONDS: Final = 60.0
"""An answer that comes later belongs to no query: transaction ids of two bytes are used again."""

_Key: TypeAlias = tuple[Addr, Addr, bytes]


class Pairs:
    """Finds the query of each answer."""

    def __init__(self) -> None:
        self.queries = 0
        self.answered = 0
        """Queries that were answered."""
        self._open: OrderedDict[_Key, Captured] = OrderedDict()

    def follow(self, heard: Captured) -> None:
        """Take a message: a query is remembered, and an answer gets its query."""
        if heard.kind == "query":
            self.queries += 1
            key = heard.source, heard.dest, heard.tid
            self._open[key] = heard
            self._open.move_to_end(key)
            if len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
        elif heard.kind != "unreadable":
            query = self._open.get((heard.dest, heard.source, heard.tid))
            if query is not None and abs(heard.at - query.at) <= SECONDS:
                heard.query, heard.method, heard.pair = query, query.method, query.number
                if query.pair is None:
                    query.pair = heard.number
                    self.answered += 1
