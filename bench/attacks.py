"""Attacks on one node, each with its price, and what they achieve: the table in docs/attacks.md.

    python bench/attacks.py --markdown                          everything, into docs/attacks.md
    python bench/attacks.py --quick                             one seed, short attacks: what runs at all
    python bench/attacks.py --only eviction --only "lie: far"   only attacks, and lies, with that in their names

Three engines meet the same attackers: *undefended*, this one with its rules opened; *0.1.0*, as released, in the
simulator of the last commit that knew it; and *now*. All time is virtual, and everything follows from the seeds: the
same command prints the same bytes.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from math import inf
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any, TypeAlias

from dhtui.engine.core import Core
from dhtui.engine.items import ImmutableItem
from dhtui.engine.lookup.questions import FindClosest, GetItem, Question
from dhtui.engine.outcome import Outcome
from dhtui.engine.settings import SavedState
from dhtui.engine.simulation.attackers import (
    Budget,
    Drain,
    Entry,
    Forger,
    Goal,
    Newcomers,
    Poisoner,
    Queriers,
    Writer,
    a_ping,
    all_kinds,
    anybody,
    anybody_in,
    friends_of,
    get_of,
    immutable_items,
    item_of_most_bytes,
    mutable_items,
    one_byte,
    peers_of,
    swarms,
)
from dhtui.engine.simulation.internet import Conditions
from dhtui.engine.simulation.lies import LIES
from dhtui.engine.simulation.network import Simulation
from dhtui.engine.simulation.passive_nodes import Population
from dhtui.engine.views.events import Event, IdChanged
from dhtui.engine.wire.compact import Addr, NodeInfo
from dhtui.engine.wire.ids import bep42_id, random_id

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT, MARK = ROOT / "docs" / "attacks.md", "<!-- What follows is written by bench/attacks.py. -->"
RELEASE = "7541fa4"
"""The commit that 0.1.0 was made from."""
ATTACKER = "66b7c3b"
"""The last commit whose attackers know how to drive 0.1.0: of it are they, and this program, for that engine."""
SIMULATOR = ("attackers", "internet", "liars", "lies", "population", "simulate")
"""Its modules that attack."""
ENGINES = ("undefended", "0.1.0", "now")
SETTLE = 30.0
MINUTE, HOUR = 60.0, 3600.0

OPEN_SETTINGS: dict[str, Any] = {"rate_limit": 0.0, "reply_quota": 0}


def farthest_goes(store: Any, place: tuple[int, bytes], net: str) -> bool:
    """Room in a full store, whoever holds what is in it."""
    farthest = store._last()
    if place > farthest:
        return False
    store.remove(farthest[1])
    return True


def oldest_goes(swarm: Any, packed: bytes, full: bool) -> bytes | None:
    """The peer that goes from a full swarm, wherever it is."""
    return next(iter(swarm.peers)) if full else None


RULES: tuple[tuple[str, str, Any], ...] = (
    ("defence.guard", "MIN_VOTERS", 1),
    ("defence.guard", "ENOUGH_VOTERS", 1),
    ("defence.guard", "net_of", lambda ip: ip),
    ("upkeep.identity", "REST_SECONDS", 0.0),
    ("table", "is_local", lambda ip: True),
    ("store", "SHARE", 1),
    ("store", "HOST_PEERS", 10**6),
    ("store", "NET_PEERS", 10**6),
    ("store:_Nearest", "_make_room", farthest_goes),
    ("store:_Swarm", "_loser", oldest_goes),
    ("lookup.algorithm", "bep42_valid", lambda node_id, ip: True),
    ("lookup.algorithm", "CHOSEN_BITS", 160),
    ("lookup.algorithm", "sparse", lambda share, k, size: False),
    ("lookup.candidates", "bep42_valid", lambda node_id, ip: True),
    ("lookup.candidates", "is_local", lambda ip: True),
    ("lookup.candidates", "MISLEADING", inf),
    ("lookup.candidates", "crowded", lambda shares, size: 0),
    ("upkeep.bootstrap", "IN_COMMON", 0),
)
"""What makes this engine an undefended one: module (and class), name, and the value that opens the rule."""

settings: dict[str, Any] = {}
"""Settings of every core here."""


def undefend() -> None:
    """Open every rule that stops an attacker."""
    for module, name, value in RULES:
        name_of, _, owner = module.partition(":")
        place = import_module(f"dhtui.engine.{name_of}")
        place = getattr(place, owner) if owner else place
        if not hasattr(place, name):
            raise SystemExit(f"there is no {module}.{name} to open any more: mend RULES in {Path(__file__).name}")
        setattr(place, name, value)
    settings.update(OPEN_SETTINGS)


# ---- what is measured ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that an attack comes to."""

    name: str
    reach: str
    """What it is to reach."""
    over: Callable[[Iterable[float]], float] = mean
    """How several seeds come to one number: their mean, or the worst."""
    form: str = "{:.0%}"


