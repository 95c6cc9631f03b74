"""Every action of the explorer and its keys, once: bindings, footer, help and command bar come from here.

Pure data: imports no Textual, so that documentation and tests can read it. A new screen is one `View` in `VIEWS`
with its own actions, and a folder in `screens` with the class that the `View` names and its .tcss. The tables hold the
keys as shipped. Those of the user's own stand in `KEYMAP`: Textual's keymap is made from it, and all that names a key
asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_lowercase, punctuation
from typing import NamedTuple
from unicodedata import name as unicode_name

_SHORTER = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}


def _key_of(character: str) -> str:
    name = unicode_name(character).lower().replace("-", "_").replace(" ", "_")
    return _SHORTER.get(name, name)


CHARACTERS = {character: _key_of(character) for character in punctuation}
"""Textual's name of the key for each sign of ASCII. Keys of letters and digits are named as they are."""
SIGNS = {
    "escape": "esc",
    "backspace": "⌫",
    "delete": "Del",
    "insert": "Ins",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}
"""How keys are shown that are no characters, where that is not their name."""
_SHOWN = SIGNS | {key: character for character, key in CHARACTERS.items()}


KEYMAP: dict[str, str] = {}
"""Keys of the user's own: ids of actions, and Textual's names of their keys, joined by commas. See `keymap.use`."""


def symbol(key: str) -> str:
    """A key, by Textual's name, as people read it."""
    modifiers, plus, base = key.rpartition("+")
    return modifiers + plus + _SHOWN.get(base, base)


def is_text(key: str) -> bool:
    """Whether a key, by Textual's name, is text in a field."""
    return len(key) == 1 or key == "space" or key in CHARACTERS.values()


class Action(NamedTuple):
    """Something a person can do with a key."""

    name: str
    """What Textual calls: ``theme`` runs `action_theme`; ``show('home')`` passes an argument."""
    default: str
    """Textual's names of the keys as shipped, joined by commas; the first one is the one shown."""
    label: str
    """One or two words, for the footer; "" for mere moves, which neither footer nor command bar lists."""
    help: str
    """One sentence, for the help and the command bar."""
    rank: int = 0
    """Place in the footer, 1 first. The highest ranks are dropped where the line is full; 0 is never in the footer."""
    shown: str = ""
    """The keys as shown, where that is more than the first of `default`."""
    pair: str = ""
    """The keys that the footer shows, where its hint stands for two actions."""
    id: str | None = None
    """What ``[keys]``, and Textual's keymap, call it. `None`: as its name; "": its keys are the same for everybody."""

    @property
    def binding_id(self) -> str:
        """What ``[keys]``, and Textual's keymap, call it; empty: its keys are the same for everybody."""
        return self.name if self.id is None else self.id

    @property
    def keys(self) -> str:
        """Textual's names of the keys that it has now, joined by commas."""
        return KEYMAP.get(self.binding_id, self.default)

    @property
    def key(self) -> str:
        """The key as people read it."""
        return (self.binding_id not in KEYMAP and self.shown) or symbol(self.keys.partition(",")[0])

    @property
    def hint(self) -> str:
        """The key, or keys, as the footer shows them."""
        return (self.binding_id not in KEYMAP and self.pair) or self.key

    @property
    def in_fields(self) -> bool:
        """Whether one of its keys is no character, and so works where text is typed."""
        return any(not is_text(key) for key in self.keys.split(","))

    def fixed(self, keys: str, shown: str = "") -> Action:
        """The same with these keys, whatever the user wishes."""
        return self._replace(default=keys, shown=shown, pair="", id="")


@dataclass(frozen=True, slots=True)
class View:
    """A screen of the explorer."""

    name: str
    default: str
    """Textual's name of its key as shipped."""
    title: str
    screen: str
    """``module:Class``; loaded when the app starts."""
    about: str
    """What it shows, for the help."""
    actions: tuple[Action, ...] = ()
    """Its own; their ids begin with its name: ``table.ping``."""

    def __post_init__(self) -> None:
        """Name the actions."""
        named = tuple(action._replace(id=f"{self.name}.{action.name}") for action in self.actions)
        object.__setattr__(self, "actions", named)

    @property
    def show(self) -> Action:
        """To go there."""
        go = f"Go to the screen {self.title}."
        return Action(f"show('{self.name}')", self.default, self.title, go, id=f"show.{self.name}")

    @property
    def key(self) -> str:
        """Textual's name of its key."""
        return self.show.keys.partition(",")[0]

    @property
    def shown(self) -> str:
        """The key as people read it."""
        return self.show.key


