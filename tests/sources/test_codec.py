"""What is written is read as it was; what is anything else is refused, whatever it is."""

from __future__ import annotations

import json
from dataclasses import dataclass, is_dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.recorded import ESCAPES, again

from dhtui.engine.lookup.decisions import Decision, Distrust, Found, FoundKind, Reason, State, StopReason
from dhtui.engine.outcome import Doubt, Status
from dhtui.engine.views import events, snapshot
from dhtui.engine.views.events import Banned, PacketReceived, PacketSent, QueryFinished, QueryResult
from dhtui.engine.views.snapshot import (
    AnnounceView,
    CandidateView,
    IdentityView,
    LookupDetail,
    LookupView,
    MethodCounts,
    Snapshot,
    StepView,
)
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.faults import Fault, Note, NoteKind
from dhtui.engine.wire.krpc import ErrorReply, FindNode, Message, Put, Query, Response
from dhtui.engine.wire.methods import GivenItem, GivenPeers
from dhtui.sources.codec import CodecError, coder
from dhtui.sources.recording import LINE

ID, ADDR = bytes(range(20)), ("203.0.113.7", 6881)
PUT = Put(ID, b"t", ESCAPES, b"k" * 32, b"s" * 64, 2**63 - 1, b"salt")
QUERY = Query(b"\x1b[2J", "\x9b\xff\x00", PUT, True, None, True)
RESPONSE = Response(
    b"t",
    ID,
    (NodeInfo(ID, ADDR),),
    None,
    (GivenPeers((ADDR, ADDR)), GivenItem(ESCAPES, None, None, -1)),
    None,
    ESCAPES,
    False,
    (Fault.TOKEN,),
)
FOUND = Found(FoundKind.MUTABLE, 4, 1)
VIEW = LookupView(
    3, "get", ID, "user", 1.5, 0.25, False, 9, 8, 1, 0, 152, 8, FOUND, StopReason.CLOSEST_ANSWERED, Doubt.SMALL
)
STEP = StepView(ADDR, None, None, ADDR, 1, False, 0.0, 0.1, None, None, 0, None, None)
LATER = STEP._replace(result=Status.VALUE, found=FOUND, doubt=Distrust.MISFIT)
NOTE = Note(NoteKind.TOO_LONG, 1200)
CANDIDATE = CandidateView(
    ADDR, ID, 160, 0, State.ANSWERED, Status.VALUE, True, 0.01, True, 8, (ADDR,), -(2**63), ESCAPES, NOTE
)
DECISIONS = (Decision(0.0, ADDR, Reason.OPENING, None, 0, 0.04), Decision(0.1, ADDR, Reason.SAME_SUBNET, ADDR))
DETAIL = LookupDetail(VIEW, 8, 8, (STEP, LATER), (CANDIDATE,), 0.0, DECISIONS, 3)


@dataclass(frozen=True, slots=True)
class Everything:
    status: Status
    counts: dict[str, MethodCounts]
    pairs: tuple[tuple[int, int], ...]
    node: NodeInfo | None
    flag: bool = True


@dataclass(frozen=True, slots=True)
class Nothing:
    what: complex


def written(kind: Any, value: Any) -> Any:
    """A value as `json` reads it."""
    return json.loads(coder(kind).dumps(value))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Message, QUERY),
        (Message, RESPONSE),
        (Message, ErrorReply(b"t", 203, ESCAPES, ADDR, b"LT")),
        (LookupDetail, DETAIL),
        (events.Event, PacketReceived(0.1, ADDR, ESCAPES, QUERY, "")),
        (events.Event, PacketSent(1e-9, ADDR, b"", "response", "\x9b", b"\xff")),
        (events.Event, QueryFinished(1.0, ADDR, b"t", "get", "get#1", QueryResult.TIMED_OUT, None)),
        (Everything, Everything(Status.NO_TOKEN, {"ping": MethodCounts(*range(7))}, ((1, 2), (3, 4)), None, False)),
        (Everything, Everything(Status.VALUE, {}, (), NodeInfo(ID, ADDR))),
        (Message | None, None),
    ],
)
def test_a_value_comes_back_as_it_was(kind: Any, value: Any) -> None:
    back = again(kind, value)
    assert back == value and type(back) is type(value)


def test_every_type_of_the_snapshots_and_events_has_a_coder() -> None:
    for module in (snapshot, events):
        for kind in vars(module).values():
            if isinstance(kind, type) and is_dataclass(kind):
                assert coder(kind)


def test_a_type_without_a_coder_is_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError, match="no coder for"):
        coder(Nothing)
    with pytest.raises(TypeError, match="no coder for"):
        coder(int | str)


def test_lines_are_ascii_without_a_line_break() -> None:
    line = LINE.dumps(PacketSent(1.0, ADDR, ESCAPES, "query", "\n\x1b\x9b", ESCAPES))
    assert line.isascii() and b"\n" not in line and b"\x1b" not in line


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_lacks_are_neither_written_nor_read(number: float) -> None:
    with pytest.raises(CodecError, match="not finite"):
        coder(Banned).dumps(Banned(number, "1.2.3.4", 1.0, ""))
    with pytest.raises(CodecError, match=r"Banned\.at: not a number"):
        coder(Banned).loads(json.dumps({"at": number, "ip": "1.2.3.4", "until": 1.0, "why": ""}).encode())


