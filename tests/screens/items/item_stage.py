"""A paper node that puts and gets as it was told to, and the outcomes to tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from textual.widgets import Input

from dhtui.engine.items import Item, MutableItem
from dhtui.engine.keys import PrivateKey
from dhtui.engine.lookup.decisions import State, StopReason
from dhtui.engine.operations.callbacks import Progress
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.views.snapshot import CandidateView, LookupDetail, LookupView, QueryView, Snapshot
from dhtui.engine.wire.compact import Addr
from dhtui.keyring import Keyring
from dhtui.widgets.lines import Lines

from .. import snapshots
from ..stage import PaperNode, Stage

ME = PrivateKey.from_seed(bytes(range(32)))
TARGET = snapshots.TARGET
NODES: tuple[Addr, ...] = tuple((f"203.0.113.{n}", 6881 + n) for n in range(1, 9))


def node_id(place: int) -> bytes:
    """The ids of the nodes, each farther from the target."""
    return TARGET[: 8 - place] + bytes([place]) * (12 + place)


def at(place: int, status: Status, **more: Any) -> NodeOutcome:
    """What happened at one of the nodes."""
    silent = status in (Status.TIMED_OUT, Status.BLOCKED)
    return NodeOutcome(
        addr=NODES[place], id=node_id(place), status=status, rtt=None if silent else 0.02 * (place + 1), **more
    )


def gave(place: int, item: Item, status: Status = Status.VALUE) -> NodeOutcome:
    """A node that gave an item."""
    return at(place, status, item=item, seq=item.seq if isinstance(item, MutableItem) else None, token=b"t")


def outcome(
    asked: Sequence[NodeOutcome], writes: Sequence[NodeOutcome] = (), item: Item | None = None, **more: Any
) -> Outcome:
    """The outcome of a get, or of a put."""
    seqs = [one.item.seq for one in asked if isinstance(one.item, MutableItem)]
    found = Outcome(
        action="put" if writes else "get",
        target=TARGET if item is None else item.target,
        asked=tuple(asked),
        closest=tuple(one for one in asked if one.responded),
        writes=tuple(writes),
        item=item,
        elapsed=1.2,
        stopped=StopReason.CLOSEST_ANSWERED,
        highest_seen=max(seqs, default=None),
    )
    return replace(found, **more)


def nothing_there() -> list[NodeOutcome]:
    """Eight nodes that answer and hold nothing."""
    return [at(place, Status.ANSWERED, token=b"t") for place in range(8)]


def stored(item: Item, count: int = 8) -> Outcome:
    """A put that so many nodes took, where nothing was."""
    return outcome(nothing_there(), [at(place, Status.STORED) for place in range(count)], item)


def detail(running: bool) -> LookupDetail:
    """A lookup with the nodes in it, under way or over."""
    view = LookupView(
        9, "get", TARGET, "user", 990.0, 1.2, running, 23, 14 if running else 21, 2, 3, 140, 5 if running else 8, None,
        None if running else StopReason.CLOSEST_ANSWERED,
    )  # fmt: skip
    candidates = tuple(
        CandidateView(
            NODES[n], node_id(n), 150 - n, 2, State.ANSWERED, Status.ANSWERED, n < (5 if running else 8),
            0.02 * (n + 1), n != 6, 8, (), None, None, None,
        )
        for n in range(8)
    )  # fmt: skip
    return LookupDetail(view, 3, 8, (), candidates)


def writing(view: Snapshot, count: int) -> Snapshot:
    """So many puts are in flight."""
    puts = (QueryView(b"p%d" % n, NODES[n], node_id(n), "put", TARGET, "put", 0.1, 2.0, 2.0) for n in range(count))
    return view._replace(queries=tuple(puts))


@dataclass
class WritingNode(PaperNode):
    """Answers puts and gets with the outcomes that it was given, one after the other."""

    puts: list[Outcome] = field(default_factory=list)
    gets: list[Outcome] = field(default_factory=list)
    steps: list[LookupDetail] = field(default_factory=list)
    """What the lookups of the next operation come through."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Closed by `clear`: what is under way waits."""
    reads: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Target and salt of what was looked up."""
    cancelled: int = 0
    k: int = 8

    def __post_init__(self) -> None:
        self.gate.set()

    async def _answer(self, answers: list[Outcome], progress: Progress | None) -> Outcome:
        for step in self.steps:
            self.lookups = {step.view.number: step}
            if progress is not None:
                progress(step.view)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if not answers:
            return outcome(nothing_there())
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def put(
        self, what: Any, *, cas: int | None = None, remotes: Any = None, progress: Any = None, wide: bool = False
    ) -> Outcome:
        self.asked.append(what)
        return await self._answer(self.puts, progress)

    async def get(self, target: bytes, *, salt: bytes = b"", progress: Any = None, **more: Any) -> Outcome:
        self.reads.append((target, salt))
        return await self._answer(self.gets, progress)

    async def read_back(self, item: Item, written: set[Addr], *, progress: Any = None) -> Outcome:
        self.reads.append((item.target, b"read back"))
        return await self._answer(self.gets, progress)

    async def find_node(self, target: bytes, *, remotes: Any = None, progress: Any = None) -> Outcome:
        self.reads.append((target, b""))
        return await self._answer(self.gets, progress)


def node(*, puts: Sequence[Outcome] = (), gets: Sequence[Outcome] = ()) -> WritingNode:
    """A node at work that answers like that."""
    return WritingNode(snapshots.running(), puts=list(puts), gets=list(gets))


def keys(folder: Path, passphrase: bytes | None = None) -> Path:
    """A folder with one key, ``me``, in it."""
    ring = Keyring(folder / "keys", clock=lambda: 1_760_000_000.0)
    ring.add("me", ME)
    if passphrase is not None:
        ring.encrypt("me", passphrase)
    return ring.folder


async def press(stage: Stage, *keys: str) -> None:
    """Presses keys, without waiting for what that started."""
    await stage.pilot.press(*keys)
    await stage.pilot.pause()


async def write(stage: Stage, text: str, into: str = "value") -> None:
    """Types a text into a field, in place of what is there."""
    line = stage.app.screen.query_one(f"#{into}", Input)
    line.focus()
    line.value = ""
    await stage.pilot.pause()
    line.insert_text_at_cursor(text)
    await stage.settle()


def verdict(stage: Stage) -> str:
    """The sentence that a form says, on one line."""
    lines = stage.app.screen.query_one("#verdict", Lines).lines
    return " ".join("".join(text for text, _ in line).strip() for line in lines).strip()
