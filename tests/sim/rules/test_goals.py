"""Goals: a gap at the start, worked away together, that costs agreement and scatters the work."""

from math import exp

from hypothesis import given
from pytest import approx

from sim.rules import alliance, goals, rupture
from sim.state import DyadRecord, TherapistRecord
from tests.sim.rules.book import LUCK, SHARE, Case, forgotten, limits, numbers, of, records, steps, untested

CASES = [
    Case(
        goals.first_gap,
        at={"luck": 0.5},
        p=numbers(goals_first_gap=1.2, goals_gap_log_sd=0.4),
        moves={"luck": "up", "goals_first_gap": "up", "goals_gap_log_sd": "up"},
    ),
    Case(
        goals.next_gap,
        at={"gap": 2.0, "collaboration": 0.5, "disclosure": 0.6},
        p=numbers(goals_pace=0.2, goals_skill=0.4),
        moves={
            "gap": "up",
            "collaboration": "down",
            "disclosure": "down",
            "goals_pace": "down",
            "goals_skill": "down",
        },
    ),
    Case(
        goals.focus,
        at={"gap": 1.5},
        p=numbers(goals_focus=0.25),
        moves={"gap": "down", "goals_focus": "down"},
    ),
]
FIRST, NEXT, FOCUS = CASES


@steps(CASES)
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(goals, CASES) and not forgotten(CASES)


def test_first_gap_worked_by_hand():
    assert FIRST.value() == approx(1.2 * exp(0.4 * 0.5))
    assert FIRST.value(luck=-0.5) == approx(1.2 / exp(0.2))


def test_next_gap_worked_by_hand():
    closing = 0.2 * 2 / (1 + exp(-0.4 * 0.5)) * 2 * 0.6
    assert NEXT.value() == approx(2.0 * (1 - closing))


def test_a_client_who_says_half_to_a_mean_therapist_closes_the_share_called_pace():
    assert NEXT.value(collaboration=0.0, disclosure=0.5) == approx(2.0 * (1 - 0.2))


def test_no_more_of_the_gap_closes_than_there_is():
    assert NEXT.value(goals_pace=1.0, collaboration=3.0, disclosure=1.0) == 0.0


def test_focus_worked_by_hand():
    assert FOCUS.value() == approx(1 - 0.25 * 1.5)
    assert FOCUS.value(gap=0.0) == 1.0
    assert FOCUS.value(gap=4.0) == 0.0
    assert FOCUS.value(gap=40.0) == 0.0


@given(p=records(*vars(FIRST.p)), luck=LUCK)
def test_the_first_gap_stays_in_its_range(p, luck):
    low, high = limits(DyadRecord, "goal_gap")
    assert low <= goals.first_gap(luck, p) <= high


@given(
    p=records(*vars(NEXT.p)),
    gap=of(DyadRecord, "goal_gap"),
    collaboration=of(TherapistRecord, "collaboration"),
    disclosure=SHARE,
)
def test_a_gap_never_widens_and_never_turns_negative(p, gap, collaboration, disclosure):
    assert 0.0 <= goals.next_gap(gap, collaboration, disclosure, p) <= gap


@given(p=records("goals_focus"), gap=of(DyadRecord, "goal_gap"))
def test_focus_is_a_share(p, gap):
    assert 0.0 <= goals.focus(gap, p) <= 1.0


@given(p=records("alliance_progress", off="goals"), gap=of(DyadRecord, "goal_gap"))
def test_with_goals_off_a_gap_costs_nothing_and_agreement_adds_nothing(p, gap):
    assert goals.focus(gap, p) == 1.0
    assert alliance.goal_offered(1.0, 1.0, gap, 1.0, p) == alliance.goal_offered(1.0, 1.0, 0.0, 1.0, p)
    assert rupture.rupture_probability(1.0, gap, 0.5, p) == rupture.rupture_probability(1.0, 0.0, 0.5, p)
