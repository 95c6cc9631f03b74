"""The panes of the home screen: a snapshot in, lines out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from ...bindings.keymap import key_of
from ...engine.lookup.network_size import margin
from ...engine.views.snapshot import BootstrapSource, SizeView, Snapshot
from ...engine.wire.family import FamilyName
from ...sources.health import Health
from ...text.families import MISSING_WORDS
from ...text.format import address, clock, duration, milliseconds, number, plural, short_id, size
from ...text.format import reach as reach_words
from ...text.node.details import detail_words
from ...text.safe import safe_text
from ...text.spans import Line, Role, Span, cell_len, fit, spread, width_of
from ...widgets.spark import bar
from .charts import chart, columns_of

_LABEL = 10
_RATE = 17
"""Cells for what comes or goes in a second."""
TALL = 10
"""Rows of the pane of traffic from which on there is room for charts."""
SECONDS = 300
"""That the charts go back."""

_ID_SOURCES = {
    "fixed": "given by you",
    "saved": "as last time",
    "random": "random",
    "bep42": "made for the address",
}
_EXTERNAL_SOURCES = {"user": "given by you", "saved": "as last time", "none": ""}
_BEP42: dict[str, tuple[str, Role]] = {
    "valid": ("✓ the id fits the address", "good"),
    "invalid": ("✗ the id does not fit the address", "warn"),
    "exempt": ("– local address: exempt", "dim"),
    "unknown": ("? external address not known yet", "dim"),
}
_SOURCE: dict[str, tuple[str, Role]] = {
    "waiting": ("·", "dim"),
    "asked": ("…", "plain"),
    "answered": ("✓", "good"),
    "silent": ("✗", "bad"),
    "unresolved": ("✗", "bad"),
    "blocked": ("✗", "bad"),
}


def _row(label: str, *spans: tuple[str, Role]) -> Line:
    return ((fit(label, _LABEL), "dim"), *spans)


def health_line(health: Health, width: int) -> Line:
    """The state in words, and what to do about it, if there is room for all of that."""
    role = _HEALTH_ROLES[health.level]
    state = f" {health.glyph} {health.text}"
    fits = cell_len(state) + 2 + cell_len(health.remedy) <= width
    return ((state, role), (f"  {health.remedy}" if fits else "", "plain"))


_HEALTH_ROLES: dict[str, Role] = {"good": "good", "wait": "accent", "weak": "warn", "bad": "bad"}


def missing_line(line: Line, missing: Sequence[FamilyName], width: int) -> Line:
    """The first line with the families that are not here, in as many words as fit."""
    names = " and ".join(missing)
    for words in (f"– {names}: {MISSING_WORDS} ", f"– no {names} "):
        if width_of(line) + 2 + width_of(((words, "dim"),)) <= width:
            return spread(line, ((words, "dim"),), width)
    return line


def families_line(shown: Snapshot, health: Health, other: Health, width: int) -> Line:
    """The health in the family that is shown and in the other one, with the key to it, in as many words as fit: both
    states are whole before either is explained.
    """
    assert shown.other is not None
    key, beside = key_of("home.family"), shown.other.family
    role = _HEALTH_ROLES[other.level]
    brief, beside_it = health.brief, other.brief
    pairs = [(health.text, other.text), (health.text, beside_it), (brief, beside_it)]
    # In what is least of it the state is whole: "good: 40 nodes", "no nodes".
    pairs += [(brief, beside_it.partition(end)[0]) for end in ",:"]
    for words, others in pairs:
        first = health_line(health._replace(text=f"{shown.family}: {words}"), width)
        rest: Line = ((f"{other.glyph} ", role), (key, "key"), (f" {beside}: {others} ", "plain"))
        if width_of(first) + 2 + width_of(rest) <= width:
            return spread(first, rest, width)
    first = health_line(health._replace(text=f"{shown.family}: {brief}", remedy=""), width)
    return spread(first, ((f"{other.glyph} ", role), (key, "key"), (f" {beside} ", "plain")), width)


def node_lines(snapshot: Snapshot, width: int, height: int) -> list[Line]:
    """Who we are, how the world sees us, and how large it is. Where there is little room, what the header tells too
    is left out first.
    """
    who, reach = snapshot.identity, snapshot.reachability
    voters = f"  {plural(who.voters, 'voter')}" if who.external_source == "vote" else ""
    source = _EXTERNAL_SOURCES.get(who.external_source, "")
    known = address(who.external) if who.external else "not known yet"
    seen = reach.state == "reachable"
    reachable: Span = ("● yes" if seen else f"○ {reach_words(reach.state)}", "good" if seen else "warn")
    read_only: Span = ("yes", "warn") if reach.read_only else ("no", "plain")
    whole = width >= _LABEL + 40
    shown_id = who.id.hex() if whole else short_id(who.id, 10)
    origin = f"  {_ID_SOURCES[who.id_source]}"
    told = not whole or width >= _LABEL + 40 + len(origin)
    blocks: list[tuple[int, list[Line]]] = [
        (0, [_row("id", (shown_id, "data"), (origin if told else "", "dim"))]),
        (3, [_row("bound", (address(who.bound), "plain"))]),
        (0, [_row("external", (known, "plain"), (f"{voters}{'  ' + source if source else ''}", "dim"))]),
        (2, [_row("bep 42", _BEP42[who.bep42])]),
        (0, [_row("network", *network_size(snapshot.size, width - _LABEL))]),
        (0, _because("reachable", reachable, detail_words(reach.why), width)),
        (1, _because("read-only", read_only, detail_words(reach.read_only_why), width)),
    ]
    while sum(len(lines) for _, lines in blocks) > height and (last := max(rank for rank, _ in blocks)):
        blocks = [block for block in blocks if block[0] != last]
    return [line for _, lines in blocks for line in lines]


def _because(label: str, state: Span, why: str, width: int) -> list[Line]:
    """A state and its reason, in two lines where that is long."""
    reason = f": {safe_text(why)}" if why else ""
    first, *rest = wrap(state[0] + reason, max(20, width - _LABEL))
    lines: list[Line] = [_row(label, state, (first[len(state[0]) :], "dim"))]
    return [*lines, *([_row("", (" ".join(rest), "dim"))] if rest else [])]


def network_size(estimate: SizeView, width: int) -> Line:
    """The size of the network with its uncertainty, in `width` cells."""
    if estimate.nodes is None:
        long = "not yet: it takes a lookup that finds 8 nodes"
        return ((long if width >= len(long) else "? takes a lookup to 8 nodes", "dim"),)
    base = plural(estimate.lookups, "lookup")
    words = f"~ {_about(estimate.nodes)} ± {margin(estimate) * 100:.0f} %"
    for note in (f", 95 % sure, from {base}", f", 95 % sure, {base}", f", {base}"):
        if width >= len(words + note):
            break
    return ((words, "plain"), (note, "dim"))


def _size_in_short(estimate: SizeView) -> Line:
    if estimate.nodes is None:
        return (("? unknown yet", "dim"),)
    return ((f"~ {_about(estimate.nodes)} ± {margin(estimate) * 100:.0f} %", "plain"),)


def _about(count: float) -> str:
    """A count to two digits: ``64``, ``950``, ``8.4 k``, ``8.4 M``."""
    for unit in ("", " k", " M"):
        if count < 999.5:
            return f"{count:.1f}{unit}" if unit and count < 9.95 else f"{count:.0f}{unit}"
        count /= 1000
    return f"{count:.1f} G" if count < 9.95 else f"{count:.0f} G"


def traffic_lines(snapshot: Snapshot, width: int, height: int) -> list[Line]:
    """Datagrams of the last minutes, round trips, and what is under way; graphs where there is room.

    The right edge of the graphs is now.
    """
    history = snapshot.traffic.history
    lines: list[Line] = []
    tall = height >= TALL
    for name, packets, count in (("in ", 0, 2), ("out", 1, 3)):
        now = history[-1] if history else (0, 0, 0, 0)
        rate = f" {number(now[packets])}/s {size(now[count])}/s"
        values = [second[packets] for second in history]
        if tall:
            lines.append(spread(((f"{name}{rate}", "plain"),), ((f"peak {max(values, default=0)}/s", "dim"),), width))
            lines += chart(columns_of(values, width, SECONDS), width, max(1, (height - 7) // 2))
        else:
            room = max(1, width - 4 - _RATE)
            (graph,) = chart(columns_of(values, room, SECONDS), room, 1)
            lines.append(((f"{name} ", "dim"), *graph, (fit(rate, _RATE, right=True), "plain")))
    if tall:
        lines.append(spread(((f"{duration(SECONDS)} ago", "dim"),), (("now", "dim"),), width))
    rest = list(_traffic_rest(snapshot, tall))
    return [*lines, *(rest if height >= 6 else (rest[0], rest[-1]))]


def _traffic_rest(snapshot: Snapshot, tall: bool) -> Iterator[Line]:
    rtt, traffic = snapshot.rtt, snapshot.traffic
    spread_words = f"p50 {milliseconds(rtt.p50)}  p95 {milliseconds(rtt.p95)}"
    yield (("rtt     ", "dim"), (spread_words if rtt.samples else "no answer measured yet", "plain"))
    running = sum(lookup.running and not lookup.place for lookup in snapshot.lookups)
    waiting = f"  {snapshot.waiting} waiting" if snapshot.waiting else ""
    yield (
        ("now     ", "dim"),
        (f"{plural(len(snapshot.queries), 'query', 'queries')}  {plural(running, 'lookup')}{waiting}", "plain"),
    )
    if tall:
        total = f"{size(traffic.bytes_in)} in  {size(traffic.bytes_out)} out"
        yield (("total   ", "dim"), (total, "plain"))
    else:
        store = snapshot.store
        items = f"{store.immutable + store.mutable}/{2 * store.item_cap} items"
        yield (("kept    ", "dim"), (f"{items}  {plural(store.peers, 'peer')}", "plain"))
    dropped, lost = sum(snapshot.drops.values()), snapshot.traffic.overflowed or 0
    most = max(snapshot.drops.items(), key=lambda item: item[1], default=("", 0))
    yield (
        ("dropped ", "dim"),
        (number(dropped), "warn" if dropped else "plain"),
        (f"  {snapshot.banned} banned", "warn" if snapshot.banned else "plain"),
        (f"  {snapshot.muted} muted" if snapshot.muted else "", "warn"),
        (f"  {number(lost)} lost unread" if lost else "", "warn"),
        (f"  most: {safe_text(most[0], 20)}" if dropped and tall else "", "dim"),
    )


def who_line(snapshot: Snapshot, width: int) -> Line:
    """The size of the network, our id in full, whether it fits our address, and more where there is room."""
    who = snapshot.identity
    room = width - 64  # beside the id, the verdict on it, and the labels
    size = network_size(snapshot.size, room) if room >= 29 else _size_in_short(snapshot.size)
    spans: list[Span] = [(" network ", "dim"), *size, ("  id ", "dim"), (who.id.hex(), "data")]
    if width < 60:
        return (("  id ", "dim"), (who.id.hex(), "data"))
    sign, role = _BEP42[who.bep42]
    spans.append((f"  {sign[0]} bep 42", role))
    start, known = snapshot.bootstrap, address(who.external) if who.external else "address not known"
    facts = [("", known), ("up ", clock(snapshot.uptime))]
    if start.state != "idle":
        facts.append(
            (
                "bootstrap ",
                f"{_START[start.state]} {milliseconds(start.elapsed)} {safe_text(detail_words(start.why), 60)}",
            )
        )
    for label, text in facts:
        if width_of(spans) + 2 + len(label) + cell_len(text) <= width:
            spans += [(f"  {label}", "dim"), (text, "plain")]
    return tuple(spans)


_START = {"running": "…", "done": "✓", "failed": "✗"}


def store_lines(snapshot: Snapshot, width: int) -> list[Line]:
    """What we keep for others, against the caps."""
    store, table = snapshot.store, snapshot.table
    rows = (
        ("infohashes", store.infohashes, store.infohash_cap, f"{plural(store.peers, 'peer')}"),
        ("immutable", store.immutable, store.item_cap, "items"),
        ("mutable", store.mutable, store.item_cap, "items"),
        ("known", table.known, table.known_cap, "not in table"),
    )
    room = max(4, min(20, width - (48 if width >= 52 else 30)))
    lines: list[Line] = []
    for name, count, cap, note in rows:
        filled, said = f"▕{bar(count / cap if cap else 0, room)}▏", f" {note}" if width >= 52 else ""
        lines.append(
            ((fit(name, 12), "dim"), (filled, "accent"), (fit(f" {count} of {cap}", 16), "plain"), (said, "dim"))
        )
    return [*lines, ((fit("blocklist", 12), "dim"), (plural(snapshot.blocked_ranges, "range"), "plain"))]


def source_line(source: BootstrapSource) -> Line:
    """One place where nodes were sought, and what came of it."""
    glyph, role = _SOURCE[source.state]
    return (
        (f"{glyph} ", role),
        (fit(safe_text(source.name, 60), 32), "plain"),
        (fit(f" {source.state}", 12), role),
        (f" {safe_text(detail_words(source.detail))}", "dim"),
    )


def start_lines(snapshot: Snapshot, height: int) -> list[Line]:
    """How the start went, source by source, in at most `height` lines."""
    start = snapshot.bootstrap
    words: dict[str, tuple[str, Role]] = {
        "idle": ("– nothing was asked", "dim"),
        "running": (f"… asking for {milliseconds(start.elapsed)}", "accent"),
        "done": (f"✓ done in {milliseconds(start.elapsed)}", "good"),
        "failed": (f"✗ failed after {milliseconds(start.elapsed)}", "bad"),
    }
    why = f"  {safe_text(detail_words(start.why))}" if start.why else ""
    family: Span = (f"{snapshot.family}: " if snapshot.other is not None else "", "title")
    lines: list[Line] = [(family, words[start.state], (why, "plain")), *map(source_line, start.sources)]
    if len(lines) > height > 1:
        lines[height - 1 :] = [((f"and {plural(len(lines) - height + 1, 'more source')}", "dim"),)]
    return lines


def advice_lines(snapshot: Snapshot, in_testnet: bool, room: int = 0) -> list[Line]:
    """What one can do without nodes; with `room` for more lines, how others find us, too."""
    left = snapshot.bootstrap.retry_in
    itself = f"; by itself in {duration(left)}" if left is not None else ""
    known = bool(snapshot.bootstrap.sources) and snapshot.bootstrap.state != "running"
    again = _advice("home.try_again", f"try again now{itself}  ") if known else ()
    lines: list[Line] = [(*again, *_advice("home.bootstrap", "start from a node: HOST:PORT"))]
    if not in_testnet:
        lines.append(_advice("testnet", "open a testnet: 64 real nodes inside this program, no network needed"))
    lines.append(_advice("show.table", "watch the table: a node that contacts us appears there"))
    if room >= 1 and not in_testnet and snapshot.reachability.state != "reachable":
        port = snapshot.identity.bound[1]
        lines.append(((f"    forward UDP port {port} on your router: strangers reach us then", "plain"),))
    return lines


def _advice(name: str, text: str) -> Line:
    return (f" {key_of(name)} ", "key"), (f" {text}", "plain")
