"""What a line of --targets asks for: read once, strictly, by the readers of the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from ...actions.request import Request
from ...engine.items import MutableItem
from ...errors import UsageError, quoted
from ...options import addresses, values
from ...storage.atomic import read_regular
from .lines import MAX_LINE, Line


class Job(NamedTuple):
    """One target."""

    line: int
    """Where it stands, from 1; of records the number of the key."""
    part: int
    """1 for the second infohash of a hybrid torrent, else 0."""
    name: str
    """Its target in hex, of a ping its host and port; of a line that makes no sense that, safe to print."""
    request: Request | None
    problem: str = ""
    """Why the line makes no sense; there is no request then."""
    keyname: str = ""
    """The key that signed it, if it was made here."""


def jobs(line: Line, request: Request) -> list[Job]:
    """The targets of a line: none, one, or both infohashes of a hybrid torrent. Raises `UsageError`."""
    if line.text is None:
        raise UsageError(f"it has more than {MAX_LINE} bytes")
    text = os.fsdecode(line.text).strip()
    if not text or text.startswith("#"):
        return []
    found = _READERS[request.action](text, request)
    return [Job(line.number, part, name, each) for part, (name, each) in enumerate(found)]


def bad(line: Line, problem: UsageError) -> Job:
    """What stands for a line that makes no sense."""
    return Job(line.number, 0, "" if line.text is None else quoted(os.fsdecode(line.text)), None, str(problem))


Named = Iterable[tuple[str, Request]]


def _at(request: Request, target: bytes, **more: Any) -> tuple[str, Request]:
    return target.hex(), request._replace(target=target, **more)


def _torrents(text: str, request: Request) -> Named:
    return [_at(request, each) for each in values.torrent(values.target(text))]


def _place(text: str, request: Request) -> Named:
    found = values.target(text)
    if found.id is None:
        raise UsageError("self is one target: give it by itself, with --target")
    if found.public is not None and found.hashes:
        raise UsageError("64 hex digits are a public key, or the infohash of a v2 torrent: 40 are needed here")
    return [_at(request, found.id)]


def _item(text: str, request: Request) -> Named:
    first, _, salt = text.partition(" ")
    found = values.item(values.target(first), values.salt(salt.strip()))
    assert found.id is not None
    return [_at(request, found.id, public=found.public, salt=found.salt)]


def _remote(text: str, request: Request) -> Named:
    found = addresses.host_port(text)
    return [(str(found), request._replace(remotes=(found,)))]


def _signed(text: str, request: Request) -> Named:
    from ...items.file import MAX_BYTES, ItemFileError, parse

    try:
        data = os.fsencode(text) if text.startswith("{") else read_regular(Path(values.path(text)), MAX_BYTES)
        item = parse(data)
    except OSError as error:
        raise UsageError(f"cannot read {quoted(text)}: {error.strerror}") from None
    except ItemFileError as error:
        raise UsageError(f"{quoted(text)}: {error}") from None
    salt = item.salt if isinstance(item, MutableItem) else b""
    return [_at(request, item.target, what=item, salt=salt)]


_READERS: dict[str, Callable[[str, Request], Named]] = {
    "get_peers": _torrents,
    "scrape": _torrents,
    "find_node": _place,
    "get": _item,
    "ping": _remote,
    "put": _signed,
}
"""By action."""
