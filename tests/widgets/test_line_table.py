"""The live table: order, filter, selection, and painting no more than changed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pkgutil import walk_packages

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from dhtui import screens
from dhtui.text.spans import Line, crop, fit, spread, width_of
from dhtui.widgets.line_table import LineTable
from dhtui.widgets.spark import bar, graph, sparkline
from dhtui.widgets.table_model import BadFilter, Column, TableModel, compile_filter, lay_out


@dataclass(frozen=True)
class Fruit:
    name: str
    count: int


COLUMNS: tuple[Column[Fruit], ...] = (
    Column("name", 8, lambda f: ((f.name, "plain"),), sort=lambda f: f.name, grow=True),
    Column("count", 5, lambda f: ((str(f.count), "data"),), right=True, sort=lambda f: f.count),
    Column("extra", 6, lambda f: (("x" * f.count, "dim"),), rank=1),
)
FRUIT = [Fruit("pear", 3), Fruit("apple", 5), Fruit("fig", 1)]


def _model() -> TableModel[Fruit]:
    model = TableModel(COLUMNS, lambda fruit: fruit.name)
    model.set_rows(FRUIT)
    return model


def _names(model: TableModel[Fruit]) -> list[str]:
    return [fruit.name for fruit in model.rows]


def test_the_selection_follows_the_key() -> None:
    model = _model()
    model.move_to(1)
    model.set_rows([Fruit("kiwi", 2), *FRUIT[::-1]])
    assert model.selected == Fruit("apple", 5)
    assert model.cursor == 2


def test_the_selection_stays_in_place_when_its_row_goes() -> None:
    model = _model()
    model.move_to(2)
    model.set_rows(FRUIT[:2])
    assert model.selected == FRUIT[1]
    model.set_rows([])
    assert model.selected is None
    model.set_rows(FRUIT)
    assert model.selected == FRUIT[1], "it came back, and so did the selection"


def test_the_cells_of_a_row_are_made_once_as_long_as_it_is_shown() -> None:
    made: list[Fruit] = []

    def cell(fruit: Fruit) -> Line:
        made.append(fruit)
        return ((fruit.name, "plain"),)

    model = TableModel((Column("name", 8, cell),), lambda fruit: fruit.name)
    for _ in range(2):
        model.set_rows(FRUIT)
        assert model.cells(FRUIT[0]) == model.cells(FRUIT[0]) == ((("pear", "plain"),),)
        assert model.cells(Fruit("pear", 3)) == ((("pear", "plain"),),)
    assert made == [Fruit("pear", 3)] * 4


def test_sort_goes_through_the_columns_and_back_to_the_own_order() -> None:
    model = _model()
    orders = []
    for _ in range(3):
        model.cycle_sort()
        orders.append(_names(model))
    assert orders == [["apple", "fig", "pear"], ["fig", "pear", "apple"], ["pear", "apple", "fig"]]


def test_flip_turns_any_order_round() -> None:
    model = _model()
    model.flip()
    assert _names(model) == ["fig", "apple", "pear"]
    model.cycle_sort()
    model.flip()
    assert _names(model) == ["pear", "fig", "apple"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("P", ["pear", "apple"]),
        ("!p", ["fig"]),
        ("/^p|f/", ["pear", "fig"]),
        ("!/^p/", ["apple", "fig"]),
        ("", ["pear", "apple", "fig"]),
        ("!", ["pear", "apple", "fig"]),
        ("[/foo]", []),
    ],
)
def test_filter(text: str, names: list[str]) -> None:
    model = _model()
    model.set_filter(text)
    assert _names(model) == names
    assert model.total == 3


def test_a_bad_pattern_is_refused_and_changes_nothing() -> None:
    model = _model()
    model.set_filter("p")
    with pytest.raises(BadFilter, match="not a pattern"):
        model.set_filter("/(/")
    assert _names(model) == ["pear", "apple"]
    with pytest.raises(BadFilter):
        compile_filter("/[/")


def test_columns_are_left_out_by_rank_and_the_rest_is_shared() -> None:
    assert lay_out(COLUMNS, 40) == [27, 5, 6]
    assert lay_out(COLUMNS, 21) == [8, 5, 6]
    assert lay_out(COLUMNS, 20) == [14, 5, 0]
    assert lay_out(COLUMNS, 5) == [8, 5, 0]


def test_a_column_that_grows_takes_no_more_than_it_can_use_while_another_has_too_little() -> None:
    ids: Column[Fruit] = Column("id", 9, lambda r: (), grow=True, most=40)
    client: Column[Fruit] = Column("client", 10, lambda r: (), grow=True, most=18)
    rest: Column[Fruit] = Column("rest", 10, lambda r: (), grow=True)
    assert lay_out((ids, client), 30) == [14, 15]
    assert lay_out((ids, client), 50) == [31, 18]
    assert lay_out((ids, client), 62) == [40, 21], "what nobody has a use for is the last one's"
    assert lay_out((ids, rest), 100) == [40, 59]
    assert lay_out((ids,), 60) == [60]


def test_fit_counts_cells_not_characters() -> None:
    assert fit("abc", 5) == "abc  "
    assert fit("abc", 5, right=True) == "  abc"
    assert fit("abcdef", 4) == "abc…"
    assert fit("日本語", 5) == "日本…"
    assert fit("日本語", 4) == "日 …"


def test_crop_and_spread_keep_to_the_width() -> None:
    line = (("abc", "plain"), ("日本", "dim"), ("def", "plain"))
    for width in range(1, 12):
        assert width_of(crop(line, width)) <= width  # type: ignore[arg-type]
        assert crop(line, width)[-1][0].endswith("…") or width >= 10  # type: ignore[arg-type]
    assert width_of(spread(line, (("end", "plain"),), 20)) == 20  # type: ignore[arg-type]
    assert width_of(spread(line, (("end", "plain"),), 9)) == 9  # type: ignore[arg-type]


def test_graphs_are_as_wide_as_asked() -> None:
    assert sparkline([0, 1, 2, 4], 6) == "   ▂▄▇"
    assert sparkline([], 3) == "   "
    assert graph([0, 4, 8], 3, 2) == ["  █", " ██"]
    assert bar(0.5, 4) == "██  "
    assert bar(2, 4) == "████"
    assert len(bar(0.33, 7)) == 7


def test_every_column_of_ids_keeps_both_ends_of_what_does_not_fit() -> None:
    modules = [import_module(each.name) for each in walk_packages(screens.__path__, "dhtui.screens.")]
    tuples = [each for module in modules for each in vars(module).values() if isinstance(each, tuple)]
    columns = {id(each): each for one in tuples for each in one if isinstance(each, Column)}.values()
    ids = [each for each in columns if each.title in ("id", "target", "infohash", "key", "public key", "z-base-32")]
    assert len(ids) >= 12
    assert all(each.middle for each in ids), [each.title for each in ids if not each.middle]


class TableApp(App[None]):
    def compose(self) -> ComposeResult:
        yield LineTable(COLUMNS, lambda fruit: fruit.name, title="[/fruit]", empty=((("nothing yet", "dim"),),))


def _text(app: App[None]) -> list[str]:
    return ["".join(s.text for s in strip).rstrip() for strip in app.screen._compositor.render_strips()]


async def test_only_changed_lines_are_painted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    app = TableApp()
    async with app.run_test(size=(40, 10)) as pilot:
        table = app.query_one(LineTable)
        table.show(FRUIT)
        await pilot.pause()
        painted: list[Region] = []
        monkeypatch.setattr(table, "refresh", lambda *regions, **_: painted.extend(regions))
        table.show(list(FRUIT))
        assert painted == []
        table.show([FRUIT[0], Fruit("apple", 6), FRUIT[2]])
        assert painted == [Region(0, 2, 40, 1)]


async def test_the_cursor_is_marked_by_a_sign() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 10)) as pilot:
        table = app.query_one(LineTable)
        table.show(FRUIT)
        await pilot.press("j")
        await pilot.pause()
        assert [line[:6] for line in _text(app)[1:4]] == [" pear ", "▶apple", " fig  "]
        table.blur()
        await pilot.pause()
        assert _text(app)[2].startswith("▷apple")


async def test_moving_scrolls_and_a_far_cursor_does_not_jerk_the_view() -> None:
    app = TableApp()
    many = [Fruit(f"fruit{n}", n) for n in range(100)]
    async with app.run_test(size=(40, 10)) as pilot:
        table = app.query_one(LineTable)
        table.show(many)
        await pilot.press("G")
        await pilot.pause()
        assert _text(app)[-1].startswith("▶fruit99")
        assert _text(app)[0].startswith(" name")
        table.scroll_to(y=20, animate=False, immediate=True)
        table.show(many[1:])
        await pilot.pause()
        assert table.scroll_offset.y == 20
        await pilot.press("g")
        await pilot.pause()
        assert _text(app)[1].startswith("▶fruit1")


async def test_page_keys_move_by_pages() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 10)) as pilot:
        table = app.query_one(LineTable)
        table.show([Fruit(f"fruit{n}", n) for n in range(100)])
        await pilot.press("pagedown", "pagedown", "pageup", "down", "up")
        assert table.model.cursor == 8


async def test_a_click_selects_and_a_second_one_inspects(monkeypatch: pytest.MonkeyPatch) -> None:
    app = TableApp()
    asked: list[str] = []
    async with app.run_test(size=(40, 10)) as pilot:
        table = app.query_one(LineTable)
        table.show(FRUIT)
        monkeypatch.setattr(table, "action_inspect", lambda: asked.append("inspect"))
        await pilot.pause()
        await pilot.click(LineTable, offset=(3, 3))
        assert table.model.cursor == 2
        await pilot.click(LineTable, offset=(3, 1), times=2)
        assert asked == ["inspect"]
        assert table.model.cursor == 0


async def test_an_empty_table_teaches_and_a_filtered_one_says_so() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 10)) as pilot:
        table = app.query_one(LineTable)
        assert _text(app)[1] == "nothing yet"
        table.show(FRUIT)
        table.set_filter("banana")
        await pilot.pause()
        assert "No line matches the filter" in _text(app)[1]
        await pilot.press("escape")
        await pilot.pause()
        assert _text(app)[1].startswith("▶pear")
