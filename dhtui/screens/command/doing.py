"""What commands with arguments do: each reads its words, says what it would do or what is accepted, and does it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from textual.app import App
from textual.screen import Screen
from textual.widgets import Input

from ...bindings.commands import COMMANDS, FORMS, Command
from ...bindings.registry import VIEWS
from ...bindings.themes import THEMES
from ...engine.commands import NodeCommands
from ...engine.wire.ids import ID_LENGTH
from ...errors import UsageError, quoted
from ...keyring import Entry
from ...lookups.ask import KINDS, Kind, likely_kind, read_request
from ...options.addresses import host_port
from ...options.values import target
from ...packets.parts import Link
from ...sources.feed import Feed
from ...storage.memory import MAX_NAMED, Memory, SavedFilter
from ...text.actions.notices import NoAddress
from ...text.format import short_id
from ...text.safe import safe_text
from ...widgets.line_table import LineTable
from ...widgets.table_model import BadFilter, Column
from ..base import ExplorerScreen
from ..bookmarks import bookmark_of, link_of, toggle_bookmark
from ..node.ask_request import NAMED_KINDS, Question, read_ask
from ..node.opening import open_node
from ..notify import notify
from ..pictures import write_picture
from ..undo import Done
from .words import split


class Explorer(Protocol):
    """What commands ask of the app."""

    feed: Feed

    async def goes_to(self, view: str) -> ExplorerScreen | None:
        """Shows a screen and closes what lies over it, or says why it can't."""

    async def goes_after(self, link: Link) -> None:
        """Goes to what a link is about."""

    async def action_show(self, name: str) -> None:
        """Shows a screen."""

    def take_theme(self, name: str) -> None:
        """Takes a theme, by its name for people."""


@dataclass(frozen=True, slots=True)
class Here:
    """Where a command is typed."""

    explorer: Explorer
    app: App[Any]
    screen: ExplorerScreen
    """The one shown; windows may lie over it."""
    memory: Memory
    entries: Sequence[Entry] = ()
    """The user's keys."""

    @property
    def node(self) -> NodeCommands:
        """The running node. Raises `UsageError`."""
        node = self.explorer.feed.commands
        if node is None:
            feed = self.explorer.feed
            words = feed.without_node
            what = f"{words[:1].lower()}{words[1:]}" if feed.player is not None else "our node does not run yet"
            raise UsageError(f"{what}: there is nobody to do that")
        return node

    @property
    def table(self) -> LineTable[Any]:
        """The list that is meant on this screen. Raises `UsageError`."""
        if not self.screen.query(LineTable):
            raise UsageError("there is no list on this screen")
        return self.screen.filtered()


Do: TypeAlias = Callable[[], Awaitable[None]]
Ready: TypeAlias = tuple[str, Do]
"""What would be done, in words, and what does it."""


def read(command: Command, rest: str, here: Here) -> Ready:
    """What a line asks for. Raises `UsageError`, which says what is accepted."""
    words = split(command, rest)
    missing = [each for each in command.arguments[len(words) :] if each.needed]
    if missing:
        raise UsageError(f"{command.usage}; for example: {command.example}")
    return _DOING[command.name](here, *words)


def _go(here: Here, text: str) -> Ready:
    wanted = text.casefold()
    for view in VIEWS:
        if wanted in (view.name, view.title.casefold(), view.shown):
            return f"goes to {view.title}", partial(here.explorer.action_show, view.name)
    raise UsageError(f"{quoted(text)} is no screen: {', '.join(view.name for view in VIEWS)}")


# -- the network ----------------------------------------------------------------------------------------------


def _ask(here: Here, host: str, question: str = "ping", wanted: str = "") -> Ready:
    node = here.node
    asked = next((each for each in NAMED_KINDS if each == question), None)
    if asked is None:
        raise UsageError(f"{quoted(question)} is no question: {', '.join(NAMED_KINDS)}")
    fields = Question(asked, wanted)
    request = read_ask(host, fields, node.id)

    async def do() -> None:
        if await here.explorer.goes_to(here.screen.view.name) is not None:
            await open_node(here.app.screen, None, at=str(request.remote), asks=fields)

    return f"asks {request.remote} {request.words}", do


def _ping(here: Here, host: str) -> Ready:
    return _ask(here, host)


def _conform(here: Here, host: str, cases: str = "") -> Ready:
    from ...actions.resolve import look_up
    from ...conform.catalogue import CASES
    from ...conform.choice import chosen

    remote = host_port(host)
    try:
        wanted = chosen(CASES, cases) if cases else CASES
    except ValueError as error:
        raise UsageError(str(error)) from None

    async def do() -> None:
        from ..conform.window import ConformWindow

        found = await look_up(remote)
        if isinstance(found, NoAddress):
            notify(here.app, safe_text(f"{remote} {found}."), bad=True)
        else:
            here.app.push_screen(ConformWindow(found[0], wanted))

    return f"tests {remote} by {len(wanted)} cases", do