def test_a_field_with_a_default_may_be_missing_and_others_may_not() -> None:
    assert coder(FindNode | Put).loads(json.dumps(["Put", {"id": ID.hex(), "token": "", "v": ""}]).encode()) == Put(
        ID, b"", b""
    )
    with pytest.raises(CodecError, match=r"FindNode\.target is missing"):
        coder(FindNode).decode({"id": ID.hex()})
    with pytest.raises(CodecError, match="a field that is not known"):
        coder(FindNode).decode({"id": ID.hex(), "target": ID.hex(), "__class__": "os.system"})


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (FindNode, {"id": ID.hex()[2:], "target": ID.hex()}),  # 19 bytes
        (FindNode, {"id": ID.hex(), "target": " ".join(["00"] * 20)}),  # blanks between the digits
        (FindNode, {"id": ID.hex(), "target": "é" * 40}),
        (FindNode, {"id": ID.hex(), "target": 7}),
        (FindNode, [ID.hex(), ID.hex()]),
        (FindNode, None),
        (Addr, ["1.2.3.4", 65536]),
        (Addr, ["1.2.3.4", True]),
        (Addr, ["1.2.3.4", 1, 1]),
        (Addr, ["1.2.3.04", 1]),
        (Addr, ["::1::", 1]),
        (Addr, ["[::1]", 1]),
        (Addr, ["fe80::1%eth0", 1]),
        (Addr, ["::1", 65536]),
        (Addr, ["1.2.3.4\x00", 1]),
        (Addr, ["\ud800", 1]),
        (Addr, "1.2.3.4:1"),
        (int, True),
        (int, 1.0),
        (int, 2**64 + 1),
        (float, "1"),
        (float, 10**400),
        (bool, 1),
        (str, b"".hex),
        (bytes, "00" * 65_537),
        (Status, "no such status"),
        (Status, ["value"]),
        (Message, ["Snapshot", {}]),
        (Message, [["Query"], {}]),
        (Message, ["Query"]),
        (tuple[int, ...], {"0": 1}),
        (tuple[int, int], [1]),
        (dict[str, int], [1]),
    ],
)
def test_what_is_not_of_the_type_is_refused(kind: Any, data: Any) -> None:
    with pytest.raises(CodecError):
        coder(kind).decode(data)


@pytest.mark.parametrize("name", ["bits", "hop"])
def test_what_is_drawn_one_sign_each_has_a_bound(name: str) -> None:
    data = written(CandidateView, CANDIDATE)
    with pytest.raises(CodecError, match=rf"CandidateView\.{name}: not an? (?:integer|number) in its range"):
        coder(CandidateView).decode(data | {name: 10**18})


@pytest.mark.parametrize("line", [b"", b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"1" * 5000, b"nul"])
def test_what_is_not_json_is_refused(line: bytes) -> None:
    with pytest.raises(CodecError):
        LINE.loads(line)


def test_a_strangers_words_are_made_harmless_and_method_names_stay_hostile() -> None:
    data = written(QueryFinished, QueryFinished(1.0, ADDR, b"t", "\x1b\x9b", "user", QueryResult.ANSWERED, 0.1))
    back = coder(QueryFinished).decode(data | {"owner": "\x1b[2J\u202e\n" + "x" * 10_000})
    assert back.owner.isprintable() and len(back.owner) <= 4096 and back.owner.startswith("\\x1b[2J\\u202e\\x0a")
    assert back.method == "\x1b\x9b"
    with pytest.raises(CodecError):
        coder(QueryFinished).decode(data | {"method": "\u202e"})


def test_the_address_of_a_ban_is_one() -> None:
    with pytest.raises(CodecError, match=r"Banned\.ip: not an address"):
        coder(Banned).decode({"at": 1.0, "ip": "\x1b[2J", "until": 1.0, "why": ""})


def test_an_announce_says_where_its_fault_is() -> None:
    good = written(AnnounceView, AnnounceView(ID, 0, 1.0, 8, 8, 1.0))
    for field in AnnounceView._fields:
        with pytest.raises(CodecError, match=rf"AnnounceView\.{field}: not "):
            coder(AnnounceView).decode(good | {field: [None]})


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50)
JSON = st.recursive(
    LEAVES | st.binary(max_size=30).map(bytes.hex),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


@given(JSON)
def test_decoding_raises_nothing_but_codec_errors(data: Any) -> None:
    for kind in (Snapshot, LookupDetail, IdentityView, Message, Everything, Addr, tuple[float, ...]):
        try:
            coder(kind).decode(data)
        except CodecError:
            continue


def _places(data: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, part in parts:
        found += [(data, key), *_places(part)]
    return found


@given(st.integers(0, 10**6), JSON)
def test_one_wrong_value_anywhere_is_refused_or_is_of_the_type(where: int, wrong: Any) -> None:
    packet = PacketSent(1.0, ADDR, b"data", "query", "ping", b"t")
    for kind, sample in ((PacketSent, packet), (LookupDetail, DETAIL), (Query, QUERY)):
        tree = written(kind, sample)
        places = _places(tree)
        owner, key = places[where % len(places)]
        owner[key] = wrong
        try:
            value = coder(kind).decode(tree)
        except CodecError:
            continue
        assert again(kind, value) == value


def test_a_note_is_recorded_by_its_stable_form_and_the_sentences_of_older_versions_are_left_out() -> None:
    data = written(CandidateView, CANDIDATE)
    assert data["note"] == "too_long 1200"
    assert written(CandidateView, CANDIDATE._replace(note=None))["note"] == ""
    back = coder(CandidateView).decode
    assert back(data).note == NOTE
    for other in ("", "the value has 1200 bytes, more than 1000", "too_long -1", "too_long 99999999999", "nothing 1"):
        assert back(data | {"note": other}).note is None
    with pytest.raises(CodecError):
        back(data | {"note": None})
