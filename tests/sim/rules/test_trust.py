"""Trust: slow to build, lost at once, and it opens the client."""

from math import exp

from hypothesis import given
from pytest import approx

from sim.rules import alliance, rupture, trust
from sim.state import AppointmentRecord, ClientRecord, DyadRecord
from tests.sim.rules.book import YES_OR_NO, Case, forgotten, numbers, of, records, steps, untested

CASES = [
    Case(
        trust.first_trust,
        at={"propensity": 1.5},
        p=numbers(trust_propensity=0.6),
        moves={"propensity": "up", "trust_propensity": "up"},
    ),
    Case(
        trust.next_trust,
        at={"trust": 0.5, "propensity": 1.0, "understood": 0.4, "strain": 0.7, "breached": 1},
        p=numbers(
            trust_propensity=0.6,
            trust_warmth=0.4,
            trust_understood=0.7,
            trust_strain_cost=0.3,
            trust_pace=0.2,
            confidentiality_breach_fall=3.0,
        ),
        moves={
            "trust": "up",
            "propensity": "up",
            "understood": "up",
            "strain": "down",
            "breached": "down",
            "trust_propensity": "up",
            "trust_warmth": "up",
            "trust_understood": "up",
            "trust_strain_cost": "down",
            "trust_pace": "up",
            "confidentiality_breach_fall": "down",
        },
    ),
    Case(
        trust.disclosure,
        at={"trust": 0.5, "fear": 1.2},
        p=numbers(trust_disclosure_base=0.2, trust_disclosure=0.6, trust_fear_closes=0.7),
        moves={
            "trust": "up",
            "fear": "down",
            "trust_disclosure_base": "up",
            "trust_disclosure": "up",
            "trust_fear_closes": "down",
        },
    ),
]
FIRST, NEXT, DISCLOSURE = CASES
NEXT_FIELDS = tuple(vars(NEXT.p))


@steps(CASES)
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(trust, CASES) and not forgotten(CASES)


def test_first_trust_is_propensity_times_its_weight():
    assert FIRST.value() == approx(0.6 * 1.5)


def test_next_trust_worked_by_hand():
    earned = 0.6 * 1.0 + 0.4 + 0.7 * 0.4 - 0.3 * 0.7
    assert earned == approx(1.07)
    assert NEXT.value(breached=0) == approx(0.5 + 0.2 * (1.07 - 0.5))
    assert NEXT.value(breached=1) == approx(0.614 - 3.0)


def test_trust_with_full_pace_is_what_was_earned():
    assert NEXT.value(breached=0, trust_pace=1.0) == approx(1.07)


def test_disclosure_worked_by_hand():
    assert DISCLOSURE.value() == approx(1 / (1 + exp(-(0.2 + 0.6 * 0.5 - 0.7 * 1.2))))


def test_trust_ends_at_eight_sd_on_either_side():
    assert NEXT.value(trust=30.0, breached=0) == 8.0
    assert NEXT.value(trust=-30.0) == -8.0
    assert NEXT.value(trust=-30.0, breached=0) == -8.0


@given(
    p=records(*NEXT_FIELDS),
    old=of(DyadRecord, "trust"),
    propensity=of(ClientRecord, "trust_propensity"),
    understood=of(AppointmentRecord, "true_empathy"),
    strain=of(DyadRecord, "strain"),
    breached=YES_OR_NO,
)
def test_trust_stays_within_its_range(p, old, propensity, understood, strain, breached):
    assert -8.0 <= trust.next_trust(old, propensity, understood, strain, breached, p) <= 8.0


@given(p=records("trust_propensity"), propensity=of(ClientRecord, "trust_propensity"))
def test_first_trust_stays_within_its_range(p, propensity):
    assert -8.0 <= trust.first_trust(propensity, p) <= 8.0


@given(p=records(*vars(DISCLOSURE.p)), level=of(DyadRecord, "trust"), fear=of(DyadRecord, "fear"))
def test_disclosure_is_a_share(p, level, fear):
    assert 0.0 <= trust.disclosure(level, fear, p) <= 1.0


@given(
    p=records("trust_warmth", "trust_understood", "trust_strain_cost", off="trust"),
    propensity=of(ClientRecord, "trust_propensity"),
    understood=of(AppointmentRecord, "true_empathy"),
    strain=of(DyadRecord, "strain"),
    breached=YES_OR_NO,
)
def test_with_trust_off_it_never_moves_from_zero(p, propensity, understood, strain, breached):
    assert trust.first_trust(propensity, p) == 0.0
    assert trust.next_trust(0.0, propensity, understood, strain, breached, p) == 0.0


@given(p=records("trust_fear_closes", off="trust"), level=of(DyadRecord, "trust"), fear=of(DyadRecord, "fear"))
def test_with_trust_off_it_opens_nobody_warms_nothing_and_helps_no_repair(p, level, fear):
    assert trust.disclosure(level, fear, p) == trust.disclosure(0.0, fear, p)
    assert alliance.first_impression(1.0, level, 1.0, p) == alliance.first_impression(1.0, 0.0, 1.0, p)
    assert alliance.task_offered(1.0, 1.0, level, 1.0, p) == alliance.task_offered(1.0, 1.0, 0.0, 1.0, p)
    assert alliance.bond_offered(1.0, 1.0, level, p) == alliance.bond_offered(1.0, 1.0, 0.0, p)
    assert rupture.repair_probability(1.0, level, p) == rupture.repair_probability(1.0, 0.0, p)
