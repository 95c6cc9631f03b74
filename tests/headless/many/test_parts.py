"""The parts of a run with many targets: lines, what they ask for, the file of results, and how far it is."""

from __future__ import annotations

import io
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dhtui.actions.request import HostPort, Request
from dhtui.actions.run import Result
from dhtui.engine.items import ImmutableItem, mutable_target, sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.errors import Exit, Failure, UsageError
from dhtui.headless.many import told as words
from dhtui.headless.many.jobs import Job, jobs
from dhtui.headless.many.journal import MAX_LINES, Journal
from dhtui.headless.many.lines import CHUNK, MAX_LINE, Line, Splitter, lines
from dhtui.headless.many.progress import SPAN, Meter
from dhtui.headless.many.told import Tally, Told
from dhtui.items.file import encode_item, text, write
from dhtui.items.value import pointer
from dhtui.text.actions.results import Came, Said

HASH = "86d4c8ef2bd1ea1a4a2df3d9bb0fb1fe41eff8f0"
OTHER = "aa" * 20
KEY = BEP44_TEST_KEY.public
ESCAPES = "\x1b[2J\u202e\r\x00"
ITEM = sign(BEP44_TEST_KEY, b"5:hello", 3, b"salt")


# ---- lines ----------------------------------------------------------------------------------------------


def test_lines_are_numbered_whatever_the_chunks_are() -> None:
    data = b"\xef\xbb\xbfone\r\ntwo\n\nfour"
    for size in range(1, len(data)):
        splitter = Splitter()
        found = [line for at in range(0, len(data), size) for line in splitter.feed(data[at : at + size])]
        assert [*found, *splitter.end()] == [Line(1, b"one"), Line(2, b"two"), Line(3, b""), Line(4, b"four")]


def test_a_line_without_end_takes_no_memory_and_is_told() -> None:
    splitter = Splitter()
    for _ in range(100):
        assert list(splitter.feed(b"x" * CHUNK)) == [] and len(splitter._rest) <= MAX_LINE
    assert list(splitter.feed(b"\nnext\n")) == [Line(1, None), Line(2, b"next")]
    assert list(lines(io.BytesIO(b"x" * (MAX_LINE + 1)))) == [Line(1, None)]


# ---- jobs -----------------------------------------------------------------------------------------------


def asked(action: str, line: str, **more: Any) -> list[Job]:
    return jobs(Line(7, line.encode("utf-8", "surrogateescape")), Request(action=action, **more))


def test_a_line_is_read_as_the_command_line_reads_it() -> None:
    (one,) = asked("get_peers", f"  magnet:?xt=urn:btih:{HASH} ")
    assert one.name == HASH and one.request is not None and one.request.target == bytes.fromhex(HASH)
    hybrid = f"magnet:?xt=urn:btih:{HASH}&xt=urn:btmh:1220{'bb' * 32}"
    assert [(job.part, job.name) for job in asked("scrape", hybrid)] == [(0, HASH), (1, "bb" * 20)]
    (place,) = asked("find_node", OTHER)
    assert place.name == OTHER
    (salted,) = asked("get", f"{KEY.hex()} my salt")
    assert salted.request is not None and (salted.request.public, salted.request.salt) == (KEY, b"my salt")
    assert salted.name == mutable_target(KEY, b"my salt").hex()
    (node,) = asked("ping", "127.0.0.1:6881")
    assert node.request is not None and node.request.remotes == (HostPort("127.0.0.1", 6881),)


def test_a_put_takes_files_and_items_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "item.json"
    write(path, ITEM)
    in_a_line = json.dumps(json.loads(text(ITEM)))
    for line in (str(path), in_a_line):
        (job,) = asked("put", line)
        assert job.name == ITEM.target.hex() and job.request is not None and job.request.what == ITEM
    (value,) = asked("put", json.dumps(json.loads(text(ImmutableItem(b"1:x")))))
    assert value.request is not None and value.request.what == ImmutableItem(b"1:x")


@pytest.mark.parametrize("line", ["", "   ", "# a comment", "#"])
def test_blank_lines_and_comments_ask_for_nothing(line: str) -> None:
    assert asked("get", line) == []


