"""Recordings, in words: why one ends, is not played, or not to its end."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from ..format import size


class Ended(StrEnum):
    """Why a recording was ended by the program."""

    LONG_LINE = "long_line"
    FULL = "full"
    UNWRITABLE = "unwritable"
    """A value can't be written."""
    SYSTEM = "system"
    """The system says why."""


ENDED: Final = {
    Ended.LONG_LINE: "it has a line that is too long to be read",
    Ended.FULL: "it has reached its greatest size",
    Ended.UNWRITABLE: "something can't be written, {problem}",
    Ended.SYSTEM: "{problem}",
}
"""Why it was ended, a clause."""


def ended_words(why: Ended, problem: str = "") -> str:
    """Why a recording was ended. It stands in its last line."""
    return ENDED[why].format(problem=problem)


def ends_here_words(name: str, why: str) -> str:
    """A recording was ended; the node runs on."""
    return f"The recording {name} ends here: {why}. The node runs on."


def ended_early_words(why: str) -> str:
    """The last line of a recording that is played says why it was ended."""
    return f"The recording was ended early: {why}."


def bad_line_words(number: int, at: float, error: object) -> str:
    """A line makes no sense. `at`: seconds since the start."""
    return f"Line {number}, {at:.1f} s after the start, is damaged ({error}): what followed is left out."


def no_end_words(number: int, at: float, most: int | None) -> str:
    """It has no last line; `most`: the bytes that are read at most, if it has more."""
    where = f"{at:.1f} s after its start, in line {number}"
    if most is None:
        return f"The recording is cut off {where}."
    return f"The recording holds more than {size(most)}: what came from {where}, on is left out."


PACKING: Final = {True: "The compressed data is damaged.", False: "The compressed data is cut off."}
"""The compressed data of a recording is damaged, or else cut off."""


def other_format_words(form: int | None, by: str | None, own: str, ours: int) -> str:
    """A recording of another format: which, written by which version; `own` version and format."""
    written = "a format that is not known" if form is None else f"format {form}"
    who = "another dhtui" if by is None else f"dhtui {by}"
    return f"it is in a format of another version: {who} wrote it in {written}, dhtui {own} plays format {ours}"


CAPTURE: Final = "This is a capture"
RECORDING: Final = "This is a recording"
NOT_RUNNING: Final = "The node is not running yet"
"""What is shown in place of a node, the beginning of a sentence."""


def player_words(what: str, position: float, duration: float, *, playing: bool, speed: float, damaged: bool) -> str:
    """Where a recording or a capture stands."""
    fast = "" if speed == 1 else f" x{speed:g}"
    mark = " ✗ damaged" if damaged else ""
    return f"{'▶' if playing else '‖'} {what} {position:.1f} of {duration:.1f} s{fast}{mark}"


def reading_words(progress: float) -> str:
    """A capture that is still read; `progress` is a share."""
    return f"capture, {100 * progress:.0f} % read"


SWITCHING: Final = "capture, another node …"
"""The view of a capture changes to another of its nodes."""
