"""Blocklists: each format that is in use is read as its makers meant it, and nonsense is named by its line."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhtui.engine.defence import ranges as ranges_module
from dhtui.engine.defence.blocklist import BlocklistError, parse
from dhtui.engine.defence.ranges import Blocklist
from dhtui.options.options import Options
from dhtui.runtime import launch
from dhtui.storage import blocklist_file


def ranges(*lines: str) -> list[tuple[str, str]]:
    found, warnings = parse(lines)
    assert warnings == []
    return list(found.ranges())


ONE = [("1.2.3.4", "5.6.7.8")]
NET = [("10.0.0.0", "10.255.255.255")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("org:1.2.3.4-5.6.7.8", ONE),
        ("a:b:1.2.3.4-5.6.7.8", ONE),
        ("Bad-Corp - West:1.2.3.4-5.6.7.8", ONE),
        ("Foo, Inc:1.2.3.4-5.6.7.8\r\n", ONE),
        ("4chan, Inc:1.2.3.4-5.6.7.8", ONE),
        ("9.9.9.9-9.9.9.9:1.2.3.4-5.6.7.8", ONE),
        ("http://x.invalid/#a;b:1.2.3.4-5.6.7.8", ONE),
        ("Node #1 ; east:1.2.3.4-5.6.7.8", ONE),
        ("Node #1:10.0.0.0/8", NET),
        (":1.2.3.4-5.6.7.8", ONE),
        ("org : 1.2.3.4 - 5.6.7.8", ONE),
        ("org:001.002.003.004-005.006.007.008", ONE),
        ("\u00e9t\u00e9\udcff:1.2.3.4-5.6.7.8", ONE),
        ("001.002.003.004 - 005.006.007.008 , 000 , label", ONE),
        ("001.002.003.004 - 005.006.007.008 , 127 , a:b, c-d", ONE),
        ("001.002.003.004 - 005.006.007.008 , 000 , x:9.9.9.1-9.9.9.2", ONE),
        ("001.002.003.004 - 005.006.007.008 ,0", ONE),
        ("10.0.0.0/8", NET),
        ("10.1.2.3/8", NET),
        ("010.000.000.000/08", NET),
        ("10.0.0.0/255.0.0.0", NET),
        ("10.0.0.0/8 ; SBL1", NET),
        ("10.0.0.0/8 # was: 11.0.0.0/8", NET),
        ("10.0.0.0-10.255.255.255\t# see x:11.0.0.0-11.0.0.1", NET),
        ("org:10.0.0.0/8", NET),
        ("1.2.3.4-5.6.7.8", ONE),
        ("1.2.3.4 -5.6.7.8", ONE),
        ("7.7.7.7", [("7.7.7.7", "7.7.7.7")]),
        ("  7.7.7.7  ", [("7.7.7.7", "7.7.7.7")]),
        ("org:7.7.7.7", [("7.7.7.7", "7.7.7.7")]),
        ("a:b:7.7.7.7", [("7.7.7.7", "7.7.7.7")]),
        ("0.0.0.0/0", [("0.0.0.0", "255.255.255.255")]),
        ("255.255.255.255", [("255.255.255.255", "255.255.255.255")]),
        ("0.0.0.0", [("0.0.0.0", "0.0.0.0")]),
    ],
)
def test_every_format_is_read(line: str, expected: list[tuple[str, str]]) -> None:
    assert ranges(line) == expected


def test_padded_numbers_are_decimal_and_never_octal() -> None:
    assert ranges("010.010.010.010") == [("10.10.10.10", "10.10.10.10")]
    assert ranges("org:010.0.0.0-010.0.0.099") == [("10.0.0.0", "10.0.0.99")]


def test_comments_blank_lines_and_a_byte_order_mark_are_skipped() -> None:
    lines = ["\ufeff# a list", "", "   ", "; old style", "  # indented", "org:1.2.3.4-5.6.7.8"]
    assert ranges(*lines) == ONE
    assert ranges("\ufefforg:1.2.3.4-5.6.7.8") == ONE
    assert ranges("\ufeff1.2.3.4-5.6.7.8") == ONE


def test_dat_levels_from_128_allow() -> None:
    lines = ["1.0.0.0 - 1.0.0.9 , 127 , blocked", "2.0.0.0 - 2.0.0.9 , 128 , allowed", "3.0.0.0-3.0.0.9,255,x"]
    assert ranges(*lines) == [("1.0.0.0", "1.0.0.9")]


def test_ranges_are_merged_and_sorted() -> None:
    lines = ["9.0.0.0/24", "1.0.0.5-1.0.0.9", "1.0.0.0-1.0.0.6", "1.0.0.10", "1.0.0.12", "1.0.0.1-1.0.0.2"]
    assert ranges(*lines) == [("1.0.0.0", "1.0.0.10"), ("1.0.0.12", "1.0.0.12"), ("9.0.0.0", "9.0.0.255")]


def test_look_ups_hold_at_the_edges() -> None:
    listed, _ = parse(["org:1.2.3.4-1.2.3.6", "0.0.0.0", "255.255.255.255"])
    assert len(listed) == 3
    blocked = ["0.0.0.0", "1.2.3.4", "1.2.3.5", "1.2.3.6", "255.255.255.255"]
    free = ["0.0.0.1", "1.2.3.3", "1.2.3.7", "255.255.255.254"]
    assert [ip in listed for ip in blocked + free] == [True] * 5 + [False] * 4
    assert "1.2.3.4" not in Blocklist()


@given(st.lists(st.tuples(*[st.integers(0, 300)] * 2), max_size=12))
def test_a_look_up_agrees_with_asking_each_range(pairs: list[tuple[int, int]]) -> None:
    listed, _ = parse(f"x:{IPv4Address(a)}-{IPv4Address(b)}" for a, b in pairs)
    for number in range(302):
        expected = any(min(pair) <= number <= max(pair) for pair in pairs)
        assert (str(IPv4Address(number)) in listed) is expected


def test_reversed_ranges_are_turned_round_with_one_warning() -> None:
    listed, warnings = parse(["# head", "org:5.6.7.8-1.2.3.4", "9.9.9.9-9.9.9.1"])
    assert list(listed.ranges()) == [*ONE, ("9.9.9.1", "9.9.9.9")]
    assert warnings == ["blocklist: ranges written backwards, taken as meant: 2, the first in line 2"]


SIX = [("2001:db8::1", "2001:db8::ff")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2001:db8::/32", [("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")]),
        ("2001:DB8:1:2::9/32", [("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")]),
        ("2001:db8::1", [("2001:db8::1", "2001:db8::1")]),
        ("2001:db8::1-2001:db8::ff", SIX),
        ("2001:db8::1 - 2001:db8::ff", SIX),
        ("org:2001:db8::1-2001:db8::ff", SIX),
        ("org : 2001:db8::1 - 2001:db8::ff\r\n", SIX),
        ("Foo, Inc - West:2001:db8::1-2001:db8::ff", SIX),
        ("2001:0db8::0001 - 2001:0db8::00ff , 000 , a:b, c-d", SIX),
        ("fe80::1 - fe80::2 , 0 , label", [("fe80::1", "fe80::2")]),
        ("a:b:2001:db8:1:2:3:4:5:6-2001:db8:1:2:3:4:5:7", [("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:7")]),
        ("beef:2001:db8::1-2001:db8::ff", SIX),
        ("1:2001:db8::1-2001:db8::ff", SIX),
        ("2:1::1-2:1::5", [("2:1::1", "2:1::5")]),
        ("::/0", [("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]),
        ("::", [("::", "::")]),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", [("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",) * 2]),
        ("2001:db8::/32 ; SBL1", [("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")]),
        ("2001:db8::1 # a router", [("2001:db8::1", "2001:db8::1")]),
    ],
)
def test_every_format_is_read_of_ipv6(line: str, expected: list[tuple[str, str]]) -> None:
    assert ranges(line) == expected


def test_ranges_of_ipv6_are_merged_sorted_and_looked_up_beside_those_of_ipv4() -> None:
    listed, warnings = parse(
        ["2001:db8::5-2001:db8::9", "x:1.2.3.4-1.2.3.6", "2001:db8::a", "2001:db8::7/128", "2001:db8::c", "org:::1"]
    )
    assert warnings == [] and len(listed) == 4
    six = [("::1", "::1"), ("2001:db8::5", "2001:db8::a"), ("2001:db8::c", "2001:db8::c")]
    assert list(listed.ranges()) == [("1.2.3.4", "1.2.3.6"), *six]
    blocked = ["1.2.3.5", "::1", "2001:db8::5", "2001:db8::a", "2001:db8::c"]
    free = ["1.2.3.7", "::", "::2", "2001:db8::4", "2001:db8::b", "2001:db8::d", "::ffff:1.2.3.5"]
    assert [ip in listed for ip in blocked + free] == [True] * 5 + [False] * 7
    assert "2001:db8::6" not in listed.sparing("2001:db8::6", "2001:db8::6")
    assert "2001:db8::7" in listed.sparing("2001:db8::6", "2001:db8::6") and listed.sparing("::9", "::9") == listed


@given(st.lists(st.tuples(*[st.integers(0, 2**128 - 1) | st.integers(0, 40)] * 2), max_size=8))
def test_a_look_up_in_ipv6_agrees_with_asking_each_range(pairs: list[tuple[int, int]]) -> None:
    listed, _ = parse(f"x:{IPv6Address(a)}-{IPv6Address(b)}" for a, b in pairs)
    for number in {*range(42), *(end + step for pair in pairs for end in pair for step in (-1, 0, 1))}:
        if 0 <= number < 2**128 and number >> 32 != 0xFFFF:
            expected = any(min(pair) <= number <= max(pair) for pair in pairs)
            assert (str(IPv6Address(number)) in listed) is expected


@pytest.mark.parametrize(
    "line",
    [
        "2001:db8::/129",
        "2001:db8::/",
        "2001:db8::1%eth0",
        "2001:db8::1-",
        "-2001:db8::1",
        "2001:db8:::1",
        "1:2:3:4:5:6:7:8:9-1:2:3:4:5:6:7:8:9",
        "2001:db8::g",
        "2001:db8::1-2001:db8::2-2001:db8::3",
        "::1-1.2.3.4",
        ":" * 4000,
        "a:" * 2000 + "z",
        "2001:db8::1 - 2001:db8::2 , high , label",
    ],
)
def test_nonsense_of_ipv6_is_named_by_its_line(line: str) -> None:
    with pytest.raises(BlocklistError, match=r"^line 3: .*accepted are .*CIDR") as caught:
        parse(["# head", "org:1.2.3.4-5.6.7.8", line])
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 450


@pytest.mark.parametrize(
    "line",
    ["::ffff:1.2.3.4", "::ffff:1.2.3.4-::ffff:1.2.3.9", "::ffff:1.2.3.0/120"],
)
def test_ipv4_in_ipv6_is_accepted_and_counted(line: str) -> None:
    listed, warnings = parse(["org:1.2.3.4-5.6.7.8", line])
    assert list(listed.ranges()) == ONE
    (warning,) = warnings
    assert warning.endswith("(::ffff:0:0/96), which no packet comes from: 1, the first in line 2")


@pytest.mark.parametrize(
    "line",
    [
        "garbage",
        "org:",
        "org:garbage",
        "org:1.2.3.4-",
        "org:-1.2.3.4",
        "org:999.1.1.1-999.1.1.2",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.4/33",
        "1.2.3.4/",
        "1.2.3.4-1.2.3.0/24",
        "1.2.3.4-::1",
        "::1-1.2.3.4",
        "16909060",
        "0x1.2.3.4",
        "1_0.2.3.4",
        "+1.2.3.4",
        "\uff11.2.3.4",
        "1.2.3.4\x001",
        "\udcff",
        "<html>",
        "PK\x03\x04",
        "1.2.3.4 - 1.2.3.5 , high , label",
        "x:" * 2000,
        "localhost",
    ],
)
def test_nonsense_is_named_by_its_line(line: str) -> None:
    with pytest.raises(BlocklistError, match=r"^line 3: .*accepted are .*CIDR") as caught:
        parse(["# head", "org:1.2.3.4-5.6.7.8", line])
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 450


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse([text])
    except BlocklistError as error:
        assert str(error).isprintable()


def test_an_address_that_is_none_is_an_error_and_not_simply_free() -> None:
    for text in ("::1::", "1.2.3.4.5", ""):
        with pytest.raises(OSError):
            assert text in Blocklist([(0, 2**32 - 1)], [(0, 2**128 - 1)])
    assert "::1" not in Blocklist([(0, 2**32 - 1)]) and "1.2.3.4" not in Blocklist((), [(0, 2**128 - 1)])


def test_the_usual_formats_do_not_load_netaddr() -> None:
    script = (
        "import sys; from dhtui.engine.defence.blocklist import parse;"
        "parse(['a:1.2.3.4-1.2.3.5', '001.002.003.004 - 001.002.003.005 , 000 , x', '1.2.3.4']);"
        "sys.exit('netaddr' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


# Files


@pytest.mark.parametrize("name", ["list.p2p", "list.p2p.gz", "list.txt"])
def test_files_are_read_packed_or_not(tmp_path: Path, name: str) -> None:
    text = "\ufeff# head\r\nL\u00e9gion:1.2.3.4-5.6.7.8\r\n10.0.0.0/8".encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    listed, warnings = blocklist_file.load(str(path))
    assert list(listed.ranges()) == ONE + NET
    assert warnings == []


def test_a_label_in_another_encoding_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "list.dat"
    path.write_bytes(b"001.002.003.004 - 005.006.007.008 , 000 , L\xe9gion\n")
    assert list(blocklist_file.load(str(path))[0].ranges()) == ONE


@pytest.mark.parametrize(
    "text",
    [
        "org:1.2.3.4-5.6.7.8,x:10.0.0.0-10.255.255.255",
        "org:1.2.3.4-5.6.7.8\n10.0.0.0/8\n",
        "1.2.3.4-5.6.7.8, 10.0.0.0/8 ,",
    ],
)
def test_ranges_are_taken_literally(text: str) -> None:
    listed, warnings = blocklist_file.load(text)
    assert list(listed.ranges()) == ONE + NET
    assert warnings == []


def test_an_empty_list_blocks_nothing_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("# nothing\n")
    for text in ("", str(tmp_path / "empty")):
        listed, warnings = blocklist_file.load(text)
        assert len(listed) == 0
        assert warnings == ["blocklist: it blocks no address"]


@pytest.mark.parametrize("text", ["missing.p2p", "org:127.0.0.1-", "x" * 5000, "a\0b"])
def test_neither_file_nor_ranges(text: str) -> None:
    with pytest.raises(BlocklistError, match=r"^blocklist: there is no such file; read as ranges, line 1: "):
        blocklist_file.load(text)


def test_a_folder_is_no_blocklist(tmp_path: Path) -> None:
    with pytest.raises(BlocklistError, match="cannot read it"):
        blocklist_file.load(str(tmp_path))


def test_nonsense_in_a_file_names_the_file_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("org:1.2.3.4-5.6.7.8\nwhat?\n")
    with pytest.raises(BlocklistError, match=r"list: line 2: 'what\?'"):
        blocklist_file.load(str(path))


@pytest.mark.parametrize("cut", [5, 40, -4])
def test_a_damaged_gzip_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "list.gz"
    path.write_bytes(gzip.compress(b"".join(b"x:1.2.3.%d-1.2.3.%d\n" % (n, n) for n in range(99)))[:cut])
    with pytest.raises(BlocklistError, match="damaged"):
        blocklist_file.load(str(path))


def test_what_takes_too_long_to_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that unpacks to very many lines, and a file of nothing but blank ones."""
    path = tmp_path / "list.gz"
    path.write_bytes(gzip.compress(b"1.2.3.4\n" * 500_000))
    with pytest.raises(BlocklistError, match="unpacks to more than 40 times its size"):
        blocklist_file.load(str(path))
    monkeypatch.setattr(blocklist_file, "MAX_LINES", 1000)
    path.write_bytes(b"\n" * 1001)
    with pytest.raises(BlocklistError, match="more than 1000 lines"):
        blocklist_file.load(str(path))
    path.write_bytes(b"\n" * 1000)
    assert len(blocklist_file.load(str(path))[0]) == 0


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.gz"
    path.write_bytes(gzip.compress(b"\0" * 10_000_000))
    with pytest.raises(BlocklistError, match="line 1: it has more than 4096 bytes"):
        blocklist_file.load(str(path))
    monkeypatch.setattr(blocklist_file, "MAX_BYTES", 1 << 20)
    path.write_bytes(gzip.compress(b"#\n" * 10_000_000))
    with pytest.raises(BlocklistError, match="more than 1 MiB"):
        blocklist_file.load(str(path))


