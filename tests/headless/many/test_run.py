"""Whole runs with many targets: each is told once, bad lines before any packet, and killed runs are gone on with."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.apart import PATIENCE
from support.background import Neighbours, neighbours
from support.command_line import Run
from support.command_line import home as home
from support.command_line import run as run

from dhtui.actions.request import HostPort, ManyOf, Request
from dhtui.actions.resolve import look_up
from dhtui.actions.run import Result
from dhtui.engine.items import ImmutableItem, Item, sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.engine.testnet import Testnet
from dhtui.engine.wire.compact import Addr
from dhtui.engine.wire.family import Family
from dhtui.errors import Exit
from dhtui.headless.many.jobs import Job
from dhtui.headless.many.run import GONE, ManyRun
from dhtui.headless.many.targets import targets_of
from dhtui.headless.many.told import Told
from dhtui.headless.output import Output
from dhtui.headless.stopping import Stop
from dhtui.items.file import write
from dhtui.keyring import Keyring
from dhtui.options import config
from dhtui.options.planning import plan
from dhtui.options.planning.many import READS_A_SECOND, WRITES_A_SECOND
from dhtui.runtime.node_run import NodeRun
from dhtui.text.actions.notices import NoAddress, Unusable
from dhtui.text.actions.results import Came, Said

ITEM = sign(BEP44_TEST_KEY, b"5:hello", 3, b"many")


@pytest.fixture(scope="module")
def net() -> Iterator[Neighbours]:
    with neighbours() as found:
        yield found


def network(net: Neighbours) -> tuple[str, ...]:
    return ("--listen", "127.0.0.1:0", "--bnodes", net.net)


def targets(count: int, path: str = "targets") -> str:
    Path(path).write_text("".join(f"{number:040x}\n" for number in range(1, count + 1)))
    return path


def parsed(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_each_target_is_told_once_and_the_end_is_summed_up(run: Run, net: Neighbours) -> None:
    file = targets(30)
    code, out, err = run(*network(net), "--do", "find_node", "--targets", file, "--json")
    *lines, last = parsed(out)
    assert code == 0 and sorted(line["line"] for line in lines) == list(range(1, 31))
    assert all(line["name"] == f"{line['line']:040x}" and line["found"] for line in lines)
    assert (last["type"], last["targets"], last["found"], last["complete"]) == ("many", 30, 30, True)
    assert err == "find_node ended: found 30 of 30 targets\n"
    code, out, _ = run(*network(net), "--do", "get_peers", "--targets", file, "--quiet", "--parallel", "1")
    assert code == Exit.NOT_FOUND, "nobody has peers of any"
    assert sorted(line.split()[0] for line in out.splitlines()) == [f"{number:040x}" for number in range(1, 31)]
    assert run(*network(net), "--do", "get_peers", "--targets", file, "--least", "0%")[0] == 0


def test_items_are_put_and_got_in_bulk(run: Run, net: Neighbours) -> None:
    values = [ImmutableItem(b"2:%02d" % number) for number in range(8)]
    items: list[Item] = [*values, ITEM]
    for number, item in enumerate(items):
        write(Path(f"item{number}.json"), item)
    Path("files").write_text("".join(f"item{number}.json\n" for number in range(9)))
    code, out, _ = run(*network(net), "--do", "put", "--targets", "files", "--json")
    assert code == 0 and all(line["holders"] for line in parsed(out)[:-1])
    wanted = [*(item.target.hex() for item in values), f"{BEP44_TEST_KEY.public.hex()} many"]
    Path("wanted").write_text("# what was put\n" + "\n".join(wanted) + "\n\n" + "ee" * 20)
    code, out, _ = run(*network(net), "--do", "get", "--targets", "wanted", "--json", "--least", "90%")
    *lines, last = parsed(out)
    assert code == 0 and (last["found"], last["targets"], last["share"]) == (9, 10, 0.9)
    assert {line["item"]["value_text"] for line in lines if line["item"]} == {"hello", *(f"{n:02d}" for n in range(8))}
    (missing,) = [line for line in lines if not line["found"]]
    assert missing["line"] == 12 and missing["exit"] == Exit.NOT_FOUND


def test_what_the_key_put_is_noted(run: Run, net: Neighbours, home: Path) -> None:
    key = Keyring(home / "dhtui" / "keys").generate("me")
    write(Path("mine.json"), sign(key, b"1:x", 41, b"s"))
    Path("files").write_text("mine.json\n")
    assert run(*network(net), "--do", "put", "--targets", "files")[0] == 0
    (use,) = Keyring(home / "dhtui" / "keys").list()[1].uses
    assert (use.salt, use.seq) == (b"s", 41)


def test_nodes_are_pinged_in_bulk_and_no_answer_is_a_result(
    run: Run, net: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_names(remote: HostPort, families: Collection[Family]) -> tuple[Addr, ...] | NoAddress:
        return NoAddress(Unusable.NO_ADDRESS) if remote.host == "somewhere" else await look_up(remote, families)

    monkeypatch.setattr("dhtui.headless.many.run.look_up", no_names)
    Path("nodes").write_text(f"{net.node}\n127.0.0.9:1\nsomewhere:1\n{net.liar}\n")
    argv = ["--do", "ping", "--targets", "nodes", "--qtimeout", "30s", "--listen", "127.0.0.1:0", "--resume", "r"]
    argv += ["--blocklist", "127.0.0.9"]
    code, out, _ = run(*argv, "--json")
    *lines, last = sorted(parsed(out), key=lambda line: line.get("line", 9))
    assert code == Exit.FAILED and last["found"] == 2
    assert [line["found"] for line in lines] == [True, False, False, True]
    assert lines[1]["node"]["status"] == "blocked" and lines[2]["summary"] == "has no address that can be used"
    assert len(Path("r").read_text().splitlines()) == 4
    code, out, _ = run(*argv)
    assert code == Exit.FAILED and out == "", "all of them are done"


def test_many_targets_are_asked_of_one_node(run: Run, net: Neighbours) -> None:
    """And only of it: without a bootstrap, and as one target is."""
    argv = ("--listen", "127.0.0.1:0", "--remote", net.node, "--rate", "100", "--json")
    items = [ImmutableItem(b"2:r%d" % number) for number in range(3)]
    for number, item in enumerate(items):
        write(Path(f"item{number}.json"), item)
    Path("files").write_text("".join(f"item{number}.json\n" for number in range(3)))
    code, out, err = run(*argv, "--do", "put", "--targets", "files")
    *lines, last = parsed(out)
    assert (code, last["found"]) == (0, 3), err
    assert all([each["addr"] for each in line["holders"]] == [net.node] for line in lines)
    Path("wanted").write_text("".join(f"{item.target.hex()}\n" for item in items))
    code, out, _ = run(*argv, "--do", "get", "--targets", "wanted")
    *lines, last = parsed(out)
    assert code == 0 and {line["item"]["value_text"] for line in lines} == {"r0", "r1", "r2"}
    assert all(line["asked"] == 1 for line in lines)
    code, out, _ = run(*argv, "--do", "find_node", "--targets", targets(2))
    assert code == 0 and all(net.node not in [near["addr"] for near in line["closest"]] for line in parsed(out)[:-1])


@pytest.mark.parametrize(
    ("argv", "rate"), [("--do put", WRITES_A_SECOND), ("--do get", READS_A_SECOND), ("--do scrape --rate 9", 9.0)]
)
def test_named_nodes_are_asked_at_a_rate_that_they_take(argv: str, rate: float) -> None:
    words = ["--targets", "f", *argv.split()]
    many = plan(config.read([*words, "--remote", "127.0.0.1:1,127.0.0.1:2"]))
    assert isinstance(many, Request) and many.many is not None and many.many.rate == rate
    assert many.remotes is not None and len(many.remotes) == 2
    lookups = plan(config.read(["--targets", "f", "--do", "get", "--remote", "closest_stores"]))
    assert isinstance(lookups, Request) and lookups.many is not None
    assert (lookups.many.rate, lookups.remotes) == (None, None)


def test_a_line_that_makes_no_sense_is_told_before_any_packet(run: Run) -> None:
    Path("t").write_text("0" * 40 + "\nzz\n" + "1" * 40 + "\nself\n" + "\x1b[2J\n" * 5)
    code, out, err = run("--do", "get_peers", "--targets", "t", "--bnodes", "127.0.0.1:1", "--resume", "r")
    assert code == Exit.USAGE and out == "" and not Path("r").read_text()
    assert err.startswith("dhtui: --targets: line 2: 'zz' is not a target") and "line 4: self is a node" in err
    assert err.endswith("and 4 more\n") and len(err.splitlines()) == 1 and "\x1b" not in err


def test_of_a_pipe_such_a_line_is_a_result_that_failed(net: Neighbours, home: Path) -> None:
    words = ("--do", "find_node", "--targets", "-", "--json")
    ran = subprocess.run(
        [sys.executable, "-m", "dhtui", *network(net), *words],
        input=b"1" * 40 + b"\nzz\x1b[2J\n" + b"2" * 40,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
        env={**os.environ, "HOME": str(home)},
    )
    *lines, last = parsed(ran.stdout.decode())
    assert ran.returncode == Exit.FAILED and (last["found"], last["bad"]) == (2, 1)
    (bad,) = [line for line in lines if line["exit"] == Exit.USAGE]
    assert bad["line"] == 2 and "is not a target" in bad["summary"] and "\x1b" not in ran.stdout.decode()


def test_a_run_that_is_killed_is_gone_on_with(run: Run, net: Neighbours, home: Path) -> None:
    """After kill -9 in the middle, and a second run, each target is there exactly once."""
    count, begun = 150, 60
    argv = (*network(net), "--do", "find_node", "--resume", "results", "--targets")
    file = targets(count)
    process = subprocess.Popen(
        [sys.executable, "-m", "dhtui", *argv, "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "HOME": str(home)},
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(b"".join(Path(file).read_bytes().splitlines(keepends=True)[:begun]))
    process.stdin.flush()  # it is left open: the run can't come to its end
    for _ in range(20):
        assert process.stdout.readline()
    process.kill()
    process.wait(PATIENCE)
    process.stdin.close()
    process.stdout.close()
    argv = (*argv, file)
    before = Path("results").read_text()
    done = before.count("\n")
    assert before.endswith("\n") and 20 <= done <= begun
    code, out, err = run(*argv, "--quiet")
    assert code == 0 and not err and len(out.splitlines()) == count - done
    whole = Path("results").read_text()
    assert whole.startswith(before)
    assert Counter(line["line"] for line in parsed(whole)) == Counter(range(1, count + 1))
    code, out, err = run(*argv)
    assert (code, out) == (0, "") and f"; {count} results were there before" in err
    assert Path("results").read_text() == whole


def test_more_targets_may_be_added_to_the_file(run: Run, net: Neighbours) -> None:
    for count in (3, 5):
        argv = ("--do", "find_node", "--targets", targets(count), "--resume", "r", "--json")
        assert parsed(run(*network(net), *argv)[1])[-1]["targets"] == (3 if count == 3 else 2)
    Path("targets").write_text("f" * 40 + "\n")
    code, _, err = run(*network(net), "--do", "find_node", "--targets", "targets", "--resume", "r")
    assert code == Exit.USAGE and "these are not the targets that it was begun with" in err


def test_without_a_network_nothing_is_taken_for_done(run: Run) -> None:
    argv = ("--do", "get", "--targets", targets(3), "--resume", "r", "--listen", "127.0.0.1:0", "--bnodes", "no")
    code, _, err = run(*argv)
    assert code == Exit.NO_ANSWER and "nobody" in err and Path("r").read_text() == ""


def test_at_the_deadline_what_is_known_is_told(run: Run, net: Neighbours) -> None:
    argv = ("--do", "find_node", "--targets", targets(50), "--rate", "0.1", "--deadline", "1s", "--json")
    code, out, err = run(*network(net), *argv)
    last = parsed(out)[-1]
    assert code == Exit.DEADLINE == last["exit"] and not last["complete"] and last["targets"] < 50
    assert "given up after 1 s (--deadline)" in err


def test_a_run_that_is_stopped_tells_what_it_has(net: Neighbours, home: Path) -> None:
    argv = ("--do", "find_node", "--targets", targets(50), "--rate", "0.1", "--json", "--resume", "r")
    process = subprocess.Popen(
        [sys.executable, "-m", "dhtui", *network(net), *argv],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(home)},
    )
    assert process.stdout is not None and json.loads(process.stdout.readline())["type"] == "target"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    last = json.loads(out.splitlines()[-1])
    assert process.returncode == Exit.INTERRUPTED == last["exit"] and not last["complete"]
    assert len(Path("r").read_text().splitlines()) == last["targets"] < 50


@pytest.mark.parametrize("how", ["deadline", "signal"])
def test_a_silent_pipe_holds_no_end_up(how: str, net: Neighbours, home: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "dhtui", *network(net), "--do", "find_node", "--targets", "-"]
        + (["--deadline", "1s"] if how == "deadline" else []),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(home)},
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    process.stdin.write("1" * 40 + "\n")
    process.stdin.flush()
    if how == "signal":
        assert process.stdout.readline().startswith("1" * 40)
        process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == (Exit.DEADLINE if how == "deadline" else Exit.INTERRUPTED)
    err = process.stderr.read()
    assert "of 1 targets" in err or "of 0 targets" in err
    assert "Fatal" not in err and "Traceback" not in err
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()


def test_a_pipe_that_nobody_writes_to_is_a_failure(run: Run, net: Neighbours, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dhtui.storage.named_file.WRITER_SECONDS", 0.1)
    os.mkfifo("fifo")
    code, out, err = run(*network(net), "--do", "find_node", "--targets", "fifo")
    assert code == Exit.FAILED and not out and "it is a pipe that no program writes to" in err


def test_progress_is_told_where_it_is_asked_for(run: Run, net: Neighbours) -> None:
    argv = (*network(net), "--do", "find_node", "--targets", targets(3))
    assert "of 3 (" not in run(*argv)[2]
    assert "find_node: 1 of 3 (33 %), 1 found" in run(*argv, "--progress")[2]


class Gone(ManyRun):
    """A run whose network goes away behind the 5th target."""

    async def _ask(self, node: object, job: Job) -> Told:
        standing: Any = None
        asked = (NodeOutcome(addr=("1.2.3.4", 5), status=Status.ANSWERED, rtt=0.1),) if job.line <= 5 else ()
        outcome = Outcome(action="get", target=bytes(20), asked=asked)
        said = Said(Came.ASKED, outcome)
        return Told(job, Result(action="get", ok=False, said=said, standing=standing, outcome=outcome))


async def test_a_network_that_goes_away_uses_up_no_targets(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody answered is no result: the next run asks for it again."""
    many = ManyOf(Path(targets(1000)), parallel=1, journal=Path("r"))
    request, output = Request(action="get", many=many, state=home, deadline=None), Output(as_json=True)
    async with Testnet(4) as net, net.node() as node:
        run = NodeRun(node, output.warn, keep_folder=None, save=None)
        with targets_of(request) as found, Stop(output) as stop:
            code = await Gone(found)(run, [request], output, stop)
    last = parsed(capsys.readouterr().out)[-1]
    assert code is Exit.NO_ANSWER and not last["complete"] and "nobody answers any more" in last["summary"]
    assert last["targets"] == 5 + GONE and last["unanswered"] == GONE
    assert [line["line"] for line in parsed(Path("r").read_text())] == [1, 2, 3, 4, 5]  # noqa: ASYNC240


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("--do get --parallel 3", "--parallel needs --targets, a file with many targets"),
        ("--do put --val x --rate 3", "--rate needs --targets, a file with many targets, or --records"),
        ("--do get --resume r", "--resume needs --targets"),
        (f"--do get --targets f --target {'0' * 40}", "--target has no meaning with --targets"),
        ("--do ping --targets f --remote 127.0.0.1:1", "--remote has no meaning with --targets"),
        ("--do put --targets f --remote 127.0.0.1:1 --wide", "--wide has no meaning with --remote"),
        ("--do put --targets f --remote 127.0.0.1:1 --read-back", "--read-back has no meaning with --remote"),
        ("--do put --targets f --remote 127.0.0.1:1 --min-stored 2", "at most 1 (--remote)"),
        ("--do get --targets f --remote nowhere", "--remote"),
        ("--do get --targets f --keep", "--keep has no meaning with --targets"),
        ("--do put --targets f --val x", "--val has no meaning with --targets"),
        ("--do put --targets f --records r", "--targets has no meaning with --records"),
        ("--do put --targets f --min-stored 9", "--min-stored 9 can't be met"),
        ("--do get --targets f --testnet 4 --resume r", "--resume has no meaning with --testnet"),
        ("--do get --targets f --resume -", "--resume: '-' can't be it"),
        ("--do get --targets f --resume no/r", "--resume: there is no folder 'no'"),
        ("--do get --targets f", "--targets: cannot read 'f'"),
        ("--do get --targets .", "--targets: cannot read '.'"),
        ("--do announce_peer --targets f", "--targets has no meaning for announce_peer"),
    ],
)
def test_what_makes_no_sense_is_refused(argv: str, words: str, run: Run) -> None:
    code, out, err = run(*argv.split())
    assert code == Exit.USAGE and not out and words in err and len(err.splitlines()) == 1


def test_standard_input_may_be_in_memory(run: Run, net: Neighbours, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"1" * 40 + b"\nzz\n")))
    code, out, _ = run(*network(net), "--do", "find_node", "--targets", "-", "--least", "50%")
    assert code == 0 and len(out.splitlines()) == 2
