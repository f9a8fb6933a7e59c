"""Rupture and repair: strain comes, is seen or not, is mended or not, and fades."""

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from sim.parameters import record, resolve
from sim.rules import communication, rupture
from sim.state import ClientRecord, DyadRecord, TherapistRecord
from tests.sim.rules.book import SHARE, YES_OR_NO, Case, edge, forgotten, limits, numbers, of, records, steps, untested


def logistic(value):
    return 1 / (1 + exp(-value))


CASES = [
    Case(
        rupture.rupture_probability,
        at={"alliance": 0.5, "gap": 1.2, "friction": 0.3},
        p=numbers(rupture_possible=0.9, rupture_base=-1.1, rupture_alliance=0.6, goals_gap_strain=0.4),
        moves={
            "rupture_possible": "up",
            "alliance": "down",
            "gap": "up",
            "friction": "up",
            "rupture_base": "up",
            "rupture_alliance": "down",
            "goals_gap_strain": "up",
        },
    ),
    Case(
        rupture.confrontation_probability,
        at={"reactance": 0.5},
        p=numbers(rupture_confronting=0.8),
        moves={"reactance": "up", "rupture_confronting": "up"},
    ),
    Case(
        rupture.strain_of_rupture,
        at={"luck": 1.5},
        p=numbers(rupture_size=0.8),
        moves={"luck": "up", "rupture_size": "up"},
    ),
    Case(
        rupture.notice_probability,
        at={"attunement": 0.5, "strain": 0.9, "confrontation": 1},
        p=numbers(
            rupture_notice=0.2,
            rupture_notice_skill=0.6,
            rupture_notice_size=0.5,
            rupture_notice_confrontation=1.2,
        ),
        moves={
            "attunement": "up",
            "strain": "up",
            "confrontation": "up",
            "rupture_notice": "up",
            "rupture_notice_size": "up",
            "rupture_notice_skill": "up",
            "rupture_notice_confrontation": "up",
        },
    ),
    Case(
        rupture.repair_probability,
        at={"repair_skill": 0.5, "trust": 1.5},
        p=numbers(rupture_repair=-0.4, rupture_repair_skill=0.7, rupture_repair_trust=0.3, rupture_repair_possible=0.8),
        moves={
            "repair_skill": "up",
            "trust": "up",
            "rupture_repair": "up",
            "rupture_repair_skill": "up",
            "rupture_repair_trust": "up",
            "rupture_repair_possible": "up",
        },
    ),
    Case(
        rupture.strain_left,
        at={"strain": 1.5},
        p=numbers(rupture_kept=0.65, rupture_forgotten=0.05),
        moves={"strain": "up", "rupture_kept": "up", "rupture_forgotten": "still"},
    ),
    Case(
        rupture.next_lift,
        at={"lift": 0.3, "strain_mended": 1.2},
        p=numbers(rupture_lift_kept=0.85, rupture_repair_lift=0.2, rupture_size=0.8),
        moves={
            "lift": "up",
            "strain_mended": "up",
            "rupture_lift_kept": "up",
            "rupture_repair_lift": "up",
            "rupture_size": "down",
        },
    ),
]
BEGINS, CONFRONTS, SIZE, NOTICED, REPAIRED, LEFT, LIFT = CASES


@steps(CASES)
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(rupture, CASES) and not forgotten(CASES)


def test_rupture_probability_worked_by_hand():
    assert BEGINS.value() == approx(0.9 * logistic(-1.1 - 0.6 * 0.5 + 0.4 * 1.2 + 0.3))


def test_confrontation_probability_worked_by_hand():
    assert CONFRONTS.value() == approx(logistic(0.8 * 0.5))
    assert CONFRONTS.value(reactance=0.0) == 0.5


def test_strain_of_a_rupture_worked_by_hand():
    assert SIZE.value() == approx(0.8 * 1.5)


def test_notice_probability_worked_by_hand():
    assert NOTICED.value() == approx(logistic(0.2 + 0.6 * 0.5 + 0.5 * 0.9 + 1.2))
    assert NOTICED.value(confrontation=0) == approx(logistic(0.2 + 0.6 * 0.5 + 0.5 * 0.9))


def test_repair_probability_worked_by_hand():
    assert REPAIRED.value() == approx(0.8 * logistic(-0.4 + 0.7 * 0.5 + 0.3 * 1.5))


def test_strain_left_worked_by_hand():
    assert LEFT.value() == approx(0.65 * 1.5)


