"""The arguments of a line: how they could go on, by what is known here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from ...bindings.commands import FORMS, Command, Kind
from ...bindings.registry import VIEWS
from ...bindings.themes import THEMES
from ...engine.views.snapshot import Snapshot
from ...lookups.ask import KINDS
from ...packets.filter import Completion
from ...storage.memory import Memory
from ...text.format import address
from ..node.ask_request import NAMED_KINDS

MOST = 50
"""Offers for one argument."""
MOST_KNOWN = 2000
"""Nodes, and targets, that are looked through."""
MOST_FILES = 500
"""Entries of a folder that are looked through."""

Word: TypeAlias = tuple[str, str]
"""What could stand there, and what it is. What came from the network is an address or hex digits."""


@dataclass(frozen=True, slots=True)
class Known:
    """What arguments can be completed from, as it was when the bar opened."""

    memory: Memory
    hosts: Sequence[Word] = ()
    targets: Sequence[Word] = ()
    """Of lookups, and ids of nodes."""
    keys: Sequence[str] = ()
    """Names of the user's keys."""
    place: str = ""
    """The list of this screen, as `Memory.lists` has it."""
    filters: Sequence[str] = ()
    """Those that it had, the newest last."""
    columns: Sequence[str] = ()
    complete: Callable[[str, int], Sequence[Completion]] | None = None
    """How a filter of this list could go on, where filters have a language."""
    folder: Path = field(default_factory=Path.cwd)


def hosts_of(view: Snapshot) -> list[Word]:
    """The nodes of the table, the best first, and those that are asked now."""
    nodes = [node for each in view.families for bucket in each.table.buckets for node in bucket.nodes]
    nodes.sort(key=lambda node: ("good", "questionable", "bad").index(node.state))
    listed = [(address(node.addr), f"{node.state} node {node.id.hex()[:8]}…") for node in nodes]
    queries = [query for each in view.families for query in each.queries]
    asked = [(address(query.addr), f"is asked {query.method} now") for query in queries]
    return list(dict(islice(reversed([*listed, *asked]), MOST_KNOWN)).items())[::-1]


def targets_of(view: Snapshot) -> list[Word]:
    """What was looked up, our id, and the nodes of the table."""
    looked = [(lookup.target.hex(), f"of {lookup.kind}#{lookup.number}") for lookup in view.lookups]
    buckets = [bucket for each in view.families for bucket in each.table.buckets]
    nodes = [(node.id.hex(), f"node {address(node.addr)}") for bucket in buckets for node in bucket.nodes]
    return list(dict(islice(reversed([("self", "our own id"), *looked, *nodes]), MOST_KNOWN)).items())[::-1]


def current(command: Command, rest: str) -> tuple[int, str]:
    """Which argument is being typed, and what of it stands there; the last one takes all that follows."""
    last = len(command.arguments) - 1
    parts = rest.split(" ", last)
    return len(parts) - 1, parts[-1]


def split(command: Command, rest: str) -> list[str]:
    """The arguments of a line, one text each; those that are missing at its end are left out."""
    parts = rest.strip().split(" ", len(command.arguments) - 1)
    return [part.strip() for part in parts if part.strip()]


def offers(command: Command, rest: str, known: Known) -> list[Word]:
    """How the argument that is typed could go on: what begins so first, then what has it in it."""
    place, typed = current(command, rest)
    kind = command.arguments[place].kind
    if kind == "file":
        return _files(typed, known.folder)
    if kind == "column" and command.name == "columns":
        typed = typed.rpartition(" ")[2]
    if kind == "filter" and known.complete is not None and not typed.startswith("@"):
        return [
            (f"{typed[: each.start]}{each.text}{typed[each.end :]}", each.meaning)
            for each in known.complete(typed, len(typed))
        ]
    words = list(SOURCES[kind](known)) if kind in SOURCES else []
    folded = typed.casefold()
    begins = [word for word in words if word[0].casefold().startswith(folded)]
    has = [word for word in words if word not in begins and folded in f"{word[0]} {word[1]}".casefold()]
    return [*begins, *has][:MOST]


def completed(command: Command, rest: str, word: str) -> str:
    """The line with that word in place of what was typed of it."""
    place, typed = current(command, rest)
    if command.arguments[place].kind == "column" and command.name == "columns":
        typed = typed.rpartition(" ")[2]
    before = rest[: len(rest) - len(typed)]
    more = place < len(command.arguments) - 1
    return f"{command.name} {before}{word}{' ' if more else ''}"


def _files(typed: str, folder: Path) -> list[Word]:
    """Folders and files that begin so. Never raises."""
    head, slash, tail = typed.rpartition("/")
    where = folder / Path(f"{head}{slash}").expanduser() if slash else folder
    try:
        entries = sorted(islice(where.iterdir(), MOST_FILES), key=lambda path: path.name)
        names = [(path.name, path.is_dir()) for path in entries if path.name.startswith(tail)]
    except (OSError, ValueError, RuntimeError):
        return []
    return [
        (f"{head}{slash}{name}{'/' if is_folder else ''}", "a folder" if is_folder else "is there already")
        for name, is_folder in names
        if name.isprintable() and (tail.startswith(".") or not name.startswith("."))
    ][:MOST]


def _bookmarks(known: Known, *kinds: str) -> Iterable[Word]:
    for name, thing in known.memory.bookmarks.items():
        if not kinds or thing.kind in kinds:
            yield name, f"bookmark: {thing.kind} {thing.value}"


def _things(known: Known) -> list[Word]:
    return [*_bookmarks(known), *known.hosts, *known.targets]


def _hosts(known: Known) -> list[Word]:
    marked = [(thing.value, f"bookmark {name}") for name, thing in known.memory.bookmarks.items()]
    return [*((value, words) for value, words in marked if ":" in value), *known.hosts]


def _targets(known: Known) -> list[Word]:
    return [*_marked_hex(known), *known.targets]


def _marked_hex(known: Known) -> Iterable[Word]:
    for name, thing in known.memory.bookmarks.items():
        if thing.kind != "address":
            yield thing.value, f"bookmark {name}"


def _items(known: Known) -> list[Word]:
    return [*((name, "a key of yours") for name in known.keys), *_marked_hex(known), *known.targets]


def _filters(known: Known) -> list[Word]:
    saved = known.memory.filters.items()
    named = [(f"@{name}", one.text) for name, one in saved if one.place == known.place]
    return [*named, *((text, "used before") for text in reversed(known.filters))]


def _to_forget(known: Known) -> list[Word]:
    return [*_bookmarks(known), *((f"@{name}", one.text) for name, one in known.memory.filters.items())]


SOURCES: dict[Kind, Callable[[Known], Iterable[Word]]] = {
    "screen": lambda known: [(view.name, f"{view.shown} {view.title}") for view in VIEWS],
    "host": _hosts,
    "question": lambda known: [(name, "") for name in NAMED_KINDS],
    "lookup": lambda known: [(name, "") for name in KINDS],
    "target": _targets,
    "infohash": _targets,
    "item": _items,
    "thing": _things,
    "filter": _filters,
    "column": lambda known: [("all", "as shipped"), *((title, "") for title in known.columns)],
    "theme": lambda known: [(name, "") for name in THEMES],
    "form": lambda known: [(name, "") for name in FORMS],
    "bookmark": _to_forget,
}
"""Where the completions of each kind of argument come from. Files are looked for as they are typed."""
