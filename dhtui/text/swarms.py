"""Counts of peers in words (BEP 33)."""

from __future__ import annotations

from ..engine.outcome import Scrape
from ..engine.wire.bloom import Count
from .format import plural


def count_words(count: Count) -> str:
    """An estimate with its 95 % interval."""
    if not count.value:
        return "no"
    if count.high is None:
        return f"more than {count.low:.0f}"
    low, high, value = (round(number) for number in (count.low, count.high, count.value))
    return f"about {value}" if low == high else f"about {value} ({low} to {high})"


def scrape_words(scrape: Scrape) -> str:
    """How many peers there are, how certain that is, and who says so."""
    full = f", {plural(scrape.too_full, 'filter')} too full to count" if scrape.too_full else ""
    counts = f"{count_words(scrape.seeds)} seeds and {count_words(scrape.downloaders)} downloaders"
    return f"{counts}, from {plural(scrape.nodes, 'node')}{full}"