def test_strain_too_small_to_remember_is_forgotten():
    assert LEFT.value(strain=0.08) == approx(0.65 * 0.08)
    assert LEFT.value(strain=0.07) == 0.0
    assert LEFT.value(strain=0.07, rupture_forgotten=0.0) == approx(0.65 * 0.07)


def test_next_lift_worked_by_hand():
    assert LIFT.value() == approx(0.85 * 0.3 + 0.2 * (1 - exp(-1.2 / 0.8)))
    assert LIFT.value(strain_mended=0.0) == approx(0.85 * 0.3)


def test_lift_needs_no_division_by_zero_where_ruptures_have_no_size():
    assert LIFT.value(rupture_size=0.0, strain_mended=0.02) == approx(0.85 * 0.3 + 0.2 * (1 - exp(-2.0)))


@given(
    p=records(*vars(BEGINS.p), "rupture_confronting"),
    alliance=of(DyadRecord, "alliance"),
    gap=of(DyadRecord, "goal_gap"),
    friction=st.floats(-50.0, 50.0),
    reactance=of(ClientRecord, "reactance"),
)
def test_a_rupture_and_its_kind_have_probabilities(p, alliance, gap, friction, reactance):
    assert 0.0 <= rupture.rupture_probability(alliance, gap, friction, p) <= 1.0
    assert 0.0 <= rupture.confrontation_probability(reactance, p) <= 1.0


@given(
    p=records(*vars(NOTICED.p), *vars(REPAIRED.p)),
    skill=of(TherapistRecord, "repair_skill"),
    trust=of(DyadRecord, "trust"),
    strain=of(DyadRecord, "strain"),
    confrontation=YES_OR_NO,
)
def test_notice_and_repair_have_probabilities(p, skill, trust, strain, confrontation):
    assert 0.0 <= rupture.notice_probability(skill, strain, confrontation, p) <= 1.0
    assert 0.0 <= rupture.repair_probability(skill, trust, p) <= p.rupture_repair_possible


@given(
    p=records("rupture_size", "rupture_kept", "rupture_forgotten"),
    strain=of(DyadRecord, "strain"),
    luck=st.floats(0.0, 36.0),
)
def test_strain_only_fades_and_a_rupture_only_adds(p, strain, luck):
    assert 0.0 <= rupture.strain_left(strain, p) <= strain
    assert rupture.strain_of_rupture(luck, p) >= 0.0


@pytest.mark.parametrize("kept", ["lowest", "highest"])
@pytest.mark.parametrize("lift", ["lowest", "highest"])
def test_a_hundred_repairs_in_a_row_lift_no_higher_than_declared(kept, lift):
    p = record(
        resolve(
            {
                "rupture.lift_kept": edge("rupture.lift_kept", kept),
                "rupture.repair_lift": edge("rupture.repair_lift", lift),
            }
        )
    )
    lifted = 0.0
    for _ in range(100):
        lifted = rupture.next_lift(lifted, 10.0, p)
    low, high = limits(DyadRecord, "lift")
    assert low <= lifted <= high


@pytest.mark.parametrize("kept", ["lowest", "highest"])
@pytest.mark.parametrize("size", ["lowest", "highest"])
def test_a_hundred_ruptures_in_a_row_strain_no_more_than_declared(kept, size):
    p = record(resolve({"rupture.kept": edge("rupture.kept", kept), "rupture.size": edge("rupture.size", size)}))
    strain = 0.0
    for _ in range(100):
        strain = rupture.strain_left(strain, p) + rupture.strain_of_rupture(1.0, p)
    low, high = limits(DyadRecord, "strain")
    assert low <= strain <= high


@given(
    p=records("rupture_base", "rupture_alliance", "goals_gap_strain", off="rupture"),
    alliance=of(DyadRecord, "alliance"),
    gap=of(DyadRecord, "goal_gap"),
    controlling=SHARE,
    reactance=of(ClientRecord, "reactance"),
)
def test_with_rupture_off_no_rupture_begins(p, alliance, gap, controlling, reactance):
    friction = communication.friction(controlling, reactance, p)
    assert rupture.rupture_probability(alliance, gap, friction, p) == 0.0


@given(
    p=records("rupture_repair", "rupture_repair_skill", "rupture_repair_trust", off="repair"),
    skill=of(TherapistRecord, "repair_skill"),
    trust=of(DyadRecord, "trust"),
)
def test_with_repair_off_no_rupture_is_repaired(p, skill, trust):
    assert rupture.repair_probability(skill, trust, p) == 0.0
