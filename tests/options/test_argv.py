"""Command lines are read by Go's rules."""

from __future__ import annotations

import pytest

from dhtui.errors import UsageError
from dhtui.options.argv import read

FLAGS = {"val": False, "salt": False, "seq": False, "qtimeout": False, "vv": True, "wait": True}


@pytest.mark.parametrize(
    ("argv", "given"),
    [
        ("-val x", {"val": "x"}),
        ("--val x", {"val": "x"}),
        ("-val=x", {"val": "x"}),
        ("--val=x=y", {"val": "x=y"}),
        ("-salt -abc", {"salt": "-abc"}),
        ("-val -x", {"val": "-x"}),
        ("-seq -5", {"seq": "-5"}),
        ("-val --", {"val": "--"}),
        ("-val -vv -vv", {"val": "-vv", "vv": "true"}),
        ("-vv", {"vv": "true"}),
        ("-vv=false -wait=1", {"vv": "false", "wait": "1"}),
        ("-val=", {"val": ""}),
        ("-val a -val b", {"val": "b"}),
        ("-vv --", {"vv": "true"}),
        ("", {}),
    ],
)
def test_flags_follow_the_rules_of_go(argv: str, given: dict[str, str]) -> None:
    assert read(argv.split(), FLAGS) == given


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("-val", "--val needs a value"),
        ("-valu x", "did you mean --val?"),
        ("-qtimout 1s", "did you mean --qtimeout?"),
        ("-va x", "unknown flag '-va'"),
        ("---val x", "unknown flag"),
        ("-=x", "unknown flag"),
        ("x", "unexpected argument 'x'"),
        ("-vv true", "unexpected argument 'true'"),
        ("-val x extra args", "unexpected argument 'extra'"),
        ("-", "unexpected argument '-'"),
        ("-vv -- x", "unexpected argument 'x'"),
        ("\x1b[2J", r"'\x1b[2J'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(argv: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        read(argv.split(), FLAGS)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_bytes_that_are_not_utf8_are_quoted_safely() -> None:
    with pytest.raises(UsageError, match=r"'\\xff'"):
        read(["\udcff"], FLAGS)