ITEMS = Figure("items found", "99 %")
FOUND = Figure("found-8", "0.95", form="{:.2f}")
Results = dict[str, float]
Options = argparse.Namespace
Run: TypeAlias = Callable[[Options, int, Budget], Results]
"""An attack with a seed and a budget."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One row, or several, of the table."""

    name: str
    goal: Goal
    budget: Budget
    figures: tuple[Figure, ...]
    run: Run


def world(options: Options, seed: int, conditions: Conditions | None = None, **extra: Any) -> tuple[Simulation, Core]:
    """A core that has settled among passive nodes."""
    population = Population(options.nodes, seed, conditions or Conditions())
    simulation = Simulation(seed, population=population)
    core = simulation.add(hosts=simulation.hosts(), **(settings | extra))
    simulation.bootstrap(core)
    simulation.run(SETTLE)
    return simulation, core


def quality(simulation: Simulation, core: Core, lookups: int, seed: int) -> Results:
    """How good lookups are at the moment: gets of planted items, and searches for nodes."""
    rng = Random(seed)
    items = [find_item(simulation, core, rng) for _ in range(lookups)]
    nodes = [find_nodes(simulation, core, rng.randbytes(20)) for _ in range(lookups)]
    return {ITEMS.name: mean(items), FOUND.name: mean(nodes)}


def find_item(simulation: Simulation, core: Core, rng: Random) -> bool:
    """Plant an item, and see whether it is found."""
    item = ImmutableItem(b"20:" + rng.randbytes(20))
    simulation.plant(item)
    return simulation.look_up(core, GetItem(item.target)).outcome.item == item


def find_nodes(simulation: Simulation, core: Core, target: bytes) -> float:
    """Look a target up; the share of the true 8 closest that answered."""
    return simulation.look_up(core, FindClosest(target)).found


def said(outcome: Outcome) -> bool:
    """Whether a get that found nothing says that this means nothing: nobody answered, or there is a doubt."""
    return outcome.item is not None or not outcome.answered or getattr(outcome, "doubt", None) is not None


# ---- no attack -------------------------------------------------------------------------------------------


def calm(options: Options, seed: int, budget: Budget) -> Results:
    """Nobody attacks."""
    return quality(*world(options, seed), options.lookups, seed)


# ---- forged sources --------------------------------------------------------------------------------------

REFUSED = Figure("honest friends refused", "0 %", max)


def forged(make: Callable[[Random, Core], bytes]) -> Run:
    """Datagrams that seem to come from the node's friends."""

    def run(options: Options, seed: int, budget: Budget) -> Results:
        simulation, core = world(options, seed)
        friends = [*simulation.hosts(), *(node.addr for node in core.nodes())]
        on = replace(budget, seconds=budget.seconds + 10 * MINUTE)
        Forger(simulation, core, on, seed, sources=friends_of(core, friends), make=make).start()
        simulation.run(budget.seconds)
        refused = mean(bool(core._sending.blocked(addr, simulation.now)) for addr in friends)
        return {REFUSED.name: refused} | quality(simulation, core, options.lookups, seed)

    return run


NEWCOMERS = Figure("honest newcomers met", "as without", min)


