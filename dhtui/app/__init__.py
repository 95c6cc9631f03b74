"""The explorer: the Textual app around one node or one recording."""

from .explorer import THEMES, Explorer
from .opening import run_explorer

__all__ = ["THEMES", "Explorer", "run_explorer"]