ALWAYS: tuple[Action, ...] = (
    Action(
        "help",
        "question_mark,f1",
        "help",
        "Show what the keys do here; again: explain the selected line.",
        1,
        "?",
    ),
    Action("quit", "q,ctrl+c", "quit", "Save nodes and id, close the node, and quit.", 1),
)
"""The two hints that no footer leaves out."""

GLOBAL: tuple[Action, ...] = (
    *ALWAYS,
    Action("command_bar", "colon,ctrl+p", "commands", "Type a command: all that can be done, on any screen.", 5, ":"),
    Action("pause", "space", "pause", "Freeze what is shown; the node runs on. In a recording: stop, and play on.", 6),
    Action("next_view(1)", "right_square_bracket", "", "Go to the next screen.", 0, "]"),
    Action("next_view(-1)", "left_square_bracket", "", "Go to the previous screen.", 0, "["),
    Action("new_lookup", "L", "lookup", "Look up a node, peers or an item.", 5),
    Action("back", "backspace,alt+left", "back", "Go back to the place that was visited before.", 0, "⌫"),
    Action(
        "up", "escape", "", "One up: clear the filter, give the panes their room back, go back from a link.", 0, "esc"
    ),
    Action("forward", "alt+right", "forward", "Go forward again, after going back."),
    Action("jump", "apostrophe", "jump", "Show a letter on all that one can go to; typed, it goes there.", 0, "'"),
    Action("undo", "u", "undo", "Take back what was done last, such as a ban: those of this run are listed."),
    Action("repaint", "ctrl+l", "repaint", "Paint the screen anew, should something have been written over it."),
    Action("theme", "t", "theme", "Switch the theme: dark, light, and the terminal's own colours.", 9),
    Action(
        "testnet",
        "T",
        "testnet",
        "Leave the network for one of 64 nodes in this program, offline; again: return to it. Asks first.",
        8,
    ),
    Action("tour", "f2", "tour", "On a testnet: a tour of eight cards; again: the next one, or leave it."),
    Action("distance", "f3", "distance", "Type two ids, and see how far apart they are."),
    Action("record", "ctrl+t", "record", "Record all that happens to a new file, for --replay; again: stop."),
)
"""Actions of the app: they work on every screen."""

NEEDS_NODE = frozenset(
    (
        *("bootstrap", "try_again", "new_lookup", "testnet", "record", "census"),
        *("ping", "refresh_bucket", "find_node", "ask", "ban", "bans", "start", "stop", "around", "announce"),
        *("put", "get", "keep", "watch", "look", "kept"),
        *("new_key", "import_key", "export_key", "passphrase", "rename_key", "delete_key", "reveal"),
    )
)
"""Names of actions that can do nothing in a recording, where there is no node: they are not offered there."""

VERBS: tuple[Action, ...] = (
    Action("copy", "c", "copy", "Copy what is selected, in a form to choose: it is sent to the terminal (OSC 52).", 7),
    Action("export", "e", "export", "Write what is shown to a file, in a form to choose.", 8),
    Action("follow", "o", "open", "Go to what the selected line is about: a node, a lookup, a packet …", 4),
    Action("stop_node", "X", "stop node", "On a testnet: stop the selected node, asks first; again: start it."),
    Action("bookmark", "asterisk", "bookmark", "Bookmark what is selected; again: forget that bookmark.", 0, "*"),
    Action("maximise", "z", "zoom", "Give the whole screen to the focused pane; again: back.", 10),
)
"""Actions of every screen, done with its selection."""

FILTER = Action("filter", "slash", "filter", "Type a filter: only the lines that it lets through are shown.", 4, "/")
"""The action of lists that every pane has: what is typed next must not run as commands."""

