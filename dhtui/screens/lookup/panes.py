"""The lists of the lookup screen, its line of state, and what its windows say: snapshot values in, lines out."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1
from textwrap import wrap

from ...bindings.keymap import key_of
from ...engine.items import immutable_target
from ...engine.keys import BEP44_TEST_KEY
from ...engine.lookup.decisions import EARLY, Reason
from ...engine.outcome import Status
from ...engine.testnet import NAMES, SALTS, TEXTS
from ...engine.views.snapshot import CandidateView, LookupDetail, LookupView, StepView
from ...engine.wire.bencode import encode
from ...lookups.compare import JUDGED, Difference, names
from ...lookups.critical import critical_path
from ...lookups.drawings.time_bar import time_bar
from ...lookups.explanation import explanation, kept_back
from ...lookups.query_status import (
    IN_TIME,
    MARKS,
    OVERTAKEN,
    STALLED,
    QueryStatus,
    answering,
    bits_of,
    counts,
    decisive,
    gave_words,
    query_status,
    sent,
    span_words,
)
from ...lookups.reasons import decisions_about
from ...lookups.shares import culprits
from ...text.clients import client_name
from ...text.decisions import SHORT_DISTRUST, SHORT_REASONS, found_words
from ...text.faults import note_words
from ...text.format import LONGEST_ADDRESS, address, duration, power, short_id, waiting_words
from ...text.keyspace import near_bits
from ...text.safe import safe_text
from ...text.spans import Line, Role, Span, fit, spread, width_of
from ...widgets.table_model import Column

PEERS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class LookupRow:
    """A lookup in the list."""

    view: LookupView
    age: float
    """Seconds since it began."""
    marked: bool
    """To be compared with."""


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A node of a lookup."""

    place: int
    """From 1 on, in the order of distance."""
    node: CandidateView
    bits: float | None
    critical: bool
    step: StepView | None
    """The query that tells its fate: the first that was answered, else the last one."""
    query_status: QueryStatus
    view: LookupView
    decided: Reason | None = None
    """The last that was decided about it, besides to ask it."""


def candidate_rows(detail: LookupDetail) -> list[CandidateRow]:
    """The nodes that a lookup knows of, nearest first."""
    path = {detail.steps[place].addr for place in critical_path(detail)}
    asked, view, about = decisive(detail), detail.view, decisions_about(detail)
    rows = []
    for place, node in enumerate(detail.candidates, 1):
        step = asked.get(node.addr)
        what = QueryStatus.UNASKED if step is None else query_status(step, view)
        bits, critical = bits_of(node.id, view.target), node.addr in path
        decided = about[node.addr][-1].reason if node.addr in about else None
        rows.append(CandidateRow(place, node, bits, critical, step, what, view, decided))
    return rows


# ---- the lookups ----------------------------------------------------------------------------------------


def lookup_sign(view: LookupView) -> Span:
    """Running, ended well, stopped before its end, or without an answer."""
    if view.running:
        return "…", "accent"
    if view.stopped in EARLY:
        return "■", "warn"
    return ("✓", "good") if view.best else ("✗", "bad")


def _found(view: LookupView) -> str:
    return waiting_words(view.place) if view.place else found_words(view.found) or "–"


def _nearest(view: LookupView) -> Line:
    return ((power(view.nearest_bits), "plain"),)


LOOKUP_COLUMNS: tuple[Column[LookupRow], ...] = (
    Column("", 1, lambda r: (lookup_sign(r.view),), sort=lambda r: (not r.view.running, not r.view.best)),
    Column("#", 4, lambda r: ((str(r.view.number), "plain"),), right=True, sort=lambda r: r.view.number),
    Column("", 1, lambda r: (("m" if r.marked else "", "key"),)),
    Column("what", 9, lambda r: ((safe_text(r.view.kind, 9), "plain"),), sort=lambda r: r.view.kind),
    Column(
        "target", 9, lambda r: ((r.view.target.hex(), "data"),), grow=True, middle=True, most=40,
        sort=lambda r: r.view.target,
    ),
    Column("by", 9, lambda r: ((safe_text(r.view.owner, 9), "dim"),), sort=lambda r: r.view.owner, rank=3),
    Column(
        "✓/sent", 7, lambda r: ((f"{r.view.answered}/{r.view.asked}", "plain"),), right=True,
        sort=lambda r: r.view.asked,
    ),
    Column("near", 7, lambda r: _nearest(r.view), right=True, sort=lambda r: _far(r.view.nearest_bits), rank=2),
    Column(
        "time", 7, lambda r: ((span_words(r.view.elapsed), "plain"),), right=True, sort=lambda r: r.view.elapsed
    ),
    Column("ago", 5, lambda r: ((duration(r.age), "dim"),), right=True, sort=lambda r: r.age, rank=4),
    Column("found", 12, lambda r: ((_found(r.view), "plain"),), grow=True, most=16, rank=1),
)  # fmt: skip


