"""From options to a request: flags that belong together, exclude each other or mean nothing here. Asks nobody."""

from .plan import check_explorer, plan

__all__ = ["check_explorer", "plan"]
