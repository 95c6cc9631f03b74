"""The frame: pace, control pings, what a case comes to, the choice of cases, and nodes that are hostile."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from dhtui.conform.case import Case, H, M, O, S, case
from dhtui.conform.catalogue import CASES, cases_of
from dhtui.conform.choice import chosen, read_known
from dhtui.conform.messages import Answer
from dhtui.conform.outcomes import Level, Miss, Need, Outcome, Skip, Unsupported, Why
from dhtui.conform.probe import Probe
from dhtui.conform.session import LONG, Terms, terms_for
from dhtui.engine.wire.bencode import encode
from dhtui.engine.wire.compact import Addr
from dhtui.text.runs.conformance import shown

from .virtual import NODE, START, VirtualWire, a_node, our_network, outcomes, run

STRANGER = Terms(1.0, 2.0, own=False)


def one(level: Level, run_it: Any, **more: Any) -> Case:
    return case("5.99", "nowhere", level, "A rule.", **more)(run_it)


class Scripted:
    """A node that does with each datagram what it is told."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.out: list[tuple[bytes, Addr]] = []
        self.came: list[tuple[float, bytes, Addr]] = []

    def receive_datagram(self, data: bytes, addr: Addr, now: float) -> None:
        self.came.append((now, data, addr))
        said = self._answer(data)
        self.out += [(each, addr) for each in ([said] if isinstance(said, bytes) else said or [])]

    def handle_timer(self, now: float) -> None:
        """It has none."""

    def next_timer(self) -> float:
        return float("inf")

    def datagrams_to_send(self) -> list[tuple[bytes, Addr]]:
        out, self.out = self.out, []
        return out


class Behind(Scripted):
    """Our own node, behind something that hears all, and lets through what it likes."""

    def __init__(self, lets: Any = lambda data: True) -> None:
        super().__init__(lambda data: None)
        self.core, self._lets = a_node(), lets

    def receive_datagram(self, data: bytes, addr: Addr, now: float) -> None:
        self.came.append((now, data, addr))
        if self._lets(data):
            self.core.receive_datagram(data, addr, now)

    def datagrams_to_send(self) -> list[tuple[bytes, Addr]]:
        return self.core.datagrams_to_send()


# ---- pace ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("terms", "rate"), [(terms_for(NODE), 4), (terms_for(("203.0.113.1", 1)), 1)])
def test_no_second_has_more_packets_than_are_allowed(terms: Terms, rate: int) -> None:
    node = Behind()
    run(chosen(CASES, "5.04,5.24,5.25,5.60"), node, terms=terms)
    times = [now for now, _, _ in node.came]
    assert len(times) > 20
    for at in times:
        assert sum(at <= other < at + 0.99 for other in times) <= rate


def test_a_stranger_gets_no_robustness_case_and_waits_for_none_that_is_long() -> None:
    session = run(CASES, a_node(), terms=STRANGER)
    for result in session.results:
        if Need.OWN in result.case.needs:
            assert result.outcome is Outcome.SKIPPED and not result.packets
        if result.case.waits >= LONG:
            assert result.outcome is Outcome.SKIPPED
    assert {case.id for case in CASES if case.group == "H"} <= {case.id for case in CASES if Need.OWN in case.needs}


def test_what_may_harm_is_for_nodes_of_ones_own() -> None:
    own = {case.id for case in CASES if Need.OWN in case.needs}
    assert {"5.08", "5.19", "5.20", "5.21", "44.21"} <= own


# ---- outcomes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "outcome"),
    [(M, Outcome.FAIL), (S, Outcome.NON_STRICT), (O, Outcome.UNSUPPORTED), (H, Outcome.NON_STRICT)],
)
def test_a_miss_counts_as_its_level_has_it(level: Level, outcome: Outcome) -> None:
    async def miss(probe: Probe) -> None:
        probe.check(False, "more", "less")

    session = run([one(level, miss)], a_node())
    assert outcomes(session) == {"5.99": outcome} and session.results[0].expected == "more"


def test_silence_where_an_error_is_due_is_non_strict_and_a_reply_a_failure() -> None:
    async def refused(probe: Probe) -> None:
        probe.refused(await probe.ask("find_node", {b"target": b"x"}), "nonsense")

    def silent(data: bytes) -> bytes | None:
        return None if b"find_node" in data else _pong(data)

    assert outcomes(run([one(M, refused)], Scripted(silent))) == {"5.99": Outcome.NON_STRICT}
    assert outcomes(run([one(M, refused)], Scripted(_pong))) == {"5.99": Outcome.FAIL}
    assert outcomes(run([one(S, refused)], Scripted(_pong))) == {"5.99": Outcome.FAIL}
    assert outcomes(run([one(M, refused)], a_node())) == {"5.99": Outcome.PASS}


