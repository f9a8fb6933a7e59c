"""The working alliance: goal, task and bond walk toward what the session offers."""

from math import isfinite, sqrt, tanh

from hypothesis import given
from pytest import approx

from sim.rules import alliance
from sim.state import AppointmentRecord, ClientRecord, DyadRecord
from tests.sim.rules.book import LUCK, Case, forgotten, numbers, of, records, steps, untested

SHARED = {"alliance_offered": 0.35, "alliance_fit": 0.25, "alliance_motivation": 0.1}
CASES = [
    Case(
        alliance.first_impression,
        at={"motivation": 0.5, "trust": 0.7, "distance_felt": 1.2},
        p=numbers(
            alliance_start=-0.1,
            alliance_start_motivation=0.1,
            alliance_start_trust=0.15,
            culture_first_impression=0.3,
        ),
        moves={
            "motivation": "up",
            "trust": "up",
            "distance_felt": "down",
            "alliance_start": "up",
            "alliance_start_motivation": "up",
            "alliance_start_trust": "up",
            "culture_first_impression": "down",
        },
    ),
    Case(
        alliance.goal_offered,
        at={"fit": 0.8, "motivation": 0.5, "gap": 1.2, "progress": 0.6},
        p=numbers(**SHARED, goals_gap_cost=0.45, alliance_progress=0.5),
        moves={
            "fit": "up",
            "motivation": "up",
            "gap": "down",
            "progress": "up",
            "alliance_offered": "up",
            "alliance_fit": "up",
            "alliance_motivation": "up",
            "goals_gap_cost": "down",
            "alliance_progress": "up",
        },
    ),
    Case(
        alliance.task_offered,
        at={"fit": 0.8, "motivation": 0.5, "trust": 0.7, "progress": 0.6},
        p=numbers(**SHARED, alliance_trust=0.2, alliance_progress=0.5),
        moves={
            "fit": "up",
            "motivation": "up",
            "trust": "up",
            "progress": "up",
            "alliance_offered": "up",
            "alliance_fit": "up",
            "alliance_motivation": "up",
            "alliance_trust": "up",
            "alliance_progress": "up",
        },
    ),
    Case(
        alliance.bond_offered,
        at={"fit": 0.8, "understood": 0.4, "trust": 0.7},
        p=numbers(alliance_offered=0.35, alliance_fit=0.25, alliance_understanding=0.9, alliance_trust=0.2),
        moves={
            "fit": "up",
            "understood": "up",
            "trust": "up",
            "alliance_offered": "up",
            "alliance_fit": "up",
            "alliance_understanding": "up",
            "alliance_trust": "up",
        },
    ),
    Case(
        alliance.next_part,
        at={"part": 0.2, "offered": 0.9},
        p=numbers(alliance_pace=0.4),
        moves={"part": "up", "offered": "up", "alliance_pace": "up"},
    ),
    Case(
        alliance.next_mood,
        at={"mood": 0.5, "luck": 0.4},
        p=numbers(alliance_mood_carry=0.6, alliance_mood_sd=0.3),
        moves={"mood": "up", "luck": "up", "alliance_mood_carry": "up", "alliance_mood_sd": "up"},
    ),
    Case(
        alliance.next_progress,
        at={"progress": 0.2, "first_distress": 0.5, "distress": -0.7},
        p=numbers(alliance_progress_lag=0.4),
        moves={"progress": "up", "first_distress": "up", "distress": "down", "alliance_progress_lag": "up"},
    ),
]
FIRST, GOAL, TASK, BOND, PART, MOOD, PROGRESS = CASES


@steps(CASES)
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(alliance, CASES) and not forgotten(CASES)


def test_first_impression_worked_by_hand():
    assert FIRST.value() == approx(-0.1 + 0.1 * 0.5 + 0.15 * 0.7 - 0.3 * 1.2)


def test_goal_offered_worked_by_hand():
    assert GOAL.value() == approx(0.35 + 0.25 * 0.8 + 0.1 * 0.5 - 0.45 * 1.2 + 0.5 * tanh(0.6))


def test_task_offered_worked_by_hand():
    assert TASK.value() == approx(0.35 + 0.25 * 0.8 + 0.1 * 0.5 + 0.2 * 0.7 + 0.5 * tanh(0.6))


def test_bond_offered_worked_by_hand():
    assert BOND.value() == approx(0.35 + 0.25 * 0.8 + 0.9 * 0.4 + 0.2 * 0.7)


def test_next_part_worked_by_hand():
    assert PART.value() == approx(0.2 + 0.4 * (0.9 - 0.2))


def test_next_mood_worked_by_hand():
    assert MOOD.value() == approx(0.6 * 0.5 + 0.3 * sqrt(1 - 0.36) * 0.4)


def test_mood_keeps_its_spread_in_the_long_run():
    kept, fresh = MOOD.value(mood=1.0, luck=0.0), MOOD.value(mood=0.0, luck=1.0)
    assert kept * kept * 0.3 * 0.3 + fresh * fresh == approx(0.3 * 0.3)


def test_next_progress_worked_by_hand():
    assert PROGRESS.value() == approx(0.2 + 0.4 * (0.5 + 0.7 - 0.2))


@given(
    p=records(*vars(FIRST.p), *vars(GOAL.p), *vars(TASK.p), *vars(BOND.p)),
    fit=of(DyadRecord, "fit"),
    motivation=of(ClientRecord, "motivation"),
    trust=of(DyadRecord, "trust"),
    gap=of(DyadRecord, "goal_gap"),
    progress=of(DyadRecord, "progress"),
    understood=of(AppointmentRecord, "true_empathy"),
)
def test_what_a_session_offers_is_a_number_anywhere(p, fit, motivation, trust, gap, progress, understood):
    assert isfinite(alliance.first_impression(motivation, trust, 24.0, p))
    assert isfinite(alliance.goal_offered(fit, motivation, gap, progress, p))
    assert isfinite(alliance.task_offered(fit, motivation, trust, progress, p))
    assert isfinite(alliance.bond_offered(fit, understood, trust, p))


@given(p=records("alliance_pace"), part=of(DyadRecord, "goal"), offered=of(DyadRecord, "goal"))
def test_a_part_never_overshoots_what_was_offered(p, part, offered):
    after = alliance.next_part(part, offered, p)
    slack = 1e-12 * (1 + abs(part) + abs(offered))
    assert min(part, offered) - slack <= after <= max(part, offered) + slack


@given(p=records("alliance_mood_carry", "alliance_mood_sd"), luck=LUCK)
def test_a_hundred_sessions_of_the_same_luck_leave_the_mood_in_its_range(p, luck):
    mood = 0.0
    for _ in range(100):
        mood = alliance.next_mood(mood, luck / 2, p)
    assert -30.0 <= mood <= 30.0


@given(
    p=records("alliance_offered", "goals_gap_cost", off="change_to_alliance"),
    progress=of(DyadRecord, "progress"),
)
def test_with_change_to_alliance_off_progress_earns_no_credit(p, progress):
    assert alliance.goal_offered(1.0, 1.0, 1.0, progress, p) == alliance.goal_offered(1.0, 1.0, 1.0, 0.0, p)
    assert alliance.task_offered(1.0, 1.0, 1.0, progress, p) == alliance.task_offered(1.0, 1.0, 1.0, 0.0, p)
