"""Files of records: zone, CSV and JSON, strictly and bounded; packets as pkarr makes them."""

from __future__ import annotations

import json
from random import Random

import pytest

from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.wire import bencode
from dhtui.items.records import MAX_BYTES, RecordsError, Row, packet, rows_of
from dhtui.items.value import DnsPacket, recognise
from dhtui.keyring.zbase32 import encode_public

pytest.importorskip("dns")
PUBLIC = BEP44_TEST_KEY.public
Z32 = encode_public(PUBLIC)
ZONE = b"""\
$ORIGIN me.
$TTL 300
@ IN SOA ns. admin. 1 2 3 4 5
@ A 1.2.3.4
www 60 IN CNAME @
_x TXT ( "hello world"
         "b" )
$ORIGIN you.
m MX 10 mail.example.
"""
CSV = b"key,name,type,ttl,data\nme,@,A,300,1.2.3.4\nme,www,cname,60,@\n\nyou,m,MX,,10 mail.example.\n"
JSON = json.dumps(
    [
        {"key": "me", "name": "@", "type": "A", "ttl": 300, "data": "1.2.3.4"},
        {"key": "me", "name": "www", "type": "CNAME", "ttl": 60, "data": "@"},
        {"key": "you", "name": "m", "type": "MX", "data": "10 mail.example."},
    ]
).encode()


def bare(rows: list[Row]) -> list[tuple[object, ...]]:
    return [row[1:] for row in rows if row.type != "TXT"]


def test_all_three_kinds_of_file_say_the_same() -> None:
    assert (
        bare(rows_of(CSV))
        == bare(rows_of(JSON))
        == [
            ("me", "@", 300, "A", "1.2.3.4"),
            ("me", "www", 60, "CNAME", "@"),
            ("you", "m", 3600, "MX", "10 mail.example."),
        ]
    )
    zone = rows_of(ZONE)
    assert [row[:4] for row in zone] == [
        ("line 4", "me", "@", 300),
        ("line 5", "me", "www", 60),
        ("line 6", "me", "_x", 300),
        ("line 9", "you", "m", 300),
    ]
    assert zone[2].data == '"hello world" "b"'


def test_a_key_may_be_named_beside_the_file() -> None:
    assert rows_of(b"@ A 1.2.3.4\nwww CNAME @\n", "my.key-1") == [
        Row("line 1", "my.key-1", "@", 3600, "A", "1.2.3.4"),
        Row("line 2", "my.key-1", "www", 3600, "CNAME", "@"),
    ]
    assert rows_of(b"name,type,data\na,A,1.2.3.4", "me") == [Row("line 2", "me", "a", 3600, "A", "1.2.3.4")]


def test_a_packet_is_one_of_pkarr() -> None:
    """A DNS reply with answers alone, compressed, the key behind each name; it is read back as it was written."""
    rows = [row for row in rows_of(ZONE) if row.key == "me"]
    v = packet(PUBLIC, rows)
    raw = bencode.decode(v)
    assert raw[:12].hex() == "000084000000000300000000"
    assert raw.count(Z32.encode()) == 1, "the key is there once, and pointed to"
    found = recognise(v)
    assert isinstance(found, DnsPacket) and not found.problem
    assert [tuple(record) for record in found.records] == [
        (Z32, 300, "A", "1.2.3.4"),
        (f"www.{Z32}", 60, "CNAME", f"{Z32}."),
        (f"_x.{Z32}", 300, "TXT", '"hello world" "b"'),
    ]


