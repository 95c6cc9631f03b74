"""What a run says of itself: what failed behind the scenes, and what could not be opened, bound or saved."""

from __future__ import annotations

import errno
from enum import StrEnum
from typing import Final

from ..failure import failure_words


class Task(StrEnum):
    """What a run does beside its action."""

    KEEPING = "keeping"
    SEEING_KEPT = "seeing_kept"
    WATCHING = "watching"
    SAVING = "saving"
    RECORDING = "recording"
    FIGURES = "figures"
    RELOADING = "reloading"
    SUPERVISOR = "supervisor"
    RECORDS = "records"
    UNKNOWN = "unknown"


TASKS: Final = {
    Task.KEEPING: "looking after the kept items",
    Task.SEEING_KEPT: "reading the kept items",
    Task.WATCHING: "watching items",
    Task.SAVING: "saving id and nodes",
    Task.RECORDING: "recording",
    Task.FIGURES: "telling the figures (--metrics)",
    Task.RELOADING: "reading the settings anew",
    Task.SUPERVISOR: "telling the supervisor",
    Task.RECORDS: "looking after the records",
    Task.UNKNOWN: "something behind the scenes",
}
"""What each is, in words."""


def failed_words(task: Task, problem: BaseException | None) -> str:
    """Something ended that should not have."""
    return f"{TASKS[task]} has failed, the run goes on: {failure_words(problem)}"


def bind_words(error: OSError) -> str:
    """Why a port can't be bound."""
    return "address in use" if error.errno == errno.EADDRINUSE else (error.strerror or str(error)).lower()


def not_bound_words(where: str, error: OSError) -> str:
    """A port that can't be bound."""
    return f"cannot bind {where}: {bind_words(error)}"


FIGURES_OPEN: Final = "--metrics: whoever reaches this machine can read the figures of this node"


def not_saved_words(folder: str, error: OSError) -> str:
    """The state of the node can't be saved."""
    return f"cannot save the state in {folder}: {error.strerror}"


def spared_words(net: str) -> str:
    """The blocklist would have blocked the testnet."""
    return f"blocklist: it holds addresses of {net}, where the testnet is: they are let in"


def strays_words(strays: int, nodes: int) -> str:
    """Nodes of a testnet that have not found their neighbours."""
    return f"the testnet is not whole: {strays} of its {nodes} nodes lack neighbours"


def one_address_words(address: str) -> str:
    """A testnet on a system with one loopback address."""
    return f"this system has no loopback address but {address}: the nodes of the testnet differ by port alone"


def waiting_words(lost: str) -> str:
    """An explorer whose attached node has gone."""
    return f"{lost}: waiting for it to come back"


def nothing_attached_words(lost: str) -> str:
    """The same, a sentence."""
    return f"There is nothing to attach to any more: {lost}."


def given_up_words(deadline: float | None) -> str:
    """An action that its deadline ended; empty where it has none."""
    return "" if deadline is None else f"given up after {deadline:g} s (--deadline)"


STOPPED: Final = "stopped"
"""An action that a signal ended."""


def capture_words(*, problem: str = "", refusal: str = "", damage: str = "") -> str:
    """Why a capture is not read, or not to its end."""
    if damage:
        return f"The capture is not whole: {damage}."
    return f"It can't be shown: {refusal}." if refusal else f"It could not be read on: {problem}."
