"""The nodes that a user names, as addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..actions.request import HostPort
from ..actions.resolve import families_of, look_up
from ..engine.commands import NodeCommands
from ..engine.upkeep.identity import reaches
from ..engine.wire.compact import Addr
from ..errors import Exit, Failure
from ..text.actions.notices import NoAddress, Unusable, nobody_words
from .output import Output


async def resolved(node: NodeCommands, remotes: Sequence[HostPort], output: Output) -> list[Addr]:
    """The addresses of named nodes. Warns of those without one; raises `Failure` if none has one."""
    families = families_of(node.addresses)
    found = await asyncio.gather(*(look_up(remote, families) for remote in remotes))
    addrs: list[Addr] = []
    problems = []
    for remote, named in zip(remotes, found, strict=True):
        if isinstance(named, NoAddress):
            problems.append(f"{remote} {named}")
            continue
        others = [addr for addr in named if not any(reaches(own, addr) for own in node.addresses)]
        if not others:
            problems.append(f"{remote} {NoAddress(Unusable.THIS_NODE)}")
        addrs += (addr for addr in others if addr not in addrs)
    if not addrs:
        raise Failure(nobody_words(problems), Exit.NO_ANSWER)
    for problem in problems:
        output.warn(problem)
    return addrs
