"""What the finder finds, on screens of a few lines; and that it finds nothing on any screen that is kept."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

import pytest

from dhtui.bindings.registry import VIEWS
from dhtui.screens.dialogs.help import help_lines

from ..stage import FOUR, GOLDENS
from .finder import loose, panes, severed, unfit, unknown_signs, wasted
from .test_states_kept import VIEW_NAMES

FULL = """\
╭─ one ──────────────────────────────────╮╭─ two ──────────────────────────────────╮
│▶4f1a9d3377…c0aa55c3d2e1f00f 203.0.113.1││ 12                                     │
│ 9999999999…9999999999999999 203.0.113.2││ 7                                      │
╰────────────────────────────────────────╯╰────────────────────────────────────────╯
"""
ROOMY = """\
╭────────────────────────────────────────╮
│ the node gave…                      1 s│
│ nothing                            12 s│
╰────────────────────────────────────────╯
"""

# ---- the finder ----------------------------------------------------------------------------------------------


def test_panes_are_found_by_their_borders_also_where_a_title_stands_in_them() -> None:
    one, two = panes(FULL.splitlines())
    assert (one.top, one.left, one.bottom, one.right) == (1, 1, 3, 41)
    assert two.texts() == [" 12                                     ", " 7                                      "]


def test_a_pane_that_cuts_beside_an_empty_one_is_found() -> None:
    (found,) = wasted(FULL)
    assert found.startswith("cut, beside a pane that is two thirds empty: ▶4f1a9d3377…")
    assert not list(wasted(FULL.replace(" 7                  ", " 7 hosts have asked ")))


def test_a_text_that_is_cut_beside_its_own_room_is_found() -> None:
    (found,) = wasted(ROOMY)
    assert found.startswith("cut, with 19 blank columns")
    assert not list(wasted(ROOMY.replace("gave… ", "gave …"))), "a sign that stands alone is no cut"
    assert not list(wasted(ROOMY.replace("nothing              ", "nothing of what it has")))


def test_text_that_goes_on_at_a_larger_size_is_cut_without_a_sign() -> None:
    small = "╭────────────────────╮\n│ the nodes that answ│\n│ all of them say  12│\n╰────────────────────╯\n"
    large = (
        small.replace("answ", "answered ")
        .replace("12│", "12     │")
        .replace("───╮", "────────╮")
        .replace("───╯", "────────╯")
    )
    assert list(severed(small, large)) == ["cut without a sign: the nodes that answ"]
    assert not list(severed(small.replace("answ", "ans…"), large))


def test_a_cut_line_outside_of_panes_is_found_but_not_what_a_window_covers() -> None:
    assert list(loose("head\n the network has 8.4 m… nodes\nkeys")) == ["cut: the network has 8.4 m… nodes"]
    assert not list(loose(f"head\n─ title ──\n a li…\n{ROOMY}keys"))


def test_a_small_screen_has_panes_without_borders() -> None:
    (pane,) = panes(["head", "─ title ─────────", " one", " two", " keys"])
    assert (pane.top, pane.left, pane.bottom, pane.right) == (2, 0, 4, 17)
    assert pane.texts() == [" one             ", " two             "]


def test_what_a_terminal_can_not_show_or_obeys_is_found() -> None:
    assert not list(unfit("abc\nd", 3, 2))
    assert [found.split(":")[0] for found in unfit("abcd\n\x1b", 3, 3)] == ["2 lines", "wider", "not printable"]
    assert list(unfit("三三", 3, 1)) == ["wider: 三三"]


def test_signs_are_what_is_neither_letter_nor_drawing() -> None:
    assert unknown_signs("│ ▂▅▇ ⣿⡀ x µTorrent 第 ✓ ◆ … ─", "✓…") == {"◆"}


# ---- all that is kept ------------------------------------------------------------------------------------------

EXCEPTIONS: dict[str, str] = {
    "command-ping-*": "offers name a node by the short form of its id",
    "lookup-hostile-*": "of a kind of lookup that nobody knows no more is shown than of those that are known",
    "table-hostile-*": "the name of a program that nobody knows has at most 24 characters",
    "home-broken-*": "a node that gives no account: Home stays as it was drawn at the size before",
}
"""What is found and stays, by the names of screens, with the reason."""
CUT_LINES: dict[str, str] = {
    "home-broken": "what is wrong with a node that gives no account of itself is as long as it is",
    "command-ping": "the bar lies over the titles of panes",
    "command-wrong": "the same",
    "jump": "letters lie over the titles of panes",
}
"""Of lines without a pane the same."""
NO_SIGNS = {"•": "a character of a secret"}
"""Signs that no help needs to name."""


@cache
def kept() -> dict[str, dict[tuple[int, int], str]]:
    """All that is kept of whole screens: by name and size."""
    found: dict[str, dict[tuple[int, int], str]] = {}
    for path in sorted(GOLDENS.glob("*.txt")):
        if named := re.fullmatch(r"(.+)-(\d+)x(\d+)", path.stem):
            found.setdefault(named[1], {})[int(named[2]), int(named[3])] = path.read_text(encoding="utf-8")
    return found


@cache
def waste() -> dict[str, list[str]]:
    """What pane has no use for its room, by names of files."""
    return {
        f"{name}-{size[0]}x{size[1]}": faults
        for name, sizes in kept().items()
        for size, text in sizes.items()
        if (faults := list(wasted(text)))
    }


def excepted(name: str) -> bool:
    """Whether what is found there is known, and stays. `name`: with the size."""
    return f"{name.rpartition('-')[0]}-*" in EXCEPTIONS


def test_every_screen_and_window_is_kept_in_four_sizes() -> None:
    assert {name: set(FOUR) ^ sizes.keys() for name, sizes in kept().items() if sizes.keys() != set(FOUR)} == {}
    assert {view for view in VIEW_NAMES if not any(name.startswith(f"{view}-") for name in kept())} == set()


def test_nothing_is_wider_than_its_screen_nor_obeyed_by_a_terminal() -> None:
    found = {(name, size): list(unfit(text, *size)) for name, sizes in kept().items() for size, text in sizes.items()}
    assert {where: faults for where, faults in found.items() if faults} == {}


def test_no_pane_cuts_its_text_where_there_is_room() -> None:
    assert {name: faults for name, faults in waste().items() if not excepted(name)} == {}


def test_no_line_of_its_own_is_cut() -> None:
    found = {
        f"{name}-{size[0]}x{size[1]}": faults
        for name, sizes in kept().items()
        for size, text in sizes.items()
        if (faults := list(loose(text))) and name not in CUT_LINES
    }
    assert found == {}


def test_no_text_is_cut_without_a_sign() -> None:
    found = {
        f"{name}-{small[0]}x{small[1]}": faults
        for name, sizes in kept().items()
        for small, large in pairwise(sorted(sizes))
        if (faults := list(severed(sizes[small], sizes[large])))
    }
    assert found == {}


def test_each_exception_is_still_needed() -> None:
    assert EXCEPTIONS.keys() - {f"{name.rpartition('-')[0]}-*" for name in waste()} == set()


@pytest.mark.parametrize("view", VIEWS, ids=VIEW_NAMES)
def test_every_sign_on_a_screen_is_explained_in_its_help(view: object) -> None:
    (place,) = (place for place, each in enumerate(VIEWS) if each is view)
    known = "".join(text for line in help_lines(VIEWS[place], VIEWS[place].actions) for text, _ in line)
    for name, sizes in kept().items():
        for size, text in sizes.items():
            *lines, _ = text.splitlines()  # the last one names keys
            if f"[{VIEWS[place].shown} {VIEWS[place].title}]" in lines[1]:
                unknown = unknown_signs("\n".join(lines), known) - NO_SIGNS.keys()
                assert unknown == set(), f"{name} {size}: {unknown}"