# ---- its nodes ------------------------------------------------------------------------------------------


def _kept_back(row: CandidateRow) -> str:
    """Why it was not asked, by the last that was decided about it; at most 9 cells."""
    return "" if row.decided is None else SHORT_REASONS.get(row.decided, "")


def _distrust(node: CandidateView) -> str:
    return "" if node.doubt is None else SHORT_DISTRUST[node.doubt]


def _state(row: CandidateRow) -> Line:
    node, step, (sign, role) = row.node, row.step, MARKS[row.query_status]
    if step is None:
        why = _kept_back(row) or _distrust(node) or safe_text(node.result or row.query_status, 9)
        return ((f"{sign} {why}", role),)
    if row.query_status in (QueryStatus.FOUND, QueryStatus.ANSWERED):
        standing = "closest" if node.closest else "" if node.place == "fills" else _distrust(node)
        return ((f"{sign} {standing or row.query_status.value}", role if node.closest else "plain"),)
    if row.query_status is QueryStatus.WAITING:
        for happened, mark in ((step.overtaken, OVERTAKEN), (step.stalled, STALLED)):
            if happened is not None:
                sign, role = mark, "warn"
                break
        return ((f"{sign} {span_words(row.view.elapsed - step.sent)}", role),)
    return ((f"{sign} {gave_words(step, row.view)}", role),)


def _gave(row: CandidateRow) -> Line:
    if row.step is None or row.query_status not in (QueryStatus.FOUND, QueryStatus.ANSWERED):
        return (("", "plain"),)
    return ((gave_words(row.step, row.view), "plain"),)


def _rtt(row: CandidateRow) -> float | None:
    """Its round trip, also where the answer came late."""
    step = row.step
    if step is None or step.ended is None or row.query_status not in IN_TIME | {QueryStatus.LATE}:
        return None
    return step.ended - step.sent


def _far(value: float | None) -> float:
    """Sorts what is not known behind what is."""
    return 1e9 if value is None else value


NODE_COLUMNS: tuple[Column[CandidateRow], ...] = (
    Column("#", 3, lambda r: ((str(r.place), "strong" if r.node.closest else "dim"),), right=True),
    Column("", 1, lambda r: (("●" if r.critical else "", "strong"),)),
    Column("hop", 3, lambda r: ((str(r.node.hop), "plain"),), right=True, sort=lambda r: r.node.hop),
    Column("dist", 7, lambda r: ((power(r.bits), "plain"),), right=True),
    Column(
        "node",
        9,
        lambda r: ((r.node.id.hex() if r.node.id else "–", near_bits(r.bits)),),
        grow=True,
        middle=True,
        most=40,
    ),
    Column(
        "address",
        21,
        lambda r: ((safe_text(address(r.node.addr), LONGEST_ADDRESS), "plain"),),
        sort=lambda r: r.node.addr,
        rank=1,
        middle=True,
        most=LONGEST_ADDRESS,
    ),
    Column("rtt", 6, lambda r: ((span_words(_rtt(r)), "plain"),), right=True, sort=lambda r: _far(_rtt(r))),
    Column("gave", 9, _gave, sort=lambda r: (-len(r.node.peers), -r.node.nodes)),
    Column("state", 11, _state, grow=True, most=16, sort=lambda r: list(MARKS).index(r.query_status)),
    Column("tok", 3, lambda r: (("✓" if r.node.token else "", "good"),), rank=2),
)
"""``dist`` is log2 of the XOR distance; ``●`` is on the critical path; ``tok``: it gave a write token."""

DIFFERENCE_COLUMNS: tuple[Column[Difference], ...] = (
    Column("", 23, lambda r: ((r.what, "dim"),)),
    Column("marked", 13, lambda r: ((r.first, "plain"),), right=True, grow=True),
    Column("selected", 13, lambda r: ((r.second, "plain"),), right=True, grow=True),
    Column("change", 13, lambda r: ((r.change, "strong"),), right=True, grow=True),
    Column("", 8, lambda r: () if r.better is None else (JUDGED[r.better],)),
)

# ---- the line of state ------------------------------------------------------------------------------------


