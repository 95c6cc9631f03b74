"""The filter language."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhtui.engine.views.events import PacketReceived
from dhtui.engine.wire.krpc import Get, GetPeers, Ping
from dhtui.packets.filter import HELP, FilterError, completions, parse

from .samples import NODES, OWN_ID, TARGET, THEIR_ID, THEM, answered, asked, datagrams, failed, got, ring_of, sent

RING = ring_of(
    sent(1, Get(OWN_ID, TARGET)),
    answered(2, {b"token": b"x"}),
    asked(3, GetPeers(THEIR_ID, TARGET), b"\xa1\xf0", addr=("10.1.2.3", 51413)),
    got(4, b"rubbish", addr=("10.10.2.3", 7)),
    sent(5, Ping(OWN_ID), b"ab"),
    failed(6, 203, "Bad <Token>", b"ab"),
    asked(7, Get(THEIR_ID, TARGET), b"zz", problem="bad token"),
    PacketReceived(8, THEM, b"d" * 400, None, "rate limit"),
)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", "12345678"),
        ("  ", "12345678"),
        ("method:get", "127"),
        ("METHOD:get", "127"),
        ("method:get dir:in", "27"),
        ("!method:get", "34568"),
        ("dir:out", "15"),
        ("type:q", "1357"),
        ("type:response", "2"),
        ("type:e", "6"),
        ("type:u", "48"),
        ("err:any", "4678"),
        ("err:none", "1235"),
        ("err:203", "6"),
        ("err:301", ""),
        ("from:203.0.113.9", "2678"),
        ("to:203.0.113.9", "15"),
        ("addr:203.0.113.9:6882", "125678"),
        ("addr:203.0.113.9:1", ""),
        ("addr:10.1", "3"),
        ("addr:10.1.", "3"),
        ("addr:10", "34"),
        ("addr:10.0.0.0/8", "34"),
        ("addr:10.1.2.3/16", "3"),
        ("from:10.0.0.0/8 !type:u", "3"),
        ("id:2d7", "12357"),
        ("id:2D7D", "237"),
        ("target:2d2d", "1237"),
        ("tid:a1f", "3"),
        ("len:>300", "8"),
        ("len:400", "8"),
        ("len:<8", "4"),
        ("len:<=7", "4"),
        ("len:>=400", "8"),
        ("token", "267"),
        ("!token", "13458"),
        ("<token>", "6"),
        ('text:"bad <"', "6"),
        ('"rate limit"', "8"),
        ("10.10.2.3:7", "4"),
        ("rtt:>500", "26"),
        ("rtt:<500", ""),
        ("!rtt:1000", "134578"),
        ("method:get and dir:in", "27"),
        ("type:e or type:u", "468"),
        ("type:e or type:u len:>100", "68"),
        ("(type:e or type:u) len:>100", "8"),
        ("len:>100 (type:e or type:u)", "8"),
        ("not dir:in", "15"),
        ("not not dir:in", "234678"),
        ("not !dir:in", "234678"),
        ("!(type:e or type:u)", "12357"),
        ("not (type:e or type:u) dir:in", "237"),
        ("dir:in and not (type:q or (type:u and len:>100))", "246"),
        ("dir:out or token", "12567"),
        ("((dir:out))", "15"),
        ('"or"', "6"),
        ("dir:out or (token and dir:in)or type:u", "1245678"),
    ],
)
def test_a_filter_picks_packets(text: str, numbers: str) -> None:
    """Each kind of term, alone and with others."""
    wanted = parse(text)
    assert "".join(str(packet.number) for packet in RING if wanted.matches(packet)) == numbers


@pytest.mark.parametrize(
    ("text", "position", "length", "words"),
    [
        ("foo:1", 0, 3, "method, dir, type"),
        ("dir:in !bar:1", 8, 3, "no bar:"),
        ("dir:", 4, 0, "in or out"),
        ("dir:up", 4, 2, "in or out, not up"),
        ("!", 1, 0, "after ! comes"),
        ("method:a-b", 7, 3, "ping, find_node"),
        ("type:x", 5, 1, "q (query)"),
        ("err:bad", 4, 3, "any, none"),
        ("from:300.1.1.1", 5, 9, "10.0.0.0/8"),
        ("from:1.2.3:80", 5, 8, "address:port"),
        ("from:1.2.3.4.5", 5, 9, "address:port"),
        ("addr:1.2.3.4/99", 5, 10, "a block"),
        ("id:xyz", 3, 3, "hex digits"),
        ("id:" + "a" * 41, 3, 41, "1 to 40"),
        ("len:>", 4, 1, "a number of bytes"),
        ('dir:in "open', 7, 1, "not closed"),
        ('text:""', 7, 0, "a text"),
        ("\x1b[2J:x y:z", 7, 1, "no y:"),
        ("or dir:in", 0, 2, 'before or comes a term; to search for the word, write "or"'),
        ("dir:in or", 9, 0, "after or comes a term"),
        ("dir:in or or", 10, 2, "after or comes a term"),
        ("dir:in and )", 11, 1, "after and comes a term"),
        ("not", 3, 0, "after not comes a term"),
        ("dir:in )", 7, 1, "closes nothing"),
        ("dir:in (", 8, 0, "after ( comes a term"),
        ("dir:in ()", 8, 0, "between ( and )"),
        ("dir:in (type:q", 7, 1, "not closed"),
        ("(" * 30, 20, 1, "at most 20"),
        ("(dir:up)", 5, 2, "in or out, not up"),
    ],
)
def test_a_mistake_is_shown_where_it_is_with_what_is_accepted(
    text: str, position: int, length: int, words: str
) -> None:
    """The line turns red while typing; the sentence says what to type instead."""
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert (caught.value.position, caught.value.length) == (position, length)
    assert words in caught.value.message and caught.value.message.isprintable()


def test_every_example_of_the_help_is_a_filter() -> None:
    """What the help shows can be typed."""
    for example, meaning in HELP:
        parse(example)
        assert meaning.isprintable()
    assert any(example.startswith("len:") for example, _ in HELP)


def test_completions_name_the_terms_and_then_their_values() -> None:
    """For the word at the cursor."""
    assert [found.text for found in completions("t", 1)] == ["type:", "to:", "target:", "tid:", "text:"]
    assert [found.text for found in completions("dir:in err:", 11)][:2] == ["err:any", "err:none"]
    (only,) = completions("!method:ann dir:in", 11)
    assert (only.start, only.end, only.text) == (1, 11, "method:announce_peer")
    assert len(completions("", 0)) == len(completions("dir:in ", 7)) == 14
    assert [found.text for found in completions("dir:in (n", 9)] == ["net:", "not"]
    assert [found.text for found in completions("(me", 3)] == ["method:"]
    assert completions("nonsense:", 9) == [] and completions("dir:in", 6) == []


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=30)
    | st.lists(st.sampled_from([example for example, _ in HELP])).map(" ".join)
    | st.lists(st.sampled_from(["(", ")", "!", "not", "and", "or", "dir:in", '"', "x"]), max_size=12).map(" ".join),
    datagrams,
)
def test_whatever_is_typed_is_read_or_refused_in_words(text: str, data: bytes) -> None:
    """And what was read copes with any packet."""
    for cursor in range(len(text) + 1):
        completions(text, cursor)
    try:
        wanted = parse(text)
    except FilterError as error:
        assert 0 <= error.position <= error.position + error.length <= len(text)
        assert error.message.isprintable()
    else:
        for packet in ring_of(got(1, data), answered(2, {b"nodes": bytes(26 * len(NODES))})):
            wanted.matches(packet)


def test_many_signs_in_a_row_are_read_without_recursion() -> None:
    """A text that is pasted may be of any length."""
    assert parse("not " * 5000 + "dir:in").matches(next(iter(RING))) is False
    with pytest.raises(FilterError):
        parse("!(" * 5000)