def newcomers(options: Options, seed: int, budget: Budget) -> Results:
    """Queries from all over the world by nobody, while honest newcomers ask."""
    simulation, core = world(options, seed)
    if budget.rate:
        Forger(simulation, core, budget, seed, sources=anybody(Random(seed)), make=a_ping).start()
    simulation.run(20)
    honest = Newcomers(simulation, core, Budget(20, 20, 0.5, 60), seed)
    honest.start()
    simulation.run(70)
    return {NEWCOMERS.name: honest.met / 20}


OUT = Figure("bytes out for each in", "3, and a full reply", max, "{:.1f}")
MOST = Figure("kB in 10 s to one /24", "64", max, "{:.0f}")
SERVED = Figure("honest queries served", "as without", min)


def amplifier(victims: int) -> Run:
    """Forged gets of a long item from addresses of one /24, beside honest queriers."""

    def run(options: Options, seed: int, budget: Budget) -> Results:
        simulation, core = world(options, seed)
        rng = Random(seed)
        entry = item_of_most_bytes(rng)
        Writer(simulation, core, Budget(1, 1, 2, 5), seed, [entry], first=189).start()
        simulation.run(5)
        net = "201.5.5"
        drain = Drain(simulation, [f"{net}.{n}" for n in range(256)])
        sources: Iterator[Addr] = anybody_in(net, rng)
        if victims == 1:
            sources = ((f"{net}.9", port) for _, port in anybody_in(net, rng))
        forger = Forger(simulation, core, budget, seed, sources=sources, make=get_of(entry.target))
        if budget.rate:
            forger.start()
        honest = Queriers(simulation, core, Budget(20, 10, 4, 50), seed, ports=2)
        simulation.run(5)
        honest.start()
        simulation.run(60)
        return {
            OUT.name: drain.total / forger.bytes_sent if forger.bytes_sent else 0.0,
            MOST.name: drain.most / 1000,
            SERVED.name: honest.served / honest.sent_queries,
        }

    return run


def crowd(options: Options, seed: int, budget: Budget) -> Results:
    """Forged queries from all over the world beside honest queriers."""
    simulation, core = world(options, seed)
    Forger(simulation, core, budget, seed, sources=anybody(Random(seed)), make=all_kinds).start()
    honest = Queriers(simulation, core, Budget(20, 10, 4, 50), seed, ports=2)
    simulation.run(5)
    honest.start()
    simulation.run(60)
    return {SERVED.name: honest.served / honest.sent_queries}


# ---- nodes that want to be known -------------------------------------------------------------------------

MEMORY = Figure("of the memory", "5 %", max)
TABLE = Figure("of the table", "5 %", max)
SAVED = Figure("of the saved nodes", "5 %", max)


def holds(attacker: Poisoner, core: Core) -> Results:
    """Which shares of what the core knows are the attacker's."""
    saved = [node.addr for node in core.saved_state().nodes]
    known = list(core._table._known)
    return {
        MEMORY.name: attacker.share_of(known),
        TABLE.name: attacker.share_of([node.addr for node in core.nodes()]),
        SAVED.name: attacker.share_of(saved),
    }


def poison(ports: int, turning: float) -> Run:
    """Nodes that ask and answer until they are known, then lie."""

    def run(options: Options, seed: int, budget: Budget) -> Results:
        simulation, core = world(options, seed)
        seconds = min(budget.seconds, options.longest)
        on = replace(budget, seconds=seconds + HOUR)
        attacker = Poisoner(simulation, core, on, seed, ports=ports, patience=seconds, turning=turning)
        attacker.start()
        simulation.run(seconds)
        return holds(attacker, core) | quality(simulation, core, options.lookups, seed)

    return run


def censor(ports: int, turning: float) -> Run:
    """Quick nodes next to chosen targets, one attacker a target."""

    def run(options: Options, seed: int, budget: Budget) -> Results:
        simulation, core = world(options, seed)
        rng, found, reached = Random(seed), [], []
        for nth in range(4):
            item = ImmutableItem(b"20:" + rng.randbytes(20))
            simulation.plant(item)
            on = replace(budget, seconds=budget.seconds + MINUTE)
            near, patience = item.target, budget.seconds if budget.seconds >= HOUR else 0.0
            Poisoner(
                simulation,
                core,
                on,
                seed * 4 + nth,
                ports=ports,
                near=near,
                patience=patience,
                turning=turning,
            ).start()
            simulation.run(budget.seconds)
            simulation.plant(item)  # again: what nobody republishes is gone after 2 hours
            found.append(simulation.look_up(core, GetItem(near)).outcome.item == item)
            reached.append(find_nodes(simulation, core, near))
            simulation.run(2 * MINUTE)
        return {ITEMS.name: mean(found), FOUND.name: mean(reached)}

    return run


