"""Endings: several reasons to stop compete, and one draw settles it."""

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from sim.rules import endings
from sim.state import ClientRecord, DyadRecord, TherapistRecord
from tests.sim.rules.book import UNIFORM, YES_OR_NO, Case, forgotten, numbers, of, records, steps, untested

CASES = [
    Case(
        endings.good_enough_hazard,
        at={"distress": -1.5, "good_enough": -1.6, "contract": 1},
        p=numbers(ending_good_enough_hazard=2.0, ending_good_enough_softness=0.2, ending_commitment=0.7),
        moves={
            "distress": "down",
            "good_enough": "up",
            "contract": "down",
            "ending_good_enough_hazard": "up",
            "ending_good_enough_softness": "up",
            "ending_commitment": "down",
        },
    ),
    Case(
        endings.dissatisfied_hazard,
        at={"alliance": 0.5, "retention_skill": 0.8, "frailty": 0.6, "missed": 1, "contract": 1},
        p=numbers(
            ending_dissatisfied=-3.0,
            ending_dissatisfied_possible=0.9,
            ending_alliance=1.0,
            ending_retention=1.1,
            ending_frailty=1.8,
            ending_missed=0.7,
            ending_commitment=0.5,
        ),
        moves={
            "alliance": "down",
            "retention_skill": "down",
            "frailty": "up",
            "missed": "up",
            "contract": "down",
            "ending_dissatisfied": "up",
            "ending_dissatisfied_possible": "up",
            "ending_alliance": "down",
            "ending_retention": "down",
            "ending_frailty": "up",
            "ending_missed": "up",
            "ending_commitment": "down",
        },
    ),
    Case(endings.external_hazard, at={}, p=numbers(ending_external=0.02), moves={"ending_external": "up"}),
    Case(
        endings.ending_probability,
        at={"good_enough": 0.2, "dissatisfied": 0.3, "external": 0.1},
        p=numbers(),
        moves={"good_enough": "up", "dissatisfied": "up", "external": "up"},
    ),
    Case(
        endings.leaves_list_probability,
        at={},
        p=numbers(service_leaves_list=0.03),
        moves={"service_leaves_list": "up"},
    ),
]
CONTENT, DISSATISFIED, EXTERNAL, ENDS, LEAVES_LIST = CASES


@steps(CASES)
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert untested(endings, CASES) == {"cause_of_ending"} and not forgotten(CASES)


def test_good_enough_hazard_worked_by_hand():
    wish = 1 / (1 + exp((-1.5 + 1.6) / 0.2))
    assert CONTENT.value(contract=0) == approx(2.0 * wish)
    assert CONTENT.value(contract=1) == approx(2.0 * wish * exp(-0.7))


def test_dissatisfied_hazard_worked_by_hand():
    log_hazard = -3.0 - 1.0 * 0.5 - 1.1 * 0.8 + 1.8 * 0.6
    assert DISSATISFIED.value(missed=0, contract=0) == approx(0.9 * exp(log_hazard))
    assert DISSATISFIED.value(missed=1, contract=0) == approx(0.9 * exp(log_hazard + 0.7))
    assert DISSATISFIED.value(missed=1, contract=1) == approx(0.9 * exp(log_hazard + 0.7 - 0.5))


def test_the_hazards_from_outside_are_the_parameters():
    assert (EXTERNAL.value(), LEAVES_LIST.value()) == (0.02, 0.03)


def test_ending_probability_worked_by_hand():
    assert ENDS.value() == approx(1 - exp(-0.6))


@pytest.mark.parametrize(
    ("uniform", "cause"),
    [(0.01, 1), (0.29, 1), (0.31, 0), (0.79, 0), (0.81, 2), (0.99, 2)],
)
def test_each_cause_strikes_in_proportion_to_its_hazard(uniform, cause):
    assert endings.cause_of_ending(uniform, good_enough=0.1, dissatisfied=0.06, external=0.04) == cause


HAZARD = st.just(0.0) | st.floats(1e-9, 1e6)


@given(UNIFORM, HAZARD, HAZARD, HAZARD)
def test_a_hazard_of_zero_is_never_the_cause(uniform, good_enough, dissatisfied, external):
    hazards = (good_enough, dissatisfied, external)
    if any(hazards):
        assert hazards[endings.cause_of_ending(uniform, *hazards)] > 0.0