@pytest.mark.parametrize(
    ("action", "line"),
    [
        ("get_peers", "zz"),
        ("get_peers", "self"),
        ("get_peers", ESCAPES),
        ("find_node", "self"),
        ("find_node", KEY.hex()),
        ("get", "self"),
        ("get", f"{KEY.hex()} {'x' * 65}"),
        ("get", "\udcff" * 40),
        ("ping", "nowhere"),
        ("ping", "::1:6881"),
        ("put", "/nowhere/at all"),
        ("put", "{}"),
        ("put", json.dumps({"type": "dhtui-item-1"} | encode_item(ITEM) | {"seq": 4})),
        ("put", "/dev/zero"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused_in_one_safe_line(action: str, line: str) -> None:
    with pytest.raises(UsageError) as error:
        asked(action, line)
    assert str(error.value).isprintable()


# ---- the file of results --------------------------------------------------------------------------------


def job(line: int, part: int = 0) -> Job:
    return Job(line, part, f"{line:040x}", None)


def result(line: int, part: int = 0, action: str = "get_peers") -> str:
    told = {
        "type": "target",
        "action": action,
        "line": line,
        "part": part,
        "name": f"{line:040x}",
        "found": line % 2 == 0,
    }
    return json.dumps(told) + "\n"


def test_each_of_ten_thousand_targets_is_there_once_however_often_the_run_is_killed(tmp_path: Path) -> None:
    """A killed process leaves whole lines, a power failure a part of one: nothing is lost or repeated."""
    path, rng, count = tmp_path / "results", Random(1), 10_000
    todo, left, kills = list(range(1, count + 1)), [0], 0
    while left:
        journal = Journal(path, "get_peers")
        left = [line for line in todo if not journal.has(job(line))]
        assert journal.count == count - len(left)
        rng.shuffle(left)  # they end in any order
        for line in left[: rng.randrange(1, 4000)]:
            journal.add(result(line))
        journal.close()
        if left:
            with path.open("ab") as file:
                file.write(result(left[0]).encode()[: rng.randrange(60)])
            kills += 1
    assert kills > 2
    assert sorted(json.loads(line)["line"] for line in path.read_text().splitlines()) == todo


def test_it_knows_how_much_was_found_before(tmp_path: Path) -> None:
    path = tmp_path / "results"
    path.write_text(result(1) + result(2) + result(2, 1))
    journal = Journal(path, "get_peers")
    assert (journal.count, journal.found) == (3, 2)
    assert journal.has(job(2, 1)) and not journal.has(job(1, 1)) and not journal.has(job(3))
    journal.close()


def test_other_targets_than_those_it_was_begun_with_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "results"
    path.write_text(result(1))
    journal = Journal(path, "get_peers")
    with pytest.raises(UsageError, match="has a result of another target for line 1"):
        journal.has(Job(1, 0, OTHER, None))
    with pytest.raises(UsageError, match="at most"):
        journal.has(job(MAX_LINES + 1))
    journal.close()


@pytest.mark.parametrize(
    "content",
    [
        "my diary\n",
        "my diary without an end",
        result(1) + "my diary\n",
        result(1, action="get"),
        result(1).replace('"line": 1,', f'"line": {10**18},'),
        result(1).replace('"line": 1,', '"line": -1,'),
        result(1).replace('"part": 0,', '"part": 2,'),
        '{"type": "result"}\n',
        "[" * 100_000 + "\n",
        "null\n",
    ],
)
def test_a_file_that_holds_anything_else_is_left_as_it_is(content: str, tmp_path: Path) -> None:
    path = tmp_path / "results"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"--resume: line . of .* is no result of get_peers"):
        Journal(path, "get_peers")
    assert path.read_text() == content


def test_zeros_that_a_power_failure_left_are_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "results"
    path.write_bytes(result(1).encode() + bytes(4096))
    Journal(path, "get_peers").close()
    assert path.read_text() == result(1)


def test_two_runs_never_share_one_file(tmp_path: Path) -> None:
    first = Journal(tmp_path / "results", "get")
    with pytest.raises(UsageError, match="another run"):
        Journal(tmp_path / "results", "get")
    first.close()
    Journal(tmp_path / "results", "get").close()


def test_what_is_no_file_is_refused() -> None:
    for path in ("/dev/null", "/", "/nowhere/x"):
        with pytest.raises(UsageError, match="--resume"):
            Journal(Path(path), "get")


def test_the_file_is_not_standard_output_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "results").open("w") as out:
        monkeypatch.setattr("sys.stdout", out)
        with pytest.raises(UsageError, match="is where standard output goes"):
            Journal(tmp_path / "results", "get")


def test_a_full_disk_is_a_failure() -> None:
    journal = Journal.__new__(Journal)
    with open("/dev/full", "wb", buffering=0) as full:  # noqa: PTH123
        journal._path, journal._descriptor = Path("results"), full.fileno()
        with pytest.raises(Failure, match="No space left"):
            journal.add(result(1))


# ---- progress -------------------------------------------------------------------------------------------


def test_progress_says_when_it_will_end() -> None:
    meter = Meter(100, 1000.0)
    assert meter.line("get", 1000.0, str) == "get: 0 of 100 (0 %), 0.0 a second"
    for second in range(20):
        meter.result(second % 2 == 0, 1001.0 + second)
    assert meter.left(1020.0) == pytest.approx(80.0, abs=5)
    assert meter.line("get", 1020.0, lambda left: "12:00:00").startswith(
        "get: 20 of 100 (20 %), 10 found, 1.0 a second"
    )
    assert meter.line("get", 1020.0, lambda left: "12:00:00").endswith("ends at 12:00:00 (in 80 s)")
    assert "ends" not in Meter(None, 0.0).line("get", 5.0, str)


def test_the_speed_is_that_of_late_and_the_samples_are_bounded() -> None:
    meter = Meter(None, 0.0)
    for number in range(10_000):
        meter.result(True, number / 10)
    assert meter.speed(1000.0) == pytest.approx(10.0, rel=0.05) and len(meter._samples) <= SPAN + 3


# ---- what is told ---------------------------------------------------------------------------------------


def told(action: str, *, ok: bool, asked: tuple[NodeOutcome, ...] = (), **more: Any) -> Told:
    outcome = Outcome(action=action, target=bytes.fromhex(HASH), asked=asked, **more)
    standing: Any = None
    return Told(
        Job(1, 0, HASH, Request(action=action)),
        Result(action=action, ok=ok, said=Said(Came.BAD_ITEM, text="so it is"), standing=standing, outcome=outcome),
    )


ANSWERED = NodeOutcome(addr=("1.2.3.4", 5), status=Status.ANSWERED, id=bytes(20), rtt=0.1, version=b"\x1b[2J")


def test_found_is_what_was_looked_for() -> None:
    assert not told("get_peers", ok=True, asked=(ANSWERED,)).found
    assert told("get_peers", ok=True, asked=(ANSWERED,), peers=((("1.2.3.4", 5), 1),)).found
    assert told("ping", ok=True, asked=(ANSWERED,)).found
    assert not Told(Job(1, 0, "x", None), None, "no sense", Exit.USAGE).found


def test_hostile_values_are_safe_in_both_lines() -> None:
    v = b"%d:%b" % (len(ESCAPES.encode()), ESCAPES.encode())
    found = [
        told("get", ok=True, asked=(ANSWERED,), item=ImmutableItem(v)),
        told("ping", ok=True, asked=(ANSWERED,)),
        Told(Job(1, 0, "'\\x1b'", None), None, f"no sense {ESCAPES}", Exit.USAGE),
    ]
    for each in found:
        action = "get" if each.result is None else each.result.action
        assert words.as_text(each, action).isprintable()
        line = json.dumps(words.as_json(each, action))
        assert line.isprintable() and line.isascii()


def test_a_known_value_is_told_as_what_it_is() -> None:
    item = sign(BEP44_TEST_KEY, pointer(bytes.fromhex(HASH)), 5)
    line = words.as_text(told("get", ok=True, asked=(ANSWERED,), item=item), "get")
    assert line == f"{HASH}  seq 5  torrent {HASH}; magnet:?xt=urn:btih:{HASH}"


@pytest.mark.parametrize(
    ("results", "least", "code"),
    [
        ([], 1.0, Exit.OK),
        ([True], 1.0, Exit.OK),
        ([True, False], 1.0, Exit.FAILED),
        ([True, False], 0.5, Exit.OK),
        ([False, False], 0.0, Exit.OK),
        ([None, None], 1.0, Exit.NO_ANSWER),
        ([None, False], 1.0, Exit.FAILED),
        ([False, False], 1.0, Exit.NOT_FOUND),
    ],
)
def test_the_exit_code_goes_by_the_share_found(results: list[bool | None], least: float, code: Exit) -> None:
    tally = Tally()
    for each in results:
        here = () if each is None else (ANSWERED,)
        tally.add(told("get", ok=bool(each), asked=here))
    assert tally.exit(least) is code


def test_results_of_earlier_runs_count() -> None:
    tally = Tally(before=9, found_before=9)
    tally.add(told("get", ok=False, asked=(ANSWERED,)))
    assert tally.share == 0.9 and tally.exit(0.9) is Exit.OK and tally.exit(1.0) is not Exit.OK
