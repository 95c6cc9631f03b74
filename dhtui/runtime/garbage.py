"""Python's search for cycles of dead objects: not while modules load, for there are none then."""

from __future__ import annotations

import gc


def look_for_garbage() -> None:
    """From now on, but not among what is here to stay. To be called once the program is loaded, by what runs for long.

    Where the search was never stopped, as in a program that uses this one as a library, nothing happens.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
