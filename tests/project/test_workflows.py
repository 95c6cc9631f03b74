"""What runs the checks on other machines can be read, and calls `.ci/run`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .pages import ROOT

yaml = pytest.importorskip("yaml", reason="the extra dev is not installed")

GITHUB = ROOT / ".github"
FILES = sorted(path for path in GITHUB.rglob("*.yml"))
SCRIPTS = sorted(path for path in (ROOT / ".ci").iterdir())
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_is_yaml(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_one_of_bash_that_can_be_run(path: Path) -> None:
    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", path], check=True)


def test_every_check_is_a_way_of_calling_one_command() -> None:
    jobs = _jobs("ci")
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "sudo" not in step.get("run", "sudo")]
    assert sorted(commands) == [".ci/run", ".ci/run coverage", ".ci/run portable"]
    said = subprocess.run([ROOT / ".ci" / "run", "nonsense"], capture_output=True, text=True, check=False)
    assert said.returncode == 2 and all(command in said.stderr for command in commands)


def test_the_tests_run_on_every_python_of_both_systems() -> None:
    jobs = _jobs("ci").values()
    systems = {job["runs-on"] for job in jobs if job.get("strategy", {}).get("matrix", {}).get("python") == PYTHONS}
    assert systems == {"ubuntu-latest", "macos-latest"}


def test_a_release_is_checked_before_it_is_published_and_holds_no_secret() -> None:
    jobs = _jobs("release")
    assert jobs["check"]["uses"] == "./.github/workflows/ci.yml"
    assert (jobs["build"]["needs"], jobs["publish"]["needs"]) == ("check", "build")
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert "secrets." not in (GITHUB / "workflows" / "release.yml").read_text(encoding="utf-8")


def _jobs(name: str) -> dict[str, Any]:
    jobs = yaml.safe_load((GITHUB / "workflows" / f"{name}.yml").read_text(encoding="utf-8"))["jobs"]
    assert isinstance(jobs, dict)
    return jobs