LIST: tuple[Action, ...] = (
    FILTER,
    Action("sort", "s", "sort", "Sort by the next column; after the last one, in the list's own order.", 7),
    Action("flip", "S", "turn", "Turn the order round."),
    Action("columns", "C", "columns", "Choose the columns of the list, and their order: it is remembered."),
    Action("clear", "escape", "", "Clear the filter.", 0, "esc"),
    Action("inspect", "enter", "inspect", "Show all that is known about the line.", 3),
    Action("move(1)", "j,down", "", "Go one line down.", 0, "j ↓"),
    Action("move(-1)", "k,up", "", "Go one line up.", 0, "k ↑"),
    Action("page(1)", "pagedown,ctrl+f", "", "Go one page down.", 0, "PgDn"),
    Action("page(-1)", "pageup", "", "Go one page up.", 0, "PgUp"),
    Action("edge(-1)", "g,home", "", "Go to the first line.", 0, "g Home"),
    Action("edge(1)", "G,end", "", "Go to the last line.", 0, "G End"),
)
"""Actions of every list."""

PLAYER: tuple[Action, ...] = (
    Action("seek(-10)", "comma", "", "Of a recording: go back 10 seconds.", 0, ","),
    Action("seek(10)", "full_stop", "", "Of a recording: go on 10 seconds.", 0, "."),
    Action("speed(0.5)", "less_than_sign", "", "Of a recording: half the speed.", 0, "<"),
    Action("speed(2)", "greater_than_sign", "", "Of a recording: twice the speed.", 0, ">"),
    Action("whose", "at", "", "Of a capture: choose the node from whose view it is shown.", 0, "@"),
)
"""Actions of the app while it plays a recording; space stops and goes on."""

POPUP: tuple[Action, ...] = (Action("close", "escape,q,enter", "close", "Close this window.", 1, "esc"),)
"""Actions of the windows that lie over a screen."""

CHOOSE: tuple[Action, ...] = (
    Action("step(1)", "right,space", "choose", "Go to the next of the answers to choose from.", 3, "→ space", "← →"),
    Action("step(-1)", "left", "", "Go to the one before.", 0, "←"),
)
"""Actions of what offers a few answers."""
DIGITS = Action("digit", "1,2,3,4,5,6,7,8,9", "", "Choose the line of that number.", 0, "1 … 9", id="")
SUBMIT = Action("submit", "enter", "do it", "Do it, if all that is needed is there.", 1)
LEAVE = Action("leave", "escape", "cancel", "Leave it: what was typed is dropped, what runs is stopped.", 1)
FIELDS: tuple[Action, ...] = (
    Action("focus(1)", "tab", "next field", "Go to the next field or list.", 2),
    Action("focus(-1)", "shift+tab", "", "Go to the field or list before.", 0, "⇧tab"),
)
FORM: tuple[Action, ...] = (SUBMIT, *FIELDS, *CHOOSE, LEAVE)
"""Actions of forms, and of what is used like one."""


def form(verb: str, leave: str = "cancel", *, choose: str = "choose", fields: str = "next field") -> tuple[Action, ...]:
    """The keys of a form: `verb` is what it does, `leave` what leaving it does, in one or two words.

    `choose` and `fields` are what stepping through answers and fields does; "": nothing.
    """
    first, *rest = FIELDS
    to_fields = [first._replace(label=fields), *rest] if fields else []
    step, back = CHOOSE
    to_answers = [step._replace(label=choose), back] if choose else []
    return (SUBMIT._replace(label=verb), *to_fields, *to_answers, LEAVE._replace(label=leave))


KEPT: tuple[Action, ...] = (
    Action("kept_add", "a", "add", "Keep an item alive: yours or anybody's, no key is needed.", 2),
    Action("kept_pause", "p", "pause", "Stop looking after the selected item, or begin again.", 3),
    Action("kept_look", "r", "look now", "Look after the selected item now.", 3),
    Action("kept_remove", "x", "let go", "Let the selected item go; asks first.", 3),
)
"""Actions of the window of the items that are kept alive."""

COLUMNS: tuple[Action, ...] = (
    Action("column_show", "space", "show, hide", "Show the selected column, or hide it.", 2),
    Action("column_move(-1)", "K,shift+up", "move", "Move the column one to the left.", 3, "", "K J"),
    Action("column_move(1)", "J,shift+down", "", "Move the column one to the right."),
    Action("column_reset", "r", "as shipped", "Show all columns in their own order again.", 3),
)
"""Actions of the window in which the columns of a list are chosen."""

JUMP: tuple[Action, ...] = (
    Action("choose", ",".join(ascii_lowercase), "go there", "Go to what has this letter.", 2, "a … z", id=""),
)
"""What goes to what is shown with a letter."""

