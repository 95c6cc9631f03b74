"""A capture from a pipe, in a real terminal: keys come from the terminal, and what comes is shown as it does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from os import mkfifo
from pathlib import Path

from support.captures import START, lookup, pcap
from support.tmux import terminal


@contextmanager
def feeding(folder: Path) -> Iterator[None]:
    """Writes the capture into the pipe: the second half once a file named ``go`` is there."""
    with subprocess.Popen(["sh", "-c", "exec > pipe; . ./feed.sh"], cwd=folder) as process:
        try:
            yield
        finally:
            process.kill()


def test_a_pipe_is_shown_live_and_keys_work(tmp_path: Path) -> None:
    data = pcap([*lookup(), *lookup(START + 40)])
    half = 24 + (len(data) - 24) // 2
    (tmp_path / "first").write_bytes(data[:half])
    (tmp_path / "second").write_bytes(data[half:])
    (tmp_path / "feed.sh").write_text("cat first; while [ ! -e go ]; do sleep 0.1; done; cat second; exec sleep 600\n")
    mkfifo(tmp_path / "pipe")
    with feeding(tmp_path), terminal(tmp_path, (80, 24), "--open - < pipe") as term:
        term.wait("a pipe, live")
        term.wait("11 KRPC messages")
        term.go("packets")
        term.wait("11 packets")
        (tmp_path / "go").touch()
        term.wait("22 packets")
        term.press("space")
        term.wait("behind")
        term.quit()