def _pong(data: bytes) -> bytes:
    from dhtui.conform.messages import read

    return encode({b"r": {b"id": b"n" * 20}, b"t": read(data).get(b"t", b""), b"y": b"r"})


def test_silence_tells_nothing_while_the_control_ping_stays_unanswered() -> None:
    deaf: list[bytes] = []

    def answer(data: bytes) -> bytes | None:
        deaf.extend([data] if b"find_node" in data else [])
        return None if deaf else _pong(data)

    async def asks(probe: Probe) -> None:
        probe.reply(await probe.ask("find_node", {b"target": bytes(20)}))

    rows = [one(M, asks), *chosen(CASES, "5.04,5.29,5.33,5.39")]
    session = run(rows, Scripted(answer))
    assert set(outcomes(session).values()) == {Outcome.INCONCLUSIVE}
    assert session.results[-1].packets == (), "it is asked nothing more"


def test_a_node_that_is_gone_after_a_hostile_packet_has_failed() -> None:
    gone: list[bytes] = []

    def answer(data: bytes) -> bytes | None:
        gone.extend([data] if data.startswith(b"lll") else [])
        return None if gone else _pong(data)

    assert outcomes(run(chosen(CASES, "5.21"), Scripted(answer))) == {"5.21": Outcome.FAIL}


def test_who_answers_no_ping_is_not_reached() -> None:
    session = run(CASES, Scripted(lambda data: None))
    assert session.reached is False and not session.results


def test_a_node_that_reads_four_byte_transaction_ids_only_fails_that_rule_alone() -> None:
    node = Behind(lambda data: b"1:t4:" in data)
    found = outcomes(run(chosen(CASES, "5.04,5.07,5.29,5.30,5.44"), node))
    assert found.pop("5.04") is Outcome.FAIL and set(found.values()) == {Outcome.PASS}


def test_what_is_missing_is_said() -> None:
    async def never(probe: Probe) -> None:
        raise AssertionError

    async def second(probe: Probe) -> None:
        probe.source(1)

    async def lacks(probe: Probe) -> None:
        raise Unsupported("nothing of it")

    async def cannot(probe: Probe) -> None:
        raise Skip(Why.NOTHING_SEEN, "nothing came")

    def why(row: Case, **more: Any) -> Why | None:
        return run([row], a_node(), **more).results[0].why

    short = Terms(4.0, 1.0, own=False)
    assert why(one(M, never, needs=(Need.OWN,)), terms=short) is Why.OWN
    assert why(one(M, never, needs=(Need.IPV6,))) is Why.IPV6
    assert why(one(M, never, needs=(Need.NETWORK,))) is Why.NETWORK
    assert why(one(M, never, needs=(Need.NETWORK,)), network=our_network(3)) is Why.NOT_JOINED
    assert why(one(M, never, waits=LONG), terms=short) is Why.TOO_LONG
    assert why(one(M, second), wire=VirtualWire(hosts=1)) is Why.SECOND_ADDRESS
    assert why(one(M, cannot)) is Why.NOTHING_SEEN
    assert outcomes(run([one(M, lacks)], a_node())) == {"5.99": Outcome.UNSUPPORTED}


def test_a_run_that_is_stopped_has_a_result_for_each_case() -> None:
    from dhtui.conform.session import Session

    session = Session(CASES, NODE, VirtualWire(), 1, START, terms_for(NODE))
    session.start()
    session.stop()
    assert session.done and len(session.results) == len(CASES)
    assert {result.why for result in session.results} == {Why.STOPPED}


def test_one_seed_gives_the_same_bytes_whatever_else_is_chosen() -> None:
    alone = run(chosen(CASES, "5.44"), a_node(), seed=7).results[0]
    among = next(result for result in run(chosen(CASES, "5"), a_node(), seed=7).results if result.case.id == "5.44")
    other = run(chosen(CASES, "5.44"), a_node(), seed=8).results[0]

    def infohash(result: Any) -> bytes:
        return bytes(result.packets[0].data[:60])

    assert infohash(alone) == infohash(among) != infohash(other)


# ---- hostile nodes -------------------------------------------------------------------------------------


def test_hostile_answers_end_no_run_and_reach_no_terminal() -> None:
    rng = Random(3)
    evil = b"\x1b]0;owned\x07\r\n\xe2\x80\xae" * 3

    def answer(data: bytes) -> list[bytes]:
        pong = _pong(data)
        choices = (
            pong,
            pong.replace(b"n" * 20, evil[:20].ljust(20, b"\0")),
            b"d1:eli999999999999999999999999e%d:%be1:t2:aa1:y1:ee" % (len(evil), evil),
            b"d1:rl" + b"l" * 900 + b"e" * 902,
            b"d1:rd2:id20:" + b"n" * 20 + b"5:nodes" + b"%d:%b" % (len(evil), evil) + b"5:token0:6:valuesi-1ee1:y1:re",
            rng.randbytes(60),
            b"",
            b"d1:y1:q1:q%d:%b1:ai3e1:ti4ee" % (len(evil), evil),
            b"1" * 60_000,
        )
        return [rng.choice(choices), rng.choice(choices)] if data.find(b"ping") < 0 else [pong, rng.choice(choices)]

    session = run([row for row in CASES if row.waits < LONG], Scripted(answer), network=our_network(3))
    assert len(session.results) == len([row for row in CASES if row.waits < LONG])
    for result in session.results:
        for text in (result.expected, result.actual):
            assert text.isprintable() and len(text) < 600, text


def test_a_flood_from_the_node_is_bounded() -> None:
    junk = b"d1:q4:ping" + b"x" * 1400

    def answer(data: bytes) -> list[bytes]:
        return [_pong(data), *[junk] * 500]

    for result in run(chosen(CASES, "5.25,5.26"), Scripted(answer)).results:
        assert len(result.packets) <= 4096 and sum(len(each.data) for each in result.packets) <= 8 << 20


@pytest.mark.parametrize("value", [b"\x1b[2J", {b"\x1b": [b"\x07"] * 90}, [[[[[[1]]]]]], object(), 1 << 70])
def test_what_is_shown_of_a_message_is_one_harmless_line(value: Any) -> None:
    assert shown(value).isprintable() and len(shown(value)) <= 200


def test_an_answer_of_any_bytes_can_be_asked_for_everything() -> None:
    for data in (b"", b"de", b"d1:rli1eee", b"d1:y1:ee", b"d1:eli1eee", b"d1:e0:e", b"\xff"):
        answer = Answer(data, b"")
        assert answer.shown.isprintable() and not answer.nodes and not answer.values and answer.id is None


# ---- the choice ----------------------------------------------------------------------------------------


def test_cases_are_chosen_by_bep_and_by_number() -> None:
    assert {row.group for row in chosen(CASES, "44,bep33, BEP 42")} == {"33", "42", "44"}
    assert [row.id for row in chosen(CASES, "44.01,5.04,H.01,h.02")] == ["5.04", "44.01", "H.01", "H.02"]
    assert {row.group for row in chosen(CASES, "H")} == {"H"}
    for text in ("", ",", "99", "5.00", "5.4", "\x1b[2J", "H.99", "bep"):
        with pytest.raises(ValueError) as error:
            chosen(CASES, text)
        assert str(error.value).isprintable()


def test_numbers_are_unique_and_say_what_their_module_is_about() -> None:
    assert len({row.id for row in CASES}) == len(CASES)
    assert all(row.requirement.endswith(".") and row.requirement.isprintable() and row.section for row in CASES)
    with pytest.raises(ValueError, match="twice"):
        from dhtui.conform.cases import bep05_framing

        cases_of(bep05_framing, bep05_framing)


def test_known_failures_have_reasons() -> None:
    known = read_known("# ours\n\n5.04 reads four bytes only  # issue 7\n44.01: never mind\x1b\n", CASES)
    assert known == {"5.04": "reads four bytes only", "44.01": "never mind\\x1b"}
    for text in ("5.04", "5.4 x", "\x1b x", "5.04 # no reason"):
        with pytest.raises(ValueError) as error:
            read_known(text, CASES)
        assert str(error.value).isprintable() and "line 1" in str(error.value)


def test_a_known_failure_that_passes_is_stale() -> None:
    from dhtui.conform.session import Result

    row = chosen(CASES, "5.04")[0]
    assert Result(row, Outcome.PASS, known="why").stale
    assert not Result(row, Outcome.FAIL, known="why").stale and not Result(row, Outcome.PASS).stale


def test_a_miss_is_an_exception_with_both_sides() -> None:
    miss = Miss("this", "that")
    assert (miss.expected, miss.actual) == ("this", "that")


def test_a_case_that_fails_itself_loses_no_other() -> None:
    async def broken(probe: Probe) -> None:
        raise KeyError("\x1b[2J")

    session = run([one(M, broken), *chosen(CASES, "44.29")], a_node())
    first = next(result for result in session.results if result.case.id == "5.99")
    assert first.outcome is Outcome.INCONCLUSIVE and "KeyError" in first.actual and first.actual.isprintable()
    assert outcomes(session)["44.29"] is Outcome.PASS
