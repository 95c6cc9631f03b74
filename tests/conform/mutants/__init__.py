"""A mutant for each case: our own node with one rule broken."""

from __future__ import annotations

from typing import Final

from .bep5 import MESSAGES, PEERS
from .bep32 import BEP32, BEP42, BEP43, ROBUSTNESS
from .bep33 import BEP33, BEP51
from .bep44 import BEP44
from .kit import Make

MUTANTS: Final[dict[str, Make]] = {
    **MESSAGES,
    **PEERS,
    **BEP32,
    **BEP33,
    **BEP42,
    **BEP43,
    **BEP44,
    **BEP51,
    **ROBUSTNESS,
}
