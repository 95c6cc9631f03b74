"""Findings in words: for each verdict what it means and what to do, and the measures in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from time import gmtime, strftime
from typing import Final

from ..engine.diagnosis.findings import Check, Finding, Measure, Severity, Unit, Verdict
from .format import milliseconds, number, plural, size
from .node.details import detail_words
from .safe import safe_text

CHECKS: Final[dict[Check, str]] = {
    Check.FAMILY: "address family",
    Check.REACHABILITY: "reachability",
    Check.NAT: "NAT",
    Check.ADDRESS_RANGE: "address range",
    Check.ID: "id (BEP 42)",
    Check.BOOTSTRAP: "bootstrap",
    Check.TABLE: "nodes",
    Check.ANSWERS: "answers",
    Check.CLIENTS: "clients",
    Check.LOSS: "loss",
    Check.ROUND_TRIPS: "round trips",
    Check.CLOCK: "clock",
    Check.BLOCKLIST: "blocklist",
    Check.RECEIVE_BUFFER: "receive buffer",
    Check.SENDING: "sending",
    Check.BUSY: "this program",
    Check.DENSITY: "density",
    Check.BEP42: "ids (BEP 42)",
    Check.SUBNETS: "networks",
    Check.TWINS: "twins",
    Check.NAMERS: "named by",
    Check.SHIFTING_IDS: "shifting ids",
    Check.FORGETTING: "forgetting",
}
"""The names of the checks."""

MEANINGS: Final[dict[Verdict, tuple[str, str]]] = {
    Verdict.FAMILY_THERE: ("This machine has such an address, and a route from it.", ""),
    Verdict.FAMILY_MISSING: (
        "This machine has no address of this family that leads to the internet: it can neither ask nor answer there.",
        "If the provider has it, see why no default route leads there; if not, --family leaves it out.",
    ),
    Verdict.ROUTE_LOST: (
        "The route of this family is gone while the other one still has its own: nothing is sent there.",
        "See what took it away: the router, a VPN, the network card. Once it is back it is taken up again unasked.",
    ),
    Verdict.NO_ROUTE: (
        "No address family has a route any more: this machine is offline.",
        "Check the network. Once a route is back it is taken up again unasked.",
    ),
    Verdict.REACHABLE: ("Strangers reach this node: others count on it.", ""),
    Verdict.NOT_TESTED: (
        "Its address is this machine's own, so its probe would not leave the machine: no NAT is in the way, but "
        "whether a firewall lets strangers in is not known until one asks.",
        "Let the firewall accept UDP to its port from everybody, not only answers; then wait for a stranger's query.",
    ),
    Verdict.UNREACHED: (
        "No stranger has reached this node. It can ask, but it answers nobody and stands in nobody's table.",
        "Forward its UDP port on the router, and let the firewall accept packets to it.",
    ),
    Verdict.TOO_EARLY: (
        "Whether strangers reach this node is not known so soon.",
        "Run it longer: its own probe goes out each minute, once its address is known.",
    ),
    Verdict.NO_NAT: ("Its address is one of this machine's own: no NAT is in the way.", ""),
    Verdict.PORT_KEPT: ("A NAT translates its address and keeps its port.", ""),
    Verdict.PORT_CHANGED: (
        "A NAT gives it another port, the same one for everybody.",
        "Nothing has to be done; a forwarded port would have to be the one bound.",
    ),
    Verdict.PORT_VARIES: (
        "Nodes see it at different ports: the NAT makes a new one for each (symmetric). No stranger can reach it.",
        "Forward its UDP port on the router, or set the NAT to keep ports.",
    ),
    Verdict.ADDRESS_VARIES: (
        "Nodes see it at different addresses. No id fits all of them, and others take it for many nodes.",
        "Bind it to one address (--listen), or send its traffic through one way out: one VPN, one line.",
    ),
    Verdict.ADDRESS_UNKNOWN: ("Too few nodes have told it its address.", "Run it longer, or give --pip."),
    Verdict.ORDINARY_RANGE: ("Its address is in no range that others are known to ignore.", ""),
    Verdict.LOCAL_RANGE: ("Its address is a local one: no range is ignored there.", ""),
    Verdict.IGNORED_RANGE: (
        "libtorrent, so most of the network, ignores all packets from this range by default.",
        "Use another address: of another provider, or through a VPN. Nothing on this machine changes it.",
    ),
    Verdict.RANGE_UNKNOWN: ("Its address is not known, so neither is its range.", "Run it longer, or give --pip."),
    Verdict.ID_FITS: ("Its id fits its address (BEP 42).", ""),
    Verdict.ID_EXEMPT: ("Its address is a local one, which any id fits (BEP 42).", ""),
    Verdict.ID_UNFIT: (
        "Its id does not fit its address (BEP 42): many nodes store nothing there and give it no place.",
        "Leave --did out: then the id is made for the address, once that is sure.",
    ),
    Verdict.ID_UNKNOWN: ("Its address is not known, so whether its id fits is not either.", "Run it longer."),
    Verdict.HOST_ANSWERED: ("This way into the network works.", ""),
    Verdict.HOST_NOT_ASKED: ("This way in was not needed, or has not answered yet.", ""),
    Verdict.HOST_SILENT: (
        "It did not answer: it is down, or UDP to it is blocked.",
        "If others answer, nothing has to be done. If none does, let the firewall pass UDP.",
    ),
    Verdict.HOST_UNRESOLVED: ("Its name has no address here.", "Check the name and the name server of this machine."),
    Verdict.HOST_BLOCKED: ("The blocklist holds its address.", "Take the range out, or give other --bnodes."),
    Verdict.HOST_DISAGREES: (
        "What it names is unlike what the others name: it may lead into a network of its own.",
        "Leave it out of --bnodes.",
    ),
    Verdict.NO_HOSTS: ("There is nobody to start from.", "Give --bnodes, or wait until others ask this node."),
    Verdict.NO_ENTRY: (
        "None of the ways into the network worked.",
        "Check the network: let UDP out, see that names resolve, and give other --bnodes.",
    ),
    Verdict.ENOUGH_NODES: ("Enough nodes answer for lookups to work.", ""),
    Verdict.FEW_NODES: (
        "So few nodes answered lately that lookups may find little.",
        "Run it longer; if it stays so, give other --bnodes.",
    ),
    Verdict.NO_NODES: ("It knows no node that may answer.", "Check the network and the bootstrap, then try again."),
    Verdict.ANSWERS_USUAL: ("As many nodes answer as is usual: about half of all are gone at any time.", ""),
    Verdict.ANSWERS_FEW: (
        "Unusually few of its queries are answered.",
        "See loss, clients and address range: each tells of one cause.",
    ),
    Verdict.ANSWERS_NONE: (
        "None of its last queries was answered.",
        "Check whether the machine is online and UDP may pass.",
    ),
    Verdict.ANSWERS_UNKNOWN: ("It has asked too little lately to tell.", ""),
    Verdict.CLIENTS_ANSWER: ("All programs that were asked often answer.", ""),
    Verdict.CLIENT_SILENT: (
        "One program does not answer at all while others do: it ignores this address, or limits it.",
        "See address range. If that is ordinary, ask less often and try again in ten minutes.",
    ),
    Verdict.CLIENTS_UNKNOWN: ("Too few nodes were asked to compare programs.", ""),
    Verdict.LOSS_USUAL: ("No more pings than usual were lost, to nodes that had just answered.", ""),
    Verdict.LOSS_HIGH: (
        "More pings than usual were lost, to nodes that had just answered.",
        "Look for what fills the line or the router's table of connections; on Wi-Fi try a cable.",
    ),
    Verdict.LOSS_SEVERE: (
        "Most pings were lost, to nodes that had just answered.",
        "Something drops UDP: a firewall, a full line, a router with too many connections. Ask less at once.",
    ),
    Verdict.LOSS_UNKNOWN: ("It knows too few good nodes to measure the loss.", ""),
    Verdict.TRIPS_USUAL: ("Round trips are as usual.", ""),
    Verdict.TRIPS_LONG: (
        "Round trips are much longer than usual, so lookups are slow.",
        "Look for what fills the line: an upload, most likely. On a satellite or mobile line it is usual.",
    ),
    Verdict.TRIPS_UNKNOWN: ("Too few answers to tell.", ""),
    Verdict.CLOCK_STEADY: (
        "The wall clock moved as the monotonic one did. Timeouts go by the latter; tokens and the ages of datagrams by "
        "both.",
        "",
    ),
    Verdict.CLOCK_SET: (
        "The wall clock was set during the check. Timeouts do not depend on it; kept items fall due by it.",
        "Let a time service slew the clock and not set it.",
    ),
    Verdict.CLOCK_WRONG: (
        "The wall clock is years behind. Kept items fall due by it, and recordings carry it.",
        "Set the clock, or run a time service.",
    ),
    Verdict.CLOCK_UNKNOWN: ("The clocks were not compared.", ""),
    Verdict.NO_BLOCKLIST: ("There is no blocklist.", ""),
    Verdict.BLOCKLIST_QUIET: ("The blocklist drops little of what comes in.", ""),
    Verdict.BLOCKLIST_BUSY: (
        "The blocklist drops a large part of what comes in.",
        "See whether its ranges are meant: lookups go around all nodes in them.",
    ),
    Verdict.NOTHING_LOST: ("The system dropped no datagram before it was read.", ""),
    Verdict.SOME_LOST: (
        "The system dropped some datagrams because its buffer was full.",
        "Raise net.core.rmem_max to 4194304 and start again, if it goes on.",
    ),
    Verdict.MUCH_LOST: (
        "The system dropped more than one datagram in a hundred because its buffer was full.",
        "Raise net.core.rmem_max to 4194304 and start again; see whether the machine is overloaded.",
    ),
    Verdict.LOSSES_UNKNOWN: ("This system does not tell what it dropped.", ""),
    Verdict.ALL_SENT: ("The system sent all datagrams.", ""),
    Verdict.SOME_UNSENT: (
        "The system refused to send some datagrams.",
        "See the log for the error: a route that is missing, or a firewall.",
    ),
    Verdict.NONE_SENT: (
        "The system refused to send most datagrams.",
        "Check the route to the internet, and whether a firewall forbids this program to send.",
    ),
    Verdict.PROMPT: ("Datagrams are read as they come.", ""),
    Verdict.LATE: (
        "Datagrams wait long for this program: replies and lookups are late.",
        "Give it more of the processor, or let it do less at once.",
    ),
    Verdict.SPARSE: (
        "No more nodes stand near the target than chance puts there. Nodes that were placed as far apart as honest "
        "ones are not seen by this test.",
        "",
    ),
    Verdict.CROWDED: (
        "More nodes stand near the target than chance puts there, but as often as the false-alarm rate says.",
        "Put with --wide, which stores past the crowd, and read it back (--read-back).",
    ),
    Verdict.DENSITY_UNKNOWN: (
        "Too few nodes answered, or the size of the network is not known.",
        "Try again, once more nodes answer.",
    ),
    Verdict.BEP42_USUAL: ("As many ids fit their addresses as around other targets.", ""),
    Verdict.BEP42_UNUSUAL: (
        "More ids fail to fit their addresses than around other targets: such ids can be chosen for nothing.",
        "Put with --wide, and read it back.",
    ),
    Verdict.BEP42_UNKNOWN: ("Too few public addresses to compare.", ""),
    Verdict.SUBNETS_USUAL: ("No more of the nearest nodes share a network than around other targets.", ""),
    Verdict.SUBNETS_SHARED: (
        "More of the nearest nodes share a network than around any other target.",
        "One owner may run them: look at their addresses, and put with --wide.",
    ),
    Verdict.SUBNETS_UNKNOWN: ("Too few lookups to compare with.", ""),
    Verdict.TWINS_USUAL: ("No more of the nearest nodes look alike than around other targets.", ""),
    Verdict.TWINS_MANY: (
        "More of the nearest nodes are of one program, and within 1 ms of each other, than around any other target.",
        "They may be one machine: look at their addresses, and put with --wide.",
    ),
    Verdict.TWINS_UNKNOWN: ("Too few lookups to compare with.", ""),
    Verdict.NAMERS_USUAL: ("The nearest nodes are named by as many others as around other targets.", ""),
    Verdict.NAMERS_FEW: (
        "More of the nearest nodes are named by two others or fewer than around any other target.",
        "They are new, or known to each other only: try again in an hour.",
    ),
    Verdict.NAMERS_UNKNOWN: ("Too few lookups to compare with.", ""),
    Verdict.IDS_STEADY: ("The nearest nodes gave the same ids when asked for something else.", ""),
    Verdict.IDS_SHIFT: (
        "Some of the nearest nodes gave another id when asked for something else: they choose it by what is asked for.",
        "Put with --wide, and read it back.",
    ),
    Verdict.IDS_UNKNOWN: ("Too few lookups to compare with.", ""),
    Verdict.KEPT: ("Most nodes that acknowledged a write gave it back.", ""),
    Verdict.FORGOTTEN: (
        "Most nodes that acknowledged a write did not give it back.",
        "Put again with --wide, and read it back.",
    ),
    Verdict.NOTHING_WRITTEN: (
        "Nothing was written, so whether it would be kept is not known.",
        "put --read-back tells, of an item of your own.",
    ),
}
"""For each verdict what it means, and what to do; the latter empty where nothing is to be done."""


def measure_words(measured: Sequence[Measure]) -> str:
    """What was measured, in one line; safe to print."""
    return ", ".join(f"{safe_text(one.name, 24).replace('_', ' ')} {_value(one)}" for one in measured)


def _value(one: Measure) -> str:
    value = one.value
    if value is None:
        return "not known"
    if isinstance(value, str):
        return safe_text(detail_words(value), 120) or "–"
    if one.unit is Unit.SECONDS:
        return milliseconds(value) if abs(value) < 1e9 else strftime("%Y-%m-%d %H:%M UTC", gmtime(value))
    if one.unit is Unit.SHARE:
        return f"{value:.0%}"
    if one.unit is Unit.BYTES:
        return size(int(value))
    return f"{value:.3g}" if value < 100 and value != round(value) else number(round(value))


def chance_words(finding: Finding) -> str:
    """The p-value and the rate of false alarms; empty where there is none."""
    if finding.p_value is None or finding.false_alarm_rate is None:
        return ""
    return f"p-value {finding.p_value:.2g}, false alarms {finding.false_alarm_rate:.2g}"


def health_summary(findings: Sequence[Finding]) -> str:
    """Whether the node is healthy, and how many findings are how bad."""
    counts = Counter(each.severity for each in findings)
    faults, warnings = counts[Severity.FAULT], counts[Severity.WARNING]
    word = f"not healthy: {plural(faults, 'fault')}" if faults else "healthy: no fault"
    return f"{word}, {plural(warnings, 'warning')}, {counts[Severity.FINE]} fine, {counts[Severity.UNKNOWN]} not known"


def density_summary(finding: Finding) -> str:
    """What the test of density came to, in one line."""
    if finding.verdict is Verdict.DENSITY_UNKNOWN:
        return "whether nodes crowd around the target could not be told"
    word = "more" if finding.verdict is Verdict.CROWDED else "no more"
    return f"{word} nodes stand near the target than chance puts there: {chance_words(finding)}"


def crowds_summary(findings: Sequence[Finding]) -> str:
    """What the tests of density came to, one for each family."""
    crowds = [one for one in findings if one.check is Check.DENSITY]
    return "; ".join(f"{one.family}: {density_summary(one)}" if one.family else density_summary(one) for one in crowds)
