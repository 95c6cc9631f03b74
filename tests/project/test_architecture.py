"""docs/architecture.md leads to code that is there, and its rooms are those of the import contracts."""

from __future__ import annotations

import re
import tomllib
from functools import reduce
from importlib import import_module

import pytest

from .pages import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
JOURNEYS = re.findall(r"<!-- journey -->(.*?)<!-- /journey -->", PAGE, re.S)
NAMED = r"\| `([\w/]+\.py)` \| `([\w.]+)` \|"
STEPS = [step for table in JOURNEYS for step in re.findall(NAMED, table)]


def test_there_are_three_journeys_whose_steps_are_all_read() -> None:
    rows = [row for table in JOURNEYS for row in table.strip().splitlines()[2:]]
    assert len(JOURNEYS) == 3 and len(rows) == len(STEPS)


@pytest.mark.parametrize(("file", "function"), sorted(set(STEPS)))
def test_a_step_names_code_that_is_there(file: str, function: str) -> None:
    assert callable(named(file, function))


@pytest.mark.parametrize(("file", "name"), sorted(set(re.findall(NAMED, PAGE)) - set(STEPS)))
def test_a_place_is_where_it_says(file: str, name: str) -> None:
    named(file, name)


def named(file: str, name: str) -> object:
    """What a file of the program holds under a name. Raises `AttributeError`."""
    return reduce(getattr, name.split("."), import_module(file.removesuffix(".py").replace("/", ".")))


def test_every_file_and_folder_it_names_is_there() -> None:
    for path in re.findall(r"`(dhtui/[\w/.]+)`", PAGE):
        assert (ROOT / path).exists(), path


def test_its_rooms_are_those_of_the_contracts() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = [
        set(re.findall(r"\w+", layer))
        for layer in next(each for each in contracts if each["name"] == "Rooms")["layers"]
    ]
    table = PAGE.partition("| rooms |")[2].partition("\n\n")[0]
    shown = [set(re.findall(r"`(\w+)`", row.split("|")[1])) for row in table.splitlines()[2:]]
    assert shown == layers