def test_a_hazard_of_zero_is_not_the_cause_at_the_edge_either():
    assert endings.cause_of_ending(0.0, good_enough=1.0, dissatisfied=0.0, external=0.0) == 0
    assert endings.cause_of_ending(0.0, good_enough=0.0, dissatisfied=0.0, external=1.0) == 2


@given(
    p=records(*vars(CONTENT.p), *vars(DISSATISFIED.p)),
    distress=of(ClientRecord, "set_point"),
    good_enough=of(ClientRecord, "good_enough"),
    alliance=of(DyadRecord, "alliance"),
    skill=of(TherapistRecord, "retention_skill"),
    frailty=of(ClientRecord, "frailty"),
    missed=YES_OR_NO,
    contract=YES_OR_NO,
)
def test_hazards_are_never_negative_and_ending_has_a_probability(
    p, distress, good_enough, alliance, skill, frailty, missed, contract
):
    content = endings.good_enough_hazard(distress, good_enough, contract, p)
    lost = endings.dissatisfied_hazard(alliance, skill, frailty, missed, contract, p)
    assert content >= 0.0 and lost >= 0.0
    assert 0.0 <= endings.ending_probability(content, lost, p.ending_external) <= 1.0


SITUATION = {
    "alliance": of(DyadRecord, "alliance"),
    "skill": of(TherapistRecord, "retention_skill"),
    "frailty": of(ClientRecord, "frailty"),
    "missed": YES_OR_NO,
    "contract": YES_OR_NO,
}


@given(p=records("ending_dissatisfied", off="dissatisfied_exit"), **SITUATION)
def test_with_dissatisfied_exit_off_nobody_leaves_dissatisfied(p, alliance, skill, frailty, missed, contract):
    assert endings.dissatisfied_hazard(alliance, skill, frailty, missed, contract, p) == 0.0


@given(p=records("ending_good_enough_softness", off="good_enough"), distress=of(ClientRecord, "set_point"))
def test_with_good_enough_off_nobody_stops_because_they_are_well_enough(p, distress):
    assert endings.good_enough_hazard(distress, 0.0, 0, p) == 0.0


@given(p=records("ending_dissatisfied", off="contract_effect"), **SITUATION)
def test_with_contract_effect_off_a_contract_keeps_nobody(p, alliance, skill, frailty, missed, contract):
    bound, free = (endings.dissatisfied_hazard(alliance, skill, frailty, missed, tied, p) for tied in (1, 0))
    assert bound == free
    assert endings.good_enough_hazard(0.5, 0.0, 1, p) == endings.good_enough_hazard(0.5, 0.0, 0, p)


@given(p=records("ending_dissatisfied", off="frailty"), **SITUATION)
def test_with_frailty_off_clients_are_lost_alike(p, alliance, skill, frailty, missed, contract):
    frail, sturdy = (endings.dissatisfied_hazard(alliance, skill, f, missed, contract, p) for f in (frailty, 0.0))
    assert frail == sturdy


@given(p=records("ending_dissatisfied", off="retention_skill"), **SITUATION)
def test_with_retention_skill_off_it_keeps_nobody(p, alliance, skill, frailty, missed, contract):
    skilled, plain = (endings.dissatisfied_hazard(alliance, s, frailty, missed, contract, p) for s in (skill, 0.0))
    assert skilled == plain


@given(p=records("ending_dissatisfied", off="alliance_to_dropout"), **SITUATION)
def test_with_alliance_to_dropout_off_it_keeps_nobody(p, alliance, skill, frailty, missed, contract):
    close, far = (endings.dissatisfied_hazard(a, skill, frailty, missed, contract, p) for a in (alliance, 0.0))
    assert close == far


@given(p=records("service_leaves_list"))
def test_leaving_the_list_has_a_probability(p):
    assert 0.0 <= endings.leaves_list_probability(p) <= 1.0


@given(p=records(off="waiting_list"))
def test_with_waiting_list_off_nobody_gives_up(p):
    assert endings.leaves_list_probability(p) == 0.0
