"""Empathy: how well the client feels understood."""

from math import isfinite

from hypothesis import given
from pytest import approx

from sim.rules import empathy
from sim.state import DyadRecord, TherapistRecord
from tests.sim.rules.book import LUCK, SHARE, Case, forgotten, numbers, of, records, steps, untested

FELT = Case(
    empathy.perceived_empathy,
    at={
        "empathy": 0.7,
        "listening": 0.9,
        "fit": 1.1,
        "supportive": 0.6,
        "distance_felt": 0.5,
        "distance": 1.3,
        "bias": 0.8,
        "error": 1.7,
    },
    p=numbers(
        empathy_skill=0.4,
        empathy_listening=0.15,
        empathy_fit=0.35,
        empathy_support=1.2,
        empathy_session_sd=0.5,
        communication_base_supportive=0.45,
        culture_distance_cost=0.3,
        bias_empathy_cost=0.25,
    ),
    moves={
        "empathy": "up",
        "listening": "up",
        "fit": "up",
        "supportive": "up",
        "distance_felt": "down",
        "distance": "down",
        "bias": "down",
        "error": "up",
        "empathy_skill": "up",
        "empathy_listening": "up",
        "empathy_fit": "up",
        "empathy_support": "up",
        "empathy_session_sd": "up",
        "communication_base_supportive": "down",
        "culture_distance_cost": "down",
        "bias_empathy_cost": "down",
    },
)


@steps([FELT])
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(empathy, [FELT]) and not forgotten([FELT])


def test_perceived_empathy_worked_by_hand():
    skill = 0.4 * 0.7 + 0.15 * 0.9 + 0.35 * 1.1
    warmth = 1.2 * (0.6 - 0.45)
    lost = 0.3 * 0.5 + 0.25 * 0.8 * 1.3
    assert (skill, warmth, lost) == (approx(0.8), approx(0.18), approx(0.41))
    assert FELT.value() == approx(0.8 + 0.18 - 0.41 + 0.5 * 1.7)


def test_an_average_therapist_in_an_average_session_is_felt_as_usual():
    quiet = dict.fromkeys(("empathy", "listening", "fit", "distance_felt", "distance", "bias", "error"), 0.0)
    assert FELT.value(**quiet, supportive=0.45) == 0.0


def test_bias_costs_nothing_between_people_who_are_alike():
    assert FELT.value(distance=0.0, bias=5.0) == FELT.value(distance=0.0, bias=0.0)


TRAITS = {
    "skill": of(TherapistRecord, "empathy"),
    "listening": of(TherapistRecord, "listening"),
    "fit": of(DyadRecord, "fit"),
    "supportive": SHARE,
    "felt": of(DyadRecord, "distance"),
    "distance": of(DyadRecord, "distance"),
    "bias": of(TherapistRecord, "bias"),
    "error": LUCK,
}


@given(p=records(*vars(FELT.p)), **TRAITS)
def test_felt_empathy_is_a_number_anywhere(p, skill, listening, fit, supportive, felt, distance, bias, error):
    value = empathy.perceived_empathy(skill, listening, fit, supportive, felt, distance, bias, error, p)
    assert isfinite(value)


@given(p=records("culture_distance_cost", "bias_empathy_cost", off="empathy"), **TRAITS)
def test_with_empathy_off_only_distance_and_bias_tell(
    p, skill, listening, fit, supportive, felt, distance, bias, error
):
    lost = p.culture_distance_cost * felt + p.bias_empathy_cost * bias * distance
    value = empathy.perceived_empathy(skill, listening, fit, supportive, felt, distance, bias, error, p)
    assert value == approx(-lost)


@given(p=records(off="empathy"), **TRAITS)
def test_with_empathy_off_nobody_is_felt_to_understand_better_among_people_alike(
    p, skill, listening, fit, supportive, felt, distance, bias, error
):
    assert empathy.perceived_empathy(skill, listening, fit, supportive, 0.0, 0.0, bias, error, p) == 0.0
