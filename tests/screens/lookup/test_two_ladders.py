"""Where the ladders of both families are drawn side by side, and where not."""

from __future__ import annotations

import pytest

from dhtui.screens.lookup.layout import Drawing, Layout


def drawings(width: int, drawing: Drawing | None = None, *, two: bool = True) -> tuple[str, ...]:
    layout = Layout(
        broad=width >= 150, wide=width >= 120, tall=False, small=False, nothing=False, in_nodes=False,
        drawing=drawing, comparing=False, playing=False, vast=width >= 160, two=two,
    )  # fmt: skip
    assert {name for name, shown in layout.shown().items() if shown} >= set(layout.drawings)
    return layout.drawings


@pytest.mark.parametrize(
    ("width", "drawing", "shown"),
    [
        (80, None, ("ladder",)),
        (80, "ladder", ("ladder",)),
        (120, None, ("ladder", "waterfall")),
        (120, "ladder", ("ladder", "beside")),
        (159, None, ("ladder", "waterfall")),
        (160, None, ("ladder", "beside", "waterfall")),
        (200, "both", ("ladder", "beside", "waterfall")),
        (200, "tree", ("tree",)),
    ],
)
def test_both_ladders_are_drawn_where_there_is_room(
    width: int, drawing: Drawing | None, shown: tuple[str, ...]
) -> None:
    assert drawings(width, drawing) == shown
    assert "beside" not in drawings(width, drawing, two=False)
