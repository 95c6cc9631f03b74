"""Every check and every verdict has its words, safe to print."""

from __future__ import annotations

import pytest
from screens import snapshots

from dhtui.engine.diagnosis.findings import SEVERITIES, Check, Finding, Measure, Severity, Unit, Verdict
from dhtui.text.findings import CHECKS, MEANINGS, chance_words, density_summary, health_summary, measure_words


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_says_what_it_means_and_what_to_do(verdict: Verdict) -> None:
    meaning, remedy = MEANINGS[verdict]
    assert meaning.endswith(".") and meaning.isprintable() and len(meaning) < 200
    assert not remedy or (remedy.endswith(".") and remedy.isprintable())
    if SEVERITIES[verdict] in (Severity.WARNING, Severity.FAULT):
        assert remedy
    if SEVERITIES[verdict] is Severity.FINE and verdict is not Verdict.PORT_CHANGED:
        assert not remedy


def test_each_check_has_a_name() -> None:
    assert set(CHECKS) == set(Check) and len(set(CHECKS.values())) == len(Check)


def test_measures_are_safe_and_have_units() -> None:
    measured = (
        Measure("known_by", snapshots.HOSTILE),
        Measure("rate", 0.25, Unit.SHARE),
        Measure("p50", 0.09, Unit.SECONDS),
        Measure("granted", 4096.0, Unit.BYTES),
        Measure("nodes", 12345.0, Unit.NODES),
        Measure("external", None),
    )
    words = measure_words(measured)
    assert words.isprintable()
    assert "rate 25%" in words and "p50 90 ms" in words and "external not known" in words
    assert "2027-01-15" in measure_words((Measure("wall", 1.8e9, Unit.SECONDS),))


def test_cunning_nodes_are_said_not_to_be_seen_by_density() -> None:
    assert "not seen by this test" in MEANINGS[Verdict.SPARSE][0]


def test_a_crowd_is_never_told_without_its_chance() -> None:
    crowd = Finding(Check.DENSITY, Verdict.CROWDED, p_value=1e-7, false_alarm_rate=0.001)
    assert chance_words(crowd) == "p-value 1e-07, false alarms 0.001"
    assert density_summary(crowd) == f"more nodes stand near the target than chance puts there: {chance_words(crowd)}"
    assert "attack" not in "".join(meaning + remedy for meaning, remedy in MEANINGS.values())


def test_the_summary_counts() -> None:
    verdicts = ((Check.ID, Verdict.ID_UNFIT), (Check.TABLE, Verdict.NO_NODES), (Check.NAT, Verdict.NO_NAT))
    found = tuple(Finding(*each) for each in verdicts)
    assert health_summary(found) == "not healthy: 1 fault, 1 warning, 1 fine, 0 not known"
    assert health_summary(found[2:]) == "healthy: no fault, 0 warnings, 1 fine, 0 not known"
