"""A mutant for each case: our own node with one rule broken."""

from __future__ import annotations

from typing import Final

from .bep44 import BEP44
from .kit import Make

MUTANTS: Final[dict[str, Make]] = {**BEP44}
