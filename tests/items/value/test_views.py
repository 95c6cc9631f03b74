"""Values as people look at them, and those that are recognised: torrents and DNS packets. Hostile ones are safe."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhtui.engine.wire import bencode
from dhtui.items.value import VIEWS, DnsPacket, Torrent, recognise, view_lines
from dhtui.items.value.recognise import MAX_RECORDS, Record

IH = bytes(range(20))


@pytest.mark.parametrize(
    ("view", "v", "lines"),
    [
        ("text", b"5:a\nb\x1bc", ["a", "b\\x1bc"]),
        ("text", b"i5e", ["i5e"]),
        ("hex", b"3:a\x00b", ["0000  61 00 62                                         a.b"]),
        ("tree", b"i-5e", ["-5"]),
        (
            "tree",
            b"d1:ali1e2:\xff\xfee1:b0:e",
            ["dictionary, 2 keys", '  "a": list of 2', "    0: 1", "    1: fffe, 2 bytes", '  "b": "", 0 bytes'],
        ),
        ("json", b"d1:ai1ee", ["{", '  "a": 1', "}"]),
        ("text", b"junk", ["0000  6a 75 6e 6b                                      junk"]),
    ],
)
def test_each_view_shows_the_value(view: str, v: bytes, lines: list[str]) -> None:
    assert view_lines(view, v) == lines


@given(st.binary(max_size=100), st.sampled_from(sorted(VIEWS)), st.booleans())
def test_whatever_the_value_its_lines_are_safe_to_show(data: bytes, view: str, string: bool) -> None:
    for line in view_lines(view, bencode.encode(data) if string else data):
        assert line.isprintable()


# ---- recognised values ----------------------------------------------------------------------------------------


def test_a_torrent_of_bep_46_is_recognised() -> None:
    found = recognise(b"d2:ih20:%be" % IH)
    assert found == Torrent(IH)
    assert found.lines()[1] == f"magnet:?xt=urn:btih:{IH.hex()}"
    assert recognise(b"d1:xi1e2:ih20:%be" % IH) is None, "not canonical"


def test_46_07_further_keys_beside_the_infohash_do_no_harm() -> None:
    assert recognise(b"d2:ih20:%b1:xi1ee" % IH) == Torrent(IH)


@pytest.mark.parametrize("v", [b"d2:ih19:%be" % IH[:19], b"d2:ihi5ee", b"le", b"i5e", b"5:hello", b"", b"junk"])
def test_other_values_are_not_taken_for_anything(v: bytes) -> None:
    assert recognise(v) is None


def packet(*records: tuple[str, int, str, str]) -> bytes:
    """A packet as pkarr makes it, bencoded."""
    message = pytest.importorskip("dns.message")
    from dns.flags import AA, QR
    from dns.name import from_text
    from dns.rrset import from_text as rrset

    made = message.Message(id=0)
    made.flags = QR | AA
    for name, ttl, kind, data in records:
        made.answer.append(rrset(from_text(name), ttl, "IN", kind, data))
    return bencode.encode(made.to_wire())


def test_a_packet_of_pkarr_is_shown_as_records() -> None:
    found = recognise(packet(("_matrix.o4dksf", 30, "TXT", '"v=1;x"'), ("o4dksf", 300, "A", "1.2.3.4")))
    assert found == DnsPacket((Record("_matrix.o4dksf", 30, "TXT", '"v=1;x"'), Record("o4dksf", 300, "A", "1.2.3.4")))
    assert found.lines()[2] == "o4dksf             300  A     1.2.3.4"


def test_the_text_of_records_is_safe_to_show() -> None:
    found = recognise(packet(("a\\027b.example", 1, "TXT", '"\\027[2J\\200"')))
    assert isinstance(found, DnsPacket)
    assert all(line.isprintable() for line in found.lines()) and "\x1b" not in str(found)


def test_without_dnspython_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    v = packet(("a", 1, "A", "1.2.3.4"))
    real = builtins.__import__

    def no_dns(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "dns":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_dns)
    found = recognise(v)
    assert isinstance(found, DnsPacket) and found.records == ()
    assert found.lines() == ["DNS packet: to read its records, install dhtui[pkarr] (dnspython)"]


def test_many_records_are_cut() -> None:
    found = recognise(packet(*[(f"n{number}.a", 1, "A", "1.2.3.4") for number in range(MAX_RECORDS + 20)]))
    assert isinstance(found, DnsPacket)
    assert len(found.records) == MAX_RECORDS and "the first 100 of 120" in found.lines()[0]


@given(st.data())
def test_a_mutilated_packet_fails_in_no_other_way(data: st.DataObject) -> None:
    pytest.importorskip("dns")
    raw = bytearray(bencode.decode(packet(("a.b", 1, "TXT", '"x"'), ("b", 2, "CNAME", "a.b."))))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    found = recognise(bencode.encode(bytes(raw[: data.draw(st.integers(0, len(raw)))])))
    assert found is None or all(line.isprintable() for line in found.lines())