def state_line(detail: LookupDetail, until: float | None, width: int) -> Line:
    """The lookup in one line; `detail` is as of the moment `until`, of which the right end tells."""
    view = detail.view
    sign: Span = ("◷", "key") if until is not None else lookup_sign(view)
    target = view.target.hex() if width >= 120 else short_id(view.target)
    fates = counts(detail)
    answers, errors = sum(fates[what] for what in IN_TIME), fates[QueryStatus.ERROR]
    spans: list[Span] = [
        (" ", "plain"),
        sign,
        (f" {safe_text(view.kind, 16)} ", "strong"),
        (f"{view.family} " if detail.other is not None else "", "accent"),
        (f"{target} ", "data"),
        (f" {view.best}/{detail.k} closest ", "plain"),
        (f" sent {sent(fates)}", "plain"),
        (f" ✓{answers}", "good"),
    ]
    if errors:
        spans.append((f" ({errors}!)", "bad"))
    for what, (glyph, role) in MARKS.items():
        if fates[what] and what not in IN_TIME:
            spans.append((f" {glyph}{fates[what]}", role))
    if view.found is not None:
        spans.append((f"  {safe_text(found_words(view.found), 24)}", "accent"))
    return spread((*spans, *_beside(detail, width_of(spans), width)), _when(detail, until), width)


def _beside(detail: LookupDetail, used: int, width: int) -> Line:
    """What the same wish did in the other family, and the key that goes there, where there is room."""
    if detail.other is None:
        return ()
    view = detail.other.view
    key, words = key_of("lookup.family"), f" {view.family}: {view.best}/{detail.other.k} closest, {view.answered}"
    told: Line = (("  ", "plain"), (key, "key"), (f"{words} of {view.asked} answered", "dim"))
    short: Line = (("  ", "plain"), (key, "key"), (f" {view.family}", "dim"))
    room = width - used - 16
    return next((line for line in (told, short) if width_of(line) <= room), ())


def time_lines(detail: LookupDetail, width: int) -> list[Line]:
    """The bar of a lookup's time, and the key that leads to the query that cost most of it."""
    found = culprits(detail)
    words = " goes to" if width >= 120 else " →"
    hint: Line = ((f" {key_of('lookup.culprit')}", "key"), (f"{words} #{found[0] + 1} ", "plain")) if found else ()
    bar = time_bar(detail, width - width_of(hint) - 1)
    return [spread(bar, hint, width)] if bar else [()]


def compared_lines(first: LookupDetail, second: LookupDetail, width: int) -> list[Line]:
    """The bars of two lookups on one axis."""
    span = max(detail.view.elapsed + detail.view.wrote for detail in (first, second))
    pairs = zip((first, second), names(first, second), strict=True)
    return [time_bar(detail, width - 1, span=span, name=name) for detail, name in pairs]


def _when(detail: LookupDetail, until: float | None) -> Line:
    if until is not None:
        return ((f"◀ at {span_words(until)} ▶ ", "key"),)
    now = span_words(detail.view.elapsed)
    if detail.view.place:
        return ((f"waiting for {now} ", "dim"),)
    return ((f"LIVE {now} ", "accent"),) if detail.view.running else ((f"ended at {now} ", "dim"),)


# ---- nothing to show --------------------------------------------------------------------------------------


def empty_lines(testnet: bool) -> tuple[Line, ...]:
    """What to do while there is no lookup."""
    lines: list[Line] = [
        (),
        (
            (" No lookup yet. ", "plain"),
            (key_of("lookup.start"), "key"),
            (" starts one: from a hash, a magnet link, a public key or", "plain"),
        ),
        ((" your own id. The form checks what you type and says what will be looked for.", "plain"),),
        (),
    ]
    if testnet:
        return (*lines, *(((f" {words:<24}", "dim"), (text, "data")) for text, words in testnet_targets()))
    return (
        *lines,
        ((f" {key_of('testnet')}", "key"), (" opens a testnet, with things to find in it, offline.", "plain")),
    )


def testnet_targets() -> list[tuple[str, str]]:
    """What there is to find on a testnet: what to type, and what it is."""
    found = [(sha1(name.encode(), usedforsecurity=False).hexdigest(), f"peers: {name}") for name in NAMES]
    found += [(immutable_target(encode(text)).hex(), f"item: {text.decode()[:15]}") for text in TEXTS]
    salts = " or ".join(salt.decode() for salt in SALTS if salt)
    return [*found, (BEP44_TEST_KEY.public.hex(), f"key, salt none or {salts}")]


# ---- all about a node ---------------------------------------------------------------------------------------


def _row(label: str, text: str, role: Role = "plain") -> Line:
    return ((fit(label, 12), "dim"), (text, role))


