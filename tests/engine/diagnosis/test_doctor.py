"""Of a healthy node every check is fine; each trouble is told by its own check, and by no other."""

from __future__ import annotations

import pytest
from screens import snapshots

from dhtui.engine.diagnosis.doctor import IGNORED, Probed, client_of, diagnose, diagnose_both
from dhtui.engine.diagnosis.findings import Check, Finding, Severity, Unit, Verdict, worst
from dhtui.engine.outcome import NodeOutcome, Status
from dhtui.engine.views.snapshot import (
    BootstrapSource,
    BootstrapView,
    BusyView,
    RecentView,
    RttView,
    Snapshot,
)

US = ("198.51.100.7", 6881)


def node() -> Snapshot:
    base = snapshots.running()
    return base._replace(
        identity=base.identity._replace(bound=("0.0.0.0", 6881), external=US, bep42="valid"),
        reachability=base.reachability._replace(state="reachable"),
        bootstrap=BootstrapView(
            "done", 0.4, (BootstrapSource("router.example:6881", "answered", "in 80 ms"),), "joined"
        ),
        recent=RecentView(300.0, 40, 30, 1.0, 0),
        rtt=RttView(200, 0.04, 0.09, 0.25, 0.4, 0.5, ()),
        traffic=base.traffic._replace(send_failures=0, overflowed=0),
        busy=BusyView(),
        blocked_ranges=0,
        drops={},
    )


def ping(nth: int, *, silent: bool = False, version: bytes = b"LT\x02\x00", seen: tuple[str, int] = US) -> NodeOutcome:
    addr = (f"203.0.113.{nth}", 6881)
    if silent:
        return NodeOutcome(addr=addr, status=Status.TIMED_OUT)
    return NodeOutcome(addr=addr, status=Status.ANSWERED, rtt=0.1, version=version, external=seen)


def probed(*pings: NodeOutcome) -> Probed:
    return Probed(pings or tuple(map(ping, range(20))), {}, 0.0, 1.8e9, 0.0, frozenset())


def only(view: Snapshot, probe: Probed | None = None) -> list[Finding]:
    """What is not fine."""
    return [each for each in diagnose(view, probe or probed()) if each.severity is not Severity.FINE]


def test_of_a_healthy_node_all_is_fine() -> None:
    assert only(node()) == []
    found = diagnose_both(node(), {"IPv4": probed()})
    assert {each.severity for each in found} == {Severity.FINE}
    assert {each.check for each in found} == set(list(Check)[: list(Check).index(Check.DENSITY)])


def test_without_any_probe_what_a_snapshot_can_tell_is_told() -> None:
    assert {each.check for each in diagnose(node()) if each.severity is Severity.UNKNOWN} == {
        Check.CLIENTS,
        Check.LOSS,
        Check.CLOCK,
    }


def _snapshots() -> list[tuple[Verdict, Snapshot]]:
    view = node()
    who, reach, traffic = view.identity, view.reachability, view.traffic
    unknown = reach._replace(state="unknown")

    def host(state: str) -> Snapshot:
        return view._replace(bootstrap=view.bootstrap._replace(sources=(BootstrapSource("a.example:1", state, ""),)))  # type: ignore[arg-type]

    return [
        (Verdict.UNREACHED, view._replace(reachability=unknown, uptime=100.0)),
        (
            Verdict.NOT_TESTED,
            view._replace(reachability=unknown, identity=who._replace(bound=US), uptime=100.0),
        ),
        (Verdict.TOO_EARLY, view._replace(reachability=unknown, uptime=5.0)),
        (Verdict.IGNORED_RANGE, view._replace(identity=who._replace(external=("34.1.1.1", 6881)))),
        (Verdict.ID_UNFIT, view._replace(identity=who._replace(bep42="invalid"))),
        (Verdict.ID_UNKNOWN, view._replace(identity=who._replace(bep42="unknown"))),
        (Verdict.HOST_SILENT, host("silent")),
        (Verdict.HOST_UNRESOLVED, host("unresolved")),
        (Verdict.HOST_BLOCKED, host("blocked")),
        (Verdict.HOST_DISAGREES, host("disagrees")),
        (Verdict.HOST_NOT_ASKED, host("waiting")),
        (Verdict.NO_HOSTS, view._replace(bootstrap=BootstrapView("idle", 0.0, (), ""))),
        (Verdict.NO_ENTRY, view._replace(bootstrap=BootstrapView("failed", 0.0, (), ""))),
        (Verdict.FEW_NODES, view._replace(table=snapshots.running(3).table)),
        (Verdict.NO_NODES, view._replace(table=snapshots.running(0).table._replace(questionable=0))),
        (Verdict.ANSWERS_FEW, view._replace(recent=RecentView(300.0, 2, 40, 3.0, 4))),
        (Verdict.ANSWERS_NONE, view._replace(recent=RecentView(300.0, 0, 40, None, 40))),
        (Verdict.ANSWERS_UNKNOWN, view._replace(recent=None)),
        (Verdict.TRIPS_LONG, view._replace(rtt=RttView(200, 0.4, 0.8, 1.5, 2.0, 2.0, ()))),
        (Verdict.TRIPS_UNKNOWN, view._replace(rtt=RttView(0, 0.0, 0.0, 0.0, 0.0, 0.5, ()))),
        (Verdict.BLOCKLIST_BUSY, view._replace(blocked_ranges=9, drops={"blocklist": traffic.packets_in})),
        (Verdict.SOME_LOST, view._replace(traffic=traffic._replace(overflowed=1, packets_in=1000))),
        (Verdict.MUCH_LOST, view._replace(traffic=traffic._replace(overflowed=100, packets_in=1000))),
        (Verdict.LOSSES_UNKNOWN, view._replace(traffic=traffic._replace(overflowed=None))),
        (Verdict.SOME_UNSENT, view._replace(traffic=traffic._replace(send_failures=1, packets_out=50))),
        (Verdict.NONE_SENT, view._replace(traffic=traffic._replace(send_failures=50, packets_out=1))),
        (Verdict.LATE, view._replace(busy=BusyView(100, 0.001, 0.2, 0.4))),
    ]


