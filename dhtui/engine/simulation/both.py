"""A simulated node in both address families: two cores, and lookups that run in both at once."""

from __future__ import annotations

from typing import Any

from ..core import Core
from ..families.wish import Wish, halves
from ..lookup.questions import Question
from ..operations.requests import Ask, Request
from ..outcome import Outcome
from ..wire.compact import Addr
from .network import Simulation


class _Flank:
    """A core, as a wish sees it."""

    def __init__(self, core: Core) -> None:
        self.core, self.family, self.up = core, core.family, True

    def usable(self, now: float) -> bool:
        return self.core.bootstrap_running or not self.core.dry(now)


class Pair:
    """A node in both families of a simulated network."""

    def __init__(self, simulation: Simulation, hosts: tuple[Addr, ...] = (), **settings: Any) -> None:
        """`hosts`: to bootstrap from, each in its family. `settings`: of `Settings`, for both cores."""
        self._simulation = simulation
        four = tuple(host for host in hosts if ":" not in host[0])
        six = tuple(host for host in hosts if ":" in host[0])
        self.four = simulation.add(hosts=four, **settings)
        self.six = simulation.add(hosts=six, beside=self.four, **settings)
        self._flanks = [_Flank(self.four), _Flank(self.six)]

    def bootstrap(self) -> None:
        """Bootstrap both, at the same time."""
        simulation = self._simulation
        for core in (self.four, self.six):
            core.bootstrap(simulation.now)
            simulation.after(core)
        simulation.run_until(lambda: not (self.four.bootstrap_running or self.six.bootstrap_running))

    def finish(self, request: Request) -> Outcome:
        """Start a wish and let time pass until it is done."""
        simulation, done = self._simulation, list[Outcome]()
        wish = Wish(halves(request, self._flanks, simulation.now), lambda outcome, now: done.append(outcome))
        wish.start(simulation.now, None, given_up=False)
        simulation.after(self.four)
        simulation.run_until(lambda: bool(done))
        return done[0]

    def look_up(self, question: Question) -> tuple[Outcome, dict[str, float]]:
        """Run a lookup in both families: its outcome, and in each family the share of the true 8 closest live nodes
        that answered it."""
        simulation = self._simulation
        truth = {
            core.family.name: simulation.closest(question.target, family=core.family) for core in (self.four, self.six)
        }
        outcome = self.finish(Ask(question))
        answered = {node.addr for node in outcome.asked if node.responded}
        return outcome, {
            name: sum(node.addr in answered for node in nodes) / len(nodes) if nodes else 1.0
            for name, nodes in truth.items()
        }