def _census(here: Here, nodes: str, rate: str = "") -> Ready:
    from ..census.opening import read_census

    here.node  # noqa: B018 - there must be one
    want = read_census(nodes, rate)
    words = f"counts the network by about {want.nodes} nodes, at {want.rate:g} queries a second"
    return words, partial(_on_screen, here, "home", want)


def _lookup(here: Here, text: str, kind: str = "") -> Ready:
    node = here.node
    if kind and kind not in KINDS:
        raise UsageError(f"{quoted(kind)} is no kind of lookup: {', '.join(KINDS)}")
    named = [each for each in KINDS if each == kind]
    chosen: Kind = named[0] if named else likely_kind(text) or "get_peers"
    request = read_request(chosen, text, "", node.id)
    return f"looks up {request.words} ({request.kind})", partial(_on_screen, here, "lookup", request)


def _announce(here: Here, text: str, port: str = "") -> Ready:
    from ..peers.announce_form import read_announce

    here.node  # noqa: B018 - there must be one
    request = read_announce(text, port)
    return request.words, partial(_on_screen, here, "peers", request)


async def _on_screen(here: Here, view: str, request: object) -> None:
    screen = await here.explorer.goes_to(view)
    if screen is not None:
        screen.carry_out(request)


def _get(here: Here, text: str, salt: str = "") -> Ready:
    from ..items.get_request import read_get

    node = here.node
    request = read_get(text, salt, "", here.entries)

    async def do() -> None:
        from ..items.get_form import GetForm

        screen = await here.explorer.goes_to("items")
        if screen is not None:
            form = GetForm(node, here.entries, text, salt)
            await here.app.push_screen(form, screen.carry_out)
            form.call_after_refresh(form.action_submit)

    return f"gets {request.words}", do


def _put(here: Here, text: str) -> Ready:
    here.node  # noqa: B018 - there must be one

    async def do() -> None:
        from ..items.put_form import PutForm

        screen = await here.explorer.goes_to("items")
        if screen is None:
            return
        await screen.run_action("put")
        opening = [worker for worker in here.app.workers if worker.node is screen and worker.group == "window"]
        await here.app.workers.wait_for_complete(opening)
        form = here.app.screen
        if isinstance(form, PutForm):
            form.call_after_refresh(_fill, form, text)

    return "opens the put form with this value in it", do


def _fill(form: Screen[Any], text: str) -> None:
    form.query_one("#value", Input).value = text


def _open(here: Here, text: str) -> Ready:
    link = _thing(here, text)
    return f"goes to {link.kind} {link.label}", partial(here.explorer.goes_after, link)


def _thing(here: Here, text: str) -> Link:
    """What a text names. Raises `UsageError`."""
    marked = here.memory.bookmarks.get(text)
    if marked is not None and (link := link_of(text, marked)) is not None:
        return link
    if numbered := re.fullmatch(r"(packet|lookup)[ #]?(\d{1,9})", text):
        return Link("packet" if numbered[1] == "packet" else "lookup", int(numbered[2]), numbered[2])
    if ":" in text and not text.casefold().startswith(("magnet:", "urn:")):
        found = host_port(text)
        if ":" not in found.host and not found.host.replace(".", "").isdigit():
            raise UsageError(f"{quoted(text)} is a name: nodes here are known by their addresses")
        return Link("address", (found.host, found.port), str(found))
    try:
        wanted = target(text)
    except UsageError:
        near = f", nor a bookmark ({safe_text(', '.join(here.memory.bookmarks), 100)})" if here.memory.bookmarks else ""
        raise UsageError(f"{quoted(text)} is no IP:PORT, no id, target or key{near}") from None
    if wanted.public is not None:
        return Link("key", wanted.public, short_id(wanted.public))
    snapshot = here.explorer.feed.source.snapshot() if here.explorer.feed.source is not None else None
    value = wanted.id or (snapshot.identity.id if snapshot else b"")
    if len(value) != ID_LENGTH:
        raise UsageError("there is no node yet")
    tables = [] if snapshot is None else [each.table for each in snapshot.families]
    nodes = (node.id for table in tables for bucket in table.buckets for node in bucket.nodes)
    if wanted.id is None or value in nodes:
        return Link("node", value, short_id(value))
    return Link("infohash" if wanted.hashes else "target", value, short_id(value))


# -- the list ---------------------------------------------------------------------------------------------------


def _filter(here: Here, text: str) -> Ready:
    table = here.table
    if text.startswith("@"):
        saved = here.memory.filters.get(text[1:])
        if saved is None:
            known = ", ".join(f"@{name}" for name in here.memory.filters) or "none; save NAME saves one"
            raise UsageError(f"there is no saved filter {quoted(text)}: {safe_text(known, 200)}")
        text = saved.text
    try:
        table.model.read_filter(text)
    except BadFilter as problem:
        raise UsageError(safe_text(str(problem), 200)) from None
    return f"filters this list by {safe_text(text, 60)}", _now(lambda: table.change_filter(text))


