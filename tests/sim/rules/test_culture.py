"""Culture: distance is felt at first, and less with every session together."""

from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from sim.rules import alliance, culture, empathy
from sim.state import ClientRecord, DyadRecord, TherapistRecord
from tests.sim.rules.book import Case, forgotten, numbers, of, records, steps, untested

CASES = [
    Case(
        culture.distance_between,
        at={"client_culture": 1.5, "therapist_culture": 0.3},
        p=numbers(),
        moves={"client_culture": "up", "therapist_culture": "down"},
    ),
    Case(
        culture.felt_distance,
        at={"distance": 1.2, "cultural_comfort": 0.5, "sessions": 3},
        p=numbers(culture_fading=0.6, culture_comfort_effect=0.3),
        moves={
            "distance": "up",
            "cultural_comfort": "down",
            "sessions": "down",
            "culture_fading": "up",
            "culture_comfort_effect": "down",
        },
    ),
]
BETWEEN, FELT = CASES


@steps(CASES)
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(culture, CASES) and not forgotten(CASES)


def test_distance_is_the_same_from_either_side():
    assert BETWEEN.value() == approx(1.5 - 0.3)
    assert culture.distance_between(0.3, 1.5) == BETWEEN.value()


def test_felt_distance_worked_by_hand():
    assert FELT.value() == approx(1.2 * 0.6 * 0.6 * 0.6 * (1 - 0.3 * 0.5))


def test_at_the_first_meeting_all_of_the_distance_is_felt():
    assert FELT.value(sessions=0, cultural_comfort=0.0) == 1.2
    assert FELT.value(sessions=0, cultural_comfort=0.0, culture_fading=0.0) == 1.2


def test_comfort_takes_away_at_most_all_and_discomfort_at_most_doubles():
    assert FELT.value(sessions=0, cultural_comfort=7.0) == 0.0
    assert FELT.value(sessions=0, cultural_comfort=-7.0) == approx(2 * 1.2)


@given(
    p=records(*vars(FELT.p)),
    distance=of(DyadRecord, "distance"),
    comfort=of(TherapistRecord, "cultural_comfort"),
    sessions=st.integers(0, 200),
)
def test_felt_distance_is_never_negative_and_at_most_doubled(p, distance, comfort, sessions):
    assert 0.0 <= culture.felt_distance(distance, comfort, sessions, p) <= 2.0 * distance


@given(of(ClientRecord, "culture"), of(TherapistRecord, "culture"))
def test_distance_is_never_negative(client, therapist):
    assert culture.distance_between(client, therapist) >= 0.0


@given(p=records("empathy_skill", off="culture_distance"), felt=of(DyadRecord, "distance"))
def test_with_culture_distance_off_it_costs_nothing(p, felt):
    assert alliance.first_impression(1.0, 1.0, felt, p) == alliance.first_impression(1.0, 1.0, 0.0, p)
    far, near = (empathy.perceived_empathy(1.0, 1.0, 1.0, 0.5, gap, 1.0, 0.0, 1.0, p) for gap in (felt, 0.0))
    assert far == near
