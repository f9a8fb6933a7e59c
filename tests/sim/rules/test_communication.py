"""Communication: shares of acts, and how they rub."""

from math import exp

from hypothesis import given
from pytest import approx

from sim.rules import communication
from sim.state import ClientRecord, DyadRecord, TherapistRecord
from tests.sim.rules.book import LUCK, SHARE, Case, forgotten, numbers, of, records, steps, untested

AT = {"directiveness": 0.7, "seen": -0.5, "heard": 0.6, "noise": 0.2}
P = numbers(
    communication_base_supportive=0.45,
    communication_base_controlling=0.15,
    communication_responsiveness=0.4,
    communication_opening=0.8,
    communication_directive_habit=0.35,
    communication_noise=0.3,
)


def _goes(*directions):
    return dict(zip((*AT, *vars(P)), directions, strict=True))


UP, DOWN = "up", "down"
CASES = [
    Case(communication.acts, AT, P, _goes(DOWN, DOWN, DOWN, DOWN, UP, DOWN, UP, DOWN, DOWN, DOWN), part=0),
    Case(communication.acts, AT, P, _goes(DOWN, UP, UP, DOWN, DOWN, DOWN, DOWN, UP, DOWN, DOWN), part=1),
    Case(communication.acts, AT, P, _goes(UP, UP, DOWN, UP, DOWN, UP, DOWN, DOWN, UP, UP), part=2),
    Case(
        communication.friction,
        at={"controlling": 0.3, "reactance": 0.5},
        p=numbers(
            communication_base_controlling=0.15,
            communication_controlling_strain=1.5,
            communication_reactance_strain=2.0,
        ),
        moves={
            "controlling": UP,
            "reactance": UP,
            "communication_base_controlling": DOWN,
            "communication_controlling_strain": UP,
            "communication_reactance_strain": UP,
        },
    ),
]
SUPPORTIVE, EXPLORATORY, CONTROLLING, FRICTION = CASES


@steps(CASES)
def test_one_step_moves_the_result_as_the_docstring_says(case, name, direction):
    assert case.direction(name) == direction, f"{case.name}: when {name} grows, the result should go {direction}"


def test_every_rule_and_every_number_has_a_direction():
    assert not untested(communication, CASES) and not forgotten(CASES)


def test_acts_worked_by_hand():
    weights = 0.45 * exp(0.4 * 0.5), 0.4 * exp(0.8 * 0.1), 0.15 * exp(0.35 * 0.7 + 0.3 * 0.2)
    expected = [weight / (weights[0] + weights[1] + weights[2]) for weight in weights]
    assert [part.value() for part in (SUPPORTIVE, EXPLORATORY, CONTROLLING)] == approx(expected)


def test_a_mean_therapist_in_an_ordinary_session_does_the_usual():
    usual = {"directiveness": 0.0, "seen": 0.0, "heard": 0.5, "noise": 0.0}
    shares = [part.value(**usual) for part in (SUPPORTIVE, EXPLORATORY, CONTROLLING)]
    assert shares == approx([0.45, 0.40, 0.15])


def test_a_therapist_responds_to_no_more_than_three_units_either_way():
    for edge, beyond, inside in ((3.0, 3.5, 2.9), (-3.0, -3.5, -2.9)):
        assert SUPPORTIVE.value(seen=edge) == SUPPORTIVE.value(seen=beyond) != SUPPORTIVE.value(seen=inside)


def test_exploring_never_dies_out_where_the_usual_shares_leave_no_room():
    full = {"communication_base_supportive": 0.9, "communication_base_controlling": 0.3}
    usual = {"directiveness": 0.0, "seen": 0.0, "heard": 0.5, "noise": 0.0}
    assert EXPLORATORY.value(**full, **usual) == approx(0.01 / 1.21)


def test_friction_worked_by_hand():
    assert FRICTION.value() == approx((0.3 - 0.15) * (1.5 + 2.0 * 0.5))


def test_directive_work_soothes_a_client_who_likes_to_be_told():
    assert FRICTION.value(reactance=-1.0) < 0.0


@given(
    p=records(*vars(P)),
    directiveness=of(TherapistRecord, "directiveness"),
    seen=of(DyadRecord, "seen"),
    heard=SHARE,
    noise=LUCK,
)
def test_acts_are_shares_that_sum_to_one(p, directiveness, seen, heard, noise):
    shares = communication.acts(directiveness, seen, heard, noise, p)
    assert all(0.0 <= share <= 1.0 for share in shares)
    assert sum(shares) == approx(1.0)


@given(
    p=records(off="communication"),
    directiveness=of(TherapistRecord, "directiveness"),
    seen=of(DyadRecord, "seen"),
    heard=SHARE,
    noise=LUCK,
    reactance=of(ClientRecord, "reactance"),
)
def test_with_communication_off_all_speak_alike_and_nothing_rubs(p, directiveness, seen, heard, noise, reactance):
    shares = communication.acts(directiveness, seen, heard, noise, p)
    usual = p.communication_base_supportive, p.communication_base_controlling
    assert shares == approx((usual[0], 1 - usual[0] - usual[1], usual[1]))
    assert communication.friction(shares[2], reactance, p) == 0.0
    assert communication.friction(0.9, reactance, p) == 0.0