def test_a_name_in_full_does_too() -> None:
    rows = rows_of(f"me,x.{Z32}.,A,1,1.2.3.4".join(("key,name,type,ttl,data\n", "")).encode())
    found = recognise(packet(PUBLIC, rows))
    assert isinstance(found, DnsPacket) and found.records[0].name == f"x.{Z32}"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no records"),
        (b"; nothing\n", "no records"),
        (b"\xff", "line 1: it is not UTF-8"),
        (b"\n\n\xff", "line 3: it is not UTF-8"),
        (b"x" * (MAX_BYTES + 1), "more than"),
        (b"$INCLUDE /etc/passwd\n", "line 1: zone file directive '$INCLUDE' is not allowed"),
        (b"\n$GENERATE 0-100000000 a$ A 1.2.3.4\n", "line 2: zone file directive '$GENERATE'"),
        (b"a.b b c d", "line 1: unknown rdatatype"),
        (b"$ORIGIN me.\n@ A 1.2.3\n@ A 1.2.3.4\n", "line 2: "),
        (b"@ A 1.2.3.4", "line 1: . has no key"),
        (b"\x00\x1b[2J", "line 1: "),
        (b'$ORIGIN me.\n@ TXT "never ends', "line 2: "),
        (b"$ORIGIN me.\n@ TXT ( a\nb\nc", "line 2: "),
        (b"name,type,data\na,A,1.2.3.4", "line 2: it names no key"),
        (b"key,name,type\n", "line 1: the columns data are missing"),
        (b"key,name,type,data,color\n", "line 1: there is no column 'color'"),
        (b"key,name,type,data,key\n", "line 1: a column is there twice"),
        (b"key,name,type,data\nx,y\n", "line 2: it has 2 cells, not 4"),
        (b'key,name,type,data\nx,"y\n', "line 2: it is not CSV"),
        (b"key,name,type,data\nx,y,A,\n", "line 2: its type or its data is empty"),
        (b"key,name,type,ttl,data\nx,y,A,-1,1.2.3.4\n", "line 2: the ttl"),
        (b"key,name,type,ttl,data\nx,y,A,99999999999,1.2.3.4\n", "line 2: the ttl"),
        (b"[", "line 1: it is not JSON"),
        (b"{}", "JSON has to be a list"),
        (b"[1]", "record 1: it is no object"),
        (b'[{"key": "x"}]', "record 1: name, type, data is missing"),
        (b'[{"key": "x", "name": "", "type": "A", "data": {}}]', "record 1: data is no text"),
        (b'[{"key": "x", "name": "", "type": "A", "ttl": true, "data": "y"}]', "record 1: ttl is no number"),
        (b'[{"\\u001b[2J": 1}]', "record 1: there is no field"),
        (b"[" * 100_000, "it is not JSON that can be read"),
        (b"[" + b"9" * 5000 + b"]", "it is not JSON that can be read"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_its_place(data: bytes, words: str) -> None:
    with pytest.raises(RecordsError) as error:
        rows_of(data)
    assert words in str(error.value) and str(error.value).isprintable() and len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (Row("line 1", "me", "x.other.", 1, "A", "1.2.3.4"), "does not belong to the key me"),
        (Row("line 1", "me", "a" * 64, 1, "A", "1.2.3.4"), "line 1: it is no record"),
        (Row("line 1", "me", "..", 1, "A", "1.2.3.4"), "line 1: it is no record"),
        (Row("line 1", "me", "@", 1, "A", "\x1b[2J"), "line 1: it is no record"),
        (Row("line 1", "me", "@", 1, "NONSENSE", "x"), "line 1: it is no record"),
        (Row("line 1", "me", "@", 1, "ANY", "x"), "line 1: it is no record"),
        (Row("line 1", "me", "@", 1, "TXT", " ".join(['"' + "x" * 200 + '"'] * 6)), "at most 1000 are allowed"),
        (Row("line 1", "me", "@", 1, "TXT", " ".join(['"' + "x" * 255 + '"'] * 400)), "the records of me"),
    ],
)
def test_a_record_that_makes_no_packet_is_refused(row: Row, words: str) -> None:
    with pytest.raises(RecordsError) as error:
        packet(PUBLIC, [row])
    assert words in str(error.value) and str(error.value).isprintable()


def test_more_records_than_fit_are_refused_before_they_are_packed() -> None:
    with pytest.raises(RecordsError, match="the records of me: there are 101, more than one item holds"):
        packet(PUBLIC, [Row("line 1", "me", "@", 1, "A", "no address")] * 101)


def test_a_damaged_file_fails_in_no_other_way() -> None:
    rng = Random(5)
    for whole in (ZONE, CSV, JSON):
        for _ in range(150):
            data = bytearray(whole)
            for _ in range(rng.randrange(1, 4)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            try:
                for row in rows_of(bytes(data)):
                    packet(PUBLIC, [row])
            except RecordsError as error:
                assert str(error).isprintable()


def test_without_dnspython_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dhtui.items.records.pkarr.find_spec", lambda name: None)
    with pytest.raises(RecordsError, match=r"install dhtui\[pkarr\]"):
        rows_of(ZONE)
    with pytest.raises(RecordsError, match=r"install dhtui\[pkarr\]"):
        packet(PUBLIC, rows_of(CSV))
