"""Kept items listed, paused, resumed and let go on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import Run
from support.command_line import home as home
from support.command_line import run as run

from dhtui.engine.items import ImmutableItem, sign
from dhtui.engine.keys import BEP44_TEST_KEY
from dhtui.errors import Exit
from dhtui.items.keepalive.plan import Check, CheckVerdict, KeptItem
from dhtui.items.keepalive.store import change, load

ONE, OTHER = ImmutableItem(b"3:one"), sign(BEP44_TEST_KEY, b"5:other", 3, b"s")


@pytest.fixture
def state(home: Path) -> Path:
    """A state folder with two kept items."""
    last = Check(at=1e9, verdict=CheckVerdict.PUT, copies=2, stored=8, tried=8)
    kept = (KeptItem(item=ONE, added=1e9, due=2e9, last=last), KeptItem(item=OTHER, added=1e9, due=2e9))
    change(home / "dhtui", lambda items: items.update({each.target: each for each in kept}))
    return home / "dhtui"


def test_kept_items_are_listed(run: Run, state: Path) -> None:
    code, out, err = run("--do", "kept")
    assert code == 0 and "2 items are kept alive" in err
    first, *_ = out.splitlines()
    assert first.startswith(ONE.target.hex()) and "2 copies seen, stored on 8 of 8" in first
    assert "  value       other\n" in out and "  magnet      magnet:?xs=urn:btpk:" in out
    assert "  kept since  2001-09-09 01:46 UTC\n  next look   2033-05-18 03:33 UTC\n" in out
    *items, result = map(json.loads, run("--do", "kept", "--json")[1].splitlines())
    assert [each["type"] for each in items] == ["kept", "kept"] and result["exit"] == 0
    assert (items[1]["item"]["seq"], items[1]["paused"], items[1]["added"]) == (3, False, 1e9)
    assert items[0]["item"]["value"] == "one"


def test_nothing_kept_is_said_to_be_that(run: Run, home: Path) -> None:
    assert run("--do", "kept") == (0, "", "no items are kept alive\n")
    assert not list(home.iterdir()), "looking makes no files"


def test_an_item_is_paused_and_resumed(run: Run, state: Path) -> None:
    code, out, err = run("--do", "pause", "--target", ONE.target.hex())
    assert code == 0 and out.startswith(ONE.target.hex()) and "not looked after until it is resumed" in err
    assert [each.paused for each in load(state)[0].values()] == [True, False]
    assert "  next look   never: it is paused\n" in run("--do", "kept")[1]
    assert run("--do", "resume", "--target", ONE.target.hex())[0] == 0
    resumed = load(state)[0][ONE.target]
    assert not resumed.paused and resumed.due < 2e9, "it is due at once"


@pytest.mark.parametrize(
    "named",
    [
        ("--target", OTHER.target.hex()),
        ("--keyname", "bep44test", "--salt", "s"),
        ("--public-key", OTHER.k.hex(), "--salt", "s"),
        ("--target", f"magnet:?xs=urn:btpk:{OTHER.k.hex()}&s=73"),
    ],
)
def test_an_item_is_let_go_however_it_is_named(run: Run, state: Path, named: tuple[str, ...]) -> None:
    code, out, err = run("--do", "unkeep", *named)
    assert code == 0 and out.startswith(OTHER.target.hex()) and "not kept alive any more" in err
    assert list(load(state)[0]) == [ONE.target]
    code, out, err = run("--do", "unkeep", *named, "--json")
    assert code == Exit.NOT_FOUND and "nothing is kept alive at" in err and json.loads(out)["exit"] == Exit.NOT_FOUND


def test_a_damaged_list_is_said_and_is_no_success(run: Run, state: Path) -> None:
    (state / "keep.json").write_text("{")
    code, out, err = run("--do", "kept")
    assert (code, out) == (1, "") and "is damaged: set aside" in err


def test_a_kept_item_needs_no_node(run: Run, state: Path) -> None:
    assert run("--do", "kept", "--bnodes", "no")[0] == 2
    assert run("--do", "unkeep")[0] == 2
    assert run("--do", "pause", "--target", "self")[0] == 2


@pytest.mark.parametrize("action", ["pause", "resume", "unkeep"])
def test_a_salt_beside_a_target_must_be_that_of_the_item(action: str, run: Run, state: Path) -> None:
    before = load(state)
    for target, salt in ((ONE.target, "x"), (OTHER.target, "t")):
        code, out, err = run("--do", action, "--target", target.hex(), "--salt", salt)
        assert (code, out) == (2, "") and err.startswith("dhtui: --salt is not that of the item kept at")
    assert load(state) == before
    assert run("--do", action, "--target", OTHER.target.hex(), "--salt", "s")[0] == 0
