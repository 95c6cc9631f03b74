"""Emphasis: what matters most stands out in every theme, and without colours too."""

from __future__ import annotations

import pytest
from rich.style import Style
from screens import snapshots
from screens.stage import Stage, exploring
from textual.color import Color
from textual.widget import Widget

from dhtui.app import THEMES
from dhtui.text.keyspace import NEAR
from dhtui.text.spans import Role
from dhtui.widgets.paint import Painted

EMPHASIS: tuple[Role, ...] = ("accent", "warn", "bad", "key", "strong")
COLOURED: tuple[Role, ...] = ("good", "data", *NEAR)
OWN_COLOURS = [theme for theme in THEMES if "ansi" not in theme]


def _seen(stage: Stage, role: Role) -> Style:
    """The style of a role as it comes to the terminal."""
    table = stage.table("now")
    assert isinstance(table, Painted)
    return next(segment.style for segment in table.paint((("x", role),), 1) if segment.style)


def _luminance(colour: Color) -> float:
    """As WCAG 2 has it."""
    parts = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def _contrast(style: Style, pane: Widget) -> float:
    assert style.color is not None
    lights = sorted((_luminance(Color.from_rich_color(style.color)), _luminance(pane.background_colors[1])))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("theme", OWN_COLOURS)
async def test_without_colours_what_matters_is_as_bright_as_text_and_bold(
    theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with exploring(snapshots.running()) as stage:
        stage.app.theme = theme
        await stage.settle()
        plain, dim = _seen(stage, "plain"), _seen(stage, "dim")
        for role in EMPHASIS:
            style = _seen(stage, role)
            assert style.bold and style.color == plain.color, role
        for role in COLOURED:
            assert _seen(stage, role).color == plain.color
        pane = stage.table("now")
        assert _contrast(plain, pane) > _contrast(dim, pane)


@pytest.mark.parametrize("theme", OWN_COLOURS)
async def test_what_was_found_is_bold_and_easy_to_read(theme: str) -> None:
    async with exploring(snapshots.running()) as stage:
        stage.app.theme = theme
        await stage.settle()
        pane = stage.table("now")
        assert _seen(stage, "accent").bold
        assert _contrast(_seen(stage, "accent"), pane) >= 4.5


@pytest.mark.parametrize("theme", OWN_COLOURS)
async def test_every_step_of_nearness_is_a_colour_of_its_own_and_easy_to_read(theme: str) -> None:
    async with exploring(snapshots.running()) as stage:
        stage.app.theme = theme
        await stage.settle()
        pane = stage.table("now")
        styles = [_seen(stage, role) for role in NEAR]
        assert len({style.color for style in styles}) == len(NEAR)
        assert all(_contrast(style, pane) >= 3 for style in styles)
        assert [bool(style.bold) for style in styles] == [False] * 5 + [True]


@pytest.mark.parametrize("theme", [theme for theme in THEMES if "ansi" in theme])
async def test_in_the_colours_of_the_terminal_nearness_has_three_steps(theme: str) -> None:
    async with exploring(snapshots.running()) as stage:
        stage.app.theme = theme
        await stage.settle()
        colours = [_seen(stage, role).color for role in NEAR]
        assert len(set(colours)) == 3 and colours[0] == colours[1] != colours[2] == colours[3] != colours[4]
