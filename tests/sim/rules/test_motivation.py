"""Motivation and effort: the wish to change, and the work between sessions."""

from math import exp, tanh

from hypothesis import given
from pytest import approx

from sim.rules import attendance, motivation
from sim.state import ClientRecord, DyadRecord
from tests.sim.rules.book import Case, forgotten, numbers, of, records, steps, untested

CASES = [
    Case(
        motivation.next_motivation,
        at={"motivation": 0.3, "trait": 0.5, "progress": 0.8, "alliance": 0.6},
        p=numbers(motivation_pace=0.25, motivation_progress=0.4, motivation_alliance=0.2),
        moves={
            "motivation": "up",
            "trait": "up",
            "progress": "up",
            "alliance": "up",
            "motivation_pace": "up",
            "motivation_progress": "up",
            "motivation_alliance": "up",
        },
    ),
    Case(
        motivation.effort,
        at={"motivation": 0.3, "alliance": 0.6},
        p=numbers(effort_base=0.1, effort_motivation=0.5, effort_alliance=0.4),
        moves={
            "motivation": "up",
            "alliance": "up",
            "effort_base": "up",
            "effort_motivation": "up",
            "effort_alliance": "up",
        },
    ),
]
NEXT, EFFORT = CASES


@steps(CASES)
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(motivation, CASES) and not forgotten(CASES)


def test_next_motivation_worked_by_hand():
    drawn_to = 0.5 + 0.4 * tanh(0.8) + 0.2 * 0.6
    assert NEXT.value() == approx(0.3 + 0.25 * (drawn_to - 0.3))


def test_effort_worked_by_hand():
    assert EFFORT.value() == approx(1 / (1 + exp(-(0.1 + 0.5 * 0.3 + 0.4 * 0.6))))


def test_motivation_ends_at_eight_sd_on_either_side():
    assert NEXT.value(motivation=30.0) == 8.0
    assert NEXT.value(motivation=-30.0) == -8.0


@given(
    p=records(*vars(NEXT.p)),
    now=of(ClientRecord, "motivation"),
    trait=of(ClientRecord, "motivation_trait"),
    progress=of(DyadRecord, "progress"),
    alliance=of(DyadRecord, "alliance"),
)
def test_motivation_stays_within_its_range(p, now, trait, progress, alliance):
    assert -8.0 <= motivation.next_motivation(now, trait, progress, alliance, p) <= 8.0


@given(p=records(*vars(EFFORT.p)), now=of(ClientRecord, "motivation"), alliance=of(DyadRecord, "alliance"))
def test_effort_is_a_share(p, now, alliance):
    assert 0.0 <= motivation.effort(now, alliance, p) <= 1.0


@given(
    p=records("motivation_progress", "motivation_alliance", off="motivation"),
    trait=of(ClientRecord, "motivation_trait"),
    progress=of(DyadRecord, "progress"),
    alliance=of(DyadRecord, "alliance"),
)
def test_with_motivation_off_it_stays_as_it_was_at_intake(p, trait, progress, alliance):
    assert motivation.next_motivation(trait, trait, progress, alliance, p) == trait


@given(
    p=records("effort_base", off="engagement"), now=of(ClientRecord, "motivation"), alliance=of(DyadRecord, "alliance")
)
def test_with_engagement_off_effort_and_attendance_are_the_same_for_all(p, now, alliance):
    assert motivation.effort(now, alliance, p) == motivation.effort(0.0, 0.0, p)
    assert attendance.miss_probability(alliance, now, p) == attendance.miss_probability(0.0, 0.0, p)
