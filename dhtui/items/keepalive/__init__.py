"""Keeping items alive: stores forget them after two hours, so whoever wants them to stay puts them again.

No private key is needed for that: a signed item is put again as it is, whoever signed it.
"""

from .keeper import Keeper
from .plan import Check, KeptItem, Verdict
from .store import MAX_KEPT, KeepError, check_room

__all__ = ["MAX_KEPT", "Check", "KeepError", "Keeper", "KeptItem", "Verdict", "check_room"]
