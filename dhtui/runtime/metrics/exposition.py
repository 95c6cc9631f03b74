"""Prometheus' text format, version 0.0.4: families of samples, as lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Literal, NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Sample(NamedTuple):
    """One figure."""

    value: float
    labels: Mapping[str, str] = {}
    suffix: str = ""
    """Behind the name of its family: of a histogram ``_bucket``, ``_sum`` or ``_count``."""


class Family(NamedTuple):
    """Figures of one name. Without samples there is no figure now."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: Sequence[Sample]


def text(families: Iterable[Family]) -> str:
    """The families as lines."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterable[str]:
    yield f"# HELP {family.name} {_escaped(family.help)}"
    yield f"# TYPE {family.name} {family.kind}"
    for sample in family.samples:
        labels = ",".join(f'{name}="{_escaped(value, quotes=True)}"' for name, value in sample.labels.items())
        yield f"{family.name}{sample.suffix}{f'{{{labels}}}' if labels else ''} {_number(sample.value)}"


def _escaped(value: str, *, quotes: bool = False) -> str:
    value = value.replace("\\", "\\\\").replace("\n", "\\n")
    return value.replace('"', '\\"') if quotes else value


def _number(value: float) -> str:
    return repr(value) if isinstance(value, float) else str(int(value))


def histogram(edges: Sequence[float], counts: Sequence[int], total: float, labels: Mapping[str, str]) -> list[Sample]:
    """The samples of a histogram: how many lay below each edge, in all, and their sum.

    `counts` has one class more than there are edges: that of all beyond the last one.
    """
    below = list(accumulate(counts))
    bounds = [*(f"{edge:g}" for edge in edges), "+Inf"]
    buckets = [Sample(count, {**labels, "le": bound}, "_bucket") for bound, count in zip(bounds, below, strict=True)]
    return [*buckets, Sample(total, labels, "_sum"), Sample(below[-1], labels, "_count")]


def word(value: str) -> str:
    """A value of a label: lower case, and no blank."""
    return re.sub(r"\W+", "_", value.lower())
