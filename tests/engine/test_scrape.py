"""BEP 33 at our node: what is counted and answered, and what comes of the filters of others. Tests name their rules."""

from __future__ import annotations

from typing import Any

import pytest

from dhtui.engine.lookup.results import scrape_of
from dhtui.engine.outcome import NodeOutcome, Status
from dhtui.engine.wire import bencode
from dhtui.engine.wire.bloom import FILTER_BYTES, count, filter_of
from dhtui.engine.wire.faults import Fault
from dhtui.engine.wire.krpc import GetPeers, Response, encode_query, parse
from dhtui.engine.wire.methods import GivenPeers, GivenScrape

from .stranger import NOW, Stranger, fill_table, new_core

TARGET = b"t" * 20
SEED, PEER = "203.0.113.9", "198.51.100.7"


def announced(core: Any, ip: str, port: int = 6881, now: float = NOW, **args: Any) -> None:
    stranger = Stranger(core, (ip, 7000))
    token = stranger.ask("get_peers", now, info_hash=TARGET)[b"token"]
    stranger.ask("announce_peer", now, info_hash=TARGET, port=port, token=token, **args)


def scraped(core: Any, **args: Any) -> dict[bytes, Any]:
    return Stranger(core, ("127.0.0.9", 7000)).ask("get_peers", info_hash=TARGET, **({"scrape": 1} | args))


def test_33_01_33_02_33_08_seeds_and_others_are_in_filters_of_256_bytes() -> None:
    core = new_core()
    announced(core, SEED, seed=1)
    announced(core, PEER)
    announced(core, "198.51.101.8", seed=2)
    body = scraped(core)
    assert body[b"BFsd"] == filter_of([SEED]) and len(body[b"BFsd"]) == FILTER_BYTES
    assert body[b"BFpe"] == filter_of([PEER, "198.51.101.8"])


def test_33_03_no_filters_unless_asked_for_nor_of_unknown_infohashes() -> None:
    core = new_core()
    assert b"BFsd" not in scraped(core) and b"BFpe" not in scraped(core)
    announced(core, PEER)
    for scrape in ({"scrape": 0}, {"scrape": 2}, {"scrape": b"1"}):
        assert b"BFsd" not in scraped(core, **scrape)
    assert b"BFsd" not in Stranger(core).ask("get_peers", info_hash=TARGET)


def test_33_05_33_10_of_an_address_the_last_port_counts() -> None:
    core = new_core()
    announced(core, PEER, 1000)
    before = scraped(core)[b"BFpe"]
    announced(core, PEER, 2000)
    body = scraped(core)
    assert body[b"BFpe"] == before
    assert body[b"values"] == [bytes([198, 51, 100, 7]) + (2000).to_bytes(2)]


def test_33_10_on_loopback_each_node_is_a_host_of_its_own() -> None:
    """Several programs of a testnet share an address there. Of one of them the last port counts, as anywhere."""
    core = new_core()
    for node_id, port in ((b"a" * 20, 1000), (b"b" * 20, 1001), (b"a" * 20, 1002)):
        stranger = Stranger(core, ("127.0.0.3", 7000), node_id)
        token = stranger.ask("get_peers", info_hash=TARGET)[b"token"]
        stranger.ask("announce_peer", info_hash=TARGET, port=port, token=token)
    assert sorted(scraped(core)[b"values"]) == [b"\x7f\0\0\3" + port.to_bytes(2) for port in (1001, 1002)]


def test_33_09_a_new_announce_changes_whether_it_is_a_seed() -> None:
    core = new_core()
    announced(core, PEER)
    announced(core, PEER, seed=1)
    assert scraped(core)[b"BFsd"] == filter_of([PEER]) and not any(scraped(core)[b"BFpe"])
    announced(core, PEER, seed=0)
    assert scraped(core)[b"BFpe"] == filter_of([PEER]) and not any(scraped(core)[b"BFsd"])


def test_33_11_noseed_leaves_seeds_out() -> None:
    core = new_core()
    announced(core, SEED, seed=1)
    announced(core, PEER)
    (only,) = scraped(core, scrape=0, noseed=1)[b"values"]
    assert only[:4] == bytes([198, 51, 100, 7])


