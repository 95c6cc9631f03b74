"""scrape and sample_infohashes as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..actions.run import Result
from ..engine.outcome import NodeOutcome, Scrape
from ..engine.wire.bloom import Count, count
from ..engine.wire.methods import GivenSamples, GivenScrape
from ..text.format import address, plural
from ..text.swarms import count_words
from . import text
from .json_lines import plain
from .lines import Lines


def scraped(result: Result, shown: text.Shown) -> Lines:
    """scrape: seeds, downloaders, and from how many nodes."""
    outcome = result.outcome
    found = outcome.scrape if outcome is not None else None
    if found is None:
        return text.report(result, shown, [])
    lines = [f"seeds        {count_words(found.seeds)}", f"downloaders  {count_words(found.downloaders)}"]
    return text.report(result, shown, [*lines, f"from         {plural(found.nodes, 'node')}"])


def scraped_json(result: Result) -> Iterator[dict[str, Any]]:
    """scrape: each node with what its own filters tell."""
    outcome = result.outcome
    found = outcome.scrape if outcome is not None else None
    return plain(result, of_node=_filters, scrape=None if found is None else counts(found))


def counts(found: Scrape) -> dict[str, Any]:
    """How many peers there are."""
    return {
        "seeds": _count(found.seeds),
        "downloaders": _count(found.downloaders),
        "nodes": found.nodes,
        "too_full": found.too_full,
    }


def _count(found: Count) -> dict[str, Any]:
    high = None if found.high is None else round(found.high, 1)
    return {"estimate": round(found.value, 1), "low": round(found.low, 1), "high": high}


def _filters(one: NodeOutcome) -> dict[str, Any]:
    part = next((part for part in one.given if isinstance(part, GivenScrape)), None)
    if part is None:
        return {"scrape": None}
    named = (("seeds", part.seeds), ("downloaders", part.downloaders))
    return {"scrape": {name: None if data is None else _count(count(data)) for name, data in named}}


def sampled(result: Result, shown: text.Shown) -> Lines:
    """sample_infohashes: the infohashes; then who gave how many, of how many, and for how long."""
    asked = result.outcome.asked if result.outcome is not None else ()
    given = [(one, part) for one in asked for part in one.given if isinstance(part, GivenSamples)]
    found = dict.fromkeys(each.hex() for _, part in given for each in part.samples)
    told = [
        f"  {address(one.addr):<21}  {len(part.samples)} of {'?' if part.num is None else part.num} infohashes, "
        f"the same for {part.interval} s"
        for one, part in given
    ]
    silent = [text.node_line(one) for one in asked if not any(one is other for other, _ in given)]
    return text.report(result, shown, list(found), [*told, *silent])


def sampled_json(result: Result) -> Iterator[dict[str, Any]]:
    """sample_infohashes: each node with what it gave."""
    return plain(result, of_node=_samples)


def _samples(one: NodeOutcome) -> dict[str, Any]:
    part = next((part for part in one.given if isinstance(part, GivenSamples)), None)
    if part is None:
        return {"samples": None, "num": None, "interval": None}
    return {"samples": [each.hex() for each in part.samples], "num": part.num, "interval": part.interval}
