"""How every pane of the explorer paints lines of spans.

Roles become styles by the theme (see `role_style`). No markup is parsed anywhere, so text from the network can't be
read as markup; and what a terminal could obey is caught here a second time, behind `text.safe.safe_text` at the edge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.content import Content
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Offset
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from ..text.keyspace import NEAR
from ..text.spans import Line, Role, cell_len, clean, crop, width_of

_COLOURS: dict[Role, str] = {
    "key": "text-accent",
    "good": "text-success",
    "warn": "text-warning",
    "bad": "text-error",
    "accent": "text-primary",
    "data": "text-primary",
}
"""The theme's variable for each role that has a colour; all states have a sign or a word too."""
_FAR, _NEAR = "text-primary", "text-warning"
"""The ends of the ramp of nearness: blue and amber. What lies between them is mixed of both."""
_BOLD = Style(bold=True)
_TURNED = Style(reverse=True)
_HEAVY: frozenset[Role] = frozenset(("strong", "title", "key", "bad", "idle", "accent", NEAR[-1]))
_MUTED = 0.4
"""How far what is less important is blended into the background."""


def titled(widget: Widget, title: str) -> Content:
    """A title for the widget's border; without corners it would touch the line."""
    pad = "" if widget.styles.border_left[0] else " "
    return Content(f"{pad}{clean(title)}{pad}")


def set_title(widget: Widget, title: str) -> None:
    """Gives the widget's border that title. The same one again is nothing to paint."""
    content = titled(widget, title)
    if widget.border_title != content.markup:
        widget.border_title = content


def role_style(role: Role, variables: Mapping[str, str], background: Color, ansi: bool, mono: bool = False) -> Style:
    """The style of a role over a background, by the variables of a theme. `ansi`: in the terminal's own colours.

    `mono`: without colours, where a blue that stands out would become a dark grey. What matters is bold then.
    """
    if role == "cursor":
        if ansi:
            return Style(reverse=True, bold=True)
        bar = Color.parse(variables["block-cursor-background"])
        return _BOLD + Style.from_color((bar + bar.get_contrast_text(0.9)).rich_color, bar.rich_color)
    weight = _BOLD if role in _HEAVY or (mono and role == "warn") else Style.null()
    if role in NEAR and not mono:
        return weight + Style.from_color(_ramp(NEAR.index(role), variables, ansi).rich_color)
    if role in ("dim", "title"):
        if ansi:
            return weight + Style(dim=True)
        foreground = Color.parse(variables["foreground"]).blend(background, _MUTED)
    else:
        foreground = Color.parse(variables["foreground" if mono else _COLOURS.get(role, "foreground")])
    return weight + Style.from_color(foreground.rich_color)


def _ramp(step: int, variables: Mapping[str, str], ansi: bool) -> Color:
    """A step of the ramp of nearness. The terminal's own colours can't be mixed: of them there are three steps."""
    last = len(NEAR) - 1
    if ansi:
        return Color.parse(variables[(_FAR, "text-secondary", _NEAR)[3 * step // (last + 1)]])
    return Color.parse(variables[_FAR]).blend(Color.parse(variables[_NEAR]), step / last)


class Painted(Widget):
    """A widget that paints lines of spans. Styles of roles are its own affair, as component classes of Textual are
    matched anew for each widget whenever the focus moves.
    """

    ALLOW_SELECT = False
    """Those that mark what is selected say so."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._roles: dict[Role, Style] = {}

    def style_of(self, role: Role) -> Style:
        """The style of a role in the present theme, on this widget's background."""
        style = self._roles.get(role)
        if style is None:
            app, background = self.app, self.background_colors[1]
            ansi = app.native_ansi_color
            style = self.rich_style + role_style(role, app.theme_variables, background, ansi, app.no_color)
            self._roles[role] = style
        return style

    def on_mount(self) -> None:
        """Watches for another theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self.forget_styles())

    def forget_styles(self) -> None:
        """The theme or the background changed: paint all anew."""
        self._roles.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        """A rule of the style sheet that applies to this widget changed."""
        super().notify_style_update()
        self._roles.clear()

    def paint(self, line: Line, width: int, fill: Role = "plain") -> Strip:
        """A line as exactly `width` cells, filled up in the style of `fill`."""
        spans = [(clean(text), role) for text, role in line]
        spare = width - width_of(spans)
        if spare > 0:
            spans.append((" " * spare, fill))
        style_of = self.style_of
        segments = [Segment(text, style_of(role)) for text, role in (spans if spare >= 0 else crop(spans, width))]
        if all(text.isascii() for text, _ in spans):
            return Strip(segments, width)
        return Strip(segments).adjust_cell_length(width)  # Textual may measure a rare character otherwise

    # -- text selected by the mouse --------------------------------------------------------------------------

    def place_at(self, x: int, y: int) -> Offset:
        """The place of the character at a cell of the content; beyond the end of a line its end."""
        strip = self.render_line(max(0, y))
        width = 0
        for place, char in enumerate(strip.text):
            width += cell_len(char)
            if width > x:
                return Offset(place, max(0, y))
        return Offset(len(strip.text), max(0, y))

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text under a selection, and what ends it."""
        lines = [self.render_line(y).text.rstrip() for y in range(self.size.height)]
        try:
            return selection.extract("\n".join(lines)), "\n"
        except IndexError:  # there are fewer lines by now
            return None

    def selection_updated(self, selection: Selection | None) -> None:
        """Another part of it is selected."""
        self.refresh()

    def mark_selected(self, strip: Strip, y: int) -> Strip:
        """A painted line with the selected part of it turned round, which needs no colour."""
        selection = self.text_selection
        span = selection.get_span(y) if selection is not None else None
        if span is None:
            return strip
        text = strip.text
        first, last = cell_len(text[: span[0]]), cell_len(text if span[1] < 0 else text[: span[1]])
        before, marked, after = strip.divide([first, last, strip.cell_length])
        return Strip.join([before, marked.apply_style(_TURNED), after])

    def get_line_filters(self) -> Sequence[LineFilter]:
        """All but the one that replaces the terminal's own colours: where that is at work, no style here has any."""
        return [each for each in super().get_line_filters() if not isinstance(each, ANSIToTruecolor)]