BAR: tuple[Action, ...] = (
    Action("submit", "enter", "do it", "Do what stands in the line, or what is marked.", 1, id=""),
    Action("complete", "tab", "complete", "Complete the word.", 2, id=""),
    Action("choose", "up,down", "choose", "Mark another one; up from the first: earlier commands.", 2, "↑ ↓", id=""),
    Action("leave", "escape", "close", "Do nothing.", 1, id=""),
)
"""The keys of the command bar."""

CENSUS: tuple[Action, ...] = (Action("end_census", "x", "end it", "End the census with what was counted so far.", 2),)
"""Actions of the window of a census."""

BANS: tuple[Action, ...] = (Action("unban", "x", "lift", "Lift the selected ban: the address is let in again.", 2),)
"""Actions of the window of the addresses that are ignored."""

NODE: tuple[Action, ...] = (
    Action("turn(1)", "right_square_bracket", "switch", "Go to the next tab.", 2, "]", "[ ]"),
    Action("turn(-1)", "left_square_bracket", "", "Go to the tab before.", 0, "["),
    Action("tab_at", "1,2,3,4,5,6,7", "", "Go to the tab of that number.", 0, "1 … 7", id=""),
    Action("ask_it", "f", "ask", "Ask the selected node the same question; without one, go to the form.", 2),
    Action("walk", "w", "walk", "Ask it for nodes of each of its buckets, until no new one comes; esc ends that.", 3),
    Action("ping_it", "p", "ping", "Ask it whether it is there.", 4),
    Action("ban_it", "b", "ban", "Ignore its address for some time; asks first.", 6),
    Action("conform_it", "T", "test", "Test it against the rules of the BEPs, case by case.", 9),
)
"""Actions of the page of one node."""

