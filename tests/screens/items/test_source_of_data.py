"""What is cleaned for the screen is never a source of data: what is put is what was typed or pasted, to the byte."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from keyring.test_foreign import OPENSSH_ENCRYPTED, OPENSSH_PUBLIC, SECRET
from support.apart import PATIENCE
from textual import events
from textual._xterm_parser import XTermParser
from textual.widgets import Input

from dhtui.engine.items import Draft, ImmutableItem, mutable_target
from dhtui.engine.keys import PrivateKey
from dhtui.engine.wire.bencode import encode
from dhtui.keyring import Keyring
from dhtui.screens.items.get_form import GetForm
from dhtui.screens.items.put_form import PutForm
from dhtui.widgets.paste import PASTED_BREAK
from dhtui.widgets.pick import Pick
from dhtui.widgets.source_input import MAX_CHARACTERS, SourceInput, rows_of

from ..snapshots import HOSTILE
from ..stage import Stage, exploring, matches_goldens
from .item_stage import ME, keys, node, stored, verdict

ODD = {
    "two lines": b"first\nsecond",
    "leading line breaks": b"\n\n at last",
    "trailing line break": b"x\n",
    "blanks": b"  x\t y  ",
    "no-break spaces": "a\u00a0b\u2003c\u3000".encode(),
    "joiners": "\u200b\u200d\u2060\ufeffx".encode(),
    "marks": "e\u0301\u0302\u0303\u0304\U0001f468\u200d\U0001f469".encode(),
    "directions": "\u202eabc\u2066".encode(),
    "separators": "a\x0bb\x0cc\x1cd\u0085e\u2028f\u2029g".encode(),
    "what looks escaped": rb"\n \u00a0 \x1b [/foo] [@click=app.quit]x[/]",
    "not UTF-8": b"caf\xe9 \xff\xfe \x80",
    "orders": b"\x1b[2J\x1b]52;c;cm0gLXJm\x07\x9b31m\x00\x7f",
    "carriage returns": b"a\r\nb\rc\n",
    "hostile": HOSTILE.encode()[:600],
}
TYPED = {name: data for name, data in ODD.items() if not set(data) & {*range(9), 9, *range(11, 32), 127}}
"""What keys can give: the others are orders."""


def text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


async def rest(stage: Stage) -> None:
    """Lets what was pressed do its work; a form that a worker waits for stays open."""
    assert stage.app.gate is not None
    await stage.app.gate.rest()
    await stage.pilot.pause()


async def paste(stage: Stage, data: bytes, into: str) -> None:
    line = stage.app.screen.query_one(f"#{into}", Input)
    line.focus()
    line.value = ""
    await stage.pilot.pause()
    stage.app.post_message(events.Paste(text(data)))
    await rest(stage)


async def type_in(stage: Stage, data: str, into: str) -> None:
    """As keys come from a terminal."""
    stage.app.screen.query_one(f"#{into}", Input).focus()
    await stage.pilot.pause()
    for event in XTermParser(False).feed(data):
        stage.app.post_message(event)
    await rest(stage)


def is_clean(stage: Stage) -> bool:
    return all(char == "\n" or char.isprintable() for char in stage.text())


async def test_what_is_pasted_is_what_is_put(tmp_path: Path) -> None:
    paper = node(puts=[stored(ImmutableItem(encode(b"x")))])
    async with exploring(paper, show="items", keys_folder=keys(tmp_path)) as stage:
        await stage.press("p")
        for name, data in ODD.items():
            await paste(stage, data, "value")
            assert is_clean(stage) and ImmutableItem(encode(data)).target.hex() in stage.text(), name
            await stage.press("ctrl+s", "escape")
            assert paper.asked[-1] == ImmutableItem(encode(data)), name


@pytest.mark.parametrize("line_end", ["\r", "\n"])
async def test_what_is_typed_or_pasted_without_brackets_is_what_is_put(line_end: str, tmp_path: Path) -> None:
    """Nothing tells such a paste from keys: a line break in it must not send the form off."""
    paper = node(puts=[stored(ImmutableItem(encode(b"x")))])
    async with exploring(paper, show="items", keys_folder=keys(tmp_path)) as stage:
        await stage.press("p")
        for count, (name, data) in enumerate(TYPED.items()):
            stage.app.screen.query_one("#value", Input).value = ""
            await type_in(stage, text(data).replace("\n", line_end), "value")
            assert isinstance(stage.app.screen, PutForm) and len(paper.asked) == count, name
            await stage.press("ctrl+s", "escape")
            assert paper.asked[-1] == ImmutableItem(encode(data)), name


async def test_line_breaks_are_what_was_copied_not_what_the_terminal_makes_of_them(tmp_path: Path) -> None:
    """Most terminals send each line break of a paste as a carriage return."""
    async with exploring(node(), show="items", keys_folder=keys(tmp_path)) as stage:
        await stage.press("p")
        await paste(stage, b"a\rb\r", "value")
        assert stage.app.screen.query_one("#value", SourceInput).data == b"a\nb\n"


SALTS = {
    **{name: data for name, data in ODD.items() if len(data) <= 64},
    "in hex": b"hex:00ff0a",
}


def choose(stage: Stage, name: str, place: int) -> None:
    pick = stage.app.screen.query_one(f"#{name}", Pick)
    pick.choose(place)
    pick.post_message(Pick.Changed(pick))


def salted(typed: bytes) -> bytes:
    return bytes.fromhex("00ff0a") if typed.startswith(b"hex:") else typed


async def test_salts_are_bytes_too_where_they_are_put(tmp_path: Path) -> None:
    paper = node()
    async with exploring(paper, show="items", keys_folder=keys(tmp_path)) as stage:
        await stage.press("p")
        choose(stage, "signer", 2)
        await paste(stage, b"v", "value")
        for name, typed in SALTS.items():
            await paste(stage, typed, "salt")
            assert is_clean(stage) and mutable_target(ME.public, salted(typed)).hex() in stage.text(), name
            await stage.press("ctrl+s", "escape")
            assert paper.asked[-1] == Draft(encode(b"v"), ME, salted(typed)), name


async def test_salts_are_bytes_too_where_they_are_looked_up(tmp_path: Path) -> None:
    paper = node()
    async with exploring(paper, show="items", keys_folder=keys(tmp_path)) as stage:
        await stage.press("f")
        assert isinstance(stage.app.screen, GetForm)
        await paste(stage, ME.public.hex().encode(), "what")
        for name, typed in SALTS.items():
            await paste(stage, typed, "salt")
            await stage.press("enter")
            assert paper.reads[-1] == (mutable_target(ME.public, salted(typed)), salted(typed)), name
        await stage.press("escape", "4")
        await stage.pilot.press("L")
        await rest(stage)
        await paste(stage, ME.public.hex().encode(), "target")
        choose(stage, "kind", 2)
        for name, typed in SALTS.items():
            await paste(stage, typed, "salt")
            assert mutable_target(ME.public, salted(typed)).hex() in verdict(stage), name


async def test_of_two_pasted_targets_none_is_left_out_unsaid(tmp_path: Path) -> None:
    one, two = "11" * 20, "22" * 20
    async with exploring(node(), keys_folder=keys(tmp_path)) as stage:
        for opened, name in (("L", "target"), ("8", None), ("a", "infohash"), ("6", None), ("f", "what")):
            await stage.pilot.press(opened)
            await rest(stage)
            if name is None:
                continue
            await paste(stage, f"{one}\n{two}\n".encode(), name)
            assert verdict(stage).startswith("✗")
            await paste(stage, f"\u00a0{one}\n".encode(), name)
            assert one in verdict(stage) or one[:8] in verdict(stage)
            await stage.pilot.press("escape")
            await rest(stage)


async def test_a_key_is_imported_as_it_was_pasted(tmp_path: Path) -> None:
    seed = bytes(range(32))
    pem = f"-----BEGIN PRIVATE KEY-----\r{pem_body(seed)}\r-----END PRIVATE KEY-----\r"
    async with exploring(node(), show="keys", keys_folder=keys(tmp_path)) as stage:
        await stage.pilot.press("i")
        await rest(stage)
        await paste(stage, pem.encode(), "key")
        await paste(stage, b"pasted", "name")
        await stage.press("enter")
    assert Keyring(tmp_path / "keys").load("pasted") == PrivateKey.from_seed(seed)


def pem_body(seed: bytes) -> str:
    from dhtui.keyring.pem import write_pem

    return write_pem(PrivateKey.from_seed(seed)).splitlines()[1]


async def test_what_is_too_long_is_said_and_nothing_of_it_taken(tmp_path: Path) -> None:
    async with exploring(node(), show="items", keys_folder=keys(tmp_path)) as stage:
        await stage.press("p")
        await paste(stage, b"x" * (MAX_CHARACTERS + 1), "value")
        assert stage.app.screen.query_one("#value", SourceInput).value == ""
        assert any("name a file" in toast for toast in stage.toasts())


# ---- the field ---------------------------------------------------------------------------------------------------


def shown(value: str, width: int | None, breaks: bool = True) -> list[str]:
    return ["".join(cell.text for cell in row) for row in rows_of(value, width, breaks=breaks)]


def test_what_can_not_be_shown_is_shown_escaped() -> None:
    assert shown("a\nb\u00a0\udce9", 20) == ["a", "b\\u00a0\\xe9"]
    assert shown("a\nb", None, breaks=False) == ["a\\x0ab"]
    assert shown("abcdef\n", 4) == ["abcd", "ef", ""]


async def test_a_value_of_several_lines_looks_as_kept(tmp_path: Path) -> None:
    async with exploring(node(), show="items", keys_folder=keys(tmp_path)) as stage:
        await stage.press("p")
        await paste(stage, "first line\nsecond\u00a0line\n\nfourth".encode(), "value")
        await matches_goldens(stage, "put-form-lines")
        await stage.press("up", "up", "home", "x", "end", "y", "up", "up", "z")
        assert stage.app.screen.query_one("#value", SourceInput).value == "zfirst line\nxsecond\u00a0liney\n\nfourth"


async def test_a_key_that_another_program_encrypted_is_opened_in_the_form(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    async with exploring(node(), show="keys", keys_folder=keys(tmp_path)) as stage:
        await stage.pilot.press("i")
        await rest(stage)
        await paste(stage, OPENSSH_ENCRYPTED.replace("\n", "\r").encode(), "key")
        await paste(stage, b"ssh", "name")
        assert "type the passphrase that opens the key" in verdict(stage)
        await paste(stage, b"wrong", "opens")
        await stage.pilot.press("enter")
        async with asyncio.timeout(PATIENCE):
            while "does not open" not in verdict(stage):
                await stage.pilot.pause()
        await paste(stage, SECRET, "opens")
        await stage.press("enter")
    assert Keyring(tmp_path / "keys").load("ssh").public.hex() == OPENSSH_PUBLIC


async def test_a_line_break_of_a_paste_without_brackets_sends_no_form_of_single_lines_off(tmp_path: Path) -> None:
    """It stands in the field as any pasted one does, and the form's line tells what is wrong."""
    async with exploring(node(), show="items", keys_folder=keys(tmp_path)) as stage:
        await stage.press("f")
        form = stage.app.screen
        form.query_one("#what", Input).focus()
        for key in (*"ab", "enter", *"cd"):
            character = PASTED_BREAK if key == "enter" else key
            stage.app.post_message(events.Key(key, character))
        await stage.settle()
        assert stage.app.screen is form and form.query_one("#what", SourceInput).data == b"ab\ncd"
        assert "✗ 'ab\\x0acd'" in stage.text(), stage.text()