def _save(here: Here, name: str) -> Ready:
    table, name = here.table, _name(name)
    text = table.model.filter_text
    if not text:
        raise UsageError("this list has no filter to save")
    if name not in here.memory.filters and len(here.memory.filters) >= MAX_NAMED:
        raise UsageError(f"{MAX_NAMED} filters are saved, which is the most: forget @NAME lets one go")

    def do() -> None:
        here.memory.name_filter(name, SavedFilter(here.screen.place_of(table), text))
        notify(here.app, f"The filter is saved as @{name}: filter @{name} takes it.")

    return f"saves the filter {safe_text(text, 40)} as @{name}", _now(do)


def _column(table: LineTable[Any], text: str) -> Column[Any]:
    titles = [column.title for column in table.model.shipped if column.title]
    for column in table.model.shipped:
        if column.title and column.title.casefold() == text.casefold():
            return column
    raise UsageError(f"{quoted(text)} is no column of this list: {', '.join(titles)}")


def _sort(here: Here, text: str) -> Ready:
    table = here.table
    column = _column(table, text)
    if column.sort is None:
        able = [each.title for each in table.model.shipped if each.sort is not None and each.title]
        raise UsageError(f"it can't be sorted by {column.title}, but by {', '.join(able) or 'none'}")
    return f"sorts by {column.title}", _now(lambda: table.sort_by(column))


def _columns(here: Here, text: str) -> Ready:
    table = here.table
    if text.casefold() == "all":
        return "shows all columns", _now(lambda: table.show_columns(()))
    titles = _titles(table, text)
    return f"shows {', '.join(titles)}", _now(lambda: table.show_columns(titles))


def _titles(table: LineTable[Any], text: str) -> list[str]:
    """The titles that a text names, which may have blanks in them. Raises `UsageError`."""
    found, left = [], re.sub(r"[\s,]+", " ", text).strip()
    titles = sorted((column.title for column in table.model.shipped if column.title), key=len, reverse=True)
    while left:
        fits = (title for title in titles if re.match(rf"{re.escape(title)}( |$)", left, re.IGNORECASE))
        title = next(fits, None) or _column(table, left.partition(" ")[0]).title
        found.append(title)
        left = left[len(title) :].strip()
    return found


def _now(do: Callable[[], object]) -> Do:
    async def at_once() -> None:
        do()

    return at_once


# -- the explorer -----------------------------------------------------------------------------------------------


def _theme(here: Here, text: str) -> Ready:
    if text not in THEMES:
        raise UsageError(f"{quoted(text)} is no theme: {', '.join(THEMES)}")
    return f"takes the theme {text}", _now(lambda: here.explorer.take_theme(text))


def _export(here: Here, form: str, file: str = "") -> Ready:
    if form not in FORMS:
        raise UsageError(f"{quoted(form)} is no form of a screen: {', '.join(FORMS)}")
    path = None
    if file:
        try:
            path = Path(file).expanduser()
            taken = path.exists() or path.is_symlink()
        except (OSError, ValueError, RuntimeError):
            raise UsageError(f"{quoted(file)} can't be the name of a file") from None
        if taken:
            raise UsageError(f"{quoted(file)} is there already, and is not overwritten: name another file")
    where = quoted(file) if file else "a new file in the present folder"
    name = f"dhtui-{here.screen.view.name}"
    return f"writes this screen as {form} to {where}", partial(write_picture, here.app, form, name, path)


def _name(text: str) -> str:
    if not text.isprintable() or len(text) > 60 or text.startswith("@"):
        raise UsageError("a name has at most 60 printable characters, and does not begin with @")
    return text


def _bookmark(here: Here, name: str) -> Ready:
    name = _name(name)
    link = bookmark_of(here.screen)
    if link is None:
        raise UsageError("nothing is selected that could be bookmarked: a node, an address, a target, a key")
    words = f"bookmarks {link.kind} {link.label} as {name}"
    return words, _now(lambda: toggle_bookmark(here.screen, here.memory, link, name))


def _forget(here: Here, name: str) -> Ready:
    kept: dict[str, Any] = here.memory.filters if name.startswith("@") else here.memory.bookmarks
    key = name.removeprefix("@")
    if key not in kept:
        known = [*here.memory.bookmarks, *(f"@{each}" for each in here.memory.filters)]
        raise UsageError(f"there is no {quoted(name)}: {safe_text(', '.join(known), 200) or 'nothing has a name yet'}")

    async def undo() -> str:
        kept.setdefault(key, thing)
        return f"{shown} is there again."

    thing, shown = kept[key], safe_text(name, 60)

    def do() -> None:
        kept.pop(key, None)
        here.app.post_message(Done(f"that {shown} was forgotten", undo))
        notify(here.app, f"{shown} is forgotten.")

    return f"forgets {safe_text(name, 60)}", _now(do)


_DOING: dict[str, Callable[..., Ready]] = {
    "go": _go,
    "ping": _ping,
    "ask": _ask,
    "lookup": _lookup,
    "get": _get,
    "put": _put,
    "announce": _announce,
    "open": _open,
    "filter": _filter,
    "save": _save,
    "sort": _sort,
    "columns": _columns,
    "theme": _theme,
    "export": _export,
    "bookmark": _bookmark,
    "forget": _forget,
    "conform": _conform,
    "census": _census,
}
assert _DOING.keys() == {command.name for command in COMMANDS if command.arguments}
