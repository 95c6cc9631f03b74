"""What a node makes of the address families of its machine, in a network namespace of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest
from support.apart import ROOT
from under_attack.namespace import way_in

from dhtui.text.node.details import detail_words

DEADLINE = 120.0


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What came of everything that `machine` does."""
    if shutil.which("ip") is None:
        pytest.skip("routes are set with ip, which is not here")
    ran = subprocess.run(
        [*way_in(), sys.executable, "-m", "engine.families.machine"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))},
        timeout=DEADLINE,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_a_machine_with_both_families_is_used_in_both(told: dict[str, Any]) -> None:
    """BEP 45: IPv6 is bound to the one address that the system sends from."""
    both = told["both"]
    assert both["families"] == ["IPv4", "IPv6"] and both["missing"] == both["links"] == []
    assert both["at"] == ["0.0.0.0", "2001:db8::2"]
    assert both["answered"] == {"IPv4": 1, "IPv6": 1} and both["stored"] == ["IPv4", "IPv6"]


@pytest.mark.parametrize(("family", "other"), [("IPv4", "IPv6"), ("IPv6", "IPv4")])
def test_a_machine_with_one_family_works_as_if_the_other_did_not_exist(
    told: dict[str, Any], family: str, other: str
) -> None:
    """And says so, once."""
    one = told[family]
    assert one["families"] == [family] and one["missing"] == [other] and one["links"] == [[other, "missing"]]
    assert one["answered"] == 1 and one["stored"] == [family]


def test_a_family_that_loses_its_route_hangs_nothing_and_comes_back(told: dict[str, Any]) -> None:
    lost, back = told["changes"]["lost"], told["changes"]["back"]
    assert lost["links"] == [["IPv6", "lost"]] and lost["complete"]
    assert lost["answered"] == 1 and lost["stored"] == ["IPv4"] and lost["ping"] == "no route"
    assert lost["nodes"] == {"IPv4": 1, "IPv6": 1}
    assert back["links"] == [["IPv6", "lost"], ["IPv6", "up"]]
    assert back["answered"] == {"IPv4": 1, "IPv6": 1} and back["stored"] == ["IPv4", "IPv6"]
    assert told["changes"]["failures"] == [0, 0]


def test_a_new_address_is_bound_when_the_machine_has_it(told: dict[str, Any]) -> None:
    moved = told["changes"]["moved"]
    assert moved["at"] == ["0.0.0.0", "2001:db8::3"] and moved["answered"] == {"IPv4": 1, "IPv6": 1}
    assert told["changes"]["alone"] == ["2001:db8::3"]


def test_without_any_route_the_machine_itself_is_still_served(told: dict[str, Any]) -> None:
    """IPv4 is bound to all addresses: what is on this machine or its network may be reached without a way out."""
    assert told["changes"]["nowhere"] == {"IPv4": "up", "IPv6": "lost", "ping": "answered"}
    assert told["changes"]["everywhere"] == {"IPv4": "up", "IPv6": "up"}


def test_a_family_that_comes_later_is_joined(told: dict[str, Any]) -> None:
    comes = told["comes"]
    assert comes["links"] == [["IPv6", "missing"], ["IPv6", "up"]] and comes["missing"] == []
    assert comes["families"] == ["IPv4", "IPv6"] and comes["answered"] == {"IPv4": 1, "IPv6": 1}


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_a_probe_that_would_not_leave_the_machine_is_not_sent(told: dict[str, Any], family: str) -> None:
    """It would pass no firewall: the node serves, and does not say that strangers reach it."""
    state, why, read_only, read_only_why, sent = told["home"][family]
    assert (state, read_only, sent) == ("unknown", False, 0), why
    assert "no NAT is in the way" in detail_words(read_only_why)


def test_32_06_an_address_of_teredo_is_taken_only_if_there_is_no_other(told: dict[str, Any]) -> None:
    """The system chooses by RFC 6724: it takes Teredo last."""
    assert told["teredo"] == {"alone": "2001:0:4136:e378:8000:63bf:3fff:fdd2", "beside": "2001:db8::2"}
