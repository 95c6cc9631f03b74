"""A family that is missing, or whose route was lost, is told by a finding of its own, and blames nobody."""

from __future__ import annotations

from screens.dual import dual
from screens.snapshots import running

from dhtui.engine.diagnosis.doctor import OF_THE_NODE, Probed, diagnose_both
from dhtui.engine.diagnosis.findings import Check, Finding, Severity, Verdict, worst
from dhtui.engine.views.events import LinkState
from dhtui.engine.views.snapshot import Snapshot
from dhtui.engine.wire.family import FamilyName

NOTHING: dict[FamilyName, Probed] = {"IPv4": Probed(), "IPv6": Probed()}


def lost(view: Snapshot) -> Snapshot:
    """The same, without a route, and with nobody in its table."""
    return view._replace(link=LinkState.LOST, table=running(0).table._replace(questionable=0))


def links(view: Snapshot) -> list[tuple[str | None, Verdict, Severity]]:
    found = (one for one in diagnose_both(view, NOTHING) if one.check is Check.FAMILY)
    return [(one.family, one.verdict, one.severity) for one in found]


def test_both_families_are_there() -> None:
    assert links(dual()) == [
        ("IPv4", Verdict.FAMILY_THERE, Severity.FINE),
        ("IPv6", Verdict.FAMILY_THERE, Severity.FINE),
    ]


def test_a_missing_family_is_a_warning_with_what_to_do() -> None:
    view = running()._replace(missing=("IPv6",))
    assert links(view)[1] == ("IPv6", Verdict.FAMILY_MISSING, Severity.WARNING)
    missing = next(one for one in diagnose_both(view, NOTHING) if one.verdict is Verdict.FAMILY_MISSING)
    assert [(one.name, one.value) for one in missing.measured] == [("state", "missing"), ("bound", None)]


def test_of_a_family_without_a_route_nothing_else_is_told() -> None:
    view = dual()
    assert view.other is not None
    view = view._replace(other=lost(view.other))
    assert links(view)[1] == ("IPv6", Verdict.ROUTE_LOST, Severity.WARNING)
    found = diagnose_both(view, NOTHING)
    assert [one.check for one in found if one.family == "IPv6"] == [Check.FAMILY]
    assert worst(found) is not Severity.FAULT


def test_the_first_family_may_be_the_one_without_a_route() -> None:
    found = diagnose_both(lost(dual()), NOTHING)
    assert [one.check for one in found if one.family == "IPv4"] == [Check.FAMILY]
    assert {one.check for one in found if one.family is None} == OF_THE_NODE
    assert any(one.family == "IPv6" and one.check is Check.TABLE for one in found)


def test_without_any_route_the_node_is_not_healthy() -> None:
    view = dual()
    assert view.other is not None
    for offline in (lost(view)._replace(other=lost(view.other)), lost(running())):
        found: tuple[Finding, ...] = diagnose_both(offline, NOTHING)
        assert {one.verdict for one in found if one.check is Check.FAMILY} == {Verdict.NO_ROUTE}
        assert worst(found) is Severity.FAULT
