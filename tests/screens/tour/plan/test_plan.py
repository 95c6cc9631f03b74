"""The tour: each card waits until what it names was done, and only then; progress outlives a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dhtui.bindings.keymap import names
from dhtui.screens.tour.plan import CARDS, Progress, Scene, Tour, load, save
from dhtui.screens.tour.plan.distance import compared, read_id
from dhtui.screens.tour.plan.words import NEEDS_TESTNET, OFFER, OVER, filled, lines, title
from dhtui.storage.atomic import LaterFormat
from dhtui.text.spans import cell_len

A, B, C, D = (("127.0.0.1", port) for port in (1, 2, 3, 4))

COURSE: tuple[tuple[Scene, ...], ...] = (
    (Scene("home"), Scene("table"), Scene("table", node=A)),
    (Scene(), Scene(compared=(bytes(20), bytes(20)))),
    (Scene("table", bucket=0, buckets=2), Scene("table", bucket=1, buckets=2, own_bucket=True)),
    (Scene(answers=3), Scene(answers=4)),
    (Scene(lookups=2), Scene(lookups=3), Scene(lookups=3, played=1)),
    (Scene(puts=0), Scene(puts=4), Scene("lookup", node=B, shown=4, puts=4)),
    (
        Scene(holders=frozenset({A, B, C})),
        Scene(holders=frozenset({A, B, C}), stopped=frozenset({A, B, C}), puts=4),
        Scene(puts=5),
    ),
    (Scene(), Scene(liar=A), Scene(liar=A, node=A), Scene(liar=A, lies=1)),
)
"""What is to be seen during each card, done by the last of them and not before."""


@pytest.mark.parametrize("number", range(len(CARDS)))
def test_each_card_waits_until_it_is_done(number: int) -> None:
    tour = Tour(number)
    for scene in COURSE[number]:
        assert not tour.complete
        tour.see(scene)
        tour.see(scene)
    assert tour.complete and tour.done == len(CARDS[number].parts)
    tour.see(Scene())
    assert tour.at == number, "it waits for the reader to go on"


@pytest.mark.parametrize("number", range(len(CARDS)))
def test_nothing_is_done_by_what_was_done_before(number: int) -> None:
    """Whoever comes to a card with all of it done has to do it once more; but what is selected may stay selected."""
    tour = Tour(number)
    for _ in range(5):
        tour.see(COURSE[number][0])
    assert tour.done == 0


def test_nodes_that_don_t_hold_it_may_be_stopped_to_no_end() -> None:
    tour = Tour(6)
    tour.see(Scene(holders=frozenset({A, B})))
    tour.see(Scene(holders=frozenset({A, B}), stopped=frozenset({A, C, D})))
    assert tour.done == 0


def test_in_a_table_of_one_bucket_it_is_enough_to_look_at_it() -> None:
    tour = Tour(2)
    alone = Scene("table", bucket=0, buckets=1, own_bucket=True)
    tour.see(Scene("home"))
    tour.see(alone)
    assert tour.complete


def test_it_goes_on_to_its_end_and_begins_again() -> None:
    tour = Tour()
    for number in range(len(CARDS)):
        assert tour.at == number and tour.card is CARDS[number]
        tour.go_on()
    assert tour.card is None and not tour.complete
    tour.go_on()
    tour.see(Scene())
    assert tour.card is None and title(tour) == "the tour"
    tour.restart()
    assert tour.card is CARDS[0]
    assert Tour(99).card is None and Tour(-1).card is CARDS[0]


# ---- words ------------------------------------------------------------------------------------------------


def test_every_key_that_is_named_is_one() -> None:
    for text in (OFFER, OVER, NEEDS_TESTNET, *(word for card in CARDS for word in _texts(card))):
        assert "{" not in filled(text, A)


def _texts(card: object) -> list[str]:
    assert isinstance(card, tuple)
    return [card.text, *(part.todo for part in card.parts)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [34, 56, 78])
def test_cards_fit_their_place(width: int) -> None:
    """Beside the screen there is room for all, above the keys of 80x24 for eight lines."""
    for number, card in enumerate(CARDS):
        for done in range(len(card.parts) + 1):
            tour = Tour(number)
            tour.done = done
            for brief in (True, False):
                drawn = lines(tour, width, ("127.255.255.255", 65535), brief=brief)
                assert all(sum(cell_len(text) for text, _ in line) <= width for line in drawn)
                assert width < 78 or not brief or len(drawn) <= 8
            assert ("Done" in str(drawn)) == tour.complete
        assert title(Tour(number)) == f"{number + 1}/{len(CARDS)} {card.title}"


def test_the_keys_are_those_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    from dhtui.bindings.registry import KEYMAP

    monkeypatch.setitem(KEYMAP, "stop_node", "f9")
    assert names()["stop_node"].keys == "f9"
    assert "f9" in "".join(text for line in lines(Tour(6), 78) for text, _ in line)


# ---- distance ---------------------------------------------------------------------------------------------


def test_ids_are_read_by_how_they_begin() -> None:
    assert read_id("f") == b"\xf0" + bytes(19) and read_id(" 0A ") == b"\x0a" + bytes(19)
    assert read_id("5a" * 20) == b"\x5a" * 20
    assert [read_id(text) for text in ("", "xyz", "0" * 41, "0x1")] == [None] * 4


def test_two_ids_are_compared_as_they_are_typed() -> None:
    def words(one: str, other: str) -> str:
        return "\n".join("".join(text for text, _ in line) for line in compared(one, other, 70))

    assert "the first 0 bits of 160" in words("0", "f") and "2^159.9" in words("0", "f")
    assert "the first 11 bits" in words("f00", "f01") and "f0" not in words("f00", "f01")
    assert "they are the same" in words("ab", "ab")
    assert "A xor B" not in words("ab", "") and " A" in words("ab", "")
    assert words("hello", "") == "✗ an id is hex digits, at most 40"


# ---- progress ---------------------------------------------------------------------------------------------


def test_progress_is_kept_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert load(folder) == Progress(0, False)
    for card in (0, 3, len(CARDS)):
        save(folder, card)
        assert load(folder) == Progress(card, True)
    assert (folder / "tour.json").stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.iterdir()] == ["tour.json"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 1}', '{"version": 1, "card": 99}', "x" * 5000])
def test_a_damaged_file_counts_for_nothing_and_is_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "tour.json").write_text(text)
    assert load(tmp_path) == Progress()
    save(tmp_path, 2)
    assert load(tmp_path) == Progress(2, True)


def test_a_file_of_a_later_version_stays(tmp_path: Path) -> None:
    text = json.dumps({"version": 2, "card": 1})
    (tmp_path / "tour.json").write_text(text)
    assert load(tmp_path) == Progress()
    with pytest.raises(LaterFormat):
        save(tmp_path, 2)
    assert (tmp_path / "tour.json").read_text() == text
