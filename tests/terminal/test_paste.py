"""What a terminal sends as a paste is data: every byte of it arrives, and none is obeyed."""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Iterable

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

from dhtui.bindings.registry import KEYMAP
from dhtui.widgets.driver import TerminalDriver
from dhtui.widgets.paste import END, MAX_PASTE, START, Pasted, Pastes

ODD = [
    b"two\rlines",
    b"\x1b[31mred\x1b]52;c;eA==\x07 \x1b",
    b"\x00nul",
    b"\xe9t\xe9",
    b"\x1b[200~nested",
    b"\x1b[20 almost the end \x1b[201",
    "\u00a0\u200d\u202e".encode(),
]


def read(parts: Iterable[bytes]) -> tuple[bytes, list[bytes]]:
    """Keys and pastes."""
    pastes, keys, found = Pastes(), b"", []
    for part in parts:
        for each in pastes.feed(part):
            if isinstance(each, Pasted):
                found.append(each.data)
            else:
                keys += each
    return keys + b"".join(pastes.idle()), found


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 4096])
def test_a_paste_arrives_whole_however_it_is_read(text: bytes, size: int) -> None:
    stream = b"ab" + START + text + END + b"\x1b[Ac" + START + END + b"\x1b"
    keys, found = read(stream[at : at + size] for at in range(0, len(stream), size))
    assert found == [text, b""]
    # A mark that came in pieces is handed to Textual's parser as an empty paste.
    assert keys.replace(START + END, b"") == b"ab\x1b[Ac\x1b"


def test_the_key_escape_is_not_waited_for() -> None:
    pastes = Pastes()
    assert list(pastes.feed(b"\x1b")) == [b"\x1b"] and not list(pastes.idle())
    assert list(pastes.feed(b"x\x1b[")) == [b"x"] and list(pastes.idle()) == [b"\x1b["]
    assert list(pastes.feed(b"\x1b[")) == [] and list(pastes.feed(b"A")) == [b"\x1b[A"]


class Hearing(TerminalDriver):
    """Hears what came in one read."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self._parser = XTermParser(False)
        self._decode = getincrementaldecoder("utf-8")("surrogateescape").decode

    def process_message(self, message: Message) -> None:
        self.heard.append(message)


@pytest.mark.parametrize(
    ("data", "characters"),
    [
        (b"one\rtwo\r", ["\n", "\n"]),
        (b"a\rb", ["\n"]),
        (b"text\r", ["\r"]),
        (b"\r\r", ["\r", "\r"]),
        (b":home\r\r", ["\r", "\r"]),
        (b"\x1b[A\r\x1b[B", ["\r"]),
    ],
)
def test_a_line_break_within_text_that_came_at_once_is_told_from_a_pressed_enter(
    data: bytes, characters: list[str]
) -> None:
    """A paste that the terminal did not mark: nobody types that fast. An enter behind the text may be a person's."""
    driver = Hearing()
    driver._hear(data)
    assert [key.character for key in driver.heard if isinstance(key, events.Key) and key.key == "enter"] == characters


def test_a_paste_without_end_fills_no_memory() -> None:
    pastes = Pastes()
    for part in [START, *[b"x" * 65_536] * 40]:
        assert not list(pastes.feed(part))
    assert [len(each.data) for each in pastes.feed(END) if isinstance(each, Pasted)] == [MAX_PASTE]


@pytest.mark.parametrize(
    ("reads", "keys"),
    [
        ([b"\x1b", b"7"], ["escape", "7"]),
        ([b"\x1b7"], ["escape", "7"]),
        ([b"z\x1bq\x1b\x1b:"], ["z", "escape", "q", "escape", "escape", "colon"]),
        ([b"\x1b", b"\r"], ["escape", "enter"]),
        ([b"\x1b\r"], ["escape", "enter"]),
        ([b"\x1b", b"f"], ["escape", "f"]),
        ([b"\x1bf"], ["ctrl+right"]),  # option and → on macOS
        ([b"\x1b", b"[A"], ["up"]),
        ([b"\x1b", b"OP\x1b[B"], ["f1", "down"]),
        ([b"\x1b!"], ["alt+exclamation_mark"]),
        ([b"a\x1bxb\x1bX"], ["a", "alt+x", "b", "alt+X"]),
    ],
)
def test_a_key_soon_after_escape_is_no_key_with_alt_that_means_nothing(
    reads: list[bytes], keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the two came in one read, as on a busy machine, or not. Keys with alt are the user's own ones only."""
    monkeypatch.setitem(KEYMAP, "pause", "alt+x,alt+X,alt+exclamation_mark")
    driver = Hearing()
    for data in reads:
        driver._hear(data)
    assert [key.key for key in driver.heard if isinstance(key, events.Key)] == keys