LOST = Figure("honest nodes lost from the table", "0 %", max)


def framing(options: Options, seed: int, budget: Budget) -> Results:
    """A node near some targets names the core's friends under false ids.

    Some are lost in any case, when a packet of theirs is lost and another node waits for the place: what counts is who
    is lost besides those that are without the attack.
    """
    before, lost = lost_friends(options, seed, budget)
    _, anyway = lost_friends(options, seed, replace(budget, rate=0))
    return {LOST.name: len(lost - anyway) / before}


def lost_friends(options: Options, seed: int, budget: Budget) -> tuple[int, set[Addr]]:
    """How many nodes the table had, and which of them it has no more after a few lookups. No rate: nobody attacks."""
    simulation, core = world(options, seed)
    rng = Random(seed)
    before = {node.addr for node in core.nodes()}
    for nth in range(4):
        target = rng.randbytes(20)
        if budget.rate:
            Poisoner(simulation, core, budget, 4 * seed + nth, near=target, framing=True).start()
        simulation.run(budget.seconds)
        find_nodes(simulation, core, target)
        simulation.run(5)
    return len(before), before - {node.addr for node in core.nodes()}


def saved(alive: bool) -> Run:
    """The saved state is full of nodes that lead nowhere."""

    def run(options: Options, seed: int, budget: Budget) -> Results:
        simulation = Simulation(seed, population=Population(options.nodes, seed, Conditions()))
        rng = Random(seed)
        nodes = [NodeInfo(bep42_id(ip, rng), (ip, 6881)) for ip in budget.ips()]
        state = SavedState(random_id(rng), None, tuple(nodes))
        core = simulation.add(hosts=simulation.hosts(), **(settings | {"saved": state}))
        if alive:
            attacker = Poisoner(simulation, core, budget, seed)
            attacker.takes_ids(nodes)
            attacker.start()
        simulation.bootstrap(core)
        simulation.run(2 * SETTLE)
        return quality(simulation, core, options.lookups, seed)

    return run


# ---- the vote on our address -----------------------------------------------------------------------------

CHANGES = Figure("changes of the id in 30 min", "1", max, "{:.0f}")
RIGHT = Figure("s until the right address", "60", max, "{:.1f}")


def voters(turning: float) -> Run:
    """Nodes that ask, and answer with a false address of ours, another one every minute."""

    def run(options: Options, seed: int, budget: Budget) -> Results:
        simulation, core = world(options, seed, external=None)
        times: list[float] = []

        def listener(event: Event) -> None:
            if isinstance(event, IdChanged):
                times.append(simulation.now)

        core.listen(listener)

        def external(now: float) -> Addr:
            return f"202.7.{int(now // MINUTE) % 256}.9", 6881

        Poisoner(
            simulation, core, budget, seed, ports=8, external=external, patience=budget.seconds, turning=turning
        ).start()
        simulation.run(budget.seconds)
        return {CHANGES.name: max((sum(at <= t < at + HOUR / 2 for t in times) for at in times), default=0)}

    return run


def fresh(options: Options, seed: int, budget: Budget) -> Results:
    """A first start behind an ordinary NAT, unhindered."""
    simulation = Simulation(seed, population=Population(options.nodes, seed, Conditions()))
    core = simulation.add(hosts=simulation.hosts(), nat=True, **(settings | {"external": None}))
    began = simulation.now
    core.bootstrap(began)
    simulation.after(core)
    right = core.identity.bound[0]
    simulation.run_until(lambda: (core.identity.external or ("", 0))[0] == right, 10 * MINUTE)
    return {RIGHT.name: simulation.now - began}


# ---- eviction --------------------------------------------------------------------------------------------

KEPT = Figure("honest entries kept", "95 %", min)
SHARE = Figure("of the store", "5 % a /24", max)


def evict(what: str, entries: int = 2000) -> Run:
    """A crowd of entries nearer to our id than those that honest nodes have stored, or peers in one swarm."""

    def run(options: Options, seed: int, budget: Budget) -> Results:
        simulation, core = world(options, seed, maintain=False)
        rng = Random(seed)
        swarm = rng.randbytes(20)
        kinds: dict[str, tuple[Sequence[Entry], Sequence[Entry]]] = {
            "peers": (peers_of(swarm, 500), peers_of(swarm, entries)),
            "swarms": (swarms(300, rng), swarms(entries, rng, core.id)),
            "immutable items": (immutable_items(300, rng), immutable_items(entries, rng, core.id)),
            "mutable items": (mutable_items(300, rng), mutable_items(entries, rng, core.id)),
        }
        honest, crowd = kinds[what]
        count = len(honest)
        friends = Writer(simulation, core, Budget(count, count, 20, count / 10 + 1), seed, honest, first=190)
        friends.start()
        simulation.run(count / 10 + 2)
        writer = Writer(simulation, core, budget, seed, crowd)
        writer.start()
        simulation.run(budget.seconds + 2)
        return kept(simulation, core, what, friends, writer)

    return run


def kept(simulation: Simulation, core: Core, what: str, friends: Writer, writer: Writer) -> Results:
    """Which share of the honest entries is still there, and which share of all is the attacker's."""
    now = simulation.now
    if what == "peers":
        target = friends.entries[0].target
        held = [peer[:4] for peer in core._peers.sample(target, 500, Random(0), now)]
        honest = sum(bytes(map(int, ip.split("."))) in set(held) for ip in friends.ips)
        return {KEPT.name: honest / friends.stored, SHARE.name: 1 - honest / len(held)}
    holdings = core.holdings(now)
    held_targets = {swarm.infohash for swarm in holdings.swarms} | {item.target for item in holdings.items}
    honest = sum(entry.target in held_targets for entry in friends.entries)
    caps = {"swarms": 2000, "immutable items": 700, "mutable items": 700}
    own = sum(entry.target in held_targets for entry in writer.entries)
    return {KEPT.name: honest / friends.stored, SHARE.name: own / caps[what]}


# ---- liars -----------------------------------------------------------------------------------------------

ONE_ITEMS, ONE_FOUND = replace(ITEMS, name="1 of 3: items"), replace(FOUND, name="1 of 3: found-8")
SILENT = Figure("3 of 3: silently nothing", "0 %", max)
TEN_ITEMS, TEN_FOUND = replace(ITEMS, name="10 %: items"), replace(FOUND, name="10 %: found-8")
THIRTY = Figure("30 %: items", "95 %")
LIE_FIGURES = (ONE_ITEMS, ONE_FOUND, SILENT, TEN_ITEMS, TEN_FOUND, THIRTY)


def lying(name: str) -> Run:
    """One lie, told by starting nodes and by shares of all nodes."""

    def run(options: Options, seed: int, budget: Budget) -> Results:
        lie = LIES[name]
        one, three = (started(options, seed, Conditions(lie=lie), liars) for liars in (1, 3))
        ten, thirty = (
            quality(*world(options, seed, Conditions(lie=lie, liars=share)), options.lookups, seed)
            for share in (0.1, 0.3)
        )
        return {
            ONE_ITEMS.name: one[ITEMS.name],
            ONE_FOUND.name: one[FOUND.name],
            SILENT.name: three[SILENT.name],
            TEN_ITEMS.name: ten[ITEMS.name],
            TEN_FOUND.name: ten[FOUND.name],
            THIRTY.name: thirty[ITEMS.name],
        }

    return run


def started(options: Options, seed: int, conditions: Conditions, liars: int) -> Results:
    """Lookups of fresh cores, some of whose three hosts lie. Every second one bootstraps before."""
    simulation = Simulation(seed, population=Population(options.nodes, seed, conditions))
    hosts, rng = simulation.hosts(3, liars), Random(seed)
    items, nodes, silent = [], [], []
    for nth in range(options.lookups):
        item = ImmutableItem(b"20:" + rng.randbytes(20))
        simulation.plant(item)
        outcome = fresh_lookup(simulation, hosts, nth, GetItem(item.target))[0]
        items.append(outcome.item == item)
        silent.append(not said(outcome))
        if liars == 1:
            nodes.append(fresh_lookup(simulation, hosts, nth, FindClosest(rng.randbytes(20)))[1])
    return {ITEMS.name: mean(items), FOUND.name: mean(nodes or [0.0]), SILENT.name: mean(silent)}


def fresh_lookup(
    simulation: Simulation, hosts: tuple[Addr, ...], nth: int, question: Question
) -> tuple[Outcome, float]:
    """A lookup by a core of its own."""
    core = simulation.add(hosts=hosts, maintain=False, **settings)
    if nth % 2:
        simulation.bootstrap(core)
    trial = simulation.look_up(core, question)
    simulation.remove(core)
    return trial.outcome, trial.found


# ---- all of them -----------------------------------------------------------------------------------------

SOUND = (ITEMS, FOUND)
HELD = (MEMORY, TABLE, SAVED)


def half(*figures: Figure) -> tuple[Figure, ...]:
    """For an attacker with 100 /24s: at most half of the memory, found-8 at least .90."""
    return tuple(
        replace(figure, reach="50 %" if figure in HELD else "0.90" if figure is FOUND else "95 %") for figure in figures
    )


DAY = 24 * HOUR
NOTHING = Budget(0, 0, 0, 0)
FLOOD = Budget(0, 0, 1000, 10 * MINUTE)
FORGED = Budget(0, 0, 500, 70)
IP_DAY, NET_DAY, NETS_DAY = Budget(1, 1, 1, DAY), Budget(250, 1, 2, DAY), Budget(2000, 100, 2, DAY)
ROOM = {"peers": 500, "swarms": 2000, "immutable items": 2000, "mutable items": 2000}
WRITERS = (
    ("one IP", Budget(1, 1, 4.8, 15 * MINUTE)),
    ("one /24", Budget(250, 1, 40, 2 * MINUTE)),
    ("five /24s", Budget(250, 5, 40, 2 * MINUTE)),
)

DENIALS = (
    Attack("none", Goal.DENY, NOTHING, SOUND, calm),
    Attack("forged friends, one byte", Goal.DENY, FLOOD, (REFUSED, *SOUND), forged(one_byte)),
    Attack("forged friends, all kinds", Goal.DENY, FLOOD, (REFUSED, *SOUND), forged(all_kinds)),
    Attack("newcomers, no attack", Goal.DENY, NOTHING, (NEWCOMERS,), newcomers),
    Attack("newcomers crowded out", Goal.DENY, replace(FORGED, rate=40, seconds=120), (NEWCOMERS,), newcomers),
    Attack("newcomers crowded out more", Goal.DENY, replace(FORGED, seconds=120), (NEWCOMERS,), newcomers),
    Attack("queriers, no attack", Goal.DENY, NOTHING, (SERVED,), amplifier(1)),
    Attack("queriers crowded out", Goal.DENY, FORGED, (SERVED,), crowd),
    Attack("amplifier, one host", Goal.AMPLIFY, FORGED, (OUT, MOST, SERVED), amplifier(1)),
    Attack("amplifier, one host, slowly", Goal.AMPLIFY, replace(FORGED, rate=4), (OUT, MOST, SERVED), amplifier(1)),
    Attack("amplifier, one /24", Goal.AMPLIFY, FORGED, (OUT, MOST, SERVED), amplifier(256)),
)
ECLIPSES = (
    Attack("memory, one IP", Goal.ECLIPSE, IP_DAY, (*HELD, *SOUND), poison(4200, 1)),
    Attack("memory, one IP, true ids", Goal.ECLIPSE, IP_DAY, (*HELD, *SOUND), poison(4200, 0)),
    Attack("memory, one IP, hasty", Goal.ECLIPSE, Budget(1, 1, 2.2, 2160), (*HELD, *SOUND), poison(4200, 1)),
    Attack("memory, one IP, at any rate", Goal.ECLIPSE, Budget(1, 1, 100, 600), (*HELD, *SOUND), poison(4200, 1)),
    Attack("memory, one /24", Goal.ECLIPSE, NET_DAY, (*HELD, *SOUND), poison(20, 1)),
    Attack("memory, one /24, true ids", Goal.ECLIPSE, NET_DAY, (*HELD, *SOUND), poison(1, 0)),
    Attack("memory, 100 /24s", Goal.ECLIPSE, NETS_DAY, half(*HELD, *SOUND), poison(1, 0.5)),
    Attack("chosen target, one IP", Goal.CENSOR, Budget(1, 1, 2, 20), SOUND, censor(40, 1)),
    Attack("chosen target, one /24", Goal.CENSOR, Budget(200, 1, 20, 60), SOUND, censor(1, 1)),
    Attack("chosen target, 100 /24s", Goal.CENSOR, Budget(200, 100, 1, 2 * HOUR), half(*SOUND), censor(1, 0.5)),
    Attack("saved nodes, one /24", Goal.ECLIPSE, Budget(200, 1, 0.01, HOUR), SOUND, saved(True)),
    Attack("saved nodes, 100 /24s", Goal.ECLIPSE, Budget(2000, 100, 0.01, HOUR), SOUND, saved(True)),
    Attack("saved nodes, all dead", Goal.DENY, Budget(2000, 100, 0.01, HOUR), SOUND, saved(False)),
)
THEFTS = (
    Attack("framing of friends", Goal.EVICT, Budget(1, 1, 1, 20), (LOST,), framing),
    Attack("address, fresh start", Goal.MOVE_ID, NOTHING, (RIGHT,), fresh),
    Attack("voters, one /24", Goal.MOVE_ID, Budget(79, 1, 8, 2 * HOUR), (replace(CHANGES, reach="0"),), voters(1)),
    Attack("voters, 79 /24s", Goal.MOVE_ID, Budget(79, 79, 8, 2 * HOUR), (CHANGES,), voters(0.5)),
    *(
        Attack(f"eviction of {what}, {who}", Goal.EVICT, budget, (KEPT, SHARE), evict(what, entries))
        for what, entries in ROOM.items()
        for who, budget in WRITERS
    ),
)
ATTACKS: tuple[Attack, ...] = (*DENIALS, *ECLIPSES, *THEFTS)
LYING: tuple[Attack, ...] = tuple(Attack(name, Goal.CENSOR, NOTHING, LIE_FIGURES, lying(name)) for name in LIES)


# ---- the three engines -----------------------------------------------------------------------------------


@contextmanager
def engines() -> Iterator[dict[str, Path]]:
    """Directories to import dhtui from, by engine."""
    with tempfile.TemporaryDirectory() as place:
        attackers = (f"dhtui/engine/{module}.py" for module in SIMULATOR)
        extract(Path(place), RELEASE, "dhtui")
        extract(Path(place), ATTACKER, "bench/attacks.py", *attackers)
        yield {"undefended": ROOT, "0.1.0": Path(place), "now": ROOT}


