"""All cases, in the order of their numbers, and how some of them are chosen."""

from __future__ import annotations

from types import ModuleType
from typing import Final

from .case import Case
from .cases import (
    bep05_framing,
    bep05_nodes,
    bep05_peers,
    bep05_table,
    bep32_ipv6,
    bep33_scrapes,
    bep42_security,
    bep43_read_only,
    bep44_signed,
    bep44_values,
    bep44_writers,
    bep51_sampling,
    robustness,
)

MODULES: Final[tuple[ModuleType, ...]] = (
    bep05_framing,
    bep05_nodes,
    bep05_peers,
    bep05_table,
    bep32_ipv6,
    bep33_scrapes,
    bep42_security,
    bep43_read_only,
    bep44_signed,
    bep44_values,
    bep44_writers,
    bep51_sampling,
    robustness,
)


def cases_of(*modules: ModuleType) -> tuple[Case, ...]:
    """The cases of modules, sorted. Raises `ValueError` for a number that is there twice."""
    found = sorted((each for module in modules for each in vars(module).values() if isinstance(each, Case)), key=_order)
    numbers = [each.id for each in found]
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"a number twice among {numbers}")
    return tuple(found)


def _order(case: Case) -> tuple[int, str]:
    return case.order


CASES: Final = cases_of(*MODULES)
