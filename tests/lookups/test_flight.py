"""Slow motion: where it is at which time, and what flies over the id space then."""

from __future__ import annotations

import pytest

from dhtui.engine.outcome import Status
from dhtui.engine.views.snapshot import LookupDetail
from dhtui.lookups.drawings.flight import BACK, MOST_ARCS, OUT, REFERRAL, flight_lines, flights, referrals, usual_trip
from dhtui.lookups.play import SPEEDS, USUAL_SPEED, Play, speed_words
from dhtui.text.keyspace import NEAR, Part
from dhtui.text.spans import Line, width_of

from .samples import TARGET, detail, ruled, step, walk

OWN = bytes.fromhex("2d7c4e219f10aa55c3d2e1f00f1e2d3c4b5a6978")


ALL = Part()


def picture(whole: LookupDetail, at: float, width: int = 80, height: int = 14, part: Part = ALL) -> list[str]:
    return ["".join(text for text, _ in line) for line in flight_lines(whole, OWN, part, at, width, height)]


# ---- time ----------------------------------------------------------------------------------------------------


def test_it_goes_a_twentieth_as_fast_and_stops_at_the_end() -> None:
    play = Play(3, 0.0, 100.0).moved(102.0, 1.0)
    assert play.at == pytest.approx(0.1) and play.running and speed_words(play.speed) == "1/20"
    play = play.moved(200.0, 1.0)
    assert play.at == 1.0 and not play.running
    assert play.moved(300.0, 2.0).at == 1.0


def test_it_is_stopped_goes_on_and_begins_anew_at_the_end() -> None:
    play = Play(3, 0.2, 0.0).turned(2.0, 1.0)
    assert play.at == pytest.approx(0.3) and not play.running
    assert play.moved(50.0, 1.0).at == play.at
    again = play.turned(60.0, 1.0)
    assert again.running and again.at == play.at and again.moved(62.0, 1.0).at == pytest.approx(0.4)
    assert Play(3, 1.0, 0.0, running=False).turned(5.0, 1.0).at == 0.0


def test_nobody_sees_it_nothing_moves() -> None:
    play = Play(3, 0.2, 0.0).held(50.0)
    assert play.at == 0.2 and play.moved(50.0, 1.0).at == 0.2
    assert play.put_at(-1).at == 0.0 and play.moved(40.0, 1.0).at == 0.2, "no clock goes back"


def test_it_has_a_slowest_and_a_fastest_speed() -> None:
    play = Play(3, 0.0, 0.0)
    assert play.paced(1).speed > play.speed > play.paced(-1).speed
    assert play.paced(99).speed == max(SPEEDS) and play.paced(-99).speed == min(SPEEDS)
    assert list(SPEEDS) == sorted(SPEEDS, reverse=True) and USUAL_SPEED in SPEEDS


# ---- what flies -----------------------------------------------------------------------------------------------


def test_a_query_takes_half_of_its_round_trip_each_way() -> None:
    whole = detail([step(1, 158, 0.1, 0.3)], 1.0)
    seen = {at: flights(whole, at) for at in (0.05, 0.15, 0.2, 0.25, 0.3)}
    assert seen[0.05] == seen[0.3] == []
    (out,), (turn,), (back,) = seen[0.15], seen[0.2], seen[0.25]
    assert out.way == pytest.approx(0.5) and not out.back
    assert turn.way == pytest.approx(1.0)
    assert back.way == pytest.approx(0.5) and back.back


def test_one_without_an_answer_flies_out_and_waits_there() -> None:
    lost = step(2, 157, 0.1, 2.0, result=Status.TIMED_OUT, stalled=0.6)
    whole = detail([step(1, 158, 0.0, 0.2), lost], 2.5)
    assert usual_trip(whole) == pytest.approx(0.2)
    (arc,) = [arc for arc in flights(whole, 0.15) if arc.place == 1]
    assert arc.way == pytest.approx(0.5) and not arc.waits
    assert all(arc.waits and not arc.back for arc in flights(whole, 1.0))
    assert flights(whole, 2.1) == []


