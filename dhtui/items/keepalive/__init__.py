"""Keep-alive of items: nodes forget them after two hours, so they have to be put again.

No private key is needed for that: a signed item is put again unchanged.
"""

from .keeper import Keeper
from .plan import Check, CheckVerdict, KeptItem
from .store import MAX_KEPT, KeepError, check_room

__all__ = ["MAX_KEPT", "Check", "CheckVerdict", "KeepError", "Keeper", "KeptItem", "check_room"]
