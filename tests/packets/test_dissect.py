"""Packets taken apart: names, meanings, places, damage."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings

from dhtui.engine.wire import bencode
from dhtui.engine.wire.compact import pack_addr
from dhtui.engine.wire.krpc import GetPeers, encode_response
from dhtui.packets.dissect import dissect
from dhtui.packets.hexdump import WIDTH, row_count, rows
from dhtui.packets.links import filter_term, links
from dhtui.packets.parts import Part, path_to, walk
from dhtui.packets.spans import MAX_PIECES, read

from .samples import FULL_BODY, ITEM, NODES, OWN, TARGET, THEIR_ID, WHOLE, answered, datagrams, got, ring_of, sent


def find(root: Part, label: str) -> Part:
    """The one part whose label begins so."""
    (part,) = [part for part in walk(root) if part.label.startswith(label)]
    return part


def below(root: Part, label: str) -> Part:
    """The first part of that label."""
    return next(part for part in walk(root) if part.label.startswith(label))


def test_every_value_has_its_name_its_meaning_and_its_bytes() -> None:
    """A response with all that BEPs 5, 32, 33, 42, 44 and 51 put into one."""
    data = encode_response(b"aa", FULL_BODY, OWN)
    root = dissect(data, TARGET)
    assert (root.start, root.end) == (0, len(data))
    assert [part.label.split()[0] for part in root.children] == ["ip", "r", "t", "v", "y"]
    assert find(root, "ip ").value == "198.51.100.7:6881"
    assert find(root, "y ").value == "response"
    assert find(root, "t ").value == "6161 (2 bytes)"
    assert root.children[3].value == "dhtui 0.1 (64540001)"
    values = find(root, "r ")
    assert values.label == "r  values of the response"
    node_id = values.children[2]
    assert (node_id.value, node_id.note) == (THEIR_ID.hex(), "2^150.3 from the target")
    assert data[node_id.start : node_id.end] == b"2:id20:" + THEIR_ID
    nodes = below(values, "nodes ")
    assert nodes.value == "8 nodes of 26 bytes" and len(nodes.children) == 8
    first = nodes.children[0]
    assert data[first.start : first.end] == NODES[0].id + pack_addr(NODES[0].addr)
    assert first.value == "2d2c…0000 192.0.2.1:6881" and first.note == "2^144.2 from the target"
    assert [part.label for part in first.children] == ["id", "address"]
    assert find(values, "nodes6").children[0].value == "0001…1213 [1415:1617:1819:1a1b:1c1d:1e1f:2021:2223]:9253"
    assert find(values, "BFpe").value == "about 1 address"
    assert find(values, "BFsd").value == "full: more than can be counted"
    assert find(values, "samples").value == "2 infohashes of 20 bytes"
    assert find(values, "interval").value == "600"
    assert find(values, "k ").value == ITEM.k.hex() and find(values, "seq").value == "3"
    assert below(values, "v ").value == '"Hello World!"'
    peers = find(values, "values")
    assert [part.value for part in peers.children] == ["203.0.113.9:6881", "[::]:0", "626164"]
    assert peers.children[2].mark == "odd"
    assert find(values, "xyz").mark == "unknown"


def test_a_query_is_named_too() -> None:
    """Arguments, and what is wrong with them."""
    root = dissect(b"d1:ad2:id3:abc6:target20:mnopqrstuvwxyz1234564:wantl2:n4ee1:q3:get2:roi1e1:t1:a1:yi5ee")
    node_id = find(root, "id ")
    assert (node_id.mark, node_id.note) == ("odd", "a node id has 20 bytes, this has 3")
    assert find(root, "target").links[0].value == b"mnopqrstuvwxyz123456"
    assert find(root, "ro ").value == "yes"
    assert find(root, "0  family").value == '"n4"'
    assert find(root, "y ").note == "must be a string, is an integer"


def test_an_error_shows_code_and_reason() -> None:
    """The code in words, the reason made safe."""
    root = dissect(WHOLE[1])
    assert find(root, "0  code").value == "203 (protocol error)"
    reason = find(root, "1  reason").value
    assert reason.isprintable() and "\x1b" not in reason


@pytest.mark.parametrize(
    ("data", "at", "why"),
    [
        (b"d1:ad2:id20:abc", 9, "a string of 20 bytes is announced, 3 are left"),
        (b"d1:ali1ei 2e", 8, "an integer that is no number, or has no end"),
        (b"d1:a1:b", 7, "a dictionary without an end"),
        (b"d1:a", 4, "the packet ends where a value should begin"),
        (b"d1:ax", 4, "no value begins with the byte 78"),
        (b"di1e1:ae", 1, "a key of a dictionary that is no string"),
        (b"d0:0:-5:", 5, "a key of a dictionary that is no string"),
        (b"le" + b"x", 2, "1 more byte after the end of the message"),
        (b"l" * 40, 32, "nested more than 32 deep"),
        (b"1234567:a", 0, "a string whose length is no number, or has no end"),
        (b"", 0, "the packet ends where a value should begin"),
        (b"rubbish", 0, "no value begins with the byte 72"),
    ],
)
def test_damage_is_shown_where_it_begins_and_all_before_it_is_understood(data: bytes, at: int, why: str) -> None:
    """The rest is shown as raw bytes."""
    root = dissect(data)
    damaged = [part for part in walk(root) if part.mark == "damaged" and not part.children]
    assert len(damaged) == 1
    assert (damaged[0].end, damaged[0].note) == (len(data), why)
    assert damaged[0].value == data[at:].hex()
    assert read(data).faults == ((at, why),)


def test_what_breaks_a_rule_but_can_be_read_is_read() -> None:
    """Unsorted and repeated keys, surplus zeros, too large numbers."""
    data = b"d1:bi007e1:a02:xy1:b0:1:zi99999999999999999999ee"
    assert [text for _, text in read(data).faults] == [
        "an integer with surplus zeros, or minus zero",
        "keys out of order",
        "a length with surplus zeros",
        "a key that was there before",
        "an integer beyond 64 bits",
    ]
    assert [part.mark for part in dissect(data).children] == ["odd"] * 4


def test_hostile_datagrams_give_a_bounded_tree() -> None:
    """Many parts, deep nesting, many faults: the tree is bounded."""
    for data in (b"l" + b"0:" * 32000, b"d" + b"1:a0:" * 13000, b"d1:rd5:nodes52000:" + bytes(52000), b"l" * 65000):
        parts = list(walk(dissect(data)))
        assert len(parts) <= MAX_PIECES + 2
        assert parts[-1].end == len(data) and parts[-1].mark == "damaged"


@settings(max_examples=150, deadline=None)
@given(datagrams)
@example(b"d1:rd2:id5:\x1b[31m5:nodes27:aaaaaaaaaaaaaaaaaaaaaaaaaaaee")
@example(b"i-0e")
def test_any_bytes_give_a_tree_whose_parts_nest_and_lie_within_them(data: bytes) -> None:
    """And no control character gets into it. Canonical is what the strict codec accepts."""
    root = dissect(data, TARGET)
    assert (root.start, root.end) == (0, len(data))
    for part in walk(root):
        assert all(text.isprintable() for text in (part.label, part.value, part.note))
        edge = part.start
        for child in part.children:
            assert edge <= child.start <= child.end <= part.end
            edge = child.end
    for offset in range(0, len(data), 7):
        assert path_to(root, offset)[0] is root
    try:
        bencode.decode(data)
    except bencode.BencodeError:
        assert read(data).faults
    else:
        assert not read(data).faults


def test_a_byte_leads_to_the_smallest_part_that_holds_it() -> None:
    """From the hex view to the tree."""
    data = encode_response(b"aa", FULL_BODY, OWN)
    root = dissect(data)
    offset = data.index(NODES[2].id)
    labels = [part.label.split("  ")[0] for part in path_to(root, offset + 21)]
    assert labels == ["message", "r", "nodes", "2", "address"]
    assert path_to(root, len(data)) == []


def test_hex_rows_show_bytes_and_what_to_highlight() -> None:
    """Sixteen to a row; the span may cross rows."""
    data = bytes(range(28, 68))
    table = rows(data, (14, 33))
    assert [row.offset for row in table] == [0, 16, 32] and row_count(data) == 3
    assert (table[0].cells[0], table[0].ascii) == ("1c", ".... !\"#$%&'()*+")
    assert [(row.first, row.last) for row in table] == [(14, 16), (0, 16), (0, 1)]
    assert len(table[2].cells) == 8 < WIDTH
    assert rows(b"") == [] and {row.first - row.last for row in rows(data)} == {0}


def test_links_lead_to_all_that_is_named_in_a_packet() -> None:
    """The partner, the address, the target, then what stands in the bytes, nothing twice."""
    ring = ring_of(sent(1, GetPeers(THEIR_ID, TARGET)), answered(2, FULL_BODY))
    query, answer = ring
    found = links(answer, ring.partner(answer))
    assert [link.kind for link in found[:5]] == ["packet", "address", "infohash", "address", "node"]
    assert found[0].value == query.number
    assert {"node", "address", "infohash", "key"} <= {link.kind for link in found}
    assert len({(link.kind, link.value) for link in found}) == len(found)
    assert [filter_term(link) for link in found[:3]] == ["", "addr:203.0.113.9:6882", f"target:{TARGET.hex()}"]
    assert filter_term(next(link for link in found if link.kind == "node")) == f"id:{THEIR_ID.hex()}"


@settings(max_examples=60, deadline=None)
@given(datagrams)
def test_any_packet_has_links(data: bytes) -> None:
    """At least to where it came from; labels are safe."""
    (packet,) = ring_of(got(1, data))
    found = links(packet)
    assert any(link.value == packet.addr for link in found)
    assert all(link.label.isprintable() for link in found)