def test_33_12_33_14_values_come_along_and_all_fits_1024_bytes() -> None:
    core = new_core()
    fill_table(core)
    for i in range(300):
        announced(core, f"127.{1 + i // 200}.9.{i % 200}", seed=i % 2)
    stranger = Stranger(core)
    (reply,) = stranger.raw(stranger.query("get_peers", info_hash=TARGET, scrape=1, noseed=0))
    body = bencode.decode(reply)[b"r"]
    assert len(reply) <= 1024 and len(body[b"values"]) == 12 and len(body[b"nodes"]) == 8 * 26
    assert count(body[b"BFsd"]).value == pytest.approx(150, abs=20)


def test_33_15_a_seed_says_so_when_it_announces() -> None:
    from dhtui.engine.wire.krpc import AnnouncePeer

    _, data = encode_query(b"aa", AnnouncePeer(b"i" * 20, TARGET, 6881, b"t", True), False)
    assert bencode.decode(data)[b"a"][b"seed"] == 1
    _, data = encode_query(b"aa", AnnouncePeer(b"i" * 20, TARGET, 6881, b"t"), False)
    assert b"seed" not in bencode.decode(data)[b"a"]
    _, data = encode_query(b"aa", GetPeers(b"i" * 20, TARGET, True, True), False)
    assert bencode.decode(data)[b"a"].items() >= {b"noseed": 1, b"scrape": 1}.items()


# ---- what others answer --------------------------------------------------------------------------------


def read(body: dict[bytes, Any]) -> Response:
    answer = parse(bencode.encode({b"r": {b"id": b"i" * 20} | body, b"t": b"aa", b"y": b"r"}))
    assert isinstance(answer, Response)
    return answer


def test_a_misspelt_filter_of_seeds_is_read_as_one() -> None:
    """33.01: mldht writes ``BFse``."""
    one = filter_of([SEED])
    assert read({b"BFse": one, b"BFpe": one}).part(GivenScrape) == GivenScrape(one, one)
    assert read({b"BFsd": one, b"BFse": bytes(256), b"BFpe": one}).part(GivenScrape) == GivenScrape(one, one)


@pytest.mark.parametrize("bad", [b"", b"x" * 255, b"x" * 257, 1, [b"x" * 256]], ids=repr)
def test_a_filter_of_another_length_is_no_filter(bad: Any) -> None:
    answer = read({b"BFsd": bad, b"BFpe": bytes(256)})
    assert answer.part(GivenScrape) == GivenScrape(None, bytes(256)) and answer.faults == (Fault.BLOOM,)


def test_peers_and_filters_of_one_answer_are_both_read() -> None:
    answer = read({b"values": [b"\x01\x02\x03\x04\x1a\xe1"], b"BFsd": bytes(256), b"BFpe": bytes(256)})
    assert answer.part(GivenPeers) and answer.part(GivenScrape) and not answer.faults


def node(i: int, *given: GivenScrape) -> NodeOutcome:
    return NodeOutcome(addr=("127.0.0.1", 1000 + i), status=Status.ANSWERED, rtt=0.01, given=given)


def test_the_union_counts_an_address_once() -> None:
    one, other = filter_of([SEED]), filter_of([SEED, PEER])
    found = scrape_of([node(1, GivenScrape(one, None)), node(2, GivenScrape(other, bytes(256))), node(3)])
    assert found is not None and found.nodes == 2
    assert found.seeds.value == pytest.approx(2, abs=0.1) and found.downloaders.value == 0


def test_a_filter_of_ones_does_not_spoil_the_others() -> None:
    """A liar's: it is left out, and counted; unless there is no other."""
    full = GivenScrape(b"\xff" * 256, bytes(256))
    found = scrape_of([node(1, GivenScrape(filter_of([SEED]), bytes(256))), node(2, full)])
    assert found is not None and (found.nodes, found.too_full) == (1, 1) and found.seeds.value < 2
    alone = scrape_of([node(2, full)])
    assert alone is not None and alone.seeds.high is None
    assert scrape_of([node(1)]) is None