def test_all_lines_that_make_no_sense_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("what?\n10.0.0.0/8\nhow?\n")
    with pytest.raises(BlocklistError, match=r"2 lines are no ranges of addresses, 1: 'what\?', 3: 'how\?'; accepted"):
        blocklist_file.load(str(path))
    path.write_text("10.0.0.0/8\n" + "?\n" * 5000)
    with pytest.raises(BlocklistError, match=r"5000 lines .*, 11: '\?' and 4990 more; .*--blocklist-lenient") as caught:
        blocklist_file.load(str(path))
    assert len(str(caught.value)) < 800


def test_a_lenient_list_goes_on_without_them_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("what?\n10.0.0.0/8\nhow?\n")
    listed, warnings = blocklist_file.load(str(path), lenient=True)
    assert list(listed.ranges()) == NET
    assert warnings == ["blocklist: left out, 2 lines are no ranges of addresses, 1: 'what?', 3: 'how?'"]
    with pytest.raises(BlocklistError, match="there is no such file"):
        blocklist_file.load(str(tmp_path / "none"), lenient=True)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04rest\n", "a zip archive: unpack it"),
        (b"\xff\xff\xff\xffP2B\x02" + bytes(9000), "the binary format P2B"),
        ("10.0.0.0/8\n".encode("utf-16"), "text in UTF-16: save it as UTF-8"),
        (b"\xfe\xff" + "10.0.0.0/8\n".encode("utf-16-be"), "text in UTF-16"),
        (b"BZh91AY", "packed with bzip2"),
    ],
)
def test_what_a_file_is_instead_is_said(tmp_path: Path, data: bytes, words: str) -> None:
    for content in (data, gzip.compress(data)):
        (tmp_path / "list").write_bytes(content)
        with pytest.raises(BlocklistError, match=words):
            blocklist_file.load(str(tmp_path / "list"), lenient=True)


