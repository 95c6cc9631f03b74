"""The list of packets: it grows at one end and loses lines at the other, many times a second."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence

from textual.geometry import Size

from ...packets.course import Course, Standing, standing
from ...packets.filter import HELP, Completion, FilterError, completions, parse
from ...packets.packet import Packet
from ...packets.ring import PacketRing
from ...text.keyspace import NEAR
from ...text.spans import Line
from ...widgets.line_table import LineTable
from ...widgets.table_model import BadFilter, Column, TableModel
from .columns import PAIR, line_role, pair_mark

_KEPT = 500
"""Packets whose cells are kept: more than any window shows."""


def _number(packet: Packet) -> int:
    return packet.number


class PacketModel(TableModel[Packet]):
    """The packets of a ring, through a filter. Each is looked at once, when it comes, unless the filter changes.

    The packet that is inspected stays so when the ring has dropped it; `cursor` is -1 then.
    """

    filter_hint = "method:get dir:in err:any …   tab completes, enter keeps it, esc clears it"
    filter_help = HELP
    guided = True

    def __init__(self, columns: Sequence[Column[Packet]]) -> None:
        super().__init__(columns, _number)
        self.follows = True
        """Whether the newest packet is selected, whichever that is."""
        self.ring: PacketRing | None = None
        """Where the packets come from: it knows what became of a query."""
        self._held: Packet | None = None
        self._kept: list[Packet] = []
        self._drawn: dict[int, tuple[Packet, Course, tuple[Line, ...]]] = {}
        """By `id`: the packet and its cells, as long as its course is this."""
        self._pair = next((place for place, column in enumerate(columns) if column.title == PAIR), 0)

    # -- reading ---------------------------------------------------------------------------------------------

    @property
    def newest(self) -> int:
        """The number of the newest packet that was taken in, 0 before the first."""
        return self._kept[-1].number if self._kept else 0

    @property
    def selected(self) -> Packet | None:
        """The packet that is inspected, in the list or not."""
        return self._held

    def find(self, number: int) -> Packet | None:
        """A packet that was taken in, whether the filter lets it through or not."""
        place = number - self._kept[0].number if self._kept else -1
        return self._kept[place] if 0 <= place < len(self._kept) else None

    def cells(self, row: Packet) -> tuple[Line, ...]:
        """As `TableModel`, in the colour of the packet's kind, but for ids, which have that of their nearness; in the
        margin how it stands to others.
        """
        now = Standing(Course.OPEN) if self.ring is None else standing(row, self.ring)
        known = self._drawn.get(id(row))
        if known is None or known[1] is not now.course:
            known = self._draw(row, now.course)
        cells, pair = known[2], self._pair
        return (*cells[:pair], self._margin(row, now), *cells[pair + 1 :])

    def _draw(self, row: Packet, course: Course) -> tuple[Packet, Course, tuple[Line, ...]]:
        if len(self._drawn) >= _KEPT:
            self._drawn.clear()
        role = line_role(row, course)
        cells: Iterable[Line] = (column.cell(row) for column in self.columns)
        if role != "plain":
            cells = (tuple((text, own if own in NEAR else role) for text, own in cell) for cell in cells)
        known = self._drawn[id(row)] = row, course, tuple(cells)
        return known

    def _margin(self, row: Packet, now: Standing) -> Line:
        """Its half of a bracket; before it that of the selected packet and its partner, with the line between them."""
        held, role = self._held, line_role(row, now.course)
        text = pair_mark(now, top=(now.course is Course.ASKED) != (self.backwards and self.sort_by is None))
        partner = self.ring.partner(held) if self.ring is not None and held is not None else None
        if held is None or partner is None:
            return ((f" {text}", role),)
        first, last = sorted((held.number, partner.number))
        if row.number in (first, last):
            return ((text[:1], "accent"), (f" {text[1:]}", "accent"))
        if first < row.number < last and self.sort_by is None:
            return ("│", "accent"), (text, role)
        return ((f" {text}", role),)

    # -- taking in -------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Drops all packets; another ring comes. What is selected is found again by its number."""
        self._kept, self.rows, self.total = [], [], 0
        self._drawn.clear()
        self._all = self._kept

    def start_over(self) -> None:
        """Drops all packets and the selection: another node comes, which counts from 1."""
        self.forget()
        self.follows, self._held, self._selected, self.cursor = True, None, None, 0

    def extend(self, packets: Sequence[Packet], oldest: int) -> int:
        """Takes in what is new, oldest first, and drops all before the number `oldest`.

        Returns by how many lines those that stay went down; negative: up.
        """
        del self._kept[: bisect_left(self._kept, oldest, key=_number)]
        self._kept += packets
        self._all, self.total = self._kept, len(self._kept)
        fresh = [packet for packet in packets if self._accepts(packet)] if self._accepts else list(packets)
        moved = self._merge(fresh, oldest)
        self._follow()
        return moved

    def _merge(self, fresh: list[Packet], oldest: int) -> int:
        if self.sort_by is not None and self.sort_by.sort is not None:
            self.rows = [packet for packet in self.rows if packet.number >= oldest] + fresh
            self.rows.sort(key=self.sort_by.sort, reverse=self.backwards)
            return 0
        if self.backwards:
            del self.rows[bisect_right(self.rows, -oldest, key=lambda packet: -packet.number) :]
            self.rows[:0] = reversed(fresh)
            return len(fresh)
        gone = bisect_left(self.rows, oldest, key=_number)
        del self.rows[:gone]
        self.rows += fresh
        return -gone

    # -- selecting -------------------------------------------------------------------------------------------

    def _newest_place(self) -> int:
        return 0 if self.backwards else len(self.rows) - 1

    def _follow(self) -> None:
        if self.follows and self.sort_by is None:
            self.go_newest()
            return
        place = self.place_of(self._selected)
        self.cursor = -1 if place is None else place

    def place_of(self, number: Hashable) -> int | None:
        """The line of a packet; `None` if it is not in the list."""
        if not isinstance(number, int):
            return None
        if self.sort_by is not None:
            return next((place for place, row in enumerate(self.rows) if row.number == number), None)
        if self.backwards:
            place = bisect_left(self.rows, -number, key=lambda packet: -packet.number)
        else:
            place = bisect_left(self.rows, number, key=_number)
        return place if place < len(self.rows) and self.rows[place].number == number else None

    def move_to(self, place: int) -> None:
        """As `TableModel`; who goes to the newest packet follows it, who leaves it does not."""
        super().move_to(place)
        if self.rows:
            self._held = self.rows[self.cursor]
            self.follows = self.sort_by is None and self.cursor == self._newest_place()

    def go_newest(self) -> None:
        """Selects the newest packet, and each that comes after it."""
        self.move_to(self._newest_place())

    def select(self, key: Hashable) -> None:
        """Selects the packet of that number, if it is in the list."""
        place = self.place_of(key)
        if place is not None:
            self.move_to(place)

    def hold(self, packet: Packet) -> None:
        """Inspects a packet that is not in the list; the cursor stays where it is."""
        self.follows, self._held = False, packet

    def pin(self) -> None:
        """Follows no longer: the packet that is selected now stays so."""
        self.follows = False

    # -- filter ----------------------------------------------------------------------------------------------

    def set_filter(self, text: str) -> None:
        """As `TableModel`, in the language of packet filters."""
        super().set_filter(text)
        if self.cursor < 0 and self.rows:
            self.go_newest()

    def read_filter(self, text: str) -> Callable[[Packet], bool] | None:
        """What a filter tests. Raises `BadFilter`."""
        try:
            return parse(text).matches if text.strip() else None
        except FilterError as problem:
            raise BadFilter(problem.message, problem.position, problem.length) from None

    def completions(self, text: str, cursor: int) -> Sequence[Completion]:
        """What the word at the cursor of a filter could become."""
        return completions(text, cursor)


class PacketTable(LineTable[Packet]):
    """Shows a `PacketModel`. Lines that stay in sight do not move while others go."""

    model: PacketModel

    def __init__(self, columns: Sequence[Column[Packet]], *, empty: Sequence[Line] = (), id: str | None = None) -> None:
        super().__init__(columns, _number, title="packets", empty=empty, id=id)
        self.model = PacketModel(columns)

    def take(self, packets: Sequence[Packet], oldest: int, paint: bool = True) -> None:
        """Takes in what is new, and drops all before the number `oldest`. Without `paint` it is not seen yet."""
        in_sight, top = self._cursor_visible(), self.scroll_offset.y
        moved = self.model.extend(packets, oldest)
        follow = in_sight and self.model.follows
        if moved and not follow:
            self.virtual_size = Size(self.size.width, len(self.model.rows) + 1)
            self.scroll_to(y=max(0, top + moved), animate=False, immediate=True, force=True)
        if paint:
            self._changed(follow=follow)

    def hold(self, packet: Packet) -> None:
        """Inspects a packet that is not in the list."""
        self.model.hold(packet)
        self._changed(follow=False)

    def go_newest(self) -> None:
        """Selects the newest packet, and follows it."""
        self.model.go_newest()
        self._changed(follow=True)
