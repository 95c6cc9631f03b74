"""The ten jobs that people come with, each as the keys that do it and the answer that is then on the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from screens import snapshots
from screens.stage import PaperNode, Stage
from screens.wired import WiredNode, on

from dhtui.app import Explorer
from dhtui.engine.keys import PrivateKey
from dhtui.keyring.ring import Keyring
from dhtui.runtime.host import Nodes
from dhtui.screens.node import walking

from .world import live, lonely, town

KEYS = {"→": "right", "shift+tab": "shift+tab", "/": "slash", "esc": "escape"}
"""Names of keys that are pressed under another one."""
TYPED = {" ": "space", ":": "colon", ".": "full_stop", "/": "slash", "-": "minus"}


@dataclass(frozen=True)
class Job:
    """A question, and the way to its answer from Home."""

    number: int
    question: str
    keys: tuple[str, ...]
    """Keys as docs/keys.md writes them; text that is typed is in quotation marks."""
    answer: tuple[str, ...]
    """What is on the screen in the end."""
    world: Callable[[], WiredNode] = town

    @property
    def pressed(self) -> int:
        """How many keys, typed text left out."""
        return sum(not key.startswith('"') for key in self.keys)

    @property
    def recipe(self) -> str:
        """The line in docs/explorer.md."""
        shown = " ".join(f"*{key[1:-1]}*" if key.startswith('"') else f"`{key}`" for key in self.keys)
        count = f"{self.pressed} keys" if self.pressed != 1 else "1 key"
        typed = " and what is typed" if self.pressed < len(self.keys) else ""
        return f"{shown} ({count}{typed})"


JOBS = (
    Job(
        1,
        "Why did my put fail, and where is it stored?",
        ("6", "p", '"Hello World!"', "ctrl+s"),
        ("refused with 202, server error", "stored on 6 of 8 nodes", "8 of the 8 closest gave one"),
    ),
    Job(
        2,
        "Why is this lookup slow?",
        ("4", "j", "j", "j", "y"),
        ("y goes to #", " no answer from 2 nodes (query ", "with every"),
    ),
    Job(
        3,
        "Is my node healthy and reachable? What if not?",
        ("1",),
        ("none answers, UDP may be blocked", "b  start from a node: HOST:PORT", "forward UDP port 6881"),
        lonely,
    ),
    Job(
        4,
        "What is wrong with this client's packets?",
        ("5", "/", '"err:any"', "enter", "v"),
        ("at byte 14, keys out of order", "The id begins with 61626364", "We answered after 0 ms"),
    ),
    Job(
        5,
        "What does a given node know?",
        ("2", "tab", "enter", "5", "w"),
        ("nodes that it named", "no new node came", "are in ours; its buckets:"),
    ),
    Job(
        6,
        "Publish a value, sign it, and watch it.",
        (
            *("6", "p", "shift+tab", "shift+tab", "shift+tab", "→", "→", "tab", "tab", "tab", '"first words"'),
            *("ctrl+s", "esc", "esc", "w", "1"),
        ),
        ("1 of at most 32 watched", "first words", "blog"),
    ),
    Job(7, "Show a class how Kademlia finds a node.", ("4", "j", "P"), ("slow motion at 1/20", "◆ target", "▼ us")),
    Job(
        8,
        "Compare two lookups.",
        ("4", "j", "m", "j", "j"),
        ("2 compared with 4", "≠ Closest 8: 8 in common.", "✓ Lookup 2 did better than 4: "),
    ),
    Job(
        9,
        "Who asks me for what?",
        ("3", "v"),
        ("a swarm forms: 5 ask for b8b5…01e9", "▷20.3.7.1         dhtui 0.1           ▇"),
    ),
    Job(
        10,
        "Hand the packets of an error to Wireshark.",
        ("5", "/", '"err:any"', "enter", "e", "3"),
        ("written: ", "packets.pcapng"),
    ),
)


@asynccontextmanager
async def done(job: Job, folder: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """An explorer in which the job has been done. Files are written to the present folder."""
    monkeypatch.setattr(walking, "pause", lambda addr: 0.0)
    node = job.world()
    Keyring(folder).add("blog", PrivateKey.from_seed(bytes(range(32))))
    app = Explorer(Nodes(on(node), keys_folder=folder))
    async with app.run_test(size=size, notifications=True) as pilot:
        stage = Stage(app, pilot, PaperNode(snapshots.starting()))
        await stage.settle()
        if job.world is town:
            await live(node)
            await stage.settle()
        for key in job.keys:
            if key.startswith('"'):
                await stage.pilot.press(*(TYPED.get(char, char) for char in key[1:-1]))
                await stage.settle()
            else:
                await stage.press(KEYS.get(key, key))
        yield stage
