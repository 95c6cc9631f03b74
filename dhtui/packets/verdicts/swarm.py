"""The verdicts on counts of peers (BEP 33) and samples of infohashes (BEP 51)."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.wire.bloom import count
from ...engine.wire.krpc import GetPeers, Query, Response, SampleInfohashes
from ...engine.wire.methods import GivenSamples, GivenScrape
from ..packet import Packet
from .judgement import Context, Verdict


def scraped(packet: Packet, _: Context) -> Iterator[Verdict]:
    """What the bloom filters of an answer tell, and whether it is an answer to a scrape."""
    answer, args = packet.message, _asked(packet)
    if not isinstance(answer, Response):
        return
    given = answer.part(GivenScrape)
    if given is None:
        if isinstance(args, GetPeers) and args.scrape:
            yield Verdict("scrape", "info", "No bloom filters: it knows no such torrent, or nothing of BEP 33.")
        return
    if isinstance(args, GetPeers) and not args.scrape:
        yield Verdict("scrape", "warn", "Bloom filters that were not asked for (BEP 33).")
    for name, data in (("seeds", given.seeds), ("downloaders", given.downloaders)):
        if data is None:
            continue
        found = count(data)
        if found.high is None:
            yield Verdict("scrape", "warn", f"{name}: the filter is too full to count, which tells nothing (BEP 33).")
        else:
            sentence = f"{name}: about {found.value:.0f}, {found.low:.0f} to {found.high:.0f} with 95 % certainty"
            yield Verdict("scrape", "ok", f"{sentence} (BEP 33).")
    if not answer.peers:
        yield Verdict("scrape", "info", "Filters in place of peers: BEP 33 adds them to the peers.")


def sampled(packet: Packet, _: Context) -> Iterator[Verdict]:
    """Whether samples are what BEP 51 asks for."""
    answer, args = packet.message, _asked(packet)
    if not isinstance(answer, Response):
        return
    given = answer.part(GivenSamples)
    if given is None:
        if isinstance(args, SampleInfohashes):
            yield Verdict("samples", "info", "No samples: it took the query for a find_node, as BEP 51 has it.")
        return
    of = "it does not say of how many" if given.num is None else f"of {given.num} that it stores"
    hours = given.interval / 3600
    sentence = f"{len(given.samples)} infohashes, {of}; others may be asked for after {hours:.2g} h (BEP 51)."
    yield Verdict("samples", "ok", sentence)


def _asked(packet: Packet) -> object:
    query = packet.query
    message = query.message if query is not None else None
    return message.args if isinstance(message, Query) else None
