"""Finds what is wrong with a drawn screen: cut text, panes without use for their room, signs that nothing explains.

Pure functions over the text of a screen, a line each row.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len

CUT: Final = "…"
MORE: Final = re.compile(rf"[\w.,:;)'/]{CUT}(?= |$)|[0-9a-f]{{5,}}{CUT}[0-9a-f]{{5,}}")
"""A text that was cut at its end: the sign stands at a word, as what is under way has one of its own. Or an id of which
more than a short form is shown, and not all."""
LETTERS: Final = re.compile(r"[A-Za-z]")
SCROLLBAR: Final = "▁▂▃▄▅▆▇█"
BORDERS: Final = frozenset("╔╗╚╝║─│╭╮╰╯┌┐└┘├┤┬┴┼━═▔▏▕")
TAIL: Final = 14
"""Cells at the end of a row by which its text is found again at another size."""
BAND: Final = 2
"""Blank cells that may stand between two columns."""
ROOM: Final = 12
"""Blank columns from which on there is room for a text that is cut."""


class Pane(NamedTuple):
    """What lies within a border: rows and cells, the last ones not included."""

    top: int
    left: int
    bottom: int
    right: int
    rows: tuple[str, ...]

    def texts(self) -> list[str]:
        """Its rows that hold anything, without a scroll bar."""
        bar = any(row[-1:] in SCROLLBAR for row in self.rows if row[-1:].strip())
        rows = [row[:-1] if bar else row for row in self.rows]
        return [row for row in rows if row.strip()]

    def blank(self) -> int:
        """The columns of the widest band that is blank in every row, beyond what stands between two columns."""
        texts = self.texts()
        if not texts:
            return self.right - self.left
        width, used = max(map(len, texts)), 0
        for text in texts:
            used |= int(re.sub(r"\S", "1", text.ljust(width)).replace(" ", "0"), 2)
        runs = re.findall("0+", f"{used:0{width}b}")
        return max((len(run) - BAND for run in runs), default=0)

    def cuts(self) -> list[str]:
        """Its rows with a text that is cut."""
        return [text for text in self.texts() if MORE.search(text)]


def lines_of(text: str) -> list[str]:
    """The rows of a screen. A character of two cells becomes itself and a joker, so that places are cells."""
    return [
        line if cell_len(line) == len(line) else "".join(c if cell_len(c) == 1 else f"{c}\0" for c in line)
        for line in text.splitlines()
    ]


def panes(lines: Sequence[str]) -> list[Pane]:
    """What has a whole border around it; on a small screen without any: what has a line with its title above it."""
    found = _titled(lines) if not any("╭" in line for line in lines) else []
    for top, line in enumerate(lines):
        for start in re.finditer("╭", line):
            left = start.start()
            end = line.find("╮", left)
            if end < 0 or "╭" in line[left + 1 : end]:
                continue
            bottom = top + 1
            while bottom < len(lines) and lines[bottom][left : left + 1] == "│" == lines[bottom][end : end + 1]:
                bottom += 1
            if bottom < len(lines) and lines[bottom][left : left + 1] == "╰" and lines[bottom][end : end + 1] == "╯":
                rows = tuple(lines[y][left + 1 : end] for y in range(top + 1, bottom))
                found.append(Pane(top + 1, left + 1, bottom, end, rows))
    return found


def _titled(lines: Sequence[str]) -> list[Pane]:
    """Those of a small screen, as wide as it; panes side by side count as one."""
    width = max(map(len, lines), default=0)
    tops = [y for y, line in enumerate(lines) if line.startswith(("─ ", "═ "))]
    ends = [*tops[1:], len(lines) - 1] if tops else []  # the last line names keys
    return [
        Pane(top + 1, 0, end, width, tuple(line.ljust(width) for line in lines[top + 1 : end]))
        for top, end in zip(tops, ends, strict=True)
        if top + 1 < end
    ]


def beside(one: Pane, other: Pane) -> bool:
    """Whether two panes touch at their sides, over at least half of the height of one."""
    touch = one.right + 2 == other.left or other.right + 2 == one.left
    both = min(one.bottom, other.bottom) - max(one.top, other.top)
    return touch and both >= min(one.bottom - one.top, other.bottom - other.top) / 2


# ---- what can be wrong ---------------------------------------------------------------------------------------


def unfit(text: str, width: int, height: int) -> Iterator[str]:
    """Lines that are wider than the screen, too many of them, or characters that a terminal obeys."""
    lines = text.splitlines()
    if len(lines) != height:
        yield f"{len(lines)} lines"
    yield from (f"wider: {line}" for line in lines if cell_len(line) > width)
    yield from (f"not printable: {line!r}" for line in lines if not line.isprintable())


def wasted(text: str) -> Iterator[str]:
    """Cut text in a pane that has room for it, or beside a pane that is two thirds empty."""
    found = panes(lines_of(text))
    for pane in found:
        cuts = pane.cuts()
        if cuts and pane.blank() >= ROOM:
            yield f"cut, with {pane.blank()} blank columns beside it: {cuts[0].strip()}"
        for other in found if cuts else ():
            if beside(pane, other) and 3 * other.blank() >= 2 * (other.right - other.left):
                yield f"cut, beside a pane that is two thirds empty: {cuts[0].strip()}"


def loose(text: str) -> Iterator[str]:
    """Lines without a border around them that are cut: what they say has no other place."""
    lines = lines_of(text)
    if any("╭" in line for line in lines) and any(line.startswith(("─ ", "═ ")) for line in lines):
        return  # a window lies over a small screen: what it covers can't be told from what is cut
    within = {y for pane in panes(lines) for y in range(pane.top - 1, pane.bottom + 1)}
    for y, line in enumerate(lines[:-1]):
        if y not in within and "│" not in line and MORE.search(line):
            yield f"cut: {line.strip()}"


def severed(text: str, larger: str) -> Iterator[str]:
    """Text that ends at the edge of its pane, and goes on at a larger size: it is cut, and no sign says so."""
    whole = "\n".join(lines_of(larger))
    for pane in panes(lines_of(text)):
        for row in pane.texts():
            tail = row[-TAIL:]
            if len(row) == pane.right - pane.left and LETTERS.search(row[-1]) and " " in tail.strip():
                at = [found.end() for found in re.finditer(re.escape(tail), whole)]
                if at and all(LETTERS.match(whole[end : end + 1]) for end in at):
                    yield f"cut without a sign: {row.strip()}"


def unknown_signs(text: str, known: Collection[str]) -> set[str]:
    """The signs in it that stand for something and are not known. Letters of any script and drawings are no signs."""
    return {char for char in text if _is_sign(char)} - set(known)


def _is_sign(char: str) -> bool:
    drawn = char in BORDERS or "\u2800" <= char <= "\u28ff" or "\u2580" <= char <= "\u259f"
    return not (char.isascii() or char.isalpha() or drawn)