def test_heads_differ_by_their_signs_and_words_tell_the_newest() -> None:
    whole = detail([step(1, 159.5, 0.1, 0.3), step(2, 158, 0.25, 0.9)], 1.0)
    drawn = picture(whole, 0.26)
    assert OUT in "".join(drawn) and BACK in "".join(drawn)
    assert "250 ms #2" in drawn[-1] and "asked" in drawn[-1] and "2^158.0 from the target" in drawn[-1]
    assert "✓ 8n" in picture(whole, 0.31)[-1]
    assert "Nothing was sent yet." in picture(whole, 0.05)[-1]
    assert "▼ us" in "".join(drawn) and "◆ target" in "".join(drawn)


def test_no_more_arcs_are_drawn_than_can_be_seen_and_the_others_are_counted() -> None:
    steps = [step(n % 200, 140 + n / 60, 0.0, 0.5)._replace(addr=("203.0.113.1", n + 1)) for n in range(1000)]
    whole = detail(steps, 1.0)
    drawn = picture(whole, 0.2, width=160)
    assert f"{1000 - MOST_ARCS} more in flight are not drawn" in drawn[-1]


def test_ids_outside_of_a_part_leave_the_picture() -> None:
    part = Part.around(TARGET, 20)
    for at in (0.0, 0.1, 0.4, 0.7, 1.2):
        assert all(len(line) == 80 for line in picture(walk(), at, part=part))


@pytest.mark.parametrize(("width", "height"), [(19, 9), (20, 4), (60, 7), (200, 30), (0, 0)])
def test_it_fits_its_room(width: int, height: int) -> None:
    for whole in (walk(), ruled(), detail([], 0.0)):
        for at in (0.0, 0.3, 5.0):
            lines: list[Line] = flight_lines(whole, OWN, Part(), at, width, height)
            assert len(lines) <= height and all(width_of(line) <= width for line in lines)
            assert flight_lines(whole, None, Part(), at, 80, 12)


# ---- who named whom ---------------------------------------------------------------------------------------------


def named() -> LookupDetail:
    """One answers at 0.2 s and names two, of which one is asked at once and one later; a third opened the lookup."""
    first = step(1, 159.5, 0.0, 0.2)
    child = step(2, 150, 0.2, 0.4, parent=first.addr, hop=1)
    later = step(3, 155, 0.25, None, parent=first.addr, hop=1)
    again = step(2, 150, 0.28, None, parent=first.addr, hop=1, again=True)
    return detail([first, child, later, again, step(4, 158, 0.0, 0.2)], 1.0)


def test_referrals_fly_from_who_named_a_node_once_its_answer_is_there() -> None:
    whole = named()
    assert referrals(whole, 0.19) == [] and referrals(whole, 0.31) == []
    found = referrals(whole, 0.25)
    assert [each.place for each in found] == [1, 2], "none to the starting nodes, and none twice"
    assert {each.start for each in found} == {whole.steps[0].id}
    assert [each.way for each in found] == pytest.approx([0.5, 0.5])


def test_referrals_have_a_sign_of_their_own_and_the_colour_of_their_nearness() -> None:
    whole = named()
    assert REFERRAL in "".join(picture(whole, 0.25)) and REFERRAL not in "".join(picture(whole, 0.15))
    roles = {role for line in flight_lines(whole, OWN, ALL, 0.25, 80, 14) for text, role in line if text == REFERRAL}
    assert roles <= set(NEAR) and roles


def test_nobody_names_an_unknown_node() -> None:
    lost = step(9, 150, 0.2, None, parent=("192.0.2.1", 1))
    nameless = step(1, 159, 0.0, 0.2)._replace(id=None)
    by_nameless = step(2, 158, 0.2, None, parent=nameless.addr)
    assert referrals(detail([lost, nameless, by_nameless], 1.0), 0.25) == []