VIEWS: tuple[View, ...] = (
    View(
        "home",
        "1",
        "Home",
        "dhtui.screens.home.screen:HomeScreen",
        "Who this node is, whether it works and why not, what it sends and receives, and what goes on now.",
        (
            Action("other_pane", "tab,shift+tab", "pane", "Go to the other list: lookups, bookmarks."),
            Action("bootstrap", "b", "bootstrap", "Name a node to start from, HOST:PORT, and ask it now.", 8),
            Action("try_again", "r", "try again", "Look for a way into the network now: by itself it does so too.", 8),
            Action("family", "I", "IPv4/6", "Show the other address family, where our node is in both.", 9),
            Action("nearer(1)", "plus", "nearer", "In the id space: show the half in which we are.", 9, "+", "+ -"),
            Action("nearer(-1)", "minus", "", "In the id space: show twice as much.", 0, "-"),
            Action("pan(-1)", "left", "", "In the id space: show the ids to the left.", 0, "←"),
            Action("pan(1)", "right", "", "In the id space: show the ids to the right.", 0, "→"),
            Action("census", "n", "census", "Count nodes, infohashes and programs of the network, by a polite walk."),
        ),
    ),
    View(
        "table",
        "2",
        "Table",
        "dhtui.screens.table.screen:TableScreen",
        "The routing table as the tree that it is: each bucket by how many leading bits it shares with our id, how "
        "many nodes it has and should have, and the nodes of one.",
        (
            Action("other_pane", "tab,shift+tab", "pane", "Go to the other list: buckets, nodes.", 3),
            Action("ping", "p", "ping", "Ask the selected node whether it is there.", 2),
            Action("refresh_bucket", "r", "refresh", "Look up a random id of the selected bucket, to fill it.", 2),
            Action("find_node", "f", "find", "Ask the selected node which nodes are nearest to us, and list those.", 4),
            Action("ask", "a", "ask", "Ask any node anything: any method, of any target.", 4),
            Action("ban", "b", "ban", "Ignore the selected node's address for some time; asks first.", 8),
            Action("bans", "B", "bans", "List the addresses that are ignored, and lift a ban."),
            Action("family", "I", "IPv4/6", "Show the other address family, where our node is in both.", 9),
            Action("nearer(1)", "plus", "nearer", "In the id space: show the half in which we are.", 9, "+", "+ -"),
            Action("nearer(-1)", "minus", "", "In the id space: show twice as much.", 0, "-"),
            Action("pan(-1)", "left", "", "In the id space: show the ids to the left.", 0, "←"),
            Action("pan(1)", "right", "", "In the id space: show the ids to the right.", 0, "→"),
        ),
    ),
    View(
        "queries",
        "3",
        "Queries",
        "dhtui.screens.queries.screen:QueriesScreen",
        "What we are asking, by who wants to know, drawn over the last seconds: the right end is now, dots are the "
        "time after a query stalled, when another node is asked instead. And what others ask us, one by one or by who "
        "asks.",
        (
            Action("other_pane", "tab,shift+tab", "pane", "Go to the other list: our queries, those of others.", 3),
            Action("group", "a", "group", "Group our queries by who asked them, or list them by their age.", 2),
            Action("by_asker", "v", "askers", "List what others ask one by one, by host, or by /24.", 2),
            Action("stop", "x", "stop", "Stop the lookup that the selected query belongs to.", 2),
        ),
    ),
    View(
        "lookup",
        "4",
        "Lookup",
        "dhtui.screens.lookup.screen:LookupScreen",
        "Lookups, running and finished. The ladder shows how near each answer was to the target, over time; the "
        "waterfall each query from sending to answer, by hops; the id space where the nodes of each hop lie, and the "
        "referrals that led to the target. ● and ━ mark the critical path: the chain of referrals "
        "that decided when the lookup was over. The tree shows who named whom, with the round trips. "
        "✓ answered, ◆ found peers or a value, ! is an error or counts for "
        "nothing, □ answered late, when the lookup was over, ≠ sent what is no answer to it, ✗ was silent for all of "
        "its time, – was cancelled: the lookup was over before an answer came, … is waited for, · was not asked. On "
        "the way ┄ stalled and gave up its slot, » was overtaken by k nearer answers and held no slot any more, ↻ was "
        "asked again. 'by' is the query that named a node; op opened the lookup, kn was known from the start, bs is a "
        "bootstrap host, ? is doubted: too near, with an id that it may have chosen or that does not fit its address, "
        "or named by nobody but nodes that mislead.",
        (
            Action("other_pane(1)", "tab", "pane", "Go to the next pane: lookups, the nodes of one, the drawings.", 3),
            Action("other_pane(-1)", "shift+tab", "", "Go to the pane before.", 0, "⇧tab"),
            Action("start", "n", "new", "Look up a hash, a magnet link, a public key with its salt, or our own id.", 2),
            Action("stop", "x", "stop", "Stop the selected lookup; what it has found so far counts.", 4),
            Action("drawing", "w", "drawing", "Draw the ladder, the waterfall, both, the tree, or the id space.", 2),
            Action("play", "P", "play", "Play the lookup in slow motion; again: stop, and go on. Esc ends it.", 3),
            Action("pace(1)", "f", "", "In slow motion: faster.", 0),
            Action("pace(-1)", "d", "", "In slow motion: slower.", 0),
            Action("culprit", "y", "why slow", "Go to the query that cost most time; again: to the next one.", 4),
            Action("around", "A", "around", "Find out who sits on the target: other lookups are compared with it.", 10),
            Action("nearer(1)", "plus", "", "In the id space: show the half in which the target is.", 0, "+"),
            Action("nearer(-1)", "minus", "", "In the id space: show twice as much.", 0, "-"),
            Action("pan(-1)", "left_parenthesis", "", "In the id space: show the ids to the left.", 0, "("),
            Action("pan(1)", "right_parenthesis", "", "In the id space: show the ids to the right.", 0, ")"),
            Action("mark", "m", "compare", "Mark the lookup, select another to compare both; again: end that.", 4),
            Action("family", "I", "IPv4/6", "Show the other address family, where our node is in both.", 9),
            Action("scrub(-1)", "left,h", "time", "Go back in the course of the lookup.", 3, "← h", "← →"),
            Action("scrub(1)", "right,l", "", "Go on in the lookup's course; at its end, to the present.", 0, "→ l"),
            Action("scrub(-8)", "shift+left,H", "", "Go back by a bigger step.", 0, "⇧← H"),
            Action("scrub(8)", "shift+right", "", "Go on by a bigger step.", 0, "⇧→"),
        ),
    ),
    View(
        "packets",
        "5",
        "Packets",
        "dhtui.screens.packets.screen:PacketsScreen",
        "The last packets, each taken apart: a tree of its parts, its bytes with the selected part in brackets, and "
        "the verdict on it. The list follows the newest packet until you leave it, and again from its last line. In "
        "the list q r e u are queries, responses, errors and what can't be read, each in its colour; ┐ is a query and "
        "┘ its answer, with the round trip. In the tree ! breaks a rule, and no BEP names what has a ?.",
        (
            Action("cycle(1)", "tab", "pane", "Go to the next pane: list, tree, bytes, verdict, conversation.", 5),
            Action("cycle(-1)", "shift+tab", "", "Go to the pane before.", 0, "⇧tab"),
            Action("partner", "p", "partner", "Go from a query to its answer, and from an answer to its query.", 2),
            Action("node", "n", "node", "Open the page of the node that the packet came from or went to.", 7),
            Action("verdict", "v", "verdict", "Show the verdict in place of tree and bytes, and these again.", 2),
            Action(
                "alike", "f", "alike", "Narrow the filter to packets that share something with the selected one.", 6
            ),
            Action("unlike", "F", "unlike", "Narrow the filter to packets that do not share it.", 6),
            Action(
                "talk",
                "w",
                "talk",
                "Show all that was said between us and the packet's node; again: back.",
                6,
            ),
            Action("saved", "i", "saved", "Choose a saved filter, save the present one, or let one go.", 7),
            Action("only", "equals_sign", "only", "Filter by nothing but what the selected packet has, in its place."),
            Action("across(-1)", "h", "", "In the tree: close the part or leave it; in the bytes: one back.", 0, "← h"),
            Action("across(1)", "l", "", "In the tree: open the part or enter it; in the bytes: one on.", 0, "→ l"),
        ),
    ),
    View(
        "items",
        "6",
        "Items",
        "dhtui.screens.items.screen:ItemsScreen",
        "Items (BEP 44): those that you put, keep alive or watch, with their copies over time and all values that "
        "were seen; and what others store with our node. Mutable items the owner of a key signs and changes; of "
        "immutable ones the target is the hash of their value. Forms put items, show what each node said, and get "
        "them. Of own and watched items ✓ says that enough nodes hold it, ! few do, ✗ nobody gives it any more, "
        "≠ somebody else changed it, ? nobody answered, · it was not looked for yet. In 'by look' · is a look that "
        "found no copy, ? one that nobody answered.",
        (
            Action("put", "p", "put", "Put an item, or the selected one anew: over the value that was seen.", 2),
            Action("get", "f", "get", "Get an item by target, key or magnet link, see who gives what, watch it.", 2),
            Action("watch", "w", "watch", "Look for the selected item ever again, in the background; or no more.", 2),
            Action("look", "r", "look now", "Look for the selected item now: who holds it, and which value.", 3),
            Action("keep", "a", "keep", "Keep the selected item alive, or let it go; asks first.", 3),
            Action("hold", "P", "hold", "Pause keeping the selected item alive, or resume it."),
            Action("other_pane", "tab,shift+tab", "pane", "Go to the next pane: own items, others', the value.", 4),
            Action("view_as", "v", "view as", "Show the value as text, in hex, as a tree, or as JSON.", 4),
            Action("kept", "K", "kept alive", "List the items that are kept alive: put again every hour.", 5),
        ),
    ),
    View(
        "keys",
        "7",
        "Keys",
        "dhtui.screens.keys.screen:KeysScreen",
        "Your keys, which sign the items that only you can change, and what was last put with them. A private key is "
        "shown only when you ask for it; it is in no recording and no log.",
        (
            Action("new_key", "n", "new", "Make a key under a name of your own.", 2),
            Action("import_key", "i", "import", "Take in a private key: hex, base64, PEM, paper, a .key file.", 2),
            Action("export_key", "E", "export key", "Write the private key to a file, or show it for paper.", 3),
            Action("passphrase", "p", "passphrase", "Encrypt the key, change its passphrase, decrypt it, lock it.", 3),
            Action("rename_key", "r", "rename", "Give the key another name; nothing else changes.", 3),
            Action("delete_key", "d,delete", "delete", "Remove the key for ever; asks for its name first.", 4),
            Action("reveal", "R", "reveal", "Show the private key in a window, hidden until you press this again.", 4),
        ),
    ),
    View(
        "peers",
        "8",
        "Peers",
        "dhtui.screens.peers.screen:PeersScreen",
        "Peers of torrents: those that we keep for others, the announces that we made and when they end, and what a "
        "lookup for peers found: which node gave which, and how many agree. In the matrix ● is a node that named the "
        "peer, ○ one that alone did; a column of ○ is a node that nobody confirms.",
        (
            Action("announce", "a", "announce", "Announce a peer of a torrent: one that listens here.", 2),
            Action("by_peer", "v", "by peer", "List what was found by peer, or by the node that gave it.", 3),
            Action("matrix", "w", "matrix", "Show which node named which peer, in place of the list; again: that.", 3),
            Action("scrape", "y", "count", "Ask the closest nodes how many seeds and downloaders the infohash has."),
            Action("shift(1)", "l", "", "In the matrix: begin with the next node."),
            Action("shift(-1)", "h", "", "In the matrix: begin with the node before."),
            Action("next_lookup", "n", "next", "Show what the next lookup for peers found.", 3),
            Action("nearer(1)", "plus", "", "In the id space: show the half in which the infohash is.", 0, "+"),
            Action("nearer(-1)", "minus", "", "In the id space: show twice as much.", 0, "-"),
            Action("pan(-1)", "left", "", "In the id space: show the ids to the left.", 0, "←"),
            Action("pan(1)", "right", "", "In the id space: show the ids to the right.", 0, "→"),
            Action("other_pane(1)", "tab", "pane", "Go to the next list.", 3),
            Action("other_pane(-1)", "shift+tab", "", "Go to the previous list."),
        ),
    ),
    View(
        "log",
        "9",
        "Log",
        "dhtui.screens.log.screen:LogScreen",
        "What went wrong, by cause and over time, and what happened, newest first: the table, lookups, what others "
        "store here, our address and id. Lines that say the same within some seconds are one; to inspect it unfolds "
        "it. To inspect another line is to go to its packet, where that is kept.",
        (
            Action("level", "v", "level", "Show all lines, what is worth knowing, or problems only.", 2),
            Action("cause", "f", "cause", "Show only lines of the selected one's cause; again: all.", 2),
        ),
    ),
)
"""The screens, in the order of their keys."""

