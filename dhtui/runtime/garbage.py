"""Python's search for cycles of dead objects: not while modules load, for there are none then."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def look_for_garbage() -> None:
    """From now on, but not among what is here to stay. To be called once the program is loaded, by what runs for long.

    Where the search was never stopped, as in a program that uses this one as a library, nothing happens.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


@contextmanager
def seldom() -> Iterator[None]:
    """Search more rarely, while a million lasting records are made: hardly any of them is garbage."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
