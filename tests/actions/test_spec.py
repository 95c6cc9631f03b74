"""The table of actions: each row names what there is, and a request is made without asking anybody."""

from __future__ import annotations

import inspect
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_type_hints

import pytest
from support.command_line import home as home

from dhtui.actions.request import Request
from dhtui.actions.requested import Run
from dhtui.actions.run import Result, given_up
from dhtui.actions.spec import ACTIONS, NODE_FLAGS, Action
from dhtui.actions.unlocking import unlocked
from dhtui.engine.items import Draft, ImmutableItem, sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.engine.outcome import NodeOutcome, Outcome, Status
from dhtui.errors import Exit, UsageError
from dhtui.headless.lines import Lines
from dhtui.headless.output import Output
from dhtui.headless.text import Shown
from dhtui.items.conflict import Conflict
from dhtui.items.file import write
from dhtui.keyring import Keyring
from dhtui.options import config
from dhtui.options.flags import BY_NAME
from dhtui.options.options import Options
from dhtui.options.planning import plan
from dhtui.text.actions.results import Came, Said

ADDR = ("127.0.0.1", 1)


def parameters(function: Any) -> tuple[list[Any], Any]:
    """The types that a function takes without defaults, and the one that it returns."""
    hints = get_type_hints(function)
    needed = [name for name, each in inspect.signature(function).parameters.items() if each.default is each.empty]
    return [hints[name] for name in needed if name in hints and name != "more"], hints["return"]


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_the_parts_of_a_row_fit_each_other(action: Action) -> None:
    takes, request = parameters(action.part("plan"))
    assert takes == [Options]
    takes, result = parameters(action.part("run"))
    if action.streams:
        assert takes == [request, Output] and result is int and not action.text
        return
    assert takes == ([request] if action.offline else [Request, Run])
    shown = [] if action.offline else [Shown]
    assert parameters(action.part("text")) == ([result, *shown], Lines)
    assert parameters(action.part("json"))[0] == [result]
    assert isinstance(result.exit, property) or isinstance(result._field_defaults["exit"], Exit)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_the_flags_of_a_row_are_flags(action: Action) -> None:
    assert set(action.takes) <= set(BY_NAME)
    assert action.offline or not set(action.flags.split()) & set(NODE_FLAGS)
    assert not action.operand or action.operand in action.takes


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_the_example_of_a_row_makes_a_request(action: Action, home: Path) -> None:
    if action.name != "genkey":
        Keyring(home / "dhtui" / "keys").generate("me", b"x" if action.name == "decrypt" else None)
    write(home / "item.json", sign(BEP44_TEST_KEY, b"5:hello", 3, b"salt"))
    (home / "capture.pcap").touch()
    prog, *argv = shlex.split(action.command)
    assert prog == "dhtui" and plan(config.read(argv)).action == action.name


def test_planning_asks_nobody(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase is wanted once a request is carried out."""
    ring = Keyring(home / "dhtui" / "keys")
    ring.generate("me", b"x")
    monkeypatch.setattr("getpass.getpass", lambda prompt: pytest.fail("somebody was asked"))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    (home / "wrong").write_text("y")
    for action in ("put", "sign"):
        request = plan(config.read(["--do", action, "--keyname", "me", "--val", "x", "--passphrase-file", "wrong"]))
        assert request.key is not None and request.key.passphrase == Path("wrong")
        if isinstance(request, Request):
            with pytest.raises(UsageError, match="does not open the key"):
                unlocked(request)
    (home / "wrong").write_text("x")
    request = plan(config.read(["--do", "put", "--keyname", "me", "--val", "x", "--passphrase-file", "wrong"]))
    assert isinstance(request, Request) and isinstance(unlocked(request).what, Draft)


# ---- exit codes -----------------------------------------------------------------------------------------------


def result(action: str, *asked: Status, **more: Any) -> Result:
    item = more.pop("item", None)
    writes = tuple(NodeOutcome(addr=ADDR, status=each, code=more.get("code")) for each in more.pop("writes", ()))
    more.pop("code", None)
    silent = (Status.TIMED_OUT, Status.BLOCKED)
    nodes = tuple(NodeOutcome(addr=ADDR, status=each, rtt=None if each in silent else 0.1) for each in asked)
    outcome = Outcome(action=action, target=bytes(20), asked=nodes, writes=writes, item=item)
    standing: Any = None
    said = Said(Came.ASKED, outcome)
    return Result(action=action, said=said, outcome=outcome, standing=standing, **({"ok": False} | more))


NOT_READ_BACK: Any = SimpleNamespace(ok=False)
CONFLICTING = Conflict(yours=b"1:x", seq=None, theirs=(), base=None, stored=0, refused=0)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (result("get", Status.VALUE, ok=True), Exit.OK),
        (result("get", Status.ANSWERED, Status.TIMED_OUT), Exit.NOT_FOUND),
        (result("get", Status.TIMED_OUT), Exit.NO_ANSWER),
        (result("get"), Exit.NO_ANSWER),
        (result("get", Status.TIMED_OUT, given_up="given up after 1 s"), Exit.DEADLINE),
        (given_up(result("get", Status.TIMED_OUT), "stopped", Exit.INTERRUPTED), Exit.INTERRUPTED),
        (result("ping", Status.BLOCKED), Exit.NO_ANSWER),
        (result("put", Status.ANSWERED, conflict=CONFLICTING), Exit.CONFLICT),
        (result("put", Status.ANSWERED, writes=(Status.REFUSED,), code=301), Exit.CONFLICT),
        (result("put", Status.ANSWERED, writes=(Status.REFUSED,), code=302), Exit.CONFLICT),
        (result("put", Status.ANSWERED, writes=(Status.REFUSED,), code=202), Exit.FAILED),
        (result("put", Status.ANSWERED, writes=(Status.REFUSED,), code=302, item=ImmutableItem(b"1:x")), Exit.FAILED),
        (result("put", Status.ANSWERED, writes=(Status.STORED,)), Exit.FAILED),
        (result("put", Status.ANSWERED, writes=(Status.STORED,), read_back=NOT_READ_BACK), Exit.NOT_FOUND),
        (result("bootstrap")._replace(outcome=None), Exit.NO_ANSWER),
        (result("republish")._replace(outcome=None), Exit.FAILED),
        (result("find_node", Status.ANSWERED), Exit.FAILED),
    ],
    ids=lambda value: value.name if isinstance(value, Exit) else value.action,
)
def test_what_happened_has_an_exit_code_of_its_own(found: Result, code: Exit) -> None:
    assert found.exit is code


def test_exit_codes_are_what_they_were() -> None:
    """They are promised: scripts compare them."""
    codes = {code.name: code.value for code in Exit}
    assert codes == {
        "OK": 0,
        "FAILED": 1,
        "USAGE": 2,
        "NO_ANSWER": 3,
        "NOT_FOUND": 4,
        "CONFLICT": 5,
        "DEADLINE": 124,
        "HANGUP": 129,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }
