"""What is looked at, as a command line: one that the command line accepts."""

from __future__ import annotations

import shlex

import pytest
from screens import snapshots

from dhtui.engine.wire.bencode import encode
from dhtui.lookups.same import (
    more_of_links,
    more_of_us,
    of_announce,
    of_census,
    of_conform,
    of_item,
    of_links,
    of_lookup,
    of_put,
    of_question,
    same_command,
)
from dhtui.options.config import read
from dhtui.options.planning.plan import plan
from dhtui.packets.parts import Link

TARGET = bytes(range(20))
KEY = bytes.fromhex("77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548")
ADDRESS = ("203.0.113.9", 6881)
LINES = {
    "a node": of_links([Link("node", TARGET, "n"), Link("address", ADDRESS, "a")]),
    "an id": of_links([Link("node", TARGET, "n")]),
    "an infohash": of_links([Link("infohash", TARGET, "n")]),
    "a target": of_links([Link("packet", 3, "p"), Link("target", TARGET, "n")]),
    "a key": of_links([Link("key", KEY, "k")]),
    "a lookup": of_lookup(snapshots.running().lookups[0]),
    "an announce": of_announce(TARGET, 6881),
    "an announce of our port": of_announce(TARGET, 0),
    "a ping": of_question("ping", "203.0.113.9:6881", TARGET),
    "a question": of_question("get", "203.0.113.9:6881", TARGET, b"\x00'"),
    "an item": of_item(TARGET, None, b""),
    "a test of a node": of_conform("203.0.113.9:6881"),
    "a census": of_census(1000, 4.0),
    **{
        name: line
        for kind in ("infohash", "target", "node")
        for name, line in more_of_links([Link(kind, TARGET, "n"), Link("address", ADDRESS, "a")])
    },
    **dict(more_of_us()),
    "a mutable item": of_item(TARGET, KEY, b"\x1b[2J '\"$(rm)"),
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_the_command_line_takes_it(line: str) -> None:
    program, *argv = shlex.split(line)
    assert program == "dhtui"
    plan(read(argv if "conform" in argv else [*argv, "--testnet", "4"]))
    assert line.isprintable()


def test_more_is_told_of_each_thing_once() -> None:
    names = [name for name, _ in more_of_links([Link("infohash", TARGET, "n"), *2 * [Link("address", ADDRESS, "a")]])]
    assert [name.partition(",")[0] for name in names] == ["count the peers", "look for Sybils there", "test the node"]
    assert more_of_links([Link("packet", 3, "p"), Link("key", KEY, "k")]) == []


def test_what_a_shell_would_read_is_quoted() -> None:
    assert same_command("put", "--val", "it's $(rm)") == "dhtui --do put --val 'it'\"'\"'s $(rm)'"


def test_of_what_has_no_equal_there_is_none() -> None:
    assert of_links([Link("packet", 3, "p")]) == "" and of_links([]) == ""
    assert of_lookup(snapshots.running().lookups[1]) == ""


@pytest.mark.parametrize("text", ["hello", 'it\'s $(rm) "x"', "-x", "@file", "hex:00", "ümläut", "--val"])
def test_a_put_puts_the_same_value(text: str) -> None:
    line = of_put(encode(text.encode()), "bep44test", b"\x00'", 7, 6, 2)
    options = read(shlex.split(line)[1:])
    assert options.val == text.encode() and options.salt == b"\x00'"
    assert (options.seq, options.cas, options.min_stored, options.keyname) == (7, 6, 2, "bep44test")
    assert line.isprintable()


def test_a_put_of_bencode_is_given_as_that_and_one_that_can_not_be_typed_not_at_all() -> None:
    options = read(shlex.split(of_put(b"d1:ai1ee"))[1:])
    assert options.val_bencoded == b"d1:ai1ee"
    for v in (encode(b"\xff\x00"), encode(b"two\nlines"), b"not bencode", encode(b"")):
        assert of_put(v) == ""
