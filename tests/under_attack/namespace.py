"""A network namespace in which every IPv4 address is local, so that any process can bind, or forge, any of them.

No packet leaves it: it has no device but its own loopback. It has its own process ids too, so that nothing that was
started in it outlives the program that it was made for.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
from fcntl import ioctl
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from peers.peer import unavailable
from support.apart import ROOT

DEADLINE = 600.0
"""Seconds that a scenario may take. A pass never waits for it."""

_UNSHARE = ("unshare", "--net", "--pid", "--fork", "--kill-child")
_WAYS = (_UNSHARE, (*_UNSHARE, "--user", "--map-root-user"))
"""As root, and as anybody where the kernel allows that."""

# From linux/if.h, linux/netlink.h and linux/rtnetlink.h.
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
_REQUEST_ACK_CREATE = 0x1 | 0x4 | 0x400
_RTM_NEWROUTE, _RTA_OIF = 24, 4
_TABLE_LOCAL, _PROTO_BOOT, _SCOPE_HOST, _TYPE_LOCAL = 255, 3, 254, 2


def run_isolated(scenario: str, folder: Path) -> dict[str, Any]:
    """What came of a scenario, which must not fail. It may write into `folder`."""
    command = [*way_in(), sys.executable, "-m", "under_attack.scenarios", scenario, str(folder)]
    ran = _run(command, DEADLINE)
    print(ran.stderr, file=sys.stderr)
    assert ran.returncode == 0, ran.stderr
    result: dict[str, Any] = json.loads(ran.stdout)
    print(scenario, result)
    return result


def _run(command: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    # On a timeout unshare is killed, and with it the first process in the namespace, and with that all others.
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))},
        timeout=seconds,
    )


def way_in() -> tuple[str, ...]:
    way, problems = _find_way_in()
    if way is not None:
        return way
    reason = f"no network namespace can be had here: {problems}"
    if os.geteuid() == 0:
        unavailable(reason)
    pytest.skip(reason)


@cache
def _find_way_in() -> tuple[tuple[str, ...] | None, str]:
    if sys.platform != "linux":
        return None, f"{sys.platform} has none"
    problems = []
    for way in _WAYS:
        try:
            ran = _run([*way, sys.executable, "-m", "under_attack.namespace"], DEADLINE)
        except OSError as error:
            return None, f"unshare: {error.strerror}"
        if not ran.returncode:
            return way, ""
        problems.append(ran.stderr.strip().rpartition("\n")[2])
    return None, "; ".join(problems)


def open_up() -> None:
    """Bring the loopback device up, and make every IPv4 address local to it (AnyIP). Raises `OSError`.

    The same as ``ip link set lo up`` and ``ip route add local 0.0.0.0/0 dev lo``, where there is no ``ip``.
    """
    assert sys.platform == "linux"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP))
    route = struct.pack("=8BI", socket.AF_INET, 0, 0, 0, _TABLE_LOCAL, _PROTO_BOOT, _SCOPE_HOST, _TYPE_LOCAL, 0)
    route += struct.pack("=HHi", 8, _RTA_OIF, socket.if_nametoindex("lo"))
    header = struct.pack("=IHHII", 16 + len(route), _RTM_NEWROUTE, _REQUEST_ACK_CREATE, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.send(header + route)
        (error,) = struct.unpack_from("=i", netlink.recv(4096), 16)
    if error:
        raise OSError(-error, f"no route to all addresses: {os.strerror(-error)}")


if __name__ == "__main__":
    open_up()
