"""Confidentiality: fear calms when confidence is explained and kept, and comes back with one breach."""

from math import exp

from hypothesis import given
from pytest import approx

from sim.rules import confidentiality, trust
from sim.state import DyadRecord, TherapistRecord
from tests.sim.rules.book import YES_OR_NO, Case, forgotten, numbers, of, records, steps, untested

CASES = [
    Case(
        confidentiality.breach_probability,
        at={"care": 0.5},
        p=numbers(confidentiality_breach_rate=0.2, confidentiality_breach_care=0.7),
        moves={"care": "down", "confidentiality_breach_rate": "up", "confidentiality_breach_care": "down"},
    ),
    Case(
        confidentiality.next_fear,
        at={"fear": 1.0, "care": 0.5, "breached": 1},
        p=numbers(
            confidentiality_explaining=0.15,
            confidentiality_skill=0.6,
            confidentiality_fear_floor=-2.0,
            confidentiality_breach_fear=2.5,
        ),
        moves={
            "fear": "up",
            "care": "down",
            "breached": "up",
            "confidentiality_explaining": "down",
            "confidentiality_skill": "down",
            "confidentiality_fear_floor": "up",
            "confidentiality_breach_fear": "up",
        },
    ),
]
BREACH, FEAR = CASES


@steps(CASES)
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(confidentiality, CASES) and not forgotten(CASES)


def test_breach_probability_worked_by_hand():
    assert BREACH.value() == approx(1 - exp(-0.2 * exp(-0.7 * 0.5)))


def test_next_fear_worked_by_hand():
    share = 0.15 * 2 / (1 + exp(-0.6 * 0.5))
    assert FEAR.value(breached=0) == approx(-2 + (1.0 + 2) * (1 - share))
    assert FEAR.value(breached=0, confidentiality_fear_floor=-1.0) == approx(-1 + (1.0 + 1) * (1 - share))
    assert FEAR.value(breached=1) == approx(-2 + (1.0 + 2) * (1 - share) + 2.5)


def test_a_therapist_of_mean_care_takes_away_the_share_explained():
    assert FEAR.value(care=0.0, breached=0) == approx(-2 + 3.0 * (1 - 0.15))


def test_fear_below_minus_two_is_left_as_it_is_without_a_breach():
    assert FEAR.value(fear=-2.0, breached=0) == -2.0
    assert FEAR.value(fear=-3.0, breached=0) == -3.0
    assert FEAR.value(fear=-3.0, breached=1) == -0.5


def test_no_more_fear_can_be_explained_away_than_there_is():
    assert FEAR.value(confidentiality_explaining=1.0, care=3.0, breached=0) == -2.0


def test_fear_ends_at_eight_sd_on_either_side():
    assert FEAR.value(fear=8.0, care=-8.0, confidentiality_breach_fear=8.0) == 8.0
    assert FEAR.value(fear=-9.0, breached=0) == -8.0


@given(
    p=records(*vars(FEAR.p)),
    fear=of(DyadRecord, "fear"),
    care=of(TherapistRecord, "confidentiality"),
    breached=YES_OR_NO,
)
def test_fear_stays_in_its_range_and_rises_only_with_a_breach(p, fear, care, breached):
    after = confidentiality.next_fear(fear, care, breached, p)
    assert -8.0 <= after <= 8.0
    assert breached or after <= fear


@given(p=records(*vars(BREACH.p)), care=of(TherapistRecord, "confidentiality"))
def test_a_breach_has_a_probability(p, care):
    assert 0.0 <= confidentiality.breach_probability(care, p) <= 1.0


@given(
    p=records("confidentiality_skill", "confidentiality_breach_care", off="confidentiality"),
    fear=of(DyadRecord, "fear"),
    care=of(TherapistRecord, "confidentiality"),
)
def test_with_confidentiality_off_nothing_gets_out_and_fear_stays_and_closes_nobody(p, fear, care):
    assert confidentiality.breach_probability(care, p) == 0.0
    assert confidentiality.next_fear(fear, care, 0, p) == approx(fear, abs=1e-12)
    assert trust.disclosure(0.5, fear, p) == trust.disclosure(0.5, 0.0, p)
