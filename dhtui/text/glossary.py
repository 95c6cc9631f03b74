"""The meanings of the columns and figures of each screen, for the help. A test checks that none is missing.

Pure data. A label is spelled exactly as on the screen.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from ..engine.views.events import DropCause, refused
from ..engine.wire.codes import PROTOCOL
from .faults import DROP_WORDS

Meanings: TypeAlias = tuple[tuple[str, str], ...]
"""Labels, each with its meaning."""


class Section(NamedTuple):
    """A section of a screen."""

    title: str
    meanings: Meanings


_DISTANCE = (
    "XOR distance, as 2^154.3: log2, rounded down to tenths; before the point stands 159 less the leading bits that "
    "are shared; 0 is the id itself"
)
_RTT = "round trip: time from our query to its answer"
_CLIENT = "the program that it says it is (v); it may say anything"
_TARGET = "the id, infohash or item that it is about, its first digits"

EVERYWHERE: Final = Section(
    "In the first line",
    (
        ("reachable", "strangers reach us: one that we never contacted asked us something, or our own probe came back"),
        ("not seen from outside", "nothing has shown that yet; we may be reachable all the same"),
        ("● ○", "before the two: ● strangers reach us, ○ nothing has shown it"),
        ("▶ ‖", "a recording or a capture is played, or stands still; ‖ alone: the view is frozen"),
        ("›", "between screens: the way that led here"),
        ("bep42", "whether our id fits our address: ✓ it does, ✗ not, – exempt (local), ? address not known"),
        ("✓ ? ✗", "nodes in the table: good, questionable, bad"),
        ("packets since", "datagrams in and out since the view was frozen"),
        ("≠ changed", "own, kept or watched items that somebody else changed; each counts until selected on Items"),
    ),
)

_HOME: Final = (
    Section(
        "health",
        (
            ("answered in 15m", "nodes of the table that answered within 15 minutes and were not silent since"),
            (
                "queries in 5m",
                "of our queries that ended in the last 5 minutes, how many got an answer, errors included; "
                "pings to newcomers are left out",
            ),
            ("newcomers", "nodes that had asked us something, and were asked in turn whether they are there"),
        ),
    ),
    Section(
        "node",
        (
            ("id", "our node's id, and where it comes from"),
            ("bound", "the address that our socket is bound to; 0.0.0.0: all of this host's"),
            ("external", "our address as others see it"),
            ("voters", "networks (/24) that told us that address lately"),
            ("bep 42", "whether our id is one that our external address allows"),
            ("network", "nodes in the network, estimated from how near the closest ones of our lookups were"),
            (
                "±",
                "the true size is within so many percent with 95 % certainty; lookups that end among the same nodes "
                "count as fewer. Nodes that did not answer are not counted",
            ),
            ("reachable", "whether strangers reach us, and what shows it"),
            ("read-only", "whether we ask without answering (BEP 43), and why"),
        ),
    ),
    Section(
        "traffic",
        (
            ("in", "datagrams and bytes (UDP payload) that came in the last full second; the right edge is now"),
            ("out", "the same, of what was sent; what the system would not send is counted as not sent on Log"),
            ("peak", "the most in one second of those drawn"),
            ("rtt", "p50 and p95: half and 95 % of the last 256 round trips were shorter"),
            ("now", "our queries that wait for an answer, and lookups under way"),
            ("total", "bytes since the node began, UDP payload only"),
            ("kept", "items of at most so many, and peers, that we keep for others"),
            (
                "dropped",
                "datagrams that were not used, by cause on Log: malformed, unexpected, refused, over a limit …",
            ),
            ("banned", "addresses that you have banned and that are still ignored"),
            ("muted", "hosts that asked more than the rate limit in the last 10 s: the rest got no answer"),
            ("most", "the most frequent cause of drops"),
            ("lost unread", "datagrams that the system lost before we could read them: they came too fast"),
        ),
    ),
    Section(
        "messages",
        (
            ("we ask", "queries of ours, by method: only methods in use. The small chart: the last 5 minutes"),
            ("they ask", "queries of others, likewise"),
            ("sent", "queries of ours"),
            ("✓", "left: answered by a response; right: answered by us"),
            (
                "✗",
                "queries of ours without an answer in their time: 4 s, writes 2 s. What is not answered, silent or "
                "an error waits still, or was given up: its lookup ended, or you banned the node",
            ),
            ("!", "left: answered with an error; right: queries of others that we answered with an error"),
            ("share", "answered, of those that have ended"),
            (
                "came",
                "queries of others; those that were neither answered nor refused were over a limit, or met us "
                "read-only",
            ),
            (
                "own probe",
                "pings to our own external address, from another socket: as sent they are not among the packets; "
                "answered are those that came back",
            ),
            ("other", "all methods that we don't speak"),
        ),
    ),
    Section(
        "id space",
        (
            (
                "nodes",
                "nodes of the table where their ids lie: a dot each, at most four a column; the nearer the brighter",
            ),
            ("spare", "replacements, likewise"),
            ("↑ ↓ ↕", "in the last 2 s a packet went to that node, came from it, or both"),
            ("▼ us", "our own id"),
            ("◆", "the target of a lookup that runs"),
            ("bucket", "the range of ids of each bucket, by its depth"),
        ),
    ),
    Section(
        "needs attention",
        (
            ("lost to silence", "how much of a lookup's time went by waiting for lost packets and silent nodes"),
            ("thin", "a bucket that has less than half of the nodes that it should have, by the size of the network"),
            ("of the last", "timeouts of one node, among those that are kept"),
            ("what went wrong, by cause", "how often, and when last"),
        ),
    ),
    Section(
        "kept here",
        (
            ("infohashes", "torrents that we keep peers for, and how many peers in all"),
            ("immutable", "items that are addressed by the hash of their value"),
            ("mutable", "items that are signed with a key"),
            ("known", "nodes met and remembered outside the table, to start lookups from"),
            ("blocklist", "ranges of addresses that are never answered nor asked"),
        ),
    ),
    Section(
        "charts",
        (
            ("10% 50% 90% 95%", "so many of the last 256 round trips were shorter"),
            ("a query stalls after", "without an answer by then another node is asked, too; ┄ marks it"),
            ("░ ▒ ▓ █", "how many round trips took so long, in each 10 s of the last 5 minutes"),
            (
                "good nodes",
                "good nodes of the table, now and over the last hour; the chart goes from lowest to highest",
            ),
        ),
    ),
    Section(
        "now",
        (
            ("lookup", "what it asks for"),
            ("target", _TARGET),
            ("answers", "nodes that answered, of queries sent; an error is an answer too"),
            ("nearest", f"how near to the target the nearest node was that answered. {_DISTANCE}"),
            ("best", "how many of the 8 closest nodes that are alive have answered"),
            ("result", "what it found, and why it ended"),
            ("when", "how long it has run, or how long ago it ended"),
        ),
    ),
    Section(
        "bookmarks",
        (
            ("name", "what you called it; :open NAME goes there from any screen"),
            ("kind", "a node, an address, a target, an infohash or a key"),
            ("what", "its id, key or address"),
            (
                "known now",
                "of a node how it stands in our table, of the rest when it was looked up last; ✓ that found something",
            ),
        ),
    ),
)

_TABLE: Final = (
    Section(
        "buckets",
        (
            ("depth", "leading bits that its nodes share with our id; the last bucket: at least so many"),
            (
                "prefix",
                "its branch of the tree: the first bits of the ids in it; the last one differs from ours. ◀ is ours",
            ),
            ("nodes", "a sign for each place: good, questionable, bad, free"),
            ("spare", "replacements: nodes that wait for a place in the bucket"),
            (
                "should",
                "nodes that it should hold, by the estimated size of the network: all of them, at most 8; thin: it has "
                "less than half of those that are there for sure; ?: the size is not known",
            ),
            ("share", "of all ids, those that fall into it"),
            ("rtt", f"{_RTT}: the median of its nodes, each smoothed"),
            ("✓", "good nodes"),
            ("?", "questionable nodes"),
            ("✗", "bad nodes"),
            ("changed", "since one of its nodes last answered"),
            ("refresh", "until a random id in it is looked up: 15 minutes without a change, or after the last refresh"),
            ("kept", "items and infohashes that we keep for others and that fall into it"),
        ),
    ),
    Section(
        "round trips by bucket",
        (
            ("░ ▒ ▓ █", "every 30 s the median of the nodes that answered since; blank: none did"),
            ("good nodes", "of the table, over the same time"),
        ),
    ),
    Section(
        "id space",
        (
            ("▲ selected", "the selected node"),
            ("▼ us", "our own id"),
            ("↑ ↓ ↕", "in the last 2 s a packet went to that node, came from it, or both"),
            ("bucket", "the range of ids of each bucket; the line of the selected one is double"),
        ),
    ),
    Section(
        "nodes",
        (
            ("st", "state; ▪ before it: a replacement"),
            ("id", "its id"),
            ("dist", f"how far it is from us. {_DISTANCE}"),
            ("address", "where it answers"),
            ("client", _CLIENT),
            ("rtt", f"{_RTT}, smoothed"),
            ("age", "since we first met it in this run; saved: met in an earlier one"),
            ("seen", "since it last answered"),
            ("✗", "queries in a row that it left unanswered"),
            ("42", "whether its id fits its address (BEP 42): ✓ it does, ✗ not, – exempt (local), ? not checked"),
        ),
    ),
    Section(
        "windows: nodes that an asked one names, and bans",
        (
            ("node", "where it is, as the asked node says"),
            ("known as", "this node itself, or what our table says of it"),
            ("address", "of whom nothing is taken and to whom nothing is sent"),
            ("ignored for another", "how long the ban lasts still"),
        ),
    ),
    Section(
        "the page of a node: its lookups, and what it gave",
        (
            ("lookup", "the number of a lookup of ours"),
            ("kind", "what the lookup asks"),
            ("target", "what it asks about"),
            ("place", "the node's, by distance to the target; ◆ it was one of the closest that answered"),
            ("took", "from our query to its answer, or to the end of the wait"),
            ("gave", "n nodes, p peers or a value; else what became of the query"),
            ("time", "when its answer came"),
            ("what", "a token to write with, peers, an item, or its seq alone"),
            ("it gave", "that, as it was received: nothing of it is verified here"),
        ),
    ),
    Section(
        "test of a node, case by case",
        (
            ("outcome", "pass, fail, or why it is neither; … if it has not been put yet"),
            ("case", "the number of the rule that it shows, the same for ever"),
            ("rule", "what a node has to do; before it M must, S should, O may, H what keeps it from harm"),
            ("instead", "what the node did instead, or why nothing could be told"),
        ),
    ),
)


_QUERIES: Final = (
    Section(
        "totals",
        (
            ("sent", "queries of ours"),
            ("✓", "answered: of ours by them, behind came of theirs by us"),
            ("✗", "no answer in their time: 4 s, writes 2 s"),
            ("!", "answered with an error: of ours by them, behind came of theirs by us"),
            ("came", "queries of others"),
            ("own probe", "pings to our own external address; ✓ are those that came back"),
            ("other", "all methods that we don't speak"),
        ),
    ),
    Section(
        "our queries",
        (
            ("age", "since it was sent, or how long it took"),
            (
                "5 s → now",
                "the query over time, in the stroke of its lookup; ┄ is the time after it stalled, the sign at its end "
                "how it ended, ‹ that it began earlier. In the line of a group: its open queries",
            ),
            ("method", "what is asked"),
            ("target", _TARGET),
            ("node", "whom it went to. In the line of a group: the target of its lookup"),
            ("dist", f"the node's distance from the target. {_DISTANCE}"),
            ("id", "the node's id, where it is known"),
            ("tid", "transaction id, hex"),
            ("how it goes", "waiting, stalled, or the answer in short"),
            ("asked by", "the lookup or task that wants to know"),
            ("open", "queries of a group that wait for an answer"),
            ("just ended", "ended within the last 5 s; at most 200 of them are listed"),
        ),
    ),
    Section(
        "asked of us",
        (
            ("age", "since it came"),
            ("method", "what they ask"),
            ("from", "whom it came from"),
            ("id", "the id that it gives itself"),
            ("target", _TARGET),
            ("we said", "our answer in short"),
            ("client", _CLIENT),
        ),
    ),
    Section(
        "who asks",
        (
            ("who asks", "a host by its address, or all hosts of a /24; at most 500 hosts that asked in 5 minutes"),
            ("client", _CLIENT),
            ("5 min", "its queries over the last 5 minutes, the newest at the right"),
            ("all", "its queries in the last 5 minutes"),
            ("find", "find_node, since it is remembered, as the counts beside it"),
            ("peers", "get_peers"),
            ("get", "get"),
            ("ping", "ping"),
            ("write", "put and announce_peer"),
            (
                "wants",
                "the target that most hosts ask for, of its last 8: near us are those that share as many bits with our "
                "id as the nodes of our own bucket; where 5 hosts or more ask for an infohash a swarm forms",
            ),
        ),
    ),
)

_LOOKUP: Final = (
    Section(
        "state",
        (
            ("closest", "how many of the k closest that are alive have answered"),
            ("sent", "queries, second ones to a node included; behind it what became of them, by the signs below"),
            ("LIVE", "it runs, for so long"),
            ("ended at", "after so long it was over"),
        ),
    ),
    Section(
        "lookups",
        (
            ("#", "its number"),
            ("what", "what it asks for"),
            ("target", _TARGET),
            ("by", "who wanted it: you (user), or a task of the node's own"),
            ("✓/sent", "answers in time, of queries sent"),
            ("near", f"how near to the target the nearest node was that answered. {_DISTANCE}"),
            ("time", "how long it took, or has run"),
            ("ago", "since it began"),
            ("found", "peers, or the value"),
        ),
    ),
    Section(
        "nodes of a lookup",
        (
            ("#", "place by distance from the target, 1 is the nearest; bright: one of the closest that answered"),
            ("hop", "referrals from where the lookup began"),
            ("dist", f"distance from the target. {_DISTANCE}"),
            ("node", "its id"),
            ("address", "where it was asked"),
            ("rtt", _RTT),
            ("gave", "n: nodes that it named, p: peers; or a value, with its seq"),
            (
                "state",
                "what became of it: closest, answered, found, silent, late, cancelled …, or why it was not asked",
            ),
            ("tok", "✓: it gave a write token, so it can be written to"),
        ),
    ),
    Section(
        "two lookups compared",
        (
            ("marked", "the lookup that was marked first"),
            ("selected", "the one selected now"),
            ("change", "from the first to the second; ✓ better, ✗ worse, where that has a meaning"),
            ("closest", "≠ how many of the closest nodes both have in common, and which only one of them found"),
        ),
    ),
    Section(
        "drawings and verdict",
        (
            (
                "ladder",
                "each answer over time: the higher, the farther from the target (log2); a digit: so many in a cell",
            ),
            ("tree", "who named whom; the figure on a line is a round trip in ms, 1st … 8th are the closest"),
            (
                "bar",
                "the time along the critical path: ▓ round trips, ▒ a slow node, × a lost packet, ░ no answer, "
                "≈ ? behind others, ≡ for others at the end, : other lookups, = no room, · nothing sent, "
                "# our own program, … not yet in, ▚ writes",
            ),
            (
                "slow motion",
                "○ a query on its way, ● its answer; each takes half of the round trip. ◇ on a dotted arc: an answer "
                "named a node, and we ask it; amber is near the target, ▼ is us",
            ),
            (
                "• ◆ ● ◈",
                "in the ladder: an answer; one that gave peers or the value; one of the critical path; both. ◉ the "
                "selected node's, □ one that came late",
            ),
            ("├ ┣ ┝ ┯", "a query in the waterfall and the tree; heavy lines: those of the critical path"),
            ("┆", "the moment that is shown"),
            ("↑ ↓", "in a border: so many rows are above and below those seen"),
            ("⇄ ◆ Σ ◷", "in the verdict: what the policy did, what was found, what it cost, where the time went"),
            ("+ −", "in a comparison: more, less"),
            ("ring", "a node of the critical path: the chain of referrals that decided when it was over"),
            ("floor", "the round trips of the critical path alone: it can't be quicker with these nodes"),
            ("k-th best", "distance of the k-th nearest answer so far: the lookup ends when nobody nearer is left"),
            (
                "of no use",
                "answers that led to nothing: no peers, no value, not among the closest, no referral followed",
            ),
        ),
    ),
)

_PACKETS: Final = (
    Section(
        "packets",
        (
            ("time", "local time of day; of another day its date and time. Exports are in UTC"),
            (
                "pair",
                "→ sent, ← received; ┐ a query, ┘ its answer and the round trip, with │ between them where one is "
                "selected; … waits for its answer, ✗ silent: none in its time, – ended: given up, – none: we did not "
                "answer, ? stray: an answer to no query that is known, ✗ unread: no message, or dropped before it was "
                "read",
            ),
            ("peer", "the other side"),
            ("type", "query, response, error or unreadable, and the method"),
            ("tid", "transaction id, hex: an answer has that of its query"),
            ("len", "bytes of the datagram (UDP payload)"),
            ("summary", "what it says; ! before why it was dropped or refused"),
            ("ring", "so many packets are kept, at most 16 MiB; older ones have left"),
            ("new", "packets since the view was frozen"),
        ),
    ),
    Section("parts", (("part and value", "the packet's tree; ! breaks a rule, ? no BEP names it, ✗ damaged"),)),
    Section(
        "conversation",
        (
            ("time", "local time of day"),
            ("us → node", "├──▶ we sent it, ◀──┤ the node did; at most the last 200 packets are shown"),
            ("bytes", "bytes of the datagram"),
            ("after", "round trip of an answer; or what became of a query, as under pair"),
            ("older left out", "packets of this node that the ring has besides"),
        ),
    ),
    Section("filter", (("saved", "filters under names, at most 30, until the program ends"),)),
)

_NODE_ROWS: Final = (
    ("node", "the address that was asked"),
    ("id", "its id"),
    ("rtt", _RTT),
    ("what it said", "its answer, or what we know of its silence"),
)

_ITEMS: Final = (
    Section(
        "mine and watched",
        (
            ("name", "key and salt of a mutable item, by your name for the key; else the target"),
            ("seq", "sequence number of the newest value that was seen: the highest wins"),
            ("copies now", "nodes that held the newest value after the last look; 8 are all that are to hold it"),
            ("by look", "copies at each of the last looks, the newest at the right: · none, ? nobody answered"),
            ("next", "until the next look"),
            ("changed by", "since its newest value was first seen, and whose it is: us, another, or found there"),
            ("care", "kept: put again where it is missing; watched: looked for only; both; paused; not kept"),
            ("value", "the value in short"),
            ("▲ ◆ ▼", "in the details, where they lie in the id space: nodes that hold it, its target, our own id"),
        ),
    ),
    Section(
        "kept for others",
        (
            ("kind", "mut: signed, its owner can change it; imm: never changes"),
            ("target", _TARGET),
            ("seq", "sequence number of a mutable item: the highest wins"),
            ("size", "bytes of the value, bencoded; at most 1000"),
            ("expires", "until it is forgotten, unless it is stored here again"),
            ("key", "public key of a mutable item"),
            ("salt", "what tells apart several items of one key"),
            ("value", "the value in short"),
        ),
    ),
    Section("forms that put and get", _NODE_ROWS),
    Section(
        "kept alive",
        (
            ("target", _TARGET),
            ("seq", "sequence number that is kept alive"),
            ("last look", "what came of the last look: enough copies, put on so many of those tried, or failed"),
            ("copies", "closest nodes that gave the item at the last look"),
            ("next", "until the next look"),
            ("salt", "what tells apart several items of one key"),
            ("value", "the value in short"),
        ),
    ),
)

_KEYS: Final = (
    Section(
        "keys",
        (
            ("name", "your name for it"),
            ("state", "whether its file is encrypted, open, or damaged"),
            ("kind", "the form in which its file holds it"),
            ("last put", "the highest seq put with it from here, and when"),
            ("public key", "hex, its middle left out where there is no room"),
            ("z-base-32", "the same, as pkarr writes it"),
            ("created, UTC", "when its file was made"),
        ),
    ),
)

_PEERS: Final = (
    Section(
        "id space",
        (
            ("◆ ●", "the infohash, and nodes that gave peers of it; amber is near it"),
            ("▼ us", "our own id"),
        ),
    ),
    Section(
        "kept here",
        (
            ("infohash", "of the torrent"),
            ("peers", "peers that we keep for it"),
            ("first ends", "until the first of them is forgotten, unless it announces again"),
            ("last ends", "until the last of them is, unless it does"),
            ("last announced", "the newest of them; inspect lists up to 50"),
        ),
    ),
    Section(
        "announced",
        (
            ("infohash", "of the torrent"),
            ("port", "the peer's port; implied: the one that our packets come from"),
            ("stored", "nodes that said they stored it, of those that were asked to"),
            ("made", "since we announced it"),
            ("ends", "until nodes that keep peers for 30 minutes have forgotten it"),
        ),
    ),
    Section(
        "found, by node",
        (
            ("node", "the node that gave peers"),
            ("id", "its id"),
            ("dist", f"its distance from the infohash. {_DISTANCE}"),
            ("rtt", _RTT),
            ("client", _CLIENT),
            ("peers", "how many it gave"),
            ("alone", "of these, how many no other node named: it may have made them up"),
            ("gave", "the first of them"),
            ("#", "its place by distance: its column in the matrix"),
        ),
    ),
    Section(
        "found, by peer",
        (
            ("peer", "address of the peer"),
            (
                "named by",
                "nodes that named it, of all that gave any peers; alone: one node did, and nobody confirms it",
            ),
            ("nodes that named it", "the first of them, nearest to the infohash first"),
        ),
    ),
)


def _counted(cause: DropCause) -> str:
    """The label of a cause; all refusals share one."""
    return refused(PROTOCOL) if cause is DropCause.REFUSED else cause


_LOG: Final = (
    Section(
        "counters",
        (
            ("silent", "queries of ours without an answer in their time"),
            ("error replies", "queries of ours that were answered with an error"),
            ("not sent", "datagrams that the system would not send"),
            ("lost unread", "datagrams that the system lost before we could read them: they came too fast"),
            ("banned now", "addresses that you have banned"),
            ("muted now", "hosts over the rate limit in the last 10 s"),
            *((_counted(cause), meaning) for cause, meaning in DROP_WORDS.items()),
        ),
    ),
    Section(
        "counters, over time",
        (
            ("so far", "how often it happened since the start; beside it when: 5 s a sign, the newest at the right"),
            ("more causes", "causes that have no room"),
        ),
    ),
    Section(
        "lines",
        (
            ("time", "local time of day; of another day its date and time"),
            ("level", "detail: what goes on all the time; notable; problem: what went wrong"),
            ("cause", "what kind of thing"),
            (
                "what happened",
                "an address first, where there is one; ▸ 8 ×: so many lines that say the same, each within 10 s of the "
                "next, of so many hosts; enter unfolds them, ▾, and folds them again",
            ),
            (
                "left out",
                "counted, but without a line, or no longer among the last 200 events of each kind and 300 errors",
            ),
            ("new", "lines since the view was frozen"),
        ),
    ),
)

GLOSSARY: Final[dict[str, tuple[Section, ...]]] = {
    "home": _HOME,
    "table": _TABLE,
    "queries": _QUERIES,
    "lookup": _LOOKUP,
    "packets": _PACKETS,
    "items": _ITEMS,
    "keys": _KEYS,
    "peers": _PEERS,
    "log": _LOG,
}
"""By the name of the screen."""


def meaning(screen: str, label: str) -> str | None:
    """The meaning of a label on a screen; `None` for an unknown one."""
    sections = (*GLOSSARY[screen], EVERYWHERE)
    return next((text for section in sections for name, text in section.meanings if name == label), None)
