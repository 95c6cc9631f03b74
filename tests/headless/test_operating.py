"""docs/operating.md: from an empty machine to a monitored node that publishes a zone, as its reader types it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from support.apart import PATIENCE
from support.background import Neighbours, neighbours

from dhtui.actions.spec import ACTIONS
from dhtui.options.flags import BY_NAME

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """The ten commands."""
    block = re.search(r"<!-- ten commands -->\n```sh\n(.*?)```\n<!-- /ten commands -->", PAGE, re.S)
    assert block is not None
    return block[1].splitlines()


@pytest.fixture(scope="module")
def net() -> Iterator[Neighbours]:
    with neighbours() as found:
        yield found


def free_ports(count: int) -> list[int]:
    """Ports that nobody has, of datagrams and of streams."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def test_there_are_ten_commands_and_another_job_tries_the_first() -> None:
    assert len(commands()) == 10
    jobs = (ROOT / ".github" / "workflows" / "packages.yml").read_text(encoding="utf-8")
    assert commands()[0] in jobs


@pytest.mark.skipif("status" not in ACTIONS or "records" not in BY_NAME, reason="needs --attach and --records")
def test_the_ten_commands_come_to_what_the_page_says(net: Neighbours, tmp_path: Path) -> None:
    pytest.importorskip("dns", reason="the extra pkarr is not installed")
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    program, (udp, tcp) = tmp_path / "bin" / "dhtui", free_ports(2)
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dhtui "$@"\n')
    program.chmod(0o755)
    script = "\n".join(["set -e", *commands()[1:]])
    script = script.replace(":6881", f"127.0.0.1:{udp}").replace("9469", str(tcp))
    home = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), str(tmp_path))
    (tmp_path / "run").mkdir(mode=0o700)
    paths = {"PYTHONPATH": str(ROOT), "PATH": f"{program.parent}:{os.environ['PATH']}"}
    environment = os.environ | home | paths | {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "DHTUI_BNODES": net.net}
    shell = subprocess.Popen(
        ["bash", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        start_new_session=True,
        env=environment,
    )
    try:
        out, err = shell.communicate(timeout=PATIENCE)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)  # the node, if a command before the last one failed
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert shell.returncode == 0, f"{err}\n{log}"
    assert "dhtui_table_nodes{" in out and 'state="good"' in out
    assert (tmp_path / "value.txt").stat().st_size
    assert "2 blocked ranges" in log and "reloaded" in log
