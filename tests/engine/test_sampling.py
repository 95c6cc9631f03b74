"""BEP 51 at our node: what it answers to sample_infohashes, and what it reads. A test names its rule."""

from __future__ import annotations

from typing import Any

import pytest

from dhtui.engine.store import PEER_SECONDS, SAMPLE_SECONDS
from dhtui.engine.wire import bencode
from dhtui.engine.wire.faults import Fault
from dhtui.engine.wire.krpc import Response, parse
from dhtui.engine.wire.methods import MAX_INTERVAL, MAX_SAMPLES_READ, GivenSamples

from .stranger import NOW, Stranger, fill_table, new_core

PLACE = b"p" * 20


def announced(core: Any, n: int, now: float = NOW) -> set[bytes]:
    """Announce `n` infohashes from loopback."""
    stranger = Stranger(core)
    hashes = {bytes([i >> 8, i & 255]) * 10 for i in range(n)}
    for each in hashes:
        stranger.ask("announce_peer", now, info_hash=each, port=1, token=stranger.token(each, now))
    return hashes


def asked(core: Any, now: float = NOW, target: bytes = PLACE) -> dict[bytes, Any]:
    return Stranger(core, ("127.0.0.7", 7000)).ask("sample_infohashes", now, target=target)


def samples(body: dict[bytes, Any]) -> set[bytes]:
    data = body[b"samples"]
    assert len(data) % 20 == 0
    return {data[at : at + 20] for at in range(0, len(data), 20)}


def test_51_01_samples_are_there_though_empty() -> None:
    body = asked(new_core())
    assert body[b"samples"] == b"" and body[b"num"] == 0 and b"nodes" in body


def test_51_02_51_03_51_04_few_infohashes_are_all_given() -> None:
    core = new_core()
    hashes = announced(core, 5)
    body = asked(core)
    assert samples(body) == hashes and body[b"num"] == 5 and 0 <= body[b"interval"] <= 21600


def test_51_05_nodes_are_those_of_find_node() -> None:
    core = new_core()
    fill_table(core)
    body = asked(core, target=b"\x77" * 20)
    assert body[b"nodes"] == Stranger(core).ask("find_node", target=b"\x77" * 20)[b"nodes"]


def test_51_06_51_08_51_09_the_same_random_ones_whoever_asks() -> None:
    """So asking often tells nothing new."""
    core = new_core()
    hashes = announced(core, 40)
    first = samples(asked(core))
    assert len(first) == 20 and first < hashes and asked(core)[b"num"] == 40
    for i in range(30):
        announced(core, 60, NOW + i)
        assert samples(asked(core, NOW + 60 * i, bytes([i]) * 20)) <= first


def test_51_10_after_the_interval_others_come() -> None:
    core = new_core()
    announced(core, 40)
    body = asked(core)
    later = NOW + body[b"interval"]
    announced(core, 40, later - 1)
    assert samples(asked(core, later - 1)) == samples(body)
    again = asked(core, later)
    assert samples(again) != samples(body) and again[b"interval"] == SAMPLE_SECONDS


def test_51_07_only_infohashes_that_have_peers() -> None:
    core = new_core()
    stranger = Stranger(core)
    value = b"an item"
    from dhtui.engine.items import immutable_target

    target = immutable_target(bencode.encode(value))
    stranger.ask("put", v=value, token=stranger.token(target))
    announced(core, 3)
    assert target not in samples(asked(core)) and len(samples(asked(core))) == 3
    late = NOW + PEER_SECONDS + 1
    core._peers.sweep(late)
    assert samples(asked(core, late)) == set()


def test_51_11_a_reply_fits_1024_bytes() -> None:
    core = new_core()
    fill_table(core)
    announced(core, 500)
    stranger = Stranger(core)
    (reply,) = stranger.raw(stranger.query("sample_infohashes", target=PLACE))
    assert len(reply) <= 1024


def test_51_12_without_a_target_it_is_refused() -> None:
    core = new_core()
    assert Stranger(core).refused("sample_infohashes") == 203
    assert Stranger(core).refused("sample_infohashes", target=b"x" * 19) == 203


def test_a_flood_of_samples_is_limited_like_any_other() -> None:
    core = new_core()
    stranger = Stranger(core, ("203.0.113.5", 7000))
    query = stranger.query("sample_infohashes", target=PLACE)
    assert sum(len(stranger.raw(query)) for _ in range(200)) <= 50


# ---- what others answer --------------------------------------------------------------------------------


def read(**body: Any) -> tuple[GivenSamples, tuple[Fault, ...]]:
    keys = {key.encode(): value for key, value in body.items()}
    answer = parse(bencode.encode({b"r": {b"id": b"i" * 20} | keys, b"t": b"aa", b"y": b"r"}))
    assert isinstance(answer, Response)
    given = answer.part(GivenSamples)
    assert given is not None
    return given, answer.faults


def test_samples_are_read() -> None:
    assert read(samples=b"a" * 20 + b"b" * 20, num=7, interval=60) == (
        GivenSamples((b"a" * 20, b"b" * 20), 7, 60),
        (),
    )


@pytest.mark.parametrize("bad", [b"x" * 19, b"x" * 41, 5, [b"x" * 20]], ids=repr)
def test_samples_that_are_no_string_of_whole_ones_are_none(bad: Any) -> None:
    assert read(samples=bad, num=1, interval=1) == (GivenSamples((), 1, 1), (Fault.SAMPLES,))


def test_surplus_and_repeated_samples_are_cut() -> None:
    given, faults = read(samples=b"".join(i.to_bytes(20) for i in range(400)), num=400, interval=1)
    assert len(given.samples) == MAX_SAMPLES_READ and faults == (Fault.SAMPLES,)
    given, faults = read(samples=b"a" * 40, num=2, interval=1)
    assert given.samples == (b"a" * 20,) and faults == (Fault.SAMPLES,)


@pytest.mark.parametrize("num", [None, -1, 0, 2**63 - 1, b"7"], ids=repr)
def test_a_num_that_can_not_be_is_not_believed(num: Any) -> None:
    body = {} if num is None else {"num": num}
    given, faults = read(samples=b"a" * 20, interval=1, **body)
    assert given.num is None and faults == (Fault.NUM,)


@pytest.mark.parametrize("interval", [None, -1, 21601, 2**63 - 1, b"7"], ids=repr)
def test_an_interval_that_can_not_be_is_the_longest(interval: Any) -> None:
    body = {} if interval is None else {"interval": interval}
    given, faults = read(samples=b"", num=0, **body)
    assert given.interval == MAX_INTERVAL and faults == (Fault.INTERVAL,)
