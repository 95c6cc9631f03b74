"""What can be typed in the command bar: each command once. Completion, help and docs/keys.md are made from it.

Pure data: imports no Textual. Besides these, every action of the registry is a command by its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal[
    "screen", "host", "question", "target", "item", "infohash", "lookup", "thing", "filter", "column", "theme", "form",
    "file", "name", "bookmark", "text",
]  # fmt: skip
"""What an argument is: completions come by it."""

FORMS: Final = ("svg", "html", "text")
"""The forms that a screen can be written to a file in."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A word after the name of a command; the last one takes all that follows."""

    shown: str
    kind: Kind
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    name: str
    arguments: tuple[Argument, ...]
    help: str
    """What it does, a sentence."""
    example: str
    action: str = ""
    """The action that it is without arguments, by its name in ``[keys]``; "": it is nothing then."""

    @property
    def usage(self) -> str:
        """Its name and what it takes."""
        words = [each.shown if each.needed else f"[{each.shown}]" for each in self.arguments]
        line = " ".join((self.name, *words))
        return f"{self.name} [{' '.join(words)}]" if self.action and words else line


def _of(shown: str, kind: Kind, *, needed: bool = True) -> Argument:
    return Argument(shown, kind, needed)


COMMANDS: Final[tuple[Command, ...]] = (
    Command("go", (_of("SCREEN", "screen"),), "Go to a screen.", "go packets"),
    Command(
        "ping", (_of("HOST:PORT", "host"),), "Ask a node whether it is there.", "ping 203.0.113.9:6881", "table.ping"
    ),
    Command(
        "ask",
        (_of("HOST:PORT", "host"), _of("QUESTION", "question", needed=False), _of("TARGET", "target", needed=False)),
        "Ask one node anything: ping, find_node, get_peers or get, of any target.",
        "ask 203.0.113.9:6881 find_node self",
        "table.ask",
    ),
    Command(
        "lookup",
        (_of("TARGET", "target"), _of("KIND", "lookup", needed=False)),
        "Look up a node, peers or an item; the kind follows from the target, if it is not named.",
        "lookup self find_node",
        "new_lookup",
    ),
    Command(
        "get",
        (_of("TARGET", "item"), _of("SALT", "text", needed=False)),
        "Get an item by its target, a key, the name of a key of yours, or a magnet link.",
        "get notes blog",
        "items.get",
    ),
    Command("put", (_of("VALUE", "text"),), "Begin to put an item with this value.", "put hello", "items.put"),
    Command(
        "announce",
        (_of("INFOHASH", "infohash"), _of("PORT", "name", needed=False)),
        "Announce a peer of a torrent, at the port that our packets come from, or another.",
        "announce 86d4c8ef2bd1ea1a4a2df3d9bb0fb1fe41eff8f0 6881",
        "peers.announce",
    ),
    Command(
        "open",
        (_of("THING", "thing"),),
        "Go to a bookmark, a node, an address, an infohash, a target or a key.",
        "open 203.0.113.9:6881",
        "follow",
    ),
    Command(
        "filter",
        (_of("TEXT", "filter"),),
        "Filter the list of this screen; @NAME is one that was saved.",
        "filter 203.0.113",
        "filter",
    ),
    Command("save", (_of("NAME", "name"),), "Save the filter of this list under a name.", "save errors"),
    Command("sort", (_of("COLUMN", "column"),), "Sort the list by a column; again: turn it round.", "sort rtt", "sort"),
    Command(
        "columns",
        (_of("COLUMN …", "column"),),
        "Show these columns of the list, in this order; 'all' shows all of them.",
        "columns address rtt",
        "columns",
    ),
    Command("theme", (_of("NAME", "theme"),), "Take a theme.", "theme light", "theme"),
    Command(
        "export",
        (_of("FORM", "form"), _of("FILE", "file", needed=False)),
        "Write the screen as it stands to a new file: svg, html or text.",
        "export svg lookup.svg",
        "export",
    ),
    Command(
        "bookmark", (_of("NAME", "name"),), "Bookmark what is selected under a name.", "bookmark router", "bookmark"
    ),
    Command("forget", (_of("NAME", "bookmark"),), "Forget a bookmark, or a saved filter: @NAME.", "forget router"),
    Command(
        "conform",
        (_of("HOST:PORT", "host"), _of("CASES", "text", needed=False)),
        "Test a node against the rules of the BEPs, case by case.",
        "conform 203.0.113.9:6881 5,44",
    ),
    Command(
        "census",
        (_of("NODES", "name"), _of("RATE", "name", needed=False)),
        "Count the network by a polite walk that finds about so many nodes, at so many queries a second.",
        "census 1000 4",
        "home.census",
    ),
    Command("quit", (), "Save nodes and id, close the node, and quit.", "quit", "quit"),
)
"""In the order in which they are offered."""

BY_NAME: Final = {command.name: command for command in COMMANDS}


def command_table() -> str:
    """All commands as a Markdown table, for docs/keys.md."""
    rows = ["| command | what it does | for example |", "|---|---|---|"]
    for command in COMMANDS:
        usage = command.usage.replace("|", "\\|")
        rows.append(f"| `{usage}` | {command.help} | `:{command.example}` |")
    return "\n".join(rows)
