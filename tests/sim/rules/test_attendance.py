"""Attendance: whether a booked appointment is kept."""

from math import exp

from hypothesis import given
from pytest import approx

from sim.rules import attendance
from sim.state import ClientRecord, DyadRecord
from tests.sim.rules.book import Case, forgotten, numbers, of, records, steps, untested

MISS = Case(
    attendance.miss_probability,
    at={"alliance": 0.5, "motivation": 0.7},
    p=numbers(attendance_possible=0.9, attendance_miss=-2.0, attendance_alliance=0.4, attendance_motivation=0.3),
    moves={
        "alliance": "down",
        "motivation": "down",
        "attendance_possible": "up",
        "attendance_miss": "up",
        "attendance_alliance": "down",
        "attendance_motivation": "down",
    },
)


@steps([MISS])
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(attendance, [MISS]) and not forgotten([MISS])


def test_miss_probability_worked_by_hand():
    assert MISS.value() == approx(0.9 / (1 + exp(2.0 + 0.4 * 0.5 + 0.3 * 0.7)))


def test_where_appointments_are_always_kept_nobody_misses_one():
    assert MISS.value(attendance_possible=0.0) == 0.0


@given(p=records(*vars(MISS.p)), alliance=of(DyadRecord, "alliance"), motivation=of(ClientRecord, "motivation"))
def test_missing_has_a_probability(p, alliance, motivation):
    assert 0.0 <= attendance.miss_probability(alliance, motivation, p) <= 1.0


@given(
    p=records("attendance_miss", off="engagement"),
    alliance=of(DyadRecord, "alliance"),
    motivation=of(ClientRecord, "motivation"),
)
def test_with_engagement_off_all_miss_alike(p, alliance, motivation):
    assert attendance.miss_probability(alliance, motivation, p) == approx(1 / (1 + exp(-p.attendance_miss)))
