"""The cards: what each says, what there is to do, and what counts as done.

A name in braces is that of an action, as ``[keys]`` knows it: its key is shown there. ``{liar}`` is an address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .scene import Scene

TO_STOP = 3
"""Nodes that the reader stops."""

Done = Callable[[Scene, Scene], bool]
"""Whether something was done between two scenes: when its turn came, and now."""


class Part(NamedTuple):
    """One thing to do."""

    todo: str
    done: Done
    lights: tuple[str, ...] = ()
    """The panes that it speaks of, as ``screen.pane``, those of the screen to go to first."""


class Card(NamedTuple):
    """One card. Its parts are done one after the other."""

    title: str
    text: str
    parts: tuple[Part, ...]


def _another_node(then: Scene, now: Scene) -> bool:
    return now.view == "table" and now.node is not None and now.node != then.node


def _two_ids(then: Scene, now: Scene) -> bool:
    return now.compared is not None and now.compared != then.compared


def _own_bucket(then: Scene, now: Scene) -> bool:
    """Where it is selected from the start, as the only one is, another one or none is to be selected."""
    if now.view != "table" or now.bucket is None:
        return False
    return now.own_bucket or (then.own_bucket and now.buckets == 1) or (then.own_bucket and now.bucket != then.bucket)


def _answered(then: Scene, now: Scene) -> bool:
    return now.answers > then.answers


def _looked_up(then: Scene, now: Scene) -> bool:
    return now.lookups > then.lookups


def _played(then: Scene, now: Scene) -> bool:
    return now.played > then.played


def _put(then: Scene, now: Scene) -> bool:
    return now.puts > then.puts


def _holders_shown(then: Scene, now: Scene) -> bool:
    return now.view == "lookup" and now.shown == now.puts and now.node is not None


def _stopped(then: Scene, now: Scene) -> bool:
    return len(now.stopped & then.holders) >= TO_STOP


def _liar_selected(then: Scene, now: Scene) -> bool:
    return now.liar is not None and now.node == now.liar


def _liar_answered(then: Scene, now: Scene) -> bool:
    return now.lies > then.lies


CARDS: tuple[Card, ...] = (
    Card(
        "an id is a place",
        "Each node has drawn an id of 160 bits. All ids lie on one line, from 0… to f…; a dot is a node, ▼ is you.",
        (
            Part(
                "Open the table ({show.table}), go to its nodes ({table.other_pane}) and to another one ({move(1)}): "
                "its place on the line is marked.",
                _another_node,
                ("table.nodes", "table.space", "home.space"),
            ),
        ),
    ),
    Card(
        "XOR is distance",
        "Two ids are as far apart as their XOR, read as a number: the more leading bits they share, the nearer.",
        (
            Part(
                "Press {distance}, and type two ids: 0 and f, then two that begin alike.",
                _two_ids,
                ("home.space", "table.space"),
            ),
        ),
    ),
    Card(
        "buckets",
        "A node can't know all others. It keeps 8 of the far half of the space, 8 of the next quarter, and so on: few "
        "far away, all of its neighbours.",
        (
            Part(
                "In the table's buckets ({show.table}) go down ({move(1)}) to the one that your own id falls into: ◀.",
                _own_bucket,
                ("table.buckets",),
            ),
        ),
    ),
    Card(
        "ask one node",
        "A node is asked for a target, and names the 8 nodes nearest to it that it knows. That is all there is to it.",
        (Part("Among the table's nodes select one, and ask it: {table.find_node}.", _answered, ("table.nodes",)),),
    ),
    Card(
        "a lookup, slowly",
        "A lookup asks the nearest nodes that it knows of, then the nearer ones that these name, until none is nearer.",
        (
            Part("Look something up: {new_lookup}, and {submit}.", _looked_up, ("lookup.lookups",)),
            Part(
                "Play it in slow motion: {lookup.play}. Wait for its end.", _played, ("lookup.lookups", "lookup.ladder")
            ),
        ),
    ),
    Card(
        "put, and see the 8",
        "What is stored lies at the 8 nodes nearest to its target, which is the hash of the value or of its key.",
        (
            Part("Put a value: {show.items}, {items.put}.", _put, ("items.mine",)),
            Part(
                "See who has it: {show.lookup}, the get that came before it, {lookup.other_pane(1)} to its nodes. "
                "Those called closest are the 8.",
                _holders_shown,
                ("lookup.nodes", "lookup.lookups"),
            ),
        ),
    ),
    Card(
        "nodes go",
        "Nodes leave without a word, and take what they store with them. So whoever cares puts it again now and then.",
        (
            Part(
                "Select one that is called closest there, and stop it: {stop_node}. Then two more.",
                _stopped,
                ("lookup.nodes",),
            ),
            Part(
                "Put the same value again ({show.items}, {items.put}): others are among the 8 now.",
                _put,
                ("items.mine",),
            ),
        ),
    ),
    Card(
        "a liar",
        "Anybody can join, and say anything. {liar} lies from now on: it names nodes that don't exist, near to any "
        "target. So a value must hash to its target or be signed, and a referral counts once its node has answered.",
        (
            Part("In the table's nodes select {liar}.", _liar_selected, ("table.nodes",)),
            Part(
                "Ask it ({table.find_node}), and see how near the nodes are that it names.",
                _liar_answered,
                ("table.nodes",),
            ),
        ),
    ),
)