def candidate_details(row: CandidateRow, detail: LookupDetail) -> list[Line]:
    """All that a lookup knows of one of its nodes."""
    node = row.node
    late = row.query_status is QueryStatus.LATE and row.step is not None
    sign, role = _state(row)[0]
    place = ", one of the closest that answered" if node.closest else ""
    heard = row.query_status in IN_TIME
    version = "it gave none" if heard else "not kept: its answer was late" if late else "not known"
    if node.version:
        version = f"{client_name(node.version)}   v = {safe_text(node.version, 30)}"
    gave = f"{node.nodes} nodes, {len(node.peers)} peers{_item_words(node)}"
    if late and row.step is not None:
        peers = 0 if row.step.found is None else row.step.found.peers
        gave = f"{row.step.nodes} nodes, {peers} peers, too late to count"
    token = "✓ it may be written to" if node.token else "– none" if heard else "– none that counts"
    lines = [
        _row("state", f"{sign}{': it answered after the end' if late else ''}", role),
        _row("place", f"{row.place} by distance{place}"),
        _row("id", node.id.hex() if node.id else "not known", "data"),
        *([_row("named as", node.named.hex(), "data")] if node.named else []),
        _row("target", detail.view.target.hex(), "data"),
        _row("distance", "not known" if row.bits is None else power(row.bits)),
        _row("address", safe_text(address(node.addr))),
        _row("client", version),
        _row("round trip", span_words(_rtt(row))),
        _row("gave", gave if heard or late else "nothing"),
        _row("token", token),
    ]
    lines += [_row("" if nth else "why", part) for nth, part in enumerate(wrap(note_words(node.note), 58))]
    lines += [(), (("What happened", "title"),), *_story(node, detail)]
    lines += [(), (("How we came to it", "title"),), *_chain(node, detail)]
    if node.peers:
        lines += [(), (("Peers it named", "title"),), *_peers(node)]
    return lines


def _item_words(node: CandidateView) -> str:
    words = f", a {node.result}" if node.result in (Status.VALUE, Status.OLDER) else ""
    return words if node.seq is None else f"{words}, seq {node.seq}"


def _story(node: CandidateView, detail: LookupDetail) -> list[Line]:
    lines: list[Line] = []
    for words in kept_back(detail, node):
        first, *rest = wrap(words, 68)
        lines += [((" · ", "dim"), (first, "plain")), *(((f"   {part}", "plain"),) for part in rest)]
    signs = [MARKS[query_status(step, detail.view)] for step in detail.steps if step.addr == node.addr]
    for place, sentence in enumerate(explanation(detail, node)):
        sign, role = signs[place] if place < len(signs) else ("·", "plain")
        first, *rest = wrap(sentence, 68)
        lines.append(((f" {sign} ", role), (first, "plain")))
        lines += [((f"   {part}", "plain"),) for part in rest]
    return lines


def story_lines(row: CandidateRow | None, detail: LookupDetail, width: int) -> list[Line]:
    """The story of the selected node, in two lines of `width` cells at most."""
    if row is None:
        return []
    words = wrap(
        f"{row.place}: {' '.join(explanation(detail, row.node))}", max(20, width - 3), max_lines=2, placeholder=" …"
    )
    return [(((" ▶ " if not place else "   "), "key"), (part, "plain")) for place, part in enumerate(words)]


def _chain(node: CandidateView, detail: LookupDetail) -> list[Line]:
    """The nodes that led to it, its referrer first."""
    answered = answering(detail)
    at = next((step.parent for step in detail.steps if step.addr == node.addr), None)
    lines: list[Line] = []
    while at is not None and (place := answered.get(at)) is not None and len(lines) <= len(detail.steps):
        step = detail.steps[place]
        bits = bits_of(step.id, detail.view.target)
        distance = "" if bits is None else power(bits)
        words = f" ↑ query {place + 1:>3}  hop {step.hop:>2}  {distance:>7}  {safe_text(address(step.addr))}"
        lines.append(((words, "plain"),))
        at = step.parent
    return lines or [((" the lookup started there, or never asked it", "dim"),)]


def _peers(node: CandidateView) -> list[Line]:
    shown = [safe_text(address(peer), 21) for peer in node.peers[:PEERS_SHOWN]]
    lines: list[Line] = [
        ((" " + "  ".join(fit(peer, 21) for peer in shown[at : at + 3]), "plain"),) for at in range(0, len(shown), 3)
    ]
    more = len(node.peers) - len(shown)
    return [*lines, ((f" and {more} more", "dim"),)] if more else lines
