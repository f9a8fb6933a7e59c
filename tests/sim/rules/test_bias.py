"""Bias: the slighting remark it lets slip."""

from math import exp

from hypothesis import given
from pytest import approx

from sim import population
from sim.rules import bias, empathy
from sim.state import DyadRecord, TherapistRecord
from tests.sim.rules.book import Case, forgotten, numbers, of, records, steps, untested

REMARK = Case(
    bias.remark_probability,
    at={"bias": 0.8, "distance": 1.3},
    p=numbers(bias_remark_rate=0.15),
    moves={"bias": "up", "distance": "up", "bias_remark_rate": "up"},
)


@steps([REMARK])
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(bias, [REMARK]) and not forgotten([REMARK])


def test_remark_probability_worked_by_hand():
    assert REMARK.value() == approx(1 - exp(-0.15 * 0.8 * 1.3))


def test_no_remark_falls_between_people_alike_nor_from_a_therapist_without_bias():
    assert REMARK.value(distance=0.0) == REMARK.value(bias=0.0) == 0.0


@given(p=records("bias_remark_rate"), held=of(TherapistRecord, "bias"), distance=of(DyadRecord, "distance"))
def test_a_remark_has_a_probability(p, held, distance):
    assert 0.0 <= bias.remark_probability(held, distance, p) <= 1.0


@given(p=records("therapist_skill_sd", "bias_remark_rate", off="bias"), distance=of(DyadRecord, "distance"))
def test_with_bias_off_no_therapist_has_any(p, distance):
    for therapist in population.therapists(1, p):
        assert therapist.bias == 0.0
        assert bias.remark_probability(therapist.bias, distance, p) == 0.0
        felt, alike = (
            empathy.perceived_empathy(1.0, 1.0, 1.0, 0.5, 0.0, apart, therapist.bias, 1.0, p)
            for apart in (distance, 0.0)
        )
        assert felt == alike