def _probes() -> list[tuple[Verdict, Probed]]:
    base = probed()
    varying = [ping(nth, seen=(US[0], 1000 + nth)) for nth in range(20)]
    moving = [ping(nth, seen=(f"198.51.100.{nth}", 6881)) for nth in range(20)]
    lossy = [ping(nth, silent=nth % 4 == 0) for nth in range(20)]
    deaf = [ping(nth, silent=nth % 4 != 0) for nth in range(20)]
    mute = [ping(nth, version=b"UT\xaf\x00") for nth in range(60)]
    mute += [ping(100 + nth, silent=True) for nth in range(8)]
    return [
        (Verdict.PORT_VARIES, probed(*varying)),
        (Verdict.ADDRESS_VARIES, probed(*moving)),
        (Verdict.LOSS_HIGH, probed(*lossy)),
        (Verdict.LOSS_SEVERE, probed(*deaf)),
        (Verdict.CLIENT_SILENT, probed(*mute)._replace(versions={one.addr: b"LT\x02\x00" for one in mute[60:]})),
        (Verdict.CLOCK_SET, base._replace(stepped=-3600.0)),
        (Verdict.CLOCK_WRONG, base._replace(wall=1.0)),
    ]


@pytest.mark.parametrize(("verdict", "view"), _snapshots(), ids=lambda value: value if isinstance(value, str) else "")
def test_each_trouble_of_a_snapshot_is_told_alone(verdict: Verdict, view: Snapshot) -> None:
    assert [each.verdict for each in only(view)] == [verdict]


@pytest.mark.parametrize(("verdict", "probe"), _probes(), ids=lambda value: value if isinstance(value, str) else "")
def test_each_trouble_of_a_probe_is_told_alone(verdict: Verdict, probe: Probed) -> None:
    assert [each.verdict for each in only(node(), probe)] == [verdict]


def test_an_unknown_address_is_told_where_it_matters() -> None:
    view = node()
    view = view._replace(identity=view.identity._replace(external=None, bep42="unknown"))
    assert [each.verdict for each in only(view)] == [
        Verdict.ADDRESS_UNKNOWN,
        Verdict.RANGE_UNKNOWN,
        Verdict.ID_UNKNOWN,
    ]


def test_the_kind_of_nat_is_told_by_port_and_address() -> None:
    def verdict(external: tuple[str, int], own: frozenset[str] = frozenset()) -> Verdict:
        view = node()
        view = view._replace(identity=view.identity._replace(external=external))
        (found,) = (one for one in diagnose(view, probed()._replace(own=own)) if one.check is Check.NAT)
        return found.verdict

    assert verdict(US) is Verdict.PORT_KEPT
    assert verdict((US[0], 40000)) is Verdict.PORT_CHANGED
    assert verdict(US, frozenset((US[0],))) is Verdict.NO_NAT


def test_a_few_liars_make_no_nat() -> None:
    pings = [ping(nth, seen=("192.0.2.9", 9) if nth < 4 else US) for nth in range(20)]
    assert only(node(), probed(*pings)) == []


def test_every_range_that_libtorrent_ignores_is_told() -> None:
    for first in range(1, 224):
        view = node()
        external = (f"{first}.200.1.1", 6881)
        found = diagnose(view._replace(identity=view.identity._replace(external=external)))
        told = any(each.verdict is Verdict.IGNORED_RANGE for each in found)
        assert told == (first in IGNORED["IPv4"])
    assert len(IGNORED["IPv4"]) == 17


def test_what_a_client_calls_itself_is_printable() -> None:
    assert client_of(b"LT\x02\x00") == "LT"
    assert client_of(b"\x1b[") == "1b5b"
    assert client_of(None) == client_of(b"") == "none"


def test_measures_have_units_and_the_worst_counts() -> None:
    found = diagnose(node(), probed())
    assert all(isinstance(one.unit, Unit) for each in found for one in each.measured)
    assert worst(found) is Severity.FINE and worst(()) is Severity.UNKNOWN
    assert worst((Finding(Check.ID, Verdict.ID_UNFIT), Finding(Check.NAT, Verdict.PORT_KEPT))) is Severity.WARNING