def extract(place: Path, commit: str, *paths: str) -> None:
    """Files of a commit."""
    archive = subprocess.run(("git", "-C", str(ROOT), "archive", commit, *paths), check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(place, filter="data")


def measured(options: Options, engine: str, attack: Attack, kind: str, path: Path) -> dict[str, list[float]]:
    """One attack upon one engine, in a process of its own: each figure, seed by seed."""
    command = (sys.executable, str(path / "bench" / "attacks.py"), *sys.argv[1:], "--inside", engine, kind, attack.name)
    environment = os.environ | {"PYTHONPATH": str(path), "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE)
    say(f"{engine}: {attack.name}{' FAILED' * bool(done.returncode)}")
    results: dict[str, list[float]] = {} if done.returncode else json.loads(done.stdout)
    return results


def inside(options: Options) -> None:
    """Run one attack upon the engine that this process has imported, and print what it came to."""
    engine, kind, name = options.inside
    if engine == "undefended":
        undefend()
    attack = next(attack for attack in (LYING if kind == "lie" else ATTACKS) if attack.name == name)
    seeds = options.seeds if engine == "now" or options.others is None else options.others
    runs = [attack.run(options, options.seed + nth, attack.budget) for nth in range(seeds)]
    json.dump({figure.name: [run[figure.name] for run in runs] for figure in attack.figures}, sys.stdout)


def say(text: str) -> None:
    """Progress: not part of the report."""
    print(text, file=sys.stderr, flush=True)


# ---- the report ------------------------------------------------------------------------------------------


def cell(figure: Figure, results: dict[str, list[float]]) -> str:
    """One figure of one engine."""
    return figure.form.format(figure.over(results[figure.name])) if results else "failed"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, as Markdown."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = (
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |"
        for row in (head, ["-" * width for width in widths], *rows)
    )
    return "\n".join(lines) + "\n"


def report(options: Options) -> str:
    """Measure, and put both tables together."""
    wanted = [
        (kind, attack)
        for kind, attacks in (("attack", ATTACKS), ("lie", LYING))
        for attack in attacks
        if not options.only or any(only in f"{kind}: {attack.name}" for only in options.only)
    ]
    with engines() as paths, ThreadPoolExecutor(options.jobs) as pool:
        cells = [
            [pool.submit(measured, options, engine, attack, kind, paths[engine]) for engine in ENGINES]
            for kind, attack in wanted
        ]
        results = [[future.result() for future in row] for row in cells]
    return tables(options, [(kind, attack, row) for (kind, attack), row in zip(wanted, results, strict=True)])


def tables(options: Options, measurements: Sequence[tuple[str, Attack, Sequence[dict[str, list[float]]]]]) -> str:
    """What was measured, attacks first, then lies."""
    rows, lies = [], []
    for kind, attack, row in measurements:
        if kind == "lie":
            lies.append((attack.name, *(" / ".join(cell(f, result) for result in row) for f in attack.figures)))
            continue
        for nth, figure in enumerate(attack.figures):
            head = (attack.name, str(attack.goal), str(attack.budget)) if not nth else ("", "", "")
            rows.append((*head, figure.name, *(cell(figure, result) for result in row), figure.reach))
    last = options.seed + options.seeds - 1
    seeds = f"{options.seeds} seeds ({options.seed} to {last})" if options.seeds > 1 else f"seed {options.seed}"
    seeds += f", the other engines {options.others}" if options.others else ""
    longest = f"attacks of {options.longest / HOUR:g} h at most"
    parts = [f"{options.nodes:,} live nodes, {seeds}; {longest}\n"]
    if rows:
        parts.append(table(("attack", "goal", "price", "figure", *ENGINES, "to reach"), rows))
    if lies:
        parts.append(f"Lies, {options.lookups} lookups each a seed: {' / '.join(ENGINES)}\n")
        parts.append(table(("lie", *(f"{f.name} (to reach {f.reach})" for f in LIE_FIGURES)), lies))
    return "\n".join(parts)


def main() -> None:
    """Attack, and tell."""
    parser = argparse.ArgumentParser(description="Attacks on one node in a simulated network, in virtual time.")
    parser.add_argument("--seed", type=int, default=1, help="the first one (1)")
    parser.add_argument("--seeds", type=int, default=5, help="how many (5)")
    parser.add_argument("--nodes", type=int, default=4_000_000, help="live nodes (4000000)")
    parser.add_argument("--others", type=int, help="how many of these the engines other than this one meet (all)")
    parser.add_argument("--lookups", type=int, default=20, help="of each kind, for each seed (20)")
    parser.add_argument("--longest", type=float, default=DAY, help="seconds that an attack may take (86400)")
    parser.add_argument("--only", action="append", help="rows with this in their name; several may be given")
    parser.add_argument("--quick", action="store_true", help="one seed, 5 lookups, an hour for a day")
    parser.add_argument("--markdown", action="store_true", help="write the tables into docs/attacks.md too")
    parser.add_argument("--jobs", type=int, default=2, help="processes at once (2)")
    parser.add_argument("--inside", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.lookups, options.longest = 1, 5, HOUR
    if options.inside:
        inside(options)
        return
    text = report(options)
    print(text, end="")
    if options.markdown:
        head, _, _ = DOCUMENT.read_text(encoding="utf-8").partition(MARK)
        DOCUMENT.write_text(f"{head}{MARK}\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
