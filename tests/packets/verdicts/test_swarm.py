"""Counts of peers (BEP 33) and samples of infohashes (BEP 51), taken apart and judged."""

from __future__ import annotations

from typing import Any

import pytest

from dhtui.engine.wire.bloom import filter_of
from dhtui.engine.wire.krpc import AnnouncePeer, GetPeers, SampleInfohashes
from dhtui.headless.packet_log import packet_line
from dhtui.packets.dissect import dissect
from dhtui.packets.summary import summary
from dhtui.packets.verdicts.verdict import judge

from ..samples import OWN_ID, TARGET, THEIR_ID, answered, asked, context, ring_of, sent

ONE, NONE, FULL = filter_of(["203.0.113.1"]), bytes(256), b"\xff" * 256
SCRAPE = sent(1, GetPeers(OWN_ID, TARGET, scrape=True))
SAMPLE = sent(1, SampleInfohashes(OWN_ID, TARGET))


def said(event: Any, query: Any, topic: str) -> list[tuple[str, str]]:
    ring = ring_of(query, event)
    packet = list(ring)[-1]
    return [(each.state, each.sentence) for each in judge(packet, context(packet, ring)) if each.topic == topic]


def test_filters_are_counted() -> None:
    found = said(answered(2, {b"BFsd": ONE, b"BFpe": NONE, b"values": [b"\x01\x02\x03\x04\x1a\xe1"]}), SCRAPE, "scrape")
    assert found == [
        ("ok", "seeds: about 1, 1 to 1 with 95 % certainty (BEP 33)."),
        ("ok", "downloaders: about 0, 0 to 0 with 95 % certainty (BEP 33)."),
    ]


def test_filters_without_peers_and_without_being_asked_are_odd() -> None:
    found = said(answered(2, {b"BFsd": FULL, b"BFpe": NONE}), sent(1, GetPeers(OWN_ID, TARGET)), "scrape")
    assert [state for state, _ in found] == ["warn", "warn", "ok", "info"]
    assert "not asked for" in found[0][1] and "too full to count" in found[1][1] and "in place of peers" in found[3][1]


def test_a_scrape_without_filters_says_why_that_may_be() -> None:
    assert said(answered(2, {}), SCRAPE, "scrape")[0][1].startswith("No bloom filters")
    assert said(answered(2, {}), sent(1, GetPeers(OWN_ID, TARGET)), "scrape") == []


def test_a_filter_of_another_length_is_a_fault() -> None:
    assert said(answered(2, {b"BFsd": b"x", b"BFpe": NONE}), SCRAPE, "content") == [
        ("warn", "a bloom filter is missing or not 256 bytes. The rest of the answer was used.")
    ]


def test_samples_are_judged() -> None:
    body = {b"samples": b"a" * 40, b"num": 1 << 40, b"interval": 99999}
    assert [sentence.partition(".")[0] for _, sentence in said(answered(2, body), SAMPLE, "content")] == [
        "samples is not a string of different 20-byte infohashes, or too long",
        "num is missing, absurd, or below the number of samples",
        "interval is not 0 to 21600 seconds",
    ]
    good = {b"samples": b"a" * 20, b"num": 9, b"interval": 7200}
    assert said(answered(2, good), SAMPLE, "samples") == [
        ("ok", "1 infohashes, of 9 that it stores; others may be asked for after 2 h (BEP 51).")
    ]
    assert said(answered(2, {}), SAMPLE, "samples")[0][1].startswith("No samples: it took the query for a find_node")


@pytest.mark.parametrize(
    ("event", "words", "logged"),
    [
        (SCRAPE, "get_peers 2d2d…2d2d scrape", "scrape"),
        (asked(1, AnnouncePeer(THEIR_ID, TARGET, 1, b"t", True)), "announce_peer 2d2d…2d2d port 1 seed", "seed"),
        (SAMPLE, "sample_infohashes 2d2d…2d2d", "sample_infohashes"),
        (answered(1, {b"BFsd": ONE, b"BFpe": NONE}), "seeds ~1 downloaders ~0", "seeds:~1"),
        (
            answered(1, {b"samples": b"a" * 20, b"num": 9, b"interval": 60}),
            "1 of 9 infohashes interval 60 s",
            "num:9",
        ),
    ],
)
def test_in_a_few_words(event: Any, words: str, logged: str) -> None:
    (packet,) = ring_of(event)
    assert summary(packet) == words and logged in (packet_line(event) or "")


def test_the_misspelt_filter_has_a_name_and_bad_numbers_are_marked() -> None:
    body = {b"BFse": ONE, b"BFpe": NONE, b"interval": 99999, b"num": -1}
    (packet,) = ring_of(answered(1, body))
    values = {part.label.split()[0]: part for part in dissect(packet.data).children}["r"]
    parts = {part.label.split()[0]: part for part in values.children}
    assert "mldht" in parts["BFse"].label and parts["BFse"].value == "about 1 address"
    assert "0 to 21600" in str(parts["interval"]) and "no node stores so many" in str(parts["num"])
