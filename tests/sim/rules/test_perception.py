"""Perception: what the therapist sees of the alliance."""

from hypothesis import given
from pytest import approx

from sim.rules import perception
from sim.state import DyadRecord
from tests.sim.rules.book import LUCK, Case, forgotten, limits, numbers, of, records, steps, untested

SEEN = Case(
    perception.alliance_seen,
    at={"alliance": 0.8, "style": -0.3, "luck": 0.5},
    p=numbers(view_sees=0.6, view_session_sd=0.4),
    moves={"alliance": "up", "style": "up", "luck": "up", "view_sees": "up", "view_session_sd": "up"},
)


HEARD = Case(
    perception.openness_heard,
    at={"disclosure": 0.5, "luck": 0.4},
    p=numbers(view_heard_sd=0.2),
    moves={"disclosure": "up", "luck": "up", "view_heard_sd": "up"},
)


@steps([SEEN, HEARD])
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(perception, [SEEN, HEARD]) and not forgotten([SEEN, HEARD])


def test_openness_heard_worked_by_hand_and_held_to_a_share():
    assert HEARD.value() == approx(0.5 + 0.2 * 0.4)
    assert HEARD.value(luck=5.0) == 1.0
    assert HEARD.value(luck=-5.0) == 0.0


def test_alliance_seen_worked_by_hand():
    assert SEEN.value() == approx(0.6 * 0.8 - 0.3 + 0.4 * 0.5)


@given(
    p=records(*vars(SEEN.p)),
    alliance=of(DyadRecord, "alliance"),
    style=of(DyadRecord, "view_style"),
    luck=LUCK,
)
def test_the_alliance_seen_stays_in_its_range(p, alliance, style, luck):
    low, high = limits(DyadRecord, "seen")
    assert low <= perception.alliance_seen(alliance, style, luck, p) <= high


@given(p=records("view_session_sd", off="shared_view_in_ratings"), alliance=of(DyadRecord, "alliance"))
def test_with_shared_view_off_the_therapist_sees_nothing_of_the_alliance(p, alliance):
    assert perception.alliance_seen(alliance, 0.3, 0.5, p) == perception.alliance_seen(0.0, 0.3, 0.5, p)
