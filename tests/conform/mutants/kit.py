"""What mutants are made of: a core, and one change of what comes to it or leaves it.

`hears` changes the arguments of a query that comes, `says` the body of a reply, `errs` an error. `grants` and `refuses`
answer a query in the core's place, `ignores` loses it. Each takes the methods that it is about, and when.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple, TypeAlias

from dhtui.conform.messages import read
from dhtui.engine.core import Core
from dhtui.engine.wire.bencode import BencodeError, encode
from dhtui.engine.wire.compact import Addr, pack_addr

from ..altered import Altered, Message

Body: TypeAlias = dict[bytes, Any]


class Node(Altered):
    """An altered core that knows the time. Datagrams with odd arguments, or that are no canonical bencode, reach the
    core as they are, but for what `raw` makes of them."""

    now = 0.0
    silent_until = 0.0
    """For mutants that faint."""
    raw: Callable[[bytes, Addr], bytes | None] | None = None
    """Changes any datagram that comes; `None`: it gets lost."""

    def receive_datagram(self, data: bytes, addr: Addr, now: float) -> None:
        """A datagram came."""
        self.now = now
        found = data if self.raw is None else self.raw(data, addr)
        if found is None:
            return
        message = read(found)
        try:
            canonical = encode(message) == found and isinstance(message.get(b"a", {}), dict)
        except BencodeError:  # an integer beyond 64 bits
            canonical = False
        if canonical:
            super().receive_datagram(found, addr, now)
        else:
            self.core.receive_datagram(found, addr, now)


Make: TypeAlias = Callable[[Core], Node]


class Query(NamedTuple):
    """A query that came."""

    node: Node
    message: Message
    addr: Addr

    @property
    def method(self) -> str:
        """Its method."""
        q = self.message.get(b"q")
        return q.decode("latin-1") if isinstance(q, bytes) else ""

    @property
    def args(self) -> Body:
        """Its arguments."""
        a = self.message.get(b"a")
        return a if isinstance(a, dict) else {}


When: TypeAlias = Callable[[Query], object]


def always(query: Query) -> bool:
    """Whatever it is."""
    return True


def _about(query: Query, methods: str, when: When) -> bool:
    named = query.message.get(b"y") == b"q" and (not methods or query.method in methods.split())
    return bool(named and when(query))


def changed(change: Callable[[Query], Message | bytes | None], methods: str = "", when: When = always) -> Make:
    """Changes queries that come: the whole message, or its bytes; `None`: it gets lost."""

    def make(core: Core) -> Node:
        def inward(message: Message, addr: Addr) -> Message | bytes | None:
            query = Query(node, message, addr)
            return change(query) if _about(query, methods, when) else message

        node = Node(core, inward=inward)
        return node

    return make


def raw(change: Callable[[bytes, Addr, Node], bytes | None]) -> Make:
    """Changes whatever datagram comes, read or not; `None`: it gets lost."""

    def make(core: Core) -> Node:
        node = Node(core)
        node.raw = lambda data, addr: change(data, addr, node)
        return node

    return make


def hears(methods: str, edit: Callable[[Body, Query], object], when: When = always) -> Make:
    """Changes the arguments of queries that come."""

    def change(query: Query) -> Message:
        if not isinstance(query.message.get(b"a"), dict):
            return query.message
        message = deepcopy(query.message)
        if isinstance(message.get(b"a"), dict):
            edit(message[b"a"], query)
        return message

    return changed(change, methods, when)


def ignores(methods: str, when: When = always) -> Make:
    """Answers nothing to some queries."""
    return changed(lambda query: None, methods, when)


def _answers(methods: str, when: When, y: bytes, content: Callable[[Query], Any]) -> Make:
    def change(query: Query) -> None:
        answer = {b"t": query.message[b"t"], b"y": y, y: content(query), b"ip": pack_addr(query.addr)}
        query.node.extra.append((encode(answer), query.addr))

    return changed(change, methods, when)


def grants(methods: str, when: When = always, **body: Any) -> Make:
    """Answers some queries with a reply, and does nothing."""
    given = {name.encode(): value for name, value in body.items()}
    return _answers(methods, when, b"r", lambda query: {b"id": query.node.core.id} | given)


def refuses(methods: str, when: When = always, code: int = 203) -> Make:
    """Answers some queries with an error."""
    return _answers(methods, when, b"e", lambda query: [code, b"no"])


def sent(change: Callable[[Message, Query], Message | bytes | None], methods: str = "", when: When = always) -> Make:
    """Changes answers that leave, a copy of the whole message."""

    def make(core: Core) -> Node:
        def outward(message: Message, asked: Message, dest: Addr) -> Message | bytes | None:
            query = Query(node, asked, dest)
            return change(deepcopy(message), query) if asked and _about(query, methods, when) else message

        node = Node(core, outward=outward)
        return node

    return make


def says(methods: str, edit: Callable[[Body, Query], object], when: When = always) -> Make:
    """Changes the bodies of replies."""

    def change(message: Message, query: Query) -> Message:
        if message.get(b"y") == b"r":
            edit(message[b"r"], query)
        return message

    return sent(change, methods, when)


def errs(methods: str, change: Callable[[Message, Query], Message | None], when: When = always) -> Make:
    """Changes errors."""
    return sent(lambda message, query: change(message, query) if message.get(b"y") == b"e" else message, methods, when)


def both(*makes: Make) -> Make:
    """One change within another."""

    def make(core: Any) -> Node:
        for each in makes:
            core = each(core)
        assert isinstance(core, Node)
        return core

    return make


def patched(change: Callable[[Core], object]) -> Make:
    """Changes something within the core."""

    def make(core: Core) -> Node:
        change(core)
        return Node(core)

    return make


def drop(*names: str) -> Callable[[Body, Query], None]:
    """Leaves keys out."""

    def edit(body: Body, query: Query) -> None:
        for name in names:
            body.pop(name.encode(), None)

    return edit


def put(**fields: Any) -> Callable[[Body, Query], None]:
    """Sets keys."""

    def edit(body: Body, query: Query) -> None:
        body.update({name.encode(): value for name, value in fields.items()})

    return edit