LEGEND = (
    ("✓", "good: answered, or asked us something, within the last 15 minutes"),
    ("?", "questionable: silent for a while, to be asked again"),
    ("✗", "bad: several queries in a row without an answer"),
    ("…", "under way: an answer is waited for"),
    ("!", "an error, a refusal, or another problem"),
    ("┄", "the time after a query has stalled"),
    ("▪", "a replacement, waiting for a place in its bucket"),
    ("·", "a free place"),
    ("◀", "the bucket that our own id falls into"),
    ("▶", "the selected line"),
    ("▷", "the selected line of a list that the keys do not go to now; in a form: what is chosen"),
    ("▸", "there is more in it than this line"),
    ("▾", "what is in it stands below it"),
    ("‹", "it begins farther left than is seen"),
    ("›", "it goes on farther right than is seen"),
)
"""The signs that stand for states, as the help explains them."""


OTHER_NAMES = {
    "announce": "announce_peer seed",
    "census": "count size estimate survey",
    "back": "return",
    "bookmark": "mark star favourite",
    "columns": "hide show fields",
    "jump": "labels hint",
    "undo": "revert",
    "ban": "block ignore",
    "bans": "unban",
    "copy": "clipboard yank",
    "export": "save write pcap csv json tsv",
    "filter": "search find grep",
    "find_node": "find_node neighbours",
    "follow": "go follow link",
    "get": "fetch read watch",
    "help": "keys manual",
    "keep": "republish unkeep",
    "kept": "keep republish",
    "maximise": "maximise full",
    "new_lookup": "find_node get_peers search",
    "pause": "freeze stop",
    "put": "store publish write",
    "stop_node": "kill start node churn",
    "testnet": "network offline simulate",
    "saved": "bookmark filters",
    "talk": "conversation ladder stream",
    "tour": "learn teach tutorial cards",
    "theme": "colours dark light",
}
"""By the names of actions: other words that the command bar finds them by."""


def moves() -> tuple[Action, ...]:
    """The actions of lists that only move: what scrolls and is no list has them too."""
    return tuple(action for action in LIST if action.name.partition("(")[0] in ("move", "page", "edge"))


def show_actions() -> tuple[Action, ...]:
    """One action for each screen: go there."""
    return tuple(view.show for view in VIEWS)


def view(name: str) -> View:
    """The view of that name. Raises `KeyError`."""
    return {v.name: v for v in VIEWS}[name]