def test_a_blocklist_never_blocks_the_testnet() -> None:
    for ranges in ("127.0.0.0/8,10.0.0.0/8", "0.0.0.0/0", "127.9.0.0/16,10.0.0.0/8"):
        start = launch.prepare(Options(testnet=4, blocklist=ranges), serving=True, keeping=True)
        blocks = start.config.settings.blocks
        assert blocks is not None and "10.1.1.1" in blocks
        assert "127.0.0.1" not in blocks and "127.9.9.9" not in blocks
        assert "they are let in" in start.warnings[-1]
    start = launch.prepare(Options(testnet=4, blocklist="10.0.0.0/8"), serving=True, keeping=True)
    assert start.warnings == ()


# ---- a list that is made to hurt --------------------------------------------------------------------------------


def test_a_list_of_too_many_entries_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges_module, "MAX_ENTRIES", 1000)
    blocks, _ = parse(f"10.0.{number >> 8}.{number & 255}" for number in range(1000))
    assert len(blocks) == 1 and "10.0.3.231" in blocks and "10.0.3.232" not in blocks
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield "1.2.3.4"

    with pytest.raises(BlocklistError, match="more than 1000 entries"):
        parse(endless())
    assert taken == 1001


def test_a_long_list_takes_little_memory_and_is_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some 40 bytes an entry at the most, where tuples of numbers take 120; sorted in several runs."""
    monkeypatch.setattr(ranges_module, "RUN", 1000)
    numbers = [(number * 7919) % 100_000 for number in range(100_000)]
    tracemalloc.start()
    blocks, _ = parse(f"11.{number >> 15}.{(number >> 7) & 255}.{number % 128 * 2}" for number in numbers)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * 100_000
    ranges = list(blocks.ranges())
    assert len(ranges) == 100_000 and ranges[0] == ("11.0.0.0", "11.0.0.0")
    assert [tuple(map(int, first.split("."))) for first, _ in ranges] == sorted(
        tuple(map(int, first.split("."))) for first, _ in ranges
    )


def test_a_long_list_of_ipv6_takes_little_memory_and_is_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some 120 bytes an entry at the most; sorted in several runs. netaddr, which is slow, is not asked."""
    monkeypatch.setattr(ranges_module, "RUN", 1000)
    numbers = [(number * 7919) % 20_000 for number in range(20_000)]
    tracemalloc.start()
    blocks, _ = parse(f"2001:db8:{number >> 8:x}:{number & 255:x}::/64" for number in numbers if number % 2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 120 * 20_000
    found = list(blocks.ranges())
    assert len(found) == len(blocks) == 10_000 and found[0] == ("2001:db8:0:1::", "2001:db8:0:1:ffff:ffff:ffff:ffff")
    assert found == sorted(found, key=lambda span: int(IPv6Address(span[0])))


def test_entries_of_both_families_are_counted_against_one_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges_module, "MAX_ENTRIES", 10)
    lines = [f"10.0.0.{number}" for number in range(5)] + [f"2001:db8::{number}" for number in range(5)]
    assert len(parse(lines)[0]) == 2
    with pytest.raises(BlocklistError, match="more than 10 entries"):
        parse([*lines, "2001:db8::9"])
