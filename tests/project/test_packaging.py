"""How others get and run the program: its files are sound, and every line of docs/install.md is run somewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.apart import PATIENCE

from dhtui import __version__
from dhtui.actions.spec import ACTIONS
from dhtui.errors import UsageError
from dhtui.options import config
from dhtui.options.planning import plan

from .figures import all_figures
from .pages import ROOT

PACKAGING = ROOT / "packaging"
UNIT = PACKAGING / "dhtui.service"
CONTAINER = (PACKAGING / "Containerfile").read_text(encoding="utf-8")
MOST_EXPOSED = 20
"""Of ``systemd-analyze security``, in tenths."""


def tool(name: str) -> str:
    """The path of a program; a test that needs it is skipped where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def ran(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PATIENCE)
    return done.stdout + done.stderr if done.returncode == 0 else f"FAILED {done.stdout}{done.stderr}"


def makes_sense(words: list[str]) -> None:
    """That a command line of the program is one that it takes. Raises `UsageError`."""
    plan(config.read(words))


# ---- the unit of systemd ----------------------------------------------------------------------------------


def test_the_service_exposes_little_of_the_machine() -> None:
    said = ran(tool("systemd-analyze"), "security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(UNIT))
    exposed = re.search(r"exposure level for dhtui.service: ([0-9.]+)", said)
    assert exposed is not None and float(exposed[1]) <= MOST_EXPOSED / 10, said[-2000:]


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """But for the program, which need not be installed here."""
    copy = tmp_path / "dhtui.service"
    text = UNIT.read_text(encoding="utf-8").replace("/usr/bin/dhtui ", "/bin/true ")
    copy.write_text(re.sub("^Documentation=.*$", "", text, flags=re.M))
    assert ran(tool("systemd-analyze"), "verify", str(copy)).strip() == ""


def test_the_command_of_the_service_is_one_that_the_program_takes() -> None:
    (command,) = re.findall(r"^ExecStart=/usr/bin/dhtui (.*)$", UNIT.read_text(encoding="utf-8"), re.M)
    makes_sense(command.split())


# ---- the container ----------------------------------------------------------------------------------------


def test_the_container_runs_without_root_and_tells_how_it_does() -> None:
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", CONTAINER, re.M), "a number: Kubernetes asks for one"
    assert re.search(r"^VOLUME /state$", CONTAINER, re.M) and re.search(r"^STOPSIGNAL SIGTERM$", CONTAINER, re.M)
    assert ":latest" not in CONTAINER and "curl" not in CONTAINER
    (last,) = re.findall(r"^CMD (\[.*\])$", CONTAINER, re.M)
    makes_sense(json.loads(last))


@pytest.mark.skipif("status" not in ACTIONS, reason="there is no action to ask a running node how it is")
def test_the_health_check_of_the_container_is_one_that_the_program_takes() -> None:
    (check,) = re.findall(r"^HEALTHCHECK .*\\\n +CMD dhtui (.*?) > /dev/null \|\| test \$\? = 1$", CONTAINER, re.M)
    makes_sense(check.split())


def test_the_container_can_be_built() -> None:
    """Where there is a tool for it that works, and its base can be had."""
    builder = next((name for name in ("docker", "podman", "buildah") if shutil.which(name)), None)
    if builder is None:
        pytest.skip("neither docker, podman nor buildah is installed")
    if ran(builder, "info").startswith("FAILED"):
        pytest.skip(f"{builder} is installed, but does not run")
    (base,) = set(re.findall(r"^FROM (\S+)", CONTAINER, re.M))
    if ran(builder, "pull", base).startswith("FAILED"):
        pytest.skip(f"{base} can't be had")
    built = ran(builder, "build", "-f", str(PACKAGING / "Containerfile"), "-t", "dhtui-test", str(ROOT))
    assert not built.startswith("FAILED"), built
    assert f"dhtui {__version__}" in ran(builder, "run", "--rm", "dhtui-test", "--version")


# ---- Arch Linux and Homebrew ------------------------------------------------------------------------------


def test_the_files_of_a_release_name_its_version_its_place_and_its_sum(tmp_path: Path) -> None:
    source = tmp_path / f"dhtui-{__version__}.tar.gz"
    source.write_bytes(b"a source")
    url = f"https://forge.example/someone/dhtui/releases/download/v{__version__}/{source.name}"
    fill = [shutil.which("python3") or "python3", str(PACKAGING / "fill.py"), str(source), url, str(tmp_path)]
    assert ran(*fill) == ""
    for name in ("PKGBUILD", "dhtui.rb"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert not re.search("@[A-Z0-9]+@", text) and url in text and __version__ in text
        assert re.search(r"\b[0-9a-f]{64}\b", text)
    assert 'homepage "https://forge.example/someone/dhtui"' in (tmp_path / "dhtui.rb").read_text(encoding="utf-8")
    assert ran("bash", "-n", str(tmp_path / "PKGBUILD")) == ""
    for name, check in (("ruby", "-c"), ("namcap", "")):
        if shutil.which(name) is not None:
            file = tmp_path / ("dhtui.rb" if name == "ruby" else "PKGBUILD")
            assert not ran(name, *([check] if check else []), str(file)).startswith("FAILED")


# ---- the dashboard ----------------------------------------------------------------------------------------


def test_the_dashboard_shows_figures_that_there_are() -> None:
    board = json.loads((ROOT / "docs" / "grafana.json").read_text(encoding="utf-8"))
    there = {family.name for family in all_figures()}
    there |= {
        f"{each.name}_{part}" for each in all_figures() if each.kind == "histogram" for part in ("bucket", "count")
    }
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    queries += [variable["query"]["query"] for variable in board["templating"]["list"] if variable["type"] == "query"]
    named = {name for query in queries for name in re.findall(r"dhtui_\w+", query)}
    assert len(named) > 15 and named <= there, named - there
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for query in queries:
        counters = re.findall(r"(\w+\()?(dhtui_\w+_(?:total|bucket))", query)
        assert all(function == "rate(" for function, _ in counters), f"of a counter its growth is shown: {query}"


# ---- docs/install.md --------------------------------------------------------------------------------------


def install_lines() -> list[str]:
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, re.S | re.M)
    return [re.sub(r"\s+#.*$", "", line) for block in blocks for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("line", install_lines())
def test_a_line_of_the_page_about_getting_it_is_run_by_a_job(line: str) -> None:
    yaml = pytest.importorskip("yaml", reason="the extra dev is not installed")
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "packages.yml").read_text(encoding="utf-8"))["jobs"]
    runs = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    assert any(line in run for run in runs), "add it to a job of packages.yml"


def test_there_are_lines_for_every_way_to_get_it() -> None:
    page = "\n".join(install_lines())
    for way in ("uvx", "pipx", "pip install", "pex", "docker build", "makepkg", "brew", "systemctl"):
        assert way in page
    with pytest.raises(UsageError):
        makes_sense(["--no-such-flag"])
