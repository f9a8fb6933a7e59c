"""Perception: what the therapist sees, and who calls a session strained."""

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
CALLS = Case(
    perception.calls_it_rupture,
    at={"new_strain": 0.5, "threshold": 0.4, "luck": -0.3},
    p=numbers(view_strain_error=0.3),
    moves={},
)


@steps([SEEN])
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(perception, [SEEN, CALLS]) and not forgotten([SEEN])


def test_alliance_seen_worked_by_hand():
    assert SEEN.value() == approx(0.6 * 0.8 - 0.3 + 0.4 * 0.5)


def test_a_rupture_is_called_when_strain_and_error_pass_the_threshold():
    assert CALLS.value() == 1  # .5 - .3 * .3 = .41
    assert CALLS.value(luck=-0.4) == 0  # .5 - .3 * .4 = .38
    assert CALLS.value(new_strain=0.45) == 0
    assert CALLS.value(threshold=0.45) == 0
    assert CALLS.value(view_strain_error=0.4) == 0
    assert CALLS.value(luck=0.0, new_strain=0.4) == 0
    assert CALLS.value(luck=0.5, new_strain=0.3) == 1


def test_a_session_without_new_strain_is_never_called_a_rupture():
    assert CALLS.value(new_strain=0.0, luck=6.0) == 0
    assert CALLS.value(new_strain=0.0, luck=6.0, threshold=0.0) == 0
    assert CALLS.value(new_strain=0.1, luck=6.0) == 1


@given(
    p=records(*vars(SEEN.p), "view_strain_error"),
    alliance=of(DyadRecord, "alliance"),
    style=of(DyadRecord, "view_style"),
    luck=LUCK,
)
def test_the_alliance_seen_stays_in_its_range_and_a_rupture_is_yes_or_no(p, alliance, style, luck):
    low, high = limits(DyadRecord, "seen")
    assert low <= perception.alliance_seen(alliance, style, luck, p) <= high
    assert perception.calls_it_rupture(abs(alliance), 0.2, luck, p) in (0, 1)


@given(p=records("view_session_sd", off="shared_view_in_ratings"), alliance=of(DyadRecord, "alliance"))
def test_with_shared_view_off_the_therapist_sees_nothing_of_the_alliance(p, alliance):
    assert perception.alliance_seen(alliance, 0.3, 0.5, p) == perception.alliance_seen(0.0, 0.3, 0.5, p)
